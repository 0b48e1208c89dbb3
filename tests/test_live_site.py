"""The site as the launcher runs it: real server, real worker, real broker."""

import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable

from playwright.sync_api import Page

from tests.browser import accessibility_faults, scrolls_sideways
from tests.site import LiveSite


def health(site: LiveSite) -> dict[str, str]:
    """What /healthz says."""
    with urllib.request.urlopen(f"{site.url}/healthz", timeout=10) as response:
        found: dict[str, str] = json.load(response)
    return found


def until(true: Callable[[], bool], patience: float = 40) -> bool:
    """Whether something comes true in time."""
    deadline = time.monotonic() + patience
    while not true():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.2)
    return True


def test_every_component_reports_itself_well(live_site: LiveSite) -> None:
    assert until(lambda: set(health(live_site).values()) == {"ok"}, patience=100), list(health(live_site).items())


def test_without_a_broker_the_site_still_serves_and_says_what_is_away(live_site: LiveSite) -> None:
    live_site.stop("valkey")
    try:
        began = time.monotonic()
        found = health(live_site)
        assert time.monotonic() - began < 5
        assert found["site"] == "ok"
        assert found["broker"] == "does not answer"
    finally:
        live_site.start("valkey")
    assert until(lambda: health(live_site)["worker"] == "ok"), "the worker does not come back to a broker that does"


def test_a_killed_worker_is_noticed_and_its_children_die_with_it(live_site: LiveSite) -> None:
    live_site.kill("worker")
    try:
        assert health(live_site)["worker"] == "no worker answers"
    finally:
        live_site.start("worker")
    assert until(lambda: health(live_site)["worker"] == "ok")


def test_the_live_site_serves_its_own_clone_and_can_have_it_afresh(live_site: LiveSite) -> None:
    people = live_site.query("SELECT count(*) FROM accounts_user")
    assert people[0][0] > 10
    live_site.query("UPDATE accounts_user SET job_title = 'changed by the test'")
    assert live_site.query("SELECT count(*) FROM accounts_user WHERE job_title = 'changed by the test'") == people
    live_site.reset()
    assert live_site.query("SELECT count(*) FROM accounts_user") == people
    assert live_site.query("SELECT count(*) FROM accounts_user WHERE job_title = 'changed by the test'") == [(0,)]
    assert health(live_site)["database"] == "ok"


def test_the_first_page_is_sound_on_a_telephone_and_without_scripts(new_page: Callable[..., Page]) -> None:
    page = new_page(width=320)
    page.goto("/")
    assert accessibility_faults(page) == []
    assert not scrolls_sideways(page)
    plain = new_page(javascript=False)
    plain.goto("/")
    assert plain.get_by_role("heading", level=1).inner_text() == page.get_by_role("heading", level=1).inner_text()
    assert plain.get_by_role("button").count() > 0


def test_an_unknown_address_is_a_plain_page(live_site: LiveSite) -> None:
    try:
        urllib.request.urlopen(f"{live_site.url}/nothing-here/", timeout=10)
    except urllib.error.HTTPError as error:
        assert error.code == 404
        assert "Traceback" not in error.read().decode()
    else:
        raise AssertionError("an address that is nothing answered as if it were something")
