"""What allauth, which runs sign-in and the second factor, does our way: nobody signs up, all mail goes through our outbox."""

import base64
import hashlib
import time
from typing import Any
from urllib.parse import urlsplit

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.auth_backends import AuthenticationBackend
from allauth.account.internal.stagekit import clear_login
from allauth.core.internal import ratelimit
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.encoding import force_bytes

from accounts.audit import uuid7
from accounts.models import User
from accounts.outbox import tell
from accounts.sessions import FRESH_SECONDS, begin, signed_in_at, skips_second_factor

PRODUCT = "Education Plans"


class Backend(AuthenticationBackend):
    """Finds people by address and password; whoever may not sign in today is nobody, at sign-in and at every request after it."""

    def user_can_authenticate(self, user: Any) -> bool:
        """Whether the account is active and has not ended."""
        return user is not None and user.may_sign_in()


class AccountAdapter(DefaultAccountAdapter):
    """Sign-in with password."""

    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "email_password_mismatch": "The e-mail address or the password is not right.",
        "incorrect_password": "The password is not right.",
        "too_many_login_attempts": "There were too many wrong tries. Wait 5 minutes, then try again.",
        "rate_limited": "There were too many tries. Wait a few minutes, then try again.",
        "enter_current_password": "The present password is not right.",
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Nobody makes their own account: people are invited."""
        return False

    def get_login_stages(self) -> list[str]:
        """After the password comes the second factor, and nothing else."""
        return ["allauth.mfa.stages.AuthenticateStage"]

    def pre_login(self, request: HttpRequest, user: User, **kwargs: Any) -> HttpResponse | None:  # type: ignore[override]
        """Turn away those who know the password of an account that has ended."""
        if not user.may_sign_in():
            clear_login(request)
            return self.respond_user_inactive(request, user)
        return None

    def login(self, request: HttpRequest, user: User) -> None:  # type: ignore[override]
        """Sign in, and note when."""
        super().login(request, user)
        begin(request.session)

    def reauthenticate(self, user: User, password: str) -> bool:  # type: ignore[override]
        """Whether this is the password of the person who is signed in, counted like a sign-in."""
        return self.authenticate(self.request, email=user.email, password=password) == user

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Count a try before it is made: by the computer's address, by account and address, and generously by account alone.

        Raises ValidationError when there were too many. What one address may not try any more is not counted against the account, so
        nobody is kept out by a stranger who goes on trying.
        """
        super().pre_authenticate(request, **credentials)
        everywhere = ratelimit.consume(
            request,
            app="allauth.account",
            action="login_failed_anywhere",
            key=super()._get_login_attempts_cache_key(request, **credentials),
        )
        if not everywhere:
            self._rollback_login_failed_rl_usage()
            raise self.validation_error("too_many_login_attempts")
        self._login_failed_rl_usage.usage += everywhere.usage  # given back with the others when the password is right

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        """What allauth counts wrong passwords by: the account as tried from one address."""
        return f"{super()._get_login_attempts_cache_key(request, **credentials)}:{ratelimit.get_ip(request)}"

    def _delete_login_attempts_cached_email(self, request: HttpRequest, **credentials: Any) -> None:
        """After a new password was chosen by e-mail, whoever did may sign in with it."""
        super()._delete_login_attempts_cached_email(request, **credentials)
        key = super()._get_login_attempts_cache_key(request, **credentials)
        ratelimit.clear(request, app="allauth.account", action="login_failed_anywhere", key=key)

    def is_reauthentication_required(self, *, app: str) -> bool:
        """Whether to ask again who it is: not shortly after signing in, and not in the demo, whose people have no passwords."""
        session = self.request.session
        if skips_second_factor(session):
            return False
        began = signed_in_at(session)
        return began is None or time.time() - began > FRESH_SECONDS

    def get_client_ip(self, request: HttpRequest) -> str:
        """The address that the limits count for; behind a socket without a declared proxy everybody shares one."""
        if not request.META.get("REMOTE_ADDR") and not settings.ALLAUTH_TRUSTED_PROXY_COUNT:
            return "unknown"
        return super().get_client_ip(request)

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """allauth sends nothing by itself."""

    def send_notification_mail(self, template_prefix: str, user: User, context: Any = None, email: str | None = None) -> None:  # type: ignore[override]
        """Tell a person that something about how they sign in has changed."""
        rule = "password_changed" if template_prefix.startswith("account/email/password") else "second_factor_changed"
        tell(key=f"{rule}:{uuid7()}", recipient=user, rule=rule)


class SecondFactorAdapter(DefaultMFAAdapter):
    """The second factor: secrets are kept encrypted, and passkeys belong to the site's own address."""

    error_messages = {
        **DefaultMFAAdapter.error_messages,
        "incorrect_code": "This code is not right, or has been used. Wait for the next one and enter that.",
        "cannot_delete_authenticator": "Set up another way to confirm it is you before you remove this one.",
    }

    def get_totp_label(self, user: User) -> str:  # type: ignore[override]
        """How the account is called in the authenticator app."""
        return user.email or user.name

    def get_totp_issuer(self) -> str:
        """How the product is called in the authenticator app."""
        return PRODUCT

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        """Passkeys are bound to the host of SITE_URL, whatever host a request names."""
        return {"id": urlsplit(settings.SITE_URL).hostname or "localhost", "name": PRODUCT}

    def can_delete_authenticator(self, authenticator: Authenticator) -> bool:
        """Nobody removes their last second factor."""
        others = Authenticator.objects.filter(user=authenticator.user).exclude(pk=authenticator.pk)
        return others.exclude(type=Authenticator.Type.RECOVERY_CODES).exists()

    def generate_authenticator_name(self, user: User, type: Authenticator.Type) -> str:  # type: ignore[override]
        """A name to start from."""
        number = Authenticator.objects.filter(user=user, type=type).count() + 1
        return "My passkey" if number == 1 else f"Passkey {number}"

    def encrypt(self, text: str) -> str:
        """A secret as it is kept."""
        return _cipher().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        """A kept secret. Raises cryptography.fernet.InvalidToken when neither the site's key nor its fallbacks made it."""
        return _cipher().decrypt(encrypted_text.encode()).decode()


def _cipher() -> MultiFernet:
    """Encrypts with a key made from SECRET_KEY; reads what SECRET_KEY_FALLBACKS made."""
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    digests = [hashlib.sha256(b"accounts.second-factor:" + force_bytes(key)).digest() for key in keys]
    return MultiFernet([Fernet(base64.urlsafe_b64encode(digest)) for digest in digests])
