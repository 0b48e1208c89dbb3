"""Who may come to a meeting and what they may know, and what those who were invited answer."""

import datetime
import uuid
from typing import Any, cast

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone

from accounts.fields import ClockTimeField, DateField, PlainWords
from accounts.policy import Verb
from pep.clock import due_dates
from pep.fact_finding import figures_in_force
from pep.facts import Facts, in_words
from pep.forms.declaration import Audience, Body
from pep.forms.declaration import Section as DeclaredSection
from pep.invitations import ANSWERS, bring_up_to_date, record_answer
from pep.models import Attendee, Meeting, MeetingInvitation, Plan, Section
from pep.models.sections import LearnedBy
from pep.sections import Author, SectionClosed, Stale, audience_of, writing, writing_relation
from pep.views.page import PlanPage
from pep.views.typed import posted_version
from schools.timetable import day_off


def meeting_section(plan: Plan) -> DeclaredSection:
    """The section of a plan's form that its meeting is written in."""
    return next(section for section in plan.form.sections if section.body is Body.MEETING)


def notes_on_the_day(meeting: Meeting, on: datetime.date) -> list[str]:
    """What to think of about the day a meeting is booked for: that nobody works on it, that its invitations went out late.

    Nothing for a day that has passed. Two queries at most.
    """
    if meeting.state != Meeting.State.BOOKED or meeting.starts_at is None or (day := timezone.localdate(meeting.starts_at)) < on:
        return []
    found = [f"{in_words(day)} is {off}. Is the meeting meant to be on that day?"] if (off := day_off(day)) else []
    for due in due_dates(Facts(meet_by=day), figures_in_force(meeting.plan.child.authority, on)):
        if _booked_on(meeting, day, on) > due.due_on:
            found.append(f"Invitations were due by {in_words(due.due_on)}, {(day - due.due_on).days} days before the meeting.")
    return found


def _booked_on(meeting: Meeting, day: datetime.date, on: datetime.date) -> datetime.date:
    """Since when the meeting has been booked for this day, without another in between."""
    since = on
    for state, at, said in meeting.history.order_by("-history_id").values_list("state", "starts_at", "history_date"):
        if state != Meeting.State.BOOKED or at is None or timezone.localdate(at) != day:
            break
        since = timezone.localdate(said)
    return since


