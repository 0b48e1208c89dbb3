"""``manage.py read_mail``: what comes to the product's address is taken in once, and nothing that comes can do harm."""

import datetime
import io
import logging
import os
import subprocess
import sys
import time
import uuid
from collections import Counter
from email.message import EmailMessage
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import DataError, OperationalError
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from accounts import mail
from accounts.delivery_reports import LARGEST, Unreadable, is_automatic, is_calendar_reply, is_report, parse, reports
from accounts.models import Message, User
from accounts.outbox import tell
from config import website
from tests.accounts.signing_in import add_person
from tests.environment import ROOT
from tests.mail_reports import CALENDAR_REPLY, LETTER, OUT_OF_OFFICE, drop, make_maildir, report
from tests.pep.meeting_stories import invitation, people, save
from tests.world import DAY, begin, build_world
from virtualschool import maildir, tasks
from virtualschool.maildir import Found, read


@pytest.fixture
def box(tmp_path: Path) -> Path:
    """An empty Maildir."""
    return make_maildir(tmp_path / "maildir")


def leave_alone(message: EmailMessage) -> bool:
    """A way to treat calendars' answers: not at all. They are left for a person."""
    return False


def sent(user: User, key: str = "reminder:1") -> Message:
    """A message whose e-mail has left."""
    assert tell(key=key, recipient=user, rule="plan_returned")
    message = Message.objects.get(key=key)
    assert mail.deliver(message.pk) == "sent"
    message.refresh_from_db()
    return message


def names(directory: Path) -> list[str]:
    """The names of the files in a directory."""
    return sorted(path.name for path in directory.iterdir())


@pytest.mark.django_db
def test_each_kind_of_e_mail_goes_where_it_belongs(box: Path) -> None:
    message = sent(add_person())
    drop(box, "1.bounce", report(message.mail_id, "anna@example.test"))
    drop(box, "2.calendar", CALENDAR_REPLY)
    drop(box, "3.away", OUT_OF_OFFICE)
    drop(box, "4.letter", LETTER)
    drop(box, "5.foreign", report("<somebody@elsewhere.test>", "anna@example.test"))
    drop(box, "6.delay", report(message.mail_id, "anna@example.test", action="delayed", status="4.4.1"))
    drop(box, "7.large", b"Subject: x\n\n" + b"x" * LARGEST)
    assert read(box) == Counter(
        {Found.RETURNED: 1, Found.CALENDAR_LEFT: 1, Found.AUTOMATIC: 1, Found.LETTER: 1, Found.NOT_OURS: 1, Found.NO_FAILURE: 1,
         Found.UNREADABLE: 1}
    )  # fmt: skip
    message.refresh_from_db()
    assert message.mail == Message.Mail.BOUNCED
    assert names(box / "cur") == [
        *("1.bounce:2,S", "2.calendar:2,F", "3.away:2,S", "4.letter:2,F", "5.foreign:2,S", "6.delay:2,S"), "7.large:2,F",
    ]  # fmt: skip
    assert names(box / "new") == [], "what cannot be read, or answers no invitation of ours, is put aside for a person"


@pytest.mark.django_db
def test_reading_it_twice_is_the_same_as_once(box: Path) -> None:
    message = sent(add_person())
    text = report(message.mail_id, "anna@example.test", status="4.2.2")
    drop(box, "1.bounce", text)
    drop(box, "2.calendar", CALENDAR_REPLY)
    read(box, calendar_replies=leave_alone)
    first = Message.objects.values().get()
    assert read(box) == Counter() and names(box / "cur") == ["1.bounce:2,S", "2.calendar:2,F"], "what is left for a person is theirs"
    drop(box, "3.same-report-again", text)
    assert read(box)[Found.KNOWN] == 1
    assert Message.objects.values().get() == first


