"""Every address of the product and who may use it. An address that is not here fails the build.

``Of(thing, get, post)``: an address about one child's record; ``thing`` says what its ``pk`` names (tests/matrix/story.py), ``get`` and
``post`` the verbs (several: any of them; none: that method is not served; an empty tuple: served, and for nobody). Who stands in which
relation to whose child is tests/matrix/readers.py; which relation carries which verb is accounts/policy.py. ``Open`` pages need no child:
everyone named may use them (``EVERYONE`` who is signed in, ``ANYONE`` at all). ``Owned`` ones are about something of one authority's.

Where a part of an address takes its values from a table of the product (sections, moves, queues …), ``each`` names that table, and what
each value needs stands here by hand: a new section or move is walked by itself, and fails until somebody has said who may use it.
"""

import io
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

import pikepdf
from django.core.files.uploadedfile import SimpleUploadedFile

from accounts.policy import Verb as V
from pep.forms.registry import FORMS
from pep.models import FundingRequest, Plan
from pep.models.documents import Copy
from pep.views.items import KINDS as ITEM_KINDS
from pep.workflow import TRANSITIONS
from tests.world import canary
from virtualschool.forms.facts import KINDS as FACT_KINDS
from virtualschool.quality import QUEUES

ANYONE, EVERYONE = "anyone", "everyone"
Verbs = V | tuple[V, ...] | None
MARK = canary("posted")
DONE = frozenset({302})
Row = TypeVar("Row", "Of", "Open")


@dataclass(frozen=True)
class Each:
    """The values that ``keys`` of an address take, or the states of what it names.

    ``source`` reads them out of the product's own table; ``needs`` says by hand, for each, what is different from the row.
    """

    source: Callable[[], Collection[str]]
    needs: Mapping[str, Mapping[str, Any]]
    keys: tuple[str, ...] = ()

    def of(self, row: Row) -> Iterator[tuple[str, Row]]:
        """Each value with the row as it is for that value. Raises KeyError for a value of which nobody has said who may use it."""
        for value in self.source():
            filled = dict(zip(self.keys, value.split("/"), strict=True)) if self.keys else {}
            yield value, replace(row, each=None, kwargs={**row.kwargs, **filled}, **self.needs[value])


@dataclass(frozen=True)
class Sent:
    """What is sent to an address: the form of its own page with ``fills`` in it, or, where it has no page, ``fills`` alone.

    Words in angle brackets are filled in from the child's things. ``after`` is what whoever may send it is answered.
    """

    fills: Mapping[str, Any] = field(default_factory=dict)
    after: frozenset[int] = DONE
    query: str = ""


@dataclass(frozen=True)
class Of:
    """An address about one child's record."""

    thing: str
    get: Verbs = V.VIEW
    post: Verbs = None
    kwargs: dict[str, str] = field(default_factory=dict)
    each: Each | None = None
    sent: Sent = field(default_factory=Sent)
    council_only: bool = False
    on_behalf: bool = False  # virtual school staff may post too, for a named person
    money: bool = False  # for those who see the money, and for the school that asked
    targets: bool = False  # a page where a school's targets are written with the money asked for
    sheet: bool = False  # a list that can be taken away as a CSV file
    also: tuple[str, ...] = ()  # the same page of these, opened by those from whom something is kept

    def values(self) -> Iterator[tuple[str, "Of"]]:
        """The row for each value of its keys."""
        yield from self.each.of(self) if self.each else [("", self)]


@dataclass(frozen=True)
class Open:
    """An address that is about nobody in particular, or about the reader alone."""

    who: Any
    kwargs: dict[str, Any] = field(default_factory=dict)
    post: Collection[str] = frozenset()  # or EVERYONE
    each: Each | None = None
    sent: Sent = field(default_factory=Sent)
    sheet: bool = False

    def values(self) -> Iterator[tuple[str, "Open"]]:
        """The row for each value of its keys."""
        yield from self.each.of(self) if self.each else [("", self)]


