"""Changing school: finding the new one, proposing, and the page on which a second person decides."""

import datetime
from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import NON_FIELD_ERRORS, BadRequest, PermissionDenied, ValidationError
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone

from accounts.fields import DateField, PlainWords, TextField
from accounts.policy import Verb
from children.mixins import ChildScopedMixin
from children.models import Child
from pep import moves
from pep.deadlines import plan_due_after
from pep.history import move_steps
from pep.models import Document, EarlierPlan, Move, Plan
from pep.move_rules import may_decide, may_propose, may_withdraw, reading_ends
from pep.views.typed import typed_words
from schools.models import School, active_designated_teachers
from schools.timetable import ONE_DAY

MOST_SCHOOLS = 20
NO_SCHOOL = "none"


def find_schools(text: str, on: datetime.date) -> QuerySet[School]:
    """Schools that are not closed whose name holds each of the words, or whose URN or postcode begins with the text."""
    words, found = text.split(), Q()
    for word in words:
        found &= Q(name__icontains=word) | Q(postcode__istartswith=word)
    if text.isascii() and text.isdigit():
        found |= Q(urn=int(text[:9]))
    is_open = Q(closed_on=None) | Q(closed_on__gt=on)
    return School.objects.filter(is_open).filter(found).order_by("name") if words else School.objects.none()


