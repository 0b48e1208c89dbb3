"""The authority's own list of children in care, weekly: compared with the register, and brought in.

Which of the register's children a line speaks of is decided by the identifier of the case system; where that is not known, a child
with the same UPN, or with a similar name and date of birth, is asked about first. An empty cell changes nothing; a child missing
from the file is listed, never closed; a different school is a move, which an import never makes.
"""

import datetime
import uuid
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field

from django.core.exceptions import ValidationError
from django.db import models, transaction

from accounts.fields import plain_name
from accounts.models import User
from accounts.policy import Relation
from children.access_changes import telling
from children.models import Allocation, CarePeriod, Child, Enrolment, Placement
from children.numbers import upn_warning
from pep import deadlines
from schools.models import LocalAuthority, School, Team
from virtualschool.register import care, rows
from virtualschool.register.children_file import ChildRow, ParsedChildren, read
from virtualschool.register.identity import Described, Index, names_of
from virtualschool.register.matching import same_name
from virtualschool.register.people import not_to_allocate
from virtualschool.register.rows import Line, Report, shown, too_long

__all__ = ["ParsedChildren", "apply", "plan", "read"]

OLDEST = 19  # years; care ends at 18, and a list may be a little behind


@dataclass
class Register:
    """All that one file is compared with, read in a fixed number of queries."""

    authority: LocalAuthority
    on: datetime.date
    by: User | None
    index: Index
    facts: dict[uuid.UUID, care.Facts]
    schools: dict[int, School]
    people: dict[str, User]
    others: set[uuid.UUID]  # people who work for other authorities or for schools, not for this authority
    teams: dict[str, Team]
    spoken_of: dict[uuid.UUID, int] = field(default_factory=dict)  # the line that spoke of a child


def plan(
    parsed: ParsedChildren,
    authority: LocalAuthority,
    on: datetime.date,
    answers: Mapping[int, str] | None = None,
    *,
    by: User | None = None,
) -> Report:
    """What would happen to each line of the file on this day; nothing is written.

    ``answers`` gives, by line number, what was answered to the questions of an earlier plan: ``new`` or a child's reference. An answer
    can also stand in the file's own Answer column. ``by`` is who wants to import: nobody allocates themselves.
    """
    report = Report(f"Import of children for {authority}", on)
    report.reject(parsed.rejected)
    register = _register(parsed, authority, on, by)
    candidates: set[str] = set()
    for row in parsed.rows:
        line = _line(row, register, (answers or {}).get(row.line, row.answer))
        candidates.update(line.answers)
        report.take(line)
    missing = _missing(parsed, register, candidates)
    report.missing = [register.index.describe(child) for child in missing]
    named = register.spoken_of.keys() | {child.pk for child in missing}
    report.tells_of = [child for child in register.index.everyone() if child.pk in named or child.reference in candidates]
    return report


def apply(report: Report, *, by: User | None) -> None:
    """Do what the plan says, in one transaction, and compute anew the dates by which each child's plan is due.

    Raises StaleReport when the register has changed since the plan was made.
    """
    with transaction.atomic():
        written = [record for line in report.lines for record in [*line.new, *(edit.record for edit in line.edits)]]
        handed_over = {record.child_id for record in written if isinstance(record, Allocation | Enrolment)}
        with telling(handed_over, on=report.on, by=by):
            rows.apply(report, by=by)
        # A date of birth says which rules hold, a time in care and a school from when and by whose terms.
        touched = {record.child_id for record in written if isinstance(record, CarePeriod | Enrolment)}
        touched |= {record.pk for record in written if isinstance(record, Child)}
        deadlines.refresh_all(list(Child.objects.filter(pk__in=touched)), by=by, on=report.on, because=report.title)


def _line(row: ChildRow, register: Register, answer: str) -> Line:
    """The plan for one line."""
    line = Line(row.line, f"{row.given_name} {row.family_name}".strip())
    if (faults := [*row.faults, *_wrong(row, register.on)]) or row.date_of_birth is None:
        return line.reject(" ".join([*faults, *_unknown(row, register)]))
    who = Described(row.given_name, row.family_name, row.date_of_birth, row.identifier, row.upn)
    found = register.index.find(who, answer)
    if found.question:
        return line.ask(found.question, found.answers)
    child = found.child
    if child is not None and register.spoken_of.setdefault(child.pk, row.line) != row.line:
        return line.reject(f"This is the same child as on line {register.spoken_of[child.pk]}.")
    is_new = child is None
    if child is None:
        lacking = (("Care start", row.care_start), ("Legal status", row.legal_status))
        if empty := [f"{name} is empty: a new child needs one." for name, value in lacking if not value]:
            return line.reject(" ".join([*empty, *_unknown(row, register)]))
        child = _new_child(line, row, who, register)
    else:
        _change(line, child, row, who, register)
    _facts(line, child, row, register)
    return line.settle(is_new=is_new)


