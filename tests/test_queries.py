"""No page asks more of the database because there is more of anything: the benchmark's list of pages, with one row and with three."""

import functools

import pytest

from benchmarks import pages


@functools.cache
def queries(rows: int) -> dict[str, int]:
    """Counted once for all pages; the small world is taken back."""
    return pages.queries(rows)


@pytest.mark.parametrize("page", pages.PAGES)
def test_a_page_takes_the_same_queries_with_one_row_and_with_three(db: None, page: str) -> None:
    """H4."""
    assert queries(pages.FEW)[page] == queries(pages.MORE)[page]
