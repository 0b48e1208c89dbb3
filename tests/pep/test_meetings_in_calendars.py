"""Meetings in calendars: each person their own entry, once for each change, and nobody who should not know."""

import datetime
import re
import threading
from collections import Counter
from collections.abc import Iterator
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.core import mail as outgoing
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext

from accounts.models import Message
from children.models import Allocation, Enrolment
from pep.invitations import withdraw_invitations
from pep.invited import for_the_record
from pep.models import Attendee, Meeting, MeetingInvitation, Plan
from pep.workflow import perform
from schools.models import Membership, School
from tests.pep.meeting_stories import Sent, decide, everything_in, fields, invitation, people, save, sent, sent_to, take_off, url
from tests.world import DAY, World, begin, build_world, signed_in

LONDON = ZoneInfo("Europe/London")
NOW = datetime.datetime(2026, 3, 10, 10, tzinfo=LONDON)
MOTHER = ("parent", "Sam’s mother")


@pytest.fixture
def world(db: None) -> Iterator[World]:
    """The cast, on Tuesday 10 March 2026."""
    with time_machine.travel(NOW):
        yield build_world()


@pytest.fixture
def plan(world: World) -> Plan:
    return begin(world, "sam")


def at(day: int, hour: int = 14, month: int = 3) -> datetime.datetime:
    """A day of 2026 and an hour as they are typed."""
    return datetime.datetime(2026, month, day, hour)  # noqa: DTZ001


# One entry for each person


def test_everyone_invited_gets_an_entry_of_their_own_that_names_nobody_else(world: World, plan: Plan) -> None:
    """F3, F5."""
    save(world.people["anna"], plan, add=people(world, "anna", "fay", "kit"), meeting={"minutes": "90"})
    mails = sent()
    assert [one.to for one in mails] == ["anna@example.test", "fay@example.test", "kit@example.test"]
    for one in mails:
        assert (one.method, one.sequence) == ("REQUEST", 0)
        assert str(one.entry["ATTENDEE"]) == f"mailto:{one.to}"
        assert str(one.entry["ORGANIZER"]) == "mailto:plans@example.org"
        assert str(one.entry["SUMMARY"]) == "PEP meeting (sign in for details)"
        assert "LOCATION" not in one.entry
        assert one.entry.decoded("DTSTART") == datetime.datetime(2026, 3, 24, 14, tzinfo=LONDON)
        assert one.entry.decoded("DTEND") == datetime.datetime(2026, 3, 24, 15, 30, tzinfo=LONDON)
        assert one.entry["DTSTART"].params["TZID"] == one.entry["DTEND"].params["TZID"] == "Europe/London"
        assert one.entry.decoded("DTSTAMP").utcoffset() == datetime.timedelta(0)
        [alarm] = one.entry.walk("VALARM")
        assert alarm.decoded("TRIGGER") == datetime.timedelta(days=-1)
        others = {"anna", "fay", "kit"} - {one.to.split("@")[0]}
        # The names of the other two stand nowhere: not in the entry, not in the e-mail.
        assert not any(name in one.whole.lower() for name in others)
    assert len({one.uid for one in mails}) == 3


def test_the_entrys_link_opens_the_invitation_for_who_is_signed_in_and_holds_no_plan_or_child(world: World, plan: Plan) -> None:
    save(world.people["anna"], plan, add=people(world, "fay"))
    [mail] = sent()
    link = str(mail.entry["DESCRIPTION"]).removeprefix("Sign in to see it: ")
    assert str(plan.pk) not in link and str(plan.child_id) not in link
    path = "/" + link.split("/", 3)[3]
    assert "Your invitation to a meeting" in signed_in(world.people["fay"]).get(path).content.decode()
    assert signed_in(world.people["bilal"]).get(path).status_code == 404


def test_the_zone_in_the_entry_changes_its_clock_when_london_does(world: World, plan: Plan) -> None:
    save(world.people["anna"], plan, add=people(world, "fay"))
    [mail] = sent()
    [zone] = mail.calendar.walk("VTIMEZONE")
    sent_zone = zone.to_tz()  # type: ignore[attr-defined]
    for year in (2025, 2026, 2027):
        for day in range(365):
            noon = datetime.datetime(year, 1, 1, 12) + day * DAY  # noqa: DTZ001
            assert noon.replace(tzinfo=sent_zone).utcoffset() == noon.replace(tzinfo=LONDON).utcoffset(), noon


def test_who_has_no_password_yet_is_invited_too_and_is_given_no_link_that_leads_nowhere(world: World, plan: Plan) -> None:
    fay = world.people["fay"]
    fay.set_unusable_password()
    fay.save()
    save(world.people["anna"], plan, add=[fay])
    [mail] = sent()
    assert mail.to == "fay@example.test"
    assert "https://" not in outgoing.outbox[0].body


