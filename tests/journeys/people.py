"""The people of the journeys at their computers: each has a browser of their own, and looks at every page they come to with axe."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Download, Frame, Page

from tests.browser import accessibility_faults, scrolls_sideways

# What axe judges by, in one line: the elements with their roles, classes and names, without texts, numbers and identifiers.
SKELETON = """
() => [...document.querySelectorAll('html, body *')].map(element => element.tagName + [...element.attributes]
    .filter(one => !['value', 'href', 'action', 'formaction', 'content', 'datetime', 'src', 'data-base-version'].includes(one.name))
    .map(one => `${one.name}=${one.value.replace(/[0-9a-f]{8}-[0-9a-f-]{27}|[0-9]+/g, '')}`)
    + (element.children.length ? '' : `:${Boolean(element.textContent.trim())}`)).join(' ')
"""


def address(page: Page) -> str:
    """Where a page is, without the part behind the hash: the same page still."""
    return page.url.partition("#")[0]


@dataclass
class Person:
    """Someone of the demonstration, signed in. Whatever they follow or press ends in a look at the page they come to."""

    name: str
    page: Page
    known: set[str]
    scripts: bool = True
    came_to: list[str] = field(default_factory=list)
    looked_at: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    def go(self, to: str) -> None:
        """Open an address."""
        self.page.goto(to)
        self.look()

    def follow(self, link: str, *, exact: bool = True) -> None:
        """Follow the link with this text."""
        with self.page.expect_event("framenavigated"):
            self.page.get_by_role("link", name=link, exact=exact).first.click()
        self.look()

    def press(self, button: str) -> None:
        """Press the button with this text, or the link that looks like one, and wait for the page that comes."""
        with self.page.expect_event("framenavigated"):
            self.page.get_by_role("button", name=button, exact=True).first.click()
        self.look()

    def look(self) -> None:
        """Look at the page as it is now: axe finds nothing, and it does not scroll sideways.

        A page built of the very same elements as one that was sound at this width is not asked about again; axe needs scripts.
        """
        self.page.wait_for_load_state()
        self.looked_at.append(address(self.page))
        skeleton = f"{self.page.viewport_size} {self.page.evaluate(SKELETON)}"
        if self.scripts and skeleton not in self.known:
            self.known.add(skeleton)
            self.faults += accessibility_faults(self.page)
        if scrolls_sideways(self.page):
            self.faults.append(f"{self.page.url} is wider than its window")

    def reads(self, words: str) -> bool:
        """Whether the page's main part says this, however its lines break."""
        return " ".join(words.split()) in " ".join(self.page.locator("main").inner_text().split())

    def can_press(self, button: str) -> bool:
        """Whether there is a button with this text."""
        return self.page.get_by_role("button", name=button, exact=True).count() > 0

    def headline(self) -> str:
        """The page's first heading."""
        return self.page.get_by_role("heading", level=1).inner_text()

    def download(self, link: str) -> bytes:
        """The file behind a link."""
        with self.page.expect_download() as waiting:
            self.page.get_by_role("link", name=link).first.click()
        download: Download = waiting.value
        return Path(download.path()).read_bytes()

    def status_of(self, to: str) -> int:
        """What the server answers this person at an address they were never given."""
        return self.page.context.request.get(to).status

    def status_of_posting(self, to: str) -> int:
        """What the server answers when this person sends a form to an address that offers them none."""
        token = self.page.locator("[name=csrfmiddlewaretoken]").first.input_value()
        return self.page.context.request.post(to, form={"csrfmiddlewaretoken": token, "version": "0"}).status


SignIn = Callable[..., Person]


@pytest.fixture(scope="session")
def sound_pages() -> set[str]:
    """The skeletons of the pages that axe has judged in this run."""
    return set()


@pytest.fixture
def sign_in(new_page: Callable[..., Page], sound_pages: set[str]) -> Iterator[SignIn]:
    """Signs one of the demonstration's people in: ``sign_in("Anna Bell", width=320)``.

    At the end every page they came to must have been looked at, and nothing found.
    """
    people: list[Person] = []

    def enter(name: str, **browser: int | bool) -> Person:
        person = Person(name, new_page(**browser), sound_pages, scripts=bool(browser.get("javascript", True)))
        people.append(person)

        def note(frame: Frame) -> None:
            if frame == person.page.main_frame:
                person.came_to.append(address(person.page))

        person.page.on("framenavigated", note)
        person.go("/")
        person.press(f"Continue as {name}")
        return person

    yield enter
    faults = [f"{person.name}: {fault}" for person in people for fault in person.faults]
    unseen = [f"{person.name}: {to} was not looked at" for person in people for to in person.came_to if to not in person.looked_at]
    assert not (faults or unseen), "\n".join(sorted({*faults, *unseen}))
