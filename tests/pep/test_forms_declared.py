"""Every declared form is sound, complete in law, and not longer than a busy teacher can bear."""

import dataclasses
import datetime
import re

import pytest

from pep.forms.declaration import Audience, Body, FormVersion, Kind, Option, Owner, Question, Section, Stage, StatutoryHead, When
from pep.forms.registry import FORMS, form_for, get_form
from pep.forms.soundness import faults, statutory_gaps

TODAY = datetime.date(2026, 11, 24)
SECONDARY = get_form("secondary", "2026.1")
every_form = pytest.mark.parametrize("form", FORMS, ids=lambda form: f"{form.key} {form.version}")


def with_questions(*questions: Question, **changes: object) -> FormVersion:
    """The secondary form with one made-up section in place of all others."""
    section = Section("made_up", "Made up", Owner.SCHOOL, Stage.BEFORE, questions=questions, **changes)  # type: ignore[arg-type]
    return dataclasses.replace(SECONDARY, sections=(section,))


def rows_of(*columns: Question) -> Question:
    return Question("a", "Label", Kind.ROWS, row_name="Row", columns=columns)


@every_form
def test_every_form_is_sound(form: FormVersion) -> None:
    assert faults(form) == []


@every_form
def test_no_plan_can_be_submitted_with_one_of_the_five_statutory_heads_empty(form: FormVersion) -> None:
    assert statutory_gaps(form) == set()


def test_a_head_covered_only_by_optional_or_conditional_questions_is_a_gap() -> None:
    form = with_questions(
        Question("asked", "Asked?", Kind.YES_NO, heads=(StatutoryHead.HISTORY,)),
        Question("optional", "Optional", Kind.TEXT, required=False, heads=(StatutoryHead.LEISURE,)),
        Question("conditional", "Conditional", Kind.TEXT, applies=When("asked", (True,)), heads=(StatutoryHead.CHANGES,)),
    )
    assert statutory_gaps(form) == {StatutoryHead.ARRANGEMENTS, StatutoryHead.CHANGES, StatutoryHead.LEISURE, StatutoryHead.CARER_ROLE}


@pytest.mark.parametrize(
    ("question", "fault"),
    [
        (Question("Bad Key", "Label", Kind.LINE), "plain word"),
        (Question("a", "50% of what?", Kind.LINE), "has a %"),
        (Question("a", "Label", Kind.CHOICE), "options belong to a choice"),
        (Question("a", "Label", Kind.LINE, options=(Option("x", "X"),)), "options belong to a choice"),
        (Question("a", "Label", Kind.CHOICE, options=(Option("x", "X"), Option("x", "Y"))), "two options"),
        (Question("a", "Label", Kind.NUMBER, minimum=1), "minimum and a maximum"),
        (Question("a", "Label", Kind.ROWS, row_name="Row"), "columns and a row name"),
        (Question("a", "Label", Kind.LINE, minimum_rows=1), "only required rows"),
        (rows_of(Question("b", "B", Kind.ROWS)), "cannot be of kind rows"),
        (rows_of(Question("b", "B", Kind.LINE, audience=Audience.COUNCIL)), "whole question"),
        (rows_of(Question("b", "B", Kind.LINE, carry_forward=True)), "its question is not"),
        (rows_of(Question("b", "B", Kind.LINE), Question("b", "B", Kind.LINE)), "two columns"),
        (Question("a", "Label", Kind.LINE, applies=When("nowhere", (True,))), "does not stand before it"),
    ],
)  # fmt: skip
def test_a_slip_in_a_declaration_is_found(question: Question, fault: str) -> None:
    assert any(fault in found for found in faults(with_questions(question)))


@pytest.mark.parametrize(
    ("first", "condition", "fault"),
    [
        (Question("first", "First", Kind.LINE), When("first", ("x",)), "neither yes or no nor a choice"),
        (Question("first", "First", Kind.YES_NO), When("first", ("yes",)), "does not have"),
        (Question("first", "First", Kind.YES_NO, audience=Audience.COUNCIL), When("first", (True,)), "not the question it hangs on"),
    ],
)
def test_a_condition_that_cannot_hold_or_would_tell_a_secret_is_found(first: Question, condition: When, fault: str) -> None:
    assert any(fault in found for found in faults(with_questions(first, Question("second", "Second", Kind.TEXT, applies=condition))))


def test_slips_of_a_whole_section_are_found() -> None:
    one = Question("one", "One", Kind.LINE)
    assert "made_up: question one is declared more than once" in faults(with_questions(one, one))
    assert any("questions belong to a section of questions" in found for found in faults(with_questions(one, body=Body.TARGETS)))
    twice = dataclasses.replace(SECONDARY, sections=(*SECONDARY.sections, SECONDARY.section("attendance")))
    assert faults(twice) == ["section attendance is declared 2 times"]


@every_form
def test_a_form_has_all_that_a_plan_is_made_of(form: FormVersion) -> None:
    owners = {section.key: section.owner for section in form.sections}
    social_workers = "about_me care_record contacts permissions health wellbeing home_support carer_views parent_views agencies"
    schools = "history arrangements changes attendance suspensions starting_points attainment special_needs strengths leisure next_steps"
    schools += " child_views premium last_targets targets actions"
    assert {key for key, owner in owners.items() if owner is Owner.SOCIAL_WORKER} >= set(social_workers.split())
    assert {key for key, owner in owners.items() if owner is Owner.SCHOOL} >= set(schools.split())
    bodies = [section.body for section in form.sections if section.body is not Body.QUESTIONS]
    assert bodies == [Body.LAST_TARGETS, Body.TARGETS, Body.ACTIONS, Body.MEETING, Body.SIGN_OFF]


