"""What is written under each section of a plan, and what someone is still typing."""

from django.db import models

from accounts.audit import AuditedModel, IdentifiedModel
from accounts.models import User
from children.models import Child
from pep.models.plan import Plan


class LearnedBy(models.TextChoices):
    """How someone who writes on another's behalf came to know it."""

    MEETING = "meeting", "At a meeting"
    TELEPHONE = "telephone", "By telephone"
    PAPER = "paper", "On paper"
    EMAIL = "email", "By e-mail"


class Section(AuditedModel):
    """One section of one plan: its answers, its version, and who wrote it for whom.

    ``version`` counts every accepted write to the section or to what it carries (targets, actions, meeting); a save names the version
    it started from and is refused when that is no longer the current one.
    """

    plan = models.ForeignKey(Plan, on_delete=models.PROTECT, related_name="sections")
    key = models.CharField(max_length=40)
    owner = models.CharField(max_length=20)
    version = models.PositiveIntegerField(default=0)
    answers = models.JSONField(default=dict, blank=True)
    marked_complete = models.BooleanField("have you completed this section?", default=False)
    written_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    written_as = models.CharField(max_length=60, blank=True)
    written_at = models.DateTimeField(null=True, blank=True)
    on_behalf_of = models.CharField(max_length=200, blank=True)
    learned_by = models.CharField(max_length=20, choices=LearnedBy.choices, blank=True)

    class Meta:
        ordering = ["created_at", "id"]
        constraints = [
            models.UniqueConstraint(fields=["plan", "key"], name="pep_section_once_per_plan"),
            models.CheckConstraint(
                condition=models.Q(on_behalf_of="", learned_by="") | ~models.Q(on_behalf_of="") & ~models.Q(learned_by=""),
                name="pep_section_on_behalf_says_how",
            ),
        ]

    @property
    def child(self) -> Child:
        """Whose it is."""
        return self.plan.child


class Draft(IdentifiedModel):
    """What one person is typing into one section: kept on the server until they save, for at most thirty days after their last change."""

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    section = models.ForeignKey(Section, on_delete=models.PROTECT, related_name="drafts")
    part = models.CharField(max_length=40, blank=True, help_text="Empty: the section's own form; else the target or action, or 'new'.")
    base_version = models.PositiveIntegerField()
    fields = models.JSONField(default=dict, help_text="The form's fields as typed, valid or not.")
    saved_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "section", "part"], name="pep_draft_one_per_person")]
