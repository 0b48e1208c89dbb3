"""Log lines without personal data.

Messages of the database quote the rows they are about, so of a database error only the first line is written, and an entry
cannot begin a new line by itself.
"""

import datetime
import logging
import re
import traceback

from django.db import Error as DatabaseError

# What PostgreSQL adds to a message: the failing row, the key's value, the statement.
QUOTED_DATA = re.compile(r"(\\n|\n)\s*(DETAIL|CONTEXT|QUERY|STATEMENT|LINE \d+):.*", re.DOTALL)

# The secret part of the links that let somebody in.
TOKENS = re.compile(r"(/account/(?:invitation|password/reset/key)/)[\w-]+")


def without_data(message: str) -> str:
    """The message without what PostgreSQL quoted in it, and without the secrets of links."""
    return TOKENS.sub(r"\1…", QUOTED_DATA.sub("", message))


def hide_tokens(record: logging.LogRecord) -> bool:
    """A filter for the web server's own log of requests, which has its own format."""
    record.msg, record.args = without_data(record.getMessage()), ()
    return True


class PlainFormatter(logging.Formatter):
    """``2026-03-03T09:30:00Z WARNING django.request Not Found: /plans/…`` and, for an exception, where it happened."""

    def format(self, record: logging.LogRecord) -> str:
        """One entry. Line breaks in the message are written as ``\\n``."""
        moment = datetime.datetime.fromtimestamp(record.created, datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        message = without_data(record.getMessage()).replace("\r", "\\r").replace("\n", "\\n")
        entry = f"{moment} {record.levelname} {record.name} {message}"
        if record.exc_info and record.exc_info[1]:
            entry += "\n" + self.formatException(record.exc_info)  # type: ignore[arg-type]
        return entry

    def formatException(self, ei: tuple[type[BaseException], BaseException, object]) -> str:  # type: ignore[override]  # noqa: N802
        """The frames and the exception; of a database error and its causes, the first line alone."""
        lines: list[str] = []
        error: BaseException | None = ei[1]
        while error is not None:
            lines += [line.rstrip() for line in traceback.format_tb(error.__traceback__)]
            message = without_data(str(error))
            if isinstance(error, DatabaseError) or type(error).__module__.startswith("psycopg"):
                message = message.partition("\n")[0]
            lines.append(f"{type(error).__qualname__}: {message}")
            error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
        return "\n".join(lines)
