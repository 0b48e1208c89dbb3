"""What a mail server says about an e-mail that it could not deliver: RFC 3464 reports, read with distrust.

Anybody can write to the product's address. So a report is only what it claims to be until ``accounts.returned_mail`` has found the
e-mail it is about; here nothing is believed, nothing is unbounded, and everything that cannot be read raises Unreadable.
"""

import email
import email.policy
import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import EmailMessage, MIMEPart

LARGEST = 1_000_000  # bytes of an e-mail that is looked at
LONGEST_HEADER = 2_000  # characters of a header that is parsed: the parser's time grows faster than the header
MOST_PARTS = 50
STATUS = re.compile(r"([245])\.(\d{1,3})\.(\d{1,3})")
MESSAGE_ID = re.compile(r"<([0-9A-Za-z.-]{1,64}@[0-9A-Za-z.-]{1,128})>")
ADDRESS = re.compile(r"[^\s<>@;]{1,64}@[^\s<>@;]{1,190}")
# Headers that the parser itself looks into, wherever in the text they stand, with the lines they go on over.
STRUCTURE = re.compile(rb"^content-[a-z-]{1,40}:[^\n]*(?:\n[ \t][^\n]*)*", re.IGNORECASE | re.MULTILINE)


class Unreadable(ValueError):
    """An e-mail that is too large, too deep or too broken to be looked at."""


@dataclass(frozen=True)
class Report:
    """One address that an e-mail could not be delivered to, as somebody's mail server claims."""

    mail_ids: tuple[str, ...]  # which e-mail it may be about, angle brackets and all; the likeliest first
    addresses: tuple[str, ...]  # in small letters
    code: str  # the enhanced status code, such as 5.1.1
    name: str  # a digest that is the same for the same report, however often it comes

    @property
    def for_good(self) -> bool:
        """Whether trying again is of no use."""
        return self.code.startswith("5")


def parse(content: bytes) -> EmailMessage:
    """An e-mail from its bytes. Raises Unreadable for what is too large or would take the parser too long or too deep."""
    if len(content) > LARGEST:
        raise Unreadable("too large")
    lines = content.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    headers = [len(found.group()) for found in STRUCTURE.finditer(lines)]
    if len(headers) > 4 * MOST_PARTS or max(headers, default=0) > LONGEST_HEADER:
        raise Unreadable("too many parts, or headers too long")
    try:
        message = email.message_from_bytes(content, policy=email.policy.default)
        if sum(1 for _ in message.walk()) > MOST_PARTS:
            raise Unreadable("too many parts")
    except Unreadable:
        raise
    except Exception as error:  # the parser raises whatever it stumbles over: IndexError, RecursionError, AttributeError …
        raise Unreadable(type(error).__name__) from error
    return message


def header(message: MIMEPart, name: str) -> str:
    """A header's text as it was sent, "" when there is none. Never parsed: nothing here needs more than what stands in it."""
    for key, value in message.raw_items():
        if key.lower() == name:
            return " ".join(str(value)[:LONGEST_HEADER].split())
    return ""


def is_automatic(message: EmailMessage) -> bool:
    """Whether a program wrote this by itself, such as an out-of-office reply (RFC 3834)."""
    return header(message, "auto-submitted").lower().partition(";")[0].strip() not in ("", "no") or bool(header(message, "x-autoreply"))


def is_calendar_reply(message: EmailMessage) -> bool:
    """Whether somebody's calendar answers an invitation: a part text/calendar with METHOD:REPLY."""
    for part in message.walk():
        if part.get_content_type() == "text/calendar":
            method = str(part.get_param("method", "")).upper()
            if method == "REPLY" or re.search(rb"^METHOD:REPLY\s*$", _bytes(part), re.MULTILINE | re.IGNORECASE):
                return True
    return False


def is_report(message: EmailMessage) -> bool:
    """Whether this is a mail server's report on a delivery."""
    return message.get_content_type() == "multipart/report" and any(
        part.get_content_type() == "message/delivery-status" for part in message.walk()
    )


def reports(message: EmailMessage) -> list[Report]:
    """What a mail server says has failed, by address. Delays, for which it goes on trying, and successes are nobody's news."""
    mail_ids = tuple(dict.fromkeys(_mail_ids(message)))
    found = []
    for block in _recipients(message):
        status = STATUS.search(header(block, "status"))
        addresses = _addresses(block)
        if header(block, "action").lower() == "failed" and status and status[1] != "2" and addresses:
            said = f"{header(message, 'message-id')} {status[0]} {' '.join(addresses)} {' '.join(mail_ids)}"
            found.append(Report(mail_ids, addresses, status[0], hashlib.sha256(said.encode(errors="replace")).hexdigest()))
    return found


def _recipients(message: EmailMessage) -> Iterator[MIMEPart]:
    """The blocks of a delivery status, one for each address, after the one about the mail server."""
    for part in message.walk():
        if part.get_content_type() == "message/delivery-status" and part.is_multipart():
            yield from (block for block in part.iter_parts() if header(block, "final-recipient"))


def _addresses(block: MIMEPart) -> tuple[str, ...]:
    """The address that failed, and the one it was forwarded from: ``rfc822; anna@example.org``."""
    texts = (header(block, "original-recipient"), header(block, "final-recipient"))
    found = [ADDRESS.search(text.partition(";")[2]) for text in texts]
    return tuple(dict.fromkeys(address[0].lower() for address in found if address))


def _mail_ids(message: EmailMessage) -> Iterator[str]:
    """The Message-IDs of what may have come back: of the headers that were returned, else of what the report says it answers."""
    for part in message.walk():
        if part.get_content_type() in ("message/rfc822", "message/global") and part.is_multipart():
            for returned in part.iter_parts():
                yield from _ids(header(returned, "message-id"))
        elif part.get_content_type() in ("text/rfc822-headers", "message/global-headers"):
            headers = email.message_from_bytes(_bytes(part)[:LARGEST], policy=email.policy.default)
            yield from _ids(header(headers, "message-id"))
    for name in ("in-reply-to", "references"):
        yield from _ids(header(message, name))


def _ids(text: str) -> list[str]:
    return [f"<{found}>" for found in MESSAGE_ID.findall(text)][:MOST_PARTS]


def _bytes(part: MIMEPart) -> bytes:
    """The bytes of a part that is not a message itself."""
    content = part.get_payload(decode=True)
    return content if isinstance(content, bytes) else b""
