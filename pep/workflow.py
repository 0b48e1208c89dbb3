"""How a plan moves: one table of transitions, and one function that performs them.

Buttons come from ``available``, which asks the table; ``perform`` asks it again under the lock. So screen and rule cannot disagree.
"""

import datetime
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import models, transaction
from django.utils import timezone

from accounts.audit import insert_with_history
from accounts.models import User
from accounts.policy import RELATION_NAMES, Relation, Verb, verbs_of
from children.access import relations_to
from pep import as_shown, completion
from pep.forms.declaration import Owner
from pep.models import Plan, PlanEvent, QualityArea, QualityCheck, SignOff
from pep.models.quality import Grade
from pep.planning import school_part_is_virtual_schools, submits
from pep.rubric import rubric_on
from pep.sections import Gap, audience_of, contents_of, gaps_in, writing_relation
from schools.models import Policy, policy_on
from schools.timetable import add_working_days

S = Plan.State


class NotNow(ValidationError):
    """The plan is not in a state in which this can be done; someone may have moved it on."""


class Changed(ValidationError):
    """The plan is no longer what the page showed on which somebody pressed the button."""


class Incomplete(ValidationError):
    """The plan cannot be submitted: something is missing. ``gaps`` says what and where."""

    def __init__(self, gaps: list[Gap]) -> None:
        super().__init__(f"{len(gaps)} things are missing.")
        self.gaps = gaps


@dataclass(frozen=True)
class Ask:
    """Everything about one request to move a plan."""

    plan: Plan
    user: User | None
    relations: frozenset[Relation]
    policy: Policy
    on: datetime.date


@dataclass(frozen=True)
class Transition:
    """One row of the workflow: from where to where, by whom, and what else must hold."""

    action: str
    label: str
    sources: tuple[str, ...]
    target: str
    verbs: tuple[Verb, ...]
    done: str  # past tense, for the timeline
    needs_comment: bool = False
    needs_sections: bool = False
    allowed: Callable[[Ask], bool] = lambda ask: True
    warning: bool = False
    follows: tuple[Verb, ...] = ()  # who may decide something else that this follows from, unasked


def _signatures(plan: Plan) -> dict[str, SignOff]:
    return {sign_off.role: sign_off for sign_off in plan.sign_offs.filter(voided_at__isnull=True)}


def signature_awaited(plan: Plan) -> bool:
    """Whether the social worker signs the plan next, once it is submitted: not when what came back left their signature standing."""
    return SignOff.Role.SOCIAL_WORKER not in _signatures(plan) and not plan.signature_skipped


def may_submit(plan: Plan, verbs: frozenset[Verb]) -> bool:
    """The designated teacher submits; when only the social worker's sections were returned, whoever writes those sends it back."""
    return Verb.SUBMIT in verbs or (submits(plan) is Owner.SOCIAL_WORKER and Verb.WRITE_CARE in verbs)


def _may_submit(ask: Ask) -> bool:
    return may_submit(ask.plan, verbs_of(ask.relations))


def may_sign(relations: frozenset[Relation], policy: Policy) -> bool:
    """The social worker signs; a manager or deputy where the authority's policy lets them."""
    if Verb.SIGN_OFF in verbs_of(relations):
        return True
    manager = Relation.TEAM_MANAGER in relations and policy.managers_may_sign
    deputy = Relation.DEPUTY_MANAGER in relations and policy.deputies_may_sign
    return manager or deputy


def _may_sign(ask: Ask) -> bool:
    return may_sign(ask.relations, ask.policy)


def signed_by(plan: Plan, user: User | None) -> list[SignOff]:
    """The standing signatures under the parts that are checked: those this person gave, for whomever they gave them."""
    checked = (SignOff.Role.DESIGNATED_TEACHER, SignOff.Role.SOCIAL_WORKER)
    return [sign_off for role, sign_off in _signatures(plan).items() if role in checked and user and sign_off.by_id == user.pk]


def _may_check(ask: Ask) -> bool:
    """Nobody accepts what they signed themselves. Where the school's part was the virtual school's own, an office of one person may,
    if the authority's policy says so; the event then says that it was one person."""
    own = signed_by(ask.plan, ask.user)
    as_the_school = all(row.role == SignOff.Role.DESIGNATED_TEACHER and not row.on_behalf_of and row.capacity in STAFF_NAMES for row in own)
    return not own or (as_the_school and ask.policy.one_person_may_check)


