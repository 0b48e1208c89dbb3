"""Meetings in calendars: who is invited, what has changed since, whose invitation ends, and what each person answered.

A calendar entry is one person's own and names nobody else. What was sent is a row (``MeetingInvitation``), and what must be sent is
the difference between that row and the meeting as it now stands. So whoever brings invitations up to date, and how often, each
change is sent once. Every writer here holds the plan's row locked.
"""

import datetime
import uuid
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import models, transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.urls import reverse
from django.utils import timezone

from accounts.audit import AuditedModel
from accounts.models import User
from accounts.outbox import tell, write_to
from accounts.policy import Relation, Verb, relations_with
from accounts.relations import in_force
from children.access import who_can_see
from children.models import Allocation, Child, ChildRelation
from pep.calendar_entries import LONDON, Entry, cancel, request
from pep.left import takes_part
from pep.models import Attendee, Meeting, MeetingInvitation, Plan
from schools.models import SchoolRelation, TeamRelation, VirtualSchoolRelation

Answer = MeetingInvitation.Answer
ANSWERS = (Answer.ACCEPTED, Answer.DECLINED, Answer.TENTATIVE)
# Plans whose meeting will not be held any more.
GIVEN_UP = (Plan.State.CANCELLED, Plan.State.CLOSED)


@dataclass(frozen=True)
class Wanted:
    """What one person's calendar should hold."""

    attendee: Attendee
    address: str
    starts_at: datetime.datetime
    ends_at: datetime.datetime
    place: str


Facts = dict[str, datetime.date | str | int]
# Whose entry it is: a user's key, or the address of somebody without an account.
Whose = uuid.UUID | str


def bring_up_to_date(meeting: Meeting, *, by: User | None, now: datetime.datetime | None = None) -> int:
    """Invite, tell of changes and withdraw, so that every calendar holds what it should. Returns how many people were written to.

    Call it in the transaction that changed the meeting, with the plan's row locked.
    """
    now = now or timezone.now()
    kept = _kept(meeting)
    while meeting.plan.state in GIVEN_UP and meeting.plan.corrects is not None:
        # A correction that comes to nothing: what it was to correct holds as before.
        plan = meeting.plan.corrects
        meeting = Meeting.objects.get(plan=plan)
        meeting.plan = plan
    wanted = _wanted(meeting, now)
    sent = 0
    for whose, entry in wanted.items():
        sent += _invite(meeting, whose, entry, kept.get(whose), by, now)
    ends = {whose: row for whose, row in kept.items() if whose not in wanted and row.in_force(now)}
    happens = _happens(meeting)
    came = _asked_to_it(meeting) if ends and happens and meeting.state == Meeting.State.HELD else set()
    for whose, row in ends.items():
        row.meeting = meeting
        if whose in came:
            sent += _was_held(meeting, row, by=by, now=now)
            continue
        _withdraw(row, by=by, now=now, still_on=happens, because="No longer invited" if happens else "Meeting cancelled")
        sent += 1
    return sent


def follow_plan(plan: Plan, *, by: User | None, now: datetime.datetime | None = None) -> int:
    """Bring the calendars to what has become of a plan, and so of its meeting; what has begun is left alone. Returns how many were told.

    A plan that was cancelled or closed has no meeting any more, nor has one that is complete without it.
    """
    meeting = Meeting.objects.filter(plan=plan).first()
    if meeting is None:
        return 0
    meeting.plan = plan
    return bring_up_to_date(meeting, by=by, now=now)


def withdraw_invitations(on: datetime.date, *, of: uuid.UUID | None = None, about: Child | None = None) -> int:
    """Withdraw the invitations of people who do not work with the child any more; run daily, and harmless to run again. Returns how many.

    Whoever may only read what their school had written before the child left it is asked to nothing. ``of`` is one person, whose role
    or account has ended just now, ``about`` a child who has just left a school, held with the plans that have not ended; a meeting that has
    begun is left alone.

    A fixed number of queries finds who might have lost access, however many are invited; those few are then asked about one by one.
    """
    since = timezone.now() if of or about else datetime.datetime.combine(on, datetime.time(), LONDON)
    rows, withdrawn = _perhaps_to_withdraw(on, since), 0
    if of:
        rows = rows.filter(user=of)
    if about:
        rows = rows.filter(meeting__plan__child=about).exclude(meeting__plan__state__in=Plan.ENDED)
    for invitation_id, plan_id in rows.values_list("pk", "meeting__plan_id"):
        with transaction.atomic():
            plan = _locked(plan_id)
            row = MeetingInvitation.objects.select_related("user").get(pk=invitation_id)
            if not row.in_force(since):
                continue
            row.meeting = Meeting.objects.get(plan=plan)
            row.meeting.plan = plan
            happens = _happens(row.meeting)
            if happens and (row.user is None or takes_part(row.user, plan.child, on)):
                continue
            because = "Does not work with the child any more" if happens else "Meeting cancelled"
            _withdraw(row, by=None, now=timezone.now(), still_on=happens, because=because)
            withdrawn += 1
    return withdrawn


