"""Every move of a plan: from which state, by whom, with what in hand; and everything else refused."""

import datetime
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError

from pep import workflow
from pep.models import Plan, PlanEvent, PlanSnapshot, RenderJob, SignOff
from pep.workflow import Incomplete, NotNow, available, perform
from schools.models import Policy
from tests.world import DAY, World, begin, build_world, fill

pytestmark = pytest.mark.django_db

S = Plan.State
NEEDS: dict[str, dict[str, Any]] = {
    "submit": {},
    "sign_off": {},
    "return_from_sign_off": {"comment": "Say more about attendance", "sections": ["attendance"]},
    "go_on_without_signature": {"comment": "Nobody answered"},
    "grade": {"overall": "green"},
    "return_from_check": {"comment": "The targets are vague", "sections": ["targets"]},
    "accept_unsampled": {"comment": "Not in the sample"},
    "cancel": {"comment": "Begun twice"},
    "close": {"comment": "Left care"},
    "correct": {"comment": "Wrong grade for maths", "sections": ["attainment"]},
}


@pytest.fixture
def world() -> World:
    return build_world()


@pytest.fixture
def plan(world: World) -> Plan:
    """Sam's plan, filled in, not yet submitted."""
    made = begin(world, "sam")
    fill(made, "sam")
    return made


def bring_to(plan: Plan, state: str, world: World) -> Plan:
    """Take a filled plan to a state through its own moves."""
    people = world.people
    if state == S.CANCELLED:
        return perform(plan, "cancel", by=people["kit"], comment="Begun twice")
    if state == S.CLOSED:
        return perform(plan, "close", by=people["kit"], comment="Left care")
    if state != S.PREPARING:
        plan = perform(plan, "submit", by=people["anna"])
    if state == S.RETURNED:
        return perform(plan, "return_from_sign_off", by=people["fay"], **NEEDS["return_from_sign_off"])
    if state in (S.AWAITING_CHECK, S.COMPLETE):
        plan = perform(plan, "sign_off", by=people["fay"])
    if state == S.COMPLETE:
        plan = perform(plan, "grade", by=people["kit"], overall="green")
    return plan


# Who may do what, in which state. Everything that is not here is refused.
SCHOOL, WORKER, MANAGERS, STAFF = {"anna"}, {"fay"}, {"hana", "ian"}, {"kit", "lena"}
ALLOWED: dict[tuple[str, str], set[str]] = {
    (S.PREPARING, "submit"): SCHOOL | STAFF,
    (S.RETURNED, "submit"): SCHOOL | STAFF,
    (S.AWAITING_SIGN_OFF, "sign_off"): WORKER | MANAGERS,
    (S.AWAITING_SIGN_OFF, "return_from_sign_off"): WORKER | MANAGERS,
    (S.AWAITING_CHECK, "grade"): STAFF,
    (S.AWAITING_CHECK, "return_from_check"): STAFF,
    (S.COMPLETE, "correct"): STAFF,
    **{
        (state, action): STAFF
        for state in (S.PREPARING, S.RETURNED, S.AWAITING_SIGN_OFF, S.AWAITING_CHECK)
        for action in ("cancel", "close")
    },
}


@pytest.mark.parametrize("state", list(S))
def test_only_the_moves_in_the_table_are_open_to_the_people_in_the_table(world: World, plan: Plan, state: str) -> None:
    """A14: every state × every person × every action, asked of the screen and done for real."""
    plan = bring_to(plan, state, world)
    for name, user in world.people.items():
        offered = {transition.action for transition in available(plan, user, world.today)}
        assert offered == {action for (source, action), names in ALLOWED.items() if source == state and name in names}, (name, state)
    for name, user in world.people.items():
        for action, needs in NEEDS.items():
            if name in ALLOWED.get((state, action), set()):
                continue
            before = list(Plan.objects.values_list("pk", "state", "updated_at"))
            with pytest.raises((PermissionDenied, NotNow)):
                perform(plan, action, by=user, **needs)
            assert list(Plan.objects.values_list("pk", "state", "updated_at")) == before


