"""Telling people things, each once: a message is a row; that its key is unique is what makes it exist once."""

import uuid
from collections.abc import Collection, Mapping
from typing import Any

from django.db import models
from django.utils import timezone

from accounts.models import Message, User
from accounts.rules import LISTED_RULES, PASSING_RULES, RULES, TO_INVITATION, check_facts
from accounts.tasks import deliver_message


def tell(
    *, key: str, recipient: User, rule: str, plan_id: uuid.UUID | None = None, child_id: uuid.UUID | None = None,
    facts: Mapping[str, Any] | None = None, calendar: str = "", together: bool = False, mailed: bool = True,
) -> bool:  # fmt: skip
    """Tell a person something, in the product and by e-mail, unless a message with this key exists already. What can wait is mailed
    with the day's digest, unless the person wants it at once; whether this is a day for that is asked when it is mailed.

    ``key`` says what it is about (plan, rule, due date, person). Call it in the transaction of what happened: when that is rolled
    back, nothing was said. ``calendar`` is a calendar entry that goes with the e-mail; ``together`` has one of many messages wait for the
    day's digest too; one that is not ``mailed`` has no e-mail of its own, for another message's says that it is there. Returns whether a
    message was written; nothing is written for somebody who may not sign in. Raises KeyError for a rule there is not, ValueError for a
    fact that is not a number, a date or a key.
    """
    words = RULES[rule]
    kept = check_facts(facts or {})
    if not recipient.may_sign_in():
        return False
    # Who has an address but no account yet would be asked to sign in and could not; the message waits in the product. A calendar
    # entry is of use to them all the same. Where e-mails come back the message waits too; but what brings somebody in is in no list,
    # so its e-mail is tried all the same.
    reachable = bool(recipient.email) and (recipient.has_usable_password() or words.link == TO_INVITATION or bool(calendar))
    reachable = reachable and mailed and (recipient.mail_returned_on is None or not words.listed)
    mail = Message.Mail.WAITING if reachable else Message.Mail.NONE
    if reachable and (words.digest or together) and recipient.digest != User.Digest.AT_ONCE:
        mail = Message.Mail.DIGEST
    return _write(
        Message(
            key=key, recipient=recipient, rule=rule, about_plan=plan_id, about_child=child_id, facts=kept, calendar=calendar,
            mail=mail,
        )
    )  # fmt: skip


def write_to(*, key: str, address: str, rule: str, facts: Mapping[str, Any] | None = None, calendar: str = "") -> bool:
    """Write, by e-mail alone, to somebody who cannot sign in: a parent, a carer, a person whose account has ended.

    Once for each ``key``, like ``tell``, and like it in the transaction of what happened. Returns whether a message was written.
    """
    if rule not in RULES:
        raise KeyError(rule)
    return _write(Message(key=key, address=address, rule=rule, facts=check_facts(facts or {}), calendar=calendar))


def _write(message: Message) -> bool:
    """Keep the message unless its key stands there already, and have its e-mail sent once that is certain."""
    # ON CONFLICT DO NOTHING: of two schedulers the second waits for the first and then inserts nothing. The key of the row is made
    # here, so whether it stands there says whose insert it was.
    Message.objects.bulk_create([message], ignore_conflicts=True)
    if not Message.objects.filter(pk=message.pk).exists():
        return False
    if message.mail == Message.Mail.WAITING:
        deliver_message.delay_on_commit(str(message.pk))  # type: ignore[attr-defined]
    return True


def inbox(user: User) -> models.QuerySet[Message]:
    """What a person was told, unread first, newest first."""
    mine = Message.objects.filter(recipient=user, rule__in=LISTED_RULES)
    return mine.annotate(unread=models.Q(read_at__isnull=True)).order_by("-unread", "-created_at")


def read_about(user: User, *, plan_id: uuid.UUID | None = None, child_id: uuid.UUID | None = None) -> int:
    """Mark what a person was told about a plan, or about a child and no plan, as read: they have opened it. Returns how many.

    One statement, which writes nothing where everything is read.
    """
    about = models.Q(about_plan=plan_id) if plan_id else models.Q(about_child=child_id, about_plan__isnull=True)
    return Message.objects.filter(about, recipient=user, read_at__isnull=True).update(read_at=timezone.now())


def moved_on(plan_id: uuid.UUID) -> int:
    """Mark what anybody was asked to do in a plan as read: it has moved on, and asks for something else now. Returns how many.

    What was settled (a plan that is complete, money, a meeting) stays unread until it is read.
    """
    return Message.objects.filter(about_plan=plan_id, rule__in=PASSING_RULES, read_at__isnull=True).update(read_at=timezone.now())


def asked_of(child_id: uuid.UUID) -> models.QuerySet[User]:
    """Whoever was asked to do something about a child, in a plan or before there is one, and has not read it."""
    asked = Message.objects.filter(about_child=child_id, rule__in=PASSING_RULES, read_at__isnull=True)
    return User.objects.filter(pk__in=asked.values("recipient")).order_by("pk")


def asked_no_more(child_id: uuid.UUID, people: Collection[User]) -> int:
    """Mark what these people were asked to do about a child as read: it is not theirs to do any more. Returns how many messages."""
    asked = Message.objects.filter(about_child=child_id, rule__in=PASSING_RULES, read_at__isnull=True)
    return asked.filter(recipient__in=list(people)).update(read_at=timezone.now())


def unread_count(user: User) -> int:
    """How many messages a person has not read."""
    return Message.objects.filter(recipient=user, rule__in=LISTED_RULES, read_at__isnull=True).count()
