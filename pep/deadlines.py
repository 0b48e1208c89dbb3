"""The dates that ``clock`` computes, kept as rows: brought up to date with every change of a fact, compared with the facts each night."""

import datetime
import uuid
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any

from django.db import models, transaction
from django.db.models import Exists, Max, Min, OuterRef, Q, QuerySet
from django.utils import timezone

from accounts.audit import insert_with_history
from accounts.models import User
from accounts.relations import in_force
from children.models import CarePeriod, Child
from pep import clock
from pep.models import Deadline, EarlierPlan, Meeting, Move, Plan, PlanEvent
from schools.models import Policy, Term
from schools.timetable import ONE_DAY

# A series of short breaks is no being looked after for which a plan is needed (V3, V4 of the SSDA903 return).
SHORT_BREAKS = ("V3", "V4")
BATCH = 5000

Key = tuple[uuid.UUID, uuid.UUID | None, str]  # child, plan (None: the child's own date), kind


@dataclass
class Rulebook:
    """The figures and terms of each authority on a day, read once however many children there are."""

    on: datetime.date
    by_authority: dict[uuid.UUID, clock.Figures] = field(default_factory=dict)
    terms: dict[uuid.UUID, list[tuple[datetime.date, datetime.date]]] = field(default_factory=lambda: defaultdict(list))

    def figures(self, child: Child) -> clock.Figures:
        """What the child's authority has decided; the customary figures where it has decided nothing."""
        if child.authority_id not in self.by_authority:
            self.by_authority[child.authority_id] = figures_of(Policy(authority=child.authority, starts=self.on))
        return self.by_authority[child.authority_id]


def rulebook(on: datetime.date, authority: uuid.UUID | None = None) -> Rulebook:
    """Read the policies in force and the terms of one authority, or of all: two queries."""
    book, whose = Rulebook(on), {"authority": authority} if authority else {}
    for policy in Policy.objects.filter(in_force(on), **whose).select_related("authority"):
        book.by_authority[policy.authority_id] = figures_of(policy)
    for authority_id, starts, ends in Term.objects.filter(**whose).values_list("authority_id", "starts", "ends"):
        book.terms[authority_id].append((starts, ends))
    return book


def figures_of(policy: Policy) -> clock.Figures:
    """A policy as the clock counts with it. One that was never saved stands for the customary figures."""
    authority = policy.authority.name
    source = f"Customary; {authority} has set no policy of its own"
    if not policy._state.adding:
        source = f"Policy of {authority} from {clock.in_words(policy.starts)}"
    return clock.Figures(
        first_plan_working_days=policy.first_plan_working_days, review_months=policy.review_months,
        move_plan_working_days=policy.move_plan_working_days, signature_working_days=policy.signature_working_days, source=source,
    )  # fmt: skip


def facts_of(children: Sequence[Child], on: datetime.date) -> dict[uuid.UUID, clock.Facts]:
    """What the clock must know about each child on a day: five queries whatever the number."""
    ids = [child.pk for child in children if child.merged_into_id is None]
    care = CarePeriod.objects.filter(in_force(on), child__in=ids).exclude(legal_status__in=SHORT_BREAKS)
    facts = {child_id: clock.Facts(came_into_care=starts) for child_id, starts in care.values_list("child_id", "starts")}
    for child_id, day, how in _reviews(ids, on):
        known = facts.get(child_id)
        if known and (known.reviewed_on is None or day > known.reviewed_on):
            facts[child_id] = replace(known, reviewed_on=day, reviewed_how=how)
    moves = Move.objects.filter(child__in=ids, state=Move.State.CONFIRMED).order_by("starts_on")
    for child_id, starts_on, to_school in moves.values_list("child_id", "starts_on", "to_school_id"):
        if child_id in facts:
            # A child who has left for no school begins at a new one with the next move.
            facts[child_id] = replace(facts[child_id], moved_on=starts_on if to_school else None)
    return facts


