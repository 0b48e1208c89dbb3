"""Walking the access table as the whole cast: who is asked what, what is expected, and what is not as it should be."""

import functools
import html
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.test import Client
from django.urls import reverse

from accounts.policy import Relation
from accounts.policy import Verb as V
from tests.access_table import ACCESS
from tests.matrix.asking import Answer, ask, client_of, form_on
from tests.matrix.readers import STANDING, forbidden_words, verbs_of
from tests.matrix.rows import Of, Sent, Verbs
from tests.matrix.story import CHILDREN, things
from tests.world import World

ANY_CANARY = re.compile(rb"CANARY-[\w-]+")
NEXT = re.compile(rb'href="(\?[^"]*)" rel="next"')
ALLOWED = frozenset({200, 302, 400, 409})
REFUSED = frozenset({403, 404, 405})
# What pages ask for besides the verbs of their row.
BESIDES = frozenset({V.VIEW, V.VIEW_COUNCIL, V.VIEW_MONEY, V.WRITE_ON_BEHALF})
# All else of this world was written after the child left a school, and is not there for it (tests/pep/test_school_left.py).
OF_THE_REGISTER = frozenset(
    {"child", "contributor", "proposed", "taken_back", "placement", "care_period", "enrolment", "allocation", "care_review"}
)
STRANGERS = ["bilal", "oli"]  # of another school, of another authority


def any_of(verbs: Verbs) -> tuple[V, ...]:
    """The verbs of which any lets somebody in; none where nobody may, or the method is not served."""
    return verbs if isinstance(verbs, tuple) else (verbs,) if verbs else ()


def expected(row: Of, method: str, name: str, key: str) -> frozenset[int]:
    """What somebody may be answered: not theirs is 404, not this verb is 403."""
    verbs, needed = verbs_of(name, key), row.get if method == "get" else row.post
    if V.VIEW not in verbs:
        return frozenset({404})
    if row.money and V.VIEW_MONEY not in verbs and STANDING[name][key] is not Relation.DESIGNATED_TEACHER:
        return frozenset({404})
    if STANDING[name][key] is Relation.FORMER_SCHOOL and row.thing not in OF_THE_REGISTER:
        return frozenset({404})
    for_council = frozenset({404}) if row.council_only and V.VIEW_COUNCIL not in verbs else frozenset()
    if needed is None:
        # Which verb a page asks for where it is not served is nobody's matter.
        return for_council | {403, 405}
    if verbs.isdisjoint(any_of(needed)) and not (row.on_behalf and needed == row.post and V.WRITE_ON_BEHALF in verbs):
        return for_council | {403}
    return for_council or ALLOWED


def address(route: str, row: Of, pk: Any, found: Mapping[str, Any]) -> str:
    """The address with its keys filled in."""
    kwargs = {name: tokens(value, found) for name, value in row.kwargs.items()}
    return reverse(route, kwargs={"pk": pk, **kwargs}) + (f"?{tokens(row.sent.query, found)}" if row.sent.query else "")


def tokens(value: Any, found: Mapping[str, Any]) -> Any:
    """A value of the table with what stands in angle brackets filled in from the child's things."""
    return re.sub(r"<\w+>", lambda match: str(found[match[0]]), value) if isinstance(value, str) else value


def fills_of(sent: Sent, found: Mapping[str, Any]) -> dict[str, Any]:
    """What is written into a form by hand."""
    return {name: tokens(value, found) for name, value in sent.fills.items()}


