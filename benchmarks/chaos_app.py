"""The product's own worker and scheduler at another pace, for ``benchmarks.chaos``: minutes become fractions of a second.

``celery -A benchmarks.chaos_app worker`` is ``celery -A config worker`` with a quicker timetable, a quicker back-off, and a sweep that
writes messages as the daily reminders do. ``python -m benchmarks.chaos_app`` makes the people who are told.
"""

from benchmarks import environment  # noqa: F401

# isort: split
# Django reads its settings as soon as anything of the product is imported, so they come first.

import os
import time

from celery.signals import worker_ready
from django.db import transaction

from accounts import mail
from accounts.models import Message, User
from accounts.outbox import tell
from config.celery import app

EVENTS, PEOPLE = int(os.environ.get("CHAOS_EVENTS", "0")), int(os.environ.get("CHAOS_PEOPLE", "0"))
SECONDS, BEGAN = float(os.environ.get("CHAOS_SECONDS", "1")), float(os.environ.get("CHAOS_BEGAN", "0"))
# How many seconds stand for a minute of the product's back-off.
MINUTE = float(os.environ.get("CHAOS_MINUTE", "60"))
AT_ONCE = 5  # events a sweep writes, so that it is over soon
RULE = "plan_returned"  # one that is mailed at once

mail.BACK_OFF = tuple(minutes * MINUTE / 60 for minutes in mail.BACK_OFF)  # type: ignore[assignment]
app.conf.beat_schedule = {
    "messages": {"task": "accounts.tasks.sweep_messages", "schedule": 2.0, "options": {"expires": 10}},
    "write": {"task": "benchmarks.chaos_app.write", "schedule": 1.0, "options": {"expires": 10}},
}


@worker_ready.connect
def say_so(**kwargs: object) -> None:
    """``benchmarks.chaos`` waits for this line."""
    print("This worker is at work.", flush=True)


@app.task(name="benchmarks.chaos_app.write")
def write() -> int:
    """Tell everybody of each event whose time has come: looked for and written as the reminders are, whoever else does the same now."""
    due = min(EVENTS, int((time.time() - BEGAN) / SECONDS * EVENTS))
    written = set(Message.objects.filter(rule=RULE).values_list("key", flat=True))
    people = list(User.objects.order_by("pk"))
    told = 0
    missing = [number for number in range(due) if any(key(number, person) not in written for person in people)]
    for number in missing[:AT_ONCE]:
        with transaction.atomic():
            told += sum(tell(key=key(number, person), recipient=person, rule=RULE, facts={"sections": number + 1}) for person in people)
    return told


def key(number: int, person: User) -> str:
    """What makes a message exist once: the event and the person."""
    return f"chaos:{number}:{person.pk}"


def make_people() -> None:
    """The people who are told; they never sign in."""
    for number in range(PEOPLE):
        User(email=f"person{number}@example.test", name=f"Person {number}", password="none").save()


if __name__ == "__main__":
    make_people()
