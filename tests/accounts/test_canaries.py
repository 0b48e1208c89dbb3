"""No e-mail the product can send says whom it is about: every rule there is, and every rule there will be, with canaries all around it.

The child has a name, initials, a reference, a school and a plan that stand nowhere else; whatever a caller hands over as facts is a
canary too.
"""

import datetime
import email
import email.policy
import re
import uuid
from email.message import EmailMessage, MIMEPart

import pytest
from django.core import mail as outgoing
from django.urls import reverse

from accounts import invitations, mail
from accounts.models import Message, User
from accounts.outbox import tell
from accounts.rules import RULES, TO_INVITATION, sentence
from children.models import Child
from pep.models import Plan
from schools.models import Membership
from tests.accounts.signing_in import add_person, by_day
from tests.world import World, begin, build_world, fill, signed_in

GIVEN, FAMILY, KNOWN, SCHOOL = "Quillonia", "Zwartbol", "Quilly", "Xylograph Academy"
# Q.Z., QZ, Q Z and Q. Z.: the two letters by themselves.
INITIALS = re.compile(r"(?<![A-Za-z])Q\.?[ ]?Z\.?(?![A-Za-z])")


@pytest.fixture
def world(db: None) -> World:
    """The cast, with Sam under a name that is a canary and a plan full of them."""
    world = build_world()
    sam, hill = world.children["sam"], world.schools["hill"]
    sam.given_name, sam.family_name, sam.known_as = GIVEN, FAMILY, KNOWN
    sam.save()
    hill.name = SCHOOL
    hill.save()
    fill(begin(world, "sam"), "sam")
    return world


def dee_of(world: World) -> User:
    """Somebody who may see every child of Fenshire and is mailed each thing at once: nobody else is mailed what is about a child."""
    dee = add_person("Dee Dunn", digest="at_once")
    Membership(user=dee, role="officer", virtual_school=world.places["fenshire"].virtual_school, starts=world.today).save()
    return dee


def facts_of(rule: str) -> list[dict[str, object]]:
    """Facts as callers hand them over, for every name the sentence of a rule knows: dates, numbers, and a name made to look like a key."""
    names = {*re.findall(r"[a-z_]+", " ".join(re.findall(r"{[{%](.*?)[}%]}", RULES[rule].sentence))), "sections", "on", "due_on", "about"}
    kinds: tuple[object, ...] = (datetime.date(2026, 12, 4), 2, 1, "quillonia", "zwartbol-q", uuid.uuid4())
    return [{}, *[dict.fromkeys(names, value) for value in kinds]]


def sent_to(person: User, rule: str, plan: Plan, sam: Child) -> list[outgoing.EmailMessage]:
    """Every e-mail of a rule: with each kind of facts, about the plan and the child."""
    outgoing.outbox.clear()
    if RULES[rule].link == TO_INVITATION:
        ben = add_person("Cy Cole", password=None, app=False, email=f"{uuid.uuid4()}@example.test")
        invitations.invite(ben, by=None, organisation="Fenshire Virtual School")
        messages = list(Message.objects.filter(recipient=ben))
    else:
        keys = [f"{rule}:{uuid.uuid4()}" for _ in facts_of(rule)]
        for key, facts in zip(keys, facts_of(rule), strict=True):
            assert tell(key=key, recipient=person, rule=rule, plan_id=plan.pk, child_id=sam.pk, facts=facts)
        messages = list(Message.objects.filter(key__in=keys))
    for message in messages:
        assert mail.deliver(message.pk, now=by_day()) == "sent", rule
    return list(outgoing.outbox)


def every_word(part: EmailMessage | MIMEPart) -> str:
    """All that a mail program could show of an e-mail: headers, texts, the names of files and what is in them, nothing encoded."""
    words = [f"{name}: {value}" for name, value in part.items()]
    words += [part.get_filename() or ""]
    if part.is_multipart():
        words += [every_word(inner) for inner in part.iter_parts()]
    else:
        content = part.get_payload(decode=True)
        # Calendars fold their lines.
        words += [content.decode(errors="replace").replace("\r\n ", "")] if isinstance(content, bytes) else []
    return "\n".join(words)


