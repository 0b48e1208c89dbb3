"""When a sign-in ends by itself: what is kept in the session, and the rules. All of it is decided on the server."""

import time
from typing import Any

from django.conf import settings
from django.contrib.sessions.backends.base import SessionBase

IDLE_SECONDS = 60 * 60  # without a request; typing counts, for it is saved as it is typed
ABSOLUTE_SECONDS = 12 * 60 * 60
FRESH_SECONDS = 10 * 60  # how long a sign-in is new enough for changing how one signs in, and for giving rights
NOTE_SECONDS = 60  # how often a session's last use is written down

BEGAN, SEEN, SECOND_FACTOR, PERSONA = "signed_in_at", "seen_at", "second_factor", "demo_persona"

IDLE, TOO_LONG, ACCOUNT, ELSEWHERE = "idle", "too_long", "account", "elsewhere"
WHY_ENDED = {
    IDLE: "You were signed out because nothing happened for an hour. What you had typed was saved as you typed it.",
    TOO_LONG: "You were signed out because you had been signed in for 12 hours. What you had typed was saved as you typed it.",
    ACCOUNT: "You were signed out. Sign in again, or ask your virtual school if you cannot.",
    ELSEWHERE: "You were signed out everywhere.",
}


def begin(session: SessionBase) -> None:
    """Note that somebody has just signed in."""
    session[BEGAN] = session[SEEN] = time.time()


def signed_in_at(session: SessionBase) -> float | None:
    """When this sign-in began, in seconds since 1970."""
    return session.get(BEGAN)


def touch(session: SessionBase, now: float) -> None:
    """Note that the session is in use."""
    if BEGAN not in session:
        session[BEGAN] = now
    if now - session.get(SEEN, 0) >= NOTE_SECONDS:
        session[SEEN] = now


def why_ended(session: SessionBase, user: Any, now: float) -> str:
    """Why the sign-in of this session no longer holds: a key of ``WHY_ENDED``, or "" while it does."""
    if not user.is_authenticated:
        return ACCOUNT  # deactivated, past its end date, or the password was changed
    began, seen = session.get(BEGAN, now), session.get(SEEN, now)
    if user.signed_out_at is not None and began <= user.signed_out_at.timestamp():
        return ELSEWHERE
    if now - began >= ABSOLUTE_SECONDS:
        return TOO_LONG
    return IDLE if now - seen >= IDLE_SECONDS else ""


def skips_second_factor(session: SessionBase) -> bool:
    """Whether this is a persona of the demo, signed in with its button; never outside the demo."""
    return bool(settings.DEMO and session.get(PERSONA))
