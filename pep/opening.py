"""Plans that open by themselves when a child's next review is near."""

import datetime
import logging
import uuid

from django.core.exceptions import ValidationError
from django.db import models, transaction

from accounts.outbox import tell
from children.models import Child
from pep import clock
from pep.deadlines import due_of, lacking_plans, needing_plans, refresh
from pep.fact_finding import facts_of
from pep.forms.declaration import Owner
from pep.models import Deadline, Plan
from pep.planning import AlreadyInPreparation, create_plan, holders_of, term_on
from schools.models import Term

log = logging.getLogger(__name__)


def open_due_plans(on: datetime.date) -> int:
    """Open a plan for every child whose review is near enough, once however often and by however many it is run. Returns how many."""
    opened = 0
    for child_id in list(needing_plans(on).values_list("child_id", flat=True)):
        try:
            opened += open_plan(child_id, on) is not None
        except ValidationError as error:
            # One child's trouble must not keep the plans of the others from opening; the next night tries again.
            log.warning("No plan could be opened for child %s: %s", child_id, error.messages)
    return opened


def open_plan(child_id: uuid.UUID, on: datetime.date, *, early: bool = False) -> Plan | None:
    """Open a child's next plan if it is near (or ``early``) and none is in preparation, and tell who holds it; else None.

    The child is locked and asked again, so of two schedulers the second finds the first one's plan.
    """
    with transaction.atomic():
        child: Child = models.QuerySet(Child).select_for_update(no_key=True, of=("self",)).select_related("authority").get(pk=child_id)
        deadline = (lacking_plans(on) if early else needing_plans(on)).filter(child=child).first()
        if deadline is None:
            return None
        try:
            plan = create_plan(
                child, reason=_reason(child, deadline, on), due_on=deadline.due_on, by=None, on=on, term=term_for(child, deadline, on),
                due=due_of(deadline),
            )  # fmt: skip
        except AlreadyInPreparation:
            return None
        refresh(child, on=on, because="A plan opened by itself")
        people = {holder.user.pk: holder.user for owner in (Owner.SCHOOL, Owner.SOCIAL_WORKER) for holder in holders_of(plan, owner, on)}
        for user in people.values():
            tell(
                key=f"plan_opened:{plan.pk}:{user.pk}", recipient=user, rule="plan_opened", plan_id=plan.pk, child_id=child.pk,
                facts={"due_on": plan.due_on},
            )  # fmt: skip
        return plan


def _reason(child: Child, deadline: Deadline, on: datetime.date) -> str:
    """A child who has begun at a new school gets a plan for that, even where an older review is due sooner."""
    facts = facts_of([child], on)[child.pk]
    if clock.move_waits_for_plan(facts, on):
        return Plan.Reason.AFTER_MOVE.value
    # A term, a post-16 window and the year's end are all reasons for the plan of the term.
    return deadline.reason if deadline.reason in Plan.Reason else Plan.Reason.TERMLY.value


def term_for(child: Child, deadline: Deadline, on: datetime.date) -> Term | None:
    """The term a plan belongs to: that of the day by which to meet, or of today when that is past; in the holidays the next one."""
    meet_by = deadline.facts.get("meet_by")
    day = max(on, datetime.date.fromisoformat(meet_by) if meet_by else deadline.due_on)
    return term_on(child, day)
