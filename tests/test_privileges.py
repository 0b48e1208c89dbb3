"""The application's database role: what it can do, and what it cannot whatever the code asks for."""

import pytest
from django.db import ProgrammingError, connection, transaction

from accounts.models import User
from accounts.privileges import append_only_tables, privilege_problems
from config.servers import APPLICATION

pytestmark = pytest.mark.django_db


def test_the_catalogue_is_as_written_down() -> None:
    assert privilege_problems() == []


def test_tests_run_as_the_applications_role() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        assert cursor.fetchone() == (APPLICATION,)


@pytest.mark.parametrize("statement", ["UPDATE {} SET history_id = history_id", "DELETE FROM {}", "TRUNCATE {}"])
def test_the_application_cannot_rewrite_history(statement: str) -> None:
    User.objects.create_user("anna@example.org", "Anna Bell")
    with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement.format("accounts_userhistory"))


def test_every_history_and_log_only_grows() -> None:
    tables = append_only_tables()
    for expected in ("accounts_userhistory", "children_accesslog", "pep_planevent", "pep_plansnapshot", "pep_document"):
        assert expected in tables
