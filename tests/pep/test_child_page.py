"""What the child's page says: whether plans are needed, when they were completed, and how to reach the people who work with the child."""

import pytest
from django import forms
from django.template.loader import render_to_string

from children.models import Allocation, CarePeriod
from pep import deadlines
from pep.models import Deadline, Plan
from pep.planning import holders_of_child, owner_words
from tests.pep.test_workflow import bring_to
from tests.world import DAY, World, begin, build_world, fill, signed_in


@pytest.fixture
def world(db: None) -> World:
    return build_world()


def page(world: World, name: str, address: str = "") -> str:
    return signed_in(world.people[name]).get(address or f"/children/{world.children['sam'].pk}/").content.decode()


def test_a_child_who_is_no_longer_in_care_stands_with_the_day_and_the_reason(world: World) -> None:
    care = CarePeriod.objects.get(child=world.children["sam"])
    care.ends = world.today - 3 * DAY
    care.save()
    since = f"{care.ends.day} {care.ends:%B %Y}"
    for name in ("anna", "fay"):
        shown = page(world, name)
        assert f"No longer in care since {since}: no plan is needed." in shown and "opens by itself" not in shown


def test_a_complete_plan_stands_with_the_day_on_which_it_was_completed(world: World) -> None:
    plan = begin(world, "sam")
    fill(plan, "sam")
    bring_to(plan, Plan.State.COMPLETE, world)
    shown = page(world, "anna")
    assert f"Completed {world.today.day} {world.today:%B %Y}" in shown


def test_school_and_council_find_each_others_telephone_and_address(world: World) -> None:
    for name, phone in (("anna", "01632 960001"), ("fay", "01632 960002")):
        world.people[name].phone = phone
        world.people[name].save()
    for reader in ("anna", "fay"):
        shown = page(world, reader)
        for contact in ("01632 960001", "01632 960002", "mailto:anna@example.test", "mailto:fay@example.test"):
            assert contact in shown


def test_nothing_is_to_be_reviewed_before_the_first_plan(world: World) -> None:
    sam = world.children["sam"]
    deadlines.refresh(sam, on=world.today, because="A test")
    assert Deadline.objects.filter(child=sam, open=True, kind=Deadline.Kind.REVIEW).exists()
    for address in ("", f"/children/{sam.pk}/dates/"):
        shown = page(world, "fay", address)
        assert "Plan to be reviewed" not in shown and "First plan: " in shown
    review = Deadline.objects.get(child=sam, open=True, kind=Deadline.Kind.REVIEW)
    review.reason = "termly"
    review.save()
    assert "First plan: " not in page(world, "fay") and "Plan to be reviewed" in page(world, "fay")


def test_a_team_manager_who_stands_in_for_a_social_worker_is_not_called_one(world: World) -> None:
    sam = world.children["sam"]
    held = Allocation.objects.get(child=sam, role="social_worker")
    held.worker = None
    held.save()
    assert owner_words("social_worker", holders_of_child(sam, world.today)) == "Social worker: Hana Example (team manager)"


def test_a_date_in_the_holidays_says_why_it_is_not_the_schools_turn(world: World) -> None:
    sam = world.children["sam"]
    deadlines.refresh(sam, on=world.today, because="A test")
    review = Deadline.objects.filter(child=sam, open=True, kind=Deadline.Kind.REVIEW).get()
    review.facts = {**review.facts, "meet_by": world.today.isoformat()}
    review.save()
    assert "The day is in the school holidays, when the school does not meet." in page(world, "fay", f"/children/{sam.pk}/dates/")


def test_a_page_that_is_not_there_says_whom_to_ask(world: World) -> None:
    answer = signed_in(world.people["anna"]).get("/children/00000000-0000-0000-0000-000000000000/")
    assert answer.status_code == 404
    assert (
        "ask your virtual school" in answer.content.decode()
        and 'href="/help/">help page</a> says how to reach it' in answer.content.decode()
    )


def test_the_key_for_an_app_is_typed_in_groups_of_four() -> None:
    form = forms.Form()
    form.secret = "ABCDEFGHIJ"  # type: ignore[attr-defined]  # noqa: S105
    assert "ABCD EFGH IJ" in render_to_string("mfa/totp/activate_form.html", {"form": form, "totp_svg_data_uri": "", "totp_url": ""})


def test_an_invitation_says_once_that_one_is_invited() -> None:
    context = {"name": "Anna", "organisation": "Fenshire Virtual School", "sentence": "You have been invited to Education Plans."}
    words = render_to_string("emails/message.txt", context)
    assert words.count("invited") == 1 and "The invitation is from Fenshire Virtual School." in words


def test_where_the_virtual_school_writes_its_own_part_naming_somebody_else_is_optional(world: World) -> None:
    # Wes has no school, so its part is the virtual school's own; Sam's is Anna's.
    own, theirs = (page(world, "kit", f"/plans/{begin(world, key).pk}/sections/attendance/") for key in ("wes", "sam"))
    assert "Whose words are these? (optional)" in own
    assert "Whose words are these? (optional)" not in theirs and "Whose words are these?" in theirs
