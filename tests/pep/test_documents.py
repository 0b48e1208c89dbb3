"""The document of a complete plan: what it says to whom, that it can be read aloud and kept, and that it asks nothing of anyone."""

import copy
import hashlib
import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pikepdf
import pytest
from django.utils import timezone, translation

from pep import documents
from tests.pep import pdf_reading

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "tests" / "data" / "snapshot_secondary.json"
NOTO = Path("/usr/share/fonts/truetype/noto")
AUDIENCES = ["council", "school"]


@pytest.fixture
def snapshot() -> dict[str, Any]:
    """A whole plan, free to be changed."""
    return json.loads(EXAMPLE.read_text())


@pytest.fixture
def short(snapshot: dict[str, Any]) -> dict[str, Any]:
    """The same plan with its first section and that section's first question alone."""
    snapshot["sections"] = snapshot["sections"][:1]
    snapshot["sections"][0]["blocks"] = snapshot["sections"][0]["blocks"][:1]
    return snapshot


@pytest.fixture(scope="module")
def copies() -> dict[str, bytes]:
    """Both documents of the whole plan."""
    plan = json.loads(EXAMPLE.read_text())
    return {audience: documents.render(plan, audience) for audience in AUDIENCES}


def answer(plan: dict[str, Any], display: dict[str, Any]) -> None:
    """Let the first question be answered so."""
    plan["sections"][0]["blocks"][0]["display"] = display


# It can be read aloud and kept


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


def test_headings_go_down_step_by_step_and_make_the_bookmarks(copies: dict[str, bytes], snapshot: dict[str, Any]) -> None:
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


# It says to each what is for them


@pytest.mark.parametrize("audience", AUDIENCES)
def test_the_data_that_this_audience_may_read_is_attached(copies: dict[str, bytes], snapshot: dict[str, Any], audience: str) -> None:
    assert pdf_reading.attached_data(copies[audience]) == documents.readable_parts(snapshot, audience)
    with pikepdf.open(io.BytesIO(copies[audience])) as pdf:
        assert len(pdf.Root.AF) == 1
        assert pdf.Root.AF[0].AFRelationship == "/Source"
        assert str(pdf.Root.AF[0].EF.F.Subtype) == "/application/json"
        assert str(pdf.Root.AF[0].EF.F.Params.ModDate) == "D:20261103152041Z"


