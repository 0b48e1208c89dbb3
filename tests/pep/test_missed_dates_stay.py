"""A date that a plan has missed stays missed: that a window or a financial year is over gives nobody more time."""

import datetime

import pytest

from children.models import CarePeriod
from pep import deadlines
from pep.deadlines import due_of, refresh
from pep.models import EarlierPlan, Plan
from pep.planning import create_plan
from tests.world import World, build_world, was_a_review

pytestmark = pytest.mark.django_db
date = datetime.date


@pytest.fixture
def world() -> World:
    """Sam came into care in 2025 and was last reviewed on 1 December 2026; the authority asks for no plan each term."""
    world = build_world()
    policy = world.places["fenshire"].policy
    policy.starts, policy.each_term = date(2024, 1, 1), False
    policy.save()
    period = CarePeriod.objects.get(child=world.children["sam"])
    period.starts = date(2025, 1, 6)
    period.save()
    EarlierPlan.objects.create(
        child=world.children["sam"], title="Plan", plan_date=date(2026, 12, 1), audience="school", content=b"", size=0, sha256="0",
        uploaded_by=world.people["kit"], **was_a_review(world),
    )  # fmt: skip
    return world


def begun(world: World, on: datetime.date) -> Plan:
    """A plan for the date that comes first on a day."""
    sam = world.children["sam"]
    refresh(sam, on=on)
    due = deadlines.next_plan(sam)
    assert due is not None
    return create_plan(sam, reason="termly", due_on=due.due_on, by=world.people["kit"], on=on, due=due_of(due))


@pytest.mark.parametrize(
    ("year_group", "due_on", "reason"), [(9, date(2027, 3, 31), "year_end"), (12, date(2027, 6, 30), "post16")], ids=["premium", "post-16"]
)
def test_a_plan_that_missed_its_window_or_financial_year_is_still_due_on_the_day_it_missed(
    world: World, year_group: int, due_on: datetime.date, reason: str
) -> None:
    sam = world.children["sam"]
    sam.year_group_override, sam.year_group_override_for, sam.date_of_birth = year_group, 2026, date(2010, 5, 5)
    sam.save()
    if reason == "post16":
        EarlierPlan.objects.create(
            child=sam, title="Later plan", plan_date=date(2027, 1, 20), audience="school", content=b"", size=0, sha256="1",
            uploaded_by=world.people["kit"], **was_a_review(world),
        )  # fmt: skip
    plan = begun(world, date(2027, 3, 1))
    assert (plan.due_on, plan.due_reason) == (due_on, reason)
    refresh(sam, on=due_on + datetime.timedelta(days=1), because="Found by the nightly check")
    plan.refresh_from_db()
    assert (plan.due_on, plan.due_reason) == (due_on, reason)
