"""The year itself: each day its night's work, its events, its evening's e-mail and its checks; what is told of it week by week."""

import datetime
import random
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

import time_machine
from django.test import override_settings
from django.utils import timezone

from accounts import mail
from benchmarks.year import promises
from benchmarks.year.authority import build
from benchmarks.year.books import LONDON, Books, london, read, rows
from benchmarks.year.comings import ABOUT_MOVES, ABOUT_PEOPLE, morning
from benchmarks.year.life import Life
from benchmarks.year.plans import foresee, prepare_answers
from benchmarks.year.promises import Kept
from benchmarks.year.sink import Sink
from benchmarks.year.slow_calendar import DAY
from benchmarks.year.slow_dates import came_into_care
from pep.models import Plan
from pep.tasks import daily, digests

FIRST_DAY = datetime.date(2026, 9, 1)
POLICY_CHANGES_AFTER = 122  # days: on 1 January
OUTAGES = 3  # times in a year that the mail server is away for two days


@dataclass(frozen=True)
class Span:
    """What happened in a week or a month."""

    starts: datetime.date
    days: int
    in_care: int  # at its end
    due: int  # plans whose date fell in it
    complete: int
    late: int  # plans not finished at its end whose date had passed
    messages: int
    reminders: int


@dataclass
class Year:
    """A year that was lived."""

    seed: int
    first: datetime.date
    days: int
    children: int
    counts: Counter[str] = field(default_factory=Counter)
    weeks: list[Span] = field(default_factory=list)
    months: list[Span] = field(default_factory=list)
    seconds: float = 0.0
    rows: dict[str, int] = field(default_factory=dict)


def at(day: datetime.date, hour: int) -> datetime.datetime:
    """A moment of a day in London."""
    return datetime.datetime.combine(day, datetime.time(hour), tzinfo=LONDON)


