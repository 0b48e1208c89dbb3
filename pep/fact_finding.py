"""What the clock must know of each child and each plan, read for any number of children in a fixed number of queries."""

import datetime
import uuid
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, reduce
from operator import or_
from typing import Any

from django.db.models import Count, Exists, F, Max, Min, OuterRef, Q, QuerySet
from django.db.models.fields.json import KeyTextTransform
from django.utils import timezone

from accounts.relations import in_force
from children.models import CareReview, Child, Enrolment
from pep import clock
from pep.clock_rules import after_move
from pep.facts import Facts, Figures, Window, in_words, plans_since, reviewed_in_care
from pep.forms.registry import FORMS
from pep.models import EarlierPlan, Meeting, Move, Plan, PlanEvent, Section
from pep.planning import Ages, care_with_plans
from pep.querysets import these
from schools.models import LocalAuthority, Policy, Term, own_first
from schools.timetable import LAST_SCHOOL_YEAR, ONE_DAY

FIRST_PREMIUM_YEAR, LAST_PREMIUM_YEAR, FIRST_POST16_YEAR = 0, 11, 12  # Reception to Year 11; Years 12 and 13

# The answers of a plan that a yearly date is counted from, and the sections that ask for them.
DATED_ANSWERS = {"sdq_date": "sdq_on", "ehcp_review": "ehcp_review_on"}
# Where a newer plan gives another answer to this question than the date needs, there is no such date any more. A score that was made stays
# the last one, whatever is written after it.
ENDED_BY = {"ehcp_review": ("sen_status", "E")}
DATED_SECTIONS = {
    (section.key, question.key)
    for form in FORMS for section in form.sections for question in section.questions if question.key in DATED_ANSWERS
}  # fmt: skip


@dataclass
class Rulebook:
    """The figures, terms and post-16 windows of each authority on a day, read once however many children there are."""

    on: datetime.date
    by_authority: dict[uuid.UUID, Figures] = field(default_factory=dict)
    keep_care_reviews: set[uuid.UUID] = field(default_factory=set)
    policies: dict[uuid.UUID, Policy] = field(default_factory=dict)
    # The post-16 windows that were listed by the policies in force and those before, the newest last.
    listed: dict[uuid.UUID, list[list[dict[str, str]]]] = field(default_factory=lambda: defaultdict(list))
    terms: dict[tuple[uuid.UUID, uuid.UUID | None], list[Term]] = field(default_factory=lambda: defaultdict(list))
    windows: dict[tuple[uuid.UUID, uuid.UUID | None], list[Window]] = field(default_factory=dict)  # those of ``terms_of``, once counted

    @property
    def ages(self) -> Ages:
        """At which ages the authorities make plans."""
        return Ages.of((authority, policy.to_year_13, policy.plans_from_age) for authority, policy in self.policies.items())

    def figures(self, child: Child) -> Figures:
        """What the child's authority has decided; the customary figures where it has decided nothing."""
        if child.authority_id not in self.by_authority:
            self.by_authority[child.authority_id] = customary_figures(child.authority)
        return self.by_authority[child.authority_id]

    def terms_of(self, child: Child, school: uuid.UUID | None) -> list[Window]:
        """The terms of the child's school in the school years for which it has its own, else the authority's."""
        authority = child.authority_id
        key = (authority, school if (authority, school) in self.terms else None)
        if key not in self.windows:
            terms = [*self.terms.get((authority, None), []), *(self.terms[key] if key[1] else [])]
            self.windows[key] = [window_of(term) for term in own_first(terms)]
        return self.windows[key]

    def post16_of(self, child: Child) -> list[Window]:
        """The post-16 windows around the day, by the authority's policy."""
        policy = self.policies.get(child.authority_id)
        return post16_windows(policy.post16_windows if policy else customary_windows(), self.on)

    def post16_closed(self, child: Child, day: datetime.date) -> Window | None:
        """The post-16 window that closed on a day, by the policy in force or by one before it: a new one opens none again."""
        for listed in [*reversed(self.listed.get(child.authority_id, [])), customary_windows()]:
            for window in post16_windows(listed, day):
                if window.due_on == day:
                    return window
        return None


