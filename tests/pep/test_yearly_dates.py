"""The yearly dates that plans hold: the score, and the EHC plan's review, as the newest plan or version says that has come to them."""

import datetime
from typing import Any

import pytest
from django.utils import timezone

from pep.deadlines import refresh
from pep.models import Deadline, Plan, Section
from pep.planning import create_plan
from schools.timetable import add_months
from tests.world import DAY, World, build_world

pytestmark = pytest.mark.django_db
WITH_PLAN = {"sen_status": "E"}


@pytest.fixture
def world() -> World:
    return build_world()


def written(world: World, key: str, answers: dict[str, Any], *, state: str = "complete", corrects: Plan | None = None) -> Plan:
    """A plan of Sam's in which one section was saved with these answers."""
    today = world.today
    plan = create_plan(world.children["sam"], reason="termly", due_on=today, by=world.people["kit"], on=today)
    section = Section.objects.get(plan=plan, key=key)
    section.answers, section.version = answers, 1
    section.save()
    plan.state, plan.corrects, plan.version = state, corrects, 2 if corrects else 1
    plan.completed_at = timezone.now() if state == "complete" else None
    plan.save()
    return plan


def due(world: World, kind: str) -> datetime.date | None:
    refresh(world.children["sam"], on=world.today)
    row = Deadline.objects.filter(child=world.children["sam"], kind=kind, open=True).first()
    return row.due_on if row else None


def needs(world: World, answers: dict[str, Any], **how: Any) -> Plan:
    return written(world, "special_needs", answers, **how)


def given(day: datetime.date) -> dict[str, str]:
    return {**WITH_PLAN, "ehcp_review": day.isoformat()}


def test_the_ehc_plans_review_is_on_the_day_that_the_newest_plan_gives_also_where_that_is_earlier(world: World) -> None:
    needs(world, given(world.today + 300 * DAY))
    needs(world, given(world.today + 60 * DAY), state="preparing")
    assert due(world, "ehcp") == world.today + 60 * DAY


def test_a_corrected_version_takes_the_place_of_what_the_first_said(world: World) -> None:
    first = needs(world, given(world.today + 400 * DAY))
    needs(world, given(world.today + 35 * DAY), corrects=first)
    assert due(world, "ehcp") == world.today + 35 * DAY


@pytest.mark.parametrize("left", [{}, {"ehcp_review": "2027-02-01"}], ids=["no day", "the old day left in the answers"])
def test_a_newer_plan_that_says_there_is_no_ehc_plan_any_more_ends_its_date(world: World, left: dict[str, str]) -> None:
    needs(world, given(world.today - 30 * DAY))
    needs(world, {"sen_status": "N", **left}, state="preparing")
    assert due(world, "ehcp") is None


@pytest.mark.parametrize("half", [{}, {"sen_support": "A quiet table"}, WITH_PLAN], ids=["not begun", "half filled", "day not written yet"])
def test_a_newer_plan_that_has_not_come_to_the_question_says_nothing(world: World, half: dict[str, str]) -> None:
    needs(world, given(world.today + 90 * DAY))
    needs(world, half, state="preparing")
    assert due(world, "ehcp") == world.today + 90 * DAY


@pytest.mark.parametrize("state", ["cancelled", "closed"])
def test_a_plan_that_was_cancelled_or_closed_says_nothing(world: World, state: str) -> None:
    needs(world, given(world.today + 90 * DAY))
    needs(world, given(world.today + 10 * DAY), state=state)
    assert due(world, "ehcp") == world.today + 90 * DAY


def test_one_childs_answers_set_no_date_for_another_and_the_sections_do_not_mix(world: World) -> None:
    needs(world, given(world.today + 90 * DAY))
    scored = world.today - 50 * DAY
    written(world, "wellbeing", {"sdq_scored": True, "sdq_date": scored.isoformat(), "ehcp_review": "2027-01-01"}, state="preparing")
    assert (due(world, "ehcp"), due(world, "sdq")) == (world.today + 90 * DAY, add_months(scored, 12))
    refresh(world.children["tia"], on=world.today)
    assert not Deadline.objects.filter(child=world.children["tia"], kind__in=("ehcp", "sdq")).exists()


def test_a_score_stays_the_last_one_where_a_newer_plan_says_that_there_is_none_of_this_year(world: World) -> None:
    """Or the date would go on the day on which it is late."""
    scored = world.today - 400 * DAY
    written(world, "wellbeing", {"sdq_scored": True, "sdq_date": scored.isoformat()})
    written(world, "wellbeing", {"sdq_scored": False}, state="preparing")
    assert due(world, "sdq") == add_months(scored, 12)


def test_a_score_that_was_written_by_mistake_is_gone_with_the_correction(world: World) -> None:
    first = written(world, "wellbeing", {"sdq_scored": True, "sdq_date": (world.today - 40 * DAY).isoformat()})
    again = written(world, "wellbeing", {"sdq_scored": False}, corrects=first, state="returned")
    assert due(world, "sdq") is None
    again.state = "closed"
    again.save()
    assert due(world, "sdq") == add_months(world.today - 40 * DAY, 12), "a correction that was closed corrects nothing"


def test_a_score_is_asked_for_until_the_seventeenth_birthday(world: World) -> None:
    sam, scored = world.children["sam"], world.today - 350 * DAY
    written(world, "wellbeing", {"sdq_scored": True, "sdq_date": scored.isoformat()})
    again = add_months(scored, 12)
    for born, expected in ((add_months(again, -17 * 12) + DAY, again), (add_months(again, -17 * 12), None)):
        sam.date_of_birth = born
        sam.save()
        assert due(world, "sdq") == expected
