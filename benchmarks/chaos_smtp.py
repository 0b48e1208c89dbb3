"""A mail server that remembers what it was given and can be told to misbehave, for ``benchmarks.chaos``."""

import asyncio
import email
import email.policy
import logging
import os
import random
import re
import signal
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller

from config.processes import began, end, of_session

LINK = re.compile(r"/messages/([0-9a-f-]{36})/")
logging.getLogger("mail.log").setLevel(logging.ERROR)  # aiosmtpd's, which has a line for each command
OK, BUSY, REFUSED = "250 OK", "451 4.3.0 Try again later", "550 5.7.1 Refused"


@dataclass(frozen=True)
class Arrival:
    """One e-mail that the server said it would deliver."""

    mail_id: str
    to: str
    message: str  # the key of the message, as the link in its text has it


@dataclass
class MailServer:
    """Listens on one port of 127.0.0.1 for as long as it is up. ``mood`` is normal, slow, busy (4xx for half) or refusing (5xx)."""

    port: int
    seed: int
    mood: str = "normal"
    arrivals: list[Arrival] = field(default_factory=list)
    answers: dict[str, int] = field(default_factory=dict)
    killed: list[int] = field(default_factory=list)  # the workers that died between the answer and the commit
    _workers: list[int] = field(default_factory=list)
    _controller: Controller | None = None

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)

    def up(self) -> None:
        """Begin to listen."""
        if self._controller is None:
            self._controller = Controller(self, hostname="127.0.0.1", port=self.port, ready_timeout=30)
            self._controller.start()

    def down(self) -> None:
        """Take no more connections."""
        if self._controller is not None:
            self._controller.stop()
            self._controller = None

    def kill_next(self, workers: list[int]) -> None:
        """Have the next of these workers that hands over an e-mail killed after it was told that the e-mail is taken."""
        self._workers = list(workers)

    @property
    def waits_to_kill(self) -> bool:
        """Whether nobody has come yet."""
        return bool(self._workers)

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        """The name is aiosmtpd's. Remember the e-mail, unless the mood is bad."""
        if self.mood == "slow":
            await asyncio.sleep(self.random.uniform(0.3, 1.5))
        if self.mood in ("busy", "refusing") and self.random.random() < 0.5:
            return self._answered(BUSY if self.mood == "busy" else REFUSED)
        message = email.message_from_bytes(envelope.content, policy=email.policy.default)
        link = LINK.search(message.get_content())  # type: ignore[attr-defined]
        self.arrivals.append(Arrival(str(message["Message-ID"]).strip(), envelope.rcpt_tos[0], link[1] if link else ""))
        worker = session_of_port(session.peer[1], self._workers) if self._workers else None
        if worker is not None:
            self._workers = []
            # Stopped now, so that the answer reaches it and the commit does not happen; killed when the answer is there.
            for number in of_session(worker):
                end(number, signal.SIGSTOP)
            threading.Timer(0.2, self._kill, [worker]).start()
        return self._answered(OK)

    def _kill(self, worker: int) -> None:
        if began(worker):
            self.killed.append(worker)
        for number in of_session(worker):
            end(number, signal.SIGKILL)

    def _answered(self, answer: str) -> str:
        self.answers[answer] = self.answers.get(answer, 0) + 1
        return answer


def session_of_port(port: int, sessions: list[int]) -> int | None:
    """Which of these sessions has a process that holds this port of 127.0.0.1."""
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        fields = line.split()
        if fields[1] == f"0100007F:{port:04X}":
            socket = f"socket:[{fields[9]}]"
            return next((session for session in sessions if any(holds(number, socket) for number in of_session(session))), None)
    return None


def holds(number: int, socket: str) -> bool:
    """Whether a process has this socket open."""
    try:
        return any(os.readlink(entry) == socket for entry in Path(f"/proc/{number}/fd").iterdir())
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return False
