"""The forms of an account administrator."""

import datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q

from accounts.fields import DateField, NameField, PlainWords
from accounts.mail import NOT_ARRIVED
from accounts.models import User
from accounts.policy import RELATION_NAMES
from schools.memberships import GRANTABLE, Organisation, people_of
from schools.models import PLACE_OF_ROLE, LocalAuthority, School, Team, VirtualSchool

STATES = [
    ("", "All"),
    ("active", "Can sign in"),
    ("invited", "Invited, not yet signed in"),
    ("none", "No account yet"),
    ("closed", "Closed or ended"),
    ("returned", "E-mails come back"),
]
MAIL_STATES = [("", "All"), *((state.value, state.label) for state in NOT_ARRIVED)]
ROLES = [(role.value, RELATION_NAMES[role]) for role in GRANTABLE]
AT_A_TEAM = [role.value for role in GRANTABLE if PLACE_OF_ROLE.get(role, "team") == "team"]
AT_A_SCHOOL = [role.value for role in GRANTABLE if PLACE_OF_ROLE.get(role, "team") == "school"]
SHOWN_SCHOOLS = 5


class PeopleFilter(forms.Form):
    """Which people to list."""

    q = forms.CharField(label="Name or e-mail", required=False, widget=forms.TextInput(attrs={"class": "govuk-input--width-20"}))
    role = forms.ChoiceField(label="Role", required=False, choices=[("", "All"), *ROLES])
    state = forms.ChoiceField(label="Account", required=False, choices=STATES)


class MailFilter(forms.Form):
    """Which e-mails to list."""

    q = forms.CharField(label="Name or e-mail", required=False, widget=forms.TextInput(attrs={"class": "govuk-input--width-20"}))
    state = forms.ChoiceField(label="State", required=False, choices=MAIL_STATES)


class RoleForm(PlainWords, forms.Form):
    """A role, where it is held, and from when to when."""

    role = forms.ChoiceField(
        label="Role",
        choices=ROLES,
    )
    school = forms.CharField(
        label="School (for a designated teacher or headteacher)", required=False, help_text="Its URN, or part of its name.",
        widget=forms.TextInput(attrs={"show_when": ("role", AT_A_SCHOOL)}),
    )  # fmt: skip
    authority = forms.ModelChoiceField(
        LocalAuthority.objects.none(), label="For the children of (for a designated teacher or headteacher)", required=False,
        widget=forms.Select(attrs={"show_when": ("role", AT_A_SCHOOL)}),
    )  # fmt: skip
    team = forms.ModelChoiceField(
        Team.objects.none(), label="Team (for social workers, managers and reviewing officers)", required=False,
        widget=forms.Select(attrs={"show_when": ("role", AT_A_TEAM)}),
    )  # fmt: skip
    virtual_school = forms.ModelChoiceField(
        VirtualSchool.objects.none(), label="Virtual school (for its own staff)", required=False,
        widget=forms.Select(attrs={"show_when": ("role", ["officer", "head", "business_support", "account_administrator"])}),
    )  # fmt: skip
    starts = DateField(label="First day")
    last_day = DateField(label="Last day (leave empty if there is none)", required=False)

    def __init__(self, *args: Any, organisation: Organisation, on: datetime.date, **kwargs: Any) -> None:
        kwargs.setdefault("initial", {}).setdefault("starts", on)
        super().__init__(*args, **kwargs)
        self.on = on
        choices = {
            "authority": LocalAuthority.objects.filter(pk__in=organisation.authorities),
            "team": Team.objects.filter(authority__in=organisation.authorities, closed=False).select_related("authority"),
            "virtual_school": VirtualSchool.objects.filter(pk__in=organisation.virtual_schools),
        }
        for name, queryset in choices.items():
            self.fields[name].queryset = queryset  # type: ignore[attr-defined]
            if len(only := list(queryset[:2])) == 1:
                self.fields[name].initial = only[0]

    def clean_starts(self) -> datetime.date:
        """Not in the past: nobody has seen a child by a role that they had not, and who could see whom is read from the roles."""
        starts: datetime.date = self.cleaned_data["starts"]
        if starts < self.on:
            raise ValidationError("The first day must be today or later")
        return starts

    def clean_school(self) -> School | None:
        """The school of this URN or name. Raises ValidationError when there is none, or several."""
        typed = self.cleaned_data["school"].strip()
        if not typed:
            return None
        wanted = Q(urn=int(typed)) if typed.isascii() and typed.isdigit() and len(typed) < 10 else Q(name__icontains=typed)
        found = list(School.objects.filter(wanted, closed_on__isnull=True).order_by("name")[: SHOWN_SCHOOLS + 1])
        exact = [school for school in found if school.name.casefold() == typed.casefold()]
        if len(found) == 1 or len(exact) == 1:
            return (exact or found)[0]
        if not found:
            raise ValidationError("There is no open school with this URN or name in the register.")
        names = "; ".join(
            f"{school.name}, {school.postcode or school.la_name or 'no address'} (URN {school.urn})" for school in found[:SHOWN_SCHOOLS]
        )
        raise ValidationError(
            f"Several schools fit. Enter the URN of one of them: {names}{' and others' if len(found) > SHOWN_SCHOOLS else ''}."
        )

    def clean(self) -> dict[str, Any]:
        """The place that goes with the role is there; the dates are in order."""
        data = super().clean() or {}
        role = data.get("role")
        if role:
            kind = PLACE_OF_ROLE.get(role, "team")
            needed = {"school": "Enter the school", "team": "Choose a team", "virtual_school": "Choose a virtual school"}[kind]
            if not data.get(kind) and kind not in self.errors:
                self.add_error(kind, needed)
            if kind == "school" and not data.get("authority") and "authority" not in self.errors:
                self.add_error("authority", "Choose the authority whose children this is for")
            data["place"] = data.get(kind)
        starts, last_day = data.get("starts"), data.get("last_day")
        if starts and last_day and last_day < starts:
            self.add_error("last_day", "The last day must be on or after the first day")
        return data


