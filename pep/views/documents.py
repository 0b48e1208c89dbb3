"""Handing out documents: always through a question about access, never from a public address."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone

from accounts.policy import Verb
from children.mixins import ChildScopedMixin
from pep.forms.declaration import Audience
from pep.left import complete_by_then, left_by, plans_read
from pep.models import Document, EarlierPlan, Plan, RenderJob
from pep.render_tasks import retry
from pep.sections import audience_of


def pdf_response(content: bytes, filename: str) -> HttpResponse:
    """A PDF to keep, not to run: as an attachment, with its type fixed. The file's name says nothing about the child."""
    response = HttpResponse(bytes(content), content_type="application/pdf")
    response["Content-Disposition"] = f'attachment; filename="{filename}"'
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "sandbox; default-src 'none'"
    return response


class ForAudience(ChildScopedMixin):
    """A record made for one audience: for the school's eyes, what is the council's does not exist."""

    object: Any

    def check_there(self) -> None:
        """A school that the child has left has the documents of the plans that it reads and that were complete by then."""
        left = left_by(self.user, self.child, self.relations, timezone.localdate())
        if left is None:
            return
        if isinstance(self.object, EarlierPlan):
            there = self.object.created_at < left.at
        else:
            plan = plans_read(Plan.objects.filter(pk=self.object.snapshot.plan_id), left).first()
            there = plan is not None and complete_by_then(plan, left)
        if not there:
            raise Http404

    def check(self) -> None:
        """Not a copy that is not for this reader."""
        if self.object.audience == Audience.COUNCIL and audience_of(self.verbs) is not Audience.COUNCIL:
            raise Http404
        if isinstance(self.object, EarlierPlan) and self.object.withdrawn_at and audience_of(self.verbs) is not Audience.COUNCIL:
            raise Http404


class DocumentDownload(ForAudience):
    """The PDF of a complete plan."""

    model = Document
    related = ("snapshot__plan__child__authority",)

    def get(self, request: HttpRequest, pk: str) -> HttpResponse:
        """The bytes as they were made."""
        plan = self.object.snapshot.plan
        on = timezone.localdate(plan.completed_at)  # the day that every page says
        return pdf_response(self.object.content, f"plan-{self.child.reference}-{on:%Y%m%d}-v{plan.version}-{self.object.audience}.pdf")


class EarlierPlanDownload(ForAudience):
    """An earlier plan that someone uploaded."""

    model = EarlierPlan
    related = ("child__authority",)

    def get(self, request: HttpRequest, pk: str) -> HttpResponse:
        """The bytes as they came."""
        return pdf_response(self.object.content, f"earlier-plan-{self.child.reference}-{self.object.plan_date:%Y%m%d}.pdf")


class RenderRetry(ForAudience):
    """Try again to make a document that failed."""

    http_method_names = ["post"]
    model = RenderJob
    related = ("snapshot__plan__child__authority",)
    verb = Verb.NUDGE

    def post(self, request: HttpRequest, pk: str) -> HttpResponse:
        """Put the job back in the queue."""
        retry(self.object)
        messages.success(request, "The document is being made again.")
        return redirect("pep:plan-detail", pk=self.object.snapshot.plan_id)
