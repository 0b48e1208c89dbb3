"""How ``make test`` shares the tests out among processes: file by file, the longest first, and all of the live site's to one of them.

Each process has servers of its own, so what a test does to them reaches no test of another process.
"""

from collections.abc import Sequence

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadFileScheduling

# Every process that opens the live site starts and fills one, so these are one process's; it begins with them.
LIVE_SITE = ("tests/journeys/", "tests/test_live_site.py", "tests/test_when_things_fail.py")
# What takes long is begun early, so that no process is left with it at the end.
LONG = ("tests/test_every_url.py", "tests/matrix/", "tests/test_launcher.py", "tests/test_benchmarks.py", "tests/pep/")


class Sharing(LoadFileScheduling):
    """Gives each process another file when it has nearly done with the one before, in the order of the list of tests."""

    def __init__(self, config: pytest.Config, log: Producer) -> None:
        # The order is ours; the library's own puts first the files with the most tests, which are the quickest.
        config.option.loadscopereorder = False
        super().__init__(config, log)

    def _split_scope(self, nodeid: str) -> str:
        return "live site" if nodeid.startswith(LIVE_SITE) else super()._split_scope(nodeid)


def is_shared(config: pytest.Config) -> bool:
    """Whether this is one of several processes that run the tests."""
    return hasattr(config, "workerinput")


def in_order(items: Sequence[pytest.Item]) -> list[pytest.Item]:
    """The tests in the order in which they are to be begun."""
    order = (*LIVE_SITE, *LONG)

    def place(item: pytest.Item) -> int:
        return next((place for place, beginning in enumerate(order) if item.nodeid.startswith(beginning)), len(order))

    return sorted(items, key=place)


def misplaced(items: Sequence[pytest.Item]) -> list[str]:
    """Tests that use the live site and would make a second process open one."""
    return [item.nodeid for item in items if "live_site" in getattr(item, "fixturenames", ()) and not item.nodeid.startswith(LIVE_SITE)]
