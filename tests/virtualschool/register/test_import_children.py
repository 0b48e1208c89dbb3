"""The weekly list of children: what is new, changed and the same; and that a second run changes nothing."""

from datetime import date
from typing import Any

import pytest

from accounts.models import User
from children.models import Allocation, CarePeriod, Child, Enrolment, Placement
from pep import deadlines
from pep.models import Deadline
from schools.csvfile import UnreadableFile
from schools.models import Term
from tests.virtualschool.register.conftest import World, everything
from tests.virtualschool.register.robin import NEXT_WEEK, ROBIN, bring_in, counts, only, plan, robin, row


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


@pytest.mark.parametrize(
    ("changed", "column"),
    [({"Date_of_birth": "14/03/2009"}, "date of birth"), ({"School_URN": "999003"}, "school")], ids=["date of birth", "school"],
)  # fmt: skip
def test_a_list_that_changes_what_dates_are_counted_from_has_them_counted_at_once_and_says_so(
    world: World, changed: dict[str, str], column: str
) -> None:
    """Not in the night, whose reason would be that it was found by the nightly check."""
    school = {"School_URN": "", "School_start": ""} if column == "school" else {}
    bring_in(world, row(**school))
    child = Child.objects.get()
    last = Deadline.history.order_by("-history_id").values_list("pk", flat=True).first()
    Term.objects.create(
        authority=world.county, school=world.larkfield, academic_year=2026, name="autumn", starts=date(2026, 9, 1), ends=date(2026, 12, 19),
        plans_due_on=date(2026, 12, 10),
    )  # fmt: skip
    report = bring_in(world, row(**{"School_start": "01/09/2026", **changed} if column == "school" else changed))
    assert counts(report) == {"changed": 1}
    assert not deadlines.drift(world.today)
    reasons = set(Deadline.history.filter(child=child, pk__gt=last).values_list("history_change_reason", flat=True))
    assert reasons == {"Import of children for Fictional County"}


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


def test_the_date_of_the_first_plan_is_computed_with_the_import(world: World) -> None:
    bring_in(world, row(Care_start="23/11/2026"), on=world.today)
    [deadline] = Deadline.objects.filter(open=True, kind="review")
    assert (deadline.child.identifier, deadline.due_on) == ("C1001", date(2026, 12, 21))  # 20 working days
    assert deadline.history.get().history_user_id == world.ada.pk


def test_an_import_that_changes_no_care_period_rewrites_no_date(world: World) -> None:
    bring_in(world, ROBIN)
    before = Deadline.history.count()
    bring_in(world, row(Known_as="Bobby"), on=NEXT_WEEK)
    assert Deadline.history.count() == before


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


def test_short_breaks_that_became_a_time_in_care_are_asked_about(world: World) -> None:
    """E11: the time in care would be late from its first hour, counted from the first of the short breaks."""
    child = robin(world)
    period = child.care_periods.get()
    period.legal_status = "V4"
    period.save()
    report = bring_in(world, row(Legal_status="C2"))
    [asked] = only(report).asks
    assert "The legal status is “Full care order (C2)” in the file; the register has “Short breaks, each agreed by itself (V4)”" in asked
    assert child.care_periods.get().legal_status == "V4"


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
