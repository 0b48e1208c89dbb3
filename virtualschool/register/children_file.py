"""Reads the authority's list of children: columns, dates, codes, and which lines cannot be used. No database."""

import datetime
import re
from collections.abc import Iterable
from dataclasses import dataclass, field

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


@dataclass(frozen=True)
class ChildRow:
    """One child as the file has it. Empty text or None where the cell is empty; ``columns`` are those the file has."""

    line: int
    given_name: str
    family_name: str
    date_of_birth: datetime.date
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


@dataclass
class ParsedChildren:
    """The file: the lines that can be used, those that cannot, and the identifiers and UPNs that any readable line names."""

    rows: list[ChildRow] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)
    mentioned: set[str] = field(default_factory=set)


def read(lines: Iterable[bytes]) -> ParsedChildren:
    """Reads the list, opened for reading bytes. Raises UnreadableFile when it is not such a list."""
    parsed = ParsedChildren()
    first: dict[str, int] = {}
    for record in read_records(lines, REQUIRED, OPTIONAL):
        if isinstance(record, Rejected):
            parsed.rejected.append(record)
            continue
        keys = [key for key in (normalise(record.values["identifier"]), normalise_upn(record.values.get("upn", ""))) if key]
        parsed.mentioned.update(keys)
        row = _child(record)
        if isinstance(row, ChildRow):
            earlier = {first[key]: key for key in keys if key in first}
            for line, key in earlier.items():
                row = Rejected(record.line, f"{key} is already on line {line}.")
        if isinstance(row, Rejected):
            parsed.rejected.append(row)
            continue
        parsed.rows.append(row)
        first.update(dict.fromkeys(keys, row.line))
    return parsed


def _child(record: Record) -> ChildRow | Rejected:
    cells = {**dict.fromkeys(OPTIONAL, ""), **record.values}
    try:
        status = _legal_status(cells["legal_status"])
        born = read_date(cells["date_of_birth"], "Date of birth")
        if not cells["given_name"]:
            raise ValueError("Given name is empty.")
        if born is None:
            raise ValueError("Date of birth is empty.")
        return ChildRow(
            line=record.line,
            given_name=cells["given_name"],
            family_name=cells["family_name"],
            date_of_birth=born,
            identifier=normalise(cells["identifier"]),
            legal_status=status,
            care_start=read_date(cells["care_start"], "Care start"),
            known_as=cells["known_as"],
            upn=normalise_upn(cells["upn"]),
            placement=cells["placement"],
            placement_start=read_date(cells["placement_start"], "Placement start"),
            carer=cells["carer"],
            school_urn=read_urn(cells["school_urn"], "School URN"),
            school_start=read_date(cells["school_start"], "School start"),
            worker_email=read_email(cells["worker_email"], "Social worker e-mail"),
            team=cells["team"],
            answer=cells["answer"],
            columns=frozenset(record.values),
        )
    except ValueError as error:
        return Rejected(record.line, str(error))


def _legal_status(text: str) -> str:
    """The code in front: ``C2`` and ``C2 Full care order`` alike."""
    if not text:
        return ""
    code = normalise(re.split(r"[^A-Za-z0-9]", text, maxsplit=1)[0])
    if code in SHORT_BREAKS:
        raise ValueError(f"No PEP needed: {code} is a series of short breaks.")
    if code not in LEGAL_STATUSES:
        raise ValueError(f"Legal status “{text}” is not one of {', '.join(sorted(LEGAL_STATUSES.union(SHORT_BREAKS)))}.")
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
