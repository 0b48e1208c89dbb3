"""The forms behind each kind of section, and how what they hold is written down."""

import datetime
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, cast

from django import forms
from django.core.exceptions import ValidationError
from django.forms import BaseForm, BaseFormSet, ChoiceField
from django.http import QueryDict
from django.utils import timezone

from accounts.fields import PARTS, ClockTimeField, DateField, MoneyField, PlainWords
from accounts.models import User
from accounts.policy import Relation
from children.models import Child, Enrolment
from children.recognising import names_child
from pep import deadlines, invitations
from pep.forms.answers import LONGEST_LINE
from pep.forms.build import section_form
from pep.forms.declaration import Audience, Body
from pep.forms.declaration import Section as DeclaredSection
from pep.forms.reading import carried_forward, merge_unreadable
from pep.invited import people_to_ask, person_words
from pep.models import Action, Attendee, FundingRequest, Meeting, Section, Target, TargetReview
from pep.models.sections import LearnedBy
from pep.sections import Author, PlanContents
from schools.timetable import add_months

AnyForm = BaseForm | BaseFormSet
ONE_DAY = datetime.timedelta(days=1)
SCHOOLS_SECTION, SCHOOLS_QUESTION = "history", "schools"
TARGET_MONTHS_AT_MOST, MEETING_MONTHS_AT_MOST = 24, 12  # ahead of today: what is later is a slip of the pen


class WritingForm(PlainWords, forms.Form):
    """What stands at the foot of every section: which version it was opened at, whether it is finished, and for whom one writes."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    complete = forms.ChoiceField(
        label="Have you completed this section?",
        choices=[("yes", "Yes"), ("no", "No, I’ll come back to it later")],
        widget=forms.RadioSelect,
        required=False,
    )
    on_behalf_of = forms.CharField(
        label="Whose words are these?",
        help_text="You are writing for someone else. Give their name and role.",
        max_length=200,
        required=False,
    )
    learned_by = forms.ChoiceField(label="How did you learn this?", choices=LearnedBy.choices, widget=forms.RadioSelect, required=False)

    def __init__(self, *args: Any, must_name: bool, may_name: bool, closing: bool = True, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.must_name = must_name
        if not (must_name or may_name):
            del self.fields["on_behalf_of"], self.fields["learned_by"]
        elif not must_name:
            for name in ("on_behalf_of", "learned_by"):
                self.fields[name].label = f"{self.fields[name].label} (optional)"
            self.fields["on_behalf_of"].help_text = "Only if you are writing for someone else. Give their name and role."
        if not closing:
            del self.fields["complete"]

    def clean(self) -> dict[str, Any]:
        """A name needs a way it was learned, and virtual school staff must give both where the part is not their own."""
        cleaned = super().clean() or {}
        name, how = cleaned.get("on_behalf_of", ""), cleaned.get("learned_by", "")
        if (self.must_name or how) and not name and "on_behalf_of" in self.fields:
            self.add_error("on_behalf_of", "Give the name of the person whose words these are")
        if (self.must_name or name) and not how and "learned_by" in self.fields:
            self.add_error("learned_by", "Say how you learned this")
        return cleaned


class ReviewForm(PlainWords, forms.ModelForm):
    """How one target of the last plan went. Every answer may wait; all four are needed to keep it."""

    class Meta:
        model = TargetReview
        fields = ["outcome", "evidence", "impact", "next"]
        widgets = dict.fromkeys(("outcome", "impact", "next"), forms.RadioSelect)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["outcome"].label = "How did it go?"
        for name, choices in (("outcome", TargetReview.Outcome), ("impact", TargetReview.Impact), ("next", TargetReview.Next)):
            cast(ChoiceField, self.fields[name]).choices = choices.choices
        self.empty_permitted = True
        self.use_required_attribute = False


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
            "Calendars are seen by many: only a place that names neither child nor school. Otherwise people find it after signing in."
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
                "The place names the child or the school. Take names, initials and numbers out before it goes into calendar entries,"
                " such as “Room 3”",
            )
        following = cleaned.get("next_on")
        if day and following and following <= day:
            self.add_error("next_on", "The next meeting must be after this one")
        elif following and following > add_months(day or timezone.localdate(), MEETING_MONTHS_AT_MOST):
            self.add_error("next_on", "The next meeting must be within a year: a plan is reviewed at least every six months")
        if state == Meeting.State.BOOKED and day and day > add_months(timezone.localdate(), MEETING_MONTHS_AT_MOST):
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
        # Somebody on the list stays on it when they can no longer see the child.
        kept = [user.pk for user, _ in people] + ([self.instance.user_id] if self.instance.user_id else [])
        user = cast(forms.ModelChoiceField, self.fields["user"])
        user.queryset = User.objects.filter(pk__in=kept)
        words = [(str(person.pk), person_words(person, relation)) for person, relation in people]
        if self.instance.user_id and self.instance.user_id not in {person.pk for person, _ in people}:
            words.append((str(self.instance.user_id), f"{self.instance.user}, who can no longer see this record"))
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
        """Not in the past, unless it stood there before: a corrected plan keeps its dates."""
        day: datetime.date = self.cleaned_data["by_when"]
        today = timezone.localdate()
        if day < today and day != self.instance.by_when:
            raise forms.ValidationError("The date by which it is reached must be today or later", params={"parts": PARTS})
        if day > add_months(today, TARGET_MONTHS_AT_MOST):
            raise forms.ValidationError("The date by which it is reached must be within two years", params={"parts": PARTS})
        return day

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


@dataclass(frozen=True)
class Editor:
    """How the page of one kind of section is built from a request and written down."""

    build: Callable[[DeclaredSection, PlanContents, Audience, QueryDict | None], list[AnyForm]]
    save: Callable[[list[Any], Section, PlanContents, Audience, Author], None]


def offered(declared: DeclaredSection, contents: PlanContents) -> dict[str, Any]:
    """What a section that nobody has saved yet begins with, to be checked: last term's stable facts, or the schools in the register."""
    answers = carried_forward(declared, contents.last_answers.get(declared.key, {}))
    if declared.key == SCHOOLS_SECTION and SCHOOLS_QUESTION not in answers:
        rows = schools_known(contents.plan.child, timezone.localdate())
        answers |= carried_forward(declared, {SCHOOLS_QUESTION: rows})
    return answers


