"""The four layouts that pages are made from, drawn with little in them and with much."""

from typing import Any

import pytest
from django import forms
from django.core.paginator import Paginator

from accounts.fields import DateField, PlainWords
from tests.browser import accessibility_faults, scrolls_sideways
from tests.components.browser import Site, draw_page

LONG = "Donaudampfschifffahrtsgesellschaftskapitaenswitwe-Featherstonehaugh-Cholmondeley"

PAGE = """{% extends "layouts/page.html" %}{% block title %}A page{% endblock %}{% block heading %}A page for LONG{% endblock %}
{% block body %}<p>LONG</p>{% endblock %}
{% block aside %}<div class="govuk-grid-column-one-third"><h2 class="govuk-heading-s">Beside</h2></div>{% endblock %}"""
FORM = (
    """{% extends "layouts/form.html" %}{% load components %}{% block before_content %}{% draw "back_link" href="/child" %}{% endblock %}"""
)
CONFIRM = (
    """{% extends "layouts/confirm.html" %}{% block consequence %}<p>The plan of LONG can then no longer be changed.</p>{% endblock %}"""
)
LIST = """{% extends "layouts/list.html" %}{% load components %}{% block actions %}<a href="/add">Add a child</a>{% endblock %}
{% block rows %}{% draw "table" head=head rows=page_obj.object_list stacked=True caption="Children" caption_class="govuk-visually-hidden" %}
{% endblock %}"""


class Move(PlainWords, forms.Form):
    to_school = forms.ChoiceField(label="School", choices=[("", "---------"), ("1", LONG)])
    starts = DateField(label="First day there")


class Filters(forms.Form):
    name = forms.CharField(required=False)
    team = forms.ChoiceField(required=False, choices=[("", "All teams"), ("1", LONG)])
    state = forms.ChoiceField(required=False, choices=[("", "Any"), ("late", "Late")])


def of_a_list(count: int) -> dict[str, Any]:
    rows = [[LONG, "Year 9", "3 days late"] for _ in range(count)]
    page = Paginator(rows, 2).page(1)
    return {"title": "Children", "head": ["Child", "Year", "Due"], "page_obj": page, "filter_form": Filters(), "csv_url": "/children.csv"}


CASES = {
    "page": (PAGE, {}),
    "form": (FORM, {"title": "Move to another school", "form": Move(), "cancel_url": "/child"}),
    "form with errors": (FORM, {"title": "Move to another school", "form": Move({"starts-day": "1"}), "cancel_url": "/child"}),
    "confirm": (CONFIRM, {"title": "Close this plan?", "danger": True, "submit_text": "Close the plan", "cancel_url": "/plan"}),
    "list": (LIST, of_a_list(9)),
    "empty list": (LIST, of_a_list(0)),
}


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("width", [1280, 320])
def test_a_layout_fits_its_screen_and_axe_finds_nothing(site: Site, name: str, width: int) -> None:
    source, context = CASES[name]
    page = site.open(draw_page(source.replace("LONG", LONG), {"user": SIGNED_IN, **context}), width=width)
    assert not scrolls_sideways(page)
    assert page.get_by_role("heading", level=1).count() == 1
    assert accessibility_faults(page) == []


def test_a_form_is_posted_with_its_token_and_checked_by_the_server_alone(site: Site) -> None:
    html = draw_page(*CASES["form"])
    assert '<form method="post" novalidate' in html
    assert html.count('name="csrfmiddlewaretoken"') == 1
    assert 'href="/child">Cancel</a>' in html


def test_a_form_with_a_file_is_sent_as_one() -> None:
    upload = type("Upload", (forms.Form,), {"file": forms.FileField()})()
    assert 'enctype="multipart/form-data"' in draw_page(FORM, {"form": upload})
    assert "enctype" not in draw_page(*CASES["form"])


def test_a_form_with_errors_has_no_banner_beside_them() -> None:
    message = [type("Message", (), {"level": 25, "message": "Saved"})()]
    assert "notification-banner" not in draw_page(FORM, {"form": Move({}), "messages": message})
    assert "notification-banner" in draw_page(FORM, {"form": Move(), "messages": message})


def list_filtered_by(**chosen: str) -> str:
    """The list's page, its filter filled in as an address fills it."""
    return draw_page(LIST, {**of_a_list(9), "filter_form": Filters(chosen) if chosen else Filters()})


@pytest.mark.parametrize("scripts", [True, False])
def test_on_a_phone_the_filter_is_folded_and_the_list_begins_in_the_first_view(site: Site, scripts: bool) -> None:
    """T46: team, school, age and more filled the first screen of every list."""
    page = site.open(list_filtered_by(), width=320, scripts=scripts)
    fields = page.get_by_label("team")
    assert not fields.is_visible()
    counted = page.get_by_text("9 in all").bounding_box()
    assert counted and counted["y"] < 480, "a small phone shows the first row's beginning"
    page.get_by_text("Filter this list").click()
    assert fields.is_visible() and page.get_by_role("button", name="Show").is_visible()


def test_a_filter_in_use_stands_open_and_says_how_many_narrow_the_list(site: Site) -> None:
    page = site.open(list_filtered_by(name="Ada", state="late", team=""), width=320)
    assert page.get_by_text("Filter this list (2 in use)").is_visible()
    assert page.get_by_label("state").is_visible() and page.get_by_role("link", name="Clear filters").is_visible()
    assert accessibility_faults(page) == []


def test_an_address_that_names_a_page_alone_narrows_nothing() -> None:
    html = list_filtered_by(page="2")
    assert "in use" not in html and "Clear filters" not in html and " open>" not in html


def test_where_there_is_room_the_filter_stands_open_without_a_click(site: Site) -> None:
    page = site.open(list_filtered_by(), width=1280, scripts=False)
    page.get_by_label("name").fill("Ada")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.name") == "team", "the keyboard comes to what is seen"
    assert not page.get_by_text("Filter this list").is_visible()


def test_an_empty_list_says_so_and_offers_no_file() -> None:
    empty, full = draw_page(*CASES["empty list"]), draw_page(*CASES["list"])
    assert "There is nothing to show." in empty
    assert "/children.csv" not in empty
    assert "9 in all" in full
    assert "/children.csv" in full


SIGNED_IN = {"is_authenticated": True, "get_full_name": LONG}


class Suspension(PlainWords, forms.Form):
    first_day = DateField(label="First day")


ROW = """{% extends "layouts/page.html" %}{% block title %}A page{% endblock %}{% block body %}
<fieldset class="govuk-fieldset app-row"><legend class="govuk-fieldset__legend">Suspension 1</legend>
<div class="app-row__fields">{{ form }}</div></fieldset>{% endblock %}"""


@pytest.mark.parametrize("scripts", [True, False])
def test_day_month_and_year_stand_in_one_line_in_a_repeated_box_on_a_phone(site: Site, scripts: bool) -> None:
    page = site.open(draw_page(ROW, {"form": Suspension()}), width=320, scripts=scripts)
    boxes = [page.get_by_label(label, exact=True).bounding_box() for label in ("Day", "Month", "Year")]
    assert len({box["y"] for box in boxes if box}) == 1
    assert not scrolls_sideways(page)
