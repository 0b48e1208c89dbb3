"""Adding and changing a child in the register, and restricting a record."""

import datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from accounts.fields import DateField, PlainWords, plain_name
from accounts.models import User
from children.models import CarePeriod, Child
from children.numbers import normalise, normalise_upn
from schools.models import LocalAuthority, School, Team
from schools.timetable import academic_year, academic_year_name, year_group_name
from virtualschool.forms.lookups import colleague_with_address, school_with_number
from virtualschool.forms.opened import OpenedForm

YEARS = [("", "The year of their age"), (0, "Reception"), *((year, f"Year {year}") for year in range(1, 14))]
OLDEST = 25


class ChildForm(OpenedForm):
    """Who a child is."""

    date_of_birth = DateField(label="Date of birth")
    year_group_override = forms.TypedChoiceField(
        label="School year they are taught in", choices=YEARS, coerce=int, empty_value=None, required=False,
    )  # fmt: skip
    # Longer than what is kept, because people type spaces.
    upn = forms.CharField(
        label="UPN, the unique pupil number (if known)",
        max_length=20,
        required=False,
        widget=forms.TextInput(attrs={"class": "govuk-input--width-20"}),
    )
    uln = forms.CharField(
        label="ULN, the unique learner number (if known)",
        max_length=20,
        required=False,
        widget=forms.TextInput(attrs={"class": "govuk-input--width-20"}),
    )

    class Meta:
        model = Child
        fields = [
            "given_name", "family_name", "known_as", "date_of_birth", "birth_date_status", "sex", "identifier", "upn", "uln",
            "year_group_override",
        ]  # fmt: skip
        widgets = {"birth_date_status": forms.RadioSelect, "sex": forms.RadioSelect}
        labels = {
            "family_name": "Legal family name (if there is one)",
            "known_as": "Likes to be called (if different)",
            "identifier": "Case system number (if known)",
            "birth_date_status": "How is the date of birth known?",
        }

    def __init__(self, *args: Any, today: datetime.date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today = today
        field: Any = self.fields["year_group_override"]
        field.help_text = (
            f"Choose one only if it is not the year of their age. What you choose is for the school year "
            f"{academic_year_name(academic_year(today))} and goes up by one each September."
        )
        if self.instance.year_group_override is not None:
            # The year of today, not the one that was typed some Septembers ago.
            taught = self.instance.year_group(today)
            self.initial["year_group_override"] = taught
            if taught not in dict(YEARS):
                field.choices = [*YEARS, (taught, year_group_name(taught))]

    def clean(self) -> dict[str, Any]:
        """Names are letters: no sign that turns a line round, begins another or leads somewhere."""
        cleaned = super().clean() or {}
        if "year_group_override" in cleaned:
            if cleaned["year_group_override"] == self.initial.get("year_group_override"):
                cleaned["year_group_override"] = self.instance.year_group_override  # as it stands, with its school year
            else:
                self.instance.year_group_override_for = academic_year(self.today)
        for name in ("given_name", "family_name", "known_as"):
            if cleaned.get(name):
                try:
                    cleaned[name] = plain_name(cleaned[name])
                except ValidationError as error:
                    self.add_error(name, error)
        return cleaned

    def clean_date_of_birth(self) -> datetime.date:
        """A day that somebody in care can have been born on."""
        day: datetime.date = self.cleaned_data["date_of_birth"]
        if day > self.today:
            raise ValidationError("The date of birth must not be in the future", params={"parts": ("year",)})
        if self.today.year - day.year > OLDEST:
            raise ValidationError(f"The date of birth is more than {OLDEST} years ago", params={"parts": ("year",)})
        return day

    def clean_upn(self) -> str:
        """As it is kept; a wrong check letter is said after saving and is no obstacle."""
        number = normalise_upn(self.cleaned_data["upn"])
        if len(number) > 13:
            raise ValidationError("A UPN has 13 characters")
        return number

    def clean_uln(self) -> str:
        """As it is kept."""
        number = normalise(self.cleaned_data["uln"])
        if len(number) > 10:
            raise ValidationError("A ULN has 10 digits")
        return number


class ChildAddForm(ChildForm):
    """A new child with what is needed to begin: the time in care, and school and social worker where they are known."""

    authority = forms.ModelChoiceField(label="Which council looks after the child?", queryset=LocalAuthority.objects.none())
    care_starts = DateField(label="Came into care on", error_messages={"required": "Enter the day the child came into care"})
    legal_status = forms.ChoiceField(label="Legal status", choices=[("", "Not known yet"), *CarePeriod.LEGAL_STATUSES], required=False)
    urn = forms.CharField(
        label="URN of the main school (if there is one)", required=False, help_text="Leave this empty for a child with no school.",
        widget=forms.TextInput(attrs={"class": "govuk-input--width-10", "inputmode": "numeric"}),
    )  # fmt: skip
    school_starts = DateField(label="First day at that school (if there is one)", required=False)
    team = forms.ModelChoiceField(label="Social work team", queryset=Team.objects.none(), required=False, empty_label="Not known yet")
    worker_email = forms.EmailField(label="Social worker’s e-mail address (if known)", required=False)
    another_child = forms.BooleanField(label="This is another child", required=False, widget=forms.HiddenInput)

    field_order = ["authority"]

    def __init__(self, *args: Any, authorities: list[LocalAuthority], by: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.by = by
        chosen = LocalAuthority.objects.filter(pk__in=[authority.pk for authority in authorities])
        self.fields["authority"].queryset = chosen  # type: ignore[attr-defined]
        self.fields["team"].queryset = Team.objects.filter(authority__in=chosen, closed=False)  # type: ignore[attr-defined]
        if len(authorities) == 1:
            self.fields["authority"].initial = authorities[0].pk
            self.fields["authority"].widget = forms.HiddenInput()

    def clean_care_starts(self) -> datetime.date:
        """Not in the future."""
        day: datetime.date = self.cleaned_data["care_starts"]
        if day > self.today:
            raise ValidationError("The day the child came into care must not be in the future", params={"parts": ("year",)})
        return day

    def clean_urn(self) -> School | None:
        """The school with this number."""
        return school_with_number(self.cleaned_data["urn"]) if self.cleaned_data["urn"] else None

    def clean_worker_email(self) -> User | None:
        """The person with this address, and never the one who fills the form in."""
        authority: LocalAuthority | None = self.cleaned_data.get("authority")
        if not self.cleaned_data["worker_email"] or authority is None:  # what is wrong with the council is said there
            return None
        return colleague_with_address(self.cleaned_data["worker_email"], authority, by=self.by)

    def clean(self) -> dict[str, Any]:
        """What belongs together; and whether the child is there already."""
        cleaned = super().clean() or {}
        if cleaned.get("urn") and not cleaned.get("school_starts") and "school_starts" not in self.errors:
            self.add_error("school_starts", "Enter the first day at that school")
        if cleaned.get("worker_email") and not cleaned.get("team"):
            self.add_error("team", "Choose the social worker’s team")
        team, authority = cleaned.get("team"), cleaned.get("authority")
        if team and authority and team.authority_id != authority.pk:
            self.add_error("team", "Choose a team of the council that looks after the child")
        if cleaned.get("date_of_birth") and cleaned.get("care_starts") and cleaned["care_starts"] < cleaned["date_of_birth"]:
            self.add_error("care_starts", "The child was not born then")
        return cleaned


class RestrictionForm(PlainWords, forms.Form):
    """Why a record is restricted, or why it no longer is."""

    reason = forms.CharField(label="Why?", widget=forms.Textarea(attrs={"rows": 4}), max_length=1000)
