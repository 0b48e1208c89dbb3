"""What is late and what falls due next across children: date, reason, what is missing and who holds it, in a fixed number of queries.

A plan under way, a child whose next plan is not begun, and the date of a step that has passed while its plan is not late stand in one
list, the longest overdue first; the database cuts it into pages.
"""

import datetime
import uuid
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import BooleanField, CharField, Exists, F, Func, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce
from django.utils import timezone

from accounts.relations import in_force
from children.models import Allocation, Child, Enrolment
from children.querysets import ChildQuerySet
from pep.around import Around, around, held_since, turn_words
from pep.clock_rules import instead_of_school
from pep.deadlines import lacking_plans
from pep.forms.declaration import Owner
from pep.models import Deadline, Plan, Section
from pep.passed import BY_THE_PLAN, acting, passed_dates
from pep.planning import Ages, ages_on, needs_plan, submits
from pep.querysets import these
from pep.reminders import BY_WORKFLOW, STEP_OF
from pep.school_part import of_the_virtual_school, with_parts_moved
from pep.timeliness import WHY_LATE
from schools.timetable import working_days_between, year_group_name

NEXT_DAYS = datetime.timedelta(days=14)  # how far ahead "falls due next" looks

UNFINISHED = tuple(state for state in Plan.State if state not in Plan.ENDED)
# What is left where nothing is left to write.
STEPS: dict[str, str] = {Plan.State.AWAITING_SIGN_OFF: "To sign off", Plan.State.AWAITING_CHECK: "To check"}
TITLES_SHOWN = 3

# By what the list can be put together: the words, and the name of the thing for the child of the outer query.
GROUPS: dict[str, str] = {"school": "School", "team": "Team"}
NO_GROUP: dict[str, str] = {"school": "No school", "team": "No team"}


PLAN, NOT_BEGUN, STEP = "plan", "not begun", "step"


@dataclass(frozen=True)
class Row:
    """One entry of the list before its page is drawn: a plan, the open date of a child whose plan is not begun, or that of a step."""

    due_on: datetime.date
    key: uuid.UUID
    what: str
    group: str


@dataclass(frozen=True)
class Turn:
    """Who holds a part, by name, and what is missing in it."""

    who: str
    what: str


@dataclass(frozen=True)
class Line:
    """One entry as it is shown."""

    child: Child
    plan: Plan | None
    due_on: datetime.date
    why: str  # why it is due on this day
    anchor: str  # where the page of the child's dates says more
    days: int  # working days late; below 0 still to go
    year: str
    school: str
    team: str
    turns: tuple[Turn, ...]
    since: datetime.date | None
    group: str
    overdue: bool  # the date has passed, be it only over a weekend
    key: uuid.UUID
    step: str = ""  # in words, where it is the date of a step

    @property
    def plan_words(self) -> str:
        """Which plan it is about; a step need be of none."""
        return str(self.plan) if self.plan else "" if self.step else "Not begun"

    @property
    def late_because(self) -> str:
        """Why it is late, in words, where somebody has said so."""
        return WHY_LATE.get(self.plan.late_because, "") if self.plan else ""

    def cells(self) -> list[Any]:
        """The line as cells of a sheet."""
        return [
            self.child.reference, self.child.name, self.year, self.school, self.team, self.plan_words,
            self.plan.get_state_display() if self.plan else "", self.due_on, self.why, max(self.days, 0) if self.overdue else "",
            "; ".join(turn.what for turn in self.turns), "; ".join(turn.who for turn in self.turns), self.since, self.late_because,
            self.plan.late_note if self.plan else "",
        ]  # fmt: skip


SHEET_HEAD = (
    "Reference", "Name", "Year", "School", "Team", "Plan", "State", "Due", "Why this date", "Working days late", "What is missing",
    "Held by", "Since", "Why late", "More about it",
)  # fmt: skip


