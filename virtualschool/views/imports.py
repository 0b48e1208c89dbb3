"""Bringing in lists: upload, look at what would happen, confirm."""

from typing import Any

from allauth.core import ratelimit
from django import forms
from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views import View

from accounts.fields import PlainWords
from children.access import authorities_where, log_export
from schools.csvfile import UnreadableFile
from schools.models import LocalAuthority
from schools.sheets import csv_address, csv_download
from virtualschool import batches
from virtualschool.models import ImportBatch
from virtualschool.register import children_file, people, reviews
from virtualschool.register.rows import Outcome, Report, StaleReport

SHOWN = 200  # lines of each kind on the page
TITLES: dict[Outcome, str] = {
    Outcome.ASK: "To answer first",
    Outcome.REJECTED: "Left out",
    Outcome.NEW: "New",
    Outcome.CHANGED: "Changed",
    Outcome.SAME: "Nothing changes, but look",
}


# The columns of each kind of file that has columns of ours: those it must have, and those it may have.
COLUMNS: dict[str, tuple[dict[str, str], dict[str, str]]] = {
    ImportBatch.Kind.CHILDREN: (children_file.REQUIRED, children_file.OPTIONAL),
    ImportBatch.Kind.PEOPLE: (people.REQUIRED, people.OPTIONAL),
    ImportBatch.Kind.REVIEWS: (reviews.REQUIRED, {}),
}


def lines_in_words(report: Report) -> str:
    """How many lines did what: "3 new, 1 changed, 2 left out"."""
    left_out = report.count(Outcome.REJECTED) + report.count(Outcome.ASK)
    parts = ((report.count(Outcome.NEW), "new"), (report.count(Outcome.CHANGED), "changed"), (left_out, "left out"))
    return ", ".join(f"{count} {words}" for count, words in parts if count) or "nothing was new"


REPORT_HEAD = ("Line", "Who", "Result", "Reason or question", "Changes", "Not done by an import", "To look at")


def report_cells(report: Report) -> list[list[Any]]:
    """What a file would do as a sheet: every line about which there is something to say, then who is not in the file."""
    lines = [
        [line.number, line.who, TITLES[line.outcome], line.reason, "; ".join(line.changes), "; ".join(line.asks), "; ".join(line.warnings)]
        for line in sorted(report.lines, key=lambda line: line.number)
    ]
    return [*lines, *(["", who, "In the register, not in the file", "", "", "", ""] for who in report.missing)]


