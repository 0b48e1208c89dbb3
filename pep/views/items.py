"""Targets and actions: added, changed and removed one at a time, each under its section's version."""

import uuid
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import models
from django.db.models import Max
from django.forms import ModelForm
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone

from pep.forms.declaration import Body
from pep.models import Action, Draft, FundingDecision, FundingRequest, Section, Target
from pep.planning import school_of
from pep.sections import SectionClosed, Stale, keep_draft, saved_by_oneself, writing
from pep.views.item_forms import ActionForm, TargetForm
from pep.views.section import SectionPage
from pep.views.typed import as_data, joined, posted_version, typed, without_errors
from schools.timetable import financial_year


@dataclass(frozen=True)
class ItemKind:
    """What a target and an action differ in."""

    model: type[Target] | type[Action]
    form: type[ModelForm]
    body: Body
    noun: str


KINDS = {
    "targets": ItemKind(Target, TargetForm, Body.TARGETS, "target"),
    "actions": ItemKind(Action, ActionForm, Body.ACTIONS, "action"),
}


class ItemPage(SectionPage):
    """What adding, changing and removing share."""

    found: tuple[ItemKind, Section, Any]

    def check(self) -> None:
        """An item there is; only whoever writes its section may post to it."""
        self.found = self.find(self.kwargs["kind"], self.kwargs["item"])
        if self.request.method == "POST" and not self.writes(self.found[1].key):
            raise PermissionDenied

    def find(self, kind: str, item: str) -> tuple[ItemKind, Section, Any]:
        """The kind, its section and the item (a new one for ``new``). Raises Http404."""
        if kind not in KINDS:
            raise Http404
        found = KINDS[kind]
        declared = next(section for section in self.plan.form.sections if section.body is found.body)
        section = get_object_or_404(Section, plan=self.plan, key=declared.key)
        instance = found.model(plan=self.plan) if item == "new" else self._existing(found, item)
        return found, section, instance

    def _existing(self, kind: ItemKind, item: str) -> Any:
        try:
            written = str(uuid.UUID(item))
        except ValueError as error:
            raise Http404 from error
        if item != written:  # in one way of writing only: drafts are kept under it
            raise Http404
        return get_object_or_404(kind.model, plan=self.plan, pk=item, removed=False)


