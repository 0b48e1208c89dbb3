"""What people do with a plan, in the words they would use: the sentences the journeys are told in."""

import datetime
import time

from django.utils import timezone

from tests.journeys.people import Person
from tests.journeys.writing import ITEMS, Said, fill_in, sections_of, write_section

PATIENCE = 60


def day_before(days: int) -> datetime.date:
    """A day so many days ago."""
    return datetime.date.today() - datetime.timedelta(days=days)  # noqa: DTZ011


def parts(day: datetime.date) -> tuple[str, str, str]:
    """Day, month and year as typed."""
    return str(day.day), str(day.month), str(day.year)


def write_date(person: Person, question: str, day: datetime.date) -> None:
    """Type a date into its three boxes."""
    boxes = person.page.get_by_role("group", name=question)
    for label, value in zip(("Day", "Month", "Year"), parts(day), strict=True):
        boxes.get_by_label(label, exact=True).fill(value)


def find_child(person: Person, name: str) -> None:
    """Virtual school staff find a child in the register and open the child's page."""
    person.follow("Children")
    person.page.get_by_label("Name, reference or UPN").fill(name)
    person.press("Show")
    person.follow(name)


def open_plan_of(person: Person, name: str) -> None:
    """A teacher or social worker opens a child's plan from their own list."""
    person.go("/")
    person.follow(name)


def write_part(person: Person, owner: str) -> list[Said]:
    """Write every section of questions that the plan's page shows as an owner's and not completed."""
    titles = [title for title in sections_of(person, owner, unfinished=True) if title not in ITEMS]
    return [said for title in titles for said in write_section(person, title)]


def book_meeting(person: Person, day: datetime.date, guests: list[tuple[str, str]]) -> None:
    """Book the meeting and ask people to it: role and name of each. Who is offered already is not written down twice."""
    person.follow("Meeting")
    page = person.page
    page.get_by_role("group", name="Is the meeting booked, or has it been held?").get_by_label("Booked", exact=True).check()
    write_date(person, "Date of the meeting", day)
    page.get_by_label("Time it starts").fill("14:00")
    page.get_by_label("Place or link").fill("The meeting room at school")
    offered = [box.locator("option:checked").inner_text() for box in page.get_by_label("Who are they?").all()][:-1]
    others = [guest for guest in guests if guest[0] not in offered]
    for number, (role, name) in enumerate(others, start=len(offered)):
        page.get_by_label("Who are they?").nth(number).select_option(label=role)
        page.get_by_label("Name", exact=True).nth(number).fill(name)
        if number + 1 < len(offered) + len(others):
            person.press("Add another person")
    person.press("Save")
    assert person.reads("“Meeting” is saved.")


def hold_meeting(person: Person, next_on: datetime.date) -> None:
    """Write down that the meeting was held, that all came, how the child took part and when the next one is."""
    person.follow("Meeting")
    page = person.page
    page.get_by_role("group", name="Is the meeting booked, or has it been held?").get_by_label("Held", exact=True).check()
    page.get_by_role("group", name="How the child took part").get_by_label("PN1: came and spoke for themselves").check()
    write_date(person, "Date of the next meeting", next_on)
    for choice in page.get_by_label("Did they come?").all()[:-1]:
        choice.select_option(label="Came")
    fill_foot(person)
    person.press("Save")
    assert person.reads("“Meeting” is saved.")


def fill_foot(person: Person) -> None:
    """Say that a section is complete."""
    person.page.get_by_role("group", name="Have you completed this section?").get_by_label("Yes", exact=True).check()


def add_target(person: Person, aim: str, *, money: str = "", purpose: str = "") -> list[Said]:
    """Add one target, with a request for pupil premium where money is named."""
    person.press("Add a target")
    write_date(person, "By when?", timezone.localdate() + datetime.timedelta(days=60))
    said = fill_in(person, known={"aim": aim, "funding_amount": money, "funding_purpose": purpose})
    person.press("Save")
    assert person.reads("The target is saved.")
    return said


def add_action(person: Person, what: str, who: str) -> None:
    """Add one action."""
    person.press("Add an action")
    write_date(person, "By when?", timezone.localdate() + datetime.timedelta(days=30))
    fill_in(person, known={"what": what, "who": who})
    person.press("Save")
    assert person.reads("The action is saved.")


def grade(person: Person, colour: str, comment: str) -> None:
    """Grade every area and the whole plan alike."""
    person.press("Grade the plan")
    fill_in(person, known={"comment": comment}, prefer={"*": [colour], "sections": ""})
    person.press("Grade the plan")


def wait_for_documents(person: Person, count: int) -> None:
    """Look at the complete plan again and again until its documents are ready."""
    deadline = time.monotonic() + PATIENCE
    while person.page.get_by_role("link", name="copy (PDF").count() < count:
        assert time.monotonic() < deadline, person.page.locator("main").inner_text()
        person.page.wait_for_timeout(500)
        person.page.reload()
    person.look()
