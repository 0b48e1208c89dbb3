"""The dates that ``clock`` computes, kept as rows: brought up to date with every change of a fact, compared with the facts each night."""

import datetime
import uuid
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from itertools import islice
from typing import Any

from django.db import models, transaction
from django.db.models import Exists, Max, Min, OuterRef, Q, QuerySet
from django.db.models.fields.json import KeyTextTransform
from django.utils import timezone

from accounts.audit import insert_with_history
from accounts.models import User
from accounts.relations import in_force
from children.models import CareReview, Child, Enrolment
from pep import clock
from pep.forms.registry import FORMS
from pep.models import Deadline, EarlierPlan, Meeting, Move, Plan, PlanEvent, Section
from pep.planning import care_with_plans
from schools.models import Policy, Term
from schools.timetable import LAST_SCHOOL_YEAR, ONE_DAY

BATCH = 5000
FIRST_PREMIUM_YEAR, LAST_PREMIUM_YEAR, FIRST_POST16_YEAR = 0, 11, 12  # Reception to Year 11; Years 12 and 13

Key = tuple[uuid.UUID, uuid.UUID | None, str]  # child, plan (None: the child's own date), kind
Terms = list[tuple[datetime.date, datetime.date]]

# The answers of a plan that a yearly date is counted from, and the sections that ask for them.
DATED_ANSWERS = {"sdq_date": "sdq_on", "ehcp_review": "ehcp_review_on"}
DATED_SECTIONS = {
    (section.key, question.key): DATED_ANSWERS[question.key]
    for form in FORMS for section in form.sections for question in section.questions if question.key in DATED_ANSWERS
}  # fmt: skip


@dataclass
class Rulebook:
    """The figures, terms and post-16 windows of each authority on a day, read once however many children there are."""

    on: datetime.date
    by_authority: dict[uuid.UUID, clock.Figures] = field(default_factory=dict)
    keep_care_reviews: set[uuid.UUID] = field(default_factory=set)
    policies: dict[uuid.UUID, Policy] = field(default_factory=dict)
    windows: dict[tuple[uuid.UUID, uuid.UUID | None], list[clock.Window]] = field(default_factory=lambda: defaultdict(list))

    def figures(self, child: Child) -> clock.Figures:
        """What the child's authority has decided; the customary figures where it has decided nothing."""
        if child.authority_id not in self.by_authority:
            self.by_authority[child.authority_id] = figures_of(Policy(authority=child.authority, starts=self.on))
        return self.by_authority[child.authority_id]

    def terms_of(self, child: Child, school: uuid.UUID | None) -> list[clock.Window]:
        """The terms of the child's school where it has its own, else the authority's."""
        own = self.windows.get((child.authority_id, school)) if school else None
        return own or self.windows.get((child.authority_id, None), [])

    def post16_of(self, child: Child) -> list[clock.Window]:
        """The post-16 windows around the day, by the authority's policy."""
        policy = self.policies.get(child.authority_id)
        listed = policy.post16_windows if policy else Policy._meta.get_field("post16_windows").get_default()
        return post16_windows(listed, self.on)


def rulebook(on: datetime.date, authority: uuid.UUID | None = None) -> Rulebook:
    """Read the policies in force, the terms, and who keeps reviews of care plans, of one authority or of all: three queries."""
    book, whose = Rulebook(on), {"authority": authority} if authority else {}
    for policy in Policy.objects.filter(in_force(on), **whose).select_related("authority"):
        book.by_authority[policy.authority_id] = figures_of(policy)
        book.policies[policy.authority_id] = policy
    reviews = CareReview.objects.filter(**({"child__authority": authority} if authority else {})).order_by()
    book.keep_care_reviews.update(reviews.values_list("child__authority_id", flat=True).distinct())
    for term in Term.objects.filter(**whose):
        book.windows[term.authority_id, term.school_id].append(window_of(term))
    return book


def window_of(term: Term) -> clock.Window:
    """A term as the clock counts with it."""
    return clock.Window(f"{term.get_name_display().lower()} term {term.starts.year}", term.starts, term.ends, term.plans_due_on)


