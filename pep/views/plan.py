"""The plan's own pages: task list, whole plan, timeline, and each of its moves."""

from functools import cached_property
from typing import Any, cast

from django import forms
from django.contrib import messages
from django.core.exceptions import NON_FIELD_ERRORS, PermissionDenied, ValidationError
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone

from accounts.fields import PlainWords, required_message
from accounts.policy import Verb
from children.models import Allocation
from pep import deadlines, history, snapshot, workflow
from pep.forms.declaration import Audience, Body, Stage
from pep.forms.reading import progress
from pep.models import Document, Plan, RenderJob
from pep.models.quality import Grade
from pep.models.sections import LearnedBy
from pep.planning import OWNER_NAMES, holders_of
from pep.rubric import rubric_on
from pep.sections import (
    Gap,
    PlanContents,
    approve_exception,
    audience_of,
    contents_of,
    drafts_in,
    gaps_in,
    writer_of,
    writing_relation,
)  # fmt: skip
from pep.timeliness import may_be_late, reasons_given
from pep.views.page import PlanPage, own_schools
from schools.models import policy_on


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
    if key not in gap_keys and (section.marked_complete or section.version):
        return "Completed", ""
    if section.version:
        return "In progress", "blue"
    return (f"Needs {needs.lower()}" if needs else "Not started", "grey")


def gaps_for(gaps: list[Gap], audience: Audience) -> list[Gap]:
    """What is missing as this reader may know it: for the school, what the council alone reads is one line, without its questions."""
    if audience is Audience.COUNCIL:
        return gaps
    known = [gap for gap in gaps if gap.audience is Audience.SCHOOL]
    owners = dict.fromkeys(gap.owner for gap in gaps if gap.audience is Audience.COUNCIL)
    return known + [Gap("", OWNER_NAMES[owner], owner, "answers that only the council reads") for owner in owners]


def title_for(plan: Plan, gap: Gap, audience: Audience) -> str:
    """The section something is missing in, as this reader may know it."""
    return gap.section_title if plan.form.section(gap.section).shown_to(audience) else f"the {OWNER_NAMES[gap.owner].lower()}’s own part"


def sign_off_status(plan: Plan, owner: str) -> tuple[str, str]:
    """Where the signing stands, in the task list's words; nothing for a plan that ended without it."""
    if plan.state in Plan.WRITABLE:
        return "Cannot start yet", ""
    if plan.state == Plan.State.AWAITING_SIGN_OFF:
        return f"Needs {owner.lower()}", "grey"
    if plan.state in (Plan.State.AWAITING_CHECK, Plan.State.COMPLETE):
        return ("Left out" if plan.signature_skipped else "Completed"), ""
    return "", ""


class MissingPage(PlanPage):
    """A page of a plan that says what is missing and whose it is."""

    @cached_property
    def own_sections(self) -> frozenset[str]:
        """The sections that are the reader's own to write; asked once for each section."""
        writers = {section.key: writer_of(self.plan, section.key, self.relations, self.today) for section in self.plan.form.sections}
        # Who could write a section for a named person is still told whom it waits for.
        return frozenset(key for key, writer in writers.items() if writer and not writer.must_name)

    def gap_groups(self, gaps: list[Gap]) -> list[tuple[str, list[Gap]]]:
        """What is missing, the reader's own part first, then the part of each other owner."""
        names, groups = self.owner_names(), dict[str, list[Gap]]()
        for gap in gaps_for(gaps, audience_of(self.verbs)):
            groups.setdefault("For you" if gap.section in self.own_sections else f"For the {names[gap.owner].lower()}", []).append(gap)
        return sorted(groups.items(), key=lambda group: group[0] != "For you")


