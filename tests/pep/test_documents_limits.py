"""What is too large, too deep or no snapshot is refused in plain words; what is merely long is drawn."""

from typing import Any

import pytest

from pep import documents
from tests.pep import pdf_reading


def answer(plan: dict[str, Any], display: dict[str, Any]) -> None:
    """Let the first question be answered so."""
    plan["sections"][0]["blocks"][0]["display"] = display


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
