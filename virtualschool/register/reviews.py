"""The authority's list of care plan reviews: compared with the register, and brought in.

The columns are those of the SSDA903 return's reviews file. A child is known by the number in the case system. The import adds reviews: one
in the past was held, one to come is booked. Where the register has a review booked for a day to come that the file does not name, another
day in the file is asked about: that review was moved, or it is a further one. It cancels and removes none.
"""

import datetime
import uuid
from collections import defaultdict
from collections.abc import Iterable, Mapping
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
FURTHER = "further"  # the answer that a review is no other on another day; that one was moved is answered by its day, such as 2026-12-18


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


@dataclass
class _Register:
    """What the register has of the children whom the file names, and what its lines have taken so far."""

    known: dict[tuple[uuid.UUID, datetime.date], CareReview]
    unnamed: dict[uuid.UUID, list[CareReview]]  # booked for a day to come that the file does not name
    seen: set[tuple[uuid.UUID, datetime.date]] = field(default_factory=set)


def plan(parsed: ParsedReviews, authority: LocalAuthority, on: datetime.date, answers: Mapping[int, str] | None = None) -> Report:
    """What would happen to each line of the file on this day; nothing is written.

    ``answers`` gives, by line number, what was answered to the questions of an earlier plan: ``further``, or the day of the review that was
    moved.
    """
    report = Report(f"Import of care plan reviews for {authority}", on)
    report.reject(parsed.rejected)
    named = {row.identifier for row in parsed.rows}
    children = {child.identifier: child for child in Child.objects.filter(authority=authority, identifier__in=named, merged_into=None)}
    report.tells_of = list(children.values())
    known: dict[tuple[uuid.UUID, datetime.date], CareReview] = {
        (row.child_id, row.on): row
        for row in CareReview.objects.filter(child__in=children.values()).exclude(state=CareReview.State.CANCELLED)
    }
    days = {(children[row.identifier].pk, row.on) for row in parsed.rows if row.identifier in children}
    unnamed: dict[uuid.UUID, list[CareReview]] = defaultdict(list)
    for key in sorted(known.keys() - days, key=lambda key: key[1]):
        if known[key].state == CareReview.State.BOOKED and key[1] >= on:
            unnamed[key[0]].append(known[key])
    register = _Register(known, unnamed)
    for row in parsed.rows:
        report.take(_line(row, children.get(row.identifier), register, on, (answers or {}).get(row.line, "").strip().casefold()))
    return report


def _line(row: ReviewRow, child: Child | None, register: _Register, on: datetime.date, answer: str) -> Line:
    line = Line(row.line, row.identifier)
    if child is None:
        return line.reject("No child of this authority has this number. Bring the children in first.")
    if (child.pk, row.on) in register.seen:
        return line.reject("This review is on an earlier line already.")
    register.seen.add((child.pk, row.on))
    state = CareReview.State.HELD if row.on <= on else CareReview.State.BOOKED
    there = register.known.get((child.pk, row.on))
    moved = {review.on.isoformat(): review for review in register.unnamed[child.pk]}
    if there is None and state == CareReview.State.BOOKED and (moved or answer) and answer != FURTHER:
        if answer not in moved:
            return _asked(line, row.on, list(moved.values()), answer)
        register.unnamed[child.pk].remove(moved[answer])
        line.edit(moved[answer], {"on": row.on})
        return line.settle()
    if there is None:
        line.add(CareReview(child=child, on=row.on, state=state), f"Review of the care plan on {shown(row.on)}, {state.label.lower()}")
        return line.settle(is_new=True)
    if there.state == CareReview.State.BOOKED and state == CareReview.State.HELD:
        line.edit(there, {"state": state.value})
    return line.settle()


def _asked(line: Line, day: datetime.date, booked: list[CareReview], answer: str) -> Line:
    """Ask which review this is: one of those booked for days that the file does not name, or a further one."""
    wrong = f"“{answer}” is not one of the answers. " if answer else ""
    days = " and ".join(shown(review.on) for review in booked) or "no other day that the file does not name"
    return line.ask(
        f"{wrong}The file has a review booked for {shown(day)}; the register has one booked for {days}, which the file does not name.",
        {review.on.isoformat(): f"the review of {shown(review.on)} was moved to this day" for review in booked}
        | {FURTHER: "it is a further review: what is booked stays"},
    )


def apply(report: Report, *, by: User | None) -> None:
    """Do what the plan says, in one transaction, with the dates that follow. Raises StaleReport when the register has changed since."""
    with transaction.atomic():
        rows.apply(report, by=by)
        written = [record for line in report.lines for record in [*line.new, *(edit.record for edit in line.edits)]]
        touched = {record.child_id for record in written if isinstance(record, CareReview)}
        deadlines.refresh_all(list(Child.objects.filter(pk__in=touched)), by=by, on=report.on, because=report.title)
