"""Reminding whoever holds what a plan still lacks, once for each plan, day of the policy, due date and person.

Which reminders are due is found for all children at once by a fixed number of queries. That a message exists once, even with two
schedulers, is held by its unique key; a night that was missed is caught up by the next one.
"""

import datetime
import uuid
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import BooleanField, Count, Exists, ExpressionWrapper, F, OuterRef, QuerySet

from accounts.models import Message, User
from accounts.outbox import tell
from accounts.policy import Relation
from accounts.relations import in_force
from children.models import Allocation
from pep.forms.declaration import Body, Owner
from pep.forms.registry import FORMS
from pep.models import Plan, Section
from pep.planning import AGES, Ages, can_sign_in, care_with_plans
from pep.querysets import these
from pep.school_part import of_the_virtual_school, with_parts_moved
from schools.models import Policy, SchoolRelation, TeamRelation, VirtualSchoolRelation, default_reminder_days

# The plans someone is expected to do something with by the due date. What waits for the quality check is on the virtual school's desk.
WAITING = (Plan.State.PREPARING, Plan.State.RETURNED, Plan.State.AWAITING_SIGN_OFF)
# Whose step it is when there is nothing more to write.
STEP_OF: dict[str, str] = {Plan.State.AWAITING_SIGN_OFF: Owner.SOCIAL_WORKER, Plan.State.AWAITING_CHECK: Owner.VIRTUAL_SCHOOL}
# Filled by the workflow, so nobody can complete them by hand.
BY_WORKFLOW = {section.key for form in FORMS for section in form.sections if section.body is Body.SIGN_OFF}

People = dict[uuid.UUID, list[uuid.UUID]]  # of a child, team or virtual school: the ids of users


@dataclass(frozen=True)
class Reminder:
    """One message that is due: about which plan, on which day of the policy, to whom, and how many sections wait for them."""

    plan_id: uuid.UUID
    child_id: uuid.UUID
    due_on: datetime.date
    offset: int  # days from the due date; negative is before
    user_id: uuid.UUID
    sections: int

    @property
    def key(self) -> str:
        """What makes it exist once."""
        return f"reminder:{self.plan_id}:{self.offset}:{self.due_on}:{self.user_id}"


@dataclass(frozen=True)
class Due:
    """A plan whose next reminder's day has come, or that is late."""

    plan_id: uuid.UUID
    child_id: uuid.UUID
    virtual_school_id: uuid.UUID
    state: str
    reopened: list[str]
    due_on: datetime.date
    offset: int = 0


def due_reminders(on: datetime.date, only: Policy | None = None) -> list[Reminder]:
    """Every reminder whose day has come and that was not sent yet: a fixed number of queries however many children there are.

    Of several days that have passed only the latest counts. Plans that have ended, children who need none any more and people whose access
    has ended are left out. ``only`` asks what there would be for one authority if this policy, kept or not, were in force.
    """
    offsets, ages = _policies(on, only)
    furthest = max([0, *(-offset for days in offsets.values() for offset in days)])
    plans = _waiting_plans(on, ages, due_by=on + datetime.timedelta(days=furthest))
    plans = plans.filter(child__authority=only.authority_id) if only else plans
    due = _due(plans, offsets, on)
    if not due:
        return []
    held, found = held_by_whom(plans, due, on), []
    for plan in due:
        for user_id, sections in held[plan.plan_id].items():
            found.append(Reminder(plan.plan_id, plan.child_id, plan.due_on, plan.offset, user_id, sections))
    sent = set(Message.objects.filter(key__in=these((reminder.key for reminder in found), "text")).values_list("key", flat=True))
    return [reminder for reminder in found if reminder.key not in sent]


def held_by_whom(plans: QuerySet[Plan], due: Collection[Due], on: datetime.date) -> dict[uuid.UUID, dict[uuid.UUID, int]]:
    """Of each plan the people who hold what is missing, with how many sections wait for each: a fixed number of queries."""
    missing, found = missing_of(plans, due, on), dict[uuid.UUID, dict[uuid.UUID, int]]()
    parts = parts_of({plan.child_id for plan in due}, on)
    for plan in due:
        by_user: dict[uuid.UUID, int] = defaultdict(int)
        for owner, sections in missing[plan.plan_id].items():
            for user_id in parts.held(owner, plan.child_id, plan.virtual_school_id):
                by_user[user_id] += sections
        found[plan.plan_id] = dict(by_user)
    return found