def _reviews(ids: Sequence[uuid.UUID], on: datetime.date) -> Iterator[tuple[uuid.UUID, datetime.date, str]]:
    """The last review of each kind: a meeting held, a plan submitted where going on without one was approved, a plan from elsewhere.

    A plan that was cancelled or closed reviewed nothing, so its meeting sets no clock.
    """
    midnight = datetime.datetime.combine(on + ONE_DAY, datetime.time(), tzinfo=timezone.get_current_timezone())
    held = Meeting.objects.filter(plan__child__in=ids, state=Meeting.State.HELD, starts_at__lt=midnight)
    held = held.exclude(plan__state__in=(Plan.State.CANCELLED, Plan.State.CLOSED))
    for child_id, at in held.values_list("plan__child_id").annotate(Max("starts_at")):
        yield child_id, timezone.localdate(at), "meeting"
    submitted = PlanEvent.objects.filter(plan__child__in=ids, action="submit", at__lt=midnight).exclude(plan__meeting__exception_because="")
    submitted = submitted.exclude(plan__meeting__state=Meeting.State.HELD)
    submitted = submitted.exclude(plan__state__in=(Plan.State.PREPARING, Plan.State.CANCELLED, Plan.State.CLOSED))
    for child_id, _, at in submitted.values_list("plan__child_id", "plan_id").annotate(Min("at")):
        yield child_id, timezone.localdate(at), "without_meeting"
    earlier = EarlierPlan.objects.filter(child__in=ids, plan_date__lte=on).order_by()
    for child_id, day in earlier.values_list("child_id").annotate(Max("plan_date")):
        yield child_id, day, "earlier_plan"


def due(children: Sequence[Child], on: datetime.date, book: Rulebook) -> dict[Key, clock.DueDate]:
    """Every date that holds for these children and their plans on a day."""
    facts, by_id = facts_of(children, on), {child.pk: child for child in children}
    found: dict[Key, clock.DueDate] = {}
    for child_id, known in facts.items():
        child = by_id[child_id]
        review = clock.review_due(known, book.figures(child))
        if review is not None:
            found[child_id, None, Deadline.Kind.REVIEW.value] = _with_school_days(review, book.terms.get(child.authority_id, []))
    waiting = Plan.objects.filter(child__in=by_id, state=Plan.State.AWAITING_SIGN_OFF).order_by()
    for child_id, plan_id, since in waiting.values_list("child_id", "pk", "state_since"):
        signature = clock.signature_due(timezone.localdate(since), book.figures(by_id[child_id]))
        found[child_id, plan_id, Deadline.Kind.SIGNATURE.value] = signature
    return found


def _with_school_days(review: clock.DueDate, terms: Sequence[tuple[datetime.date, datetime.date]]) -> clock.DueDate:
    """In the holidays nobody meets at school, and the date does not move: say until when a meeting can be held."""
    meet_by = clock.last_school_day(review.due_on, terms)
    if meet_by is None:
        return review
    words = f"{review.words}. That day is in the school holidays: hold the meeting by {clock.in_words(meet_by)}"
    return replace(review, words=words, facts={**review.facts, "meet_by": meet_by.isoformat()})


def _values(date: clock.DueDate) -> dict[str, Any]:
    return {"due_on": date.due_on, "reason": date.reason, "words": date.words, "citation": date.citation, "facts": date.facts}


def _differs(row: Deadline, date: clock.DueDate) -> bool:
    return any(getattr(row, name) != value for name, value in _values(date).items())


def _open_rows(children: Iterable[uuid.UUID]) -> dict[Key, Deadline]:
    rows = Deadline.objects.filter(child__in=list(children), open=True)
    return {(row.child_id, row.plan_id, row.kind): row for row in rows}


def refresh(child: Child, *, by: User | None = None, on: datetime.date) -> None:
    """Bring a child's open dates up to date in the caller's transaction, writing only what changed. ``by=None``: the product itself.

    Call it after every change of a fact: care, meeting, submission, sign-off, move, policy. Who also locks a plan locks it first.
    """
    refresh_all([child], by=by, on=on)


def refresh_all(children: Sequence[Child], *, by: User | None = None, on: datetime.date) -> None:
    """``refresh`` for many children at once, after an import: the same writes, and as many queries to read for all as for one."""
    ids = [child.pk for child in children]
    with transaction.atomic():
        found: QuerySet[Child] = models.QuerySet(Child).filter(pk__in=ids).select_related("authority").order_by("pk")
        locked: list[Child] = list(found.select_for_update(no_key=True, of=("self",)))
        authorities = {child.authority_id for child in locked}
        book = rulebook(on, authorities.pop() if len(authorities) == 1 else None)
        wanted, rows = due(locked, on, book), _open_rows(ids)
        by_id = {child.pk: child for child in locked}
        # Closed first: a date that takes the place of another must not meet it.
        for key in rows.keys() - wanted.keys():
            rows[key].open = False
            _save(rows[key], by)
        new = []
        for key, date in wanted.items():
            row = rows.get(key) or Deadline(child=by_id[key[0]], plan_id=key[1], kind=key[2])
            if row._state.adding or _differs(row, date):
                for name, value in _values(date).items():
                    setattr(row, name, value)
                if row._state.adding:
                    new.append(row)
                else:
                    _save(row, by)
        insert_with_history(new, by=by, reason="")


