"""A Django form from a declared section, and back to answers.

Half-filled sections can be saved: the form refuses only what cannot be kept (no date, a number out of range, too long a text), and then
keeps everything that was typed. What must be answered before submission is ``reading.missing``. Works without JavaScript: a further row is
asked for with the button ``add_row``, which draws the form again and saves nothing; ticked rows go when the section is saved.
"""

import dataclasses
import datetime
import re
from collections.abc import Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.forms.boundfield import BoundField
from django.http import QueryDict
from django.utils import timezone

from accounts.fields import PARTS, DateInput
from pep.forms.answers import Answers, Display, date_in_words, display, fits, is_blank
from pep.forms.declaration import Audience, Kind, Question, Section
from pep.forms.fields import condition_in_words, field_for, kept, offered, posted_condition
from pep.forms.reading import carried_forward, contradictions, may_read, most
from schools.timetable import add_months, age_on

ADD_ROW = "add_row"
MOST_ROWS = 40


@dataclasses.dataclass(frozen=True)
class Row:
    """One row of a ROWS question as drawn."""

    title: str
    anchor: str
    parts: list["Part"]
    remove: BoundField


@dataclasses.dataclass(frozen=True)
class Part:
    """One question as drawn: a field, or rows of fields."""

    question: Question
    label: str  # marked where it need not be answered
    field: BoundField | None = None
    rows: list[Row] = dataclasses.field(default_factory=list)
    may_add: bool = False
    condition: str = ""  # in words, when it is to be answered
    show_when: str = ""  # the same for a script: the name of the field it hangs on, and the values with which it applies
    show_when_values: str = ""
    last: Display | None = None  # the answer in the last plan
    same_as_last: bool = False  # carried forward and not touched since

    @property
    def next_anchor(self) -> str:
        """The id that a further row will have."""
        return f"{self.question.key}-{len(self.rows)}"


