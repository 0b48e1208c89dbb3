"""What a list across children is narrowed to: a team, a school, an age, or children without a social worker."""

import datetime
from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, F, OuterRef, Q, QuerySet

from accounts.relations import in_force
from children.models import Allocation, Enrolment
from children.querysets import ChildQuerySet
from pep.planning import can_sign_in
from schools.models import School, Team
from schools.timetable import academic_year

PHASES: dict[str, tuple[str, int, int]] = {
    "early": ("Early years", -10, 0),
    "primary": ("Years 1 to 6", 1, 6),
    "secondary": ("Years 7 to 11", 7, 11),
    "post16": ("Years 12 and 13", 12, 20),
}


def in_phase(phase: str, on: datetime.date) -> Q:
    """Children of a phase on a day, by year group: the override where there is one, else by date of birth."""
    _, low, high = PHASES[phase]
    # Born in the school year that began this many years before: the reverse of ``schools.timetable.year_group``.
    now = academic_year(on)
    year = now - 5
    oldest, youngest = datetime.date(year - high, 9, 1), datetime.date(year - low + 1, 9, 1)
    by_age = Q(year_group_override__isnull=True, date_of_birth__gte=oldest, date_of_birth__lt=youngest)
    # What was typed for a school year is one more in each that has begun since.
    typed_for = F("year_group_override_for")
    return Q(year_group_override__gte=typed_for + (low - now), year_group_override__lte=typed_for + (high - now)) | by_age


@dataclass(frozen=True)
class Filters:
    """What a list is narrowed to."""

    team: Team | None = None
    school: School | None = None
    phase: str = ""
    no_worker: bool = False


def narrowed(children: ChildQuerySet, filters: Filters, on: datetime.date) -> ChildQuerySet:
    """The children of a team, at a school, of a phase, or without a worker who can sign in, on a day."""
    worker = Allocation.objects.filter(in_force(on), child=OuterRef("pk"), role=Allocation.Role.SOCIAL_WORKER)
    if filters.team:
        children = children.filter(Exists(worker.filter(team=filters.team)))
    if filters.no_worker:
        children = children.filter(~Exists(worker.filter(can_sign_in(on, "worker__"))))
    if filters.school:
        children = children.filter(Exists(main_places(on).filter(school=filters.school)))
    if filters.phase in PHASES:
        children = children.filter(in_phase(filters.phase, on))
    return children


def main_places(on: datetime.date) -> QuerySet[Any, Any]:
    """The main school place on a day of the child of the outer query."""
    return Enrolment.objects.filter(in_force(on), child=OuterRef("pk"), kind=Enrolment.Kind.MAIN)
