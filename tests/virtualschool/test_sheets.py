"""Sheets that nobody's spreadsheet runs."""

import csv
import io

from hypothesis import given
from hypothesis import strategies as st

from schools.sheets import as_csv, cell

FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")


def read_back(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text, newline="")))


@given(st.lists(st.lists(st.text(), min_size=2, max_size=4), max_size=5))
def test_no_cell_begins_like_a_formula(rows: list[list[str]]) -> None:
    """E6."""
    lines = read_back(as_csv(["one", "two"], rows))
    assert len(lines) == len(rows) + 1
    for line in lines:
        for text in line:
            assert not text.lstrip(" ").startswith(FORMULA_SIGNS)


@given(st.sampled_from(FORMULA_SIGNS), st.text())
def test_what_looks_like_a_formula_keeps_its_words_behind_an_apostrophe(sign: str, rest: str) -> None:
    """E6."""
    assert cell(sign + rest) == f"'{sign}{rest}"
    assert cell(f"  {sign}{rest}") == f"'  {sign}{rest}"


def test_ordinary_values_stay_as_they_are() -> None:
    assert [cell(value) for value in ("Siân Prytherch", None, 12, "", "a=b")] == ["Siân Prytherch", "", "12", "", "a=b"]
