"""The desk's queues: which plans and children need the virtual school, and what stands beside each, in a fixed number of queries."""

import datetime
import uuid
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from accounts.relations import in_force
from children.models import CarePeriod, Child
from children.querysets import ChildQuerySet
from pep import copies, nudges
from pep.around import Around, around, held_since, holder_words
from pep.clock_rules import instead_of_school
from pep.earlier import to_be_said
from pep.facts import PLAN_KINDS
from pep.forms.declaration import Owner
from pep.models import Deadline, Meeting, Move, Plan, Section
from pep.narrowing import Filters, main_places, narrowed
from pep.planning import can_sign_in, needs_plan, works
from pep.school_part import of_the_virtual_school
from pep.sections import contents_of_many, gaps_in
from pep.timeliness import WHY_LATE
from schools.models import Membership
from schools.timetable import year_group_name
from virtualschool.daily_check import Amiss, amiss_with, whose_facts_do_not_add_up


@dataclass(frozen=True)
class Queue:
    """One kind of work: its name, what it holds, and what an empty one says."""

    key: str
    title: str
    about: str
    empty: str
    of_plans: bool = True
    nudge: Callable[..., int] = nudges.nudge  # how whoever holds its plans is asked


QUEUES: tuple[Queue, ...] = (
    Queue("check", "To check", "Plans that wait for the quality check, the longest wait first.", "Nothing to check."),
    Queue("returned", "Returned", "Plans that went back and have not come in again.", "No plan is out for changes."),
    Queue("overdue", "Overdue", "Unfinished plans past their due date, with who has each one and since when.", "No plan is overdue."),
    Queue(
        "not-begun", "Plan due and not begun", "Children whose next plan is past its due date and has not been begun.",
        "No child waits for a plan to be begun.", of_plans=False,
    ),
    Queue("sign-off", "To sign off", "Plans that wait for the social worker’s signature.", "No plan waits for a signature."),
    Queue("not-started", "Not started", "Plans in which nobody has written anything yet.", "Every open plan has been started."),
    Queue(
        "no-meeting", "Meeting not booked", "Plans being written whose meeting is not booked, or was not held.",
        "Every open plan has its meeting.",
    ),
    Queue(
        "copies", "Copies to give", "Complete plans of which a parent or carer may have a copy and has none yet, the longest wait first.",
        "No copy waits to be given.", nudge=nudges.nudge_about_copies,
    ),
    Queue(
        "moves", "Moves to confirm", "Children whose change of school was proposed and waits for a second person.",
        "No change of school waits.", of_plans=False,
    ),
    Queue(
        "facts", "Facts that do not add up",
        "Children with something missing around their plan, or in care past eighteen, and who can put it right.",
        "Every child’s facts add up.", of_plans=False,
    ),
    Queue(
        "earlier", "Earlier plans to look at", "Children with a plan from elsewhere that may have been a review: say whether it was.",
        "No earlier plan waits to be looked at.", of_plans=False,
    ),
    Queue("no-school", "No school", "Children who need a plan and have no main school today.", "Every child has a school.", of_plans=False),
    Queue(
        "no-teacher", "No designated teacher",
        "Children who need a plan, at a school where nobody can sign in as designated teacher for you.",
        "Every school has a designated teacher.", of_plans=False,
    ),
    Queue(
        "no-worker", "No social worker", "Children who need a plan and have no social worker who can sign in today.",
        "Every child has one.", of_plans=False,
    ),
)  # fmt: skip


def queue_called(key: str) -> Queue | None:
    """The queue of this name."""
    return next((queue for queue in QUEUES if queue.key == key), None)


def plans_in(queue: Queue, children: ChildQuerySet, on: datetime.date) -> QuerySet[Any, Any]:
    """The plans of a queue among these children, the most pressing first."""
    plans = Plan.objects.filter(child__in=children.values("pk"))
    written = Section.objects.filter(plan=OuterRef("pk"), version__gt=0)
    match queue.key:
        case "check":
            plans = plans.filter(state=Plan.State.AWAITING_CHECK).order_by("state_since", "pk")
        case "returned":
            plans = plans.filter(state=Plan.State.RETURNED).order_by("state_since", "pk")
        case "sign-off":
            plans = plans.filter(state=Plan.State.AWAITING_SIGN_OFF).order_by("state_since", "pk")
        case "overdue":
            plans = plans.overdue(on).filter(needs_plan(on, child="child")).order_by("due_on", "pk")
        case "copies":
            plans = plans.filter(pk__in=copies.waiting().order_by().values("meeting__plan")).order_by("completed_at", "pk")
        case "not-started":
            plans = plans.filter(~Exists(written), state=Plan.State.PREPARING).order_by("due_on", "pk")
        case _:
            waiting = Q(state__in=Plan.WRITABLE, meeting__state__in=Meeting.TO_BOOK, meeting__exception_because="")
            plans = plans.filter(waiting).order_by("due_on", "pk")
    return plans.select_related("child__authority", "term", "previous")