def test_the_councils_data_is_the_whole_snapshot(copies: dict[str, bytes], snapshot: dict[str, Any]) -> None:
    data = pdf_reading.attached_data(copies["council"])
    assert data == snapshot
    sealed = {key: value for key, value in data.items() if key != "hash"}
    canonical = json.dumps(sealed, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    assert hashlib.sha256(canonical.encode()).hexdigest() == data["hash"]
    assert data["hash"] in pdf_reading.text_of(copies["council"])


def with_canaries(plan: dict[str, Any]) -> tuple[set[str], set[str]]:
    """Puts a word of its own into every text that says something. Returns the words for school and council, and for the council alone."""
    for_both: set[str] = set()
    for_council: set[str] = set()

    def sing(holder: Any, key: Any, audience: str) -> None:
        value = holder[key]
        if isinstance(value, str):
            word = f"zq{len(for_both) + len(for_council):03}x"
            holder[key] = f"{value} {word}"
            (for_both if audience == "school" else for_council).add(word)
        elif isinstance(value, dict | list):
            for inner in value if isinstance(value, dict) else range(len(value)):
                if inner not in ("type", "key"):
                    sing(value, inner, audience)

    for fact in plan["child_facts"]:
        sing(fact, "value", fact["audience"])
    for person in plan["people"]:
        sing(person, "name", person["audience"])
        sing(person, "organisation", person["audience"])
    for event in plan["events"]:
        sing(event, "sentence", event["audience"])
    for section in plan["sections"]:
        for key in ("title", "note"):
            sing(section, key, section["audience"])
        for block in section["blocks"]:
            audience = "school" if section["audience"] == block["audience"] == "school" else "council"
            for key in ("label", "display"):
                sing(block, key, audience)
    for given in plan["sign_off"]:
        for key in ("name", "comment"):
            sing(given, key, "school")
    for key in ("overall", "comment", "areas"):
        sing(plan["grades"], key, plan["grades"]["audience"])
    return for_both, for_council


def test_each_word_reaches_those_it_is_for_and_nobody_else(snapshot: dict[str, Any]) -> None:
    # Texts hold their word in the pages and in the data alike; answers are in the data a second time, as values.
    for_both, for_council = with_canaries(snapshot)
    for section in snapshot["sections"]:
        for block in section["blocks"]:
            block["value"] = block["display"]
    assert len(for_both) > 300
    assert len(for_council) > 30
    council, school = (documents.render(snapshot, audience) for audience in AUDIENCES)
    council_text, school_text = pdf_reading.text_of(council), pdf_reading.text_of(school)
    council_data, school_data = (json.dumps(pdf_reading.attached_data(content)) for content in (council, school))
    assert {word for word in for_both | for_council if word not in council_text} == set()
    assert {word for word in for_both | for_council if word not in council_data} == set()
    assert {word for word in for_both if word not in school_text} == set()
    assert {word for word in for_both if word not in school_data} == set()
    assert {word for word in for_council if word in school_text or word in school_data} == set()


def test_what_is_not_marked_for_the_school_is_not_for_the_school(short: dict[str, Any]) -> None:
    short["notes_of_the_council"] = ["unnamedpart"]
    for part in ("child_facts", "people", "events"):
        short[part].append({**short[part][0], "value": "unmarkedfact", "name": "unmarkedname", "sentence": "unmarkedsentence"})
        del short[part][-1]["audience"]
    blocks = short["sections"][0]["blocks"]
    for audience in (None, "carer", "SCHOOL"):
        blocks.append({**blocks[0], "audience": audience, "display": {"type": "text", "paragraphs": [f"marked {audience}"]}})
    del blocks[1]["audience"]
    short["grades"]["audience"] = "council"
    content = documents.render(short, "school")
    everything = pdf_reading.text_of(content) + json.dumps(pdf_reading.attached_data(content))
    for word in (
        "unnamedpart",
        "unmarkedfact",
        "unmarkedname",
        "unmarkedsentence",
        "marked None",
        "marked carer",
        "marked SCHOOL",
        "Quality check",
    ):
        assert word not in everything


def test_the_council_copy_shows_what_the_school_does_not_see(copies: dict[str, bytes]) -> None:
    council, school = (pdf_reading.text_of(copies[audience]) for audience in AUDIENCES)
    assert "Who I may and may not have contact with Council only Supervised time" in council
    assert "Care and placement Social worker’s section · Council only" in council
    assert "Council only" not in school


def test_a_section_with_nothing_for_the_school_says_so(short: dict[str, Any]) -> None:
    short["sections"][0]["blocks"][0]["audience"] = "council"
    assert (
        "About me Social worker’s section · Written by Joseph Okafor, social worker, on 5 October 2026 Nothing to show in this copy."
        in (pdf_reading.text_of(documents.render(short, "school")))
    )


def test_an_unknown_audience_gets_nothing(short: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="carer"):
        documents.render(short, "carer")


# What it says


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


# The same plan makes the same file


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


# It has limits


def test_a_table_of_five_thousand_rows_is_refused_at_once(short: dict[str, Any]) -> None:
    answer(short, {"type": "table", "columns": ["A", "B", "C"], "rows": [["1", "2", "3"]] * 5000})
    with pytest.raises(documents.CannotRender, match="more than 8,000 separate texts"):
        documents.render(short, "council")


def test_too_much_text_is_refused(short: dict[str, Any]) -> None:
    answer(short, {"type": "text", "paragraphs": ["A sentence of some length. " * 50_000]})
    with pytest.raises(documents.CannotRender, match="larger than"):
        documents.render(short, "council")


def test_a_table_that_fills_many_pages_repeats_its_head(short: dict[str, Any]) -> None:
    answer(short, {"type": "table", "columns": ["Week", "Present"], "rows": [[f"Week {number}", "Yes"] for number in range(1, 151)]})
    pages = pdf_reading.page_texts(documents.render(short, "council"))
    tabled = [text for text in pages if "Yes" in text]
    assert len(tabled) >= 3
    assert all("Week Present" in text for text in tabled)
    assert "Week 150 Yes" in tabled[-1]


def test_an_answer_of_blank_lines_is_no_answer(short: dict[str, Any]) -> None:
    answer(short, {"type": "text", "paragraphs": ["", "  "]})
    assert "What is important to know about me Not answered" in pdf_reading.text_of(documents.render(short, "council"))


def test_one_endless_word_is_drawn_whole(short: dict[str, Any]) -> None:
    answer(short, {"type": "text", "paragraphs": ["a" * 30_000]})
    content = documents.render(short, "council")
    assert pdf_reading.text_of(content).count("a") >= 30_000


@pytest.mark.parametrize("element", ["<div>", "<table><tr><td>", "<b>", "<ul><li>", "<section>"])
def test_three_hundred_nested_elements_end_in_a_file_or_a_refusal(short: dict[str, Any], element: str) -> None:
    attachment = documents.attachment(documents.readable_parts(short, "council"))
    try:
        content = documents.write(f'<html lang="en"><title>x</title><body>{element * 300}deep', attachment)
    except documents.CannotRender as refusal:
        assert "nested too deeply" in str(refusal)
    else:
        assert "deep" in pdf_reading.text_of(content)


def test_a_value_nested_without_end_is_refused(short: dict[str, Any]) -> None:
    value: list[Any] = []
    for _ in range(50_000):
        value = [value]
    short["sections"][0]["blocks"][0]["value"] = value
    with pytest.raises(documents.CannotRender, match="nested too deeply"):
        documents.render(short, "council")


@pytest.mark.parametrize(
    ("path", "value", "reason"),
    [
        (("schema",), 2, "schema"),
        (("plan", "completed_at"), "", "date"),
        (("events", 0, "at"), "yesterday", "date"),
        (("sections", 0, "blocks", 0, "display"), {"type": "picture"}, "unknown kind"),
        (("sections", 0, "blocks", 0, "display"), {"type": "text"}, "known shape"),
        (("sections", 0, "blocks", 0, "display"), {"type": "text", "paragraphs": None}, "known shape"),
        (("sections", 0, "blocks", 0, "display"), {"type": "table", "columns": ["A", "B"], "rows": [["secret"]]}, "known shape"),
        (("sections", 0, "blocks", 0, "display"), {"type": "text", "paragraphs": ["\ud800 secret"]}, "known shape"),
        (("sections",), None, "known shape"),
    ],
)
def test_what_is_not_a_snapshot_is_refused_without_quoting_it(
    short: dict[str, Any], path: tuple[Any, ...], value: Any, reason: str
) -> None:
    holder: Any = short
    for step in path[:-1]:
        holder = holder[step]
    holder[path[-1]] = value
    with pytest.raises(documents.CannotRender, match=reason) as refusal:
        documents.render(short, "council")
    assert "secret" not in str(refusal.value)


def test_a_snapshot_without_one_of_its_parts_is_refused(short: dict[str, Any]) -> None:
    del short["people"]
    with pytest.raises(documents.CannotRender, match="known shape"):
        documents.render(short, "school")


def test_warming_up_leaves_nothing_behind_but_warmth(short: dict[str, Any]) -> None:
    before = documents.render(short, "council")
    documents.warm_up()
    assert documents.render(short, "council") == before
