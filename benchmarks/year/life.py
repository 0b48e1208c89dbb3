"""What happens to the authority from day to day: drawn by lot from a seed, done by the product's own functions.

Nothing here reads the machine's clock: the process that lives the year has turned it to the simulated day.
"""

import datetime
import json
import random
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection, transaction
from django.utils import timezone

from accounts.audit import insert_with_history
from accounts.models import User
from accounts.policy import Relation
from accounts.relations import in_force
from benchmarks.nation_plans import answer
from benchmarks.year.authority import Authority, new_child, person
from benchmarks.year.slow_calendar import birthday, works
from children.models import Allocation, CarePeriod, CareReview, Child, Enrolment
from pep import deadlines, moves, recalculation
from pep.fact_finding import figures_of
from pep.forms.declaration import Body, Owner
from pep.forms.registry import FORMS
from pep.models import Action, Attendee, Meeting, Move, Plan, Section, Target, TargetReview
from pep.planning import holders_of
from pep.rubric import rubric_on
from pep.sections import approve_exception
from pep.workflow import perform
from schools.models import Membership, Policy

DAY = datetime.timedelta(days=1)
WRITTEN_DAY = "2026-03-03"  # the date that stands in every dated answer of the benchmarks; here it becomes the day of writing

# How often in a year, for each child or each person.
JOIN, LEAVE, COME_BACK, MOVE, MOVE_OFTEN, NEW_WORKER, REASSESSED = 0.35, 0.22, 0.03, 0.25, 0.02, 0.45, 0.02
TEACHER_LEAVES, WORKER_LEAVES = 0.2, 0.2

Deed = Callable[["Life", datetime.date, Any], None]


@dataclass
class Life:
    """The authority, the lot, what is to come on which day, and how often what has happened."""

    authority: Authority
    chance: random.Random
    agenda: dict[datetime.date, list[tuple[Deed, Any]]] = field(default_factory=lambda: defaultdict(list))
    counts: Counter[str] = field(default_factory=Counter)
    new_policy_on: datetime.date | None = None

    def later(self, day: datetime.date, deed: Deed, of: Any) -> None:
        """Put a deed into the diary: on the next day that offices are open."""
        while not works(day):
            day += DAY
        self.agenda[day].append((deed, of))

    def times(self, a_year: float) -> int:
        """How often something happens today that happens so often a year."""
        whole, part = divmod(a_year / 365, 1)
        return int(whole) + (self.chance.random() < part)


def morning(life: Life, on: datetime.date) -> None:
    """What happens to children and people, before anybody works on plans."""
    in_care = list(Child.objects.filter(care_periods__in=CarePeriod.objects.filter(in_force(on))).order_by("identifier"))
    for child in in_care:
        if birthday(child.date_of_birth, 18) == on:
            life.agenda[on + life.chance.choice((0, 0, 0, 4)) * DAY].append((_leave, (child.pk, True)))
    if life.new_policy_on == on:
        _new_policy(life, on)
    _reviews(life, on)
    number = len(in_care)
    lots: tuple[tuple[Deed, float, Any], ...] = (
        (_join, JOIN * number, None), (_come_back, COME_BACK * number, None),
        (_leave, LEAVE * number, in_care), (_new_worker, NEW_WORKER * number, in_care), (_reassess, REASSESSED * number, in_care),
        (_teacher_leaves, TEACHER_LEAVES * len(life.authority.schools), life.authority.schools),
        (_worker_leaves, WORKER_LEAVES * len(life.authority.workers), life.authority.workers),
        (_propose, MOVE * number, in_care), (_move_often, MOVE_OFTEN * number, in_care),
    )  # fmt: skip
    for deed, rate, of in lots:
        for _ in range(life.times(rate)):
            one = life.chance.choice(of) if of else None
            deed(life, on, (one.pk, False) if deed is _leave and one else one)
    # Who holds what changes first, and then who goes where: what a deed puts into today's diary is done today.
    for kinds in (ABOUT_PEOPLE, ABOUT_MOVES):
        for planned, about in life.agenda[on]:
            if planned in kinds:
                planned(life, on, about)


def working_day(life: Life, on: datetime.date) -> None:
    """What people do about plans: those that opened in the night get a future, those with a past go on."""
    midnight = timezone.make_aware(datetime.datetime.combine(on, datetime.time()))
    for plan in Plan.objects.filter(created_at__gte=midnight, version=1).order_by("child__identifier"):
        life.counts["plans opened"] += 1
        _foresee(life, on, plan)
    for deed, about in life.agenda[on]:
        if deed not in ABOUT_PEOPLE + ABOUT_MOVES:
            deed(life, on, about)
    del life.agenda[on]


# Children


