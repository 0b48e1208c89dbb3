"""The register's pages about children: the list, adding, changing, restricting."""

from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import F, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format

from accounts.policy import Verb
from accounts.relations import in_force
from children.access_changes import telling
from children.mixins import ChildScopedMixin
from children.models import Allocation, CarePeriod, Child, Enrolment, sort_key
from children.numbers import uln_warning, upn_warning
from children.querysets import ChildQuerySet
from pep import deadlines, moves
from pep.narrowing import narrowed
from pep.views.lists import PER_PAGE, CappedPaginator, FilterForm
from schools.sheets import csv_download
from schools.timetable import ONE_DAY
from virtualschool import quality
from virtualschool.forms.children import ChildAddForm, ChildForm, RestrictionForm
from virtualschool.forms.saving import saving
from virtualschool.views.desk import DeskPage
from virtualschool.views.page import StaffPage, link_to

CARE = [("", "In care now"), ("left", "Not in care now"), ("all", "Everyone")]


def found_by(children: ChildQuerySet, text: str) -> ChildQuerySet:
    """Children whose name holds every word, or whose reference, case system number or UPN begins with the whole."""
    whole = "".join(text.split()).upper()
    by_number = Q(reference=whole) | Q(identifier__istartswith=text.strip())
    if len(whole) >= 4:
        by_number |= Q(upn__startswith=whole)
    by_name = Q()
    for word in sort_key(text).split():
        by_name &= Q(sort_key__contains=word)
    return children.filter(by_number | by_name) if whole else children


class ChildFilterForm(FilterForm):
    """The desk's filters and a search."""

    q = forms.CharField(label="Name, reference or UPN", required=False, max_length=100)
    care = forms.ChoiceField(label="Which children", choices=CARE, required=False)
    field_order = ["q", "care", "team", "school", "phase", "no_worker"]


class ChildList(DeskPage):
    """Every child of the register, searched and filtered, as a page or a sheet."""

    verb = Verb.KEEP_REGISTER

    def get(self, request: HttpRequest) -> HttpResponse:
        """A page of children by name."""
        narrow = self.filter_form(request)
        form = ChildFilterForm(
            request.GET or None, teams=narrow.fields["team"].queryset, schools=narrow.fields["school"].queryset,  # type: ignore[attr-defined]
        )  # fmt: skip
        children = narrowed(self.children(), form.filters(), self.today)
        children = found_by(children, request.GET.get("q", "")[:100])
        care = request.GET.get("care", "")
        now = CarePeriod.objects.filter(in_force(self.today)).values("child_id")
        if care != "all":
            children = children.exclude(pk__in=now) if care == "left" else children.filter(pk__in=now)
        children = children.order_by("sort_key", "pk")
        if request.GET.get("format") == "csv":
            everyone = quality.child_lines(list(children), self.today)
            self.log_export(line.child for line in everyone)
            return csv_download(f"children-{self.today}", quality.SHEET_HEAD, (line.cells() for line in everyone))
        page = CappedPaginator(children, PER_PAGE).get_page(request.GET.get("page"))
        sheet = request.GET.copy()
        sheet["format"] = "csv"
        rows = [
            [
                link_to("children:child-detail", line.child.pk, line.child.name),
                line.child.reference, line.year, line.school or "No school", line.worker or "None", line.team,
            ]
            for line in quality.child_lines(list(page), self.today)
        ]  # fmt: skip
        context = {
            "title": "Children", "page_obj": page, "filter_form": form, "csv_url": f"?{sheet.urlencode()}", "rows": rows,
            "head": ["Child", "Reference", "Year", "School", "Social worker", "Team"],
            "empty": "No children found. Try fewer words, or clear the filters.",
            "noun": "child,children",
            "add_url": reverse("virtualschool:child-add"), "add_text": "Add a child",
        }  # fmt: skip
        return render(request, "virtualschool/list.html", context)


def warn_of_numbers(request: HttpRequest, child: Child) -> None:
    """Say what looks wrong with the numbers that were kept all the same."""
    for warning in (upn_warning(child.upn), uln_warning(child.uln)):
        if warning:
            messages.warning(request, f"Saved. {warning}")
    if child.upn and Child.objects.visible_to(request.user, Verb.KEEP_REGISTER).filter(upn=child.upn).exclude(pk=child.pk).exists():
        messages.warning(request, "Saved. Another child in the register has the same UPN.")


