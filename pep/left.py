"""What a school that a child has left still reads: what was written by then, and nothing that others write after."""

import datetime
import uuid
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from django.db.models import Exists, Max, OuterRef, Q, QuerySet
from django.utils import timezone

from accounts.models import User
from accounts.policy import Relation, Verb, verbs_of
from accounts.relations import in_force
from children.access import relations_to
from children.models import Child, Enrolment
from children.querysets import people_relations
from pep.models import Move, Plan, PlanEvent, Section
from schools.models import Membership


@dataclass(frozen=True)
class Left:
    """When a child left the reader's school: the first day no longer there, and the moment from which nothing is for that school."""

    on: datetime.date
    at: datetime.datetime


def left_by(user: User, child: Child, relations: frozenset[Relation], on: datetime.date) -> Left | None:
    """When the child left the school of a reader who stands in no other relation to the child; None for everybody else."""
    if relations != {Relation.FORMER_SCHOOL}:
        return None
    this_instant = Left(on, datetime.datetime.min.replace(tzinfo=datetime.UTC))
    return _since(_places(user, [child.pk], on)).get(child.pk, this_instant)


def left_of(user: User, children: Collection[uuid.UUID], on: datetime.date) -> dict[uuid.UUID, Left]:
    """``left_by`` for any number of children: those of them whom the reader sees for no other reason than that they were at their school.

    One query where there is no such place, and a few more where there is one, however many they are.
    """
    places = _places(user, children, on)
    if not places:
        return {}
    by_virtual_school, by_child = people_relations(user, on)
    at_work = Child.objects.filter(pk__in=list(children), authority__virtual_school__in=list(by_virtual_school))
    otherwise = set(at_work.values_list("pk", flat=True)) if by_virtual_school else set()
    otherwise |= {child for child, held in by_child.items() if held != {Relation.FORMER_SCHOOL}}
    return _since([place for place in places if place.child_id not in otherwise])


def _places(user: User, children: Collection[uuid.UUID], on: datetime.date) -> list[Enrolment]:
    """The places of these children that have ended, while the school may still read; those that ended last come first."""
    return list(_ended(user, on).filter(child__in=list(children)).order_by("-ends")) if children else []


def was_at_school_of(user: User, on: datetime.date) -> Exists:
    """Whether the child of the outer query had a place that is now over, which this person may still read about: ``left_of`` knows more."""
    return Exists(_ended(user, on).filter(child=OuterRef("pk")))


def _ended(user: User, on: datetime.date) -> QuerySet[Enrolment]:
    role = Membership.objects.filter(
        in_force(on), user=user, role=Relation.DESIGNATED_TEACHER, school=OuterRef("school"), authority=OuterRef("child__authority")
    )
    places: QuerySet[Enrolment] = Enrolment.objects.filter(Exists(role), ends__lte=on, readable_until__gt=on)
    return places


def _since(places: Iterable[Enrolment]) -> dict[uuid.UUID, Left]:
    """Since when nothing is for the school any more, by child, from the place that ended last."""
    last: dict[uuid.UUID, Enrolment] = {}
    for place in places:
        last.setdefault(place.child_id, place)
    moves = Move.objects.filter(old_enrolment__in=list(last.values()), state=Move.State.CONFIRMED)
    confirmed = dict(moves.values_list("old_enrolment_id", "confirmed_at")) if last else {}
    found = {}
    for child, place in last.items():
        assert place.ends is not None
        midnight = datetime.datetime.combine(place.ends, datetime.time(), tzinfo=timezone.get_current_timezone())
        # A change of school that was confirmed on its first day, or after it, took nothing away before that.
        found[child] = Left(place.ends, max(midnight, confirmed.get(place.pk) or midnight))
    return found


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


def plans_closed_to(plans: Iterable[uuid.UUID], left: dict[uuid.UUID, Left]) -> set[uuid.UUID]:
    """Of these plans, of any children, those that ``plans_read`` leaves out for a reader whom these children have left: one query."""
    if not left:
        return set()
    rows = Plan.objects.filter(pk__in=list(plans), child__in=list(left)).order_by()
    returned = Q(events__to_state=Plan.State.RETURNED)
    dated = rows.annotate(written=Max("sections__written_at"), returned=Max("events__at", filter=returned))
    return {
        plan
        for plan, child, *moments in dated.values_list("pk", "child_id", "created_at", "written", "returned")
        if any(moment is not None and moment >= left[child].at for moment in moments)
    }


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


def takes_part(user: User, child: Child, on: datetime.date) -> bool:
    """Whether somebody works with a child on a day: not who may only read what their school had written before the child left it."""
    return Verb.VIEW in verbs_of(relations_to(user, child, on) - {Relation.FORMER_SCHOOL})
