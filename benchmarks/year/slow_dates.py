"""The dates of one child and of one plan, worked out anew from the books by turning the pages of the slow calendar."""

import datetime
import functools
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

from benchmarks.year.books import Books, holds, london
from benchmarks.year.slow_calendar import (
    DAY,
    between_terms,
    birthday,
    last_working_day,
    months_after,
    working_days_after,
    year_13_ends,
    year_group,
)

PLANS_FROM = 3  # years: the customary age, which no policy of the year changes
POST16 = (("10-25", "02-15"), ("02-20", "06-30"))  # the customary windows, first and last day


def came_into_care(books: Books, child: Any) -> datetime.date | None:
    """Since when the child has been in care as far as plans go; None: no plan is needed."""
    found, grown = None, books.on >= birthday(child.born, 18)
    if books.on < birthday(child.born, PLANS_FROM) or (grown and not (books.policy.to_year_13 and books.on < year_13_ends(child.born))):
        return None
    for period in books.care.get(child.id, []):
        if period.legal_status in ("V3", "V4"):
            continue
        goes_on = grown and period.ends is not None and birthday(child.born, 18) <= period.ends <= books.on
        if holds(period, books.on) or goes_on:
            found = period.starts
    return found


def last_review(books: Books, child: Any, came: datetime.date) -> datetime.date | None:
    """The last meeting held, submission that was let go on without one, or plan from elsewhere, since coming into care.

    A meeting that was held counts although a change of school closed its plan; of other plans that were closed none does. A correction
    reviews nothing anew: once it is complete, the meeting that it says was held stands for the one of the version before.
    """
    corrected = {plan.corrects_id for plan in books.plans.get(child.id, []) if plan.state == "complete" and plan.corrects_id}
    days = [row.plan_date for row in books.earlier.get(child.id, [])]
    for plan in books.plans.get(child.id, []):
        if plan.id in corrected and plan.meeting == "held" and plan.id not in books.left_behind:
            continue
        if plan.meeting == "held" and (plan.state not in ("cancelled", "closed") or plan.id in books.left_behind):
            days.append(london(plan.met_at))
        elif plan.state in ("cancelled", "closed"):
            continue
        elif plan.exception and not plan.corrects_id and plan.state != "preparing" and plan.id in books.submitted:
            days.append(books.submitted[plan.id])
    days = [day for day in days if came <= day <= books.on]
    return max(days) if days else None


def school_of(books: Books, child_id: Any) -> Any:
    """The main school of the day."""
    return next((row.school_id for row in books.enrolments.get(child_id, []) if holds(row, books.on)), None)


def windows_of_post16(books: Books) -> list[Any]:
    """The post-16 windows of the years around the day."""
    found = []
    for year in (books.on.year - 1, books.on.year, books.on.year + 1):
        for opens, closes in POST16:
            starts, due = datetime.date.fromisoformat(f"{year}-{opens}"), datetime.date.fromisoformat(f"{year}-{closes}")
            due = due if due >= starts else due.replace(year=year + 1)
            found.append(SimpleNamespace(starts=starts, ends=due + DAY, due_on=due))
    return sorted(found, key=lambda window: window.starts)


def windows_of(books: Books, child: Any) -> tuple[list[Any], bool]:
    """The terms that hold for a child, or the post-16 windows (True)."""
    if 12 <= year_group(child.born, books.on) <= 14:
        return windows_of_post16(books), True
    return terms_of(books, child.id), False


def terms_of(books: Books, child_id: Any) -> list[Any]:
    """The terms of a child's school in the years for which it has its own, else those of the authority."""
    own, common = books.terms.get(school_of(books, child_id), []), books.terms.get(None, [])
    years_of_its_own = {term.academic_year for term in own}
    return sorted([*own, *(term for term in common if term.academic_year not in years_of_its_own)], key=lambda term: term.starts)


CUSTOMARY = SimpleNamespace(
    starts=None, first_plan_working_days=20, begin_working_days=10, review_months=6, move_plan_working_days=10, officer_days=3,
    signature_working_days=10, check_working_days=10, complete_working_days=10, invite_days=21, each_term=True, premium_deadline=True,
)  # fmt: skip


