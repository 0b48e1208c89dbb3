"""Every address of the product and who may use it. An address that is not here fails the build.

``Of(thing, get, post)``: an address about one child's record; ``thing`` says what its ``pk`` names, ``get`` and ``post`` the verbs (None: that
method is not served). Who stands in which relation to whose child is the cast of tests/world.py; which relation carries which verb is
accounts/policy.py. ``Open`` pages need no child: everyone named may use them (``EVERYONE`` who is signed in, ``ANYONE`` at all).
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


@dataclass(frozen=True)
class Open:
    """An address that is about nobody in particular, or about the reader alone."""

    who: Any
    kwargs: dict[str, Any] = field(default_factory=dict)


DESK = frozenset({"kit", "lena", "moe", "oli", "pia"})
HEADS = frozenset({"lena", "pia"})

ACCESS: dict[str, Of | Open] = {
    "healthz": Open(ANYONE),
    "pep:home": Open(EVERYONE),
    "children:child-detail": Of("child"),
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
    "pep:plan-move": Of("plan", V.OVERRIDE, V.OVERRIDE, {"action": "cancel"}),
    "pep:section-edit": Of("plan", V.VIEW, V.WRITE_SCHOOL, {"key": "attendance"}),
    "pep:section-draft": Of("plan", None, V.WRITE_SCHOOL, {"key": "attendance"}),
    "pep:section-discard": Of("plan", None, V.VIEW, {"key": "attendance"}),
    "pep:item-edit": Of("plan", V.VIEW, V.WRITE_SCHOOL, {"kind": "targets", "item": "new"}),
    "pep:item-remove": Of("plan", None, V.WRITE_SCHOOL, {"kind": "actions", "item": "<action>"}),
    "pep:funding-detail": Of("money", V.VIEW, None),
    "pep:document-download": Of("document", council_only=True),
    "pep:render-retry": Of("job", None, V.NUDGE, council_only=True),
}
