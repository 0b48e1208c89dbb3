"""``make bench`` works: the whole of it on a nation of two hundred children. What it says at full size is in benchmarks/results.md."""

import re
import subprocess
import sys
from pathlib import Path

import psycopg

from config import servers
from tests.environment import ROOT, sockets

CHILDREN = 200
PARTS = ["The list of one's children", "What is late, on the first page", "Queries for each page", "Saving a section", "The PDF",
         "The night's work", "The dates of an authority counted again"]  # fmt: skip


def measured(database: str, path: Path) -> dict[str, str]:
    """Run the benchmarks on a small nation in this empty database: what they wrote, by heading."""
    url = servers.url(sockets(), servers.APPLICATION, database)
    command = [sys.executable, "-m", "benchmarks", "--children", str(CHILDREN), "--rounds", "1", "--database", url, "--results", str(path)]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    assert done.returncode == 0, done.stdout[-5000:]
    head, *parts = re.split(r"^## (.+)$", path.read_text(), flags=re.MULTILINE)
    return {"": head, **dict(zip(parts[::2], parts[1::2], strict=True))}


def count(database: str, rows: str) -> int:
    """How many rows a table has."""
    with psycopg.connect(host=str(sockets()), user=servers.SUPERUSER, dbname=database) as connection:
        found = connection.execute(f"SELECT count(*) FROM {rows}").fetchone()  # type: ignore[arg-type]
    return int(found[0]) if found else 0


def test_a_small_nation_is_seeded_measured_and_written_down(committed_db: str, tmp_path: Path) -> None:
    results = measured(committed_db, tmp_path / "results.md")
    assert list(results)[1:] == PARTS
    # Three plans a year for three years. The small worlds in which queries are counted are taken back.
    assert [count(committed_db, table) for table in ("children_child", "pep_plan", "pep_meeting")] == [200, 1800, 1800]
    # Half of the children are the first authority's: its sections are written, and their history says so.
    plans = "SELECT p.id FROM pep_plan p JOIN children_child c ON c.id = p.child_id JOIN schools_localauthority a ON a.id = c.authority_id"
    written = count(committed_db, f"pep_section WHERE plan_id IN ({plans} WHERE a.code = '001') AND version > 0")
    assert count(committed_db, "pep_sectionhistory WHERE history_type = '~'") >= written > 100 * 8 * 30
    for person in ("designated teacher, 10 children", "social worker, 20 children", "officer, 100 children"):
        assert person in results["The list of one's children"]
    # What was put wrong was found, by the product and by the bare SQL.
    assert "| every date compared with the facts | 100 |" in results["The night's work"]
    # Every date of an authority is counted again, with its progress.
    counted = re.findall(r"^\| (\d+) of (\d+) children \|", results["The dates of an authority counted again"], re.MULTILINE)
    assert counted and counted[-1][0] == counted[-1][1] != "0"
    pages = re.findall(r"^\| (.+) \| (\d+) \| (\d+) \|$", results["Queries for each page"], re.MULTILINE)
    assert len(pages) > 8
    assert [page for page, one_row, three_rows in pages if one_row != three_rows] == []
