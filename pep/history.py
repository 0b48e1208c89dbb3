"""What happened to a plan or a child, in plain sentences: moves of plans and what changed in them, schools, people and money."""

import datetime
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.utils import timezone

from accounts.models import User
from accounts.templatetags.components import pounds
from children.models import Allocation, Child, Enrolment
from pep.clock import in_words
from pep.forms.declaration import Audience, Body
from pep.forms.reading import differences
from pep.models import Action, FundingRequest, Meeting, Move, Plan, PlanEvent, Section, Target
from pep.models.sections import LearnedBy

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


def event_sentence(event: PlanEvent, audience: Audience = Audience.SCHOOL) -> str:
    """A move of the plan as a sentence: who, in which capacity, for whom."""
    who = event.by.name if event.by else "The plan"
    if event.by is None and event.action == "create":
        return "The plan opened by itself because it fell due"
    capacity = f", {event.capacity.lower()}," if event.capacity else ""
    sentence = f"{who}{capacity} {DONE[event.action]}"
    if event.on_behalf_of:
        how = dict(LearnedBy.choices).get(event.learned_by, event.learned_by)
        sentence += f" on behalf of {event.on_behalf_of} ({str(how).lower()})"
    if event.sections:
        titles = [section.title for section in map(event.plan.form.section, event.sections) if section.shown_to(audience)]
        sentence += ": " + ", ".join(titles) if titles else ""
    return sentence


def timeline(plans: Sequence[Plan], audience: Audience) -> list[Happening]:
    """Everything that happened to these plans that this audience may read, newest first, in a fixed number of queries."""
    events = PlanEvent.objects.filter(plan__in=plans).select_related("by", "plan")
    found = [Happening(event.at, event_sentence(event, audience), comment=event.comment, plan=event.plan) for event in events]
    by_id = {plan.pk: plan for plan in plans}
    found += _section_changes(by_id, audience)
    found += _row_changes(by_id, Target, "a target", "aim")
    found += _row_changes(by_id, Action, "an action", "what")
    found += _meeting_changes(by_id)
    return latest_first(found)


def latest_first(found: list[Happening]) -> list[Happening]:
    """As a timeline shows them."""
    return sorted(found, key=lambda one: one.at, reverse=True)


def _on_day(day: datetime.date, sentence: str, comment: str = "") -> Happening:
    """What is known to the day. It stands where that day begins."""
    midnight = datetime.datetime.combine(day, datetime.time(), tzinfo=timezone.get_current_timezone())
    return Happening(midnight, sentence, comment=comment, on=day)


def places(enrolments: Sequence[Enrolment], today: datetime.date) -> list[Happening]:
    """When a child came to these schools and left them, and who wrote the place down: two queries. What never held is left out."""
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
    return [one for one in found if one.on and one.on <= today]


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


def money(requests: Sequence[FundingRequest]) -> list[Happening]:
    """What was asked for and every step since; each request with its ``steps`` and their ``by``."""
    found = []
    for request in requests:
        found.append(Happening(request.created_at, f"{pounds(request.amount)} asked for", comment=request.purpose, plan=request.plan))
        for step in request.steps.all():
            amount = f", {pounds(step.amount)}" if step.amount is not None else ""
            who = f" by {step.by}" if step.by else ""
            sentence = f"Request for {pounds(request.amount)}: {step.get_step_display().lower()}{amount}{who}"
            found.append(Happening(step.at, sentence, comment=step.reason, plan=request.plan))
    return found


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


def _names(rows: list[Any]) -> dict[uuid.UUID, str]:
    ids = {row.history_user_id for row in rows if row.history_user_id}
    return {user.pk: user.name for user in User.objects.filter(pk__in=ids)}


def _section_changes(plans: dict[uuid.UUID, Plan], audience: Audience) -> list[Happening]:
    rows = list(Section.history.filter(plan_id__in=plans).order_by("history_id"))
    names = _names(rows)
    last: dict[uuid.UUID, Any] = {}
    found = []
    for row in rows:
        before, last[row.id] = last.get(row.id), row
        if before is None or row.version == before.version:
            continue
        plan = plans[row.plan_id]
        declared = plan.form.section(row.key)
        if not declared.shown_to(audience):
            continue
        who = names.get(row.history_user_id, "The product")
        changes = tuple(differences(declared, before.answers, row.answers, audience)) if declared.questions else ()
        if declared.body is not Body.QUESTIONS and not changes:
            continue
        behalf = f" on behalf of {row.on_behalf_of}" if row.on_behalf_of else ""
        found.append(Happening(row.history_date, f"{who} saved “{declared.title}”{behalf}", changes, plan=plan))
    return found


def _row_changes(plans: dict[uuid.UUID, Plan], model: type[Target] | type[Action], noun: str, shown: str) -> list[Happening]:
    rows = list(model.history.filter(plan_id__in=plans).order_by("history_id"))
    names = _names(rows)
    last: dict[Any, Any] = {}
    found = []
    labels = {field.name: str(field.verbose_name) for field in model._meta.concrete_fields}
    hidden = {"id", "updated_at", "created_at", "position", "plan", "removed"}
    for row in rows:
        before, last[row.id], plan = last.get(row.id), row, plans[row.plan_id]
        who = names.get(row.history_user_id, "The product")
        if before is None:
            found.append(Happening(row.history_date, f"{who} added {noun}: {getattr(row, shown)}", plan=plan))
        elif row.removed and not before.removed:
            found.append(Happening(row.history_date, f"{who} removed {noun}: {getattr(row, shown)}", plan=plan))
        else:
            changes = tuple(
                (labels[name].capitalize(), str(getattr(before, name)), str(getattr(row, name)))
                for name in labels
                if name not in hidden and getattr(before, name) != getattr(row, name)
            )
            if changes:
                found.append(Happening(row.history_date, f"{who} changed {noun}: {getattr(row, shown)}", changes, plan=plan))
    return found


def _meeting_changes(plans: dict[uuid.UUID, Plan]) -> list[Happening]:
    rows = list(Meeting.history.filter(plan_id__in=plans).order_by("id", "history_id"))
    names = _names(rows)
    found = []
    for before, row in zip(rows, rows[1:], strict=False):
        if before.id != row.id:
            continue
        who = names.get(row.history_user_id, "The product")
        if row.state != before.state or row.starts_at != before.starts_at:
            when = f" for {timezone.localtime(row.starts_at):%-d %B %Y, %H:%M}" if row.starts_at else ""
            sentence = f"{who} set the meeting to “{Meeting.State(row.state).label.lower()}”{when}"
            found.append(Happening(row.history_date, sentence, plan=plans[row.plan_id]))
    return found
