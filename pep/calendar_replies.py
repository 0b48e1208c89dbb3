"""What people's calendars answer to an invitation: read with suspicion, for anybody can write to the product's address."""

import re

from icalendar import Calendar, Event
from icalendar.cal.component import Component

from pep.invitations import Answer, record_answer
from pep.models import MeetingInvitation

UNKNOWN, IGNORED = "unknown", "ignored"
MAX_CHARACTERS = 100_000
UID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
ANSWERS = {"ACCEPTED": Answer.ACCEPTED, "DECLINED": Answer.DECLINED, "TENTATIVE": Answer.TENTATIVE}
KEPT = tuple(str(answer) for answer in ANSWERS.values())  # what ``take_reply`` returns where the answer is kept


def take_reply(ics_text: str, from_address: str) -> str:
    """Take in a calendar's reply that came by e-mail from an address; returns what became of it.

    "accepted", "declined" or "tentative" where the answer is kept now; "unknown" where no invitation of ours has this UID; "ignored"
    for everything else: no reply, one from another address than the one invited, one to an older state of the meeting, or one that
    comes too late. Never raises, whatever the text.
    """
    event = _reply_in(ics_text)
    if event is None:
        return IGNORED
    uid = str(event.get("UID", "")).strip().lower()
    if not UID.fullmatch(uid):
        return UNKNOWN
    invitation = MeetingInvitation.objects.select_related("user").filter(uid=uid).first()
    if invitation is None:
        return UNKNOWN
    # An address that somebody has changed since is theirs all the same.
    invited = {invitation.address.lower()} | ({invitation.user.email.lower()} if invitation.user and invitation.user.email else set())
    sender = from_address.strip().lower()
    answer, sequence = _answer_of(event, invited), _sequence(event)
    if not sender or sender not in invited or answer is None or sequence is None:
        return IGNORED
    kept = record_answer(invitation.pk, answer, by=invitation.user, because="Answered from their calendar", sequence=sequence)
    return str(answer) if kept else IGNORED


def _reply_in(ics_text: str) -> Event | None:
    """The one event of a reply; None for whatever else the text is."""
    if len(ics_text) > MAX_CHARACTERS:
        return None
    try:
        calendar: Component = Calendar.from_ical(ics_text)
        events = calendar.walk("VEVENT")
        if str(calendar.get("METHOD", "")).strip().upper() != "REPLY" or len(events) != 1:
            return None
    except Exception:  # a stranger wrote the text, and the library promises no list of what it raises
        return None
    return events[0] if isinstance(events[0], Event) else None


def _answer_of(event: Event, invited: set[str]) -> Answer | None:
    """What the invited person says in it; None where somebody else speaks, or nobody."""
    found = event.get("ATTENDEE", [])
    attendees = found if isinstance(found, list) else [found]
    answers = []
    for attendee in attendees:
        address = str(attendee).strip().lower().removeprefix("mailto:")
        if address in invited:
            parameters = getattr(attendee, "params", {})
            answers.append(ANSWERS.get(str(parameters.get("PARTSTAT", "")).upper()))
    return answers[0] if len(answers) == 1 else None


def _sequence(event: Event) -> int | None:
    """Which change of the meeting it answers; 0 where it does not say, None where that is no number."""
    value = str(event.get("SEQUENCE", 0))
    return int(value) if value.isascii() and value.isdigit() and len(value) < 10 else None
