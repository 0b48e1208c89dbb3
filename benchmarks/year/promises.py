"""What must hold after every day, asked in the slow and obvious way: rows as plain SQL, dates by turning the pages of the calendar.

Nothing here uses the product's clock, its querysets or its rules; a broken promise names the day and whose it is.
"""

import datetime
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import Any

from accounts.privileges import append_only_models
from benchmarks.year import rising
from benchmarks.year.books import Books, grouped, rows
from benchmarks.year.slow_access import holding, may_see, signs_in, whose_turn
from benchmarks.year.slow_calendar import DAY, between_terms
from benchmarks.year.slow_dates import came_into_care, candidates, dates_of, dates_of_plan, last_review, of_age, terms_of

PLAN_KINDS = ("review", "term", "premium")
UNFINISHED = ("preparing", "returned", "awaiting_sign_off", "awaiting_check")

CHECKED = (
    "no child who needs a plan without a clock: an open date for the next plan, or an unfinished plan, unless the child is of age before",
    "at most one plan in preparation for each child",
    "every open date is the one that the slow calendar gives: review, term, financial year, first plan, care plan review, officer,"
    " invitations, completion, signature, check",
    "a plan in preparation is due on the earliest of the child's dates",
    "after the night nothing is being written for a child who needs no plan, also where nobody has typed that care ended at eighteen",
    "after the night a plan is being written wherever a first one is to be begun, a date for the next is near, or the reviewing officer's"
    " is near and no plan is under way",
    "a date in the school holidays is not the school's turn, and invitations count from the day by which to meet at school",
    "every reminder that is due exists, exactly once, and none that is not due",
    "what is late rises, exactly once and to nobody else: each late plan, and each child whose plan is late and not begun, to the manager"
    " of whom it waits for, then to the head of the service; whoever holds the part already is passed over",
    "the date of a step that has passed is told to whom it waits for and rises by the same rungs, exactly once, and to nobody while the"
    " plan is late itself",
    "nobody is reminded of one plan twice in a day, and no message stands twice",
    "nobody has more than one digest in a day, and nothing about a child is mailed in the quiet hours",
    "every opening, submission, sign-off, completion and closing was told to each person whom it concerns",
    "no message to anybody who had no access to the child that day, or who may not sign in",
    "no e-mail is lost: all that waited has gone out on the next day on which the mail server answered",
    "what was written to history, events and snapshots stays as it was (each week, the last week's rows; at the end, all)",
)


class BrokenPromise(AssertionError):
    """Something that must hold does not."""


def check_clock(books: Books) -> None:
    """No child without a clock, every open date as the slow calendar has it, one plan in preparation."""
    stored: dict[tuple[Any, Any], dict[str, datetime.date]] = defaultdict(dict)
    for row in rows("SELECT child_id, plan_id, kind, due_on, owners FROM pep_deadline WHERE open"):
        terms = terms_of(books, row.child_id)
        if "school" in row.owners.replace("virtual_school", "") and between_terms(row.due_on, terms):
            raise BrokenPromise(
                f"{books.on}: child {row.child_id} has {row.kind} due on {row.due_on}, in the holidays, as the school's turn"
            )
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


def check_stopped(books: Books) -> None:
    """After the night: of a child who needs no plan only what waits for the quality check, or mends what was complete, is under way."""
    for child_id, plans in books.plans.items():
        if came_into_care(books, books.children[child_id]) is None:
            for plan in plans:
                if plan.state in ("preparing", "returned", "awaiting_sign_off") and plan.version == 1:
                    raise BrokenPromise(f"{books.on}: plan {plan.id} is {plan.state}, and child {child_id} needs none")


def check_opened(books: Books) -> None:
    """After the night: whose plan is to be begun has one in preparation, but for who changes school before it is due."""
    last = books.on + books.policy.preparation_days * DAY
    for child in books.children.values():
        states = {plan.state for plan in books.plans.get(child.id, [])}
        dates = dates_of(books, child)
        days = [day for kind, day in dates.items() if kind in PLAN_KINDS]
        if "preparing" in states or not days or any(books.on < move.starts_on <= min(days) for move in books.moves.get(child.id, [])):
            continue
        officer = dates.get("officer")
        if "begin" in dates or min(days) <= last or (officer and officer <= last and not states & set(UNFINISHED)):
            raise BrokenPromise(f"{books.on}: no plan was begun for child {child.id}, whose dates are {dates}")


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
        for owner in whose_turn(books, plan.child_id, owners_waited_for(plan, sections[plan.id]), plan.due_on):
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


def check_rising(books: Books, night: datetime.datetime) -> tuple[int, int]:
    """After the night: what rises and what is told of passed dates is all there, and nothing else was written.

    What the reminders, the opening and the moves of this very night did is in the books already. Returns how many of each were written.
    """
    many = []
    for start, due in (
        ("escalation", rising.due_escalations(books, owners_waited_for)),
        ("passed", rising.due_passed(books, owners_waited_for)),
    ):
        missing, tonight = due - rising.present(due), rising.written(night, start)
        if missing:
            raise BrokenPromise(f"{books.on}: {len(missing)} messages of what is late are missing, such as {min(missing)}")
        if odd := tonight - due:
            raise BrokenPromise(f"{books.on}: {len(odd)} messages of what is late were sent that are not due, such as {min(odd)}")
        many.append(len(tonight))
    return many[0], many[1]


def check_digests(books: Books, since: datetime.datetime) -> None:
    """At the day's end: at most one digest for each person, and nothing about a child mailed in the quiet hours."""
    often = rising.digests_of(since)
    if often and max(often.values()) > 1:
        raise BrokenPromise(f"{books.on}: {max(often, key=lambda one: often[one])} had {max(often.values())} digests in a day")
    if mailed := rising.mailed_in_the_night(books):
        raise BrokenPromise(f"{books.on}: message {mailed[0].id} ({mailed[0].rule}) was mailed at {mailed[0].at:%H:%M}, in the quiet hours")


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
        case ("grade", "complete") | ("cancel", _) | ("close", _) | ("leave_care", _):
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
