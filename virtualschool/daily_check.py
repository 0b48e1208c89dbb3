"""The daily check: children whose facts do not add up, what is amiss with each, and who can put it right."""

import datetime
import uuid
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from accounts.policy import RELATION_NAMES, Relation
from accounts.relations import in_force
from children.models import Allocation, CarePeriod, Child, Enrolment
from children.querysets import ChildQuerySet
from pep.models import Deadline, Meeting, Plan
from pep.planning import can_sign_in, may_sign_in, needs_plan, past_eighteen
from schools.models import Membership, Policy, TeamRelation, VirtualSchoolRelation


def _main_places(on: datetime.date) -> Any:
    return Enrolment.objects.filter(in_force(on), child=OuterRef("pk"), kind=Enrolment.Kind.MAIN)


def _teachers(on: datetime.date) -> Any:
    """The designated teachers at a main place for the child's authority, whether they can sign in or not."""
    return Membership.objects.filter(
        in_force(on), role=Relation.DESIGNATED_TEACHER.value, school=OuterRef("school"), authority=OuterRef("child__authority")
    )


def _no_school(on: datetime.date) -> Q:
    return Q(~Exists(_main_places(on)))


def _no_teacher(on: datetime.date) -> Q:
    return Q(Exists(_main_places(on).filter(~Exists(_teachers(on)))))


def _teacher_shut_out(on: datetime.date) -> Q:
    """Designated teachers are named, and the account of each is closed, has expired or has no password. Who was invited and has not come
    yet is ``_never_signed_in``.
    """
    expected = _teachers(on).filter(can_sign_in(on) | may_sign_in(on) & Q(user__last_login=None))
    return Q(Exists(_main_places(on).filter(Exists(_teachers(on)), ~Exists(expected))))


def _never_signed_in(on: datetime.date) -> Q:
    signed_in = _teachers(on).filter(user__last_login__isnull=False)
    return Q(Exists(_main_places(on).filter(Exists(_teachers(on)), ~Exists(signed_in))))


def _no_worker(on: datetime.date) -> Q:
    worker = Allocation.objects.filter(in_force(on), can_sign_in(on, "worker__"), child=OuterRef("pk"), role=Allocation.Role.SOCIAL_WORKER)
    return Q(~Exists(worker))


def _no_meeting(on: datetime.date) -> Q:
    """A plan in preparation without a meeting on the day when its invitations should be out: counted from its date, or from the day by
    which to meet where that comes before it.
    """
    plans = Plan.objects.filter(
        child=OuterRef("pk"), state=Plan.State.PREPARING, meeting__state__in=Meeting.TO_BOOK, meeting__exception_because=""
    )
    figures: Mapping[uuid.UUID, int] = dict(Policy.objects.filter(in_force(on)).values_list("authority_id", "invite_days"))
    near = ~Q(child__authority__in=list(figures)) & Q(due_on__lte=on + datetime.timedelta(days=Policy().invite_days))
    for figure in set(figures.values()):
        near |= Q(
            child__authority__in=[key for key, own in figures.items() if own == figure], due_on__lte=on + datetime.timedelta(days=figure)
        )
    near |= Q(Exists(Deadline.objects.filter(plan=OuterRef("pk"), kind=Deadline.Kind.INVITE, open=True, due_on__lte=on)))
    return Q(Exists(plans.filter(near)))


def _meeting_passed(on: datetime.date) -> Q:
    """A plan being written whose meeting was booked for a day before this one (``Meeting.to_ask_about``)."""
    midnight = timezone.make_aware(datetime.datetime.combine(on, datetime.time()))
    plans = Plan.objects.filter(
        child=OuterRef("pk"), state__in=Plan.WRITABLE, meeting__state=Meeting.State.BOOKED, meeting__exception_because="",
        meeting__starts_at__lt=midnight,
    )  # fmt: skip
    return Q(Exists(plans))


def _care_past_eighteen(on: datetime.date) -> Q:
    """Care ends at eighteen at the latest; an import never types its end."""
    return past_eighteen(on) & Q(Exists(CarePeriod.objects.filter(in_force(on), child=OuterRef("pk"))))


def _score_late(on: datetime.date) -> Q:
    return Q(Exists(Deadline.objects.filter(child=OuterRef("pk"), kind=Deadline.Kind.SDQ, open=True, due_on__lt=on)))


@dataclass(frozen=True)
class Check:
    """One thing that can be amiss: in words, for which children, and the relation of whoever can put it right.

    Where nobody stands in that relation, it is the virtual school's officers' to see to. ``of_plans``: only of children who need a plan.
    """

    key: str
    words: str
    holds: Callable[[datetime.date], Q]
    owner: Relation
    of_plans: bool = True


