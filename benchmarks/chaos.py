"""``python -m benchmarks.chaos``: the promises about messages, tried for real; writes chaos.md and fails when one is broken.

Four workers and two schedulers of the product, a PostgreSQL, a Valkey and a mail server of its own, all on sockets or 127.0.0.1. While
messages are written and sent, workers are killed with kill -9 at any point and exactly between the mail server's answer and the
commit, the broker is wiped and stopped, PostgreSQL is killed, the mail server is away, slow, busy and refusing. Then all is left in
peace, and counted.
"""

import argparse
import datetime
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
import redis

from benchmarks.chaos_smtp import BUSY, REFUSED, Arrival, MailServer
from config import launcher, servers, website
from config.processes import Child, end_orphans, output, start, stop

RESULTS = Path(__file__).parent / "chaos.md"
DATABASE = "chaos"
AT_WORK = "This worker is at work."  # what benchmarks.chaos_app says


@dataclass(frozen=True)
class Size:
    """How much is written, for how long, and by how many."""

    events: int = 40
    people: int = 25
    seconds: float = 150
    patience: float = 120  # seconds in peace until everything must have arrived
    workers: int = 4
    minute: float = 0.25  # seconds that stand for a minute of the back-off
    every: float = 7  # seconds between two kills
    seed: int = 1


@dataclass(frozen=True)
class Row:
    """A message as the database has it at the end."""

    message: str
    key: str
    mail: str
    mail_id: str
    mail_to: str


@dataclass(frozen=True)
class Promise:
    """Something that must hold, what was found, and whether it does."""

    words: str
    found: str
    kept: bool


@dataclass
class Done:
    """What was done to it."""

    anywhere: int = 0  # workers killed at whatever they did
    between: int = 0  # workers killed between the mail server's answer and the commit
    schedulers_killed: int = 0
    databases_killed: int = 0
    in_hand: int = 0  # e-mails that workers may have had in hand when PostgreSQL died, one for each
    wiped: int = 0
    broker_away: float = 0
    mail_away: float = 0

    @property
    def workers_killed(self) -> int:
        """In either way."""
        return self.anywhere + self.between


# What happens when, as parts of the whole time; each lasts until the next of its kind.
TIMETABLE: tuple[tuple[float, str], ...] = (
    (0.08, "mail slow"),
    (0.16, "mail normal"),
    (0.20, "wipe broker"),
    (0.26, "mail down"),
    (0.36, "mail up"),
    (0.42, "stop broker"),
    (0.52, "start broker"),
    (0.56, "kill postgresql"),
    (0.62, "mail busy"),
    (0.72, "mail refusing"),
    (0.80, "mail normal"),
    (0.82, "kill scheduler"),
    (0.86, "wipe broker"),
    (0.90, "kill postgresql"),
)


