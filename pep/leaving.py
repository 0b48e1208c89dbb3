"""When a child no longer needs a plan: what was being written is closed, its text kept, and nobody is late any more (decision 16).

Care has ended, or goes on as short breaks alone, or the child has turned eighteen (and the authority's policy does not go on past it):
``needs_plan`` is the one rule.
"""

import datetime

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from accounts.models import User
from children.models import Child
from pep import moves, workflow
from pep.facts import in_words
from pep.models import Plan
from pep.opening import open_plan
from pep.planning import ADULT_AGE, care_ended_on, care_with_plans, needs_plan, turned_18_on
from schools.timetable import add_months

ACTION = "leave_care"
# One that waits for the quality check has had its meeting and its signatures, and a correction mends what was complete: both may go on.
STOPPED = workflow.TRANSITIONS[ACTION].sources


def under_way(child: Child) -> QuerySet[Plan]:
    """The child's plans that are closed when none is needed any more."""
    plans: QuerySet[Plan] = child.plans.filter(state__in=STOPPED, corrects=None)
    return plans


def stop(child: Child, *, by: User | None, on: datetime.date) -> list[Plan]:
    """Close what is under way for a child who needs no plan on a day, and all that follows from closing. Returns the plans.

    Call it in the transaction that changed the time in care, after the change, the child held as ``pep.moves.locked`` does. ``by=None``:
    the product itself. Run again it closes nothing.
    """
    if care_with_plans(on).filter(child=child).exists():
        return []
    because = f"{_ended(child, on)}. What was written is kept."
    return [workflow.perform(plan, ACTION, by=by, on=on, comment=because, unasked=True) for plan in under_way(child)]


def _ended(child: Child, on: datetime.date) -> str:
    """Why, in words that the school reads too: no word of a legal status."""
    if eighteenth := turned_18_on(child, on):
        return f"The child turned 18 on {in_words(eighteenth)}"
    if ended := care_ended_on(child, on):
        return f"The child left care on {in_words(ended)}"
    return f"No plan is needed for the child on {in_words(on)}"


def stop_where_ended(on: datetime.date) -> int:
    """Close what is under way for every child who needs no plan any more; run daily, and harmless to run again. Returns how many plans.

    An end that was typed ahead has come, somebody has turned eighteen, or a policy or a date of birth has changed: one query finds the
    children, held one at a time.
    """
    rows = Plan.objects.filter(~needs_plan(on, child="child"), state__in=STOPPED, corrects=None, child__merged_into=None)
    children = Child.objects.filter(pk__in=rows.order_by().values("child")).order_by("pk")
    stopped = 0
    for found in children:
        with transaction.atomic():
            stopped += len(stop(moves.locked(found), by=None, on=on))
    return stopped


def begin_again(child: Child, on: datetime.date) -> Plan | None:
    """Where an end of care was a mistake and is taken away: the plan that takes the place of the one it closed, begun at once; else None.

    Call it after the dates were brought up to date. A child who came into care anew begins by the clock of that time in care.
    """
    last = child.plans.filter(corrects=None).order_by("created_at", "pk").last()
    if last is None or last.state != Plan.State.CLOSED or not last.events.filter(action=ACTION).exists():
        return None
    if not care_with_plans(on).filter(child=child, starts__lte=timezone.localdate(last.created_at)).exists():
        return None
    return open_plan(child.pk, on, early=True)


def told_before(child: Child) -> str:
    """What the page that ends care says beforehand: what follows for the plans under way; empty where there is none."""
    names = " and ".join(str(plan) for plan in under_way(child).select_related("term"))
    if not names:
        return ""
    return (
        f"On the day after the last day in care what is under way ({names}) is closed incomplete: what was written is kept, the "
        "invitations to its meeting are cancelled, and whoever holds it is told. Without an end, so it is on the day the child turns 18. "
        "It goes on where care ends at eighteen and your policy has plans until the end of Year 13."
    )


def told_after(child: Child, stopped: list[Plan], begun: Plan | None, on: datetime.date) -> str:
    """What it says afterwards: what has followed, or will on a day that was typed ahead; empty where nothing does."""
    if stopped:
        names = " and ".join(str(plan) for plan in stopped)
        return f"No plan is needed any more. {names} is closed incomplete, and what was written is kept."
    if begun:
        return f"A new plan is begun: {begun}. The one that was closed stays as it is, to be read."
    last = child.care_periods.order_by("starts").last()
    if last is None or last.ends is None or last.ends <= on or not under_way(child).exists():
        return ""
    eighteenth = add_months(child.date_of_birth, 12 * ADULT_AGE)
    days = [eighteenth, last.ends] if on < eighteenth < last.ends else [last.ends]
    coming = next((day for day in days if not care_with_plans(day).filter(child=child).exists()), None)
    return f"On {in_words(coming)} the plan that is under way is closed incomplete, and what was written is kept." if coming else ""
