"""Late plans rise: to the manager of whom they wait for, then to the head of the service, each once, and to nobody else."""

import datetime

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from pytest_django import DjangoAssertNumQueries

from accounts.models import Message
from children.models import Allocation, CarePeriod, Child, Enrolment
from pep.deadlines import refresh
from pep.escalation import due_escalations, send_escalations
from pep.models import Deadline, Plan
from pep.planning import create_plan
from pep.reminders import send_reminders
from pep.workflow import perform
from schools.models import Membership, Policy
from schools.timetable import add_working_days
from tests.pep.test_reminders import complete
from tests.world import DAY, World, begin, build_world, fill, member, person

MANAGER, HEAD = 5, 15  # the policy's working days


@pytest.fixture
def world(db: None) -> World:
    return build_world()


def late(plan: Plan, days: int) -> datetime.date:
    """The day on which a plan is so many working days late."""
    return add_working_days(plan.due_on, days)


def raised(rule: str = "") -> set[tuple[str, str]]:
    """Who was told what, by first name."""
    told = Message.objects.filter(rule__startswith=rule or "plan_late").values_list("recipient__name", "rule")
    return {(str(name).split()[0].lower(), rule.removeprefix("plan_late_to_")) for name, rule in told}


def test_what_waits_for_the_social_worker_rises_to_the_team_manager_and_then_to_the_service_manager(world: World) -> None:
    plan = begin(world, "sam")
    complete(plan, "school", "virtual_school")
    assert send_escalations(late(plan, MANAGER - 1)) == 0
    assert send_escalations(late(plan, MANAGER)) == 1
    assert raised() == {("hana", "manager")}
    assert send_escalations(late(plan, HEAD - 1)) == 0
    assert send_escalations(late(plan, HEAD)) == 1
    assert raised() == {("hana", "manager"), ("rosa", "head")}


def test_what_waits_for_the_school_rises_to_the_officer_and_then_to_the_head_of_the_virtual_school(world: World) -> None:
    plan = begin(world, "sam")
    complete(plan, "social_worker", "virtual_school")
    send_escalations(late(plan, MANAGER))
    send_escalations(late(plan, HEAD))
    assert raised() == {("kit", "manager"), ("lena", "head")}


def test_what_waits_for_the_virtual_schools_check_rises_the_same_way(world: World) -> None:
    plan = begin(world, "sam")
    fill(plan, "sam")
    perform(plan, "submit", by=world.people["anna"])
    perform(plan, "sign_off", by=world.people["fay"])
    send_escalations(late(plan, MANAGER))
    send_escalations(late(plan, HEAD))
    assert raised() == {("kit", "manager"), ("lena", "head")}
    assert Message.objects.filter(facts__virtual_school=1).count() == 2


def test_a_plan_that_waits_for_two_rises_to_both_and_each_is_told_who_has_to_act(world: World) -> None:
    plan = begin(world, "sam")
    send_escalations(late(plan, MANAGER))
    assert raised() == {("kit", "manager"), ("hana", "manager")}
    facts = dict(Message.objects.filter(rule="plan_late_to_manager").values_list("recipient__name", "facts"))
    assert facts["Hana Example"] == {"due_on": plan.due_on.isoformat(), "days": MANAGER, "social_worker": 1}
    assert facts["Kit Example"]["school"] == 1 and "social_worker" not in facts["Kit Example"]


def test_only_the_latest_rung_counts_and_a_missed_night_is_caught_up(world: World) -> None:
    plan = begin(world, "sam")
    complete(plan, "school", "virtual_school")
    send_escalations(late(plan, HEAD + 3))
    assert raised() == {("rosa", "head")}


def test_a_run_repeated_writes_nothing_and_a_new_due_date_begins_again(world: World) -> None:
    plan = begin(world, "sam")
    complete(plan, "school", "virtual_school")
    assert [send_escalations(late(plan, MANAGER + n)) for n in (0, 0, 1)] == [1, 0, 0]
    (message,) = Message.objects.filter(rule="plan_late_to_manager")
    assert message.key == f"escalation:{plan.pk}:manager:{plan.due_on}:{world.people['hana'].pk}"
    plan.due_on += 30 * DAY
    plan.save()
    assert send_escalations(late(plan, 0)) == 0
    assert send_escalations(late(plan, MANAGER)) == 1


