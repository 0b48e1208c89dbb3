"""Asking an address as somebody, undone afterwards: what came back, in words, and what was written."""

import csv
import functools
import io
import re
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import lxml.html
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, transaction
from django.test import Client
from django.utils import timezone

from accounts.models import Message, User
from schools.sheets import DANGEROUS
from tests.pep import pdf_reading
from tests.world import DAY, canary, signed_in

WRITE = re.compile(r'\s*(?:INSERT INTO|UPDATE|DELETE FROM) "(\w+)"')
# That somebody looked is written down; their sign-in and how often they asked are kept.
LINE = re.compile(r"-\d+-|-new\d+$")  # of a name: in which line of several
LOGS = frozenset({"children_accesslog", "django_session", "cache_entry"})
MARK = canary("posted")
BREAKS = {ord(" "): None, 0x200B: None}  # where a document breaks its lines and words


@dataclass
class Answer:
    """What came back, and which tables were written but for the logs."""

    status: int
    content: bytes
    kind: str
    response: Any
    written: set[str] = field(default_factory=set)
    leaks: list[str] = field(default_factory=list)  # what messages that were written say of a child

    def words(self) -> bytes:
        """All that can be read in it: of a document the text of its pages and what is attached."""
        names = f"{self.response.headers.get('Content-Disposition', '')} {self.response.headers.get('Location', '')}".encode()
        return names + (words_of_pdf(self.content) if self.kind == "application/pdf" else self.content)

    def cells(self) -> Iterator[str]:
        """The cells of a sheet."""
        for row in csv.reader(io.StringIO(self.content.decode("utf-8-sig"))):
            yield from row

    def dangerous_cells(self) -> list[str]:
        """Cells that a spreadsheet would run."""
        return [cell for cell in self.cells() if cell.lstrip().startswith(DANGEROUS)]


@functools.cache
def words_of_pdf(content: bytes) -> bytes:
    """The text of a document's pages with its attached files; of a file that only calls itself one, its bytes."""
    if len(content) < 1000:
        return content
    return b" ".join([pdf_reading.text_of(content).translate(BREAKS).encode(), *pdf_reading.attached(content).values()])


@contextmanager
def undone() -> Iterator[set[str]]:
    """What happens inside is undone afterwards; the set holds the tables that were written."""
    written: set[str] = set()

    def watch(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if found := WRITE.match(sql):
            written.add(found[1])
        return execute(sql, params, many, context)

    point = transaction.savepoint()
    try:
        with connection.execute_wrapper(watch):
            yield written
    finally:
        transaction.savepoint_rollback(point)


def ask(client: Client, method: str, url: str, data: Mapping[str, Any] | None = None) -> Answer:
    """One request, undone afterwards."""
    for value in (data or {}).values():
        if isinstance(value, SimpleUploadedFile):
            value.seek(0)
    began = timezone.now()
    with undone() as written:
        response: Any = getattr(client, method)(url, data or {})
        content = b"".join(response.streaming_content) if response.streaming else response.content
        told = Message.objects.filter(created_at__gte=began).select_related("recipient") if "accounts_message" in written else ()
        leaks = leaks_of(told)
    kind = response.headers.get("Content-Type", "").partition(";")[0]
    return Answer(response.status_code, content, kind, response, written - LOGS, leaks)


def leaks_of(messages: Iterable[Message]) -> list[str]:
    """What messages hold of what anybody wrote: nothing but the place that somebody put into calendar entries."""
    found = []
    for message in messages:
        address = (message.recipient.email if message.recipient else message.address) or "nobody"
        text = f"{message.key} {message.facts} {message.calendar}".replace("\r\n ", "").replace(address, "")
        found += [f"{message.rule}: {word}" for word in re.findall(r"CANARY-[\w-]+", text) if "-calendar-" not in word]
    return found


def client_of(user: User) -> Client:
    """A browser in which this person has just signed in, so that what asks for the password again need not."""
    client = signed_in(user)
    session = client.session
    session["account_authentication_methods"] = [{"method": "password", "at": time.time()}]
    session.save()
    return client


def form_on(page: bytes, url: str, fills: Mapping[str, Any]) -> dict[str, Any] | None:
    """The form of a page as a person would send it: what stands in it, a canary in every empty text, and by hand ``fills``.

    None when the page has no form that is sent to its own address.
    """
    path = url.partition("?")[0]
    for form in lxml.html.fromstring(page).forms:
        if form.method == "POST" and (form.action or path).partition("?")[0] == path:
            return {**_filled(form), **{name: value() if callable(value) else value for name, value in fills.items()}}
    return None


def _filled(form: Any) -> dict[str, Any]:
    data: dict[str, Any] = {}
    for name, value in form.form_values():
        data.setdefault(name, []).append(value)
    later = timezone.localdate() + 7 * DAY
    for element in form.xpath(".//input[@name] | .//textarea[@name]"):
        name, kind = element.get("name"), element.get("type", "text" if element.tag == "input" else "textarea")
        if kind in ("radio", "checkbox"):
            alike = [other for other in form.xpath(".//input[@name]") if other.get("name") == name]
            if name not in data and (kind == "radio" or len(alike) > 1):
                data[name] = [alike[0].get("value", "on")]
        elif kind == "file":
            data[name] = [SimpleUploadedFile("plan.pdf", b"%PDF-1.4 not really")]
        elif LINE.search(name):
            continue  # a line for one more stays empty
        elif kind == "textarea":
            data[name] = [MARK]
        elif kind not in ("hidden", "submit", "button") and not data.get(name, [""])[0]:
            part = name.rpartition("-")[2]
            numbers = {"day": later.day, "month": later.month, "year": later.year}
            data[name] = [str(numbers[part]) if part in numbers else "marked@example.test" if kind == "email" else MARK]
    data.pop("csrfmiddlewaretoken", None)
    return {name: values[0] if len(values) == 1 else values for name, values in data.items()}