@pytest.mark.django_db
def test_a_run_that_ended_before_it_could_move_the_file_does_no_harm(box: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    message = sent(add_person())
    drop(box, "1.bounce", report(message.mail_id, "anna@example.test", status="4.2.2"))
    with monkeypatch.context() as patch:
        patch.setattr(maildir, "move", lambda *given: None)
        assert read(box)[Found.LATER] == 1
    message.refresh_from_db()
    tries = message.next_try_at
    assert read(box)[Found.KNOWN] == 1
    message.refresh_from_db()
    assert message.next_try_at == tries and names(box / "new") == []


def test_answers_of_calendars_go_to_whoever_takes_them_in(box: Path) -> None:
    drop(box, "1.calendar", CALENDAR_REPLY)
    drop(box, "2.other", CALENDAR_REPLY.replace("Accepted", "Declined"))
    subjects = {"Accepted: A meeting"}
    taken = read(box, calendar_replies=lambda message: message["subject"] in subjects)
    assert taken == Counter({Found.CALENDAR: 1, Found.CALENDAR_LEFT: 1})
    assert names(box / "cur") == ["1.calendar:2,S", "2.other:2,F"]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("sender", "answer", "flag"),
    [("fay@example.test", "accepted", "S"), ("fay.example@example.test", "needs-action", "F")],
    ids=["the invited address", "another address of theirs"],
)
def test_a_calendars_answer_that_is_not_kept_is_left_for_a_person(box: Path, sender: str, answer: str, flag: str) -> None:
    """F5. It is neither counted as taken in nor marked as done with: somebody can write it down for them."""
    world = build_world()
    plan = begin(world, "sam")
    save(world.people["anna"], plan, when=datetime.datetime.now() + 20 * DAY, add=people(world, "fay"))  # noqa: DTZ005
    uid = invitation(plan, world.people["fay"]).uid
    text = CALENDAR_REPLY.replace("1@plans.example.org", uid).replace("mailto:anna@", "mailto:fay@")
    drop(box, "1.calendar", text.replace("Anna Able <anna@example.test>", f"Fay Example <{sender}>"))
    assert read(box) == Counter({Found.CALENDAR if flag == "S" else Found.CALENDAR_LEFT: 1})
    assert names(box / "cur") == [f"1.calendar:2,{flag}"]
    assert invitation(plan, world.people["fay"]).answered == answer


@pytest.mark.django_db
def test_the_command_prints_counts_and_logs_no_address_and_no_text(box: Path, caplog: pytest.LogCaptureFixture) -> None:
    """D7."""
    message = sent(add_person())
    drop(box, "1.anna@example.test", report(message.mail_id, "anna@example.test"))
    drop(box, "2.letter", LETTER)
    drop(box, "3.broken", b"Content-Type: " + b"x;" * 5000 + b" anna@example.test\n\n")
    printed = io.StringIO()
    with caplog.at_level(logging.DEBUG):
        call_command("read_mail", str(box), stdout=printed)
    assert printed.getvalue().split("\n")[0].split(None, 1) == ["1", "e-mails that came back for good"]
    for secret in ("anna", "Anna", "Example", "Monday", "rejected"):
        assert secret not in printed.getvalue() + caplog.text
    assert "1  unreadable, put aside for a person" in printed.getvalue()
    call_command("read_mail", str(box), stdout=(again := io.StringIO()))
    assert again.getvalue().strip() == "Nothing new."


def test_where_there_is_no_maildir_the_command_says_so(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="is no Maildir"):
        call_command("read_mail", str(tmp_path))


def test_the_worker_reads_it_only_where_the_setting_names_one(box: Path, settings: object) -> None:
    drop(box, "1.letter", LETTER)
    assert tasks.read_maildir() == 0
    settings.MAILDIR = str(box)  # type: ignore[attr-defined]
    assert tasks.read_maildir() == 1


@pytest.mark.parametrize("setting", [{"MAILDIR": "/var/mail/plans"}, {}], ids=["with the setting", "without"])
def test_the_scheduler_asks_for_it_only_where_the_setting_names_one(setting: dict[str, str]) -> None:
    code = "import config; print('maildir' in config.celery_app.conf.beat_schedule)"
    env = {**website.offline_environment(), **setting}
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=env, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == str(bool(setting))


MAIL_ID = f"<{uuid.uuid4()}@plans.example.org>"
HOSTILE = {
    "deeply nested": b"".join(b'Content-Type: multipart/mixed; boundary="%d"\n\n--%d\n' % (n, n) for n in range(3000)),
    "message in message": b"Content-Type: message/rfc822\n\n" * 3000,
    "a header that takes long to parse": b'Content-Type: text/plain; x="' + b'\\"' * 100_000 + b"\n\n",
    "the same after a lone carriage return": b"X: y\rContent-Type: multipart/report; " + b"x=(((;" * 50_000 + b"\n\n",
    "folded": b"Content-Type: multipart/mixed;\n" + b" a*0=b;\n" * 50_000 + b"\n",
    "comments": b"Auto-Submitted: " + b"(" * 100_000 + b"\nContent-Type: text/plain\n\n",
    "a zero in the Message-ID": report("<\0@plans.example.org>", "anna@example.test").encode(),
    "no boundary": report(MAIL_ID, "anna@example.test").replace('boundary="B"', "").encode(),
    "bytes": bytes(range(256)) * 100,
    "an address of commands": report(MAIL_ID, "'; DROP TABLE accounts_user; --@x").encode(),
    "an unknown encoding": b"Content-Type: text/calendar; method=REPLY; charset=x-none\nContent-Transfer-Encoding: uuencode\n\nbegin\n",
    "empty": b"",
}


