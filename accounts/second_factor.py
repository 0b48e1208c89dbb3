"""Whether a person has a second factor, and taking it away when they can no longer use it."""

from typing import Any

from allauth.mfa.models import Authenticator
from django.db import transaction
from django.utils import timezone

from accounts.authorship import save_by
from accounts.models import User


def has_second_factor(user: Any) -> bool:
    """Whether a person has an authenticator app or a passkey; recovery codes alone are none."""
    return Authenticator.objects.filter(user=user).exclude(type=Authenticator.Type.RECOVERY_CODES).exists()


def reset_second_factor(user: User, *, by: User | None, because: str) -> None:
    """Remove every second factor of a person and end their sign-ins. The reason stands in the person's history."""
    with transaction.atomic():
        Authenticator.objects.filter(user=user).delete()
        user.signed_out_at = timezone.now()
        save_by(user, by=by, because=because)
