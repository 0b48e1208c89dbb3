"""The whole access policy on one screen: in which relation a person can stand to a child, and what each relation may do.

A person may stand in several relations at once (a designated teacher who is also a virtual school officer elsewhere). Verbs are
united per child, never across children: what one may do as officer for one child says nothing about another.
"""

from enum import StrEnum


class Relation(StrEnum):
    """How a person stands to a school, a virtual school, a team or a child, from one date to another."""

    DESIGNATED_TEACHER = "designated_teacher"  # at the school where the child has the main enrolment
    PROVIDER_TEACHER = "provider_teacher"  # designated teacher at another place the child attends: dual, alternative, tuition
    FORMER_SCHOOL = "former_school"  # designated teacher at a school the child has left, until a set date
    HEADTEACHER = "headteacher"  # of a school: told how many of its plans are late, where policy says so; sees no child
    SCHOOL_CONTRIBUTOR = "school_contributor"  # named by a designated teacher for this child until a date
    SOCIAL_WORKER = "social_worker"
    TEAM_MANAGER = "team_manager"  # of the child's social work team
    DEPUTY_MANAGER = "deputy_manager"
    SERVICE_MANAGER = "service_manager"  # above the managers of a team; one person for several teams
    REVIEWING_OFFICER = "reviewing_officer"
    OFFICER = "officer"  # virtual school officer
    HEAD = "head"  # virtual school head
    BUSINESS_SUPPORT = "business_support"  # virtual school business support
    ACCOUNT_ADMINISTRATOR = "account_administrator"  # manages people; sees no child


RELATION_NAMES: dict[Relation, str] = {
    Relation.DESIGNATED_TEACHER: "Designated teacher",
    Relation.PROVIDER_TEACHER: "Designated teacher (other provision)",
    Relation.FORMER_SCHOOL: "Previous school",
    Relation.HEADTEACHER: "Headteacher",
    Relation.SCHOOL_CONTRIBUTOR: "School contributor",
    Relation.SOCIAL_WORKER: "Social worker",
    Relation.TEAM_MANAGER: "Team manager",
    Relation.DEPUTY_MANAGER: "Deputy team manager",
    Relation.SERVICE_MANAGER: "Service manager",
    Relation.REVIEWING_OFFICER: "Independent reviewing officer",
    Relation.OFFICER: "Virtual school officer",
    Relation.HEAD: "Virtual school head",
    Relation.BUSINESS_SUPPORT: "Virtual school business support",
    Relation.ACCOUNT_ADMINISTRATOR: "Account administrator",
}


class Verb(StrEnum):
    """One thing a person may do with a child's record."""

    VIEW = "view"  # the child's page and the school side of the plan
    VIEW_COUNCIL = "view_council"  # what is for the council alone
    VIEW_MONEY = "view_money"  # the child's pupil premium for the year
    WRITE_SCHOOL = "write_school"  # the school's sections, targets, actions
    WRITE_CARE = "write_care"  # the social worker's sections
    WRITE_ON_BEHALF = "write_on_behalf"  # any section, for a named person who said it elsewhere
    RECORD_MEETING = "record_meeting"
    SAY_WHY_LATE = "say_why_late"
    ADD_PROGRESS = "add_progress"  # dated additions after completion
    UPLOAD = "upload"  # an earlier plan as a PDF
    JUDGE_UPLOAD = "judge_upload"  # say whether an earlier plan was a review and so sets the clock, or withdraw it
    SUBMIT = "submit"
    SIGN_OFF = "sign_off"
    SIGN_OFF_WHEN_ABSENT = "sign_off_when_absent"  # for the social worker, where policy lets
    CHECK = "check"  # grade, or return after the quality check
    OVERRIDE = "override"  # go on without a signature or a meeting, cancel, correct
    CREATE_PLAN = "create_plan"
    DECIDE_MONEY = "decide_money"
    KEEP_REGISTER = "keep_register"  # children, placements, enrolments, allocations, imports
    NAME_CONTRIBUTOR = "name_contributor"
    PROPOSE_MOVE = "propose_move"
    CONFIRM_MOVE = "confirm_move"
    RESTRICT = "restrict"  # set or lift a restriction, decide a restricted child's move
    SEE_WHO_LOOKED = "see_who_looked"
    NUDGE = "nudge"
    MANAGE_PEOPLE = "manage_people"


