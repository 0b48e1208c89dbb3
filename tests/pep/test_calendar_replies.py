"""Answers that calendars send by e-mail: kept when the invited person sent them, and harmless when anybody else did."""

from collections.abc import Iterator

import pytest
import time_machine
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import Message
from pep.calendar_replies import take_reply
from pep.models import MeetingInvitation, Plan
from tests.pep.meeting_stories import decide, invitation, people, save, sent
from tests.pep.test_meetings_in_calendars import MOTHER, NOW, at
from tests.world import DAY, World, begin, build_world, signed_in

FAY = "fay@example.test"


@pytest.fixture
def world(db: None) -> Iterator[World]:
    """The cast, on Tuesday 10 March 2026."""
    with time_machine.travel(NOW):
        yield build_world()


@pytest.fixture
def plan(world: World) -> Plan:
    """Sam's plan, whose meeting Anna has booked with Fay and Kit."""
    plan = begin(world, "sam")
    save(world.people["anna"], plan, add=people(world, "fay", "kit"))
    return plan


def reply(uid: str, *, who: str = FAY, answer: str = "ACCEPTED", sequence: str = "0", method: str = "REPLY", more: str = "") -> str:
    """A reply as calendars write it."""
    return (
        f"BEGIN:VCALENDAR\r\nPRODID:-//Somebody//Calendar//EN\r\nVERSION:2.0\r\nMETHOD:{method}\r\nBEGIN:VEVENT\r\nUID:{uid}\r\n"
        f"SEQUENCE:{sequence}\r\nDTSTAMP:20260310T120000Z\r\nDTSTART:20260324T140000Z\r\nORGANIZER:mailto:plans@example.org\r\n"
        f'ATTENDEE;CN="Fay";PARTSTAT={answer}:MAILTO:{who}\r\n{more}END:VEVENT\r\nEND:VCALENDAR\r\n'
    )


def state() -> list[tuple[str, str, int, bool]]:
    """Every invitation as it stands."""
    return sorted((row.address, row.answered, row.sequence, row.withdrawn) for row in MeetingInvitation.objects.all())


@pytest.mark.parametrize(("written", "answer"), [("ACCEPTED", "accepted"), ("DECLINED", "declined"), ("TENTATIVE", "tentative")])
def test_an_answer_is_kept_with_its_history_and_whoever_booked_is_told(world: World, plan: Plan, written: str, answer: str) -> None:
    fay = world.people["fay"]
    row = invitation(plan, fay)
    assert take_reply(reply(row.uid, answer=written), FAY) == answer
    assert take_reply(reply(row.uid, answer=written), "FAY@Example.test ") == answer, "a mail that comes twice"
    row = invitation(plan, fay)
    assert (row.answered, row.answered_at is not None) == (answer, True)
    [kept] = MeetingInvitation.history.filter(id=row.pk, history_change_reason="Answered from their calendar")
    assert kept.history_user_id == fay.pk
    [message] = Message.objects.filter(rule="meeting_answered")
    assert (message.recipient, message.facts) == (world.people["anna"], {"answer": answer})


def test_the_reply_of_a_parent_is_kept_too(world: World, plan: Plan) -> None:
    save(world.people["anna"], plan, add=[MOTHER])
    decide(world.people["fay"], plan, MOTHER[1])
    row = MeetingInvitation.objects.get(user=None)
    assert take_reply(reply(row.uid, who="mother@home.test"), "mother@home.test") == "accepted"


def test_a_reply_made_from_the_entry_as_it_was_sent_is_understood(world: World, plan: Plan) -> None:
    """What a calendar does: the same event with METHOD:REPLY and its own PARTSTAT."""
    [mail] = [one for one in sent() if one.to == FAY]
    text = mail.text.replace("METHOD:REQUEST", "METHOD:REPLY").replace("PARTSTAT=NEEDS-ACTION", "PARTSTAT=DECLINED")
    assert take_reply(text, FAY) == "declined"


def test_a_stranger_changes_nothing(world: World, plan: Plan) -> None:
    """Neither with somebody else's UID, nor in somebody else's name, nor with an address that is only like theirs."""
    before, uid = state(), invitation(plan, world.people["fay"]).uid
    assert take_reply(reply(uid, who="stranger@bad.test"), "stranger@bad.test") == "ignored"
    assert take_reply(reply(uid), "stranger@bad.test") == "ignored"
    assert take_reply(reply(uid, who="kit@example.test"), "kit@example.test") == "ignored", "Kit, with Fay’s UID"
    assert take_reply(reply(uid, who="kit@example.test"), FAY) == "ignored", "Fay, for Kit"
    assert take_reply(reply(uid), "fay@example.test.bad.test") == "ignored"
    assert take_reply(reply(uid), "") == "ignored"
    assert take_reply(reply("11111111-2222-4333-8444-555555555555"), FAY) == "unknown"
    assert take_reply(reply(str(invitation(plan, world.people["fay"]).pk)), FAY) == "unknown", "our own keys are not UIDs"
    assert state() == before
    assert not Message.objects.filter(rule="meeting_answered").exists()


def test_an_answer_to_an_older_time_is_not_an_answer_to_the_new_one(world: World, plan: Plan) -> None:
    uid = invitation(plan, world.people["fay"]).uid
    save(world.people["anna"], plan, when=at(26))
    assert take_reply(reply(uid, sequence="0"), FAY) == "ignored"
    assert invitation(plan, world.people["fay"]).answered == "needs-action"
    assert take_reply(reply(uid, sequence="1"), FAY) == "accepted"


