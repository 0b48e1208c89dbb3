"""The Celery application and its timetable.

Celery carries only the ids of rows: what is to be done is in PostgreSQL, and sweepers find what a lost nudge or a dead worker
left undone. So a nudge that cannot be delivered is written to the log and forgotten.
"""

import functools
import logging
import os
import time
from typing import Any

from celery import Celery
from celery.contrib.django.task import DjangoTask
from celery.schedules import crontab
from celery.signals import worker_init
from django.conf import settings
from django.core.cache import cache
from django.db import transaction
from kombu import Queue
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

from config.environment import optional
from schools.timetable import DIGEST_HOURS

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
log = logging.getLogger(__name__)

# How long nobody tries a broker that did not answer (seconds), so that a page waits for it once and not each time.
QUIET_SECONDS = 30
_quiet_until = 0.0


class Task(DjangoTask):
    """A task whose nudge never fails the page that sends it."""

    def delay_on_commit(self, *args: Any, **kwargs: Any) -> None:  # type: ignore[override]  # celery returns nothing; its stubs say otherwise
        """Nudge a worker once the transaction is kept. When the broker is away, the row waits for its sweeper."""
        transaction.on_commit(functools.partial(self.nudge, *args, **kwargs))

    def nudge(self, *args: Any, **kwargs: Any) -> bool:
        """Hand the task to the broker; whether it took it."""
        global _quiet_until
        if time.monotonic() < _quiet_until and not self.app.conf.task_always_eager:
            return False
        try:
            self.delay(*args, **kwargs)
        except (OperationalError, RedisError, OSError) as error:
            _quiet_until = time.monotonic() + QUIET_SECONDS
            log.warning("The broker did not take %s (%s); a sweeper will find the work.", self.name, type(error).__name__)
            return False
        return True


app = Celery("education_plans", task_cls=Task)
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.autodiscover_tasks(related_name="render_tasks")

# Documents take seconds, messages an instant: with a queue each, taken from in turn, a term's worth of documents holds up nobody's
# e-mail. A worker takes from both unless it is started with -Q.
app.conf.task_queues = [Queue("celery"), Queue("documents")]
app.conf.task_routes = {"pep.render_tasks.*": {"queue": "documents"}}

BEAT_KEY = "beat"


@app.task(name="config.beat_seen")
def beat_seen() -> None:
    """Note that the scheduler and a worker are at work; /healthz reads it."""
    cache.set(BEAT_KEY, time.time(), timeout=None)


# Only where there is a Maildir; the settings cannot be asked yet.
MAILDIR_EVERY_FIVE_MINUTES = {"task": "virtualschool.tasks.read_maildir", "schedule": 300.0, "options": {"expires": 300}}
HOURLY_BY_DAY = crontab(hour=f"{DIGEST_HOURS[0]}-{DIGEST_HOURS[-1]}", minute=30)

app.conf.beat_schedule = {
    "beat-seen": {"task": "config.beat_seen", "schedule": 30.0, "options": {"expires": 30}},
    "messages": {"task": "accounts.tasks.sweep_messages", "schedule": 60.0, "options": {"expires": 60}},
    "documents": {"task": "pep.render_tasks.sweep_documents", "schedule": 60.0, "options": {"expires": 60}},
    "recalculations": {"task": "pep.tasks.sweep_recalculations", "schedule": 60.0, "options": {"expires": 60}},
    "sessions": {"task": "accounts.tasks.tidy_sessions", "schedule": crontab(hour=3, minute=30)},
    # Hourly, so that a morning missed is caught up; everybody has one a day at most.
    "digests": {"task": "pep.tasks.digests", "schedule": HOURLY_BY_DAY, "options": {"expires": 3000}},
    "daily": {"task": "pep.tasks.daily", "schedule": crontab(hour=5, minute=0)},
    **({"maildir": MAILDIR_EVERY_FIVE_MINUTES} if optional("MAILDIR") else {}),
}


@worker_init.connect
def refuse_owner(**kwargs: Any) -> None:
    """A worker that could rewrite history is a mistake of the operator's; it does not start."""
    if settings.AS_OWNER:
        # Celery catches exceptions of its signals' receivers, but not this one.
        raise SystemExit("A worker must not be given MIGRATE_DATABASE_URL: it could rewrite history")