def _wrong(row: ChildRow, on: datetime.date) -> list[str]:
    """Why a line cannot be right on this day: everything that can be seen without the register."""
    wrong: list[str] = []
    born, began = row.date_of_birth, row.care_start
    if born is not None and born > on:
        wrong.append(f"Date of birth {shown(born)} is in the future.")
    elif born is not None and (on.year - born.year, on.month, on.day) >= (OLDEST, born.month, born.day):
        wrong.append(f"Date of birth {shown(born)}: that is not a child in care any more. Check the year.")
    if began is not None and began > on:
        wrong.append(f"Care start {shown(began)} is in the future.")
    elif began is not None and born is not None and born <= on and began < born:
        wrong.append(f"Care start {shown(began)} is before the date of birth.")
    for name in (row.given_name, row.family_name, row.known_as):
        try:
            plain_name(name)
        except ValidationError as error:
            wrong.append(f"{error.messages[0]}.")
    names = {"given_name": row.given_name, "family_name": row.family_name, "known_as": row.known_as, "identifier": row.identifier}
    kept: list[tuple[type[models.Model], str, str]] = [
        *((Child, name, text) for name, text in names.items()), (Placement, "kind", row.placement), (Placement, "carer", row.carer)
    ]  # fmt: skip
    wrong += [words for model, name, text in kept if (words := too_long(model, {name: text}))]
    return list(dict.fromkeys(wrong))


def _unknown(row: ChildRow, register: Register) -> list[str]:
    """What a line names that the register does not have, so that whoever mends the file mends it once."""
    return [words for words in (_unknown_school(row, register), _unknown_team(row, register), _unknown_worker(row, register)) if words]


def _unknown_school(row: ChildRow, register: Register) -> str:
    known = row.school_urn is None or row.school_urn in register.schools
    return "" if known else f"No school with URN {row.school_urn} is in the register. Check the number, or import the schools."


def _unknown_team(row: ChildRow, register: Register) -> str:
    known = not row.team or row.team.casefold() in register.teams
    return "" if known else f"There is no team called “{row.team}”. Check the name, or add the team."


def _unknown_worker(row: ChildRow, register: Register) -> str:
    """Why the social worker of a line cannot be allocated; "" when they can be, or the line names nobody."""
    if not row.worker_email:
        return ""
    worker = register.people.get(row.worker_email)
    if worker is None or worker.pk in register.others:
        return (
            f"{row.worker_email} is not known as somebody who works for {register.authority} and for no school. "
            "Import the people first, or decide on the child's page."
        )
    return "" if worker.is_active else f"{worker} ({row.worker_email}) is deactivated. Choose another social worker on the child's page."


def _new_child(line: Line, row: ChildRow, who: Described, register: Register) -> Child:
    child = Child(
        authority=register.authority, identifier=row.identifier, given_name=row.given_name, family_name=row.family_name,
        known_as=row.known_as, date_of_birth=who.date_of_birth,
    )  # fmt: skip
    child.upn = _upn(line, child, row, register)
    line.add(child, f"New child: {child.legal_name}, born {shown(who.date_of_birth)}")
    register.index.plan(child, row.line)
    return child


def _change(line: Line, child: Child, row: ChildRow, who: Described, register: Register) -> None:
    """The child's own particulars. A name that differs in nothing but capitals, accents or signs is left as it is written."""
    values: dict[str, object] = {"date_of_birth": who.date_of_birth}
    if not same_name(names_of(child), (row.given_name, row.family_name or child.family_name)):
        values |= {"given_name": row.given_name, "family_name": row.family_name or child.family_name}
    if row.known_as and not same_name((child.known_as, ""), (row.known_as, "")):
        values["known_as"] = row.known_as
    if row.identifier and row.identifier not in register.index.by_identifier:  # it may be that of a child merged into this one
        values["identifier"] = row.identifier
    if upn := _upn(line, child, row, register):
        values["upn"] = upn
    line.edit(child, values)


