"""The first page of those who answer for others: what is late and due next, where, why, who holds it; nudges, each plan asked again."""

import csv
import io
import uuid
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Message
from children.models import AccessLog, CarePeriod, Child, Enrolment
from config.context import navigation
from pep.deadlines import refresh
from pep.late import SHEET_HEAD, late_rows, lines
from pep.models import Plan
from pep.planning import create_plan
from pep.reminders import Due, missing_of
from pep.workflow import perform
from tests.pep.test_reminders import complete
from tests.world import DAY, World, allocate, begin, build_world, fill, member, signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    return build_world()


def due(world: World, key: str, days: int) -> Plan:
    """A plan of a child that is due so many days from today."""
    plan = begin(world, key)
    plan.due_on = world.today + days * DAY
    plan.save()
    return plan


def parts(world: World, name: str, query: str = "") -> dict[str, list[str]]:
    """The headings of someone's list, each with the children below it by the tests' names."""
    answer = signed_in(world.people[name]).get(f"/{query}")
    names = {child.pk: key for key, child in world.children.items()}
    shown = answer.context.get("parts", []) if answer.context else []
    return {title: [names[line.child.pk] for line in found] for title, found in shown}


def press(world: World, name: str, *plans: Plan | uuid.UUID) -> Any:
    return signed_in(world.people[name]).post("/", {"plan": [str(getattr(plan, "pk", plan)) for plan in plans]}, follow=True)


def nudged() -> set[tuple[str, object]]:
    found = Message.objects.filter(rule="plan_nudged").values_list("recipient__name", "about_plan")
    return {(str(name).split()[0].lower(), plan) for name, plan in found}


@pytest.mark.parametrize("name", ["kit", "lena", "moe", "hana", "ian", "rosa"])
def test_whoever_answers_for_others_begins_with_what_is_late_the_longest_first_and_then_what_falls_due(world: World, name: str) -> None:
    due(world, "sam", -3)
    due(world, "tia", -9)
    due(world, "wes", 5)  # nobody is allocated: the team alone
    due(world, "vic", -20)  # another council's
    assert parts(world, name) == {"Late": ["tia", "sam"], "Due in the next 14 days": ["wes"]}


def test_what_is_due_later_is_not_listed_and_today_is_not_late(world: World) -> None:
    due(world, "sam", 0)
    due(world, "tia", 15)
    assert parts(world, "kit") == {"Due in the next 14 days": ["sam"]}
    assert "No plan is late" in signed_in(world.people["kit"]).get("/").content.decode()


def test_a_line_says_date_reason_what_is_missing_who_holds_it_since_when_and_how_late_in_working_days(world: World) -> None:
    plan = due(world, "sam", -14)
    complete(plan, "school", "virtual_school")
    [line] = lines(late_rows(Child.objects.all(), world.today), world.today)
    assert (line.child, line.plan, line.due_on, line.days) == (world.children["sam"], plan, world.today - 14 * DAY, line.days)
    assert 8 <= line.days <= 10 and line.why == "Chosen when the plan was begun"
    assert [turn.who for turn in line.turns] == ["Social worker: Fay Example"] and "About me" in line.turns[0].what
    page = signed_in(world.people["hana"]).get("/").content.decode()
    for words in ("Hill School", "Fenshire Team One", "working days late", "Social worker: Fay Example", "since ", "1 plan is"):
        assert words in page, words
    assert f"/children/{world.children['sam'].pk}/dates/#plan-{plan.pk}" in page


def test_a_child_whose_plan_is_due_and_not_begun_is_in_the_list_and_there_is_nobody_to_nudge(world: World) -> None:
    refresh(world.children["sam"], on=world.today)
    client = signed_in(world.people["kit"])
    [(title, [line])] = client.get("/").context["parts"]
    assert title == "Late" and line.plan is None and line.turns[0].who == "Virtual school"
    assert 'name="plan"' not in client.get("/").content.decode()
    begin(world, "sam")
    assert parts(world, "kit") == {}


