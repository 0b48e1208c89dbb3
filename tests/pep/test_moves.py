"""A change of school: who sees whom on which day, that two people decide, and what is refused."""

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.policy import Relation, Verb
from children.access import can, relations_to
from children.models import Child, Enrolment
from pep import moves
from pep.models import Move
from schools.models import School
from tests.moving import confirmed, proposed, world_with_dates
from tests.world import DAY, World

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    return world_with_dates()


# Access


@pytest.mark.parametrize("distance", [0, 5])
def test_the_new_teacher_sees_the_child_from_the_first_day_and_not_a_day_before(world: World, distance: int) -> None:
    sam, bilal, start = world.children["sam"], world.people["bilal"], world.today + distance * DAY
    confirmed(world, starts_on=start)
    assert relations_to(bilal, sam, start - DAY) == frozenset()
    assert not Child.objects.visible_to(bilal, on=start - DAY).filter(pk=sam.pk).exists()
    for day in (start, start + DAY):
        assert relations_to(bilal, sam, day) == {Relation.DESIGNATED_TEACHER}
        assert Child.objects.visible_to(bilal, on=day).filter(pk=sam.pk).exists()


def test_the_old_teacher_writes_until_the_move_reads_until_the_set_day_and_then_sees_nothing(world: World) -> None:
    sam, anna, start = world.children["sam"], world.people["anna"], world.today + 5 * DAY
    move = confirmed(world, starts_on=start)
    end = move.old_school_reads_until
    assert end == start + 15 * DAY
    assert relations_to(anna, sam, start - DAY) == {Relation.DESIGNATED_TEACHER}
    assert relations_to(anna, sam, start) == relations_to(anna, sam, end - DAY) == {Relation.FORMER_SCHOOL}
    assert can(anna, Verb.VIEW, sam, end - DAY) and not can(anna, Verb.WRITE_SCHOOL, sam, start)
    assert relations_to(anna, sam, end) == relations_to(anna, sam, end + DAY) == frozenset()


def test_the_confirmer_may_choose_until_when_the_old_school_reads(world: World) -> None:
    moves.confirm(proposed(world), by=world.people["kit"], old_school_reads_until=world.today + 3 * DAY)
    assert relations_to(world.people["anna"], world.children["sam"], world.today + 2 * DAY) == {Relation.FORMER_SCHOOL}
    assert relations_to(world.people["anna"], world.children["sam"], world.today + 3 * DAY) == frozenset()


@pytest.mark.parametrize("days", [-1, 400])
def test_a_day_that_makes_no_sense_is_refused(world: World, days: int) -> None:
    with pytest.raises(ValidationError) as refused:
        moves.confirm(proposed(world), by=world.people["kit"], old_school_reads_until=world.today + days * DAY)
    assert "old_school_reads_until" in refused.value.message_dict


def test_a_named_helper_at_the_old_school_loses_access_with_the_move(world: World) -> None:
    sam, eve, start = world.children["sam"], world.people["eve"], world.today + 5 * DAY
    confirmed(world, starts_on=start)
    assert relations_to(eve, sam, start - DAY) == {Relation.SCHOOL_CONTRIBUTOR}
    assert relations_to(eve, sam, start) == frozenset()


def test_the_same_teacher_for_another_authority_sees_nothing(world: World) -> None:
    confirmed(world, key="tia", to="hill", by="gus")
    assert relations_to(world.people["cora"], world.children["tia"]) == frozenset()
    assert relations_to(world.people["anna"], world.children["tia"]) == {Relation.DESIGNATED_TEACHER}


def test_a_proposal_changes_nobodys_access(world: World) -> None:
    sam = world.children["sam"]
    proposed(world)
    assert relations_to(world.people["bilal"], sam) == frozenset()
    assert relations_to(world.people["anna"], sam) == {Relation.DESIGNATED_TEACHER}


# Two people


def test_whoever_proposed_cannot_confirm(world: World) -> None:
    move = proposed(world, by="kit")
    with pytest.raises(ValidationError, match="second person"):
        moves.confirm(move, by=world.people["kit"])
    assert moves.confirm(move, by=world.people["fay"]).state == "confirmed"


