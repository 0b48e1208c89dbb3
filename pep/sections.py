"""Saving a section so that nothing is lost: one lock, one version check, one history row; and what is still missing."""

import datetime
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import models, transaction
from django.utils import timezone

from accounts.authorship import save_by
from accounts.models import User
from accounts.outbox import tell
from accounts.policy import RELATION_NAMES, RELATION_VERBS, Relation, Verb
from children.access import relations_to
from pep.forms.declaration import Audience, Body, Owner
from pep.forms.declaration import Section as DeclaredSection
from pep.forms.reading import missing
from pep.models import Action, Attendee, Draft, Meeting, Plan, PlanEvent, Section, Target, TargetReview
from pep.models.sections import LearnedBy
from pep.planning import WRITE_VERB, holders_of, school_part_is_virtual_schools, submits

MAX_DRAFT_BYTES = 200_000


class SectionClosed(Exception):
    """The plan has moved on, or a return did not reopen this section: nothing can be saved in it now."""


class Stale(Exception):
    """Someone saved the section after this writer opened it. Carries the section as it now stands."""

    def __init__(self, section: Section) -> None:
        super().__init__(f"section {section.key} is at version {section.version}")
        self.section = section


@dataclass(frozen=True)
class Author:
    """Who writes: the person, the capacity in which they may, and on whose behalf when not their own part."""

    user: User
    relation: Relation
    on_behalf_of: str = ""
    learned_by: str = ""

    @property
    def capacity(self) -> str:
        """The relation in words."""
        return RELATION_NAMES[self.relation]


def audience_of(verbs: frozenset[Verb]) -> Audience:
    """What someone with these verbs may read."""
    return Audience.COUNCIL if Verb.VIEW_COUNCIL in verbs else Audience.SCHOOL


def writing_relation(relations: frozenset[Relation], verb: Verb) -> Relation | None:
    """The relation that carries the verb; the nearest to the child first."""
    order = list(Relation)
    return next((relation for relation in sorted(relations, key=order.index) if verb in RELATION_VERBS[relation]), None)


def write_verb(declared: DeclaredSection) -> Verb:
    """The verb that makes someone the section's own writer."""
    return Verb.RECORD_MEETING if declared.body is Body.MEETING else WRITE_VERB[declared.owner]


@dataclass(frozen=True)
class Writer:
    """Whether and how someone may write a section: as its owner, or on behalf of a named person."""

    relation: Relation
    must_name: bool


def writer_of(plan: Plan, key: str, relations: frozenset[Relation], on: datetime.date) -> Writer | None:
    """How someone in these relations may write this section, or None. Says nothing about whether the section is open.

    Virtual school staff write on behalf of a named person, except where the part is the virtual school's own: its sections, and the
    school's when there is no school or no designated teacher who can act.
    """
    declared = plan.form.section(key)
    if declared.body is Body.SIGN_OFF:
        return None
    own = writing_relation(relations, write_verb(declared))
    if own:
        return Writer(own, must_name=False)
    other = writing_relation(relations, Verb.WRITE_ON_BEHALF)
    if other is None:
        return None
    own_part = declared.owner == Owner.SCHOOL and school_part_is_virtual_schools(plan, on)
    return Writer(other, must_name=not own_part)


def author_for(plan: Plan, key: str, user: User, *, on: datetime.date, on_behalf_of: str = "", learned_by: str = "") -> Author:
    """The author of a write to this section. Raises PermissionDenied when this person may not write it, or not without saying for whom and
    in which of the known ways they learned it.
    """
    writer = writer_of(plan, key, relations_to(user, plan.child, on), on)
    if writer is None or (writer.must_name and not (on_behalf_of and learned_by)):
        raise PermissionDenied
    if not writer.must_name and writer.relation not in (Relation.OFFICER, Relation.HEAD, Relation.BUSINESS_SUPPORT):
        on_behalf_of = learned_by = ""
    if learned_by and learned_by not in LearnedBy.values:
        raise PermissionDenied
    return Author(user, writer.relation, on_behalf_of, learned_by)


