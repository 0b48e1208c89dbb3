"""A browser for the tests of what pages look like and do."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.components.browser import Site


@pytest.fixture
def site(chromium: Browser) -> Iterator[Site]:
    """A site whose pages must give the browser nothing to complain about."""
    opened = Site(chromium)
    yield opened
    for page in opened.pages:
        page.context.close()
    assert opened.complaints == []
