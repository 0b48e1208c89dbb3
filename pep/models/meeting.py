"""The plan's meeting: booked, held or not, who was asked, who may come, who was invited and who came."""

import datetime
import uuid

from django.db import models
from django.db.models import Q
from django.utils import timezone

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

    # Without a day to come: one that was not held waits to be booked as one that never was.
    TO_BOOK = (State.NOT_BOOKED, State.NOT_HELD)

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
    minutes = models.PositiveSmallIntegerField("how long it lasts, in minutes", default=60)
    place = models.CharField("place or link", max_length=300, blank=True)
    place_in_calendar = models.BooleanField("put the place into calendar entries", default=False)
    booked_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
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
            models.CheckConstraint(condition=Q(minutes__gt=0), name="pep_meeting_lasts"),
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

    def to_ask_about(self, on: datetime.date) -> bool:
        """Whether the day it was booked for has passed and nobody has said whether it was held, nor let the plan go on without it."""
        booked = self.state == self.State.BOOKED and not self.exception_because
        return booked and self.starts_at is not None and timezone.localdate(self.starts_at) < on


class Attendee(AuditedModel):
    """Someone asked to the meeting, with an account or only by name.

    Who has no account is written to only after the social worker, or the virtual school for them, has said whether they may come and
    what they may know. Their e-mail address, what they may know and a time of their own are for the council alone.
    """

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

    class MayCome(models.TextChoices):
        UNDECIDED = "undecided", "Not decided yet"
        YES = "yes", "Yes, to the meeting"
        NO = "no", "No"
        SEPARATE = "separate", "At a time of their own"

    class MayKnow(models.TextChoices):
        DATE = "date", "The date and time only"
        PLACE = "place", "The date, time and place"
        COPY = "copy", "The date, time and place, and the school copy of the plan afterwards"

    meeting = models.ForeignKey(Meeting, on_delete=models.PROTECT, related_name="attendees")
    role = models.CharField(max_length=20, choices=Role.choices)
    name = models.CharField(max_length=200)
    user = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    invited = models.BooleanField(default=True)
    came = models.CharField(max_length=10, choices=Came.choices, default=Came.UNKNOWN)
    removed = models.BooleanField(default=False)
    email = models.EmailField("e-mail address", blank=True)
    may_come = models.CharField("whether they may come", max_length=10, choices=MayCome.choices, default=MayCome.UNDECIDED)
    may_know = models.CharField("what they may know", max_length=10, choices=MayKnow.choices, default=MayKnow.DATE)
    separate_starts_at = models.DateTimeField("a time of their own", null=True, blank=True)
    decided_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["created_at"]
        constraints = [
            models.CheckConstraint(condition=Q(may_come="undecided") | Q(decided_at__isnull=False), name="pep_attendee_decision_has_a_day"),
            models.CheckConstraint(
                condition=~Q(may_come="separate") | Q(separate_starts_at__isnull=False), name="pep_attendee_separate_has_a_time"
            ),
        ]

    @property
    def needs_decision(self) -> bool:
        """Whether somebody must still say if this person may come: all who have no account, except the child."""
        return self.decided_for and self.may_come == self.MayCome.UNDECIDED

    @property
    def decided_for(self) -> bool:
        """Whether it is for the social worker to say if this person may come."""
        return self.invited and self.user_id is None and self.role != self.Role.CHILD

    @property
    def may_have_copy(self) -> bool:
        """Whether it was decided that this person may have the school copy of the plan once it is complete."""
        return self.decided_for and self.decided_at is not None and self.may_know == self.MayKnow.COPY


def new_uid() -> str:
    """A random name for a calendar entry; it stands nowhere else and says nothing."""
    return str(uuid.uuid4())


class MeetingInvitation(AuditedModel):
    """What one person's calendar was told about a meeting, and what they answered.

    ``uid`` is the entry's name in calendars, the same for a meeting and a person for ever; ``sequence`` grows with each change that was
    sent. Time and place are kept as they were sent, so that the next change is known from the last. Whose it is, is the user, or for
    who has no account the address: somebody taken off the list and asked again has the same entry.
    """

    class Answer(models.TextChoices):
        NEEDS_ACTION = "needs-action", "No answer yet"
        ACCEPTED = "accepted", "Can come"
        DECLINED = "declined", "Cannot come"
        TENTATIVE = "tentative", "Not sure"

    meeting = models.ForeignKey(Meeting, on_delete=models.PROTECT, related_name="invitations")
    attendee = models.ForeignKey(Attendee, on_delete=models.PROTECT, related_name="invitations")
    user = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    address = models.EmailField("invited at", blank=True)
    uid = models.CharField(max_length=36, unique=True, default=new_uid, editable=False)
    sequence = models.PositiveIntegerField(default=0)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    place = models.CharField(max_length=300, blank=True)
    answered = models.CharField(max_length=12, choices=Answer.choices, default=Answer.NEEDS_ACTION)
    answered_at = models.DateTimeField(null=True, blank=True)
    withdrawn = models.BooleanField(default=False)

    class Meta:
        ordering = ["created_at"]
        constraints = [
            models.UniqueConstraint(fields=["meeting", "user"], condition=Q(user__isnull=False), name="pep_invitation_one_for_a_person"),
            models.UniqueConstraint(
                fields=["meeting", "address"], condition=Q(user__isnull=True), name="pep_invitation_one_for_an_address"
            ),
            models.CheckConstraint(condition=Q(ends_at__gt=models.F("starts_at")), name="pep_invitation_ends_after_it_starts"),
        ]
        indexes = [models.Index(fields=["starts_at"], condition=Q(withdrawn=False), name="pep_invitation_in_force")]

    @property
    def child(self) -> Child:
        """Whose meeting it is."""
        return self.meeting.plan.child

    def in_force(self, now: datetime.datetime) -> bool:
        """Whether a calendar still holds it and its time has not come."""
        return not self.withdrawn and self.starts_at > now


class CopyGiven(AuditedModel):
    """How somebody without an account was given the school copy of the complete plan, as was decided for them. For the council alone.

    It is given by hand: the product never sends a plan by e-mail.
    """

    class How(models.TextChoices):
        HANDED = "handed", "Handed over"
        POSTED = "posted", "Posted"
        READ = "read", "Read with them"
        NOT_GIVEN = "not_given", "Not given"

    attendee = models.OneToOneField(Attendee, on_delete=models.PROTECT, related_name="copy")
    how = models.CharField("how it was given", max_length=10, choices=How.choices)
    on = models.DateField("on which day")
    note = models.CharField("why it was not given", max_length=300, blank=True)
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    capacity = models.CharField(max_length=60, blank=True)

    class Meta:
        verbose_name_plural = "copies given"
        constraints = [
            models.CheckConstraint(condition=~Q(how="not_given") | ~Q(note=""), name="pep_copygiven_not_given_has_a_reason"),
        ]

    @property
    def child(self) -> Child:
        """Whose plan it is."""
        return self.attendee.meeting.plan.child
