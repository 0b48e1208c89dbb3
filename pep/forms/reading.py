"""What a declared section says about its answers: what is missing, what may be shown to whom, what goes on to next term, what changed.

Pure functions of a declaration and the JSON kept with it; the database is not needed. ``audience`` is who will read the result.
"""

import datetime
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from pep.forms.answers import NOT_ANSWERED, Answers, Display, applies, display, fits, in_words, is_blank
from pep.forms.declaration import Audience, Count, Kind, Question, Section, Share


@dataclass(frozen=True)
class Missing:
    """Something that must still be put right in a section before the plan can be submitted."""

    section_key: str
    question_key: str
    label: str
    row: int | None = None  # counted from 0
    column: str = ""
    audience: Audience = Audience.SCHOOL

    @property
    def anchor(self) -> str:
        """The id, on the section's page, of the question or of its row."""
        return self.question_key if self.row is None else f"{self.question_key}-{self.row}"


@dataclass(frozen=True)
class Block:
    """One answer as it stands on a page or in a document."""

    key: str
    label: str
    audience: Audience
    value: Any
    display: Display

    def as_json(self) -> dict[str, Any]:
        """The block as it is frozen in a snapshot."""
        return {**asdict(self), "audience": str(self.audience)}


def missing(section: Section, answers: Answers) -> list[Missing]:
    """What is still unanswered or does not add up, in the order of the questions."""
    found: list[Missing] = []
    for question in section.questions:
        if not applies(section, question, answers):
            continue
        value = answers.get(question.key)
        if question.kind is Kind.ROWS:
            found += _missing_in_rows(section, question, value or [])
        elif question.required and is_blank(value):
            found.append(Missing(section.key, question.key, question.label, audience=question.audience))
    return found + list(_wrong_sums(section, answers))


def _missing_in_rows(section: Section, question: Question, rows: list[dict[str, Any]]) -> Iterator[Missing]:
    wanted = max(question.minimum_rows, 1) if question.required else 0
    if len(rows) < wanted:
        label = question.label if wanted == 1 else f"{question.label}: give {wanted} at least"
        yield Missing(section.key, question.key, label, audience=question.audience)
    for index, row in enumerate(rows):
        for column in question.columns:
            if column.required and is_blank(row.get(column.key)):
                label = f"{question.label}: {column.label} ({question.row_name} {index + 1})"
                yield Missing(section.key, question.key, label, index, column.key, question.audience)


@dataclass(frozen=True)
class Contradiction:
    """A cell of a row that cannot stand beside the others, and why not in words."""

    row: int  # counted from 0
    column: str
    words: str


def contradictions(question: Question, rows: Sequence[Answers]) -> list[Contradiction]:
    """Cells of a ROWS question that contradict another cell of their row, or say again what an earlier row says."""
    found = [
        Contradiction(index, column.key, f"“{option.label}” does not go with “{in_words(other, row[other.key])}”")
        for index, row in enumerate(rows)
        for column in question.columns
        for option in column.options
        if row.get(column.key) == option.value
        for other in [one for one in question.columns for when in option.only if one.key == when.question]
        if not is_blank(row.get(other.key)) and not any(row[other.key] in when.values for when in option.only if when.question == other.key)
    ]
    found += [
        Contradiction(
            index, column.key, f"“{column.label}” cannot be before “{other.label}”, which is {in_words(other, str(row[other.key]))}"
        )
        for index, row in enumerate(rows)
        for column in question.columns
        for other in question.columns
        if column.since == other.key and not (is_blank(row.get(column.key)) or is_blank(row.get(other.key)))
        if row[column.key] < row[other.key]
    ]
    first: dict[tuple[Any, ...], int] = {}
    for index, row in enumerate(rows):
        told = tuple(row.get(key) for key in question.distinct)
        if not told or any(is_blank(value) for value in told) or _stands_for_several(question, row):
            continue
        earlier = first.setdefault(told, index)
        if earlier != index:
            columns = [column for column in question.columns if column.key in question.distinct]
            words = ", ".join(in_words(column, row[column.key]) for column in columns)
            found.append(Contradiction(index, question.distinct[0], f"“{words}” is in {question.row_name.lower()} {earlier + 1} already"))
    return found


def _stands_for_several(question: Question, row: Answers) -> bool:
    columns = [column for column in question.columns if column.key in question.distinct]
    return any(option.several and row.get(column.key) == option.value for column in columns for option in column.options)


def most(count: Count, until: datetime.date) -> int:
    """The largest number there can be of something that is counted each day from the first day of the school year to ``until``.

    A school year begins with the first term that begins after July (Education Act 1996, section 579), so with 1 August at the earliest.
    """
    begins = datetime.date(until.year if until.month >= 8 else until.year - 1, 8, 1)
    return count.a_day * ((until - begins).days + 1)


