"""The dates that ``clock`` computes, kept as rows: brought up to date with every change of a fact, compared with the facts each night."""

import datetime
import uuid
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

from django.db import models, transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet

from accounts.audit import insert_with_history, update_with_history
from accounts.models import User
from accounts.relations import in_force
from children.models import Child
from pep import clock
from pep.clock_rules import SCHOOL, after_move, instead_of_school, window_due
from pep.fact_finding import Known, Rulebook, figures_of, known_of, plan_facts, post16_year, rulebook, window_of
from pep.facts import HOLIDAYS, PLAN_KINDS, DueDate, Facts, Window, in_words, plans_since, reviewed_in_care
from pep.models import Deadline, Meeting, Move, Plan
from pep.planning import Ages, care_with_plans
from pep.querysets import these
from schools.models import Policy
from schools.timetable import ONE_DAY

BATCH = 5000
AT_ONCE = 100  # children whose dates are written in one transaction, and locked so long

Key = tuple[uuid.UUID, uuid.UUID | None, str]  # child, plan (None: the child's own date), kind


def due(children: Sequence[Child], on: datetime.date, book: Rulebook) -> dict[Key, DueDate]:
    """Every date that holds for these children and their plans on a day."""
    return _due(children, on, book, known_of(children, on, book))


def _due(children: Sequence[Child], on: datetime.date, book: Rulebook, known: Mapping[uuid.UUID, Known]) -> dict[Key, DueDate]:
    by_id = {child.pk: child for child in children}
    found: dict[Key, DueDate] = {}
    for child_id, one in known.items():
        for date in clock.earliest_of_each_kind(one.facts, book.figures(by_id[child_id])):
            found[child_id, None, date.kind] = _with_school_days(date, one)
    # Who needs no plan is late with none: what of theirs may still be completed has no date.
    for child_id, plan_id, facts in plan_facts([child_id for child_id in by_id if child_id in known], on):
        one = known[child_id]
        if facts.meet_by:
            facts = replace(facts, meet_by=_day_to_meet(facts.meet_by, one) or facts.meet_by)
        for date in clock.earliest_of_each_kind(facts, book.figures(by_id[child_id])):
            found[child_id, plan_id, date.kind] = _with_school_days(date, one)
    return found


def plan_due_after(child: Child, moved_on: datetime.date, on: datetime.date) -> DueDate | None:
    """By when the plan after a change of school would be due, were it confirmed: a date of the child's own that comes before stays."""
    book = rulebook(on, child.authority_id)
    known = known_of([child], on, book).get(child.pk)
    if known is None:
        return None
    figures, after = book.figures(child), replace(known, facts=replace(known.facts, moved_on=moved_on))
    dates = [(clock.plan_due(after.facts, figures), after)]
    if moved_on > on:
        # Until then whatever the child waits for already holds, a plan after the move before included.
        dates.append((clock.plan_due(known.facts, figures), known))
    date, of = min(((date, of) for date, of in dates if date), key=lambda one: one[0].due_on, default=(None, known))
    return _with_school_days(date, of) if date else None


def _terms(known: Known) -> list[tuple[datetime.date, datetime.date]]:
    return [(window.starts, window.ends) for window in known.terms]


def _day_to_meet(due_on: datetime.date, known: Known) -> datetime.date | None:
    """Of a plan due in the holidays the last school day before; None where there is none since the child came, moved or was reviewed."""
    since = (plans_since(known.facts), after_move(known.facts), reviewed_in_care(known.facts))
    return clock.last_school_day(due_on, _terms(known), max((day for day in since if day and day <= due_on), default=None))


def _with_school_days(date: DueDate, known: Known) -> DueDate:
    """In the holidays nobody is at school, and the date does not move: the school's part in it is the virtual school's (decision 17).

    Of a plan's own date say until when a meeting can be held.
    """
    if SCHOOL not in date.owners or not clock.in_holidays(date.due_on, _terms(known)):
        return date
    words, facts = f"{date.words}{HOLIDAYS}", {**date.facts, "holidays": True}
    if date.kind in PLAN_KINDS:
        meet_by = _day_to_meet(date.due_on, known)
        words += f": hold the meeting by {in_words(meet_by)}" if meet_by else ", with no school day before it to meet on"
        facts = {**date.facts, "meet_by": meet_by.isoformat()} if meet_by else facts
    owners = tuple(instead_of_school(owner) for owner in date.owners)
    return replace(date, words=words, facts=facts, owners=owners)


