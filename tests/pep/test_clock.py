"""Every date with its reason and its source: against known dates, and against slow counting day by day."""

import datetime
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pep.clock import (
    due_dates,
    in_holidays,
    last_school_day,
    move_waits_for_plan,
    next_due,
    signature_due,
)
from pep.clock_rules import RULES
from pep.facts import DueDate, Facts, Figures, reviewed_in_care
from pep.forms.declaration import Owner

date = datetime.date
DAY = datetime.timedelta(days=1)
CUSTOMARY = Figures(20, 6, 10, 10, "Customary; Fenshire has set no policy of its own")
STRICT = Figures(15, 4, 5, 3, "Policy of Fenshire from 1 September 2025")

# The bank holidays of England and Wales as published by the government, for the years the slow reference counts through.
PUBLISHED = {
    2025: "01-01 04-18 04-21 05-05 05-26 08-25 12-25 12-26",
    2026: "01-01 04-03 04-06 05-04 05-25 08-31 12-25 12-28",
    2027: "01-01 03-26 03-29 05-03 05-31 08-30 12-27 12-28",
}
HOLIDAYS = {date.fromisoformat(f"{year}-{day}") for year, listed in PUBLISHED.items() for day in listed.split()}
# The first look at a year reads its holidays, which takes a while.
unhurried = settings(deadline=None)
days = st.dates(min_value=date(2025, 2, 1), max_value=date(2027, 6, 30))
figures = st.builds(Figures, st.integers(1, 40), st.integers(1, 12), st.integers(1, 40), st.integers(1, 40), st.just("Policy of Fenshire"))
facts_in_care = st.builds(Facts, days, st.none() | days, st.just("meeting"), st.none() | days)


def review_due(facts: Facts, rules: Figures) -> DueDate | None:
    """The day by which the child's plan must next be reviewed."""
    return next_due(facts, rules, "review")


def counted(start: datetime.date, working_days: int) -> datetime.date:
    """The slow reference: turn the pages of the calendar one by one."""
    day = start
    while working_days:
        day += DAY
        if day.strftime("%A") not in ("Saturday", "Sunday") and day not in HOLIDAYS:
            working_days -= 1
    return day


def months_on(start: datetime.date, months: int) -> datetime.date:
    """The slow reference: walk to the month, then back from the 31st until the day exists."""
    year, month = start.year, start.month
    for _ in range(months):
        year, month = (year + 1, 1) if month == 12 else (year, month + 1)
    for day in range(start.day, 0, -1):
        try:
            return date(year, month, day)
        except ValueError:
            continue
    raise AssertionError


def slow_review(facts: Facts, rules: Figures) -> datetime.date | None:
    """The earliest date that applies and is not met, written out in full."""
    if facts.came_into_care is None:
        return None
    reviewed = facts.reviewed_on if facts.reviewed_on and facts.reviewed_on >= facts.came_into_care else None
    first = months_on(reviewed, min(6, rules.review_months)) if reviewed else counted(facts.came_into_care, rules.first_plan_working_days)
    candidates = [first]
    if facts.moved_on and facts.moved_on >= facts.came_into_care and (reviewed is None or reviewed < facts.moved_on):
        candidates.append(counted(facts.moved_on, rules.move_plan_working_days))
    return min(candidates)


@unhurried
@given(facts=facts_in_care, rules=figures)
def test_the_next_review_is_the_earliest_date_that_applies_and_is_not_met(facts: Facts, rules: Figures) -> None:
    due = review_due(facts, rules)
    assert due is not None
    assert due.due_on == slow_review(facts, rules)


@unhurried
@given(facts=facts_in_care, rules=figures, earlier=figures, starts=days)
def test_a_new_policy_wants_nothing_before_its_first_day_that_the_one_before_did_not_and_forgives_nothing_that_was_late_by_then(
    facts: Facts, rules: Figures, earlier: Figures, starts: datetime.date
) -> None:
    until, alone, both = (
        review_due(facts, earlier),
        review_due(facts, rules),
        review_due(facts, replace(rules, starts=starts, before=earlier)),
    )
    assert until and alone and both
    assert both.due_on >= min(until.due_on, starts)
    assert min(until.due_on, alone.due_on) <= both.due_on <= max(until.due_on, alone.due_on)
    if until.due_on < starts:
        assert both.due_on == until.due_on
    elif alone.due_on >= starts:
        assert both.due_on == alone.due_on


