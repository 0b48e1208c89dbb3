"""A plan from another system, kept as the PDF that it was; whether it was a review, and withdrawing it."""

import datetime
from typing import Any

from allauth.core import ratelimit
from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone

from accounts.fields import PARTS, DateField, PlainWords
from accounts.policy import Verb
from children.models import Child
from pep import earlier, pdf_check
from pep.models import EarlierPlan
from pep.views.child import ChildPage
from pep.views.documents import ForAudience

REVIEW = "Was it a review of the child’s plan, in this time in care?"
YES_OR_NO = [("yes", "Yes: the next review is counted from its date"), ("no", "No: it is kept to be read, and no date counts from it")]
FOR_BOTH = "The school can read this beside the dates. Leave out what only the council may know."


class EarlierPlanForm(PlainWords, forms.Form):
    """A plan from another system, as a PDF."""

    title = forms.CharField(label="What is it?", help_text="Such as “PEP, spring 2025, from Fenshire”.", max_length=200)
    plan_date = DateField(label="Date of the plan")
    audience = forms.ChoiceField(
        label="Who may read it?", widget=forms.RadioSelect, choices=[("school", "School and council"), ("council", "The council alone")]
    )
    review = forms.ChoiceField(label=REVIEW, widget=forms.RadioSelect, choices=YES_OR_NO)
    file = forms.FileField(label="The PDF", help_text="A PDF of at most 10 MB.")

    def __init__(self, *args: Any, child: Child, verbs: frozenset[Verb], may_upload: bool = True, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.child, self.may_upload = child, may_upload
        if Verb.VIEW_COUNCIL not in verbs:
            del self.fields["audience"]
        if Verb.JUDGE_UPLOAD not in verbs:
            del self.fields["review"]
        else:
            self.fields["review"].error_messages["required"] = "Say whether it was a review"

    def clean_file(self) -> bytes:
        """The file's bytes, checked to be a plain PDF by its content."""
        if not self.may_upload:
            raise ValidationError("You have chosen many files within an hour. Wait a while, then choose this one again")
        content = self.cleaned_data["file"].read(pdf_check.MAX_BYTES + 1)
        problem = pdf_check.problem_with(content)
        if problem:
            raise ValidationError(problem)
        return bytes(content)

    def clean_plan_date(self) -> datetime.date:
        """A day on which there can have been a plan of this child."""
        day: datetime.date = self.cleaned_data["plan_date"]
        _check_date(self.child, day, review=False)
        return day

    def clean(self) -> dict[str, Any]:
        """A review must fall in this time in care."""
        cleaned = super().clean() or {}
        if cleaned.get("review") == EarlierPlan.Review.YES and "plan_date" in cleaned:
            try:
                _check_date(self.child, cleaned["plan_date"], review=True)
            except ValidationError as error:
                self.add_error("plan_date", error)
        return cleaned


def _check_date(child: Child, day: datetime.date, *, review: bool) -> None:
    """As ``earlier.check_date``, with the boxes that are wrong."""
    try:
        earlier.check_date(child, day, timezone.localdate(), review=review)
    except ValidationError as error:
        raise ValidationError(error.message_dict["plan_date"][0], params={"parts": PARTS}) from error


class EarlierPlanAdd(ChildPage):
    """Upload an earlier plan."""

    verb = Verb.UPLOAD

    def get(self, request: HttpRequest, pk: str) -> HttpResponse:
        """The form."""
        return self.page(request, EarlierPlanForm(child=self.child, verbs=self.verbs))

    def post(self, request: HttpRequest, pk: str) -> HttpResponse:
        """Keep it, once."""
        may_upload = not request.FILES or ratelimit.consume(request, action="upload", user=self.user)
        form = EarlierPlanForm(request.POST, request.FILES, child=self.child, verbs=self.verbs, may_upload=may_upload)
        if not form.is_valid():
            return self.page(request, form)
        data = form.cleaned_data
        try:
            earlier.keep(
                self.child, title=data["title"], plan_date=data["plan_date"], audience=data.get("audience", "school"),
                content=data["file"], review=data.get("review", ""), by=self.user, on=timezone.localdate(),
            )  # fmt: skip
        except ValidationError as error:
            form.add_error(None, error)
            return self.page(request, form)
        until = "" if "review" in data else " It sets no date until the council has said that it was a review."
        messages.success(request, f"The earlier plan is kept.{until}")
        return redirect("children:child-detail", pk=self.child.pk)

    def page(self, request: HttpRequest, form: EarlierPlanForm) -> HttpResponse:
        """The form's page."""
        back = reverse("children:child-detail", kwargs={"pk": self.child.pk})
        context = {"form": form, "cancel_url": back, "submit_text": "Keep this plan", "judges": "review" in form.fields}
        return self.show(request, "pep/earlier_plan_add.html", context)


class ReviewForm(PlainWords, forms.Form):
    """Whether an earlier plan was a review."""

    review = forms.ChoiceField(
        label=REVIEW, widget=forms.RadioSelect, choices=YES_OR_NO, error_messages={"required": "Say whether it was a review"}
    )
    shown = forms.CharField(widget=forms.HiddenInput, required=False)


class WithdrawForm(PlainWords, forms.Form):
    """Why an earlier plan should not be here."""

    because = forms.CharField(
        label="Why is it withdrawn?", max_length=300, help_text=FOR_BOTH, error_messages={"required": "Say why it is withdrawn"}
    )


class _Judged(ForAudience):
    """A page on which the council says something about an earlier plan."""

    model = EarlierPlan
    related = ("child__authority", "uploaded_by", "review_said_by")
    verb = Verb.JUDGE_UPLOAD
    object: EarlierPlan
    template = ""

    def withdrawn(self, request: HttpRequest) -> HttpResponse:
        """There is nothing more to say: back to the child."""
        messages.info(request, "This earlier plan was withdrawn. Nothing is changed.")
        return redirect("children:child-detail", pk=self.child.pk)

    def page(self, request: HttpRequest, form: forms.Form, status: int = 200) -> HttpResponse:
        """The form's page, with what is known of the upload."""
        back = reverse("children:child-detail", kwargs={"pk": self.child.pk})
        context = {"child": self.child, "earlier": self.object, "form": form, "cancel_url": back, "submit_text": "Save"}
        return render(request, self.template, context, status=status)


class EarlierPlanReview(_Judged):
    """Say whether an earlier plan was a review of the plan in this time in care."""

    template = "pep/earlier_plan_review.html"

    def get(self, request: HttpRequest, pk: str) -> HttpResponse:
        """The question, with what was said last."""
        if self.object.withdrawn_at:
            return self.withdrawn(request)
        return self.page(request, ReviewForm(initial={"review": self.object.review, "shown": self.object.review}))

    def post(self, request: HttpRequest, pk: str) -> HttpResponse:
        """Keep the answer."""
        form = ReviewForm(request.POST)
        if not form.is_valid():
            return self.page(request, form)
        said = form.cleaned_data
        try:
            earlier.say_review(self.object, said["review"], shown=said["shown"], by=self.user, on=timezone.localdate())
        except earlier.Withdrawn:
            return self.withdrawn(request)
        except earlier.Changed as error:
            self.object.refresh_from_db(fields=["review", "review_said_by", "review_said_at"])
            again = request.POST.copy()
            again["shown"] = self.object.review
            form = ReviewForm(again)
            form.add_error(None, error.messages[0])
            return self.page(request, form, status=409)
        except ValidationError as error:
            form.add_error("review", error.message_dict["plan_date"][0])
            return self.page(request, form)
        messages.success(request, "It is written down, and the dates are counted again.")
        return redirect("children:child-detail", pk=self.child.pk)


class EarlierPlanWithdraw(_Judged):
    """Take out an earlier plan that should not be here; the row stays."""

    template = "pep/earlier_plan_withdraw.html"

    def get(self, request: HttpRequest, pk: str) -> HttpResponse:
        """What is withdrawn, and the question why."""
        return self.withdrawn(request) if self.object.withdrawn_at else self.page(request, WithdrawForm())

    def post(self, request: HttpRequest, pk: str) -> HttpResponse:
        """Withdraw it."""
        form = WithdrawForm(request.POST)
        if not form.is_valid():
            return self.page(request, form)
        try:
            earlier.withdraw(self.object, form.cleaned_data["because"], by=self.user, on=timezone.localdate())
        except earlier.Withdrawn:
            return self.withdrawn(request)
        messages.success(request, "The earlier plan is withdrawn, and the dates are counted again.")
        return redirect("children:child-detail", pk=self.child.pk)
