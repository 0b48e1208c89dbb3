"""The clock as the law and an authority's policy read: a fact, a policy, the date that follows, and the words that say why."""

import datetime
from dataclasses import dataclass, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pep.clock import (
    due_dates,
    earliest_of_each_kind,
    end_of_year_13,
    open_window,
    plan_due,
    stops_on,
)
from pep.facts import PLAN_KINDS, Facts, Figures, Window
from pep.timeliness import beside_plans_date, timeliness

date = datetime.date
DAY = datetime.timedelta(days=1)
CUSTOMARY = Figures(20, 6, 10, 10, "Customary")
OWN = Figures(15, 4, 5, 3, "Policy of Fenshire from 1 September 2025", begin_working_days=5, officer_days=7, complete_working_days=5)
# Decided on 28 November 2026: four months between reviews, where six were customary.
NEW = replace(OWN, source="Policy of Fenshire from 28 November 2026", starts=date(2026, 11, 28), before=CUSTOMARY)
# Decided on the same day the other way round: six months where four were asked for, and neither terms nor the financial year any more.
LOOSER = replace(
    CUSTOMARY, source="Policy of Fenshire from 28 November 2026", starts=date(2026, 11, 28), before=OWN, each_term=False,
    premium_deadline=False,
)  # fmt: skip
AUTUMN = Window("autumn term 2026", date(2026, 9, 2), date(2026, 12, 19), date(2026, 11, 27))
CAME = date(2026, 3, 3)


@dataclass(frozen=True)
class Line:
    """One line of the law: what is known, what was decided, which date follows, and how it is said."""

    says: str
    kind: str
    facts: Facts
    figures: Figures
    due_on: datetime.date | None
    words: str = ""
    citation: str = ""


