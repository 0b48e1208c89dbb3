"""Forms for schools, teams, terms, policies and rates."""

import datetime
import time
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from accounts.fields import DateField, MoneyField, PlainWords, plain_name
from pep.models import PupilPremiumRate
from pep.models.quality import Grade
from schools.models import LocalAuthority, Policy, School, Team, Term
from schools.timetable import DIGEST_RUNS, ONE_DAY, digest_runs
from virtualschool.forms.lookups import school_with_number
from virtualschool.forms.opened import OpenedForm

PHASES = (("early_years", "Early years"), ("primary", "Primary"), ("secondary", "Secondary"), ("post_16", "After 16"))
MOST_REMINDERS = 10
LEAST_RUNS = 2  # that quiet hours leave for digests: were there one alone, an hour's outage would cost everybody the day's


class SchoolForm(OpenedForm):
    """A school that the national file does not have, or whose details must be put right before the next file comes."""

    class Meta:
        model = School
        fields = [
            "urn",
            "name",
            "type",
            "phase",
            "low_age",
            "high_age",
            "la_code",
            "la_name",
            "head_teacher",
            "phone",
            "address",
            "postcode",
        ]
        labels = {"type": "Kind of school", "la_code": "Number of its authority", "la_name": "Name of its authority"}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not self.instance._state.adding:
            # The number is which school it is, and its authority's number whose it is to change.
            self.fields["urn"].disabled = self.fields["la_code"].disabled = True

    def clean_name(self) -> str:
        """A name that can stand in a mail."""
        return plain_name(self.cleaned_data["name"], also="/")