@pytest.mark.parametrize(("state", "action"), sorted(ALLOWED))
def test_each_move_in_the_table_works_and_leaves_one_event(world: World, plan: Plan, state: str, action: str) -> None:
    """D1."""
    plan = bring_to(plan, state, world)
    name = sorted(ALLOWED[state, action])[0]
    events = PlanEvent.objects.filter(plan=plan).count()
    perform(plan, action, by=world.people[name], **NEEDS[action])
    event = PlanEvent.objects.filter(plan=plan).order_by("at", "id").last()
    assert event is not None
    assert (PlanEvent.objects.filter(plan=plan).count(), event.action, event.by) == (events + 1, action, world.people[name])
    assert event.capacity


def test_an_unfinished_plan_cannot_be_submitted_and_says_what_is_missing(world: World) -> None:
    plan = begin(world, "sam")
    with pytest.raises(Incomplete) as refused:
        perform(plan, "submit", by=world.people["anna"])
    sections = {gap.section for gap in refused.value.gaps}
    assert {"targets", "meeting", "about_me", "attendance"} <= sections
    plan.refresh_from_db()
    assert plan.state == S.PREPARING


@pytest.mark.parametrize(
    "action",
    [action for action, needs in NEEDS.items() if "comment" in needs and action not in ("go_on_without_signature", "accept_unsampled")],
)
def test_a_move_that_needs_a_reason_is_refused_without_one(world: World, plan: Plan, action: str) -> None:
    state, name = next((state, sorted(names)[0]) for (state, found), names in ALLOWED.items() if found == action)
    plan = bring_to(plan, state, world)
    with pytest.raises(ValidationError):
        perform(plan, action, by=world.people[name], **{**NEEDS[action], "comment": "  "})


def test_a_return_reopens_only_the_named_sections_and_voids_only_the_signatures_they_touch(world: World, plan: Plan) -> None:
    plan = bring_to(plan, S.AWAITING_CHECK, world)
    plan = perform(plan, "return_from_check", by=world.people["kit"], comment="Attendance is empty", sections=["attendance"])
    assert plan.section_open("attendance")
    assert not plan.section_open("attainment")
    standing = set(SignOff.objects.filter(plan=plan, voided_at__isnull=True).values_list("role", flat=True))
    assert standing == {"social_worker"}
    plan = perform(plan, "submit", by=world.people["anna"])
    assert plan.state == S.AWAITING_CHECK  # the social worker's signature still stands


def test_when_only_the_social_workers_sections_go_back_the_social_worker_sends_it_on(world: World, plan: Plan) -> None:
    plan = bring_to(plan, S.AWAITING_CHECK, world)
    plan = perform(plan, "return_from_check", by=world.people["kit"], comment="Health is empty", sections=["health"])
    plan = perform(plan, "submit", by=world.people["fay"])
    assert plan.state == S.AWAITING_SIGN_OFF
    assert SignOff.objects.filter(plan=plan, role="designated_teacher", voided_at__isnull=True).count() == 1


def test_the_virtual_school_may_go_on_without_a_signature_only_after_the_policys_days(world: World, plan: Plan) -> None:
    plan = bring_to(plan, S.AWAITING_SIGN_OFF, world)
    policy = world.places["fenshire"].policy
    last_day = workflow.signature_due(plan, policy)
    with pytest.raises(PermissionDenied):
        perform(plan, "go_on_without_signature", by=world.people["kit"], on=last_day, comment="Nobody answered")
    plan = perform(plan, "go_on_without_signature", by=world.people["kit"], on=last_day + DAY, comment="Nobody answered")
    assert (plan.state, plan.signature_skipped) == (S.AWAITING_CHECK, True)


@pytest.mark.parametrize(("name", "setting"), [("hana", "managers_may_sign"), ("ian", "deputies_may_sign")])
def test_managers_and_deputies_sign_only_where_the_authoritys_policy_lets_them(world: World, plan: Plan, name: str, setting: str) -> None:
    plan = bring_to(plan, S.AWAITING_SIGN_OFF, world)
    policy = Policy.objects.get(authority=world.places["fenshire"].authority)
    setattr(policy, setting, False)
    policy.save()
    with pytest.raises(PermissionDenied):
        perform(plan, "sign_off", by=world.people[name])


