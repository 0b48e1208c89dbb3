"""Whether an uploaded file is a PDF that may be kept: by its content, never by its name."""

import subprocess
import sys
from pathlib import Path

from pep import pdf_inside

MAX_BYTES = 10 * 1024 * 1024
MAX_PAGES = 200
# The processor's time is limited to less (``pdf_inside``); this is for a machine that has much else to do.
SECONDS = 20

WORDS = {
    pdf_inside.LOCKED: "The PDF is locked with a password. Save it without one and choose that",
    pdf_inside.DAMAGED: "The PDF is damaged and cannot be opened",
    pdf_inside.DOES_THINGS: "The PDF carries scripts or other files inside it. Print it to a new PDF and choose that",
}
CANNOT_BE_CHECKED = "The PDF cannot be checked. Print it to a new PDF and choose that"


def problem_with(content: bytes) -> str | None:
    """What is wrong with the file, in words for the person who chose it; None when it may be kept."""
    if not content:
        return "The file is empty"
    if len(content) > MAX_BYTES:
        return "The file is larger than 10 MB"
    if not content.startswith(b"%PDF-"):
        return "The file is not a PDF"
    verdict = _verdict(content)
    if verdict == pdf_inside.PLAIN:
        return None
    if verdict.isdigit():
        return f"The PDF has more than {MAX_PAGES} pages"
    return WORDS.get(verdict, CANNOT_BE_CHECKED)


def _verdict(content: bytes) -> str:
    """What a process with little memory and time finds inside; "" when it did not come to an end."""
    command = [sys.executable, "-I", str(Path(pdf_inside.__file__)), str(MAX_PAGES)]
    try:
        done = subprocess.run(command, input=content, capture_output=True, env={}, cwd="/", timeout=SECONDS, check=True)
    except (subprocess.SubprocessError, OSError):
        return ""
    return done.stdout.decode("ascii", "replace")
