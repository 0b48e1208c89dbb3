"""One request for pupil premium: what was asked, every step since, and the next one."""

from collections.abc import Sequence
from typing import Any, cast

from django import forms
from django.contrib import messages
from django.core.exceptions import NON_FIELD_ERRORS, PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from accounts.fields import MoneyField, PlainWords
from accounts.policy import Verb
from accounts.templatetags.components import pounds
from children.mixins import ChildScopedMixin
from pep import as_shown, funding
from pep.history import Happening, timeline
from pep.left import left_by, may_read
from pep.models import FundingRequest
from pep.sections import audience_of
from pep.views.page import own_schools
from pep.views.typed import typed_words, without_errors
from schools.models import School

STEP_LABELS = {
    "agreed": "Agree in full",
    "part": "Agree in part",
    "declined": "Decline",
    "approved": "Approve to pay",
    "paid": "Record as paid",
    "spent": "Record money spent",
}


# When each step that has an amount asks for it.
AMOUNT_HINTS = {"part": "you agree in part", "spent": "you record money spent"}
DONE_WORDS = {
    "agreed": "You agreed to {asked}.",
    "part": "You agreed to {amount} of {asked}.",
    "declined": "You declined the request.",
    "approved": "{agreed} is approved to pay.",
    "paid": "{agreed} is recorded as paid.",
    "spent": "{amount} is recorded as spent.",
}


class StepForm(PlainWords, forms.Form):
    """The next step of a request."""

    step = forms.ChoiceField(label="What do you decide?", widget=forms.RadioSelect)
    amount = MoneyField(label="Amount (£)", required=False)
    reason = forms.CharField(
        label="Reason or note",
        widget=forms.Textarea(attrs={"rows": 3}),
        max_length=2000,
        required=False,
    )
    # Which request the page showed. Without it nothing is decided: who sends it has not seen our page.
    shown = forms.CharField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, steps: list[str], money: FundingRequest, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.money = money
        cast(forms.ChoiceField, self.fields["step"]).choices = [(step, STEP_LABELS[step]) for step in steps]
        deciding, with_amount = "part" in steps, [words for step, words in AMOUNT_HINTS.items() if step in steps]
        if not deciding:
            self.fields["step"].label = "What has happened?" if steps == ["spent"] else "What is the next step?"
            self.fields["step"].error_messages["required"] = "Choose the next step"
        self.fields["amount"].help_text = f"Only when {' or '.join(with_amount)}."
        if not with_amount:
            del self.fields["amount"]
        self.fields["reason"].help_text = (
            "Needed when you agree in part or decline. The school sees it." if deciding else "You can leave this empty. The school sees it."
        )

    def clean(self) -> dict[str, Any]:
        """All that is wrong with a decision is said at once; the amount stands only where it means something."""
        cleaned = super().clean() or {}
        step, amount, asked = cleaned.get("step"), cleaned.get("amount"), pounds(self.money.amount)
        if step == "agreed" and amount is not None and amount != self.money.amount:
            self.add_error("amount", f"You agree in full, which is {asked}. Leave the amount empty, or choose “Agree in part”")
        elif step in ("declined", "approved", "paid") and amount is not None:
            self.add_error("amount", f"“{STEP_LABELS[step]}” needs no amount. Leave it empty")
        elif step == "part" and "amount" not in self.errors and (amount is None or amount >= self.money.amount):
            self.add_error("amount", f"Enter how much you agree to. It must be less than the {asked} asked for")
        if step in ("part", "declined") and not cleaned.get("reason"):
            self.add_error("reason", f"Say why you {'decline' if step == 'declined' else 'agree to a part only'}")
        return cleaned

    def typed(self) -> list[tuple[str, str]]:
        """What a person has typed or chosen, in words, for a page on which it cannot be sent again."""
        return typed_words([self]) if self.is_bound else []


