"""Pupil premium plus: deciding on requests, paying, spending, and what the financial year holds for a child."""

import datetime
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import models, transaction
from django.db.models import QuerySet

from accounts.models import User
from accounts.outbox import tell
from accounts.policy import Verb
from accounts.templatetags.components import pounds
from children.access import can
from children.models import Child
from pep import as_shown
from pep.left import plan_is_there_for
from pep.models import FundingDecision, FundingRequest, PupilPremiumRate, QualityCheck
from schools.models import School, active_designated_teachers, policy_on
from schools.timetable import financial_year

R = FundingRequest.State
DECISIONS = ("agreed", "part", "declined")
# From which states each step can be taken, and to which it leads (None: the state stays).
STEPS: dict[str, tuple[tuple[str, ...], str | None]] = {
    "agreed": ((R.REQUESTED,), R.AGREED),
    "part": ((R.REQUESTED,), R.PART),
    "declined": ((R.REQUESTED,), R.DECLINED),
    "approved": ((R.AGREED, R.PART), R.APPROVED),
    "paid": ((R.APPROVED,), R.PAID),
    "spent": ((R.AGREED, R.PART, R.APPROVED, R.PAID), None),
}


def steps_open(request: FundingRequest, verbs: frozenset[Verb], barred: Mapping[str, str]) -> list[str]:
    """What someone with these verbs may do with a request now, but for what is barred to them because of what they did before."""
    return [step for step in steps_at(request, verbs) if step not in barred]


def steps_at(request: FundingRequest, verbs: frozenset[Verb]) -> list[str]:
    """The steps that come next, of those these verbs carry. Spending is recorded by whoever adds progress."""
    return [
        step
        for step, (sources, _) in STEPS.items()
        if request.state in sources and (Verb.ADD_PROGRESS if step == "spent" else Verb.DECIDE_MONEY) in verbs
    ]


def askers(request: FundingRequest) -> set[uuid.UUID]:
    """Who wrote the target, or asked for the money: whoever changed either while nothing was decided."""
    asked = request.history.filter(history_type__in="+~", state=R.REQUESTED).values_list("history_user_id", flat=True)
    wrote = request.target.history.values_list("history_user_id", flat=True) if request.target else ()
    return {user_id for user_id in (*asked, *wrote) if user_id}


def deciders(request: FundingRequest) -> set[uuid.UUID]:
    """Who agreed to a request."""
    return set(request.steps.filter(step__in=("agreed", "part"), by__isnull=False).values_list("by_id", flat=True))


def completers(request: FundingRequest) -> set[uuid.UUID]:
    """Who completed the plan for which a flat sum is paid: policy agreed to it, but only because they did."""
    if request.target_id is not None:
        return set()
    went_on = request.plan.quality_checks.exclude(outcome=QualityCheck.Outcome.RETURNED)
    return set(went_on.filter(by__isnull=False).values_list("by_id", flat=True))


def barred_steps(request: FundingRequest, user: User, on: datetime.date) -> dict[str, str]:
    """The steps that this person leaves to somebody else, each with its reason: who asked does not decide, who agreed (or completed
    the plan that a flat sum is for) does not approve.

    An authority whose virtual school is one person may let one person do both.
    """
    if policy_on(request.child.authority, on).one_person_may_pay:
        return {}
    barred: dict[str, str] = {}
    if user.pk in askers(request):
        barred |= dict.fromkeys(DECISIONS, "You wrote this target or asked for the money, so a colleague decides on it.")
    if user.pk in deciders(request):
        barred["approved"] = "You agreed to this request, so a colleague approves it to be paid."
    elif user.pk in completers(request):
        barred["approved"] = "You completed the plan that this flat sum is for, so a colleague approves it to be paid."
    return barred


class Changed(ValidationError):
    """The request is no longer what the page showed on which somebody decided."""