LAW = [
    Line(
        "a first plan is begun within ten working days", "begin", Facts(CAME), CUSTOMARY, date(2026, 3, 17),
        "10 working days after 3 March 2026, when the child came into care", "statutory guidance 2018",
    ),
    Line("or as many as the authority has decided", "begin", Facts(CAME), OWN, date(2026, 3, 10), citation="Policy of Fenshire"),
    Line("a plan that has been begun needs no beginning", "begin", Facts(CAME, begun_on=date(2026, 3, 4)), CUSTOMARY, None),
    Line(
        "it is there for the first review of the care plan, Good Friday and Easter Monday not counted", "review",
        Facts(date(2026, 3, 16)), CUSTOMARY, date(2026, 4, 15),
        "20 working days after 16 March 2026, when the child came into care", "regulation 33(1)",
    ),
    Line(
        "or sooner, where that review is booked sooner: the officer has it three days before", "review",
        Facts(date(2026, 11, 20), first_care_review_on=date(2026, 12, 7), keeps_care_reviews=True), CUSTOMARY, date(2026, 12, 4),
        "3 days before 7 December 2026, for which the first review of the care plan is booked", "regulation 33(1)",
    ),
    Line(
        "that the review was held without it gives nobody more time", "review",
        Facts(date(2026, 11, 2), care_reviews=1, care_reviewed_on=date(2026, 11, 16), first_care_review_on=date(2026, 11, 16)), CUSTOMARY,
        date(2026, 11, 13), "3 days before 16 November 2026, the day of the first review of the care plan", "regulation 33(1)",
    ),
    Line(
        "where it is booked within days of coming, on the day the child came and not before", "review",
        Facts(date(2026, 11, 20), first_care_review_on=date(2026, 11, 22)), CUSTOMARY, date(2026, 11, 20),
        "20 November 2026, when the child came into care, as 3 days before 22 November 2026, for which the first review of the care plan is"
        " booked, would lie before it",
    ),
    Line(
        "nor has the officer it before", "officer", Facts(date(2026, 11, 20), care_review_on=date(2026, 11, 22)), CUSTOMARY,
        date(2026, 11, 20),
    ),
    Line(
        "a later review of the care plan asks for no first plan", "review",
        Facts(CAME, date(2026, 8, 31), care_reviews=1, care_review_on=date(2026, 9, 7)), CUSTOMARY, date(2027, 2, 28),
    ),
    Line("no plan is due for a child who is not in care", "review", Facts(), CUSTOMARY, None),
    Line(
        "who came into care as a baby has a first plan from the age at which there are plans", "review",
        Facts(CAME, old_enough_on=date(2028, 5, 4)), CUSTOMARY, date(2028, 6, 2),
        "20 working days after 4 May 2028, when the child was old enough for a plan", "plans from the age of 3",
    ),
    Line(
        "which is begun within ten working days of it", "begin", Facts(CAME, old_enough_on=date(2028, 5, 4)), CUSTOMARY, date(2028, 5, 18),
    ),
    Line(
        "and no sooner for a review of the care plan, which was not the first", "review",
        Facts(CAME, old_enough_on=date(2028, 5, 4), care_review_on=date(2028, 5, 9)), CUSTOMARY, date(2028, 6, 2),
    ),
    Line(
        "who was old enough by then is counted from coming into care", "review", Facts(CAME, old_enough_on=date(2026, 3, 2)), CUSTOMARY,
        date(2026, 3, 31), "20 working days after 3 March 2026, when the child came into care", "regulation 33(1)",
    ),
    Line(
        "a term that began before asks for nothing", "term", Facts(CAME, window=AUTUMN, old_enough_on=date(2026, 10, 1)), CUSTOMARY, None,
    ),
    Line(
        "it is reviewed at least every six months", "review", Facts(CAME, date(2026, 8, 31)), CUSTOMARY, date(2027, 2, 28),
        "6 months after 31 August 2026, when the last meeting was held", "regulation 33(2)",
    ),
    Line(
        "or sooner where the authority says so", "review", Facts(CAME, date(2026, 8, 31)), OWN, date(2026, 12, 31),
        "4 months after 31 August 2026, when the last meeting was held", "Policy of Fenshire",
    ),
    Line(
        "but not before it said so: what a new policy wants for days gone by is due when there has been time to invite", "review",
        Facts(CAME, date(2026, 6, 24)), NEW, date(2026, 12, 19),
        "21 days after 28 November 2026, when the policy began, as 4 months after 24 June 2026, when the last meeting was held, would lie"
        " before it", "Policy of Fenshire from 28 November 2026",
    ),
    Line(
        "and no later than by what held before", "review", Facts(CAME, date(2026, 6, 10)), NEW, date(2026, 12, 10),
        "6 months after 10 June 2026, when the last meeting was held", "regulation 33(2)",
    ),
    Line(
        "nor does a new policy forgive what was late before it", "review", Facts(CAME, date(2026, 5, 20)), NEW, date(2026, 11, 20),
        "6 months after 20 May 2026, when the last meeting was held",
    ),
    Line(
        "a day after its first is the new policy's", "review", Facts(CAME, date(2026, 7, 29)), NEW, date(2026, 11, 29),
        "4 months after 29 July 2026, when the last meeting was held",
    ),
    Line(
        "nor does a looser policy: what was missed before its first day stays missed", "review", Facts(CAME, date(2026, 6, 24)), LOOSER,
        date(2026, 10, 24), "4 months after 24 June 2026, when the last meeting was held", "Policy of Fenshire from 1 September 2025",
    ),
    Line("what was not due by then it counts", "review", Facts(CAME, date(2026, 7, 28)), LOOSER, date(2027, 1, 28)),
    Line(
        "a step that was late before a looser policy is still late", "signature", Facts(waiting_since=date(2026, 11, 2)), LOOSER,
        date(2026, 11, 5), "3 working days after 2 November 2026, when the plan was submitted for sign-off",
    ),
    Line(
        "also one that is counted back from a day to come", "officer", Facts(CAME, care_review_on=date(2026, 12, 1)), LOOSER,
        date(2026, 11, 24), "7 days before 1 December 2026, when the care plan is reviewed", "Policy of Fenshire from 1 September 2025",
    ),
    Line(
        "but not for a child who came into care after it began", "officer", Facts(date(2026, 11, 30), care_review_on=date(2026, 12, 4)),
        LOOSER, date(2026, 12, 1),
    ),
    Line(
        "a term's last day that was missed stays, though no plan is asked for in a term any more", "term",
        Facts(CAME, date(2026, 6, 1), window=AUTUMN), LOOSER, date(2026, 11, 27), "The last day for plans of the autumn term 2026",
    ),
    Line(
        "one that had not come is not asked for", "term",
        Facts(CAME, date(2026, 6, 1), window=replace(AUTUMN, due_on=date(2026, 11, 28))), LOOSER, None,
    ),
    Line(
        "so is the end of a financial year", "premium", Facts(date(2025, 3, 3), year_ends_on=date(2026, 3, 31)), LOOSER, date(2026, 3, 31),
    ),
    Line(
        "or not, where it was to come", "premium", Facts(date(2025, 3, 3), date(2026, 12, 1), year_ends_on=date(2027, 3, 31)), LOOSER, None,
    ),
    Line(
        "a longer policy does not lengthen the law", "review",
        Facts(CAME, date(2026, 8, 31)), replace(OWN, review_months=9), date(2027, 2, 28),
    ),
    Line(
        "a change of school asks for a new plan", "review", Facts(CAME, date(2026, 6, 1), moved_on=date(2026, 9, 7)), CUSTOMARY,
        date(2026, 9, 21), "10 working days after 7 September 2026, the child’s first day at the new school",
    ),
    Line(
        "each term has its last day for plans", "term", Facts(CAME, date(2026, 6, 1), window=AUTUMN), CUSTOMARY, date(2026, 11, 27),
        "The last day for plans of the autumn term 2026", "each school term",
    ),
    Line("which is met by a meeting in that term", "term", Facts(CAME, date(2026, 9, 30), window=AUTUMN), CUSTOMARY, None),
    Line(
        "and does not hold where the authority has decided otherwise", "term",
        Facts(CAME, window=AUTUMN), replace(OWN, each_term=False), None,
    ),
    Line(
        "nor where it had decided otherwise until that day was over", "term", Facts(CAME, window=AUTUMN),
        replace(NEW, before=replace(CUSTOMARY, each_term=False)), None,
    ),
    Line("nor for a child who came into care in that term", "term", Facts(date(2026, 10, 5), window=AUTUMN), CUSTOMARY, None),
    Line(
        "after Year 11 the post-16 windows hold instead", "term",
        Facts(CAME, window=Window("first post-16 window 2026", date(2026, 10, 25), date(2027, 2, 16), date(2027, 2, 15), post16=True)),
        replace(CUSTOMARY, each_term=False), date(2027, 2, 15), "The last day of the first post-16 window 2026",
    ),
    Line(
        "the spring plan is made before the pupil premium ends", "premium", Facts(CAME, date(2026, 12, 1), year_ends_on=date(2027, 3, 31)),
        CUSTOMARY, date(2027, 3, 31), "The financial year ends, and pupil premium plus that no plan has asked for is lost", "31 March",
    ),
    Line(
        "unless care began so late that the first plan has longer", "premium", Facts(date(2027, 3, 2), year_ends_on=date(2027, 3, 31)),
        CUSTOMARY, None,
    ),
    Line(
        "and not where that is due on the very day", "premium", Facts(date(2027, 3, 1), year_ends_on=date(2027, 3, 31)), CUSTOMARY,
        date(2027, 3, 31),
    ),
    Line(
        "nor where the first plan has less time by policy", "premium", Facts(date(2027, 3, 5), year_ends_on=date(2027, 3, 31)), OWN,
        date(2027, 3, 31),
    ),
    Line("a review since January is one", "premium", Facts(CAME, date(2027, 1, 5), year_ends_on=date(2027, 3, 31)), CUSTOMARY, None),
    Line(
        "the care plan is first reviewed within twenty working days", "care_review", Facts(date(2026, 12, 14), keeps_care_reviews=True),
        CUSTOMARY, date(2027, 1, 14), "20 working days after 14 December 2026, when the child came into care", "Regulation 33(1)",
    ),
    Line("where the authority keeps such reviews here", "care_review", Facts(date(2026, 12, 14)), CUSTOMARY, None),
    Line(
        "then within three months", "care_review", Facts(CAME, care_reviews=1, care_reviewed_on=date(2026, 3, 30)), CUSTOMARY,
        date(2026, 6, 30), "3 months after 30 March 2026, when the first care plan review was held", "Regulation 33(2)",
    ),
    Line(
        "then within six, and the day that is booked is said", "care_review",
        Facts(CAME, care_reviews=2, care_reviewed_on=date(2026, 6, 29), care_review_on=date(2026, 12, 10)), CUSTOMARY, date(2026, 12, 29),
        "6 months after 29 June 2026, when the last care plan review was held. It is booked for 10 December 2026",
    ),
    Line(
        "the reviewing officer has the plan three days before", "officer", Facts(CAME, care_review_on=date(2026, 12, 10)), CUSTOMARY,
        date(2026, 12, 7), "3 days before 10 December 2026, when the care plan is reviewed",
    ),
    Line(
        "or a week, by policy", "officer",
        Facts(CAME, care_review_on=date(2026, 12, 10)), OWN, date(2026, 12, 3), citation="Policy of Fenshire",
    ),
    Line(
        "a plan complete since the last review is there", "officer",
        Facts(CAME, care_review_on=date(2026, 12, 10), officer_has_plan=True), OWN, None,
    ),
    Line(
        "a strengths and difficulties score is made each year", "sdq", Facts(CAME, sdq_on=date(2024, 2, 29)), CUSTOMARY, date(2025, 2, 28),
        "12 months after 29 February 2024, the date of the last score", "SSDA903",
    ),
    Line(
        "from the fourth birthday on", "sdq", Facts(CAME, born=date(2022, 5, 5), sdq_on=date(2025, 5, 5)), CUSTOMARY, date(2026, 5, 5),
    ),
    Line("and not before", "sdq", Facts(CAME, born=date(2022, 5, 5), sdq_on=date(2025, 5, 4)), CUSTOMARY, None),
    Line(
        "as long as the child is sixteen", "sdq", Facts(CAME, born=date(2010, 5, 5), sdq_on=date(2026, 5, 4)), CUSTOMARY,
        date(2027, 5, 4),
    ),
    Line("and not at seventeen", "sdq", Facts(CAME, born=date(2010, 5, 5), sdq_on=date(2026, 5, 5)), CUSTOMARY, None),
    Line(
        "an EHC plan is reviewed on the day it gives", "ehcp", Facts(CAME, ehcp_review_on=date(2026, 11, 5)), CUSTOMARY, date(2026, 11, 5),
        "The date that the plan gives for the yearly review", "section 44",
    ),
    Line(
        "invitations are out three weeks before", "invite", Facts(meet_by=date(2026, 11, 27)), CUSTOMARY, date(2026, 11, 6),
        "21 days before 27 November 2026, the day by which to meet: book the meeting, so that invitations go out in time",
    ),
    Line(
        "the plan is submitted within ten working days of the meeting", "complete", Facts(met_on=date(2026, 12, 21)), CUSTOMARY,
        date(2027, 1, 7), "10 working days after 21 December 2026, when the meeting was held",
    ),
    Line(
        "or five", "complete",
        Facts(met_on=date(2026, 12, 1)), OWN, date(2026, 12, 8), "5 working days after 1 December 2026, when the meeting was held",
    ),
    Line(
        "the social worker signs within ten working days", "signature", Facts(waiting_since=date(2026, 11, 2)), CUSTOMARY,
        date(2026, 11, 16), "10 working days after 2 November 2026, when the plan was submitted for sign-off",
    ),
    Line(
        "the virtual school checks within ten working days", "check", Facts(check_since=date(2026, 11, 16)), CUSTOMARY, date(2026, 11, 30),
        "10 working days after 16 November 2026, when the plan came to the quality check",
    ),
    Line(
        "at eighteen the law's clock stops", "review", Facts(CAME, date(2026, 6, 15), born=date(2008, 11, 30)), CUSTOMARY, None,
    ),
    Line(
        "unless the authority's plans go on to the end of Year 13", "review", Facts(CAME, date(2026, 6, 15), born=date(2008, 11, 30)),
        replace(CUSTOMARY, to_year_13=True), date(2026, 12, 15),
    ),
    Line(
        "what is under way at eighteen is still signed", "signature",
        Facts(waiting_since=date(2026, 11, 2), born=date(2008, 11, 3)), CUSTOMARY, date(2026, 11, 16),
    ),
]  # fmt: skip


