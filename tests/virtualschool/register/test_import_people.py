"""The list of people: who comes in with which role, what is asked, and what an import never does."""

from datetime import date

import pytest

from accounts.models import User
from accounts.policy import Relation
from accounts.relations import held_by
from children.models import Allocation, Child
from schools.models import Membership
from tests.virtualschool.register.conftest import YESTERDAY, World, as_csv, everything
from virtualschool.register import people
from virtualschool.register.rows import Line, Outcome, Report

ANNA = {
    "Name": "Anna Bell",
    "E-mail": "Anna.Bell@kestrel.example",
    "Role": "Designated teacher",
    "Place": "999001",
    "Job title": "Assistant head",
    "Telephone": "01632 960111",
}
MEI = {
    "Name": "Mei Chen",
    "E-mail": "mei.chen@fictional.example",
    "Role": "Team manager",
    "Place": "Team North",
    "Job title": "",
    "Telephone": "",
}
NEXT_WEEK = date(2026, 12, 1)


def row(**changes: str) -> dict[str, str]:
    return ANNA | {name.replace("_", " "): text for name, text in changes.items()}


def plan(
    world: World, *lines: dict[str, str], on: date | None = None, answers: dict[int, str] | None = None, by: User | None = None
) -> Report:
    return people.plan(people.read(as_csv(*lines)), world.county, on or world.today, answers, by=by or world.ada)


def bring_in(world: World, *lines: dict[str, str], on: date | None = None, answers: dict[int, str] | None = None) -> Report:
    report = plan(world, *lines, on=on, answers=answers)
    people.apply(report, by=world.ada)
    return report


def only(report: Report) -> Line:
    [line] = report.lines
    return line


def counts(report: Report) -> dict[str, int]:
    return {outcome.value: count for outcome in Outcome if (count := report.count(outcome))}


def test_a_new_designated_teacher_comes_in_for_this_authority_and_cannot_sign_in_before_an_invitation(world: World) -> None:
    report = bring_in(world, ANNA)
    assert counts(report) == {"new": 1}
    assert only(report).changes == ["New person", "Designated teacher at Kestrel Academy from 24 November 2026"]
    anna = User.objects.get(email="anna.bell@kestrel.example")
    assert (anna.name, anna.job_title, anna.phone, anna.has_usable_password()) == ("Anna Bell", "Assistant head", "01632 960111", False)
    [role] = anna.memberships.all()
    assert (role.role, role.school, role.authority, role.starts, role.ends) == (
        "designated_teacher",
        world.kestrel,
        world.county,
        world.today,
        None,
    )
    assert role.granted_by == world.ada
    assert role.history.get().history_user_id == world.ada.pk


def test_the_roles_of_a_team_and_of_the_virtual_school(world: World) -> None:
    bring_in(
        world,
        MEI,
        MEI | {"Name": "Ola Berg", "E-mail": "ola.berg@fictional.example", "Role": "DEPUTY TEAM MANAGER", "Place": "team south"},
        MEI | {"Name": "Ivo Hart", "E-mail": "ivo.hart@fictional.example", "Role": "Virtual school head", "Place": "Fictional County"},
        MEI | {"Name": "Lia Moss", "E-mail": "lia.moss@fictional.example", "Role": "Account administrator", "Place": "998"},
        MEI | {"Name": "Tom Reed", "E-mail": "tom.reed@fictional.example", "Role": "Virtual school business support", "Place": ""},
    )
    found = {role.user.name: (role.role, role.place) for role in Membership.objects.filter(starts=world.today)}
    virtual_school = world.county.virtual_school
    assert found == {
        "Mei Chen": ("team_manager", world.north),
        "Ola Berg": ("deputy_manager", world.south),
        "Ivo Hart": ("head", virtual_school),
        "Lia Moss": ("account_administrator", virtual_school),
        "Tom Reed": ("business_support", virtual_school),
    }


@pytest.mark.parametrize("role", ["Social worker", "Independent reviewing officer"])
@pytest.mark.parametrize("place", ["Team North", "Fictional County", ""])
def test_people_tied_to_single_children_come_in_without_any_access(world: World, role: str, place: str) -> None:
    report = bring_in(world, row(Role=role, Place=place))
    assert counts(report) == {"new": 1}
    anna = User.objects.get(email="anna.bell@kestrel.example")
    [tie] = anna.memberships.all()
    assert (tie.place, tie.starts, tie.ends) == (world.north if place == "Team North" else world.county, world.today, None)
    assert held_by(anna, world.today) == []
    assert not Child.objects.visible_to(anna, on=world.today).exists()


def test_one_person_with_several_roles_is_one_person(world: World) -> None:
    report = bring_in(world, ANNA, row(Place="999003"), row(Role="Virtual school officer", Place="Fictional County"))
    assert counts(report) == {"new": 1, "changed": 2}
    anna = User.objects.get(email="anna.bell@kestrel.example")
    assert sorted(role.role for role in anna.memberships.all()) == ["designated_teacher", "designated_teacher", "officer"]


