"""Headers that tell browsers to trust nothing but this site and keep no page; nothing too large, no NUL and only UTF-8 from outside."""

import codecs
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.core.exceptions import BadRequest, SuspiciousOperation
from django.core.handlers.wsgi import WSGIHandler, WSGIRequest
from django.http import HttpRequest, HttpResponseBase, QueryDict
from django.http.request import UnreadablePostError
from django.shortcuts import render
from django.urls import Resolver404, resolve
from django.views.defaults import bad_request

MEGABYTE = 1024 * 1024

CONTENT_SECURITY_POLICY = "; ".join(
    [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        # data: for the square code an authenticator app reads, which is drawn on the server and stored nowhere.
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "object-src 'none'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    ]
)
PERMISSIONS_POLICY = "camera=(), geolocation=(), microphone=(), payment=(), usb=()"


def security_headers(get_response: Callable[[HttpRequest], HttpResponseBase]) -> Callable[[HttpRequest], HttpResponseBase]:
    """Add the content security policy, and no-store to every page that does not say otherwise (static files are served before)."""

    def respond(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        response.headers.setdefault("Content-Security-Policy", CONTENT_SECURITY_POLICY)
        response.headers.setdefault("Permissions-Policy", PERMISSIONS_POLICY)
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        response.headers.setdefault("Cache-Control", "no-store")
        return response

    return respond


def limit_bodies(get_response: Callable[[HttpRequest], HttpResponseBase]) -> Callable[[HttpRequest], HttpResponseBase]:
    """Refuse what is too large by what it says of its length, before any of it is read: files would be written to the disk first,
    by whoever sends them. Only who is signed in sends more, to the pages that take files.

    It stands behind sign-in and before everything that reads what was posted. Without a length nothing is read.
    """

    def respond(request: HttpRequest) -> HttpResponseBase:
        digits = str(request.META.get("CONTENT_LENGTH") or "").lstrip("0")
        length = int(digits[:15]) if digits.isascii() and digits.isdigit() else 0
        if length > settings.LARGEST_BODY * MEGABYTE and length > _largest(request) * MEGABYTE:
            return render(request, "413.html", status=413)
        return get_response(request)

    return respond


def _largest(request: HttpRequest) -> int:
    """The megabytes that this person may send to this address."""
    if not request.user.is_authenticated:
        return 0
    try:
        name = resolve(request.path_info).view_name
    except Resolver404:
        return 0
    return settings.LARGER_BODIES.get(name, 0)


class Request(WSGIRequest):
    """A request that can always be made, however it is written.

    Django reads what was asked for while it makes a request whose Content-Type names an encoding: with an encoding that makes no text, a
    name that cannot be read or too many fields it fails there, before any middleware, and the server answers with an error of ours. Here
    it is made without that header and says why, and ``WithoutNul`` refuses it.
    """

    unreadable: Exception | None = None

    def __init__(self, environ: dict[str, Any]) -> None:
        try:
            super().__init__(environ)
        except (LookupError, ValueError, SuspiciousOperation) as error:
            super().__init__({**environ, "CONTENT_TYPE": ""})
            self.unreadable = error


class Handler(WSGIHandler):
    """Django's way in from a web server, with requests that can always be made."""

    request_class = Request


class WithoutNul:
    """Takes the character NUL out of whatever was asked or posted: no text has it, and PostgreSQL keeps none that does.

    What claims to be in another encoding than UTF-8 is refused: no page of ours sends it, and Python knows encodings that make no text,
    or one that cannot be kept.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        unreadable = getattr(request, "unreadable", None)
        if unreadable or (request.encoding is not None and codecs.lookup(request.encoding).name != "utf-8"):
            return bad_request(request, unreadable or BadRequest("Only UTF-8 is understood."))
        if "%00" in request.META.get("QUERY_STRING", "") or "\0" in request.META.get("QUERY_STRING", ""):
            request.GET = _without_nul(request.GET)  # type: ignore[assignment]
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> None:
        """What was posted is read only here, where a view is sure to want it."""
        if request.method != "POST":
            return
        try:
            posted = request.POST
        except UnreadablePostError:
            return
        except (LookupError, UnicodeError) as error:  # a part that names an encoding of its own
            raise BadRequest("Only UTF-8 is understood.") from error
        if any("\0" in text for name, values in posted.lists() for text in (name, *values)):
            request.POST = _without_nul(posted)  # type: ignore[assignment]


def _without_nul(data: QueryDict) -> QueryDict:
    clean = QueryDict(mutable=True, encoding=data.encoding)
    for name, values in data.lists():
        clean.setlist(name.replace("\0", ""), [value.replace("\0", "") for value in values])
    clean._mutable = False
    return clean
