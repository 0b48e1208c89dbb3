"""The first page after signing in: what is late among the children one is responsible for, then one's own children."""

import datetime
import uuid
from functools import cached_property
from itertools import groupby
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.mixins import LoginRequiredMixin
from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views import View

from accounts.models import User
from accounts.policy import Relation
from accounts.relations import held_by, in_force
from children.access import log_access, log_export
from children.models import Child
from children.querysets import ChildQuerySet, RelationsByChild, people_relations
from pep.forms.declaration import Owner
from pep.late import GROUPS, NEXT_DAYS, NO_GROUP, SHEET_HEAD, Line, how_many_late, late_rows, lines
from pep.models import Plan
from pep.narrowing import narrowed
from pep.nudges import Nudged, nudge_each
from pep.planning import OWNER_NAMES, Ages, ages_on
from pep.views.lists import COUNTED, PER_PAGE, CappedPaginator, FilterForm
from pep.views.own_children import own_children
from schools.models import LocalAuthority, School, Team, TeamRelation
from schools.sheets import csv_address, csv_download

STAFF = frozenset({Relation.OFFICER, Relation.HEAD, Relation.BUSINESS_SUPPORT})
MANAGERS = frozenset({Relation.TEAM_MANAGER, Relation.DEPUTY_MANAGER, Relation.SERVICE_MANAGER})


class LateFilterForm(FilterForm):
    """The desk's filters, who has to act, and what belongs together."""

    turn = forms.ChoiceField(
        label="Waits for", choices=[("", "Anybody"), *((owner.value, OWNER_NAMES[owner]) for owner in Owner)], required=False
    )
    group = forms.ChoiceField(label="Put together by", choices=[("", "Date"), *GROUPS.items()], required=False)
    field_order = ["turn", "group", "team", "school", "phase", "no_worker"]

    def chosen(self, name: str) -> str:
        """One of the two choices; a wrong one chooses nothing and is said in the form."""
        return str(self.cleaned_data.get(name, "")) if self.is_valid() else ""


