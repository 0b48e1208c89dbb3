"""The weekly list of children: what is new, changed, the same, asked about and refused; and that a second run changes nothing."""

from datetime import date
from typing import Any

import pytest
from django.db.models import QuerySet

from accounts.models import User
from accounts.policy import Relation
from children.models import Allocation, CarePeriod, Child, ChildRelation, Enrolment, Placement
from schools.csvfile import UnreadableFile
from schools.models import School
from tests.virtualschool.register.conftest import World, as_csv, everything
from virtualschool.register import children
from virtualschool.register.rows import Line, Outcome, Report, StaleReport

ROBIN = {
    "Given name": "Robin",
    "Family name": "Fairweather",
    "Known as": "Rob",
    "Date of birth": "14/03/2012",
    "UPN": "A950000178301",
    "Identifier": "C1001",
    "Legal status": "C2",
    "Care start": "01/06/2024",
    "Placement": "Foster care",
    "Placement start": "02/06/2024",
    "Carer": "Mr and Mrs Dale",
    "School URN": "999001",
    "School start": "01/09/2024",
    "Social worker e-mail": "sam.okafor@fictional.example",
    "Team": "Team North",
}
NEXT_WEEK = date(2026, 12, 1)


def row(**changes: str) -> dict[str, str]:
    """Robin's line with some cells changed; underscores in the names stand for spaces."""
    return ROBIN | {name.replace("_", " "): text for name, text in changes.items()}


def plan(world: World, *lines: dict[str, str], on: date | None = None, answers: dict[int, str] | None = None) -> Report:
    return children.plan(children.read(as_csv(*lines)), world.county, on or world.today, answers)


def bring_in(world: World, *lines: dict[str, str], on: date | None = None, answers: dict[int, str] | None = None) -> Report:
    report = plan(world, *lines, on=on, answers=answers)
    children.apply(report, by=world.ada)
    return report


def only(report: Report) -> Line:
    [line] = report.lines
    return line


def counts(report: Report) -> dict[str, int]:
    return {outcome.value: count for outcome in Outcome if (count := report.count(outcome))}


def robin(world: World) -> Child:
    bring_in(world, ROBIN)
    return Child.objects.get(identifier="C1001")


def test_a_new_child_comes_in_with_care_placement_school_and_social_worker(world: World) -> None:
    report = bring_in(world, ROBIN)
    assert counts(report) == {"new": 1}
    child = Child.objects.get()
    assert (child.authority, child.legal_name, child.known_as) == (world.county, "Robin Fairweather", "Rob")
    assert (child.date_of_birth, child.upn, child.identifier) == (date(2012, 3, 14), "A950000178301", "C1001")
    assert child.sort_key == "fairweather rob"
    [period] = child.care_periods.all()
    assert (period.starts, period.ends, period.legal_status) == (date(2024, 6, 1), None, "C2")
    [placement] = child.placements.all()
    assert (placement.kind, placement.carer, placement.starts) == ("Foster care", "Mr and Mrs Dale", date(2024, 6, 2))
    [enrolment] = child.enrolments.all()
    assert (enrolment.school, enrolment.kind, enrolment.starts) == (world.kestrel, "main", date(2024, 9, 1))
    [allocation] = child.allocations.all()
    assert (allocation.worker, allocation.team, allocation.role, allocation.starts) == (
        world.sam,
        world.north,
        "social_worker",
        world.today,
    )


def test_the_social_worker_sees_the_child_from_the_day_of_the_import_and_nobody_else_does(world: World) -> None:
    child = robin(world)
    assert list(Child.objects.visible_to(world.sam, on=world.today)) == [child]
    assert not Child.objects.visible_to(world.sam, on=date(2026, 11, 23)).exists()
    assert not Child.objects.visible_to(world.boris, on=world.today).exists()


def test_each_new_record_has_one_line_of_history_with_who_and_why(world: World) -> None:
    child = robin(world)
    for model in (Child, CarePeriod, Placement, Enrolment, Allocation):
        [past] = model.history.all()
        assert past.history_user_id == world.ada.pk
        assert past.history_change_reason == "Import of children for Fictional County"
    assert child.history.get().given_name == "Robin"


