"""A person's own pages: their account, the second factor, taking up an invitation, and their messages."""

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from allauth.account.decorators import reauthentication_required
from allauth.account.views import LogoutView, PasswordChangeView
from allauth.mfa.webauthn.views import RemoveWebAuthnView
from django import forms
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse, reverse_lazy
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST
from django.views.generic import DetailView, FormView, ListView, TemplateView, View

from accounts import details, invitations
from accounts.adapters import SecondFactorAdapter
from accounts.authorship import save_by
from accounts.fields import PlainWords
from accounts.forms import FirstPassword
from accounts.models import Message, User
from accounts.outbox import inbox
from accounts.rules import sentence

GONE = 410
WhereTo = Callable[[User, Message], str | None]


@dataclass(frozen=True)
class About:
    """What a message is about, as its reader may know it today: in words, and where it is."""

    words: str
    href: str


WhatAbout = Callable[[User, Sequence[Message]], Mapping[uuid.UUID, About]]


class DigestForm(forms.Form):
    """How often a person is sent e-mails that can wait."""

    digest = forms.ChoiceField(
        label="When do you want e-mails about plans?", choices=User.Digest.choices, widget=forms.RadioSelect,
        help_text="Reminders, late plans and finished plans. Meetings, returned plans, signatures, money, changes of school, records"
        " that open or close to you and your account are told at once, outside the quiet hours that the authority has set."
        " “Each at once” is for working days in term time: on other days they wait and come together."
        " Everything stands in your messages as it happens.",
        error_messages={"required": "Choose when you want e-mails"},
    )  # fmt: skip


class AccountView(FormView):
    """What a person can see and change about their own account."""

    template_name = "accounts/account.html"
    form_class = DigestForm
    success_url = reverse_lazy("account")

    def get_initial(self) -> dict[str, Any]:
        """What holds now."""
        return {"digest": self.request.user.digest}  # type: ignore[union-attr]

    def form_valid(self, form: DigestForm) -> HttpResponse:
        """Keep the choice."""
        user: User = self.request.user  # type: ignore[assignment]
        user.digest = form.cleaned_data["digest"]
        save_by(user, by=user, because="Chose when to be sent e-mails")
        messages.success(self.request, "Your choice is kept.")
        return super().form_valid(form)


class OwnDetailsForm(PlainWords, forms.Form):
    """What people put right of themselves. ``shown`` names what the page showed."""

    job_title = forms.CharField(
        label="Job title (optional)", max_length=200, required=False, widget=forms.TextInput(attrs={"autocomplete": "organization-title"})
    )
    phone = forms.CharField(
        label="Telephone (optional)", max_length=50, required=False, widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "tel"}),
        help_text="At work. People who work with the same children read it.",
    )  # fmt: skip
    shown = forms.CharField(required=False, widget=forms.HiddenInput)


@method_decorator(reauthentication_required(app="accounts"), name="dispatch")
class OwnDetails(FormView):
    """Change one's own telephone and job title. Whoever is called back to be known again is called on this number, so it asks for a
    sign-in of the last minutes, and the person is told.
    """

    template_name = "accounts/details.html"
    form_class = OwnDetailsForm
    success_url = reverse_lazy("account")

    def get_initial(self) -> dict[str, Any]:
        """What stands there now."""
        user: User = self.request.user  # type: ignore[assignment]
        return {"job_title": user.job_title, "phone": user.phone, "shown": details.shown(user)}

    def form_valid(self, form: OwnDetailsForm) -> HttpResponse:
        """Keep them, or show what an administrator has changed since, with all that was typed."""
        typed = dict(form.cleaned_data)
        page, user = typed.pop("shown"), User.objects.get(pk=self.request.user.pk)
        try:
            changed = details.change(user, typed, by=user, because=details.BY_THEMSELVES, page=page, rule="own_details_changed")
        except details.Changed as error:
            again = self.request.POST.copy()
            again["shown"] = details.shown(user)
            form = OwnDetailsForm(again)
            form.add_error(None, f"{error.messages[0]} Look at what stands there now, then save.")
            now = [(field.label, getattr(user, name)) for name, field in form.fields.items() if name in details.OWN]
            return self.render_to_response(self.get_context_data(form=form, now=now), status=409)
        messages.success(self.request, "Your details are changed." if changed else "Your details are as they were.")
        return super().form_valid(form)


class SetUpSecondFactor(TemplateView):
    """The page to which everybody without a second factor is sent: what it is for, and the two ways."""

    template_name = "accounts/second_factor_setup.html"