def _refresh(life: Life, child: Child, on: datetime.date, because: str) -> None:
    deadlines.refresh(child, by=life.authority.officers[0], on=on, because=because)


def _join(life: Life, on: datetime.date, about: Any) -> None:
    """A child comes into care; the register hears of it some days later, as it does."""
    came = on - life.chance.choice((0, 0, 1, 3)) * DAY
    child = new_child(life.authority, on, life.chance)
    with transaction.atomic():
        child.save()
        CarePeriod(child=child, starts=came, legal_status=life.chance.choice(("C2", "V2", "L2"))).save()
        if life.chance.random() < 0.93:
            Enrolment(child=child, school=life.chance.choice(life.authority.schools), starts=came).save()
        _allocate(life, child, came)
        CareReview(child=child, on=on + life.chance.randint(15, 27) * DAY).save()
        _refresh(life, child, on, "Added to the register")
    life.counts["children came into care"] += 1


def _allocate(life: Life, child: Child, on: datetime.date) -> None:
    worker = life.chance.choice(life.authority.workers) if life.chance.random() < 0.93 else None
    Allocation(child=child, role="social_worker", worker=worker, team=life.chance.choice(life.authority.teams), starts=on).save()


def _come_back(life: Life, on: datetime.date, about: Any) -> None:
    """A child who had left care comes into care again."""
    gone = list(Child.objects.exclude(care_periods__in=CarePeriod.objects.filter(in_force(on))).order_by("identifier"))
    if gone:
        child = life.chance.choice(gone)
        if birthday(child.date_of_birth, 18) <= on + 30 * DAY or child.care_periods.filter(ends__gt=on - DAY).exists():
            return
        with transaction.atomic():
            CarePeriod(child=child, starts=on, legal_status="V2").save()
            if child.allocation(Allocation.Role.SOCIAL_WORKER, on) is None:
                _allocate(life, child, on)
            _refresh(life, child, on, "The time in care was changed")
        life.counts["children came back into care"] += 1


def _leave(life: Life, on: datetime.date, about: tuple[Any, bool]) -> None:
    """Care ends, at eighteen or before; the people allocated go with it, and some day somebody closes what was being written."""
    child_id, grown = about
    child = Child.objects.select_related("authority").get(pk=child_id)
    period = child.in_care(on)
    if period is None or (not grown and birthday(child.date_of_birth, 18) <= on + DAY):
        return
    with transaction.atomic():
        period.ends = birthday(child.date_of_birth, 18) if grown else on
        period.save()
        if not grown:
            for allocation in child.allocations.filter(in_force(on)):
                allocation.ends = on
                allocation.save()
        _refresh(life, child, on, "The time in care was changed")
    life.counts["children turned 18" if grown else "children left care"] += 1
    if not grown:
        for plan in child.plans.unfinished():
            if life.chance.random() < 0.9:
                life.later(on + life.chance.randint(1, 20) * DAY, _close, plan.pk)


def _reassess(life: Life, on: datetime.date, child: Child) -> None:
    """An age assessment sets another date of birth, younger or older, but not of age."""
    born = child.date_of_birth + life.chance.choice((-1, 1)) * life.chance.randint(60, 700) * DAY
    if not on - 17 * 365 * DAY < born < on - 3 * 366 * DAY:
        return
    child.date_of_birth, child.birth_date_status = born, Child.BirthDate.ASSESSED
    with transaction.atomic():
        child.save()
        _refresh(life, child, on, "The child’s details were changed")
    life.counts["dates of birth reassessed"] += 1


def _reviews(life: Life, on: datetime.date) -> None:
    """The care plan reviews of the day: most are held and the next one booked, some are moved."""
    for review in CareReview.objects.filter(on=on, state="booked").select_related("child").order_by("child__identifier"):
        child = review.child
        with transaction.atomic():
            if life.chance.random() < 0.2:
                review.on = on + life.chance.randint(3, 20) * DAY
                if CareReview.objects.filter(child=child, on=review.on).exclude(state="cancelled").exists():
                    continue
                life.counts["care reviews moved"] += 1
            else:
                review.state = "held"
                following = on + life.chance.choice((88, 170, 178)) * DAY
                if not CareReview.objects.filter(child=child, on=following).exists():
                    CareReview(child=child, on=following).save()
                life.counts["care reviews held"] += 1
            review.save()
            _refresh(life, child, on, "The review was changed")


def _new_policy(life: Life, on: datetime.date) -> None:
    """The authority decides anew, in the middle of many plans; every date is counted again in the background."""
    old = life.authority.policy
    old.ends = on
    with transaction.atomic():
        old.save()
        new = Policy(
            authority=life.authority.row, starts=on, review_months=5, signature_working_days=8, move_plan_working_days=15, to_year_13=True,
            reminder_days=[-21, -7, -2, 1, 5],
        )  # fmt: skip
        new.save()
        job = recalculation.ask(life.authority.row, because=figures_of(new).source, by=life.authority.officers[0])
    while not recalculation.go_on(job.pk):
        pass
    job.refresh_from_db()
    life.authority.policy = new
    life.counts["dates moved by a new policy"] += job.moved


