"""Beginning a plan, and who holds which part of it."""

import datetime
import uuid
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.db import IntegrityError, models, transaction
from django.db.models import DateField, Exists, F, Func, OuterRef, Q, QuerySet
from django.utils import timezone

from accounts.audit import insert_with_history
from accounts.models import User
from accounts.policy import RELATION_NAMES, Relation, Verb
from accounts.relations import holders, in_force
from children.models import Allocation, CarePeriod, Child, Enrolment
from pep.facts import in_words
from pep.forms.declaration import Body, Owner
from pep.forms.registry import form_for
from pep.models import Meeting, Plan, PlanEvent, Section
from schools.models import Membership, Policy, School, Term, active_designated_teachers, own_first, policy_on
from schools.timetable import LAST_SCHOOL_YEAR, ONE_DAY, RECEPTION_AGE, SCHOOL_YEAR_STARTS_IN, academic_year, add_months

ADULT_AGE = 18  # Children Act 1989, section 105(1): nobody of this age is a child, or looked after as one

# A series of short breaks is no being looked after for which a plan is needed (V3, V4 of the SSDA903 return).
SHORT_BREAKS = ("V3", "V4")


@dataclass(frozen=True)
class Ages:
    """At which ages children have plans: which authorities go on to the end of Year 13, and which do not begin at the customary age."""

    going_on: Collection[uuid.UUID]
    begin_at: Mapping[uuid.UUID, int]

    @classmethod
    def of(cls, decided: Iterable[tuple[uuid.UUID, bool, int]]) -> "Ages":
        """From authorities with their policies' ``to_year_13`` and ``plans_from_age``."""
        rows = list(decided)
        customary = Policy._meta.get_field("plans_from_age").default
        return cls([one for one, going_on, _ in rows if going_on], {one: age for one, _, age in rows if age != customary})


AGES = ("authority_id", "to_year_13", "plans_from_age")


def turns_short_breaks(was: str, becomes: str) -> bool:
    """Whether a change of legal status turns a time in care into short breaks or the other way; not where the status was not known."""
    return bool(was) and (was in SHORT_BREAKS) != (becomes in SHORT_BREAKS)


class Eighteenth(Func):
    """The 18th birthday of somebody born on this day."""

    template = "(%(expressions)s + interval '18 years')::date"
    output_field = DateField()


def ages_on(on: datetime.date) -> Ages:
    """At which ages the authorities make plans, on a day."""
    return Ages.of(Policy.objects.filter(in_force(on)).values_list(*AGES))


def care_with_plans(on: datetime.date, ages: Ages | None = None) -> QuerySet[CarePeriod]:
    """The times in care for which a child needs a plan on a day.

    Those that hold of children old enough for a plan and under eighteen, short breaks left out; where the authority's policy goes on to the
    end of Year 13 also those of who is past eighteen, whether their end at eighteen was typed or not. ``ages`` are for who has read the
    policies already.
    """
    if ages is None:
        ages = ages_on(on)
    holds, under_eighteen = in_force(on), Q(child__date_of_birth__gt=_youngest(on, ADULT_AGE))
    old_enough = Q(child__date_of_birth__lte=_youngest(on, Policy._meta.get_field("plans_from_age").default))
    if ages.begin_at:
        old_enough &= ~Q(child__authority__in=list(ages.begin_at))
        for age in set(ages.begin_at.values()):
            theirs = [authority for authority, begins in ages.begin_at.items() if begins == age]
            old_enough |= Q(child__authority__in=theirs, child__date_of_birth__lte=_youngest(on, age))
    if going_on := ages.going_on:
        # Born on or after this day: Year 13 has not ended.
        youngest = datetime.date(academic_year(on) - RECEPTION_AGE - LAST_SCHOOL_YEAR - 1, SCHOOL_YEAR_STARTS_IN, 1)
        goes_on = Q(child__authority__in=going_on, child__date_of_birth__gte=youngest)
        holds &= under_eighteen | goes_on
        holds |= goes_on & Q(ends__lte=on, ends__gte=Eighteenth(F("child__date_of_birth")))
    else:
        holds &= under_eighteen
    return CarePeriod.objects.filter(holds, old_enough).exclude(legal_status__in=SHORT_BREAKS).order_by()


def _youngest(on: datetime.date, age: int) -> datetime.date:
    """The last day of birth of those who have reached an age by a day. Born on 29 February: on the 28th, as the clock takes it."""
    day = add_months(on, -12 * age)
    return day + ONE_DAY if add_months(day + ONE_DAY, 12 * age) <= on else day


