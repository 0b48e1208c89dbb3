"""A person's own children: what to do now, what waits for others, what is up to date. Put together first, and cut into pages after."""

import datetime
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import Exists, OuterRef, Q, Subquery
from django.utils import timezone

from accounts.policy import Relation, Verb, verbs_of
from accounts.relations import in_force
from children.models import Allocation, Child
from children.querysets import ChildQuerySet, RelationsByChild
from pep import copies, workflow
from pep.facts import FIRST_PLAN, PLAN_KINDS
from pep.forms.declaration import Body, Owner
from pep.invited import undecided
from pep.models import Deadline, Plan
from pep.planning import OWNER_NAMES, ages_on, needs_plan, owner_names, submits, with_a_teacher, works
from pep.sections import PlanContents, contents_of_many, gaps_in
from pep.views.meeting import meeting_section
from schools.models import Policy, policy_on

PER_PAGE = 50
# Whoever has more plans under way, or children without one, is shown the most pressing; the page is as quick with a great many.
MOST_PLANS = 200
MOST_IDLE = 1000


@dataclass(frozen=True)
class Line:
    """One child on the list: the plan, and what is left in words."""

    child: Child
    plan: Plan | None
    words: str
    due_on: Any
    group: str
    section: str = ""  # the section of the plan where it is done
    kind: str = ""  # which of the child's dates it is, where no plan is under way

    @property
    def anchor(self) -> str:
        """Where the page of the child's dates says why it is this day."""
        return f"plan-{self.plan.pk}" if self.plan else self.kind


@dataclass(frozen=True)
class Signing:
    """Who may sign for whom: the children whose social worker can sign in, and what each authority lets managers do."""

    with_worker: frozenset[Any]
    policies: dict[Any, Policy]

    def line(self, plan: Plan, relations: frozenset[Relation]) -> Line:
        """A plan that waits for a signature. Without a social worker who can give it, it falls to those whom the policy lets stand in."""
        if Verb.SIGN_OFF in verbs_of(relations):
            return Line(plan.child, plan, "Read the plan and sign it off", plan.due_on, "now")
        if plan.child_id in self.with_worker:
            return Line(plan.child, plan, "Waiting for the social worker to sign off", plan.due_on, "waiting")
        if workflow.may_sign(relations, self.policies[plan.child.authority_id]):
            return Line(plan.child, plan, "No social worker can sign. Read the plan and sign it off", plan.due_on, "now")
        return Line(plan.child, plan, "Waiting for the social work team to sign off", plan.due_on, "waiting")


def signing(plans: list[Plan], on: datetime.date) -> Signing:
    """What the plans of a page that wait for a signature need: one query for all, and one for each authority's policy."""
    waiting = [plan for plan in plans if plan.state == Plan.State.AWAITING_SIGN_OFF]
    rows = Allocation.objects.filter(
        in_force(on), child__in={plan.child_id for plan in waiting}, role=Allocation.Role.SOCIAL_WORKER, worker__isnull=False
    )
    with_worker = frozenset(row.child_id for row in rows.select_related("worker") if row.worker and works(row.worker, on))
    authorities = {plan.child.authority for plan in waiting}
    return Signing(with_worker, {authority.pk: policy_on(authority, on) for authority in authorities})


