"""What is not so any more when the day's digest is written is not mailed: it counts as read."""

import datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Message
from pep.deadlines import refresh
from pep.escalation import send_escalations
from pep.models import Plan
from pep.opening import open_due_plans
from pep.past_messages import no_longer_so
from pep.reminders import send_reminders
from schools.timetable import add_working_days
from tests.pep.test_digests import digests, finish, midweek, nearly_finished, run
from tests.pep.test_reminders import complete
from tests.world import DAY, World, begin, build_world, child, member, person, reviewed_elsewhere


@pytest.fixture
def world(db: None) -> World:
    return build_world()


def due(world: World, key: str, on: datetime.date) -> Plan:
    """A plan that is due on a day."""
    plan = begin(world, key)
    plan.due_on = on
    plan.save()
    return plan


def late(world: World, key: str, working_days: int) -> Plan:
    return due(world, key, add_working_days(world.today, -working_days))


def past(name: str) -> list[str]:
    """Of which rules a person's messages count as read, without an e-mail of their own."""
    rows = Message.objects.filter(recipient__name__istartswith=name, read_at__isnull=False, mail=Message.Mail.NONE).order_by("rule")
    return list(rows.values_list("rule", flat=True))


def test_a_manager_is_not_mailed_that_the_social_worker_has_to_act_when_the_social_worker_has_acted(world: World) -> None:
    plan = late(world, "sam", 6)
    complete(plan, "school")
    send_escalations(world.today)
    assert Message.objects.get(rule="plan_late_to_manager", recipient=world.people["hana"]).mail == "digest"
    complete(plan, "social_worker")
    run(midweek(world))
    assert digests("hana") == [] and past("hana") == ["plan_late_to_manager"]


def test_a_manager_is_mailed_while_the_social_worker_still_has_to_act(world: World) -> None:
    plan = late(world, "sam", 6)
    send_escalations(world.today)
    complete(plan, "school")
    run(midweek(world))
    assert digests("hana") == [("hana", {"messages": 1, "late": 1})] and past("hana") == []


def test_the_head_is_not_mailed_that_a_plan_is_not_begun_when_it_is_begun_since(world: World) -> None:
    for key in ("wes", "tia"):
        refresh(world.children[key], on=world.today)
    send_escalations(world.today)
    told = Message.objects.filter(rule="plan_late_to_head", recipient=world.people["lena"])
    assert {one.about_child for one in told if one.facts.get("not_begun")} >= {world.children["wes"].pk}
    others = told.exclude(about_child=world.children["wes"].pk).count()
    begin(world, "wes")
    run(midweek(world))
    assert sum(facts["messages"] for _, facts in digests("lena")) == others and past("lena") == ["plan_late_to_head"]


def test_what_was_late_and_is_due_later_now_is_mailed_to_nobody(world: World) -> None:
    plan = late(world, "sam", 6)
    send_reminders(world.today)
    send_escalations(world.today)
    plan.due_on = world.today + 80 * DAY
    plan.save()
    run(midweek(world))
    assert digests() == []
    about = Message.objects.filter(about_plan=plan.pk)
    assert about.exists() and not about.filter(read_at=None).exists()


def test_a_second_teacher_is_not_reminded_of_what_the_first_has_done(world: World) -> None:
    person(world, "Quinn")
    member(world, "Quinn", "designated_teacher", school=world.schools["hill"], authority=world.places["fenshire"].authority)
    plan = due(world, "sam", world.today + 5 * DAY)
    send_reminders(world.today)
    complete(plan, "school", "virtual_school")
    run(midweek(world))
    assert {name for name, _ in digests()} == {"fay"}
    assert past("quinn") == past("anna") == ["plan_reminder"]


def test_who_has_done_their_part_of_a_plan_that_opened_is_not_mailed_that_it_needs_it(world: World) -> None:
    reviewed_elsewhere(world, "sam", days_ago=160)
    refresh(world.children["sam"], on=world.today)
    open_due_plans(world.today)
    plan = Plan.objects.get(child=world.children["sam"])
    assert {str(one.recipient) for one in Message.objects.filter(rule="plan_opened", about_plan=plan.pk)} == {"Anna Example", "Fay Example"}
    complete(plan, "social_worker")
    run(midweek(world))
    assert past("fay") == ["plan_opened"] and digests("fay") == []
    assert digests("anna")


def test_that_others_have_finished_is_not_mailed_to_who_has_finished_too(world: World) -> None:
    plan = nearly_finished(world)
    finish(world, plan, "attendance", "anna")
    assert Message.objects.get(rule="sections_finished").recipient == world.people["fay"]
    complete(plan, "social_worker")
    run(midweek(world))
    assert past("fay") == ["sections_finished"] and digests("fay") == []


def test_what_is_still_so_is_found_by_a_fixed_number_of_questions(world: World) -> None:
    """H4."""
    counts = []
    for more in (1, 3):
        for number in range(more):
            key = f"c{more}{number}"
            child(world, key, "fenshire", "hill")
            late(world, key, 6)
        send_reminders(world.today)
        send_escalations(world.today)
        messages = list(Message.objects.filter(mail=Message.Mail.DIGEST))
        with CaptureQueriesContext(connection) as captured:
            assert no_longer_so(messages, world.today) == set()
        counts.append(len(captured))
    assert counts[0] == counts[1] <= 20