@pytest.mark.parametrize("line", LAW, ids=lambda line: line.says)
def test_the_clock_reads_like_the_law(line: Line) -> None:
    due = next((one for one in due_dates(line.facts, line.figures) if one.kind == line.kind), None)
    assert (due.due_on if due else None) == line.due_on
    if due:
        assert line.words in (due.words, "")
        assert line.citation in due.citation
        assert due.owners


def test_every_kind_of_date_stands_in_the_table_with_a_day_and_its_words() -> None:
    shown = {line.kind for line in LAW if line.due_on and line.words}
    assert shown == {due.kind for line in LAW for due in due_dates(line.facts, line.figures)}


def test_a_plan_is_due_on_the_earliest_of_review_term_and_year_end() -> None:
    facts = Facts(CAME, date(2026, 7, 1), window=AUTUMN, year_ends_on=date(2027, 3, 31))
    due = plan_due(facts, CUSTOMARY)
    assert due is not None and (due.kind, due.due_on) == ("term", date(2026, 11, 27))
    assert [one.kind for one in earliest_of_each_kind(facts, CUSTOMARY) if one.kind in PLAN_KINDS] == ["term", "review", "premium"]


@pytest.mark.parametrize(
    ("came", "reviewed", "on", "expected"),
    [
        (date(2026, 3, 3), None, date(2026, 9, 10), "autumn"),
        (date(2026, 3, 3), date(2026, 9, 4), date(2026, 9, 10), "spring"),
        (date(2026, 10, 1), None, date(2026, 10, 10), "spring"),  # came into care in the autumn term
        (date(2026, 3, 3), None, date(2026, 12, 19), "spring"),  # the autumn term is over
        (date(2026, 3, 3), date(2027, 1, 5), date(2027, 1, 6), None),
    ],
)
def test_the_first_term_that_still_needs_a_plan_counts(
    came: datetime.date, reviewed: datetime.date | None, on: datetime.date, expected: str | None
) -> None:
    spring = Window("spring term 2027", date(2027, 1, 4), date(2027, 3, 26), date(2027, 3, 19))
    found = open_window([spring, AUTUMN], on, came=came, reviewed=reviewed)
    assert (found.name.split()[0] if found else None) == expected


