"""The list of one's children: ``visible_to`` beside the plainest SQL join that gives the same rows."""

import datetime
import statistics
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from benchmarks.report import Table, medians, milliseconds, ratio
from children.models import Child, ChildRelation
from pep import late
from pep.views.lists import COUNTED, PER_PAGE
from schools.models import Membership

PAGE = 25
IN_FORCE = "r.starts <= %(on)s AND (r.ends IS NULL OR r.ends > %(on)s)"
PLAIN: dict[str, str] = {
    "designated teacher": f"""
        JOIN children_enrolment e ON e.child_id = c.id
        JOIN schools_schoolrelation r ON r.content_object_id = e.school_id AND r.authority_id = c.authority_id
       WHERE r.user_id = %(user)s AND {IN_FORCE}
         AND e.starts <= %(on)s AND (e.ends IS NULL OR e.ends > %(on)s OR e.readable_until > %(on)s)""",
    "social worker": f"""
        JOIN children_childrelation r ON r.content_object_id = c.id
       WHERE r.user_id = %(user)s AND {IN_FORCE}""",
    "officer": f"""
        JOIN schools_localauthority a ON a.id = c.authority_id
        JOIN schools_virtualschoolrelation r ON r.content_object_id = a.virtual_school_id
       WHERE r.user_id = %(user)s AND {IN_FORCE}""",
}


class DifferentRows(AssertionError):
    """The product and the plain join do not find the same children."""


@dataclass(frozen=True)
class Listed:
    """One person's list: the statements that make it, and the plain join beside them."""

    who: str
    user: User
    children: int
    ours: list[str]
    plain: str


def people() -> dict[str, User]:
    """The teacher of the first school, the first social worker, and an officer of the large authority."""
    first = Child.objects.get(identifier="C1")
    worker = ChildRelation.objects.get(content_object=first, permission__codename="social_worker").user
    teachers = Membership.objects.filter(school__urn=100001, authority=first.authority).order_by("user__email")
    officers = Membership.objects.filter(role="officer", virtual_school=first.authority.virtual_school).order_by("user__email")
    return {"designated teacher": teachers[0].user, "social worker": worker, "officer": officers[0].user}


def plain_sql(who: str, user: User, on: datetime.date) -> str:
    """The page's rows by the plainest join, with its values put in. All columns, because the page's children have them all."""
    columns = ", ".join(f"c.{field.column}" for field in Child._meta.concrete_fields)
    statement = f"SELECT {columns} FROM children_child c {PLAIN[who]} AND c.merged_into_id IS NULL ORDER BY c.sort_key, c.id LIMIT {PAGE}"
    with connection.cursor() as cursor:
        return str(cursor.mogrify(statement, {"user": user.pk, "on": on}))


def listed(who: str, user: User, on: datetime.date) -> Listed:
    """Both ways to one person's list. Raises DifferentRows."""
    Child.objects.visible_to(user)  # a process learns once which permission stands for which relation
    with CaptureQueriesContext(connection) as captured:
        found = [child.pk for child in Child.objects.visible_to(User.objects.get(pk=user.pk))[:PAGE]]
    plain = plain_sql(who, user, on)
    with connection.cursor() as cursor:
        cursor.execute(plain)
        names = [column.name for column in cursor.description]
        rows = [row[names.index("id")] for row in cursor.fetchall()]
    if rows != found:
        raise DifferentRows(who)
    # The first statement reads the person, which every page does once.
    ours = [query["sql"] for query in captured.captured_queries[1:]]
    return Listed(who, user, Child.objects.visible_to(user).count(), ours, plain)


def explained(statements: list[str]) -> tuple[float, float]:
    """Seconds in the database for these statements: planning, execution."""
    planning = execution = 0.0
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(f"EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) {statement}".replace("%", "%%"), [])
            (plan,) = cursor.fetchone()[0]
            planning, execution = planning + plan["Planning Time"] / 1000, execution + plan["Execution Time"] / 1000
    return planning, execution


