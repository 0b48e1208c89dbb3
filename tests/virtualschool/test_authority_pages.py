"""What a virtual school says about itself, and what its plans are graded by."""

import datetime
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.test import Client

from pep import documents
from pep.models import QualityCheck, Rubric
from pep.rubric import DEFAULT_AREAS, rubric_on
from pep.snapshot import build
from pep.workflow import perform
from tests.pep.test_workflow import bring_to
from tests.world import DAY, World, begin, build_world, fill, graded, press, signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    return build_world()


@pytest.fixture
def lena(world: World) -> Client:
    """Fenshire's head."""
    return signed_in(world.people["lena"])


CONTACT = {"name": "Fenshire Virtual School", "email": "help@fenshire.test", "phone": "01632 960123", "address": "County Hall\nZZ1 1ZZ"}


def test_the_head_gives_the_contact_details_and_people_find_them_on_the_help_page(world: World, lena: Client) -> None:
    ours, theirs = world.places["fenshire"].virtual_school, world.places["marlow"].virtual_school
    assert press(lena, f"/settings/virtual-schools/{ours.pk}/", CONTACT).status_code == 302
    ours.refresh_from_db()
    assert (ours.email, ours.history.filter(id=ours.pk).count()) == ("help@fenshire.test", 2)
    for name in ("anna", "fay", "hana", "nia", "jo"):
        page = signed_in(world.people[name]).get("/help/").content.decode()
        assert "help@fenshire.test" in page and "01632 960123" in page and "vs@marlow.test" not in page, name
    assert "help@fenshire.test" not in signed_in(world.people["cora"]).get("/help/").content.decode()
    assert "fenshire.test" not in Client().get("/help/").content.decode()
    assert lena.get(f"/settings/virtual-schools/{theirs.pk}/").status_code == 404
    assert "01632 960123" in signed_in(world.people["kit"]).get("/settings/").content.decode()


def test_wrong_contact_details_are_refused_at_their_field(world: World, lena: Client) -> None:
    ours = world.places["fenshire"].virtual_school
    page = press(lena, f"/settings/virtual-schools/{ours.pk}/", {**CONTACT, "email": "nowhere", "name": ""}).content.decode()
    assert "Enter an e-mail address like name@example.com" in page and "Enter name of the virtual school" in page
    taken = press(lena, f"/settings/virtual-schools/{ours.pk}/", {**CONTACT, "name": "Marlow Vale Virtual School"}).content.decode()
    assert "already exists" in taken
    ours.refresh_from_db()
    assert ours.email == "vs@fenshire.test"


def test_a_plan_says_how_to_reach_the_virtual_school(world: World, lena: Client) -> None:
    press(lena, f"/settings/virtual-schools/{world.places['fenshire'].virtual_school.pk}/", CONTACT)
    world.children["sam"].refresh_from_db()
    plan = begin(world, "sam")
    content = build(plan, on=world.today)
    said = content["plan"]["virtual_school"]
    content["plan"]["completed_at"] = "2026-11-03T15:20:41+00:00"
    for audience in ("council", "school"):
        assert said in documents.page(documents.readable_parts(content, audience), audience)
    assert said == "Fenshire Virtual School, help@fenshire.test, 01632 960123, County Hall, ZZ1 1ZZ"
    assert said in signed_in(world.people["anna"]).get(f"/plans/{plan.pk}/read/").content.decode()


def areas_posted(areas: list[dict[str, Any]], starts: datetime.date, **fields: str) -> dict[str, str]:
    """What the head types: the areas as they are, and what is to be otherwise."""
    posted = {"starts-day": str(starts.day), "starts-month": str(starts.month), "starts-year": str(starts.year)}
    for area in areas:
        posted[f"title-{area['key']}"] = area["title"]
        posted |= {f"{grade}-{area['key']}": words for grade, words in area["words"].items()}
    return {**posted, **fields}


def rubric_url(world: World) -> str:
    return f"/settings/authorities/{world.places['fenshire'].authority.pk}/rubric/new/"


def test_without_a_rubric_of_its_own_an_authority_grades_by_the_usual_areas(world: World) -> None:
    fenshire = world.places["fenshire"].authority
    assert rubric_on(fenshire, world.today).areas == DEFAULT_AREAS and not Rubric.objects.exists()
    plan = begin(world, "sam")
    fill(plan, "sam")
    plan = bring_to(plan, "awaiting_check", world)
    client = signed_in(world.people["kit"])
    page = client.get(f"/plans/{plan.pk}/moves/grade/").content.decode()
    assert all(f"area-{area['key']}" in page for area in DEFAULT_AREAS)
    assert "has set none of its own" in client.get("/settings/").content.decode()


