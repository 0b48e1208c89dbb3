"""Making the documents of a complete plan in the background, so that every job ends ready or visibly failed.

The truth about a job is its row. The Celery task only carries the row's id: lost with a killed worker or a wiped broker, it is sent
again by the sweeper, and a second task for a finished job does nothing.
"""

import datetime
import hashlib

from celery import shared_task
from celery.signals import worker_process_init
from django.db import models, transaction
from django.db.models import Q
from django.utils import timezone

from pep import documents, snapshot
from pep.models import Document, RenderJob

SOFT_LIMIT_SECONDS = 60
HARD_LIMIT_SECONDS = 90
MAX_ATTEMPTS = 3
# A job that still says "running" after this long has lost its worker: the hard limit has passed.
LOST_AFTER = datetime.timedelta(seconds=HARD_LIMIT_SECONDS + 30)


@worker_process_init.connect
def warm_up(**kwargs: object) -> None:
    """Load fonts and engine once per worker process, so that the first document is not the slow one."""
    documents.warm_up()


@shared_task(soft_time_limit=SOFT_LIMIT_SECONDS, time_limit=HARD_LIMIT_SECONDS, ignore_result=True)
def render_document(job_id: str) -> None:
    """Make one document: claim the job, render outside any transaction, store the bytes, all safe to run twice."""
    job = _claim(job_id)
    if job is None:
        return
    try:
        if snapshot.digest(job.snapshot.content) != job.snapshot.sha256:
            raise documents.CannotRender("The snapshot is not what was frozen.")
        content = documents.render(job.snapshot.content, job.audience)
    # Whatever goes wrong, a person must be able to see it and press "try again".
    except Exception as error:
        _failed(job_id, f"{type(error).__name__}: {error}" if isinstance(error, documents.CannotRender) else type(error).__name__)
        raise
    with transaction.atomic():
        held = RenderJob.objects.select_for_update().get(pk=job_id)
        Document.objects.get_or_create(
            snapshot=held.snapshot,
            audience=held.audience,
            defaults={"content": content, "size": len(content), "sha256": hashlib.sha256(content).hexdigest()},
        )
        held.state, held.finished_at, held.error = RenderJob.State.DONE, timezone.now(), ""
        held.save()


def _claim(job_id: str) -> RenderJob | None:
    """Mark a job as running, unless it is finished or another worker is at it."""
    with transaction.atomic():
        job = models.QuerySet(RenderJob).select_for_update(of=("self",)).select_related("snapshot").filter(pk=job_id).first()
        if job is None or job.state in (RenderJob.State.DONE, RenderJob.State.FAILED):
            return None
        if job.state == RenderJob.State.RUNNING and job.started_at and job.started_at > timezone.now() - LOST_AFTER:
            return None
        job.state, job.started_at, job.attempts = RenderJob.State.RUNNING, timezone.now(), job.attempts + 1
        job.save()
        return job


def _failed(job_id: str, error: str) -> None:
    """Note a failure: another try later, or failed for good after the last one."""
    with transaction.atomic():
        job = RenderJob.objects.select_for_update().get(pk=job_id)
        last = job.attempts >= MAX_ATTEMPTS
        job.state = RenderJob.State.FAILED if last else RenderJob.State.WAITING
        job.next_try_at = timezone.now() + datetime.timedelta(minutes=job.attempts)
        job.error, job.finished_at = error[:300], timezone.now()
        job.save()


def retry(job: RenderJob) -> None:
    """Let a failed job be tried again, from its snapshot: it will say what it would have said on the day."""
    with transaction.atomic():
        held = RenderJob.objects.select_for_update().get(pk=job.pk)
        if held.state != RenderJob.State.FAILED:
            return
        held.state, held.attempts, held.next_try_at, held.error = RenderJob.State.WAITING, 0, timezone.now(), ""
        held.save()
        render_document.delay_on_commit(str(held.pk))  # type: ignore[attr-defined]


@shared_task(ignore_result=True)
def sweep_documents() -> int:
    """Send again every job that waits or whose worker died. Returns how many."""
    now = timezone.now()
    waiting = Q(state=RenderJob.State.WAITING, next_try_at__lte=now)
    lost = Q(state=RenderJob.State.RUNNING, started_at__lt=now - LOST_AFTER)
    given_up = RenderJob.objects.filter(lost, attempts__gte=MAX_ATTEMPTS)
    given_up.update(state=RenderJob.State.FAILED, error="The work was cut off again and again.", finished_at=now)
    jobs = list(RenderJob.objects.filter(waiting | lost).values_list("pk", flat=True)[:500])
    for job_id in jobs:
        render_document.nudge(str(job_id))  # type: ignore[attr-defined]
    return len(jobs)
