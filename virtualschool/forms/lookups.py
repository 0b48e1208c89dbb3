"""Finding a school or a person by what people have at hand: a number, an address."""

from django.core.exceptions import ValidationError
from django.utils import timezone

from accounts.models import User
from schools.models import LocalAuthority, School
from virtualschool.register.people import colleagues


def school_with_number(urn: str) -> School:
    """The school with this URN. Raises ValidationError when there is none."""
    digits = "".join(urn.split())
    school: School | None = (
        School.objects.filter(urn=int(digits)).first() if digits.isascii() and digits.isdigit() and len(digits) <= 7 else None
    )
    if school is None:
        raise ValidationError("No school in the register has this URN. Look it up in the list of schools.")
    return school


def colleague_with_address(email: str, authority: LocalAuthority, *, by: User) -> User:
    """The person with this e-mail address who works for the authority, other than ``by``.

    Raises ValidationError, in the same words whether nobody has the address or somebody who works for others: which addresses there are
    in the whole country is not for one authority to find out.
    """
    person: User | None = colleagues(authority, timezone.localdate()).filter(email=email.strip().lower(), is_active=True).first()
    if person is None:
        raise ValidationError(
            f"Nobody with this address is known to work for {authority}. An account administrator can add them, or give them a team."
        )
    if person == by:
        raise ValidationError("You cannot allocate yourself. Ask a colleague.")
    return person
