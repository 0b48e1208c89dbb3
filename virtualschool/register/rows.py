"""What an import found out about each line of a file, and how a plan that was looked at becomes rows in the database."""

import datetime
import hashlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from django.db import IntegrityError, models, transaction
from django.utils import formats

from accounts.audit import insert_with_history
from accounts.models import User
from children.models import Child
from schools.csvfile import Rejected
from schools.models import LocalAuthority, School

# Others point to these, so they are inserted first: before any row is changed to point to one of them.
FIRST_INSERTED: tuple[type[models.Model], ...] = (School, User, Child)

STALE = "The register has changed since this plan was made. Nothing was done: look at a new plan."


class Outcome(StrEnum):
    """What becomes of one line."""

    NEW = "new"
    CHANGED = "changed"
    SAME = "same"
    ASK = "ask"  # nothing of this line is done until someone answers
    REJECTED = "rejected"


class StaleReport(RuntimeError):
    """The register has changed since the plan was made; make a new one and look again."""


@dataclass(frozen=True)
class Edit:
    """New values for some fields of a record that is already in the register."""

    record: models.Model
    values: Mapping[str, Any]

    def sentences(self) -> list[str]:
        """The change to each field in words: ``UPN: nothing → A950000178301``."""
        return [f"{label(self.record, name)}: {shown(getattr(self.record, name))} → {shown(value)}" for name, value in self.values.items()]


@dataclass
class Line:
    """One line of the file: what happens to it, and everything a person must know about it."""

    number: int
    who: str
    outcome: Outcome = Outcome.SAME
    reason: str = ""  # why it was rejected, or what is asked
    answers: dict[str, str] = field(default_factory=dict)  # to what is asked: the answer, and what it means
    changes: list[str] = field(default_factory=list)  # what is done, in words
    asks: list[str] = field(default_factory=list)  # what the file says that an import does not do by itself
    warnings: list[str] = field(default_factory=list)
    new: list[models.Model] = field(default_factory=list)
    edits: list[Edit] = field(default_factory=list)

    def add(self, record: models.Model, sentence: str) -> None:
        """Plan a new record."""
        self.new.append(record)
        self.changes.append(sentence)

    def edit(self, record: models.Model, values: Mapping[str, Any]) -> None:
        """Plan new values for a record; values it already has are left out."""
        different = {name: value for name, value in values.items() if getattr(record, name) != value}
        if different:
            self.edits.append(Edit(record, different))
            self.changes += self.edits[-1].sentences()

    def ask(self, question: str, answers: Mapping[str, str]) -> "Line":
        """Do nothing with this line until it is answered."""
        self.outcome, self.reason, self.answers = Outcome.ASK, question, dict(answers)
        return self

    def reject(self, reason: str) -> "Line":
        """Leave this line out."""
        self.outcome, self.reason = Outcome.REJECTED, reason
        self.new, self.edits, self.changes = [], [], []
        return self

    def settle(self, *, is_new: bool = False) -> "Line":
        """Say what the plans made so far amount to."""
        self.outcome = Outcome.NEW if is_new else Outcome.CHANGED if self.new or self.edits else Outcome.SAME
        return self


