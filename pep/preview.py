"""What a policy, kept or only typed, would do: what the ladder would send on a day, and which dates would move. Counted by the functions
that send, and by those that count the dates."""

import datetime
import uuid
from collections.abc import Collection
from dataclasses import dataclass

from pep.deadlines import Key, due, needing_plans
from pep.escalation import due_escalations
from pep.fact_finding import figures_of, rulebook
from pep.facts import PLAN_KINDS, DueDate
from pep.forms.declaration import Owner
from pep.passed import HOLDER, LADDER, due_steps
from pep.recalculation import children_with_dates
from pep.reminders import due_reminders, parts_of
from pep.rungs import RUNGS
from schools.models import Policy


@dataclass(frozen=True)
class Step:
    """One step of the ladder: when, to whom, about how many plans and in how many messages."""

    name: str
    to_whom: str
    plans: int
    messages: int


TO_WHOM: dict[str, str] = {
    "manager": "What waits for a social worker: the team’s manager. All else: the virtual school’s officers. Where they hold it"
    " already: whoever comes next",
    "headteacher": "What waits for a school: its headteacher too",
    "head": "What waits for a social worker: the service manager. All else: the virtual school head",
}
NOT_SWITCHED_ON = "Not switched on"
HOLDERS = "Whoever holds a part of it that is missing"


def messages_today(policy: Policy, on: datetime.date) -> list[Step]:
    """Every step with what it would send on a day if this policy were in force. Nothing is sent or kept."""
    reminders, escalations = due_reminders(on, policy), due_escalations(on, policy)
    steps = [_opening(policy, on)]
    for offset in sorted(policy.reminder_days):
        found = [one for one in reminders if one.offset == offset]
        steps.append(Step(offset_words(offset), HOLDERS, len({one.plan_id for one in found}), len(found)))
    for rung in RUNGS:
        raised = [one for one in escalations if one.reached == rung]
        days = getattr(policy, rung.figure)
        words = f"{days} working day{'' if days == 1 else 's'} late" if days else NOT_SWITCHED_ON
        steps.append(Step(words, TO_WHOM[rung.key], len({one.plan_id or one.child_id for one in raised}), len(raised)))
    passed = due_steps(on, policy)
    for key, words, to_whom in _of_dates(policy):
        told = [one for one in passed if one.reached == key]
        steps.append(Step(words, to_whom, len({one.plan_id or one.child_id for one in told}), len(told)))
    return steps


def _of_dates(policy: Policy) -> list[tuple[str, str, str]]:
    """The rungs of the dates besides a plan's own: which, when in words, to whom."""
    rungs = [(HOLDER, "The day after the date of a step", "Whoever the step waits for")]
    for rung in LADDER:
        days = getattr(policy, rung.figure)
        words = f"{days} working day{'' if days == 1 else 's'} after the date of a step" if days else NOT_SWITCHED_ON
        rungs.append((rung.key, words, TO_WHOM[rung.key]))
    return rungs


def offset_words(offset: int) -> str:
    """A day of the policy: "14 days before it is due"."""
    if offset == 0:
        return "On the due date"
    days = f"{abs(offset)} day{'' if abs(offset) == 1 else 's'}"
    return f"{days} {'before' if offset < 0 else 'after'} the due date"


def _opening(policy: Policy, on: datetime.date) -> Step:
    """The plans that would open, and the people who would hold a part of each."""
    children = dict(needing_plans(on, policy).values_list("child_id", "child__authority__virtual_school_id"))
    parts = parts_of(children, on)
    told = {
        (child_id, user_id)
        for child_id, virtual_school_id in children.items()
        for owner in (Owner.SCHOOL.value, Owner.SOCIAL_WORKER.value)
        for user_id in parts.held(owner, child_id, virtual_school_id)
    }
    return Step("A plan opens", HOLDERS, len(children), len(told))


@dataclass(frozen=True)
class DatesMoved:
    """What a policy would do to the open dates of an authority's children on a day."""

    on: datetime.date
    children: int
    sooner: int
    later: int
    new: int
    gone: int
    late: int  # children whose next plan is past its date
    late_before: int  # of them under the policy that would go on without it


def dates_moved(policy: Policy, on: datetime.date) -> DatesMoved:
    """Compare every date of an authority's children under a typed policy with those under the one that would hold without it.

    As at a day, or at the policy's first one where that is later. Nothing is kept.
    """
    on = max(on, policy.starts)
    now, then = rulebook(on, policy.authority_id), rulebook(on, policy.authority_id)
    before = now.by_authority.get(policy.authority_id)
    then.by_authority[policy.authority_id], then.policies[policy.authority_id] = figures_of(policy, before), policy
    children = list(children_with_dates(policy.authority, on, policy).select_related("authority"))
    old, new = due(children, on, now), due(children, on, then)
    kept = [(old[key].due_on, new[key].due_on) for key in old.keys() & new.keys()]
    return DatesMoved(
        on, len(children), sum(after < until for until, after in kept), sum(after > until for until, after in kept),
        len(new.keys() - old.keys()), len(old.keys() - new.keys()), len(_late(new, on)), len(_late(old, on)),
    )  # fmt: skip


def _late(dates: dict[Key, DueDate], on: datetime.date) -> Collection[uuid.UUID]:
    return {child for (child, plan, kind), one in dates.items() if plan is None and kind in PLAN_KINDS and one.due_on < on}
