"""One digest a day: what can wait is mailed together, in term time, on working days, and never in an authority's quiet hours.

The messages are in the product at once. Here is decided when their e-mail goes, and that no e-mail but one about an account itself
arrives while people sleep.
"""

import datetime
import uuid
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from django.db import transaction
from django.db.models import Count, FilteredRelation, Q, QuerySet
from django.utils import timezone

from accounts.models import Message, User
from accounts.outbox import tell
from accounts.policy import Relation
from accounts.relations import in_force
from accounts.rules import DIGEST, LATE_RULES, RULES
from children.models import Child, ChildRelation, Enrolment
from pep.mail_withheld import why_not_theirs
from pep.past_messages import no_longer_so
from pep.planning import may_sign_in
from schools.models import Policy, SchoolRelation, TeamRelation, Term, VirtualSchoolRelation
from schools.timetable import DIGEST_RUNS, ONE_DAY, SCHOOL_YEAR_STARTS_IN, academic_year, digest_runs, is_quiet, is_working_day

# Whose work goes on in the school holidays, besides the people of a team or a virtual school.
COUNCIL_SIDE = (Relation.SOCIAL_WORKER.value, Relation.REVIEWING_OFFICER.value)
AT_ONCE = 100  # people of whose messages it is asked at once whether they are still so

Hours = tuple[datetime.time, datetime.time]
# Whose terms count: an authority and a school, or the authority alone.
Place = tuple[uuid.UUID, uuid.UUID | None]


def quiet_until(now: datetime.datetime, starts: datetime.time, ends: datetime.time) -> datetime.datetime:
    """The end of the quiet hours that a moment falls in; the moment itself when it falls in none. Equal hours: none are quiet."""
    local = timezone.localtime(now)
    clock = local.time()
    if not is_quiet(clock, starts, ends):
        return now
    day = local.date() + (ONE_DAY if clock >= ends else 0 * ONE_DAY)
    return datetime.datetime.combine(day, ends, tzinfo=timezone.get_current_timezone())


def not_before(message: Message, now: datetime.datetime) -> datetime.datetime:
    """When a message may be mailed at the earliest: now, or the end of the quiet hours of the child's authority.

    A digest keeps to those of all the authorities that it is about, what is for a headteacher to those of the authority that vouches for
    them. A record that has closed is nobody's to look up, and a parent or carer is written to without a child: the customary hours hold.
    What else is about no child is about the person's own work with the product, and waits for nothing.
    """
    if message.about_child is None and not RULES[message.rule].customary_hours and message.recipient_id is not None:
        return now
    return _out_of_quiet(now, _hours_of(message, timezone.localdate(now)))


def waits_for_digest(message: Message, now: datetime.datetime) -> bool:
    """Whether a message that its reader wants at once waits for the next digest all the same: it is no working day, or not their term."""
    on, person = timezone.localdate(now), message.recipient
    if person is None or person.digest != User.Digest.AT_ONCE:
        return False
    return not is_working_day(on) or person.pk not in _at_work(_waiting(Message.objects.filter(pk=message.pk), on), on)[0]


def _out_of_quiet(now: datetime.datetime, quiet: Collection[Hours]) -> datetime.datetime:
    """The next moment outside all of these quiet hours. Where together they leave none, the customary ones hold."""
    moment = now
    while moment < now + ONE_DAY:
        later = max((quiet_until(moment, *hours) for hours in quiet), default=moment)
        if later == moment:
            return moment
        moment = later
    return quiet_until(now, *_hours(Policy()))


def _hours_of(message: Message, on: datetime.date) -> list[Hours]:
    """Whose quiet hours a message keeps to."""
    if message.about_child:
        policies = Policy.objects.filter(in_force(on), authority__children=message.about_child)
    elif "authority" in message.facts:
        policies = Policy.objects.filter(in_force(on), authority=message.facts["authority"])
    elif message.rule == DIGEST:
        # Which messages it counted is written nowhere: they are among those without an e-mail of their own that are unread.
        told = Message.objects.filter(recipient=message.recipient_id, mail=Message.Mail.NONE, read_at=None)
        authorities = {authority for one in _waiting(told, on).values() for authority in one.authorities}
        return list(_quiet_hours(authorities, on).values()) or [_hours(Policy())]
    else:
        policies = Policy.objects.none()
    return [_hours(policy) for policy in policies] or [_hours(Policy())]


