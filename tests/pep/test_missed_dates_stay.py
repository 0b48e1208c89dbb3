"""A date that a plan has missed stays missed: nobody gets more time because a term, a window or a financial year is over, because the child
will move, because the care plan was reviewed without it, or because another policy holds now (decision 15).
"""

import datetime

import pytest
import time_machine
from django.utils import timezone

from children.models import CarePeriod, CareReview
from pep import deadlines, opening
from pep.deadlines import due_of, plan_due_after, refresh
from pep.models import Deadline, EarlierPlan, Meeting, Plan
from pep.planning import create_plan
from schools.models import Policy, Term
from schools.timetable import add_months
from tests.moving import confirmed, proposed
from tests.world import DAY, World, build_world, reviewed_elsewhere, was_a_review

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


# The same through the night's work and a new policy: what the clock is told of these by fact_finding, and what a plan keeps of its own


def at_noon(day: datetime.date) -> time_machine.travel:
    """The middle of a day."""
    return time_machine.travel(datetime.datetime.combine(day, datetime.time(12), tzinfo=datetime.UTC))


def night(day: datetime.date) -> None:
    """The nightly comparison of every date with the facts."""
    with at_noon(day):
        deadlines.mend(deadlines.drift(day), on=day)


def set_terms(world: World) -> None:
    """A summer term whose plans are due on 4 June 2027, and the autumn term after it."""
    authority = world.places["fenshire"].authority
    Term.objects.filter(authority=authority).delete()
    for year, name, starts, ends, due_on in (
        (2026, "summer", date(2027, 4, 12), date(2027, 7, 22), date(2027, 6, 4)),
        (2027, "autumn", date(2027, 9, 2), date(2027, 12, 18), date(2027, 11, 26)),
    ):
        Term(authority=authority, academic_year=year, name=name, starts=starts, ends=ends, plans_due_on=due_on).save()


def decide(world: World, **figures: object) -> None:
    """What the authority has decided since 2024."""
    policy = world.places["fenshire"].policy
    for name, value in {"each_term": False, "premium_deadline": False, **figures}.items():
        setattr(policy, name, value)
    policy.save()


def decide_anew(world: World, day: datetime.date, **figures: object) -> None:
    """A new policy from a day on, and every date counted again."""
    old = world.places["fenshire"].policy
    old.ends = day
    old.save()
    kept = {"each_term": old.each_term, "premium_deadline": old.premium_deadline, "review_months": old.review_months}
    Policy(authority=old.authority, starts=day, **{**kept, **figures}).save()
    with at_noon(day):
        refresh(world.children["sam"], on=day, because="New policy")


def last_reviewed(world: World, day: datetime.date) -> None:
    """When Sam's plan was last reviewed."""
    earlier = EarlierPlan.objects.get(child=world.children["sam"])
    earlier.plan_date = day
    earlier.save()


def opened(world: World, day: datetime.date) -> Plan:
    """Sam's plan, opened by itself on a day."""
    sam = world.children["sam"]
    with at_noon(day):
        refresh(sam, on=day)
        (plan,) = opening.open_plans([sam.pk], day)
    return plan


def born(world: World, day: datetime.date) -> None:
    sam = world.children["sam"]
    sam.date_of_birth = day
    sam.save()


def test_a_term_missed_in_year_11_stays_missed_when_the_post_16_windows_begin(world: World) -> None:
    """C10: Year 12 begins on 1 September; the plan of the summer term was due on 4 June."""
    set_terms(world)
    decide(world, each_term=True)
    born(world, date(2011, 1, 15))
    last_reviewed(world, date(2027, 3, 20))
    plan = opened(world, date(2027, 5, 1))
    assert plan.due_on == date(2027, 6, 4)
    for day in (date(2027, 8, 31), date(2027, 9, 1), date(2027, 9, 2)):
        night(day)
        plan.refresh_from_db()
        assert plan.due_on == date(2027, 6, 4), day