def line_for(
    contents: PlanContents, relations: frozenset[Relation], signing: Signing, on: datetime.date, names: Mapping[str, str] = OWNER_NAMES
) -> Line:
    """Where one unfinished plan belongs on someone's list on a day, and why. ``names`` says who holds each owner's part."""
    plan, verbs = contents.plan, verbs_of(relations)
    if plan.state == Plan.State.AWAITING_SIGN_OFF:
        return signing.line(plan, relations)
    if plan.state == Plan.State.AWAITING_CHECK:
        return Line(plan.child, plan, "Waiting for the virtual school’s check", plan.due_on, "waiting")
    mine = {owner for owner, verb in ((Owner.SCHOOL, Verb.WRITE_SCHOOL), (Owner.SOCIAL_WORKER, Verb.WRITE_CARE)) if verb in verbs}
    left = [(gap.owner, gap.section_title) for gap in gaps_in(contents) if plan.section_open(gap.section)]
    titles = list(dict.fromkeys(title for owner, title in left if owner in mine))
    if titles:
        back = "" if plan.state != Plan.State.RETURNED else "Corrected version: " if plan.version > 1 else "Returned. "
        words = [*meeting_to_say(contents, mine, on), sections_to_go(titles)]
        return Line(plan.child, plan, back + ". ".join(words), plan.due_on, "now")
    if not left:
        if workflow.may_submit(plan, verbs):
            return Line(plan.child, plan, "Ready to submit", plan.due_on, "now")
        return Line(plan.child, plan, f"Waiting for the {names[submits(plan)].lower()} to submit", plan.due_on, "waiting")
    others = " and the ".join(sorted({names[owner].lower() for owner, _ in left}))
    return Line(plan.child, plan, f"Waiting for the {others}", plan.due_on, "waiting")


def meeting_to_say(contents: PlanContents, mine: Collection[str], on: datetime.date) -> list[str]:
    """What whoever holds the meeting's section is asked about a meeting whose day has passed, in words; nothing for others."""
    plan, meeting = contents.plan, contents.meeting
    if meeting is None or meeting.starts_at is None or not meeting.to_ask_about(on):
        return []
    holds = any(one.body is Body.MEETING and one.owner in mine and plan.section_open(one.key) for one in plan.form.sections)
    return [f"Say whether the meeting of {timezone.localdate(meeting.starts_at):%-d %B} was held"] if holds else []


def sections_to_go(titles: list[str]) -> str:
    """How many sections are left, and the first of them by name."""
    named = ", ".join(titles[:3]) + (f" and {len(titles) - 3} more" if len(titles) > 3 else "")
    return f"{len(titles)} section{'s' if len(titles) > 1 else ''} to go: {named}"


def parents_lines(relations: RelationsByChild, on: datetime.date) -> list[Line]:
    """What waits for whoever decides about those without an account: who may come to a meeting, and who still waits for a copy of the plan.

    It is the social worker's, or of whoever stands in for them.
    """
    mine = {key for key, held in relations.items() if Verb.WRITE_CARE in verbs_of(frozenset(held))}
    if not mine:
        return []
    asked: dict[tuple[Plan, str, str], list[str]] = {}
    for to_do, to_wait, people in (
        ("Decide about the meeting: {}", "Waiting for the social worker to decide about the meeting: {}", undecided(mine)),
        ("Give the copy of the plan to {}", "Waiting for the social worker to give the copy to {}", copies.due(mine)),
    ):
        for person in people:
            asked.setdefault((person.meeting.plan, to_do, to_wait), []).append(person.name)
    held = Allocation.objects.filter(in_force(on), child__in={plan.child_id for plan, *_ in asked}, role=Allocation.Role.SOCIAL_WORKER)
    able = {row.child_id for row in held.select_related("worker") if row.worker and works(row.worker, on)} if asked else set()
    lines = []
    for (plan, to_do, to_wait), names in asked.items():
        theirs = Relation.SOCIAL_WORKER in relations[plan.child_id] or plan.child_id not in able
        words = (to_do if theirs else to_wait).format(" and ".join(names))
        section = meeting_section(plan).key if to_do.startswith("Decide") else ""
        lines.append(Line(plan.child, plan, words, None, "now" if theirs else "waiting", section))
    return lines


@dataclass(frozen=True)
class Group:
    """One heading with those of its lines that stand on the page, how many it has in all, and what is said where it has none."""

    title: str
    lines: list[Line]
    total: int
    nothing: str


@dataclass(frozen=True)
class OwnChildren:
    """The page of somebody's own children. ``count`` is how many children its lines are about: of one child there may be several.

    ``unseen`` were too many to read; they are due later than those shown.
    """

    groups: list[Group]
    page: Page  # type: ignore[type-arg]
    count: int
    unseen: int


