"""The table of deadlines: what the law or an authority's policy asks for, from which day it counts, in which words, whose turn it is.

A further deadline is a further row of ``RULES``; ``clock`` counts with them.
"""

import datetime
from collections.abc import Callable
from dataclasses import dataclass, field

from pep.facts import REVIEWS, Facts, Figures, in_words, plans_since, reviewed_in_care
from pep.forms.declaration import Owner
from schools.figures import REGULATIONS
from schools.timetable import add_months, add_working_days, age_on

GUIDANCE = "Promoting the education of looked-after children and previously looked-after children, statutory guidance 2018"
FIRST_REVIEW_WORKING_DAYS = 20  # regulation 33(1)
SECOND_REVIEW_MONTHS = 3  # regulation 33(2)
REVIEW_MONTHS_AT_MOST = 6  # regulation 33(2)
SDQ_MONTHS = 12  # SSDA903: a score for each child aged 4 to 16 once a year
SDQ_FROM_AGE, SDQ_TO_AGE = 4, 16

WORKING_DAYS, DAYS, MONTHS = "working days", "days", "months"
ON_THE_DAY = "on the day"  # the day itself is the date

SCHOOL, SOCIAL_WORKER, VIRTUAL_SCHOOL = Owner.SCHOOL.value, Owner.SOCIAL_WORKER.value, Owner.VIRTUAL_SCHOOL.value
EVERYBODY = (SCHOOL, SOCIAL_WORKER)


def instead_of_school(owner: str) -> str:
    """Who has an owner's part where nobody is at school."""
    return VIRTUAL_SCHOOL if owner == SCHOOL else owner


def _young(facts: Facts) -> bool:
    """Whether the child was too young for a plan when it came into care."""
    return plans_since(facts) != facts.came_into_care


def _first_plan(facts: Facts) -> datetime.date | None:
    return None if reviewed_in_care(facts) or _young(facts) else facts.came_into_care


def _first_when_old_enough(facts: Facts) -> datetime.date | None:
    return plans_since(facts) if _young(facts) and not reviewed_in_care(facts) else None


def _first_review(facts: Facts) -> datetime.date | None:
    """The day of the first review of the care plan: the first plan is there by then, and goes on being missed once that day is past."""
    return None if reviewed_in_care(facts) or _young(facts) or not facts.came_into_care else facts.first_care_review_on


def _first_review_words(facts: Facts) -> str:
    return "the day of the first review of the care plan" if facts.care_reviews else "for which the first review of the care plan is booked"


def _to_begin(facts: Facts) -> datetime.date | None:
    """Until a plan has been begun, or one came from elsewhere."""
    return None if facts.begun_on or reviewed_in_care(facts) or _young(facts) else facts.came_into_care


def _to_begin_when_old_enough(facts: Facts) -> datetime.date | None:
    return plans_since(facts) if _young(facts) and not facts.begun_on and not reviewed_in_care(facts) else None


def after_move(facts: Facts) -> datetime.date | None:
    """Counts from the first day at a new school until there has been a review since."""
    since = plans_since(facts)
    if since is None or facts.moved_on is None or facts.moved_on < since:
        return None
    reviewed = reviewed_in_care(facts)
    return facts.moved_on if reviewed is None or reviewed < facts.moved_on else None


def window_due(facts: Facts) -> datetime.date | None:
    """A term's cut-off holds for children who needed plans when the term began: for the others the first plan's date does."""
    window, since = facts.window, plans_since(facts)
    if window is None or since is None or since >= window.starts:
        return None
    reviewed = reviewed_in_care(facts)
    return window.due_on if reviewed is None or reviewed < window.starts else None


def _year_end(facts: Facts) -> datetime.date | None:
    """31 March, until the plan has been reviewed since 1 January."""
    if facts.year_ends_on is None or facts.came_into_care is None:
        return None
    reviewed = reviewed_in_care(facts)
    return facts.year_ends_on if reviewed is None or reviewed < facts.year_ends_on.replace(month=1, day=1) else None


