"""What a page showed of a plan or of a request for money: a short token in its form, so that whoever decides, decides on what they read.

A token names what a decision stands on and the moment it was drawn. The decision is taken only while all of it still stands so, asked under
the lock that takes it. What changes nothing that is read (a draft, a message, a document being made) is not in it.
"""

import datetime
import hashlib
import json
from collections.abc import Iterable

from django.utils import timezone

from pep.forms.declaration import Audience
from pep.models import Attendee, CopyGiven, FundingRequest, Meeting, Plan, Section


def token(facts: Iterable[object]) -> str:
    """The token of a page that shows these facts now: a digest of them and the moment in seconds since 1970."""
    digest = hashlib.sha256(json.dumps([str(fact) for fact in facts], ensure_ascii=False).encode()).hexdigest()[:32]
    return f"{digest}-{timezone.now().timestamp():.6f}"


def stands(said: str, facts: Iterable[object]) -> bool:
    """Whether the page with this token showed what is so now. A token that is missing or none of ours did not."""
    return said.partition("-")[0] == token(facts).partition("-")[0]


def since(said: str) -> datetime.datetime | None:
    """When the page with this token was drawn; None where it does not say so."""
    try:
        moment = datetime.datetime.fromtimestamp(float(said.partition("-")[2]), tz=datetime.UTC)
    except (ValueError, OverflowError, OSError):
        return None
    return moment if moment <= timezone.now() else None


def of_plan(plan: Plan, audience: Audience, *, text: bool) -> list[object]:
    """What a page that moves a plan shows of it: where it stands since when, and, where it is about the ``text``, every version of it.

    Three queries for the text. What this audience is not shown is left out.
    """
    facts: list[object] = [plan.pk, plan.state, plan.state_since.isoformat()]
    if not text:
        return facts
    shown = {section.key for section in plan.form.sections if section.shown_to(audience)}
    versions = dict(Section.objects.filter(plan=plan).values_list("key", "version"))
    facts += [f"{key} {version}" for key, version in sorted(versions.items()) if key in shown]
    facts += Meeting.objects.filter(plan=plan).values_list("exception_because", flat=True)
    if audience is Audience.COUNCIL:
        requests = FundingRequest.objects.filter(plan=plan).order_by("pk")
        facts += [f"{request.pk} {request.amount} {request.state} {request.purpose}" for request in requests]
    return facts


def of_request(request: FundingRequest) -> list[object]:
    """What the page of a request for money shows of it: who asks how much for what, and every step since. One query."""
    step = request.steps.order_by("-at", "-id").values_list("pk", flat=True).first()
    asked = [request.pk, request.school_id, request.financial_year, f"{request.amount:.2f}", request.purpose, request.target or ""]
    return [*asked, request.state, request.agreed_amount if request.agreed_amount is None else f"{request.agreed_amount:.2f}", step]


def of_copy(attendee: Attendee, given: CopyGiven | None) -> list[object]:
    """What the page about somebody's copy of a plan shows: how it was given, if it was."""
    return [attendee.pk, *([given.how, given.on, given.note, given.by_id] if given else [])]
