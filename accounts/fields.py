"""Form fields and widgets that Django lacks: a date in three boxes, and long text measured as its writer sees it."""

import datetime
import re
import unicodedata
from collections.abc import Mapping
from decimal import Decimal
from types import UnionType
from typing import Any, NamedTuple

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import EMPTY_VALUES
from django.utils import timezone
from django.utils.datastructures import MultiValueDict

_LENGTHS = {
    "max_length": "{} must be %(limit_value)d characters or fewer. You have written %(show_value)d.",
    "min_length": "{} must be %(limit_value)d characters or more. You have written %(show_value)d.",
}
_LIMITS = {"max_value": "{} must be %(limit_value)s or less", "min_value": "{} must be %(limit_value)s or more"}
MONTHS = ("january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december")
PARTS = ("day", "month", "year")


# What a mail program makes a link of: a full stop between two longer words.
HOST = re.compile(r"[^\W_]{2,}\.[^\W\d_]{2,}")


def plain_name(text: str, *, also: str = "") -> str:
    """A name as it is kept: white space collapsed. It stands in e-mails, so nothing of an address or of another line may be in it; ``also``
    lists what may all the same. Raises ValidationError.
    """
    name = " ".join(text.split())
    wrong = [sign for sign in ("://", "/", "\\") if sign in name and sign not in also]
    if wrong or any(unicodedata.category(letter) in ("Cc", "Cf", "Zl", "Zp") for letter in text.strip()):
        raise ValidationError("A name has letters, not addresses of pages or line breaks")
    if HOST.search(name):
        raise ValidationError("A name has no address in it. Leave a space after a full stop")
    return name


class NameField(forms.CharField):
    """The name of a person."""

    def clean(self, value: Any) -> str:
        """A plain name."""
        text: str = super().clean(value)
        return plain_name(text)


class DateParts(NamedTuple):
    """A date as it was typed, so that a wrong one can be shown again unchanged."""

    day: str
    month: str
    year: str

    def __str__(self) -> str:
        return " ".join(part for part in self if part)


class DateInput(forms.Widget):
    """Three boxes, posted as ``name-day``, ``name-month`` and ``name-year``. Drawn by ``components/date_input.html``."""

    template_name = "django/forms/widgets/date_boxes.html"

    def format_value(self, value: Any) -> DateParts:
        """The three boxes' contents for a date, an ISO date, what was typed, or nothing."""
        if isinstance(value, DateParts):
            return value
        if isinstance(value, str) and value:
            value = datetime.date.fromisoformat(value[:10])
        if isinstance(value, datetime.date):
            return DateParts(str(value.day), str(value.month), str(value.year))
        return DateParts("", "", "")

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        """What the bare widget's template needs; pages draw dates through ``django/forms/field.html`` instead."""
        context = super().get_context(name, None, attrs)
        context["parts"] = [
            {"part": part, "name": f"{name}-{part}", "value": text} for part, text in zip(PARTS, self.format_value(value), strict=True)
        ]
        return context

    def value_from_datadict(self, data: Mapping[str, Any], files: MultiValueDict[str, Any], name: str) -> DateParts | None:
        """What was typed, or None where all three boxes are empty. A whole ISO date under the plain name is taken too."""
        parts = DateParts(*(str(data.get(f"{name}-{part}") or "").strip() for part in PARTS))
        if any(parts):
            return parts
        whole = data.get(name)
        if isinstance(whole, datetime.date):
            return self.format_value(whole)
        year, month, day = [*str(whole or "").strip().split("-"), "", "", ""][:3]
        return DateParts(day, month, year) if year else None

    def value_omitted_from_data(self, data: Mapping[str, Any], files: MultiValueDict[str, Any], name: str) -> bool:
        """Whether the form was posted without any of the boxes."""
        return name not in data and all(f"{name}-{part}" not in data for part in PARTS)

    def id_for_label(self, id_: str) -> str:
        """Where a label or the error summary leads: the first box."""
        return f"{id_}-day" if id_ else id_


# No date of a plan lies outside these, and every day counted from one is a day that Python and PostgreSQL have.
FIRST_YEAR, LAST_YEAR = 1900, 2199