@unhurried
@given(facts=facts_in_care, rules=figures)
def test_no_figure_of_an_authority_puts_a_review_later_than_six_months_after_the_last(facts: Facts, rules: Figures) -> None:
    reviewed, due = reviewed_in_care(facts), review_due(facts, rules)
    assert due is not None
    if reviewed:
        assert due.due_on <= months_on(reviewed, 6)


@unhurried
@given(since=days, rules=figures)
def test_the_social_worker_has_the_authoritys_working_days_to_sign(since: datetime.date, rules: Figures) -> None:
    assert signature_due(since, rules).due_on == counted(since, rules.signature_working_days)


@unhurried
@given(facts=facts_in_care, rules=figures)
def test_every_date_says_from_which_day_it_counts_and_by_which_source(facts: Facts, rules: Figures) -> None:
    for due in due_dates(facts, rules):
        since = date.fromisoformat(due.facts["since"])
        assert f"after {since.day} {since:%B %Y}" in due.words
        assert f"{due.facts['figure']} " in due.words
        assert "Regulations 2010" in due.citation or due.citation.split(";")[0] == "Policy of Fenshire"
        assert due.owners and set(due.owners) <= set(Owner)
        assert len(due.words) < 300 and len(due.citation) <= 300


def test_the_first_plan_is_due_twenty_working_days_after_coming_into_care() -> None:
    due = review_due(Facts(came_into_care=date(2026, 3, 3)), CUSTOMARY)
    assert due is not None
    assert due.due_on == date(2026, 3, 31)
    assert due.reason == "initial"
    assert due.words == "20 working days after 3 March 2026, when the child came into care"
    assert "regulation 33(1), Care Planning, Placement and Case Review (England) Regulations 2010" in due.citation


def test_easter_and_its_bank_holidays_do_not_count() -> None:
    # Good Friday 3 April and Easter Monday 6 April 2026 lie between.
    due = review_due(Facts(came_into_care=date(2026, 3, 30)), CUSTOMARY)
    assert due is not None and due.due_on == date(2026, 4, 29)


def test_a_later_review_is_due_six_calendar_months_after_the_last_meeting() -> None:
    due = review_due(Facts(date(2025, 3, 3), reviewed_on=date(2026, 8, 31)), CUSTOMARY)
    assert due is not None
    assert (due.due_on, due.reason) == (date(2027, 2, 28), "termly")
    assert due.words == "6 months after 31 August 2026, when the last meeting was held"
    assert "regulation 33(2)" in due.citation


def test_a_shorter_policy_of_the_authority_goes_before_the_law_and_is_cited() -> None:
    due = review_due(Facts(date(2025, 3, 3), reviewed_on=date(2026, 1, 10)), STRICT)
    assert due is not None
    assert due.due_on == date(2026, 5, 10)
    assert due.citation.startswith("Policy of Fenshire from 1 September 2025; six months at most by regulation 33(2)")


def test_a_date_on_a_sunday_stays_on_the_sunday() -> None:
    due = review_due(Facts(date(2025, 3, 3), reviewed_on=date(2026, 2, 9)), CUSTOMARY)
    assert due is not None and due.due_on == date(2026, 8, 9) and due.due_on.strftime("%A") == "Sunday"


@pytest.mark.parametrize(
    ("reviewed", "due_on", "reason"),
    [
        (date(2026, 2, 27), date(2026, 3, 16), "after_move"),  # reviewed before the move
        (date(2026, 3, 2), date(2026, 9, 2), "termly"),  # reviewed on the first day at the new school
        (date(2025, 9, 4), date(2026, 3, 4), "termly"),  # the older review is due even sooner
        (None, date(2025, 3, 31), "initial"),  # and so is a first plan that was never made
    ],
)
def test_after_a_change_of_school_the_earliest_of_both_dates_holds(
    reviewed: datetime.date | None, due_on: datetime.date, reason: str
) -> None:
    due = review_due(Facts(date(2025, 3, 3), reviewed_on=reviewed, moved_on=date(2026, 3, 2)), CUSTOMARY)
    assert due is not None
    assert (due.due_on, due.reason) == (due_on, reason)


