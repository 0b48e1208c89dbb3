"""What in a text tells a reader which child it is about: for texts that leave the product, where anybody may read them."""

import re
from collections.abc import Iterable, Iterator

from children.models import Child

# What many schools' names have in common: it says of no school which it is.
OF_ANY_SCHOOL = frozenset(
    ["the", "school", "schools", "academy", "college", "centre", "center", "unit", "service", "nursery", "infant", "infants", "junior",
     "primary", "middle", "secondary", "high", "grammar", "upper", "lower", "sixth", "form", "community", "church", "voluntary",
     "controlled", "aided", "catholic", "rc", "ce", "c", "e", "of", "england", "foundation", "free", "special", "pupil", "referral",
     "girls", "girls'", "boys", "boys'", "and", "for", "all-through", "trust"]
)  # fmt: skip
LONG_NAME = 5  # letters from which a name counts as the beginning of any longer word too: "Sam" begins "same"


def names_child(text: str, child: Child) -> bool:
    """Whether a text holds a name of a child, initials, a number the child is known by, or the name of a school the child goes or went to.

    A name counts with what is written together with it ("Millies", "MillieB"), a number however it is spaced.
    """
    squeezed = re.sub(r"[\W_]", "", text).casefold()
    numbers = [re.sub(r"[\W_]", "", number).casefold() for number in (child.reference, child.upn, child.uln, child.identifier)]
    names = {*child.given_name.split(), *child.family_name.split(), *child.known_as.split()}
    return (
        any(_has_name(text, name) for name in names)
        or any(re.search(rf"(?<!\w){initials}(?!\w)", text) for initials in _initials(child))
        or any(len(number) >= LONG_NAME and number in squeezed for number in numbers)
        or any(_has_word(text, number) for number in (child.reference, child.identifier) if number)
        or any(_has_word(text, words) for words in _school_words(child.enrolments.values_list("school__name", flat=True)))
    )


def _has_word(text: str, words: str) -> bool:
    spaced = r"\s+".join(re.escape(word) for word in words.split())
    return re.search(rf"(?<!\w){spaced}(?!\w)", text, re.IGNORECASE) is not None


def _has_name(text: str, name: str) -> bool:
    """A long name as the beginning of a word; a short one as a word, in the plural, or run together with what has a capital."""
    after = "" if len(name) >= LONG_NAME else r"(?:['’]?s)?(?![^\W\d_A-Z])"
    return re.search(rf"(?<!\w)(?i:{re.escape(name)}){after}", text) is not None


def _initials(child: Child) -> Iterator[str]:
    """Patterns of the initials of each first name with the family name: MB, M.B., M. B."""
    if not child.family_name:
        return
    for first in {child.given_name[:1], child.known_as[:1]} - {""}:
        yield rf"{re.escape(first.upper())}\.?\s?{re.escape(child.family_name[0].upper())}\.?"


def _school_words(names: Iterable[str]) -> Iterator[str]:
    """Each school's name, and that of which only this school's name consists: Larkmere, of the Larkmere Academy."""
    for name in names:
        yield name
        words = [word.strip("(),.") for word in name.split()]
        while words and words[0].casefold() in OF_ANY_SCHOOL:
            words = words[1:]
        own = next((number for number, word in enumerate(words) if word.casefold() in OF_ANY_SCHOOL), len(words))
        if own:
            yield " ".join(words[:own])
