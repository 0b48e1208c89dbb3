"""A step's date that has passed is told to whom it waits for, rises as late plans do, and stands in the late list, once for each."""

import csv
import datetime
import io

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import DjangoAssertNumQueries

from accounts.models import Message
from accounts.rules import sentence
from children.models import CarePeriod, CareReview, Child, Enrolment
from pep.deadlines import refresh
from pep.digests import send_digests
from pep.escalation import due_escalations
from pep.late import late_rows, lines
from pep.models import Deadline, Plan
from pep.passed import APART, STEPS, due_steps, send_passed
from pep.planning import create_plan
from pep.reminders import due_reminders
from pep.tasks import daily
from pep.workflow import perform
from schools.models import Policy
from schools.timetable import add_working_days
from tests.pep.test_digests import at
from tests.pep.test_escalation import HEAD, MANAGER
from tests.pep.test_reminders import complete
from tests.world import DAY, World, begin, build_world, fill, signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    return build_world()


def step(plan: Plan, kind: str, owner: str, due_on: datetime.date) -> Deadline:
    """An open date of a plan that is this owner's; for the submission after the meeting, whose part alone is not written."""
    if kind == "complete":
        complete(plan, *({"school", "social_worker", "virtual_school"} - {owner}))
    row = Deadline.objects.filter(plan=plan, kind=kind, open=True).first() or Deadline(child=plan.child, plan=plan, kind=kind)
    row.due_on, row.owners, row.reason, row.words, row.citation, row.open = (
        due_on,
        [owner],
        "meeting",
        "10 working days after",
        "Policy",
        True,
    )
    row.facts = {"since": str(due_on - 10 * DAY), "figure": 10, "unit": "working days"}
    row.save()
    return row


def childs(world: World, key: str, kind: str, owner: str, due_on: datetime.date) -> Deadline:
    """An open date of a child that is of no plan."""
    row = Deadline(child=world.children[key], kind=kind, due_on=due_on, owners=[owner], reason="yearly", words="Yearly", citation="Law")
    row.facts = {"since": str(due_on - 10 * DAY), "figure": 12, "unit": "months"}
    row.save()
    return row


def in_time(world: World, key: str = "sam") -> Plan:
    """A plan under way that is not late for long."""
    plan = begin(world, key)
    plan.due_on = world.today + 200 * DAY
    plan.save()
    return plan


def told() -> set[tuple[str, str]]:
    """Who was told, by first name, and by which rule without its beginning."""
    found = Message.objects.filter(rule__startswith="step_late").values_list("recipient__name", "rule")
    return {(str(name).split()[0].lower(), str(rule).removeprefix("step_late").removeprefix("_to_")) for name, rule in found}


def test_a_signature_that_is_late_is_told_to_the_social_worker_once_then_rises_to_the_manager_and_the_head_of_the_service(
    world: World,
) -> None:
    plan = in_time(world)
    fill(plan, "sam")
    perform(plan, "submit", by=world.people["anna"])
    date = Deadline.objects.get(plan=plan, kind="signature", open=True)
    for other in Deadline.objects.filter(open=True).exclude(pk=date.pk):
        other.open = False
        other.save()
    assert send_passed(date.due_on) == 0  # today is not late
    assert [send_passed(date.due_on + DAY), send_passed(date.due_on + DAY)] == [1, 0]
    assert told() == {("fay", "")}
    assert send_passed(add_working_days(date.due_on, MANAGER - 1)) == 0
    assert [send_passed(add_working_days(date.due_on, MANAGER)) for _ in range(2)] == [1, 0]
    assert [send_passed(add_working_days(date.due_on, HEAD)) for _ in range(2)] == [1, 0]
    assert told() == {("fay", ""), ("hana", "manager"), ("rosa", "head")}
    message = Message.objects.get(rule="step_late_to_manager")
    assert (message.about_plan, message.about_child, message.mail) == (plan.pk, plan.child_id, Message.Mail.DIGEST)
    assert sentence(message.rule, message.facts) == (
        f"The sign-off of a plan was due on {date.due_on:%-d %B %Y}, 5 working days ago, and has not been done."
        " The social worker still has to act."
    )
    assert Message.objects.filter(mail=Message.Mail.WAITING, rule__startswith="step_late").count() == 0


@pytest.mark.parametrize(
    ("kind", "owner", "who"),
    [
        ("complete", "school", {("anna", ""), ("kit", "manager")}),
        ("check", "virtual_school", {("kit", ""), ("lena", "manager")}),  # Kit holds it already, and hears of it once
        ("invite", "social_worker", {("fay", ""), ("hana", "manager")}),
    ],
)
def test_each_step_is_told_to_whose_turn_it_is_and_rises_to_their_own_manager(
    world: World, kind: str, owner: str, who: set[tuple[str, str]]
) -> None:
    step(in_time(world), kind, owner, world.today - DAY)
    send_passed(add_working_days(world.today - DAY, MANAGER))
    assert told() == who