def take_step(
    request: FundingRequest,
    step: str,
    *,
    by: User,
    on: datetime.date,
    amount: Decimal | None = None,
    reason: str = "",
    shown: str | None = None,
) -> FundingRequest:
    """Decide, approve, pay, or record spending, under a lock. Raises PermissionDenied, Changed or ValidationError with nothing changed.

    ``shown`` is the token of the page on which it was decided (``pep.as_shown.of_request``); None for a step that no page asked for.
    """
    sources, target = STEPS[step]
    if not can(by, Verb.ADD_PROGRESS if step == "spent" else Verb.DECIDE_MONEY, request, on):
        raise PermissionDenied
    with transaction.atomic():
        held: FundingRequest = models.QuerySet(FundingRequest).select_for_update(no_key=True).get(pk=request.pk)
        if shown is not None and not as_shown.stands(shown, as_shown.of_request(held)):
            raise Changed("The request has changed since you opened this page.")
        if held.state not in sources:
            raise ValidationError(f"This request is now “{held.get_state_display().lower()}”. Look at it again.")
        if barred := barred_steps(held, by, on).get(step):
            raise ValidationError({"step": barred})
        if step in ("part", "declined") and not reason.strip():
            raise ValidationError({"reason": "Give a reason."})
        if step == "part" and (amount is None or not 0 < amount < held.amount):
            raise ValidationError({"amount": f"Enter an amount between £0.01 and {pounds(held.amount - Decimal('0.01'))}."})
        if step == "spent":
            _check_spending(held, amount)
        if step in DECISIONS:
            held.agreed_amount = {"agreed": held.amount, "part": amount}.get(step)
        noted = amount if step in ("part", "spent") else held.agreed_amount
        FundingDecision.objects.create(request=held, step=step, amount=noted, reason=reason.strip(), on=on, by=by)
        if target:
            held.state = target
            held.save()
        if step in DECISIONS:
            for teacher in told_of_answer(held, on):
                tell(
                    key=f"funding_decided:{held.pk}:{step}:{teacher.pk}",
                    recipient=teacher,
                    rule="funding_decided",
                    plan_id=held.plan_id,
                    child_id=held.plan.child_id,
                )
    return held


def told_of_answer(request: FundingRequest, on: datetime.date) -> list[User]:
    """Who at the school that asked, or at the school that it has become, may still open the request.

    After a move the new school knows nothing of it. Where nobody is left there, nobody need be told: the virtual school has decided.
    """
    teachers: dict[uuid.UUID, User] = {}
    school = request.school
    while school is not None:
        teachers.update({user.pk: user for user in active_designated_teachers(school, request.child.authority, on)})
        school = school.successor
    plan = request.plan
    return [user for user in teachers.values() if can(user, Verb.VIEW, request, on) and plan_is_there_for(user, plan, on)]


def _check_spending(held: FundingRequest, amount: Decimal | None) -> None:
    if amount is None or amount <= 0:
        raise ValidationError({"amount": "Enter how much was spent."})
    already = sum((step.amount or Decimal(0) for step in held.steps.filter(step="spent")), Decimal(0))
    if already + amount > (held.agreed_amount or Decimal(0)):
        left = (held.agreed_amount or Decimal(0)) - already
        raise ValidationError({"amount": f"Only {pounds(left)} of the agreed money is left to spend."})


@dataclass(frozen=True)
class Year:
    """A child's pupil premium for one financial year, in pounds. ``rate`` is None when none is known for the year.

    ``asked`` is what schools asked for, ``by_policy`` the flat sums for completed plans, for which nobody asks.
    """

    name: str
    rate: Decimal | None
    asked: Decimal
    by_policy: Decimal
    agreed: Decimal
    paid: Decimal
    spent: Decimal

    @property
    def left(self) -> Decimal | None:
        """What is not agreed yet; negative when more than the rate has been agreed."""
        return None if self.rate is None else self.rate - self.agreed


def year_of_child(child: Child, on: datetime.date) -> Year:
    """The financial year of a day for one child: the year's rate, and what was asked, agreed, paid and spent against it."""
    return year_named(child, financial_year(on))


def above_the_rate(request: FundingRequest) -> Decimal | None:
    """By how much the child's year would go, or has gone, above the rate with this request; None when it does not, or no rate is known."""
    left = year_named(request.child, request.financial_year).left
    if left is None or request.state in (R.DECLINED, R.WITHDRAWN):
        return None
    over = (request.amount if request.state == R.REQUESTED else Decimal(0)) - left
    return over if over > 0 else None


def year_named(child: Child, name: str) -> Year:
    """A financial year by its name, such as ``2025-26``, for one child."""
    rate = PupilPremiumRate.objects.filter(financial_year=name).first()
    requests = list(
        FundingRequest.objects.filter(plan__child=child, financial_year=name).exclude(state=R.WITHDRAWN).prefetch_related("steps")
    )
    zero = Decimal(0)
    return Year(
        name,
        rate.amount if rate else None,
        asked=sum((request.amount for request in requests if request.target_id is not None), zero),
        by_policy=sum((request.amount for request in requests if request.target_id is None), zero),
        agreed=sum((request.agreed_amount or zero for request in requests), zero),
        paid=sum((request.agreed_amount or zero for request in requests if request.state == R.PAID), zero),
        spent=sum((step.amount or zero for request in requests for step in request.steps.all() if step.step == "spent"), zero),
    )


def requests_for(child: Child, verbs: frozenset[Verb], *, school_ids: Iterable[uuid.UUID]) -> QuerySet[Any, Any]:
    """The requests someone may see: all for those who see the money, a school its own and those of the schools that became it.

    By financial year, the latest first, as the sums are a year's.
    """
    found = FundingRequest.objects.filter(plan__child=child).select_related("plan", "target", "school")
    found = found.order_by("-financial_year", "-created_at")
    return found if Verb.VIEW_MONEY in verbs else found.filter(school_id__in=School.with_predecessors(school_ids))
