"""Messages: each once, whoever sends it and however often; and never lost on the way to the mail server."""

import datetime
import smtplib
import uuid
from threading import Barrier, Thread
from typing import Any

import pytest
from django.core import mail as outgoing
from django.db import IntegrityError, OperationalError, connection, transaction
from django.utils import timezone

from accounts import mail
from accounts.models import Message, User
from accounts.outbox import tell, unread_count, write_to
from accounts.tasks import deliver_message, sweep_messages
from tests.accounts.signing_in import add_person, by_day

MINUTE = datetime.timedelta(minutes=1)


def waiting(user: User, key: str = "reminder:1") -> Message:
    """A message whose e-mail has not been sent."""
    assert tell(key=key, recipient=user, rule="plan_returned", facts={"sections": 2})
    return Message.objects.get(key=key)


@pytest.mark.django_db
def test_the_same_message_is_written_once() -> None:
    anna = add_person()
    assert tell(key="reminder:1", recipient=anna, rule="plan_opened") is True
    assert tell(key="reminder:1", recipient=anna, rule="plan_opened") is False
    assert tell(key="reminder:2", recipient=anna, rule="plan_opened") is True
    assert Message.objects.filter(recipient=anna).count() == 2


@pytest.mark.django_db
def test_what_is_rolled_back_was_never_said() -> None:
    anna = add_person()
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        tell(key="reminder:1", recipient=anna, rule="plan_opened")
        raise ZeroDivisionError
    assert unread_count(anna) == 0
    assert tell(key="reminder:1", recipient=anna, rule="plan_opened")


@pytest.mark.django_db
@pytest.mark.parametrize("fields", [{"is_active": False}, {"expires_on": datetime.date(2020, 1, 1)}], ids=["deactivated", "ended"])
def test_who_may_not_sign_in_is_told_nothing(fields: dict[str, Any]) -> None:
    """F4."""
    assert tell(key="reminder:1", recipient=add_person(**fields), rule="plan_opened") is False
    assert not Message.objects.exists()


@pytest.mark.django_db
def test_who_has_no_account_yet_finds_the_message_later_and_gets_no_e_mail() -> None:
    ben = add_person("Ben Baker", password=None)
    assert tell(key="reminder:1", recipient=ben, rule="plan_opened")
    assert Message.objects.get().mail == Message.Mail.NONE
    assert sweep_messages() == 0 and not outgoing.outbox


@pytest.mark.django_db
def test_the_worker_is_nudged_once_the_change_is_kept(eager_celery: None, django_capture_on_commit_callbacks: Any) -> None:
    anna = add_person()
    with django_capture_on_commit_callbacks(execute=True):
        tell(key="reminder:1", recipient=anna, rule="plan_returned")
        assert not outgoing.outbox
    assert [message.to for message in outgoing.outbox] == [["anna@example.test"]]


def test_two_schedulers_at_the_same_instant_write_one_message_and_send_one_e_mail(committed_db: str) -> None:
    anna = add_person()
    barrier, written, sent = Barrier(6), [], []

    def schedule() -> None:
        barrier.wait()
        written.append(tell(key="reminder:1", recipient=anna, rule="plan_returned"))
        barrier.wait()
        sent.append(deliver_message(str(Message.objects.get(key="reminder:1").pk)))
        connection.close()

    threads = [Thread(target=schedule) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(written) == [False] * 5 + [True]
    assert sorted(sent) == [""] * 5 + ["sent"]
    assert Message.objects.count() == 1 and len(outgoing.outbox) == 1


@pytest.mark.django_db
def test_an_e_mail_is_sent_once_with_the_row_s_message_id() -> None:
    message = waiting(add_person())
    assert mail.deliver(message.pk) == "sent"
    assert mail.deliver(message.pk) == ""
    message.refresh_from_db()
    [sent] = outgoing.outbox
    assert sent.extra_headers["Message-ID"] == message.mail_id
    assert str(message.pk) in message.mail_id
    assert message.sent_at is not None and message.attempts == 1


@pytest.mark.django_db
def test_a_mail_server_that_refuses_is_asked_again_later_and_later(settings: Any) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1  # nothing listens there
    message, now = waiting(add_person()), timezone.now()
    assert mail.deliver(message.pk, now=now) == "waiting"
    message.refresh_from_db()
    assert (message.attempts, message.last_error) == (1, "ConnectionRefusedError")
    assert message.next_try_at == now + MINUTE
    assert mail.deliver(message.pk, now=now + MINUTE / 2) == "", "not before its time"
    mail.sweep(now=now + MINUTE)
    message.refresh_from_db()
    assert (message.attempts, message.next_try_at) == (2, now + 6 * MINUTE)
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    assert mail.sweep(now=now + 6 * MINUTE) == 1
    message.refresh_from_db()
    assert (message.mail, message.last_error) == ("sent", "")


@pytest.mark.django_db
def test_an_e_mail_that_never_leaves_has_visibly_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: object, fail_silently: bool = False) -> int:
        raise smtplib.SMTPRecipientsRefused({"anna@example.test": (550, b"no such person anna@example.test")})

    monkeypatch.setattr("django.core.mail.EmailMessage.send", refuse)
    message, now = waiting(add_person()), timezone.now()
    for minutes in (0, *mail.BACK_OFF):
        now += minutes * MINUTE
        mail.deliver(message.pk, now=now)
    message.refresh_from_db()
    assert message.mail == "failed" and message.attempts == len(mail.BACK_OFF) + 1
    assert list(mail.not_arrived()) == [message]
    assert "anna" not in message.last_error


