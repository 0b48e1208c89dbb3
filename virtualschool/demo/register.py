"""Turns the made-up places, people and children into rows of the register."""

import datetime
import random
import secrets
from dataclasses import dataclass, field
from typing import Any

from django.contrib.auth.hashers import make_password
from django.utils import timezone
from stdnum.gb import upn

from accounts.models import User
from children.models import Allocation, CarePeriod, Child, Enrolment, Placement
from pep.models import Rubric
from pep.rubric import DEFAULT_AREAS
from schools.models import LocalAuthority, Membership, Policy, School, Team, Term, VirtualSchool
from schools.timetable import ONE_DAY, academic_year, add_months, add_working_days, last_working_day
from virtualschool.demo.children import CHILDREN, Someone
from virtualschool.demo.people import ROLES, STAFF, WITHOUT_ACCOUNT
from virtualschool.demo.places import AUTHORITIES, SCHOOLS, TERMS, MadeUpSchool

FRIDAY = 4
STILL_TO_COME = 24  # days from today until the plans of a term are due
SEED = 2010  # the year of the Care Planning Regulations


@dataclass
class Demo:
    """What has been made so far, by the keys the content uses."""

    on: datetime.date
    chance: random.Random = field(default_factory=lambda: random.Random(SEED))
    authorities: dict[str, LocalAuthority] = field(default_factory=dict)
    teams: dict[tuple[str, str], Team] = field(default_factory=dict)
    schools: dict[str, School] = field(default_factory=dict)
    people: dict[str, User] = field(default_factory=dict)
    children: list[tuple[Someone, Child]] = field(default_factory=list)

    @property
    def long_ago(self) -> datetime.date:
        """Before anything in the demonstration: from when its roles and policies hold."""
        return datetime.date(academic_year(self.on) - 4, 9, 1)


def build_register(on: datetime.date, *, stand_ins: dict[str, School] | None = None) -> Demo:
    """Make everything but the plans, as it is on a day. ``stand_ins`` puts the same people into other schools, by the made-up school's key."""
    demo = Demo(on)
    _authorities(demo)
    _schools(demo, stand_ins or {})
    _people(demo)
    _roles(demo)
    for number, someone in enumerate(CHILDREN, start=1):
        demo.children.append((someone, _child(demo, someone, number)))
    return demo


def _authorities(demo: Demo) -> None:
    this_year = academic_year(demo.on)
    for row in AUTHORITIES:
        virtual_school = VirtualSchool(
            name=row.virtual_school, email=row.email, phone=row.phone, address=f"County Offices\n{row.name}\nZZ1 1ZZ"
        )
        virtual_school.save()
        authority = LocalAuthority(code=row.code, name=row.name, virtual_school=virtual_school)
        authority.save()
        demo.authorities[row.code] = authority
        for name in row.teams:
            demo.teams[row.code, name] = Team(authority=authority, name=name)
            demo.teams[row.code, name].save()
        changed_on = datetime.date(this_year, 9, 1)
        if row.earlier_policy is not None:
            Policy(authority=authority, starts=demo.long_ago, ends=changed_on, **row.earlier_policy).save()
        Policy(authority=authority, starts=demo.long_ago if row.earlier_policy is None else changed_on, **row.policy).save()
        Rubric(authority=authority, starts=demo.long_ago, areas=DEFAULT_AREAS).save()
        for year in range(this_year - 2, this_year + 2):
            for name, first, last, due in TERMS:
                calendar_year = year if name == Term.Name.AUTUMN else year + 1
                starts, ends = term_of_whole_weeks(datetime.date(calendar_year, *first), datetime.date(calendar_year, *last))
                due_on = last_working_day(datetime.date(calendar_year, *due))
                if starts <= demo.on < ends:  # this term's plans are still to come, whenever the demonstration is made
                    due_on = last_working_day(min(max(due_on, demo.on + ONE_DAY * STILL_TO_COME), ends - ONE_DAY))
                Term(authority=authority, academic_year=year, name=name, starts=starts, ends=ends, plans_due_on=due_on).save()


def term_of_whole_weeks(first: datetime.date, last: datetime.date) -> tuple[datetime.date, datetime.date]:
    """The term that begins on the first working day from ``first`` on and ends with the week of the last Friday until ``last``; half-open.

    Where that Friday is a bank holiday, as Good Friday is, the term ends on the day before.
    """
    friday = last - ONE_DAY * ((last.weekday() - FRIDAY) % 7)
    return add_working_days(first - ONE_DAY, 1), last_working_day(friday) + ONE_DAY


