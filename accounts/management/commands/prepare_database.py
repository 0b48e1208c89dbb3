"""Bring a database up to date in one step, as the tables' owner: migrations, the cache's table, the application role's privileges."""

from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand


class Command(BaseCommand):
    # The pages are not needed, and need not be sound, for the tables to be.
    requires_system_checks: list[str] = []
    help = "migrate, createcachetable and set_privileges, in this order. Run it as the tables' owner at each installation and upgrade."

    def handle(self, *args: Any, **options: Any) -> None:
        """Run the three commands; each may be run again at any time."""
        call_command("migrate", interactive=False, verbosity=0)
        call_command("createcachetable")
        call_command("set_privileges", stdout=self.stdout)
