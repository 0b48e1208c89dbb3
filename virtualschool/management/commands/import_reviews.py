"""Brings in the authority's list of care plan reviews."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from virtualschool.management.commands._importing import add_answers, add_options, answers_in, authority_with, person, run
from virtualschool.register import reviews


class Command(BaseCommand):
    """``import_reviews FILE --authority CODE``; see docs/imports.md."""

    help = "Bring in the authority's list of care plan reviews (the SSDA903 return's reviews file). Run it with --dry-run first."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The file and what to do with it."""
        add_options(parser)
        add_answers(parser)

    def handle(self, **options: Any) -> None:
        """Read, plan, carry out, print."""
        authority, by, answers = authority_with(options["authority"]), person(options["by"]), answers_in(options["accept"])

        def read() -> reviews.ParsedReviews:
            with options["file"].open("rb") as file:
                return reviews.read(file)

        run(
            options,
            read=read,
            plan=lambda parsed, on: reviews.plan(parsed, authority, on, answers),
            apply=lambda report: reviews.apply(report, by=by),
            authority=authority,
            write=self.stdout.write,
        )
