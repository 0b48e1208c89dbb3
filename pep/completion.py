"""What follows from a plan's move, in the same transaction: snapshot, documents to make, dates, money, messages."""

import datetime

from django.core.exceptions import ValidationError
from django.db import IntegrityError, models, transaction
from django.utils import timezone

from accounts.audit import AuditedModel, uuid7
from accounts.outbox import moved_on, tell
from pep import deadlines, history, invitations, snapshot
from pep.forms.declaration import Body, Owner
from pep.models import (
    Action,
    FundingDecision,
    FundingRequest,
    Meeting,
    Plan,
    PlanEvent,
    PlanSnapshot,
    RenderJob,
    Section,
    SignOff,
    Target,
)
from pep.models.documents import Copy
from pep.planning import Holder, holders_of
from pep.render_tasks import render_document
from schools.models import policy_on
from schools.timetable import add_working_days, financial_year


def after_move(plan: Plan, event: PlanEvent, *, on: datetime.date) -> None:
    """Freeze a plan that has just become complete, bring the child's dates up to date, and tell whom it concerns."""
    if plan.state == Plan.State.COMPLETE and event.action != "correct":
        _freeze(plan, on)
        _pay_flat_sum(plan, on)
        _stand_beside_the_next(plan)
    if plan.state in (Plan.State.CANCELLED, Plan.State.CLOSED):
        _withdraw_requests(plan, event, on)
    if plan.state in invitations.GIVEN_UP:
        invitations.withdraw_all(plan, by=event.by)
    deadlines.refresh(plan.child, by=event.by, on=on, because=event_reason(event))
    moved_on(plan.pk)
    _tell(plan, event, on)


REASONS: dict[str, str] = {
    "submit": "The plan was submitted",
    "sign_off": "The plan was signed off",
    "go_on_without_signature": "The plan went on without a signature",
    "grade": "The plan is complete",
    "accept_unsampled": "The plan is complete",
    "cancel": "The plan was cancelled",
    "close": "The plan was closed incomplete",
    "change_school": "The plan was closed by a change of school",
    "leave_care": "The plan was closed because none is needed any more",
    "correct": "A corrected version was begun",
}


def event_reason(event: PlanEvent) -> str:
    """Why dates may have moved after a plan's move, in words."""
    return REASONS.get(event.action, "The plan was returned")


def _freeze(plan: Plan, on: datetime.date) -> None:
    content = snapshot.build(plan, on=on)
    frozen = PlanSnapshot.objects.create(plan=plan, taken_at=timezone.now(), content=content, sha256=content["hash"])
    for audience in Copy.values:
        job = RenderJob.objects.create(snapshot=frozen, audience=audience)
        render_document.delay_on_commit(str(job.pk))  # type: ignore[attr-defined]


def _stand_beside_the_next(plan: Plan) -> None:
    """A plan begun while this one still waited shows this one's answers and reviews its targets, unless it has reviewed others already.

    Never an older one than it shows now: plans may become complete in another order than they fell due.
    """
    held: models.QuerySet[Plan] = models.QuerySet(Plan).select_for_update(no_key=True)
    following = held.filter(child=plan.child_id, state=Plan.State.PREPARING).first()
    if following is None or following.target_reviews.exists():
        return
    before = following.previous
    if before is not None and (before.pk == plan.pk or before.due_on > plan.due_on):
        return
    following.previous = plan
    following.save()
    to_review = plan.targets.filter(removed=False).exists()
    for declared in following.form.sections:
        if declared.body is Body.LAST_TARGETS:
            section: Section = models.QuerySet(Section).select_for_update(no_key=True).get(plan=following, key=declared.key)
            # Whoever has the page of the other targets open must not save their words under these.
            section.version += before is not None
            # "Nothing to do" is over: now there are targets to speak of.
            section.marked_complete = section.marked_complete and not to_review
            section.save()


def phase_of(year_group: int) -> str:
    """The phase a national curriculum year belongs to, as flat sums name it."""
    if year_group < 1:
        return "early_years"
    return "primary" if year_group <= 6 else "secondary" if year_group <= 11 else "post_16"


def _pay_flat_sum(plan: Plan, on: datetime.date) -> None:
    amount = policy_on(plan.child.authority, on).flat_sums.get(phase_of(plan.child.year_group(on)))
    if not amount or plan.version > 1:
        return
    request = FundingRequest(
        plan=plan,
        school=plan.school,
        financial_year=financial_year(on),
        purpose="completing the plan",
        amount=amount,
        agreed_amount=amount,
        state=FundingRequest.State.AGREED,
    )
    request.save()
    FundingDecision.objects.create(request=request, step="agreed", amount=amount, reason="By the authority’s policy", on=on, by=None)


def _withdraw_requests(plan: Plan, event: PlanEvent, on: datetime.date) -> None:
    """What a plan that came to nothing asked for, nobody need decide on. What was agreed before stays agreed."""
    # Locked: what is decided at the same moment is not written over.
    requests: models.QuerySet[FundingRequest] = models.QuerySet(FundingRequest).select_for_update(no_key=True)
    for request in requests.filter(plan=plan, state=FundingRequest.State.REQUESTED).order_by("pk"):
        request.state = FundingRequest.State.WITHDRAWN
        request.save()
        reason = f"The plan was {plan.get_state_display().lower()}"
        FundingDecision.objects.create(request=request, step=FundingDecision.Step.WITHDRAWN, reason=reason, on=on, by=event.by)


# Whose signature stands for the sections of which owner.
SIGNATURE_OF: dict[str, SignOff.Role] = {
    Owner.SCHOOL: SignOff.Role.DESIGNATED_TEACHER,
    Owner.SOCIAL_WORKER: SignOff.Role.SOCIAL_WORKER,
    Owner.VIRTUAL_SCHOOL: SignOff.Role.VIRTUAL_SCHOOL,
}

