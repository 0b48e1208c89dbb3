"""A section's form: half-filled is fine, wrong is explained and nothing typed is lost; rows grow without a script."""

import re

import pytest
from django.http import QueryDict

from pep.forms.build import MOST_ROWS, Part, SectionForm, section_form, typed_data
from pep.forms.declaration import Audience, Kind, Section
from pep.forms.registry import get_form

SECONDARY = get_form("secondary", "2026.1")
COUNCIL, SCHOOL = Audience.COUNCIL, Audience.SCHOOL


def filled(key: str, text: str, audience: Audience = COUNCIL, **kwargs: object) -> SectionForm:
    """A section's form with what a browser posted, given as a query string."""
    return section_form(SECONDARY.section(key), audience, data=QueryDict(text), **kwargs)  # type: ignore[arg-type]


def part(form: SectionForm, key: str) -> Part:
    return next(part for part in form.parts if part.question.key == key)


def test_an_empty_section_can_be_saved() -> None:
    form = filled("attendance", "")
    assert form.is_valid()
    assert form.answers() == {}


def test_a_half_filled_section_keeps_what_was_typed_and_no_more() -> None:
    form = filled("attendance", "possible=180&present=&last_year=94.5%25&up_to-day=3&up_to-month=3&up_to-year=2026")
    assert form.answers() == {"possible": 180, "last_year": "94.5", "up_to": "2026-03-03"}


SESSIONS = "Enter a whole number from 0 to 400 for “Possible sessions”"
LAST_YEAR = "Enter a number from 0 to 100, with one decimal at most, for “Attendance in the whole of last school year”"
HOME_CHANGE = "Choose one of the answers to “Is a change of home, or of contact with family, planned or likely?”"
LANGUAGE = "“Which languages do they speak?” must be 200 characters or fewer. You have typed 201"
REPORTS = "Choose one of the answers to “Who gets school reports and letters?”"
SUSPENSION = "Enter a whole number from 1 to 90 for “Sessions (Suspension 2)”"


@pytest.mark.parametrize(
    ("key", "posted", "field", "message"),
    [
        ("attendance", "possible=lots", "possible", SESSIONS),
        ("attendance", "possible=-1", "possible", SESSIONS),
        ("attendance", "possible=401", "possible", SESSIONS),
        ("attendance", "possible=9e99", "possible", SESSIONS),
        ("attendance", "last_year=1234.567", "last_year", LAST_YEAR),
        ("attendance", "last_year=NaN", "last_year", LAST_YEAR),
        ("attendance", "up_to-day=31&up_to-month=2&up_to-year=2027", "up_to", "Last day counted must be a real date"),
        ("attendance", "up_to-day=3&up_to-year=2027", "up_to", "Last day counted must include a month"),
        ("about_me", "lives_with=mars", "lives_with", "Choose one of the answers to “Who do they live with?”"),
        ("about_me", "home_change=maybe", "home_change", HOME_CHANGE),
        ("about_me", "language=" + "x" * 201, "language", LANGUAGE),
        ("contacts", "reports_to=carer&reports_to=stranger", "reports_to", REPORTS),
        ("suspensions", "suspensions-1-sessions=x", "suspensions-1-sessions", SUSPENSION),
    ],
)
def test_what_cannot_be_kept_is_explained_in_one_clear_sentence(key: str, posted: str, field: str, message: str) -> None:
    form = filled(key, posted)
    assert form.errors == {field: [message]}
    with pytest.raises(ValueError, match="errors"):
        form.answers()


def test_one_bad_field_does_not_empty_the_others() -> None:
    page = str(filled("suspensions", "suspended=yes&suspension_plan=Talk+first&suspensions-0-sessions=x&suspensions-0-back=A+fresh+start"))
    assert "Talk first" in page
    assert 'value="A fresh start"' in page
    assert re.search(r'name="suspensions-0-sessions"[^>]* value="x"', page)
    assert re.search(r'name="suspended"[^>]* value="yes" checked', page)


def test_a_long_text_counts_line_ends_once_and_keeps_its_paragraphs() -> None:
    form = filled("about_me", "introduction=" + "a%0D%0A" * 1000)
    assert form.answers()["introduction"] == ("a\n" * 1000).strip()


def test_one_line_stays_one_line() -> None:
    assert filled("about_me", "language=English%0D%0A+++and%09Polish+").answers() == {"language": "English and Polish"}


def test_yes_and_no_and_nothing_are_three_things() -> None:
    assert filled("about_me", "home_change=yes").answers() == {"home_change": True}
    assert filled("about_me", "home_change=no").answers() == {"home_change": False}
    assert filled("about_me", "home_change=").answers() == {}


def test_nought_is_an_answer() -> None:
    assert filled("attendance", "unauthorised=0").answers() == {"unauthorised": 0}


