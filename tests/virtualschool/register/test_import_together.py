"""Two people bring in the same list at the same moment, with real commits."""

import threading
from typing import Any

from django.db import connection

from children.models import Child
from tests.virtualschool.register.conftest import TODAY, as_csv, make_world
from virtualschool.register import children
from virtualschool.register.rows import Outcome, importing

LIST = as_csv(
    *(
        {
            "Given name": name,
            "Family name": "Fairweather",
            "Date of birth": born,
            "Identifier": "",  # nothing in the database alone keeps such a child from coming in twice
            "Legal status": "C2",
            "Care start": "01/06/2024",
        }
        for name, born in (("Robin", "14/03/2012"), ("Nia", "01/02/2015"))
    )
).getvalue()


def test_the_second_import_waits_for_the_first_and_finds_everything_the_same(committed_db: str) -> None:
    world = make_world()
    barrier, reports, errors = threading.Barrier(2), [], []

    def bring_in() -> None:
        try:
            parsed = children.read(LIST.splitlines(keepends=True))
            barrier.wait(timeout=10)
            with importing(world.county):
                report = children.plan(parsed, world.county, TODAY)
                children.apply(report, by=world.ada)
            reports.append(report)
        except Exception as error:
            errors.append(error)
        finally:
            connection.close()

    threads: list[Any] = [threading.Thread(target=bring_in) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert not errors
    assert sorted((report.count(Outcome.NEW), report.count(Outcome.SAME)) for report in reports) == [(0, 2), (2, 0)]
    assert Child.objects.count() == 2