def schools_known(child: Child, on: datetime.date) -> list[dict[str, str]]:
    """The schools a child has been at up to a day, the newest first as the form asks. None where a school is not to become known."""
    if child.restricted:
        return []
    rows = []
    for place in child.enrolments.filter(starts__lte=on).select_related("school").order_by("-starts"):
        row = {"name": place.school.name, "starts": place.starts.isoformat(), "reason": place.reason_left[:LONGEST_LINE]}
        if place.ends and place.ends <= on:
            row["ends"] = (place.ends - ONE_DAY).isoformat()
        if kind := _place_of_learning(place):
            row["kind"] = kind
        rows.append({key: value for key, value in row.items() if value})
    return rows


def _place_of_learning(place: Enrolment) -> str:
    """The form's word for a place; "" where the register does not tell."""
    if place.kind in (Enrolment.Kind.ALTERNATIVE, Enrolment.Kind.TUITION):
        return str(place.kind)
    described = f"{place.school.type} {place.school.phase}".lower()
    kinds = (("special", "special"), ("pupil referral", "alternative"), ("alternative", "alternative"),
             ("nursery", "nursery"), ("primary", "primary"), ("secondary", "secondary"))  # fmt: skip
    return next((kind for words, kind in kinds if words in described), "")


def _build_questions(declared: DeclaredSection, contents: PlanContents, audience: Audience, data: QueryDict | None) -> list[AnyForm]:
    section, last = contents.sections[declared.key], contents.last_answers.get(declared.key, {})
    initial = section.answers if section.version else offered(declared, contents)
    return [section_form(declared, audience, data, initial=initial, last=last)]


def _save_questions(built: list[Any], section: Section, contents: PlanContents, audience: Audience, author: Author) -> None:
    declared = contents.plan.form.section(section.key)
    section.answers = merge_unreadable(declared, built[0].answers(), section.answers, audience)