def _upn(line: Line, child: Child, row: ChildRow, register: Register) -> str:
    """The UPN to keep; empty when the file has none that can be kept. A wrong check letter is only mentioned."""
    if warning := upn_warning(row.upn):
        line.warnings.append(warning)
    if others := register.index.others_with_upn(row.upn, child):
        line.asks.append(f"UPN {row.upn} is not taken over: {register.index.describe(others[0])} has it already.")
        return ""
    return "" if too_long(Child, {"upn": row.upn}) else row.upn


def _facts(line: Line, child: Child, row: ChildRow, register: Register) -> None:
    """Care, placement, social worker and school."""
    on, known = register.on, register.facts.get(child.pk, care.Facts())
    care.in_care(line, child, known, row.care_start, row.legal_status, on)
    care.placed(line, child, known, row.placement, row.placement_start, row.carer, on)
    _worker(line, child, known, row, register)
    if "school_urn" in row.columns:
        school = register.schools.get(row.school_urn) if row.school_urn else None
        if unknown := _unknown_school(row, register):
            line.asks.append(unknown)
        else:
            care.enrolled(line, child, known, school, row.school_start, on)


def _worker(line: Line, child: Child, known: care.Facts, row: ChildRow, register: Register) -> None:
    team, unknown_team = register.teams.get(row.team.casefold()), _unknown_team(row, register)
    if unknown_team:
        line.asks.append(unknown_team)
    current = known.workers[-1] if known.workers and known.workers[-1].ends is None else None
    if "worker_email" not in row.columns:
        worker = current.worker if current else None
    elif not row.worker_email:
        worker = None
    else:
        if unknown := _unknown_worker(row, register):
            line.asks.append(unknown)
        elif not unknown_team:
            care.worked_with(line, child, known, register.people[row.worker_email], team, register.on, by=register.by)
            return
        if current is not None:
            return
        worker = None  # the team alone: its manager looks after the child until somebody is allocated
    if not unknown_team:
        care.worked_with(line, child, known, worker, team, register.on, by=register.by)


def _missing(parsed: ParsedChildren, register: Register, candidates: set[str]) -> list[Child]:
    """Children who are in care by the register and whom no line of the file names."""
    missing = []
    for child in register.index.everyone():
        facts = register.facts.get(child.pk, care.Facts())
        is_in_care = any(period.starts <= register.on and (period.ends is None or period.ends > register.on) for period in facts.care)
        named = {child.identifier, child.upn} & parsed.mentioned
        if is_in_care and not named and child.pk not in register.spoken_of and child.reference not in candidates:
            missing.append(child)
    return missing


def _register(parsed: ParsedChildren, authority: LocalAuthority, on: datetime.date, by: User | None) -> Register:
    """Reads what the file is compared with."""
    index = Index(Child.objects.filter(authority=authority))
    index.claim(row.identifier for row in parsed.rows if row.identifier and not row.faults)
    facts: dict[uuid.UUID, care.Facts] = defaultdict(care.Facts)
    of_authority = {"child__authority": authority}
    for period in CarePeriod.objects.filter(**of_authority).order_by("starts"):
        facts[period.child_id].care.append(period)
    for placement in Placement.objects.filter(**of_authority).order_by("starts"):
        facts[placement.child_id].placements.append(placement)
    main = Enrolment.objects.filter(**of_authority, kind=Enrolment.Kind.MAIN)
    for enrolment in main.select_related("school").order_by("starts"):
        facts[enrolment.child_id].main_enrolments.append(enrolment)
    workers = Allocation.objects.filter(**of_authority, role=Relation.SOCIAL_WORKER)
    for allocation in workers.select_related("worker", "team").order_by("starts"):
        facts[allocation.child_id].workers.append(allocation)
    people = {user.email: user for user in User.objects.filter(email__in={row.worker_email for row in parsed.rows if row.worker_email})}
    return Register(
        authority=authority,
        on=on,
        by=by,
        index=index,
        facts=dict(facts),
        schools=School.objects.in_bulk({row.school_urn for row in parsed.rows if row.school_urn}, field_name="urn"),
        people=people,
        others=not_to_allocate(people.values(), authority, on),
        teams={team.name.casefold(): team for team in Team.objects.filter(authority=authority, closed=False)},
    )