# Changes


def test_a_meeting_moved_over_the_change_to_summer_time_keeps_its_london_hour_and_its_name_in_calendars(world: World, plan: Plan) -> None:
    """F5."""
    save(world.people["anna"], plan, when=at(27), add=people(world, "fay"))
    [first] = sent()
    save(world.people["anna"], plan, when=at(30))
    [moved] = sent()
    assert (first.uid, first.sequence, moved.uid, moved.sequence) == (first.uid, 0, first.uid, 1)
    assert first.entry.decoded("DTSTART").utcoffset() == datetime.timedelta(0)
    start = moved.entry.decoded("DTSTART")
    assert (start.hour, start.utcoffset()) == (14, datetime.timedelta(hours=1))
    assert "DTSTART;TZID=Europe/London:20260330T140000" in moved.text
    message = Message.objects.get(rule="meeting_moved")
    assert message.facts == {"on": "2026-03-30", "at": "14:00"}


def test_saving_what_calendars_hold_already_sends_nothing(world: World, plan: Plan) -> None:
    save(world.people["anna"], plan, add=people(world, "fay"))
    save(world.people["anna"], plan, meeting={"next_on-day": "1", "next_on-month": "9", "next_on-year": "2026"})
    save(world.people["anna"], plan, meeting={"place": "Another room"})  # which calendars do not hold
    assert len(sent()) == 1
    assert Message.objects.filter(rule__startswith="meeting").count() == 1


def test_the_place_is_in_calendars_only_when_whoever_books_says_so(world: World, plan: Plan) -> None:
    save(world.people["anna"], plan, add=people(world, "fay"), meeting={"place": "Room 3"})
    save(world.people["anna"], plan, meeting={"place": "Room 3", "place_in_calendar": "on"})
    save(world.people["anna"], plan, meeting={"place": "Room 3"})
    mails = sent()
    assert [(one.sequence, str(one.entry.get("LOCATION", ""))) for one in mails] == [(0, ""), (1, "Room 3"), (2, "")]


def test_a_place_that_names_the_child_is_not_put_into_calendars(world: World, plan: Plan) -> None:
    data = fields(plan, add=people(world, "fay"), meeting={"place": "Home of canary-sam-known", "place_in_calendar": "on"})
    answer = signed_in(world.people["anna"]).post(url(plan), data)
    assert "The place names the child" in answer.content.decode()
    assert not MeetingInvitation.objects.exists()


def test_the_page_refuses_a_place_that_is_for_the_council_alone_and_keeps_what_was_typed(world: World, plan: Plan) -> None:
    """A5, D7."""
    data = fields(plan, add=people(world, "fay"), meeting={"place": "CANARY-sam-council-address", "place_in_calendar": "on"})
    page = signed_in(world.people["anna"]).post(url(plan), data).content.decode()
    assert "The place names the child, the school or where the child lives" in page and "CANARY-sam-council-address" in page
    assert not MeetingInvitation.objects.exists()


def test_a_new_time_asks_again_and_a_new_place_does_not(world: World, plan: Plan) -> None:
    fay = world.people["fay"]
    save(world.people["anna"], plan, add=[fay], meeting={"place": "Room 3"})
    signed_in(fay).post(f"/meetings/{invitation(plan, fay).pk}/", {"answer": "accepted"})
    save(world.people["anna"], plan, meeting={"place": "Room 3", "place_in_calendar": "on"})
    assert invitation(plan, fay).answered == "accepted"
    save(world.people["anna"], plan, when=at(25), meeting={"place": "Room 3", "place_in_calendar": "on"})
    assert (invitation(plan, fay).answered, invitation(plan, fay).answered_at) == ("needs-action", None)


# Ends


def test_who_is_taken_off_the_list_has_the_entry_taken_out_and_asked_again_has_the_same_one_back(world: World, plan: Plan) -> None:
    fay = world.people["fay"]
    save(world.people["anna"], plan, add=people(world, "fay", "kit"))
    first = {one.to: one for one in sent()}["fay@example.test"]
    take_off(world.people["anna"], plan, "Fay Example")
    [cancel] = sent()
    assert (cancel.to, cancel.method, cancel.uid, cancel.sequence) == ("fay@example.test", "CANCEL", first.uid, 1)
    assert str(cancel.entry["STATUS"]) == "CANCELLED"
    assert "You are no longer asked to come" in cancel.whole
    save(world.people["anna"], plan, add=[fay])
    [again] = sent()
    assert (again.to, again.method, again.uid, again.sequence) == ("fay@example.test", "REQUEST", first.uid, 2)


