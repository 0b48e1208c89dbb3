"""When the school's part of a plan is the virtual school's: in the holidays, for a date that falls in them, and while there is no teacher.

A date in term stays the school's, on days in the holidays too: it could be kept while school was open (decision 17).
"""

import datetime
import uuid
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Min, OuterRef, Subquery
from django.utils import timezone

from accounts.models import User
from accounts.relations import in_force
from children.models import Child, Enrolment
from pep import clock
from pep.clock_rules import instead_of_school
from pep.fact_finding import Rulebook
from pep.models import Plan
from pep.querysets import these
from schools.models import Membership, Term
from schools.timetable import ONE_DAY

Days = tuple[datetime.date, datetime.date]  # half-open
Places = tuple[uuid.UUID, uuid.UUID | None]  # a child's authority, and its main school


class Terms:
    """The terms of every authority, and of the schools that have their own: one query, each child's counted out once."""

    def __init__(self, on: datetime.date) -> None:
        self.book, self.known = Rulebook(on), dict[Places, list[Days]]()
        for term in Term.objects.all():
            self.book.terms[term.authority_id, term.school_id].append(term)

    def of(self, authority: uuid.UUID, school: uuid.UUID | None) -> list[Days]:
        """The terms of an authority's child at a school, as the clock knows them, the earliest first."""
        if (authority, school) not in self.known:
            windows = self.book.terms_of(Child(authority_id=authority), school)
            self.known[authority, school] = sorted((window.starts, window.ends) for window in windows)
        return self.known[authority, school]

    def holidays_anywhere(self, on: datetime.date) -> bool:
        """Whether a day is in the holidays of any authority or school."""
        return any(clock.in_holidays(on, self.of(*place)) for place in list(self.book.terms))


def of_the_virtual_school(
    dates: Iterable[tuple[uuid.UUID, uuid.UUID, datetime.date]], on: datetime.date, terms: Terms | None = None
) -> set[uuid.UUID]:  # fmt: skip
    """Of these dates (key of the plan, child, day it is due) those whose school's part is the virtual school's on a day, because the day
    and the date both fall outside the terms of the child's school: two queries, one where no school has holidays.

    ``dates`` is read only while some school has holidays, and may be a query.
    """
    terms = terms or Terms(on)
    if not terms.holidays_anywhere(on):
        return set()
    listed = list(dates)
    school = Enrolment.objects.filter(in_force(on), child=OuterRef("pk"), kind=Enrolment.Kind.MAIN).values("school")[:1]
    children = Child.objects.filter(pk__in=these({child_id for _, child_id, _ in listed})).order_by()
    places: dict[uuid.UUID, Places] = {
        child_id: (authority, at) for child_id, authority, at in children.values_list("pk", "authority_id", Subquery(school))
    }
    away = {place for place in set(places.values()) if clock.in_holidays(on, terms.of(*place))}
    return {
        key for key, child_id, due_on in listed
        if (place := places.get(child_id)) in away and place and clock.in_holidays(due_on, terms.of(*place))
    }  # fmt: skip


def with_parts_moved(missing: Mapping[str, Any]) -> dict[str, Any]:
    """What waits for each owner, counted or listed, where nobody is at school: the school's part with that of the virtual school."""
    found: dict[str, Any] = {}
    for owner, what in missing.items():
        holder = instead_of_school(owner)
        found[holder] = found[holder] + what if holder in found else what
    return found


@dataclass(frozen=True)
class _Place:
    """A child's time at a main school."""

    school: uuid.UUID
    starts: datetime.date
    ends: datetime.date | None


