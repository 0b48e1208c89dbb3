"""The authority's own list of the people who work with its children: compared with the register, and brought in.

A person is known by their e-mail address. The import adds people and roles; it ends no role, changes nobody's address, and tells nothing
about people who work for other authorities alone. Somebody who is not in the file is listed, nothing more. Invitations are not sent here.
"""

import datetime
import re
import uuid
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models import Exists, OuterRef, Q

from accounts.details import DETAILS, before_by_hand
from accounts.fields import plain_name
from accounts.models import User
from accounts.policy import RELATION_NAMES, Relation
from children.models import Allocation
from schools.csvfile import Record, Rejected, read_records, same_heading
from schools.memberships import organisation_of, tell_heads, work_elsewhere
from schools.models import PLACE_OF_ROLE, LocalAuthority, Membership, School, Team
from virtualschool.register import rows
from virtualschool.register.children_file import read_email, read_urn
from virtualschool.register.matching import names_alike, plain
from virtualschool.register.rows import Line, Report, shown, too_long

REQUIRED = {"name": "Name", "email": "E-mail", "role": "Role", "place": "Place"}
OPTIONAL = {"job_title": "Job title", "phone": "Telephone", "answer": "Answer"}

# Roles in relation to one child: such people need no team, and see nothing by their role. Each child's allocation says whose they are; the
# role says only which authority looks after their account.
CHILD_ROLES = (Relation.SOCIAL_WORKER, Relation.REVIEWING_OFFICER)
ROLES = {same_heading(RELATION_NAMES[role]): role for role in (*PLACE_OF_ROLE, *CHILD_ROLES)}
NEW, SAME = "new", "same"  # answers


@dataclass(frozen=True)
class PersonRow:
    """One role of one person as the file has it.

    ``faults`` are the reasons why the line cannot be used, each a sentence. Without a role that there is there is always one.
    """

    line: int
    name: str
    email: str
    role: Relation | None
    place: str
    job_title: str
    phone: str
    answer: str
    who: str  # as the file names them
    faults: tuple[str, ...] = ()


@dataclass
class ParsedPeople:
    """The file: the lines about a person, also those with faults; those that cannot be read; and every e-mail address it names."""

    rows: list[PersonRow] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)
    mentioned: set[str] = field(default_factory=set)


@dataclass
class Register:
    """All that one file is compared with, read in a fixed number of queries."""

    authority: LocalAuthority
    on: datetime.date
    by: User | None
    people: dict[str, User]
    strangers: set[uuid.UUID]
    elsewhere: set[uuid.UUID]  # work for others too: their particulars are not this authority's to change
    namesakes: dict[str, list[User]]  # people of this authority by name
    roles: dict[uuid.UUID, list[Membership]]
    schools: dict[int, School]
    teams: dict[str, Team]
    before: dict[tuple[User, str], set[str]]  # what stood in somebody's details before a person typed what stands there now


def read(lines: Iterable[bytes]) -> ParsedPeople:
    """Reads the list, opened for reading bytes. Raises UnreadableFile when it is not such a list."""
    parsed = ParsedPeople()
    first: dict[tuple[str, Relation | None, str], int] = {}
    for record in read_records(lines, REQUIRED, OPTIONAL):
        if isinstance(record, Rejected):
            parsed.rejected.append(record)
            continue
        row = _person(record)
        parsed.mentioned.add(record.values["email"].lower())
        if not row.faults:
            earlier = first.setdefault((row.email, row.role, same_heading(row.place)), row.line)
            if earlier != row.line:
                row = replace(row, faults=(f"This role of {row.email} is already on line {earlier}.",))
        parsed.rows.append(row)
    return parsed


def plan(
    parsed: ParsedPeople, authority: LocalAuthority, on: datetime.date, answers: Mapping[int, str] | None = None, *, by: User | None = None
) -> Report:
    """What would happen to each line of the file on this day; nothing is written.

    ``by`` is who wants to import: nobody gives a role to themselves. ``answers`` gives, by line number, what was answered to the
    questions of an earlier plan; an answer can also stand in the file's own Answer column.
    """
    report = Report(title(authority), on)
    report.reject(parsed.rejected)
    register = _register(parsed, authority, on, by)
    for row in parsed.rows:
        report.take(_line(row, register, (answers or {}).get(row.line, row.answer).casefold()))
    report.missing = _missing(parsed, register)
    return report


