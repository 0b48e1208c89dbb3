"""What the virtual school's own work needs kept: files that wait to be imported."""

from django.db import models
from django.db.models import Q

from accounts.audit import IdentifiedModel
from accounts.models import User
from schools.models import LocalAuthority


class ImportBatch(IdentifiedModel):
    """A file between its dry run and its confirmation: exactly this file is applied, by whoever uploaded it, or not at all.

    The file's content is personal data and is thrown away as soon as it has been applied or given up.
    """

    class Kind(models.TextChoices):
        CHILDREN = "children", "Children"
        PEOPLE = "people", "People"
        REVIEWS = "reviews", "Reviews of the care plan"
        SCHOOLS = "schools", "Schools"

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting to be confirmed"
        APPLIED = "applied", "Imported"
        DROPPED = "dropped", "Given up"

    kind = models.CharField(max_length=10, choices=Kind.choices)
    authority = models.ForeignKey(LocalAuthority, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    file_name = models.CharField(max_length=200)
    content = models.BinaryField(null=True)
    links = models.BinaryField("links file", null=True)
    sha256 = models.CharField(max_length=64)
    answers = models.JSONField(default=dict, blank=True, help_text="By line number: what was answered to what the dry run asked.")
    digest = models.CharField(max_length=64, blank=True, help_text="Fingerprint of what the last shown report would do.")
    counts = models.JSONField(default=dict, blank=True, help_text="Lines by what became of them.")
    uploaded_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    done_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.CheckConstraint(
                condition=Q(state="waiting", content__isnull=False) | ~Q(state="waiting") & Q(content__isnull=True, links__isnull=True),
                name="virtualschool_importbatch_keeps_nothing_after",
            ),
            models.CheckConstraint(
                condition=Q(kind="schools") | Q(authority__isnull=False), name="virtualschool_importbatch_has_authority"
            ),
        ]
        indexes = [models.Index(fields=["uploaded_by", "-created_at"], name="virtualschool_import_own")]
