"""/healthz: 200 while pages can be served, 503 while not, and no detail that would help an attacker."""

import pytest
from django.db import OperationalError
from django.test import Client

from config import health, servers
from config.servers import OWNER
from tests.environment import sockets


@pytest.mark.django_db
def test_it_names_every_component_a_line_each(client: Client) -> None:
    answer = client.get("/healthz")
    assert answer.status_code == 200
    found = answer.json()
    assert list(found) == ["site", "database", "migrations", "privileges", "broker", "worker", "beat"]
    assert found["site"] == found["database"] == found["migrations"] == found["privileges"] == "ok"
    assert len(answer.content.decode().splitlines()) == len(found) + 2


@pytest.mark.django_db
def test_only_looking_is_answered(client: Client) -> None:
    assert client.head("/healthz").status_code == 200
    assert client.post("/healthz").status_code == 405


def test_wrong_privileges_stop_the_site_from_being_called_well(committed_db: str, client: Client) -> None:
    with servers.connect(sockets(), OWNER, committed_db) as owner:
        owner.execute("GRANT DELETE ON pep_plansnapshot TO pep_app")
    answer = client.get("/healthz")
    assert answer.status_code == 503
    assert answer.json()["privileges"] == "1 wrong; run set_privileges"
    assert "pep_plansnapshot" not in answer.content.decode()


def test_a_migration_that_was_not_run_is_counted(committed_db: str, client: Client) -> None:
    with servers.connect(sockets(), OWNER, committed_db) as owner:
        owner.execute("DELETE FROM django_migrations WHERE app = 'sessions'")
    answer = client.get("/healthz")
    assert answer.status_code == 503
    assert answer.json()["migrations"] == "1 not run"


@pytest.mark.django_db
def test_a_database_that_is_away_is_said_in_plain_words(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def away() -> str:
        raise OperationalError("connection to server at 10.1.2.3 failed")

    monkeypatch.setitem(health.COMPONENTS, "database", away)
    answer = client.get("/healthz")
    assert answer.status_code == 503
    assert answer.json()["database"] == "the database does not answer"
    assert "10.1.2.3" not in answer.content.decode()
