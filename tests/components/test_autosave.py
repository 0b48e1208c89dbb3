"""What a form that saves itself sends, and what it tells its writer."""

from collections.abc import Callable
from urllib.parse import parse_qs

from playwright.sync_api import Page, Route

from tests.components.browser import Answers, Site, draw_page

SOURCE = """{% extends "base.html" %}{% load components %}{% block title %}Strengths{% endblock %}
{% block content %}<h1 class="govuk-heading-l">Strengths</h1>{% draw "save_state" text="Press Save to keep what you write." %}
<form method="post" action="/save" data-autosave-url="/autosave" data-base-version="7"UNSAVED>
<input type="hidden" name="csrfmiddlewaretoken" value="token-of-this-form">
<label for="a">What goes well?</label><textarea id="a" name="a">Reads</textarea>
<label for="b">What is hard?</label><input id="b" name="b"><button>Save</button></form>{% endblock %}"""

SECOND = 1000


def page_of(site: Site, answers: Answers, *, unsaved: bool = False) -> Page:
    return site.open(draw_page(SOURCE.replace("UNSAVED", " data-unsaved" if unsaved else ""), {}), answers=answers)


def with_clock(site: Site, answers: Answers, *, unsaved: bool = False) -> Page:
    """The page with a clock that only moves when told."""
    page = page_of(site, answers, unsaved=unsaved)
    page.clock.install(time=0)
    page.clock.pause_at(SECOND)
    page.reload()
    return page


def saved(at: str = "14:02") -> Callable[[Route], None]:
    return lambda route: route.fulfill(json={"saved_at": at})


def kept(at: str) -> str:
    return f"Kept for you only at {at}. Press Save to put it in the plan."


def status(code: int) -> Callable[[Route], None]:
    return lambda route: route.fulfill(status=code, json={})


def state(page: Page) -> str:
    return page.locator("[data-save-words]").inner_text()


def says(page: Page, text: str) -> None:
    page.locator("[data-save-words]", has_text=text).wait_for()


def test_the_fields_go_three_seconds_after_the_last_change_with_the_version_they_began_from(site: Site) -> None:
    answers = Answers([saved()])
    page = with_clock(site, answers)
    page.get_by_label("What goes well?").fill("Reads & writes")
    page.clock.run_for(2 * SECOND)
    page.get_by_label("What goes well?").fill("Reads & writes well")
    page.clock.run_for(2 * SECOND)
    assert answers.sent == []
    page.clock.run_for(2 * SECOND)
    says(page, kept("14:02"))
    [(body, headers)] = answers.sent
    assert parse_qs(body, keep_blank_values=True) == {"a": ["Reads & writes well"], "b": [""], "base_version": ["7"]}
    assert headers["x-csrftoken"] == "token-of-this-form"


def test_it_says_saved_only_after_the_server_has_said_so(site: Site) -> None:
    held: list[Route] = []
    page = with_clock(site, Answers([held.append]))
    page.get_by_label("What is hard?").fill("Spelling")
    page.clock.run_for(4 * SECOND)
    says(page, "Saving…")
    page.wait_for_timeout(50)
    assert state(page) == "Saving…"
    saved("09:31")(held[0])
    says(page, kept("09:31"))


def test_nothing_is_sent_when_nothing_was_changed(site: Site) -> None:
    answers = Answers([saved()])
    page = with_clock(site, answers)
    page.get_by_label("What goes well?").focus()
    page.get_by_label("What is hard?").focus()
    page.get_by_label("What is hard?").fill("x")
    page.get_by_label("What is hard?").fill("")
    page.clock.run_for(10 * SECOND)
    assert answers.sent == []
    assert state(page) == "What you write is kept for you as you go. Press Save to put it in the plan."


def test_leaving_a_field_saves_at_once(site: Site) -> None:
    answers = Answers([saved()])
    page = with_clock(site, answers)
    page.get_by_label("What is hard?").fill("Maths")
    page.get_by_label("What goes well?").focus()
    says(page, kept("14:02"))
    assert len(answers.sent) == 1


def test_turning_to_another_tab_saves_at_once(site: Site) -> None:
    answers = Answers([saved()])
    page = with_clock(site, answers)
    page.get_by_label("What is hard?").fill("Maths")
    page.evaluate(
        "Object.defineProperty(document, 'visibilityState', {value: 'hidden'}); document.dispatchEvent(new Event('visibilitychange'))"
    )
    says(page, kept("14:02"))


