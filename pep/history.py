"""What happened to a plan or to a child, in plain sentences: moves of plans, what changed in them, schools, people and money."""

import datetime
import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.formats import date_format

from accounts.models import User
from accounts.templatetags.components import pounds
from children.models import Allocation, Child, Enrolment
from pep.facts import in_words
from pep.forms.declaration import Audience, Body, Owner
from pep.forms.reading import differences
from pep.models import (
    Action,
    Attendee,
    CopyGiven,
    EarlierPlan,
    FundingDecision,
    FundingRequest,
    Meeting,
    Move,
    Plan,
    PlanEvent,
    Progress,
    Section,
    Target,
    TargetReview,
)
from pep.models.sections import LearnedBy

# The history's reason of a row that a corrected version only took over.
COPIED = "Copied into a corrected version"

DONE = {
    "create": "began the plan",
    "submit": "submitted the plan",
    "sign_off": "signed off the plan",
    "return_from_sign_off": "returned the plan",
    "return_from_check": "returned the plan after the quality check",
    "go_on_without_signature": "went on without the social worker’s signature",
    "grade": "checked the plan for quality",
    "accept_unsampled": "completed the plan without a quality check",
    "cancel": "cancelled the plan",
    "close": "closed the plan incomplete",
    "change_school": "closed the plan because the child changed school",
    "leave_care": "closed the plan because no plan is needed any more",
    "meeting_exception": "let the plan go on without a meeting",
    "correct": "began a corrected version",
    "corrected_from": "began this version to correct an earlier one",
}


@dataclass(frozen=True)
class Happening:
    """One line of the timeline."""

    at: datetime.datetime
    sentence: str
    details: tuple[tuple[str, str, str], ...] = ()  # question, before, after
    comment: str = ""
    plan: Plan | None = None  # the plan it happened to
    on: datetime.date | None = None  # the day alone, of what has no hour


class Told(NamedTuple):
    """How the rows of one table are told: what one is called, which field names it, and what is told elsewhere or not at all."""

    noun: str
    named_by: str
    hidden: frozenset[str] = frozenset()
    council_only: frozenset[str] = frozenset()


HIDDEN = frozenset({"id", "created_at", "updated_at", "position", "removed"})
TOLD: dict[Any, Told] = {
    Target: Told("a target", "aim"),
    Action: Told("an action", "what"),
    # Why a plan may go on without a meeting is an event of its own.
    Meeting: Told("the meeting", "", frozenset({"exception_because"})),
    # Where a parent can be written to, and what the social worker decided about them, is for the council alone.
    Attendee: Told(
        "an entry in the meeting’s list",
        "name",
        frozenset({"decided_at"}),
        frozenset({"email", "may_come", "may_know", "separate_starts_at"}),
    ),
    TargetReview: Told("how a target of the last plan went", ""),
    # What was decided is told by the decision.
    FundingRequest: Told("a request for pupil premium", "purpose", frozenset({"state", "agreed_amount"})),
}
DECIDED = {
    "agreed": "agreed to the pupil premium asked for",
    "part": "agreed to a part of the pupil premium asked for",
    "declined": "declined the pupil premium asked for",
    "approved": "approved pupil premium to be paid",
    "paid": "recorded pupil premium as paid",
    "spent": "recorded pupil premium as spent",
    "withdrawn": "took back a request for pupil premium",
}


def event_sentence(event: PlanEvent, audience: Audience = Audience.SCHOOL) -> str:
    """A move of the plan as a sentence: who, in which capacity, for whom."""
    who = event.by.name if event.by else "The plan"
    if event.by is None and event.action == "create":
        return "The plan opened by itself because it fell due"
    if event.by is None and event.action == "leave_care":
        return "The plan was closed because no plan is needed any more"
    capacity = f", {event.capacity.lower()}," if event.capacity else ""
    sentence = f"{who}{capacity} {DONE[event.action]}"
    if event.on_behalf_of:
        how = dict(LearnedBy.choices).get(event.learned_by, event.learned_by)
        sentence += f" on behalf of {event.on_behalf_of} ({str(how).lower()})"
    if event.sections:
        titles = [section.title for section in map(event.plan.form.section, event.sections) if section.shown_to(audience)]
        sentence += ": " + ", ".join(titles) if titles else ""
    return sentence


def last_return(plan: Plan) -> PlanEvent | None:
    """The move that sent a plan back last, or began the corrected version that it is."""
    return plan.events.filter(to_state=Plan.State.RETURNED).select_related("by", "plan").order_by("-at").first()


def told_to(event: PlanEvent, audience: Audience) -> bool:
    """Whether the words of a move are for this audience. Why the social worker's sections went back is no matter of the school's."""
    owners = {event.plan.form.section(key).owner for key in event.sections}
    return audience is Audience.COUNCIL or owners != {Owner.SOCIAL_WORKER}


