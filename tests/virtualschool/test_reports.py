"""The dashboard's figures and their charts: counted from a few plans whose stories are told here."""

import datetime
import re
from xml.etree import ElementTree

import pytest
import time_machine
from django.utils import timezone

from children.models import Child
from pep.models import FundingRequest, Plan, QualityCheck
from pep.workflow import perform
from schools.timetable import add_working_days
from tests.world import DAY, World, begin, build_world, fill, graded, signed_in, submit_again
from virtualschool import charts, reports

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    return build_world()


def figures(world: World) -> tuple[dict[str, int], int]:
    """The funnel of Fenshire's term: children by step, and how many are late."""
    [term] = reports.terms_of([world.places["fenshire"].authority], world.today)
    funnel = reports.funnel(Child.objects.visible_to(world.people["kit"]), term, world.today)
    return {step.label: step.count for step in funnel.steps}, funnel.late


def submitted(world: World, key: str, teacher: str) -> Plan:
    plan = begin(world, key)
    fill(plan, key)
    return perform(plan, "submit", by=world.people[teacher], on=world.today)


def test_the_funnel_counts_each_child_at_its_furthest_step(world: World) -> None:
    assert figures(world)[0] == dict(zip(reports.FUNNEL, (3, 0, 0, 0, 0, 0), strict=True))
    begin(world, "wes")
    submitted(world, "tia", "bilal")
    plan = submitted(world, "sam", "anna")
    assert figures(world)[0] == dict(zip(reports.FUNNEL, (3, 3, 2, 2, 0, 0), strict=True))
    perform(plan, "sign_off", by=world.people["fay"], on=world.today)
    assert figures(world)[0] == dict(zip(reports.FUNNEL, (3, 3, 2, 2, 1, 0), strict=True))
    perform(plan, "grade", by=world.people["kit"], on=world.today, **graded())
    assert figures(world)[0] == dict(zip(reports.FUNNEL, (3, 3, 2, 2, 1, 1), strict=True))


def test_a_plan_that_went_on_without_the_signature_is_counted_apart_on_page_and_sheet(world: World) -> None:
    plan, signed = submitted(world, "sam", "anna"), submitted(world, "tia", "bilal")
    perform(signed, "sign_off", by=world.people["gus"], on=world.today)
    late = world.today + 40 * DAY
    plan = perform(plan, "go_on_without_signature", by=world.people["kit"], on=late, comment="Nobody answered")
    [term] = reports.terms_of([world.places["fenshire"].authority], world.today)
    children = Child.objects.visible_to(world.people["kit"])
    assert figures(world)[0]["Signed off"] == 2 and reports.funnel(children, term, world.today).unsigned == 1
    perform(plan, "grade", by=world.people["kit"], on=late, **graded())
    assert reports.funnel(children, term, world.today).unsigned == 1
    client = signed_in(world.people["lena"])
    assert "Without a signature" in client.get("/desk/dashboard/").content.decode()
    assert "Of these without the social worker’s signature,1" in client.get("/desk/dashboard/?format=csv").content.decode("utf-8-sig")


def test_cancelled_plans_and_children_who_left_before_do_not_count(world: World) -> None:
    perform(begin(world, "sam"), "cancel", by=world.people["kit"], on=world.today, comment="Twice")
    begin(world, "tia")
    period = world.children["tia"].care_periods.get()
    period.ends = world.today
    period.save()
    assert figures(world)[0] == dict(zip(reports.FUNNEL, (2, 0, 0, 0, 0, 0), strict=True))


def test_late_is_an_unfinished_plan_past_its_date(world: World) -> None:
    plan = begin(world, "sam")
    for days, late in ((0, 0), (-1, 1)):
        plan.due_on = world.today + days * DAY
        plan.save()
        assert figures(world)[1] == late


