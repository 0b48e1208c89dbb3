"""The desk: which plan or child stands in which queue, what stands beside it, and who may look."""

import csv
import io

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from children.models import AccessLog, Child, Enrolment
from pep.deadlines import refresh
from pep.models import EarlierPlan, FundingRequest, Meeting, Plan, PlanSnapshot
from pep.narrowing import PHASES, Filters, in_phase, narrowed
from pep.workflow import perform
from schools.models import Membership
from tests.moving import proposed
from tests.pep.test_copies import decided, make_ready
from tests.world import DAY, World, begin, build_world, fill, signed_in
from virtualschool import quality
from virtualschool.quality import queue_called

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    return build_world()


def in_queue(world: World, key: str, **filters: object) -> set[str]:
    """The children in a queue of Fenshire's desk, by the tests' names."""
    queue = queue_called(key)
    assert queue is not None
    everyone = Child.objects.visible_to(world.people["kit"])
    children = narrowed(everyone, Filters(**filters), world.today)  # type: ignore[arg-type]
    names = {child.pk: name for name, child in world.children.items()}
    if queue.of_plans:
        return {names[plan.child_id] for plan in quality.plans_in(queue, children, world.today)}
    return {names[child.pk] for child in quality.children_in(queue, children, world.today)}


def submitted(world: World, key: str, teacher: str) -> Plan:
    plan = begin(world, key)
    fill(plan, key)
    return perform(plan, "submit", by=world.people[teacher], on=world.today)


def test_a_new_plan_is_not_started_and_has_no_meeting(world: World) -> None:
    begin(world, "sam")
    assert in_queue(world, "not-started") == {"sam"}
    assert in_queue(world, "no-meeting") == {"sam"}
    assert in_queue(world, "check") == in_queue(world, "returned") == in_queue(world, "overdue") == set()


def test_a_plan_moves_from_queue_to_queue(world: World) -> None:
    plan = submitted(world, "sam", "anna")
    assert in_queue(world, "sign-off") == {"sam"}
    assert in_queue(world, "not-started") == in_queue(world, "no-meeting") == set()
    perform(plan, "sign_off", by=world.people["fay"], on=world.today)
    assert in_queue(world, "check") == {"sam"}
    perform(plan, "return_from_check", by=world.people["kit"], on=world.today, comment="Too vague", sections=["targets"])
    assert in_queue(world, "returned") == {"sam"}
    assert in_queue(world, "check") == set()


def test_the_desk_says_which_plans_need_not_be_checked(world: World) -> None:
    policy = world.places["fenshire"].policy
    policy.check_percent = 0
    policy.save()
    perform(submitted(world, "sam", "anna"), "sign_off", by=world.people["fay"], on=world.today)
    client = signed_in(world.people["kit"])
    assert "Waiting for quality check (not in the sample)" in client.get("/desk/lists/check/").content.decode()
    assert "not in the sample" in client.get("/desk/lists/check/?format=csv").content.decode("utf-8-sig")


def test_a_meeting_that_is_booked_or_excepted_is_not_missing(world: World) -> None:
    meeting = Meeting.objects.get(plan=begin(world, "sam"))
    meeting.exception_because, meeting.exception_by = "In hospital", world.people["kit"]
    meeting.save()
    assert in_queue(world, "no-meeting") == set()


def test_overdue_from_the_day_after_the_date(world: World) -> None:
    plan = begin(world, "sam")
    for days, expected in ((0, set()), (-1, {"sam"})):
        plan.due_on = world.today + days * DAY
        plan.save()
        assert in_queue(world, "overdue") == expected


def test_children_without_school_teacher_or_worker(world: World) -> None:
    assert in_queue(world, "no-school") == {"wes"}
    assert in_queue(world, "no-teacher") == set()
    assert in_queue(world, "no-worker") == {"wes"}
    bilal = world.people["bilal"]
    bilal.set_unusable_password()
    bilal.save()
    assert in_queue(world, "no-teacher") == {"tia"}