CHECKS: tuple[Check, ...] = (
    Check("no_school", "No main school", _no_school, Relation.OFFICER),
    Check("no_teacher", "No designated teacher is named at the school", _no_teacher, Relation.OFFICER),
    Check(
        "teacher_shut_out", "No designated teacher of the school can sign in: their accounts have ended", _teacher_shut_out,
        Relation.ACCOUNT_ADMINISTRATOR,
    ),
    Check("never_signed_in", "Nobody at the school has ever signed in", _never_signed_in, Relation.ACCOUNT_ADMINISTRATOR),
    Check("no_worker", "No social worker who can sign in", _no_worker, Relation.TEAM_MANAGER),
    Check("no_meeting", "No meeting is booked, and invitations should be out", _no_meeting, Relation.DESIGNATED_TEACHER),
    Check(
        "meeting_passed", "The day of the booked meeting has passed, and nobody has said whether it was held", _meeting_passed,
        Relation.DESIGNATED_TEACHER,
    ),
    Check("score_late", "The yearly strengths and difficulties score is late", _score_late, Relation.SOCIAL_WORKER),
    Check(
        "care_past_eighteen", "Care is still open past the eighteenth birthday: type the day on which it ended", _care_past_eighteen,
        Relation.OFFICER, of_plans=False,
    ),
)  # fmt: skip


@dataclass(frozen=True)
class Amiss:
    """One thing that is amiss with a child, and whose it is: "Team manager: Hana Example"."""

    words: str
    owner: str


def whose_facts_do_not_add_up(children: ChildQuerySet, on: datetime.date) -> ChildQuerySet:
    """Those of these children with whom anything is amiss."""
    of_plans, of_all = Q(), Q()
    for check in CHECKS:
        if check.of_plans:
            of_plans |= check.holds(on)
        else:
            of_all |= check.holds(on)
    return children.filter(Q(needs_plan(on)) & of_plans | of_all).select_related("authority")


@dataclass
class _People:
    """Names by thing and relation: of a school for an authority, of a team, of a virtual school; of a child's social worker."""

    names: dict[tuple[uuid.UUID, Relation], list[str]] = field(default_factory=lambda: defaultdict(list))
    teachers: dict[tuple[uuid.UUID, uuid.UUID], list[str]] = field(default_factory=lambda: defaultdict(list))
    workers: dict[uuid.UUID, list[str]] = field(default_factory=lambda: defaultdict(list))


def amiss_with(children: Collection[Child], on: datetime.date) -> dict[uuid.UUID, list[Amiss]]:
    """What is amiss with each of these children and whose it is: a fixed number of queries."""
    ids = [child.pk for child in children]
    rows = Child.objects.filter(pk__in=ids).annotate(needed=needs_plan(on), **{check.key: check.holds(on) for check in CHECKS}).order_by()
    found = {pk: (needed, flags) for pk, needed, *flags in rows.values_list("pk", "needed", *(check.key for check in CHECKS))}
    places = Enrolment.objects.filter(in_force(on), child__in=ids, kind=Enrolment.Kind.MAIN)
    schools = dict(places.values_list("child_id", "school_id"))
    allocated = Allocation.objects.filter(in_force(on), child__in=ids, role=Allocation.Role.SOCIAL_WORKER, team__isnull=False)
    teams = dict(allocated.values_list("child_id", "team_id"))
    people = _people(set(schools.values()), set(teams.values()), {child.authority.virtual_school_id for child in children}, on)
    working = Allocation.objects.filter(in_force(on), can_sign_in(on, "worker__"), child__in=ids, role=Allocation.Role.SOCIAL_WORKER)
    for child_id, name in working.values_list("child_id", "worker__name"):
        people.workers[child_id].append(name)
    return {
        child.pk: [
            Amiss(check.words, _owner(check.owner, child, schools.get(child.pk), teams.get(child.pk), people))
            for check, holds in zip(CHECKS, found[child.pk][1], strict=True)
            if holds and (found[child.pk][0] or not check.of_plans)
        ]
        for child in children
    }


def _people(schools: set[uuid.UUID], teams: set[uuid.UUID], virtual_schools: set[uuid.UUID], on: datetime.date) -> _People:
    people = _People()
    for table, ids in ((TeamRelation, teams), (VirtualSchoolRelation, virtual_schools)):
        held: Any = table.objects.filter(in_force(on), may_sign_in(on), content_object__in=ids).order_by("user__name")
        for of, code, name in held.values_list("content_object_id", "permission__codename", "user__name"):
            people.names[of, Relation(code)].append(name)
    roles = Membership.objects.filter(in_force(on), can_sign_in(on), role=Relation.DESIGNATED_TEACHER.value, school__in=schools)
    for school, authority, name in roles.order_by("user__name").values_list("school_id", "authority_id", "user__name"):
        people.teachers[school, authority].append(name)
    return people


def _owner(relation: Relation, child: Child, school: uuid.UUID | None, team: uuid.UUID | None, people: _People) -> str:
    """Who can put it right, by name; the virtual school's officers, then its head, where nobody stands in that relation."""
    at = child.authority.virtual_school_id
    match relation:
        case Relation.DESIGNATED_TEACHER:
            names = people.teachers.get((school, child.authority_id), []) if school else []
        case Relation.SOCIAL_WORKER:
            names = people.workers.get(child.pk, [])
        case Relation.TEAM_MANAGER:
            names = people.names.get((team, relation), []) if team else []
        case _:
            names = people.names.get((at, relation), [])
    if names:
        return f"{RELATION_NAMES[relation]}: {', '.join(names)}"
    staff = people.names.get((at, Relation.OFFICER)) or people.names.get((at, Relation.HEAD)) or ["nobody yet"]
    return f"Virtual school: {', '.join(staff)}"
