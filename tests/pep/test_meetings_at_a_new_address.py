"""Somebody's e-mail address changes: the entries of their meetings to come move with them, and leave the old calendar."""

import datetime
from collections.abc import Iterator
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.urls import reverse

from accounts.authorship import save_by
from accounts.models import Message, User
from children.models import Allocation
from pep.calendar_replies import take_reply
from pep.invitations import follow_addresses
from pep.models import MeetingInvitation, Plan
from pep.tasks import daily
from tests.pep.meeting_stories import Sent, invitation, people, save, sent, take_off
from tests.world import DAY, World, begin, build_world, signed_in

NOW = datetime.datetime(2026, 3, 10, 10, tzinfo=ZoneInfo("Europe/London"))
NEW = "fay.new@example.test"


@pytest.fixture
def world(db: None) -> Iterator[World]:
    with time_machine.travel(NOW):
        yield build_world()


@pytest.fixture
def plan(world: World) -> Plan:
    return begin(world, "sam")


def readdress(user: User, email: str | None = NEW) -> None:
    """Somebody's address changes by itself, as in a table: nobody has followed it yet."""
    user.email = email
    save_by(user, by=None)


def seen(mails: list[Sent]) -> list[tuple[str, str, int]]:
    return [(one.to, one.method, one.sequence) for one in mails]


def test_the_administrator_changes_it_and_the_entry_goes_to_the_new_address_and_leaves_the_old(
    world: World, plan: Plan, django_capture_on_commit_callbacks: Any
) -> None:
    """F5."""
    fay = world.people["fay"]
    save(world.people["anna"], plan, add=people(world, "fay", "kit"), meeting={"place": "Room 3", "place_in_calendar": "on"})
    first = {one.to: one for one in sent()}["fay@example.test"]
    signed_in(fay).post(f"/meetings/{invitation(plan, fay).pk}/", {"answer": "accepted"})
    with django_capture_on_commit_callbacks(execute=True):
        typed = {"email": NEW, "how": "seen in person"}
        assert signed_in(world.people["nia"]).post(reverse("schools:person-address", args=[fay.pk]), typed).status_code == 302
    request, cancel = sent()
    assert (cancel.to, cancel.method, cancel.uid, cancel.sequence) == ("fay@example.test", "CANCEL", first.uid, 1)
    assert (request.to, request.method, request.uid, request.sequence) == (NEW, "REQUEST", first.uid, 2)
    assert str(cancel.entry["ATTENDEE"]) == "mailto:fay@example.test" and str(request.entry["ATTENDEE"]) == f"mailto:{NEW}"
    # What was answered stays answered, and the old mailbox learns neither the new address nor whose it was.
    assert request.entry["ATTENDEE"].params["PARTSTAT"] == "ACCEPTED" and str(request.entry["LOCATION"]) == "Room 3"
    assert NEW not in cancel.whole and "Fay" not in cancel.whole and "https://" not in cancel.whole
    row = invitation(plan, fay)
    assert (row.address, row.sequence, row.answered) == (NEW, 2, "accepted")
    assert [str(one.history_change_reason) for one in row.history.order_by("-history_date")][0] == "Sent to their new address"
    assert follow_addresses() == 0 and sent() == []


def test_the_night_finds_an_address_that_nobody_has_followed_and_finds_it_once(world: World, plan: Plan) -> None:
    save(world.people["anna"], plan, add=people(world, "fay"))
    sent()
    readdress(world.people["fay"])
    assert daily("2026-03-11")["invitations at new addresses"] == 1
    assert seen(sent()) == [(NEW, "REQUEST", 2), ("fay@example.test", "CANCEL", 1)]
    assert daily("2026-03-12")["invitations at new addresses"] == 0


def test_a_meeting_that_is_moved_or_called_off_before_the_night_reaches_the_right_calendars(world: World, plan: Plan) -> None:
    save(world.people["anna"], plan, add=people(world, "fay"))
    sent()
    readdress(world.people["fay"])
    save(world.people["anna"], plan, when=datetime.datetime(2026, 3, 26, 14))  # noqa: DTZ001
    assert seen(sent()) == [(NEW, "REQUEST", 2), (NEW, "REQUEST", 3), ("fay@example.test", "CANCEL", 1)]
    readdress(world.people["fay"], "fay.third@example.test")
    take_off(world.people["anna"], plan, "Fay Example")
    assert seen(sent()) == [(NEW, "CANCEL", 4), ("fay.third@example.test", "REQUEST", 5), ("fay.third@example.test", "CANCEL", 6)]


def test_meetings_that_have_begun_and_those_of_others_are_left_alone(world: World, plan: Plan) -> None:
    save(world.people["anna"], plan, add=people(world, "fay", "kit"))
    sent()
    readdress(world.people["fay"])
    assert follow_addresses(of=world.people["kit"].pk) == 0
    with time_machine.travel(NOW + 20 * DAY):
        assert follow_addresses() == 0
    assert Message.objects.filter(rule="meeting_elsewhere").count() == 0


def test_an_address_that_was_taken_away_takes_the_entry_out(world: World, plan: Plan) -> None:
    save(world.people["anna"], plan, add=people(world, "fay"))
    sent()
    readdress(world.people["fay"], None)
    assert follow_addresses() == 1
    assert seen(sent()) == [("fay@example.test", "CANCEL", 1)]
    assert follow_addresses() == 0


def test_who_can_no_longer_see_the_child_is_not_invited_at_the_new_address(world: World, plan: Plan) -> None:
    save(world.people["anna"], plan, add=people(world, "fay"))
    sent()
    readdress(world.people["fay"])
    held = Allocation.objects.get(child=plan.child, role="social_worker")
    held.ends = world.today
    held.save()
    daily("2026-03-10")
    assert ("REQUEST", NEW) not in [(one.method, one.to) for one in sent()]
    assert MeetingInvitation.objects.get().withdrawn


def test_an_invitation_held_back_by_an_outage_is_not_sent_to_the_wrong_address(world: World, plan: Plan) -> None:
    """The old entry, written for the old address, waits; the person's e-mails go to the new one."""
    save(world.people["anna"], plan, add=people(world, "fay"))
    readdress(world.people["fay"])
    follow_addresses()
    assert seen(sent()) == [(NEW, "REQUEST", 2), ("fay@example.test", "CANCEL", 1)]
    assert Message.objects.get(rule="meeting_booked").last_error == "The invitation has gone to another address"


def test_an_answer_from_the_old_calendar_counts_no_more(world: World, plan: Plan) -> None:
    save(world.people["anna"], plan, add=people(world, "fay"))
    [first] = sent()
    readdress(world.people["fay"])
    follow_addresses()
    reply = first.text.replace("METHOD:REQUEST", "METHOD:REPLY").replace("PARTSTAT=NEEDS-ACTION", "PARTSTAT=DECLINED")
    assert take_reply(reply, "fay@example.test") == "ignored"
    assert invitation(plan, world.people["fay"]).answered == "needs-action"
