"""What a child's page says of the documents of a complete plan that are not there: being made, or failed and where to try again."""

import pytest

from pep.models import Plan, RenderJob
from tests.pep.test_workflow import bring_to
from tests.world import World, begin, build_world, fill, signed_in

pytestmark = pytest.mark.django_db
WAIT, FAILED = "being made. Come back in a few minutes", "Could not be made"


@pytest.fixture
def world() -> World:
    return build_world()


@pytest.fixture
def plan(world: World) -> Plan:
    """Sam's complete plan, whose two documents wait to be made."""
    made = begin(world, "sam")
    fill(made, "sam")
    return bring_to(made, "complete", world)


def become(plan: Plan, state: str, *audiences: str) -> None:
    """The jobs of these copies come to an end."""
    for job in RenderJob.objects.filter(snapshot__plan=plan, audience__in=audiences):
        job.state, job.error = state, "CannotRender"
        job.save()


def page(world: World, who: str) -> str:
    return signed_in(world.people[who]).get(f"/children/{world.children['sam'].pk}/").content.decode()


def test_documents_that_are_being_made_are_said_to_be(world: World, plan: Plan) -> None:
    assert page(world, "kit").count(WAIT) == 2 and page(world, "anna").count(WAIT) == 1
    assert FAILED not in page(world, "kit")


def test_documents_that_could_not_be_made_are_said_to_have_failed_and_lead_to_where_they_are_tried_again(world: World, plan: Plan) -> None:
    become(plan, "failed", "council", "school")
    for who, copies in (("kit", 2), ("anna", 1)):
        text = page(world, who)
        assert text.count(FAILED) == copies and WAIT not in text
        assert text.count("See why, and try again, on the plan’s page") == copies and f'href="/plans/{plan.pk}/"' in text
    assert "Try again" in signed_in(world.people["anna"]).get(f"/plans/{plan.pk}/").content.decode()


def test_a_copy_for_the_council_alone_that_failed_is_nothing_to_the_school(world: World, plan: Plan) -> None:
    become(plan, "failed", "council")
    become(plan, "done", "school")
    assert FAILED not in page(world, "anna") and page(world, "kit").count(FAILED) == 1
