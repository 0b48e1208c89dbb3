"""What an account administrator may do with somebody's account: close it and open it again, give it a last day, change its address, reset
its second step, invite its person. Who is told: the person, and the heads of those whose roles read about children.
"""

import datetime
import uuid
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from django.conf import settings
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, models, transaction
from django.utils.module_loading import import_string

from accounts import details, invitations
from accounts.audit import uuid7
from accounts.authorship import save_by
from accounts.models import User
from accounts.outbox import tell, write_to
from accounts.policy import Relation
from accounts.second_factor import reset_second_factor
from schools.ended_roles import ENOUGH_NOTICE, ONLY_HEAD, access_ended, another_head
from schools.memberships import (
    HEADS_HEAR_FOR,
    STAFF,
    WORKS_ELSEWHERE,
    Organisation,
    tables_of_children,
    tell_each_head,
    virtual_school_of,
    why_not_change,
)
from schools.models import TEAM_MEMBERS, Membership
from schools.timetable import ONE_DAY

# Of whose accounts the heads hear what, the weightiest role first. A closed account that is opened again brings its roles to life, so they
# hear of it as of roles given, teachers' too; an address and a second step can hand an account over to somebody else; that somebody at a
# school has a new telephone is no news, for they notice themselves when it was not they.
HEARD_OF: dict[str, tuple[Relation, ...]] = {
    "staff_account_ended": STAFF,
    "staff_account_goes_on": STAFF,
    "staff_account_reopened": (*STAFF, *TEAM_MEMBERS, Relation.DESIGNATED_TEACHER, Relation.HEADTEACHER),
    "staff_address_changed": (*STAFF, *TEAM_MEMBERS),
    "staff_second_step_reset": (*STAFF, *TEAM_MEMBERS),
}


def deactivate(user: User, *, by: User, organisation: Organisation, on: datetime.date, because: str) -> None:
    """Close an account: the person is signed out at their next request, and told by e-mail. Open invitations stop working. Of a member of
    staff, the heads are told. One that is closed already stays as it is.
    """
    _may_change(user, organisation, by, on)
    with transaction.atomic():
        invitations.withdraw(user, by=by)
        _hold(user)
        if not user.is_active:
            return
        # Before it is closed: whoever may not sign in is told nothing new, but what was done to their account still goes to them.
        tell(key=f"account_ended:{uuid7()}", recipient=user, rule="account_ended")
        user.is_active = False
        save_by(user, by=by, because=because)
        access_ended(user.pk)
        _tell_heads_of_its_end(user, {}, by=by, on=on)


def reactivate(user: User, *, by: User, organisation: Organisation, on: datetime.date) -> None:
    """Open an account again; an end date that has passed is taken away. The person is told, and the heads of the roles that it has, for
    they come to life again. One that is open stays as it is.
    """
    _may_change(user, organisation, by, on)
    with transaction.atomic():
        _hold(user)
        if user.may_sign_in(on):
            return
        user.is_active = True
        if user.expires_on is not None and user.expires_on <= on:
            user.expires_on = None
        save_by(user, by=by, because="Reactivated")
        last_day = user.expires_on - ONE_DAY if user.expires_on else None
        _tell_of_its_reopening(user, {"on": last_day} if last_day else {}, by=by, on=on)


def set_last_day(user: User, last_day: datetime.date | None, *, by: User, organisation: Organisation, on: datetime.date) -> None:
    """Say on which day an account works for the last time; None: it does not end. The person is told, and the heads of a member of staff.

    That a day to come is taken away again is told to those who were told of it. Where it had ended and works again, that is told as when it
    is opened again. Raises ValidationError for a day to come after which the
    virtual school has no head: its only head is replaced first, or the account closed, when it is urgent.
    """
    _may_change(user, organisation, by, on)
    with transaction.atomic():
        _hold(user)
        worked, expires_on = user.may_sign_in(on), None if last_day is None else last_day + ONE_DAY
        before = user.expires_on
        if user.expires_on == expires_on:
            return
        facts = {"on": last_day} if last_day is not None and last_day >= on else {}
        if worked and facts and not _heads_remain(user, expires_on):
            raise ValidationError(ONLY_HEAD)
        if worked and last_day is not None:
            tell(key=f"account_ended:{uuid7()}", recipient=user, rule="account_ended", facts=facts)
        user.expires_on = expires_on
        save_by(user, by=by, because="Last day of the account")
        if worked and not user.may_sign_in(on):
            access_ended(user.pk)
        if worked and last_day is not None:
            _tell_heads_of_its_end(user, facts, by=by, on=on)
        elif worked and before is not None:
            goes_on = {"on": before - ONE_DAY}
            tell(key=f"account_goes_on:{uuid7()}", recipient=user, rule="account_goes_on", facts=goes_on)
            _tell_heads(user, "staff_account_goes_on", goes_on, by=by, on=on)
        elif not worked and user.may_sign_in(on):
            _tell_of_its_reopening(user, facts, by=by, on=on)


