"""Every move of a plan: from which state, by whom, with what in hand; and everything else refused."""

import datetime
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError

from pep import funding, workflow
from pep.models import Plan, PlanEvent, PlanSnapshot, RenderJob, SignOff
from pep.workflow import Incomplete, NotNow, available, perform
from schools.models import Policy
from tests.remembered import remembered
from tests.world import DAY, World, begin, build_world, fill, graded, mark_complete, signed_in, submit_again

pytestmark = pytest.mark.django_db

S = Plan.State
NEEDS: dict[str, dict[str, Any]] = {
    "submit": {},
    "sign_off": {},
    "return_from_sign_off": {"comment": "Say more about attendance", "sections": ["attendance"]},
    "go_on_without_signature": {"comment": "Nobody answered"},
    "grade": graded(),
    "return_from_check": {"comment": "The targets are vague", "sections": ["targets"]},
    "accept_unsampled": {"comment": "Not in the sample"},
    "cancel": {"comment": "Begun twice"},
    "close": {"comment": "Left care"},
    "correct": {"comment": "Wrong grade for maths", "sections": ["attainment"]},
}


@remembered
def world_with_plan() -> World:
    """The cast, and Sam's plan, filled in, not yet submitted."""
    world = build_world()
    fill(begin(world, "sam"), "sam")
    return world


@remembered
def world_with_complete_plan() -> World:
    """The same when everyone has signed."""
    world = world_with_plan()
    world.plans["sam"] = bring_to(world.plans["sam"], S.COMPLETE, world)
    return world


@pytest.fixture
def world(request: pytest.FixtureRequest) -> World:
    """The cast, with Sam's plan in it for a test that asks for the plan too."""
    return world_with_plan() if "plan" in request.fixturenames else build_world()


@pytest.fixture
def plan(world: World) -> Plan:
    """Sam's plan, filled in, not yet submitted."""
    return world.plans["sam"]


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
        plan = perform(plan, "grade", by=people["kit"], **graded())
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
    mark_complete(plan)
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
    plan = submit_again(plan, by=world.people["anna"])
    assert plan.state == S.AWAITING_CHECK  # the social worker's signature still stands


def test_when_only_the_social_workers_sections_go_back_the_social_worker_sends_it_on(world: World, plan: Plan) -> None:
    plan = bring_to(plan, S.AWAITING_CHECK, world)
    plan = perform(plan, "return_from_check", by=world.people["kit"], comment="Health is empty", sections=["health"])
    plan = submit_again(plan, by=world.people["fay"])
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
        perform(plan, "grade", by=kit, **graded("red"), comment="No targets")
    returned = perform(plan, "grade", by=kit, **graded("red"), comment="No targets", sections=["targets"])
    assert returned.state == S.RETURNED
    assert not PlanSnapshot.objects.filter(plan=plan).exists()
    policy = Policy.objects.get(authority=world.places["fenshire"].authority)
    policy.returning_grades = []
    policy.save()
    plan = submit_again(returned, by=world.people["anna"])
    assert perform(plan, "grade", by=kit, **graded("red"), comment="Still thin").state == S.COMPLETE


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
    second = submit_again(second, by=world.people["anna"])
    assert second.state == S.AWAITING_CHECK  # the social worker's sections were not touched, so that signature stands
    second = perform(second, "grade", by=world.people["kit"], **graded("gold"))
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


@pytest.mark.parametrize("name", ["kit", "lena"])
def test_a_plan_outside_the_sample_may_be_completed_without_a_check(world: World, plan: Plan, name: str) -> None:
    """The one move that the table leaves out, because nothing is outside the sample where every plan is checked."""
    set_policy(world, check_percent=0)
    plan = bring_to(plan, S.AWAITING_CHECK, world)
    assert not plan.drawn
    for other, user in world.people.items():
        offered = {transition.action for transition in available(plan, user, world.today)}
        assert ("accept_unsampled" in offered) is (other in STAFF)
    plan = perform(plan, "accept_unsampled", by=world.people[name], **NEEDS["accept_unsampled"])
    assert (plan.state, plan.quality_checks.get().outcome) == (S.COMPLETE, "not_sampled")


