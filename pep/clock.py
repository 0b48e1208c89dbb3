"""Every date that the law or an authority's policy sets for a child's plans, each with its reason, its source and whose turn it is.

Pure functions: facts and figures in, dates out; nothing here reads the database or asks what day it is. The rules are rows of
``clock_rules.RULES``.
"""

import datetime
from collections.abc import Sequence

from pep.clock_rules import ON_THE_DAY, RULES, Rule, after_move
from pep.facts import PLAN_KINDS, DueDate, Facts, Figures, Window, in_words
from schools.timetable import (
    LAST_SCHOOL_YEAR,
    ONE_DAY,
    RECEPTION_AGE,
    SCHOOL_YEAR_STARTS_IN,
    academic_year,
    add_months,
    add_working_days,
    is_working_day,
)

EIGHTEEN_MONTHS = 18 * 12  # Children Act 1989, section 105(1): a child is a person under 18


def stops_on(facts: Facts, figures: Figures) -> datetime.date | None:
    """The first day on which no plan is due any more: the 18th birthday, or where policy goes on the end of Year 13. None: not known.

    A child born on 29 February is taken to be 18 on 28 February; in law it is the day after.
    """
    if facts.born is None:
        return None
    eighteen = add_months(facts.born, EIGHTEEN_MONTHS)
    if not figures.to_year_13:
        return eighteen
    return max(eighteen, end_of_year_13(facts.born))


def old_enough_on(born: datetime.date, figures: Figures) -> datetime.date:
    """The first day on which policy asks for plans of a child of this age. A policy that asks sooner does so from its first day on."""
    birthday = add_months(born, 12 * figures.plans_from_age)
    if figures.before is None or figures.starts is None or birthday >= figures.starts:
        return birthday
    return min(figures.starts, old_enough_on(born, figures.before))


def end_of_year_13(born: datetime.date) -> datetime.date:
    """The first day after the school year in which somebody of this age is in Year 13."""
    return datetime.date(academic_year(born) + RECEPTION_AGE + LAST_SCHOOL_YEAR + 2, SCHOOL_YEAR_STARTS_IN, 1)


def _date(rule: Rule, since: datetime.date, figures: Figures) -> datetime.date:
    figure = -rule.figure(figures) if rule.before else rule.figure(figures)
    match rule.unit:
        case "months":
            return add_months(since, figure)
        case "working days":
            return add_working_days(since, figure)
        case _:
            return since + figure * ONE_DAY


def _words(rule: Rule, since: datetime.date, facts: Facts, figures: Figures) -> str:
    because = rule.because(facts)
    if rule.unit == ON_THE_DAY:
        return because
    figure = rule.figure(figures)
    unit = rule.unit.removesuffix("s") if figure == 1 else rule.unit
    return f"{figure} {unit} {'before' if rule.before else 'after'} {in_words(since)}, {because}"


def _counted(rule: Rule, since: datetime.date, facts: Facts, figures: Figures) -> DueDate | None:
    """One rule's date, or None where it does not apply. A policy neither asks for anything before its first day nor forgives it.

    A date that the figures before had set, and that had passed when the policy began, stays: be the policy looser, stricter or without
    this rule. What a stricter one would have wanted before its first day is due as many days after it as meetings are invited ahead, and no
    later than by the figures before; what they did not ask for at all is not asked for days gone by.
    """
    before, starts = figures.before, figures.starts
    # What is counted forward from a policy's first day or later never comes before it.
    touches = before and starts and (rule.before or since < starts)
    earlier = _counted(rule, since, facts, before) if touches and before else None
    if earlier and starts and earlier.due_on < starts and _known_by(starts, rule, since, facts):
        return earlier
    if not rule.applies(facts, figures):
        return None
    due_on, words = _date(rule, since, figures), ""
    if rule.before and facts.came_into_care and due_on < facts.came_into_care:
        due_on = facts.came_into_care
        wanted = _words(rule, since, facts, figures)
        words = f"{in_words(due_on)}, when the child came into care, as {wanted}, would lie before it"
    if touches and starts and due_on < starts:
        if earlier is None:
            return None
        if earlier.due_on > due_on:
            first = starts + figures.invite_days * ONE_DAY
            if earlier.due_on <= first:
                return earlier
            wanted = _words(rule, since, facts, figures)
            words = f"{figures.invite_days} days after {in_words(starts)}, when the policy began, as {wanted}, would lie before it"
            due_on = first
    counted = {"since": since.isoformat(), "figure": rule.figure(figures), "unit": rule.unit}
    words = words or _words(rule, since, facts, figures)
    return DueDate(due_on, rule.kind, rule.reason, words, rule.citation(figures), counted, rule.owners)


