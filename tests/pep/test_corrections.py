"""A corrected version carries everything on: signatures nobody touched, the money asked for, and what was added since."""

import pytest
from django.core.exceptions import PermissionDenied

from pep.models import FundingRequest, Plan, PlanSnapshot, Progress, SignOff
from pep.workflow import available, perform
from tests.pep.test_workflow import bring_to
from tests.world import World, begin, build_world, canary, fill, graded, press, signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    return build_world()


@pytest.fixture
def first(world: World) -> Plan:
    """Sam's complete plan."""
    plan = begin(world, "sam")
    fill(plan, "sam")
    return bring_to(plan, "complete", world)


def corrected(plan: Plan, world: World, *sections: str) -> Plan:
    return perform(plan, "correct", by=world.people["kit"], comment="Wrong", sections=list(sections))


def standing(plan: Plan) -> set[str]:
    return set(SignOff.objects.filter(plan=plan, voided_at__isnull=True).values_list("role", flat=True))


def test_when_only_the_social_workers_section_is_corrected_the_social_worker_submits_and_signs_again(world: World, first: Plan) -> None:
    second, fay = corrected(first, world, "health"), world.people["fay"]
    assert standing(second) == {"designated_teacher"}
    assert "submit" in {transition.action for transition in available(second, fay, world.today)}
    answer = press(signed_in(fay), f"/plans/{second.pk}/moves/submit/", {"comment": ""})
    assert answer.status_code == 302
    second.refresh_from_db()
    assert second.state == Plan.State.AWAITING_SIGN_OFF
    second = perform(second, "sign_off", by=fay)
    assert perform(second, "grade", by=world.people["lena"], **graded()).state == Plan.State.COMPLETE


def test_when_only_the_schools_section_is_corrected_the_teacher_signs_again_and_the_social_worker_need_not(
    world: World, first: Plan
) -> None:
    second = corrected(first, world, "attendance")
    assert standing(second) == {"social_worker"}
    assert perform(second, "submit", by=world.people["anna"]).state == Plan.State.AWAITING_CHECK


def test_a_correction_of_both_their_sections_asks_both_again(world: World, first: Plan) -> None:
    second = corrected(first, world, "attendance", "health")
    assert standing(second) == set()
    with pytest.raises(PermissionDenied):
        perform(second, "submit", by=world.people["fay"])
    assert perform(second, "submit", by=world.people["anna"]).state == Plan.State.AWAITING_SIGN_OFF


def test_the_corrected_version_still_says_what_money_was_asked_for(world: World, first: Plan) -> None:
    second = perform(corrected(first, world, "attendance"), "submit", by=world.people["anna"])
    second = perform(second, "grade", by=world.people["lena"], **graded())
    third = corrected(second, world, "targets")
    for plan in (first, second):
        assert canary("sam", "purpose") in str(PlanSnapshot.objects.get(plan=plan).content)
    assert [target.money for target in third.targets.all()] == list(FundingRequest.objects.all())


def test_changing_the_money_in_a_corrected_version_changes_the_one_request_there_is(world: World, first: Plan) -> None:
    second = corrected(first, world, "targets")
    target, section = second.targets.get(), second.sections.get(key="targets")
    address = f"/plans/{second.pk}/targets/{target.pk}/"
    anna = signed_in(world.people["anna"])
    page = anna.get(address).content.decode()
    assert canary("sam", "purpose") in page
    fields = {
        name: getattr(target, name) for name in ("area", "term", "need", "baseline", "aim", "success", "intervention", "who", "frequency")
    }
    day = {f"by_when-{part}": getattr(target.by_when, part) for part in ("day", "month", "year")}
    money = {"funding_amount": "150", "funding_purpose": "Ten lessons"}
    answer = anna.post(address, {**fields, **day, **money, "child_words": "", "version": section.version})
    assert answer.status_code == 302
    assert [(row.amount, row.purpose, row.target) for row in FundingRequest.objects.all()] == [(150, "Ten lessons", target.original)]


def test_progress_added_to_either_version_shows_on_both(world: World, first: Plan) -> None:
    kit, day = signed_in(world.people["kit"]), {"on-day": 1, "on-month": 1, "on-year": world.today.year}
    said = {"status": "on_track", **day}
    target, action = first.targets.get(), first.actions.get()
    kit.post(f"/plans/{first.pk}/progress/", {"about": f"target:{target.pk}", "note": "Said of version one", **said})
    second = perform(corrected(first, world, "attendance"), "submit", by=world.people["anna"])
    second = perform(second, "grade", by=world.people["lena"], **graded())
    copy = second.actions.get()
    assert copy.original == action
    kit.post(f"/plans/{second.pk}/progress/", {"about": f"action:{copy.pk}", "note": "Said of version two", **said})
    assert Progress.objects.count() == 2
    for plan in (first, second):
        page = kit.get(f"/plans/{plan.pk}/progress/").content.decode()
        assert "Said of version one" in page
        assert "Said of version two" in page
