"""An e-mail that an outage has held back is looked at again before it goes: who may no longer know is not written to."""

import datetime
import smtplib
from typing import Any

import pytest
from django.core import mail as outgoing
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts import mail
from accounts.models import Message
from accounts.outbox import tell
from accounts.returned_mail import send_again
from accounts.rules import RULES, TO_ACCOUNT
from accounts.tasks import sweep_messages
from children.models import Allocation, Enrolment
from pep.mail_withheld import NO_ACCESS
from schools.models import Membership
from tests.accounts.signing_in import by_day
from tests.pep.meeting_stories import decide, save, sent
from tests.world import DAY, World, begin, build_world, signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    return build_world()


def say(world: World, name: str, rule: str = "plan_returned", **about: Any) -> Message:
    facts = {"invitation": world.people[name].pk} if rule == "invitation" else {}
    assert tell(key=f"{rule}:{name}", recipient=world.people[name], rule=rule, child_id=world.children["sam"].pk, facts=facts, **about)
    return Message.objects.get(key=f"{rule}:{name}")


def outage(message: Message, monkeypatch: pytest.MonkeyPatch) -> None:
    """The mail server is away when the e-mail is first tried."""

    def refuse(*_: Any, **__: Any) -> None:
        raise smtplib.SMTPServerDisconnected

    with monkeypatch.context() as away:
        away.setattr("django.core.mail.EmailMessage.send", refuse)
        assert mail.deliver(message.pk, now=by_day()) == "waiting"


def end_access(world: World) -> None:
    """Anna does not work at Hill any more."""
    held = Membership.objects.get(user=world.people["anna"])
    held.ends = world.today
    held.save()


def end_account(world: World) -> None:
    """Anna's account has ended."""
    anna = world.people["anna"]
    anna.expires_on = world.today
    anna.save()


def move_away(world: World) -> None:
    """Sam has left Hill, and Hill may not read any more."""
    held = Enrolment.objects.get(child=world.children["sam"])
    held.ends = held.readable_until = world.today
    held.save()


def later() -> datetime.datetime:
    return by_day() + datetime.timedelta(hours=2)


@pytest.mark.parametrize(
    ("end", "why"), [(end_account, mail.NO_SIGN_IN), (end_access, NO_ACCESS), (move_away, NO_ACCESS)],
    ids=["account", "access", "move"],
)  # fmt: skip
def test_what_an_outage_has_held_back_is_not_sent_to_who_may_no_longer_know(
    world: World, monkeypatch: pytest.MonkeyPatch, end: Any, why: str
) -> None:
    """F6. The row says why, on the administrators' page too, and nobody can have it sent all the same."""
    message = say(world, "anna")
    outage(message, monkeypatch)
    end(world)
    assert mail.sweep(now=later()) == 0 and not outgoing.outbox
    message.refresh_from_db()
    assert (message.mail, message.sent_at) == ("withheld", None) and why in message.last_error
    assert not send_again(message, by=world.people["nia"])
    assert mail.sweep(now=later() + DAY) == 0
    for address in ("/e-mail/", "/e-mail/?state=withheld"):
        page = signed_in(world.people["nia"]).get(address).content.decode()
        assert why in page and "Not sent" in page and "Nothing to do" in page
        assert "CANARY" not in page and "Hill School" not in page
    assert why.lower() in signed_in(world.people["nia"]).get(f"/people/{world.people['anna'].pk}/").content.decode()
    Message.objects.update(next_try_at=timezone.now() - 31 * DAY)
    assert why not in signed_in(world.people["nia"]).get("/e-mail/").content.decode()