def apply(report: Report, *, by: User | None) -> None:
    """Do what the plan says, in one transaction, and tell the heads who came to the staff.

    Raises StaleReport when the register has changed since the plan was made.
    """
    with transaction.atomic():
        rows.apply(report, by=by)
        tell_heads([record for line in report.lines for record in line.new if isinstance(record, Membership)], on=report.on)


def strangers(people: Iterable[User], authority: LocalAuthority) -> set[uuid.UUID]:
    """Those of these people who have, or had, a role with other authorities or children of theirs and, so far, nothing of this one."""
    ids = [user.pk for user in people]
    roles, allocated = Membership.objects.filter(user__in=ids), Allocation.objects.filter(worker__in=ids)
    tied = {*roles.values_list("user_id", flat=True), *allocated.values_list("worker_id", flat=True)}
    ours = set(roles.filter(_of(authority)).values_list("user_id", flat=True))
    return tied - ours - set(allocated.filter(child__authority=authority).values_list("worker_id", flat=True))


def colleagues(authority: LocalAuthority, on: datetime.date) -> models.QuerySet[User]:
    """The people an authority may allocate to its children: its virtual school's, its teams', those whom its own list brought in as social
    worker or reviewing officer, and those whom it has allocated as such before.

    A designated teacher or a contributor is nobody's colleague by that: what is the council's alone is not a school's to read.
    """
    going_on = Q(ends__isnull=True) | Q(ends__gt=on)
    own = Q(team__authority=authority) | Q(virtual_school=authority.virtual_school_id) | Q(authority=authority, role__in=CHILD_ROLES)
    roles = Membership.objects.filter(going_on, own)
    allocated = Allocation.objects.filter(child__authority=authority, role__in=CHILD_ROLES, worker__isnull=False)
    return User.objects.filter(Q(pk__in=roles.values("user")) | Q(pk__in=allocated.values("worker")))


def not_to_allocate(people: Iterable[User], authority: LocalAuthority, on: datetime.date) -> set[uuid.UUID]:
    """Those of these people whom an import may not allocate to this authority's children: they are somebody's, and not the authority's own,
    or they work for a school, and then a person looks at whose. An account that belongs to nobody yet may be.
    """
    ids = {user.pk for user in people}
    teach, tied = set(), set()
    for user_id, school_id, ends in Membership.objects.filter(user__in=ids).values_list("user_id", "school_id", "ends"):
        tied.add(user_id)
        if school_id is not None and (ends is None or ends > on):
            teach.add(user_id)
    found = User.objects.filter(pk__in=ids).annotate(
        own=Exists(colleagues(authority, on).filter(pk=OuterRef("pk"))), allocated=Exists(Allocation.objects.filter(worker=OuterRef("pk")))
    )
    others = {pk for pk, own, allocated in found.values_list("pk", "own", "allocated") if not own and (allocated or pk in tied)}
    return others | teach


def title(authority: LocalAuthority) -> str:
    """What the history says about everything that an import of people wrote."""
    return f"Import of people for {authority}"


def _person(record: Record) -> PersonRow:
    cells = {**dict.fromkeys(OPTIONAL, ""), **record.values}
    faults = [f"{REQUIRED[key]} is empty." for key in ("name", "email") if not cells[key]]
    name, email, role = cells["name"], "", ROLES.get(same_heading(cells["role"]))
    try:
        email = read_email(cells["email"], "E-mail")
    except ValueError as error:
        faults.append(str(error))
    try:
        name = plain_name(name)
    except ValidationError as error:
        faults.append(f"{error.messages[0]}.")
    if role is None:
        faults.append(f"Role “{cells['role']}” is not one of {', '.join(RELATION_NAMES[known] for known in ROLES.values())}.")
    return PersonRow(
        line=record.line, name=name, email=email, role=role, place=cells["place"], job_title=cells["job_title"],
        phone=cells["phone"], answer=cells["answer"], who=_named(cells), faults=tuple(faults),
    )  # fmt: skip


