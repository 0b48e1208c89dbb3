"""What people are told: no child's name, no school, nothing from a plan, whatever a caller puts in."""

import datetime
import uuid
from typing import Any

import pytest
from django.core import mail as outgoing
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts import invitations, mail
from accounts.models import Message
from accounts.outbox import tell
from accounts.rules import LISTED_RULES, ROLES_IN_WORDS, RULES, check_facts, sentence
from children.models import Child
from pep.models import Plan
from schools.models import Membership
from tests.accounts.signing_in import add_person, by_day, sign_in
from tests.world import World, begin, build_world

EVERY_RULE_ASKED_FOR = {
    "step_late", "step_late_to_manager", "step_late_to_head", "new_children", "accesses_ended",
    "invitation", "password_reset", "password_changed", "plan_opened", "plan_reminder", "plan_overdue", "plan_submitted", "plan_returned",
    "plan_signed_off", "plan_complete", "plan_closed", "meeting_booked", "meeting_moved", "meeting_cancelled",
    "meeting_answered", "meeting_held", "contributor_named", "move_proposed",
    "move_confirmed", "move_taken_back", "funding_decided", "new_child", "access_ended", "role_ended",
    "plan_late_to_headteacher", "account_ended", "account_reopened", "staff_role_given", "staff_role_ended", "staff_account_ended",
    "staff_account_reopened", "staff_address_changed", "staff_second_step_reset", "account_goes_on", "staff_account_goes_on",
}  # fmt: skip
FACTS: dict[str, Any] = {"sections": 2, "due_on": datetime.date(2026, 12, 4), "on": datetime.date(2026, 11, 30)}


def test_every_rule_has_its_words() -> None:
    assert set(RULES) >= EVERY_RULE_ASKED_FOR
    for name, rule in RULES.items():
        assert rule.subject and "\n" not in rule.subject, name
        for facts in ({}, {name: str(value) for name, value in FACTS.items()}, {"sections": 1}):
            words = sentence(name, facts)
            assert words.endswith(".") and "{" not in words and "None" not in words and "  " not in words, words


AT_ONCE = (
    "meeting_booked", "meeting_moved", "meeting_cancelled", "meeting_held", "plan_submitted", "plan_returned", "plan_signed_off",
    "new_children", "accesses_ended",
    "funding_decided", "move_proposed", "move_confirmed", "move_taken_back", "new_child", "access_ended", "role_ended", "contributor_named",
    "account_ended", "account_reopened", "staff_account_ended", "staff_account_reopened", "staff_address_changed",
    "staff_second_step_reset", "account_goes_on", "staff_account_goes_on",
)  # fmt: skip


def test_meeting_return_signature_money_new_child_and_ended_access_are_told_at_once() -> None:
    assert [name for name in AT_ONCE if RULES[name].digest] == []


def test_sentences_count_and_date_as_people_do() -> None:
    assert sentence("plan_reminder", {"sections": 1}) == "1 section of a plan is waiting for you."
    assert (
        sentence("plan_reminder", {"sections": 3, "due_on": "2026-12-04"})
        == "3 sections of a plan are waiting for you. It is due on 4 December 2026."
    )
    assert sentence("plan_returned", {"sections": 2}) == (
        "A plan was returned with 2 sections to look at again. The reason is beside the sections."
    )


def test_many_records_that_open_or_close_are_told_in_number() -> None:
    assert sentence("new_children", {"count": 4}) == "4 records are open to you now. See who works with each child and what is due."
    assert sentence("new_children", {"count": 1}).startswith("1 record is open to you now.")
    assert sentence("accesses_ended", {"count": 5}).startswith("Your access to 5 children’s records has ended.")
    assert sentence("accesses_ended", {"count": 1}).startswith("Your access to 1 child’s record has ended.")


def test_a_date_that_has_passed_is_told_by_what_it_is_and_with_the_days_digest() -> None:
    facts = {"step": "signature", "due_on": "2026-12-04"}
    assert sentence("step_late", facts) == "The sign-off of a plan was due on 4 December 2026 and waits for you."
    assert sentence("step_late_to_head", {**facts, "days": 15, "school": 1}) == (
        "The sign-off of a plan was due on 4 December 2026, 15 working days ago, and has not been done. The school still has to act."
    )
    assert all(RULES[name].digest for name in ("step_late", "step_late_to_manager", "step_late_to_head"))


