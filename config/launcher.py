"""The demo: PostgreSQL, Valkey, worker, scheduler and web server of one machine, started together and stopped together.

Only the demo and the tests use this. ``python -m config.launcher demo|reset|manage|offline``; see the Makefile.
"""

import argparse
import hashlib
import json
import os
import secrets
import shlex
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from config import servers, website
from config.processes import Child, end_orphans, end_with_parent, stop
from config.servers import ServerFailed, locked
from config.website import ROOT

# Commands that change tables, and so run as their owner.
OWNERS_COMMANDS = ("migrate", "createcachetable", "set_privileges", "prepare_database")

INTERRUPTED = 130  # what a shell calls a command that was stopped by Ctrl-C
TOLD_EVERY = 25  # seconds


def home_directory() -> Path:
    """Where this checkout's demo keeps its data: ``PEP_HOME``, else a directory of root's or the user's own."""
    given = os.environ.get("PEP_HOME")
    if given:
        return Path(given).resolve()
    name = hashlib.sha256(str(ROOT).encode()).hexdigest()[:8]
    base = servers.SHARED if os.geteuid() == 0 else Path.home() / ".local" / "share" / "pep"
    return base / f"demo-{name}"


def secret_of(home: Path) -> str:
    """The demo's secret key, made once."""
    path = home / "secret"
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(secrets.token_urlsafe(60))
    return path.read_text()


def demo_environment(home: Path, port: int) -> dict[str, str]:
    """The settings of this home's site."""
    return website.environment(
        home,
        database_url=servers.url(home / "sockets", servers.APPLICATION, "pep"),
        redis_url=f"unix://{home / 'valkey' / 'valkey.sock'}",
        port=port,
        secret_key=secret_of(home),
    )


@contextmanager
def running_servers(home: Path) -> Iterator[list[Child]]:
    """PostgreSQL and Valkey with an up-to-date database, for as long as the block runs; more children may be added to the list."""
    data = home / "postgresql"
    children: list[Child] = []
    try:
        if not (data / "PG_VERSION").exists():
            shutil.rmtree(data, ignore_errors=True)
            servers.make_cluster(data)
        children.append(servers.start_postgresql(home, data, home / "sockets", {}))
        servers.make_roles(home / "sockets")
        if not servers.has_database(home / "sockets", "pep"):
            servers.make_database(home / "sockets", "pep")
        children.append(servers.start_valkey(home, home / "valkey-data", home / "valkey" / "valkey.sock"))
        yield children
    finally:
        for child in reversed(children):
            stop(child)


def make_home(home: Path) -> None:
    """The directories of a home. PostgreSQL's user must be able to pass through, and nobody to look around."""
    home.mkdir(parents=True, exist_ok=True)
    home.chmod(0o711)
    for name in ("logs", "run", "mail"):
        (home / name).mkdir(exist_ok=True)
        (home / name).chmod(0o700)


def seed(home: Path, env: dict[str, str], schools: str) -> None:
    """Fill an empty demo with its fictitious authority, once."""
    marker = home / "seeded"
    if marker.exists() or not (ROOT / "virtualschool" / "management" / "commands" / "seed_demo.py").exists():
        return
    say("Making up children, schools and people. This takes a few minutes …")
    with meanwhile("making up children, schools and people"):
        website.manage(env, "seed_demo", *(["--schools", schools] if schools else []))
    marker.touch()


def say(words: str) -> None:
    """Tell the person at the terminal."""
    print(words, flush=True)


@contextmanager
def meanwhile(doing: str) -> Iterator[None]:
    """Say every so often, for as long as the block runs, what is being done: silence of minutes looks like a fault."""
    done = threading.Event()

    def tell() -> None:
        waited = 0
        while not done.wait(TOLD_EVERY):
            waited += TOLD_EVERY
            say(f"  … still {doing} ({waited} seconds)")

    # The thread takes no interruption: what the main thread puts off for a moment (servers.run) would reach it through this one.
    before = signal.pthread_sigmask(signal.SIG_BLOCK, servers.INTERRUPTIONS)
    teller = threading.Thread(target=tell, daemon=True)
    teller.start()
    try:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        yield
    finally:
        done.set()
        teller.join()


def demo(home: Path, port: int, schools: str) -> int:
    """Serve the demo until Ctrl-C or until one of its processes ends; the exit status."""
    make_home(home)
    try:
        with locked(home / "lock", wait=False):
            return serve(home, port, schools)
    except BlockingIOError:
        say(f"The demo already runs at {running_address(home)}. Stop it with Ctrl-C where it was started.")
        return 1


