"""The headteacher of a school: told how many of its plans are late where policy says so, and sees no child by it."""

import datetime

import pytest
from django.core import mail as outgoing
from django.db import IntegrityError, transaction

from accounts import mail
from accounts.models import Message
from accounts.rules import sentence
from children.access import relations_to, who_can_see
from children.models import Child
from pep.digests import send_digests
from pep.escalation import due_escalations, send_escalations
from pep.models import FundingRequest, Plan
from pep.preview import messages_today
from pep.workflow import perform
from schools.models import Membership, active_designated_teachers
from schools.timetable import add_working_days, is_working_day
from tests.pep.test_digests import at
from tests.pep.test_reminders import complete
from tests.world import DAY, World, begin, build_world, child, fill, member, signed_in

pytestmark = pytest.mark.django_db
FIGURE = 8


@pytest.fixture
def world() -> World:
    """The cast; Fenshire has headteachers told after eight working days."""
    world = build_world()
    world.places["fenshire"].policy.headteacher_working_days = FIGURE
    world.places["fenshire"].policy.save()
    return world


def late(plan: Plan, days: int) -> datetime.date:
    """The day on which a plan is so many working days late."""
    return add_working_days(plan.due_on, days)


def told() -> list[str]:
    """Who was told as a headteacher, by first name, as often as they were."""
    names = Message.objects.filter(rule="plan_late_to_headteacher").order_by("recipient__name").values_list("recipient__name", flat=True)
    return [str(name).split()[0].lower() for name in names]


def test_a_headteacher_is_told_once_of_a_plan_that_waits_for_the_school_and_the_ladder_climbs_on_beside(world: World) -> None:
    plan = begin(world, "sam")
    complete(plan, "social_worker", "virtual_school")
    send_escalations(late(plan, FIGURE - 1))
    assert told() == []
    for days in (FIGURE, FIGURE, FIGURE + 1):
        send_escalations(late(plan, days))
    assert told() == ["hedy"]
    rules = set(Message.objects.filter(rule__startswith="plan_late").values_list("rule", "recipient__name"))
    assert ("plan_late_to_manager", "Kit Example") in rules
    send_escalations(late(plan, 15))
    assert told() == ["hedy"] and Message.objects.filter(rule="plan_late_to_head", recipient=world.people["lena"]).exists()


def test_a_night_that_was_missed_tells_headteacher_and_head_alike(world: World) -> None:
    plan = begin(world, "sam")
    complete(plan, "social_worker", "virtual_school")
    send_escalations(late(plan, 16))
    assert told() == ["hedy"] and Message.objects.filter(rule="plan_late_to_head").exists()


def test_what_waits_for_the_social_worker_alone_or_is_not_begun_is_no_headteachers(world: World) -> None:
    plan = begin(world, "sam")
    complete(plan, "school", "virtual_school")
    send_escalations(late(plan, FIGURE))
    assert told() == []


def test_where_policy_says_nothing_no_headteacher_is_told(world: World) -> None:
    policy = world.places["fenshire"].policy
    policy.headteacher_working_days = 0
    policy.save()
    send_escalations(late(begin(world, "sam"), 40))
    assert told() == []


def test_the_message_names_no_child_and_no_plan_and_says_how_many_are_late(world: World) -> None:
    child(world, "ada", "fenshire", "hill")
    plans = [begin(world, key) for key in ("sam", "ada")]
    send_escalations(late(plans[0], FIGURE))
    first, second = Message.objects.filter(rule="plan_late_to_headteacher")
    for message in (first, second):
        assert (message.about_child, message.about_plan) == (None, None)
        assert message.facts == {"days": FIGURE, "plans": 2, "authority": str(world.places["fenshire"].authority.pk)}
    words = sentence(first.rule, first.facts)
    assert f"{FIGURE} working days late" in words and "2 plans of your school" in words
    client = signed_in(world.people["hedy"])
    for address in ("/", "/messages/", f"/messages/{first.pk}/"):
        page = client.get(address).content.decode()
        assert "CANARY" not in page and not any(str(plan.pk) in page for plan in plans), address
    first_page = client.get("/").content.decode()
    assert "You see no child" in first_page and "Your school</h1>" in first_page and "Your children" not in first_page


def test_one_councils_headteacher_hears_nothing_of_anothers_child_at_the_same_school(world: World) -> None:
    """A4."""
    member(world, "Cora", "headteacher", school=world.schools["hill"], authority=world.places["marlow"].authority)
    plan = begin(world, "vic")
    send_escalations(late(plan, FIGURE))
    assert told() == []  # Marlow Vale's policy says nothing of headteachers
    send_escalations(late(begin(world, "sam"), FIGURE))
    assert told() == ["hedy"]


def test_a_headteacher_whose_time_at_the_school_is_over_is_not_told(world: World) -> None:
    plan = begin(world, "sam")
    membership = Membership.objects.get(role="headteacher")
    membership.ends = plan.due_on
    membership.save()
    send_escalations(late(plan, FIGURE))
    assert told() == []


def test_a_headteacher_sees_no_child_is_no_designated_teacher_and_nobody_who_can_see(world: World) -> None:
    sam, hedy = world.children["sam"], world.people["hedy"]
    assert relations_to(hedy, sam) == frozenset() and not Child.objects.visible_to(hedy).exists()
    assert hedy not in {user for user, _ in who_can_see(sam, world.today)}
    assert active_designated_teachers(world.schools["hill"], sam.authority, world.today) == [world.people["anna"]]