def late_rows(
    children: ChildQuerySet, on: datetime.date, *, waits_for: str = "", group: str = "", ages: Ages | None = None
) -> QuerySet[Any, Any]:  # fmt: skip
    """What is late or falls due soon among these children, as tuples of ``Row``, the longest overdue first.

    ``waits_for`` keeps what one owner has to act on; ``group`` (of ``GROUPS``) puts together what belongs to one school or team;
    ``ages`` as for ``care_with_plans``.
    """
    first, *others = [
        rows.annotate(what=Value(what, output_field=CharField()), heading=_heading(group, on)).values_list(
            "due_on", "pk", "what", "heading"
        )
        for what, rows in _of_each_kind(children, on, waits_for, ages).items()
    ]
    return first.union(*others, all=True).order_by("heading", "due_on", "pk")


def how_many_late(
    children: ChildQuerySet, on: datetime.date, most: int, ages: Ages | None = None, *, waits_for: str = ""
) -> tuple[int, int]:  # fmt: skip
    """How many plans are past their date, and how many dates of steps have passed besides, each counted no further than ``most``.

    Of what ``late_rows`` lists with the same ``waits_for``.
    """
    kinds = _of_each_kind(children, on, waits_for, ages)
    plans = sum(rows.filter(due_on__lt=on)[:most].count() for what, rows in kinds.items() if what != STEP)
    return min(plans, most), kinds[STEP][:most].count()


def _of_each_kind(
    children: ChildQuerySet, on: datetime.date, waits_for: str, ages: Ages | None
) -> dict[str, QuerySet[Any]]:  # fmt: skip
    """What is late or falls due soon of each kind, or what of it waits for one owner; what is not begun waits for the virtual school."""
    ages = ages_on(on) if ages is None else ages
    found: dict[str, QuerySet[Any]] = {PLAN: _under_way(children, on, ages), STEP: _steps(children, on, ages)}
    if waits_for:
        turns = {PLAN: _is_turn_of, STEP: _step_is_turn_of}
        found = {what: _waiting_for(rows, turns[what], waits_for, on) for what, rows in found.items()}
    if waits_for in ("", Owner.VIRTUAL_SCHOOL):
        found[NOT_BEGUN] = _not_begun(children, on, ages)
    return found


def _under_way(children: ChildQuerySet, on: datetime.date, ages: Ages) -> QuerySet[Plan]:
    # The states by name: the index of plans begins with them, and most plans of a nation have ended.
    plans: QuerySet[Plan] = Plan.objects.filter(child__in=children.values("pk"), state__in=UNFINISHED, due_on__lte=on + NEXT_DAYS)
    return plans.filter(needs_plan(on, ages, child="child")).order_by()


def _not_begun(children: ChildQuerySet, on: datetime.date, ages: Ages) -> QuerySet[Deadline]:
    """The dates of children who have no unfinished plan at all."""
    under_way = Plan.objects.filter(child=OuterRef("child")).unfinished()
    found = lacking_plans(on, ages).filter(~Exists(under_way), child__in=children.values("pk"), due_on__lte=on + NEXT_DAYS)
    return found.order_by()


def _steps(children: ChildQuerySet, on: datetime.date, ages: Ages) -> QuerySet[Deadline]:
    """The dates that have passed while the plan itself is not late."""
    return passed_dates(on, ages).filter(child__in=children.values("pk"))


def _heading(group: str, on: datetime.date) -> Any:
    names: QuerySet[Any, Any]
    if group == "school":
        names = Enrolment.objects.filter(in_force(on), child=OuterRef("child"), kind=Enrolment.Kind.MAIN).values("school__name")[:1]
    elif group == "team":
        names = Allocation.objects.filter(
            in_force(on), child=OuterRef("child"), role=Allocation.Role.SOCIAL_WORKER, team__isnull=False
        ).values("team__name")[:1]  # fmt: skip
    else:
        return Value("", output_field=CharField())
    return Coalesce(Subquery(names, output_field=CharField()), Value(""))


class _Reopened(Func):
    """Whether a section is one of those that the last return named."""

    function = "jsonb_exists"
    output_field = BooleanField()