def needs_plan(on: datetime.date, ages: Ages | None = None, *, child: str = "pk") -> Exists:
    """Whether the child of the outer query (its field ``child``) needs a plan on a day: every list and figure about plans asks this."""
    return Exists(care_with_plans(on, ages).filter(child=OuterRef(child)))


def care_ended_on(child: Child, on: datetime.date) -> datetime.date | None:
    """Since when a child who was in care has not been any more, on a day; None for one who is, or never was."""
    last = child.care_periods.filter(starts__lte=on).order_by("starts").last()
    return last.ends if last and last.ends and last.ends <= on else None


def past_eighteen(on: datetime.date) -> Q:
    """Children who have turned eighteen by a day."""
    return Q(date_of_birth__lte=_youngest(on, ADULT_AGE))


def turned_18_on(child: Child, on: datetime.date) -> datetime.date | None:
    """The eighteenth birthday of somebody who was in care until it, as the register has it, and is past it on a day; else None."""
    eighteenth = add_months(child.date_of_birth, 12 * ADULT_AGE)
    return eighteenth if eighteenth <= on and child.care_periods.filter(in_force(eighteenth)).exists() else None


def no_plan_because(child: Child, on: datetime.date) -> str:
    """That a child needs no plan on a day and why, in words; empty where one is needed. A school reads them: no word of a legal status."""
    if care_with_plans(on).filter(child=child).exists():
        return ""
    if eighteenth := turned_18_on(child, on):
        return f"Turned 18 on {in_words(eighteenth)}: no plan is needed"
    if ended := care_ended_on(child, on):
        return f"No longer in care since {in_words(ended)}: no plan is needed"
    begins = policy_on(child.authority, on).plans_from_age
    too_young = on < add_months(child.date_of_birth, 12 * begins)
    return f"There are plans from the age of {begins}" if too_young else "No plan is needed at present"


class AlreadyInPreparation(ValidationError):
    """The child has a plan in preparation; there is at most one."""


def term_on(child: Child, on: datetime.date) -> Term | None:
    """The term that a day falls in, or the next one in the holidays: the school's where it has its own that school year, else the
    authority's.
    """
    enrolment = child.main_enrolment(on)
    here = Q(school=None) | Q(school=enrolment.school_id) if enrolment else Q(school=None)
    terms = own_first(Term.objects.filter(here, authority=child.authority_id))
    return next((term for term in terms if term.ends > on), None)


def create_plan(
    child: Child, *, reason: str, due_on: datetime.date, by: User | None, on: datetime.date, term: Term | None = None,
    due: Mapping[str, str] | None = None,
) -> Plan:  # fmt: skip
    """Begin a plan with its sections and its meeting, at the child's present school. ``by=None`` means it opened on its own.

    ``due`` says why it is due on this day (``due_reason``, ``due_words``, ``due_citation``); None: somebody chose the day.

    Raises AlreadyInPreparation when the child has one in preparation, ValidationError when the child is not in care.
    """
    if not care_with_plans(on).filter(child=child).exists():
        raise ValidationError("A plan can only be begun for a child who is in care and old enough for one.")
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
        **(due or {"due_reason": "typed", "due_words": "Chosen when the plan was begun", "due_citation": ""}),
    )
    try:
        with transaction.atomic():
            plan.save()
            # With no target of a last plan there is nothing to say of them.
            none_before = previous is None or not previous.targets.filter(removed=False).exists()
            sections = [
                Section(plan=plan, key=section.key, owner=section.owner, marked_complete=none_before and section.body is Body.LAST_TARGETS)
                for section in form.sections
            ]
            insert_with_history(sections, by=by, reason="")
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


def may_sign_in(on: datetime.date, prefix: str = "user__") -> Q:
    """People whom ``User.may_sign_in`` lets in on a day."""
    current = Q(**{f"{prefix}expires_on__isnull": True}) | Q(**{f"{prefix}expires_on__gt": on})
    return Q(**{f"{prefix}is_active": True}) & current


def can_sign_in(on: datetime.date, prefix: str = "user__") -> Q:
    """Of these the people who have a password, so an account that works."""
    has_password = ~Q(**{f"{prefix}password__startswith": "!"}) & ~Q(**{f"{prefix}password": ""})
    return may_sign_in(on, prefix) & has_password