def secrets(sam: Child, plan: Plan) -> list[str]:
    """What would say whom an e-mail is about."""
    return [
        GIVEN, FAMILY, KNOWN, SCHOOL, "Xylograph", "CANARY", sam.reference, str(sam.identifier), str(plan.pk), str(sam.pk), plan.pk.hex,
        sam.pk.hex, f"{sam.date_of_birth:%-d %B %Y}", sam.date_of_birth.isoformat(), "Fenshire Council",
    ]  # fmt: skip


def test_no_e_mail_of_any_rule_says_whom_it_is_about(world: World) -> None:
    """F3."""
    sam, plan, dee = world.children["sam"], Plan.objects.get(child=world.children["sam"]), dee_of(world)
    assert GIVEN in f"{sam.name} {sam.given_name}" and plan.sections.filter(version__gt=0).exists(), "there is something that could leak"
    problems, seen = [], set()
    for rule in RULES:
        for found in sent_to(dee, rule, plan, sam):
            seen.add(rule)
            everything = every_word(email.message_from_bytes(found.message().as_bytes(), policy=email.policy.default))
            problems += [f"{rule}: {secret}" for secret in secrets(sam, plan) if secret.lower() in everything.lower()]
            problems += [f"{rule}: initials" for _ in INITIALS.findall(everything)]
    assert seen == set(RULES)
    assert not problems, problems


def test_a_sentence_shows_numbers_and_dates_and_never_a_word_it_was_given() -> None:
    for rule in RULES:
        for facts in facts_of(rule):
            kept = {name: str(value)[:64] if isinstance(value, uuid.UUID | datetime.date) else value for name, value in facts.items()}
            words = sentence(rule, kept)
            assert "quillonia" not in words and "zwartbol" not in words, rule
            assert not re.search(r"[0-9a-f]{8}-[0-9a-f]{4}", words), f"{rule} shows an identifier"


def test_subjects_and_links_words_are_fixed_texts() -> None:
    """What a rule puts into the subject cannot depend on whom it is about."""
    for name, rule in RULES.items():
        assert not re.search(r"[{}%]", rule.subject + rule.link_words), name


def test_the_sender_and_the_message_id_are_the_product_s_own(world: World) -> None:
    plan, dee = Plan.objects.get(child=world.children["sam"]), dee_of(world)
    for rule in RULES:
        for found in sent_to(dee, rule, plan, plan.child):
            assert found.from_email == "Education Plans <plans@example.org>"
            assert re.fullmatch(r"<[0-9a-f-]{36}\.[0-9a-f]{24}@plans\.example\.org>", found.extra_headers["Message-ID"])
            assert len(found.recipients()) == 1, "one person, who sees no other's address"


def test_every_address_in_an_e_mail_is_the_product_s_and_holds_opaque_identifiers_alone(world: World) -> None:
    """G7."""
    plan, dee = Plan.objects.get(child=world.children["sam"]), dee_of(world)
    opaque = r"https://plans\.example\.org/(messages/([0-9a-f-]{36}/)?|account/|account/invitation/[\w-]{43}/|account/password/reset/key/[\w-]+/)"
    for rule in RULES:
        for found in sent_to(dee, rule, plan, plan.child):
            links = re.findall(r"https?://\S+", str(found.body))
            assert len(links) == 1 and re.fullmatch(opaque, links[0]), (rule, links)


def test_to_whoever_may_not_see_the_child_any_more_the_list_of_messages_says_no_more_than_the_e_mails(world: World) -> None:
    """D7: it names the child to those who may see them at that moment."""
    plan, dee = Plan.objects.get(child=world.children["sam"]), dee_of(world)
    for rule in RULES:
        sent_to(dee, rule, plan, plan.child)
    role = dee.memberships.get()
    role.ends = world.today
    role.save()
    client, number, more = signed_in(dee), 1, True
    while more:
        answer = client.get(f"{reverse('message-list')}?page={number}")
        page, number, more = answer.content.decode(), number + 1, answer.context["page_obj"].has_next()
        assert answer.context["lines"]
        assert [secret for secret in secrets(plan.child, plan) if secret.lower() in page.lower()] == []
    assert number > 3