@pytest.mark.django_db
def test_a_message_that_cannot_be_put_together_keeps_none_behind_it_waiting_and_at_last_has_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    anna, ben = add_person(), add_person("Ben Baker")
    broken, sound = waiting(anna, "reminder:1"), waiting(ben, "reminder:2")
    put_together = mail.compose

    def compose(message: Message) -> Any:
        if message.recipient == anna:
            raise KeyError("a fault of the product")
        return put_together(message)

    monkeypatch.setattr(mail, "compose", compose)
    now = timezone.now()
    assert mail.sweep(now=now) == 1
    sound.refresh_from_db()
    broken.refresh_from_db()
    assert sound.mail == "sent" and (broken.mail, broken.attempts, broken.next_try_at) == ("waiting", 1, now + MINUTE)
    for minutes in mail.BACK_OFF:
        now += minutes * MINUTE
        assert mail.sweep(now=now) == 0
    broken.refresh_from_db()
    assert broken.mail == "failed" and list(mail.not_arrived()) == [broken]
    assert "KeyError" not in broken.last_error and "put together" in broken.last_error


@pytest.mark.django_db
def test_a_database_that_is_away_is_no_fault_of_the_message(monkeypatch: pytest.MonkeyPatch) -> None:
    message = waiting(add_person())

    def away(*args: Any, **kwargs: Any) -> str:
        raise OperationalError("the server closed the connection")

    monkeypatch.setattr(mail, "deliver", away)
    with pytest.raises(OperationalError):
        mail.sweep()
    message.refresh_from_db()
    assert (message.mail, message.attempts) == ("waiting", 0)


@pytest.mark.django_db
def test_the_sweep_finds_what_a_lost_nudge_left() -> None:
    anna = add_person()
    for number in range(3):
        waiting(anna, f"reminder:{number}")
    assert not outgoing.outbox
    assert sweep_messages() == 3
    assert len(outgoing.outbox) == 3
    assert sweep_messages() == 0


def test_a_message_that_another_worker_is_sending_is_left_to_it(committed_db: str) -> None:
    message = waiting(add_person())
    held, go_on = Barrier(2), Barrier(2)

    def hold() -> None:
        with transaction.atomic():
            Message.objects.select_for_update().get(pk=message.pk)
            held.wait()
            go_on.wait()
        connection.close()

    other = Thread(target=hold)
    other.start()
    held.wait()
    assert mail.deliver(message.pk) == ""
    go_on.wait()
    other.join()
    assert mail.deliver(message.pk) == "sent"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("change", "became"), [({"is_active": False}, "withheld"), ({"email": None}, "none")], ids=["deactivated", "address taken away"]
)
def test_nothing_is_sent_when_there_is_nobody_to_send_it_to_any_more(change: dict[str, Any], became: str) -> None:
    """F4."""
    anna = add_person()
    message = waiting(anna)
    for name, value in change.items():
        setattr(anna, name, value)
    anna.save()
    assert mail.deliver(message.pk) == became
    assert not outgoing.outbox


@pytest.mark.django_db
def test_deliver_of_a_message_there_is_not_does_nothing() -> None:
    assert deliver_message(str(uuid.uuid4())) == ""


def entry(method: str) -> str:
    """A calendar entry as far as the mail needs to read it."""
    return f"BEGIN:VCALENDAR\r\nMETHOD:{method}\r\nEND:VCALENDAR\r\n"


@pytest.mark.django_db
def test_somebody_who_cannot_sign_in_is_written_to_once_without_name_and_link() -> None:
    for _ in range(2):
        write_to(key="meeting:1", address="mother@home.test", rule="meeting_booked", calendar=entry("REQUEST"))
    assert mail.sweep(now=by_day()) == 1
    [sent] = outgoing.outbox
    assert sent.to == ["mother@home.test"] and sent.reply_to == ["plans@example.org"]
    assert "https://" not in sent.body and sent.body.startswith("Hello,")
    assert 'text/calendar; method="REQUEST"' in sent.message().as_string()


@pytest.mark.django_db
@pytest.mark.parametrize(("method", "became"), [("REQUEST", "withheld"), ("CANCEL", "sent")])
def test_whose_account_has_ended_is_not_invited_any_more_but_has_the_entry_taken_out(method: str, became: str) -> None:
    anna = add_person()
    tell(key="meeting:1", recipient=anna, rule="meeting_cancelled", calendar=entry(method))
    anna.is_active = False
    anna.save()
    assert mail.deliver(Message.objects.get().pk) == became
    assert all("https://" not in sent.body for sent in outgoing.outbox)


@pytest.mark.django_db
@pytest.mark.parametrize("whom", [{}, {"recipient": True, "address": "anna@example.test"}], ids=["nobody", "two"])
def test_a_message_is_for_one_somebody(whom: dict[str, Any]) -> None:
    if "recipient" in whom:
        whom = {**whom, "recipient": add_person()}
    with pytest.raises(IntegrityError, match="accounts_message_is_for_somebody"), transaction.atomic():
        Message.objects.create(key="1", rule="meeting_booked", **whom)
