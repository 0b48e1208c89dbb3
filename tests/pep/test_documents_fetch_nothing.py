"""The PDF engine fetches nothing from anywhere: not for what people write, and not even if their text became markup one day."""

import io
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pikepdf
import pytest
import weasyprint

from pep import documents
from tests.pep import pdf_reading

SECRET = "the-secret-of-the-file"
# Eleven ways by which a page can make the engine fetch something, and data: addresses. {site} is the listener, {file} a local file.
PAYLOADS = {
    "link to a file to attach": '<link rel="attachment" href="{file}">',
    "link to a page to attach": '<a rel="attachment" href="{site}/attached">x</a>',
    "picture": '<img src="{site}/picture.png" alt="x">',
    "style import": '<style>@import url("{site}/imported.css");</style>',
    "font": '<style>@font-face {{ font-family: F; src: url("{site}/font.woff") }} p {{ font-family: F }}</style><p>x</p>',
    "redirect to an inside address": '<img src="{site}/redirect" alt="x">',
    "background": '<p style="background: url({site}/background.png)">x</p>',
    "picture inside a drawing": '<svg width="9" height="9"><image href="{site}/drawn.png" width="9" height="9"/></svg>',
    "object": '<object data="{site}/object.svg" type="image/svg+xml">x</object>',
    "frame": '<iframe src="{site}/frame.html"></iframe>',
    "style sheet": '<link rel="stylesheet" href="{site}/sheet.css">',
    "data": '<link rel="attachment" href="data:text/plain,the-secret-of-the-file">',
}


@pytest.fixture(scope="module")
def listener() -> Iterator[tuple[str, list[str]]]:
    """A web server that notes what is asked of it: its address and the paths."""
    asked: list[str] = []

    class Listening(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(302 if self.path == "/redirect" else 200)
            self.send_header("Location", "/inside")
            self.end_headers()
            self.wfile.write(SECRET.encode())

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", 0), Listening)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", asked
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def payloads(listener: tuple[str, list[str]], tmp_path: Path) -> dict[str, str]:
    """The payloads, aimed at the listener and at a file that is there to be read."""
    file = tmp_path / "secret.txt"
    file.write_text(SECRET)
    return {name: payload.format(site=listener[0], file=file.as_uri()) for name, payload in PAYLOADS.items()}


def streams(content: bytes) -> bytes:
    """All that is stored in the file, unpacked."""
    with pikepdf.open(io.BytesIO(content)) as pdf:
        return b"\n".join(item.read_bytes() for item in pdf.objects if isinstance(item, pikepdf.Stream))


def test_what_people_write_stays_text(short: dict[str, Any], payloads: dict[str, str], listener: tuple[str, list[str]]) -> None:
    block = short["sections"][0]["blocks"][0]
    block["display"] = {"type": "text", "paragraphs": list(payloads.values())}
    block["label"] = short["sections"][0]["title"] = short["child"]["known_as"] = " ".join(payloads.values())
    short["people"][0]["name"] = short["grades"]["overall"] = short["events"][0]["sentence"] = " ".join(payloads.values())
    content = documents.render(short, "school")
    assert listener[1] == []
    assert list(pdf_reading.attached(content)) == ["plan.json"]
    assert f'<imgsrc="{listener[0]}/picture.png"' in pdf_reading.text_of(content).replace(" ", "").replace("\u200b", "")
    with pikepdf.open(io.BytesIO(content)) as pdf:
        assert "Figure" not in [tag for tag, _ in pdf_reading.elements(pdf)]


@pytest.mark.parametrize("name", PAYLOADS)
def test_the_engine_fetches_nothing_even_for_markup(
    short: dict[str, Any], payloads: dict[str, str], listener: tuple[str, list[str]], name: str
) -> None:
    """E7."""
    attachment = documents.attachment(documents.readable_parts(short, "school"))
    html = f'<html lang="en-GB"><head><title>x</title></head><body><p>Before</p>{payloads[name]}</body></html>'
    try:
        content = documents.write(html, attachment)
    except documents.CannotRender as refusal:
        assert "outside itself" in str(refusal)
    else:
        assert list(pdf_reading.attached(content)) == ["plan.json"]
        assert SECRET.encode() not in streams(content)
    assert listener[1] == []


def test_the_listener_hears(listener: tuple[str, list[str]]) -> None:
    """Else the tests above would prove nothing."""
    weasyprint.HTML(string=f'<img src="{listener[0]}/heard.png" alt="x">').write_pdf()
    assert listener[1] == ["/heard.png"]
    listener[1].clear()