@cache
def _post16(listed: tuple[tuple[str, str, str], ...], on: datetime.date) -> list[clock.Window]:
    found = []
    for year in range(on.year - 1, on.year + 2):
        for name, opens, closes in listed:
            starts, due_on = datetime.date.fromisoformat(f"{year}-{opens}"), datetime.date.fromisoformat(f"{year}-{closes}")
            if due_on < starts:
                due_on = due_on.replace(year=year + 1)
            found.append(clock.Window(f"{name} {starts.year}", starts, due_on + ONE_DAY, due_on, post16=True))
    return found


def post16_windows(listed: Iterable[Mapping[str, str]], on: datetime.date) -> list[clock.Window]:
    """The windows of the years around a day. A window that closes on an earlier day of the year than it opens closes in the next year."""
    return _post16(tuple((one["name"], one["opens"], one["closes"]) for one in listed), on)


# A figure of the policy of the same name is the clock's.
FIGURES = [name for name in clock.Figures.__dataclass_fields__ if name != "source"]


def figures_of(policy: Policy) -> clock.Figures:
    """A policy as the clock counts with it. One that was never saved stands for the customary figures."""
    authority = policy.authority.name
    source = f"Customary; {authority} has set no policy of its own"
    if not policy._state.adding:
        source = f"Policy of {authority} from {clock.in_words(policy.starts)}"
    return clock.Figures(source=source, **{name: getattr(policy, name) for name in FIGURES})


@dataclass
class Known:
    """What is known about one child on a day: the clock's facts, and where the child goes to school."""

    facts: clock.Facts
    terms: list[clock.Window] = field(default_factory=list)


def known_of(children: Sequence[Child], on: datetime.date, book: Rulebook) -> dict[uuid.UUID, Known]:
    """What the clock must know about each child who needs a plan on a day: a fixed number of queries whatever the number."""
    by_id = {child.pk: child for child in children if child.merged_into_id is None}
    ids = list(by_id)
    facts: dict[uuid.UUID, clock.Facts] = {}
    for child_id, starts in care_with_plans(on).filter(child__in=ids).order_by("starts").values_list("child_id", "starts"):
        facts[child_id] = clock.Facts(came_into_care=starts, born=by_id[child_id].date_of_birth)
    if not facts:
        return {}
    for child_id, day, how in _reviews(ids, on):
        known = facts.get(child_id)
        if known and (known.reviewed_on is None or day > known.reviewed_on):
            facts[child_id] = replace(known, reviewed_on=day, reviewed_how=how)
    moves = Move.objects.filter(child__in=ids, state=Move.State.CONFIRMED).order_by("starts_on")
    for child_id, starts_on, to_school in moves.values_list("child_id", "starts_on", "to_school_id"):
        if child_id in facts:
            # A child who has left for no school begins at a new one with the next move.
            facts[child_id] = replace(facts[child_id], moved_on=starts_on if to_school else None)
    _add_begun(facts, ids)
    _add_care_reviews(facts, ids, on)
    _add_dated_answers(facts, ids)
    places = Enrolment.objects.filter(in_force(on), child__in=ids, kind=Enrolment.Kind.MAIN).values_list("child_id", "school_id")
    schools = dict(places) if any(school for _, school in book.windows) else {}
    found = {}
    for child_id, known in facts.items():
        child = by_id[child_id]
        year, terms = child.year_group(on), book.terms_of(child, schools.get(child_id))
        windows = book.post16_of(child) if FIRST_POST16_YEAR <= year <= LAST_SCHOOL_YEAR + 1 else terms
        came, reviewed = known.came_into_care or on, clock.reviewed_in_care(known)
        known = replace(
            known, window=clock.open_window(windows, on, came=came, reviewed=reviewed),
            year_ends_on=_year_ends_on(child, on, reviewed), keeps_care_reviews=child.authority_id in book.keep_care_reviews,
        )  # fmt: skip
        found[child_id] = Known(known, terms)
    return found


def facts_of(children: Sequence[Child], on: datetime.date, book: Rulebook | None = None) -> dict[uuid.UUID, clock.Facts]:
    """The clock's facts about each child who needs a plan on a day."""
    return {child_id: known.facts for child_id, known in known_of(children, on, book or rulebook(on)).items()}


def _year_ends_on(child: Child, on: datetime.date, reviewed: datetime.date | None) -> datetime.date | None:
    """The next 31 March by which a child who attracts pupil premium plus, Reception to Year 11, needs a review since 1 January."""
    for year in (on.year, on.year + 1):
        ends = datetime.date(year, 3, 31)
        if ends >= on and (reviewed is None or reviewed < datetime.date(year, 1, 1)):
            return ends if FIRST_PREMIUM_YEAR <= child.year_group(ends) <= LAST_PREMIUM_YEAR else None
    return None


