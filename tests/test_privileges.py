"""The application's database role: what it can do, and what it cannot whatever the code asks for."""

import psycopg
import pytest
from django.db import ProgrammingError, connection, transaction

from accounts.models import User
from accounts.privileges import append_only_tables, privilege_problems
from config import servers, website
from config.servers import APPLICATION, OWNER
from tests.environment import settings_for, sockets

unit = pytest.mark.django_db


@unit
def test_the_catalogue_is_as_written_down() -> None:
    assert privilege_problems() == []


@unit
def test_tests_run_as_the_applications_role() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        assert cursor.fetchone() == (APPLICATION,)


@unit
@pytest.mark.parametrize("statement", ["UPDATE {} SET history_id = history_id", "DELETE FROM {}", "TRUNCATE {}"])
def test_the_application_cannot_rewrite_history(statement: str) -> None:
    User.objects.create_user("anna@example.org", "Anna Bell")
    with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement.format("accounts_userhistory"))


def test_every_history_and_log_only_grows() -> None:
    tables = append_only_tables()
    for expected in ("accounts_userhistory", "children_accesslog", "pep_planevent", "pep_plansnapshot", "pep_document"):
        assert expected in tables


def test_the_owners_plain_statements_cannot_rewrite_history_either(committed_db: str) -> None:
    """D3."""
    User.objects.create_user("anna@example.org", "Anna Bell")
    with servers.connect(sockets(), OWNER, committed_db) as owner:
        for statement in ("UPDATE accounts_userhistory SET name = 'Somebody else'", "DELETE FROM accounts_userhistory"):
            with pytest.raises(psycopg.errors.RestrictViolation, match="only grows"):
                owner.execute(statement)
        assert owner.execute("SELECT name FROM accounts_userhistory").fetchall() == [("Anna Bell",)]


def set_privileges(database: str) -> None:
    """Run the command as the tables' owner."""
    env = settings_for(database, redis=15)
    website.manage({**env, "MIGRATE_DATABASE_URL": servers.url(sockets(), OWNER, database)}, "set_privileges")


def test_setting_them_again_changes_nothing(committed_db: str) -> None:
    catalogue = "SELECT relname, relacl::text FROM pg_class WHERE relnamespace = 'public'::regnamespace ORDER BY relname"
    with servers.connect(sockets(), OWNER, committed_db) as owner:
        before = owner.execute(catalogue).fetchall()
        set_privileges(committed_db)
        assert owner.execute(catalogue).fetchall() == before


@pytest.mark.parametrize(
    ("statement", "problem"),
    [
        ("GRANT UPDATE ON pep_plansnapshot TO pep_app", "pep_app may UPDATE pep_plansnapshot"),
        ("GRANT TRUNCATE ON accounts_user TO PUBLIC", "pep_app may TRUNCATE accounts_user"),
        ("REVOKE INSERT ON children_child FROM pep_app", "pep_app may not INSERT children_child"),
        ("ALTER TABLE pep_planevent DISABLE TRIGGER rows_stay_as_they_are", "nothing guards pep_planevent from its owner"),
        ("CREATE TABLE forgotten (id int)", "pep_app may not SELECT forgotten"),
    ],
)
def test_every_difference_is_found_and_set_privileges_mends_it(committed_db: str, statement: str, problem: str) -> None:
    assert privilege_problems() == []
    with servers.connect(sockets(), OWNER, committed_db) as owner:
        owner.execute(statement)
    assert problem in privilege_problems()
    set_privileges(committed_db)
    assert privilege_problems() == []


def test_the_application_cannot_set_its_own_privileges(committed_db: str) -> None:
    with pytest.raises(servers.ServerFailed, match="permission denied|must be owner"):
        website.manage(settings_for(committed_db, redis=15), "set_privileges")
