"""What every page's template may know about the site."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import SimpleLazyObject

from accounts.policy import Relation
from accounts.relations import held_by
from config.typing_kept import MARK, mark_for

STAFF = {Relation.OFFICER, Relation.HEAD, Relation.BUSINESS_SUPPORT}
# The service navigation: address, words, and for whom.
PLACES: tuple[tuple[str, str, frozenset[Relation]], ...] = (
    ("pep:home", "Late and due", frozenset(STAFF)),
    ("virtualschool:desk", "Desk", frozenset(STAFF)),
    ("virtualschool:children", "Children", frozenset(STAFF)),
    ("virtualschool:dashboard", "Dashboard", frozenset(STAFF)),
    ("virtualschool:settings", "Settings", frozenset(STAFF)),
    ("pep:home", "Your children", frozenset(Relation) - STAFF - {Relation.ACCOUNT_ADMINISTRATOR, Relation.HEADTEACHER}),
    ("schools:person-list", "People", frozenset({Relation.ACCOUNT_ADMINISTRATOR})),
    ("schools:mail-list", "E-mail", frozenset({Relation.ACCOUNT_ADMINISTRATOR})),
    # Whoever manages people may bring in lists of them; the virtual school's staff find it on their own pages.
    ("virtualschool:imports", "Import lists", frozenset({Relation.ACCOUNT_ADMINISTRATOR})),
)


def navigation(user: Any) -> list[dict[str, str]]:
    """The places this person works in, by the relations they hold today: the way back from every page."""
    held = {row.relation for row in held_by(user, timezone.localdate())}
    # One place has one name: whoever works at a virtual school and has children of their own finds both on one page.
    found = {name: words for name, words, relations in reversed(PLACES) if held & relations}
    return [{"text": words, "href": reverse(name)} for name, words, _ in PLACES if found.get(name) == words]


def site(request: HttpRequest) -> dict[str, Any]:
    """Whether this is the demo, which every page of it says; where the person who is signed in can go: one query, when it is drawn.

    And the mark of their forms that take long texts.
    """
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return {"demo": settings.DEMO}
    return {
        "demo": settings.DEMO,
        "navigation_items": SimpleLazyObject(lambda: navigation(user)),
        MARK: lambda: mark_for(user, request.path),
    }