def comment_for(event: PlanEvent, audience: Audience) -> str:
    """The comment of a move, as far as this audience is told it."""
    return event.comment if told_to(event, audience) else ""


def timeline(
    plans: Sequence[Plan], audience: Audience, schools: Collection[uuid.UUID] = (), *, all_money: bool | None = None
) -> list[Happening]:  # fmt: skip
    """Everything that happened to these plans that this audience may read, newest first, in a fixed number of queries.

    ``schools`` are those the reader works at: a school reads of its own requests for money. ``all_money`` says whether the reader sees
    every request; unless told, the council does.
    """
    by_id = {plan.pk: plan for plan in plans}
    found = []
    for event in PlanEvent.objects.filter(plan__in=by_id).select_related("by"):
        event.plan = by_id[event.plan_id]
        found.append(Happening(event.at, event_sentence(event, audience), comment=comment_for(event, audience), plan=event.plan))
    meetings = {row.pk: row.plan_id for row in Meeting.objects.filter(plan__in=by_id)}
    everything = audience is Audience.COUNCIL if all_money is None else all_money
    money = Q() if everything else Q(school_id__in=schools)
    requests = {row.pk: row for row in FundingRequest.objects.filter(money, plan__in=by_id)}
    aims = dict(Target.objects.filter(reviews__plan__in=by_id).values_list("pk", "aim"))
    found += _section_changes(by_id, audience)
    for model, rows in (
        (Target, Target.history.filter(plan_id__in=by_id)),
        (Action, Action.history.filter(plan_id__in=by_id)),
        (Meeting, Meeting.history.filter(plan_id__in=by_id)),
        (Attendee, Attendee.history.filter(meeting_id__in=meetings)),
        (TargetReview, TargetReview.history.filter(plan_id__in=by_id)),
        (FundingRequest, FundingRequest.history.filter(id__in=requests)),
    ):
        for row, happening in _row_changes(model, rows, audience):
            plan_id = meetings[row.meeting_id] if model is Attendee else row.plan_id
            of = f": {aims[row.target_id]}" if model is TargetReview else ""
            found.append(replace(happening, sentence=happening.sentence + of, plan=by_id[plan_id]))
    for step in FundingDecision.objects.filter(request__in=requests).select_related("by"):
        request, who = requests[step.request_id], step.by.name if step.by else "The authority’s policy"
        plan = by_id[request.plan_id]
        by_policy = step.by is None and request.target_id is None and step.step == FundingDecision.Step.AGREED
        done = "pays pupil premium" if by_policy else DECIDED[step.step]
        amount = f" ({pounds(step.amount)})" if step.amount is not None else ""
        words = f"{who} {done}: {request.purpose}{amount}"
        found.append(Happening(step.at, words, comment=step.reason, plan=plan))
    found += _progress(by_id)
    found += _copies(meetings, by_id) if audience is Audience.COUNCIL else []
    return latest_first(found)


def latest_first(found: list[Happening]) -> list[Happening]:
    """As a timeline shows them."""
    return sorted(found, key=lambda one: one.at, reverse=True)


def until(found: list[Happening], at: datetime.datetime | None) -> list[Happening]:
    """What happened up to a moment; everything where there is none."""
    return found if at is None else [one for one in found if one.at <= at]


def _on_day(day: datetime.date, sentence: str, comment: str = "") -> Happening:
    """What is known to the day. It stands where that day begins."""
    midnight = datetime.datetime.combine(day, datetime.time(), tzinfo=timezone.get_current_timezone())
    return Happening(midnight, sentence, comment=comment, on=day)


def places(enrolments: Sequence[Enrolment], until: datetime.date | None) -> list[Happening]:
    """When a child came to these schools and left them, and who wrote the place down: two queries. What never held is left out, and
    what begins or ends after ``until``, where that is given.
    """
    rows = Enrolment.history.filter(id__in=[row.pk for row in enrolments], history_type="+")
    names, writers = _names(list(rows)), {row.id: (row.history_user_id, row.history_date) for row in rows}
    found = []
    for row in enrolments:
        if row.ends == row.starts:
            continue
        user_id, at = writers.get(row.pk, (None, None))
        written = f"Written down by {names[user_id]} on {timezone.localtime(at):%-d %B %Y}" if user_id in names else ""
        kind = row.get_kind_display().lower()
        found.append(_on_day(row.starts, f"Began at {row.school} ({kind})", written))
        if row.ends:
            found.append(_on_day(row.ends, f"No longer at {row.school} ({kind})", row.reason_left))
    return [one for one in found if until is None or (one.on and one.on <= until)]


