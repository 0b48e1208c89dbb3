"""The clock against a slow, obvious calendar that turns the pages one by one: benchmarks/year/slow_calendar.py."""

import datetime
from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone
from hypothesis import example, given
from hypothesis import strategies as st

from benchmarks.year.slow_calendar import (
    DAY,
    FIRST,
    HOLIDAYS,
    LAST,
    PUBLISHED,
    birthday,
    last_working_day,
    months_after,
    working_days_after,
    works,
    year_13_ends,
)
from benchmarks.year.slow_calendar import year_group as slow_year_group
from children.models import CarePeriod
from pep import clock
from pep.clock import due_dates, earliest_of_each_kind, open_window, plan_due
from pep.deadlines import refresh
from pep.fact_finding import facts_of, figures_of
from pep.facts import Facts, Figures, Window
from pep.models import Deadline, Meeting, Plan
from schools import timetable
from tests.world import World, begin, build_world

date = datetime.date
LONDON = ZoneInfo("Europe/London")
START_OF_2026 = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
CUSTOMARY = Figures(20, 6, 10, 10, "Customary")

every_day = st.dates(FIRST, LAST)
# So that what is counted from them stays within the published years.
days = st.dates(date(2024, 2, 1), date(2027, 12, 1))
figures = st.builds(
    Figures, first_plan_working_days=st.integers(0, 60), review_months=st.integers(1, 6), move_plan_working_days=st.integers(0, 40),
    signature_working_days=st.integers(0, 40), source=st.just("Policy"), begin_working_days=st.integers(0, 40),
    invite_days=st.integers(0, 40), complete_working_days=st.integers(0, 40), check_working_days=st.integers(0, 40),
    officer_days=st.integers(0, 20), to_year_13=st.booleans(),
)  # fmt: skip


def on_kind(facts: Facts, rules: Figures, kind: str) -> datetime.date | None:
    """The date of a kind that the clock gives."""
    return next((due.due_on for due in earliest_of_each_kind(facts, rules) if due.kind == kind), None)


# Working days and bank holidays


def test_every_bank_holiday_that_was_published_and_no_other_day_is_one() -> None:
    known = {day for year in PUBLISHED for day in timetable.bank_holidays(year)}
    # A holiday at a weekend has its substitute; that the day itself is also listed changes nothing, for nobody works then.
    assert {day for day in known if day.weekday() < 5} == {day for day in HOLIDAYS if day.weekday() < 5} == HOLIDAYS


def test_every_day_of_five_years_is_a_working_day_or_not_as_the_published_list_says() -> None:
    day = FIRST
    while day <= LAST:
        assert timetable.is_working_day(day) == works(day), day
        day += DAY


@pytest.mark.parametrize(
    ("came", "due_on"),
    [
        (date(2026, 12, 24), date(2027, 1, 26)),  # Christmas, the substitute of Boxing Day on the 28th, New Year
        (date(2027, 12, 24), date(2028, 1, 26)),  # both substitutes after Christmas, and New Year's on the 3rd
        (date(2028, 2, 28), date(2028, 3, 27)),  # the leap day counts
        (date(2024, 2, 29), date(2024, 3, 28)),  # the last day before Good Friday
        (date(2027, 3, 25), date(2027, 4, 26)),  # Easter at the financial year's end
        (date(2026, 5, 1), date(2026, 6, 2)),  # both May holidays
    ],
)
def test_the_first_plan_over_year_ends_leap_days_and_easter_is_due_on_the_day_counted_by_hand(
    came: datetime.date, due_on: datetime.date
) -> None:
    """C10."""
    assert on_kind(Facts(came), CUSTOMARY, "review") == working_days_after(came, 20) == due_on


@given(days, st.integers(0, 120))
def test_the_nth_working_day_after_a_day_is_the_one_reached_by_turning_the_pages(day: datetime.date, count: int) -> None:
    """C10."""
    assert timetable.add_working_days(day, count) == working_days_after(day, count)


