"""The slow, obvious calendar that the product's clock is held against: it turns the pages one by one and uses nothing of the product's.

The bank holidays are the government's published list for England and Wales, substitute days included, written out. What was counted once
is not counted again: the pages of a calendar do not change.
"""

import datetime
from collections.abc import Iterable
from functools import cache
from typing import Any

DAY = datetime.timedelta(days=1)

PUBLISHED = {
    2024: "01-01 03-29 04-01 05-06 05-27 08-26 12-25 12-26",
    2025: "01-01 04-18 04-21 05-05 05-26 08-25 12-25 12-26",
    2026: "01-01 04-03 04-06 05-04 05-25 08-31 12-25 12-28",  # Boxing Day is a Saturday: Monday 28 December instead
    2027: "01-01 03-26 03-29 05-03 05-31 08-30 12-27 12-28",  # Christmas Day and Boxing Day are at a weekend
    2028: "01-03 04-14 04-17 05-01 05-29 08-28 12-25 12-26",  # New Year's Day is a Saturday
}
HOLIDAYS = {datetime.date.fromisoformat(f"{year}-{day}") for year, days in PUBLISHED.items() for day in days.split()}
FIRST, LAST = datetime.date(2024, 1, 1), datetime.date(2028, 12, 31)


@cache
def works(day: datetime.date) -> bool:
    """Whether offices are open: no weekend, no bank holiday. Raises ValueError outside the published years."""
    if not FIRST <= day <= LAST:
        raise ValueError(f"no bank holidays are published here for {day}")
    return day.strftime("%A") not in ("Saturday", "Sunday") and day not in HOLIDAYS


@cache
def working_days_after(day: datetime.date, count: int) -> datetime.date:
    """Turn the pages until so many working days have come."""
    while count:
        day += DAY
        if works(day):
            count -= 1
    return day


@cache
def months_after(day: datetime.date, count: int) -> datetime.date:
    """Turn to the month, then go back from the day's number until there is such a day."""
    year, month, number = day.year, day.month, day.day
    for _ in range(count):
        year, month = (year + 1, 1) if month == 12 else (year, month + 1)
    while True:
        try:
            return datetime.date(year, month, number)
        except ValueError:
            number -= 1


def birthday(born: datetime.date, age: int) -> datetime.date:
    """The day somebody reaches an age. Born on 29 February: 28 February in other years, as the product takes it."""
    return months_after(born, 12 * age)


@cache
def year_group(born: datetime.date, on: datetime.date) -> int:
    """Reception is 0: the school year after the fourth birthday, counted from the last 31 August."""
    august = datetime.date(on.year if on >= datetime.date(on.year, 9, 1) else on.year - 1, 8, 31)
    age = august.year - born.year - ((august.month, august.day) < (born.month, born.day))
    return age - 4


@cache
def year_13_ends(born: datetime.date) -> datetime.date:
    """The first 1 September on which somebody is past Year 13."""
    day = datetime.date(born.year + 17, 9, 1)
    while year_group(born, day) <= 13:
        day = datetime.date(day.year + 1, 9, 1)
    return day


def between_terms(day: datetime.date, terms: Iterable[Any]) -> bool:
    """Whether a day is in the holidays: after one term that is known, before another, and in none."""
    behind = ahead = False
    for term in terms:
        if term.starts <= day < term.ends:
            return False
        behind, ahead = behind or term.ends <= day, ahead or term.starts > day
    return behind and ahead


def last_working_day(starts: datetime.date, ends: datetime.date) -> datetime.date:
    """The last day on which a term that ends (half-open) has school."""
    day = ends - DAY
    while day > starts and not works(day):
        day -= DAY
    return day
