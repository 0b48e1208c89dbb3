"""Whom an account administrator looks after, and the roles they give. Rules first, as plain functions; then what they do. How a role ends
is in ``ended_roles``, what is done with an account in ``person_accounts``.

An administrator works for virtual schools, and through them for authorities. They give roles at those virtual schools, at teams of those
authorities, and as designated teacher at any school, but vouched for by one of those authorities alone. They change nothing about
themselves, and see no child by any of it.
"""

import datetime
import uuid
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, models, transaction
from django.utils import timezone

from accounts.authorship import save_by
from accounts.models import User
from accounts.outbox import tell, write_to
from accounts.policy import RELATION_NAMES, Relation
from accounts.relations import DatedRelation, held_by, in_force, relation_tables
from schools.models import PLACE_OF_ROLE, TEAM_MEMBERS, LocalAuthority, Membership, School, Team, TeamRelation, VirtualSchool

GRANTABLE = (*PLACE_OF_ROLE, *TEAM_MEMBERS)
# What a virtual school's own people and the managers of teams are, the weightiest first: each reads about many children.
STAFF = (
    *(Relation.HEAD, Relation.OFFICER, Relation.ACCOUNT_ADMINISTRATOR, Relation.BUSINESS_SUPPORT),
    *(Relation.SERVICE_MANAGER, Relation.TEAM_MANAGER, Relation.DEPUTY_MANAGER),
)
HEADS_HEAR_FOR = datetime.timedelta(days=90)  # after their last day

NOT_YOURSELF = "Nobody changes their own account or roles here. Ask another account administrator."
NOT_YOURS = "This place belongs to another authority."
WORKS_ELSEWHERE = (
    "This person also works for another authority, so their account is not yours to close or change. End their roles with you instead."
)


@dataclass(frozen=True)
class Organisation:
    """What an administrator looks after: virtual schools, and the authorities they serve."""

    virtual_schools: frozenset[uuid.UUID]
    authorities: frozenset[uuid.UUID]

    def __bool__(self) -> bool:
        return bool(self.virtual_schools)


def administered_by(user: User, on: datetime.date) -> Organisation:
    """What a person administers on a day; empty for everybody else."""
    held = held_by(user, on)
    virtual_schools = frozenset(row.object_id for row in held if row.relation is Relation.ACCOUNT_ADMINISTRATOR)
    authorities = LocalAuthority.objects.filter(virtual_school__in=virtual_schools).values_list("pk", flat=True)
    return Organisation(virtual_schools, frozenset(authorities) if virtual_schools else frozenset())


def belongs(membership: Membership, organisation: Organisation) -> bool:
    """Whether a role is one of the organisation's own."""
    if membership.virtual_school_id is not None:
        return membership.virtual_school_id in organisation.virtual_schools
    if membership.team is not None:
        return membership.team.authority_id in organisation.authorities
    return membership.authority_id in organisation.authorities


def why_not_grant(membership: Membership, organisation: Organisation, *, by: User) -> str:
    """Why an administrator may not give this role: a sentence, or "" when they may."""
    if membership.user_id == by.pk:
        return NOT_YOURSELF
    if membership.role not in {role.value for role in GRANTABLE}:
        return "This role cannot be given here."
    return "" if belongs(membership, organisation) else NOT_YOURS


def why_not_change(user: User, organisation: Organisation, *, by: User, on: datetime.date) -> str:
    """Why an administrator may not close, reopen, limit or reset this account: a sentence, or "" when they may."""
    if user.pk == by.pk:
        return NOT_YOURSELF
    if not people_of(organisation).filter(pk=user.pk).exists():
        return NOT_YOURS
    return WORKS_ELSEWHERE if work_elsewhere([user], organisation, on) else ""


def working_elsewhere(organisation: Organisation, on: datetime.date) -> models.QuerySet[User]:
    """Everybody who has, or will have, a role or a child of another authority: for many people what ``why_not_change`` finds for one."""
    going_on = models.Q(ends__isnull=True) | models.Q(ends__gt=on)
    found = models.Q(pk__in=Membership.objects.filter(going_on).exclude(pk__in=own_roles(organisation).values("pk")).values("user"))
    for table in _tables_with_authority():
        rows: models.QuerySet[Any] = models.QuerySet(table).filter(going_on)
        found |= models.Q(pk__in=rows.exclude(content_object__authority__in=organisation.authorities).values("user"))
    return User.objects.filter(found)


