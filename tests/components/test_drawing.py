"""Every kind of form field through the one template, and the tags that pages use."""

import datetime
from decimal import Decimal
from typing import Any

import pytest
from django import forms
from django.core.paginator import Paginator
from django.template import engines
from django.test import RequestFactory
from django.test.html import parse_html

from accounts.drawing import error_links
from accounts.fields import DateField, TextField
from accounts.templatetags.components import due_words, render

YES_NO = [("yes", "Yes"), ("no", "No")]


def drawn(source: str, **context: Any) -> str:
    return engines["django"].from_string("{% load components %}" + source).render(context, RequestFactory().get("/list/?team=a%26b&page=2"))


def form_with(data: dict[str, Any] | None = None, **fields: forms.Field) -> forms.Form:
    return type("Made", (forms.Form,), fields)(data)


def same(html: str, expected: str) -> bool:
    return parse_html(html) == parse_html(expected)


def test_a_text_field_is_the_input_component_with_hint_and_error() -> None:
    form = form_with({"name": "x" * 9}, name=forms.CharField(label="Full name", help_text="As in the register", max_length=5))
    expected = render(
        "input",
        {
            "id": "id_name",
            "name": "name",
            "label": "Full name",
            "label_class": "govuk-label--s",
            "hint": "As in the register",
            "error": "Ensure this value has at most 5 characters (it has 9).",
            "value": "x" * 9,
        },
    )
    assert same(str(form), expected)
    assert 'aria-describedby="id_name-hint id_name-error"' in expected


def test_the_browser_is_never_told_to_cut_or_refuse_what_is_typed() -> None:
    form = form_with(
        name=forms.CharField(max_length=5, min_length=2),
        text=TextField(max_length=5),
        number=forms.IntegerField(min_value=1, max_value=2),
    )
    html = str(form)
    assert not [word for word in (" maxlength=", " minlength=", " required", ' min="', ' max="', 'type="number"') if word in html]
    assert 'data-maxlength="5"' in html
    assert 'inputmode="numeric"' in html


@pytest.mark.parametrize(
    ("field", "part"),
    [
        (forms.EmailField(), '<input class="govuk-input" id="id_it" name="it" type="email"'),
        (forms.URLField(assume_scheme="https"), 'type="url"'),
        (forms.CharField(widget=forms.PasswordInput(attrs={"autocomplete": "new-password"})), 'autocomplete="new-password"'),
        (forms.CharField(widget=forms.PasswordInput), "govuk-js-password-input-toggle"),
        (forms.CharField(widget=forms.Textarea), 'class="govuk-textarea" id="id_it" name="it" rows="5"'),
        (forms.CharField(max_length=9, widget=forms.Textarea(attrs={"rows": 3})), 'data-module="govuk-character-count"'),
        (forms.FileField(), '<input class="govuk-file-upload" id="id_it" name="it" type="file"'),
        (forms.DecimalField(), 'inputmode="decimal"'),
        (
            forms.IntegerField(widget=forms.NumberInput(attrs={"suffix": "%"})),
            '<div class="govuk-input__suffix" aria-hidden="true">%</div>',
        ),
        (forms.CharField(widget=forms.TextInput(attrs={"class": "govuk-input--width-2"})), 'class="govuk-input govuk-input--width-2"'),
        (forms.CharField(disabled=True), " disabled"),
        (forms.CharField(widget=forms.TextInput(attrs={"page_heading": True})), '<h1 class="govuk-label-wrapper">'),
        (forms.ChoiceField(choices=YES_NO), '<select class="govuk-select" id="id_it" name="it">'),
        (forms.MultipleChoiceField(choices=YES_NO), " multiple>"),
        (forms.ChoiceField(choices=[("G", [("a", "A")])]), '<optgroup label="G">'),
        (forms.SplitDateTimeField(), 'name="it_1"'),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, forms.Field) else "",
)
def test_each_kind_of_widget_has_its_component(field: forms.Field, part: str) -> None:
    html = str(form_with(it=field))
    assert part in html
    assert html.count("govuk-form-group") == 1


def test_radios_have_a_legend_hints_and_the_first_one_has_the_id_of_the_field() -> None:
    widget = forms.RadioSelect(attrs={"inline": True, "hints": {"no": "Not yet"}})
    form = form_with({"it": "no"}, it=forms.ChoiceField(label="Is it?", choices=[("", "---------"), *YES_NO], widget=widget))
    assert same(
        str(form),
        """<div class="govuk-form-group"><fieldset class="govuk-fieldset">
        <legend class="govuk-fieldset__legend govuk-fieldset__legend--s">Is it?</legend>
        <div class="govuk-radios govuk-radios--inline" data-module="govuk-radios">
        <div class="govuk-radios__item"><input class="govuk-radios__input" id="id_it" name="it" type="radio" value="yes">
        <label class="govuk-label govuk-radios__label" for="id_it">Yes</label></div>
        <div class="govuk-radios__item"><input class="govuk-radios__input" id="id_it-2" name="it" type="radio" value="no" checked
         aria-describedby="id_it-2-item-hint"><label class="govuk-label govuk-radios__label" for="id_it-2">No</label>
        <div id="id_it-2-item-hint" class="govuk-hint govuk-radios__hint">Not yet</div></div></div></fieldset></div>""",
    )