def test_how_plans_stood_to_their_dates_is_a_figure_of_its_own_with_whose_delay_it_was_and_why(world: World) -> None:
    [term] = reports.terms_of([world.places["fenshire"].authority], world.today)
    children = Child.objects.visible_to(world.people["kit"])
    on = add_working_days(world.today, 30)
    assert reports.punctuality(children, term, on).finding(term) == f"No plan in {term.title} has reached its date yet"
    plan = submitted(world, "sam", "anna")
    perform(plan, "sign_off", by=world.people["fay"], on=world.today)
    perform(plan, "grade", by=world.people["kit"], on=world.today, **graded())
    plan = submitted(world, "tia", "bilal")
    plan.due_on, plan.late_because = add_working_days(world.today, 22), "illness"
    plan.save()
    found = reports.punctuality(children, term, on)
    assert [row.count for row in found.rows] == [1, 0, 0, 1, 0]
    assert found.finding(term) == f"1 of 2 plans were in time in {term.title}"
    # Ten working days for signing, from today: they ended before the plan was due, so all that is late is the social worker's.
    assert ([(row.label, row.count) for row in found.delays], found.allowed) == ([("With the social worker", 8)], 0)
    assert [(row.label, row.count) for row in found.reasons] == [("Illness", 1)]
    assert reports.punctuality(children, term, plan.due_on).not_due == 1
    with time_machine.travel(datetime.datetime.combine(on, datetime.time(12), tzinfo=timezone.get_current_timezone()), tick=False):
        client = signed_in(world.people["lena"])
        page = client.get(f"/desk/dashboard/?term={term.key}").content.decode()
        assert "1 of 2 plans were in time" in page and "Whose delay" in page and "Illness" in page
        sheet = client.get(f"/desk/dashboard/?term={term.key}&format=csv").content.decode("utf-8-sig")
    assert "Late by 6 to 20 working days,1" in sheet and "Working days late with the social worker,8" in sheet


def test_late_days_within_the_time_that_the_policy_allows_are_counted_apart(world: World) -> None:
    [term] = reports.terms_of([world.places["fenshire"].authority], world.today)
    plan = submitted(world, "tia", "bilal")
    plan.due_on = add_working_days(world.today, 7)
    plan.save()
    on = add_working_days(world.today, 12)
    found = reports.punctuality(Child.objects.visible_to(world.people["kit"]), term, on)
    assert ([(row.label, row.count) for row in found.delays], found.allowed) == ([("With the social worker", 2)], 3)
    with time_machine.travel(datetime.datetime.combine(on, datetime.time(12), tzinfo=timezone.get_current_timezone()), tick=False):
        client = signed_in(world.people["lena"])
        page = client.get(f"/desk/dashboard/?term={term.key}").content.decode()
        sheet = client.get(f"/desk/dashboard/?term={term.key}&format=csv").content.decode("utf-8-sig")
    assert "Nobody’s: within the time that the policy allows" in page
    assert "Working days late with the social worker,2" in sheet
    assert "Working days late within the time that the policy allows,3" in sheet


def test_a_term_that_is_over_is_counted_as_at_its_last_day(world: World) -> None:
    [term] = reports.terms_of([world.places["fenshire"].authority], world.today)
    later = term.ends + 30 * DAY
    assert reports.funnel(Child.objects.visible_to(world.people["kit"]), term, later).as_at == term.ends - DAY


def test_grades_count_the_last_check_of_complete_plans(world: World) -> None:
    plan = submitted(world, "sam", "anna")
    perform(plan, "sign_off", by=world.people["fay"], on=world.today)
    perform(plan, "grade", by=world.people["kit"], on=world.today, **graded("red"), comment="Thin", sections=["targets"])
    terms = reports.terms_of([world.places["fenshire"].authority], world.today)
    everyone = Child.objects.visible_to(world.people["kit"])
    assert reports.grades_by_term(everyone, terms) == []
    submit_again(plan, by=world.people["anna"], on=world.today)
    perform(plan, "grade", by=world.people["kit"], on=world.today, **graded("gold"))
    [row] = reports.grades_by_term(everyone, terms)
    assert (row.counts, row.unchecked) == ({"red": 0, "amber": 0, "green": 0, "gold": 1}, 0)
    assert reports.grades_finding([row]).startswith("100% of plans in")


