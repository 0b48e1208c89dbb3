"""The desk: the virtual school's queues of work, each with filters, pages and a sheet."""

import uuid
from typing import Any

from django.contrib import messages
from django.core.paginator import Page
from django.db import transaction
from django.db.models import Exists, OuterRef
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from accounts.policy import Verb
from accounts.relations import in_force
from children.access import log_access, log_export
from children.models import CarePeriod, Child
from pep.models import FundingRequest, Plan
from pep.narrowing import narrowed
from pep.views.lists import PER_PAGE, CappedPaginator, FilterForm
from schools.models import School, Team
from schools.sheets import csv_download
from virtualschool import quality
from virtualschool.quality import QUEUES, Queue
from virtualschool.views.page import StaffPage


def money_waiting() -> Any:
    """What waits for someone who decides on money: an answer, or after a yes the word to pay."""
    return FundingRequest.objects.to_decide() | FundingRequest.objects.to_approve()


class DeskPage(StaffPage):
    """What the desk's pages share: the filters."""

    def filter_form(self, request: HttpRequest) -> FilterForm:
        """The filters, with the teams of these authorities and the schools where their children are."""
        teams = Team.objects.filter(authority__in=self.authorities, closed=False).select_related("authority")
        schools = School.objects.filter(pk__in=self.children().values("enrolments__school")).order_by("name")
        return FilterForm(request.GET or None, teams=teams, schools=schools)


class Desk(DeskPage):
    """How much work each queue holds."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """The queues with their counts, and the filters."""
        form = self.filter_form(request)
        children = narrowed(self.children(), form.filters(), self.today)
        counts = quality.counts(children, self.today)
        waiting = money_waiting().filter(plan__child__in=children.values("pk")).count()
        context = {
            "queues": [(queue, counts[queue.key]) for queue in QUEUES], "money": waiting, "filter_form": form, "today": self.today,
            "query": request.GET.urlencode(), "authorities": self.authorities, "keeps_register": self.may(Verb.KEEP_REGISTER),
            "decides_money": self.may(Verb.DECIDE_MONEY), "is_head": self.may(Verb.SEE_WHO_LOOKED),
        }  # fmt: skip
        return render(request, "virtualschool/desk.html", context)


class QueueList(DeskPage):
    """One queue, as a page or as a sheet; whoever holds the plans of a page can be nudged from it."""

    post_verb = Verb.NUDGE

    def get(self, request: HttpRequest, key: str) -> HttpResponse:
        """The lines, the most pressing first. ``?format=csv`` gives all of them as a sheet."""
        queue = quality.queue_called(key)
        if queue is None:
            raise Http404
        form = self.filter_form(request)
        children = narrowed(self.children(), form.filters(), self.today)
        found = quality.plans_in(queue, children, self.today) if queue.of_plans else quality.children_in(queue, children, self.today)
        if request.GET.get("format") == "csv":
            lines = self.lines(queue, found)
            self.log_export(line.child for line in lines)
            if queue.key == "facts":
                rows = (row for line in lines for row in quality.fact_cells(line))
                return csv_download(f"{queue.key}-{self.today}", quality.FACTS_HEAD, rows)
            if queue.key == "copies":
                rows = (row for line in lines for row in quality.copy_cells(line, self.today))
                return csv_download(f"{queue.key}-{self.today}", quality.COPIES_HEAD, rows)
            return csv_download(f"{queue.key}-{self.today}", quality.SHEET_HEAD, (line.cells() for line in lines))
        page = CappedPaginator(found, PER_PAGE).get_page(request.GET.get("page"))
        sheet = request.GET.copy()
        sheet["format"] = "csv"
        context = {
            "queue": queue, "queues": QUEUES, "page_obj": page, "lines": self.lines(queue, page), "filter_form": form, "today": self.today,
            "csv_url": f"?{sheet.urlencode()}", "noun": "plan,plans" if queue.of_plans else "child,children",
        }  # fmt: skip
        return render(request, "virtualschool/queue.html", context)

    def post(self, request: HttpRequest, key: str) -> HttpResponse:
        """Nudge whoever holds the plans that were chosen: all of them, or none where one is not the reader's to nudge about."""
        queue = quality.queue_called(key)
        if queue is None or not queue.of_plans:
            raise Http404
        back = redirect(request.get_full_path())
        chosen = set(request.POST.getlist("plan"))
        if not chosen:
            messages.error(request, "Choose at least one plan to nudge about.")
            return back
        try:
            wanted = {uuid.UUID(text) for text in chosen}
        except ValueError as error:
            raise Http404 from error
        plans = Plan.objects.filter(pk__in=list(wanted), child__in=self.children(Verb.NUDGE).values("pk"))
        found = list(plans.select_related("child"))
        if len(found) != len(wanted):
            self.log_refusal(wanted - {plan.pk for plan in found})
            raise Http404
        if ended := quality.settled(queue, found):
            messages.error(request, f"{len(ended)} of these plans no longer wait for anybody. Nobody was nudged. Choose again.")
            return back
        with transaction.atomic():
            told = queue.nudge(plans, by=request.user, on=self.today)  # type: ignore[arg-type]
            log_export(request.user, [plan.child for plan in found], page="virtualschool:nudge")  # type: ignore[arg-type]
        words = f"{told} message{'' if told == 1 else 's'} sent."
        messages.success(request, words if told else "Everybody who holds these plans was nudged today already.")
        return back

    def log_refusal(self, plans: set[uuid.UUID]) -> None:
        """Write down whose plans this person was refused to nudge about; of what there is not, that it was asked for."""
        user: Any = self.request.user
        known = {plan.pk: plan.child for plan in Plan.objects.filter(pk__in=plans).select_related("child")}
        for plan in plans:
            log_access(user, known.get(plan), page="virtualschool:nudge", allowed=False, object_id=plan)

    def lines(self, queue: Queue, found: Any) -> list[quality.Line]:
        """The lines of a page or of everything."""
        rows = list(found)
        if queue.key == "facts":
            return quality.fact_lines(rows, self.today)
        if queue.key == "copies":
            return quality.copy_lines(rows, self.today)
        return quality.lines(rows, self.today) if queue.of_plans else quality.child_lines(rows, self.today)


