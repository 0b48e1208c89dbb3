"""The national register of schools, and schools that have become academies."""

import io
from datetime import date
from pathlib import Path

from allauth.mfa.models import Authenticator
from django.utils import timezone

from accounts.models import User
from accounts.policy import Relation
from children.models import AccessLog, Child, Enrolment
from pep.models import FundingRequest, Plan
from schools.models import Membership, School
from tests.virtualschool.register.conftest import World, everything
from tests.world import signed_in
from virtualschool.register import schools
from virtualschool.register.rows import Outcome, Report

DATA = Path(__file__).parents[2] / "data"
HEADING = (DATA / "gias_135_columns.csv").read_bytes().splitlines()[0].decode()
LINKS = b"URN,LinkURN,LinkName,LinkType,LinkEstablishedDate\n"


def plan(world: World, *, links: bool = False, name: str = "gias_135_columns.csv", **options: object) -> Report:
    with (DATA / name).open("rb") as file, (DATA / "gias_links.csv").open("rb") as links_file:
        parsed = schools.read(file, links_file if links else None)
    return schools.plan(parsed, world.today, **options)  # type: ignore[arg-type]


def bring_in(world: World, **options: object) -> Report:
    report = plan(world, **options)  # type: ignore[arg-type]
    schools.apply(report, by=world.ada)
    return report


def counts(report: Report) -> dict[str, int]:
    return {outcome.value: count for outcome in Outcome if (count := report.count(outcome))}


def girls_school(world: World) -> tuple[School, Child, User]:
    """A school that closes, with a child and a designated teacher."""
    school = School.objects.create(urn=999004, name="Otherborough Girls' School", status="Open")
    child = Child.objects.create(authority=world.county, given_name="Nia", family_name="Stone", date_of_birth=date(2012, 5, 6))
    Enrolment.objects.create(child=child, school=school, starts=date(2023, 9, 1))
    teacher = User.objects.create_user("cleo.marsh@girls.example", "Cleo Marsh")
    Membership.objects.create(
        user=teacher, role=Relation.DESIGNATED_TEACHER, school=school, authority=world.county, starts=date(2023, 9, 1)
    )
    return school, child, teacher


def test_schools_come_in_and_known_ones_are_brought_up_to_date(world: World) -> None:
    report = bring_in(world)
    assert counts(report) == {"new": 3, "changed": 2}
    assert report.notes == ["Closed schools that the register does not have, left out: 1."]
    kestrel = School.objects.get(urn=999001)
    assert kestrel.pk == world.kestrel.pk
    assert (kestrel.laestab, kestrel.head_teacher, kestrel.low_age, kestrel.high_age) == ("9984001", "Ms Róisín O’Keeffe", 11, 18)
    assert School.objects.get(urn=999002).history.get().history_change_reason == "Import of schools"
    assert not School.objects.filter(urn=999004).exists()


def test_a_change_is_shown_before_and_after(world: World) -> None:
    bring_in(world)
    school = School.objects.get(urn=999002)
    school.name = "St Cecile's School"
    school.save()
    [line] = plan(world).of(Outcome.CHANGED)
    assert line.changes == ["Name: St Cecile's School → St Cécile’s Catholic Primary School"]


def test_a_second_run_changes_nothing_and_writes_no_history(world: World) -> None:
    bring_in(world, links=True, apply_successors=True)
    before = everything()
    report = bring_in(world, links=True, apply_successors=True)
    assert counts(report) == {"same": 5, "rejected": 1}
    assert everything() == before


def test_only_the_schools_of_some_authorities(world: World) -> None:
    bring_in(world, la_codes=["997"])
    assert set(School.objects.values_list("urn", flat=True)) == {999001, 999003, 999005}


def test_schools_in_use_that_the_file_does_not_have_are_listed(world: World) -> None:
    lone = School.objects.create(urn=999090, name="Lone Farm School")
    child = Child.objects.create(authority=world.county, given_name="Nia", date_of_birth=date(2012, 5, 6))
    Enrolment.objects.create(child=child, school=lone, starts=date(2023, 9, 1))
    assert plan(world).missing == ["Lone Farm School (URN 999090)"]


def test_lines_that_cannot_be_read_are_listed_from_both_files(world: World) -> None:
    [line] = plan(world, links=True).of(Outcome.REJECTED)
    assert (line.number, line.reason) == (5, "In the links file: LinkURN is empty.")


def test_a_school_that_has_become_an_academy_is_proposed_and_nobody_is_carried_over_unasked(world: World) -> None:
    school, child, _ = girls_school(world)
    report = bring_in(world, links=True)
    [line] = [line for line in report.lines if "Girls' School" in line.who]
    assert line.asks == [
        "It has become Otherborough Girls' Academy (URN 999005). To be carried over to it: enrolled children: 1; designated teachers: 1."
    ]
    school.refresh_from_db()
    assert school.successor == School.objects.get(urn=999005)
    assert child.enrolments.get().school == school


def test_children_and_teachers_are_carried_over_to_the_academy_with_history(world: World) -> None:
    school, child, teacher = girls_school(world)
    bring_in(world, links=True, apply_successors=True)
    academy = School.objects.get(urn=999005)
    enrolment = child.enrolments.get()
    assert (enrolment.school, enrolment.starts) == (academy, date(2023, 9, 1))
    assert [past.school_id for past in enrolment.history.order_by("history_id")] == [school.pk, academy.pk]
    assert teacher.memberships.get().school == academy
    assert list(Child.objects.visible_to(teacher, on=world.today)) == [child]
    before = everything()
    assert counts(bring_in(world, links=True, apply_successors=True)) == {"same": 6, "rejected": 1}
    assert everything() == before


