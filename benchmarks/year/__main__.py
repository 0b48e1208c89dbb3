"""``python -m benchmarks.year``: start a PostgreSQL of its own, live a year of an authority in it, write docs/year.md and its picture."""

import argparse
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.__main__ import MEASURING, environment, postgresql
from config import launcher, servers, website

DOCS = website.ROOT / "docs"
SEED = 2026


def main() -> int:
    """Live the year; the exit status: 0 when every promise was kept."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.year")
    parser.add_argument("--children", type=int, default=600, help="how many children are in care on the first day")
    parser.add_argument("--days", type=int, default=365)
    parser.add_argument("--seed", type=int, default=SEED, help="another seed draws another year")
    parser.add_argument("--docs", type=Path, default=DOCS, help="where year.md and images/year.svg are written")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, launcher.interrupted)
    began = time.monotonic()
    home = Path(tempfile.mkdtemp(prefix=f"pep-year-{os.getpid()}-"))
    try:
        launcher.make_home(home)
        with postgresql(home, {**MEASURING, **servers.CARELESS, "autovacuum": "on"}) as sockets:
            servers.make_database(sockets, "year")
            env = environment(servers.url(sockets, servers.APPLICATION, "year"))
            website.prepare_database(env, servers.url(sockets, servers.OWNER, "year"))
            command = [sys.executable, "-m", "benchmarks.year.process", "--docs", str(options.docs.resolve())]
            for name in ("children", "days", "seed"):
                command += [f"--{name}", str(getattr(options, name))]
            status = subprocess.call(command, cwd=website.ROOT, env=env)
    finally:
        shutil.rmtree(home, ignore_errors=True)
    print(f"It took {(time.monotonic() - began) / 60:.1f} minutes.", flush=True)
    return status


if __name__ == "__main__":
    sys.exit(main())