# What a row keeps of a date.
KEPT = ("due_on", "reason", "words", "citation", "facts", "owners")


def _values(date: DueDate) -> dict[str, Any]:
    return {
        "due_on": date.due_on, "reason": date.reason, "words": date.words, "citation": date.citation, "facts": date.facts,
        "owners": list(date.owners),
    }  # fmt: skip


def _differs(row: Deadline, date: DueDate) -> bool:
    return any(getattr(row, name) != value for name, value in _values(date).items())


def _open_rows(children: Iterable[uuid.UUID]) -> dict[Key, Deadline]:
    rows = Deadline.objects.filter(child__in=list(children), open=True)
    return {(row.child_id, row.plan_id, row.kind): row for row in rows}


def refresh(child: Child, *, by: User | None = None, on: datetime.date, because: str = "") -> None:
    """Bring a child's open dates up to date in the caller's transaction, writing only what changed. ``by=None``: the product itself.

    Call it after every change of a fact: care, meeting, submission, sign-off, move, policy; ``because`` says which, for the record of how
    a date moved. Who also locks a plan locks it first.
    """
    refresh_all([child], by=by, on=on, because=because)


def refresh_all(
    children: Sequence[Child], *, by: User | None = None, on: datetime.date, because: str = "", of_some: Mapping[Key, str] | None = None
) -> int:  # fmt: skip
    """``refresh`` for many children at once, after an import: the same writes, and as many queries to read for all as for one.

    ``of_some`` says why of the dates that have a reason of their own. Returns how many dates moved.
    """
    why = of_some or {}
    ids = [child.pk for child in children]
    with transaction.atomic():
        unheld = _plans_that_follow(ids)
        found: QuerySet[Child] = models.QuerySet(Child).filter(pk__in=ids).select_related("authority").order_by("pk")
        locked: list[Child] = list(found.select_for_update(no_key=True, of=("self",)))
        authorities = {child.authority_id for child in locked}
        book = rulebook(on, authorities.pop() if len(authorities) == 1 else None)
        known = known_of(locked, on, book)
        by_id = {child.pk: child for child in locked}
        # The plans first: the dates of a plan's own meeting count from the plan's date.
        of_plans = {child_id: words for (child_id, plan_id, kind), words in why.items() if plan_id is None and kind in PLAN_KINDS}
        moved = sum(
            _follow(plan, by_id[plan.child_id], known.get(plan.child_id), book, by, of_plans.get(plan.child_id, because)) for plan in unheld
        )
        wanted, rows = _due(locked, on, book, known), _open_rows(ids)
        # Closed first: a date that takes the place of another must not meet it.
        ended = [rows[key] for key in rows.keys() - wanted.keys()]
        for row in ended:
            row.open = False
        for words, some in _by_reason(ended, why, because):
            update_with_history(some, ["open"], by=by, reason=words)
        new: list[Deadline] = []
        changed: list[Deadline] = []
        for key, date in wanted.items():
            row = rows.get(key) or Deadline(child=by_id[key[0]], plan_id=key[1], kind=key[2])
            if row._state.adding or _differs(row, date):
                moved += not row._state.adding and row.due_on != date.due_on
                for name, value in _values(date).items():
                    setattr(row, name, value)
                (new if row._state.adding else changed).append(row)
        for words, some in _by_reason(changed, why, because):
            update_with_history(some, KEPT, by=by, reason=words)
        for words, some in _by_reason(new, why, because):
            insert_with_history(some, by=by, reason=words)
    return moved


def _by_reason(rows: Iterable[Deadline], why: Mapping[Key, str], because: str) -> Iterable[tuple[str, list[Deadline]]]:
    found: dict[str, list[Deadline]] = defaultdict(list)
    for row in rows:
        found[why.get((row.child_id, row.plan_id, row.kind), because)].append(row)
    return found.items()


def _plans_that_follow(ids: Sequence[uuid.UUID]) -> list[Plan]:
    """The plans in preparation whose meeting was not held: what is open is counted again, and nothing else.

    Locked before the children, as everybody locks.
    """
    held = Meeting.objects.filter(state=Meeting.State.HELD, plan=OuterRef("pk"))
    plans: QuerySet[Plan] = models.QuerySet(Plan).filter(~Exists(held), child__in=ids, state=Plan.State.PREPARING)
    return list(plans.select_related("term").order_by("pk").select_for_update(no_key=True, of=("self",)))


