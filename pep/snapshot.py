"""What a plan says, as plain data: for the frozen snapshot, and for the read-only page of a plan that is still moving.

Everything in it carries its audience, so that one function, ``readable``, makes every copy: page, PDF, attachment.
"""

import datetime
import hashlib
import json
import uuid
from collections.abc import Callable, Collection
from typing import Any

from django.db.models import Q
from django.utils import timezone
from django.utils.formats import date_format

from accounts.policy import RELATION_NAMES, Relation
from accounts.templatetags.components import pounds
from children.access import who_can_see
from children.models import Allocation, Child
from pep.forms.declaration import Audience, Body
from pep.forms.declaration import Section as DeclaredSection
from pep.forms.reading import shown
from pep.history import event_sentence, told_to
from pep.invited import for_the_record, invitations_of, whose
from pep.models import Action, Attendee, FundingRequest, Meeting, Plan, QualityCheck, Section, Target, TargetReview
from pep.planning import OWNER_NAMES
from pep.sections import PlanContents, contents_of
from schools.models import VirtualSchool
from schools.timetable import year_group_name

SCHEMA = 1
COPY_ALONE = "The school copy of the plan afterwards"
NOT_ANSWERED = {"type": "none", "text": "Not answered"}
Block = dict[str, Any]


def day(value: datetime.date | None) -> str:
    """A date in words: 3 March 2026."""
    return date_format(value, "j F Y") if value else ""


def moment(value: datetime.datetime | None) -> str:
    """A London date and time in words: 3 March 2026, 14:05."""
    return date_format(timezone.localtime(value), "j F Y, H:i") if value else ""


def _text(key: str, label: str, value: str, audience: str = Audience.SCHOOL) -> Block:
    display = {"type": "text", "paragraphs": value.splitlines()} if value else NOT_ANSWERED
    return {"key": key, "label": label, "audience": str(audience), "value": value, "display": display}


def _table(key: str, label: str, columns: list[str], rows: list[list[str]], audience: str = Audience.SCHOOL) -> Block:
    display = {"type": "table", "columns": columns, "rows": rows} if rows else NOT_ANSWERED
    return {
        "key": key,
        "label": label,
        "audience": str(audience),
        "value": [dict(zip(columns, row, strict=True)) for row in rows],
        "display": display,
    }


def _target_blocks(targets: list[Target]) -> list[Block]:
    blocks: list[Block] = []
    for number, target in enumerate(targets, start=1):
        lines = [
            f"Area: {target.get_area_display()}, {target.get_term_display().lower()}",
            f"Need: {target.need}",
            f"Where they are now: {target.baseline}",
            f"How we will know: {target.success}",
            f"Help: {target.intervention}" + (f" ({target.frequency})" if target.frequency else ""),
            f"Who: {target.who}",
            f"By: {day(target.by_when)}",
        ]
        if target.child_words:
            lines.append(f"The child says: {target.child_words}")
        value = {
            "area": target.area,
            "term": target.term,
            "need": target.need,
            "baseline": target.baseline,
            "aim": target.aim,
            "success": target.success,
            "intervention": target.intervention,
            "frequency": target.frequency,
            "who": target.who,
            "by_when": target.by_when.isoformat(),
            "child_words": target.child_words,
        }
        blocks.append(
            {
                "key": f"target-{number}",
                "label": f"Target {number}: {target.aim}",
                "audience": str(Audience.SCHOOL),
                "value": value,
                "display": {"type": "text", "paragraphs": [line for text in lines for line in text.splitlines()]},
            }
        )
        if target.money:
            blocks.append(_money_block(number, target.money))
    return blocks


def _money_block(number: int, money: FundingRequest) -> Block:
    """What was asked for a target: the plan goes with the child to the next school, the money does not, so it is a block of its own."""
    words = f"{pounds(money.amount)} for {money.purpose} ({money.get_state_display().lower()})"
    return {
        **_text(f"target-{number}-money", f"Pupil premium asked for target {number}", words, Audience.COUNCIL),
        "value": {"amount": str(money.amount), "purpose": money.purpose, "state": money.state},
        "school": str(money.school_id) if money.school_id else None,
    }


def _review_blocks(targets: list[Target], reviews: dict[Any, TargetReview]) -> list[Block]:
    blocks = []
    for number, target in enumerate(targets, start=1):
        review = reviews.get(target.pk)
        lines = (
            [
                f"How it went: {review.get_outcome_display()}",
                f"How we know: {review.evidence}",
                f"What the pupil premium did: {review.get_impact_display()}",
                f"What now: {review.get_next_display()}",
            ]
            if review
            else []
        )
        blocks.append(_text(f"target-{number}", f"Target {number}: {target.aim}", "\n".join(lines)))
    return blocks


