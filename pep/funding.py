"""Pupil premium plus: deciding on requests, paying, spending, and what the financial year holds for a child."""

import datetime
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import models, transaction
from django.db.models import QuerySet

from accounts.models import User
from accounts.outbox import tell
from accounts.policy import Verb
from children.access import can
from children.models import Child
from pep.forms.declaration import Owner
from pep.models import FundingDecision, FundingRequest, PupilPremiumRate
from pep.planning import holders_of
from schools.models import School
from schools.timetable import financial_year

R = FundingRequest.State
# From which states each step can be taken, and to which it leads (None: the state stays).
STEPS: dict[str, tuple[tuple[str, ...], str | None]] = {
    "agreed": ((R.REQUESTED,), R.AGREED),
    "part": ((R.REQUESTED,), R.PART),
    "declined": ((R.REQUESTED,), R.DECLINED),
    "approved": ((R.AGREED, R.PART), R.APPROVED),
    "paid": ((R.APPROVED,), R.PAID),
    "spent": ((R.AGREED, R.PART, R.APPROVED, R.PAID), None),
}


def steps_open(request: FundingRequest, verbs: frozenset[Verb]) -> list[str]:
    """What someone with these verbs may do with a request now. Spending is recorded by whoever adds progress."""
    found = []
    for step, (sources, _) in STEPS.items():
        verb = Verb.ADD_PROGRESS if step == "spent" else Verb.DECIDE_MONEY
        if request.state in sources and verb in verbs:
            found.append(step)
    return found


def take_step(
    request: FundingRequest, step: str, *, by: User, on: datetime.date, amount: Decimal | None = None, reason: str = ""
) -> FundingRequest:
    """Decide, approve, pay, or record spending, under a lock. Raises PermissionDenied or ValidationError with nothing changed."""
    sources, target = STEPS[step]
    if not can(by, Verb.ADD_PROGRESS if step == "spent" else Verb.DECIDE_MONEY, request, on):
        raise PermissionDenied
    with transaction.atomic():
        held: FundingRequest = models.QuerySet(FundingRequest).select_for_update(no_key=True).get(pk=request.pk)
        if held.state not in sources:
            raise ValidationError(f"This request is now “{held.get_state_display().lower()}”. Look at it again.")
        if step in ("part", "declined") and not reason.strip():
            raise ValidationError({"reason": "Give a reason."})
        if step == "part" and (amount is None or not 0 < amount < held.amount):
            raise ValidationError({"amount": f"Enter an amount between £0.01 and £{held.amount - Decimal('0.01')}."})
        if step == "spent":
            _check_spending(held, amount)
        if step in ("agreed", "part", "declined"):
            held.agreed_amount = {"agreed": held.amount, "part": amount}.get(step)
        noted = amount if step in ("part", "spent") else held.agreed_amount
        FundingDecision.objects.create(request=held, step=step, amount=noted, reason=reason.strip(), on=on, by=by)
        if target:
            held.state = target
            held.save()
        if step in ("agreed", "part", "declined"):
            for holder in holders_of(held.plan, Owner.SCHOOL, on):
                tell(
                    key=f"funding_decided:{held.pk}:{step}:{holder.user.pk}",
                    recipient=holder.user,
                    rule="funding_decided",
                    plan_id=held.plan_id,
                    child_id=held.plan.child_id,
                )
    return held


def _check_spending(held: FundingRequest, amount: Decimal | None) -> None:
    if amount is None or amount <= 0:
        raise ValidationError({"amount": "Enter how much was spent."})
    already = sum((step.amount or Decimal(0) for step in held.steps.filter(step="spent")), Decimal(0))
    if already + amount > (held.agreed_amount or Decimal(0)):
        left = (held.agreed_amount or Decimal(0)) - already
        raise ValidationError({"amount": f"Only £{left} of the agreed money is left to spend."})


@dataclass(frozen=True)
class Year:
    """A child's pupil premium for one financial year, in pounds. ``rate`` is None when none is known for the year."""

    name: str
    rate: Decimal | None
    asked: Decimal
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
        asked=sum((request.amount for request in requests), zero),
        agreed=sum((request.agreed_amount or zero for request in requests), zero),
        paid=sum((request.agreed_amount or zero for request in requests if request.state == R.PAID), zero),
        spent=sum((step.amount or zero for request in requests for step in request.steps.all() if step.step == "spent"), zero),
    )


def requests_for(child: Child, verbs: frozenset[Verb], *, school_ids: Iterable[uuid.UUID]) -> QuerySet[Any, Any]:
    """The requests someone may see: all for those who see the money, a school its own and those of the schools that became it."""
    found = FundingRequest.objects.filter(plan__child=child).select_related("plan", "target", "school").order_by("-created_at")
    return found if Verb.VIEW_MONEY in verbs else found.filter(school_id__in=School.with_predecessors(school_ids))
