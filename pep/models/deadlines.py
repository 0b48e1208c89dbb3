"""The dates a child's plans must meet, each with its reason, kept as rows so that sweeps only read."""

from django.db import models

from accounts.audit import AuditedModel, IdentifiedModel
from accounts.models import User
from children.models import Child
from pep.facts import about_holidays
from pep.models.plan import Plan
from schools.models import LocalAuthority


class Deadline(AuditedModel):
    """One date: what it is, why it is this day, and by which rule. ``pep.deadlines`` writes it in the transaction that changes a fact.

    ``facts`` are what the date was counted from (a day, a figure, its unit, the policy); ``words`` and ``citation`` name nobody.
    """

    class Kind(models.TextChoices):
        BEGIN = "begin", "First plan to be begun"
        REVIEW = "review", "Plan to be reviewed"
        TERM = "term", "Plan of the term"
        PREMIUM = "premium", "Plan before the financial year ends"
        CARE_REVIEW = "care_review", "Care plan to be reviewed"
        OFFICER = "officer", "Plan to be with the reviewing officer"
        SDQ = "sdq", "Strengths and difficulties score"
        EHCP = "ehcp", "Yearly review of the EHC plan"
        INVITE = "invite", "Invitations to the meeting"
        COMPLETE = "complete", "Plan to be submitted after the meeting"
        SIGNATURE = "signature", "Social worker to sign off"
        CHECK = "check", "Virtual school to check"

    # Care history is for the council alone, and these are counted from it.
    COUNCIL_ONLY = (Kind.BEGIN, Kind.CARE_REVIEW, Kind.OFFICER, Kind.SDQ)

    child = models.ForeignKey(Child, on_delete=models.PROTECT, related_name="deadlines")
    plan = models.ForeignKey(Plan, null=True, blank=True, on_delete=models.PROTECT, related_name="deadlines")
    kind = models.CharField(max_length=12, choices=Kind.choices)
    due_on = models.DateField()
    reason = models.CharField(max_length=40)
    facts = models.JSONField(default=dict, blank=True)
    words = models.CharField("why this date", max_length=400)
    citation = models.TextField()  # names the authority, whose name may be as long as it likes
    owners = models.JSONField("whose turn it is", default=list, blank=True)
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
    def council_only(self) -> bool:
        """Whether schools are not shown it."""
        return self.kind in self.COUNCIL_ONLY

    @property
    def words_for_school(self) -> str:
        """Why this date, without the day the child came into care: care history is for the council alone."""
        if self.reason == "first_review":
            return f"So that it is there when the care plan is reviewed{about_holidays(self.words)}"
        if self.reason == "initial":
            return f"{self.facts['figure']} {self.facts['unit']} after the child came into care{about_holidays(self.words)}"
        return self.words

    @property
    def in_holidays(self) -> bool:
        """Whether the day is in the school holidays, when the school's part is the virtual school's."""
        return bool({"meet_by", "holidays"} & self.facts.keys())


class Recalculation(IdentifiedModel):
    """Every date of an authority's children counted again after its policy or its terms changed; the row is the truth of how far it is.

    ``done`` children of ``total`` are up to date; ``last`` is the last of them, where the next worker goes on.
    """

    authority = models.ForeignKey(LocalAuthority, on_delete=models.PROTECT, related_name="+")
    because = models.CharField(max_length=200)
    asked_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    total = models.PositiveIntegerField(default=0)
    done = models.PositiveIntegerField(default=0)
    moved = models.PositiveIntegerField("dates that moved", default=0)
    last = models.UUIDField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-created_at"]
        indexes = [models.Index(fields=["created_at"], condition=models.Q(finished_at__isnull=True), name="pep_recalculation_open")]
