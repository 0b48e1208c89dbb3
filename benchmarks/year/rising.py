"""What rises, and which dates of steps are told, worked out the slow way; the digests of a day; and that nobody is mailed in quiet hours.

Nothing here uses the product's ladder: rows as plain SQL, working days by turning the pages of the calendar.
"""

import datetime
import json
from collections import defaultdict
from typing import Any

from benchmarks.year.books import Books, grouped, holds, london, rows
from benchmarks.year.slow_access import holding, whose_turn, working
from benchmarks.year.slow_calendar import DAY, works
from benchmarks.year.slow_dates import came_into_care

PLAN_KINDS = ("review", "term", "premium")
UNFINISHED = ("preparing", "returned", "awaiting_sign_off", "awaiting_check")
ONLY_TOLD = ("care_review",)


def working_days_late(due_on: datetime.date, on: datetime.date) -> int:
    """How many working days have come after a day, this one included."""
    late = 0
    while due_on < on:
        due_on += DAY
        late += works(due_on)
    return late


def rung_of(books: Books, late: int) -> str:
    """The last rung of the policy that is reached; "" for none."""
    if late >= books.policy.head_working_days:
        return "head"
    return "manager" if late >= books.policy.manager_working_days else ""


def on_rung(books: Books, child_id: Any, owner: str, rung: str) -> set[Any]:
    """Who stands on a rung above whoever has to act: the team's manager or service manager, else the officers, or the head."""
    found: set[Any] = set()
    if owner == "social_worker":
        for row in books.allocations.get(child_id, []):
            if row.role == "social_worker" and row.team_id and holds(row, books.on):
                found = working(books, "team_manager" if rung == "manager" else "service_manager", team_id=row.team_id)
    if found:
        return found
    first, second = ("officer", "head") if rung == "manager" else ("head", "officer")
    return working(books, first) or working(books, second)


def above(books: Books, child_id: Any, owner: str, rung: str) -> tuple[str, set[Any]]:
    """Who answers for whoever has to act and was told so, and on which rung: nobody answers for a part that they hold.

    Where the rung has nobody else the one above it is told already; where that has nobody else either, the rung itself after all.
    """
    holders = holding(books, child_id, owner)
    for step in ("manager", "head") if rung == "manager" else ("head",):
        if others := on_rung(books, child_id, owner, step) - holders:
            return step, others
    return rung, on_rung(books, child_id, owner, rung)


def due_escalations(books: Books, owners_waited_for: Any) -> set[str]:
    """The key of every message about a late plan, or a plan that is late and not begun, that should be there by the end of the night."""
    found: set[str] = set()
    dates = grouped(rows("SELECT child_id, kind, due_on FROM pep_deadline WHERE open AND plan_id IS NULL"), "child_id")
    sections = grouped(rows("SELECT plan_id, key, owner, marked_complete FROM pep_section"), "plan_id")
    for child in books.children.values():
        if came_into_care(books, child) is None:
            continue
        unfinished = [plan for plan in books.plans.get(child.id, []) if plan.state in UNFINISHED]
        late: list[tuple[Any, datetime.date, set[str]]] = []
        checked = {plan.id for plan in unfinished if plan.state == "awaiting_check"}
        for plan in unfinished:
            owners = {"virtual_school"} if plan.id in checked else owners_waited_for(plan, sections[plan.id])
            late.append((plan.id, plan.due_on, owners))
        days = [row.due_on for row in dates.get(child.id, []) if row.kind in PLAN_KINDS]
        if not unfinished and days and not _moving(books, child.id, min(days)):
            late.append((child.id, min(days), {"virtual_school"}))
        for about, due_on, owners in late:
            rung = rung_of(books, working_days_late(due_on, books.on)) if due_on < books.on else ""
            for owner in whose_turn(books, child.id, owners, due_on) if rung else ():
                # Nobody is reminded of a check that is due, or of a plan to begin: the first rung is where its holders hear of it.
                alone = about in checked or about == child.id
                step, told = (rung, on_rung(books, child.id, owner, rung)) if alone else above(books, child.id, owner, rung)
                found |= {f"escalation:{about}:{step}:{due_on}:{user_id}" for user_id in told}
    return found


