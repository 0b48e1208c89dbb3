"""Reminders: to whoever holds what is missing, once, and to nobody whom it no longer concerns."""

import datetime
import threading

import pytest
from django.db import connection
from pytest_django import DjangoAssertNumQueries

from accounts.models import Message
from children.models import Allocation, CarePeriod, Child, Enrolment
from pep import leaving
from pep.forms.declaration import Owner
from pep.late import late_rows, lines
from pep.models import Plan, Section
from pep.planning import create_plan, holders_of
from pep.reminders import due_reminders, send_reminders
from pep.tasks import daily
from pep.workflow import perform
from schools.models import Membership
from tests.moving import confirmed, world_with_dates
from tests.world import DAY, World, begin, build_world, fill, graded, reviewed_elsewhere

PLAN_DUE_IN = 30  # days; tests.world.begin
FIRST = PLAN_DUE_IN - 14  # days from today to the policy's first reminder


@pytest.fixture
def world(db: None) -> World:
    return build_world()


def complete(plan: Plan, *owners: str) -> None:
    """Mark these people's sections as complete."""
    for section in Section.objects.filter(plan=plan, owner__in=owners):
        section.marked_complete = True
        section.save()


def reminded(on: datetime.date) -> dict[str, int]:
    """Who is to be reminded on a day, by first name, and of how many sections."""
    return {
        message.recipient.name.split()[0].lower(): message.facts.get("sections", 0)
        for message in Message.objects.filter(rule__in=["plan_reminder", "plan_overdue"]).select_related("recipient")
        if message.recipient
        if f":{on}:" in message.key
    }


def waiting(plan: Plan, owner: str) -> int:
    return Section.objects.filter(plan=plan, owner=owner, marked_complete=False).exclude(key="sign_off").count()


def test_each_holder_is_reminded_of_their_own_sections_on_the_policys_day(world: World) -> None:
    plan = begin(world, "sam")
    assert send_reminders(world.today + (FIRST - 1) * DAY) == 0
    assert send_reminders(world.today + FIRST * DAY) >= 2
    assert reminded(plan.due_on)["anna"] == waiting(plan, "school")
    assert reminded(plan.due_on)["fay"] == waiting(plan, "social_worker")


def test_only_who_still_has_something_to_write_is_reminded(world: World) -> None:
    plan = begin(world, "sam")
    complete(plan, "school", "virtual_school")
    send_reminders(world.today + FIRST * DAY)
    assert reminded(plan.due_on) == {"fay": waiting(plan, "social_worker")}


def test_when_all_is_written_the_teacher_is_reminded_to_submit(world: World) -> None:
    plan = begin(world, "sam")
    complete(plan, "school", "social_worker", "virtual_school")
    send_reminders(world.today + FIRST * DAY)
    assert reminded(plan.due_on) == {"anna": 0}


def test_a_run_repeated_the_same_day_or_the_next_writes_nothing(world: World) -> None:
    begin(world, "sam")
    day = world.today + FIRST * DAY
    first = send_reminders(day)
    assert first > 0
    assert send_reminders(day) == send_reminders(day + DAY) == 0
    assert send_reminders(day + 7 * DAY) == first


def test_a_missed_night_is_caught_up_with_the_latest_day_alone(world: World) -> None:
    plan = begin(world, "sam")
    complete(plan, "school", "virtual_school")
    assert send_reminders(world.today + (PLAN_DUE_IN - 5) * DAY) == 1
    (message,) = Message.objects.filter(rule="plan_reminder")
    assert message.key == f"reminder:{plan.pk}:-7:{plan.due_on}:{world.people['fay'].pk}"


def test_the_day_after_it_was_due_it_is_called_late(world: World) -> None:
    plan = begin(world, "sam")
    complete(plan, "school", "virtual_school")
    send_reminders(plan.due_on)
    send_reminders(plan.due_on + DAY)
    send_reminders(plan.due_on + 50 * DAY)
    assert list(Message.objects.order_by("created_at").values_list("rule", flat=True)) == ["plan_reminder", "plan_overdue"]


def test_a_new_due_date_starts_the_reminders_again(world: World) -> None:
    plan = begin(world, "sam")
    day = plan.due_on - 2 * DAY
    first = send_reminders(day)
    plan.due_on += 10 * DAY
    plan.save()
    assert send_reminders(day + DAY) == first


def test_a_message_carries_counts_and_dates_and_no_name(world: World) -> None:
    begin(world, "sam")
    send_reminders(world.today + FIRST * DAY)
    for message in Message.objects.all():
        assert set(message.facts) <= {"due_on", "sections"}
        assert "CANARY" not in str(message.facts) + message.key


def test_a_returned_plan_is_held_by_whose_sections_were_named(world: World) -> None:
    plan = begin(world, "sam")
    fill(plan, "sam")
    perform(plan, "submit", by=world.people["anna"])
    plan = perform(plan, "return_from_sign_off", by=world.people["fay"], comment="Say more", sections=["attendance"])
    send_reminders(plan.due_on)
    assert reminded(plan.due_on) == {"anna": 1}