def _year_end_applies(facts: Facts, figures: Figures) -> bool:
    """Not where care began so late that the first plan itself is due in the next financial year."""
    since, ends = plans_since(facts), facts.year_ends_on
    if not figures.premium_deadline or since is None or ends is None:
        return False
    return reviewed_in_care(facts) is not None or add_working_days(since, figures.first_plan_working_days) <= ends


def _score_applies(facts: Facts, figures: Figures) -> bool:
    """A score is asked for at the ages of the return alone."""
    if facts.born is None or facts.sdq_on is None:
        return True
    return SDQ_FROM_AGE <= age_on(facts.born, add_months(facts.sdq_on, SDQ_MONTHS)) <= SDQ_TO_AGE


def _care_reviewed(facts: Facts) -> datetime.date | None:
    return facts.care_reviewed_on if facts.care_reviews and facts.came_into_care else None


def _officer_waits(facts: Facts) -> datetime.date | None:
    return None if facts.officer_has_plan or facts.came_into_care is None else facts.care_review_on


def _first_citation(figures: Figures) -> str:
    law = f"regulation 33(1), {REGULATIONS}"
    if figures.first_plan_working_days == FIRST_REVIEW_WORKING_DAYS:
        return f"Statutory guidance: the plan is there for the first review of the care plan, {law}"
    return f"{figures.source}; {FIRST_REVIEW_WORKING_DAYS} working days to the first review of the care plan by {law}"


def _age_citation(figures: Figures) -> str:
    return f"{figures.source}: plans from the age of {figures.plans_from_age}; from before school age on by the {GUIDANCE}"


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


@dataclass(frozen=True)
class Rule:
    """One deadline: from which day it counts (None: it does not apply, or is met), how far, in which words, and by which source.

    ``before`` counts back from the day, but not to one before the child came into care. ``until_18`` ends with the child's clock; the
    turn-round of a plan under way does not.
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
        lambda figures: f"{figures.source}; a first plan is begun without delay: {GUIDANCE}", (VIRTUAL_SCHOOL,),
    ),
    Rule(
        "review", "initial", _first_plan, lambda figures: figures.first_plan_working_days, WORKING_DAYS,
        lambda facts: "when the child came into care", _first_citation,
    ),
    Rule(
        "begin", "old_enough", _to_begin_when_old_enough, lambda figures: figures.begin_working_days, WORKING_DAYS,
        lambda facts: "when the child was old enough for a plan", _age_citation, (VIRTUAL_SCHOOL,),
    ),
    Rule(
        "review", "old_enough", _first_when_old_enough, lambda figures: figures.first_plan_working_days, WORKING_DAYS,
        lambda facts: "when the child was old enough for a plan", _age_citation,
    ),
    Rule(
        "review", "first_review", _first_review, lambda figures: figures.officer_days, DAYS,
        _first_review_words, _first_citation, before=True,
    ),
    Rule("review", "termly", reviewed_in_care, review_months, MONTHS, lambda facts: REVIEWS[facts.reviewed_how], _review_citation),
    Rule(
        "review", "after_move", after_move, lambda figures: figures.move_plan_working_days, WORKING_DAYS,
        lambda facts: "the child’s first day at the new school", _policy,
    ),
    Rule(
        "term", "termly", window_due, lambda figures: 0, ON_THE_DAY,
        lambda facts: f"The last day for plans of the {facts.window.name}" if facts.window else "",
        lambda figures: f"{figures.source}; a plan is reviewed each school term: {GUIDANCE}",
        applies=lambda facts, figures: figures.each_term and not (facts.window and facts.window.post16),
    ),
    Rule(
        "term", "post16", window_due, lambda figures: 0, ON_THE_DAY,
        lambda facts: f"The last day of the {facts.window.name}" if facts.window else "", _policy,
        applies=lambda facts, figures: bool(facts.window and facts.window.post16),
    ),
    Rule(
        "premium", "year_end", _year_end, lambda figures: 0, ON_THE_DAY,
        lambda facts: "The financial year ends, and pupil premium plus that no plan has asked for is lost",
        lambda figures: f"{figures.source}; conditions of grant: unspent pupil premium is recovered after 31 March",
        applies=_year_end_applies,
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
        (SOCIAL_WORKER,), applies=_score_applies,
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
