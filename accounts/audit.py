"""What every audited record has: a UUID key, timestamps and a full history that only grows.

The history of a record is the answer to "who changed what, when, and what stood there before". Writes that would
pass it by (``update``, ``bulk_update``, ``bulk_create``) are refused by the queryset, so that a forgotten code path fails
loudly in tests instead of quietly in use.
"""

import os
import time
import uuid
from collections.abc import Sequence
from typing import Any, ClassVar, NoReturn

from django.db import models, transaction
from simple_history.models import HistoricalRecords


def uuid7() -> uuid.UUID:
    """A time-ordered UUID, version 7 (RFC 9562 §5.7): 48 bits of Unix milliseconds, the rest random."""
    milliseconds = time.time_ns() // 1_000_000
    value = (milliseconds << 80) | int.from_bytes(os.urandom(10), "big")
    value = (value & ~(0xF << 76)) | (0x7 << 76)
    value = (value & ~(0x3 << 62)) | (0x2 << 62)
    return uuid.UUID(int=value)


class HistoryBypassed(RuntimeError):
    """A bulk write was tried on an audited model; it would leave no history row."""


class AuditedQuerySet(models.QuerySet[Any]):
    """A queryset that refuses every write that would leave no history row."""

    def update(self, **kwargs: Any) -> NoReturn:
        """Refused: django-simple-history sees only ``save`` and ``delete``."""
        raise HistoryBypassed("update() writes no history: load the object and save() it")

    def bulk_update(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Refused, see ``update_with_history``."""
        raise HistoryBypassed("bulk_update() writes no history: load the objects and save() them")

    def bulk_create(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Refused, see ``insert_with_history``."""
        raise HistoryBypassed("bulk_create() writes no history: use insert_with_history()")


def history(*, excluded: Sequence[str] = ()) -> HistoricalRecords:
    """The history table of an audited model: 64-bit key, and an author without a constraint, so that no row is ever rewritten."""
    return HistoricalRecords(
        inherit=True,
        excluded_fields=list(excluded),
        history_id_field=models.BigAutoField(),
        history_user_id_field=models.UUIDField(null=True),
        history_change_reason_field=models.TextField(null=True),
        custom_model_name=lambda name: f"{name}History",
    )


class IdentifiedModel(models.Model):
    """A record with a time-ordered UUID key and timestamps."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        abstract = True


class AuditedModel(IdentifiedModel):
    """A record whose every change is kept: who, when, and the whole row as it then stood."""

    _history_user: Any  # who a change is put down to where no request says so

    objects: ClassVar[Any] = models.Manager.from_queryset(AuditedQuerySet)()
    history = history()

    class Meta:
        abstract = True


def insert_with_history(rows: Sequence[models.Model], *, by: models.Model | None, reason: str) -> list[models.Model]:
    """Insert many new audited rows of one model with their history, in one transaction."""
    if not rows:
        return []
    model = type(rows[0])
    with transaction.atomic():
        # The plain manager is the only one whose bulk_create is not refused.
        plain: Any = models.QuerySet(model)
        inserted = plain.bulk_create(rows, batch_size=1000)
        model.history.bulk_history_create(  # type: ignore[attr-defined]
            inserted, batch_size=1000, default_user=by, default_change_reason=reason
        )
    return list(inserted)


def update_with_history(rows: Sequence[models.Model], fields: Sequence[str], *, by: models.Model | None, reason: str) -> None:
    """Save these fields of many audited rows of one model with their history, in one transaction. The rows are there, and locked.

    As ``save`` for each, in two statements however many rows: what is put down to whom and why is the same.
    """
    if not rows:
        return
    model, began = type(rows[0]), [row.created_at for row in rows]  # type: ignore[attr-defined]
    with transaction.atomic():
        plain: Any = models.QuerySet(model)
        # An insert that finds each row there already: an update of many rows to many values, and the database's own types for them.
        plain.bulk_create(
            rows, batch_size=1000, update_conflicts=True, unique_fields=["id"], update_fields=[*fields, "updated_at"],
        )  # fmt: skip
        for row, created_at in zip(rows, began, strict=True):
            row.created_at = created_at  # type: ignore[attr-defined]  # the insert that was none has set it anew
            row._history_user, row._change_reason = by, reason  # type: ignore[attr-defined]
        model.history.bulk_history_create(rows, batch_size=1000, update=True)  # type: ignore[attr-defined]
