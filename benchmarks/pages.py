"""How many queries each page takes with one row and with three: the same, or it would grow with the register."""

import datetime
from collections.abc import Callable
from typing import Any

from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from benchmarks.report import Table
from children.models import Allocation, Enrolment
from pep.models import Action, FundingDecision, FundingRequest, Move, Plan, Target
from schools.models import School
from tests.world import DAY, World, allocate, begin, build_world, child, fill, member, person, signed_in

FEW, MORE = 1, 3
NOT_QUERIES = ("SAVEPOINT", "RELEASE SAVEPOINT", "ROLLBACK TO SAVEPOINT")


def world_of(rows: int) -> World:
    """Anna, Fay and Kit with this many children whose plan is written, each with as many earlier plans, targets, actions, requests for
    money, changes of school, helpers and places besides the main school, and with as many whose plan is only just begun.
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
        request = FundingRequest.objects.get(plan=plan)
        request.state, request.agreed_amount = FundingRequest.State.AGREED, request.amount
        request.save()
        for number in range(1, rows):
            _another(plan, number)
    for number in range(rows):
        _place(world, number, written)
    return world


def _place(world: World, number: int, keys: list[str]) -> None:
    """A tuition centre with a designated teacher of its own that all these children go to, with somebody there who once helped."""
    centre = School(urn=910000 + number, name=f"Tuition Centre {number}", status="Open")
    centre.save()
    teacher = person(world, f"Tutor{number}")
    member(world, f"Tutor{number}", "designated_teacher", school=centre, authority=world.places["fenshire"].authority)
    for key in keys:
        of, once = world.children[key], {"starts": world.today - 90 * DAY, "ends": world.today - 80 * DAY}
        Enrolment(child=of, school=centre, kind="tuition", starts=world.today - 30 * DAY).save()
        Allocation(child=of, role="school_contributor", worker=teacher, named_by=world.people["anna"], **once).save()
        Move(
            child=of, to_school=centre, starts_on=world.today, reason="Nearer", state="withdrawn", proposed_at=timezone.now(),
            proposed_by=world.people["fay"], withdrawn_by=world.people["kit"], withdrawn_at=timezone.now(),
        ).save()  # fmt: skip


def _another(plan: Plan, number: int) -> None:
    """One more of everything that a plan has rows of."""
    by_when = timezone.localdate() + datetime.timedelta(days=30)
    texts = {"need": "n", "baseline": "b", "aim": "a", "success": "s", "intervention": "i", "who": "w"}
    target = Target(plan=plan, position=number + 1, area="maths", by_when=by_when, **texts)
    target.save()
    money = {"purpose": "Tuition", "amount": 100, "agreed_amount": 100, "state": "agreed", "financial_year": "2026-27"}
    request = FundingRequest(plan=plan, target=target, school=plan.school, **money)
    request.save()
    FundingDecision.objects.create(request=request, step="agreed", amount=100, on=timezone.localdate())
    Action(plan=plan, position=number + 1, what="Something", who="Somebody", by_when=by_when).save()
    Plan(
        child=plan.child, form_key=plan.form_key, form_version=plan.form_version, reason="termly", state=Plan.State.CANCELLED,
        due_on=by_when - datetime.timedelta(days=200 * number), state_since=timezone.now(), school=plan.school,
    ).save()  # fmt: skip


def _of_child(name: str) -> Callable[[World], str]:
    return lambda world: reverse(name, kwargs={"pk": world.children["sam"].pk})


def _of_plan(name: str, **more: str) -> Callable[[World], str]:
    return lambda world: reverse(name, kwargs={"pk": world.plans["sam"].pk, **more})


def _at(name: str, **kwargs: str) -> Callable[[World], str]:
    return lambda world: reverse(name, kwargs=kwargs)


# The pages: who opens each, and where it is.
PAGES: dict[str, tuple[str, Callable[[World], str]]] = {
    "home, designated teacher": ("anna", _at("pep:home")),
    "home, social worker": ("fay", _at("pep:home")),
    "home, team manager": ("hana", _at("pep:home")),
    "home, service manager": ("rosa", _at("pep:home")),
    "home, virtual school officer": ("kit", _at("pep:home")),
    "messages": ("fay", _at("message-list")),
    "child": ("fay", _of_child("children:child-detail")),
    "child, designated teacher": ("anna", _of_child("children:child-detail")),
    "what happened to the child": ("lena", _of_child("pep:child-timeline")),
    "plan": ("anna", _of_plan("pep:plan-detail")),
    "plan to read": ("fay", _of_plan("pep:plan-read")),
    "timeline": ("fay", _of_plan("pep:plan-timeline")),
    "section with questions": ("anna", _of_plan("pep:section-edit", key="attendance")),
    "section with targets": ("anna", _of_plan("pep:section-edit", key="targets")),
    "desk": ("kit", _at("virtualschool:desk")),
    "desk, meeting not booked": ("kit", _at("virtualschool:queue", key="no-meeting")),
    "desk, copies to give": ("kit", _at("virtualschool:queue", key="copies")),
    "dashboard": ("lena", _at("virtualschool:dashboard")),
    "money to decide": ("kit", _at("virtualschool:money")),
    "register of children": ("kit", _at("virtualschool:children")),
    "child in the register": ("kit", _of_child("virtualschool:child-edit")),
    "who looked": ("lena", _of_child("virtualschool:who-looked")),
}


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
        clients = {name: signed_in(world.people[name]) for name in {who for who, _ in PAGES.values()}}
        found = {page: counted(clients[who], where(world)) for page, (who, where) in PAGES.items()}
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
