"""Every text that can be written about a child, read out of the tables, and the canaries that stand in it."""

import json
import re
from collections.abc import Iterator
from typing import Any

from django.apps import apps
from django.db import models

from children.models import Child
from tests.matrix.asking import words_of_pdf

APPS = ("accounts", "schools", "children", "pep")
THE_PRODUCTS_OWN = "words of the product's own, or a key"
# Texts that nobody types, each with its reason.
EXEMPT: dict[str, str] = {
    "children.Child.reference": "drawn at random",
    "children.Child.sort_key": "made of the names",
    "children.AccessLog.page": THE_PRODUCTS_OWN,
    "children.AccessLog.relations": THE_PRODUCTS_OWN,
    "pep.Plan.form_key": THE_PRODUCTS_OWN,
    "pep.Plan.form_version": THE_PRODUCTS_OWN,
    "pep.Plan.reopened": "keys of sections",
    "pep.Plan.due_reason": THE_PRODUCTS_OWN,
    "pep.Plan.due_words": THE_PRODUCTS_OWN,
    "pep.Plan.due_citation": THE_PRODUCTS_OWN,
    "pep.Plan.late_because": "one of ten reasons; the note beside it is free",
    "pep.PlanEvent.action": THE_PRODUCTS_OWN,
    "pep.PlanEvent.from_state": THE_PRODUCTS_OWN,
    "pep.PlanEvent.to_state": THE_PRODUCTS_OWN,
    "pep.PlanEvent.capacity": "the name of a relation",
    "pep.PlanEvent.learned_by": "one of four ways",
    "pep.PlanEvent.sections": "keys of sections",
    "pep.SignOff.capacity": "the name of a relation",
    "pep.SignOff.learned_by": "one of four ways",
    "pep.PlanSnapshot.sha256": "a sum",
    "pep.Deadline.reason": THE_PRODUCTS_OWN,
    "pep.Deadline.facts": "days and figures",
    "pep.Deadline.words": THE_PRODUCTS_OWN,
    "pep.Deadline.citation": THE_PRODUCTS_OWN,
    "pep.Deadline.owners": "keys of owners",
    "pep.Document.sha256": "a sum",
    "pep.EarlierPlan.sha256": "a sum",
    "pep.Progress.capacity": "the name of a relation",
    "pep.FundingRequest.financial_year": "a year",
    "pep.MeetingInvitation.uid": "drawn at random",
    "pep.CopyGiven.capacity": "the name of a relation",
    "pep.QualityArea.key": THE_PRODUCTS_OWN,
    "pep.QualityArea.title": "the authority's words, about no child",
    "pep.Section.key": THE_PRODUCTS_OWN,
    "pep.Section.owner": THE_PRODUCTS_OWN,
    "pep.Section.written_as": "the name of a relation",
    "pep.Draft.part": "a key",
}
# Texts that are for the council alone wherever they stand, and those that are about money.
COUNCIL = {
    "children.Child.identifier",
    "children.Child.restricted_because",
    "children.Placement.kind",
    "children.Placement.carer",
    "children.Placement.address",
    "children.Placement.phone",
    "pep.Attendee.email",
    "pep.CopyGiven.note",
}
ABOUT_MONEY = {"pep.FundingRequest.purpose", "pep.FundingDecision.reason"}
CANARY = re.compile(r"CANARY-(sam|tia|vic)(?:-([\w-]*))?")


def about_a_child() -> list[type[models.Model]]:
    """Every table whose rows hang from a child, but for the history of each, which holds the same texts."""
    known = [model for name in APPS for model in apps.get_app_config(name).get_models()]
    found: list[type[models.Model]] = [Child]
    while more := [
        model
        for model in known
        if model not in found
        and not any(field.name == "history_type" for field in model._meta.concrete_fields)
        and any(field.related_model in found for field in model._meta.concrete_fields if field.is_relation)
    ]:
        found += more
    return found


def texts() -> Iterator[tuple[str, type[models.Model], Any]]:
    """Every field of these tables that holds a text of somebody's choosing."""
    kinds = (models.CharField, models.TextField, models.JSONField, models.BinaryField)
    for model in about_a_child():
        for field in model._meta.concrete_fields:
            if isinstance(field, kinds) and not field.choices:
                yield f"{model._meta.label}.{field.name}", model, field


def canaries_in(model: type[models.Model], field: Any) -> set[str]:
    """The canaries that stand in a field of any row, or once stood there."""
    tables = [model._default_manager, *([model.history] if hasattr(model, "history") else [])]  # type: ignore[attr-defined]
    # Bytes that never change are in no history.
    tables = [table for table in tables if any(one.name == field.name for one in table.model._meta.concrete_fields)]
    values = [value for table in tables for value in table.values_list(field.name, flat=True).distinct() if value]
    return {match[0] for value in values for match in CANARY.finditer(in_words(value))}


def in_words(value: Any) -> str:
    """A value as text."""
    if isinstance(value, bytes | memoryview):
        return words_of_pdf(bytes(value)).decode(errors="replace")
    return value if isinstance(value, str) else json.dumps(value)