def test_a_plan_that_waits_for_a_signature_is_the_social_workers(world: World) -> None:
    plan = begin(world, "sam")
    fill(plan, "sam")
    perform(plan, "submit", by=world.people["anna"])
    send_reminders(plan.due_on)
    assert reminded(plan.due_on) == {"fay": 0}


@pytest.mark.parametrize("action", ["cancel", "close"])
def test_nobody_is_reminded_of_a_plan_that_has_ended(world: World, action: str) -> None:
    plan = begin(world, "sam")
    perform(plan, action, by=world.people["kit"], comment="Begun twice")
    assert due_reminders(plan.due_on) == []


def test_nobody_is_reminded_of_a_complete_plan_or_one_on_the_virtual_schools_desk(world: World) -> None:
    plan = begin(world, "sam")
    fill(plan, "sam")
    perform(plan, "submit", by=world.people["anna"])
    perform(plan, "sign_off", by=world.people["fay"])
    assert due_reminders(plan.due_on) == []
    perform(plan, "grade", by=world.people["kit"], **graded())
    assert due_reminders(plan.due_on) == []


def test_nobody_is_reminded_of_a_child_who_has_left_care_or_was_merged(world: World) -> None:
    plans = [begin(world, key) for key in ("sam", "tia")]
    period = CarePeriod.objects.get(child=world.children["sam"])
    period.ends = plans[0].due_on
    period.save()
    tia = world.children["tia"]
    tia.merged_into = world.children["wes"]
    tia.save()
    assert {reminder.child_id for reminder in due_reminders(plans[0].due_on - DAY)} == {world.children["sam"].pk}
    assert due_reminders(plans[0].due_on) == []


def test_a_teacher_who_has_left_is_not_reminded_and_the_virtual_school_holds_the_part(world: World) -> None:
    plan = begin(world, "sam")
    membership = Membership.objects.get(user=world.people["anna"])
    membership.ends = plan.due_on
    membership.save()
    before = {reminder.user_id for reminder in due_reminders(plan.due_on - DAY)}
    assert world.people["anna"].pk in before
    after = {reminder.user_id for reminder in due_reminders(plan.due_on)}
    assert world.people["anna"].pk not in after and world.people["kit"].pk in after


@pytest.mark.parametrize("field", ["is_active", "expires_on"])
def test_who_may_not_sign_in_is_not_reminded_and_the_managers_are(world: World, field: str) -> None:
    plan, fay = begin(world, "sam"), world.people["fay"]
    setattr(fay, field, False if field == "is_active" else plan.due_on)
    fay.save()
    users = {reminder.user_id for reminder in due_reminders(plan.due_on)}
    assert fay.pk not in users and world.people["hana"].pk in users


def test_the_old_schools_teacher_is_not_reminded_after_a_move(db: None) -> None:
    world = world_with_dates()
    begin(world, "sam")
    confirmed(world, starts_on=world.today + 5 * DAY)
    daily((world.today + 5 * DAY).isoformat())
    plan = world.children["sam"].plans.get(state="preparing")
    users = {message.recipient for message in Message.objects.filter(about_plan=plan.pk, rule="plan_overdue")}
    assert world.people["anna"] not in users and world.people["bilal"] in users


def test_a_virtual_school_with_only_a_head_has_the_head_as_holder(world: World) -> None:
    officer = Membership.objects.get(user=world.people["kit"])
    officer.ends = world.today
    officer.save()
    plan = begin(world, "wes")
    assert [holder.user for holder in holders_of(plan, Owner.SCHOOL, world.today)] == [world.people["lena"]]
    assert [holder.user for holder in holders_of(plan, Owner.VIRTUAL_SCHOOL, world.today)] == [world.people["lena"]]
    reminded_of_it = {reminder.user_id for reminder in due_reminders(plan.due_on) if reminder.plan_id == plan.pk}
    assert world.people["lena"].pk in reminded_of_it and world.people["kit"].pk not in reminded_of_it


def test_where_there_is_an_officer_the_head_is_not_reminded(world: World) -> None:
    plan = begin(world, "wes")
    assert [holder.user for holder in holders_of(plan, Owner.SCHOOL, world.today)] == [world.people["kit"]]
    assert world.people["lena"].pk not in {reminder.user_id for reminder in due_reminders(plan.due_on)}


def everyone_holding(plan: Plan, on: datetime.date) -> set[object]:
    """What one plan's own rule says, plan by plan, of all whose sections are not complete."""
    return {holder.user.pk for owner in (Owner.SCHOOL, Owner.SOCIAL_WORKER) for holder in holders_of(plan, owner, on)}


def test_the_sweep_finds_the_same_holders_as_each_plans_own_page(world: World) -> None:
    plans = [begin(world, key) for key in ("sam", "tia", "vic", "wes")]
    world.people["bilal"].set_unusable_password()
    world.people["bilal"].save()
    allocation = Allocation.objects.get(child=world.children["tia"], role="social_worker")
    allocation.worker = None
    allocation.save()
    on, found = plans[0].due_on, due_reminders(plans[0].due_on)
    for plan in plans:
        plan = Plan.objects.get(pk=plan.pk)
        assert {reminder.user_id for reminder in found if reminder.plan_id == plan.pk} == everyone_holding(plan, on)


