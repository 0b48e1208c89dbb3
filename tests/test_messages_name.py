"""Messages inside the product: each says which child and plan it is about to whoever may see that child today, and to nobody else."""

from typing import Any

import pytest
from django.core import mail as outgoing
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts import mail
from accounts.models import Message
from accounts.outbox import read_about, tell, unread_count
from pep.models import Plan
from pep.moves import propose
from pep.workflow import perform
from tests.accounts.signing_in import by_day
from tests.world import DAY, World, begin, build_world, fill, signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    return build_world()


def say(world: World, name: str, plan: Plan, rule: str = "plan_reminder", number: int = 0) -> Message:
    """Somebody is told something about a plan."""
    key = f"{rule}:{plan.pk}:{name}:{number}"
    assert tell(key=key, recipient=world.people[name], rule=rule, plan_id=plan.pk, child_id=plan.child_id)
    return Message.objects.get(key=key)


def listed(world: World, name: str) -> list[tuple[str, str]]:
    """What someone's messages say they are about, and where they lead."""
    lines = signed_in(world.people[name]).get("/messages/").context["lines"]
    return [(about.words, about.href) if about else ("", "") for _, _, about in lines]


def test_each_message_names_the_child_and_the_plan_and_leads_there(world: World) -> None:
    sam, tia = begin(world, "sam"), begin(world, "tia")
    for plan in (sam, tia):
        say(world, "kit", plan)
    assert set(listed(world, "kit")) == {(f"{plan.child.name}: {plan}", f"/plans/{plan.pk}/") for plan in (sam, tia)}
    message = say(world, "anna", sam)
    page = signed_in(world.people["anna"]).get(f"/messages/{message.pk}/").content.decode()
    assert f"{sam.child.name}: {sam}" in page


@pytest.mark.parametrize("name", ["bilal", "cora", "stan", "nia"])
def test_who_may_not_see_the_child_is_told_no_name_and_no_address(world: World, name: str) -> None:
    """A3."""
    plan = begin(world, "sam")
    message = say(world, name, plan)
    client = signed_in(world.people[name])
    for address in ("/messages/", f"/messages/{message.pk}/"):
        page = client.get(address).content.decode()
        assert "CANARY" not in page and str(plan.pk) not in page and str(plan.child_id) not in page
    assert listed(world, name) == [("", "")]


def test_a_name_is_gone_from_the_messages_on_the_day_access_ends(world: World) -> None:
    """A3."""
    say(world, "fay", begin(world, "sam"))
    assert "CANARY-sam" in listed(world, "fay")[0][0]
    allocation = world.children["sam"].allocations.get(role="social_worker")
    allocation.ends = world.today
    allocation.save()
    assert listed(world, "fay") == [("", "")]


def test_a_message_about_a_child_alone_leads_to_the_child_and_one_about_a_move_to_the_message(world: World) -> None:
    sam = world.children["sam"]
    tell(key="x", recipient=world.people["anna"], rule="new_child", child_id=sam.pk)
    assert listed(world, "anna") == [(sam.name, f"/children/{sam.pk}/")]
    propose(sam, to_school=world.schools["unit"], starts_on=world.today + 5 * DAY, reason="Nearer", by=world.people["kit"])
    message = Message.objects.get(rule="move_proposed", recipient=world.people["fay"])
    assert listed(world, "fay") == [(sam.name, f"/messages/{message.pk}/")]


def test_the_mail_of_such_a_message_stays_nameless(world: World) -> None:
    """F3."""
    plan = begin(world, "sam")
    message = say(world, "anna", plan, "plan_returned")
    assert mail.deliver(message.pk, now=by_day()) == "sent"
    assert "CANARY" not in outgoing.outbox[-1].message().as_string() and str(plan.pk) not in outgoing.outbox[-1].body


def test_opening_the_plan_marks_ones_own_messages_about_it_read_and_nobody_elses(world: World) -> None:
    sam, tia = begin(world, "sam"), begin(world, "tia")
    for name, plan in (("kit", sam), ("kit", tia), ("anna", sam)):
        say(world, name, plan)
    before = unread_count(world.people["kit"])
    page: Any = signed_in(world.people["kit"]).get(f"/plans/{sam.pk}/")
    assert page.status_code == 200 and unread_count(world.people["kit"]) == before - 1
    assert unread_count(world.people["anna"]) == 1
    assert Message.objects.get(recipient=world.people["kit"], about_plan=tia.pk).read_at is None


def test_who_is_refused_the_plan_has_read_nothing(world: World) -> None:
    plan = begin(world, "sam")
    say(world, "bilal", plan)
    assert signed_in(world.people["bilal"]).get(f"/plans/{plan.pk}/").status_code == 404
    assert unread_count(world.people["bilal"]) == 1


def test_opening_the_childs_page_marks_what_is_about_the_child_alone_read(world: World) -> None:
    plan, anna = begin(world, "sam"), world.people["anna"]
    tell(key="x", recipient=anna, rule="new_child", child_id=plan.child_id)
    say(world, "anna", plan)
    signed_in(anna).get(f"/children/{plan.child_id}/")
    assert [row.rule for row in Message.objects.filter(recipient=anna, read_at=None)] == ["plan_reminder"]


def test_a_plan_that_has_moved_on_asks_nobody_any_more_for_the_step_before(world: World) -> None:
    """F4: what is past is in no digest either."""
    plan = begin(world, "sam")
    fill(plan, "sam")
    for name, rule in (("anna", "plan_reminder"), ("hana", "plan_late_to_manager"), ("anna", "funding_decided")):
        say(world, name, plan, rule)
    perform(plan, "submit", by=world.people["anna"])
    unread = Message.objects.filter(about_plan=plan.pk, read_at=None)
    assert {(row.rule, row.recipient) for row in unread} == {
        ("funding_decided", world.people["anna"]), ("plan_submitted", world.people["fay"]),
    }  # fmt: skip
    perform(plan, "sign_off", by=world.people["fay"])
    assert not unread.filter(rule="plan_submitted").exists()


def test_the_page_takes_the_same_queries_for_one_message_and_for_many_about_many(world: World) -> None:
    """H4."""
    kit, counts = world.people["kit"], []
    client, plans = signed_in(kit), [begin(world, key) for key in ("sam", "tia", "wes")]
    client.get("/messages/")
    for many in (1, 3):
        for plan in plans[:many]:
            for number in range(many):
                key = f"{plan.pk}:{number}"
                tell(key=key, recipient=kit, rule="plan_opened", plan_id=plan.pk, child_id=plan.child_id)
        with CaptureQueriesContext(connection) as captured:
            client.get("/messages/")
        counts.append(len(captured))
    assert counts[0] == counts[1]
    assert read_about(kit, plan_id=plans[0].pk) == 3 and read_about(kit, plan_id=plans[0].pk) == 0
