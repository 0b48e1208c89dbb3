"""What many tests begin with is built once in a process and then put back for each, for the product takes a good while to write it.

The first test that asks builds it through the product, in its own transaction. What that wrote is read out of the transaction, row by
row, and copied into the transactions of the tests that ask later; each of them takes its rows back at its end, as always.
"""

import datetime
import functools
import pickle
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ParamSpec, TypeVar

from django.apps import apps
from django.db import connection
from django.utils import timezone
from psycopg import Connection, sql

from tests.environment import UNITS

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True)
class Kept:
    """What was built: what the builder returned, and its rows with the ``COPY`` statement for their table."""

    returned: bytes
    rows: list[tuple[sql.Composed, bytes]]


def remembered(build: Callable[P, T]) -> Callable[P, T]:
    """The same builder, which builds once for each day and arguments; whoever asks again gets equal objects and the very same rows.

    The builder must need nothing but what its arguments say, and these must be hashable. In a database where commits are real it
    builds each time: there the sequences have not gone past the numbers of the rows.
    """
    kept: dict[tuple[datetime.date, tuple[Any, ...]], Kept] = {}

    @functools.wraps(build)
    def build_or_put_back(*args: P.args, **kwargs: P.kwargs) -> T:
        if connection.settings_dict["NAME"] != UNITS or not connection.in_atomic_block:
            return build(*args, **kwargs)
        key = (timezone.localdate(), (*args, *sorted(kwargs.items())))
        if found := kept.get(key):
            _put_back(found)
            returned: T = pickle.loads(found.returned)
            return returned
        alone = not _written()
        made = build(*args, **kwargs)
        if alone:
            # Nothing else was written in this transaction, so all that is in it now is the builder's.
            kept[key] = Kept(pickle.dumps(made), _written())
        return made

    return build_or_put_back


def _connection() -> Connection[Any]:
    connection.ensure_connection()
    raw: Connection[Any] = connection.connection
    return raw


def _written() -> list[tuple[sql.Composed, bytes]]:
    """Every row that this transaction has written, with the statement that writes the rows of its table."""
    found = []
    with _connection().cursor() as cursor:
        began = cursor.execute("SELECT pg_current_xact_id()::text::bigint").fetchone()
        for model in apps.get_models(include_auto_created=True):
            if model._meta.proxy or not model._meta.managed:
                continue
            names = [str(field.column) for field in model._meta.local_concrete_fields if not field.generated]  # type: ignore[attr-defined]
            table, columns = sql.Identifier(model._meta.db_table), sql.SQL(", ").join([sql.Identifier(name) for name in names])
            # Savepoints count as transactions of their own, which come after the one that they are in.
            rows = sql.SQL("COPY (SELECT {} FROM {} WHERE xmin::text::bigint >= {}) TO STDOUT").format(columns, table, *(began or ()))
            with cursor.copy(rows) as copy:
                if written := b"".join(map(bytes, copy)):
                    found.append((sql.SQL("COPY {} ({}) FROM STDIN").format(table, columns), written))
    return found


def _put_back(kept: Kept) -> None:
    with _connection().cursor() as cursor:
        for statement, rows in kept.rows:
            with cursor.copy(statement) as copy:
                copy.write(rows)
