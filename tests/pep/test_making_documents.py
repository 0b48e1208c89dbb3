"""Every document of a complete plan ends ready or visibly failed, whatever happens on the way."""

import datetime
import hashlib
from typing import Any

import pytest
from django.utils import timezone

from pep import documents, render_tasks
from pep.models import Document, PlanSnapshot, RenderJob
from pep.render_tasks import LOST_AFTER, MAX_ATTEMPTS, render_document, retry, sweep_documents
from tests.pep.test_workflow import world_with_complete_plan
from tests.world import signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def job() -> RenderJob:
    """The school copy of Sam's complete plan, not made yet."""
    plan = world_with_complete_plan().plans["sam"]
    return RenderJob.objects.get(snapshot__plan=plan, audience="school")


def broken(monkeypatch: pytest.MonkeyPatch) -> None:
    """An engine that fails."""

    def fail(snapshot: dict[str, Any], audience: str) -> bytes:
        raise documents.CannotRender("too large")

    monkeypatch.setattr(documents, "render", fail)


def test_a_job_makes_its_document_once_however_often_the_task_arrives(job: RenderJob) -> None:
    render_document(str(job.pk))
    render_document(str(job.pk))
    document = Document.objects.get(snapshot=job.snapshot, audience="school")
    job.refresh_from_db()
    assert (job.state, job.attempts) == ("done", 1)
    assert hashlib.sha256(bytes(document.content)).hexdigest() == document.sha256


def test_a_failure_is_tried_again_and_then_shown_with_a_button(job: RenderJob, monkeypatch: pytest.MonkeyPatch) -> None:
    """E10."""
    broken(monkeypatch)
    for attempt in range(1, MAX_ATTEMPTS + 1):
        with pytest.raises(documents.CannotRender):
            render_document(str(job.pk))
        job.refresh_from_db()
        assert job.state == ("failed" if attempt == MAX_ATTEMPTS else "waiting")
    plan = job.snapshot.plan
    page = signed_in(plan.created_by).get(f"/plans/{plan.pk}/").content.decode()  # type: ignore[arg-type]
    assert "could not be made" in page
    assert "too large" in page
    assert "Try again" in page


def test_trying_again_later_gives_the_text_of_the_day(job: RenderJob, monkeypatch: pytest.MonkeyPatch) -> None:
    first = documents.render(job.snapshot.content, "school")
    with monkeypatch.context() as patch:
        broken(patch)
        for _ in range(MAX_ATTEMPTS):
            with pytest.raises(documents.CannotRender):
                render_document(str(job.pk))
    child = job.child
    child.known_as = child.given_name = "Renamed"
    child.save()
    retry(RenderJob.objects.get(pk=job.pk))
    render_document(str(job.pk))
    assert bytes(Document.objects.get(snapshot=job.snapshot, audience="school").content) == first


def test_the_sweeper_sends_again_what_a_dead_worker_left_and_nothing_else(job: RenderJob, monkeypatch: pytest.MonkeyPatch) -> None:
    """F2."""
    sent: list[str] = []
    monkeypatch.setattr(render_tasks.render_document, "nudge", sent.append)
    other = RenderJob.objects.exclude(pk=job.pk).get(snapshot=job.snapshot)
    other.state = "done"
    other.save()
    job.state, job.started_at = "running", timezone.now()
    job.save()
    assert sweep_documents() == 0
    job.started_at = timezone.now() - LOST_AFTER - datetime.timedelta(seconds=1)
    job.save()
    sweep_documents()
    assert sent == [str(job.pk)]


def test_a_job_whose_workers_keep_dying_fails_for_everyone_to_see(job: RenderJob) -> None:
    job.state, job.attempts, job.started_at = "running", MAX_ATTEMPTS, timezone.now() - LOST_AFTER - datetime.timedelta(minutes=1)
    job.save()
    sweep_documents()
    job.refresh_from_db()
    assert job.state == "failed"
    assert job.error


def test_a_snapshot_that_was_tampered_with_makes_no_document(job: RenderJob) -> None:
    """C6: the seal is checked before anything is printed."""
    forged = PlanSnapshot(
        plan=job.snapshot.plan, taken_at=timezone.now(), content={**job.snapshot.content, "schema": 1, "extra": 1}, sha256="0" * 64
    )
    job.snapshot = forged
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(render_tasks, "_claim", lambda job_id: job)
        with pytest.raises(documents.CannotRender, match="not what was frozen"):
            render_document(str(job.pk))
    assert not Document.objects.exists()