class SignOut(LogoutView):
    """Sign out, and have the browser forget the pages it has shown."""

    def post(self, *args: Any, **kwargs: Any) -> HttpResponse:
        """End this sign-in."""
        response = super().post(*args, **kwargs)
        response.headers["Clear-Site-Data"] = '"cache"'
        return response


class ChangePassword(PasswordChangeView):
    """Change one's own password."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Who has no password (a persona of the demo) has none to change."""
        if not request.user.has_usable_password():  # type: ignore[union-attr]
            raise Http404
        return super().dispatch(request, *args, **kwargs)


class RemovePasskey(RemoveWebAuthnView):
    """Remove a passkey, unless it is the last second factor."""

    def form_valid(self, form: Any) -> HttpResponse:
        """Ask first whether another way remains."""
        if not SecondFactorAdapter().can_delete_authenticator(self.object):
            form.add_error(None, ValidationError(SecondFactorAdapter.error_messages["cannot_delete_authenticator"]))
            return self.form_invalid(form)
        return super().form_valid(form)


@require_POST
def sign_out_everywhere(request: HttpRequest) -> HttpResponse:
    """End every sign-in of this person, on every device."""
    user: User = request.user  # type: ignore[assignment]
    user.signed_out_at = timezone.now()
    save_by(user, by=user, because="Signed out everywhere")
    logout(request)
    messages.success(request, "You are signed out everywhere.")
    return redirect("account_login")


@method_decorator([login_not_required, sensitive_post_parameters()], name="dispatch")
class TakeUpInvitation(View):
    """Choose a password with the link of an invitation. Signing in, with the second factor, comes after it."""

    def get(self, request: HttpRequest, token: str) -> HttpResponse:
        """The page with the one question, or the same plain page for every link that no longer works."""
        return self._answer(request, token, None)

    def post(self, request: HttpRequest, token: str) -> HttpResponse:
        """Set the password."""
        return self._answer(request, token, request.POST)

    def _answer(self, request: HttpRequest, token: str, data: Any) -> HttpResponse:
        invitation = invitations.find(token)
        if invitation is None:
            return render(request, "accounts/invitation_gone.html", status=GONE)
        if request.user.is_authenticated:
            return render(request, "accounts/invitation_signed_in.html", {"invitation": invitation})
        form = FirstPassword(data, user=invitation.user)
        if data is not None and form.is_valid():
            if invitations.accept(token, form.cleaned_data["password"]) is None:
                return render(request, "accounts/invitation_gone.html", status=GONE)
            messages.success(request, "Your password is set. Sign in with it now.")
            return redirect("account_login")
        context = {"form": form, "invitation": invitation, "submit_text": "Set my password"}
        return render(request, "accounts/invitation_accept.html", context)


class MessageList(ListView):
    """A person's own messages, each with what it is about where its reader may still see that.

    ``what_about`` says so by the message's key for a whole page; the floors above, which know children and plans, give it.
    """

    template_name = "accounts/message_list.html"
    paginate_by = 25
    what_about: WhatAbout = staticmethod(lambda user, messages: {})

    def get_queryset(self) -> Any:
        """Unread first."""
        return inbox(self.request.user)  # type: ignore[arg-type]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Each message with its sentence, made from its facts."""
        context = super().get_context_data(**kwargs)
        shown = list(context["page_obj"])
        about = self.what_about(self.request.user, shown)  # type: ignore[arg-type]
        context["lines"] = [(message, sentence(message.rule, message.facts), about.get(message.pk)) for message in shown]
        return context


class MessageDetail(DetailView):
    """One message. It links to what it is about as long as its reader may still see that.

    ``where_to`` says which address that is, or None; the floors above, which know plans, give it.
    """

    template_name = "accounts/message_detail.html"
    where_to: WhereTo = staticmethod(lambda user, message: None)
    what_about: WhatAbout = staticmethod(lambda user, messages: {})

    def get_queryset(self) -> Any:
        """One's own alone; somebody else's does not exist."""
        return inbox(self.request.user)  # type: ignore[arg-type]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """The sentence, and the address of what it is about."""
        message: Message = self.object
        return {
            **super().get_context_data(**kwargs),
            "sentence": sentence(message.rule, message.facts),
            "about_something": bool(message.about_plan or message.about_child),
            "where_to": self.where_to(self.request.user, message),  # type: ignore[arg-type]
            "about": self.what_about(self.request.user, [message]).get(message.pk),  # type: ignore[arg-type]
        }

    def post(self, request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
        """Mark it as read, or as unread again."""
        message = get_object_or_404(self.get_queryset(), pk=pk)
        message.read_at = None if request.POST.get("action") == "unread" else message.read_at or timezone.now()
        message.save()
        return redirect(reverse("message-list"))
