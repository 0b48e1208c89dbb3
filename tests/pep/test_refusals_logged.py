"""The access log says what the reader got: a page that was refused, for whatever reason, is no successful view."""

import pytest

from children.models import AccessLog, Enrolment
from pep.models import EarlierPlan, FundingRequest
from tests.world import World, begin, build_world, fill, signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    """Sam with a plan, money asked for by Hill School, and a second school."""
    world = build_world()
    fill(begin(world, "sam"), "sam")
    Enrolment(child=world.children["sam"], school=world.schools["unit"], kind="tuition", starts=world.today).save()
    return world


def logged(world: World, name: str, url: str, method: str = "get") -> tuple[int, bool]:
    """What someone got at an address, and what the log says of it: of one request one row."""
    before = AccessLog.objects.count()
    status = getattr(signed_in(world.people[name]), method)(url).status_code
    assert AccessLog.objects.count() == before + 1
    return status, AccessLog.objects.latest("at").allowed


def test_another_schools_money_is_logged_as_refused(world: World) -> None:
    """D5."""
    url = f"/funding/{FundingRequest.objects.get().pk}/"
    assert logged(world, "uri", url) == (404, False)
    assert logged(world, "anna", url) == (200, True)
    assert logged(world, "anna", url, "post") == (403, False)  # nothing to spend before it is agreed


def test_a_document_for_the_council_alone_is_logged_as_refused_to_the_school(world: World) -> None:
    earlier = EarlierPlan.objects.create(
        child=world.children["sam"], title="Old", plan_date=world.today, audience="council", content=b"%PDF-", size=5, sha256="a",
        uploaded_by=world.people["kit"],
    )  # fmt: skip
    assert logged(world, "anna", f"/earlier-plans/{earlier.pk}/") == (404, False)
    assert logged(world, "fay", f"/earlier-plans/{earlier.pk}/") == (200, True)


def test_what_there_is_not_and_what_is_not_ones_own_to_do_is_logged_as_refused(world: World) -> None:
    """D5."""
    plan, sam = world.plans["sam"].pk, world.children["sam"].pk
    assert logged(world, "anna", f"/plans/{plan}/sections/nothing/") == (404, False)
    assert logged(world, "anna", f"/plans/{plan}/moves/nothing/") == (404, False)
    assert logged(world, "anna", f"/plans/{plan}/moves/cancel/") == (403, False)
    assert logged(world, "anna", f"/plans/{plan}/nothing/new/") == (404, False)
    assert logged(world, "anna", f"/plans/{plan}/targets/not-a-key/") == (404, False)
    assert logged(world, "jo", f"/plans/{plan}/sections/attendance/", "post") == (403, False)
    assert logged(world, "jo", f"/plans/{plan}/sections/attendance/draft/", "post") == (403, False)
    assert logged(world, "jo", f"/plans/{plan}/targets/new/", "post") == (403, False)
    assert logged(world, "kit", f"/children/{sam}/register/nothing/new/") == (404, False)
    assert logged(world, "kit", f"/register/enrolments/{world.children['sam'].enrolments.get(kind='main').pk}/") == (404, False)
    assert logged(world, "anna", f"/plans/{plan}/sections/attendance/") == (200, True)
