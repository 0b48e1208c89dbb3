"""What is logged holds no personal data, not even by way of the database's own words."""

import logging
import sys

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from accounts.models import User
from config.logs import PlainFormatter

NAME, ADDRESS = "Zebedee Canary", "zebedee@canary.example"


def entry(message: str, *arguments: object, failed: bool = False) -> str:
    """A log entry as it would be written, with the exception being handled when one failed."""
    exc_info = sys.exc_info() if failed else None
    return PlainFormatter().format(logging.LogRecord("test", logging.ERROR, "f.py", 1, message, arguments, exc_info))


@pytest.mark.django_db
def test_a_broken_constraint_is_logged_without_the_row_it_was_about() -> None:
    """D7."""
    try:
        with transaction.atomic():
            User(name=NAME, email=None, password="x").save()
            with connection.cursor() as cursor:
                cursor.execute("UPDATE accounts_user SET name = '' WHERE name = %s RETURNING name", [NAME])
    except IntegrityError as error:
        assert "DETAIL" in str(error), "PostgreSQL quotes the row, so there is something to keep out"
        written = entry("Task %s failed: %r", "x", error, failed=True)
        assert "accounts_user_has_a_name" in written
        assert "IntegrityError" in written
        assert "Failing row" not in written
    else:
        raise AssertionError("the constraint did not hold")


@pytest.mark.django_db
def test_a_duplicate_is_logged_without_its_value() -> None:
    User.objects.create_user(ADDRESS, NAME)
    try:
        with transaction.atomic():
            User.objects.create_user(ADDRESS, NAME)
    except DatabaseError as error:
        assert ADDRESS in str(error), "PostgreSQL quotes the value, so there is something to keep out"
        assert ADDRESS not in entry("failed: %s", error, failed=True)
    else:
        raise AssertionError("the constraint did not hold")


def test_a_message_cannot_begin_a_new_line() -> None:
    """D7."""
    written = entry("not found: %s", "/x\n2026-03-03T00:00:00Z INFO root all is well\r\n")
    assert "\n" not in written
    assert "\r" not in written


def test_an_ordinary_error_says_where_it_happened() -> None:
    """H8."""
    try:
        raise LookupError("no such key") from ValueError("first")
    except LookupError:
        written = entry("oh", failed=True)
    assert "test_an_ordinary_error_says_where_it_happened" in written
    assert "LookupError: no such key" in written
    assert "ValueError: first" in written