def reset_sign_in(user: User, *, by: User, organisation: Organisation, on: datetime.date, checked: str) -> None:
    """Take away a person's second factor after checking who asks, so that they set it up anew; they are told, and signed out, and the heads
    are told.

    ``checked`` says how it was checked that it is them, and stands in the history.
    """
    _may_change(user, organisation, by, on)
    with transaction.atomic():
        _hold(user)
        reset_second_factor(user, by=by, because=f"Second factor reset. Checked: {checked}")
        _tell_person(user, "second_factor_reset")
        _tell_heads(user, "staff_second_step_reset", {}, by=by, on=on)


def change_address(user: User, email: str, *, by: User, organisation: Organisation, on: datetime.date, checked: str) -> None:
    """Change the address a person signs in with and is written to, after checking that it is theirs. Both addresses and the heads are told.

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
            _hold(user)
            old, user.email = user.email, email
            save_by(user, by=by, because=f"E-mail address changed. Checked: {checked}")
            if old:
                write_to(key=f"address_changed:{uuid7()}", address=old, rule="address_changed")
            _tell_person(user, "address_changed")
            _tell_heads(user, "staff_address_changed", {}, by=by, on=on)
            # In a transaction of its own: it holds plans, and whoever holds a plan and writes to this person waits for this one.
            transaction.on_commit(lambda: import_string(settings.ADDRESS_CHANGED)(user.pk), robust=True)
    except IntegrityError as error:
        user.email = old
        raise ValidationError("Somebody else has this address already.") from error


def change_details(user: User, values: Mapping[str, str], *, by: User, organisation: Organisation, on: datetime.date, page: str) -> bool:
    """Change a person's name, job title or telephone; they are told which. Returns whether anything changed.

    ``page`` is the token of the page that was filled in (``accounts.details.shown``). Raises PermissionDenied, or
    ``accounts.details.Changed`` where somebody else was first. What stands in complete plans stays as it is there.
    """
    _may_change(user, organisation, by, on)
    return details.change(user, values, by=by, because=details.ON_THE_PAGE, page=page, rule="details_changed")


def invite_person(user: User, *, by: User, organisation: Organisation, on: datetime.date, name: str) -> None:
    """Invite, or invite again, somebody who has a role in the organisation. Raises ValidationError when there is no need.

    An invitation by another authority that is still open is left alone: to send one anew would take that one back.
    """
    if refusal := why_not_invite(user, organisation, by=by, on=on):
        raise PermissionDenied(refusal)
    invitations.invite(user, by=by, organisation=name)


def withdraw_invitation(user: User, *, by: User, organisation: Organisation, on: datetime.date) -> None:
    """Take an invitation back. Raises PermissionDenied for one that is another authority's too."""
    _may_change(user, organisation, by, on)
    invitations.withdraw(user, by=by)


def why_not_invite(user: User, organisation: Organisation, *, by: User, on: datetime.date) -> str:
    """Why an administrator may not invite somebody: a sentence, or "" when they may. Who works for another authority too may be invited by
    either, but not anew while an invitation is open: it may be the other's.
    """
    refusal = why_not_change(user, organisation, by=by, on=on)
    return "" if refusal == WORKS_ELSEWHERE and invitations.waiting(user) is None else refusal


def _may_change(user: User, organisation: Organisation, by: User, on: datetime.date) -> None:
    if refusal := why_not_change(user, organisation, by=by, on=on):
        raise PermissionDenied(refusal)


