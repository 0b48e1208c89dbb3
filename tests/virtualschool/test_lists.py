"""Lists that nobody's work may fall out of, and every list as a sheet."""

import csv
import io
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from accounts.models import Message
from children.models import Child
from config.message_links import where_to
from pep import moves
from pep.deadlines import refresh
from pep.models import Move, Plan
from pep.workflow import perform
from tests.moving import proposed
from tests.world import World, begin, build_world, signed_in
from virtualschool import quality, reports
from virtualschool.models import ImportBatch

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    return build_world()


def overdue(world: World, *keys: str) -> None:
    """These children came into care 300 days ago, and no plan was ever begun."""
    for key in keys:
        refresh(world.children[key], on=world.today)


def not_begun(world: World) -> set[str]:
    """Fenshire's children in the queue, by the tests' names."""
    names = {child.pk: name for name, child in world.children.items()}
    return {names[child.pk] for child in quality.not_begun(Child.objects.visible_to(world.people["kit"]), world.today)}


def late(world: World) -> int:
    """How many of Fenshire's children the dashboard calls late."""
    [term] = reports.terms_of([world.places["fenshire"].authority], world.today)
    return reports.funnel(Child.objects.visible_to(world.people["kit"]), term, world.today).late


def test_a_child_whose_plan_is_overdue_and_not_begun_is_on_the_desk_with_the_way_to_begin_it(world: World) -> None:
    overdue(world, "sam", "tia", "vic")
    assert not_begun(world) == {"sam", "tia"}
    page = signed_in(world.people["kit"]).get("/desk/lists/not-begun/").content.decode()
    assert f"/children/{world.children['sam'].pk}/plans/new/" in page and "Begin a plan" in page and "days late" in page
    assert "Plan due and not begun" in signed_in(world.people["lena"]).get("/desk/").content.decode()
    begin(world, "sam")
    assert not_begun(world) == {"tia"}


def test_a_cancelled_plan_is_no_plan_and_a_child_who_left_care_needs_none(world: World) -> None:
    overdue(world, "sam", "tia")
    perform(begin(world, "sam"), "cancel", by=world.people["kit"], comment="Twice")
    assert not_begun(world) == {"sam", "tia"}
    period = world.children["tia"].care_periods.get()
    period.ends = world.today
    period.save()
    assert not_begun(world) == {"sam"}


def test_plans_due_and_not_begun_count_as_late(world: World) -> None:
    assert late(world) == 0
    overdue(world, "sam", "tia")
    assert late(world) == 2
    begin(world, "sam")
    assert late(world) == 1
    assert "2 are late" not in signed_in(world.people["lena"]).get("/desk/dashboard/").content.decode()


def test_a_proposed_change_of_school_is_on_the_desk_and_leads_to_its_page(world: World) -> None:
    move = proposed(world)
    client = signed_in(world.people["kit"])
    page = client.get("/desk/lists/moves/").content.decode()
    assert f"/moves/{move.pk}/" in page and "To Brook School" in page and "proposed by Fay Example" in page
    assert "Only the head confirms it" not in page
    sam = world.children["sam"]
    sam.restricted, sam.restricted_because = True, "Adoption"
    sam.save()
    assert "Only the head confirms it" in client.get("/desk/lists/moves/").content.decode()
    moves.confirm(move, by=world.people["lena"])
    assert "No change of school waits." in client.get("/desk/lists/moves/").content.decode()


def test_the_message_about_a_change_of_school_leads_to_it_for_those_who_may_see_it(world: World) -> None:
    move = proposed(world)
    message = Message.objects.get(recipient=world.people["kit"], rule="move_proposed")
    assert where_to(world.people["kit"], message) == f"/moves/{move.pk}/"
    assert f"/moves/{move.pk}/" in signed_in(world.people["kit"]).get(f"/messages/{message.pk}/").content.decode()
    assert where_to(world.people["moe"], message) in (f"/moves/{move.pk}/", f"/children/{move.child_id}/")
    assert where_to(world.people["oli"], message) is None
    message.facts = {}
    assert where_to(world.people["kit"], message) == f"/children/{move.child_id}/"
    assert Move.objects.count() == 1 and not Plan.objects.exists()


def sheet(answer: Any) -> list[list[str]]:
    """The lines of a sheet, head and all."""
    assert answer["Content-Type"].startswith("text/csv") and "attachment" in answer["Content-Disposition"]
    return list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))


def linked(client: Client, address: str) -> list[list[str]]:
    """The sheet that a list's own page links to."""
    page = client.get(address).content.decode()
    assert "(CSV)" in page
    query = page.split('href="?')[-1].split('"')[0].replace("&amp;", "&")
    return sheet(client.get(f"{address.split('?')[0]}?{query}"))


def test_the_schools_as_a_sheet(world: World) -> None:
    head, *lines = linked(signed_in(world.people["kit"]), "/register/schools/?q=hill")
    assert head[:2] == ["School", "URN"]
    assert lines == [["Hill School", "900001", "", "", "Open", "1", "Anna Example"]]


def test_the_people_as_a_sheet_hold_only_the_own_people_and_their_roles_with_us(world: World) -> None:
    head, *lines = linked(signed_in(world.people["nia"]), "/people/?q=a")
    names = [line[0] for line in lines]
    assert head[0] == "Name" and "Anna Example" in names and not {"Cora Example", "Pia Example"} & set(names)
    [anna] = [line for line in lines if line[0] == "Anna Example"]
    assert anna[1] == "anna@example.test" and anna[-1] == "Designated teacher, Hill School"
    for name in ("kit", "anna"):
        assert signed_in(world.people[name]).get("/people/?format=csv").status_code == 404


def test_who_looked_as_a_sheet(world: World) -> None:
    sam = world.children["sam"]
    signed_in(world.people["anna"]).get(f"/children/{sam.pk}/")
    signed_in(world.people["bilal"]).get(f"/children/{sam.pk}/")
    lena = signed_in(world.people["lena"])
    head, *lines = linked(lena, f"/children/{sam.pk}/who-looked/")
    assert head == ["When", "Who", "In which relation", "What", "Result"]
    assert ["Anna Example", "Designated teacher", "The child’s page", "Seen"] in [line[1:] for line in lines]
    refused = sheet(lena.get(f"/children/{sam.pk}/who-looked/?refused=1&format=csv"))
    assert [line[1] for line in refused[1:]] == ["Bilal Example"]
    assert signed_in(world.people["kit"]).get(f"/children/{sam.pk}/who-looked/?format=csv").status_code == 403


def test_what_an_import_would_do_as_a_sheet(world: World) -> None:
    client = signed_in(world.people["moe"])
    text = (
        "Given name,Family name,Date of birth,Identifier,Legal status,Care start\n"
        "=Robin,Reed,03/04/2012,F-1,C2,01/10/2025\nWren,,not a day,F-2,C2,01/10/2025\n"
    )
    file = SimpleUploadedFile("list.csv", text.encode())
    client.post("/register/imports/", {"kind": "children", "authority": str(world.places["fenshire"].authority.pk), "file": file})
    address = f"/register/imports/{ImportBatch.objects.get().pk}/"
    head, *lines = linked(client, address)
    assert head[0] == "Line" and {line[2] for line in lines} >= {"New", "Left out", "In the register, not in the file"}
    assert any(line[1].startswith("'=Robin") for line in lines)
    assert signed_in(world.people["kit"]).get(f"{address}?format=csv").status_code == 404