def test_a_plan_drawn_for_the_sample_must_be_checked_whatever_policy_says_later(world: World, plan: Plan) -> None:
    plan = bring_to(plan, S.AWAITING_CHECK, world)
    assert plan.drawn
    set_policy(world, check_percent=0)
    with pytest.raises(PermissionDenied):
        perform(plan, "accept_unsampled", by=world.people["kit"], comment="Busy")
    plan = perform(plan, "return_from_check", by=world.people["kit"], comment="Vague", sections=["targets"])
    plan = submit_again(plan, by=world.people["anna"])
    assert (plan.state, plan.drawn) == (S.AWAITING_CHECK, True)


def test_the_draw_is_stable_and_takes_the_share_that_policy_names() -> None:
    plans = [Plan() for _ in range(2000)]
    drawn = [plan for plan in plans if workflow.in_sample(plan, 30)]
    assert 480 < len(drawn) < 720
    assert all(workflow.in_sample(plan, 30) and workflow.in_sample(plan, 60) for plan in drawn)
    assert not any(workflow.in_sample(plan, 0) for plan in plans) and all(workflow.in_sample(plan, 100) for plan in plans)


def set_policy(world: World, **fields: Any) -> None:
    """Fenshire decides otherwise."""
    policy = Policy.objects.get(authority=world.places["fenshire"].authority)
    for field, value in fields.items():
        setattr(policy, field, value)
    policy.save()


@pytest.mark.parametrize(("section", "waits"), [("health", True), ("targets", False)])
def test_a_plan_once_let_through_unsigned_waits_for_a_signature_again_when_the_social_workers_part_is_written_anew(
    world: World, plan: Plan, section: str, waits: bool
) -> None:
    plan = bring_to(plan, S.AWAITING_SIGN_OFF, world)
    late = workflow.signature_due(plan, world.places["fenshire"].policy) + DAY
    plan = perform(plan, "go_on_without_signature", by=world.people["kit"], on=late, comment="Nobody answered")
    plan = perform(plan, "return_from_check", by=world.people["kit"], on=late, comment="Say more", sections=[section])
    plan = submit_again(plan, by=world.people["fay" if section == "health" else "anna"], on=late)
    assert (plan.state, plan.signature_skipped) == (S.AWAITING_SIGN_OFF if waits else S.AWAITING_CHECK, not waits)


@pytest.mark.parametrize("completed_by", ["grade", "accept_unsampled"])
def test_whoever_completed_a_plan_does_not_approve_its_flat_sum(world: World, plan: Plan, completed_by: str) -> None:
    """One officer alone would grant, approve and pay: grading is what policy's own yes stands on."""
    policy = Policy.objects.get(authority=world.places["fenshire"].authority)
    policy.flat_sums, policy.check_percent = {"secondary": 600}, 100 if completed_by == "grade" else 0
    policy.save()
    kit, lena = world.people["kit"], world.people["lena"]
    plan = perform(bring_to(plan, S.AWAITING_CHECK, world), completed_by, by=kit, **NEEDS[completed_by])
    flat = plan.funding.get(target__isnull=True)
    with pytest.raises(ValidationError, match="a colleague approves it"):
        funding.take_step(flat, "approved", by=kit, on=world.today)
    page = signed_in(kit).get(f"/funding/{flat.pk}/").content.decode()
    assert "You completed the plan" in page and "Approve to pay" not in page
    assert funding.take_step(flat, "approved", by=lena, on=world.today).state == "approved"
    policy.one_person_may_pay = True
    policy.save()
    assert funding.barred_steps(flat, kit, world.today) == {}
