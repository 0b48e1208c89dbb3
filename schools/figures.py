"""The most that an authority may decide for each figure of its policy: it may be stricter than the law, never looser."""

from django.core.validators import MaxValueValidator
from django.utils.deconstruct import deconstructible


@deconstructible
class AtMost(MaxValueValidator):
    """A figure that may be smaller than the law or the guidance allows, and never larger. The message says which."""

    code = "at_most"


REGULATIONS = "Care Planning, Placement and Case Review (England) Regulations 2010"
# The most that each figure of a policy may be, and why. An authority may be stricter than the law, never looser.
FIGURES: dict[str, tuple[int, str]] = {
    "first_plan_working_days": (
        20, f"the plan is there for the first review of the care plan, which the law wants within 20 (regulation 33(1), {REGULATIONS})",
    ),
    "begin_working_days": (10, "the statutory guidance of 2018 wants the plan begun within 10 working days of coming into care"),
    "move_plan_working_days": (20, "a child who moves waits no longer for a plan than one who comes into care"),
    "preparation_days": (120, f"the plan before is reviewed every six months at most (regulation 33(2), {REGULATIONS})"),
    "invite_days": (60, f"plans are reviewed every six months at most (regulation 33(2), {REGULATIONS})"),
    "complete_working_days": (20, f"the plan must be there for the review of the care plan (regulation 33, {REGULATIONS})"),
    "signature_working_days": (20, f"the plan must be there for the review of the care plan (regulation 33, {REGULATIONS})"),
    "check_working_days": (20, f"the plan must be there for the review of the care plan (regulation 33, {REGULATIONS})"),
    "officer_days": (28, "a plan that is older says little at the review"),
    "manager_working_days": (30, "somebody must hear of a late plan within the half-year in which it is reviewed"),
    "head_working_days": (60, "somebody must hear of a late plan within the half-year in which it is reviewed"),
    "plans_from_age": (3, "the statutory guidance of 2018 wants plans from before school age on, and every child of three has a place"),
    "old_school_access_days": (366, "a school that the child has left may read for a year at most"),
}  # fmt: skip


def at_most(name: str) -> AtMost:
    """The validator of one of the figures."""
    most, because = FIGURES[name]
    return AtMost(most, f"Enter {most} or fewer: {because}")
