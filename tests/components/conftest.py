"""A browser for the tests of what pages look like and do."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.browser import Watched
from tests.components.browser import ORIGIN, Site


@pytest.fixture
def site(chromium: Browser) -> Iterator[Site]:
    """A site whose pages must give the browser nothing to complain about."""
    opened = Site(Watched(chromium, ORIGIN))
    yield opened
    opened.watched.close()
    assert opened.complaints() == []