@pytest.mark.parametrize("action", ["cancel", "close"])
def test_a_plan_that_is_given_up_takes_its_meeting_out_of_calendars(world: World, plan: Plan, action: str) -> None:
    save(world.people["anna"], plan, add=people(world, "fay", "anna"))
    first = sent()
    perform(plan, action, by=world.people["lena"], comment="Not needed")
    assert [(one.to, one.method, one.uid, one.sequence) for one in sent()] == [(one.to, "CANCEL", one.uid, 1) for one in first]


def test_a_meeting_that_will_not_be_held_is_taken_out_and_one_that_was_held_is_left_in(world: World, plan: Plan) -> None:
    save(world.people["anna"], plan, add=people(world, "fay"))
    save(world.people["anna"], plan, meeting={"state": "not_held", "not_held_because": "CANARY-sam-reason"})
    assert [one.method for one in sent()] == ["REQUEST", "CANCEL"]
    save(world.people["anna"], plan)
    with time_machine.travel(NOW + 20 * DAY):
        save(world.people["anna"], plan, meeting={"state": "held", "participation": "PN1"})
    assert [one.method for one in sent()] == ["REQUEST"]


HELD = {"state": "held", "participation": "PN1"}


def test_a_meeting_held_before_its_time_is_told_as_held_and_the_later_time_is_taken_out(world: World, plan: Plan) -> None:
    """F5: those who were invited are not told that a meeting they came to was cancelled, and their answers stay."""
    anna, fay, kit = people(world, "anna", "fay", "kit")
    save(anna, plan, when=at(11), add=[fay, kit, MOTHER])
    decide(fay, plan, MOTHER[1])
    first = {one.to: one for one in sent()}
    signed_in(fay).post(f"/meetings/{invitation(plan, fay).pk}/", {"answer": "accepted"})
    save(anna, plan, when=at(10, 9), meeting=HELD)
    mails = sent()
    assert [(one.to, one.method, one.sequence) for one in mails] == [
        (address, "CANCEL", 1) for address in ("fay@example.test", "kit@example.test", "mother@home.test")
    ]
    for one in mails:
        assert one.uid == first[one.to].uid
        assert one.entry.decoded("DTSTART") == datetime.datetime(2026, 3, 11, 14, tzinfo=LONDON), "the time that their calendar holds"
        assert "A meeting about a plan was held on 10 March 2026. The time in your calendar no longer applies." in " ".join(
            one.whole.split()
        )
        assert "cancelled" not in one.whole.lower().replace("status:cancelled", "")
    told = Message.objects.filter(rule="meeting_held")
    assert told.count() == 3 and all(message.facts == {"on": "2026-03-10"} for message in told)
    assert not Message.objects.filter(rule="meeting_cancelled").exists()
    page = signed_in(anna).get(url(plan)).content.decode()
    assert "Invited. Can come (answered on 10 March)." in page and page.count("Invited. No answer yet.") == 2
    assert "Not invited" not in page
    row = invitation(plan, kit)
    assert for_the_record(row.attendee, row) == "No answer yet", "and the plan says so for ever"
    # Saved once more, nothing is sent; and nobody answers what is over.
    save(anna, plan, when=at(10, 9), meeting={**HELD, "place": "Another room"})
    assert sent() == []
    path = f"/meetings/{invitation(plan, kit).pk}/"
    assert "The meeting was held, so the invitation can no longer be answered." in signed_in(kit).get(path).content.decode()
    assert signed_in(kit).post(path, {"answer": "declined"}).status_code == 409
    # Put back to booked by who clicked the wrong thing, it is in calendars again under the same name.
    save(anna, plan, when=at(12))
    assert [(one.to, one.method, one.uid, one.sequence) for one in sent()] == [(one.to, "REQUEST", one.uid, 2) for one in mails]


def test_a_meeting_recorded_at_the_very_time_it_was_booked_for_stays_in_calendars(world: World, plan: Plan) -> None:
    save(world.people["anna"], plan, when=at(10, 11), add=people(world, "fay"))
    save(world.people["anna"], plan, when=at(10, 11), meeting=HELD)
    assert [one.method for one in sent()] == ["REQUEST"]


def test_who_is_taken_off_the_list_of_a_meeting_held_before_its_time_is_no_longer_asked(world: World, plan: Plan) -> None:
    save(world.people["anna"], plan, when=at(11), add=people(world, "fay", "kit"))
    sent()
    save(world.people["anna"], plan, when=at(10, 9), meeting=HELD, **{"people-1-DELETE": "on"})
    fay, kit = sent()
    assert "was held on 10 March 2026" in " ".join(fay.whole.split()) and "You are no longer asked to come" in kit.whole
    assert not invitation(plan, world.people["fay"]).withdrawn and invitation(plan, world.people["kit"]).withdrawn