def _named(cells: Mapping[str, str]) -> str:
    """Whom a line is about, as the file names them."""
    name, email = cells["name"], cells["email"]
    return f"{name} ({email})" if name and email else name or email


def _line(row: PersonRow, register: Register, answer: str) -> Line:
    """The plan for one line."""
    line = Line(row.line, row.who)
    particulars = {"name": row.name, "email": row.email, "job_title": row.job_title, "phone": row.phone}
    faults = [*row.faults, *(words for name, text in particulars.items() if (words := too_long(User, {name: text})))]
    role, place, user = row.role, None, register.people.get(row.email)
    try:
        place = _place(role, row.place, register) if role else None
    except LookupError as error:
        faults.append(str(error))
    faults += _not_to_be_given(user, register)
    if faults or role is None or place is None:
        return line.reject(" ".join(faults))
    is_new = user is None
    if user is None:
        if line_asked := _namesake(line, row, register, answer):
            return line_asked
        user = User(**particulars)
        user.set_unusable_password()
        line.add(user, "New person")
        register.people[row.email] = user
    elif user.pk not in register.strangers and not user._state.adding:
        old = _typed_over(user, row, register)
        if "name" not in old and not names_alike((user.name, ""), (row.name, "")) and answer != SAME:
            takes_over = "" if user.pk in register.elsewhere else ": take over the name from the file"
            return line.ask(
                f"{row.email} is {user.name} in the register. An address that was passed on would pass on everything the other may see.",
                {SAME: f"it is the same person{takes_over}"},
            )
        particulars = {"name": row.name if plain(row.name) != plain(user.name) else user.name} | _given(row)
        if user.pk not in register.elsewhere:
            line.edit(user, {name: text for name, text in particulars.items() if name not in old})
            line.warnings += [_stays(user, name, text) for name, text in old.items()]
        elif any(getattr(user, name) != text for name, text in particulars.items()):
            line.warnings.append(
                "Works for another authority too: name, job title and telephone stay as they are. They can ask to change them."
            )
    _role(line, user, role, place, register)
    return line.settle(is_new=is_new)


def _not_to_be_given(user: User | None, register: Register) -> list[str]:
    """Why somebody in the register is given no role by this file, in a sentence; nothing about people of other authorities alone."""
    if user is None:
        return []
    if register.by is not None and user.pk == register.by.pk:
        return ["Nobody gives a role to themselves: ask another account administrator."]
    if user.pk not in register.strangers and not user._state.adding and not user.is_active:
        return ["This account is deactivated. Reactivate it first if the person works with you again."]
    return []


def _given(row: PersonRow) -> dict[str, str]:
    """What the file says about the person, empty cells left out."""
    return {name: text for name, text in (("job_title", row.job_title), ("phone", row.phone)) if text}


def _typed_over(user: User, row: PersonRow, register: Register) -> dict[str, str]:
    """What the file still says of a person that somebody has changed on a page since: an import does not take that back."""
    found = {name: {plain(text) for text in register.before.get((user, name), ())} for name in DETAILS}
    said = {"name": row.name} | _given(row)
    return {name: text for name, text in said.items() if plain(text) in found[name] and text != getattr(user, name)}


def _stays(user: User, name: str, text: str) -> str:
    """What is said of a detail that the file has not heard was changed."""
    kept = getattr(user, name)
    return f"{rows.label(user, name)} stays {f'“{kept}”' if kept else 'empty'}: it was changed here from “{text}”. Have the list put right."


def _namesake(line: Line, row: PersonRow, register: Register, answer: str) -> Line | None:
    """Asks when somebody of the same name is known by another address; None when there is nobody, or when it was answered."""
    others = register.namesakes.get(plain(row.name), [])
    if not others or answer == NEW:
        return None
    known = " and ".join(f"{user.name} ({user.email or 'no address'})" for user in others)
    return line.ask(
        f"{known} is in the register. If this is the same person with a new address, change the address on their page instead.",
        {NEW: "it is another person of the same name"},
    )


