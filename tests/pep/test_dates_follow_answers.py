"""What is written in a plan moves its dates at once, with the reason, and not only in the night."""

import pytest

from pep.deadlines import refresh
from pep.models import Deadline
from schools.timetable import add_months
from tests.world import DAY, World, begin, build_world, signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    return build_world()


def test_the_day_of_a_score_sets_the_date_of_the_next_one_as_soon_as_the_section_is_saved(world: World) -> None:
    plan = begin(world, "sam")
    scored = world.today - 100 * DAY
    posted = {
        "sdq_date-day": scored.day, "sdq_date-month": scored.month, "sdq_date-year": scored.year, "version": "0", "complete": "no",
    }  # fmt: skip
    answer = signed_in(world.people["fay"]).post(f"/plans/{plan.pk}/sections/wellbeing/", posted)
    assert answer.status_code == 302
    date = Deadline.objects.get(child=plan.child, kind="sdq", open=True)
    assert date.due_on == add_months(scored, 12)
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
