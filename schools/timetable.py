"""The calendar of the law and of schools: working days, calendar months, school years and financial years.

Everything here is a pure function of dates. A date means a day in London; none of these functions asks what day it is.
"""

import calendar
import datetime
from collections.abc import Mapping
from functools import cache, lru_cache

import holidays

ONE_DAY = datetime.timedelta(days=1)
SATURDAY = 5

RECEPTION_AGE = 4  # on the 31 August before the school year begins
SCHOOL_YEAR_STARTS_IN = 9  # 1 September
FINANCIAL_YEAR_STARTS_IN = 4  # 1 April

# When digests are written: at half past each of these hours, for whoever has not had the day's yet.
DIGEST_HOURS = range(7, 19)
DIGEST_RUNS = tuple(datetime.time(hour, 30) for hour in DIGEST_HOURS)

_NAMED_YEARS: Mapping[int, str] = {-1: "Nursery", 0: "Reception"}
LAST_SCHOOL_YEAR = 13


@cache
def bank_holidays(year: int) -> frozenset[datetime.date]:
    """The bank holidays of England and Wales in a calendar year, substitute days and one-off holidays included."""
    return frozenset(holidays.country_holidays("GB", subdiv="ENG", years=year))


def is_working_day(day: datetime.date) -> bool:
    """Whether a day counts towards a limit given in working days.

    Not Saturday, Sunday, Christmas Day, Good Friday or a bank holiday in England and Wales: regulation 2(1), Care Planning,
    Placement and Case Review (England) Regulations 2010.
    """
    return day.weekday() < SATURDAY and day not in bank_holidays(day.year)


def day_off(day: datetime.date) -> str:
    """Why a day is no working day, to stand after "is": "a Saturday", "a Sunday", "a bank holiday"; "" for a working day."""
    if day.weekday() >= SATURDAY:
        return f"a {day:%A}"
    return "" if is_working_day(day) else "a bank holiday"


def last_working_day(day: datetime.date) -> datetime.date:
    """The day itself where it is a working day, else the last one before it."""
    return day if is_working_day(day) else add_working_days(day, -1)


@lru_cache(maxsize=10_000)
def add_working_days(day: datetime.date, n: int) -> datetime.date:
    """The nth working day after a day; with a negative ``n`` before it, with 0 the day itself, working or not."""
    step = ONE_DAY if n >= 0 else -ONE_DAY
    left = abs(n)
    while left:
        day += step
        left -= is_working_day(day)
    return day


def working_days_between(a: datetime.date, b: datetime.date) -> int:
    """How many working days lie after ``a`` up to and including ``b``: how late something due on ``a`` is on ``b``.

    Negative when ``b`` is earlier: the working days still to go, from ``b`` up to the day before ``a``.
    """
    if b < a:
        return -sum(is_working_day(b + ONE_DAY * k) for k in range((a - b).days))
    return sum(is_working_day(a + ONE_DAY * k) for k in range(1, (b - a).days + 1))


def is_quiet(clock: datetime.time, starts: datetime.time, ends: datetime.time) -> bool:
    """Whether a time of day falls in quiet hours, which may go over midnight. Equal hours: none are quiet."""
    return (starts <= clock or clock < ends) if starts > ends else starts <= clock < ends


def digest_runs(*quiet: tuple[datetime.time, datetime.time]) -> list[datetime.time]:
    """The times of day at which a digest can be written outside all of these quiet hours."""
    return [run for run in DIGEST_RUNS if not any(is_quiet(run, *hours) for hours in quiet)]


def add_months(day: datetime.date, n: int) -> datetime.date:
    """The same day ``n`` calendar months on (or back); the last of the month where the day does not exist: 31 August + 6 is 28 February."""
    year, month = divmod(day.year * 12 + day.month - 1 + n, 12)
    last = calendar.monthrange(year, month + 1)[1]
    return datetime.date(year, month + 1, min(day.day, last))


def age_on(born: datetime.date, day: datetime.date) -> int:
    """How many years old somebody is on a day. Who was born on 29 February has their birthday on 28 February in other years."""
    years = day.year - born.year
    return years if add_months(born, 12 * years) <= day else years - 1


def academic_year(day: datetime.date) -> int:
    """The year in which the school year of this day began, on 1 September: 2026 for 2026-27."""
    return day.year if day.month >= SCHOOL_YEAR_STARTS_IN else day.year - 1


def academic_year_name(start: int) -> str:
    """A school year as people write it: ``2026-27``."""
    return f"{start}-{(start + 1) % 100:02d}"


def financial_year(day: datetime.date) -> str:
    """The financial year of a day, from 1 April to 31 March: ``2025-26``."""
    return academic_year_name(day.year if day.month >= FINANCIAL_YEAR_STARTS_IN else day.year - 1)


def year_group(date_of_birth: datetime.date, on: datetime.date) -> int:
    """The national curriculum year by age: 0 is Reception, 1 to 13 the years, below 0 the years before Reception.

    It follows from the age on the 31 August before the school year: 4 for Reception, 5 for Year 1. A child who was held back or moved
    up has an override in the register; this function does not know it.
    """
    return academic_year(on) - academic_year(date_of_birth) - RECEPTION_AGE - 1


def year_group_name(year: int) -> str:
    """A year group in words: Reception, Year 7, After Year 13."""
    if year > LAST_SCHOOL_YEAR:
        return f"After Year {LAST_SCHOOL_YEAR}"
    if year < min(_NAMED_YEARS):
        return "Before nursery"
    return _NAMED_YEARS.get(year, f"Year {year}")
