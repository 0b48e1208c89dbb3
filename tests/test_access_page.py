"""The page that says who may do what is the policy, not somebody's memory of it."""

from pathlib import Path

from tests.access_page import page


def test_the_access_page_says_what_the_policy_says() -> None:
    """A1."""
    written = (Path(__file__).resolve().parent.parent / "docs" / "access.md").read_text()
    assert written == page(), "write it anew: python -m tests.access_page > docs/access.md"