def decided(books: Books, count: Callable[[Any], datetime.date], known: datetime.date | None = None) -> datetime.date:
    """A day by the policies one after the other: one that had passed when the next began stays as it was, and what a stricter policy wants
    before its own first day is due some weeks after it, as long as invitations take, but no later than by the one before.

    ``known`` is since when there was something to keep to; None: since before the day itself.
    """
    day = count(CUSTOMARY)
    for policy in books.policies:
        if day < policy.starts and (known is None or known < policy.starts):
            continue
        wanted = count(policy)
        if wanted < policy.starts and wanted < day:
            wanted = min(day, policy.starts + policy.invite_days * DAY)
        day = wanted
    return day


def asked(books: Books, day: datetime.date, wants: Callable[[Any], bool]) -> bool:
    """Whether a day of the calendar is one for plans: as the last policy says that had begun by then. Later ones change no day gone by."""
    answer = wants(CUSTOMARY)
    for policy in books.policies:
        if policy.starts <= day:
            answer = wants(policy)
    return answer


def move_to_keep(books: Books, child: Any, since: datetime.date, reviewed: datetime.date | None) -> datetime.date | None:
    """The first day at the school of today while no review has followed it; else the first day at the next. To no school is no move."""
    days = [move.starts_on for move in books.moves.get(child.id, []) if move.to_school_id and move.starts_on >= since]
    begun = [day for day in days if day <= books.on]
    waiting = [day for day in [*begun[-1:], *(day for day in days if day > books.on)] if reviewed is None or reviewed < day]
    return waiting[0] if waiting else None


def candidates(books: Books, child: Any, plan: Any = None) -> Iterator[tuple[str, datetime.date]]:
    """Every date of a child by its kind, whether or not the child is of age by then.

    With a ``plan``: for that plan, whose term, window or financial year stays the one it was begun for, or missed.
    """
    came = came_into_care(books, child)
    if came is None:
        return
    since = max(came, birthday(child.born, PLANS_FROM))
    reviewed, plans = last_review(books, child, came), books.plans.get(child.id, [])
    begun = [plan for plan in plans if plan.state != "cancelled" and not plan.corrects_id]
    if reviewed is None:
        yield "review", decided(books, lambda policy: working_days_after(since, policy.first_plan_working_days))
        if not begun or london(max(plan.created_at for plan in begun)) < came:
            yield "begin", decided(books, lambda policy: working_days_after(since, policy.begin_working_days))
    else:
        yield "review", decided(books, lambda policy: months_after(reviewed, min(policy.review_months, 6)))
    if moved := move_to_keep(books, child, since, reviewed):
        yield "review", decided(books, lambda policy: working_days_after(moved, policy.move_plan_working_days))
    windows, post16 = windows_of(books, child)
    kept = False
    for term in [term for group in books.terms.values() for term in group if plan is not None and term.id == plan.term_id]:
        in_school = year_group(child.born, term.starts) < 12
        waits = since < term.starts and (reviewed is None or reviewed < term.starts)
        if in_school and (waits or not post16):
            windows, kept, post16 = [term], True, False
    if plan is not None and plan.due_reason == "post16":
        missed = [window for window in windows_of_post16(books) if window.due_on == plan.due_on]
        missed = [window for window in missed if since < window.starts and (reviewed is None or reviewed < window.starts)]
        windows, kept, post16 = (missed, True, True) if missed else (windows, kept, post16)
    for window in windows:
        if (window.ends > books.on or kept) and since < window.starts and (reviewed is None or reviewed < window.starts):
            if post16 or asked(books, window.due_on, lambda policy: policy.each_term):
                yield "term", window.due_on
            break
    missed_year = [plan.due_on.year] if plan is not None and plan.due_reason == "year_end" else []
    for year in missed_year or (books.on.year, books.on.year + 1):
        ends = datetime.date(year, 3, 31)
        if (ends >= books.on or missed_year) and (reviewed is None or reviewed < datetime.date(year, 1, 1)):
            in_time = functools.partial(_in_time, since, reviewed, ends)
            if 0 <= year_group(child.born, ends) <= 11 and asked(books, ends, in_time):
                yield "premium", ends
            break
    held, booked, first = [], None, None
    for row in books.reviews.get(child.id, []):
        if row.state != "cancelled" and row.on >= came:
            first = first or row.on
            if row.state == "held":
                held.append(row.on)
                booked = None
            elif booked is None and row.on >= books.on:
                booked = row.on
    match len(held):
        case 0:
            # Of whom no review was ever written down, nobody knows that one was missed.
            if books.reviews.get(child.id) or (books.reviews and books.on <= working_days_after(came, 20)):
                yield "care_review", working_days_after(came, 20)
        case 1:
            yield "care_review", months_after(held[0], 3)
        case _:
            yield "care_review", months_after(held[-1], 6)
    complete = [
        london(plan.completed_at) for plan in plans
        if plan.state == "complete" and not plan.corrects_id and london(plan.created_at) >= came
    ]  # fmt: skip
    if first and reviewed is None and since == came:
        yield "review", decided(books, lambda policy: max(came, first - policy.officer_days * DAY), came)
    if booked and not (complete and max(complete) >= (held[-1] if held else came)):
        yield "officer", decided(books, lambda policy: max(came, booked - policy.officer_days * DAY), came)
    if sdq := books.dated.get((child.id, "sdq_date")):
        again = months_after(datetime.date.fromisoformat(sdq), 12)
        if birthday(child.born, 4) <= again < birthday(child.born, 17):
            yield "sdq", again
    if ehcp := books.dated.get((child.id, "ehcp_review")):
        yield "ehcp", datetime.date.fromisoformat(ehcp)


