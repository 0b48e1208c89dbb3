"""What plans are graded by: the authority's rubric in force, and the one that holds where it has set none."""

import datetime
from typing import Any

from accounts.relations import in_force
from pep.models import Rubric
from schools.models import LocalAuthority

DEFAULT_AREAS: list[dict[str, Any]] = [
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
            "green": "Each target answers a need, starts from a baseline, says what success looks like, who helps and when; "
            "money is tied to it.",
            "gold": "As green, last term’s targets are judged with evidence, and the difference the money made is shown.",
        },
    },
]  # fmt: skip


def rubric_on(authority: LocalAuthority, on: datetime.date) -> Rubric:
    """The authority's rubric in force on this day; where it has set none, the usual areas (not saved)."""
    return Rubric.objects.filter(in_force(on), authority=authority).first() or Rubric(authority=authority, starts=on, areas=DEFAULT_AREAS)
