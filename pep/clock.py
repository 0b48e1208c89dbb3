"""Every date that the law or an authority's policy sets for a child's plans, each with its reason, its source and whose turn it is.

Pure functions: facts and figures in, dates out; nothing here reads the database or asks what day it is. A further deadline is a further
row of ``RULES``.
"""

import datetime
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pep.forms.declaration import Owner
from schools.figures import REGULATIONS
from schools.timetable import (
    LAST_SCHOOL_YEAR,
    ONE_DAY,
    RECEPTION_AGE,
    SCHOOL_YEAR_STARTS_IN,
    academic_year,
    add_months,
    add_working_days,
    is_working_day,
    working_days_between,
)

GUIDANCE = "Promoting the education of looked-after children and previously looked-after children, statutory guidance 2018"
FIRST_REVIEW_WORKING_DAYS = 20  # regulation 33(1)
SECOND_REVIEW_MONTHS = 3  # regulation 33(2)
REVIEW_MONTHS_AT_MOST = 6  # regulation 33(2)
EIGHTEEN_MONTHS = 18 * 12  # Children Act 1989, section 105(1): a child is a person under 18
SDQ_MONTHS = 12  # SSDA903: a score for each child aged 4 to 16 once a year

WORKING_DAYS, DAYS, MONTHS = "working days", "days", "months"
ON_THE_DAY = "on the day"  # the day itself is the date

# The dates by which a plan must have been made. A plan in preparation is due on the earliest that applies.
PLAN_KINDS = ("review", "term", "premium")


@dataclass(frozen=True)
class Figures:
    """What an authority has decided, and since when: the numbers the rules count with. The defaults are the customary ones."""

    first_plan_working_days: int
    review_months: int
    move_plan_working_days: int
    signature_working_days: int
    source: str  # "Policy of Fenshire County Council from 1 September 2026"
    begin_working_days: int = 10
    each_term: bool = True
    premium_deadline: bool = True
    invite_days: int = 21
    complete_working_days: int = 10
    check_working_days: int = 10
    officer_days: int = 3
    to_year_13: bool = False


@dataclass(frozen=True)
class Window:
    """A time in which a plan is made, half-open, and the last day by which it must be: a school term, or a post-16 window."""

    name: str  # "autumn term 2026"
    starts: datetime.date
    ends: datetime.date
    due_on: datetime.date
    post16: bool = False


@dataclass(frozen=True)
class Facts:
    """What is known about a child, or about one plan, that a date can depend on. None: it has not happened, or does not hold.

    ``reviewed_how`` says what ``reviewed_on`` was, a key of ``REVIEWS``. ``moved_on`` is the first day at the present or next school
    after a confirmed move. ``begun_on`` is the day the first plan since coming into care was begun. ``window`` is the term (or post-16
    window) that still needs its plan. ``year_ends_on`` is the 31 March by which a child who attracts pupil premium plus needs one.
    ``keeps_care_reviews`` says whether the authority keeps the reviews of care plans here: where it does not, nothing is late.
    ``care_reviews`` counts the care plan reviews held since the child came into care, the last on ``care_reviewed_on``; the next is
    booked for ``care_review_on``, and ``officer_has_plan`` says whether a plan was completed since the last. The rest is about one plan:
    ``meet_by`` is the day by which to meet while no meeting is booked, ``met_on`` a meeting that was held while the plan is not yet
    submitted, ``waiting_since`` the day the plan began to wait for the social worker, ``check_since`` for the virtual school.
    """

    came_into_care: datetime.date | None = None
    reviewed_on: datetime.date | None = None
    reviewed_how: str = "meeting"
    moved_on: datetime.date | None = None
    waiting_since: datetime.date | None = None
    born: datetime.date | None = None
    begun_on: datetime.date | None = None
    window: Window | None = None
    year_ends_on: datetime.date | None = None
    keeps_care_reviews: bool = False
    care_reviews: int = 0
    care_reviewed_on: datetime.date | None = None
    care_review_on: datetime.date | None = None
    officer_has_plan: bool = False
    sdq_on: datetime.date | None = None
    ehcp_review_on: datetime.date | None = None
    meet_by: datetime.date | None = None
    met_on: datetime.date | None = None
    check_since: datetime.date | None = None