def test_of_a_meeting_that_was_not_held_the_page_still_says_who_was_invited_and_what_they_answered(world: World, plan: Plan) -> None:
    anna, fay = people(world, "anna", "fay")
    save(anna, plan, add=[fay])
    signed_in(fay).post(f"/meetings/{invitation(plan, fay).pk}/", {"answer": "accepted"})
    save(anna, plan, meeting={"state": "not_held", "not_held_because": "Snow"})
    page = signed_in(anna).get(url(plan)).content.decode()
    assert "Invited. Can come (answered on 10 March). The invitation was withdrawn." in page and "Not invited" not in page


def test_who_can_no_longer_see_the_child_has_the_entry_taken_out_once_that_night(world: World, plan: Plan) -> None:
    """F5: also whose account has ended, at the address they were invited at."""
    save(world.people["anna"], plan, add=people(world, "anna", "fay", "kit", "eve"))
    first = {one.to: one for one in sent()}
    worker = Allocation.objects.get(child=plan.child, role="social_worker")
    worker.ends = world.today + DAY
    worker.save()
    eve = world.people["eve"]
    eve.is_active = False
    eve.save()
    assert withdraw_invitations(world.today + DAY) == 2
    assert withdraw_invitations(world.today + DAY) == 0
    mails = sent()
    assert [(one.to, one.method, one.sequence) for one in mails] == [
        ("eve@example.test", "CANCEL", 1),
        ("fay@example.test", "CANCEL", 1),
    ]
    assert all(one.uid == first[one.to].uid for one in mails)
    # And neither is invited again by the next save.
    with time_machine.travel(NOW + DAY):
        save(world.people["kit"], plan, when=at(26), on_behalf_of="Anna", learned_by="telephone")
        assert [one.to for one in sent()] == ["anna@example.test", "kit@example.test"]


@pytest.mark.parametrize("how", ["role", "account", "last day"])
def test_whose_role_or_account_an_administrator_ends_has_the_entry_taken_out_at_once(
    world: World, plan: Plan, how: str, django_capture_on_commit_callbacks: Any
) -> None:
    """F5: not that night, and of the others' calendars nothing."""
    anna, nia = world.people["anna"], world.people["nia"]
    save(world.people["fay"], plan, add=people(world, "anna", "fay"), on_behalf_of="Anna", learned_by="telephone")
    sent()
    yesterday = world.today - DAY
    typed: dict[str, Any] = {"last_day-day": yesterday.day, "last_day-month": yesterday.month, "last_day-year": yesterday.year}
    urls = {
        "role": f"/people/roles/{Membership.objects.get(user=anna).pk}/end/",
        "account": f"/people/{anna.pk}/close/",
        "last day": f"/people/{anna.pk}/last-day/",
    }
    with django_capture_on_commit_callbacks(execute=True):
        assert signed_in(nia).post(urls[how], {**typed, "because": "Left", "how": "seen in person"}).status_code == 302
    assert [(one.to, one.method) for one in sent()] == [("anna@example.test", "CANCEL")]
    assert invitation(plan, anna).withdrawn and not invitation(plan, world.people["fay"]).withdrawn
    assert withdraw_invitations(world.today) == 0


def test_a_role_that_ends_on_a_day_to_come_takes_nothing_out_before(
    world: World, plan: Plan, django_capture_on_commit_callbacks: Any
) -> None:
    anna, last = world.people["anna"], world.today + DAY
    save(world.people["fay"], plan, add=people(world, "anna"), on_behalf_of="Anna", learned_by="telephone")
    sent()
    typed = {"last_day-day": last.day, "last_day-month": last.month, "last_day-year": last.year, "because": "Leaves"}
    with django_capture_on_commit_callbacks(execute=True):
        role = Membership.objects.get(user=anna)
        assert signed_in(world.people["nia"]).post(f"/people/roles/{role.pk}/end/", typed).status_code == 302
    assert not invitation(plan, anna).withdrawn


def test_a_teacher_of_a_school_the_child_has_left_keeps_no_invitation_although_they_may_still_read(world: World, plan: Plan) -> None:
    """F5: they read what was written by then; what is still to come is for those who work with the child."""
    save(world.people["fay"], plan, add=people(world, "anna", "fay"), on_behalf_of="Anna", learned_by="telephone")
    sent()
    enrolment = Enrolment.objects.get(child=plan.child)
    enrolment.ends, enrolment.readable_until = world.today + DAY, world.today + 5 * DAY
    enrolment.save()
    assert withdraw_invitations(world.today) == 0
    assert (withdraw_invitations(world.today + DAY), withdraw_invitations(world.today + DAY)) == (1, 0)
    [cancel] = sent()
    assert (cancel.to, cancel.method) == ("anna@example.test", "CANCEL") and "You are no longer asked to come" in cancel.whole
    # And the next save does not invite them again.
    with time_machine.travel(NOW + DAY):
        save(world.people["kit"], plan, when=at(26), on_behalf_of="Nobody there", learned_by="telephone")
        assert [one.to for one in sent()] == ["fay@example.test"]


