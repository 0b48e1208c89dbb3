"""Every address of the product and who may use it. An address that is not here fails the build.

``Of(thing, get, post)``: an address about one child's record; ``thing`` says what its ``pk`` names, ``get`` and ``post`` the verbs
(None: that method is not served). Who stands in which relation to whose child is the cast of tests/world.py; which relation carries
which verb is accounts/policy.py. ``Open`` pages need no child: everyone named may use them (``EVERYONE`` who is signed in, ``ANYONE``
at all). ``Owned`` ones are about something of one authority's.
"""

from dataclasses import dataclass, field
from typing import Any

from accounts.policy import Verb as V

ANYONE, EVERYONE = "anyone", "everyone"


@dataclass(frozen=True)
class Of:
    """An address about one child's record."""

    thing: str
    get: V | None = V.VIEW
    post: V | None = None
    kwargs: dict[str, str] = field(default_factory=dict)
    council_only: bool = False
    on_behalf: bool | str = False  # virtual school staff may post too, for a named person ("named": only with the name in the post)
    money: bool = False  # for those who see the money, and for the school that asked


@dataclass(frozen=True)
class Open:
    """An address that is about nobody in particular, or about the reader alone."""

    who: Any
    kwargs: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Owned:
    """An address about something of an authority's that is no child: who may open it and post to it; for others it is 403 or 404."""

    thing: str
    get: frozenset[str]
    post: frozenset[str] = frozenset()
    kwargs: dict[str, str] = field(default_factory=dict)


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