# Which message follows which move, and whom it concerns: the holders of these parts.
MESSAGES: dict[str, tuple[str, tuple[Owner, ...]]] = {
    "submit": ("plan_submitted", (Owner.SOCIAL_WORKER,)),
    "sign_off": ("plan_signed_off", (Owner.SCHOOL, Owner.VIRTUAL_SCHOOL)),
    "go_on_without_signature": ("plan_signed_off", (Owner.SCHOOL,)),
    "return_from_sign_off": ("plan_returned", ()),
    "return_from_check": ("plan_returned", ()),
    "grade": ("plan_complete", (Owner.SCHOOL, Owner.SOCIAL_WORKER)),
    "accept_unsampled": ("plan_complete", (Owner.SCHOOL, Owner.SOCIAL_WORKER)),
    "cancel": ("plan_closed", (Owner.SCHOOL, Owner.SOCIAL_WORKER)),
    "close": ("plan_closed", (Owner.SCHOOL, Owner.SOCIAL_WORKER)),
    "change_school": ("plan_closed", (Owner.SCHOOL, Owner.SOCIAL_WORKER)),
    "leave_care": ("plan_closed", (Owner.SCHOOL, Owner.SOCIAL_WORKER)),
    "correct": ("plan_returned", ()),
}


def _tell(plan: Plan, event: PlanEvent, on: datetime.date) -> None:
    rule, owners = MESSAGES[event.action]
    if event.action == "submit" and plan.state == Plan.State.AWAITING_CHECK:
        rule, owners = "plan_to_check", (Owner.VIRTUAL_SCHOOL,)  # the signature stands: only other parts had come back
    if plan.state == Plan.State.RETURNED:
        rule = "plan_returned"
        owners = tuple({plan.form.section(key).owner for key in plan.reopened})
    people: dict[str, Holder] = {str(holder.user.pk): holder for owner in owners for holder in holders_of(plan, owner, on)}
    for user_id, holder in people.items():
        if event.by is None or user_id != str(event.by.pk):
            tell(
                key=f"{rule}:{event.pk}:{user_id}",
                recipient=holder.user,
                rule=rule,
                plan_id=plan.pk,
                child_id=plan.child_id,
                facts={"sections": len(plan.reopened)} if rule == "plan_returned" else {},
            )


def new_version(plan: Plan, event: PlanEvent) -> Plan:
    """A corrected version of a complete plan: everything copied, the named sections open, the first version kept as it was.

    Raises ValidationError when a corrected version exists already.
    """
    on = timezone.localdate(event.at)
    working_days = policy_on(plan.child.authority, on).complete_working_days
    due_on = add_working_days(on, working_days)
    copy = Plan(
        child=plan.child,
        form_key=plan.form_key,
        form_version=plan.form_version,
        reason=plan.reason,
        term=plan.term,
        school=plan.school,
        previous=plan.previous,
        corrects=plan,
        version=plan.version + 1,
        state=Plan.State.RETURNED,
        reopened=list(event.sections),
        due_on=max(plan.due_on, due_on),
        due_reason="typed",
        due_words=f"A corrected version, to be submitted within {working_days} working days",
        state_since=event.at,
        created_by=event.by,
    )
    try:
        with transaction.atomic():
            copy.save()
    except IntegrityError as error:
        raise ValidationError("A corrected version of this plan has already been begun.") from error
    for section in plan.sections.all():
        Section(
            plan=copy,
            key=section.key,
            owner=section.owner,
            version=section.version,
            answers=section.answers,
            marked_complete=section.marked_complete and section.key not in event.sections,
            written_by=section.written_by,
            written_as=section.written_as,
            written_at=section.written_at,
            on_behalf_of=section.on_behalf_of,
            learned_by=section.learned_by,
        ).save()
    _copy_rows(plan, copy)
    _carry_signatures(plan, copy, event)
    PlanEvent.objects.create(
        plan=copy,
        action="corrected_from",
        to_state=copy.state,
        at=event.at,
        by=event.by,
        capacity=event.capacity,
        comment=event.comment,
        sections=event.sections,
    )
    return copy


def _carry_signatures(plan: Plan, copy: Plan, event: PlanEvent) -> None:
    """Whose sections are not to be looked at again has signed already. The virtual school signs each version anew."""
    touched = {SIGNATURE_OF[plan.form.section(key).owner] for key in event.sections} | {SignOff.Role.VIRTUAL_SCHOOL}
    for sign_off in plan.sign_offs.filter(voided_at__isnull=True).exclude(role__in=touched):
        sign_off.pk, sign_off._state.adding, sign_off.plan = uuid7(), True, copy
        sign_off.save()


def _copy_rows(plan: Plan, copy: Plan) -> None:
    for model in (Target, Action):
        for row in model.objects.filter(plan=plan, removed=False).select_related("original"):
            # Money and progress stay with the first version's row; the copy leads to it.
            row.original, row.pk, row._state.adding, row.plan = row.first, uuid7(), True, copy
            _copied(row)
    for review in plan.target_reviews.all():
        review.pk, review._state.adding, review.plan = uuid7(), True, copy
        _copied(review)
    meeting = Meeting.objects.get(plan=plan)
    attendees = list(meeting.attendees.filter(removed=False))
    meeting.pk, meeting._state.adding, meeting.plan = uuid7(), True, copy
    meeting.save()
    for attendee in attendees:
        attendee.pk, attendee._state.adding, attendee.meeting = uuid7(), True, meeting
        _copied(attendee)


def _copied(row: AuditedModel) -> None:
    row._change_reason = history.COPIED  # type: ignore[attr-defined]
    row.save()