@given(days, st.integers(0, 120))
def test_the_working_days_between_two_days_are_those_turned_over(day: datetime.date, later: int) -> None:
    turned = sum(works(day + number * DAY) for number in range(1, later + 1))
    assert timetable.working_days_between(day, day + later * DAY) == turned


@given(every_day, st.integers(0, 48))
@example(date(2024, 8, 31), 6)
@example(date(2024, 2, 29), 12)
@example(date(2024, 2, 29), 48)
@example(date(2027, 8, 31), 6)
def test_months_later_is_the_same_day_of_the_month_or_its_last(day: datetime.date, count: int) -> None:
    assert timetable.add_months(day, count) == months_after(day, count)


@given(st.dates(date(2005, 1, 1), date(2024, 12, 31)), every_day)
@example(date(2010, 8, 31), date(2026, 9, 1))
@example(date(2010, 9, 1), date(2026, 8, 31))
def test_the_year_group_is_counted_from_the_age_on_the_last_day_of_august(born: datetime.date, on: datetime.date) -> None:
    assert timetable.year_group(born, on) == slow_year_group(born, on)


@given(every_day)
def test_a_financial_year_begins_on_the_first_of_april(day: datetime.date) -> None:
    first = day
    while (first.month, first.day) != (4, 1):
        first -= DAY
    assert timetable.financial_year(day) == f"{first.year}-{str(first.year + 1)[2:]}"


# What the law and a policy set


@given(days, figures)
def test_a_child_who_came_into_care_has_every_first_date_where_the_pages_say(came: datetime.date, rules: Figures) -> None:
    facts = Facts(came, keeps_care_reviews=True)
    assert on_kind(facts, rules, "review") == working_days_after(came, rules.first_plan_working_days)
    assert on_kind(facts, rules, "begin") == working_days_after(came, rules.begin_working_days)
    assert on_kind(facts, rules, "care_review") == working_days_after(came, 20)


@given(days, st.integers(0, 300), figures)
def test_a_review_is_followed_by_the_next_after_the_policys_months_and_never_more_than_six(
    came: datetime.date, later: int, rules: Figures
) -> None:
    reviewed = came + later * DAY
    due_on = on_kind(Facts(came, reviewed), rules, "review")
    assert due_on == months_after(reviewed, rules.review_months)
    assert due_on <= months_after(reviewed, 6)


@given(days, st.lists(st.integers(1, 25), min_size=3, max_size=3), st.lists(st.booleans(), min_size=3, max_size=3), figures)
def test_a_child_who_moves_three_times_in_a_term_is_always_due_within_the_policys_days_of_the_last_move_not_met(
    came: datetime.date, gaps: list[int], met: list[bool], rules: Figures
) -> None:
    """After each move, whether or not there was a meeting at the school before."""
    reviewed = None
    moved = came
    for gap, meeting in zip(gaps, met, strict=True):
        if meeting:
            reviewed = moved + DAY if gap > 1 else moved
        moved += gap * DAY
        facts = Facts(came, reviewed, moved_on=moved)
        open_dates = [months_after(reviewed, rules.review_months) if reviewed else working_days_after(came, rules.first_plan_working_days)]
        if reviewed is None or reviewed < moved:
            open_dates.append(working_days_after(moved, rules.move_plan_working_days))
        assert on_kind(facts, rules, "review") == min(open_dates)


@given(days, st.integers(1, 3), st.integers(0, 200), st.integers(0, 60), figures)
def test_care_plan_reviews_follow_at_twenty_working_days_three_months_and_six(
    came: datetime.date, held: int, later: int, booked: int, rules: Figures
) -> None:
    last = came + later * DAY
    facts = Facts(came, care_reviews=held, care_reviewed_on=last, care_review_on=last + booked * DAY)
    assert on_kind(facts, rules, "care_review") == months_after(last, 3 if held == 1 else 6)
    assert on_kind(facts, rules, "officer") == last + (booked - rules.officer_days) * DAY


