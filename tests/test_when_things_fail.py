"""A worker dies, the broker is away: work is finished all the same, or waits where everyone can see it."""

import re
import time
import urllib.parse
import urllib.request
from collections.abc import Callable

from tests.site import LiveSite

GRADE_ONE = """
from pep.models import Plan
from pep.planning import holders_of
from pep.rubric import DEFAULT_AREAS
from pep.workflow import perform
from django.utils import timezone
plan = Plan.objects.filter(state="awaiting_check").first()
signed = plan.sign_offs.values_list("by", flat=True)  # what one person signed, another checks
officer = next(holder.user for holder in holders_of(plan, "virtual_school", timezone.localdate()) if holder.user.pk not in signed)
areas = [(area["key"], area["title"], "green", "") for area in DEFAULT_AREAS]
print(perform(plan, "grade", by=officer, overall="green", areas=areas).snapshot.pk)
"""
SIGN_IN = """
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.conf import settings
from django.utils import timezone
from accounts.sessions import SECOND_FACTOR
from pep.models import Plan
from pep.planning import holders_of
for plan in Plan.objects.filter(state="preparing"):
    holder = holders_of(plan, "school", timezone.localdate())[0]
    if holder.relation == "designated_teacher":
        break
session = SessionStore()
session.update({SESSION_KEY: str(holder.user.pk), BACKEND_SESSION_KEY: settings.AUTHENTICATION_BACKENDS[0],
                HASH_SESSION_KEY: holder.user.get_session_auth_hash(), SECOND_FACTOR: True})
session.save()
print(session.session_key, plan.pk, plan.sections.get(key="attendance").version)
"""


def until(true: Callable[[], bool], patience: float = 60) -> bool:
    """Ask again and again until it is so, or patience ends."""
    ends = time.monotonic() + patience
    while time.monotonic() < ends:
        if true():
            return True
        time.sleep(0.02)
    return False


def last_line(printed: str) -> list[str]:
    """The words of the last line a command printed."""
    return printed.strip().splitlines()[-1].split()


def states(site: LiveSite, snapshot: str) -> set[str]:
    """The states of a snapshot's two documents."""
    return {row[0] for row in site.query("SELECT state FROM pep_renderjob WHERE snapshot_id = %s", snapshot)}


def test_a_worker_killed_in_the_middle_of_a_document_leaves_work_that_the_sweeper_finishes(live_site: LiveSite) -> None:
    """F2."""
    live_site.stop("worker")
    try:
        [snapshot] = last_line(live_site.manage("shell", "-v", "0", "-c", GRADE_ONE))
        assert states(live_site, snapshot) == {"waiting"}
    finally:
        live_site.start("worker")
    assert until(lambda: "running" in states(live_site, snapshot))
    live_site.kill("worker")
    try:
        assert "running" in states(live_site, snapshot), "the worker was too quick to be killed"
        # The sweeper waits until the time limit has passed for sure; here it has.
        live_site.query("UPDATE pep_renderjob SET started_at = started_at - interval '10 minutes' WHERE state = 'running'")
    finally:
        live_site.start("worker")
    live_site.manage("shell", "-v", "0", "-c", "from pep.render_tasks import sweep_documents; sweep_documents()")
    assert until(lambda: states(live_site, snapshot) == {"done"})
    rows = live_site.query("SELECT audience, sha256, encode(sha256(content), 'hex') FROM pep_document WHERE snapshot_id = %s", snapshot)
    assert sorted(row[0] for row in rows) == ["council", "school"]
    assert all(kept == counted for _, kept, counted in rows)


def test_with_the_broker_stopped_a_plan_can_still_be_read_and_written(live_site: LiveSite) -> None:
    """H6."""
    session, plan, version = last_line(live_site.manage("shell", "-v", "0", "-c", SIGN_IN))
    address = f"{live_site.url}/plans/{plan}/sections/attendance/"
    cookies = f"sessionid={session}"
    live_site.stop("valkey")
    try:
        with urllib.request.urlopen(urllib.request.Request(address, headers={"Cookie": cookies})) as answer:
            page = answer.read().decode()
            token = re.search(r"csrftoken=([^;]+)", answer.headers.get("Set-Cookie", ""))
        field = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
        question = re.search(r'<textarea[^>]*name="([^"]+)"', page)
        assert token and field and question
        words = "Written while the broker was away"
        data = {"csrfmiddlewaretoken": field[1], question[1]: words, "version": version, "complete": "no"}
        headers = {"Cookie": f"{cookies}; csrftoken={token[1]}", "Referer": address}
        began = time.monotonic()
        post = urllib.request.Request(address, urllib.parse.urlencode(data).encode(), headers)
        with urllib.request.urlopen(post) as answer:
            assert answer.url == f"{live_site.url}/plans/{plan}/"
        assert time.monotonic() - began < 10
        kept = live_site.query("SELECT answers ->> %s FROM pep_section WHERE plan_id = %s AND key = 'attendance'", question[1], plan)
        assert kept == [(words,)]
    finally:
        live_site.start("valkey")