def _schools(demo: Demo, stand_ins: dict[str, School]) -> None:
    names = {row.code: row.name for row in AUTHORITIES}
    for row in SCHOOLS:
        school = stand_ins.get(row.key)
        if school is None:
            school = School(
                urn=row.urn, name=row.name, laestab=f"{row.la_code}{row.urn % 10000:04d}", la_code=row.la_code, la_name=names[row.la_code],
                type=row.type, phase=row.phase, status=row.status, low_age=row.ages[0], high_age=row.ages[1], head_teacher=row.head_teacher,
                address=f"{row.name}\nSchool Road\n{names[row.la_code]}", postcode="ZZ1 2ZZ", phone=f"01632 960{row.urn % 1000:03d}",
                closed_on=datetime.date(academic_year(demo.on), 8, 31) if row.status == "Closed" else None,
            )  # fmt: skip
            school.save()
        demo.schools[row.key] = school
    for row in SCHOOLS:
        if row.successor and demo.schools[row.key].urn == row.urn:
            demo.schools[row.key].successor = demo.schools[row.successor]
            demo.schools[row.key].save()


def stand_ins_among(schools: list[School]) -> dict[str, School]:
    """For each made-up school the first real one, by number, of the same phase and kind that is not closed; none where there is none."""
    left = sorted(schools, key=lambda school: school.urn)
    found: dict[str, School] = {}
    for row in SCHOOLS:
        match = next((school for school in left if _alike(row, school)), None)
        if match and row.status == "Open":
            found[row.key] = match
            left.remove(match)
    return found


# Words in the kind of a real school by which it may stand in for one of ours.
_KINDS = {"sallow": "special", "kiln": "referral", "brightwater": "independent"}


def _alike(row: MadeUpSchool, school: School) -> bool:
    if school.status == "Closed":
        return False
    if row.key in _KINDS:
        kind = school.type.lower()
        return _KINDS[row.key] in kind and (row.key == "sallow" or "special" not in kind)
    return school.phase == row.phase and "special" not in school.type.lower()


def _people(demo: Demo) -> None:
    # One secret that is thrown away at once: these accounts exist, and nobody knows a password for them.
    nobody_knows = make_password(secrets.token_urlsafe(40))
    for number, (key, email, name, job_title) in enumerate((*STAFF, *WITHOUT_ACCOUNT), start=1):
        person = User(email=email, name=name, job_title=job_title, phone=f"01632 960{300 + number}")
        if any(key == known for known, *_ in WITHOUT_ACCOUNT):
            person.set_unusable_password()
        else:
            person.password, person.last_login = nobody_knows, timezone.now()
        person.save()
        demo.people[key] = person


def _roles(demo: Demo) -> None:
    for row in ROLES:
        authority = demo.authorities[row.authority]
        place: dict[str, Any] = {"virtual_school": authority.virtual_school}
        if row.relation in ("designated_teacher", "headteacher"):
            place = {"school": demo.schools[row.place], "authority": authority}
        elif row.place:
            place = {"team": demo.teams[row.authority, row.place], "authority": authority}
        Membership(user=demo.people[row.person], role=row.relation, starts=demo.long_ago, **place).save()


def birthday_in_year_group(year_group: int, birthday: tuple[int, int], on: datetime.date) -> datetime.date:
    """The date of birth of a child with this birthday who is in this year group today."""
    school_year = academic_year(on) - 5 - year_group
    month, day = birthday
    return datetime.date(school_year if month >= 9 else school_year + 1, month, day)


def _upn(number: int, *, temporary: bool) -> str:
    body = f"9804{number:03d}22{number:03d}"[:11] + ("A" if temporary else f"{number % 10}")
    return upn.calc_check_digit(body) + body


