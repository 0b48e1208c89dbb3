"""Every address × every person × own, other school, other authority, absent: the answer is the one the table and the policy give.

The table is tests/access_table.py, the cast's relations tests/matrix/readers.py, the world tests/matrix/story.py: there is a canary in
every text that can be written about a child (tests/matrix/test_texts.py). Every request is undone. Who may send to an address sends the
form of its own page, filled in, and is heard; who may not sends the very same, is refused, and nothing is written.

Left out for time: an address that takes its values from a table of the product (sections, moves, kinds …) is opened and sent to by
everyone, for all three children, at its first value; at each further value, for Sam, by one person of each relation at a school, one of
each kind at the council (those whose verbs differ in anything the address asks for), and one of another school and another authority.
Who has not signed in is stopped before any page, so each address is tried at its first value alone.

What is about no child is in tests/matrix/test_authorities.py.
"""

import re
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from accounts.policy import Relation
from tests.access_table import ACCESS, ANYONE, DOOR
from tests.matrix.asking import Answer, ask, client_of
from tests.matrix.quiet import quiet
from tests.matrix.readers import STANDING
from tests.matrix.rows import Each, Of, Open, Owned
from tests.matrix.story import CHILDREN, Absent, things, whole_world
from tests.matrix.texts import EXEMPT, canaries_in, texts
from tests.matrix.walk import address, fills_of, rows_of_children, walk_child
from tests.world import World

# Texts that need be on no page, in no document and no file: where an invitation was sent, and why a document could not be made.
READ_BY_NOBODY = {"pep.MeetingInvitation.address", "pep.RenderJob.error"}


def addresses(patterns: Any = None, prefix: str = "") -> Iterator[str]:
    """The name of every address, as ``reverse`` takes it."""
    for entry in patterns or get_resolver().url_patterns:
        if isinstance(entry, URLResolver):
            yield from addresses(entry.url_patterns, prefix + (f"{entry.namespace}:" if entry.namespace else ""))
        elif isinstance(entry, URLPattern):
            yield prefix + (entry.name or f"<unnamed {entry.pattern}>")


def test_every_address_is_in_the_table() -> None:
    """A1: a new address fails until someone has said who may use it."""
    assert set(addresses()) == set(ACCESS)


def keyed() -> list[tuple[str, Each]]:
    """The addresses that take values from a table of the product."""
    return [(route, row.each) for route, row in ACCESS.items() if isinstance(row, Of | Open) and row.each]


@pytest.mark.parametrize(("route", "each"), keyed(), ids=lambda value: value if isinstance(value, str) else "")
def test_of_every_value_that_an_address_takes_the_table_says_who_may_use_it(route: str, each: Each) -> None:
    """A1: a new section, move, queue or kind fails until someone has said who may use it, and an old one that is gone does too."""
    assert set(each.source()) == set(each.needs), route


def test_somebody_of_the_cast_stands_in_every_relation_to_a_child() -> None:
    """A2: no relation of the policy is left out of the matrix."""
    stood_in = {relation for standing in STANDING.values() for relation in standing.values()}
    apart = {Relation.ACCOUNT_ADMINISTRATOR, Relation.HEADTEACHER}
    assert stood_in == set(Relation) - apart, "the administrator and the headteacher stand to no child"
    assert {STANDING[name]["sam"] for name in STANDING if "sam" in STANDING[name]} == stood_in


@pytest.fixture
def world(db: None) -> Iterator[World]:
    """The world, walked quietly."""
    made = whole_world()
    with quiet():
        yield made


@pytest.mark.parametrize("key", CHILDREN)
def test_everyone_gets_from_every_address_what_the_policy_gives_them_and_no_word_more(world: World, key: str) -> None:
    """A2, A4, A5, A6, A10, E3: GET and POST, pages, documents and sheets, with a canary in every text field."""
    walk = walk_child(world, key)
    assert not walk.problems, f"{len(walk.problems)}: " + "\n".join(walk.problems[:80])
    if key == CHILDREN[0]:
        unread = {name for name, model, field in texts() if name not in EXEMPT and not canaries_in(model, field) & walk.read}
        assert unread <= READ_BY_NOBODY, "somebody must read each text somewhere, or the matrix would be blind to it"


def without_token(answer: Answer) -> bytes:
    """A page without what differs at every drawing."""
    return re.sub(rb'name="csrfmiddlewaretoken" value="[^"]+"', b"", answer.content)


def test_what_is_absent_looks_like_what_is_not_yours(world: World) -> None:
    """A6: also to whoever may do most."""
    found = things(world, "sam")
    bilal, lena = client_of(world.people["bilal"]), client_of(world.people["lena"])
    for route, value, row, _ in rows_of_children():
        absent, foreign = address(route, row, Absent.pk, found), address(route, row, found[row.thing].pk, found)
        for method in ("get", "post"):
            answers = [ask(bilal, method, absent), ask(bilal, method, foreign), ask(lena, method, absent)]
            assert [answer.status for answer in answers] == [404, 404, 404], (route, value, method)
            assert without_token(answers[0]) == without_token(answers[1]), (route, value)


@pytest.mark.parametrize("name", STANDING)
def test_what_is_absent_is_absent_for_everyone(world: World, name: str) -> None:
    """A6."""
    client, found = client_of(world.people[name]), things(world, "sam")
    for route, _, row, first in rows_of_children():
        if first:
            assert ask(client, "get", address(route, row, Absent.pk, found)).status == 404, route


def test_nobody_who_is_not_signed_in_gets_past_the_door(world: World) -> None:
    """A1."""
    client = Client()
    found = things(world, "sam")
    urls = {address(route, row, found[row.thing].pk, found) for route, _, row, first in rows_of_children() if first}
    for route, row in ACCESS.items():
        if isinstance(row, Open) and row.who not in (ANYONE, DOOR):
            urls |= {reverse(route, kwargs=of.kwargs) for _, of in row.values()}
        elif isinstance(row, Owned):
            urls.add(reverse(route, kwargs={"pk": uuid.uuid4(), **row.kwargs}))
    for url in urls:
        for method in ("get", "post"):
            answer = ask(client, method, url)
            assert answer.status in (302, 401), (url, method, answer.status)
            assert b"CANARY" not in answer.content
            assert not answer.written


def test_the_virtual_school_removes_a_target_or_an_action_only_for_a_named_person(world: World) -> None:
    """A8."""
    kit, found = client_of(world.people["kit"]), things(world, "sam")
    row = ACCESS["pep:item-remove"]
    assert isinstance(row, Of)
    for _, of in row.values():
        url, named = address("pep:item-remove", of, found[of.thing].pk, found), fills_of(of.sent, found)
        unnamed = ask(kit, "post", url, {"version": named["version"]})
        assert (unnamed.status, unnamed.written) == (403, set())
        assert "pep_section" in ask(kit, "post", url, named).written
