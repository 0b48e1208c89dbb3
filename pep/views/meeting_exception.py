"""The virtual school approves that a plan goes on although its meeting was not held."""

from django import forms
from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone

from accounts.fields import PlainWords
from accounts.policy import Verb
from pep import deadlines
from pep.sections import approve_exception
from pep.views.page import PlanPage
from pep.views.typed import typed_words


class ExceptionForm(PlainWords, forms.Form):
    """Why a plan may go on although its meeting was not held."""

    reason = forms.CharField(
        label="Why may this plan go on without a meeting?",
        help_text="Everyone who reads the plan will see this, the school too.",
        widget=forms.Textarea(attrs={"rows": 4}),
        max_length=1000,
    )


class MeetingException(PlanPage):
    """The virtual school approves that a plan goes on without a meeting."""

    verb = Verb.OVERRIDE

    def get(self, request: HttpRequest, pk: str) -> HttpResponse:
        """The form."""
        return self.page(request, ExceptionForm())

    def post(self, request: HttpRequest, pk: str) -> HttpResponse:
        """Approve it, under the plan's lock and the meeting section's version."""
        form = ExceptionForm(request.POST)
        if not form.is_valid():
            return self.page(request, form)
        with transaction.atomic():
            approved = approve_exception(self.plan, by=self.user, reason=form.cleaned_data["reason"])
            if approved:
                # Nobody need be invited any more.
                deadlines.refresh(
                    self.plan.child, by=self.user, on=timezone.localdate(), because="The plan may go on without a meeting"
                )  # fmt: skip
        if not approved:
            self.plan.refresh_from_db()
            why = "The meeting has been held." if self.plan.writable else ""
            return self.show(request, "pep/plan_not_now.html", {"why": why, "typed": typed_words([form])}, status=409)
        messages.success(request, "The plan may now go on without a meeting.")
        return redirect("pep:plan-detail", pk=self.plan.pk)

    def page(self, request: HttpRequest, form: ExceptionForm) -> HttpResponse:
        """The form's page."""
        back = reverse("pep:plan-detail", kwargs={"pk": self.plan.pk})
        return self.show(request, "pep/meeting_exception.html", {"form": form, "cancel_url": back, "submit_text": "Approve"})
