"""E-mail as account administrators see it: what has not arrived, with whom it does not arrive, and who is told of it."""

import datetime
import uuid

from django.db import models, transaction
from django.utils import timezone

from accounts import returned_mail
from accounts.delivery_reports import Report
from accounts.mail import not_arrived
from accounts.models import Message, User
from accounts.outbox import tell
from accounts.policy import Relation
from accounts.relations import in_force
from accounts.returned_mail import Outcome
from accounts.rules import RULES, TO_MESSAGE
from schools import memberships
from schools.models import Membership

RETURNED = "mail_returned"
# What an administrator may know of somebody who also works for another authority: what their own account has been sent.
ABOUT_ACCOUNTS = [name for name, rule in RULES.items() if rule.link != TO_MESSAGE]


def take_in(report: Report, *, now: datetime.datetime | None = None) -> Outcome:
    """Take in a mail server's report; when it marks somebody's address, their administrators are told in the same transaction."""
    now = now or timezone.now()
    with transaction.atomic():
        taken = returned_mail.take_in(report, now=now)
        if taken.marked is not None:
            tell_administrators(taken.marked, report, timezone.localdate(now))
    return taken.outcome


def tell_administrators(person: User, report: Report, on: datetime.date) -> int:
    """Tell the administrators of a person's organisations that e-mails to them come back: each once for a report that marked the address.

    An address that was said to be good and marked again since is news again.
    """
    told = 0
    for administrator in administrators_of(person, on):
        key = f"{RETURNED}:{person.pk}:{report.name}:{administrator.pk}"
        told += tell(key=key, recipient=administrator, rule=RETURNED, facts={"person": person.pk, "on": on})
    return told


def administrators_of(person: User, on: datetime.date) -> list[User]:
    """The account administrators, on this day, of the virtual schools that a person works for on this day."""
    theirs = memberships.virtual_schools_of(person, on)
    roles = Membership.objects.filter(in_force(on), role=Relation.ACCOUNT_ADMINISTRATOR, virtual_school__in=theirs)
    return list(User.objects.filter(pk__in=roles.values("user")).exclude(pk=person.pk).order_by("name", "pk"))


def not_arrived_at(organisation: memberships.Organisation, *, on: datetime.date) -> models.QuerySet[Message]:
    """What has not reached the organisation's people, newest first; of those who also work elsewhere, what is about their account."""
    elsewhere = memberships.working_elsewhere(organisation, on)
    mine = not_arrived().filter(recipient__in=memberships.people_of(organisation))
    return mine.filter(models.Q(rule__in=ABOUT_ACCOUNTS) | ~models.Q(recipient__in=elsewhere))


def person_of(user: User, message: Message, on: datetime.date) -> User | None:
    """Whom a message about returned mail is about, for somebody who administers them today."""
    organisation = memberships.administered_by(user, on)
    try:
        person = uuid.UUID(str(message.facts.get("person")))
    except ValueError:
        return None
    return memberships.people_of(organisation).filter(pk=person).first() if organisation else None
