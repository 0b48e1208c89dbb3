"""Bringing people in: an invitation is a link, sent to one address, with which its owner chooses a password once."""

import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from accounts.audit import uuid7
from accounts.authorship import save_by
from accounts.links import invitation_token, is_open, token_hash
from accounts.models import Invitation, User
from accounts.outbox import tell

VALID_FOR = datetime.timedelta(days=7)


def invite(user: User, *, by: User | None, organisation: str) -> Invitation:
    """Send a person the link with which they choose a password; earlier links of theirs stop working.

    ``organisation`` is who invites, as the e-mail says. Raises ValidationError when there is nobody to write to, or no need.
    """
    if not user.email:
        raise ValidationError("There is no e-mail address to send an invitation to.")
    if user.has_usable_password():
        raise ValidationError(f"{user.name} has an account already and can sign in, or ask for a new password.")
    if not user.may_sign_in():
        raise ValidationError("This account is deactivated or has ended. Reactivate it first.")
    with transaction.atomic():
        withdraw(user, by=by)
        key = uuid7()
        invitation = Invitation(
            id=key, user=user, email=user.email, token_hash=token_hash(invitation_token(key)), invited_by=by, organisation=organisation,
            expires_at=timezone.now() + VALID_FOR,
        )  # fmt: skip
        save_by(invitation, by=by)
        tell(key=f"invitation:{key}", recipient=user, rule="invitation", facts={"invitation": key})
    return invitation


def withdraw(user: User, *, by: User | None) -> int:
    """Make every open invitation of a person useless; returns how many there were."""
    waiting = Invitation.objects.select_for_update().filter(user=user, accepted_at__isnull=True, withdrawn_at__isnull=True)
    with transaction.atomic():
        withdrawn = list(waiting)
        for invitation in withdrawn:
            invitation.withdrawn_at = timezone.now()
            save_by(invitation, by=by)
    return len(withdrawn)


def find(token: str) -> Invitation | None:
    """The invitation a link belongs to, while it can be taken up; used, withdrawn, old and made-up links are all alike: None."""
    found = Invitation.objects.select_related("user").filter(token_hash=token_hash(token)).first()
    return found if found is not None and is_open(found) else None


def accept(token: str, password: str) -> User | None:
    """Take up an invitation with a password that has been checked. None when the link no longer works, also in a race for it."""
    with transaction.atomic():
        locked = Invitation.objects.select_for_update(of=("self",)).select_related("user").filter(token_hash=token_hash(token)).first()
        if locked is None or not is_open(locked):
            return None
        user = locked.user
        locked.accepted_at = timezone.now()
        save_by(locked, by=user)
        user.set_password(password)
        save_by(user, by=user, because="Took up an invitation")
        tell(key=f"password_changed:{locked.pk}", recipient=user, rule="password_changed")
    return user


def latest(user: User) -> Invitation | None:
    """The last invitation a person was sent."""
    return Invitation.objects.filter(user=user).order_by("-created_at").first()


def invite_newcomer(user: User, *, by: User | None, organisation: str) -> bool:
    """Invite somebody who has no account yet; returns whether an invitation was sent.

    One by somebody else that is still open is left alone: to send one anew would take that one back, and with either they have the same
    account. Raises ValidationError when there is nobody to write to.
    """
    held = waiting(user)
    if user.has_usable_password() or (held is not None and held.organisation != organisation):
        return False
    invite(user, by=by, organisation=organisation)
    return True


def waiting(user: User) -> Invitation | None:
    """The invitation that a person can still take up, if there is one."""
    last = latest(user)
    return last if last is not None and is_open(last) else None