def virtual_schools_of(user: User, on: datetime.date) -> set[uuid.UUID]:
    """The virtual schools that a person works for on a day: at them, at a team or school for their authorities, or with their children."""
    roles = Membership.objects.filter(in_force(on), user=user)
    found = set(roles.filter(virtual_school__isnull=False).values_list("virtual_school", flat=True))
    authorities = set(roles.filter(authority__isnull=False).values_list("authority", flat=True))
    authorities |= set(roles.filter(team__isnull=False).values_list("team__authority", flat=True))
    for table in _tables_with_authority():
        rows: models.QuerySet[Any] = models.QuerySet(table).filter(in_force(on), user=user)
        authorities |= set(rows.values_list("content_object__authority", flat=True))
    served = LocalAuthority.objects.filter(pk__in=authorities, virtual_school__isnull=False)
    return found | set(served.values_list("virtual_school", flat=True))


def own_roles(organisation: Organisation) -> models.QuerySet[Membership]:
    """The organisation's roles, past and future ones too."""
    return Membership.objects.filter(
        models.Q(virtual_school__in=organisation.virtual_schools)
        | models.Q(team__authority__in=organisation.authorities)
        | models.Q(authority__in=organisation.authorities)
    )


def people_of(organisation: Organisation) -> models.QuerySet[User]:
    """Everybody who has or had a role in the organisation, or works or worked with one of its children; nobody else can be found.

    Social workers and reviewing officers may have no role at a place: that they are allocated makes them the organisation's people. Whom
    they are allocated to is not looked at.
    """
    found = models.Q(pk__in=own_roles(organisation).values("user"))
    for table in _tables_with_authority():
        found |= models.Q(pk__in=models.QuerySet(table).filter(content_object__authority__in=organisation.authorities).values("user"))
    return User.objects.filter(found)


def allocated(organisation: Organisation, on: datetime.date) -> models.Q:
    """What finds, among a person's relations to children, those to the organisation's children that hold on a day or will."""
    going_on = models.Q(ends__isnull=True) | models.Q(ends__gt=on)
    return going_on & models.Q(content_object__authority__in=organisation.authorities)


def allocated_as(role: str, organisation: Organisation, on: datetime.date) -> models.Q:
    """The people who work with one of the organisation's children in this role by allocation, without a role at a place."""
    found = models.Q(pk__in=())
    for table in tables_of_children():
        rows: models.QuerySet[Any] = models.QuerySet(table).filter(allocated(organisation, on), permission__codename=role)
        found |= models.Q(pk__in=rows.values("user"))
    return found


def allocations_of(people: Iterable[User], organisation: Organisation, on: datetime.date) -> dict[uuid.UUID, list[tuple[str, int]]]:
    """In which roles these people work with the organisation's children by allocation, and with how many: numbers, for no administrator
    learns which children. One query for each table of relations.
    """
    ids = [person.pk for person in people]
    found: dict[uuid.UUID, list[tuple[str, int]]] = {}
    for table in tables_of_children():
        rows: models.QuerySet[Any] = models.QuerySet(table).filter(allocated(organisation, on), user__in=ids)
        counted = rows.values_list("user", "permission__codename").annotate(models.Count("content_object", distinct=True))
        for user, role, number in counted.order_by("permission__codename"):
            found.setdefault(user, []).append((RELATION_NAMES[Relation(role)], number))
    return found


def tables_of_children() -> list[type[DatedRelation]]:
    """The relations to children, in the floor above: whatever belongs to an authority and is no team."""
    return [table for table in _tables_with_authority() if table is not TeamRelation]


def _tables_with_authority() -> list[type[DatedRelation]]:
    """The relations to things that belong to an authority: teams and, in the floor above, children."""
    return [table for table in relation_tables() if _belongs_to_authority(table)]


def _belongs_to_authority(table: type[DatedRelation]) -> bool:
    target: Any = table._meta.get_field("content_object").related_model  # type: ignore[misc]
    return any(field.name == "authority" for field in target._meta.fields)


def organisation_of(authority: LocalAuthority) -> Organisation:
    """The organisation that looks after an authority's people: its virtual school, with every authority that one serves."""
    served = LocalAuthority.objects.filter(virtual_school=authority.virtual_school_id).values_list("pk", flat=True)
    return Organisation(frozenset({authority.virtual_school_id}), frozenset(served))