def people(allocations: Sequence[Allocation], today: datetime.date) -> list[Happening]:
    """When these people began to work with a child, and ended. What never held is left out."""
    found = []
    for row in allocations:
        if row.ends == row.starts:
            continue
        role = row.get_role_display()
        who = f"{row.worker} as {role.lower()}" if row.worker else f"{row.team}, with no {role.lower()} named"
        named = f"Named by {row.named_by}" if row.named_by else ""
        team = str(row.team) if row.team and row.worker else ""
        found.append(_on_day(row.starts, f"Began to work with the child: {who}", named or team))
        if row.ends:
            found.append(_on_day(row.ends, f"No longer works with the child: {who}"))
    return [one for one in found if one.on and one.on <= today]


def restrictions(child: Child) -> list[Happening]:
    """Who restricted a record or lifted that, and why: two queries."""
    rows = list(Child.history.filter(id=child.pk).order_by("history_id"))
    names, found, before = _names(rows), [], False
    for row in rows:
        if row.restricted != before:
            who = names.get(row.history_user_id, "The product")
            done = "restricted the record" if row.restricted else "lifted the restriction"
            found.append(Happening(row.history_date, f"{who} {done}", comment=row.history_change_reason or row.restricted_because))
        before = row.restricted
    return found


def earlier_plans(child: Child, audience: Audience) -> list[Happening]:
    """Who brought earlier plans, said whether each was a review, or withdrew it: three queries. A school is told of those that it reads."""
    kept = EarlierPlan.objects.filter(child=child).defer("content").select_related("uploaded_by")
    if audience is Audience.SCHOOL:
        kept = kept.filter(audience="school", withdrawn_at=None)
    about = {one.pk: one for one in kept}
    rows = list(EarlierPlan.history.filter(id__in=about).order_by("history_id"))
    names, last, found = _names(rows), dict.fromkeys(about, ""), []
    for one in about.values():
        found.append(Happening(one.created_at, f"{one.uploaded_by.name} added an earlier plan: {one.title}, {_day(one.plan_date)}"))
    for row in rows:
        who, of = names.get(row.history_user_id, "The product"), f"{row.title}, {_day(row.plan_date)}"
        if row.withdrawn_at:
            found.append(Happening(row.history_date, f"{who} withdrew an earlier plan: {of}", comment=row.withdrawn_because))
        elif row.review != last[row.id]:
            said = "a review" if row.review == EarlierPlan.Review.YES else "no review"
            found.append(Happening(row.history_date, f"{who} said that an earlier plan was {said}: {of}"))
        last[row.id] = row.review
    return found


# What each change of a move's state says; "" is before there was one.
MOVE_DONE = {
    ("", "proposed"): "proposed",
    ("proposed", "confirmed"): "confirmed",
    ("proposed", "withdrawn"): "withdrew",
    ("confirmed", "proposed"): "put back for the head to decide, because the record was restricted,",
    ("confirmed", "taken_back"): "took back",
}


def move_steps(moves: Sequence[Move]) -> list[Happening]:
    """Who proposed, confirmed, put back, withdrew or took back these changes of school, the latest first: two queries."""
    about = {move.pk: move for move in moves}
    rows = list(Move.history.filter(id__in=about).order_by("history_id"))
    names, last, found = _names(rows), dict.fromkeys(about, ""), []
    for row in rows:
        done, last[row.id] = MOVE_DONE.get((last[row.id], row.state)), row.state
        if done is None:
            continue
        comment = {"proposed": row.reason, "took back": row.taken_back_because}.get(done, "")
        who, school = names.get(row.history_user_id, "The product"), about[row.id].to_school or "no school"
        sentence = f"{who} {done} the move to {school} on {in_words(row.starts_on)}"
        found.append(Happening(row.history_date, sentence, comment=comment))
    return latest_first(found)


def _day(value: datetime.date) -> str:
    return date_format(value, "j F Y")


def _names(rows: list[Any]) -> dict[uuid.UUID, str]:
    ids = {row.history_user_id for row in rows if row.history_user_id}
    return {user.pk: user.name for user in User.objects.filter(pk__in=ids)}


def _section_changes(plans: dict[uuid.UUID, Plan], audience: Audience) -> list[Happening]:
    rows = list(Section.history.filter(plan_id__in=plans).order_by("history_id"))
    names = _names(rows)
    last: dict[Any, Any] = {}
    found = []
    for row in rows:
        before, last[row.id] = last.get(row.id), row
        if before is None or row.version == before.version:
            continue
        declared = plans[row.plan_id].form.section(row.key)
        if not declared.shown_to(audience):
            continue
        who = names.get(row.history_user_id, "The product")
        changes = tuple(differences(declared, before.answers, row.answers, audience)) if declared.questions else ()
        if declared.body is not Body.QUESTIONS and not changes:
            continue
        behalf = f" on behalf of {row.on_behalf_of}" if row.on_behalf_of else ""
        found.append(Happening(row.history_date, f"{who} saved “{declared.title}”{behalf}", changes, plan=plans[row.plan_id]))
    return found


