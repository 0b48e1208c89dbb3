"""The authority's list of care plan reviews: compared with the register, and brought in.

The columns are those of the SSDA903 return's reviews file. A child is known by the number in the case system. The import adds reviews: one
in the past was held, one to come is booked. It cancels and removes none.
"""

import datetime
import uuid
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from django.db import transaction

from accounts.models import User
from children.models import CareReview, Child
from pep import deadlines
from schools.csvfile import Rejected, read_date, read_records
from schools.models import LocalAuthority
from virtualschool.register import rows
from virtualschool.register.rows import Line, Report, shown

REQUIRED = {"child": "CHILD", "review": "REVIEW"}


@dataclass(frozen=True)
class ReviewRow:
    """One review as the file has it."""

    line: int
    identifier: str
    on: datetime.date


@dataclass
class ParsedReviews:
    """The file: the lines that can be used, and those that cannot."""

    rows: list[ReviewRow] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)


def read(lines: Iterable[bytes]) -> ParsedReviews:
    """Reads the list, opened for reading bytes. Raises UnreadableFile when it is not such a list."""
    parsed = ParsedReviews()
    for record in read_records(lines, REQUIRED):
        if isinstance(record, Rejected):
            parsed.rejected.append(record)
            continue
        try:
            day = read_date(record.values["review"], "REVIEW")
        except ValueError as error:
            parsed.rejected.append(Rejected(record.line, str(error)))
            continue
        if day is None or not record.values["child"]:
            parsed.rejected.append(Rejected(record.line, "CHILD and REVIEW must both be given."))
        else:
            parsed.rows.append(ReviewRow(record.line, record.values["child"], day))
    return parsed


def plan(parsed: ParsedReviews, authority: LocalAuthority, on: datetime.date) -> Report:
    """What would happen to each line of the file on this day; nothing is written."""
    report = Report(f"Import of care plan reviews for {authority}", on)
    report.reject(parsed.rejected)
    named = {row.identifier for row in parsed.rows}
    children = {child.identifier: child for child in Child.objects.filter(authority=authority, identifier__in=named, merged_into=None)}
    known: dict[tuple[uuid.UUID, datetime.date], CareReview] = {
        (row.child_id, row.on): row
        for row in CareReview.objects.filter(child__in=children.values()).exclude(state=CareReview.State.CANCELLED)
    }
    last: dict[uuid.UUID, set[datetime.date]] = defaultdict(set)
    for row in parsed.rows:
        report.take(_line(row, children.get(row.identifier), known, last, on))
    return report


def _line(
    row: ReviewRow,
    child: Child | None,
    known: dict[tuple[uuid.UUID, datetime.date], CareReview],
    seen: dict[uuid.UUID, set[datetime.date]],
    on: datetime.date,
) -> Line:
    line = Line(row.line, row.identifier)
    if child is None:
        return line.reject("No child of this authority has this number. Bring the children in first.")
    if row.on in seen[child.pk]:
        return line.reject("This review is on an earlier line already.")
    seen[child.pk].add(row.on)
    state = CareReview.State.HELD if row.on <= on else CareReview.State.BOOKED
    there = known.get((child.pk, row.on))
    if there is None:
        line.add(CareReview(child=child, on=row.on, state=state), f"Review of the care plan on {shown(row.on)}, {state.label.lower()}")
        return line.settle(is_new=True)
    if there.state == CareReview.State.BOOKED and state == CareReview.State.HELD:
        line.edit(there, {"state": state.value})
    return line.settle()


def apply(report: Report, *, by: User | None) -> None:
    """Do what the plan says, in one transaction, with the dates that follow. Raises StaleReport when the register has changed since."""
    with transaction.atomic():
        rows.apply(report, by=by)
        written = [record for line in report.lines for record in [*line.new, *(edit.record for edit in line.edits)]]
        touched = {record.child_id for record in written if isinstance(record, CareReview)}
        deadlines.refresh_all(list(Child.objects.filter(pk__in=touched)), by=by, on=report.on, because=report.title)
