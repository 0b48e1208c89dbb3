"""Writing one section: opening it, autosave, saving, and what happens when two people save or the plan has moved on."""

import datetime
import functools
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone

from accounts.policy import Relation, Verb
from pep import deadlines
from pep.copies import allowed_for
from pep.fact_finding import DATED_SECTIONS
from pep.forms.declaration import Audience, Body
from pep.forms.declaration import Section as DeclaredSection
from pep.forms.reading import differences
from pep.history import comment_for, last_return
from pep.invited import asked_to
from pep.models import Draft, FundingRequest, Plan, Section
from pep.planning import school_of
from pep.sections import (
    Author,
    Gap,
    PlanContents,
    SectionClosed,
    Stale,
    Writer,
    audience_of,
    author_for,
    contents_of,
    gaps_of,
    keep_draft,
    saved_by_oneself,
    writer_of,
    writing,
)
from pep.snapshot import readable, sections_of, signatures_of, written_note
from pep.views.editors import EDITORS, ITEM_FORMS, WritingForm, offered
from pep.views.meeting import notes_on_the_day
from pep.views.page import PlanPage, own_schools
from pep.views.typed import (
    as_data,
    can_be_read,
    field_differences,
    forms_of,
    joined,
    posted_version,
    typed,
    typed_answers,
    typed_words,
    without_errors,
)
from schools.models import School

WHEN = ("at", "voided_at")  # of a signature
STAFF = (Relation.OFFICER, Relation.HEAD, Relation.BUSINESS_SUPPORT)


class SectionPage(PlanPage):
    """What reading, saving and autosaving a section share."""

    def prepare(self, key: str) -> tuple[DeclaredSection, PlanContents, Section, Writer | None]:
        """The declared section, the plan's contents, the row, and how the reader may write it now (None: read only)."""
        declared = self.declared(key)
        contents = contents_of(self.plan)
        section = contents.sections[key]
        writer = writer_of(self.plan, key, self.relations, self.today) if self.plan.section_open(key) else None
        return declared, contents, section, writer

    def writes(self, key: str) -> bool:
        """Whether the reader is one of those who write this section, be it open now or not."""
        return writer_of(self.plan, key, self.relations, self.today) is not None

    def writing_form(self, writer: Writer, section: Section, data: QueryDict | None) -> WritingForm:
        """The foot of the page."""
        initial = {
            "version": section.version,
            "complete": "yes" if section.marked_complete else "no" if section.version else None,
            "on_behalf_of": section.on_behalf_of,
            "learned_by": section.learned_by,
        }
        return WritingForm(data, initial=initial, must_name=writer.must_name, may_name=writer.relation in STAFF)

    def author(self, key: str, data: QueryDict) -> Author:
        """Who is writing, in which capacity, for whom. Raises PermissionDenied."""
        return author_for(
            self.plan,
            key,
            self.user,
            on=self.today,
            on_behalf_of=data.get("on_behalf_of", "").strip()[:200],
            learned_by=data.get("learned_by", ""),
        )

    def returned_context(self, declared: DeclaredSection) -> dict[str, Any]:
        """Who sent this section back and why, while it waits to be looked at again; nothing in other sections."""
        if self.plan.state != Plan.State.RETURNED or declared.key not in self.plan.reopened:
            return {}
        event = last_return(self.plan)
        return {"returned": event, "returned_because": comment_for(event, audience_of(self.verbs)) if event else ""}

    def meeting_context(self, declared: DeclaredSection, contents: PlanContents) -> dict[str, Any]:
        """Who was asked to the meeting, what became of it, and what this reader may do about it; nothing in other sections."""
        if declared.body is not Body.MEETING or contents.meeting is None:
            return {}
        may_decide = bool({Verb.WRITE_CARE, Verb.WRITE_ON_BEHALF} & self.verbs) and self.plan.section_open(declared.key)
        copies = allowed_for(self.plan) if audience_of(self.verbs) is Audience.COUNCIL else []
        # What a complete plan says is frozen in it; beside it stands only who may still answer, for a time of their own.
        asked = asked_to(contents.meeting, reader=self.user)
        asked = [one for one in asked if one.answer_to] if self.plan.state == Plan.State.COMPLETE else asked
        notes = [] if self.plan.state == Plan.State.COMPLETE else notes_on_the_day(contents.meeting, self.today)
        return {"asked": asked, "may_decide": may_decide, "copies": copies, "day_notes": notes}

    @functools.cached_property
    def school(self) -> School | None:
        """The child's school today, asked for once however many targets there are."""
        return school_of(self.plan, self.today)

    def sees_money(self, funding: FundingRequest | None) -> bool:
        """Whether whoever writes the targets may ask for money and see what was asked: the council, and the school that asks or asked."""
        if audience_of(self.verbs) is Audience.COUNCIL:
            return True
        if not self.relations & {Relation.DESIGNATED_TEACHER, Relation.SCHOOL_CONTRIBUTOR}:
            return False  # a tuition centre's, say
        school = self.school
        return funding is None or (school is not None and funding.school_id == school.pk)

    def said(self, declared: DeclaredSection, contents: PlanContents) -> dict[str, Any]:
        """The section as the reader may read it, with who wrote it and who signed: of a complete plan, what is frozen and nothing else."""
        if self.plan.state == Plan.State.COMPLETE:
            content = self.plan.snapshot.content
        else:
            empty: dict[str, Any] = {"child_facts": [], "people": [], "events": [], "grades": None}
            content = {**empty, "sections": sections_of(contents, only=declared.key), "sign_off": signatures_of(self.plan)}
        readers = readable(content, audience_of(self.verbs), schools=own_schools(self.user, self.child, self.today))
        found = next((section for section in readers["sections"] if section["key"] == declared.key), {"note": "", "blocks": []})
        signed = [
            {**one, **{name: datetime.datetime.fromisoformat(one[name]) for name in WHEN if one.get(name)}} for one in content["sign_off"]
        ]
        return {"note": found["note"], "blocks": found["blocks"], "sign_offs": signed if declared.body is Body.SIGN_OFF else []}


