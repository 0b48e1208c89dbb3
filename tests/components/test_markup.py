"""Our components draw the same markup as GOV.UK Frontend's own, fixture by fixture, but for white space and the order of attributes."""

import json
from pathlib import Path
from typing import Any

import pytest
from django.test.html import parse_html

from accounts.templatetags.components import render
from tests.components.fixture_options import OFFERED
from tests.components.fixture_translation import our_options

HERE = Path(__file__).parent
FILES = {component: json.loads((HERE / "fixtures" / f"{component}.json").read_text()) for component in OFFERED}
FIXTURES = [
    pytest.param(component, fixture, id=f"{component}: {fixture['name']}")
    for component, file in FILES.items()
    for fixture in file["fixtures"]
]


@pytest.mark.parametrize(("component", "fixture"), FIXTURES)
def test_a_component_has_the_markup_of_the_package(component: str, fixture: dict[str, Any]) -> None:
    options = our_options(component, json.loads(json.dumps(fixture["options"])))
    drawn = render(component.replace("-", "_"), options)
    assert parse_html(drawn) == parse_html(fixture["html"])


@pytest.mark.parametrize("component", OFFERED)
def test_a_good_part_of_the_fixtures_of_a_component_is_compared(component: str) -> None:
    file = FILES[component]
    assert len(file["fixtures"]) >= 5
    # The service navigation can hold a name of its own, which ours never does: half of its fixtures have one.
    share = 0.4 if component == "service-navigation" else 0.5
    assert len(file["fixtures"]) / (len(file["fixtures"]) + len(file["left_out"])) > share


def test_the_fixtures_are_those_of_the_pinned_version() -> None:
    pinned = json.loads((HERE.parents[1] / "package.json").read_text())["dependencies"]["govuk-frontend"]
    assert {file["version"] for file in FILES.values()} == {pinned}


def test_a_wrong_markup_would_be_seen() -> None:
    fixture = FILES["button"]["fixtures"][0]
    drawn = render("button", our_options("button", fixture["options"])).replace('type="submit"', 'type="button"')
    assert parse_html(drawn) != parse_html(fixture["html"])