def row(one: Listed, rounds: int) -> tuple[str, ...]:
    """One person's line of the table."""
    ours, plain = [], []
    for number in range(rounds + 2):
        pair = explained(one.ours), explained([one.plain])
        if number > 1:  # the first two only bring the rows into memory
            ours.append(pair[0])
            plain.append(pair[1])
    mine, theirs = (statistics.median(sum(times) for times in side) for side in (ours, plain))
    executing, plainly = (statistics.median(times[1] for times in side) for side in (ours, plain))
    through, joined = medians([lambda: list(Child.objects.visible_to(one.user)[:PAGE]), lambda: fetched(one.plain)], rounds)
    return (
        f"{one.who}, {one.children:,} children", str(len(one.ours)), milliseconds(mine), milliseconds(theirs),
        f"**{ratio(mine, theirs)}**", ratio(executing, plainly), milliseconds(through), milliseconds(joined),
    )  # fmt: skip


def fetched(statement: str) -> list[Any]:
    """The rows of a statement."""
    with connection.cursor() as cursor:
        cursor.execute(statement.replace("%", "%%"), [])
        return list(cursor.fetchall())


def run(rounds: int) -> Table:
    """The table of three people's lists. Raises DifferentRows."""
    on, rows = timezone.localdate(), []
    for who, user in people().items():
        rows.append(row(listed(who, user, on), rounds))
    return Table(
        "The list of one's children",
        f"`Child.objects.visible_to(user)`, the first {PAGE} by name, beside the plainest SQL join that gives the same rows (checked). "
        "Milliseconds in the database are planning and execution of every statement, by EXPLAIN ANALYZE, with everything in memory. "
        "Goal: at most 10 ms and 1.5 times the join.",
        ("", "statements", "ms in the database", "join", "ratio", "ratio, execution alone", "ms with Django", "join by psycopg"),
        rows,
    )


def overseers() -> dict[str, tuple[User, Any]]:
    """Whoever answers for others' work: the officer of the large authority and of an ordinary one, each with the children they see."""
    large = people()["officer"]
    ordinary = Membership.objects.filter(role="officer").exclude(user=large).order_by("-virtual_school__name", "user__email")
    found = {"officer of the large authority": large, "officer of an ordinary one": ordinary[0].user}
    return {who: (user, Child.objects.visible_to(user)) for who, user in found.items()}


def run_late(rounds: int) -> Table:
    """The table of what is late on the first page of those who answer for others' work."""
    on, rows = timezone.localdate(), []
    for who, (_, children) in overseers().items():

        def page(children: Any = children) -> list[late.Line]:
            return late.lines(late.late_rows(children, on)[:PER_PAGE], on)

        with CaptureQueriesContext(connection) as captured:
            shown = len(page())
        statements = [query["sql"] for query in captured.captured_queries]
        seconds = statistics.median(sum(explained(statements)) for _ in range(max(2, rounds // 2)))
        through, counting, everything = medians(
            [
                page,
                lambda children=children: late.how_many_late(children, on, COUNTED),  # type: ignore[misc]
                lambda children=children: late.lines(late.late_rows(children, on), on),  # type: ignore[misc]
            ],
            max(2, rounds // 4),
        )
        rows.append(
            (
                f"{who}, {children.count():,} children", str(shown), str(len(statements)), milliseconds(seconds), milliseconds(through),
                milliseconds(counting), milliseconds(everything),
            )
        )  # fmt: skip
    return Table(
        "What is late, on the first page",
        f"`pep.late`: the first {PER_PAGE} lines with reason, what is missing and who holds it, for people who see so many children among"
        " everybody's. Then how many are late, and all lines as the sheet has them.",
        ("", "lines", "statements", "ms in the database", "ms with Django", "ms to count", "ms for the sheet"),
        rows,
    )
