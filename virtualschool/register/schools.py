"""The national register of schools (GIAS): compared with the product's own, and brought in.

A school is known by its URN. Closed schools that the register never had are left out. Where one school has become another (an academy
with a new URN), the links file says so; the children, staff, open plans and unpaid requests for money of the old one are carried over
when that is asked for.

The register is shared by all authorities. The operator's command brings in the whole file; in the pages, an authority adds the schools
that are missing and changes those that are its own.
"""

import datetime
from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Q

from accounts.models import User
from children.models import Enrolment
from pep.models import FundingRequest, Plan
from schools.csvfile import Rejected
from schools.models import LocalAuthority, Membership, School
from schools.register import LinkRow, SchoolRow, read_links, read_schools, successors
from virtualschool.register import rows
from virtualschool.register.rows import Edit, Line, Outcome, Report, too_long

FIELDS = (
    "name", "laestab", "la_code", "la_name", "type", "phase", "status", "low_age", "high_age", "opened_on", "closed_on", "address",
    "postcode", "phone", "head_teacher",
)  # fmt: skip
CLOSED = "Closed"
NOT_YOURS = "Not yours to change: this school stands under another authority. Whoever runs the service brings in the whole national file."
# Requests for pupil premium that may still lead to a payment, which must go to the school's new number.
R = FundingRequest.State
MAY_BE_PAID = (R.REQUESTED, R.AGREED, R.PART, R.APPROVED)


@dataclass
class ParsedSchools:
    """The file of establishments, and the links if they were given: what can be used of both, and what cannot."""

    rows: list[SchoolRow] = field(default_factory=list)
    links: list[LinkRow] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)


def read(lines: Iterable[bytes], links: Iterable[bytes] | None = None) -> ParsedSchools:
    """Reads the file of establishments and, where given, the file of links, both opened for reading bytes.

    Raises UnreadableFile when one of them is not such a file.
    """
    parsed = ParsedSchools()
    for row in read_schools(lines):
        if isinstance(row, Rejected):
            parsed.rejected.append(row)
        else:
            parsed.rows.append(row)
    for link in read_links(links or ()) if links is not None else ():
        if isinstance(link, Rejected):
            parsed.rejected.append(Rejected(link.line, f"In the links file: {link.reason}", link.who))
        else:
            parsed.links.append(link)
    return parsed


def is_own(school: School, authorities: Collection[LocalAuthority]) -> bool:
    """Whether one of these authorities may change a school: one that it added, or one of the national file that stands under its number."""
    if school.added_by_id is not None:
        return school.added_by_id in {authority.pk for authority in authorities}
    return school.la_code in {authority.code for authority in authorities}


def plan(
    parsed: ParsedSchools, on: datetime.date, *, la_codes: Collection[str] = (), apply_successors: bool = False,
    only_for: Collection[LocalAuthority] | None = None,
) -> Report:  # fmt: skip
    """What would happen to each school on this day; nothing is written.

    ``la_codes`` keeps to the schools of these authorities, by DfE number; none means all. ``apply_successors`` carries children, staff
    and open plans over where a school has become another. ``only_for`` names the authorities for whom an officer brings the file in: it
    changes no school but theirs, and tells of no children and staff but theirs. None: the operator does, for everybody.
    """
    report = Report("Import of schools", on)
    report.reject(parsed.rejected)
    known = {school.urn: school for school in School.objects.select_related("successor")}
    replaced = successors(parsed.links)
    lines: dict[int, Line] = {}
    left_out = 0
    for row in parsed.rows:
        if la_codes and row.la_code not in la_codes:
            continue
        line = Line(row.line, f"{row.name} (URN {row.urn})")
        if wrong := too_long(School, {name: getattr(row, name) for name in FIELDS}):
            report.take(line.reject(wrong))
        elif row.urn not in known and row.status == CLOSED:
            left_out += 1
        else:
            lines[row.urn] = _school(line, row, known)
    _successions(lines, known, replaced, on, apply_successors, only_for)
    for urn, line in lines.items():
        if line.outcome is not Outcome.NEW and line.edits and only_for is not None and not is_own(known[urn], only_for):
            report.take(line.reject(NOT_YOURS))
        else:
            report.take(line if line.outcome is Outcome.NEW else line.settle())
    if left_out:
        report.notes.append(f"Closed schools that the register does not have, left out: {left_out:,}.")
    if not la_codes:
        report.missing = _missing(parsed, on, only_for)
    return report


def apply(report: Report, *, by: User | None) -> None:
    """Do what the plan says, in one transaction. Raises StaleReport when the register has changed since the plan was made."""
    rows.apply(report, by=by)


def _school(line: Line, row: SchoolRow, known: dict[int, School]) -> Line:
    values: dict[str, Any] = {name: getattr(row, name) for name in FIELDS}
    school = known.get(row.urn)
    if school is None:
        known[row.urn] = School(urn=row.urn, **values)
        line.add(known[row.urn], f"{row.type or 'School'}, {row.la_name}")
        return line.settle(is_new=True)
    given = {name: value for name, value in values.items() if value not in ("", None)}
    if row.status not in ("", CLOSED):
        given["closed_on"] = row.closed_on  # a school that is open after all has no such day
    line.edit(school, given)
    return line