REVIEWS: dict[str, str] = {
    "meeting": "when the last meeting was held",
    "without_meeting": "when the last plan was submitted without a meeting",
    "earlier_plan": "the date of the plan brought from elsewhere",
}


@dataclass(frozen=True)
class DueDate:
    """A date, by which rule, why it is this day in words, where the rule comes from, and whose turn it is (``Owner`` values).

    ``facts`` are what it was counted from.
    """

    due_on: datetime.date
    kind: str
    reason: str
    words: str
    citation: str
    facts: dict[str, Any]
    owners: tuple[str, ...] = ()


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


def _to_begin(facts: Facts) -> datetime.date | None:
    """Until a plan has been begun, or one came from elsewhere."""
    return None if facts.begun_on or reviewed_in_care(facts) else facts.came_into_care


def _after_move(facts: Facts) -> datetime.date | None:
    """Counts from the first day at a new school until there has been a review since."""
    if facts.came_into_care is None or facts.moved_on is None or facts.moved_on < facts.came_into_care:
        return None
    reviewed = reviewed_in_care(facts)
    return facts.moved_on if reviewed is None or reviewed < facts.moved_on else None


def _window_due(facts: Facts) -> datetime.date | None:
    """A term's cut-off holds for children who were in care when the term began: for the others the first plan's date does."""
    window = facts.window
    if window is None or facts.came_into_care is None or facts.came_into_care >= window.starts:
        return None
    reviewed = reviewed_in_care(facts)
    return window.due_on if reviewed is None or reviewed < window.starts else None


def _year_end(facts: Facts) -> datetime.date | None:
    """31 March, until the plan has been reviewed since 1 January."""
    if facts.year_ends_on is None or facts.came_into_care is None:
        return None
    reviewed = reviewed_in_care(facts)
    return facts.year_ends_on if reviewed is None or reviewed < facts.year_ends_on.replace(month=1, day=1) else None


def _care_reviewed(facts: Facts) -> datetime.date | None:
    return facts.care_reviewed_on if facts.care_reviews and facts.came_into_care else None


def _officer_waits(facts: Facts) -> datetime.date | None:
    return None if facts.officer_has_plan or facts.came_into_care is None else facts.care_review_on


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


def _policy(figures: Figures) -> str:
    return figures.source


def _law_33_2(figures: Figures) -> str:
    return f"Regulation 33(2), {REGULATIONS}"


def _booked(facts: Facts) -> str:
    return f". It is booked for {in_words(facts.care_review_on)}" if facts.care_review_on else ""


SCHOOL, SOCIAL_WORKER, VIRTUAL_SCHOOL = Owner.SCHOOL.value, Owner.SOCIAL_WORKER.value, Owner.VIRTUAL_SCHOOL.value
EVERYBODY = (SCHOOL, SOCIAL_WORKER)


@dataclass(frozen=True)
class Rule:
    """One deadline: from which day it counts (None: it does not apply, or is met), how far, in which words, and by which source.

    ``before`` counts back from the day. ``until_18`` ends with the child's clock; the turn-round of a plan under way does not.
    """

    kind: str
    reason: str
    since: Callable[[Facts], datetime.date | None]
    figure: Callable[[Figures], int]
    unit: str
    because: Callable[[Facts], str]
    citation: Callable[[Figures], str]
    owners: tuple[str, ...] = EVERYBODY
    before: bool = False
    until_18: bool = True
    applies: Callable[[Facts, Figures], bool] = field(default=lambda facts, figures: True)


