"""The plan's document: a frozen snapshot drawn as a tagged PDF for one audience, with the same data attached.

A pure function of the snapshot: no database, no clock, no network, and the same bytes for the same snapshot and the same fonts. The file
declares both PDF/A-3a (ISO 19005-3, to be kept) and PDF/UA-1 (ISO 14289-1, to be read by everyone). Only this module knows WeasyPrint.
"""

import datetime
import functools
import gc
import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import accumulate, pairwise
from typing import Any
from xml.etree import ElementTree
from zoneinfo import ZoneInfo

import pydyf
from cssselect2 import ElementWrapper
from django.template.loader import render_to_string
from lxml import etree
from weasyprint import CSS, HTML, VERSION, Attachment
from weasyprint.document import Document as Layout
from weasyprint.text.fonts import FontConfiguration
from weasyprint.urls import FatalURLFetchingError, URLFetcher

from pep import tagging
from pep.forms.declaration import Audience
from pep.models.documents import Copy
from pep.snapshot import SCHEMA, readable

ATTACHMENT_NAME = "plan.json"
# A long real plan is 80 kB and holds 1,700 texts, each up to a millisecond's work: these stay well under the worker's time limit.
MAX_BYTES = 1_000_000
MAX_TEXTS = 8_000
# All that a copy may hold. What a later snapshot adds reaches a document only when it is named here.
PARTS = ("schema", "plan", "child", "child_facts", "people", "sections", "events", "sign_off", "grades", "hash")
# What only some snapshots have: a corrected version says what it corrects.
PARTS_OF_SOME = ("corrects",)
# Sections whose answers are lines that the plan itself wrote as "Label: text".
CARD_SECTIONS = ("targets", "last_targets")
# What fits on one line of the page.
LINE_CHARACTERS = 95
# A longer word in a table is broken.
MAX_WORD_LETTERS = 18
LONDON = ZoneInfo("Europe/London")

# Control characters, which no font can draw, and the marks that make text read in another order than it was written.
_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\ufffe\uffff]")
# A word of which two do not fit on a line: it gets places to break. Else the engine lays out all the rest of the text for each line of it.
_ENDLESS_WORD = re.compile(r"(\S{45})(?=\S)")
ZERO_WIDTH_SPACE = "\u200b"
# Nothing may be fetched, not even data: addresses. An attempt is a fault and ends the render.
_FETCH_NOTHING = URLFetcher(allowed_protocols=[], allow_redirects=False, fail_on_errors=True)


class _Page(HTML):
    """HTML that is styled by our sheet alone and parsed by libxml2: the engine's own parser, in Python, takes a thirtieth of a render.

    The engine has no public way in for a parsed page, so this sets what its constructor sets. A test holds the two to the same tree.
    """

    def __init__(self, html: str) -> None:
        tree = etree.HTML(html, etree.HTMLParser(target=_Tree()))
        self.base_url, self.url_fetcher, self.media_type = None, _FETCH_NOTHING, "print"
        self.wrapper_element = ElementWrapper.from_html_root(tree, content_language=None)
        self.etree_element = self.wrapper_element.etree_element

    def _ua_stylesheets(self, forms: bool = False) -> list[CSS]:
        """None. Should the engine ask in another way one day, its own sheet is back: slower, no more."""
        return []


class _Tree(ElementTree.TreeBuilder):
    """Builds the standard library's elements, which the engine walks faster than lxml's."""

    def start(self, tag: str, attrs: Mapping[str, str], /) -> ElementTree.Element:
        return super().start(tag, dict(attrs))


class CannotRender(Exception):
    """The snapshot cannot be drawn: too large, too deep or not of the known shape. The message says why and quotes no text of the plan."""


def render(snapshot: dict[str, Any], audience: str) -> bytes:
    """The document of a complete plan, as PDF.

    ``snapshot`` is what ``pep.snapshot.build`` froze; ``audience`` is "council" or "school". What the audience may not read is left out
    of the pages and of the attached data here, whatever was left out before. Raises CannotRender; ValueError for an unknown audience.
    """
    reader = Audience(audience)
    try:
        copy = readable_parts(snapshot, reader)
        if len(_json(copy).encode()) > MAX_BYTES:
            raise CannotRender(f"The plan is larger than {MAX_BYTES:,} bytes.")
        if sum(1 for _ in _texts(copy)) > MAX_TEXTS:
            raise CannotRender(f"The plan has more than {MAX_TEXTS:,} separate texts.")
        html, plan_data = page(copy, reader), attachment(copy)
    except RecursionError as error:
        raise CannotRender("The plan is nested too deeply.") from error
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise CannotRender(f"The snapshot is not of the known shape ({type(error).__name__}).") from error
    return write(html, plan_data)


