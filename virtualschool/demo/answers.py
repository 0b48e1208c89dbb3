"""Answers of a made-up plan, section by section, in the shape the declared form asks for."""

import datetime
import random
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pep.forms.answers import applies
from pep.forms.declaration import Kind, Option, Question, Section
from pep.forms.reading import contradictions
from virtualschool.demo.children import FOSTER, HOME, KIN, SUPPORTED
from virtualschool.demo.words import BY_LEGAL_STATUS, CHOSEN, LINES, TEXTS

# The form's answer for each kind of placement.
# Who looks after the child in each kind of placement, and as what the form knows them.
CARERS = {
    FOSTER: ("The foster carer", "carer"), KIN: ("The grandmother, who is the carer", "carer"),
    HOME: ("The key worker at the home", "key_worker"), SUPPORTED: ("The key worker at the lodgings", "key_worker"),
}  # fmt: skip
# Of what hangs on where the child lives and on the law, nothing is carried on from the last plan.
ASKED_ANEW = {"people", "legal_position", "responsibility"}
LIVES_WITH = {FOSTER: "foster", KIN: "relatives", HOME: "home", SUPPORTED: "supported"}
# Days from the day of writing within which a date of this question lies; of all others, some time in the last ten months.
DATES: dict[str, tuple[int, int]] = {
    "sdq_date": (-300, -20), "health_assessment": (-330, -20), "ehcp_on": (-700, -90), "ehcp_review": (30, 320), "sw_review_on": (15, 150),
    "change_on": (10, 60), "part_time_ends": (14, 60),
}  # fmt: skip
# Of those whom the register does not know: the carer, and the team of a child without a social worker.
PHONES = ("01632 960451", "01632 960452")


@dataclass(frozen=True)
class Facts:
    """What the answers of one plan are about."""

    name: str
    year: int
    on: datetime.date
    school: str
    worker: str
    no_school: bool = False
    home: str = FOSTER  # the kind of placement
    home_since: datetime.date | None = None
    legal: str = "C2"  # the code of the legal status
    carer_phone: str = PHONES[0]
    worker_phone: str = PHONES[1]


