"""Late plans rise: to the manager of whom they wait for, then to the head of the service, once for each plan, rung, due date and person.

Where policy says so, a headteacher is told of what waits for the school, beside the ladder. Which are due is found for all children
at once by a fixed number of queries, and who would be told under another policy by the same function. A night that was missed is
caught up by the next one.
"""

import datetime
import uuid
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from accounts.models import Message, User
from accounts.outbox import tell
from accounts.policy import Relation
from accounts.relations import in_force
from children.models import Allocation, Child
from pep.deadlines import lacking_plans
from pep.forms.declaration import Owner
from pep.models import Plan
from pep.planning import AGES, Ages, care_with_plans, may_sign_in
from pep.reminders import WAITING, Due, People, grouped, missing_of, staff_of, teachers_of
from schools.models import Policy, TeamRelation
from schools.timetable import working_days_between

# What waits for the virtual school's check rises too.
LATE = (*WAITING, Plan.State.AWAITING_CHECK)


@dataclass(frozen=True)
class Rung:
    """One step of the ladder: after which figure of the policy, and who is told of what waits for the social worker and of the rest.

    Where a team has nobody in the relation, the virtual school's people are told. One that stands ``beside`` the ladder tells the
    headteacher of what waits for the school, and takes no other's place; a figure of 0 is nobody.
    """

    key: str
    rule: str
    figure: str
    in_the_team: Relation | None = None
    in_the_virtual_school: tuple[Relation, ...] = ()
    beside: bool = False


HEADTEACHERS_RULE = "plan_late_to_headteacher"
RUNGS: tuple[Rung, ...] = (
    Rung("manager", "plan_late_to_manager", "manager_working_days", Relation.TEAM_MANAGER, (Relation.OFFICER, Relation.HEAD)),
    Rung("headteacher", HEADTEACHERS_RULE, "headteacher_working_days", beside=True),
    Rung("head", "plan_late_to_head", "head_working_days", Relation.SERVICE_MANAGER, (Relation.HEAD, Relation.OFFICER)),
)


@dataclass(frozen=True)
class Escalation:
    """One message that is due: about which plan (None: not begun), on which rung, how late in working days, to whom, who has to act."""

    plan_id: uuid.UUID | None
    child_id: uuid.UUID
    rung: Rung
    due_on: datetime.date
    days: int
    user_id: uuid.UUID
    owners: tuple[str, ...]
    of_school: int = 0  # how many plans of the school are as late, where its headteacher is told

    @property
    def key(self) -> str:
        """What makes it exist once."""
        return f"escalation:{self.plan_id or self.child_id}:{self.rung.key}:{self.due_on}:{self.user_id}"


@dataclass(frozen=True)
class _Late:
    """A plan, or a child without one, that has reached a rung."""

    due: Due
    plan_id: uuid.UUID | None
    rung: Rung
    days: int


def due_escalations(on: datetime.date, only: Policy | None = None) -> list[Escalation]:
    """Every late plan's message that was not sent yet: a fixed number of queries however many children there are.

    Of several rungs that were reached only the latest counts. Plans that have ended, children who need no plan and people whose access
    has ended are left out. ``only`` asks what there would be for one authority if this policy, kept or not, were in force.
    """
    figures, ages = rung_figures(on, only)
    plans, unbegun = _late_plans(on, ages), _unbegun(on)
    if only:
        plans, unbegun = plans.filter(child__authority=only.authority_id), unbegun.filter(child__authority=only.authority_id)
    late = [*_reached(_columns(plans), figures, on), *_reached(_columns(unbegun), figures, on, begun=False)]
    if not late:
        return []
    missing = missing_of(plans, [one.due for one in late if one.plan_id], on)
    teams = teams_of({one.due.child_id for one in late}, on)
    managers = {rung: people_of_teams(rung.in_the_team, on) for rung in RUNGS if rung.in_the_team}
    staff = {rung: staff_of(on, *rung.in_the_virtual_school) for rung in RUNGS if not rung.beside}
    found = _to_headteachers([one for one in late if one.rung.beside], missing, on)
    for one in late:
        if one.rung.beside:
            continue
        by_user: dict[uuid.UUID, list[str]] = defaultdict(list)
        for owner in missing[one.due.plan_id] if one.plan_id else [Owner.VIRTUAL_SCHOOL.value]:
            team = teams.get(one.due.child_id) if owner == Owner.SOCIAL_WORKER else None
            above = managers[one.rung].get(team, []) if team else []
            for user_id in above or staff[one.rung].get(one.due.virtual_school_id, []):
                by_user[user_id].append(owner)
        for user_id, owners in by_user.items():
            found.append(Escalation(one.plan_id, one.due.child_id, one.rung, one.due.due_on, one.days, user_id, tuple(sorted(owners))))
    sent = set(Message.objects.filter(key__in=[one.key for one in found]).values_list("key", flat=True))
    return [one for one in found if one.key not in sent]


def send_escalations(on: datetime.date) -> int:
    """Send everything that rises. Returns how many messages were written; run again, it writes none."""
    return send(due_escalations(on))


def send(due: Sequence[Escalation]) -> int:
    """Send these messages, each once. Returns how many were written."""
    people = User.objects.in_bulk({one.user_id for one in due})
    of_schools = {one.child_id for one in due if one.rung.beside}
    authorities = dict(Child.objects.filter(pk__in=of_schools).values_list("pk", "authority_id")) if of_schools else {}
    written = 0
    for one in due:
        facts: dict[str, datetime.date | int | uuid.UUID] = {"due_on": one.due_on, "days": one.days}
        facts |= {str(owner): 1 for owner in one.owners} if one.plan_id else {"not_begun": 1}
        beside = one.rung.beside
        if beside:
            # A headteacher sees no child: how many, and by whose terms and hours it is mailed.
            facts = {"days": one.days, "plans": one.of_school, "authority": authorities[one.child_id]}
        with transaction.atomic():
            written += tell(
                key=one.key, recipient=people[one.user_id], rule=one.rung.rule, facts=facts,
                plan_id=None if beside else one.plan_id, child_id=None if beside else one.child_id,
            )  # fmt: skip
    return written