def _hold(user: User) -> None:
    """Lock a person's row and read it anew. After their invitations: whoever takes one up holds that first, and then the person."""
    user.refresh_from_db(from_queryset=models.QuerySet(User).select_for_update(no_key=True))


def _heads_remain(user: User, without: datetime.date | None) -> bool:
    """Whether every virtual school of which somebody is head has another from the day on which their account no longer works."""
    if without is None:
        return True
    roles = Membership.objects.filter(models.Q(ends__isnull=True) | models.Q(ends__gt=without), user=user, role=Relation.HEAD)
    for role in roles.exclude(ends=models.F("starts")):
        since = max(without, role.starts)
        until = min(since + ENOUGH_NOTICE, role.ends or datetime.date.max)
        assert role.virtual_school_id is not None
        if not another_head(role.virtual_school_id, user.pk, since, until):
            return False
    return True


def _tell_person(user: User, rule: str) -> None:
    """Tell a person what was done to their account; who may not sign in is written to."""
    if user.may_sign_in():
        tell(key=f"{rule}:{uuid7()}", recipient=user, rule=rule)
    elif user.email:
        write_to(key=f"{rule}:{uuid7()}", address=user.email, rule=rule)


def _tell_of_its_reopening(user: User, facts: dict[str, Any], *, by: User, on: datetime.date) -> None:
    tell(key=f"account_reopened:{uuid7()}", recipient=user, rule="account_reopened", facts=facts)
    _tell_heads(user, "staff_account_reopened", facts, by=by, on=on)


def _tell_heads_of_its_end(user: User, facts: dict[str, Any], *, by: User, on: datetime.date) -> None:
    """Tell the heads that the account of a member of staff ends; of one who is head, or was lately, in words of its own, and this one too.

    Call it once that is kept, in its transaction.
    """
    going_on = models.Q(ends__isnull=True) | models.Q(ends__gt=on - HEADS_HEAR_FOR)
    lately = set(Membership.objects.filter(going_on, user=user, role=Relation.HEAD).values_list("virtual_school", flat=True))
    for virtual_school in lately:
        assert virtual_school is not None
        tell_each_head(virtual_school, f"head_account_ended:{uuid7()}", "head_account_ended", facts, on=on, but=set())
    _tell_heads(user, "staff_account_ended", facts, by=by, on=on, not_at=lately)


def _tell_heads(
    user: User, rule: str, facts: dict[str, Any], *, by: User, on: datetime.date, not_at: Iterable[uuid.UUID | None] = ()
) -> None:
    """Tell the heads, all but who did it, what was done to the account of somebody who works for them, with the weightiest of their roles.

    Of a virtual school's own staff and of managers at once, of others with the day's digest.
    """
    for virtual_school, roles in _roles_of(user, on).items():
        heard = [role for role in HEARD_OF[rule] if role in roles]
        if heard and virtual_school not in not_at:
            known = {"role": heard[0].value, "others": len(heard) - 1, **facts}
            key, can_wait = f"{rule}:{uuid7()}", heard[0] not in STAFF
            tell_each_head(virtual_school, key, rule, known, on=on, but={by.pk}, together=can_wait)


def _roles_of(user: User, on: datetime.date) -> dict[uuid.UUID, set[Relation]]:
    """In which roles a person works, or is to work, for which virtual schools: at a place, or with children by allocation."""
    going_on = models.Q(ends__isnull=True) | models.Q(ends__gt=on)
    found: dict[uuid.UUID, set[Relation]] = defaultdict(set)
    held = Membership.objects.filter(going_on, user=user).exclude(ends=models.F("starts"))
    for membership in held.select_related("team__authority", "authority"):
        if virtual_school := virtual_school_of(membership):
            found[virtual_school].add(Relation(membership.role))
    for table in tables_of_children():
        rows: models.QuerySet[Any] = models.QuerySet(table).filter(going_on, user=user).exclude(ends=models.F("starts")).order_by()
        of = rows.values_list("content_object__authority__virtual_school", "permission__codename").distinct()
        for virtual_school, role in of:
            found[virtual_school].add(Relation(role))
    return found
