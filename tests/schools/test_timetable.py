"""Working days, months and school years, against published dates and against slow counting."""

import datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from schools.timetable import (
    academic_year,
    academic_year_name,
    add_months,
    add_working_days,
    bank_holidays,
    day_off,
    financial_year,
    is_working_day,
    last_working_day,
    working_days_between,
    year_group,
    year_group_name,
)

date = datetime.date
DAY = datetime.timedelta(days=1)

# The bank holidays of England and Wales as published by the government.
PUBLISHED = {
    2024: ["01-01", "03-29", "04-01", "05-06", "05-27", "08-26", "12-25", "12-26"],
    2025: ["01-01", "04-18", "04-21", "05-05", "05-26", "08-25", "12-25", "12-26"],
    2026: ["01-01", "04-03", "04-06", "05-04", "05-25", "08-31", "12-25", "12-28"],
    2027: ["01-01", "03-26", "03-29", "05-03", "05-31", "08-30", "12-27", "12-28"],
    2028: ["01-03", "04-14", "04-17", "05-01", "05-29", "08-28", "12-25", "12-26"],
}
PUBLISHED_DAYS = {date.fromisoformat(f"{year}-{day}") for year, days in PUBLISHED.items() for day in days}

days = st.dates(min_value=date(2024, 2, 1), max_value=date(2028, 11, 30))


def plain_working_day(day: datetime.date) -> bool:
    """The slow reference: the weekday's name, and the published list."""
    return day.strftime("%A") not in ("Saturday", "Sunday") and day not in PUBLISHED_DAYS


@pytest.mark.parametrize("year", PUBLISHED)
def test_the_weekdays_off_are_the_published_bank_holidays(year: int) -> None:
    found = {day for day in bank_holidays(year) if day.weekday() < 5}
    assert found == {day for day in PUBLISHED_DAYS if day.year == year}


@pytest.mark.parametrize(
    ("day", "works"),
    [
        (date(2026, 4, 2), True),
        (date(2026, 4, 3), False),  # Good Friday
        (date(2026, 4, 4), False),  # Saturday
        (date(2026, 12, 25), False),
        (date(2026, 12, 26), False),  # Boxing Day, a Saturday
        (date(2026, 12, 28), False),  # its substitute
        (date(2026, 12, 29), True),
        (date(2023, 5, 8), False),  # the coronation: once only
    ],
)
def test_days_that_count(day: datetime.date, works: bool) -> None:
    assert is_working_day(day) is works


@pytest.mark.parametrize(
    ("start", "n", "end"),
    [
        (date(2026, 11, 2), 20, date(2026, 11, 30)),  # four plain weeks
        (date(2026, 12, 18), 10, date(2027, 1, 6)),  # Christmas, Boxing Day's substitute and New Year's Day do not count
        (date(2026, 3, 27), 5, date(2026, 4, 7)),  # across the clock change and Easter
        (date(2028, 2, 28), 1, date(2028, 2, 29)),
        (date(2026, 11, 28), 0, date(2026, 11, 28)),  # a Saturday stays where it is
        (date(2026, 11, 28), 1, date(2026, 11, 30)),
        (date(2026, 11, 30), -1, date(2026, 11, 27)),
    ],
)
def test_adding_working_days(start: datetime.date, n: int, end: datetime.date) -> None:
    assert add_working_days(start, n) == end


@given(days, st.integers(min_value=-15, max_value=15))
@example(date(2026, 12, 24), 1)
@example(date(2028, 2, 28), 2)
@example(date(2027, 3, 25), 3)
def test_adding_working_days_agrees_with_counting_on_a_calendar(start: datetime.date, n: int) -> None:
    step = DAY if n > 0 else -DAY
    walked = [start + step * k for k in range(1, 60)]
    counted = [day for day in walked if plain_working_day(day)]
    assert add_working_days(start, n) == (counted[abs(n) - 1] if n else start)


@given(days, days)
def test_working_days_between_agrees_with_counting_on_a_calendar(a: datetime.date, b: datetime.date) -> None:
    low, high = min(a, b), max(a, b)
    every = [low + DAY * k for k in range((high - low).days + 1)]
    if a <= b:
        assert working_days_between(a, b) == sum(plain_working_day(day) for day in every[1:])
    else:
        assert working_days_between(a, b) == -sum(plain_working_day(day) for day in every[:-1])


