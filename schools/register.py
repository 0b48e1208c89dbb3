"""Reads the national register of schools, Get Information About Schools (GIAS): the file of all establishments and the file of links.

Pure reading: bytes in, dataclasses out, a reason for every line left out. What becomes of them in the database is decided elsewhere.
The columns of the establishments file change from year to year (139 until 2024, 135 in 2025), so they are found by name.
"""

import datetime
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from schools.csvfile import Record, Rejected, read_date, read_records

_COLUMNS = {
    "urn": "URN",
    "name": "EstablishmentName",
    "la_code": "LA (code)",
    "la_name": "LA (name)",
    "number": "EstablishmentNumber",
    "type": "TypeOfEstablishment (name)",
    "phase": "PhaseOfEducation (name)",
    "status": "EstablishmentStatus (name)",
    "low_age": "StatutoryLowAge",
    "high_age": "StatutoryHighAge",
    "opened_on": "OpenDate",
    "closed_on": "CloseDate",
    "street": "Street",
    "locality": "Locality",
    "address3": "Address3",
    "town": "Town",
    "county": "County (name)",
    "postcode": "Postcode",
    "phone": "TelephoneNum",
    "head_title": "HeadTitle (name)",
    "head_first_name": "HeadFirstName",
    "head_last_name": "HeadLastName",
}
_ADDRESS = ("street", "locality", "address3", "town", "county")
_HEAD = ("head_title", "head_first_name", "head_last_name")

_LINK_COLUMNS = {"urn": "URN", "other": "LinkURN", "type": "LinkType", "on": "LinkEstablishedDate"}


@dataclass(frozen=True)
class SchoolRow:
    """One establishment as GIAS has it. What GIAS leaves empty is an empty text or None.

    ``laestab`` is the authority's three digits and the establishment's four; ages are in years; ``address`` has one part a line, the
    postcode apart.
    """

    line: int
    urn: int
    name: str
    laestab: str
    la_code: str
    la_name: str
    type: str
    phase: str
    status: str
    low_age: int | None
    high_age: int | None
    opened_on: datetime.date | None
    closed_on: datetime.date | None
    address: str
    postcode: str
    phone: str
    head_teacher: str


@dataclass(frozen=True)
class LinkRow:
    """That one establishment is linked to another, and how: ``Successor``, ``Predecessor - merged`` and so on."""

    line: int
    urn: int
    other: int
    type: str
    on: datetime.date | None


def read_schools(lines: Iterable[bytes]) -> Iterator[SchoolRow | Rejected]:
    """The establishments in a GIAS file (``edubasealldata…csv``), opened for reading bytes, one at a time.

    A school that stands twice is read once. Raises UnreadableFile when it is not such a file.
    """
    seen: dict[int, int] = {}
    for record in read_records(lines, _COLUMNS, who=_named):
        row = record if isinstance(record, Rejected) else _school(record)
        if isinstance(row, SchoolRow):
            first = seen.setdefault(row.urn, row.line)
            if first != row.line:
                row = Rejected(row.line, f"URN {row.urn} is already on line {first}.", f"{row.name} (URN {row.urn})")
        yield row


def read_links(lines: Iterable[bytes]) -> Iterator[LinkRow | Rejected]:
    """The links in a GIAS links file (``links_edubasealldata…csv``), opened for reading bytes, one at a time.

    Raises UnreadableFile when it is not such a file.
    """
    for record in read_records(lines, _LINK_COLUMNS, who=_linked):
        yield record if isinstance(record, Rejected) else _link(record)


def successors(links: Iterable[LinkRow]) -> dict[int, dict[int, bool]]:
    """For each URN that was replaced, the URNs that replaced it, and whether the one simply became the other.

    A school that becomes an academy simply becomes another; a merged, amalgamated or split one does not. GIAS notes a link on either
    school or on both.
    """
    found: dict[int, dict[int, bool]] = {}
    for link in links:
        kind = link.type.casefold()
        if kind.startswith(("successor", "predecessor")):
            old, new = (link.urn, link.other) if kind.startswith("successor") else (link.other, link.urn)
            simply = kind in ("successor", "predecessor") and found.get(old, {}).get(new, True)
            found.setdefault(old, {})[new] = simply
    return found


def _named(values: Mapping[str, str]) -> str:
    """Which school a line is about, as the file names it."""
    name, urn = values["name"], values["urn"] and f"URN {values['urn']}"
    return f"{name} ({urn})" if name and urn else name or urn


def _linked(values: Mapping[str, str]) -> str:
    """Which two schools a line is about."""
    return " and ".join(f"URN {urn}" for urn in (values["urn"], values["other"]) if urn)


def _school(record: Record) -> SchoolRow | Rejected:
    values = record.values
    if not values["name"]:
        return Rejected(record.line, "EstablishmentName is empty.", _named(values))
    try:
        la_code = _digits(values, "la_code", "LA (code)", 3)
        number = _digits(values, "number", "EstablishmentNumber", 4)
        return SchoolRow(
            line=record.line,
            urn=_urn(values["urn"], "URN"),
            name=values["name"],
            laestab=la_code + number if la_code and number else "",
            la_code=la_code,
            la_name=values["la_name"],
            type=values["type"],
            phase=values["phase"],
            status=values["status"],
            low_age=_age(values, "low_age"),
            high_age=_age(values, "high_age"),
            opened_on=read_date(values["opened_on"], "OpenDate"),
            closed_on=read_date(values["closed_on"], "CloseDate"),
            address="\n".join(_known(values, _ADDRESS)),
            postcode=values["postcode"],
            phone=values["phone"],
            head_teacher=" ".join(_known(values, _HEAD)),
        )
    except ValueError as error:
        return Rejected(record.line, str(error), _named(values))


def _link(record: Record) -> LinkRow | Rejected:
    values = record.values
    try:
        return LinkRow(
            line=record.line,
            urn=_urn(values["urn"], "URN"),
            other=_urn(values["other"], "LinkURN"),
            type=values["type"],
            on=read_date(values["on"], "LinkEstablishedDate"),
        )
    except ValueError as error:
        return Rejected(record.line, str(error), _linked(values))


def _known(values: Mapping[str, str], keys: tuple[str, ...]) -> list[str]:
    return [values[key] for key in keys if values[key] not in ("", "Not recorded")]


def _is_number(text: str) -> bool:
    # isdigit alone takes other scripts' digits and superscripts.
    return text.isascii() and text.isdigit()


def _urn(text: str, column: str) -> int:
    if not text:
        raise ValueError(f"{column} is empty.")
    if not _is_number(text) or len(text) != 6:
        raise ValueError(f"{column} must be a number of 6 digits, not “{text}”.")
    return int(text)


def _digits(values: Mapping[str, str], key: str, column: str, length: int) -> str:
    """A code of so many digits, zeros in front restored where a spreadsheet has dropped them; empty when there is none."""
    text = values[key]
    if text and (not _is_number(text) or len(text) > length):
        raise ValueError(f"{column} must be a number of up to {length} digits, not “{text}”.")
    return text and text.zfill(length)


def _age(values: Mapping[str, str], key: str) -> int | None:
    text = values[key]
    if text and (not _is_number(text) or len(text) > 2):
        raise ValueError(f"{_COLUMNS[key]} must be an age in years, not “{text}”.")
    return int(text) if text else None
