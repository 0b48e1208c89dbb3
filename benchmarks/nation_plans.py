"""The nation's plans: three years of them for every child, with what hangs from them in full for the first authority.

A child's plans come every ``CYCLE`` days. How far a child is in its cycle follows from its number, so on any day some plans are being
written, some wait for somebody, and a night's worth is due to be opened.
"""

import datetime
import itertools
import json
from pathlib import Path
from typing import Any

from django.db import models
from django.db.backends.utils import CursorWrapper
from django.utils import timezone

from accounts.models import Message
from benchmarks.nation import Size, insert
from children.models import Allocation, CarePeriod, Child, ChildRelation, Enrolment, Placement
from pep import deadlines
from pep.forms.declaration import Kind, Question
from pep.forms.registry import FORMS, form_for
from pep.models import Action, Attendee, Meeting, Move, Plan, PlanEvent, PlanSnapshot, Section, SignOff, Target
from pep.reminders import due_reminders

CYCLE = 122  # days from one meeting to the next: three plans a year
OPENED = 82  # days after a meeting by which the next plan has been opened
BATCH = 5000
SNAPSHOT = Path(__file__).parent.parent / "tests" / "data" / "snapshot_long.json"
TEXT = "Comes in every day, has found two friends in the reading group and asks for harder books; mornings after contact are hard."


def plans(cursor: CursorWrapper, size: Size, on: datetime.date) -> None:
    """Every child's plans in order. ``last`` is the child's newest; ``day`` the days since the last meeting held."""
    young, old = form_for(3, on), form_for(9, on)
    cursor.execute(
        """
        CREATE TEMP TABLE b_plan AS
        SELECT p.*, held <= 0 AS met, %(on)s::date - day + held * %(cycle)s AS met_on,
               CASE WHEN k < last OR state <> 'preparing' THEN %(on)s::date - day + held * %(cycle)s + 3
                    WHEN moved THEN %(on)s::date + 9
                    ELSE (%(on)s::date - day + interval '4 months')::date END AS due_on
          FROM (
            SELECT c.n, c.id AS child, c.authority, c.school, c.moved, k, %(last)s AS last, day, uuidv7() AS id,
                   -- Counted from the last meeting held, which a plan in preparation has not had yet.
                   k - %(last)s + (now_preparing)::int AS held,
                   CASE WHEN k < %(last)s THEN 'complete' WHEN now_preparing THEN 'preparing' WHEN day < 5 THEN 'awaiting_sign_off'
                        WHEN day < 10 THEN 'awaiting_check' WHEN day < 12 THEN 'returned' ELSE 'complete' END AS state
              FROM (SELECT *, CASE WHEN moved THEN 10 + mod(n * 37, %(cycle)s - 20) ELSE mod(n * 37, %(cycle)s) END AS day
                      FROM b_child) AS c,
                   LATERAL (SELECT c.moved OR c.day >= %(opened)s AS now_preparing) AS s,
                   generate_series(1, %(last)s) AS k
          ) AS p
        """,
        {"on": on, "last": size.years * 3, "cycle": CYCLE, "opened": OPENED},
    )
    cursor.execute("CREATE UNIQUE INDEX ON b_plan (n, k); ANALYZE b_plan")
    is_young = "h.date_of_birth >= make_date(extract(year FROM p.due_on - 243)::int - 11, 9, 1)"
    insert(
        cursor, Plan,
        {
            "id": "p.id", "child_id": "p.child", "state": "p.state", "due_on": "p.due_on", "school_id": "s.id", "term_id": "t.id",
            "form_key": f"CASE WHEN {is_young} THEN '{young.key}' ELSE '{old.key}' END",
            "form_version": f"CASE WHEN {is_young} THEN '{young.version}' ELSE '{old.version}' END",
            "reason": "CASE WHEN p.k = 1 THEN 'initial' WHEN p.k = p.last AND p.moved THEN 'after_move' ELSE 'termly' END",
            "previous_id": "b.id", "reopened": """CASE WHEN p.state = 'returned' THEN '["history", "targets"]' ELSE '[]' END::jsonb""",
            "state_since": f"least(CASE WHEN p.met THEN p.met_on + 4 ELSE p.due_on - 42 END, '{on}'::date)",
            "completed_at": "CASE WHEN p.state = 'complete' THEN p.met_on + 10 END",
        },
        "b_plan p JOIN children_child h ON h.id = p.child JOIN b_authority a ON a.n = p.authority LEFT JOIN b_school s ON s.n = p.school"
        " LEFT JOIN b_plan b ON b.n = p.n AND b.k = p.k - 1"
        " LEFT JOIN schools_term t ON t.authority_id = a.id AND t.starts <= p.due_on AND t.ends > p.due_on",
    )  # fmt: skip


