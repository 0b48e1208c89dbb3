"""Two authorities, their schools, children and people: the named persons that the tests tell stories about.

All are made up. Every text about a child carries a canary that names the child and the field, so that a leak shows wherever it surfaces.
"""

import datetime
import re
from dataclasses import dataclass, field
from typing import Any

from allauth.mfa.models import Authenticator
from django.test import Client
from django.utils import timezone

from accounts.models import User
from accounts.sessions import SECOND_FACTOR
from children.models import Allocation, CarePeriod, Child, Enrolment, Placement
from pep.forms.declaration import Kind, Question, Section
from pep.models import Action, Attendee, EarlierPlan, FundingRequest, Meeting, Plan, Target
from pep.models import Section as SectionRow
from pep.planning import create_plan
from pep.rubric import DEFAULT_AREAS
from pep.workflow import perform
from schools.models import LocalAuthority, Membership, Policy, School, Team, Term, VirtualSchool
from tests.remembered import remembered

DAY = datetime.timedelta(days=1)


def canary(*parts: str) -> str:
    """A word that stands nowhere else: it says whose it is, for whom where that is not everyone who sees the child, and where it came from.

    ``canary("sam", "council", "address")`` is for the council alone; ``tests/matrix/readers.py`` says who reads which.
    """
    return "CANARY-" + "-".join(parts)


@dataclass
class Place:
    """One authority with its virtual school, team and policy."""

    authority: LocalAuthority
    virtual_school: VirtualSchool
    team: Team
    policy: Policy
    term: Term


@dataclass
class World:
    """Everyone and everything by name."""

    today: datetime.date
    places: dict[str, Place] = field(default_factory=dict)
    schools: dict[str, School] = field(default_factory=dict)
    people: dict[str, User] = field(default_factory=dict)
    children: dict[str, Child] = field(default_factory=dict)
    plans: dict[str, Plan] = field(default_factory=dict)


def person(world: World, name: str, **fields: Any) -> User:
    """A person who can sign in, by first name."""
    user = User.objects.create_user(f"{name.lower()}@example.test", f"{name} Example", password="correct horse battery staple", **fields)
    # Whoever signs in has a second factor, or would be sent to set one up.
    Authenticator.objects.create(user=user, type=Authenticator.Type.TOTP, data={"secret": ""})
    world.people[name.lower()] = user
    return user


def signed_in(user: User) -> Client:
    """A browser in which this person has signed in, second factor and all; the door itself is tested in tests/accounts."""
    client = Client()
    client.force_login(user)
    session = client.session
    session[SECOND_FACTOR] = True
    session.save()
    return client


def shown_on(client: Client, url: str) -> dict[str, str]:
    """What the form of a page carries to name what it showed, to be sent with what a test decides there; nothing where there is no form."""
    return dict(re.findall(r'name="(shown|opened)" value="([^"]+)"', client.get(url).content.decode()))


def press(client: Client, url: str, typed: dict[str, Any] | None = None, **more: Any) -> Any:
    """Open a page on which a plan is moved, a request decided or a record changed, send its form with this typed into it; the answer."""
    return client.post(url, {**shown_on(client, url), **(typed or {})}, **more)


def day(name: str, value: datetime.date | None) -> dict[str, Any]:
    """What the three boxes of a date field post for a day; None leaves them empty."""
    return {f"{name}-{part}": str(getattr(value, part)) if value else "" for part in ("day", "month", "year")}


def member(
    world: World, name: str, role: str, *, starts: datetime.date | None = None, ends: datetime.date | None = None, **place: Any
) -> Membership:
    """Give a person a role at a place."""
    membership = Membership(user=world.people[name.lower()], role=role, starts=starts or world.today - 400 * DAY, ends=ends, **place)
    membership.save()
    return membership


def place(world: World, key: str, name: str, code: str) -> Place:
    """An authority."""
    virtual_school = VirtualSchool(name=f"{name} Virtual School", email=f"vs@{key}.test")
    virtual_school.save()
    authority = LocalAuthority(code=code, name=f"{name} Council", virtual_school=virtual_school)
    authority.save()
    team = Team(authority=authority, name=f"{name} Team One")
    team.save()
    policy = Policy(authority=authority, starts=world.today - 1000 * DAY)
    policy.save()
    term = Term(
        authority=authority,
        academic_year=world.today.year,
        name="autumn",
        starts=world.today - 40 * DAY,
        ends=world.today + 60 * DAY,
        plans_due_on=world.today + 30 * DAY,
    )
    term.save()
    world.places[key] = Place(authority, virtual_school, team, policy, term)
    return world.places[key]