class MoneyToDecide(DeskPage):
    """Requests in submitted plans that wait for a decision, and what is agreed and waits to be approved to pay.

    What was asked for a child who has left care since can still be decided on; its line says that they have.
    """

    verb = Verb.DECIDE_MONEY

    def get(self, request: HttpRequest) -> HttpResponse:
        """The requests, the oldest first."""
        form = self.filter_form(request)
        children = narrowed(self.children(), form.filters(), self.today)
        found = money_waiting().filter(plan__child__in=children.values("pk"))
        found = found.select_related("plan__child", "target", "school").order_by("-state", "created_at")
        found = found.annotate(in_care=Exists(CarePeriod.objects.filter(in_force(self.today), child=OuterRef("plan__child"))))
        if request.GET.get("format") == "csv":
            head = ("Reference", "Name", "School", "Financial year", "For", "Asked (£)", "Agreed (£)", "State", "Asked on", "Plan", "Care")
            self.log_export(row.plan.child for row in found)
            return csv_download(f"money-to-decide-{self.today}", head, (money_cells(row) for row in found))
        page: Page[Any] = CappedPaginator(found, PER_PAGE).get_page(request.GET.get("page"))
        sheet = request.GET.copy()
        sheet["format"] = "csv"
        context = {
            "page_obj": page, "filter_form": form, "today": self.today, "csv_url": f"?{sheet.urlencode()}", "noun": "request,requests",
        }  # fmt: skip
        return render(request, "virtualschool/money.html", context)


def money_cells(row: Any) -> list[Any]:
    """One request as cells of a sheet; whether the child is still in care was asked with it."""
    child: Child = row.plan.child
    return [
        child.reference, child.name, row.school or "", row.financial_year, row.purpose, row.amount, row.agreed_amount,
        row.get_state_display(),
        row.created_at.date(), row.plan.get_state_display(), "in care" if row.in_care else "no longer in care",
    ]  # fmt: skip


class PaymentList(StaffPage):
    """What is approved to pay, by school: for the council's finance team. No child's name leaves with it, only the reference."""

    verb = Verb.DECIDE_MONEY

    def get(self, request: HttpRequest) -> HttpResponse:
        """A sheet with a line for each approved request, in the order of the schools' numbers."""
        found = FundingRequest.objects.filter(state=FundingRequest.State.APPROVED, plan__child__in=self.children().values("pk"))
        found = found.select_related("plan__child__authority", "school").order_by("school__urn", "created_at")
        self.log_export(row.plan.child for row in found)
        head = ("URN", "School", "Authority", "Child’s reference", "Financial year", "For", "To pay (£)", "Request")
        rows = (
            [
                row.school.urn if row.school else "", row.school.name if row.school else "No school", row.plan.child.authority,
                row.plan.child.reference, row.financial_year, "Target" if row.target_id else "Completed plan", row.agreed_amount, row.pk,
            ]
            for row in found
        )  # fmt: skip
        return csv_download(f"payments-{self.today}", head, rows)
