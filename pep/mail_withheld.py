"""Why an e-mail that has waited is not sent any more: what it is about has stopped being the reader's, or has been taken back."""

import datetime
import uuid
from collections.abc import Collection

from django.utils import timezone

from accounts.models import Message, User
from accounts.rules import PASSING_RULES, RULES
from children.models import Child
from pep.left import left_of, plans_closed_to, was_at_school_of
from pep.models import MeetingInvitation

# What is for those who work with the child: not for a school that may only read what it had written before the child left it.
FOR_WHO_TAKES_PART = (*PASSING_RULES, "meeting_booked", "meeting_moved", "meeting_elsewhere", "meeting_answered")
HAS_LEFT = "The child it is about has left their school"
NO_ACCESS = "They may not see the child it is about any more"
TAKEN_BACK = "The invitation was taken back before it could be sent"
ANOTHER_ADDRESS = "The invitation has gone to another address"


def why_not(message: Message, now: datetime.datetime) -> str:
    """The reason, in words that name no child; "" when the message may be mailed. Only reads."""
    person, rule = message.recipient, RULES[message.rule]
    if person is not None and not (rule.about_access or rule.urgent):
        found = why_not_theirs(person, [message], timezone.localdate(now))
        if found:
            return found[message.pk]
    return _entry_outdated(message) if "METHOD:REQUEST" in message.calendar else ""


def why_not_theirs(person: User, messages: Collection[Message], on: datetime.date) -> dict[uuid.UUID, str]:
    """Which of these messages to one person are about a child or a plan that is not theirs any more on a day, and why. Only reads.

    A fixed number of queries, however many there are.
    """
    children = {message.about_child for message in messages if message.about_child is not None}
    if not children:
        return {}
    rows = Child.objects.visible_to(person, on=on).filter(pk__in=list(children)).annotate(perhaps_left=was_at_school_of(person, on))
    seen = dict(rows.values_list("pk", "perhaps_left"))
    left = left_of(person, [child for child, perhaps in seen.items() if perhaps], on)
    closed = plans_closed_to({message.about_plan for message in messages if message.about_plan is not None}, left)
    found = {}
    for message in messages:
        if message.about_child is None:
            continue
        if message.about_child not in seen:
            found[message.pk] = NO_ACCESS
        elif message.about_plan in closed or (message.about_child in left and message.rule in FOR_WHO_TAKES_PART):
            found[message.pk] = HAS_LEFT
    return found


def _entry_outdated(message: Message) -> str:
    """Why an invitation would put into a calendar what should not be there; what takes it out again has a message of its own.

    The place that somebody without an account may know no longer must not arrive after all, when only an outage held it back.
    """
    uid = message.key.partition(":")[2].partition(":")[0]
    invitation = MeetingInvitation.objects.filter(uid=uid).first()
    if invitation is None:
        return ""
    if message.recipient is not None and not _is_for(message.calendar, message.recipient.email or ""):
        return ANOTHER_ADDRESS
    return TAKEN_BACK if message.recipient is None and message.attempts and _taken_out(invitation) else ""


def _taken_out(invitation: MeetingInvitation) -> bool:
    """Whether the last word to this calendar is that the entry goes: it was withdrawn, or the meeting was held before that time."""
    last = Message.objects.filter(key=f"meeting:{invitation.uid}:{invitation.sequence}")
    return invitation.withdrawn or last.filter(calendar__contains="METHOD:CANCEL").exists()


def _is_for(calendar: str, address: str) -> bool:
    """Whether an entry is an address's own. Long lines of an entry are folded."""
    lines = calendar.replace("\r\n ", "").splitlines()
    return any(line.startswith("ATTENDEE") and line.endswith(f":mailto:{address}") for line in lines)
