"""Every address × every person × own, other school, other authority, absent: the answer is the one the table and the policy give."""

import re
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils import timezone

from accounts.models import Message, User
from accounts.policy import RELATION_VERBS, Relation, Verb
from accounts.policy import Verb as V
from children.models import Allocation, CareReview, Child, Enrolment
from pep.invitations import bring_up_to_date
from pep.models import Attendee, Document, EarlierPlan, FundingRequest, Meeting, MeetingInvitation, Plan, PlanSnapshot, RenderJob
from pep.moves import propose
from pep.workflow import perform
from schools.models import School
from tests.access_table import ACCESS, ANYONE, DOOR, EVERYONE, Of, Open, Owned
from tests.pep.test_workflow import bring_to
from tests.remembered import remembered
from tests.world import DAY, World, allocate, begin, build_world, canary, fill, graded, signed_in
from virtualschool.models import ImportBatch

R = Relation
# In which relation everyone of the cast stands to whose child: written out by hand, so that code and table must agree.
STANDING: dict[str, dict[str, Relation]] = {
    "anna": {"sam": R.DESIGNATED_TEACHER},
    "bilal": {"tia": R.DESIGNATED_TEACHER},
    "cora": {"vic": R.DESIGNATED_TEACHER},
    "uri": {},
    "eve": {"sam": R.SCHOOL_CONTRIBUTOR},
    "fay": {"sam": R.SOCIAL_WORKER},
    "gus": {"tia": R.SOCIAL_WORKER},
    "hana": {"sam": R.TEAM_MANAGER, "tia": R.TEAM_MANAGER},
    "ian": {"sam": R.DEPUTY_MANAGER, "tia": R.DEPUTY_MANAGER},
    "rosa": {"sam": R.SERVICE_MANAGER, "tia": R.SERVICE_MANAGER},
    "jo": {"sam": R.REVIEWING_OFFICER},
    "kit": {"sam": R.OFFICER, "tia": R.OFFICER},
    "lena": {"sam": R.HEAD, "tia": R.HEAD},
    "moe": {"sam": R.BUSINESS_SUPPORT, "tia": R.BUSINESS_SUPPORT},
    "nia": {},
    "oli": {"vic": R.OFFICER},
    "pia": {"vic": R.HEAD},
    "stan": {},
}
CHILDREN = ("sam", "tia", "vic")


def addresses(patterns: Any = None, prefix: str = "") -> Iterator[str]:
    """The name of every address, as ``reverse`` takes it."""
    for entry in patterns or get_resolver().url_patterns:
        if isinstance(entry, URLResolver):
            yield from addresses(entry.url_patterns, prefix + (f"{entry.namespace}:" if entry.namespace else ""))
        elif isinstance(entry, URLPattern):
            yield prefix + (entry.name or f"<unnamed {entry.pattern}>")


def test_every_address_is_in_the_table() -> None:
    """A1: a new address fails until someone has said who may use it."""
    assert set(addresses()) == set(ACCESS)


@pytest.fixture
def world(db: None) -> World:
    return whole_world()