def test_none_of_these_stands_apart_and_unticks_the_others() -> None:
    widget = forms.CheckboxSelectMultiple(attrs={"exclusive": "no"})
    html = str(form_with({"it": ["yes"]}, it=forms.MultipleChoiceField(choices=YES_NO, widget=widget)))
    assert (
        html.index('value="yes" checked')
        < html.index('<div class="govuk-checkboxes__divider">or</div>')
        < html.index('data-behaviour="exclusive"')
    )


def test_one_checkbox_has_its_label_once_and_its_error_described() -> None:
    html = str(form_with({}, it=forms.BooleanField(label="I agree", help_text="To all of it")))
    assert html.count("I agree") == 1
    assert html.count("To all of it") == 1
    assert 'aria-describedby="id_it-error id_it-item-hint"' in html


def test_no_two_elements_have_one_id_and_every_description_exists() -> None:
    form = form_with(
        {"when-day": "1"},
        when=DateField(help_text="h"),
        one=forms.ChoiceField(choices=YES_NO, widget=forms.RadioSelect, help_text="h"),
        more=forms.MultipleChoiceField(choices=YES_NO, widget=forms.CheckboxSelectMultiple, help_text="h"),
        text=TextField(max_length=4, help_text="h"),
        both=forms.SplitDateTimeField(help_text="h"),
    )
    html = str(form)
    ids = [piece.split('"')[0] for piece in html.split(' id="')[1:]]
    described = [name for piece in html.split('aria-describedby="')[1:] for name in piece.split('"')[0].split()]
    labelled = [piece.split('"')[0] for piece in html.split(' for="')[1:]]
    assert len(ids) == len(set(ids))
    assert set(described) <= set(ids)
    assert set(labelled) <= set(ids)
    assert {link.target for link in error_links(form)} <= set(ids)
    assert len(error_links(form)) == 5


def test_what_people_typed_is_never_markup() -> None:
    nasty = '"><script>alert(1)</script>'
    form = form_with(
        {"name": nasty, "text": "</textarea>" + nasty, "when-day": nasty, "one": nasty},
        name=forms.CharField(label=nasty, help_text=nasty),
        text=TextField(max_length=3),
        when=DateField(),
        one=forms.ChoiceField(choices=[(nasty, nasty)], widget=forms.RadioSelect(attrs={"hints": {nasty: nasty}})),
    )
    html = str(form) + drawn(
        "{% error_summary form %}{% draw 'tag' text=x %}{% wrap 'details' summary=x %}{{ x }}{% endwrap %}", form=form, x=nasty
    )
    assert "<script" not in html
    assert html.count("</textarea>") == 1


def test_several_errors_of_a_field_are_all_told() -> None:
    form = form_with({"name": "ab"}, name=forms.CharField())
    form.add_error("name", "First")
    form.add_error("name", "Second")
    assert str(form).count('class="app-line"') == 2
    assert [link.text for link in error_links(form)] == ["First", "Second"]


def test_the_summary_lists_forms_and_formsets_in_order_with_links_that_exist() -> None:
    class Row(forms.Form):
        title = forms.CharField()

        def clean(self) -> None:
            if self.cleaned_data.get("title") == "whole":
                raise forms.ValidationError("The row as a whole")

    rows = forms.formset_factory(Row, max_num=1, validate_max=True)
    data = {"form-TOTAL_FORMS": "2", "form-INITIAL_FORMS": "2", "form-0-title": "whole", "form-1-title": "", "name": ""}
    formset = rows(data)
    form = form_with(data, name=forms.CharField(), secret=forms.CharField(widget=forms.HiddenInput))
    links = error_links(form, None, form_with(name=forms.CharField()), formset)
    assert [link.target for link in links] == ["id_name", "", "", "", "id_form-1-title"]
    assert [link.text for link in links][2:] == ["Please submit at most 1 form.", "The row as a whole", "This field is required."]
    assert drawn("{% error_summary form %}", form=form_with(name=forms.CharField())).strip() == ""


def test_a_page_with_errors_says_so_in_its_title() -> None:
    assert drawn("{% error_prefix %}", form=form_with({}, name=forms.CharField())) == "Error: "
    assert drawn("{% error_prefix %}", form=form_with(name=forms.CharField())) == ""
    assert drawn("{% error_prefix %}") == ""


def test_a_page_can_say_more_about_a_field_than_the_form_does() -> None:
    html = drawn('{% draw_field form.name label="Other" prefix="£" hint="More" %}', form=form_with(name=forms.CharField(label="Name")))
    assert "Other" in html
    assert "£" in html
    assert "Name<" not in html
    assert "More" in html