def _add_begun(facts: dict[uuid.UUID, clock.Facts], ids: Sequence[uuid.UUID]) -> None:
    begun = Plan.objects.filter(child__in=ids).exclude(state=Plan.State.CANCELLED).order_by()
    for child_id, last in begun.values_list("child_id").annotate(Max("created_at")):
        known, day = facts.get(child_id), timezone.localdate(last)
        if known and known.came_into_care and day >= known.came_into_care:
            facts[child_id] = replace(known, begun_on=day)


def _add_care_reviews(facts: dict[uuid.UUID, clock.Facts], ids: Sequence[uuid.UUID], on: datetime.date) -> None:
    """The care plan reviews since the child came into care, the next one booked, and whether a plan was completed since the last."""
    rows = CareReview.objects.filter(child__in=ids).exclude(state=CareReview.State.CANCELLED).order_by("on")
    for child_id, day, state in rows.values_list("child_id", "on", "state"):
        known = facts.get(child_id)
        if known is None or known.came_into_care is None or day < known.came_into_care:
            continue
        if state == CareReview.State.HELD:
            facts[child_id] = replace(known, care_reviews=known.care_reviews + 1, care_reviewed_on=day, care_review_on=None)
        elif day >= on and known.care_review_on is None:
            facts[child_id] = replace(known, care_review_on=day)
    booked = [child_id for child_id, known in facts.items() if known.care_review_on]
    if not booked:
        return
    complete = Plan.objects.filter(child__in=booked, state=Plan.State.COMPLETE).order_by()
    for child_id, at in complete.values_list("child_id").annotate(Max("completed_at")):
        known = facts[child_id]
        since = known.care_reviewed_on or known.came_into_care
        facts[child_id] = replace(known, officer_has_plan=since is not None and timezone.localdate(at) >= since)


def _add_dated_answers(facts: dict[uuid.UUID, clock.Facts], ids: Sequence[uuid.UUID]) -> None:
    """The latest date of a score, and the latest date given for the EHC plan's review, that any plan of the child holds."""
    for (section, question), name in DATED_SECTIONS.items():
        rows = Section.objects.filter(plan__child__in=ids, key=section, **{f"answers__{question}__isnull": False}).order_by()
        rows = rows.exclude(plan__state__in=(Plan.State.CANCELLED, Plan.State.CLOSED))
        for child_id, text in rows.values_list("plan__child_id").annotate(last=Max(KeyTextTransform(question, "answers"))):
            known = facts.get(child_id)
            if known and text:
                dated: dict[str, Any] = {name: datetime.date.fromisoformat(text)}
                facts[child_id] = replace(known, **dated)


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
    return _due(children, on, book, known_of(children, on, book))


def _due(children: Sequence[Child], on: datetime.date, book: Rulebook, known: Mapping[uuid.UUID, Known]) -> dict[Key, clock.DueDate]:
    by_id = {child.pk: child for child in children}
    found: dict[Key, clock.DueDate] = {}
    for child_id, one in known.items():
        for date in clock.earliest_of_each_kind(one.facts, book.figures(by_id[child_id])):
            found[child_id, None, date.kind] = _with_school_days(date, one.terms) if date.kind in clock.PLAN_KINDS else date
    for child_id, plan_id, facts in _plan_facts(list(by_id), on):
        for date in clock.earliest_of_each_kind(facts, book.figures(by_id[child_id])):
            found[child_id, plan_id, date.kind] = date
    return found


def _plan_facts(ids: Sequence[uuid.UUID], on: datetime.date) -> Iterator[tuple[uuid.UUID, uuid.UUID, clock.Facts]]:
    """What the clock must know about each unfinished plan: its meeting, and since when it has waited for whom."""
    plans = Plan.objects.filter(child__in=ids).unfinished().order_by()
    columns = ("child_id", "pk", "state", "state_since", "due_on", "meeting__state", "meeting__starts_at", "meeting__exception_because")
    for child_id, plan_id, state, since, due_on, meeting, at, exception in plans.values_list(*columns):
        day = timezone.localdate(at) if at else None
        waits = timezone.localdate(since)
        if state == Plan.State.AWAITING_SIGN_OFF:
            yield child_id, plan_id, clock.Facts(waiting_since=waits)
        elif state == Plan.State.AWAITING_CHECK:
            yield child_id, plan_id, clock.Facts(check_since=waits)
        elif meeting == Meeting.State.HELD and day:
            yield child_id, plan_id, clock.Facts(met_on=day) if state == Plan.State.PREPARING else clock.Facts()
        elif meeting == Meeting.State.NOT_BOOKED and not exception and state == Plan.State.PREPARING:
            yield child_id, plan_id, clock.Facts(meet_by=due_on)


