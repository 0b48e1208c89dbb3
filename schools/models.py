"""The places: local authorities, virtual schools, teams, schools, terms, dated policies, and who works where."""

import datetime
import uuid
from collections.abc import Iterable
from typing import Any

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models, transaction
from django.db.models import F, Func, Q

from accounts import relations
from accounts.audit import AuditedModel
from accounts.models import User
from accounts.policy import RELATION_NAMES, Relation
from accounts.relations import DatedRelation
from schools.figures import FIGURES, at_most


class DateRange(Func):
    """PostgreSQL's half-open date range from ``starts`` to ``ends`` (null: for ever)."""

    function = "daterange"
    template = "%(function)s(%(expressions)s, '[)')"


def no_overlap(name: str, *same: str, condition: Q | None = None) -> ExclusionConstraint:
    """Rows that are the same in these columns may not hold on the same day."""
    return ExclusionConstraint(
        name=name,
        expressions=[(DateRange("starts", "ends"), RangeOperators.OVERLAPS), *((column, RangeOperators.EQUAL) for column in same)],
        condition=condition,
    )


def in_order(name: str) -> models.CheckConstraint:
    """An end may not come before its start; on the same day means the period never held."""
    return models.CheckConstraint(condition=Q(ends__isnull=True) | Q(ends__gte=F("starts")), name=name)


class VirtualSchool(AuditedModel):
    """An authority's education team for its children in care; one may serve several authorities."""

    name = models.CharField(max_length=200, unique=True)
    email = models.EmailField("e-mail address", blank=True)
    phone = models.CharField("telephone", max_length=50, blank=True)
    address = models.TextField(blank=True)

    class Meta:
        permissions = [
            (relation.value, RELATION_NAMES[relation])
            for relation in (Relation.OFFICER, Relation.HEAD, Relation.BUSINESS_SUPPORT, Relation.ACCOUNT_ADMINISTRATOR)
        ]

    def __str__(self) -> str:
        return self.name


class LocalAuthority(AuditedModel):
    """A council that looks after children: the tenant. Nothing of one is ever shown to another."""

    code = models.CharField("DfE number", max_length=3, unique=True)
    name = models.CharField(max_length=200, unique=True)
    virtual_school = models.ForeignKey(VirtualSchool, on_delete=models.PROTECT, related_name="authorities")

    class Meta:
        verbose_name = "local authority"
        verbose_name_plural = "local authorities"
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Team(AuditedModel):
    """A social work team of an authority."""

    authority = models.ForeignKey(LocalAuthority, on_delete=models.PROTECT, related_name="teams")
    name = models.CharField(max_length=200)
    closed = models.BooleanField(default=False)

    class Meta:
        ordering = ["name"]
        permissions = [
            (relation.value, RELATION_NAMES[relation])
            for relation in (Relation.TEAM_MANAGER, Relation.DEPUTY_MANAGER, Relation.SERVICE_MANAGER)
        ]
        constraints = [models.UniqueConstraint(fields=["authority", "name"], name="schools_team_name_unique")]

    def __str__(self) -> str:
        return self.name


