"""The process that lives the year: ``python -m benchmarks.year.process``, started by ``python -m benchmarks.year`` with its settings."""

from benchmarks import environment  # noqa: F401

# isort: split
# Django reads its settings as soon as anything of the product is imported, so they come first.

import argparse
import gc
import logging
import sys
from pathlib import Path

from benchmarks.year.days import live
from benchmarks.year.picture import write
from benchmarks.year.promises import BrokenPromise


def main() -> int:
    """Live the year and write it down; the exit status."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.year.process")
    parser.add_argument("--children", type=int, required=True)
    parser.add_argument("--days", type=int, required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--docs", type=Path, required=True)
    options = parser.parse_args()
    # A mail server that is away is part of the story, and no news each time.
    logging.getLogger("accounts.mail").setLevel(logging.ERROR)
    logging.getLogger("pep.tasks").setLevel(logging.WARNING)
    # What is imported stays; to look through it for garbage again and again takes a twentieth of the run.
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
    try:
        year = live(options.children, options.days, options.seed, tell=lambda words: print(words, flush=True))
    except BrokenPromise as broken:
        print(f"A promise is broken. {broken}", flush=True)
        return 1
    write(options.docs, year)
    return 0


if __name__ == "__main__":
    sys.exit(main())