@pytest.mark.parametrize("how", ["ended", "inactive", "expired"])
def test_a_teacher_who_cannot_sign_in_today_does_not_count(world: World, how: str) -> None:
    role, person = Membership.objects.get(user=world.people["bilal"]), world.people["bilal"]
    if how == "ended":
        role.ends = world.today
        role.save()
    else:
        person.is_active, person.expires_on = how != "inactive", world.today if how == "expired" else None
        person.save()
    assert in_queue(world, "no-teacher") == {"tia"}


def test_a_child_who_left_care_or_starts_school_tomorrow(world: World) -> None:
    Enrolment(child=world.children["wes"], school=world.schools["hill"], starts=world.today + DAY).save()
    assert in_queue(world, "no-school") == {"wes"}
    period = world.children["wes"].care_periods.get()
    period.ends = world.today
    period.save()
    assert in_queue(world, "no-school") == in_queue(world, "no-worker") == set()


def test_filters_narrow_to_team_school_age_and_no_worker(world: World) -> None:
    for key in ("sam", "tia", "wes"):
        begin(world, key)
    team = world.places["fenshire"].team
    assert in_queue(world, "not-started", team=team) == {"sam", "tia", "wes"}
    assert in_queue(world, "not-started", school=world.schools["brook"]) == {"tia"}
    assert in_queue(world, "not-started", no_worker=True) == {"wes"}
    assert in_queue(world, "not-started", phase="secondary") == {"sam", "tia", "wes"}
    assert in_queue(world, "not-started", phase="primary") == set()
    wes = world.children["wes"]
    wes.year_group_override = 6
    wes.save()
    assert in_queue(world, "not-started", phase="primary") == {"wes"}


def test_the_phase_of_a_filter_is_the_year_group_of_the_child(world: World) -> None:
    child = world.children["sam"]
    for years in range(2, 19):
        for month, day in ((8, 31), (9, 1)):
            child.date_of_birth = world.today.replace(year=world.today.year - years, month=month, day=day)
            child.save()
            year = child.year_group(world.today)
            expected = {phase for phase, (_, low, high) in PHASES.items() if low <= year <= high}
            found = {phase for phase in PHASES if Child.objects.filter(in_phase(phase, world.today), pk=child.pk).exists()}
            assert found == expected


def test_each_line_says_who_holds_the_plan_and_since_when(world: World) -> None:
    plan = submitted(world, "sam", "anna")
    queue = queue_called("sign-off")
    assert queue
    [line] = quality.lines(list(quality.plans_in(queue, Child.objects.visible_to(world.people["kit"]), world.today)), world.today)
    assert line.holder == "Social worker: Fay Example"
    assert (line.since, line.waiting_days) == (timezone.localdate(plan.state_since), 0)
    new = begin(world, "wes")
    [line] = quality.lines([new], world.today)
    assert "Virtual school, for the school" in line.holder and "Social worker: Fenshire Team One" in line.holder


def test_nobody_has_held_a_plan_longer_than_they_have_worked_with_the_child(world: World) -> None:
    plan = submitted(world, "sam", "anna")
    plan.state_since = timezone.now() - 60 * DAY
    allocation = world.children["sam"].allocations.get(role="social_worker")
    allocation.starts = world.today - 9 * DAY
    allocation.save()
    [line] = quality.lines([plan], world.today)
    assert (line.since, line.waiting_days) == (world.today - 9 * DAY, 9)


def test_a_returned_plan_is_held_by_the_owner_of_what_was_reopened(world: World) -> None:
    plan = submitted(world, "sam", "anna")
    perform(plan, "return_from_sign_off", by=world.people["fay"], on=world.today, comment="Old", sections=["health"])
    plan.refresh_from_db()
    health = plan.sections.get(key="health")
    health.answers = {}
    health.save()
    [line] = quality.lines([plan], world.today)
    assert line.holder == "Social worker: Fay Example"


def waits_for_a_copy(plan: Plan, name: str) -> None:
    """The plan is complete, and somebody may have a copy of it."""
    plan.state, plan.completed_at = "complete", timezone.now()
    plan.save()
    PlanSnapshot.objects.create(plan=plan, taken_at=timezone.now(), content={}, sha256="")
    decided(plan, name)
    make_ready(plan)


