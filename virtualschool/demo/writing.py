"""Fills the sections of a made-up plan."""

import datetime
import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from django.utils import timezone

from accounts.models import User
from accounts.relations import in_force
from children.models import Allocation
from pep.forms.declaration import Body, Owner
from pep.forms.declaration import Section as DeclaredSection
from pep.forms.reading import carried_forward
from pep.models import Action, Attendee, FundingRequest, Meeting, Plan, Section, Target, TargetReview
from pep.planning import holders_of, school_of, school_part_is_virtual_schools
from pep.sections import Author, author_for, writing
from schools.timetable import financial_year
from virtualschool.demo.answers import CARERS, Facts, answers_for
from virtualschool.demo.moments import as_if
from virtualschool.demo.words import ACTIONS, REVIEWS, TARGETS

WEEK = datetime.timedelta(days=7)


@dataclass
class Pen:
    """Who writes in one plan, and what the plan is about."""

    plan: Plan
    chance: random.Random
    past: bool = False  # nobody else is writing in it: its sections are saved without asking first
    contributor: User | None = None
    on_behalf_of: str = ""  # the teacher for whom the virtual school writes, where one is known
    earlier: dict[str, dict[str, Any]] = field(default_factory=dict)  # the last plan's answers by section
    authors: dict[tuple[str, str], Author] = field(default_factory=dict)

    def holder(self, owner: str, on: datetime.date) -> User:
        """The first of the people who hold this part on a day."""
        return holders_of(self.plan, owner, on)[0].user

    def author(self, declared: DeclaredSection, on: datetime.date) -> Author:
        """Who writes this section on a day."""
        if self.contributor and declared.key == "strengths":
            return author_for(self.plan, declared.key, self.contributor, on=on)
        kind = (declared.owner, "meeting" if declared.body is Body.MEETING else "")
        if kind not in self.authors:
            theirs = declared.owner == Owner.SCHOOL and school_part_is_virtual_schools(self.plan, on)
            name = self.on_behalf_of if theirs else ""
            self.authors[kind] = author_for(
                self.plan, declared.key, self.holder(declared.owner, on), on=on, on_behalf_of=name, learned_by="telephone" if name else ""
            )
        return self.authors[kind]

    def facts(self, on: datetime.date) -> Facts:
        """What the answers are about on a day."""
        child, school = self.plan.child, school_of(self.plan, on)
        worker = child.allocation(Allocation.Role.SOCIAL_WORKER, on)
        placement = child.placements.filter(in_force(on)).first()
        home: dict[str, Any] = {"home": placement.kind, "home_since": placement.starts, "carer_phone": placement.phone} if placement else {}
        care = child.in_care(on)
        home |= {"legal": care.legal_status} if care else {}
        # One person has one telephone, in the plan as under "People who can see this record".
        home |= {"worker_phone": worker.worker.phone} if worker and worker.worker else {}
        return Facts(
            child.known_as or child.given_name, child.year_group(on), on, school.name if school else "",
            str(worker.worker or worker.team) if worker else "", no_school=school is None, **home,
        )  # fmt: skip


