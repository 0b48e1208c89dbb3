"""Which messages that wait for a digest are not so any more: asked again for many people at once, just before their digests are written.

A step of a plan marks what asked for the step before as read. But others do their part, a colleague does one's own, a date moves, a plan
is begun, and no step of the plan says that to each message.
"""

import datetime
import uuid
from collections import defaultdict
from collections.abc import Collection, Mapping

from django.db.models import Exists, OuterRef

from accounts.models import Message
from pep.deadlines import lacking_plans
from pep.escalation import LATE, no_longer_late_at_school
from pep.forms.declaration import Owner
from pep.models import Plan
from pep.passed import done_since
from pep.planning import needs_plan
from pep.querysets import these
from pep.reminders import Due, held_by_whom, missing_of

# What says that something of a plan waits for whoever reads it; of these the ones that say since or until when.
WAITS_FOR_READER = ("plan_opened", "plan_reminder", "plan_overdue", "sections_finished")
BY_A_DATE = ("plan_reminder", "plan_overdue")
# What says for whom a late plan waits, or that it is not begun.
ROSE = ("plan_late_to_manager", "plan_late_to_head")


def no_longer_so(messages: Collection[Message], on: datetime.date) -> set[uuid.UUID]:
    """Those of these messages of which what they say is not true any more on a day: a fixed number of queries however many they are."""
    return no_longer_late_at_school(messages, on) | done_since(messages, on) | _done_in_plans(messages, on) | _begun_since(messages, on)


def _done_in_plans(messages: Collection[Message], on: datetime.date) -> set[uuid.UUID]:
    """Those about a plan that waits for their reader, or has risen to them: it is done, has ended, or its date has moved."""
    asked = [one for one in messages if one.about_plan and one.rule in (*WAITS_FOR_READER, *ROSE)]
    if not asked:
        return set()
    about = these({one.about_plan for one in asked if one.about_plan})
    plans = Plan.objects.filter(needs_plan(on, child="child"), pk__in=about, state__in=LATE, child__merged_into=None).order_by()
    columns = ("pk", "child_id", "child__authority__virtual_school_id", "state", "reopened", "due_on")
    due = {row[0]: Due(*row) for row in plans.values_list(*columns)}
    held = held_by_whom(plans, list(due.values()), on) if any(one.rule in WAITS_FOR_READER for one in asked) else {}
    missing = missing_of(plans, list(due.values()), on) if any(one.rule in ROSE for one in asked) else {}
    past = set()
    for one in asked:
        plan = due.get(one.about_plan) if one.about_plan else None
        if plan is None or (one.rule not in WAITS_FOR_READER or one.rule in BY_A_DATE) and not _of_date(one, plan.due_on):
            past.add(one.pk)
        elif one.rule in WAITS_FOR_READER:
            if one.recipient_id not in held.get(plan.plan_id, {}):
                past.add(one.pk)
        elif not _still_waits(one, missing.get(plan.plan_id, {})):
            past.add(one.pk)
    return past


def _of_date(message: Message, due_on: datetime.date) -> bool:
    """Whether a message speaks of this due date."""
    return bool(message.facts.get("due_on", str(due_on)) == str(due_on))


def _still_waits(message: Message, missing: Mapping[str, int]) -> bool:
    """Whether a plan still waits for any of those for whom a message says that it does."""
    named = [owner.value for owner in Owner if message.facts.get(owner.value)]
    return not named or any(owner in missing for owner in named)


def _begun_since(messages: Collection[Message], on: datetime.date) -> set[uuid.UUID]:
    """Those about a child whose plan was late and not begun: it is begun, none is needed any more, or its date has moved."""
    asked = {one.pk: one for one in messages if one.rule in ROSE and one.facts.get("not_begun") and one.about_child}
    if not asked:
        return set()
    unfinished = Plan.objects.filter(child=OuterRef("child")).unfinished()
    rows = lacking_plans(on).filter(~Exists(unfinished), child__in=these({one.about_child for one in asked.values() if one.about_child}))
    still: dict[uuid.UUID, set[str]] = defaultdict(set)
    for child, due_on in rows.values_list("child_id", "due_on"):
        still[child].add(str(due_on))
    return {pk for pk, one in asked.items() if one.about_child and one.facts.get("due_on") not in still[one.about_child]}