def test_fields_that_are_not_declared_are_ignored() -> None:
    form = filled("attendance", "possible=10&version=99&owner=school&answers=x&legal_position=x&schools-0-name=x&written_by=1")
    assert form.answers() == {"possible": 10}
    assert form.typed() == {"possible": ["10"]}


def test_the_school_is_neither_asked_nor_able_to_answer_what_is_for_the_council() -> None:
    posted = "parent_says=Fine&parent_name=CANARY&parent_private=CANARY"
    form = filled("parent_views", posted, SCHOOL, initial={"parent_private": "CANARY"}, last={"parent_private": "CANARY"})
    assert form.answers() == {"parent_says": "Fine"}
    assert "CANARY" not in str(form)
    drawn = str(section_form(SECONDARY.section("care_record"), SCHOOL, initial={"care_history": "CANARY"}))
    assert "CANARY" not in drawn
    assert "<input" not in drawn


def test_a_writer_is_told_which_answers_the_school_will_not_read() -> None:
    page = str(section_form(SECONDARY.section("parent_views"), COUNCIL))
    assert page.count("Council only") == 3
    assert "Council only" not in str(section_form(SECONDARY.section("parent_views"), SCHOOL))


def test_rows_are_drawn_with_one_blank_row_more() -> None:
    schools = [{"name": "Hill School", "kind": "primary"}, {"name": "Lake Academy", "kind": "secondary", "starts": "2024-09-03"}]
    form = section_form(SECONDARY.section("history"), COUNCIL, initial={"schools": schools})
    rows = part(form, "schools").rows
    assert [row.title for row in rows] == ["Place 1", "Place 2", "Place 3"]
    page = str(form)
    assert 'value="Lake Academy"' in page
    assert re.search(r'name="schools-1-starts-year"[^>]* value="2024"', page)
    assert page.count('name="schools-2-name"') == 1
    assert 'name="schools-3-name"' not in page


def test_a_section_without_rows_begins_with_as_many_as_are_needed() -> None:
    form = section_form(SECONDARY.section("attainment"), COUNCIL)
    assert len(part(form, "ks4_subjects").rows) == 2
    assert len(part(section_form(SECONDARY.section("leisure"), COUNCIL), "activities").rows) == 1


def test_blank_rows_are_dropped_and_ticked_ones_removed_even_when_wrong() -> None:
    form = filled(
        "history",
        "schools-0-name=Hill+School&schools-0-kind=primary&schools-1-name=&schools-2-name=Wrong&schools-2-starts-day=x&schools-2-remove=on"
        "&schools-3-name=Lake+Academy&schools-3-kind=secondary",
    )
    assert form.answers() == {
        "schools": [{"name": "Hill School", "kind": "primary"}, {"name": "Lake Academy", "kind": "secondary"}],
    }


def test_another_row_is_drawn_without_a_script_and_nothing_is_lost() -> None:
    form = filled("history", "schools-0-name=Hill+School&gaps=yes&add_row=schools")
    assert [row.anchor for row in part(form, "schools").rows] == ["schools-0", "schools-1"]
    page = str(form)
    assert 'value="Hill School"' in page
    assert re.search(r'value="yes" checked', page)
    assert re.search(r'<button[^>]* name="add_row" value="schools" formaction="#schools-2"[^>]*>Add another place</button>', page)


def test_the_enter_key_saves_and_adds_no_row() -> None:
    first = re.search(r"<button[^>]*>", str(section_form(SECONDARY.section("history"), COUNCIL)))
    assert first
    assert "add_row" not in first[0]
    assert 'type="submit"' in first[0]


def test_rows_have_a_limit_that_is_told() -> None:
    rows = [{"name": f"Test {number}", "result": "1"} for number in range(MOST_ROWS)]
    form = section_form(SECONDARY.section("starting_points"), COUNCIL, initial={"tests": rows})
    assert len(part(form, "tests").rows) == MOST_ROWS
    assert not part(form, "tests").may_add
    assert "No more can be added here" in str(form)
    assert len(part(filled("starting_points", "tests-999-name=x&add_row=tests"), "tests").rows) == 2


def test_an_answer_that_no_longer_applies_is_kept() -> None:
    form = filled("about_me", "home_change=no&home_change_plan=A+move+in+May")
    assert form.answers() == {"home_change": False, "home_change_plan": "A move in May"}


