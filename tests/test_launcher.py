"""The demo's launcher: whatever is killed, nothing is left behind and the next start finds its data."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from config import launcher, servers
from config.processes import MARK, stop
from tests.environment import ROOT, run_directory
from tests.servers import TEMPLATE, migrated_cluster
from tests.site import free_port


@pytest.fixture(scope="module")
def home() -> Iterator[Path]:
    """A demo's home with a migrated database, as if its data had been made already."""
    path = run_directory() / "demo"
    launcher.make_home(path)
    subprocess.run(["cp", "-a", str(migrated_cluster()), str(path / "postgresql")], check=True)
    server = servers.start_postgresql(path, path / "postgresql", path / "sockets", {})
    servers.make_database(path / "sockets", "pep", template=TEMPLATE)
    stop(server)
    (path / "seeded").touch()
    yield path
    shutil.rmtree(path)


class Demo:
    """A launcher as started by ``make demo``."""

    def __init__(self, home: Path) -> None:
        self.home, self.port = home, free_port()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "config.launcher", "demo", "--port", str(self.port)],
            cwd=ROOT, env={**os.environ, "PEP_HOME": str(home)}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip

    def wait(self) -> str:
        """Its output until it tells its address."""
        assert self.process.stdout is not None
        said = ""
        for line in self.process.stdout:
            said += line
            if f"http://localhost:{self.port}" in line:
                return said
        raise AssertionError(f"the demo did not start:\n{said}")

    def health(self) -> dict[str, str]:
        """What /healthz says."""
        with urllib.request.urlopen(f"http://localhost:{self.port}/healthz", timeout=10) as response:
            found: dict[str, str] = json.load(response)
        return found

    def leader(self, name: str) -> int:
        """The process number of one of its children."""
        return int((self.home / "run" / f"{name}.pid").read_text().split()[0])

    def end(self, how: signal.Signals) -> int:
        """Send the launcher a signal; its exit status."""
        self.process.send_signal(how)
        return self.process.wait(30)


def alive(home: Path) -> list[str]:
    """The command lines of every process that was started for this home, or works in it."""
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        try:
            words = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            environment = (entry / "environ").read_bytes()
        except OSError:
            continue
        if words and (f"{MARK}={home}\0".encode() in environment + b"\0" or str(home) in words) and "config.launcher" not in words:
            found.append(words)
    return found


def nothing_left(home: Path, patience: float = 20) -> bool:
    """Whether every process of this home ends by itself in time."""
    deadline = time.monotonic() + patience
    while alive(home):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.2)
    return True


def test_ctrl_c_stops_everything_and_the_next_start_keeps_the_data(home: Path) -> None:
    demo = Demo(home)
    demo.wait()
    assert demo.health()["site"] == "ok"
    assert len(alive(home)) >= 5
    with servers.connect(home / "sockets", servers.APPLICATION, "pep") as connection:
        connection.execute("INSERT INTO cache_entry VALUES ('kept', 'yes', now() + interval '1 day')")
    assert demo.end(signal.SIGINT) == 0
    assert alive(home) == []
    again = Demo(home)
    again.wait()
    with servers.connect(home / "sockets", servers.APPLICATION, "pep") as connection:
        assert connection.execute("SELECT value FROM cache_entry WHERE cache_key = 'kept'").fetchone() == ("yes",)
    again.end(signal.SIGINT)


def test_while_it_runs_commands_use_its_servers_and_a_second_demo_is_refused(home: Path) -> None:
    demo = Demo(home)
    demo.wait()
    words = [sys.executable, "-m", "config.launcher"]
    env = {**os.environ, "PEP_HOME": str(home)}
    second = subprocess.run([*words, "demo", "--port", "1"], cwd=ROOT, env=env, capture_output=True, text=True)
    assert second.returncode == 1
    assert f"already runs at http://localhost:{demo.port}" in second.stdout
    managed = subprocess.run([*words, "manage", "--", "showmigrations accounts"], cwd=ROOT, env=env, capture_output=True, text=True)
    assert "[X] 0001_initial" in managed.stdout, managed.stderr
    assert demo.health()["site"] == "ok"
    demo.end(signal.SIGINT)
    alone = subprocess.run([*words, "manage", "--", "showmigrations accounts"], cwd=ROOT, env=env, capture_output=True, text=True)
    assert "[X] 0001_initial" in alone.stdout, alone.stderr
    assert alive(home) == []


def test_killing_the_launcher_leaves_nothing_and_the_next_start_serves(home: Path) -> None:
    demo = Demo(home)
    demo.wait()
    demo.end(signal.SIGKILL)
    # At once, while the old processes are still ending.
    again = Demo(home)
    again.wait()
    assert again.health()["database"] == "ok"
    again.end(signal.SIGINT)
    assert alive(home) == []


@pytest.mark.parametrize("victim", ["postgresql", "worker", "web", "valkey"])
def test_killing_any_process_ends_the_demo_and_the_next_start_serves(home: Path, victim: str) -> None:
    demo = Demo(home)
    demo.wait()
    os.kill(demo.leader(victim), signal.SIGKILL)
    assert demo.process.wait(40) == 1
    assert demo.process.stdout is not None
    assert f"{victim} has ended" in demo.process.stdout.read()
    assert nothing_left(home)
    again = Demo(home)
    again.wait()
    found = again.health()
    assert {found["database"], found["broker"], found["privileges"]} == {"ok"}
    again.end(signal.SIGTERM)
    assert alive(home) == []


def test_a_taken_port_is_said_and_nothing_is_started(home: Path) -> None:
    demo = Demo(home)
    demo.wait()
    other = run_directory() / "other"
    second = subprocess.run(
        [sys.executable, "-m", "config.launcher", "demo", "--port", str(demo.port)],
        cwd=ROOT, env={**os.environ, "PEP_HOME": str(other)}, capture_output=True, text=True,
    )  # fmt: skip
    assert second.returncode == 1
    assert f"Port {demo.port} is taken" in second.stdout
    assert alive(other) == []
    demo.end(signal.SIGINT)


def test_the_servers_open_no_port_and_let_nobody_else_in(home: Path) -> None:
    demo = Demo(home)
    demo.wait()
    for name in ("sockets", "valkey", "postgresql"):
        assert (home / name).stat().st_mode & 0o077 == 0
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(host="127.0.0.1", port=5432, user="pep_app", dbname="pep", connect_timeout=2)
    listening = subprocess.run(["ss", "--listening", "--tcp", "--numeric", "--no-header"], capture_output=True, text=True).stdout
    assert all(line.split()[3].startswith("127.0.0.1:") for line in listening.splitlines() if f":{demo.port} " in line)
    demo.end(signal.SIGINT)


def test_resetting_removes_the_data_unless_the_demo_runs(home: Path) -> None:
    demo = Demo(home)
    demo.wait()
    assert launcher.reset(home) == 1
    assert (home / "postgresql").exists()
    demo.end(signal.SIGINT)
    assert launcher.reset(home) == 0
    assert not home.exists()
