"""The account administrator's list of people: roles at places, and who works with children by allocation."""

import pytest

from tests.world import World, build_world, signed_in


@pytest.fixture
def world(db: None) -> World:
    return build_world()


def test_social_workers_and_reviewing_officers_are_listed_with_how_many_children_they_have(world: World) -> None:
    """Register: whoever gives accounts sees what each person does, and no child by it."""
    page = signed_in(world.people["nia"]).get("/people/").content.decode()
    assert "Social worker of 1 child" in page and "Independent reviewing officer of 1 child" in page and "No role now" not in page
    assert "CANARY-sam" not in page


def test_people_are_found_by_a_role_that_they_have_by_allocation(world: World) -> None:
    client = signed_in(world.people["nia"])
    workers = client.get("/people/?role=social_worker").content.decode()
    assert "Fay Example" in workers and "Gus Example" in workers and "Jo Example" not in workers
    officers = client.get("/people/?role=reviewing_officer").content.decode()
    assert "Jo Example" in officers and "Fay Example" not in officers


def test_the_sheet_of_people_says_what_they_are_by_allocation(world: World) -> None:
    sheet = signed_in(world.people["nia"]).get("/people/?role=social_worker&format=csv").content.decode()
    assert "Social worker of 1 child" in sheet
    assert "Social worker of 1 child" in signed_in(world.people["nia"]).get(f"/people/{world.people['fay'].pk}/").content.decode()