def child(world: World, key: str, where: str, school: str | None, *, age: int = 13, **fields: Any) -> Child:
    """A child in care with a placement, and a main enrolment where a school is named."""
    made = Child(
        authority=world.places[where].authority,
        given_name=canary(key, "given"),
        family_name=canary(key, "family"),
        known_as=canary(key, "known"),
        date_of_birth=world.today.replace(year=world.today.year - age, month=1, day=15),
        identifier=canary(key, "council", "identifier"),
        **fields,
    )
    made.save()
    start = world.today - 300 * DAY
    CarePeriod(child=made, starts=start, legal_status="C2").save()
    Placement(
        child=made,
        starts=start,
        kind=canary(key, "council", "placement"),
        carer=canary(key, "council", "carer"),
        address=canary(key, "council", "address"),
        phone="01234 567890",
    ).save()
    if school:
        Enrolment(child=made, school=world.schools[school], kind="main", starts=start).save()
    world.children[key] = made
    return made


def allocate(
    world: World, key: str, role: str, name: str | None, *, team: Team | None = None, ends: datetime.date | None = None, **fields: Any
) -> Allocation:
    """Allocate a person to a child."""
    made = Allocation(
        child=world.children[key],
        role=role,
        worker=world.people[name.lower()] if name else None,
        team=team,
        starts=world.today - 300 * DAY,
        ends=ends,
        **fields,
    )
    made.save()
    return made


@remembered
def build_world(today: datetime.date | None = None) -> World:
    """The whole cast. See the names below; every test that says "Anna" means the designated teacher of Hill School."""
    world = World(today or timezone.localdate())
    fenshire, marlow = place(world, "fenshire", "Fenshire", "901"), place(world, "marlow", "Marlow Vale", "902")
    for number, key in enumerate(("hill", "brook", "unit"), start=1):
        world.schools[key] = School(urn=900000 + number, name=f"{key.capitalize()} School", la_code="901", status="Open")
        world.schools[key].save()
    for name in (
        "Anna",
        "Bilal",
        "Cora",
        "Uri",
        "Eve",
        "Fay",
        "Gus",
        "Hana",
        "Ian",
        "Jo",
        "Kit",
        "Lena",
        "Moe",
        "Nia",
        "Oli",
        "Pia",
        "Stan",
        "Rosa",
        "Hedy",
    ):
        person(world, name)
    hill, brook, unit = world.schools["hill"], world.schools["brook"], world.schools["unit"]
    member(world, "Anna", "designated_teacher", school=hill, authority=fenshire.authority)
    member(world, "Bilal", "designated_teacher", school=brook, authority=fenshire.authority)
    member(world, "Cora", "designated_teacher", school=hill, authority=marlow.authority)
    member(world, "Uri", "designated_teacher", school=unit, authority=fenshire.authority)
    member(world, "Hedy", "headteacher", school=hill, authority=fenshire.authority)
    member(world, "Hana", "team_manager", team=fenshire.team)
    member(world, "Ian", "deputy_manager", team=fenshire.team)
    member(world, "Rosa", "service_manager", team=fenshire.team)
    for name, role in (("Kit", "officer"), ("Lena", "head"), ("Moe", "business_support"), ("Nia", "account_administrator")):
        member(world, name, role, virtual_school=fenshire.virtual_school)
    for name, role in (("Oli", "officer"), ("Pia", "head")):
        member(world, name, role, virtual_school=marlow.virtual_school)
    child(world, "sam", "fenshire", "hill")
    child(world, "tia", "fenshire", "brook")
    child(world, "vic", "marlow", "hill")
    child(world, "wes", "fenshire", None)
    allocate(world, "sam", "social_worker", "Fay", team=fenshire.team)
    allocate(world, "tia", "social_worker", "Gus", team=fenshire.team)
    allocate(world, "vic", "social_worker", None, team=marlow.team)
    allocate(world, "wes", "social_worker", None, team=fenshire.team)
    allocate(world, "sam", "reviewing_officer", "Jo")
    allocate(world, "sam", "school_contributor", "Eve", ends=world.today + 60 * DAY, named_by=world.people["anna"])
    return world


