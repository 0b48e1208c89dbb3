"""The PDFs of a complete plan, the jobs that make them, and earlier plans brought from elsewhere."""

from django.db import models
from django.utils import timezone

from accounts.audit import IdentifiedModel, uuid7
from accounts.models import User
from children.models import Child
from pep.models.plan import PlanSnapshot


class Copy(models.TextChoices):
    """For whom a document is made."""

    COUNCIL = "council", "Council copy"
    SCHOOL = "school", "School copy"


class Document(models.Model):
    """A finished PDF, kept byte for byte. Rows are only ever added."""

    append_only = True

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    snapshot = models.ForeignKey(PlanSnapshot, on_delete=models.PROTECT, related_name="documents")
    audience = models.CharField(max_length=10, choices=Copy.choices)
    content = models.BinaryField()
    size = models.PositiveIntegerField(help_text="bytes")
    sha256 = models.CharField(max_length=64)
    made_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["snapshot", "audience"], name="pep_document_once")]

    @property
    def child(self) -> Child:
        """Whose it is."""
        return self.snapshot.plan.child


class RenderJob(IdentifiedModel):
    """The making of one document: waiting, running, done, or failed for everyone to see. The row is the truth, the task only a nudge."""

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting"
        RUNNING = "running", "Being made"
        DONE = "done", "Ready"
        FAILED = "failed", "Could not be made"

    snapshot = models.ForeignKey(PlanSnapshot, on_delete=models.PROTECT, related_name="jobs")
    audience = models.CharField(max_length=10, choices=Copy.choices)
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    attempts = models.PositiveSmallIntegerField(default=0)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    next_try_at = models.DateTimeField(default=timezone.now)
    error = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["snapshot", "audience"], name="pep_renderjob_once")]
        indexes = [models.Index(fields=["state", "next_try_at"], name="pep_renderjob_todo")]

    @property
    def child(self) -> Child:
        """Whose it is."""
        return self.snapshot.plan.child


class EarlierPlan(models.Model):
    """An earlier plan from another system, as a PDF. Rows are only ever added."""

    append_only = True

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    child = models.ForeignKey(Child, on_delete=models.PROTECT, related_name="earlier_plans")
    title = models.CharField(max_length=200)
    plan_date = models.DateField("date of the plan")
    audience = models.CharField("who may read it", max_length=10, choices=Copy.choices)
    content = models.BinaryField()
    size = models.PositiveIntegerField(help_text="bytes")
    sha256 = models.CharField(max_length=64)
    uploaded_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    uploaded_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-plan_date"]
        constraints = [models.UniqueConstraint(fields=["child", "sha256"], name="pep_earlierplan_once")]
