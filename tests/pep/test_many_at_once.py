"""The night's work for many children: asked and written for all at once, and each record's history as if it had been saved alone."""

import datetime
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.audit import update_with_history
from children.models import CarePeriod, Child
from pep import opening
from pep.deadlines import Drift, drift, mend, next_review, refresh_all
from pep.models import Deadline, Plan
from pep.planning import create_plan
from schools.models import Policy
from tests.world import DAY, World, build_world

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    return build_world()


def come_into_care(world: World, how_many: int, name: str) -> list[Child]:
    """Children of Fenshire who came into care today, with their first dates."""
    found = []
    for number in range(how_many):
        child = Child(authority=world.places["fenshire"].authority, given_name=f"{name}{number}", date_of_birth=datetime.date(2013, 1, 1))
        child.save()
        CarePeriod(child=child, starts=world.today).save()
        found.append(child)
    refresh_all(found, on=world.today, because="Added to the register")
    return found


def shorter(policy: Policy) -> None:
    policy.first_plan_working_days -= 5
    policy.save()


def test_dates_of_many_children_move_in_as_many_statements_as_those_of_one(world: World) -> None:
    few, many = come_into_care(world, 1, "One"), come_into_care(world, 7, "Many")
    shorter(world.places["fenshire"].policy)
    counted = []
    for children in (few, many):
        with CaptureQueriesContext(connection) as asked:
            assert refresh_all(children, by=world.people["kit"], on=world.today, because="A new policy") >= len(children)
        counted.append(len(asked))
    assert counted[0] == counted[1]


def test_a_date_moved_with_many_others_keeps_its_history_as_if_saved_alone(world: World) -> None:
    children = come_into_care(world, 3, "Child")
    before = {row.pk: row for row in Deadline.objects.filter(child__in=children, kind="review")}
    shorter(world.places["fenshire"].policy)
    refresh_all(children, by=world.people["kit"], on=world.today, because="A new policy")
    for row in Deadline.objects.filter(pk__in=before):
        first, last = row.history.order_by("history_id")
        was = before[row.pk]
        assert row.due_on < was.due_on
        assert (row.created_at, first.due_on, last.due_on) == (was.created_at, was.due_on, row.due_on)
        assert row.updated_at > was.updated_at
        assert (first.history_type, last.history_type) == ("+", "~")
        assert (last.history_user_id, last.history_change_reason) == (world.people["kit"].pk, "A new policy")
        assert (last.created_at, last.updated_at) == (row.created_at, row.updated_at)


def test_only_the_named_fields_of_many_rows_are_saved(world: World) -> None:
    (child,) = come_into_care(world, 1, "Child")
    row = next_review(child)
    assert row is not None
    right = row.due_on
    row.words, row.due_on = "Other words", right + DAY
    update_with_history([row], ["words"], by=None, reason="")
    row.refresh_from_db()
    assert (row.words, row.due_on) == ("Other words", right)
    update_with_history([], ["words"], by=None, reason="")


def test_the_night_mends_many_dates_in_as_many_statements_as_one_childs(world: World) -> None:
    mend(drift(world.today), on=world.today)
    few, many = come_into_care(world, 1, "One"), come_into_care(world, 6, "Many")
    counted = []
    for children in (few, many):
        rows = list(Deadline.objects.filter(child__in=children, kind="review"))
        for row in rows:
            row.due_on += DAY
        update_with_history(rows, ["due_on"], by=None, reason="Put wrong")
        found: list[Drift] = drift(world.today)
        with CaptureQueriesContext(connection) as asked:
            assert mend(found, on=world.today) == len(children)
        counted.append(len(asked))
        assert drift(world.today) == []
    assert counted[0] == counted[1]
    assert set(rows[0].history.values_list("history_change_reason", flat=True)) >= {"Put wrong", "Found by the nightly check"}


def test_one_childs_trouble_keeps_no_other_plan_from_opening(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    children = come_into_care(world, 4, "Child")
    begin: Any = create_plan

    def troubled(child: Child, **more: Any) -> Plan:
        if child.pk == children[1].pk:
            raise ValidationError("A plan can only be begun for a child who is in care.")
        plan: Plan = begin(child, **more)
        return plan

    monkeypatch.setattr("pep.opening.create_plan", troubled)
    assert opening.open_due_plans(world.today) == 3
    assert {plan.child_id for plan in Plan.objects.filter(child__in=children)} == {children[number].pk for number in (0, 2, 3)}
    monkeypatch.undo()
    assert opening.open_due_plans(world.today) == 1


def test_plans_that_open_together_are_asked_about_together(world: World) -> None:
    """What remains for each plan is beginning it and telling its people."""
    counted = []
    for number in (1, 6):
        come_into_care(world, number, f"Group {number} ")
        with CaptureQueriesContext(connection) as asked:
            assert opening.open_due_plans(world.today) == number
        counted.append(len(asked))
    alone, six = counted
    assert (six - alone) / 5 < alone / 2, counted


def test_a_plan_opens_with_every_section_and_their_history(world: World) -> None:
    (child,) = come_into_care(world, 1, "Child")
    opening.open_due_plans(world.today)
    plan = child.plans.get()
    assert sorted(section.key for section in plan.sections.all()) == sorted(declared.key for declared in plan.form.sections)
    for section in plan.sections.all():
        (kept,) = section.history.all()
        assert (kept.history_type, kept.history_user_id) == ("+", None)
        assert kept.history_date <= timezone.now()