class PlanDetail(MissingPage):
    """The task list: what there is to do, whose it is and how far it has come."""

    def get(self, request: HttpRequest, pk: str) -> HttpResponse:
        """The plan at a glance."""
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
        returns = list(plan.events.filter(to_state=Plan.State.RETURNED).select_related("by", "plan").order_by("-at"))
        returned = returns[0] if returns else None
        check = plan.quality_checks.prefetch_related("areas").order_by("-at").first()
        by_check = next((event for event in returns if check and event.at == check.at), None)
        moves = workflow.available(plan, self.user, self.today)
        frozen = getattr(plan, "snapshot", None) if plan.state == Plan.State.COMPLETE else None
        context = {
            "stages": stages,
            "gap_groups": self.gap_groups(gaps),
            "moves": moves,
            "own_signature": plan.state == Plan.State.AWAITING_CHECK
            and Verb.CHECK in self.verbs
            and workflow.TRANSITIONS["grade"] not in moves,
            "answered": answered,
            "applicable": applicable,
            "left": list(dict.fromkeys([*(title_for(plan, gap, audience) for gap in gaps), *self.to_look_at(contents, audience)])),
            "meeting": contents.meeting,
            "holder": self.holder(),
            "jobs": self.jobs(frozen),
            "check": check,
            "check_told": by_check is None or history.told_to(by_check, audience),
            "returned": returned,
            "returned_because": history.comment_for(returned, audience) if returned else "",
            "reopened": [section.title for section in map(plan.form.section, plan.reopened) if section.shown_to(audience)],
            "signature_due": workflow.signature_due(plan, policy_on(self.child.authority, self.today))
            if plan.state == Plan.State.AWAITING_SIGN_OFF
            else None,
            "correction": plan.corrections.first(),
            "late": may_be_late(plan, self.today),
            "reasons": reasons_given(plan) if plan.late_because else [],
        }
        return self.show(request, "pep/plan_detail.html", context)

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
        complete = self.plan.state == Plan.State.COMPLETE
        content = self.plan.snapshot.content if complete else snapshot.build(self.plan, on=self.today)
        return self.show(
            request, "pep/plan_read.html", {"content": snapshot.readable(content, audience, schools=own_schools(self.user, self.today))}
        )


class PlanTimeline(PlanPage):
    """What happened to the plan, in sentences."""

    def get(self, request: HttpRequest, pk: str) -> HttpResponse:
        """Newest first."""
        schools = own_schools(self.user, self.today)
        return self.show(
            request,
            "pep/plan_timeline.html",
            {"happenings": history.timeline([self.plan], audience_of(self.verbs), schools, all_money=Verb.VIEW_MONEY in self.verbs)},
        )


