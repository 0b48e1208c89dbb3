"""What is written in a plan moves its dates at once, with the reason, and not only in the night."""

import datetime

import pytest

from pep.deadlines import refresh
from pep.models import Deadline
from tests.world import World, begin, build_world, signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    return build_world()


def test_the_day_of_a_score_sets_the_date_of_the_next_one_as_soon_as_the_section_is_saved(world: World) -> None:
    plan = begin(world, "sam")
    posted = {"sdq_date-day": "2", "sdq_date-month": "11", "sdq_date-year": str(world.today.year - 1), "version": "0", "complete": "no"}
    answer = signed_in(world.people["fay"]).post(f"/plans/{plan.pk}/sections/wellbeing/", posted)
    assert answer.status_code == 302
    date = Deadline.objects.get(child=plan.child, kind="sdq", open=True)
    assert date.due_on == datetime.date(world.today.year, 11, 2)
    change = date.history.latest()
    assert (change.history_change_reason, change.history_user_id) == ("An answer with a date was changed", world.people["fay"].pk)


def test_an_answer_without_a_date_counts_nothing_again(world: World) -> None:
    plan = begin(world, "sam")
    before = Deadline.objects.count()
    answer = signed_in(world.people["fay"]).post(f"/plans/{plan.pk}/sections/contacts/", {"version": "0", "complete": "no"})
    assert answer.status_code == 302
    assert Deadline.objects.count() == before


def test_a_plan_that_may_go_on_without_a_meeting_asks_nobody_to_send_invitations_any_more(world: World) -> None:
    plan = begin(world, "sam")
    refresh(plan.child, on=world.today)
    invite = Deadline.objects.get(plan=plan, kind="invite", open=True)
    answer = signed_in(world.people["kit"]).post(f"/plans/{plan.pk}/meeting-exception/", {"reason": "Snow"})
    assert answer.status_code == 302
    invite.refresh_from_db()
    assert not invite.open
    assert invite.history.latest().history_change_reason == "The plan may go on without a meeting"