def test_the_list_can_be_put_together_by_school_or_team_and_narrowed_as_the_desk_is(world: World) -> None:
    due(world, "sam", -3)
    due(world, "tia", -9)
    due(world, "wes", -5)
    assert parts(world, "kit", "?group=school") == {"No school": ["wes"], "Brook School": ["tia"], "Hill School": ["sam"]}
    assert parts(world, "hana", "?group=team") == {"Fenshire Team One": ["tia", "wes", "sam"]}
    assert parts(world, "kit", f"?school={world.schools['hill'].pk}") == {"Late": ["sam"]}
    assert parts(world, "kit", f"?team={world.places['fenshire'].team.pk}&no_worker=on") == {"Late": ["wes"]}


def test_the_list_can_be_narrowed_to_whom_it_waits_for_as_the_ladder_finds_it(world: World) -> None:
    for number, key in enumerate(("sam", "tia", "wes")):
        due(world, key, -3 - number)
    complete(world.plans["sam"], "school", "virtual_school")
    fill(world.plans["tia"], "tia")
    perform(world.plans["tia"], "submit", by=world.people["bilal"])
    perform(world.plans["tia"], "sign_off", by=world.people["gus"])
    for owner in ("school", "social_worker", "virtual_school"):
        rows = late_rows(Child.objects.all(), world.today, waits_for=owner)
        plans = Plan.objects.filter(pk__in=[key for _, key, _, _ in rows])
        everyone = Plan.objects.all()
        dues = [Due(plan.pk, plan.child_id, uuid.uuid4(), plan.state, plan.reopened, plan.due_on) for plan in everyone]
        assert set(plans) == {plan for plan in everyone if owner in missing_of(everyone, dues, world.today)[plan.pk]}, owner
    assert parts(world, "kit", "?turn=virtual_school")["Late"] == ["tia"]


@pytest.mark.parametrize("owner", ["", "school", "social_worker", "virtual_school"])
def test_the_headline_counts_what_the_list_shows(world: World, owner: str) -> None:
    complete(due(world, "sam", -9), "school", "virtual_school")
    complete(due(world, "tia", -9), "social_worker", "virtual_school")
    refresh(world.children["wes"], on=world.today)  # not begun: the virtual school's
    answer = signed_in(world.people["kit"]).get(f"/?turn={owner}")
    shown = [line for _, found in answer.context["parts"] for line in found if line.overdue and not line.step]
    assert answer.context["late_count"] == len(shown) == (1 if owner else 3)


@pytest.mark.parametrize(("sections", "owner"), [(["health"], "social_worker"), (["attendance"], "school")])
def test_a_returned_plan_waits_for_those_whose_sections_went_back(world: World, sections: list[str], owner: str) -> None:
    plan = due(world, "sam", -3)
    fill(plan, "sam")
    perform(plan, "submit", by=world.people["anna"])
    perform(plan, "return_from_sign_off", by=world.people["fay"], on=world.today, comment="Old", sections=sections)
    for done in (False, True):
        if done:
            row = plan.sections.get(key=sections[0])
            row.marked_complete = True
            row.save()
        for asked in ("school", "social_worker"):
            found = late_rows(Child.objects.all(), world.today, waits_for=asked)
            assert bool(found) is (asked == owner), (asked, done)
        [line] = lines(late_rows(Child.objects.all(), world.today), world.today)
        assert line.turns[0].what == ("To submit" if done else plan.form.section(sections[0]).title)


def test_who_has_several_roles_sees_what_belongs_to_all_of_them(world: World) -> None:
    """An officer of Fenshire who manages a team and teaches for Marlow Vale."""
    kit, marlow = "Kit", world.places["marlow"]
    due(world, "sam", -3)
    due(world, "vic", -5)
    assert parts(world, "kit") == {"Late": ["sam"]}
    assert "own_page" not in signed_in(world.people["kit"]).get("/").context
    member(world, kit, "designated_teacher", school=world.schools["hill"], authority=marlow.authority)
    answer = signed_in(world.people["kit"]).get("/")
    assert parts(world, "kit") == {"Late": ["sam"]}
    assert [line.child for group in answer.context["groups"] for line in group.lines] == [world.children["vic"]]
    member(world, kit, "team_manager", team=marlow.team)
    assert parts(world, "kit") == {"Late": ["vic", "sam"]}