# Schools


def _propose(life: Life, on: datetime.date, child: Child, starts_on: datetime.date | None = None) -> None:
    """A change of school: proposed by the social worker or an officer, confirmed by another some days later, or withdrawn."""
    worker = child.allocation(Allocation.Role.SOCIAL_WORKER, on)
    by = worker.worker if worker and worker.worker and worker.worker.may_sign_in(on) else life.authority.officers[0]
    to_school = life.chance.choice(life.authority.schools) if life.chance.random() < 0.93 else None
    starts_on = starts_on or on + life.chance.randint(-3, 25) * DAY
    try:
        move = moves.propose(child, to_school=to_school, starts_on=starts_on, reason="New carers", by=by, on=on)
    except (ValidationError, PermissionDenied):
        life.counts["changes of school refused"] += 1
        return
    life.counts["changes of school proposed"] += 1
    life.agenda[on + life.chance.randint(0, 4) * DAY].append((_decide, move.pk))


def _move_often(life: Life, on: datetime.date, child: Child) -> None:
    """A child whose placements break down: three changes of school in a term."""
    life.counts["children with three moves in a term"] += 1
    for days in (0, 20, 40):
        life.agenda[on + days * DAY].append((_propose_again, child.pk))


def _propose_again(life: Life, on: datetime.date, child_id: Any) -> None:
    _propose(life, on, Child.objects.select_related("authority").get(pk=child_id), on + life.chance.randint(0, 10) * DAY)


def _decide(life: Life, on: datetime.date, move_id: Any) -> None:
    move = Move.objects.select_related("child__authority", "to_school").get(pk=move_id)
    by = life.authority.officers[1]
    try:
        if life.chance.random() < 0.06:
            moves.withdraw(move, by=by, on=on)
            life.counts["changes of school withdrawn"] += 1
            return
        moves.confirm(move, by=by, on=on)
    except (ValidationError, PermissionDenied):
        life.counts["changes of school refused"] += 1
        return
    life.counts["changes of school confirmed"] += 1
    if life.chance.random() < 0.04:
        life.agenda[on + life.chance.randint(1, 10) * DAY].append((_take_back, move.pk))


def _take_back(life: Life, on: datetime.date, move_id: Any) -> None:
    try:
        moves.take_back(Move.objects.get(pk=move_id), by=life.authority.officers[1], because="Confirmed by mistake", on=on)
        life.counts["changes of school taken back"] += 1
    except (ValidationError, PermissionDenied):
        life.counts["changes of school refused"] += 1


# People


def _new_worker(life: Life, on: datetime.date, child: Child) -> None:
    """Another social worker, or for a while only the team."""
    now = child.allocation(Allocation.Role.SOCIAL_WORKER, on)
    if now is None or now.starts >= on:
        return
    with transaction.atomic():
        now.ends = on
        now.save()
        _allocate(life, child, on)
    life.counts["social workers changed"] += 1


def _teacher_leaves(life: Life, on: datetime.date, school: Any) -> None:
    """A designated teacher leaves: the account ends, or the role; some weeks later there is another."""
    staff = life.authority.teachers.get(school.pk) or []
    if not staff:
        return
    membership = staff.pop()
    if life.chance.random() < 0.5:
        user = membership.user
        user.expires_on = on + life.chance.choice((0, 1, 14)) * DAY
        user.save()
    else:
        membership.ends = on + life.chance.choice((0, 7)) * DAY
        membership.save()
    life.counts["designated teachers left"] += 1
    life.agenda[on + life.chance.randint(0, 45) * DAY].append((_teacher_comes, school))


def _teacher_comes(life: Life, on: datetime.date, school: Any) -> None:
    user = person(life.authority)
    user.save()
    membership = Membership(user=user, role="designated_teacher", school=school, authority=life.authority.row, starts=on)
    membership.save()
    life.authority.teachers.setdefault(school.pk, []).append(membership)
    life.counts["designated teachers came"] += 1


def _worker_leaves(life: Life, on: datetime.date, user: User) -> None:
    """A social worker leaves; their children are given to others one by one, some after a fortnight."""
    life.authority.workers.remove(user)
    user.expires_on = on + life.chance.choice((0, 5)) * DAY
    user.save()
    other = person(life.authority)
    other.save()
    life.authority.workers.append(other)
    for allocation in Allocation.objects.filter(in_force(on), worker=user, role="social_worker").order_by("child__identifier"):
        life.agenda[on + life.chance.randint(0, 15) * DAY].append((_reallocate, allocation.child_id))
    life.counts["social workers left"] += 1


