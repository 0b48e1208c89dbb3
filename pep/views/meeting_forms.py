"""The forms of a plan's meeting: when and where it is, how it went, and the people who were asked."""

import datetime
import unicodedata
from collections.abc import Sequence
from typing import Any, cast

from django import forms
from django.core.exceptions import ValidationError
from django.forms import ChoiceField
from django.utils import timezone

from accounts.fields import ClockTimeField, DateField, PlainWords
from accounts.models import User
from accounts.policy import Relation
from children.recognising import names_child
from pep.clock_rules import REVIEW_MONTHS_AT_MOST
from pep.facts import in_words
from pep.invited import person_words
from pep.models import Attendee, Meeting
from schools.models import policy_on
from schools.timetable import add_months

BOOKED_MONTHS_AT_MOST = 12  # ahead of today: what is later is a slip of the pen


class MeetingForm(PlainWords, forms.ModelForm):
    """The meeting itself: its date and time are asked apart, because people write them apart."""

    day = DateField(label="Date of the meeting", required=False)
    time = ClockTimeField(label="Time it starts", required=False, help_text="Such as 14:00 or 2pm.")
    next_on = DateField(label="Date of the next meeting", required=False)

    class Meta:
        model = Meeting
        fields = ["state", "minutes", "place", "place_in_calendar", "participation", "not_held_because", "next_on"]
        labels = {"state": "Is the meeting booked, or has it been held?"}
        widgets = {"state": forms.RadioSelect, "participation": forms.RadioSelect, "not_held_because": forms.Textarea(attrs={"rows": 3})}

    field_order = ["state", "day", "time", "minutes", "place", "place_in_calendar", "not_held_because", "participation", "next_on"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.starts_at:
            starts = timezone.localtime(self.instance.starts_at)
            self.initial.update(day=starts.date(), time=starts.strftime("%H:%M"))
        self.fields["not_held_because"].help_text = "Only if it was not held."
        self.fields["place"].help_text = "Such as the school’s meeting room, or a link."
        minutes = self.fields["minutes"]
        minutes.label, minutes.required, minutes.help_text = "How long will it last?", False, "In minutes. An hour unless you say."
        minutes.widget = forms.TextInput(attrs={"class": "govuk-input--width-3", "inputmode": "numeric"})
        calendar = self.fields["place_in_calendar"]
        calendar.label = "Put the place into calendar entries"
        calendar.help_text = (
            "Calendars are seen by many: only a place that names neither the child, nor the school, nor where the child lives."
            " Otherwise people find it after signing in."
        )
        cast(ChoiceField, self.fields["participation"]).choices = Meeting.Participation.choices

    def clean(self) -> dict[str, Any]:
        """A booked or held meeting has a date and a time; one that was not held has a reason."""
        cleaned = super().clean() or {}
        state, day, time = cleaned.get("state"), cleaned.get("day"), cleaned.get("time")
        if state in (Meeting.State.BOOKED, Meeting.State.HELD):
            for name, value, words in (("day", day, "Enter the date of the meeting"), ("time", time, "Enter the time the meeting starts")):
                if value is None and name not in self.errors:
                    self.add_error(name, words)
        if state == Meeting.State.HELD and day and day > timezone.localdate():
            self.add_error("day", "A meeting that has been held cannot be in the future")
        place = cleaned.get("place", "")
        if cleaned.get("place_in_calendar") and names_child(place, self.instance.plan.child):
            self.add_error(
                "place",
                "The place names the child, the school or where the child lives. Take names, initials and numbers out before it goes into"
                " calendar entries, such as “Room 3”",
            )
        following = cleaned.get("next_on")
        if day and following and following <= day:
            self.add_error("next_on", "The next meeting must be after this one")
        elif following and {"day", "next_on"} & set(self.changed_data):
            self.refuse_later_than_reviewed(following, day or timezone.localdate())
        if state == Meeting.State.BOOKED and day and day > add_months(timezone.localdate(), BOOKED_MONTHS_AT_MOST):
            self.add_error("day", "The meeting must be within a year from today")
        if state == Meeting.State.NOT_HELD and not cleaned.get("not_held_because"):
            self.add_error("not_held_because", "Say why the meeting was not held")
        if day and time:
            self.instance.starts_at = timezone.make_aware(datetime.datetime.combine(day, time))
        elif not day and not time:
            self.instance.starts_at = None
        elif state not in (Meeting.State.BOOKED, Meeting.State.HELD):
            self.add_error("time" if day else "day", "Enter both the date and the time, or neither")
        return cleaned

    def refuse_later_than_reviewed(self, following: datetime.date, day: datetime.date) -> None:
        """The next meeting is no later than the law, or the authority's policy of this meeting's day, has plans reviewed."""
        authority = self.instance.plan.child.authority
        law, own = add_months(day, REVIEW_MONTHS_AT_MOST), policy_on(authority, day).review_months
        if following > law:
            words = f"by {in_words(law)}: by law a plan is reviewed at least every six months"
        elif following > (latest := add_months(day, own)):
            words = f"by {in_words(latest)}: by its policy {authority} reviews plans every {own} months"
        else:
            return
        self.add_error("next_on", f"The next meeting must be {words}")

    def clean_place(self) -> str:
        """One line of text: a calendar entry has its own lines, and what begins one must not be typed here."""
        place: str = self.cleaned_data["place"]
        return " ".join("".join(" " if unicodedata.category(letter) in ("Cc", "Cf", "Zl", "Zp") else letter for letter in place).split())

    def clean_minutes(self) -> int:
        """Left empty it is as long as it was."""
        minutes: int | None = self.cleaned_data["minutes"]
        if minutes is not None and not 5 <= minutes <= 600:
            raise ValidationError("Enter a number of minutes between 5 and 600")
        return int(self.initial.get("minutes") or 60) if minutes is None else minutes


class AttendeeForm(PlainWords, forms.ModelForm):  # type: ignore[type-arg]
    """One person at the meeting: somebody with an account, or a name."""

    class Meta:
        model = Attendee
        fields = ["role", "user", "name", "invited", "came"]
        labels = {"role": "Who are they?", "user": "Their account", "invited": "They were asked to come", "came": "Did they come?"}

    def __init__(self, *args: Any, people: Sequence[tuple[User, Relation]] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Somebody on the list stays on it when they do not work with the child any more.
        kept = [user.pk for user, _ in people] + ([self.instance.user_id] if self.instance.user_id else [])
        user = cast(forms.ModelChoiceField, self.fields["user"])
        user.queryset = User.objects.filter(pk__in=kept)
        words = [(str(person.pk), person_words(person, relation)) for person, relation in people]
        if self.instance.user_id and self.instance.user_id not in {person.pk for person, _ in people}:
            words.append((str(self.instance.user_id), f"{self.instance.user}, who does not work with this child any more"))
        user.choices = [("", "They have none"), *words]
        self.fields["name"].required = False
        self.fields["name"].help_text = "Only if they have no account."

    def clean(self) -> dict[str, Any]:
        """Whoever has an account goes by the name of the account."""
        cleaned = super().clean() or {}
        if cleaned.get("user"):
            cleaned["name"] = cleaned["user"].name
        elif not cleaned.get("name") and "name" not in self.errors:
            self.add_error("name", ValidationError(str(self.fields["name"].error_messages["required"])))
        return cleaned


class AttendeeForms(forms.BaseModelFormSet):  # type: ignore[type-arg]
    """The people at the meeting."""

    def add_fields(self, form: Any, index: int | None) -> None:
        """The box for taking someone off the list says so, and each error whom it is about."""
        super().add_fields(form, index)
        number = f"person {(index or 0) + 1}"
        who = form.instance.name or number
        for name, words in (("role", f"Say who {who} is"), ("name", f"Enter the name of {number}"), ("came", f"Say whether {who} came")):
            form.fields[name].error_messages["required"] = words
        form.fields["DELETE"].label = "Remove this person"

    def clean(self) -> None:
        """Nobody is asked twice."""
        super().clean()
        asked = set()
        for form in self.forms:
            user = getattr(form, "cleaned_data", {}).get("user")
            if user and not form.cleaned_data.get("DELETE"):
                if user in asked:
                    form.add_error("user", f"{user.name} is on the list already")
                asked.add(user)


AttendeeFormSet = forms.modelformset_factory(
    Attendee, form=AttendeeForm, formset=AttendeeForms, extra=1, can_delete=True, max_num=40, absolute_max=60
)