def rulebook(on: datetime.date, authority: uuid.UUID | None = None) -> Rulebook:
    """Read the policies in force, the terms, and who keeps reviews of care plans, of one authority or of all: three queries."""
    book, whose = Rulebook(on), {"authority": authority} if authority else {}
    for policy, figures in decided(on, **whose):
        book.listed[policy.authority_id].append(policy.post16_windows)
        if policy.ends is None or policy.ends > on:
            book.by_authority[policy.authority_id], book.policies[policy.authority_id] = figures, policy
    reviews = CareReview.objects.filter(**({"child__authority": authority} if authority else {})).order_by()
    book.keep_care_reviews.update(reviews.values_list("child__authority_id", flat=True).distinct())
    for term in Term.objects.filter(**whose):
        book.terms[term.authority_id, term.school_id].append(term)
    return book


def decided(on: datetime.date, **whose: Any) -> Iterator[tuple[Policy, Figures]]:
    """Every policy that has begun by a day, of the authorities that ``whose`` filters, the earliest first: one query.

    Those before it too: a stricter policy asks for nothing before its first day. One that was withdrawn never held.
    """
    last: dict[uuid.UUID, Figures] = {}
    policies = Policy.objects.filter(starts__lte=on, **whose).exclude(ends=F("starts")).select_related("authority")
    for policy in policies.order_by("starts"):
        last[policy.authority_id] = figures_of(policy, last.get(policy.authority_id))
        yield policy, last[policy.authority_id]


def figures_in_force(authority: LocalAuthority, on: datetime.date) -> Figures:
    """What one authority has decided for a day; the customary figures where it has decided nothing. One query."""
    found = [figures for policy, figures in decided(on, authority=authority) if policy.ends is None or policy.ends > on]
    return found[-1] if found else customary_figures(authority)


def window_of(term: Term) -> Window:
    """A term as the clock counts with it."""
    return Window(f"{term.get_name_display().lower()} term {term.starts.year}", term.starts, term.ends, term.plans_due_on)


@cache
def _post16(listed: tuple[tuple[str, str, str], ...], on: datetime.date) -> list[Window]:
    found = []
    for year in range(on.year - 1, on.year + 2):
        for name, opens, closes in listed:
            starts, due_on = datetime.date.fromisoformat(f"{year}-{opens}"), datetime.date.fromisoformat(f"{year}-{closes}")
            if due_on < starts:
                due_on = due_on.replace(year=year + 1)
            found.append(Window(f"{name} {starts.year}", starts, due_on + ONE_DAY, due_on, post16=True))
    return found


def post16_windows(listed: Iterable[Mapping[str, str]], on: datetime.date) -> list[Window]:
    """The windows of the years around a day. A window that closes on an earlier day of the year than it opens closes in the next year."""
    return _post16(tuple((one["name"], one["opens"], one["closes"]) for one in listed), on)


def customary_windows() -> list[dict[str, str]]:
    """The post-16 windows where an authority has decided nothing."""
    listed: list[dict[str, str]] = Policy._meta.get_field("post16_windows").get_default()
    return listed


# A figure of the policy of the same name is the clock's.
FIGURES = [name for name in Figures.__dataclass_fields__ if name not in ("source", "starts", "before")]


def customary_figures(authority: LocalAuthority) -> Figures:
    """The figures that hold where an authority has decided nothing."""
    source = f"Customary; {authority.name} has set no policy of its own"
    return Figures(source=source, **{name: getattr(Policy(), name) for name in FIGURES})


def figures_of(policy: Policy, before: Figures | None = None) -> Figures:
    """A policy as the clock counts with it; ``before`` are the figures until it began, the customary ones where there was no policy."""
    source = f"Policy of {policy.authority.name} from {in_words(policy.starts)}"
    figures = {name: getattr(policy, name) for name in FIGURES}
    return Figures(source=source, starts=policy.starts, before=before or customary_figures(policy.authority), **figures)


