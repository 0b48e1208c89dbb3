"""Whether an uploaded file is a PDF that may be kept: by its content, never by its name."""

import io

import pikepdf

MAX_BYTES = 10 * 1024 * 1024
MAX_PAGES = 200
# Names that make a PDF do things when it is opened or carry other files.
ACTIVE = ("/JavaScript", "/JS", "/Launch", "/EmbeddedFiles", "/OpenAction", "/AA", "/RichMedia", "/XFA")


def problem_with(content: bytes) -> str | None:
    """What is wrong with the file, in words for the person who chose it; None when it may be kept."""
    if not content:
        return "The file is empty"
    if len(content) > MAX_BYTES:
        return "The file is larger than 10 MB"
    if not content.startswith(b"%PDF-"):
        return "The file is not a PDF"
    try:
        with pikepdf.open(io.BytesIO(content)) as pdf:
            if len(pdf.pages) > MAX_PAGES:
                return f"The PDF has more than {MAX_PAGES} pages"
            if any(_active(item) for item in pdf.objects):
                return "The PDF carries scripts or other files inside it. Print it to a new PDF and choose that"
    except pikepdf.PasswordError:
        return "The PDF is locked with a password. Save it without one and choose that"
    except (pikepdf.PdfError, ValueError, RuntimeError):
        return "The PDF is damaged and cannot be opened"
    return None


def _active(item: pikepdf.Object) -> bool:
    if not isinstance(item, pikepdf.Dictionary | pikepdf.Stream):
        return False
    # An OpenAction that only says where to begin reading (an array) is harmless.
    return any(name in item and not isinstance(item[name], pikepdf.Array) for name in ACTIVE)
