"""What the header of every page needs to know about who is signed in."""

from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from accounts.outbox import unread_count


def signed_in(request: HttpRequest) -> dict[str, Any]:
    """How many messages the person has not read: one query, and only on a page that shows it."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return {}
    return {"unread_messages": SimpleLazyObject(lambda: unread_count(user))}
