"""Counting every date of an authority's children again after its policy or its terms changed, in the background and in the open.

The row says how far it is: a worker that dies leaves it where it was, and the sweeper lets the next one go on.
"""

import datetime
import time
import uuid

from django.db import models, transaction
from django.utils import timezone

from accounts.models import User
from children.models import Child
from pep import deadlines
from pep.models import Deadline, Recalculation
from pep.planning import Ages, care_with_plans
from schools.models import LocalAuthority, Policy

BATCH = deadlines.AT_ONCE
SECONDS = 50  # a run ends before the sweeper sends the next one


def ask(authority: LocalAuthority, *, because: str, by: User | None) -> Recalculation:
    """Note that the dates of an authority's children must be counted again. Call it in the transaction of what changed."""
    total = children_with_dates(authority, timezone.localdate()).count()
    return Recalculation.objects.create(authority=authority, because=because[:200], asked_by=by, total=total)


def children_with_dates(authority: LocalAuthority, on: datetime.date, policy: Policy | None = None) -> models.QuerySet[Child]:
    """Those with dates now, and those for whom plans are needed: a policy that goes on past eighteen brings some back.

    ``policy`` is one that is only typed.
    """
    children: models.QuerySet[Child] = models.QuerySet(Child).filter(authority=authority, merged_into=None)
    has_dates = models.Exists(Deadline.objects.filter(child=models.OuterRef("pk"), open=True))
    ages = Ages.of([(authority.pk, policy.to_year_13, policy.plans_from_age)]) if policy else None
    needs_plans = models.Exists(care_with_plans(on, ages).filter(child=models.OuterRef("pk")))
    return children.filter(models.Q(has_dates) | models.Q(needs_plans))


def go_on(job_id: uuid.UUID, *, seconds: float = SECONDS) -> bool:
    """Count on from where it stands, a batch at a time, for so many seconds. Returns whether it is finished (or another is at it)."""
    stop = time.monotonic() + seconds
    while time.monotonic() < stop:
        with transaction.atomic():
            waiting = Recalculation.objects.filter(pk=job_id, finished_at=None).select_related("authority", "asked_by")
            job = waiting.select_for_update(skip_locked=True, of=("self",)).first()
            if job is None:
                return True
            on = timezone.localdate()
            children = children_with_dates(job.authority, on)
            batch = list(children.filter(**({"pk__gt": job.last} if job.last else {})).order_by("pk")[:BATCH])
            if batch:
                job.moved += deadlines.refresh_all(batch, by=job.asked_by, on=on, because=job.because)
                job.done, job.last = job.done + len(batch), batch[-1].pk
            else:
                job.total, job.finished_at = job.done, timezone.now()
            job.save()
            if not batch:
                return True
    return False


def unfinished() -> list[uuid.UUID]:
    """The jobs that wait for a worker, the oldest first."""
    return list(Recalculation.objects.filter(finished_at=None).order_by("created_at").values_list("pk", flat=True))
