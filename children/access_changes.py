"""Telling people that a child's record has opened or closed to them: at once, each change exactly once, whoever brought it about.

What somebody changes in the register is told in the transaction that changes it (``telling``); what begins or ends by its date alone
is found the night before (``tell_of_the_day``). Neither tells what the other has told. Many of them make one e-mail, which is sent as soon.
"""

import datetime
import uuid
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.db import models, transaction
from django.db.models import Count, Q
from django.utils import timezone

from accounts.models import Message, User
from accounts.outbox import tell
from accounts.policy import Relation
from accounts.rules import ACCESSES_ENDED, NEW_CHILDREN
from children.access import relations_to
from children.models import Allocation, Child, ChildRelation, Enrolment
from children.querysets import relation_of_enrolment
from schools.models import SchoolRelation, TeamRelation

NEW, ENDED = "new_child", "access_ended"

# For whom a child is new work. A contributor is told who named them; a manager is told of a child with whom nobody works yet.
NEW_TO = frozenset({Relation.DESIGNATED_TEACHER, Relation.PROVIDER_TEACHER, Relation.SOCIAL_WORKER, Relation.REVIEWING_OFFICER})
# From how many on one person's news of one night or one import is one e-mail that says how many, and by which rule.
TOGETHER = 4
MANY = {NEW: NEW_CHILDREN, ENDED: ACCESSES_ENDED}
# How many nights that were missed are made up for.
LOOKS_BACK = datetime.timedelta(days=14)

ONE_DAY = datetime.timedelta(days=1)
Standing = Mapping[tuple[uuid.UUID, uuid.UUID], frozenset[Relation]]  # (child, person): in which relations


@dataclass(frozen=True)
class _Change:
    """A child's record that opened or closed to a person on a day.

    ``after``: of what somebody did, how much had been written of the child before, so that what is done, undone and done again on one day
    is told each time; "" for what follows from a date alone, which happens once.
    """

    rule: str
    child_id: uuid.UUID
    user_id: uuid.UUID
    on: datetime.date
    after: str = ""

    @property
    def pair(self) -> str:
        """What all messages of this child to this person begin with, whenever they were written."""
        return f"{self.rule}:{self.child_id}:{self.user_id}"

    @property
    def key(self) -> str:
        """What makes its message exist once."""
        return f"{self.pair}:{self.on}:{self.after}".rstrip(":")


class _Rows:
    """The dated rows that tie people to some children, read once for any number of days: five queries."""

    def __init__(self, children: Collection[uuid.UUID]) -> None:
        ids = list(children)
        tied = ChildRelation.objects.filter(content_object__in=ids)
        self.tied = list(tied.values_list("content_object_id", "user_id", "permission__codename", "starts", "ends"))
        enrolments = Enrolment.objects.filter(child__in=ids).order_by()
        columns = ("child_id", "school_id", "child__authority_id", "kind", "starts", "ends", "readable_until")
        self.enrolments = list(enrolments.values_list(*columns, named=True))
        taught = SchoolRelation.objects.filter(
            content_object__in={row.school_id for row in self.enrolments}, permission__codename=Relation.DESIGNATED_TEACHER.value
        )
        self.teachers: dict[Any, list[Any]] = defaultdict(list)
        for school, authority, *row in taught.values_list("content_object_id", "authority_id", "user_id", "starts", "ends"):
            self.teachers[school, authority].append(row)
        allocated = Allocation.objects.filter(child__in=ids, role=Allocation.Role.SOCIAL_WORKER, team__isnull=False).order_by()
        self.teams = list(allocated.values_list("child_id", "team_id", "starts", "ends"))
        managed = TeamRelation.objects.filter(content_object__in={row[1] for row in self.teams})
        self.managers: dict[Any, list[Any]] = defaultdict(list)
        for team, *row in managed.values_list("content_object_id", "user_id", "permission__codename", "starts", "ends"):
            self.managers[team].append(row)

    def standing(self, on: datetime.date) -> Standing:
        """Who stands in which relation to which of the children on a day, the virtual schools' own people left out."""
        found: dict[tuple[uuid.UUID, uuid.UUID], set[Relation]] = defaultdict(set)
        for child, user, code, starts, ends in self.tied:
            if _holds(starts, ends, on):
                found[child, user].add(Relation(code))
        for row in self.enrolments:
            relation = relation_of_enrolment(row, on)
            for user, starts, ends in self.teachers[row.school_id, row.child__authority_id] if relation else ():
                if relation and _holds(starts, ends, on):
                    found[row.child_id, user].add(relation)
        for child, team, starts, ends in self.teams:
            if _holds(starts, ends, on):
                for user, code, since, until in self.managers[team]:
                    if _holds(since, until, on):
                        found[child, user].add(Relation(code))
        return {pair: frozenset(relations) for pair, relations in found.items()}


def _holds(starts: datetime.date, ends: datetime.date | None, on: datetime.date) -> bool:
    return starts <= on and (ends is None or ends > on)


