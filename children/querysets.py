"""Which children a person can see: the one queryset behind every list and every page."""

import datetime
import uuid
from collections import defaultdict
from collections.abc import Iterator
from itertools import chain
from typing import Any

from django.apps import apps
from django.db.models import Q, QuerySet
from django.utils import timezone

from accounts.audit import AuditedQuerySet
from accounts.policy import RELATION_VERBS, Relation, Verb
from accounts.relations import Held, held_by, in_force

RelationsByChild = dict[uuid.UUID, set[Relation]]


def relation_of_enrolment(enrolment: Any, on: datetime.date) -> Relation | None:
    """What an enrolment (or a row with its dates and kind) makes of the school's designated teachers on a day."""
    if enrolment.starts > on:
        return None
    if enrolment.ends is None or enrolment.ends > on:
        return Relation.DESIGNATED_TEACHER if enrolment.kind == "main" else Relation.PROVIDER_TEACHER
    if enrolment.readable_until and enrolment.readable_until > on:
        return Relation.FORMER_SCHOOL
    return None


def _school_children(held: list[Held], on: datetime.date, only: uuid.UUID | None) -> Iterator[tuple[uuid.UUID, Relation]]:
    """Children through the schools at which someone is designated teacher: enrolled now, or left and still readable."""
    vouched = {(row.object_id, row.authority_id) for row in held if row.relation is Relation.DESIGNATED_TEACHER}
    if not vouched:
        return
    rows: QuerySet[Any, Any] = QuerySet(apps.get_model("children", "Enrolment")).filter(
        Q(readable_until__gt=on) | Q(ends__isnull=True) | Q(ends__gt=on),
        starts__lte=on,
        school_id__in={school_id for school_id, _ in vouched},
        child__authority_id__in={authority_id for _, authority_id in vouched},
    )
    if only:
        rows = rows.filter(child_id=only)
    columns = ("child_id", "school_id", "child__authority_id", "kind", "starts", "ends", "readable_until")
    # Which school for which authority, and in which relation, is decided here: one plain query is planned sooner than a union.
    for row in rows.order_by().values_list(*columns, named=True):
        relation = relation_of_enrolment(row, on)
        if relation and (row.school_id, row.child__authority_id) in vouched:
            yield row.child_id, relation


def _team_children(held: list[Held], on: datetime.date, only: uuid.UUID | None) -> Iterator[tuple[uuid.UUID, Relation]]:
    """Children through the teams someone manages, whether a worker is allocated or only the team."""
    managed: dict[uuid.UUID, set[Relation]] = defaultdict(set)
    for row in held:
        if row.relation in (Relation.TEAM_MANAGER, Relation.DEPUTY_MANAGER, Relation.SERVICE_MANAGER):
            managed[row.object_id].add(row.relation)
    if not managed:
        return
    rows: QuerySet[Any, Any] = QuerySet(apps.get_model("children", "Allocation"))
    rows = rows.filter(in_force(on), role="social_worker", team_id__in=set(managed))
    if only:
        rows = rows.filter(child_id=only)
    for child_id, team_id in rows.order_by().values_list("child_id", "team_id"):
        for relation in managed[team_id]:
            yield child_id, relation


def people_relations(
    user: Any, on: datetime.date, *, verb: Verb | None = None, only: uuid.UUID | None = None
) -> tuple[dict[uuid.UUID, set[Relation]], RelationsByChild]:
    """How this person stands to whole virtual schools, and to single children, on a day: one query for the person's own relations, one
    more for children through schools and one through teams where there are such relations, whatever the numbers.

    Returns relations by virtual school and relations by child; ``verb`` keeps those that carry it, ``only`` looks at one child.
    """
    held = held_by(user, on)
    by_virtual_school: dict[uuid.UUID, set[Relation]] = defaultdict(set)
    by_child: RelationsByChild = defaultdict(set)

    def carries(relation: Relation) -> bool:
        return verb is None or verb in RELATION_VERBS[relation]

    for row in held:
        if row.table == "schools.VirtualSchool" and carries(row.relation):
            by_virtual_school[row.object_id].add(row.relation)
        elif row.table == "children.Child" and carries(row.relation) and only in (None, row.object_id):
            by_child[row.object_id].add(row.relation)
    for child_id, relation in chain(_school_children(held, on, only), _team_children(held, on, only)):
        if carries(relation):
            by_child[child_id].add(relation)
    return by_virtual_school, by_child


class ChildQuerySet(AuditedQuerySet):
    """Children, found only through ``visible_to`` wherever a person is asking."""

    def visible_to(self, user: Any, verb: Verb = Verb.VIEW, on: datetime.date | None = None) -> "ChildQuerySet":
        """The children for whose record this person has this verb on this day (today unless told).

        Container ids come first and go into the query as literals, because PostgreSQL cannot use indexes through an OR of subqueries.
        """
        by_virtual_school, by_child = people_relations(user, on or timezone.localdate(), verb=verb)
        found = Q(pk__in=list(by_child))
        if by_virtual_school:
            authorities = apps.get_model("schools", "LocalAuthority")
            served: QuerySet[Any, Any] = (
                QuerySet(authorities).filter(virtual_school_id__in=list(by_virtual_school)).values_list("pk", flat=True)
            )
            found |= Q(authority_id__in=list(served))
        return self.filter(found, merged_into__isnull=True)
