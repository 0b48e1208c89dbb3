"""What must be true of any declared form: each statutory head answered for, and no slip in the declaration."""

import re
from collections import Counter
from collections.abc import Iterator

from pep.forms.declaration import Audience, Body, FormVersion, Kind, Question, Section, StatutoryHead

_KEY = re.compile(r"[a-z][a-z0-9_]*")
_CHOSEN = (Kind.CHOICE, Kind.CHOICES)
_NOT_IN_A_ROW = (Kind.CHOICES, Kind.ROWS)


def statutory_gaps(form: FormVersion) -> set[StatutoryHead]:
    """The heads of Schedule 1 paragraph 2 that a plan on this form could leave empty and still be submitted.

    Only a question that every plan must answer covers a head: required, and not hanging on another answer.
    """
    return set(StatutoryHead) - {
        head
        for section in form.sections
        for question in section.questions
        if question.required and question.applies is None
        for head in question.heads
    }


def faults(form: FormVersion) -> list[str]:
    """Slips in a declaration, each in a sentence; empty for a sound form."""
    found = [
        f"section {key} is declared {count} times" for key, count in Counter(section.key for section in form.sections).items() if count > 1
    ]
    for section in form.sections:
        found += [f"{section.key}: {fault}" for fault in _section_faults(section)]
    return found


def _section_faults(section: Section) -> Iterator[str]:
    if not _KEY.fullmatch(section.key):
        yield "the key is not a plain word"
    if bool(section.questions) != (section.body is Body.QUESTIONS):
        yield "questions belong to a section of questions, and to no other"
    keys = [question.key for question in section.questions]
    yield from (f"question {key} is declared more than once" for key, count in Counter(keys).items() if count > 1)
    for position, question in enumerate(section.questions):
        yield from (f"{question.key}: {fault}" for fault in _question_faults(question))
        if question.since:
            yield f"{question.key}: only a date in a row has another that it cannot lie before"
        if question.applies is not None:
            yield from (f"{question.key}: {fault}" for fault in _condition_faults(question, section.questions[:position]))
    choices = {question.key: question.options for question in section.questions if question.kind is Kind.CHOICE}
    yield from (
        f"{question.key}: can only be unlike another choice of the section with the same options"
        for question in section.questions
        if question.unlike and (question.unlike == question.key or choices.get(question.unlike) != choices.get(question.key))
    )
    numbers = {question.key: question.audience for question in section.questions if question.kind is Kind.NUMBER}
    used = [key for rule in section.sums for key in (rule.total, *rule.parts)]
    used += [count.number for count in section.counts]
    used += [key for share in section.shares for key in (share.part, share.total)]
    yield from (f"{key} is added up but is no number of this section" for key in used if key not in numbers)
    dates = {question.key for question in section.questions if question.kind is Kind.DATE}
    yield from (f"{count.until} is counted to but is no date of this section" for count in section.counts if count.until not in dates)
    yield from (f"{share.key} is both a share and a question" for share in section.shares if share.key in keys)


def _question_faults(question: Question) -> Iterator[str]:
    if not _KEY.fullmatch(question.key):
        yield "the key is not a plain word"
    if "%" in question.label:
        yield "the label has a % in it, which error messages would trip over"
    if (question.kind in _CHOSEN) != bool(question.options):
        yield "options belong to a choice, and to nothing else"
    values = [option.value for option in question.options]
    if len(set(values)) != len(values) or not all(values):
        yield "two options have one value, or one has none"
    if any(option.not_aged and option.not_aged[0] > option.not_aged[1] for option in question.options):
        yield "an option is impossible from one age to a lower one"
    if (question.kind is Kind.NUMBER) != (question.minimum is not None and question.maximum is not None):
        yield "a number needs a minimum and a maximum, and nothing else does"
    if question.past and question.kind is not Kind.DATE:
        yield "only a date can be past"
    if question.coming and (question.kind is not Kind.DATE or question.past):
        yield "only a date can be coming, and none that is past"
    if question.within_months and not question.past:
        yield "only a date that is past lies so many months back"
    columns = {column.key: column for column in question.columns}
    if any(key not in columns or columns[key].kind is not Kind.CHOICE for key in question.distinct):
        yield "rows are distinct in columns that are choices"
    dates = {key for key, column in columns.items() if column.kind is Kind.DATE}
    if question.newest_first and question.newest_first not in dates:
        yield "rows are put in the order of a column that is a date"
    for column in question.columns:
        if column.since and (column.kind is not Kind.DATE or column.since not in dates - {column.key}):
            yield f"column {column.key}: cannot lie before a date that is not there"
        if any(option.not_aged for option in column.options):
            yield f"column {column.key}: only options of whole questions depend on the child's age"
        for option in column.options:
            if any(when.question not in columns or when.question == column.key for when in option.only):
                yield f"column {column.key}: {option.value} goes with a column that is not there"
    if (question.kind is Kind.ROWS) != bool(question.columns) or (question.kind is Kind.ROWS) != bool(question.row_name):
        yield "columns and a row name belong to rows, and to nothing else"
    if question.minimum_rows and not (question.kind is Kind.ROWS and question.required):
        yield "only required rows have a minimum"
    if len({column.key for column in question.columns}) != len(question.columns):
        yield "two columns have one key"
    for column in question.columns:
        yield from (f"column {column.key}: {fault}" for fault in _column_faults(column, question))


def _column_faults(column: Question, question: Question) -> Iterator[str]:
    yield from _question_faults(column)
    if column.kind in _NOT_IN_A_ROW:
        yield f"a column cannot be of kind {column.kind}"
    if column.coming or column.distinct or column.within_months or column.unlike:
        yield "only whole questions are coming, recent, distinct or unlike another"
    if column.applies is not None or column.heads or column.audience is not Audience.SCHOOL:
        yield "conditions, heads and audience belong to the whole question"
    if column.carry_forward and not question.carry_forward:
        yield "is carried forward though its question is not"


def _condition_faults(question: Question, before: tuple[Question, ...]) -> Iterator[str]:
    condition = question.applies
    other = next((one for one in before if condition and one.key == condition.question), None)
    if condition is None or other is None:
        yield "hangs on a question that does not stand before it"
        return
    if other.kind is Kind.YES_NO:
        possible: set[str | bool] = {True, False}
    elif other.kind in _CHOSEN:
        possible = {option.value for option in other.options}
    else:
        yield "hangs on a question that is neither yes or no nor a choice"
        return
    if not condition.values or not set(condition.values) <= possible:
        yield f"waits for an answer that {other.key} does not have"
    # Else the mere appearance of the question would tell the school the council's answer.
    if question.audience is Audience.SCHOOL and other.audience is Audience.COUNCIL:
        yield "the school may read it but not the question it hangs on"
