"""Adding and changing the dated facts around a child."""

import datetime
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import models, transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone

from accounts.policy import Verb
from children.access_changes import telling
from children.mixins import ChildScopedMixin
from children.models import Allocation, CarePeriod, CareReview, Child, Enrolment, Placement
from pep import deadlines, leaving, moves
from pep.facts import in_words
from pep.models import Deadline
from virtualschool.forms.facts import KINDS, CareReviewForm, DatedForm
from virtualschool.forms.saving import saving


class FactPage(ChildScopedMixin):
    """A form about one dated fact."""

    verb = Verb.KEEP_REGISTER
    related: tuple[str, ...] = ()
    kind = ""
    what_follows = ""  # in words, after a change of a time in care

    def check(self) -> None:
        """A place at a school, or being allocated, hands the record over: for a restricted child the head decides about it."""
        if self.kind_of_fact() in ("enrolment", "allocation") and self.child.restricted and Verb.RESTRICT not in self.verbs:
            raise PermissionDenied

    def kind_of_fact(self) -> str:
        """Which of ``KINDS`` the page is about."""
        return self.kind

    def hold(self) -> None:
        """Lock the child, its plans first, and ask again as the record stands now: the head may have restricted it meanwhile."""
        self.child.restricted = moves.locked(self.child).restricted
        self.check()

    def keep(self, request: HttpRequest, form: DatedForm | CareReviewForm, what: str) -> bool:
        """Write the fact with what it ends and the dates that follow, the child held locked. False when the form has errors."""
        if not form.is_valid():
            return False
        with saving(form), telling([self.child.pk], on=timezone.localdate(), by=self.user):
            for earlier in form.ended_by_this():
                earlier.ends = form.cleaned_data["starts"]
                earlier.save()
            form.save()
            deadlines.refresh(self.child, by=self.user, on=timezone.localdate(), because=f"The {what} was changed")
            if self.kind_of_fact() == "care":
                self.follow_care(timezone.localdate())
        return not form.errors

    def follow_care(self, on: datetime.date) -> None:
        """Close what is under way where no plan is needed any more; begin anew where that was closed by mistake."""
        stopped = leaving.stop(self.child, by=self.user, on=on)
        begun = None if stopped else leaving.begin_again(self.child, on)
        self.what_follows = leaving.told_after(self.child, stopped, begun, on)

    def tell_kept(self, request: HttpRequest, words: str) -> None:
        """That it is kept, and what has followed or will."""
        messages.success(request, f"{words} {self.what_follows}".strip())

    def warn_of_late_review(self, request: HttpRequest, form: DatedForm | CareReviewForm) -> None:
        """Say so where a review of the care plan is booked for a day after the one that the law sets. It is kept all the same."""
        row = form.instance
        if not isinstance(row, CareReview) or row.state != CareReview.State.BOOKED:
            return
        due = Deadline.objects.filter(child=self.child, kind=Deadline.Kind.CARE_REVIEW, open=True).first()
        if due and row.on > due.due_on:
            messages.warning(
                request, f"The law wants this review by {in_words(due.due_on)}: {due.words.split('. It is booked')[0]} ({due.citation})."
            )

    def page(self, request: HttpRequest, form: DatedForm | CareReviewForm, title: str) -> HttpResponse:
        """The form's page."""
        back = reverse("virtualschool:child-edit", args=[self.child.pk])
        context = {"title": title, "form": form, "submit_text": "Save", "cancel_url": back, "child": self.child}
        if self.kind_of_fact() == "care":
            context["about"] = leaving.told_before(self.child)
        return render(request, "virtualschool/form.html", context, status=form.status)


class FactAdd(FactPage):
    """Add a fact of one kind."""

    model = Child
    related = ("authority",)

    def check(self) -> None:
        """A fact of a kind there is."""
        if self.kwargs["kind"] not in KINDS:
            raise Http404
        super().check()

    def kind_of_fact(self) -> str:
        """The kind that the address names."""
        return str(self.kwargs["kind"])

    def new_form(self, request: HttpRequest, kind: str) -> tuple[DatedForm | CareReviewForm, str]:
        """The form for this kind, and what it is called."""
        _, form, name = KINDS[kind]
        return form(request.POST or None, child=self.child, by=request.user), name  # type: ignore[arg-type]

    def get(self, request: HttpRequest, pk: str, kind: str) -> HttpResponse:
        """The empty form."""
        form, name = self.new_form(request, kind)
        return self.page(request, form, f"Add a {name}")

    def post(self, request: HttpRequest, pk: str, kind: str) -> HttpResponse:
        """Keep it."""
        with transaction.atomic():
            self.hold()
            form, name = self.new_form(request, kind)
            kept = self.keep(request, form, name)
        if kept:
            self.tell_kept(request, f"The {name} is kept.")
            self.warn_of_late_review(request, form)
            return redirect("virtualschool:child-edit", pk=self.child.pk)
        return self.page(request, form, f"Add a {name}")


class FactEdit(FactPage):
    """Change one fact. Nothing is deleted: what never held ends on the day it began."""

    def check(self) -> None:
        """Not what other pages change: main schools and contributors."""
        row = self.object
        if getattr(row, "kind", "") == Enrolment.Kind.MAIN or getattr(row, "role", "") == Allocation.Role.SCHOOL_CONTRIBUTOR:
            raise Http404
        super().check()

    def form(self, request: HttpRequest) -> DatedForm | CareReviewForm:
        """The form for this row."""
        data: Any = request.POST if request.method == "POST" else None
        return KINDS[self.kind][1](data, instance=self.object, child=self.child, by=request.user)  # type: ignore[arg-type]

    def get(self, request: HttpRequest, pk: str) -> HttpResponse:
        """The form."""
        return self.page(request, self.form(request), f"Change a {KINDS[self.kind][2]}")

    def post(self, request: HttpRequest, pk: str) -> HttpResponse:
        """Keep the change, in the fact as it stands now."""
        with transaction.atomic():
            self.hold()
            self.object = models.QuerySet(self.model).select_for_update(no_key=True).get(pk=self.object.pk)
            form = self.form(request)
            kept = self.keep(request, form, KINDS[self.kind][2])
        if kept:
            self.tell_kept(request, "The change is kept.")
            self.warn_of_late_review(request, form)
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


class ReviewEdit(FactEdit):
    """Change a review of the care plan."""

    model, kind, related = CareReview, "review", ("child__authority",)


class AllocationEdit(FactEdit):
    """Change who works with the child."""

    model, kind, related = Allocation, "allocation", ("child__authority", "worker", "team")
