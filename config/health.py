"""Whether the site can serve, and what stands behind it: one line per component, for people and for probes."""

import time

from django.contrib.auth.decorators import login_not_required
from django.core.cache import cache
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

from accounts.privileges import privilege_problems
from config.celery import BEAT_KEY, app

OK = "ok"
# The scheduler reports every 30 seconds; four missed reports are a stopped scheduler or no worker to hear it.
BEAT_LATE_SECONDS = 120
# Without these no page can be served; without the others plans are read and written, and messages and documents wait.
NEEDED = ("database", "migrations", "privileges")


def database() -> str:
    """Whether PostgreSQL answers."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return OK


def migrations() -> str:
    """Whether every migration this code knows has been run."""
    executor = MigrationExecutor(connection)
    waiting = len(executor.migration_plan(executor.loader.graph.leaf_nodes()))
    return f"{waiting} not run" if waiting else OK


def privileges() -> str:
    """Whether the application's role can do what it must and cannot do what it must not."""
    problems = privilege_problems()
    return f"{len(problems)} wrong; run set_privileges" if problems else OK


def broker() -> str:
    """Whether Redis answers within two seconds."""
    with app.connection_for_read() as connection_to_broker:
        connection_to_broker.ensure_connection(max_retries=1, interval_start=0, timeout=2)
    return OK


def worker() -> str:
    """Whether any worker answers within one second."""
    return OK if app.control.ping(timeout=1, limit=1) else "no worker answers"


def beat() -> str:
    """Whether the scheduler's last report, carried out by a worker, is recent."""
    seen = cache.get(BEAT_KEY)
    if seen is None:
        return "not seen yet"
    ago = int(time.time() - seen)
    return OK if ago < BEAT_LATE_SECONDS else f"last seen {ago} seconds ago"


COMPONENTS = {check.__name__: check for check in (database, migrations, privileges, broker, worker, beat)}


def state() -> dict[str, str]:
    """What each component says of itself: "ok" or what is wrong, in a few words and without any address."""
    found: dict[str, str] = {}
    for name, check in COMPONENTS.items():
        if name in ("worker",) and found["broker"] != OK:
            found[name] = "not known while the broker is away"
            continue
        try:
            found[name] = check()
        except DatabaseError:
            found[name] = "the database does not answer"
        except (OperationalError, RedisError, OSError):
            found[name] = "does not answer"
    return found


@login_not_required
@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    """200 when pages can be served, 503 when not; the body says which component is away."""
    found = state()
    able = all(found[name] == OK for name in NEEDED)
    return JsonResponse(
        {"site": OK if able else "cannot serve", **found},
        status=200 if able else 503,
        json_dumps_params={"indent": 2},
    )
