"""Dates other than a plan's own that have passed: told once to whoever they wait for, then they rise as late plans do.

Each date, due date, rung and person is told once. Where the plan is late itself, its steps are not told as well: one lateness, one chase.
A date waits for its owners; the one for submission after the meeting waits for whoever the plan itself waits for (``owners_of``).
Which are due is found for all children at once by a fixed number of queries; a night that was missed is caught up by the next one.
"""

import datetime
import uuid
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from accounts.models import Message, User
from accounts.outbox import tell
from children.models import Child
from pep import clock
from pep.deadlines import needing_plans
from pep.escalation import LATE
from pep.fact_finding import figures_of, rulebook
from pep.facts import PLAN_KINDS, Facts
from pep.forms.declaration import Owner
from pep.models import Deadline, Plan
from pep.planning import Ages, care_with_plans
from pep.querysets import these
from pep.reminders import Due, missing_of
from pep.rungs import RUNGS, above_of, rung_figures, rungs_from
from schools.models import Policy
from schools.timetable import working_days_between

Kind = Deadline.Kind

# What has to happen for a plan, and what a plan holds the date of. Silent while the plan is late: who does it does these as well.
STEPS = (Kind.BEGIN, Kind.INVITE, Kind.COMPLETE, Kind.SIGNATURE, Kind.CHECK, Kind.OFFICER, Kind.SDQ, Kind.EHCP)
# Whoever has not written their part holds it up, then whoever is to submit: as of the plan itself, so its sections are asked.
BY_THE_PLAN = Kind.COMPLETE
# A review of the care plan is the reviewing officer's to chair and no plan of ours: the social worker is told of it, however the plan
# stands, and it does not rise.
APART = (Kind.CARE_REVIEW,)

HOLDER, HOLDER_RULE = "holder", "step_late"
RULES = {"manager": "step_late_to_manager", "head": "step_late_to_head"}
LADDER = tuple(rung for rung in RUNGS if not rung.beside)


@dataclass(frozen=True)
class Passed:
    """One message that is due: about which date, on which rung (``HOLDER``: whoever it waits for), how late in working days, to whom.

    ``reached`` is the rung whose figure says when and whose words they are: the same as ``rung``, or one further down.
    """

    plan_id: uuid.UUID | None
    child_id: uuid.UUID
    kind: str
    rung: str
    due_on: datetime.date
    days: int
    user_id: uuid.UUID
    owners: tuple[str, ...]
    reached: str

    @property
    def key(self) -> str:
        """What makes it exist once."""
        return f"passed:{self.plan_id or self.child_id}:{self.kind}:{self.rung}:{self.due_on}:{self.user_id}"

    @property
    def rule(self) -> str:
        """Why it is told."""
        return RULES.get(self.reached, HOLDER_RULE)


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
    # Not by a join with the children: PostgreSQL takes these dates for a few, and would go through everybody once for each.
    merged = Child.objects.filter(merged_into__isnull=False)
    rows: QuerySet[Deadline] = Deadline.objects.filter(needs_plans, ~Q(child__in=merged), open=True, due_on__lt=on).order_by()
    return rows.filter(Q(kind__in=APART) | Q(kind__in=STEPS) & ~told_already)


@dataclass(frozen=True)
class _Row:
    """A date that has passed, as it is read."""

    child_id: uuid.UUID
    plan_id: uuid.UUID | None
    kind: str
    due_on: datetime.date
    owners: list[str]
    state: str | None
    reopened: list[str] | None
    authority_id: uuid.UUID
    virtual_school_id: uuid.UUID


def owners_of(rows: Collection[Deadline], on: datetime.date) -> dict[uuid.UUID, list[str]]:
    """Whose turn each of these dates is on a day, by its key, wherever it is shown: four queries. Its ``plan`` is read with a row."""
    asked = [(row.plan, row.due_on) for row in rows if row.kind == BY_THE_PLAN and row.plan]
    due = [Due(plan.pk, plan.child_id, uuid.UUID(int=0), plan.state, plan.reopened, due_on) for plan, due_on in asked]
    missing = _missing(due, on)
    return {row.pk: acting(row.kind, row.plan_id, row.owners, missing) for row in rows}


def acting(kind: str, plan_id: uuid.UUID | None, owners: Sequence[str], missing: Mapping[uuid.UUID, Mapping[str, Any]]) -> list[str]:
    """Who has to act by a date that is kept with these owners; ``missing`` says whom plans wait for."""
    return sorted(missing.get(plan_id, ()) or owners if kind == BY_THE_PLAN and plan_id else owners)


def _missing(due: Collection[Due], on: datetime.date) -> Mapping[uuid.UUID, Mapping[str, int]]:
    return missing_of(Plan.objects.filter(pk__in=these({plan.plan_id for plan in due})), due, on) if due else {}


