"""Why an e-mail that has waited is not sent any more: what it is about has stopped being the reader's, or has been taken back."""

import datetime

from django.utils import timezone

from accounts.models import Message
from accounts.rules import RULES
from children.models import Child
from pep.models import MeetingInvitation

NO_ACCESS = "They may not see the child it is about any more"
TAKEN_BACK = "The invitation was taken back before it could be sent"
ANOTHER_ADDRESS = "The invitation has gone to another address"


def why_not(message: Message, now: datetime.datetime) -> str:
    """The reason, in words that name no child; "" when the message may be mailed. Only reads."""
    person, rule = message.recipient, RULES[message.rule]
    needs_access = person is not None and message.about_child is not None and not (rule.about_access or rule.urgent)
    if needs_access and not Child.objects.visible_to(person, on=timezone.localdate(now)).filter(pk=message.about_child).exists():
        return NO_ACCESS
    return _entry_outdated(message) if "METHOD:REQUEST" in message.calendar else ""


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
