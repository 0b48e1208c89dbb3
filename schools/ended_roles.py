"""How a role ends: by an account administrator, who can only bring its end forward, or by its date; and who is told of it."""

import datetime
import uuid
from typing import Any

from django.conf import settings
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import models, transaction
from django.utils import timezone
from django.utils.module_loading import import_string

from accounts.audit import uuid7
from accounts.authorship import save_by
from accounts.models import User
from accounts.outbox import tell
from accounts.policy import Relation
from schools.memberships import STAFF, Organisation, tell_each_head, virtual_school_of, why_not_grant
from schools.models import Membership
from schools.timetable import ONE_DAY

# How many nights that were missed are made up for.
LOOKS_BACK = datetime.timedelta(days=14)

# For how long after one head there must be another: no shorter than that it can be seen to that the next is found.
ENOUGH_NOTICE = datetime.timedelta(days=28)

HAS_ENDED = "This role has ended. Whoever is to have it again is given it again."
ENDS_ALREADY = "This role ends after {day} already. An end can only be brought forward: to have it for longer, give the role again."
HEAD_TODAY = "A head’s last day is today at the earliest, so that the heads hear of it before it takes effect."
ONLY_HEAD = (
    "This is the only head of the virtual school, on that day or in the four weeks after it."
    " Give the next head the role first; or close the account, if it is urgent."
)


def has_ended(membership: Membership, on: datetime.date) -> bool:
    """Whether a role is over on a day; one that was ended before its first day is so at once."""
    return membership.ends is not None and membership.ends <= max(on, membership.starts)


def why_not_end(membership: Membership, ends: datetime.date, on: datetime.date) -> str:
    """Why a role cannot end on this day, the first on which it is not held any more: a sentence, or "" when it can.

    What ended stays ended, and nothing becomes longer: that would give a role of which no head hears, and say of days gone by that it
    was held on them.
    """
    if has_ended(membership, on):
        return HAS_ENDED
    if membership.ends is not None and ends >= membership.ends:
        last = membership.ends - ONE_DAY
        return ENDS_ALREADY.format(day=f"{last.day} {last:%B %Y}")
    if membership.role == Relation.HEAD and membership.starts <= on:
        if ends <= on:
            return HEAD_TODAY
        assert membership.virtual_school_id is not None
        until = min(ends + ENOUGH_NOTICE, membership.ends or datetime.date.max)
        if not another_head(membership.virtual_school_id, membership.user_id, ends, until):
            return ONLY_HEAD
    return ""


def end_role(membership: Membership, *, by: User, organisation: Organisation, last_day: datetime.date, because: str = "") -> None:
    """End a role after its last day, and tell the person, and the heads of one of their staff or managers. One that had not begun never
    begins.

    Raises PermissionDenied when it is not theirs to end, ValidationError for what ``why_not_end`` finds; then nothing changes.
    """
    if refusal := why_not_grant(membership, organisation, by=by):
        raise PermissionDenied(refusal)
    today, virtual_school = timezone.localdate(), virtual_school_of(membership)
    with transaction.atomic():
        # Held, so that of two administrators the second finds the end that the first has set.
        membership.refresh_from_db(fields=["starts", "ends"], from_queryset=models.QuerySet(Membership).select_for_update(no_key=True))
        ends = max(membership.starts, last_day + ONE_DAY)
        if refusal := why_not_end(membership, ends, today):
            raise ValidationError(refusal)
        membership.ends = ends
        save_by(membership, by=by, because=because or "Role ended")
        facts = {"role": membership.role, "on": ends - ONE_DAY}
        if ends > today:  # and that it has ended, on that day
            tell(key=f"role_ending:{uuid7()}", recipient=membership.user, rule="role_ending", facts=facts)
        elif membership.starts < ends:
            _tell_ended(membership)
        if ends <= today:
            access_ended(membership.user_id)
        if virtual_school is not None and membership.role in STAFF:
            tell_each_head(virtual_school, f"staff_role_ended:{uuid7()}", "staff_role_ended", facts, on=today, but={membership.user_id})


def access_ended(person_id: uuid.UUID) -> None:
    """Once this is certain, take out of their calendar the meetings about children whom they can see no more.

    In a transaction of its own: it holds plans, and whoever holds a plan and writes to this person waits for this one.
    """
    transaction.on_commit(lambda: import_string(settings.ACCESS_ENDED)(person_id), robust=True)


def another_head(virtual_school: uuid.UUID, but: uuid.UUID, since: datetime.date, until: datetime.date) -> bool:
    """Whether on every day from ``since`` on, before ``until``, somebody else is head whose account is open and works."""
    heads = Membership.objects.filter(role=Relation.HEAD, virtual_school=virtual_school, user__is_active=True).exclude(user=but)
    spans = list(heads.values_list("starts", "ends", "user__expires_on"))
    day = since
    while day < until:
        reached = max((min(role or until, account or until) for starts, role, account in spans if starts <= day), default=day)
        if reached <= day:
            return False
        day = reached
    return True


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
