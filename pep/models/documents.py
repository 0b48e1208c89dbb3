"""The PDFs of a complete plan, the jobs that make them, and earlier plans brought from elsewhere."""

from typing import Any, ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.audit import AuditedQuerySet, IdentifiedModel, history, uuid7
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


class EarlierPlan(IdentifiedModel):
    """An earlier plan from another system, as a PDF. It sets the clock only once the council has said that it was a review of the plan
    in this time in care. Rows are never removed: one that should not be here is withdrawn, and the council alone still finds it.
    """

    class Review(models.TextChoices):
        """What the council has said about it; nothing yet: it counts as nothing."""

        NOT_SAID = "", "Nobody has said yet"
        YES = "yes", "A review of the plan in this time in care"
        NO = "no", "Not a review of the plan in this time in care"

    child = models.ForeignKey(Child, on_delete=models.PROTECT, related_name="earlier_plans")
    title = models.CharField(max_length=200)
    plan_date = models.DateField("date of the plan")
    audience = models.CharField("who may read it", max_length=10, choices=Copy.choices)
    content = models.BinaryField()
    size = models.PositiveIntegerField(help_text="bytes")
    sha256 = models.CharField(max_length=64)
    uploaded_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    review = models.CharField("was it a review", max_length=3, choices=Review.choices, default=Review.NOT_SAID, blank=True)
    review_said_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    review_said_at = models.DateTimeField(null=True, blank=True)
    withdrawn_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    withdrawn_because = models.CharField(max_length=300, blank=True)

    _history_user: Any  # who a change is put down to where no request says so

    objects: ClassVar[Any] = models.Manager.from_queryset(AuditedQuerySet)()
    # Audited like every record, but for the bytes: they never change, and their sum stands in every row.
    history = history(excluded=["content"])

    class Meta:
        ordering = ["-plan_date"]
        constraints = [
            models.UniqueConstraint(fields=["child", "sha256"], condition=Q(withdrawn_at=None), name="pep_earlierplan_once"),
            models.CheckConstraint(
                condition=Q(review="", review_said_by=None, review_said_at=None)
                | (~Q(review="") & Q(review_said_by__isnull=False, review_said_at__isnull=False)),
                name="pep_earlierplan_review_said_by_someone",
            ),
            models.CheckConstraint(
                condition=Q(withdrawn_at=None, withdrawn_by=None, withdrawn_because="")
                | (Q(withdrawn_at__isnull=False, withdrawn_by__isnull=False) & ~Q(withdrawn_because="")),
                name="pep_earlierplan_withdrawn_with_a_record",
            ),
        ]
