"""A short year: an authority lived day by day through the product's own night's work, every promise asked after every day.

The whole year of 600 children is `make year`; what it found stands in docs/year.md.
"""

import datetime

import pytest

from benchmarks.year.days import Year, live
from benchmarks.year.picture import chart, page

pytestmark = pytest.mark.django_db
FIRST = datetime.date(2026, 10, 5)  # the autumn plans open, the clocks go back, and a new policy begins in the middle


@pytest.fixture
def year() -> Year:
    return live(25, 60, 7, first=FIRST)


def test_no_promise_is_broken_in_sixty_days_of_twenty_five_children(year: Year) -> None:
    assert year.days == 60 and sum(week.days for week in year.weeks) == 60
    for what in ("plans opened", "meetings held", "plans: submit", "plans: sign off", "plans: grade", "reminders"):
        assert year.counts[what] > 5, (what, year.counts)
    assert year.counts["dates moved by a new policy"]
    assert year.counts["messages"] == sum(week.messages for week in year.weeks) == sum(month.messages for month in year.months)
    assert "children in care" in chart(year) and "None was broken" in page(year)