V = Verb
_SCHOOL = {V.VIEW, V.WRITE_SCHOOL, V.ADD_PROGRESS}
_TEACHER = _SCHOOL | {V.RECORD_MEETING, V.SAY_WHY_LATE, V.SUBMIT, V.UPLOAD, V.NAME_CONTRIBUTOR, V.PROPOSE_MOVE, V.NUDGE}
_CARE = {
    V.VIEW,
    V.VIEW_COUNCIL,
    V.WRITE_CARE,
    V.RECORD_MEETING,
    V.SAY_WHY_LATE,
    V.ADD_PROGRESS,
    V.UPLOAD,
    V.JUDGE_UPLOAD,
    V.PROPOSE_MOVE,
    V.NUDGE,
}
_COUNCIL_STAFF = {V.VIEW, V.VIEW_COUNCIL, V.VIEW_MONEY}
_SUPPORT = _COUNCIL_STAFF | {
    V.WRITE_ON_BEHALF,
    V.RECORD_MEETING,
    V.SAY_WHY_LATE,
    V.UPLOAD,
    V.JUDGE_UPLOAD,
    V.CREATE_PLAN,
    V.KEEP_REGISTER,
    V.PROPOSE_MOVE,
    V.NUDGE,
}
_OFFICER = _SUPPORT | {V.SUBMIT, V.CHECK, V.OVERRIDE, V.DECIDE_MONEY, V.CONFIRM_MOVE, V.ADD_PROGRESS}

RELATION_VERBS: dict[Relation, frozenset[Verb]] = {
    Relation.DESIGNATED_TEACHER: frozenset(_TEACHER),
    Relation.PROVIDER_TEACHER: frozenset(_SCHOOL),
    Relation.FORMER_SCHOOL: frozenset({V.VIEW}),
    Relation.HEADTEACHER: frozenset(),
    Relation.SCHOOL_CONTRIBUTOR: frozenset(_SCHOOL),
    Relation.SOCIAL_WORKER: frozenset(_CARE | {V.SIGN_OFF, V.CONFIRM_MOVE}),
    Relation.TEAM_MANAGER: frozenset(_CARE | {V.SIGN_OFF_WHEN_ABSENT, V.CONFIRM_MOVE}),
    Relation.DEPUTY_MANAGER: frozenset(_CARE | {V.SIGN_OFF_WHEN_ABSENT}),
    Relation.SERVICE_MANAGER: frozenset({V.VIEW, V.VIEW_COUNCIL, V.NUDGE}),
    Relation.REVIEWING_OFFICER: frozenset({V.VIEW, V.VIEW_COUNCIL}),
    Relation.OFFICER: frozenset(_OFFICER),
    Relation.HEAD: frozenset(_OFFICER | {V.RESTRICT, V.SEE_WHO_LOOKED, V.NAME_CONTRIBUTOR}),
    Relation.BUSINESS_SUPPORT: frozenset(_SUPPORT),
    Relation.ACCOUNT_ADMINISTRATOR: frozenset({V.MANAGE_PEOPLE}),
}


def relations_with(verb: Verb) -> frozenset[Relation]:
    """The relations that carry this verb."""
    return frozenset(relation for relation, verbs in RELATION_VERBS.items() if verb in verbs)


def verbs_of(relations: frozenset[Relation]) -> frozenset[Verb]:
    """All that a person who stands in these relations to one child may do with that child's record."""
    return frozenset().union(*(RELATION_VERBS[relation] for relation in relations))
