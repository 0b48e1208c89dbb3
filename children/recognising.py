"""What in a text tells a reader which child it is about: for texts that leave the product, where anybody may read them."""

import re
from collections.abc import Iterator

from children.models import Child

# What many schools' names have in common: it says of no school which it is.
OF_ANY_SCHOOL = frozenset(
    ["the", "school", "schools", "academy", "college", "centre", "center", "unit", "service", "nursery", "infant", "infants", "junior",
     "primary", "middle", "secondary", "high", "grammar", "upper", "lower", "sixth", "form", "community", "church", "voluntary",
     "controlled", "aided", "catholic", "rc", "ce", "c", "e", "of", "england", "foundation", "free", "special", "pupil", "referral",
     "girls", "girls'", "boys", "boys'", "and", "for", "all-through", "trust"]
)  # fmt: skip
# The same of homes, and of what stands beside carers' names.
OF_ANY_HOME = frozenset(
    ["the", "a", "and", "of", "for", "with", "at", "in", "children", "children's", "home", "homes", "house", "lodge", "residential",
     "care", "unit", "centre", "service", "foster", "kinship", "carer", "carers", "family", "placement", "respite", "agency", "ltd", "semi",
     "independent", "supported", "mr", "mrs", "ms", "miss", "mx", "dr", "mother", "father", "parents", "grandmother", "grandfather",
     "grandparents", "grandparent", "aunt", "uncle", "sister", "brother", "maternal", "paternal", "key", "worker", "own"]
)  # fmt: skip
LONG_NAME = 5  # letters from which a name counts as the beginning of any longer word too: "Sam" begins "same"
LONG_WORDS = 8  # letters from which words run together are a school's name wherever they begin a longer word: "ambermeadlibrary"
# The end of a word, or where within one another begins: LarkmereLibrary, larkmere2.
ENDS = r"(?:(?![^\W\d_])|(?<=[^\W\d_A-Z])(?=[A-Z]))"
COMMON = "|".join(sorted(word for word in OF_ANY_SCHOOL if len(word) > 3 and word.isalpha()))
HOMES = frozenset(["home", "homes", "house", "lodge", "unit", "centre", "residential", "service"])
PART_OF_A_HOUSE = re.compile(r"(?:(?:flat|room|unit|apartment|apt|no|number)\.?\s*)?\d{1,4}[A-Z]?", re.IGNORECASE)
WITH_A_FLAT = re.compile(r"(?:flat|room|unit|apartment|apt)\.?\s*\d{1,4}[A-Z]?\s+(\d.*)", re.IGNORECASE)
POSTCODE = re.compile(r"\b[A-Z]{1,2}\d[A-Z\d]?\s*\d[A-Z]{2}\b", re.IGNORECASE)


def names_child(text: str, child: Child) -> bool:
    """Whether a text holds a name of a child, initials, a number the child is known by, the name of a school the child goes or went to,
    or where and with whom the child lives or lived.

    A name counts with what is written together with it ("Millies", "MillieB"), a number however it is spaced, the name of a school however
    it is run together (in a link, say), initials with the number after them ("MB1").
    """
    squeezed = _squeezed(text)
    numbers = [_squeezed(number) for number in (child.reference, child.upn, child.uln, child.identifier)]
    names = {*child.given_name.split(), *child.family_name.split(), *child.known_as.split()}
    return (
        any(_has_name(text, name) for name in names)
        or any(re.search(rf"(?<![^\W_]){initials}\d*(?![^\W_])", text) for initials in _initials(child))
        or any(len(number) >= LONG_NAME and number in squeezed for number in numbers)
        or any(_has_word(text, number) for number in (child.reference, child.identifier) if number)
        or any(_names_school(text, name) for name in child.enrolments.values_list("school__name", flat=True))
        or any(_names_home(text, carer, address) for carer, address in child.placements.values_list("carer", "address"))
    )


def _squeezed(text: str) -> str:
    """A text's letters and digits alone, in small letters."""
    return re.sub(r"[\W_]", "", text).casefold()


def _has_word(text: str, words: str) -> bool:
    spaced = r"\s+".join(re.escape(word) for word in words.split())
    return re.search(rf"(?<!\w){spaced}(?!\w)", text, re.IGNORECASE) is not None


def _has_name(text: str, name: str) -> bool:
    """A long name as the beginning of a word; a short one as a word, in the plural, or run together with what has a capital."""
    after = "" if len(name) >= LONG_NAME else r"(?:['’]?s)?(?![^\W\d_A-Z])"
    return re.search(rf"(?<!\w)(?i:{re.escape(name)}){after}", text) is not None


