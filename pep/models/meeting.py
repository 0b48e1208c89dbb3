"""The plan's meeting: booked, held or not, who was asked and who came."""

from django.db import models
from django.db.models import Q

from accounts.audit import AuditedModel
from accounts.models import User
from children.models import Child
from pep.models.plan import Plan


class Meeting(AuditedModel):
    """The meeting at which a plan is made or reviewed. Saved under the version of the plan's meeting section."""

    class State(models.TextChoices):
        NOT_BOOKED = "not_booked", "Not booked"
        BOOKED = "booked", "Booked"
        HELD = "held", "Held"
        NOT_HELD = "not_held", "Not held"

    class Participation(models.TextChoices):
        """How the child took part: the codes of the SSDA903 return."""

        PN0 = "PN0", "PN0: under four years old"
        PN1 = "PN1", "PN1: came and spoke for themselves"
        PN2 = "PN2", "PN2: came, an advocate spoke for them"
        PN3 = "PN3", "PN3: came and gave views by other means, such as symbols"
        PN4 = "PN4", "PN4: came but gave no views"
        PN5 = "PN5", "PN5: did not come, briefed an advocate"
        PN6 = "PN6", "PN6: did not come, sent views another way"
        PN7 = "PN7", "PN7: did not come, gave no views"

    plan = models.OneToOneField(Plan, on_delete=models.PROTECT, related_name="meeting")
    state = models.CharField(max_length=10, choices=State.choices, default=State.NOT_BOOKED)
    starts_at = models.DateTimeField("date and time", null=True, blank=True)
    place = models.CharField("place or link", max_length=300, blank=True)
    participation = models.CharField("how the child took part", max_length=3, choices=Participation.choices, blank=True)
    not_held_because = models.TextField("why it was not held", max_length=1000, blank=True)
    next_on = models.DateField("date of the next meeting", null=True, blank=True)
    exception_because = models.TextField("why the plan may go on without a meeting", max_length=1000, blank=True)
    exception_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state="not_booked") | Q(state="not_held") | Q(starts_at__isnull=False), name="pep_meeting_booked_has_a_date"
            ),
            models.CheckConstraint(condition=~Q(state="not_held") | ~Q(not_held_because=""), name="pep_meeting_not_held_has_a_reason"),
            models.CheckConstraint(
                condition=Q(exception_because="", exception_by__isnull=True) | ~Q(exception_because="") & Q(exception_by__isnull=False),
                name="pep_meeting_exception_was_approved",
            ),
        ]

    @property
    def child(self) -> Child:
        """Whose it is."""
        return self.plan.child


class Attendee(AuditedModel):
    """Someone asked to the meeting, with an account or only by name."""

    class Role(models.TextChoices):
        CHILD = "child", "Child or young person"
        SOCIAL_WORKER = "social_worker", "Social worker"
        DESIGNATED_TEACHER = "designated_teacher", "Designated teacher"
        CARER = "carer", "Foster carer or key worker"
        PARENT = "parent", "Parent"
        VIRTUAL_SCHOOL = "virtual_school", "Virtual school"
        SENCO = "senco", "SENCO"
        TEACHER = "teacher", "Tutor or teacher"
        REVIEWING_OFFICER = "reviewing_officer", "Independent reviewing officer"
        OTHER = "other", "Someone else"

    class Came(models.TextChoices):
        UNKNOWN = "unknown", "Not recorded yet"
        CAME = "came", "Came"
        APOLOGIES = "apologies", "Sent apologies"
        ABSENT = "absent", "Did not come"

    meeting = models.ForeignKey(Meeting, on_delete=models.PROTECT, related_name="attendees")
    role = models.CharField(max_length=20, choices=Role.choices)
    name = models.CharField(max_length=200)
    user = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    invited = models.BooleanField(default=True)
    came = models.CharField(max_length=10, choices=Came.choices, default=Came.UNKNOWN)
    removed = models.BooleanField(default=False)

    class Meta:
        ordering = ["created_at"]