def _waiting_for(rows: QuerySet[Any], turn: Callable[[str], Q], owner: str, on: datetime.date) -> QuerySet[Any]:
    """Those of these plans, or dates of steps, by which this owner has to act on a day, where ``turn`` says it of a day at school."""
    away = Q(pk__in=these(of_the_virtual_school(rows.values_list("pk", "child_id", "due_on"), on)))
    match owner:
        case Owner.SCHOOL:
            return rows.filter(turn(owner), ~away)
        case Owner.VIRTUAL_SCHOOL:
            return rows.filter(turn(owner) | turn(Owner.SCHOOL) & away)
        case _:
            return rows.filter(turn(owner))


def _is_turn_of(owner: str) -> Q:
    """Plans in which this owner has to act while somebody is at school: ``pep.reminders.missing_of`` as a condition."""
    sections = Section.objects.filter(plan=OuterRef("pk")).exclude(key__in=BY_WORKFLOW)
    sections = sections.annotate(reopened=_Reopened(F("plan__reopened"), F("key")))
    askable = sections.filter(Q(plan__state=Plan.State.PREPARING) | Q(plan__state=Plan.State.RETURNED, reopened=True))
    unmarked = askable.filter(marked_complete=False)
    found = Q(Exists(unmarked.filter(owner=owner)), state__in=Plan.WRITABLE)
    for state, whose in STEP_OF.items():
        if whose == owner:
            found |= Q(state=state)
    if owner in (Owner.SCHOOL, Owner.SOCIAL_WORKER):
        # Nothing is missing: to submit is the school's, or the social worker's whose part alone went back.
        cares = Q(~Exists(askable.exclude(owner=Owner.SOCIAL_WORKER)), state=Plan.State.RETURNED)
        found |= Q(~Exists(unmarked), state__in=Plan.WRITABLE) & (cares if owner == Owner.SOCIAL_WORKER else ~cares)
    return found


def _step_is_turn_of(owner: str) -> Q:
    """Dates by which this owner has to act: ``pep.passed.owners_of`` as a condition."""
    plans = Plan.objects.filter(_is_turn_of(owner), pk=OuterRef("plan"))
    return ~Q(kind=BY_THE_PLAN) & Q(owners__contains=[owner]) | Q(Exists(plans), kind=BY_THE_PLAN)


def lines(rows: Iterable[Sequence[Any]], on: datetime.date) -> list[Line]:
    """The lines of some rows, in their order."""
    listed = [Row(*row) for row in rows]
    plans = {
        plan.pk: plan
        for plan in Plan.objects.filter(pk__in=[row.key for row in listed if row.what == PLAN]).select_related("child__authority", "term")
    }
    kept = Deadline.objects.filter(pk__in=[row.key for row in listed if row.what != PLAN])
    dates = {row.pk: row for row in kept.select_related("child__authority", "plan__term")}
    near = around({found.child_id for found in (*plans.values(), *dates.values())}, on)
    by_step = [date for date in dates.values() if date.kind == BY_THE_PLAN and date.plan]
    missing = missing_titles([*plans.values(), *(date.plan for date in by_step if date.plan)])
    away = of_the_virtual_school(((one.pk, one.child_id, one.due_on) for one in (*plans.values(), *by_step)), on)
    found = []
    for row in listed:
        if row.what == PLAN and row.key in plans:
            titles = with_parts_moved(missing[row.key]) if row.key in away else missing[row.key]
            found.append(_line_of_plan(plans[row.key], titles, near, on, row.group))
        elif row.key in dates and row.what == STEP:
            date = dates[row.key]
            owners = acting(date.kind, date.plan_id, date.owners, missing)
            owners = sorted({instead_of_school(owner) for owner in owners}) if row.key in away else owners
            found.append(_line_of_step(date, owners, near, on, row.group))
        elif row.key in dates:
            found.append(_line_of_date(dates[row.key], near, on, row.group))
    return found


