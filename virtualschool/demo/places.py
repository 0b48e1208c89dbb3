"""Made-up authorities, teams, schools, terms, policies, rubric; and the real rates of the pupil premium."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Authority:
    """A council and its virtual school. The numbers belong to no real council."""

    code: str
    name: str
    virtual_school: str
    email: str
    phone: str
    teams: tuple[str, ...]
    policy: dict[str, Any]
    earlier_policy: dict[str, Any] | None = None


AUTHORITIES: tuple[Authority, ...] = (
    Authority(
        "980", "Fenshire County Council", "Fenshire Virtual School", "virtual.school@fenshire.example", "01632 960100",
        ("Children in Care North", "Children in Care South", "Children with Disabilities"),
        {"review_months": 6, "flat_sums": {"primary": 500, "secondary": 600}, "headteacher_working_days": 5},
        {"review_months": 5, "returning_grades": ["red"], "signature_working_days": 15},
    ),
    Authority(
        "981", "Marlow Vale Borough Council", "Marlow Vale Virtual School", "virtual.school@marlowvale.example", "01632 960200",
        ("Looked After Children",),
        {"check_percent": 25, "deputies_may_sign": False},
    ),
)  # fmt: skip


@dataclass(frozen=True)
class MadeUpSchool:
    """A school of the demonstration; ``phase`` and ``type`` also say which real school may stand in for it."""

    key: str
    urn: int
    name: str
    phase: str
    type: str
    ages: tuple[int, int]
    la_code: str = "980"
    status: str = "Open"
    head_teacher: str = ""
    successor: str = ""


SCHOOLS: tuple[MadeUpSchool, ...] = (
    MadeUpSchool("larkmere", 900101, "Larkmere Academy", "Secondary", "Academy converter", (11, 18), head_teacher="Mrs Fiona Gale"),
    MadeUpSchool("osier", 900102, "Osier Bank High School", "Secondary", "Community school", (11, 16), head_teacher="Mr Neil Ambrose"),
    MadeUpSchool("thornfen", 900103, "Thornfen School", "Secondary", "Foundation school", (11, 16), head_teacher="Ms Aisha Rahman"),
    MadeUpSchool("withy", 900104, "Withy Lane Primary School", "Primary", "Community school", (4, 11), head_teacher="Mrs Jo Penn"),
    MadeUpSchool("mallow", 900105, "Mallow Road Primary School", "Primary", "Academy sponsor led", (4, 11), head_teacher="Mr Ian Tull"),
    MadeUpSchool("sallow", 900106, "Sallow Hill School", "Not applicable", "Community special school", (5, 19)),
    MadeUpSchool("kiln", 900107, "The Kiln Centre", "Not applicable", "Pupil referral unit", (11, 16)),
    MadeUpSchool("college", 900108, "Fenshire Sixth Form College", "16 plus", "Further education", (16, 19)),
    MadeUpSchool("reeds", 900109, "Little Reeds Nursery School", "Nursery", "Local authority nursery school", (2, 4)),
    MadeUpSchool("brightwater", 900110, "Brightwater Tuition", "Not applicable", "Other independent school", (5, 18)),
    MadeUpSchool("vale", 900111, "Marlow Vale Academy", "Secondary", "Academy converter", (11, 18), la_code="981"),
    MadeUpSchool("sluice", 900112, "Old Sluice School", "Secondary", "Community school", (11, 16), status="Closed", successor="osier"),
)

# First and last school day, and the day by which the term's plans are due, as (month, day).
TERMS: tuple[tuple[str, tuple[int, int], tuple[int, int], tuple[int, int]], ...] = (
    ("autumn", (9, 2), (12, 18), (11, 27)),
    ("spring", (1, 5), (3, 31), (3, 20)),
    ("summer", (4, 15), (7, 22), (7, 3)),
)