def signature_due(plan: Plan, policy: Policy) -> datetime.date:
    """The last day the social worker has, counted in working days from the day the plan began to wait for them."""
    return add_working_days(timezone.localdate(plan.state_since), policy.signature_working_days)


def _signature_overdue(ask: Ask) -> bool:
    return ask.on > signature_due(ask.plan, ask.policy)


STAFF_NAMES = (RELATION_NAMES[Relation.OFFICER], RELATION_NAMES[Relation.HEAD])
WRITE_VERBS = (Verb.SUBMIT, Verb.WRITE_CARE)
SIGN_VERBS = (Verb.SIGN_OFF, Verb.SIGN_OFF_WHEN_ABSENT)
UNFINISHED = (S.PREPARING, S.RETURNED, S.AWAITING_SIGN_OFF, S.AWAITING_CHECK)

TRANSITIONS: dict[str, Transition] = {
    row.action: row
    for row in (
        Transition(
            "submit",
            "Submit the plan",
            (S.PREPARING, S.RETURNED),
            S.AWAITING_SIGN_OFF,
            WRITE_VERBS,
            "submitted the plan",
            allowed=_may_submit,
        ),
        Transition("sign_off", "Sign off", (S.AWAITING_SIGN_OFF,), S.AWAITING_CHECK, SIGN_VERBS, "signed off the plan", allowed=_may_sign),
        Transition(
            "return_from_sign_off",
            "Return the plan",
            (S.AWAITING_SIGN_OFF,),
            S.RETURNED,
            SIGN_VERBS,
            "returned the plan",
            needs_comment=True,
            needs_sections=True,
            allowed=_may_sign,
        ),
        Transition(
            "go_on_without_signature",
            "Go on without the social worker’s signature",
            (S.AWAITING_SIGN_OFF,),
            S.AWAITING_CHECK,
            (Verb.OVERRIDE,),
            "went on without the social worker’s signature",
            needs_comment=True,
            allowed=_signature_overdue,
        ),
        Transition("grade", "Grade the plan", (S.AWAITING_CHECK,), S.COMPLETE, (Verb.CHECK,), "checked the plan", allowed=_may_check),
        Transition(
            "return_from_check",
            "Return the plan",
            (S.AWAITING_CHECK,),
            S.RETURNED,
            (Verb.CHECK,),
            "returned the plan after the quality check",
            needs_comment=True,
            needs_sections=True,
        ),
        Transition(
            "accept_unsampled",
            "Complete without a quality check",
            (S.AWAITING_CHECK,),
            S.COMPLETE,
            (Verb.CHECK,),
            "completed the plan without a quality check",
            needs_comment=True,
            allowed=lambda ask: not ask.plan.drawn and _may_check(ask),
        ),
        Transition(
            "cancel", "Cancel the plan", UNFINISHED, S.CANCELLED, (Verb.OVERRIDE,), "cancelled the plan", needs_comment=True, warning=True
        ),
        Transition(
            "close",
            "Close the plan incomplete",
            UNFINISHED,
            S.CLOSED,
            (Verb.OVERRIDE,),
            "closed the plan incomplete",
            needs_comment=True,
            warning=True,
            follows=(Verb.CONFIRM_MOVE,),
        ),
        # Nobody's button: it follows from a confirmed change of school.
        Transition(
            "change_school",
            "Close for a change of school",
            UNFINISHED,
            S.CLOSED,
            (),
            "closed the plan because the child changed school",
            needs_comment=True,
            follows=(Verb.CONFIRM_MOVE,),
        ),
        # Nobody's button: it follows from the end of care. Who waits for the quality check has nothing left to do.
        Transition(
            "leave_care",
            "Close because no plan is needed",
            (S.PREPARING, S.RETURNED, S.AWAITING_SIGN_OFF),
            S.CLOSED,
            (),
            "closed the plan because no plan is needed any more",
            needs_comment=True,
            follows=(Verb.KEEP_REGISTER,),
        ),
        Transition(
            "correct",
            "Correct the plan",
            (S.COMPLETE,),
            S.COMPLETE,
            (Verb.OVERRIDE,),
            "began a corrected version",
            needs_comment=True,
            needs_sections=True,
            allowed=lambda ask: not ask.plan.corrections.exists(),
        ),
    )
}