def _follow(plan: Plan, child: Child, known: Known | None, book: Rulebook, by: User | None, because: str) -> bool:
    """Let an open plan's date follow the facts; its term stays the one it was begun for. Whether the date moved.

    A day that somebody chose stays, unless the plan must be there before it. A day that has passed stays as long as what it was counted
    from does: that a term, a window or a financial year is over, or that another holds now, gives nobody more time.
    """
    if known is None:
        return False
    facts = replace(known.facts, window=_window(plan, child, known.facts, book))
    if plan.due_reason == "year_end":
        facts = replace(facts, year_ends_on=plan.due_on)
    date = clock.plan_due(facts, book.figures(child))
    if date is None or (plan.due_reason == "typed" and plan.due_on <= date.due_on):
        return False
    values = due_of(_with_school_days(date, known))
    if all(getattr(plan, name) == value for name, value in values.items()) and plan.due_on == date.due_on:
        return False
    moved, plan.due_on = plan.due_on != date.due_on, date.due_on
    for name, value in values.items():
        setattr(plan, name, value)
    plan._history_user, plan._change_reason = by, because  # type: ignore[attr-defined]
    plan.save()
    return moved


def _window(plan: Plan, child: Child, facts: Facts, book: Rulebook) -> Window | None:
    """The term by which a plan is due: the one it was begun for. After Year 11 the post-16 window, or what was missed before it."""
    missed = window_of(plan.term) if plan.term and not post16_year(child.year_group(plan.term.starts)) else None
    if not post16_year(child.year_group(book.on)):
        return missed or facts.window
    if plan.due_reason == "post16":
        missed = book.post16_closed(child, plan.due_on) if plan.due_on < book.on else None
    return missed if missed and window_due(replace(facts, window=missed)) else facts.window


def due_of(date: DueDate | Deadline) -> dict[str, str]:
    """Why a plan is due on a date, as the plan keeps it."""
    return {"due_reason": date.reason, "due_words": date.words, "due_citation": date.citation}


def next_review(child: Child) -> Deadline | None:
    """The child's next review, or None for a child who needs no plan."""
    return Deadline.objects.filter(child=child, kind=Deadline.Kind.REVIEW, plan=None, open=True).first()


def next_plan(child: Child) -> Deadline | None:
    """The date by which the child's next plan must be made, or None for a child who needs none."""
    return Deadline.objects.filter(child=child, kind__in=PLAN_KINDS, plan=None, open=True).order_by("due_on").first()


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
    book = rulebook(on)
    needs_plans = Exists(care_with_plans(on, book.ages).filter(child=OuterRef("pk")))
    children = Child.objects.filter(Q(needs_plans) | Q(has_open_date)).select_related("authority").order_by()
    children = children.only(
        "merged_into", "date_of_birth", "year_group_override", "year_group_override_for", "authority__name"
    )  # fmt: skip
    found, everyone = [], children.iterator(chunk_size=BATCH)
    while chunk := list(islice(everyone, BATCH)):
        wanted, stored = due(chunk, on, book), _stored([child.pk for child in chunk])
        for key in wanted.keys() | stored.keys():
            values, date = stored.get(key), wanted.get(key)
            if values is None or date is None or values != list(_values(date).values()):
                found.append(Drift(*key, values[0] if values else None, date.due_on if date else None))
    return sorted(found, key=lambda one: (str(one.child_id), str(one.plan_id), one.kind))


def _stored(children: Sequence[uuid.UUID]) -> dict[Key, list[Any]]:
    """What the open dates of these children say, in the order of ``KEPT``."""
    rows = Deadline.objects.filter(child__in=these(children), open=True).order_by().values_list("child_id", "plan_id", "kind", *KEPT)
    return {(child_id, plan_id, kind): values for child_id, plan_id, kind, *values in rows.iterator()}


def mend(drifted: Iterable[Drift], *, on: datetime.date) -> int:
    """Bring the dates of these children up to date. Returns for how many children."""
    ids = {one.child_id for one in drifted}
    children = list(Child.objects.filter(pk__in=ids).select_related("authority").order_by("pk"))
    by_policy = _moved_by_policies(children, on)
    for first in range(0, len(children), AT_ONCE):
        refresh_all(children[first : first + AT_ONCE], on=on, because="Found by the nightly check", of_some=by_policy)
    return len(ids)


