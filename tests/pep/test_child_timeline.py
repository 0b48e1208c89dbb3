"""What happened to a child, in one line of time: each reader sees what the child's other pages show them, and no more."""

import re
from decimal import Decimal

import pytest

from children.models import AccessLog, Enrolment
from pep import funding, moves
from pep.models import FundingRequest
from pep.workflow import perform
from tests.moving import confirmed, proposed, world_with_dates
from tests.world import DAY, World, begin, fill, signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    """Sam with a cancelled plan and a submitted one, money agreed, a second school and a change of school proposed."""
    world = world_with_dates()
    perform(begin(world, "sam"), "cancel", by=world.people["kit"], comment="Begun twice")
    plan = begin(world, "sam")
    fill(plan, "sam")
    perform(plan, "submit", by=world.people["anna"], comment="At last")
    request = FundingRequest.objects.get()
    funding.take_step(request, "part", by=world.people["kit"], on=world.today, amount=Decimal(150), reason="Half a term")
    Enrolment(child=world.children["sam"], school=world.schools["unit"], kind="tuition", starts=world.today - 3 * DAY).save()
    return world


def seen(world: World, name: str, page: int = 1) -> str:
    """The timeline's words as a person reads them."""
    answer = signed_in(world.people[name]).get(f"/children/{world.children['sam'].pk}/timeline/?page={page}")
    assert answer.status_code == 200
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


EVERYBODYS = ["cancelled the plan", "submitted the plan", "At last", "Began at Hill School (main school)", "Began at Unit School (tuition)"]
HELPERS = ["Eve Example as school contributor", "Named by Anna Example", "Fay Example as social worker"]
MONEY = ["added a request for pupil premium", "Kit Example agreed to a part of the pupil premium asked for", "Half a term"]


@pytest.mark.parametrize("name", ["anna", "fay", "hana", "jo", "kit", "lena"])
def test_plans_schools_and_people_stand_in_one_line_of_time(world: World, name: str) -> None:
    words = seen(world, name)
    assert [text for text in EVERYBODYS + HELPERS if text not in words] == []


def test_money_is_for_the_virtual_school_and_the_school_that_asked(world: World) -> None:
    for name, may in (("anna", True), ("kit", True), ("lena", True), ("fay", False), ("uri", False), ("eve", False)):
        words = seen(world, name)
        assert [text in words for text in MONEY] == [may] * 3, name


def test_a_proposed_move_is_seen_by_those_who_may_propose_one_and_the_council(world: World) -> None:
    move = proposed(world, starts_on=world.today + 5 * DAY)
    for name in ("anna", "fay", "jo", "kit"):
        assert "Fay Example proposed the move to Brook School" in seen(world, name), name
    for name in ("eve", "uri"):
        assert "Brook School" not in seen(world, name), name
    moves.withdraw(move, by=world.people["kit"])
    assert "Kit Example withdrew the move to Brook School" in seen(world, "anna")


def test_a_restricted_childs_record_says_who_decided_and_the_school_does_not_see_where_the_child_goes(world: World) -> None:
    sam, start = world.children["sam"], world.today + 5 * DAY
    move = confirmed(world, starts_on=start)
    signed_in(world.people["lena"]).post(f"/children/{sam.pk}/register/restriction/", {"reason": "At risk", "was": "False"})
    moves.confirm(move, by=world.people["lena"])
    for name in ("fay", "jo", "kit", "lena"):
        words = seen(world, name)
        said = [
            "Lena Example confirmed the move to Brook School", "Lena Example put back for the head to decide",
            "Lena Example restricted the record", "Kit Example confirmed the move to Brook School", "Fay Example proposed",
        ]  # fmt: skip
        assert [text for text in said if text not in words] == [], name
        assert "At risk" in words
    for name in ("anna", "eve", "uri"):
        words = seen(world, name)
        assert "Brook School" not in words and "At risk" not in words and "restricted" not in words, name


def test_a_school_is_not_told_who_worked_with_the_child_before(world: World) -> None:
    allocation = world.children["sam"].allocations.get(role="social_worker")
    allocation.ends = world.today - DAY
    allocation.save()
    assert "No longer works with the child: Fay Example as social worker" in seen(world, "kit")
    assert "Fay Example as social worker" not in seen(world, "anna")


def test_what_is_for_the_council_alone_stands_in_no_schools_line_of_time(world: World) -> None:
    section = world.plans["sam"].sections.get(key="health")
    section.version, section.answers = section.version + 1, {}
    section.save()
    assert "CANARY-sam-council" in seen(world, "fay")
    for name in ("anna", "eve", "uri"):
        assert "CANARY-sam-council" not in seen(world, name), name


def test_the_line_of_time_comes_in_pages_and_is_logged(world: World) -> None:
    for number in range(60):
        perform(begin(world, "sam"), "cancel", by=world.people["kit"], comment=f"Again {number}")
    assert "Again 59" in seen(world, "kit") and "Again 0" not in seen(world, "kit")
    assert "Began at Hill School" in seen(world, "kit", page=99)
    assert AccessLog.objects.filter(user=world.people["kit"], child=world.children["sam"], page="pep:child-timeline", allowed=True).exists()
