"""Moving a plan on: the page that says what will happen and asks for what the move needs, and the post that does it."""

from collections.abc import Sequence
from typing import Any, cast

from django import forms
from django.contrib import messages
from django.core.exceptions import NON_FIELD_ERRORS, PermissionDenied, ValidationError
from django.forms.boundfield import BoundField
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from accounts.fields import PlainWords, required_message
from accounts.policy import Verb
from children.models import Allocation
from pep import as_shown, snapshot, workflow
from pep.forms.declaration import Body
from pep.history import Happening, timeline
from pep.models import Plan
from pep.models.quality import Grade
from pep.models.sections import LearnedBy
from pep.rubric import rubric_on
from pep.sections import audience_of, contents_of, drafts_in, gaps_in, writing_relation
from pep.views.missing import MissingPage, gaps_for, notes_of
from pep.views.page import own_schools
from pep.views.typed import typed_words
from schools.models import policy_on


class MoveForm(PlainWords, forms.Form):
    """What a move of the plan needs: a reason, sections, a grade, for whom. Only the fields a move uses are kept."""

    overall = forms.ChoiceField(
        label="Grade for the whole plan",
        choices=Grade.choices,
        widget=forms.RadioSelect(attrs={"inline": True}),
        error_messages={"required": "Choose a grade for the whole plan"},
    )
    sections = forms.MultipleChoiceField(
        label="Which sections must be looked at again?",
        widget=forms.CheckboxSelectMultiple(attrs={"small": True, "group_class": "app-columns"}),
        required=False,
    )
    comment = forms.CharField(label="Reason", widget=forms.Textarea(attrs={"rows": 5}), max_length=4000, required=False)
    on_behalf_of = forms.CharField(
        label="For whom do you submit?", help_text="Give the name and role of the person at the school.", max_length=200
    )
    learned_by = forms.ChoiceField(label="How did you learn what they say?", choices=LearnedBy.choices, widget=forms.RadioSelect)
    # Which plan the page showed. Without it nothing is done: who sends it has not seen our page.
    shown = forms.CharField(widget=forms.HiddenInput, required=False)

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
                    help_text=where_to_read(plan, area["key"]),
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

    def typed(self) -> list[tuple[str, str]]:
        """What a person has typed or chosen, in words, for a page on which it cannot be sent again."""
        return typed_words([self]) if self.is_bound else []

    def clean(self) -> dict[str, Any]:
        """An area graded red says why in its own comment: the school cannot guess it from a comment on the whole."""
        cleaned = super().clean() or {}
        for area in self.areas:
            if cleaned.get(f"area-{area['key']}") == Grade.RED and not cleaned.get(f"comment-{area['key']}"):
                self.add_error(f"comment-{area['key']}", f"“{area['title']}” is graded red. Say what is missing")
        return cleaned

    def of_the_whole(self) -> list[BoundField]:
        """The fields that stand after the areas: what is said of the plan as a whole."""
        of_areas = {f"{part}-{area['key']}" for area in self.areas for part in ("area", "comment")}
        return [field for field in self.visible_fields() if field.name not in of_areas]

    def graded_areas(self) -> list[tuple[str, str, str, str]]:
        """Key, title, grade and comment of each area."""
        data = self.cleaned_data
        return [(area["key"], area["title"], data[f"area-{area['key']}"], data[f"comment-{area['key']}"]) for area in self.areas]


