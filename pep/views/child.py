"""The child's page, what happened to the child, and beginning a plan."""

import datetime
from functools import cached_property
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.db import transaction
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from accounts.fields import PARTS, DateField, PlainWords
from accounts.models import User
from accounts.outbox import read_about
from accounts.policy import RELATION_NAMES, Relation, Verb
from accounts.relations import holders, in_force
from accounts.templatetags.components import due
from children.access import who_can_see
from children.mixins import ChildScopedMixin
from children.models import Child, Enrolment
from pep import deadlines, funding, history
from pep.facts import FIRST_PLAN, in_words
from pep.forms.declaration import Audience
from pep.left import Left, complete_by_then, left_by, plans_read
from pep.models import Deadline, Document, EarlierPlan, Plan
from pep.moves import moves_of
from pep.planning import care_with_plans, create_plan, no_plan_because
from pep.sections import audience_of
from pep.snapshot import child_facts, day
from pep.timeliness import beside_plans_date
from pep.views.page import own_schools
from schools.timetable import ONE_DAY

HAPPENINGS = 50  # on a page of the timeline


class ChildPage(ChildScopedMixin):
    """A page about one child."""

    model = Child
    related = ("authority__virtual_school",)

    @cached_property
    def left(self) -> Left | None:
        """When the child left the reader's school, for a reader who is there for what was before alone."""
        return left_by(self.user, self.child, self.relations, timezone.localdate())

    def plans(self) -> QuerySet[Plan]:
        """The child's plans that this reader may know of."""
        found: QuerySet[Plan] = self.child.plans.all()
        return plans_read(found, self.left)

    def known_places(self) -> Q:
        """Of the places of a child who has left: those until then, and the school that the child left for, which gets the school file."""
        return Q(starts__lt=self.left.on) | Q(starts=self.left.on, kind=Enrolment.Kind.MAIN) if self.left else Q()

    def show(self, request: HttpRequest, template: str, context: dict[str, Any], status: int = 200) -> HttpResponse:
        """Render with the child and what the reader may do and read."""
        base = {
            "child": self.child,
            "verbs": self.verbs,
            "audience": audience_of(self.verbs),
            "today": timezone.localdate(),
        }
        return render(request, template, {**base, **context}, status=status)


def plan_link(plan: Plan) -> SafeString:
    """A plan's name as a link to it."""
    return format_html('<a class="govuk-link" href="{}">{}</a>', reverse("pep:plan-detail", args=[plan.pk]), plan)


def kind_words(deadline: Deadline) -> str:
    """What a date is, in words. Before the first plan there is none to be reviewed, and a new school begins one of its own."""
    if deadline.kind != Deadline.Kind.REVIEW:
        return deadline.get_kind_display()
    words = {**dict.fromkeys(FIRST_PLAN, "First plan"), Plan.Reason.AFTER_MOVE.value: "Plan after a change of school"}
    return words.get(deadline.reason, deadline.get_kind_display())


def beside_its_plan(row: Deadline, on: datetime.date) -> str:
    """Why the last day of a plan's step is later than the day the plan is due, in words; "" for any other date."""
    return beside_plans_date(row.due_on, row.plan.due_on, on) if row.plan else ""


def due_or_completed(plan: Plan, on: datetime.date) -> str:
    """The day that counts for a plan in a list: when it was completed, or is due, and of one under way why that is this day."""
    if plan.completed_at:
        return f"Completed {day(timezone.localdate(plan.completed_at))}"
    if plan.state in Plan.ENDED:
        return day(plan.due_on)
    return due(plan.due_on, on, why=f"{reverse('pep:child-dates', args=[plan.child_id])}#plan-{plan.pk}")


