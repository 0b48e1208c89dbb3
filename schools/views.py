"""The account administrator's pages: the people of their own organisation, their roles and their accounts. No page names a child."""

import datetime
import uuid
from typing import Any

from allauth.account.decorators import reauthentication_required
from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import Exists, OuterRef, Prefetch, Q, QuerySet
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views.generic import FormView, ListView, View

from accounts import invitations
from accounts.authorship import save_by
from accounts.models import Invitation, Message, User
from accounts.rules import RULES
from accounts.second_factor import has_second_factor
from schools import memberships as rules
from schools import person_accounts
from schools.ended_roles import end_role, has_ended
from schools.models import PLACE_OF_ROLE, Membership
from schools.person_forms import LastDayForm, PeopleFilter, PersonForm, RoleForm
from schools.returned_mail import ABOUT_ACCOUNTS
from schools.sheets import csv_address, csv_download
from schools.timetable import ONE_DAY

PEOPLE_A_PAGE = 50
PEOPLE_HEAD = ("Name", "E-mail", "Job title", "Telephone", "Account ends on", "Account", "Roles with you")
MAILS_SHOWN = 10


class Administrator(View):
    """A page for account administrators; for everybody else it does not exist."""

    organisation: rules.Organisation
    today: datetime.date

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Find out what the person administers today."""
        self.today = timezone.localdate()
        self.me: User = request.user  # type: ignore[assignment]
        self.organisation = rules.administered_by(self.me, self.today)
        if not self.organisation:
            raise Http404
        return super().dispatch(request, *args, **kwargs)

    def person(self, pk: uuid.UUID) -> User:
        """Somebody of the own organisation; anybody else does not exist."""
        return get_object_or_404(rules.people_of(self.organisation), pk=pk)

    def own_role(self, pk: uuid.UUID) -> Membership:
        """A role of the own organisation."""
        roles = rules.own_roles(self.organisation).select_related("user", "team__authority", "school", "virtual_school", "authority")
        return get_object_or_404(roles, pk=pk)

    def not_theirs(self, person: User, why_not: str) -> HttpResponse:
        """Say why something is not theirs to do with somebody of their own organisation, and lead back."""
        return render(self.request, "schools/person_not_yours.html", {"person": person, "why_not": why_not}, status=403)


def roles_to_show(organisation: rules.Organisation) -> Prefetch:
    """The organisation's own roles of people, with their places."""
    shown = rules.own_roles(organisation).select_related("team", "school", "virtual_school", "authority", "granted_by")
    return Prefetch("memberships", queryset=shown.order_by("-starts"), to_attr="roles_here")