@pytest.mark.parametrize("key", [queue.key for queue in quality.QUEUES])
def test_a_queue_page_takes_the_same_number_of_queries_for_one_row_and_three(world: World, key: str) -> None:
    client = signed_in(world.people["kit"])

    def queries() -> tuple[int, int]:
        with CaptureQueriesContext(connection) as captured:
            answer = client.get(f"/desk/lists/{key}/")
        assert answer.status_code == 200
        return len(captured), answer.content.decode().count('scope="row"')

    make = {"check": "awaiting_check", "returned": "returned", "sign-off": "awaiting_sign_off"}.get(key)
    plans = []
    for name in ("sam", "tia", "wes"):
        child = world.children[name]
        if key in ("no-school", "no-teacher"):
            for row in child.enrolments.all():
                row.ends = world.today - DAY
                row.save()
        if key == "no-teacher":
            Enrolment(child=child, school=world.schools["unit"], starts=world.today - DAY).save()
    if key == "no-teacher":
        role = Membership.objects.get(user=world.people["uri"])
        role.ends = world.today
        role.save()
    if key == "no-worker":
        for name in ("sam", "tia"):
            allocation = world.children[name].allocations.get(role="social_worker")
            allocation.worker = None
            allocation.save()
    for name in ("sam", "tia", "wes"):
        if key == "moves":
            proposed(world, key=name, to="unit", by="moe")
        if key == "earlier":
            EarlierPlan.objects.create(
                child=world.children[name], title="Plan", plan_date=world.today - DAY, audience="council", content=b"", size=0,
                sha256=name, uploaded_by=world.people["anna"],
            )  # fmt: skip
        if key == "not-begun":
            refresh(world.children[name], on=world.today)
            continue
        plan = begin(world, name)
        plan.due_on = world.today - DAY
        if make:
            plan.state = make
        if key == "copies":
            waits_for_a_copy(plan, "Mother")
        plan.save()
        plans.append(plan)
    queries()  # the first request of a session does more
    three, rows = queries()
    assert rows == 3
    for plan in plans[1:]:
        plan.state, plan.completed_at = "cancelled", None
        plan.save()
    for name in ("tia", "wes"):
        period = world.children[name].care_periods.get()
        period.ends = world.today
        period.save()
    one, rows = queries()
    assert rows == 1
    assert one == three


# Who may open the desk, and what else is theirs there.
DESK = {"kit": 200, "lena": 200, "moe": 200, "nia": 403, "anna": 403, "eve": 403, "fay": 403, "hana": 403, "ian": 403, "jo": 403}


@pytest.mark.parametrize(("name", "status"), DESK.items())
def test_who_may_open_the_desk(world: World, name: str, status: int) -> None:
    client = signed_in(world.people[name])
    for path in ("/desk/", "/desk/lists/check/", "/desk/dashboard/", "/settings/"):
        assert client.get(path).status_code == status, path


def test_business_support_decides_no_money(world: World) -> None:
    client = signed_in(world.people["moe"])
    assert client.get("/desk/money/").status_code == client.get("/desk/money/payments/").status_code == 403
    assert "/desk/money/" not in client.get("/desk/").content.decode()


def test_an_unknown_queue_is_not_found_and_a_stranger_is_asked_to_sign_in(world: World) -> None:
    assert signed_in(world.people["kit"]).get("/desk/lists/nothing/").status_code == 404
    assert Client().get("/desk/").status_code == 302


def test_nothing_of_another_authority_is_on_the_desk(world: World) -> None:
    begin(world, "vic")
    client = signed_in(world.people["kit"])
    pages = [client.get(path).content.decode() for path in ("/desk/", "/desk/lists/not-started/", "/register/children/?care=all")]
    assert not any("CANARY-vic" in page or "Marlow Vale Team" in page for page in pages)
    assert "CANARY-vic" in signed_in(world.people["oli"]).get("/desk/lists/not-started/").content.decode()