class ChildDetail(ChildPage):
    """Everything about one child that the reader may see, in one place."""

    def get(self, request: HttpRequest, pk: str) -> HttpResponse:
        """The child's facts, plans, people, dates, documents and money."""
        read_about(self.user, child_id=self.child.pk)  # a record that opened to them; they have opened it
        today, audience = timezone.localdate(), audience_of(self.verbs)
        facts = [
            fact
            for fact in child_facts(self.child, self.left.on - ONE_DAY if self.left else today)
            if audience is Audience.COUNCIL or fact["audience"] == "school"
        ]
        plans = list(self.plans().select_related("term", "school").order_by("-due_on", "-version"))
        documents = (
            Document.objects.filter(snapshot__plan__in=[plan.pk for plan in plans if complete_by_then(plan, self.left)])
            .defer("content")
            .select_related("snapshot__plan")
        )
        documents = documents.order_by("-snapshot__plan__due_on", "-snapshot__plan__version", "audience")
        earlier = EarlierPlan.objects.filter(child=self.child).defer("content")
        if audience is Audience.SCHOOL:
            documents, earlier = documents.filter(audience="school"), earlier.filter(audience="school")
        if self.left:
            earlier = earlier.filter(uploaded_at__lt=self.left.at)
        context = {
            "facts": facts,
            "plans": plans,
            "plan_head": ["Plan", "State", "Due, or completed"],
            "plan_rows": [[plan_link(plan), plan.get_state_display(), due_or_completed(plan, today)] for plan in plans],
            "no_plan_because": no_plan_because(self.child, today),
            "past_eighteen": self.past_eighteen(today),
            "complete": any(plan.state == Plan.State.COMPLETE for plan in plans),
            "current": next((plan for plan in plans if plan.state not in Plan.ENDED), None),
            "may_begin": Verb.CREATE_PLAN in self.verbs and self.may_begin(plans, today),
            "documents": documents,
            "earlier": earlier,
            "review": None if self.left else deadlines.next_review(self.child),
            "deadlines": [] if self.left else [(row, kind_words(row), beside_its_plan(row, today)) for row in self.dates(audience)],
            "left": self.left,
            "people": [(user, RELATION_NAMES[relation]) for user, relation in self.people(today)],
            "enrolments": self.enrolments(today),
            "moves": moves_of(self.child, self.verbs),
            "year": funding.year_of_child(self.child, today) if Verb.VIEW_MONEY in self.verbs else None,
            "requests": funding.requests_for(self.child, self.verbs, school_ids=own_schools(self.user, self.child, today)),
            "contributors": self.child.allocations.filter(in_force(today), role="school_contributor").select_related("worker"),
        }
        return self.show(request, "pep/child_detail.html", context)

    def people(self, on: datetime.date) -> list[tuple[User, Relation]]:
        """Who can see the record. A school that the child has left is not told who has the child now, which would say where."""
        found = who_can_see(self.child, on)
        if self.left is None:
            return found
        staff = {user.pk for user, _, _ in holders(self.child.authority.virtual_school, on)}
        return [(user, relation) for user, relation in found if user.pk in staff or user == self.user]

    def past_eighteen(self, on: datetime.date) -> datetime.date | None:
        """Since when a child whose plans go on to the end of Year 13 has not been in care any more; None for everybody else."""
        care = care_with_plans(on).filter(child=self.child, ends__lte=on).first()
        return care.ends if care else None

    def dates(self, audience: Audience) -> list[Deadline]:
        """The open dates that this reader may see."""
        rows = Deadline.objects.filter(child=self.child, open=True).select_related("plan")
        return [row for row in rows if audience is Audience.COUNCIL or not row.council_only]

    def may_begin(self, plans: list[Plan], on: datetime.date) -> bool:
        """Whether a plan could be begun: the child is one who needs plans and none is in preparation."""
        return care_with_plans(on).filter(child=self.child).exists() and all(plan.state != Plan.State.PREPARING for plan in plans)

    def enrolments(self, on: datetime.date) -> QuerySet[Any, Any]:
        """Where the child is and was at school; a place that has not begun is for the council to know."""
        found: QuerySet[Any, Any] = self.child.enrolments.select_related("school").order_by("-starts")
        if Verb.VIEW_COUNCIL in self.verbs:
            return found
        return found.filter(self.known_places()) if self.left else found.filter(starts__lte=on)


