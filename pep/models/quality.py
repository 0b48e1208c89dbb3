"""The virtual school's quality check: a grade and a comment per area of the authority's rubric, and one for the whole."""

from django.db import models
from django.db.models import Q

from accounts.audit import AuditedModel
from accounts.models import User
from children.models import Child
from pep.models.plan import Plan
from schools.models import LocalAuthority, in_order, no_overlap


class Grade(models.TextChoices):
    """The four grades, worst first."""

    RED = "red", "Red"
    AMBER = "amber", "Amber"
    GREEN = "green", "Green"
    GOLD = "gold", "Gold"


class Rubric(AuditedModel):
    """What an authority looks for, from one date to another: areas, each with words per grade. Dated data, not code."""

    authority = models.ForeignKey(LocalAuthority, on_delete=models.PROTECT, related_name="rubrics")
    starts = models.DateField()
    ends = models.DateField(null=True, blank=True)
    areas = models.JSONField(help_text='[{"key": "voice", "title": "Child\'s voice", "words": {"red": "…", "green": "…"}}]')

    class Meta:
        ordering = ["authority", "starts"]
        constraints = [in_order("pep_rubric_in_order"), no_overlap("pep_rubric_no_overlap", "authority")]


class QualityCheck(AuditedModel):
    """One check of one plan: what was found and whether it went on or back."""

    class Outcome(models.TextChoices):
        ACCEPTED = "accepted", "Accepted"
        RETURNED = "returned", "Returned"
        NOT_SAMPLED = "not_sampled", "Not in the sample"

    plan = models.ForeignKey(Plan, on_delete=models.PROTECT, related_name="quality_checks")
    overall = models.CharField(max_length=5, choices=Grade.choices, blank=True)
    outcome = models.CharField(max_length=12, choices=Outcome.choices)
    comment = models.TextField(max_length=4000, blank=True)
    by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        ordering = ["at"]
        constraints = [
            models.CheckConstraint(condition=Q(outcome="not_sampled") | ~Q(overall=""), name="pep_qualitycheck_has_a_grade"),
            models.CheckConstraint(condition=~Q(outcome="returned") | ~Q(comment=""), name="pep_qualitycheck_return_has_a_reason"),
        ]

    @property
    def child(self) -> Child:
        """Whose it is."""
        return self.plan.child


class QualityArea(AuditedModel):
    """The grade and comment for one area of a check."""

    check_of = models.ForeignKey(QualityCheck, on_delete=models.PROTECT, related_name="areas")
    key = models.CharField(max_length=40)
    title = models.CharField(max_length=200)
    grade = models.CharField(max_length=5, choices=Grade.choices)
    comment = models.TextField(max_length=2000, blank=True)

    class Meta:
        ordering = ["created_at"]
        constraints = [models.UniqueConstraint(fields=["check_of", "key"], name="pep_qualityarea_once")]
