"""The numbers of a pupil, checked so that typing mistakes are seen; a wrong number warns and is kept, because real ones are wrong too."""

import re

from stdnum.gb import upn

# Check letter, authority (3 digits), school (4), year (2), then a serial of 3 digits, or of 2 digits and a letter for a temporary number.
# I, O and S are never used as letters, because they look like 1, 0 and 5.
_UPN = re.compile(r"[A-HJ-NP-RT-Z][0-9]{11}[0-9A-HJ-NP-RT-Z]")
_UPN_UNKNOWN = re.compile(r"UN[0-9]{1,2}")
_ULN = re.compile(r"[0-9]{10}")
TEMPORARY_ULN = "9999999999"


def normalise(text: str) -> str:
    """A number as it is kept: no spaces, capital letters."""
    return "".join(text.split()).upper()


def normalise_upn(text: str) -> str:
    """A unique pupil number as it is kept; the codes UN1 to UN10, which statistical returns use for "none", become empty."""
    number = normalise(text)
    return "" if _UPN_UNKNOWN.fullmatch(number) else number


def is_temporary_upn(text: str) -> bool:
    """Whether this has the form of a temporary unique pupil number: it ends with a letter."""
    number = normalise(text)
    return bool(_UPN.fullmatch(number)) and number[-1].isalpha()


def upn_warning(text: str) -> str | None:
    """What looks wrong with a unique pupil number, in words for the person who types it; None when nothing does, or when it is empty.

    The check letter is the sum of each later character's value times its position (2 to 13), modulo 23.
    Source: Department for Education, Unique pupil numbers (UPNs).
    """
    number = normalise_upn(text)
    if not number:
        return None
    if len(number) != 13:
        return f"A UPN has 13 characters; this one has {len(number)}."
    if not _UPN.fullmatch(number):
        return "A UPN is a letter and 12 digits, never with the letters I, O or S. Only a temporary one ends with a letter."
    expected = upn.calc_check_digit(number[1:])
    if number[0] != expected:
        return f"The first letter of this UPN does not fit its digits: {number[0]} should be {expected}. Check it for a typing mistake."
    if is_temporary_upn(number):
        return "This is a temporary UPN. Ask the school for the permanent one."
    return None


def uln_warning(text: str) -> str | None:
    """What looks wrong with a unique learner number; None when nothing does, or when it is empty.

    Ten digits; the first nine weighted 10 to 2 and summed give a remainder modulo 11 that is not 0, and the last digit is 10 less
    that remainder. Source: Learning Records Service, unique learner number validation.
    """
    number = normalise(text)
    if not number:
        return None
    if not _ULN.fullmatch(number):
        return "A ULN has 10 digits and nothing else."
    if number == TEMPORARY_ULN:
        return "This is the temporary ULN. Ask the school or college for the real one."
    remainder = sum(int(digit) * weight for digit, weight in zip(number, range(10, 1, -1), strict=False)) % 11
    if remainder == 0 or int(number[-1]) != 10 - remainder:
        return "The last digit of this ULN does not fit the others. Check it for a typing mistake."
    return None