def _with_school_days(date: clock.DueDate, windows: Sequence[clock.Window]) -> clock.DueDate:
    """In the holidays nobody meets at school, and the date does not move: say until when a meeting can be held.

    From then on it is the virtual school's and the social worker's.
    """
    meet_by = clock.last_school_day(date.due_on, [(window.starts, window.ends) for window in windows])
    if meet_by is None:
        return date
    words = f"{date.words}. That day is in the school holidays: hold the meeting by {clock.in_words(meet_by)}"
    owners = (clock.VIRTUAL_SCHOOL, clock.SOCIAL_WORKER)
    return replace(date, words=words, facts={**date.facts, "meet_by": meet_by.isoformat()}, owners=owners)


def _values(date: clock.DueDate) -> dict[str, Any]:
    return {
        "due_on": date.due_on, "reason": date.reason, "words": date.words, "citation": date.citation, "facts": date.facts,
        "owners": list(date.owners),
    }  # fmt: skip


def _differs(row: Deadline, date: clock.DueDate) -> bool:
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


def refresh_all(children: Sequence[Child], *, by: User | None = None, on: datetime.date, because: str = "") -> int:
    """``refresh`` for many children at once, after an import: the same writes, and as many queries to read for all as for one.

    Returns how many dates moved.
    """
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
        moved = sum(_follow(plan, by_id[plan.child_id], known.get(plan.child_id), book, by, because) for plan in unheld)
        wanted, rows = _due(locked, on, book, known), _open_rows(ids)
        # Closed first: a date that takes the place of another must not meet it.
        for key in rows.keys() - wanted.keys():
            rows[key].open = False
            _save(rows[key], by, because)
        new = []
        for key, date in wanted.items():
            row = rows.get(key) or Deadline(child=by_id[key[0]], plan_id=key[1], kind=key[2])
            if row._state.adding or _differs(row, date):
                moved += not row._state.adding and row.due_on != date.due_on
                for name, value in _values(date).items():
                    setattr(row, name, value)
                if row._state.adding:
                    new.append(row)
                else:
                    _save(row, by, because)
        insert_with_history(new, by=by, reason=because)
    return moved


def _plans_that_follow(ids: Sequence[uuid.UUID]) -> list[Plan]:
    """The plans in preparation whose date the clock gave and whose meeting was not held: what is open is counted again, and nothing else.

    Locked before the children, as everybody locks.
    """
    plans = Plan.objects.filter(child__in=ids, state=Plan.State.PREPARING).exclude(due_reason="typed").exclude(meeting__state="held")
    if not plans.exists():
        return []
    found: QuerySet[Plan] = models.QuerySet(Plan).filter(pk__in=list(plans.order_by("pk").values_list("pk", flat=True)))
    return list(found.select_related("term").order_by("pk").select_for_update(no_key=True, of=("self",)))


def _follow(plan: Plan, child: Child, known: Known | None, book: Rulebook, by: User | None, because: str) -> bool:
    """Let an open plan's date follow the facts; its term stays the one it was begun for. Whether the date moved."""
    if known is None:
        return False
    facts = known.facts
    if plan.term and not (facts.window and facts.window.post16):
        facts = replace(facts, window=window_of(plan.term))
    # A post-16 window or a financial year that ended while the plan was being written stays the one that was missed.
    if plan.due_reason == "post16":
        missed = next((window for window in book.post16_of(child) if window.due_on == plan.due_on), facts.window)
        facts = replace(facts, window=missed)
    elif plan.due_reason == "year_end":
        facts = replace(facts, year_ends_on=plan.due_on)
    date = clock.plan_due(facts, book.figures(child))
    if date is None:
        return False
    values = due_of(_with_school_days(date, known.terms))
    if all(getattr(plan, name) == value for name, value in values.items()) and plan.due_on == date.due_on:
        return False
    moved, plan.due_on = plan.due_on != date.due_on, date.due_on
    for name, value in values.items():
        setattr(plan, name, value)
    plan._history_user, plan._change_reason = by, because  # type: ignore[attr-defined]
    plan.save()
    return moved