@given(born=st.dates(date(2000, 1, 1), date(2020, 12, 31)), to_year_13=st.booleans())
@settings(deadline=None)
def test_nothing_is_due_from_the_day_the_clock_stops(born: datetime.date, to_year_13: bool) -> None:
    figures = replace(CUSTOMARY, to_year_13=to_year_13)
    stops = stops_on(Facts(born=born), figures)
    assert stops is not None
    # The slow reference: turn the pages until the birthday has come round eighteen times, or somebody of that age leaves Year 13.
    day, birthdays = born, 0
    while birthdays < 18:
        day += DAY
        birthdays += (day.month, day.day) == (born.month, min(born.day, 28) if born.month == 2 else born.day)
    if to_year_13 and day < end_of_year_13(born):
        day = end_of_year_13(born)
    assert stops == day
    for reviewed in (stops - 200 * DAY, stops - 100 * DAY):
        for due in due_dates(Facts(stops - 900 * DAY, reviewed, born=born), figures):
            assert due.due_on < stops


@pytest.mark.parametrize(("born", "ends"), [(date(2008, 8, 31), date(2026, 9, 1)), (date(2008, 9, 1), date(2027, 9, 1))])
def test_year_13_ends_a_year_later_for_who_was_born_in_september(born: datetime.date, ends: datetime.date) -> None:
    assert end_of_year_13(born) == ends


