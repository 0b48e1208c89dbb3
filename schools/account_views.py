"""What an account administrator does with somebody's account, a page each. No page names a child."""

import uuid
from typing import Any

from allauth.account.decorators import reauthentication_required
from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.forms import Form
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.utils.decorators import method_decorator

from accounts import details
from schools import memberships as rules
from schools import person_accounts
from schools.person_forms import CheckedForm, DetailsForm, LastDayForm, ReasonForm
from schools.timetable import ONE_DAY
from schools.views import AboutPerson, Administrator


class PersonClose(AboutPerson):
    """Close an account."""

    form_class = ReasonForm
    heading, submit_text, danger = "Close the account of {person}?", "Close the account", True
    intro = (
        "{person} is signed out at once and cannot sign in. Nothing they wrote is lost, and the account can be opened again."
        " They are told by e-mail; of staff and managers, the heads of the virtual school are told too."
    )

    def form_valid(self, form: ReasonForm) -> HttpResponse:
        """Close it."""
        person_accounts.deactivate(
            self.subject, by=self.me, organisation=self.organisation, on=self.today, because=form.cleaned_data["because"]
        )
        return self.done(f"The account of {self.subject.name} is closed.")


class PersonReopen(AboutPerson):
    """Open a closed account again."""

    heading, submit_text = "Open the account of {person} again?", "Open the account"
    intro = (
        "{person} can sign in again with the password and second step they had, and has every role again that has not ended."
        " They are told, and so are the heads of the virtual school."
    )

    def form_valid(self, form: Form) -> HttpResponse:
        """Open it."""
        person_accounts.reactivate(self.subject, by=self.me, organisation=self.organisation, on=self.today)
        return self.done(f"The account of {self.subject.name} is open again.")


class PersonLastDay(AboutPerson):
    """Say when an account ends, for agency staff and others who come for a while."""

    form_class = LastDayForm
    heading = "When does the account of {person} end?"
    intro = "After this day {person} cannot sign in, whatever their roles."

    def get_form_kwargs(self) -> dict[str, Any]:
        """The day that is set, to be changed."""
        ends = self.subject.expires_on
        initial = {"last_day": ends - ONE_DAY if ends else None}
        return {**super().get_form_kwargs(), "on": self.today, "needed": False, "initial": initial}

    def form_valid(self, form: LastDayForm) -> HttpResponse:
        """Set it."""
        try:
            person_accounts.set_last_day(
                self.subject, form.cleaned_data["last_day"], by=self.me, organisation=self.organisation, on=self.today
            )
        except ValidationError as error:
            form.add_error("last_day", error)
            return self.form_invalid(form)
        return self.done("The last day of the account is saved.")


class PersonSecondFactor(AboutPerson):
    """Reset the second step of somebody who has lost it, after checking who asks."""

    form_class = CheckedForm
    heading, submit_text, danger = "Reset the second step of {person}?", "Reset it", True
    intro = (
        "Anybody can write an e-mail in another’s name. Check that it is really {person} who asks."
        " They are told by e-mail, and the heads of the virtual school are told of their staff and teams."
        " They are signed out, and set up a new second step when they next sign in with their password."
    )

    def form_valid(self, form: CheckedForm) -> HttpResponse:
        """Reset it."""
        person_accounts.reset_sign_in(
            self.subject, by=self.me, organisation=self.organisation, on=self.today, checked=form.cleaned_data["how"]
        )
        return self.done(f"The second step of {self.subject.name} is reset.")


class PersonDetails(AboutPerson):
    """Put right what is known of somebody: name, job title, telephone."""

    template_name = "schools/person_details.html"
    form_class = DetailsForm
    heading = "Change the details of {person}"

    def get_form_kwargs(self) -> dict[str, Any]:
        """What stands there now, to be changed."""
        known = {name: getattr(self.subject, name) for name in details.DETAILS}
        return {**super().get_form_kwargs(), "initial": {**known, "shown": details.shown(self.subject)}}

    def form_valid(self, form: DetailsForm) -> HttpResponse:
        """Change them, or show what somebody else has changed since, with all that was typed."""
        typed = dict(form.cleaned_data)
        page, name = typed.pop("shown"), self.subject.name
        try:
            changed = person_accounts.change_details(
                self.subject, typed, by=self.me, organisation=self.organisation, on=self.today, page=page
            )
        except details.Changed as error:
            again = self.request.POST.copy()
            again["shown"] = details.shown(self.subject)
            form = DetailsForm(again)
            form.add_error(None, f"{error.messages[0]} Look at what stands there now, then save.")
            now = [(form.fields[one].label, getattr(self.subject, one)) for one in details.DETAILS]
            return self.render_to_response(self.get_context_data(form=form, now=now), status=409)
        return self.done(f"The details of {name} are changed." if changed else f"The details of {name} are as they were.")


class PersonInvite(Administrator):
    """Invite somebody, again if need be; or take the invitation back."""

    http_method_names = ["post"]

    @method_decorator(reauthentication_required(app="accounts"))
    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Ask again who it is when signing in was a while ago: an invitation opens an account."""
        return super().dispatch(request, *args, **kwargs)

    def post(self, request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
        """Send or withdraw, as the button says."""
        person = self.person(pk)
        try:
            if request.POST.get("action") == "withdraw":
                person_accounts.withdraw_invitation(person, by=self.me, organisation=self.organisation, on=self.today)
                messages.success(request, "The invitation no longer works.")
            else:
                person_accounts.invite_person(
                    person, by=self.me, organisation=self.organisation, on=self.today, name=rules.name_of(self.organisation)
                )
                messages.success(request, f"An invitation to {person.name} is on its way.")
        except ValidationError as error:
            messages.error(request, "; ".join(error.messages))
        except PermissionDenied as error:
            return self.not_theirs(person, str(error))
        return redirect("schools:person-detail", pk=person.pk)