def test_a_meeting_in_an_earlier_time_in_care_does_not_count() -> None:
    due = review_due(Facts(date(2026, 3, 3), reviewed_on=date(2025, 11, 3)), CUSTOMARY)
    assert due is not None and due.reason == "initial"


def test_a_move_before_coming_into_care_sets_no_clock() -> None:
    facts = Facts(date(2026, 3, 3), reviewed_on=date(2026, 3, 10), moved_on=date(2026, 3, 2))
    assert [due.reason for due in due_dates(facts, CUSTOMARY) if due.kind == "review"] == ["termly"]


def test_a_child_who_is_not_in_care_has_no_date() -> None:
    assert due_dates(Facts(reviewed_on=date(2026, 1, 1), moved_on=date(2026, 2, 2)), CUSTOMARY) == []


@pytest.mark.parametrize(("how", "words"), [("without_meeting", "submitted without a meeting"), ("earlier_plan", "brought from elsewhere")])
def test_the_words_say_what_kind_of_review_it_counts_from(how: str, words: str) -> None:
    due = review_due(Facts(date(2025, 3, 3), date(2026, 1, 10), how), CUSTOMARY)
    assert due is not None and words in due.words


def test_one_month_is_said_in_the_singular() -> None:
    due = review_due(Facts(date(2025, 3, 3), reviewed_on=date(2026, 1, 10)), Figures(20, 1, 10, 10, "Policy"))
    assert due is not None and due.words.startswith("1 month after")


def test_a_move_waits_for_its_plan_from_the_first_day_until_a_review() -> None:
    facts = Facts(date(2025, 3, 3), reviewed_on=date(2026, 1, 10), moved_on=date(2026, 3, 2))
    assert not move_waits_for_plan(facts, date(2026, 3, 1))
    assert move_waits_for_plan(facts, date(2026, 3, 2))
    assert not move_waits_for_plan(Facts(date(2025, 3, 3), date(2026, 3, 2), moved_on=date(2026, 3, 2)), date(2026, 3, 2))


TERMS = [(date(2026, 4, 20), date(2026, 7, 18)), (date(2026, 9, 2), date(2026, 12, 19))]  # half-open, the first ends on a Friday


@pytest.mark.parametrize(
    ("due_on", "expected"),
    [
        (date(2026, 7, 17), None),  # the last day of term
        (date(2026, 7, 18), date(2026, 7, 17)),
        (date(2026, 8, 31), date(2026, 7, 17)),
        (date(2026, 9, 1), date(2026, 7, 17)),
        (date(2026, 9, 2), None),  # the first day of the next
        (date(2026, 4, 1), None),  # nothing is known of the term before
        (date(2026, 12, 24), None),  # nor of the term after
    ],
)
def test_in_the_school_holidays_the_last_school_day_before_is_named(due_on: datetime.date, expected: datetime.date | None) -> None:
    assert last_school_day(due_on, TERMS) == expected


def test_a_term_that_ends_on_a_weekend_has_its_last_school_day_before() -> None:
    assert last_school_day(date(2026, 7, 25), [(date(2026, 4, 20), date(2026, 7, 20)), TERMS[1]]) == date(2026, 7, 17)


def test_no_school_day_is_named_from_before_there_was_anything_to_meet_about() -> None:
    assert last_school_day(date(2026, 8, 31), TERMS, date(2026, 7, 17)) == date(2026, 7, 17)
    assert last_school_day(date(2026, 8, 31), TERMS, date(2026, 7, 18)) is None
    assert in_holidays(date(2026, 8, 31), TERMS)


def test_each_rule_has_its_own_reason_and_the_kinds_stay_apart() -> None:
    assert len({(rule.kind, rule.reason) for rule in RULES}) == len(RULES)
    everything = Facts(date(2025, 3, 3), date(2026, 1, 10), moved_on=date(2026, 3, 2), waiting_since=date(2026, 3, 9))
    signature = next_due(everything, CUSTOMARY, "signature")
    assert signature is not None and signature.due_on == date(2026, 3, 23)
    kinds = [due.kind for due in due_dates(everything, CUSTOMARY) if due.kind in ("review", "signature")]
    assert kinds == ["review", "signature", "review"]
