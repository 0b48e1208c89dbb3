"""Who can be asked to a meeting, who was, and what became of it, in words."""

import datetime
import uuid
from collections.abc import Collection
from dataclasses import dataclass

from django.utils import timezone

from accounts.models import User
from accounts.policy import RELATION_NAMES, Relation
from children.access import who_can_see
from children.models import Child
from pep.models import Attendee, Meeting, MeetingInvitation, Plan


def people_to_ask(child: Child, on: datetime.date) -> list[tuple[User, Relation]]:
    """Who has an account and may be asked to a meeting about a child: everyone who works with them on a day, each once, by name."""
    found: dict[uuid.UUID, tuple[User, Relation]] = {}
    for user, relation in who_can_see(child, on):
        if relation is not Relation.FORMER_SCHOOL and user.pk not in found:
            found[user.pk] = (user, relation)
    return sorted(found.values(), key=lambda one: one[0].name)


def undecided(children: Collection[uuid.UUID]) -> list[Attendee]:
    """Who is to come to a booked meeting about one of these children and still waits for a decision whether they may: one query."""
    waiting = Attendee.objects.filter(
        invited=True, removed=False, user=None, may_come=Attendee.MayCome.UNDECIDED, meeting__state=Meeting.State.BOOKED,
        meeting__plan__state__in=Plan.WRITABLE, meeting__plan__child__in=list(children),
    ).exclude(role__in=(Attendee.Role.CHILD, Attendee.Role.SOCIAL_WORKER))  # fmt: skip
    return list(waiting.select_related("meeting__plan__child", "meeting__plan__term").order_by("created_at", "pk"))


def person_words(user: User, relation: Relation) -> str:
    """How a person stands in a list to choose from: Anna Bell, designated teacher."""
    return f"{user.name}, {RELATION_NAMES[relation].lower()}"


@dataclass(frozen=True)
class Asked:
    """One person on a meeting's list, as its page shows them. ``answer_to`` is the invitation that still waits for its time."""

    attendee: Attendee
    words: str
    answer_to: uuid.UUID | None
    mine: bool


def asked_to(meeting: Meeting, *, reader: User, now: datetime.datetime | None = None) -> list[Asked]:
    """Who was asked to a meeting and what became of it, in words that anyone who reads the plan may read."""
    now = now or timezone.now()
    attendees = Attendee.objects.filter(meeting=meeting, removed=False).select_related("user", "decided_by").order_by("created_at", "pk")
    rows = invitations_of(meeting)
    found = []
    for attendee in attendees:
        row = rows.get(whose(attendee))
        waits = row is not None and row.in_force(now)
        words = _words_for(attendee, row, meeting)
        found.append(Asked(attendee, words, row.pk if row and waits else None, bool(row and waits and row.user_id == reader.pk)))
    return found


# Whose an invitation is: a user's key, or the address of somebody without an account; None where they have neither.
Whose = uuid.UUID | str | None


def whose(attendee: Attendee) -> Whose:
    """By what somebody on the list is known to the invitations."""
    return attendee.user_id or attendee.email or None


def invitations_of(meeting: Meeting) -> dict[Whose, MeetingInvitation]:
    """What each person was sent and answered: one query. A corrected version took its list over from the first, with what they answered."""
    plans, plan = [meeting.plan_id], meeting.plan
    while plan.corrects is not None:
        plan = plan.corrects
        plans.append(plan.pk)
    rows = MeetingInvitation.objects.filter(meeting__plan__in=plans).order_by("meeting__plan__version")
    return {row.user_id or row.address: row for row in rows}


def for_the_record(attendee: Attendee, row: MeetingInvitation | None) -> str:
    """What somebody answered, as the plan says it for ever: without an address, and without what is for the council alone."""
    if not attendee.invited or (attendee.role == Attendee.Role.CHILD and attendee.user_id is None):
        return ""
    if attendee.needs_decision:
        return "Nobody decided whether they may come"
    if attendee.may_come == Attendee.MayCome.NO:
        return "Was not to come, as was decided for them"
    if row is None:
        return "Not invited by e-mail"
    when = f" ({timezone.localtime(row.answered_at):%-d %B %Y})" if row.answered_at else ""
    return f"{row.get_answered_display()}{when}" if not row.withdrawn or row.answered_at else "The invitation was withdrawn"


def _words_for(attendee: Attendee, row: MeetingInvitation | None, meeting: Meeting) -> str:
    if not attendee.invited:
        return "Not asked to come."
    if attendee.role == Attendee.Role.CHILD and attendee.user_id is None:
        return "Nothing is sent to a child. Ask them yourselves."
    if attendee.needs_decision:
        return "Waits for a decision: may they come, and what may they know?"
    if attendee.may_come == Attendee.MayCome.NO:
        return "Does not come, as was decided for them."
    apart = "At a time of their own. " if attendee.may_come == Attendee.MayCome.SEPARATE else ""
    if row is not None and (not row.withdrawn or meeting.state in (Meeting.State.HELD, Meeting.State.NOT_HELD)):
        when = f" (answered on {timezone.localtime(row.answered_at):%-d %B})" if row.answered_at else ""
        ended = " The invitation was withdrawn." if row.withdrawn else ""
        return f"{apart}Invited. {row.get_answered_display()}{when}.{ended}"
    if attendee.decided_for and not attendee.email:
        return f"{apart}May come. There is no e-mail address: ask them yourselves."
    if meeting.state == Meeting.State.BOOKED:
        return f"{apart}Not invited: their invitation was withdrawn." if row else f"{apart}Not invited by e-mail."
    return f"{apart}Invited once the meeting is booked." if meeting.state == Meeting.State.NOT_BOOKED else f"{apart}Not invited by e-mail."
