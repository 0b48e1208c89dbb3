"""Which children a person can see: the one queryset behind every list and every page."""

import datetime
import uuid
from collections import defaultdict
from typing import Any

from django.apps import apps
from django.db.models import CharField, Q, QuerySet, Value
from django.utils import timezone

from accounts.audit import AuditedQuerySet
from accounts.policy import RELATION_VERBS, Relation, Verb
from accounts.relations import Held, held_by, in_force

RelationsByChild = dict[uuid.UUID, set[Relation]]


def _school_children(held: list[Held], on: datetime.date, only: uuid.UUID | None) -> list[QuerySet[Any, Any]]:
    """Children through the schools at which someone is designated teacher: enrolled now, or left and still readable."""
    enrolments = apps.get_model("children", "Enrolment")
    schools_by_authority: dict[uuid.UUID | None, set[uuid.UUID]] = defaultdict(set)
    for row in held:
        if row.relation is Relation.DESIGNATED_TEACHER:
            schools_by_authority[row.authority_id].add(row.object_id)
    parts = []
    for authority_id, schools in schools_by_authority.items():
        there: QuerySet[Any, Any] = QuerySet(enrolments).filter(school_id__in=schools, child__authority_id=authority_id)
        if only:
            there = there.filter(child_id=only)
        left = Q(ends__lte=on, readable_until__gt=on)
        for relation, condition in (
            (Relation.DESIGNATED_TEACHER, in_force(on) & Q(kind="main")),
            (Relation.PROVIDER_TEACHER, in_force(on) & ~Q(kind="main")),
            (Relation.FORMER_SCHOOL, left),
        ):
            parts.append(there.filter(condition).values_list("child_id", Value(relation.value, output_field=CharField())))
    return parts


def _team_children(held: list[Held], on: datetime.date, only: uuid.UUID | None) -> list[QuerySet[Any, Any]]:
    """Children through the teams someone manages, whether a worker is allocated or only the team."""
    allocations = apps.get_model("children", "Allocation")
    parts = []
    for relation in (Relation.TEAM_MANAGER, Relation.DEPUTY_MANAGER):
        teams = {row.object_id for row in held if row.relation is relation}
        if teams:
            rows: QuerySet[Any, Any] = QuerySet(allocations).filter(in_force(on), role="social_worker", team_id__in=teams)
            if only:
                rows = rows.filter(child_id=only)
            parts.append(rows.values_list("child_id", Value(relation.value, output_field=CharField())))
    return parts


def people_relations(
    user: Any, on: datetime.date, *, verb: Verb | None = None, only: uuid.UUID | None = None
) -> tuple[dict[uuid.UUID, set[Relation]], RelationsByChild]:
    """How this person stands to whole virtual schools, and to single children, on a day: two queries whatever the numbers.

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
    parts = _school_children(held, on, only) + _team_children(held, on, only)
    if parts:
        first, *others = parts
        for child_id, code in first.union(*others, all=True):
            if carries(Relation(code)):
                by_child[child_id].add(Relation(code))
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

    def in_care(self, on: datetime.date) -> "ChildQuerySet":
        """Children who are in care on this day."""
        care_periods = apps.get_model("children", "CarePeriod")
        return self.filter(pk__in=QuerySet(care_periods).filter(in_force(on)).values("child_id"))
