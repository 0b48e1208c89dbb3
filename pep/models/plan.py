"""One Personal Education Plan, every move it makes, who signed it, and what it said when it was complete."""

from typing import Any, ClassVar

from django.db import models
from django.db.models import Q

from accounts.audit import AuditedModel, uuid7
from accounts.models import User
from children.models import Child
from pep.forms.declaration import FormVersion
from pep.forms.registry import get_form
from pep.querysets import PlanQuerySet
from schools.models import School, Term


class Plan(AuditedModel):
    """One plan of one child, from preparation to its frozen end."""

    class Reason(models.TextChoices):
        INITIAL = "initial", "First plan"
        TERMLY = "termly", "Termly review"
        AFTER_MOVE = "after_move", "After a change of school"

    class State(models.TextChoices):
        PREPARING = "preparing", "In preparation"
        RETURNED = "returned", "Returned"
        AWAITING_SIGN_OFF = "awaiting_sign_off", "Waiting for sign-off"
        AWAITING_CHECK = "awaiting_check", "Waiting for quality check"
        COMPLETE = "complete", "Complete"
        CANCELLED = "cancelled", "Cancelled"
        CLOSED = "closed", "Closed incomplete"

    WRITABLE = (State.PREPARING, State.RETURNED)
    ENDED = (State.COMPLETE, State.CANCELLED, State.CLOSED)

    child = models.ForeignKey(Child, on_delete=models.PROTECT, related_name="plans")
    form_key = models.CharField(max_length=30)
    form_version = models.CharField(max_length=20)
    reason = models.CharField(max_length=12, choices=Reason.choices)
    term = models.ForeignKey(Term, null=True, blank=True, on_delete=models.PROTECT, related_name="plans")
    school = models.ForeignKey(School, null=True, blank=True, on_delete=models.PROTECT, related_name="plans")
    previous = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="next_plans")
    corrects = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="corrections")
    version = models.PositiveSmallIntegerField(default=1)
    state = models.CharField(max_length=20, choices=State.choices, default=State.PREPARING)
    reopened = models.JSONField("sections reopened by a return", default=list, blank=True)
    due_on = models.DateField()
    due_reason = models.CharField("by which rule it is due", max_length=12, default="typed")
    due_words = models.CharField("why this date", max_length=400, blank=True)
    due_citation = models.TextField("where the rule comes from", blank=True)
    late_because = models.CharField("why it is late", max_length=20, blank=True)
    late_note = models.CharField("more about the lateness", max_length=300, blank=True)
    state_since = models.DateTimeField()
    completed_at = models.DateTimeField(null=True, blank=True)
    signature_skipped = models.BooleanField("went on without the social worker's signature", default=False)
    drawn = models.BooleanField("drawn for the quality check", default=True)
    created_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")

    objects: ClassVar[Any] = models.Manager.from_queryset(PlanQuerySet)()

    class Meta:
        ordering = ["-due_on", "-version"]
        constraints = [
            models.UniqueConstraint(fields=["child"], condition=Q(state="preparing"), name="pep_plan_one_in_preparation"),
            models.CheckConstraint(
                condition=Q(state="complete", completed_at__isnull=False) | ~Q(state="complete") & Q(completed_at__isnull=True),
                name="pep_plan_complete_has_a_date",
            ),
            models.CheckConstraint(
                condition=Q(version=1, corrects__isnull=True) | Q(version__gt=1, corrects__isnull=False), name="pep_plan_version_corrects"
            ),
            models.UniqueConstraint(fields=["corrects"], name="pep_plan_corrected_once"),
        ]
        indexes = [
            models.Index(fields=["child", "-due_on"], name="pep_plan_child"),
            models.Index(fields=["state", "due_on"], name="pep_plan_state"),
        ]

    def __str__(self) -> str:
        title = f"{self.get_reason_display()}, {self.term}" if self.term else self.get_reason_display()
        return f"{title} (version {self.version})" if self.version > 1 else title

    @property
    def form(self) -> FormVersion:
        """The declaration this plan was begun with. Raises KeyError when the version is not known."""
        return get_form(self.form_key, self.form_version)

    @property
    def writable(self) -> bool:
        """Whether sections may be saved now."""
        return self.state in self.WRITABLE

    def section_open(self, key: str) -> bool:
        """Whether this section may be saved now: all while preparing, the named ones after a return."""
        return self.state == self.State.PREPARING or (self.state == self.State.RETURNED and key in self.reopened)


class PlanEvent(models.Model):
    """One move of a plan: who, in which capacity, on whose behalf, when and why. Rows are only ever added."""

    append_only = True

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    plan = models.ForeignKey(Plan, on_delete=models.PROTECT, related_name="events")
    action = models.CharField(max_length=30)
    from_state = models.CharField(max_length=20, blank=True)
    to_state = models.CharField(max_length=20)
    at = models.DateTimeField()
    by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    capacity = models.CharField(max_length=60, blank=True)
    on_behalf_of = models.CharField(max_length=200, blank=True)
    learned_by = models.CharField(max_length=20, blank=True)
    comment = models.TextField(blank=True)
    sections = models.JSONField(default=list, blank=True)

    class Meta:
        ordering = ["at", "id"]


class SignOff(AuditedModel):
    """A signature on a plan. A return voids those it touches; a voided one stays on the record."""

    class Role(models.TextChoices):
        DESIGNATED_TEACHER = "designated_teacher", "Designated teacher"
        SOCIAL_WORKER = "social_worker", "Social worker"
        VIRTUAL_SCHOOL = "virtual_school", "Virtual school"

    plan = models.ForeignKey(Plan, on_delete=models.PROTECT, related_name="sign_offs")
    role = models.CharField(max_length=20, choices=Role.choices)
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    capacity = models.CharField(max_length=60)
    on_behalf_of = models.CharField(max_length=200, blank=True)
    learned_by = models.CharField(max_length=20, blank=True)
    comment = models.TextField(blank=True)
    at = models.DateTimeField()
    voided_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["at"]
        constraints = [
            models.UniqueConstraint(fields=["plan", "role"], condition=Q(voided_at__isnull=True), name="pep_signoff_one_per_role")
        ]

    @property
    def given_to(self) -> int:
        """The version of the plan that was signed. A corrected version carries the signatures under what nobody opened again."""
        plan = self.plan
        while plan.corrects is not None and self.at < plan.created_at:
            plan = plan.corrects
        return plan.version


class PlanSnapshot(models.Model):
    """Everything a complete plan says, frozen with the names, roles, schools and labels of that day. Rows are only ever added."""

    append_only = True

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    plan = models.OneToOneField(Plan, on_delete=models.PROTECT, related_name="snapshot")
    taken_at = models.DateTimeField()
    content = models.JSONField()
    sha256 = models.CharField(max_length=64)