@pytest.mark.django_db
@pytest.mark.parametrize("content", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_e_mail_stops_nothing_and_marks_nobody(box: Path, content: bytes) -> None:
    message = sent(add_person())
    drop(box, "1.hostile", content)
    drop(box, "2.bounce", report(message.mail_id, "anna@example.test"))
    began = time.process_time()
    counts = read(box)
    assert time.process_time() - began < 3
    assert counts[Found.RETURNED] == 1 and counts.total() == 2
    assert "2.bounce:2,S" in names(box / "cur") and names(box / "new") == []


SENDERS = ["<", '"', "a@[", "<@", "x: <", "=?utf-8?q?a?= <", "(" * 2000, "a " * 40_000]


@pytest.mark.django_db
@pytest.mark.parametrize("sender", SENDERS, ids=[f"{sender[:16]!r} of {len(sender)}" for sender in SENDERS])
def test_a_strangers_answer_to_an_invitation_never_holds_up_the_mail_behind_it(box: Path, sender: str) -> None:
    message = sent(add_person())
    drop(box, "1.evil", CALENDAR_REPLY.replace("Anna Able <anna@example.test>", sender))
    drop(box, "2.bounce", report(message.mail_id, "anna@example.test"))
    began = time.process_time()
    counts = read(box)
    assert time.process_time() - began < 3
    assert counts[Found.RETURNED] == 1 and names(box / "new") == []
    assert read(box) == Counter(), "nothing is tried for ever"


@pytest.mark.django_db
def test_whatever_an_e_mail_makes_us_stumble_over_is_put_aside_counted_and_never_tried_again(box: Path) -> None:
    message = sent(add_person())
    drop(box, "1.evil", CALENDAR_REPLY)
    drop(box, "2.bounce", report(message.mail_id, "anna@example.test"))

    def stumble(message: object) -> bool:
        raise DataError("value too long")

    assert read(box, calendar_replies=stumble) == Counter({Found.UNREADABLE: 1, Found.RETURNED: 1})
    assert names(box / "cur") == ["1.evil:2,F", "2.bounce:2,S"]


@pytest.mark.django_db
def test_a_database_that_is_away_is_no_fault_of_the_e_mails(box: Path) -> None:
    drop(box, "1.calendar", CALENDAR_REPLY)

    def away(message: object) -> bool:
        raise OperationalError("the connection was closed")

    with pytest.raises(OperationalError):
        read(box, calendar_replies=away)
    assert names(box / "new") == ["1.calendar"]


def test_links_and_unfinished_files_are_not_read(box: Path, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text(LETTER)
    os.symlink(tmp_path / "secret", box / "new" / "1.link")
    (box / "new" / "2.directory").mkdir()
    drop(box, ".hidden", LETTER)
    assert read(box) == Counter()


def understand(content: bytes) -> list[object]:
    """All that is asked of an e-mail."""
    message = parse(content)
    return [is_report(message), is_calendar_reply(message), is_automatic(message), reports(message)]


LINES = b"""
--B
--B--
Content-Type: message/delivery-status
Content-Type: multipart/report; boundary=B
Content-Transfer-Encoding: base64
Content-Type: text/plain; charset*=utf-8''%FF
Final-Recipient: ;
Status: 5.
=?utf-8?q?=FF?=: x
\xff\xfe: x
\r
\0""".split(b"\n")
PIECES = st.sampled_from([*report(MAIL_ID, "anna@example.test").encode().split(b"\n"), *CALENDAR_REPLY.encode().split(b"\n"), *LINES])


@given(st.one_of(st.binary(max_size=2000), st.lists(st.one_of(PIECES, st.binary(max_size=80)), max_size=60).map(b"\n".join)))
@example(report(MAIL_ID, "anna@example.test").encode())
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_whatever_comes_is_understood_or_unreadable_and_nothing_else(content: bytes) -> None:
    try:
        found = understand(content)
    except Unreadable:
        return
    except Exception as error:  # noqa: BLE001
        # read() counts these as unreadable as well; here they are only allowed where the standard library raises them.
        trace, last = error.__traceback__, ""
        while trace is not None:
            last, trace = trace.tb_frame.f_code.co_filename, trace.tb_next
        assert "/email/" in last, error
        return
    assert len(found) == 4


@given(st.text(max_size=60), st.text(max_size=60))
@settings(max_examples=100, deadline=None)
def test_a_report_never_says_more_than_an_address_a_code_and_message_ids(address: str, mail_id: str) -> None:
    for found in reports(parse(report(mail_id, address).encode(errors="replace"))):
        assert all(" " not in text and "@" in text for text in (*found.addresses, *found.mail_ids))
        assert found.code == "5.1.1" and len(found.name) == 64
