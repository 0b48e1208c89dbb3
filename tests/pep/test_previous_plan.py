"""The last plan stands beside the next one, even where it became complete only after the next was begun."""

import pytest

from pep.models import Plan, TargetReview
from pep.workflow import perform
from tests.pep.test_workflow import bring_to
from tests.world import DAY, World, begin, build_world, canary, fill, graded, signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    return build_world()


def waiting(world: World, due_in: int = 30) -> Plan:
    """Sam's plan, waiting for the check."""
    plan = begin(world, "sam")
    plan.due_on = world.today + due_in * DAY
    plan.save()
    fill(plan, "sam")
    for target in plan.previous.targets.all() if plan.previous else ():
        TargetReview(plan=plan, target=target, outcome="met", evidence="Reads", impact="none_paid", next="end").save()
    return bring_to(plan, "awaiting_check", world)


def checked(plan: Plan, world: World) -> Plan:
    return perform(plan, "grade", by=world.people["lena"], **graded())


def test_a_plan_that_becomes_complete_late_stands_beside_the_one_begun_meanwhile(world: World) -> None:
    last = waiting(world)
    following = begin(world, "sam")
    assert following.previous is None
    review = following.sections.get(key="last_targets")
    assert review.marked_complete, "there is no target to speak of"
    checked(last, world)
    following.refresh_from_db()
    review.refresh_from_db()
    assert following.previous == last and not review.marked_complete
    page = signed_in(world.people["anna"]).get(f"/plans/{following.pk}/sections/last_targets/").content.decode()
    assert canary("sam", "aim") in page
    attendance = signed_in(world.people["anna"]).get(f"/plans/{following.pk}/sections/attendance/").content.decode()
    assert canary("sam", "school") in attendance


def test_targets_already_reviewed_stay_the_ones_that_are_reviewed(world: World) -> None:
    oldest = checked(waiting(world), world)
    late = waiting(world, due_in=60)
    following = begin(world, "sam")
    TargetReview(plan=following, target=oldest.targets.get(), outcome="met", evidence="Reads", impact="none_paid", next="end").save()
    checked(late, world)
    following.refresh_from_db()
    assert following.previous == oldest


def test_words_typed_about_other_targets_are_never_saved_under_these(world: World) -> None:
    oldest = checked(waiting(world), world)
    late = waiting(world, due_in=60)
    following = begin(world, "sam")
    assert following.previous == oldest
    checked(late, world)
    typed = {"target-1-outcome": "met", "target-1-evidence": "Reads", "target-1-impact": "none_paid", "target-1-next": "end"}
    answer = signed_in(world.people["anna"]).post(f"/plans/{following.pk}/sections/last_targets/", {**typed, "version": "0"})
    assert answer.status_code == 409
    assert not following.target_reviews.exists()


def test_an_older_plan_that_becomes_complete_last_does_not_take_the_newer_ones_place(world: World) -> None:
    older = waiting(world)
    newer = checked(waiting(world, due_in=60), world)
    following = begin(world, "sam")
    checked(older, world)
    following.refresh_from_db()
    assert following.previous == newer