class UploadForm(PlainWords, forms.Form):
    """A file and what it holds."""

    kind = forms.ChoiceField(label="What is in the file?", widget=forms.RadioSelect)
    authority = forms.ModelChoiceField(label="For which council?", queryset=LocalAuthority.objects.none(), required=False)
    file = forms.FileField(label="The CSV file")
    links = forms.FileField(label="Links file (schools only, may be left out)", required=False)

    def __init__(self, *args: Any, kinds: list[str], authorities: list[LocalAuthority], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["kind"].choices = [(kind, ImportBatch.Kind(kind).label) for kind in kinds]  # type: ignore[attr-defined]
        self.fields["authority"].queryset = LocalAuthority.objects.filter(pk__in=[one.pk for one in authorities])  # type: ignore[attr-defined]
        if len(authorities) == 1:
            self.fields["authority"].initial, self.fields["authority"].widget = authorities[0].pk, forms.HiddenInput()
        if ImportBatch.Kind.SCHOOLS not in kinds:
            del self.fields["links"]

    def clean(self) -> dict[str, Any]:
        """Every list but that of schools belongs to a council; files have a limit."""
        cleaned = super().clean() or {}
        if cleaned.get("kind", ImportBatch.Kind.SCHOOLS) != ImportBatch.Kind.SCHOOLS and not cleaned.get("authority"):
            self.add_error("authority", "Choose the council")
        largest = batches.LARGEST.get(cleaned.get("kind", ""), 0)
        for name in ("file", "links"):
            if cleaned.get(name) and largest and cleaned[name].size > largest * 1024 * 1024:
                self.add_error(name, f"The file is larger than {largest} MB. Such a list is smaller: check that it is the right file")
        return cleaned


class ImportPage(View):
    """What the import pages share: each kind of file asks for its own verb, and a batch is its uploader's alone."""

    allowed: dict[str, list[LocalAuthority]]

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Who may bring in no kind of file is refused."""
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path())
        found = {kind: authorities_where(request.user, row.verb) for kind, row in batches.KINDS.items()}
        self.allowed = {kind: authorities for kind, authorities in found.items() if authorities}
        if not self.allowed:
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)

    def batch(self, pk: Any) -> ImportBatch:
        """The reader's own file. Raises Http404, also when they no longer may bring in its kind for its council."""
        batch = get_object_or_404(ImportBatch.objects.select_related("authority", "uploaded_by"), pk=pk, uploaded_by=self.request.user)
        authorities = self.allowed.get(batch.kind, [])
        if not authorities or (batch.authority and batch.authority not in authorities):
            raise PermissionDenied
        return batch


class Imports(ImportPage):
    """Upload a file; and what was brought in before."""

    def form(self, request: HttpRequest) -> UploadForm:
        """The form, filled in when it was posted."""
        authorities = list({one.pk: one for some in self.allowed.values() for one in some}.values())
        posted = (request.POST, request.FILES) if request.method == "POST" else ()
        return UploadForm(*posted, kinds=list(self.allowed), authorities=authorities)

    def get(self, request: HttpRequest) -> HttpResponse:
        """The form and one's own earlier files."""
        return self.page(request, self.form(request))

    def post(self, request: HttpRequest) -> HttpResponse:
        """Keep the file and show what it would do; files forgotten for a week are thrown away."""
        batches.drop_forgotten(request.user)  # type: ignore[arg-type]
        form = self.form(request)
        if request.FILES and not ratelimit.consume(request, action="import", user=request.user):
            form.add_error("file", "You have brought in many files within the hour. Wait a few minutes and try again")
        if form.is_valid():
            data = form.cleaned_data
            authority = None if data["kind"] == ImportBatch.Kind.SCHOOLS else data["authority"]
            if authority and authority not in self.allowed[data["kind"]]:
                raise PermissionDenied
            try:
                batch, _ = batches.receive(
                    kind=data["kind"], authority=authority, name=data["file"].name, content=data["file"].read(),
                    links=data["links"].read() if data.get("links") else None, by=request.user, on=timezone.localdate(),  # type: ignore[arg-type]
                )  # fmt: skip
            except UnreadableFile as error:
                form.add_error("file", str(error))
            else:
                return redirect("virtualschool:import-detail", pk=batch.pk)
        return self.page(request, form)

    def page(self, request: HttpRequest, form: UploadForm) -> HttpResponse:
        """The page."""
        mine = ImportBatch.objects.filter(uploaded_by=request.user).defer("content", "links").select_related("authority")[:20]  # type: ignore[misc]
        context = {
            "form": form, "mine": mine, "submit_text": "Look at what would happen",
            "takes_schools": ImportBatch.Kind.SCHOOLS in self.allowed,
            "columns": [
                (ImportBatch.Kind(kind).label, list(must.values()), list(may.values()))
                for kind, (must, may) in COLUMNS.items() if kind in self.allowed
            ],
        }  # fmt: skip
        return render(request, "virtualschool/imports.html", context)


class ImportDetail(ImportPage):
    """What a file would do, line by line, and the button that does it."""

    def get(self, request: HttpRequest, pk: str) -> HttpResponse:
        """The report as of now."""
        return self.page(request, self.batch(pk))

    def post(self, request: HttpRequest, pk: str) -> HttpResponse:
        """Answer, confirm, or give up."""
        batch, what = self.batch(pk), request.POST.get("do")
        if batch.state != ImportBatch.State.WAITING:
            messages.error(request, f"This file is “{batch.get_state_display().lower()}” already.")
            return redirect("virtualschool:imports")
        if what == "drop":
            batches.drop(batch)
            messages.success(request, "The file is thrown away. Nothing was changed.")
            return redirect("virtualschool:imports")
        if what == "answer":
            given = {key.removeprefix("line-"): str(value) for key, value in request.POST.items() if key.startswith("line-") and value}
            batches.answer(batch, given)
            return redirect("virtualschool:import-detail", pk=batch.pk)
        try:
            done = batches.confirm(batch, digest=request.POST.get("digest", ""), by=request.user, on=timezone.localdate())  # type: ignore[arg-type]
        except (StaleReport, ValidationError) as error:
            messages.error(request, error.messages[0] if isinstance(error, ValidationError) else str(error))
            return redirect("virtualschool:import-detail", pk=batch.pk)
        messages.success(request, f"{batch.file_name} is imported: {lines_in_words(done)}.")
        return redirect("virtualschool:imports")

    def page(self, request: HttpRequest, batch: ImportBatch) -> HttpResponse:
        """The report's page."""
        if batch.state != ImportBatch.State.WAITING:
            messages.info(request, f"{batch.file_name}: {batch.get_state_display().lower()}.")
            return redirect("virtualschool:imports")
        try:
            report = batches.look(batch, timezone.localdate())
        except UnreadableFile as error:
            messages.error(request, str(error))
            return redirect("virtualschool:imports")
        if request.GET.get("format") == "csv":
            # A list taken away as a file says of each child in it who took it.
            log_export(request.user, report.tells_of, page="virtualschool:import-detail")  # type: ignore[arg-type]
            return csv_download(f"import-{report.on}", REPORT_HEAD, report_cells(report))
        log_export(request.user, report.tells_of, page="virtualschool:import-look")  # type: ignore[arg-type]
        groups = [(outcome, TITLES[outcome], report.of(outcome)) for outcome in TITLES]
        context = {
            "batch": batch, "report": report, "groups": [(key, title, lines[:SHOWN], len(lines)) for key, title, lines in groups if lines],
            "summary": [(label, report.count(outcome)) for outcome, label in
                        ((Outcome.NEW, "New"), (Outcome.CHANGED, "Changed"), (Outcome.SAME, "The same"), (Outcome.ASK, "To answer first"),
                         (Outcome.REJECTED, "Left out"))] + [("In the register, not in the file", len(report.missing))],
            "missing": report.missing[:SHOWN], "asks": report.count(Outcome.ASK), "shown": SHOWN,
            "writes": report.count(Outcome.NEW) + report.count(Outcome.CHANGED), "imports_url": reverse("virtualschool:imports"),
            "csv_url": csv_address(request),
        }  # fmt: skip
        return render(request, "virtualschool/import_detail.html", context)