def test_a_meeting_that_was_held_before_its_time_is_not_called_cancelled() -> None:
    assert sentence("meeting_held", {"on": "2026-11-28"}) == (
        "A meeting about a plan was held on 28 November 2026. The time in your calendar no longer applies."
    )
    assert RULES["meeting_held"].subject == "A meeting was held"


@pytest.mark.parametrize(("role", "words"), ROLES_IN_WORDS.items())
def test_a_head_is_told_of_each_role_by_its_own_name(role: str, words: str) -> None:
    """A headteacher's was once told of as an account administrator's."""
    assert sentence("staff_role_given", {"role": role, "count": 2}).startswith(f"2 people were given the role of {words}. If you do not")
    rules = ("staff_account_ended", "staff_account_goes_on", "staff_account_reopened", "staff_address_changed", "staff_second_step_reset")
    for rule in rules:
        assert f": that of somebody with the role of {words}. If you do not know of it, ask" in sentence(rule, {"role": role, "others": 0})
    assert f"{words} and 1 other role. If" in sentence("staff_address_changed", {"role": role, "others": 1})
    assert f"{words} and 2 other roles. If" in sentence("staff_account_ended", {"role": role, "others": 2})


def test_every_role_that_can_be_held_has_words_for_a_head() -> None:
    assert set(ROLES_IN_WORDS) == {role for role, _ in Membership.ROLES}


def test_an_account_ends_after_a_day_or_is_closed_and_is_opened_again_until_a_day() -> None:
    day = {"on": "2026-12-04", "role": "officer"}
    assert sentence("account_ended", {}).startswith("Your account in Education Plans was closed. You cannot sign in any more.")
    assert "ends after 4 December 2026. After that you cannot sign in. Nothing you wrote is lost." in sentence("account_ended", day)
    assert "was opened again, until 4 December 2026. You can sign in" in sentence("account_reopened", day)
    assert sentence("staff_account_ended", day).startswith(
        "An account ends after 4 December 2026: that of somebody with the role of officer"
    )
    assert sentence("staff_account_reopened", day).startswith("An account was opened again, until 4 December 2026: that of")


@pytest.mark.parametrize("fact", ["Sam Example", "Hill School", "CANARY-sam-given", "was late again", "Sam", 1.5, None, ["a"], {"a": 1}])
def test_a_fact_cannot_be_a_name_or_a_text(fact: Any) -> None:
    with pytest.raises(ValueError, match="neither a number"):
        check_facts({"sections": 1, "about": fact})


def test_facts_are_numbers_dates_and_keys() -> None:
    key = uuid.uuid4()
    assert check_facts({"sections": 3, "on": datetime.date(2026, 3, 1), "section": "attendance", "job": key}) == {
        "sections": 3, "on": "2026-03-01", "section": "attendance", "job": str(key),
    }  # fmt: skip


@pytest.fixture
def world(db: None) -> World:
    """The cast, every text about whose children is a canary."""
    return build_world()


@pytest.mark.django_db
def test_no_e_mail_names_a_child_a_school_or_a_plan(world: World) -> None:
    plan, sam = begin(world, "sam"), world.children["sam"]
    assert "CANARY" in sam.name, "there is something that could leak"
    ben, cy = add_person("Ben Baker", digest="at_once"), add_person("Cy Cole", password=None)
    Membership(user=ben, role="officer", virtual_school=world.places["fenshire"].virtual_school, starts=world.today).save()
    invitations.invite(cy, by=None, organisation="Fenshire Virtual School")
    for rule in set(RULES) - {"invitation"}:
        assert tell(key=rule, recipient=ben, rule=rule, plan_id=plan.pk, child_id=sam.pk, facts=FACTS)
    for message in Message.objects.filter(recipient__in=[ben, cy]):
        outgoing.outbox.clear()
        assert mail.deliver(message.pk, now=by_day()) == "sent"
        names_nobody(outgoing.outbox[0], sam, plan)
    assert set(Message.objects.filter(mail="sent").values_list("rule", flat=True)) == set(RULES)


