"""The only sender of e-mail. What it says comes from ``accounts.rules`` and from nowhere else."""

import datetime
import logging
import re
import smtplib
import time
import uuid
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db import InterfaceError, OperationalError, models, transaction
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.module_loading import import_string

from accounts.fields import HOST
from accounts.links import invitation_path, open_invitation, reset_path
from accounts.models import Message
from accounts.rules import DIGEST, RULES, TO_ACCOUNT, TO_INVITATION, TO_LIST, TO_RESET, sentence

log = logging.getLogger(__name__)

# Minutes until the next try after each failure; after the last one the message has visibly failed. About a day and a half in all.
BACK_OFF = (1, 5, 15, 60, 240, 720, 1440)
SWEEP_SECONDS = 50  # a sweep ends before the next one begins
SWEEP_BATCH = 200
# What an administrator can have sent again, and what is on their page.
STUCK = (Message.Mail.FAILED, Message.Mail.BOUNCED)
NOT_ARRIVED = (Message.Mail.WAITING, *STUCK, Message.Mail.WITHHELD)
WITHHELD_SHOWN = datetime.timedelta(days=30)  # nobody can do anything about these, so they leave the page by themselves
NO_SIGN_IN = "They may not sign in any more"
METHOD = re.compile(r"^METHOD:(REQUEST|CANCEL)\r?$", re.MULTILINE)


def deliver(message_id: uuid.UUID, *, now: datetime.datetime | None = None) -> str:
    """Send one message's e-mail if it is waiting and its time has come; returns what became of it (``Message.Mail``, "" for nothing).

    The row is locked while the mail server is asked, and a row that another worker holds is left to it. A worker that dies between
    the server's answer and the commit makes the mail go twice, with the same Message-ID, which mail programs show once. Whether it may
    still go is asked here, under the row's lock, however long it has waited: by reading alone, so that no other row is held.
    """
    now = now or timezone.now()
    with transaction.atomic():
        waiting = Message.objects.filter(pk=message_id, mail=Message.Mail.WAITING, next_try_at__lte=now)
        message = waiting.select_for_update(skip_locked=True, of=("self",)).select_related("recipient").first()
        if message is None:
            return ""
        later = now if RULES[message.rule].urgent else _not_before(message, now)
        if later > now:
            message.next_try_at = later
            message.save()
            return message.mail
        if _waits_for_digest(message, now):
            message.mail = Message.Mail.DIGEST
            message.save()
            return message.mail
        why_not = _why_not(message, now)
        email = None if why_not else compose(message)
        if email is None:
            message.mail = Message.Mail.WITHHELD if why_not else Message.Mail.NONE
            message.last_error = why_not or message.last_error
        else:
            message.mail_id, message.mail_to = email.extra_headers["Message-ID"], email.to[0]
            message.attempts += 1
            try:
                email.send()
            except (OSError, smtplib.SMTPException) as error:
                _failed(message, error, now)
            else:
                message.mail, message.sent_at, message.last_error = Message.Mail.SENT, now, ""
        message.save()
    return message.mail


def sweep(*, now: datetime.datetime | None = None) -> int:
    """Send whatever is waiting and due: what a lost nudge, a wiped broker or a mail server that was away has left. Returns how many."""
    stop = time.monotonic() + SWEEP_SECONDS
    due = Message.objects.filter(mail=Message.Mail.WAITING, next_try_at__lte=now or timezone.now()).order_by("next_try_at")
    sent = 0
    for message_id in due.values_list("pk", flat=True)[:SWEEP_BATCH]:
        if time.monotonic() > stop:
            break
        try:
            sent += deliver(message_id, now=now) == Message.Mail.SENT
        except (OperationalError, InterfaceError):  # the database is away, not the message at fault
            raise
        except Exception:
            log.exception("E-mail %s could not be put together", message_id)
            _put_off(message_id, now or timezone.now())
    return sent


def _put_off(message_id: uuid.UUID, now: datetime.datetime) -> None:
    """A message that cannot be put together does not keep those behind it waiting: it is tried again later, and at last has failed."""
    with transaction.atomic():
        waiting = Message.objects.filter(pk=message_id, mail=Message.Mail.WAITING).select_for_update(skip_locked=True)
        if message := waiting.first():
            message.attempts += 1
            try_later(message, "It could not be put together", now)
            message.save()


def compose(message: Message) -> EmailMultiAlternatives | None:
    """The e-mail of a message; None when there is nobody to send it to, or nothing to send any more.

    Links begin with the site's own address from the settings, never with what a request said.
    """
    if message.recipient is None:
        # Nobody who could sign in: no link, and no name, for a parent's may be the child's.
        return _email(message, message.address, {"sentence": sentence(message.rule, message.facts)})
    rule, person = RULES[message.rule], message.recipient
    address, path, organisation = person.email, reverse("message-detail", args=[message.pk]), ""
    if rule.link == TO_INVITATION:
        invitation = open_invitation(uuid.UUID(str(message.facts["invitation"])))
        if invitation is None:
            return None
        address, path, organisation = invitation.email, invitation_path(invitation), invitation.organisation
    elif rule.link == TO_RESET:
        path = reset_path(person)
    elif rule.link == TO_ACCOUNT:
        path = reverse("account")
    elif rule.link == TO_LIST:
        path = reverse("message-list")
    if not address or (rule.listed and person.mail_returned_on is not None):
        return None
    if not person.may_sign_in() or (message.calendar and not person.has_usable_password()):
        path = ""  # they cannot sign in; the entry, or what happened to their account, is of use to them all the same
    context = {
        "name": _one_line(person.name), "sentence": sentence(message.rule, message.facts), "link_words": rule.link_words,
        "link": path and settings.SITE_URL + path, "organisation": _one_line(organisation),
        "can_wait": rule.digest or message.rule == DIGEST, "link_alone": rule.link in (TO_INVITATION, TO_RESET),
    }  # fmt: skip
    return _email(message, address, context)


