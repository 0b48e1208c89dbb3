"""The real site for browser journeys: seeded data, the launcher's web server and worker, real commits, mail that can be read."""

import datetime
import email
import email.policy
import hashlib
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from config import launcher, servers, website
from config.processes import Child, stop
from tests import servers as test_servers
from tests.environment import ROOT, run_directory, settings_for, sockets

SEEDED, LIVE = "seeded", "live"
# Valkey's numbered database for this site alone: the unit tests' tasks are not for its worker.
HEARD = 0
FLOORS = ("accounts", "schools", "children", "pep", "virtualschool")


def seeded_key() -> str:
    """Changes when the code that makes the demo's data may have, and each day, for its dates are counted from today."""
    digest = hashlib.sha256(f"{datetime.date.today()} {test_servers.cluster_key()}".encode())  # noqa: DTZ011
    for floor in FLOORS:
        for path in sorted((ROOT / floor).rglob("*.py")):
            digest.update(str(path.relative_to(ROOT)).encode() + path.read_bytes())
    return digest.hexdigest()[:16]


def make_seeded_database() -> None:
    """The database that live sites are copied from: the demo's data, made by its command or read from an earlier run's dump."""
    dump = test_servers.kept_clusters() / f"seeded-{seeded_key()}.dump"
    connection = ["--host", str(sockets()), "--username", servers.SUPERUSER]
    programs = servers.postgresql_programs()
    if dump.exists():
        servers.make_database(sockets(), SEEDED)
        servers.run([str(programs / "pg_restore"), *connection, "--dbname", SEEDED, str(dump)], cwd=ROOT, env={})
        return
    servers.make_database(sockets(), SEEDED, template=test_servers.TEMPLATE)
    website.manage(settings_for(SEEDED, redis=HEARD), "seed_demo")
    with servers.connect(sockets(), servers.OWNER, SEEDED) as owner:
        # The documents of past terms are left unmade, so that the worker is free for those of the journeys.
        owner.execute("UPDATE pep_renderjob SET next_try_at = now() + interval '1 year' WHERE state = 'waiting'")
    for old in dump.parent.glob("seeded-*.dump"):
        # Another run may be reading one it has just found.
        if time.time() - old.stat().st_mtime > 3600:
            old.unlink(missing_ok=True)
    partial = dump.with_suffix(f".{run_directory().name}")
    dumping = ["--format", "custom", "--compress", "1", "--file", str(partial), SEEDED]
    servers.run([str(programs / "pg_dump"), *connection, *dumping], cwd=ROOT, env={})
    partial.rename(dump)


def free_port() -> int:
    """A port nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class LiveSite:
    """A running site. ``stop``, ``start`` and ``kill`` take "web", "worker" or "valkey"."""

    home: Path
    port: int
    children: dict[str, Child] = field(default_factory=dict)

    @property
    def url(self) -> str:
        """Its address without a closing slash."""
        return f"http://localhost:{self.port}"

    @property
    def env(self) -> dict[str, str]:
        """Its settings, for a program of one's own."""
        return settings_for(LIVE, redis=HEARD, port=self.port, home=self.home)

    def query(self, statement: str, *parameters: Any) -> list[tuple[Any, ...]]:
        """Rows of a statement run as the tables' owner and committed; none for one that returns nothing."""
        with servers.connect(sockets(), servers.OWNER, LIVE) as connection:
            cursor = connection.execute(statement, parameters)  # type: ignore[arg-type]
            return list(cursor.fetchall()) if cursor.description else []

    def manage(self, *words: str) -> str:
        """Run a management command as the application and return what it printed. Raises CalledProcessError."""
        command = [sys.executable, "manage.py", *words]
        return subprocess.run(command, cwd=ROOT, env=self.env, capture_output=True, text=True, check=True).stdout

    def mails(self) -> list[EmailMessage]:
        """Every mail sent so far, the oldest first."""
        found: list[EmailMessage] = []
        for path in sorted((self.home / "mail").glob("*.log"), key=lambda path: path.stat().st_mtime_ns):
            # Django writes the mails of one connection one after another, each closed by a line of dashes.
            for part in path.read_text().split("\n" + "-" * 79 + "\n"):
                if part.strip():
                    found.append(email.message_from_string(part, policy=email.policy.default))  # type: ignore[arg-type]
        return found

    def start(self, name: str) -> None:
        """Start one of its processes again and wait until it is ready."""
        STARTERS[name](self)

    def stop(self, name: str) -> None:
        """Stop one of its processes as Ctrl-C would."""
        if name == "valkey":
            test_servers.stop_valkey()
        else:
            stop(self.children.pop(name))

    def kill(self, name: str) -> None:
        """End one of its processes and all of its children at once, as a power cut would."""
        child = test_servers.RUNNING.children.pop(name) if name == "valkey" else self.children.pop(name)
        child.process.send_signal(signal.SIGKILL)
        stop(child)

    def log(self, name: str) -> str:
        """What a process has written so far."""
        return (self.home / "logs" / f"{name}.log").read_text()

    def reset(self) -> None:
        """Give the site the seeded data again, and forget mails and waiting nudges."""
        servers.drop_database(sockets(), LIVE)
        servers.make_database(sockets(), LIVE, template=SEEDED)
        for path in (self.home / "mail").iterdir():
            path.unlink()

    def close(self) -> None:
        """Stop what runs."""
        for name in list(self.children):
            self.stop(name)
        servers.drop_database(sockets(), LIVE)


def _start_web(site: LiveSite) -> None:
    site.children["web"] = website.start_web(site.home, site.env, site.port)
    website.wait_for_site(site.children["web"], site.port)


def _start_worker(site: LiveSite) -> None:
    site.children["worker"] = website.start_worker(site.home, site.env)
    website.wait_for_worker(site.children["worker"])


STARTERS: dict[str, Callable[[LiveSite], None]] = {
    "web": _start_web,
    "worker": _start_worker,
    "valkey": lambda site: test_servers.start_valkey(),
}


def open_site(parts: Sequence[str] = ("valkey", "web", "worker")) -> LiveSite:
    """A seeded site with these of its processes running."""
    home = run_directory() / "site"
    shutil.rmtree(home, ignore_errors=True)
    launcher.make_home(home)
    make_seeded_database()
    servers.make_database(sockets(), LIVE, template=SEEDED)
    site = LiveSite(home, free_port())
    website.collect_static(site.env)
    for part in parts:
        site.start(part)
    return site
