"""Every component and every kind of field on one page, in a browser: nothing for axe to find, nothing wider than the screen."""

import re
from pathlib import Path

import pytest

from tests.browser import accessibility_faults, scrolls_sideways
from tests.components import gallery
from tests.components.browser import Site, draw_page
from tests.environment import ROOT

HERE = Path(__file__).parent

SOURCE = (HERE / "templates" / "gallery.html").read_text()
STATIC_PAGES = ["400.html", "403.html", "403_csrf.html", "404.html", "429.html", "500.html", "503.html"]


def gallery_page(*, posted: bool = False) -> str:
    return draw_page(SOURCE, gallery.context(posted=posted), "/gallery?page=7&team=a%20b")


@pytest.mark.parametrize("posted", [False, True], ids=["empty", "with errors"])
@pytest.mark.parametrize("width", [1280, 320])
def test_axe_finds_nothing_and_nothing_is_wider_than_the_screen(site: Site, posted: bool, width: int) -> None:
    """I1, I2."""
    page = site.open(gallery_page(posted=posted), width=width)
    page.wait_for_function("document.body.classList.contains('govuk-frontend-supported')")
    assert not scrolls_sideways(page)
    assert accessibility_faults(page) == []


def test_axe_would_find_a_field_without_a_label(site: Site) -> None:
    page = site.open(gallery_page().replace('<label class="govuk-label govuk-label--s" for="id_name">', "<label>", 1))
    assert any(": label (" in fault for fault in accessibility_faults(page))


def test_every_link_of_the_error_summary_leads_to_an_input_and_says_what_stands_beside_it(site: Site) -> None:
    """I4."""
    page = site.open(gallery_page(posted=True))
    links = page.locator(".govuk-error-summary__list a")
    assert links.count() == 5
    for index in range(links.count()):
        link = links.nth(index)
        target = page.locator(link.get_attribute("href") or "")
        assert target.count() == 1
        assert target.evaluate("element => ['INPUT', 'SELECT', 'TEXTAREA'].includes(element.tagName)")
        group = target.locator("xpath=ancestor::*[contains(@class, 'govuk-form-group--error')]").last
        assert link.inner_text() in group.locator(".govuk-error-message").inner_text()
        link.click()
        assert target.evaluate("element => element === document.activeElement")


def test_the_page_says_error_in_its_title_and_moves_to_the_summary(site: Site) -> None:
    """I4."""
    page = site.open(gallery_page(posted=True))
    assert page.title() == "Error: All components – Education Plans"
    page.wait_for_function("document.activeElement.classList.contains('govuk-error-summary')")
    assert site.open(gallery_page()).title() == "All components – Education Plans"


def test_a_question_that_does_not_apply_is_hidden_until_it_does(site: Site) -> None:
    page = site.open(gallery_page())
    needs = page.get_by_text("What does the child need help with?")
    assert not needs.is_visible()
    page.get_by_label("Yes", exact=True).check()
    assert needs.is_visible()
    page.get_by_label("No", exact=True).check()
    assert not needs.is_visible()


def test_without_scripts_every_question_is_there_to_answer(site: Site) -> None:
    """I2."""
    page = site.open(gallery_page(), scripts=False, width=320)
    assert page.get_by_text("What does the child need help with?").is_visible()
    assert page.get_by_role("link", name="Work queue").is_visible()
    assert page.get_by_text("You can enter up to 300 characters").is_visible()
    assert not page.get_by_role("button", name="Hide details").is_visible()
    assert page.get_by_role("button", name="Save and continue").is_visible()


def test_the_characters_left_are_counted(site: Site) -> None:
    page = site.open(gallery_page())
    page.get_by_label("What helps?").fill("x" * 290)
    page.get_by_text("You have 10 characters remaining").first.wait_for()


def test_details_of_the_child_can_be_hidden_and_stay_so_on_the_next_page(site: Site) -> None:
    page = site.open(gallery_page())
    details = page.locator("[data-child-bar-details]")
    button = page.get_by_role("button", name="Hide details")
    assert button.get_attribute("aria-expanded") == "true"
    button.click()
    assert not details.is_visible()
    assert page.evaluate("document.cookie") == "hide_details=1"
    shown = page.get_by_role("button", name="Show details")
    assert shown.get_attribute("aria-expanded") == "false"
    shown.click()
    assert details.is_visible()
    assert page.evaluate("document.cookie") == ""


def test_every_target_is_at_least_24_pixels_high(site: Site) -> None:
    """I3."""
    page = site.open(gallery_page(), width=320)
    small = page.evaluate(
        """[...document.querySelectorAll('button, summary, input:not([type=hidden]), select, .govuk-pagination__link')]
           .filter((element) => element.checkVisibility() && element.getBoundingClientRect().height < 24)
           .map((element) => element.outerHTML.slice(0, 120))"""
    )
    assert small == []


def test_a_stacked_table_names_each_cell_on_a_phone(site: Site) -> None:
    wide, narrow = site.open(gallery_page()), site.open(gallery_page(), width=320)
    label = "getComputedStyle(document.querySelector('.app-table--stacked td'), '::before').content"
    assert wide.evaluate(label) == "none"
    assert narrow.evaluate(label) in ('"Year"', "attr(data-label)")
    assert narrow.get_by_role("table", name="Children").get_by_role("cell", name="5 March 2026").is_visible()


def test_a_childs_name_of_one_very_long_word_breaks_on_a_phone(site: Site) -> None:
    source = (
        '{% extends "layouts/page.html" %}{% load components %}{% block before_content %}{% draw "child_bar" name=name %}{% endblock %}'
    )
    page = site.open(draw_page(source, {"name": "Llanfairpwllgwyngyllgogerychwyrndrobwllllantysiliogogogoch Reed"}), width=320)
    assert page.get_by_label("The child this page is about").is_visible()
    assert not scrolls_sideways(page)


@pytest.mark.parametrize("name", STATIC_PAGES)
@pytest.mark.parametrize("width", [1280, 320])
def test_the_pages_for_what_went_wrong_are_whole_pages(site: Site, name: str, width: int) -> None:
    """H8."""
    page = site.open(draw_page(f'{{% extends "{name}" %}}', {}), width=width)
    assert page.get_by_role("heading", level=1).count() == 1
    assert not scrolls_sideways(page)
    assert accessibility_faults(page) == []


def test_no_template_has_style_or_script_of_its_own() -> None:
    """E2."""
    inline = re.compile(r"<style|\sstyle=|\son[a-z]+=|javascript:|<script(?![^>]*\ssrc=)|https?://(?!www\.w3\.org/2000/svg)", re.IGNORECASE)
    folder = ROOT / "templates"
    sources = [
        *(folder / "components").rglob("*.html"),
        *(folder / "layouts").rglob("*.html"),
        *(folder / "django").rglob("*.html"),
        *folder.glob("*.html"),
    ]
    assert len(sources) > 40
    assert [str(path) for path in sources if inline.search(path.read_text())] == []


def test_the_style_sheet_asks_for_no_other_file_and_no_typeface_of_gov_uk() -> None:
    """G7."""
    style = (ROOT / "static" / "built" / "css" / "app.css").read_text()
    assert "url(" not in style
    assert "@import" not in style
    assert "GDS Transport" not in style
    assert "crest" not in style
    assert "govuk-generic-header" in style