def readable_parts(snapshot: dict[str, Any], audience: str) -> dict[str, Any]:
    """What ``audience`` may read of a snapshot: the known parts, each cut down to what is marked for it. This is the attached data."""
    if snapshot["schema"] != SCHEMA:
        raise CannotRender("The snapshot is of a schema that this version does not know.")
    parts = (*PARTS, *(part for part in PARTS_OF_SOME if part in snapshot))
    return readable({part: snapshot[part] for part in parts}, Audience(audience))


def page(copy: dict[str, Any], audience: str) -> str:
    """The document as HTML without its style sheet. ``copy`` comes from ``readable_parts``; every text in it is escaped."""
    shown = _printable(copy)
    completed = _completed_at(copy)
    return render_to_string("pdf/plan.html", {
        "copy_name": Copy(audience).label,
        "attachment_name": ATTACHMENT_NAME,
        "plan": shown["plan"],
        "corrects": _corrects(shown.get("corrects")),
        "child": shown["child"],
        "child_facts": shown["child_facts"],
        "people": shown["people"],
        "sections": [_section(section) for section in shown["sections"]],
        "sign_off": _sign_off(shown["sign_off"]),
        "grades": _grades(shown["grades"]),
        "events": [{"when": _moment(event["at"]), "sentence": event["sentence"]} for event in shown["events"]],
        "completed_on": _day(completed),
        "made_at": completed.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "hash": shown["hash"],
    })  # fmt: skip


def attachment(copy: dict[str, Any]) -> Attachment:
    """What ``readable_parts`` gave, as the file that goes with the document."""
    return Attachment(
        string=_json(copy), name=ATTACHMENT_NAME, description="The plan as data", relationship="Source",
        created=_completed_at(copy), modified=_completed_at(copy), url_fetcher=_FETCH_NOTHING,
    )  # fmt: skip


def write(html: str, plan_data: Attachment) -> bytes:
    """HTML as a PDF that is tagged, archivable and carries one attached file. Fetches nothing. Raises CannotRender."""
    try:
        with _no_garbage_collection():
            return _Page(html).write_pdf(
                stylesheets=[_style_sheet()], font_config=_fonts(), pdf_variant="pdf/a-3a", attachments=[plan_data], finisher=_finish,
            )  # fmt: skip
    except RecursionError as error:
        raise CannotRender("The plan is nested too deeply.") from error
    except FatalURLFetchingError as error:
        raise CannotRender("The plan asks for something outside itself.") from error


def warm_up() -> None:
    """Pay once, at the start of a worker process, for what the first render would pay: imports, style sheet, templates and fonts."""
    blank: dict[str, Any] = {part: [] for part in PARTS}
    blank |= {"schema": SCHEMA, "plan": {"title": "Warm-up", "completed_at": "2000-01-01T00:00:00+00:00"}, "child": {}, "grades": None}
    render(blank, Copy.COUNCIL)
    gc.collect()
    # What lives as long as the process need not be looked at again in every collection.
    gc.freeze()


def _section(section: dict[str, Any]) -> dict[str, Any]:
    """A section as the template draws it."""
    cards = section["key"] in CARD_SECTIONS
    return {
        "title": section["title"],
        "owner": section["owner"],
        "note": section["note"],
        "council_only": section["audience"] != Audience.SCHOOL,
        "cards": cards,
        "blocks": [_block(block, cards) for block in section["blocks"]],
    }


def _block(block: dict[str, Any], cards: bool) -> dict[str, Any]:
    """A question and its answer as the template draws them: an answer that fits goes on the question's own line."""
    view: dict[str, Any] = {"label": block["label"], "council_only": block["audience"] != Audience.SCHOOL}
    display = block["display"]
    if display["type"] == "table":
        view["table"] = _table(display["columns"], display["rows"])
    elif display["type"] == "none":
        view["nothing"] = display["text"]
    elif display["type"] in ("text", "list"):
        texts = [text for text in display["paragraphs" if display["type"] == "text" else "items"] if text.strip()]
        together = "; ".join(texts)
        if not texts:
            view["nothing"] = "Not answered"
        elif not cards and len(block["label"]) + len(together) <= LINE_CHARACTERS and (display["type"] == "list" or len(texts) == 1):
            view["short"] = together
        elif display["type"] == "text":
            view["lines"] = [_line(text, cards) for text in texts]
        else:
            view["points"] = texts
    else:
        raise CannotRender("The snapshot has an answer of an unknown kind.")
    return view


def _line(paragraph: str, labelled: bool) -> dict[str, str]:
    """A paragraph, with the label it begins with where lines are labelled."""
    label, colon, text = paragraph.partition(": ")
    return {"label": label, "text": text} if labelled and colon and len(label) <= 40 else {"text": paragraph}