class MoveForm(PlainWords, forms.Form):
    """What a move of the plan needs: a reason, sections, a grade, for whom. Only the fields a move uses are kept."""

    overall = forms.ChoiceField(
        label="Grade for the whole plan",
        choices=Grade.choices,
        widget=forms.RadioSelect,
        error_messages={"required": "Choose a grade for the whole plan"},
    )
    sections = forms.MultipleChoiceField(
        label="Which sections must be looked at again?", widget=forms.CheckboxSelectMultiple, required=False
    )
    comment = forms.CharField(label="Reason", widget=forms.Textarea(attrs={"rows": 5}), max_length=4000, required=False)
    on_behalf_of = forms.CharField(
        label="For whom do you submit?", help_text="Give the name and role of the person at the school.", max_length=200
    )
    learned_by = forms.ChoiceField(label="How did you learn what they say?", choices=LearnedBy.choices, widget=forms.RadioSelect)

    LABELS = {
        "sign_off": ("Comment", "You can add a comment. Everyone who reads the plan will see it."),
        "submit": ("Note", "You can add a note for the social worker and the virtual school."),
        "grade": ("Comment on the whole plan", "What is good, and what to do next time. Needed when the plan goes back."),
        "return_from_sign_off": ("What must change?", "The people who wrote these sections will see this."),
        "return_from_check": ("What must change?", "The people who wrote these sections will see this."),
        "go_on_without_signature": ("Reason", "Everyone who reads the plan will see this, the school too."),
        "accept_unsampled": ("Reason", "Everyone who reads the plan will see this, the school too."),
        "cancel": ("Reason", "Everyone who reads the plan will see this, the school too."),
        "close": ("Reason", "Everyone who reads the plan will see this, the school too."),
        "correct": (
            "What is wrong in this plan?",
            "This version stays as it is. The new version carries this reason, and the school reads it.",
        ),
    }

    def __init__(
        self, *args: Any, plan: Plan, transition: workflow.Transition, areas: list[dict[str, Any]], behalf: bool, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        label, hint = self.LABELS.get(transition.action, ("Reason", ""))
        self.fields["comment"].label, self.fields["comment"].help_text = label, hint
        self.fields["comment"].required = transition.needs_comment
        self.fields["comment"].error_messages["required"] = required_message(label, self.fields["comment"])
        choices = [(section.key, section.title) for section in plan.form.sections if section.body is not Body.SIGN_OFF]
        cast(forms.ChoiceField, self.fields["sections"]).choices = choices
        self.fields["sections"].required = transition.needs_sections
        self.areas = areas if transition.action == "grade" else []
        if transition.action == "grade":
            self.fields["sections"].label = "If the plan goes back: which sections must be looked at again?"
            for area in self.areas:
                words = area.get("words", {})
                self.fields[f"area-{area['key']}"] = forms.ChoiceField(
                    label=area["title"],
                    choices=Grade.choices,
                    widget=forms.RadioSelect(attrs={"hints": words, "small": True}),
                    error_messages={"required": f"Choose a grade for “{area['title']}”"},
                )
                self.fields[f"comment-{area['key']}"] = forms.CharField(
                    label=f"Comment on “{area['title']}”", required=False, max_length=2000, widget=forms.Textarea(attrs={"rows": 2})
                )
            self.order_fields([*(f"{part}-{area['key']}" for area in self.areas for part in ("area", "comment")), "overall"])
        else:
            del self.fields["overall"]
            if not transition.needs_sections:
                del self.fields["sections"]
        if not behalf:
            del self.fields["on_behalf_of"], self.fields["learned_by"]

    def graded_areas(self) -> list[tuple[str, str, str, str]]:
        """Key, title, grade and comment of each area."""
        data = self.cleaned_data
        return [(area["key"], area["title"], data[f"area-{area['key']}"], data[f"comment-{area['key']}"]) for area in self.areas]


class PlanMove(MissingPage):
    """One move of the plan: the page that says what will happen, and the post that does it."""

    def signs_for(self) -> str:
        """What to tell a manager or deputy who signs in somebody's place; empty for the social worker."""
        if Verb.SIGN_OFF in self.verbs:
            return ""
        allocation = self.child.allocation(Allocation.Role.SOCIAL_WORKER, self.today)
        worker = allocation.worker if allocation else None
        return (
            f"You sign for {worker} (social worker)." if worker else "You sign in place of a social worker: the child has none at present."
        )

    def move_form(self, transition: workflow.Transition, data: Any = None) -> MoveForm:
        """The form of this move."""
        verb = next((verb for verb in transition.verbs if verb in self.verbs), transition.verbs[0])
        behalf = workflow.on_behalf_needed(self.plan, transition.action, writing_relation(self.relations, verb), self.today)
        return MoveForm(data, plan=self.plan, transition=transition, areas=rubric_on(self.child.authority, self.today).areas, behalf=behalf)

    def check(self) -> None:
        """A move there is, for those who have one of its verbs."""
        if self.kwargs["action"] not in workflow.TRANSITIONS:
            raise Http404
        if not any(verb in self.verbs for verb in workflow.TRANSITIONS[self.kwargs["action"]].verbs):
            raise PermissionDenied

    def get(self, request: HttpRequest, pk: str, action: str) -> HttpResponse:
        """What will happen, and what it needs."""
        transition = workflow.TRANSITIONS[action]
        if transition not in workflow.available(self.plan, self.user, self.today):
            return self.not_now(request)
        return self.page(request, transition, self.move_form(transition))

    def post(self, request: HttpRequest, pk: str, action: str) -> HttpResponse:
        """Do it, or say what is missing."""
        transition = workflow.TRANSITIONS[action]
        form = self.move_form(transition, request.POST)
        if not form.is_valid():
            return self.page(request, transition, form)
        data = form.cleaned_data
        try:
            moved = workflow.perform(
                self.plan,
                action,
                by=self.user,
                on=self.today,
                comment=data["comment"],
                sections=data.get("sections", ()),
                on_behalf_of=data.get("on_behalf_of", ""),
                learned_by=data.get("learned_by", ""),
                overall=data.get("overall", ""),
                areas=form.graded_areas(),
            )
        except workflow.NotNow:
            return self.not_now(request)
        except workflow.Incomplete:
            return self.page(request, transition, form)
        except ValidationError as error:
            fields = error.message_dict if hasattr(error, "error_dict") else {NON_FIELD_ERRORS: error.messages}
            for name, words in fields.items():
                form.add_error(name if name in form.fields else None, words)
            return self.page(request, transition, form)
        messages.success(request, DONE_WORDS.get((action, moved.state), DONE_WORDS.get((action, ""), "Done.")))
        return redirect("pep:plan-detail", pk=moved.pk)

    def page(self, request: HttpRequest, transition: workflow.Transition, form: MoveForm) -> HttpResponse:
        """The page of a move."""
        gaps = gaps_in(contents_of(self.plan)) if transition.action == "submit" else []
        drafts = (
            [draft for draft in drafts_in(self.plan) if self.plan.section_open(draft.section.key)] if transition.action == "submit" else []
        )
        titles = [(draft, self.plan.form.section(draft.section.key).title) for draft in drafts]
        content = None
        if not gaps and transition.action in ("sign_off", "grade", "submit", "return_from_check", "return_from_sign_off"):
            schools = own_schools(self.user, self.today)
            content = snapshot.readable(snapshot.build(self.plan, on=self.today), audience_of(self.verbs), schools=schools)
        context = {
            "transition": transition,
            "form": form,
            "gap_count": len(gaps_for(gaps, audience_of(self.verbs))),
            "gap_groups": self.gap_groups(gaps),
            "own_drafts": [(draft.section.key, title) for draft, title in titles if draft.user_id == self.user.pk],
            "others_drafts": [(draft.user.name, title) for draft, title in titles if draft.user_id != self.user.pk],
            "content": content,
            "cancel_url": reverse("pep:plan-detail", kwargs={"pk": self.plan.pk}),
            "submit_text": transition.label,
            "signs_for": self.signs_for() if transition.action == "sign_off" else "",
            "danger": transition.warning,
        }
        return self.show(request, "pep/plan_move.html", context)

    def not_now(self, request: HttpRequest) -> HttpResponse:
        """The plan is no longer where this move begins."""
        self.plan.refresh_from_db()
        return self.show(request, "pep/plan_not_now.html", {}, status=409)


class ExceptionForm(PlainWords, forms.Form):
    """Why a plan may go on although its meeting was not held."""

    reason = forms.CharField(
        label="Why may this plan go on without a meeting?",
        help_text="Everyone who reads the plan will see this, the school too.",
        widget=forms.Textarea(attrs={"rows": 4}),
        max_length=1000,
    )


class MeetingException(PlanPage):
    """The virtual school approves that a plan goes on without a meeting."""

    verb = Verb.OVERRIDE

    def get(self, request: HttpRequest, pk: str) -> HttpResponse:
        """The form."""
        return self.page(request, ExceptionForm())

    def post(self, request: HttpRequest, pk: str) -> HttpResponse:
        """Approve it, under the plan's lock and the meeting section's version."""
        form = ExceptionForm(request.POST)
        if not form.is_valid():
            return self.page(request, form)
        with transaction.atomic():
            approved = approve_exception(self.plan, by=self.user, reason=form.cleaned_data["reason"])
            if approved:
                # Nobody need be invited any more.
                deadlines.refresh(
                    self.plan.child, by=self.user, on=timezone.localdate(), because="The plan may go on without a meeting"
                )  # fmt: skip
        if not approved:
            return self.show(request, "pep/plan_not_now.html", {}, status=409)
        messages.success(request, "The plan may now go on without a meeting.")
        return redirect("pep:plan-detail", pk=self.plan.pk)

    def page(self, request: HttpRequest, form: ExceptionForm) -> HttpResponse:
        """The form's page."""
        back = reverse("pep:plan-detail", kwargs={"pk": self.plan.pk})
        return self.show(request, "pep/meeting_exception.html", {"form": form, "cancel_url": back, "submit_text": "Approve"})


DONE_WORDS: dict[tuple[str, str], str] = {
    ("submit", "awaiting_sign_off"): "The plan is submitted. It now waits for the social worker to sign it off.",
    ("submit", "awaiting_check"): "The plan is submitted. It now waits for the virtual school’s quality check.",
    ("sign_off", ""): "The plan is signed off. It now waits for the virtual school’s quality check.",
    ("return_from_sign_off", ""): "The plan is returned. The people who wrote those sections have been told.",
    ("return_from_check", ""): "The plan is returned. The people who wrote those sections have been told.",
    ("go_on_without_signature", ""): "The plan goes on without the social worker’s signature.",
    ("grade", "complete"): "The plan is complete and frozen. Its documents are being made.",
    ("grade", "returned"): "The plan is graded and returned. The people who wrote those sections have been told.",
    ("accept_unsampled", ""): "The plan is complete and frozen. Its documents are being made.",
    ("cancel", ""): "The plan is cancelled.",
    ("close", ""): "The plan is closed. Its text is kept.",
    ("correct", ""): "A corrected version is begun. The first version stays as it was.",
}
