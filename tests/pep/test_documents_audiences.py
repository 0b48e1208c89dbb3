"""A document says to each audience what is for it, in its pages and in the data it carries, and nothing else."""

import hashlib
import io
import json
from typing import Any

import pikepdf
import pytest

from pep import documents
from tests.pep import pdf_reading

AUDIENCES = ["council", "school"]


@pytest.mark.parametrize("audience", AUDIENCES)
def test_the_data_that_this_audience_may_read_is_attached(copies: dict[str, bytes], snapshot: dict[str, Any], audience: str) -> None:
    """E8."""
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


def test_a_section_with_nothing_for_the_school_is_left_out_with_its_title(short: dict[str, Any]) -> None:
    """E8."""
    short["sections"][0]["blocks"][0]["audience"] = "council"
    title = "About me Social worker’s section · Written by Joseph Okafor, social worker, on 5 October 2026"
    assert title not in pdf_reading.text_of(documents.render(short, "school"))
    assert title in pdf_reading.text_of(documents.render(short, "council"))


def test_an_unknown_audience_gets_nothing(short: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="carer"):
        documents.render(short, "carer")