class PersonList(Administrator, ListView):
    """The people of the own organisation, with filters."""

    template_name = "schools/person_list.html"
    paginate_by = PEOPLE_A_PAGE

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """A page of people; ``?format=csv`` gives all of them as a sheet."""
        if request.GET.get("format") != "csv":
            return super().get(request, *args, **kwargs)
        people: list[Any] = list(self.get_queryset())
        elsewhere = rules.work_elsewhere(people, self.organisation, self.today)  # the particulars of their people are another authority's
        with_children = rules.allocations_of(people, self.organisation, self.today)
        lines = (
            [
                person.name, person.email, *(("", "") if person.pk in elsewhere else (person.job_title, person.phone)), person.expires_on,
                state_of(person, self.today)[0],
                "; ".join(
                    [
                        *(f"{role.get_role_display()}, {role.place}" for role in current(person.roles_here, self.today)),
                        *(allocation_in_words(one) for one in with_children.get(person.pk, [])),
                    ]
                ),
            ]
            for person in people
        )  # fmt: skip
        return csv_download(f"people-{self.today}", PEOPLE_HEAD, lines)

    def get_queryset(self) -> QuerySet[User]:
        """By name; the filters narrow it."""
        self.filter_form = PeopleFilter(self.request.GET or None)
        wanted = self.filter_form.cleaned_data if self.filter_form.is_valid() else {}
        people = rules.people_of(self.organisation)
        if q := wanted.get("q"):
            people = people.filter(Q(name__icontains=q) | Q(email__icontains=q))
        if role := wanted.get("role"):
            at_a_place = Q(pk__in=rules.own_roles(self.organisation).filter(role=role).values("user"))
            people = people.filter(at_a_place | rules.allocated_as(role, self.organisation, self.today))
        if state := wanted.get("state"):
            people = people.filter(in_state(state, self.today))
        return people.annotate(invited=waiting_invitation()).prefetch_related(roles_to_show(self.organisation)).order_by("name", "pk")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Each person with the state of the account in a word."""
        context = super().get_context_data(**kwargs, filter_form=self.filter_form, csv_url=csv_address(self.request))
        with_children = rules.allocations_of(context["page_obj"], self.organisation, self.today)
        context["people"] = [
            (
                person,
                state_of(person, self.today),
                current(person.roles_here, self.today),
                [allocation_in_words(one) for one in with_children.get(person.pk, [])],
            )
            for person in context["page_obj"]
        ]
        return context


def allocation_in_words(allocation: tuple[str, int]) -> str:
    """What somebody is to children by allocation: "Social worker of 9 children"."""
    role, number = allocation
    return f"{role} of {number} {'child' if number == 1 else 'children'}"


def waiting_invitation() -> Exists:
    """Whether a person has an invitation that has not been used."""
    return Exists(
        Invitation.objects.filter(user=OuterRef("pk"), accepted_at__isnull=True, withdrawn_at__isnull=True, expires_at__gt=timezone.now())
    )


def in_state(state: str, on: datetime.date) -> Q:
    """The people whose account is in a state of the filter on a day."""
    closed = Q(is_active=False) | Q(expires_on__lte=on)
    no_password = Q(password="") | Q(password__startswith="!")  # noqa: S105
    return {
        "active": ~closed & ~no_password,
        "closed": closed,
        "invited": ~closed & no_password & Q(waiting_invitation()),
        "none": ~closed & no_password & ~Q(waiting_invitation()),
        "returned": Q(mail_returned_on__isnull=False),
    }[state]


def state_of(person: User, on: datetime.date) -> tuple[str, str]:
    """The state of an account in a word, and the colour of its tag."""
    if not person.is_active:
        return "Closed", "grey"
    if person.expires_on is not None and person.expires_on <= on:
        return "Ended", "grey"
    if person.has_usable_password():
        return "Can sign in", "green"
    return ("Invited", "blue") if person.invited else ("No account", "yellow")  # type: ignore[attr-defined]


def current(roles: list[Membership], on: datetime.date) -> list[Membership]:
    """The roles that hold on a day or will."""
    return [role for role in roles if not has_ended(role, on)]


class PersonDetail(Administrator):
    """One person: account, roles here, invitation, e-mails sent to them."""

    def get(self, request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
        """What an administrator may know: nothing about children, nothing about other authorities."""
        people = (
            rules.people_of(self.organisation).annotate(invited=waiting_invitation()).prefetch_related(roles_to_show(self.organisation))
        )
        person: Any = get_object_or_404(people, pk=pk)
        why_not = rules.why_not_change(person, self.organisation, by=self.me, on=self.today)
        mails = Message.objects.filter(recipient=person).exclude(mail=Message.Mail.NONE).order_by("-created_at")
        if why_not:
            # What somebody is told about another authority's plans, and when, is not this one's to see.
            mails = mails.filter(rule__in=ABOUT_ACCOUNTS)
        context = {
            "person": person, "state": state_of(person, self.today), "roles": person.roles_here,
            "why_not": why_not,
            "allocations": [
                allocation_in_words(one)
                for one in rules.allocations_of([person], self.organisation, self.today).get(person.pk, [])
            ],
            "second_factor": has_second_factor(person), "invitation": invitations.latest(person), "today": self.today,
            "now": timezone.now(),
            "mails": [(RULES[message.rule].subject, message) for message in mails[:MAILS_SHOWN]], "is_me": person == self.me,
            "can_invite": bool(person.email) and not person.has_usable_password() and person.may_sign_in()
            and not person_accounts.why_not_invite(person, self.organisation, by=self.me, on=self.today),
        }  # fmt: skip
        return render(request, "schools/person_detail.html", context)


class AdministratorForm(Administrator, FormView):
    """A form about one person, or about a new one. Giving rights needs a sign-in of the last ten minutes."""

    template_name = "schools/person_form.html"
    heading = ""
    submit_text = "Save"
    danger = False
    intro = ""
    form_class: Any = Form
    subject: User

    @method_decorator(reauthentication_required(app="accounts"))
    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Ask again who it is when signing in was a while ago."""
        return super().dispatch(request, *args, **kwargs)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """The words of the page."""
        subject = getattr(self, "subject", None)
        words = {
            "title": self.heading.format(person=subject), "intro": self.intro.format(person=subject), "submit_text": self.submit_text,
            "danger": self.danger, "cancel_url": self.back(), "person": subject,
        }  # fmt: skip
        return super().get_context_data(**words, **kwargs)

    def back(self) -> str:
        """Where the page leads, done or not."""
        return reverse("schools:person-detail", args=[self.subject.pk])

    def done(self, text: str) -> HttpResponse:
        """Say what was done, and go back."""
        messages.success(self.request, text)
        return redirect(self.back())

    def refused(self, form: Any, error: ValidationError | PermissionDenied) -> HttpResponse:
        """Show why not, with everything still filled in."""
        form.add_error(None, "; ".join(error.messages) if isinstance(error, ValidationError) else str(error))
        return self.form_invalid(form)