def test_a_plan_for_the_first_term_of_year_12_is_due_in_the_post_16_window(world: World) -> None:
    """The term it was begun for asks for nothing then: a plan begun in summer, when the child was in Year 11, goes by the windows."""
    set_terms(world)
    decide(world, each_term=True)
    born(world, date(2011, 1, 15))
    last_reviewed(world, date(2027, 5, 20))
    plan = opened(world, date(2027, 10, 20))
    assert plan.term is not None and plan.term.name == "autumn" and plan.due_on == date(2027, 11, 20)
    last_reviewed(world, date(2027, 8, 30))
    night(date(2027, 10, 21))
    plan.refresh_from_db()
    assert (plan.due_on, plan.due_reason) == (date(2028, 2, 15), "post16")


def test_a_plan_keeps_the_term_it_was_begun_for_when_the_next_begins(world: World) -> None:
    """Decision 12: otherwise a plan of the summer term would be due in autumn, and no longer late, once the summer term is over."""
    set_terms(world)
    decide(world, each_term=True)
    last_reviewed(world, date(2027, 3, 24))
    plan = opened(world, date(2027, 5, 1))
    assert plan.due_on == date(2027, 6, 4) and plan.term is not None and plan.term.name == "summer"
    last_reviewed(world, date(2027, 3, 25))  # six months of which end in the autumn term
    for day in (date(2027, 6, 5), date(2027, 7, 23), date(2027, 9, 10)):
        night(day)
        plan.refresh_from_db()
        assert plan.due_on == date(2027, 6, 4), day


def test_a_post_16_window_that_was_missed_stays_missed_under_a_policy_with_other_windows(world: World) -> None:
    born(world, date(2010, 1, 15))
    last_reviewed(world, date(2026, 10, 1))
    plan = opened(world, date(2027, 2, 1))
    assert (plan.due_on, plan.due_reason) == (date(2027, 2, 15), "post16")
    words = plan.due_words
    others = [
        {"name": "autumn window", "opens": "11-01", "closes": "02-20"}, {"name": "spring window", "opens": "03-02", "closes": "06-30"},
    ]  # fmt: skip
    decide_anew(world, date(2027, 3, 1), post16_windows=others)
    plan.refresh_from_db()
    assert (plan.due_on, plan.due_words) == (date(2027, 2, 15), words)
    last_reviewed(world, date(2027, 2, 27))
    night(date(2027, 3, 2))
    plan.refresh_from_db()
    assert plan.due_on == date(2027, 6, 30), "reviewed since, the child is asked for the window that comes"


@pytest.mark.parametrize("end", ["held", "booked"])
def test_the_first_review_of_the_care_plan_passing_gives_the_first_plan_no_more_time(world: World, end: str) -> None:
    """The plan was to be there three days before; that the review was held without it, or that nobody said so, changes nothing."""
    sam = world.children["sam"]
    EarlierPlan.objects.get(child=sam).delete()
    period = CarePeriod.objects.get(child=sam)
    period.starts = date(2027, 11, 1)
    period.save()
    review = CareReview.objects.create(child=sam, on=date(2027, 11, 15))
    decide(world)
    plan = opened(world, date(2027, 11, 2))
    assert (plan.due_on, plan.due_reason) == (date(2027, 11, 12), "first_review")
    review.state = end
    review.save()
    night(date(2027, 11, 16))
    plan.refresh_from_db()
    row = Deadline.objects.get(child=sam, kind="review", plan=None, open=True)
    assert plan.due_on == row.due_on == date(2027, 11, 12)
    review.on = date(2027, 11, 18)
    review.save()
    night(date(2027, 11, 17))
    plan.refresh_from_db()
    assert plan.due_on == date(2027, 11, 15), "where the day itself was wrong, the date follows"


