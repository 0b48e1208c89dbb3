"""Dates other than a plan's own that have passed: told once to whoever they wait for, then they rise as late plans do.

Each date, due date, rung and person is told once. Where the plan is late itself, its steps are not told as well: one lateness, one chase.
Which are due is found for all children at once by a fixed number of queries; a night that was missed is caught up by the next one.
"""

import datetime
import uuid
from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from accounts.models import Message, User
from accounts.outbox import tell
from pep.escalation import LATE, RUNGS, Rung, people_of_teams, rung_figures, teams_of
from pep.facts import PLAN_KINDS
from pep.forms.declaration import Owner
from pep.models import Deadline, Plan
from pep.planning import Ages, care_with_plans
from pep.querysets import these
from pep.reminders import People, staff_of, teachers_of, workers_of
from schools.models import Policy
from schools.timetable import working_days_between

Kind = Deadline.Kind

# What has to happen for a plan, and what a plan holds the date of. Silent while the plan is late: who does it does these as well.
STEPS = (Kind.BEGIN, Kind.INVITE, Kind.COMPLETE, Kind.SIGNATURE, Kind.CHECK, Kind.OFFICER, Kind.SDQ, Kind.EHCP)
# A review of the care plan is the reviewing officer's to chair and no plan of ours: the social worker is told of it, however the plan
# stands, and it does not rise.
APART = (Kind.CARE_REVIEW,)

HOLDER, HOLDER_RULE = "holder", "step_late"
RULES = {"manager": "step_late_to_manager", "head": "step_late_to_head"}
LADDER = tuple(rung for rung in RUNGS if not rung.beside)


@dataclass(frozen=True)
class Passed:
    """One message that is due: about which date, on which rung (``HOLDER``: whoever it waits for), how late in working days, to whom."""

    plan_id: uuid.UUID | None
    child_id: uuid.UUID
    kind: str
    rung: str
    due_on: datetime.date
    days: int
    user_id: uuid.UUID
    owners: tuple[str, ...]

    @property
    def key(self) -> str:
        """What makes it exist once."""
        return f"passed:{self.plan_id or self.child_id}:{self.kind}:{self.rung}:{self.due_on}:{self.user_id}"

    @property
    def rule(self) -> str:
        """Why it is told."""
        return RULES.get(self.rung, HOLDER_RULE)


def passed_dates(on: datetime.date, ages: Ages | None = None) -> QuerySet[Deadline]:
    """The open dates of steps that have passed, of children who need a plan: one query for everyone, in no order.

    Left out are the steps of a plan that is late itself, and those of a child whose plan under way, or next plan, is late.
    """
    needs_plans = Exists(care_with_plans(on, ages).filter(child=OuterRef("child")))
    under_way = Plan.objects.filter(child=OuterRef("child"), state__in=LATE)
    not_begun = Deadline.objects.filter(child=OuterRef("child"), open=True, kind__in=PLAN_KINDS, plan=None, due_on__lt=on)
    child_late = Exists(under_way.filter(due_on__lt=on)) | ~Exists(under_way) & Exists(not_begun)
    # A first plan that is under way has been begun, whatever the row says till tonight.
    told_already = Q(plan__due_on__lt=on) | Q(plan=None) & child_late | Q(kind=Kind.BEGIN) & Exists(under_way)
    rows: QuerySet[Deadline] = Deadline.objects.filter(needs_plans, open=True, due_on__lt=on, child__merged_into=None).order_by()
    return rows.filter(Q(kind__in=APART) | Q(kind__in=STEPS) & ~told_already)


@dataclass(frozen=True)
class _Row:
    """A date that has passed, as it is read."""

    child_id: uuid.UUID
    plan_id: uuid.UUID | None
    kind: str
    due_on: datetime.date
    owners: list[str]
    authority_id: uuid.UUID
    virtual_school_id: uuid.UUID


