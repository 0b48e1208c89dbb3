"""Pupil premium plus: what was asked for a target, what was decided, paid and spent, and the year's rate."""

from typing import Any, ClassVar

from django.db import models
from django.db.models import Q

from accounts.audit import AuditedModel, AuditedQuerySet, uuid7
from accounts.models import User
from accounts.templatetags.components import pounds
from children.models import Child
from pep.models.plan import Plan
from pep.models.targets import Target
from schools.models import School


class FundingRequestQuerySet(AuditedQuerySet):
    """Requests for pupil premium."""

    def to_decide(self) -> "FundingRequestQuerySet":
        """Requests in plans that a school has submitted and nobody has ended: what is still being written asks for nothing yet."""
        return self.filter(
            state=FundingRequest.State.REQUESTED,
            plan__state__in=(Plan.State.AWAITING_SIGN_OFF, Plan.State.AWAITING_CHECK, Plan.State.RETURNED, Plan.State.COMPLETE),
        )

    def to_approve(self) -> "FundingRequestQuerySet":
        """What is agreed and waits to be approved to pay, however its plan went on."""
        return self.filter(state__in=(FundingRequest.State.AGREED, FundingRequest.State.PART))


class FundingRequest(AuditedModel):
    """Money asked for one target, or a flat sum the authority pays for a completed plan. Amounts in pounds."""

    class State(models.TextChoices):
        REQUESTED = "requested", "Asked for"
        AGREED = "agreed", "Agreed"
        PART = "part", "Agreed in part"
        DECLINED = "declined", "Declined"
        APPROVED = "approved", "Approved to pay"
        PAID = "paid", "Paid"
        WITHDRAWN = "withdrawn", "Withdrawn"

    plan = models.ForeignKey(Plan, on_delete=models.PROTECT, related_name="funding")
    target = models.OneToOneField(Target, null=True, blank=True, on_delete=models.PROTECT, related_name="funding")
    school = models.ForeignKey(School, null=True, blank=True, on_delete=models.PROTECT, related_name="funding")
    financial_year = models.CharField(max_length=7)
    purpose = models.TextField("what is the money for?", max_length=1000)
    amount = models.DecimalField("amount asked for (£)", max_digits=8, decimal_places=2)
    agreed_amount = models.DecimalField("amount agreed (£)", max_digits=8, decimal_places=2, null=True, blank=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.REQUESTED)

    objects: ClassVar[Any] = models.Manager.from_queryset(FundingRequestQuerySet)()

    class Meta:
        ordering = ["created_at"]
        constraints = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="pep_fundingrequest_positive"),
            models.CheckConstraint(
                condition=Q(agreed_amount__isnull=True) | Q(agreed_amount__gte=0, agreed_amount__lte=models.F("amount")),
                name="pep_fundingrequest_agreed_within_asked",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["requested", "declined", "withdrawn"]) | Q(agreed_amount__isnull=False),
                name="pep_fundingrequest_agreed_has_amount",
            ),
        ]
        indexes = [models.Index(fields=["state"], name="pep_fundingrequest_state")]

    @property
    def child(self) -> Child:
        """Whose it is."""
        return self.plan.child

    @property
    def state_words(self) -> str:
        """Where it stands, with the amount where that is not what was asked: "paid", "£240 of £480 paid"."""
        words: str = self.get_state_display().lower()
        if self.agreed_amount is None or self.agreed_amount == self.amount:
            return words
        return f"{pounds(self.agreed_amount)} of {pounds(self.amount)} {words.removesuffix(' in part')}"


class FundingDecision(models.Model):
    """One step of a request: decided, approved, paid, or money spent. Rows are only ever added."""

    append_only = True

    class Step(models.TextChoices):
        AGREED = "agreed", "Agreed"
        PART = "part", "Agreed in part"
        DECLINED = "declined", "Declined"
        APPROVED = "approved", "Approved to pay"
        PAID = "paid", "Paid"
        SPENT = "spent", "Spent"
        WITHDRAWN = "withdrawn", "Withdrawn"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    request = models.ForeignKey(FundingRequest, on_delete=models.PROTECT, related_name="steps")
    step = models.CharField(max_length=10, choices=Step.choices)
    amount = models.DecimalField(max_digits=8, decimal_places=2, null=True, blank=True)
    reason = models.TextField(max_length=2000, blank=True)
    on = models.DateField()
    by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["at"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(step__in=["part", "declined"]) | ~Q(reason=""), name="pep_fundingdecision_refusal_has_reason"
            )
        ]


class PupilPremiumRate(AuditedModel):
    """The pupil premium plus rate per looked-after child for a financial year (April to March), in pounds: dated data."""

    financial_year = models.CharField(max_length=7, unique=True)
    amount = models.DecimalField(max_digits=8, decimal_places=2)
    source = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ["financial_year"]
