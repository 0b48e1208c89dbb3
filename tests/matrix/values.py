"""What the access table needs for each value that an address takes from a table of the product, by hand, and what is written into forms.

A section, move, kind or state that is not here fails the build, and so does one that is here and no more in the product.
"""

import io
from collections.abc import Callable, Mapping
from typing import Any

import pikepdf
from django.core.files.uploadedfile import SimpleUploadedFile

from accounts.policy import Verb as V
from pep.forms.registry import FORMS
from pep.models import FundingRequest, Plan
from pep.models.documents import Copy
from pep.views.items import KINDS as ITEM_KINDS
from pep.workflow import TRANSITIONS
from tests.matrix.rows import MARK, Each, Sent
from virtualschool.forms.facts import KINDS as FACT_KINDS

# Who writes which section of the declared forms as its own part; None: nobody writes it on its own page.
WRITERS: dict[str, V | None] = {
    **dict.fromkeys(
        ("about_me", "care_record", "contacts", "permissions", "health", "wellbeing", "home_support", "carer_views", "parent_views",
         "social_worker_views", "agencies"),
        V.WRITE_CARE,
    ),
    **dict.fromkeys(
        ("history", "arrangements", "changes", "attendance", "suspensions", "starting_points", "attainment", "special_needs", "strengths",
         "leisure", "next_steps", "child_views", "feelings", "premium", "last_targets", "targets", "actions"),
        V.WRITE_SCHOOL,
    ),
    "meeting": V.RECORD_MEETING,
    "sign_off": None,
}  # fmt: skip
COUNCIL_SECTIONS = ("care_record",)
BY_ITEMS = ("targets", "actions")  # written target by target, action by action


def section_keys() -> list[str]:
    """The sections of every declared form."""
    return list(dict.fromkeys(section.key for form in FORMS for section in form.sections))


def sections(needs: Callable[[str, V | None], Mapping[str, Any]]) -> Each:
    """Every section, with what an address of it needs by its key and its writer's verb."""
    by_key = {
        key: {"council_only": key in COUNCIL_SECTIONS, "on_behalf": writer is not None, "targets": key == "targets", **needs(key, writer)}
        for key, writer in WRITERS.items()
    }
    return Each(section_keys, by_key, ("key",))


TODAY = {f"on-{part}": f"<today_{part}>" for part in ("day", "month", "year")}
PLAN_OF_TODAY = {f"plan_date-{part}": f"<today_{part}>" for part in ("day", "month", "year")}
SOON = {f"last_day-{part}": f"<{part}>" for part in ("day", "month", "year")}
NO_TIME = dict.fromkeys(("time", "day-day", "day-month", "day-year"), "")
SECTIONS_SENT = {
    # The empty line for one more person; a canary in a place for calendars would name the child.
    "meeting": Sent({"people-3-name": "", "meeting-place": "Room 3"}),
    "attainment": Sent({f"{kind}_subjects-1-subject": "maths" for kind in ("ks3", "ks4")}),  # each subject once
    "wellbeing": Sent({"sdq_reason": "SDQ2"}),  # the first reason holds of other ages
    "about_me": Sent({f"lives_since-{part}": "" for part in ("day", "month", "year")}),  # no later than today
}
SECTIONS = sections(
    lambda key, writer: {"post": None if key in BY_ITEMS else writer, "sent": SECTIONS_SENT.get(key, Sent())},
)
DRAFTS = sections(lambda key, writer: {"post": writer or ()})
DISCARDS = sections(lambda key, writer: {})

OF_SIGNING = (V.SIGN_OFF, V.SIGN_OFF_WHEN_ABSENT)
# From which plan each move begins, and whose it is.
MOVE_NEEDS: dict[str, dict[str, Any]] = {
    "submit": {"thing": "returned", "get": (V.SUBMIT, V.WRITE_CARE), "post": (V.SUBMIT, V.WRITE_CARE)},
    "sign_off": {"thing": "awaiting_sign_off", "get": OF_SIGNING, "post": OF_SIGNING},
    "return_from_sign_off": {"thing": "awaiting_sign_off", "get": OF_SIGNING, "post": OF_SIGNING},
    "go_on_without_signature": {"thing": "awaiting_sign_off"},
    "grade": {"thing": "awaiting_check", "get": V.CHECK, "post": V.CHECK},
    "return_from_check": {"thing": "awaiting_check", "get": V.CHECK, "post": V.CHECK},
    "accept_unsampled": {"thing": "awaiting_check", "get": V.CHECK, "post": V.CHECK},
    "cancel": {"thing": "preparing"},
    "close": {"thing": "preparing"},
    "change_school": {"thing": "preparing", "get": (), "post": ()},
    "leave_care": {"thing": "preparing", "get": (), "post": ()},
    "correct": {"thing": "complete"},
}
MOVES = Each(lambda: TRANSITIONS, MOVE_NEEDS, ("action",))
# A plan in every state.
STATES = Each(
    lambda: Plan.State.values,
    {
        state: {"thing": state}
        for state in ("preparing", "awaiting_sign_off", "awaiting_check", "returned", "complete", "cancelled", "closed")
    },
)
# A request for money in every state. Spending is recorded by whoever adds progress.
MONEY_NEEDS: dict[str, dict[str, Any]] = {
    "requested": {"thing": "requested_money", "post": V.DECIDE_MONEY, "sent": Sent({"step": "declined", "amount": ""})},
    **{state: {"thing": f"{state}_money"} for state in ("agreed", "part", "approved", "paid")},
    **{state: {"thing": f"{state}_money", "post": ()} for state in ("declined", "withdrawn")},
}
MONEY_STATES = Each(lambda: FundingRequest.State.values, MONEY_NEEDS)


