"""Signing in: password, then second factor; nothing works between the two, and nobody learns who has an account."""

import time
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.conf import settings
from django.test import Client, override_settings
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from accounts.middleware import SET_UP_PAGES
from tests.accounts.signing_in import (
    PASSWORD,
    SECRET,
    add_person,
    code,
    decrypted,
    enter_code,
    enter_password,
    is_signed_in,
    recovery_codes,
    secret_as_kept,
    sign_in,
)

pytestmark = pytest.mark.django_db


def test_password_and_code_together_sign_in(client: Client) -> None:
    anna = add_person()
    after_password = enter_password(client, "anna@example.test")
    assert after_password.headers["Location"] == reverse("mfa_authenticate")
    assert not is_signed_in(client)
    assert enter_code(client, code()).headers["Location"] == "/"
    assert is_signed_in(client)
    assert client.session["_auth_user_id"] == str(anna.pk)


def test_the_session_gets_another_key_when_somebody_signs_in(client: Client) -> None:
    """B9."""
    anna = add_person()
    enter_password(client, "anna@example.test")
    before = client.session.session_key
    enter_code(client, code())
    assert anna and before != client.session.session_key


def test_the_address_may_be_typed_in_any_letters(client: Client) -> None:
    add_person()
    enter_password(client, " ANNA@Example.Test ")
    assert enter_code(client, code()).status_code == 302
    assert is_signed_in(client)


def test_signing_in_leads_back_to_the_page_that_was_asked_for(client: Client) -> None:
    add_person()
    asked = reverse("message-list")
    assert client.get(asked).headers["Location"] == f"{reverse('account_login')}?next={asked}"
    enter_password(client, "anna@example.test", next=asked)
    assert enter_code(client, code()).headers["Location"] == asked


@pytest.mark.parametrize("away", ["https://evil.example/", "//evil.example/", "https:evil.example", "javascript:alert(1)"])
def test_signing_in_leads_nowhere_else(client: Client, away: str) -> None:
    add_person()
    enter_password(client, "anna@example.test", next=away)
    assert enter_code(client, code()).headers["Location"] == "/"


def test_a_wrong_password_and_an_unknown_address_get_the_same_answer(client: Client) -> None:
    """B3."""
    add_person()
    wrong = enter_password(client, "anna@example.test", "not the password at all").content.decode()
    unknown = enter_password(client, "anne@example.test", "not the password at all").content.decode()
    assert "is not right" in wrong

    def without_what_was_typed(page: str, address: str) -> str:
        lines = page.replace(address, "ADDRESS").splitlines()
        return "\n".join(line for line in lines if "csrfmiddlewaretoken" not in line)

    assert without_what_was_typed(wrong, "anna@example.test") == without_what_was_typed(unknown, "anne@example.test")


def test_a_person_without_a_password_cannot_sign_in(client: Client) -> None:
    add_person(password=None)
    assert enter_password(client, "anna@example.test", "").status_code == 200
    assert enter_password(client, "anna@example.test", "!").status_code == 200
    assert not is_signed_in(client)