def _nothing_before(plan: Plan) -> Block:
    """What a plan says where there is nothing to review: silence would read as something hidden."""
    words = "The earlier plan had no targets." if plan.previous_id else "There is no earlier plan here."
    return _text("nothing_before", "The last plan", words)


def _action_blocks(actions: list[Action]) -> list[Block]:
    rows = [[action.what, action.who, day(action.by_when)] for action in actions]
    return [_table("actions", "Actions", ["What", "Who", "By when"], rows)]


def _meeting_blocks(meeting: Meeting | None) -> list[Block]:
    if meeting is None:
        return []
    people, invitations = list(meeting.attendees.all()), invitations_of(meeting)
    rows = [
        [
            one.get_role_display(), one.name, "Yes" if one.invited else "No", for_the_record(one, invitations.get(whose(one))),
            one.get_came_display(),
        ]
        for one in people
    ]  # fmt: skip
    blocks = [
        _text("state", "Meeting", meeting.get_state_display()),
        _text("starts_at", "Date and time", moment(meeting.starts_at)),
        _text("place", "Place", meeting.place),
        _table("attendees", "Who was asked, what they answered and who came", ["Role", "Name", "Asked", "Answered", "Came"], rows),
        _text("participation", "How the child took part", meeting.get_participation_display() if meeting.participation else ""),
        _text("next_on", "Date of the next meeting", day(meeting.next_on)),
    ]
    if decided := [_decision(one) for one in people if one.decided_for and one.decided_at is not None]:
        columns = ["Role", "Name", "May they come?", "What they may know", "Decided"]
        blocks.insert(4, _table("decisions", "What was decided about people without an account", columns, decided, Audience.COUNCIL))
    if meeting.not_held_because:
        blocks.append(_text("not_held_because", "Why it was not held", meeting.not_held_because))
    if meeting.exception_because:
        by = f" (approved by {meeting.exception_by})" if meeting.exception_by else ""
        blocks.append(_text("exception_because", "Why the plan went on without a meeting", meeting.exception_because + by))
    return blocks


def _decision(one: Attendee) -> list[str]:
    """Whether somebody without an account may come and what they may know: why, is the social worker's; where they live, nobody's here."""
    may_come = one.get_may_come_display()
    if one.may_come == Attendee.MayCome.SEPARATE:
        may_come += f": {moment(one.separate_starts_at)}"
    # Who does not come is told no date; they may have a copy all the same.
    may_know = one.get_may_know_display() if one.may_come != Attendee.MayCome.NO else COPY_ALONE if one.may_have_copy else ""
    by = f"{one.decided_by.name}, " if one.decided_by else ""
    return [one.get_role_display(), one.name, may_come, may_know, f"{by}{moment(one.decided_at)}"]


def section_blocks(declared: DeclaredSection, contents: PlanContents) -> list[Block]:
    """All that one section says, whoever may read it."""
    answers = contents.sections[declared.key].answers
    blocks: list[Block] = [block.as_json() for block in shown(declared, answers, Audience.COUNCIL)]
    if declared.body is Body.TARGETS:
        blocks += _target_blocks(contents.targets)
    elif declared.body is Body.LAST_TARGETS:
        blocks += _review_blocks(contents.last_targets, contents.reviews) or [_nothing_before(contents.plan)]
    elif declared.body is Body.ACTIONS:
        blocks += _action_blocks(contents.actions)
    elif declared.body is Body.MEETING:
        blocks += _meeting_blocks(contents.meeting)
    return blocks


def written_note(section: Section) -> str:
    """Who wrote a section, in which capacity, when, and on whose behalf."""
    if not section.written_by or not section.written_at:
        return ""
    note = f"Written by {section.written_by.name}, {section.written_as.lower()}, on {day(timezone.localdate(section.written_at))}"
    if section.on_behalf_of:
        note += f", on behalf of {section.on_behalf_of} ({section.get_learned_by_display().lower()})"
    return note


def sections_of(contents: PlanContents, only: str = "") -> list[dict[str, Any]]:
    """The plan's sections, or the one with a key, with their blocks and notes, for page and snapshot alike."""
    found = []
    for declared in contents.plan.form.sections:
        if declared.body is Body.SIGN_OFF or only not in ("", declared.key):
            continue
        found.append(
            {
                "key": declared.key,
                "title": declared.title,
                "owner": OWNER_NAMES[declared.owner],
                "audience": str(declared.audience),
                "note": written_note(contents.sections[declared.key]),
                "blocks": section_blocks(declared, contents),
            }
        )
    return found