def _email(message: Message, address: str, context: dict[str, Any]) -> EmailMultiAlternatives:
    host = urlsplit(settings.SITE_URL).hostname or "localhost"
    headers = {"Message-ID": f"<{message.pk}.{_proof(message)}@{host}>", "Auto-Submitted": "auto-generated"}
    method = context["calendar_method"] = _method(message)
    email = EmailMultiAlternatives(
        subject=RULES[message.rule].subject, body=render_to_string("emails/message.txt", context), to=[address], headers=headers,
        reply_to=[settings.REPLY_ADDRESS] if method else None,
    )  # fmt: skip
    if method:
        # The alternative is what mail programs show as an invitation; the file is for those that only open attachments.
        email.attach_alternative(message.calendar, f"text/calendar; method={method}")
        email.attach("invite.ics", message.calendar.encode(), "application/ics")
    return email


def _proof(message: Message) -> str:
    """What the Message-ID adds to the row's key, the same each time it is sent. The key stands in the e-mail's link, which people pass on;
    this stands in no link, so a report that has it comes from where the e-mail went."""
    return salted_hmac("accounts.mail.message-id", str(message.pk), algorithm="sha256").hexdigest()[:24]


def _not_before(message: Message, now: datetime.datetime) -> datetime.datetime:
    """When the floors above, which know quiet hours, let a message be mailed at the earliest."""
    decide: Callable[[Message, datetime.datetime], datetime.datetime] = import_string(settings.MAIL_NOT_BEFORE)
    return decide(message, now)


def _waits_for_digest(message: Message, now: datetime.datetime) -> bool:
    """Whether the floors above, which know terms, leave what a person wants at once to the next digest: on their days off."""
    decide: Callable[[Message, datetime.datetime], bool] = import_string(settings.MAIL_WAITS_FOR_DIGEST)
    return RULES[message.rule].digest and message.recipient is not None and decide(message, now)


def _why_not(message: Message, now: datetime.datetime) -> str:
    """Why a message must not be mailed any more, in words that name no child; "" when it may.

    What somebody's account was sent for its safety goes to whoever may not sign in too; and so does what takes an entry out of a
    calendar: it names nobody, and they have the entry all the same.
    """
    person, rule = message.recipient, RULES[message.rule]
    if person is not None and not person.may_sign_in(timezone.localdate(now)):
        goes_all_the_same = rule.link == TO_ACCOUNT or _method(message) == "CANCEL"
        if not goes_all_the_same:
            return NO_SIGN_IN
    decide: Callable[[Message, datetime.datetime], str] = import_string(settings.MAIL_WHY_NOT)
    return decide(message, now)


def _method(message: Message) -> str:
    """What a message's calendar entry asks for: REQUEST, CANCEL, or "" where there is none."""
    found = METHOD.search(message.calendar)
    return found[1] if found else ""


def _one_line(text: str) -> str:
    """A name as a mail shows it: never a line of its own, never something a mail program makes a link of."""
    return " ".join(HOST.sub(lambda found: found[0].replace(".", ". "), text.replace("://", " ")).split())


def not_arrived() -> models.QuerySet[Message]:
    """Messages whose e-mail waits, could not be sent, came back, or was not sent any more in the last days, newest first."""
    gone = models.Q(mail=Message.Mail.WITHHELD, next_try_at__lt=timezone.now() - WITHHELD_SHOWN)
    return Message.objects.filter(mail__in=NOT_ARRIVED).exclude(gone).order_by("-created_at", "-pk")


def try_later(message: Message, why: str, now: datetime.datetime) -> None:
    """Note why an e-mail did not arrive and when it is tried again; after the last try it has failed. The caller saves the row."""
    message.last_error = why
    if message.attempts > len(BACK_OFF):
        message.mail = Message.Mail.FAILED
    else:
        message.mail = Message.Mail.WAITING
        message.next_try_at = now + datetime.timedelta(minutes=BACK_OFF[max(message.attempts, 1) - 1])


def _failed(message: Message, error: Exception, now: datetime.datetime) -> None:
    """The mail server would not have it. Its own words may repeat the address, so they are not kept."""
    code = getattr(error, "smtp_code", "")
    try_later(message, f"{type(error).__name__} {code}".strip(), now)
    log.warning("E-mail %s could not be sent (%s), try %s", message.pk, message.last_error, message.attempts)