class FundingDetail(ChildScopedMixin):
    """A request: seen by the virtual school and by the school that asked."""

    model = FundingRequest
    related = ("plan__child__authority", "target", "school")
    object: FundingRequest
    barred: dict[str, str]

    def check_there(self) -> None:
        """A school that the child has left knows nothing of plans that others begin or write after."""
        if not may_read(self.object.plan, self.user, self.relations, timezone.localdate()):
            raise Http404

    def check(self) -> None:
        """Not for a school's staff when another school asked."""
        if Verb.VIEW_MONEY not in self.verbs:
            schools = School.with_predecessors(own_schools(self.user, self.child, timezone.localdate()))
            if self.object.school_id is None or self.object.school_id not in schools:
                raise Http404
        self.barred = funding.barred_steps(self.object, self.user, timezone.localdate())
        if self.request.method == "POST" and not self.steps() and not self.overtaken():
            raise PermissionDenied

    def overtaken(self) -> bool:
        """Whether somebody who takes steps of requests sends a page of ours that showed this one as it no longer is."""
        takes_steps = bool({Verb.DECIDE_MONEY, Verb.ADD_PROGRESS} & self.verbs)
        return takes_steps and as_shown.since(self.said) is not None and not self.stands()

    @property
    def said(self) -> str:
        """The token of the page that was sent."""
        return str(self.request.POST.get("shown", ""))

    def stands(self) -> bool:
        """Whether the request is what the page that was sent showed."""
        return as_shown.stands(self.said, as_shown.of_request(self.object))

    def steps(self) -> list[str]:
        """The steps open to this person."""
        return funding.steps_open(self.object, self.verbs, self.barred)

    def get(self, request: HttpRequest, pk: str) -> HttpResponse:
        """The request and its history."""
        steps, initial = self.steps(), {"shown": as_shown.token(as_shown.of_request(self.object))}
        return self.page(request, StepForm(steps=steps, money=self.object, initial=initial) if steps else None)

    def post(self, request: HttpRequest, pk: str) -> HttpResponse:
        """Take the step."""
        form = StepForm(request.POST, steps=self.steps(), money=self.object)
        if not self.stands():
            return self.changed(request)
        if form.is_valid():
            data = form.cleaned_data
            try:
                self.object = funding.take_step(
                    self.object,
                    data["step"],
                    by=self.user,
                    on=timezone.localdate(),
                    amount=data.get("amount"),
                    reason=data["reason"],
                    shown=data["shown"],
                )
            except funding.Changed:
                return self.changed(request)
            except ValidationError as error:
                for name, words in (error.message_dict if hasattr(error, "error_dict") else {NON_FIELD_ERRORS: error.messages}).items():
                    form.add_error(name if name in form.fields else "step", words)
            else:
                amounts = {"asked": self.object.amount, "amount": data.get("amount"), "agreed": self.object.agreed_amount}
                done = DONE_WORDS[data["step"]].format(**{name: pounds(amount) for name, amount in amounts.items()})
                messages.success(request, done)
                over = funding.above_the_rate(self.object) if data["step"] in ("agreed", "part") else None
                if over is not None:
                    year = self.object.financial_year
                    messages.warning(request, f"More is agreed for {year} than the year’s rate: {pounds(over)} above it.")
                return redirect("pep:funding-detail", pk=self.object.pk)
        return self.page(request, form)

    def changed(self, request: HttpRequest) -> HttpResponse:
        """The request is not what the page showed: what happened since, the request as it now is, and the form with all that was typed."""
        was = StepForm(request.POST, steps=list(STEP_LABELS), money=self.object)
        self.object.refresh_from_db()
        self.barred = funding.barred_steps(self.object, self.user, timezone.localdate())
        steps, again = self.steps(), request.POST.copy()
        again["shown"] = as_shown.token(as_shown.of_request(self.object))
        if again.get("step") not in steps:
            again.pop("step", None)
        form = StepForm(again, steps=steps, money=self.object)
        form.full_clean()
        # Whether it is still meant so they say after they have looked: of what was typed nothing is called wrong yet.
        without_errors([form])
        form.add_error(None, "The request has changed since you opened this page, so nothing was done. Look at it again before you go on.")
        return self.page(request, form if steps else None, changed=True, typed=[] if steps else was.typed())

    def happened(self) -> list[Happening]:
        """What this reader may know of what happened to the plan and its requests since the page that was sent was drawn."""
        since = as_shown.since(self.said)
        if since is None:
            return []
        schools, everything = own_schools(self.user, self.child, timezone.localdate()), Verb.VIEW_MONEY in self.verbs
        found = timeline([self.object.plan], audience_of(self.verbs), schools, all_money=everything)
        return [one for one in found if one.at > since]

    def page(
        self, request: HttpRequest, form: StepForm | None, *, changed: bool = False, typed: Sequence[tuple[str, str]] = ()
    ) -> HttpResponse:
        """The request's page."""
        next_steps = funding.steps_at(self.object, self.verbs)
        left = left_by(self.user, self.child, self.relations, timezone.localdate())
        steps = self.object.steps.select_related("by")
        context = {
            "barred": sorted({reason for step, reason in self.barred.items() if step in next_steps}),
            "above": funding.above_the_rate(self.object) if Verb.VIEW_MONEY in self.verbs else None,
            "child": self.child,
            "verbs": self.verbs,
            "money": self.object,
            "plan": self.object.plan,
            "form": form,
            "changed": changed,
            "happened": self.happened() if changed else [],
            "typed": typed,
            "submit_text": "Save",
            # What was decided after the child left is the business of whoever has the child now.
            "steps": steps.filter(at__lt=left.at) if left else steps,
            "left": left,
            "year": funding.year_named(self.child, self.object.financial_year) if Verb.VIEW_MONEY in self.verbs else None,
        }
        return render(request, "pep/funding_detail.html", context, status=409 if changed else 200)