@dataclass
class Report:
    """A plan for a whole file. Lines that change nothing and need nothing said are only counted."""

    title: str
    on: datetime.date
    lines: list[Line] = field(default_factory=list)
    same: int = 0
    missing: list[str] = field(default_factory=list)  # in the register and not in the file: listed, never closed
    notes: list[str] = field(default_factory=list)
    tells_of: list[Child] = field(default_factory=list)  # the children of the register whom it names

    def take(self, line: Line) -> None:
        """Add a settled line."""
        if line.outcome is Outcome.SAME:
            self.same += 1
        if line.outcome is not Outcome.SAME or line.asks or line.warnings:
            self.lines.append(line)

    def reject(self, rejected: Iterable[Rejected]) -> None:
        """Add the lines that could not be read."""
        self.lines += [Line(row.line, row.who, Outcome.REJECTED, row.reason) for row in rejected]

    def count(self, outcome: Outcome) -> int:
        """How many lines have this outcome."""
        return self.same if outcome is Outcome.SAME else sum(line.outcome is outcome for line in self.lines)

    def of(self, outcome: Outcome) -> list[Line]:
        """The lines with this outcome, in the file's order (of those that change nothing, the ones with something to say)."""
        return sorted((line for line in self.lines if line.outcome is outcome), key=lambda line: line.number)

    def digest(self) -> str:
        """A fingerprint of all that would be done. Someone who confirms a plan confirms this one."""
        parts = [f"{line.number}|{line.who}|{line.outcome}|{line.changes}" for line in sorted(self.lines, key=lambda line: line.number)]
        return hashlib.sha256("\n".join([self.title, *parts]).encode()).hexdigest()


def label(record: models.Model, name: str) -> str:
    """A field's name as people know it, with a capital."""
    text = str(record._meta.get_field(name).verbose_name)  # type: ignore[union-attr]
    return text[:1].upper() + text[1:]


def shown(value: Any) -> str:
    """A value as a person reads it."""
    if value in (None, ""):
        return "nothing"
    if isinstance(value, datetime.date):
        return formats.date_format(value, "j F Y")
    return str(value).replace("\n", ", ")


def too_long(model: type[models.Model], values: Mapping[str, Any]) -> str | None:
    """Why a text cannot be kept in a record of this kind; None when all can."""
    for name, value in values.items():
        most = model._meta.get_field(name).max_length  # type: ignore[union-attr]
        if most and isinstance(value, str) and len(value) > most:
            return f"{label(model(), name)} is too long: {len(value)} characters where {most} are kept."
    return None


@contextmanager
def importing(authority: LocalAuthority | None) -> Iterator[None]:
    """One transaction in which no second import of the same authority runs: plan and apply inside it."""
    with transaction.atomic():
        if authority is not None:
            LocalAuthority.objects.select_for_update(no_key=True).get(pk=authority.pk)
        yield


def apply(report: Report, *, by: User | None) -> None:
    """Do all that a plan says, or nothing of it, with history. ``by`` is who confirmed it; None for an unattended run.

    Raises StaleReport when a record has changed since the plan was made.
    """
    why = report.title
    lines = sorted(report.lines, key=lambda line: line.number)
    new = [record for line in lines for record in line.new]
    try:
        with transaction.atomic():
            _insert([record for record in new if isinstance(record, FIRST_INSERTED)], by, why)
            for line in lines:
                for edit in line.edits:
                    _change(edit, by, why)
            _insert([record for record in new if not isinstance(record, FIRST_INSERTED)], by, why)
    except IntegrityError as error:
        raise StaleReport(STALE) from error


def _insert(records: list[models.Model], by: User | None, why: str) -> None:
    by_model: dict[type[models.Model], list[models.Model]] = {}
    for record in records:
        by_model.setdefault(type(record), []).append(record)
    for model, rows in by_model.items():
        if model.save is models.Model.save:
            insert_with_history(rows, by=by, reason=why)
            continue
        # A model that does more than insert when saved (guardian rows, sort keys) must be saved, one at a time.
        for row in rows:
            _save(row, by, why)


def _change(edit: Edit, by: User | None, why: str) -> None:
    model = type(edit.record)
    current: models.Model = models.QuerySet(model).select_for_update(no_key=True).get(pk=edit.record.pk)
    for name, value in edit.values.items():
        column = model._meta.get_field(name).attname  # type: ignore[union-attr]
        if getattr(current, column) != getattr(edit.record, column):
            raise StaleReport(STALE)
        setattr(current, name, value)
    _save(current, by, why)


def _save(record: models.Model, by: User | None, why: str) -> None:
    record._history_user = by  # type: ignore[attr-defined]
    record._change_reason = why  # type: ignore[attr-defined]
    record.save()