def test_a_component_sees_none_of_the_variables_of_the_page() -> None:
    html = drawn(
        "{% draw 'tag' text='A' %}{% draw 'button' text='B' %}",
        colour="red",
        classes="leak",
        href="/leak",
        attributes={"leak": 1},
        id="leak",
    )
    assert "leak" not in html
    assert "red" not in html


def test_pages_of_a_list_keep_the_filters() -> None:
    page = Paginator(range(50), 10).page(2)
    html = drawn("{% paginate page %}", page=page)
    assert 'href="?team=a%26b&amp;page=3"' in html
    assert 'aria-label="Page 2" aria-current="page"' in html
    assert html.count("<li") == 5
    assert drawn("{% paginate page %}", page=Paginator(range(5), 10).page(1)) == ""


def test_the_navigation_marks_the_place_we_are_in() -> None:
    items = [{"text": "Home", "href": "/"}, {"text": "List", "href": "/list/"}, {"text": "Other", "href": "/lists/"}]
    html = drawn("{% navigation items %}", items=items)
    assert html.count("aria-current") == 1
    assert '<a class="govuk-service-navigation__link" href="/list/" aria-current="page">' in html
    below = engines["django"].from_string("{% load components %}{% navigation items %}")
    assert 'href="/list/" aria-current="true"' in below.render({"items": items}, RequestFactory().get("/list/5/"))


@pytest.mark.parametrize(
    ("days", "words", "colour"),
    [
        (-2, "2 days late", "red"),
        (-1, "1 day late", "red"),
        (0, "today", "yellow"),
        (1, "tomorrow", "yellow"),
        (7, "in 7 days", "yellow"),
        (8, "in 8 days", None),
    ],
)
def test_a_date_says_how_far_it_is(days: int, words: str, colour: str | None) -> None:
    today = datetime.date(2026, 3, 2)
    date = today + datetime.timedelta(days=days)
    assert due_words(date, today) == words
    html = drawn("{% due date today %}", date=date, today=today)
    assert words in html
    assert (f"govuk-tag--{colour}" in html) if colour else ("govuk-tag" not in html)
    assert f'datetime="{date.isoformat()}"' in html


def test_there_may_be_no_date() -> None:
    assert drawn("{% due date today missing='not set' %}", date=None, today=datetime.date(2026, 3, 2)) == "not set"


def test_progress_is_told_in_words() -> None:
    assert "3 of 4 questions answered." in render("progress", {"answered": 3, "total": 4, "left": ["Targets"]})
    assert "1 section to go: Targets." in render("progress", {"answered": 3, "total": 4, "left": ["Targets"]})
    assert "Every section is complete." in render("progress", {"answered": 4, "total": 4, "left": []})


def test_two_texts_are_told_apart_in_words() -> None:
    rows = [
        {"label": "A", "theirs": "x", "mine": "y"},
        {"label": "B", "theirs": "x", "mine": "x"},
        {"label": "C", "theirs": "", "mine": "z"},
    ]
    html = render("compare", {"rows": rows, "theirs_title": "Mr B"})
    assert html.count("Different") == 2
    assert html.count("The same") == 1
    assert html.count("Nothing written") == 1


def test_an_error_page_needs_no_request() -> None:
    html = engines["django"].get_template("500.html").render({"reference": "K7M2"})
    assert "K7M2" in html
    assert "Sorry, something went wrong – Education Plans" in html


def test_messages_become_one_banner_that_is_green_only_for_good_news() -> None:
    good = [_Message(25, "Saved"), _Message(25, "Sent <b>")]
    html = drawn("{% include 'components/messages.html' %}", messages=good)
    assert html.count("govuk-notification-banner__heading") == 2
    assert "govuk-notification-banner--success" in html
    assert "Sent &lt;b&gt;" in html
    assert "--success" not in drawn("{% include 'components/messages.html' %}", messages=[*good, _Message(30, "But")])
    assert drawn("{% include 'components/messages.html' %}", messages=[]).strip() == ""


class _Message:
    def __init__(self, level: int, message: str) -> None:
        self.level = level
        self.message = message


@pytest.mark.parametrize(("amount", "words"), [(0, "£0"), (Decimal("2630.00"), "£2,630"), (Decimal("54.5"), "£54.50"), (None, "")])
def test_money_is_written_as_people_write_it(amount: Decimal | int | None, words: str) -> None:
    assert drawn("{{ amount|pounds }}", amount=amount) == words


def test_a_moment_kept_as_text_becomes_its_day_in_london() -> None:
    assert drawn("{{ at|iso_day }}", at="2026-06-30T23:30:00+00:00") == "1 July 2026"


def test_a_number_takes_the_noun_that_fits() -> None:
    assert [drawn('{{ n|counted:"child,children" }}', n=n) for n in (0, 1, 1200)] == ["0 children", "1 child", "1,200 children"]
