"""A browser for the tests of what pages look like and do."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.components.browser import Site


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox", "--disable-background-networking"])
        yield browser
        browser.close()


@pytest.fixture
def site(chromium: Browser) -> Iterator[Site]:
    """A site whose pages must give the browser nothing to complain about."""
    opened = Site(chromium)
    yield opened
    for page in opened.pages:
        page.context.close()
    assert opened.complaints == []
