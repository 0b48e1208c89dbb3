"""Fills an empty database with the demonstration: made-up councils, schools, people, children and their plans."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone

from schools.models import LocalAuthority, School
from virtualschool.demo.places import AUTHORITIES
from virtualschool.demo.plans import build_plans
from virtualschool.demo.register import build_register, stand_ins_among
from virtualschool.register import schools as schools_register


class Command(BaseCommand):
    """Seeds once: where the demonstration's council is already there, nothing is done."""

    help = "Fill an empty database with made-up councils, schools, people, children and plans."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Name the options."""
        parser.add_argument("--schools", metavar="FILE", help="A GIAS file: the same people are put into its schools.")

    def handle(self, *args: Any, **options: Any) -> None:
        """Seed in one transaction, so that a broken seeding leaves nothing behind."""
        if LocalAuthority.objects.filter(code=AUTHORITIES[0].code).exists():
            self.stdout.write("The demonstration is already here; nothing was changed.")
            return
        if LocalAuthority.objects.exists():
            raise CommandError("This database has authorities of its own. The demonstration is only for an empty one.")
        on = timezone.localdate()
        with transaction.atomic():
            stand_ins = self._real_schools(Path(options["schools"])) if options["schools"] else {}
            demo = build_register(on, stand_ins=stand_ins)
            count = build_plans(demo)
        self.stdout.write(
            f"Made {len(demo.children)} children, {len(demo.people)} people and {count} plans, as they are on {on:%-d %B %Y}."
        )

    def _real_schools(self, path: Path) -> dict[str, School]:
        if not path.is_file():
            raise CommandError(f"There is no file {path}.")
        with path.open("rb") as lines:
            parsed = schools_register.read(lines)
        report = schools_register.plan(parsed, timezone.localdate())
        schools_register.apply(report, by=None)
        return stand_ins_among(list(School.objects.all()))
