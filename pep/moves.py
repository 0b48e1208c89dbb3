"""Changes of school: the only way a child's main enrolment changes.

One person proposes, a second confirms; from the first day the new school's designated teachers see the child and the whole school side of
the past, and the old school's only until a set day. Access follows from the enrolments' dates alone, so no job has to run for it.
"""

import datetime
from collections.abc import Iterable

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import models, transaction
from django.db.models import Q, QuerySet
from django.db.models.functions import Greatest
from django.utils import timezone

from accounts.audit import AuditedModel
from accounts.models import User
from accounts.outbox import asked_no_more, asked_of, tell
from accounts.policy import Verb
from children.access import verbs_on
from children.access_changes import telling
from children.models import Allocation, Child, Enrolment
from pep import deadlines, invitations, workflow
from pep.facts import in_words
from pep.left import takes_part
from pep.models import Move, Plan
from pep.move_rules import check_move, check_reading, concerned, confirmers, may_decide, may_propose, may_withdraw, reading_ends
from pep.opening import open_plan
from pep.planning import no_plan_because
from schools.models import School

# What the history says about rows that were changed because the record was restricted.
RESTRICTED = "Record restricted"


class NotNow(ValidationError):
    """Someone else has confirmed, withdrawn or taken back this move in the meantime."""


def propose(
    child: Child, *, to_school: School | None, starts_on: datetime.date, reason: str, by: User, on: datetime.date | None = None
) -> Move:
    """Propose that a child moves to a school, or (``None``) leaves for no school, from a first day. Nobody's access changes yet.

    Raises PermissionDenied, or ValidationError with the field it is about (``to_school``, ``starts_on``, ``reason``).
    """
    on = on or timezone.localdate()
    if not may_propose(verbs_on(by, child, on), child):
        raise PermissionDenied
    with transaction.atomic():
        child = locked(child)
        if not reason.strip():
            raise ValidationError({"reason": "Say why the child is moving"})
        if Move.objects.filter(child=child, state=Move.State.PROPOSED).exists():
            raise ValidationError({"to_school": "A change of school is already proposed. Confirm or withdraw it first"})
        check_move(child, to_school, starts_on, on)
        move = Move(
            child=child, to_school=to_school, starts_on=starts_on, reason=reason.strip(), proposed_by=by, proposed_at=timezone.now()
        )
        _save(move, by, "Proposed")
        for user in confirmers(child, on):
            if user != by:
                _tell(user, "move_proposed", move, {})
    return move


def confirm(move: Move, *, by: User, on: datetime.date | None = None, old_school_reads_until: datetime.date | None = None) -> Move:
    """Carry a proposed move out. ``old_school_reads_until`` is the first day without access; by default as the authority's policy says.

    The old enrolment ends and the new one starts on the first day. What follows for plans follows on that day (``begin``), at once when it
    has come. For a restricted child only someone who may restrict confirms, and the old school's access ends with the enrolment.
    Raises PermissionDenied, NotNow, or ValidationError (a second person must confirm, or something changed since the proposal).
    """
    on = on or timezone.localdate()
    with transaction.atomic():
        move, child = _locked_move(move)
        _may_decide(by, child, on)
        if move.state != Move.State.PROPOSED:
            raise NotNow(f"This change of school is “{move.get_state_display().lower()}” already.")
        if move.proposed_by_id == by.pk:
            raise ValidationError("You proposed this change of school. A second person must confirm it.")
        check_move(child, move.to_school, move.starts_on, on)
        reads_until = reading_ends(child, move.starts_on, on) if old_school_reads_until is None else old_school_reads_until
        check_reading(child, move.starts_on, reads_until)
        with telling([child.pk], on=on, by=by):
            _exchange(move, child, reads_until, by)
        move.state, move.confirmed_by, move.confirmed_at = Move.State.CONFIRMED, by, timezone.now()
        _save(move, by, "Confirmed")
        deadlines.refresh(child, by=by, on=on, because="A change of school was confirmed")
        for user in concerned(move, child, on):
            if user != by:
                _tell(user, "move_confirmed", move, {"on": move.starts_on})
        if move.starts_on <= on:
            _begin(move, child, on)
    return move


