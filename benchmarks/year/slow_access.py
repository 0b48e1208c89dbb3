"""Who holds which part of a plan on a day, and who may see a child, by the books."""

import datetime
from collections.abc import Iterable
from typing import Any

from benchmarks.year.books import Books, holds
from benchmarks.year.slow_calendar import between_terms
from benchmarks.year.slow_dates import school_of, terms_of


def signs_in(books: Books, user_id: Any) -> bool:
    """Whether this account works on the day."""
    user = books.users[user_id]
    return bool(user.is_active and (user.expires_on is None or user.expires_on > books.on))


def has_account(books: Books, user_id: Any) -> bool:
    """Whether somebody can be asked to do anything here: the account works on the day, and a password was set."""
    return signs_in(books, user_id) and books.users[user_id].password[:1] not in ("", "!")


def people(books: Books, role: str, **place: Any) -> set[Any]:
    """Who holds a role at a place on the day and can sign in."""
    return {
        row.user_id for row in books.members
        if row.role == role and holds(row, books.on) and signs_in(books, row.user_id)
        and all(getattr(row, name) == value for name, value in place.items())
    }  # fmt: skip


def working(books: Books, role: str, **place: Any) -> set[Any]:
    """Of these the people who have an account."""
    return {one for one in people(books, role, **place) if has_account(books, one)}


def staff(books: Books) -> set[Any]:
    """The officers of the virtual school, the head where there are none."""
    return working(books, "officer") or working(books, "head")


def holding(books: Books, child_id: Any, owner: str) -> set[Any]:
    """Who holds an owner's part for a child."""
    found: set[Any] = set()
    if owner == "school" and (school := school_of(books, child_id)):
        found = working(books, "designated_teacher", school_id=school)
    if owner == "social_worker":
        for row in books.allocations.get(child_id, []):
            if row.role == "social_worker" and holds(row, books.on):
                known = row.worker_id is not None and has_account(books, row.worker_id)
                found = {row.worker_id} if known else working(books, "team_manager", team_id=row.team_id)
    return found or staff(books)


def whose_turn(books: Books, child_id: Any, owners: Iterable[str], due_on: datetime.date) -> set[str]:
    """Whose turn it is on the day: in the holidays, of a date that falls in the holidays, the virtual school has the school's part."""
    terms = terms_of(books, child_id)
    away = between_terms(books.on, terms) and between_terms(due_on, terms)
    return {"virtual_school" if away and owner == "school" else owner for owner in owners}


def may_see(books: Books, child_id: Any) -> set[Any]:
    """Everybody with any relation to a child on the day; a school also when the child is to come there, or has just left."""
    found = people(books, "officer") | people(books, "head") | people(books, "business_support")
    for row in books.allocations.get(child_id, []):
        if holds(row, books.on):
            found |= {row.worker_id} if row.worker_id and signs_in(books, row.worker_id) else set()
            found |= people(books, "team_manager", team_id=row.team_id) if row.team_id else set()
    for row in books.enrolments.get(child_id, []):
        if row.ends is None or row.ends > books.on or (row.readable_until or row.ends) > books.on:
            found |= people(books, "designated_teacher", school_id=row.school_id)
    return found
