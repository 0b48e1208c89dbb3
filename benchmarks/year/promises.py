"""What must hold after every day, asked in the slow and obvious way: rows as plain SQL, dates by turning the pages of the calendar.

Nothing here uses the product's clock, its querysets or its rules; a broken promise names the day and whose it is.
"""

import datetime
import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection

from accounts.privileges import append_only_models
from benchmarks.year.slow_calendar import DAY, birthday, months_after, working_days_after, year_13_ends, year_group

LONDON = ZoneInfo("Europe/London")
PLAN_KINDS = ("review", "term", "premium")
UNFINISHED = ("preparing", "returned", "awaiting_sign_off", "awaiting_check")
POST16 = (("10-25", "02-15"), ("02-20", "06-30"))  # the customary windows, first and last day

CHECKED = (
    "no child who needs a plan without a clock: an open date for the next plan, or an unfinished plan, unless the child is of age before",
    "at most one plan in preparation for each child",
    "every open date is the one that the slow calendar gives: review, term, financial year, first plan, care plan review, officer,"
    " invitations, completion, signature, check",
    "a plan in preparation is due on the earliest of the child's dates",
    "every reminder that is due exists, exactly once, and none that is not due",
    "nobody is reminded of one plan twice in a day, and no message stands twice",
    "every opening, submission, sign-off, completion and closing was told to each person whom it concerns",
    "no message to anybody who had no access to the child that day, or who may not sign in",
    "no e-mail is lost: all that waited has gone out on the next day on which the mail server answered",
    "what was written to history, events and snapshots stays as it was (each week, the last week's rows; at the end, all)",
)


class BrokenPromise(AssertionError):
    """Something that must hold does not."""


def rows(statement: str, *parameters: Any) -> list[Any]:
    """The rows of a statement, with their columns as names."""
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        names = [column[0] for column in cursor.description]
        return [SimpleNamespace(**dict(zip(names, row, strict=True))) for row in cursor.fetchall()]


def london(at: datetime.datetime) -> datetime.date:
    """The day in London."""
    return at.astimezone(LONDON).date()


def holds(row: Any, on: datetime.date) -> bool:
    """Whether a half-open period holds on a day."""
    return bool(row.starts <= on and (row.ends is None or row.ends > on))


def grouped(found: Iterable[Any], by: str) -> dict[Any, list[Any]]:
    """Rows by one of their columns."""
    groups: dict[Any, list[Any]] = defaultdict(list)
    for row in found:
        groups[getattr(row, by)].append(row)
    return groups


@dataclass
class Books:
    """Everything that is known, as it stands on a day."""

    on: datetime.date
    children: dict[Any, Any] = field(default_factory=dict)
    policy: Any = None
    terms: dict[Any, list[Any]] = field(default_factory=dict)
    care: dict[Any, list[Any]] = field(default_factory=dict)
    reviews: dict[Any, list[Any]] = field(default_factory=dict)
    plans: dict[Any, list[Any]] = field(default_factory=dict)
    moves: dict[Any, list[Any]] = field(default_factory=dict)
    enrolments: dict[Any, list[Any]] = field(default_factory=dict)
    allocations: dict[Any, list[Any]] = field(default_factory=dict)
    earlier: dict[Any, list[Any]] = field(default_factory=dict)
    submitted: dict[Any, datetime.date] = field(default_factory=dict)
    users: dict[Any, Any] = field(default_factory=dict)
    members: list[Any] = field(default_factory=list)
    dated: dict[tuple[Any, str], str] = field(default_factory=dict)