@given(st.dates(date(2006, 9, 1), date(2010, 8, 31)), st.integers(-800, 800), days, figures)
@example(date(2008, 2, 29), -1, date(2025, 10, 1), CUSTOMARY)
def test_a_date_of_birth_reassessed_moves_only_the_day_on_which_the_clock_stops(
    born: datetime.date, by: int, came: datetime.date, rules: Figures
) -> None:
    """What is due before both eighteenth birthdays stays; what comes after the new one is gone."""

    def stop(day: datetime.date) -> datetime.date:
        return max(birthday(day, 18), year_13_ends(day)) if rules.to_year_13 else birthday(day, 18)

    again = born + by * DAY
    unlimited = {due.kind: due.due_on for due in earliest_of_each_kind(Facts(came), rules)}
    for known in (born, again):
        found = {due.kind: due.due_on for due in earliest_of_each_kind(Facts(came, born=known), rules)}
        assert found == {kind: day for kind, day in unlimited.items() if day < stop(known)}


@given(
    st.dates(date(2010, 1, 1), date(2020, 12, 31)),
    st.integers(0, 3),
    st.lists(st.tuples(st.integers(0, 3), st.integers(1, 900)), max_size=3),
)
@example(date(2020, 2, 29), 3, [(2, 10)])
def test_a_child_is_old_enough_for_a_plan_on_the_first_day_of_the_last_time_that_a_policy_finds_it_so(
    born: datetime.date, first: int, later: list[tuple[int, int]]
) -> None:
    """Policies that begin at other ages, one after another: turn the pages and ask each day the policy of the day."""
    rules, starts = replace(CUSTOMARY, plans_from_age=first), born
    ages = {born: first}
    for age, after in later:
        starts += after * DAY
        rules, ages[starts] = replace(CUSTOMARY, plans_from_age=age, starts=starts, before=rules), age
    day, since, age = born, None, first
    while day < birthday(born, 3) + DAY or day <= starts:
        age = ages.get(day, age)
        old_enough = day >= birthday(born, age)
        since = (since or day) if old_enough else None
        day += DAY
    assert clock.old_enough_on(born, rules) == since


terms = st.lists(st.tuples(st.integers(30, 90), st.integers(5, 45), st.integers(0, 29)), min_size=1, max_size=6)


def laid_out(first: datetime.date, spans: list[tuple[int, int, int]]) -> list[Window]:
    """Terms one after another: so many days of school, so many of holidays, and the last day for plans so many before the end."""
    found, day = [], first
    for number, (school, holidays, before) in enumerate(spans):
        ends = day + school * DAY
        found.append(Window(f"term {number}", day, ends, ends - (before + 1) * DAY))
        day = ends + holidays * DAY
    return found


@given(st.dates(date(2024, 9, 1), date(2025, 9, 1)), terms, st.integers(0, 500), st.integers(-400, 400), st.none() | st.integers(0, 500))
def test_the_term_that_asks_for_a_plan_is_the_first_not_over_that_began_in_care_and_without_a_review(
    first: datetime.date, spans: list[tuple[int, int, int]], today: int, came: int, reviewed: int | None
) -> None:
    windows, on, came_on = laid_out(first, spans), first + today * DAY, first + came * DAY
    reviewed_on = first + reviewed * DAY if reviewed is not None else None
    expected, day = None, on
    while expected is None and day <= windows[-1].ends:
        for window in windows:
            if window.starts <= day < window.ends or day < window.starts:
                asked = came_on < window.starts and (reviewed_on is None or reviewed_on < window.starts)
                if asked and expected is None:
                    expected = window
        day += DAY
    assert open_window(list(reversed(windows)), on, came=came_on, reviewed=reviewed_on) == expected


@given(st.dates(date(2024, 9, 1), date(2025, 9, 1)), terms, st.integers(-30, 600))
def test_a_date_in_the_holidays_stays_and_the_last_school_day_before_is_named(
    first: datetime.date, spans: list[tuple[int, int, int]], later: int
) -> None:
    windows, day = laid_out(first, spans), first + later * DAY
    before = [window for window in windows if window.ends <= day]
    in_school = any(window.starts <= day < window.ends for window in windows)
    after = any(window.starts > day for window in windows)
    expected = last_working_day(before[-1].starts, before[-1].ends) if before and after and not in_school else None
    assert clock.last_school_day(day, [(window.starts, window.ends) for window in windows]) == expected