def test_ten_wrong_passwords_block_the_account_for_five_minutes_and_not_for_another_computer_forever(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """B2."""
    add_person()
    for _ in range(10):
        assert "is not right" in enter_password(client, "anna@example.test", "not the password").content.decode()
    assert "too many wrong tries" in enter_password(client, "anna@example.test").content.decode()
    now = time.time()
    monkeypatch.setattr("time.time", lambda: now + 301)
    elsewhere = Client(REMOTE_ADDR="10.1.2.3")
    assert enter_password(elsewhere, "anna@example.test").headers["Location"] == reverse("mfa_authenticate")


def test_ten_wrong_codes_block_the_second_factor(client: Client) -> None:
    """B1."""
    add_person()
    enter_password(client, "anna@example.test")
    for _ in range(10):
        enter_code(client, "000000")
    assert "too many wrong tries" in enter_code(client, code()).content.decode()
    assert not is_signed_in(client)


def test_the_limits_need_no_redis() -> None:
    assert settings.CACHES["default"]["BACKEND"] == "django.core.cache.backends.db.DatabaseCache"


def test_a_code_works_once(client: Client) -> None:
    """B1."""
    anna = add_person()
    digits = code()
    enter_password(client, "anna@example.test")
    assert enter_code(client, digits).status_code == 302
    second = Client()
    enter_password(second, "anna@example.test")
    assert "has been used" in enter_code(second, digits).content.decode()
    assert not is_signed_in(second)
    assert anna.is_active


def test_a_code_is_not_good_again_half_a_minute_later(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    add_person()
    digits = code()
    enter_password(client, "anna@example.test")
    enter_code(client, digits)
    now = time.time()
    monkeypatch.setattr("time.time", lambda: now + 31)
    second = Client()
    enter_password(second, "anna@example.test")
    enter_code(second, digits)
    assert not is_signed_in(second)


def test_a_phone_whose_clock_is_half_a_minute_off_signs_in(client: Client) -> None:
    add_person()
    enter_password(client, "anna@example.test")
    assert enter_code(client, code(1)).status_code == 302


def test_a_recovery_code_works_once(client: Client) -> None:
    """B1."""
    anna = add_person()
    RecoveryCodes.activate(anna)
    first = recovery_codes(anna)[0]
    enter_password(client, "anna@example.test")
    assert enter_code(client, first).status_code == 302
    assert first not in recovery_codes(anna)
    second = Client()
    enter_password(second, "anna@example.test")
    enter_code(second, first)
    assert not is_signed_in(second)


def test_secrets_of_the_second_factor_are_kept_encrypted() -> None:
    anna = add_person()
    assert SECRET not in secret_as_kept(anna)
    assert decrypted(secret_as_kept(anna)) == SECRET


def test_signing_in_writes_no_second_list_of_addresses(client: Client) -> None:
    sign_in(client, add_person())
    assert EmailAddress.objects.count() == 0


def every_address() -> list[tuple[str, str]]:
    """Name and path of every address of the product, with some value for each part that varies."""
    samples = {
        "uuid": "0190a0a0-0000-7000-8000-000000000000",
        "slug": "x",
        "int": "1",
        "str": "x",
    }

    def walk(patterns: list[URLPattern | URLResolver], prefix: str, namespace: str) -> list[tuple[str, str]]:
        found: list[tuple[str, str]] = []
        for pattern in patterns:
            route = prefix + str(pattern.pattern)
            if isinstance(pattern, URLResolver):
                found += walk(pattern.url_patterns, route, f"{namespace}{pattern.namespace}:" if pattern.namespace else namespace)
            elif "(?P" not in route:
                for kind, sample in samples.items():
                    while f"<{kind}:" in route:
                        start = route.index(f"<{kind}:")
                        route = route[:start] + sample + route[route.index(">", start) + 1 :]
                found.append((f"{namespace}{pattern.name}", "/" + route))
        return found

    return walk(get_resolver().url_patterns, "", "")


OPEN_TO_ALL = {
    "healthz", "account_login", "account_logout", "account_inactive", "account_reset_password", "account_reset_password_done",
    "account_reset_password_from_key_done", "invitation", "mfa_authenticate",
}  # fmt: skip
# Pages that tell anybody about the service, where they exist.
ABOUT_THE_SERVICE = {"help", "accessibility", "privacy"}


def turned_away(answer: Any) -> bool:
    """Sent to sign in, or given back the text that was posted, with nothing done (401)."""
    doors = (reverse("account_login"), reverse("mfa_authenticate"))
    return answer.status_code == 401 or answer.status_code == 302 and answer.headers["Location"].startswith(doors)


@pytest.mark.parametrize("method", ["get", "post"])
def test_no_address_opens_for_nobody(client: Client, method: str) -> None:
    reached = []
    for name, path in every_address():
        if not turned_away(getattr(client, method)(path)):
            reached.append(name)
    # The second factor without a password before it is sent to sign-in as well.
    assert set(reached) - ABOUT_THE_SERVICE <= OPEN_TO_ALL - {"mfa_authenticate"}


@pytest.mark.parametrize("method", ["get", "post"])
def test_no_address_opens_between_password_and_second_factor(client: Client, method: str) -> None:
    """B1."""
    add_person()
    enter_password(client, "anna@example.test")
    stage = dict(client.session)
    for name, path in every_address():
        if name in OPEN_TO_ALL | ABOUT_THE_SERVICE:
            continue
        assert turned_away(getattr(client, method)(path)), name
    assert "_auth_user_id" not in stage


@pytest.mark.parametrize("method", ["get", "post"])
def test_without_a_second_factor_only_setting_one_up_opens(client: Client, method: str) -> None:
    """B1."""
    add_person(app=False)
    answer = enter_password(client, "anna@example.test")
    assert answer.headers["Location"] == "/"
    assert client.get("/").headers["Location"] == reverse("second_factor_setup")
    for name, path in every_address():
        if name in OPEN_TO_ALL | ABOUT_THE_SERVICE | SET_UP_PAGES:
            continue
        answer = getattr(client, method)(path)
        assert (answer.status_code, answer.headers.get("Location")) == (302, reverse("second_factor_setup")), name


def test_setting_up_an_app_opens_the_product_and_shows_the_recovery_codes_once(client: Client) -> None:
    anna = add_person(app=False)
    enter_password(client, "anna@example.test")
    page = client.get(reverse("mfa_activate_totp"))
    assert page.status_code == 200, "no password is asked again straight after signing in"
    secret = page.context["form"].secret
    assert secret in page.content.decode()
    assert Authenticator.objects.filter(user=anna).count() == 0
    digits = format_hotp_value(hotp_value(secret, int(time.time()) // 30))
    assert client.post(reverse("mfa_activate_totp"), {"code": digits}).headers["Location"] == reverse("mfa_view_recovery_codes")
    codes = recovery_codes(anna)
    first = client.get(reverse("mfa_view_recovery_codes")).content.decode()
    assert len(codes) == 10 and all(one in first for one in codes)
    again = client.get(reverse("mfa_view_recovery_codes")).content.decode()
    assert not any(one in again for one in codes)
    assert is_signed_in(client)


def test_the_last_second_factor_cannot_be_removed(client: Client) -> None:
    anna = add_person()
    sign_in(client, anna)
    page = client.post(reverse("mfa_deactivate_totp"))
    assert "before you remove this one" in page.content.decode()
    assert Authenticator.objects.filter(user=anna, type="totp").exists()


def test_changing_the_second_factor_asks_for_the_password_ten_minutes_after_signing_in(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """B10."""
    sign_in(client, add_person())
    assert client.get(reverse("mfa_add_webauthn")).status_code == 200
    now = time.time()
    monkeypatch.setattr("time.time", lambda: now + 601)
    asked = client.get(reverse("mfa_add_webauthn"))
    assert asked.headers["Location"].startswith(reverse("account_reauthenticate"))
    assert "not right" in client.post(asked.headers["Location"], {"password": "something else"}).content.decode()
    assert client.post(asked.headers["Location"], {"password": PASSWORD}).headers["Location"] == reverse("mfa_add_webauthn")
    assert client.get(reverse("mfa_add_webauthn")).status_code == 200


def test_what_allauth_could_do_besides_has_no_address() -> None:
    names = {name for name, _ in every_address()}
    for unused in ("account_signup", "account_email", "account_set_password", "account_request_login_code", "mfa_login_webauthn"):
        assert unused not in names


def test_password_boxes_let_managers_fill_and_paste(client: Client) -> None:
    """B4."""
    page = client.get(reverse("account_login")).content.decode()
    assert 'autocomplete="username"' in page
    assert 'autocomplete="current-password"' in page
    assert "onpaste" not in page and "maxlength" not in page


def test_signing_out_needs_a_post_and_clears_what_the_browser_kept(client: Client) -> None:
    """B11."""
    sign_in(client, add_person())
    client.get(reverse("account_logout"))
    assert is_signed_in(client)
    answer = client.post(reverse("account_logout"))
    assert answer.headers["Clear-Site-Data"] == '"cache"'
    assert not is_signed_in(client)


def test_a_stranger_who_goes_on_trying_does_not_keep_the_person_out(client: Client) -> None:
    """B2: fifty wrong passwords from one address, and the true person gets in from another."""
    add_person()
    stranger = Client(REMOTE_ADDR="10.9.9.9")
    pages = [enter_password(stranger, "anna@example.test", "not the password").content.decode() for _ in range(50)]
    assert "is not right" in pages[9] and "too many wrong tries" in pages[10] and "too many wrong tries" in pages[49]
    elsewhere = Client(REMOTE_ADDR="10.1.2.3")
    assert enter_password(elsewhere, "anna@example.test").headers["Location"] == reverse("mfa_authenticate")


def test_very_many_wrong_passwords_from_many_addresses_do_block_the_account() -> None:
    """B2: a hundred in a quarter of an hour; here it is twenty, for each takes time."""
    assert settings.ACCOUNT_RATE_LIMITS["login_failed_anywhere"] == "100/15m/key"
    add_person()
    with override_settings(ACCOUNT_RATE_LIMITS={**settings.ACCOUNT_RATE_LIMITS, "login_failed_anywhere": "20/15m/key"}):
        for number in range(20):
            enter_password(Client(REMOTE_ADDR=f"10.9.{number // 10}.1"), "anna@example.test", "not the password")
        page = enter_password(Client(REMOTE_ADDR="10.1.2.3"), "anna@example.test").content.decode()
    assert "too many wrong tries" in page


def test_a_right_password_is_not_counted_as_a_try(client: Client) -> None:
    """B2."""
    add_person()
    for _ in range(12):
        assert enter_password(Client(), "anna@example.test").status_code == 302
