"""Redis carries nudges and nothing else: without it pages answer, quickly, and work waits for its sweeper."""

import socket
import subprocess
import sys
from collections.abc import Iterator

import pytest

from config import celery as workers
from config import website
from config.celery import beat_seen
from tests.environment import ROOT


@pytest.fixture
def never_quiet() -> Iterator[None]:
    """Forget that a broker did not answer, before and after."""
    workers._quiet_until = 0.0
    yield
    workers._quiet_until = 0.0


@pytest.mark.usefixtures("never_quiet")
@pytest.mark.django_db
def test_a_page_that_nudges_goes_on_without_the_broker(django_capture_on_commit_callbacks: object) -> None:
    with django_capture_on_commit_callbacks(execute=True) as callbacks:  # type: ignore[operator]
        beat_seen.delay_on_commit()
    assert len(callbacks) == 1


@pytest.mark.usefixtures("never_quiet", "broker")
def test_with_a_broker_the_nudge_is_delivered() -> None:
    assert beat_seen.nudge() is True


def test_a_broker_that_takes_the_connection_and_says_nothing_holds_a_page_for_two_seconds_once() -> None:
    code = (
        "import time, django; django.setup(); from config.celery import beat_seen; began = time.monotonic();"
        "assert beat_seen.nudge() is False; once = time.monotonic() - began;"
        "assert beat_seen.nudge() is False; print(once, time.monotonic() - began - once)"
    )
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen(5)
        env = {**website.offline_environment(), "REDIS_URL": f"redis://127.0.0.1:{silent.getsockname()[1]}/0"}
        done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=env, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    once, again = map(float, done.stdout.split()[-2:])
    assert once < 5
    assert again < 0.1