def test_the_head_decides_from_a_day_on_what_plans_are_graded_by(world: World, lena: Client) -> None:
    fenshire, starts = world.places["fenshire"].authority, world.today + 7 * DAY
    assert "The child’s own words" in lena.get(rubric_url(world)).content.decode()
    changes = {"leave-meeting": "on", "title-attendance": "Being at school", "title-new1": "Reading", "green-new1": "A book at home"}
    assert lena.post(rubric_url(world), areas_posted(DEFAULT_AREAS, starts, **changes)).status_code == 302
    assert rubric_on(fenshire, starts - DAY).areas == DEFAULT_AREAS
    areas = {area["key"]: area for area in rubric_on(fenshire, starts).areas}
    assert "meeting" not in areas and areas["attendance"]["title"] == "Being at school"
    assert (areas["reading"]["title"], areas["reading"]["words"]["green"]) == ("Reading", "A book at home")
    # The next decision ends this one, and the key of an area that was left out is not given to another.
    following = areas_posted(list(areas.values()), starts + DAY, **{"title-new1": "Meeting", "leave-reading": "on"})
    lena.post(rubric_url(world), following)
    lena.post(rubric_url(world), areas_posted([], starts + 2 * DAY, **{"title-new1": "Reading"}))
    first, second = Rubric.objects.order_by("starts")
    assert (first.ends, second.ends) == (starts + DAY, None)
    assert {"meeting", "attendance"} <= {area["key"] for area in second.areas} and "reading" not in {a["key"] for a in second.areas}
    assert f"Other areas hold from {starts:%-d %B %Y}" in lena.get("/settings/").content.decode()


@pytest.mark.parametrize(
    ("days", "changes", "message"),
    [
        (-1, {}, "The day must be today or later"),
        (0, {"title-attendance": ""}, "Enter a name for “Attendance”, or tick"),
        (0, {"title-new1": "attendance"}, "There are two areas called “attendance”"),
        (0, {"red-new2": "Nothing"}, "Enter a name for the new area"),
        (0, {f"leave-{area['key']}": "on" for area in DEFAULT_AREAS}, "Keep at least one area"),
    ],
)
def test_what_a_rubric_cannot_be(world: World, lena: Client, days: int, changes: dict[str, str], message: str) -> None:
    page = lena.post(rubric_url(world), areas_posted(DEFAULT_AREAS, world.today + days * DAY, **changes)).content.decode()
    assert message in page and "There is a problem" in page
    assert not Rubric.objects.exists()


def test_a_rubric_begins_after_the_one_before(world: World, lena: Client) -> None:
    lena.post(rubric_url(world), areas_posted(DEFAULT_AREAS, world.today))
    again = lena.post(rubric_url(world), areas_posted(DEFAULT_AREAS, world.today)).content.decode()
    assert "already. Choose a later day" in again and Rubric.objects.count() == 1
    for name in ("kit", "moe", "anna"):
        assert signed_in(world.people[name]).get(rubric_url(world)).status_code == 403
    assert signed_in(world.people["pia"]).get(rubric_url(world)).status_code == 404


@pytest.mark.parametrize("how", ["none", "one too few", "one twice", "a stranger"])
def test_a_grade_covers_exactly_the_areas_of_the_rubric(world: World, how: str) -> None:
    plan = begin(world, "sam")
    fill(plan, "sam")
    plan, full = bring_to(plan, "awaiting_check", world), graded()["areas"]
    stranger = ("luck", "Luck", "green", "")
    areas = {"none": [], "one too few": full[1:], "one twice": [*full, full[0]], "a stranger": [*full[1:], stranger]}[how]
    with pytest.raises(ValidationError, match="Grade every area"):
        perform(plan, "grade", by=world.people["kit"], overall="green", areas=areas)
    assert not QualityCheck.objects.exists()
    perform(plan, "grade", by=world.people["kit"], overall="green", areas=full)
    assert {area.key for area in QualityCheck.objects.get().areas.all()} == {area["key"] for area in DEFAULT_AREAS}


def test_a_grading_with_nothing_chosen_names_each_area(world: World) -> None:
    plan = begin(world, "sam")
    fill(plan, "sam")
    plan = bring_to(plan, "awaiting_check", world)
    page = press(signed_in(world.people["kit"]), f"/plans/{plan.pk}/moves/grade/").content.decode()
    assert all(f"Choose a grade for “{area['title']}”" in page.replace("&#x27;", "'") for area in DEFAULT_AREAS)
    assert "Choose a grade for the whole plan" in page and "This field is required" not in page