def test_a_plan_changes_nothing(world: World) -> None:
    before = everything()
    assert counts(plan(world, ROBIN)) == {"new": 1}
    assert everything() == before


def test_a_second_run_changes_nothing_and_writes_no_history(world: World) -> None:
    others = row(Given_name="Nia", Known_as="", Identifier="", UPN="", Date_of_birth="2013-01-02", School_URN="", School_start="")
    bring_in(world, ROBIN, others)
    before = everything()
    for on in (world.today, NEXT_WEEK):
        report = bring_in(world, ROBIN, others, on=on)
        assert counts(report) == {"same": 2}
        assert everything() == before
        assert not report.missing


def test_columns_are_found_by_name_whatever_their_order_and_spelling(world: World) -> None:
    respelt = {name.upper().replace(" ", "_"): text for name, text in reversed(ROBIN.items())}
    assert counts(plan(world, respelt)) == {"new": 1}


def test_a_file_without_a_column_it_must_have_is_refused(world: World) -> None:
    with pytest.raises(UnreadableFile, match="no column named Legal status"):
        plan(world, {name: text for name, text in ROBIN.items() if name != "Legal status"})


def test_columns_the_file_does_not_have_change_nothing(world: World) -> None:
    bring_in(world, ROBIN)
    needed = ("Given name", "Family name", "Date of birth", "Identifier", "Legal status", "Care start")
    report = bring_in(world, {name: ROBIN[name] for name in needed}, on=NEXT_WEEK)
    assert counts(report) == {"same": 1}
    assert not report.lines


# Changes


@pytest.mark.parametrize(
    ("change", "field", "after", "sentence"),
    [
        ({"Family_name": "Fairweather-Dale"}, "family_name", "Fairweather-Dale", "Legal family name: Fairweather → Fairweather-Dale"),
        ({"Known_as": "Bobby"}, "known_as", "Bobby", "Likes to be called: Rob → Bobby"),
        ({"Date_of_birth": "15/03/2012"}, "date_of_birth", date(2012, 3, 15), "Date of birth: 14 March 2012 → 15 March 2012"),
        ({"UPN": "H243278544154"}, "upn", "H243278544154", "UPN: A950000178301 → H243278544154"),
    ],
)
def test_a_changed_particular_is_shown_before_and_after(
    world: World, change: dict[str, str], field: str, after: Any, sentence: str
) -> None:
    child = robin(world)
    report = bring_in(world, row(**change), on=NEXT_WEEK)
    assert counts(report) == {"changed": 1}
    assert only(report).changes == [sentence]
    child.refresh_from_db()
    assert getattr(child, field) == after
    assert child.history.count() == 2


@pytest.mark.parametrize("change", [{"Family_name": "FAIRWEATHER"}, {"Known_as": ""}, {"UPN": ""}, {"UPN": "UN1"}, {"Legal_status": ""}])
def test_capitals_and_empty_cells_change_nothing(world: World, change: dict[str, str]) -> None:
    bring_in(world, ROBIN)
    assert counts(bring_in(world, row(**change), on=NEXT_WEEK)) == {"same": 1}


def test_a_new_legal_status_is_taken_over(world: World) -> None:
    child = robin(world)
    bring_in(world, row(Legal_status="V2 Section 20"), on=NEXT_WEEK)
    assert child.care_periods.get().legal_status == "V2"


def test_a_new_placement_ends_the_old_one(world: World) -> None:
    child = robin(world)
    bring_in(world, row(Placement="Children's home", Placement_start="28/11/2026", Carer="The Laurels"), on=NEXT_WEEK)
    old, new = child.placements.all()
    assert (old.ends, new.starts, new.kind, new.ends) == (date(2026, 11, 28), date(2026, 11, 28), "Children's home", None)


def test_an_earlier_placement_than_the_registers_is_asked_about(world: World) -> None:
    child = robin(world)
    report = bring_in(world, row(Placement="Children's home", Placement_start="01/01/2024"), on=NEXT_WEEK)
    assert "Change it on the child's page" in only(report).asks[0]
    assert child.placements.get().kind == "Foster care"