def send_reminders(on: datetime.date) -> int:
    """Send every reminder that is due. Returns how many messages were written; run again, it writes none."""
    reminders = due_reminders(on)
    people = User.objects.in_bulk({reminder.user_id for reminder in reminders})
    written = 0
    for reminder in reminders:
        facts: dict[str, datetime.date | int] = {"due_on": reminder.due_on}
        if reminder.sections:
            facts["sections"] = reminder.sections
        with transaction.atomic():
            written += tell(
                key=reminder.key, recipient=people[reminder.user_id], rule="plan_overdue" if on > reminder.due_on else "plan_reminder",
                plan_id=reminder.plan_id, child_id=reminder.child_id, facts=facts,
            )  # fmt: skip
    return written


def _policies(on: datetime.date, only: Policy | None) -> tuple[dict[uuid.UUID | None, list[int]], Ages]:
    """The reminder days of each authority with a policy, under None those of the others; and at which ages children have plans."""
    if only:
        return {None: only.reminder_days}, Ages.of([(only.authority_id, only.to_year_13, only.plans_from_age)])
    policies = list(Policy.objects.filter(in_force(on)).values_list("reminder_days", *AGES))
    days: dict[uuid.UUID | None, list[int]] = {None: default_reminder_days()}
    days |= {authority: listed for listed, authority, *_ in policies}
    return days, Ages.of((authority, to_year_13, age) for _, authority, to_year_13, age in policies)


def _waiting_plans(on: datetime.date, ages: Ages, *, due_by: datetime.date) -> QuerySet[Plan]:
    needs_plans = Exists(care_with_plans(on, ages).filter(child=OuterRef("child")))
    return Plan.objects.filter(needs_plans, state__in=WAITING, due_on__lte=due_by, child__merged_into=None).order_by()


def _due(plans: QuerySet[Plan], offsets: dict[uuid.UUID | None, list[int]], on: datetime.date) -> list[Due]:
    columns = ("pk", "child_id", "child__authority__virtual_school_id", "state", "reopened", "due_on", "child__authority_id")
    found = []
    for plan_id, child_id, virtual_school_id, state, reopened, due_on, authority_id in plans.values_list(*columns):
        days_late = (on - due_on).days
        passed = [offset for offset in offsets.get(authority_id, offsets[None]) if offset <= days_late]
        if passed:
            found.append(Due(plan_id, child_id, virtual_school_id, state, reopened, due_on, max(passed)))
    return found


def missing_of(plans: QuerySet[Plan], due: Iterable[Due], on: datetime.date) -> dict[uuid.UUID, dict[str, int]]:
    """How many sections wait for each owner in each plan on a day; 0 where all that is left is to submit or to sign."""
    missing: dict[uuid.UUID, dict[str, int]] = defaultdict(dict)
    unfinished = Section.objects.filter(plan__in=plans, marked_complete=False).exclude(key__in=BY_WORKFLOW).order_by()
    counts = unfinished.filter(plan__state=Plan.State.PREPARING).values_list("plan_id", "owner").annotate(Count("pk"))
    for plan_id, owner, count in counts:
        missing[plan_id][owner] = count
    # After a return only the sections it named can be written.
    reopened = {plan.plan_id: plan.reopened for plan in due if plan.state == Plan.State.RETURNED}
    owners: dict[uuid.UUID, set[str]] = defaultdict(set)
    returned = Section.objects.filter(plan__in=list(reopened)).order_by().values_list("plan_id", "owner", "key", "marked_complete")
    for plan_id, owner, key, complete in returned:
        if key in reopened[plan_id]:
            owners[plan_id].add(owner)
            if not complete:
                missing[plan_id][owner] = missing[plan_id].get(owner, 0) + 1
    for plan in due:
        if plan.state in STEP_OF:
            missing[plan.plan_id] = {STEP_OF[plan.state]: 0}
        elif not missing[plan.plan_id]:
            only_care = owners[plan.plan_id] == {Owner.SOCIAL_WORKER}
            missing[plan.plan_id] = {Owner.SOCIAL_WORKER if only_care else Owner.SCHOOL: 0}
    for plan_id in of_the_virtual_school(((plan.plan_id, plan.child_id, plan.due_on) for plan in due), on):
        missing[plan_id] = with_parts_moved(missing[plan_id])
    return missing