def _ask(plan: Plan, user: User | None, on: datetime.date) -> Ask:
    relations = relations_to(user, plan.child, on) if user else frozenset()
    return Ask(plan, user, relations, policy_on(plan.child.authority, on), on)


def _open_to(transition: Transition, ask: Ask) -> bool:
    verbs = verbs_of(ask.relations)
    return ask.plan.state in transition.sources and any(verb in verbs for verb in transition.verbs) and transition.allowed(ask)


def available(plan: Plan, user: User, on: datetime.date) -> list[Transition]:
    """What this person may do with the plan now, in the order of the table: what the buttons are made of."""
    ask = _ask(plan, user, on)
    return [transition for transition in TRANSITIONS.values() if _open_to(transition, ask)]


def _facts_shown(transition: Transition, ask: Ask) -> list[object]:
    """What the page of a move shows that its giver decides on. Who ends a plan reads none of its text there."""
    facts = as_shown.of_plan(ask.plan, audience_of(verbs_of(ask.relations)), text=not transition.warning)
    if transition.action == "grade":
        facts += ask.policy.returning_grades
    if transition.action == "correct":
        facts += ask.plan.corrections.values_list("pk", flat=True)
    return facts


def shown(plan: Plan, action: str, user: User, on: datetime.date) -> str:
    """The token of a page that shows this person the plan as it now is, for one move of it: what ``perform`` takes back."""
    return as_shown.token(_facts_shown(TRANSITIONS[action], _ask(plan, user, on)))


def still_shown(plan: Plan, action: str, user: User, on: datetime.date, said: str) -> bool:
    """Whether the plan is what the page with this token showed."""
    return as_shown.stands(said, _facts_shown(TRANSITIONS[action], _ask(plan, user, on)))


def _acting_relation(transition: Transition, ask: Ask) -> Relation | None:
    return next((found for verb in (*transition.verbs, *transition.follows) if (found := writing_relation(ask.relations, verb))), None)


def on_behalf_needed(plan: Plan, action: str, relation: Relation | None, on: datetime.date) -> bool:
    """Whether virtual school staff must name the teacher for whom they submit: always, unless the school's part is their own."""
    staff = relation in (Relation.OFFICER, Relation.HEAD)
    return action == "submit" and staff and not school_part_is_virtual_schools(plan, on)


def perform(
    plan: Plan,
    action: str,
    *,
    by: User | None,
    on: datetime.date | None = None,
    comment: str = "",
    sections: Sequence[str] = (),
    on_behalf_of: str = "",
    learned_by: str = "",
    overall: str = "",
    areas: Sequence[tuple[str, str, str, str]] = (),
    unasked: bool = False,
    shown: str | None = None,
) -> Plan:
    """Move a plan by one transition, or refuse and change nothing.

    ``sections`` are the ones a return or correction reopens; ``overall`` and ``areas`` (key, title, grade, comment) belong to a grade.
    ``unasked`` is for moves that follow from another decision already authorised (a confirmed change of school closes the plan).
    ``shown`` is the token of the page on which the move was asked for (``shown()``); None for a move that no page asked for.
    Returns the plan as it then is; for ``correct`` the new version. Raises PermissionDenied, NotNow, Changed, Incomplete, ValidationError.
    """
    transition = TRANSITIONS[action]
    now, on = timezone.now(), on or timezone.localdate()
    with transaction.atomic():
        locked: Plan = models.QuerySet(Plan).select_for_update(no_key=True).get(pk=plan.pk)
        ask = _ask(locked, by, on)
        relation = _acting_relation(transition, ask)
        if not unasked and not any(verb in verbs_of(ask.relations) for verb in transition.verbs):
            raise PermissionDenied
        if locked.state not in transition.sources:
            raise NotNow(f"This plan is now “{locked.get_state_display()}”. Look at it again before you go on.")
        if shown is not None and not as_shown.stands(shown, _facts_shown(transition, ask)):
            raise Changed("The plan has changed since you opened this page.")
        if not unasked and not transition.allowed(ask):
            raise PermissionDenied
        if transition.needs_comment and not comment.strip():
            raise ValidationError({"comment": "Give a reason."})
        _check_sections(transition, locked, sections)
        if on_behalf_needed(locked, action, relation, on) and not (on_behalf_of and learned_by):
            raise ValidationError({"on_behalf_of": "Say for whom you submit the plan, and how you learned what they say."})
        capacity = RELATION_NAMES[relation] if relation else ""
        if action in ("grade", "accept_unsampled") and signed_by(locked, by):
            capacity += ", who also did the school’s part"
        event = PlanEvent(
            plan=locked,
            action=action,
            from_state=locked.state,
            at=now,
            by=by,
            capacity=capacity,
            comment=comment.strip(),
            sections=list(sections),
            on_behalf_of=on_behalf_of,
            learned_by=learned_by,
        )
        result = EFFECTS[action](locked, event, ask, {"overall": overall, "areas": areas})
        event.to_state = locked.state
        event.save()
        locked.save()
        completion.after_move(locked, event, on=on)
    return result or locked