def test_an_answer_after_the_invitation_was_withdrawn_or_the_meeting_has_begun_is_ignored(world: World, plan: Plan) -> None:
    fay, kit = people(world, "fay", "kit")
    with time_machine.travel(NOW + 15 * DAY):
        assert take_reply(reply(invitation(plan, kit).uid, who="kit@example.test"), "kit@example.test") == "ignored"
    save(world.people["anna"], plan, meeting={"state": "not_held", "not_held_because": "Snow"})
    assert take_reply(reply(invitation(plan, fay).uid, sequence="1"), FAY) == "ignored"


def test_whoever_booked_and_can_no_longer_see_the_child_is_not_told(world: World, plan: Plan) -> None:
    enrolment = plan.child.enrolments.get()
    enrolment.ends = world.today
    enrolment.save()
    assert take_reply(reply(invitation(plan, world.people["fay"]).uid), FAY) == "accepted"
    assert not Message.objects.filter(rule="meeting_answered").exists()


HOSTILE = {
    "nothing": "",
    "no calendar": "Dear all, I can come. Fay",
    "a bare beginning": "BEGIN:VCALENDAR",
    "nested without end": "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\n" * 2000,
    "very long": "BEGIN:VCALENDAR\r\n" + "X" * 3_000_000,
    "two calendars": "BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n" * 2,
    "nul": "BEGIN:VCALENDAR\r\nMETHOD:REPLY\r\nBEGIN:VEVENT\r\nUID:\x00\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n",
    "no attendee": "BEGIN:VCALENDAR\r\nMETHOD:REPLY\r\nBEGIN:VEVENT\r\nUID:{uid}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n",
    "lone surrogate": "BEGIN:VCALENDAR\r\nMETHOD:REPLY\r\nUID:\ud800\r\nEND:VCALENDAR",
}


@pytest.mark.parametrize("what", HOSTILE)
def test_a_hostile_text_is_ignored_and_never_raises(world: World, plan: Plan, what: str) -> None:
    before = state()
    text = HOSTILE[what].replace("{uid}", invitation(plan, world.people["fay"]).uid)
    assert take_reply(text, FAY) in ("ignored", "unknown")
    assert state() == before


@pytest.mark.parametrize(
    "changes",
    [
        {"method": "REQUEST"}, {"method": "CANCEL"}, {"method": "COUNTER"}, {"answer": "DELEGATED"}, {"answer": "NEEDS-ACTION"},
        {"answer": ""}, {"sequence": "-1"}, {"sequence": "many"}, {"sequence": "9" * 400},
        {"more": f"ATTENDEE;PARTSTAT=DECLINED:mailto:{FAY}\r\n"},
        {"more": "END:VEVENT\r\nBEGIN:VEVENT\r\nUID:x\r\n"}, {"uid": "' OR 1=1 --"}, {"uid": "x" * 5000},
    ],
    ids=str,
)  # fmt: skip
def test_what_is_no_plain_answer_changes_nothing(world: World, plan: Plan, changes: dict[str, str]) -> None:
    before = state()
    uid = changes.pop("uid", invitation(plan, world.people["fay"]).uid)
    assert take_reply(reply(uid, **changes), FAY) in ("ignored", "unknown")
    assert state() == before


LINES = st.sampled_from(
    ["BEGIN:VCALENDAR", "END:VCALENDAR", "BEGIN:VEVENT", "END:VEVENT", "METHOD:REPLY", "UID:{uid}", "SEQUENCE:0", "SEQUENCE:1e9",
     "ATTENDEE;PARTSTAT=ACCEPTED:mailto:stranger@bad.test", "ATTENDEE;PARTSTAT=ACCEPTED", "ATTENDEE:", "RRULE:FREQ=SECONDLY", "DTSTART:x",
     "BEGIN:VTIMEZONE", "TZID:Europe/London", "END:VTIMEZONE", " folded", ";;;:::", "\x00", "DTSTART;TZID=../../etc/passwd:20260101T000000"]
)  # fmt: skip


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    lines=st.lists(st.one_of(LINES, st.text(max_size=60)), max_size=25),
    sender=st.one_of(st.just("stranger@bad.test"), st.text(max_size=40)),
)
def test_whatever_strangers_write_it_never_raises_and_changes_nothing(world: World, plan: Plan, lines: list[str], sender: str) -> None:
    before, uid = state(), invitation(plan, world.people["fay"]).uid
    assert take_reply("\r\n".join(lines).replace("{uid}", uid), sender) in ("ignored", "unknown")
    assert state() == before


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cut=st.integers(0, 420), put=st.text(max_size=6), gone=st.integers(0, 30))
def test_a_reply_with_letters_put_in_or_lost_is_an_answer_or_nothing(world: World, plan: Plan, cut: int, put: str, gone: int) -> None:
    text = reply(invitation(plan, world.people["fay"]).uid)
    became = take_reply(text[:cut] + put + text[cut + gone :], FAY)
    assert became in ("accepted", "ignored", "unknown")
    assert invitation(plan, world.people["kit"]).answered == "needs-action"


def test_the_answer_in_the_product_and_the_calendars_are_one(world: World, plan: Plan) -> None:
    fay = world.people["fay"]
    row = invitation(plan, fay)
    assert take_reply(reply(row.uid, answer="DECLINED"), FAY) == "declined"
    assert 'value="declined" checked' in signed_in(fay).get(f"/meetings/{row.pk}/").content.decode()
