"""``python -m benchmarks``: start a PostgreSQL of its own, seed a nation into it once a day, measure, write results.md.

The measuring itself is ``benchmarks.measure``, a process of its own with the product's settings. With ``--database`` it measures in an
empty, migrated database that is already there, and starts nothing.
"""

import argparse
import datetime
import hashlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from config import launcher, servers, website
from config.processes import end_orphans, stop

ROOT = website.ROOT
RESULTS = Path(__file__).parent / "results.md"
# The nation's tables are used in the hundreds of megabytes; a PostgreSQL as it comes from the packet keeps 128 MB of them at hand.
MEASURING = {"shared_buffers": "1GB", "max_wal_size": "4GB", "work_mem": "16MB"}
# What a crash would lose while seeding is seeded again.
SEEDING = {**servers.CARELESS, **MEASURING, "wal_level": "minimal", "max_wal_senders": "0", "maintenance_work_mem": "256MB"}
WHAT_SHAPES_THE_NATION = ("*/migrations/*.py", "benchmarks/nation*.py", "pep/forms/**/*.py", "accounts/privileges.py")


def home_directory() -> Path:
    """Where the nation is kept between runs."""
    given = os.environ.get("PEP_BENCH_HOME")
    base = servers.SHARED if os.geteuid() == 0 else Path.home() / ".local" / "share" / "pep"
    return Path(given).resolve() if given else base / "bench"


def nation_key(children: int) -> str:
    """The database's name: it changes when anything does that shapes the nation, and each day, for its dates are counted from today."""
    digest = hashlib.sha256(f"{datetime.date.today()} {children}".encode())  # noqa: DTZ011
    for pattern in WHAT_SHAPES_THE_NATION:
        for path in sorted(ROOT.glob(pattern)):
            digest.update(str(path.relative_to(ROOT)).encode() + path.read_bytes())
    return f"nation_{digest.hexdigest()[:12]}"


def environment(database_url: str) -> dict[str, str]:
    """The settings of a production site on this database, asked by Django's test client."""
    return {**website.offline_environment(), "DATABASE_URL": database_url, "ALLOWED_HOSTS": "testserver"}


@contextmanager
def postgresql(home: Path, settings: dict[str, str]) -> Iterator[Path]:
    """The benchmarks' PostgreSQL for as long as the block runs; yields the directory of its socket."""
    if not (home / "postgresql" / "PG_VERSION").exists():
        servers.make_cluster(home / "postgresql")
    child = servers.start_postgresql(home, home / "postgresql", home / "sockets", settings)
    try:
        servers.make_roles(home / "sockets")
        yield home / "sockets"
    finally:
        stop(child)


def seed(home: Path, name: str, children: int) -> None:
    """Make the nation's database, unless it is there."""
    with postgresql(home, SEEDING) as sockets:
        if servers.has_database(sockets, name):
            print(f"The nation of today is there already ({name}).", flush=True)
            return
        with servers.connect(sockets, servers.SUPERUSER, "postgres") as connection:
            found = connection.execute("SELECT datname FROM pg_database WHERE datname LIKE 'nation%%'").fetchall()
        for (old,) in found:
            servers.drop_database(sockets, str(old))
        partial = f"{name}_partial"
        servers.make_database(sockets, partial)
        env, owner = environment(servers.url(sockets, servers.APPLICATION, partial)), servers.url(sockets, servers.OWNER, partial)
        website.prepare_database(env, owner)
        measure({**env, "MIGRATE_DATABASE_URL": owner}, "seed", "--children", str(children))
        print("Gathering the planner's statistics …", flush=True)
        with servers.connect(sockets, servers.SUPERUSER, partial) as connection:
            connection.execute("VACUUM (ANALYZE)")
        with servers.connect(sockets, servers.SUPERUSER, "postgres") as connection:
            connection.execute(f'ALTER DATABASE "{partial}" RENAME TO "{name}"'.encode())


def measure(env: dict[str, str], *arguments: str) -> None:
    """Run the measuring process to its end. Raises CalledProcessError when it fails."""
    subprocess.run([sys.executable, "-m", "benchmarks.measure", *arguments], cwd=ROOT, env=env, check=True)


def main() -> int:
    """Seed and measure; the exit status."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks")
    parser.add_argument("--children", type=int, default=85_000, help="how many children the nation has; all else follows")
    parser.add_argument("--rounds", type=int, default=20, help="how often each thing is measured")
    parser.add_argument("--results", type=Path, default=RESULTS)
    parser.add_argument("--database", help="an empty, migrated database to use, postgresql://…, instead of one of its own")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, launcher.interrupted)
    began = time.monotonic()
    words = ["--rounds", str(options.rounds), "--results", str(options.results.resolve())]
    if options.database:
        env = environment(options.database)
        measure(env, "seed", "--children", str(options.children))
        measure(env, "measure", *words)
    else:
        home = home_directory()
        launcher.make_home(home)
        with servers.locked(home / "lock"):
            end_orphans(home)
            name = nation_key(options.children)
            seed(home, name, options.children)
            with postgresql(home, MEASURING) as sockets:
                measure(environment(servers.url(sockets, servers.APPLICATION, name)), "measure", *words)
    print(f"{options.results} is written. It took {(time.monotonic() - began) / 60:.1f} minutes.", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
