"""Who looked at a child's record."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from accounts.policy import RELATION_NAMES, Relation, Verb
from children.mixins import ChildScopedMixin
from children.models import AccessLog, Child
from pep.views.lists import CappedPaginator
from schools.sheets import csv_address, csv_download

PER_PAGE = 100

# Pages in the words of the people who use them.
PAGES: dict[str, str] = {
    "children:child-detail": "The child’s page",
    "pep:child-timeline": "What happened to the child",
    "pep:plan-detail": "A plan’s task list",
    "pep:plan-read": "A plan, read through",
    "pep:plan-timeline": "What happened to a plan",
    "pep:child-dates": "Why these dates",
    "pep:attendee-decide": "Who may come to the meeting, to decide",
    "pep:copy-give": "A copy of the plan for a parent or carer, to record",
    "pep:invitation": "An invitation to the meeting, to answer",
    "virtualschool:review-edit": "A review of the care plan, to change",
    "pep:plan-lateness": "Why a plan is late",
    "pep:plan-progress": "Progress after a plan",
    "pep:plan-move": "A step of a plan",
    "pep:section-edit": "A section of a plan",
    "pep:section-draft": "A section of a plan (kept while typing)",
    "pep:item-edit": "A target or an action",
    "pep:funding-detail": "A request for pupil premium",
    "pep:document-download": "A document",
    "pep:earlier-plan-download": "An earlier plan",
    "pep:plan-create": "Beginning a plan",
    "pep:meeting-exception": "Letting a plan go on without a meeting",
    "pep:section-discard": "A section of a plan (unsaved text thrown away)",
    "pep:item-remove": "Removing a target or an action",
    "pep:render-retry": "Making a document again",
    "pep:contributor-add": "Naming a school contributor",
    "pep:contributor-end": "Ending a school contributor’s help",
    "pep:earlier-plan-add": "Adding an earlier plan",
    "pep:earlier-plan-review": "Whether an earlier plan was a review",
    "pep:earlier-plan-withdraw": "Withdrawing an earlier plan",
    "pep:move-propose": "A change of school",
    "pep:move-detail": "A change of school",
    "virtualschool:child-edit": "The child in the register",
    "virtualschool:child-change": "Changing the child’s details",
    "virtualschool:child-restrict": "Restricting the record",
    "virtualschool:fact-add": "Adding to the register",
    "virtualschool:care-edit": "Changing a time in care",
    "virtualschool:placement-edit": "Changing a placement",
    "virtualschool:enrolment-edit": "Changing a school place",
    "virtualschool:allocation-edit": "Changing a social worker or reviewing officer",
    "virtualschool:who-looked": "Who looked",
    "virtualschool:children": "The list of children, taken as a file",
    "pep:home": "What is late, taken as a file",
    "pep:nudge": "People nudged from the list of what is late",
    "virtualschool:import-detail": "What a list brought in would change, taken as a file",
    "virtualschool:queue": "A list of the desk, taken as a file",
    "virtualschool:nudge": "People nudged from a list of the desk",
    "virtualschool:import-look": "A list compared with the register",
    "virtualschool:money": "Money to decide, taken as a file",
    "virtualschool:payments": "The payment list, taken as a file",
}


def page_in_words(name: str) -> str:
    """A page's address name as people would call it."""
    return PAGES.get(name) or name.rpartition(":")[2].replace("-", " ").capitalize()


def relations_in_words(codes: str) -> str:
    """The relations of a log row as people would call them."""
    names = [RELATION_NAMES[Relation(code)] for code in codes.split(", ") if code]
    return ", ".join(names)


LOG_HEAD = ("When", "Who", "In which relation", "What", "Result")


def log_cells(row: AccessLog) -> list[str]:
    """One line of the log as cells of a sheet."""
    when = f"{timezone.localtime(row.at):%d/%m/%Y %H:%M}"
    relations = relations_in_words(row.relations) or "No relation to the child"
    return [when, row.user.name, relations, page_in_words(row.page), "Seen" if row.allowed else "Refused"]


class WhoLooked(ChildScopedMixin):
    """Every look at one child's record and every refusal, the latest first."""

    model = Child
    related = ("authority",)
    verb = Verb.SEE_WHO_LOOKED

    def get(self, request: HttpRequest, pk: str) -> HttpResponse:
        """The log; ``?refused=1`` shows the refusals alone."""
        found = AccessLog.objects.filter(child=self.child).select_related("user")
        if request.GET.get("refused"):
            found = found.filter(allowed=False)
        if request.GET.get("format") == "csv":
            return csv_download(f"who-looked-{timezone.localdate()}-{self.child.reference}", LOG_HEAD, (log_cells(row) for row in found))
        page = CappedPaginator(found, PER_PAGE).get_page(request.GET.get("page"))
        lines = [(row, page_in_words(row.page), relations_in_words(row.relations)) for row in page]
        context = {"child": self.child, "page_obj": page, "lines": lines, "refused": bool(request.GET.get("refused"))}
        context |= {"noun": "entry,entries", "csv_url": csv_address(request)}
        return render(request, "virtualschool/who_looked.html", context)
