"""A child who is taught in another year than that of their age goes up with the others each September."""

import datetime
from typing import Any

import pytest
import time_machine

from children.models import Child
from pep.forms.registry import form_for
from pep.narrowing import PHASES, in_phase
from schools.timetable import academic_year
from tests.world import World, build_world, press, signed_in

pytestmark = pytest.mark.django_db
date = datetime.date


@pytest.fixture
def world() -> World:
    return build_world()


def held_back(world: World, year: int = 9, of: int = 2026) -> Child:
    """Sam, of Year 10 by age in 2026-27, was typed as taught in another year in a school year."""
    sam = world.children["sam"]
    sam.date_of_birth, sam.year_group_override, sam.year_group_override_for = date(2012, 1, 15), year, of
    sam.save()
    return sam


def save(world: World, on: datetime.date, **typed: Any) -> str:
    """An officer opens the form about Sam on a day, and saves it with this typed into it; the page that was opened."""
    sam = Child.objects.get(pk=world.children["sam"].pk)
    born = sam.date_of_birth
    with time_machine.travel(datetime.datetime.combine(on, datetime.time(12), datetime.UTC)):
        client = signed_in(world.people["kit"])
        url = f"/children/{sam.pk}/register/details/"
        page = client.get(url).content.decode()
        shown = {"year_group_override": str(sam.year_group(on)) if sam.year_group_override is not None else ""}
        values = {
            "given_name": sam.given_name, "family_name": sam.family_name, "known_as": sam.known_as, "birth_date_status": "recorded",
            "date_of_birth-day": born.day, "date_of_birth-month": born.month, "date_of_birth-year": born.year, "sex": "U",
            "identifier": sam.identifier, "upn": "", "uln": "", **shown, **typed,
        }  # fmt: skip
        assert press(client, url, values).status_code == 302
    world.children["sam"].refresh_from_db()
    return page


@pytest.mark.parametrize(
    ("on", "year"),
    [
        (date(2026, 9, 1), 9), (date(2027, 8, 31), 9), (date(2027, 9, 1), 10), (date(2028, 8, 31), 10), (date(2028, 9, 1), 11),
        (date(2029, 9, 1), 12), (date(2026, 8, 31), 8),
    ],
)  # fmt: skip
def test_each_september_the_child_is_a_year_further(world: World, on: datetime.date, year: int) -> None:
    assert held_back(world).year_group(on) == year


def test_form_and_phase_of_a_list_go_with_the_year_they_are_taught_in(world: World) -> None:
    sam = held_back(world)
    for on, key, phase in (
        (date(2029, 8, 31), "secondary", "secondary"), (date(2029, 9, 1), "post_16", "post16"), (date(2023, 9, 1), "primary", "primary"),
    ):  # fmt: skip
        assert key in form_for(sam.year_group(on), on).key
        assert {one for one in PHASES if Child.objects.filter(in_phase(one, on), pk=sam.pk)} == {phase}, on


def test_what_is_typed_holds_for_the_school_year_it_is_typed_in(world: World) -> None:
    save(world, date(2027, 8, 31), year_group_override="9")
    sam = world.children["sam"]
    assert (sam.year_group_override, sam.year_group_override_for) == (9, 2026)
    assert sam.year_group(date(2027, 9, 1)) == 10
    save(world, date(2027, 9, 1), year_group_override="9")
    assert (sam.year_group_override, sam.year_group_override_for, sam.year_group(date(2027, 9, 1))) == (9, 2027, 9)


def test_the_form_shows_the_year_of_today_and_saving_it_changes_nothing(world: World) -> None:
    sam = held_back(world)
    page = save(world, date(2028, 9, 1), known_as="Sammy")
    assert '<option value="11" selected>Year 11</option>' in page.replace("\n", "")
    assert "goes up by one each September" in page and "2028-29" in page
    assert (sam.known_as, sam.year_group_override, sam.year_group_override_for) == ("Sammy", 9, 2026)
    page = save(world, date(2032, 9, 1), known_as="Sam")
    assert "After Year 13</option>" in page and sam.year_group_override == 9


def test_the_year_of_their_age_holds_again_once_nothing_else_is_chosen(world: World) -> None:
    sam = held_back(world)
    save(world, date(2027, 9, 1), year_group_override="")
    assert (sam.year_group_override, sam.year_group_override_for) == (None, None) and sam.year_group(date(2027, 9, 1)) == 11


def test_a_year_without_its_school_year_is_that_of_the_day_it_is_saved(world: World) -> None:
    sam = world.children["sam"]
    sam.year_group_override = 8
    sam.save()
    assert sam.year_group_override_for == academic_year(world.today) and sam.year_group(world.today) == 8
