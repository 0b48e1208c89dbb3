"""Production is the default: what is missing stops the start and is named, and nothing of the demo can be reached."""

import subprocess
import sys
from collections.abc import Mapping
from importlib import util

import pytest
from django.conf import settings
from django.test import Client
from django.urls import NoReverseMatch, reverse

from config import environment, website
from config.middleware import CONTENT_SECURITY_POLICY
from tests.environment import ROOT

REQUIRED = ["SECRET_KEY", "DATABASE_URL", "REDIS_URL", "ALLOWED_HOSTS", "EMAIL_URL", "DEFAULT_FROM_EMAIL", "SITE_URL"]
SHOW = "from django.conf import settings; print(settings.DEBUG, settings.DEMO)"


def start(changes: Mapping[str, str | None] | None = None, code: str = SHOW) -> subprocess.CompletedProcess[str]:
    """Read the settings in a process of its own, with some of a production site's environment changed or (None) missing."""
    wanted = {**website.offline_environment(), **(changes or {})}
    env = {name: value for name, value in wanted.items() if value is not None}
    return subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=env, capture_output=True, text=True)


def test_with_everything_given_it_starts_without_debug_and_demo() -> None:
    """B12."""
    assert start().stdout == "False False\n"


def test_all_that_is_missing_is_named_at_once() -> None:
    refused = start(dict.fromkeys(REQUIRED))
    assert refused.returncode == 1
    for name in REQUIRED:
        assert f"{name} is missing" in refused.stderr


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"DATABASE_URL": None}, "DATABASE_URL is missing"),
        ({"DATABASE_URL": "sqlite:///pep.db"}, "DATABASE_URL must read postgresql://"),
        ({"DATABASE_URL": "postgresql://db.example.org"}, "DATABASE_URL must read postgresql://"),
        ({"MIGRATE_DATABASE_URL": "mysql://a@b/c"}, "MIGRATE_DATABASE_URL must read postgresql://"),
        ({"REDIS_URL": "amqp://broker"}, "REDIS_URL must begin with redis://"),
        ({"EMAIL_URL": "file:///tmp"}, "EMAIL_URL must read smtp://"),
        ({"SITE_URL": "http://plans.example.org"}, "SITE_URL must read https://"),
        ({"SECRET_KEY": "short"}, "SECRET_KEY is too short"),
        ({"TRUSTED_PROXY_COUNT": "one"}, "TRUSTED_PROXY_COUNT must be a whole number"),
        ({"PEP_DEMO": "1"}, "take PEP_DEMO away"),
        ({"PEP_DEMO": "1", "SITE_URL": "https://localhost"}, "take PEP_DEMO away"),
    ],
)
def test_what_is_wrong_stops_the_start(changes: dict[str, str | None], words: str) -> None:
    refused = start(changes)
    assert refused.returncode == 1
    assert words in refused.stderr


def test_no_debug_can_be_switched_on_from_outside() -> None:
    assert start({"DEBUG": "1", "DJANGO_DEBUG": "True"}).stdout == "False False\n"


@pytest.mark.parametrize("module", ["config.wsgi", "celery"])
def test_web_and_worker_refuse_the_owners_database(module: str) -> None:
    owner = {"MIGRATE_DATABASE_URL": "postgresql://pep_owner@/pep?host=/nonexistent"}
    if module == "celery":
        code = "from celery.bin.celery import main; import sys; sys.argv = ['celery', '-A', 'config', 'worker', '--pool', 'solo']; main()"
    else:
        code = "import config.wsgi"
    refused = start(owner, code)
    assert refused.returncode == 1
    assert "it could rewrite history" in refused.stderr


def test_a_socket_directory_and_options_are_read_from_the_address() -> None:
    found = environment.postgresql("DATABASE_URL", "postgresql://a%40b:p%2Fw@/name?host=/run/postgresql&sslmode=require")
    assert (found["USER"], found["PASSWORD"], found["NAME"], found["HOST"]) == ("a@b", "p/w", "name", "/run/postgresql")
    assert found["OPTIONS"]["sslmode"] == "require"


def test_mail_servers_are_read_from_the_address() -> None:
    plain = environment.mail("EMAIL_URL", "smtp://me:secret@mail.example.org:587?tls=1", demo=False)
    assert (plain.host, plain.port, plain.user, plain.password, plain.use_tls, plain.use_ssl) == (
        "mail.example.org", 587, "me", "secret", True, False,
    )  # fmt: skip
    assert environment.mail("EMAIL_URL", "smtps://mail.example.org", demo=False).port == 465


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/demo/", "/demo/sign-in/", "/demo/mail/"])
def test_the_demos_pages_do_not_exist_in_production(client: Client, path: str) -> None:
    """B12."""
    assert util.find_spec("config.demo"), "there is a demo to be kept out"
    assert settings.DEMO is False
    # An address that is nothing answers alike.
    assert client.get(path).status_code == client.get("/no-such-page/").status_code == 404
    assert client.post(path, {"email": "anna.bell@larkmere.example"}).status_code == client.post("/no-such-page/").status_code
    with pytest.raises(NoReverseMatch):
        reverse("demo-sign-in")


@pytest.mark.django_db
def test_every_answer_tells_the_browser_to_trust_nobody_else_and_to_keep_nothing(client: Client) -> None:
    """B11, E2, G7."""
    for path in ("/account/login/", "/no-such-page/", "/healthz"):
        headers = client.get(path).headers
        assert headers["Content-Security-Policy"] == CONTENT_SECURITY_POLICY
        assert "unsafe" not in headers["Content-Security-Policy"]
        assert headers["Cache-Control"].startswith(("no-store", "max-age=0, no-cache, no-store"))
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "same-origin"
        assert headers["X-Frame-Options"] == "DENY"


def test_cookies_are_bound_to_this_host_and_to_https() -> None:
    """B9."""
    assert settings.SESSION_COOKIE_NAME.startswith("__Host-")
    assert settings.CSRF_COOKIE_NAME.startswith("__Host-")
    assert settings.SESSION_COOKIE_SECURE and settings.CSRF_COOKIE_SECURE
    assert settings.SESSION_COOKIE_HTTPONLY
    assert settings.SESSION_COOKIE_SAMESITE == "Lax"