def test_an_officer_who_teaches_elsewhere_has_only_the_authority_on_the_desk(world: World) -> None:
    kit = world.people["kit"]
    Membership(
        user=kit, role="designated_teacher", school=world.schools["hill"], authority=world.places["marlow"].authority, starts=world.today
    ).save()
    begin(world, "vic")
    assert Child.objects.visible_to(kit).filter(pk=world.children["vic"].pk).exists()
    assert "CANARY-vic" not in signed_in(kit).get("/desk/lists/not-started/").content.decode()


def test_a_queue_as_a_sheet(world: World) -> None:
    sam = world.children["sam"]
    sam.known_as = "=HYPERLINK(1)"
    sam.save()
    begin(world, "sam")
    answer = signed_in(world.people["kit"]).get("/desk/lists/not-started/?format=csv")
    assert answer["Content-Type"].startswith("text/csv") and "attachment" in answer["Content-Disposition"]
    head, line = csv.reader(io.StringIO(answer.content.decode("utf-8-sig")))
    assert head == list(quality.SHEET_HEAD)
    assert line[0] == sam.reference and line[1].startswith("'=HYPERLINK(1)")


def test_money_to_decide_and_the_payment_list(world: World) -> None:
    submitted(world, "sam", "anna")
    request = FundingRequest.objects.get()
    client = signed_in(world.people["kit"])
    assert "CANARY-sam-purpose" in client.get("/desk/money/").content.decode()
    request.state, request.agreed_amount = "approved", 150
    request.save()
    assert "CANARY-sam-purpose" not in client.get("/desk/money/").content.decode()
    sheet = client.get("/desk/money/payments/").content.decode("utf-8-sig")
    _, line = csv.reader(io.StringIO(sheet))
    assert line[:2] == [str(world.schools["hill"].urn), "Hill School"] and "150.00" in line
    assert world.children["sam"].reference in line
    assert "CANARY" not in sheet  # no name and no text leaves with the payment list


def money_on_the_desk(world: World) -> tuple[bool, int]:
    """Whether Sam's request is in the list, and how many the desk counts."""
    client = signed_in(world.people["kit"])
    listed = "CANARY-sam-purpose" in client.get("/desk/money/").content.decode()
    assert listed == ("CANARY-sam-purpose" in client.get("/desk/money/?format=csv").content.decode())
    return listed, client.get("/desk/").context["money"]


def test_money_is_to_decide_from_the_day_the_plan_is_submitted(world: World) -> None:
    plan = begin(world, "sam")
    fill(plan, "sam")
    assert money_on_the_desk(world) == (False, 0)
    perform(plan, "submit", by=world.people["anna"])
    assert money_on_the_desk(world) == (True, 1)


def test_money_asked_for_a_child_who_has_left_care_since_can_be_decided_on_and_its_line_says_so(world: World) -> None:
    submitted(world, "sam", "anna")

    def told() -> tuple[bool, str]:
        client = signed_in(world.people["kit"])
        head, line = csv.reader(io.StringIO(client.get("/desk/money/?format=csv").content.decode("utf-8-sig")))
        assert len(head) == len(line)
        return "no longer in care" in client.get("/desk/money/").content.decode(), dict(zip(head, line, strict=True))["Care"]

    assert told() == (False, "in care")
    period = world.children["sam"].care_periods.get()
    period.ends = world.today
    period.save()
    assert told() == (True, "no longer in care")


@pytest.mark.parametrize(("action", "word"), [("cancel", "cancelled"), ("close", "closed")])
def test_a_plan_that_ends_takes_its_request_for_money_back(world: World, action: str, word: str) -> None:
    plan = perform(submitted(world, "sam", "anna"), action, by=world.people["kit"], comment="Begun twice")
    request = FundingRequest.objects.get()
    assert (request.state, request.history.count()) == ("withdrawn", 2)
    step = request.steps.get()
    assert (step.step, step.by) == ("withdrawn", world.people["kit"]) and word in step.reason
    assert money_on_the_desk(world) == (False, 0)
    page = signed_in(world.people["anna"]).get(f"/funding/{request.pk}/").content.decode()
    assert "Withdrawn" in page and plan.state in ("cancelled", "closed")