def no_longer_late_at_school(messages: Collection[Message], on: datetime.date) -> set[uuid.UUID]:
    """Those messages to headteachers of which it is not true any more that the plan of that date waits for the school: three queries.

    They name no plan to their reader, so that no step of the plan marks them as read; only their key says which it was.
    """
    of = {message.pk: message.key.split(":") for message in messages if message.rule == HEADTEACHERS_RULE}
    if not of:
        return set()
    plans = _unfinished(on).filter(pk__in={key[1] for key in of.values()})
    found = [due for due, _ in _columns(plans)]
    missing = missing_of(plans, found, on)
    waiting = {(str(due.plan_id), str(due.due_on)) for due in found if Owner.SCHOOL.value in missing[due.plan_id]}
    return {message for message, (_, plan, _, due_on, _) in of.items() if (plan, due_on) not in waiting}


def _to_headteachers(late: list[_Late], missing: Mapping[uuid.UUID, Mapping[str, int]], on: datetime.date) -> list[Escalation]:
    """What waits for a school, to whoever heads it for the child's authority, with how many plans of theirs are as late."""
    waiting = [one for one in late if one.plan_id and Owner.SCHOOL.value in missing[one.plan_id]]
    heads = teachers_of({one.due.child_id for one in waiting}, on, Relation.HEADTEACHER) if waiting else {}
    plans = Counter(user_id for one in waiting for user_id in heads.get(one.due.child_id, []))
    return [
        Escalation(
            one.plan_id, one.due.child_id, one.rung, one.due.due_on, one.days, user_id, (Owner.SCHOOL.value,), plans[user_id]
        )
        for one in waiting
        for user_id in heads.get(one.due.child_id, [])
    ]  # fmt: skip


def rung_figures(on: datetime.date, only: Policy | None) -> tuple[dict[uuid.UUID | None, list[int]], Ages]:
    """Of each authority with a policy the working days of every rung, under None the customary ones; and at which ages there are plans."""
    fields = [rung.figure for rung in RUNGS]
    if only:
        return {None: [getattr(only, name) for name in fields]}, Ages.of([(only.authority_id, only.to_year_13, only.plans_from_age)])
    rows = list(Policy.objects.filter(in_force(on)).values_list(*AGES, *fields))
    nothing_decided = Policy()
    figures: dict[uuid.UUID | None, list[int]] = {None: [getattr(nothing_decided, name) for name in fields]}
    figures |= {authority: days for authority, _, _, *days in rows}
    return figures, Ages.of((authority, to_year_13, age) for authority, to_year_13, age, *_ in rows)


def _unfinished(on: datetime.date, ages: Ages | None = None) -> QuerySet[Plan]:
    needs_plans = Exists(care_with_plans(on, ages).filter(child=OuterRef("child")))
    return Plan.objects.filter(needs_plans, state__in=LATE, child__merged_into=None).order_by()


def _late_plans(on: datetime.date, ages: Ages) -> QuerySet[Plan]:
    return _unfinished(on, ages).filter(due_on__lt=on)


def _unbegun(on: datetime.date) -> QuerySet:  # type: ignore[type-arg]
    """The dates that have passed of children who have no unfinished plan at all."""
    unfinished = Plan.objects.filter(child=OuterRef("child")).unfinished()
    return lacking_plans(on).filter(~Exists(unfinished), due_on__lt=on)


def _columns(rows: QuerySet) -> list[tuple[Due, uuid.UUID]]:  # type: ignore[type-arg]
    """Late plans, or the dates of children without one, each with the child's authority."""
    of_plan = ("state", "reopened") if rows.model is Plan else ("kind", "facts")
    columns = ("pk", "child_id", "child__authority__virtual_school_id", *of_plan, "due_on", "child__authority_id")
    return [(Due(*row), authority_id) for *row, authority_id in rows.values_list(*columns)]


def _reached(
    rows: Iterable[tuple[Due, uuid.UUID]], figures: Mapping[uuid.UUID | None, list[int]], on: datetime.date, *, begun: bool = True
) -> list[_Late]:
    found = []
    late: dict[datetime.date, int] = {}
    for due, authority_id in rows:
        if due.due_on not in late:
            late[due.due_on] = working_days_between(due.due_on, on)
        days = late[due.due_on]
        reached = [rung for rung, figure in zip(RUNGS, figures.get(authority_id) or figures[None], strict=True) if 0 < figure <= days]
        ladder = [rung for rung in reached if not rung.beside]
        # Of a plan that nobody has begun nothing waits for a school.
        beside = [rung for rung in reached if rung.beside and begun]
        found += [_Late(due, due.plan_id if begun else None, rung, days) for rung in (*ladder[-1:], *beside)]
    return found


def teams_of(children: Iterable[uuid.UUID], on: datetime.date) -> dict[uuid.UUID, uuid.UUID]:
    """The social work team of each child."""
    rows = Allocation.objects.filter(in_force(on), role=Allocation.Role.SOCIAL_WORKER, child__in=list(children), team__isnull=False)
    return dict(rows.order_by().values_list("child_id", "team_id"))


def people_of_teams(relation: Relation, on: datetime.date) -> People:
    """Of each team the people who stand in this relation to it."""
    rows = TeamRelation.objects.filter(in_force(on), may_sign_in(on), permission__codename=relation.value)
    return grouped(rows.values_list("content_object_id", "user_id"))
