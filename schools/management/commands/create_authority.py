"""A council that looks after children, and the virtual school that works for it: the first thing a new site needs."""

from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from schools.management.virtual_schools import virtual_school_called
from schools.models import LocalAuthority

DIGITS = 3


class Command(BaseCommand):
    """Make a local authority with its virtual school."""

    help = "Make the local authority with the DfE number CODE, called NAME, whose children a virtual school looks after."

    def add_arguments(self, parser: CommandParser) -> None:
        """Which authority, and which virtual school."""
        parser.add_argument("code", help="its DfE number: three digits, such as 926")
        parser.add_argument("name")
        parser.add_argument("--virtual-school", required=True, help="the name of its virtual school")
        parser.add_argument("--new", action="store_true", help="make the virtual school as well")

    def handle(self, *args: Any, **options: Any) -> None:
        """Raises CommandError when the number is wrong, the authority is there already, or the virtual school is not known."""
        code, name = options["code"].strip(), options["name"].strip()
        if not (len(code) == DIGITS and code.isascii() and code.isdigit()):
            raise CommandError(f"The DfE number of an authority is three digits, such as 926; {code} is not.")
        with transaction.atomic():
            virtual_school = virtual_school_called(options["virtual_school"], new=options["new"])
            authority = LocalAuthority(code=code, name=name, virtual_school=virtual_school)
            try:
                authority.full_clean()
            except ValidationError as error:
                raise CommandError("; ".join(error.messages)) from error
            authority.save()
        self.stdout.write(f"{authority} ({code}) is there, with {virtual_school}. Next: its children’s list, or its first administrator.")
