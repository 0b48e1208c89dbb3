"""E-mails that come back: whose they were, what is done about them, and who is told."""

import datetime
from typing import Any

import pytest
from django.core import mail as outgoing
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts import delivery_reports, mail
from accounts.invitations import invite
from accounts.models import Message, ResetRequest, TriedAgain, User
from accounts.outbox import tell
from accounts.returned_mail import Outcome, arrives_again, send_again
from accounts.tasks import sweep_messages
from schools.memberships import administered_by
from schools.returned_mail import not_arrived_at, take_in
from tests.mail_reports import report
from tests.world import DAY, World, allocate, build_world, member, person, signed_in

pytestmark = pytest.mark.django_db
SENT, WAITING, BOUNCED, FAILED, NONE = (Message.Mail(state) for state in ("sent", "waiting", "bounced", "failed", "none"))


@pytest.fixture
def world() -> World:
    """The cast: Nia is Fenshire's account administrator, Anna and Hana are among her people."""
    return build_world()


def sent(user: User, key: str = "reminder:1", rule: str = "plan_returned") -> Message:
    """A message whose e-mail has left."""
    assert tell(key=f"{key}:{user.pk}", recipient=user, rule=rule)
    message = Message.objects.get(key=f"{key}:{user.pk}")
    assert mail.deliver(message.pk) == SENT
    message.refresh_from_db()
    return message


def comes_back(message: Message, *, address: str | None = None, mail_id: str | None = None, **fields: Any) -> list[Outcome]:
    """What taking in a mail server's report on a message comes to."""
    text = report(mail_id or message.mail_id, address or message.mail_to, **fields)
    return [take_in(found) for found in delivery_reports.reports(delivery_reports.parse(text.encode()))]


def test_an_e_mail_that_comes_back_for_good_marks_the_message_and_the_address(world: World) -> None:
    message = sent(world.people["anna"])
    assert comes_back(message) == [Outcome.RETURNED]
    message.refresh_from_db()
    assert (message.mail, message.bounce_code) == (BOUNCED, "5.1.1")
    assert message.bounced_at is not None
    anna = User.objects.get(pk=message.recipient_id)
    assert anna.mail_returned_on == timezone.localdate()
    assert "5.1.1" in (anna.history.first().history_change_reason or "")


@pytest.mark.parametrize("returned", ["text/rfc822-headers", "message/rfc822"])
def test_the_e_mail_is_known_by_the_headers_that_were_returned(world: World, returned: str) -> None:
    assert comes_back(sent(world.people["anna"]), returned=returned) == [Outcome.RETURNED]


def test_the_e_mail_is_known_by_what_the_report_answers_where_nothing_was_returned(world: World) -> None:
    message = sent(world.people["anna"])
    text = report("<nothing@elsewhere.test>", "anna@example.test").replace("MIME-Version", f"In-Reply-To: {message.mail_id}\nMIME-Version")
    [found] = delivery_reports.reports(delivery_reports.parse(text.encode()))
    assert take_in(found) == Outcome.RETURNED


def test_nobody_can_mark_an_address_to_which_the_e_mail_was_not_sent(world: World) -> None:
    message = sent(world.people["anna"])
    assert comes_back(message, address="bilal@example.test") == [Outcome.NOT_OURS]
    assert comes_back(message, mail_id=message.mail_id.replace("@", "@x.")) == [Outcome.NOT_OURS]
    assert comes_back(message, mail_id="<made-up@plans.example.org>") == [Outcome.NOT_OURS]
    message.refresh_from_db()
    assert message.mail == SENT
    assert not User.objects.filter(mail_returned_on__isnull=False).exists()


def test_delays_and_successes_are_nobodys_news(world: World) -> None:
    message = sent(world.people["anna"])
    assert comes_back(message, action="delayed", status="4.4.1") == []
    assert comes_back(message, action="delivered", status="2.0.0") == []
    message.refresh_from_db()
    assert message.mail == SENT


def test_a_passing_error_has_the_e_mail_tried_later_and_at_last_it_has_failed(world: World) -> None:
    message = sent(world.people["anna"])
    for number in range(len(mail.BACK_OFF)):
        assert comes_back(message, status="4.2.2", own_id=f"<r{number}@mail.example.org>") == [Outcome.LATER]
        message.refresh_from_db()
        assert message.mail == WAITING and message.next_try_at > timezone.now() + datetime.timedelta(minutes=0.9 * mail.BACK_OFF[number])
        assert mail.deliver(message.pk, now=message.next_try_at) == SENT
    assert comes_back(message, status="4.2.2", own_id="<last@mail.example.org>") == [Outcome.LATER]
    message.refresh_from_db()
    assert message.mail == FAILED and message.last_error == "Came back 4.2.2"
    assert message.recipient is not None and message.recipient.mail_returned_on is None, "nobody's address is marked for a full mailbox"
    assert len({str(email.extra_headers["Message-ID"]) for email in outgoing.outbox}) == 1