def _hours(policy: Policy) -> Hours:
    return policy.quiet_from, policy.quiet_to


@dataclass
class _Waiting:
    """What one person has not been mailed yet: the authorities and main schools of the children it is about."""

    places: set[Place] = field(default_factory=set)

    @property
    def authorities(self) -> set[uuid.UUID]:
        """Whose children they are."""
        return {authority for authority, _ in self.places}


def send_digests(on: datetime.date, now: datetime.datetime) -> int:
    """Write the day's digest of everybody who is to have one now. Returns how many; run again on the day, it writes none.

    Who is to have one is found by a fixed number of queries, and what is still so by as many for every hundred of them.
    """
    if not is_working_day(on):
        return 0
    waiting = _waiting(Message.objects.filter(mail=Message.Mail.DIGEST, read_at=None), on)
    at_work, council = _at_work(waiting, on)
    hours = _quiet_hours({authority for one in waiting.values() for authority in one.authorities}, on)
    ready = []
    for person in User.objects.filter(may_sign_in(on, ""), pk__in=list(waiting)).order_by("pk"):
        weekly = person.digest == User.Digest.MONDAYS or person.pk not in at_work
        if (weekly and not is_first_working_day(on)) or not (person.pk in at_work or person.pk in council):
            continue
        if _is_time([hours[authority] for authority in waiting[person.pk].authorities], now):
            ready.append(person)
    written = 0
    for first in range(0, len(ready), AT_ONCE):
        people = ready[first : first + AT_ONCE]
        unread = Message.objects.filter(recipient__in=people, mail=Message.Mail.DIGEST, read_at=None)
        past = no_longer_so(list(unread), on)
        written += sum(_send(person, on, past) for person in people)
    return written


def _is_time(quiet: Collection[Hours], now: datetime.datetime) -> bool:
    """Whether a digest may be written now: outside these quiet hours, or, where they leave no time of the day for it, at its end.

    When that one is mailed its own quiet hours say.
    """
    if all(quiet_until(now, *hours) == now for hours in quiet):
        return True
    return timezone.localtime(now).time() >= DIGEST_RUNS[-1] and not digest_runs(*quiet)


def is_first_working_day(on: datetime.date) -> bool:
    """Whether a day is the first working day of its week: Monday, or the day after a bank holiday."""
    monday = on - on.weekday() * ONE_DAY
    return is_working_day(on) and not any(is_working_day(monday + day * ONE_DAY) for day in range(on.weekday()))


def _send(person: User, on: datetime.date, past: Collection[uuid.UUID]) -> bool:
    """One person's digest of what is unread, still so, and about children whom they may still see; what it counted is not mailed again.

    ``past`` are the messages that are not so any more: they count as read.
    """
    with transaction.atomic():
        # Of two schedulers the second waits here, and then finds nothing.
        rows = list(Message.objects.select_for_update().filter(recipient=person, mail=Message.Mail.DIGEST).order_by("pk"))
        outdated = [row.pk for row in rows if row.pk in past]
        if outdated:
            Message.objects.filter(pk__in=outdated).update(mail=Message.Mail.NONE, read_at=timezone.now())
            rows = [row for row in rows if row.pk not in past]
        seen = _visible(person, rows, on)
        unread = [row for row in rows if row.read_at is None and row.pk in seen]
        late = sum(row.rule in LATE_RULES for row in unread)
        facts = {"messages": len(unread), "late": late}
        written = bool(unread) and tell(key=f"digest:{on}:{person.pk}", recipient=person, rule=DIGEST, facts=facts)
        if written or not unread:
            Message.objects.filter(pk__in=[row.pk for row in rows]).update(mail=Message.Mail.NONE)
    return written


def _visible(person: User, messages: Collection[Message], on: datetime.date) -> set[uuid.UUID]:
    not_theirs = why_not_theirs(person, messages, on)
    return {message.pk for message in messages if message.pk not in not_theirs}