@dataclass
class Known:
    """What is known about one child on a day: the clock's facts, and where the child goes to school."""

    facts: Facts
    terms: list[Window] = field(default_factory=list)


def known_of(children: Sequence[Child], on: datetime.date, book: Rulebook) -> dict[uuid.UUID, Known]:
    """What the clock must know about each child who needs a plan on a day: a fixed number of queries whatever the number."""
    by_id = {child.pk: child for child in children if child.merged_into_id is None}
    ids = list(by_id)
    facts: dict[uuid.UUID, Facts] = {}
    care = care_with_plans(on, book.ages).filter(child__in=these(ids)).order_by("starts")
    for child_id, starts in care.values_list("child_id", "starts"):
        child = by_id[child_id]
        old_enough_on = clock.old_enough_on(child.date_of_birth, book.figures(child))
        facts[child_id] = Facts(came_into_care=starts, born=child.date_of_birth, old_enough_on=old_enough_on)
    if not facts:
        return {}
    completed = _add_plans(facts, ids, on)
    _add_moves(facts, ids, on)
    _add_care_reviews(facts, ids, on, completed)
    _add_dated_answers(facts, ids)
    places = Enrolment.objects.filter(in_force(on), child__in=these(ids), kind=Enrolment.Kind.MAIN).values_list("child_id", "school_id")
    schools = dict(places) if any(school for _, school in book.terms) else {}
    found = {}
    for child_id, known in facts.items():
        child = by_id[child_id]
        year, terms = child.year_group(on), book.terms_of(child, schools.get(child_id))
        windows = book.post16_of(child) if post16_year(year) else terms
        came, reviewed = plans_since(known) or on, reviewed_in_care(known)
        known.window = clock.open_window(windows, on, came=came, reviewed=reviewed)
        known.year_ends_on = _year_ends_on(child, on, reviewed)
        known.keeps_care_reviews = child.authority_id in book.keep_care_reviews
        found[child_id] = Known(known, terms)
    return found


def post16_year(year_group: int) -> bool:
    """Whether post-16 windows hold in a year group instead of terms: Years 12 and 13, and the one after them."""
    return FIRST_POST16_YEAR <= year_group <= LAST_SCHOOL_YEAR + 1


def facts_of(children: Sequence[Child], on: datetime.date, book: Rulebook | None = None) -> dict[uuid.UUID, Facts]:
    """The clock's facts about each child who needs a plan on a day."""
    return {child_id: known.facts for child_id, known in known_of(children, on, book or rulebook(on)).items()}


def _year_ends_on(child: Child, on: datetime.date, reviewed: datetime.date | None) -> datetime.date | None:
    """The next 31 March by which a child who attracts pupil premium plus, Reception to Year 11, needs a review since 1 January."""
    for year in (on.year, on.year + 1):
        ends = datetime.date(year, 3, 31)
        if ends >= on and (reviewed is None or reviewed < datetime.date(year, 1, 1)):
            return ends if FIRST_PREMIUM_YEAR <= child.year_group(ends) <= LAST_PREMIUM_YEAR else None
    return None