@pytest.mark.parametrize("status", ["4.2.2", "5.1.1"])
def test_the_same_report_taken_in_twice_changes_nothing_more(world: World, status: str) -> None:
    message = sent(world.people["anna"])
    comes_back(message, status=status)
    send_again(message, by=world.people["nia"])
    mail.deliver(message.pk, now=timezone.now() + DAY)
    assert comes_back(message, status=status) == [Outcome.KNOWN]
    message.refresh_from_db()
    assert message.mail == SENT


def test_the_administrators_of_the_persons_organisation_are_told_once_each_time_an_address_is_marked(world: World) -> None:
    """An address that was said to be good and does not take e-mail after all is news again, on the same day too."""
    anna, nia = world.people["anna"], world.people["nia"]
    person(world, "Quin")
    member(world, "Quin", "account_administrator", virtual_school=world.places["marlow"].virtual_school)
    for message in [sent(anna), sent(anna, "reminder:2")]:
        assert comes_back(message, own_id=f"<{message.pk}@mail.example.org>") == [Outcome.RETURNED]
    [told] = Message.objects.filter(rule="mail_returned")
    assert told.recipient == nia, "not another authority's administrator"
    arrives_again(anna.pk, by=nia)
    anna.refresh_from_db()
    comes_back(sent(anna, "reminder:3"))
    assert Message.objects.filter(rule="mail_returned", recipient=nia).count() == 2
    anna.refresh_from_db()
    anna.email = "anna.new@example.test"
    anna.save()
    comes_back(sent(anna, "reminder:4"))
    assert Message.objects.filter(rule="mail_returned").count() == 3


def test_a_social_worker_who_is_only_allocated_has_administrators_too(world: World) -> None:
    comes_back(sent(world.people["fay"]))
    assert Message.objects.get(rule="mail_returned").recipient == world.people["nia"]


def test_the_message_leads_the_administrator_to_the_person(world: World) -> None:
    anna, nia = world.people["anna"], world.people["nia"]
    comes_back(sent(anna))
    told = Message.objects.get(rule="mail_returned")
    page = signed_in(nia).get(reverse("message-detail", args=[told.pk])).content.decode()
    assert reverse("schools:person-detail", args=[anna.pk]) in page
    assert anna.name not in page and "anna@" not in page


def test_while_e_mails_come_back_people_are_told_in_the_product_alone(world: World) -> None:
    anna = world.people["anna"]
    waiting_already = Message.objects.create(key="before", recipient=anna, rule="plan_opened")
    comes_back(sent(anna))
    anna.refresh_from_db()
    outgoing.outbox.clear()
    assert tell(key="after", recipient=anna, rule="plan_opened"), "the message itself is there"
    assert Message.objects.get(key="after").mail == NONE
    assert mail.deliver(waiting_already.pk) == NONE
    sweep_messages()
    assert [email.to for email in outgoing.outbox] == [["nia@example.test"]], "who is told of it"


def test_a_link_that_lets_somebody_in_is_tried_all_the_same(world: World) -> None:
    anna = world.people["anna"]
    comes_back(sent(anna))
    ben = User.objects.create_user("ben@example.test", "Ben Baker", mail_returned_on=timezone.localdate())
    outgoing.outbox.clear()
    invite(ben, by=world.people["nia"], organisation="Fenshire Virtual School")
    ResetRequest(email="anna@example.test").save()
    sweep_messages()
    assert sorted(email.to[0] for email in outgoing.outbox) == ["anna@example.test", "ben@example.test", "nia@example.test"]


@pytest.mark.parametrize("update_fields", [None, ["email"]])
def test_another_address_takes_the_mark_away_and_nothing_else_does(world: World, update_fields: list[str] | None) -> None:
    comes_back(sent(world.people["anna"]))
    anna = User.objects.get(pk=world.people["anna"].pk)
    anna.job_title = "Deputy head"
    anna.save()
    assert User.objects.get(pk=anna.pk).mail_returned_on is not None
    anna.email = "Anna.New@example.test"
    anna.save(update_fields=update_fields)
    assert User.objects.get(pk=anna.pk).mail_returned_on is None