def begin(world: World, key: str, reason: str = "termly") -> Plan:
    """A plan in preparation for a child."""
    plan = create_plan(world.children[key], reason=reason, due_on=world.today + 30 * DAY, by=world.people["kit"], on=world.today)
    world.plans[key] = plan
    return plan


def was_a_review(world: World) -> dict[str, Any]:
    """What an earlier plan holds once the virtual school has said that it was a review."""
    return {"review": "yes", "review_said_by": world.people["kit"], "review_said_at": timezone.now()}


def reviewed_elsewhere(world: World, key: str, days_ago: int = 10) -> EarlierPlan:
    """A plan from another system, so that the child was reviewed not long ago and the clock asks for none before a chosen day."""
    return EarlierPlan.objects.create(
        child=world.children[key], title="Plan", plan_date=world.today - days_ago * DAY, audience="council", content=b"", size=0,
        sha256="0" * 64, uploaded_by=world.people["kit"], **was_a_review(world),
    )  # fmt: skip


def answer(question: Question, text: str) -> Any:
    """An answer that fits a question; texts carry the given words."""
    match question.kind:
        case Kind.LINE | Kind.TEXT:
            return f"{text}-{question.key}"
        case Kind.CHOICE:
            return question.options[1 if question.unlike else 0].value
        case Kind.CHOICES:
            return [question.options[0].value]
        case Kind.YES_NO:
            return True
        case Kind.DATE:
            return "2026-03-03"
        case Kind.NUMBER:
            return question.minimum or 0
        case Kind.PERCENT:
            return "95.5"
        case Kind.ROWS:
            row = {column.key: answer(column, f"{text}-{question.key}") for column in question.columns}
            return [row] * max(1, question.minimum_rows)


def answers_for(section: Section, text: str) -> dict[str, Any]:
    """Answers to every question of a section; a council-only answer says so in its canary."""
    return {question.key: answer(question, f"{text}-{question.audience}-{section.key}") for question in section.questions}


def mark_complete(plan: Plan) -> None:
    """Whoever holds the sections that may be written says of each that it is complete."""
    now = Plan.objects.get(pk=plan.pk)
    for row in SectionRow.objects.filter(plan=now, marked_complete=False):
        if now.section_open(row.key):
            row.marked_complete = True
            row.save()


def submit_again(plan: Plan, **needs: Any) -> Plan:
    """Submit what came back, or was opened for a correction, once its sections are marked as complete."""
    mark_complete(plan)
    return perform(plan, "submit", **needs)


def fill(plan: Plan, key: str) -> None:
    """Write everything a plan needs before it can be submitted, as data: no access is asked, the rules of saving have their own tests."""
    for declared in plan.form.sections:
        row = SectionRow.objects.get(plan=plan, key=declared.key)
        row.answers, row.version, row.marked_complete = answers_for(declared, canary(key)), row.version + 1, True
        row.save()
    today = timezone.localdate()
    target = Target(
        plan=plan,
        position=1,
        area="english",
        need=canary(key, "need"),
        baseline=canary(key, "baseline"),
        aim=canary(key, "aim"),
        success=canary(key, "success"),
        intervention=canary(key, "intervention"),
        who=canary(key, "who"),
        by_when=today + 60 * DAY,
    )
    target.save()
    FundingRequest(
        plan=plan, target=target, school=plan.school, financial_year="2026-27", purpose=canary(key, "purpose"), amount=200
    ).save()
    Action(plan=plan, position=1, what=canary(key, "action"), who=canary(key, "actor"), by_when=today + 20 * DAY).save()
    meeting = Meeting.objects.get(plan=plan)
    meeting.state, meeting.starts_at, meeting.place = "held", timezone.now() - 2 * DAY, canary(key, "room")
    meeting.participation, meeting.next_on = "PN1", today + 150 * DAY
    meeting.save()
    Attendee(meeting=meeting, role="carer", name=canary(key, "attendee"), came="came").save()


def graded(overall: str = "green") -> dict[str, Any]:
    """What grades a plan where the authority has set no areas of its own: every usual area alike, and the whole. Red says why."""
    said = "Nothing can be measured" if overall == "red" else ""
    return {"overall": overall, "areas": [(area["key"], area["title"], overall, said) for area in DEFAULT_AREAS]}
