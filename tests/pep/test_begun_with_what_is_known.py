"""A section that nobody has saved yet begins with what the product knows already, and keeps none of it before somebody saves."""

import pytest

from children.models import Enrolment
from pep.models import Attendee, Plan, Section
from tests.world import DAY, World, begin, build_world, signed_in


@pytest.fixture
def world(db: None) -> World:
    return build_world()


@pytest.fixture
def plan(world: World) -> Plan:
    return begin(world, "sam")


def test_the_education_history_of_a_first_plan_begins_with_the_schools_in_the_register(world: World, plan: Plan) -> None:
    child, until = world.children["sam"], world.today - 300 * DAY
    Enrolment(
        child=child, school=world.schools["brook"], kind="main", starts=until - 400 * DAY, ends=until, reason_left="Moved house"
    ).save()
    page = signed_in(world.people["anna"]).get(f"/plans/{plan.pk}/sections/history/")
    text = page.content.decode()
    form = page.context["forms"][0]
    assert [form[f"schools-{number}-name"].value() for number in (0, 1)] == ["Hill School", "Brook School"]
    assert form["schools-1-ends"].value() == (until - DAY).isoformat() and form["schools-1-reason"].value() == "Moved house"
    assert not form["schools-0-ends"].value()
    assert "The schools below are what the register knows. Check each" in text
    assert Section.objects.get(plan=plan, key="history").answers == {}


def test_whoever_has_saved_the_history_keeps_what_they_wrote(world: World, plan: Plan) -> None:
    client, url = signed_in(world.people["anna"]), f"/plans/{plan.pk}/sections/history/"
    client.post(url, {"version": "0", "complete": "no", "schools-0-name": "Another School"})
    page = client.get(url)
    assert page.context["forms"][0]["schools-0-name"].value() == "Another School"
    assert "what the register knows" not in page.content.decode()


def test_the_schools_of_a_restricted_child_are_not_written_into_a_plan_unasked(world: World, plan: Plan) -> None:
    child = world.children["sam"]
    child.restricted, child.restricted_because = True, "At risk if the school becomes known"
    child.save()
    assert "Hill School" not in str(signed_in(world.people["kit"]).get(f"/plans/{plan.pk}/sections/history/").context["forms"][0])


def test_a_new_meeting_offers_the_child_the_teacher_and_the_social_worker(world: World, plan: Plan) -> None:
    client, url = signed_in(world.people["anna"]), f"/plans/{plan.pk}/sections/meeting/"
    people = client.get(url).context["forms"][1]
    offered = [(form["role"].value(), form["user"].value(), form["name"].value()) for form in people][:-1]
    anna, fay = world.people["anna"].pk, world.people["fay"].pk
    assert offered[0] == ("child", None, world.children["sam"].name)
    assert set(offered[1:]) == {("designated_teacher", anna, None), ("social_worker", fay, None)}
    assert not Attendee.objects.filter(meeting__plan=plan).exists(), "nobody is on the list before somebody saves it"
    posted = {
        "version": "0", "complete": "no", "meeting-state": "not_booked", "people-TOTAL_FORMS": "4", "people-INITIAL_FORMS": "0",
        "people-0-role": "child", "people-0-name": world.children["sam"].name, "people-0-invited": "on", "people-0-came": "unknown",
        "people-1-role": "designated_teacher", "people-1-user": str(anna), "people-1-invited": "on", "people-1-came": "unknown",
        "people-2-role": "social_worker", "people-2-user": str(fay), "people-2-came": "unknown", "people-2-DELETE": "on",
        "people-3-role": "", "people-3-invited": "on", "people-3-came": "unknown",
    }  # fmt: skip
    assert client.post(url, posted).status_code == 302
    assert list(Attendee.objects.filter(meeting__plan=plan).values_list("role", flat=True)) == ["child", "designated_teacher"]
    assert len(client.get(url).context["forms"][1].forms) == 3, "who was taken off is not offered again"


def test_a_first_plan_says_that_there_is_no_earlier_one(world: World, plan: Plan) -> None:
    page = signed_in(world.people["anna"]).get(f"/plans/{plan.pk}/read/").content.decode()
    assert "There is no earlier plan here." in page
    assert "that you may read" not in page


def test_a_decision_about_a_parent_does_not_make_the_social_worker_the_writer_of_the_meeting(world: World, plan: Plan) -> None:
    url = f"/plans/{plan.pk}/sections/meeting/"
    posted = {
        "version": "0", "complete": "no", "meeting-state": "not_booked", "people-TOTAL_FORMS": "1", "people-INITIAL_FORMS": "0",
        "people-0-role": "parent", "people-0-name": "A Parent", "people-0-invited": "on", "people-0-came": "unknown",
    }  # fmt: skip
    signed_in(world.people["anna"]).post(url, posted)
    parent = Attendee.objects.get(meeting__plan=plan)
    decided = {"version": "1", "may_come": "yes", "may_know": "date", "on_behalf_of": "Fay", "learned_by": "telephone"}
    assert signed_in(world.people["kit"]).post(f"/plans/{plan.pk}/who-may-come/{parent.pk}/", decided).status_code == 302
    section = Section.objects.get(plan=plan, key="meeting")
    assert (section.version, section.written_by, section.written_as) == (2, world.people["anna"], "Designated teacher")
    last = Section.history.filter(id=section.pk).latest()
    assert (last.history_user, last.history_change_reason) == (world.people["kit"], "On behalf of Fay (by telephone)")


def test_a_place_that_is_still_to_begin_is_not_history(world: World, plan: Plan) -> None:
    Enrolment(child=world.children["sam"], school=world.schools["unit"], kind="tuition", starts=world.today + 9 * DAY).save()
    assert "Unit School" not in str(signed_in(world.people["anna"]).get(f"/plans/{plan.pk}/sections/history/").context["forms"][0])