@given(days, figures, figures)
def test_a_policy_that_changes_in_mid_plan_counts_what_is_open_from_the_same_day_by_the_new_figures(
    since: datetime.date, before: Figures, after: Figures
) -> None:
    for facts, kind, name in (
        (Facts(waiting_since=since), "signature", "signature_working_days"),
        (Facts(check_since=since), "check", "check_working_days"),
        (Facts(met_on=since), "complete", "complete_working_days"),
    ):
        for rules in (before, after):
            (due,) = due_dates(facts, rules)
            assert (due.kind, due.due_on) == (kind, working_days_after(since, getattr(rules, name)))
            assert due.facts["since"] == since.isoformat() and rules.source in due.citation


@given(days, st.none() | st.integers(0, 200), st.none() | st.integers(0, 200), figures)
def test_a_plan_is_due_on_the_earliest_of_all_that_asks_for_one(
    came: datetime.date, reviewed: int | None, moved: int | None, rules: Figures
) -> None:
    reviewed_on = came + reviewed * DAY if reviewed is not None else None
    moved_on = came + moved * DAY if moved is not None else None
    window = Window("term", came + 30 * DAY, came + 100 * DAY, came + 80 * DAY)
    facts = Facts(came, reviewed_on, moved_on=moved_on, window=window)
    asked = [months_after(reviewed_on, rules.review_months) if reviewed_on else working_days_after(came, rules.first_plan_working_days)]
    if moved_on and (reviewed_on is None or reviewed_on < moved_on):
        asked.append(working_days_after(moved_on, rules.move_plan_working_days))
    if reviewed_on is None or reviewed_on < window.starts:
        asked.append(window.due_on)
    due = plan_due(facts, rules)
    assert due is not None and due.due_on == min(asked)


# Moments near midnight, kept as UTC, counted on their day in London


@pytest.fixture
def world(db: None) -> World:
    return build_world()


# The clocks go forward on 29 March 2026 and back on 25 October 2026, both at 01:00 UTC.
NEAR_MIDNIGHT = [
    ("in winter London's day is that of UTC", "2026-01-15T23:59:59+00:00", date(2026, 1, 15)),
    ("the evening before the clocks go forward", "2026-03-28T23:59:59+00:00", date(2026, 3, 28)),
    ("the first evening of summer time belongs to the next day from eleven by UTC", "2026-03-29T23:00:00+00:00", date(2026, 3, 30)),
    ("a second earlier it does not", "2026-03-29T22:59:59+00:00", date(2026, 3, 29)),
    ("the last night of summer time", "2026-10-24T23:30:00+00:00", date(2026, 10, 25)),
    ("the hour that comes twice is the same day both times", "2026-10-25T00:30:00+00:00", date(2026, 10, 25)),
    ("and again", "2026-10-25T01:30:00+00:00", date(2026, 10, 25)),
    ("the first evening of winter time", "2026-10-25T23:30:00+00:00", date(2026, 10, 25)),
    ("the end of the year", "2025-12-31T23:59:59+00:00", date(2025, 12, 31)),
]  # fmt: skip


def check_day_of_meeting(world: World, at: datetime.datetime, day: datetime.date) -> None:
    """That a meeting held at a moment counts on a day, for the review and for completion, and not on the day before."""
    child = world.children["sam"]
    period = CarePeriod.objects.get(child=child)
    period.starts = day - 100 * DAY
    period.save()
    plan = Plan.objects.filter(child=child).first() or begin(world, "sam")
    meeting = Meeting.objects.get(plan=plan)
    meeting.state, meeting.starts_at = Meeting.State.HELD, at
    meeting.save()
    assert facts_of([child], day)[child.pk].reviewed_on == day
    assert facts_of([child], day - DAY)[child.pk].reviewed_on is None
    refresh(child, on=day)
    dates = {row.kind: row for row in Deadline.objects.filter(child=child, open=True)}
    figures = figures_of(world.places["fenshire"].policy)
    assert dates["complete"].due_on == working_days_after(day, figures.complete_working_days)
    assert dates["review"].due_on == months_after(day, figures.review_months)
    assert dates["review"].facts["since"] == day.isoformat()


