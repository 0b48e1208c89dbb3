"""Nudging whoever holds a plan: because somebody asked for it, at once, and once a day for each plan and person."""

import datetime

from django.db import transaction
from django.db.models import QuerySet

from accounts.models import User
from accounts.outbox import tell
from pep.models import Plan
from pep.reminders import Due, held_by_whom

RULE = "plan_nudged"


def nudge(plans: QuerySet[Plan], *, by: User, on: datetime.date) -> int:
    """Tell everybody who holds something in these plans, but not whoever asks, in one transaction. Returns how many messages were written.

    Call it with plans for which the asker's right was checked. Of one that has ended nobody holds anything.
    """
    columns = ("pk", "child_id", "child__authority__virtual_school_id", "state", "reopened", "due_on")
    due = [Due(*row) for row in plans.exclude(state__in=Plan.ENDED).order_by().values_list(*columns)]
    held = held_by_whom(plans, due, on)
    people = User.objects.in_bulk({user_id for by_user in held.values() for user_id in by_user})
    written = 0
    with transaction.atomic():
        for plan in due:
            for user_id, sections in held[plan.plan_id].items():
                if user_id == by.pk:
                    continue
                written += tell(
                    key=f"nudge:{plan.plan_id}:{on}:{user_id}", recipient=people[user_id], rule=RULE, plan_id=plan.plan_id,
                    child_id=plan.child_id, facts={"due_on": plan.due_on, "by": by.pk, **_count(sections)},
                )  # fmt: skip
    return written


def _count(sections: int) -> dict[str, int]:
    return {"sections": sections} if sections else {}
