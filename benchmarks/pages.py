"""How many queries each page takes with one row and with three: the same, or it would grow with the register."""

import datetime
from typing import Any

from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from benchmarks.report import Table
from pep.models import Action, Plan, Target
from tests.world import World, allocate, begin, build_world, child, fill, signed_in

FEW, MORE = 1, 3
NOT_QUERIES = ("SAVEPOINT", "RELEASE SAVEPOINT", "ROLLBACK TO SAVEPOINT")


def world_of(rows: int) -> World:
    """Anna, Fay and Kit with this many children whose plan is written, each with as many earlier plans, targets and actions, and with as
    many whose plan is only just begun.
    """
    world = build_world()
    written, begun = ["sam", *(f"sam{number}" for number in range(1, rows))], [f"new{number}" for number in range(rows)]
    for key in [*written[1:], *begun]:
        child(world, key, "fenshire", "hill")
        allocate(world, key, "social_worker", "Fay", team=world.places["fenshire"].team)
    for key in begun:
        begin(world, key)
    for key in written:
        plan = begin(world, key)
        fill(plan, key)
        for number in range(1, rows):
            _another(plan, number)
    return world


def _another(plan: Plan, number: int) -> None:
    """One more of everything that a plan has rows of."""
    by_when = timezone.localdate() + datetime.timedelta(days=30)
    texts = {"need": "n", "baseline": "b", "aim": "a", "success": "s", "intervention": "i", "who": "w"}
    Target(plan=plan, position=number + 1, area="maths", by_when=by_when, **texts).save()
    Action(plan=plan, position=number + 1, what="Something", who="Somebody", by_when=by_when).save()
    Plan(
        child=plan.child, form_key=plan.form_key, form_version=plan.form_version, reason="termly", state=Plan.State.CANCELLED,
        due_on=by_when - datetime.timedelta(days=200 * number), state_since=timezone.now(), school=plan.school,
    ).save()  # fmt: skip


def addresses(world: World) -> list[tuple[str, str, str]]:
    """The pages: name, who opens it, where."""
    plan = {"pk": world.plans["sam"].pk}
    return [
        ("home, designated teacher", "anna", reverse("pep:home")),
        ("home, social worker", "fay", reverse("pep:home")),
        ("child", "fay", reverse("children:child-detail", kwargs={"pk": world.children["sam"].pk})),
        ("plan", "anna", reverse("pep:plan-detail", kwargs=plan)),
        ("plan to read", "fay", reverse("pep:plan-read", kwargs=plan)),
        ("timeline", "fay", reverse("pep:plan-timeline", kwargs=plan)),
        ("section with questions", "anna", reverse("pep:section-edit", kwargs={**plan, "key": "attendance"})),
        ("section with targets", "anna", reverse("pep:section-edit", kwargs={**plan, "key": "targets"})),
        ("desk", "kit", reverse("virtualschool:desk")),
        ("desk, meeting not booked", "kit", reverse("virtualschool:queue", kwargs={"key": "no-meeting"})),
        ("register of children", "kit", reverse("virtualschool:children")),
    ]


def counted(client: Client, url: str) -> int:
    """Queries of one page, sign-in and access log included. Raises AssertionError when it does not open."""
    client.get(url)
    with CaptureQueriesContext(connection) as captured:
        answer: Any = client.get(url)
    if answer.status_code != 200:
        raise AssertionError(f"{url}: {answer.status_code}")
    return sum(not query["sql"].startswith(NOT_QUERIES) for query in captured.captured_queries)


def queries(rows: int) -> dict[str, int]:
    """Queries by page with this many rows, in a small world that is taken back afterwards."""
    with transaction.atomic():
        world = world_of(rows)
        clients = {name: signed_in(world.people[name]) for name in ("anna", "fay", "kit")}
        found = {page: counted(clients[who], url) for page, who, url in addresses(world)}
        transaction.set_rollback(True)
    return found


def run() -> Table:
    """The table of pages."""
    few, more = queries(FEW), queries(MORE)
    return Table(
        "Queries for each page",
        f"Counted with {FEW} and with {MORE} rows (children, plans, targets, actions). The tests hold them fixed.",
        ("page", f"{FEW} row", f"{MORE} rows"),
        [(page, str(few[page]), str(more[page])) for page in few],
    )
