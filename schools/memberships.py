"""What an account administrator may do with people and their roles. Rules first, as plain functions; then what they do.

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

from django.conf import settings
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, models, transaction
from django.utils import timezone
from django.utils.module_loading import import_string

from accounts import invitations
from accounts.audit import uuid7
from accounts.authorship import save_by
from accounts.models import User
from accounts.outbox import tell, write_to
from accounts.policy import RELATION_NAMES, Relation
from accounts.relations import DatedRelation, held_by, in_force, relation_tables
from accounts.second_factor import reset_second_factor
from schools.models import PLACE_OF_ROLE, TEAM_MEMBERS, LocalAuthority, Membership, School, Team, TeamRelation, VirtualSchool
from schools.timetable import ONE_DAY

GRANTABLE = (*PLACE_OF_ROLE, *TEAM_MEMBERS)
# How many nights that were missed are made up for.
LOOKS_BACK = datetime.timedelta(days=14)
HEADS_HEAR_FOR = datetime.timedelta(days=90)  # after their last day

NOT_YOURSELF = "Nobody changes their own account or roles here. Ask another account administrator."
NOT_YOURS = "This place belongs to another authority."
WORKS_ELSEWHERE = (
    "This person also works for another authority, so their account is not yours to close or change. End their roles with you instead."
)
ONLY_HEAD = "This is the only head of the virtual school. Give the next head the role first; or close the account, if it is urgent."


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
    for table in _tables_of_children():
        rows: models.QuerySet[Any] = models.QuerySet(table).filter(allocated(organisation, on), permission__codename=role)
        found |= models.Q(pk__in=rows.values("user"))
    return found


def allocations_of(people: Iterable[User], organisation: Organisation, on: datetime.date) -> dict[uuid.UUID, list[tuple[str, int]]]:
    """In which roles these people work with the organisation's children by allocation, and with how many: numbers, for no administrator
    learns which children. One query for each table of relations.
    """
    ids = [person.pk for person in people]
    found: dict[uuid.UUID, list[tuple[str, int]]] = {}
    for table in _tables_of_children():
        rows: models.QuerySet[Any] = models.QuerySet(table).filter(allocated(organisation, on), user__in=ids)
        counted = rows.values_list("user", "permission__codename").annotate(models.Count("content_object", distinct=True))
        for user, role, number in counted.order_by("permission__codename"):
            found.setdefault(user, []).append((RELATION_NAMES[Relation(role)], number))
    return found


def _tables_of_children() -> list[type[DatedRelation]]:
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
        virtual_school = _virtual_school(membership)
        if virtual_school is not None and membership.role in PLACE_OF_ROLE:
            groups[virtual_school, membership.role].append(membership)
    for (virtual_school, role), memberships in groups.items():
        rule = "teacher_role_given" if role == Relation.DESIGNATED_TEACHER else "staff_role_given"
        facts = {"role": role, "count": len(memberships)}
        _tell_each_head(virtual_school, f"{rule}:{memberships[0].pk}", rule, facts, on=on, but={one.user_id for one in memberships})


def end_role(membership: Membership, *, by: User, organisation: Organisation, last_day: datetime.date, because: str = "") -> None:
    """End a role after its last day, and tell the person, and the heads of one of their staff or managers. One that had not begun never
    begins.

    Raises PermissionDenied when it is not theirs to end. A head's ends tomorrow at the earliest, and not the last one's: ValidationError.
    """
    if refusal := why_not_grant(membership, organisation, by=by):
        raise PermissionDenied(refusal)
    today, virtual_school, held_until = timezone.localdate(), _virtual_school(membership), membership.ends
    membership.ends = max(membership.starts, last_day + ONE_DAY)
    if membership.role == Relation.HEAD and membership.starts <= today and (held_until is None or held_until > today):
        if membership.ends <= today:
            raise ValidationError("A head’s last day is today at the earliest, so that the heads hear of it before it takes effect.")
        if not _another_head(membership):
            raise ValidationError(ONLY_HEAD)
    with transaction.atomic():
        save_by(membership, by=by, because=because or "Role ended")
        facts = {"role": membership.role, "on": membership.ends - ONE_DAY}
        if membership.ends > today:  # and that it has ended, on that day
            tell(key=f"role_ending:{uuid7()}", recipient=membership.user, rule="role_ending", facts=facts)
        elif membership.starts < membership.ends:
            _tell_ended(membership)
        if virtual_school is not None and membership.role in PLACE_OF_ROLE and membership.role != Relation.DESIGNATED_TEACHER:
            _tell_each_head(virtual_school, f"staff_role_ended:{uuid7()}", "staff_role_ended", facts, on=today, but={membership.user_id})


def _virtual_school(membership: Membership) -> uuid.UUID | None:
    """The virtual school whose children a role is about; None where it names none."""
    authority = membership.team.authority if membership.team is not None else membership.authority
    return membership.virtual_school_id or (authority.virtual_school_id if authority is not None else None)


def _another_head(membership: Membership) -> bool:
    """Whether somebody else who can sign in is head on the day on which this one no longer is."""
    assert membership.ends is not None
    heads = Membership.objects.filter(in_force(membership.ends), role=Relation.HEAD, virtual_school=membership.virtual_school_id)
    return any(head.user.may_sign_in() for head in heads.exclude(user=membership.user_id).select_related("user"))


def _tell_each_head(
    virtual_school: uuid.UUID, key: str, rule: str, facts: dict[str, Any], *, on: datetime.date, but: set[uuid.UUID]
) -> None:
    """Tell whoever is head, is to be, or was lately: to end the role of a head must not be the way to keep something from them.

    Whoever may not sign in any more is written to, for their account may have been closed for that.
    """
    heads = Membership.objects.filter(role=Relation.HEAD, virtual_school=virtual_school).exclude(ends=models.F("starts"))
    lately = heads.filter(models.Q(ends__isnull=True) | models.Q(ends__gt=on - HEADS_HEAR_FOR))
    for user in User.objects.filter(pk__in=lately.values("user")).exclude(pk__in=but).order_by("name", "pk"):
        if user.may_sign_in():
            tell(key=f"{key}:{user.pk}", recipient=user, rule=rule, facts=facts)
        elif user.email:
            write_to(key=f"{key}:{user.pk}", address=user.email, rule=rule, facts=facts)


def _tell_of_a_heads_account(user: User, last_day: datetime.date | None, on: datetime.date) -> None:
    """Tell the heads, this one too, that a head's account ends. Call it once that is kept, in its transaction."""
    lately = Membership.objects.filter(models.Q(ends__isnull=True) | models.Q(ends__gt=on - HEADS_HEAR_FOR), user=user, role=Relation.HEAD)
    facts = {"on": last_day} if last_day else {}
    for virtual_school in set(lately.values_list("virtual_school", flat=True)):
        _tell_each_head(virtual_school, f"head_account_ended:{uuid7()}", "head_account_ended", facts, on=on, but=set())


