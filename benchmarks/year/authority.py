"""One fictitious authority as it stands on the first morning: places, people, children and what is known of them, by insert."""

import datetime
import hashlib
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.contrib.auth.models import Permission
from django.db import models
from django.utils import timezone

from accounts.audit import insert_with_history
from accounts.models import User
from benchmarks.nation import FAMILY, GIVEN
from children.models import Allocation, CarePeriod, CareReview, Child, ChildRelation, Enrolment
from pep import deadlines
from pep.models import EarlierPlan
from schools.models import (
    LocalAuthority,
    Membership,
    Policy,
    School,
    SchoolRelation,
    Team,
    TeamRelation,
    Term,
    VirtualSchool,
    VirtualSchoolRelation,
)

DAY = datetime.timedelta(days=1)
LONG_AGO = 1600  # days
LONGEST_IN_CARE = 900  # days: the slow calendar knows the bank holidays from 2024
PASSWORD = "nothing$matches$this"  # not a hash of anything, and yet a password: the account works and nobody can use it


@dataclass
class Authority:
    """The authority with everybody who works for it; children are looked up in the database."""

    row: LocalAuthority
    policy: Policy
    schools: list[School]
    teams: list[Team]
    teachers: dict[Any, list[Membership]] = field(default_factory=dict)  # by school
    workers: list[User] = field(default_factory=list)
    reviewers: list[User] = field(default_factory=list)
    officers: list[User] = field(default_factory=list)
    names: int = 0  # how many people and children have been named


def insert(rows: Sequence[Any]) -> list[Any]:
    """Insert new rows of one model, with history where it has one."""
    if rows and hasattr(type(rows[0]), "history") and not isinstance(rows[0], User):
        return list(insert_with_history(rows, by=None, reason="As it stood on the first day"))
    plain: Any = models.QuerySet(type(rows[0])) if rows else None
    return list(plain.bulk_create(rows, batch_size=1000)) if rows else []


