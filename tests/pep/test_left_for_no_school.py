"""A child leaves for no school: the plan goes on without the school, which is asked for nothing any more and told nothing more of it."""

import datetime
import smtplib

import pytest
import time_machine
from django.core import mail as outgoing
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts import mail
from accounts.models import Message
from accounts.outbox import tell
from accounts.rules import DIGEST, PASSING_RULES
from children.access import relations_to
from children.models import Enrolment
from config.message_links import what_about, where_to
from pep import moves
from pep.invitations import withdraw_invitations
from pep.mail_withheld import HAS_LEFT, why_not_theirs
from pep.models import Move, Plan, Section
from pep.reminders import send_reminders
from schools.timetable import add_working_days
from tests.accounts.signing_in import by_day
from tests.moving import confirmed
from tests.pep.meeting_stories import invitation, people, save, sent
from tests.pep.test_digests import digests, midweek, run
from tests.world import DAY, World, begin, build_world, signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    return build_world()


@pytest.fixture
def plan(world: World) -> Plan:
    """Sam's plan, of which Anna, Fay and Kit have been reminded."""
    plan = begin(world, "sam")
    plan.due_on = world.today + 5 * DAY
    plan.save()
    send_reminders(world.today)
    return plan


def in_days(world: World, days: int) -> datetime.datetime:
    return datetime.datetime.combine(world.today + days * DAY, datetime.time(14))  # noqa: DTZ001


def write_since(plan: Plan) -> None:
    """The virtual school writes in the plan after Sam has left, so that it is not there for the school any more."""
    row = Section.objects.get(plan=plan, key="strengths")
    row.written_at = timezone.now() + datetime.timedelta(minutes=1)
    row.save()


def asked(world: World, name: str) -> set[str]:
    """What somebody is still asked to do: the rules of their unread messages."""
    unread = Message.objects.filter(recipient=world.people[name], read_at=None, rule__in=PASSING_RULES)
    return set(unread.values_list("rule", flat=True))


def test_what_the_school_was_asked_to_do_is_read_and_in_no_digest(world: World, plan: Plan) -> None:
    """E4."""
    assert asked(world, "anna") == {"plan_reminder"}
    confirmed(world, to=None)
    plan.refresh_from_db()
    assert plan.state == Plan.State.PREPARING and asked(world, "anna") == set()
    assert asked(world, "fay") == {"plan_reminder"}, "the social worker's part goes on"
    for name in ("anna", "fay"):  # written before anybody knew, and not read yet
        tell(key=f"late:{name}", recipient=world.people[name], rule="plan_nudged", plan_id=plan.pk, child_id=plan.child_id, together=True)
    run(midweek(world))
    assert digests("anna") == [] and digests("fay"), "the social worker's own digest goes"


def test_the_school_is_asked_to_no_meeting_any_more_and_hears_of_no_change_to_it(world: World, plan: Plan) -> None:
    """F5."""
    anna, fay, kit = people(world, "anna", "fay", "kit")
    save(anna, plan, when=in_days(world, 10), add=[anna, fay])
    first = {one.to: one.uid for one in sent()}
    confirmed(world, to=None)
    [cancel] = sent()
    assert (cancel.to, cancel.method, cancel.sequence, cancel.uid) == ("anna@example.test", "CANCEL", 1, first["anna@example.test"])
    assert "You are no longer asked to come" in cancel.whole
    assert withdraw_invitations(world.today + DAY) == 0
    save(kit, plan, when=in_days(world, 13), on_behalf_of="Nobody there", learned_by="telephone")
    assert [(one.to, one.method) for one in sent()] == [("fay@example.test", "REQUEST")]
    assert invitation(plan, anna).withdrawn


def test_a_meeting_that_has_begun_is_left_in_the_schools_calendar(world: World, plan: Plan) -> None:
    save(world.people["anna"], plan, when=in_days(world, 1), add=people(world, "anna"))
    with time_machine.travel(timezone.now() + 3 * DAY):
        confirmed(world, to=None, starts_on=world.today + 3 * DAY)
        assert Move.objects.get().begun_at is not None and not invitation(plan, world.people["anna"]).withdrawn


