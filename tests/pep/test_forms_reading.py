"""What is missing, what is shown to whom, what goes on to next term, and what changed."""

from decimal import Decimal
from typing import Any

import pytest

from pep.forms.answers import display, fits, in_words
from pep.forms.declaration import Audience, Kind, Option, Owner, Question, Section, Share, Stage, Sum, When
from pep.forms.reading import (
    carried_forward,
    differences,
    merge_unreadable,
    missing,
    only_readable,
    percentage,
    progress,
    readable_keys,
    shown,
)
from pep.forms.registry import get_form

SECONDARY = get_form("secondary", "2026.1")
COUNCIL, SCHOOL = Audience.COUNCIL, Audience.SCHOOL

VISITS = Section(
    "visits",
    "Visits",
    Owner.SCHOOL,
    Stage.BEFORE,
    questions=(
        Question("any", "Were there visits?", Kind.YES_NO),
        Question(
            "list", "Visits", Kind.ROWS, row_name="Visit", minimum_rows=2, applies=When("any", (True,)), carry_forward=True,
            columns=(
                Question("place", "Place", Kind.LINE, carry_forward=True),
                Question("on", "Date", Kind.DATE),
                Question("cost", "Cost", Kind.NUMBER, minimum=0, maximum=5000, unit="£", required=False),
            ),
        ),
        Question("mood", "Mood", Kind.CHOICES, options=(Option("glad", "Glad"), Option("sad", "Sad")), required=False, carry_forward=True),
        Question("why_sad", "Why sad?", Kind.TEXT, applies=When("mood", ("sad",)), max_length=20, carry_forward=True),
        Question("secret", "Secret", Kind.TEXT, audience=COUNCIL),
        Question("all", "All days", Kind.NUMBER, minimum=0, maximum=10, required=False),
        Question("some", "Some days", Kind.NUMBER, minimum=0, maximum=10, required=False),
        Question("rest", "Other days", Kind.NUMBER, minimum=0, maximum=10, required=False, audience=COUNCIL),
    ),
    sums=(Sum("all", ("some", "rest")),),
    shares=(Share("share", "Share of days", "some", "all"), Share("hidden", "Share of others", "rest", "all")),
)  # fmt: skip


def labels(answers: dict[str, Any]) -> list[str]:
    return [item.label for item in missing(VISITS, answers)]


def test_what_must_be_answered_and_is_not_is_missing() -> None:
    assert labels({}) == ["Were there visits?", "Secret"]
    assert [item.audience for item in missing(VISITS, {})] == [SCHOOL, COUNCIL]


def test_no_is_an_answer_and_what_hangs_on_it_is_not_asked() -> None:
    assert labels({"any": False, "secret": "x"}) == []
    assert labels({"any": False, "secret": "x", "list": [{"cost": 3}]}) == []


def test_too_few_rows_and_gaps_in_begun_rows_are_missing() -> None:
    answers = {"any": True, "secret": "x", "list": [{"place": "Fen", "on": "2026-03-03"}]}
    assert labels(answers) == ["Visits: give 2 at least"]
    answers["list"] = [{"place": "Fen", "on": "2026-03-03"}, {"cost": 0}]
    assert labels(answers) == ["Visits: Place (Visit 2)", "Visits: Date (Visit 2)"]
    gap = missing(VISITS, answers)[0]
    assert (gap.section_key, gap.question_key, gap.row, gap.column, gap.anchor) == ("visits", "list", 1, "place", "list-1")


def test_a_condition_on_one_of_several_ticked_answers_holds() -> None:
    assert "Why sad?" in labels({"any": False, "secret": "x", "mood": ["glad", "sad"]})
    assert "Why sad?" not in labels({"any": False, "secret": "x", "mood": ["glad"]})


def test_what_hangs_on_a_question_that_does_not_apply_does_not_apply() -> None:
    chain = Section("s", "S", Owner.SCHOOL, Stage.BEFORE, questions=(
        Question("a", "A", Kind.YES_NO),
        Question("b", "B", Kind.YES_NO, applies=When("a", (True,))),
        Question("c", "C", Kind.LINE, applies=When("b", (True,))),
    ))  # fmt: skip
    assert [item.question_key for item in missing(chain, {"a": False, "b": True})] == []
    assert [item.question_key for item in missing(chain, {"a": True, "b": True})] == ["c"]