def work_elsewhere(people: Iterable[User], organisation: Organisation, on: datetime.date) -> set[uuid.UUID]:
    """Those of these people who work, or will, for somebody else too: a role, or children or teams, of another authority."""
    ids = [user.pk for user in people]
    going_on = models.Q(ends__isnull=True) | models.Q(ends__gt=on)
    roles = Membership.objects.filter(going_on, user__in=ids).select_related("team")
    found = {role.user_id for role in roles if not belongs(role, organisation)}
    for table in _tables_with_authority():
        rows: models.QuerySet[Any] = models.QuerySet(table).filter(going_on, user__in=ids)
        found |= set(rows.exclude(content_object__authority__in=organisation.authorities).values_list("user_id", flat=True))
    return found


def give_role(
    user: User, role: str, place: School | Team | VirtualSchool, *, by: User | None, organisation: Organisation, starts: datetime.date,
    ends: datetime.date | None = None, authority: LocalAuthority | None = None,
) -> Membership:  # fmt: skip
    """Give a person a role at a place. ``ends`` is the first day they no longer have it.

    Raises PermissionDenied when it is not for this administrator to give, ValidationError when the person has it already.
    """
    kind = PLACE_OF_ROLE.get(Relation(role), "team")
    membership = Membership(user=user, role=role, starts=starts, ends=ends, granted_by=by, authority=authority)
    setattr(membership, kind, place)
    if by is not None and (refusal := why_not_grant(membership, organisation, by=by)):
        raise PermissionDenied(refusal)
    try:
        with transaction.atomic():
            save_by(membership, by=by)
            tell(key=f"role_given:{membership.pk}", recipient=user, rule="role_given")
            tell_heads([membership], on=timezone.localdate())
    except IntegrityError as error:
        if "_once" in str(error):
            raise ValidationError("This person already has this role there at that time.") from error
        raise
    return membership


def tell_heads(given: Sequence[Membership], *, on: datetime.date) -> None:
    """Tell the heads of a virtual school who has been given which role, at it, in its authorities' teams or at schools for their children:
    a second pair of eyes. Several of one role, as an import gives them, are told of once.

    Whoever gives roles could give one to an account of their own making (docs/decisions/0011). Call it in the roles' transaction.
    """
    groups: dict[tuple[uuid.UUID, str], list[Membership]] = defaultdict(list)
    for membership in given:
        virtual_school = virtual_school_of(membership)
        if virtual_school is not None and membership.role in PLACE_OF_ROLE:
            groups[virtual_school, membership.role].append(membership)
    for (virtual_school, role), memberships in groups.items():
        rule = "teacher_role_given" if role == Relation.DESIGNATED_TEACHER else "staff_role_given"
        facts = {"role": role, "count": len(memberships)}
        key, but = f"{rule}:{memberships[0].pk}", {one.user_id for one in memberships}
        tell_each_head(virtual_school, key, rule, facts, on=on, but=but, together=role not in STAFF)


def virtual_school_of(membership: Membership) -> uuid.UUID | None:
    """The virtual school whose children a role is about; None where it names none."""
    authority = membership.team.authority if membership.team is not None else membership.authority
    return membership.virtual_school_id or (authority.virtual_school_id if authority is not None else None)


def tell_each_head(
    virtual_school: uuid.UUID, key: str, rule: str, facts: dict[str, Any], *, on: datetime.date, but: set[uuid.UUID], together: bool = False
) -> None:
    """Tell whoever is head, is to be, or was lately: to end the role of a head must not be the way to keep something from them.

    Whoever may not sign in any more is written to, for their account may have been closed for that. ``together``: it can wait for the day's
    digest.
    """
    heads = Membership.objects.filter(role=Relation.HEAD, virtual_school=virtual_school).exclude(ends=models.F("starts"))
    lately = heads.filter(models.Q(ends__isnull=True) | models.Q(ends__gt=on - HEADS_HEAR_FOR))
    for user in User.objects.filter(pk__in=lately.values("user")).exclude(pk__in=but).order_by("name", "pk"):
        if user.may_sign_in():
            tell(key=f"{key}:{user.pk}", recipient=user, rule=rule, facts=facts, together=together)
        elif user.email:
            write_to(key=f"{key}:{user.pk}", address=user.email, rule=rule, facts=facts)


def name_of(organisation: Organisation) -> str:
    """How the organisation signs its invitations."""
    return " and ".join(VirtualSchool.objects.filter(pk__in=organisation.virtual_schools).order_by("name").values_list("name", flat=True))