def _has_run_together(text: str, words: str, after: str = ENDS) -> bool:
    """Words one after the other with or without anything between them ("Hill School", "hill-school", "HillSchool"), from the beginning of
    a word, or from a capital within one; behind them the word ends, or something with a capital or a digit follows.
    """
    text, words = re.sub(r"['’]", "", text), re.sub(r"['’]", "", words)
    joined = r"[\W_]*".join(part for part in re.split(r"[\W_]+", words) if part)
    if not joined:
        return False
    begins = r"(?<![^\W_])" if joined[0].isdigit() else r"(?:(?<![^\W\d_])(?i:the)?|(?<=[a-z])(?=[A-Z]))"
    return re.search(rf"{begins}(?i:{joined}){after}", text) is not None


def _initials(child: Child) -> Iterator[str]:
    """Patterns of a child's initials: those of each first name, or of all given names, with those of one or all family names.

    MB, M.B., M. B., M-B; of Samuel Peter Jones-Birch SJ, SJB, SPJ and SPJB.
    """
    between = r"\.?[\s-]?"
    given, family = _firsts(child.given_name), _firsts(child.family_name)
    if not family:
        return
    rest = between.join(family[1:])
    last = family[0] + (rf"(?:{between}{rest})?" if rest else "")
    for first in {given[:1], given, _firsts(child.known_as)[:1]} - {""}:
        yield between.join([*first, last]) + r"\.?"


def _firsts(name: str) -> str:
    """The first letter of each part of a name, as capitals."""
    return "".join(part[0].upper() for part in re.split(r"[\W_]+", name) if part and part[0].isalpha())


def _names_school(text: str, name: str) -> bool:
    """Whether a text holds a school's name, spaced or run together, or that of which only this school's name consists: Larkmere, of the
    Larkmere Academy.
    """
    if _has_word(text, name):
        return True
    words = [word.strip("(),.") for word in name.split()]
    while words and words[0].casefold() in OF_ANY_SCHOOL:
        words = words[1:]
    own = " ".join(words[: next((number for number, word in enumerate(words) if word.casefold() in OF_ANY_SCHOOL), len(words))])
    if not own:
        return False
    together = _squeezed("".join(words))
    return (
        _has_word(text, own)
        or _has_run_together(text, own)
        # In links a school's name seldom stands as the register writes it: hillprimary, larkmere-academy, thehillschool.
        or _has_run_together(text, own, after=rf"[\W_]*(?i:{COMMON}|sch(?![^\W\d_]))")
        or (len(_squeezed(own)) >= LONG_WORDS and _has_run_together(text, own, after=""))
        or (len(words) > 1 and len(together) >= LONG_WORDS and together in _squeezed(text))
    )


def _names_home(text: str, carer: str, address: str) -> bool:
    """Whether a text says where a child lives (the postcode, the first line of the address, a numbered line) or with whom.

    A street alone, or a town, says that of nobody: the library in the same street is a place like any other.
    """
    lines: list[str] = []
    for line in re.split(r"[,\n]", address):
        if lines and PART_OF_A_HOUSE.fullmatch(lines[-1]):  # Flat 3, 12 Mill Lane; 12, Mill Lane
            lines[-1] = f"{lines[-1]} {line.strip()}"
        elif line.strip() and not POSTCODE.fullmatch(line.strip()):
            lines.append(line.strip())
    a_town = len(lines) == 1 and lines[0].isalpha()
    telling = [line for number, line in enumerate(lines) if (number == 0 and not a_town) or line[0].isdigit()]
    telling += [found[1] for line in lines if (found := WITH_A_FLAT.fullmatch(line))]
    return (
        any(_squeezed(code) in _squeezed(text) for code in POSTCODE.findall(address))
        or any(len(_squeezed(line)) >= LONG_NAME and _has_run_together(text, line) for line in telling)
        or _names_carer(text, carer)
    )


def _names_carer(text: str, carer: str) -> bool:
    """Whether a text names a carer or a home: the home as a whole, of people each name of more than two letters."""
    words = [word.strip("(),.&") for word in re.split(r"[\s,/&]+", carer.replace("’", "'"))]
    own = [number for number, word in enumerate(words) if word and word.casefold() not in OF_ANY_HOME]
    if not own:
        return False
    kind = next((number for number, word in enumerate(words) if number > own[0] and word.casefold() in HOMES), None)
    if kind is not None:
        return _has_run_together(text, " ".join(words[own[0] : kind + 1]))
    return any(_has_run_together(text, words[number], after=f"s?{ENDS}") for number in own if len(words[number]) > 2)