def follow_addresses(now: datetime.datetime | None = None, *, of: uuid.UUID | None = None) -> int:
    """Bring the entries of meetings to come to the addresses their people have now, one person's (``of``) or everybody's. Returns how many.

    Called when an administrator has changed an address, and daily for what a dead process has missed; harmless to run again. It holds
    one plan at a time, and no person: who writes to a person in a plan holds the plan first.
    """
    now = now or timezone.now()
    rows = MeetingInvitation.objects.filter(withdrawn=False, starts_at__gt=now, user__isnull=False).exclude(address=F("user__email"))
    moved = 0
    for invitation_id, plan_id in (rows.filter(user=of) if of else rows).order_by("starts_at", "pk").values_list("pk", "meeting__plan_id"):
        with transaction.atomic():
            plan = _locked(plan_id)
            row = MeetingInvitation.objects.select_related("user").get(pk=invitation_id)
            row.meeting = Meeting.objects.get(plan=plan)
            row.meeting.plan = plan
            moved += row.in_force(now) and _at_todays_address(row, by=None, now=now)
    return moved


def record_answer(
    invitation_id: uuid.UUID,
    answer: str,
    *,
    by: User | None,
    because: str,
    sequence: int | None = None,
    now: datetime.datetime | None = None,
) -> bool:
    """Keep what somebody answered and tell whoever booked the meeting, once for each answer that is not the one before.

    ``sequence`` is the change the answer is to. Returns False, with nothing changed, for an answer to what has changed since, and for an
    invitation that was withdrawn or whose time has come. Raises ValueError for an answer there is not.
    """
    if answer not in ANSWERS:
        raise ValueError(f"{answer} is not an answer")
    now = now or timezone.now()
    with transaction.atomic():
        plan = _locked(MeetingInvitation.objects.values_list("meeting__plan_id", flat=True).get(pk=invitation_id))
        row = MeetingInvitation.objects.select_related("user", "meeting__booked_by").get(pk=invitation_id)
        if not row.in_force(now) or (sequence is not None and sequence < row.sequence):
            return False
        if row.answered == answer:
            return True
        row.answered, row.answered_at = answer, now
        _save(row, by, because)
        booker = row.meeting.booked_by
        # Nobody is told of their own doing, nor anything once they do not work with the child any more.
        if booker and booker not in (by, row.user) and takes_part(booker, plan.child, timezone.localdate(now)):
            tell(
                # Whoever takes an answer back and gives it again has answered three times: the last must be the last that is told.
                key=f"meeting_answered:{row.uid}:{row.history.count()}", recipient=booker, rule="meeting_answered", plan_id=plan.pk,
                child_id=plan.child_id, facts={"answer": answer},
            )  # fmt: skip
    return True


def _happens(meeting: Meeting) -> bool:
    """Whether a meeting is to be held, or was: none of a plan that was given up, and none that a complete plan went on without."""
    if meeting.state == Meeting.State.HELD:
        return meeting.plan.state not in GIVEN_UP
    return meeting.state == Meeting.State.BOOKED and meeting.plan.state not in Plan.ENDED


def _kept(meeting: Meeting) -> dict[Whose, MeetingInvitation]:
    """What each person was sent. A correction carries on the entries of the version before, under their names: nobody has two.

    Those plans are held too, for whoever answers an invitation holds its plan.
    """
    plans, plan = [meeting.plan_id], meeting.plan
    while plan.corrects_id is not None:
        plan = _locked(plan.corrects_id)
        plans.append(plan.pk)
    rows = MeetingInvitation.objects.filter(meeting__plan__in=plans).select_related("user").order_by("meeting__plan__version")
    return {_whose(row): row for row in rows}