def test_whoever_booked_and_has_only_the_past_to_read_is_told_no_answer(world: World, plan: Plan) -> None:
    anna, fay = people(world, "anna", "fay")
    save(anna, plan, add=[fay])
    enrolment = Enrolment.objects.get(child=plan.child)
    enrolment.ends, enrolment.readable_until = world.today, world.today + 5 * DAY
    enrolment.save()
    assert signed_in(fay).post(f"/meetings/{invitation(plan, fay).pk}/", {"answer": "declined"}).status_code == 302
    assert invitation(plan, fay).answered == "declined" and not Message.objects.filter(rule="meeting_answered").exists()


def test_the_night_asks_a_fixed_number_of_queries_however_many_are_invited(world: World) -> None:
    counts = []
    for key, names in (("sam", ["anna", "fay", "hana", "ian", "jo", "kit", "lena", "moe", "eve"]), ("tia", ["bilal", "gus", "hana"])):
        save(world.people["kit"], begin(world, key), add=people(world, *names), on_behalf_of="Anna", learned_by="telephone")
        with CaptureQueriesContext(connection) as queries:
            assert withdraw_invitations(world.today) == 0
        counts.append(len(queries))
    assert counts == [1, 1], "every plain relation is known without asking about each person"


# Parents and carers


def test_a_parent_is_not_invited_before_the_social_worker_has_said_that_they_may_come(world: World, plan: Plan) -> None:
    save(world.people["anna"], plan, add=[MOTHER], meeting={"place": "Room 3", "place_in_calendar": "on"})
    assert sent() == []
    page = signed_in(world.people["anna"]).get(url(plan)).content.decode()
    assert "Waits for a decision" in page
    assert decide(world.people["anna"], plan, MOTHER[1]).status_code == 403
    assert decide(world.people["fay"], plan, MOTHER[1]).status_code == 302
    [mail] = sent()
    assert (mail.to, mail.method, str(mail.entry["SUMMARY"])) == ("mother@home.test", "REQUEST", "PEP meeting")
    assert "LOCATION" not in mail.entry, "they may know the date only"
    assert "https://" not in mail.text, "there is nothing they could sign in to"
    person = Attendee.objects.get(name=MOTHER[1])
    assert (person.decided_by, person.decided_at is not None) == (world.people["fay"], True)


def test_the_school_sees_that_a_decision_was_made_and_never_the_address_or_what_they_may_know(world: World, plan: Plan) -> None:
    """A5."""
    save(world.people["anna"], plan, add=[MOTHER])
    decide(
        world.people["fay"], plan, MOTHER[1], may_come="separate", **{"day-day": "25", "day-month": "3", "day-year": "2026"}, time="09:15"
    )
    person, row = Attendee.objects.get(name=MOTHER[1]), MeetingInvitation.objects.get()
    for path in (url(plan), f"/meetings/{row.pk}/", f"/plans/{plan.pk}/read/", f"/plans/{plan.pk}/timeline/"):
        page = signed_in(world.people["anna"]).get(path).content.decode()
        for secret in ("mother@home.test", "09:15", "25 March", "The date and time only"):
            assert secret not in page, (path, secret)
    assert "At a time of their own" in signed_in(world.people["anna"]).get(url(plan)).content.decode()
    assert signed_in(world.people["anna"]).get(f"/plans/{plan.pk}/who-may-come/{person.pk}/").status_code == 403
    assert "mother@home.test" in signed_in(world.people["fay"]).get(url(plan)).content.decode()


def test_what_a_parent_may_know_decides_whether_their_calendar_has_the_place(world: World, plan: Plan) -> None:
    save(world.people["anna"], plan, add=[MOTHER], meeting={"place": "Room 3", "place_in_calendar": "on"})
    for may_know, place in (("date", ""), ("place", "Room 3"), ("copy", "Room 3"), ("date", "")):
        decide(world.people["fay"], plan, MOTHER[1], may_know=may_know)
        for mail in sent():
            assert str(mail.entry.get("LOCATION", "")) == place
    assert MeetingInvitation.objects.get().sequence == 2, "a decision that changes nothing in the calendar sends nothing"


