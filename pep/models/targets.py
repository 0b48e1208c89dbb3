"""Targets, how they went, actions, and what happened to them after the plan was complete."""

from typing import TYPE_CHECKING

from django.db import models
from django.db.models import Q

from accounts.audit import AuditedModel, uuid7
from accounts.models import User
from children.models import Child
from pep.models.plan import Plan

if TYPE_CHECKING:
    from pep.models.funding import FundingRequest


class Target(AuditedModel):
    """What the child will be able to do, from where, by what help, by when."""

    class Area(models.TextChoices):
        ENGLISH = "english", "English"
        MATHS = "maths", "Maths"
        ACADEMIC = "academic", "Another subject"
        ATTENDANCE = "attendance", "Attendance"
        SEMH = "semh", "Feelings, friendships and behaviour"
        INDEPENDENCE = "independence", "Independence"
        TRANSITION = "transition", "Moving on"
        ASPIRATION = "aspiration", "Hopes and interests"

    class Term(models.TextChoices):
        SHORT = "short", "Short term (by the next plan)"
        LONG = "long", "Longer term"

    plan = models.ForeignKey(Plan, on_delete=models.PROTECT, related_name="targets")
    position = models.PositiveSmallIntegerField(default=0)
    area = models.CharField(max_length=20, choices=Area.choices)
    term = models.CharField("how long", max_length=5, choices=Term.choices, default=Term.SHORT)
    need = models.TextField("which need does it answer?", max_length=1000)
    baseline = models.TextField("where are they now?", max_length=1000)
    aim = models.TextField("what will they be able to do?", max_length=1000)
    success = models.TextField("how will we know?", max_length=1000)
    intervention = models.TextField("what help will be given?", max_length=1000)
    who = models.CharField("who is responsible?", max_length=200)
    frequency = models.CharField("how often?", max_length=200, blank=True)
    by_when = models.DateField("by when?")
    child_words = models.TextField("what does the child say about it?", max_length=1000, blank=True)
    removed = models.BooleanField(default=False)
    original = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="copies", help_text="In a corrected version: the first one's."
    )

    class Meta:
        ordering = ["position", "created_at"]

    def __str__(self) -> str:
        return self.aim

    @property
    def child(self) -> Child:
        """Whose it is."""
        return self.plan.child

    @property
    def first(self) -> "Target":
        """The target as first set: what was asked for and what was added since hang from it, whatever version it is read in."""
        return self.original or self

    @property
    def money(self) -> "FundingRequest | None":
        """The pupil premium asked for this target, unless it was taken back."""
        asked: FundingRequest | None = getattr(self.first, "funding", None)
        return None if asked is None or asked.state == asked.State.WITHDRAWN else asked


class TargetReview(AuditedModel):
    """How a target of the last plan went, said in the next one."""

    class Outcome(models.TextChoices):
        MET = "met", "Met"
        PARTLY = "partly", "Partly met"
        NOT_MET = "not_met", "Not met"

    class Next(models.TextChoices):
        END = "end", "Finished"
        CONTINUE = "continue", "Carry on"
        CHANGE = "change", "Change it or break it down"

    class Impact(models.TextChoices):
        SIGNIFICANT = "significant", "A lot of difference"
        MODERATE = "moderate", "Some difference"
        MINIMAL = "minimal", "Little or no difference"
        NONE_PAID = "none_paid", "No pupil premium was used"

    plan = models.ForeignKey(Plan, on_delete=models.PROTECT, related_name="target_reviews")
    target = models.ForeignKey(Target, on_delete=models.PROTECT, related_name="reviews")
    outcome = models.CharField(max_length=10, choices=Outcome.choices)
    evidence = models.TextField("how do you know?", max_length=2000)
    impact = models.CharField("what difference did the pupil premium make?", max_length=12, choices=Impact.choices)
    next = models.CharField("what now?", max_length=10, choices=Next.choices)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["plan", "target"], name="pep_targetreview_once")]


class Action(AuditedModel):
    """Something someone promised to do."""

    plan = models.ForeignKey(Plan, on_delete=models.PROTECT, related_name="actions")
    position = models.PositiveSmallIntegerField(default=0)
    what = models.TextField("what will be done?", max_length=1000)
    who = models.CharField("by whom?", max_length=200)
    by_when = models.DateField("by when?")
    removed = models.BooleanField(default=False)
    original = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="copies", help_text="In a corrected version: the first one's."
    )

    class Meta:
        ordering = ["position", "created_at"]

    @property
    def first(self) -> "Action":
        """The action as first agreed: what was added since hangs from it, whatever version it is read in."""
        return self.original or self

    @property
    def child(self) -> Child:
        """Whose it is."""
        return self.plan.child


class Progress(models.Model):
    """A dated note on a target or an action after the plan was complete. Rows are only ever added; the snapshot stays as it was."""

    append_only = True

    class Status(models.TextChoices):
        ON_TRACK = "on_track", "Going well"
        STUCK = "stuck", "Stuck"
        DONE = "done", "Done"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    target = models.ForeignKey(Target, null=True, blank=True, on_delete=models.PROTECT, related_name="progress")
    action = models.ForeignKey(Action, null=True, blank=True, on_delete=models.PROTECT, related_name="progress")
    on = models.DateField()
    status = models.CharField(max_length=10, choices=Status.choices)
    note = models.TextField(max_length=2000, blank=True)
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    capacity = models.CharField(max_length=60, blank=True)
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["on", "at"]
        constraints = [
            models.CheckConstraint(
                condition=Q(target__isnull=False, action__isnull=True) | Q(target__isnull=True, action__isnull=False),
                name="pep_progress_about_one_thing",
            )
        ]
