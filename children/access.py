"""Where a relation and a verb meet: the only questions about access that code may ask.

A record that is not yours does not exist for you (404); a record that is yours with a verb that is not is refused (403).
"""

import datetime
import uuid
from collections.abc import Iterable
from typing import Any, Protocol

from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.utils import timezone

from accounts.models import User
from accounts.policy import Relation, Verb, verbs_of
from accounts.relations import holders, holders_of_each, in_force
from children.models import AccessLog, Allocation, Child
from children.querysets import people_relations, relation_of_enrolment
from schools.models import LocalAuthority


class AboutChild(Protocol):
    """Anything that hangs from a child."""

    @property
    def child(self) -> Child: ...


def relations_to(user: Any, child: Child, on: datetime.date | None = None) -> frozenset[Relation]:
    """Every relation in which this person stands to this child on a day."""
    if child.merged_into_id:
        return frozenset()
    by_virtual_school, by_child = people_relations(user, on or timezone.localdate(), only=child.pk)
    found = set(by_child.get(child.pk, ()))
    if by_virtual_school:
        found |= by_virtual_school.get(child.authority.virtual_school_id, set())
    return frozenset(found)


def verbs_on(user: Any, obj: AboutChild, on: datetime.date | None = None) -> frozenset[Verb]:
    """All that this person may do with the record of the child that ``obj`` belongs to."""
    return verbs_of(relations_to(user, obj.child, on))


def can(user: Any, verb: Verb, obj: AboutChild, on: datetime.date | None = None) -> bool:
    """Whether some relation in force on the day between this person and the child carries the verb."""
    return verb in verbs_on(user, obj, on)


def require(user: Any, verb: Verb, obj: AboutChild, on: datetime.date | None = None) -> frozenset[Relation]:
    """The person's relations to the child, or the right refusal: Http404 when not theirs, PermissionDenied when not this verb."""
    found = relations_to(user, obj.child, on)
    verbs = verbs_of(found)
    if Verb.VIEW not in verbs:
        raise Http404
    if verb not in verbs:
        raise PermissionDenied
    return found


def authorities_where(user: Any, verb: Verb, on: datetime.date | None = None) -> list[LocalAuthority]:
    """The authorities for all of whose children this person has the verb: for lists, imports and new children."""
    by_virtual_school, _ = people_relations(user, on or timezone.localdate(), verb=verb)
    return list(LocalAuthority.objects.filter(virtual_school_id__in=list(by_virtual_school)))


def who_can_see(child: Child, on: datetime.date) -> list[tuple[User, Relation]]:
    """Everyone who can see this child's record on a day, and in which relation."""
    people = [(user, relation) for user, relation, _ in holders(child, on)]
    people += [
        (user, relation)
        for user, relation, _ in holders(child.authority.virtual_school, on)
        if Verb.VIEW in verbs_of(frozenset({relation}))
    ]
    for allocation in child.allocations.filter(in_force(on), role=Allocation.Role.SOCIAL_WORKER).select_related("team"):
        if allocation.team:
            people += [(user, relation) for user, relation, _ in holders(allocation.team, on)]
    at = {
        enrolment.school: relation
        for enrolment in child.enrolments.select_related("school")
        if (relation := relation_of_enrolment(enrolment, on))
    }
    teachers = holders_of_each(list(at), on)
    for school, relation in at.items():
        people += [
            (user, relation)
            for user, role, authority in teachers[school.pk]
            if role is Relation.DESIGNATED_TEACHER and authority == child.authority_id
        ]
    return people


def log_access(
    user: User,
    child: Child | None,
    *,
    page: str,
    allowed: bool,
    relations: frozenset[Relation] = frozenset(),
    object_id: uuid.UUID | None = None,
) -> None:
    """Write that this person looked at this child's record, or was refused."""
    AccessLog.objects.create(
        user=user, child=child, page=page, allowed=allowed, object_id=object_id, relations=", ".join(sorted(relations))
    )


def log_export(user: User, children: Iterable[Child], *, page: str) -> None:
    """Write for each of these children that this person took them away in a file: two queries and one write for all."""
    by_virtual_school, by_child = people_relations(user, timezone.localdate())
    virtual_schools = dict(LocalAuthority.objects.values_list("pk", "virtual_school_id"))

    def relations(child: Child) -> set[Relation]:
        return by_virtual_school.get(virtual_schools[child.authority_id], set()) | by_child.get(child.pk, set())

    once = {child.pk: child for child in children}
    AccessLog.objects.bulk_create(
        [
            AccessLog(user=user, child=child, page=page, allowed=True, relations=", ".join(sorted(relations(child))))
            for child in once.values()
        ],
        batch_size=1000,
    )