def _in_time(since: datetime.date, reviewed: datetime.date | None, ends: datetime.date, policy: Any) -> bool:
    """Whether a policy wants a plan before the financial year ends: not of who has longer than that for the very first one."""
    return bool(policy.premium_deadline) and (reviewed is not None or working_days_after(since, policy.first_plan_working_days) <= ends)


def of_age(books: Books, child: Any) -> datetime.date:
    """The first day on which nothing is due any more."""
    day = birthday(child.born, 18)
    return max(day, year_13_ends(child.born)) if books.policy.to_year_13 else day


def dates_of(books: Books, child: Any, plan: Any = None) -> dict[str, datetime.date]:
    """Of each kind the earliest date that lies before the child is of age."""
    found: dict[str, datetime.date] = {}
    for kind, day in candidates(books, child, plan):
        if day < of_age(books, child):
            found[kind] = min(day, found.get(kind, day))
    return found


def day_to_meet(books: Books, plan: Any) -> datetime.date:
    """The day by which to meet about a plan: its own, or in the holidays the last day of the term before on which offices are open.

    But no day on which there was nothing to meet about yet: before the child came, was old enough, came to its school or was reviewed.
    """
    child = books.children[plan.child_id]
    terms = terms_of(books, child.id)
    if not between_terms(plan.due_on, terms):
        return plan.due_on
    before = max((term for term in terms if term.ends <= plan.due_on), key=lambda term: term.ends)
    day, came = last_working_day(before.starts, before.ends), came_into_care(books, child)
    reviewed = last_review(books, child, came) if came else None
    moved = move_to_keep(books, child, max(came, birthday(child.born, PLANS_FROM)), reviewed) if came else None
    began = [one for one in (came, birthday(child.born, PLANS_FROM), moved, reviewed) if one and one <= plan.due_on]
    return day if all(one <= day for one in began) else plan.due_on


def dates_of_plan(books: Books, plan: Any) -> dict[str, datetime.date]:
    """The dates of an unfinished plan: whose turn it is, and until when; of a child who needs none there are none."""
    if came_into_care(books, books.children[plan.child_id]) is None:
        return {}
    since = london(plan.state_since)
    if plan.state == "awaiting_sign_off":
        return {"signature": decided(books, lambda policy: working_days_after(since, policy.signature_working_days))}
    if plan.state == "awaiting_check":
        return {"check": decided(books, lambda policy: working_days_after(since, policy.check_working_days))}
    if plan.state == "preparing" and plan.meeting == "held":
        met = london(plan.met_at)
        return {"complete": decided(books, lambda policy: working_days_after(met, policy.complete_working_days))}
    if plan.state == "preparing" and plan.meeting in ("not_booked", "not_held") and not plan.exception:
        day = day_to_meet(books, plan)
        return {"invite": decided(books, lambda policy: day - policy.invite_days * DAY, london(plan.created_at))}
    return {}
