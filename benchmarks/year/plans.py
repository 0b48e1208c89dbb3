"""What people do about plans from day to day: made in time, late or never, by the product's own functions."""

import datetime
import json
import random
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import connection, transaction
from django.utils import timezone

from accounts.audit import insert_with_history
from accounts.models import User
from accounts.policy import Relation
from benchmarks.nation_plans import answer
from benchmarks.year.life import Life
from benchmarks.year.slow_calendar import DAY, works
from pep import deadlines
from pep.forms.declaration import Body, Owner
from pep.forms.registry import FORMS
from pep.models import Action, Attendee, Meeting, Plan, Section, Target, TargetReview
from pep.planning import holders_of
from pep.rubric import rubric_on
from pep.sections import approve_exception
from pep.workflow import perform

WRITTEN_DAY = "2026-03-03"  # the date that stands in every dated answer of the benchmarks; here it becomes the day of writing


CORRECTED = 0.06  # of the plans that are complete


def foresee(life: Life, on: datetime.date, plan: Plan) -> None:
    """What will become of a plan that has just opened: most are made in time, some late, a few never."""
    fate = life.chance.choices(("in time", "late", "never", "cancelled", "no meeting"), (62, 27, 5, 2, 4))[0]
    if fate == "never":
        life.counts["plans nobody touches"] += 1
        return
    if fate == "cancelled":
        life.later(on + life.chance.randint(1, 40) * DAY, _cancel, plan.pk)
        return
    before = life.chance.randint(2, 16) if fate != "late" else life.chance.randint(-25, 1)
    booked = on + life.chance.randint(1, 9) * DAY
    meets = max(plan.due_on - before * DAY, booked + 3 * DAY)
    while not works(meets):
        meets += DAY
    life.later(on + life.chance.randint(1, max(2, (meets - on).days - 1)) * DAY, _write_care, plan.pk)
    if fate == "no meeting":
        life.later(meets, _go_without_meeting, plan.pk)
    else:
        life.later(booked, _book, (plan.pk, meets))
    life.later(meets + life.chance.randint(0, 3) * DAY, _write_school, plan.pk)
    life.later(meets + life.chance.randint(4, 9) * DAY, _submit, plan.pk)


def _holder(plan: Plan, owner: Owner, on: datetime.date) -> User | None:
    people = holders_of(plan, owner, on)
    return people[0].user if people else None


def _book(life: Life, on: datetime.date, about: tuple[Any, datetime.date]) -> None:
    plan_id, meets = about
    plan = Plan.objects.select_related("child__authority__virtual_school").get(pk=plan_id)
    if plan.state != Plan.State.PREPARING:
        return
    at = timezone.make_aware(datetime.datetime.combine(meets, datetime.time(life.chance.choice((9, 14, 16)), 30)))
    _save_meeting(life, plan, on, state=Meeting.State.BOOKED, starts_at=at)
    life.counts["meetings booked"] += 1
    life.later(meets, _meet, plan.pk)


def _save_meeting(life: Life, plan: Plan, on: datetime.date, **values: Any) -> None:
    """The meeting saved as its section's editor saves it, with the dates that follow."""
    with transaction.atomic():
        Plan.objects.select_for_update(no_key=True).get(pk=plan.pk)
        meeting = Meeting.objects.get(plan=plan)
        for column, value in values.items():
            setattr(meeting, column, value)
        meeting._history_user = _holder(plan, Owner.SCHOOL, on)
        meeting.save()
        if meeting.state == Meeting.State.HELD:
            Attendee(meeting=meeting, role="child", name="The child", came="came").save()
        deadlines.refresh(plan.child, by=meeting._history_user, on=on, because="The meeting was changed")


def _meet(life: Life, on: datetime.date, plan_id: Any) -> None:
    plan = Plan.objects.select_related("child__authority__virtual_school").get(pk=plan_id)
    if plan.state != Plan.State.PREPARING:
        return
    if life.chance.random() < 0.12:
        again = on + life.chance.randint(3, 15) * DAY
        while not works(again):
            again += DAY
        at = timezone.make_aware(datetime.datetime.combine(again, datetime.time(10)))
        _save_meeting(life, plan, on, state=Meeting.State.BOOKED, starts_at=at)
        life.counts["meetings moved"] += 1
        life.later(again, _meet, plan.pk)
        return
    at = timezone.make_aware(datetime.datetime.combine(on, datetime.time(10)))
    _save_meeting(life, plan, on, state=Meeting.State.HELD, starts_at=at, participation="PN1", next_on=on + 120 * DAY)
    life.counts["meetings held"] += 1


