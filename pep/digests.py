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
from django.db.models import Count, FilteredRelation, Q
from django.utils import timezone

from accounts.models import Message, User
from accounts.outbox import tell
from accounts.policy import Relation
from accounts.relations import in_force
from accounts.rules import DIGEST, LATE_RULES, RULES
from children.models import Child, ChildRelation, Enrolment
from pep.escalation import no_longer_late_at_school
from pep.passed import done_since
from pep.planning import may_sign_in
from schools.models import Policy, SchoolRelation, TeamRelation, Term, VirtualSchoolRelation
from schools.timetable import ONE_DAY, is_working_day

# Whose work goes on in the school holidays, besides the people of a team or a virtual school.
COUNCIL_SIDE = (Relation.SOCIAL_WORKER.value, Relation.REVIEWING_OFFICER.value)

Hours = tuple[datetime.time, datetime.time]
# Whose terms count: an authority and a school, or the authority alone.
Place = tuple[uuid.UUID, uuid.UUID | None]


def quiet_until(now: datetime.datetime, starts: datetime.time, ends: datetime.time) -> datetime.datetime:
    """The end of the quiet hours that a moment falls in; the moment itself when it falls in none. Equal hours: none are quiet."""
    local = timezone.localtime(now)
    clock = local.time()
    quiet = (starts <= clock or clock < ends) if starts > ends else starts <= clock < ends
    if not quiet:
        return now
    day = local.date() + (ONE_DAY if clock >= ends else 0 * ONE_DAY)
    return datetime.datetime.combine(day, ends, tzinfo=timezone.get_current_timezone())


def not_before(message: Message, now: datetime.datetime) -> datetime.datetime:
    """When a message may be mailed at the earliest: now, or the end of the quiet hours of the child's authority.

    A digest is about children of several authorities, a record that has closed is nobody's to look up, and a parent or carer is written
    to without a child: the customary hours hold.
    What else is about no child is about the person's own work with the product, and waits for nothing.
    """
    if message.about_child is None and not RULES[message.rule].customary_hours and message.recipient_id is not None:
        return now
    today = timezone.localdate(now)
    policy = Policy.objects.filter(in_force(today), authority__children=message.about_child).first() if message.about_child else None
    return quiet_until(now, *_hours(policy or Policy()))


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

    Who is to have one is found by a fixed number of queries.
    """
    if not is_working_day(on):
        return 0
    waiting = _waiting(on)
    authorities = {authority for one in waiting.values() for authority in one.authorities}
    in_term, quiet, council = _in_term(authorities, on), _quiet(authorities, on, now), _council_side(waiting, on)
    works_at = _works_at(waiting, council, on)
    written = 0
    for person in User.objects.filter(may_sign_in(on, ""), pk__in=list(waiting)).order_by("pk"):
        theirs = waiting[person.pk].authorities
        works = not theirs or any(in_term.get(place, in_term.get((place[0], None), True)) for place in works_at[person.pk])
        weekly = person.digest == User.Digest.MONDAYS or not works
        if theirs & quiet or (weekly and not is_first_working_day(on)) or not (works or person.pk in council):
            continue
        written += _send(person, on)
    return written


def is_first_working_day(on: datetime.date) -> bool:
    """Whether a day is the first working day of its week: Monday, or the day after a bank holiday."""
    monday = on - on.weekday() * ONE_DAY
    return is_working_day(on) and not any(is_working_day(monday + day * ONE_DAY) for day in range(on.weekday()))


def _send(person: User, on: datetime.date) -> bool:
    """One person's digest of what is unread, still so, and about children whom they may still see; what it counted is not mailed again.

    Of what names no plan, or is about no plan, it is asked here whether it still is so: no step of a plan marks it as read.
    """
    with transaction.atomic():
        # Of two schedulers the second waits here, and then finds nothing.
        rows = list(Message.objects.select_for_update().filter(recipient=person, mail=Message.Mail.DIGEST).order_by("pk"))
        past = no_longer_late_at_school(rows, on) | done_since(rows, on)
        if past:
            Message.objects.filter(pk__in=past).update(mail=Message.Mail.NONE, read_at=timezone.now())
            rows = [row for row in rows if row.pk not in past]
        seen = _visible(person, {row.about_child for row in rows if row.about_child}, on)
        unread = [row for row in rows if row.read_at is None and (row.about_child is None or row.about_child in seen)]
        late = sum(row.rule in LATE_RULES for row in unread)
        facts = {"messages": len(unread), "late": late}
        written = bool(unread) and tell(key=f"digest:{on}:{person.pk}", recipient=person, rule=DIGEST, facts=facts)
        if written or not unread:
            Message.objects.filter(pk__in=[row.pk for row in rows]).update(mail=Message.Mail.NONE)
    return written


def _visible(person: User, children: Collection[uuid.UUID], on: datetime.date) -> set[uuid.UUID]:
    return set(Child.objects.visible_to(person, on=on).filter(pk__in=list(children)).values_list("pk", flat=True))


def _waiting(on: datetime.date) -> dict[uuid.UUID, _Waiting]:
    """Everybody whom something unread waits for."""
    rows = Message.objects.filter(mail=Message.Mail.DIGEST, read_at=None).order_by()
    columns = list(rows.values_list("recipient_id", "about_child", "facts__authority").distinct())
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


def _in_term(authorities: Collection[uuid.UUID], on: datetime.date) -> dict[Place, bool]:
    """Whether it is term on a day, for the authorities, and the schools with terms of their own, whose terms are written down."""
    terms = Term.objects.filter(authority__in=list(authorities)).order_by().values_list("authority_id", "school_id")
    return {(authority, school): bool(now) for authority, school, now in terms.annotate(now=Count("pk", filter=in_force(on)))}


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


def _quiet(authorities: Collection[uuid.UUID], on: datetime.date, now: datetime.datetime) -> set[uuid.UUID]:
    """Those authorities where a moment falls in the quiet hours."""
    policies = Policy.objects.filter(in_force(on), authority__in=list(authorities))
    hours: dict[uuid.UUID, Hours] = {policy.authority_id: _hours(policy) for policy in policies}
    customary = _hours(Policy())
    return {authority for authority in authorities if quiet_until(now, *hours.get(authority, customary)) > now}


def _council_side(people: Iterable[uuid.UUID], on: datetime.date) -> set[uuid.UUID]:
    """Those people who work for a virtual school or a social work team, or with a child as social worker or reviewing officer."""
    ids, found = list(people), set[uuid.UUID]()
    for table, narrowed in ((VirtualSchoolRelation, {}), (TeamRelation, {}), (ChildRelation, {"permission__codename__in": COUNCIL_SIDE})):
        found |= set(table.objects.filter(in_force(on), user__in=ids, **narrowed).values_list("user_id", flat=True))
    return found
