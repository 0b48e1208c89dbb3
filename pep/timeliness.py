"""How plans stood to their dates, and whose delay it was: a figure of its own, apart from quality."""

import datetime
import uuid
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.db import models, transaction
from django.utils import timezone

from accounts.authorship import save_by
from accounts.models import User
from pep.clock_rules import SCHOOL, SOCIAL_WORKER, VIRTUAL_SCHOOL
from pep.models import Plan, PlanEvent
from schools.timetable import working_days_between

# Who holds a plan in each state: the school until it is submitted, though parts of it are the social worker's.
HOLDER_OF_STATE: dict[str, str] = {
    Plan.State.PREPARING: SCHOOL,
    Plan.State.RETURNED: SCHOOL,
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
    "no_teacher": "There was no designated teacher",
    "other": "Another reason",
}


NAMES: Mapping[str, str] = {SCHOOL: "the school", SOCIAL_WORKER: "the social worker", VIRTUAL_SCHOOL: "the virtual school"}


@dataclass(frozen=True)
class Timeliness:
    """How a plan stands to its date, apart from how good it is. ``working_days`` late are positive, early negative.

    ``delays`` are the working days after the date that each owner held it, the longest first.
    """

    code: str  # early, on_time, late, open (neither finished nor late)
    working_days: int
    delays: tuple[tuple[str, int], ...]
    words: str


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
    """Whether a plan is unfinished and past its date."""
    return plan.state not in Plan.ENDED and plan.due_on < on


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


def timeliness(
    due_on: datetime.date, spans: Sequence[tuple[str, datetime.date, datetime.date]], *, done_on: datetime.date | None, on: datetime.date
) -> Timeliness:  # fmt: skip
    """Early, on time, or late by so many working days, and whose delay it was.

    ``spans`` say who held the plan from one day to another; ``done_on`` is the day it was complete (None: not yet, counted to ``on``).
    """
    end = done_on or on
    if end <= due_on:
        early = -working_days_between(end, due_on)
        if done_on is None:
            return Timeliness("open", early, (), f"due in {_count(-early)}" if early else "due today")
        return Timeliness("early", early, (), f"{_count(-early)} early") if early else Timeliness("on_time", 0, (), "on time")
    held: dict[str, int] = {}
    for owner, since, until in spans:
        since, until = max(since, due_on), min(until, end)
        days = working_days_between(since, until) if until > since else 0
        if days:
            held[owner] = held.get(owner, 0) + days
    delays = tuple(sorted(held.items(), key=lambda item: -item[1]))
    late = working_days_between(due_on, end)
    words = f"late by {_count(late)}" if late else "late, with no working day between"
    if delays:
        words += ": " + ", ".join(f"{_count(days)} with {NAMES.get(owner, owner)}" for owner, days in delays)
    return Timeliness("late", late, delays, words)


def _count(days: int) -> str:
    return f"{days} working day{'' if days == 1 else 's'}"


def timeliness_of_many(plans: Iterable[Plan], on: datetime.date) -> dict[uuid.UUID, Timeliness]:
    """How each plan stands to its date on a day: one query. Plans that were cancelled or closed stand to no date.

    A return of the social worker's sections alone is the social worker's time.
    """
    counted = {plan.pk: plan for plan in plans if plan.state not in (Plan.State.CANCELLED, Plan.State.CLOSED)}
    spans: dict[uuid.UUID, list[tuple[str, datetime.date, datetime.date]]] = defaultdict(list)
    since: dict[uuid.UUID, tuple[str, datetime.date]] = {}
    events = PlanEvent.objects.filter(plan__in=list(counted)).order_by("at", "id").values_list("plan_id", "to_state", "at", "sections")
    for plan_id, state, at, sections in events:
        day = timezone.localdate(at)
        if plan_id in since:
            owner, began = since[plan_id]
            spans[plan_id].append((owner, began, day))
        since[plan_id] = (_holder(counted[plan_id], state, sections), day)
    found = {}
    for plan_id, plan in counted.items():
        done_on = timezone.localdate(plan.completed_at) if plan.completed_at else None
        if done_on is None and plan_id in since:
            owner, began = since[plan_id]
            spans[plan_id].append((owner, began, on))
        found[plan_id] = timeliness(plan.due_on, spans[plan_id], done_on=done_on, on=on)
    return found


def _holder(plan: Plan, state: str, sections: list[str]) -> str:
    if state == Plan.State.RETURNED and sections:
        owners = {plan.form.section(key).owner for key in sections}
        if owners == {SOCIAL_WORKER}:
            return SOCIAL_WORKER
    return HOLDER_OF_STATE.get(state, VIRTUAL_SCHOOL)
