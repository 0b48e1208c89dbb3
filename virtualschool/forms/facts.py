"""The dated facts around a child. People give the last day something holds; the register keeps the first day it no longer does."""

import datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone

from accounts.fields import DateField
from accounts.models import User
from accounts.policy import Relation
from children.access import relations_to
from children.models import Allocation, CarePeriod, CareReview, Child, Enrolment, Placement
from pep.planning import SHORT_BREAKS, turns_short_breaks
from schools.models import School, Team
from schools.timetable import ONE_DAY
from virtualschool.forms.lookups import colleague_with_address, school_with_number
from virtualschool.forms.opened import OpenedForm

OF_SCHOOLS = {Relation.DESIGNATED_TEACHER, Relation.PROVIDER_TEACHER, Relation.FORMER_SCHOOL, Relation.SCHOOL_CONTRIBUTOR}


INTO_SHORT_BREAKS = (
    "Short breaks begin on a day of their own. Give this time in care its last day, then add the short breaks. If it was never anything "
    "but short breaks, say so below."
)
OUT_OF_SHORT_BREAKS = (
    "The time in care begins on a day of its own, from which the first plan counts. Give the short breaks their last day, then add the "
    "time in care. If these were never short breaks, say so below."
)


class DatedForm(OpenedForm):
    """A fact with a first day and, when it is over, a last day."""

    starts = DateField(label="First day")
    last_day = DateField(label="Last day", help_text="Leave this empty while it goes on.", required=False)

    def __init__(self, *args: Any, child: Child, by: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.instance.child = child
        self.by = by
        if self.instance.ends:
            self.initial["last_day"] = self.instance.ends - ONE_DAY

    def clean(self) -> dict[str, Any]:
        """The days in order, and the end as the register keeps it."""
        cleaned = super().clean() or {}
        starts, last_day = cleaned.get("starts"), cleaned.get("last_day")
        if starts and last_day and last_day < starts:
            self.add_error("last_day", "The last day must not be before the first")
        if "last_day" not in self.errors:
            self.instance.ends = last_day + ONE_DAY if last_day else None
        return cleaned

    def ended_by_this(self) -> list[Any]:
        """Open facts of the same kind that end where this new one begins."""
        return []


def _open_before(rows: Any, starts: datetime.date) -> list[Any]:
    return list(rows.filter(ends__isnull=True, starts__lt=starts))


class CarePeriodForm(DatedForm):
    """A time in care. Short breaks and the care before or after them each begin on a day of their own, from which their dates count."""

    starts = DateField(label="Came into care on", error_messages={"required": "Enter the day the child came into care"})
    last_day = DateField(label="Last day in care", help_text="Leave this empty while the child is in care.", required=False)
    never_so = forms.BooleanField(required=False)  # that what is kept was a mistake from the first day; only asked where it matters

    class Meta:
        model = CarePeriod
        fields = ["starts", "legal_status"]

    field_order = ["starts", "legal_status", "never_so", "last_day"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        was, becomes = self.instance.legal_status, self.data.get(self.add_prefix("legal_status"), "")
        self.turns = self.is_bound and turns_short_breaks(was, becomes)
        if not self.turns:
            del self.fields["never_so"]
        elif becomes in SHORT_BREAKS:
            self.fields["never_so"].label = "This time in care was never anything but short breaks"
        else:
            self.fields["never_so"].label = "These were never short breaks: the child has been in care since the first day"

    def clean(self) -> dict[str, Any]:
        """A time in care does not turn into short breaks, nor they into it, on the day it began."""
        cleaned = super().clean()
        same_day = cleaned.get("starts") == self.standing["starts"]
        if self.turns and same_day and not cleaned.get("never_so") and "legal_status" not in self.errors:
            self.add_error("legal_status", INTO_SHORT_BREAKS if cleaned["legal_status"] in SHORT_BREAKS else OUT_OF_SHORT_BREAKS)
        return cleaned

    def _changed_since(self, said: Any) -> set[str]:
        return super()._changed_since(said) - {"never_so"}


class PlacementForm(DatedForm):
    """Where the child lives. A new one ends the one before."""

    class Meta:
        model = Placement
        fields = ["kind", "carer", "address", "phone", "starts"]
        labels = {"kind": "Kind of placement", "carer": "Carer or home", "phone": "Telephone"}

    def ended_by_this(self) -> list[Any]:
        """The placement before ends when a new one begins."""
        return _open_before(self.instance.child.placements, self.cleaned_data["starts"]) if self.instance._state.adding else []


class EnrolmentForm(DatedForm):
    """A place besides the main school. The main school changes through a move, which two people confirm."""

    urn = forms.CharField(
        label="School’s URN",
        help_text="The six-digit number of the school. The list of schools finds it.",
        widget=forms.TextInput(attrs={"class": "govuk-input--width-10", "inputmode": "numeric"}),
    )
    kind = forms.ChoiceField(
        label="What kind of place is it?",
        widget=forms.RadioSelect,
        choices=[row for row in Enrolment.Kind.choices if row[0] != Enrolment.Kind.MAIN],
    )

    class Meta:
        model = Enrolment
        fields = ["kind", "starts"]

    field_order = ["urn", "kind", "starts", "last_day"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not self.instance._state.adding:
            self.initial["urn"] = self.instance.school.urn

    def clean_urn(self) -> School:
        """The school with this number."""
        school = school_with_number(self.cleaned_data["urn"])
        self.instance.school = school
        return school


class AllocationForm(DatedForm):
    """The social worker (with the team, or the team alone) or the reviewing officer. A new one ends the one before."""

    role = forms.ChoiceField(
        label="Who is it?", widget=forms.RadioSelect,
        choices=[row for row in Allocation.Role.choices if row[0] != Allocation.Role.SCHOOL_CONTRIBUTOR],
    )  # fmt: skip
    worker_email = forms.EmailField(
        label="Person’s e-mail address", required=False, help_text="For a social worker this may be empty: then the team holds the child."
    )
    team = forms.ModelChoiceField(label="Team (for a social worker)", queryset=Team.objects.none(), required=False, empty_label="No team")

    class Meta:
        model = Allocation
        fields = ["role", "team", "starts"]

    field_order = ["role", "worker_email", "team", "starts", "last_day"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        teams = Team.objects.filter(authority=self.instance.child.authority_id)
        self.fields["team"].queryset = teams  # type: ignore[attr-defined]
        if not self.instance._state.adding and self.instance.worker:
            self.initial["worker_email"] = self.instance.worker.email

    def clean_worker_email(self) -> User | None:
        """The person with this address, and never the one who fills the form in."""
        email: str = self.cleaned_data["worker_email"].lower()
        child, current = self.instance.child, self.instance.worker
        if not email:
            return None
        if current is not None and current.email == email and current != self.by:
            return current
        person = colleague_with_address(email, child.authority, by=self.by)
        if relations_to(person, child) & OF_SCHOOLS:
            raise ValidationError("This person works with the child at school, and would read what is for the council alone.")
        return person

    def clean(self) -> dict[str, Any]:
        """A social worker needs a team, a reviewing officer a name."""
        cleaned = super().clean()
        role, team, worker = cleaned.get("role"), cleaned.get("team"), cleaned.get("worker_email")
        if role == Allocation.Role.SOCIAL_WORKER and not team:
            self.add_error("team", "Choose the social worker’s team")
        if role == Allocation.Role.REVIEWING_OFFICER and not worker and "worker_email" not in self.errors:
            self.add_error("worker_email", "Enter the reviewing officer’s e-mail address")
        if role == Allocation.Role.REVIEWING_OFFICER:
            cleaned["team"] = None
        self.instance.worker = worker
        return cleaned

    def ended_by_this(self) -> list[Any]:
        """The one who had this role before."""
        if not self.instance._state.adding:
            return []
        return _open_before(self.instance.child.allocations.filter(role=self.cleaned_data["role"]), self.cleaned_data["starts"])


class CareReviewForm(OpenedForm):
    """A review of the care plan: the day it is booked for, or on which it was held."""

    on = DateField(label="Day of the review")
    state = forms.ChoiceField(label="What about it?", choices=CareReview.State.choices, widget=forms.RadioSelect)

    class Meta:
        model = CareReview
        fields = ["on", "state"]

    def __init__(self, *args: Any, child: Child, by: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.instance.child = child

    def clean(self) -> dict[str, Any]:
        """What was held is not in the future, what is booked not in the past, and neither is before the child came into care."""
        cleaned = super().clean() or {}
        day, state = cleaned.get("on"), cleaned.get("state")
        if day and state == CareReview.State.HELD and day > timezone.localdate():
            self.add_error("on", "A review that was held has a day in the past")
        if day and state == CareReview.State.BOOKED and day < timezone.localdate() and day != self.instance.on:
            self.add_error("on", "A review that is booked has a day to come. If it took place on this day, say that it was held")
        first = self.instance.child.care_periods.order_by("starts").first()
        if day and first and day < first.starts and "on" not in self.errors:
            self.add_error("on", "A review of the care plan is after the child came into care")
        return cleaned

    def ended_by_this(self) -> list[Any]:
        """A review ends nothing."""
        return []


# How each kind of fact is called and written.
KINDS: dict[str, tuple[type[Any], type[DatedForm] | type[CareReviewForm], str]] = {
    "care": (CarePeriod, CarePeriodForm, "time in care"),
    "placement": (Placement, PlacementForm, "placement"),
    "enrolment": (Enrolment, EnrolmentForm, "place besides the main school"),
    "review": (CareReview, CareReviewForm, "review of the care plan"),
    "allocation": (Allocation, AllocationForm, "social worker or reviewing officer"),
}
