"""Fixtures for every test: the databases, the broker, the live site and its browser."""

from tests import environment

# isort: split
# Django reads its settings as soon as anything of the product is imported, so they come first.

import os
from collections.abc import Callable, Generator, Iterator
from uuid import uuid4

import pytest
from django.db import connection, connections
from hypothesis import HealthCheck, settings
from playwright.sync_api import Browser, Page, sync_playwright
from pytest_django.plugin import DjangoDbBlocker
from xdist.remote import Producer

from config import celery_app, servers
from tests import servers as test_servers
from tests import sharing
from tests.browser import Watched, launch
from tests.site import LiveSite, open_site

FAILED = pytest.StashKey[bool]()

# By default the library fails an example that takes 0.2 seconds, which on a busy machine says nothing about the product.
settings.register_profile("busy", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("busy")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_setupnodes() -> None:
    """Let each process that runs tests make settings of its own, for its own servers: named here, ours would be read before they are."""
    os.environ.pop("DJANGO_SETTINGS_MODULE", None)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> sharing.Sharing:
    """How the tests are shared out when several processes run them."""
    return sharing.Sharing(config, log)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Where tests are shared out, their order is the one in which they are begun."""
    if misplaced := sharing.misplaced(items):
        raise pytest.UsageError(f"These use the live site: name their file in tests/sharing.py. {', '.join(misplaced)}")
    if sharing.is_shared(config):
        items[:] = sharing.in_order(items)


@pytest.fixture(scope="session")
def postgresql() -> Iterator[None]:
    """This run's PostgreSQL with the migrated template and the unit tests' database."""
    test_servers.start_postgresql()
    yield
    test_servers.stop_all()


@pytest.fixture(scope="session")
def django_db_setup(postgresql: None, django_test_environment: None) -> None:
    """Unit tests run as the application's role, in transactions that are rolled back."""


@pytest.fixture
def transactional_db() -> None:
    """Refused: emptying tables is what the application's role may not do."""
    pytest.fail("Use the fixture committed_db: a database of the test's own.")


@pytest.fixture
def committed_db(request: pytest.FixtureRequest, django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[str]:
    """The name of a database of this test's own, where commits are real and threads may meet. It is dropped afterwards."""
    if "db" in request.fixturenames or request.node.get_closest_marker("django_db"):
        pytest.fail("A test uses either db or committed_db, for they are two databases.")
    name = f"committed_{uuid4().hex}"
    before = connections.settings["default"]["NAME"]
    servers.make_database(environment.sockets(), name, template=test_servers.TEMPLATE)
    with django_db_blocker.unblock():
        connection.close()
        connections.settings["default"]["NAME"] = name
        try:
            yield name
        finally:
            connection.close()
            connections.settings["default"]["NAME"] = before
    servers.drop_database(environment.sockets(), name)


@pytest.fixture
def broker() -> None:
    """A running Valkey that takes tasks which no worker hears."""
    test_servers.start_valkey()


@pytest.fixture
def eager_celery() -> Iterator[None]:
    """Tasks are done at once, in the test's own process, and their errors are raised."""
    celery_app.conf.update(task_always_eager=True, task_eager_propagates=True)
    yield
    celery_app.conf.update(task_always_eager=False, task_eager_propagates=False)


@pytest.fixture(scope="session")
def live_site(postgresql: None) -> Iterator[LiveSite]:
    """The seeded demo, served by the launcher's web server and worker on a database of its own, for the whole run."""
    site = open_site()
    yield site
    site.close()


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """One browser for the whole run."""
    # Playwright keeps an event loop running in this thread, which Django would take for asynchronous code.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    with sync_playwright() as playwright:
        browser = launch(playwright)
        yield browser
        browser.close()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Let fixtures know at their end whether the test itself failed."""
    report = yield
    if call.when == "call":
        item.stash[FAILED] = report.failed
    return report


@pytest.fixture
def new_page(request: pytest.FixtureRequest, chromium: Browser, live_site: LiveSite) -> Iterator[Callable[..., Page]]:
    """Opens pages on the live site, each as another person at another computer: ``new_page(width=320, javascript=False)``.

    The test fails when a page's script or policy complains, a part of it is missing, the server fails or another host is asked.
    """
    watched = Watched(chromium, live_site.url)
    yield watched.open
    if request.node.stash.get(FAILED, False) or watched.complaints:
        watched.keep_screenshots(request.node.name)
    watched.close()
    assert watched.complaints == []


@pytest.fixture
def browser_page(new_page: Callable[..., Page]) -> Page:
    """One page on the live site."""
    return new_page()