class School(AuditedModel):
    """A school, college or other provider, as in Get Information About Schools (GIAS); shared by all authorities."""

    urn = models.PositiveIntegerField("URN", unique=True)
    name = models.CharField(max_length=200)
    laestab = models.CharField("LAESTAB", max_length=7, blank=True)
    la_code = models.CharField("authority number", max_length=3, blank=True)
    la_name = models.CharField("authority", max_length=100, blank=True)
    type = models.CharField(max_length=100, blank=True)
    phase = models.CharField(max_length=100, blank=True)
    status = models.CharField(max_length=50, blank=True)
    low_age = models.PositiveSmallIntegerField("lowest age", null=True, blank=True)
    high_age = models.PositiveSmallIntegerField("highest age", null=True, blank=True)
    opened_on = models.DateField(null=True, blank=True)
    closed_on = models.DateField(null=True, blank=True)
    address = models.TextField(blank=True)
    postcode = models.CharField(max_length=10, blank=True)
    phone = models.CharField("telephone", max_length=50, blank=True)
    head_teacher = models.CharField(max_length=200, blank=True)
    added_by = models.ForeignKey(
        LocalAuthority,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="Who added it by hand. Empty: GIAS did.",
    )
    successor = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="predecessors")

    class Meta:
        ordering = ["name"]
        permissions = [(relation.value, RELATION_NAMES[relation]) for relation in (Relation.DESIGNATED_TEACHER, Relation.HEADTEACHER)]
        indexes = [models.Index(fields=["name"], name="schools_school_name")]

    def __str__(self) -> str:
        return self.name

    @classmethod
    def with_predecessors(cls, ids: Iterable[uuid.UUID]) -> set[uuid.UUID]:
        """These schools and those that have become them, however often the number changed: what was theirs is these schools' now."""
        found, latest = set(ids), set(ids)
        while latest:
            latest = set(cls.objects.filter(successor__in=latest).order_by().values_list("pk", flat=True)) - found
            found |= latest
        return found


class Term(AuditedModel):
    """A school term of an authority, or of one school whose terms are its own. ``ends`` is the first day after it."""

    class Name(models.TextChoices):
        AUTUMN = "autumn", "Autumn"
        SPRING = "spring", "Spring"
        SUMMER = "summer", "Summer"

    authority = models.ForeignKey(LocalAuthority, on_delete=models.PROTECT, related_name="terms")
    school = models.ForeignKey(School, null=True, blank=True, on_delete=models.PROTECT, related_name="terms")
    academic_year = models.PositiveSmallIntegerField(help_text="The year in which it begins: 2026 for 2026-27.")
    name = models.CharField(max_length=10, choices=Name.choices)
    starts = models.DateField()
    ends = models.DateField()
    plans_due_on = models.DateField("plans due by")

    class Meta:
        ordering = ["starts"]
        constraints = [
            models.UniqueConstraint(
                fields=["authority", "school", "academic_year", "name"], name="schools_term_once_a_year", nulls_distinct=False
            ),
            no_overlap("schools_term_no_overlap", "authority", condition=Q(school__isnull=True)),
            no_overlap("schools_term_no_overlap_at_a_school", "authority", "school", condition=Q(school__isnull=False)),
            models.CheckConstraint(condition=Q(ends__gt=F("starts")), name="schools_term_in_order"),
            models.CheckConstraint(
                condition=Q(plans_due_on__gte=F("starts")) & Q(plans_due_on__lt=F("ends")), name="schools_term_due_inside"
            ),
        ]

    def __str__(self) -> str:
        year = self.starts.year
        return f"{self.get_name_display()} {year}"


def own_first(terms: Iterable[Term]) -> list[Term]:
    """Of the terms of an authority and of one school those that hold there, the earliest first.

    In a school year for which the school has terms of its own these alone, in any other the authority's.
    """
    terms = sorted(terms, key=lambda term: term.starts)
    own = {term.academic_year for term in terms if term.school_id}
    return [term for term in terms if bool(term.school_id) == (term.academic_year in own)]


def default_returning_grades() -> list[str]:
    """Red returns unless the authority says otherwise."""
    return ["red"]


def default_post16_windows() -> list[dict[str, str]]:
    """Two windows in which plans of Years 12 and 13 are made: name, first and last day, each year again."""
    return [
        {"name": "first post-16 window", "opens": "10-25", "closes": "02-15"},
        {"name": "second post-16 window", "opens": "02-20", "closes": "06-30"},
    ]


def default_reminder_days() -> list[int]:
    """Days from the due date on which whoever holds the plan is reminded; negative is before."""
    return [-14, -7, -2, 1]