SPANS = [("school", date(2026, 11, 2), date(2026, 12, 1)), ("social_worker", date(2026, 12, 1), date(2026, 12, 4)),
         ("virtual_school", date(2026, 12, 4), date(2026, 12, 7))]  # fmt: skip


@pytest.mark.parametrize(
    ("due_on", "done_on", "code", "words"),
    [
        (date(2026, 12, 14), date(2026, 12, 7), "early", "5 working days early"),
        (date(2026, 12, 7), date(2026, 12, 7), "on_time", "on time"),
        (
            date(2026, 11, 27), date(2026, 12, 7), "late",
                "late by 6 working days: 3 working days with the social worker, 2 working days with the school,"
                " 1 working day with the virtual school",
        ),
        (date(2026, 12, 4), date(2026, 12, 7), "late", "late by 1 working day: 1 working day with the virtual school"),
        (date(2026, 12, 5), date(2026, 12, 6), "late", "late, with no working day between"),
        (date(2026, 12, 9), None, "open", "due in 2 working days"),
        (date(2026, 12, 7), None, "open", "due today"),
    ],
)  # fmt: skip
def test_how_a_plan_stood_to_its_date_and_whose_delay_it_was(
    due_on: datetime.date, done_on: datetime.date | None, code: str, words: str
) -> None:
    found = timeliness(due_on, SPANS, done_on=done_on, on=date(2026, 12, 7))
    assert (found.code, found.words) == (code, words)


