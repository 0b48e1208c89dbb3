"""People at the door: how the tests sign in, with password and code, as a browser would."""

import datetime
import time
from typing import Any

from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.adapters import SecondFactorAdapter
from accounts.models import User
from schools.timetable import add_working_days

PASSWORD = "marigold teaspoon orbit"
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


def add_person(name: str = "Anna Able", *, password: str | None = PASSWORD, app: bool = True, **fields: Any) -> User:
    """A person with a password and an authenticator app, unless told otherwise."""
    email = fields.pop("email", f"{name.split()[0].lower()}@example.test")
    user = User.objects.create_user(email, name, password=password, **fields)
    if app:
        TOTP.activate(user, SECRET)
    return user


def by_day() -> datetime.datetime:
    """The next working day at noon, when no hours are quiet and nobody has a day off."""
    noon = timezone.localtime().replace(hour=12)
    return noon + (add_working_days(noon.date(), 1) - noon.date())


def code(steps: int = 0) -> str:
    """The code that the app shows now, or some steps of 30 seconds later."""
    return format_hotp_value(hotp_value(SECRET, int(time.time()) // 30 + steps))


def enter_password(client: Client, email: str, password: str = PASSWORD, **extra: Any) -> Any:
    """Post the sign-in page."""
    url = reverse("account_login") + (f"?next={extra.pop('next')}" if "next" in extra else "")
    return client.post(url, {"login": email, "password": password}, **extra)


def enter_code(client: Client, digits: str) -> Any:
    """Post the page of the second factor."""
    return client.post(reverse("mfa_authenticate"), {"code": digits})


def sign_in(client: Client, user: User, steps: int = 0) -> Any:
    """Password, then code. ``steps`` takes another code than the present one, for a second sign-in within half a minute."""
    assert user.email
    enter_password(client, user.email)
    return enter_code(client, code(steps))


def is_signed_in(client: Client) -> bool:
    """Whether the account page opens."""
    return client.get(reverse("account")).status_code == 200


def recovery_codes(user: User) -> list[str]:
    """A person's unused recovery codes."""
    return Authenticator.objects.get(user=user, type=Authenticator.Type.RECOVERY_CODES).wrap().get_unused_codes()


def secret_as_kept(user: User) -> str:
    """The app's secret as it stands in the table."""
    return Authenticator.objects.get(user=user, type=Authenticator.Type.TOTP).data["secret"]


def decrypted(text: str) -> str:
    """What a kept secret means."""
    return SecondFactorAdapter().decrypt(text)
