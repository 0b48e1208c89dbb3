"""results.md: what was measured, when, on what, in plain tables; and how two things are measured beside one another."""

import datetime
import importlib.metadata
import os
import platform
import re
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from django.db import connection
from django.utils import timezone

from accounts.relations import relation_tables

BUSY = 0.5  # of each core, by others: above this the figures say so


@dataclass(frozen=True)
class Table:
    """One thing measured: a heading, a line on how, and rows of texts."""

    title: str
    how: str
    head: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]
    after: str = ""

    def markdown(self) -> str:
        """As it stands in results.md."""
        lines = [f"## {self.title}", "", self.how, "", f"| {' | '.join(self.head)} |", "| --- |" + " ---: |" * (len(self.head) - 1)]
        lines += [f"| {' | '.join(row)} |" for row in self.rows]
        return "\n".join([*lines, "", *([self.after, ""] if self.after else [])])


def medians(contenders: Sequence[Callable[[], object]], rounds: int) -> list[float]:
    """The median seconds of each, measured in turn (A B A B …) after one round that does not count, so that noise meets all alike."""
    times: list[list[float]] = [[] for _ in contenders]
    for number in range(rounds + 1):
        for contender, seconds in zip(contenders, times, strict=True):
            start = time.perf_counter()
            contender()
            if number:
                seconds.append(time.perf_counter() - start)
    return [statistics.median(seconds) for seconds in times]


def milliseconds(seconds: float) -> str:
    """Seconds as a cell in milliseconds."""
    return f"{seconds * 1000:,.2f}" if seconds < 0.1 else f"{seconds * 1000:,.0f}"


def ratio(ours: float, other: float) -> str:
    """How many times the other, as a cell."""
    return f"{ours / other:.2f}"


def nation() -> str:
    """What the database holds, in words."""
    tables = {
        "children": "children_child", "schools": "schools_school", "authorities": "schools_localauthority", "people": "accounts_user",
        "memberships": "schools_membership", "plans": "pep_plan", "sections": "pep_section",
    }  # fmt: skip
    with connection.cursor() as cursor:
        counts = []
        for words, table in tables.items():
            cursor.execute(f"SELECT count(*) FROM {table}")
            counts.append(f"{cursor.fetchone()[0]:,} {words}")
        relations = " UNION ALL ".join(f"SELECT FROM {table._meta.db_table}" for table in relation_tables())
        cursor.execute(f"SELECT count(*) FROM ({relations}) AS r")
        counts.append(f"{cursor.fetchone()[0]:,} guardian rows")
        cursor.execute("SELECT pg_size_pretty(pg_database_size(current_database()))")
        return f"{', '.join(counts)}; {cursor.fetchone()[0]}"


def processor() -> str:
    """The machine's processor."""
    found = re.search(r"model name\s*:\s*(.+)", Path("/proc/cpuinfo").read_text())
    return found[1] if found else platform.machine()


def write(path: Path, tables: Sequence[Table], *, load: tuple[float, float]) -> None:
    """Write the results. ``load`` is the machine's load average before the first and after the last measurement."""
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version")
        server = cursor.fetchone()[0]
    versions = [f"{name} {importlib.metadata.version(name)}" for name in ("Django", "psycopg", "WeasyPrint", "django-simple-history")]
    cores = os.cpu_count() or 1
    lines = [
        "# Measured at national scale",
        "",
        "Written by `make bench`. What two things take beside one another says more than what each takes: they were measured in turn in "
        "the same run, on shared cores, and are medians.",
        "",
        f"- {datetime.datetime.now(timezone.get_current_timezone()):%-d %B %Y, %H:%M}",
        f"- {cores} cores, {processor()}; load average {load[0]:.1f} before and {load[1]:.1f} after",
        f"- Python {platform.python_version()}, PostgreSQL {server}, {', '.join(versions)}",
        f"- {nation()}",
        "",
    ]
    if load[0] > BUSY * cores:
        lines += ["Other work was running on these cores: times are longer than on an idle machine, and less even.", ""]
    path.write_text("\n".join([*lines, *(table.markdown() for table in tables)]))