def test_a_corrected_plan_is_counted_once_by_its_latest_complete_version(world: World) -> None:
    """In grades, funnel, punctuality and money the corrected version takes the first one's place when it is complete, and not before."""
    people, policy = world.people, world.places["fenshire"].policy
    policy.flat_sums = {"secondary": 600}
    policy.save()
    plan = perform(submitted(world, "sam", "anna"), "sign_off", by=people["fay"], on=world.today)
    plan = perform(plan, "grade", by=people["kit"], on=world.today, **graded("gold"))
    plan.signature_skipped = True  # it went on without a signature; its correction has one
    plan.save()
    [term] = reports.terms_of([world.places["fenshire"].authority], world.today)
    everyone = Child.objects.visible_to(people["kit"])

    def counted() -> tuple[dict[str, int], int, int, int]:
        [row] = reports.grades_by_term(everyone, [term])
        funnel = reports.funnel(everyone, term, world.today)
        stood = reports.punctuality(everyone, term, world.today)
        return {grade: count for grade, count in row.counts.items() if count}, funnel.complete, funnel.unsigned, stood.counted

    second = perform(plan, "correct", by=people["kit"], on=world.today, comment="Wrong date", sections=["attendance"])
    assert counted() == ({"gold": 1}, 1, 1, 1)
    second = submit_again(second, by=people["anna"], on=world.today)
    second = perform(second, "grade", by=people["lena"], on=world.today, **graded("green"))
    assert counted() == ({"green": 1}, 1, 0, 1)
    third = perform(second, "correct", by=people["kit"], on=world.today, comment="Wrong again", sections=["attendance"])
    perform(submit_again(third, by=people["anna"], on=world.today), "grade", by=people["lena"], on=world.today, **graded("amber"))
    assert counted() == ({"amber": 1}, 1, 0, 1)
    flat = FundingRequest.objects.filter(target=None)
    assert [(row.plan, row.amount) for row in flat] == [(plan, 600)]


def test_a_plan_outside_the_sample_is_counted_apart(world: World) -> None:
    plan = submitted(world, "sam", "anna")
    plan.state, plan.completed_at = "complete", timezone.now()
    plan.save()
    QualityCheck(plan=plan, outcome="not_sampled", comment="Not drawn", at=timezone.now()).save()
    terms = reports.terms_of([world.places["fenshire"].authority], world.today)
    [row] = reports.grades_by_term(Child.objects.visible_to(world.people["kit"]), terms)
    assert (row.total, row.unchecked) == (0, 1)


def test_charts_are_drawings_that_say_their_finding_without_style_or_script(world: World) -> None:
    """I6."""
    submitted(world, "sam", "anna")
    [term] = reports.terms_of([world.places["fenshire"].authority], world.today)
    funnel = reports.funnel(Child.objects.visible_to(world.people["kit"]), term, world.today)
    grades = [reports.TermGrades(term, {"red": 1, "amber": 0, "green": 2, "gold": 3}, 0)]
    for svg, title in ((charts.funnel_chart(funnel), funnel.finding()), (charts.grades_chart(grades, "A <finding>"), "A <finding>")):
        drawing = ElementTree.fromstring(str(svg))
        assert drawing.find("title").text == title  # type: ignore[union-attr]
        assert drawing.get("role") == "img" and drawing.get("aria-labelledby") == drawing.find("title").get("id")  # type: ignore[union-attr]
        assert not re.search(r"style=|<script|on\w+=", str(svg))
    words = [element.text for element in ElementTree.fromstring(str(charts.grades_chart(grades, "x"))).iter("text")]
    assert {"1", "2", "3", "Gold", "Green", "Amber", "Red"} <= set(words)


def test_the_page_holds_each_figure_in_a_table_too(world: World) -> None:
    """I6."""
    submitted(world, "sam", "anna")
    page = signed_in(world.people["lena"]).get("/desk/dashboard/").content.decode()
    assert "0 of 3 children have a complete plan for" in page and "As at" in page and "small numbers are shown" in page
    table = page[page.index("Completion, in numbers") :]
    assert [int(number) for number in re.findall(r"govuk-table__cell--numeric\">(\d+)<", table)[:6]] == [3, 1, 1, 1, 0, 0]


def test_the_figures_as_a_sheet_and_an_authority_without_terms(world: World) -> None:
    client = signed_in(world.people["lena"])
    assert "Plan needed" in client.get("/desk/dashboard/?format=csv").content.decode("utf-8-sig")
    term = world.places["fenshire"].term
    term.starts, term.plans_due_on = world.today + DAY, world.today + 2 * DAY
    term.save()
    assert "No term has begun yet" in client.get("/desk/dashboard/").content.decode()
