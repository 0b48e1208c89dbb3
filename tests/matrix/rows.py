"""What a row of the access table says: an address about a child, about nobody in particular, or about something of an authority's."""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from accounts.policy import Verb as V
from tests.world import canary

Verbs = V | tuple[V, ...] | None
MARK = canary("posted")
DONE = frozenset({302})
Row = TypeVar("Row", "Of", "Open")


@dataclass(frozen=True)
class Each:
    """The values that ``keys`` of an address take, or the states of what it names.

    ``source`` reads them out of the product's own table; ``needs`` says by hand, for each, what is different from the row.
    """

    source: Callable[[], Collection[str]]
    needs: Mapping[str, Mapping[str, Any]]
    keys: tuple[str, ...] = ()

    def of(self, row: Row) -> Iterator[tuple[str, Row]]:
        """Each value with the row as it is for that value. Raises KeyError for a value of which nobody has said who may use it."""
        for value in self.source():
            filled = dict(zip(self.keys, value.split("/"), strict=True)) if self.keys else {}
            yield value, replace(row, each=None, kwargs={**row.kwargs, **filled}, **self.needs[value])


@dataclass(frozen=True)
class Sent:
    """What is sent to an address: the form of its own page with ``fills`` in it, or, where it has no page, ``fills`` alone.

    Words in angle brackets are filled in from the child's things. ``after`` is what whoever may send it is answered.
    """

    fills: Mapping[str, Any] = field(default_factory=dict)
    after: frozenset[int] = DONE
    query: str = ""


@dataclass(frozen=True)
class Of:
    """An address about one child's record."""

    thing: str
    get: Verbs = V.VIEW
    post: Verbs = None
    kwargs: dict[str, str] = field(default_factory=dict)
    each: Each | None = None
    sent: Sent = field(default_factory=Sent)
    council_only: bool = False
    on_behalf: bool = False  # virtual school staff may post too, for a named person
    money: bool = False  # for those who see the money, and for the school that asked
    targets: bool = False  # a page where a school's targets are written with the money asked for
    sheet: bool = False  # a list that can be taken away as a CSV file
    also: tuple[str, ...] = ()  # the same page of these, opened by those from whom something is kept

    def values(self) -> Iterator[tuple[str, "Of"]]:
        """The row for each value of its keys."""
        yield from self.each.of(self) if self.each else [("", self)]


@dataclass(frozen=True)
class Open:
    """An address that is about nobody in particular, or about the reader alone."""

    who: Any
    kwargs: dict[str, Any] = field(default_factory=dict)
    post: Collection[str] = frozenset()  # or EVERYONE
    each: Each | None = None
    sent: Sent = field(default_factory=Sent)
    sheet: bool | Collection[str] = False  # or for whom it is one

    def list_of(self, name: str) -> bool:
        """Whether this person finds a list there that can be taken away as a CSV file."""
        return self.sheet if isinstance(self.sheet, bool) else name in self.sheet

    def values(self) -> Iterator[tuple[str, "Open"]]:
        """The row for each value of its keys."""
        yield from self.each.of(self) if self.each else [("", self)]


@dataclass(frozen=True)
class Owned:
    """An address about something of an authority's that is no child: who may open it and post to it; for others it is 403 or 404."""

    thing: str
    get: frozenset[str]
    post: frozenset[str] = frozenset()
    kwargs: dict[str, str] = field(default_factory=dict)
    sent: Sent = field(default_factory=Sent)
    sheet: bool = False