NAMES = {"kit": ["Late and due"], "hana": ["Your children"], "anna": ["Your children"], "hedy": [], "nia": []}


@pytest.mark.parametrize("name", NAMES)
def test_the_way_back_to_the_first_page_stands_once_in_the_navigation(world: World, name: str) -> None:
    member(world, "Lena", "designated_teacher", school=world.schools["unit"], authority=world.places["fenshire"].authority)
    assert [item["text"] for item in navigation(world.people[name]) if item["href"] == "/"] == NAMES[name]
    assert [item["text"] for item in navigation(world.people["lena"]) if item["href"] == "/"] == ["Late and due"]


def test_teachers_and_social_workers_have_their_own_children_alone(world: World) -> None:
    due(world, "sam", -3)
    for name in ("anna", "fay", "eve", "jo", "nia"):
        assert parts(world, name) == {}
        if name != "nia":
            assert signed_in(world.people[name]).post("/", {"plan": []}).status_code == 403


def test_a_nudge_asks_each_plan_again_and_says_what_became_of_each(world: World) -> None:
    sam, tia, wes = (due(world, key, -3) for key in ("sam", "tia", "wes"))
    perform(tia, "cancel", by=world.people["kit"], comment="Begun twice")
    page = press(world, "hana", sam, tia).content.decode()
    assert nudged() == {("anna", sam.pk), ("fay", sam.pk), ("kit", sam.pk)} - {("kit", sam.pk)}
    assert "2 messages sent, about 1 plan." in page and "1 plan: it no longer waits for anybody" in page
    page = press(world, "hana", sam, wes).content.decode()
    assert "1 plan: nudged today already" in page and ("kit", wes.pk) in nudged()
    assert {row.child for row in AccessLog.objects.filter(page="pep:nudge", allowed=True)} == {sam.child, wes.child}


def test_who_holds_a_plan_alone_is_told_so_instead_of_being_nudged_by_themselves(world: World) -> None:
    plan = due(world, "wes", -3)
    complete(plan, "school", "virtual_school")  # the rest is the social worker's, and so the manager's
    assert "1 plan: you hold it yourself" in press(world, "hana", plan).content.decode()
    assert nudged() == set()


@pytest.mark.parametrize("foreign", ["theirs", "absent"])
def test_one_foreign_plan_among_them_and_nobody_is_told_anything_and_the_refusal_is_logged(world: World, foreign: str) -> None:
    """A8."""
    own, theirs = due(world, "sam", -3), due(world, "vic", -3)
    other: Any = {"theirs": theirs, "absent": uuid.uuid4()}[foreign]
    assert press(world, "hana", own, other).status_code == 404
    assert nudged() == set()
    refused = AccessLog.objects.filter(page="pep:nudge", allowed=False, child=world.children["vic"])
    assert refused.count() == (foreign == "theirs")
    assert not AccessLog.objects.filter(page="pep:nudge", allowed=True).exists()


def test_nothing_ticked_and_no_key_are_said_and_change_nothing(world: World) -> None:
    due(world, "sam", -3)
    assert "Tick at least one plan" in press(world, "kit").content.decode()
    assert signed_in(world.people["kit"]).post("/", {"plan": ["sam"]}).status_code == 404