class ChildTimeline(ChildPage):
    """What happened to a child: plans, schools, people and money in one line of time, each as far as the reader may see it."""

    def get(self, request: HttpRequest, pk: str) -> HttpResponse:
        """A page of it, newest first."""
        found = history.until(history.latest_first(self.happenings(timezone.localdate())), self.left.at if self.left else None)
        page = Paginator(found, HAPPENINGS).get_page(request.GET.get("page"))
        return self.show(request, "pep/child_timeline.html", {"happenings": page, "page_obj": page})

    def happenings(self, today: datetime.date) -> list[history.Happening]:
        """Everything, as the child's own page, the register and the moves' pages show it to this reader."""
        council = Verb.VIEW_COUNCIL in self.verbs
        schools = own_schools(self.user, self.child, today)
        found = history.timeline(
            list(self.plans().select_related("term", "child")),
            audience_of(self.verbs),
            schools,
            all_money=Verb.VIEW_MONEY in self.verbs,
        )
        places = self.child.enrolments.select_related("school").filter(self.known_places())
        found += history.places(list(places), None if council else today)
        found += history.people(list(self.allocations(today)), today)
        if council or Verb.PROPOSE_MOVE in self.verbs:
            found += history.move_steps(moves_of(self.child, self.verbs))
        if council:
            found += history.restrictions(self.child)
        return found

    def allocations(self, today: datetime.date) -> QuerySet[Any, Any]:
        """The people who work and worked with the child. A school knows its own helpers and who has the child today."""
        found: QuerySet[Any, Any] = self.child.allocations.select_related("worker", "team", "named_by")
        if Verb.VIEW_COUNCIL in self.verbs:
            return found
        found = found.filter(Q(role="school_contributor") | in_force(today))
        return found.filter(starts__lt=self.left.on) if self.left else found


class PlanCreateForm(PlainWords, forms.Form):
    """Why a plan is begun, and by when it must be complete."""

    reason = forms.ChoiceField(label="Why is this plan needed?", choices=Plan.Reason.choices, widget=forms.RadioSelect)
    due_on = DateField(label="By when must it be complete?")

    def __init__(self, *args: Any, clocks: Deadline | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.clocks = clocks

    def clean_due_on(self) -> datetime.date:
        """No later than the clock's own date, even where that has passed: a plan that is late is late."""
        day: datetime.date = self.cleaned_data["due_on"]
        if self.clocks and day > self.clocks.due_on:
            by, because = in_words(self.clocks.due_on), self.clocks.words
            raise ValidationError(f"It must be complete by {by}: {because}. Give that day or an earlier one", params={"parts": PARTS})
        return day


class PlanCreate(ChildPage):
    """Begin a plan by hand."""

    verb = Verb.CREATE_PLAN

    def get(self, request: HttpRequest, pk: str) -> HttpResponse:
        """The form, with the date the clock gives."""
        review = deadlines.next_plan(self.child)
        reason = "termly" if self.child.plans.filter(state="complete").exists() else "initial"
        form = PlanCreateForm(initial={"reason": reason, "due_on": review.due_on if review else None})
        return self.show(request, "pep/plan_create.html", {"form": form, "review": review})

    def post(self, request: HttpRequest, pk: str) -> HttpResponse:
        """Begin it, unless one is in preparation."""
        form = PlanCreateForm(request.POST, clocks=deadlines.next_plan(self.child))
        if form.is_valid():
            data = form.cleaned_data
            try:
                plan = self.begin(data["reason"], data["due_on"])
            except ValidationError as error:
                form.add_error("reason", error.messages)
            else:
                messages.success(request, "The plan is begun.")
                return redirect("pep:plan-detail", pk=plan.pk)
        return self.show(request, "pep/plan_create.html", {"form": form, "review": deadlines.next_plan(self.child)})

    def begin(self, reason: str, due_on: datetime.date) -> Plan:
        """Begin the plan; on the clock's own date it goes on following the clock. Raises ValidationError when it cannot be begun."""
        today, clocks = timezone.localdate(), deadlines.next_plan(self.child)
        due = deadlines.due_of(clocks) if clocks and clocks.due_on == due_on else None
        with transaction.atomic():
            plan = create_plan(self.child, reason=reason, due_on=due_on, by=self.user, on=today, due=due)
            deadlines.refresh(self.child, by=self.user, on=today, because="A plan was begun")
        return plan