@remembered
def whole_world() -> World:
    """The cast, each child with a complete plan, one in preparation, documents, money and an earlier plan."""
    world = build_world()
    for name, user in world.people.items():
        world.people[name] = user
    tuition = School(urn=900099, name="Tuition Centre", status="Open")
    tuition.save()
    allocate(world, "tia", "reviewing_officer", "Stan", ends=world.today - 10 * DAY)  # once; no longer
    for key, teacher, worker, officer in (("sam", "anna", "fay", "kit"), ("tia", "bilal", "gus", "kit"), ("vic", "cora", "pia", "oli")):
        allocate(world, key, "school_contributor", "Uri", ends=world.today - 100 * DAY, named_by=world.people[teacher])
        plan = begin(world, key)
        fill(plan, key)
        # Without a social worker the virtual school goes on.
        plan = perform_without_signature(world, plan) if key == "vic" else bring_to_complete(world, plan, teacher, worker, officer)
        snapshot = PlanSnapshot.objects.get(plan=plan)
        for audience in ("council", "school"):
            Document.objects.create(
                snapshot=snapshot, audience=audience, content=canary(key, audience, "pdf").encode(), size=10, sha256=f"{key}{audience}"
            )
        for job in RenderJob.objects.filter(snapshot=snapshot, audience="council"):
            job.state, job.error = "failed", canary(key, "council", "error")
            job.save()
        EarlierPlan.objects.create(
            child=world.children[key],
            title=canary(key, "council", "earlier"),
            plan_date=world.today,
            audience="council",
            content=b"%PDF-",
            size=5,
            sha256=key,
            uploaded_by=world.people[officer],
        )
        Enrolment(child=world.children[key], school=tuition, kind="tuition", starts=world.today).save()
        current = begin(world, key)
        fill(current, key)
        invite(current, key, world.people[teacher], booked_by=world.people[officer])
        propose(
            world.children[key],
            to_school=world.schools["unit"],
            starts_on=world.today + 5 * DAY,
            reason=canary(key, "move"),
            by=world.people[officer],
        )
    return world


def invite(plan: Plan, key: str, teacher: User, *, booked_by: User) -> None:
    """Book the plan's meeting for a week from now and invite the teacher; the carer of ``fill`` waits for a decision."""
    meeting = Meeting.objects.get(plan=plan)
    meeting.state, meeting.starts_at, meeting.booked_by = "booked", timezone.now() + 7 * DAY, booked_by
    meeting.save()
    carer = meeting.attendees.get()
    carer.email = canary(key, "council", "mail") + "@example.test"
    carer.save()
    Attendee(meeting=meeting, role="designated_teacher", name=teacher.name, user=teacher).save()
    bring_up_to_date(meeting, by=booked_by)


def bring_to_complete(world: World, plan: Plan, teacher: str, worker: str, officer: str) -> Plan:
    """Submitted, signed and graded by the people of that child."""
    people = {"anna": world.people[teacher], "fay": world.people[worker], "kit": world.people[officer]}
    cast = World(world.today, people=people)
    return bring_to(plan, "complete", cast)


def perform_without_signature(world: World, plan: Plan) -> Plan:
    """Vic has no social worker: a deadline passes and the virtual school goes on."""
    plan = perform(plan, "submit", by=world.people["cora"])
    plan = perform(plan, "go_on_without_signature", by=world.people["oli"], comment="No social worker", on=world.today + 40 * DAY)
    return perform(plan, "grade", by=world.people["oli"], **graded())


def things(world: World, key: str) -> dict[str, Any]:
    """What the addresses' keys name, for one child."""
    child = world.children[key]
    complete = Plan.objects.get(child=child, state="complete")
    plan = Plan.objects.get(child=child, state="preparing")
    return {
        "child": child,
        "plan": plan,
        "complete": complete,
        "contributor": Allocation.objects.filter(child=child, role="school_contributor").order_by("starts").last(),
        "earlier": EarlierPlan.objects.get(child=child),
        "invitation": MeetingInvitation.objects.get(meeting__plan=plan),
        "<attendee>": str(plan.meeting.attendees.get(role="carer").pk),
        "money": FundingRequest.objects.get(plan=plan),
        "document": Document.objects.get(snapshot__plan=complete, audience="council"),
        "job": RenderJob.objects.get(snapshot__plan=complete, audience="council"),
        "move": child.moves.get(),
        "<action>": str(plan.actions.get().pk),
        "placement": child.placements.get(),
        "care_period": child.care_periods.get(),
        "enrolment": child.enrolments.get(kind="tuition"),
        "allocation": child.allocations.filter(role="social_worker").get(),
        "care_review": CareReview.objects.get_or_create(child=child, on=world.today + 20 * DAY)[0],
    }


class Absent:
    """A key that names nothing."""

    pk = uuid.uuid4()


def address(name: str, row: Of, pk: Any, found: dict[str, Any]) -> str:
    """The address with its keys filled in."""
    return reverse(name, kwargs={"pk": pk, **{key: found[value] if value.startswith("<") else value for key, value in row.kwargs.items()}})


