"""When a sign-in ends: by itself, when its person is deactivated or expires, and everywhere at once."""

import datetime
import time
from collections.abc import Callable

import pytest
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.sessions import ABSOLUTE_SECONDS, IDLE_SECONDS
from accounts.tasks import tidy_sessions
from tests.accounts.signing_in import PASSWORD, add_person, enter_password, is_signed_in, sign_in

pytestmark = pytest.mark.django_db
MINUTE = 60


@pytest.fixture
def wait(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Let time pass, in seconds."""
    now = [time.time()]
    monkeypatch.setattr("time.time", lambda: now[0])

    def pass_by(seconds: float) -> None:
        now[0] += seconds

    return pass_by


def test_an_hour_without_a_request_ends_the_sign_in_and_says_so(client: Client, wait: Callable[[float], None]) -> None:
    """B7."""
    sign_in(client, add_person())
    wait(IDLE_SECONDS - 1)
    assert is_signed_in(client)
    wait(IDLE_SECONDS + MINUTE)
    answer = client.get(reverse("message-list"), follow=True)
    assert answer.redirect_chain[-1][0] == f"{reverse('account_login')}?next={reverse('message-list')}"
    assert "nothing happened for an hour" in answer.content.decode()


def test_working_keeps_somebody_signed_in_until_twelve_hours_are_over(client: Client, wait: Callable[[float], None]) -> None:
    """B7."""
    sign_in(client, add_person())
    for _ in range(ABSOLUTE_SECONDS // (50 * MINUTE)):
        wait(50 * MINUTE)
        assert is_signed_in(client)
    wait(30 * MINUTE)
    assert not is_signed_in(client)


def test_use_is_noted_once_a_minute_and_not_at_every_request(client: Client, wait: Callable[[float], None]) -> None:
    sign_in(client, add_person())
    client.get(reverse("account"))
    before = client.session["seen_at"]
    wait(30)
    client.get(reverse("account"))
    assert client.session["seen_at"] == before
    wait(31)
    client.get(reverse("account"))
    assert client.session["seen_at"] > before


def test_deactivating_ends_every_sign_in_at_the_next_request() -> None:
    """B6."""
    anna, office, home = add_person(), Client(), Client()
    sign_in(office, anna)
    sign_in(home, anna, steps=1)
    assert is_signed_in(office) and is_signed_in(home)
    anna.is_active = False
    anna.save()
    assert not is_signed_in(office) and not is_signed_in(home)
    anna.is_active = True
    anna.save()
    assert not is_signed_in(office), "what has ended does not come back"


def test_an_account_ends_on_its_day_without_any_job(client: Client) -> None:
    """B6."""
    anna = add_person()
    sign_in(client, anna)
    anna.expires_on = timezone.localdate() + datetime.timedelta(days=1)
    anna.save()
    assert is_signed_in(client)
    anna.expires_on = timezone.localdate()
    anna.save()
    assert not is_signed_in(client)
    assert enter_password(client, "anna@example.test").headers["Location"] == reverse("account_inactive")
    assert "has ended" in client.get(reverse("account_inactive")).content.decode()


def test_a_deactivated_person_with_a_wrong_password_learns_nothing(client: Client) -> None:
    add_person(is_active=False)
    assert "is not right" in enter_password(client, "anna@example.test", "not the password").content.decode()
    assert enter_password(client, "anna@example.test").headers["Location"] == reverse("account_inactive")
    assert not is_signed_in(client)


def test_changing_the_password_ends_the_other_sign_ins_and_keeps_this_one() -> None:
    anna, here, there = add_person(), Client(), Client()
    sign_in(here, anna)
    sign_in(there, anna, steps=1)
    answer = here.post(reverse("account_change_password"), {"oldpassword": PASSWORD, "password1": "lantern pudding velvet"})
    assert answer.status_code == 302
    assert is_signed_in(here) and not is_signed_in(there)


def test_signing_out_everywhere_ends_every_sign_in() -> None:
    """B11."""
    anna, here, there = add_person(), Client(), Client()
    sign_in(here, anna)
    sign_in(there, anna, steps=1)
    assert here.get(reverse("account_sign_out_everywhere")).status_code == 405
    here.post(reverse("account_sign_out_everywhere"))
    assert not is_signed_in(here) and not is_signed_in(there)
    again = Client()
    sign_in(again, anna, steps=-1)
    assert is_signed_in(again)


def test_ended_sessions_are_removed_from_the_table(client: Client) -> None:
    sign_in(client, add_person())
    assert tidy_sessions() == 0
    for session in Session.objects.all():
        session.expire_date = timezone.now() - datetime.timedelta(days=1)
        session.save()
    assert tidy_sessions() >= 1
    assert not Session.objects.exists()
