"""A new password: nobody learns who has an account, the link works once and for an hour, and the second factor is asked as always."""

import datetime
import re
import statistics
import time
from typing import Any

import pytest
from django.core import mail as outgoing
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from accounts.models import Message, ResetRequest, User
from accounts.tasks import answer_reset_requests, sweep_messages
from tests.accounts.signing_in import PASSWORD, add_person, code, enter_code, enter_password, is_signed_in

GOOD = "lantern pudding velvet"
pytestmark = pytest.mark.django_db


def ask(client: Client, email: str, **extra: Any) -> str:
    """Ask for a new password; the page that follows."""
    return client.post(reverse("account_reset_password"), {"email": email}, follow=True, **extra).content.decode()


def link_sent() -> str:
    """The path of the link in the last e-mail."""
    answer_reset_requests()
    found = re.search(r"https://[^/\s]+(/\S+)", str(outgoing.outbox[-1].body))
    assert found
    return found[1]


def choose(client: Client, path: str, password: str = GOOD) -> str:
    """Open a link and choose a password with it; the page that follows."""
    form = client.get(path, follow=True)
    address = form.redirect_chain[-1][0] if form.redirect_chain else path
    return client.post(address, {"password1": password}, follow=True).content.decode()


def test_the_link_gives_a_new_password_and_the_second_factor_is_still_asked(client: Client) -> None:
    """B5."""
    add_person()
    ask(client, "anna@example.test")
    assert "Your password is changed" in choose(client, link_sent())
    assert not is_signed_in(client)
    assert enter_password(client, "anna@example.test", PASSWORD).status_code == 200, "the old password is gone"
    assert enter_password(client, "anna@example.test", GOOD).headers["Location"] == reverse("mfa_authenticate")
    enter_code(client, code())
    assert is_signed_in(client)


def test_the_person_is_told_that_their_password_was_changed(client: Client) -> None:
    """B5."""
    anna = add_person()
    ask(client, "anna@example.test")
    choose(client, link_sent())
    assert Message.objects.filter(recipient=anna, rule="password_changed").count() == 1
    sweep_messages()
    assert outgoing.outbox[-1].subject == "Your password was changed"


def test_the_link_works_once(client: Client) -> None:
    """B5."""
    add_person()
    ask(client, "anna@example.test")
    path = link_sent()
    choose(client, path)
    assert "no longer works" in Client().get(path, follow=True).content.decode()


def test_the_link_works_for_an_hour(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """B5."""
    add_person()
    ask(client, "anna@example.test")
    path = link_sent()
    now = time.time()
    for seconds, holds in ((59 * 60, True), (61 * 60, False)):
        later = datetime.datetime.fromtimestamp(now + seconds)  # noqa: DTZ006 (as Django's own)
        monkeypatch.setattr("accounts.links.ResetTokens._now", lambda self, later=later: later)
        assert ("no longer works" not in Client().get(path, follow=True).content.decode()) is holds


def test_signing_in_makes_an_old_link_useless(client: Client) -> None:
    add_person()
    ask(client, "anna@example.test")
    path = link_sent()
    enter_password(client, "anna@example.test")
    enter_code(client, code())
    assert "no longer works" in Client().get(path, follow=True).content.decode()


def test_the_page_says_the_same_for_every_address_and_looks_nobody_up(client: Client) -> None:
    """B3."""
    add_person()
    pages = [ask(client, email) for email in ("anna@example.test", "nobody@example.test", "ANNA@example.test")]
    assert len(set(pages)) == 1
    assert Message.objects.count() == 0 and len(outgoing.outbox) == 0, "the page itself only notes the address"
    assert ResetRequest.objects.count() == 3


def test_the_answer_takes_as_long_for_a_known_as_for_an_unknown_address(client: Client) -> None:
    """B3."""
    add_person()
    spent: dict[str, list[float]] = {"known": [], "unknown": []}
    for number in range(20):
        # Each try from another computer and, among the unknown, for another address, so that no limit is met.
        for kind, email in (("known", "anna@example.test"), ("unknown", f"nobody{number}@example.test")):
            before = time.perf_counter()
            client.post(reverse("account_reset_password"), {"email": email}, REMOTE_ADDR=f"10.0.0.{number}")
            spent[kind].append(time.perf_counter() - before)
            ResetRequest.objects.all().delete()
            # The limit for one address would answer sooner.
            cache.clear()
    known, unknown = (statistics.median(spent[kind]) for kind in ("known", "unknown"))
    assert 0.5 < known / unknown < 2


@pytest.mark.parametrize("fields", [{"is_active": False}, {"password": None}], ids=["deactivated", "never had a password"])
def test_nobody_else_is_sent_a_link(client: Client, fields: dict[str, Any]) -> None:
    add_person(**fields)
    ask(client, "anna@example.test")
    assert answer_reset_requests() == 0
    assert not outgoing.outbox and not ResetRequest.objects.exists()


def test_a_forged_host_does_not_get_into_the_link(client: Client) -> None:
    """B5."""
    add_person()
    ask(client, "anna@example.test", HTTP_HOST="evil.example")
    ask(client, "anna@example.test", HTTP_X_FORWARDED_HOST="evil.example")
    answer_reset_requests()
    assert outgoing.outbox
    assert not any("evil.example" in message.body for message in outgoing.outbox)


def test_an_easy_password_is_refused(client: Client) -> None:
    """B4."""
    anna = add_person()
    ask(client, "anna@example.test")
    assert "well-known password" in choose(client, link_sent(), "password123456!")
    assert User.objects.get(pk=anna.pk).check_password(PASSWORD)