class SectionEdit(SectionPage):
    """One section of a plan: its questions to fill in, or what it says for those who may only read."""

    keeps_typing = True

    def check(self) -> None:
        """Only whoever writes this section may post to it."""
        super().check()
        key = self.kwargs["key"]
        if self.request.method == "POST" and (self.declared(key).body not in EDITORS or not self.writes(key)):
            raise PermissionDenied

    def get(self, request: HttpRequest, pk: str, key: str) -> HttpResponse:
        """Open the section: with what this person was typing, if they had not saved it."""
        declared, contents, section, writer = self.prepare(key)
        if writer is None or declared.body not in EDITORS:
            return self.read_only(request, declared, contents, section, writer)
        draft = Draft.objects.filter(user=self.user, section=section, part="").first()
        if draft and draft.base_version != section.version:
            if self.unlike(declared, contents, section, as_data(draft.fields)):
                return self.conflict(request, declared, contents, section, as_data(draft.fields), opened=True)
            draft.delete()  # a last autosave that was overtaken by its own save
            draft = None
        data = as_data(draft.fields, version=section.version) if draft else None
        built = EDITORS[declared.body].build(declared, contents, audience_of(self.verbs), data)
        foot = self.writing_form(writer, section, data)
        if draft:
            without_errors([*built, foot])
        return self.form_page(request, declared, contents, section, built, foot, draft=draft)

    def post(self, request: HttpRequest, pk: str, key: str) -> HttpResponse:
        """Save, or say what stands in the way and keep every word."""
        declared, contents, section, writer = self.prepare(key)
        if writer is None:
            return self.closed(request, declared, section)
        audience = audience_of(self.verbs)
        data = request.POST
        if "together" in data:
            return self.together(request, declared, contents, section, writer)
        built = EDITORS[declared.body].build(declared, contents, audience, data)
        foot = self.writing_form(writer, section, data)
        if "add_row" in data:
            return self.form_page(request, declared, contents, section, without_errors(built), *without_errors([foot]))
        if not all([*(form.is_valid() for form in built), foot.is_valid()]):
            keep_draft(section, self.user, base_version=posted_version(data), fields=typed(data))
            return self.form_page(request, declared, contents, section, built, foot)
        author = self.author(key, data)
        try:
            with transaction.atomic():
                with writing(self.plan.pk, key, posted_version(data), author=author) as locked:
                    EDITORS[declared.body].save(built, locked, contents, audience, author)
                    locked.marked_complete = foot.cleaned_data["complete"] == "yes"
                # A date that an answer gives counts at once, not only from the night's check.
                if any((key, question.key) in DATED_SECTIONS for question in declared.questions):
                    deadlines.refresh(self.plan.child, by=self.user, on=timezone.localdate(), because="An answer with a date was changed")
        except Stale as stale:
            contents = contents_of(self.plan)
            marked, lacking = stale.section.marked_complete, self.gaps(contents, key)
            agreed = marked or bool(lacking) if foot.cleaned_data["complete"] == "yes" else not marked
            if not agreed or self.unlike(declared, contents, stale.section, data):
                keep_draft(section, self.user, base_version=posted_version(data), fields=typed(data))
                return self.conflict(request, declared, contents, stale.section, data)
            # Every word of it stands there already: the button was pressed twice, say.
            Draft.objects.filter(user=self.user, section=section, part="").delete()
            locked = stale.section
        except SectionClosed:
            keep_draft(section, self.user, base_version=posted_version(data), fields=typed(data))
            return self.closed(request, declared, section)
        except ValidationError as error:
            foot.add_error(None, error)
            return self.form_page(request, declared, contents, section, built, foot)
        if foot.cleaned_data["complete"] == "yes" and not locked.marked_complete:
            return redirect(reverse("pep:section-edit", kwargs={"pk": self.plan.pk, "key": key}) + "?saved=incomplete")
        messages.success(request, f"“{declared.title}” is saved.")
        if declared.body is Body.MEETING and (meeting := contents_of(self.plan).meeting):
            for note in notes_on_the_day(meeting, self.today):
                messages.warning(request, note)
        if "next" in data:
            return redirect("pep:section-edit", pk=self.plan.pk, key=self.next_key(key))
        return redirect("pep:plan-detail", pk=self.plan.pk)

    def gaps(self, contents: PlanContents, key: str) -> list[Gap]:
        """What this section still lacks."""
        return gaps_of(contents, self.plan.form.section(key))

    def next_key(self, key: str) -> str:
        """The section after this one, or the first again."""
        keys = [section.key for section in self.plan.form.sections if section.shown_to(audience_of(self.verbs))]
        return keys[(keys.index(key) + 1) % len(keys)]

    def form_page(
        self,
        request: HttpRequest,
        declared: DeclaredSection,
        contents: PlanContents,
        section: Section,
        built: list[Any],
        foot: Any,
        draft: Draft | None = None,
    ) -> HttpResponse:
        """The section's page with its forms."""
        context = {
            **self.returned_context(declared),
            **self.meeting_context(declared, contents),
            "declared": declared,
            "section": section,
            "forms": built,
            "form": built[0] if built else foot,
            "foot": foot,
            "all_forms": [*built, foot],
            "draft": draft,
            "note": written_note(section),
            "owner": self.owner_names()[declared.owner],
            "last_targets_with_forms": list(zip(contents.last_targets, built, strict=False)),
            "last_targets": contents.last_targets,
            "carried": not section.version and not foot.is_bound and bool(offered(declared, contents)),
            "first_plan": self.plan.previous_id is None,
            "draft_url": reverse("pep:section-draft", kwargs={"pk": self.plan.pk, "key": declared.key}),
            "lacking": self.gaps(contents, declared.key) if request.GET.get("saved") == "incomplete" and not foot.is_bound else [],
            "next_key": self.next_key(declared.key),
        }
        return self.show(request, f"pep/section_{declared.body.value}.html", context)

    def read_only(
        self, request: HttpRequest, declared: DeclaredSection, contents: PlanContents, section: Section, writer: Writer | None
    ) -> HttpResponse:
        """The section as it stands, for those who may read but not write it, and for sections made of items."""
        items: list[tuple[Any, FundingRequest | None]] | None = None
        if declared.body is Body.TARGETS:
            items = [(target, target.money if self.sees_money(target.money) else None) for target in contents.targets]
        elif declared.body is Body.ACTIONS:
            items = [(action, None) for action in contents.actions]
        context = {
            **self.returned_context(declared),
            **self.meeting_context(declared, contents),
            "declared": declared,
            "section": section,
            "owner": self.owner_names()[declared.owner],
            "items": items,
            "writer": writer,
            "unsaved": self.unsaved(declared, contents, section, writer),
            **self.said(declared, contents),
        }
        template = "pep/section_items.html" if items is not None and writer else "pep/section_read.html"
        return self.show(request, template, context)

    def unsaved(
        self, declared: DeclaredSection, contents: PlanContents, section: Section, writer: Writer | None
    ) -> list[tuple[str, list[tuple[str, str]]]]:
        """What the reader typed here and never saved: the address where it goes on, or "" and the words where nothing can be saved now."""
        found: list[tuple[str, list[tuple[str, str]]]] = []
        for draft in Draft.objects.filter(user=self.user, section=section).order_by("saved_at"):
            if writer is not None and draft.part and declared.body in ITEM_FORMS:
                kwargs = {"pk": self.plan.pk, "kind": declared.body.value, "item": draft.part}
                found.append((reverse("pep:item-edit", kwargs=kwargs), []))
            else:
                found.append(("", typed_words(forms_of(draft, declared, contents, audience_of(self.verbs)))))
        return [(address, words) for address, words in found if address or words]

    def closed(self, request: HttpRequest, declared: DeclaredSection, section: Section) -> HttpResponse:
        """The plan moved on while someone was writing: nothing is saved, and their text is shown so that it is not lost."""
        self.plan.refresh_from_db()
        built = EDITORS[declared.body].build(declared, contents_of(self.plan), audience_of(self.verbs), request.POST)
        fields = typed_words(built)
        return self.show(request, "pep/section_closed.html", {"declared": declared, "section": section, "fields": fields}, status=409)

    def conflict(
        self,
        request: HttpRequest,
        declared: DeclaredSection,
        contents: PlanContents,
        section: Section,
        data: QueryDict,
        *,
        opened: bool = False,
    ) -> HttpResponse:
        """Someone saved this section in between: both texts, side by side, and three ways on."""
        context = {
            "declared": declared,
            "section": section,
            "rows": self.unlike(declared, contents, section, data),
            "fields": [(name, value) for name, values in typed(data).items() for value in values if name != "version"],
            "opened": opened,
            "own": saved_by_oneself(section, self.user, since=posted_version(data)),
            "back": reverse("pep:section-edit", kwargs={"pk": self.plan.pk, "key": declared.key}),
            "discard": reverse("pep:section-discard", kwargs={"pk": self.plan.pk, "key": declared.key}),
            "part": "",
        }
        return self.show(request, "pep/section_conflict.html", context, status=200 if opened else 409)

    def unlike(self, declared: DeclaredSection, contents: PlanContents, section: Section, data: QueryDict) -> list[tuple[str, str, str]]:
        """What is saved and what was typed, question by question, where they differ."""
        audience = audience_of(self.verbs)
        if declared.body is Body.QUESTIONS and can_be_read(declared, audience, data):
            return differences(declared, section.answers, typed_answers(declared, audience, data), audience)
        return field_differences(declared, contents, audience, data)

    def together(
        self, request: HttpRequest, declared: DeclaredSection, contents: PlanContents, section: Section, writer: Writer
    ) -> HttpResponse:
        """Both texts in one form: theirs first, then mine, for the writer to bring together."""
        audience = audience_of(self.verbs)
        theirs = EDITORS[declared.body].build(declared, contents, audience, None)
        data = joined(theirs, request.POST)
        data["version"] = str(section.version)
        built = EDITORS[declared.body].build(declared, contents, audience, data)
        return self.form_page(
            request, declared, contents, section, without_errors(built), *without_errors([self.writing_form(writer, section, data)])
        )