def test_the_database_holds_that_two_people_decide(world: World) -> None:
    move = proposed(world)
    move.state, move.confirmed_by, move.confirmed_at = Move.State.CONFIRMED, move.proposed_by, timezone.now()
    move.new_enrolment = Enrolment.objects.get(child=world.children["sam"])
    with pytest.raises(IntegrityError, match="pep_move_two_people"), transaction.atomic():
        move.save()


@pytest.mark.parametrize("name", ["anna", "fay", "hana", "ian", "kit", "lena", "moe"])
def test_who_may_propose(world: World, name: str) -> None:
    assert proposed(world, by=name).state == "proposed"


@pytest.mark.parametrize("name", ["bilal", "cora", "eve", "gus", "jo", "uri", "nia", "oli", "stan"])
def test_who_may_not_propose(world: World, name: str) -> None:
    with pytest.raises(PermissionDenied):
        proposed(world, by=name)


@pytest.mark.parametrize("name", ["fay", "hana", "kit", "lena"])
def test_who_may_confirm(world: World, name: str) -> None:
    move = proposed(world, by="anna")
    assert moves.confirm(move, by=world.people[name]).confirmed_by == world.people[name]


@pytest.mark.parametrize("name", ["ian", "moe", "bilal", "jo", "oli"])
def test_who_may_not_confirm(world: World, name: str) -> None:
    move = proposed(world, by="anna")
    with pytest.raises(PermissionDenied):
        moves.confirm(move, by=world.people[name])
    assert Enrolment.objects.filter(child=world.children["sam"]).count() == 1


def test_a_move_is_confirmed_once(world: World) -> None:
    move = confirmed(world)
    with pytest.raises(moves.NotNow):
        moves.confirm(move, by=world.people["lena"])
    assert Enrolment.objects.filter(child=world.children["sam"]).count() == 2


# What is refused


def refusal(world: World, **kwargs: object) -> dict[str, list[str]]:
    with pytest.raises(ValidationError) as refused:
        proposed(world, **kwargs)  # type: ignore[arg-type]
    return dict(refused.value.message_dict)


def test_a_move_to_the_same_school_is_refused(world: World) -> None:
    assert refusal(world, to="hill") == {"to_school": ["The child already goes to Hill School"]}


def test_a_school_that_the_child_attends_besides_is_named_as_such(world: World) -> None:
    Enrolment(child=world.children["sam"], school=world.schools["unit"], kind="alternative", starts=world.today - 9 * DAY).save()
    assert "alternative provision). End that first" in refusal(world, to="unit")["to_school"][0]


def test_a_start_before_care_or_before_the_present_school_is_refused(world: World) -> None:
    assert "came into care" in refusal(world, starts_on=world.today - 301 * DAY)["starts_on"][0]
    assert "when the child starts at Hill School" in refusal(world, starts_on=world.today - 300 * DAY)["starts_on"][0]
    assert "within a year" in refusal(world, starts_on=world.today + 400 * DAY)["starts_on"][0]


@pytest.mark.parametrize(("closed", "opened", "words"), [(0, None, "closes on"), (None, 1, "only opens on")])
def test_a_school_that_is_closed_or_not_yet_open_is_refused(world: World, closed: int | None, opened: int | None, words: str) -> None:
    brook: School = world.schools["brook"]
    brook.closed_on = world.today + closed * DAY if closed is not None else None
    brook.opened_on = world.today + opened * DAY if opened is not None else None
    brook.save()
    assert words in refusal(world)["to_school"][0]


def test_a_second_proposal_and_one_across_a_confirmed_move_are_refused(world: World) -> None:
    move = proposed(world, starts_on=world.today + 9 * DAY)
    assert "already proposed" in refusal(world, to="unit")["to_school"][0]
    moves.confirm(move, by=world.people["kit"])
    assert "when the child starts at Brook School" in refusal(world, to="unit", starts_on=world.today + 2 * DAY)["starts_on"][0]


def test_what_changed_since_the_proposal_is_checked_again(world: World) -> None:
    move = proposed(world)
    world.schools["brook"].closed_on = world.today
    world.schools["brook"].save()
    with pytest.raises(ValidationError, match="closes on"):
        moves.confirm(move, by=world.people["kit"])


def test_a_reason_is_needed(world: World) -> None:
    with pytest.raises(ValidationError):
        moves.propose(world.children["sam"], to_school=world.schools["brook"], starts_on=world.today, reason=" ", by=world.people["kit"])
