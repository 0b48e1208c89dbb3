"""The servers tests run against: one PostgreSQL and one Valkey for a run, both thrown away afterwards.

Migrating takes many seconds, so a migrated cluster is made once, kept, and copied for each run until a migration changes. Several
runs may go on at once; each has its own copy.
"""

import hashlib
import os
import shutil
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

from accounts.privileges import append_only_tables
from config import servers, website
from config.processes import Child, stop
from tests.environment import ROOT, UNITS, run_directory, settings_for, sockets

# The database every other one is copied from; nobody connects to it.
TEMPLATE = "template_pep"
WHAT_SHAPES_A_DATABASE = (
    "*/migrations/*.py", "accounts/privileges.py", "accounts/management/commands/*.py", "config/servers.py", "config/settings.py",
    "requirements/base.txt", "requirements/demo.txt",
)  # fmt: skip
KEPT_CLUSTERS = 4


def cluster_key() -> str:
    """Changes when anything does that shapes a migrated database."""
    digest = hashlib.sha256(" ".join(append_only_tables()).encode())
    for pattern in WHAT_SHAPES_A_DATABASE:
        for path in sorted(ROOT.glob(pattern)):
            digest.update(str(path.relative_to(ROOT)).encode() + path.read_bytes())
    return digest.hexdigest()[:16]


def kept_clusters() -> Path:
    """Where migrated clusters are kept between runs."""
    base = servers.SHARED if os.geteuid() == 0 else Path.home() / ".cache" / "pep"
    path = base / "tests"
    path.mkdir(parents=True, exist_ok=True)
    return path


def migrated_cluster() -> Path:
    """A stopped cluster with the two roles, the template and the unit tests' database, made when there is none for this code."""
    keep = kept_clusters()
    target = keep / cluster_key()
    with servers.locked(keep / "lock"):
        if target.exists():
            os.utime(target)
            return target
        partial = keep / "partial"
        shutil.rmtree(partial, ignore_errors=True)
        servers.make_cluster(partial)
        child = servers.start_postgresql(run_directory(), partial, sockets(), servers.CARELESS)
        try:
            servers.make_roles(sockets())
            servers.make_database(sockets(), TEMPLATE)
            website.prepare_database(settings_for(TEMPLATE, redis=0), servers.url(sockets(), servers.OWNER, TEMPLATE))
            servers.make_database(sockets(), UNITS, template=TEMPLATE)
        finally:
            stop(child)
        partial.rename(target)
        for old in sorted((path for path in keep.iterdir() if path.is_dir()), key=lambda path: path.stat().st_mtime)[:-KEPT_CLUSTERS]:
            # Another run may be copying a cluster it has just found, so only what nobody touched for an hour goes.
            if time.time() - old.stat().st_mtime > 3600:
                shutil.rmtree(old, ignore_errors=True)
    return target


@dataclass
class Running:
    """The servers of this run that have been started."""

    children: dict[str, Child] = field(default_factory=dict)


RUNNING = Running()


def start_postgresql() -> None:
    """Start this run's PostgreSQL, unless it runs."""
    if "postgresql" in RUNNING.children:
        return
    data = run_directory() / "postgresql"
    subprocess.run(["cp", "-a", "--reflink=auto", str(migrated_cluster()), str(data)], check=True)
    RUNNING.children["postgresql"] = servers.start_postgresql(run_directory(), data, sockets(), servers.CARELESS)


def start_valkey() -> None:
    """Start this run's Valkey, unless it runs."""
    if "valkey" not in RUNNING.children:
        home = run_directory()
        RUNNING.children["valkey"] = servers.start_valkey(home, home / "valkey-data", home / "valkey" / "valkey.sock")


def stop_valkey() -> None:
    """Stop this run's Valkey, if it runs: what a site does without its broker."""
    if child := RUNNING.children.pop("valkey", None):
        stop(child)


def stop_all() -> None:
    """Stop whatever this run has started."""
    for child in reversed(RUNNING.children.values()):
        stop(child)
    RUNNING.children.clear()
