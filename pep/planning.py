"""Beginning a plan, and who holds which part of it."""

import datetime
import uuid
from collections.abc import Iterable
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from accounts.models import User
from accounts.policy import Relation, Verb
from accounts.relations import holders, in_force
from children.models import Allocation, Child, Enrolment
from pep.forms.declaration import Owner
from pep.forms.registry import form_for
from pep.models import Meeting, Plan, PlanEvent, Section
from schools.models import Membership, School, Term, active_designated_teachers


class AlreadyInPreparation(ValidationError):
    """The child has a plan in preparation; there is at most one."""


def term_on(child: Child, on: datetime.date) -> Term | None:
    """The authority's term that a day falls in, or the next one when it falls in the holidays."""
    return Term.objects.filter(authority=child.authority_id, ends__gt=on).order_by("starts").first()


def create_plan(child: Child, *, reason: str, due_on: datetime.date, by: User | None, on: datetime.date, term: Term | None = None) -> Plan:
    """Begin a plan with its sections and its meeting, at the child's present school. ``by=None`` means it opened on its own.

    Raises AlreadyInPreparation when the child has one in preparation, ValidationError when the child is not in care.
    """
    if child.in_care(on) is None:
        raise ValidationError("A plan can only be begun for a child who is in care.")
    form = form_for(child.year_group(on), on)
    enrolment = child.main_enrolment(on)
    previous = child.plans.filter(state=Plan.State.COMPLETE).order_by("-completed_at").first()
    plan = Plan(
        child=child,
        form_key=form.key,
        form_version=form.version,
        reason=reason,
        due_on=due_on,
        created_by=by,
        term=term or term_on(child, on),
        school=enrolment.school if enrolment else None,
        previous=previous,
        state_since=timezone.now(),
    )
    try:
        with transaction.atomic():
            plan.save()
            for section in form.sections:
                Section(plan=plan, key=section.key, owner=section.owner).save()
            Meeting(plan=plan).save()
            PlanEvent.objects.create(plan=plan, action="create", to_state=plan.state, at=timezone.now(), by=by)
    except IntegrityError as error:
        if "pep_plan_one_in_preparation" in str(error):
            raise AlreadyInPreparation("This child already has a plan in preparation.") from error
        raise
    return plan


def school_of(plan: Plan, on: datetime.date) -> School | None:
    """The child's main school on a day: the one whose designated teacher holds the school's part."""
    enrolment = plan.child.main_enrolment(on)
    return enrolment.school if enrolment else None


def school_part_is_virtual_schools(plan: Plan, on: datetime.date) -> bool:
    """Whether the virtual school owns the school's sections: there is no school, or nobody there who can sign in as designated teacher."""
    return not active_designated_teachers(school_of(plan, on), plan.child.authority, on)


def can_sign_in(on: datetime.date, prefix: str = "user__") -> Q:
    """People with an account that works on a day."""
    has_password = ~Q(**{f"{prefix}password__startswith": "!"}) & ~Q(**{f"{prefix}password": ""})
    current = Q(**{f"{prefix}expires_on__isnull": True}) | Q(**{f"{prefix}expires_on__gt": on})
    return Q(**{f"{prefix}is_active": True}) & has_password & current


def with_a_teacher(children: Iterable[Child], on: datetime.date) -> set[uuid.UUID]:
    """Those children whose designated teacher can act on a day, in one query; for all others the virtual school owns the school's part."""
    teachers = Membership.objects.filter(
        in_force(on), can_sign_in(on), role="designated_teacher", school=OuterRef("school"), authority=OuterRef("child__authority")
    )
    places = Enrolment.objects.filter(in_force(on), Exists(teachers), kind=Enrolment.Kind.MAIN, child__in=[child.pk for child in children])
    return set(places.values_list("child_id", flat=True))


@dataclass(frozen=True)
class Holder:
    """Someone who is expected to do a part of a plan, and in which relation."""

    user: User
    relation: Relation


def holders_of(plan: Plan, owner: str, on: datetime.date) -> list[Holder]:
    """Who holds a part of the plan on a day: the school's designated teachers, the social worker (or the team manager), or the officers.

    The school's part falls to the virtual school when no designated teacher can act; an unallocated child's to the team manager.
    """
    child = plan.child
    if owner == Owner.SCHOOL:
        teachers = active_designated_teachers(school_of(plan, on), child.authority, on)
        if teachers:
            return [Holder(user, Relation.DESIGNATED_TEACHER) for user in teachers]
    if owner == Owner.SOCIAL_WORKER:
        worker = child.allocations.filter(in_force(on), role=Allocation.Role.SOCIAL_WORKER).select_related("worker", "team").first()
        if worker and worker.worker and worker.worker.may_sign_in(on):
            return [Holder(worker.worker, Relation.SOCIAL_WORKER)]
        if worker and worker.team:
            managers = [Holder(user, relation) for user, relation, _ in holders(worker.team, on) if relation is Relation.TEAM_MANAGER]
            if managers:
                return managers
    officers = holders(child.authority.virtual_school, on)
    return [Holder(user, relation) for user, relation, _ in officers if relation is Relation.OFFICER]


OWNER_NAMES: dict[str, str] = {
    Owner.SCHOOL: "Designated teacher",
    Owner.SOCIAL_WORKER: "Social worker",
    Owner.VIRTUAL_SCHOOL: "Virtual school",
}


def owner_names(teacher_can_act: bool) -> dict[str, str]:
    """Who each owner is in words. Where no designated teacher can act, the school's part is the virtual school's."""
    return OWNER_NAMES if teacher_can_act else {**OWNER_NAMES, Owner.SCHOOL: OWNER_NAMES[Owner.VIRTUAL_SCHOOL]}


WRITE_VERB: dict[str, Verb] = {
    Owner.SCHOOL: Verb.WRITE_SCHOOL,
    Owner.SOCIAL_WORKER: Verb.WRITE_CARE,
    Owner.VIRTUAL_SCHOOL: Verb.WRITE_ON_BEHALF,
}