def expected(row: Of, verb: V | None, name: str, key: str, world: World) -> int | None:
    """404, 403, 405, or None where the person may."""
    relation = STANDING[name].get(key)
    verbs: frozenset[Verb] = RELATION_VERBS[relation] if relation else frozenset()
    if V.VIEW not in verbs:
        return 404
    if row.money and V.VIEW_MONEY not in verbs and relation is not R.DESIGNATED_TEACHER:
        return 404
    if verb is not None and verb not in verbs:
        staff = row.on_behalf is True and verb is row.post and V.WRITE_ON_BEHALF in verbs
        if not staff:
            return 403
    if row.council_only and verb is not None and V.VIEW_COUNCIL not in verbs:
        return 404
    if row.money and verb is row.post and V.DECIDE_MONEY not in verbs:
        return 403  # nothing to spend before it is agreed
    return 405 if verb is None else None


def forbidden_words(name: str) -> list[str]:
    """Canaries that may stand nowhere on this person's pages."""
    words = [f"CANARY-{key}-" for key in (*CHILDREN, "wes") if key not in STANDING[name]]
    if name in ("kit", "lena", "moe", "hana", "ian", "rosa"):
        words.remove("CANARY-wes-")
    for key, relation in STANDING[name].items():
        if V.VIEW_COUNCIL not in RELATION_VERBS[relation]:
            words += [
                f"CANARY-{key}-council",
                f"CANARY-{key}-address",
                f"CANARY-{key}-carer",
                f"CANARY-{key}-placementkind",
                f"CANARY-{key}-identifier",
            ]
        if V.VIEW_COUNCIL not in RELATION_VERBS[relation] and relation is not R.DESIGNATED_TEACHER:
            words.append(f"CANARY-{key}-purpose")
    return words


def ask(client: Client, method: str, url: str, data: dict[str, str] | None = None) -> Any:
    """One request, undone afterwards."""
    point = transaction.savepoint()
    try:
        return getattr(client, method)(url, data or {})
    finally:
        transaction.savepoint_rollback(point)


def test_everyone_gets_from_every_address_what_the_policy_gives_them_and_no_word_more(world: World) -> None:
    """A2, A4, A5, A6, A10, E3: GET and POST, with a canary in every text field."""
    problems = []
    found = {key: things(world, key) for key in CHILDREN}
    for name, user in world.people.items():
        client = signed_in(user)
        words = forbidden_words(name)
        for route, row in ACCESS.items():
            if not isinstance(row, Of):
                continue
            for key in CHILDREN:
                url = address(route, row, found[key][row.thing].pk, found[key])
                for method, verb in (("get", row.get), ("post", row.post)):
                    answer = ask(client, method, url)
                    wanted = expected(row, verb, name, key, world)
                    right = answer.status_code == wanted if wanted else answer.status_code in (200, 302, 400, 409)
                    if not right and not (wanted == 405 and answer.status_code == 403):
                        problems.append(f"{name} {method} {route} of {key}: {answer.status_code}, not {wanted or 'allowed'}")
                    body = b"" if answer.streaming else answer.content
                    problems += [f"{name} {method} {route} of {key} shows {word}" for word in words if word.encode() in body]
    assert not problems, f"{len(problems)}: " + "\n".join(problems[:60])


def without_token(answer: Any) -> bytes:
    """A page without what differs at every drawing."""
    return re.sub(rb'name="csrfmiddlewaretoken" value="[^"]+"', b"", answer.content)


def test_what_is_absent_looks_like_what_is_not_yours(world: World) -> None:
    """A6."""
    client = signed_in(world.people["bilal"])
    found = things(world, "sam")
    for route, row in ACCESS.items():
        if isinstance(row, Of):
            for method in ("get", "post"):
                absent = ask(client, method, address(route, row, Absent.pk, found))
                foreign = ask(client, method, address(route, row, found[row.thing].pk, found))
                assert (absent.status_code, foreign.status_code) == (404, 404), (route, method)
                assert without_token(absent) == without_token(foreign), route