def _exchange(move: Move, child: Child, reads_until: datetime.date, by: User) -> None:
    """End the old enrolment and what its school's people may do on the first day at the new school, and enrol the child there."""
    old = child.main_enrolment(move.starts_on)
    if old is not None:
        old.ends, old.readable_until, old.reason_left = move.starts_on, reads_until, "Changed school"
        _save(old, by, _mark(move))
        move.old_enrolment, move.old_school_reads_until = old, reads_until
    if move.to_school is not None:
        move.new_enrolment = Enrolment(child=child, school=move.to_school, kind=Enrolment.Kind.MAIN, starts=move.starts_on)
        _save(move.new_enrolment, by, _mark(move))
    _end_contributors(child.allocations.filter(ends__gt=move.starts_on), move.starts_on, by, _mark(move))


def _end_contributors(among: QuerySet[Allocation], day: datetime.date, by: User | None, reason: str) -> None:
    """A school's contributors see nothing of a child from the first day the child is no longer there."""
    for contributor in among.filter(role=Allocation.Role.SCHOOL_CONTRIBUTOR):
        contributor.ends = max(contributor.starts, day)
        _save(contributor, by, reason)


def begin(on: datetime.date) -> int:
    """Let the plans follow the moves whose first day has come; run daily, and harmless to run again. Returns how many moves."""
    waiting = Move.objects.filter(state=Move.State.CONFIRMED, begun_at=None, starts_on__lte=on).order_by("starts_on", "pk")
    count = 0
    for waiting_move in waiting:
        with transaction.atomic():
            move, child = _locked_move(waiting_move)
            if move.state == Move.State.CONFIRMED and move.begun_at is None:
                _begin(move, child, on)
                count += 1
    return count


def _begin(move: Move, child: Child, on: datetime.date) -> None:
    """Close the plan that the old school was writing, its text kept, and open one at the new school.

    A plan that was already submitted goes on: the meeting was held and the old school has done its part. A child who leaves for no school
    keeps the plan, and the virtual school holds the school's part. The old school is asked for nothing any more, and to no meeting.
    """
    if move.to_school is not None and not no_plan_because(child, on):
        _close(child, move, on, f"The child changed school on {in_words(move.starts_on)}. What was written is kept.", "change_school")
    # Whoever the old school named after the move was confirmed.
    since = child.allocations.filter(starts__lt=move.starts_on, ends__gt=move.starts_on)
    _end_contributors(since, move.starts_on, move.confirmed_by, _mark(move))
    move.begun_at = timezone.now()
    _save(move, move.confirmed_by, "Begun")
    _ask_no_more(child, on)
    deadlines.refresh(child, by=move.confirmed_by, on=on, because="The first day at the new school")
    if move.to_school is not None:
        open_plan(child.pk, on)


def _ask_no_more(child: Child, on: datetime.date) -> None:
    """Take meetings still to come out of the calendars of those who do not work with the child any more, and what they were asked to do
    out of their unread messages and digests: it is others' now.
    """
    invitations.withdraw_invitations(on, about=child)
    asked_no_more(child.pk, [user for user in asked_of(child.pk) if not takes_part(user, child, on)])


def _close(child: Child, move: Move, on: datetime.date, comment: str, action: str = "close") -> None:
    for plan in unfinished_plans(child):
        workflow.perform(plan, action, by=move.taken_back_by or move.confirmed_by, on=on, comment=comment, unasked=True)


def _closed_a_plan(move: Move, child: Child) -> bool:
    closed = child.plans.filter(state=Plan.State.CLOSED, created_at__lt=move.begun_at)
    return closed.filter(events__action="change_school", events__at__gte=move.confirmed_at).exists()


def unfinished_plans(child: Child) -> QuerySet[Plan]:
    """The plans that someone at the child's school is still writing, and that a change of school therefore closes."""
    plans: QuerySet[Plan] = child.plans.filter(state__in=Plan.WRITABLE, corrects=None)
    return plans


def withdraw(move: Move, *, by: User, on: datetime.date | None = None) -> Move:
    """Withdraw a proposal that nobody has confirmed, and tell whoever proposed it and whoever was asked to confirm it.

    Raises PermissionDenied (also for a school that withdraws what the council proposed) or NotNow.
    """
    on = on or timezone.localdate()
    with transaction.atomic():
        move, child = _locked_move(move)
        if not may_withdraw(by, verbs_on(by, child, on), move, child):
            raise PermissionDenied
        if move.state != Move.State.PROPOSED:
            raise NotNow(f"This change of school is “{move.get_state_display().lower()}” already.")
        move.state, move.withdrawn_by, move.withdrawn_at = Move.State.WITHDRAWN, by, timezone.now()
        _save(move, by, "Withdrawn")
        for user in {move.proposed_by, *confirmers(child, on)} - {by}:
            _tell(user, "move_withdrawn", move, {})
    return move