class ChildAdd(StaffPage):
    """Add a child with care, school and social worker in one go."""

    verb = Verb.KEEP_REGISTER

    def form(self, request: HttpRequest) -> ChildAddForm:
        """The form, filled in when it was posted."""
        return ChildAddForm(request.POST or None, today=self.today, authorities=self.authorities, by=request.user)  # type: ignore[arg-type]

    def get(self, request: HttpRequest) -> HttpResponse:
        """The empty form."""
        return self.page(request, self.form(request))

    def post(self, request: HttpRequest) -> HttpResponse:
        """Add the child, unless one very like it is there already and nobody has said that this is another."""
        form = self.form(request)
        if form.is_valid() and not self.like_another(form):
            with saving(form), telling([form.instance.pk], on=self.today, by=request.user):  # type: ignore[arg-type]
                self.add(form)
            if not form.errors:
                warn_of_numbers(request, form.instance)
                messages.success(request, f"{form.instance.name} is in the register.")
                return redirect("virtualschool:child-edit", pk=form.instance.pk)
        return self.page(request, form)

    def like_another(self, form: ChildAddForm) -> bool:
        """Whether the register has a child born on the same day with a name in common, or the same UPN. Asks in the form."""
        data = form.cleaned_data
        if data["another_child"]:
            return False
        names = Q(family_name__iexact=data["family_name"]) | Q(given_name__iexact=data["given_name"])
        alike = Q(names, date_of_birth=data["date_of_birth"])
        if data["upn"]:
            alike |= Q(upn=data["upn"])
        other = self.children().filter(alike, authority=data["authority"]).first()
        if other is None:
            return False
        form.fields["another_child"].widget = forms.CheckboxInput()
        form.add_error(
            "another_child", f"{other.name}, reference {other.reference}, is very like this child. Tick the box only if it is another child"
        )
        return True

    def add(self, form: ChildAddForm) -> None:
        """Write the child and everything that was given."""
        data = form.cleaned_data
        form.instance.authority = data["authority"]
        child = form.save()
        CarePeriod(child=child, starts=data["care_starts"], legal_status=data["legal_status"]).save()
        if data["urn"]:
            Enrolment(child=child, school=data["urn"], starts=data["school_starts"]).save()
        if data["team"]:
            Allocation(
                child=child, role=Allocation.Role.SOCIAL_WORKER, team=data["team"], worker=data["worker_email"], starts=data["care_starts"]
            ).save()
        deadlines.refresh(child, by=self.request.user, on=self.today, because="Added to the register")  # type: ignore[arg-type]

    def page(self, request: HttpRequest, form: ChildAddForm) -> HttpResponse:
        """The form's page."""
        context = {"title": "Add a child", "form": form, "submit_text": "Add this child", "cancel_url": reverse("virtualschool:children")}
        return render(request, "virtualschool/form.html", context)


class ChildEdit(ChildScopedMixin):
    """All that the register holds about one child, each with its way to change it."""

    model = Child
    related = ("authority",)
    verb = Verb.KEEP_REGISTER

    def get(self, request: HttpRequest, pk: str) -> HttpResponse:
        """The child's facts and dated rows."""
        child, today = self.child, timezone.localdate()
        base = child.allocations.exclude(role=Allocation.Role.SCHOOL_CONTRIBUTOR).select_related("worker", "team").order_by("-starts")
        places = child.enrolments.select_related("school").order_by("-starts")
        groups: list[tuple[str, str, list[tuple[Any, str]]]] = [
            ("care", "Times in care", [(row, row.get_legal_status_display()) for row in child.care_periods.order_by("-starts")]),
            ("placement", "Placements", [(row, f"{row.kind}: {row.carer}".rstrip(": ")) for row in child.placements.order_by("-starts")]),
            (
                "enrolment", "Schools and other places",
                [(row, f"{row.school.name} ({row.get_kind_display().lower()})") for row in places],
            ),
            ("review", "Reviews of the care plan", [(row, row.get_state_display()) for row in child.care_reviews.order_by("-on")]),
            (
                "allocation", "Social worker and reviewing officer",
                [(row, f"{row.get_role_display()}: {row.worker or 'not named'}" + (f", {row.team}" if row.team else "")) for row in base],
            ),
        ]  # fmt: skip
        shown = [(kind, title, [self.line(kind, row, words) for row, words in rows]) for kind, title, rows in groups]
        facts = [
            ("Legal name", child.legal_name), ("Likes to be called", child.known_as or "–"),
            ("Date of birth", date_format(child.date_of_birth, "j F Y")),
            ("How it is known", child.get_birth_date_status_display()), ("Sex", child.get_sex_display()),
            ("Case system number", child.identifier or "–"), ("UPN", child.upn or "–"), ("ULN", child.uln or "–"),
        ]  # fmt: skip
        warnings = [warning for warning in (upn_warning(child.upn), uln_warning(child.uln)) if warning]
        context = {
            "child": child, "groups": shown, "facts": facts, "warnings": warnings, "verbs": self.verbs, "today": today,
            "ours_to_change": self.ours_to_change(),
        }  # fmt: skip
        return render(request, "virtualschool/child_edit.html", context)

    def ours_to_change(self) -> bool:
        """Whether this reader may change places besides the main school and who works with the child: of a restricted one, the head."""
        return not self.child.restricted or Verb.RESTRICT in self.verbs

    def line(self, kind: str, row: Any, words: str) -> dict[str, Any]:
        """One dated fact: what, from when to when (the last day), and where to change it."""
        fixed = kind == "enrolment" and row.kind == Enrolment.Kind.MAIN
        fixed |= kind in ("enrolment", "allocation") and not self.ours_to_change()
        url = None if fixed else reverse(f"virtualschool:{kind}-edit", args=[row.pk])
        if kind == "review":
            return {"words": words, "day": row.on, "url": url}
        return {"words": words or "Not recorded", "starts": row.starts, "last_day": row.ends - ONE_DAY if row.ends else None,
                "never": row.ends == row.starts, "url": url}  # fmt: skip


