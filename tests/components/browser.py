"""Pages drawn by our templates, shown to a browser with our own static files and nothing else; no server and no database."""

import mimetypes
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.staticfiles import finders
from django.template import engines
from django.test import RequestFactory
from playwright.sync_api import Page, Route

from config.middleware import CONTENT_SECURITY_POLICY
from tests.browser import Watched

ORIGIN = "http://gallery.test"
STATIC = str(settings.STATIC_URL)


@dataclass
class Answers:
    """What the server would answer to each POST, in order, the last one for ever; and what was sent to it."""

    queue: list[Callable[[Route], None]]
    sent: list[tuple[str, dict[str, str]]] = field(default_factory=list)

    def take(self, route: Route) -> None:
        """Note what was sent and answer."""
        self.sent.append((route.request.post_data or "", route.request.headers))
        answer = self.queue.pop(0) if len(self.queue) > 1 else self.queue[0]
        answer(route)


def draw_page(source: str, context: dict[str, Any], address: str = "/page") -> str:
    """A page from a template's text, drawn for a request of this address."""
    return engines["django"].from_string(source).render(context, RequestFactory().get(address))


@dataclass
class Site:
    """Shows pages to a browser that is watched. Complaints that a test provokes itself begin with one of ``provoked``."""

    watched: Watched
    provoked: tuple[str, ...] = ()

    def open(self, html: str, *, width: int = 1280, scripts: bool = True, answers: Answers | None = None) -> Page:
        """Show this HTML as if it came from our server under its content security policy."""
        page = self.watched.open(width=width, javascript=scripts)

        def serve(route: Route) -> None:
            path = route.request.url.removeprefix(ORIGIN)
            if route.request.method == "POST" and answers is not None:
                answers.take(route)
            elif path.startswith(STATIC):
                _serve_static(route, path.removeprefix(STATIC))
            else:
                route.fulfill(
                    body=html, content_type="text/html; charset=utf-8", headers={"Content-Security-Policy": CONTENT_SECURITY_POLICY}
                )

        page.route(f"{ORIGIN}/**", serve)
        page.goto("/page")
        return page

    def complaints(self) -> list[str]:
        """What was wrong with the pages and was not provoked."""
        return [complaint for complaint in self.watched.complaints if not complaint.startswith(self.provoked)]


def _serve_static(route: Route, name: str) -> None:
    found = finders.find(name)
    if found:
        route.fulfill(body=Path(str(found)).read_bytes(), content_type=mimetypes.guess_type(name)[0] or "application/octet-stream")
    else:
        route.fulfill(status=404, body="Not built: npm ci && npm run build")
