"""Children too young for a plan: from which age there are plans is the authority's decision, three years at most."""

import datetime

import pytest

from children.models import CarePeriod, Child
from pep import deadlines, recalculation
from pep.clock import old_enough_on
from pep.escalation import due_escalations
from pep.fact_finding import figures_of
from pep.models import Deadline, Plan
from pep.opening import open_plan
from pep.planning import care_with_plans
from pep.reminders import due_reminders
from schools.models import Policy
from schools.timetable import add_months, add_working_days
from tests.world import DAY, World, begin, build_world, signed_in

pytestmark = pytest.mark.django_db
date = datetime.date


@pytest.fixture
def world() -> World:
    """Sam has been in care since birth and is two years and nine months old today."""
    world = build_world()
    sam = world.children["sam"]
    sam.date_of_birth = add_months(world.today, -33)
    sam.save()
    period = CarePeriod.objects.get(child=sam)
    period.starts = sam.date_of_birth + DAY
    period.save()
    return world


def needs_a_plan(child: Child, on: datetime.date) -> bool:
    return care_with_plans(on).filter(child=child).exists()


def first_plan(child: Child) -> Deadline | None:
    return Deadline.objects.filter(child=child, open=True, kind="review").first()


def test_a_child_of_two_has_no_dates_and_no_plan_opens(world: World) -> None:
    sam = world.children["sam"]
    deadlines.refresh(sam, on=world.today)
    assert not Deadline.objects.filter(child=sam, open=True).exists()
    assert open_plan(sam.pk, world.today) is None
    assert not needs_a_plan(sam, world.today)


def test_from_the_third_birthday_the_first_plan_is_counted_and_says_so(world: World) -> None:
    sam = world.children["sam"]
    third = add_months(sam.date_of_birth, 36)
    drifted = [one for one in deadlines.drift(third) if one.child_id == sam.pk]
    assert {one.kind for one in drifted} >= {"begin", "review"}, "the night finds that it has no clock"
    deadlines.mend(drifted, on=third)
    due = first_plan(sam)
    assert due is not None and due.due_on == add_working_days(third, 20)
    assert due.words.endswith("when the child was old enough for a plan") and "plans from the age of 3" in due.citation
    plan = open_plan(sam.pk, due.due_on - 30 * DAY)
    assert plan is not None and plan.reason == Plan.Reason.INITIAL


def test_an_authority_that_makes_plans_from_two_asks_for_one_from_the_first_day_of_its_policy(world: World) -> None:
    sam, authority, before = world.children["sam"], world.places["fenshire"].authority, world.places["fenshire"].policy
    before.ends = world.today
    before.save()
    Policy(authority=authority, starts=world.today, plans_from_age=2).save()
    job = recalculation.ask(authority, because="A new policy", by=world.people["lena"])
    while not recalculation.go_on(job.pk):
        pass
    due = first_plan(sam)
    assert due is not None and due.due_on == add_working_days(world.today, 20)


def test_nobody_is_reminded_of_a_plan_of_a_child_who_is_too_young_and_nothing_rises(world: World) -> None:
    """A plan that was begun while policy began earlier waits."""
    policy = world.places["fenshire"].policy
    policy.plans_from_age = 0
    policy.save()
    plan = begin(world, "sam")
    day = plan.due_on + 30 * DAY
    assert [one for one in due_reminders(day) if one.plan_id == plan.pk]
    assert [one for one in due_escalations(day) if one.plan_id == plan.pk]
    policy.plans_from_age = 3
    policy.save()
    sam = world.children["sam"]
    sam.date_of_birth = day - 700 * DAY
    sam.save()
    assert not [one for one in due_reminders(day) if one.plan_id == plan.pk]
    assert not [one for one in due_escalations(day) if one.plan_id == plan.pk]


def test_the_childs_page_says_from_which_age_there_are_plans(world: World) -> None:
    for name in ("lena", "fay", "anna"):
        page = signed_in(world.people[name]).get(f"/children/{world.children['sam'].pk}/").content.decode()
        assert "There are plans from the age of 3" in page and "Begin a plan" not in page, name


@pytest.mark.parametrize("born", [date(2024, 2, 28), date(2024, 2, 29), date(2024, 3, 1), date(2023, 2, 28), date(2023, 8, 31)])
@pytest.mark.parametrize("age", [0, 1, 2, 3])
def test_the_database_and_the_clock_agree_on_the_day_a_child_is_old_enough(world: World, born: datetime.date, age: int) -> None:
    sam, policy = world.children["sam"], world.places["fenshire"].policy
    policy.plans_from_age, policy.starts = age, date(2020, 1, 1)
    policy.save()
    sam.date_of_birth = born
    sam.save()
    period = CarePeriod.objects.get(child=sam)
    period.starts = born
    period.save()
    day = old_enough_on(born, figures_of(policy))
    assert needs_a_plan(sam, day) and (age == 0 or not needs_a_plan(sam, day - DAY))


def test_an_authority_cannot_begin_later_than_at_three(world: World) -> None:
    url = f"/settings/authorities/{world.places['fenshire'].authority.pk}/policy/new/"
    page = signed_in(world.people["lena"]).post(url, {"plans_from_age": "4"}).content.decode()
    assert "Enter 3 or fewer: the statutory guidance of 2018 wants plans from before school age on" in page