def test_a_plan_that_is_late_is_chased_by_its_own_date_and_its_steps_are_not_told_as_well(world: World) -> None:
    """One lateness, one chase."""
    plan = in_time(world)
    step(plan, "complete", "school", world.today - 20 * DAY)
    childs(world, "sam", "officer", "social_worker", world.today - DAY)
    assert {one.kind for one in due_steps(world.today)} == {"complete", "officer"}
    plan.due_on = world.today - DAY
    plan.save()
    assert due_steps(world.today) == []
    assert {one.plan_id for one in due_reminders(world.today)} == {plan.pk}
    plan.due_on = world.today
    plan.save()
    assert {one.kind for one in due_steps(world.today)} == {"complete", "officer"}


def test_where_the_next_plan_is_late_and_not_begun_its_own_steps_are_not_told_as_well(world: World) -> None:
    childs(world, "tia", "begin", "virtual_school", world.today - 3 * DAY)
    assert {one.kind for one in due_steps(world.today)} == {"begin"}
    childs(world, "tia", "review", "school", world.today - 3 * DAY)
    assert due_steps(world.today) == []


def test_a_yearly_score_rises_and_a_care_plans_review_is_told_however_the_plan_stands_and_does_not_rise(world: World) -> None:
    plan = in_time(world)
    childs(world, "sam", "sdq", "social_worker", world.today - 40 * DAY)
    childs(world, "sam", "care_review", "social_worker", world.today - 40 * DAY)
    send_passed(world.today)
    found = set(Message.objects.filter(rule__startswith="step_late").values_list("recipient__name", "rule", "facts__step"))
    assert found == {
        ("Fay Example", "step_late", "sdq"), ("Rosa Example", "step_late_to_head", "sdq"), ("Fay Example", "step_late", "care_review"),
    }  # fmt: skip
    Message.objects.all().delete()
    plan.due_on = world.today - DAY
    plan.save()
    send_passed(world.today)
    assert list(Message.objects.filter(rule__startswith="step_late").values_list("facts__step", flat=True)) == ["care_review"]


def test_every_kind_of_date_but_a_plans_own_is_chased_and_has_its_words() -> None:
    """A new kind of date must be put somewhere."""
    assert {*STEPS, *APART} == set(Deadline.Kind) - {Deadline.Kind.REVIEW, Deadline.Kind.TERM, Deadline.Kind.PREMIUM}
    words = {sentence("step_late", {"step": str(kind)}) for kind in (*STEPS, *APART)}
    assert len(words) == len(STEPS) + len(APART) and "A step of a plan was due and waits for you." not in words


def test_a_new_date_is_told_anew_and_an_old_one_is_not(world: World) -> None:
    row = step(in_time(world), "complete", "school", world.today - 2 * DAY)
    assert [send_passed(world.today), send_passed(world.today)] == [1, 0]
    row.due_on = world.today - DAY
    row.save()
    assert send_passed(world.today) == 1


def test_nobody_is_told_of_a_child_who_needs_no_plan_or_whose_record_was_merged(world: World) -> None:
    step(in_time(world), "complete", "school", world.today - 2 * DAY)
    assert due_steps(world.today)
    care = CarePeriod.objects.get(child=world.children["sam"])
    care.legal_status = "V4"
    care.save()
    assert due_steps(world.today) == []


def test_the_night_tells_of_what_it_found_and_opening_or_moving_on_the_plan_marks_it_as_read(world: World) -> None:
    plan = in_time(world)
    fill(plan, "sam")
    perform(plan, "submit", by=world.people["anna"])
    row = Deadline.objects.get(plan=plan, kind="signature", open=True)
    night = row.due_on + DAY
    assert daily(night.isoformat())["dates passed"] >= 1
    message = Message.objects.get(rule="step_late", about_plan=plan.pk)
    assert message.read_at is None
    perform(plan, "sign_off", by=world.people["fay"])
    message.refresh_from_db()
    assert message.read_at is not None


def test_the_late_list_and_its_sheet_show_the_step_with_since_when_who_holds_it_and_why(world: World) -> None:
    plan = in_time(world)
    row = step(plan, "complete", "school", world.today - 9 * DAY)
    sdq = childs(world, "tia", "sdq", "social_worker", world.today - 3 * DAY)
    found = lines(late_rows(Child.objects.all(), world.today), world.today)
    first, second = [line for line in found if line.step]
    assert (first.child, first.plan, first.due_on, first.step) == (plan.child, plan, row.due_on, "Plan to be submitted after the meeting")
    assert [turn.who for turn in first.turns] == ["Designated teacher: Anna Example"] and first.why == "10 working days after"
    assert first.since is not None and first.overdue and (second.plan, second.due_on) == (None, sdq.due_on)
    page = signed_in(world.people["kit"]).get("/").content.decode()
    for words in ("No plan is late", "2 other dates have passed", "Plan to be submitted after the meeting", "Designated teacher: Anna"):
        assert words in page, words
    assert f"/dates/#complete-{plan.pk}" in page and "/dates/#sdq" in page and page.count('name="plan"') == 1
    _, *rows = csv.reader(io.StringIO(signed_in(world.people["kit"]).get("/?format=csv").content.decode("utf-8-sig")))
    texts = [(cells[5], cells[8], cells[10], cells[11]) for cells in rows]
    assert (str(plan), row.words, "Plan to be submitted after the meeting", "Designated teacher: Anna Example") in texts
    assert any(cells[5] == "" and cells[10] == "Strengths and difficulties score" for cells in rows)


