"""Finding a school or a person by what people have at hand: a number, an address."""

from django.core.exceptions import ValidationError

from accounts.models import User
from schools.models import School


def school_with_number(urn: str) -> School:
    """The school with this URN. Raises ValidationError when there is none."""
    digits = "".join(urn.split())
    school: School | None = (
        School.objects.filter(urn=int(digits)).first() if digits.isascii() and digits.isdigit() and len(digits) <= 7 else None
    )
    if school is None:
        raise ValidationError("No school in the register has this URN. Look it up in the list of schools.")
    return school


def person_with_address(email: str) -> User:
    """The person with this e-mail address. Raises ValidationError when nobody has it."""
    person: User | None = User.objects.filter(email=email.strip().lower(), is_active=True).first()
    if person is None:
        raise ValidationError("Nobody with this address is known. An account administrator can add them.")
    return person
