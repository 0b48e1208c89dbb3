"""Reads the authority's list of children: columns, dates, codes, and which lines cannot be used. No database."""

import datetime
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TypeVar

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from children.models import CarePeriod
from children.numbers import normalise, normalise_upn
from pep.planning import SHORT_BREAKS
from schools.csvfile import Record, Rejected, read_date, read_records

REQUIRED = {
    "given_name": "Given name",
    "family_name": "Family name",
    "date_of_birth": "Date of birth",
    "identifier": "Identifier",
    "legal_status": "Legal status",
    "care_start": "Care start",
}
OPTIONAL = {
    "known_as": "Known as",
    "upn": "UPN",
    "placement": "Placement",
    "placement_start": "Placement start",
    "carer": "Carer",
    "school_urn": "School URN",
    "school_start": "School start",
    "worker_email": "Social worker e-mail",
    "team": "Team",
    "answer": "Answer",
}
LEGAL_STATUSES = {code for code, _ in CarePeriod.LEGAL_STATUSES}
Value = TypeVar("Value")


@dataclass(frozen=True)
class ChildRow:
    """One child as the file has it. Empty text or None where the cell is empty; ``columns`` are those the file has.

    ``faults`` are the reasons why the line cannot be used, each a sentence; a cell that cannot be read is as good as empty. Without a
    date of birth there is always one.
    """

    line: int
    given_name: str
    family_name: str
    date_of_birth: datetime.date | None
    identifier: str
    legal_status: str
    care_start: datetime.date | None
    known_as: str
    upn: str
    placement: str
    placement_start: datetime.date | None
    carer: str
    school_urn: int | None
    school_start: datetime.date | None
    worker_email: str
    team: str
    answer: str
    columns: frozenset[str]
    faults: tuple[str, ...] = ()


@dataclass
class ParsedChildren:
    """The file: the lines about a child, also those with faults; those that are none; and the identifiers and UPNs that any line names."""

    rows: list[ChildRow] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)
    mentioned: set[str] = field(default_factory=set)


def read(lines: Iterable[bytes]) -> ParsedChildren:
    """Reads the list, opened for reading bytes. Raises UnreadableFile when it is not such a list."""
    parsed = ParsedChildren()
    first: dict[str, int] = {}
    for record in read_records(lines, REQUIRED, OPTIONAL, who=_named):
        if isinstance(record, Rejected):
            parsed.rejected.append(record)
            continue
        keys = [key for key in (normalise(record.values["identifier"]), normalise_upn(record.values.get("upn", ""))) if key]
        parsed.mentioned.update(keys)
        if (code := _code(record.values["legal_status"])) in SHORT_BREAKS:
            # Nothing else on the line is anybody's to put right.
            parsed.rejected.append(Rejected(record.line, f"No PEP needed: {code} is a series of short breaks.", _named(record.values)))
            continue
        row = _child(record)
        earlier = {first[key]: key for key in keys if key in first}
        row = replace(row, faults=(*row.faults, *(f"{key} is already on line {line}." for line, key in earlier.items())))
        parsed.rows.append(row)
        if not row.faults:
            first.update(dict.fromkeys(keys, row.line))
    return parsed


def _named(cells: Mapping[str, str]) -> str:
    """Whom a line is about, as the file names them."""
    return f"{cells['given_name']} {cells['family_name']}".strip()


def _child(record: Record) -> ChildRow:
    cells = {**dict.fromkeys(OPTIONAL, ""), **record.values}
    faults: list[str] = []

    def cell(reader: Callable[[str, str], Value], key: str) -> Value | None:
        """What a cell says; None, and one fault more, where it cannot be read."""
        try:
            return reader(cells[key], (REQUIRED | OPTIONAL)[key])
        except ValueError as error:
            faults.append(str(error))
            return None

    row = ChildRow(
        line=record.line,
        given_name=cells["given_name"],
        family_name=cells["family_name"],
        date_of_birth=cell(read_date, "date_of_birth"),
        identifier=normalise(cells["identifier"]),
        legal_status=cell(_legal_status, "legal_status") or "",
        care_start=cell(read_date, "care_start"),
        known_as=cells["known_as"],
        upn=normalise_upn(cells["upn"]),
        placement=cells["placement"],
        placement_start=cell(read_date, "placement_start"),
        carer=cells["carer"],
        school_urn=cell(read_urn, "school_urn"),
        school_start=cell(read_date, "school_start"),
        worker_email=cell(read_email, "worker_email") or "",
        team=cells["team"],
        answer=cells["answer"],
        columns=frozenset(record.values),
    )
    empty = [f"{REQUIRED[key]} is empty." for key in ("given_name", "date_of_birth") if not cells[key]]
    return replace(row, faults=(*empty, *faults))


def _code(text: str) -> str:
    """The code in front: ``C2`` and ``C2 Full care order`` alike."""
    return normalise(re.split(r"[^A-Za-z0-9]", text, maxsplit=1)[0])


def _legal_status(text: str, column: str) -> str:
    if not text:
        return ""
    code = _code(text)
    if code not in LEGAL_STATUSES:
        raise ValueError(f"{column} “{text}” is not one of {', '.join(sorted(LEGAL_STATUSES.union(SHORT_BREAKS)))}.")
    return code


def read_urn(text: str, column: str) -> int | None:
    """A school's unique reference number; None when empty. Raises ValueError when it is not a number of six digits."""
    if not text:
        return None
    if not re.fullmatch(r"[0-9]{6}", text):
        raise ValueError(f"{column} must be a number of 6 digits, not “{text}”.")
    return int(text)


def read_email(text: str, column: str) -> str:
    """An e-mail address in small letters; empty when empty. Raises ValueError when it is not one."""
    if not text:
        return ""
    try:
        validate_email(text)
    except ValidationError:
        raise ValueError(f"{column} must be an e-mail address, not “{text}”.") from None
    return text.lower()