def copies(noun: str) -> Each:
    """What is made for the council, and what is made for the school."""
    council, school = {"thing": f"council_{noun}", "council_only": True}, {"thing": f"school_{noun}"}
    needs: dict[str, dict[str, Any]] = {"council": council, "school": school}
    return Each(lambda: Copy.values, needs)


TARGET = {"area": "english", "funding_amount": "10"}
ITEMS = Each(
    lambda: [f"{kind}/{item}" for kind in ITEM_KINDS for item in ("new", f"<{kind}>")],
    {
        **{f"targets/{item}": {"targets": True, "sent": Sent(TARGET)} for item in ("new", "<targets>")},
        **{f"actions/{item}": {} for item in ("new", "<actions>")},
    },
    ("kind", "item"),
)
REMOVALS = Each(
    lambda: [f"{kind}/<{kind}>" for kind in ITEM_KINDS],
    {"targets/<targets>": {}, "actions/<actions>": {}},
    ("kind", "item"),
)
BEFORE = {
    **{"starts-day": "1", "starts-month": "1", "starts-year": "2020"},
    **{"last_day-day": "1", "last_day-month": "2", "last_day-year": "2020"},
}  # fmt: skip
FACTS = Each(
    lambda: FACT_KINDS,
    {
        "care": {"sent": Sent(BEFORE)},
        "placement": {},
        "enrolment": {"sent": Sent({"urn": "900003"})},
        "review": {},
        "allocation": {"sent": Sent({"role": "social_worker", "worker_email": "", "team": "<team>"})},
    },
    ("kind",),
)
# The buttons of a change of school: pep/views/moves.py keeps no table of them.
BUTTONS = Each(
    lambda: ("confirm", "withdraw", "take_back"),
    {
        "confirm": {"post": V.CONFIRM_MOVE, "sent": Sent({"action": "confirm", **SOON}, after=frozenset({200, 302}))},
        # What the council has proposed no school withdraws.
        "withdraw": {"post": (V.WRITE_CARE, V.WRITE_ON_BEHALF), "sent": Sent({"action": "withdraw"})},
        # It still waits for a second person, so there is nothing to take back yet, and the page says so.
        "take_back": {"post": V.CONFIRM_MOVE, "sent": Sent({"action": "take_back", "because": MARK}, after=frozenset({409}))},
    },
)
LIST = SimpleUploadedFile("list.csv", b"Name,E-mail,Role,Place,Given name,Family name,Date of birth,Identifier,Legal status,Care start\n")
PLAIN_SCHOOL = dict.fromkeys(("low_age", "high_age", "la_code", "postcode"), "")
NEW_POLICY = {"post16_windows": "", **dict.fromkeys(("flat_early_years", "flat_primary", "flat_secondary", "flat_post_16"), "")}
NEW_CHILD = {
    **{f"date_of_birth-{part}": number for part, number in (("day", "1"), ("month", "2"), ("year", "2015"))},
    **{f"care_starts-{part}": number for part, number in (("day", "1"), ("month", "2"), ("year", "2024"))},
    **dict.fromkeys(("upn", "uln", "urn", "worker_email", "another_child", "year_group_override"), ""),
}  # fmt: skip
NEW_TERM = {"name": "autumn", "urn": ""} | {
    f"{name}-{part}": number
    for name, day in (("starts", "1"), ("last_day", "28"), ("plans_due_on", "20"))
    for part, number in (("day", day), ("month", "2"), ("year", "2031"))
}
NEW_ROLE = {"role": "officer", "school": "", "last_day-day": "", "last_day-month": "", "last_day-year": ""}


def small_pdf() -> SimpleUploadedFile:
    """A plan from elsewhere."""
    with pikepdf.new() as pdf, io.BytesIO() as file:
        pdf.add_blank_page()
        pdf.save(file)
        return SimpleUploadedFile("plan.pdf", file.getvalue())