def test_another_social_worker_takes_over_on_the_day_of_the_import(world: World) -> None:
    child = robin(world)
    nadia = User.objects.create_user("nadia.reyes@fictional.example", "Nadia Reyes")
    bring_in(world, ROBIN | {"Social worker e-mail": "Nadia.Reyes@fictional.example"}, on=NEXT_WEEK)
    old, new = child.allocations.all()
    assert (old.worker, old.ends) == (world.sam, NEXT_WEEK)
    assert (new.worker, new.starts) == (nadia, NEXT_WEEK)
    assert not Child.objects.visible_to(world.sam, on=NEXT_WEEK).exists()
    assert Child.objects.visible_to(nadia, on=NEXT_WEEK).exists()


def test_a_child_who_comes_back_into_care_gets_a_second_care_period(world: World) -> None:
    child = robin(world)
    period = child.care_periods.get()
    period.ends = date(2026, 7, 1)
    period.save()
    assert "care ended on 1 July 2026" in only(plan(world, ROBIN)).asks[0]
    bring_in(world, row(Care_start="20/11/2026"))
    assert [period.starts for period in child.care_periods.all()] == [date(2024, 6, 1), date(2026, 11, 20)]


def test_a_different_care_start_is_asked_about_because_every_date_hangs_on_it(world: World) -> None:
    child = robin(world)
    report = bring_in(world, row(Care_start="01/07/2024"))
    assert "1 July 2024 in the file and on 1 June 2024 in the register" in only(report).asks[0]
    assert child.care_periods.get().starts == date(2024, 6, 1)


# Schools: an import never moves a child


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


# People and teams


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


# Who is meant


def test_a_similar_name_and_the_same_date_of_birth_are_asked_about_and_nothing_is_done(world: World) -> None:
    child = robin(world)
    near = row(Given_name="Robyn", Identifier="C2002", UPN="")
    report = bring_in(world, near)
    assert counts(report) == {"ask": 1}
    line = only(report)
    assert "Robin Fairweather, born 14 March 2012, C1001" in line.reason
    assert set(line.answers) == {child.reference, "new"}
    assert Child.objects.count() == 1


def test_the_answer_new_makes_another_child(world: World) -> None:
    child = robin(world)
    near = row(Given_name="Robyn", Identifier="C2002", UPN="")
    report = bring_in(world, near, answers={2: "new"})
    assert counts(report) == {"new": 1}
    assert Child.objects.count() == 2
    assert report.missing == ["Robin Fairweather, born 14 March 2012, C1001"]
    assert counts(bring_in(world, near, ROBIN)) == {"same": 2}  # with both known by identifier, nobody is asked again
    child.refresh_from_db()
    assert child.given_name == "Robin"


def test_the_answer_with_the_reference_takes_the_line_for_that_child(world: World) -> None:
    child = robin(world)
    report = bring_in(world, row(Given_name="Robyn", Identifier="C2002"), answers={2: child.reference.lower()})
    assert counts(report) == {"changed": 1}
    child.refresh_from_db()
    assert (child.given_name, child.identifier) == ("Robyn", "C2002")


def test_the_answer_may_stand_in_the_file(world: World) -> None:
    bring_in(world, ROBIN)
    assert counts(plan(world, row(Given_name="Robyn", Identifier="C2002", UPN="", Answer="New"))) == {"new": 1}


def test_an_answer_that_is_none_is_asked_again(world: World) -> None:
    bring_in(world, ROBIN)
    report = plan(world, row(Given_name="Robyn", Identifier="C2002"), answers={2: "ZZZZZZZ"})
    assert "“ZZZZZZZ” is not one of the answers" in only(report).reason


def test_the_upn_of_another_child_is_asked_about(world: World) -> None:
    bring_in(world, ROBIN)
    other = row(Given_name="Max", Family_name="Stone", Date_of_birth="01/01/2014", Identifier="C3003")
    assert counts(plan(world, other)) == {"ask": 1}


