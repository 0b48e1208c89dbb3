"""Reading CSV: what spreadsheets and case systems send, good and bad."""

import csv
import io
import itertools
import time
import tracemalloc
from collections.abc import Iterator
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schools.csvfile import MOST_LINES_IN_A_RECORD, Record, Rejected, UnreadableFile, read_date, read_records, same_heading

COLUMNS = {"name": "Full name", "town": "Town"}


def read(content: bytes, optional: dict[str, str] | None = None) -> list[Record | Rejected]:
    return list(read_records(io.BytesIO(content), COLUMNS, optional))


def values(content: bytes) -> list[tuple[str, str]]:
    return [(record.values["name"], record.values["town"]) for record in read(content) if isinstance(record, Record)]


def rejected(content: bytes) -> dict[int, str]:
    return {record.line: record.reason for record in read(content) if isinstance(record, Rejected)}


def test_columns_are_found_by_name_in_any_order_and_spelling() -> None:
    assert values(b" TOWN ,id,full_NAME\r\n Fairwater ,7, Anna Bell \r\n") == [("Anna Bell", "Fairwater")]


@pytest.mark.parametrize("heading", ["Full name", "full name", "FULL_NAME", " Full  Name ", "full-name"])
def test_spellings_of_a_heading(heading: str) -> None:
    assert same_heading(heading) == "fullname"


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b"", "empty"),
        (b"\r\n", "empty"),
        (b"Full name\r\nAnna Bell\r\n", "no column named Town"),
        (b"a,b\n1,2\n", "no column named Full name, Town"),
        (b"Full name,Town,town\nAnna,Bath,Bath\n", "more than one column named Town"),
        ("Full name,Town\n".encode("utf-16"), "UTF-16"),
        (b"PK\x03\x04\x14\x00\x06\x00", "no column"),  # a spreadsheet that was not saved as CSV
    ],
)
def test_a_file_that_is_not_such_a_list_is_refused_whole(content: bytes, word: str) -> None:
    with pytest.raises(UnreadableFile, match=word):
        read(content)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
def test_accents_are_read_in_every_usual_encoding(encoding: str) -> None:
    content = "Full name,Town\nRóisín O’Keeffe,Fairwater – Ost\n".encode(encoding)
    assert values(content) == [("Róisín O’Keeffe", "Fairwater – Ost")]


def test_names_in_other_scripts_are_read_from_utf8() -> None:
    assert values("Full name,Town\nሰላም ተስፋዬ,أم درمان\n".encode()) == [("ሰላም ተስፋዬ", "أم درمان")]


def test_a_byte_of_no_encoding_rejects_its_line_alone() -> None:
    assert rejected(b"Full name,Town\nAnna\x81,Bath\nBen,Bath\n") == {
        2: "This line holds a character that is neither UTF-8 nor Windows-1252."
    }


def test_a_wrong_byte_in_a_file_that_says_it_is_utf8_rejects_its_line() -> None:
    assert list(rejected(b"\xef\xbb\xbfFull name,Town\nRos\xe9,Bath\nBen,Bath\n")) == [2]


def test_a_nul_rejects_its_line_alone() -> None:
    content = b"Full name,Town\nAn\0na,Bath\nBen,Bath\n"
    assert "NUL" in rejected(content)[2]
    assert values(content) == [("Ben", "Bath")]


def test_ragged_lines_are_rejected_with_their_numbers() -> None:
    """E11."""
    content = b"Full name,Town\nAnna\nBen,Bath\nCem,Bath,3\nDee,Bath,,\n\n,\nEva,Bath\n"
    assert rejected(content) == {
        2: "This line has 1 columns and the heading has 2.",
        4: "This line has 3 columns and the heading has 2.",
    }
    assert values(content) == [("Ben", "Bath"), ("Dee", "Bath"), ("Eva", "Bath")]


def test_a_cell_may_hold_line_breaks_commas_and_marks() -> None:
    content = b'Full name,Town\n"Bell, ""Anna""","1 Mill Lane\r\nBath"\nBen,Bath\n'
    assert values(content) == [('Bell, "Anna"', "1 Mill Lane\r\nBath"), ("Ben", "Bath")]
    assert [record.line for record in read(content)] == [2, 4]


def test_a_quotation_mark_left_open_spoils_its_own_line_alone() -> None:
    rows = b"".join(b'"Child %d","Bath"\n' % number for number in range(200))
    content = b'Full name,Town\n"Anna","Bath\n' + rows
    assert list(rejected(content)) == [2]
    assert len(values(content)) == 200


