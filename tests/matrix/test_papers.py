"""What leaves the product: the two documents of a plan, with what is attached to them, and every e-mail that the world's moves cause."""

import email
import email.policy
import re

import pytest
from django.core import mail as outgoing
from django.utils import timezone

from accounts import mail
from accounts.models import Message
from pep.models import Document
from tests.accounts.signing_in import by_day
from tests.accounts.test_canaries import every_word
from tests.matrix.asking import leaks_of, words_of_pdf
from tests.matrix.readers import MONEY
from tests.matrix.story import CHILDREN, whole_world
from tests.pep import pdf_reading
from tests.world import DAY, canary

pytestmark = pytest.mark.django_db


def test_a_document_tells_each_audience_what_is_for_it_and_of_its_own_child_alone() -> None:
    """A5, E3: in the text of the pages and in what is attached."""
    whole_world()
    for document in Document.objects.select_related("snapshot__plan__child"):
        key = next(key for key in CHILDREN if canary(key, "known") in document.child.known_as)
        pages = pdf_reading.text_of(bytes(document.content)).translate({ord(" "): None, 0x200B: None})
        attached = b" ".join(pdf_reading.attached(bytes(document.content)).values()).decode()
        for text in (pages, attached):
            assert canary(key, "aim") in text and canary(key, "school", "attendance") in text, "it says something"
            assert {match[1] for match in re.finditer(r"CANARY-(sam|tia|vic|wes)", text)} == {key}
            for_council = document.audience == "council"
            for part in ("council", MONEY):
                assert (canary(key, part) in text) is for_council, (key, document.audience, part)
            for part in ("typed", "council-returned", "council-restricted", "council-error", "council-phone", "late"):
                assert canary(key, part) not in text, (key, document.audience, part)
        assert words_of_pdf(bytes(document.content))


def test_no_message_that_a_move_causes_holds_a_word_that_anybody_wrote() -> None:
    """F3: submitted, signed, returned, graded, cancelled, invited, moved, paid for: only the place that somebody put into the calendar."""
    whole_world()
    now = by_day() + 30 * DAY
    Message.objects.filter(mail=Message.Mail.WAITING).update(next_try_at=timezone.now() - DAY)
    rules = set(Message.objects.values_list("rule", flat=True))
    assert rules >= {
        "plan_submitted",
        "plan_returned",
        "plan_complete",
        "plan_closed",
        "meeting_booked",
        "move_proposed",
        "move_taken_back",
    }
    assert not leaks_of(list(Message.objects.select_related("recipient")))
    outgoing.outbox.clear()
    waiting = list(Message.objects.filter(mail=Message.Mail.WAITING).values_list("pk", flat=True))
    sent = [mail.deliver(message, now=now) for message in waiting]
    assert len(outgoing.outbox) == sent.count("sent") > 50
    for found in outgoing.outbox:
        words = every_word(email.message_from_bytes(found.message().as_bytes(), policy=email.policy.default))
        for address in found.recipients():
            words = words.replace(address, "")
        assert set(re.findall(r"CANARY-\w+-(\w+)", words)) <= {"calendar"}, words
    assert any("-calendar-place" in every_word(email.message_from_bytes(one.message().as_bytes(), policy=email.policy.default))
               for one in outgoing.outbox)  # fmt: skip