def _check_sections(transition: Transition, plan: Plan, sections: Sequence[str]) -> None:
    if not transition.needs_sections:
        return
    known = {section.key for section in plan.form.sections if section.body != "sign_off"}
    if not sections or not set(sections) <= known:
        raise ValidationError({"sections": "Choose at least one section to reopen."})


def _move_to(plan: Plan, state: str, at: datetime.datetime) -> None:
    plan.state, plan.state_since = state, at


def _sign(plan: Plan, event: PlanEvent, role: str) -> None:
    SignOff(
        plan=plan,
        role=role,
        by=event.by,
        capacity=event.capacity,
        on_behalf_of=event.on_behalf_of,
        learned_by=event.learned_by,
        comment=event.comment,
        at=event.at,
    ).save()


def _void(plan: Plan, roles: set[str], at: datetime.datetime) -> None:
    for sign_off in plan.sign_offs.filter(voided_at__isnull=True, role__in=roles):
        sign_off.voided_at = at
        sign_off.save()


def _to_check(plan: Plan, event: PlanEvent, ask: Ask) -> None:
    """On to the quality check. Whether it must be checked is drawn here: once drawn, a plan stays so, whatever policy says later."""
    again = plan.events.filter(from_state=S.AWAITING_CHECK).exists()
    plan.drawn = (again and plan.drawn) or in_sample(plan, ask.policy.check_percent)
    _move_to(plan, S.AWAITING_CHECK, event.at)


def in_sample(plan: Plan, percent: int) -> bool:
    """Whether the plan is among this share of all plans. The plan's own key decides: nobody can try again for another answer."""
    return int.from_bytes(hashlib.sha256(plan.pk.bytes).digest()[:8]) % 100 < percent


def _submit(plan: Plan, event: PlanEvent, ask: Ask, extra: dict[str, Any]) -> None:
    gaps = gaps_in(contents_of(plan))
    if gaps:
        raise Incomplete(gaps)
    signed = _signatures(plan)
    if SignOff.Role.DESIGNATED_TEACHER not in signed:
        if Verb.SUBMIT not in verbs_of(ask.relations):
            raise PermissionDenied
        _sign(plan, event, SignOff.Role.DESIGNATED_TEACHER)
    plan.reopened = []
    # A return that touched only the school's sections leaves the social worker's signature standing.
    if signature_awaited(plan):
        _move_to(plan, S.AWAITING_SIGN_OFF, event.at)
    else:
        _to_check(plan, event, ask)


def _sign_off(plan: Plan, event: PlanEvent, ask: Ask, extra: dict[str, Any]) -> None:
    _sign(plan, event, SignOff.Role.SOCIAL_WORKER)
    _to_check(plan, event, ask)


def _go_on(plan: Plan, event: PlanEvent, ask: Ask, extra: dict[str, Any]) -> None:
    plan.signature_skipped = True
    _to_check(plan, event, ask)


