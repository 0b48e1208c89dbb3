"""A fictitious nation in care, made by set-based SQL: places, people, children and who works with them. Plans are in nation_plans.py.

Everything follows from a child's number by arithmetic, so two nations of one size and day are alike. The first authority is the large
one (1,500 children of 85,000) with sections and history in full; the first school teaches ten of its children. Needs PostgreSQL 18,
which the embedded one is.
"""

import datetime
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import connection, models
from django.db.backends.utils import CursorWrapper

from accounts.models import User
from children.models import Allocation, CarePeriod, Child, ChildRelation, Enrolment, Placement
from schools.models import (
    LocalAuthority,
    Membership,
    Policy,
    School,
    SchoolRelation,
    Team,
    TeamRelation,
    Term,
    VirtualSchool,
    VirtualSchoolRelation,
)

FULL = 85_000


@dataclass(frozen=True)
class Size:
    """How many of everything."""

    children: int
    first: int  # children of the first authority
    authorities: int
    schools: int
    years: int = 3

    @classmethod
    def of(cls, children: int) -> "Size":
        """A nation of so many children, in the proportions of England. Raises ValueError below 100, where it would have no shape."""
        if children < 100:
            raise ValueError("a nation has 100 children or more")
        authorities = max(3, round(150 * children / FULL))
        schools = max(4 * authorities, 21_000 * children // FULL)
        return cls(children, min(1500, children // 2), authorities, schools)


def insert(cursor: CursorWrapper, model: type[models.Model], columns: Mapping[str, str], source: str, parameters: Any = ()) -> int:
    """``INSERT … SELECT``: SQL expressions for these columns, for every other one what Django would put there. Returns how many rows."""
    chosen, values, defaults = [], [], []
    for field in model._meta.concrete_fields:
        name = str(field.column)
        if name in columns:
            value = columns[name]
        elif name == "id":
            value = "uuidv7()"
        elif isinstance(field, models.DateTimeField) and (field.auto_now or field.auto_now_add):
            value = "now()"
        elif field.null:
            continue
        else:
            value = f"%s::{field.db_type(connection)}"
            defaults.append(field.get_db_prep_save(field.get_default(), connection))
        chosen.append(connection.ops.quote_name(name))
        values.append(value)
    unknown = set(columns) - {field.column for field in model._meta.concrete_fields}
    if unknown:
        raise ValueError(f"{model.__name__} has no column {', '.join(sorted(unknown))}")
    # The parameters of the source come after those of the defaults, so columns' own expressions hold none.
    statement = f"INSERT INTO {model._meta.db_table} ({', '.join(chosen)}) SELECT {', '.join(values)} FROM {source}"
    cursor.execute(statement, [*defaults, *parameters])
    return cursor.rowcount


def permission(model: str, codename: str) -> str:
    """SQL for the id of the permission that stands for a relation."""
    return (
        "(SELECT p.id FROM auth_permission p JOIN django_content_type c ON c.id = p.content_type_id"
        f" WHERE c.model = '{model}' AND p.codename = {codename})"
    )


def pick(words: str, number: str) -> str:
    """SQL for one of some words, by a number."""
    listed = ", ".join(f"'{word}'" for word in words.split())
    return f"(ARRAY[{listed}])[1 + mod({number}, {len(words.split())})]"


FAMILY = "Abbot Ahmed Bell Brook Carr Chan Dale Dhillon Ellis Farah Frost Grant Hale Hussain Iqbal Jones Kaur Kelly Lamb Lowe"
FAMILY += " Marsh Mensah Nash Novak Oduya Page Patel Quinn Rahman Reed Shah Silva Stone Tran Usman Vance Ward Yates Young Zaman"
GIVEN = "Ada Aisha Alfie Amir Bea Ben Carys Dev Ella Ezra Femi Gita Hamza Ines Jack Kai Lily Maya Noor Omar Poppy Rosa Sami Tess Zac"


def places(cursor: CursorWrapper, size: Size, on: datetime.date) -> None:
    """Virtual schools, authorities, their policies, terms and teams; schools."""
    cursor.execute(
        "CREATE TEMP TABLE b_authority AS SELECT n, uuidv7() AS id, uuidv7() AS virtual_school FROM generate_series(1, %s) AS n",
        [size.authorities],
    )
    insert(cursor, VirtualSchool, {"id": "virtual_school", "name": "'Virtual School ' || n"}, "b_authority")
    insert(
        cursor, LocalAuthority,
        {"id": "id", "code": "to_char(n, 'FM000')", "name": "'Authority ' || n", "virtual_school_id": "virtual_school"}, "b_authority",
    )  # fmt: skip
    insert(
        cursor, Policy,
        {"authority_id": "id", "starts": f"'{on}'::date - 1500", "review_months": "4"}, "b_authority",
    )  # fmt: skip
    terms = "(VALUES ('autumn', 9, 1, 12, 19), ('spring', 1, 5, 4, 2), ('summer', 4, 20, 7, 22)) AS t (name, m1, d1, m2, d2)"
    starts, ends = "make_date(y + (m1 < 9)::int, m1, d1)", "make_date(y + (m1 < 9)::int, m2, d2)"
    insert(
        cursor, Term,
        {"authority_id": "b_authority.id", "academic_year": "y", "name": "t.name", "starts": starts, "ends": ends,
         "plans_due_on": f"{ends} - 14"},
        f"b_authority, {terms}, generate_series(%s, %s) AS y", [on.year - size.years - 1, on.year + 1],
    )  # fmt: skip
    cursor.execute(
        "CREATE TEMP TABLE b_school AS SELECT n, 1 + mod(n - 1, %s) AS authority, uuidv7() AS id FROM generate_series(1, %s) AS n",
        [size.authorities, size.schools],
    )
    insert(
        cursor, School,
        {"id": "id", "urn": "100000 + n", "name": f"{pick(FAMILY, 'n')} || ' School ' || n", "status": "'Open'"},
        "b_school",
    )  # fmt: skip


def children(cursor: CursorWrapper, size: Size, on: datetime.date) -> None:
    """The children, all in care, and their number within their authority: teams and workers follow from it."""
    per_authority = size.schools // size.authorities
    cursor.execute(
        """
        CREATE TEMP TABLE b_child AS
        SELECT c.*, uuidv7() AS id, row_number() OVER (PARTITION BY authority ORDER BY n) AS ordinal,
               -- One in fifty has no school; one in five goes to school anywhere in the country.
               CASE WHEN n <= 10 THEN 1 WHEN mod(n, 50) = 49 THEN NULL WHEN mod(n, 5) = 0 THEN 2 + mod(n * 7919::bigint, %(schools)s - 1)
                    ELSE authority + %(authorities)s * (1 + mod(n, %(each)s - 1)) END AS school,
               2 + mod(n * 104729::bigint, %(schools)s - 1) AS earlier_school,
               mod(n, 40) = 0 AS moved
          FROM (SELECT n, CASE WHEN n <= %(first)s THEN 1 ELSE 2 + mod(n, %(authorities)s - 1) END AS authority
                  FROM generate_series(1, %(children)s) AS n) AS c
        """,
        {
            "schools": size.schools, "authorities": size.authorities, "each": per_authority, "first": size.first, "children": size.children,
        },
    )  # fmt: skip
    cursor.execute("CREATE UNIQUE INDEX ON b_child (n); ANALYZE b_child; ANALYZE b_school; ANALYZE b_authority")
    given, family = pick(GIVEN, "c.n"), pick(FAMILY, "c.n / 7")
    source = "b_child c JOIN b_authority a ON a.n = c.authority"
    insert(
        cursor, Child,
        {"id": "c.id", "authority_id": "a.id", "reference": "translate(to_char(c.n, 'FM0000000'), '0123456789', 'BCDFGHJKLM')",
         "identifier": "'C' || c.n", "given_name": given, "family_name": family, "sort_key": f"lower({family} || ' ' || {given})",
         "date_of_birth": f"'{on}'::date - (365 * (5 + mod(c.n, 13)) + mod(c.n, 365))"},
        source,
    )  # fmt: skip
    in_care = "'" + str(on) + "'::date - (700 + mod(n, 900))"
    insert(cursor, CarePeriod, {"child_id": "id", "starts": in_care, "legal_status": "'C2'"}, "b_child")
    insert(cursor, Placement, {"child_id": "id", "starts": in_care, "kind": "'Foster care'", "carer": "'The carers'"}, "b_child")
    changed = f"'{on}'::date - CASE WHEN moved THEN 5 ELSE 400 END"
    insert(
        cursor, Enrolment,
        {"child_id": "c.id", "school_id": "s.id", "starts": f"'{on}'::date - 1600", "ends": changed, "readable_until": f"{changed} + 15"},
        "b_child c JOIN b_school s ON s.n = c.earlier_school",
    )  # fmt: skip
    insert(cursor, Enrolment, {"child_id": "c.id", "school_id": "s.id", "starts": changed}, "b_child c JOIN b_school s ON s.n = c.school")


# Who works where. A place is a school's or an authority's number; ``number`` is the person's within the place. {last}: numbers there are.
POSTS: tuple[tuple[str, str, str], ...] = (
    ("designated_teacher", "b_school", "1 + (mod(place, 3) = 0)::int"),
    ("social_worker", "b_authority", "(children + 19) / 20"),
    ("reviewing_officer", "b_authority", "(children + 59) / 60"),
    ("team_manager", "b_authority", "(children + 139) / 140"),
    ("deputy_manager", "b_authority", "(children + 139) / 140"),
    ("officer", "b_authority", "3"),
    ("head", "b_authority", "1"),
    ("business_support", "b_authority", "1"),
    ("account_administrator", "b_authority", "1"),
)


def people(cursor: CursorWrapper, size: Size, on: datetime.date) -> None:
    """Everyone with an account: designated teachers at each school, the workers and managers of each authority, its virtual school."""
    cursor.execute("CREATE TEMP TABLE b_person (id uuid, role text, place int, number int, n int GENERATED ALWAYS AS IDENTITY)")
    for role, table, last in POSTS:
        cursor.execute(
            f"""
            INSERT INTO b_person (id, role, place, number)
            SELECT uuidv7(), %s, place, number
              FROM (SELECT t.n AS place, (SELECT count(*) FROM b_child c WHERE c.authority = t.n)::int AS children FROM {table} t) AS p,
                   LATERAL generate_series(1, {last}) AS number
            """
            if table == "b_authority"
            else f"""
            INSERT INTO b_person (id, role, place, number)
            SELECT uuidv7(), %s, place, number FROM (SELECT n AS place FROM {table}) AS p, LATERAL generate_series(1, {last}) AS number
            """,
            [role],
        )
    cursor.execute("CREATE UNIQUE INDEX ON b_person (role, place, number); ANALYZE b_person")
    insert(
        cursor, User,
        # Not a hash of anything: nobody can sign in with a password, and yet there is one.
        {"id": "id", "name": f"{pick(GIVEN, 'n')} || ' ' || {pick(FAMILY, 'n / 3')}", "email": "'person' || n || '@example.org'",
         "password": "'nothing$matches$this'"},
        "b_person",
    )  # fmt: skip


def memberships(cursor: CursorWrapper, size: Size, on: datetime.date) -> None:
    """Roles at places with the guardian rows that follow from them, as saving a membership would write them."""
    cursor.execute(
        "CREATE TEMP TABLE b_team AS SELECT place AS authority, number, uuidv7() AS id FROM b_person WHERE role = 'team_manager'"
    )
    named = {"id": "t.id", "authority_id": "a.id", "name": "'Team ' || number"}
    insert(cursor, Team, named, "b_team t JOIN b_authority a ON a.n = t.authority")
    common = {"user_id": "p.id", "role": "p.role", "starts": f"'{on}'::date - 900"}
    # A teacher is vouched for by each authority with a child at the school.
    pairs = "(SELECT DISTINCT school, authority FROM b_child WHERE school IS NOT NULL)"
    insert(
        cursor, Membership, {**common, "school_id": "s.id", "authority_id": "a.id"},
        f"{pairs} AS w JOIN b_school s ON s.n = w.school JOIN b_authority a ON a.n = w.authority"
        " JOIN b_person p ON p.role = 'designated_teacher' AND p.place = w.school",
    )  # fmt: skip
    insert(
        cursor, Membership, {**common, "team_id": "t.id"},
        "b_person p JOIN b_team t ON t.authority = p.place AND t.number = p.number WHERE p.role IN ('team_manager', 'deputy_manager')",
    )  # fmt: skip
    insert(
        cursor, Membership, {**common, "virtual_school_id": "a.virtual_school"},
        "b_person p JOIN b_authority a ON a.n = p.place"
        " WHERE p.role IN ('officer', 'head', 'business_support', 'account_administrator')",
    )  # fmt: skip
    for table, place in ((SchoolRelation, "school"), (TeamRelation, "team"), (VirtualSchoolRelation, "virtual_school")):
        values = {
            "source": "m.id", "user_id": "m.user_id", "authority_id": "m.authority_id", "starts": "m.starts",
            "content_object_id": f"m.{place}_id", "permission_id": permission(place.replace("_", ""), "m.role"),
        }  # fmt: skip
        insert(cursor, table, values, f"schools_membership m WHERE m.{place}_id IS NOT NULL")


def allocations(cursor: CursorWrapper, size: Size, on: datetime.date) -> None:
    """A social worker for each child (one in 33 has only the team) and a reviewing officer, with their guardian rows."""
    began = f"'{on}'::date - 300"
    workers = "b_person w ON w.role = 'social_worker' AND w.place = c.authority AND w.number = 1 + (c.ordinal - 1) / 20"
    insert(
        cursor, Allocation,
        {"child_id": "c.id", "role": "'social_worker'", "team_id": "t.id", "starts": began,
         "worker_id": "CASE WHEN c.n > 20 AND mod(c.n, 33) = 32 THEN NULL ELSE w.id END"},
        f"b_child c JOIN b_team t ON t.authority = c.authority AND t.number = 1 + (c.ordinal - 1) / 140 JOIN {workers}",
    )  # fmt: skip
    insert(
        cursor, Allocation, {"child_id": "c.id", "role": "'reviewing_officer'", "worker_id": "w.id", "starts": began},
        f"b_child c JOIN {workers.replace('social_worker', 'reviewing_officer').replace('/ 20', '/ 60')}",
    )  # fmt: skip
    insert(
        cursor, ChildRelation,
        {"source": "l.id", "user_id": "l.worker_id", "starts": "l.starts", "content_object_id": "l.child_id",
         "permission_id": permission("child", "l.role")},
        "children_allocation l WHERE l.worker_id IS NOT NULL",
    )  # fmt: skip


Step = Callable[[CursorWrapper, Size, datetime.date], None]
STEPS: tuple[tuple[str, Step], ...] = (
    ("places", places),
    ("children", children),
    ("people", people),
    ("memberships and their relations", memberships),
    ("allocations and their relations", allocations),
)
