"""The child in care, and the dated facts around them: care, placement, enrolment, the people allocated; and who looked."""

import datetime
import secrets
import unicodedata
from typing import Any, ClassVar

from django.contrib.postgres.indexes import GinIndex
from django.db import models, transaction
from django.db.models import Q
from django.utils import timezone

from accounts import relations
from accounts.audit import AuditedModel, uuid7
from accounts.models import User
from accounts.policy import RELATION_NAMES, Relation
from accounts.relations import DatedRelation, in_force
from children.querysets import ChildQuerySet
from schools.models import LocalAuthority, School, Team, in_order, no_overlap
from schools.timetable import academic_year, year_group

# No vowels, no look-alikes: a reference can be read out on the telephone and never spells a word.
REFERENCE_ALPHABET = "BCDFGHJKLMNPQRTVWXYZ2346789"


def new_reference() -> str:
    """A random reference for a child: says nothing about who it is."""
    return "".join(secrets.choice(REFERENCE_ALPHABET) for _ in range(7))


def sort_key(*names: str) -> str:
    """Names without accents and case, so that lists sort alike on every server."""
    text = unicodedata.normalize("NFKD", " ".join(name for name in names if name))
    return "".join(letter for letter in text if not unicodedata.combining(letter)).casefold()[:300]


