"""How plans stood to their dates, and whose delay it was: a figure of its own, apart from quality."""

import datetime
import uuid
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.db import models, transaction
from django.db.models import F, Q, Window
from django.db.models.functions import Lag
from django.utils import timezone

from accounts.authorship import save_by
from accounts.models import User
from children.models import CarePeriod
from pep.clock import due_dates, end_of_year_13
from pep.clock_rules import SCHOOL, SOCIAL_WORKER, VIRTUAL_SCHOOL, instead_of_school
from pep.fact_finding import customary_figures, decided
from pep.facts import Facts, figures_on, in_words
from pep.models import Meeting, Plan, PlanEvent, Section
from pep.planning import ADULT_AGE, SHORT_BREAKS, ages_on, care_with_plans, needs_plan
from pep.reminders import BY_WORKFLOW
from pep.school_part import Days, days_of_the_virtual_school
from schools.timetable import ONE_DAY, add_months, working_days_between

# Who holds a plan once it is written.
HOLDER_OF_STATE: dict[str, str] = {
    Plan.State.AWAITING_SIGN_OFF: SOCIAL_WORKER,
    Plan.State.AWAITING_CHECK: VIRTUAL_SCHOOL,
}


# Why a plan is late, as people may say it.
WHY_LATE: dict[str, str] = {
    "school_information": "Waiting for information from the school",
    "child_moved": "The child moved to another school",
    "placement_change": "The child’s placement changed",
    "illness": "Illness",
    "school_moved_meeting": "The school moved the meeting",
    "worker_moved_meeting": "The social worker moved the meeting",
    "carer_moved_meeting": "The carer moved the meeting",
    "child_wish": "The child wished it",
    "no_school": "No school place",
    "no_teacher": "There was no designated teacher",
    "no_worker": "There was no social worker",
    "worker_part": "Waiting for the social worker’s part",
    "virtual_school_part": "Waiting for the virtual school",
    "other": "Another reason",
}


# Joins those who hold a plan together.
BETWEEN = "+"

NAMES: Mapping[str, str] = {SCHOOL: "the school", SOCIAL_WORKER: "the social worker", VIRTUAL_SCHOOL: "the virtual school"}


@dataclass(frozen=True)
class Timeliness:
    """How a plan stands to its date, apart from how good it is. ``working_days`` late are positive, early negative.

    ``delays`` are the working days after the date that each owner, or two together (``BETWEEN``), held it, the longest first;
    ``allowed`` are those within the time that the policy gives whoever held it, which are nobody's delay.
    """

    code: str  # early, on_time, late, open (neither finished nor late)
    working_days: int
    delays: tuple[tuple[str, int], ...]
    words: str
    allowed: int = 0


@dataclass(frozen=True)
class Given:
    """A reason for lateness that somebody gave."""

    at: datetime.datetime
    by: str  # the name
    words: str
    note: str


def say_why_late(plan: Plan, because: str, note: str, *, by: User, on: datetime.date) -> bool:
    """Keep why a plan is late. False, with nothing changed, when it is not late or no longer open. Raises KeyError for no such reason."""
    reason = WHY_LATE[because]
    with transaction.atomic():
        held: Plan = models.QuerySet(Plan).select_for_update(no_key=True).get(pk=plan.pk)
        if not may_be_late(held, on):
            return False
        if (held.late_because, held.late_note) != (because, note):
            held.late_because, held.late_note = because, note
            save_by(held, by=by, because=f"Late: {reason}")
    return True


def may_be_late(plan: Plan, on: datetime.date) -> bool:
    """Whether a plan is unfinished and past its date, and its child still needs one: one query, for a plan past its date."""
    return plan.state not in Plan.ENDED and plan.due_on < on and care_with_plans(on).filter(child=plan.child_id).exists()


def reasons_given(plan: Plan) -> list[Given]:
    """Why people have said that a plan is late, the last first: two queries."""
    found: list[tuple[datetime.datetime, uuid.UUID | None, str, str]] = []
    before = ("", "")
    columns = ("history_date", "history_user_id", "late_because", "late_note")
    for at, by, because, note in plan.history.order_by("history_date", "history_id").values_list(*columns):
        if because and (because, note) != before:
            found.append((at, by, because, note))
        before = (because, note)
    names = dict(User.objects.filter(pk__in={by for _, by, _, _ in found}).values_list("pk", "name")) if found else {}
    return [Given(at, names.get(by, ""), WHY_LATE.get(because, because), note) for at, by, because, note in reversed(found)]