def meetings_and_events(cursor: CursorWrapper, size: Size, on: datetime.date) -> None:
    """A meeting for each plan and the events that brought it where it is."""
    insert(
        cursor, Meeting,
        {"plan_id": "id", "state": "CASE WHEN met THEN 'held' ELSE 'not_booked' END", "place": "CASE WHEN met THEN 'At school' ELSE '' END",
         "starts_at": "CASE WHEN met THEN met_on + time '14:00' END", "participation": "CASE WHEN met THEN 'PN1' ELSE '' END"},
        "b_plan",
    )  # fmt: skip
    steps = (
        ("create", "", "preparing", -42, "true"),
        ("submit", "preparing", "awaiting_sign_off", 4, "met"),
        ("sign_off", "awaiting_sign_off", "awaiting_check", 8, "state IN ('complete', 'awaiting_check', 'returned')"),
        ("grade", "awaiting_check", "complete", 10, "state = 'complete'"),
    )
    for action, before, after, day, where in steps:
        if action != "submit":
            where += " AND authority = 1"
        insert(
            cursor, PlanEvent,
            {"plan_id": "id", "action": f"'{action}'", "from_state": f"'{before}'", "to_state": f"'{after}'",
             "at": f"least(met_on + {day}, '{on}'::date)"},
            f"b_plan WHERE {where}",
        )  # fmt: skip


def moves(cursor: CursorWrapper, size: Size, on: datetime.date) -> None:
    """The changes of school of the last days, which the plans have followed."""
    officer = "(SELECT id FROM b_person WHERE role = 'officer' AND place = c.authority AND number = {})"
    insert(
        cursor, Move,
        {
            "child_id": "c.id", "to_school_id": "e.school_id", "starts_on": "e.starts", "state": "'confirmed'", "reason": "'New carers'",
            "proposed_by_id": officer.format(1), "proposed_at": "e.starts - 9", "confirmed_by_id": officer.format(2),
            "confirmed_at": "e.starts - 8", "begun_at": "e.starts", "old_school_reads_until": "o.readable_until",
            "old_enrolment_id": "o.id", "new_enrolment_id": "e.id",
        },
        "b_child c JOIN children_enrolment e ON e.child_id = c.id AND e.ends IS NULL"
        " JOIN children_enrolment o ON o.child_id = c.id AND o.ends IS NOT NULL WHERE c.moved",
    )  # fmt: skip


def answer(question: Question) -> Any:
    """An answer of an ordinary length that fits a question."""
    match question.kind:
        case Kind.LINE:
            return TEXT[:60]
        case Kind.TEXT:
            return TEXT
        case Kind.CHOICE:
            return question.options[0].value
        case Kind.CHOICES:
            return [question.options[0].value]
        case Kind.YES_NO:
            return True
        case Kind.DATE:
            return "2026-03-03"
        case Kind.NUMBER:
            return question.minimum or 0
        case Kind.PERCENT:
            return "95.5"
        case Kind.ROWS:
            return [{column.key: answer(column) for column in question.columns}] * max(1, question.minimum_rows)


def sections(cursor: CursorWrapper, size: Size, on: datetime.date) -> None:
    """Every section of every plan of the first authority; elsewhere those of the plans that are being written or waited for."""
    cursor.execute("CREATE TEMP TABLE b_section (form text, key text, owner text, position int, answers jsonb)")
    rows = [
        (
            form.key,
            section.key,
            section.owner.value,
            position,
            json.dumps({question.key: answer(question) for question in section.questions}),
        )
        for form in FORMS
        for position, section in enumerate(form.sections)
    ]
    cursor.executemany("INSERT INTO b_section VALUES (%s, %s, %s, %s, %s)", rows)
    # Half of a plan in preparation is written.
    written = "(p.state <> 'preparing' OR mod(s.position, 2) = 0)"
    common = {"plan_id": "p.id", "key": "s.key", "owner": "s.owner", "version": f"{written}::int", "marked_complete": written}
    source = "pep_plan p JOIN b_plan b ON b.id = p.id JOIN b_section s ON s.form = p.form_key"
    insert(
        cursor, Section,
        {**common, "answers": f"CASE WHEN {written} THEN s.answers ELSE '{{}}' END",
         "written_at": f"CASE WHEN {written} THEN p.state_since END"},
        f"{source} WHERE b.authority = 1 ORDER BY b.n, b.k, s.position",
    )  # fmt: skip
    insert(
        cursor, Section, common,
        f"{source} WHERE b.authority > 1 AND p.state IN ('preparing', 'returned', 'awaiting_sign_off') AND p.due_on <= '{on}'::date + 28"
        " ORDER BY b.n, b.k, s.position",
    )  # fmt: skip