def test_the_list_as_a_sheet_neutralises_formulas_and_is_in_the_log_of_each_child(world: World) -> None:
    """E6."""
    sam = world.children["sam"]
    sam.known_as = "=HYPERLINK(1)"
    sam.save()
    due(world, "sam", -14)
    due(world, "wes", 2)
    client = signed_in(world.people["hana"])
    client.get("/")
    assert not AccessLog.objects.exists()
    head, late, soon = csv.reader(io.StringIO(client.get("/?format=csv").content.decode("utf-8-sig")))
    assert head == list(SHEET_HEAD)
    assert late[1].startswith("'=HYPERLINK(1)") and late[3:5] == ["Hill School", "Fenshire Team One"] and int(late[9]) >= 8
    assert soon[9] == "" and "Fay Example" in late[11]
    assert {(row.child, row.relations) for row in AccessLog.objects.filter(page="pep:home")} == {
        (sam, "team_manager"), (world.children["wes"], "team_manager"),
    }  # fmt: skip
    page = signed_in(world.people["lena"]).get(f"/children/{sam.pk}/who-looked/").content.decode()
    assert "What is late, taken as a file" in page


def another(world: World, number: int) -> Child:
    """One more child of Hana's team at Hill School."""
    made = Child(authority=world.places["fenshire"].authority, given_name=f"N{number}", date_of_birth=world.today.replace(year=2013, day=1))
    made.save()
    CarePeriod(child=made, starts=world.today - 300 * DAY).save()
    Enrolment(child=made, school=world.schools["hill"], starts=world.today - 300 * DAY).save()
    world.children[f"n{number}"] = made
    allocate(world, f"n{number}", "social_worker", "Fay", team=world.places["fenshire"].team)
    return made


@pytest.mark.parametrize("name", ["kit", "hana", "rosa", "fay"])
@pytest.mark.parametrize("query", ["", "?group=team&turn=school", "?format=csv"])
def test_the_first_page_takes_the_same_queries_for_one_row_and_for_three(world: World, name: str, query: str) -> None:
    """H4."""
    client, counts = signed_in(world.people[name]), []
    due(world, "sam", -3)
    refresh(another(world, 20), on=world.today)
    client.get(f"/{query}")
    for more in (0, 2):
        for number in range(more):
            create_plan(
                another(world, number), reason="termly", due_on=world.today - (5 + number) * DAY, by=None, on=world.today
            )  # fmt: skip
            refresh(another(world, 10 + number), on=world.today)
        with CaptureQueriesContext(connection) as captured:
            client.get(f"/{query}")
        counts.append(len([row for row in captured.captured_queries if "SAVEPOINT" not in row["sql"]]))
    assert counts[0] == counts[1]


def test_a_long_list_is_cut_into_pages_by_the_database(world: World) -> None:
    for number in range(60):
        create_plan(another(world, number), reason="termly", due_on=world.today - (1 + number) * DAY, by=None, on=world.today)
    client = signed_in(world.people["kit"])
    with CaptureQueriesContext(connection) as captured:
        answer = client.get("/")
    assert answer.context["late_count"] == 60 and sum(len(found) for _, found in answer.context["parts"]) == 50
    assert any("LIMIT 50" in row["sql"] and "UNION" in row["sql"] for row in captured.captured_queries)
    assert sum(len(found) for _, found in client.get("/?page=2").context["parts"]) == 10


def test_what_is_to_do_now_stands_on_the_first_page_however_many_children_there_are(world: World) -> None:
    """Fay has sixty children whose names come before Sam's and whose plans wait for others."""
    for number in range(60):
        plan = create_plan(another(world, number), reason="termly", due_on=world.today - DAY, by=None, on=world.today)
        plan.state = Plan.State.AWAITING_CHECK
        plan.save()
    plan = due(world, "sam", 10)
    fill(plan, "sam")
    perform(plan, "submit", by=world.people["anna"])
    answer = signed_in(world.people["fay"]).get("/")
    now, waiting, _ = answer.context["groups"]
    assert [line.child for line in now.lines] == [world.children["sam"]]
    assert (waiting.total, len(waiting.lines)) == (60, 49)
    second = signed_in(world.people["fay"]).get("/?own=2").context["groups"]
    assert [len(group.lines) for group in second] == [0, 11, 0]