class PersonAdd(AdministratorForm):
    """Add a person with a role, or give a role to somebody who is known by their address."""

    form_class = PersonForm
    heading, submit_text = "Add a person", "Add"

    def get_form_kwargs(self) -> dict[str, Any]:
        """The places to choose from are the organisation's own."""
        return {**super().get_form_kwargs(), "organisation": self.organisation, "on": self.today}

    def back(self) -> str:
        """To the list, or to the person once there is one."""
        return super().back() if hasattr(self, "subject") else reverse("schools:person-list")

    def form_valid(self, form: PersonForm) -> HttpResponse:
        """Add, give the role, invite: all or nothing."""
        data = form.cleaned_data
        try:
            with transaction.atomic():
                person = form.known
                if person is None:
                    person = User(email=data["email"], name=data["name"], job_title=data["job_title"], phone=data["phone"])
                    person.set_unusable_password()
                    save_by(person, by=self.me)
                give(self, person, data)
                invite = data["invite"] and not person.has_usable_password() and person.may_sign_in()
                if invite:
                    person_accounts.invite_person(
                        person, by=self.me, organisation=self.organisation, on=self.today, name=rules.name_of(self.organisation)
                    )
        except (ValidationError, PermissionDenied) as error:
            return self.refused(form, error)
        self.subject = person
        return self.done(f"{person.name} is added and an invitation is on its way." if invite else f"{person.name} is added.")


def give(page: Administrator, person: User, data: dict[str, Any]) -> Membership:
    """Give the role that a form asks for."""
    last_day = data["last_day"]
    return rules.give_role(
        person, data["role"], data["place"], by=page.me, organisation=page.organisation, starts=data["starts"],
        ends=last_day + ONE_DAY if last_day else None,
        authority=data["authority"] if PLACE_OF_ROLE.get(data["role"]) == "school" else None,
    )  # fmt: skip


class AboutPerson(AdministratorForm):
    """A form about somebody of the own organisation. Whoever may not do what it is for is told why, before it is filled in and after."""

    def setup_subject(self) -> None:
        """Who the page is about. Raises Http404 for somebody of another organisation."""
        self.subject = self.person(self.kwargs["pk"])

    def why_not(self) -> str:
        """Why this administrator may not do it with this person: a sentence, or "" when they may."""
        return rules.why_not_change(self.subject, self.organisation, by=self.me, on=self.today)

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """The form."""
        self.setup_subject()
        why_not = self.why_not()
        return self.not_theirs(self.subject, why_not) if why_not else super().get(request, *args, **kwargs)

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Do it, or say why not."""
        self.setup_subject()
        if why_not := self.why_not():
            return self.not_theirs(self.subject, why_not)
        try:
            return super().post(request, *args, **kwargs)
        except PermissionDenied as error:  # somebody else's only since it was asked
            return self.not_theirs(self.subject, str(error))


class RoleAdd(AboutPerson):
    """Give a further role."""

    form_class = RoleForm
    heading, submit_text = "Give {person} a role", "Give the role"

    def why_not(self) -> str:
        """A role of the own organisation is given to whoever else they work for; nobody gives one to themselves."""
        return rules.NOT_YOURSELF if self.subject == self.me else ""

    def get_form_kwargs(self) -> dict[str, Any]:
        """The places to choose from are the organisation's own."""
        return {**super().get_form_kwargs(), "organisation": self.organisation, "on": self.today}

    def form_valid(self, form: RoleForm) -> HttpResponse:
        """Give it."""
        try:
            role = give(self, self.subject, form.cleaned_data)
        except ValidationError as error:
            return self.refused(form, error)
        return self.done(f"{self.subject.name} is {role.get_role_display().lower()} at {role.place}.")


class RoleEnd(AboutPerson):
    """End a role after its last day."""

    form_class = LastDayForm
    heading, submit_text, danger = "End a role of {person}", "End the role", True

    def setup_subject(self) -> None:
        """The role, and whose it is; one of another organisation does not exist, nor does one that has ended."""
        self.role = role = self.own_role(self.kwargs["pk"])
        if has_ended(role, self.today):
            raise Http404
        self.subject = role.user
        self.intro = f"{role.get_role_display()} at {role.place}. After the last day {{person}} no longer sees anything by this role."
        if role.ends is not None:
            last = role.ends - ONE_DAY
            self.intro += f" It ends after {last.day} {last:%B %Y} already: here you can only give an earlier day."
            self.intro += " To have it for longer, give the role again."

    def why_not(self) -> str:
        """As giving one."""
        return rules.why_not_grant(self.role, self.organisation, by=self.me)

    def get_form_kwargs(self) -> dict[str, Any]:
        """Today, unless another day is typed."""
        return {**super().get_form_kwargs(), "on": self.today}

    def form_valid(self, form: LastDayForm) -> HttpResponse:
        """End it."""
        last_day = form.cleaned_data["last_day"]
        if last_day < self.today - ONE_DAY:
            form.add_error("last_day", "The last day cannot be before yesterday")
            return self.form_invalid(form)
        try:
            end_role(self.role, by=self.me, organisation=self.organisation, last_day=last_day)
        except ValidationError as error:
            form.add_error("last_day", error)
            return self.form_invalid(form)
        return self.done(f"The role of {self.subject.name} ends after {last_day.day} {last_day:%B %Y}.")
