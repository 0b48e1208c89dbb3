"""Who comes, goes and moves from day to day: children, teachers, social workers, schools, reviews and a policy. Drawn by lot from a seed,
done by the product's own functions.
"""

import datetime
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction

from accounts.models import User
from accounts.relations import in_force
from benchmarks.year.authority import new_child, person
from benchmarks.year.life import Deed, Life
from benchmarks.year.slow_calendar import DAY, birthday
from children.models import Allocation, CarePeriod, CareReview, Child, Enrolment
from pep import leaving, moves, recalculation
from pep.fact_finding import figures_of
from pep.models import Move
from schools.models import Membership, Policy

# How often in a year, for each child or each person.
JOIN, LEAVE, COME_BACK, MOVE, MOVE_OFTEN, NEW_WORKER, REASSESSED = 0.35, 0.22, 0.03, 0.25, 0.02, 0.45, 0.02
TEACHER_LEAVES, WORKER_LEAVES = 0.2, 0.2


def morning(life: Life, on: datetime.date) -> None:
    """What happens to children and people, before anybody works on plans."""
    in_care = list(Child.objects.filter(care_periods__in=CarePeriod.objects.filter(in_force(on))).order_by("identifier"))
    for child in in_care:
        if birthday(child.date_of_birth, 18) == on:
            # Of some nobody types the end for weeks, of some never.
            late = life.chance.choice((0, 0, 4, 45, None))
            if late:
                life.counts["children whose care was left open past 18"] += 1
            if late is None:
                life.counts["children whose care at 18 nobody ended"] += 1
            else:
                life.agenda[on + late * DAY].append((_leave, (child.pk, True)))
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


# Children


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
        life.refresh(child, on, "Added to the register")
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
            life.refresh(child, on, "The time in care was changed")
        life.counts["children came back into care"] += 1


def _leave(life: Life, on: datetime.date, about: tuple[Any, bool]) -> None:
    """Care ends, at eighteen or before; the people allocated go with it, and what was being written is closed."""
    child_id, grown = about
    child = Child.objects.select_related("authority").get(pk=child_id)
    period = child.in_care(on)
    # One who was reassessed since may not be of age yet.
    if (
        period is None
        or grown != (birthday(child.date_of_birth, 18) <= on)
        or (not grown and birthday(child.date_of_birth, 18) <= on + DAY)
    ):
        return
    with transaction.atomic():
        period.ends = birthday(child.date_of_birth, 18) if grown else on
        period.save()
        if not grown:
            for allocation in child.allocations.filter(in_force(on)):
                allocation.ends = on
                allocation.save()
        life.refresh(child, on, "The time in care was changed")
        leaving.stop(child, by=life.authority.officers[0], on=on)
    life.counts["children turned 18" if grown else "children left care"] += 1


def _reassess(life: Life, on: datetime.date, child: Child) -> None:
    """An age assessment sets another date of birth, younger or older, but not of age."""
    born = child.date_of_birth + life.chance.choice((-1, 1)) * life.chance.randint(60, 700) * DAY
    if not on - 17 * 365 * DAY < born < on - 3 * 366 * DAY:
        return
    child.date_of_birth, child.birth_date_status = born, Child.BirthDate.ASSESSED
    with transaction.atomic():
        child.save()
        life.refresh(child, on, "The child’s details were changed")
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
            life.refresh(child, on, "The review was changed")


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


ABOUT_PEOPLE: tuple[Deed, ...] = (_leave, _teacher_comes, _reallocate)
ABOUT_MOVES: tuple[Deed, ...] = (_propose_again, _decide, _take_back)
