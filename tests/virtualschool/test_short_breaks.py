"""Short breaks and the time in care that follows them each begin on a day of their own, from which the first plan counts."""

import datetime
from typing import Any

import pytest

from children.models import CarePeriod
from pep import deadlines
from pep.models import Deadline, Plan
from schools.timetable import add_working_days
from tests.world import DAY, World, begin, build_world, day, press, signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    return build_world()


def change(world: World, key: str, status: str, *, last_day: datetime.date | None = None, **more: Any) -> Any:
    """An officer changes the legal status of a child's time in care on its page; the answer."""
    period = CarePeriod.objects.get(child=world.children[key])
    typed = {"legal_status": status, **day("starts", period.starts), **day("last_day", last_day), **more}
    return press(signed_in(world.people["kit"]), f"/register/care/{period.pk}/", typed)


def with_status(world: World, key: str, status: str) -> CarePeriod:
    period = CarePeriod.objects.get(child=world.children[key])
    period.legal_status = status
    period.save()
    deadlines.refresh(world.children[key], on=world.today)
    return period


def first_plan(world: World, key: str) -> datetime.date | None:
    row = Deadline.objects.filter(child=world.children[key], kind="review", plan=None, open=True).first()
    return row.due_on if row else None


def test_short_breaks_do_not_become_a_time_in_care_on_the_day_they_began(world: World) -> None:
    """Nine months of short breaks make nobody nine months late."""
    period = with_status(world, "wes", "V4")
    answer = change(world, "wes", "C2")
    page = answer.content.decode()
    assert answer.status_code == 200 and "Give the short breaks their last day, then add the time in care." in page
    assert "These were never short breaks: the child has been in care since the first day" in page
    period.refresh_from_db()
    assert period.legal_status == "V4" and first_plan(world, "wes") is None


def test_the_time_in_care_that_follows_counts_from_its_own_day(world: World) -> None:
    with_status(world, "wes", "V4")
    assert change(world, "wes", "V4", last_day=world.today - 5 * DAY).status_code == 302
    url = f"/children/{world.children['wes'].pk}/register/care/new/"
    answer = press(
        signed_in(world.people["kit"]), url, {"legal_status": "C2", **day("starts", world.today - 4 * DAY), **day("last_day", None)}
    )
    assert answer.status_code == 302
    assert first_plan(world, "wes") == add_working_days(world.today - 4 * DAY, 20)


def test_who_says_that_they_were_never_short_breaks_is_believed(world: World) -> None:
    period = with_status(world, "wes", "V4")
    assert change(world, "wes", "C2", never_so="on").status_code == 302
    period.refresh_from_db()
    assert period.legal_status == "C2" and first_plan(world, "wes") == add_working_days(period.starts, 20)


def test_a_time_in_care_does_not_become_short_breaks_unless_it_never_was_anything_else(world: World) -> None:
    plan = begin(world, "sam")
    answer = change(world, "sam", "V3")
    page = answer.content.decode()
    assert answer.status_code == 200 and "Give this time in care its last day, then add the short breaks." in page
    assert "This time in care was never anything but short breaks" in page
    assert change(world, "sam", "V3", never_so="on").status_code == 302
    plan.refresh_from_db()
    assert plan.state == Plan.State.CLOSED


@pytest.mark.parametrize(("was", "becomes"), [("C1", "C2"), ("V3", "V4"), ("", "V4"), ("", "C2")])
def test_any_other_change_of_legal_status_is_kept_and_asks_nothing(world: World, was: str, becomes: str) -> None:
    period = with_status(world, "wes", was)
    page = signed_in(world.people["kit"]).get(f"/register/care/{period.pk}/").content.decode()
    assert "never" not in page
    assert change(world, "wes", becomes).status_code == 302
    period.refresh_from_db()
    assert period.legal_status == becomes


def test_another_first_day_may_come_with_another_legal_status(world: World) -> None:
    """The short breaks were not recorded at all: what stands is put right with the day it began."""
    with_status(world, "wes", "V4")
    assert change(world, "wes", "C2", **day("starts", world.today - 10 * DAY)).status_code == 302
    assert first_plan(world, "wes") == add_working_days(world.today - 10 * DAY, 20)
