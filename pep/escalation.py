"""Late plans rise: to the manager of whom they wait for, then to the head of the service, once for each plan, rung, due date and person.

Where policy says so, a headteacher is told of what waits for the school, beside the ladder. Which are due is found for all children
at once by a fixed number of queries, and who would be told under another policy by the same function. A night that was missed is
caught up by the next one.
"""

import datetime
import uuid
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from accounts.models import Message, User
from accounts.outbox import tell
from accounts.policy import Relation
from children.models import Child
from pep.clock_rules import instead_of_school
from pep.deadlines import lacking_plans, needing_plans
from pep.forms.declaration import Owner
from pep.forms.registry import FORMS
from pep.models import Plan
from pep.planning import Ages, care_with_plans
from pep.reminders import BY_WORKFLOW, WAITING, Due, missing_of, teachers_of
from pep.rungs import HEADTEACHERS_RULE, RUNGS, Rung, above_of, rung_figures, rungs_from
from pep.school_part import of_the_virtual_school
from schools.models import Policy
from schools.timetable import working_days_between

# What waits for the virtual school's check rises too.
LATE = (*WAITING, Plan.State.AWAITING_CHECK)
# Whom a plan waits for that was opened just now, by any of the forms: nothing is written in it.
JUST_OPENED = sorted({section.owner.value for form in FORMS for section in form.sections if section.key not in BY_WORKFLOW})


@dataclass(frozen=True)
class Escalation:
    """One message that is due: about which plan (None: not begun), on which rung, how late in working days, to whom, who has to act.

    ``rung`` is whose people are told, ``reached`` the one whose figure says when and whose words they are: the same, or one further down.
    """

    plan_id: uuid.UUID | None
    child_id: uuid.UUID
    rung: Rung
    due_on: datetime.date
    days: int
    user_id: uuid.UUID
    owners: tuple[str, ...]
    reached: Rung
    of_school: int = 0  # how many plans of the school are as late, where its headteacher is told

    @property
    def key(self) -> str:
        """What makes it exist once."""
        return f"escalation:{self.plan_id or self.child_id}:{self.rung.key}:{self.due_on}:{self.user_id}"


@dataclass(frozen=True)
class _Late:
    """A plan, or a child without one, that has reached a rung; or the rung beside the ladder."""

    due: Due
    plan_id: uuid.UUID | None
    rungs: tuple[Rung, ...]  # the one that is reached, then those further up
    days: int

    @property
    def beside(self) -> bool:
        """Whether it is its school's headteacher who is told."""
        return self.rungs[0].beside


def due_escalations(on: datetime.date, only: Policy | None = None) -> list[Escalation]:
    """Every late plan's message that was not sent yet: a fixed number of queries however many children there are.

    Of several rungs that were reached only the latest counts. Plans that have ended, children who need no plan and people whose access
    has ended are left out. ``only`` asks what there would be for one authority if this policy, kept or not, were in force; a plan that it
    would open tonight then rises as begun, for the night opens before it raises.
    """
    figures, ages = rung_figures(on, only)
    plans, unbegun, opening = _late_plans(on, ages), _unbegun(on, ages), list[tuple[Due, uuid.UUID]]()
    if only:
        plans, unbegun = plans.filter(child__authority=only.authority_id), unbegun.filter(child__authority=only.authority_id)
        opening = [(replace(due, state=Plan.State.PREPARING), place) for due, place in _columns(needing_plans(on, only)) if due.due_on < on]
    opened = {due.child_id for due, _ in opening}
    late = _reached([*_columns(plans), *opening], figures, on)
    late += _reached([row for row in _columns(unbegun) if row[0].child_id not in opened], figures, on, begun=False)
    if not late:
        return []
    missing: dict[uuid.UUID, Collection[str]] = {**missing_of(plans, [one.due for one in late if one.plan_id], on)}
    away = of_the_virtual_school(((due.plan_id, due.child_id, due.due_on) for due, _ in opening), on) if opening else set()
    moved = sorted({instead_of_school(owner) for owner in JUST_OPENED})
    missing |= {due.plan_id: moved if due.plan_id in away else JUST_OPENED for due, _ in opening}
    above = above_of({one.due.child_id for one in late}, on)
    found = _to_headteachers([one for one in late if one.beside], missing, on)
    for one in late:
        if one.beside:
            continue
        about, by_user = one.due, defaultdict[tuple[Rung, uuid.UUID], list[str]](list)
        for owner in missing[about.plan_id] if one.plan_id else [Owner.VIRTUAL_SCHOOL.value]:
            # Who holds what waits for the check, or is not begun, was reminded of nothing: they hear of it on the first rung.
            if about.state in WAITING:
                rung, people = above.told(one.rungs, owner, about.child_id, about.virtual_school_id)
            else:
                rung, people = one.rungs[0], above.on_rung(one.rungs[0], owner, about.child_id, about.virtual_school_id)
            for user_id in people:
                by_user[rung, user_id].append(owner)
        for (rung, user_id), owners in by_user.items():
            found.append(
                Escalation(one.plan_id, about.child_id, rung, about.due_on, one.days, user_id, tuple(sorted(owners)), one.rungs[0])
            )
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
                key=one.key, recipient=people[one.user_id], rule=one.reached.rule, facts=facts,
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


def _to_headteachers(late: list[_Late], missing: Mapping[uuid.UUID, Collection[str]], on: datetime.date) -> list[Escalation]:
    """What waits for a school, to whoever heads it for the child's authority, with how many plans of theirs are as late."""
    waiting = [one for one in late if Owner.SCHOOL.value in missing[one.due.plan_id]]
    heads = teachers_of({one.due.child_id for one in waiting}, on, Relation.HEADTEACHER) if waiting else {}
    plans = Counter(user_id for one in waiting for user_id in heads.get(one.due.child_id, []))
    return [
        Escalation(
            one.plan_id, one.due.child_id, one.rungs[0], one.due.due_on, one.days, user_id, (Owner.SCHOOL.value,), one.rungs[0],
            plans[user_id],
        )
        for one in waiting
        for user_id in heads.get(one.due.child_id, [])
    ]  # fmt: skip


def _unfinished(on: datetime.date, ages: Ages | None = None) -> QuerySet[Plan]:
    needs_plans = Exists(care_with_plans(on, ages).filter(child=OuterRef("child")))
    return Plan.objects.filter(needs_plans, state__in=LATE, child__merged_into=None).order_by()


def _late_plans(on: datetime.date, ages: Ages) -> QuerySet[Plan]:
    return _unfinished(on, ages).filter(due_on__lt=on)


def _unbegun(on: datetime.date, ages: Ages) -> QuerySet:  # type: ignore[type-arg]
    """The dates that have passed of children who have no unfinished plan at all."""
    unfinished = Plan.objects.filter(child=OuterRef("child")).unfinished()
    return lacking_plans(on, ages).filter(~Exists(unfinished), due_on__lt=on)


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
        own = figures.get(authority_id) or figures[None]
        told = [rungs_from(own, days)]
        # Of a plan that nobody has begun nothing waits for a school.
        told += [(rung,) for rung, figure in zip(RUNGS, own, strict=True) if rung.beside and begun and 0 < figure <= days]
        found += [_Late(due, due.plan_id if begun else None, rungs, days) for rungs in told if rungs]
    return found