@dataclass(frozen=True)
class Owned:
    """An address about something of an authority's that is no child: who may open it and post to it; for others it is 403 or 404."""

    thing: str
    get: frozenset[str]
    post: frozenset[str] = frozenset()
    kwargs: dict[str, str] = field(default_factory=dict)
    sent: Sent = field(default_factory=Sent)
    sheet: bool = False


DESK = frozenset({"kit", "lena", "moe", "oli", "pia"})  # both virtual schools' staff; none sees the other's children
KEEPERS = DESK
MONEY = frozenset({"kit", "lena", "oli", "pia"})
HEADS = frozenset({"lena", "pia"})
ADMIN = frozenset({"nia"})
OURS = frozenset({"kit", "lena", "moe"})  # Fenshire's
OUR_HEAD = frozenset({"lena"})
DOOR = "door"  # how one signs in; tested in tests/accounts

AT_THE_DOOR: dict[str, dict[str, Any]] = {
    "account": {},
    "account_login": {},
    "account_logout": {},
    "account_inactive": {},
    "account_sign_out_everywhere": {},
    "account_reauthenticate": {},
    "account_change_password": {},
    "account_reset_password": {},
    "account_reset_password_done": {},
    "account_reset_password_from_key": {"uidb36": "x", "key": "x-x"},
    "account_reset_password_from_key_done": {},
    "invitation": {"token": "x"},
    "mfa_index": {},
    "second_factor_setup": {},
    "mfa_authenticate": {},
    "mfa_reauthenticate": {},
    "mfa_activate_totp": {},
    "mfa_deactivate_totp": {},
    "mfa_view_recovery_codes": {},
    "mfa_generate_recovery_codes": {},
    "mfa_list_webauthn": {},
    "mfa_add_webauthn": {},
    "mfa_reauthenticate_webauthn": {},
    "mfa_remove_webauthn": {"pk": 1},
    "mfa_edit_webauthn": {"pk": 1},
}


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
SOON = {f"last_day-{part}": f"<{part}>" for part in ("day", "month", "year")}
NO_TIME = dict.fromkeys(("time", "day-day", "day-month", "day-year"), "")
SECTIONS_SENT = {
    "meeting": Sent({"people-3-name": ""}),  # the empty line for one more person
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
        "withdraw": {"post": V.PROPOSE_MOVE, "sent": Sent({"action": "withdraw"})},
        "take_back": {"post": V.CONFIRM_MOVE, "sent": Sent({"action": "take_back", "because": MARK})},
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
QUEUE_NEEDS: dict[str, dict[str, Any]] = {
    **dict.fromkeys(("check", "returned", "overdue", "sign-off", "not-started", "no-meeting"), {"post": DESK}),
    **dict.fromkeys(("not-begun", "moves", "facts", "no-school", "no-teacher", "no-worker"), {}),  # of children: nobody to nudge
}
QUEUE = Each(lambda: [queue.key for queue in QUEUES], QUEUE_NEEDS, ("key",))


def small_pdf() -> SimpleUploadedFile:
    """A plan from elsewhere."""
    with pikepdf.new() as pdf, io.BytesIO() as file:
        pdf.add_blank_page()
        pdf.save(file)
        return SimpleUploadedFile("plan.pdf", file.getvalue())


IN_USE = frozenset({200})  # a form that says what stands in the way: one is begun or proposed already
ACCESS: dict[str, Of | Open | Owned] = {
    "healthz": Open(ANYONE),
    "help": Open(ANYONE),
    "accessibility": Open(ANYONE),
    "privacy": Open(ANYONE),
    "pep:home": Open(EVERYONE, post=EVERYONE, sent=Sent(after=frozenset({200}))),  # only shown, whatever is sent
    "children:child-detail": Of("child"),
    "pep:child-dates": Of("child"),
    "pep:child-timeline": Of("child"),
    "pep:plan-create": Of("child", V.CREATE_PLAN, V.CREATE_PLAN, sent=Sent(after=IN_USE)),
    "pep:contributor-add": Of("child", V.NAME_CONTRIBUTOR, V.NAME_CONTRIBUTOR),
    "pep:contributor-end": Of("contributor", None, V.NAME_CONTRIBUTOR),
    "pep:earlier-plan-add": Of("child", V.UPLOAD, V.UPLOAD, sent=Sent({"file": small_pdf()})),
    "pep:earlier-plan-download": Of("school_earlier", each=copies("earlier")),
    "pep:plan-detail": Of("preparing", each=STATES),
    "pep:plan-read": Of("preparing", each=STATES),
    "pep:plan-timeline": Of("preparing", each=STATES),
    "pep:plan-progress": Of(
        "complete", V.VIEW, V.ADD_PROGRESS, each=STATES, sent=Sent({"about": "<target>", **TODAY}, query="about=<target>")
    ),
    "pep:meeting-exception": Of("preparing", V.OVERRIDE, V.OVERRIDE),
    "pep:plan-lateness": Of("awaiting_check", V.SAY_WHY_LATE, V.SAY_WHY_LATE),
    "pep:attendee-decide": Of("preparing", V.WRITE_CARE, V.WRITE_CARE, {"attendee": "<attendee>"}, on_behalf=True, sent=Sent(NO_TIME)),
    "pep:copy-give": Of("preparing", V.WRITE_CARE, V.WRITE_CARE, {"attendee": "<attendee>"}, on_behalf=True),
    "pep:invitation": Of("invitation", V.VIEW, V.RECORD_MEETING),
    "pep:plan-move": Of("preparing", V.OVERRIDE, V.OVERRIDE, each=MOVES),
    "pep:section-edit": Of("preparing", each=SECTIONS, also=("complete",)),
    "pep:section-draft": Of("preparing", None, each=DRAFTS, sent=Sent({"version": "1"}, after=frozenset({200}))),
    "pep:section-discard": Of("preparing", None, V.VIEW, each=DISCARDS),
    "pep:item-edit": Of("preparing", V.VIEW, V.WRITE_SCHOOL, on_behalf=True, each=ITEMS),
    "pep:item-remove": Of(
        "preparing",
        None,
        V.WRITE_SCHOOL,
        on_behalf=True,
        each=REMOVALS,
        sent=Sent({"version": "1", "on_behalf_of": MARK, "learned_by": "paper"}),
    ),
    "pep:funding-detail": Of(
        "agreed_money", V.VIEW, V.ADD_PROGRESS, money=True, each=MONEY_STATES, sent=Sent({"step": "spent", "amount": "10"})
    ),
    "pep:document-download": Of("school_document", each=copies("document")),
    "pep:render-retry": Of("school_job", None, V.NUDGE, each=copies("job")),
    "pep:move-propose": Of("child", V.PROPOSE_MOVE, V.PROPOSE_MOVE, sent=Sent(after=IN_USE, query="q=Unit")),
    "pep:move-detail": Of("proposed", V.PROPOSE_MOVE, V.PROPOSE_MOVE, each=BUTTONS, also=("taken_back",)),
    "virtualschool:child-edit": Of("child", V.KEEP_REGISTER),
    "virtualschool:child-change": Of("child", V.KEEP_REGISTER, V.KEEP_REGISTER),
    "virtualschool:child-restrict": Of("child", V.RESTRICT, V.RESTRICT),
    "virtualschool:fact-add": Of("child", V.KEEP_REGISTER, V.KEEP_REGISTER, each=FACTS),
    "virtualschool:who-looked": Of("child", V.SEE_WHO_LOOKED, sheet=True),
    "virtualschool:care-edit": Of("care_period", V.KEEP_REGISTER, V.KEEP_REGISTER),
    "virtualschool:placement-edit": Of("placement", V.KEEP_REGISTER, V.KEEP_REGISTER),
    "virtualschool:enrolment-edit": Of("enrolment", V.KEEP_REGISTER, V.KEEP_REGISTER),
    "virtualschool:review-edit": Of("care_review", V.KEEP_REGISTER, V.KEEP_REGISTER),
    "virtualschool:allocation-edit": Of("allocation", V.KEEP_REGISTER, V.KEEP_REGISTER, sent=Sent({"worker_email": ""})),
    "virtualschool:desk": Open(DESK),
    "virtualschool:dashboard": Open(DESK, sheet=True),
    "virtualschool:money": Open(MONEY, sheet=True),
    "virtualschool:payments": Open(MONEY, sheet=True),
    "virtualschool:queue": Open(DESK, each=QUEUE, sheet=True),
    "virtualschool:children": Open(DESK, sheet=True),
    "virtualschool:child-add": Open(KEEPERS, post=KEEPERS, sent=Sent(NEW_CHILD)),
    "virtualschool:schools": Open(KEEPERS, sheet=True),
    "virtualschool:school-add": Open(KEEPERS, post=KEEPERS, sent=Sent({**PLAIN_SCHOOL, "urn": "900077"})),
    "virtualschool:school-edit": Owned("school", OURS, OURS, sent=Sent(PLAIN_SCHOOL)),
    "virtualschool:imports": Open(KEEPERS | ADMIN, post=KEEPERS | ADMIN, sent=Sent({"file": LIST, "links": ""})),
    "virtualschool:import-detail": Owned("import", frozenset({"kit"}), frozenset({"kit"}), sent=Sent({"do": "drop"}), sheet=True),
    "virtualschool:settings": Open(DESK),
    "virtualschool:team-add": Open(DESK, post=DESK),
    "virtualschool:team-edit": Owned("team", OURS, OURS),
    "virtualschool:term-add": Open(DESK, post=DESK, sent=Sent(NEW_TERM)),
    "virtualschool:term-edit": Owned("term", OURS, OURS, sent=Sent({"urn": ""})),
    "virtualschool:rate-add": Open(HEADS, post=HEADS, sent=Sent({"financial_year": "2027-28", "amount": "2700"})),
    "virtualschool:contact-edit": Owned("virtual_school", OUR_HEAD, OUR_HEAD),
    "virtualschool:rubric-add": Owned("authority", OUR_HEAD, OUR_HEAD),
    "virtualschool:policy-add": Owned("authority", OUR_HEAD, OUR_HEAD, sent=Sent(NEW_POLICY)),
    "virtualschool:policy-withdraw": Owned("policy", OUR_HEAD, OUR_HEAD),
    "schools:person-list": Open(ADMIN, sheet=True),
    "schools:person-add": Open(ADMIN, post=ADMIN, sent=Sent(NEW_ROLE)),
    "schools:person-detail": Owned("person", ADMIN),
    "schools:role-add": Owned("person", ADMIN, ADMIN, sent=Sent(NEW_ROLE)),
    "schools:role-end": Owned("role", ADMIN, ADMIN),
    "schools:person-invite": Owned("person", frozenset(), ADMIN),
    "schools:person-close": Owned("person", ADMIN, ADMIN),
    "schools:person-reopen": Owned("closed", ADMIN, ADMIN),
    "schools:person-last-day": Owned("person", ADMIN, ADMIN),
    "schools:person-address": Owned("person", ADMIN, ADMIN),
    "schools:person-second-factor": Owned("person", ADMIN, ADMIN),
    "schools:person-mail-arrives": Owned("person", frozenset(), ADMIN),
    "schools:mail-list": Open(ADMIN),
    "schools:mail-again": Owned("mail", frozenset(), ADMIN),
    "message-list": Open(EVERYONE),
    "message-detail": Owned("message", frozenset({"anna"}), frozenset({"anna"})),
    **{name: Open(DOOR, kwargs) for name, kwargs in AT_THE_DOOR.items()},
}