def _moved_by_policies(children: Iterable[Child], on: datetime.date) -> dict[Key, str]:
    """The dates that are not what they were because a policy begins on this day, each with its name.

    A date that would be the same under the policy before it has moved for another reason, whatever day it is.
    """
    new = {policy.authority_id: policy for policy in Policy.objects.filter(starts=on).exclude(ends=F("starts")).select_related("authority")}
    found: dict[Key, str] = {}
    concerned = iter([child for child in children if child.authority_id in new])
    while some := list(islice(concerned, BATCH)):
        now, before = due(some, on, rulebook(on)), due(some, on, replace(rulebook(on - ONE_DAY), on=on))
        sources = {child.pk: figures_of(new[child.authority_id]).source for child in some}
        found |= {key: sources[key[0]] for key in now.keys() | before.keys() if _day(now.get(key)) != _day(before.get(key))}
        # A plan that follows such a date takes the date of its invitations with it.
        followed = {child for child, plan, kind in found if plan is None and kind in PLAN_KINDS}
        found |= {key: sources[key[0]] for key in now if key[0] in followed and key[2] == Deadline.Kind.INVITE}
    return found


def _day(date: DueDate | None) -> datetime.date | None:
    return date.due_on if date else None


def lacking_plans(on: datetime.date, ages: Ages | None = None) -> QuerySet[Deadline]:
    """Of each child who needs a plan and has none in preparation, the date by which it must be made: one query for everyone.

    The most urgent first. A child about to begin at another school gets the plan there, unless it is due before. ``ages`` as for
    ``care_with_plans``.
    """
    in_care = care_with_plans(on, ages).filter(child=OuterRef("child"))
    preparing = Plan.objects.filter(child=OuterRef("child"), state=Plan.State.PREPARING)
    moving = Move.objects.filter(
        child=OuterRef("child"), state=Move.State.CONFIRMED, starts_on__gt=on, starts_on__lte=OuterRef("due_on")
    )  # fmt: skip
    rows: QuerySet[Deadline] = Deadline.objects.filter(open=True, kind__in=PLAN_KINDS, plan=None, child__merged_into=None)
    earlier = Deadline.objects.filter(open=True, kind__in=PLAN_KINDS, plan=None, child=OuterRef("child"))
    earlier = earlier.filter(Q(due_on__lt=OuterRef("due_on")) | Q(due_on=OuterRef("due_on"), pk__lt=OuterRef("pk")))
    return rows.filter(Exists(in_care), ~Exists(preparing), ~Exists(moving), ~Exists(earlier)).order_by("due_on", "child_id")


def needing_plans(on: datetime.date, only: Policy | None = None) -> QuerySet[Deadline]:
    """Of these, the reviews near enough for a plan to be opened. How near is the authority's own figure; it is always time for a
    first plan that is to be begun, and after a move. One for the reviewing officer is opened as near to its own date, if none is under way.

    ``only`` asks what there would be for one authority if this policy, kept or not, were in force.
    """
    # Not asked row by row: each is one list of children, made once for the whole night.
    dates = Deadline.objects.filter(open=True, plan=None).order_by()
    at_once = Q(child__in=dates.filter(Q(kind=Deadline.Kind.BEGIN) | Q(reason="after_move")).values("child"))
    under_way = Plan.objects.filter(child=OuterRef("child")).unfinished()
    officers = dates.filter(~Exists(under_way), kind=Deadline.Kind.OFFICER)

    def within(days: int) -> Q:
        last = on + datetime.timedelta(days=days)
        return Q(due_on__lte=last) | Q(child__in=officers.filter(due_on__lte=last).values("child"))

    if only:
        ages = Ages.of([(only.authority_id, only.to_year_13, only.plans_from_age)])
        return lacking_plans(on, ages).filter(at_once | within(only.preparation_days), child__authority=only.authority_id)
    days: Mapping[uuid.UUID, int] = dict(Policy.objects.filter(in_force(on)).values_list("authority_id", "preparation_days"))
    customary = Policy._meta.get_field("preparation_days").default
    near = at_once | ~Q(child__authority__in=list(days)) & within(customary)
    for figure in set(days.values()):
        authorities = [authority for authority, own in days.items() if own == figure]
        near |= Q(child__authority__in=authorities) & within(figure)
    return lacking_plans(on).filter(near)