@pytest.mark.parametrize("to", ["unit", None], ids=["to another school", "to no school"])
def test_a_move_to_come_does_not_forgive_the_plan_that_was_missed_after_the_last(world: World, to: str | None) -> None:
    sam, today = world.children["sam"], world.today
    decide(world)
    EarlierPlan.objects.get(child=sam).delete()
    reviewed_elsewhere(world, "sam")
    refresh(sam, on=today)
    confirmed(world)
    plan = Plan.objects.get(child=sam, state="preparing")
    due, later = plan.due_on, plan.due_on + 5 * DAY
    assert plan.due_reason == "after_move"
    with at_noon(later):
        first_day = due + 40 * DAY
        move = proposed(world, starts_on=first_day, to=to)
        shown = plan_due_after(sam, first_day, later)
        assert shown is not None and shown.due_on == due, "the page that confirms says so"
        move.delete()
        confirmed(world, starts_on=first_day, to=to)
    plan.refresh_from_db()
    row = Deadline.objects.get(child=sam, kind="review", plan=None, open=True)
    assert plan.due_on == row.due_on == due
    if to is None:
        night(first_day)
        plan.refresh_from_db()
        assert plan.due_on == due, "who has left for no school still waits for the plan"


def test_a_looser_policy_does_not_forgive_a_plan_that_was_late(world: World) -> None:
    """Decision 15. Four months between reviews until 28 November 2027, six from then on: due on 24 October, and still."""
    decide(world, review_months=4)
    last_reviewed(world, date(2027, 6, 24))
    plan = opened(world, date(2027, 10, 1))
    assert plan.due_on == date(2027, 10, 24)
    decide_anew(world, date(2027, 11, 28), review_months=6)
    plan.refresh_from_db()
    assert plan.due_on == date(2027, 10, 24)
    assert Deadline.objects.get(child=plan.child, kind="review", plan=None, open=True).due_on == date(2027, 10, 24)


@pytest.mark.parametrize("switched", ["each_term", "premium_deadline"])
def test_a_rule_that_is_switched_off_does_not_forgive_what_was_late_by_it(world: World, switched: str) -> None:
    set_terms(world)
    decide(world, **{switched: True})
    born(world, date(2015, 1, 15))
    due_on = {"each_term": date(2027, 6, 4), "premium_deadline": date(2027, 3, 31)}[switched]
    last_reviewed(world, due_on - 95 * DAY)
    plan = opened(world, due_on - 20 * DAY)
    assert plan.due_on == due_on
    decide_anew(world, due_on + 17 * DAY, **{switched: False})
    plan.refresh_from_db()
    assert plan.due_on == due_on


def test_a_rule_that_is_switched_off_in_time_is_off(world: World) -> None:
    set_terms(world)
    decide(world, each_term=True)
    last_reviewed(world, date(2027, 3, 24))
    plan = opened(world, date(2027, 5, 1))
    assert plan.due_on == date(2027, 6, 4)
    decide_anew(world, date(2027, 6, 4), each_term=False)
    plan.refresh_from_db()
    assert plan.due_on == date(2027, 9, 24)


def test_a_term_whose_last_day_is_written_anew_moves_the_date_also_when_it_has_passed(world: World) -> None:
    """A term's day is the authority's own to put right; who changed it stands in its history and in the date's."""
    set_terms(world)
    decide(world, each_term=True)
    last_reviewed(world, date(2027, 3, 24))
    plan = opened(world, date(2027, 5, 1))
    term = Term.objects.get(name="summer")
    term.plans_due_on = date(2027, 7, 16)
    term.save()
    refresh(plan.child, on=date(2027, 6, 21), because="The dates of the term were changed")
    plan.refresh_from_db()
    assert plan.due_on == date(2027, 7, 16)


def test_a_meeting_that_was_held_is_a_review_and_sets_the_next_date(world: World) -> None:
    """What stays missed is a plan's own date: once the child was reviewed, the next is counted from that day."""
    decide(world)
    last_reviewed(world, date(2027, 1, 4))
    plan = opened(world, date(2027, 7, 1))
    with at_noon(date(2027, 7, 20)):
        meeting = Meeting.objects.get(plan=plan)
        meeting.state, meeting.starts_at = Meeting.State.HELD, timezone.now()
        meeting.save()
    night(date(2027, 7, 21))
    plan.refresh_from_db()
    assert plan.due_on == date(2027, 7, 4)
    next_row = Deadline.objects.get(child=plan.child, kind="review", plan=None, open=True)
    assert next_row.due_on == add_months(date(2027, 7, 20), 6)
