"""Which child in the register a line of the file speaks of: known for certain, new, or to be asked."""

import datetime
import uuid
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from children.models import Child
from virtualschool.register.matching import dates_alike, names_alike, plain, same_name
from virtualschool.register.rows import shown

NEW = "new"  # the answer that none of the children named is meant


@dataclass(frozen=True)
class Described:
    """Who a line says it is about. Empty where the line does not say."""

    given_name: str
    family_name: str
    date_of_birth: datetime.date
    identifier: str
    upn: str

    @property
    def names(self) -> tuple[str, str]:
        """Given name and family name."""
        return self.given_name, self.family_name


@dataclass(frozen=True)
class Found:
    """The child meant; none when it is a new one, or when ``question`` has to be answered first by one of ``answers``."""

    child: Child | None = None
    question: str = ""
    answers: dict[str, str] = field(default_factory=dict)


def names_of(child: Child) -> tuple[str, str]:
    """A child's legal given and family name."""
    return child.given_name, child.family_name


class Index:
    """The authority's children, by everything a line may know them by. Children merged into another lead to that other."""

    def __init__(self, children: Iterable[Child]) -> None:
        """Index these children of one authority."""
        self.by_identifier: dict[str, Child] = {}
        self.by_upn: dict[str, list[Child]] = defaultdict(list)
        self.by_birth: dict[datetime.date, list[Child]] = defaultdict(list)
        self.by_name: dict[tuple[str, str], list[Child]] = defaultdict(list)
        self.planned: dict[uuid.UUID, int] = {}  # children who are new in this file, and on which line
        self.claimed: set[uuid.UUID] = set()  # children whom some line of this file names by identifier
        everyone = {child.pk: child for child in children}
        for child in everyone.values():
            kept = child
            while kept.merged_into_id is not None:
                kept = everyone[kept.merged_into_id]
            if child.identifier:
                self.by_identifier[child.identifier] = kept
            if kept is child:
                self._add(child)

    def _add(self, child: Child) -> None:
        if child.upn:
            self.by_upn[child.upn].append(child)
        self.by_birth[child.date_of_birth].append(child)
        self.by_name[plain(child.given_name), plain(child.family_name)].append(child)

    def claim(self, identifiers: Iterable[str]) -> None:
        """Note whom the lines of this file name by identifier: such a child is no candidate for another line."""
        self.claimed = {self.by_identifier[identifier].pk for identifier in identifiers if identifier in self.by_identifier}

    def plan(self, child: Child, line: int) -> None:
        """Add a child who is new in this file."""
        self.planned[child.pk] = line
        if child.identifier:
            self.by_identifier[child.identifier] = child
        self._add(child)

    def everyone(self) -> Iterator[Child]:
        """All children, each once, those merged into another left out."""
        return (child for children in self.by_birth.values() for child in children)

    def others_with_upn(self, upn: str, child: Child) -> list[Child]:
        """Other children who have this UPN."""
        return [other for other in self.by_upn.get(upn, []) if other.pk != child.pk]

    def find(self, who: Described, answer: str) -> Found:
        """Whom a line means, taking into account what was answered to its question, if it had one."""
        if who.identifier in self.by_identifier:
            return self._by_identifier(who, self.by_identifier[who.identifier], answer)
        candidates = list(self._candidates(who))
        certain = [child for child in candidates if not who.identifier and _is_certain(who, child)]
        if len(certain) == 1:
            return Found(certain[0])
        if not candidates or answer.casefold() == NEW:
            return Found()
        answers = {child.reference: f"it is {self.describe(child)}" for child in candidates if child.pk not in self.planned}
        if answer.upper() in answers:
            return Found(next(child for child in candidates if child.reference == answer.upper()))
        earlier = [f"line {self.planned[child.pk]} of this file" for child in candidates if child.pk in self.planned]
        alike = [*(f"{self.describe(child)} in the register" for child in candidates if child.pk not in self.planned), *earlier]
        return Found(question=_wrong(answer) + f"This may be {' or '.join(alike)}.", answers=answers | {NEW: "it is another child"})

    def _by_identifier(self, who: Described, child: Child, answer: str) -> Found:
        """The identifier decides, unless neither name nor date of birth is the child's: then it may have been mistyped or used again."""
        if child.date_of_birth == who.date_of_birth or names_alike(names_of(child), who.names) or answer.upper() == child.reference:
            return Found(child)
        return Found(
            question=_wrong(answer) + f"The register has this identifier for {self.describe(child)}: neither name nor date of birth agree.",
            answers={child.reference: "it is this child: take over name and date of birth from the file"},
        )

    def _candidates(self, who: Described) -> Iterator[Child]:
        """Children who may be meant: the same UPN, a similar name and the same date of birth, or the same name and a similar date."""
        seen: set[uuid.UUID] = set()
        same_upn = self.by_upn.get(who.upn, []) if who.upn else []
        same_birth = [child for child in self.by_birth.get(who.date_of_birth, []) if names_alike(names_of(child), who.names)]
        named = self.by_name.get((plain(who.given_name), plain(who.family_name)), [])
        same_named = [child for child in named if dates_alike(child.date_of_birth, who.date_of_birth)]
        for child in [*same_upn, *same_birth, *same_named]:
            if child.pk not in seen and child.pk not in self.claimed:
                seen.add(child.pk)
                yield child

    def describe(self, child: Child) -> str:
        """A child in words that tell it from others."""
        number = f", {child.identifier}" if child.identifier else ""
        return f"{child.legal_name}, born {shown(child.date_of_birth)}{number}"


def _is_certain(who: Described, child: Child) -> bool:
    """For a line without an identifier: the same name and date of birth."""
    return same_name(names_of(child), who.names) and child.date_of_birth == who.date_of_birth


def _wrong(answer: str) -> str:
    return f"“{answer}” is not one of the answers. " if answer else ""