def _add_plans(facts: dict[uuid.UUID, Facts], ids: Sequence[uuid.UUID], on: datetime.date) -> dict[uuid.UUID, datetime.date]:
    """When the last plan was begun, and the last review of each kind: a meeting held, a plan submitted where going on without one was
    approved, a plan from elsewhere of which the council said so. Returns of each child the day on which the last plan was completed.

    A plan that was cancelled or closed reviewed nothing, so its meeting sets no clock. A meeting that was held counts all the same where
    a change of school closed its plan before it was complete, for the review did take place. A corrected version reviews nothing anew: the
    day on which it is begun, submitted or completed is nobody's review, and the meeting that counts is the one it says was held.
    """
    midnight = datetime.datetime.combine(on + ONE_DAY, datetime.time(), tzinfo=timezone.get_current_timezone())
    counts = ~Q(state__in=(Plan.State.CANCELLED, Plan.State.CLOSED))
    moved = Q(state=Plan.State.CLOSED) & Exists(PlanEvent.objects.filter(plan=OuterRef("pk"), action="change_school"))
    superseded = Exists(Plan.objects.filter(corrects=OuterRef("pk"), state=Plan.State.COMPLETE))
    held = (counts & ~superseded | moved) & Q(meeting__state=Meeting.State.HELD, meeting__starts_at__lt=midnight)
    without = (
        counts
        & Q(corrects=None)
        & ~Q(state=Plan.State.PREPARING)
        & ~Q(meeting__exception_because="")
        & ~Q(meeting__state=Meeting.State.HELD)
    )
    plans = Plan.objects.filter(child__in=these(ids)).order_by().values_list("child_id").annotate(
        begun=Max("created_at", filter=Q(corrects=None) & ~Q(state=Plan.State.CANCELLED)), met=Max("meeting__starts_at", filter=held),
        complete=Max("completed_at", filter=Q(corrects=None, state=Plan.State.COMPLETE)), exceptions=Count("pk", filter=without),
    )  # fmt: skip
    completed, excepted = {}, []
    for child_id, begun, met, complete, exceptions in plans:
        known = facts.get(child_id)
        if known is None:
            continue
        if begun and known.came_into_care and timezone.localdate(begun) >= known.came_into_care:
            known.begun_on = timezone.localdate(begun)
        if met:
            _reviewed(facts, child_id, timezone.localdate(met), "meeting")
        if complete:
            completed[child_id] = timezone.localdate(complete)
        if exceptions:
            excepted.append(child_id)
    if excepted:
        submitted = PlanEvent.objects.filter(plan__child__in=these(excepted), action="submit", at__lt=midnight).order_by()
        submitted = submitted.filter(plan__in=Plan.objects.filter(without))
        for child_id, _, at in submitted.values_list("plan__child_id", "plan_id").annotate(Min("at")):
            _reviewed(facts, child_id, timezone.localdate(at), "without_meeting")
    earlier = EarlierPlan.objects.filter(child__in=these(ids), plan_date__lte=on, review="yes", withdrawn_at=None).order_by()
    for child_id, day in earlier.values_list("child_id").annotate(Max("plan_date")):
        _reviewed(facts, child_id, day, "earlier_plan")
    return completed


def _reviewed(facts: dict[uuid.UUID, Facts], child_id: uuid.UUID, day: datetime.date, how: str) -> None:
    """Note a review, if it is the latest so far."""
    known = facts.get(child_id)
    if known and (known.reviewed_on is None or day > known.reviewed_on):
        known.reviewed_on, known.reviewed_how = day, how


def _add_moves(facts: dict[uuid.UUID, Facts], ids: Sequence[uuid.UUID], on: datetime.date) -> None:
    """The first day at the present school, or, where there has been a review since, at the next.

    While the plan after a move waits for its review, a move to come takes nothing from it: the date after that is later anyhow. Leaving for
    no school sets no date and takes none away.
    """
    moves = Move.objects.filter(child__in=these(ids), state=Move.State.CONFIRMED, to_school__isnull=False).order_by("starts_on")
    for child_id, starts_on in moves.values_list("child_id", "starts_on"):
        known = facts.get(child_id)
        if known and (starts_on <= on or after_move(known) is None):
            known.moved_on = starts_on


