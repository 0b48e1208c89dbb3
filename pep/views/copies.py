"""How a parent or carer was given the school copy of the complete plan."""

import uuid
from typing import Any, cast

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from accounts.fields import DateField, PlainWords
from accounts.policy import Relation, Verb
from pep import as_shown
from pep.copies import Changed, allowed_for, given_to, record
from pep.models import Attendee, CopyGiven, Document
from pep.models.documents import Copy
from pep.sections import writing_relation
from pep.views.page import PlanPage


class CopyForm(PlainWords, forms.ModelForm):
    """In which way, on which day; why, where it was not given."""

    on = DateField(label="On which day?")
    shown = forms.CharField(widget=forms.HiddenInput, required=False)
    field_order = ["how", "note", "on"]

    class Meta:
        model = CopyGiven
        fields = ["how", "on", "note"]
        widgets = {"how": forms.RadioSelect, "note": forms.TextInput(attrs={"show_when": ("how", ["not_given"])})}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["how"].label, self.fields["note"].label = "How was it given?", "Why was it not given?"
        self.fields["how"].error_messages["required"] = "Choose how it was given"
        cast(forms.ChoiceField, self.fields["how"]).choices = CopyGiven.How.choices

    def clean(self) -> dict[str, Any]:
        """That it was not given needs a reason."""
        cleaned = super().clean() or {}
        if cleaned.get("how") == CopyGiven.How.NOT_GIVEN and not cleaned.get("note"):
            self.add_error("note", "Say why it was not given")
        return cleaned


class CopyGive(PlanPage):
    """The social worker, their managers or the virtual school say how somebody was given their copy."""

    def writer(self) -> Relation:
        """The relation in which the reader gives copies. Raises PermissionDenied for everybody else."""
        relation = writing_relation(self.relations, Verb.WRITE_CARE) or writing_relation(self.relations, Verb.WRITE_ON_BEHALF)
        if relation is None:
            raise PermissionDenied
        return relation

    def check(self) -> None:
        """Only who may decide what parents know."""
        super().check()
        self.writer()

    def find(self, attendee: uuid.UUID) -> Attendee | None:
        """The person, where there is a copy to give them."""
        return next((one for one in allowed_for(self.plan) if one.pk == attendee), None)

    def get(self, request: HttpRequest, pk: str, attendee: uuid.UUID) -> HttpResponse:
        """What was recorded, to be put right, or the empty form."""
        person = self.find(attendee)
        if person is None:
            return self.nothing(request)
        given = given_to(person)
        initial = {"shown": as_shown.token(as_shown.of_copy(person, given)), **({} if given else {"on": self.today})}
        return self.page(request, person, CopyForm(instance=given, initial=initial))

    def post(self, request: HttpRequest, pk: str, attendee: uuid.UUID) -> HttpResponse:
        """Keep it."""
        person = self.find(attendee)
        if person is None:
            return self.nothing(request)
        form = CopyForm(request.POST)
        if not form.is_valid():
            return self.page(request, person, form)
        try:
            record(self.plan, person.pk, **form.cleaned_data, today=self.today, by=self.user, relation=self.writer())
        except Changed:
            return self.changed(request, person.pk)
        except ValidationError as error:
            form.add_error(None, error)
            return self.page(request, person, form)
        messages.success(request, "It is written down.")
        return redirect("pep:plan-detail", pk=self.plan.pk)

    def changed(self, request: HttpRequest, attendee: uuid.UUID) -> HttpResponse:
        """Somebody has written it down since: what stands there now, and the form with all that was typed."""
        person = self.find(attendee)
        if person is None:
            return self.nothing(request)
        again = request.POST.copy()
        again["shown"] = as_shown.token(as_shown.of_copy(person, given_to(person)))
        form = CopyForm(again)
        form.add_error(None, "What is written down here has changed since you opened this page. Look at it again, then save.")
        return self.page(request, person, form, status=409)

    def nothing(self, request: HttpRequest) -> HttpResponse:
        """Back to the plan: it is not complete, its document is not ready, or this person is to have no copy."""
        messages.info(request, "There is no copy of this plan to give to this person.")
        return redirect("pep:plan-detail", pk=self.plan.pk)

    def page(self, request: HttpRequest, person: Attendee, form: CopyForm, status: int = 200) -> HttpResponse:
        """The form's page, with the document to take."""
        document = Document.objects.filter(snapshot__plan=self.plan, audience=Copy.SCHOOL).defer("content").first()
        back = reverse("pep:plan-detail", kwargs={"pk": self.plan.pk})
        context = {"form": form, "person": person, "document": document, "cancel_url": back, "submit_text": "Save"}
        return self.show(request, "pep/copy_give.html", context, status=status)