@pytest.mark.parametrize("action", ["cancel", "close"])
def test_nothing_rises_once_a_plan_has_ended(world: World, action: str) -> None:
    plan = begin(world, "sam")
    perform(plan, action, by=world.people["kit"], comment="Begun twice")
    # What rises then is the child who has no plan, to the virtual school alone.
    found = due_escalations(late(plan, HEAD))
    assert {(one.plan_id, one.user_id) for one in found} == {(None, world.people["lena"].pk)}


def test_nothing_rises_of_a_child_who_has_left_care_or_was_merged(world: World) -> None:
    plans = [begin(world, key) for key in ("sam", "tia")]
    period = CarePeriod.objects.get(child=world.children["sam"])
    period.ends = plans[0].due_on
    period.save()
    tia = world.children["tia"]
    tia.merged_into = world.children["wes"]
    tia.save()
    assert due_escalations(late(plans[0], HEAD)) == []


def test_nothing_rises_of_a_child_in_short_breaks(world: World) -> None:
    plan = begin(world, "sam")
    period = CarePeriod.objects.get(child=world.children["sam"])
    period.legal_status = "V4"
    period.save()
    assert due_escalations(late(plan, HEAD)) == []


@pytest.mark.parametrize("ended", ["membership", "account", "closed", "never opened"])
def test_a_manager_whose_access_has_ended_is_not_told_and_the_virtual_school_is(world: World, ended: str) -> None:
    plan, hana = begin(world, "sam"), world.people["hana"]
    complete(plan, "school", "virtual_school")
    if ended == "membership":
        membership = Membership.objects.get(user=hana)
        membership.ends = plan.due_on
        membership.save()
    elif ended == "never opened":
        hana.set_unusable_password()
        hana.save()
    else:
        hana.is_active, hana.expires_on = ended != "closed", plan.due_on
        hana.save()
    send_escalations(late(plan, MANAGER))
    assert raised() == {("kit", "manager")}


def test_without_a_service_manager_or_a_team_the_head_of_the_virtual_school_is_told(world: World) -> None:
    membership = Membership.objects.get(user=world.people["rosa"])
    membership.ends = world.today
    membership.save()
    plan = begin(world, "sam")
    complete(plan, "school", "virtual_school")
    send_escalations(late(plan, HEAD))
    allocation = Allocation.objects.get(child=world.children["tia"], role="social_worker")
    allocation.ends = world.today
    allocation.save()
    other = begin(world, "tia")
    complete(other, "school", "virtual_school")
    send_escalations(late(other, HEAD))
    assert list(Message.objects.filter(rule="plan_late_to_head").values_list("recipient__name", flat=True)) == ["Lena Example"] * 2


def unallocated(world: World) -> None:
    """Sam has a team and no social worker, so that its manager Hana holds the social worker's part."""
    row = Allocation.objects.get(child=world.children["sam"], role="social_worker")
    row.worker = None
    row.save()


def test_where_the_manager_holds_the_part_already_the_next_rung_is_told_in_the_first_ones_words_and_not_again_later(world: World) -> None:
    plan = begin(world, "sam")
    complete(plan, "school", "virtual_school")
    unallocated(world)
    send_reminders(late(plan, 0) + DAY)
    assert {one.recipient for one in Message.objects.filter(rule="plan_overdue")} == {world.people["hana"]}
    assert [send_escalations(late(plan, MANAGER + n)) for n in (0, 1)] == [1, 0]
    assert raised() == {("rosa", "manager")}
    assert send_escalations(late(plan, HEAD)) == 0
    row = Allocation.objects.get(child=world.children["sam"], role="social_worker")
    row.worker = world.people["gus"]
    row.save()
    # Somebody is below her now, and she is above them again.
    assert {one.user_id for one in due_escalations(late(plan, MANAGER))} == {world.people["hana"].pk}


def test_where_the_officers_hold_the_schools_part_it_rises_to_the_head_at_once(world: World) -> None:
    plan = begin(world, "sam")
    complete(plan, "social_worker", "virtual_school")
    membership = Membership.objects.get(user=world.people["anna"])
    membership.ends = world.today
    membership.save()
    assert send_escalations(late(plan, MANAGER)) == 1
    assert raised() == {("lena", "manager")}
    assert send_escalations(late(plan, HEAD)) == 0


