"""What a change of school must satisfy, who decides it, and who is told of it."""

import datetime

from django.core.exceptions import ValidationError
from django.db.models import F, Q
from django.utils import timezone

from accounts.models import User
from accounts.policy import Relation, Verb
from accounts.relations import holders
from children.access import verbs_on
from children.models import Allocation, CarePeriod, Child, Enrolment
from pep.facts import in_words
from pep.models import Move
from pep.planning import care_with_plans, works
from schools.models import School, active_designated_teachers, policy_on

LONGEST_AHEAD = datetime.timedelta(days=366)
LONGEST_READING = datetime.timedelta(days=366)


def check_move(child: Child, to_school: School | None, starts_on: datetime.date, on: datetime.date) -> None:
    """Refuse a move that cannot be. Raises ValidationError for ``to_school`` or ``starts_on``, in words that say why."""
    care = _care_of(child, on)
    if care is None or child.merged_into_id:
        raise ValidationError({"to_school": "This child is not in care, so there is no plan to hand over"})
    current = child.main_enrolment(starts_on)
    problems: dict[str, str] = {}
    if starts_on < care.starts:
        problems["starts_on"] = f"The first day must be on or after {in_words(care.starts)}, when the child came into care"
    elif care.ends and starts_on >= care.ends and _care_of(child, starts_on) is None:
        left = care.ends <= on
        problems["starts_on"] = (
            "The child is past Year 13 then, and needs no plan" if left else f"The child leaves care on {in_words(care.ends)}"
        )
    elif starts_on > on + LONGEST_AHEAD:
        problems["starts_on"] = "The first day must be within a year from today"
    later = child.enrolments.filter(kind=Enrolment.Kind.MAIN, starts__gte=starts_on).exclude(ends=F("starts"))
    begun = later.select_related("school").order_by("starts").first()
    if begun is not None and "starts_on" not in problems:
        problems["starts_on"] = f"The first day must be after {in_words(begun.starts)}, when the child starts at {begun.school}"
    if to_school is None:
        if current is None and not problems:
            problems["to_school"] = "The child has no school to leave"
    elif to_school.closed_on and to_school.closed_on <= starts_on:
        problems["to_school"] = f"{to_school} closes on {in_words(to_school.closed_on)}, before the child’s first day there"
    elif to_school.opened_on and to_school.opened_on > starts_on:
        problems["to_school"] = f"{to_school} only opens on {in_words(to_school.opened_on)}"
    else:
        still = (Q(ends=None) | Q(ends__gt=starts_on)) & ~Q(ends=F("starts"))
        there = child.enrolments.filter(still, school=to_school).first()
        if there is not None:
            kind = "" if there.kind == Enrolment.Kind.MAIN else f" ({there.get_kind_display().lower()}). End that first"
            problems["to_school"] = f"The child already goes to {to_school}{kind}"
    if problems:
        raise ValidationError(problems)


def _care_of(child: Child, on: datetime.date) -> CarePeriod | None:
    """The time in care that a change of school on a day belongs to: short breaks too; of who left at eighteen, while plans go on."""
    return child.in_care(on) or care_with_plans(on).filter(child=child).first()


def reading_ends(child: Child, starts_on: datetime.date, on: datetime.date) -> datetime.date:
    """The first day on which the old school may no longer read: the policy's days after the move; at once for a restricted child."""
    days = 0 if child.restricted else policy_on(child.authority, on).old_school_access_days
    return starts_on + datetime.timedelta(days=days)


def check_reading(child: Child, starts_on: datetime.date, until: datetime.date) -> None:
    """Refuse a day until which the old school should not read. Raises ValidationError for ``old_school_reads_until``."""
    if until < starts_on:
        raise ValidationError({"old_school_reads_until": "The old school can read while the child is there"})
    if until > starts_on + LONGEST_READING:
        raise ValidationError({"old_school_reads_until": "The old school can read for a year after the move at most"})
    if child.restricted and until != starts_on:
        raise ValidationError({"old_school_reads_until": "This child’s record is restricted: the old school’s access ends with the move"})


def may_propose(verbs: frozenset[Verb], child: Child) -> bool:
    """Whether someone with these verbs may propose: where a restricted child is going is for the council alone."""
    return Verb.PROPOSE_MOVE in verbs and (not child.restricted or Verb.VIEW_COUNCIL in verbs)


def may_withdraw(user: User, verbs: frozenset[Verb], move: Move, child: Child) -> bool:
    """Whether someone with these verbs may withdraw a proposal: the council any, a school only what a school proposed."""
    proposer = verbs_on(move.proposed_by, child, timezone.localdate(move.proposed_at))
    by_a_school = Verb.VIEW in proposer and Verb.VIEW_COUNCIL not in proposer
    return may_propose(verbs, child) and (Verb.VIEW_COUNCIL in verbs or move.proposed_by_id == user.pk or by_a_school)


def may_decide(verbs: frozenset[Verb], child: Child) -> bool:
    """Whether someone with these verbs may confirm or take back the child's moves."""
    return Verb.CONFIRM_MOVE in verbs and (not child.restricted or Verb.RESTRICT in verbs)


def social_workers(child: Child, on: datetime.date) -> list[User]:
    """The social worker, or the team's managers while there is none who can sign in."""
    allocation = child.allocation(Allocation.Role.SOCIAL_WORKER, on)
    if allocation is None:
        return []
    if allocation.worker and works(allocation.worker, on):
        return [allocation.worker]
    return [user for user, relation, _ in holders(allocation.team, on) if relation is Relation.TEAM_MANAGER] if allocation.team else []


def confirmers(child: Child, on: datetime.date) -> set[User]:
    """Who is asked to confirm: the social worker and the virtual school's officers (the head where there are none); for a restricted
    child the head alone.
    """
    staff = holders(child.authority.virtual_school, on)
    heads = {user for user, relation, _ in staff if relation is Relation.HEAD}
    if child.restricted:
        return heads
    return {*social_workers(child, on), *({user for user, relation, _ in staff if relation is Relation.OFFICER} or heads)}


def concerned(move: Move, child: Child, on: datetime.date) -> set[User]:
    """Who is told: the social worker and both schools' designated teachers; not the old school of a restricted child."""
    people = {*social_workers(child, on), *active_designated_teachers(move.to_school, child.authority, max(on, move.starts_on))}
    if move.old_enrolment is not None and not child.restricted:
        people |= set(active_designated_teachers(move.old_enrolment.school, child.authority, on))
    return people