def _reallocate(life: Life, on: datetime.date, child_id: Any) -> None:
    _new_worker(life, on, Child.objects.select_related("authority").get(pk=child_id))


# Plans


def _foresee(life: Life, on: datetime.date, plan: Plan) -> None:
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
            _refresh(life, plan.child, on, "The plan may go on without a meeting")
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
    reviewed = [
        TargetReview(plan=plan, target=target, outcome="met", evidence="Reads at home", impact="none_paid", next="end")
        for target in Target.objects.filter(plan=plan.previous_id, removed=False)
    ] if plan.previous_id else []  # fmt: skip
    action = Action(plan=plan, position=1, what="Find a reading friend", who="The tutor", by_when=on + 30 * DAY)
    for rows in ([Target(plan=plan, position=1, area="english", by_when=on + 90 * DAY, **words)], [action], reviewed):
        insert_with_history(rows, by=by, reason="")


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
    done = _try(life, on, plan, "submit", Owner.SOCIAL_WORKER if care_only else Owner.SCHOOL)
    if done is None:
        life.later(on + 3 * DAY, _submit, plan_id)
    elif done.state == Plan.State.AWAITING_SIGN_OFF:
        life.later(on + life.chance.choice((1, 3, 5, 8, 11, 20)) * DAY, _sign, plan_id)
    else:
        life.later(on + life.chance.randint(1, 9) * DAY, _check, plan_id)


def _sign(life: Life, on: datetime.date, plan_id: Any) -> None:
    """The social worker signs or returns; where nobody can, the virtual school goes on once the time is over."""
    plan = Plan.objects.select_related("child__authority__virtual_school").get(pk=plan_id)
    if plan.state != Plan.State.AWAITING_SIGN_OFF:
        return
    if life.chance.random() < 0.08:
        key = life.chance.choice(("targets", "health", "attendance"))
        if _try(life, on, plan, "return_from_sign_off", Owner.SOCIAL_WORKER, comment="Please look again", sections=[key]):
            life.later(on + life.chance.randint(2, 9) * DAY, _submit, plan_id)
            return
    elif _try(life, on, plan, "sign_off", Owner.SOCIAL_WORKER):
        life.later(on + life.chance.randint(1, 9) * DAY, _check, plan_id)
        return
    if _try(life, on, plan, "go_on_without_signature", Owner.VIRTUAL_SCHOOL, comment="The post is empty"):
        life.later(on + life.chance.randint(1, 9) * DAY, _check, plan_id)
    else:
        life.later(on + 4 * DAY, _sign, plan_id)


def _check(life: Life, on: datetime.date, plan_id: Any) -> None:
    plan = Plan.objects.select_related("child__authority__virtual_school").get(pk=plan_id)
    if plan.state != Plan.State.AWAITING_CHECK:
        return
    red = life.chance.random() < 0.06
    more: dict[str, Any] = {"comment": "The targets cannot be measured", "sections": ["targets"]} if red else {}
    overall = "red" if red else "green"
    areas = [(area["key"], area["title"], overall, "") for area in rubric_on(plan.child.authority, on).areas]
    done = _try(life, on, plan, "grade", Owner.VIRTUAL_SCHOOL, overall=overall, areas=areas, **more)
    if done is None:
        life.later(on + 3 * DAY, _check, plan_id)
    elif done.state == Plan.State.RETURNED:
        life.later(on + life.chance.randint(2, 9) * DAY, _submit, plan_id)


def _cancel(life: Life, on: datetime.date, plan_id: Any) -> None:
    plan = Plan.objects.select_related("child__authority__virtual_school").get(pk=plan_id)
    if plan.state not in Plan.ENDED:
        _try(life, on, plan, "cancel", Owner.VIRTUAL_SCHOOL, comment="Opened for the wrong term")


def _close(life: Life, on: datetime.date, plan_id: Any) -> None:
    plan = Plan.objects.select_related("child__authority__virtual_school").get(pk=plan_id)
    if plan.state not in Plan.ENDED and plan.child.in_care(on) is None:
        _try(life, on, plan, "close", Owner.VIRTUAL_SCHOOL, comment="The child has left care")


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


ABOUT_PEOPLE: tuple[Deed, ...] = (_leave, _teacher_comes, _reallocate)
ABOUT_MOVES: tuple[Deed, ...] = (_propose_again, _decide, _take_back)
# What the sign-off section's own body is: nobody writes it by hand.
assert {section.key for form in FORMS for section in form.sections if section.body is Body.SIGN_OFF} == {"sign_off"}
assert Relation.OFFICER.value == "officer"