def _build_reviews(declared: DeclaredSection, contents: PlanContents, audience: Audience, data: QueryDict | None) -> list[AnyForm]:
    return [
        ReviewForm(data, instance=contents.reviews.get(target.pk), prefix=f"target-{number}")
        for number, target in enumerate(contents.last_targets, start=1)
    ]


def _save_reviews(built: list[Any], section: Section, contents: PlanContents, audience: Audience, author: Author) -> None:
    for form, target in zip(built, contents.last_targets, strict=True):
        if form.has_changed():
            form.instance.plan, form.instance.target = section.plan, target
            form.save()


def _number(text: str) -> int:
    """A number a page of ours has sent; 0 for anything else."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 5 else 0


def _build_meeting(declared: DeclaredSection, contents: PlanContents, audience: Audience, data: QueryDict | None) -> list[AnyForm]:
    meeting = contents.meeting
    assert meeting is not None
    people = Attendee.objects.filter(meeting=meeting, removed=False)
    if data is not None and "add_row" in data:
        data = data.copy()
        number = _number(data.get("people-TOTAL_FORMS", ""))
        # A box that is ticked for a new person must be ticked in a form that has been posted already, too.
        data["people-TOTAL_FORMS"], data[f"people-{number}-invited"] = str(number + 1), "on"
    asked = {"people": people_to_ask(contents.plan.child, timezone.localdate())}
    usual = [] if data is not None or contents.sections[declared.key].version else usual_people(contents.plan.child, asked["people"])
    attendees = AttendeeFormSet(data, queryset=people.select_related("user"), prefix="people", form_kwargs=asked, initial=usual)
    attendees.extra = 1 + len(usual)
    return [MeetingForm(data, instance=meeting, prefix="meeting"), attendees]


def usual_people(child: Child, known: Sequence[tuple[User, Relation]]) -> list[dict[str, Any]]:
    """Who comes to every meeting, offered where nobody has been written down yet: the child, and their teacher and social worker."""
    roles = {Relation.DESIGNATED_TEACHER: Attendee.Role.DESIGNATED_TEACHER, Relation.SOCIAL_WORKER: Attendee.Role.SOCIAL_WORKER}
    first = {relation: user for user, relation in reversed(known) if relation in roles}
    workers = [{"role": roles[relation], "user": first[relation].pk, "invited": True} for relation in roles if relation in first]
    return [{"role": Attendee.Role.CHILD, "name": child.name, "invited": True}, *workers]


def _save_meeting(built: list[Any], section: Section, contents: PlanContents, audience: Audience, author: Author) -> None:
    form, people = built
    meeting: Meeting = form.instance
    meeting.plan = section.plan
    arranged = {"state", "day", "time", "minutes", "place", "place_in_calendar"} & set(form.changed_data)
    if meeting.state == Meeting.State.BOOKED and (arranged or meeting.booked_by is None):
        meeting.booked_by = author.user
    form.save()
    people.save(commit=False)
    changed = dict(people.changed_objects)
    for attendee in [*people.new_objects, *changed]:
        # What was decided for one person does not hold for another who is written over them.
        if {"role", "name", "user"} & set(changed.get(attendee, ())):
            undecide(attendee)
        attendee.meeting = meeting
        attendee.save()
    for attendee in people.deleted_objects:
        attendee.removed = True
        attendee.save()
    invitations.bring_up_to_date(meeting, by=author.user)
    # The next review counts from the meeting.
    deadlines.refresh(section.plan.child, by=author.user, on=timezone.localdate(), because="The meeting was changed")


def undecide(attendee: Attendee) -> None:
    """Take back what was decided about somebody, with the address it was decided for."""
    attendee.may_come, attendee.may_know, attendee.email = Attendee.MayCome.UNDECIDED, Attendee.MayKnow.DATE, ""
    attendee.separate_starts_at = attendee.decided_by = attendee.decided_at = None


EDITORS: dict[Body, Editor] = {
    Body.QUESTIONS: Editor(_build_questions, _save_questions),
    Body.LAST_TARGETS: Editor(_build_reviews, _save_reviews),
    Body.MEETING: Editor(_build_meeting, _save_meeting),
}

# Sections made of items, and the form of one.
ITEM_FORMS: dict[Body, type[forms.ModelForm]] = {Body.TARGETS: TargetForm, Body.ACTIONS: ActionForm}
