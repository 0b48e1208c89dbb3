"""The dates a child's plans must meet, each with its reason, kept as rows so that sweeps only read."""

from django.db import models

from accounts.audit import AuditedModel
from children.models import Child
from pep.models.plan import Plan


class Deadline(AuditedModel):
    """One date: what it is, why it is this day, and by which rule. ``pep.deadlines`` writes it in the transaction that changes a fact.

    ``facts`` are what the date was counted from (a day, a figure, its unit, the policy); ``words`` and ``citation`` name nobody.
    """

    class Kind(models.TextChoices):
        REVIEW = "review", "Plan to be reviewed"
        SIGNATURE = "signature", "Social worker to sign off"

    child = models.ForeignKey(Child, on_delete=models.PROTECT, related_name="deadlines")
    plan = models.ForeignKey(Plan, null=True, blank=True, on_delete=models.PROTECT, related_name="deadlines")
    kind = models.CharField(max_length=12, choices=Kind.choices)
    due_on = models.DateField()
    reason = models.CharField(max_length=40)
    facts = models.JSONField(default=dict, blank=True)
    words = models.CharField("why this date", max_length=400)
    citation = models.CharField(max_length=300)
    open = models.BooleanField(default=True)

    class Meta:
        ordering = ["due_on"]
        constraints = [
            models.UniqueConstraint(
                fields=["child", "kind"], condition=models.Q(open=True, plan__isnull=True), name="pep_deadline_one_open_per_child"
            ),
            models.UniqueConstraint(
                fields=["plan", "kind"], condition=models.Q(open=True, plan__isnull=False), name="pep_deadline_one_open_per_plan"
            ),
        ]
        indexes = [models.Index(fields=["due_on"], condition=models.Q(open=True), name="pep_deadline_open")]

    @property
    def words_for_school(self) -> str:
        """Why this date, without the day the child came into care: care history is for the council alone."""
        if self.reason != "initial":
            return self.words
        return f"{self.facts['figure']} {self.facts['unit']} after the child came into care"
