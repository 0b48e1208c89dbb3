"""What holds for every request of somebody who is signed in: the sign-in is still good, and there is a second factor."""

import time
from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.contrib.auth import SESSION_KEY, logout
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.urls import reverse

from accounts.second_factor import has_second_factor
from accounts.sessions import SECOND_FACTOR, WHY_ENDED, skips_second_factor, touch, why_ended

Response = Callable[[HttpRequest], HttpResponseBase]

# All that somebody without a second factor may open, besides the pages that are open to everybody.
SET_UP_PAGES = frozenset(
    {
        "second_factor_setup", "mfa_activate_totp", "mfa_add_webauthn", "mfa_view_recovery_codes", "account_reauthenticate",
        "account_logout", "account_sign_out_everywhere",
    }
)  # fmt: skip


def end_sessions(get_response: Response) -> Response:
    """Sign out whoever has been idle or signed in too long, was deactivated, has expired, or signed out everywhere."""

    def respond(request: HttpRequest) -> HttpResponseBase:
        if SESSION_KEY in request.session:
            now = time.time()
            reason = why_ended(request.session, request.user, now)
            if reason:
                logout(request)
                messages.info(request, WHY_ENDED[reason])
            else:
                touch(request.session, now)
        return get_response(request)

    return respond


class RequireSecondFactor:
    """Send somebody who is signed in without a second factor to set one up, and let nothing else through."""

    def __init__(self, get_response: Response) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:
        """Decide once the page is known."""
        if not request.user.is_authenticated or not getattr(view, "login_required", True) or skips_second_factor(request.session):
            return None
        name = request.resolver_match.url_name if request.resolver_match else ""
        if name and name.startswith("mfa_"):
            # On these pages a factor may come or go, so what was known is asked again.
            request.session.pop(SECOND_FACTOR, None)
        if request.session.get(SECOND_FACTOR):
            return None
        if has_second_factor(request.user):
            request.session[SECOND_FACTOR] = True
            return None
        return None if name in SET_UP_PAGES else HttpResponseRedirect(reverse("second_factor_setup"))