@dataclass(frozen=True)
class Parts:
    """Who holds which part of some children's plans on a day: ``pep.planning.holders_of`` of all at once."""

    own: Mapping[str, People]  # by owner, of each child
    officers: People  # of each virtual school, who holds what nobody else can

    def held(self, owner: str, child_id: uuid.UUID, virtual_school_id: uuid.UUID) -> list[uuid.UUID]:
        """Who holds one owner's part of one child's plan."""
        return self.own.get(owner, {}).get(child_id) or self.officers.get(virtual_school_id, [])


def parts_of(children: Collection[uuid.UUID], on: datetime.date) -> Parts:
    """The parts of these children's plans: four queries.

    The children are values: from a query of plans PostgreSQL guesses how many far too low, and goes through the nation one by one.
    """
    own = {Owner.SCHOOL.value: teachers_of(children, on), Owner.SOCIAL_WORKER.value: workers_of(these(children), on)}
    return Parts(own, staff_of(on))


def teachers_of(children: Collection[uuid.UUID], on: datetime.date, relation: Relation = Relation.DESIGNATED_TEACHER) -> People:
    """Of each child the designated teachers (or the headteachers) at the main school whom the child's authority vouches for and who have
    an account.
    """
    rows = SchoolRelation.objects.filter(
        in_force(on), in_force(on, "content_object__enrolments__"), can_sign_in(on),
        permission__codename=relation.value, content_object__enrolments__kind="main",
        authority_id=F("content_object__enrolments__child__authority_id"), content_object__enrolments__child__in=these(children),
    )  # fmt: skip
    return grouped(rows.values_list("content_object__enrolments__child_id", "user_id"))


def workers_of(children: Any, on: datetime.date) -> People:
    """Of each child the social worker; the team's managers where nobody is allocated, or who is has no account that works."""
    managers = people_of_teams(Relation.TEAM_MANAGER, on)
    allocated = Allocation.objects.filter(in_force(on), role=Allocation.Role.SOCIAL_WORKER, child__in=children).order_by()
    works = ExpressionWrapper(can_sign_in(on, "worker__"), output_field=BooleanField())
    rows = allocated.annotate(works=works).values_list("child_id", "worker_id", "team_id", "works")
    return {child_id: [worker_id] if able else managers.get(team_id, []) for child_id, worker_id, team_id, able in rows}


def people_of_teams(relation: Relation, on: datetime.date) -> People:
    """Of each team the people who stand in this relation to it."""
    rows = TeamRelation.objects.filter(in_force(on), can_sign_in(on), permission__codename=relation.value)
    return grouped(rows.values_list("content_object_id", "user_id"))


def staff_of(on: datetime.date, *wanted: Relation) -> People:
    """Of each virtual school the people in the first of these relations that anybody stands in: the officers, who hold what nobody else
    can; the head where there are none.
    """
    roles = [relation.value for relation in wanted or (Relation.OFFICER, Relation.HEAD)]
    rows = VirtualSchoolRelation.objects.filter(in_force(on), can_sign_in(on), permission__codename__in=roles)
    found = list(rows.values_list("permission__codename", "content_object_id", "user_id"))
    people: People = {}
    for role in reversed(roles):
        people |= grouped((of, user_id) for code, of, user_id in found if code == role)
    return people


def grouped(pairs: Iterable[tuple[uuid.UUID, uuid.UUID]]) -> People:
    """Pairs of something and a person, as the people of each thing."""
    groups: People = defaultdict(list)
    for of, user_id in pairs:
        if user_id not in groups[of]:
            groups[of].append(user_id)
    return dict(groups)
