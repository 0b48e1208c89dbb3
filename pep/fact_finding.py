"""What the clock must know of each child and each plan, read for any number of children in a fixed number of queries."""

import datetime
import uuid
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

from django.db.models import Max, Min
from django.db.models.fields.json import KeyTextTransform
from django.utils import timezone

from accounts.relations import in_force
from children.models import CareReview, Child, Enrolment
from pep import clock
from pep.facts import Facts, Figures, Window, in_words, reviewed_in_care
from pep.forms.registry import FORMS
from pep.models import EarlierPlan, Meeting, Move, Plan, PlanEvent, Section
from pep.planning import care_with_plans
from schools.models import Policy, Term
from schools.timetable import LAST_SCHOOL_YEAR, ONE_DAY

FIRST_PREMIUM_YEAR, LAST_PREMIUM_YEAR, FIRST_POST16_YEAR = 0, 11, 12  # Reception to Year 11; Years 12 and 13

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
    by_authority: dict[uuid.UUID, Figures] = field(default_factory=dict)
    keep_care_reviews: set[uuid.UUID] = field(default_factory=set)
    policies: dict[uuid.UUID, Policy] = field(default_factory=dict)
    windows: dict[tuple[uuid.UUID, uuid.UUID | None], list[Window]] = field(default_factory=lambda: defaultdict(list))

    def figures(self, child: Child) -> Figures:
        """What the child's authority has decided; the customary figures where it has decided nothing."""
        if child.authority_id not in self.by_authority:
            self.by_authority[child.authority_id] = figures_of(Policy(authority=child.authority, starts=self.on))
        return self.by_authority[child.authority_id]

    def terms_of(self, child: Child, school: uuid.UUID | None) -> list[Window]:
        """The terms of the child's school where it has its own, else the authority's."""
        own = self.windows.get((child.authority_id, school)) if school else None
        return own or self.windows.get((child.authority_id, None), [])

    def post16_of(self, child: Child) -> list[Window]:
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


# A figure of the policy of the same name is the clock's.
FIGURES = [name for name in Figures.__dataclass_fields__ if name != "source"]


def figures_of(policy: Policy) -> Figures:
    """A policy as the clock counts with it. One that was never saved stands for the customary figures."""
    authority = policy.authority.name
    source = f"Customary; {authority} has set no policy of its own"
    if not policy._state.adding:
        source = f"Policy of {authority} from {in_words(policy.starts)}"
    return Figures(source=source, **{name: getattr(policy, name) for name in FIGURES})


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
    for child_id, starts in care_with_plans(on).filter(child__in=ids).order_by("starts").values_list("child_id", "starts"):
        facts[child_id] = Facts(came_into_care=starts, born=by_id[child_id].date_of_birth)
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
        came, reviewed = known.came_into_care or on, reviewed_in_care(known)
        known = replace(
            known, window=clock.open_window(windows, on, came=came, reviewed=reviewed),
            year_ends_on=_year_ends_on(child, on, reviewed), keeps_care_reviews=child.authority_id in book.keep_care_reviews,
        )  # fmt: skip
        found[child_id] = Known(known, terms)
    return found


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


def _add_begun(facts: dict[uuid.UUID, Facts], ids: Sequence[uuid.UUID]) -> None:
    begun = Plan.objects.filter(child__in=ids).exclude(state=Plan.State.CANCELLED).order_by()
    for child_id, last in begun.values_list("child_id").annotate(Max("created_at")):
        known, day = facts.get(child_id), timezone.localdate(last)
        if known and known.came_into_care and day >= known.came_into_care:
            facts[child_id] = replace(known, begun_on=day)


def _add_care_reviews(facts: dict[uuid.UUID, Facts], ids: Sequence[uuid.UUID], on: datetime.date) -> None:
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


def _add_dated_answers(facts: dict[uuid.UUID, Facts], ids: Sequence[uuid.UUID]) -> None:
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


def plan_facts(ids: Sequence[uuid.UUID], on: datetime.date) -> Iterator[tuple[uuid.UUID, uuid.UUID, Facts]]:
    """What the clock must know about each unfinished plan: its meeting, and since when it has waited for whom."""
    plans = Plan.objects.filter(child__in=ids).unfinished().order_by()
    columns = ("child_id", "pk", "state", "state_since", "due_on", "meeting__state", "meeting__starts_at", "meeting__exception_because")
    for child_id, plan_id, state, since, due_on, meeting, at, exception in plans.values_list(*columns):
        day = timezone.localdate(at) if at else None
        waits = timezone.localdate(since)
        if state == Plan.State.AWAITING_SIGN_OFF:
            yield child_id, plan_id, Facts(waiting_since=waits)
        elif state == Plan.State.AWAITING_CHECK:
            yield child_id, plan_id, Facts(check_since=waits)
        elif meeting == Meeting.State.HELD and day:
            yield child_id, plan_id, Facts(met_on=day) if state == Plan.State.PREPARING else Facts()
        elif meeting == Meeting.State.NOT_BOOKED and not exception and state == Plan.State.PREPARING:
            yield child_id, plan_id, Facts(meet_by=due_on)