def test_somebody_who_comes_at_a_time_of_their_own_is_invited_to_that_time_alone(world: World, plan: Plan) -> None:
    save(world.people["anna"], plan, add=[MOTHER, *people(world, "fay")])
    own = {"day-day": "25", "day-month": "3", "day-year": "2026", "time": "09:15"}
    assert decide(world.people["fay"], plan, MOTHER[1], may_come="separate").status_code == 200, "it asks for the time"
    decide(world.people["fay"], plan, MOTHER[1], may_come="separate", **own)
    starts = {one.to: one.entry.decoded("DTSTART") for one in sent()}
    assert starts["mother@home.test"] == datetime.datetime(2026, 3, 25, 9, 15, tzinfo=LONDON)
    assert starts["fay@example.test"] == datetime.datetime(2026, 3, 24, 14, tzinfo=LONDON)
    save(world.people["anna"], plan, when=at(26))
    assert [one.to for one in sent()] == ["fay@example.test"], "their own time has not changed"


def test_a_time_of_their_own_that_is_still_to_come_stays_when_the_meeting_was_held(world: World, plan: Plan) -> None:
    save(world.people["anna"], plan, add=[MOTHER])
    decide(
        world.people["fay"], plan, MOTHER[1], may_come="separate", **{"day-day": "2", "day-month": "4", "day-year": "2026"}, time="09:15"
    )
    with time_machine.travel(NOW + 20 * DAY):
        save(world.people["anna"], plan, meeting={"state": "held", "participation": "PN1"})
        assert [one.method for one in sent()] == ["REQUEST"]
        decide(world.people["fay"], plan, MOTHER[1], may_come="no")
        assert [one.method for one in sent()] == ["CANCEL"]


def test_the_virtual_school_decides_only_for_a_named_person(world: World, plan: Plan) -> None:
    save(world.people["anna"], plan, add=[MOTHER])
    assert decide(world.people["kit"], plan, MOTHER[1]).status_code == 200
    assert sent() == []
    assert decide(world.people["kit"], plan, MOTHER[1], on_behalf_of="Fay", learned_by="telephone").status_code == 302
    assert [one.to for one in sent()] == ["mother@home.test"]


def test_a_decision_taken_back_takes_the_entry_out(world: World, plan: Plan) -> None:
    save(world.people["anna"], plan, add=[MOTHER])
    decide(world.people["fay"], plan, MOTHER[1])
    decide(world.people["fay"], plan, MOTHER[1], may_come="no")
    assert [(one.method, one.sequence) for one in sent()] == [("REQUEST", 0), ("CANCEL", 1)]


def test_what_was_decided_for_one_person_does_not_hold_for_another_who_is_written_over_them(world: World, plan: Plan) -> None:
    save(world.people["anna"], plan, add=[MOTHER])
    decide(world.people["fay"], plan, MOTHER[1])
    save(world.people["anna"], plan, **{"people-0-name": "Sam’s father"})
    assert [one.method for one in sent()] == ["REQUEST", "CANCEL"]
    person = Attendee.objects.get(meeting__plan=plan, name="Sam’s father")
    assert (person.may_come, person.email, person.decided_by) == ("undecided", "", None)


def test_another_address_is_another_entry_and_the_old_one_is_taken_out(world: World, plan: Plan) -> None:
    save(world.people["anna"], plan, add=[MOTHER])
    decide(world.people["fay"], plan, MOTHER[1])
    [first] = sent()
    decide(world.people["fay"], plan, MOTHER[1], email="Mother.New@home.test")
    new, old = sent()
    assert (old.to, old.method, old.uid) == ("mother@home.test", "CANCEL", first.uid)
    assert (new.to, new.method) == ("mother.new@home.test", "REQUEST")
    assert new.uid != first.uid


def test_a_decision_made_on_a_page_that_is_out_of_date_is_shown_again_and_not_kept(world: World, plan: Plan) -> None:
    """C1."""
    save(world.people["anna"], plan, add=[MOTHER])
    answer = decide(world.people["fay"], plan, MOTHER[1], version="0")
    assert answer.status_code == 409
    assert "mother@home.test" in answer.content.decode(), "what was typed is still there"
    assert Attendee.objects.get(name=MOTHER[1]).may_come == "undecided"


def test_nothing_is_ever_sent_to_a_child(world: World, plan: Plan) -> None:
    save(world.people["anna"], plan, add=[("child", "Sam")])
    assert decide(world.people["fay"], plan, "Sam").status_code == 404
    assert sent() == []


# Answers