def _save(row: Deadline, by: User | None) -> None:
    row._history_user = by  # type: ignore[attr-defined]
    row.save()


def next_review(child: Child) -> Deadline | None:
    """The child's next review, or None for a child who needs no plan."""
    return Deadline.objects.filter(child=child, kind=Deadline.Kind.REVIEW, plan=None, open=True).first()


@dataclass(frozen=True)
class Drift:
    """An open date that is not what the facts say: ``stored`` is None where a row is missing, ``computed`` where one should be closed."""

    child_id: uuid.UUID
    plan_id: uuid.UUID | None
    kind: str
    stored: datetime.date | None
    computed: datetime.date | None


def drift(on: datetime.date) -> list[Drift]:
    """Compare every open date with what the facts say on a day: a fixed number of queries for each few thousand children."""
    has_open_date = Exists(Deadline.objects.filter(child=OuterRef("pk"), open=True))
    in_care = Exists(CarePeriod.objects.filter(in_force(on), child=OuterRef("pk")))
    children = Child.objects.filter(Q(in_care) | Q(has_open_date)).select_related("authority").order_by()
    children = children.only("merged_into", "authority__name")
    book, found, everyone = rulebook(on), [], children.iterator(chunk_size=BATCH)
    while chunk := list(islice(everyone, BATCH)):
        wanted, rows = due(chunk, on, book), _open_rows(child.pk for child in chunk)
        for key in sorted(wanted.keys() | rows.keys(), key=str):
            row, date = rows.get(key), wanted.get(key)
            if row is None or date is None or _differs(row, date):
                found.append(Drift(*key, row.due_on if row else None, date.due_on if date else None))
    return found


def mend(drifted: Iterable[Drift], *, on: datetime.date) -> int:
    """Bring the dates of these children up to date. Returns for how many children."""
    ids = {one.child_id for one in drifted}
    for child in Child.objects.filter(pk__in=ids).order_by("pk"):
        refresh(child, on=on)
    return len(ids)


def lacking_plans(on: datetime.date) -> QuerySet[Deadline]:
    """The next reviews of children in care who have no plan in preparation: one query for everyone, the most urgent first.

    A child about to begin at another school gets the plan there, unless the review is due before.
    """
    in_care = CarePeriod.objects.filter(in_force(on), child=OuterRef("child")).exclude(legal_status__in=SHORT_BREAKS)
    preparing = Plan.objects.filter(child=OuterRef("child"), state=Plan.State.PREPARING)
    moving = Move.objects.filter(
        child=OuterRef("child"), state=Move.State.CONFIRMED, starts_on__gt=on, starts_on__lte=OuterRef("due_on")
    )  # fmt: skip
    rows: QuerySet[Deadline] = Deadline.objects.filter(open=True, kind=Deadline.Kind.REVIEW, plan=None, child__merged_into=None)
    return rows.filter(Exists(in_care), ~Exists(preparing), ~Exists(moving)).order_by("due_on", "child_id")


def needing_plans(on: datetime.date) -> QuerySet[Deadline]:
    """Of these, the reviews near enough for a plan to be opened. How near is the authority's own figure; after a move it is always time."""
    days: Mapping[uuid.UUID, int] = dict(Policy.objects.filter(in_force(on)).values_list("authority_id", "preparation_days"))
    customary = Policy._meta.get_field("preparation_days").default
    near = Q(reason="after_move") | ~Q(child__authority__in=list(days)) & Q(due_on__lte=on + datetime.timedelta(days=customary))
    for figure in set(days.values()):
        authorities = [authority for authority, own in days.items() if own == figure]
        near |= Q(child__authority__in=authorities, due_on__lte=on + datetime.timedelta(days=figure))
    return lacking_plans(on).filter(near)