def child_facts(child: Child, on: datetime.date) -> list[dict[str, str]]:
    """The facts about the child that stand at the head of a plan, each with its audience."""
    enrolment = child.main_enrolment(on)
    care = child.in_care(on)
    placement = child.placements.filter(starts__lte=on).order_by("-starts").first()
    council, school = str(Audience.COUNCIL), str(Audience.SCHOOL)
    facts = [
        ("Legal name", child.legal_name, school),
        ("Likes to be called", child.known_as or child.given_name, school),
        (
            "Date of birth",
            day(child.date_of_birth)
            + ("" if child.birth_date_status == "recorded" else f" ({child.get_birth_date_status_display().lower()})"),
            school,
        ),
        ("Year group", year_group_name(child.year_group(on)), school),
        ("UPN", child.upn, school),
        ("ULN", child.uln, school),
        ("School", str(enrolment.school) if enrolment else "No school at present", school),
        ("Came into care on", day(care.starts) if care else "", council),
        ("Legal status", care.get_legal_status_display() if care and care.legal_status else "", council),
        ("Placement", ", ".join(part for part in (placement.kind, placement.carer) if part) if placement else "", council),
        ("Address", placement.address.replace("\n", ", ") if placement else "", council),
    ]
    return [{"label": label, "value": value, "audience": audience} for label, value, audience in facts if value]


def people_of(child: Child, on: datetime.date) -> list[dict[str, str]]:
    """Who works with the child on a day: role, name, organisation."""
    wanted = {Relation.SOCIAL_WORKER, Relation.TEAM_MANAGER, Relation.REVIEWING_OFFICER, Relation.DESIGNATED_TEACHER}
    enrolment = child.main_enrolment(on)
    worker = child.allocation(Allocation.Role.SOCIAL_WORKER, on)
    places = {
        Relation.DESIGNATED_TEACHER: str(enrolment.school) if enrolment else "",
        Relation.SOCIAL_WORKER: str(worker.team) if worker and worker.team else child.authority.name,
        Relation.TEAM_MANAGER: str(worker.team) if worker and worker.team else child.authority.name,
    }
    return [
        {
            "role": RELATION_NAMES[relation],
            "name": user.name,
            "organisation": places.get(relation, child.authority.name),
            "audience": str(Audience.SCHOOL),
        }
        for user, relation in who_can_see(child, on)
        if relation in wanted
    ]


def contact_of(virtual_school: VirtualSchool) -> str:
    """A virtual school's name with how to reach it, on one line."""
    address = ", ".join(line.strip() for line in virtual_school.address.splitlines() if line.strip())
    return ", ".join(part for part in (virtual_school.name, virtual_school.email, virtual_school.phone, address) if part)


ANY_TIME = Q()


def signatures_of(plan: Plan, before: Q = ANY_TIME) -> list[dict[str, Any]]:
    """Who signed the plan, and which signatures a return has voided since.

    A signature that was given to an earlier version, and carried to this one, has that version's number.
    """
    return [
        {
            **({"version": sign_off.given_to} if sign_off.given_to != plan.version else {}),
            "role": sign_off.get_role_display(),
            "name": sign_off.by.name,
            "capacity": sign_off.capacity,
            "on_behalf_of": sign_off.on_behalf_of or None,
            "at": sign_off.at.isoformat(),
            "comment": sign_off.comment,
            "voided_at": sign_off.voided_at.isoformat() if sign_off.voided_at else None,
        }
        for sign_off in plan.sign_offs.filter(before).select_related("by")
    ]


def corrects_of(plan: Plan, before: Q = ANY_TIME) -> dict[str, Any] | None:
    """What a corrected version says of itself: which version it corrects, complete since when, why, and which sections were opened again.

    Reason and sections each have their audience. None for a plan that corrects nothing.
    """
    if plan.corrects is None or plan.corrects.completed_at is None:
        return None
    begun = plan.events.filter(before, action="corrected_from").select_related("plan").first()
    audience = Audience.SCHOOL if begun and told_to(begun, Audience.SCHOOL) else Audience.COUNCIL
    opened = [plan.form.section(key) for key in begun.sections] if begun else []
    return {
        "version": plan.corrects.version,
        "completed_at": plan.corrects.completed_at.isoformat(),
        "because": [{"text": begun.comment, "audience": str(audience)}] if begun else [],
        "sections": [{"title": declared.title, "audience": str(declared.audience)} for declared in opened],
    }