def test_of_two_managers_the_one_who_holds_the_part_is_passed_over(world: World) -> None:
    plan = begin(world, "sam")
    complete(plan, "school", "virtual_school")
    person(world, "Mira")
    member(world, "Mira", "team_manager", team=world.places["fenshire"].team)
    row = Allocation.objects.get(child=world.children["sam"], role="social_worker")
    row.worker = world.people["hana"]
    row.save()
    send_escalations(late(plan, MANAGER))
    assert raised() == {("mira", "manager")}


def test_where_nobody_else_stands_above_up_to_the_top_the_holder_hears_of_it_again(world: World) -> None:
    for name in ("kit", "rosa", "hana"):
        for membership in Membership.objects.filter(user=world.people[name]):
            membership.ends = world.today
            membership.save()
    plan = begin(world, "sam")
    complete(plan, "school", "virtual_school")
    unallocated(world)
    send_escalations(late(plan, MANAGER))
    assert raised() == {("lena", "manager")}


def test_the_managers_of_another_team_or_council_hear_nothing(world: World) -> None:
    begin(world, "sam")
    plan = begin(world, "vic")
    member(world, "Stan", "service_manager", team=world.places["marlow"].team)
    send_escalations(late(plan, HEAD))
    for message in Message.objects.filter(rule__startswith="plan_late").select_related("recipient"):
        ours = message.recipient in (world.people["oli"], world.people["pia"], world.people["stan"])
        assert ours is (message.about_child == world.children["vic"].pk)


def test_a_child_whose_date_has_passed_without_a_plan_rises_to_the_virtual_school(world: World) -> None:
    sam = world.children["sam"]
    refresh(sam, on=world.today)
    due_on = Deadline.objects.filter(child=sam, open=True, plan=None, kind="review").get().due_on
    assert due_on < world.today  # in care for 300 days, and no plan yet
    assert send_escalations(world.today) == 1
    (message,) = Message.objects.filter(rule="plan_late_to_head")
    assert (message.recipient, message.about_plan, message.about_child) == (world.people["lena"], None, sam.pk)
    assert message.facts["not_begun"] == 1
    begin(world, "sam")
    assert send_escalations(world.today) == 0


def test_a_message_that_rises_carries_counts_and_dates_and_no_name(world: World) -> None:
    plan = begin(world, "sam")
    send_escalations(late(plan, HEAD))
    for message in Message.objects.all():
        assert set(message.facts) <= {"due_on", "days", "school", "social_worker", "virtual_school"}
        assert "CANARY" not in str(message.facts) + message.key


def test_the_figures_are_each_authoritys_own(world: World) -> None:
    policy = world.places["fenshire"].policy
    policy.manager_working_days = 2
    policy.save()
    ours, theirs = begin(world, "sam"), begin(world, "vic")
    plans = {one.plan_id for one in due_escalations(late(ours, 2))}
    assert plans == {ours.pk}
    assert {one.plan_id for one in due_escalations(late(theirs, MANAGER))} == {ours.pk, theirs.pk}


def test_a_policy_whose_ladder_does_not_climb_is_refused(world: World) -> None:
    policy = world.places["fenshire"].policy
    policy.head_working_days = policy.manager_working_days
    with pytest.raises(IntegrityError), transaction.atomic():
        policy.save()
    with pytest.raises(ValidationError):
        Policy(authority=policy.authority, starts=world.today, manager_working_days=0).full_clean()


def test_what_rises_is_found_by_a_fixed_number_of_questions(world: World, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    plan = begin(world, "sam")
    with django_assert_num_queries(15):
        due_escalations(late(plan, HEAD))
    for number in range(5):
        child = Child(authority=world.places["fenshire"].authority, given_name=f"N{number}", date_of_birth=datetime.date(2013, 1, 1))
        child.save()
        CarePeriod(child=child, starts=world.today).save()
        Enrolment(child=child, school=world.schools["hill"], starts=world.today).save()
        create_plan(child, reason="initial", due_on=plan.due_on, by=None, on=world.today)
    with django_assert_num_queries(15):
        assert len({one.plan_id for one in due_escalations(late(plan, HEAD))}) == 6