class OwnedForm(OpenedForm):
    """A form about something that belongs to one of the reader's authorities; with only one, it is not asked."""

    authority = forms.ModelChoiceField(label="Which council?", queryset=LocalAuthority.objects.none())

    def __init__(self, *args: Any, authorities: list[LocalAuthority], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["authority"]
        field.queryset = LocalAuthority.objects.filter(pk__in=[authority.pk for authority in authorities])  # type: ignore[attr-defined]
        if len(authorities) == 1:
            field.initial, field.widget = authorities[0].pk, forms.HiddenInput()
        if not self.instance._state.adding:
            del self.fields["authority"]


class TeamForm(OwnedForm):
    """A social work team."""

    class Meta:
        model = Team
        fields = ["authority", "name", "closed"]
        labels = {"name": "Name of the team", "closed": "The team is closed"}


class TermForm(OwnedForm):
    """A school term. People give its last day."""

    starts = DateField(label="First day of term")
    last_day = DateField(label="Last day of term")
    plans_due_on = DateField(label="Plans are due by", error_messages={"required": "Enter the day by which plans are due"})

    class Meta:
        model = Term
        fields = ["authority", "name", "starts", "plans_due_on"]
        labels = {"name": "Which term?"}

    urn = forms.CharField(
        label="Only for one school? Its URN", required=False, max_length=6,
        help_text="Leave this empty for the terms of the whole authority. A school with its own terms has all of them here.",
        widget=forms.TextInput(attrs={"class": "govuk-input--width-10", "inputmode": "numeric"}),
    )  # fmt: skip
    field_order = ["authority", "urn", "name", "starts", "last_day", "plans_due_on"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.ends:
            self.initial["last_day"] = self.instance.ends - ONE_DAY
        if self.instance.school:
            self.initial["urn"] = self.instance.school.urn

    def clean_urn(self) -> School | None:
        """The school with this number, where one is given."""
        self.instance.school = school_with_number(self.cleaned_data["urn"]) if self.cleaned_data["urn"] else None
        return self.instance.school

    def clean(self) -> dict[str, Any]:
        """The days in order, and the school year that follows from them."""
        cleaned = super().clean() or {}
        starts, last_day, due_on = cleaned.get("starts"), cleaned.get("last_day"), cleaned.get("plans_due_on")
        if starts and last_day:
            if last_day < starts:
                self.add_error("last_day", "The last day must not be before the first")
            elif due_on and not starts <= due_on <= last_day:
                self.add_error("plans_due_on", "Plans must be due within the term")
            self.instance.ends = last_day + ONE_DAY
            # The school year begins with the autumn term; a term that begins earlier in the calendar year belongs to the one before.
            self.instance.academic_year = starts.year if cleaned.get("name") == Term.Name.AUTUMN else starts.year - 1
        return cleaned


class RateForm(PlainWords, forms.ModelForm):  # type: ignore[type-arg]
    """The year's pupil premium rate, which is the same for every authority."""

    amount = MoneyField(label="Amount for each child (£)")

    class Meta:
        model = PupilPremiumRate
        fields = ["financial_year", "amount", "source"]
        labels = {"source": "Where it was published"}
        help_texts = {"financial_year": "Such as 2026-27."}

    def clean_financial_year(self) -> str:
        """Written as ``2026-27``."""
        text: str = self.cleaned_data["financial_year"].strip()
        first, _, last = text.partition("-")
        if not (len(first) == 4 and first.isascii() and first.isdigit() and last == f"{(int(first) + 1) % 100:02d}"):
            raise ValidationError("Write the financial year like 2026-27")
        return text


def windows_as_text(windows: list[dict[str, str]]) -> str:
    """The post-16 windows as people write them, a line each."""
    return "\n".join(f"{one['name']}, {_day_of_year(one['opens'])}, {_day_of_year(one['closes'])}" for one in windows)


def _day_of_year(text: str) -> str:
    return f"{datetime.date.fromisoformat(f'2024-{text}'):%-d %B}"


def window_from_text(line: str) -> dict[str, str]:
    """One window from its line. Raises ValueError when it is not a name and two days of the year."""
    name, opens, closes = (part.strip() for part in line.split(","))
    # 2023 had no 29 February: a day that is not there every year cannot be one of a window.
    days = [datetime.date(*time.strptime(f"{day} 2023", "%d %B %Y")[:3]) for day in (opens, closes)]
    if not name:
        raise ValueError("A window needs a name")
    return {"name": name[:60], "opens": f"{days[0]:%m-%d}", "closes": f"{days[1]:%m-%d}"}


CLOCK_TIME: dict[str, Any] = {
    "widget": forms.TimeInput(format="%H:%M", attrs={"class": "govuk-input--width-5"}),
    "error_messages": {"required": "Enter a time such as 19:00", "invalid": "Enter a time such as 19:00"},
}


class PolicyForm(OwnedForm):
    """What an authority decides from a day on. It never changes what held before."""

    starts = DateField(label="From which day?", help_text="Today or later. What holds now ends on the day before.")
    returning_grades = forms.MultipleChoiceField(
        label="Which grades send a plan back?", choices=Grade.choices, widget=forms.CheckboxSelectMultiple, required=False
    )
    post16_windows = forms.CharField(
        label="Post-16 windows", required=False, max_length=300, widget=forms.Textarea(attrs={"rows": 3}),
        help_text="One on each line: name, first day, last day, such as “first post-16 window, 25 October, 15 February”.",
    )  # fmt: skip
    reminder_days = forms.CharField(
        label="Reminder days", required=False, max_length=100,
        help_text="Days from the due date, with commas. A minus means before: -14, 1 reminds two weeks before and the day after.",
    )  # fmt: skip

    quiet_from = forms.TimeField(
        label="Quiet hours begin",
        help_text="Between these hours nobody is sent an e-mail. Give the same time twice for none.",
        **CLOCK_TIME,
    )
    quiet_to = forms.TimeField(label="Quiet hours end", **CLOCK_TIME)

    class Meta:
        model = Policy
        fields = [
            "authority", "starts", "begin_working_days", "first_plan_working_days", "review_months", "each_term", "premium_deadline",
            "move_plan_working_days", "plans_from_age", "to_year_13", "preparation_days", "invite_days", "complete_working_days",
            "signature_working_days", "check_working_days", "officer_days", "manager_working_days", "headteacher_working_days",
            "head_working_days", "quiet_from", "quiet_to", "managers_may_sign", "deputies_may_sign", "check_percent",
            "old_school_access_days", "one_person_may_check", "one_person_may_pay",
        ]  # fmt: skip

    def __init__(self, *args: Any, today: datetime.date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today = today
        self.initial["reminder_days"] = ", ".join(str(day) for day in self.instance.reminder_days)
        self.initial["post16_windows"] = windows_as_text(self.instance.post16_windows)
        self.initial["returning_grades"] = self.instance.returning_grades
        for key, label in PHASES:
            self.fields[f"flat_{key}"] = MoneyField(
                label=f"Paid for each complete plan, {label.lower()} (£)", least=Decimal(0), required=False,
                initial=self.instance.flat_sums.get(key),
            )  # fmt: skip

    def clean_starts(self) -> datetime.date:
        """Today at the earliest: the past is not written again."""
        day: datetime.date = self.cleaned_data["starts"]
        if day < self.today:
            raise ValidationError("The day must be today or later", params={"parts": ("day",)})
        return day

    def clean_headteacher_working_days(self) -> int:
        """Left empty, the headteacher is not told."""
        return self.cleaned_data["headteacher_working_days"] or 0

    def clean_post16_windows(self) -> list[dict[str, str]]:
        """Each with a name and two days of the year."""
        try:
            return [window_from_text(line) for line in self.cleaned_data["post16_windows"].splitlines() if line.strip()]
        except ValueError as error:
            raise ValidationError("Write each window as a name and two days, such as “first window, 25 October, 15 February”") from error

    def clean_reminder_days(self) -> list[int]:
        """Whole numbers, each once, from the earliest on."""
        parts = [part.strip().replace("−", "-").replace("+", "") for part in self.cleaned_data["reminder_days"].split(",") if part.strip()]
        try:
            days = sorted({int(part) for part in parts})
        except ValueError as error:
            raise ValidationError("Write whole numbers with commas, such as -14, -7, 1") from error
        if len(days) > MOST_REMINDERS or any(abs(day) > 90 for day in days):
            raise ValidationError(f"At most {MOST_REMINDERS} reminders, each within 90 days of the due date")
        return days

    def clean(self) -> dict[str, Any]:
        """Gather what is kept together."""
        cleaned = super().clean() or {}
        manager, head = cleaned.get("manager_working_days"), cleaned.get("head_working_days")
        if manager and head and head <= manager:
            self.add_error("head_working_days", "The head of the service is told later than the manager: enter more working days")
        quiet = cleaned.get("quiet_from"), cleaned.get("quiet_to")
        if quiet[0] is not None and quiet[1] is not None and len(digest_runs((quiet[0], quiet[1]))) < LEAST_RUNS:
            self.add_error(
                "quiet_to",
                f"Quiet hours must leave at least {LEAST_RUNS} of the times when e-mails are sent together:"
                f" half past each hour, from {DIGEST_RUNS[0]:%H:%M} to {DIGEST_RUNS[-1]:%H:%M}",
            )
        self.instance.returning_grades = cleaned.get("returning_grades", [])
        self.instance.reminder_days = cleaned.get("reminder_days", [])
        self.instance.post16_windows = cleaned.get("post16_windows", [])
        sums = {key: cleaned.get(f"flat_{key}") for key, _ in PHASES}
        self.instance.flat_sums = {key: float(amount) if amount % 1 else int(amount) for key, amount in sums.items() if amount}
        return cleaned
