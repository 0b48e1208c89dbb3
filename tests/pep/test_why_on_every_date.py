"""Why is this date? Beside every due date that a page draws there is a way to the reason, and it leads to that date."""

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from pep.deadlines import refresh
from pep.workflow import perform
from tests.pep.test_late import another
from tests.world import DAY, World, begin, build_world, fill, signed_in
from virtualschool.quality import QUEUES

pytestmark = pytest.mark.django_db

PAGES = {
    "anna": ["/", "/children/{sam}/", "/plans/{plan}/"],
    "fay": ["/", "/children/{sam}/"],
    "gus": ["/", "/children/{tia}/"],
    "hana": ["/"],
    "kit": ["/", "/children/{tia}/", *(f"/desk/lists/{queue.key}/" for queue in QUEUES)],
}


@pytest.fixture
def world() -> World:
    """Plans under way, one late, one waiting for a signature, and children whose next plan is not begun."""
    world = build_world()
    for key in world.children:
        refresh(world.children[key], on=world.today)
    plan = begin(world, "sam")
    fill(plan, "sam")
    perform(plan, "submit", by=world.people["anna"])
    late = begin(world, "wes")
    late.due_on = world.today - DAY
    late.save()
    return world


def dates_on(page: str) -> list[str]:
    """Each due date that is drawn, as far as the next one."""
    return re.split(r'<span class="app-due">', page)[1:]


def address(world: World, page: str) -> str:
    return page.format(plan=world.plans["sam"].pk, **{key: child.pk for key, child in world.children.items()})


@pytest.mark.parametrize(("name", "page"), [(name, page) for name, pages in PAGES.items() for page in pages])
def test_beside_every_date_stands_why_and_it_leads_to_that_date(world: World, name: str, page: str) -> None:
    client = signed_in(world.people[name])
    answer = client.get(address(world, page))
    assert answer.status_code == 200
    drawn = dates_on(answer.content.decode())
    for date in drawn:
        found = re.search(r'class="govuk-link app-due__why" href="([^"#]+)#?([^"]*)"', date)
        # On the child's own page the reason itself stands under each date of the clock.
        assert found or "Why is this date?" in date, date[:200]
        if found and found[2]:
            assert f'id="{found[2]}"' in client.get(found[1]).content.decode(), found[2]
    if page in ("/", "/children/{sam}/", "/children/{tia}/", "/desk/lists/not-begun/", "/desk/lists/overdue/", "/desk/lists/sign-off/"):
        assert drawn, "there is a date to ask about"


def test_the_step_that_a_plan_stands_at_and_the_page_that_asks_why_it_is_late_lead_there_too(world: World) -> None:
    plan, late = world.plans["sam"], world.plans["wes"]
    kit = signed_in(world.people["kit"])
    assert f"/dates/#signature-{plan.pk}" in kit.get(f"/plans/{plan.pk}/").content.decode()
    assert f"/dates/#plan-{late.pk}" in kit.get(f"/plans/{late.pk}/lateness/").content.decode()


@pytest.mark.parametrize(("name", "page"), [("fay", "/"), ("kit", "/desk/lists/not-begun/"), ("kit", "/desk/lists/facts/")])
def test_it_takes_no_query_more_for_more_dates(world: World, name: str, page: str) -> None:
    """H4."""
    client, counts = signed_in(world.people[name]), []
    client.get(page)
    for more in (1, 3):
        for number in range(more):
            refresh(another(world, 10 * more + number), on=world.today)
        with CaptureQueriesContext(connection) as captured:
            client.get(page)
        counts.append(len([row for row in captured.captured_queries if "SAVEPOINT" not in row["sql"]]))
    assert counts[0] == counts[1]
