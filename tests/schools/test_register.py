"""The GIAS files: both layouts, their encoding, and lines that cannot be used."""

import datetime
import io
from pathlib import Path

import pytest

from schools.csvfile import Rejected, UnreadableFile
from schools.register import LinkRow, SchoolRow, read_links, read_schools, successors

DATA = Path(__file__).parent.parent / "data"
HEADING = (DATA / "gias_135_columns.csv").read_bytes().splitlines()[0].decode()
COLUMNS = HEADING.replace('"', "").split(",")


def schools_in(name: str) -> dict[int, SchoolRow]:
    with (DATA / name).open("rb") as file:
        rows = list(read_schools(file))
    assert not [row for row in rows if isinstance(row, Rejected)]
    return {row.urn: row for row in rows if isinstance(row, SchoolRow)}


def read_lines(*lines: dict[str, str]) -> list[SchoolRow | Rejected]:
    """Reads a file of these establishments, each given by its columns' names; a sound one where nothing is said."""
    sound = {"URN": "999001", "EstablishmentName": "Kestrel Academy", "LA (code)": "998", "EstablishmentNumber": "4001"}
    rows = [",".join((sound | line).get(column, "") for column in COLUMNS) for line in lines]
    return list(read_schools(io.BytesIO("\n".join([HEADING, *rows]).encode())))


def test_the_135_column_file_is_read() -> None:
    schools = schools_in("gias_135_columns.csv")
    assert schools[999001] == SchoolRow(
        line=2,
        urn=999001,
        name="Kestrel Academy",
        laestab="9984001",
        la_code="998",
        la_name="Fictional County",
        type="Academy converter",
        phase="Secondary",
        status="Open",
        low_age=11,
        high_age=18,
        opened_on=datetime.date(2012, 9, 1),
        closed_on=None,
        address="Mill Lane\nOverbridge\nFairwater",
        postcode="FW1 2AB",
        phone="01632960101",
        head_teacher="Ms Róisín O’Keeffe",
    )
    assert schools[999002].name == "St Cécile’s Catholic Primary School"  # the file is in Windows-1252
    assert schools[999004].status == "Closed"
    assert schools[999004].closed_on == datetime.date(2026, 8, 31)
    assert schools[999006].laestab == ""  # a college has no establishment number
    assert schools[999003].address == ""


def test_the_139_column_file_reads_the_same() -> None:
    old, new = schools_in("gias_139_columns.csv"), schools_in("gias_135_columns.csv")
    for field in ("name", "laestab", "type", "phase", "status", "low_age", "high_age", "opened_on", "address", "postcode", "phone"):
        assert getattr(old[999001], field) == getattr(new[999001], field)


def test_a_file_saved_again_as_utf8_reads_the_same() -> None:
    text = (DATA / "gias_135_columns.csv").read_bytes().decode("cp1252")
    again = [row for row in read_schools(io.BytesIO(text.encode("utf-8-sig"))) if isinstance(row, SchoolRow)]
    assert {row.urn: row for row in again} == schools_in("gias_135_columns.csv")


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ({"URN": ""}, "URN is empty."),
        ({"URN": "10007"}, "URN must be a number of 6 digits, not “10007”."),
        ({"URN": "99900²"}, "URN must be a number of 6 digits, not “99900²”."),
        ({"EstablishmentName": ""}, "EstablishmentName is empty."),
        ({"LA (code)": "Fictional"}, "LA (code) must be a number of up to 3 digits, not “Fictional”."),
        ({"StatutoryLowAge": "four"}, "StatutoryLowAge must be an age in years, not “four”."),
        ({"OpenDate": "September 2026"}, "OpenDate must be a date such as 31/08/2026, not “September 2026”."),
        ({"CloseDate": "31-02-2026"}, "CloseDate must be a date such as 31/08/2026, not “31-02-2026”."),
    ],
)
def test_a_line_that_cannot_be_used_is_rejected_with_its_reason_and_the_next_is_read(line: dict[str, str], reason: str) -> None:
    first, second = read_lines(line, {"URN": "999002"})
    urn = line.get("URN", "999001")
    who = {"EstablishmentName": f"URN {urn}", "URN": f"Kestrel Academy (URN {urn})" if urn else "Kestrel Academy"}
    assert first == Rejected(2, reason, who.get(next(iter(line)), "Kestrel Academy (URN 999001)"))
    assert isinstance(second, SchoolRow) and second.urn == 999002


def test_a_line_that_is_no_line_of_the_file_says_which_school_it_is_about_as_far_as_it_does() -> None:
    head = (DATA / "gias_135_columns.csv").read_bytes().splitlines(keepends=True)[0]
    places = head.decode("cp1252").strip().replace('"', "").split(",")
    cells = [""] * len(places)
    cells[places.index("URN")], cells[places.index("EstablishmentName")] = "999001", "Kestrel Academy"
    content = head + ",".join([*cells, "one more"]).encode() + b"\n"
    [row] = list(read_schools(io.BytesIO(content)))
    assert isinstance(row, Rejected) and row.who == "Kestrel Academy (URN 999001)" and "columns" in row.reason


def test_a_school_that_stands_twice_is_read_once() -> None:
    first, second = read_lines({}, {"EstablishmentName": "Kestrel Academy again"})
    assert isinstance(first, SchoolRow)
    assert second == Rejected(3, "URN 999001 is already on line 2.", "Kestrel Academy again (URN 999001)")


def test_zeros_a_spreadsheet_dropped_are_restored() -> None:
    [row] = read_lines({"LA (code)": "1", "EstablishmentNumber": "33"})
    assert isinstance(row, SchoolRow) and row.laestab == "0010033"


def test_another_file_is_refused() -> None:
    with pytest.raises(UnreadableFile, match="no column named URN"):
        list(read_schools(io.BytesIO(b"Name,Town\nKestrel Academy,Fairwater\n")))


def test_the_links_file_is_read() -> None:
    with (DATA / "gias_links.csv").open("rb") as file:
        rows = list(read_links(file))
    assert rows[0] == LinkRow(2, 999004, 999005, "Successor", datetime.date(2026, 9, 1))
    assert rows[-1] == Rejected(5, "LinkURN is empty.", "URN 999001")
    assert successors(row for row in rows if isinstance(row, LinkRow)) == {999004: {999005: True}}


def test_a_link_noted_on_the_new_school_alone_counts_and_a_split_school_has_several() -> None:
    links = [
        LinkRow(2, 999011, 999010, "Predecessor - Split School", None),
        LinkRow(3, 999012, 999010, "Predecessor - Split School", None),
        LinkRow(4, 999012, 999013, "Other", None),
    ]
    assert successors([LinkRow(2, 999010, 999011, "Successor - merged", None)]) == {999010: {999011: False}}
    assert successors(links) == {999010: {999011: False, 999012: False}}