def beside_plans_date(last_day: datetime.date, plan_due: datetime.date, on: datetime.date) -> str:
    """Why a step's last day may be later than the day its plan is due, and which of the two keeps the plan on time; "" where it is not.

    The one is counted from the step before, the other from the child's last review, or was chosen: neither moves for the other.
    """
    if last_day <= plan_due:
        return ""
    if plan_due >= on:
        return f"The plan is due before that, on {in_words(plan_due)}: it is on time if it is complete by then"
    return (
        f"The plan was due before that, on {in_words(plan_due)}, and is late. The working days until {in_words(last_day)} are within the"
        " time that the policy allows for this step and count as nobody’s delay"
    )


def timeliness(
    due_on: datetime.date, spans: Sequence[tuple[str, datetime.date, datetime.date]],
    turns: Sequence[tuple[datetime.date, datetime.date]] = (), *, done_on: datetime.date | None, on: datetime.date,
) -> Timeliness:  # fmt: skip
    """Early, on time, or late by so many working days, and whose delay it was.

    ``spans`` say who held the plan from one day to another; ``turns`` from which day to which (the last one included) the policy gave
    its holder time; ``done_on`` is the day it was complete (None: not yet, counted to ``on``).
    """
    end = done_on or on
    if end <= due_on:
        early = -working_days_between(end, due_on)
        if done_on is None:
            return Timeliness("open", early, (), f"due in {_count(-early)}" if early else "due today")
        return Timeliness("early", early, (), f"{_count(-early)} early") if early else Timeliness("on_time", 0, (), "on time")
    held: dict[str, int] = {}
    allowed = 0
    for owner, since, until in spans:
        since, until = max(since, due_on), min(until, end)
        within = sum(_working_days(max(since, first), min(until, last)) for first, last in turns)
        days, allowed = _working_days(since, until) - within, allowed + within
        if days:
            held[owner] = held.get(owner, 0) + days
    delays = tuple(sorted(held.items(), key=lambda item: -item[1]))
    late = working_days_between(due_on, end)
    words = f"late by {_count(late)}" if late else "late, with no working day between"
    parts = [f"{_count(allowed)} within the time that the policy allows"] if allowed else []
    parts += [f"{_count(days)} with {names_of(owner)}" for owner, days in delays]
    return Timeliness("late", late, delays, ": ".join([words, ", ".join(parts)] if parts else [words]), allowed)


def _working_days(since: datetime.date, until: datetime.date) -> int:
    """The working days after one day up to another, none where they lie the other way round."""
    return working_days_between(since, until) if until > since else 0


def names_of(holders: str) -> str:
    """Who held a plan, in words: "the school and the social worker"."""
    return " and ".join(NAMES.get(owner, owner) for owner in holders.split(BETWEEN))


def _count(days: int) -> str:
    return f"{days} working day{'' if days == 1 else 's'}"


@dataclass(frozen=True)
class _Stretch:
    """How long a plan stood in one state; ``sections``: those that a return named."""

    state: str
    sections: tuple[str, ...]
    since: datetime.datetime
    until: datetime.datetime


