"""E-mails that came back: which message it was, whose address it is, and how an administrator has one sent again."""

import datetime
import enum
import logging
import uuid
from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone

from accounts.authorship import save_by
from accounts.delivery_reports import Report
from accounts.mail import STUCK, try_later
from accounts.models import Message, TriedAgain, User
from accounts.tasks import deliver_message

log = logging.getLogger(__name__)


class Outcome(enum.Enum):
    """What became of a mail server's report."""

    RETURNED = "came back for good"
    LATER = "came back, tried again"
    KNOWN = "taken in before"
    NOT_OURS = "about no e-mail of ours"


@dataclass(frozen=True)
class TakenIn:
    """A report that was taken in; ``marked`` is the person whose address has just been marked."""

    outcome: Outcome
    marked: User | None = None


def take_in(report: Report, *, now: datetime.datetime | None = None) -> TakenIn:
    """Note that an e-mail came back. Believed only when it has the Message-ID of an e-mail that was sent, which nobody can
    guess from its link, and the address that it was sent to.

    An error for good (5.x) marks the message and, while it is still theirs, the person's address; a passing one (4.x) has the e-mail
    tried later, as if the mail server had refused it. A report that was taken in before changes nothing.
    """
    now = now or timezone.now()
    with transaction.atomic():
        message = _message_of(report)
        if message is None:
            return TakenIn(Outcome.NOT_OURS)
        if message.last_report == report.name or message.mail == Message.Mail.BOUNCED:
            return TakenIn(Outcome.KNOWN)
        message.last_report, message.bounced_at, message.bounce_code = report.name, now, report.code
        if report.for_good:
            message.mail = Message.Mail.BOUNCED
        elif message.mail == Message.Mail.SENT:
            try_later(message, f"Came back {report.code}", now)
        message.save()
        log.info("E-mail %s came back (%s)", message.pk, report.code)
        if not report.for_good:
            return TakenIn(Outcome.LATER)
        return TakenIn(Outcome.RETURNED, _mark(message, now))


def send_again(message: Message, *, by: User) -> bool:
    """Have an e-mail that failed or came back sent once more, with the same Message-ID; whether there was one to send.

    Whoever asks for it believes in the address, so the mark of a person whose e-mails came back goes.
    """
    with transaction.atomic():
        locked = Message.objects.select_for_update().filter(pk=message.pk, mail__in=STUCK).first()
        if locked is None:
            return False
        locked.mail, locked.attempts, locked.next_try_at, locked.last_error = Message.Mail.WAITING, 0, timezone.now(), ""
        locked.save()
        TriedAgain(message=locked, by=by).save()
        if locked.recipient_id is not None:
            arrives_again(locked.recipient_id, by=by)
        deliver_message.delay_on_commit(str(locked.pk))  # type: ignore[attr-defined]
    return True


def arrives_again(person_id: uuid.UUID, *, by: User) -> bool:
    """Take away the mark that e-mails to a person come back; whether there was one. The history says who did."""
    with transaction.atomic():
        person = User.objects.select_for_update().get(pk=person_id)
        if person.mail_returned_on is None:
            return False
        person.mail_returned_on = None
        save_by(person, by=by, because="E-mails are said to arrive again")
    return True


def _message_of(report: Report) -> Message | None:
    """The message that was sent with one of these Message-IDs to one of these addresses, locked."""
    for mail_id in report.mail_ids:
        try:
            row, _, proof = mail_id.strip("<>").partition("@")[0].partition(".")
            key = uuid.UUID(row)
        except ValueError:
            continue
        if not proof:
            continue  # the key alone is known to whoever was shown the e-mail's link
        message = Message.objects.select_for_update().filter(pk=key, mail_id=mail_id).first()
        if message is not None and message.mail_to.lower() in report.addresses:
            return message
    return None


def _mark(message: Message, now: datetime.datetime) -> User | None:
    """Mark the person's address, unless it is marked already or is no longer theirs."""
    person = User.objects.select_for_update().filter(pk=message.recipient_id).first()
    if person is None:
        return None  # a parent or carer, who has no account
    if person.mail_returned_on is not None or person.email != message.mail_to.lower():
        return None
    person.mail_returned_on = timezone.localdate(now)
    save_by(person, by=None, because=f"An e-mail came back ({message.bounce_code})")
    return person
