"""The demo's own pages: one button for each made-up person, and the e-mails the demo has caught. Nothing of it exists elsewhere."""

import email
import email.policy
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import wraps
from pathlib import Path

from django.conf import settings
from django.contrib.auth import REDIRECT_FIELD_NAME, login
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST, require_safe

from accounts.models import Message, User
from accounts.sessions import PERSONA, begin
from virtualschool.demo.personas import PERSONAS

MAILS_SHOWN = 100
# What Django's file backend writes between two messages.
BETWEEN_MAILS = b"\n" + b"-" * 79 + b"\n"

View = Callable[[HttpRequest], HttpResponse]


def demo_only(view: View) -> View:
    """A page that does not exist outside the demo, even if an address led to it."""

    @wraps(view)
    def respond(request: HttpRequest) -> HttpResponse:
        if not settings.DEMO:
            raise Http404
        return view(request)

    return login_not_required(respond)


@demo_only
@require_safe
def personas(request: HttpRequest) -> HttpResponse:
    """The first page: who would you like to be?"""
    known = dict(User.objects.filter(email__in=[persona.email for persona in PERSONAS]).values_list("email", "name"))
    shown = [persona for persona in PERSONAS if persona.email in known]
    context = {"personas": shown, "next": request.GET.get(REDIRECT_FIELD_NAME, ""), "next_name": REDIRECT_FIELD_NAME}
    return render(request, "demo/personas.html", context)


@demo_only
@require_POST
def become(request: HttpRequest) -> HttpResponse:
    """Sign in as a persona, without password and second factor. Nobody else can be signed in like this."""
    address = request.POST.get("email", "")
    if address not in {persona.email for persona in PERSONAS}:
        raise Http404
    user = get_object_or_404(User, email=address)
    login(request, user, backend="accounts.adapters.Backend")
    begin(request.session)
    request.session[PERSONA] = True
    wanted = request.POST.get(REDIRECT_FIELD_NAME, "")
    return redirect(wanted if url_has_allowed_host_and_scheme(wanted, allowed_hosts=None) else "/")


@dataclass(frozen=True)
class Caught:
    """One e-mail that would have been sent."""

    to: str
    subject: str
    body: str
    at: datetime
    with_entry: bool = False


def caught_mails(directory: Path) -> list[Caught]:
    """The e-mails in the demo's directory, newest first."""
    if not directory.is_dir():
        return []
    found = []
    for file in directory.iterdir():
        for text in file.read_bytes().split(BETWEEN_MAILS):
            if text.strip():
                message = email.message_from_bytes(text, policy=email.policy.default)
                sent = message["Date"].datetime
                words = message.get_body(("plain",))
                entry = any(part.get_content_type() == "text/calendar" for part in message.walk())
                body = str(words.get_content()) if words else ""
                found.append(Caught(str(message["To"]), str(message["Subject"]), body, sent, with_entry=entry))
    return sorted(found, key=lambda mail: mail.at, reverse=True)


@demo_only
@require_safe
def mails(request: HttpRequest) -> HttpResponse:
    """The e-mails the demo has caught."""
    waiting = Message.objects.filter(mail=Message.Mail.WAITING, next_try_at__gt=timezone.now()).order_by("next_try_at")
    first = waiting.first()
    context = {
        "mails": caught_mails(Path(settings.EMAIL_FILE_PATH or ""))[:MAILS_SHOWN],
        "waiting": waiting.count(),
        "next_at": first.next_try_at if first else None,
    }
    return render(request, "demo/mails.html", context)


urlpatterns = [
    path("", personas, name="demo"),
    path("sign-in/", become, name="demo-sign-in"),
    path("mail/", mails, name="demo-mail"),
]