@given(days, st.integers(min_value=-40, max_value=40))
def test_working_days_between_undoes_adding(start: datetime.date, n: int) -> None:
    assert working_days_between(start, add_working_days(start, n)) == n


@pytest.mark.parametrize(
    ("start", "n", "end"),
    [
        (date(2026, 8, 31), 6, date(2027, 2, 28)),
        (date(2027, 8, 31), 6, date(2028, 2, 29)),
        (date(2026, 10, 15), 3, date(2027, 1, 15)),
        (date(2026, 12, 31), 2, date(2027, 2, 28)),
        (date(2028, 2, 29), 12, date(2029, 2, 28)),
        (date(2026, 3, 31), -1, date(2026, 2, 28)),
        (date(2026, 12, 31), 0, date(2026, 12, 31)),
    ],
)
def test_adding_months(start: datetime.date, n: int, end: datetime.date) -> None:
    assert add_months(start, n) == end


@given(days, st.integers(min_value=0, max_value=24))
@example(date(2028, 2, 29), 12)
def test_adding_months_agrees_with_turning_pages(start: datetime.date, n: int) -> None:
    first = start.replace(day=1)
    for _ in range(n):
        first = (first + DAY * 32).replace(day=1)
    last = (first + DAY * 32).replace(day=1) - DAY
    assert add_months(start, n) == min(first + DAY * (start.day - 1), last)


@pytest.mark.parametrize(
    ("day", "school", "money"),
    [
        (date(2026, 3, 31), 2025, "2025-26"),
        (date(2026, 4, 1), 2025, "2026-27"),
        (date(2026, 8, 31), 2025, "2026-27"),
        (date(2026, 9, 1), 2026, "2026-27"),
        (date(2027, 1, 1), 2026, "2026-27"),
        (date(1999, 12, 31), 1999, "1999-00"),
    ],
)
def test_school_and_financial_years(day: datetime.date, school: int, money: str) -> None:
    assert academic_year(day) == school
    assert financial_year(day) == money


def test_a_school_year_is_written_with_both_years() -> None:
    assert academic_year_name(2026) == "2026-27"


@pytest.mark.parametrize(
    ("born", "on", "year"),
    [
        (date(2012, 8, 31), date(2026, 11, 24), 10),  # the youngest of the year
        (date(2012, 9, 1), date(2026, 11, 24), 9),  # the oldest of the next
        (date(2012, 8, 31), date(2026, 8, 31), 9),  # the last day of the summer holidays
        (date(2022, 8, 31), date(2026, 9, 1), 0),
        (date(2022, 9, 1), date(2026, 9, 1), -1),
        (date(2012, 2, 29), date(2026, 11, 24), 10),
        (date(2009, 1, 5), date(2026, 11, 24), 13),
        (date(2008, 1, 5), date(2026, 11, 24), 14),
    ],
)
def test_year_group_by_date_of_birth(born: datetime.date, on: datetime.date, year: int) -> None:
    assert year_group(born, on) == year


@given(st.dates(min_value=date(2005, 1, 1), max_value=date(2026, 8, 31)), days)
@example(date(2012, 2, 29), date(2028, 2, 29))
def test_year_group_agrees_with_the_age_on_31_august(born: datetime.date, on: datetime.date) -> None:
    cut = max(day for day in (date(on.year - 1, 8, 31), date(on.year, 8, 31)) if day < on or day.year < on.year)
    had_birthday = (born.month, born.day) <= (cut.month, cut.day)
    age = cut.year - born.year - (0 if had_birthday else 1)
    assert year_group(born, on) == age - 4


@pytest.mark.parametrize(
    ("year", "name"), [(-3, "Before nursery"), (-1, "Nursery"), (0, "Reception"), (1, "Year 1"), (13, "Year 13"), (14, "After Year 13")]
)
def test_year_group_names(year: int, name: str) -> None:
    assert year_group_name(year) == name


@pytest.mark.parametrize(
    ("day", "why", "last"),
    [
        (date(2026, 11, 28), "a Saturday", date(2026, 11, 27)),
        (date(2026, 11, 29), "a Sunday", date(2026, 11, 27)),
        (date(2026, 12, 28), "a bank holiday", date(2026, 12, 24)),  # the substitute for Boxing Day, after Christmas and a weekend
        (date(2026, 11, 30), "", date(2026, 11, 30)),
    ],
)
def test_a_day_off_says_why_and_which_working_day_comes_before_it(day: datetime.date, why: str, last: datetime.date) -> None:
    assert (day_off(day), last_working_day(day)) == (why, last)
