"""Which plans a person can see, and which need something."""

import datetime
import uuid
from collections.abc import Iterable
from typing import Any

from django.apps import apps
from django.db.models import Exists, OuterRef
from django.db.models.expressions import RawSQL

from accounts.audit import AuditedQuerySet
from accounts.policy import Verb
from children.querysets import ChildQuerySet


def these(keys: Iterable[uuid.UUID | str], kind: str = "uuid") -> RawSQL:
    """Many keys for ``…__in`` as one value: as many values as there are keys are each looked at several times on their way.

    PostgreSQL sees how many they are. ``kind`` is the column's type.
    """
    return RawSQL(f"SELECT unnest(%s::{kind}[])", [list(keys)])  # noqa: S611 - no text of anybody's


class PlanQuerySet(AuditedQuerySet):
    """Plans, found only through their children."""

    def visible_to(self, user: Any, verb: Verb = Verb.VIEW, on: datetime.date | None = None) -> "PlanQuerySet":
        """Plans of the children for whom this person has this verb."""
        children = ChildQuerySet(apps.get_model("children", "Child")).visible_to(user, verb, on)
        return self.filter(child__in=children.values("pk"))

    def unfinished(self) -> "PlanQuerySet":
        """Plans that are not complete, cancelled or closed."""
        return self.exclude(state__in=["complete", "cancelled", "closed"])

    def uncorrected(self) -> "PlanQuerySet":
        """Plans without those whose place a complete corrected version has taken: each plan once, in its latest version that holds."""
        complete = apps.get_model("pep", "Plan").objects.filter(corrects=OuterRef("pk"), state="complete")
        return self.filter(~Exists(complete))

    def overdue(self, on: datetime.date) -> "PlanQuerySet":
        """Unfinished plans whose due date has passed."""
        return self.unfinished().filter(due_on__lt=on)
