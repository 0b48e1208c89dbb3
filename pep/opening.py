"""Plans that open by themselves: when a child's next review is near, a first one is to be begun, or the reviewing officer waits for one."""

import datetime
import logging
import uuid
from collections.abc import Collection

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet

from accounts.outbox import tell
from children.models import Child
from pep import clock
from pep.deadlines import due_of, lacking_plans, needing_plans, refresh_all
from pep.fact_finding import facts_of
from pep.facts import FIRST_PLAN, Facts
from pep.forms.declaration import Owner
from pep.models import Deadline, Plan
from pep.planning import AlreadyInPreparation, create_plan, holders_of, term_on
from schools.models import Term

log = logging.getLogger(__name__)

AT_ONCE = 50  # children whose plans are opened in one transaction, and who are locked so long


def open_due_plans(on: datetime.date) -> int:
    """Open a plan for every child whose review is near enough, once however often and by however many it is run. Returns how many."""
    waiting = list(needing_plans(on).values_list("child_id", flat=True))
    return sum(len(open_plans(waiting[first : first + AT_ONCE], on)) for first in range(0, len(waiting), AT_ONCE))


def open_plan(child_id: uuid.UUID, on: datetime.date, *, early: bool = False) -> Plan | None:
    """Open a child's next plan if it is near (or ``early``) and none is in preparation, and tell who holds it; else None."""
    opened = open_plans([child_id], on, early=early)
    return opened[0] if opened else None


def open_plans(child_ids: Collection[uuid.UUID], on: datetime.date, *, early: bool = False) -> list[Plan]:
    """``open_plan`` for many children in one transaction: what is asked about one is asked about all at once. Returns the new plans.

    The children are locked and asked again, so of two schedulers the second finds the first one's plans.
    """
    with transaction.atomic():
        found: QuerySet[Child] = QuerySet(Child).filter(pk__in=child_ids).select_related("authority").order_by("pk")
        children = {child.pk: child for child in found.select_for_update(no_key=True, of=("self",))}
        due = (lacking_plans(on) if early else needing_plans(on)).filter(child__in=children)
        deadlines = {deadline.child_id: deadline for deadline in due}
        facts = facts_of([children[child_id] for child_id in deadlines], on) if deadlines else {}
        plans = []
        for child_id, deadline in deadlines.items():
            child = children[child_id]
            reason, term = _reason(deadline, facts[child_id], on), term_for(child, deadline, on, facts[child_id])
            try:
                plan = create_plan(child, reason=reason, due_on=deadline.due_on, by=None, on=on, term=term, due=due_of(deadline))
            except AlreadyInPreparation:
                continue
            except ValidationError as error:
                # One child's trouble must not keep the plans of the others from opening; the next night tries again.
                log.warning("No plan could be opened for child %s: %s", child_id, error.messages)
                continue
            plans.append(plan)
        if plans:
            refresh_all([plan.child for plan in plans], on=on, because="A plan opened by itself")
        for plan in plans:
            _tell(plan, on)
        return plans


def _tell(plan: Plan, on: datetime.date) -> None:
    people = {holder.user.pk: holder.user for owner in (Owner.SCHOOL, Owner.SOCIAL_WORKER) for holder in holders_of(plan, owner, on)}
    for user in people.values():
        tell(
            key=f"plan_opened:{plan.pk}:{user.pk}", recipient=user, rule="plan_opened", plan_id=plan.pk, child_id=plan.child_id,
            facts={"due_on": plan.due_on},
        )  # fmt: skip


def _reason(deadline: Deadline, facts: Facts, on: datetime.date) -> str:
    """A child who has begun at a new school gets a plan for that, even where an older review is due sooner."""
    if clock.move_waits_for_plan(facts, on):
        return Plan.Reason.AFTER_MOVE.value
    if deadline.reason in FIRST_PLAN:
        return Plan.Reason.INITIAL.value
    # A term, a post-16 window and the year's end are all reasons for the plan of the term.
    return deadline.reason if deadline.reason in Plan.Reason else Plan.Reason.TERMLY.value


def term_for(child: Child, deadline: Deadline, on: datetime.date, facts: Facts) -> Term | None:
    """The term a plan belongs to: that of the day by which to meet, or of today when that is past; in the holidays the next one.

    Where the care plan is reviewed before, and the reviewing officer has no plan for it, that of the review.
    """
    meet_by = deadline.facts.get("meet_by")
    day = datetime.date.fromisoformat(meet_by) if meet_by else deadline.due_on
    if facts.care_review_on and not facts.officer_has_plan:
        day = min(day, facts.care_review_on)
    return term_on(child, max(on, day))