def write_part(pen: Pen, owner: str, day: datetime.date, *, share: float = 1.0, keys: frozenset[str] | None = None) -> None:
    """Write the question sections of one owner on one day: all, a share of them, or the named ones."""
    declared = [row for row in pen.plan.form.sections if row.owner == owner and row.body is Body.QUESTIONS]
    if keys is not None:
        declared = [row for row in declared if row.key in keys]
    facts = pen.facts(day)
    rows = {row.key: row for row in pen.plan.sections.all()}
    for number, section in enumerate(declared[: round(len(declared) * share)]):
        author, row = pen.author(section, day), rows[section.key]
        known = carried_forward(section, pen.earlier.get(section.key, {}))
        answers = answers_for(section, facts, pen.chance, known)
        with as_if(author.user, day, hour=9 + number // 4, minute=number % 4 * 12), _held(pen, row, author) as held:
            held.answers, held.marked_complete = answers, True


@contextmanager
def _held(pen: Pen, row: Section, author: Author) -> Iterator[Section]:
    """A section to write in: under the plan's lock, or simply, where nobody else can be writing."""
    if not pen.past:
        with writing(pen.plan.pk, row.key, row.version, author=author) as held:
            yield held
        return
    yield row
    row.version += 1
    row.written_by, row.written_as, row.written_at = author.user, author.capacity, timezone.now()
    row.on_behalf_of, row.learned_by = author.on_behalf_of, author.learned_by
    row.save()


def _write(pen: Pen, body: Body, day: datetime.date, fill: Any, *, hour: int) -> None:
    declared = next(section for section in pen.plan.form.sections if section.body is body)
    author = pen.author(declared, day)
    row = Section.objects.get(plan=pen.plan, key=declared.key)
    with as_if(author.user, day, hour=hour), _held(pen, row, author) as held:
        fill()
        held.marked_complete = True


def look_at_targets_again(pen: Pen, day: datetime.date) -> None:
    """Say that the targets are complete, after they came back."""
    _write(pen, Body.TARGETS, day, lambda: None, hour=10)


def book_meeting(pen: Pen, day: datetime.date, meets_on: datetime.date) -> None:
    """Book the meeting and ask the people to it."""

    def fill() -> None:
        meeting = Meeting.objects.get(plan=pen.plan)
        meeting.state = Meeting.State.BOOKED
        meeting.starts_at = timezone.make_aware(datetime.datetime.combine(meets_on, datetime.time(14, 0)))
        meeting.place = "The meeting room at school"
        meeting.save()
        facts = pen.facts(day)
        allocated = pen.plan.child.allocation(Allocation.Role.SOCIAL_WORKER, day)
        teacher = None if pen.on_behalf_of else pen.holder(Owner.SCHOOL, day)
        asked = [
            ("child", facts.name, None), ("social_worker", facts.worker, allocated.worker if allocated else None),
            ("carer", CARERS[facts.home][0], None), ("designated_teacher", pen.on_behalf_of or (teacher.name if teacher else ""), teacher),
            ("virtual_school", pen.holder(Owner.VIRTUAL_SCHOOL, day).name, pen.holder(Owner.VIRTUAL_SCHOOL, day)),
        ]  # fmt: skip
        for role, name, user in asked:
            Attendee(meeting=meeting, role=role, name=name or "To be named", user=user).save()

    _write(pen, Body.MEETING, day, fill, hour=12)


def hold_meeting(pen: Pen, day: datetime.date) -> None:
    """Write that the meeting was held, who came, and when the next one is."""

    def fill() -> None:
        meeting = Meeting.objects.get(plan=pen.plan)
        meeting.state, meeting.next_on = Meeting.State.HELD, day + WEEK * 17
        meeting.participation = pen.chance.choice(("PN1", "PN1", "PN3", "PN6"))
        meeting.save()
        for attendee in meeting.attendees.all():
            away = attendee.role == "virtual_school" or (attendee.role == "child" and meeting.participation == "PN6")
            attendee.came = Attendee.Came.APOLOGIES if away else Attendee.Came.CAME
            attendee.save()

    _write(pen, Body.MEETING, day, fill, hour=16)


def set_targets(pen: Pen, day: datetime.date) -> None:
    """Judge the last plan's targets, then set new ones with their money, and write down who does what."""
    _write(pen, Body.LAST_TARGETS, day, lambda: _review(pen), hour=11)
    _write(pen, Body.TARGETS, day, lambda: _targets(pen, day), hour=13)
    _write(pen, Body.ACTIONS, day, lambda: _actions(pen, day), hour=15)


def _review(pen: Pen) -> None:
    previous = pen.plan.previous
    for target in previous.targets.filter(removed=False) if previous else ():
        outcome, evidence, impact, what_next = pen.chance.choice(REVIEWS)
        paid = hasattr(target, "funding")
        TargetReview(
            plan=pen.plan, target=target, outcome=outcome, evidence=evidence, impact=impact if paid else "none_paid", next=what_next
        ).save()


def _targets(pen: Pen, day: datetime.date) -> None:
    chosen = pen.chance.sample(TARGETS, pen.chance.choice((2, 3)))
    for position, (area, need, baseline, aim, success, intervention, who, frequency, amount, purpose) in enumerate(chosen):
        target = Target(
            plan=pen.plan, position=position, area=area, need=need, baseline=baseline, aim=aim, success=success, intervention=intervention,
            who=who, frequency=frequency, by_when=day + WEEK * 14,
        )  # fmt: skip
        target.save()
        if amount:
            FundingRequest(
                plan=pen.plan,
                target=target,
                school=school_of(pen.plan, day),
                financial_year=financial_year(day),
                purpose=purpose,
                amount=amount,
            ).save()


def _actions(pen: Pen, day: datetime.date) -> None:
    for position, (what, who) in enumerate(pen.chance.sample(ACTIONS, 2)):
        Action(plan=pen.plan, position=position, what=what, who=who, by_when=day + WEEK * (position + 3)).save()
