"""One child's line on the authority's list, and short ways to plan and bring in lists made of it."""

from datetime import date

from children.models import Child
from tests.virtualschool.register.conftest import World, as_csv
from virtualschool.register import children
from virtualschool.register.rows import Line, Outcome, Report

ROBIN = {
    "Given name": "Robin",
    "Family name": "Fairweather",
    "Known as": "Rob",
    "Date of birth": "14/03/2012",
    "UPN": "A950000178301",
    "Identifier": "C1001",
    "Legal status": "C2",
    "Care start": "01/06/2024",
    "Placement": "Foster care",
    "Placement start": "02/06/2024",
    "Carer": "Mr and Mrs Dale",
    "School URN": "999001",
    "School start": "01/09/2024",
    "Social worker e-mail": "sam.okafor@fictional.example",
    "Team": "Team North",
}
NEXT_WEEK = date(2026, 12, 1)


def row(**changes: str) -> dict[str, str]:
    """Robin's line with some cells changed; underscores in the names stand for spaces."""
    return ROBIN | {name.replace("_", " "): text for name, text in changes.items()}


def plan(world: World, *lines: dict[str, str], on: date | None = None, answers: dict[int, str] | None = None) -> Report:
    return children.plan(children.read(as_csv(*lines)), world.county, on or world.today, answers)


def bring_in(world: World, *lines: dict[str, str], on: date | None = None, answers: dict[int, str] | None = None) -> Report:
    report = plan(world, *lines, on=on, answers=answers)
    children.apply(report, by=world.ada)
    return report


def only(report: Report) -> Line:
    [line] = report.lines
    return line


def counts(report: Report) -> dict[str, int]:
    return {outcome.value: count for outcome in Outcome if (count := report.count(outcome))}


def robin(world: World) -> Child:
    bring_in(world, ROBIN)
    return Child.objects.get(identifier="C1001")