def own_children(children: ChildQuerySet, by_child: RelationsByChild, on: datetime.date, page: str | None) -> OwnChildren:
    """These children in the order of what presses: a fixed number of queries however many there are.

    Which of them wait for the reader is asked of all unfinished plans before the list is cut into pages, so what is to be done now stands
    on the first.
    """
    # What goes on after a child has left is no business of the school that may still read.
    left = {pk for pk, held in by_child.items() if held == {Relation.FORMER_SCHOOL}}
    unfinished = Plan.objects.filter(child__in=children.exclude(pk__in=left).values("pk")).unfinished()
    ages = ages_on(on)
    unfinished = unfinished.annotate(needed=needs_plan(on, ages, child="child"))
    plans = list(unfinished.select_related("child__authority", "term", "previous").order_by("due_on", "pk")[:MOST_PLANS])
    contents = contents_of_many([plan for plan in plans if plan.state in Plan.WRITABLE])
    signers, taught = signing(plans, on), with_a_teacher([plan.child for plan in plans], on)
    lines = [
        line_for(
            contents.get(plan.pk) or PlanContents(plan),
            frozenset(by_child.get(plan.child_id, set())),
            signers,
            on,
            owner_names(plan.child_id in taught),
        )
        for plan in plans
    ]
    # What goes on for a child who needs no plan any more is late for nobody.
    lines = [line if plan.needed else replace(line, due_on=None) for line, plan in zip(lines, plans, strict=True)]
    dates = Deadline.objects.filter(child=OuterRef("pk"), kind__in=PLAN_KINDS, open=True, plan=None).order_by("due_on")
    idle = children.filter(Q(pk__in=left) | ~Exists(Plan.objects.filter(child=OuterRef("pk")).unfinished()))
    idle = idle.annotate(
        next_plan=Subquery(dates.values("due_on")[:1]), next_reason=Subquery(dates.values("reason")[:1]),
        needs_plans=needs_plan(on, ages),
        next_kind=Subquery(dates.values("kind")[:1]),
    ).order_by("next_plan", "sort_key", "pk")  # fmt: skip
    lines += [_idle(child, on, left) for child in idle[:MOST_IDLE]]
    now, waiting, up_to_date = ([line for line in lines if line.group == key] for key in ("now", "waiting", "up_to_date"))
    waiting.sort(key=lambda line: line.due_on or datetime.date.max)
    about_parents = parents_lines(by_child, on)
    now += [line for line in about_parents if line.group == "now"]
    waiting += [line for line in about_parents if line.group == "waiting"]
    cut: Page[Any] = Paginator([*now, *waiting, *up_to_date], PER_PAGE).get_page(page)
    # Counted only where there are more than were read, which nobody's own caseload has.
    unseen = unfinished.count() - MOST_PLANS if len(plans) == MOST_PLANS else 0
    unseen += idle.count() - MOST_IDLE if len(lines) - len(plans) == MOST_IDLE else 0
    groups = [
        Group(title, [line for line in cut if line.group == key], len(of), nothing)
        for key, title, of, nothing in (
            ("now", "Do now", now, "Nothing to do now."),
            ("waiting", "Waiting for others", waiting, "Nothing waits for others."),
            ("up_to_date", "Up to date", up_to_date, "No child is up to date yet."),
        )
    ]
    return OwnChildren(groups, cut, len({line.child.pk for line in (*now, *waiting, *up_to_date)}), unseen)


def _idle(child: Any, on: datetime.date, left: Collection[Any]) -> Line:
    """A child without a plan under way, or one who has left the reader's school."""
    due: datetime.date | None = child.next_plan
    if child.pk in left:
        return Line(child, None, "Has left your school. You can read what was written by then", None, "up_to_date")
    if not child.needs_plans:
        return Line(child, None, "Needs no plan now", None, "up_to_date")
    if due is not None and due < on:
        return Line(child, None, "A plan is overdue and not begun: it waits for the virtual school", due, "waiting", kind=child.next_kind)
    if due is not None and child.next_reason in FIRST_PLAN:
        return Line(child, None, "The first plan is not begun yet: it waits for the virtual school", due, "waiting", kind=child.next_kind)
    return Line(child, None, "Next plan due" if due else "No plan in preparation", due, "up_to_date", kind=child.next_kind or "")