def works(user: User, on: datetime.date) -> bool:
    """``can_sign_in`` of one person."""
    return user.may_sign_in(on) and user.has_usable_password()


def with_a_teacher(children: Iterable[Child], on: datetime.date) -> set[uuid.UUID]:
    """Those children whose designated teacher can act on a day, in one query; for all others the virtual school owns the school's part."""
    teachers = Membership.objects.filter(
        in_force(on), can_sign_in(on), role="designated_teacher", school=OuterRef("school"), authority=OuterRef("child__authority")
    )
    places = Enrolment.objects.filter(in_force(on), Exists(teachers), kind=Enrolment.Kind.MAIN, child__in=[child.pk for child in children])
    return set(places.values_list("child_id", flat=True))


def submits(plan: Plan) -> Owner:
    """Whose it is to submit the plan: the school's; the social worker's where a return named their sections alone."""
    only_care = bool(plan.reopened) and all(plan.form.section(key).owner == Owner.SOCIAL_WORKER for key in plan.reopened)
    return Owner.SOCIAL_WORKER if plan.state == Plan.State.RETURNED and only_care else Owner.SCHOOL


@dataclass(frozen=True)
class Holder:
    """Someone who is expected to do a part of a plan, and in which relation."""

    user: User
    relation: Relation


def holders_of(plan: Plan, owner: str, on: datetime.date) -> list[Holder]:
    """Who holds a part of the plan on a day: the school's designated teachers, the social worker (or the team manager), or the officers
    (the head where there are none).

    The school's part falls to the virtual school when no designated teacher can act; an unallocated child's to the team manager. Who has
    no account that works (``can_sign_in``) holds nothing: nothing could be told to them.
    """
    child = plan.child
    if owner == Owner.SCHOOL:
        teachers = active_designated_teachers(school_of(plan, on), child.authority, on)
        if teachers:
            return [Holder(user, Relation.DESIGNATED_TEACHER) for user in teachers]
    if owner == Owner.SOCIAL_WORKER:
        worker = child.allocations.filter(in_force(on), role=Allocation.Role.SOCIAL_WORKER).select_related("worker", "team").first()
        if worker and worker.worker and works(worker.worker, on):
            return [Holder(worker.worker, Relation.SOCIAL_WORKER)]
        if worker and worker.team:
            managers = [one for one in _working(worker.team, on) if one.relation is Relation.TEAM_MANAGER]
            if managers:
                return managers
    staff = _working(child.authority.virtual_school, on)
    officers = [holder for holder in staff if holder.relation is Relation.OFFICER]
    return officers or [holder for holder in staff if holder.relation is Relation.HEAD]


def _working(place: models.Model, on: datetime.date) -> list[Holder]:
    """Who stands in a relation to a team or virtual school, and has an account that works."""
    return [Holder(user, relation) for user, relation, _ in holders(place, on) if works(user, on)]


def holders_of_child(child: Child, on: datetime.date) -> dict[str, list[str]]:
    """Who holds each owner's part for a child on a day, by name. An empty list: nobody can act, and the virtual school holds it."""
    stand_in = Plan(child=child)  # who holds a part depends on the child alone
    found: dict[str, list[str]] = {}
    for owner in Owner:
        people = holders_of(stand_in, owner, on)
        own = owner is Owner.VIRTUAL_SCHOOL or not all(holder.relation is Relation.OFFICER for holder in people)
        found[owner.value] = [_named(holder, owner) for holder in people] if own else []
    return found


def _named(holder: Holder, owner: Owner) -> str:
    """A holder's name, with what they are where it is not what the part is called after."""
    stands_in = owner is Owner.SOCIAL_WORKER and holder.relation is not Relation.SOCIAL_WORKER
    return f"{holder.user.name} ({RELATION_NAMES[holder.relation].lower()})" if stands_in else holder.user.name


def owner_words(owner: str, holders: Mapping[str, list[str]]) -> str:
    """Whose turn it is, by name: "Designated teacher: Anna Bell"; the virtual school where nobody can act."""
    names = holders.get(owner, [])
    if names:
        return f"{OWNER_NAMES[owner]}: {', '.join(names)}"
    staff = ", ".join(holders.get(Owner.VIRTUAL_SCHOOL, [])) or "nobody yet"
    return f"Virtual school: {staff}" if owner == Owner.VIRTUAL_SCHOOL else f"Virtual school, for the {OWNER_NAMES[owner].lower()}: {staff}"


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
