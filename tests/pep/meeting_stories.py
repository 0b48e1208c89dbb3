"""Booking meetings as people do it, and reading what their calendars are sent."""

import datetime
from dataclasses import dataclass
from email.message import Message as Part
from typing import Any

from django.core import mail as outgoing
from icalendar import Calendar, Event

from accounts import mail
from accounts.models import User
from pep.models import Attendee, Meeting, MeetingInvitation, Plan, Section
from pep.views.meeting import meeting_section
from tests.accounts.signing_in import by_day
from tests.world import World, signed_in

LONDON_TUESDAY = datetime.datetime(2026, 3, 24, 14)  # noqa: DTZ001 - as it is typed, by London's clock


def section_of(plan: Plan) -> Section:
    """The section that the meeting is written in, as it now stands."""
    return Section.objects.get(plan=plan, key=meeting_section(plan).key)


def url(plan: Plan) -> str:
    """Its page."""
    return f"/plans/{plan.pk}/sections/{meeting_section(plan).key}/"


def fields(plan: Plan, *, when: datetime.datetime = LONDON_TUESDAY, add: Any = (), **changes: Any) -> dict[str, str]:
    """The meeting's form as its page would post it, with the people on the list and ``add``: users, or (role, name) without account."""
    meeting = Meeting.objects.get(plan=plan)
    data = {
        "version": str(section_of(plan).version),
        "complete": "no",
        "meeting-state": "booked",
        "meeting-day-day": str(when.day),
        "meeting-day-month": str(when.month),
        "meeting-day-year": str(when.year),
        "meeting-time": when.strftime("%H:%M"),
        "meeting-minutes": str(meeting.minutes),
        "meeting-place": "CANARY-hill-room",
    }
    people = list(meeting.attendees.filter(removed=False))
    rows: list[dict[str, str]] = [
        {"id": str(one.pk), "role": one.role, "user": str(one.user_id or ""), "name": one.name, "came": one.came}
        | ({"invited": "on"} if one.invited else {})
        for one in people
    ]
    for one in add:
        role, user, name = ("other", str(one.pk), "") if isinstance(one, User) else (one[0], "", one[1])
        rows.append({"id": "", "role": role, "user": user, "name": name, "invited": "on", "came": "unknown"})
    data |= {"people-TOTAL_FORMS": str(len(rows)), "people-INITIAL_FORMS": str(len(people))}
    for number, row in enumerate(rows):
        data |= {f"people-{number}-{name}": value for name, value in row.items()}
    data |= {f"meeting-{name}": value for name, value in changes.pop("meeting", {}).items()}
    return data | changes


def save(user: User, plan: Plan, **kwargs: Any) -> Any:
    """Somebody saves the meeting; the answer must be that it was kept."""
    answer = signed_in(user).post(url(plan), fields(plan, **kwargs))
    assert answer.status_code == 302, answer.content.decode()[:4000]
    return answer


def take_off(user: User, plan: Plan, name: str) -> None:
    """Somebody takes a person off the list."""
    people = list(Meeting.objects.get(plan=plan).attendees.filter(removed=False))
    number = next(number for number, one in enumerate(people) if one.name == name)
    save(user, plan, **{f"people-{number}-DELETE": "on"})


def decide(user: User, plan: Plan, name: str, **changes: str) -> Any:
    """Somebody decides about a person without an account."""
    person = Attendee.objects.get(meeting__plan=plan, removed=False, name=name)
    data = {"version": str(section_of(plan).version), "may_come": "yes", "may_know": "date", "email": "mother@home.test", **changes}
    return signed_in(user).post(f"/plans/{plan.pk}/who-may-come/{person.pk}/", data)


@dataclass(frozen=True)
class Sent:
    """One e-mail with a calendar entry."""

    to: str
    text: str
    method: str
    entry: Event
    calendar: Calendar
    whole: str

    @property
    def sequence(self) -> int:
        return int(str(self.entry["SEQUENCE"]))

    @property
    def uid(self) -> str:
        return str(self.entry["UID"])


def part(message: Part, kind: str) -> Part:
    """The one part of an e-mail that is of this kind."""
    [found] = [one for one in message.walk() if one.get_content_type() == kind]
    return found


def everything_in(message: Part) -> str:
    """All that an e-mail says: the headers of every part, and what the parts hold once they are decoded."""
    headers = [f"{name}: {value}" for one in message.walk() for name, value in one.items()]
    bodies = [one.get_payload(decode=True).decode() for one in message.walk() if not one.is_multipart()]  # type: ignore[union-attr]
    return "\n".join(headers + bodies)


def sent() -> list[Sent]:
    """What has been sent with a calendar entry since the last time, by address; each entry is read with the library."""
    outgoing.outbox.clear()
    while mail.sweep(now=by_day()):
        pass
    found = []
    for email in outgoing.outbox:
        message = email.message()
        if not email.attachments:
            continue
        alternative, attached = part(message, "text/calendar"), part(message, "application/ics")
        text = alternative.get_payload(decode=True).decode()  # type: ignore[union-attr]
        assert attached.get_payload(decode=True).decode().splitlines() == text.splitlines()  # type: ignore[union-attr]
        assert attached.get_filename() == "invite.ics"
        calendar = Calendar.from_ical(text)
        [entry] = calendar.walk("VEVENT")
        assert isinstance(calendar, Calendar) and isinstance(entry, Event)
        assert alternative.get_param("method") == calendar["METHOD"]
        found.append(Sent(email.to[0], text, str(calendar["METHOD"]), entry, calendar, everything_in(message)))
    return sorted(found, key=lambda one: one.to)


def sent_to(address: str) -> list[Sent]:
    """What one address was sent since the last time; what others were sent is passed over."""
    return [one for one in sent() if one.to == address]


def invitation(plan: Plan, user: User) -> MeetingInvitation:
    """One person's invitation."""
    return MeetingInvitation.objects.get(meeting__plan=plan, user=user)


def people(world: World, *names: str) -> list[User]:
    """Users by first name."""
    return [world.people[name] for name in names]
