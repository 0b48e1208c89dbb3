"""The measuring process: ``python -m benchmarks.measure seed|measure``, started by ``python -m benchmarks`` with its settings."""

from benchmarks import environment  # noqa: F401

# isort: split
# Django reads its settings as soon as anything of the product is imported, so they come first.

import argparse
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

from django.db import connection, transaction
from django.utils import timezone

from benchmarks import documents, lists, nation, nation_plans, pages, recalculating, saving, sweep
from benchmarks.nation import Size
from benchmarks.report import Table, write
from children.models import Child


def seed(children: int) -> None:
    """Fill an empty, migrated database. Raises ValueError when somebody is in it already."""
    if Child.objects.exists():
        raise ValueError("there are children in this database: the nation needs an empty one")
    size, on = Size.of(children), timezone.localdate()
    print(
        f"Seeding {size.children:,} children, {size.schools:,} schools, {size.authorities} authorities, {size.years} years of plans",
        flush=True,
    )
    for words, step in (*nation.STEPS, *nation_plans.STEPS):
        start = time.perf_counter()
        with transaction.atomic(), connection.cursor() as cursor:
            step(cursor, size, on)
        print(f"  {words} ({time.perf_counter() - start:.0f} s)", flush=True)


def measure(rounds: int, results: Path) -> None:
    """Measure everything and write the results."""
    before = os.getloadavg()[0]
    parts: tuple[tuple[str, Callable[[], Table]], ...] = (
        ("The PDF", lambda: documents.run(max(1, rounds // 2))),
        ("Lists", lambda: lists.run(rounds)),
        ("What is late", lambda: lists.run_late(rounds)),
        ("Queries for each page", pages.run),
        ("Saving", lambda: saving.run(rounds)),
        ("The night's work", lambda: sweep.run(max(1, rounds // 4))),
        ("Dates counted again", recalculating.run),
    )
    tables = []
    for words, part in parts:
        print(f"Measuring: {words} …", flush=True)
        tables.append(part())
        print("\n" + tables[-1].markdown(), flush=True)
    write(results, [*tables[1:5], tables[0], *tables[5:]], load=(before, os.getloadavg()[0]))


def main() -> int:
    """One of the two verbs; the exit status."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.measure")
    parser.add_argument("verb", choices=("seed", "measure"))
    parser.add_argument("--children", type=int, default=nation.FULL)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--results", type=Path)
    options = parser.parse_args()
    if options.verb == "seed":
        seed(options.children)
    else:
        measure(options.rounds, options.results)
    return 0


if __name__ == "__main__":
    sys.exit(main())