def names_nobody(sent: outgoing.EmailMessage, sam: Child, plan: Plan) -> None:
    """No part of an e-mail says who it is about."""
    everything = f"{sent.message().as_string()} {sent.from_email} {sent.subject} {sent.body}"
    for secret in ("CANARY", sam.reference, "Hill School", str(plan.pk), str(sam.pk), "Example"):
        assert secret not in everything.replace("example.test", ""), secret
    assert sent.body.count("https://") == 1, "one link, to the product"


@pytest.mark.django_db
def test_the_link_of_an_e_mail_opens_the_message_and_the_message_leads_to_the_plan(client: Client, world: World) -> None:
    plan, anna = begin(world, "sam"), world.people["anna"]
    tell(key="x", recipient=anna, rule="plan_returned", plan_id=plan.pk, child_id=plan.child_id)
    message = Message.objects.get(recipient=anna, key="x")
    mail.deliver(message.pk, now=by_day())
    assert reverse("message-detail", args=[message.pk]) in outgoing.outbox[-1].body
    client.force_login(anna)
    page = client.get(reverse("message-detail", args=[message.pk])).content.decode()
    assert reverse("pep:plan-detail", args=[plan.pk]) in page
    assert "CANARY" not in outgoing.outbox[-1].message().as_string(), "the mail names nobody"
    assert f"{plan.child.name}: {plan}" in page, "whoever may see the child is told inside the product which one it is"


@pytest.mark.django_db
def test_a_message_about_a_plan_that_is_no_longer_yours_says_so_and_gives_no_address(client: Client, world: World) -> None:
    plan, bilal = begin(world, "sam"), world.people["bilal"]
    tell(key="x", recipient=bilal, rule="plan_opened", plan_id=plan.pk, child_id=plan.child_id)
    client.force_login(bilal)
    page = client.get(reverse("message-detail", args=[Message.objects.get(key="x").pk])).content.decode()
    assert "You cannot open what this message is about" in page
    assert str(plan.pk) not in page and str(plan.child_id) not in page


@pytest.mark.django_db
def test_messages_are_listed_unread_first_and_marked_read_by_a_button(client: Client) -> None:
    anna = add_person()
    for number in range(3):
        tell(key=str(number), recipient=anna, rule="plan_reminder", facts={"sections": number + 1})
    sign_in(client, anna)
    page = client.get(reverse("message-list")).content.decode()
    assert page.index("3 sections") < page.index("2 sections") < page.index("1 section of")
    assert "Messages (3" in page
    newest = Message.objects.get(key="2")
    client.get(reverse("message-detail", args=[newest.pk]))
    newest.refresh_from_db()
    assert newest.read_at is None, "looking changes nothing"
    client.post(reverse("message-detail", args=[newest.pk]))
    page = client.get(reverse("message-list")).content.decode()
    assert page.index("2 sections") < page.index("3 sections") and "Messages (2" in page


@pytest.mark.django_db
@pytest.mark.parametrize("method", ["get", "post"])
def test_somebody_elses_message_does_not_exist(client: Client, method: str) -> None:
    anna, ben = add_person(), add_person("Ben Baker")
    tell(key="x", recipient=ben, rule="plan_opened")
    sign_in(client, anna)
    address = reverse("message-detail", args=[Message.objects.get(key="x").pk])
    assert getattr(client, method)(address).status_code == 404
    assert "A plan was opened" not in client.get(reverse("message-list")).content.decode()


@pytest.mark.django_db
def test_the_list_takes_the_same_queries_for_few_and_many(client: Client) -> None:
    anna, counts = add_person(), []
    sign_in(client, anna)
    client.get(reverse("message-list"))
    for many in (1, 3, 30):
        for number in range(many):
            tell(key=str(number), recipient=anna, rule="plan_opened")
        with CaptureQueriesContext(connection) as queries:
            assert len(client.get(reverse("message-list")).context["lines"]) == min(many, 25)
        counts.append(len(queries))
    assert counts[0] == counts[1] == counts[2] <= 8


def test_what_brings_people_in_is_not_in_the_list() -> None:
    assert set(RULES) - set(LISTED_RULES) == {"invitation", "password_reset", "digest", "new_children", "accesses_ended"}