RULES: tuple[Rule, ...] = (
    Rule(
        "begin", "initial", _to_begin, lambda figures: figures.begin_working_days, WORKING_DAYS,
        lambda facts: "when the child came into care",
        lambda figures: f"{figures.source}; the social worker begins the plan: {GUIDANCE}", (SOCIAL_WORKER,),
    ),
    Rule(
        "review", "initial", _first_plan, lambda figures: figures.first_plan_working_days, WORKING_DAYS,
        lambda facts: "when the child came into care", _first_citation,
    ),
    Rule("review", "termly", reviewed_in_care, review_months, MONTHS, lambda facts: REVIEWS[facts.reviewed_how], _review_citation),
    Rule(
        "review", "after_move", _after_move, lambda figures: figures.move_plan_working_days, WORKING_DAYS,
        lambda facts: "the child’s first day at the new school", _policy,
    ),
    Rule(
        "term", "termly", _window_due, lambda figures: 0, ON_THE_DAY,
        lambda facts: f"The last day for plans of the {facts.window.name}" if facts.window else "",
        lambda figures: f"{figures.source}; a plan is reviewed each school term: {GUIDANCE}",
        applies=lambda facts, figures: figures.each_term and not (facts.window and facts.window.post16),
    ),
    Rule(
        "term", "post16", _window_due, lambda figures: 0, ON_THE_DAY,
        lambda facts: f"The last day of the {facts.window.name}" if facts.window else "", _policy,
        applies=lambda facts, figures: bool(facts.window and facts.window.post16),
    ),
    Rule(
        "premium", "year_end", _year_end, lambda figures: 0, ON_THE_DAY,
        lambda facts: "The financial year ends, and pupil premium plus that no plan has asked for is lost",
        lambda figures: f"{figures.source}; conditions of grant: unspent pupil premium is recovered after 31 March",
        applies=lambda facts, figures: figures.premium_deadline,
    ),
    Rule(
        "care_review", "first", lambda facts: facts.came_into_care if facts.keeps_care_reviews and not facts.care_reviews else None,
        lambda figures: FIRST_REVIEW_WORKING_DAYS, WORKING_DAYS,
        lambda facts: f"when the child came into care{_booked(facts)}",
        lambda figures: f"Regulation 33(1), {REGULATIONS}", (SOCIAL_WORKER,),
    ),
    Rule(
        "care_review", "second", lambda facts: _care_reviewed(facts) if facts.care_reviews == 1 else None,
        lambda figures: SECOND_REVIEW_MONTHS, MONTHS,
        lambda facts: f"when the first care plan review was held{_booked(facts)}", _law_33_2, (SOCIAL_WORKER,),
    ),
    Rule(
        "care_review", "later", lambda facts: _care_reviewed(facts) if facts.care_reviews > 1 else None,
        lambda figures: REVIEW_MONTHS_AT_MOST, MONTHS,
        lambda facts: f"when the last care plan review was held{_booked(facts)}", _law_33_2, (SOCIAL_WORKER,),
    ),
    Rule(
        "officer", "care_review", _officer_waits, lambda figures: figures.officer_days, DAYS,
        lambda facts: "when the care plan is reviewed", _policy, (SOCIAL_WORKER,), before=True,
    ),
    Rule(
        "sdq", "yearly", lambda facts: facts.sdq_on if facts.came_into_care else None, lambda figures: SDQ_MONTHS, MONTHS,
        lambda facts: "the date of the last score", lambda figures: "SSDA903 return: a strengths and difficulties score once a year",
        (SOCIAL_WORKER,),
    ),
    Rule(
        "ehcp", "yearly", lambda facts: facts.ehcp_review_on if facts.came_into_care else None, lambda figures: 0, ON_THE_DAY,
        lambda facts: "The date that the plan gives for the yearly review",
        lambda figures: "Children and Families Act 2014, section 44: an EHC plan is reviewed every 12 months", (SCHOOL,),
    ),
    Rule(
        "invite", "meeting", lambda facts: facts.meet_by, lambda figures: figures.invite_days, DAYS,
        lambda facts: "the day by which to meet: book the meeting, so that invitations go out in time", _policy, before=True,
        until_18=False,
    ),
    Rule(
        "complete", "meeting", lambda facts: facts.met_on, lambda figures: figures.complete_working_days, WORKING_DAYS,
        lambda facts: "when the meeting was held", _policy, (SCHOOL,), until_18=False,
    ),
    Rule(
        "signature", "sign_off", lambda facts: facts.waiting_since, lambda figures: figures.signature_working_days, WORKING_DAYS,
        lambda facts: "when the plan was submitted for sign-off", _policy, (SOCIAL_WORKER,), until_18=False,
    ),
    Rule(
        "check", "quality", lambda facts: facts.check_since, lambda figures: figures.check_working_days, WORKING_DAYS,
        lambda facts: "when the plan came to the quality check", _policy, (VIRTUAL_SCHOOL,), until_18=False,
    ),
)  # fmt: skip


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


