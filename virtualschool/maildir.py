"""What is sent to the product's own address, read from the Maildir in which the mail server puts it.

Mail servers' reports go to the messages they are about, answers of calendars to the meetings; replies that programs write are nobody's
news. What a person wrote is left for a person. Each file is handled by itself and moved when its work is kept, so that a run that ends
in the middle, or two at once, do nothing twice.
"""

import enum
import logging
import time
from collections import Counter
from collections.abc import Callable
from email.message import EmailMessage
from email.utils import parseaddr
from pathlib import Path

from django.db import InterfaceError, OperationalError

from accounts.delivery_reports import LARGEST, header, is_automatic, is_calendar_reply, is_report, parse, reports
from accounts.returned_mail import Outcome
from pep.calendar_replies import KEPT, take_reply
from schools import returned_mail

log = logging.getLogger(__name__)

LONGEST_RUN = 240  # seconds; what is left waits for the next run
# A Maildir's flags: seen, and flagged for somebody to look at.
SEEN, FLAGGED, NONE = "S", "F", ""


class Found(enum.Enum):
    """What a file in the Maildir was, as it is counted."""

    RETURNED = "e-mails that came back for good"
    LATER = "e-mails that came back and are tried again"
    KNOWN = "reports taken in before"
    NOT_OURS = "reports about no e-mail of ours"
    NO_FAILURE = "reports of delays and successes"
    CALENDAR = "answers of calendars taken in"
    CALENDAR_LEFT = "answers of calendars that count for nothing, left for a person"
    AUTOMATIC = "automatic replies"
    LETTER = "other e-mails, left for a person"
    UNREADABLE = "unreadable, put aside for a person"
    LEFT = "not to be read now, left where they are"


OUTCOMES = {
    Outcome.RETURNED: Found.RETURNED,
    Outcome.LATER: Found.LATER,
    Outcome.KNOWN: Found.KNOWN,
    Outcome.NOT_OURS: Found.NOT_OURS,
}
# With which flags a file goes to cur; one without any, as a mail program may have left it there, is looked at too.
FLAGS = {Found.CALENDAR_LEFT: FLAGGED, Found.LETTER: FLAGGED, Found.UNREADABLE: FLAGGED}
CalendarReplies = Callable[[EmailMessage], bool]


def take_calendar_reply(message: EmailMessage) -> bool:
    """Take in a calendar's answer to an invitation, from the address the e-mail says it comes from; whether it is kept now.

    One that is not may be somebody's all the same, who answers from another of their addresses, say: that is for a person to see.
    """
    _, sender = parseaddr(header(message, "from"))  # as it was sent: to parse it first may fail, or take minutes
    parts = [part for part in message.walk() if part.get_content_type() == "text/calendar"]
    kept = False
    for part in parts:
        content = part.get_payload(decode=True) or b""
        kept |= take_reply(content.decode(errors="replace") if isinstance(content, bytes) else "", sender) in KEPT
    return kept


def read(directory: Path, *, calendar_replies: CalendarReplies = take_calendar_reply) -> Counter[Found]:
    """Handle what is new in a Maildir; how much there was of what. Raises NotADirectoryError where there is no Maildir.

    An e-mail that nothing can be made of is put aside, flagged, so that what stands behind it is read. Where the database is away the
    e-mail is not to blame: that is raised, and everything waits. ``calendar_replies`` takes in a calendar's answer and says whether it did;
    what it did not take in is flagged, like what a person wrote.
    """
    if not (directory / "new").is_dir() or not (directory / "cur").is_dir():
        raise NotADirectoryError(f"{directory} is no Maildir: it has no directories new and cur")
    counts: Counter[Found] = Counter()
    stop = time.monotonic() + LONGEST_RUN
    for path in waiting(directory):
        if time.monotonic() > stop:
            break
        try:
            found = handle(path, calendar_replies)
        except FileNotFoundError:
            continue  # another run was quicker
        except (OperationalError, InterfaceError):
            raise
        except OSError as error:
            log.warning("An e-mail in the Maildir could not be read (%s)", type(error).__name__)
            counts[Found.LEFT] += 1
            continue
        except Exception as error:  # strangers wrote it: whatever it makes the libraries raise, the next one is read
            log.warning("An e-mail in the Maildir is put aside (%s)", type(error).__name__)
            found = Found.UNREADABLE
        counts[found] += 1
        move(path, directory, FLAGS.get(found, SEEN))
    return counts


def waiting(directory: Path) -> list[Path]:
    """The files to look at, the oldest first: what is new, and what lies in cur without a flag."""
    seen = [path for path in (directory / "cur").iterdir() if flags(path) == NONE]
    return [path for path in (*sorted((directory / "new").iterdir()), *sorted(seen)) if is_mail(path)]


def is_mail(path: Path) -> bool:
    """Whether this is a file of its own that a mail server has finished writing."""
    return not path.name.startswith(".") and path.is_file() and not path.is_symlink()


def flags(path: Path) -> str:
    """A file's flags: what stands behind ``:2,``."""
    return path.name.partition(":2,")[2]


def move(path: Path, directory: Path, with_flags: str) -> None:
    """Put a file into cur with these flags."""
    target = directory / "cur" / f"{path.name.partition(':2,')[0]}:2,{with_flags}"
    try:
        path.rename(target)
    except FileNotFoundError:
        pass  # another run was quicker


def handle(path: Path, calendar_replies: CalendarReplies) -> Found:
    """Do what one e-mail asks for; what it was. Raises Unreadable, OSError, and whatever a hostile text makes a library raise."""
    with path.open("rb") as file:
        content = file.read(LARGEST + 1)
    message = parse(content)
    if is_report(message):
        # Our e-mails have one recipient each, so one report says one thing.
        outcomes = [returned_mail.take_in(failure) for failure in reports(message)]
        return next((OUTCOMES[outcome] for outcome in Outcome if outcome in outcomes), Found.NO_FAILURE)
    if is_calendar_reply(message):
        return Found.CALENDAR if calendar_replies(message) else Found.CALENDAR_LEFT
    return Found.AUTOMATIC if is_automatic(message) else Found.LETTER
