"""One request for pupil premium: what was asked, every step since, and the next one."""

from typing import Any, cast

from django import forms
from django.contrib import messages
from django.core.exceptions import NON_FIELD_ERRORS, PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from accounts.fields import PlainWords
from accounts.policy import Verb
from accounts.relations import in_force
from children.mixins import ChildScopedMixin
from pep import funding
from pep.models import FundingRequest

STEP_LABELS = {
    "agreed": "Agree in full",
    "part": "Agree in part",
    "declined": "Decline",
    "approved": "Approve to pay",
    "paid": "Record as paid",
    "spent": "Record money spent",
}


class StepForm(PlainWords, forms.Form):
    """The next step of a request."""

    step = forms.ChoiceField(label="What do you decide?", widget=forms.RadioSelect)
    amount = forms.DecimalField(
        label="Amount (£)",
        help_text="Only when you agree in part, or record money spent.",
        min_value=0,
        max_digits=8,
        decimal_places=2,
        required=False,
    )
    reason = forms.CharField(
        label="Reason or note",
        help_text="Needed when you agree in part or decline. The school sees it.",
        widget=forms.Textarea(attrs={"rows": 3}),
        max_length=2000,
        required=False,
    )

    def __init__(self, *args: Any, steps: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        cast(forms.ChoiceField, self.fields["step"]).choices = [(step, STEP_LABELS[step]) for step in steps]


class FundingDetail(ChildScopedMixin):
    """A request: seen by the virtual school and by the school that asked."""

    model = FundingRequest
    related = ("plan__child__authority", "target", "school")
    object: FundingRequest
    barred: dict[str, str]

    def steps(self, request: HttpRequest) -> list[str]:
        """The steps open to this person. Raises Http404 for a school's staff when another school asked."""
        if Verb.VIEW_MONEY not in self.verbs:
            roles = self.user.memberships.filter(in_force(timezone.localdate()), school__isnull=False, authority=self.child.authority_id)
            if not roles.filter(school=self.object.school_id).exists():
                raise Http404
        self.barred = funding.barred_steps(self.object, self.user, timezone.localdate())
        return funding.steps_open(self.object, self.verbs, self.barred)

    def get(self, request: HttpRequest, pk: str) -> HttpResponse:
        """The request and its history."""
        steps = self.steps(request)
        return self.page(request, StepForm(steps=steps) if steps else None)

    def post(self, request: HttpRequest, pk: str) -> HttpResponse:
        """Take the step."""
        steps = self.steps(request)
        if not steps:
            raise PermissionDenied
        form = StepForm(request.POST, steps=steps)
        if form.is_valid():
            data = form.cleaned_data
            try:
                self.object = funding.take_step(
                    self.object, data["step"], by=self.user, on=timezone.localdate(), amount=data["amount"], reason=data["reason"]
                )
            except ValidationError as error:
                for name, words in (error.message_dict if hasattr(error, "error_dict") else {NON_FIELD_ERRORS: error.messages}).items():
                    form.add_error(name if name in form.fields else "step", words)
            else:
                messages.success(request, "Saved.")
                over = funding.above_the_rate(self.object) if data["step"] in ("agreed", "part") else None
                if over is not None:
                    messages.warning(request, f"More is agreed for {self.object.financial_year} than the year’s rate: £{over} above it.")
                return redirect("pep:funding-detail", pk=self.object.pk)
        return self.page(request, form)

    def page(self, request: HttpRequest, form: StepForm | None) -> HttpResponse:
        """The request's page."""
        next_steps = funding.steps_at(self.object, self.verbs)
        context = {
            "barred": sorted({reason for step, reason in self.barred.items() if step in next_steps}),
            "above": funding.above_the_rate(self.object) if Verb.VIEW_MONEY in self.verbs else None,
            "child": self.child,
            "verbs": self.verbs,
            "money": self.object,
            "form": form,
            "submit_text": "Save",
            "steps": self.object.steps.select_related("by"),
            "year": funding.year_of_child(self.child, timezone.localdate()) if Verb.VIEW_MONEY in self.verbs else None,
        }
        return render(request, "pep/funding_detail.html", context)
