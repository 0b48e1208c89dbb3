"""The first account administrator, who invites everybody else in the product."""

from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.validators import validate_email
from django.db import transaction
from django.utils import timezone

from accounts import invitations
from accounts.models import User
from accounts.policy import Relation
from schools.management.virtual_schools import virtual_school_called
from schools.memberships import Organisation, give_role


class Command(BaseCommand):
    """Make a person account administrator of a virtual school, and send them an invitation."""

    help = "Make EMAIL, called NAME, account administrator of a virtual school, and send an invitation."

    def add_arguments(self, parser: CommandParser) -> None:
        """Who, and of which virtual school."""
        parser.add_argument("email")
        parser.add_argument("name")
        parser.add_argument("--virtual-school", required=True, help="its name, as it stands in the register")
        parser.add_argument("--new", action="store_true", help="make the virtual school as well")

    def handle(self, *args: Any, **options: Any) -> None:
        """Raises CommandError when the virtual school is not known, or the person has the role already."""
        email, name = options["email"].strip().lower(), options["name"].strip()
        try:
            validate_email(email)
        except ValidationError as error:
            raise CommandError(f"{email} is not an e-mail address") from error
        if not name:
            raise CommandError("The person needs a name")
        try:
            with transaction.atomic():
                virtual_school = virtual_school_called(options["virtual_school"], new=options["new"])
                user = User.objects.filter(email=email).first() or User.objects.create_user(email, name)
                give_role(
                    user, Relation.ACCOUNT_ADMINISTRATOR, virtual_school, by=None, starts=timezone.localdate(),
                    organisation=Organisation(frozenset({virtual_school.pk}), frozenset()),
                )  # fmt: skip
                invited = not user.has_usable_password()
                if invited:
                    invitations.invite(user, by=None, organisation=virtual_school.name)
        except ValidationError as error:
            raise CommandError("; ".join(error.messages)) from error
        self.stdout.write(
            f"{user.name} is account administrator of {virtual_school}." + (" An invitation is on its way." if invited else "")
        )