def _place(role: Relation, name: str, register: Register) -> School | Team | LocalAuthority:
    """Where the role is held. Raises LookupError when the register has no such place."""
    authority = register.authority
    match PLACE_OF_ROLE.get(role):
        case "school":
            try:
                urn = read_urn(name, "Place")
            except ValueError:
                urn = None
            if urn not in register.schools:
                raise LookupError(f"Place must be the URN of a school in the register, not “{name}”.")
            return register.schools[urn]
        case "team":
            if name.casefold() not in register.teams:
                raise LookupError(f"There is no team called “{name}”. Check the name, or add the team.")
            return register.teams[name.casefold()]
        case _:
            own = {same_heading(one) for one in ("", authority.name, authority.code, authority.virtual_school.name)}
            if role in CHILD_ROLES and name.casefold() in register.teams:
                return register.teams[name.casefold()]
            if same_heading(name) not in own:
                raise LookupError(f"Place must be {authority.name}" + (" or a team of it" if role in CHILD_ROLES else "") + ".")
            return authority


def _role(line: Line, user: User, relation: Relation, place: School | Team | LocalAuthority, register: Register) -> None:
    """The role at the place, unless the person has it, or is to have it, already."""
    places: dict[str, dict[str, Any]] = {
        "school": {"school": place, "authority": register.authority},
        "team": {"team": place},
        "virtual_school": {"virtual_school": register.authority.virtual_school},
        "authority": {"authority": register.authority},
    }
    held_at = places[PLACE_OF_ROLE.get(relation, "team" if isinstance(place, Team) else "authority")]
    role = Membership(user=user, role=relation, starts=register.on, granted_by=register.by, **held_at)
    held = register.roles.setdefault(user.pk, [])
    if any(_same_role(role, other) for other in held):
        return
    held.append(role)
    line.add(role, f"{RELATION_NAMES[relation]} at {role.place} from {shown(register.on)}")


def _same_role(a: Membership, b: Membership) -> bool:
    columns = ("role", "school_id", "team_id", "virtual_school_id")
    same_place = all(getattr(a, column) == getattr(b, column) for column in columns)
    # Somebody of a team is of its authority: they need not be said to be that as well.
    return same_place and (a.team_id is not None or a.virtual_school_id is not None or a.authority_id == b.authority_id)


def _of(authority: LocalAuthority) -> Q:
    return Q(authority=authority) | Q(team__authority=authority) | Q(virtual_school=authority.virtual_school)


def _missing(parsed: ParsedPeople, register: Register) -> list[str]:
    """People who have a role for this authority and whom no line of the file names."""
    found = {}
    for role in Membership.objects.filter(_of(register.authority)).select_related("user"):
        if role.ends is None or role.ends > register.on:
            found[role.user_id] = role.user
    missing = [user for user in found.values() if user.is_active and user.email not in parsed.mentioned]
    return [f"{user.name} ({user.email or 'no address'})" for user in sorted(missing, key=lambda user: (user.name, str(user.pk)))]


def _register(parsed: ParsedPeople, authority: LocalAuthority, on: datetime.date, by: User | None) -> Register:
    """Reads what the file is compared with."""
    people = {user.email: user for user in User.objects.filter(email__in={row.email for row in parsed.rows if row.email})}
    ours = User.objects.filter(
        Q(pk__in=Membership.objects.filter(_of(authority)).values("user"))
        | Q(pk__in=Allocation.objects.filter(child__authority=authority, worker__isnull=False).values("worker"))
    )
    namesakes: dict[str, list[User]] = defaultdict(list)
    for user in ours:
        namesakes[plain(user.name)].append(user)
    roles: dict[uuid.UUID, list[Membership]] = defaultdict(list)
    for role in Membership.objects.filter(user__in=[user.pk for user in people.values()]):
        if role.ends is None or role.ends > on:
            roles[role.user_id].append(role)
    numbers = {row.place for row in parsed.rows if row.role and PLACE_OF_ROLE.get(row.role) == "school"}
    urns = {int(number) for number in numbers if re.fullmatch("[0-9]{6}", number)}
    return Register(
        authority=authority, on=on, by=by, people=people, strangers=strangers(people.values(), authority),
        elsewhere=work_elsewhere(people.values(), organisation_of(authority), on),
        namesakes=dict(namesakes), roles=dict(roles), schools=School.objects.in_bulk(urns, field_name="urn"),
        teams={team.name.casefold(): team for team in Team.objects.filter(authority=authority, closed=False)},
        before=before_by_hand(people.values()),
    )  # fmt: skip
