"""The night's work: what it takes to find what is due, beside bare SQL that finds the same rows, and what doing it costs."""

import datetime
import itertools
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from accounts.models import User
from accounts.outbox import tell
from benchmarks import bare_sweep
from benchmarks.report import Table, medians, milliseconds, ratio
from pep import deadlines, escalation, opening, passed, reminders
from pep.models import Move
from schools.timetable import ONE_DAY, is_working_day

DRIFTING = 100  # dates moved by a day, so that the nightly comparison has something to find
OPENED, SENT = 10, 100  # how many plans and messages are written to see what one costs


class DifferentRows(AssertionError):
    """The product and the bare SQL do not find the same."""


@dataclass(frozen=True)
class Step:
    """One part of the night's work: how the product finds its rows and how bare SQL does, both as the same comparable things.

    ``loops`` is whether the planner may join by loops: where it takes some rows for many thousand, it is told not to, so that bare SQL is
    measured at its best.
    """

    words: str
    product: Callable[[datetime.date], list[Any]]
    statement: str
    loops: bool = True

    def bare(self, on: datetime.date) -> list[Any]:
        """The rows of the bare SQL."""
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL enable_nestloop = {'on' if self.loops else 'off'}")
            cursor.execute(self.statement, {"on": on})
            return [row[0] if len(row) == 1 else row for row in cursor.fetchall()]


def moves_to_begin(on: datetime.date) -> list[Any]:
    """As ``pep.moves.begin`` finds them."""
    waiting = Move.objects.filter(state=Move.State.CONFIRMED, begun_at=None, starts_on__lte=on).order_by("starts_on", "pk")
    return [move.pk for move in waiting]


def plans_to_open(on: datetime.date) -> list[Any]:
    """As ``pep.opening.open_due_plans`` finds them."""
    return list(deadlines.needing_plans(on).values_list("child_id", flat=True))


def reminder_keys(on: datetime.date) -> list[Any]:
    """What ``pep.reminders.send_reminders`` would send."""
    return [reminder.key for reminder in reminders.due_reminders(on)]


def escalation_keys(on: datetime.date) -> list[Any]:
    """What ``pep.escalation.send_escalations`` would send."""
    return [one.key for one in escalation.due_escalations(on)]


def passed_keys(on: datetime.date) -> list[Any]:
    """What ``pep.passed.send_passed`` would send."""
    return [one.key for one in passed.due_steps(on)]


def drifted(on: datetime.date) -> list[Any]:
    """What ``pep.deadlines.drift`` reports."""
    return [(one.plan_id or one.child_id, one.kind) for one in deadlines.drift(on)]


SWEEP = (
    Step("moves that begin", moves_to_begin, bare_sweep.MOVES_TO_BEGIN),
    Step("reminders to send", reminder_keys, bare_sweep.REMINDERS),
    Step("plans to open", plans_to_open, bare_sweep.PLANS_TO_OPEN),
    Step("late plans that rise", escalation_keys, bare_sweep.ESCALATIONS),
    Step("dates of steps that have passed", passed_keys, bare_sweep.PASSED, loops=False),
)
DATES = Step("every date compared with the facts", drifted, bare_sweep.DRIFTED)


def measured(step: Step, on: datetime.date, rounds: int) -> tuple[int, float, float]:
    """How many rows, and the median seconds of both ways. Raises DifferentRows."""
    found, plain = sorted(step.product(on)), sorted(step.bare(on))
    if found != plain:
        odd = sorted(set(found) ^ set(plain))
        raise DifferentRows(f"{step.words}: {len(found)} and {len(plain)} rows, such as {odd[:3]}")
    ours, bare = medians([lambda: step.product(on), lambda: step.bare(on)], rounds)
    return len(found), ours, bare


def make_calendar(on: datetime.date) -> None:
    """The working days of twelve years around a day, for the bare SQL."""
    first, number, rows = on.replace(year=on.year - 10, month=1, day=1), 0, []
    for day in itertools.takewhile(lambda day: day.year <= on.year + 2, (first + ONE_DAY * count for count in itertools.count())):
        working = is_working_day(day)
        number += working
        rows.append((day, number, working))
    with connection.cursor() as cursor:
        cursor.execute(bare_sweep.CALENDAR)
        cursor.execute("TRUNCATE benchmark_day")
        cursor.executemany("INSERT INTO benchmark_day VALUES (%s, %s, %s)", rows)
        cursor.execute("CREATE INDEX IF NOT EXISTS benchmark_day_number ON benchmark_day (number) WHERE working; ANALYZE benchmark_day")


def dates(on: datetime.date, rounds: int) -> tuple[int, float, float]:
    """The nightly comparison, with some dates put wrong and taken back."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE pep_deadline SET due_on = due_on - 1 WHERE id IN (SELECT id FROM pep_deadline WHERE open ORDER BY id LIMIT %s)",
                [DRIFTING],
            )
        found = measured(DATES, on, rounds)
        transaction.set_rollback(True)
    return found


def writing(on: datetime.date) -> tuple[float, float]:
    """Seconds for each plan opened and each message written, taken back afterwards."""
    with transaction.atomic():
        children = plans_to_open(on)[:OPENED]
        start = time.perf_counter()
        opened = sum(opening.open_plan(child_id, on) is not None for child_id in children)
        each_plan = (time.perf_counter() - start) / max(1, opened)
        people = list(User.objects.all()[:SENT])
        start = time.perf_counter()
        for number, user in enumerate(people):
            with transaction.atomic():
                tell(key=f"benchmark:{number}", recipient=user, rule="plan_reminder", facts={"due_on": on})
        each_message = (time.perf_counter() - start) / max(1, len(people))
        transaction.set_rollback(True)
    return each_plan, each_message


def run(rounds: int) -> Table:
    """The table of the night's work. Raises DifferentRows."""
    on, rows = timezone.localdate(), []
    make_calendar(on)
    total_ours = total_bare = 0.0
    for step in SWEEP:
        count, ours, bare = measured(step, on, rounds)
        total_ours, total_bare = total_ours + ours, total_bare + bare
        rows.append((step.words, f"{count:,}", milliseconds(ours), milliseconds(bare), ratio(ours, bare)))
    rows.append(("**the sweep together**", "", milliseconds(total_ours), milliseconds(total_bare), f"**{ratio(total_ours, total_bare)}**"))
    count, ours, bare = dates(on, min(rounds, 3))
    rows.append((DATES.words, f"{count:,}", milliseconds(ours), milliseconds(bare), ratio(ours, bare)))
    each_plan, each_message = writing(on)
    return Table(
        "The night's work",
        "Finding what is due for the whole nation, beside bare SQL that finds the same rows (checked). Goal: at most 3 times. The "
        "comparison of every stored date with the facts is the nightly check, not the sweep: the sweep only reads stored dates.",
        ("", "rows found", "ms", "bare SQL, ms", "ratio"),
        rows,
        f"Doing it: {milliseconds(each_plan)} ms for each plan opened (its sections, meeting, history and messages), "
        f"{milliseconds(each_message)} ms for each message written.",
    )