def due_dates(facts: Facts, figures: Figures) -> list[DueDate]:
    """Every date that applies and is not met yet, the earliest first.

    Statutory dates are never moved: one that falls on a Sunday or in the school holidays stays where the law puts it.
    """
    found, stops = [], stops_on(facts, figures)
    for rule in RULES:
        since = rule.since(facts)
        if since is None or not rule.applies(facts, figures):
            continue
        due_on = _date(rule, since, figures)
        if rule.until_18 and stops is not None and due_on >= stops:
            continue
        counted = {"since": since.isoformat(), "figure": rule.figure(figures), "unit": rule.unit}
        words = _words(rule, since, facts, figures)
        found.append(DueDate(due_on, rule.kind, rule.reason, words, rule.citation(figures), counted, rule.owners))
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


def review_due(facts: Facts, figures: Figures) -> DueDate | None:
    """The day by which the child's plan must next be reviewed, or None for a child who is not in care."""
    return next_due(facts, figures, "review")


def plan_due(facts: Facts, figures: Figures) -> DueDate | None:
    """The day by which the child's next plan must have been made: the earliest of review, term and the year's end."""
    return next((due for due in due_dates(facts, figures) if due.kind in PLAN_KINDS), None)


def signature_due(waiting_since: datetime.date, figures: Figures) -> DueDate:
    """The last day the social worker has to sign off a plan that has waited for them since this day."""
    (due,) = due_dates(Facts(waiting_since=waiting_since), figures)
    return due


def move_waits_for_plan(facts: Facts, on: datetime.date) -> bool:
    """Whether the child has begun at a new school and there has been no review since: the next plan is one after a move."""
    moved_on = _after_move(facts)
    return moved_on is not None and moved_on <= on


def open_window(
    windows: Sequence[Window], on: datetime.date, *, came: datetime.date, reviewed: datetime.date | None
) -> Window | None:  # fmt: skip
    """The first window not over yet that still needs its plan from a child who came into care and was last reviewed on these days."""
    for window in sorted(windows, key=lambda one: one.starts):
        if window.ends > on and came < window.starts and (reviewed is None or reviewed < window.starts):
            return window
    return None


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


NAMES: Mapping[str, str] = {SCHOOL: "the school", SOCIAL_WORKER: "the social worker", VIRTUAL_SCHOOL: "the virtual school"}


@dataclass(frozen=True)
class Timeliness:
    """How a plan stands to its date, apart from how good it is. ``working_days`` late are positive, early negative.

    ``delays`` are the working days after the date that each owner held it, the longest first.
    """

    code: str  # early, on_time, late, open (neither finished nor late)
    working_days: int
    delays: tuple[tuple[str, int], ...]
    words: str


def timeliness(
    due_on: datetime.date, spans: Sequence[tuple[str, datetime.date, datetime.date]], *, done_on: datetime.date | None, on: datetime.date
) -> Timeliness:  # fmt: skip
    """Early, on time, or late by so many working days, and whose delay it was.

    ``spans`` say who held the plan from one day to another; ``done_on`` is the day it was complete (None: not yet, counted to ``on``).
    """
    end = done_on or on
    if end <= due_on:
        early = -working_days_between(end, due_on)
        if done_on is None:
            return Timeliness("open", early, (), f"due in {_count(-early)}" if early else "due today")
        return Timeliness("early", early, (), f"{_count(-early)} early") if early else Timeliness("on_time", 0, (), "on time")
    held: dict[str, int] = {}
    for owner, since, until in spans:
        since, until = max(since, due_on), min(until, end)
        days = working_days_between(since, until) if until > since else 0
        if days:
            held[owner] = held.get(owner, 0) + days
    delays = tuple(sorted(held.items(), key=lambda item: -item[1]))
    late = working_days_between(due_on, end)
    words = f"late by {_count(late)}" if late else "late, with no working day between"
    if delays:
        words += ": " + ", ".join(f"{_count(days)} with {NAMES.get(owner, owner)}" for owner, days in delays)
    return Timeliness("late", late, delays, words)


def _count(days: int) -> str:
    return f"{days} working day{'' if days == 1 else 's'}"