@dataclass
class Chaos:
    """The servers, who works on them, and the one who breaks them."""

    home: Path
    size: Size
    env: dict[str, str]
    mail: MailServer
    children: dict[str, Child] = field(default_factory=dict)
    done: Done = field(default_factory=Done)

    def __post_init__(self) -> None:
        self.random = random.Random(self.size.seed)
        self.began = time.monotonic()
        self.away: dict[str, float] = {}
        self.ready: set[int] = set()

    @property
    def worker_names(self) -> list[str]:
        """The workers, whether they live or not."""
        return [f"worker{number}" for number in range(self.size.workers)]

    @property
    def scheduler_names(self) -> list[str]:
        """Two, which never know of one another."""
        return ["scheduler0", "scheduler1"]

    def start_all(self) -> None:
        """Start whoever is not at work."""
        for name in (*self.worker_names, *self.scheduler_names):
            child = self.children.get(name)
            if child is None or child.process.poll() is not None:
                if child is not None:
                    stop(child)
                self.children[name] = start(name, self.command(name), home=self.home, env=self.env, cwd=website.ROOT)

    def command(self, name: str) -> list[str]:
        """The product's own worker or scheduler, on another timetable."""
        celery = [sys.executable, "-m", "celery", "-A", "benchmarks.chaos_app"]
        if name.startswith("worker"):
            return [*celery, "worker", "--concurrency", "1", "--loglevel", "WARNING", "--without-gossip", "--without-mingle",
                    "--hostname", f"{name}@chaos"]  # fmt: skip
        return [*celery, "beat", "--schedule", str(self.home / "run" / f"{name}.schedule"), "--pidfile", "", "--loglevel", "WARNING"]

    def working(self) -> list[Child]:
        """The workers that live and are ready."""
        found = [self.children[name] for name in self.worker_names if name in self.children]
        alive = [child for child in found if child.process.poll() is None]
        self.ready |= {child.process.pid for child in alive if child.process.pid not in self.ready and AT_WORK in output(child)}
        return [child for child in alive if child.process.pid in self.ready]

    def kill(self, child: Child) -> None:
        """End a process and its children at once, as a power cut would."""
        child.process.send_signal(signal.SIGKILL)
        stop(child)

    def kill_worker(self) -> None:
        """Kill one at whatever it does; every second time, have the mail server choose one in the worst moment.

        One is left at work, so that the storm meets work and not silence.
        """
        working = self.working()
        if len(working) < 2:
            return
        if self.mail.waits_to_kill or self.random.random() < 0.5:
            self.mail.kill_next([child.process.pid for child in working])
        else:
            self.kill(self.random.choice(working))
            self.done.anywhere += 1

    def happen(self, what: str) -> None:
        """One entry of the timetable."""
        match what.split():
            case ["mail", "down"]:
                self.mail.down()
                self.away["mail"] = time.monotonic()
            case ["mail", "up"]:
                self.mail.up()
                self.done.mail_away += time.monotonic() - self.away.pop("mail")
            case ["mail", mood]:
                self.mail.mood = mood
            case ["wipe", _]:
                with redis.Redis(unix_socket_path=str(self.broker_socket)) as broker:
                    broker.flushall()
                self.done.wiped += 1
            case ["stop", _]:
                stop(self.children.pop("valkey"))
                self.away["broker"] = time.monotonic()
            case ["start", _]:
                self.start_broker()
                self.done.broker_away += time.monotonic() - self.away.pop("broker")
            case ["kill", "postgresql"]:
                self.kill(self.children.pop("postgresql"))
                self.done.databases_killed += 1
                self.done.in_hand += self.size.workers
                self.start_database()
            case ["kill", _]:
                self.kill(self.children[self.random.choice(self.scheduler_names)])
                self.done.schedulers_killed += 1

    @property
    def broker_socket(self) -> Path:
        """Valkey's."""
        return self.home / "valkey" / "valkey.sock"

    def start_broker(self) -> None:
        """Start Valkey on what it kept."""
        self.children["valkey"] = servers.start_valkey(self.home, self.home / "valkey-data", self.broker_socket)

    def start_database(self) -> None:
        """Start PostgreSQL as production has it: what was committed is on the disk."""
        self.children["postgresql"] = servers.start_postgresql(self.home, self.home / "postgresql", self.home / "sockets", {}, patience=60)

    def rows(self) -> list[Row]:
        """Every message there is."""
        statement = "SELECT id::text, key, mail, mail_id, mail_to FROM accounts_message WHERE rule = 'plan_returned'"
        with servers.connect(self.home / "sockets", servers.OWNER, DATABASE) as connection:
            return [Row(*map(str, row)) for row in connection.execute(statement).fetchall()]

    def people(self) -> dict[str, str]:
        """The address of everybody, by key."""
        with servers.connect(self.home / "sockets", servers.OWNER, DATABASE) as connection:
            return {str(key): str(address) for key, address in connection.execute("SELECT id::text, email FROM accounts_user").fetchall()}

    def progress(self, words: str) -> None:
        """A line for whoever watches."""
        try:
            rows = self.rows()
        except psycopg.Error:
            rows = []
        sent = sum(row.mail == "sent" for row in rows)
        print(
            f"{time.monotonic() - self.began:5.0f} s  {len(rows):5} messages {sent:5} sent {len(self.mail.arrivals):5} arrived"
            f"  {self.done.anywhere + len(self.mail.killed):3} workers killed, {len(self.working())} at work  {words}",
            flush=True,
        )

    def storm(self) -> None:
        """Break things for as long as the size says."""
        self.began = time.monotonic()
        ends = self.began + self.size.seconds
        timetable, next_kill, next_line, words = list(TIMETABLE), time.monotonic() + self.size.every, 0.0, ""
        while time.monotonic() < ends:
            part = 1 - (ends - time.monotonic()) / self.size.seconds
            while timetable and timetable[0][0] <= part:
                words = timetable.pop(0)[1]
                self.happen(words)
                next_line = 0
            if time.monotonic() >= next_kill:
                self.kill_worker()
                next_kill = time.monotonic() + self.random.uniform(0.5, 1.5) * self.size.every
            self.start_all()
            if time.monotonic() >= next_line:
                self.progress(words)
                next_line, words = time.monotonic() + 5, ""
            time.sleep(0.1)
        for _, what in timetable:
            self.happen(what)

    def peace(self) -> float:
        """Break nothing more and wait until everything has been sent; how many seconds that took."""
        self.mail.kill_next([])
        self.mail.mood = "normal"
        began, next_line = time.monotonic(), 0.0
        while time.monotonic() - began < self.size.patience:
            self.start_all()
            rows = self.rows()
            if len(rows) >= self.size.events * self.size.people and all(row.mail == "sent" for row in rows):
                break
            if time.monotonic() >= next_line:
                self.progress("in peace")
                next_line = time.monotonic() + 5
            time.sleep(0.3)
        self.done.between = len(self.mail.killed)
        return time.monotonic() - began


