"""Nudging whoever holds a plan: because somebody asked for it, at once, and once a day for each plan and person."""

import datetime
import uuid
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field

from django.db import models, transaction
from django.db.models import QuerySet

from accounts.models import User
from accounts.outbox import tell
from accounts.policy import Verb
from children.models import Child
from pep.copies import waiting_for
from pep.models import Plan
from pep.reminders import Due, held_by_whom, staff_of, workers_of

RULE = "plan_nudged"
COPIES_RULE = "copy_nudged"


@dataclass
class Nudged:
    """What came of a list of plans: how many messages were written about which plans, and why others were left out, with how many."""

    messages: int = 0
    plans: set[uuid.UUID] = field(default_factory=set)
    left_out: Counter[str] = field(default_factory=Counter)


# Why a plan is left out, in words that go on from "1 plan: " or "3 plans: ".
NOT_YOURS = "not yours to nudge about"
ENDED = "it no longer waits for anybody"
YOURSELF = "you hold it yourself"
NOBODY = "nobody who can sign in holds it"
TODAY_ALREADY = "nudged today already"


def nudge(plans: QuerySet[Plan], *, by: User, on: datetime.date) -> int:
    """Tell everybody who holds something in these plans, but not whoever asks, in one transaction. Returns how many messages were written.

    Call it with plans for which the asker's right was checked. Of one that has ended nobody holds anything.
    """
    return _nudge(plans, by, on).messages


def nudge_each(ids: Collection[uuid.UUID], *, by: User, on: datetime.date) -> Nudged | None:
    """Nudge about each of these plans for which that may be done, asked of each as it stands now, and say what became of the others.

    None, with nothing written, where one of them is no plan of a child whom the asker may see: to them there is no such plan.
    """
    with transaction.atomic():
        # Held while it is asked and told, so that no plan moves on in between.
        rows: QuerySet[Plan] = models.QuerySet(Plan).filter(pk__in=ids).order_by("pk").select_for_update(no_key=True)
        found = {plan.pk: plan for plan in rows}
        children = Child.objects.filter(pk__in={plan.child_id for plan in found.values()})
        seen = set(children.visible_to(by, on=on).values_list("pk", flat=True))
        if len(found) != len(set(ids)) or any(plan.child_id not in seen for plan in found.values()):
            return None
        mine = set(children.visible_to(by, Verb.NUDGE, on=on).values_list("pk", flat=True))
        left_out: Counter[str] = Counter()
        kept = []
        for plan in found.values():
            refusal = NOT_YOURS if plan.child_id not in mine else ENDED if plan.state in Plan.ENDED else ""
            if refusal:
                left_out[refusal] += 1
            else:
                kept.append(plan.pk)
        done = _nudge(Plan.objects.filter(pk__in=kept), by, on)
        done.left_out += left_out
        return done


def _nudge(plans: QuerySet[Plan], by: User, on: datetime.date) -> Nudged:
    columns = ("pk", "child_id", "child__authority__virtual_school_id", "state", "reopened", "due_on")
    due = [Due(*row) for row in plans.exclude(state__in=Plan.ENDED).order_by().values_list(*columns)]
    held = held_by_whom(plans, due, on)
    people = User.objects.in_bulk({user_id for by_user in held.values() for user_id in by_user})
    done = Nudged()
    with transaction.atomic():
        for plan in due:
            others = {user_id: sections for user_id, sections in held[plan.plan_id].items() if user_id != by.pk}
            written = sum(
                tell(
                    key=f"nudge:{plan.plan_id}:{on}:{user_id}", recipient=people[user_id], rule=RULE, plan_id=plan.plan_id,
                    child_id=plan.child_id, facts={"due_on": plan.due_on, "by": by.pk, **_count(sections)},
                )
                for user_id, sections in others.items()
            )  # fmt: skip
            done.messages += written
            if written:
                done.plans.add(plan.plan_id)
            elif others:
                done.left_out[TODAY_ALREADY] += 1
            else:
                done.left_out[YOURSELF if held[plan.plan_id] else NOBODY] += 1
    return done


def nudge_about_copies(plans: QuerySet[Plan], *, by: User, on: datetime.date) -> int:
    """Tell whoever is to give the copies of these complete plans that still wait, but not whoever asks: the social worker, their managers
    where none can sign in, or else the virtual school. Once a day for each plan and person, in one transaction.

    Call it with plans for which the asker's right was checked. Returns how many messages were written.
    """
    found = list(plans.order_by().values_list("pk", "child_id", "child__authority__virtual_school_id"))
    copies = waiting_for({plan_id for plan_id, *_ in found})
    workers, officers = workers_of([child_id for _, child_id, _ in found], on), staff_of(on)
    giving = {row: workers.get(row[1]) or officers.get(row[2]) or [] for row in found if row[0] in copies}
    people = User.objects.in_bulk({user_id for givers in giving.values() for user_id in givers})
    with transaction.atomic():
        return sum(
            tell(
                key=f"nudge:copies:{plan_id}:{on}:{user_id}", recipient=people[user_id], rule=COPIES_RULE, plan_id=plan_id,
                child_id=child_id, facts={"copies": len(copies[plan_id]), "by": by.pk},
            )
            for (plan_id, child_id, _), givers in giving.items()
            for user_id in givers
            if user_id != by.pk
        )  # fmt: skip


def _count(sections: int) -> dict[str, int]:
    return {"sections": sections} if sections else {}
