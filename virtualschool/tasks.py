"""What the worker does for the virtual school by itself."""

from pathlib import Path

from celery import shared_task
from django.conf import settings

from virtualschool import maildir


@shared_task
def read_maildir() -> int:
    """Every five minutes, where there is a Maildir: take in bounces and calendars' answers. Returns how many e-mails were looked at."""
    return maildir.read(Path(settings.MAILDIR)).total() if settings.MAILDIR else 0
