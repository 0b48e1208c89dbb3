"""Dates in three boxes, long text, and errors in plain words."""

import datetime
from typing import Any

import pytest
from django import forms
from hypothesis import given
from hypothesis import strategies as st

from accounts.fields import MONTHS, DateField, DateParts, PlainWords, TextField


class Meeting(forms.Form):
    held = DateField(label="Day of the meeting")


def posted(day: str, month: str, year: str) -> Meeting:
    return Meeting({"held-day": day, "held-month": month, "held-year": year})


@given(st.dates(min_value=datetime.date(1900, 1, 1), max_value=datetime.date(2199, 12, 31)))
def test_every_date_can_be_typed_as_numbers_and_comes_back(date: datetime.date) -> None:
    form = posted(str(date.day), str(date.month), f"{date.year:04}")
    assert form.is_valid()
    assert form.cleaned_data["held"] == date
    assert Meeting(initial={"held": date})["held"].field.widget.format_value(date) == DateParts(
        str(date.day), str(date.month), f"{date.year}"
    )


@given(st.text(max_size=6), st.text(max_size=6), st.text(max_size=6))
def test_nothing_that_is_typed_breaks_the_form_and_all_of_it_is_shown_again(day: str, month: str, year: str) -> None:
    form = posted(day, month, year)
    form.is_valid()
    shown = form["held"].field.widget.format_value(form["held"].value())
    assert shown == (day.strip(), month.strip(), year.strip())
    str(form)


@pytest.mark.parametrize(
    ("typed", "month"),
    [(name, number) for number, name in enumerate(MONTHS, start=1)] + [("MAR", 3), ("Sept", 9), ("sep.", 9), ("03", 3), ("december", 12)],
)
def test_months_may_be_names(typed: str, month: int) -> None:
    form = posted("5", typed, "2026")
    assert form.is_valid()
    assert form.cleaned_data["held"] == datetime.date(2026, month, 5)


@pytest.mark.parametrize(
    ("parts", "message", "target"),
    [
        (("", "3", "2026"), "Day of the meeting must include a day", "id_held-day"),
        (("3", "", ""), "Day of the meeting must include a month and year", "id_held-month"),
        (("3", "3", "26"), "Day of the meeting must have a year of 4 numbers, like 2026", "id_held-year"),
        (("3", "13", "2026"), "Day of the meeting must have a month between 1 and 12", "id_held-month"),
        (("3", "Ma", "2026"), "Day of the meeting must have a month between 1 and 12", "id_held-month"),
        (("32", "3", "2026"), "Day of the meeting must have a day between 1 and 31", "id_held-day"),
        (("0", "3", "2026"), "Day of the meeting must have a day between 1 and 31", "id_held-day"),
        (("30", "2", "2026"), "Day of the meeting must be a real date", "id_held-day"),
        (("1", "1", "0000"), "Day of the meeting must have a year between 1900 and 2199", "id_held-year"),
        (("31", "12", "9999"), "Day of the meeting must have a year between 1900 and 2199", "id_held-year"),
        (("³", "3", "2026"), "Day of the meeting must have a day between 1 and 31", "id_held-day"),
        (("", "", ""), "This field is required.", "id_held-day"),
    ],
)
def test_a_wrong_date_says_which_box_to_change(parts: tuple[str, str, str], message: str, target: str) -> None:
    form = posted(*parts)
    assert form.errors == {"held": [message]}
    html = str(form)
    assert f'id="{target}"' in html
    marked = html.split(f'id="{target}"')[0].rsplit("<input", 1)[1]
    assert "govuk-input--error" in marked


def test_a_label_that_is_a_question_is_not_made_the_subject() -> None:
    form = type("Asked", (forms.Form,), {"when": DateField(label="When did it happen?")})({"when-day": "1"})
    assert form.errors["when"] == ["The date must include a month and year"]


def test_a_date_that_was_not_required_may_be_left_out() -> None:
    form = type("Free", (forms.Form,), {"when": DateField(required=False)})({})
    assert form.is_valid()
    assert form.cleaned_data["when"] is None


def test_a_date_has_changed_only_when_it_is_another_day() -> None:
    field, day = DateField(), datetime.date(2026, 3, 5)
    assert not field.has_changed(day, DateParts("05", "March", "2026"))
    assert field.has_changed(day, DateParts("6", "3", "2026"))
    assert field.has_changed(day, DateParts("", "3", "2026"))
    assert field.has_changed(None, DateParts("6", "3", "2026"))
    assert not field.has_changed(None, None)


def test_an_iso_date_is_understood_too() -> None:
    form = Meeting({"held": "2026-03-05"})
    assert form.is_valid()
    assert form.cleaned_data["held"] == datetime.date(2026, 3, 5)
    assert not Meeting({"held": "soon"}).is_valid()


def test_a_line_end_counts_as_one_character() -> None:
    form = type("Long", (forms.Form,), {"text": TextField(max_length=3)})({"text": "a\r\nb"})
    assert form.is_valid()
    assert form.cleaned_data["text"] == "a\nb"
    assert not type("Long", (forms.Form,), {"text": TextField(max_length=3)})({"text": "a\r\nbc"}).is_valid()


class Plain(PlainWords, forms.Form):
    name = forms.CharField(label="Full name", max_length=5)
    upn = forms.CharField(label="UPN")
    reason = forms.ChoiceField(label="Reason", choices=[("a", "A")])
    which = forms.ChoiceField(label="Which school?", choices=[("a", "A")])
    seen = forms.BooleanField(label="I have read it")
    share = forms.IntegerField(label="Share in %", min_value=0, max_value=100)
    cost = forms.DecimalField(label="Cost", decimal_places=2)
    email = forms.EmailField(label="E-mail address")
    own = forms.CharField(error_messages={"required": "Tell us"})


def test_an_empty_field_says_what_to_do() -> None:
    assert {name: errors[0] for name, errors in Plain({}).errors.items()} == {
        "name": "Enter full name",
        "upn": "Enter UPN",
        "reason": "Choose a reason",
        "which": "Answer the question “Which school?”",
        "seen": "Tick the box “I have read it”",
        "share": "Enter share in %",
        "cost": "Enter a cost",
        "email": "Enter e-mail address",
        "own": "Tell us",
    }


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("name", "abcdefg", "Full name must be 5 characters or fewer. You have written 7."),
        ("share", "many", "Share in % must be a whole number"),
        ("share", "101", "Share in % must be 100 or less"),
        ("share", "-1", "Share in % must be 0 or more"),
        ("cost", "much", "Cost must be a number, like 12.50"),
        ("cost", "1.234", "Cost has too many decimal places"),
        ("email", "me", "Enter an e-mail address like name@example.com"),
        ("reason", "z", "Choose from the list"),
        ("which", "z", "Choose from the list"),
    ],
)
def test_a_wrong_answer_says_what_is_wrong(name: str, value: Any, message: str) -> None:
    assert Plain({name: value}).errors[name] == [message]