def test_a_condition_is_told_in_words_and_to_the_script() -> None:
    form = section_form(SECONDARY.section("suspensions"), COUNCIL, prefix="p")
    rows = part(form, "suspensions")
    assert (rows.show_when, rows.show_when_values) == ("p-suspended", "yes")
    assert rows.condition == "Only if you answered “Yes” to “Have they been suspended or permanently excluded this school year?”"
    views = section_form(SECONDARY.section("child_views"), COUNCIL)
    assert part(views, "going_well").condition == "Not if you answered “I did not want to give my views” to “How were these views given?”"
    assert part(views, "going_well").show_when_values == "own|written|observed"
    assert part(views, "child_origin").condition == ""


def test_what_need_not_be_answered_says_so() -> None:
    page = str(section_form(SECONDARY.section("about_me"), COUNCIL))
    assert "should the school respect and celebrate? (optional)" in page
    assert "Which languages do they speak? (optional)" not in page


def test_last_terms_answer_stands_beside_the_question_where_it_may_be_read() -> None:
    """C8."""
    last = {"carer_well": "Reading aloud", "carer_origin": "own", "carer_name": 7}
    form = section_form(SECONDARY.section("carer_views"), SCHOOL, last=last)
    assert part(form, "carer_well").last == {"type": "text", "paragraphs": ["Reading aloud"]}
    assert part(form, "carer_name").last is None  # what no longer fits the question is left out
    assert "Reading aloud" in str(form)
    assert not any(one.same_as_last for one in form.parts)


def test_what_was_copied_is_marked_until_it_is_changed() -> None:
    section = SECONDARY.section("strengths")
    last = {"strengths": "Chess", "difficulties": "Noise", "relationships": "Two friends"}
    form = section_form(section, COUNCIL, initial={**last, "difficulties": "Crowds"}, last=last)
    assert [one.question.key for one in form.parts if one.same_as_last] == ["strengths"]
    assert str(form).count("Check that it still holds") == 1
    subjects = [{"subject": "english_language", "type": "gcse", "target": "5", "current": "4", "progress": "expected"}]
    kept = [{"subject": "english_language", "type": "gcse", "target": "5"}]
    form = section_form(SECONDARY.section("attainment"), COUNCIL, initial={"ks4_subjects": kept}, last={"ks4_subjects": subjects})
    assert part(form, "ks4_subjects").same_as_last


def test_a_draft_keeps_what_was_typed_valid_or_not_and_brings_it_back() -> None:
    text = (
        "suspended=yes&suspensions-0-starts-day=31&suspensions-0-starts-month=feb&suspensions-0-sessions=x&csrfmiddlewaretoken=t&o=CANARY"
    )
    typed = filled("suspensions", text).typed()
    assert typed == {
        "suspended": ["yes"],
        "suspensions-0-starts-day": ["31"],
        "suspensions-0-starts-month": ["feb"],
        "suspensions-0-sessions": ["x"],
    }
    again = section_form(SECONDARY.section("suspensions"), COUNCIL, data=typed_data(typed))
    assert re.search(r'name="suspensions-0-starts-month"[^>]* value="feb"', str(again))
    several = filled("contacts", "reports_to=carer&reports_to=parent").typed()
    assert section_form(SECONDARY.section("contacts"), COUNCIL, data=typed_data(several)).answers() == {"reports_to": ["carer", "parent"]}


def test_a_prefix_keeps_two_forms_of_one_page_apart() -> None:
    section = SECONDARY.section("history")
    data = QueryDict("a-gaps=yes&b-gaps=no&a-schools-0-name=Hill&b-schools-0-name=Lake&b-schools-1-name=Moor")
    assert section_form(section, COUNCIL, data=data, prefix="a").answers() == {"gaps": True, "schools": [{"name": "Hill"}]}
    assert len(section_form(section, COUNCIL, data=data, prefix="b").answers()["schools"]) == 2


@pytest.mark.parametrize("section", [section for section in SECONDARY.sections if section.questions], ids=lambda section: section.key)
def test_every_field_has_a_name_a_label_and_an_id_of_its_own(section: Section) -> None:
    page = str(section_form(section, COUNCIL))
    ids = re.findall(r' id="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    assert {question.key for question in section.questions} <= set(ids)
    assert set(re.findall(r' for="([^"]+)"', page)) <= set(ids)
    for references in re.findall(r' aria-(?:describedby|labelledby)="([^"]+)"', page):
        assert set(references.split()) <= set(ids)
    assert " style=" not in page
    assert "onclick" not in page


def test_few_answers_are_buttons_and_many_a_list_with_nothing_chosen() -> None:
    assert 'type="radio"' in str(section_form(SECONDARY.section("permissions"), COUNCIL))
    page = str(section_form(SECONDARY.section("special_needs"), COUNCIL))
    assert re.search(r'<select[^>]* name="sen_primary">\s*<option value="" selected>Choose one</option>', page)
    for section in SECONDARY.sections:
        assert all(question.kind is not Kind.CHOICES or len(question.options) <= 8 for question in section.questions)