def test_numbers_that_do_not_add_up_are_told_with_both_numbers() -> None:
    answers = {"any": False, "secret": "x", "all": 10, "some": 4, "rest": 5}
    assert labels(answers) == ["All days 10 should be the sum of Some days 4, Other days 5, which is 9"]
    assert labels({**answers, "rest": 6}) == []
    assert labels({"any": False, "secret": "x", "all": 10, "some": 4}) == []


def test_progress_counts_the_questions_that_apply_and_must_be_answered() -> None:
    other = Section("other", "Other", Owner.SCHOOL, Stage.BEFORE, questions=(Question("q", "Q", Kind.LINE),))
    assert progress([VISITS, other], {}) == (0, 3)
    assert progress([VISITS, other], {"visits": {"any": False}, "other": {"q": "x"}}) == (2, 3)
    assert progress([VISITS], {"visits": {"any": True, "secret": "x", "list": [{"place": "Fen"}]}}) == (2, 3)
    assert progress([SECONDARY.section("targets")], {}) == (0, 0)


def test_answers_are_shown_in_words() -> None:
    answers = {
        "any": True,
        "list": [{"place": "Fen", "on": "2026-03-03", "cost": 1200}, {"place": "Sea"}],
        "mood": ["glad", "sad"],
        "why_sad": "Rain.\n\n Mud.",
    }
    blocks = {block.key: block for block in shown(VISITS, answers, COUNCIL)}
    assert blocks["any"].display == {"type": "text", "paragraphs": ["Yes"]}
    assert blocks["list"].display == {
        "type": "table",
        "columns": ["Place", "Date", "Cost"],
        "rows": [["Fen", "3 March 2026", "£1,200"], ["Sea", "", ""]],
    }
    assert blocks["mood"].display == {"type": "list", "items": ["Glad", "Sad"]}
    assert blocks["why_sad"].display == {"type": "text", "paragraphs": ["Rain.", "Mud."]}
    assert blocks["secret"].display == {"type": "none", "text": "Not answered"}
    assert blocks["list"].as_json() == {
        "key": "list", "label": "Visits", "audience": "school", "value": answers["list"], "display": blocks["list"].display,
    }  # fmt: skip


def test_what_does_not_apply_is_not_shown() -> None:
    keys = [block.key for block in shown(VISITS, {"any": False, "list": [{"place": "Fen"}], "why_sad": "Rain"}, COUNCIL)]
    assert "list" not in keys
    assert "why_sad" not in keys


def test_the_school_is_never_shown_what_is_for_the_council_nor_a_figure_made_from_it() -> None:
    answers = {"any": False, "secret": "CANARY", "all": 10, "some": 4, "rest": 6}
    assert "CANARY" not in str(shown(VISITS, answers, SCHOOL))
    assert [block.key for block in shown(VISITS, answers, SCHOOL)][-1] == "share"
    hidden = shown(VISITS, answers, COUNCIL)[-1]
    assert (hidden.key, hidden.value, hidden.audience) == ("hidden", "60.0", COUNCIL)
    assert hidden.display == {"type": "text", "paragraphs": ["60.0%"]}


def test_attendance_follows_from_the_sessions() -> None:
    section = SECONDARY.section("attendance")
    answers = {"possible": 180, "present": 169, "authorised": 8, "unauthorised": 3}
    blocks = {block.key: block.display for block in shown(section, answers, SCHOOL)}
    assert blocks["attendance_percent"] == {"type": "text", "paragraphs": ["93.9%"]}
    assert blocks["unauthorised_percent"] == {"type": "text", "paragraphs": ["1.7%"]}
    assert percentage(section.shares[0], {"possible": 0, "present": 0}) is None
    assert percentage(section.shares[0], {"possible": 8, "present": 0}) == Decimal("0.0")


def test_stable_facts_go_on_to_the_next_plan_and_what_must_be_asked_again_does_not() -> None:
    old = {
        "any": True,
        "list": [{"place": "Fen", "on": "2026-03-03", "gone": "x"}, {"on": "2026-03-04"}],
        "mood": ["glad"],
        "why_sad": "x" * 21,
        "secret": "y",
    }
    assert carried_forward(VISITS, old) == {"list": [{"place": "Fen"}], "mood": ["glad"]}


def test_rows_without_marked_columns_are_carried_whole() -> None:
    section = SECONDARY.section("history")
    schools = [{"name": "Hill School", "kind": "primary", "starts": "2020-09-01"}]
    assert carried_forward(section, {"schools": schools, "records_missing": "x"}) == {"schools": schools}