class DecisionForm(PlainWords, forms.ModelForm):
    """Whether somebody without an account may come to the meeting, and what they may know."""

    day = DateField(label="Date of their own time", required=False)
    time = ClockTimeField(label="Time it starts", required=False, help_text="Such as 14:00 or 2pm.")
    version = forms.IntegerField(widget=forms.HiddenInput)
    on_behalf_of = forms.CharField(
        label="Who decided this?", help_text="You are writing for someone else. Give their name and role.", max_length=200
    )
    learned_by = forms.ChoiceField(label="How did you learn this?", choices=LearnedBy.choices, widget=forms.RadioSelect)

    class Meta:
        model = Attendee
        fields = ["may_come", "may_know", "email"]
        widgets = {"may_come": forms.RadioSelect, "may_know": forms.RadioSelect}

    field_order = ["may_come", "day", "time", "may_know", "email", "on_behalf_of", "learned_by", "version"]

    def __init__(self, *args: Any, must_name: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        may_come, may_know = cast(forms.ChoiceField, self.fields["may_come"]), cast(forms.ChoiceField, self.fields["may_know"])
        may_come.label, may_know.label = "May they come?", "What may they know?"
        may_come.choices = [choice for choice in Attendee.MayCome.choices if choice[0] != Attendee.MayCome.UNDECIDED]
        may_know.choices = Attendee.MayKnow.choices
        may_know.help_text = "The place is in their calendar only if whoever books the meeting puts it into calendar entries, too."
        self.fields["day"].help_text = "Only if they come at a time of their own."
        self.fields["email"].label = "Their e-mail address"
        self.fields["email"].help_text = "The school never sees it. Leave it empty to ask them yourselves."
        if self.initial.get("may_come") == Attendee.MayCome.UNDECIDED:
            self.initial["may_come"] = None
        if self.instance.separate_starts_at:
            starts = timezone.localtime(self.instance.separate_starts_at)
            self.initial.update(day=starts.date(), time=starts.strftime("%H:%M"))
        if not must_name:
            del self.fields["on_behalf_of"], self.fields["learned_by"]

    def clean_email(self) -> str:
        """One address in small letters; two people at one meeting cannot share one, for an answer would be nobody's."""
        email = str(self.cleaned_data["email"]).lower()
        others = Attendee.objects.filter(meeting=self.instance.meeting_id, removed=False).exclude(pk=self.instance.pk)
        if email and others.filter(email=email).exists():
            self.add_error("email", "Somebody else at this meeting has this address")
        return email

    def clean(self) -> dict[str, Any]:
        """Somebody who comes at a time of their own needs one, and it must be to come."""
        cleaned = super().clean() or {}
        starts_at = None
        if cleaned.get("may_come") == Attendee.MayCome.SEPARATE:
            day, time = cleaned.get("day"), cleaned.get("time")
            for name, value, words in (("day", day, "Enter the date of their own time"), ("time", time, "Enter the time it starts")):
                if value is None and name not in self.errors:
                    self.add_error(name, words)
            if day and time:
                starts_at = timezone.make_aware(datetime.datetime.combine(day, time))
                if starts_at <= timezone.now():
                    self.add_error("day", "Their own time must be in the future")
        self.instance.separate_starts_at = starts_at
        return cleaned


class AttendeeDecide(PlanPage):
    """The social worker, or the virtual school for a named person, decides about somebody who has no account."""

    def find(self, attendee: uuid.UUID) -> tuple[DeclaredSection, Section, Attendee, bool]:
        """The meeting's section, the person, and whether the writer must say for whom they write. Raises PermissionDenied, Http404."""
        relation = writing_relation(self.relations, Verb.WRITE_CARE)
        if relation is None and writing_relation(self.relations, Verb.WRITE_ON_BEHALF) is None:
            raise PermissionDenied
        declared = meeting_section(self.plan)
        section = get_object_or_404(Section, plan=self.plan, key=declared.key)
        people = Attendee.objects.filter(meeting__plan=self.plan, removed=False, user__isnull=True).exclude(role=Attendee.Role.CHILD)
        return declared, section, get_object_or_404(people, pk=attendee), relation is None

    def get(self, request: HttpRequest, pk: str, attendee: uuid.UUID) -> HttpResponse:
        """The decision as it stands, to be made or changed."""
        declared, section, person, must_name = self.find(attendee)
        form = DecisionForm(instance=person, initial={"version": section.version}, must_name=must_name)
        return self.page(request, declared, person, form)

    def post(self, request: HttpRequest, pk: str, attendee: uuid.UUID) -> HttpResponse:
        """Keep the decision under the meeting section's lock and version, and write to the person if they may come."""
        declared, section, person, must_name = self.find(attendee)
        form = DecisionForm(request.POST, instance=person, must_name=must_name)
        if not form.is_valid():
            return self.page(request, declared, person, form)
        relation = writing_relation(self.relations, Verb.WRITE_ON_BEHALF if must_name else Verb.WRITE_CARE)
        assert relation is not None
        data = form.cleaned_data
        author = Author(self.user, relation, data.get("on_behalf_of", ""), data.get("learned_by", ""))
        try:
            with writing(self.plan.pk, declared.key, posted_version(request.POST), author=author, words=False) as locked:
                person.decided_by, person.decided_at = self.user, timezone.now()
                form.save()
                meeting = Meeting.objects.get(plan=locked.plan)
                meeting.plan = locked.plan
                bring_up_to_date(meeting, by=self.user)
        except Stale as stale:
            # What was decided stays in the form; only the version is the one they now see.
            again = request.POST.copy()
            again["version"] = str(stale.section.version)
            form = DecisionForm(again, instance=person, must_name=must_name)
            form.add_error(None, "Someone has changed the meeting since you opened this page. Look at it again, then save.")
            return self.page(request, declared, person, form, status=409)
        except SectionClosed:
            return self.show(request, "pep/plan_not_now.html", {}, status=409)
        messages.success(request, "The decision is saved.")
        return redirect("pep:section-edit", pk=self.plan.pk, key=declared.key)

    def page(
        self, request: HttpRequest, declared: DeclaredSection, person: Attendee, form: DecisionForm, status: int = 200
    ) -> HttpResponse:
        """The page with its form."""
        back = reverse("pep:section-edit", kwargs={"pk": self.plan.pk, "key": declared.key})
        shown = Attendee.objects.select_related("decided_by").get(pk=person.pk)
        context = {"form": form, "person": shown, "cancel_url": back, "submit_text": "Save the decision"}
        return self.show(request, "pep/attendee_decide.html", context, status=status)


class AnswerForm(PlainWords, forms.Form):
    """Whether somebody can come."""

    answer = forms.ChoiceField(label="Can you come?", widget=forms.RadioSelect)

    WORDS = {"accepted": "Yes, I can come", "declined": "No, I cannot come", "tentative": "I am not sure yet"}
    WORDS_FOR_ANOTHER = {"accepted": "They can come", "declined": "They cannot come", "tentative": "They are not sure yet"}

    def __init__(self, *args: Any, mine: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        words = self.WORDS if mine else self.WORDS_FOR_ANOTHER
        field = cast(forms.ChoiceField, self.fields["answer"])
        field.choices = [(answer.value, words[answer.value]) for answer in ANSWERS]
        if not mine:
            field.label = "What did they tell you?"


class InvitationAnswer(PlanPage):
    """One invitation: its reader answers it, or whoever records the meeting writes down what the invited person told them."""

    model = MeetingInvitation  # type: ignore[assignment]
    related = (  # type: ignore[assignment]
        "meeting__plan__child__authority",
        "meeting__plan__term",
        "meeting__plan__school",
        "attendee",
        "user",
    )

    @property
    def plan(self) -> Plan:
        """The plan whose meeting it is."""
        return self.invitation.meeting.plan

    @property
    def invitation(self) -> MeetingInvitation:
        """The invitation of the page."""
        return cast(MeetingInvitation, self.object)

    @property
    def mine(self) -> bool:
        """Whether the reader is the one invited."""
        return self.invitation.user_id == self.user.pk

    def get(self, request: HttpRequest, pk: str) -> HttpResponse:
        """The meeting and the question; others find the meeting's section."""
        if not (self.mine or Verb.RECORD_MEETING in self.verbs):
            return redirect("pep:section-edit", pk=self.plan.pk, key=meeting_section(self.plan).key)
        answered = self.invitation.answered
        return self.page(request, AnswerForm(mine=self.mine, initial={"answer": answered if answered in ANSWERS else None}))

    def post(self, request: HttpRequest, pk: str) -> HttpResponse:
        """Keep the answer."""
        if not (self.mine or Verb.RECORD_MEETING in self.verbs):
            raise PermissionDenied
        form = AnswerForm(request.POST, mine=self.mine)
        if not form.is_valid():
            return self.page(request, form)
        because = "Answered in the product" if self.mine else "Answer written down for them"
        if not record_answer(self.invitation.pk, form.cleaned_data["answer"], by=self.user, because=because):
            return self.page(request, form, status=409)
        messages.success(request, "The answer is saved. Whoever booked the meeting can see it.")
        return redirect("pep:section-edit", pk=self.plan.pk, key=meeting_section(self.plan).key)

    def page(self, request: HttpRequest, form: AnswerForm, status: int = 200) -> HttpResponse:
        """The page. A time of their own is for the council and the invited person alone."""
        apart = self.invitation.attendee.may_come == Attendee.MayCome.SEPARATE
        context = {
            "form": form, "invitation": self.invitation, "mine": self.mine, "open": self.invitation.in_force(timezone.now()),
            "show_time": self.mine or not apart or audience_of(self.verbs) is Audience.COUNCIL,
            "cancel_url": reverse("pep:section-edit", kwargs={"pk": self.plan.pk, "key": meeting_section(self.plan).key}),
            "submit_text": "Save the answer",
        }  # fmt: skip
        return self.show(request, "pep/invitation_answer.html", context, status=status)
