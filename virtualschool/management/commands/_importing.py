"""What the three import commands have in common: their options, and how they show what they did."""

import datetime
from argparse import ArgumentParser
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError
from django.utils import timezone

from accounts.models import User
from schools.csvfile import UnreadableFile
from schools.models import LocalAuthority
from virtualschool.register.printing import as_json, as_text
from virtualschool.register.rows import Report, StaleReport, importing


def add_options(parser: ArgumentParser) -> None:
    """The options of every import."""
    parser.add_argument("file", type=Path, help="the CSV file")
    parser.add_argument("--dry-run", action="store_true", help="say what would happen and change nothing")
    parser.add_argument("--json", action="store_true", help="print the report as JSON")
    parser.add_argument("--by", metavar="EMAIL", help="who runs the import, for the history")


def add_answers(parser: ArgumentParser) -> None:
    """The options of an import that belongs to an authority and may ask."""
    parser.add_argument("--authority", required=True, metavar="CODE", help="the authority's DfE number, such as 916")
    parser.add_argument(
        "--accept", action="append", default=[], metavar="LINE=ANSWER", help="answer the question about a line, as the dry run lists them"
    )


def answers_in(accepted: Iterable[str]) -> dict[int, str]:
    """What was answered, by line number. Raises CommandError for anything else than LINE=ANSWER."""
    answers = {}
    for text in accepted:
        line, equals, answer = text.partition("=")
        if not equals or not line.isdigit():
            raise CommandError(f"--accept takes LINE=ANSWER, such as 12=new, not {text}")
        answers[int(line)] = answer
    return answers


def authority_with(code: str) -> LocalAuthority:
    """The authority with this DfE number. Raises CommandError when there is none."""
    authority: LocalAuthority | None = LocalAuthority.objects.filter(code=code).first()
    if authority is None:
        raise CommandError(f"There is no authority with the number {code}. The command create_authority makes one.")
    return authority


def person(email: str | None) -> User | None:
    """The person with this address; none when none is given. Raises CommandError when nobody has it."""
    if email is None:
        return None
    user: User | None = User.objects.filter(email=email.lower()).first()
    if user is None:
        raise CommandError(f"Nobody has the address {email}.")
    return user


def run(
    options: dict[str, Any],
    *,
    read: Callable[[], Any],
    plan: Callable[[Any, datetime.date], Report],
    apply: Callable[[Report], None],
    authority: LocalAuthority | None,
    write: Callable[[str], Any],
) -> None:
    """Read the file, plan, carry it out unless it is a dry run, and print. Raises CommandError with the reason when it cannot."""
    try:
        parsed = read()
        with importing(authority):
            report = plan(parsed, timezone.localdate())
            if not options["dry_run"]:
                apply(report)
    except (OSError, UnreadableFile, StaleReport) as error:
        raise CommandError(str(error)) from error
    write((as_json if options["json"] else as_text)(report, done=not options["dry_run"]))
