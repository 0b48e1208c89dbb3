"""The access policy told through people: who finds which child, and on which day that begins and ends."""

import datetime

import pytest

from accounts.policy import RELATION_VERBS, Relation, Verb
from children.access import can, relations_to, who_can_see
from children.models import Allocation, Child, Enrolment
from schools.models import Membership
from tests.world import DAY, World, build_world, member

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    return build_world()


def seen(world: World, name: str, on: datetime.date | None = None, verb: Verb = Verb.VIEW) -> set[str]:
    """The children someone finds, by the tests' names."""
    found = Child.objects.visible_to(world.people[name], verb, on or world.today)
    names = {child.pk: key for key, child in world.children.items()}
    return {names[child.pk] for child in found}


# Who finds whom today: the policy as a table.
EXPECTED = {
    "anna": {"sam"},  # designated teacher of Hill School for Fenshire
    "bilal": {"tia"},  # of Brook School
    "cora": {"vic"},  # of Hill School, but for Marlow Vale: not Fenshire's Sam, who is at the same school
    "uri": set(),  # of the unit, where nobody is enrolled
    "eve": {"sam"},  # named by Anna
    "fay": {"sam"},
    "gus": {"tia"},
    "hana": {"sam", "tia", "wes"},  # team manager: also Wes, who has no social worker
    "ian": {"sam", "tia", "wes"},
    "jo": {"sam"},
    "kit": {"sam", "tia", "wes"},
    "lena": {"sam", "tia", "wes"},
    "moe": {"sam", "tia", "wes"},
    "nia": set(),  # manages people, sees no child
    "oli": {"vic"},
    "pia": {"vic"},
    "stan": set(),
}


def test_everyone_finds_exactly_their_own_children(world: World) -> None:
    """A2, A4: one table for all personas."""
    assert {name: seen(world, name) for name in EXPECTED} == EXPECTED


def test_lists_and_single_questions_never_disagree(world: World) -> None:
    """The list and ``can`` answer alike for every person, child and verb."""
    for name, user in world.people.items():
        for verb in Verb:
            listed = seen(world, name, verb=verb)
            asked = {key for key, child in world.children.items() if can(user, verb, child, world.today)}
            assert listed == asked, (name, verb)


def test_a_person_with_two_roles_never_carries_the_verbs_of_one_to_the_children_of_the_other(world: World) -> None:
    member(world, "Anna", "officer", virtual_school=world.places["marlow"].virtual_school)
    anna = world.people["anna"]
    assert Verb.CHECK in RELATION_VERBS[Relation.OFFICER]
    assert can(anna, Verb.CHECK, world.children["vic"])
    assert can(anna, Verb.SUBMIT, world.children["sam"])
    assert not can(anna, Verb.CHECK, world.children["sam"])


@pytest.mark.parametrize(("offset", "expected"), [(-1, False), (0, True), (1, True)])
def test_a_designated_teacher_sees_a_child_from_the_first_day_of_the_enrolment(world: World, offset: int, expected: bool) -> None:
    Enrolment(child=world.children["wes"], school=world.schools["unit"], kind="main", starts=world.today).save()
    assert ("wes" in seen(world, "uri", world.today + offset * DAY)) is expected


@pytest.mark.parametrize(("offset", "expected"), [(-1, True), (0, False), (1, False)])
def test_a_social_workers_access_ends_on_the_day_without_any_job(world: World, offset: int, expected: bool) -> None:
    """A3."""
    allocation = Allocation.objects.get(child=world.children["sam"], role="social_worker")
    allocation.ends = world.today
    allocation.save()
    assert ("sam" in seen(world, "fay", world.today + offset * DAY)) is expected


@pytest.mark.parametrize(
    ("offset", "relation"), [(-1, Relation.DESIGNATED_TEACHER), (0, Relation.FORMER_SCHOOL), (9, Relation.FORMER_SCHOOL), (10, None)]
)
def test_the_school_a_child_left_may_only_read_and_only_until_the_set_day(world: World, offset: int, relation: Relation | None) -> None:
    """G4."""
    enrolment = Enrolment.objects.get(child=world.children["sam"])
    enrolment.ends, enrolment.readable_until = world.today, world.today + 10 * DAY
    enrolment.save()
    on = world.today + offset * DAY
    found = relations_to(world.people["anna"], world.children["sam"], on)
    assert found == ({relation} if relation else set())
    assert can(world.people["anna"], Verb.WRITE_SCHOOL, world.children["sam"], on) is (relation is Relation.DESIGNATED_TEACHER)


@pytest.mark.parametrize(("offset", "expected"), [(-1, True), (0, False), (1, False)])
def test_a_membership_that_ends_takes_its_children_with_it(world: World, offset: int, expected: bool) -> None:
    membership = Membership.objects.get(user=world.people["kit"])
    membership.ends = world.today
    membership.save()
    assert bool(seen(world, "kit", world.today + offset * DAY)) is expected


def test_a_contributors_help_ends_on_the_day_named(world: World) -> None:
    """A13."""
    ends = Allocation.objects.get(role="school_contributor").ends
    assert ends is not None
    assert seen(world, "eve", ends - DAY) == {"sam"}
    assert seen(world, "eve", ends) == set()


def test_a_contributor_writes_but_never_submits(world: World) -> None:
    """A13."""
    eve, sam = world.people["eve"], world.children["sam"]
    assert can(eve, Verb.WRITE_SCHOOL, sam)
    assert not can(eve, Verb.SUBMIT, sam)
    assert not can(eve, Verb.NAME_CONTRIBUTOR, sam)


def test_someone_deactivated_or_past_their_last_day_finds_nothing(world: World) -> None:
    kit, lena = world.people["kit"], world.people["lena"]
    kit.is_active = False
    kit.save()
    lena.expires_on = world.today
    lena.save()
    assert seen(world, "kit") == set()
    assert seen(world, "lena") == set()
    assert seen(world, "lena", world.today - DAY) != set()


def test_a_superuser_sees_nothing_by_right(world: World) -> None:
    """A15."""
    stan = world.people["stan"]
    stan.is_superuser = stan.is_staff = True  # type: ignore[attr-defined]
    stan.save()
    assert seen(world, "stan") == set()


def test_another_place_a_child_attends_may_write_but_not_submit(world: World) -> None:
    Enrolment(child=world.children["sam"], school=world.schools["unit"], kind="alternative", starts=world.today).save()
    uri, sam = world.people["uri"], world.children["sam"]
    assert can(uri, Verb.WRITE_SCHOOL, sam)
    assert not can(uri, Verb.SUBMIT, sam)


def test_who_can_see_names_exactly_those_who_find_the_child(world: World) -> None:
    """D6: the page that says who can see a child tells the truth."""
    for key, child in world.children.items():
        told = {user.pk for user, _ in who_can_see(child, world.today)}
        found = {world.people[name].pk for name in world.people if key in seen(world, name)}
        assert told == found, key


def test_finding_children_takes_the_same_few_queries_for_everyone(world: World, django_assert_max_num_queries) -> None:  # type: ignore[no-untyped-def]
    """H4."""
    for name in ("anna", "fay", "hana", "kit"):
        with django_assert_max_num_queries(4):
            list(Child.objects.visible_to(world.people[name], Verb.VIEW, world.today))
