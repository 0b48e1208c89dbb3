"""Looks inside one PDF, in a process of its own with little memory and little time: ``pep.pdf_check`` starts it and reads its verdict.

It imports nothing of the product and is given nothing but the file, so a file made to fill memory or to break the reader ends this alone.
"""

import io
import resource
import sys
from typing import Any

MEMORY = 512 * 1024 * 1024
CPU_SECONDS = 6
# Names that make a PDF do things when it is opened or carry other files, as keys of any dictionary.
ACTIVE = frozenset({"/JavaScript", "/JS", "/Launch", "/EmbeddedFiles", "/EF", "/AA", "/RichMedia", "/XFA"})
# What an action does when it is no harmless jump within the document.
ACTIONS = frozenset({"/JavaScript", "/Launch", "/SubmitForm", "/ImportData", "/GoToE", "/GoToR", "/Rendition", "/Movie", "/Sound"})
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
        if isinstance(found, pikepdf.Dictionary):
            if not ACTIVE.isdisjoint(found.keys()):
                return True
            # An OpenAction that only says where to begin reading (an array) is harmless.
            if "/OpenAction" in found and not isinstance(found["/OpenAction"], pikepdf.Array):
                return True
            if "/S" in found and isinstance(found["/S"], pikepdf.Name) and str(found["/S"]) in ACTIONS:
                return True
            parts = [value for _, value in found.items()]
        elif isinstance(found, pikepdf.Array):
            parts = list(found)
        else:
            continue
        waiting += [part for part in parts if isinstance(part, pikepdf.Object) and not part.is_indirect]
    return False


if __name__ == "__main__":
    limit()
    sys.stdout.write(verdict(sys.stdin.buffer.read(), int(sys.argv[1])))
