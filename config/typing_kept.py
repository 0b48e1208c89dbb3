"""Nothing typed is lost when a sign-in ends, with or without JavaScript: the page that comes instead still holds every word.

A view that takes long texts says ``keeps_typing = True``. When it is posted to by somebody whose sign-in has ended (or whose form carries
the token of an earlier sign-in), nothing is done; the words are given back in a form that can be sent again after signing in. Only words
that our own page sent are given back: another site's page could else put its words into a form with a token of ours. The browser says
where they come from, and the form carries a mark that only a page of ours can hold: signed, for one person and one address.
"""

import datetime
import uuid
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.core.signing import BadSignature, TimestampSigner
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render, resolve_url
from django.views.csrf import csrf_failure

MARK = "page_mark"  # the field of a form that carries it
MACHINERY = {"csrfmiddlewaretoken", MARK}
# As long as typing that was never saved is kept. A page may lie open for days.
MARK_HOLDS = datetime.timedelta(days=30)


def words_given_back(request: HttpRequest, status: int) -> HttpResponse:
    """The page that holds what was posted, to be sent again: only ever shown to the browser that sent it. It shows all that it sends."""
    fields = [(name, value) for name, values in request.POST.lists() if name not in MACHINERY for value in values]
    context = {
        "fields": fields,
        "long": [value for _, value in fields if len(value) > 20],
        "short": [(name, value) for name, value in fields if 0 < len(value) <= 20],
        "sign_in": resolve_url(settings.LOGIN_URL),
        "path": request.path,
        "mark": request.POST[MARK],
    }
    return render(request, "typing_kept.html", context, status=status)


def mark_for(user: Any, path: str) -> str:
    """The mark of a form that this person is shown at an address, and posts to the same."""
    return _signer(path).sign(str(user.pk))


def marked_for(request: HttpRequest, holds: datetime.timedelta | None = MARK_HOLDS) -> uuid.UUID | None:
    """Whose form a post comes from, by its mark; None where it has none of ours, one of another address, or one that is too old."""
    try:
        return uuid.UUID(_signer(request.path).unsign(request.POST.get(MARK, ""), max_age=holds))
    except (BadSignature, ValueError):
        return None


def _signer(path: str) -> TimestampSigner:
    return TimestampSigner(salt=f"{__name__}:{path}")


def may_give_back(request: HttpRequest) -> bool:
    """Whether the words of a post came from our own page, shown to the person who posts them, as far as it is known who that is."""
    if not from_our_own_page(request):
        return False
    theirs = marked_for(request)
    return theirs is not None and (not request.user.is_authenticated or theirs == request.user.pk)


def from_our_own_page(request: HttpRequest) -> bool:
    """Whether the browser says that a page of this site sent the post. It says so itself; no page can make it say otherwise."""
    headers = request.headers
    if said := headers.get("Sec-Fetch-Site"):
        return said == "same-origin"
    if said := headers.get("Origin") or headers.get("Referer"):
        return urlsplit(said).netloc == request.get_host()
    return False


def keeps_typing(view: Any) -> bool:
    """Whether a view takes texts that must never be lost."""
    return bool(getattr(getattr(view, "view_class", None), "keeps_typing", False))


class SignInFirst(LoginRequiredMiddleware):
    """Every page is for people who are signed in, unless its view says otherwise; a text that comes too late is given back.

    What was given back to one person is saved for nobody else: words that somebody else's page carried are refused.
    """

    def process_view(self, request: HttpRequest, view_func: Callable[..., Any], view_args: Any, view_kwargs: Any) -> Any:
        """Nothing, where the request may go on."""
        answer = super().process_view(request, view_func, view_args, view_kwargs)
        if answer is None and request.method == "POST" and request.user.is_authenticated and keeps_typing(view_func):
            theirs = marked_for(request, holds=None)
            if theirs is not None and theirs != request.user.pk:
                return csrf_failure(request, "The form was somebody else’s")
        return answer

    def handle_no_permission(self, request: HttpRequest, view_func: Any) -> Any:
        """To the sign-in page, or to the page that keeps the text."""
        if request.method == "POST" and keeps_typing(view_func) and may_give_back(request):
            return words_given_back(request, status=401)
        return super().handle_no_permission(request, view_func)


def not_trusted(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A post whose token does not fit, as from a page opened before signing in again: nothing is done, and long texts are given back."""
    match = request.resolver_match
    if match is not None and keeps_typing(match.func) and may_give_back(request):
        return words_given_back(request, status=403)
    return csrf_failure(request, reason)