def test_whoever_booked_is_told_each_answer_once_and_sees_them_all(world: World, plan: Plan) -> None:
    anna, fay = world.people["anna"], world.people["fay"]
    save(anna, plan, add=people(world, "fay", "kit"))
    path = f"/meetings/{invitation(plan, fay).pk}/"
    for answer in ("declined", "declined", "accepted", "declined"):
        assert signed_in(fay).post(path, {"answer": answer}).status_code == 302
    told = Message.objects.filter(rule="meeting_answered")
    in_order = [message.facts["answer"] for message in told.order_by("created_at")]
    assert in_order == ["declined", "accepted", "declined"], "the last that is told is the last there was"
    assert {message.recipient for message in told} == {anna}
    page = signed_in(anna).get(url(plan)).content.decode()
    assert "Invited. Cannot come (answered on 10 March)." in page
    assert "Invited. No answer yet" in page
    rows = MeetingInvitation.history.filter(id=invitation(plan, fay).pk, history_change_reason="Answered in the product")
    assert [(row.answered, row.history_user_id) for row in rows.order_by("history_id")] == [
        ("declined", fay.pk), ("accepted", fay.pk), ("declined", fay.pk),
    ]  # fmt: skip


def test_an_answer_is_ones_own_or_written_down_by_who_records_the_meeting(world: World, plan: Plan) -> None:
    anna, fay, jo = people(world, "anna", "fay", "jo")
    save(anna, plan, add=[fay])
    path = f"/meetings/{invitation(plan, fay).pk}/"
    assert signed_in(jo).post(path, {"answer": "accepted"}).status_code == 403
    assert signed_in(world.people["bilal"]).post(path, {"answer": "accepted"}).status_code == 404
    assert invitation(plan, fay).answered == "needs-action"
    assert signed_in(anna).post(path, {"answer": "tentative"}).status_code == 302
    assert invitation(plan, fay).answered == "tentative"
    assert not Message.objects.filter(rule="meeting_answered").exists(), "nobody is told of their own doing"


@pytest.mark.parametrize("answer", ["", "needs-action", "perhaps"])
def test_what_is_no_answer_is_refused(world: World, plan: Plan, answer: str) -> None:
    save(world.people["anna"], plan, add=people(world, "fay"))
    row = invitation(plan, world.people["fay"])
    assert signed_in(world.people["fay"]).post(f"/meetings/{row.pk}/", {"answer": answer}).status_code == 200
    assert invitation(plan, world.people["fay"]).answered == "needs-action"


def test_after_the_meeting_has_begun_nobody_answers(world: World, plan: Plan) -> None:
    save(world.people["anna"], plan, add=people(world, "fay"))
    row = invitation(plan, world.people["fay"])
    with time_machine.travel(NOW + 15 * DAY):
        assert signed_in(world.people["fay"]).post(f"/meetings/{row.pk}/", {"answer": "accepted"}).status_code == 409


# The list


def test_somebody_is_on_the_list_once_and_only_those_who_work_with_the_child_can_be_chosen(world: World, plan: Plan) -> None:
    anna, fay = people(world, "anna", "fay")
    twice = signed_in(anna).post(url(plan), fields(plan, add=[fay, fay])).content.decode()
    assert "Fay Example is on the list already" in twice
    stranger = signed_in(anna).post(url(plan), fields(plan, add=people(world, "bilal")))
    assert stranger.status_code == 200
    assert not Attendee.objects.filter(meeting__plan=plan).exists()
    assert "Bilal" not in signed_in(anna).get(url(plan)).content.decode()


# Privacy


def test_no_e_mail_and_no_entry_of_a_meetings_whole_life_says_whose_it_is(world: World, plan: Plan) -> None:
    """F3: every message there is about a meeting, with a canary in every text about the child."""
    anna, fay = people(world, "anna", "fay")
    mother = ("parent", "CANARY-sam-mother")
    everything: list[Sent] = []
    others: list[str] = []

    def read() -> None:
        everything.extend(sent())
        others.extend(everything_in(email.message()) for email in outgoing.outbox if not email.attachments)

    save(anna, plan, add=[mother, *people(world, "anna", "fay", "jo", "kit")])
    decide(fay, plan, mother[1])
    read()
    signed_in(fay).post(f"/meetings/{invitation(plan, fay).pk}/", {"answer": "declined"})
    save(anna, plan, when=at(31))
    take_off(anna, plan, "Jo Example")
    read()
    save(anna, plan, meeting={"state": "not_held", "not_held_because": "CANARY-sam-reason"})
    read()
    assert len(others) == 1, "the answer"
    assert {one.method for one in everything} == {"REQUEST", "CANCEL"}
    rules = {"meeting_booked", "meeting_moved", "meeting_cancelled", "meeting_answered"}
    assert set(Message.objects.values_list("rule", flat=True)) == rules
    assert not Message.objects.exclude(mail="sent").exists()
    child = plan.child
    secrets = ("CANARY", child.reference, "Hill School", "Fenshire", str(plan.pk), str(child.pk), str(Meeting.objects.get(plan=plan).pk))
    for text in [one.whole for one in everything] + others + [str(row) for row in Message.objects.values_list("facts", "calendar")]:
        for secret in secrets:
            assert secret not in text, (secret, text)
    # Nobody's e-mail or entry names anybody else.
    for one in everything:
        for name in {"anna", "fay", "jo", "kit", "mother"} - {one.to.split("@")[0]}:
            assert name not in one.whole.lower(), (one.to, name)


