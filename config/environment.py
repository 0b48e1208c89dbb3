"""Reading settings from the environment: small typed functions that say which setting is missing or wrong.

Every problem is collected, so that an operator is told all of them at once.
"""

import os
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

problems: list[str] = []


def text(name: str, meaning: str) -> str:
    """A setting that must be there; its absence is noted and reported by ``refuse_if_wrong``."""
    value = os.environ.get(name, "").strip()
    if not value:
        problems.append(f"{name} is missing: {meaning}")
    return value


def optional(name: str) -> str:
    """A setting that may be absent."""
    return os.environ.get(name, "").strip()


def words(name: str, meaning: str) -> list[str]:
    """A comma-separated setting that must be there."""
    return [word.strip() for word in text(name, meaning).split(",") if word.strip()]


def switch(name: str) -> bool:
    """A setting that is on only when it is exactly "1"."""
    return os.environ.get(name, "") == "1"


def number(name: str, default: int) -> int:
    """A whole number, or ``default``; anything else is noted."""
    value = os.environ.get(name, "").strip()
    if not value:
        return default
    if not value.isdigit():
        problems.append(f"{name} must be a whole number")
        return default
    return int(value)


def postgresql(name: str, url: str) -> dict[str, Any]:
    """Django's database settings from ``postgresql://user:password@host:port/name?host=/socket/directory&sslmode=…``.

    Anything but PostgreSQL is noted as a problem: constraints, locks and roles the product relies on exist nowhere else.
    """
    parts = urlsplit(url)
    if url and (parts.scheme not in ("postgresql", "postgres") or not parts.path.strip("/") or not parts.username):
        problems.append(f"{name} must read postgresql://user:password@host:port/database")
        return {}
    options = dict(parse_qsl(parts.query))
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.strip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": options.pop("host", parts.hostname or ""),
        "PORT": str(parts.port or ""),
        "OPTIONS": {"connect_timeout": 5, **options},
        # Connections outlive requests, and one that the server has closed is noticed and replaced.
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
    }


def broker(name: str, url: str) -> str:
    """Celery's address of a Redis or Valkey given as ``redis://``, ``rediss://`` or ``unix:///path?db=0``."""
    parts = urlsplit(url)
    if url and parts.scheme not in ("redis", "rediss", "unix"):
        problems.append(f"{name} must begin with redis://, rediss:// or unix://")
    if parts.scheme == "unix":
        return f"redis+socket://{parts.path}?virtual_host={dict(parse_qsl(parts.query)).get('db', '0')}"
    return url


@dataclass(frozen=True)
class Mail:
    """How mail leaves the product."""

    host: str
    port: int
    user: str
    password: str
    use_tls: bool
    use_ssl: bool
    directory: str | None


def mail(name: str, url: str, *, demo: bool) -> Mail:
    """Mail settings from ``smtp://user:password@host:587?tls=1`` or ``smtps://…``.

    The demo catches mail in a directory, ``file:///directory``; elsewhere that is a problem, for messages would pile up unsent.
    """
    parts = urlsplit(url)
    caught = parts.scheme == "file" and demo
    if url and not caught and (parts.scheme not in ("smtp", "smtps") or not parts.hostname):
        problems.append(f"{name} must read smtp://user:password@host:587?tls=1 or smtps://user:password@host:465")
    return Mail(
        host=parts.hostname or "",
        port=parts.port or (465 if parts.scheme == "smtps" else 25),
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        use_tls=parts.scheme == "smtp" and dict(parse_qsl(parts.query)).get("tls") == "1",
        use_ssl=parts.scheme == "smtps",
        directory=parts.path if caught else None,
    )


def check_site(name: str, url: str, *, demo: bool) -> str:
    """The site's own address without a closing slash: https, or http on this machine alone for the demo."""
    parts = urlsplit(url)
    here = parts.hostname in ("localhost", "127.0.0.1")
    if demo and not (parts.scheme == "http" and here):
        problems.append("PEP_DEMO is set, and the demo is served on this machine alone: take PEP_DEMO away")
    if url and not demo and (parts.scheme != "https" or not parts.hostname or parts.path.strip("/")):
        problems.append(f"{name} must read https://host")
    return url.rstrip("/")


def refuse_if_wrong() -> None:
    """Raise ImproperlyConfigured with every problem found so far, one a line."""
    if problems:
        found = "\n".join(f"  - {problem}" for problem in problems)
        problems.clear()
        raise ImproperlyConfigured(f"Education Plans cannot start:\n{found}\nSettings are described in docs/operations.md.")