ACCESS: dict[str, Of | Open | Owned] = {
    "healthz": Open(ANYONE),
    "help": Open(ANYONE),
    "accessibility": Open(ANYONE),
    "privacy": Open(ANYONE),
    "pep:home": Open(EVERYONE),
    "children:child-detail": Of("child"),
    "pep:child-dates": Of("child"),
    "pep:child-timeline": Of("child"),
    "pep:plan-create": Of("child", V.CREATE_PLAN, V.CREATE_PLAN),
    "pep:contributor-add": Of("child", V.NAME_CONTRIBUTOR, V.NAME_CONTRIBUTOR),
    "pep:contributor-end": Of("contributor", None, V.NAME_CONTRIBUTOR),
    "pep:earlier-plan-add": Of("child", V.UPLOAD, V.UPLOAD),
    "pep:earlier-plan-download": Of("earlier", council_only=True),
    "pep:plan-detail": Of("plan"),
    "pep:plan-read": Of("plan"),
    "pep:plan-timeline": Of("plan"),
    "pep:plan-progress": Of("complete", V.VIEW, V.ADD_PROGRESS),
    "pep:meeting-exception": Of("plan", V.OVERRIDE, V.OVERRIDE),
    "pep:plan-lateness": Of("plan", V.SAY_WHY_LATE, V.SAY_WHY_LATE),
    "pep:attendee-decide": Of("plan", V.WRITE_CARE, V.WRITE_CARE, {"attendee": "<attendee>"}, on_behalf=True),
    "pep:invitation": Of("invitation", V.VIEW, V.RECORD_MEETING),
    "pep:plan-move": Of("plan", V.OVERRIDE, V.OVERRIDE, {"action": "cancel"}),
    "pep:section-edit": Of("plan", V.VIEW, V.WRITE_SCHOOL, {"key": "attendance"}, on_behalf=True),
    "pep:section-draft": Of("plan", None, V.WRITE_SCHOOL, {"key": "attendance"}, on_behalf=True),
    "pep:section-discard": Of("plan", None, V.VIEW, {"key": "attendance"}),
    "pep:item-edit": Of("plan", V.VIEW, V.WRITE_SCHOOL, {"kind": "targets", "item": "new"}, on_behalf=True),
    "pep:item-remove": Of("plan", None, V.WRITE_SCHOOL, {"kind": "actions", "item": "<action>"}, on_behalf="named"),
    "pep:funding-detail": Of("money", V.VIEW, V.ADD_PROGRESS, money=True),
    "pep:document-download": Of("document", council_only=True),
    "pep:render-retry": Of("job", None, V.NUDGE, council_only=True),
    "pep:move-propose": Of("child", V.PROPOSE_MOVE, V.PROPOSE_MOVE),
    "pep:move-detail": Of("move", V.PROPOSE_MOVE, V.PROPOSE_MOVE),
    "virtualschool:child-edit": Of("child", V.KEEP_REGISTER),
    "virtualschool:child-change": Of("child", V.KEEP_REGISTER, V.KEEP_REGISTER),
    "virtualschool:child-restrict": Of("child", V.RESTRICT, V.RESTRICT),
    "virtualschool:fact-add": Of("child", V.KEEP_REGISTER, V.KEEP_REGISTER, {"kind": "placement"}),
    "virtualschool:who-looked": Of("child", V.SEE_WHO_LOOKED),
    "virtualschool:care-edit": Of("care_period", V.KEEP_REGISTER, V.KEEP_REGISTER),
    "virtualschool:placement-edit": Of("placement", V.KEEP_REGISTER, V.KEEP_REGISTER),
    "virtualschool:enrolment-edit": Of("enrolment", V.KEEP_REGISTER, V.KEEP_REGISTER),
    "virtualschool:review-edit": Of("care_review", V.KEEP_REGISTER, V.KEEP_REGISTER),
    "virtualschool:allocation-edit": Of("allocation", V.KEEP_REGISTER, V.KEEP_REGISTER),
    "virtualschool:desk": Open(DESK),
    "virtualschool:dashboard": Open(DESK),
    "virtualschool:money": Open(MONEY),
    "virtualschool:payments": Open(MONEY),
    "virtualschool:queue": Open(DESK, {"key": "overdue"}),
    "virtualschool:children": Open(DESK),
    "virtualschool:child-add": Open(KEEPERS),
    "virtualschool:schools": Open(KEEPERS),
    "virtualschool:school-add": Open(KEEPERS),
    "virtualschool:school-edit": Owned("school", OURS, OURS),
    "virtualschool:imports": Open(KEEPERS | ADMIN),
    "virtualschool:import-detail": Owned("import", frozenset({"kit"}), frozenset({"kit"})),
    "virtualschool:settings": Open(DESK),
    "virtualschool:team-add": Open(DESK),
    "virtualschool:team-edit": Owned("team", OURS, OURS),
    "virtualschool:term-add": Open(DESK),
    "virtualschool:term-edit": Owned("term", OURS, OURS),
    "virtualschool:rate-add": Open(HEADS),
    "virtualschool:contact-edit": Owned("virtual_school", OUR_HEAD, OUR_HEAD),
    "virtualschool:rubric-add": Owned("authority", OUR_HEAD, OUR_HEAD),
    "virtualschool:policy-add": Owned("authority", OUR_HEAD, OUR_HEAD),
    "virtualschool:policy-withdraw": Owned("policy", OUR_HEAD, OUR_HEAD),
    "schools:person-list": Open(ADMIN),
    "schools:person-add": Open(ADMIN),
    "schools:person-detail": Owned("person", ADMIN),
    "schools:role-add": Owned("person", ADMIN, ADMIN),
    "schools:role-end": Owned("role", ADMIN, ADMIN),
    "schools:person-invite": Owned("person", frozenset(), ADMIN),
    "schools:person-close": Owned("person", ADMIN, ADMIN),
    "schools:person-reopen": Owned("person", ADMIN, ADMIN),
    "schools:person-last-day": Owned("person", ADMIN, ADMIN),
    "schools:person-second-factor": Owned("person", ADMIN, ADMIN),
    "schools:person-mail-arrives": Owned("person", frozenset(), ADMIN),
    "schools:mail-list": Open(ADMIN),
    "schools:mail-again": Owned("mail", frozenset(), ADMIN),
    "message-list": Open(EVERYONE),
    "message-detail": Owned("message", frozenset({"anna"}), frozenset({"anna"})),
    **{name: Open(DOOR, kwargs) for name, kwargs in AT_THE_DOOR.items()},
}
