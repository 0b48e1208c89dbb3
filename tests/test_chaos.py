"""``make chaos`` works: a short storm, and that it would notice a broken promise. What a long one found is in benchmarks/chaos.md."""

import dataclasses
from pathlib import Path

import pytest

from benchmarks import chaos
from benchmarks.chaos import Done, Row, Size, judge
from benchmarks.chaos_smtp import Arrival
from tests import servers as test_servers
from tests.environment import run_directory

SMALL = Size(events=8, people=8, seconds=10, patience=90, workers=2, minute=0.05, every=2)


def test_in_a_short_storm_no_message_is_lost_and_none_is_written_twice(postgresql: None, tmp_path: Path) -> None:
    """F1, F2, F6."""
    results = tmp_path / "chaos.md"
    kept = chaos.run(run_directory() / "chaos", SMALL, results=results, cluster=test_servers.migrated_cluster())
    assert kept, results.read_text()
    assert "**broken**" not in results.read_text()


PAIR = Size(events=2, people=1)
PEOPLE = {"p": "anna@example.test"}
ROWS = [Row(f"m{number}", f"chaos:{number}:p", "sent", f"<m{number}@x>", "anna@example.test") for number in range(2)]
ARRIVALS = [Arrival(row.mail_id, row.mail_to, row.message) for row in ROWS]


def broken(rows: list[Row], arrivals: list[Arrival], done: Done | None = None) -> set[str]:
    """The first words of the promises that are found broken."""
    return {" ".join(promise.words.split()[:3]) for promise in judge(PAIR, PEOPLE, rows, arrivals, done or Done()) if not promise.kept}


def test_where_all_is_well_it_says_so() -> None:
    assert broken(ROWS, ARRIVALS) == set()


@pytest.mark.parametrize(
    ("rows", "arrivals", "said"),
    [
        (ROWS[:1], ARRIVALS[:1], {"Every event has", "The e-mail of"}),
        ([*ROWS, dataclasses.replace(ROWS[0], message="m3", mail_id="<m3@x>")], ARRIVALS, {"Every event has", "The e-mail of"}),
        (ROWS, ARRIVALS[:1], {"The e-mail of"}),
        ([ROWS[0], dataclasses.replace(ROWS[1], mail="failed")], ARRIVALS, {"Every message says"}),
        (ROWS, [*ARRIVALS, ARRIVALS[0]], {"No more e-mails"}),
        (ROWS, [ARRIVALS[0], dataclasses.replace(ARRIVALS[1], mail_id="<other@x>")], {"An e-mail that"}),
        (ROWS, [ARRIVALS[0], dataclasses.replace(ARRIVALS[1], to="bilal@example.test")], {"Every e-mail went"}),
    ],
    ids=["missing", "written twice", "lost", "failed", "sent twice", "another Message-ID", "somebody else"],
)
def test_a_broken_promise_is_noticed(rows: list[Row], arrivals: list[Arrival], said: set[str]) -> None:
    assert broken(rows, arrivals) == said


def test_an_e_mail_may_come_twice_for_each_worker_that_was_killed() -> None:
    assert broken(ROWS, [*ARRIVALS, ARRIVALS[0]], Done(anywhere=1)) == set()
    assert broken(ROWS, [*ARRIVALS, *ARRIVALS], Done(anywhere=1)) == {"No more e-mails"}
