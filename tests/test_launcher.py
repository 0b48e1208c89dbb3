"""The demo's launcher: whatever is killed, nothing is left behind and the next start finds its data."""

import json
import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from config import launcher, processes, servers
from config.processes import MARK, began, of_session, stop
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
    shutil.rmtree(path, ignore_errors=True)


def test_a_process_that_ends_while_the_living_are_counted_is_no_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    """Other people's processes come and go; one of them had ended between two questions about it."""
    asked: set[int] = set()
    fields = processes.status_fields

    def gone_the_second_time(number: int) -> list[str]:
        if number in asked:
            return []
        asked.add(number)
        return fields(number)

    monkeypatch.setattr(processes, "status_fields", gone_the_second_time)
    assert os.getpid() in of_session(os.getsid(0))


def test_nobody_else_may_open_the_lock_by_which_a_demo_knows_that_it_runs(tmp_path: Path) -> None:
    """Whoever may open a lock's file may hold it, and the demo would not start. An older file that others could open is theirs no more."""
    for name, mode in (("new", None), ("old", 0o644)):
        lock = tmp_path / name
        if mode is not None:
            lock.touch()
            lock.chmod(mode)
        with servers.locked(lock, wait=False):
            assert stat.S_IMODE(lock.stat().st_mode) == 0o600
            with pytest.raises(BlockingIOError), servers.locked(lock, wait=False):
                pass


@pytest.fixture(scope="module")
def demo(home: Path) -> Iterator["Demo"]:
    """A running demo for tests that leave it running."""
    running = Demo(home)
    running.wait()
    yield running
    running.process.send_signal(signal.SIGINT)
    running.process.wait(30)


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


def run_launcher(home: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """One more launcher on a home, run to its end."""
    env = {**os.environ, "PEP_HOME": str(home)}
    return subprocess.run([sys.executable, "-m", "config.launcher", *words], cwd=ROOT, env=env, capture_output=True, text=True)


def test_a_second_demo_on_the_same_data_is_refused(demo: Demo) -> None:
    second = run_launcher(demo.home, "demo", "--port", "1")
    assert second.returncode == 1
    assert f"already runs at http://localhost:{demo.port}" in second.stdout


def test_a_taken_port_is_said_and_nothing_is_started(demo: Demo) -> None:
    other = run_directory() / "other"
    second = run_launcher(other, "demo", "--port", str(demo.port))
    assert second.returncode == 1
    assert f"Port {demo.port} is taken" in second.stdout
    assert alive(other) == []


def test_a_command_uses_the_running_servers(demo: Demo) -> None:
    managed = run_launcher(demo.home, "manage", "--", "showmigrations accounts")
    assert "[X] 0001_initial" in managed.stdout, managed.stderr
    assert demo.health()["site"] == "ok"


def test_a_running_demo_is_not_reset(demo: Demo) -> None:
    assert launcher.reset(demo.home) == 1
    assert (demo.home / "postgresql").exists()


def test_the_servers_let_nobody_else_in(demo: Demo) -> None:
    for name in ("sockets", "valkey", "postgresql"):
        assert (demo.home / name).stat().st_mode & 0o077 == 0, name
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(host="127.0.0.1", port=5432, user="pep_app", dbname="pep", connect_timeout=2)
    # Another of this machine's own addresses: only a server that listens on all of them would answer.
    with pytest.raises(ConnectionRefusedError), socket.create_connection(("127.0.0.2", demo.port), timeout=2):
        pass


def test_whatever_is_killed_the_next_start_serves_and_ctrl_c_leaves_nothing(demo: Demo) -> None:
    """One long story, for each start takes seconds. It ends with the demo stopped, so it comes after the tests that use it."""
    home = demo.home
    with servers.connect(home / "sockets", servers.APPLICATION, "pep") as connection:
        connection.execute("INSERT INTO cache_entry VALUES ('kept', 'yes', now() + interval '1 day')")
    running = demo
    for victim in ("launcher", "postgresql", "worker", "valkey", "web"):
        if victim == "launcher":
            # The next one starts at once, while the old processes are still ending.
            running.end(signal.SIGKILL)
        else:
            os.kill(running.leader(victim), signal.SIGKILL)
            assert running.process.wait(40) == 1
            assert running.process.stdout is not None
            assert f"{victim} has ended" in running.process.stdout.read()
            assert nothing_left(home), victim
        running = Demo(home)
        running.wait()
        found = running.health()
        assert {found["database"], found["broker"], found["privileges"]} == {"ok"}, victim
    with servers.connect(home / "sockets", servers.APPLICATION, "pep") as connection:
        assert connection.execute("SELECT value FROM cache_entry WHERE cache_key = 'kept'").fetchone() == ("yes",)
    assert len(alive(home)) >= 5
    assert running.end(signal.SIGINT) == 0
    assert alive(home) == []


def test_the_demo_says_what_it_is_doing_and_at_once_that_it_stops(home: Path) -> None:
    (home / "seeded").unlink()
    try:
        running = Demo(home)
        assert running.process.stdout is not None
        said = []
        for line in running.process.stdout:
            said.append(line.strip())
            if line.startswith("Making up"):
                break
        assert said == [
            "Starting the database …",
            "Bringing the tables up to date …",
            "Making up children, schools and people. This takes a few minutes …",
        ]
        running.process.send_signal(signal.SIGINT)
        assert running.process.stdout.readline().strip() == "Stopping …"
        assert len(alive(home)) > 0, "the servers were still up when it was said"
        assert running.process.wait(60) == launcher.INTERRUPTED
        assert alive(home) == []
    finally:
        (home / "seeded").touch()


def test_a_command_starts_the_servers_it_needs_and_stops_them(home: Path) -> None:
    alone = run_launcher(home, "manage", "--", "showmigrations accounts")
    assert "[X] 0001_initial" in alone.stdout, alone.stderr
    assert alive(home) == []


def test_resetting_removes_the_data(home: Path) -> None:
    assert launcher.reset(home) == 0
    assert not home.exists()


def test_whatever_takes_long_says_so_every_so_often(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(launcher, "TOLD_EVERY", 0.05)
    with launcher.meanwhile("making up children"):
        time.sleep(0.3)
    said = capsys.readouterr().out
    assert said.count("still making up children") >= 2
    time.sleep(0.15)
    assert capsys.readouterr().out == "", "nothing is said once it is done"


INTERRUPTED_WHILE_STARTING = """
import os, signal, subprocess, sys, time
from pathlib import Path
from config import launcher, servers

signal.signal(signal.SIGINT, launcher.interrupted)

class InterruptedPopen(subprocess.Popen):
    def __init__(self, *arguments, **words):
        super().__init__(*arguments, **words)
        print(self.pid, flush=True)
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(0.5)

subprocess.Popen = InterruptedPopen
with launcher.meanwhile("waiting"):
    try:
        servers.run(["sleep", "30"], cwd=Path("/"), env={})
    except KeyboardInterrupt:
        sys.exit(launcher.INTERRUPTED)
"""


def test_ctrl_c_in_the_middle_of_starting_a_command_ends_it_although_another_thread_tells_how_long_it_takes() -> None:
    """The kernel gives a signal to any thread that takes it; Python then raises it in the main one, whatever that one has blocked."""
    done = subprocess.run([sys.executable, "-c", INTERRUPTED_WHILE_STARTING], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode == launcher.INTERRUPTED, done.stderr
    assert began(int(done.stdout)) == "", "the command still runs"
