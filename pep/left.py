"""What a school that a child has left still reads: what was written by then, and nothing that others write after."""

import datetime
from dataclasses import dataclass

from django.db.models import QuerySet
from django.utils import timezone

from accounts.models import User
from accounts.policy import Relation
from accounts.relations import in_force
from children.access import relations_to
from children.models import Child, Enrolment
from pep.models import Move, Plan, PlanEvent, Section


@dataclass(frozen=True)
class Left:
    """When a child left the reader's school: the first day no longer there, and the moment from which nothing is for that school."""

    on: datetime.date
    at: datetime.datetime


def left_by(user: User, child: Child, relations: frozenset[Relation], on: datetime.date) -> Left | None:
    """When the child left the school of a reader who stands in no other relation to the child; None for everybody else."""
    if relations != {Relation.FORMER_SCHOOL}:
        return None
    roles = user.memberships.filter(in_force(on), role=Relation.DESIGNATED_TEACHER, authority=child.authority_id)
    places = child.enrolments.filter(school__in=roles.values("school"), ends__lte=on, readable_until__gt=on)
    place: Enrolment | None = places.order_by("-ends").first()
    if place is None or place.ends is None:  # it ended this instant
        return Left(on, datetime.datetime.min.replace(tzinfo=datetime.UTC))
    midnight = datetime.datetime.combine(place.ends, datetime.time(), tzinfo=timezone.get_current_timezone())
    # A change of school that was confirmed on its first day, or after it, took nothing away before that.
    move = Move.objects.filter(old_enrolment=place, state=Move.State.CONFIRMED).first()
    return Left(place.ends, max(midnight, move.confirmed_at) if move and move.confirmed_at else midnight)


def plans_read(plans: "QuerySet[Plan]", left: Left | None) -> "QuerySet[Plan]":
    """Of these plans of one child those that this reader may know of: of a child who has left, the ones begun before, in which nobody
    has written since and which has not come back to be written again. A plan that was closed with the move, or went on to be signed and
    checked as it stood, stays readable as it stood.
    """
    if left is None:
        return plans
    written = Section.objects.filter(written_at__gte=left.at).values("plan")
    returned = PlanEvent.objects.filter(to_state=Plan.State.RETURNED, at__gte=left.at).values("plan")
    return plans.filter(created_at__lt=left.at).exclude(pk__in=written).exclude(pk__in=returned)


def complete_by_then(plan: Plan, left: Left | None) -> bool:
    """Whether a plan was complete while the child was there, so that its frozen text and its documents are that school's too."""
    return plan.completed_at is not None and (left is None or plan.completed_at < left.at)


def may_read(plan: Plan, user: User, relations: frozenset[Relation], on: datetime.date) -> bool:
    """Whether this plan, of a child whom the reader may see, is there for them."""
    left = left_by(user, plan.child, relations, on)
    return left is None or plans_read(Plan.objects.filter(pk=plan.pk), left).exists()


def plan_is_there_for(user: User, plan: Plan, on: datetime.date) -> bool:
    """``may_read`` for whoever knows nothing yet of how the reader stands to the child."""
    return may_read(plan, user, relations_to(user, plan.child, on), on)
