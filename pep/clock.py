"""Every date that the law or an authority's policy sets for a child's plans, each with its reason and its source.

Pure functions: facts and figures in, dates out; nothing here reads the database or asks what day it is. A further deadline is a further
row of ``RULES``.
"""

import datetime
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from schools.timetable import ONE_DAY, add_months, add_working_days, is_working_day

REGULATIONS = "Care Planning, Placement and Case Review (England) Regulations 2010"
FIRST_REVIEW_WORKING_DAYS = 20  # regulation 33(1)
REVIEW_MONTHS_AT_MOST = 6  # regulation 33(2)

WORKING_DAYS = "working days"
MONTHS = "months"


@dataclass(frozen=True)
class Figures:
    """What an authority has decided, and since when: the numbers the rules count with."""

    first_plan_working_days: int
    review_months: int
    move_plan_working_days: int
    signature_working_days: int
    source: str  # "Policy of Fenshire County Council from 1 September 2026"


@dataclass(frozen=True)
class Facts:
    """What is known about a child, or about one plan, that a date can depend on. None: it has not happened, or does not hold.

    ``reviewed_how`` says what ``reviewed_on`` was, a key of ``REVIEWS``. ``moved_on`` is the first day at the present or next school
    after a confirmed move. ``waiting_since`` is the day a plan began to wait for the social worker.
    """

    came_into_care: datetime.date | None = None
    reviewed_on: datetime.date | None = None
    reviewed_how: str = "meeting"
    moved_on: datetime.date | None = None
    waiting_since: datetime.date | None = None


REVIEWS: dict[str, str] = {
    "meeting": "when the last meeting was held",
    "without_meeting": "when the last plan was submitted without a meeting",
    "earlier_plan": "the date of the plan brought from elsewhere",
}


@dataclass(frozen=True)
class DueDate:
    """A date, by which rule, why it is this day in words, and where the rule comes from. ``facts`` are what it was counted from."""

    due_on: datetime.date
    kind: str
    reason: str
    words: str
    citation: str
    facts: dict[str, Any]


def in_words(day: datetime.date) -> str:
    """A date as people write it: 3 March 2026."""
    return f"{day:%-d %B %Y}"


def reviewed_in_care(facts: Facts) -> datetime.date | None:
    """The last review since the child came into care; one from an earlier time in care does not count."""
    if facts.came_into_care is None or facts.reviewed_on is None or facts.reviewed_on < facts.came_into_care:
        return None
    return facts.reviewed_on


def _first_plan(facts: Facts) -> datetime.date | None:
    return None if reviewed_in_care(facts) else facts.came_into_care


def _after_move(facts: Facts) -> datetime.date | None:
    """Counts from the first day at a new school until there has been a review since."""
    if facts.came_into_care is None or facts.moved_on is None or facts.moved_on < facts.came_into_care:
        return None
    reviewed = reviewed_in_care(facts)
    return facts.moved_on if reviewed is None or reviewed < facts.moved_on else None


def _first_citation(figures: Figures) -> str:
    law = f"regulation 33(1), {REGULATIONS}"
    if figures.first_plan_working_days == FIRST_REVIEW_WORKING_DAYS:
        return f"Statutory guidance: the plan is there for the first review of the care plan, {law}"
    return f"{figures.source}; {FIRST_REVIEW_WORKING_DAYS} working days to the first review of the care plan by {law}"


def _review_citation(figures: Figures) -> str:
    law = f"regulation 33(2), {REGULATIONS}"
    if review_months(figures) == REVIEW_MONTHS_AT_MOST:
        return f"Statutory guidance: the plan is reviewed with the care plan, every six months at most, {law}"
    return f"{figures.source}; six months at most by {law}"


def review_months(figures: Figures) -> int:
    """The months between two reviews: the authority's figure, never more than the law's six."""
    return min(figures.review_months, REVIEW_MONTHS_AT_MOST)


@dataclass(frozen=True)
class Rule:
    """One deadline: from which day it counts (None: it does not apply, or is met), how far, in which words, and by which source."""

    kind: str
    reason: str
    since: Callable[[Facts], datetime.date | None]
    figure: Callable[[Figures], int]
    unit: str
    because: Callable[[Facts], str]
    citation: Callable[[Figures], str]


RULES: tuple[Rule, ...] = (
    Rule(
        "review", "initial", _first_plan, lambda figures: figures.first_plan_working_days, WORKING_DAYS,
        lambda facts: "when the child came into care", _first_citation,
    ),
    Rule("review", "termly", reviewed_in_care, review_months, MONTHS, lambda facts: REVIEWS[facts.reviewed_how], _review_citation),
    Rule(
        "review", "after_move", _after_move, lambda figures: figures.move_plan_working_days, WORKING_DAYS,
        lambda facts: "the child’s first day at the new school", lambda figures: figures.source,
    ),
    Rule(
        "signature", "sign_off", lambda facts: facts.waiting_since, lambda figures: figures.signature_working_days, WORKING_DAYS,
        lambda facts: "when the plan was submitted for sign-off", lambda figures: figures.source,
    ),
)  # fmt: skip


def due_dates(facts: Facts, figures: Figures) -> list[DueDate]:
    """Every date that applies and is not met yet, the earliest first.

    Statutory dates are never moved: one that falls on a Sunday or in the school holidays stays where the law puts it.
    """
    found = []
    for rule in RULES:
        since = rule.since(facts)
        if since is None:
            continue
        figure = rule.figure(figures)
        due_on = add_months(since, figure) if rule.unit == MONTHS else add_working_days(since, figure)
        unit = rule.unit.removesuffix("s") if figure == 1 else rule.unit
        words = f"{figure} {unit} after {in_words(since)}, {rule.because(facts)}"
        counted = {"since": since.isoformat(), "figure": figure, "unit": rule.unit}
        found.append(DueDate(due_on, rule.kind, rule.reason, words, rule.citation(figures), counted))
    return sorted(found, key=lambda due: due.due_on)


def next_due(facts: Facts, figures: Figures, kind: str) -> DueDate | None:
    """The earliest date of this kind, or None where nothing is due."""
    return next((due for due in due_dates(facts, figures) if due.kind == kind), None)


def review_due(facts: Facts, figures: Figures) -> DueDate | None:
    """The day by which the child's plan must next be reviewed, or None for a child who is not in care."""
    return next_due(facts, figures, "review")


def signature_due(waiting_since: datetime.date, figures: Figures) -> DueDate:
    """The last day the social worker has to sign off a plan that has waited for them since this day."""
    (due,) = due_dates(Facts(waiting_since=waiting_since), figures)
    return due


def move_waits_for_plan(facts: Facts, on: datetime.date) -> bool:
    """Whether the child has begun at a new school and there has been no review since: the next plan is one after a move."""
    moved_on = _after_move(facts)
    return moved_on is not None and moved_on <= on


def last_school_day(due_on: datetime.date, terms: Sequence[tuple[datetime.date, datetime.date]]) -> datetime.date | None:
    """For a day in the school holidays, the last working day of the term before: the latest day to meet at school. Else None.

    ``terms`` are half-open. Also None where the terms on both sides of the day are not known.
    """
    before = [(starts, ends) for starts, ends in terms if ends <= due_on]
    within = any(starts <= due_on < ends for starts, ends in terms)
    if within or not before or not any(starts > due_on for starts, _ in terms):
        return None
    starts, ends = max(before)
    day = ends - ONE_DAY
    while day > starts and not is_working_day(day):
        day -= ONE_DAY
    return day
