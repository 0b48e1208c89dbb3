"""Properties of every section of every form, for any answers: kept as given, shown to whom they are for, and to nobody else."""

import datetime
from html.parser import HTMLParser
from typing import Any

import pytest
from django.http import QueryDict
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st

from pep.forms.answers import applies, fits, longest
from pep.forms.build import section_form, typed_data
from pep.forms.declaration import Audience, Kind, Question, Section
from pep.forms.reading import (
    carried_forward,
    contradictions,
    differences,
    merge_unreadable,
    missing,
    most,
    only_readable,
    readable_keys,
    shown,
)
from pep.forms.registry import FORMS

SECTIONS = {f"{form.key} {section.key}": section for form in FORMS for section in form.sections if section.questions}
every_section = st.sampled_from(sorted(SECTIONS)).map(SECTIONS.__getitem__)

TODAY = timezone.localdate().isoformat()
letters = st.characters(exclude_categories=("Cs", "Cc"), include_characters="\n")
texts = st.text(letters, min_size=1, max_size=80).map(str.strip).filter(bool)
lines = texts.map(lambda text: " ".join(text.split())).filter(bool)
dates = st.dates(datetime.date(1990, 1, 1), datetime.date(2090, 12, 31)).map(datetime.date.isoformat)
coming_dates = st.dates(datetime.date(2080, 1, 1), datetime.date(2090, 12, 31)).map(datetime.date.isoformat)
past_dates = st.dates(datetime.date(1990, 1, 1), datetime.date(2026, 9, 1)).map(datetime.date.isoformat)


def answers_to(question: Question) -> st.SearchStrategy[Any]:
    """Any answer that a question can be given."""
    values = [option.value for option in question.options]
    match question.kind:
        case Kind.LINE:
            return lines.map(lambda text: text[: longest(question)].strip())
        case Kind.TEXT:
            return texts
        case Kind.CHOICE:
            return st.sampled_from(values)
        case Kind.CHOICES:
            return st.sets(st.sampled_from(values), min_size=1).map(lambda chosen: [value for value in values if value in chosen])
        case Kind.YES_NO:
            return st.booleans()
        case Kind.DATE:
            return past_dates if question.past else coming_dates if question.coming else dates
        case Kind.NUMBER:
            return st.integers(question.minimum or 0, question.maximum or 0)
        case Kind.PERCENT:
            return st.integers(0, 1000).map(lambda tenths: f"{tenths / 10:.1f}")
        case Kind.ROWS:
            columns = {column.key: answers_to(column) for column in question.columns}
            rows = st.lists(st.fixed_dictionaries({}, optional=columns).filter(bool), min_size=1, max_size=4)
            return rows.map(lambda drawn: without_contradictions(question, drawn))


