"""Plans that go on after the eighteenth birthday where the authority has decided so: they have a clock, and people are reminded."""

import datetime

import pytest

from accounts.models import Message
from children.models import CarePeriod
from pep import deadlines, recalculation
from pep.escalation import due_escalations
from pep.models import Deadline
from pep.reminders import due_reminders
from tests.world import DAY, World, begin, build_world

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    """Sam was eighteen twenty days ago, left care that day, and is in Year 13."""
    world = build_world()
    sam, birthday = world.children["sam"], world.today - 20 * DAY
    sam.date_of_birth, sam.year_group_override = birthday.replace(year=birthday.year - 18), 13
    sam.save()
    period = CarePeriod.objects.get(child=sam)
    period.starts, period.ends = world.today - 900 * DAY, birthday
    period.save()
    return world


def decide(world: World, *, starts: datetime.date) -> None:
    """The authority goes on to the end of Year 13."""
    policy = world.places["fenshire"].policy
    policy.to_year_13, policy.starts = True, starts
    policy.save()


def plan_dates(world: World) -> set[str]:
    """The kinds of Sam's open dates for the next plan."""
    rows = Deadline.objects.filter(child=world.children["sam"], open=True, plan=None)
    return set(rows.values_list("kind", flat=True)) & {"review", "term", "premium"}


def test_a_policy_that_goes_on_past_eighteen_gives_a_clock_to_who_had_left_at_eighteen(world: World) -> None:
    deadlines.refresh(world.children["sam"], on=world.today)
    assert not plan_dates(world)
    decide(world, starts=world.today)
    authority = world.places["fenshire"].authority
    job = recalculation.ask(authority, because="A new policy", by=world.people["lena"])
    while not recalculation.go_on(job.pk):
        pass
    assert "review" in plan_dates(world)


def test_the_night_finds_who_is_past_eighteen_and_has_no_clock_under_such_a_policy(world: World) -> None:
    decide(world, starts=world.today)
    drifted = [one for one in deadlines.drift(world.today) if one.child_id == world.children["sam"].pk]
    assert {one.kind for one in drifted} >= {"review"}
    deadlines.mend(drifted, on=world.today)
    assert "review" in plan_dates(world)


def test_whoever_holds_a_plan_after_eighteen_is_reminded_of_it(world: World) -> None:
    decide(world, starts=world.today - 1000 * DAY)
    plan = begin(world, "sam")
    told = {reminder.user_id for reminder in due_reminders(plan.due_on - 2 * DAY) if reminder.plan_id == plan.pk}
    assert {world.people["anna"].pk, world.people["fay"].pk} <= told
    assert not Message.objects.filter(about_plan=plan.pk).exists()


def test_what_is_late_after_eighteen_rises_under_such_a_policy(world: World) -> None:
    decide(world, starts=world.today - 1000 * DAY)
    plan = begin(world, "sam")
    told = {one.user_id for one in due_escalations(plan.due_on + 30 * DAY) if one.plan_id == plan.pk}
    assert told == {world.people["lena"].pk, world.people["rosa"].pk}


def test_where_plans_end_at_eighteen_nobody_is_reminded(world: World) -> None:
    decide(world, starts=world.today - 1000 * DAY)
    plan = begin(world, "sam")
    policy = world.places["fenshire"].policy
    policy.to_year_13 = False
    policy.save()
    assert not [reminder for reminder in due_reminders(plan.due_on - 2 * DAY) if reminder.plan_id == plan.pk]
    assert not [one for one in due_escalations(plan.due_on + 30 * DAY) if one.plan_id == plan.pk]
