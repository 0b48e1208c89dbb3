"""The forms of what a plan holds several of: targets and actions."""

import datetime
from typing import Any, cast

from django import forms
from django.forms import ChoiceField
from django.utils import timezone

from accounts.fields import PARTS, DateField, MoneyField, PlainWords
from pep.models import Action, FundingRequest, Target
from schools.timetable import add_months

MONTHS_AT_MOST = 24  # ahead of today: what is later is a slip of the pen


def day_to_come(day: datetime.date, kept: datetime.date | None, what: str) -> datetime.date:
    """The day by which something is to happen. Raises ValidationError for one that has passed, unless it stood there before (a corrected
    plan keeps its dates), and for one that is years away. ``what`` names it in the message.
    """
    today = timezone.localdate()
    if day < today and day != kept:
        raise forms.ValidationError(f"{what} must be today or later", params={"parts": PARTS})
    if day > add_months(today, MONTHS_AT_MOST):
        raise forms.ValidationError(f"{what} must be within two years", params={"parts": PARTS})
    return day


class TargetForm(PlainWords, forms.ModelForm):
    """A target, with the money it may need."""

    by_when = DateField(label="By when?")
    funding_amount = MoneyField(label="Pupil premium asked for (£)", required=False, help_text="Leave empty if the target needs no money.")
    funding_purpose = forms.CharField(
        label="What is the money for?",
        required=False,
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="Such as 10 sessions of tutoring at £35 each.",
    )

    class Meta:
        model = Target
        fields = ["area", "term", "need", "baseline", "aim", "success", "intervention", "who", "frequency", "by_when", "child_words"]
        widgets = {
            "term": forms.RadioSelect,
            **{name: forms.Textarea(attrs={"rows": 3}) for name in ("need", "baseline", "aim", "success", "intervention", "child_words")},
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        cast(ChoiceField, self.fields["term"]).choices = Target.Term.choices
        hints = {
            "baseline": "Such as “reads at the level of a nine-year-old” or “at school for 3 lessons out of 5”.",
            "success": "Something anyone could check: a score, a count, a piece of work.",
            "aim": "One thing, in words the child understands.",
        }
        for name, hint in hints.items():
            self.fields[name].help_text = hint
        for name in ("frequency", "child_words"):
            self.fields[name].label = f"{self.fields[name].label} (optional)"

    def clean_by_when(self) -> datetime.date:
        """A day to come."""
        return day_to_come(self.cleaned_data["by_when"], self.instance.by_when, "The date by which it is reached")

    def clean(self) -> dict[str, Any]:
        """Money needs a purpose, and a purpose an amount; money already decided on is not changed here."""
        cleaned = super().clean() or {}
        amount, purpose = cleaned.get("funding_amount"), cleaned.get("funding_purpose", "")
        if amount and not purpose:
            self.add_error("funding_purpose", "Say what the money is for")
        if purpose and not amount and "funding_amount" not in self.errors:
            self.add_error("funding_amount", "Enter how much money is asked for")
        funding = self.instance.money
        decided = "funding_amount" in self.fields and funding is not None and funding.state != FundingRequest.State.REQUESTED
        if decided and funding and (amount != funding.amount or purpose != funding.purpose):
            self.add_error("funding_amount", f"This request is already “{funding.get_state_display().lower()}” and cannot be changed")
        return cleaned


class ActionForm(PlainWords, forms.ModelForm):
    """An action."""

    by_when = DateField(label="By when?")

    class Meta:
        model = Action
        fields = ["what", "who", "by_when"]
        widgets = {"what": forms.Textarea(attrs={"rows": 3})}

    def clean_by_when(self) -> datetime.date:
        """A day to come."""
        return day_to_come(self.cleaned_data["by_when"], self.instance.by_when, "The date by which it is done")
