"""Writing a plan where something is amiss: no JavaScript, a small telephone, a server that does not answer, a sign-in that has ended."""

import re

import pytest
from playwright.sync_api import Route, expect

from tests.browser import accessibility_faults
from tests.journeys.people import Person, SignIn
from tests.journeys.steps import open_plan_of
from tests.journeys.writing import sections_of
from tests.site import LiveSite

CHILD = "Jay Thorpe"
PATIENCE_MS = 20_000


def choose(person: Person, question: str, answer: str) -> None:
    """Choose one answer of a question."""
    person.page.get_by_role("group", name=question).get_by_label(answer, exact=True).check()


def test_a_section_with_rows_is_written_without_javascript(sign_in: SignIn) -> None:
    """I2."""
    anna = sign_in("Anna Bell", javascript=False)
    open_plan_of(anna, CHILD)
    anna.follow("Suspensions and part-time timetable")
    choose(anna, "Have they been suspended or permanently excluded this school year?", "Yes")
    first = anna.page.get_by_role("group", name="Suspension 1")
    first.get_by_label("What was agreed for coming back").fill("He begins the day with Mr Ola.")

    anna.press("Add another suspension")
    assert first.get_by_label("What was agreed for coming back").input_value() == "He begins the day with Mr Ola."
    second = anna.page.get_by_role("group", name="Suspension 2")
    second.get_by_label("What was agreed for coming back").fill("A quiet room at lunch.")
    choose(anna, "Have you completed this section?", "No, I’ll come back to it later")
    anna.press("Save")
    assert anna.reads("is saved.")

    anna.follow("Suspensions and part-time timetable")
    said = [box.input_value() for box in anna.page.get_by_label("What was agreed for coming back").all()]
    assert said[:2] == ["He begins the day with Mr Ola.", "A quiet room at lunch."]


@pytest.mark.parametrize(("name", "owner"), [("Anna Bell", "Designated teacher"), ("Priya Nair", "Social worker")])
def test_every_page_of_a_plan_fits_a_small_telephone(sign_in: SignIn, name: str, owner: str) -> None:
    """I2."""
    person = sign_in(name, width=320, height=640)
    open_plan_of(person, CHILD)
    plan = person.page.url
    for title in sections_of(person, owner):
        person.follow(title)
        person.page.goto(plan)
    person.follow("Read the whole plan")
    person.follow("Back to the plan")
    person.follow("What happened to this plan")
    person.follow(CHILD)


def test_when_the_server_does_not_answer_the_page_says_so_and_saves_later(sign_in: SignIn) -> None:
    anna = sign_in("Anna Bell")
    open_plan_of(anna, CHILD)
    anna.follow("Hopes and next steps")
    box = anna.page.get_by_label("What do they hope to do in the future?")

    def cut(route: Route) -> None:
        route.abort("connectionfailed")

    anna.page.route("**/draft/", cut)
    box.fill("Jay wants to be a marine engineer.")
    box.blur()
    words = anna.page.locator("[data-save-words]")
    expect(words).to_contain_text("Not saved.", timeout=PATIENCE_MS)
    anna.look()
    anna.page.unroute("**/draft/", cut)
    expect(words).to_have_text(
        re.compile(r"^Kept for you only at [0-9]{2}:[0-9]{2}\. Press Save to put it in the plan\.$"), timeout=PATIENCE_MS
    )

    # Nobody pressed Save: the words are kept for her alone and come back when she does.
    anna.follow("Back to the plan")
    anna.follow("Hopes and next steps")
    assert anna.reads("You had not saved this yet.")
    assert box.input_value() == "Jay wants to be a marine engineer."


def test_a_sign_in_that_ends_while_somebody_types_costs_no_words(live_site: LiveSite, sign_in: SignIn) -> None:
    priya = sign_in("Priya Nair")
    open_plan_of(priya, CHILD)
    priya.follow("Views of the social worker")
    key = next(cookie["value"] for cookie in priya.page.context.cookies() if "session" in cookie["name"])
    live_site.query("DELETE FROM django_session WHERE session_key = %s", key)

    box = priya.page.get_by_label("How are they doing, and what matters most this term?")
    box.fill("He laughs again, and he has not missed a day since half term.")
    box.blur()
    expect(priya.page.locator("[data-save-words]")).to_contain_text("You were signed out.", timeout=PATIENCE_MS)
    priya.press("Save")
    assert priya.headline() == "You were signed out, but your words are here"
    assert priya.reads("He laughs again, and he has not missed a day since half term.")

    # She signs in again in another tab, comes back, and sends what she typed.
    with priya.page.expect_popup() as opened:
        priya.page.get_by_role("link", name="Sign in again (opens in a new tab)").click()
    tab = opened.value
    assert accessibility_faults(tab) == []
    tab.get_by_role("button", name="Continue as Priya Nair").click()
    tab.wait_for_load_state()
    tab.close()
    priya.press("Save what I typed")
    if priya.can_press("Save what I typed"):
        assert priya.reads("You are signed in again.")
        priya.press("Save what I typed")
    assert priya.reads("“Views of the social worker” is saved.")
    priya.follow("Views of the social worker")
    assert box.input_value() == "He laughs again, and he has not missed a day since half term."