def _known_by(starts: datetime.date, rule: Rule, since: datetime.date, facts: Facts) -> bool:
    """Whether there was anything to keep to before a policy's first day: a day that is counted back from may have been set after it."""
    began = (facts.came_into_care or facts.begun_on) if rule.before else since
    return began is None or began < starts


def due_dates(facts: Facts, figures: Figures) -> list[DueDate]:
    """Every date that applies and is not met yet, the earliest first.

    Statutory dates are never moved: one that falls on a Sunday or in the school holidays stays where the law puts it.
    """
    found, stops = [], stops_on(facts, figures)
    for rule in RULES:
        since = rule.since(facts)
        due = _counted(rule, since, facts, figures) if since is not None else None
        if due and not (rule.until_18 and stops is not None and due.due_on >= stops):
            found.append(due)
    return sorted(found, key=lambda due: due.due_on)


def next_due(facts: Facts, figures: Figures, kind: str) -> DueDate | None:
    """The earliest date of this kind, or None where nothing is due."""
    return next((due for due in due_dates(facts, figures) if due.kind == kind), None)


def earliest_of_each_kind(facts: Facts, figures: Figures) -> list[DueDate]:
    """Of each kind the date that comes first: what is kept as rows."""
    found: dict[str, DueDate] = {}
    for due in due_dates(facts, figures):
        found.setdefault(due.kind, due)
    return list(found.values())


def plan_due(facts: Facts, figures: Figures) -> DueDate | None:
    """The day by which the child's next plan must have been made: the earliest of review, term and the year's end."""
    return next((due for due in due_dates(facts, figures) if due.kind in PLAN_KINDS), None)


def signature_due(waiting_since: datetime.date, figures: Figures) -> DueDate:
    """The last day the social worker has to sign off a plan that has waited for them since this day."""
    (due,) = due_dates(Facts(waiting_since=waiting_since), figures)
    return due


def move_waits_for_plan(facts: Facts, on: datetime.date) -> bool:
    """Whether the child has begun at a new school and there has been no review since: the next plan is one after a move."""
    moved_on = after_move(facts)
    return moved_on is not None and moved_on <= on


def open_window(
    windows: Sequence[Window], on: datetime.date, *, came: datetime.date, reviewed: datetime.date | None
) -> Window | None:  # fmt: skip
    """The first window not over yet that still needs its plan from a child who came into care and was last reviewed on these days."""
    for window in sorted(windows, key=lambda one: one.starts):
        if window.ends > on and came < window.starts and (reviewed is None or reviewed < window.starts):
            return window
    return None


def in_holidays(day: datetime.date, terms: Sequence[tuple[datetime.date, datetime.date]]) -> bool:
    """Whether a day falls outside a school's term, between two that are known. ``terms`` are half-open."""
    within = any(starts <= day < ends for starts, ends in terms)
    return not within and any(ends <= day for _, ends in terms) and any(starts > day for starts, _ in terms)


def last_school_day(
    due_on: datetime.date, terms: Sequence[tuple[datetime.date, datetime.date]], since: datetime.date | None = None
) -> datetime.date | None:  # fmt: skip
    """For a day in the school holidays, the last working day of the term before: the latest day to meet at school. Else None.

    Also None where that day lies before ``since``, the day from which there was anything to meet about.
    """
    if not in_holidays(due_on, terms):
        return None
    starts, ends = max(term for term in terms if term[1] <= due_on)
    day = ends - ONE_DAY
    while day > starts and not is_working_day(day):
        day -= ONE_DAY
    return None if since and day < since else day
