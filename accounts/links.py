"""The links that let somebody in who cannot sign in: of invitations, and for a new password.

Neither is kept anywhere. An invitation's token is made from its key with the product's secret, so that an e-mail which has to be sent
again carries the same link; the table holds only the token's hash.
"""

import base64
import hashlib
import uuid

from django.contrib.auth.tokens import PasswordResetTokenGenerator
from django.urls import reverse
from django.utils import timezone
from django.utils.crypto import salted_hmac

from accounts.models import Invitation, User


class ResetTokens(PasswordResetTokenGenerator):
    """Tokens for a new password: they die with use, with a sign-in, with a change of address, and after PASSWORD_RESET_TIMEOUT."""

    key_salt = "accounts.links.ResetTokens"


def invitation_token(invitation_id: uuid.UUID) -> str:
    """The secret part of an invitation's link: 256 bits that only who knows the site's secret key can make."""
    digest = salted_hmac("accounts.links.invitation", str(invitation_id), algorithm="sha256").digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def token_hash(token: str) -> str:
    """What the table keeps of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


def invitation_path(invitation: Invitation) -> str:
    """The address, within the site, at which an invitation is taken up."""
    return reverse("invitation", args=[invitation_token(invitation.pk)])


def is_open(invitation: Invitation) -> bool:
    """Whether an invitation can still be taken up: not used, withdrawn or too old, and still to the person's own address."""
    unused = invitation.accepted_at is None and invitation.withdrawn_at is None and timezone.now() < invitation.expires_at
    person = invitation.user
    return unused and person.email == invitation.email and person.may_sign_in() and not person.has_usable_password()


def open_invitation(invitation_id: uuid.UUID) -> Invitation | None:
    """An invitation that can still be taken up."""
    invitation = Invitation.objects.select_related("user").filter(pk=invitation_id).first()
    return invitation if invitation is not None and is_open(invitation) else None


def reset_path(user: User) -> str:
    """The address, within the site, at which this person can choose a new password, once and for an hour from now."""
    return reverse("account_reset_password_from_key", args=[user.pk.hex, ResetTokens().make_token(user)])
