"""Dated relations, kept as guardian's object permissions: the only module that talks to guardian.

A guardian row says: this person stands in this relation to this school, virtual school, team or child, from ``starts``
until ``ends`` (the first day it no longer holds). Guardian's own ``has_perm`` knows no dates and is never asked; here every
reading is filtered by date, so access ends on the day without any job.
"""

import datetime
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, cast

from django.apps import apps
from django.contrib.auth.models import Permission
from django.contrib.contenttypes.models import ContentType
from django.db import connection, models
from django.db.models import Q
from guardian.models import UserObjectPermissionBase

from accounts.audit import AuditedModel
from accounts.models import User
from accounts.policy import Relation


def in_force(on: datetime.date, prefix: str = "") -> Q:
    """Rows whose half-open period ``starts`` to ``ends`` holds on this day."""
    started = Q(**{f"{prefix}starts__lte": on})
    return started & (Q(**{f"{prefix}ends__isnull": True}) | Q(**{f"{prefix}ends__gt": on}))


class DatedRelation(AuditedModel, UserObjectPermissionBase):
    """A guardian row with dates, owned by the fact (membership, allocation) it follows from.

    A concrete table adds ``content_object``. ``authority`` narrows a relation to the children of one local authority: a designated
    teacher is vouched for by an authority and sees that authority's children alone, even where a school teaches others.
    """

    source = models.UUIDField(unique=True, help_text="The membership or allocation this row follows from.")
    authority_id = models.UUIDField(null=True, blank=True)
    starts = models.DateField()
    ends = models.DateField(null=True, blank=True)

    content_object: Any  # the foreign key of the concrete table

    class Meta:
        abstract = True


@dataclass(frozen=True)
class Held:
    """A relation a person holds to one container or child on the day asked for."""

    table: str  # model label of the thing, such as "schools.School"
    object_id: uuid.UUID
    relation: Relation
    authority_id: uuid.UUID | None


def relation_tables() -> list[type[DatedRelation]]:
    """The concrete guardian tables of the project."""
    return [model for model in apps.get_models() if issubclass(model, DatedRelation)]


def _target(table: type[DatedRelation]) -> type[models.Model]:
    field = cast(Any, table._meta).get_field("content_object")
    return cast(type[models.Model], field.related_model)


# Which permission stands for which relation, as migrations wrote it down: it never changes, and joining it costs more than the rest.
_RELATIONS: dict[int, Relation] = {}


def _relation_of(permission_id: int) -> Relation:
    if permission_id not in _RELATIONS:
        codes = Permission.objects.filter(codename__in=list(Relation)).order_by().values_list("pk", "codename")
        _RELATIONS.update({key: Relation(code) for key, code in codes})
    return _RELATIONS[permission_id]


def held_by(user: Any, on: datetime.date) -> list[Held]:
    """Every relation this person holds on this day, in one query. Someone who may not sign in holds none."""
    if not getattr(user, "is_authenticated", False) or not user.is_active:
        return []
    if user.expires_on is not None and user.expires_on <= on:
        return []
    with connection.cursor() as cursor:
        cursor.execute(_held_statement(), {"user": user.pk, "on": on})
        rows = cursor.fetchall()
    return [Held(label, object_id, _relation_of(permission_id), authority) for label, object_id, permission_id, authority in rows]


@cache
def _held_statement() -> str:
    """Written out, because every page asks this several times and the ORM takes ten times as long to put it together."""
    return " UNION ALL ".join(
        f"SELECT '{_target(table)._meta.label}', content_object_id, permission_id, authority_id FROM {table._meta.db_table}"  # noqa: S608
        " WHERE user_id = %(user)s AND starts <= %(on)s AND (ends IS NULL OR ends > %(on)s)"
        for table in relation_tables()
    )


def grant(
    *,
    user: User,
    relation: Relation,
    to: models.Model,
    source: models.Model,
    starts: datetime.date,
    ends: datetime.date | None,
    authority_id: uuid.UUID | None = None,
) -> None:
    """Write, or bring up to date, the row that follows from ``source``. Call it in the transaction that saves ``source``.

    Raises LookupError when nothing of this kind can stand in a relation, Permission.DoesNotExist when this relation is not declared
    for it.
    """
    table = next((table for table in relation_tables() if _target(table) is type(to)), None)
    if table is None:
        raise LookupError(f"{type(to).__name__} has no relation table")
    permission = Permission.objects.get(content_type=ContentType.objects.get_for_model(to), codename=relation.value)
    _RELATIONS[permission.pk] = relation
    row: Any = models.QuerySet(table).filter(source=source.pk).first() or table(source=source.pk)
    wanted = {
        "user_id": user.pk,
        "permission_id": permission.pk,
        "content_object_id": to.pk,
        "starts": starts,
        "ends": ends,
        "authority_id": authority_id,
    }
    if row._state.adding or any(getattr(row, name) != value for name, value in wanted.items()):
        for name, value in wanted.items():
            setattr(row, name, value)
        row.save()


def revoke(*, source: models.Model, ends: datetime.date) -> None:
    """End the row that follows from ``source`` on a day; a row that had not begun yet ends on the day it would have begun."""
    for table in relation_tables():
        rows: Any = models.QuerySet(table)
        for row in rows.filter(source=source.pk):
            row.ends = max(ends, row.starts)
            row.save()


def holders(of: models.Model, on: datetime.date) -> Sequence[tuple[User, Relation, uuid.UUID | None]]:
    """Who stands in a direct relation to this school, virtual school, team or child on this day, by name."""
    return holders_of_each([of], on)[of.pk]


def holders_of_each(
    things: Sequence[models.Model], on: datetime.date
) -> Mapping[uuid.UUID, Sequence[tuple[User, Relation, uuid.UUID | None]]]:
    """``holders`` of several things of one kind, by their key: one query for all."""
    found: dict[uuid.UUID, list[tuple[User, Relation, uuid.UUID | None]]] = {thing.pk: [] for thing in things}
    if not found:
        return found
    table = next(table for table in relation_tables() if _target(table) is type(things[0]))
    rows: Any = models.QuerySet(table).filter(in_force(on), content_object__in=list(found), user__is_active=True)
    rows = rows.filter(Q(user__expires_on__isnull=True) | Q(user__expires_on__gt=on))
    for row in rows.select_related("user", "permission").order_by("user__name"):
        found[row.content_object_id].append((row.user, Relation(row.permission.codename), row.authority_id))
    return found
