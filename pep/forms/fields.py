"""The Django field of one declared question, and what it holds on the way in and out."""

import datetime
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone

from accounts.fields import PARTS, DateField, TextField
from pep.forms.answers import longest
from pep.forms.declaration import Kind, Option, Question, Section, When

MOST_RADIOS = 8
YES_NO = (Option("yes", "Yes"), Option("no", "No"))


class LineField(forms.CharField):
    """One line of text: line breaks and runs of spaces become one space."""

    def to_python(self, value: Any) -> str:
        """The text on one line."""
        return " ".join((super().to_python(value) or "").split())


class PercentField(forms.DecimalField):
    """A percentage from 0 to 100 with one decimal, typed with or without its sign. Whatever is wrong, one message says what is right."""

    def clean(self, value: Any) -> Decimal | None:
        """The number, or None. Raises ValidationError."""
        try:
            return super().clean(value.strip().removesuffix("%").rstrip() if isinstance(value, str) else value)
        except ValidationError as error:
            raise ValidationError(self.error_messages["invalid"], code="invalid") from error


def field_for(question: Question, row_title: str = "") -> forms.Field:
    """The field of a question, or of a column of the row with this title. Never required: half-filled sections are saved."""
    label = f"{question.label} ({row_title})" if row_title else question.label
    made = _of_kind(question, label, in_row=bool(row_title))
    made.required = made.widget.is_required = False
    made.label = label
    made.help_text = question.hint
    hints = {option.value: option.hint for option in question.options if option.hint}
    if hints:
        made.widget.attrs["hints"] = hints
    if question.unit:
        made.widget.attrs["prefix" if question.unit == "£" else "suffix"] = question.unit
    return made


def _of_kind(question: Question, label: str, *, in_row: bool) -> forms.Field:
    choose = {"invalid_choice": f"Choose one of the answers to “{label}”", "invalid_list": f"Choose from the answers to “{label}”"}
    match question.kind:
        case Kind.LINE:
            return LineField(max_length=longest(question), error_messages=_text_messages(question, label))
        case Kind.TEXT:
            lines = 3 if question.max_length <= 1000 else 5 if question.max_length <= 2000 else 8
            box = forms.Textarea(attrs={"rows": lines})
            return TextField(max_length=longest(question), widget=box, error_messages=_text_messages(question, label))
        case Kind.DATE:
            return DateField(validators=[_past(label)] if question.past else [])
        case Kind.NUMBER:
            wrong = f"Enter a whole number from {question.minimum} to {question.maximum:,} for “{label}”"
            messages = dict.fromkeys(("invalid", "min_value", "max_value"), wrong)
            return forms.IntegerField(min_value=question.minimum, max_value=question.maximum, error_messages=messages)
        case Kind.PERCENT:
            wrong = f"Enter a number from 0 to 100, with one decimal at most, for “{label}”"
            return PercentField(min_value=0, max_value=100, decimal_places=1, error_messages={"invalid": wrong})
        case Kind.YES_NO:
            chooser = _chooser(YES_NO, in_row=in_row)
            return forms.TypedChoiceField(coerce=lambda value: value == "yes", empty_value=None, error_messages=choose, **chooser)
        case Kind.CHOICE:
            return forms.ChoiceField(error_messages=choose, **_chooser(question.options, in_row=in_row))
        case Kind.CHOICES:
            choices = [(option.value, option.label) for option in question.options]
            return forms.MultipleChoiceField(choices=choices, widget=forms.CheckboxSelectMultiple, error_messages=choose)
        case _:
            raise ValueError(f"{question.key} is not one field")


def _past(label: str) -> Callable[[datetime.date], None]:
    def check(day: datetime.date) -> None:
        if day > timezone.localdate():
            raise ValidationError(f"{label} cannot be in the future", code="future", params={"parts": PARTS})

    return check


def _text_messages(question: Question, label: str) -> dict[str, str]:
    return {
        "max_length": f"“{label}” must be {longest(question):,} characters or fewer. You have typed %(show_value)d",
        "null_characters_not_allowed": f"“{label}” has a character that cannot be kept. Type the text again instead of pasting it",
    }


def _chooser(options: tuple[Option, ...], *, in_row: bool) -> dict[str, Any]:
    """Buttons for a few options; a list, which starts with nothing chosen, for many and in rows, where buttons would fill the page."""
    choices = [(option.value, option.label) for option in options]
    if in_row or len(options) > MOST_RADIOS:
        return {"choices": [("", "---------"), *choices], "widget": forms.Select()}
    return {"choices": choices, "widget": forms.RadioSelect(attrs={"inline": True} if options is YES_NO else None)}


def posted_condition(when: When) -> tuple[str, tuple[str, ...]]:
    """A condition in the form's terms: the name of the field it hangs on, and the posted values with which it applies."""
    return when.question, tuple({True: "yes", False: "no"}[value] if isinstance(value, bool) else value for value in when.values)


def condition_in_words(when: When, section: Section) -> str:
    """When a question is to be answered, for readers of a page on which no script hides it."""
    other = section.question(when.question)
    options = YES_NO if other.kind is Kind.YES_NO else other.options
    _, values = posted_condition(when)
    chosen = [option.label for option in options if option.value in values]
    others = [option.label for option in options if option.value not in values]
    told, named = ("Only if", chosen) if len(chosen) <= len(others) else ("Not if", others)
    return f"{told} you answered {' or '.join(f'“{label}”' for label in named)} to “{other.label}”"


def offered(question: Question, answer: Any) -> Any:
    """A kept answer as the field begins with it."""
    return {True: "yes", False: "no"}[answer] if isinstance(answer, bool) else answer


def kept(question: Question, cleaned: Any) -> Any:
    """What the field made of what was typed, as it is kept."""
    if isinstance(cleaned, datetime.date):
        return cleaned.isoformat()
    if isinstance(cleaned, Decimal):
        return f"{cleaned:.1f}"
    return cleaned