def test_pages_about_nobody_in_particular_are_open_to_those_in_the_table_and_name_no_strange_child(world: World) -> None:
    """A1, A4."""
    problems = []
    for name, user in world.people.items():
        client, words = signed_in(user), forbidden_words(name)
        for route, row in ACCESS.items():
            if not isinstance(row, Open) or row.who in (ANYONE, DOOR):
                continue
            answer = ask(client, "get", reverse(route, kwargs=row.kwargs))
            may = row.who == EVERYONE or name in row.who
            if (answer.status_code in (200, 302, 405)) is not may:
                problems.append(f"{name} {route}: {answer.status_code}, may: {may}")
            body = b"".join(answer.streaming_content) if answer.streaming else answer.content
            problems += [f"{name} {route} shows {word}" for word in words if word.encode() in body]
    assert not problems, "\n".join(problems[:60])


HEADINGS = b"Given name,Family name,Date of birth,Identifier,Legal status,Care start\n"


def belongings(world: World) -> dict[str, Any]:
    """Things of Fenshire's that are no child."""
    fenshire = world.places["fenshire"]
    batch = ImportBatch(authority=fenshire.authority, kind="children", uploaded_by=world.people["kit"], file_name="a.csv", content=HEADINGS)
    batch.save()
    message = Message.objects.create(key="a", recipient=world.people["anna"], rule="plan_opened")
    failed = Message.objects.create(key="b", recipient=world.people["hana"], rule="plan_opened", mail=Message.Mail.FAILED)
    return {
        "school": world.schools["hill"],
        "team": fenshire.team,
        "term": fenshire.term,
        "authority": fenshire.authority,
        "policy": fenshire.policy,
        "virtual_school": fenshire.virtual_school,
        "import": batch,
        "person": world.people["hana"],
        "role": world.people["hana"].memberships.get(),
        "message": message,
        "mail": failed,
    }


def test_what_belongs_to_an_authority_is_for_its_own_people_alone(world: World) -> None:
    """A4, A12."""
    problems = []
    found = belongings(world)
    for name, user in world.people.items():
        client, words = signed_in(user), forbidden_words(name)
        for route, row in ACCESS.items():
            if not isinstance(row, Owned):
                continue
            url = reverse(route, kwargs={"pk": found[row.thing].pk, **row.kwargs})
            for method, who in (("get", row.get), ("post", row.post)):
                answer = ask(client, method, url)
                allowed = answer.status_code in (200, 302, 400, 409)
                if allowed is not (name in who) and answer.status_code != 405:
                    problems.append(f"{name} {method} {route}: {answer.status_code}, may: {name in who}")
                problems += [f"{name} {method} {route} shows {word}" for word in words if word.encode() in answer.content]
    assert not problems, "\n".join(problems[:60])


def test_nobody_who_is_not_signed_in_gets_past_the_door(world: World) -> None:
    """A1."""
    found = things(world, "sam")
    client = Client()
    for route, row in ACCESS.items():
        if isinstance(row, Open) and row.who in (ANYONE, DOOR):
            continue
        if isinstance(row, Of):
            url = address(route, row, found[row.thing].pk, found)
        else:
            url = reverse(route, kwargs={**({"pk": uuid.uuid4()} if isinstance(row, Owned) else {}), **row.kwargs})
        for method in ("get", "post"):
            answer = ask(client, method, url)
            assert answer.status_code in (302, 401), (route, method, answer.status_code)
            assert b"CANARY" not in answer.content


def test_reading_changes_nothing(world: World) -> None:
    """E3: a GET of every address leaves every plan and child as it was."""
    found = things(world, "sam")
    client = signed_in(world.people["lena"])
    before = list(Plan.objects.values_list("pk", "updated_at")), list(Child.objects.values_list("pk", "updated_at"))
    for route, row in ACCESS.items():
        if isinstance(row, Of):
            client.get(address(route, row, found[row.thing].pk, found))
    assert before == (list(Plan.objects.values_list("pk", "updated_at")), list(Child.objects.values_list("pk", "updated_at")))
