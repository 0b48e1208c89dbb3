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
        {"review_months": 4, "flat_sums": {"primary": 500, "secondary": 600}},
        {"review_months": 6, "returning_grades": ["red"], "signature_working_days": 15},
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

# The rate for each looked-after child and financial year. A year whose rate was not found in a published source is not here.
RATES: tuple[tuple[str, int, str], ...] = (
    ("2016-17", 1900, "Warwickshire Virtual School, pupil premium policy, 2016"),
    ("2018-19", 2300, "Milton Keynes Virtual School, 2018"),
    ("2021-22", 2345, "Trafford Virtual School, pupil premium plus funding"),
    ("2022-23", 2410, "Devon Virtual School, policy for pupil premium plus"),
    ("2023-24", 2530, "The Key for School Leaders, pupil premium for looked-after children"),
    ("2024-25", 2570, "Lincolnshire Virtual School, pupil premium policy"),
    ("2025-26", 2630, "Lancashire policy for the allocation of pupil premium; Manchester Virtual School"),
)

# First and last school day, and the day by which the term's plans are due, as (month, day).
TERMS: tuple[tuple[str, tuple[int, int], tuple[int, int], tuple[int, int]], ...] = (
    ("autumn", (9, 2), (12, 18), (11, 27)),
    ("spring", (1, 5), (3, 31), (3, 20)),
    ("summer", (4, 15), (7, 22), (7, 3)),
)

RUBRIC: list[dict[str, Any]] = [
    {
        "key": "meeting", "title": "The meeting and who came",
        "words": {
            "red": "The meeting is not recorded, or the social worker or designated teacher is missing and nobody says why.",
            "amber": "Held, but someone important was not asked, or the next date is missing.",
            "green": "Held in time; everyone who matters was asked and is listed; the next date is set.",
            "gold": "As green, and the child helped to choose who came and what was talked about.",
        },
    },
    {
        "key": "about_me", "title": "About the child and their care",
        "words": {
            "red": "Out of date, or empty where the school needs to know.",
            "amber": "Up to date in part; some who share the care are missing.",
            "green": "Up to date, in plain words, with who does what.",
            "gold": "As green, and a new teacher would know the child from it.",
        },
    },
    {
        "key": "education", "title": "Education and special needs",
        "words": {
            "red": "The story of schools is missing, or needs are named with no help beside them.",
            "amber": "Needs and help are there, but not how well the help works.",
            "green": "Past schools, present arrangements and needs fit together; each need has its help.",
            "gold": "As green, and changes ahead are planned with dates and names.",
        },
    },
    {
        "key": "attainment", "title": "Attainment and progress",
        "words": {
            "red": "Grades are missing or a year old.",
            "amber": "Grades are there without saying what they mean for this child.",
            "green": "Now, target and progress for each subject, with a comment where it is not going well.",
            "gold": "As green, and strengths outside the classroom count too.",
        },
    },
    {
        "key": "views", "title": "What the child and carers say",
        "words": {
            "red": "No words of the child, and nothing on how they were asked.",
            "amber": "A sentence or two; no sign that it changed anything.",
            "green": "The child’s own words, who wrote them down, and what was done about them.",
            "gold": "As green, and the targets clearly grew out of them.",
        },
    },
    {
        "key": "attendance", "title": "Attendance",
        "words": {
            "red": "A serious problem and no plan.",
            "amber": "A problem with a weak plan, or suspensions without a way back.",
            "green": "Complete figures and good planning where it is needed.",
            "gold": "Above 97 per cent, or an exceptional story with excellent planning.",
        },
    },
    {
        "key": "aspirations", "title": "Interests and hopes",
        "words": {
            "red": "Nothing on life outside lessons, or on what the child hopes for.",
            "amber": "Interests are listed; nobody does anything with them.",
            "green": "Interests, clubs and hopes are there, with someone who opens doors.",
            "gold": "As green, and the child has tried something new since the last plan.",
        },
    },
    {
        "key": "targets", "title": "Targets and the pupil premium",
        "words": {
            "red": "No targets, or so vague that nobody could tell whether they were met; money with no purpose.",
            "amber": "Targets say at least two of what, when, where, who and how often.",
            "green": "Each target answers a need, starts from a baseline, says what success looks like, who helps and when; money is tied to it.",
            "gold": "As green, last term’s targets are judged with evidence, and the difference the money made is shown.",
        },
    },
]  # fmt: skip
