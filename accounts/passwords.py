"""What a password may not be, beyond too short: words of this service, well-known passwords with a tail, a few keys over and over."""

import re
from typing import Any

from django.contrib.auth.password_validation import CommonPasswordValidator
from django.core.exceptions import ValidationError

# Words that people who work with this service would think of first.
CONTEXT_WORDS = (
    *("personaleducationplan", "personaleducation", "educationplans", "educationplan", "virtualschool", "designatedteacher"),
    *("socialworker", "childrenincare", "lookedafter", "safeguarding", "education", "personal", "virtual", "teacher", "children"),
    *("council", "school", "social", "worker", "plans", "plan", "child", "peps", "pep", "care"),
)
FEWEST_DIFFERENT = 5
HINT = "Use 12 or more characters. Three random words work well. You can paste it from a password manager."


class NotEasyToGuess:
    """Refuses what a guesser tries first, however long it is."""

    def __init__(self) -> None:
        self.common = CommonPasswordValidator().passwords

    def validate(self, password: str, user: Any = None) -> None:
        """Raises ValidationError with what is wrong, in words that help to choose a better one."""
        plain = password.casefold()
        if len(set(plain)) < FEWEST_DIFFERENT:
            raise ValidationError("Choose a password with more different characters.", code="password_repeats")
        letters = re.sub(r"[^a-z]+", "", plain)
        for word in CONTEXT_WORDS:
            letters = letters.replace(word, "")
        if not letters and re.search("[a-z]", plain):
            raise ValidationError("Choose a password that is not made of the words of this service.", code="password_context")
        stem = re.sub(r"^[\W\d_]+|[\W\d_]+$", "", plain)
        if stem != plain and stem in self.common:
            raise ValidationError("This is a well-known password with something added. Choose another.", code="password_too_common")

    def get_help_text(self) -> str:
        """What to do, for the page."""
        return HINT