class PersonForm(RoleForm):
    """A person, and their first role in this organisation."""

    email = forms.EmailField(label="E-mail address", help_text="The person’s own, at work. They sign in with it.")
    name = NameField(label="Full name", max_length=200)
    job_title = forms.CharField(label="Job title (optional)", max_length=200, required=False)
    phone = forms.CharField(label="Telephone (optional)", max_length=50, required=False)
    same_person = forms.BooleanField(label="Yes, this is the person I mean", required=False)
    invite = forms.BooleanField(label="Send an invitation now", required=False, initial=True)
    field_order = (
        *("email", "same_person", "name", "job_title", "phone", "role", "school", "authority", "team", "virtual_school"),
        *("starts", "last_day", "invite"),
    )

    known: User | None = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.organisation: Organisation = kwargs["organisation"]
        self.hidden_question = self.fields.pop("same_person")

    def may_know_name(self, person: User, typed: str) -> bool:
        """Whether whoever fills this in may be told a person's name: of their own organisation, or known to them already."""
        own = people_of(self.organisation).filter(pk=person.pk).exists()
        return own or typed.casefold().split() == person.name.casefold().split()

    def clean_email(self) -> str:
        """The address in small letters; a person who has it already is noted."""
        email = self.cleaned_data["email"].lower()
        self.known = User.objects.filter(email=email).first()
        return email

    def clean(self) -> dict[str, Any]:
        """When the address is somebody's, their name, and nothing else, is shown to be confirmed.

        Of somebody who is not of this organisation not even that, unless it was typed: who asks must know whom they mean.
        """
        data = super().clean()
        if self.known is not None and not self.may_know_name(self.known, data.get("name", "")):
            if "name" not in self.errors:
                self.add_error("name", "Somebody with another name has this address already. Ask them how their name is written here")
        elif self.known is not None:
            self.fields["same_person"] = self.hidden_question
            self.order_fields(self.field_order)
            if not self.data.get("same_person"):
                self.add_error(
                    "same_person", f"{self.known.name} has this address already. Tick the box to give the role to {self.known.name}."
                )
        return data


class DetailsForm(PlainWords, forms.Form):
    """Name, job title and telephone of somebody who is known. ``shown`` names what the page showed."""

    name = NameField(label="Full name", max_length=200)
    job_title = forms.CharField(label="Job title (optional)", max_length=200, required=False)
    phone = forms.CharField(label="Telephone (optional)", max_length=50, required=False, widget=forms.TextInput(attrs={"type": "tel"}))
    shown = forms.CharField(required=False, widget=forms.HiddenInput)


class LastDayForm(PlainWords, forms.Form):
    """The day on which something holds for the last time."""

    last_day = DateField(label="Last day")

    def __init__(self, *args: Any, on: datetime.date, needed: bool = True, **kwargs: Any) -> None:
        kwargs.setdefault("initial", {}).setdefault("last_day", on if needed else None)
        super().__init__(*args, **kwargs)
        self.fields["last_day"].required = needed
        if not needed:
            self.fields["last_day"].label = "Last day (leave empty if the account does not end)"


class ReasonForm(PlainWords, forms.Form):
    """Why an account is closed."""

    because = forms.CharField(
        label="Reason", max_length=200, help_text="It stands in the history of this person. Write nothing about a child."
    )


class CheckedForm(PlainWords, forms.Form):
    """How it was checked that the right person asks for a new second step."""

    HOW = [
        ("seen in person", "I saw them in person"),
        ("video call, face known", "I saw them in a video call and know their face"),
        ("called back on the number in the register", "I called them back on the telephone number we already had"),
        ("confirmed by their manager", "Their manager, whom I know, confirmed it"),
    ]
    how = forms.ChoiceField(label="How did you check that it is them?", choices=HOW, widget=forms.RadioSelect)


class AddressForm(CheckedForm):
    """A person's new e-mail address, and how it was checked that it is theirs."""

    email = forms.EmailField(label="New e-mail address", help_text="The person’s own, at work. They sign in with it.")
    field_order = ("email", "how")
