"""Counting every date of one authority again after a new policy: how long it takes, in how many questions, and how far it says it is."""

import time
from typing import Any

from django.db import connection, models, transaction

from accounts.models import User
from benchmarks.report import Table, milliseconds
from children.models import Child
from pep import recalculation
from pep.models import Recalculation
from schools.models import LocalAuthority, Policy

FIGURES = {"review_months": 5, "move_plan_working_days": 7, "signature_working_days": 8, "invite_days": 28}


class Counter:
    """Counts the statements of a connection."""

    def __init__(self) -> None:
        """None yet."""
        self.statements = 0

    def __call__(self, execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        """One more."""
        self.statements += 1
        return execute(sql, params, many, context)


def ordinary_authority() -> LocalAuthority:
    """The one with the most children after the first, which is larger than any authority of its share."""
    sizes = Child.objects.order_by().values_list("authority").annotate(many=models.Count("pk")).order_by("-many")
    return LocalAuthority.objects.get(pk=list(sizes[:2])[-1][0])


def run() -> Table:
    """The table of one recalculation, batch by batch; taken back afterwards."""
    rows, counter = [], Counter()
    with transaction.atomic():
        authority = ordinary_authority()
        policy = Policy.objects.get(authority=authority, ends=None)
        for name, figure in FIGURES.items():
            setattr(policy, name, figure)
        policy.save()
        job = recalculation.ask(authority, because="A new policy", by=User.objects.order_by("pk").first())
        began, finished = time.perf_counter(), False
        with connection.execute_wrapper(counter):
            while not finished:
                # So short a time that a run ends after one batch: what a page shows of it in between.
                finished = recalculation.go_on(job.pk, seconds=0.0001)
                job = Recalculation.objects.get(pk=job.pk)
                seconds = time.perf_counter() - began
                rows.append((f"{job.done:,} of {job.total:,} children", f"{job.moved:,}", f"{seconds:.1f}", f"{counter.statements:,}"))
        children = max(1, job.done)
        transaction.set_rollback(True)
    return Table(
        "The dates of an authority counted again",
        f"Every open date of an ordinary authority ({children:,} children) after a policy with other figures, in batches of"
        f" {recalculation.BATCH}; the row says how far it is, and any worker goes on from there.",
        ("how far it is", "dates moved", "seconds", "queries"),
        rows,
        f"{milliseconds(seconds / children)} ms and {counter.statements / children:.1f} queries for each child: a date that moves is"
        " written with its history.",
    )