@contextmanager
def writing(plan_id: Any, key: str, base_version: int, *, author: Author, part: str = "", words: bool = True) -> Iterator[Section]:
    """Hold the plan and one of its sections locked while something in it is written, then count the version up.

    Every write to a plan takes this way: the plan's row first, then the section's, so a save can never land after the plan moved on,
    and of several people saving at once exactly one is accepted. Raises SectionClosed, Stale or PermissionDenied with nothing changed.
    Without ``words`` the section counts as written by whoever wrote it before: something beside it was decided; the history says by whom.
    """
    with transaction.atomic():
        plan: Plan = models.QuerySet(Plan).select_for_update(no_key=True).get(pk=plan_id)
        section: Section = models.QuerySet(Section).select_for_update(no_key=True).get(plan=plan, key=key)
        section.plan = plan
        if not plan.section_open(key):
            raise SectionClosed
        # The relation may have ended between opening the page and this lock.
        if author.relation not in relations_to(author.user, plan.child):
            raise PermissionDenied
        if section.version != base_version:
            raise Stale(section)
        was_complete = section.marked_complete
        yield section
        # Whoever is reminded is found by this mark, so it never stands on a section that lacks something.
        section.marked_complete = section.marked_complete and not still_missing(plan, section)
        section.version += 1
        because = None
        if words:
            section.written_by, section.written_as, section.written_at = author.user, author.capacity, timezone.now()
            section.on_behalf_of, section.learned_by = author.on_behalf_of, author.learned_by
        elif author.on_behalf_of:
            because = f"On behalf of {author.on_behalf_of} ({LearnedBy(author.learned_by).label.lower()})"[:100]
        save_by(section, by=author.user, because=because)
        Draft.objects.filter(user=author.user, section=section, part=part).delete()
        if section.marked_complete and not was_complete:
            _tell_others(plan, section, timezone.localdate())


# Who waits for whose part of a plan.
OTHER_OWNER: dict[str, str] = {Owner.SCHOOL: Owner.SOCIAL_WORKER, Owner.SOCIAL_WORKER: Owner.SCHOOL}


def _tell_others(plan: Plan, section: Section, on: datetime.date) -> None:
    """When this was the last open section of its owner, tell whoever holds the other part that is still open, once each time; where none
    is and it was the social worker's, tell the school, whose it is to submit.
    """
    unfinished = [row for row in plan.sections.filter(marked_complete=False) if row.pk != section.pk and plan.section_open(row.key)]
    left = {row.owner for row in unfinished if plan.form.section(row.key).body is not Body.SIGN_OFF}
    other = OTHER_OWNER.get(section.owner)
    ready = not left and other == Owner.SCHOOL == submits(plan)
    if other is None or section.owner in left or not (other in left or ready):
        return
    for holder in holders_of(plan, other, on):
        if holder.user.pk != section.written_by_id:
            tell(
                key=f"sections_finished:{plan.pk}:{section.owner}:{plan.state_since:%Y%m%d%H%M%S}:{holder.user.pk}", recipient=holder.user,
                rule="sections_finished", plan_id=plan.pk, child_id=plan.child_id,
                facts={"due_on": plan.due_on, **({"ready": 1} if ready else {})},
            )  # fmt: skip


def approve_exception(plan: Plan, *, by: User, reason: str) -> bool:
    """The virtual school lets a plan go on without a meeting. False, with nothing changed, when the plan has moved on or it was held."""
    with transaction.atomic():
        held: Plan = models.QuerySet(Plan).select_for_update(no_key=True).get(pk=plan.pk)
        if not held.writable:
            return False
        meeting: Meeting = models.QuerySet(Meeting).select_for_update(no_key=True).get(plan=held)
        if meeting.state == Meeting.State.HELD:
            return False
        meeting.exception_because, meeting.exception_by = reason, by
        meeting.save()
        # Nothing is left to say about it.
        section = held.sections.get(key=next(declared.key for declared in held.form.sections if declared.body is Body.MEETING))
        section.marked_complete = held.section_open(section.key)
        save_by(section, by=by, because="Going on without a meeting was approved")
        PlanEvent.objects.create(
            plan=held, action="meeting_exception", from_state=held.state, to_state=held.state, at=timezone.now(), by=by, comment=reason
        )
    return True


def saved_by_oneself(section: Section, user: User, *, since: int) -> bool:
    """Whether every save of a section after this version was this person's own, in another window say."""
    later = Section.history.filter(id=section.pk, version__gt=since)
    return not later.exclude(history_user_id=user.pk).exists()


def keep_draft(section: Section, user: User, *, base_version: int, fields: dict[str, list[str]], part: str = "") -> Draft | None:
    """Keep what someone is typing. A draft is theirs alone, counts as nothing, and is never older than what they last typed.

    None, with nothing kept, when it is longer than anything that could be saved.
    """
    if sum(len(text.encode("utf-8", "replace")) for name, values in fields.items() for text in (name, *values)) > MAX_DRAFT_BYTES:
        return None
    draft, _ = Draft.objects.update_or_create(
        user=user, section=section, part=part, defaults={"base_version": max(base_version, 0), "fields": fields, "saved_at": timezone.now()}
    )
    return draft


def drafts_in(plan: Plan) -> list[Draft]:
    """What anyone has typed into this plan and not saved, the sections in order."""
    order = [section.key for section in plan.form.sections]
    drafts = Draft.objects.filter(section__plan=plan).select_related("section", "user").order_by("saved_at")
    return sorted(drafts, key=lambda draft: order.index(draft.section.key))


@dataclass(frozen=True)
class Gap:
    """Something that must be filled in before the plan can be submitted, and where."""

    section: str
    section_title: str
    owner: str
    label: str
    anchor: str = ""
    audience: Audience = Audience.SCHOOL  # who may know what is missing