def take_back(move: Move, *, by: User, because: str, on: datetime.date | None = None) -> Move:
    """Undo a confirmed move that was a mistake: the old enrolment stands as if it had never ended, the new one as if it never held.

    What was closed stays closed with its text, what was begun at the wrong school is closed too, and a new plan opens when it is near.
    Raises PermissionDenied, NotNow, or ValidationError (no reason, or the child has moved on since).
    """
    on = on or timezone.localdate()
    with transaction.atomic():
        move, child = _locked_move(move)
        _may_decide(by, child, on)
        if move.state != Move.State.CONFIRMED:
            raise NotNow(f"This change of school is “{move.get_state_display().lower()}”; only a confirmed one can be taken back.")
        if not because.strip():
            raise ValidationError({"because": "Say why it is taken back"})
        later = Q(starts__gt=move.starts_on) & ~Q(ends=models.F("starts"))
        moved_on = Move.objects.filter(child=child, state=Move.State.CONFIRMED, starts_on__gt=move.starts_on)
        if moved_on.exists() or child.enrolments.filter(later, kind=Enrolment.Kind.MAIN).exists():
            raise NotNow("The child has changed school again since. Take the later change back first.")
        people = concerned(move, child, on)
        with telling([child.pk], on=on, by=by):
            _undo(move, child, by)
            if move.begun_at:  # whom the school that never was the child's has named
                _end_contributors(child.allocations.filter(starts__gte=move.starts_on, ends__gt=on), on, by, f"{_mark(move)} taken back")
        move.state, move.taken_back_by, move.taken_back_at = Move.State.TAKEN_BACK, by, timezone.now()
        move.taken_back_because = because.strip()
        _save(move, by, "Taken back")
        # Before the plan is closed, so that a date that goes back says that this was why.
        deadlines.refresh(child, by=by, on=on, because="A change of school was taken back")
        if move.begun_at and move.to_school is not None:
            _close(child, move, on, f"The change of school on {in_words(move.starts_on)} was taken back. What was written is kept.")
        if move.begun_at:
            open_plan(child.pk, on, early=_closed_a_plan(move, child))
        for plan in unfinished_plans(child):  # the school is asked to the meetings of a plan that went on without it
            invitations.follow_plan(plan, by=by)
        for user in people:
            if user != by:
                _tell(user, "move_taken_back", move, {"on": move.starts_on})
    return move


def _undo(move: Move, child: Child, by: User) -> None:
    """Put the enrolments and the named helpers back as they stood before the move was confirmed."""
    if move.new_enrolment is not None:
        move.new_enrolment.ends, move.new_enrolment.readable_until = move.new_enrolment.starts, None
        _save(move.new_enrolment, by, f"{_mark(move)} taken back")
    if move.old_enrolment is not None:
        _restore(move.old_enrolment, move, by, ("ends", "readable_until", "reason_left"))
    for contributor in child.allocations.filter(role=Allocation.Role.SCHOOL_CONTRIBUTOR):
        _restore(contributor, move, by, ("ends",))


def _restore(row: Enrolment | Allocation, move: Move, by: User, names: Iterable[str]) -> None:
    """Put back what the move changed in a row, as its history has it from just before; a row changed since then is left alone.

    That a restriction ended the reading since is no such change: with the move undone there is no school that was left.
    """
    changed = row.history.filter(history_change_reason=_mark(move)).order_by("-history_id").first()
    latest = row.history.exclude(history_change_reason=RESTRICTED).order_by("-history_id").first()
    if changed is None or latest is None or changed.history_id != latest.history_id:
        return
    before = row.history.filter(history_id__lt=changed.history_id).order_by("-history_id").first()
    for name in names:
        setattr(row, name, getattr(before, name))
    _save(row, by, f"{_mark(move)} taken back")


def follow_restriction(child: Child, *, by: User, on: datetime.date) -> Move | None:
    """What follows for schools when a record has just been restricted, in the transaction that restricts it, the child locked.

    Nothing is handed over any more without the head: a confirmed move that has not begun waits for the head's decision, and schools
    the child has left stop reading at once. Returns the move that waits.
    """
    with telling([child.pk], on=on, by=by):
        waiting = _put_back(child, by=by, on=on)
        end_reading(child, by=by, on=on)
    return waiting