def _successions(
    lines: dict[int, Line], known: dict[int, School], replaced: dict[int, dict[int, bool]], on: datetime.date, apply_successors: bool,
    only_for: Collection[LocalAuthority] | None,
) -> None:  # fmt: skip
    """What follows for schools that were replaced by others, on the line of the old school."""
    old_schools = {urn: known[urn] for urn in replaced if urn in known}
    enrolments, memberships, plans, requests = _attached(old_schools.values(), on, only_for)
    for urn, old in old_schools.items():
        line = lines.setdefault(urn, Line(0, f"{old.name} (URN {urn})"))
        heirs = [known[heir] for heir in replaced[urn] if heir in known]
        children, staff, asked = enrolments.get(old.pk, []), memberships.get(old.pk, []), requests.get(old.pk, [])
        in_use = _counted(children, staff, asked)
        if len(heirs) != len(replaced[urn]):
            line.asks.append(f"It has been replaced by a school that is not in the register or the file: {_urns(replaced[urn])}.")
        elif len(heirs) > 1 or not all(replaced[urn].values()):
            if children or staff:
                line.asks.append(f"Merged or split into {_names(heirs)}. Still here: {in_use}. Move each child to the right school.")
        else:
            heir = heirs[0]
            line.edit(old, {"successor": heir})
            if not (children or staff or asked):
                continue
            if heir.status == CLOSED:
                line.asks.append(f"It has become {heir.name} (URN {heir.urn}), which is closed too. Still here: {in_use}.")
            elif not apply_successors:
                line.asks.append(f"It has become {heir.name} (URN {heir.urn}). To be carried over to it: {in_use}.")
            else:
                _carry_over(line, heir, children, staff, [*plans.get(old.pk, []), *asked], on)
                line.changes.append(f"Carried over to {heir.name} (URN {heir.urn}): {in_use}.")


def _carry_over(
    line: Line, heir: School, children: list[Enrolment], staff: list[Membership], others: list[Plan | FundingRequest], on: datetime.date
) -> None:
    """The same school under a new number: what hangs from the old one, from now on hangs from the new one; history keeps the old.

    A person or child who is at the new one already keeps that, and the old ends.
    """
    lasting = Q(ends__isnull=True) | Q(ends__gt=on)
    enrolled = set(Enrolment.objects.filter(lasting, school=heir).values_list("child_id", flat=True))
    there = set(Membership.objects.filter(lasting, school=heir).values_list("user_id", "authority_id", "role"))
    for enrolment in children:
        if enrolment.child_id in enrolled:
            line.asks.append(f"Child {enrolment.child.reference} is enrolled at {heir.name} as well. End one of the two.")
        else:
            line.edits.append(Edit(enrolment, {"school": heir}))
    for role in staff:
        ended = (role.user_id, role.authority_id, role.role) in there
        line.edits.append(Edit(role, {"ends": max(on, role.starts)} if ended else {"school": heir}))
    line.edits += [Edit(other, {"school": heir}) for other in others]


def _attached(
    schools: Iterable[School], on: datetime.date, only_for: Collection[LocalAuthority] | None
) -> tuple[dict[Any, list[Enrolment]], dict[Any, list[Membership]], dict[Any, list[Plan]], dict[Any, list[FundingRequest]]]:
    """The enrolments, designated teachers, plans in progress and requests that may still be paid, of these schools: four queries."""
    whose = _of_authority("child__authority", only_for)
    ids = [school.pk for school in schools if not school._state.adding]
    lasting = Q(ends__isnull=True) | Q(ends__gt=on)
    enrolments, memberships, plans = defaultdict(list), defaultdict(list), defaultdict(list)
    for enrolment in Enrolment.objects.filter(lasting, whose, school__in=ids).select_related("child", "school"):
        enrolments[enrolment.school_id].append(enrolment)
    for membership in Membership.objects.filter(lasting, _of_authority("authority", only_for), school__in=ids).select_related(
        "user", "school"
    ):
        memberships[membership.school_id].append(membership)
    for open_plan in Plan.objects.filter(whose, school__in=ids).exclude(state__in=Plan.ENDED).select_related("school"):
        plans[open_plan.school_id].append(open_plan)
    requests = defaultdict(list)
    asked = FundingRequest.objects.filter(_of_authority("plan__child__authority", only_for), school__in=ids, state__in=MAY_BE_PAID)
    for request in asked.select_related("school", "plan__child"):
        requests[request.school_id].append(request)
    return enrolments, memberships, plans, requests


def _of_authority(lookup: str, only_for: Collection[LocalAuthority] | None) -> Q:
    return Q() if only_for is None else Q(**{f"{lookup}__in": only_for})


def _missing(parsed: ParsedSchools, on: datetime.date, only_for: Collection[LocalAuthority] | None) -> list[str]:
    """Schools where children are enrolled and which the file does not have."""
    named = {row.urn for row in parsed.rows}
    lasting = Q(ends__isnull=True) | Q(ends__gt=on)
    enrolments = Enrolment.objects.filter(lasting, _of_authority("child__authority", only_for))
    in_use = School.objects.filter(pk__in=enrolments.values("school"))
    return [f"{school.name} (URN {school.urn})" for school in in_use.order_by("name") if school.urn not in named]


def _counted(children: list[Enrolment], staff: list[Membership], requests: list[FundingRequest]) -> str:
    money = f"; requests for money: {len(requests)}" if requests else ""
    return f"enrolled children: {len(children)}; designated teachers: {len(staff)}{money}"


def _urns(heirs: Iterable[int]) -> str:
    return ", ".join(f"URN {urn}" for urn in heirs)


def _names(heirs: Iterable[School]) -> str:
    return " and ".join(f"{heir.name} (URN {heir.urn})" for heir in heirs)