def _wanted(meeting: Meeting, now: datetime.datetime) -> dict[Whose, Wanted]:
    """What whose calendar should hold: nothing of a meeting that is not booked, and nothing that has begun.

    Of a meeting that was held somebody's own time may still be to come. A school that the child has left is asked to nothing.
    """
    held = meeting.state == Meeting.State.HELD
    if not _happens(meeting) or meeting.starts_at is None:
        return {}
    lasts = datetime.timedelta(minutes=meeting.minutes)
    people = who_can_see(meeting.plan.child, timezone.localdate(now))
    may_see = {user.pk for user, relation in people if relation is not Relation.FORMER_SCHOOL}
    found: dict[Whose, Wanted] = {}
    for attendee in Attendee.objects.filter(meeting=meeting, removed=False, invited=True).select_related("user"):
        apart = attendee.may_come == Attendee.MayCome.SEPARATE and attendee.user is None
        if held and not apart:
            continue
        starts_at, place = meeting.starts_at, meeting.place if meeting.place_in_calendar else ""
        whose: Whose
        if attendee.user is not None:
            if attendee.user.pk not in may_see:
                continue
            whose, address = attendee.user.pk, attendee.user.email or ""
        else:
            if not (attendee.decided_for and attendee.email) or attendee.may_come not in (Attendee.MayCome.YES, Attendee.MayCome.SEPARATE):
                continue
            whose, address = attendee.email, attendee.email
            if apart and attendee.separate_starts_at:
                starts_at = attendee.separate_starts_at
            if attendee.may_know not in (Attendee.MayKnow.PLACE, Attendee.MayKnow.COPY):
                place = ""
        if starts_at > now:
            found.setdefault(whose, Wanted(attendee, address, starts_at, starts_at + lasts, place))
    return found


def _asked_to_it(meeting: Meeting) -> set[Whose]:
    """Who is on the list to come to the meeting itself, and not at a time of their own."""
    attendees = Attendee.objects.filter(meeting=meeting, removed=False, invited=True)
    return {
        attendee.user_id or attendee.email
        for attendee in attendees
        if attendee.user_id or (attendee.decided_for and attendee.may_come == Attendee.MayCome.YES)
    }


def _whose(row: MeetingInvitation) -> Whose:
    return row.user_id or row.address


def _invite(meeting: Meeting, whose: Whose, entry: Wanted, row: MeetingInvitation | None, by: User | None, now: datetime.datetime) -> bool:
    """Send one person what is new to their calendar; False when it holds that already."""
    if row is not None and not row.withdrawn:
        _at_todays_address(row, by=by, now=now)
    if row is None:
        rule, row = "meeting_booked", MeetingInvitation(meeting=meeting, user=entry.attendee.user)
    elif row.withdrawn:
        rule, row.sequence, row.withdrawn = "meeting_booked", row.sequence + 1, False
        row.answered, row.answered_at = Answer.NEEDS_ACTION, None
    elif (row.starts_at, row.ends_at) != (entry.starts_at, entry.ends_at):
        # Who could come on Tuesday has not said that they can come on Thursday.
        rule, row.sequence, row.answered, row.answered_at = "meeting_moved", row.sequence + 1, Answer.NEEDS_ACTION, None
    elif row.place != entry.place:
        rule, row.sequence = "meeting_moved", row.sequence + 1
    else:
        if row.attendee_id != entry.attendee.pk:
            row.attendee, row.meeting = entry.attendee, meeting
            _save(row, by, "On the list again")
        return False
    row.attendee, row.address = entry.attendee, entry.address
    row.starts_at, row.ends_at, row.place = entry.starts_at, entry.ends_at, entry.place
    row.meeting = meeting
    _save(row, by, {"meeting_booked": "Invited", "meeting_moved": "Meeting changed"}[rule])
    _send(row, rule, now)
    return True


def _withdraw(row: MeetingInvitation, *, by: User | None, now: datetime.datetime, still_on: bool, because: str) -> None:
    _at_todays_address(row, by=by, now=now)
    row.withdrawn, row.sequence = True, row.sequence + 1
    _save(row, by, because)
    facts = _facts(row) | ({"still_on": 1} if still_on else {})
    _send(row, "meeting_cancelled", now, facts=facts, take_out=True)


def _was_held(meeting: Meeting, row: MeetingInvitation, *, by: User | None, now: datetime.datetime) -> bool:
    """Take the time that was booked out of a calendar because the meeting was held before it; False where it was held at that time.

    The invitation and its answer stay, with the time at which the meeting was held: nothing was cancelled.
    """
    if meeting.starts_at is None or meeting.starts_at == row.starts_at:
        return False
    _at_todays_address(row, by=by, now=now)
    row.sequence += 1
    row.meeting = meeting
    _send(row, "meeting_held", now, facts={"on": timezone.localdate(meeting.starts_at)}, take_out=True)
    row.starts_at, row.ends_at = meeting.starts_at, meeting.starts_at + datetime.timedelta(minutes=meeting.minutes)
    _save(row, by, "Meeting held")
    return True