@every_form
def test_care_history_law_family_and_address_are_for_the_council_alone(form: FormVersion) -> None:
    assert {question.audience for question in form.section("care_record").questions} == {Audience.COUNCIL}
    private = {question.key for section in form.sections for question in section.questions if question.audience is Audience.COUNCIL}
    assert private >= {"placement_address", "legal_position", "birth_family", "care_history", "health_private", "parent_name", "sw_private"}


@every_form
def test_each_set_of_views_records_who_wrote_them(form: FormVersion) -> None:
    for key, origin in (("child_views", "child_origin"), ("carer_views", "carer_origin"), ("parent_views", "parent_origin")):
        question = form.section(key).question(origin)
        assert question.required
        assert {"own", "written", "none"} <= {option.value for option in question.options}


@every_form
def test_views_and_attendance_are_never_carried_forward(form: FormVersion) -> None:
    """C8."""
    fresh = ("child_views", "feelings", "carer_views", "parent_views", "social_worker_views", "attendance", "suspensions")
    assert [question.key for key in fresh for question in form.section(key).questions if question.carry_forward] == []


@every_form
def test_a_section_asks_three_to_nine_questions(form: FormVersion) -> None:
    counts = {section.key: len(section.questions) for section in form.sections if section.body is Body.QUESTIONS}
    assert {key: count for key, count in counts.items() if not 3 <= count <= 9} == {}


@every_form
def test_a_routine_termly_plan_needs_at_most_sixty_new_answers(form: FormVersion) -> None:
    """Nothing changed at home or school, no suspension, views of child and carer given, six subjects, two items of pupil premium."""
    usual = {
        "home_change": False, "change": False, "suspended": False, "part_time": False, "child_origin": "own", "carer_origin": "written",
        "parent_origin": "none", "next_step": "none", "premium_used": True, "key_stage": "ks3",
        "doing": "sixth_form", "check_at_two": "due",
    }  # fmt: skip
    answers = 0
    for section in form.sections:
        for question in section.questions:
            needed = question.required and (question.applies is None or usual.get(question.applies.question) in question.applies.values)
            if needed and question.kind is Kind.ROWS:
                wanted = sum(column.required and not (question.carry_forward and column.carry_forward) for column in question.columns)
                fresh_columns = any(column.carry_forward for column in question.columns) or not question.carry_forward
                answers += wanted * (6 if question.key.endswith("subjects") else 2) * fresh_columns
            elif needed:
                answers += not question.carry_forward
    assert 20 < answers <= 60


def test_no_question_speaks_in_the_shorthand_of_the_trade() -> None:
    words = [
        text
        for form in FORMS
        for section in form.sections
        for text in (section.title, section.intro, *(part for question in section.questions for part in (question.label, question.hint)))
    ]
    shorthand = re.compile(r"\b(PEP|LAC|CLA|CiC|DT|SW|VSH|IRO|PP\+|SMART|DTs|YP|placement)\b")
    assert [text for text in words if shorthand.search(text)] == []


@pytest.mark.parametrize(
    ("year_group", "key"),
    [
        *((year, "early_years") for year in (-5, -1, 0)),
        *((year, "primary") for year in (1, 6)),
        *((year, "secondary") for year in (7, 11)),
        *((year, "post_16") for year in (12, 13, 14)),
    ],
)
def test_each_year_group_has_its_form_and_a_year_without_one_the_nearest(year_group: int, key: str) -> None:
    assert form_for(year_group, TODAY).key == key


def test_a_plan_begins_with_the_newest_version_that_has_started(monkeypatch: pytest.MonkeyPatch) -> None:
    later = dataclasses.replace(SECONDARY, version="2027.1", starts=datetime.date(2027, 9, 1))
    monkeypatch.setattr("pep.forms.registry.FORMS", (later, *FORMS))
    assert form_for(9, datetime.date(2027, 8, 31)).version == "2026.1"
    assert form_for(9, datetime.date(2027, 9, 1)).version == "2027.1"
    assert form_for(9, datetime.date(2020, 1, 1)).version == "2026.1"
    assert get_form("secondary", "2027.1") is later


def test_an_unknown_form_is_an_error() -> None:
    with pytest.raises(KeyError):
        get_form("secondary", "1999.1")
    with pytest.raises(KeyError):
        SECONDARY.section("no_such_section")
    with pytest.raises(KeyError):
        SECONDARY.section("attendance").question("no_such_question")


def test_needs_participation_and_scores_keep_the_codes_of_national_returns() -> None:
    needs = {option.value for option in SECONDARY.section("special_needs").question("sen_primary").options}
    assert needs == {"SPLD", "MLD", "SLD", "PMLD", "SEMH", "SLCN", "HI", "VI", "MSI", "PD", "ASD", "OTH", "DS", "NSA"}
    reasons = {option.value for option in SECONDARY.section("wellbeing").question("sdq_reason").options}
    assert reasons == {"SDQ1", "SDQ2", "SDQ3", "SDQ4", "SDQ5"}
    columns = {column.key: column for column in SECONDARY.section("attainment").question("ks4_subjects").columns}
    grades = [option.value for option in columns["predicted"].options]
    assert grades[:10] == ["9", "8", "7", "6", "5", "4", "3", "2", "1", "U"]
    assert {"9-9", "9-8", "5-4", "1-1"} <= set(grades)
    assert not {"9-7", "1-0", "4-5"} & set(grades)