def _wrong_sums(section: Section, answers: Answers) -> Iterator[Missing]:
    for rule in section.sums:
        if any(is_blank(answers.get(key)) for key in (rule.total, *rule.parts)):
            continue
        whole, added = answers[rule.total], sum(answers[key] for key in rule.parts)
        if whole == added:
            continue
        total = section.question(rule.total)
        parts = ", ".join(f"{section.question(key).label} {answers[key]}" for key in rule.parts)
        label = f"{total.label} {whole} should be the sum of {parts}, which is {added}"
        yield Missing(section.key, rule.total, label, audience=total.audience)


def progress(sections: Iterable[Section], answers_by_key: Mapping[str, Answers]) -> tuple[int, int]:
    """How many of the questions that apply and must be answered are answered, and how many these are. Optional ones do not count."""
    answered = applicable = 0
    for section in sections:
        answers = answers_by_key.get(section.key, {})
        asked = {question.key for question in section.questions if question.required and applies(section, question, answers)}
        applicable += len(asked)
        answered += len(asked - {item.question_key for item in missing(section, answers)})
    return answered, applicable


def may_read(question: Question, audience: Audience) -> bool:
    """Whether the answer is for this audience."""
    return audience is Audience.COUNCIL or question.audience is Audience.SCHOOL


def readable_keys(section: Section, audience: Audience) -> frozenset[str]:
    """The questions whose answers this audience may read, and so write."""
    return frozenset(question.key for question in section.questions if may_read(question, audience))


def only_readable(section: Section, answers: Answers, audience: Audience) -> dict[str, Any]:
    """The answers without those that are not for this audience."""
    keys = readable_keys(section, audience)
    return {key: value for key, value in answers.items() if key in keys}


def merge_unreadable(section: Section, new_answers: Answers, old_answers: Answers, audience: Audience) -> dict[str, Any]:
    """What to keep after a save by someone of this audience: their answers, and the old ones to questions they cannot see."""
    mine = only_readable(section, new_answers, audience)
    theirs = {question.key for question in section.questions} - readable_keys(section, audience)
    return {key: value for key, value in old_answers.items() if key in theirs} | mine


def shown(section: Section, answers: Answers, audience: Audience) -> list[Block]:
    """Each question that applies and that this audience may read, with its answer in words, then the figures that follow from them."""
    blocks = [
        Block(question.key, question.label, question.audience, answers.get(question.key), display(question, answers.get(question.key)))
        for question in section.questions
        if may_read(question, audience) and applies(section, question, answers)
    ]
    for share in section.shares:
        figure = percentage(share, answers)
        sources = [section.question(key) for key in (share.part, share.total)]
        if figure is not None and all(may_read(question, audience) for question in sources):
            stricter = Audience.COUNCIL if any(question.audience is Audience.COUNCIL for question in sources) else Audience.SCHOOL
            blocks.append(Block(share.key, share.label, stricter, str(figure), {"type": "text", "paragraphs": [f"{figure}%"]}))
    return blocks


def percentage(share: Share, answers: Answers) -> Decimal | None:
    """A share in percent with one decimal; None where a number is missing or there is nothing to share."""
    if is_blank(answers.get(share.part)) or not answers.get(share.total):
        return None
    part, total = answers[share.part], answers[share.total]
    return (Decimal(100) * part / total).quantize(Decimal("0.1"), ROUND_HALF_UP)


def carried_forward(section: Section, old_answers: Answers) -> dict[str, Any]:
    """The stable facts of the last plan, to be offered again in this one. Takes only what still fits this form's questions."""
    offered: dict[str, Any] = {}
    for question in section.questions:
        value = old_answers.get(question.key)
        if not question.carry_forward or is_blank(value):
            continue
        if question.kind is Kind.ROWS:
            value = _carried_rows(question, value)
        if fits(question, value):
            offered[question.key] = value
    return offered


def _carried_rows(question: Question, rows: Any) -> list[dict[str, Any]]:
    chosen = [column for column in question.columns if column.carry_forward] or list(question.columns)
    kept = [
        {column.key: row[column.key] for column in chosen if column.key in row and fits(column, row[column.key])}
        for row in (rows if isinstance(rows, list) else [])
        if isinstance(row, dict)
    ]
    kept = [row for row in kept if row]
    if question.newest_first and all(question.newest_first in row for row in kept):
        kept.sort(key=lambda row: str(row[question.newest_first]), reverse=True)
    return kept


def differences(section: Section, old: Answers, new: Answers, audience: Audience) -> list[tuple[str, str, str]]:
    """What changed between two states of a section: question, before and after, in words."""
    return [
        (
            question.label,
            in_words(question, old.get(question.key)) or NOT_ANSWERED,
            in_words(question, new.get(question.key)) or NOT_ANSWERED,
        )
        for question in section.questions
        if may_read(question, audience) and old.get(question.key) != new.get(question.key)
    ]
