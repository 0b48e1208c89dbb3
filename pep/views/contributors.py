"""People at the school whom a designated teacher asks to help with one child's plan, until a day."""

import datetime
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, models, transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone

from accounts import invitations
from accounts.fields import DateField, NameField, PlainWords
from accounts.models import User
from accounts.outbox import tell
from accounts.policy import Relation, Verb
from accounts.relations import holders
from children.access import require
from children.access_changes import telling
from children.mixins import ChildScopedMixin
from children.models import Allocation, Child
from pep.views.child import ChildPage
from schools.models import active_designated_teachers


class ContributorForm(PlainWords, forms.Form):
    """Who may help with this child's plan, and until when."""

    name = NameField(label="Full name", max_length=200, widget=forms.TextInput(attrs={"autocomplete": "off"}))
    email = forms.EmailField(
        label="Work e-mail address", help_text="At the same school: the part after the @ must be the same as the designated teacher’s."
    )
    last_day = DateField(label="Last day they may help")

    def __init__(self, *args: Any, by: User, teachers: list[User], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.by, self.teachers = by, teachers

    def clean_email(self) -> str:
        """The same domain as the school's designated teacher, and never whoever names them."""
        email: str = self.cleaned_data["email"].lower()
        if not self.teachers:
            raise ValidationError("The child has no school with a designated teacher, so nobody there can help")
        if email.rpartition("@")[2] not in {(teacher.email or "").rpartition("@")[2] for teacher in self.teachers}:
            whose = "yours" if self.by in self.teachers else "the designated teacher’s"
            raise ValidationError(f"Use an address at the child’s own school: the part after the @ must be the same as {whose}")
        if email == self.by.email:
            raise ValidationError("You cannot name yourself")
        return email

    def clean_last_day(self) -> datetime.date:
        """Not in the past, and within a year."""
        day: datetime.date = self.cleaned_data["last_day"]
        today = timezone.localdate()
        if day < today:
            raise ValidationError("The last day must be today or later")
        if day > today + datetime.timedelta(days=366):
            raise ValidationError("The last day must be within a year from today")
        return day


class ContributorAdd(ChildPage):
    """A designated teacher names someone at their school who may write the school's sections for this child, and not submit.

    Whom a restricted record is opened to the head decides, for contributors as for everybody else.
    """

    verb = Verb.NAME_CONTRIBUTOR

    def check(self) -> None:
        """Of a restricted child the head alone names them; the child's page says so."""
        if self.child.restricted and Verb.RESTRICT not in self.verbs:
            raise PermissionDenied

    def form(self, data: Any = None) -> ContributorForm:
        """The form for people of the child's present school."""
        if Relation.DESIGNATED_TEACHER in self.relations:
            return ContributorForm(data, by=self.user, teachers=[self.user])
        today = timezone.localdate()
        at_school = self.child.main_enrolment(today)
        teachers = active_designated_teachers(at_school.school, self.child.authority, today) if at_school else []
        return ContributorForm(data, by=self.user, teachers=teachers)

    def get(self, request: HttpRequest, pk: str) -> HttpResponse:
        """The form."""
        return self.page(request, self.form())

    def post(self, request: HttpRequest, pk: str) -> HttpResponse:
        """Name them; someone new gets an invitation."""
        form = self.form(request.POST)
        if not form.is_valid():
            return self.page(request, form)
        today, data = timezone.localdate(), form.cleaned_data
        try:
            with transaction.atomic():
                # The child is held, so that no move is confirmed meanwhile: nobody is named beyond the child's time at the school.
                held: Child = models.QuerySet(Child).select_for_update(no_key=True).get(pk=self.child.pk)
                require(self.user, Verb.RESTRICT if held.restricted else Verb.NAME_CONTRIBUTOR, self.child)
                at_school = self.child.main_enrolment(today)
                ends = data["last_day"] + datetime.timedelta(days=1)
                if at_school is not None and at_school.ends is not None:
                    ends = min(ends, at_school.ends)
                person = User.objects.filter(email=data["email"]).first() or User.objects.create_user(data["email"], data["name"])
                allocation = Allocation(
                    child=self.child,
                    role=Allocation.Role.SCHOOL_CONTRIBUTOR,
                    worker=person,
                    named_by=self.user,
                    starts=today,
                    ends=ends,
                )
                allocation.save()
                invite_if_new(person, self.user, self.child)
                # Who is named, ended and named again is told each time: it is another allocation.
                tell(key=f"contributor_named:{allocation.pk}", recipient=person, rule="contributor_named", child_id=self.child.pk)
                self.tell_the_heads(allocation, today)
        except IntegrityError:
            form.add_error("email", "This person already helps with this child’s plan")
            return self.page(request, form)
        except ValidationError as error:
            form.add_error("email", error)
            return self.page(request, form)
        who = "you" if Relation.DESIGNATED_TEACHER in self.relations else "the designated teacher"
        messages.success(request, f"{person.name} may now write the school’s sections for this child. Only {who} can submit the plan.")
        return redirect("children:child-detail", pk=self.child.pk)

    def tell_the_heads(self, allocation: Allocation, today: datetime.date) -> None:
        """Who works with a restricted child the head decides; where there are several, the others hear of it."""
        if not self.child.restricted:
            return
        for head, relation, _ in holders(self.child.authority.virtual_school, today):
            if relation is Relation.HEAD and head.pk != self.user.pk:
                key = f"contributor_to_restricted:{allocation.pk}:{head.pk}"
                tell(key=key, recipient=head, rule="contributor_to_restricted", child_id=self.child.pk)

    def page(self, request: HttpRequest, form: ContributorForm) -> HttpResponse:
        """The form's page."""
        back = reverse("children:child-detail", kwargs={"pk": self.child.pk})
        return self.show(request, "pep/contributor_add.html", {"form": form, "cancel_url": back, "submit_text": "Name this person"})


def invite_if_new(person: User, by: Any, child: Child) -> None:
    """Send an invitation to someone who has no password yet, and none of another authority's to take up. Raises ValidationError for
    somebody whose account is closed.
    """
    if not person.may_sign_in():
        raise ValidationError("The account of this person is closed. Ask the virtual school whether it can be opened again")
    # In the name of the virtual school: an e-mail that named the school would say where a child in care goes to school.
    invitations.invite_newcomer(person, by=by, organisation=child.authority.virtual_school.name)


class ContributorEnd(ChildScopedMixin):
    """End a contributor's help at once."""

    http_method_names = ["post"]
    model = Allocation
    related = ("child__authority", "worker")
    verb = Verb.NAME_CONTRIBUTOR

    def post(self, request: HttpRequest, pk: str) -> HttpResponse:
        """From today they see nothing of this child."""
        allocation = self.object
        if allocation.role == Allocation.Role.SCHOOL_CONTRIBUTOR:
            today = timezone.localdate()
            with transaction.atomic(), telling([self.child.pk], on=today, by=self.user):
                if allocation.ends is None or allocation.ends > max(allocation.starts, today):  # what has ended stays as it was
                    allocation.ends = max(allocation.starts, today)
                    allocation.save()
            messages.success(request, f"{allocation.worker} no longer helps with this child’s plan.")
        return redirect("children:child-detail", pk=self.child.pk)