def days_of_the_virtual_school(plans: Collection[Plan], on: datetime.date) -> dict[uuid.UUID, list[Days]]:
    """Of each plan the days after its date, to this one, on which the school's part was the virtual school's: in order, apart, half-open.

    These are the days on which the child had no main school, or nobody there could sign in as designated teacher for the child's authority,
    and, where the plan's own date fell in the holidays, the days of holidays. An account that has ended did so on a day; one that nobody
    has taken up never worked. Four queries; the plans are read with their children.
    """
    if not plans:
        return {}
    terms = Terms(on)
    places: dict[uuid.UUID, list[_Place]] = defaultdict(list)
    children = {plan.child_id for plan in plans}
    rows = Enrolment.objects.filter(child__in=these(children), kind=Enrolment.Kind.MAIN).order_by("starts")
    for child_id, school, starts, ends in rows.values_list("child_id", "school_id", "starts", "ends"):
        places[child_id].append(_Place(school, starts, ends))
    teaching = _teaching({place.school for listed in places.values() for place in listed})
    found = {}
    for plan in plans:
        after, until = plan.due_on + ONE_DAY, on + ONE_DAY
        authority, away, taught = plan.child.authority_id, list[Days](), list[Days]()
        for place in places[plan.child_id]:
            there = (max(place.starts, after), min(place.ends or until, until))
            taught += [_both(there, days) for days in teaching.get((place.school, authority), [])]
            known = terms.of(authority, place.school)
            if clock.in_holidays(plan.due_on, known):
                away += [_both(there, days) for days in _between(known)]
        found[plan.pk] = _joined([*away, *_others((after, until), _joined(taught))])
    return found


def _teaching(schools: Collection[uuid.UUID]) -> dict[tuple[uuid.UUID, uuid.UUID], list[Days]]:
    """Of each of these schools and each authority the days on which a designated teacher could sign in: two queries."""
    rows = Membership.objects.filter(role="designated_teacher", school__in=these(schools)).select_related("user").order_by("starts")
    teachers = list(rows)
    closed_on = _closed_on({row.user_id for row in teachers if not row.user.is_active})
    found: dict[tuple[uuid.UUID, uuid.UUID], list[Days]] = defaultdict(list)
    for row in teachers:
        ends = [day for day in (row.ends, row.user.expires_on, closed_on.get(row.user_id)) if day]
        if row.user.has_usable_password() and row.school_id and row.authority_id:
            found[row.school_id, row.authority_id].append((row.starts, min(ends, default=datetime.date.max)))
    return found


def _closed_on(users: Collection[uuid.UUID]) -> dict[uuid.UUID, datetime.date]:
    """Since when these accounts have been closed."""
    history: Any = User.history.model
    opened = history.objects.filter(id=OuterRef("id"), is_active=True).order_by("-history_id")
    closed = history.objects.filter(id__in=these(users), is_active=False, history_id__gt=Subquery(opened.values("history_id")[:1]))
    rows = closed.order_by().values_list("id").annotate(Min("history_date"))
    found = {user: timezone.localdate(at) for user, at in rows}
    return {user: found.get(user, datetime.date.min) for user in users}


# Spans of days


def _both(one: Days, other: Days) -> Days:
    return max(one[0], other[0]), min(one[1], other[1])


def _between(terms: Sequence[Days]) -> list[Days]:
    """The holidays between terms that are known, in their order."""
    return [(one[1], following[0]) for one, following in zip(terms, terms[1:], strict=False)]


def _joined(spans: Iterable[Days]) -> list[Days]:
    """The same days as spans that lie apart, in order; what is empty is left out."""
    found: list[Days] = []
    for starts, ends in sorted(span for span in spans if span[0] < span[1]):
        if found and starts <= found[-1][1]:
            found[-1] = found[-1][0], max(found[-1][1], ends)
        else:
            found.append((starts, ends))
    return found


def _others(whole: Days, spans: Iterable[Days]) -> list[Days]:
    """The days of a span that are in none of these, which lie apart and in order."""
    found, since = [], whole[0]
    for starts, ends in spans:
        found.append((since, starts))
        since = max(since, ends)
    return [*found, (since, whole[1])]
