"""What the worker does for people: sends their messages, and tidies up after sign-ins. Every task may run twice, or at once."""

import uuid

from celery import shared_task
from django.contrib.sessions.models import Session
from django.utils import timezone

from accounts import mail, resets


@shared_task
def deliver_message(message_id: str) -> str:
    """Send one message's e-mail now."""
    return mail.deliver(uuid.UUID(message_id))


@shared_task
def sweep_messages() -> int:
    """Every minute: send what is waiting. Nothing is lost when the broker forgets a nudge."""
    resets.answer_requests()
    return mail.sweep()


@shared_task
def answer_reset_requests() -> int:
    """Write to those who asked for a new password."""
    return resets.answer_requests() and mail.sweep()


@shared_task
def tidy_sessions() -> int:
    """Every night: remove the sign-ins that have ended."""
    return Session.objects.filter(expire_date__lt=timezone.now()).delete()[0]
