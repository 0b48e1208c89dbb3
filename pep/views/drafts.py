"""What one person is typing and has not saved: kept by itself, and thrown away when they say so."""

import uuid
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.utils import timezone

from pep.forms.declaration import Body
from pep.forms.declaration import Section as DeclaredSection
from pep.models import Action, Draft, Section, Target
from pep.sections import audience_of, contents_of, keep_draft
from pep.views.section import SectionPage
from pep.views.typed import can_be_read, posted_version, says_what_is_saved, typed, typed_answers

ITEMS: dict[Body, type[Target] | type[Action]] = {Body.TARGETS: Target, Body.ACTIONS: Action}


class SectionDraft(SectionPage):
    """Autosave: keeps what is being typed, on the server, for this person alone."""

    http_method_names = ["post"]

    def check(self) -> None:
        """Only whoever writes this section has something to keep."""
        super().check()
        if not self.writes(self.kwargs["key"]):
            raise PermissionDenied

    def has_part(self, declared: DeclaredSection, part: str) -> bool:
        """Whether the section has this part: itself, a new item, or one of its items. A draft is of nothing else."""
        model = ITEMS.get(declared.body)
        if part == "" or model is None:
            return part == ""
        try:
            # In one way of writing only, for an identifier can be written in many.
            same = part == "new" or part == str(uuid.UUID(part))
        except ValueError:
            return False
        return same and (part == "new" or model.objects.filter(plan=self.plan, pk=part, removed=False).exists())

    def is_saved(self, declared: DeclaredSection, section: Section, part: str) -> bool:
        """Whether what is posted stands in the plan already, word for word."""
        if declared.body is Body.QUESTIONS:
            audience, data = audience_of(self.verbs), self.request.POST
            return can_be_read(declared, audience, data) and typed_answers(declared, audience, data) == section.answers
        mine = section.written_by_id == self.user.pk and posted_version(self.request.POST) < section.version
        return mine and says_what_is_saved(declared, contents_of(self.plan), audience_of(self.verbs), self.request.POST, part)

    def post(self, request: HttpRequest, pk: str, key: str) -> HttpResponse:
        """Keep the draft and answer with the time, or say honestly why not."""
        declared, _, section, writer = self.prepare(key)
        if writer is None:
            return JsonResponse(
                {"error": "closed", "message": "This plan has moved on. Nothing more can be saved in this section."}, status=409
            )
        fields, part = typed(request.POST), request.GET.get("part", "")
        if not self.has_part(declared, part):
            raise Http404
        with transaction.atomic():
            # Behind a save that is under way: an autosave it overtook must not bring its text back.
            section = Section.objects.select_for_update(no_key=True).get(pk=section.pk)
            if self.is_saved(declared, section, part):
                # Nothing but what is saved already: typed words were taken back, or a last autosave arrived after the save itself.
                Draft.objects.filter(user=self.user, section=section, part=part).delete()
                return JsonResponse({"saved_at": timezone.localtime().strftime("%H:%M"), "in_plan": True})
            draft = keep_draft(section, self.user, base_version=posted_version(request.POST), fields=fields, part=part)
        if draft is None:
            return JsonResponse({"error": "too_long", "message": "This is too long to keep."}, status=413)
        answer: dict[str, Any] = {"saved_at": timezone.localtime(draft.saved_at).strftime("%H:%M")}
        if draft.base_version != section.version and section.written_by:
            answer["newer"] = (
                f"{section.written_by.name} has saved this section since you opened it. You will see both texts when you save."
            )
        return JsonResponse(answer)


class SectionDiscard(SectionPage):
    """Throw one's own draft away and keep what is saved."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, pk: str, key: str) -> HttpResponse:
        """Drop the draft; the section is untouched."""
        self.declared(key)
        Draft.objects.filter(user=self.user, section__plan=self.plan, section__key=key, part=request.POST.get("part", "")[:40]).delete()
        messages.success(request, "Your unsaved text is gone. The section stands as it was saved.")
        return redirect("pep:section-edit", pk=self.plan.pk, key=key)
