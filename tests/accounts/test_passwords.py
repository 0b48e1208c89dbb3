"""Which passwords are taken: long ones, of whatever characters; not the ones everybody tries."""

import pytest
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError

from accounts.models import User

ANNA = User(email="annabel.turner@example.test", name="Annabel Turner")

TAKEN = [
    "marigold teaspoon orbit",
    "a1b2c3d4e5f6",
    "ÄÖÜäöüßéèêëñ",
    "    spaces at both ends    ",
    "пароль из четырёх слов",
    "纸船 灯笼 苹果 冬天 铁路 早上",
    "<script>alert('x')</script>",
    "correct horse battery staple 9!" * 8,  # 248 characters
    "school trip to the seaside",
]
REFUSED = {
    "short": "tea sp00n!",
    "eleven characters": "abcdefghij1",
    "well known": "administrator",
    "well known with a tail": "password123456!",
    "well known between signs": "!!!football2026",
    "one key": "aaaaaaaaaaaaaaaa",
    "two keys": "ababababababab",
    "words of the service": "virtualschool2026",
    "the product": "Education-Plans-1",
    "the role": "DesignatedTeacher!",
    "the name": "annabelturner",
    "the name with a tail": "AnnabelTurner1",
    "the address": "annabel.turner@example.test",
}


@pytest.mark.parametrize("password", TAKEN)
def test_a_good_password_is_taken(password: str) -> None:
    """B4."""
    validate_password(password, ANNA)


@pytest.mark.parametrize("password", REFUSED.values(), ids=REFUSED)
def test_an_easy_password_is_refused(password: str) -> None:
    """B4."""
    with pytest.raises(ValidationError):
        validate_password(password, ANNA)