@pytest.mark.parametrize(
    ("turn", "words"),
    [
        # Ten working days for signing, from 1 December: all that the social worker took lies within them.
        (
            (date(2026, 12, 1), date(2026, 12, 15)),
            "late by 6 working days: 4 working days within the time that the policy allows, 2 working days with the school",
        ),
        # Two working days for signing: the third is the social worker's delay.
        (
            (date(2026, 12, 1), date(2026, 12, 3)),
            "late by 6 working days: 2 working days within the time that the policy allows, 2 working days with the school,"
            " 1 working day with the social worker, 1 working day with the virtual school",
        ),
        # What ended before the plan was due takes nothing off.
        (
            (date(2026, 11, 2), date(2026, 11, 27)),
            "late by 6 working days: 3 working days with the social worker, 2 working days with the school,"
            " 1 working day with the virtual school",
        ),
    ],
)  # fmt: skip
def test_the_time_that_the_policy_gives_for_a_step_is_nobodys_delay(turn: tuple[datetime.date, datetime.date], words: str) -> None:
    assert timeliness(date(2026, 11, 27), SPANS, [turn], done_on=date(2026, 12, 7), on=date(2026, 12, 7)).words == words


@pytest.mark.parametrize(
    ("last_day", "plan_due", "words"),
    [
        (date(2026, 12, 9), date(2026, 12, 9), ""),
        (date(2026, 12, 4), date(2026, 12, 9), ""),
        (date(2026, 12, 11), date(2026, 12, 9), "The plan is due before that, on 9 December 2026: it is on time if it is complete by then"),
        (
            date(2026, 12, 11), date(2026, 12, 4),
            "The plan was due before that, on 4 December 2026, and is late. The working days until 11 December 2026 are within the time"
            " that the policy allows for this step and count as nobody’s delay",
        ),
    ],
)  # fmt: skip
def test_a_last_day_after_the_plans_own_says_which_of_the_two_keeps_the_plan_on_time(
    last_day: datetime.date, plan_due: datetime.date, words: str
) -> None:
    assert beside_plans_date(last_day, plan_due, date(2026, 12, 7)) == words
