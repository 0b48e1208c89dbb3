"""What is done once a day without anybody asking. Every step may be run again, or by two workers at once, and nothing happens twice."""

import datetime
import logging
import uuid
from collections.abc import Callable

from celery import shared_task
from django.utils import timezone

from children.access_changes import tell_of_the_day
from pep import deadlines, escalation, invitations, leaving, moves, opening, passed, recalculation, reminders
from pep import digests as digest_mail
from schools.ended_roles import tell_of_ended_roles

log = logging.getLogger(__name__)

TIME_LIMIT_SECONDS = 1200


@shared_task(ignore_result=True, time_limit=TIME_LIMIT_SECONDS)
def daily(on: str | None = None) -> dict[str, int]:
    """The night's work for a day (ISO; today in London unless told): moves that begin, plans of children who need none any more, records
    that open or close to somebody, dates, reminders, plans to open, what rises, dates of steps that have passed.

    Returns what was done, in numbers. Plans that fall due open after the reminders: who is told of one tonight is not reminded of it
    tonight. What is late rises last, so that none rises as not begun that opened tonight. A step that fails keeps none of the others from
    being done; all failures are raised together at the end.
    """
    day = datetime.date.fromisoformat(on) if on else timezone.localdate()
    steps: tuple[tuple[str, Callable[[], int]], ...] = (
        ("moves begun", lambda: moves.begin(day)),
        ("plans closed where none is needed", lambda: leaving.stop_where_ended(day)),
        ("access told", lambda: tell_of_the_day(day) + tell_of_ended_roles(day)),
        ("invitations withdrawn", lambda: invitations.withdraw_invitations(day)),
        ("invitations at new addresses", lambda: invitations.follow_addresses(timezone.now())),
        ("dates mended", lambda: deadlines.mend(deadlines.drift(day), on=day)),
        ("reminders", lambda: reminders.send_reminders(day)),
        ("plans opened", lambda: opening.open_due_plans(day)),
        ("raised", lambda: escalation.send_escalations(day)),
        ("dates passed", lambda: passed.send_passed(day)),
    )
    done, failed = dict[str, int](), list[Exception]()
    for name, step in steps:
        try:
            done[name] = step()
        except Exception as error:
            error.add_note(f"In the night's work for {day}: {name}")
            failed.append(error)
    log.info("The night's work for %s: %s", day, ", ".join(f"{name} {count}" for name, count in done.items()))
    if failed:
        raise ExceptionGroup(f"{len(failed)} steps of the night's work for {day} failed", failed)
    return done


def follow_address(person_id: uuid.UUID) -> int:
    """When a person's e-mail address has changed: their meetings' entries go to the new one. The night finds what this has missed."""
    return invitations.follow_addresses(of=person_id)


def withdraw_from_calendar(person_id: uuid.UUID) -> int:
    """When a person's role or account has ended: meetings about children whom they can see no more leave their calendar. The night finds
    what this has missed, and what ends by its date.
    """
    return invitations.withdraw_invitations(timezone.localdate(), of=person_id)


@shared_task(ignore_result=True)
def digests() -> int:
    """Every hour of the working day: the day's digest for whoever has not had it. Returns how many were written."""
    now = timezone.now()
    return digest_mail.send_digests(timezone.localdate(now), now)


@shared_task(ignore_result=True)
def recalculate(job_id: str) -> None:
    """Count an authority's dates again, as far as one run comes; the sweeper sends the next."""
    recalculation.go_on(uuid.UUID(job_id))


@shared_task(ignore_result=True)
def sweep_recalculations() -> int:
    """Every minute: go on with what a lost nudge or a dead worker left. Returns how many were sent again."""
    waiting = recalculation.unfinished()
    for job_id in waiting:
        recalculate.nudge(str(job_id))  # type: ignore[attr-defined]
    return len(waiting)
