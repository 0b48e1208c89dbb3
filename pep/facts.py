"""What the dates of a child's plans depend on, and what such a date says of itself: values, and nothing that reads a database."""

import datetime
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

# The dates by which a plan must have been made. A plan in preparation is due on the earliest that applies.
PLAN_KINDS = ("review", "term", "premium")
# Why a first plan is due: so long after coming into care or being old enough for a plan, or for the first review of the care plan.
FIRST_PLAN = ("initial", "first_review", "old_enough")


@dataclass(frozen=True)
class Figures:
    """What an authority has decided, and since when: the numbers the rules count with. The defaults are the customary ones.

    ``before`` are the figures that held until ``starts``: nobody could keep to what had not been decided yet.
    """

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
    plans_from_age: int = 3
    to_year_13: bool = False
    starts: datetime.date | None = None
    before: "Figures | None" = None


def figures_on(figures: Figures, day: datetime.date) -> Figures:
    """The figures that held on an earlier day: those in force then, not those that were decided since."""
    while figures.before and figures.starts and figures.starts > day:
        figures = figures.before
    return figures


@dataclass(frozen=True)
class Window:
    """A time in which a plan is made, half-open, and the last day by which it must be: a school term, or a post-16 window."""

    name: str  # "autumn term 2026"
    starts: datetime.date
    ends: datetime.date
    due_on: datetime.date
    post16: bool = False


@dataclass(slots=True)
class Facts:
    """What is known about a child, or about one plan, that a date can depend on. None: it has not happened, or does not hold.

    ``fact_finding`` fills it in, fact by fact for a nation's children; nobody changes it afterwards.

    ``reviewed_how`` says what ``reviewed_on`` was, a key of ``REVIEWS``. ``moved_on`` is the first day at the present school, or where
    that has had its review at the next, after a confirmed move. ``begun_on`` is the day the first plan since coming into care was begun
    (of one plan: that plan). ``window`` is the term (or post-16 window) that still needs its plan. ``year_ends_on`` is the 31 March by
    which a child who attracts pupil premium plus needs one. ``first_care_review_on`` is the day of the first review of the care plan
    since coming into care, booked or held. ``keeps_care_reviews`` says whether the reviews of the child's care plan are kept here: where
    they are not, nothing is late. ``care_reviews`` counts the care plan reviews held since the child came into care, the last on
    ``care_reviewed_on``; the next is booked for ``care_review_on``, and ``officer_has_plan`` says whether a plan was completed since the
    last. The rest is about one plan: ``meet_by`` is the day by which to meet while no meeting is booked, ``met_on`` a meeting that was
    held while the plan is not yet submitted, ``waiting_since`` the day the plan began to wait for the social worker, ``check_since`` for
    the virtual school. ``old_enough_on`` is the first day on which policy asks for plans of a child of this age (None: always).
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
    first_care_review_on: datetime.date | None = None
    care_reviews: int = 0
    care_reviewed_on: datetime.date | None = None
    care_review_on: datetime.date | None = None
    officer_has_plan: bool = False
    sdq_on: datetime.date | None = None
    ehcp_review_on: datetime.date | None = None
    meet_by: datetime.date | None = None
    met_on: datetime.date | None = None
    check_since: datetime.date | None = None
    old_enough_on: datetime.date | None = None


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


# How the sentence begins that a date in the school holidays has after its reason.
HOLIDAYS = ". That day is in the school holidays"


def about_holidays(words: str) -> str:
    """What the words of a date say of the school holidays, to be put after other words; "" where it is not in them."""
    _, found, rest = words.partition(HOLIDAYS)
    return found + rest


@lru_cache(maxsize=10_000)
def in_words(day: datetime.date) -> str:
    """A date as people write it: 3 March 2026."""
    return f"{day:%-d %B %Y}"


def plans_since(facts: Facts) -> datetime.date | None:
    """Since when the child needs plans: since coming into care, or since it is old enough for one."""
    if facts.came_into_care is None or facts.old_enough_on is None:
        return facts.came_into_care
    return max(facts.came_into_care, facts.old_enough_on)


def reviewed_in_care(facts: Facts) -> datetime.date | None:
    """The last review since the child came into care; one from an earlier time in care does not count."""
    if facts.came_into_care is None or facts.reviewed_on is None or facts.reviewed_on < facts.came_into_care:
        return None
    return facts.reviewed_on