def _waiting(messages: QuerySet[Message], on: datetime.date) -> dict[uuid.UUID, _Waiting]:
    """Everybody whom these messages are for."""
    columns = list(messages.order_by().values_list("recipient_id", "about_child", "facts__authority").distinct())
    main = FilteredRelation("enrolments", condition=in_force(on, "enrolments__") & Q(enrolments__kind=Enrolment.Kind.MAIN))
    about = Child.objects.filter(pk__in={child for _, child, _ in columns if child}).annotate(main=main)
    children = {child: (authority, school) for child, authority, school in about.values_list("pk", "authority_id", "main__school_id")}
    found: dict[uuid.UUID, _Waiting] = defaultdict(_Waiting)
    for person, child, authority in columns:
        one = found[person]
        if child in children:
            one.places.add(children[child])
        elif authority:  # a headteacher is told of no child, but by the terms of the authority that vouches for them
            one.places.add((uuid.UUID(authority), None))
    return found


def _at_work(waiting: Mapping[uuid.UUID, _Waiting], on: datetime.date) -> tuple[set[uuid.UUID], set[uuid.UUID]]:
    """Whose term it is on a day, of those whom something waits for; and who works for the council, which works on in the holidays."""
    in_term = _in_term({authority for one in waiting.values() for authority in one.authorities}, on)
    council = _council_side(waiting, on)
    works_at = _works_at(waiting, council, on)
    at_work = {
        person
        for person, one in waiting.items()
        if not one.authorities or any(in_term.get(place, in_term.get((place[0], None), True)) for place in works_at[person])
    }
    return at_work, council


def _in_term(authorities: Collection[uuid.UUID], on: datetime.date) -> dict[Place, bool]:
    """Whether it is term on a day, for the authorities, and the schools with terms of their own, whose terms of this school year are
    written down. What was written down for other years says nothing of this one.
    """
    first, last = (datetime.date(academic_year(on) + more, SCHOOL_YEAR_STARTS_IN, 1) for more in (0, 1))
    terms = Term.objects.filter(authority__in=list(authorities), ends__gt=first, starts__lt=last).order_by()
    found = terms.values_list("authority_id", "school_id").annotate(now=Count("pk", filter=in_force(on)))
    return {(authority, school): bool(now) for authority, school, now in found}


def _works_at(waiting: Mapping[uuid.UUID, _Waiting], council: Collection[uuid.UUID], on: datetime.date) -> dict[uuid.UUID, set[Place]]:
    """Whose terms count for each person: those of the schools they work at, for who helps at a school the child's, else the authority's."""
    found: dict[uuid.UUID, set[Place]] = defaultdict(set)
    at_school = SchoolRelation.objects.filter(in_force(on), user__in=list(waiting))
    for person, authority, school in at_school.values_list("user_id", "authority_id", "content_object_id"):
        if authority in waiting[person].authorities:
            found[person].add((authority, school))
    for person, one in waiting.items():
        elsewhere = one.authorities - {authority for authority, _ in found[person]}
        found[person] |= {(authority, None if person in council else school) for authority, school in one.places if authority in elsewhere}
    return found


def _quiet_hours(authorities: Collection[uuid.UUID], on: datetime.date) -> dict[uuid.UUID, Hours]:
    """The quiet hours of each of these authorities on a day: its own, or the customary ones."""
    policies = Policy.objects.filter(in_force(on), authority__in=list(authorities))
    customary = _hours(Policy())
    return dict.fromkeys(authorities, customary) | {policy.authority_id: _hours(policy) for policy in policies}


def _council_side(people: Iterable[uuid.UUID], on: datetime.date) -> set[uuid.UUID]:
    """Those people who work for a virtual school or a social work team, or with a child as social worker or reviewing officer."""
    ids, found = list(people), set[uuid.UUID]()
    for table, narrowed in ((VirtualSchoolRelation, {}), (TeamRelation, {}), (ChildRelation, {"permission__codename__in": COUNCIL_SIDE})):
        found |= set(table.objects.filter(in_force(on), user__in=ids, **narrowed).values_list("user_id", flat=True))
    return found