def live(
    children: int, days: int, seed: int, *, first: datetime.date = FIRST_DAY, tell: Callable[[str], None] = lambda words: None
) -> Year:
    """Build the authority in an empty database and live the days. Raises BrokenPromise at the first one that is broken."""
    chance, began, spent = random.Random(seed), time.perf_counter(), Counter[str]()
    with override_settings(EMAIL_BACKEND="benchmarks.year.sink.EmailBackend"):
        Sink.answers, Sink.taken = True, Counter()
        with time_machine.travel(at(first - DAY, 12)):
            life = Life(build(first, children, chance), chance)
            prepare_answers()
        life.new_policy_on = first + min(POLICY_CHANGES_AFTER, days // 2) * DAY
        away = {day + more for day in (first + chance.randrange(days) * DAY for _ in range(OUTAGES)) for more in (0 * DAY, DAY)}
        year, kept = Year(seed, first, days, children), Kept()
        since, months_since, told = first, first, Counter[datetime.date]()
        reminded: Counter[datetime.date] = Counter()
        for day in (first + number * DAY for number in range(days)):
            books = _live_day(life, day, day not in away, spent, told, reminded)
            tomorrow, last = day + DAY, day == first + (days - 1) * DAY
            if (tomorrow - first).days % 7 == 0 or last:
                with _timed(spent, "history"):
                    promises.check_history(day, kept, everything=last)
                year.weeks.append(_span(books, since, tomorrow, told, reminded))
                since = tomorrow
                tell(
                    f"{day}: {year.weeks[-1].in_care} children in care, {life.counts['plans opened']} plans opened, "
                    f"{sum(told.values())} messages, {time.perf_counter() - began:.0f} s ("
                    + ", ".join(f"{name} {seconds:.0f}" for name, seconds in spent.items()) + ")"
                )  # fmt: skip
            if tomorrow.day == 1 or last:
                year.months.append(_span(books, months_since, tomorrow, told, reminded))
                months_since = tomorrow
    life.counts["messages"], life.counts["reminders"] = sum(told.values()), sum(reminded.values())
    life.counts["e-mails taken by the mail server"] = sum(Sink.taken.values())
    life.counts["days on which the mail server was away"] = len([day for day in away if first <= day < first + days * DAY])
    year.counts, year.seconds = life.counts, time.perf_counter() - began
    for table in ("pep_plan", "pep_deadline", "pep_planevent", "accounts_message", "pep_sectionhistory"):
        year.rows[table] = rows(f"SELECT count(*) AS many FROM {table}")[0].many
    return year


def _working_day(life: Life, on: datetime.date) -> None:
    """What people do about plans: those that opened in the night get a future, those with a past go on."""
    midnight = timezone.make_aware(datetime.datetime.combine(on, datetime.time()))
    for plan in Plan.objects.filter(created_at__gte=midnight, version=1).order_by("child__identifier"):
        life.counts["plans opened"] += 1
        foresee(life, on, plan)
    for deed, about in life.agenda[on]:
        if deed not in ABOUT_PEOPLE + ABOUT_MOVES:
            deed(life, on, about)
    del life.agenda[on]


class _timed:  # noqa: N801 - reads as a function
    """Counts the seconds of a block under a name."""

    def __init__(self, spent: Counter[str], name: str) -> None:
        self.spent, self.name = spent, name

    def __enter__(self) -> None:
        self.began = time.perf_counter()

    def __exit__(self, *error: object) -> None:
        self.spent[self.name] += time.perf_counter() - self.began  # type: ignore[assignment]


def _live_day(
    life: Life, day: datetime.date, answers: bool, spent: Counter[str], told: Counter[datetime.date], reminded: Counter[datetime.date]
) -> Books:
    """One day, from the night's work at five to the checks at night; the books as they stand at its end."""
    midnight = at(day, 0)
    with time_machine.travel(at(day, 5)):
        with _timed(spent, "night"):
            done = daily(on=day.isoformat())
        with _timed(spent, "reminders checked"):
            morning_books = read(day)
            promises.check_stopped(morning_books)
            promises.check_opened(morning_books)
            reminded[day] = promises.check_reminders(morning_books, midnight)
            told[day] = promises.check_messages(morning_books, midnight)
            raised, passed = promises.check_rising(morning_books, midnight)
        if done["reminders"] != reminded[day]:
            raise promises.BrokenPromise(f"{day}: the night says it sent {done['reminders']} reminders; {reminded[day]} are there")
        if (done["raised"], done["dates passed"]) != (raised, passed):
            raise promises.BrokenPromise(f"{day}: the night says {done['raised']} rose, {done['dates passed']} passed: {raised}, {passed}")
    life.counts["late plans raised"] += raised
    life.counts["passed dates told"] += passed
    life.counts["dates mended by the night's check"] += done["dates mended"]
    life.counts["changes of school begun"] += done["moves begun"]
    with time_machine.travel(at(day, 9)), _timed(spent, "people"):
        morning(life, day)
    with time_machine.travel(at(day, 12)), _timed(spent, "plans"):
        _working_day(life, day)
    # Before the quiet hours begin, so that whatever the server takes is gone by the evening.
    with time_machine.travel(at(day, 18)), _timed(spent, "mail"):
        digests()
        digests()  # as every hour: whoever has had it has had it
        Sink.answers = answers
        while mail.sweep():
            pass
        promises.check_mail(day, answers, Sink.taken)
    with time_machine.travel(at(day, 22)), _timed(spent, "checks"):
        books = read(day)
        promises.check_clock(books)
        promises.check_digests(books, midnight)
        told[day] += promises.check_messages(books, at(day, 8), also=morning_books)
    return books


def _span(books: Books, starts: datetime.date, ends: datetime.date, told: Counter[datetime.date], reminded: Counter[datetime.date]) -> Span:
    """What is told of the days from one to before another, at the end of the last."""
    plans = [plan for group in books.plans.values() for plan in group if plan.state not in ("cancelled", "closed")]
    days = (ends - starts).days
    return Span(
        starts, days,
        in_care=sum(came_into_care(books, child) is not None for child in books.children.values()),
        due=sum(starts <= plan.due_on < ends for plan in plans),
        complete=sum(plan.state == "complete" and starts <= london(plan.completed_at) < ends for plan in plans),
        late=sum(plan.state != "complete" and plan.due_on < books.on for plan in plans),
        messages=sum(told[starts + number * DAY] for number in range(days)),
        reminders=sum(reminded[starts + number * DAY] for number in range(days)),
    )  # fmt: skip
