"""The way of an uploaded file: looked at, answered, confirmed, applied once."""

import datetime
import hashlib
import io
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.utils import timezone

from accounts.models import User
from accounts.policy import Verb
from children.access import authorities_where
from schools.models import LocalAuthority
from virtualschool.models import ImportBatch
from virtualschool.register import children, people, reviews, schools
from virtualschool.register.rows import Outcome, Report, StaleReport, importing

# Megabytes. The national file has about 60; a list of 600 children or 3,000 people has less than one.
LARGEST = {ImportBatch.Kind.CHILDREN: 5, ImportBatch.Kind.PEOPLE: 5, ImportBatch.Kind.REVIEWS: 5, ImportBatch.Kind.SCHOOLS: 100}
LONGEST_LINE_NUMBER = 7  # digits
KEPT_FOR = datetime.timedelta(days=7)


@dataclass(frozen=True)
class ImportKind:
    """One kind of file: who may bring it in, and the register's functions for it."""

    verb: Verb
    read: Callable[[ImportBatch], Any]
    plan: Callable[[Any, ImportBatch, datetime.date], Report]
    apply: Callable[..., None]


def _lines(content: Any) -> io.BytesIO:
    return io.BytesIO(bytes(content))


def _answers(batch: ImportBatch) -> dict[int, str]:
    return {int(line): answer for line, answer in batch.answers.items()}


def _authority(batch: ImportBatch) -> LocalAuthority:
    if batch.authority is None:
        raise ValidationError("This file belongs to no council.")
    return batch.authority


KINDS: dict[str, ImportKind] = {
    ImportBatch.Kind.CHILDREN: ImportKind(
        Verb.KEEP_REGISTER,
        read=lambda batch: children.read(_lines(batch.content)),
        plan=lambda parsed, batch, on: children.plan(parsed, _authority(batch), on, _answers(batch), by=batch.uploaded_by),
        apply=children.apply,
    ),
    # Roles are given by whoever manages people, and never to oneself.
    ImportBatch.Kind.PEOPLE: ImportKind(
        Verb.MANAGE_PEOPLE,
        read=lambda batch: people.read(_lines(batch.content)),
        plan=lambda parsed, batch, on: people.plan(parsed, _authority(batch), on, _answers(batch), by=batch.uploaded_by),
        apply=people.apply,
    ),
    ImportBatch.Kind.REVIEWS: ImportKind(
        Verb.KEEP_REGISTER,
        read=lambda batch: reviews.read(_lines(batch.content)),
        plan=lambda parsed, batch, on: reviews.plan(parsed, _authority(batch), on, _answers(batch)),
        apply=reviews.apply,
    ),
    ImportBatch.Kind.SCHOOLS: ImportKind(
        Verb.KEEP_REGISTER,
        read=lambda batch: schools.read(_lines(batch.content), _lines(batch.links) if batch.links else None),
        plan=lambda parsed, batch, on: schools.plan(parsed, on, only_for=authorities_where(batch.uploaded_by, Verb.KEEP_REGISTER)),
        apply=schools.apply,
    ),
}


def receive(
    *, kind: str, authority: LocalAuthority | None, name: str, content: bytes, links: bytes | None, by: User, on: datetime.date
) -> tuple[ImportBatch, Report]:
    """Keep a file and say what it would do. Raises UnreadableFile, with nothing kept, when it is not such a file."""
    batch = ImportBatch(
        kind=kind, authority=authority, file_name=name[:200], content=content, links=links, uploaded_by=by,
        sha256=hashlib.sha256(content + (links or b"")).hexdigest(),
    )  # fmt: skip
    report = look(batch, on)
    batch.save()
    return batch, report


def look(batch: ImportBatch, on: datetime.date) -> Report:
    """What the file would do on this day; notes the fingerprint of it on the batch, unsaved."""
    kind = KINDS[batch.kind]
    report = kind.plan(kind.read(batch), batch, on)
    batch.digest = report.digest()
    batch.counts = {outcome.value: report.count(outcome) for outcome in Outcome} | {"missing": len(report.missing)}
    return report


def answer(batch: ImportBatch, answers: dict[str, str]) -> None:
    """Keep what was answered to the lines that ask; what is no number of a line is left out."""
    lines = {line: said for line, said in answers.items() if line.isascii() and line.isdigit() and len(line) <= LONGEST_LINE_NUMBER}
    batch.answers = {**batch.answers, **lines}
    batch.save()


def confirm(batch: ImportBatch, *, digest: str, by: User, on: datetime.date) -> Report:
    """Apply exactly what was shown, once, and return it.

    Raises StaleReport when it would now do something else, ValidationError when it is done.
    """
    with importing(batch.authority):
        held: ImportBatch = (
            models.QuerySet(ImportBatch).select_for_update(of=("self",)).select_related("authority", "uploaded_by").get(pk=batch.pk)
        )
        if held.state != ImportBatch.State.WAITING:
            raise ValidationError(f"This file is “{held.get_state_display().lower()}” already.")
        report = look(held, on)
        if held.digest != digest:
            raise StaleReport("The register has changed since you looked. Nothing was done: look again.")
        KINDS[held.kind].apply(report, by=by)
        _finish(held, ImportBatch.State.APPLIED)
    return report


def drop(batch: ImportBatch) -> None:
    """Throw a waiting file away."""
    if batch.state == ImportBatch.State.WAITING:
        _finish(batch, ImportBatch.State.DROPPED)


def drop_forgotten(by: User) -> None:
    """Throw away this person's files that have waited for more than a week."""
    for batch in ImportBatch.objects.filter(uploaded_by=by, state=ImportBatch.State.WAITING, created_at__lt=timezone.now() - KEPT_FOR):
        drop(batch)


def _finish(batch: ImportBatch, state: str) -> None:
    batch.state, batch.content, batch.links, batch.done_at = state, None, None, timezone.now()
    batch.save()