def readable_corrects(corrects: dict[str, Any] | None, may: Callable[[dict[str, Any]], bool]) -> dict[str, Any] | None:
    """What a reader who may read what ``may`` says is told of a correction."""
    return corrects and {**corrects, **{part: [item for item in corrects[part] if may(item)] for part in ("because", "sections")}}


def corrects_for(plan: Plan, audience: Audience) -> dict[str, Any] | None:
    """What a corrected version says of itself to an audience."""
    return readable_corrects(corrects_of(plan), lambda item: audience is Audience.COUNCIL or item["audience"] == Audience.SCHOOL)


def _grades(plan: Plan, before: Q) -> dict[str, Any] | None:
    check = plan.quality_checks.filter(before, outcome=QualityCheck.Outcome.ACCEPTED).order_by("-at").first()
    if check is None:
        return None
    areas = [{"area": area.title, "grade": area.get_grade_display(), "comment": area.comment} for area in check.areas.all()]
    return {"overall": check.get_overall_display(), "comment": check.comment, "areas": areas, "audience": str(Audience.SCHOOL)}


def build(plan: Plan, *, on: datetime.date, until: datetime.datetime | None = None) -> dict[str, Any]:
    """Everything a plan says on the day it is complete, with the names, roles, schools and labels of that day.

    ``until`` leaves out what was signed, checked and otherwise done from that moment on.
    """
    contents, before = contents_of(plan), Q(at__lt=until) if until else ANY_TIME
    complete = plan.completed_at if plan.completed_at and not (until and plan.completed_at >= until) else None
    child = plan.child
    enrolment = child.main_enrolment(on)
    content: dict[str, Any] = {
        "schema": SCHEMA,
        "plan": {
            "id": str(plan.pk),
            "reference": child.reference,
            "version": plan.version,
            "reason": plan.get_reason_display(),
            "term": str(plan.term) if plan.term else "",
            "form": f"{plan.form_key} {plan.form_version}",
            "title": "Personal Education Plan",
            "completed_at": complete.isoformat() if complete else "",
            "state": plan.state,
            "authority": child.authority.name,
            "virtual_school": contact_of(child.authority.virtual_school),
            "school": str(enrolment.school) if enrolment else "",
            "signature_skipped": plan.signature_skipped,
        },
        "child": {"reference": child.reference, "known_as": child.known_as or child.given_name, "legal_name": child.legal_name},
        "child_facts": child_facts(child, on),
        "people": people_of(child, on),
        "sections": sections_of(contents),
        "events": [
            {"at": event.at.isoformat(), "sentence": event_sentence(event), "audience": str(Audience.SCHOOL)}
            for event in plan.events.filter(before).select_related("by")
        ],
        "sign_off": [one for one in signatures_of(plan, before) if not one.pop("voided_at")],
        "grades": _grades(plan, before),
    }
    if corrects := corrects_of(plan, before):
        content["corrects"] = corrects
    content["hash"] = digest(content)
    return content


def digest(content: dict[str, Any]) -> str:
    """SHA-256 of the canonical JSON of a snapshot without its own ``hash``."""
    plain = {key: value for key, value in content.items() if key != "hash"}
    return hashlib.sha256(json.dumps(plain, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()).hexdigest()


def readable(content: dict[str, Any], audience: Audience, schools: Collection[uuid.UUID] = ()) -> dict[str, Any]:
    """The copy of a snapshot that an audience may read: what is for the council alone is left out for the school.

    ``schools`` are those the reader works at: what one of them asked for they may read. A document has no reader, so it goes without.
    """
    own = {str(school) for school in schools}

    def may(item: dict[str, Any]) -> bool:
        return audience is Audience.COUNCIL or item.get("audience", Audience.COUNCIL) == Audience.SCHOOL or item.get("school") in own

    copy = dict(content)
    for part in ("child_facts", "people", "events"):
        copy[part] = [item for item in content[part] if may(item)]
    sections = [
        {**section, "blocks": [block for block in section["blocks"] if may(block)]} for section in content["sections"] if may(section)
    ]
    # A section with nothing in it for this reader is left out with its title, also where an older snapshot does not say whose it is.
    written = {section["key"] for section in content["sections"] if section["blocks"]}
    copy["sections"] = [section for section in sections if section["blocks"] or section["key"] not in written]
    if content["grades"] and not may(content["grades"]):
        copy["grades"] = None
    if "corrects" in content:
        copy["corrects"] = readable_corrects(content["corrects"], may)
    # The copy's own: one hash over everything would let whoever has both copies try out what is for the council alone.
    copy["hash"] = digest(copy)
    return copy
