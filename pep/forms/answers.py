"""What an answer is: blank or not, whether its question applies, whether it fits its question, and how it reads in words.

Answers are the JSON kept with a section: question key to value, of the type that ``Kind`` names; a question without an answer has no key.
"""

import datetime
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, TypeAlias

from pep.forms.declaration import Kind, Question, Section

LONGEST_LINE = 200
NOT_ANSWERED = "Not answered"

Answers: TypeAlias = Mapping[str, Any]
Display: TypeAlias = dict[str, Any]


def is_blank(value: Any) -> bool:
    """Whether nothing was answered. No and nought are answers."""
    return value is None or value == "" or value == []


def applies(section: Section, question: Question, answers: Answers) -> bool:
    """Whether the question is to be answered, given the other answers of its section."""
    condition = question.applies
    if condition is None:
        return True
    other = section.question(condition.question)
    if not applies(section, other, answers):
        return False
    answer = answers.get(other.key)
    return any(value in condition.values for value in (answer if isinstance(answer, list) else [answer]))


def longest(question: Question) -> int:
    """How many characters a text answer may have."""
    return min(question.max_length, LONGEST_LINE) if question.kind is Kind.LINE else question.max_length


def fits(question: Question, value: Any) -> bool:
    """Whether a value, from this form or an older one, is an answer that this question could be given."""
    match question.kind:
        case Kind.LINE | Kind.TEXT:
            return isinstance(value, str) and 0 < len(value) <= longest(question)
        case Kind.CHOICE:
            return _is_option(question, value)
        case Kind.CHOICES:
            return isinstance(value, list) and bool(value) and all(value.count(one) == 1 and _is_option(question, one) for one in value)
        case Kind.YES_NO:
            return isinstance(value, bool)
        case Kind.DATE:
            return isinstance(value, str) and _date(value) is not None
        case Kind.NUMBER:
            return type(value) is int and (question.minimum or 0) <= value <= (question.maximum or 0)
        case Kind.PERCENT:
            return isinstance(value, str) and bool(re.fullmatch(r"[0-9]{1,3}\.[0-9]", value)) and Decimal(value) <= 100
        case Kind.ROWS:
            return isinstance(value, list) and bool(value) and all(_row_fits(question, row) for row in value)


def _is_option(question: Question, value: Any) -> bool:
    return isinstance(value, str) and value in {option.value for option in question.options}


def _row_fits(question: Question, row: Any) -> bool:
    columns = {column.key: column for column in question.columns}
    return isinstance(row, dict) and bool(row) and all(key in columns and fits(columns[key], value) for key, value in row.items())


def _date(text: str) -> datetime.date | None:
    try:
        day = datetime.date.fromisoformat(text)
    except ValueError:
        return None
    return day if day.isoformat() == text else None


def display(question: Question, value: Any) -> Display:
    """An answer as it is drawn on pages and in documents: text in paragraphs, a list, a table, or nothing answered."""
    if is_blank(value):
        return {"type": "none", "text": NOT_ANSWERED}
    if question.kind is Kind.CHOICES:
        return {"type": "list", "items": [_label(question, one) for one in value]}
    if question.kind is Kind.ROWS:
        rows = [[in_words(column, row.get(column.key)) for column in question.columns] for row in value]
        return {"type": "table", "columns": [column.label for column in question.columns], "rows": rows}
    return {"type": "text", "paragraphs": [line.strip() for line in in_words(question, value).splitlines() if line.strip()]}


def in_words(question: Question, value: Any) -> str:
    """An answer as one piece of text: a date as "3 March 2026", a choice by its label; rows line by line; "" for none."""
    if is_blank(value):
        return ""
    match question.kind:
        case Kind.CHOICE:
            return _label(question, value)
        case Kind.CHOICES:
            return "\n".join(_label(question, one) for one in value)
        case Kind.YES_NO:
            return "Yes" if value else "No"
        case Kind.DATE:
            return date_in_words(value)
        case Kind.NUMBER | Kind.PERCENT:
            return with_unit(question.unit, f"{value:,}" if isinstance(value, int) else str(value))
        case Kind.ROWS:
            return "\n".join(_row_in_words(question, row, number) for number, row in enumerate(value, start=1))
        case _:
            return str(value)


def _row_in_words(question: Question, row: Answers, number: int) -> str:
    cells = [f"{column.label}: {in_words(column, row[column.key])}" for column in question.columns if not is_blank(row.get(column.key))]
    return f"{question.row_name} {number}. " + "; ".join(cells)


def _label(question: Question, value: Any) -> str:
    return next((option.label for option in question.options if option.value == value), str(value))


def date_in_words(value: str) -> str:
    """An ISO date as "3 March 2026". Raises ValueError for anything else."""
    day = datetime.date.fromisoformat(value)
    return f"{day.day} {day:%B} {day.year}"


def with_unit(unit: str, number: str) -> str:
    """ "£120", "94.5%", "12 hours": a number with what it counts."""
    if unit == "£":
        return f"£{number}"
    return f"{number}{unit}" if unit == "%" else f"{number} {unit}".rstrip()