def tell_of_ended_roles(on: datetime.date) -> int:
    """Tell everybody whose role ended by its date on a day, or in nights that were missed. Returns how many messages were written.

    A role that was given anew without a gap has not ended.
    """
    rows = Membership.objects.filter(ends__gt=on - LOOKS_BACK, ends__lte=on).exclude(ends=models.F("starts")).select_related("user")
    ended = list(rows)
    others = Membership.objects.filter(user__in=[row.user_id for row in ended], ends__isnull=True)
    others |= Membership.objects.filter(user__in=[row.user_id for row in ended], ends__gt=on - LOOKS_BACK)
    goes_on = [(_same(row), row.starts, row.ends) for row in others]
    told = 0
    for row in ended:
        day: Any = row.ends
        if not any(same == _same(row) and starts <= day and (ends is None or ends > day) for same, starts, ends in goes_on):
            told += _tell_ended(row)
    return told


def _same(membership: Membership) -> tuple[Any, ...]:
    """What makes two memberships the same role at the same place."""
    row = membership
    return row.user_id, row.role, row.school_id, row.team_id, row.virtual_school_id, row.authority_id


def _tell_ended(membership: Membership) -> bool:
    with transaction.atomic():
        key = f"role_ended:{membership.pk}:{membership.ends}"
        return tell(key=key, recipient=membership.user, rule="role_ended", facts={"on": membership.ends})


def deactivate(user: User, *, by: User, organisation: Organisation, on: datetime.date, because: str) -> None:
    """Close an account: the person is signed out at their next request. Open invitations stop working. Of a head's, the heads are told."""
    _may_change(user, organisation, by, on)
    with transaction.atomic():
        invitations.withdraw(user, by=by)
        user.is_active = False
        save_by(user, by=by, because=because)
        _tell_of_a_heads_account(user, None, on)