def test_a_known_child_does_not_get_another_childs_upn(world: World) -> None:
    bring_in(world, ROBIN, row(Given_name="Max", Family_name="Stone", Date_of_birth="01/01/2014", Identifier="C3003", UPN=""))
    report = bring_in(world, row(Given_name="Max", Family_name="Stone", Date_of_birth="01/01/2014", Identifier="C3003"))
    assert "Robin Fairweather" in only(report).asks[0]
    assert Child.objects.get(identifier="C3003").upn == ""


def test_an_identifier_used_for_somebody_else_is_asked_about(world: World) -> None:
    child = robin(world)
    other = row(Given_name="Max", Family_name="Stone", Known_as="", Date_of_birth="01/01/2014")
    report = plan(world, other)
    assert counts(report) == {"ask": 1}
    assert set(only(report).answers) == {child.reference}
    assert counts(plan(world, other, answers={2: child.reference})) == {"changed": 1}


def test_twins_on_one_list_are_two_children_and_the_likeness_is_asked_about(world: World) -> None:
    twin = row(Given_name="Robyn", Identifier="C1002", UPN="H243278544154")
    report = bring_in(world, ROBIN, twin)
    assert counts(report) == {"new": 1, "ask": 1}
    assert "line 2 of this file" in report.of(Outcome.ASK)[0].reason
    assert counts(bring_in(world, ROBIN, twin, answers={3: "new"})) == {"new": 1, "same": 1}
    assert counts(bring_in(world, ROBIN, twin)) == {"same": 2}


def test_children_of_another_authority_are_neither_matched_nor_shown(world: World) -> None:
    Child.objects.create(
        authority=world.borough, identifier="C1001", given_name="Robin", family_name="Fairweather", date_of_birth="2012-03-14"
    )
    report = plan(world, ROBIN)
    assert counts(report) == {"new": 1}
    assert not report.missing


def test_a_merged_child_leads_to_the_one_it_was_merged_into(world: World) -> None:
    child = robin(world)
    Child.objects.create(
        authority=world.county, identifier="OLD1", given_name="Robin", family_name="F", date_of_birth="2012-03-14", merged_into=child
    )
    report = bring_in(world, row(Identifier="OLD1", Family_name="Fairweather"))
    assert Child.objects.filter(merged_into=None).count() == 1
    assert not report.missing


# Lines that are left out


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"Legal_status": "V3"}, "No PEP needed: V3 is a series of short breaks."),
        ({"Legal_status": "v4 short break"}, "No PEP needed: V4 is a series of short breaks."),
        ({"Legal_status": "X9"}, "Legal status “X9” is not one of C1, C2, D1, E1, J1, J2, J3, L1, L2, L3, V2, V3, V4."),
        ({"Given_name": ""}, "Given name is empty."),
        ({"Date_of_birth": ""}, "Date of birth is empty."),
        ({"Date_of_birth": "31/02/2012"}, "Date of birth must be a date such as 31/08/2026, not “31/02/2012”."),
        ({"Date_of_birth": "14/03/12"}, "Date of birth must be a date such as 31/08/2026, not “14/03/12”."),
        ({"Date_of_birth": "14/03/2027"}, "Date of birth 14 March 2027 is in the future."),
        ({"Date_of_birth": "14/03/1912"}, "Date of birth 14 March 1912: that is not a child in care any more. Check the year."),
        ({"Care_start": ""}, "Care start is empty: a new child needs one."),
        ({"Care_start": "01/01/2027"}, "Care start 1 January 2027 is in the future."),
        ({"Care_start": "01/01/2010"}, "Care start 1 January 2010 is before the date of birth."),
        ({"School_URN": "Kestrel"}, "School URN must be a number of 6 digits, not “Kestrel”."),
        ({"Given_name": "R" * 151}, "Legal given names is too long: 151 characters where 150 are kept."),
    ],
)
def test_a_line_that_cannot_be_used_is_left_out_with_its_reason(world: World, change: dict[str, str], reason: str) -> None:
    report = bring_in(world, row(**change))
    assert counts(report) == {"rejected": 1}
    assert (only(report).number, only(report).reason) == (2, reason)
    assert not Child.objects.exists()


