"""A meeting as a calendar entry (iCalendar, RFC 5545 and 5546) for one person. It names nobody else, and no child."""

import datetime
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from icalendar import Alarm, Calendar, Event, Timezone, TimezoneDaylight, TimezoneStandard, vCalAddress, vText

LONDON = ZoneInfo("Europe/London")
HOUR = datetime.timedelta(hours=1)
NO_HOURS = datetime.timedelta(0)
PRODUCT = "-//Education Plans//Meetings//EN"
SUMMARY = "PEP meeting (sign in for details)"
SUMMARY_WITHOUT_ACCOUNT = "PEP meeting"
DESCRIPTION_WITHOUT_ACCOUNT = "Answer in your calendar whether you can come."


@dataclass(frozen=True)
class Entry:
    """What one person's calendar is told: ``link`` is "" for somebody who cannot sign in, ``answered`` is an iCalendar PARTSTAT."""

    uid: str
    sequence: int
    starts_at: datetime.datetime
    ends_at: datetime.datetime
    organizer: str
    address: str
    place: str = ""
    link: str = ""
    answered: str = "needs-action"


def request(entry: Entry, *, at: datetime.datetime) -> str:
    """The invitation, or the same one changed, as it is sent at a moment."""
    event = _event(entry, at)
    event.add("status", "CONFIRMED")
    event.add("description", f"Sign in to see it: {entry.link}" if entry.link else DESCRIPTION_WITHOUT_ACCOUNT)
    if entry.place:
        event.add("location", entry.place)
    alarm = Alarm()
    alarm.add("action", "DISPLAY")
    alarm.add("description", _summary(entry))
    alarm.add("trigger", datetime.timedelta(days=-1))
    event.add_component(alarm)
    return _calendar("REQUEST", event)


def cancel(entry: Entry, *, at: datetime.datetime) -> str:
    """The note that takes the entry out of the calendar again."""
    event = _event(entry, at)
    event.add("status", "CANCELLED")
    return _calendar("CANCEL", event)


def _summary(entry: Entry) -> str:
    return SUMMARY if entry.link else SUMMARY_WITHOUT_ACCOUNT


def _event(entry: Entry, at: datetime.datetime) -> Event:
    event = Event()
    event.add("uid", entry.uid)
    event.add("sequence", entry.sequence)
    event.add("dtstamp", at.astimezone(datetime.UTC))
    event.add("dtstart", entry.starts_at.astimezone(LONDON))
    event.add("dtend", entry.ends_at.astimezone(LONDON))
    event.add("summary", _summary(entry))
    # Colleagues who see a shared calendar see that somebody is busy and no more.
    event.add("class", "PRIVATE")
    event.add("organizer", vCalAddress(f"mailto:{entry.organizer}"))
    attendee = vCalAddress(f"mailto:{entry.address}")
    for name, value in (("CUTYPE", "INDIVIDUAL"), ("ROLE", "REQ-PARTICIPANT"), ("PARTSTAT", entry.answered.upper()), ("RSVP", "TRUE")):
        attendee.params[name] = vText(value)
    event.add("attendee", attendee, encode=False)
    return event


def _calendar(method: str, event: Event) -> str:
    calendar = Calendar()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("method", method)
    calendar.add_component(london())
    calendar.add_component(event)
    return calendar.to_ical().decode()


def london() -> Timezone:
    """London's clock as the rule it has followed since 1996: the last Sundays of March and October, at one o'clock UTC.

    The library's own ``Timezone.from_tzid`` writes single dates up to 2038, and the change to summer time an hour late.
    """
    zone = Timezone()
    zone.add("tzid", LONDON.key)
    for kind, name, since, before, after, month in (
        (TimezoneDaylight, "BST", datetime.datetime(1996, 3, 31, 1), NO_HOURS, HOUR, 3),  # noqa: DTZ001 - local by the standard
        (TimezoneStandard, "GMT", datetime.datetime(1996, 10, 27, 2), HOUR, NO_HOURS, 10),  # noqa: DTZ001
    ):
        part = kind()
        part.add("tzname", name)
        part.add("dtstart", since)
        part.add("tzoffsetfrom", before)
        part.add("tzoffsetto", after)
        part.add("rrule", {"freq": "yearly", "bymonth": month, "byday": "-1su"})
        zone.add_component(part)
    return zone