def _go_without_meeting(life: Life, on: datetime.date, plan_id: Any) -> None:
    plan = Plan.objects.select_related("child__authority").get(pk=plan_id)
    with transaction.atomic():
        if approve_exception(plan, by=life.authority.officers[0], reason="The child is in hospital"):
            life.refresh(plan.child, on, "The plan may go on without a meeting")
            life.counts["plans without a meeting"] += 1


def prepare_answers() -> None:
    """The answers to every section of every form, where plans can be filled from."""
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMP TABLE y_section (form text, key text, answers text)")
        rows = [
            (form.key, section.key, json.dumps({question.key: answer(question) for question in section.questions}))
            for form in FORMS
            for section in form.sections
        ]
        cursor.executemany("INSERT INTO y_section VALUES (%s, %s, %s)", rows)


def _written() -> tuple[str, str]:
    """The statements that write an owner's sections of a plan and keep their history."""
    past: Any = Section.history.model
    names = {one.column for one in past._meta.concrete_fields}
    columns = [one.column for one in Section._meta.concrete_fields if one.column in names]
    listed = ", ".join(f'"{one}"' for one in columns)
    update = (
        "UPDATE pep_section s SET answers = replace(y.answers, %(old)s, %(day)s)::jsonb, marked_complete = true, version = s.version + 1,"
        " written_at = %(now)s, updated_at = %(now)s FROM y_section y, pep_plan p"
        " WHERE p.id = %(plan)s AND s.plan_id = p.id AND s.owner = %(owner)s AND y.form = p.form_key AND y.key = s.key"
        " AND s.key <> 'sign_off' AND NOT s.marked_complete"
    )
    keep = (
        f"INSERT INTO {past._meta.db_table} ({listed}, history_date, history_type) SELECT {listed}, %(now)s, '~' FROM pep_section"
        " WHERE plan_id = %(plan)s AND owner = %(owner)s AND updated_at = %(now)s"
    )
    return update, keep


def _write(plan: Plan, owner: Owner, on: datetime.date) -> None:
    """Write every section of an owner: as data, for the rules of saving have their own tests."""
    update, keep = _written()
    values: dict[str, Any] = {"old": WRITTEN_DAY, "day": on.isoformat(), "now": timezone.now(), "plan": plan.pk, "owner": owner.value}
    with transaction.atomic(), connection.cursor() as cursor:
        Plan.objects.select_for_update(no_key=True).get(pk=plan.pk)
        cursor.execute(update, values)
        if cursor.rowcount:
            cursor.execute(keep, values)
            # As the page of a section with a dated answer does.
            deadlines.refresh(plan.child, by=None, on=on, because="An answer with a date was changed")


def _write_care(life: Life, on: datetime.date, plan_id: Any) -> None:
    plan = Plan.objects.get(pk=plan_id)
    if plan.state == Plan.State.PREPARING:
        _write(plan, Owner.SOCIAL_WORKER, on)


def _write_school(life: Life, on: datetime.date, plan_id: Any) -> None:
    """The school's sections with a target and an action; the last plan's targets are judged."""
    plan = Plan.objects.get(pk=plan_id)
    if plan.state != Plan.State.PREPARING:
        return
    _write(plan, Owner.SCHOOL, on)
    by = life.authority.officers[0]
    words = dict.fromkeys(("need", "baseline", "aim", "success", "intervention", "who"), "Reads for ten minutes a day")
    action = Action(plan=plan, position=1, what="Find a reading friend", who="The tutor", by_when=on + 30 * DAY)
    for rows in ([Target(plan=plan, position=1, area="english", by_when=on + 90 * DAY, **words)], [action]):
        insert_with_history(rows, by=by, reason="")
    _judge_targets(plan, by)


def _judge_targets(plan: Plan, by: User) -> None:
    """Say of each target of the plan before how it went. That plan may have become complete since the school wrote its part."""
    left = (
        Target.objects.filter(plan=plan.previous_id, removed=False).exclude(pk__in=plan.target_reviews.values("target"))
        if plan.previous_id
        else ()
    )
    rows = [
        TargetReview(plan=plan, target=target, outcome="met", evidence="Reads at home", impact="none_paid", next="end") for target in left
    ]
    insert_with_history(rows, by=by, reason="")


def _chance(life: Life, plan: Plan) -> random.Random:
    """What becomes of a corrected version is drawn apart, so that the rest of the year stays as its seed drew it."""
    return life.mistakes if plan.version > 1 else life.chance


