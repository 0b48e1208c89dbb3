"""Nothing typed is lost when a sign-in ends, with or without JavaScript: the page that comes instead still holds every word.

A view that takes long texts says ``keeps_typing = True``. When it is posted to by somebody whose sign-in has ended (or whose form carries
the token of an earlier sign-in), nothing is done; the words are given back in a form that can be sent again after signing in. Only words
that our own page sent are given back: another site's page could else put its words into a form with a token of ours.
"""

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render, resolve_url
from django.views.csrf import csrf_failure

MACHINERY = {"csrfmiddlewaretoken"}


def words_given_back(request: HttpRequest, status: int) -> HttpResponse:
    """The page that holds what was posted, to be sent again: only ever shown to the browser that sent it. It shows all that it sends."""
    fields = [(name, value) for name, values in request.POST.lists() if name not in MACHINERY for value in values]
    context = {
        "fields": fields,
        "long": [value for _, value in fields if len(value) > 20],
        "short": [(name, value) for name, value in fields if 0 < len(value) <= 20],
        "sign_in": resolve_url(settings.LOGIN_URL),
        "path": request.path,
    }
    return render(request, "typing_kept.html", context, status=status)


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
    """Every page is for people who are signed in, unless its view says otherwise; a text that comes too late is given back."""

    def handle_no_permission(self, request: HttpRequest, view_func: Any) -> Any:
        """To the sign-in page, or to the page that keeps the text."""
        if request.method == "POST" and keeps_typing(view_func) and from_our_own_page(request):
            return words_given_back(request, status=401)
        return super().handle_no_permission(request, view_func)


def not_trusted(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A post whose token does not fit, as from a page opened before signing in again: nothing is done, and long texts are given back."""
    match = request.resolver_match
    if match is not None and keeps_typing(match.func) and from_our_own_page(request):
        return words_given_back(request, status=403)
    return csrf_failure(request, reason)
