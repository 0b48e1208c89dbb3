"""Take in what was sent to the product's own address: ``manage.py read_mail MAILDIR``."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from virtualschool.maildir import Found, read


class Command(BaseCommand):
    """Counts alone are printed: no address, no text."""

    help = "Take in bounces and calendars' answers from a Maildir. It may run as often as you like, and twice at once."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The Maildir."""
        parser.add_argument("maildir", type=Path, help="a directory with the directories new and cur")

    def handle(self, *args: Any, **options: Any) -> None:
        """Read it once. Raises CommandError where there is none."""
        try:
            counts = read(options["maildir"])
        except OSError as error:
            raise CommandError(str(error)) from error
        for found in Found:
            if counts[found]:
                self.stdout.write(f"{counts[found]:>6}  {found.value}")
        if not counts.total():
            self.stdout.write("Nothing new.")
