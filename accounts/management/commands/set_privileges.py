"""Give the application's database role exactly what accounts/privileges.py says. Run after each migrate, as the tables' owner."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import connection, transaction
from psycopg import sql

from accounts.privileges import GUARD, allowed, append_only_tables, privilege_problems, tables

GUARD_FUNCTION = f"""
CREATE OR REPLACE FUNCTION {GUARD}() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% only grows: its rows are never changed or removed', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$
"""


def set_privileges(role: str) -> None:
    """Grant, revoke and guard in one transaction. Raises ProgrammingError when the connected role does not own the tables."""
    name = sql.Identifier(role)
    append_only = frozenset(append_only_tables())
    statements: list[sql.Composable] = [
        sql.SQL("GRANT USAGE ON SCHEMA public TO {}").format(name),
        sql.SQL("REVOKE CREATE ON SCHEMA public FROM PUBLIC, {}").format(name),
        sql.SQL(GUARD_FUNCTION),
    ]
    for table in tables(role):
        wanted = allowed(table.name, append_only)
        if table.granted != wanted:
            target = sql.Identifier(table.name)
            statements.append(sql.SQL("REVOKE ALL ON {} FROM PUBLIC, {}").format(target, name))
            granted = sql.SQL(", ").join(sql.SQL(privilege) for privilege in sorted(wanted))
            statements.append(sql.SQL("GRANT {} ON {} TO {}").format(granted, target, name))
        if table.guarded != (table.name in append_only):
            statements.append(guard(table.name) if table.name in append_only else unguard(table.name))
    statements.append(sql.SQL("GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {}").format(name))
    with transaction.atomic(), connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement.as_string(cursor.connection))


def unguard(table: str) -> sql.Composable:
    """The statement that takes the trigger from a table."""
    return sql.SQL("DROP TRIGGER IF EXISTS {} ON {}").format(sql.Identifier(GUARD), sql.Identifier(table))


def guard(table: str) -> sql.Composable:
    """The statement that puts the trigger on a table, enabled, whatever was there before."""
    return sql.SQL("{}; CREATE TRIGGER {} BEFORE UPDATE OR DELETE ON {} FOR EACH ROW EXECUTE FUNCTION {}()").format(
        unguard(table), sql.Identifier(GUARD), sql.Identifier(table), sql.Identifier(GUARD)
    )


class Command(BaseCommand):
    # The pages are not needed, and need not be sound, for the tables to be.
    requires_system_checks: list[str] = []
    help = "Give the application's database role exactly what it needs: rows of ordinary tables, and only adding to history and logs."

    def handle(self, *args: Any, **options: Any) -> None:
        """Set, then compare with the catalogue."""
        role = settings.APPLICATION_ROLE
        set_privileges(role)
        problems = privilege_problems(role)
        if problems:
            raise CommandError("\n".join(problems))
        self.stdout.write(f"{role}: every table as it should be; {len(append_only_tables())} only grow.")
