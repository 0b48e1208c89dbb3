"""Every address of the product and who may use it. An address that is not here fails the build.

``Of(thing, get, post)``: an address about one child's record; ``thing`` says what its ``pk`` names (tests/matrix/story.py), ``get`` and
``post`` the verbs (several: any of them; none: that method is not served; an empty tuple: served, and for nobody). Who stands in which
relation to whose child is tests/matrix/readers.py; which relation carries which verb is accounts/policy.py. ``Open`` pages need no child:
everyone named may use them (``EVERYONE`` who is signed in, ``ANYONE`` at all). ``Owned`` ones are about something of one authority's.

Where a part of an address takes its values from a table of the product (sections, moves, queues …), ``each`` names that table, and what
each value needs stands by hand in tests/matrix/values.py: a new section or move is walked by itself, and fails until somebody has said
who may use it.
"""

from typing import Any

from accounts.policy import Verb as V
from tests.matrix.rows import MARK, Each, Of, Open, Owned, Sent
from tests.matrix.values import (
    BUTTONS,
    DISCARDS,
    DRAFTS,
    FACTS,
    ITEMS,
    LIST,
    MONEY_STATES,
    MOVES,
    NEW_CHILD,
    NEW_POLICY,
    NEW_ROLE,
    NEW_TERM,
    NO_TIME,
    PLAIN_SCHOOL,
    PLAN_OF_TODAY,
    REMOVALS,
    SECTIONS,
    STATES,
    TODAY,
    copies,
    small_pdf,
)
from virtualschool.quality import QUEUES

ANYONE, EVERYONE = "anyone", "everyone"

DESK = frozenset({"kit", "lena", "moe", "oli", "pia"})  # both virtual schools' staff; none sees the other's children
KEEPERS = DESK
LATE = DESK | {"hana", "ian", "rosa"}  # who answers for others: the virtual schools and the managers of teams
MONEY = frozenset({"kit", "lena", "oli", "pia"})
HEADS = frozenset({"lena", "pia"})
ADMIN = frozenset({"nia"})
OURS = frozenset({"kit", "lena", "moe"})  # Fenshire's
OUR_HEAD = frozenset({"lena"})
DOOR = "door"  # how one signs in; tested in tests/accounts

AT_THE_DOOR: dict[str, dict[str, Any]] = {
    "account": {},
    "account_details": {},
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


QUEUE_NEEDS: dict[str, dict[str, Any]] = {
    **dict.fromkeys(("check", "returned", "overdue", "sign-off", "not-started", "no-meeting", "copies"), {"post": DESK}),
    **dict.fromkeys(("not-begun", "moves", "facts", "earlier", "no-school", "no-teacher", "no-worker"), {}),  # of children: nobody to nudge
}
QUEUE = Each(lambda: [queue.key for queue in QUEUES], QUEUE_NEEDS, ("key",))

IN_USE = frozenset({200})  # a form that says what stands in the way: one is begun or proposed already
ACCESS: dict[str, Of | Open | Owned] = {
    "healthz": Open(ANYONE),
    "help": Open(ANYONE),
    "accessibility": Open(ANYONE),
    "privacy": Open(ANYONE),
    "pep:home": Open(EVERYONE, post=LATE, sheet=LATE),  # who answers for others finds and nudges what is late
    "children:child-detail": Of("child"),
    "pep:child-dates": Of("child"),
    "pep:child-timeline": Of("child"),
    "pep:plan-create": Of("child", V.CREATE_PLAN, V.CREATE_PLAN, sent=Sent(after=IN_USE)),
    "pep:contributor-add": Of("child", V.NAME_CONTRIBUTOR, V.NAME_CONTRIBUTOR),
    "pep:contributor-end": Of("contributor", None, V.NAME_CONTRIBUTOR),
    "pep:earlier-plan-add": Of("child", V.UPLOAD, V.UPLOAD, sent=Sent({"file": small_pdf(), **PLAN_OF_TODAY})),
    "pep:earlier-plan-download": Of("school_earlier", each=copies("earlier")),
    "pep:earlier-plan-review": Of("school_earlier", V.JUDGE_UPLOAD, V.JUDGE_UPLOAD, each=copies("earlier")),
    "pep:earlier-plan-withdraw": Of("school_earlier", V.JUDGE_UPLOAD, V.JUDGE_UPLOAD, each=copies("earlier")),
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
    "schools:person-details": Owned("person", ADMIN, ADMIN, sent=Sent({"job_title": "Service lead"})),
    "schools:person-second-factor": Owned("person", ADMIN, ADMIN),
    "schools:person-mail-arrives": Owned("person", frozenset(), ADMIN),
    "schools:mail-list": Open(ADMIN),
    "schools:mail-again": Owned("mail", frozenset(), ADMIN),
    "message-list": Open(EVERYONE),
    "message-detail": Owned("message", frozenset({"anna"}), frozenset({"anna"})),
    **{name: Open(DOOR, kwargs) for name, kwargs in AT_THE_DOOR.items()},
}