def where_to_read(plan: Plan, area: str) -> SafeString:
    """Links to the sections of the plan that an area of the rubric is about, further down on the page where it is graded."""
    about = [section for section in plan.form.sections if section.rubric_area == area]
    links = format_html_join(", ", '<a class="govuk-link" href="#section-{}">{}</a>', ((section.key, section.title) for section in about))
    return format_html("Read: {}", links) if about else SafeString("")


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

    def sends_back(self) -> str:
        """The grades that send a plan back by the authority's policy, in words: "Red or Amber"."""
        names = dict(Grade.choices)
        grades = [str(names.get(grade, grade)) for grade in policy_on(self.child.authority, self.today).returning_grades]
        return " or ".join(grades)

    def move_form(self, transition: workflow.Transition, data: Any = None) -> MoveForm:
        """The form of this move."""
        verb = next((verb for verb in transition.verbs if verb in self.verbs), transition.verbs[0])
        behalf = workflow.on_behalf_needed(self.plan, transition.action, writing_relation(self.relations, verb), self.today)
        areas = rubric_on(self.child.authority, self.today).areas
        initial = {"shown": workflow.shown(self.plan, transition.action, self.user, self.today)} if data is None else {}
        return MoveForm(data, plan=self.plan, transition=transition, areas=areas, behalf=behalf, initial=initial)

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
            if workflow.still_shown(self.plan, action, self.user, self.today, request.POST.get("shown", "")):
                return self.page(request, transition, form)
            return self.changed(request, transition)
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
                shown=data["shown"],
            )
        except workflow.NotNow:
            return self.not_now(request, form)
        except workflow.Changed:
            return self.changed(request, transition)
        except workflow.Incomplete:
            return self.page(request, transition, form)
        except ValidationError as error:
            fields = error.message_dict if hasattr(error, "error_dict") else {NON_FIELD_ERRORS: error.messages}
            for name, words in fields.items():
                form.add_error(name if name in form.fields else None, words)
            return self.page(request, transition, form)
        messages.success(request, DONE_WORDS.get((action, moved.state), DONE_WORDS.get((action, ""), "Done.")))
        return redirect("pep:plan-detail", pk=moved.pk)

    def changed(self, request: HttpRequest, transition: workflow.Transition) -> HttpResponse:
        """The plan is not what the page showed: what happened since, the plan as it now is, and the form with all that was typed."""
        self.plan.refresh_from_db()
        said = request.POST.get("shown", "")
        again = request.POST.copy()
        again["shown"] = workflow.shown(self.plan, transition.action, self.user, self.today)
        form = self.move_form(transition, again)
        if transition not in workflow.available(self.plan, self.user, self.today):
            return self.not_now(request, form)
        form.add_error(None, "The plan has changed since you opened this page, so nothing was done. Look at it again before you go on.")
        return self.page(request, transition, form, status=409, happened=self.happened(said))

    def happened(self, said: str) -> list[Happening]:
        """What this reader may know of what happened to the plan since the page with this token was drawn, the latest first."""
        since = as_shown.since(said)
        if since is None:
            return []
        schools, everything = own_schools(self.user, self.child, self.today), Verb.VIEW_MONEY in self.verbs
        found = timeline([self.plan], audience_of(self.verbs), schools, all_money=everything)
        return [one for one in found if one.at > since]

    def page(
        self,
        request: HttpRequest,
        transition: workflow.Transition,
        form: MoveForm,
        status: int = 200,
        happened: Sequence[Happening] = (),
    ) -> HttpResponse:
        """The page of a move."""
        gaps = gaps_in(contents_of(self.plan)) if transition.action == "submit" else []
        drafts = (
            [draft for draft in drafts_in(self.plan) if self.plan.section_open(draft.section.key)] if transition.action == "submit" else []
        )
        titles = [(draft, self.plan.form.section(draft.section.key).title) for draft in drafts]
        content = None
        if not gaps and transition.action in ("sign_off", "grade", "submit", "return_from_check", "return_from_sign_off"):
            schools = own_schools(self.user, self.child, self.today)
            content = snapshot.readable(snapshot.build(self.plan, on=self.today), audience_of(self.verbs), schools=schools)
        context = {
            "transition": transition,
            "form": form,
            "gap_count": len(gaps_for(gaps, audience_of(self.verbs))),
            "gap_groups": self.gap_groups(gaps),
            "own_drafts": [(draft.section.key, title) for draft, title in titles if draft.user_id == self.user.pk],
            "others_drafts": [(draft.user.name, title) for draft, title in titles if draft.user_id != self.user.pk],
            "content": content,
            **(self.grading(form, content["sections"]) if form.areas and content else {}),
            # Whoever signs has read what they sign: the button stands after the text.
            "reads_first": transition.action == "sign_off",
            "cancel_url": reverse("pep:plan-detail", kwargs={"pk": self.plan.pk}),
            "submit_text": transition.label,
            "notes": notes_of(self.plan),
            "signature_awaited": workflow.signature_awaited(self.plan),
            "sends_back": self.sends_back() if transition.action == "grade" else "",
            "signs_for": self.signs_for() if transition.action == "sign_off" else "",
            "danger": transition.warning,
            "changed": status == 409,
            "happened": happened,
            "typed": form.typed() if gaps else [],
        }
        return self.show(request, "pep/plan_move.html", context, status=status)

    def grading(self, form: MoveForm, sections: list[dict[str, Any]]) -> dict[str, Any]:
        """The areas of the rubric in force, each with its fields and the text of the sections it is about; and the sections of no area."""
        about = {section.key: section.rubric_area for section in self.plan.form.sections}
        areas = [
            {
                "key": area["key"],
                "title": area["title"],
                "grade": form[f"area-{area['key']}"],
                "comment": form[f"comment-{area['key']}"],
                "sections": [section for section in sections if about[section["key"]] == area["key"]],
            }
            for area in form.areas
        ]
        graded = {area["key"] for area in form.areas}
        return {"grading": areas, "ungraded": [section for section in sections if about[section["key"]] not in graded]}

    def not_now(self, request: HttpRequest, form: MoveForm | None = None) -> HttpResponse:
        """The plan is no longer where this move begins. What was typed is shown, to be copied."""
        self.plan.refresh_from_db()
        happened = self.happened(request.POST.get("shown", ""))
        return self.show(request, "pep/plan_not_now.html", {"typed": form.typed() if form else [], "happened": happened}, status=409)


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