class Child(AuditedModel):
    """A child in the care of a local authority."""

    class BirthDate(models.TextChoices):
        RECORDED = "recorded", "On a birth certificate or passport"
        CLAIMED = "claimed", "Claimed, not yet assessed"
        ASSESSED = "assessed", "Set by an age assessment"

    class Sex(models.TextChoices):
        FEMALE = "F", "Female"
        MALE = "M", "Male"
        UNKNOWN = "U", "Not recorded"

    authority = models.ForeignKey(LocalAuthority, on_delete=models.PROTECT, related_name="children")
    reference = models.CharField(max_length=10, unique=True, default=new_reference, editable=False)
    identifier = models.CharField("case system number", max_length=50, blank=True)
    given_name = models.CharField("legal given names", max_length=150)
    family_name = models.CharField("legal family name", max_length=150, blank=True)
    known_as = models.CharField("likes to be called", max_length=150, blank=True)
    sort_key = models.CharField(max_length=300, editable=False)
    date_of_birth = models.DateField()
    birth_date_status = models.CharField("how the date of birth is known", max_length=10, choices=BirthDate.choices, default="recorded")
    sex = models.CharField(max_length=1, choices=Sex.choices, default="U")
    upn = models.CharField("UPN", max_length=13, blank=True)
    uln = models.CharField("ULN", max_length=10, blank=True)
    # As it was typed, and for which school year (2026: 2026-27): each September the child goes up by one.
    year_group_override = models.SmallIntegerField("taught in another year group", null=True, blank=True)
    year_group_override_for = models.SmallIntegerField("in the school year that began in", null=True, blank=True, editable=False)
    restricted = models.BooleanField(default=False)
    restricted_because = models.TextField("reason for the restriction", blank=True)
    merged_into = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="merged")

    objects: ClassVar[Any] = models.Manager.from_queryset(ChildQuerySet)()

    class Meta:
        verbose_name_plural = "children"
        ordering = ["sort_key", "id"]
        permissions = [
            (relation.value, RELATION_NAMES[relation])
            for relation in (Relation.SOCIAL_WORKER, Relation.REVIEWING_OFFICER, Relation.SCHOOL_CONTRIBUTOR)
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["authority", "identifier"], condition=~Q(identifier=""), name="children_child_identifier_unique"
            ),
            models.CheckConstraint(condition=Q(restricted=False) | ~Q(restricted_because=""), name="children_child_restricted_with_reason"),
            models.CheckConstraint(
                condition=Q(year_group_override=None, year_group_override_for=None)
                | Q(year_group_override__isnull=False, year_group_override_for__isnull=False),
                name="children_child_year_group_with_its_school_year",
            ),
        ]
        indexes = [
            models.Index(fields=["authority", "sort_key", "id"], name="children_child_list"),
            models.Index(fields=["upn"], name="children_child_upn", condition=~Q(upn="")),
            GinIndex(fields=["sort_key"], name="children_child_search", opclasses=["gin_trgm_ops"]),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def child(self) -> "Child":
        """Itself, so that access asks every record the same way whose it is."""
        return self

    @property
    def name(self) -> str:
        """The name used on pages: what the child likes to be called, with the family name."""
        return f"{self.known_as or self.given_name} {self.family_name}".strip()

    @property
    def legal_name(self) -> str:
        """The name on documents."""
        return f"{self.given_name} {self.family_name}".strip()

    def year_group(self, on: datetime.date) -> int:
        """National curriculum year on a day: 0 is Reception. The year they are taught in where that differs.

        What was typed holds for its school year, and is one more each September after it.
        """
        if self.year_group_override is None:
            return year_group(self.date_of_birth, on)
        typed_for = self.year_group_override_for
        return self.year_group_override + (academic_year(on) - typed_for if typed_for is not None else 0)

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save with the sort key that follows from the names; a year group typed without its school year is for the present one."""
        if self.year_group_override is None:
            self.year_group_override_for = None
        elif self.year_group_override_for is None:
            self.year_group_override_for = academic_year(timezone.localdate())
        self.sort_key = sort_key(self.family_name, self.known_as or self.given_name)
        super().save(*args, **kwargs)

    def main_enrolment(self, on: datetime.date) -> "Enrolment | None":
        """The main enrolment on a day, with its school."""
        return self.enrolments.filter(in_force(on), kind=Enrolment.Kind.MAIN).select_related("school").first()

    def allocation(self, role: str, on: datetime.date) -> "Allocation | None":
        """Who is allocated in this role on a day."""
        return self.allocations.filter(in_force(on), role=role).select_related("worker", "team").order_by("-starts").first()

    def in_care(self, on: datetime.date) -> "CarePeriod | None":
        """The care period that holds on a day."""
        return self.care_periods.filter(in_force(on)).first()


class CarePeriod(AuditedModel):
    """A time in care, from the day the child came into care to the first day they no longer were."""

    LEGAL_STATUSES = [
        ("C1", "Interim care order (C1)"),
        ("C2", "Full care order (C2)"),
        ("D1", "Freeing order (D1)"),
        ("E1", "Placement order (E1)"),
        ("V2", "Accommodated by agreement, section 20 (V2)"),
        ("V3", "Short breaks, one agreement for several (V3)"),
        ("V4", "Short breaks, each agreed by itself (V4)"),
        ("J1", "On remand (J1)"),
        ("J2", "Detained (J2)"),
        ("J3", "Sentenced (J3)"),
        ("L1", "Police protection (L1)"),
        ("L2", "Emergency protection order (L2)"),
        ("L3", "Child assessment order (L3)"),
    ]

    child = models.ForeignKey(Child, on_delete=models.PROTECT, related_name="care_periods")
    starts = models.DateField("came into care on")
    ends = models.DateField("left care on", null=True, blank=True)
    legal_status = models.CharField(max_length=2, choices=LEGAL_STATUSES, blank=True)

    class Meta:
        ordering = ["starts"]
        constraints = [in_order("children_careperiod_in_order"), no_overlap("children_careperiod_no_overlap", "child")]


class CareReview(AuditedModel):
    """A review of the child's care plan by the independent reviewing officer (regulation 33): booked, or held. For the council alone."""

    class State(models.TextChoices):
        BOOKED = "booked", "Booked"
        HELD = "held", "Held"
        CANCELLED = "cancelled", "Cancelled"

    child = models.ForeignKey(Child, on_delete=models.PROTECT, related_name="care_reviews")
    on = models.DateField("day of the review")
    state = models.CharField(max_length=10, choices=State.choices, default=State.BOOKED)

    class Meta:
        ordering = ["on"]
        constraints = [
            models.UniqueConstraint(fields=["child", "on"], condition=~Q(state="cancelled"), name="children_carereview_once_a_day")
        ]
        indexes = [models.Index(fields=["child", "on"], name="children_carereview_child")]


class Placement(AuditedModel):
    """Where the child lives. For the council alone."""

    child = models.ForeignKey(Child, on_delete=models.PROTECT, related_name="placements")
    starts = models.DateField()
    ends = models.DateField(null=True, blank=True)
    kind = models.CharField("kind of placement", max_length=100)
    carer = models.CharField("carer or home", max_length=200, blank=True)
    address = models.TextField(blank=True)
    phone = models.CharField("telephone", max_length=50, blank=True)

    class Meta:
        ordering = ["starts"]
        constraints = [in_order("children_placement_in_order"), no_overlap("children_placement_no_overlap", "child")]


class Enrolment(AuditedModel):
    """A child's place at a school or other provider. Only ``pep.moves`` changes a main one.

    ``readable_until`` is the first day on which a school that the child has left may no longer read the record.
    """

    class Kind(models.TextChoices):
        MAIN = "main", "Main school"
        DUAL = "dual", "Second school (dual registration)"
        ALTERNATIVE = "alternative", "Alternative provision"
        TUITION = "tuition", "Tuition"

    child = models.ForeignKey(Child, on_delete=models.PROTECT, related_name="enrolments")
    school = models.ForeignKey(School, on_delete=models.PROTECT, related_name="enrolments")
    kind = models.CharField(max_length=12, choices=Kind.choices, default=Kind.MAIN)
    starts = models.DateField()
    ends = models.DateField(null=True, blank=True)
    readable_until = models.DateField(null=True, blank=True)
    reason_left = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["starts"]
        constraints = [
            in_order("children_enrolment_in_order"),
            no_overlap("children_enrolment_one_main", "child", condition=Q(kind="main")),
            no_overlap("children_enrolment_once_at_a_school", "child", "school"),
            models.CheckConstraint(
                condition=Q(readable_until__isnull=True) | Q(ends__isnull=False), name="children_enrolment_reading_ends_after_leaving"
            ),
        ]
        indexes = [models.Index(fields=["school", "child"], name="children_enrolment_school")]

    @property
    def last_day(self) -> datetime.date | None:
        """The last day at the school, as people say it; ``ends`` is the day after."""
        return self.ends - datetime.timedelta(days=1) if self.ends else None


class Allocation(AuditedModel):
    """Who works with a child: social worker (with the team, or the team alone), reviewing officer, school contributor."""

    class Role(models.TextChoices):
        SOCIAL_WORKER = Relation.SOCIAL_WORKER.value, "Social worker"
        REVIEWING_OFFICER = Relation.REVIEWING_OFFICER.value, "Independent reviewing officer"
        SCHOOL_CONTRIBUTOR = Relation.SCHOOL_CONTRIBUTOR.value, "School contributor"

    child = models.ForeignKey(Child, on_delete=models.PROTECT, related_name="allocations")
    role = models.CharField(max_length=20, choices=Role.choices)
    worker = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="allocations")
    team = models.ForeignKey(Team, null=True, blank=True, on_delete=models.PROTECT, related_name="allocations")
    named_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    starts = models.DateField()
    ends = models.DateField(null=True, blank=True)

    class Meta:
        ordering = ["starts"]
        constraints = [
            in_order("children_allocation_in_order"),
            no_overlap("children_allocation_one_social_worker", "child", condition=Q(role="social_worker")),
            no_overlap("children_allocation_one_reviewing_officer", "child", condition=Q(role="reviewing_officer")),
            no_overlap("children_allocation_contributor_once", "child", "worker", condition=Q(role="school_contributor")),
            models.CheckConstraint(
                name="children_allocation_someone",
                condition=Q(role="social_worker", team__isnull=False) | ~Q(role="social_worker") & Q(worker__isnull=False),
            ),
            models.CheckConstraint(
                name="children_allocation_contributor_ends_and_was_named",
                condition=~Q(role="school_contributor") | Q(ends__isnull=False, named_by__isnull=False),
            ),
        ]
        indexes = [models.Index(fields=["team", "child"], name="children_allocation_team")]

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save, and keep the guardian row of the worker in step."""
        with transaction.atomic():
            super().save(*args, **kwargs)
            if self.worker is None:
                relations.revoke(source=self, ends=self.starts)
            else:
                relations.grant(
                    user=self.worker, relation=Relation(self.role), to=self.child, source=self, starts=self.starts, ends=self.ends
                )


class ChildRelation(DatedRelation):
    """Guardian's rows on children: the people tied to one child."""

    content_object = models.ForeignKey(Child, on_delete=models.PROTECT)

    class Meta:
        indexes = [models.Index(fields=["user", "starts"], name="children_childrelation_user")]


class AccessLog(models.Model):
    """Who looked at a child's record, at what, and who was refused. Rows are only ever added."""

    append_only = True

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    at = models.DateTimeField(auto_now_add=True)
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    child = models.ForeignKey(Child, null=True, on_delete=models.PROTECT, related_name="access_log")
    page = models.CharField(max_length=100)
    object_id = models.UUIDField(null=True)
    allowed = models.BooleanField()
    relations = models.CharField("in which relation", max_length=200, blank=True)

    class Meta:
        ordering = ["-at"]
        indexes = [
            models.Index(fields=["child", "-at"], name="children_accesslog_child"),
            models.Index(fields=["user", "-at"], name="children_accesslog_user"),
        ]
