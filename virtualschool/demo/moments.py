"""Doing something as it was done then: by a person, at a moment of the past."""

import datetime
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace

from django.utils import timezone
from simple_history.models import HistoricalRecords

from accounts.models import User


@contextmanager
def as_if(user: User | None, day: datetime.date, *, hour: int = 10, minute: int = 0) -> Iterator[None]:
    """Inside, it is this day in London and this person is signed in: events, signatures and history say so.

    Only for making a demonstration in a process of its own: the clock of the whole process is turned.
    """
    moment = timezone.make_aware(datetime.datetime.combine(day, datetime.time(hour, minute)))
    real_now = timezone.now
    timezone.now = lambda: moment
    HistoricalRecords.context.request = SimpleNamespace(user=user)
    try:
        yield
    finally:
        timezone.now = real_now
        del HistoricalRecords.context.request
