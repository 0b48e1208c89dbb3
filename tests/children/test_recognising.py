"""What in a place for a calendar tells which child a meeting is about, and what is an ordinary place."""

import datetime

import pytest

from children.models import Child, Enrolment, Placement
from children.recognising import names_child
from schools.models import School
from tests.world import DAY, World, build_world

pytestmark = pytest.mark.django_db

# What tells it, and what does not, for each school, and for each home: its carer and its address.
SCHOOLS = {
    "Hill School": (
        [
            *("https://meet.hillschool.sch.uk/r/1", "https://teams.test/HillSchool-library", "hillprimary.test/meet", "thehillschool"),
            *("RoomHill", "hill_school", "Hill3", "HILLSCH"),
        ],
        ["The library", "Room 3", "Hillside Hotel", "HILLSIDE HOUSE", "Churchill room"],
    ),
    "The Larkmere Academy": (["larkmerelibrary", "LARKMERE-ACADEMY", "meet.test/larkmere2"], ["Mere room", "The academy’s library"]),
    "St Mary’s Catholic Primary School": (
        ["stmarys.test", "St. Marys", "ST-MARY’S", "meet.test/StMarysHall"],
        ["First Mary’s", "Primary care centre", "Catholic church hall"],
    ),
    "The Academy": ([], ["The school’s office", "Science academy day"]),
}
LANE = ("Mr and Mrs J Tarn", "12 Mill Lane\nFenham\nFE1 2AB")
HOMES = {
    LANE: (
        ["12 Mill Lane", "12, mill lane", "12milllane", "at fe12ab", "Mrs Tarn’s", "the Tarns", "Tarn1"],
        ["Fenham library", "Mill Lane library", "112 Mill Lane", "Room J", "Tarnside", "The library"],
    ),
    ("", "Flat 3, 12 Mill Lane, Fenham"): (["12 Mill Lane"], ["Flat 3", "Room 3"]),
    ("", "7, Mill Lane"): (["7 Mill Lane"], ["Room 7", "The library, Mill Lane"]),
    ("", "Rose Cottage, Mill Lane"): (["Rose Cottage", "rosecottage"], ["Rose room"]),
    ("", "Fenham, FE1 2AB"): (["FE1 2AB"], ["Fenham library"]),
    ("The Rowan House Children’s Home", ""): (["Rowan House"], ["Rowan room", "House"]),
    ("Maternal grandmother", ""): ([], ["Grandmother’s room", "The library"]),
    ("Foster carer: Ada O’Neil", ""): (["O’Neil, room 1", "Ada’s"], ["Foster hall"]),
}


@pytest.fixture
def world() -> World:
    return build_world()


def someone(world: World, **names: str) -> Child:
    """A child whose own names are in none of these places, unless told."""
    born = datetime.date(2012, 1, 15)
    child = Child(authority=world.places["fenshire"].authority, date_of_birth=born, **{"given_name": "Zoe", "family_name": "Quill"} | names)
    child.save()
    return child


@pytest.mark.parametrize("name", SCHOOLS)
def test_a_schools_name_run_together_is_still_its_name(world: World, name: str) -> None:
    """D7. In a link a school stands without spaces; what only begins like its name is an ordinary place."""
    school, child = School(urn=900501, name=name), someone(world)
    school.save()
    Enrolment(child=child, school=school, kind="main", starts=world.today - 9 * DAY).save()
    telling, ordinary = SCHOOLS[name]
    assert [place for place in telling + ordinary if names_child(place, child)] == telling


def test_initials_are_those_of_every_name_and_what_is_numbered_with_them(world: World) -> None:
    """D7. An abbreviation that only begins like them is none of theirs."""
    child = someone(world, given_name="Samuel Peter", family_name="Jones-Birch", known_as="Sam")
    telling = ["SJ", "#SJ1", "Room 3, SJB review", "SPJ", "S.P.J.B.", "S J-B", "meet.test/r_SJB2", "S. J. 12"]
    ordinary = ["SJX", "JS", "SEN room", "SJc", "SP", "Room S", "sj", "USJ"]
    assert [place for place in telling + ordinary if names_child(place, child)] == telling


@pytest.mark.parametrize(("carer", "address"), HOMES)
def test_no_place_in_a_calendar_tells_where_or_with_whom_the_child_lives(world: World, carer: str, address: str) -> None:
    """A5, D7: both are for the council alone. A street, a town or a kind of room is a place like any other."""
    child = someone(world)
    Placement(child=child, kind="Foster care", carer=carer, address=address, starts=world.today - 9 * DAY).save()
    telling, ordinary = HOMES[carer, address]
    assert [place for place in telling + ordinary if names_child(place, child)] == telling
