"""A restricted child is never handed over automatically: the head decides, and the record says so."""

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.policy import Relation
from children.access import relations_to
from children.models import AccessLog, Allocation, Child, Enrolment
from pep import moves
from pep.models import Deadline, Move, Plan
from tests.moving import confirmed, proposed, told, world_with_dates
from tests.world import DAY, World, begin, signed_in

pytestmark = pytest.mark.django_db

TEACHER = {Relation.DESIGNATED_TEACHER}


@pytest.fixture
def world() -> World:
    return world_with_dates()


def restrict(world: World, key: str = "sam") -> Any:
    """The head restricts the record on the page."""
    child = world.children[key]
    answer = signed_in(world.people["lena"]).post(
        f"/children/{child.pk}/register/restriction/", {"reason": "Placed for adoption", "was": "False"}, follow=True
    )
    child.refresh_from_db()
    assert child.restricted
    return answer.content.decode()


# A confirmed change of school


def test_restricted_on_the_day_before_a_move_the_child_is_not_handed_over_and_the_head_is_asked(world: World) -> None:
    sam, anna, bilal, start = world.children["sam"], world.people["anna"], world.people["bilal"], timezone.localdate() + DAY
    move = confirmed(world, starts_on=start)
    page = restrict(world)
    assert "waits for the head’s decision" in page
    move.refresh_from_db()
    assert (move.state, move.confirmed_by, move.new_enrolment) == ("proposed", None, None)
    moves.begin(start)
    for day in (start - DAY, start, start + DAY, start + 20 * DAY):
        assert relations_to(bilal, sam, day) == frozenset(), day
        assert relations_to(anna, sam, day) == TEACHER, day
    assert sam.main_enrolment(start + DAY).school == world.schools["hill"]  # type: ignore[union-attr]


@pytest.mark.parametrize("days_ago", [0, 1])
def test_restricted_on_the_day_of_a_move_or_after_it_the_move_stands_and_the_old_school_stops_reading(world: World, days_ago: int) -> None:
    sam, today = world.children["sam"], timezone.localdate()
    move = confirmed(world, starts_on=today - days_ago * DAY)
    assert relations_to(world.people["anna"], sam) == {Relation.FORMER_SCHOOL}
    assert "waits for the head" not in restrict(world)
    move.refresh_from_db()
    assert move.state == "confirmed"
    for day in (today, today + DAY):
        assert relations_to(world.people["anna"], sam, day) == frozenset()
        assert relations_to(world.people["bilal"], sam, day) == TEACHER


def test_the_head_confirms_a_move_that_was_put_back_and_the_old_school_stops_reading_on_its_first_day(world: World) -> None:
    sam, start = world.children["sam"], world.today + 5 * DAY
    move = confirmed(world, starts_on=start)
    restrict(world)
    move = moves.confirm(move, by=world.people["lena"])
    assert relations_to(world.people["anna"], sam, start - DAY) == TEACHER
    for day in (start, start + DAY):
        assert relations_to(world.people["anna"], sam, day) == frozenset()
        assert relations_to(world.people["bilal"], sam, day) == TEACHER
    moves.take_back(move, by=world.people["lena"], because="Wrong after all")
    for day in (start - DAY, start, start + DAY):
        assert relations_to(world.people["anna"], sam, day) == TEACHER
        assert relations_to(world.people["bilal"], sam, day) == frozenset()


def test_only_the_head_can_confirm_what_was_put_back(world: World) -> None:
    move = confirmed(world, starts_on=world.today + 5 * DAY)
    restrict(world)
    url = f"/moves/{move.pk}/"
    assert signed_in(world.people["kit"]).post(url, {"action": "confirm"}).status_code == 403
    assert signed_in(world.people["anna"]).get(url).status_code == 403
    assert signed_in(world.people["lena"]).post(url, {"action": "confirm"}).status_code == 302
    move.refresh_from_db()
    assert (move.state, move.confirmed_by) == ("confirmed", world.people["lena"])


def test_every_page_of_a_restricted_childs_move_says_that_only_the_head_confirms_it(world: World) -> None:
    restrict(world)
    for proposer, words in (
        ("kit", "only the head of the virtual school confirms it"), ("lena", "only another head of the virtual school confirms it"),
    ):  # fmt: skip
        move = proposed(world, starts_on=world.today + 5 * DAY, by=proposer)
        own = signed_in(world.people[proposer]).get(f"/moves/{move.pk}/").content.decode()
        assert words in own and "the team manager or" not in own
        others = signed_in(world.people["hana"]).get(f"/moves/{move.pk}/").content.decode()
        assert "Only the head of the virtual school decides." in others and "team manager or" not in others
        moves.withdraw(move, by=world.people[proposer])
    child, brook = world.children["sam"], world.schools["brook"]
    kit, day = signed_in(world.people["kit"]), world.today + 5 * DAY
    address = f"/children/{child.pk}/move/?q={brook.name}"
    assert "only the head of the virtual school confirms it" in kit.get(address).content.decode()
    starts = {f"starts_on-{part}": getattr(day, part) for part in ("day", "month", "year")}
    done = kit.post(address, {"to_school": str(brook.pk), "reason": "Nearer", **starts}, follow=True).content.decode()
    assert "The change of school is proposed. Only the head of the virtual school confirms it." in done


def test_the_record_of_a_restricted_childs_move_says_who_decided_what(world: World) -> None:
    move = confirmed(world, starts_on=world.today + 5 * DAY)
    restrict(world)
    moves.confirm(move, by=world.people["lena"])
    page = signed_in(world.people["fay"]).get(f"/moves/{move.pk}/").content.decode()
    said = ["Lena Example confirmed", "Lena Example put back for the head to decide", "Kit Example confirmed", "Fay Example proposed"]
    places = [page.find(words) for words in said]
    assert -1 not in places and places == sorted(places)