def items(cursor: CursorWrapper, size: Size, on: datetime.date) -> None:
    """Targets, actions, the people of the meeting, signatures and snapshots of the first authority."""
    text = f"'{TEXT}'"
    insert(
        cursor, Target,
        {"plan_id": "id", "position": "i", "area": "'english'", "need": text, "baseline": text, "aim": text, "success": text,
         "intervention": text, "who": "'The class teacher'", "by_when": "due_on + 60"},
        "b_plan p, generate_series(1, 3) AS i WHERE authority = 1",
    )  # fmt: skip
    insert(
        cursor, Action, {"plan_id": "id", "position": "i", "what": text, "who": "'The carer'", "by_when": "due_on + 20"},
        "b_plan p, generate_series(1, 2) AS i WHERE authority = 1",
    )  # fmt: skip
    insert(
        cursor, Attendee, {"meeting_id": "m.id", "role": "r.role", "name": "'Somebody'", "came": "'came'"},
        "pep_meeting m JOIN b_plan p ON p.id = m.plan_id, (VALUES ('child'), ('carer'), ('social_worker')) AS r (role)"
        " WHERE p.met AND p.authority = 1",
    )  # fmt: skip
    insert(
        cursor, SignOff,
        {"plan_id": "p.id", "role": "'social_worker'", "by_id": "w.id", "capacity": "'Social worker'", "at": "met_on + 8"},
        "b_plan p JOIN b_person w ON w.role = 'social_worker' AND w.place = 1 AND w.number = 1 WHERE authority = 1 AND state = 'complete'",
    )  # fmt: skip
    cursor.execute("CREATE TEMP TABLE b_snapshot AS SELECT %s::jsonb AS content", [SNAPSHOT.read_text()])
    insert(
        cursor, PlanSnapshot, {"plan_id": "id", "taken_at": "met_on + 10", "content": "content", "sha256": "repeat('0', 64)"},
        "b_plan, b_snapshot WHERE authority = 1 AND state = 'complete'",
    )  # fmt: skip


def keep_history(cursor: CursorWrapper, model: type[models.Model], rows: str, *, kind: str = "+", blank: tuple[str, ...] = ()) -> None:
    """A history row for each of these rows as it now stands, but for ``blank`` columns as they were when the row was new."""
    past: type[models.Model] = model.history.model  # type: ignore[attr-defined]
    names = {field.column for field in past._meta.concrete_fields}
    columns = {field.column: f"r.{field.column}" for field in model._meta.concrete_fields if field.column in names}
    columns |= {name: {"version": "0", "answers": "'{}'::jsonb", "marked_complete": "false", "written_at": "NULL"}[name] for name in blank}
    columns |= {"history_date": "now()", "history_type": f"'{kind}'"}
    quoted = ", ".join(f'"{name}"' for name in columns)
    cursor.execute(
        f"INSERT INTO {past._meta.db_table} ({quoted}) SELECT {', '.join(columns.values())} FROM {model._meta.db_table} r WHERE {rows}"
    )


def history(cursor: CursorWrapper, size: Size, on: datetime.date) -> None:
    """The first authority's history: each row's beginning, and each section's writing."""
    child = "SELECT id FROM b_child WHERE authority = 1"
    plan = "SELECT id FROM b_plan WHERE authority = 1"
    keep_history(cursor, Child, f"r.id IN ({child})")
    keep_history(cursor, ChildRelation, f"r.content_object_id IN ({child})")
    of_child: tuple[type[models.Model], ...] = (CarePeriod, Placement, Enrolment, Allocation)
    of_plan: tuple[type[models.Model], ...] = (Meeting, Target, Action, SignOff)
    for model in of_child:
        keep_history(cursor, model, f"r.child_id IN ({child})")
    keep_history(cursor, Plan, f"r.id IN ({plan})")
    for model in of_plan:
        keep_history(cursor, model, f"r.plan_id IN ({plan})")
    keep_history(cursor, Section, f"r.plan_id IN ({plan})", blank=("version", "answers", "marked_complete", "written_at"))
    keep_history(cursor, Section, f"r.plan_id IN ({plan}) AND r.version > 0", kind="~")


def dates(cursor: CursorWrapper, size: Size, on: datetime.date) -> None:
    """Every child's next review and every plan's signature date, by the product's own clock: only it knows the rules and their words."""
    # What PostgreSQL does by itself as tables grow; here it has not come to it yet.
    cursor.execute("ANALYZE")
    everyone = Child.objects.order_by("pk").select_related("authority").iterator(chunk_size=BATCH)
    while batch := list(itertools.islice(everyone, BATCH)):
        deadlines.refresh_all(batch, on=on)


def messages(cursor: CursorWrapper, size: Size, on: datetime.date) -> None:
    """What was told until yesterday, so that only a day's reminders wait to be sent."""
    told = due_reminders(on - datetime.timedelta(days=1))
    now = timezone.now()
    rows = [
        Message(
            key=one.key, recipient_id=one.user_id, rule="plan_reminder", about_plan=one.plan_id, about_child=one.child_id,
            facts={"sections": one.sections}, mail=Message.Mail.SENT, sent_at=now,
        )
        for one in told
    ]  # fmt: skip
    Message.objects.bulk_create(rows, batch_size=BATCH)


STEPS = (
    ("plans", plans),
    ("meetings and events", meetings_and_events),
    ("changes of school", moves),
    ("sections", sections),
    ("targets, actions, signatures, snapshots", items),
    ("history", history),
    ("dates, by the product's clock", dates),
    ("reminders of earlier days", messages),
)
