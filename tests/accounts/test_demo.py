"""The demo's persona sign-in and its mail page, and that neither can be reached anywhere else."""

from pathlib import Path
from typing import Any

import pytest
from django.http import Http404
from django.test import Client, RequestFactory
from django.urls import NoReverseMatch, reverse

from accounts.models import Message, User
from accounts.outbox import tell
from accounts.sessions import PERSONA
from config import demo
from tests.accounts import demo_urls
from tests.accounts.signing_in import add_person, is_signed_in
from virtualschool.demo.personas import PERSONAS

pytestmark = pytest.mark.django_db
ANNA = PERSONAS[0]


@pytest.fixture
def in_demo(settings: Any, tmp_path: Path) -> Path:
    """The demo's settings; the directory its e-mails are caught in."""
    settings.DEMO, settings.ROOT_URLCONF = True, demo_urls.__name__
    settings.EMAIL_BACKEND, settings.EMAIL_FILE_PATH = "django.core.mail.backends.filebased.EmailBackend", str(tmp_path)
    return tmp_path


def test_one_button_a_persona_signs_in_without_password_and_second_factor(client: Client, in_demo: Path) -> None:
    anna = add_person(ANNA.name, email=ANNA.email, app=False)
    page = client.get(reverse("demo")).content.decode()
    assert f"Continue as {ANNA.name}" in page and page.count("Continue as") == 1, "only people that were made"
    answer = client.post(reverse("demo-sign-in"), {"email": ANNA.email, "next": reverse("account")})
    assert answer.headers["Location"] == reverse("account")
    assert is_signed_in(client)
    assert client.session["_auth_user_id"] == str(anna.pk)


@pytest.mark.parametrize("wanted", ["https://evil.example/", "//evil.example", ""])
def test_the_button_leads_nowhere_else(client: Client, in_demo: Path, wanted: str) -> None:
    add_person(ANNA.name, email=ANNA.email)
    assert client.post(reverse("demo-sign-in"), {"email": ANNA.email, "next": wanted}).headers["Location"] == "/"


def test_nobody_but_a_persona_can_be_signed_in_like_this(client: Client, in_demo: Path) -> None:
    add_person("Ben Baker")
    assert client.post(reverse("demo-sign-in"), {"email": "ben@example.test"}).status_code == 404
    assert client.post(reverse("demo-sign-in"), {"email": ANNA.email}).status_code == 404
    assert client.get(reverse("demo-sign-in")).status_code == 405
    assert not is_signed_in(client)


def test_caught_e_mails_are_shown(client: Client, in_demo: Path, eager_celery: None, django_capture_on_commit_callbacks: Any) -> None:
    anna = add_person(ANNA.name, email=ANNA.email)
    assert "None yet" in client.get(reverse("demo-mail")).content.decode()
    with django_capture_on_commit_callbacks(execute=True):
        tell(key="1", recipient=anna, rule="plan_returned")
        tell(key="2", recipient=anna, rule="plan_signed_off")
        tell(key="3", recipient=anna, rule="meeting_booked", calendar="BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nEND:VCALENDAR\r\n")
    page = client.get(reverse("demo-mail")).content.decode()
    assert "A plan was returned to you" in page and "the virtual school’s check" in page and ANNA.email in page
    assert page.count(", with a calendar entry") == 1 and "A meeting about a plan is booked." in page
    link = reverse("message-detail", args=[Message.objects.get(key="1").pk])
    assert f'{link}"' in page, "the link in the e-mail can be followed"


def test_the_demo_has_no_address_outside_it(client: Client) -> None:
    """B12."""
    for name in ("demo", "demo-sign-in", "demo-mail"):
        with pytest.raises(NoReverseMatch):
            reverse(name)
    assert client.post("/demo/sign-in/", {"email": ANNA.email}).status_code == 404
    assert client.get("/demo/").status_code == 404


@pytest.mark.parametrize("view", [demo.personas, demo.become, demo.mails])
def test_the_demo_s_pages_refuse_outside_it_even_if_an_address_led_there(view: Any) -> None:
    User.objects.create_user(ANNA.email, ANNA.name)
    for method in (RequestFactory().get, RequestFactory().post):
        with pytest.raises(Http404):
            view(method("/", {"email": ANNA.email}))


def test_a_persona_s_session_has_no_privilege_outside_the_demo(client: Client) -> None:
    anna = add_person(ANNA.name, email=ANNA.email, app=False)
    client.force_login(anna)
    session = client.session
    session[PERSONA] = True
    session.save()
    assert client.get(reverse("account")).headers["Location"] == reverse("second_factor_setup")
