"""What happened to a plan, in plain sentences: its moves, and what changed in its sections."""

import datetime
import uuid
from dataclasses import dataclass
from typing import Any

from django.utils import timezone

from accounts.models import User
from pep.forms.declaration import Audience, Body
from pep.forms.reading import differences
from pep.models import Action, Meeting, Plan, PlanEvent, Section, Target
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


def timeline(plan: Plan, audience: Audience) -> list[Happening]:
    """Everything that happened to a plan that this audience may read, newest first, in a fixed number of queries."""
    events = plan.events.select_related("by", "plan")
    found = [Happening(event.at, event_sentence(event, audience), comment=event.comment) for event in events]
    found += _section_changes(plan, audience)
    found += _row_changes(plan, Target, "a target", "aim")
    found += _row_changes(plan, Action, "an action", "what")
    found += _meeting_changes(plan)
    return sorted(found, key=lambda one: one.at, reverse=True)


def _names(rows: list[Any]) -> dict[uuid.UUID, str]:
    ids = {row.history_user_id for row in rows if row.history_user_id}
    return {user.pk: user.name for user in User.objects.filter(pk__in=ids)}


def _section_changes(plan: Plan, audience: Audience) -> list[Happening]:
    rows = list(Section.history.filter(plan_id=plan.pk).order_by("history_id"))
    names = _names(rows)
    last: dict[str, Any] = {}
    found = []
    for row in rows:
        before, last[row.key] = last.get(row.key), row
        if before is None or row.version == before.version:
            continue
        declared = plan.form.section(row.key)
        if not declared.shown_to(audience):
            continue
        who = names.get(row.history_user_id, "The product")
        changes = tuple(differences(declared, before.answers, row.answers, audience)) if declared.questions else ()
        if declared.body is not Body.QUESTIONS and not changes:
            continue
        behalf = f" on behalf of {row.on_behalf_of}" if row.on_behalf_of else ""
        found.append(Happening(row.history_date, f"{who} saved “{declared.title}”{behalf}", changes))
    return found


def _row_changes(plan: Plan, model: type[Target] | type[Action], noun: str, shown: str) -> list[Happening]:
    rows = list(model.history.filter(plan_id=plan.pk).order_by("history_id"))
    names = _names(rows)
    last: dict[Any, Any] = {}
    found = []
    labels = {field.name: str(field.verbose_name) for field in model._meta.concrete_fields}
    hidden = {"id", "updated_at", "created_at", "position", "plan", "removed"}
    for row in rows:
        before, last[row.id] = last.get(row.id), row
        who = names.get(row.history_user_id, "The product")
        if before is None:
            found.append(Happening(row.history_date, f"{who} added {noun}: {getattr(row, shown)}"))
        elif row.removed and not before.removed:
            found.append(Happening(row.history_date, f"{who} removed {noun}: {getattr(row, shown)}"))
        else:
            changes = tuple(
                (labels[name].capitalize(), str(getattr(before, name)), str(getattr(row, name)))
                for name in labels
                if name not in hidden and getattr(before, name) != getattr(row, name)
            )
            if changes:
                found.append(Happening(row.history_date, f"{who} changed {noun}: {getattr(row, shown)}", changes))
    return found


def _meeting_changes(plan: Plan) -> list[Happening]:
    rows = list(Meeting.history.filter(plan_id=plan.pk).order_by("history_id"))
    names = _names(rows)
    found = []
    for before, row in zip(rows, rows[1:], strict=False):
        who = names.get(row.history_user_id, "The product")
        if row.state != before.state or row.starts_at != before.starts_at:
            when = f" for {timezone.localtime(row.starts_at):%-d %B %Y, %H:%M}" if row.starts_at else ""
            found.append(Happening(row.history_date, f"{who} set the meeting to “{Meeting.State(row.state).label.lower()}”{when}"))
    return found