def timeliness_of_many(plans: Iterable[Plan], on: datetime.date) -> dict[uuid.UUID, Timeliness]:
    """How each plan stands to its date on a day: ten queries.

    Plans that were cancelled or closed stand to no date, nor do corrected versions of one that was complete before. Where the child has
    needed no plan since before a plan was complete, days count up to then; a date that was still to come is none any more.

    While a plan is written, a day is the delay of whoever's sections were still to do on it, of both where both had some; with nothing
    left to write it is the delay of who submits. The school's part is that of the virtual school on days on which nobody was at school
    (``pep.school_part``). The days that the policy gives after the meeting, for signing and for the check are nobody's delay, by the
    policy in force when they ended.
    """
    counted = {plan.pk: plan for plan in plans if plan.version == 1 and plan.state not in (Plan.State.CANCELLED, Plan.State.CLOSED)}
    done = {plan.pk: timezone.localdate(plan.completed_at) if plan.completed_at else None for plan in counted.values()}
    ended = _needed_until(counted.values(), on)
    for plan in [*counted.values()]:
        until = ended.get(plan.child_id)
        if until and until < (done[plan.pk] or on):
            if plan.due_on >= until:
                del counted[plan.pk]
            else:
                done[plan.pk] = until
    stretches = _stretches(counted, timezone.make_aware(datetime.datetime.combine(on, datetime.time())))
    late = [plan_id for plan_id, plan in counted.items() if (done[plan_id] or on) > plan.due_on]
    listed = list(Plan.objects.filter(pk__in=late).select_related("child__authority", "meeting").order_by())
    changes, turns, nobody_there = _changes_of_sections(late), _turns(listed, stretches, on), days_of_the_virtual_school(listed, on)
    found = {}
    for plan_id, plan in counted.items():
        spans: list[tuple[str, datetime.date, datetime.date]] = []
        for stretch in stretches[plan_id] if plan_id in late else ():
            if stretch.state in Plan.WRITABLE:
                spans += _while_written(plan, stretch, changes[plan_id])
            else:
                holder = HOLDER_OF_STATE.get(stretch.state, VIRTUAL_SCHOOL)
                spans.append((holder, timezone.localdate(stretch.since), timezone.localdate(stretch.until)))
        spans = [part for span in spans for part in _without_school(*span, nobody_there[plan_id])]
        found[plan_id] = timeliness(plan.due_on, spans, turns.get(plan_id, ()), done_on=done[plan_id], on=on)
    return found


def _needed_until(plans: Iterable[Plan], on: datetime.date) -> Mapping[uuid.UUID, datetime.date]:
    """Of the children of these plans, those who need no plan on a day, with the day from which none was needed: two queries."""
    ages, found = ages_on(on), dict[uuid.UUID, datetime.date]()
    over = CarePeriod.objects.filter(~needs_plan(on, ages, child="child"), child__in={plan.child_id for plan in plans}, starts__lte=on)
    over = over.exclude(legal_status__in=SHORT_BREAKS).order_by()
    for child_id, ends, born, authority in over.values_list("child", "ends", "child__date_of_birth", "child__authority"):
        eighteenth = add_months(born, 12 * ADULT_AGE)
        if ends is None or ends >= eighteenth:
            # Nobody may have typed that care ended at eighteen, or later than it did; and plans may have gone on past it.
            ends = end_of_year_13(born) if authority in ages.going_on else eighteenth
        if ends <= on:
            found[child_id] = max(ends, found.get(child_id, ends))
    return found


def _turns(
    plans: Sequence[Plan], stretches: Mapping[uuid.UUID, list[_Stretch]], on: datetime.date
) -> Mapping[uuid.UUID, list[tuple[datetime.date, datetime.date]]]:  # fmt: skip
    """From which day to which each of these plans was within the time that the policy gives for the step it stood at: one query."""
    found: dict[uuid.UUID, list[tuple[datetime.date, datetime.date]]] = defaultdict(list)
    last = {policy.authority_id: figures for policy, figures in decided(on, authority__in={plan.child.authority_id for plan in plans})}
    for plan in plans:
        authority = plan.child.authority
        figures = last.get(authority.pk) or customary_figures(authority)
        for stretch in stretches[plan.pk]:
            since, until = timezone.localdate(stretch.since), timezone.localdate(stretch.until)
            began, facts = _step(plan, stretch.state, since)
            for due in due_dates(facts, figures_on(figures, until)):
                found[plan.pk].append((max(began, since), min(due.due_on, until)))
    return found


def _step(plan: Plan, state: str, since: datetime.date) -> tuple[datetime.date, Facts]:
    """From which day the policy counts the time for the step at which a plan stands, as the clock's facts have it."""
    meeting = plan.meeting
    met = timezone.localdate(meeting.starts_at) if meeting.state == Meeting.State.HELD and meeting.starts_at else None
    match state:
        case Plan.State.AWAITING_SIGN_OFF:
            return since, Facts(waiting_since=since)
        case Plan.State.AWAITING_CHECK:
            return since, Facts(check_since=since)
        case Plan.State.PREPARING if met:
            return met, Facts(met_on=met)
        case _:
            return since, Facts()