def test_a_failure_is_told_and_tried_again_until_it_works(site: Site) -> None:
    answers = Answers([status(500), status(502), saved("14:05")])
    page = with_clock(site, answers)
    site.provoked = ("500 ", "502 ")
    page.get_by_label("What is hard?").fill("Maths")
    page.clock.run_for(3 * SECOND)
    says(page, "Not saved. Trying again")
    page.clock.run_for(3 * SECOND)
    page.wait_for_timeout(100)
    assert len(answers.sent) == 2
    says(page, "Not saved. Trying again")
    page.clock.run_for(6 * SECOND)
    says(page, kept("14:05"))
    assert len(answers.sent) == 3


def test_without_a_network_it_says_so_and_saves_when_it_is_back(site: Site) -> None:
    answers = Answers([lambda route: route.abort(), saved("14:06")])
    page = with_clock(site, answers)
    page.context.set_offline(True)
    page.get_by_label("What is hard?").fill("Maths")
    page.clock.run_for(3 * SECOND)
    says(page, "Not saved. You are offline, keep this page open.")
    page.context.set_offline(False)
    says(page, kept("14:06"))


def test_somebody_signed_out_is_told_and_nothing_more_is_tried(site: Site) -> None:
    for answer in (
        status(401),
        lambda route: route.fulfill(status=302, headers={"Location": "/sign-in/"}),
        lambda route: route.fulfill(body="<h1>Sign in</h1>", content_type="text/html"),
    ):
        answers = Answers([answer])
        page = with_clock(site, answers)
        page.get_by_label("What is hard?").fill("Maths")
        page.clock.run_for(3 * SECOND)
        says(page, "You were signed out.")
        page.get_by_label("What is hard?").fill("Maths and more")
        page.clock.run_for(120 * SECOND)
        assert len(answers.sent) == 1
        assert page.get_by_label("What is hard?").input_value() == "Maths and more"


def test_what_somebody_else_changed_and_what_is_closed_have_words_of_their_own(site: Site) -> None:
    for code, words in ((409, "Someone changed this while you were writing."), (404, "Not saved. This can no longer be changed here.")):
        page = with_clock(site, Answers([status(code)]))
        page.get_by_label("What is hard?").fill("Maths")
        page.clock.run_for(3 * SECOND)
        says(page, words)


def test_no_draft_follows_the_real_save(site: Site) -> None:
    answers = Answers([lambda route: route.fulfill(status=204)])
    page = with_clock(site, answers)
    page.get_by_label("What is hard?").fill("Maths")
    page.evaluate("document.querySelector('form').dispatchEvent(new Event('submit'))")
    page.clock.run_for(60 * SECOND)
    page.get_by_label("What goes well?").fill("Reads well")
    page.get_by_label("What is hard?").focus()
    page.clock.run_for(60 * SECOND)
    assert answers.sent == []


def test_what_came_back_unsaved_is_sent_without_another_change(site: Site) -> None:
    answers = Answers([saved()])
    page = with_clock(site, answers, unsaved=True)
    page.clock.run_for(4 * SECOND)
    says(page, kept("14:02"))
    assert len(answers.sent) == 1


def test_that_all_is_well_is_spoken_now_and_then_and_a_problem_at_once(site: Site) -> None:
    answers = Answers([saved("14:02"), saved("14:03"), status(500), saved("14:04")])
    page = with_clock(site, answers)
    site.provoked = ("500 ", "502 ")
    spoken = page.locator("[data-save-spoken]")
    for text, words in (("a", kept("14:02")), ("b", kept("14:03"))):
        page.get_by_label("What is hard?").fill(text)
        page.clock.run_for(3 * SECOND)
        says(page, words)
    assert spoken.inner_text() == kept("14:02")
    page.get_by_label("What is hard?").fill("c")
    page.clock.run_for(3 * SECOND)
    says(page, "Not saved.")
    assert spoken.inner_text().startswith("Not saved.")
    page.clock.run_for(3 * SECOND)
    says(page, kept("14:04"))
    assert spoken.inner_text() == kept("14:04")


def test_a_failure_is_forgotten_when_the_change_is_taken_back(site: Site) -> None:
    answers = Answers([status(500)])
    page = with_clock(site, answers)
    site.provoked = ("500 ", "502 ")
    page.get_by_label("What is hard?").fill("Maths")
    page.clock.run_for(3 * SECOND)
    says(page, "Not saved.")
    page.get_by_label("What is hard?").fill("")
    page.clock.run_for(60 * SECOND)
    assert state(page) == "What you write is kept for you as you go. Press Save to put it in the plan."
    assert len(answers.sent) == 1


def test_the_browser_keeps_nothing(site: Site) -> None:
    page = with_clock(site, Answers([saved()]))
    page.get_by_label("What is hard?").fill("Maths")
    page.clock.run_for(4 * SECOND)
    says(page, kept("14:02"))
    assert page.evaluate("[localStorage.length, sessionStorage.length, document.cookie]") == [0, 0, ""]