def _put_back(child: Child, *, by: User, on: datetime.date) -> Move | None:
    """Make the next confirmed move a proposal again. What was to follow after it is undone: it must be proposed anew.

    The latest first, so that each finds the enrolments as it left them.
    """
    ahead = Move.objects.filter(child=child, state=Move.State.CONFIRMED, starts_on__gt=on).order_by("-starts_on", "-pk")
    if not ahead:
        return None
    *following, first = ahead
    now, told_of = timezone.now(), {move: concerned(move, child, on) for move in (*following, first)}
    for move in Move.objects.filter(child=child, state=Move.State.PROPOSED):
        move.state, move.withdrawn_by, move.withdrawn_at = Move.State.WITHDRAWN, by, now
        _save(move, by, RESTRICTED)
    for move in following:
        _undo(move, child, by)
        move.state, move.taken_back_by, move.taken_back_at = Move.State.TAKEN_BACK, by, now
        move.taken_back_because = "The record was restricted. The change of school before this one waits for the head’s decision."
        _save(move, by, RESTRICTED)
    _undo(first, child, by)
    first.state, first.confirmed_by, first.confirmed_at = Move.State.PROPOSED, None, None
    first.old_enrolment, first.new_enrolment, first.old_school_reads_until = None, None, None
    _save(first, by, RESTRICTED)
    deadlines.refresh(child, by=by, on=on, because="A change of school waits for a decision again")
    for move, people in told_of.items():
        for user in people - {by}:
            _tell(user, "move_put_back" if move == first else "move_taken_back", move, {})
    for user in confirmers(child, on) - {by}:
        _tell(user, "move_proposed", first, {})
    return first


def end_reading(child: Child, *, by: User, on: datetime.date) -> int:
    """End what schools the child has left, or is to leave, may read after that: for the day a record is restricted.

    Returns of how many schools.
    """
    rows = child.enrolments.filter(ends__isnull=False, readable_until__gt=Greatest("ends", models.Value(on, models.DateField())))
    for row in rows:
        row.readable_until = max(on, row.ends or on)
        _save(row, by, RESTRICTED)
    main = child.main_enrolment(on)
    left = child.allocations.filter(ends__gt=on)
    _end_contributors(left.filter(starts__lt=main.starts) if main else left, on, by, RESTRICTED)
    return len(rows)


def moves_of(child: Child, verbs: frozenset[Verb] = frozenset()) -> list[Move]:
    """A child's changes of school, the newest first. A restricted child's are for those who may read what is the council's alone."""
    if child.restricted and Verb.VIEW_COUNCIL not in verbs:
        return []
    return list(Move.objects.filter(child=child).select_related("to_school", "proposed_by", "confirmed_by"))


def _may_decide(user: User, child: Child, on: datetime.date) -> None:
    if not may_decide(verbs_on(user, child, on), child):
        raise PermissionDenied


def locked(child: Child) -> Child:
    """The child, locked after its open plans: whoever saves in a plan locks it first and the child's dates after."""
    open_plans: QuerySet[Plan] = models.QuerySet(Plan).select_for_update(no_key=True).filter(child=child).exclude(state__in=Plan.ENDED)
    list(open_plans.order_by("pk").values_list("pk"))
    children: QuerySet[Child] = models.QuerySet(Child).select_for_update(no_key=True, of=("self",))
    return children.select_related("authority__virtual_school").get(pk=child.pk)


def _locked_move(move: Move) -> tuple[Move, Child]:
    """The move as it stands now, locked with its child: of two people deciding at once the second sees what the first did."""
    child = locked(move.child)
    found: Move = models.QuerySet(Move).select_for_update(no_key=True).get(pk=move.pk)
    found.child = child
    return found, child


def _save(row: AuditedModel, by: User | None, reason: str) -> None:
    row._history_user, row._change_reason = by, reason  # type: ignore[attr-defined]
    row.save()


def _mark(move: Move) -> str:
    """What the history of other rows says about why this move changed them."""
    return f"Change of school {move.pk}"


def _tell(user: User, rule: str, move: Move, facts: dict[str, datetime.date]) -> None:
    # A move that was put back is confirmed a second time, which is news again: the key says which step of it this is.
    tell(
        key=f"{rule}:{move.pk}:{move.updated_at.isoformat()}:{user.pk}", recipient=user, rule=rule, child_id=move.child_id,
        facts={**facts, "move": move.pk},
    )  # fmt: skip