def due_steps(on: datetime.date, only: Policy | None = None) -> list[Passed]:
    """Every message about a passed date that was not sent yet: a fixed number of queries however many children there are.

    Of the rungs that were reached only the latest counts, besides whoever holds it. ``only`` asks what there would be for one authority if
    this policy, kept or not, were in force.
    """
    figures, ages = rung_figures(on, only)
    dates = passed_dates(on, ages)
    if only:
        dates = dates.filter(child__authority=only.authority_id)
    columns = ("child_id", "plan_id", "kind", "due_on", "owners", "child__authority_id", "child__authority__virtual_school_id")
    rows = [_Row(*row) for row in dates.values_list(*columns)]
    if not rows:
        return []
    children = {row.child_id for row in rows}
    holding = {Owner.SCHOOL.value: teachers_of(children, on), Owner.SOCIAL_WORKER.value: workers_of(these(children), on)}
    officers, teams = staff_of(on), teams_of(children, on)
    managers = {rung: people_of_teams(rung.in_the_team, on) for rung in LADDER if rung.in_the_team}
    staff = {rung: staff_of(on, *rung.in_the_virtual_school) for rung in LADDER}
    days = {due_on: working_days_between(due_on, on) for due_on in {row.due_on for row in rows}}
    found: list[Passed] = []
    for row in rows:
        held = {owner: holding.get(owner, {}).get(row.child_id) or officers.get(row.virtual_school_id, []) for owner in row.owners}
        found += _told(row, HOLDER, days[row.due_on], held)
        rung = _reached(row, figures.get(row.authority_id) or figures[None], days[row.due_on])
        if rung:
            above = {owner: _above(owner, row, rung, teams, managers) or staff[rung].get(row.virtual_school_id, []) for owner in row.owners}
            found += _told(row, rung.key, days[row.due_on], above)
    sent = set(Message.objects.filter(key__in=these((one.key for one in found), "text")).values_list("key", flat=True))
    return [one for one in found if one.key not in sent]


def done_since(messages: Collection[Message]) -> set[uuid.UUID]:
    """Those messages about a passed date that is not open any more, or has moved: one query."""
    keys = {message.pk: message.key.split(":") for message in messages if message.rule in (HOLDER_RULE, *RULES.values())}
    if not keys:
        return set()
    about = {uuid.UUID(of) for _, of, *_ in keys.values()}
    rows = Deadline.objects.filter(Q(plan__in=about) | Q(plan=None, child__in=about), open=True).order_by()
    still = {(str(plan or child), kind, str(due)) for child, plan, kind, due in rows.values_list("child_id", "plan_id", "kind", "due_on")}
    return {message for message, (_, of, kind, _, due_on, _) in keys.items() if (of, kind, due_on) not in still}


def _reached(row: _Row, figures: Collection[int], days: int) -> Rung | None:
    """The last rung of the ladder that a date has reached."""
    if row.kind in APART:
        return None
    reached = [rung for rung, figure in zip(RUNGS, figures, strict=True) if 0 < figure <= days and not rung.beside]
    return reached[-1] if reached else None


def _above(owner: str, row: _Row, rung: Rung, teams: dict[uuid.UUID, uuid.UUID], managers: dict[Rung, People]) -> list[uuid.UUID]:
    """Who answers for the social worker on a rung."""
    team = teams.get(row.child_id) if owner == Owner.SOCIAL_WORKER else None
    return managers[rung].get(team, []) if team else []


def _told(row: _Row, rung: str, days: int, people: dict[str, list[uuid.UUID]]) -> Iterable[Passed]:
    owners: dict[uuid.UUID, list[str]] = defaultdict(list)
    for owner, users in people.items():
        for user_id in users:
            owners[user_id].append(owner)
    return [Passed(row.plan_id, row.child_id, row.kind, rung, row.due_on, days, user, tuple(sorted(of))) for user, of in owners.items()]


def send_passed(on: datetime.date) -> int:
    """Tell of every date that has passed. Returns how many messages were written; run again, it writes none."""
    due = due_steps(on)
    people = User.objects.in_bulk({one.user_id for one in due})
    written = 0
    for one in due:
        facts: dict[str, datetime.date | int | str] = {"due_on": one.due_on, "step": one.kind}
        if one.rung != HOLDER:
            facts |= {"days": one.days} | {str(owner): 1 for owner in one.owners}
        with transaction.atomic():
            written += tell(
                key=one.key, recipient=people[one.user_id], rule=one.rule, facts=facts, plan_id=one.plan_id, child_id=one.child_id
            )  # fmt: skip
    return written