class DateField(forms.Field):
    """A date typed as day, month and year. Months may be names. Cleans to ``datetime.date`` or None.

    Its errors say which box is wrong: ``ValidationError.params["parts"]``, a tuple of ``PARTS``. Wording after the date input
    pattern of the GOV.UK Design System.
    """

    widget = DateInput
    empty_values = list(EMPTY_VALUES)

    def to_python(self, value: Any) -> datetime.date | None:
        """Read the three boxes. Raises ValidationError naming the missing or wrong box."""
        if value in self.empty_values:
            return None
        if isinstance(value, datetime.datetime):
            return timezone.localdate(value) if timezone.is_aware(value) else value.date()
        if isinstance(value, datetime.date):
            return value
        parts = value if isinstance(value, DateParts) else DateInput().format_value(value)
        missing = tuple(part for part in PARTS if not getattr(parts, part))
        if missing:
            raise self._error(f"must include a {' and '.join(missing)}", missing, "incomplete")
        if not (parts.year.isascii() and parts.year.isdigit() and len(parts.year) == 4):
            raise self._error("must have a year of 4 numbers, like 2026", ("year",), "year")
        month = _month_number(parts.month)
        if month is None:
            raise self._error("must have a month between 1 and 12", ("month",), "month")
        if not (parts.day.isascii() and parts.day.isdigit() and len(parts.day) <= 2 and 1 <= int(parts.day) <= 31):
            raise self._error("must have a day between 1 and 31", ("day",), "day")
        if not FIRST_YEAR <= int(parts.year) <= LAST_YEAR:
            raise self._error(f"must have a year between {FIRST_YEAR} and {LAST_YEAR}", ("year",), "year")
        try:
            return datetime.date(int(parts.year), month, int(parts.day))
        except ValueError as error:
            raise self._error("must be a real date", ("day",), "invalid") from error

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Whether what was typed is another date than at first; half a date counts as changed."""
        if self.disabled:
            return False
        try:
            return self.to_python(initial) != self.to_python(data)
        except ValidationError:
            return True

    def _error(self, complaint: str, parts: tuple[str, ...], code: str) -> ValidationError:
        label = str(self.label or "")
        subject = label if label and not label.endswith(("?", ".", ":")) else "The date"
        return ValidationError(f"{subject} {complaint}", code=code, params={"parts": parts})


class ClockTimeField(forms.TimeField):
    """A time of day as people write it: "14:00", "14.00", "1400", "2pm", "2.30 p.m.". Cleans to ``datetime.time`` or None."""

    _WRITTEN = re.compile(r"(\d{1,2})(?:[:.]?(\d{2}))?\s*([ap])?\.?(?:m\.?)?", re.IGNORECASE | re.ASCII)

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("error_messages", {"invalid": "Enter the time in hours and minutes, such as 14:00 or 2pm"})
        kwargs.setdefault("widget", forms.TextInput(attrs={"class": "govuk-input--width-5"}))
        super().__init__(**kwargs)

    def to_python(self, value: Any) -> datetime.time | None:
        """Read what was typed. An hour alone needs "am" or "pm". Raises ValidationError."""
        if not isinstance(value, str) or not value.strip():
            return super().to_python(value)
        text = "12pm" if value.strip().lower() in ("noon", "midday") else value.strip()
        found = self._WRITTEN.fullmatch(text)
        if found is None or not (found[2] or found[3]) or bool(found[3]) != ("m" in text.lower()):
            raise ValidationError(self.error_messages["invalid"], code="invalid")
        hour, minute, half = int(found[1]), int(found[2] or 0), (found[3] or "").lower()
        if half and not 1 <= hour <= 12:
            raise ValidationError(self.error_messages["invalid"], code="invalid")
        if half:
            hour = hour % 12 + (12 if half == "p" else 0)
        try:
            return datetime.time(hour, minute)
        except ValueError as error:
            raise ValidationError(self.error_messages["invalid"], code="invalid") from error


def _month_number(text: str) -> int | None:
    """1 to 12 for ``3``, ``03``, ``Mar`` or ``March``; None for anything else."""
    if text.isascii() and text.isdigit() and len(text) <= 2:
        return int(text) if 1 <= int(text) <= 12 else None
    name = text.casefold().rstrip(".")
    matches = [number for number, month in enumerate(MONTHS, start=1) if len(name) >= 3 and month.startswith(name)]
    if name == "sept":
        matches = [9]
    return matches[0] if len(matches) == 1 else None


class MoneyField(forms.DecimalField):
    """Pounds as people write them: "£1,400", "1400.50". Cleans to a Decimal of at most two places, above nothing and below a million."""

    most = Decimal("999999.99")
    widget = forms.TextInput

    def __init__(self, *, least: Decimal = Decimal("0.01"), **kwargs: Any) -> None:
        self.least = least
        super().__init__(decimal_places=2, **kwargs)
        self.widget.attrs.setdefault("class", "govuk-input--width-10")
        self.widget.attrs.setdefault("inputmode", "decimal")

    def to_python(self, value: Any) -> Any:
        """Without pound sign, spaces, and commas between thousands; a comma elsewhere stays and is refused."""
        if isinstance(value, str):
            text = re.sub(r"[£\s]", "", value)
            value = text.replace(",", "") if re.fullmatch(r"-?\d{1,3}(,\d{3})+(\.\d*)?", text) else text
        return super().to_python(value)

    def validate(self, value: Any) -> None:
        """Refuse what is too little or too much, saying what goes."""
        super().validate(value)
        if value not in self.empty_values and value == value and not self.least <= value <= self.most:
            raise ValidationError(f"{self._subject()} must be between £{self.least:,} and £{self.most:,}", code="range")

    def _subject(self) -> str:
        label = str(self.label or "Amount").removesuffix(" (£)")
        return "Your answer" if label.endswith("?") else label


class TextField(forms.CharField):
    """Several paragraphs. Line ends count as one character, as in the counter below the box, and are kept as ``\\n``."""

    widget = forms.Textarea

    def to_python(self, value: Any) -> str | None:
        """Make the browser's CR LF into LF before its length is checked."""
        if isinstance(value, str):
            value = value.replace("\r\n", "\n").replace("\r", "\n")
        return super().to_python(value)


