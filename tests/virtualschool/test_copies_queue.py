"""The desk's list of copies that were promised and not given: who waits, who is to give them since when, and how they are asked."""

import csv
import io
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import Message
from accounts.rules import sentence
from pep.models import Attendee, Plan
from tests.pep.test_copies import MOTHER, complete, decided, make_ready, path, typed
from tests.virtualschool.test_desk import in_queue, waits_for_a_copy
from tests.world import DAY, World, begin, build_world, press, signed_in

pytestmark = pytest.mark.django_db
LIST = "/desk/lists/copies/"


@pytest.fixture
def world() -> World:
    return build_world()


def nudge(world: World, *plans: Plan, by: str = "kit") -> str:
    """What the page says after somebody has nudged about these plans."""
    answer: Any = signed_in(world.people[by]).post(LIST, {"plan": [str(plan.pk) for plan in plans]}, follow=True)
    return str(answer.content.decode())


def asked() -> set[str]:
    """Who was asked to give a copy."""
    return {one.recipient.name.split()[0].lower() for one in Message.objects.filter(rule="copy_nudged") if one.recipient}


def test_a_plan_stands_in_the_list_until_its_copy_is_given(world: World) -> None:
    plan = complete(world, ready=False)
    assert in_queue(world, "copies") == set(), "there is nothing to give yet"
    make_ready(plan)
    assert in_queue(world, "copies") == {"sam"}
    assert press(signed_in(world.people["fay"]), path(plan), typed()).status_code == 302
    assert in_queue(world, "copies") == set()


def test_a_line_says_who_waits_for_it_and_who_is_to_give_it_since_when(world: World) -> None:
    plan = complete(world)
    aunt = decided(plan, "CANARY-aunt")
    line = signed_in(world.people["kit"]).get(LIST).context["lines"][0]
    assert [(one.name, one.role) for one in line.copies] == [(MOTHER, "Parent"), ("CANARY-aunt", "Parent")]
    assert (line.holder, line.since, line.waiting_days) == ("Social worker: Fay Example", world.today, 0)
    plan.refresh_from_db()
    plan.state_since = timezone.now() - 9 * DAY
    plan.save()
    mother = Attendee.objects.get(meeting__plan=plan, name=MOTHER)
    mother.decided_at = timezone.now() - 20 * DAY
    mother.save()
    aunt.decided_at = timezone.now() - 2 * DAY
    aunt.save()
    line = signed_in(world.people["kit"]).get(LIST).context["lines"][0]
    assert [(one.since, line.since, line.waiting_days) for one in line.copies] == [
        (world.today - 9 * DAY, world.today - 9 * DAY, 9),
        (world.today - 2 * DAY, world.today - 9 * DAY, 9),
    ]


def test_nobody_has_had_a_copy_to_give_longer_than_they_have_worked_with_the_child(world: World) -> None:
    plan = complete(world)
    plan.state_since = timezone.now() - 60 * DAY
    plan.save()
    allocation = world.children["sam"].allocations.get(role="social_worker")
    allocation.starts = world.today - 9 * DAY
    allocation.save()
    for one in Attendee.objects.filter(meeting__plan=plan):
        one.decided_at = timezone.now() - 70 * DAY
        one.save()
    assert signed_in(world.people["kit"]).get(LIST).context["lines"][0].since == world.today - 9 * DAY


def test_the_sheet_has_a_row_for_each_copy(world: World) -> None:
    plan = complete(world)
    decided(plan, "CANARY-aunt")
    text = signed_in(world.people["kit"]).get(f"{LIST}?format=csv").content.decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [(row["Copy for"], row["Who they are"], row["To be given by"]) for row in rows] == [
        (MOTHER, "Parent", "Social worker: Fay Example"),
        ("CANARY-aunt", "Parent", "Social worker: Fay Example"),
    ]
    assert {row["Since"] for row in rows} == {str(world.today)} and {row["Days"] for row in rows} == {"0"}


def test_whoever_is_to_give_the_copies_is_asked_once_a_day_in_words_that_name_nobody(world: World) -> None:
    """F1, F3."""
    plan = complete(world)
    decided(plan, "CANARY-aunt")
    assert "1 message sent" in nudge(world, plan) and asked() == {"fay"}
    message = Message.objects.get(rule="copy_nudged")
    assert sentence(message.rule, message.facts) == (
        "2 copies of a complete plan wait to be given by you to a parent or carer. Somebody responsible for the plan asks you to do it."
    )
    assert message.about_plan == plan.pk and "CANARY" not in str(message.facts)
    assert "nudged today already" in nudge(world, plan) and Message.objects.filter(rule="copy_nudged").count() == 1
    assert not Message.objects.filter(rule="plan_nudged").exists()


def test_without_a_social_worker_who_can_sign_in_the_managers_are_asked(world: World) -> None:
    plan, fay = complete(world), world.people["fay"]
    fay.is_active = False
    fay.save()
    assert signed_in(world.people["kit"]).get(LIST).context["lines"][0].holder == "Social worker: Fenshire Team One"
    nudge(world, plan)
    assert asked() == {"hana"}


def test_without_a_team_too_it_is_the_virtual_schools(world: World) -> None:
    plan = complete(world)
    allocation = world.children["sam"].allocations.get(role="social_worker")
    allocation.ends = world.today
    allocation.save()
    page = signed_in(world.people["lena"]).get(LIST)
    assert page.context["lines"][0].holder == "Virtual school, for the social worker"
    nudge(world, plan, by="lena")
    assert asked() == {"kit"}


def test_a_copy_that_was_given_meanwhile_stops_it_and_says_so(world: World) -> None:
    sam = complete(world)
    tia = begin(world, "tia")
    waits_for_a_copy(tia, MOTHER)
    press(signed_in(world.people["fay"]), path(sam), typed())
    assert "1 of these plans no longer wait" in nudge(world, sam, tia) and asked() == set()
    assert "1 message sent" in nudge(world, tia) and asked() == {"gus"}


def test_a_plan_of_another_authority_among_them_stops_it_all(world: World) -> None:
    """A8."""
    plan = complete(world)
    answer = signed_in(world.people["kit"]).post(LIST, {"plan": [str(plan.pk), str(begin(world, "vic").pk)]})
    assert answer.status_code == 404 and asked() == set()


def test_the_list_is_narrowed_as_the_others_are(world: World) -> None:
    complete(world)
    team = world.places["fenshire"].team
    assert in_queue(world, "copies", team=team) == {"sam"}
    assert in_queue(world, "copies", school=world.schools["brook"]) == set()
    assert in_queue(world, "copies", no_worker=True) == set()


def test_a_corrected_version_that_is_complete_waits_instead_of_the_first(world: World) -> None:
    first = complete(world)
    second = begin(world, "sam")
    second.corrects, second.version = first, 2
    second.save()
    assert in_queue(world, "copies") == {"sam"}
    second.state, second.completed_at = "complete", timezone.now()
    second.save()
    assert in_queue(world, "copies") == set()


@pytest.mark.parametrize(("name", "status"), [("kit", 200), ("lena", 200), ("moe", 200), ("fay", 403), ("anna", 403), ("nia", 403)])
def test_the_list_is_the_virtual_schools(world: World, name: str, status: int) -> None:
    """A5: what a parent may know is the council's alone."""
    complete(world)
    answer = signed_in(world.people[name]).get(LIST)
    assert answer.status_code == status and (MOTHER in answer.content.decode()) is (status == 200)
