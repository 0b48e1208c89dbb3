"""What the ladder would send on a day under a policy, kept or only typed: counted by the functions that send."""

import datetime
from dataclasses import dataclass

from pep.deadlines import needing_plans
from pep.escalation import RUNGS, due_escalations
from pep.reminders import due_reminders, staff_of, teachers_of, workers_of
from schools.models import Policy


@dataclass(frozen=True)
class Step:
    """One step of the ladder: when, to whom, about how many plans and in how many messages."""

    name: str
    to_whom: str
    plans: int
    messages: int


TO_WHOM: dict[str, str] = {
    "manager": "What waits for a social worker: the team’s manager. All else: the virtual school’s officers",
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
        raised = [one for one in escalations if one.rung == rung]
        days = getattr(policy, rung.figure)
        words = f"{days} working day{'' if days == 1 else 's'} late" if days else NOT_SWITCHED_ON
        steps.append(Step(words, TO_WHOM[rung.key], len({one.plan_id or one.child_id for one in raised}), len(raised)))
    return steps


def offset_words(offset: int) -> str:
    """A day of the policy: "14 days before it is due"."""
    if offset == 0:
        return "On the due date"
    days = f"{abs(offset)} day{'' if abs(offset) == 1 else 's'}"
    return f"{days} {'before' if offset < 0 else 'after'} the due date"


def _opening(policy: Policy, on: datetime.date) -> Step:
    """The plans that would open, and the people who would hold a part of each."""
    children = dict(needing_plans(on, policy).values_list("child_id", "child__authority__virtual_school_id"))
    parts, officers = (teachers_of(children, on), workers_of(list(children), on)), staff_of(on)
    told = {
        (child_id, user_id)
        for child_id, virtual_school_id in children.items()
        for part in parts
        for user_id in part.get(child_id) or officers.get(virtual_school_id, [])
    }
    return Step("A plan opens", HOLDERS, len(children), len(told))