# At the same instant


def _at_once(works: list[Any]) -> list[Any]:
    """Run these in threads that start at the same instant; their results."""
    barrier, results = threading.Barrier(len(works)), [None] * len(works)

    def run(number: int) -> None:
        try:
            barrier.wait(timeout=60)
            results[number] = works[number]()
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(number,)) for number in range(len(works))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=120)
    return results


def test_of_two_who_book_at_the_same_instant_one_is_kept_and_everyone_is_written_to_once(committed_db: Any) -> None:
    """C1, E4: exactly one message for each change and person, whoever saves and however often the night runs."""
    world = build_world()
    plan = begin(world, "sam")
    when = datetime.datetime.combine(world.today + 20 * DAY, datetime.time(14))
    asked = people(world, "anna", "fay", "kit")
    clients = [
        (signed_in(user), fields(plan, when=when + number * DAY, add=asked)) for number, user in enumerate(people(world, "anna", "fay"))
    ]
    saved = _at_once([lambda one=one: one[0].post(url(plan), one[1]).status_code for one in clients])
    assert Counter(saved) == {302: 1, 409: 1}
    keys = [key for key in Message.objects.values_list("key", flat=True) if key.startswith("meeting:")]
    assert len(keys) == len(set(keys)) == 3
    worker = Allocation.objects.get(child=plan.child, role="social_worker")
    worker.ends = world.today
    worker.save()
    assert sum(_at_once([lambda: withdraw_invitations(world.today)] * 2)) == 1
    assert Message.objects.filter(rule="meeting_cancelled").count() == 1


def test_a_teacher_where_the_child_has_tuition_keeps_the_invitation(world: World, plan: Plan) -> None:
    tuition = School(urn=900099, name="Tuition Centre", status="Open")
    tuition.save()
    Enrolment(child=plan.child, school=tuition, kind="tuition", starts=world.today - DAY).save()
    Membership(
        user=world.people["uri"], role="designated_teacher", school=tuition, authority=plan.child.authority, starts=world.today - DAY
    ).save()
    save(world.people["anna"], plan, add=people(world, "uri"))
    assert withdraw_invitations(world.today) == 0
    assert [one.to for one in sent_to("uri@example.test")] == ["uri@example.test"]


def test_each_person_added_to_the_list_is_asked_to_come_unless_the_box_is_unticked(world: World, plan: Plan) -> None:
    """The form that comes back with one row more has been posted, and a box in it that nobody saw yet would not be ticked."""
    data = fields(plan, add=[MOTHER, *people(world, "fay")])
    del data["people-0-invited"]
    page = signed_in(world.people["anna"]).post(url(plan), {**data, "add_row": "people"}).content.decode()
    ticked = [number for number in range(3) if re.search(rf'name="people-{number}-invited"[^>]*checked', page)]
    assert ticked == [1, 2]


# The day a meeting is booked for


def test_a_meeting_on_a_day_off_or_with_late_invitations_is_kept_and_said_to_be_so(world: World, plan: Plan) -> None:
    """Never refused: said once it is saved, and on the section's page to all who read it, until the day is another."""
    anna, fay = signed_in(world.people["anna"]), signed_in(world.people["fay"])

    def said(when: datetime.datetime) -> str:
        answer = anna.post(url(plan), fields(plan, when=when), follow=True).content.decode()
        assert "is saved." in answer
        pages = [anna.get(url(plan)).content.decode(), fay.get(url(plan)).content.decode()]
        for words in ("Is the meeting meant to be on that day?", "Invitations were due by"):
            assert {words in page for page in pages} == {words in answer}
        return answer

    page = said(at(29))
    assert "29 March 2026 is a Sunday." in page and "Invitations were due by 8 March 2026, 21 days before the meeting." in page
    page = said(at(6, month=4))
    assert "6 April 2026 is a bank holiday." in page and "Invitations were due" not in page
    page = said(at(31))
    assert "Is the meeting meant" not in page and "Invitations were due" not in page
    with time_machine.travel(at(28).astimezone(LONDON)):
        page = signed_in(world.people["anna"]).get(url(plan)).content.decode()
        assert "Invitations were due" not in page  # it has been booked for this day since 10 March
        page = signed_in(world.people["anna"]).post(url(plan), fields(plan, when=at(30)), follow=True).content.decode()
        assert "Invitations were due by 9 March 2026" in page