def _submit(life: Life, on: datetime.date, plan_id: Any) -> None:
    plan = Plan.objects.select_related("child__authority__virtual_school").get(pk=plan_id)
    if plan.state not in Plan.WRITABLE:
        return
    care_only = bool(plan.reopened) and all(plan.form.section(key).owner == Owner.SOCIAL_WORKER for key in plan.reopened)
    meeting = Meeting.objects.get(plan=plan)
    if meeting.state != Meeting.State.HELD and not meeting.exception_because:
        life.later(on + 4 * DAY, _submit, plan_id)
        return
    _write(plan, Owner.SOCIAL_WORKER, on)
    _write(plan, Owner.SCHOOL, on)
    _judge_targets(plan, life.authority.officers[0])
    done = _try(life, on, plan, "submit", Owner.SOCIAL_WORKER if care_only else Owner.SCHOOL)
    if done is None:
        life.later(on + 3 * DAY, _submit, plan_id)
    elif done.state == Plan.State.AWAITING_SIGN_OFF:
        life.later(on + _chance(life, plan).choice((1, 3, 5, 8, 11, 20)) * DAY, _sign, plan_id)
    else:
        life.later(on + _chance(life, plan).randint(1, 9) * DAY, _check, plan_id)


def _sign(life: Life, on: datetime.date, plan_id: Any) -> None:
    """The social worker signs or returns; where nobody can, the virtual school goes on once the time is over."""
    plan = Plan.objects.select_related("child__authority__virtual_school").get(pk=plan_id)
    if plan.state != Plan.State.AWAITING_SIGN_OFF:
        return
    if _chance(life, plan).random() < 0.08:
        key = _chance(life, plan).choice(("targets", "health", "attendance"))
        if _try(life, on, plan, "return_from_sign_off", Owner.SOCIAL_WORKER, comment="Please look again", sections=[key]):
            life.later(on + _chance(life, plan).randint(2, 9) * DAY, _submit, plan_id)
            return
    elif _try(life, on, plan, "sign_off", Owner.SOCIAL_WORKER):
        life.later(on + _chance(life, plan).randint(1, 9) * DAY, _check, plan_id)
        return
    if _try(life, on, plan, "go_on_without_signature", Owner.VIRTUAL_SCHOOL, comment="The post is empty"):
        life.later(on + _chance(life, plan).randint(1, 9) * DAY, _check, plan_id)
    else:
        life.later(on + 4 * DAY, _sign, plan_id)


def _check(life: Life, on: datetime.date, plan_id: Any) -> None:
    plan = Plan.objects.select_related("child__authority__virtual_school").get(pk=plan_id)
    if plan.state != Plan.State.AWAITING_CHECK:
        return
    red = _chance(life, plan).random() < 0.06
    more: dict[str, Any] = {"comment": "The targets cannot be measured", "sections": ["targets"]} if red else {}
    overall = "red" if red else "green"
    areas = [(area["key"], area["title"], overall, more.get("comment", "")) for area in rubric_on(plan.child.authority, on).areas]
    done = _try(life, on, plan, "grade", Owner.VIRTUAL_SCHOOL, overall=overall, areas=areas, **more)
    if done is None:
        life.later(on + 3 * DAY, _check, plan_id)
    elif done.state == Plan.State.RETURNED:
        life.later(on + _chance(life, plan).randint(2, 9) * DAY, _submit, plan_id)
    elif life.mistakes.random() < CORRECTED:
        life.later(on + life.mistakes.randint(2, 40) * DAY, _correct, plan_id)


def _correct(life: Life, on: datetime.date, plan_id: Any) -> None:
    """Somebody finds a mistake in a complete plan: a new version, in which one section is open."""
    plan = Plan.objects.select_related("child__authority__virtual_school").get(pk=plan_id)
    if plan.state != Plan.State.COMPLETE or plan.child.in_care(on) is None:
        return
    key = life.mistakes.choice(("attendance", "health", "targets"))
    done = _try(life, on, plan, "correct", Owner.VIRTUAL_SCHOOL, comment="A figure was wrong", sections=[key])
    if done is not None:
        life.later(on + life.mistakes.randint(2, 9) * DAY, _submit, done.pk)


def _cancel(life: Life, on: datetime.date, plan_id: Any) -> None:
    plan = Plan.objects.select_related("child__authority__virtual_school").get(pk=plan_id)
    if plan.state not in Plan.ENDED:
        _try(life, on, plan, "cancel", Owner.VIRTUAL_SCHOOL, comment="Opened for the wrong term")


def _try(life: Life, on: datetime.date, plan: Plan, action: str, owner: Owner, **more: Any) -> Plan | None:
    """Let whoever holds this part move the plan. None where nobody may: it is tried again another day."""
    by = _holder(plan, owner, on)
    if by is None:
        return None
    try:
        done = perform(plan, action, by=by, on=on, **more)
    except PermissionDenied:
        life.counts["refused, and tried again later"] += 1
        return None
    life.counts[f"plans: {action.replace('_', ' ')}"] += 1
    return done


# What the sign-off section's own body is: nobody writes it by hand.
assert {section.key for form in FORMS for section in form.sections if section.body is Body.SIGN_OFF} == {"sign_off"}
assert Relation.OFFICER.value == "officer"