def judge(size: Size, people: dict[str, str], rows: Sequence[Row], arrivals: Sequence[Arrival], done: Done) -> list[Promise]:
    """Each promise, what was found, and whether it was kept."""
    wanted = {f"chaos:{number}:{person}" for number in range(size.events) for person in people}
    keys = Counter(row.key for row in rows)
    arrived = Counter(arrival.message for arrival in arrivals)
    ids: dict[str, set[str]] = {}
    for arrival in arrivals:
        ids.setdefault(arrival.message, set()).add(arrival.mail_id)
    by_message = {row.message: row for row in rows}
    lost = sum(row.message not in arrived for row in rows)
    doubled = sum(arrived.values()) - len(arrived)
    other_ids = sum(message not in by_message or found != {by_message[message].mail_id} for message, found in ids.items())
    strangers = sum(
        arrival.message not in by_message or people.get(by_message[arrival.message].key.rpartition(":")[2]) != arrival.to
        for arrival in arrivals
    )
    missing, more = len(wanted - set(keys)), sum(keys.values()) - len(wanted & set(keys))
    not_sent = sum(row.mail != "sent" for row in rows)
    most = done.workers_killed + done.in_hand
    found = {
        "Every event has one message for each person": (f"{len(rows)} messages, {missing} missing, {more} too many", not missing + more),
        "The e-mail of every message arrived": (f"{len(rows) - lost} arrived, {lost} lost", not lost and len(rows) == len(wanted)),
        "Every message says that it was sent": (f"{not_sent} do not", not not_sent),
        "An e-mail that came twice has the same Message-ID": (f"{other_ids} have another", not other_ids),
        f"No more e-mails came twice than processes died with one in hand ({done.workers_killed} workers, and at most {done.in_hand}"
        " when PostgreSQL died)": (f"{doubled} came twice", doubled <= most),
        "Every e-mail went to the person it is for": (f"{strangers} did not", not strangers),
    }
    return [Promise(words, *answer) for words, answer in found.items()]


def report(size: Size, done: Done, mail: MailServer, promises: Sequence[Promise], seconds: float) -> str:
    """What was done and what was found, as a page."""
    happened = [
        ("workers killed with kill -9, at any point", str(done.anywhere)),
        ("workers killed between the mail server’s answer and the commit", str(done.between)),
        ("schedulers killed with kill -9", str(done.schedulers_killed)),
        ("PostgreSQL killed with kill -9", str(done.databases_killed)),
        ("broker wiped", str(done.wiped)),
        ("broker stopped", f"{done.broker_away:.0f} s"),
        ("mail server away", f"{done.mail_away:.0f} s"),
        ("e-mails put off by the mail server (4xx)", str(mail.answers.get(BUSY, 0))),
        ("e-mails refused by the mail server (5xx)", str(mail.answers.get(REFUSED, 0))),
    ]
    lines = [
        "# Messages, while everything breaks", "",
        f"`make chaos`, {datetime.datetime.now(datetime.UTC):%-d %B %Y, %H:%M} UTC: {size.events} events for {size.people} people in"
        f" {size.seconds:.0f} seconds, {size.workers} workers, two schedulers that both do every sweep; a minute of the back-off is"
        f" {size.minute:g} seconds. When it was left in peace, all had arrived after {seconds:.0f} seconds.", "",
        "| What was done | |", "| --- | ---: |", *(f"| {words} | {count} |" for words, count in happened), "",
        "| Promise | Found | |", "| --- | --- | --- |",
        *(f"| {promise.words} | {promise.found} | {'kept' if promise.kept else '**broken**'} |" for promise in promises), "",
    ]  # fmt: skip
    return "\n".join(lines)