def test_before_the_last_day_the_school_keeps_its_invitation_and_on_it_the_night_takes_it_out(world: World, plan: Plan) -> None:
    anna = world.people["anna"]
    save(anna, plan, when=in_days(world, 10), add=[anna])
    confirmed(world, to=None, starts_on=world.today + 2 * DAY)
    assert moves.begin(world.today + DAY) == 0 and not invitation(plan, anna).withdrawn
    assert moves.begin(world.today + 2 * DAY) == 1
    assert invitation(plan, anna).withdrawn and asked(world, "anna") == set()


def test_a_move_taken_back_asks_the_school_to_the_meeting_again(world: World, plan: Plan) -> None:
    anna = world.people["anna"]
    save(anna, plan, when=in_days(world, 10), add=[anna])
    [first] = sent()
    move = confirmed(world, to=None)
    moves.take_back(move, by=world.people["kit"], because="Wrong child")
    cancel, again = sorted(sent(), key=lambda one: one.sequence)
    assert (cancel.method, again.method, again.sequence, again.uid) == ("CANCEL", "REQUEST", 2, first.uid)


def test_no_link_in_the_schools_messages_is_dead(world: World, plan: Plan) -> None:
    """D7: once somebody has written in the plan since, the messages lead to the child."""
    anna, sam = world.people["anna"], world.children["sam"]
    message = Message.objects.get(rule="plan_reminder", recipient=anna)
    confirmed(world, to=None)
    client = signed_in(anna)
    assert f"/plans/{plan.pk}/" in client.get("/messages/").content.decode(), "while it stands as it stood"
    write_since(plan)
    page = client.get("/messages/").content.decode()
    assert client.get(f"/plans/{plan.pk}/").status_code == 404 and f"/plans/{plan.pk}/" not in page
    assert f"/children/{sam.pk}/" in page and where_to(anna, message) == f"/children/{sam.pk}/"
    assert what_about(world.people["fay"], [message])[message.pk].href == f"/plans/{plan.pk}/", "it is there for everybody else"


@pytest.mark.parametrize("rule", ["plan_returned", "meeting_moved", "meeting_answered"])
def test_what_an_outage_held_back_until_the_child_had_left_is_not_sent(
    world: World, plan: Plan, monkeypatch: pytest.MonkeyPatch, rule: str
) -> None:
    assert tell(key="x", recipient=world.people["anna"], rule=rule, plan_id=plan.pk, child_id=plan.child_id)
    message = Message.objects.get(key="x")

    def refuse(*_: object, **__: object) -> None:
        raise smtplib.SMTPServerDisconnected

    with monkeypatch.context() as away:
        away.setattr("django.core.mail.EmailMessage.send", refuse)
        assert mail.deliver(message.pk, now=by_day()) == "waiting"
    confirmed(world, to=None)
    assert mail.deliver(message.pk, now=by_day() + datetime.timedelta(hours=2)) == "withheld"
    message.refresh_from_db()
    assert HAS_LEFT in message.last_error and not outgoing.outbox


def test_a_school_whose_place_ended_without_a_move_is_in_no_digest_about_the_plan_either(world: World, plan: Plan) -> None:
    """A record that was put right in the register; a message about a plan that the school completed still counts."""
    place = Enrolment.objects.get(child=plan.child)
    place.ends, place.readable_until = world.today + DAY, world.today + 60 * DAY
    place.save()
    run(midweek(world))
    assert digests("anna") == []
    assert tell(key="y", recipient=world.people["anna"], rule="plan_complete", plan_id=plan.pk, child_id=plan.child_id)
    run(add_working_days(midweek(world), 1))
    assert digests("anna") == [("anna", {"messages": 1, "late": 0})]


def test_whose_messages_are_whose_is_asked_in_a_fixed_number_of_queries(world: World, plan: Plan) -> None:
    confirmed(world, to=None)
    write_since(plan)
    anna = world.people["anna"]
    assert relations_to(anna, plan.child) == {"former_school"}
    counts = []
    for many in (1, 12):
        for number in range(many):
            tell(key=f"told:{number}", recipient=anna, rule="plan_complete", plan_id=plan.pk, child_id=plan.child_id)
        messages = list(Message.objects.filter(recipient=anna, key__startswith="told:"))
        with CaptureQueriesContext(connection) as queries:
            found = why_not_theirs(anna, messages, world.today)
            what_about(anna, messages)
        assert set(found.values()) == {HAS_LEFT} and len(found) == len(messages)
        counts.append(len(queries))
    assert counts[0] == counts[1]
    assert not Message.objects.filter(rule=DIGEST).exists()