def read(on: datetime.date) -> Books:
    """Open the books."""
    books = Books(on)
    books.children = {row.id: row for row in rows("SELECT id, date_of_birth AS born FROM children_child")}
    (books.policy,) = [row for row in rows("SELECT * FROM schools_policy") if holds(row, on)]
    books.policy.reminder_days = json.loads(books.policy.reminder_days)
    books.terms = grouped(rows("SELECT school_id, starts, ends, plans_due_on AS due_on, id FROM schools_term ORDER BY starts"), "school_id")
    books.care = grouped(rows("SELECT child_id, starts, ends, legal_status FROM children_careperiod ORDER BY starts"), "child_id")
    books.reviews = grouped(rows('SELECT child_id, "on", state FROM children_carereview ORDER BY "on"'), "child_id")
    books.plans = grouped(
        rows(
            "SELECT p.id, p.child_id, p.state, p.state_since, p.due_on, p.created_at, p.completed_at, p.reopened, p.term_id, p.due_reason,"
            " p.version, m.state AS meeting, m.starts_at AS met_at, m.exception_because AS exception"
            " FROM pep_plan p JOIN pep_meeting m ON m.plan_id = p.id ORDER BY p.created_at"
        ),
        "child_id",
    )
    for plan in (plan for group in books.plans.values() for plan in group):
        plan.reopened = json.loads(plan.reopened)
    books.moves = grouped(
        rows("SELECT child_id, starts_on, to_school_id FROM pep_move WHERE state = 'confirmed' ORDER BY starts_on"), "child_id"
    )
    books.enrolments = grouped(
        rows("SELECT child_id, school_id, starts, ends, readable_until FROM children_enrolment WHERE kind = 'main'"), "child_id"
    )
    books.allocations = grouped(rows("SELECT child_id, role, worker_id, team_id, starts, ends FROM children_allocation"), "child_id")
    books.earlier = grouped(rows("SELECT child_id, plan_date FROM pep_earlierplan"), "child_id")
    for row in rows("SELECT plan_id, min(at) AS at FROM pep_planevent WHERE action = 'submit' GROUP BY plan_id"):
        books.submitted[row.plan_id] = london(row.at)
    books.users = {row.id: row for row in rows("SELECT id, is_active, expires_on, password FROM accounts_user")}
    books.members = rows("SELECT user_id, role, school_id, team_id, starts, ends FROM schools_membership")
    for key in ("sdq_date", "ehcp_review"):
        found = rows(
            "SELECT p.child_id, max(s.answers ->> %s) AS day FROM pep_section s JOIN pep_plan p ON p.id = s.plan_id"
            " WHERE s.answers ? %s AND p.state NOT IN ('cancelled', 'closed') GROUP BY p.child_id",
            key, key,
        )  # fmt: skip
        books.dated |= {(row.child_id, key): row.day for row in found if row.day}
    return books


# The slow calendar of one child


def came_into_care(books: Books, child: Any) -> datetime.date | None:
    """Since when the child has been in care as far as plans go; None: no plan is needed."""
    found = None
    for period in books.care.get(child.id, []):
        if period.legal_status in ("V3", "V4"):
            continue
        goes_on = (
            books.policy.to_year_13
            and period.ends is not None
            and birthday(child.born, 18) <= period.ends <= books.on < year_13_ends(child.born)
        )
        if holds(period, books.on) or goes_on:
            found = period.starts
    return found


def last_review(books: Books, child: Any, came: datetime.date) -> datetime.date | None:
    """The last meeting held, submission that was let go on without one, or plan from elsewhere, since coming into care."""
    days = [row.plan_date for row in books.earlier.get(child.id, [])]
    for plan in books.plans.get(child.id, []):
        if plan.state in ("cancelled", "closed"):
            continue
        if plan.meeting == "held":
            days.append(london(plan.met_at))
        elif plan.exception and plan.state != "preparing" and plan.id in books.submitted:
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
    return books.terms.get(school_of(books, child.id)) or books.terms[None], False


def candidates(books: Books, child: Any, plan: Any = None) -> Iterator[tuple[str, datetime.date]]:
    """Every date of a child by its kind, whether or not the child is of age by then.

    With a ``plan``: for that plan, whose term, window or financial year stays the one it was begun for, or missed.
    """
    came, policy = came_into_care(books, child), books.policy
    if came is None:
        return
    reviewed, plans = last_review(books, child, came), books.plans.get(child.id, [])
    begun = [plan for plan in plans if plan.state != "cancelled"]
    if reviewed is None:
        yield "review", working_days_after(came, policy.first_plan_working_days)
        if not begun or london(max(plan.created_at for plan in begun)) < came:
            yield "begin", working_days_after(came, policy.begin_working_days)
    else:
        yield "review", months_after(reviewed, min(policy.review_months, 6))
    moves = books.moves.get(child.id, [])
    moved = moves[-1].starts_on if moves and moves[-1].to_school_id else None
    if moved and moved >= came and (reviewed is None or reviewed < moved):
        yield "review", working_days_after(moved, policy.move_plan_working_days)
    windows, post16 = windows_of(books, child)
    kept = False
    if plan is not None and not post16 and plan.term_id:
        windows, kept = [term for group in books.terms.values() for term in group if term.id == plan.term_id], True
    if plan is not None and plan.due_reason == "post16":
        missed = [window for window in windows_of_post16(books) if window.due_on == plan.due_on]
        windows, kept, post16 = (missed, True, True) if missed else (windows, kept, post16)
    for window in windows:
        if (window.ends > books.on or kept) and came < window.starts and (reviewed is None or reviewed < window.starts):
            if post16 or policy.each_term:
                yield "term", window.due_on
            break
    missed_year = [plan.due_on.year] if plan is not None and plan.due_reason == "year_end" else []
    for year in missed_year or (books.on.year, books.on.year + 1):
        ends = datetime.date(year, 3, 31)
        if (ends >= books.on or missed_year) and (reviewed is None or reviewed < datetime.date(year, 1, 1)):
            if 0 <= year_group(child.born, ends) <= 11 and policy.premium_deadline:
                yield "premium", ends
            break
    held, booked = [], None
    for row in books.reviews.get(child.id, []):
        if row.state != "cancelled" and row.on >= came:
            if row.state == "held":
                held.append(row.on)
                booked = None
            elif booked is None and row.on >= books.on:
                booked = row.on
    match len(held):
        case 0:
            yield "care_review", working_days_after(came, 20)
        case 1:
            yield "care_review", months_after(held[0], 3)
        case _:
            yield "care_review", months_after(held[-1], 6)
    complete = [london(plan.completed_at) for plan in plans if plan.state == "complete"]
    if booked and not (complete and max(complete) >= (held[-1] if held else came)):
        yield "officer", booked - policy.officer_days * DAY
    if sdq := books.dated.get((child.id, "sdq_date")):
        yield "sdq", months_after(datetime.date.fromisoformat(sdq), 12)
    if ehcp := books.dated.get((child.id, "ehcp_review")):
        yield "ehcp", datetime.date.fromisoformat(ehcp)


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