def test_a_quotation_mark_never_closed_in_a_file_without_marks_spoils_its_own_line_alone() -> None:
    content = b'Full name,Town\n"Anna,Bath\n' + b"Ben,Bath\n" * (MOST_LINES_IN_A_RECORD * 3)
    assert list(rejected(content)) == [2]
    assert len(values(content)) == MOST_LINES_IN_A_RECORD * 3


def test_a_quotation_mark_inside_a_word_is_only_a_character() -> None:
    assert values(b'Full name,Town\nAnna 6" Bell,Bath\nBen,Bath 5"\n') == [('Anna 6" Bell', "Bath"), ("Ben", 'Bath 5"')]


def test_lines_wrongly_read_as_one_are_named() -> None:
    assert "Lines 2 to 3" in rejected(b'Full name,Town,x\n"Anna,Bath\nBen,Bath",1\nCem,Bath,2\n')[2]


def test_a_cell_beyond_all_size_rejects_its_line_alone() -> None:
    content = b"Full name,Town\n" + b"A" * 200_000 + b",Bath\nBen,Bath\n"
    assert list(rejected(content)) == [2]
    assert values(content) == [("Ben", "Bath")]


def test_an_optional_column_the_file_has_not_is_missing_from_the_record() -> None:
    [without] = read(b"Full name,Town\nAnna,Bath\n", {"age": "Age"})
    [with_it] = read(b"Full name,Town,AGE\nAnna,Bath,\n", {"age": "Age"})
    assert isinstance(without, Record) and "age" not in without.values
    assert isinstance(with_it, Record) and with_it.values["age"] == ""


def test_a_hundred_thousand_lines_are_read_one_at_a_time() -> None:
    """E11."""

    def lines() -> Iterator[bytes]:
        yield b"Full name,Town\n"
        for number in range(100_000):
            yield b"Child %d,Bath\n" % number

    tracemalloc.start()
    count = sum(isinstance(record, Record) for record in read_records(lines(), COLUMNS))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert count == 100_000
    assert peak < 1_000_000  # bytes: a handful of lines, never the file


@pytest.mark.parametrize("text", ["14/03/2012", "14-03-2012", "14.3.2012", "2012-03-14", "14/03/2012 00:00", "2012-03-14T00:00:00"])
def test_dates_as_they_are_written(text: str) -> None:
    assert read_date(text, "Date of birth") == date(2012, 3, 14)


@pytest.mark.parametrize("text", ["14/03/12", "31/02/2012", "03/14/2012", "14 March 2012", "2012-3-14", "14/03/2012 09:30", "१४/०३/२०१२"])
def test_what_is_not_such_a_date_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="Date of birth must be a date such as 31/08/2026"):
        read_date(text, "Date of birth")
    assert read_date("", "Date of birth") is None


cells = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\ufffd"), max_size=20)


@given(st.lists(st.tuples(cells, cells), max_size=8))
def test_what_a_csv_writer_writes_is_read_back(rows: list[tuple[str, str]]) -> None:
    buffer = io.StringIO()
    csv.writer(buffer, quoting=csv.QUOTE_ALL).writerows([("Full name", "Town"), *rows])
    content = b"\xef\xbb\xbf" + buffer.getvalue().encode()
    expected = [(name.strip(), town.strip()) for name, town in rows if name.strip() or town.strip()]
    assert values(content) == expected


@given(st.lists(st.binary(max_size=30), max_size=12))
def test_no_bytes_whatever_stop_the_reading(lines: list[bytes]) -> None:
    found = list(itertools.islice(read_records([b"Full name,Town\n", *lines, b"\n", b"Ben,Bath\n"], COLUMNS), 50))
    assert all(isinstance(record, Record | Rejected) for record in found)


def test_a_file_of_bad_lines_is_given_up_before_it_has_cost_much() -> None:
    """Three megabytes of quotation marks that are never closed took forty seconds."""
    lines = [b"Name,Town\n", *[b'"x\n'] * 1_000_000]
    began = time.process_time()
    with pytest.raises(UnreadableFile, match="More than 1,000 lines cannot be read. The last is line 1,002: This line is not proper CSV"):
        list(read_records(lines, {"name": "Name"}))
    with pytest.raises(UnreadableFile, match="more than 250,000 lines"):
        list(read_records([b"Name,Town\n", *[b"\n"] * 1_000_000], {"name": "Name"}))
    assert time.process_time() - began < 5
    ordinary = [b"Name,Town\n", *[b'"x\n'] * 900, b"Anna,Ely\n"]
    assert sum(isinstance(record, Record) for record in read_records(ordinary, {"name": "Name"})) == 1


@pytest.mark.parametrize("text", ["31/12/9999", "9999-12-31", "01/01/0001"])
def test_a_date_after_which_no_day_can_be_counted_is_none(text: str) -> None:
    with pytest.raises(ValueError, match="must be a date such as"):
        read_date(text, "Care start")
