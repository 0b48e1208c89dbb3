"""Plans that go on after the eighteenth birthday where the authority has decided so: they have a clock, and people are reminded."""

import datetime

import pytest
from django.utils import timezone

from accounts.models import Message
from children.models import CarePeriod, Child
from pep import deadlines, leaving, recalculation
from pep.clock import end_of_year_13, stops_on
from pep.escalation import due_escalations
from pep.facts import Facts, Figures, in_words
from pep.late import late_rows
from pep.models import Deadline, PlanEvent
from pep.planning import care_with_plans, no_plan_because
from pep.reminders import due_reminders
from pep.tasks import daily
from pep.timeliness import may_be_late, timeliness_of_many
from schools.timetable import working_days_between
from tests.world import DAY, World, begin, build_world, signed_in

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


# Nobody has typed that care ended at eighteen.


@pytest.fixture
def open_care(world: World) -> World:
    """Sam was eighteen twenty days ago, and the register has Sam in care still."""
    period = CarePeriod.objects.get(child=world.children["sam"])
    period.ends = None
    period.save()
    return world


def test_at_eighteen_no_plan_is_needed_although_nobody_has_typed_the_end_of_care(open_care: World) -> None:
    sam, birthday = open_care.children["sam"], open_care.today - 20 * DAY
    assert care_with_plans(birthday - DAY).filter(child=sam).exists()
    assert not care_with_plans(birthday).filter(child=sam).exists()
    assert no_plan_because(sam, open_care.today) == f"Turned 18 on {in_words(birthday)}: no plan is needed"
    assert f"Turned 18 on {in_words(birthday)}" in signed_in(open_care.people["anna"]).get(f"/children/{sam.pk}/").content.decode()


def test_where_plans_go_on_they_do_also_where_nobody_has_typed_the_end_of_care(open_care: World) -> None:
    decide(open_care, starts=open_care.today - 1000 * DAY)
    sam = open_care.children["sam"]
    year_13_ends = end_of_year_13(sam.date_of_birth)
    assert care_with_plans(year_13_ends - DAY).filter(child=sam).exists()
    assert not care_with_plans(year_13_ends).filter(child=sam).exists()


def test_who_was_born_on_29_february_is_eighteen_on_the_28th_as_the_clock_takes_it(open_care: World) -> None:
    sam = open_care.children["sam"]
    sam.date_of_birth = datetime.date(2008, 2, 29)
    sam.save()
    period = CarePeriod.objects.get(child=sam)
    period.starts = datetime.date(2020, 1, 6)
    period.save()
    assert care_with_plans(datetime.date(2026, 2, 27)).filter(child=sam).exists()
    assert not care_with_plans(datetime.date(2026, 2, 28)).filter(child=sam).exists()
    assert stops_on(Facts(born=sam.date_of_birth), Figures(20, 6, 10, 10, "Customary")) == datetime.date(2026, 2, 28)


def test_the_night_of_the_birthday_closes_what_is_under_way_and_nothing_is_late_after_it(open_care: World) -> None:
    """F4: as when care ends, with the text kept and whoever held it told; the school reads no legal status."""
    sam = open_care.children["sam"]
    sam.date_of_birth = (open_care.today + DAY).replace(year=open_care.today.year - 18)
    sam.save()
    plan = begin(open_care, "sam")
    plan.due_on = open_care.today - 10 * DAY
    plan.save()
    assert leaving.stop_where_ended(open_care.today) == 0
    birthday = open_care.today + DAY
    daily(birthday.isoformat())
    event = PlanEvent.objects.get(plan=plan, action="leave_care")
    assert event.comment == f"The child turned 18 on {in_words(birthday)}. What was written is kept." and event.by is None
    told = Message.objects.filter(rule="plan_closed", about_plan=plan.pk).values_list("recipient__name", flat=True)
    assert {*told} == {"Anna Example", "Fay Example"}
    later = birthday + 30 * DAY
    assert not late_rows(Child.objects.filter(pk=sam.pk), later) and not plan_dates(open_care)
    assert not [one for one in due_escalations(later) if one.plan_id == plan.pk]
    assert not [one for one in due_reminders(later) if one.plan_id == plan.pk]
    assert leaving.stop_where_ended(later) == 0


def test_the_page_that_keeps_care_says_that_the_plan_is_closed_at_eighteen_where_its_end_is_typed_for_later(open_care: World) -> None:
    sam, period = open_care.children["sam"], CarePeriod.objects.get(child=open_care.children["sam"])
    birthday = open_care.today + 5 * DAY
    sam.date_of_birth = birthday.replace(year=birthday.year - 18)
    sam.save()
    begin(open_care, "sam")
    assert leaving.told_after(sam, [], None, open_care.today) == ""
    period.ends = birthday + 30 * DAY
    period.save()
    assert leaving.told_after(sam, [], None, open_care.today).startswith(f"On {in_words(birthday)} the plan that is under way is closed")
    assert "on the day the child turns 18" in leaving.told_before(sam)


def test_days_after_the_eighteenth_birthday_are_nobodys_delay_when_the_check_ends_later(open_care: World) -> None:
    """What both have signed goes on to its check (decision 16); it was ten days late at eighteen, and stays so."""
    decide(open_care, starts=open_care.today - 1000 * DAY)
    plan = begin(open_care, "sam")
    policy = open_care.places["fenshire"].policy
    policy.to_year_13 = False
    policy.save()
    birthday = open_care.today - 20 * DAY
    plan.state, plan.state_since, plan.due_on = "awaiting_check", timezone.now() - 40 * DAY, birthday - 10 * DAY
    plan.save()
    assert not may_be_late(plan, open_care.today)
    assert timeliness_of_many([plan], open_care.today)[plan.pk].working_days == working_days_between(plan.due_on, birthday)
    plan.due_on = birthday + 3 * DAY
    plan.save()
    assert plan.pk not in timeliness_of_many([plan], open_care.today)
