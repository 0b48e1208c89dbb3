"""What a test wants to know about a PDF, read from its bytes."""

import io
import json
from collections.abc import Iterator
from typing import Any

import pikepdf
import pypdf


def page_texts(content: bytes) -> list[str]:
    """The text of each page, as one line."""
    return [" ".join(page.extract_text().split()) for page in pypdf.PdfReader(io.BytesIO(content)).pages]


def text_of(content: bytes) -> str:
    """The text of the whole file, as one line."""
    return " ".join(page_texts(content))


def attached(content: bytes) -> dict[str, bytes]:
    """The attached files by name."""
    with pikepdf.open(io.BytesIO(content)) as pdf:
        return {name: pdf.attachments[name].get_file().read_bytes() for name in pdf.attachments}


def attached_data(content: bytes) -> Any:
    """What the one attached file says. Fails when there are more or others."""
    files = attached(content)
    assert list(files) == ["plan.json"]
    return json.loads(files["plan.json"])


def elements(pdf: pikepdf.Pdf) -> Iterator[tuple[str, Any]]:
    """The structure elements in reading order: tag and element."""
    waiting = [pdf.Root.StructTreeRoot.K]
    while waiting:
        item = waiting.pop()
        if isinstance(item, pikepdf.Array):
            waiting += reversed(list(item))
        elif isinstance(item, pikepdf.Dictionary):
            yield str(item.S).removeprefix("/"), item
            waiting.append(item.get("/K", pikepdf.Array()))


def marks_read(pdf: pikepdf.Pdf) -> set[tuple[tuple[int, int], int]]:
    """The marked content that the reading order reaches: page and number."""
    return {
        (element.Pg.objgen, int(kid))
        for _, element in elements(pdf)
        for kid in element.get("/K", [])
        if not isinstance(kid, pikepdf.Object)
    }


def marks_drawn(pdf: pikepdf.Pdf) -> tuple[set[tuple[tuple[int, int], int]], int]:
    """The marked content on the pages, and how many times something is painted outside of any mark."""
    marks, unmarked = set(), 0
    for page in pdf.pages:
        open_marks = 0
        for instruction in pikepdf.parse_content_stream(page):
            operator = str(instruction.operator)
            if operator in ("BDC", "BMC"):
                open_marks += 1
                if operator == "BDC" and "/MCID" in instruction.operands[1]:
                    marks.add((page.obj.objgen, int(instruction.operands[1]["/MCID"])))
            elif operator == "EMC":
                open_marks -= 1
            elif operator in ("Tj", "TJ", "f", "f*", "S", "B", "Do", "sh") and not open_marks:
                unmarked += 1
        assert open_marks == 0
    return marks, unmarked


def bookmarks(pdf: pikepdf.Pdf) -> list[tuple[int, str]]:
    """The outline: depth from 1, title."""
    found: list[tuple[int, str]] = []

    def walk(items: Any, depth: int) -> None:
        for item in items:
            found.append((depth, item.title))
            walk(item.children, depth + 1)

    with pdf.open_outline() as outline:
        walk(outline.root, 1)
    return found
