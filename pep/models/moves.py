"""A change of school: proposed by one person, confirmed by another, and taken back with a record when it was a mistake."""

from django.db import models
from django.db.models import F, Q

from accounts.audit import AuditedModel
from accounts.models import User
from children.models import Child, Enrolment
from schools.models import School


class Move(AuditedModel):
    """One change of a child's main school. Without ``to_school`` the child leaves and has no school from that day.

    Half-open dates as everywhere: ``starts_on`` is the first day at the new school and the first one no longer at the old;
    ``old_school_reads_until`` is the first day on which the old school may no longer read.
    """

    class State(models.TextChoices):
        PROPOSED = "proposed", "Proposed"
        CONFIRMED = "confirmed", "Confirmed"
        WITHDRAWN = "withdrawn", "Withdrawn"
        TAKEN_BACK = "taken_back", "Taken back"

    child = models.ForeignKey(Child, on_delete=models.PROTECT, related_name="moves")
    to_school = models.ForeignKey(School, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    starts_on = models.DateField("first day at the new school")
    reason = models.TextField("why the child is moving", max_length=1000)
    state = models.CharField(max_length=10, choices=State.choices, default=State.PROPOSED)
    proposed_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField()
    confirmed_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    confirmed_at = models.DateTimeField(null=True, blank=True)
    begun_at = models.DateTimeField("when the plans followed", null=True, blank=True)
    old_school_reads_until = models.DateField(null=True, blank=True)
    old_enrolment = models.ForeignKey(Enrolment, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    new_enrolment = models.ForeignKey(Enrolment, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    withdrawn_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    taken_back_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    taken_back_at = models.DateTimeField(null=True, blank=True)
    taken_back_because = models.TextField(max_length=1000, blank=True)

    class Meta:
        ordering = ["-proposed_at"]
        constraints = [
            models.UniqueConstraint(fields=["child"], condition=Q(state="proposed"), name="pep_move_one_proposal"),
            models.CheckConstraint(condition=Q(confirmed_by__isnull=True) | ~Q(confirmed_by=F("proposed_by")), name="pep_move_two_people"),
            models.CheckConstraint(
                condition=~Q(state__in=["confirmed", "taken_back"]) | Q(confirmed_by__isnull=False, confirmed_at__isnull=False),
                name="pep_move_confirmed_by_someone",
            ),
            # Somewhere to go to means an enrolment there; nowhere means one that has ended.
            models.CheckConstraint(
                condition=~Q(state__in=["confirmed", "taken_back"])
                | Q(to_school__isnull=False, new_enrolment__isnull=False)
                | Q(to_school__isnull=True, new_enrolment__isnull=True, old_enrolment__isnull=False),
                name="pep_move_confirmed_has_enrolment",
            ),
            models.CheckConstraint(
                condition=Q(state="taken_back", taken_back_by__isnull=False, taken_back_at__isnull=False) & ~Q(taken_back_because="")
                | ~Q(state="taken_back") & Q(taken_back_by__isnull=True, taken_back_at__isnull=True, taken_back_because=""),
                name="pep_move_taken_back_with_a_record",
            ),
            models.CheckConstraint(
                condition=Q(state="withdrawn", withdrawn_by__isnull=False, withdrawn_at__isnull=False)
                | ~Q(state="withdrawn") & Q(withdrawn_by__isnull=True, withdrawn_at__isnull=True),
                name="pep_move_withdrawn_by_someone",
            ),
        ]
        indexes = [models.Index(fields=["starts_on"], condition=Q(state="confirmed", begun_at__isnull=True), name="pep_move_to_begin")]
