"""``make bench`` works: the whole of it on a nation of two hundred children. What it says at full size is in benchmarks/results.md."""

import re
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from config import servers
from tests.environment import ROOT, sockets

CHILDREN = 200


@pytest.fixture
def results(committed_db: str, tmp_path: Path) -> str:
    """What the benchmarks wrote about a small nation, which is still there."""
    url = servers.url(sockets(), servers.APPLICATION, committed_db)
    path = tmp_path / "results.md"
    command = [sys.executable, "-m", "benchmarks", "--children", str(CHILDREN), "--rounds", "1", "--database", url, "--results", str(path)]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    assert done.returncode == 0, done.stdout[-5000:]
    return path.read_text()


def counts(database: str, *tables: str) -> list[int]:
    """How many rows each table has."""
    with psycopg.connect(host=str(sockets()), user=servers.SUPERUSER, dbname=database) as connection:
        return [connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in tables]  # type: ignore[index, arg-type]


def test_a_small_nation_is_seeded_measured_and_written_down(results: str, committed_db: str) -> None:
    # Three years of three plans; small worlds for counting queries are taken back.
    tables = ("children_child", "pep_plan", "pep_meeting", "children_careperiod")
    assert counts(committed_db, *tables) == [CHILDREN, 9 * CHILDREN, 9 * CHILDREN, CHILDREN]
    first, past = counts(committed_db, "pep_section WHERE version > 0", "pep_sectionhistory")
    assert past >= first > 100 * 30 * 8
    for person in ("designated teacher, 10 children", "social worker, 20 children", "officer, 100 children"):
        assert person in results
    assert re.findall(r"^## (.+)$", results, re.MULTILINE) == [
        "The list of one's children", "Queries for each page", "Saving a section", "The PDF", "The night's work",
    ]  # fmt: skip
    assert "| every date compared with the facts | 100 |" in results


def test_every_page_takes_as_many_queries_for_three_rows_as_for_one(results: str) -> None:
    pages = re.search(r"^## Queries for each page$(.+?)^## ", results, re.MULTILINE | re.DOTALL)
    assert pages is not None
    counted = re.findall(r"^\| (.+) \| (\d+) \| (\d+) \|$", pages[1], re.MULTILINE)
    assert len(counted) > 8
    assert [page for page, one, three in counted if one != three] == []