class ChildChange(ChildScopedMixin):
    """Change who the child is."""

    model = Child
    related = ("authority",)
    verb = Verb.KEEP_REGISTER

    def get(self, request: HttpRequest, pk: str) -> HttpResponse:
        """The form."""
        return self.page(request, ChildForm(instance=self.child, today=timezone.localdate()))

    def post(self, request: HttpRequest, pk: str) -> HttpResponse:
        """Keep it, in the record as it stands now. Plans that are complete stay as they were."""
        with transaction.atomic():
            child = moves.locked(self.child)
            form = ChildForm(request.POST, instance=child, today=timezone.localdate())
            if form.is_valid():
                if not form.has_changed():
                    return redirect("virtualschool:child-edit", pk=child.pk)
                with saving(form):
                    form.save()
                    deadlines.refresh(child, by=self.user, on=timezone.localdate(), because="The child’s details were changed")
        if not form.errors:
            warn_of_numbers(request, child)
            messages.success(request, "The change is kept.")
            return redirect("virtualschool:child-edit", pk=child.pk)
        return self.page(request, form)

    def page(self, request: HttpRequest, form: ChildForm) -> HttpResponse:
        """The form's page."""
        back = reverse("virtualschool:child-edit", args=[self.child.pk])
        context = {"title": "Change this child’s details", "form": form, "submit_text": "Save", "cancel_url": back, "child": self.child}
        return render(request, "virtualschool/form.html", context, status=form.status)


class ChildRestrict(ChildScopedMixin):
    """Restrict a record, or lift the restriction: for the head alone."""

    model = Child
    related = ("authority",)
    verb = Verb.RESTRICT

    def get(self, request: HttpRequest, pk: str) -> HttpResponse:
        """The question, with what follows."""
        return self.page(request, RestrictionForm())

    def post(self, request: HttpRequest, pk: str) -> HttpResponse:
        """Set or lift it. Schools the child has left stop reading at once when it is set."""
        form = RestrictionForm(request.POST)
        if not form.is_valid():
            return self.page(request, form)
        with transaction.atomic():
            child, waiting = moves.locked(self.child), None
            # The page says which way it goes; if a colleague was quicker, nothing is turned back.
            if str(child.restricted) != request.POST.get("was"):
                raise PermissionDenied
            child.restricted = not child.restricted
            child.restricted_because = form.cleaned_data["reason"] if child.restricted else ""
            child._change_reason = form.cleaned_data["reason"]  # type: ignore[attr-defined]
            child.save()
            if child.restricted:
                waiting = moves.follow_restriction(child, by=self.user, on=timezone.localdate())
        if waiting:
            messages.warning(request, "A change of school was confirmed and had not begun. It now waits for the head’s decision.")
        messages.success(request, "The record is restricted." if child.restricted else "The restriction is lifted.")
        return redirect("virtualschool:child-edit", pk=child.pk)

    def page(self, request: HttpRequest, form: RestrictionForm) -> HttpResponse:
        """The question's page."""
        back, today = reverse("virtualschool:child-edit", args=[self.child.pk]), timezone.localdate()
        staying = self.child.enrolments.exclude(ends__lte=today).exclude(ends=F("starts")).select_related("school")
        context = {
            "form": form,
            "child": self.child,
            "today": today,
            "places": staying.exclude(kind=Enrolment.Kind.MAIN),
            "cancel_url": back,
            "submit_text": "Lift the restriction" if self.child.restricted else "Restrict this record",
        }
        return render(request, "virtualschool/child_restrict.html", context)
