"""The figures of the dashboard, as plain dataclasses. A council's own view of its own children: small numbers are not hidden here."""

import datetime
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import dropwhile
from typing import Any

from django.db.models import Exists, OuterRef, Q

from children.querysets import ChildQuerySet
from pep.models import Meeting, Plan, PlanEvent, QualityCheck, SignOff
from pep.models.quality import Grade
from pep.planning import needs_plan
from pep.timeliness import WHY_LATE, names_of, timeliness_of_many
from schools.models import LocalAuthority, Term
from virtualschool.quality import not_begun


@dataclass(frozen=True)
class TermName:
    """A term as the virtual school speaks of it, whichever of its authorities it belongs to."""

    academic_year: int
    name: str
    title: str
    starts: datetime.date
    ends: datetime.date
    due_on: datetime.date

    @property
    def key(self) -> str:
        """The term in an address: ``2026-autumn``."""
        return f"{self.academic_year}-{self.name}"


def terms_of(authorities: Sequence[LocalAuthority], on: datetime.date) -> list[TermName]:
    """The terms of these authorities that have begun, the latest first; dates that differ are taken at their widest."""
    found: dict[tuple[int, str], TermName] = {}
    for row in Term.objects.filter(authority__in=authorities, starts__lte=on).order_by("starts"):
        known = found.get((row.academic_year, row.name))
        starts = min(known.starts, row.starts) if known else row.starts
        ends, due_on = (max(known.ends, row.ends), max(known.due_on, row.plans_due_on)) if known else (row.ends, row.plans_due_on)
        found[row.academic_year, row.name] = TermName(row.academic_year, row.name, str(row), starts, ends, due_on)
    return sorted(found.values(), key=lambda term: term.starts, reverse=True)


@dataclass(frozen=True)
class Step:
    """One step of the funnel: how many children have come at least so far."""

    label: str
    count: int


@dataclass(frozen=True)
class Funnel:
    """How far the plans of one term have come."""

    term: TermName
    as_at: datetime.date
    steps: tuple[Step, ...]
    late: int
    unsigned: int = 0  # of those signed off or complete, the ones that went on without the social worker's signature

    @property
    def expected(self) -> int:
        """Children who should have a plan."""
        return self.steps[0].count

    @property
    def complete(self) -> int:
        """Children whose plan is complete."""
        return self.steps[-1].count

    def finding(self) -> str:
        """The one sentence to remember: "38 of 52 children have a complete plan for Autumn 2026, 6 are late"."""
        if not self.expected:
            return f"No child needed a plan in {self.term.title}"
        late = f", {self.late} {'is' if self.late == 1 else 'are'} late" if self.late else ""
        children = "child has" if self.expected == 1 else "children have"
        return f"{self.complete} of {self.expected} {children} a complete plan for {self.term.title}{late}"


# Each step and the least a plan must have done to count in it.
FUNNEL = ("Plan needed", "Plan begun", "Meeting held", "Submitted", "Signed off", "Complete")
SIGNED_STEP = 4


def funnel(children: ChildQuerySet, term: TermName, on: datetime.date) -> Funnel:
    """The completion funnel of a term: children who need a plan on the last day of the term that has come, and how far each is.

    A child counts once, by the plan that has come furthest; cancelled plans do not count. A plan that the virtual school went on with
    without the signature has come as far as a signed one, and is counted apart as well; a plan that was corrected counts by its corrected
    version once that is complete. Late are the children whose unfinished plan is past its date, and those whose plan was due within the
    term and is not begun. A fixed number of queries.
    """
    as_at = min(on, term.ends - datetime.timedelta(days=1))
    expected = set(children.filter(needs_plan(as_at)).values_list("pk", flat=True))
    plans = Plan.objects.filter(child__in=children.values("pk"), term__academic_year=term.academic_year, term__name=term.name).exclude(
        state=Plan.State.CANCELLED
    )
    plans = plans.uncorrected().annotate(
        met=Exists(Meeting.objects.filter(plan=OuterRef("pk"), state=Meeting.State.HELD)),
        excepted=Exists(Meeting.objects.filter(plan=OuterRef("pk"), exception_by__isnull=False)),
        submitted=Exists(PlanEvent.objects.filter(plan=OuterRef("pk"), action="submit")),
        needed=needs_plan(on, child="child"),
        signed=Exists(SignOff.objects.filter(plan=OuterRef("pk"), role=SignOff.Role.SOCIAL_WORKER, voided_at__isnull=True)),
    )
    reached: dict[object, int] = dict.fromkeys(expected, 0)
    late: set[object] = set()
    unsigned: set[object] = set()
    for plan in plans:
        if plan.child_id not in expected:
            continue
        level = _reached(plan)
        if level >= reached[plan.child_id]:
            (unsigned.add if level >= SIGNED_STEP and plan.signature_skipped else unsigned.discard)(plan.child_id)
        reached[plan.child_id] = max(reached[plan.child_id], level)
        if plan.state not in Plan.ENDED and plan.due_on < on and plan.needed:
            late.add(plan.child_id)
    late |= expected & set(not_begun(children, min(on, term.ends)).values_list("pk", flat=True))
    steps = tuple(Step(label, sum(level >= number for level in reached.values())) for number, label in enumerate(FUNNEL))
    return Funnel(term, as_at, steps, len({child for child in late if reached[child] < len(FUNNEL) - 1}), len(unsigned))


def _reached(plan: Any) -> int:
    """The furthest step of one annotated plan, as a place in ``FUNNEL``."""
    if plan.state == Plan.State.COMPLETE:
        return 5
    if plan.submitted:
        return 4 if plan.signed or plan.signature_skipped else 3
    return 2 if plan.met or plan.excepted else 1


