"""Looks inside one PDF, in a process of its own with little memory and little time: ``pep.pdf_check`` starts it and reads its verdict.

It imports nothing of the product and is given nothing but the file, so a file made to fill memory or to break the reader ends this alone.
"""

import io
import re
import resource
import sys
from typing import Any

MEMORY = 512 * 1024 * 1024
CPU_SECONDS = 6
# Names that make a PDF do things when it is opened or carry other files, as keys of any dictionary.
ACTIVE = frozenset({"/JavaScript", "/JS", "/Launch", "/EmbeddedFiles", "/EF", "/AA", "/RichMedia", "/RichMediaContent", "/XFA", "/FFilter"})
# The only actions that a plain document has: jumps within it, turning its pages, and links for people to follow.
ACTIONS = frozenset({"/GoTo", "/Named", "/URI"})
PAGE_TURNS = frozenset({"/NextPage", "/PrevPage", "/FirstPage", "/LastPage"})
LINKS = re.compile(rb"(https?://|mailto:|tel:).*", re.IGNORECASE | re.DOTALL)
# What says by itself that a dictionary is an action, wherever it stands.
DOES = frozenset(
    ["/JavaScript", "/Launch", "/SubmitForm", "/ImportData", "/ResetForm", "/Hide", "/GoToR", "/GoToE", "/GoToDp", "/Thread", "/Rendition",
     "/Movie", "/Sound", "/SetOCGState", "/Trans", "/GoTo3DView", "/RichMediaExecute", "/URI", "/Named"]
)  # fmt: skip
# Annotations that play, show or carry something else than words on the page.
PLAYERS = frozenset({"/Movie", "/Sound", "/Screen", "/RichMedia", "/3D", "/FileAttachment"})
PLAIN, LOCKED, DAMAGED, DOES_THINGS = "plain", "locked", "damaged", "active"


def limit() -> None:
    """Take from this process what reading a PDF does not need."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def verdict(content: bytes, most_pages: int) -> str:
    """What kind of file it is; for one that may be too long, the number of pages."""
    import pikepdf  # noqa: PLC0415 - after the limits hold

    try:
        with pikepdf.open(io.BytesIO(content)) as pdf:
            if len(pdf.pages) > most_pages:
                return str(len(pdf.pages))
            return DOES_THINGS if any(_active(item, pikepdf) for item in (pdf.trailer, *pdf.objects)) else PLAIN
    except pikepdf.PasswordError:
        return LOCKED
    except (pikepdf.PdfError, ValueError, RuntimeError, MemoryError):
        return DAMAGED


def _active(item: Any, pikepdf: Any) -> bool:
    """Whether an object, or one that stands directly in it, does things. Objects referred to are looked at in their own turn."""
    waiting = [item]
    while waiting:
        found = waiting.pop()
        if isinstance(found, pikepdf.Stream):
            found = found.stream_dict
            if "/F" in found:  # the stream's bytes are in another file
                return True
        if isinstance(found, pikepdf.Dictionary):
            if not ACTIVE.isdisjoint(found.keys()):
                return True
            # An OpenAction that only says where to begin reading (an array) is harmless.
            if "/OpenAction" in found and not isinstance(found["/OpenAction"], pikepdf.Array):
                return True
            # What is in another file, or at an address on the network.
            if _name(found, "/Type", pikepdf) == "/Filespec" or _name(found, "/FS", pikepdf) == "/URL":
                return True
            if _name(found, "/Subtype", pikepdf) in PLAYERS or _acts(found, pikepdf):
                return True
            parts = [value for _, value in found.items()]
        elif isinstance(found, pikepdf.Array):
            parts = list(found)
        else:
            continue
        waiting += [part for part in parts if isinstance(part, pikepdf.Object) and not part.is_indirect]
    return False


def _acts(found: Any, pikepdf: Any) -> bool:
    """Whether a dictionary is an action, or what an action stands in, that is not on the list of harmless ones.

    A dictionary is an action by where it stands (``/A``, ``/Next``, ``/PA``) or by what it says it is; other dictionaries have an ``/S``
    of their own (a page's group, an element of the structure).
    """
    for key in ("/A", "/PA", "/Next"):
        for one in _each(found[key], pikepdf) if key in found else ():
            if isinstance(one, pikepdf.Dictionary) and "/S" in one and _harmful(one, pikepdf):
                return True
    kind = _name(found, "/S", pikepdf)
    return (_name(found, "/Type", pikepdf) == "/Action" or kind in DOES or "/URI" in found) and kind != "" and _harmful(found, pikepdf)


def _each(value: Any, pikepdf: Any) -> list[Any]:
    return list(value) if isinstance(value, pikepdf.Array) else [value]


def _harmful(action: Any, pikepdf: Any) -> bool:
    kind = _name(action, "/S", pikepdf)
    if kind == "/URI":
        link = action.get("/URI")
        return not isinstance(link, pikepdf.String) or LINKS.fullmatch(bytes(link)) is None
    if kind == "/Named":
        return _name(action, "/N", pikepdf) not in PAGE_TURNS
    return kind not in ACTIONS


def _name(found: Any, key: str, pikepdf: Any) -> str:
    value = found.get(key)
    return str(value) if isinstance(value, pikepdf.Name) else ""


if __name__ == "__main__":
    limit()
    sys.stdout.write(verdict(sys.stdin.buffer.read(), int(sys.argv[1])))