def dates_of_plan(books: Books, plan: Any) -> dict[str, datetime.date]:
    """The dates of an unfinished plan: whose turn it is, and until when."""
    policy, since = books.policy, london(plan.state_since)
    if plan.state == "awaiting_sign_off":
        return {"signature": working_days_after(since, policy.signature_working_days)}
    if plan.state == "awaiting_check":
        return {"check": working_days_after(since, policy.check_working_days)}
    if plan.state == "preparing" and plan.meeting == "held":
        return {"complete": working_days_after(london(plan.met_at), policy.complete_working_days)}
    if plan.state == "preparing" and plan.meeting == "not_booked" and not plan.exception:
        return {"invite": plan.due_on - policy.invite_days * DAY}
    return {}


# After the day


def check_clock(books: Books) -> None:
    """No child without a clock, every open date as the slow calendar has it, one plan in preparation."""
    stored: dict[tuple[Any, Any], dict[str, datetime.date]] = defaultdict(dict)
    for row in rows("SELECT child_id, plan_id, kind, due_on FROM pep_deadline WHERE open"):
        if row.kind in stored[row.child_id, row.plan_id]:
            raise BrokenPromise(f"{books.on}: child {row.child_id} has two open dates of the kind {row.kind}")
        stored[row.child_id, row.plan_id][row.kind] = row.due_on
    for child in books.children.values():
        expected, found, plans = dates_of(books, child), stored.pop((child.id, None), {}), books.plans.get(child.id, [])
        if found != expected:
            odd = {kind: (found.get(kind), expected.get(kind)) for kind in {*found, *expected} if found.get(kind) != expected.get(kind)}
            came = came_into_care(books, child)
            known = f"born {child.born}, in care since {came}, reviewed {last_review(books, child, came) if came else None}"
            raise BrokenPromise(f"{books.on}: child {child.id} ({known}) has these dates, and by the slow calendar those: {odd}")
        unfinished = [plan for plan in plans if plan.state in UNFINISHED]
        if came_into_care(books, child) and not unfinished and not set(found) & set(PLAN_KINDS):
            days = [day for kind, day in candidates(books, child) if kind in PLAN_KINDS]
            if not days or min(days) < of_age(books, child):
                raise BrokenPromise(f"{books.on}: child {child.id} is in care and has no clock")
        preparing = [plan for plan in plans if plan.state == "preparing"]
        if len(preparing) > 1:
            raise BrokenPromise(f"{books.on}: child {child.id} has {len(preparing)} plans in preparation")
        for plan in unfinished:
            theirs, wanted = stored.pop((child.id, plan.id), {}), dates_of_plan(books, plan)
            if theirs != wanted:
                raise BrokenPromise(f"{books.on}: plan {plan.id} of child {child.id} has the dates {theirs}, and should have {wanted}")
        for plan in preparing:
            if plan.meeting != "held" and plan.due_reason != "typed":
                days = [day for kind, day in dates_of(books, child, plan).items() if kind in PLAN_KINDS]
                if days and plan.due_on != min(days):
                    raise BrokenPromise(f"{books.on}: plan {plan.id} is due on {plan.due_on}, and the child's dates say {min(days)}")
    left = {key: dates for key, dates in stored.items() if dates}
    if left:
        raise BrokenPromise(f"{books.on}: open dates of plans that have ended: {dict(list(left.items())[:3])}")