@dataclass
class PlanContents:
    """Everything written in a plan, fetched once: a fixed number of queries however long the plan is."""

    plan: Plan
    sections: dict[str, Section] = field(default_factory=dict)
    targets: list[Target] = field(default_factory=list)
    actions: list[Action] = field(default_factory=list)
    reviews: dict[Any, TargetReview] = field(default_factory=dict)
    last_targets: list[Target] = field(default_factory=list)
    last_answers: dict[str, dict[str, Any]] = field(default_factory=dict)
    meeting: Meeting | None = None


def contents_of(plan: Plan) -> PlanContents:
    """Read a plan with all that hangs from it."""
    return contents_of_many([plan])[plan.pk]


def contents_of_many(plans: Sequence[Plan]) -> dict[Any, PlanContents]:
    """Read several plans with all that hangs from them, by plan: a fixed number of queries however many there are."""
    found = {plan.pk: PlanContents(plan=plan) for plan in plans}
    previous = defaultdict(list)
    for plan in plans:
        if plan.previous_id:
            previous[plan.previous_id].append(plan.pk)
    for section in Section.objects.filter(plan__in=[*found, *previous]).select_related("written_by"):
        if section.plan_id in found:
            found[section.plan_id].sections[section.key] = section
        for plan_id in previous.get(section.plan_id, ()):
            found[plan_id].last_answers[section.key] = section.answers
    for target in Target.objects.filter(plan__in=[*found, *previous], removed=False).select_related("funding", "original__funding"):
        if target.plan_id in found:
            found[target.plan_id].targets.append(target)
        for plan_id in previous.get(target.plan_id, ()):
            found[plan_id].last_targets.append(target)
    for action in Action.objects.filter(plan__in=found, removed=False):
        found[action.plan_id].actions.append(action)
    for review in TargetReview.objects.filter(plan__in=found):
        found[review.plan_id].reviews[review.target_id] = review
    present = models.Prefetch("attendees", queryset=Attendee.objects.filter(removed=False).select_related("decided_by"))
    for meeting in Meeting.objects.filter(plan__in=found).select_related("exception_by").prefetch_related(present):
        found[meeting.plan_id].meeting, meeting.plan = meeting, found[meeting.plan_id].plan
    return found


def gaps_in(contents: PlanContents) -> list[Gap]:
    """All that is missing before submission, in the order of the form; last, that whoever answered has not said a section is complete."""
    gaps: list[Gap] = []
    for declared in contents.plan.form.sections:
        found = gaps_of(contents, declared)
        to_mark = declared.body is not Body.SIGN_OFF and contents.plan.section_open(declared.key)
        if not found and to_mark and not contents.sections[declared.key].marked_complete:
            found = [Gap(declared.key, declared.title, declared.owner, "Say that this section is complete", "complete")]
        gaps += found
    return gaps


def gaps_of(contents: PlanContents, declared: DeclaredSection) -> list[Gap]:
    """What one section lacks before it can be complete."""
    gaps: list[Gap] = []

    def gap(label: str, anchor: str = "", audience: Audience = Audience.SCHOOL) -> None:
        gaps.append(Gap(declared.key, declared.title, declared.owner, label, anchor, audience))

    for item in missing(declared, contents.sections[declared.key].answers):
        gap(item.label, item.anchor, item.audience)
    if declared.body is Body.LAST_TARGETS:
        for number, target in enumerate(contents.last_targets, start=1):
            if target.pk not in contents.reviews:
                gap(f"Say how target {number} of the last plan went", f"target-{number}")
    elif declared.body is Body.TARGETS and not contents.targets:
        gap("Add at least one target")
    elif declared.body is Body.ACTIONS and not contents.actions:
        gap("Add at least one action")
    elif declared.body is Body.MEETING:
        for label, anchor in meeting_gaps(contents.meeting):
            gap(label, anchor)
    return gaps


def still_missing(plan: Plan, section: Section) -> list[Gap]:
    """What a section lacks with the answers that it is about to be saved with."""
    declared = plan.form.section(section.key)
    # Of questions the answers say it all.
    contents = PlanContents(plan) if declared.body is Body.QUESTIONS else contents_of(plan)
    contents.sections[section.key] = section
    return gaps_of(contents, declared)


def meeting_gaps(meeting: Meeting | None) -> list[tuple[str, str]]:
    """What the meeting still lacks: it must have been held, or the virtual school must have approved going on without it."""
    if meeting is None:
        return [("Book the meeting", "id_meeting-state")]
    if meeting.exception_because:
        return []
    if meeting.state != Meeting.State.HELD:
        return [("Hold the meeting, or ask the virtual school to approve going on without it", "state")]
    gaps = []
    if not meeting.participation:
        gaps.append(("Say how the child took part", "id_meeting-participation"))
    if meeting.next_on is None:
        gaps.append(("Give the date of the next meeting", "id_meeting-next_on-day"))
    if not any(attendee.came == "came" for attendee in meeting.attendees.all()):
        gaps.append(("Say who came", "people"))
    return gaps
