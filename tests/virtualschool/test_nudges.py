"""Nudging from the desk's lists: whoever holds the plans is asked, once a day, and a foreign plan in the list stops it all."""

import uuid
from typing import Any

import pytest

from accounts import mail
from accounts.models import Message
from children.models import AccessLog
from pep.models import Plan
from pep.workflow import perform
from tests.pep.test_digests import at
from tests.pep.test_reminders import complete
from tests.world import DAY, World, begin, build_world, signed_in

pytestmark = pytest.mark.django_db
LIST = "/desk/lists/not-started/"


@pytest.fixture
def world() -> World:
    return build_world()


def press(world: World, name: str, *plans: Plan | uuid.UUID, path: str = LIST) -> Any:
    chosen = [str(getattr(plan, "pk", plan)) for plan in plans]
    return signed_in(world.people[name]).post(path, {"plan": chosen}, follow=True)


def nudged() -> set[tuple[str, object]]:
    found = Message.objects.filter(rule="plan_nudged").values_list("recipient__name", "about_plan")
    return {(str(name).split()[0].lower(), plan) for name, plan in found}


def test_each_line_has_a_box_and_the_list_a_button(world: World) -> None:
    plan = begin(world, "sam")
    page = signed_in(world.people["kit"]).get(LIST).content.decode()
    assert f'name="plan" value="{plan.pk}"' in page and "Nudge about" in page
    assert 'name="plan"' not in signed_in(world.people["kit"]).get("/desk/lists/no-school/").content.decode()


@pytest.mark.parametrize("name", ["kit", "lena", "moe"])
def test_whoever_holds_the_chosen_plans_is_asked_at_once_and_once_a_day(world: World, name: str) -> None:
    sam, tia, wes = (begin(world, key) for key in ("sam", "tia", "wes"))
    complete(tia, "social_worker", "virtual_school")
    page = press(world, name, sam, tia).content.decode()
    assert nudged() - {("kit", sam.pk)} == {("anna", sam.pk), ("fay", sam.pk), ("bilal", tia.pk)}
    assert "messages sent" in page
    first = Message.objects.filter(rule="plan_nudged").count()
    assert "nudged today already" in press(world, name, sam, tia).content.decode()
    assert Message.objects.filter(rule="plan_nudged").count() == first
    message = Message.objects.get(rule="plan_nudged", recipient=world.people["bilal"])
    assert message.key == f"nudge:{tia.pk}:{world.today}:{world.people['bilal'].pk}"
    assert message.facts["by"] == str(world.people[name].pk) and "CANARY" not in str(message.facts)
    assert mail.deliver(message.pk, now=at(world.today + DAY, 12)) == "sent"
    assert (world.people[name].name not in str(message.facts)) and wes.pk not in {plan for _, plan in nudged()}


def test_it_is_written_down_who_nudged_about_whom(world: World) -> None:
    press(world, "kit", begin(world, "sam"))
    row = AccessLog.objects.get(page="virtualschool:nudge")
    assert (row.user, row.child) == (world.people["kit"], world.children["sam"])
    assert "People nudged from a list" in signed_in(world.people["lena"]).get(
        f"/children/{world.children['sam'].pk}/who-looked/"
    ).content.decode()  # fmt: skip


@pytest.mark.parametrize("foreign", ["theirs", "absent", "no key"])
def test_one_foreign_plan_among_them_and_nobody_is_told_anything(world: World, foreign: str) -> None:
    """A8."""
    own, theirs = begin(world, "sam"), begin(world, "vic")
    other: Any = {"theirs": theirs, "absent": uuid.uuid4(), "no key": "sam"}[foreign]
    assert press(world, "kit", own, other).status_code == 404
    assert nudged() == set() and not AccessLog.objects.filter(page="virtualschool:nudge", allowed=True).exists()


@pytest.mark.parametrize("foreign", ["theirs", "absent"])
def test_a_nudge_about_another_authoritys_plan_is_logged_as_refused(world: World, foreign: str) -> None:
    """A8, D5: the head of the other authority sees who tried."""
    own, theirs = begin(world, "sam"), begin(world, "vic")
    other = theirs.pk if foreign == "theirs" else uuid.uuid4()
    press(world, "kit", own, other)
    row = AccessLog.objects.get(page="virtualschool:nudge")
    assert (row.user, row.child, row.object_id) == (world.people["kit"], world.children["vic"] if foreign == "theirs" else None, other)
    assert not row.allowed


def test_a_plan_that_has_ended_meanwhile_stops_it_and_says_so(world: World) -> None:
    sam, tia = begin(world, "sam"), begin(world, "tia")
    perform(tia, "cancel", by=world.people["kit"], comment="Begun twice")
    page = press(world, "kit", sam, tia).content.decode()
    assert "1 of these plans no longer wait" in page and nudged() == set()


def test_nothing_chosen_is_said(world: World) -> None:
    begin(world, "sam")
    assert "Choose at least one plan" in press(world, "kit").content.decode()


@pytest.mark.parametrize(("name", "answer"), [("nia", 403), ("anna", 403), ("fay", 403), ("hana", 403), ("rosa", 403), ("oli", 404)])
def test_nobody_else_nudges_from_the_desk(world: World, name: str, answer: int) -> None:
    plan = begin(world, "sam")
    assert press(world, name, plan).status_code == answer
    assert nudged() == set()


def test_a_list_of_children_takes_no_nudge(world: World) -> None:
    assert press(world, "kit", begin(world, "sam"), path="/desk/lists/no-school/").status_code == 404


def test_nobody_is_nudged_by_themselves(world: World) -> None:
    wes = begin(world, "wes")  # no school: the officer holds the school's part
    press(world, "kit", wes)
    assert ("kit", wes.pk) not in nudged() and ("hana", wes.pk) in nudged()
