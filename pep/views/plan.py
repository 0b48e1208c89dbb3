"""The plan's own pages: task list, whole plan, timeline, and what is missing."""

from typing import Any

from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from accounts.outbox import read_about
from accounts.policy import Verb
from pep import history, snapshot, workflow
from pep.copies import allowed_for
from pep.forms.declaration import Audience, Body, Stage
from pep.forms.reading import progress
from pep.left import complete_by_then
from pep.models import Deadline, Document, Plan, RenderJob
from pep.planning import holders_of
from pep.sections import PlanContents, audience_of, contents_of, drafts_in, gaps_in, writer_of
from pep.timeliness import beside_plans_date, may_be_late, reasons_given
from pep.views.meeting import meeting_section
from pep.views.missing import MissingPage, notes_of, title_for
from pep.views.page import PlanPage, own_schools
from schools.timetable import ONE_DAY

# What is to be done to a plan by the last day of a step.
STEPS: dict[str, str] = {
    Deadline.Kind.COMPLETE: "To be submitted",
    Deadline.Kind.SIGNATURE: "To be signed off",
    Deadline.Kind.CHECK: "To be checked",
}


def task_status(plan: Plan, contents: PlanContents, key: str, gap_keys: set[str], needs: str, unsaved: bool) -> tuple[str, str]:
    """A section's state in the task list's words, and the tag's colour ("" for plain text). ``needs`` is whom it waits for, or "".

    Words the reader has not saved come first.
    """
    section = contents.sections[key]
    if unsaved:
        return "Not saved", "orange"
    if plan.form.section(key).body is Body.LAST_TARGETS and not contents.last_targets and not section.version:
        return "Nothing to do", ""
    if key in plan.reopened and not section.marked_complete:
        return "Returned", "yellow"
    submitted = plan.state in (Plan.State.AWAITING_SIGN_OFF, Plan.State.AWAITING_CHECK, Plan.State.COMPLETE)
    if key not in gap_keys and (section.marked_complete or submitted):
        return "Completed", ""
    if section.version:
        return "In progress", "blue"
    return (f"Needs {needs.lower()}" if needs else "Not started", "grey")


def sign_off_status(plan: Plan, owner: str) -> tuple[str, str]:
    """Where the signing stands, in the task list's words; nothing for a plan that ended without it."""
    if plan.state in Plan.WRITABLE:
        return "Cannot start yet", ""
    if plan.state == Plan.State.AWAITING_SIGN_OFF:
        return f"Needs {owner.lower()}", "grey"
    if plan.state in (Plan.State.AWAITING_CHECK, Plan.State.COMPLETE):
        return ("Left out" if plan.signature_skipped else "Completed"), ""
    return "", ""