def name(authority: Authority) -> tuple[str, str]:
    """The next made-up given and family name."""
    authority.names += 1
    given, family = GIVEN.split(), FAMILY.split()
    return given[authority.names % len(given)], family[authority.names * 7 // 5 % len(family)]


def person(authority: Authority) -> User:
    """Somebody new with an account, not saved yet."""
    given, family = name(authority)
    return User(name=f"{given} {family}", email=f"person{authority.names}@example.org", password=PASSWORD)


def relation(table: type[models.Model], source: Membership | Allocation, user: User, of: models.Model, role: str) -> Any:
    """The guardian row that saving a membership or an allocation would write."""
    permission = Permission.objects.get(codename=role, content_type__model=type(of).__name__.lower())
    return table(
        source=source.pk, user=user, permission=permission, content_object=of, starts=source.starts, ends=source.ends,
        authority_id=getattr(source, "authority_id", None),
    )  # fmt: skip


def terms(authority: LocalAuthority, first: int, last: int, school: School | None = None, shift: int = 0) -> list[Term]:
    """Three terms of each school year; a school's own are some days later."""
    days = (("autumn", (9, 2), (12, 19), (11, 27)), ("spring", (1, 5), (3, 27), (3, 13)), ("summer", (4, 13), (7, 22), (6, 30)))
    found = []
    for year in range(first, last + 1):
        for word, *others in days:
            starts, ends, due = (datetime.date(year + (month < 9), month, day) + shift * DAY for month, day in others)
            found.append(
                Term(authority=authority, school=school, academic_year=year, name=word, starts=starts, ends=ends, plans_due_on=due)
            )
    return found


def build(on: datetime.date, children: int, chance: random.Random) -> Authority:
    """Everything as it stands on the first morning."""
    since = on - LONG_AGO * DAY
    virtual_school = VirtualSchool(name="Wealdshire Virtual School")
    virtual_school.save()
    row = LocalAuthority(code="990", name="Wealdshire Council", virtual_school=virtual_school)
    row.save()
    policy = Policy(authority=row, starts=since, check_percent=100)
    policy.save()
    schools = [School(urn=700_000 + n, name=f"{FAMILY.split()[n % 40]} School {n}", status="Open") for n in range(max(6, children // 8))]
    teams = [Team(authority=row, name=f"Children in Care {n + 1}") for n in range(max(2, children // 100))]
    authority = Authority(row, policy, insert(schools), insert(teams))
    own = [term for school in schools[::10] for term in terms(row, on.year - 1, on.year + 1, school, shift=5)]
    insert([*terms(row, on.year - 1, on.year + 1), *own])
    _people(authority, since, children)
    _children(authority, on, children, chance)
    deadlines.refresh_all(list(Child.objects.select_related("authority")), on=on, because="As it stood on the first day")
    return authority


def _people(authority: Authority, since: datetime.date, children: int) -> None:
    memberships: list[tuple[Membership, Any]] = []

    def member(role: str, of: Any, **place: Any) -> User:
        user = person(authority)
        memberships.append((Membership(user=user, role=role, starts=since, **place), of))
        return user

    for school in authority.schools:
        for _ in range(2 if school.urn % 3 == 0 else 1):
            member("designated_teacher", school, school=school, authority=authority.row)
            authority.teachers.setdefault(school.pk, []).append(memberships[-1][0])
    for team in authority.teams:
        member("team_manager", team, team=team)
    virtual_school = authority.row.virtual_school
    authority.officers = [member("officer", virtual_school, virtual_school=virtual_school) for _ in range(max(2, children // 100))]
    member("head", virtual_school, virtual_school=virtual_school)
    authority.workers = [person(authority) for _ in range(max(3, children // 15))]
    authority.reviewers = [person(authority) for _ in range(max(1, children // 60))]
    insert([*(one.user for one, _ in memberships), *authority.workers, *authority.reviewers])
    insert([one for one, _ in memberships])
    for table, kind in ((SchoolRelation, School), (TeamRelation, Team), (VirtualSchoolRelation, VirtualSchool)):
        insert([relation(table, one, one.user, of, one.role) for one, of in memberships if isinstance(of, kind)])


def new_child(authority: Authority, on: datetime.date, chance: random.Random, oldest: int = 6450) -> Child:
    """A child of an age from four to seventeen, not saved yet."""
    given, family = name(authority)
    return Child(
        authority=authority.row, given_name=given, family_name=family, sort_key=f"{family} {given}".casefold(),
        identifier=f"W{authority.names}", date_of_birth=on - chance.randint(4 * 366, oldest) * DAY,
    )  # fmt: skip


def _children(authority: Authority, on: datetime.date, count: int, chance: random.Random) -> None:
    """Most have been in care for long, with a last plan in the other system and reviews of the care plan; some have just come."""
    children = insert([new_child(authority, on, chance) for _ in range(count)])
    care, places, workers, reviews, earlier = [], [], [], [], []
    for number, child in enumerate(children):
        came = on - chance.randint(1, 20 if chance.random() < 0.05 else LONGEST_IN_CARE) * DAY
        care.append(
            CarePeriod(child=child, starts=came, legal_status=chance.choice(("C2", "V2", "C1", "V3" if number % 50 == 7 else "C2")))
        )
        if chance.random() < 0.97:
            places.append(Enrolment(child=child, school=chance.choice(authority.schools), starts=came))
        allocated = authority.workers[number % len(authority.workers)] if chance.random() < 0.97 else None
        team = authority.teams[number % len(authority.teams)]
        workers.append(Allocation(child=child, role="social_worker", worker=allocated, team=team, starts=came))
        workers.append(Allocation(child=child, role="reviewing_officer", worker=chance.choice(authority.reviewers), starts=came))
        days = (on - came).days
        if days > 40:
            held = on - chance.randint(5, min(days, 175)) * DAY
            reviews.append(CareReview(child=child, on=held, state="held"))
            reviews.append(CareReview(child=child, on=held + chance.randint(150, 180) * DAY, state="booked"))
            if held < on and chance.random() < 0.9:
                day = on - chance.randint(1, min(days, 140)) * DAY
                digest = hashlib.sha256(str(number).encode()).hexdigest()
                earlier.append(
                    EarlierPlan(
                        child=child, title="Plan", plan_date=day, audience="school", content=b"", size=0, sha256=digest,
                        uploaded_by=authority.officers[0], review="yes", review_said_by=authority.officers[0],
                        review_said_at=timezone.now(),
                    )
                )  # fmt: skip
        else:
            reviews.append(CareReview(child=child, on=max(on, came + 25 * DAY), state="booked"))
    for rows in (care, places, workers, reviews, earlier):
        insert(rows)
    insert([relation(ChildRelation, one, one.worker, one.child, one.role) for one in workers if one.worker])
