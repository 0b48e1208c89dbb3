"""The school copy of a complete plan for parents and carers: who may have one, who still waits for it, and how each was given.

That somebody may have a copy is what the social worker decided, for the council alone to know; so the social worker, their managers or
the virtual school give it. They take the frozen school document from the plan's page and hand it over, post it, or read it with them.
Nothing is mailed: an e-mail holds no child's name.
"""

import datetime
import uuid
from collections.abc import Collection

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from accounts.models import User
from accounts.policy import RELATION_NAMES, Relation
from pep import as_shown
from pep.models import Attendee, CopyGiven, Document, Plan
from pep.models.documents import Copy


def _allowed() -> QuerySet[Attendee]:
    """Everybody who may have a copy of a plan that is complete and whose school document is ready (``Attendee.may_have_copy``)."""
    document = Document.objects.filter(snapshot__plan=OuterRef("meeting__plan"), audience=Copy.SCHOOL)
    decided = Q(user__isnull=True, invited=True, removed=False, decided_at__isnull=False, may_know=Attendee.MayKnow.COPY)
    found: QuerySet[Attendee] = Attendee.objects.filter(decided, Exists(document), meeting__plan__state=Plan.State.COMPLETE)
    return found.exclude(role=Attendee.Role.CHILD).select_related("copy__by", "decided_by").order_by("created_at", "pk")


def allowed_for(plan: Plan) -> list[Attendee]:
    """Who may have a copy of a plan, given or not (``attendee.copy``); nobody before its school document is ready."""
    return list(_allowed().filter(meeting__plan=plan)) if plan.state == Plan.State.COMPLETE else []


def given_to(attendee: Attendee) -> CopyGiven | None:
    """How somebody was given their copy, if they were."""
    return getattr(attendee, "copy", None)


def waiting() -> QuerySet[Attendee]:
    """Everybody who waits for a copy. A corrected version that is complete takes the first one's place."""
    corrected = Plan.objects.filter(corrects=OuterRef("meeting__plan"), state=Plan.State.COMPLETE)
    return _allowed().filter(~Exists(corrected), copy__isnull=True)


def due(children: Collection[uuid.UUID]) -> list[Attendee]:
    """Who of these children's plans waits for a copy: one query."""
    found = waiting().filter(meeting__plan__child__in=list(children))
    return list(found.select_related("meeting__plan__child", "meeting__plan__term"))


def waiting_for(plans: Collection[uuid.UUID]) -> dict[uuid.UUID, list[Attendee]]:
    """Who waits for a copy of each of these plans; plans of which nobody does are left out. One query."""
    found: dict[uuid.UUID, list[Attendee]] = {}
    for attendee in waiting().filter(meeting__plan__in=list(plans)).select_related("meeting"):
        found.setdefault(attendee.meeting.plan_id, []).append(attendee)
    return found


class Changed(ValidationError):
    """Somebody has written down since how the copy was given."""


def record(
    plan: Plan,
    attendee_id: uuid.UUID,
    *,
    how: str,
    on: datetime.date,
    today: datetime.date,
    note: str = "",
    by: User,
    relation: Relation,
    shown: str | None = None,
) -> CopyGiven:
    """Write down how and on which day somebody was given their copy, or that they were not and why; a second time puts the first right.

    ``shown`` is the token of the page on which it was written (``pep.as_shown.of_copy``); None for what no page asked for.
    Raises Changed, ValidationError for a day before the plan was complete or after today, and Attendee.DoesNotExist for who may have none.
    """
    with transaction.atomic():
        locked: Plan = models.QuerySet(Plan).select_for_update(no_key=True).get(pk=plan.pk)
        attendee = _allowed().get(meeting__plan=locked, pk=attendee_id)
        if shown is not None and not as_shown.stands(shown, as_shown.of_copy(attendee, given_to(attendee))):
            raise Changed("What is written down here has changed since you opened this page.")
        assert locked.completed_at is not None
        if on > today:
            raise ValidationError({"on": "The day cannot be in the future"})
        if on < timezone.localdate(locked.completed_at):
            raise ValidationError({"on": "The day cannot be before the plan was complete"})
        row = given_to(attendee) or CopyGiven(attendee=attendee)
        row.how, row.on, row.note = how, on, note if how == CopyGiven.How.NOT_GIVEN else ""
        row.by, row.capacity = by, RELATION_NAMES[relation]
        row._history_user = by
        row.save()
    return row