def test_who_was_told_that_the_move_is_confirmed_is_told_that_it_waits_again_and_told_anew_when_the_head_confirms(world: World) -> None:
    move = confirmed(world, starts_on=world.today + 5 * DAY)
    restrict(world)
    assert told("move_put_back") == {"fay", "bilal"}
    moves.confirm(move, by=world.people["lena"])
    assert world.people["fay"].messages.filter(rule="move_confirmed").count() == 2


def test_a_helper_at_the_old_school_helps_on_when_the_move_is_put_back(world: World) -> None:
    helper = Allocation.objects.get(child=world.children["sam"], role="school_contributor")
    until = helper.ends
    confirmed(world, starts_on=world.today + 5 * DAY)
    restrict(world)
    helper.refresh_from_db()
    assert helper.ends == until


def test_what_was_to_follow_the_move_that_was_put_back_is_undone_too(world: World) -> None:
    sam, start = world.children["sam"], world.today + 5 * DAY
    first = confirmed(world, starts_on=start)
    second = confirmed(world, starts_on=start + 5 * DAY, to="unit")
    third = proposed(world, starts_on=start + 9 * DAY, to="hill")
    restrict(world)
    states = dict(Move.objects.values_list("pk", "state"))
    assert [states[move.pk] for move in (first, second, third)] == ["proposed", "taken_back", "withdrawn"]
    for day in (start, start + 5 * DAY, start + 9 * DAY):
        assert sam.main_enrolment(day).school == world.schools["hill"]  # type: ignore[union-attr]
        assert relations_to(world.people["bilal"], sam, day) == relations_to(world.people["uri"], sam, day) == frozenset()
    assert Deadline.objects.get(child=sam, kind="review", open=True).reason != "after_move"


def test_a_move_that_is_taken_back_after_the_restriction_leaves_the_child_at_the_old_school(world: World) -> None:
    sam, plan = world.children["sam"], begin(world, "sam")
    move = confirmed(world)
    restrict(world)
    moves.take_back(move, by=world.people["lena"], because="Wrong child")
    assert relations_to(world.people["anna"], sam) == TEACHER
    assert relations_to(world.people["bilal"], sam) == frozenset()
    plan.refresh_from_db()
    assert plan.state == Plan.State.CLOSED


def test_a_place_that_ends_later_gives_no_reading_after_its_end_once_the_record_is_restricted(world: World) -> None:
    sam, end = world.children["sam"], world.today + 5 * DAY
    place = Enrolment(child=sam, school=world.schools["unit"], kind="tuition", starts=world.today - 9 * DAY, ends=end)
    place.readable_until = end + 15 * DAY
    place.save()
    restrict(world)
    uri = world.people["uri"]
    assert relations_to(uri, sam, end - DAY) == {Relation.PROVIDER_TEACHER}
    assert relations_to(uri, sam, end) == relations_to(uri, sam, end + DAY) == frozenset()


# A place besides the main school


def add_a_place(client: Client, world: World) -> Any:
    """A second school from today, as the register's page takes it."""
    day = {"starts-day": str(world.today.day), "starts-month": str(world.today.month), "starts-year": str(world.today.year)}
    return client.post(f"/children/{world.children['sam'].pk}/register/enrolment/new/", {"urn": "900003", "kind": "dual", **day})


@pytest.mark.parametrize("name", ["moe", "kit"])
def test_only_the_head_gives_a_restricted_child_a_second_school(world: World, name: str) -> None:
    sam, uri, client = world.children["sam"], world.people["uri"], signed_in(world.people[name])
    restrict(world)
    assert client.get(f"/children/{sam.pk}/register/enrolment/new/").status_code == 403
    assert add_a_place(client, world).status_code == 403
    assert relations_to(uri, sam) == frozenset() and not sam.enrolments.filter(kind="dual").exists()
    assert AccessLog.objects.filter(user=world.people[name], child=sam, allowed=False, page="virtualschool:fact-add").count() == 2
    page = client.get(f"/children/{sam.pk}/register/").content.decode()
    assert "the head decides about other places" in page and "enrolment/new" not in page and "placement/new" in page
    assert add_a_place(signed_in(world.people["lena"]), world).status_code == 302
    assert relations_to(uri, sam) == {Relation.PROVIDER_TEACHER}


def test_a_record_restricted_while_the_form_was_open_gets_no_second_school(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The head was quicker: restricted after the page was asked for and before its child was locked."""
    sam, client, lock = world.children["sam"], signed_in(world.people["moe"]), moves.locked

    def slowly(child: Child) -> Child:
        sam.restricted, sam.restricted_because = True, "At risk"
        sam.save()
        return lock(child)

    monkeypatch.setattr(moves, "locked", slowly)
    assert add_a_place(client, world).status_code == 403
    assert not sam.enrolments.filter(kind="dual").exists()


def test_only_the_head_changes_a_restricted_childs_second_school(world: World) -> None:
    sam = world.children["sam"]
    place = Enrolment(child=sam, school=world.schools["unit"], kind="tuition", starts=world.today, ends=world.today + DAY)
    place.save()
    assert "Unit School (tuition)" in signed_in(world.people["lena"]).get(f"/children/{sam.pk}/register/restriction/").content.decode()
    restrict(world)
    url = f"/register/enrolments/{place.pk}/"
    assert [signed_in(world.people[name]).get(url).status_code for name in ("moe", "kit", "lena")] == [403, 403, 200]
    assert signed_in(world.people["moe"]).post(url, {}).status_code == 403


def test_business_support_keeps_the_second_schools_of_other_children(world: World) -> None:
    assert add_a_place(signed_in(world.people["moe"]), world).status_code == 302
