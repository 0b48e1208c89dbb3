"""What the application's database role may do, written down once and compared with the catalogue.

Two roles: the owner makes and changes tables; the application reads and writes rows. History, events, snapshots, documents and logs
it may only add to. A trigger refuses the same to the owner's plain statements, so that a slip in a console cannot rewrite the
past; only an owner who disables the trigger could, and that is a deliberate act outside the product.
"""

from dataclasses import dataclass

from django.apps import apps
from django.conf import settings
from django.db import connection
from django.db.models import Model
from simple_history.models import HistoricalChanges

READ, ADD, CHANGE, REMOVE, EMPTY = "SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE"
ORDINARY = frozenset({READ, ADD, CHANGE, REMOVE})
GROWS_ONLY = frozenset({READ, ADD})
# Written by migrations alone.
READ_ONLY_TABLES = {"django_migrations": frozenset({READ}), "django_content_type": frozenset({READ}), "auth_permission": frozenset({READ})}

GUARD = "rows_stay_as_they_are"


def append_only_models() -> list[type[Model]]:
    """Models whose rows are added and never changed: every history, and each model that says ``append_only = True``."""
    return [
        model
        for model in apps.get_models(include_auto_created=True)
        if issubclass(model, HistoricalChanges) or getattr(model, "append_only", False)
    ]


def append_only_tables() -> list[str]:
    """Their tables' names, in order."""
    return sorted(model._meta.db_table for model in append_only_models())


def allowed(table: str, append_only: frozenset[str]) -> frozenset[str]:
    """What the application's role may do with a table."""
    if table in append_only:
        return GROWS_ONLY
    return READ_ONLY_TABLES.get(table, ORDINARY)


@dataclass(frozen=True)
class Table:
    """A table as the catalogue has it."""

    name: str
    owned_by_role: bool
    granted: frozenset[str]
    guarded: bool


def tables(role: str) -> list[Table]:
    """Every table of the schema, what this role may do with it, and whether the trigger guards it."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT c.relname,
                   pg_has_role(%(role)s, c.relowner, 'USAGE'),
                   ARRAY(SELECT p FROM unnest(%(privileges)s::text[]) AS p WHERE has_table_privilege(%(role)s, c.oid, p)),
                   EXISTS (SELECT 1 FROM pg_trigger t WHERE t.tgrelid = c.oid AND t.tgname = %(guard)s AND t.tgenabled <> 'D')
              FROM pg_class c
             WHERE c.relkind IN ('r', 'p') AND c.relnamespace = 'public'::regnamespace
             ORDER BY c.relname
            """,
            {"role": role, "privileges": [READ, ADD, CHANGE, REMOVE, EMPTY], "guard": GUARD},
        )
        return [Table(name, owned, frozenset(granted), guarded) for name, owned, granted, guarded in cursor.fetchall()]


def privilege_problems(role: str | None = None) -> list[str]:
    """In plain words, where the catalogue differs from what should be, for the application's role unless another is named."""
    role = role or settings.APPLICATION_ROLE
    with connection.cursor() as cursor:
        cursor.execute("SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = %s", [role])
        row = cursor.fetchone()
    if row is None:
        return [f"the role {role} does not exist"]
    problems = [f"{role} is a superuser"] if row[0] else []
    append_only = frozenset(append_only_tables())
    found = tables(role)
    problems += [f"{name} does not exist" for name in sorted(append_only - {table.name for table in found})]
    for table in found:
        wanted = allowed(table.name, append_only)
        if table.owned_by_role:
            problems.append(f"{role} owns {table.name}")
        problems += [f"{role} may {privilege} {table.name}" for privilege in sorted(table.granted - wanted)]
        problems += [f"{role} may not {privilege} {table.name}" for privilege in sorted(wanted - table.granted)]
        if table.name in append_only and not table.guarded:
            problems.append(f"nothing guards {table.name} from its owner")
        if table.guarded and table.name not in append_only:
            problems.append(f"{table.name} is guarded and should not be")
    return problems