def test_a_bad_line_does_not_keep_the_next_from_coming_in(world: World) -> None:
    good = row(Given_name="Nia", Identifier="C4", UPN="", Date_of_birth="01/02/2015")
    assert counts(bring_in(world, row(Date_of_birth="?"), good)) == {"new": 1, "rejected": 1}


def test_a_child_who_stands_twice_is_read_once(world: World) -> None:
    report = plan(world, ROBIN, row(UPN=""), row(Identifier="C7"))
    assert [line.reason for line in report.of(Outcome.REJECTED)] == ["C1001 is already on line 2.", "A950000178301 is already on line 2."]


def test_a_child_without_numbers_who_stands_twice_is_read_once(world: World) -> None:
    bare = row(Identifier="", UPN="")
    bring_in(world, bare)
    report = plan(world, bare, bare)
    assert [line.reason for line in report.of(Outcome.REJECTED)] == ["This is the same child as on line 2."]


def test_a_wrong_check_letter_warns_and_is_kept(world: World) -> None:
    report = bring_in(world, row(UPN="B950000178301"))
    assert "B should be A" in only(report).warnings[0]
    assert Child.objects.get().upn == "B950000178301"


def test_a_upn_too_long_to_be_one_is_mentioned_and_not_kept(world: World) -> None:
    report = bring_in(world, row(UPN="A9500001783011"))
    assert "has 14" in only(report).warnings[0]
    assert Child.objects.get().upn == ""


# The whole file


def test_a_child_missing_from_the_file_is_listed_and_never_closed(world: World) -> None:
    child = robin(world)
    report = bring_in(world, row(Given_name="Nia", Identifier="C4", UPN="", Date_of_birth="01/02/2015"), on=NEXT_WEEK)
    assert report.missing == ["Robin Fairweather, born 14 March 2012, C1001"]
    assert child.care_periods.get().ends is None


def test_a_child_whose_line_was_refused_is_not_called_missing(world: World) -> None:
    bring_in(world, ROBIN)
    assert plan(world, row(Date_of_birth="?")).missing == []


def test_a_child_who_has_left_care_is_not_missed(world: World) -> None:
    child = robin(world)
    period = child.care_periods.get()
    period.ends = date(2026, 11, 1)
    period.save()
    assert plan(world, row(Given_name="Nia", Identifier="C4", UPN="", Date_of_birth="01/02/2015")).missing == []


def test_a_register_changed_since_the_plan_stops_everything(world: World) -> None:
    child = robin(world)
    report = plan(world, row(Given_name="Robina"), row(Given_name="Nia", Identifier="C4", UPN="", Date_of_birth="01/02/2015"))
    child.given_name = "Rowan"
    child.save()
    before = everything()
    with pytest.raises(StaleReport):
        children.apply(report, by=world.ada)
    assert everything() == before


def test_the_same_plan_carried_out_twice_makes_no_child_twice(world: World) -> None:
    report = plan(world, ROBIN)
    children.apply(report, by=world.ada)
    before = everything()
    with pytest.raises(StaleReport):
        children.apply(report, by=world.ada)
    assert everything() == before


def test_the_digest_tells_whether_the_plan_is_still_the_one_that_was_shown(world: World) -> None:
    shown = plan(world, ROBIN).digest()
    assert plan(world, ROBIN).digest() == shown
    assert plan(world, row(Given_name="Robina")).digest() != shown


def test_the_plan_takes_as_many_queries_for_three_children_as_for_one(world: World, django_assert_num_queries: Any) -> None:
    lines = [row(Given_name=name, Identifier=name, UPN="") for name in ("Ina", "Jon", "Kim")]
    with django_assert_num_queries(10):
        plan(world, lines[0])
    bring_in(world, *[line | {"Date of birth": f"0{at}/05/2013"} for at, line in enumerate(lines, start=1)])
    with django_assert_num_queries(10):
        plan(world, *lines)


def test_the_bulk_inserts_leave_the_guardian_rows_in_step(world: World) -> None:
    child = robin(world)
    relation: ChildRelation = QuerySet(ChildRelation).get(content_object=child)
    assert (relation.user, relation.permission.codename, relation.ends) == (world.sam, Relation.SOCIAL_WORKER.value, None)
