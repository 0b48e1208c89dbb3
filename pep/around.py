"""Who and where some children are on a day, and whose turn it is by name: fetched once for a whole list."""

import datetime
import uuid
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from accounts.relations import in_force
from children.models import Allocation, Child, Enrolment
from pep.forms.declaration import Owner
from pep.planning import OWNER_NAMES, can_sign_in, works
from schools.models import Membership, School


@dataclass
class Around:
    """Who and where the children of one page are, fetched once."""

    schools: dict[uuid.UUID, School]
    workers: dict[uuid.UUID, Allocation]
    teachers: dict[tuple[uuid.UUID, uuid.UUID], list[str]]
    teaching_since: dict[tuple[uuid.UUID, uuid.UUID], datetime.date]  # the first of them


def around(children: Iterable[uuid.UUID], on: datetime.date) -> Around:
    """School, social worker and designated teachers of some children: three queries."""
    ids = list(children)
    places = Enrolment.objects.filter(in_force(on), child__in=ids, kind=Enrolment.Kind.MAIN).select_related("school")
    schools = {row.child_id: row.school for row in places}
    allocations = Allocation.objects.filter(in_force(on), child__in=ids, role=Allocation.Role.SOCIAL_WORKER).select_related(
        "worker", "team"
    )
    teachers: dict[tuple[uuid.UUID, uuid.UUID], list[str]] = defaultdict(list)
    roles = Membership.objects.filter(in_force(on), can_sign_in(on), role="designated_teacher", school__in=set(schools.values()))
    since: dict[tuple[uuid.UUID, uuid.UUID], datetime.date] = {}
    for school_id, authority_id, name, starts in roles.order_by("user__name").values_list(
        "school_id", "authority_id", "user__name", "starts"
    ):
        key = (school_id, authority_id)
        teachers[key].append(name)
        since[key] = min(starts, since.get(key, starts))
    return Around(schools, {row.child_id: row for row in allocations}, teachers, since)


def held_since(child: Child, owners: Iterable[str], near: Around, waits_since: datetime.date) -> datetime.date:
    """Since when those whose turn it is have held a plan that has waited since a day: nobody has held it longer than they have the child.

    Of several the one who has had it longest.
    """
    starts = []
    for owner in owners:
        school, allocation = near.schools.get(child.pk), near.workers.get(child.pk)
        begun = None
        if owner == Owner.SCHOOL and school:
            begun = near.teaching_since.get((school.pk, child.authority_id))
        elif owner == Owner.SOCIAL_WORKER and allocation:
            begun = allocation.starts
        starts.append(max(waits_since, begun) if begun else waits_since)
    return min(starts, default=waits_since)


def holder_words(child: Child, owners: Iterable[str], near: Around, on: datetime.date) -> str:
    """Whose turn it is, by name: "Designated teacher: Anna Bell"."""
    return "; ".join(turn_words(child, owner, near, on) for owner in sorted(owners))


def turn_words(child: Child, owner: str, near: Around, on: datetime.date) -> str:
    """Who holds one owner's part of a child's plan, by name."""
    name = OWNER_NAMES[owner]
    if owner == Owner.SCHOOL:
        school = near.schools.get(child.pk)
        names = near.teachers.get((school.pk, child.authority_id), []) if school else []
        return f"{name}: {', '.join(names)}" if names else "Virtual school, for the school"
    if owner == Owner.SOCIAL_WORKER:
        allocation = near.workers.get(child.pk)
        worker = allocation.worker if allocation and allocation.worker and works(allocation.worker, on) else None
        who = worker or (allocation.team if allocation else None)
        return f"{name}: {who}" if who else f"{name}: nobody"
    return name
