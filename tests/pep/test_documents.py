"""The document of a complete plan: that it can be read aloud and kept, what it says, and that it is the same wherever it is made."""

import copy
import hashlib
import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pikepdf
import pytest
import weasyprint
from django.utils import timezone, translation

from pep import documents
from tests.pep import pdf_reading

ROOT = Path(__file__).parents[2]
NOTO = Path("/usr/share/fonts/truetype/noto")
AUDIENCES = ["council", "school"]


def answer(plan: dict[str, Any], display: dict[str, Any]) -> None:
    """Let the first question be answered so."""
    plan["sections"][0]["blocks"][0]["display"] = display


@pytest.mark.parametrize("audience", AUDIENCES)
def test_the_file_declares_both_standards_and_has_what_they_ask_for(copies: dict[str, bytes], audience: str) -> None:
    with pikepdf.open(io.BytesIO(copies[audience])) as pdf:
        assert pdf.check_pdf_syntax() == []
        assert str(pdf.Root.Lang) == "en-GB"
        assert pdf.Root.MarkInfo.Marked
        assert pdf.Root.ViewerPreferences.DisplayDocTitle
        assert [str(intent.S) for intent in pdf.Root.OutputIntents] == ["/GTS_PDFA1"]
        assert "/ID" in pdf.trailer
        title = f"Personal Education Plan, FC-20417, Autumn 2026, {audience.capitalize()} copy"
        assert str(pdf.docinfo.Title) == title
        assert str(pdf.docinfo.CreationDate) == str(pdf.docinfo.ModDate) == "D:20261103152041Z"
        with pdf.open_metadata() as metadata:
            assert metadata.pdfa_status == "3A"
            assert metadata["{http://www.aiim.org/pdfua/ns/id/}part"] == "1"
            assert metadata["dc:title"] == title
            assert metadata["xmp:CreateDate"] == "2026-11-03T15:20:41Z"
        # PDF/A lets a file use the PDF/UA identifier only together with its description.
        assert b"<pdfaSchema:prefix>pdfuaid</pdfaSchema:prefix>" in pdf.Root.Metadata.read_bytes()


@pytest.mark.parametrize("audience", AUDIENCES)
def test_all_that_is_drawn_is_either_read_out_or_marked_as_furniture(copies: dict[str, bytes], audience: str) -> None:
    with pikepdf.open(io.BytesIO(copies[audience])) as pdf:
        marks, unmarked = pdf_reading.marks_drawn(pdf)
        assert unmarked == 0
        assert marks == pdf_reading.marks_read(pdf)
        assert len(marks) > 300
        furniture = pdf.pages[0].Contents.read_bytes().count(b"/Pagination")
        assert furniture == 2, "one running head and one running foot on the page"


def test_no_wrapper_stands_between_an_element_and_its_text(copies: dict[str, bytes]) -> None:
    with pikepdf.open(io.BytesIO(copies["council"])) as pdf:
        elements = list(pdf_reading.elements(pdf))
        assert not any(tag in ("Span", "NonStruct") for tag, _ in elements)
        mapping = pdf.Root.StructTreeRoot.ParentTree.Nums
        parents = dict(zip([int(key) for key in mapping[::2]], mapping[1::2], strict=True))
        for tag, element in elements:
            for kid in element.get("/K", []):
                if not isinstance(kid, pikepdf.Object):
                    assert tag in ("P", "H1", "H2", "H3", "TH", "TD", "LBody")
                    assert parents[int(element.Pg.StructParents)][int(kid)].objgen == element.objgen, "found from its text, too"


def test_the_page_is_read_as_the_engines_own_parser_reads_it(snapshot: dict[str, Any]) -> None:
    nasty = """"><script>x</script><h1>Big</h1>&amp;lt; \U0001f600 ሰላም سامية\u00a0|\u200b"""
    snapshot["child"]["known_as"] = snapshot["sections"][0]["title"] = nasty
    html = documents.page(documents.readable_parts(snapshot, "council"), "council")

    def tree(page: weasyprint.HTML) -> str:
        # The two differ in white space after the body, which is not drawn.
        return ElementTree.tostring(page.etree_element, encoding="unicode").replace("\n", "")

    assert tree(documents._Page(html)) == tree(weasyprint.HTML(string=html))


def test_headings_go_down_step_by_step_and_make_the_bookmarks(copies: dict[str, bytes], snapshot: dict[str, Any]) -> None:
    """E9."""
    with pikepdf.open(io.BytesIO(copies["council"])) as pdf:
        levels = [int(tag[1]) for tag, _ in pdf_reading.elements(pdf) if tag in ("H1", "H2", "H3")]
        assert levels.count(1) == 1
        assert levels[0] == 1
        assert all(after <= before + 1 for before, after in zip(levels, levels[1:], strict=False))
        found = pdf_reading.bookmarks(pdf)
    assert found[0] == (1, "Personal Education Plan")
    sections = [title for depth, title in found if depth == 2]
    titles = [section["title"] for section in snapshot["sections"]]
    assert sections == [
        "People",
        *titles,
        "Sign-off",
        "Quality check by the virtual school",
        "How this plan came about",
        "About this document",
    ]
    assert len(levels) == len(found)


def test_each_header_cell_says_what_it_heads(copies: dict[str, bytes]) -> None:
    with pikepdf.open(io.BytesIO(copies["council"])) as pdf:
        tables = [element for tag, element in pdf_reading.elements(pdf) if tag == "Table"]
        headers = [element for tag, element in pdf_reading.elements(pdf) if tag == "TH"]
        cells = [element for tag, element in pdf_reading.elements(pdf) if tag == "TD"]
        for header in headers:
            of_the_head = str(header.P.P.S) == "/THead"
            assert str(header.A.Scope) == ("/Column" if of_the_head else "/Row")
        heads = [header for header in headers if str(header.A.Scope) == "/Column"]
        assert len(tables) >= 8
        assert len(heads) >= 2 * len(tables)
        assert len(cells) > len(headers) / 2
        assert not any("/Headers" in cell.A for cell in cells), "no links to identifiers that may be there twice"


