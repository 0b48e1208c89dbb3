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
from playwright.sync_api import Browser, Page, Route

HERE = Path(__file__).parent
ORIGIN = "http://gallery.test"
STATIC = str(settings.STATIC_URL)
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)


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
    """Opens pages and remembers every complaint of the browser."""

    browser: Browser
    complaints: list[str] = field(default_factory=list)
    pages: list[Page] = field(default_factory=list)

    def open(self, html: str, *, width: int = 1280, scripts: bool = True, answers: Answers | None = None, address: str = "/page") -> Page:
        """Show this HTML as if it came from our server under its content security policy."""
        page = self.browser.new_context(viewport={"width": width, "height": 900}, java_script_enabled=scripts).new_page()
        self.pages.append(page)
        page.on("console", lambda message: self.complaints.append(message.text) if message.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))

        def serve(route: Route) -> None:
            url = route.request.url
            if not url.startswith(ORIGIN + "/"):
                self.complaints.append(f"asked another host: {url}")
                route.abort()
            elif route.request.method == "POST" and answers is not None:
                answers.take(route)
            elif url.startswith(ORIGIN + STATIC):
                self._static(route, url.removeprefix(ORIGIN + STATIC))
            else:
                route.fulfill(body=html, content_type="text/html; charset=utf-8", headers={"Content-Security-Policy": POLICY})

        page.route("**/*", serve)
        page.goto(ORIGIN + address)
        return page

    def _static(self, route: Route, name: str) -> None:
        found = finders.find(name)
        if not found:
            self.complaints.append(f"no static file {name}: run npm ci && npm run build")
            route.fulfill(status=404, body="")
            return
        route.fulfill(body=Path(str(found)).read_bytes(), content_type=mimetypes.guess_type(name)[0] or "application/octet-stream")
