"""Who needs a plan on a day: every list, figure and page says the same of a child on short breaks and of one past eighteen."""

import datetime
import re

import pytest

from children.models import CarePeriod, Child, Enrolment
from pep import deadlines, moves
from pep.late import late_rows
from pep.models import Plan
from pep.planning import no_plan_because
from tests.world import DAY, World, begin, build_world, signed_in
from virtualschool import quality, reports

pytestmark = pytest.mark.django_db

# The lists of children around whom something is missing for a plan.
LISTS = ("facts", "no-school", "no-worker", "not-begun")


@pytest.fixture
def world() -> World:
    return build_world()


def on_short_breaks(world: World, key: str) -> None:
    """The child has a series of short breaks, for which no plan is needed."""
    period = CarePeriod.objects.get(child=world.children[key])
    period.legal_status = "V4"
    period.save()
    deadlines.refresh(world.children[key], on=world.today)


def past_eighteen(world: World, key: str) -> datetime.date:
    """The child left care at eighteen some days ago, is in Year 13, and the authority goes on to its end. Returns the birthday."""
    policy, child, birthday = world.places["fenshire"].policy, world.children[key], world.today - 20 * DAY
    policy.to_year_13 = True
    policy.save()
    child.date_of_birth = birthday.replace(year=birthday.year - 18)
    child.save()
    period = CarePeriod.objects.get(child=child)
    period.starts, period.ends = world.today - 900 * DAY, birthday
    period.save()
    deadlines.refresh(child, on=world.today)
    return birthday


def listed(world: World, key: str) -> set[str]:
    """The desk's lists in which a child stands."""
    children = Child.objects.visible_to(world.people["kit"], on=world.today)
    queues = [queue for queue in quality.QUEUES if queue.key in LISTS]
    return {queue.key for queue in queues if world.children[key] in quality.children_in(queue, children, world.today)}


def expected(world: World) -> int:
    """How many children the dashboard expects a plan of."""
    [term] = reports.terms_of([world.places["fenshire"].authority], world.today)
    return reports.funnel(Child.objects.visible_to(world.people["kit"], on=world.today), term, world.today).expected


def page_of(world: World, key: str, who: str = "kit") -> str:
    """A child's page, as its words."""
    page = signed_in(world.people[who]).get(f"/children/{world.children[key].pk}/").content.decode()
    return re.sub(r"(<[^>]+>|\s)+", " ", page)


def test_a_child_on_short_breaks_is_in_no_list_and_no_figure_about_plans(world: World) -> None:
    assert listed(world, "wes") > {"facts", "no-school"} and expected(world) == 3
    on_short_breaks(world, "wes")
    assert not listed(world, "wes") and expected(world) == 2
    children = Child.objects.visible_to(world.people["kit"], on=world.today).filter(pk=world.children["wes"].pk)
    assert not late_rows(children, world.today + 400 * DAY)
    assert "No plan is needed at present." in page_of(world, "wes") and "Begin a plan" not in page_of(world, "wes")


def test_that_a_child_is_on_short_breaks_is_not_for_the_school_to_read(world: World) -> None:
    on_short_breaks(world, "sam")
    assert "No plan is needed at present." in page_of(world, "sam", "anna") and "hort breaks" not in page_of(world, "sam", "anna")
    assert "hort breaks" in page_of(world, "sam")


def test_a_child_past_eighteen_who_goes_on_to_year_13_is_in_every_list_and_figure(world: World) -> None:
    birthday = past_eighteen(world, "wes")
    assert birthday and listed(world, "wes") == {*LISTS} and expected(world) == 3
    policy = world.places["fenshire"].policy
    policy.to_year_13 = False
    policy.save()
    assert not listed(world, "wes") and expected(world) == 2


def test_the_page_of_a_child_past_eighteen_does_not_contradict_itself(world: World) -> None:
    past_eighteen(world, "wes")
    page = page_of(world, "wes")
    assert "plans go on until the end of Year 13" in page and "Begin a plan" in page and "opens by itself" in page
    assert "no plan is needed" not in page and "No longer in care" not in page
    policy = world.places["fenshire"].policy
    policy.to_year_13 = False
    policy.save()
    deadlines.refresh(world.children["wes"], on=world.today)
    page = page_of(world, "wes")
    assert (
        "No longer in care since" in page and "no plan is needed." in page and "Begin a plan" not in page and "end of Year 13" not in page
    )


def test_a_child_past_eighteen_changes_school_with_the_plan(world: World) -> None:
    past_eighteen(world, "sam")
    sam, plan = world.children["sam"], begin(world, "sam")
    move = moves.propose(sam, to_school=world.schools["brook"], starts_on=world.today, reason="A course", by=world.people["fay"])
    moves.confirm(move, by=world.people["kit"])
    plan.refresh_from_db()
    assert plan.state == Plan.State.CLOSED and sam.plans.filter(state=Plan.State.PREPARING, school=world.schools["brook"]).exists()


def test_a_child_on_short_breaks_changes_school_and_no_plan_follows(world: World) -> None:
    on_short_breaks(world, "sam")
    sam = world.children["sam"]
    move = moves.propose(sam, to_school=world.schools["brook"], starts_on=world.today, reason="A move", by=world.people["fay"])
    queue = next(queue for queue in quality.QUEUES if queue.key == "moves")
    assert sam in quality.children_in(queue, Child.objects.visible_to(world.people["kit"]), world.today)
    moves.confirm(move, by=world.people["kit"])
    assert Enrolment.objects.filter(child=sam, school=world.schools["brook"]).exists() and not sam.plans.exists()


def test_why_no_plan_is_needed_is_said_for_every_child_who_needs_none(world: World) -> None:
    sam = world.children["sam"]
    assert not no_plan_because(sam, world.today)
    assert no_plan_because(sam, world.today - 500 * DAY) == "No plan is needed at present"
    period = CarePeriod.objects.get(child=sam)
    period.ends = datetime.date(2026, 3, 3)
    period.save()
    assert no_plan_because(sam, datetime.date(2026, 3, 3)) == "No longer in care since 3 March 2026: no plan is needed"