class Home(LoginRequiredMixin, View):
    """Everything that a person has to see to, in all their roles: what is late where they manage, and their own children."""

    today: datetime.date
    by_child: RelationsByChild
    authorities: list[uuid.UUID]
    managed: list[uuid.UUID]

    def setup(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        """Read in which relations the reader stands to whom."""
        super().setup(request, *args, **kwargs)
        self.today = timezone.localdate()
        if not request.user.is_authenticated:
            return
        self.user: User = request.user  # type: ignore[assignment]
        by_virtual_school, self.by_child = people_relations(self.user, self.today)
        self.held = {relation for relations in by_virtual_school.values() for relation in relations}
        serving = [key for key, relations in by_virtual_school.items() if relations & STAFF]
        served = LocalAuthority.objects.filter(virtual_school__in=serving)
        self.authorities = list(served.values_list("pk", flat=True)) if serving else []
        self.managed = [child for child, relations in self.by_child.items() if relations & MANAGERS]

    @property
    def oversees(self) -> bool:
        """Whether the reader answers for others' work."""
        return bool(self.authorities or self.managed)

    @cached_property
    def visible(self) -> ChildQuerySet:
        """Everybody whom the reader may see."""
        found: ChildQuerySet = Child.objects.visible_to(self.user)
        return found

    @cached_property
    def ages(self) -> Ages:
        """At which ages the authorities make plans."""
        return ages_on(self.today)

    @property
    def overseen(self) -> ChildQuerySet:
        """The children of the virtual schools one works for and of the teams one manages, those without a social worker too."""
        return self.visible.filter(Q(authority__in=self.authorities) | Q(pk__in=self.managed))

    def get(self, request: HttpRequest) -> HttpResponse:
        """The page, or with ``?format=csv`` everything that is late or falls due soon as a sheet."""
        own = [child for child, relations in self.by_child.items() if relations - {Relation.SERVICE_MANAGER}]
        if Relation.ACCOUNT_ADMINISTRATOR in self.held and not own and not self.oversees:
            return redirect("schools:person-list")
        # A headteacher sees no child, and is told so.
        headteacher = not own and not self.oversees and any(row.relation is Relation.HEADTEACHER for row in held_by(self.user, self.today))
        context: dict[str, Any] = {
            "headteacher": headteacher,
            "today": self.today,
            "oversees": self.oversees,
            "is_staff": bool(self.authorities),
        }
        if self.oversees:
            form = self.filter_form(request)
            children = narrowed(self.overseen, form.filters(), self.today)
            rows = late_rows(
                children, self.today, waits_for=form.chosen("turn"), group=form.chosen("group"), ages=self.ages
            )  # fmt: skip
            if request.GET.get("format") == "csv":
                return self.sheet(rows)
            context |= self.late(request, form, children, rows)
        if own or not self.oversees:
            mine = own_children(self.visible.filter(pk__in=own), self.by_child, self.today, request.GET.get("own"))
            context |= {"own": mine, "groups": mine.groups, "own_page": mine.page, "any": bool(mine.page.paginator.count)}
        return render(request, "pep/home.html", context)

    def filter_form(self, request: HttpRequest) -> LateFilterForm:
        """The filters, with the reader's own teams and the schools where these children are."""
        held = TeamRelation.objects.filter(in_force(self.today), user=self.user).values("content_object")
        teams = Team.objects.filter(Q(authority__in=self.authorities) | Q(pk__in=held), closed=False).select_related("authority")
        schools = School.objects.filter(pk__in=self.overseen.values("enrolments__school")).order_by("name")
        data = request.GET if any(name in request.GET for name in LateFilterForm.base_fields) else None
        return LateFilterForm(data, teams=teams, schools=schools)

    def late(self, request: HttpRequest, form: LateFilterForm, children: ChildQuerySet, rows: Any) -> dict[str, Any]:
        """A page of what is late, then of what falls due next."""
        page = CappedPaginator(rows, PER_PAGE).get_page(request.GET.get("page"))
        group = form.chosen("group")
        late_count, steps_late = how_many_late(children, self.today, COUNTED, self.ages, waits_for=form.chosen("turn"))
        parts = [(title, list(some)) for title, some in groupby(lines(page, self.today), lambda line: heading(line, group))]
        return {
            "filter_form": form, "page_obj": page, "parts": parts, "csv_url": csv_address(request), "noun": "date,dates",
            "late_count": late_count, "steps_late": steps_late, "counted": COUNTED, "days_ahead": NEXT_DAYS.days,
        }  # fmt: skip

    def sheet(self, rows: Any) -> HttpResponse:
        """All of it as a file; each child in it stands in the log of who looked."""
        found = lines(rows, self.today)
        log_export(self.user, (line.child for line in found), page="pep:home")
        return csv_download(f"late-{self.today}", SHEET_HEAD, (line.cells() for line in found))

    def post(self, request: HttpRequest) -> HttpResponse:
        """Nudge whoever holds the plans that were ticked. Each is asked again as it stands now; the answer says what became of each."""
        back = redirect(request.get_full_path())
        if not self.oversees:
            raise PermissionDenied
        try:
            wanted = {uuid.UUID(text) for text in request.POST.getlist("plan")}
        except ValueError as error:
            raise Http404 from error
        if not wanted:
            messages.error(request, "Tick at least one plan to nudge about.")
            return back
        done = nudge_each(wanted, by=self.user, on=self.today)
        if done is None:
            self.log_refusal(wanted)
            raise Http404
        log_export(self.user, Child.objects.filter(plans__in=done.plans), page="pep:nudge")
        (messages.success if done.messages else messages.warning)(request, nudged_words(done))
        return back

    def log_refusal(self, wanted: set[uuid.UUID]) -> None:
        """Write down whose plans this person asked about without any right to them."""
        plans = Plan.objects.filter(pk__in=wanted).exclude(child__in=self.visible).select_related("child")
        for plan in plans:
            log_access(self.user, plan.child, page="pep:nudge", allowed=False, object_id=plan.pk)


def heading(line: Line, group: str) -> str:
    """Under which heading a line stands: late or due soon, or its school or team."""
    if group:
        return line.group or NO_GROUP[group]
    return "Late" if line.overdue else f"Due in the next {NEXT_DAYS.days} days"


def nudged_words(done: Nudged) -> str:
    """What came of a nudge: how many messages about how many plans, and which were left out and why."""
    words = f"{_counted(done.messages, 'message')} sent" + (f", about {_counted(len(done.plans), 'plan')}." if done.plans else ".")
    left = [f"{_counted(many, 'plan')}: {why}" for why, many in sorted(done.left_out.items())]
    return f"{words} Left out: {'; '.join(left)}." if left else words


def _counted(many: int, noun: str) -> str:
    return f"{many} {noun}{'' if many == 1 else 's'}"