@contextmanager
def ready(home: Path, size: Size, cluster: Path | None) -> Iterator[Chaos]:
    """The servers with a database of their own and the people in it; all of it ends with the block.

    ``cluster`` is a stopped cluster with a migrated database ``template_pep`` to begin with; else one is made.
    """
    print("Making a database, its people, a broker and a mail server …", flush=True)
    launcher.make_home(home)
    data, sockets = home / "postgresql", home / "sockets"
    for old in (data, home / "valkey-data"):
        shutil.rmtree(old, ignore_errors=True)
    if cluster is not None:
        subprocess.run(["cp", "-a", "--reflink=auto", str(cluster), str(data)], check=True)
    else:
        servers.make_cluster(data)
    port = free_port()
    env = {
        **website.offline_environment(),
        "DATABASE_URL": servers.url(sockets, servers.APPLICATION, DATABASE),
        "REDIS_URL": f"unix://{home / 'valkey' / 'valkey.sock'}",
        "EMAIL_URL": f"smtp://127.0.0.1:{port}",
        "CHAOS_EVENTS": str(size.events), "CHAOS_PEOPLE": str(size.people), "CHAOS_MINUTE": str(size.minute),
        # All has been written well before the storm is over.
        "CHAOS_SECONDS": str(size.seconds * 0.9),
    }  # fmt: skip
    chaos = Chaos(home, size, env, MailServer(port, size.seed))
    try:
        chaos.start_database()
        servers.make_roles(sockets)
        if cluster is not None:
            servers.make_database(sockets, DATABASE, template="template_pep")
        else:
            servers.make_database(sockets, DATABASE)
            website.prepare_database(env, servers.url(sockets, servers.OWNER, DATABASE))
        servers.run([sys.executable, "-m", "benchmarks.chaos_app"], cwd=website.ROOT, env=env)
        chaos.start_broker()
        chaos.mail.up()
        yield chaos
    finally:
        chaos.mail.down()
        # Whoever uses a server ends before it.
        for name in sorted(chaos.children, key=lambda name: name in ("postgresql", "valkey")):
            stop(chaos.children[name], patience=5)


def free_port() -> int:
    """A port of 127.0.0.1 nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def run(home: Path, size: Size, *, results: Path, cluster: Path | None = None) -> bool:
    """Break everything, count, write it down; whether every promise was kept."""
    with ready(home, size, cluster) as chaos:
        chaos.env["CHAOS_BEGAN"] = str(time.time())
        chaos.start_all()
        wait_for_workers(chaos)
        print(f"Breaking things for {size.seconds:.0f} seconds …", flush=True)
        chaos.storm()
        seconds = chaos.peace()
        promises = judge(size, chaos.people(), chaos.rows(), chaos.mail.arrivals, chaos.done)
        chaos.progress("the end")
    page = report(size, chaos.done, chaos.mail, promises, seconds)
    results.write_text(page)
    print(f"\n{page}", flush=True)
    return all(promise.kept for promise in promises)


def wait_for_workers(chaos: Chaos, *, patience: float = 120) -> None:
    """Wait until every worker is ready, so that the storm meets them all. Raises ServerFailed."""
    ends = time.monotonic() + patience
    while len(chaos.working()) < chaos.size.workers:
        if time.monotonic() > ends:
            raise servers.ServerFailed(f"The workers did not start; see {chaos.home / 'logs'}")
        time.sleep(0.2)


def home_directory() -> Path:
    """Where a run keeps its servers' files: ``PEP_CHAOS_HOME``, else a directory of root's or the user's own."""
    given = os.environ.get("PEP_CHAOS_HOME")
    base = servers.SHARED if os.geteuid() == 0 else Path.home() / ".local" / "share" / "pep"
    return Path(given).resolve() if given else base / "chaos"


def main() -> int:
    """The exit status: 0 when every promise was kept."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.chaos")
    parser.add_argument("--seconds", type=float, default=Size.seconds, help="how long things are broken")
    parser.add_argument("--events", type=int, default=Size.events)
    parser.add_argument("--people", type=int, default=Size.people)
    parser.add_argument("--seed", type=int, default=Size.seed, help="chance is the same for the same number")
    parser.add_argument("--results", type=Path, default=RESULTS)
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, launcher.interrupted)
    home = home_directory()
    launcher.make_home(home)
    with servers.locked(home / "lock"):
        end_orphans(home)
        size = Size(options.events, options.people, options.seconds, seed=options.seed)
        return 0 if run(home, size, results=options.results) else 1


if __name__ == "__main__":
    sys.exit(main())
