"""The vocabulary in which a plan's form is declared: a form is a list of sections, a section a list of questions.

Task list, pages, completeness, PDF, export and field policy all derive from these declarations, so another phase or
next year's wording is a further declaration and no further code. A published version is never edited: a plan keeps the
version it was begun with.
"""

import datetime
from dataclasses import dataclass, field
from enum import StrEnum


class Audience(StrEnum):
    """Who may read an answer."""

    SCHOOL = "school"  # school and council
    COUNCIL = "council"  # the council alone


class Owner(StrEnum):
    """Who is responsible for filling a section in."""

    SOCIAL_WORKER = "social_worker"
    SCHOOL = "school"
    VIRTUAL_SCHOOL = "virtual_school"


class Kind(StrEnum):
    """How a question is answered, and so how it is drawn, checked, shown and stored (JSON type in brackets)."""

    LINE = "line"  # one line of text, of 200 characters at most [str]
    TEXT = "text"  # several paragraphs [str]
    CHOICE = "choice"  # exactly one of the options [str: option value]
    CHOICES = "choices"  # any of the options [list[str]]
    YES_NO = "yes_no"  # [bool]
    DATE = "date"  # [str: ISO date]
    NUMBER = "number"  # whole number between minimum and maximum [int]
    PERCENT = "percent"  # 0 to 100 with one decimal [str: decimal]
    ROWS = "rows"  # a small table the writer fills, one row per thing [list[dict[column key, value]]]


class Body(StrEnum):
    """What a section's page is made of."""

    QUESTIONS = "questions"  # the declared questions
    LAST_TARGETS = "last_targets"  # last plan's targets, each reviewed
    TARGETS = "targets"  # this plan's targets
    ACTIONS = "actions"  # who does what by when
    MEETING = "meeting"  # the meeting record
    SIGN_OFF = "sign_off"  # filled by the workflow, not by hand


class Stage(StrEnum):
    """When in the term a section is worked on; the task list's groups."""

    BEFORE = "Before the meeting"
    MEETING = "At the meeting"
    AFTER = "After the meeting"


class StatutoryHead(StrEnum):
    """The five heads of Schedule 1 paragraph 2, Care Planning, Placement and Case Review (England) Regulations 2010."""

    HISTORY = "history"
    ARRANGEMENTS = "arrangements"
    CHANGES = "changes"
    LEISURE = "leisure"
    CARER_ROLE = "carer_role"


@dataclass(frozen=True)
class When:
    """A condition on another question of the same section: it applies when that answer is one of ``values``."""

    question: str
    values: tuple[str | bool, ...]


@dataclass(frozen=True)
class Option:
    """One answer that can be chosen. In a row, ``only`` names the other cells' answers that it goes with; it goes with empty cells too.

    ``not_aged`` are the youngest and the oldest age, in years, of the children of whom it cannot be true.
    """

    value: str
    label: str
    hint: str = ""
    several: bool = False  # stands for more than one thing, such as "Another subject": rows may share it where rows are distinct
    only: tuple[When, ...] = ()
    not_aged: tuple[int, int] | None = None


@dataclass(frozen=True)
class Question:
    """One question of a section. As a column of a ROWS question it may be of any kind but CHOICES and ROWS.

    A required ROWS question wants at least one row, or ``minimum_rows``; a row that is begun wants its required columns. Where some
    columns of a ROWS question are carried forward, only those are (the subjects, not the grades); where none says so, all are.
    """

    key: str
    label: str
    kind: Kind
    hint: str = ""
    options: tuple[Option, ...] = ()
    columns: tuple["Question", ...] = ()
    row_name: str = ""  # what one row is: "School" for "School 1" and "Add another school"
    unit: str = ""  # of a number: "£" stands before it, any other unit after it
    required: bool = True  # to submit, never to save
    applies: When | None = None
    audience: Audience = Audience.SCHOOL
    max_length: int = 4000
    minimum: int | None = None
    maximum: int | None = None
    minimum_rows: int = 0
    distinct: tuple[str, ...] = ()  # of rows: the columns, choices all, in which no two rows are alike
    newest_first: str = ""  # of rows: the column, a date, in whose order rows are carried forward, where all of them have it
    past: bool = False  # of a date: something that has happened, so no later than the day it is written
    within_months: int = 0  # of a date that is past: no longer ago than this; what is kept may stay
    unlike: str = ""  # of a choice: the other choice of the section that it cannot be the same as
    since: str = ""  # of a date in a row: the column of the date that it cannot lie before
    coming: bool = False  # of a date: something that is still to be, so no earlier than the day it is written; what is kept may stay
    carry_forward: bool = False  # stable facts are offered again next term
    heads: tuple[StatutoryHead, ...] = ()


@dataclass(frozen=True)
class Sum:
    """Numbers of a section that must add up before the plan can be submitted."""

    total: str
    parts: tuple[str, ...]


@dataclass(frozen=True)
class Share:
    """A percentage that follows from two numbers of a section and is shown after them, never typed."""

    key: str
    label: str
    part: str
    total: str


@dataclass(frozen=True)
class Count:
    """A number that counts things of each day of the school year so far: no more than ``a_day`` for each of its days, holidays included."""

    number: str
    until: str  # the date up to which is counted; where it is empty, the day of writing
    a_day: int


@dataclass(frozen=True)
class Section:
    """One task of the task list, with an owner who answers for it."""

    key: str
    title: str
    owner: Owner
    stage: Stage
    body: Body = Body.QUESTIONS
    intro: str = ""
    questions: tuple[Question, ...] = ()
    rubric_area: str = ""
    sums: tuple[Sum, ...] = ()
    counts: tuple[Count, ...] = ()
    shares: tuple[Share, ...] = ()

    @property
    def audience(self) -> Audience:
        """Who may know that the section exists: the council alone when every question is for the council alone."""
        council_only = bool(self.questions) and all(question.audience is Audience.COUNCIL for question in self.questions)
        return Audience.COUNCIL if council_only else Audience.SCHOOL

    def shown_to(self, audience: Audience) -> bool:
        """Whether a reader of this audience is shown the section at all, its title included."""
        return audience is Audience.COUNCIL or self.audience is Audience.SCHOOL

    def question(self, key: str) -> Question:
        """The question with this key. Raises KeyError."""
        for question in self.questions:
            if question.key == key:
                return question
        raise KeyError(key)


@dataclass(frozen=True)
class FormVersion:
    """A whole form as it stood in one version: ``secondary`` ``2026.1``."""

    key: str
    version: str
    title: str
    year_groups: tuple[int, ...]  # national curriculum years it is for
    starts: datetime.date  # the first day on which a plan is begun with it
    sections: tuple[Section, ...] = field(default_factory=tuple)

    def section(self, key: str) -> Section:
        """The section with this key. Raises KeyError."""
        for section in self.sections:
            if section.key == key:
                return section
        raise KeyError(key)