def reactivate(user: User, *, by: User, organisation: Organisation, on: datetime.date) -> None:
    """Open an account again; an end date that has passed is taken away."""
    _may_change(user, organisation, by, on)
    user.is_active = True
    if user.expires_on is not None and user.expires_on <= on:
        user.expires_on = None
    save_by(user, by=by, because="Reactivated")


def set_last_day(user: User, last_day: datetime.date | None, *, by: User, organisation: Organisation, on: datetime.date) -> None:
    """Say on which day an account works for the last time; None: it does not end. Of a head's, the heads are told."""
    _may_change(user, organisation, by, on)
    with transaction.atomic():
        user.expires_on = None if last_day is None else last_day + ONE_DAY
        save_by(user, by=by, because="Last day of the account")
        if last_day is not None:
            _tell_of_a_heads_account(user, last_day, on)


def reset_sign_in(user: User, *, by: User, organisation: Organisation, on: datetime.date, checked: str) -> None:
    """Take away a person's second factor after checking who asks, so that they set it up anew; they are told, and signed out.

    ``checked`` says how it was checked that it is them, and stands in the history.
    """
    _may_change(user, organisation, by, on)
    with transaction.atomic():
        reset_second_factor(user, by=by, because=f"Second factor reset. Checked: {checked}")
        tell(key=f"second_factor_reset:{uuid7()}", recipient=user, rule="second_factor_reset")


def change_address(user: User, email: str, *, by: User, organisation: Organisation, on: datetime.date, checked: str) -> None:
    """Change the address a person signs in with and is written to, after checking that it is theirs. Both addresses are told.

    An open invitation went to the old one, so it stops working. ``checked`` stands in the history. Raises PermissionDenied, or
    ValidationError for somebody else's address.
    """
    _may_change(user, organisation, by, on)
    old, email = user.email, email.lower()
    if email == old:
        return
    try:
        with transaction.atomic():
            invitations.withdraw(user, by=by)
            user.email = email
            save_by(user, by=by, because=f"E-mail address changed. Checked: {checked}")
            key = f"address_changed:{uuid7()}"
            if old:
                write_to(key=f"{key}:old", address=old, rule="address_changed")
            tell(key=key, recipient=user, rule="address_changed")
            # In a transaction of its own: it holds plans, and whoever holds a plan and writes to this person waits for this one.
            transaction.on_commit(lambda: import_string(settings.ADDRESS_CHANGED)(user.pk), robust=True)
    except IntegrityError as error:
        user.email = old
        raise ValidationError("Somebody else has this address already.") from error


def invite_person(user: User, *, by: User, organisation: Organisation, on: datetime.date, name: str) -> None:
    """Invite, or invite again, somebody who has a role in the organisation. Raises ValidationError when there is no need.

    An invitation by another authority that is still open is left alone: to send one anew would take that one back.
    """
    _may_invite(user, organisation, by, on, open_ones_too=False)
    invitations.invite(user, by=by, organisation=name)


def withdraw_invitation(user: User, *, by: User, organisation: Organisation, on: datetime.date) -> None:
    """Take an invitation back. Raises PermissionDenied for one that is another authority's too."""
    _may_invite(user, organisation, by, on, open_ones_too=True)
    invitations.withdraw(user, by=by)


def _may_invite(user: User, organisation: Organisation, by: User, on: datetime.date, *, open_ones_too: bool) -> None:
    refusal = why_not_change(user, organisation, by=by, on=on)
    if refusal == WORKS_ELSEWHERE and not open_ones_too and not _invited(user):
        refusal = ""
    if refusal:
        raise PermissionDenied(refusal)


def _invited(user: User) -> bool:
    """Whether an invitation to this person waits to be taken up."""
    latest = invitations.latest(user)
    return latest is not None and latest.accepted_at is None and latest.withdrawn_at is None and latest.expires_at > timezone.now()


def name_of(organisation: Organisation) -> str:
    """How the organisation signs its invitations."""
    return " and ".join(VirtualSchool.objects.filter(pk__in=organisation.virtual_schools).order_by("name").values_list("name", flat=True))


def _may_change(user: User, organisation: Organisation, by: User, on: datetime.date) -> None:
    if refusal := why_not_change(user, organisation, by=by, on=on):
        raise PermissionDenied(refusal)
