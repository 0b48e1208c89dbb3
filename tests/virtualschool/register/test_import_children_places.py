"""Schools, teams and social workers on the list of children: an import never moves a child, nor opens one to a stranger."""

from children.models import Allocation, Child, Enrolment
from schools.models import School
from tests.virtualschool.register.conftest import World
from tests.virtualschool.register.robin import NEXT_WEEK, ROBIN, bring_in, counts, only, plan, robin, row


def test_a_changed_school_is_a_move_and_moves_nobody(world: World) -> None:
    child = robin(world)
    report = bring_in(world, row(School_URN="999003"), on=NEXT_WEEK)
    assert counts(report) == {"same": 1}
    assert only(report).asks[0].startswith("Move: the file says Larkfield School (URN 999003); the register has Kestrel Academy.")
    assert child.enrolments.get().school == world.kestrel


def test_a_child_without_a_school_gets_the_first_one_from_the_day_of_the_import(world: World) -> None:
    bring_in(world, row(School_URN="", School_start=""))
    child = Child.objects.get()
    assert not child.enrolments.exists()
    bring_in(world, row(School_start=""), on=NEXT_WEEK)
    assert [(enrolment.school, enrolment.starts) for enrolment in child.enrolments.all()] == [(world.kestrel, NEXT_WEEK)]


def test_a_child_who_has_left_a_school_is_not_enrolled_again_by_an_import(world: World) -> None:
    child = robin(world)
    enrolment = child.enrolments.get()
    enrolment.ends = world.today
    enrolment.save()
    report = bring_in(world, row(School_URN="999003"), on=NEXT_WEEK)
    assert "no school (the last was Kestrel Academy)" in only(report).asks[0]
    assert child.enrolments.count() == 1


def test_a_restricted_child_is_never_enrolled_by_an_import(world: World) -> None:
    bring_in(world, row(School_URN="", School_start=""))
    child = Child.objects.get()
    child.restricted, child.restricted_because = True, "Placed for adoption"
    child.save()
    assert "the head decides" in only(bring_in(world, ROBIN, on=NEXT_WEEK)).asks[0]
    assert not child.enrolments.exists()


def test_a_file_that_names_no_school_any_more_is_asked_about(world: World) -> None:
    child = robin(world)
    assert "names no school; the register has Kestrel Academy" in only(bring_in(world, row(School_URN=""))).asks[0]
    assert child.enrolments.get().ends is None


def test_an_unknown_school_is_asked_about_and_the_child_comes_in_without_it(world: World) -> None:
    report = bring_in(world, row(School_URN="999999"))
    assert counts(report) == {"new": 1}
    assert "No school with URN 999999" in only(report).asks[0]
    assert not Enrolment.objects.exists()


def test_a_closed_school_is_warned_of(world: World) -> None:
    School.objects.create(urn=999004, name="Otherborough Girls' School", status="Closed")
    assert only(plan(world, row(School_URN="999004"))).warnings == ["Otherborough Girls' School is closed. Check the URN."]


def test_an_unknown_social_worker_is_asked_about_and_the_team_holds_the_case(world: World) -> None:
    report = bring_in(world, ROBIN | {"Social worker e-mail": "nobody@fictional.example"})
    assert "nobody@fictional.example is not known" in only(report).asks[0]
    allocation = Allocation.objects.get()
    assert (allocation.worker, allocation.team) == (None, world.north)


def test_someone_who_works_for_another_authority_alone_is_not_given_a_child_nor_named(world: World) -> None:
    report = bring_in(world, ROBIN | {"Social worker e-mail": "boris.lund@otherborough.example"})
    assert "is not known as somebody who works for Fictional County" in only(report).asks[0]
    assert "Boris" not in str(report)
    assert not Child.objects.visible_to(world.boris, on=world.today).exists()


def test_an_unknown_team_is_asked_about(world: World) -> None:
    report = bring_in(world, row(Team="Team West"))
    assert "no team called “Team West”" in only(report).asks[0]
    assert not Allocation.objects.exists()


def test_an_unknown_social_worker_is_named_beside_an_unknown_team_and_an_unknown_school(world: World) -> None:
    """Each thing of a line that was not taken over is said, not the first alone."""
    values = ROBIN | {"Social worker e-mail": "nobody@fictional.example", "Team": "Team West", "School URN": "999999"}
    asks = " ".join(only(bring_in(world, values)).asks)
    assert (
        "Team West" in asks
        and "nobody@fictional.example is not known as somebody who works for Fictional County" in asks
        and "999999" in asks
    )
    assert not Allocation.objects.exists()


def test_a_team_of_another_authority_is_unknown(world: World) -> None:
    assert "no team called" in only(plan(world, row(Team="Borough Team"))).asks[0]


def test_a_deactivated_social_worker_is_asked_about(world: World) -> None:
    world.sam.is_active = False
    world.sam.save()
    assert "deactivated" in only(plan(world, ROBIN)).asks[0]


def test_an_unallocated_child_falls_to_the_team(world: World) -> None:
    bring_in(world, ROBIN | {"Social worker e-mail": ""})
    assert Allocation.objects.get().worker is None


def test_a_line_that_names_no_social_worker_ends_nothing(world: World) -> None:
    child = robin(world)
    report = bring_in(world, ROBIN | {"Social worker e-mail": ""}, on=NEXT_WEEK)
    assert "names no social worker; the register has Sam Okafor" in only(report).asks[0]
    assert child.allocations.get().ends is None
