"""E-mails as mail servers, calendars and people send them to the product's address."""

from pathlib import Path

REPORT = """\
Return-Path: <>
From: Mail Delivery System <MAILER-DAEMON@mail.example.org>
To: plans@example.org
Subject: Undelivered Mail Returned to Sender
Message-ID: {own_id}
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="B"

--B
Content-Type: text/plain; charset=us-ascii

I'm sorry to have to inform you that your message could not be delivered.

--B
Content-Type: message/delivery-status

Reporting-MTA: dns; mail.example.org
Arrival-Date: Fri, 27 Nov 2026 09:00:00 +0000

Final-Recipient: rfc822; {address}
Action: {action}
Status: {status}
Diagnostic-Code: smtp; 550 {status} <{address}>: Recipient address rejected: Sam Example left

--B
Content-Type: {returned}

From: Education Plans <plans@example.org>
To: {address}
Subject: A plan is waiting for you
Message-ID: {mail_id}

--B--
"""

CALENDAR_REPLY = """\
From: Anna Able <anna@example.test>
To: plans@example.org
Subject: Accepted: A meeting
Message-ID: <reply-1@example.test>
MIME-Version: 1.0
Content-Type: multipart/alternative; boundary="C"

--C
Content-Type: text/plain

Anna has accepted.

--C
Content-Type: text/calendar; charset=utf-8; method=REPLY

BEGIN:VCALENDAR
METHOD:REPLY
BEGIN:VEVENT
UID:1@plans.example.org
ATTENDEE;PARTSTAT=ACCEPTED:mailto:anna@example.test
END:VEVENT
END:VCALENDAR

--C--
"""

OUT_OF_OFFICE = """\
From: Anna Able <anna@example.test>
To: plans@example.org
Subject: Out of office
Message-ID: <away-1@example.test>
Auto-Submitted: auto-replied

I am away until Monday.
"""

LETTER = """\
From: Anna Able <anna@example.test>
To: plans@example.org
Subject: Re: A plan is waiting for you
Message-ID: <letter-1@example.test>

Thank you, I shall do it on Monday.
"""


def report(
    mail_id: str, address: str, *, status: str = "5.1.1", action: str = "failed", returned: str = "text/rfc822-headers",
    own_id: str = "<report-1@mail.example.org>",
) -> str:  # fmt: skip
    """A mail server's report (RFC 3464) that an e-mail was not delivered."""
    return REPORT.format(mail_id=mail_id, address=address, status=status, action=action, returned=returned, own_id=own_id)


def make_maildir(directory: Path) -> Path:
    """An empty Maildir."""
    for name in ("new", "cur", "tmp"):
        (directory / name).mkdir(parents=True)
    return directory


def drop(maildir: Path, name: str, content: str | bytes) -> Path:
    """Put an e-mail into a Maildir as a mail server would."""
    path = maildir / "new" / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path