class ProposeForm(PlainWords, forms.Form):
    """Where to, from when and why."""

    to_school = forms.ChoiceField(label="New school", widget=forms.RadioSelect)
    starts_on = DateField(label="First day at the new school")
    reason = TextField(
        label="Why is the child moving?",
        max_length=1000,
        help_text="The old and the new school can read this. Leave out what is about care.",
    )

    def __init__(self, *args: Any, schools: list[School], leaving: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.schools = {str(school.pk): school for school in schools}
        choices = [(key, school.name) for key, school in self.schools.items()]
        hints = {key: f"{school.postcode} · URN {school.urn}".strip(" ·") for key, school in self.schools.items()}
        if leaving:
            choices.append((NO_SCHOOL, "No school for now"))
            self.fields["starts_on"].label = "First day without the present school"
        self.fields["to_school"].error_messages["required"] = "Choose the new school"
        self.fields["to_school"].choices = choices  # type: ignore[attr-defined]
        self.fields["to_school"].widget.attrs["hints"] = hints

    def school(self) -> School | None:
        """The school chosen; None for no school."""
        return self.schools.get(self.cleaned_data["to_school"])


def add_errors(form: forms.Form, error: ValidationError, otherwise: str | None = None) -> None:
    """Put what a rule refuses at the field it is about."""
    by_field = error.message_dict if hasattr(error, "error_dict") else {NON_FIELD_ERRORS: error.messages}
    for name, words in by_field.items():
        form.add_error(name if name in form.fields else otherwise, words)


class MovePage(ChildScopedMixin):
    """A page about a child's change of school; a restricted child's are for the council alone."""

    verb = Verb.PROPOSE_MOVE

    def check(self) -> None:
        """Refuse a school's staff for a restricted child."""
        if not may_propose(self.verbs, self.child):
            raise PermissionDenied

    def show(self, request: HttpRequest, template: str, context: dict[str, Any], status: int = 200) -> HttpResponse:
        """Render with the child and the way back."""
        back = reverse("children:child-detail", kwargs={"pk": self.child.pk})
        return render(request, template, {"child": self.child, "verbs": self.verbs, "cancel_url": back, **context}, status=status)


class MovePropose(MovePage):
    """Find the new school, then propose the change."""

    model = Child
    related = ("authority__virtual_school",)

    def get(self, request: HttpRequest, pk: str) -> HttpResponse:
        """The search; with a text in the address the form below what it found."""
        return self.page(request, None)

    def post(self, request: HttpRequest, pk: str) -> HttpResponse:
        """Propose."""
        form = self.form(request, request.POST)
        if form.is_valid():
            data = form.cleaned_data
            try:
                move = moves.propose(
                    self.child, to_school=form.school(), starts_on=data["starts_on"], reason=data["reason"], by=request.user  # type: ignore[arg-type]
                )  # fmt: skip
            except ValidationError as error:
                add_errors(form, error, "to_school")
            else:
                who = "Only the head of the virtual school confirms it" if self.child.restricted else "A second person must confirm it"
                messages.success(request, f"The change of school is proposed. {who}.")
                return redirect("pep:move-detail", pk=move.pk)
        return self.page(request, form)

    def leaving(self, request: HttpRequest) -> bool:
        """Whether the form is for a child who leaves for no school."""
        return "no_school" in request.GET

    def form(self, request: HttpRequest, data: Any) -> ProposeForm:
        """The form with the schools that the text in the address finds."""
        schools = [] if self.leaving(request) else list(find_schools(request.GET.get("q", ""), timezone.localdate())[:MOST_SCHOOLS])
        initial = {"to_school": NO_SCHOOL} if self.leaving(request) else {}
        return ProposeForm(data, schools=schools, leaving=self.leaving(request), initial=initial)

    def page(self, request: HttpRequest, form: ProposeForm | None) -> HttpResponse:
        """One page: search, what it found, and the form."""
        text = request.GET.get("q", "").strip()
        form = form or self.form(request, None)
        asked = bool(text) or self.leaving(request)
        context = {
            "q": text, "form": form if asked and form.fields["to_school"].choices else None, "leaving": self.leaving(request),  # type: ignore[attr-defined]
            "nothing": bool(text) and not form.schools, "many": len(form.schools) == MOST_SCHOOLS, "found": len(form.schools),
            "enrolment": self.child.main_enrolment(timezone.localdate()), "submit_text": "Propose this change",
            "proposed": Move.objects.filter(child=self.child, state=Move.State.PROPOSED).first(),
        }  # fmt: skip
        return self.show(request, "pep/move_propose.html", context)


class ConfirmForm(PlainWords, forms.Form):
    """Until when the old school may still read."""

    last_day = DateField(label="Last day the old school can read the record")


class TakeBackForm(PlainWords, forms.Form):
    """Why a confirmed change was a mistake."""

    because = TextField(label="Why is it taken back?", max_length=1000)


class MoveDetail(MovePage):
    """One change of school: what it means for whom, and the buttons of those who may decide."""

    model = Move
    related = (
        "child__authority__virtual_school", "to_school", "proposed_by", "confirmed_by", "withdrawn_by", "taken_back_by",
        "old_enrolment__school", "new_enrolment",
    )  # fmt: skip
    object: Move

    def get(self, request: HttpRequest, pk: str) -> HttpResponse:
        """Who will see what, from when."""
        return self.page(request)

    def post(self, request: HttpRequest, pk: str) -> HttpResponse:
        """Confirm, withdraw or take back."""
        doing = {"confirm": self.confirm, "withdraw": self.withdraw, "take_back": self.take_back}.get(request.POST.get("action", ""))
        if doing is None:
            raise BadRequest("There is no such action.")
        try:
            return doing(request)
        except moves.NotNow as error:
            return self.overtaken(request, error)

    def overtaken(self, request: HttpRequest, error: moves.NotNow) -> HttpResponse:
        """Somebody else was quicker: the move as it now is, with what was typed, to be sent again where it still can be."""
        self.object.refresh_from_db()
        form = {"confirm": ConfirmForm, "take_back": TakeBackForm}.get(request.POST["action"])
        typed = typed_words([form(request.POST)]) if form else []
        again = TakeBackForm(request.POST) if form is TakeBackForm and self.object.state == Move.State.CONFIRMED else None
        return self.page(request, take_back_form=again, overtaken=error.messages[0], typed=[] if again else typed, status=409)

    def confirm(self, request: HttpRequest) -> HttpResponse:
        """The second person's yes."""
        form = None if self.reads_at_once() else ConfirmForm(request.POST)
        if form is None or form.is_valid():
            until = form.cleaned_data["last_day"] + ONE_DAY if form else None
            try:
                moves.confirm(self.object, by=request.user, old_school_reads_until=until)  # type: ignore[arg-type]
            except moves.NotNow:
                raise
            except ValidationError as error:
                if form is None:
                    messages.warning(request, " ".join(error.messages))
                    return redirect("pep:move-detail", pk=self.object.pk)
                add_errors(form, error, "last_day")
            else:
                messages.success(request, "The change of school is confirmed.")
                return redirect("pep:move-detail", pk=self.object.pk)
        return self.page(request, confirm_form=form)

    def withdraw(self, request: HttpRequest) -> HttpResponse:
        """Nothing happens after all."""
        moves.withdraw(self.object, by=request.user)  # type: ignore[arg-type]
        messages.success(request, "The proposal is withdrawn.")
        return redirect("pep:move-detail", pk=self.object.pk)

    def take_back(self, request: HttpRequest) -> HttpResponse:
        """It was a mistake."""
        form = TakeBackForm(request.POST)
        if form.is_valid():
            moves.take_back(self.object, by=request.user, because=form.cleaned_data["because"])  # type: ignore[arg-type]
            messages.success(request, "The change of school is taken back.")
            return redirect("pep:move-detail", pk=self.object.pk)
        return self.page(request, take_back_form=form)

    def old_enrolment(self) -> Any:
        """The enrolment that ends, or has ended, with the move."""
        move = self.object
        return move.old_enrolment if move.confirmed_at else self.child.main_enrolment(move.starts_on)

    def reads_at_once(self) -> bool:
        """Whether there is nothing to choose: no old school, or a restricted record whose reading ends with the move."""
        return self.child.restricted or self.old_enrolment() is None

    def page(
        self, request: HttpRequest, confirm_form: ConfirmForm | None = None, take_back_form: TakeBackForm | None = None, *,
        overtaken: str = "", typed: Sequence[tuple[str, str]] = (), status: int = 200,
    ) -> HttpResponse:  # fmt: skip
        """The page with the forms of what this person may do now."""
        move, child, today = self.object, self.child, timezone.localdate()
        decides, proposed = may_decide(self.verbs, child), move.state == Move.State.PROPOSED
        own = move.proposed_by_id == request.user.pk
        reads_until = move.old_school_reads_until or reading_ends(child, move.starts_on, today)
        if proposed and decides and not own and confirm_form is None and not self.reads_at_once():
            confirm_form = ConfirmForm(initial={"last_day": reads_until - ONE_DAY})
        documents = Document.objects.filter(snapshot__plan__child=child, audience="school").order_by("-made_at")
        taking_back = decides and move.state == Move.State.CONFIRMED
        context = {
            "move": move, "old": self.old_enrolment(), "today": today, "own": own, "proposed": proposed,
            "can_withdraw": proposed and may_withdraw(self.user, self.verbs, move, child),
            "can_confirm": proposed and decides and not own, "waits_for_head": proposed and child.restricted and not decides,
            "confirm_form": confirm_form, "take_back_form": (take_back_form or TakeBackForm()) if taking_back else None,
            "form": confirm_form or take_back_form, "reads_last": reads_until - ONE_DAY,
            "writes_last": move.starts_on - ONE_DAY, "at_once": self.reads_at_once(),
            "teachers": active_designated_teachers(move.to_school, child.authority, max(today, move.starts_on)),
            "frozen": child.plans.filter(state=Plan.State.COMPLETE).select_related("term").order_by("-completed_at"),
            "documents": documents.defer("content").select_related("snapshot__plan__term"),
            "earlier": EarlierPlan.objects.filter(child=child, audience="school", withdrawn_at=None).defer("content"),
            "closing": moves.unfinished_plans(child).select_related("term") if proposed and move.to_school else [],
            "steps": move_steps([move]),
            "due": plan_due_after(child, move.starts_on, today) if proposed and move.to_school else None,
            "overtaken": overtaken, "typed": typed,
        }  # fmt: skip
        return self.show(request, "pep/move_detail.html", context, status=status)