def test_the_list_can_be_narrowed_to_whom_a_step_waits_for_and_a_late_plan_stands_once(world: World) -> None:
    plan = in_time(world)
    step(plan, "complete", "school", world.today - 9 * DAY)
    client = signed_in(world.people["hana"])

    def shown(query: str) -> int:
        return sum(len(found) for _, found in client.get(f"/{query}").context["parts"])

    assert [shown(f"?turn={owner}") for owner in ("school", "social_worker", "virtual_school")] == [1, 0, 0]
    assert shown("?group=school") == 1
    plan.due_on = world.today - DAY
    plan.save()
    assert shown("") == 1 and client.get("/").context["steps_late"] == 0


def test_the_policys_preview_counts_what_is_sent(world: World) -> None:
    step(in_time(world), "complete", "school", world.today - 9 * DAY)
    policy = Policy.objects.get(authority=world.places["fenshire"].authority)
    policy.manager_working_days, policy.head_working_days = 2, 60
    assert {one.rung for one in due_steps(world.today, policy)} == {"holder", "manager"}
    policy.manager_working_days = 59
    assert {one.rung for one in due_steps(world.today, policy)} == {"holder"}
    page = signed_in(world.people["lena"]).get("/settings/").content.decode()
    assert "The day after the date of a step" in page and "5 working days after the date of a step" in page
    other = Policy.objects.get(authority=world.places["marlow"].authority)
    assert due_steps(world.today, other) == []


def test_a_passed_date_is_found_and_listed_by_a_fixed_number_of_questions(
    world: World, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    """H4."""
    step(in_time(world), "complete", "school", world.today - 30 * DAY)
    client, counts = signed_in(world.people["kit"]), []
    client.get("/")
    for more in (0, 3):
        for number in range(more):
            made = Child(authority=world.places["fenshire"].authority, given_name=f"N{number}", date_of_birth=datetime.date(2013, 1, 1))
            made.save()
            CarePeriod(child=made, starts=world.today - 200 * DAY).save()
            Enrolment(child=made, school=world.schools["hill"], starts=world.today - 200 * DAY).save()
            plan = create_plan(made, reason="termly", due_on=world.today + 90 * DAY, by=None, on=world.today)
            step(plan, "complete", "school", world.today - 30 * DAY)
        with CaptureQueriesContext(connection) as captured:
            client.get("/")
        counts.append(len([row for row in captured.captured_queries if "SAVEPOINT" not in row["sql"]]))
        with django_assert_num_queries(15):
            assert len({one.plan_id for one in due_steps(world.today)}) == 1 + more
    assert counts[0] == counts[1]


def test_the_audits_story_a_booked_care_review_and_a_plan_that_nobody_signs(world: World) -> None:
    plan = in_time(world)
    fill(plan, "sam")
    perform(plan, "submit", by=world.people["anna"])
    CareReview(child=world.children["sam"], on=world.today + 20 * DAY, state="booked").save()
    on = world.today + 18 * DAY
    refresh(world.children["sam"], on=on)
    passed = {row.kind for row in Deadline.objects.filter(child=world.children["sam"], open=True, due_on__lt=on)}
    assert {"signature", "officer"} <= passed
    assert {one.kind for one in due_steps(on) if one.child_id == plan.child_id} == passed - {"review", "term", "premium"}
    assert not [one for one in due_escalations(on) if one.plan_id == plan.pk]


@pytest.mark.parametrize("done", [True, False])
def test_what_was_done_before_the_digest_is_written_is_not_mailed(world: World, done: bool) -> None:
    row = childs(world, "sam", "sdq", "social_worker", world.today - 2 * DAY)
    in_time(world)
    send_passed(world.today)
    message = Message.objects.get(rule="step_late", facts__step="sdq")
    Message.objects.exclude(pk=message.pk).delete()
    row.open = not done
    row.save()
    day = add_working_days(world.today, 2)
    send_digests(day, at(day, 9))
    assert Message.objects.filter(rule="digest", recipient=world.people["fay"]).exists() is not done
    message.refresh_from_db()
    assert (message.read_at is not None) is done and message.mail == Message.Mail.NONE
