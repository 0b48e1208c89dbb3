"""Reads a CSV file line by line: columns by name, in whatever encoding it came, and a reason for every line that cannot be read.

Files come from spreadsheets, case systems and the Department for Education, so a bad line is ordinary. It is reported with its
number and the rest of the file goes on; only a file without the columns it must have is refused whole.
"""

import csv
import datetime
import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

FIRST_YEAR, LAST_YEAR = 1400, 2199  # the oldest schools were opened long ago
# Beyond these it is no list, and looking on costs time: the national file has some 52,000 lines.
MOST_LINES, MOST_BAD_LINES = 250_000, 1000
LONGEST_WHO = 200  # of a line that is damaged: what stands in the place of a name may be anything
MOST_LINES_IN_A_RECORD = 20  # an address may have line breaks; a quotation mark left open may not swallow the file
_UTF8_MARK = b"\xef\xbb\xbf"
_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")
_UNREADABLE = "\ufffd"
_DAY_FIRST = re.compile(r"(?P<day>[0-9]{1,2})[-/.](?P<month>[0-9]{1,2})[-/.](?P<year>[0-9]{4})( 00:00(:00)?)?")  # spreadsheets add midnight
_ISO = re.compile(r"(?P<year>[0-9]{4})-(?P<month>[0-9]{2})-(?P<day>[0-9]{2})([ T]00:00(:00)?)?")


class UnreadableFile(ValueError):
    """The file as a whole cannot be read; the message says why, in words for the person who chose it."""


@dataclass(frozen=True)
class Rejected:
    """A line that was left out, by its number in the file (the heading is line 1), and why."""

    line: int
    reason: str
    who: str = ""  # whom or what the line is about, as far as it could be read


@dataclass(frozen=True)
class Record:
    """One record of the file: the number of its first line, and the text of each wanted column, trimmed."""

    line: int
    values: Mapping[str, str]


def same_heading(text: str) -> str:
    """A column's name reduced to what matters when names are compared: its letters and digits, without capitals."""
    return re.sub(r"[\W_]+", "", text.casefold())


def read_date(text: str, column: str) -> datetime.date | None:
    """A date as people and systems write it, with the day first or the ISO way; None when empty. Raises ValueError when it is not one, or
    of no year in which anything here can be.
    """
    if not text:
        return None
    try:
        found = _DAY_FIRST.fullmatch(text) or _ISO.fullmatch(text)
        if found and FIRST_YEAR <= int(found["year"]) <= LAST_YEAR:
            return datetime.date(int(found["year"]), int(found["month"]), int(found["day"]))
    except ValueError:
        pass  # 31 February
    raise ValueError(f"{column} must be a date such as 31/08/2026, not “{text}”.")


def read_records(
    lines: Iterable[bytes],
    required: Mapping[str, str],
    optional: Mapping[str, str] | None = None,
    *,
    who: Callable[[Mapping[str, str]], str] = lambda cells: "",
) -> Iterator[Record | Rejected]:
    """The records of a CSV file, one at a time, with a ``Rejected`` in place of each that cannot be read.

    ``lines`` is the file opened for reading bytes. ``required`` and ``optional`` name the column for each key of a record's values;
    capitals, spaces and signs in a column's name do not matter, nor does the order of columns. A key whose optional column the file
    does not have is missing from every record. UTF-8 and Windows-1252 are understood.
    ``who`` says whom a line that cannot be read is about, from what can be read of it.
    Raises UnreadableFile when the file is empty, is not CSV, lacks a required column, or has very many lines or very many bad ones.
    """
    records = _records(lines)
    _, _, headings = next(records, (1, 1, None))
    if not headings:
        raise UnreadableFile("The file is empty, or its first line is not a line of column names.")
    places = _places(headings, required, optional or {})
    bad = 0
    for first, last, row in records:
        if last > MOST_LINES:
            raise UnreadableFile(f"The file has more than {MOST_LINES:,} lines. Check that it is the right file.")
        if row is not None and not any(cell.strip() for cell in row):
            continue
        reason = _why_unreadable(row, len(headings), first, last)
        bad += row is None or bool(reason)
        if bad > MOST_BAD_LINES:
            raise UnreadableFile(f"More than {MOST_BAD_LINES:,} lines cannot be read. The last is line {first:,}: {reason}")
        if row is None or reason:
            yield Rejected(first, reason, _about(row or (), places, required, who))
        else:
            yield Record(first, {key: row[at].strip() for key, at in places.items()})


