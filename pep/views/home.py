"""The first page after signing in: what to do now, what waits for others, what is up to date."""

import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from accounts.policy import Relation, Verb, verbs_of
from accounts.relations import in_force
from children.models import Allocation, Child
from children.querysets import people_relations
from pep import workflow
from pep.forms.declaration import Owner
from pep.models import Deadline, Plan
from pep.planning import OWNER_NAMES, owner_names, with_a_teacher
from pep.sections import PlanContents, contents_of_many, gaps_in
from schools.models import Policy, policy_on

PER_PAGE = 50
STAFF = {Relation.OFFICER, Relation.HEAD, Relation.BUSINESS_SUPPORT}


@dataclass(frozen=True)
class Line:
    """One child on the list: the plan, and what is left in words."""

    child: Child
    plan: Plan | None
    words: str
    due_on: Any
    group: str


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
    with_worker = frozenset(row.child_id for row in rows.select_related("worker") if row.worker and row.worker.may_sign_in(on))
    authorities = {plan.child.authority for plan in waiting}
    return Signing(with_worker, {authority.pk: policy_on(authority, on) for authority in authorities})


def line_for(
    contents: PlanContents, relations: frozenset[Relation], signing: Signing, names: Mapping[str, str] = OWNER_NAMES
) -> Line:  # fmt: skip
    """Where one unfinished plan belongs on someone's list, and why. ``names`` says who holds each owner's part."""
    plan, verbs = contents.plan, verbs_of(relations)
    if plan.state == Plan.State.AWAITING_SIGN_OFF:
        return signing.line(plan, relations)
    if plan.state == Plan.State.AWAITING_CHECK:
        return Line(plan.child, plan, "Waiting for the virtual school’s check", plan.due_on, "waiting")
    mine = {owner for owner, verb in ((Owner.SCHOOL, Verb.WRITE_SCHOOL), (Owner.SOCIAL_WORKER, Verb.WRITE_CARE)) if verb in verbs}
    left = [(gap.owner, gap.section_title) for gap in gaps_in(contents) if plan.section_open(gap.section)]
    # A section that was returned is to be looked at again, even if nothing in it is missing.
    sections = [plan.form.section(key) for key in plan.reopened if not contents.sections[key].marked_complete]
    left += [(section.owner, section.title) for section in sections]
    titles = list(dict.fromkeys(title for owner, title in left if owner in mine))
    if titles:
        named = ", ".join(titles[:3]) + (f" and {len(titles) - 3} more" if len(titles) > 3 else "")
        count = f"{len(titles)} section{'s' if len(titles) > 1 else ''} to go: {named}"
        return Line(plan.child, plan, f"Returned. {count}" if plan.state == Plan.State.RETURNED else count, plan.due_on, "now")
    if not left:
        if Verb.SUBMIT in verbs or (plan.state == Plan.State.RETURNED and mine):
            return Line(plan.child, plan, "Ready to submit", plan.due_on, "now")
        return Line(plan.child, plan, f"Waiting for the {names[Owner.SCHOOL].lower()} to submit", plan.due_on, "waiting")
    others = " and the ".join(sorted({names[owner].lower() for owner, _ in left}))
    return Line(plan.child, plan, f"Waiting for the {others}", plan.due_on, "waiting")


@login_required
def home(request: HttpRequest) -> HttpResponse:
    """Every child of this person, in the order of what presses; virtual school staff go to their desk."""
    today = timezone.localdate()
    by_virtual_school, by_child = people_relations(request.user, today)
    held = {relation for relations in by_virtual_school.values() for relation in relations}
    if held & STAFF:
        return redirect("virtualschool:desk")
    if Relation.ACCOUNT_ADMINISTRATOR in held and not by_child:
        return redirect("schools:person-list")
    children = Child.objects.visible_to(request.user)
    page = Paginator(children, PER_PAGE).get_page(request.GET.get("page"))
    shown = {child.pk: child for child in page}
    # What goes on after a child has left is no business of the school that may still read.
    left = {pk for pk in shown if by_child.get(pk) == {Relation.FORMER_SCHOOL}}
    plans = list(
        Plan.objects.filter(child__in=shown.keys() - left)
        .unfinished()
        .select_related("child__authority", "term", "previous")
        .order_by("due_on")
    )
    contents = contents_of_many(plans)
    signers, taught = signing(plans, today), with_a_teacher(shown.values(), today)
    lines = [
        line_for(contents[plan.pk], frozenset(by_child.get(plan.child_id, set())), signers, owner_names(plan.child_id in taught))
        for plan in plans
    ]
    reviews = {row.child_id: row for row in Deadline.objects.filter(child__in=shown, kind="review", open=True, plan__isnull=True)}
    busy = {plan.child_id for plan in plans}
    for child in page:
        if child.pk in left:
            lines.append(Line(child, None, "Has left your school. You can read what was written by then", None, "up_to_date"))
        elif child.pk not in busy:
            review = reviews.get(child.pk)
            late = review is not None and review.due_on < today
            words = (
                "A plan is overdue and not begun: it waits for the virtual school"
                if late
                else "Next review"
                if review
                else "No plan in preparation"
            )
            lines.append(Line(child, None, words, review.due_on if review else None, "waiting" if late else "up_to_date"))
    groups = [
        ("Do now", [line for line in lines if line.group == "now"], "Nothing to do now."),
        ("Waiting for others", [line for line in lines if line.group == "waiting"], "Nothing waits for others."),
        ("Up to date", [line for line in lines if line.group == "up_to_date"], "No child is up to date yet."),
    ]
    return render(request, "pep/home.html", {"groups": groups, "page_obj": page, "today": today, "any": bool(shown)})
