"""The forms of sign-in, of passwords and of the second factor, in plain words and with the hints password managers need."""

from typing import Any

from allauth.account import forms as account_forms
from allauth.mfa.base import forms as mfa_forms
from allauth.mfa.totp import forms as totp_forms
from allauth.mfa.webauthn import forms as webauthn_forms
from django import forms
from django.contrib.auth.password_validation import validate_password
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest

from accounts.fields import PlainWords, plain_messages
from accounts.models import ResetRequest, User
from accounts.passwords import HINT
from accounts.tasks import answer_reset_requests

# A code is accepted for three steps of 30 seconds, and remembered for longer than that.
CODE_REMEMBERED_SECONDS = 180
LONGEST_PASSWORD = 1024


def _tidy(form: forms.Form, **words: dict[str, Any]) -> None:
    """Give fields of allauth's forms our words, and take the placeholders out."""
    for name, field in form.fields.items():
        field.widget.attrs.pop("placeholder", None)
        for key, value in words.get(name, {}).items():
            if key in ("label", "help_text"):
                setattr(field, key, value)
            else:
                field.widget.attrs[key] = value
        field.error_messages.update(plain_messages(str(field.label), field))


class SignIn(account_forms.LoginForm):
    """E-mail address and password."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _tidy(self, login={"label": "E-mail address", "autocomplete": "username"}, password={"help_text": ""})


class AskForReset(PlainWords, forms.Form):
    """The address of somebody who has forgotten their password; whose it is, is not looked up here."""

    email = forms.EmailField(label="E-mail address", widget=forms.EmailInput(attrs={"autocomplete": "username"}))

    def save(self, request: HttpRequest, **kwargs: Any) -> str:
        """Note the address for the worker."""
        with transaction.atomic():
            ResetRequest.objects.create(email=self.cleaned_data["email"])
            answer_reset_requests.delay_on_commit()  # type: ignore[attr-defined]
        return self.cleaned_data["email"]


class NewPassword(account_forms.ResetPasswordKeyForm):
    """A new password after a reset, typed once: it can be shown."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        del self.fields["password2"]
        _tidy(self, password1={"label": "New password", "help_text": HINT})


class ChangePassword(account_forms.ChangePasswordForm):
    """The present password and a new one."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        del self.fields["password2"]
        _tidy(self, oldpassword={"label": "Present password"}, password1={"label": "New password", "help_text": HINT})


class ConfirmPassword(account_forms.ReauthenticateForm):
    """The password, asked again before something that matters."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _tidy(self, password={"help_text": ""})


class FirstPassword(PlainWords, forms.Form):
    """The password with which an invitation is taken up."""

    password = forms.CharField(
        label="Choose a password", help_text=HINT, strip=False, max_length=LONGEST_PASSWORD,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )  # fmt: skip

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        self.user = user
        super().__init__(*args, **kwargs)

    def clean_password(self) -> str:
        """Raises ValidationError for a password that is too easy to guess."""
        password = self.cleaned_data["password"]
        validate_password(password, self.user)
        return password


def _use_once(user: User, code: str) -> None:
    """Remember a code that was right. Raises ValidationError when it was used before: who looked over a shoulder comes too late."""
    digits = "".join(letter for letter in code if letter.isalnum())
    if not cache.add(f"accounts.code:{user.pk}:{digits}", 1, timeout=CODE_REMEMBERED_SECONDS):
        raise ValidationError("This code has been used. Wait for the next one and enter that.")


CODE = {"label": "Code", "help_text": "The 6 digits your authenticator app shows, or a recovery code.", "inputmode": "numeric"}


class EnterCode(mfa_forms.AuthenticateForm):
    """A code of the authenticator app, or a recovery code, at sign-in."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _tidy(self, code={**CODE, "class": "govuk-input--width-10"})

    def clean_code(self) -> str:
        """Raises ValidationError for a code that is wrong, or right for the second time."""
        code = super().clean_code()
        _use_once(self.user, code)
        return code


class ConfirmCode(mfa_forms.ReauthenticateForm):
    """A code, asked again before something that matters."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _tidy(self, code={**CODE, "class": "govuk-input--width-10"})

    def clean_code(self) -> str:
        """Raises ValidationError for a code that is wrong, or right for the second time."""
        code = super().clean_code()
        _use_once(self.user, code)
        return code


class AddApp(totp_forms.ActivateTOTPForm):
    """The first code of a new authenticator app."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        words = {"label": "6-digit code", "help_text": "The app shows it once you have scanned the square or typed the key."}
        _tidy(self, code={**words, "inputmode": "numeric", "class": "govuk-input--width-10"})

    def clean_code(self) -> str:
        """Raises ValidationError for a wrong code; the code that set the app up does not sign anybody in."""
        code = super().clean_code()
        _use_once(self.user, code)
        return code


class AddPasskey(webauthn_forms.AddWebAuthnForm):
    """A name for a new passkey; the browser adds the rest."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _tidy(self, name={"label": "Name of the passkey", "help_text": "So that you know it again, such as “Work laptop”."})


class RenamePasskey(webauthn_forms.EditWebAuthnForm):
    """Another name for a passkey."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _tidy(self, name={"label": "Name of the passkey"})
