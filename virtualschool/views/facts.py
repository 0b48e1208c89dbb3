"""Adding and changing the dated facts around a child."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone

from accounts.policy import Verb
from children.mixins import ChildScopedMixin
from children.models import Allocation, CarePeriod, Child, Enrolment, Placement
from pep import deadlines
from virtualschool.forms.facts import KINDS, DatedForm
from virtualschool.forms.saving import saving


class FactPage(ChildScopedMixin):
    """A form about one dated fact."""

    verb = Verb.KEEP_REGISTER
    related: tuple[str, ...] = ()

    def may_change(self, kind: str) -> None:
        """Who comes to see a restricted record by being allocated, the head decides. Raises PermissionDenied."""
        if kind == "allocation" and self.child.restricted and Verb.RESTRICT not in self.verbs:
            raise PermissionDenied

    def keep(self, request: HttpRequest, form: DatedForm) -> bool:
        """Write the fact with what it ends and the dates that follow, the child held locked. False when the form has errors."""
        if not form.is_valid():
            return False
        with saving(form):
            Child.objects.select_for_update(no_key=True).get(pk=self.child.pk)
            for earlier in form.ended_by_this():
                earlier.ends = form.cleaned_data["starts"]
                earlier.save()
            form.save()
            deadlines.refresh(self.child, by=request.user, on=timezone.localdate())  # type: ignore[arg-type]
        return not form.errors

    def page(self, request: HttpRequest, form: DatedForm, title: str) -> HttpResponse:
        """The form's page."""
        back = reverse("virtualschool:child-edit", args=[self.child.pk])
        context = {"title": title, "form": form, "submit_text": "Save", "cancel_url": back, "child": self.child}
        return render(request, "virtualschool/form.html", context)


class FactAdd(FactPage):
    """Add a fact of one kind."""

    model = Child
    related = ("authority",)

    def new_form(self, request: HttpRequest, kind: str) -> tuple[DatedForm, str]:
        """The form for this kind, and what it is called. Raises Http404 for another kind."""
        if kind not in KINDS:
            raise Http404
        self.may_change(kind)
        _, form, name = KINDS[kind]
        return form(request.POST or None, child=self.child, by=request.user), name  # type: ignore[arg-type]

    def get(self, request: HttpRequest, pk: str, kind: str) -> HttpResponse:
        """The empty form."""
        form, name = self.new_form(request, kind)
        return self.page(request, form, f"Add a {name}")

    def post(self, request: HttpRequest, pk: str, kind: str) -> HttpResponse:
        """Keep it."""
        form, name = self.new_form(request, kind)
        if self.keep(request, form):
            messages.success(request, f"The {name} is kept.")
            return redirect("virtualschool:child-edit", pk=self.child.pk)
        return self.page(request, form, f"Add a {name}")


class FactEdit(FactPage):
    """Change one fact. Nothing is deleted: what never held ends on the day it began."""

    kind = ""

    def form(self, request: HttpRequest) -> DatedForm:
        """The form for this row. Raises Http404 for what other pages change: main schools and contributors."""
        row = self.object
        if getattr(row, "kind", "") == Enrolment.Kind.MAIN or getattr(row, "role", "") == Allocation.Role.SCHOOL_CONTRIBUTOR:
            raise Http404
        self.may_change(self.kind)
        data: Any = request.POST if request.method == "POST" else None
        return KINDS[self.kind][1](data, instance=row, child=self.child, by=request.user)  # type: ignore[arg-type]

    def get(self, request: HttpRequest, pk: str) -> HttpResponse:
        """The form."""
        return self.page(request, self.form(request), f"Change a {KINDS[self.kind][2]}")

    def post(self, request: HttpRequest, pk: str) -> HttpResponse:
        """Keep the change."""
        form = self.form(request)
        if self.keep(request, form):
            messages.success(request, "The change is kept.")
            return redirect("virtualschool:child-edit", pk=self.child.pk)
        return self.page(request, form, f"Change a {KINDS[self.kind][2]}")


class CareEdit(FactEdit):
    """Change a time in care."""

    model, kind, related = CarePeriod, "care", ("child__authority",)


class PlacementEdit(FactEdit):
    """Change a placement."""

    model, kind, related = Placement, "placement", ("child__authority",)


class EnrolmentEdit(FactEdit):
    """Change a place besides the main school."""

    model, kind, related = Enrolment, "enrolment", ("child__authority", "school")


class AllocationEdit(FactEdit):
    """Change who works with the child."""

    model, kind, related = Allocation, "allocation", ("child__authority", "worker", "team")