class SectionForm(forms.Form):
    """The questions of a section that an audience may answer. Made by ``section_form``."""

    template_name = "pep/questions.html"

    def __init__(
        self, section: Section, audience: Audience, data: Mapping[str, Any] | None, answers: Answers, last: Answers, prefix: str | None,
        born: datetime.date | None = None,
    ) -> None:  # fmt: skip
        super().__init__(data=data, prefix=prefix, use_required_attribute=False)
        self.section = section
        self.saved = answers
        self.last = last
        self.born = born
        self.questions = [question for question in section.questions if may_read(question, audience)]
        self.row_counts: dict[str, int] = {}
        for question in self.questions:
            if question.kind is Kind.ROWS:
                self._add_rows(question, answers.get(question.key, []))
            else:
                self.fields[question.key] = field_for(question)
                self.initial[question.key] = offered(question, answers.get(question.key))

    def _add_rows(self, question: Question, rows: list[dict[str, Any]]) -> None:
        count = self._posted_rows(question) if self.is_bound else max(len(rows) + 1, question.minimum_rows)
        self.row_counts[question.key] = count = min(count, max(MOST_ROWS, len(rows)))
        for index in range(count):
            title = f"{question.row_name} {index + 1}"
            row = rows[index] if index < len(rows) else {}
            for column in question.columns:
                name = f"{question.key}-{index}-{column.key}"
                self.fields[name] = field_for(column, row_title=title)
                self.initial[name] = offered(column, row.get(column.key))
            tick = forms.CheckboxInput(attrs={"small": True})
            self.fields[f"{question.key}-{index}-remove"] = forms.BooleanField(required=False, label=f"Remove {title.lower()}", widget=tick)

    def _posted_rows(self, question: Question) -> int:
        pattern = re.compile(re.escape(self.add_prefix(question.key)) + r"-([0-9]{1,3})-")
        indexes = [int(match[1]) for match in map(pattern.match, self.data) if match]
        count = max((index + 1 for index in indexes if index < MOST_ROWS), default=max(1, question.minimum_rows))
        return count + (self.data.get(ADD_ROW) == question.key)

    def clean(self) -> dict[str, Any]:
        """Forget what is wrong in rows that are to be removed; refuse what contradicts another answer, or the day it is written on."""
        for question in self.questions:
            for index in range(self.row_counts.get(question.key, 0)):
                if self.cleaned_data.get(f"{question.key}-{index}-remove"):
                    for column in question.columns:
                        self.errors.pop(f"{question.key}-{index}-{column.key}", None)
            self._refuse_contradictions(question)
            self._refuse_what_has_been(question)
            self._refuse_the_same(question)
            self._refuse_by_age(question)
        self._refuse_too_many()
        for rule in self.section.sums:
            whole = self.cleaned_data.get(rule.total)
            for key in rule.parts:
                part = self.cleaned_data.get(key)
                if whole is not None and part is not None and part > whole:
                    more, total = self.section.question(key).label, self.section.question(rule.total).label
                    self.add_error(key, f"“{more}” cannot be more than “{total}”, which is {whole}")
        return self.cleaned_data

    def _refuse_contradictions(self, question: Question) -> None:
        """Cells that cannot stand beside the others. Rows that are to be removed say nothing."""
        rows = [
            {}
            if self.cleaned_data.get(f"{question.key}-{index}-remove")
            else {column.key: self.cleaned_data.get(f"{question.key}-{index}-{column.key}") for column in question.columns}
            for index in range(self.row_counts.get(question.key, 0))
        ]
        for one in contradictions(question, rows):
            self.add_error(f"{question.key}-{one.row}-{one.column}", f"{one.words} ({question.row_name} {one.row + 1})")

    def _refuse_what_has_been(self, question: Question) -> None:
        """A day that is still to be cannot have passed, unless that is what was kept."""
        day = self.cleaned_data.get(question.key)
        if question.coming and day and day < timezone.localdate() and day.isoformat() != self.saved.get(question.key):
            self.add_error(question.key, ValidationError(f"{question.label} cannot be in the past", code="past", params={"parts": PARTS}))

        earliest = add_months(timezone.localdate(), -question.within_months) if question.within_months else None
        if earliest and day and day < earliest and day.isoformat() != self.saved.get(question.key):
            words = f"{question.label} must be in the last {question.within_months} months, since {date_in_words(earliest.isoformat())}"
            self.add_error(question.key, ValidationError(words, code="old", params={"parts": PARTS}))

    def _refuse_the_same(self, question: Question) -> None:
        """A choice that must differ from another."""
        chosen = self.cleaned_data.get(question.key)
        if question.unlike and chosen and chosen == self.cleaned_data.get(question.unlike):
            other = self.section.question(question.unlike).label
            self.add_error(question.key, f"Choose another answer than to “{other}”, or none, for “{question.label}”")

    def _refuse_by_age(self, question: Question) -> None:
        """A choice that cannot be true of a child as old as this one is on the day it is written."""
        chosen = self.cleaned_data.get(question.key) if question.kind is Kind.CHOICE else None
        if not self.born or not chosen:
            return
        age = age_on(self.born, timezone.localdate())
        for option in question.options:
            if option.value == chosen and option.not_aged and option.not_aged[0] <= age <= option.not_aged[1]:
                self.add_error(question.key, f"“{option.label}” cannot be the answer: the child is {age} years old")

    def _refuse_too_many(self) -> None:
        """More than there can have been since the school year began."""
        for count in self.section.counts:
            number, until = self.cleaned_data.get(count.number), self.cleaned_data.get(count.until) or timezone.localdate()
            if number is not None and number > (limit := most(count, until)):
                label = self.section.question(count.number).label
                words = f"“{label}” cannot be more than {limit} from the beginning of the school year to {date_in_words(until.isoformat())}"
                self.add_error(count.number, words)

    def answers(self) -> dict[str, Any]:
        """The answers to keep, as JSON: declared questions only, without those left blank. Raises ValueError while there are errors."""
        if not self.is_valid():
            raise ValueError("a section with errors has no answers to keep")
        given = {
            question.key: self._rows(question) if question.kind is Kind.ROWS else kept(question, self.cleaned_data[question.key])
            for question in self.questions
        }
        return {key: value for key, value in given.items() if not is_blank(value)}

    def _rows(self, question: Question) -> list[dict[str, Any]]:
        rows = []
        for index in range(self.row_counts[question.key]):
            if self.cleaned_data[f"{question.key}-{index}-remove"]:
                continue
            cells = {column.key: kept(column, self.cleaned_data[f"{question.key}-{index}-{column.key}"]) for column in question.columns}
            row = {key: value for key, value in cells.items() if not is_blank(value)}
            if row:
                rows.append(row)
        return rows

    def typed(self) -> dict[str, list[str]]:
        """What was posted to this form's fields and to no others, valid or not: what a draft keeps. ``typed_data`` turns it back."""
        names = [name for bound in self for name in _posted_names(bound)]
        given = {
            name: self.data.getlist(name) if isinstance(self.data, QueryDict) else [self.data[name]] for name in names if name in self.data
        }
        return {name: [str(value) for value in values] for name, values in given.items()}

    @property
    def parts(self) -> list[Part]:
        """The questions in order, as the template draws them."""
        facts = carried_forward(self.section, self.last)
        return [self._part(question, facts) for question in self.questions]

    def _part(self, question: Question, facts: Answers) -> Part:
        old = self.last.get(question.key)
        common: dict[str, Any] = {
            "label": _marked(question),
            "last": display(question, old) if fits(question, old) else None,
            "same_as_last": not self.is_bound and question.key in facts and self.saved.get(question.key) == facts[question.key],
        }
        if question.applies:
            name, values = posted_condition(question.applies)
            common |= {"show_when": self.add_prefix(name), "show_when_values": "|".join(values)}
            common["condition"] = condition_in_words(question.applies, self.section)
        if question.kind is not Kind.ROWS:
            return Part(question, field=self[question.key], **common)
        rows = [self._row(question, index) for index in range(self.row_counts[question.key])]
        return Part(question, rows=rows, may_add=len(rows) < MOST_ROWS, **common)

    def _row(self, question: Question, index: int) -> Row:
        name = f"{question.key}-{index}"
        parts = [Part(column, _marked(column), field=self[f"{name}-{column.key}"]) for column in question.columns]
        return Row(f"{question.row_name} {index + 1}", name, parts, self[f"{name}-remove"])


def section_form(
    section: Section,
    audience: Audience,
    data: Mapping[str, Any] | None = None,
    initial: Answers | None = None,
    last: Answers | None = None,
    prefix: str | None = None,
    born: datetime.date | None = None,
) -> SectionForm:
    """The form of a section for someone who may read what ``audience`` reads.

    ``initial`` are the answers kept so far, ``last`` those of the last plan's same section, shown beside each question; both may hold
    answers this audience may not read, which stay out. ``data`` is what was posted, or a draft through ``typed_data``. With the day the
    child was ``born``, answers that cannot be true at their age are refused.
    """
    return SectionForm(section, audience, data, initial or {}, last or {}, prefix, born)


def typed_data(fields: Mapping[str, list[str]]) -> QueryDict:
    """What a draft kept, as data to bind the form to."""
    data = QueryDict(mutable=True)
    for name, values in fields.items():
        data.setlist(name, list(values))
    return data


def _posted_names(bound: BoundField) -> list[str]:
    name = bound.html_name
    return [name, *(f"{name}-{part}" for part in PARTS)] if isinstance(bound.field.widget, DateInput) else [name]


def _marked(question: Question) -> str:
    return question.label if question.required else f"{question.label} (optional)"
