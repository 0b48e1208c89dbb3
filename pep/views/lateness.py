"""Why a plan is late: said by whoever holds it or by the virtual school, so that the figures are fair."""

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from accounts.fields import PlainWords
from accounts.policy import Verb
from pep.models import Plan
from pep.timeliness import WHY_LATE, may_be_late, reasons_given, say_why_late
from pep.views.page import PlanPage


class LatenessForm(PlainWords, forms.Form):
    """The reason, and more about it."""

    because = forms.ChoiceField(
        label="What is the main reason?", choices=list(WHY_LATE.items()), widget=forms.RadioSelect,
        error_messages={"required": "Choose the main reason"},
    )  # fmt: skip
    note = forms.CharField(
        label="More about it (optional)", required=False, max_length=Plan._meta.get_field("late_note").max_length,
        help_text="The school and the council can read this. Leave out what only the council may know.",
        widget=forms.Textarea(attrs={"rows": 3}),
    )  # fmt: skip


class PlanLateness(PlanPage):
    """Say why an unfinished plan is late."""

    verb = Verb.SAY_WHY_LATE

    def get(self, request: HttpRequest, pk: str) -> HttpResponse:
        """The form, with what was said last."""
        if not may_be_late(self.plan, self.today):
            return self.not_now(request)
        return self.page(request, LatenessForm(initial={"because": self.plan.late_because, "note": self.plan.late_note}))

    def post(self, request: HttpRequest, pk: str) -> HttpResponse:
        """Keep it, under the plan's lock; what was said before stays in the plan's history."""
        form = LatenessForm(request.POST)
        if not form.is_valid():
            return self.page(request, form)
        if not say_why_late(self.plan, form.cleaned_data["because"], form.cleaned_data["note"], by=self.user, on=self.today):
            return self.not_now(request)
        messages.success(request, "The reason is saved.")
        return redirect("pep:plan-detail", pk=self.plan.pk)

    def page(self, request: HttpRequest, form: LatenessForm) -> HttpResponse:
        """The form's page."""
        context = {
            "form": form, "cancel_url": reverse("pep:plan-detail", kwargs={"pk": self.plan.pk}), "submit_text": "Save",
            "reasons": reasons_given(self.plan),
        }  # fmt: skip
        return self.show(request, "pep/plan_lateness.html", context)

    def not_now(self, request: HttpRequest) -> HttpResponse:
        """The plan is not late, or no longer open."""
        self.plan.refresh_from_db()
        why = "" if self.plan.state in Plan.ENDED else "This plan is not late."
        return self.show(request, "pep/plan_not_now.html", {"why": why}, status=409)
