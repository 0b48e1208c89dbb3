"""A short year: an authority lived day by day through the product's own night's work, every promise asked after every day.

The whole year of 600 children is `make year`; what it found stands in docs/year.md.
"""

import datetime

import pytest
import time_machine
from django.db import connection, transaction

from benchmarks.year import promises
from benchmarks.year.books import read
from benchmarks.year.days import at, live
from benchmarks.year.picture import chart, page
from benchmarks.year.promises import BrokenPromise
from benchmarks.year.slow_calendar import DAY
from pep.tasks import daily

pytestmark = pytest.mark.django_db
FIRST = datetime.date(2026, 10, 5)  # the autumn plans open, the clocks go back, and a new policy begins in the middle


def test_no_promise_is_broken_in_sixty_days_of_twenty_five_children() -> None:
    year = live(25, 60, 8, first=FIRST)
    assert year.days == 60 and sum(week.days for week in year.weeks) == 60
    for what in ("plans opened", "meetings held", "plans: submit", "plans: sign off", "plans: grade", "reminders"):
        assert year.counts[what] > 5, (what, year.counts)
    assert year.counts["dates moved by a new policy"]
    assert year.counts["messages"] == sum(week.messages for week in year.weeks) == sum(month.messages for month in year.months)
    assert "children in care" in chart(year) and "None was broken" in page(year)


# What breaks a promise, and the words by which it is noticed.
BROKEN = {
    "slow calendar": "UPDATE pep_deadline SET due_on = due_on + 1 WHERE open AND kind = 'care_review'",
    "by the slow calendar": "UPDATE pep_deadline SET open = false WHERE kind IN ('review', 'term', 'premium')",
    "no access": "UPDATE accounts_message m SET created_at = '2026-10-25 12:00+00', recipient_id = (SELECT s.user_id FROM"
    " schools_membership s WHERE s.role = 'designated_teacher' AND NOT EXISTS (SELECT FROM children_enrolment e WHERE"
    " e.school_id = s.school_id AND e.child_id = m.about_child) LIMIT 1)",
    "may not sign in": "WITH told AS (UPDATE accounts_message SET created_at = '2026-10-25 12:00+00' RETURNING recipient_id)"
    " UPDATE accounts_user SET is_active = false WHERE id IN (SELECT recipient_id FROM told)",
    "of what is late are missing": "UPDATE accounts_message SET key = 'lost' || id WHERE key LIKE 'passed:%%'",
    "that are not due": "UPDATE accounts_message SET key = 'passed:' || id, created_at = '2026-10-25 12:00+00' WHERE key LIKE 'digest:%%'",
    "digests in a day": "UPDATE accounts_message SET rule = 'digest', about_child = NULL, created_at = '2026-10-25 12:00+00',"
    " recipient_id = (SELECT recipient_id FROM accounts_message WHERE rule = 'digest' LIMIT 1) WHERE rule = 'plan_opened'",
    "in the quiet hours": "UPDATE accounts_message SET mail = 'sent', sent_at = '2026-10-25 03:00+00' WHERE about_child IS NOT NULL",
    "reminders are missing": "UPDATE accounts_message SET key = 'lost' || id WHERE key LIKE 'reminder:%%'",
}


def test_a_promise_that_is_broken_by_hand_is_noticed() -> None:
    """A run that finds nothing has looked."""
    live(20, 20, 7, first=FIRST)
    day = FIRST + 20 * DAY
    with time_machine.travel(at(day, 5)):
        daily(on=day.isoformat())

    def check() -> None:
        books = read(day)
        promises.check_clock(books)
        promises.check_messages(books, at(day, 0))
        promises.check_rising(books, at(day, 0))
        promises.check_digests(books, at(day, 0))
        promises.check_reminders(books, at(day, 0))

    check()
    for words, statement in BROKEN.items():
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute(statement)
                assert cursor.rowcount
            with pytest.raises(BrokenPromise, match=words):
                check()
            transaction.set_rollback(True)