def due_steps(on: datetime.date, only: Policy | None = None) -> list[Passed]:
    """Every message about a passed date that was not sent yet: a fixed number of queries however many children there are.

    Of the rungs that were reached only the latest counts, besides whoever holds it. ``only`` asks what there would be for one authority if
    this policy, kept or not, were in force: as they are once the plans are opened that it would open, for the night opens before it tells.
    """
    figures, ages = rung_figures(on, only)
    dates = passed_dates(on, ages)
    if only:
        opening = needing_plans(on, only).order_by()
        dates = dates.filter(~_over_when_opened(opening, on), child__authority=only.authority_id)
    columns = ("child_id", "plan_id", "kind", "due_on", "owners", "plan__state", "plan__reopened")
    read = list(dates.values_list(*columns))
    places = Child.objects.filter(pk__in=these({child_id for child_id, *_ in read})).order_by()
    place = {child_id: of for child_id, *of in places.values_list("pk", "authority_id", "authority__virtual_school_id")} if read else {}
    rows = [_Row(*row, *place[row[0]]) for row in read]
    if only:
        rows += _invitations_when_opened(opening, only, on)
    if not rows:
        return []
    missing = _missing(
        [
            Due(row.plan_id, row.child_id, row.virtual_school_id, row.state, row.reopened or [], row.due_on)
            for row in rows
            if row.kind == BY_THE_PLAN and row.plan_id and row.state
        ],
        on,
    )
    above = above_of({row.child_id for row in rows}, on)
    days = {due_on: working_days_between(due_on, on) for due_on in {row.due_on for row in rows}}
    found: list[Passed] = []
    for row in rows:
        rungs = () if row.kind in APART else rungs_from(figures.get(row.authority_id) or figures[None], days[row.due_on])
        told: dict[tuple[str, uuid.UUID], list[str]] = defaultdict(list)
        for owner in acting(row.kind, row.plan_id, row.owners, missing):
            for user_id in above.parts.held(owner, row.child_id, row.virtual_school_id):
                told[HOLDER, user_id].append(owner)
            if rungs:
                rung, people = above.told(rungs, owner, row.child_id, row.virtual_school_id)
                for user_id in people:
                    told[rung.key, user_id].append(owner)
        for (step, user_id), owners in told.items():
            reached = HOLDER if step == HOLDER else rungs[0].key
            found.append(
                Passed(row.plan_id, row.child_id, row.kind, step, row.due_on, days[row.due_on], user_id, tuple(owners), reached)
            )  # fmt: skip
    sent = set(Message.objects.filter(key__in=these((one.key for one in found), "text")).values_list("key", flat=True))
    return [one for one in found if one.key not in sent]


def done_since(messages: Collection[Message], on: datetime.date) -> set[uuid.UUID]:
    """Those messages about a passed date that is not open any more, has moved, or waits for others now: five queries."""
    keys = {message.pk: message.key.split(":") for message in messages if message.rule in (HOLDER_RULE, *RULES.values())}
    if not keys:
        return set()
    about = {uuid.UUID(of) for _, of, *_ in keys.values()}
    rows = list(Deadline.objects.filter(Q(plan__in=about) | Q(plan=None, child__in=about), open=True).order_by().select_related("plan"))
    owners = owners_of(rows, on)
    still = {(str(row.plan_id or row.child_id), row.kind, str(row.due_on)): owners[row.pk] for row in rows}
    done = set()
    for message in messages:
        if message.pk in keys:
            _, of, kind, _, due_on, _ = keys[message.pk]
            told = [owner.value for owner in Owner if message.facts.get(owner.value)]
            waits_for = still.get((of, kind, due_on))
            if waits_for is None or told and not set(told) & set(waits_for):
                done.add(message.pk)
    return done


def _over_when_opened(opening: QuerySet[Deadline], on: datetime.date) -> Q:
    """Whether a date is over once these plans are opened: the child's is begun, and one that is late is chased by its own date."""
    opens = opening.filter(child=OuterRef("child"))
    return Q(Exists(opens), kind=Kind.BEGIN) | Q(Exists(opens.filter(due_on__lt=on)), plan=None, kind__in=STEPS)


def _invitations_when_opened(opening: QuerySet[Deadline], only: Policy, on: datetime.date) -> list[_Row]:
    """The dates for invitations of these plans, once they are opened, that have passed by then; of one that is late itself none is told."""
    figures = figures_of(only, rulebook(on, only.authority_id).by_authority.get(only.authority_id))
    columns = ("pk", "child_id", "due_on", "facts", "child__authority__virtual_school_id")
    rows = []
    for key, child_id, due_on, facts, virtual_school_id in opening.filter(due_on__gte=on).values_list(*columns):
        meet_by = datetime.date.fromisoformat(facts["meet_by"]) if "meet_by" in facts else due_on
        for date in clock.earliest_of_each_kind(Facts(meet_by=meet_by), figures):
            if date.due_on < on:
                rows.append(
                    _Row(child_id, key, date.kind, date.due_on, list(date.owners), None, None, only.authority_id, virtual_school_id)
                )  # fmt: skip
    return rows


def send_passed(on: datetime.date) -> int:
    """Tell of every date that has passed. Returns how many messages were written; run again, it writes none."""
    due = due_steps(on)
    people = User.objects.in_bulk({one.user_id for one in due})
    written = 0
    for one in due:
        facts: dict[str, datetime.date | int | str] = {"due_on": one.due_on, "step": one.kind}
        facts |= {str(owner): 1 for owner in one.owners}
        if one.rung != HOLDER:
            facts["days"] = one.days
        with transaction.atomic():
            written += tell(
                key=one.key, recipient=people[one.user_id], rule=one.rule, facts=facts, plan_id=one.plan_id, child_id=one.child_id
            )  # fmt: skip
    return written