def _at_todays_address(row: MeetingInvitation, *, by: User | None, now: datetime.datetime) -> bool:
    """Take an entry out at the address it was sent to and put it in at the one its person has now; False where they are the same.

    The second has the higher SEQUENCE, so that a calendar that reads both addresses keeps the entry, whichever comes first.
    """
    address = (row.user.email or "") if row.user is not None else row.address
    if address == row.address:
        return False
    row.sequence += 1
    if row.address:
        write_to(
            key=f"meeting:{row.uid}:{row.sequence}", address=row.address, rule="meeting_elsewhere", facts=_facts(row),
            calendar=cancel(_entry(row), at=now),
        )  # fmt: skip
    row.sequence, row.address = row.sequence + 1, address
    _save(row, by, "Sent to their new address")
    _send(row, "meeting_elsewhere", now)
    return True


def _facts(row: MeetingInvitation) -> Facts:
    starts = row.starts_at.astimezone(LONDON)
    return {"on": starts.date(), "at": starts.strftime("%H:%M")}


def _entry(row: MeetingInvitation, link: str = "") -> Entry:
    return Entry(
        uid=row.uid, sequence=row.sequence, starts_at=row.starts_at, ends_at=row.ends_at, organizer=settings.REPLY_ADDRESS,
        address=row.address, place=row.place, link=link, answered=row.answered,
    )  # fmt: skip


def _send(row: MeetingInvitation, rule: str, now: datetime.datetime, *, facts: Facts | None = None, take_out: bool = False) -> None:
    """Write the one message of this change to this person: in the product and by e-mail, or by e-mail alone.

    ``facts`` are those of the entry where nothing else is said; ``take_out``: the entry goes out of the calendar.
    """
    plan, facts = row.meeting.plan, facts or _facts(row)
    person = row.user if row.user is not None and row.user.may_sign_in(timezone.localdate(now)) else None
    link = settings.SITE_URL + reverse("pep:invitation", args=[row.pk]) if person else ""
    calendar = (cancel if take_out else request)(_entry(row, link), at=now) if row.address else ""
    key = f"meeting:{row.uid}:{row.sequence}"
    if person:
        tell(key=key, recipient=person, rule=rule, plan_id=plan.pk, child_id=plan.child_id, facts=facts, calendar=calendar)
    elif row.address:
        write_to(key=key, address=row.address, rule=rule, facts=facts, calendar=calendar)


def _locked(plan_id: uuid.UUID) -> Plan:
    plans: QuerySet[Plan] = models.QuerySet(Plan).select_for_update(no_key=True, of=("self",))
    return plans.select_related("child__authority").get(pk=plan_id)


def _save(row: AuditedModel, by: User | None, because: str) -> None:
    row._history_user, row._change_reason = by, because  # type: ignore[attr-defined]
    row.save()


def _perhaps_to_withdraw(on: datetime.date, after: datetime.datetime) -> QuerySet[MeetingInvitation]:
    """Invitations in force of people who stand in no plain relation of the day to the child, or to a meeting that a complete plan went
    on without (as plans did that became complete before they took their meeting out of calendars).

    It may hold people who still work with the child: ``takes_part`` decides. It never leaves out one who does not.
    """
    user, child, authority = OuterRef("user"), OuterRef("meeting__plan__child"), OuterRef("meeting__plan__child__authority")
    seeing = [relation.value for relation in relations_with(Verb.VIEW)]
    managing = [Relation.TEAM_MANAGER.value, Relation.DEPUTY_MANAGER.value]

    def of(table: type[models.Model], codes: list[str]) -> QuerySet[Any]:
        return models.QuerySet(table).filter(in_force(on), user=user, permission__codename__in=codes)

    directly = of(ChildRelation, seeing).filter(content_object=child)
    as_staff = of(VirtualSchoolRelation, seeing).filter(content_object__authorities=authority)
    as_manager = of(TeamRelation, managing).filter(
        in_force(on, "content_object__allocations__"),
        content_object__allocations__role=Allocation.Role.SOCIAL_WORKER, content_object__allocations__child=child,
    )  # fmt: skip
    at_school = of(SchoolRelation, [Relation.DESIGNATED_TEACHER.value]).filter(
        in_force(on, "content_object__enrolments__"), content_object__enrolments__child=child, authority_id=authority
    )
    may_sign_in = Q(user__is_active=True) & (Q(user__expires_on=None) | Q(user__expires_on__gt=on))
    sees = Exists(directly) | Exists(as_staff) | Exists(as_manager) | Exists(at_school)
    rows: QuerySet[MeetingInvitation] = models.QuerySet(MeetingInvitation).filter(withdrawn=False, starts_at__gt=after)
    works = Q(user__isnull=True) | (may_sign_in & sees & Q(meeting__plan__child__merged_into=None))
    gone_on = Q(meeting__state=Meeting.State.BOOKED, meeting__plan__state=Plan.State.COMPLETE)
    return rows.filter(~works | gone_on).order_by("starts_at", "pk")