def test_who_still_may_know_is_written_to_when_the_outage_is_over(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    message = say(world, "anna")
    outage(message, monkeypatch)
    assert mail.sweep(now=later()) == 1 and len(outgoing.outbox) == 1
    message.refresh_from_db()
    assert (message.mail, message.last_error) == ("sent", "")


@pytest.mark.parametrize("rule", sorted(RULES))
def test_what_says_that_access_ended_and_what_is_about_the_account_still_go(world: World, rule: str) -> None:
    message = say(world, "anna", rule)
    if rule in ("invitation", "digest", "password_reset", "mail_returned", "staff_role_given", "new_children", "accesses_ended"):
        Message.objects.filter(pk=message.pk).update(about_child=None)
    Message.objects.filter(pk=message.pk).update(mail="waiting")
    end_access(world)
    goes = rule in ("access_ended", "new_child", "meeting_cancelled", "meeting_held", "move_confirmed", "move_taken_back", "move_put_back")
    goes = goes or RULES[rule].urgent or rule in ("digest", "mail_returned", "staff_role_given", "new_children", "accesses_ended")
    became = mail.deliver(message.pk, now=by_day())
    # An invitation that cannot be taken up any more was never sent.
    assert became == ("none" if rule == "invitation" else "sent" if goes else "withheld"), rule


@pytest.mark.parametrize("rule", [name for name, rule in RULES.items() if rule.link == TO_ACCOUNT])
def test_whose_account_was_closed_still_hears_what_was_done_to_it_without_a_link(world: World, rule: str) -> None:
    message = say(world, "anna", rule)
    end_account(world)
    assert mail.deliver(message.pk, now=by_day()) == "sent"
    assert "https://" not in outgoing.outbox[0].body


def test_the_new_schools_teacher_hears_of_the_move_before_the_first_day(world: World) -> None:
    assert mail.deliver(say(world, "bilal", "move_confirmed").pk, now=by_day()) == "sent"
    assert mail.deliver(say(world, "bilal", "plan_opened").pk, now=by_day()) == ""  # for the digest
    assert mail.deliver(say(world, "bilal", "plan_submitted").pk, now=by_day()) == "withheld"


def test_an_invitation_that_was_taken_back_in_the_outage_does_not_tell_a_parent_the_place(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = begin(world, "sam")
    save(world.people["anna"], plan, when=datetime.datetime.now() + 20 * DAY, add=[("parent", "Sam’s mother")],  # noqa: DTZ005
         meeting={"place": "Room 3", "place_in_calendar": "on"})  # fmt: skip
    decide(world.people["fay"], plan, "Sam’s mother", may_know="place")
    outage(Message.objects.get(address="mother@home.test"), monkeypatch)
    decide(world.people["fay"], plan, "Sam’s mother", may_come="no")
    with monkeypatch.context() as over:
        over.setattr("tests.pep.meeting_stories.by_day", later)
        [only] = sent()
    assert only.method == "CANCEL" and "Room 3" not in only.whole
    assert Message.objects.get(rule="meeting_booked").last_error == "The invitation was taken back before it could be sent"


def test_an_invitation_to_a_meeting_that_was_held_in_the_outage_is_not_sent_after_all(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan, now = begin(world, "sam"), datetime.datetime.now()  # noqa: DTZ005
    save(world.people["anna"], plan, when=now + 20 * DAY, add=[("parent", "Sam’s mother")])
    decide(world.people["fay"], plan, "Sam’s mother")
    outage(Message.objects.get(address="mother@home.test"), monkeypatch)
    save(world.people["anna"], plan, when=now - DAY, meeting={"state": "held", "participation": "PN1"})
    with monkeypatch.context() as over:
        over.setattr("tests.pep.meeting_stories.by_day", later)
        [only] = sent()
    assert only.method == "CANCEL"
    assert Message.objects.get(rule="meeting_booked").last_error == "The invitation was taken back before it could be sent"


def test_looking_again_holds_no_other_row_and_asks_the_same_few_questions_for_everybody(world: World) -> None:
    counts = []
    for name in ("anna", "kit"):
        message = say(world, name)
        with CaptureQueriesContext(connection) as queries, transaction.atomic():
            assert mail.deliver(message.pk, now=by_day()) == "sent"
        assert sum("FOR UPDATE" in query["sql"] for query in queries) == 1
        counts.append(len(queries))
    assert max(counts) <= 10


def test_who_was_given_back_a_child_before_the_outage_ended_is_written_to(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is today that counts, not the day of the message."""
    message = say(world, "fay")
    outage(message, monkeypatch)
    held = Allocation.objects.get(child=world.children["sam"], role="social_worker")
    held.ends = world.today
    held.save()
    Allocation(child=held.child, role="social_worker", worker=held.worker, team=held.team, starts=world.today).save()
    assert mail.sweep(now=later()) == 1


def test_the_sweep_goes_on_after_what_it_withholds(world: World) -> None:
    for name in ("anna", "fay", "kit"):
        say(world, name)
    end_access(world)
    Message.objects.update(next_try_at=timezone.now())
    assert mail.sweep(now=by_day()) == 2
    assert sweep_messages() == 0