def _table(columns: list[str], rows: list[list[str]]) -> dict[str, Any]:
    """A table with the width of each column in percent: room for its longest word, and of what is left a share by its longest text."""
    stacks = list(zip(columns, *rows, strict=True))
    # A percent of the page holds about one letter; two more are the cell's padding.
    words = [2 + min(MAX_WORD_LETTERS, max(len(word) for text in stack for word in text.split() or [""])) for stack in stacks]
    texts = [max(len(text) for text in stack) ** 0.5 for stack in stacks]
    spare = max(0, 100 - sum(words)) / max(1, sum(texts))
    edges = list(accumulate((word + spare * text for word, text in zip(words, texts, strict=True)), initial=0.0))
    # The style sheet knows even widths.
    even = [2 * round(50 * edge / max(1, edges[-1])) for edge in edges]
    widths = [right - left for left, right in pairwise(even)]
    return {"columns": columns, "rows": rows, "widths": widths if all(widths) else []}


def _corrects(corrects: dict[str, Any] | None) -> dict[str, Any] | None:
    """What a corrected version says of itself, as the template draws it."""
    if not corrects:
        return None
    return {
        "version": corrects["version"],
        "completed_on": _day(_time(corrects["completed_at"])),
        "because": [one["text"] for one in corrects["because"]],
        "sections": ", ".join(one["title"] for one in corrects["sections"]),
    }


def _sign_off(given: list[dict[str, Any]]) -> dict[str, Any] | None:
    if not given:
        return None
    rows = []
    for one in given:
        name = f"{one['name']}, on behalf of {one['on_behalf_of']}" if one["on_behalf_of"] else one["name"]
        # Carried from the version that was signed.
        when = f"Signed version {one['version']} on {_moment(one['at'])}" if "version" in one else _moment(one["at"])
        rows.append([one["role"], name, when, one["comment"]])
    return _table(["For", "Signed by", "When", "Comment"], rows)


def _grades(grades: dict[str, Any] | None) -> dict[str, Any] | None:
    if not grades:
        return None
    rows = [[area["area"], area["grade"], area["comment"]] for area in grades["areas"]]
    return {"overall": grades["overall"], "comment": grades.get("comment", ""), "table": _table(["Area", "Grade", "Comment"], rows)}


def _json(copy: dict[str, Any]) -> str:
    return json.dumps(copy, ensure_ascii=False, indent=1, sort_keys=True)


def _printable(value: Any) -> Any:
    """The same data without characters that cannot be drawn, and with places to break in endless words."""
    if isinstance(value, str):
        return _ENDLESS_WORD.sub(rf"\1{ZERO_WIDTH_SPACE}", _UNPRINTABLE.sub("", value))
    if isinstance(value, dict):
        return {key: _printable(item) for key, item in value.items()}
    return [_printable(item) for item in value] if isinstance(value, list) else value


def _texts(value: Any) -> Iterator[str]:
    """Every text in the data."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _texts(item)


def _time(text: str) -> datetime.datetime:
    try:
        return datetime.datetime.fromisoformat(text).astimezone(datetime.UTC)
    except ValueError as error:
        raise CannotRender("The snapshot has a date that cannot be read.") from error


def _completed_at(copy: dict[str, Any]) -> datetime.datetime:
    """When the plan was completed, in UTC: the only date the file knows, whenever it is made."""
    return _time(copy["plan"]["completed_at"])


def _day(time: datetime.datetime) -> str:
    local = time.astimezone(LONDON)
    return f"{local.day} {local:%B %Y}"


def _moment(text: str) -> str:
    time = _time(text)
    return f"{_day(time)}, {time.astimezone(LONDON):%H:%M}"


@functools.cache
def _style_sheet() -> CSS:
    return CSS(string=render_to_string("pdf/print.css"), url_fetcher=_FETCH_NOTHING)


@functools.cache
def _fonts() -> FontConfiguration:
    """The fonts found so far. Kept from one document to the next, for finding them anew takes a thirtieth of a render."""
    return FontConfiguration()


def _finish(layout: Layout, pdf: pydyf.PDF) -> None:
    known = layout.metadata
    metadata = render_to_string("pdf/metadata.xml", {
        "title": known.title, "author": ", ".join(known.authors), "made_at": known.created, "producer": f"WeasyPrint {VERSION}",
    })  # fmt: skip
    tagging.complete(pdf, metadata.encode())


@contextmanager
def _no_garbage_collection() -> Iterator[None]:
    """Put off garbage collection: a render makes many objects and drops none before its end, and looking for some takes a fifth of it."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
