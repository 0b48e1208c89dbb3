"""A plan from another system, kept as the PDF that it was."""

import hashlib
from typing import Any

from allauth.core import ratelimit
from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone

from accounts.fields import DateField, PlainWords
from accounts.policy import Verb
from pep import deadlines, pdf_check
from pep.models import EarlierPlan
from pep.views.child import ChildPage


class EarlierPlanForm(PlainWords, forms.Form):
    """A plan from another system, as a PDF."""

    title = forms.CharField(label="What is it?", help_text="Such as “PEP, spring 2025, from Fenshire”.", max_length=200)
    plan_date = DateField(label="Date of the plan")
    audience = forms.ChoiceField(
        label="Who may read it?", widget=forms.RadioSelect, choices=[("school", "School and council"), ("council", "The council alone")]
    )
    file = forms.FileField(label="The PDF", help_text="A PDF of at most 10 MB.")

    def __init__(self, *args: Any, council: bool, may_upload: bool = True, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.may_upload = may_upload
        if not council:
            del self.fields["audience"]

    def clean_file(self) -> bytes:
        """The file's bytes, checked to be a plain PDF by its content."""
        if not self.may_upload:
            raise ValidationError("You have chosen many files within an hour. Wait a while, then choose this one again")
        content = self.cleaned_data["file"].read(pdf_check.MAX_BYTES + 1)
        problem = pdf_check.problem_with(content)
        if problem:
            raise ValidationError(problem)
        return bytes(content)


class EarlierPlanAdd(ChildPage):
    """Upload an earlier plan."""

    verb = Verb.UPLOAD

    def get(self, request: HttpRequest, pk: str) -> HttpResponse:
        """The form."""
        return self.page(request, EarlierPlanForm(council=Verb.VIEW_COUNCIL in self.verbs))

    def post(self, request: HttpRequest, pk: str) -> HttpResponse:
        """Keep it, once."""
        may_upload = not request.FILES or ratelimit.consume(request, action="upload", user=self.user)
        form = EarlierPlanForm(request.POST, request.FILES, council=Verb.VIEW_COUNCIL in self.verbs, may_upload=may_upload)
        if not form.is_valid():
            return self.page(request, form)
        data, content = form.cleaned_data, form.cleaned_data["file"]
        try:
            with transaction.atomic():
                EarlierPlan.objects.create(
                    child=self.child,
                    title=data["title"],
                    plan_date=data["plan_date"],
                    audience=data.get("audience", "school"),
                    content=content,
                    size=len(content),
                    sha256=hashlib.sha256(content).hexdigest(),
                    uploaded_by=self.user,
                )
                deadlines.refresh(self.child, by=self.user, on=timezone.localdate(), because="A plan from elsewhere was added")
        except IntegrityError:
            form.add_error("file", "This file is already among the child’s earlier plans")
            return self.page(request, form)
        messages.success(request, "The earlier plan is kept.")
        return redirect("children:child-detail", pk=self.child.pk)

    def page(self, request: HttpRequest, form: EarlierPlanForm) -> HttpResponse:
        """The form's page."""
        back = reverse("children:child-detail", kwargs={"pk": self.child.pk})
        return self.show(request, "pep/earlier_plan_add.html", {"form": form, "cancel_url": back, "submit_text": "Keep this plan"})
