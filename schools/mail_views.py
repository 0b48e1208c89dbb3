"""The account administrator's pages about e-mail: what has not arrived, and people's addresses. No child is named, and no text."""

import re
import uuid
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.views.generic import ListView

from accounts import returned_mail as mail
from accounts.mail import STUCK
from accounts.models import Message, TriedAgain
from accounts.rules import RULES
from schools.person_accounts import change_address
from schools.person_forms import AddressForm, MailFilter
from schools.returned_mail import not_arrived_at
from schools.views import AboutPerson, Administrator

MAILS_A_PAGE = 50
# The state in a word, and the colour of its tag.
STATES = {
    Message.Mail.WAITING: ("Waiting", "blue"), Message.Mail.FAILED: ("Failed", "red"), Message.Mail.BOUNCED: ("Came back", "red"),
    Message.Mail.WITHHELD: ("Not sent", "grey"),
}  # fmt: skip
SERVER_S_ANSWER = re.compile(r"SMTP\w+ ([45])\d\d")


class MailList(Administrator, ListView):
    """What waits and since when, what could not be sent, what came back; with filters."""

    template_name = "schools/mail_list.html"
    paginate_by = MAILS_A_PAGE

    def get_queryset(self) -> QuerySet[Message]:
        """Newest first; the filters narrow it. Who last had one tried again comes with it."""
        self.filter_form = MailFilter(self.request.GET or None)
        wanted = self.filter_form.cleaned_data if self.filter_form.is_valid() else {}
        found = not_arrived_at(self.organisation, on=self.today)
        if q := wanted.get("q"):
            found = found.filter(Q(recipient__name__icontains=q) | Q(recipient__email__icontains=q))
        if state := wanted.get("state"):
            found = found.filter(mail=state)
        last = TriedAgain.objects.filter(message=OuterRef("pk")).order_by("-at")
        return found.select_related("recipient").annotate(
            again_by=Subquery(last.values("by__name")[:1]), again_at=Subquery(last.values("at")[:1])
        )

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Each e-mail with its subject, its state, why it did not arrive, and whether it can be tried again."""
        context = super().get_context_data(**kwargs, filter_form=self.filter_form, now=timezone.now())
        context["lines"] = [
            (message, RULES[message.rule].subject, STATES[Message.Mail(message.mail)], why_not(message), message.mail in STUCK)
            for message in context["page_obj"]
        ]
        return context


def why_not(message: Message) -> str:
    """Why an e-mail has not arrived, as an administrator would say it, naming no child; "" when it has not been tried."""
    if message.mail == Message.Mail.BOUNCED:
        return f"The address does not take it ({message.bounce_code})"
    if message.mail == Message.Mail.WITHHELD or not message.last_error or message.last_error.startswith("Came back"):
        return message.last_error
    answer = SERVER_S_ANSWER.match(message.last_error)
    if answer is None:
        return "The mail server did not answer"
    return f"The mail server {'put it off' if answer[1] == '4' else 'refused it'} ({message.last_error.split()[-1]})"


class PersonAddress(AboutPerson):
    """Change the address somebody signs in with: it may have been mistyped, or they have another name or another employer."""

    form_class = AddressForm
    heading, submit_text = "Change the e-mail address of {person}", "Change the address"
    intro = (
        "{person} signs in with it, and everything they are told goes to it: the calendar entries of meetings to come too."
        " Anybody can write an e-mail in another’s name. Check that it is really {person} who asks. Both addresses are told."
        " Of their staff and teams, the heads of the virtual school are told too."
    )

    def form_valid(self, form: AddressForm) -> HttpResponse:
        """Change it, or say why not."""
        email, checked = form.cleaned_data["email"], form.cleaned_data["how"]
        try:
            change_address(self.subject, email, by=self.me, organisation=self.organisation, on=self.today, checked=checked)
        except ValidationError as error:
            form.add_error("email", error)
            return self.form_invalid(form)
        return self.done(f"The e-mail address of {self.subject.name} is changed.")


class MailAgain(Administrator):
    """Have an e-mail that failed or came back sent once more."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
        """Once: a second press finds it waiting."""
        message = get_object_or_404(not_arrived_at(self.organisation, on=self.today).select_related("recipient"), pk=pk)
        if mail.send_again(message, by=self.me):
            messages.success(request, f"The e-mail to {message.recipient.name if message.recipient else message.address} is tried again.")
        else:
            messages.info(request, "This e-mail is waiting to be sent already.")
        return redirect(back_to(request))


class PersonMailArrives(Administrator):
    """Say that e-mails to somebody arrive again. An administrator may say so of their own address too: it gives no right."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
        """Take the mark away."""
        person = self.person(pk)
        if mail.arrives_again(person.pk, by=self.me):
            messages.success(request, f"{person.name} is sent e-mails again.")
        return redirect("schools:person-detail", pk=person.pk)


def back_to(request: HttpRequest) -> str:
    """The list with the filters and the page it was left at."""
    query = QueryDict(request.POST.get("back", "")[:500]).urlencode()
    return reverse("schools:mail-list") + (f"?{query}" if query else "")
