"""Why a plan is late: said by whoever holds it or by the virtual school, kept, and shown where lateness is."""

import re

import pytest

from pep.models import Plan
from pep.timeliness import WHY_LATE
from pep.workflow import perform
from tests.world import DAY, World, begin, build_world, signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    return build_world()


def late_plan(world: World) -> Plan:
    """Sam's plan, three days late."""
    plan = begin(world, "sam")
    plan.due_on = world.today - 3 * DAY
    plan.save()
    return plan


def say(world: World, name: str, plan: Plan, because: str = "illness", note: str = "") -> int:
    answer = signed_in(world.people[name]).post(f"/plans/{plan.pk}/lateness/", {"because": because, "note": note})
    plan.refresh_from_db()
    return int(answer.status_code)


@pytest.mark.parametrize("name", ["anna", "fay", "hana", "ian", "kit", "lena", "moe"])
def test_whoever_holds_a_late_plan_and_the_virtual_school_say_why(world: World, name: str) -> None:
    plan = late_plan(world)
    assert "Say why this plan is late" in signed_in(world.people[name]).get(f"/plans/{plan.pk}/").content.decode()
    assert say(world, name, plan, "carer_moved_meeting", "Twice in May") == 302
    assert (plan.late_because, plan.late_note) == ("carer_moved_meeting", "Twice in May")
    assert plan.history.first().history_user_id == world.people[name].pk
    page = signed_in(world.people["anna"]).get(f"/plans/{plan.pk}/").content.decode()
    assert "The carer moved the meeting" in page and "Twice in May" in page and world.people[name].name in page


@pytest.mark.parametrize(("name", "answer"), [("eve", 403), ("jo", 403), ("rosa", 403), ("bilal", 404), ("oli", 404)])
def test_nobody_else_does(world: World, name: str, answer: int) -> None:
    plan = late_plan(world)
    assert say(world, name, plan) == answer
    assert plan.late_because == ""
    if answer == 403:
        assert "Say why" not in signed_in(world.people[name]).get(f"/plans/{plan.pk}/").content.decode()


def test_what_was_said_before_is_kept_and_shown(world: World) -> None:
    plan = late_plan(world)
    say(world, "anna", plan, "school_moved_meeting", "Training day")
    say(world, "kit", plan, "worker_moved_meeting")
    say(world, "kit", plan, "worker_moved_meeting")  # the same again is nothing new
    page = signed_in(world.people["fay"]).get(f"/plans/{plan.pk}/").content.decode()
    assert (
        page.index("The social worker moved the meeting") < page.index("Reasons given before") < page.index("The school moved the meeting")
    )
    assert page.count("The social worker moved the meeting") == 1 and "Training day" in page and "Anna Example" in page


def test_a_reason_must_be_one_of_the_list_and_a_note_not_too_long(world: World) -> None:
    plan = late_plan(world)
    client = signed_in(world.people["anna"])
    for posted, complaint in (
        ({}, "Choose the main reason"),
        ({"because": "laziness"}, "There is a problem"),
        ({"because": "other", "note": "x" * 301}, "300"),
    ):
        page = client.post(f"/plans/{plan.pk}/lateness/", posted).content.decode()
        assert "There is a problem" in page and complaint in page
    plan.refresh_from_db()
    assert plan.late_because == ""


def test_a_plan_that_is_not_late_or_has_ended_takes_no_reason(world: World) -> None:
    plan = begin(world, "sam")
    assert say(world, "anna", plan) == 409
    assert "lateness" not in signed_in(world.people["anna"]).get(f"/plans/{plan.pk}/").content.decode()
    plan.due_on = world.today - DAY
    plan.save()
    perform(plan, "cancel", by=world.people["kit"], comment="Begun twice")
    assert say(world, "anna", plan) == 409
    assert plan.late_because == ""


def test_the_reason_stands_in_the_desks_list_and_sheet(world: World) -> None:
    plan = late_plan(world)
    say(world, "anna", plan, "no_teacher", "Post was empty; filled now")
    client = signed_in(world.people["kit"])
    assert WHY_LATE["no_teacher"] in client.get("/desk/lists/overdue/").content.decode()
    answer = client.get("/desk/lists/overdue/?format=csv")
    sheet = answer.content.decode()
    assert "Why late" in sheet and WHY_LATE["no_teacher"] in sheet and "Post was empty; filled now" in sheet


def test_every_reason_fits_its_column() -> None:
    assert all(len(key) <= 20 for key in WHY_LATE)


@pytest.mark.parametrize(
    ("because", "words"), [("no_school", "No school place"), ("virtual_school_part", "Waiting for the virtual school")]
)
def test_that_there_is_no_school_place_or_that_the_virtual_school_is_waited_for_can_be_said(world: World, because: str, words: str) -> None:
    plan = late_plan(world)
    assert f">{words}<" in re.sub(
        r"\s*([<>])\s*", r"\1", signed_in(world.people["kit"]).get(f"/plans/{plan.pk}/lateness/").content.decode()
    )
    assert say(world, "kit", plan, because) == 302
    assert words in signed_in(world.people["fay"]).get(f"/plans/{plan.pk}/").content.decode()