def settled(queue: Queue, plans: Collection[Plan]) -> list[Plan]:
    """Those of these plans of which nobody is asked anything in this queue any more: one query at most."""
    if queue.key != "copies":
        return [plan for plan in plans if plan.state in Plan.ENDED]
    waiting = copies.waiting_for({plan.pk for plan in plans})
    return [plan for plan in plans if plan.pk not in waiting]


def children_in(queue: Queue, children: ChildQuerySet, on: datetime.date) -> ChildQuerySet:
    """The children of a queue, by name."""
    if queue.key == "not-begun":
        return not_begun(children, on)
    if queue.key == "earlier":
        return children.filter(Exists(to_be_said(on).filter(child=OuterRef("pk"))))
    if queue.key == "moves":
        # A change of school is decided whether or not a plan follows it: of children on short breaks too.
        in_care = CarePeriod.objects.filter(in_force(on), child=OuterRef("pk"))
        return children.filter(
            Exists(in_care) | needs_plan(on), Exists(Move.objects.filter(child=OuterRef("pk"), state=Move.State.PROPOSED))
        )
    if queue.key == "facts":
        return whose_facts_do_not_add_up(children, on)
    children = children.filter(needs_plan(on))
    if queue.key == "no-school":
        return children.filter(~Exists(main_places(on)))
    if queue.key == "no-worker":
        return narrowed(children, Filters(no_worker=True), on)
    teachers = Membership.objects.filter(
        in_force(on), can_sign_in(on), role="designated_teacher", school=OuterRef("school"), authority=OuterRef("child__authority")
    )
    return children.filter(Exists(main_places(on).filter(~Exists(teachers))))


def not_begun(children: ChildQuerySet, on: datetime.date) -> ChildQuerySet:
    """The children who need a plan, whose date for it has passed, and who have none under way: nobody's list of plans shows them."""
    due = open_dates().filter(child=OuterRef("pk"), due_on__lt=on)
    under_way = Plan.objects.filter(child=OuterRef("pk")).unfinished()
    return children.filter(needs_plan(on), Exists(due), ~Exists(under_way))


def open_dates() -> QuerySet[Any, Any]:
    """The days by which the next plans of children must have been made."""
    return Deadline.objects.filter(kind__in=PLAN_KINDS, plan=None, open=True)


def counts(children: ChildQuerySet, on: datetime.date) -> dict[str, int]:
    """How much work each queue holds: one query a queue."""
    return {
        queue.key: (plans_in(queue, children, on) if queue.of_plans else children_in(queue, children, on)).order_by().count()
        for queue in QUEUES
    }


@dataclass(frozen=True)
class CopyFor:
    """Somebody who waits for a copy of a plan, and since when whoever is to give it has had it to give."""

    name: str
    role: str
    since: datetime.date


@dataclass(frozen=True)
class Line:
    """One line of a queue."""

    child: Child
    plan: Plan | None
    year: str
    school: str
    team: str
    worker: str
    due_on: datetime.date | None
    holder: str
    since: datetime.date | None
    waiting_days: int | None
    move: Move | None = None
    kind: str = ""  # which of the child's dates it is, where no plan is under way
    amiss: tuple[Amiss, ...] = ()
    copies: tuple[CopyFor, ...] = ()

    @property
    def anchor(self) -> str:
        """Where the page of the child's dates says why it is this day."""
        return f"plan-{self.plan.pk}" if self.plan else self.kind

    @property
    def state(self) -> str:
        """Where the plan stands; of one that waits for the quality check also that it need not be checked."""
        if self.plan is None:
            return ""
        outside = self.plan.state == Plan.State.AWAITING_CHECK and not self.plan.drawn
        return f"{self.plan.get_state_display()} (not in the sample)" if outside else self.plan.get_state_display()

    @property
    def late_because(self) -> str:
        """Why the plan is late, in words, where somebody has said so."""
        return WHY_LATE.get(self.plan.late_because, "") if self.plan else ""

    def cells(self) -> list[Any]:
        """The line as cells of a sheet."""
        return [
            self.child.reference, self.child.name, self.year, self.school, self.team, self.worker, str(self.plan or ""), self.state,
            self.due_on, self.holder, self.since, self.waiting_days, self.late_because, self.plan.late_note if self.plan else "",
        ]  # fmt: skip


SHEET_HEAD = (
    "Reference", "Name", "Year", "School", "Team", "Social worker", "Plan", "State", "Due", "Held by", "Since", "Days", "Why late",
    "More about it",
)  # fmt: skip


FACTS_HEAD = ("Reference", "Name", "Year", "School", "Team", "Social worker", "What does not add up", "Whose it is")


def fact_cells(line: Line) -> list[list[Any]]:
    """The rows of a sheet about one child whose facts do not add up: one for each thing that is amiss."""
    first = [line.child.reference, line.child.name, line.year, line.school, line.team, line.worker]
    return [[*first, amiss.words, amiss.owner] for amiss in line.amiss]


def fact_lines(children: Sequence[Child], on: datetime.date) -> list[Line]:
    """The lines of some children with what is amiss with each and whose it is."""
    amiss = amiss_with(children, on)
    return [replace(line, amiss=tuple(amiss[line.child.pk])) for line in child_lines(children, on)]