@dataclass(frozen=True)
class TermGrades:
    """How the complete plans of one term were graded, each plan by its last check."""

    term: TermName
    counts: dict[str, int]  # by grade, every grade named
    unchecked: int

    @property
    def total(self) -> int:
        """Graded plans."""
        return sum(self.counts.values())

    def share(self, *grades: str) -> int:
        """The share of graded plans with these grades, in whole percent."""
        return round(100 * sum(self.counts[grade] for grade in grades) / self.total) if self.total else 0


def grades_by_term(children: ChildQuerySet, terms: Sequence[TermName]) -> list[TermGrades]:
    """The grades of complete plans, term by term, the earliest graded one first: of a corrected plan the latest complete version's alone.

    Plans outside the sample are counted apart. One query.
    """
    later = QualityCheck.objects.filter(plan=OuterRef("plan"), at__gt=OuterRef("at"))
    complete = Plan.objects.filter(child__in=children.values("pk"), state=Plan.State.COMPLETE).uncorrected()
    checks = QualityCheck.objects.filter(~Exists(later), plan__in=complete.values("pk"))
    wanted = {(term.academic_year, term.name): term for term in terms}
    counts: dict[tuple[int, str], dict[str, int]] = defaultdict(lambda: dict.fromkeys(Grade.values, 0))
    unchecked: dict[tuple[int, str], int] = defaultdict(int)
    for year, name, overall in checks.values_list("plan__term__academic_year", "plan__term__name", "overall"):
        if (year, name) in wanted:
            if overall:
                counts[year, name][overall] += 1
            else:
                unchecked[year, name] += 1
    ordered = sorted(wanted.items(), key=lambda item: item[1].starts)
    rows = [TermGrades(term, counts[key], unchecked[key]) for key, term in ordered]
    # The terms before the first graded plan say nothing.
    return list(dropwhile(lambda row: not (row.total or row.unchecked), rows))


def grades_finding(rows: Sequence[TermGrades]) -> str:
    """The one sentence to remember about the grades."""
    graded = [row for row in rows if row.total]
    if not graded:
        return "No plan has been graded yet"
    now = graded[-1]
    good = now.share(Grade.GREEN, Grade.GOLD)
    if len(graded) == 1:
        return f"{good}% of plans in {now.term.title} are green or gold"
    before = graded[-2]
    change = good - before.share(Grade.GREEN, Grade.GOLD)
    way = "the same as" if not change else f"{abs(change)} points {'up' if change > 0 else 'down'} on"
    return f"{good}% of plans in {now.term.title} are green or gold, {way} {before.term.title}"


# How late, in working days, from the first to the last of each row; a plan over a weekend is late by none.
LATE_BY: tuple[tuple[str, int, int], ...] = (
    ("Late by up to 5 working days", 0, 5), ("Late by 6 to 20 working days", 6, 20), ("Late by more than 20 working days", 21, 10_000),
)  # fmt: skip


@dataclass(frozen=True)
class Punctuality:
    """How a term's plans stood to their dates, whose delay it was, and why: a figure of its own, apart from how good they are."""

    rows: tuple[Step, ...]  # early, on time, late by so many, the complete plans and those under way together
    not_due: int  # plans under way whose date is still to come
    delays: tuple[Step, ...]  # working days after the date, by who held the plan beyond the time that the policy allows
    allowed: int  # working days after the date that were within that time, and so nobody's delay
    reasons: tuple[Step, ...]  # what was said of late plans, by how many

    @property
    def counted(self) -> int:
        """Plans that were complete or past their date."""
        return sum(row.count for row in self.rows)

    def finding(self, term: TermName) -> str:
        """The one sentence to remember: "31 of 40 plans in Autumn 2026 were in time"."""
        if not self.counted:
            return f"No plan in {term.title} has reached its date yet"
        plans = "plan was" if self.counted == 1 else "plans were"
        return f"{sum(row.count for row in self.rows[:2])} of {self.counted} {plans} in time in {term.title}"


def punctuality(children: ChildQuerySet, term: TermName, on: datetime.date) -> Punctuality:
    """How the plans of a term stood to their own dates on a day. Corrected versions are not counted again. A fixed number of queries."""
    plans = Plan.objects.filter(child__in=children.values("pk"), term__academic_year=term.academic_year, term__name=term.name, version=1)
    # What goes on for a child who needs no plan any more is nobody's delay.
    listed = list(plans.filter(Q(state__in=Plan.ENDED) | needs_plan(on, child="child")).order_by())
    stood = timeliness_of_many(listed, on)
    late = [plan for plan in listed if plan.pk in stood and stood[plan.pk].code == "late"]
    held: Counter[str] = Counter()
    for plan in late:
        held.update(dict(stood[plan.pk].delays))
    said = Counter(plan.late_because for plan in late)
    days = [stood[plan.pk].working_days for plan in late]
    codes = Counter(one.code for one in stood.values())
    return Punctuality(
        rows=(
            Step("Early", codes["early"]), Step("On time", codes["on_time"]),
            *(Step(label, sum(least <= late_by <= most for late_by in days)) for label, least, most in LATE_BY),
        ),
        not_due=codes["open"],
        allowed=sum(stood[plan.pk].allowed for plan in late),
        delays=tuple(Step(f"With {names_of(holders)}", count) for holders, count in held.most_common()),
        reasons=tuple(Step(WHY_LATE.get(because, "Nobody has said why"), count) for because, count in said.most_common()),
    )  # fmt: skip