def test_two_memberships_of_one_headteacher_may_not_overlap_and_need_an_authority(world: World) -> None:
    for authority in (world.places["fenshire"].authority, None):
        with pytest.raises(IntegrityError), transaction.atomic():
            member(world, "Hedy", "headteacher", school=world.schools["hill"], authority=authority)


def test_the_preview_counts_what_headteachers_would_be_sent(world: World) -> None:
    plan = begin(world, "sam")
    plan.due_on = add_working_days(world.today, -FIGURE - 2)
    plan.save()
    policy = world.places["fenshire"].policy
    [step] = [step for step in messages_today(policy, world.today) if "headteacher" in step.to_whom]
    assert (step.name, step.plans, step.messages) == (f"{FIGURE} working days late", 1, 1)
    assert len([one for one in due_escalations(world.today) if one.rung.key == "headteacher"]) == 1
    policy.headteacher_working_days = 0
    [step] = [step for step in messages_today(policy, world.today) if "headteacher" in step.to_whom]
    assert (step.name, step.plans, step.messages) == ("Not switched on", 0, 0)


def test_the_mail_comes_with_the_days_digest_in_the_authoritys_term_time_and_names_nobody(world: World) -> None:
    """F3."""
    plan, term = begin(world, "sam"), world.places["fenshire"].term
    send_escalations(late(plan, FIGURE))
    message = Message.objects.get(rule="plan_late_to_headteacher")
    assert message.mail == "digest"
    day = world.today + DAY
    while not is_working_day(day) or day.weekday() == 0:
        day += DAY
    holiday = term.ends
    while not is_working_day(holiday):
        holiday += DAY
    Message.objects.exclude(pk=message.pk).delete()
    assert send_digests(holiday, at(holiday, 9)) == 0
    assert send_digests(day, at(day, 9)) == 1
    digest = Message.objects.get(rule="digest")
    outgoing.outbox.clear()
    assert mail.deliver(digest.pk, now=at(day, 9) + DAY) == "sent"
    assert "1 of them about late plans" in outgoing.outbox[0].body and "CANARY" not in outgoing.outbox[0].message().as_string()


def test_an_administrator_names_a_headteacher_and_the_head_decides_when_they_are_told(world: World) -> None:
    client, stan = signed_in(world.people["nia"]), world.people["stan"]
    member(world, "Stan", "social_worker", team=world.places["fenshire"].team)
    day = {"starts-day": world.today.day, "starts-month": world.today.month, "starts-year": world.today.year}
    data = {"role": "headteacher", "school": "Brook School", "authority": world.places["fenshire"].authority.pk, **day}
    answer = client.post(f"/people/{stan.pk}/roles/add/", data)
    assert answer.status_code == 302, answer.content.decode()[:200]
    membership = Membership.objects.get(user=stan, role="headteacher")
    assert (membership.school, membership.authority) == (world.schools["brook"], world.places["fenshire"].authority)
    page = signed_in(world.people["lena"]).get("/settings/").content.decode()
    assert "headteacher" in page and f"{FIGURE} working days" in page
    form = signed_in(world.people["lena"]).get(f"/settings/authorities/{world.places['fenshire'].authority.pk}/policy/new/")
    assert "headteacher_working_days" in form.content.decode()


def test_who_heads_another_school_sees_no_money_that_it_asked_for(world: World) -> None:
    """A5: a school's requests are for its designated teachers; Anna also heads Brook School, where Sam's plan was written."""
    plan = begin(world, "sam")
    fill(plan, "sam")
    request = FundingRequest.objects.get(plan=plan)
    request.school = world.schools["brook"]
    request.save()
    member(world, "Anna", "headteacher", school=world.schools["brook"], authority=world.places["fenshire"].authority)
    client = signed_in(world.people["anna"])
    assert client.get(f"/funding/{request.pk}/").status_code == 404
    for address in (f"/children/{plan.child_id}/", f"/plans/{plan.pk}/read/"):
        assert "CANARY-sam-purpose" not in client.get(address).content.decode(), address


@pytest.mark.parametrize("done", ["submitted", "written by others only", "moved", "nothing"])
def test_a_headteacher_is_not_mailed_that_the_school_has_to_act_when_it_has_acted_since(world: World, done: str) -> None:
    """Asked again when the digest is written: the message names no plan, so that no step marks it as read."""
    plan = begin(world, "sam")
    fill(plan, "sam")
    plan.due_on = add_working_days(world.today, -FIGURE - 2)
    plan.save()
    send_escalations(world.today)
    message = Message.objects.get(rule="plan_late_to_headteacher")
    Message.objects.exclude(pk=message.pk).delete()
    if done == "submitted":
        perform(plan, "submit", by=world.people["anna"])
    elif done == "moved":
        plan.due_on = world.today + DAY
        plan.save()
    elif done == "written by others only":
        section = plan.sections.filter(owner="social_worker").first()
        assert section is not None
        section.marked_complete = False
        section.save()
    day = add_working_days(world.today, 2)
    send_digests(day, at(day, 9))
    assert Message.objects.filter(rule="digest", recipient=world.people["hedy"]).exists() is (done == "nothing")
    message.refresh_from_db()
    assert (message.read_at is not None) is (done != "nothing") and message.mail == "none"