# What to say instead of Django's general words, by kind of field and error code. The first kind that fits decides.
MESSAGES: tuple[tuple[type[forms.Field] | UnionType, dict[str, str]], ...] = (
    (MoneyField, {"invalid": "{} must be an amount of money, like 54.50 or £1,400", "max_decimal_places": "{} must be in whole pence"}),
    (
        forms.DecimalField | forms.FloatField,
        {"invalid": "{} must be a number, like 12.50", "max_decimal_places": "{} has too many decimal places", **_LIMITS},
    ),
    (forms.IntegerField, {"invalid": "{} must be a whole number", **_LIMITS}),
    (forms.EmailField, {"invalid": "Enter an e-mail address like name@example.com", **_LENGTHS}),
    (forms.CharField, _LENGTHS),
    (forms.ChoiceField, {"invalid_choice": "Choose from the list"}),
    (forms.FileField, {"empty": "The file is empty. Choose another"}),
)


class PlainWords:
    """Put before ``forms.Form`` or ``ModelForm``: errors say what to do ("Enter full name") instead of "This field is required."

    A message that a field was declared with stays.
    """

    fields: dict[str, forms.Field]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            label = str(field.label or name.replace("_", " ").capitalize())
            usual = _usual_messages(field)
            for code, text in plain_messages(label, field).items():
                if field.error_messages.get(code) == usual.get(code):
                    field.error_messages[code] = text


def _usual_messages(field: forms.Field) -> dict[str, Any]:
    """What a field of this class says when its form declared nothing else."""
    messages: dict[str, Any] = {}
    for kind in reversed(type(field).__mro__):
        messages |= getattr(kind, "default_error_messages", {})
    return messages


def plain_messages(label: str, field: forms.Field) -> dict[str, str]:
    """The errors of a field with this label in plain words, by code."""
    subject = "Your answer" if label.endswith("?") else label.removesuffix(" (£)")
    messages = next((messages for kind, messages in MESSAGES if isinstance(field, kind)), {})
    # All but "invalid" come from validators, whose messages are filled with %.
    escaped = subject.replace("%", "%%")
    texts = {code: text.replace("{}", subject if code == "invalid" else escaped) for code, text in messages.items()}
    return {"required": required_message(label, field), **texts}


def required_message(label: str, field: forms.Field) -> str:
    """What to tell somebody who left a required field empty."""
    if label.endswith("?"):
        return f"Answer the question “{label}”"
    if isinstance(field.widget, forms.CheckboxInput):
        return f"Tick the box “{label}”"
    verb = "Choose" if isinstance(field.widget, forms.widgets.ChoiceWidget | forms.FileInput) else "Enter"
    first_word = label.split(" ")[0]
    rest = label[:1].lower() + label[1:] if first_word[1:].islower() or len(first_word) == 1 else label
    return f"{verb} {_article(rest)}{rest}"


# Words of one label that take no article.
_MASS = ("telephone", "evidence", "e-mail", "help")


def _article(words: str) -> str:
    """The article of a label that is a single noun: “Choose an area”. Plurals and longer labels stand as they are."""
    if not words.islower() or " " in words or words in _MASS or words.endswith("s"):
        return ""
    return "an " if words[0] in "aeiou" else "a "
