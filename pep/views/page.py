"""What the plan's pages share: the plan and its child, found and asked for in one place."""

import datetime
import uuid
from functools import cached_property
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from accounts.models import User
from accounts.policy import Relation, Verb
from accounts.relations import in_force
from children.mixins import ChildScopedMixin
from children.models import Child
from pep.forms.declaration import Section as DeclaredSection
from pep.left import Left, left_by, plans_read
from pep.models import Plan
from pep.planning import owner_names, school_part_is_virtual_schools
from pep.sections import audience_of
from schools.timetable import year_group_name


def bar_facts(child: Child, plan: Plan, on: datetime.date) -> list[str]:
    """What stands beside the child's name on every page of a plan: year group and school, nothing that a passer-by should not read."""
    return [year_group_name(child.year_group(on)), str(plan.school) if plan.school else "No school at present"]


def own_schools(user: User, child: Child, on: datetime.date) -> set[uuid.UUID]:
    """The schools at which someone works for the child's authority: a school sees only its own requests for money.

    A role at a school for another authority's children says nothing about this child.
    """
    roles = user.memberships.filter(in_force(on), role=Relation.DESIGNATED_TEACHER.value)
    mine = roles.filter(school__isnull=False, authority=child.authority_id)
    return set(mine.values_list("school_id", flat=True))


class PlanPage(ChildScopedMixin):
    """A page about one plan."""

    @cached_property
    def left(self) -> Left | None:
        """When the child left the reader's school, for a reader who is there for what was before alone."""
        return left_by(self.user, self.child, self.relations, self.today)

    model = Plan
    related = ("child__authority", "term", "school", "previous")
    verb = Verb.VIEW
    object: Plan

    @property
    def plan(self) -> Plan:
        """The plan of the page."""
        return self.object

    @property
    def today(self) -> datetime.date:
        """The London date."""
        return timezone.localdate()

    def check_there(self) -> None:
        """A school that the child has left knows nothing of what others begin or write after."""
        if self.left is not None and not plans_read(Plan.objects.filter(pk=self.plan.pk), self.left).exists():
            raise Http404

    def check(self) -> None:
        """A section that the address names must be one of this plan's."""
        if "key" in self.kwargs:
            self.declared(self.kwargs["key"])

    def owner_names(self) -> dict[str, str]:
        """Who holds each owner's part of this plan, in words. A plan that has ended keeps the names it was written under."""
        return owner_names(self.plan.state in Plan.ENDED or not school_part_is_virtual_schools(self.plan, self.today))

    def declared(self, key: str) -> DeclaredSection:
        """The declared section a URL names. Raises Http404 when this plan's form has none, or none that this reader may know of."""
        try:
            declared = self.plan.form.section(key)
        except KeyError as error:
            raise Http404 from error
        if not declared.shown_to(audience_of(self.verbs)):
            raise Http404
        return declared

    def show(self, request: HttpRequest, template: str, context: dict[str, Any], status: int = 200) -> HttpResponse:
        """Render a page with the plan, its child, and what the reader may do and read."""
        base = {
            "plan": self.plan,
            "child": self.child,
            "verbs": self.verbs,
            "audience": audience_of(self.verbs),
            "today": self.today,
            "bar_facts": bar_facts(self.child, self.plan, self.today),
        }
        return render(request, template, {**base, **context}, status=status)
