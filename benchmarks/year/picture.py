"""docs/year.md and its picture: the year as SVG made here, without script or colour that alone says something, and as a table."""

import datetime
from collections.abc import Sequence
from pathlib import Path

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from benchmarks.year.days import Span, Year
from benchmarks.year.promises import CHECKED

WIDTH, LEFT, RIGHT, TOP = 920, 64, 16, 34
PANEL, BETWEEN = 150, 54
INK, GREY, PALE, PAPER = "#0b0c0c", "#6f777b", "#dee0e2", "#ffffff"
MONTH_TABLE = ("Month", "In care", "Due", "Complete", "Late", "Messages", "of these reminders")


def _text(x: float, y: float, words: str, *, anchor: str = "start", size: int = 13, weight: str = "normal") -> SafeString:
    return format_html(
        '<text x="{}" y="{}" text-anchor="{}" font-size="{}" font-weight="{}" fill="{}">{}</text>',
        round(x, 1), round(y, 1), anchor, size, weight, INK, words,
    )  # fmt: skip


def _rect(x: float, y: float, width: float, height: float, fill: str, stroke: str = "none") -> SafeString:
    return format_html(
        '<rect x="{}" y="{}" width="{}" height="{}" fill="{}" stroke="{}"/>',
        round(x, 1), round(y, 1), round(width, 1), round(max(height, 0), 1), fill, stroke,
    )  # fmt: skip


def _line(points: Sequence[tuple[float, float]], *, dashed: bool = False) -> SafeString:
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    return format_html(
        '<polyline points="{}" fill="none" stroke="{}" stroke-width="2.5" stroke-dasharray="{}"/>', path, INK, "6 4" if dashed else "none"
    )


def _join(parts: Sequence[SafeString]) -> SafeString:
    return format_html_join("", "{}", ((part,) for part in parts))


def _round_up(number: int) -> int:
    """The next round number for the top of a scale."""
    step = 1
    while step * 10 < number:
        step *= 10
    return max(2, next(step * many for many in (1, 2, 3, 4, 5, 6, 8, 10) if step * many >= number))


def _panel(number: int, title: str, most: int) -> tuple[float, float, list[SafeString]]:
    """The frame of one panel: its upper and lower edge, its title and scale."""
    top = TOP + number * (PANEL + BETWEEN)
    bottom = top + PANEL
    parts = [_text(LEFT, top - 10, title, weight="bold")]
    for share in (0, 0.5, 1):
        y = bottom - PANEL * share
        parts.append(_rect(LEFT, y, WIDTH - LEFT - RIGHT, 0.8, PALE))
        parts.append(_text(LEFT - 8, y + 4, f"{most * share:,.0f}", anchor="end"))
    return top, bottom, parts


def _months(year: Year, step: float, bottom: float) -> list[SafeString]:
    parts = []
    for number, week in enumerate(year.weeks):
        if week.starts.day <= 7 or number == 0:
            parts.append(_rect(LEFT + number * step, bottom, 1, 5, GREY))
            parts.append(_text(LEFT + number * step + 3, bottom + 17, f"{week.starts:%b}"))
    return parts


