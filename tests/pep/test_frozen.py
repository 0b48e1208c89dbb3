"""A complete plan says for ever what it said on the day, whatever becomes of the people and places in it."""

import json
import re
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from children.models import Child, Enrolment
from pep import documents, snapshot
from pep.forms.declaration import Audience
from pep.models import FundingRequest, PlanSnapshot
from pep.models.sections import Section
from tests.pep.test_workflow import world_with_complete_plan
from tests.world import World, build_world, shown_on, signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(request: pytest.FixtureRequest) -> World:
    return world_with_complete_plan() if "frozen" in request.fixturenames else build_world()


@pytest.fixture
def frozen(world: World) -> PlanSnapshot:
    return PlanSnapshot.objects.get(plan=world.plans["sam"])


def test_names_of_child_school_and_people_may_change_and_the_plan_does_not(world: World, frozen: PlanSnapshot) -> None:
    """C6."""
    before, pdf = json.dumps(frozen.content, sort_keys=True), documents.render(frozen.content, "school")
    child = world.children["sam"]
    child.given_name = child.known_as = "Renamed"
    child.save()
    school = world.schools["hill"]
    school.name = "Renamed Academy"
    school.save()
    anna = world.people["anna"]
    anna.name = "Renamed Teacher"
    anna.save()
    enrolment = Enrolment.objects.get(child=child)
    enrolment.ends = world.today
    enrolment.save()
    again = PlanSnapshot.objects.get(pk=frozen.pk)
    assert json.dumps(again.content, sort_keys=True) == before
    assert snapshot.digest(again.content) == frozen.sha256
    assert documents.render(again.content, "school") == pdf


def test_a_person_who_is_renamed_on_their_page_keeps_their_name_in_what_was_signed(world: World, frozen: PlanSnapshot) -> None:
    """C6, C7: on the plan's pages, and in both PDFs; what is written from now on has the new one."""
    anna, nia = world.people["anna"], signed_in(world.people["nia"])
    before = {audience: documents.render(frozen.content, audience) for audience in ("school", "council")}
    url = f"/people/{anna.pk}/details/"
    sent = {"name": "Renamed Teacher", "job_title": "Renamed title", "phone": "01632 960999", **shown_on(nia, url)}
    assert nia.post(url, sent).status_code == 302
    again = PlanSnapshot.objects.get(pk=frozen.pk)
    assert snapshot.digest(again.content) == frozen.sha256
    assert {audience: documents.render(again.content, audience) for audience in before} == before
    reader = signed_in(world.people["kit"])
    for page in ("", "read/", "sections/sign_off/"):
        text = reader.get(f"/plans/{frozen.plan.pk}/{page}").content.decode().split("<main")[1]
        assert "Renamed" not in text, page
    assert "Anna Example" in reader.get(f"/plans/{frozen.plan.pk}/sections/sign_off/").content.decode()
    assert "Renamed Teacher" in reader.get(f"/children/{world.children['sam'].pk}/").content.decode()


def test_every_section_page_of_a_complete_plan_says_what_was_frozen(world: World, frozen: PlanSnapshot) -> None:
    """C6: notes, signatures, money and people's names, each on its own page as on the whole plan's."""
    money = FundingRequest.objects.get(plan=frozen.plan)
    anna = world.people["anna"]
    for section in Section.objects.filter(plan=frozen.plan):
        section.written_by, section.written_as, section.written_at = anna, "Designated teacher", frozen.taken_at
        section.save()
    reader = signed_in(world.people["kit"])
    pages = [f"/plans/{frozen.plan.pk}/sections/{section.key}/" for section in frozen.plan.form.sections]
    before = {page: without_token(reader.get(page)) for page in pages}
    money.state, money.agreed_amount = "agreed", money.amount
    money.save()
    anna.name = "Renamed Teacher"
    anna.save()
    for page in pages:
        assert without_token(reader.get(page)) == before[page], page
    signatures = before[f"/plans/{frozen.plan.pk}/sections/sign_off/"].decode()
    assert all(f"{name} Example" in signatures for name in ("Anna", "Fay", "Kit"))


def without_token(answer: Any) -> bytes:
    """A page without what differs at every drawing."""
    return re.sub(rb'name="csrfmiddlewaretoken" value="[^"]+"', b"", answer.content)


def test_the_school_copy_holds_nothing_that_is_for_the_council_alone(frozen: PlanSnapshot) -> None:
    """A5."""
    council = json.dumps(snapshot.readable(frozen.content, Audience.COUNCIL))
    school = json.dumps(snapshot.readable(frozen.content, Audience.SCHOOL))
    assert "CANARY-sam-council-care_record-placement_address" in council
    assert "CANARY-sam-council-address" in council
    assert "CANARY-sam-council" not in school
    assert "CANARY-sam-council-address" not in school
    assert "CANARY-sam-school-attendance" in school


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE pep_plansnapshot SET sha256 = 'x'",
        "DELETE FROM pep_plansnapshot",
        "TRUNCATE pep_plansnapshot CASCADE",
        "UPDATE pep_sectionhistory SET answers = '{}'",
        "DELETE FROM pep_sectionhistory",
        "UPDATE pep_planevent SET comment = 'x'",
        "DELETE FROM children_accesslog",
        "DELETE FROM pep_document",
        "ALTER TABLE pep_plansnapshot DISABLE TRIGGER ALL",
    ],
)
def test_the_applications_role_cannot_rewrite_what_happened(frozen: PlanSnapshot, statement: str) -> None:
    """D3."""
    with (
        pytest.raises(DatabaseError, match=r"permission denied|must be owner|only be added"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)


def test_every_write_to_a_section_leaves_a_history_row(world: World, frozen: PlanSnapshot) -> None:
    """D1."""
    section = Section.objects.filter(plan=frozen.plan).first()
    assert section is not None
    rows = Section.history.filter(id=section.pk).count()
    section.answers = {"x": "y"}
    section.save()
    assert Section.history.filter(id=section.pk).count() == rows + 1


def test_history_cannot_be_passed_by(world: World) -> None:
    """D2."""
    with pytest.raises(RuntimeError):
        Child.objects.filter(pk=world.children["sam"].pk).update(known_as="x")
    with pytest.raises(RuntimeError):
        Child.objects.bulk_update([world.children["sam"]], ["known_as"])