@pytest.mark.parametrize("audience", AUDIENCES)
def test_every_page_says_whose_it_is_which_copy_and_how_many_there_are(copies: dict[str, bytes], audience: str) -> None:
    pages = pdf_reading.page_texts(copies[audience])
    assert len(pages) > 4
    for number, text in enumerate(pages, start=1):
        foot = f"Personal Education Plan · FC-20417 · Autumn 2026 · {audience.capitalize()} copy · Page {number} of {len(pages)}"
        assert foot in text
        assert "Official-Sensitive" in text


def test_each_kind_of_answer_is_drawn(copies: dict[str, bytes]) -> None:
    text = pdf_reading.text_of(copies["council"])
    assert "Main need Speech, language and communication" in text, "text"
    assert "– SEN" not in text
    assert "What helps in class – A seat near the door – Instructions in writing as well as aloud" in text, "list"
    assert "Subject Start Now Target Predicted On track? English language 3 4 5 5 Yes" in text, "table"
    assert "Note for the virtual school Council only Not answered" in text, "no answer"
    assert "Target 1: Write a complete literature answer in 40 minutes Area Attainment (this term) Need Long answers" in text, "target"


def test_who_signed_for_whom_and_when_is_said_in_london_time(copies: dict[str, bytes]) -> None:
    text = pdf_reading.text_of(copies["school"])
    assert "Social worker Fatima Rahman, on behalf of Joseph Okafor, social worker 26 October 2026, 16:05" in text
    # Summer time ended on 25 October.
    assert "Designated teacher Anna Bell 21 October 2026, 11:30" in text


def test_a_section_says_on_whose_behalf_it_was_written(copies: dict[str, bytes]) -> None:
    assert "on behalf of Selam and Dawn Whitlock (told at a meeting)" in pdf_reading.text_of(copies["school"])


@pytest.mark.parametrize(
    ("script", "name"), [("Ethiopic", "ሰላም ኃይሌ"), ("Arabic", "سامية"), ("Cyrillic", "Мария Коваленко"), ("Devanagari", "सलमा")]
)
def test_names_are_drawn_in_their_own_script(short: dict[str, Any], script: str, name: str) -> None:
    if script != "Cyrillic" and not list(NOTO.glob(f"*{script}*")):
        pytest.skip(f"no font for {script} is installed")
    answer(short, {"type": "text", "paragraphs": [name]})
    content = documents.render(short, "school")
    with pikepdf.open(io.BytesIO(content)) as pdf:
        fonts = [font for font in pdf.objects if isinstance(font, pikepdf.Dictionary) and font.get("/Type") == "/FontDescriptor"]
        assert fonts
        assert all("/FontFile2" in font or "/FontFile3" in font for font in fonts), "every font is inside the file"
        # A character without a glyph is drawn with number 0, an empty box.
        drawn = pdf.pages[0].Contents.read_bytes()
        assert b"<0000>" not in drawn
    if script in ("Ethiopic", "Cyrillic"):
        assert name in pdf_reading.text_of(content)


def test_text_is_never_markup(short: dict[str, Any]) -> None:
    nasty = """"><script>x</script><h1>Big</h1>{{ 7|add:7 }}{% now "Y" %}&lt;b&gt;"""
    answer(short, {"type": "list", "items": [nasty]})
    short["child"]["known_as"] = short["plan"]["term"] = nasty
    short["sections"][0]["title"] = nasty
    content = documents.render(short, "council")
    text = pdf_reading.text_of(content)
    assert text.replace(" ", "").count(nasty.replace(" ", "")) >= 3
    with pikepdf.open(io.BytesIO(content)) as pdf:
        assert [tag for tag, _ in pdf_reading.elements(pdf)].count("H1") == 1
        assert nasty in str(pdf.docinfo.Title)


def test_characters_that_deceive_or_cannot_be_drawn_stay_out_of_the_pages_but_not_out_of_the_data(short: dict[str, Any]) -> None:
    answer(short, {"type": "text", "paragraphs": ["No\x07 contact\u202e with \u202duncle"]})
    content = documents.render(short, "council")
    assert "No contact with uncle" in pdf_reading.text_of(content)
    kept = pdf_reading.attached_data(content)["sections"][0]["blocks"][0]["display"]["paragraphs"]
    assert kept == ["No\x07 contact\u202e with \u202duncle"]


def test_the_same_snapshot_makes_the_same_bytes_anywhere(copies: dict[str, bytes], snapshot: dict[str, Any]) -> None:
    before = copy.deepcopy(snapshot)
    with translation.override("cy"), timezone.override("Asia/Tokyo"):
        assert documents.render(snapshot, "school") == copies["school"]
    assert snapshot == before
    # Another process, with another order of sets, and the snapshot's keys in another order.
    snapshot = dict(reversed(snapshot.items()))
    program = "from tests import environment; import json, sys, hashlib; from pep import documents; "
    program += "print(hashlib.sha256(documents.render(json.load(sys.stdin), 'school')).hexdigest())"
    done = subprocess.run(
        [sys.executable, "-c", program],
        input=json.dumps(snapshot), env={**os.environ, "PYTHONHASHSEED": "7"}, cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.split()[-1] == hashlib.sha256(copies["school"]).hexdigest()
