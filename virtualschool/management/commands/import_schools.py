"""Brings in the national register of schools."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand

from virtualschool.management.commands._importing import add_options, person, run
from virtualschool.register import schools


class Command(BaseCommand):
    """``import_schools FILE [--links LINKS]``; see docs/imports.md."""

    help = "Bring in schools from a GIAS file (edubasealldata, CSV). Run it with --dry-run first."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The files and what to do with them."""
        add_options(parser)
        parser.add_argument("--links", type=Path, help="the GIAS links file, for schools that have become academies")
        parser.add_argument("--apply-successors", action="store_true", help="carry children and staff over to the school theirs has become")
        parser.add_argument(
            "--authority",
            action="append",
            default=[],
            metavar="CODE",
            help="only the schools of this authority (may be given more than once)",
        )

    def handle(self, **options: Any) -> None:
        """Read, plan, carry out, print."""
        by = person(options["by"])

        def read() -> schools.ParsedSchools:
            with options["file"].open("rb") as file:
                if options["links"] is None:
                    return schools.read(file)
                with options["links"].open("rb") as links:
                    return schools.read(file, links)

        run(
            options,
            read=read,
            plan=lambda parsed, on: schools.plan(parsed, on, la_codes=options["authority"], apply_successors=options["apply_successors"]),
            apply=lambda report: schools.apply(report, by=by),
            authority=None,
            write=self.stdout.write,
        )