def _child(demo: Demo, someone: Someone, number: int) -> Child:
    on, authority = demo.on, demo.authorities[someone.authority]
    came_into_care = add_months(on, -someone.months_in_care) - ONE_DAY * demo.chance.randrange(3, 25)
    left_care = on - ONE_DAY * 40 if someone.left_care else None
    child = Child(
        authority=authority, identifier=f"{'FEN' if someone.authority == '980' else 'MAR'}-{4100 + number * 7}", given_name=someone.given,
        family_name=someone.family, known_as=someone.known_as, sex=someone.sex,
        date_of_birth=birthday_in_year_group(someone.year, someone.birthday, on), birth_date_status=someone.birth_date_status,
        upn=_upn(number, temporary=someone.temporary_upn) if someone.year >= 0 else "", restricted=bool(someone.restricted),
        restricted_because=someone.restricted, year_group_override=someone.override,
    )  # fmt: skip
    child.save()
    CarePeriod(child=child, starts=came_into_care, ends=left_care, legal_status=someone.legal).save()
    _placements(demo, someone, child, came_into_care, left_care)
    _enrolments(demo, someone, child, came_into_care)
    _allocations(demo, someone, child, came_into_care, left_care)
    return child


CARERS = (
    "Mr and Mrs Pell",
    "Janet Rowse",
    "Dilip and Meena Shah",
    "Carol Tandy",
    "The Abbots family",
    "Grace and Sam Oduya",
    "Pauline Kerr",
)
TOWNS = {"980": "Fenmarket", "981": "Marlow"}
HOMES = ("Heron House", "The Willows", "Fen Cottage")


def _placements(demo: Demo, someone: Someone, child: Child, since: datetime.date, left_care: datetime.date | None) -> None:
    moved = since + (demo.on - since) // 2 if someone.months_in_care > 15 else None
    if moved:
        _placement(demo, child, "Foster carer", since, moved)
    _placement(demo, child, someone.placement, moved or since, left_care)


def _placement(demo: Demo, child: Child, kind: str, starts: datetime.date, ends: datetime.date | None) -> None:
    at_home = kind in ("Foster carer", "Family or friend")
    carer = demo.chance.choice(CARERS if at_home else HOMES)
    address = f"{demo.chance.randrange(2, 90)} Reed Street\n{TOWNS[child.authority.code]}\nZZ1 3ZZ"
    phone = f"01632 960{400 + (*CARERS, *HOMES).index(carer)}"
    Placement(child=child, kind=kind, carer=carer, address=address, phone=phone, starts=starts, ends=ends).save()


def _enrolments(demo: Demo, someone: Someone, child: Child, came_into_care: datetime.date) -> None:
    if someone.school:
        # Most were at the school before they came into care; children in Year 7 or younger began there this or last September.
        years_there = min(max(someone.year - (7 if someone.year >= 7 else 0), 0), 2) if someone.year <= 11 else 0
        starts = min(datetime.date(academic_year(demo.on) - years_there, 9, 3), demo.on - ONE_DAY * 60)
        Enrolment(child=child, school=demo.schools[someone.school], starts=starts).save()
        if someone.past and starts > came_into_care:
            Enrolment(
                child=child, school=demo.schools["mallow" if someone.year <= 8 else "osier"], starts=starts - ONE_DAY * 500, ends=starts,
                readable_until=starts + ONE_DAY * 15, reason_left="Moved up" if someone.year in (7, 12) else "Moved house",
            ).save()  # fmt: skip
    for kind, school in someone.also:
        Enrolment(child=child, school=demo.schools[school], kind=kind, starts=demo.on - ONE_DAY * 70).save()


def _allocations(demo: Demo, someone: Someone, child: Child, since: datetime.date, left_care: datetime.date | None) -> None:
    team = demo.teams[someone.authority, someone.team]
    handed_over = since + (demo.on - since) // 3
    worker = demo.people[someone.worker] if someone.worker else None
    if someone.months_in_care > 24 and worker:
        # An earlier worker, so that the record shows who was responsible when.
        earlier = demo.people["kwame" if someone.worker != "kwame" else "bronwen"]
        Allocation(child=child, role="social_worker", worker=earlier, team=team, starts=since, ends=handed_over).save()
        since = handed_over
    Allocation(child=child, role="social_worker", worker=worker, team=team, starts=since, ends=left_care).save()
    if someone.authority == "980" and someone.months_in_care > 2:
        officer = demo.people["desmond" if child.identifier[-1] in "0123456" else "moira"]
        Allocation(child=child, role="reviewing_officer", worker=officer, starts=since, ends=left_care).save()
    if someone.contributor:
        Allocation(
            child=child, role="school_contributor", worker=demo.people[someone.contributor], named_by=demo.people["anna"],
            starts=demo.on - ONE_DAY * 30, ends=demo.on + ONE_DAY * 60,
        ).save()  # fmt: skip