def _row_changes(model: Any, history: Any, audience: Audience) -> list[tuple[Any, Happening]]:
    """What was added, changed and removed in one table, each with the row as it then stood."""
    rows = list(history.order_by("history_id"))
    names, told = _names(rows), TOLD[model]
    hidden = HIDDEN | told.hidden | (frozenset() if audience is Audience.COUNCIL else told.council_only)
    shown = [field for field in model._meta.concrete_fields if not field.is_relation and field.name not in hidden]
    last: dict[Any, Any] = {}
    found = []
    for row in rows:
        before, last[row.id] = last.get(row.id), row
        who = names.get(row.history_user_id, "The product")
        named = f"{told.noun}: {getattr(row, told.named_by)}" if told.named_by else told.noun
        details: tuple[tuple[str, str, str], ...] = ()
        if before is None:
            # Every plan has its meeting; that it was copied is told by the correction itself.
            if model is Meeting or row.history_change_reason == COPIED:
                continue
            # Nobody asked for a flat sum: that policy pays it is a decision, and told as one.
            if model is FundingRequest and row.target_id is None:
                continue
            verb = "added"
            if model is TargetReview:
                details = tuple((str(field.verbose_name).capitalize(), "", _words(field, row)) for field in shown)
        elif getattr(row, "removed", False) and not before.removed:
            verb = "removed"
        else:
            verb = "changed"
            changed = [field for field in shown if getattr(before, field.name) != getattr(row, field.name)]
            details = tuple((str(field.verbose_name).capitalize(), _words(field, before), _words(field, row)) for field in changed)
            if not details:
                continue
            if model is Meeting and (before.state, before.starts_at) != (row.state, row.starts_at):
                when = f" for {timezone.localtime(row.starts_at):%-d %B %Y, %H:%M}" if row.starts_at else ""
                named = f"the meeting to “{Meeting.State(row.state).label.lower()}”{when}"
                verb, details = (
                    "set",
                    tuple(one for one, field in zip(details, changed, strict=True) if field.name not in ("state", "starts_at")),
                )
        found.append((row, Happening(row.history_date, f"{who} {verb} {named}", details)))
    return found


def _words(field: "models.Field[Any, Any]", row: Any) -> str:
    """A field's value as people read it."""
    value = getattr(row, field.name)
    if field.choices:
        return str(dict(field.flatchoices).get(value, value))
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if isinstance(value, datetime.datetime):
        return date_format(timezone.localtime(value), "j F Y, H:i")
    if isinstance(value, datetime.date):
        return _day(value)
    return "" if value is None else str(value)


def _copies(meetings: dict[uuid.UUID, uuid.UUID], plans: dict[uuid.UUID, Plan]) -> list[Happening]:
    """To whom a copy of the complete plan was given, and how: who may have one is for the council alone."""
    rows = list(CopyGiven.history.filter(attendee__meeting_id__in=meetings).order_by("history_id"))
    people = {one.pk: one for one in Attendee.objects.filter(pk__in={row.attendee_id for row in rows})}
    names, found = _names(rows), []
    for row in rows:
        person, how = people[row.attendee_id], _words(CopyGiven._meta.get_field("how"), row).lower()
        who, on = names.get(row.history_user_id, "The product"), in_words(row.on)
        sentence = f"{who}, {row.capacity.lower()}, recorded the copy of the plan for {person.name}: {how} on {on}"
        found.append(Happening(row.history_date, sentence, comment=row.note, plan=plans[meetings[person.meeting_id]]))
    return found


def _progress(plans: dict[uuid.UUID, Plan]) -> list[Happening]:
    """What was added after the plans were complete; it hangs from the first version's rows and is told with every version."""
    owners: dict[Any, list[tuple[Plan, str]]] = {}
    for model in (Target, Action):
        for row in model.objects.filter(plan__in=plans):
            owners.setdefault(row.original_id or row.pk, []).append((plans[row.plan_id], getattr(row, TOLD[model].named_by)))
    found = []
    for one in Progress.objects.filter(Q(target__in=owners) | Q(action__in=owners)).select_related("by"):
        capacity = f", {one.capacity.lower()}," if one.capacity else ""
        # On a child's timeline once, with the version it was first written in.
        for plan, words in owners[one.target_id or one.action_id][:1]:
            sentence = f"{one.by.name}{capacity} added how it is going: {words} ({one.get_status_display().lower()})"
            found.append(Happening(one.at, sentence, comment=one.note, plan=plan))
    return found
