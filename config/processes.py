"""Child processes of the demo and the tests: each in a group of its own, none outliving whoever started it.

Every process leaves a file with its number and the moment it began, so that the next start can recognise and end what a killed
launcher left behind, and can never mistake a stranger for it.
"""

import ctypes
import os
import pwd
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

# The system user that PostgreSQL and Valkey run as when the launcher is root, which PostgreSQL refuses to be.
ACCOUNT = "pep"
MARK = "PEP_HOME"
PR_SET_PDEATHSIG = 1
libc = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True)
class Child:
    """A started process and what ends it."""

    name: str
    process: subprocess.Popen[bytes]
    ending: signal.Signals
    record: Path
    log: Path
    log_began: int  # where in the log this start's output begins


def account() -> str | None:
    """The user that servers run as: ``pep`` for root, made when it is missing, else None for whoever runs this."""
    if os.geteuid() != 0:
        return None
    try:
        pwd.getpwnam(ACCOUNT)
    except KeyError:
        command = ["useradd", "--system", "--user-group", "--no-create-home", "--home-dir", "/nonexistent", "--shell", "/usr/sbin/nologin"]
        subprocess.run([*command, ACCOUNT], check=True)
    return ACCOUNT


def give(path: Path, user: str | None) -> None:
    """Make a directory that only this user (None: whoever runs this) may enter."""
    path.mkdir(parents=True, exist_ok=True)
    path.chmod(0o700)
    if user:
        entry = pwd.getpwnam(user)
        os.chown(path, entry.pw_uid, entry.pw_gid)


def dies_with_parent(parent: int, ending: signal.Signals) -> Callable[[], None]:
    """What the child does before it becomes the program: ask the kernel to end it when its parent dies, however that dies."""

    def prepare() -> None:
        libc.prctl(PR_SET_PDEATHSIG, int(ending), 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)

    return prepare


def end_with_parent() -> None:
    """Ask the kernel to end this process in the ordinary way when its parent dies."""
    libc.prctl(PR_SET_PDEATHSIG, int(signal.SIGTERM), 0, 0, 0)


def start(
    name: str, command: Sequence[str], *, home: Path, env: Mapping[str, str], cwd: Path,
    user: str | None = None, ending: signal.Signals = signal.SIGTERM,
) -> Child:  # fmt: skip
    """Start a program in its own session, its output in ``home/logs/<name>.log``. Call it from the main thread, which must live on."""
    (home / "logs").mkdir(exist_ok=True)
    (home / "run").mkdir(exist_ok=True)
    path = home / "logs" / f"{name}.log"
    with open(path, "ab") as log:
        log_began = log.tell()
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, cwd=cwd, env={**env, MARK: str(home)},
            start_new_session=True, preexec_fn=dies_with_parent(os.getpid(), ending),
            user=user, group=user, extra_groups=[] if user else None,
        )  # fmt: skip
    record = home / "run" / f"{name}.pid"
    record.write_text(f"{process.pid} {began(process.pid)}")
    return Child(name, process, ending, record, path, log_began)


def output(child: Child) -> str:
    """What a process has written since this start."""
    return child.log.read_bytes()[child.log_began :].decode(errors="replace")


def stop(child: Child, *, patience: float = 15) -> None:
    """End a process as it likes to be ended; after ``patience`` seconds, and for what is left of its group, by force."""
    if child.process.poll() is None:
        child.process.send_signal(child.ending)
        try:
            child.process.wait(patience)
        except subprocess.TimeoutExpired:
            child.process.kill()
            child.process.wait()
    for number in of_session(child.process.pid):
        end(number, signal.SIGKILL)
    child.record.unlink(missing_ok=True)


def status_fields(number: int) -> list[str]:
    """The fields of ``/proc/<number>/stat`` after the program's name, none when there is no such process."""
    try:
        return Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return []


def began(number: int) -> str:
    """When a process began, in clock ticks since the machine did; empty when it is no more, or only waits to be reaped."""
    fields = status_fields(number)
    return fields[19] if _lives(fields) else ""


def _lives(fields: list[str]) -> bool:
    return bool(fields) and fields[0] not in "ZX"


def of_session(session: int) -> list[int]:
    """The living processes of a session."""
    numbers = [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]
    # Read once: a process may end between one question and the next.
    states = ((number, status_fields(number)) for number in numbers)
    return [number for number, fields in states if _lives(fields) and fields[3] == str(session)]


def is_marked(number: int, home: Path) -> bool:
    """Whether a process was started for this home, by the mark in its environment."""
    try:
        environment = Path(f"/proc/{number}/environ").read_bytes().split(b"\0")
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return False
    return f"{MARK}={home}".encode() in environment


def end(number: int, how: signal.Signals) -> None:
    """Send a signal to a process that may have ended meanwhile."""
    try:
        os.kill(number, how)
    except ProcessLookupError:
        pass


def end_orphans(home: Path, *, patience: float = 10) -> list[str]:
    """End what an earlier launcher of this home left running, known by the files it left; the names of what was ended.

    A leader is recognised by number and the moment it began; the members of a dead leader's session by their mark.
    """
    ended: list[str] = []
    for record in sorted((home / "run").glob("*.pid")):
        parts = record.read_text().split()
        leader = int(parts[0]) if len(parts) == 2 and parts[0].isdigit() else 0
        ours = [leader] if leader and began(leader) == parts[1] else []
        ours += [number for number in of_session(leader) if number not in ours and (ours or is_marked(number, home))] if leader else []
        for number in ours:
            # SIGINT makes PostgreSQL and Celery stop without waiting for anybody.
            end(number, signal.SIGINT if record.stem == "postgresql" else signal.SIGTERM)
        deadline = time.monotonic() + patience
        while any(began(number) for number in ours) and time.monotonic() < deadline:
            time.sleep(0.1)
        for number in ours:
            if began(number):
                end(number, signal.SIGKILL)
        if ours:
            ended.append(record.stem)
        record.unlink(missing_ok=True)
    return ended
