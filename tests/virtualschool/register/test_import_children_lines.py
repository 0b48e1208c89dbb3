"""Lines that are left out, children who are missing, and a register that has changed meanwhile."""

from datetime import date
from typing import Any

import pytest
from django.db.models import QuerySet

from accounts.policy import Relation
from children.models import Child, ChildRelation
from tests.virtualschool.register.conftest import World, everything
from tests.virtualschool.register.robin import NEXT_WEEK, ROBIN, bring_in, counts, only, plan, robin, row
from virtualschool.register import children
from virtualschool.register.rows import Outcome, StaleReport


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
        ({"Legal_status": ""}, "Legal status is empty: a new child needs one."),
        ({"Care_start": "01/01/2027"}, "Care start 1 January 2027 is in the future."),
        ({"Care_start": "01/01/2010"}, "Care start 1 January 2010 is before the date of birth."),
        ({"School_URN": "Kestrel"}, "School URN must be a number of 6 digits, not “Kestrel”."),
        ({"Given_name": "R" * 151}, "Legal given names is too long: 151 characters where 150 are kept."),
    ],
)
def test_a_line_that_cannot_be_used_is_left_out_with_its_reason(world: World, change: dict[str, str], reason: str) -> None:
    """E11."""
    report = bring_in(world, row(**change))
    assert counts(report) == {"rejected": 1}
    assert (only(report).number, only(report).reason) == (2, reason)
    assert not Child.objects.exists()


@pytest.mark.parametrize(
    ("change", "reasons"),
    [
        (
            {"Care_start": "01/01/2027", "Team": "Team Nowhere", "Social_worker_e-mail": "nobody@fictional.example"},
            [
                "Care start 1 January 2027 is in the future.",
                "There is no team called “Team Nowhere”. Check the name, or add the team.",
                "nobody@fictional.example is not known as somebody who works for Fictional County and for no school.",
            ],
        ),
        (
            {"Given_name": "", "Date_of_birth": "?", "Legal_status": "X9", "Care_start": "01/01/2027", "School_URN": "999999"},
            [
                "Given name is empty.",
                "Date of birth must be a date such as 31/08/2026, not “?”.",
                "Legal status “X9” is not one of ",
                "Care start 1 January 2027 is in the future.",
                "No school with URN 999999 is in the register.",
            ],
        ),
        (
            {"Care_start": "", "Legal_status": "", "Team": "Team Nowhere"},
            [
                "Care start is empty: a new child needs one.",
                "Legal status is empty: a new child needs one.",
                "no team called “Team Nowhere”",
            ],
        ),
        (
            {"Date_of_birth": "14/03/2027", "Care_start": "01/02/2027", "Carer": "D" * 300},
            ["Date of birth 14 March 2027 is in the future.", "Care start 1 February 2027 is in the future.", "is too long"],
        ),
    ],
)
def test_everything_that_is_wrong_with_a_line_is_said_at_once(world: World, change: dict[str, str], reasons: list[str]) -> None:
    """E11: the file goes round once."""
    line = only(bring_in(world, row(**change)))
    assert line.outcome is Outcome.REJECTED
    places = [line.reason.find(reason) for reason in reasons]
    assert -1 not in places and places == sorted(places), line.reason
    assert not Child.objects.exists()


def test_of_a_child_who_needs_no_plan_nothing_else_is_said(world: World) -> None:
    assert only(plan(world, row(Legal_status="V3", Date_of_birth="?"))).reason == "No PEP needed: V3 is a series of short breaks."


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
