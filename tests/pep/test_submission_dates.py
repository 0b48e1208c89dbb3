"""The submission after the meeting is whoever's turn the plan itself is: told, risen, listed, taken as a sheet and explained alike."""

import csv
import io

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import Message
from children.models import Child
from pep.deadlines import refresh
from pep.digests import send_digests
from pep.late import how_many_late, late_rows, lines
from pep.models import Deadline, Meeting, Plan
from pep.passed import owners_of, send_passed
from pep.reminders import BY_WORKFLOW
from schools.timetable import add_working_days
from tests.pep.test_digests import at
from tests.pep.test_escalation import HEAD, MANAGER
from tests.pep.test_late import another
from tests.pep.test_passed import in_time, told
from tests.pep.test_reminders import complete
from tests.world import DAY, World, begin, build_world, fill, signed_in

pytestmark = pytest.mark.django_db

OWNERS = ("school", "social_worker", "virtual_school")


@pytest.fixture
def world() -> World:
    return build_world()


def unmark(plan: Plan, owner: str) -> None:
    """Of this owner's sections one is not complete."""
    row = plan.sections.filter(owner=owner).exclude(key__in=BY_WORKFLOW).order_by("key")[0]
    row.marked_complete = False
    row.save()


def met(world: World, *lacking: str) -> Deadline:
    """Sam's plan is in time and written but for these owners' parts; its meeting was long ago, so the date for submission has passed."""
    plan = in_time(world)
    fill(plan, "sam")
    for owner in lacking:
        unmark(plan, owner)
    meeting = Meeting.objects.get(plan=plan)
    meeting.starts_at = timezone.now() - 40 * DAY
    meeting.save()
    refresh(world.children["sam"], on=world.today)
    for other in Deadline.objects.filter(open=True).exclude(kind="complete"):
        other.open = False
        other.save()
    return Deadline.objects.get(plan=plan, open=True)


@pytest.mark.parametrize(
    ("lacking", "first", "then"),
    [
        (["social_worker"], {("fay", ""), ("hana", "manager")}, {("rosa", "head")}),
        (["school"], {("anna", ""), ("kit", "manager")}, {("lena", "head")}),
        (
            ["school", "social_worker"], {("anna", ""), ("kit", "manager"), ("fay", ""), ("hana", "manager")},
            {("lena", "head"), ("rosa", "head")},
        ),
        ([], {("anna", ""), ("kit", "manager")}, {("lena", "head")}),  # all is written, and the school submits
    ],
)  # fmt: skip
def test_it_is_told_to_whose_part_is_missing_and_rises_above_them_alone(
    world: World, lacking: list[str], first: set[tuple[str, str]], then: set[tuple[str, str]]
) -> None:
    row = met(world, *lacking)
    send_passed(add_working_days(row.due_on, MANAGER))
    assert told() == first
    send_passed(add_working_days(row.due_on, HEAD))
    assert told() == first | then


def test_once_the_missing_part_is_written_whoever_is_to_submit_is_told_and_the_others_message_is_mailed_no_more(world: World) -> None:
    row = met(world, "social_worker")
    day = add_working_days(row.due_on, MANAGER)
    send_passed(day)
    assert told() == {("fay", ""), ("hana", "manager")}
    assert row.plan is not None
    complete(row.plan, "social_worker")
    send_passed(day)
    assert told() == {("fay", ""), ("hana", "manager"), ("anna", ""), ("kit", "manager")}
    Message.objects.exclude(rule__startswith="step_late").delete()
    send_digests(day, at(day, 9))
    mailed = {name.split()[0].lower() for name in Message.objects.filter(rule="digest").values_list("recipient__name", flat=True)}
    assert mailed == {"anna", "kit"}
    read = Message.objects.filter(rule__startswith="step_late", read_at__isnull=False)
    assert {message.recipient for message in read} == {world.people["fay"], world.people["hana"]}


@pytest.mark.parametrize(
    ("lacking", "who"),
    [
        (["social_worker"], ["Social worker: Fay Example"]),
        (["school"], ["Designated teacher: Anna Example"]),
        (["school", "social_worker"], ["Designated teacher: Anna Example", "Social worker: Fay Example"]),
        ([], ["Designated teacher: Anna Example"]),
    ],
)
def test_the_list_its_sheet_its_filter_and_the_page_of_dates_name_whose_part_is_missing_and_a_nudge_goes_there(
    world: World, lacking: list[str], who: list[str]
) -> None:
    row, kit = met(world, *lacking), signed_in(world.people["kit"])
    [line] = [line for line in lines(late_rows(Child.objects.all(), world.today), world.today) if line.step]
    assert [turn.who for turn in line.turns] == who and line.since is not None
    _, *cells = csv.reader(io.StringIO(kit.get("/?format=csv").content.decode("utf-8-sig")))
    assert [one[11] for one in cells if one[10].startswith("Plan to be submitted")] == ["; ".join(who)]
    page = kit.get(f"/children/{row.child_id}/dates/")
    [explained] = [one for one in page.context["dates"] if one.key.startswith("complete")]
    assert explained.whose == who
    for owner in OWNERS:
        shown = [line for _, found in kit.get(f"/?turn={owner}").context["parts"] for line in found]
        assert bool(shown) is (owner in (lacking or ["school"])), owner
    kit.post("/", {"plan": [str(row.plan_id)]})
    nudged = Message.objects.filter(rule="plan_nudged").values_list("recipient__name", flat=True)
    assert {name.split()[0] for name in nudged} == {words.split(": ")[1].split()[0] for words in who}


def test_the_database_and_the_ladder_agree_whose_turn_each_date_is(world: World) -> None:
    """H4."""
    met(world, "social_worker")
    for number, marked in enumerate(([], ["school"], ["social_worker"], ["school", "social_worker", "virtual_school"])):
        child = another(world, number)
        plan = begin(world, f"n{number}")
        plan.due_on = world.today + 200 * DAY
        plan.save()
        complete(plan, *marked)
        Deadline(
            child=child, plan=plan, kind="complete", due_on=world.today - DAY, owners=["school"], reason="meeting", words="After",
            open=True, citation="Policy", facts={"since": str(world.today - 20 * DAY), "figure": 10, "unit": "working days"},
        ).save()  # fmt: skip
        Deadline(
            child=child, kind="sdq", due_on=world.today - DAY, owners=["social_worker"], reason="yearly", words="Yearly", open=True,
            citation="Law", facts={"since": str(world.today - 20 * DAY), "figure": 12, "unit": "months"},
        ).save()  # fmt: skip
    rows = list(Deadline.objects.filter(open=True, due_on__lt=world.today, kind__in=["complete", "sdq"]).select_related("plan"))
    with CaptureQueriesContext(connection) as captured:
        owners = owners_of(rows, world.today)
    assert len(captured) == 2 and len(rows) == 9
    for owner in OWNERS:
        found = {key for _, key, what, _ in late_rows(Child.objects.all(), world.today, waits_for=owner) if what == "step"}
        assert found == {key for key, of in owners.items() if owner in of}, owner
        assert how_many_late(Child.objects.all(), world.today, 100, waits_for=owner)[1] == len(found)