def _add_care_reviews(
    facts: dict[uuid.UUID, Facts], ids: Sequence[uuid.UUID], on: datetime.date, completed: Mapping[uuid.UUID, datetime.date]
) -> None:  # fmt: skip
    """The care plan reviews since the child came into care, the next one booked, and whether a plan was completed since the last."""
    rows = CareReview.objects.filter(child__in=these(ids)).exclude(state=CareReview.State.CANCELLED).order_by("on")
    for child_id, day, state in rows.values_list("child_id", "on", "state"):
        known = facts.get(child_id)
        if known is None or known.came_into_care is None or day < known.came_into_care:
            continue
        known.first_care_review_on = known.first_care_review_on or day
        if state == CareReview.State.HELD:
            known.care_reviews, known.care_reviewed_on, known.care_review_on = known.care_reviews + 1, day, None
        elif day >= on and known.care_review_on is None:
            known.care_review_on = day
    for child_id, known in facts.items():
        since = known.care_reviewed_on or known.came_into_care
        if known.care_review_on and since and child_id in completed:
            known.officer_has_plan = completed[child_id] >= since


def _add_dated_answers(facts: dict[uuid.UUID, Facts], ids: Sequence[uuid.UUID]) -> None:
    """The date of the last score, and that of the EHC plan's next review, as the newest plan or version says that has come to them."""
    rows: QuerySet[Section, Any] = Section.objects.filter(plan__child__in=these(ids))
    rows = rows.exclude(plan__state__in=(Plan.State.CANCELLED, Plan.State.CLOSED))
    # A corrected version holds every answer of the one before.
    corrections = Plan.objects.filter(corrects=OuterRef("plan")).exclude(state__in=(Plan.State.CANCELLED, Plan.State.CLOSED))
    rows = rows.filter(~Exists(corrections))
    asked = [*DATED_ANSWERS, *(question for question, _ in ENDED_BY.values())]
    rows = rows.annotate(**{f"answer_{name}": KeyTextTransform(name, "answers") for name in asked})
    come_to = []
    for section, name in sorted(DATED_SECTIONS):
        said = Q(**{f"answer_{name}__isnull": False})
        if name in ENDED_BY:
            question, needed = ENDED_BY[name]
            said |= Q(**{f"answer_{question}__isnull": False}) & ~Q(**{f"answer_{question}": needed})
        come_to.append(Q(key=section) & said)
    newest = rows.filter(reduce(or_, come_to)).order_by("plan__child", "key", "-plan__created_at", "-plan").distinct("plan__child", "key")
    for child_id, section, *given in newest.values_list("plan__child", "key", *(f"answer_{name}" for name in asked)):
        answers = dict(zip(asked, given, strict=True))
        for name, fact in DATED_ANSWERS.items():
            if child_id in facts and (section, name) in DATED_SECTIONS and (day := answers[name]) and not _ended(name, answers):
                setattr(facts[child_id], fact, datetime.date.fromisoformat(day))


def _ended(name: str, answers: Mapping[str, str | None]) -> bool:
    """Whether the answers of a section say that there is no such date."""
    question, needed = ENDED_BY.get(name, ("", ""))
    return answers.get(question) not in (None, needed)


def plan_facts(ids: Sequence[uuid.UUID], on: datetime.date) -> Iterator[tuple[uuid.UUID, uuid.UUID, Facts]]:
    """What the clock must know about each unfinished plan: its meeting, and since when it has waited for whom."""
    plans = Plan.objects.filter(child__in=these(ids)).unfinished().order_by()
    columns = (
        "child_id", "pk", "state", "state_since", "due_on", "created_at",
        "meeting__state", "meeting__starts_at", "meeting__exception_because",
    )  # fmt: skip
    for child_id, plan_id, state, since, due_on, begun, meeting, at, exception in plans.values_list(*columns):
        day = timezone.localdate(at) if at else None
        waits = timezone.localdate(since)
        if state == Plan.State.AWAITING_SIGN_OFF:
            yield child_id, plan_id, Facts(waiting_since=waits)
        elif state == Plan.State.AWAITING_CHECK:
            yield child_id, plan_id, Facts(check_since=waits)
        elif meeting == Meeting.State.HELD and day:
            yield child_id, plan_id, Facts(met_on=day) if state == Plan.State.PREPARING else Facts()
        elif meeting == Meeting.State.NOT_BOOKED and not exception and state == Plan.State.PREPARING:
            yield child_id, plan_id, Facts(meet_by=due_on, begun_on=timezone.localdate(begun))