def test_a_second_run_changes_nothing_and_writes_no_history(world: World) -> None:
    lines = (
        ANNA,
        row(Place="999003"),
        MEI,
        row(Name="Tom Reed", Role="Social worker", Place="Team North") | {"E-mail": "tom@fictional.example"},
    )
    bring_in(world, *lines)
    before = everything()
    for on in (world.today, NEXT_WEEK):
        report = bring_in(world, *lines, on=on)
        assert counts(report) == {"same": 4}
        assert everything() == before


def test_a_role_that_has_ended_is_given_again(world: World) -> None:
    bring_in(world, ANNA)
    role = Membership.objects.get(role=Relation.DESIGNATED_TEACHER)
    role.ends = NEXT_WEEK
    role.save()
    assert counts(plan(world, ANNA)) == {"same": 1}
    assert counts(bring_in(world, ANNA, on=NEXT_WEEK)) == {"changed": 1}
    assert [role.starts for role in Membership.objects.filter(role=Relation.DESIGNATED_TEACHER)] == [world.today, NEXT_WEEK]


def test_a_changed_particular_is_shown_before_and_after_and_an_empty_cell_changes_nothing(world: World) -> None:
    bring_in(world, ANNA)
    report = bring_in(world, row(Name="Anna Bell-Novak", Job_title="Head of year", Telephone=""))
    assert only(report).changes == ["Full name: Anna Bell → Anna Bell-Novak", "Job title: Assistant head → Head of year"]
    anna = User.objects.get(email="anna.bell@kestrel.example")
    assert (anna.name, anna.job_title, anna.phone) == ("Anna Bell-Novak", "Head of year", "01632 960111")


def test_an_address_that_belongs_to_somebody_else_by_name_is_asked_about(world: World) -> None:
    bring_in(world, ANNA)
    report = bring_in(world, row(Name="Cleo Marsh", Place="999003"))
    assert counts(report) == {"ask": 1}
    assert "is Anna Bell in the register" in only(report).reason
    assert Membership.objects.filter(school=world.larkfield).count() == 0
    assert counts(bring_in(world, row(Name="Cleo Marsh", Place="999003"), answers={2: "same"})) == {"changed": 1}
    assert User.objects.get(email="anna.bell@kestrel.example").name == "Cleo Marsh"


def test_a_known_name_with_a_new_address_is_asked_about(world: World) -> None:
    bring_in(world, ANNA)
    moved = ANNA | {"E-mail": "a.bell@kestrel.example"}
    report = bring_in(world, moved)
    assert counts(report) == {"ask": 1}
    assert "Anna Bell (anna.bell@kestrel.example) is in the register" in only(report).reason
    assert counts(bring_in(world, moved, answers={2: "new"})) == {"new": 1}
    assert counts(bring_in(world, moved)) == {"same": 1}


def test_nobody_gives_a_role_to_themselves(world: World) -> None:
    report = bring_in(world, {"Name": "Ada Nowak", "E-mail": "ada.nowak@fictional.example", "Role": "Virtual school head", "Place": ""})
    assert only(report).reason == "Nobody gives a role to themselves: ask another account administrator."
    assert [role.role for role in world.ada.memberships.all()] == ["officer"]


def test_somebody_of_another_authority_gets_the_role_and_is_not_shown(world: World) -> None:
    line = row(Name="B. Lund", Job_title="") | {"E-mail": "boris.lund@otherborough.example"}
    report = bring_in(world, line)
    assert counts(report) == {"changed": 1}
    assert "Boris" not in str([only(report).changes, only(report).reason, only(report).who])
    world.boris.refresh_from_db()
    assert (world.boris.name, world.boris.phone) == ("Boris Lund", "")
    assert world.boris.memberships.filter(school=world.kestrel, authority=world.county).exists()


def test_a_deactivated_account_gets_no_role(world: World) -> None:
    bring_in(world, ANNA)
    anna = User.objects.get(email="anna.bell@kestrel.example")
    anna.is_active = False
    anna.save()
    assert "deactivated" in only(bring_in(world, row(Place="999003"))).reason
    assert anna.memberships.count() == 1


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"Name": ""}, "Name is empty."),
        ({"E-mail": ""}, "E-mail is empty."),
        ({"E-mail": "anna.bell"}, "E-mail must be an e-mail address, not “anna.bell”."),
        ({"Place": "Kestrel Academy"}, "Place must be the URN of a school in the register, not “Kestrel Academy”."),
        ({"Place": "999999"}, "Place must be the URN of a school in the register, not “999999”."),
        ({"Role": "Team manager", "Place": "Borough Team"}, "There is no team called “Borough Team”. Check the name, or add the team."),
        ({"Role": "Virtual school head", "Place": "Otherborough"}, "Place must be Fictional County."),
        ({"Role": "Social worker", "Place": "Borough Team"}, "Place must be Fictional County or a team of it."),
        ({"Name": "A" * 201}, "Full name is too long: 201 characters where 200 are kept."),
    ],
)
def test_a_line_that_cannot_be_used_is_left_out_with_its_reason(world: World, change: dict[str, str], reason: str) -> None:
    """E11."""
    before = everything()
    report = bring_in(world, ANNA | change)
    assert counts(report) == {"rejected": 1}
    assert only(report).reason == reason
    assert everything() == before


