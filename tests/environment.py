"""The settings tests run with, made before anything reads them. conftest.py imports this first."""

import atexit
import os
import shutil
import tempfile
from functools import cache
from pathlib import Path

import django
from django.conf import settings

from config import launcher, servers, website

ROOT = website.ROOT
# The database of unit tests, and the number of Valkey's database that no worker reads.
UNITS, UNHEARD = "units", 15


PREFIX = "pep-tests-"


def sweep_up() -> None:
    """Remove what runs that were killed have left behind: directories that name a process which is no more."""
    for left in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        number = left.name.removeprefix(PREFIX).partition("-")[0]
        if number.isdigit() and not Path(f"/proc/{number}").exists():
            shutil.rmtree(left, ignore_errors=True)


@cache
def run_directory() -> Path:
    """This run's own directory, removed at its end."""
    sweep_up()
    path = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-"))
    # PostgreSQL's user must be able to pass through.
    path.chmod(0o711)
    launcher.make_home(path)
    atexit.register(shutil.rmtree, path, ignore_errors=True)
    return path


def sockets() -> Path:
    """Where PostgreSQL's socket is, or will be."""
    return run_directory() / "sockets"


def redis_url(number: int) -> str:
    """Valkey's address with one of its numbered databases."""
    return f"unix://{run_directory() / 'valkey' / 'valkey.sock'}?db={number}"


def settings_for(database: str, *, redis: int, port: int = 8000, home: Path | None = None) -> dict[str, str]:
    """The settings of a site on one of this run's databases."""
    return website.environment(
        home or run_directory(),
        database_url=servers.url(sockets(), servers.APPLICATION, database),
        redis_url=redis_url(redis),
        port=port,
        secret_key="only for tests " * 5,
    )


# Production's settings, so that what is tested is what is served; but quick, and over http.
os.environ.update(website.offline_environment())
os.environ["DATABASE_URL"] = servers.url(sockets(), servers.APPLICATION, UNITS)
os.environ["REDIS_URL"] = redis_url(UNHEARD)
settings.SECURE_SSL_REDIRECT = False
settings.STATIC_ROOT = run_directory() / "static"
settings.STATIC_ROOT.mkdir()
settings.STORAGES = {**settings.STORAGES, "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
django.setup()