def test_red_returns_the_plan_unless_policy_says_otherwise(world: World, plan: Plan) -> None:
    plan = bring_to(plan, S.AWAITING_CHECK, world)
    kit = world.people["kit"]
    with pytest.raises(ValidationError):
        perform(plan, "grade", by=kit, overall="red", comment="No targets")
    returned = perform(plan, "grade", by=kit, overall="red", comment="No targets", sections=["targets"])
    assert returned.state == S.RETURNED
    assert not PlanSnapshot.objects.filter(plan=plan).exists()
    policy = Policy.objects.get(authority=world.places["fenshire"].authority)
    policy.returning_grades = []
    policy.save()
    plan = perform(returned, "submit", by=world.people["anna"])
    assert perform(plan, "grade", by=kit, overall="red", comment="Still thin").state == S.COMPLETE


def test_completion_freezes_one_snapshot_and_orders_one_document_for_each_audience(world: World, plan: Plan) -> None:
    plan = bring_to(plan, S.COMPLETE, world)
    snapshot = PlanSnapshot.objects.get(plan=plan)
    assert set(RenderJob.objects.filter(snapshot=snapshot).values_list("audience", flat=True)) == {"council", "school"}
    assert snapshot.content["plan"]["school"] == "Hill School"
    assert snapshot.sha256 == snapshot.content["hash"]


def test_a_plan_that_waits_for_a_signature_does_not_block_the_next_one(world: World, plan: Plan) -> None:
    bring_to(plan, S.AWAITING_SIGN_OFF, world)
    assert begin(world, "sam").state == S.PREPARING


def test_two_plans_in_preparation_are_refused(world: World, plan: Plan) -> None:
    with pytest.raises(ValidationError):
        begin(world, "sam")


def test_a_correction_makes_version_two_and_keeps_version_one(world: World, plan: Plan) -> None:
    plan = bring_to(plan, S.COMPLETE, world)
    first = PlanSnapshot.objects.get(plan=plan).content
    second = perform(plan, "correct", by=world.people["kit"], comment="Wrong name of the tutor", sections=["targets"])
    assert (second.version, second.state, second.corrects) == (2, S.RETURNED, plan)
    assert second.section_open("targets")
    assert not second.section_open("health")
    assert [target.aim for target in second.targets.all()] == [target.aim for target in plan.targets.all()]
    second = perform(second, "submit", by=world.people["anna"])
    assert second.state == S.AWAITING_CHECK  # the social worker's sections were not touched, so that signature stands
    second = perform(second, "grade", by=world.people["kit"], overall="gold")
    assert PlanSnapshot.objects.get(plan=plan).content == first
    assert PlanSnapshot.objects.get(plan=second).content["plan"]["version"] == 2
    with pytest.raises((PermissionDenied, ValidationError)):
        perform(plan, "correct", by=world.people["kit"], comment="Again", sections=["targets"])


def test_staff_must_name_for_whom_they_submit_unless_the_school_has_nobody(world: World, plan: Plan) -> None:
    kit = world.people["kit"]
    with pytest.raises(ValidationError):
        perform(plan, "submit", by=kit)
    perform(plan, "submit", by=kit, on_behalf_of="Anna Example, designated teacher", learned_by="telephone")
    event = PlanEvent.objects.get(plan=plan, action="submit")
    assert (event.on_behalf_of, event.learned_by) == ("Anna Example, designated teacher", "telephone")
    without_school = begin(world, "wes")
    fill(without_school, "wes")
    assert perform(without_school, "submit", by=kit).state == S.AWAITING_SIGN_OFF


def test_a_flat_sum_is_agreed_for_a_completed_plan_where_policy_pays_one(world: World, plan: Plan) -> None:
    policy = Policy.objects.get(authority=world.places["fenshire"].authority)
    policy.flat_sums = {"secondary": 600}
    policy.save()
    plan = bring_to(plan, S.COMPLETE, world)
    flat = plan.funding.get(target__isnull=True)
    assert (flat.amount, flat.agreed_amount, flat.state) == (600, 600, "agreed")


def test_the_day_a_signature_is_due_counts_working_days_only(world: World, plan: Plan) -> None:
    plan.state_since = datetime.datetime(2026, 12, 18, 12, tzinfo=datetime.UTC)
    due = workflow.signature_due(plan, Policy(signature_working_days=5))
    assert due == datetime.date(2026, 12, 29)  # not Christmas Day, nor the 28th (in place of the 26th), nor the weekends
