"""Every address that is about no child × every person: lists and pickers, the desk, the register, settings, people and their e-mails.

The table is tests/access_table.py. Who may send to an address sends the form of its own page, filled in, and is heard; who may not sends
the very same, is refused, and nothing is written. Every list is looked through as a sheet too.
"""

from collections.abc import Iterator

import pytest
from django.urls import reverse

from tests.access_table import ACCESS, ANYONE, DOOR, EVERYONE
from tests.matrix.asking import form_on
from tests.matrix.quiet import quiet
from tests.matrix.readers import STANDING
from tests.matrix.rows import Open, Owned
from tests.matrix.story import Absent, belongings, whole_world
from tests.matrix.walk import ALLOWED, REFUSED, Walk, errors_on
from tests.world import World


@pytest.fixture
def world(db: None) -> Iterator[World]:
    """The world, walked quietly."""
    made = whole_world()
    with quiet():
        yield made


def test_pages_about_nobody_in_particular_are_open_to_those_in_the_table_and_name_no_strange_child(world: World) -> None:
    """A1, A4: pages with lists and pickers, as sheets too, and their forms."""
    walk = Walk(world)
    rows = [(route, value, of) for route, row in ACCESS.items() if isinstance(row, Open) for value, of in row.values()]
    for route, value, row in rows:
        if row.who in (ANYONE, DOOR):
            continue
        url, sent = reverse(route, kwargs=row.kwargs) + (f"?{row.sent.query}" if row.sent.query else ""), None
        may_send = set(STANDING) if row.post == EVERYONE else set(row.post)
        for name in sorted(STANDING, key=lambda name: name not in may_send):
            opened, may = walk.ask(name, "get", url), row.who == EVERYONE or name in row.who
            walk.problems += [] if (opened.status in (200, 302)) is may else [f"{name} {url}: {opened.status}, may: {may}"]
            if opened.status == 200:
                walk.whole_list(name, url, opened, row.list_of(name))
            form = form_on(opened.content, url, row.sent.fills) if opened.status == 200 and name in may_send else None
            sent = sent or form
            # Of another's form the lines are another's: who may send but has none of their own sends none.
            answer = walk.ask(name, "post", url, form or (row.sent.fills if name in may_send else sent or row.sent.fills))
            heard = answer.status in (row.sent.after if form else ALLOWED)
            if heard is not (name in may_send) or not (heard or answer.status in REFUSED):
                walk.problems.append(f"{name} post {route} {value}: {answer.status}, may: {name in may_send} {errors_on(answer)}")
    assert not walk.problems, "\n".join(walk.problems[:80])


def test_what_belongs_to_an_authority_is_for_its_own_people_alone(world: World) -> None:
    """A4, A12: everyone of this authority and of the other, what is there and what is not."""
    walk, found = Walk(world), belongings(world)
    for route, row in ACCESS.items():
        if not isinstance(row, Owned):
            continue
        url, absent = (reverse(route, kwargs={"pk": pk, **row.kwargs}) for pk in (found[row.thing].pk, Absent.pk))
        sent = None
        for name in sorted(STANDING, key=lambda name: name not in row.post):
            opened = walk.ask(name, "get", url)
            if (opened.status in ALLOWED) is not (name in row.get) and opened.status != 405:
                walk.problems.append(f"{name} get {route}: {opened.status}, may: {name in row.get}")
            if opened.status == 200:
                walk.whole_list(name, url, opened, row.sheet)
            form = form_on(opened.content, url, row.sent.fills) if opened.status == 200 and name in row.post else None
            sent = sent or form
            answer = walk.ask(name, "post", url, form or sent or row.sent.fills)
            heard = answer.status in (row.sent.after if form else ALLOWED)
            if heard is not (name in row.post) or not (heard or answer.status in REFUSED):
                walk.problems.append(f"{name} post {route}: {answer.status}, may: {name in row.post} {errors_on(answer)}")
            gone = walk.ask(name, "get", absent).status
            walk.problems += [] if gone in (REFUSED if name not in row.post | row.get else {404, 405}) else [f"{name} {absent}: {gone}"]
    assert not walk.problems, "\n".join(walk.problems[:80])
