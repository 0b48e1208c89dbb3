"""How plans stood to their dates, and whose delay it was: a figure of its own, apart from quality."""

import datetime
import uuid
from collections import defaultdict
from collections.abc import Iterable

from django.utils import timezone

from pep import clock
from pep.models import Plan, PlanEvent

# Who holds a plan in each state: the school until it is submitted, though parts of it are the social worker's.
HOLDER_OF_STATE: dict[str, str] = {
    Plan.State.PREPARING: clock.SCHOOL,
    Plan.State.RETURNED: clock.SCHOOL,
    Plan.State.AWAITING_SIGN_OFF: clock.SOCIAL_WORKER,
    Plan.State.AWAITING_CHECK: clock.VIRTUAL_SCHOOL,
}


def timeliness_of_many(plans: Iterable[Plan], on: datetime.date) -> dict[uuid.UUID, clock.Timeliness]:
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
        found[plan_id] = clock.timeliness(plan.due_on, spans[plan_id], done_on=done_on, on=on)
    return found


def _holder(plan: Plan, state: str, sections: list[str]) -> str:
    if state == Plan.State.RETURNED and sections:
        owners = {plan.form.section(key).owner for key in sections}
        if owners == {clock.SOCIAL_WORKER}:
            return clock.SOCIAL_WORKER
    return HOLDER_OF_STATE.get(state, clock.VIRTUAL_SCHOOL)