def due_of(date: clock.DueDate | Deadline) -> dict[str, str]:
    """Why a plan is due on a date, as the plan keeps it."""
    return {"due_reason": date.reason, "due_words": date.words, "due_citation": date.citation}


def _save(row: Deadline, by: User | None, because: str) -> None:
    row._history_user, row._change_reason = by, because  # type: ignore[attr-defined]
    row.save()


def next_review(child: Child) -> Deadline | None:
    """The child's next review, or None for a child who needs no plan."""
    return Deadline.objects.filter(child=child, kind=Deadline.Kind.REVIEW, plan=None, open=True).first()


def next_plan(child: Child) -> Deadline | None:
    """The date by which the child's next plan must be made, or None for a child who needs none."""
    return Deadline.objects.filter(child=child, kind__in=clock.PLAN_KINDS, plan=None, open=True).order_by("due_on").first()


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
    going_on = [authority for authority, policy in book.policies.items() if policy.to_year_13]
    needs_plans = Exists(care_with_plans(on, going_on).filter(child=OuterRef("pk")))
    children = Child.objects.filter(Q(needs_plans) | Q(has_open_date)).select_related("authority").order_by()
    children = children.only("merged_into", "date_of_birth", "year_group_override", "authority__name")
    found, everyone = [], children.iterator(chunk_size=BATCH)
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
    new_policies = {policy.authority_id: policy for policy in Policy.objects.filter(starts=on).select_related("authority")}
    for child in Child.objects.filter(pk__in=ids).order_by("pk"):
        policy = new_policies.get(child.authority_id)
        refresh(child, on=on, because=figures_of(policy).source if policy else "Found by the nightly check")
    return len(ids)


def lacking_plans(on: datetime.date) -> QuerySet[Deadline]:
    """Of each child who needs a plan and has none in preparation, the date by which it must be made: one query for everyone.

    The most urgent first. A child about to begin at another school gets the plan there, unless it is due before.
    """
    in_care = care_with_plans(on).filter(child=OuterRef("child"))
    preparing = Plan.objects.filter(child=OuterRef("child"), state=Plan.State.PREPARING)
    moving = Move.objects.filter(
        child=OuterRef("child"), state=Move.State.CONFIRMED, starts_on__gt=on, starts_on__lte=OuterRef("due_on")
    )  # fmt: skip
    rows: QuerySet[Deadline] = Deadline.objects.filter(open=True, kind__in=clock.PLAN_KINDS, plan=None, child__merged_into=None)
    earlier = Deadline.objects.filter(open=True, kind__in=clock.PLAN_KINDS, plan=None, child=OuterRef("child"))
    earlier = earlier.filter(Q(due_on__lt=OuterRef("due_on")) | Q(due_on=OuterRef("due_on"), pk__lt=OuterRef("pk")))
    return rows.filter(Exists(in_care), ~Exists(preparing), ~Exists(moving), ~Exists(earlier)).order_by("due_on", "child_id")


def needing_plans(on: datetime.date, only: Policy | None = None) -> QuerySet[Deadline]:
    """Of these, the reviews near enough for a plan to be opened. How near is the authority's own figure; after a move it is always time.

    ``only`` asks what there would be for one authority if this policy, kept or not, were in force.
    """
    if only:
        near = Q(reason="after_move") | Q(due_on__lte=on + datetime.timedelta(days=only.preparation_days))
        return lacking_plans(on).filter(near, child__authority=only.authority_id)
    days: Mapping[uuid.UUID, int] = dict(Policy.objects.filter(in_force(on)).values_list("authority_id", "preparation_days"))
    customary = Policy._meta.get_field("preparation_days").default
    near = Q(reason="after_move") | ~Q(child__authority__in=list(days)) & Q(due_on__lte=on + datetime.timedelta(days=customary))
    for figure in set(days.values()):
        authorities = [authority for authority, own in days.items() if own == figure]
        near |= Q(child__authority__in=authorities, due_on__lte=on + datetime.timedelta(days=figure))
    return lacking_plans(on).filter(near)
