"""Earlier plans from another system: kept, said by the council to be a review or not, withdrawn. Only what was said to be one counts."""

import datetime
import hashlib
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, models, transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from accounts.models import User
from accounts.policy import Verb
from children.access import can
from children.models import Child
from pep import deadlines
from pep.facts import in_words
from pep.models import EarlierPlan
from pep.planning import care_with_plans

Review = EarlierPlan.Review


class Changed(ValidationError):
    """Somebody else has said something about this earlier plan since the page was opened."""


class Withdrawn(ValidationError):
    """The earlier plan was withdrawn: nothing more is said about it."""


def check_date(child: Child, day: datetime.date, on: datetime.date, *, review: bool) -> None:
    """Raises ValidationError (of ``plan_date``) for a day on which there can have been no plan, or no review in this time in care."""
    wrong = ""
    if day > on:
        wrong = "The date of the plan cannot be in the future"
    elif day < child.date_of_birth:
        wrong = "The date of the plan is before the child was born. Check the year"
    elif review:
        period = care_with_plans(on).filter(child=child).order_by("starts").last()
        if period is None:
            wrong = "The child is not in care, so no plan is to be reviewed"
        elif day < period.starts:
            wrong = f"The child came into care on {in_words(period.starts)}: a plan from before then reviews nothing of this time in care"
    if wrong:
        raise ValidationError({"plan_date": ValidationError(wrong, code="date")})


def keep(
    child: Child, *, title: str, plan_date: datetime.date, audience: str, content: bytes, review: str = Review.NOT_SAID, by: User,
    on: datetime.date,
) -> EarlierPlan:  # fmt: skip
    """Keep an earlier plan's PDF; ``review`` is what the council says about it, and from nobody else it says anything.

    Raises PermissionDenied, or ValidationError with nothing changed.
    """
    if not can(by, Verb.UPLOAD, child, on) or (review and not can(by, Verb.JUDGE_UPLOAD, child, on)):
        raise PermissionDenied
    check_date(child, plan_date, on, review=review == Review.YES)
    said = {"review_said_by": by, "review_said_at": timezone.now()} if review else {}
    try:
        with transaction.atomic():
            earlier = EarlierPlan(
                child=child, title=title, plan_date=plan_date, audience=audience, content=content, size=len(content),
                sha256=hashlib.sha256(content).hexdigest(), uploaded_by=by, review=review, **said,
            )  # fmt: skip
            _save(earlier, by)
            if review == Review.YES:
                deadlines.refresh(child, by=by, on=on, because="A plan from elsewhere was added, and said to be a review")
    except IntegrityError as error:
        raise ValidationError({"file": "This file is already among the child’s earlier plans"}) from error
    return earlier


def say_review(earlier: EarlierPlan, review: str, *, shown: str, by: User, on: datetime.date) -> EarlierPlan:
    """The council says whether an earlier plan was a review of the plan in this time in care, or says it anew; the dates follow.

    ``shown`` is what had been said when the page was opened. Raises PermissionDenied, Changed, Withdrawn or ValidationError.
    """
    with transaction.atomic():
        held = _held(earlier, by, on)
        if held.review != shown:
            raise Changed("Somebody has said something else since you opened this page. Look at it again, then save.")
        check_date(held.child, held.plan_date, on, review=review == Review.YES)
        if held.review != review:
            held.review, held.review_said_by, held.review_said_at = review, by, timezone.now()
            _save(held, by)
            said = "was a review" if review == Review.YES else "was no review"
            deadlines.refresh(held.child, by=by, on=on, because=f"The council said that a plan from elsewhere {said}")
    return held


def withdraw(earlier: EarlierPlan, because: str, *, by: User, on: datetime.date) -> EarlierPlan:
    """Take out an upload that should not be there: kept and marked, no school reads it any more and no date counts from it.

    Raises PermissionDenied, Withdrawn, or ValidationError without a reason.
    """
    with transaction.atomic():
        held = _held(earlier, by, on)
        if not because.strip():
            raise ValidationError({"because": "Give a reason."})
        held.withdrawn_by, held.withdrawn_at, held.withdrawn_because = by, timezone.now(), because.strip()
        _save(held, by)
        # Why this date is read by the school too: of what was for the council alone it learns nothing more.
        reason = f": {held.withdrawn_because}" if held.audience == "school" else ""
        deadlines.refresh(held.child, by=by, on=on, because=f"A plan from elsewhere was withdrawn{reason}")
    return held


def to_be_said(on: datetime.date) -> QuerySet[Any, Any]:
    """The earlier plans of which the council has not said whether they were a review, and which may have been one of this time in care."""
    in_this_time = care_with_plans(on).filter(child=OuterRef("child"), starts__lte=OuterRef("plan_date"))
    return EarlierPlan.objects.filter(Exists(in_this_time), review=Review.NOT_SAID, withdrawn_at=None).order_by()


def _held(earlier: EarlierPlan, by: User, on: datetime.date) -> EarlierPlan:
    """The row, locked, for somebody who may judge it. The bytes are not read, and so never written."""
    if not can(by, Verb.JUDGE_UPLOAD, earlier, on):
        raise PermissionDenied
    rows: QuerySet[EarlierPlan] = (
        models.QuerySet(EarlierPlan).defer("content").select_for_update(no_key=True, of=("self",)).select_related("child")
    )
    held = rows.get(pk=earlier.pk)
    if held.withdrawn_at:
        raise Withdrawn("This earlier plan was withdrawn.")
    return held


def _save(earlier: EarlierPlan, by: User) -> None:
    earlier._history_user = by
    earlier.save()
