"""What a school asked money for is for that school and the council; the plan itself goes with the child."""

import json

import pytest

from children.models import Enrolment
from pep import documents, snapshot
from pep.forms.declaration import Audience
from pep.models import Plan, PlanSnapshot
from schools.models import School
from tests import moving
from tests.pep.test_workflow import bring_to
from tests.world import World, begin, build_world, canary, fill, member, person, signed_in

pytestmark = pytest.mark.django_db

PURPOSE = canary("sam", "purpose")


@pytest.fixture
def world() -> World:
    return build_world()


@pytest.fixture
def complete(world: World) -> Plan:
    """Sam's complete plan, for which Hill School asked for money."""
    plan = begin(world, "sam")
    fill(plan, "sam")
    return bring_to(plan, "complete", world)


def pages(plan: Plan) -> list[str]:
    return [f"/plans/{plan.pk}/read/", f"/plans/{plan.pk}/sections/targets/"]


def test_the_school_that_asked_reads_what_it_asked_for(world: World, complete: Plan) -> None:
    for page in pages(complete):
        assert PURPOSE in signed_in(world.people["anna"]).get(page).content.decode(), page
        assert PURPOSE in signed_in(world.people["kit"]).get(page).content.decode(), page


def test_after_a_move_the_new_school_reads_the_plan_without_the_old_schools_money(world: World, complete: Plan) -> None:
    moving.confirmed(world)
    bilal = signed_in(world.people["bilal"])
    for page in pages(complete):
        text = bilal.get(page).content.decode()
        assert canary("sam", "aim") in text, page
        assert PURPOSE not in text, page


def test_a_tuition_centres_teacher_reads_and_writes_targets_without_the_money(world: World) -> None:
    plan = begin(world, "sam")
    fill(plan, "sam")
    tuition = School(urn=900099, name="Tuition Centre", status="Open")
    tuition.save()
    Enrolment(child=world.children["sam"], school=tuition, kind="tuition", starts=world.today).save()
    person(world, "Tom")
    member(world, "Tom", "designated_teacher", school=tuition, authority=world.places["fenshire"].authority)
    tom, target = signed_in(world.people["tom"]), plan.targets.get()
    for page in [*pages(plan), f"/plans/{plan.pk}/targets/{target.pk}/"]:
        text = tom.get(page).content.decode()
        assert canary("sam", "aim") in text, page
        assert PURPOSE not in text, page
    fields = {
        name: getattr(target, name) for name in ("area", "term", "need", "baseline", "aim", "success", "intervention", "who", "frequency")
    }
    day = {f"by_when-{part}": getattr(target.by_when, part) for part in ("day", "month", "year")}
    posted = {**fields, **day, "child_words": "", "version": plan.sections.get(key="targets").version, "funding_amount": ""}
    assert tom.post(f"/plans/{plan.pk}/targets/{target.pk}/", posted).status_code == 302
    assert plan.funding.get().state == "requested"  # the school's request is left alone


def test_the_schools_document_says_nothing_of_money_and_the_councils_does(complete: Plan) -> None:
    content = PlanSnapshot.objects.get(plan=complete).content
    assert PURPOSE not in json.dumps(snapshot.readable(content, Audience.SCHOOL))
    assert PURPOSE not in json.dumps(documents.readable_parts(content, "school"))
    assert PURPOSE in json.dumps(documents.readable_parts(content, "council"))


def test_a_role_at_the_old_school_for_another_council_shows_nothing_of_its_money(world: World, complete: Plan) -> None:
    """Bilal teaches at the new school, and for Marlow Vale's children at the old one too."""
    moving.confirmed(world)
    member(world, "Bilal", "designated_teacher", school=world.schools["hill"], authority=world.places["marlow"].authority)
    bilal, sam = signed_in(world.people["bilal"]), world.children["sam"]
    for page in (*pages(complete), f"/children/{sam.pk}/", f"/plans/{complete.pk}/timeline/", f"/children/{sam.pk}/timeline/"):
        assert PURPOSE not in bilal.get(page).content.decode(), page
    assert bilal.get(f"/funding/{complete.funding.get().pk}/").status_code == 404