def test_an_e_mail_to_an_address_that_is_no_longer_theirs_marks_the_message_alone(world: World) -> None:
    anna = world.people["anna"]
    message = sent(anna)
    anna.email = "anna.new@example.test"
    anna.save()
    assert comes_back(message, address="anna@example.test") == [Outcome.RETURNED]
    message.refresh_from_db()
    anna.refresh_from_db()
    assert message.mail == BOUNCED and anna.mail_returned_on is None
    assert not Message.objects.filter(rule="mail_returned").exists()


# The administrator's page


@pytest.fixture
def nia(world: World) -> Client:
    """Nia's browser."""
    return signed_in(world.people["nia"])


def stuck(user: User, state: Message.Mail, key: str, rule: str = "plan_reminder", **fields: Any) -> Message:
    """A message whose e-mail has not arrived."""
    if state == BOUNCED:
        fields = {"bounced_at": timezone.now(), "bounce_code": "5.1.1", **fields}
    return Message.objects.create(key=f"{key}:{user.pk}", recipient=user, rule=rule, mail=state, attempts=3, **fields)


def test_the_page_lists_what_waits_has_failed_and_has_come_back(world: World, nia: Client) -> None:
    stuck(world.people["anna"], WAITING, "1", last_error="SMTPServerDisconnected")
    stuck(world.people["bilal"], FAILED, "1", last_error="SMTPRecipientsRefused 550")
    stuck(world.people["hana"], BOUNCED, "1")
    stuck(world.people["gus"], SENT, "1")
    page = nia.get(reverse("schools:mail-list"))
    assert {message.recipient.name for message, *_ in page.context["lines"]} == {"Anna Example", "Bilal Example", "Hana Example"}
    words = page.content.decode()
    for word in (
        "A plan is waiting for you", "Waiting", "The mail server did not answer", "Failed", "The mail server refused it (550)", "Came back",
        "The address does not take it (5.1.1)",
    ):  # fmt: skip
        assert word in words
    assert "CANARY" not in words


def test_the_page_says_until_when_a_mail_waits_for_the_end_of_the_quiet_hours(world: World, nia: Client) -> None:
    tomorrow = (timezone.localtime() + datetime.timedelta(days=1)).replace(hour=7, minute=0, second=0, microsecond=0)
    anna = world.people["anna"]
    Message.objects.create(key="quiet", recipient=anna, rule="plan_reminder", mail=WAITING, next_try_at=tomorrow)
    until = f"until 07:00 on {tomorrow.day} {tomorrow:%B} (quiet hours)"
    assert until in nia.get(reverse("schools:mail-list")).content.decode()
    assert until in nia.get(reverse("schools:person-detail", args=[anna.pk])).content.decode()


@pytest.mark.parametrize(("asked", "names"), [("state=bounced", ["Hana"]), ("q=bilal", ["Bilal"]), ("state=failed&q=hana", [])])
def test_filters_narrow_it(world: World, nia: Client, asked: str, names: list[str]) -> None:
    stuck(world.people["bilal"], FAILED, "1")
    stuck(world.people["hana"], BOUNCED, "1")
    page = nia.get(f"{reverse('schools:mail-list')}?{asked}")
    assert [message.recipient.name.split()[0] for message, *_ in page.context["lines"]] == names


def test_other_organisations_mail_does_not_exist(world: World, nia: Client) -> None:
    theirs = stuck(world.people["oli"], FAILED, "1")
    assert theirs not in not_arrived_at_nias(world)
    assert nia.post(reverse("schools:mail-again", args=[theirs.pk])).status_code == 404
    assert nia.post(reverse("schools:person-mail-arrives", args=[world.people["oli"].pk])).status_code == 404


def not_arrived_at_nias(world: World) -> list[Message]:
    """What has not arrived at Nia's people."""
    return list(not_arrived_at(administered_by(world.people["nia"], world.today), on=world.today))


@pytest.mark.parametrize("how", ["a role", "a child"])
def test_of_somebody_who_also_works_elsewhere_it_lists_what_is_about_the_account_alone(world: World, how: str) -> None:
    anna = world.people["anna"]
    if how == "a role":
        member(world, "Anna", "designated_teacher", school=world.schools["brook"], authority=world.places["marlow"].authority)
    else:
        allocate(world, "vic", "reviewing_officer", "Anna")
    stuck(anna, FAILED, "1")
    about_account = stuck(anna, FAILED, "2", "role_given")
    assert not_arrived_at_nias(world) == [about_account]