class Policy(AuditedModel):
    """What one authority has decided, from one date to another. Figures that differ by authority live here, not in code."""

    authority = models.ForeignKey(LocalAuthority, on_delete=models.PROTECT, related_name="policies")
    starts = models.DateField()
    ends = models.DateField(null=True, blank=True)
    review_months = models.PositiveSmallIntegerField(
        "months between reviews",
        default=6,
        validators=[MinValueValidator(1), MaxValueValidator(6)],
        help_text="Six at most.",
    )
    first_plan_working_days = models.PositiveSmallIntegerField(
        "working days to the first plan", default=20, validators=[at_most("first_plan_working_days")]
    )
    move_plan_working_days = models.PositiveSmallIntegerField(
        "working days to a new plan after a move", default=10, validators=[at_most("move_plan_working_days")]
    )
    preparation_days = models.PositiveSmallIntegerField(
        "days before the due date on which a plan is opened", default=42, validators=[at_most("preparation_days")]
    )
    signature_working_days = models.PositiveSmallIntegerField(
        "working days the social worker has to sign off",
        default=10,
        validators=[at_most("signature_working_days")],
        help_text="After these the virtual school may go on without the signature; such plans are counted apart.",
    )
    begin_working_days = models.PositiveSmallIntegerField(
        "working days in which a first plan is begun", default=10, validators=[at_most("begin_working_days")]
    )
    each_term = models.BooleanField("a plan is reviewed in each school term", default=True)
    premium_deadline = models.BooleanField("a plan is reviewed between 1 January and 31 March, for the pupil premium", default=True)
    invite_days = models.PositiveSmallIntegerField(
        "days before a meeting on which invitations are out", default=21, validators=[at_most("invite_days")]
    )
    complete_working_days = models.PositiveSmallIntegerField(
        "working days from the meeting to submission", default=10, validators=[at_most("complete_working_days")]
    )
    check_working_days = models.PositiveSmallIntegerField(
        "working days the virtual school has to check", default=10, validators=[at_most("check_working_days")]
    )
    officer_days = models.PositiveSmallIntegerField(
        "days before the care plan review on which the reviewing officer has the plan", default=3, validators=[at_most("officer_days")]
    )
    plans_from_age = models.PositiveSmallIntegerField(
        "age in years from which there are plans", default=3, validators=[at_most("plans_from_age")],
        help_text="Three at most. Younger children have no dates and no plans.",
    )  # fmt: skip
    to_year_13 = models.BooleanField("plans go on after the 18th birthday, to the end of Year 13", default=False)
    post16_windows = models.JSONField("post-16 windows", default=default_post16_windows, blank=True)
    managers_may_sign = models.BooleanField("team managers may sign for an absent social worker", default=True)
    deputies_may_sign = models.BooleanField("deputies may sign for an absent social worker", default=True)
    check_percent = models.PositiveSmallIntegerField(
        "share of plans checked for quality (%)", default=100, validators=[MaxValueValidator(100)]
    )
    one_person_may_check = models.BooleanField(
        "who did the school’s part where there is no school may also check the plan",
        default=False,
        help_text="For a virtual school of one person. What one person does alone is recorded as such.",
    )
    one_person_may_pay = models.BooleanField(
        "one person may ask for, agree and pay money",
        default=False,
        help_text="For a virtual school of one person. What one person does alone is recorded as such.",
    )
    returning_grades = models.JSONField("grades that return a plan", default=default_returning_grades, blank=True)
    reminder_days = models.JSONField("reminder days", default=default_reminder_days, blank=True)
    manager_working_days = models.PositiveSmallIntegerField(
        "working days late after which a manager is told",
        default=5,
        validators=[MinValueValidator(1), at_most("manager_working_days")],
        help_text="The team manager of what waits for a social worker, otherwise the virtual school officer.",
    )
    headteacher_working_days = models.PositiveSmallIntegerField(
        "working days late after which the school’s headteacher is told",
        default=0,
        blank=True,
        help_text="Of what waits for the school. 0: the headteacher is not told.",
    )
    head_working_days = models.PositiveSmallIntegerField(
        "working days late after which the head of the service is told",
        default=15,
        validators=[MinValueValidator(1), at_most("head_working_days")],
        help_text="The service manager of what waits for a social worker, otherwise the virtual school head.",
    )
    quiet_from = models.TimeField("quiet hours begin", default=datetime.time(19), help_text="Between these hours nobody is sent an e-mail.")
    quiet_to = models.TimeField("quiet hours end", default=datetime.time(7))
    old_school_access_days = models.PositiveSmallIntegerField(
        "days the previous school may still read", default=15, validators=[at_most("old_school_access_days")]
    )
    flat_sums = models.JSONField(
        "pupil premium paid for each completed plan (£, by phase)",
        default=dict,
        blank=True,
        help_text="Such as primary 500, secondary 600. Empty: nothing is paid unasked.",
    )

    class Meta:
        verbose_name_plural = "policies"
        ordering = ["authority", "starts"]
        constraints = [
            no_overlap("schools_policy_no_overlap", "authority"),
            in_order("schools_policy_in_order"),
            models.CheckConstraint(condition=Q(review_months__gte=1, review_months__lte=6), name="schools_policy_six_months_at_most"),
            models.CheckConstraint(condition=Q(check_percent__lte=100), name="schools_policy_percent"),
            models.CheckConstraint(
                condition=Q(manager_working_days__gte=1, head_working_days__gt=F("manager_working_days")),
                name="schools_policy_ladder_climbs",
            ),
            models.CheckConstraint(
                condition=Q(**{f"{name}__lte": most for name, (most, _) in FIGURES.items()}), name="schools_policy_within_the_law"
            ),
        ]