def _return(plan: Plan, event: PlanEvent, ask: Ask, extra: dict[str, Any]) -> None:
    owners = {plan.form.section(key).owner for key in event.sections}
    _void(plan, {completion.SIGNATURE_OF[owner].value for owner in owners}, event.at)
    if Owner.SOCIAL_WORKER in owners:
        # What was let through without a signature is written anew: it waits for one again.
        plan.signature_skipped = False
    for section in plan.sections.filter(key__in=event.sections, marked_complete=True):
        section.marked_complete = False
        section.save()
    plan.reopened = list(event.sections)
    _move_to(plan, S.RETURNED, event.at)


def red_says_why(title: str) -> str:
    """What is said about an area of the rubric that is graded red without a word."""
    return f"“{title}” is graded red. Say what is missing"


def _grade(plan: Plan, event: PlanEvent, ask: Ask, extra: dict[str, Any]) -> None:
    overall, areas = extra["overall"], extra["areas"]
    if overall not in Grade.values or any(grade not in Grade.values for _, _, grade, _ in areas):
        raise ValidationError({"overall": "Choose a grade."})
    titles = {area["key"]: area["title"] for area in rubric_on(plan.child.authority, ask.on).areas}
    if sorted(key for key, *_ in areas) != sorted(titles):
        raise ValidationError({"overall": "Grade every area of the rubric in force. Open the page again if it has changed."})
    # The school cannot guess what an area lacks from a comment on the whole.
    if silent := {f"comment-{key}": red_says_why(titles[key]) for key, _, grade, said in areas if grade == Grade.RED and not said.strip()}:
        raise ValidationError(silent)
    returns = overall in ask.policy.returning_grades
    if returns and not event.comment:
        raise ValidationError({"comment": f"A plan graded {Grade(overall).label.lower()} goes back. Say what must change."})
    if returns and not event.sections:
        raise ValidationError({"sections": f"A plan graded {Grade(overall).label.lower()} goes back. Choose the sections to reopen."})
    check = QualityCheck(
        plan=plan,
        overall=overall,
        comment=event.comment,
        by=event.by,
        at=event.at,
        outcome=QualityCheck.Outcome.RETURNED if returns else QualityCheck.Outcome.ACCEPTED,
    )
    check.save()
    graded = [QualityArea(check_of=check, key=key, title=titles[key], grade=grade, comment=comment) for key, _, grade, comment in areas]
    insert_with_history(graded, by=event.by, reason="")
    if returns:
        _check_sections(TRANSITIONS["return_from_check"], plan, event.sections)
        _return(plan, event, ask, extra)
    else:
        event.sections = []
        _complete(plan, event)


def _accept_unsampled(plan: Plan, event: PlanEvent, ask: Ask, extra: dict[str, Any]) -> None:
    QualityCheck(plan=plan, outcome=QualityCheck.Outcome.NOT_SAMPLED, comment=event.comment, by=event.by, at=event.at).save()
    _complete(plan, event)


def _complete(plan: Plan, event: PlanEvent) -> None:
    if event.by:
        _sign(plan, event, SignOff.Role.VIRTUAL_SCHOOL)
    plan.completed_at = event.at
    _move_to(plan, S.COMPLETE, event.at)


def _cancel(plan: Plan, event: PlanEvent, ask: Ask, extra: dict[str, Any]) -> None:
    _move_to(plan, S.CANCELLED, event.at)


def _close(plan: Plan, event: PlanEvent, ask: Ask, extra: dict[str, Any]) -> None:
    _move_to(plan, S.CLOSED, event.at)


def _correct(plan: Plan, event: PlanEvent, ask: Ask, extra: dict[str, Any]) -> Plan:
    return completion.new_version(plan, event)


EFFECTS: dict[str, Callable[[Plan, PlanEvent, Ask, dict[str, Any]], Plan | None]] = {
    "submit": _submit,
    "sign_off": _sign_off,
    "return_from_sign_off": _return,
    "return_from_check": _return,
    "go_on_without_signature": _go_on,
    "grade": _grade,
    "accept_unsampled": _accept_unsampled,
    "cancel": _cancel,
    "close": _close,
    "change_school": _close,
    "leave_care": _close,
    "correct": _correct,
}