def without_contradictions(question: Question, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows that can stand together; where none can, one with nothing that could contradict."""
    wrong = {one.row for one in contradictions(question, rows)}
    kept = [row for index, row in enumerate(rows) if index not in wrong]
    column = question.columns[0]
    return kept or [{column.key: "x" if column.kind is Kind.LINE else column.options[0].value}]


def limited(section: Section, answers: dict[str, Any]) -> dict[str, int]:
    """The numbers that count days, no larger than they can be."""
    return {
        count.number: min(answers[count.number], most(count, datetime.date.fromisoformat(answers.get(count.until, TODAY))))
        for count in section.counts
        if count.number in answers
    }


@st.composite
def section_and_answers(draw: st.DrawFn) -> tuple[Section, dict[str, Any]]:
    section = draw(every_section)
    answers = draw(st.fixed_dictionaries({}, optional={question.key: answers_to(question) for question in section.questions}))
    answers = {**answers, **limited(section, answers)}
    for question in section.questions:
        if question.unlike and answers.get(question.key) == answers.get(question.unlike):
            answers.pop(question.key, None)
    for rule in section.sums:
        for part in answers.keys() & set(rule.parts) if rule.total in answers else ():
            answers[part] = min(answers[part], answers[rule.total])
    return section, answers


class Browser(HTMLParser):
    """What a browser would send if the drawn form were submitted untouched."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.sent: list[tuple[str, str]] = []
        self.box: str | None = None
        self.select = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        a = dict(attrs)
        name, value = a.get("name") or "", a.get("value") or ""
        if tag == "input" and (a.get("type") not in ("radio", "checkbox") or "checked" in a):
            self.sent.append((name, value))
        elif tag == "textarea":
            self.box, self.text = name, ""
        elif tag == "select":
            self.select = name
        elif tag == "option" and "selected" in a:
            self.sent.append((self.select, value))

    def handle_data(self, data: str) -> None:
        if self.box is not None:
            self.text += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea" and self.box is not None:
            self.sent.append((self.box, self.text.removeprefix("\n").replace("\n", "\r\n")))
            self.box = None

    def data(self) -> QueryDict:
        posted: dict[str, list[str]] = {}
        for name, value in self.sent:
            posted.setdefault(name, []).append(value)
        return typed_data(posted)


@settings(max_examples=60, deadline=None)
@given(section_and_answers())
def test_a_form_drawn_and_sent_back_untouched_keeps_every_answer(drawn: tuple[Section, dict[str, Any]]) -> None:
    section, answers = drawn
    page = str(section_form(section, Audience.COUNCIL, initial=answers))
    form = section_form(section, Audience.COUNCIL, initial=answers, data=Browser(page).data())
    assert form.errors == {}
    assert form.answers() == answers
    again = section_form(section, Audience.COUNCIL, initial=answers, data=typed_data(form.typed()))
    assert again.answers() == answers


@settings(max_examples=150, deadline=None)
@given(section_and_answers())
def test_every_kept_answer_fits_its_question(drawn: tuple[Section, dict[str, Any]]) -> None:
    section, answers = drawn
    for key, value in answers.items():
        assert fits(section.question(key), value)


@settings(max_examples=60, deadline=None)
@given(every_section, st.dictionaries(st.text(max_size=20), st.text(max_size=30), max_size=8))
def test_no_post_can_bring_in_what_is_not_declared_or_crash_the_form(section: Section, posted: dict[str, str]) -> None:
    data = typed_data({name: [value] for name, value in posted.items()})
    for question in section.questions:
        data[question.key] = "CANARY\x00\ud7ff-1.5e9"
        data[f"{question.key}-0-starts-day"] = "\x00"
        data[f"{question.key}-1-undeclared"] = "CANARY"
    form = section_form(section, Audience.SCHOOL, data=data)
    if form.is_valid():
        kept = form.answers()
        assert set(kept) <= readable_keys(section, Audience.SCHOOL)
        assert all(fits(section.question(key), value) for key, value in kept.items())
    str(form)


@settings(max_examples=150, deadline=None)
@given(section_and_answers())
def test_every_answer_that_applies_is_shown_to_its_audience_and_to_no_other(drawn: tuple[Section, dict[str, Any]]) -> None:
    section, answers = drawn
    derived = {share.key for share in section.shares}
    for audience in Audience:
        expected = {
            question.key: answers.get(question.key)
            for question in section.questions
            if applies(section, question, answers) and (audience is Audience.COUNCIL or question.audience is Audience.SCHOOL)
        }
        blocks = [block for block in shown(section, answers, audience) if block.key not in derived]
        assert {block.key: block.value for block in blocks} == expected
        for block in blocks:
            assert (block.display["type"] == "none") == (block.value is None)


@settings(max_examples=50, deadline=None)
@given(section_and_answers(), st.sampled_from(Audience))
def test_a_canary_in_an_answer_reaches_only_those_who_may_read_it(drawn: tuple[Section, dict[str, Any]], audience: Audience) -> None:
    section, answers = drawn
    marked = {key: f"CANARY-{key}" if section.question(key).kind in (Kind.LINE, Kind.TEXT) else value for key, value in answers.items()}
    hidden = {f"CANARY-{question.key}" for question in section.questions} - {f"CANARY-{key}" for key in readable_keys(section, audience)}
    page = str(section_form(section, audience, initial=marked, last=marked))
    words = [shown(section, marked, audience), differences(section, {}, marked, audience), only_readable(section, marked, audience)]
    assert [canary for canary in hidden if canary in page or canary in str(words)] == []


@settings(max_examples=100, deadline=None)
@given(section_and_answers(), st.data())
def test_two_audiences_saving_in_turn_wipe_nothing_of_each_other(drawn: tuple[Section, dict[str, Any]], data: st.DataObject) -> None:
    section, old = drawn
    new = data.draw(st.fixed_dictionaries({}, optional={question.key: answers_to(question) for question in section.questions}))
    merged = merge_unreadable(section, new, old, Audience.SCHOOL)
    readable = readable_keys(section, Audience.SCHOOL)
    assert {key: value for key, value in merged.items() if key in readable} == only_readable(section, new, Audience.SCHOOL)
    assert {key: value for key, value in merged.items() if key not in readable} == {key: old[key] for key in old if key not in readable}
    assert merge_unreadable(section, new, old, Audience.COUNCIL) == new


@settings(max_examples=100, deadline=None)
@given(section_and_answers())
def test_what_is_carried_forward_is_stable_fits_and_stays_the_same_when_carried_again(drawn: tuple[Section, dict[str, Any]]) -> None:
    section, answers = drawn
    carried = carried_forward(section, answers)
    assert all(section.question(key).carry_forward and fits(section.question(key), value) for key, value in carried.items())
    assert carried_forward(section, carried) == carried


@pytest.mark.parametrize("section", SECTIONS.values(), ids=SECTIONS.keys())
def test_a_section_whose_every_question_is_answered_lacks_nothing(section: Section) -> None:
    """Answered with the first answer of each kind, so that conditions hold where they hang on it; the rest do not apply."""

    def first(question: Question) -> Any:
        simple: dict[Kind, Any] = {Kind.LINE: "x", Kind.TEXT: "x", Kind.YES_NO: True, Kind.DATE: "2026-03-03", Kind.PERCENT: "50.0"}
        if question.kind is Kind.ROWS:
            return [{column.key: first(column) for column in question.columns}] * max(1, question.minimum_rows)
        if question.kind is Kind.NUMBER:
            return question.minimum
        if question.kind in (Kind.CHOICE, Kind.CHOICES):
            return question.options[0].value if question.kind is Kind.CHOICE else [question.options[0].value]
        return simple[question.kind]

    assert missing(section, {question.key: first(question) for question in section.questions}) == []
    assert {item.question_key for item in missing(section, {})} == {
        question.key for question in section.questions if question.required and question.applies is None
    }
