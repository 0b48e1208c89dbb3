"""Whether two people on two lists may be one: names compared as people write them. Pure functions."""

import datetime
import unicodedata
from difflib import SequenceMatcher

ALIKE = 0.66  # of difflib's ratio: Mohamed and Muhammad, Katherine and Catharine are alike; Amy and Ann, Ella and Emma are not


def plain(name: str) -> str:
    """A name without accents, capitals, spaces and signs."""
    text = unicodedata.normalize("NFKD", name.casefold())
    return "".join(letter for letter in text if letter.isalnum())


def alike(a: str, b: str) -> bool:
    """Whether two names may be spellings of one: nearly the same letters, or the one short for the other (Sam, Samuel)."""
    a, b = plain(a), plain(b)
    if not a or not b:
        return False
    shorter, longer = sorted((a, b), key=len)
    return (len(shorter) >= 2 and longer.startswith(shorter)) or SequenceMatcher(None, a, b).ratio() >= ALIKE


def same_name(a: tuple[str, str], b: tuple[str, str]) -> bool:
    """Whether two pairs of given and family name are the same but for accents, capitals and signs."""
    return (plain(a[0]), plain(a[1])) == (plain(b[0]), plain(b[1]))


def names_alike(a: tuple[str, str], b: tuple[str, str]) -> bool:
    """Whether two pairs of given and family name may be one person's, also the wrong way round, or with one family name missing."""
    if same_name(a, b):
        return True
    if not a[1] or not b[1]:
        return alike(a[0], b[0]) or alike(a[0] + a[1], b[0] + b[1])
    return (alike(a[0], b[0]) and alike(a[1], b[1])) or (alike(a[0], b[1]) and alike(a[1], b[0]))


def dates_alike(a: datetime.date, b: datetime.date) -> bool:
    """Whether two dates may be one, mistyped: the same, day and month exchanged, or two of day, month and year the same."""
    if (a.year, a.month, a.day) == (b.year, b.day, b.month):
        return True
    return (a.year == b.year) + (a.month == b.month) + (a.day == b.day) >= 2