def test_what_was_agreed_before_the_plan_ended_stays_agreed_and_waits_to_be_approved(world: World) -> None:
    plan = submitted(world, "sam", "anna")
    request = FundingRequest.objects.get()
    request.state, request.agreed_amount = "agreed", 200
    request.save()
    perform(plan, "close", by=world.people["kit"], comment="Moved")
    request.refresh_from_db()
    assert request.state == "agreed"
    assert money_on_the_desk(world)[0]


@pytest.mark.parametrize("how", ["inactive", "expired"])
def test_a_worker_who_cannot_sign_in_is_no_worker_and_holds_nothing(world: World, how: str) -> None:
    plan, fay = submitted(world, "sam", "anna"), world.people["fay"]
    assert in_queue(world, "no-worker") == {"wes"}
    fay.is_active, fay.expires_on = how != "inactive", world.today if how == "expired" else None
    fay.save()
    assert in_queue(world, "no-worker") == in_queue(world, "sign-off", no_worker=True) | {"wes"} == {"sam", "wes"}
    [line] = quality.lines([plan], world.today)
    assert (line.holder, line.worker) == ("Social worker: Fenshire Team One", "Fay Example (cannot sign in)")


def test_every_child_in_a_file_that_was_taken_away_has_it_in_the_log(world: World) -> None:
    """A9, D5."""
    submitted(world, "sam", "anna")
    client, sam, tia = signed_in(world.people["kit"]), world.children["sam"], world.children["tia"]
    for url in ("/desk/lists/sign-off/", "/register/children/", "/desk/money/", "/desk/money/payments/"):
        client.get(url)  # reading a list is no file; the payment list is always one, and empty here
    assert not AccessLog.objects.exists()
    for url in ("/desk/lists/sign-off/?format=csv", "/register/children/?format=csv", "/desk/money/?format=csv"):
        client.get(url)
    request = FundingRequest.objects.get()
    request.state, request.agreed_amount = "approved", 150
    request.save()
    client.get("/desk/money/payments/")
    taken = AccessLog.objects.filter(child=sam, user=world.people["kit"], allowed=True, relations="officer")
    assert {row.page for row in taken} == {f"virtualschool:{name}" for name in ("queue", "children", "money", "payments")}
    assert [row.page for row in AccessLog.objects.filter(child=tia)] == ["virtualschool:children"]
    assert not AccessLog.objects.filter(child=world.children["vic"]).exists()
    page = signed_in(world.people["lena"]).get(f"/children/{sam.pk}/who-looked/").content.decode()
    assert "The list of children, taken as a file" in page and "Virtual school officer" in page


def test_a_plan_returned_for_the_social_workers_part_alone_is_held_by_the_social_worker(world: World) -> None:
    plan = submitted(world, "sam", "anna")
    perform(plan, "return_from_sign_off", by=world.people["fay"], on=world.today, comment="Old medicine", sections=["health"])
    health = plan.sections.get(key="health")
    health.marked_complete = True
    health.save()
    page = signed_in(world.people["kit"]).get("/desk/lists/returned/").content.decode()
    assert "Social worker: Fay Example" in page and "Designated teacher: Anna Example" not in page


def test_each_list_says_how_many_were_found(world: World) -> None:
    begin(world, "sam")
    client = signed_in(world.people["kit"])
    assert "1 plan found" in client.get("/desk/lists/not-started/").content.decode()
    assert "1 child found" in client.get("/desk/lists/no-school/").content.decode()
    assert "3 children found" in client.get("/register/children/").content.decode()
    assert "No children found" in client.get("/register/children/?q=zzz").content.decode()
    assert "3 schools found" in client.get("/register/schools/").content.decode()


def test_the_desk_counts_the_same_requests_that_its_money_list_shows(world: World) -> None:
    begin(world, "sam")
    fill(world.plans["sam"], "sam")
    request = FundingRequest.objects.get()
    request.state, request.amount, request.agreed_amount = "agreed", 1200, 1150
    request.save()
    client = signed_in(world.people["kit"])
    assert client.get("/desk/").context["money"] == 1
    page = client.get("/desk/money/").content.decode()
    assert "1 request found" in page and "£1,150<" in page