# Who holds what, and who may see whom


def signs_in(books: Books, user_id: Any) -> bool:
    """Whether this account works on the day."""
    user = books.users[user_id]
    return bool(user.is_active and (user.expires_on is None or user.expires_on > books.on))


def people(books: Books, role: str, **place: Any) -> set[Any]:
    """Who holds a role at a place on the day and can sign in."""
    return {
        row.user_id for row in books.members
        if row.role == role and holds(row, books.on) and signs_in(books, row.user_id)
        and all(getattr(row, name) == value for name, value in place.items())
    }  # fmt: skip


def staff(books: Books) -> set[Any]:
    """The officers of the virtual school, the head where there are none."""
    return people(books, "officer") or people(books, "head")


def holding(books: Books, child_id: Any, owner: str) -> set[Any]:
    """Who holds an owner's part for a child."""
    found: set[Any] = set()
    if owner == "school" and (school := school_of(books, child_id)):
        found = {one for one in people(books, "designated_teacher", school_id=school) if not books.users[one].password.startswith("!")}
    if owner == "social_worker":
        for row in books.allocations.get(child_id, []):
            if row.role == "social_worker" and holds(row, books.on):
                known = row.worker_id is not None and signs_in(books, row.worker_id)
                found = {row.worker_id} if known else people(books, "team_manager", team_id=row.team_id)
    return found or staff(books)


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


def owners_waited_for(plan: Any, sections: list[Any]) -> set[str]:
    """Whose part of a plan is not done."""
    if plan.state == "awaiting_sign_off":
        return {"social_worker"}
    asked = [row for row in sections if row.key != "sign_off"]
    if plan.state == "returned":
        asked = [row for row in sections if row.key in plan.reopened]
    waiting = {row.owner for row in asked if not row.marked_complete}
    if waiting:
        return waiting
    return {"social_worker"} if plan.state == "returned" and {row.owner for row in asked} == {"social_worker"} else {"school"}


def due_reminders(books: Books, night: datetime.datetime) -> dict[str, Any]:
    """The key of every reminder that is due, with its plan; those of plans that opened this very night come tomorrow."""
    found: dict[str, Any] = {}
    days = books.policy.reminder_days
    due = []
    for child_id, plans in books.plans.items():
        if came_into_care(books, books.children[child_id]) is None:
            continue
        for plan in plans:
            passed = [day for day in days if (books.on - plan.due_on).days >= day]
            if plan.state in ("preparing", "returned", "awaiting_sign_off") and passed:
                due.append((plan, max(passed)))
    listed = [plan.id for plan, _ in due]
    sections = grouped(rows("SELECT plan_id, key, owner, marked_complete FROM pep_section WHERE plan_id = ANY(%s)", listed), "plan_id")
    for plan, day in due:
        for owner in owners_waited_for(plan, sections[plan.id]):
            for user_id in holding(books, plan.child_id, owner):
                found[f"reminder:{plan.id}:{day}:{plan.due_on}:{user_id}"] = plan
    return found


def check_reminders(books: Books, night: datetime.datetime) -> int:
    """After the night: every reminder that is due exists and no other was written. Returns how many were written."""
    due = due_reminders(books, night)
    sent = {row.key for row in rows("SELECT key FROM accounts_message WHERE key = ANY(%s)", list(due))}
    missing = [key for key, plan in due.items() if key not in sent and plan.created_at < night]
    if missing:
        raise BrokenPromise(f"{books.on}: {len(missing)} reminders are missing, such as {missing[0]}")
    written = rows("SELECT key FROM accounts_message WHERE created_at >= %s AND key LIKE 'reminder:%%'", night)
    tonight = [row.key for row in written]
    odd = [key for key in tonight if key not in due]
    if odd:
        raise BrokenPromise(f"{books.on}: {len(odd)} reminders were sent that are not due, such as {odd[0]}")
    twice = Counter((key.split(":")[1], key.split(":")[4]) for key in tonight)
    if twice and max(twice.values()) > 1:
        raise BrokenPromise(f"{books.on}: plan and person reminded twice in a night: {twice.most_common(1)}")
    return len(tonight)