@pytest.mark.parametrize(
    ("without", "school", "care"),
    [
        ([], "anna", "fay"),
        (["fay"], "anna", "hana"),
        (["fay", "hana"], "anna", "kit"),
        (["anna", "kit"], "lena", "fay"),
    ],
)
def test_who_has_never_opened_their_account_holds_nothing_and_the_next_in_line_does_everywhere(
    world: World, without: list[str], school: str, care: str
) -> None:
    """A message that nobody is told of in time would be lost."""
    for name in without:
        world.people[name].set_unusable_password()
        world.people[name].save()
    plan = Plan.objects.get(pk=begin(world, "sam").pk)
    assert [holder.user for holder in holders_of(plan, Owner.SCHOOL, world.today)] == [world.people[school]]
    assert [holder.user for holder in holders_of(plan, Owner.SOCIAL_WORKER, world.today)] == [world.people[care]]
    assert {one.user_id for one in due_reminders(plan.due_on)} == {world.people[school].pk, world.people[care].pk}
    fill(plan, "sam")
    perform(plan, "submit", by=world.people["anna"])
    (message,) = Message.objects.filter(rule="plan_submitted")
    assert (message.recipient, message.mail) == (world.people[care], Message.Mail.WAITING)


def test_the_late_list_names_the_team_where_the_social_worker_has_never_opened_their_account(world: World) -> None:
    plan = begin(world, "sam")
    complete(plan, "school", "virtual_school")
    fay = world.people["fay"]
    fay.set_unusable_password()
    fay.save()
    [line] = lines(late_rows(Child.objects.filter(pk=plan.child_id), plan.due_on), plan.due_on)
    assert [turn.who for turn in line.turns] == ["Social worker: Fenshire Team One"]


def test_the_sweep_asks_a_fixed_number_of_questions(world: World, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    plan = begin(world, "sam")
    with django_assert_num_queries(9):
        due_reminders(plan.due_on)
    for number in range(5):
        child = Child(authority=world.places["fenshire"].authority, given_name=f"N{number}", date_of_birth=datetime.date(2013, 1, 1))
        child.save()
        CarePeriod(child=child, starts=world.today).save()
        Enrolment(child=child, school=world.schools["hill"], starts=world.today).save()
        create_plan(child, reason="initial", due_on=plan.due_on, by=None, on=world.today)
    with django_assert_num_queries(9):
        assert len({reminder.plan_id for reminder in due_reminders(plan.due_on)}) == 6


def test_the_nights_work_does_everything_once(db: None) -> None:
    world = world_with_dates()
    begin(world, "sam")
    confirmed(world, starts_on=world.today + 5 * DAY)
    day = (world.today + 5 * DAY).isoformat()
    first = daily(day)
    assert (first["moves begun"], first["dates mended"]) == (1, 0)
    # Tia, Vic and Wes, whose first plans were never made; Sam's opened with the move.
    assert first["plans opened"] == 3
    again = daily(day)
    assert (again["moves begun"], again["plans opened"]) == (0, 0)
    messages = Message.objects.count()
    daily(day)
    assert Message.objects.count() == messages


def test_a_step_of_the_night_that_fails_keeps_nobody_from_being_reminded_and_is_raised_at_the_end(
    db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = world_with_dates()
    reviewed_elsewhere(world, "tia")
    plan = begin(world, "tia")
    plan.due_on = world.today + 5 * DAY
    plan.save()

    def fault(on: datetime.date) -> int:
        raise LookupError("one child’s record")

    monkeypatch.setattr(leaving, "stop_where_ended", fault)
    with pytest.raises(ExceptionGroup) as raised:
        daily(world.today.isoformat())
    assert Message.objects.filter(rule="plan_reminder", about_plan=plan.pk).exists()
    [one] = raised.value.exceptions
    assert isinstance(one, LookupError) and one.__notes__ == [f"In the night's work for {world.today}: plans closed where none is needed"]


def test_two_schedulers_send_one_message_and_open_one_plan(committed_db: str) -> None:
    world = world_with_dates()
    reviewed_elsewhere(world, "sam")
    plan = begin(world, "sam")
    day, barrier = plan.due_on - 7 * DAY, threading.Barrier(2)
    errors: list[Exception] = []

    def night() -> None:
        try:
            barrier.wait()
            daily(day.isoformat())
        except Exception as error:
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=night) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    told = Message.objects.filter(about_plan=plan.pk, rule="plan_reminder")
    assert {message.recipient for message in told} >= {world.people["anna"], world.people["fay"]}
    assert told.count() == told.values("recipient").distinct().count()
    for key in ("tia", "vic", "wes"):
        assert world.children[key].plans.count() == 1
    assert Message.objects.filter(rule="plan_opened").count() == Message.objects.filter(rule="plan_opened").values("key").distinct().count()
