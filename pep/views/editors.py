"""The forms behind each kind of section, and how what they hold is written down."""

import datetime
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, cast

from django import forms
from django.forms import BaseForm, BaseFormSet, ChoiceField
from django.http import QueryDict
from django.utils import timezone

from accounts.fields import PlainWords
from accounts.models import User
from accounts.policy import Relation
from children.models import Child, Enrolment
from pep import deadlines, invitations
from pep.forms.answers import LONGEST_LINE
from pep.forms.build import section_form
from pep.forms.declaration import Audience, Body
from pep.forms.declaration import Section as DeclaredSection
from pep.forms.reading import carried_forward, merge_unreadable
from pep.invited import people_to_ask
from pep.models import Attendee, Meeting, Section, TargetReview
from pep.models.sections import LearnedBy
from pep.sections import Author, PlanContents
from pep.views.item_forms import ActionForm, TargetForm
from pep.views.meeting_forms import AttendeeFormSet, MeetingForm

AnyForm = BaseForm | BaseFormSet
ONE_DAY = datetime.timedelta(days=1)
SCHOOLS_SECTION, SCHOOLS_QUESTION = "history", "schools"


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
    return [section_form(declared, audience, data, initial=initial, last=last, born=contents.plan.child.date_of_birth)]


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
