"""Which plans a person can see, and which need something."""

import datetime
from typing import Any

from django.apps import apps

from accounts.audit import AuditedQuerySet
from accounts.policy import Verb
from children.querysets import ChildQuerySet


class PlanQuerySet(AuditedQuerySet):
    """Plans, found only through their children."""

    def visible_to(self, user: Any, verb: Verb = Verb.VIEW, on: datetime.date | None = None) -> "PlanQuerySet":
        """Plans of the children for whom this person has this verb."""
        children = ChildQuerySet(apps.get_model("children", "Child")).visible_to(user, verb, on)
        return self.filter(child__in=children.values("pk"))

    def unfinished(self) -> "PlanQuerySet":
        """Plans that are not complete, cancelled or closed."""
        return self.exclude(state__in=["complete", "cancelled", "closed"])

    def overdue(self, on: datetime.date) -> "PlanQuerySet":
        """Unfinished plans whose due date has passed."""
        return self.unfinished().filter(due_on__lt=on)