@pytest.mark.parametrize(
    ("change", "reasons"),
    [
        ({"Name": "", "E-mail": "anna.bell", "Place": "999999"}, ["Name is empty.", "E-mail must be", "Place must be the URN"]),
        ({"E-mail": "", "Role": "Superintendent"}, ["E-mail is empty.", "Role “Superintendent” is not one of "]),
        ({"Name": "A" * 201, "Place": "999999"}, ["Full name is too long", "Place must be the URN"]),
    ],
)
def test_everything_that_is_wrong_with_a_line_is_said_at_once(world: World, change: dict[str, str], reasons: list[str]) -> None:
    """E11: the file goes round once."""
    line = only(bring_in(world, ANNA | change))
    places = [line.reason.find(reason) for reason in reasons]
    assert -1 not in places and places == sorted(places), line.reason


def test_an_account_that_is_deactivated_is_said_beside_a_place_that_there_is_not(world: World) -> None:
    bring_in(world, ANNA)
    anna = User.objects.get(email="anna.bell@kestrel.example")
    anna.is_active = False
    anna.save()
    reason = only(bring_in(world, ANNA | {"Place": "999999"})).reason
    assert "Place must be the URN" in reason and "This account is deactivated." in reason


def test_an_unknown_role_is_refused_with_the_list_of_those_there_are(world: World) -> None:
    reason = only(plan(world, row(Role="Superintendent"))).reason
    assert reason.startswith("Role “Superintendent” is not one of Designated teacher, ")
    assert "School contributor" not in reason  # named by a designated teacher, never imported


def test_a_role_that_stands_twice_is_read_once(world: World) -> None:
    assert [line.reason for line in plan(world, ANNA, ANNA).of(Outcome.REJECTED)] == [
        "This role of anna.bell@kestrel.example is already on line 2."
    ]


def test_people_missing_from_the_file_are_listed_and_keep_their_roles(world: World) -> None:
    bring_in(world, ANNA)
    report = bring_in(world, MEI)
    assert report.missing == ["Ada Nowak (ada.nowak@fictional.example)", "Anna Bell (anna.bell@kestrel.example)"]
    assert not Membership.objects.exclude(ends=None).exists()


def test_who_works_only_elsewhere(world: World) -> None:
    child = Child.objects.create(authority=world.county, given_name="Robin", date_of_birth=date(2012, 3, 14))
    assert people.strangers([world.ada, world.sam, world.boris], world.county) == {world.boris.pk}
    Allocation.objects.create(child=child, role=Relation.SOCIAL_WORKER, worker=world.boris, team=world.north, starts=YESTERDAY)
    assert people.strangers([world.boris], world.county) == set()


def test_a_line_that_is_left_out_names_the_person_as_far_as_the_file_does(world: World) -> None:
    report = plan(
        world, row(Role="Head boy"), row(**{"E-mail": "no address"}), {**MEI, "Name": ""}, MEI, MEI | {"Name": "Mei C"},
        row(Name="www.evil.example"), {**ANNA, "Name": "", "E-mail": ""},
    )  # fmt: skip
    left_out = {line.number: line.who for line in report.of(Outcome.REJECTED)}
    assert left_out == {
        2: "Anna Bell (Anna.Bell@kestrel.example)", 3: "Anna Bell (no address)", 4: "mei.chen@fictional.example",
        6: "Mei C (mei.chen@fictional.example)", 7: "www.evil.example (Anna.Bell@kestrel.example)", 8: "",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("line", "who"),
    [
        ("Anna Bell,anna@kestrel.example,Designated teacher", "Anna Bell (anna@kestrel.example)"),
        ("Anna Bell,anna@kestrel.example,Designated teacher,999001,one more", "Anna Bell (anna@kestrel.example)"),
        ("Anna Bell", "Anna Bell"),
        ("Anna\0 Bell,anna@kestrel.example,Designated teacher,999001", "Anna Bell (anna@kestrel.example)"),
        (f"{'A' * 500},,,,one more", "A" * 200),
        ('"Anna Bell,no end', ""),
    ],
)
def test_a_line_that_cannot_be_read_names_the_person_as_far_as_it_does(world: World, line: str, who: str) -> None:
    parsed = people.read([b"Name,E-mail,Role,Place\n", f"{line}\n".encode()])
    [left_out] = people.plan(parsed, world.county, world.today, by=world.ada).lines
    assert (left_out.outcome, left_out.number, left_out.who) == (Outcome.REJECTED, 2, who)
