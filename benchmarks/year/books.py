"""Everything that is known of the authority on a day: rows as plain SQL, by nothing of the product's."""

import datetime
import json
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection

LONDON = ZoneInfo("Europe/London")


def rows(statement: str, *parameters: Any) -> list[Any]:
    """The rows of a statement, with their columns as names."""
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        names = [column[0] for column in cursor.description]
        return [SimpleNamespace(**dict(zip(names, row, strict=True))) for row in cursor.fetchall()]


def london(at: datetime.datetime) -> datetime.date:
    """The day in London."""
    return at.astimezone(LONDON).date()


def holds(row: Any, on: datetime.date) -> bool:
    """Whether a half-open period holds on a day."""
    return bool(row.starts <= on and (row.ends is None or row.ends > on))


def grouped(found: Iterable[Any], by: str) -> dict[Any, list[Any]]:
    """Rows by one of their columns."""
    groups: dict[Any, list[Any]] = defaultdict(list)
    for row in found:
        groups[getattr(row, by)].append(row)
    return groups


@dataclass
class Books:
    """Everything that is known, as it stands on a day."""

    on: datetime.date
    children: dict[Any, Any] = field(default_factory=dict)
    policy: Any = None
    policies: list[Any] = field(default_factory=list)  # this one and those before it, the oldest first
    terms: dict[Any, list[Any]] = field(default_factory=dict)
    care: dict[Any, list[Any]] = field(default_factory=dict)
    reviews: dict[Any, list[Any]] = field(default_factory=dict)
    plans: dict[Any, list[Any]] = field(default_factory=dict)
    moves: dict[Any, list[Any]] = field(default_factory=dict)
    enrolments: dict[Any, list[Any]] = field(default_factory=dict)
    allocations: dict[Any, list[Any]] = field(default_factory=dict)
    earlier: dict[Any, list[Any]] = field(default_factory=dict)
    submitted: dict[Any, datetime.date] = field(default_factory=dict)
    users: dict[Any, Any] = field(default_factory=dict)
    members: list[Any] = field(default_factory=list)
    dated: dict[tuple[Any, str], str] = field(default_factory=dict)
    left_behind: set[Any] = field(default_factory=set)  # plans that a change of school closed


def read(on: datetime.date) -> Books:
    """Open the books."""
    books = Books(on)
    books.children = {row.id: row for row in rows("SELECT id, date_of_birth AS born FROM children_child")}
    books.policies = rows("SELECT * FROM schools_policy WHERE starts <= %s AND ends IS DISTINCT FROM starts ORDER BY starts", on)
    (books.policy,) = [row for row in books.policies if holds(row, on)]
    books.policy.reminder_days = json.loads(books.policy.reminder_days)
    books.terms = grouped(
        rows("SELECT school_id, academic_year, starts, ends, plans_due_on AS due_on, id FROM schools_term ORDER BY starts"), "school_id"
    )
    books.care = grouped(rows("SELECT child_id, starts, ends, legal_status FROM children_careperiod ORDER BY starts"), "child_id")
    books.reviews = grouped(rows('SELECT child_id, "on", state FROM children_carereview ORDER BY "on"'), "child_id")
    books.plans = grouped(
        rows(
            "SELECT p.id, p.child_id, p.state, p.state_since, p.due_on, p.created_at, p.completed_at, p.reopened, p.term_id, p.due_reason,"
            " p.version, p.corrects_id, m.state AS meeting, m.starts_at AS met_at, m.exception_because AS exception"
            " FROM pep_plan p JOIN pep_meeting m ON m.plan_id = p.id ORDER BY p.created_at"
        ),
        "child_id",
    )
    for plan in (plan for group in books.plans.values() for plan in group):
        plan.reopened = json.loads(plan.reopened)
    books.moves = grouped(
        rows("SELECT child_id, starts_on, to_school_id FROM pep_move WHERE state = 'confirmed' ORDER BY starts_on"), "child_id"
    )
    books.enrolments = grouped(
        rows("SELECT child_id, school_id, starts, ends, readable_until FROM children_enrolment WHERE kind = 'main'"), "child_id"
    )
    books.allocations = grouped(rows("SELECT child_id, role, worker_id, team_id, starts, ends FROM children_allocation"), "child_id")
    books.earlier = grouped(
        rows("SELECT child_id, plan_date FROM pep_earlierplan WHERE review = 'yes' AND withdrawn_at IS NULL"), "child_id"
    )
    for row in rows("SELECT plan_id, min(at) AS at FROM pep_planevent WHERE action = 'submit' GROUP BY plan_id"):
        books.submitted[row.plan_id] = london(row.at)
    books.left_behind = {row.plan_id for row in rows("SELECT DISTINCT plan_id FROM pep_planevent WHERE action = 'change_school'")}
    books.users = {row.id: row for row in rows("SELECT id, is_active, expires_on, password FROM accounts_user")}
    books.members = rows("SELECT user_id, role, school_id, team_id, starts, ends FROM schools_membership")
    # The oldest plan first, so that what a newer one says of the same thing takes the place of it.
    found = rows(
        "SELECT p.child_id, p.id AS plan_id, s.answers ->> 'sdq_date' AS sdq_date, s.answers ->> 'ehcp_review' AS ehcp_review,"
        " s.answers ->> 'sen_status' AS status FROM pep_section s JOIN pep_plan p ON p.id = s.plan_id"
        " WHERE s.key IN ('wellbeing', 'special_needs') AND p.state NOT IN ('cancelled', 'closed') ORDER BY p.created_at, p.id"
    )
    live = [plan for group in books.plans.values() for plan in group if plan.state not in ("cancelled", "closed")]
    corrected = {plan.corrects_id for plan in live if plan.corrects_id}
    for row in (row for row in found if row.plan_id not in corrected):
        if row.sdq_date:
            books.dated[row.child_id, "sdq_date"] = row.sdq_date
        if row.status not in (None, "E"):
            books.dated.pop((row.child_id, "ehcp_review"), None)
        elif row.ehcp_review:
            books.dated[row.child_id, "ehcp_review"] = row.ehcp_review
    return books