COPIES_HEAD = (
    "Reference", "Name", "Year", "School", "Team", "Social worker", "Plan", "Complete since", "Copy for", "Who they are", "To be given by",
    "Since", "Days",
)  # fmt: skip


def copy_cells(line: Line, on: datetime.date) -> list[list[Any]]:
    """The rows of a sheet about one plan of which copies wait: one for each person."""
    assert line.plan is not None
    first = [line.child.reference, line.child.name, line.year, line.school, line.team, line.worker, str(line.plan)]
    complete = timezone.localdate(line.plan.state_since)
    return [[*first, complete, one.name, one.role, line.holder, one.since, (on - one.since).days] for one in line.copies]


def copy_lines(plans: Sequence[Plan], on: datetime.date) -> list[Line]:
    """The lines of some complete plans with who waits for a copy of each. It is the social worker's to give, or of the team while there is
    none who can sign in; where there is no team either, the virtual school's.
    """
    near, people = around({plan.child_id for plan in plans}, on), copies.waiting_for({plan.pk for plan in plans})
    found = []
    for plan in plans:
        line = _line(plan.child, plan, near, on, {Owner.SOCIAL_WORKER})
        assert line.since is not None
        waits = tuple(
            CopyFor(one.name, one.get_role_display(), max(line.since, timezone.localdate(one.decided_at)))
            for one in people.get(plan.pk, [])
        )
        since = min((one.since for one in waits), default=line.since)
        holder = "Virtual school, for the social worker" if line.holder.endswith(": nobody") else line.holder
        found.append(replace(line, copies=waits, since=since, waiting_days=(on - since).days, holder=holder))
    return found


def lines(plans: Sequence[Plan], on: datetime.date) -> list[Line]:
    """The lines of some plans, with who holds each."""
    near = around({plan.child_id for plan in plans}, on)
    holders = _owners_now(plans)
    for key in of_the_virtual_school(((plan.pk, plan.child_id, plan.due_on) for plan in plans), on):
        holders[key] = {instead_of_school(owner) for owner in holders[key]}
    return [_line(plan.child, plan, near, on, holders[plan.pk]) for plan in plans]


def child_lines(children: Sequence[Child], on: datetime.date) -> list[Line]:
    """The lines of some children, with the plan each has open."""
    near = around({child.pk for child in children}, on)
    open_plans = {
        plan.child_id: plan for plan in Plan.objects.filter(child__in=children).unfinished().select_related("term").order_by("-due_on")
    }
    due = {row.child_id: row for row in open_dates().filter(child__in=children).order_by("-due_on")}
    proposed = Move.objects.filter(child__in=children, state=Move.State.PROPOSED).select_related("to_school", "proposed_by")
    moves = {move.child_id: move for move in proposed}
    found = [_line(child, open_plans.get(child.pk), near, on, set()) for child in children]
    for number, one in enumerate(found):
        date = due.get(one.child.pk)
        if date and not one.plan:
            one = replace(one, due_on=date.due_on, kind=date.kind)
        found[number] = replace(one, move=moves.get(one.child.pk))
    return found


def _line(child: Child, plan: Plan | None, near: Around, on: datetime.date, owners: set[str]) -> Line:
    school, allocation = near.schools.get(child.pk), near.workers.get(child.pk)
    worker = str(allocation.worker) if allocation and allocation.worker else ""
    if allocation and allocation.worker and not works(allocation.worker, on):
        worker += " (cannot sign in)"
    since = held_since(child, owners, near, timezone.localdate(plan.state_since)) if plan else None
    return Line(
        child=child, plan=plan, year=year_group_name(child.year_group(on)), school=school.name if school else "",
        team=str(allocation.team) if allocation and allocation.team else "", worker=worker, due_on=plan.due_on if plan else None,
        holder=holder_words(child, owners, near, on), since=since, waiting_days=(on - since).days if since else None,
    )  # fmt: skip


def _owners_now(plans: Sequence[Plan]) -> dict[uuid.UUID, set[str]]:
    """Whose turn it is in each plan: the owners of what is missing, or of the step it waits for."""
    found: dict[uuid.UUID, set[str]] = {}
    written = [plan for plan in plans if plan.state in Plan.WRITABLE]
    contents = contents_of_many(written)
    for plan in plans:
        if plan.state == Plan.State.AWAITING_SIGN_OFF:
            found[plan.pk] = {Owner.SOCIAL_WORKER}
        elif plan.state == Plan.State.AWAITING_CHECK:
            found[plan.pk] = {Owner.VIRTUAL_SCHOOL}
        elif plan.state in Plan.WRITABLE:
            reopened = {plan.form.section(key).owner for key in plan.reopened}
            # With nothing missing it is for the designated teacher to submit, or for the social worker when only their part went back.
            submits: set[str] = {Owner.SOCIAL_WORKER if reopened == {Owner.SOCIAL_WORKER} else Owner.SCHOOL}
            found[plan.pk] = {gap.owner for gap in gaps_in(contents[plan.pk]) if plan.section_open(gap.section)} or submits
        else:
            found[plan.pk] = set()
    return found
