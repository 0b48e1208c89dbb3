"""docs/access.md, written from the policy itself: ``python -m tests.access_page > docs/access.md``."""

import re
import sys

from tests import environment  # noqa: F401 - Django reads its settings as soon as anything of the product is imported

# isort: split

from accounts.policy import RELATION_NAMES, RELATION_VERBS, Relation, Verb
from tests.access_table import ACCESS
from tests.matrix.rows import Of, Verbs

WORDS: dict[Verb, str] = {
    Verb.VIEW: "See the child and the school side of the plan",
    Verb.VIEW_COUNCIL: "See what is for the council alone",
    Verb.VIEW_MONEY: "See the child’s pupil premium for the year",
    Verb.WRITE_SCHOOL: "Write the school’s sections, targets and actions",
    Verb.WRITE_CARE: "Write the social worker’s sections",
    Verb.WRITE_ON_BEHALF: "Write any section on behalf of a named person",
    Verb.RECORD_MEETING: "Book and record the meeting",
    Verb.SAY_WHY_LATE: "Say why a plan is late",
    Verb.ADD_PROGRESS: "Add progress and spending after completion",
    Verb.UPLOAD: "Add an earlier plan as a PDF",
    Verb.JUDGE_UPLOAD: "Say whether an earlier plan was a review, or withdraw it",
    Verb.SUBMIT: "Submit the plan",
    Verb.SIGN_OFF: "Sign off or return the plan",
    Verb.SIGN_OFF_WHEN_ABSENT: "Sign off for an absent social worker, where policy lets",
    Verb.CHECK: "Grade or return after the quality check",
    Verb.OVERRIDE: "Go on without signature or meeting, cancel, close, correct",
    Verb.CREATE_PLAN: "Begin a plan",
    Verb.DECIDE_MONEY: "Decide on pupil premium, approve and record payments",
    Verb.KEEP_REGISTER: "Keep the register, import lists",
    Verb.NAME_CONTRIBUTOR: "Name a school contributor",
    Verb.PROPOSE_MOVE: "Propose a move",
    Verb.CONFIRM_MOVE: "Confirm a move someone else proposed",
    Verb.RESTRICT: "Restrict a record, decide a restricted child’s move",
    Verb.SEE_WHO_LOOKED: "See who looked at a record, change policies",
    Verb.NUDGE: "Remind whoever holds a plan, have a failed document made again",
    Verb.MANAGE_PEOPLE: "Manage people and their roles",
}

HEAD = """# Who may do what

Made from `accounts/policy.py` and `tests/access_table.py` by `python -m tests.access_page`; a test fails when it is out of date.

A relation holds from one date to another and only for the children it reaches. Verbs are united per child: what someone may do as an
officer for one child says nothing about a child to whom they are the designated teacher. A child that is not yours is 404, a verb
that is not yours 403.
"""


def words_for(verbs: Verbs, *, council_only: bool) -> str:
    """The verbs of an address in words: any of them lets somebody in."""
    if verbs is None:
        return "–"
    words = "; or: ".join(WORDS[verb] for verb in (verbs if isinstance(verbs, tuple) else (verbs,))) or "Nobody"
    return words + (" (the council alone)" if council_only else "")


def lines_of(name: str, row: Of) -> list[str]:
    """An address as lines of the table: one, or one for those values of its keys that need the same."""
    alike: dict[tuple[str, str], list[str]] = {}
    for value, of in row.values():
        needs = words_for(of.get, council_only=of.council_only), words_for(of.post, council_only=of.council_only)
        alike.setdefault(needs, []).append(re.sub("[<>]", "", value))
    of_which = {needs: f" {', '.join(values)}" if len(alike) > 1 else "" for needs, values in alike.items()}
    return [f"| `{name}`{of_which[opened, sent]} | {opened} | {sent} |" for opened, sent in alike]


def page() -> str:
    """The page's text."""
    lines = [HEAD, "| | " + " | ".join(RELATION_NAMES[relation] for relation in Relation) + " |", "|---" * (len(Relation) + 1) + "|"]
    for verb in Verb:
        cells = ["yes" if verb in RELATION_VERBS[relation] else "" for relation in Relation]
        lines.append(f"| {WORDS[verb]} | " + " | ".join(cells) + " |")
    lines += ["", "## Addresses about a child", "", "| Address | To open | To send |", "|---|---|---|"]
    for name, row in sorted(ACCESS.items()):
        if isinstance(row, Of):
            lines += lines_of(name, row)
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.stdout.write(page())