def _moving(books: Books, child_id: Any, due_on: datetime.date) -> bool:
    """Whether the child is about to begin at another school, where the plan will be."""
    return any(books.on < move.starts_on <= due_on for move in books.moves.get(child_id, []))


def due_passed(books: Books, owners_waited_for: Any) -> set[str]:
    """The key of every message about a passed date besides a plan's own: to whom it waits for, and to who is above on the last rung.

    The submission after a meeting waits for whoever has not written their part, then for whoever is to submit.
    """
    found: set[str] = set()
    sections = grouped(rows("SELECT plan_id, key, owner, marked_complete FROM pep_section"), "plan_id")
    dates = grouped(rows("SELECT child_id, plan_id, kind, due_on, owners FROM pep_deadline WHERE open"), "child_id")
    for child in books.children.values():
        if came_into_care(books, child) is None:
            continue
        unfinished = {plan.id: plan for plan in books.plans.get(child.id, []) if plan.state in UNFINISHED}
        own = [row.due_on for row in dates.get(child.id, []) if row.kind in PLAN_KINDS and row.plan_id is None]
        late = any(plan.due_on < books.on for plan in unfinished.values()) or (not unfinished and any(day < books.on for day in own))
        for row in dates.get(child.id, []):
            if row.kind in PLAN_KINDS or row.due_on >= books.on or (row.kind == "begin" and unfinished):
                continue
            silent = unfinished[row.plan_id].due_on < books.on if row.plan_id else late
            if silent and row.kind not in ONLY_TOLD:
                continue
            rung = "" if row.kind in ONLY_TOLD else rung_of(books, working_days_late(row.due_on, books.on))
            submitted = row.kind == "complete"
            owners = owners_waited_for(unfinished[row.plan_id], sections[row.plan_id]) if submitted else json.loads(row.owners)
            for owner in whose_turn(books, child.id, owners, row.due_on):
                told = [("holder", holding(books, child.id, owner)), *([above(books, child.id, owner, rung)] if rung else [])]
                for step, users in told:
                    found |= {f"passed:{row.plan_id or child.id}:{row.kind}:{step}:{row.due_on}:{user_id}" for user_id in users}
    return found


def written(since: datetime.datetime, start: str) -> set[str]:
    """The keys of the messages of one kind that were written since a moment."""
    return {row.key for row in rows("SELECT key FROM accounts_message WHERE created_at >= %s AND key LIKE %s", since, f"{start}:%")}


def present(keys: set[str]) -> set[str]:
    """Those of these keys that stand in the table, whenever they were written."""
    return {row.key for row in rows("SELECT key FROM accounts_message WHERE key = ANY(%s)", list(keys))}


def digests_of(since: datetime.datetime) -> dict[Any, int]:
    """How many digests each person was written since a moment."""
    found: dict[Any, int] = defaultdict(int)
    for row in rows("SELECT recipient_id FROM accounts_message WHERE rule = 'digest' AND created_at >= %s", since):
        found[row.recipient_id] += 1
    return found


def mailed_in_the_night(books: Books) -> list[Any]:
    """Messages about a child, or about several, that were mailed today while the policy's quiet hours held."""
    starts, ends = books.policy.quiet_from, books.policy.quiet_to
    sent = rows("SELECT id, rule, sent_at AT TIME ZONE 'Europe/London' AS at, sent_at FROM accounts_message"
                " WHERE mail = 'sent' AND (about_child IS NOT NULL OR rule IN ('digest', 'new_children'))")  # fmt: skip
    return [row for row in sent if london(row.sent_at) == books.on and (row.at.time() >= starts or row.at.time() < ends)]
