"""Why is this date? Every date of one child: what it is, why it is this day, by which rule, whose turn it is, and how it moved."""

import datetime
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from accounts.models import User
from accounts.policy import Verb
from pep.facts import about_holidays
from pep.forms.declaration import Audience
from pep.late import missing_titles
from pep.models import Deadline, Move, Plan
from pep.passed import owners_of
from pep.planning import holders_of_child, owner_words
from pep.school_part import of_the_virtual_school, with_parts_moved
from pep.sections import audience_of
from pep.timeliness import timeliness_of_many
from pep.views.child import ChildPage, beside_its_plan, kind_words


@dataclass(frozen=True)
class Moved:
    """A date that moved: from which day to which, when, by whom and why."""

    at: datetime.datetime
    before: datetime.date | None
    after: datetime.date
    who: str
    because: str


@dataclass
class Explained:
    """One date with all that explains it."""

    key: str
    title: str
    due_on: datetime.date
    words: str
    citation: str
    whose: list[str]  # by name
    plan: Plan | None = None
    council_only: bool = False
    holidays: bool = False  # in the school holidays, when nobody meets at school: it is the council's
    beside: str = ""  # how it goes with the day the plan is due
    moves: list[Moved] = field(default_factory=list)


class ChildDates(ChildPage):
    """Every date that is set for a child, explained."""

    verb = Verb.VIEW

    def get(self, request: HttpRequest, pk: str) -> HttpResponse:
        """The open dates and those that are over, each with its reason."""
        today, council = timezone.localdate(), audience_of(self.verbs) is Audience.COUNCIL
        rows = [] if self.left else list(Deadline.objects.filter(child=self.child).select_related("plan__term").order_by("due_on"))
        if not council:
            rows = [row for row in rows if not row.council_only]
        # From the first day at another school its people hold what is due, and the school before has nothing to do with it.
        coming = Move.objects.filter(child=self.child, state=Move.State.CONFIRMED, starts_on__gt=today).order_by("starts_on").first()
        if coming and not council:
            rows = [row for row in rows if row.plan_id or row.due_on < coming.starts_on]
        plans = list(self.plans().select_related("term").order_by("-due_on", "-version"))
        names, past = _names_and_past(rows, plans)
        now = holders_of_child(self.child, today)
        then = holders_of_child(self.child, coming.starts_on) if coming else now

        def holders(row: Deadline) -> dict[str, list[str]]:
            return then if coming and row.plan_id is None and row.due_on >= coming.starts_on else now

        owners = owners_of([row for row in rows if row.open], today)
        shown = [
            self.explained(row, [owner_words(owner, holders(row)) for owner in owners[row.pk]], _moves(past[row.pk], names), council)
            for row in rows
            if row.open
        ]
        unfinished = [plan for plan in plans if plan.state not in Plan.ENDED]
        missing = missing_titles(unfinished)
        away = of_the_virtual_school(((plan.pk, plan.child_id, plan.due_on) for plan in unfinished), today)
        waits_for = {key: sorted(with_parts_moved(titles) if key in away else titles) for key, titles in missing.items()}
        times = timeliness_of_many(plans, today)
        context = {
            "dates": shown,
            "plans": [
                self.plan_explained(plan, [owner_words(owner, now) for owner in waits_for[plan.pk]], _moves(past[plan.pk], names), council)
                for plan in unfinished
            ],
            "timeliness": [(plan, times[plan.pk]) for plan in plans if plan.pk in times],
            "coming": coming,
            "today": today,
        }
        return self.show(request, "pep/child_dates.html", context)

    def explained(self, row: Deadline, whose: list[str], moves: list[Moved], council: bool) -> Explained:
        """An open date of the clock."""
        return Explained(
            row.kind if row.plan_id is None else f"{row.kind}-{row.plan_id}", kind_words(row), row.due_on,
            row.words if council else row.words_for_school, row.citation, whose,
            row.plan, row.council_only, row.in_holidays, beside_its_plan(row, timezone.localdate()), moves,
        )  # fmt: skip

    def plan_explained(self, plan: Plan, whose: list[str], moves: list[Moved], council: bool) -> Explained:
        """The date of a plan under way, and whom the plan waits for today."""
        words = plan.due_words or "Chosen when the plan was begun"
        if not council and plan.due_reason in ("initial", "first_review"):
            words = f"Counted from the day the child came into care, or to the first review of the care plan{about_holidays(words)}"
        return Explained(f"plan-{plan.pk}", str(plan), plan.due_on, words, plan.due_citation, whose, plan, moves=moves)


def _names_and_past(rows: list[Deadline], plans: list[Plan]) -> tuple[dict[Any, str], dict[Any, list[Any]]]:
    """What the history says of these dates, oldest first, and the names of who changed them: three queries."""
    past: dict[Any, list[Any]] = defaultdict(list)
    for history, ids in ((Deadline.history, [row.pk for row in rows]), (Plan.history, [plan.pk for plan in plans])):
        for row in history.filter(id__in=ids).order_by("history_id"):
            past[row.id].append(row)
    who = {row.history_user_id for listed in past.values() for row in listed if row.history_user_id}
    return {user.pk: user.name for user in User.objects.filter(pk__in=who)}, past


def _moves(rows: list[Any], names: dict[Any, str]) -> list[Moved]:
    """Each time the date became another one; the first row says when it was set."""
    found: list[Moved] = []
    before = None
    for row in rows:
        if before is None or row.due_on != before:
            who = names.get(row.history_user_id, "the product")
            found.append(Moved(row.history_date, before, row.due_on, who, row.history_change_reason or ""))
        before = row.due_on
    return found[::-1]