def check_messages(books: Books, since: datetime.datetime, *, also: Books | None = None) -> int:
    """What was told since a moment was told to people who may see the child, and nothing twice; what happened was told.

    ``also`` are the books of the morning: who lost access in the course of the day may have been told before. Returns how many.
    """
    today = rows("SELECT id, key, recipient_id, rule, about_child FROM accounts_message WHERE created_at >= %s", since)
    both = [books, *([also] if also else [])]
    seen: dict[Any, set[Any]] = {}
    for row in today:
        if not any(signs_in(one, row.recipient_id) for one in both if row.recipient_id in one.users):
            raise BrokenPromise(f"{books.on}: message {row.id} ({row.rule}) was written to {row.recipient_id}, who may not sign in")
        if row.about_child is not None:
            if row.about_child not in seen:
                seen[row.about_child] = set().union(*(may_see(one, row.about_child) for one in both))
            if row.recipient_id not in seen[row.about_child]:
                raise BrokenPromise(
                    f"{books.on}: message {row.id} ({row.rule}) about child {row.about_child} was written to {row.recipient_id},"
                    " who has no access to the child"
                )
    twice = Counter(row.key for row in today)
    if twice and max(twice.values()) > 1:
        raise BrokenPromise(f"{books.on}: a message stands twice: {twice.most_common(1)}")
    told = {(key.rsplit(":", 2)[1], key.rsplit(":", 1)[1]) for key in twice if key.count(":") >= 2}
    plans = {plan.id: plan for group in books.plans.values() for plan in group}
    for event in rows("SELECT id, plan_id, action, to_state, by_id FROM pep_planevent WHERE at >= %s", since):
        about = event.plan_id if event.action == "create" else event.id
        for owner in _concerned(event, plans[event.plan_id]):
            for user_id in holding(books, plans[event.plan_id].child_id, owner):
                if user_id != event.by_id and (str(about), str(user_id)) not in told:
                    raise BrokenPromise(f"{books.on}: nobody told {user_id} that plan {event.plan_id} had the step {event.action}")
    return len(today)


def _concerned(event: Any, plan: Any) -> tuple[str, ...]:
    """Whose parts a step concerns, in plain words: submitted to the social worker, complete to both, returned by its sections."""
    match event.action, event.to_state:
        case "create", _:
            return ("school", "social_worker")
        case "submit", "awaiting_sign_off":
            return ("social_worker",)
        case "sign_off", _:
            return ("school", "virtual_school")
        case "go_on_without_signature", _:
            return ("school",)
        case ("grade", "complete") | ("cancel", _) | ("close", _):
            return ("school", "social_worker")
        case _:
            return ()


def check_mail(on: datetime.date, server_answers: bool, sent: Counter[str]) -> None:
    """After the evening: where the mail server answered nothing waits, nothing has failed, and no row went out twice."""
    failed = rows("SELECT id FROM accounts_message WHERE mail = 'failed'")
    if failed:
        raise BrokenPromise(f"{on}: the e-mail of message {failed[0].id} has failed")
    waiting = rows("SELECT id FROM accounts_message WHERE mail = 'waiting'") if server_answers else []
    if waiting:
        raise BrokenPromise(f"{on}: {len(waiting)} e-mails still wait, such as that of message {waiting[0].id}")
    if sent and max(sent.values()) > 1:
        raise BrokenPromise(f"{on}: an e-mail went out twice: {sent.most_common(1)}")


# History only grows


@dataclass
class Kept:
    """What the tables that only grow held each week: up to which key, how many rows, and a sum over their text."""

    slices: dict[str, list[tuple[Any, int, Any]]] = field(default_factory=lambda: defaultdict(list))


def _slice(table: str, key: str, after: Any, upto: Any) -> tuple[int, Any]:
    later = "" if after is None else f" AND {key} > %s"
    found = rows(
        f"SELECT count(*) AS many, coalesce(sum(hashtextextended(t::text, 0)::numeric), 0) AS sum FROM {table} t WHERE {key} <= %s{later}",
        *([upto] if after is None else [upto, after]),
    )
    return found[0].many, found[0].sum


def check_history(on: datetime.date, kept: Kept, *, everything: bool = False) -> None:
    """That rows written until last week stand as they stood then; and remember those of this week."""
    for model in append_only_models():
        table, key = str(model._meta.db_table), "history_id" if hasattr(model, "history_id") else "id"
        slices = kept.slices[table]
        for number in range(len(slices)) if everything else range(max(0, len(slices) - 1), len(slices)):
            upto, many, total = slices[number]
            if _slice(table, key, slices[number - 1][0] if number else None, upto) != (many, total):
                raise BrokenPromise(f"{on}: rows of {table} up to {upto} have changed, or some are gone")
        last = rows(f"SELECT {key} AS key FROM {table} ORDER BY {key} DESC LIMIT 1")
        if last and (not slices or last[0].key != slices[-1][0]):
            after = slices[-1][0] if slices else None
            slices.append((last[0].key, *_slice(table, key, after, last[0].key)))