def test_a_teacher_who_is_at_the_academy_already_keeps_that_role_alone(world: World) -> None:
    school, _, teacher = girls_school(world)
    academy = School.objects.create(urn=999005, name="Otherborough Girls' Academy")
    Membership.objects.create(
        user=teacher, role=Relation.DESIGNATED_TEACHER, school=academy, authority=world.county, starts=date(2026, 9, 1)
    )
    bring_in(world, links=True, apply_successors=True)
    assert {(role.school, role.ends) for role in teacher.memberships.all()} == {(school, world.today), (academy, None)}


def test_a_merged_school_carries_nobody_over_because_its_staff_may_not_be_the_new_ones(world: World) -> None:
    school, child, teacher = girls_school(world)
    establishments = io.BytesIO((DATA / "gias_135_columns.csv").read_bytes())
    parsed = schools.read(establishments, io.BytesIO(LINKS + b"999004,999001,Kestrel Academy,Successor - merged,01-09-2026\n"))
    report = schools.plan(parsed, world.today, apply_successors=True)
    schools.apply(report, by=world.ada)
    [line] = [line for line in report.lines if "Girls' School" in line.who]
    assert "Merged or split into Kestrel Academy (URN 999001). Still here: enrolled children: 1" in line.asks[0]
    assert child.enrolments.get().school == school
    assert teacher.memberships.get().school == school


def test_a_successor_that_nobody_knows_is_mentioned(world: World) -> None:
    girls_school(world)
    establishments = io.BytesIO((DATA / "gias_135_columns.csv").read_bytes())
    parsed = schools.read(establishments, io.BytesIO(LINKS + b"999004,999077,Somewhere,Successor,01-09-2026\n"))
    [line] = [line for line in schools.plan(parsed, world.today).lines if "Girls' School" in line.who]
    assert line.asks == ["It has been replaced by a school that is not in the register or the file: URN 999077."]


def test_the_older_layout_is_read_as_well(world: World) -> None:
    assert counts(bring_in(world, name="gias_139_columns.csv")) == {"new": 1, "changed": 1}


def test_a_name_that_is_too_long_is_left_out(world: World) -> None:
    columns = HEADING.replace('"', "").split(",")
    values = {"URN": "999050", "EstablishmentName": "K" * 201}
    parsed = schools.read(io.BytesIO((HEADING + "\n" + ",".join(values.get(column, "") for column in columns)).encode()))
    [line] = schools.plan(parsed, world.today).lines
    assert line.reason == "Name is too long: 201 characters where 200 are kept."


def money_at(school: School, child: Child, state: str, **fields: object) -> FundingRequest:
    """A request for money that a school has made for a child."""
    plan = Plan.objects.create(
        child=child, form_key="secondary", form_version="2026", reason="termly", state="closed", due_on=date(2026, 10, 1),
        state_since=timezone.now(), school=school,
    )  # fmt: skip
    return FundingRequest.objects.create(
        plan=plan, school=school, financial_year="2026-27", purpose=f"Tuition, {state}", amount=200, state=state, **fields
    )


def test_money_that_may_still_be_paid_is_carried_over_and_what_was_paid_stays_where_it_was(world: World) -> None:
    school, child, _ = girls_school(world)
    open_ones = [money_at(school, child, state, agreed_amount=200) for state in ("agreed", "part", "approved")]
    open_ones.append(money_at(school, child, "requested"))
    paid, declined = money_at(school, child, "paid", agreed_amount=200), money_at(school, child, "declined")
    bring_in(world, links=True, apply_successors=True)
    academy = School.objects.get(urn=999005)
    for request in (*open_ones, paid, declined):
        request.refresh_from_db()
    assert {request.school for request in open_ones} == {academy}
    assert {request.history.count() for request in open_ones} == {2}
    assert {paid.school, declined.school} == {school}


def test_money_is_carried_over_from_a_school_where_nobody_is_any_more(world: World) -> None:
    school, child, teacher = girls_school(world)
    request = money_at(school, child, "approved", agreed_amount=200)
    for row in (child.enrolments.get(), teacher.memberships.get()):
        row.ends = world.today
        row.save()
    report = bring_in(world, links=True)
    [line] = [line for line in report.lines if "Girls' School" in line.who]
    assert "enrolled children: 0; designated teachers: 0; requests for money: 1" in line.asks[0]
    bring_in(world, links=True, apply_successors=True)
    request.refresh_from_db()
    assert request.school == School.objects.get(urn=999005)


def test_the_academys_teacher_sees_what_the_school_asked_for_before_whatever_became_of_it(world: World) -> None:
    school, child, teacher = girls_school(world)
    teacher.set_password("correct horse battery staple")
    teacher.save()
    Authenticator.objects.create(user=teacher, type=Authenticator.Type.TOTP, data={"secret": ""})
    requests = [money_at(school, child, "paid", agreed_amount=200), money_at(school, child, "requested")]
    elsewhere = money_at(School.objects.create(urn=999777, name="Elsewhere", status="Open"), child, "paid", agreed_amount=1)
    bring_in(world, links=True, apply_successors=True)
    client = signed_in(teacher)
    assert [client.get(f"/funding/{request.pk}/").status_code for request in requests] == [200, 200]
    page = client.get(f"/children/{child.pk}/").content.decode()
    assert "Tuition, paid" in page and "Tuition, requested" in page and str(elsewhere.pk) not in page
    assert client.get(f"/funding/{elsewhere.pk}/").status_code == 404
    assert not AccessLog.objects.get(object_id=elsewhere.pk).allowed