class ItemEdit(ItemPage):
    """One target or action."""

    keeps_typing = True

    def form(self, kind: ItemKind, instance: Any, data: QueryDict | None = None) -> Any:
        """The item's form. The money asked for stands in the same form as the target, unless another school asked for it."""
        funding = instance.money if isinstance(instance, Target) and not instance._state.adding else None
        initial = {"funding_amount": funding.amount, "funding_purpose": funding.purpose} if funding else {}
        form = kind.form(data, instance=instance, initial=initial)
        if isinstance(instance, Target) and not self.sees_money(funding):
            del form.fields["funding_amount"], form.fields["funding_purpose"]
        return form

    def get(self, request: HttpRequest, pk: str, kind: str, item: str) -> HttpResponse:
        """The form, with what this person was typing."""
        found, section, instance = self.found
        _, _, section, writer = self.prepare(section.key)
        if writer is None:
            return redirect("pep:section-edit", pk=self.plan.pk, key=section.key)
        draft = Draft.objects.filter(user=self.user, section=section, part=item).first()
        if draft and draft.base_version != section.version and item != "new":
            return self.clash(request, found, section, item, as_data(draft.fields), status=200)
        data = as_data(draft.fields, version=section.version) if draft else None
        form = self.form(found, instance, data)
        foot = self.writing_form(writer, section, data)
        del foot.fields["complete"]
        if data is not None:
            without_errors([form, foot])
        return self.page(request, found, section, instance, form, foot, item)

    def post(self, request: HttpRequest, pk: str, kind: str, item: str) -> HttpResponse:
        """Save it under the section's version, or keep every word and say what is wrong."""
        found, section, instance = self.found
        declared, _, section, writer = self.prepare(section.key)
        data: QueryDict = request.POST
        if writer is None:
            self.author(section.key, data)
            return self.show(
                request, "pep/section_closed.html", {"declared": declared, "section": section, "fields": _kept(data)}, status=409
            )
        if "together" in data:
            theirs = self.form(found, instance)
            data = joined([theirs], data)
            data["version"] = str(section.version)
            form, foot = self.form(found, instance, data), self.writing_form(writer, section, data)
            without_errors([form, foot])
            return self.page(request, found, section, instance, form, foot, item)
        form, foot = self.form(found, instance, data), self.writing_form(writer, section, data)
        del foot.fields["complete"]
        if not all([form.is_valid(), foot.is_valid()]):
            keep_draft(section, self.user, base_version=posted_version(data), fields=typed(data), part=item)
            return self.page(request, found, section, instance, form, foot, item)
        try:
            with writing(self.plan.pk, section.key, posted_version(data), author=self.author(section.key, data), part=item) as locked:
                if instance._state.adding:
                    last = found.model.objects.filter(plan=self.plan).aggregate(last=Max("position"))["last"]
                    form.instance.position = (last or 0) + 1
                saved = form.save()
                if isinstance(saved, Target) and "funding_amount" in form.fields:
                    self.ask_for_money(saved, form.cleaned_data)
                locked.marked_complete = True
        except Stale as stale:
            keep_draft(section, self.user, base_version=posted_version(data), fields=typed(data), part=item)
            return self.clash(request, found, stale.section, item, data)
        except SectionClosed:
            keep_draft(section, self.user, base_version=posted_version(data), fields=typed(data), part=item)
            return self.show(
                request, "pep/section_closed.html", {"declared": declared, "section": section, "fields": _kept(data)}, status=409
            )
        messages.success(request, f"The {found.noun} is saved.")
        return redirect("pep:section-edit", pk=self.plan.pk, key=section.key)

    def ask_for_money(self, target: Target, cleaned: dict[str, Any]) -> None:
        """Keep the pupil premium request in step with the target's form, until someone has decided on it."""
        amount, purpose = cleaned.get("funding_amount"), cleaned.get("funding_purpose", "")
        funding = locked_request(target)
        if funding and funding.state not in (FundingRequest.State.REQUESTED, FundingRequest.State.WITHDRAWN):
            return
        if amount:
            if funding is None:
                year = financial_year(self.today)
                school = school_of(self.plan, self.today)
                funding = FundingRequest(plan=self.plan, target=target.first, school=school, financial_year=year)
            if (funding.amount, funding.purpose, funding.state) != (amount, purpose, FundingRequest.State.REQUESTED):
                funding.amount, funding.purpose, funding.state = amount, purpose, FundingRequest.State.REQUESTED
                funding.save()
        elif funding and funding.state == FundingRequest.State.REQUESTED:
            withdraw_request(funding, self.user, self.today)

    def page(self, request: HttpRequest, kind: ItemKind, section: Section, instance: Any, form: Any, foot: Any, item: str) -> HttpResponse:
        """The item's page."""
        foot.fields.pop("complete", None)
        context = {
            "declared": self.declared(section.key),
            "section": section,
            "form": form,
            "foot": foot,
            "all_forms": [form, foot],
            "item": instance,
            "noun": kind.noun,
            "adding": instance._state.adding,
            "cancel_url": reverse("pep:section-edit", kwargs={"pk": self.plan.pk, "key": section.key}),
            "draft_url": reverse("pep:section-draft", kwargs={"pk": self.plan.pk, "key": section.key}) + f"?part={item}",
        }
        return self.show(request, "pep/item_edit.html", context)

    def clash(self, request: HttpRequest, kind: ItemKind, section: Section, item: str, data: QueryDict, status: int = 409) -> HttpResponse:
        """Someone saved the section in between: what now stands beside what was typed."""
        instance = kind.model(plan=self.plan) if item == "new" else kind.model.objects.get(pk=item)
        theirs = self.form(kind, instance)
        rows = []
        for bound in theirs:
            mine = bound.field.widget.value_from_datadict(data, {}, bound.html_name)
            saved = bound.field.widget.format_value(bound.value()) if hasattr(bound.field.widget, "format_value") else bound.value()
            if str(saved or "") != str(mine or ""):
                rows.append({"label": str(bound.label), "theirs": str(saved or "Not answered"), "mine": str(mine or "Not answered")})
        context = {
            "declared": self.declared(section.key),
            "section": section,
            "rows": rows,
            "fields": [(name, value) for name, values in typed(data).items() for value in values if name != "version"],
            "own": saved_by_oneself(section, self.user, since=posted_version(data)),
            "back": request.path,
            "discard": reverse("pep:section-discard", kwargs={"pk": self.plan.pk, "key": section.key}),
            "part": item,
            "removed": getattr(instance, "removed", False),
        }
        return self.show(request, "pep/section_conflict.html", context, status=status)


class ItemRemove(ItemPage):
    """Take a target or action out of the plan. It stays in the history."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, pk: str, kind: str, item: str) -> HttpResponse:
        """Remove it under the section's version."""
        found, section, instance = self.found
        _, _, section, writer = self.prepare(section.key)
        # Whoever must say for whom they write does so in the item's own form; here only a request made by hand can leave it out.
        if writer is None or {"on_behalf_of", "learned_by"} & set(self.writing_form(writer, section, request.POST).errors):
            raise PermissionDenied
        try:
            with writing(self.plan.pk, section.key, posted_version(request.POST), author=self.author(section.key, request.POST), part=item):
                instance.removed = True
                instance.save()
                funding = locked_request(instance) if isinstance(instance, Target) else None
                if funding and funding.state == FundingRequest.State.REQUESTED:
                    withdraw_request(funding, self.user, self.today)
        except (Stale, SectionClosed):
            messages.error(request, f"Someone has changed this section. Look again before you remove the {found.noun}.")
        else:
            messages.success(request, f"The {found.noun} is removed. It stays in the history.")
        return redirect("pep:section-edit", pk=self.plan.pk, key=section.key)


def locked_request(target: Target) -> FundingRequest | None:
    """What was asked for a target, locked: what is decided meanwhile waits, and is not written over."""
    return models.QuerySet(FundingRequest).select_for_update(no_key=True).filter(target=target.first).first()


def withdraw_request(funding: FundingRequest, by: Any, on: Any) -> None:
    """Take back a request nobody has decided on. Call it inside the transaction that removes its reason."""
    funding.state = FundingRequest.State.WITHDRAWN
    funding.save()
    FundingDecision.objects.create(request=funding, step=FundingDecision.Step.WITHDRAWN, on=on or timezone.localdate(), by=by)


def _kept(data: QueryDict) -> list[tuple[str, str]]:
    return [(name, "\n".join(values)) for name, values in typed(data).items() if any(values) and name != "version"]