@dataclass
class Walk:
    """The cast at its browsers, one child's things, and what was not as it should be."""

    world: World
    problems: list[str] = field(default_factory=list)
    clients: dict[str, Client] = field(default_factory=dict)
    found: dict[str, dict[str, Any]] = field(default_factory=dict)
    read: set[str] = field(default_factory=set)  # every canary that somebody has read

    def things(self, key: str) -> dict[str, Any]:
        """What belongs to one child."""
        if key not in self.found:
            self.found[key] = things(self.world, key)
        return self.found[key]

    def ask(self, name: str, method: str, url: str, data: Mapping[str, Any] | None = None, **of: bool) -> Answer:
        """One request of somebody's. Nothing in the answer may be another's; whoever only reads or is refused writes nothing."""
        if name not in self.clients:
            self.clients[name] = client_of(self.world.people[name])
        answer = ask(self.clients[name], method, url, data)
        words = answer.words()
        self.read.update(match[0].decode() for match in ANY_CANARY.finditer(words))
        self.problems += [f"{name} {method} {url} shows {word.decode()}" for word in forbidden_words(name, **of) if word in words]
        # Whoever opens a page has read one's own messages about what it shows.
        written = answer.written - ({"accounts_message"} if method == "get" and answer.status == 200 else set())
        if written and (method == "get" or answer.status in REFUSED):
            self.problems.append(f"{name} {method} {url}: {answer.status}, and yet wrote {sorted(written)}")
        self.problems += [f"{name} {method} {url} sends {leak}" for leak in answer.leaks]
        return answer

    def child_address(self, route: str, row: Of, key: str, people: list[str], value: str = "") -> None:
        """One address about a child, opened and sent to by these people: those who may send go first, the others send what they sent."""
        url = address(route, row, self.things(key)[row.thing].pk, self.things(key))
        fills, sent = fills_of(row.sent, self.things(key)), None
        may_send = {name for name in people if expected(row, "post", name, key) == ALLOWED}
        for name in sorted(people, key=lambda name: name not in may_send):
            opened = self.checked(name, "get", url, row, key, value)
            if name not in may_send:
                self.checked(name, "post", url, row, key, value, sent or fills)
                continue
            form = form_on(opened.content, url, fills) if opened.status == 200 else None if row.get else fills
            answer = self.checked(name, "post", url, row, key, value, form or fills)
            # The mark on a form is its reader's own: with another's nothing is even looked for.
            sent = sent or (form and {name: value for name, value in form.items() if name != "page_mark"})
            if answer.status not in row.sent.after | (frozenset() if form else ALLOWED):
                self.problems.append(f"{name} post {route} {value} of {key}: {answer.status}, nothing was done: {errors_on(answer)}")
        kept_from = [name for name in people if V.VIEW in verbs_of(name, key) and V.VIEW_COUNCIL not in verbs_of(name, key)]
        for thing in row.also:
            for name in kept_from:
                self.checked(name, "get", address(route, row, self.things(key)[thing].pk, self.things(key)), row, key, value)

    def checked(self, name: str, method: str, url: str, row: Of, key: str, value: str, data: Mapping[str, Any] | None = None) -> Answer:
        """The answer, looked through and compared with what the table says; a list also as a sheet."""
        answer = self.ask(name, method, url, data, writes_targets=row.targets)
        wanted = expected(row, method, name, key)
        if answer.status not in wanted:
            self.problems.append(f"{name} {method} {url} {value} of {key}: {answer.status}, not {sorted(wanted)}")
        if method == "get" and answer.status == 200:
            self.whole_list(name, url, answer, row.sheet)
        return answer

    def whole_list(self, name: str, url: str, page: Answer, is_list: bool) -> None:
        """A list's further pages; and one that can be taken away says no more as a file, and nothing that a spreadsheet would run."""
        following: Answer | None = page
        while following and (link := NEXT.search(following.content)):
            following = self.ask(name, "get", url.partition("?")[0] + html.unescape(link[1].decode()))
        if b"format=csv" in page.content and not is_list:
            self.problems.append(f"{name} {url} is a list that can be taken away: say so in the table")
        if is_list:
            sheet = self.ask(name, "get", url + ("&" if "?" in url else "?") + "format=csv")
            self.problems += [] if (sheet.status, sheet.kind) == (200, "text/csv") else [f"{name} {url}: no sheet"]
            self.problems += [f"{name} {url}: a spreadsheet would run {cell}" for cell in sheet.dangerous_cells()]


def errors_on(answer: Answer) -> str:
    """What a form's page says is wrong."""
    return "; ".join(re.findall(r'<a href="#[^"]*">([^<]+)</a>', answer.content.decode(errors="replace")))[:300]


def rows_of_children() -> Iterator[tuple[str, str, Of, bool]]:
    """Every address about a child with every value of its keys: name, value, row, whether it is the first value."""
    for route, row in ACCESS.items():
        if isinstance(row, Of):
            for number, (value, of_value) in enumerate(row.values()):
                yield route, value, of_value, number == 0


@functools.cache
def of_each_kind(route: str, key: str) -> tuple[str, ...]:
    """One person for each way in which people who stand to a child differ for an address: by what it asks for at any of its values.

    Of a school's people every relation is one, for what they may know hangs on more than their verbs.
    """
    rows = [row for other, _, row, _ in rows_of_children() if other == route]
    asked = BESIDES.union(*(any_of(row.get) + any_of(row.post) for row in rows))
    found: dict[object, str] = {}
    for name, standing in STANDING.items():
        if key in standing:
            verbs = verbs_of(name, key)
            found.setdefault(verbs & asked if V.VIEW_COUNCIL in verbs else standing[key], name)
    return tuple(found.values())


def walk_child(world: World, key: str) -> Walk:
    """Every address about one child: the first value of its keys as everyone, the further ones, for Sam, as one person of each kind."""
    walk = Walk(world)
    for route, value, row, first in rows_of_children():
        people = list(STANDING) if first else [*of_each_kind(route, key), *STRANGERS] if key == CHILDREN[0] else []
        if people:
            walk.child_address(route, row, key, people, value)
    return walk