@pytest.mark.parametrize(("at", "day"), [(at, day) for _, at, day in NEAR_MIDNIGHT], ids=[says for says, _, _ in NEAR_MIDNIGHT])
def test_a_meeting_near_midnight_counts_on_its_day_in_london(world: World, at: str, day: datetime.date) -> None:
    policy = world.places["fenshire"].policy
    policy.starts = date(2024, 1, 1)
    policy.save()
    check_day_of_meeting(world, datetime.datetime.fromisoformat(at), day)


@pytest.mark.parametrize(("at", "day"), [(at, day) for _, at, day in NEAR_MIDNIGHT], ids=[says for says, _, _ in NEAR_MIDNIGHT])
def test_a_plan_that_began_to_wait_near_midnight_waits_since_its_day_in_london(world: World, at: str, day: datetime.date) -> None:
    policy = world.places["fenshire"].policy
    policy.starts = date(2024, 1, 1)
    policy.save()
    plan = begin(world, "sam")
    for state, kind, allowed in (("awaiting_sign_off", "signature", 10), ("awaiting_check", "check", 10)):
        plan.state, plan.state_since = state, datetime.datetime.fromisoformat(at)
        plan.save()
        refresh(plan.child, on=day)
        assert Deadline.objects.get(plan=plan, kind=kind, open=True).due_on == working_days_after(day, allowed)


@given(st.integers(0, 8700 * 3600).map(lambda seconds: START_OF_2026 + seconds * datetime.timedelta(seconds=1)))
def test_a_moment_belongs_to_the_day_that_a_calendar_in_london_shows(at: datetime.datetime) -> None:
    """C10: Summer time written out: from 29 March 01:00 UTC to 25 October 01:00 UTC London is an hour ahead."""
    summer = datetime.datetime(2026, 3, 29, 1, tzinfo=datetime.UTC) <= at < datetime.datetime(2026, 10, 25, 1, tzinfo=datetime.UTC)
    assert timezone.localdate(at) == (at + datetime.timedelta(hours=1) if summer else at).date()


# A policy that changes, through the rows that are kept


def test_a_new_policy_moves_what_is_open_and_leaves_what_was_closed_as_it_stood(world: World) -> None:
    plan, today = begin(world, "sam"), world.today
    plan.state, plan.state_since = "awaiting_sign_off", datetime.datetime.combine(today, datetime.time(12), tzinfo=LONDON)
    plan.save()
    refresh(plan.child, on=today)
    closed = Deadline.objects.get(plan=plan, kind="signature", open=True)
    plan.state = "awaiting_check"
    plan.save()
    refresh(plan.child, on=today)
    policy = world.places["fenshire"].policy
    policy.signature_working_days, policy.check_working_days = 3, 4
    policy.save()
    refresh(plan.child, on=today, because="New policy")
    assert Deadline.objects.get(plan=plan, kind="check", open=True).due_on == timetable.add_working_days(today, 4)
    assert Deadline.objects.get(pk=closed.pk).due_on == closed.due_on == timetable.add_working_days(today, 10)
    assert not Deadline.objects.get(pk=closed.pk).open


def test_a_figure_of_a_policy_is_the_only_thing_that_changes_when_it_does() -> None:
    facts = Facts(date(2026, 3, 3), date(2026, 6, 1), moved_on=date(2026, 9, 7), care_review_on=date(2026, 12, 1))
    before, after = due_dates(facts, CUSTOMARY), due_dates(facts, replace(CUSTOMARY, officer_days=7))
    changed = {old.kind for old, new in zip(sorted(before, key=str), sorted(after, key=str), strict=True) if old != new}
    assert changed <= {"officer"} and next(due.due_on for due in after if due.kind == "officer") == date(2026, 11, 24)