def serve(home: Path, port: int, schools: str) -> int:
    """The demo's life, with the home's lock held."""
    left = end_orphans(home)
    if left:
        say(f"Stopped what an earlier demo had left running: {', '.join(left)}.")
    if not website.free(port):
        say(f"Port {port} is taken. Choose another: make demo PORT={port + 1}")
        return 1
    for log in (home / "logs").glob("*.log"):
        log.unlink()
    env = demo_environment(home, port)
    state = home / "run" / "site.json"
    say("Starting the database …" if (home / "postgresql" / "PG_VERSION").exists() else "Making the database …")
    with running_servers(home) as children:
        try:
            say("Bringing the tables up to date …")
            with meanwhile("bringing the tables up to date"):
                website.prepare_database(env, servers.url(home / "sockets", servers.OWNER, "pep"))
                website.collect_static(env)
            children.append(website.start_worker(home, env))
            seed(home, env, schools)
            say("Starting the site …")
            web = website.start_web(home, env, port)
            children.append(web)
            website.wait_for_site(web, port)
            state.write_text(json.dumps({"port": port}))
            say(f"\n  http://localhost:{port}\n\nData and logs are in {home}. Ctrl-C stops the demo and keeps its data.")
            return watch(children)
        except KeyboardInterrupt:
            # Said before the servers are stopped, which takes a while.
            say("Stopping …")
            return 0 if state.exists() else INTERRUPTED
        finally:
            state.unlink(missing_ok=True)


def watch(children: Sequence[Child]) -> int:
    """Wait until a process ends by itself, and say which."""
    while True:
        for child in children:
            if child.process.poll() is not None:
                say(f"{child.name} has ended; see {child.log}. Start the demo again.")
                return 1
        time.sleep(0.5)


def running_address(home: Path) -> str:
    """Where the running demo is served, as far as it has got."""
    state = home / "run" / "site.json"
    return f"http://localhost:{json.loads(state.read_text())['port']}" if state.exists() else "an address it is about to print"


def reset(home: Path) -> int:
    """Remove the demo's data; the exit status. A running demo is left alone."""
    if not home.exists():
        return 0
    try:
        with locked(home / "lock", wait=False):
            end_orphans(home)
            shutil.rmtree(home)
    except BlockingIOError:
        say(f"The demo runs at {running_address(home)}. Stop it with Ctrl-C where it was started, then try again.")
        return 1
    say("The demo's data is gone.")
    return 0


def command(home: Path, port: int, words: Sequence[str]) -> int:
    """Run a management command against the demo's servers, which are started for it when the demo does not run."""
    make_home(home)
    env = demo_environment(home, port)
    if words[0] in OWNERS_COMMANDS:
        env["MIGRATE_DATABASE_URL"] = servers.url(home / "sockets", servers.OWNER, "pep")
    line = [sys.executable, "manage.py", *words]
    try:
        with locked(home / "lock", wait=False):
            end_orphans(home)
            with running_servers(home):
                website.prepare_database(demo_environment(home, port), servers.url(home / "sockets", servers.OWNER, "pep"))
                return subprocess.call(line, cwd=ROOT, env=env)
    except BlockingIOError:
        wait_until_prepared(home)
        return subprocess.call(line, cwd=ROOT, env=env)


def wait_until_prepared(home: Path, *, patience: float = 120) -> None:
    """Wait for a demo that is just starting. Raises ServerFailed when it does not get there."""
    deadline = time.monotonic() + patience
    while not (home / "run" / "site.json").exists():
        if time.monotonic() > deadline:
            raise ServerFailed("The demo is starting and does not get there; see its terminal.")
        time.sleep(0.2)


def interrupted(number: int, frame: object) -> None:
    """Leave by the ordinary way, so that everything started is stopped."""
    raise KeyboardInterrupt


def main(arguments: Sequence[str]) -> int:
    """The exit status of one verb."""
    parser = argparse.ArgumentParser(prog="python -m config.launcher")
    verbs = parser.add_subparsers(dest="verb", required=True)
    for verb in ("demo", "reset", "manage"):
        one = verbs.add_parser(verb)
        one.add_argument("--port", type=int, default=8000)
        one.add_argument("--with-parent", action="store_true", help="stop when the program that started this does, however it ends")
        one.add_argument("--schools", default="", help="a GIAS file whose schools the demo's people are put into")
    verbs.choices["manage"].add_argument("words", nargs="*", help="the management command, as one text or several words")
    verbs.add_parser("offline").add_argument("words", nargs=argparse.REMAINDER, help="a command that needs settings and no servers")
    options = parser.parse_args(arguments)
    # SIGINT too: a shell that starts this in the background leaves it ignored.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, interrupted)
    if getattr(options, "with_parent", False):
        end_with_parent()
    home = home_directory()
    try:
        match options.verb:
            case "demo":
                return demo(home, options.port, str(Path(options.schools).resolve()) if options.schools else "")
            case "reset":
                return reset(home)
            case "manage":
                words = shlex.split(" ".join(options.words)) if len(options.words) == 1 else list(options.words)
                return command(home, options.port, words or ["help"])
            case _:
                return subprocess.call(options.words, cwd=ROOT, env=website.offline_environment())
    except ServerFailed as error:
        say(str(error))
        return 1
    except KeyboardInterrupt:
        return INTERRUPTED


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