def _stretches(plans: Mapping[uuid.UUID, Plan], until: datetime.datetime) -> Mapping[uuid.UUID, list[_Stretch]]:
    events = PlanEvent.objects.filter(plan__in=list(plans)).order_by("at", "id").values_list("plan_id", "to_state", "at", "sections")
    found: dict[uuid.UUID, list[_Stretch]] = defaultdict(list)
    last: dict[uuid.UUID, tuple[str, tuple[str, ...], datetime.datetime]] = {}
    for plan_id, state, at, sections in events:
        if plan_id in last:
            if last[plan_id][0] == state:
                continue
            found[plan_id].append(_Stretch(*last[plan_id], until=at))
        last[plan_id] = (state, tuple(sections), at)
    for plan_id, plan in plans.items():
        if plan_id in last and plan.state not in Plan.ENDED:
            found[plan_id].append(_Stretch(*last[plan_id], until=max(until, last[plan_id][2])))
    return found


def _changes_of_sections(plans: list[uuid.UUID]) -> Mapping[uuid.UUID, list[tuple[datetime.datetime, str, bool]]]:
    """When each section of these plans became complete, or was so no longer, in their order: one query."""
    rows = Section.history.model.objects.filter(plan__in=plans).exclude(key__in=BY_WORKFLOW).order_by()
    order = (F("history_date").asc(), F("history_id").asc())
    before = Window(Lag("marked_complete"), partition_by=F("id"), order_by=order)
    rows = rows.annotate(before=before).filter(Q(before=None) | ~Q(before=F("marked_complete"))).order_by("history_date", "history_id")
    found: dict[uuid.UUID, list[tuple[datetime.datetime, str, bool]]] = defaultdict(list)
    for plan_id, key, at, complete in rows.values_list("plan_id", "key", "history_date", "marked_complete"):
        found[plan_id].append((at, key, complete))
    return found


def _without_school(
    holder: str, since: datetime.date, until: datetime.date, nobody_there: Iterable[Days]
) -> Iterable[tuple[str, datetime.date, datetime.date]]:  # fmt: skip
    """Who held a plan from one day to another, where the school's part was the virtual school's on some of these days.

    Days count after the one up to the other, as in ``timeliness``.
    """
    instead = BETWEEN.join(sorted({instead_of_school(owner) for owner in holder.split(BETWEEN)}))
    for starts, ends in nobody_there if instead != holder else ():
        first, last = max(since, starts - ONE_DAY), min(until, ends - ONE_DAY)
        if first < last:
            yield holder, since, first
            yield instead, first, last
            since = last
    yield holder, since, until


def _while_written(
    plan: Plan, stretch: _Stretch, changes: Iterable[tuple[datetime.datetime, str, bool]]
) -> list[tuple[str, datetime.date, datetime.date]]:  # fmt: skip
    """Who held a plan from day to day while it was prepared, or written again after a return."""
    asked = {section.key: section.owner for section in plan.form.sections if section.key not in BY_WORKFLOW}
    if stretch.state == Plan.State.RETURNED and stretch.sections:
        asked = {key: owner for key, owner in asked.items() if key in stretch.sections}
    complete: set[str] = set()
    submits = SOCIAL_WORKER if set(asked.values()) == {SOCIAL_WORKER} else SCHOOL

    def holder() -> str:
        return BETWEEN.join(sorted({owner for key, owner in asked.items() if key not in complete})) or submits

    spans, since, held_by = [], stretch.since, holder()
    for at, key, is_complete in changes:
        if at > stretch.until:
            break
        (complete.add if is_complete else complete.discard)(key)
        if at > stretch.since and holder() != held_by:
            spans.append((held_by, timezone.localdate(since), timezone.localdate(at)))
            since = at
        held_by = holder()
    return [*spans, (held_by, timezone.localdate(since), timezone.localdate(stretch.until))]