def test_only_facts_that_fit_go_from_the_primary_to_the_secondary_form() -> None:
    old = {"phonics": "WA", "entry_level": "Year 3", "tests": "not a list"}
    assert carried_forward(SECONDARY.section("starting_points"), old) == {"entry_level": "Year 3"}
    assert carried_forward(SECONDARY.section("about_me"), {"lives_with": "tent", "lives_since": "yesterday"}) == {}


def test_a_save_by_someone_who_cannot_see_an_answer_leaves_it_alone() -> None:
    old = {"any": True, "secret": "kept", "rest": 3, "some": 4}
    assert merge_unreadable(VISITS, {"any": False, "secret": "CANARY"}, old, SCHOOL) == {"any": False, "secret": "kept", "rest": 3}
    assert merge_unreadable(VISITS, {"any": False}, old, COUNCIL) == {"any": False}


def test_who_may_read_what() -> None:
    assert readable_keys(VISITS, SCHOOL) == {"any", "list", "mood", "why_sad", "all", "some"}
    assert readable_keys(VISITS, COUNCIL) == {question.key for question in VISITS.questions}
    assert only_readable(VISITS, {"any": True, "secret": "x", "undeclared": "y"}, SCHOOL) == {"any": True}


def test_what_changed_is_told_in_words_to_those_who_may_read_it() -> None:
    old = {"any": False, "secret": "CANARY before", "list": [{"place": "Fen", "on": "2026-03-03"}]}
    new = {"any": True, "secret": "CANARY after", "list": [{"place": "Fen", "on": "2026-03-04"}], "mood": ["glad"]}
    changes = differences(VISITS, old, new, SCHOOL)
    assert changes == [
        ("Were there visits?", "No", "Yes"),
        ("Visits", "Visit 1. Place: Fen; Date: 3 March 2026", "Visit 1. Place: Fen; Date: 4 March 2026"),
        ("Mood", "Not answered", "Glad"),
    ]
    assert ("Secret", "CANARY before", "CANARY after") in differences(VISITS, old, new, COUNCIL)
    assert differences(VISITS, new, new, COUNCIL) == []


@pytest.mark.parametrize(
    ("question", "value", "good"),
    [
        (Question("q", "Q", Kind.LINE), "x" * 200, True),
        (Question("q", "Q", Kind.LINE), "x" * 201, False),
        (Question("q", "Q", Kind.LINE, max_length=50), "x" * 51, False),
        (Question("q", "Q", Kind.TEXT), "", False),
        (Question("q", "Q", Kind.TEXT), 7, False),
        (Question("q", "Q", Kind.YES_NO), False, True),
        (Question("q", "Q", Kind.YES_NO), "yes", False),
        (Question("q", "Q", Kind.NUMBER, minimum=0, maximum=9), 0, True),
        (Question("q", "Q", Kind.NUMBER, minimum=0, maximum=9), True, False),
        (Question("q", "Q", Kind.NUMBER, minimum=0, maximum=9), 10, False),
        (Question("q", "Q", Kind.PERCENT), "100.0", True),
        (Question("q", "Q", Kind.PERCENT), "100.1", False),
        (Question("q", "Q", Kind.PERCENT), "9.55", False),
        (Question("q", "Q", Kind.DATE), "2026-02-28", True),
        (Question("q", "Q", Kind.DATE), "2026-02-30", False),
        (Question("q", "Q", Kind.DATE), "20260228", False),
        (Question("q", "Q", Kind.CHOICE, options=(Option("a", "A"),)), "a", True),
        (Question("q", "Q", Kind.CHOICE, options=(Option("a", "A"),)), "b", False),
        (Question("q", "Q", Kind.CHOICE, options=(Option("a", "A"),)), ["a"], False),
        (Question("q", "Q", Kind.CHOICES, options=(Option("a", "A"),)), ["a"], True),
        (Question("q", "Q", Kind.CHOICES, options=(Option("a", "A"),)), ["a", "a"], False),
        (Question("q", "Q", Kind.CHOICES, options=(Option("a", "A"),)), [["a"]], False),
    ],
)
def test_whether_a_value_fits_its_question(question: Question, value: Any, good: bool) -> None:
    assert fits(question, value) is good


def test_numbers_are_shown_with_what_they_count() -> None:
    hours = Question("q", "Q", Kind.NUMBER, minimum=0, maximum=40, unit="hours")
    assert in_words(hours, 12) == "12 hours"
    assert in_words(hours, 0) == "0 hours"
    assert in_words(Question("q", "Q", Kind.PERCENT, unit="%"), "94.5") == "94.5%"
    assert display(Question("q", "Q", Kind.NUMBER, minimum=0, maximum=2000), 1500) == {"type": "text", "paragraphs": ["1,500"]}