def policy_on(authority: LocalAuthority, on: datetime.date) -> Policy:
    """The authority's policy in force on this day; where it has set none, the statutory and customary defaults (not saved)."""
    return Policy.objects.filter(relations.in_force(on), authority=authority).first() or Policy(authority=authority, starts=on)


# Which kind of place each role of a membership belongs to.
PLACE_OF_ROLE: dict[Relation, str] = {
    Relation.DESIGNATED_TEACHER: "school",
    Relation.HEADTEACHER: "school",
    Relation.TEAM_MANAGER: "team",
    Relation.DEPUTY_MANAGER: "team",
    Relation.SERVICE_MANAGER: "team",
    Relation.OFFICER: "virtual_school",
    Relation.HEAD: "virtual_school",
    Relation.BUSINESS_SUPPORT: "virtual_school",
    Relation.ACCOUNT_ADMINISTRATOR: "virtual_school",
}
# These belong to a team, or to the authority alone where its list of people names none, so that their accounts are looked after by it and
# by nobody else. They see nothing by it: whose children they work with, each child's allocations say.
TEAM_MEMBERS = (Relation.SOCIAL_WORKER, Relation.REVIEWING_OFFICER)


class Membership(AuditedModel):
    """A person's role at a school, a team or a virtual school, from one date to another.

    A membership at a school also names the authority that vouches for it: the same designated teacher (or headteacher) at the same school
    for two authorities has two memberships, given by two administrators. Saving writes the guardian row in the same transaction.
    """

    ROLES = [(relation.value, RELATION_NAMES[relation]) for relation in (*PLACE_OF_ROLE, *TEAM_MEMBERS)]

    user = models.ForeignKey(User, verbose_name="person", on_delete=models.PROTECT, related_name="memberships")
    role = models.CharField(max_length=30, choices=ROLES)
    school = models.ForeignKey(School, null=True, blank=True, on_delete=models.PROTECT, related_name="memberships")
    team = models.ForeignKey(Team, null=True, blank=True, on_delete=models.PROTECT, related_name="memberships")
    virtual_school = models.ForeignKey(VirtualSchool, null=True, blank=True, on_delete=models.PROTECT, related_name="memberships")
    authority = models.ForeignKey(LocalAuthority, null=True, blank=True, on_delete=models.PROTECT, related_name="memberships")
    starts = models.DateField()
    ends = models.DateField(null=True, blank=True)
    granted_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["starts"]
        constraints = [
            in_order("schools_membership_in_order"),
            models.CheckConstraint(
                name="schools_membership_place_fits_role",
                condition=(
                    Q(
                        role__in=["designated_teacher", "headteacher"],
                        school__isnull=False,
                        authority__isnull=False,
                        team__isnull=True,
                        virtual_school__isnull=True,
                    )
                    | Q(
                        role__in=["team_manager", "deputy_manager", "service_manager", "social_worker", "reviewing_officer"],
                        team__isnull=False,
                        school__isnull=True,
                        virtual_school__isnull=True,
                    )
                    | Q(
                        role__in=["officer", "head", "business_support", "account_administrator"],
                        virtual_school__isnull=False,
                        school__isnull=True,
                        team__isnull=True,
                    )
                    | Q(
                        role__in=["social_worker", "reviewing_officer"],
                        authority__isnull=False,
                        school__isnull=True,
                        team__isnull=True,
                        virtual_school__isnull=True,
                    )
                ),
            ),
            models.CheckConstraint(
                name="schools_membership_not_self_granted", condition=Q(granted_by__isnull=True) | ~Q(granted_by=F("user"))
            ),
            no_overlap("schools_membership_dt_once", "user", "school", "authority", condition=Q(role="designated_teacher")),
            no_overlap("schools_membership_headteacher_once", "user", "school", "authority", condition=Q(role="headteacher")),
            no_overlap("schools_membership_team_once", "user", "team", "role", condition=Q(team__isnull=False)),
            no_overlap("schools_membership_vs_once", "user", "virtual_school", "role", condition=Q(virtual_school__isnull=False)),
            no_overlap(
                "schools_membership_authority_once",
                "user",
                "authority",
                "role",
                condition=Q(role__in=["social_worker", "reviewing_officer"], team__isnull=True),
            ),
        ]
        indexes = [models.Index(fields=["school", "authority"], name="schools_membership_school")]

    @property
    def place(self) -> School | Team | VirtualSchool | LocalAuthority:
        """The school, team or virtual school the role is held at, or the authority. Raises ValidationError when it has none."""
        place = getattr(self, PLACE_OF_ROLE.get(Relation(self.role), "team"))
        if place is None and Relation(self.role) in TEAM_MEMBERS:
            place = self.authority
        if place is None:
            raise ValidationError("Choose the place where this role is held.")
        return place

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save, and keep the guardian row in step, for a role that carries anything."""
        with transaction.atomic():
            super().save(*args, **kwargs)
            if Relation(self.role) in TEAM_MEMBERS:
                return
            relations.grant(
                user=self.user,
                relation=Relation(self.role),
                to=self.place,
                source=self,
                starts=self.starts,
                ends=self.ends,
                authority_id=self.authority_id,
            )


class SchoolRelation(DatedRelation):
    """Guardian's rows on schools."""

    content_object = models.ForeignKey(School, on_delete=models.PROTECT)

    class Meta:
        indexes = [models.Index(fields=["user", "starts"], name="schools_schoolrelation_user")]


class VirtualSchoolRelation(DatedRelation):
    """Guardian's rows on virtual schools."""

    content_object = models.ForeignKey(VirtualSchool, on_delete=models.PROTECT)


class TeamRelation(DatedRelation):
    """Guardian's rows on teams."""

    content_object = models.ForeignKey(Team, on_delete=models.PROTECT)


def active_designated_teachers(school: School | None, authority: LocalAuthority, on: datetime.date) -> list[User]:
    """The designated teachers of a school for an authority who can work in the product today: current, and able to sign in."""
    if school is None:
        return []
    people = [
        user
        for user, relation, authority_id in relations.holders(school, on)
        if relation is Relation.DESIGNATED_TEACHER and authority_id == authority.pk
    ]
    return [user for user in people if user.has_usable_password()]
