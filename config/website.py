"""One site of the demo or the tests on given servers: its settings, its database, its worker and its web server."""

import hashlib
import os
import secrets
import socket
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

from config import servers
from config.processes import Child, output, start
from config.servers import ServerFailed, locked

ROOT = Path(__file__).resolve().parent.parent


def environment(home: Path, *, database_url: str, redis_url: str, port: int, secret_key: str) -> dict[str, str]:
    """Every setting of a demo site, over what the shell already has (but for settings of some other site)."""
    elsewhere = ("MIGRATE_DATABASE_URL", "TRUSTED_PROXY_COUNT", "MAILDIR")
    inherited = {name: value for name, value in os.environ.items() if name not in elsewhere}
    return {
        **inherited,
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "PEP_DEMO": "1",
        "SECRET_KEY": secret_key,
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "SITE_URL": f"http://localhost:{port}",
        "ALLOWED_HOSTS": "localhost,127.0.0.1",
        "EMAIL_URL": f"file://{home / 'mail'}",
        "DEFAULT_FROM_EMAIL": "Education Plans <plans@example.org>",
    }


def offline_environment() -> dict[str, str]:
    """Settings of a production site whose servers do not exist, for checks that need settings and nothing else."""
    return {
        **{name: value for name, value in os.environ.items() if name not in ("PEP_DEMO", "MIGRATE_DATABASE_URL", "MAILDIR")},
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "SECRET_KEY": secrets.token_urlsafe(60),
        "DATABASE_URL": "postgresql://pep_app@/pep?host=/nonexistent",
        "REDIS_URL": "unix:///nonexistent/valkey.sock",
        "SITE_URL": "https://plans.example.org",
        "ALLOWED_HOSTS": "plans.example.org",
        "EMAIL_URL": "smtp://mail.example.org:587?tls=1",
        "DEFAULT_FROM_EMAIL": "Education Plans <plans@example.org>",
    }


def manage(env: dict[str, str], *arguments: str) -> None:
    """Run a management command to its end. Raises ServerFailed with its output when it fails."""
    servers.run([sys.executable, "manage.py", *arguments], cwd=ROOT, env=env)


def prepare_database(env: dict[str, str], owner_url: str) -> None:
    """Bring the tables up to date as their owner, and give the application's role what it needs."""
    manage({**env, "MIGRATE_DATABASE_URL": owner_url}, "prepare_database")


def collect_static(env: dict[str, str]) -> None:
    """Gather the static files under names with their hashes, when they differ from the last time."""
    files = [path for folder in ("src", "built") for path in sorted((ROOT / "static" / folder).rglob("*")) if path.is_file()]
    digest = hashlib.sha256()
    for path in files:
        digest.update(str(path.relative_to(ROOT)).encode() + path.read_bytes())
    target = ROOT / "staticfiles"
    target.mkdir(exist_ok=True)
    with locked(target / ".lock"):
        stamp = target / ".stamp"
        if stamp.exists() and stamp.read_text() == digest.hexdigest():
            return
        manage(env, "collectstatic", "--no-input", "--verbosity", "0")
        stamp.write_text(digest.hexdigest())


def start_worker(home: Path, env: dict[str, str]) -> Child:
    """The worker, which in the demo is the scheduler as well."""
    command = [sys.executable, "-m", "celery", "-A", "config", "worker", "--beat", "--schedule", str(home / "run" / "beat"),
               "--concurrency", "2", "--loglevel", "INFO", "--without-gossip", "--without-mingle"]  # fmt: skip
    return start("worker", command, home=home, env=env, cwd=ROOT)


def start_web(home: Path, env: dict[str, str], port: int) -> Child:
    """The web server on this machine's own address alone."""
    command = [sys.executable, "-m", "gunicorn", "config.wsgi", "--bind", f"127.0.0.1:{port}", "--workers", "2", "--threads", "4",
               "--preload", "--no-control-socket", "--graceful-timeout", "5", "--access-logfile", "-",
               "--access-logformat", "%(t)s %(m)s %(U)s %(s)s %(M)sms"]  # fmt: skip
    return start("web", command, home=home, env=env, cwd=ROOT)


def wait_for_site(child: Child, port: int, *, patience: float = 60) -> None:
    """Wait until the site can serve. Raises ServerFailed when the web server ends or stays unable, with what it last said."""
    deadline = time.monotonic() + patience
    said = ""
    while child.process.poll() is None and time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5):
                return
        except urllib.error.HTTPError as error:
            said = error.read().decode()
        except OSError:
            pass
        time.sleep(0.1)
    raise ServerFailed(f"The web server did not start; see {child.log}\n{said}\n{output(child)[-2000:]}")


def free(port: int) -> bool:
    """Whether nobody listens on this port here."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def wait_for_worker(child: Child, *, patience: float = 60) -> None:
    """Wait until the worker has said that it is ready. Raises ServerFailed when it ends or never does."""
    deadline = time.monotonic() + patience
    while child.process.poll() is None and time.monotonic() < deadline:
        if " ready." in output(child):
            return
        time.sleep(0.1)
    raise ServerFailed(f"The worker did not start; see {child.log}\n{output(child)[-2000:]}")