def missing_titles(plans: Collection[Plan]) -> dict[uuid.UUID, dict[str, list[str]]]:
    """Of each plan whose turn it is, with the titles of the sections that wait for them: who is reminded and nudged, and about what,
    while somebody is at school (``pep.school_part``).
    """
    writable = [plan for plan in plans if plan.state in Plan.WRITABLE]
    rows = (
        Section.objects.filter(plan__in=writable).exclude(key__in=BY_WORKFLOW).order_by().values_list("plan_id", "key", "marked_complete")
    )
    unmarked: dict[uuid.UUID, set[str]] = defaultdict(set)
    for plan_id, key, complete in rows:
        if not complete:
            unmarked[plan_id].add(key)
    found: dict[uuid.UUID, dict[str, list[str]]] = {}
    for plan in plans:
        if plan.state in STEPS:
            found[plan.pk] = {STEP_OF[plan.state]: []}
            continue
        by_owner: dict[str, list[str]] = defaultdict(list)
        for section in plan.form.sections:
            if section.key in unmarked[plan.pk] and plan.section_open(section.key):
                by_owner[section.owner].append(section.title)
        if not by_owner:
            by_owner[submits(plan)] = []
        found[plan.pk] = dict(by_owner)
    return found


def _line_of_plan(plan: Plan, missing: Mapping[str, list[str]], near: Around, on: datetime.date, group: str) -> Line:
    turns = tuple(
        Turn(turn_words(plan.child, owner, near, on), STEPS.get(plan.state) or _titles_in_words(titles))
        for owner, titles in sorted(missing.items())
    )
    why = plan.due_words or "Chosen when the plan was begun"
    since = held_since(plan.child, missing, near, timezone.localdate(plan.state_since))
    return _line(plan.child, plan, plan.due_on, why, f"plan-{plan.pk}", turns, since, near, on, group, plan.pk)


def _line_of_date(row: Deadline, near: Around, on: datetime.date, group: str) -> Line:
    turns = (Turn("Virtual school", "The plan is not begun"),)
    return _line(row.child, None, row.due_on, row.words, row.kind, turns, None, near, on, group, row.pk)


def _line_of_step(row: Deadline, owners: list[str], near: Around, on: datetime.date, group: str) -> Line:
    words = row.get_kind_display()
    turns = tuple(Turn(turn_words(row.child, owner, near, on), words) for owner in owners)
    # A date that is counted back from a day still to come has waited for as long as the plan has stood where it stands.
    counted = datetime.date.fromisoformat(row.facts["since"])
    waits = counted if counted <= row.due_on else timezone.localdate(row.plan.state_since) if row.plan else None
    since = held_since(row.child, owners, near, waits) if waits else None
    anchor = f"{row.kind}-{row.plan_id}" if row.plan_id else row.kind
    return _line(row.child, row.plan, row.due_on, row.words, anchor, turns, since, near, on, group, row.pk, words)


def _line(
    child: Child, plan: Plan | None, due_on: datetime.date, why: str, anchor: str, turns: tuple[Turn, ...], since: datetime.date | None,
    near: Around, on: datetime.date, group: str, key: uuid.UUID, step: str = "",
) -> Line:  # fmt: skip
    school, allocation = near.schools.get(child.pk), near.workers.get(child.pk)
    return Line(
        child=child, plan=plan, due_on=due_on, why=why, anchor=anchor, days=working_days_between(due_on, on), turns=turns, since=since,
        year=year_group_name(child.year_group(on)), school=school.name if school else "",
        team=str(allocation.team) if allocation and allocation.team else "", group=group, overdue=due_on < on,
        key=key, step=step,
    )  # fmt: skip


def _titles_in_words(titles: list[str]) -> str:
    """Sections by title: "Attendance; Health; and 3 more"; to submit where none is left."""
    if not titles:
        return "To submit"
    more = len(titles) - TITLES_SHOWN
    # A title may hold a comma.
    return "; ".join([*titles[:TITLES_SHOWN], *([f"and {more} more"] if more > 0 else [])])