def _about(row: Sequence[str], places: Mapping[str, int], required: Mapping[str, str], who: Callable[[Mapping[str, str]], str]) -> str:
    """Whom a line that cannot be read is about, as far as its cells are there."""
    cells = {key: row[at].replace("\0", "").strip() if at < len(row) else "" for key, at in places.items()}
    return who({**dict.fromkeys(required, ""), **cells})[:LONGEST_WHO]


def _records(lines: Iterable[bytes]) -> Iterator[tuple[int, int, list[str] | None]]:
    """Each record's first and last line and its cells, None where it is not CSV.

    A cell in quotation marks may hold line breaks. A mark that is not closed within a few lines, or not where a cell ends, spoils only
    the line it stands in: reading goes on at the next.
    """
    source = enumerate(_decoded(lines), start=1)
    ahead: deque[tuple[int, str]] = deque()
    while True:
        ahead.extend(islice(source, MOST_LINES_IN_A_RECORD - len(ahead)))
        if not ahead:
            return
        reader = csv.reader((text for _, text in ahead), strict=True)
        try:
            row, size = next(reader), reader.line_num
        except csv.Error:
            row, size = None, 1
        used = [ahead.popleft()[0] for _ in range(size)]
        yield used[0], used[-1], row


def _decoded(lines: Iterable[bytes]) -> Iterator[str]:
    """The lines as text: UTF-8 where they are, Windows-1252 otherwise; what is neither becomes the replacement character."""
    marked = False
    for number, raw in enumerate(lines):
        line = raw.removeprefix(_UTF8_MARK) if number == 0 else raw
        if number == 0:
            if line.startswith(_UTF16_MARKS):
                raise UnreadableFile("The file is in UTF-16. Save it as CSV in UTF-8 and try again.")
            marked = line != raw
        try:
            yield line.decode("utf-8")
        except UnicodeDecodeError:
            yield line.decode("utf-8" if marked else "cp1252", errors="replace")


def _places(headings: Sequence[str], required: Mapping[str, str], optional: Mapping[str, str]) -> dict[str, int]:
    """Where each wanted column stands. Raises UnreadableFile when a required one is missing or a wanted one stands twice."""
    found = [same_heading(heading) for heading in headings]
    missing = [name for name in required.values() if same_heading(name) not in found]
    if missing:
        raise UnreadableFile(f"The file has no column named {', '.join(missing)}. The first line must hold the column names.")
    wanted = {key: name for key, name in {**required, **optional}.items() if same_heading(name) in found}
    twice = [name for name in wanted.values() if found.count(same_heading(name)) > 1]
    if twice:
        raise UnreadableFile(f"The file has more than one column named {', '.join(twice)}.")
    return {key: found.index(same_heading(name)) for key, name in wanted.items()}


def _why_unreadable(row: Sequence[str] | None, columns: int, first: int, last: int) -> str:
    """Why a record cannot be used; empty when it can. Empty cells beyond the last column are let pass: spreadsheets add them."""
    if row is None:
        return "This line is not proper CSV: look for a quotation mark that is not closed or not doubled."
    if any("\0" in cell for cell in row):
        return "This line holds a character that no text has (NUL): the file is damaged."
    if any(_UNREADABLE in cell for cell in row):
        return "This line holds a character that is neither UTF-8 nor Windows-1252."
    if len(row) < columns or any(cell.strip() for cell in row[columns:]):
        what = "This line has" if first == last else f"Lines {first} to {last}, read as one because of quotation marks, have"
        return f"{what} {len(row)} columns and the heading has {columns}."
    return ""
