"""Browsers that watch the site as they use it: what the page complains of, whom it asks, and what axe finds."""

import json
import shutil
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser, ConsoleMessage, Page, Playwright, Request, Response

from tests.environment import ROOT

# Debian's Chromium, told to keep to itself.
ARGUMENTS = [
    "--no-sandbox", "--disable-background-networking", "--disable-component-update", "--disable-domain-reliability",
    "--disable-sync", "--disable-default-apps", "--metrics-recording-only", "--no-first-run", "--no-pings",
]  # fmt: skip
PARTS_OF_A_PAGE = ("stylesheet", "script", "image", "font", "media")
WCAG_22_AA = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
SCREENSHOTS = ROOT / ".cache" / "screenshots"


def launch(playwright: Playwright) -> Browser:
    """Debian's Chromium, without a window."""
    return playwright.chromium.launch(executable_path=shutil.which("chromium"), args=ARGUMENTS)


@dataclass
class Watched:
    """Pages of one test, each in a context of its own (as another person at another computer), and what went wrong in them."""

    browser: Browser
    address: str
    complaints: list[str] = field(default_factory=list)
    pages: list[Page] = field(default_factory=list)

    def open(self, *, width: int = 1280, height: int = 900, javascript: bool = True) -> Page:
        """A new person's page, at no address yet. Addresses may be given without the host."""
        context = self.browser.new_context(
            base_url=self.address, viewport={"width": width, "height": height}, java_script_enabled=javascript, locale="en-GB",
            timezone_id="Europe/London",
        )  # fmt: skip
        context.set_default_timeout(15_000)
        page = context.new_page()
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.complaints.append(f"script error: {error}"))
        page.on("request", self._request)
        page.on("response", self._response)
        self.pages.append(page)
        return page

    def _console(self, message: ConsoleMessage) -> None:
        # A page that answers 404 or 409 on purpose is not a fault; missing parts of a page are found by their response.
        if message.type == "error" and not message.text.startswith("Failed to load resource"):
            self.complaints.append(f"console: {message.text}")

    def _request(self, request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme not in ("data", "blob", "about") and parts.netloc != urlsplit(self.address).netloc:
            self.complaints.append(f"asked another host: {request.url}")

    def _response(self, response: Response) -> None:
        missing = response.status >= 400 and response.request.resource_type in PARTS_OF_A_PAGE
        if response.status >= 500 or missing:
            self.complaints.append(f"{response.status} for {response.url}")

    def keep_screenshots(self, name: str) -> None:
        """Leave a picture of each page in .cache/screenshots, for whoever reads a failed run."""
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        for number, page in enumerate(self.pages):
            if not page.is_closed():
                page.screenshot(path=SCREENSHOTS / f"{name}-{number}.png", full_page=True)

    def close(self) -> None:
        """Close every page with its cookies."""
        for page in self.pages:
            page.context.close()


@cache
def axe() -> str:
    """The axe engine's source, from the npm package."""
    return (ROOT / "node_modules" / "axe-core" / "axe.min.js").read_text()


def accessibility_faults(page: Page) -> list[str]:
    """What axe finds wrong with the page as it is now, by the rules of WCAG 2.2 AA and good practice, with where it found it."""
    page.evaluate(axe())
    found: list[dict[str, Any]] = page.evaluate(
        "tags => axe.run(document, { runOnly: tags }).then(result => result.violations)", WCAG_22_AA
    )
    return [f"{page.url}: {fault['id']} ({fault['help']}) at {json.dumps([node['target'] for node in fault['nodes']])}" for fault in found]


def scrolls_sideways(page: Page) -> bool:
    """Whether the page is wider than its window, which no page may be at 320 pixels."""
    return bool(page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"))


def screenshot(page: Page, path: Path) -> None:
    """A picture of the whole page."""
    path.parent.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=path, full_page=True)