@contextmanager
def telling(children: Iterable[uuid.UUID], *, on: datetime.date, by: User | None = None) -> Iterator[None]:
    """Tell, in the caller's transaction, to whom the block opened or closed the records of these children; not ``by``, who did it."""
    ids = list(children)
    # Read before the rows: of two who do the same at once, each sees as much of the other in both, and it is told once.
    written = _written(ids)
    before = _Rows(ids).standing(on)
    yield
    changes = _changes(before, _Rows(ids).standing(on), on, written)
    _tell([change for change in changes if by is None or change.user_id != by.pk])


def _written(children: Collection[uuid.UUID]) -> Mapping[uuid.UUID, int]:
    """How often rows that tie people to each of these children were written: it only grows, and stands for how things stood."""
    found: dict[uuid.UUID, int] = defaultdict(int)
    for model in (Allocation, Enrolment):
        rows = model.history.filter(child__in=list(children)).order_by().values("child_id").annotate(many=Count("pk"))
        for child, many in rows.values_list("child_id", "many"):
            found[child] += many
    return found


def tell_of_the_day(on: datetime.date) -> int:
    """Tell of what opened or closed by its date alone on a day or in nights that were missed. Returns how much of it was told."""
    since = on - LOOKS_BACK
    days: dict[uuid.UUID, set[datetime.date]] = defaultdict(set)
    for model, names in ((Enrolment, ("starts", "ends", "readable_until")), (Allocation, ("starts", "ends"))):
        rows: Any = models.QuerySet(model).order_by()  # type: ignore[type-var]
        in_time = Q()
        for name in names:
            in_time |= Q(**{f"{name}__gt": since, f"{name}__lte": on})
        for child, *dates in rows.filter(in_time, child__merged_into=None).values_list("child_id", *names):
            days[child] |= {day for day in dates if day is not None and since < day <= on}
    if not days:
        return 0
    rows_of, by_day = _Rows(days), defaultdict(set)
    for child, dates in days.items():
        for day in dates:
            by_day[day].add(child)
    found: list[_Change] = []
    for day, children in sorted(by_day.items()):
        changes = _changes(rows_of.standing(day - ONE_DAY), rows_of.standing(day), day)
        found += [change for change in changes if change.child_id in children]
    return _tell(_not_told(found, since))


def _changes(before: Standing, after: Standing, on: datetime.date, written: Mapping[uuid.UUID, int] | None = None) -> list[_Change]:
    seen: dict[uuid.UUID, str] = {} if written is None else {child: str(written.get(child, 0)) for child, _ in (*before, *after)}
    worked_with = {child for (child, _), relations in after.items() if Relation.SOCIAL_WORKER in relations}
    found = []
    for (child, user), relations in after.items():
        if (child, user) in before:
            continue
        unallocated = Relation.TEAM_MANAGER in relations and child not in worked_with
        if relations & NEW_TO or unallocated:
            found.append(_Change(NEW, child, user, on, seen.get(child, "")))
    found += [_Change(ENDED, child, user, on, seen.get(child, "")) for child, user in before if (child, user) not in after]
    return sorted(found, key=lambda change: change.key)


def _not_told(changes: Collection[_Change], since: datetime.date) -> list[_Change]:
    """Those that nobody was told of when somebody typed them: of one pair nothing was written since the day of the change."""
    midnight = datetime.datetime.combine(since, datetime.time(), tzinfo=timezone.get_current_timezone())
    rows = Message.objects.filter(rule__in=(NEW, ENDED), recipient__in={change.user_id for change in changes}, created_at__gte=midnight)
    told: dict[str, datetime.date] = {}
    for key, at in rows.order_by("created_at").values_list("key", "created_at"):
        told[":".join(key.split(":")[:3])] = timezone.localdate(at)
    return [change for change in changes if told.get(change.pair, datetime.date.min) < change.on]


def _tell(changes: Collection[_Change]) -> int:
    people = User.objects.in_bulk({change.user_id for change in changes})
    children = Child.objects.select_related("authority").in_bulk({change.child_id for change in changes})
    news: dict[tuple[str, uuid.UUID], list[_Change]] = defaultdict(list)
    for change in changes:
        # What is still open to them through the virtual school has not closed.
        if change.rule == NEW or not relations_to(people[change.user_id], children[change.child_id], change.on):
            news[change.rule, change.user_id].append(change)
    return sum(_tell_person(people[user], rule, theirs, children) for (rule, user), theirs in news.items())


def _tell_person(person: User, rule: str, changes: Collection[_Change], children: Mapping[uuid.UUID, Child]) -> int:
    """Tell a person of each, in the product and by e-mail at once; of many one e-mail says how many. Returns how many were told."""
    many = len(changes) >= TOGETHER
    with transaction.atomic():
        told = [
            change
            for change in changes
            if tell(
                key=change.key, recipient=person, rule=rule, child_id=change.child_id if rule == NEW else None,
                facts={"on": change.on}, mailed=not many,
            )
        ]  # fmt: skip
        if many and told:
            # Its hours are those of the children's authority, as they are for each child alone.
            authorities = {children[change.child_id].authority_id for change in told} if rule == NEW else set()
            facts = {"count": len(told), **({"authority": authorities.pop()} if len(authorities) == 1 else {})}
            tell(key=f"many:{told[0].key}", recipient=person, rule=MANY[rule], facts=facts)
    return len(told)