def test_try_again_sends_it_once_more_with_the_same_message_id_and_keeps_who_asked(world: World, nia: Client) -> None:
    message = sent(world.people["anna"])
    comes_back(message)
    assert nia.get(reverse("schools:mail-again", args=[message.pk])).status_code == 405
    for _ in range(2):  # a second press finds it waiting
        answer = nia.post(reverse("schools:mail-again", args=[message.pk]), {"back": "state=bounced"})
        assert answer["Location"].endswith("?state=bounced")
    assert TriedAgain.objects.get().by == world.people["nia"]
    assert mail.deliver(message.pk) == SENT and mail.deliver(message.pk) == ""
    assert len([email for email in outgoing.outbox if email.extra_headers["Message-ID"] == message.mail_id]) == 2
    anna = User.objects.get(pk=message.recipient_id)
    assert anna.mail_returned_on is None, "whoever tries again believes in the address"
    assert anna.history.first().history_user_id == world.people["nia"].pk


def test_a_message_that_was_tried_again_says_who_did(world: World, nia: Client) -> None:
    message = stuck(world.people["anna"], FAILED, "1")
    nia.post(reverse("schools:mail-again", args=[message.pk]))
    assert "Tried again by Nia Example" in nia.get(reverse("schools:mail-list")).content.decode()


def test_nothing_that_has_arrived_or_waits_is_sent_again(world: World, nia: Client) -> None:
    arrived, waits = sent(world.people["anna"]), stuck(world.people["anna"], WAITING, "2")
    assert nia.post(reverse("schools:mail-again", args=[arrived.pk])).status_code == 404
    nia.post(reverse("schools:mail-again", args=[waits.pk]))
    assert not TriedAgain.objects.exists()


def test_the_persons_page_and_the_list_of_people_say_that_e_mails_come_back_and_an_administrator_that_they_arrive(
    world: World, nia: Client
) -> None:
    anna = world.people["anna"]
    comes_back(sent(anna))
    address = reverse("schools:person-detail", args=[anna.pk])
    assert "E-mails to this address come back since" in nia.get(address).content.decode()
    page = nia.get(f"{reverse('schools:person-list')}?state=returned")
    assert [found.name for found, *_ in page.context["people"]] == ["Anna Example"]
    assert "E-mails come back" in page.content.decode()
    nia.post(reverse("schools:person-mail-arrives", args=[anna.pk]))
    assert "come back since" not in nia.get(address).content.decode()
    anna.refresh_from_db()
    assert anna.history.first().history_user_id == world.people["nia"].pk


def test_the_page_takes_the_same_queries_for_few_and_many(world: World, nia: Client) -> None:
    counts = []
    nia.get(reverse("schools:mail-list"))
    for many in (1, 3, 40):
        for number in range(many):
            message = stuck(world.people[("anna", "bilal", "hana")[number % 3]], (FAILED, BOUNCED, WAITING)[number % 3], f"{many}-{number}")
            TriedAgain.objects.create(message=message, by=world.people["nia"])
        with CaptureQueriesContext(connection) as queries:
            assert nia.get(reverse("schools:mail-list")).status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[1] == counts[2] <= 12


def test_long_lists_come_in_pages(world: World, nia: Client) -> None:
    for number in range(51):
        stuck(world.people["anna"], FAILED, str(number))
    assert [len(nia.get(f"{reverse('schools:mail-list')}?page={page}").context["lines"]) for page in (1, 2)] == [50, 1]


def test_only_today_counts_for_who_is_told(world: World) -> None:
    person(world, "Rob")
    member(world, "Rob", "account_administrator", virtual_school=world.places["fenshire"].virtual_school, ends=world.today)
    comes_back(sent(world.people["anna"]))
    assert [told.recipient for told in Message.objects.filter(rule="mail_returned")] == [world.people["nia"]]


def test_whoever_was_shown_an_e_mails_link_cannot_forge_its_coming_back(world: World) -> None:
    """The link of a forwarded e-mail holds the message's key; what a report must name stands in no link and no text."""
    message = sent(world.people["anna"])
    [email] = outgoing.outbox
    proof = message.mail_id.strip("<").partition("@")[0].removeprefix(str(message.pk))
    assert len(proof) > 20 and proof.strip(".") not in email.body
    for forged in (f"<{message.pk}@plans.example.org>", f"<{message.pk}.{'0' * 24}@plans.example.org>"):
        assert comes_back(message, mail_id=forged) == [Outcome.NOT_OURS]
    message.mail_id = f"<{message.pk}@plans.example.org>"  # sent before there was a proof
    message.save()
    assert comes_back(message) == [Outcome.NOT_OURS]
    assert User.objects.get(pk=message.recipient_id).mail_returned_on is None