class PlanDetail(MissingPage):
    """The task list: what there is to do, whose it is and how far it has come."""

    def get(self, request: HttpRequest, pk: str) -> HttpResponse:
        """The plan at a glance. Whatever the reader was told about it they have seen now."""
        read_about(self.user, plan_id=self.plan.pk)
        plan, contents, audience = self.plan, contents_of(self.plan), audience_of(self.verbs)
        gaps = gaps_in(contents) if plan.writable else []
        gap_keys = {gap.section for gap in gaps}
        names = self.owner_names()
        unsaved = {draft.section.key for draft in drafts_in(plan) if draft.user_id == self.user.pk}
        stages = []
        for stage in Stage:
            rows = []
            for declared in plan.form.sections:
                if declared.stage is not stage or not declared.shown_to(audience):
                    continue
                needs = "" if declared.key in self.own_sections else names[declared.owner]
                status, colour = (
                    sign_off_status(plan, names[declared.owner])
                    if declared.body is Body.SIGN_OFF
                    else task_status(plan, contents, declared.key, gap_keys, needs, declared.key in unsaved)
                )
                row: dict[str, Any] = {
                    "title": declared.title,
                    "href": reverse("pep:section-edit", kwargs={"pk": plan.pk, "key": declared.key}),
                    "hint": names[declared.owner],
                }
                row.update({"tag": status, "colour": colour} if colour else {"status": status})
                rows.append(row)
            stages.append((stage.value, rows))
        declared_questions = [section for section in plan.form.sections if section.questions and section.shown_to(audience)]
        answered, applicable = progress(declared_questions, {key: section.answers for key, section in contents.sections.items()})
        then = Q(at__lt=self.left.at) if self.left else Q()
        returns = list(plan.events.filter(then, to_state=Plan.State.RETURNED).select_related("by", "plan").order_by("-at"))
        returned = returns[0] if returns else None
        check = plan.quality_checks.filter(then).prefetch_related("areas").order_by("-at").first()
        by_check = next((event for event in returns if check and event.at == check.at), None)
        moves = workflow.available(plan, self.user, self.today)
        frozen = getattr(plan, "snapshot", None) if complete_by_then(plan, self.left) else None
        context = {
            "stages": stages,
            "gap_groups": self.gap_groups(gaps),
            "moves": moves,
            "notes": [note for note in notes_of(plan) if self.left is None or note.at < self.left.at],
            "own_signature": plan.state == Plan.State.AWAITING_CHECK
            and Verb.CHECK in self.verbs
            and workflow.TRANSITIONS["grade"] not in moves,
            "answered": answered,
            "applicable": applicable,
            "left": list(dict.fromkeys([*(title_for(plan, gap, audience) for gap in gaps), *self.to_look_at(contents, audience)])),
            "meeting": contents.meeting,
            **self.meeting_to_ask_about(contents),
            "holder": [] if self.left else self.holder(),
            "jobs": self.jobs(frozen),
            "copies": allowed_for(plan) if audience is Audience.COUNCIL else [],
            "check": check,
            "check_told": by_check is None or history.told_to(by_check, audience),
            "returned": returned,
            "corrects": snapshot.corrects_for(plan, audience),
            "returned_because": history.comment_for(returned, audience) if returned else "",
            "reopened": [section.title for section in map(plan.form.section, plan.reopened) if section.shown_to(audience)],
            **self.step_due(),
            "correction": None if self.left else plan.corrections.first(),
            "late": may_be_late(plan, self.today),
            "reasons": [one for one in reasons_given(plan) if self.left is None or one.at < self.left.at] if plan.late_because else [],
        }
        return self.show(request, "pep/plan_detail.html", context)

    def step_due(self) -> dict[str, Any]:
        """The last day that the policy gives for the step at which the plan stands, and how it goes with the day the plan is due."""
        row = None if self.left else Deadline.objects.filter(plan=self.plan, open=True, kind__in=STEPS).first()
        if row is None:
            return {}
        beside = beside_plans_date(row.due_on, self.plan.due_on, self.today)
        return {"step": STEPS[row.kind], "step_due": row, "beside": beside}

    def meeting_to_ask_about(self, contents: PlanContents) -> dict[str, Any]:
        """Whether to ask if a meeting whose day has passed was held, and where the reader may say so (None: only others may)."""
        plan, meeting = self.plan, contents.meeting
        if not plan.writable or meeting is None or not meeting.to_ask_about(self.today):
            return {}
        key = meeting_section(plan).key
        writes = plan.section_open(key) and writer_of(plan, key, self.relations, self.today)
        return {"was_it_held": True, "say_url": reverse("pep:section-edit", args=[plan.pk, key]) if writes else None}

    def to_look_at(self, contents: PlanContents, audience: Audience) -> list[str]:
        """Sections that came back and have not been marked complete again, though nothing in them may be missing."""
        reopened = [section for section in self.plan.form.sections if section.key in self.plan.reopened and section.shown_to(audience)]
        return [section.title for section in reopened if not contents.sections[section.key].marked_complete]

    def holder(self) -> list[str]:
        """Who has the plan now, by name."""
        owner = {"awaiting_sign_off": "social_worker", "awaiting_check": "virtual_school"}.get(self.plan.state)
        return [holder.user.name for holder in holders_of(self.plan, owner, self.today)] if owner else []

    def jobs(self, frozen: Any) -> list[dict[str, Any]]:
        """The documents of a complete plan this reader may have, and how far each is."""
        if frozen is None:
            return []
        council = audience_of(self.verbs) is Audience.COUNCIL
        documents = {document.audience: document for document in Document.objects.filter(snapshot=frozen).defer("content")}
        jobs = RenderJob.objects.filter(snapshot=frozen).order_by("audience")
        return [{"job": job, "document": documents.get(job.audience)} for job in jobs if council or job.audience == "school"]


class PlanRead(PlanPage):
    """The whole plan on one page: the snapshot of a complete one, else as it stands now."""

    def get(self, request: HttpRequest, pk: str) -> HttpResponse:
        """Every section as this reader may read it."""
        audience = audience_of(self.verbs)
        on, until = (self.left.on - ONE_DAY, self.left.at) if self.left else (self.today, None)
        frozen = self.plan.state == Plan.State.COMPLETE and complete_by_then(self.plan, self.left)
        content = self.plan.snapshot.content if frozen else snapshot.build(self.plan, on=on, until=until)
        schools = own_schools(self.user, self.child, self.today)
        return self.show(request, "pep/plan_read.html", {"content": snapshot.readable(content, audience, schools=schools)})


class PlanTimeline(PlanPage):
    """What happened to the plan, in sentences."""

    def get(self, request: HttpRequest, pk: str) -> HttpResponse:
        """Newest first."""
        schools = own_schools(self.user, self.child, self.today)
        found = history.timeline([self.plan], audience_of(self.verbs), schools, all_money=Verb.VIEW_MONEY in self.verbs)
        return self.show(
            request,
            "pep/plan_timeline.html",
            {"happenings": history.until(found, self.left.at if self.left else None)},
        )