def chart(year: Year) -> str:
    """Three panels over the same weeks: children in care; plans due, complete and late; messages."""
    weeks, step = year.weeks, (WIDTH - LEFT - RIGHT) / max(1, len(year.weeks))
    parts: list[SafeString] = []

    def middle(number: int) -> float:
        return LEFT + (number + 0.5) * step

    most = _round_up(max(week.in_care for week in weeks))
    _, bottom, frame = _panel(0, "Children in care at the end of each week", most)
    parts += frame
    parts.append(_line([(middle(n), bottom - PANEL * week.in_care / most) for n, week in enumerate(weeks)]))
    parts += _months(year, step, bottom)

    most = _round_up(max(max(week.due, week.complete, week.late) for week in weeks))
    _, bottom, frame = _panel(1, "Plans each week: due (white), complete (black), late at its end (dashed line)", most)
    parts += frame
    for n, week in enumerate(weeks):
        bar = step * 0.4
        white, black = PANEL * week.due / most, PANEL * week.complete / most
        parts.append(_rect(LEFT + n * step + step * 0.08, bottom - white, bar, white, PAPER, INK))
        parts.append(_rect(LEFT + n * step + step * 0.52, bottom - black, bar, black, INK, INK))
    parts.append(_line([(middle(n), bottom - PANEL * week.late / most) for n, week in enumerate(weeks)], dashed=True))
    parts += _months(year, step, bottom)

    most = _round_up(max(week.messages for week in weeks))
    _, bottom, frame = _panel(2, "Messages each week, reminders in grey at the foot", most)
    parts += frame
    for n, week in enumerate(weeks):
        all_of_them, reminders = PANEL * week.messages / most, PANEL * week.reminders / most
        parts.append(_rect(LEFT + n * step + step * 0.15, bottom - all_of_them, step * 0.7, all_of_them, PAPER, INK))
        parts.append(_rect(LEFT + n * step + step * 0.15, bottom - reminders, step * 0.7, reminders, GREY, INK))
    parts += _months(year, step, bottom)
    height = TOP + 3 * PANEL + 2 * BETWEEN + 30
    fewest, largest = min(week.in_care for week in weeks), max(week.in_care for week in weeks)
    due, complete, told = (sum(getattr(week, name) for week in weeks) for name in ("due", "complete", "messages"))
    described = (
        f"Week by week from {_day(year.first)}: between {fewest} and {largest} children in care; {due:,} plans fell due and"
        f" {complete:,} were completed; {told:,} messages. The table in year.md has the figures by month."
    )
    return str(
        format_html(
            '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {} {}" role="img" aria-labelledby="year-title year-desc"'
            ' font-family="Helvetica, Arial, sans-serif"><title id="year-title">A year of an authority of {} children</title>'
            '<desc id="year-desc">{}</desc>{}{}</svg>\n',
            WIDTH, height, year.children, described, _rect(0, 0, WIDTH, height, PAPER), _join(parts),
        )
    )  # fmt: skip


def _day(day: datetime.date) -> str:
    return f"{day:%-d %B %Y}"


def _row(month: Span) -> str:
    figures = (month.in_care, month.due, month.complete, month.late, month.messages, month.reminders)
    return f"| {month.starts:%B %Y} | {' | '.join(f'{figure:,}' for figure in figures)} |"


def page(year: Year) -> str:
    """The document: the picture, its table, what happened how often, what was checked."""
    last = year.first + datetime.timedelta(days=year.days - 1)
    events = "\n".join(f"| {name[0].upper() + name[1:]} | {count:,} |" for name, count in sorted(year.counts.items()))
    checked = "\n".join(f"- {promise[0].upper() + promise[1:]}." for promise in CHECKED)
    months = "\n".join(_row(month) for month in year.months)
    return f"""# A year, lived day by day

Written by `make year`: {year.days} days from {_day(year.first)} to {_day(last)}, {year.children} made-up children in care on the first
of them, seed {year.seed}; written on {_day(datetime.datetime.now(datetime.UTC).date())} after {year.seconds / 60:.0f} minutes.

Every night is the product's own night's work (`pep.tasks.daily`) with the day as an argument, and every event goes through the product's
own functions: a child comes or leaves, a school changes, a teacher's account ends, a meeting moves, a plan is submitted, returned, signed,
graded, corrected or never touched.
Where they ask what day it is, the clock of the process has been turned. No broker runs and no task is nudged: the
e-mails are those that the sweep found, and on some days the mail server was away. The contents of plans are written as data, and no PDF is
made.

![Children in care, plans due, complete and late, and messages, week by week](images/year.svg)

| {" | ".join(MONTH_TABLE)} |
| --- |{" ---: |" * (len(MONTH_TABLE) - 1)}
{months}

*In care* and *late* are counted on the last day of the month. Most plans fall due on a term's last day for plans, so they come in waves.

## What was checked after every day

By slow code of its own (`benchmarks/year/promises.py`, `rising.py`, `slow_dates.py`, `slow_access.py`, `slow_calendar.py`)
that uses none of the
product's functions; the first broken promise ends the run and names the day and whose it is. None was broken.

{checked}

## What happened

| | times |
| --- | ---: |
{events}

At the end there are {year.rows["pep_plan"]:,} plans, {year.rows["pep_deadline"]:,} dates, {year.rows["pep_planevent"]:,} events of plans,
{year.rows["accounts_message"]:,} messages and {year.rows["pep_sectionhistory"]:,} rows of history of sections.
"""


def write(docs: Path, year: Year) -> None:
    """Write the document and its picture."""
    (docs / "images").mkdir(parents=True, exist_ok=True)
    (docs / "images" / "year.svg").write_text(chart(year))
    (docs / "year.md").write_text(page(year))