def answers_for(section: Section, facts: Facts, chance: random.Random, known: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Answers to all the questions of a section that apply, some optional ones left out. ``known`` are those of the last plan that stay."""
    known = known or {}
    answers: dict[str, Any] = {}
    for question in section.questions:
        if applies(section, question, answers):
            stays = question.key in known and question.key not in ASKED_ANEW
            value = _kept(question, known[question.key], facts, chance) if stays else _answer(question, facts, chance)
            if value not in ("", None, []) and not (question.unlike and value == answers.get(question.unlike)):
                answers[question.key] = value
    if "lives_with" in answers:
        answers["lives_with"] = LIVES_WITH[facts.home]
        answers["lives_since"] = facts.home_since.isoformat() if facts.home_since else answers["lives_since"]
    if section.key == "attendance":
        answers |= _sessions(facts, chance)
    if section.key == "arrangements" and facts.no_school:
        answers = {
            "taught_where": "none", "no_place_since": (facts.on - datetime.timedelta(days=45)).isoformat(),
            "no_place_plan": TEXTS["no_place_plan"][0], "key_adult": "The virtual school’s education adviser",
            "provision": "Fifteen hours of tuition a week, and a laptop with the online lessons.", "elsewhere": False,
        }  # fmt: skip
    return answers


def _sessions(facts: Facts, chance: random.Random) -> dict[str, Any]:
    """Attendance figures that add up: two sessions a school day since September."""
    autumn = datetime.date(facts.on.year if facts.on.month >= 9 else facts.on.year - 1, 9, 2)
    possible = max(20, min(380, (facts.on - autumn).days * 10 // 8))
    authorised = chance.choice((0, 2, 4, 6, 10))
    unauthorised = chance.choice((0, 0, 0, 2, 7))
    return {
        "up_to": facts.on.isoformat(), "possible": possible, "present": possible - authorised - unauthorised, "authorised": authorised,
        "unauthorised": unauthorised, "late": chance.choice((0, 1, 3)), "last_year": f"{chance.randrange(890, 995) / 10}",
    }  # fmt: skip


def _answer(question: Question, facts: Facts, chance: random.Random) -> Any:
    if question.key in BY_LEGAL_STATUS:
        return BY_LEGAL_STATUS[question.key].get(facts.legal) or BY_LEGAL_STATUS[question.key][""]
    if question.key == "carer_name":
        return f"{CARERS[facts.home][0]}, written down by the social worker"
    if question.key in CHOSEN:
        return chance.choice(CHOSEN[question.key])
    if question.key == "check_at_two":
        return "done" if facts.year >= -1 else "due"
    if question.key == "key_stage":
        return "ks3" if facts.year < 10 else "ks4"
    if question.key in TEXTS:
        return chance.choice(TEXTS[question.key]).format(name=facts.name)[: question.max_length]
    if not question.required and chance.random() < 0.5:
        return None
    return _of_kind(question, facts, chance)


def _kept(question: Question, value: Any, facts: Facts, chance: random.Random) -> Any:
    """A carried answer; a date that has grown old is a new one, and in a small table the cells that are asked anew each term are filled in."""
    if question.kind is Kind.DATE and question.key in DATES:
        low, high = DATES[question.key]
        days = (datetime.date.fromisoformat(value) - facts.on).days
        return value if low <= days <= high else _of_kind(question, facts, chance)
    if question.kind is not Kind.ROWS:
        return value
    return [_filled(question, row, facts, chance) for row in value]


def _filled(question: Question, row: Mapping[str, Any], facts: Facts, chance: random.Random) -> dict[str, Any]:
    """A row with every required cell answered, and nothing in it that contradicts another cell."""
    filled = dict(row)
    for column in question.columns:
        if column.required and column.key not in filled:
            filled[column.key] = _grade(question, column, filled, chance) if _graded(column) else _of_kind(column, facts, chance)
    return filled


def _graded(column: Question) -> bool:
    return any(option.only for option in column.options)


def _grade(question: Question, column: Question, row: Mapping[str, Any], chance: random.Random) -> str:
    """A grade from the middle of those that go with the subject and the qualification; one that is better for a target."""
    goes = [option.value for option in column.options if not contradictions(question, [{**row, column.key: option.value}])]
    middle = len(goes) // 2 - (1 if column.key == "target" else 0)
    return goes[middle - chance.randrange(2)]


def _of_kind(question: Question, facts: Facts, chance: random.Random) -> Any:
    match question.kind:
        case Kind.YES_NO:
            return chance.random() < 0.3
        case Kind.CHOICE:
            return _option(question.options, chance)
        case Kind.CHOICES:
            return [_option(question.options, chance)]
        case Kind.DATE:
            return (facts.on + datetime.timedelta(days=chance.randrange(*DATES.get(question.key, (-300, -20))))).isoformat()
        case Kind.NUMBER:
            low, high = question.minimum or 0, question.maximum or 100
            return low + (high - low) * chance.randrange(10, 60) // 100
        case Kind.PERCENT:
            return f"{chance.randrange(900, 995) / 10}"
        case Kind.ROWS:
            return _rows(question, facts, chance)
        case _:
            return _line(question, facts, chance)


def _option(options: tuple[Option, ...], chance: random.Random) -> str:
    # The later options are the rare ones: "other", "not known".
    return options[min(chance.randrange(len(options)), chance.randrange(len(options)))].value


def _line(question: Question, facts: Facts, chance: random.Random) -> str:
    known = {"phone": PHONES, "name": ("Homework club", "Swimming", "Art club"), "title": ("Reading group",)} | LINES
    return chance.choice(known.get(question.key, ("As agreed at the meeting",)))[: question.max_length]


BEFORE_SCHOOL = {"name": "The childminder in Mallow Road", "kind": "nursery", "reason": "Moved with the family"}


def _kind_of_place(year: int) -> str:
    return "secondary" if year > 6 else "primary" if year >= 0 else "nursery"


def _rows(question: Question, facts: Facts, chance: random.Random) -> list[dict[str, Any]]:
    if question.key == "people":
        return [
            {"name": CARERS[facts.home][0], "relation": CARERS[facts.home][1], "phone": facts.carer_phone, "reason": "daily"},
            {"name": facts.worker, "relation": "social_worker", "phone": facts.worker_phone, "reason": "next"},
        ]
    if question.key == "schools":
        return [
            *([{"name": facts.school, "kind": _kind_of_place(facts.year)}] if facts.school else []),
            {"name": "Mallow Road Primary School", "kind": "primary", "reason": "Moved up"} if facts.year > 0 else BEFORE_SCHOOL,
        ]
    if question.key == "tests":
        age = f"Reading age {facts.year + 3} years {chance.randrange(1, 12)} months"
        return [{"name": "Reading test", "result": age}, {"name": "Cognitive abilities test", "result": "Standard score 94"}]
    distinct = question.columns[0].options if question.distinct else ()
    wanted = max(question.minimum_rows, 5) if distinct else max(question.minimum_rows, 1)
    rows = []
    for number in range(wanted):
        if distinct:
            course = {"type": "gcse"} if any(column.key == "type" for column in question.columns) else {}
            rows.append(_filled(question, {question.columns[0].key: distinct[number].value, **course}, facts, chance))
            continue
        wanted_columns = [column for column in question.columns if column.required or (column.key != "ends" and chance.random() < 0.5)]
        row = {column.key: _of_kind(column, facts, chance) for column in wanted_columns}
        rows.append({key: value for key, value in row.items() if value != ""})
    return rows
