"""Who hears of what is done to an account: its person, and, of their staff and teams, every head but the one who did it."""

import datetime
from typing import Any

import pytest
from django.core import mail as outgoing
from django.test import Client

from accounts.mail import deliver
from accounts.models import Message
from accounts.relations import held_by
from accounts.rules import RULES, sentence
from schools.models import Membership
from schools.person_accounts import HEARD_OF
from tests.accounts.signing_in import by_day
from tests.world import DAY, World, build_world, member, person, signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    """The cast, and Dave, who is head of Fenshire's virtual school beside Lena."""
    world = build_world()
    person(world, "Dave")
    member(world, "Dave", "head", virtual_school=world.places["fenshire"].virtual_school)
    return world


@pytest.fixture
def nia(world: World) -> Client:
    """The administrator's browser."""
    return signed_in(world.people["nia"])


def close(world: World, name: str, **fields: Any) -> None:
    """Somebody's account was closed, long ago."""
    user = world.people[name]
    user.is_active = False
    for field, value in fields.items():
        setattr(user, field, value)
    user.save()


def told(rule: str) -> set[str]:
    """Who was told, by address: in the product, or by e-mail alone."""
    return {(one.recipient.email if one.recipient else one.address) or "" for one in Message.objects.filter(rule=rule)}


def said_to(world: World, name: str) -> list[str]:
    """What somebody was told, in words."""
    return [sentence(one.rule, one.facts) for one in Message.objects.filter(recipient=world.people[name]).order_by("created_at")]


def last_day(day: datetime.date | None) -> dict[str, str]:
    """The form's three fields."""
    return {f"last_day-{part}": str(getattr(day, part)) if day else "" for part in ("day", "month", "year")}


HEADS = {"dave@example.test", "lena@example.test"}
# By what somebody works for Fenshire; whether the heads hear at once, with the digest (None: not at all) of an account opened again, and
# of an address or a second step.
PEOPLE = [
    ("kit", "officer", "waiting", "waiting"),
    ("moe", "business support", "waiting", "waiting"),
    ("hana", "team manager", "waiting", "waiting"),
    ("ian", "deputy team manager", "waiting", "waiting"),
    ("rosa", "service manager", "waiting", "waiting"),
    ("fay", "social worker of your authority", "digest", "digest"),
    ("jo", "independent reviewing officer", "digest", "digest"),
    ("anna", "designated teacher", "digest", None),
    ("hedy", "headteacher", "digest", None),
]


def heard(rule: str, words: str, mail: str | None) -> None:
    """The heads have been told by this rule in these words, at once or later; or not at all."""
    rows = list(Message.objects.filter(rule=rule))
    assert {row.recipient.email for row in rows if row.recipient} == (HEADS if mail else set()), rule
    assert {row.mail for row in rows} == ({mail} if mail else set())
    assert all(f"the role of {words}" in sentence(row.rule, row.facts) for row in rows)


@pytest.mark.parametrize(("name", "words", "reopened", "changed"), PEOPLE)
def test_nobody_takes_over_a_closed_account_and_no_head_hears(
    world: World, nia: Client, name: str, words: str, reopened: str | None, changed: str | None
) -> None:
    """An administrator changed the address of a closed account whose roles were open, opened it again, and reset its second step."""
    close(world, name)
    user, old = world.people[name], world.people[name].email
    checked = {"how": "video call, face known"}
    assert nia.post(f"/people/{user.pk}/e-mail/", {"email": "other@evil.example", **checked}).status_code == 302
    heard("staff_address_changed", words, changed)
    assert told("address_changed") == {old, "other@evil.example"}
    assert nia.post(f"/people/{user.pk}/reopen/").status_code == 302
    heard("staff_account_reopened", words, reopened)
    assert told("account_reopened") == {"other@evil.example"}
    assert nia.post(f"/people/{user.pk}/second-factor/", checked).status_code == 302
    heard("staff_second_step_reset", words, changed)
    assert told("second_factor_reset") == {"other@evil.example"}
    assert nia.post(f"/people/{user.pk}/reopen/").status_code == 302, "an open one is not opened again"
    assert Message.objects.filter(rule__in=("account_reopened", "staff_account_reopened")).count() == 3


def test_a_second_step_reset_while_the_account_is_closed_is_told_too(world: World, nia: Client) -> None:
    close(world, "kit")
    nia.post(f"/people/{world.people['kit'].pk}/second-factor/", {"how": "seen in person"})
    assert told("second_factor_reset") == {"kit@example.test"} and told("staff_second_step_reset") == HEADS


def test_of_an_account_whose_roles_are_over_there_is_nothing_to_tell_the_heads(world: World, nia: Client) -> None:
    held = Membership.objects.get(user=world.people["kit"])
    held.ends = world.today
    held.save()
    close(world, "kit")
    assert nia.post(f"/people/{world.people['kit'].pk}/reopen/").status_code == 302
    assert told("account_reopened") == {"kit@example.test"} and not told("staff_account_reopened")
    assert not held_by(world.people["kit"], world.today)


def test_a_role_that_is_to_begin_counts_and_several_are_told_of_once(world: World, nia: Client) -> None:
    virtual_school = world.places["fenshire"].virtual_school
    person(world, "Zed")
    for role, starts in (("business_support", world.today - DAY), ("officer", world.today + DAY)):
        member(world, "Zed", role, starts=starts, virtual_school=virtual_school)
    close(world, "zed")
    nia.post(f"/people/{world.people['zed'].pk}/reopen/")
    assert said_to(world, "lena") == [
        "An account was opened again: that of somebody with the role of officer at your virtual school and 1 other role."
        " If you do not know of it, ask your account administrators today who it is and why."
    ]


def test_no_head_of_another_authority_hears_and_no_message_names_anybody(world: World, nia: Client) -> None:
    kit = world.people["kit"]
    nia.post(f"/people/{kit.pk}/e-mail/", {"email": "kit.new@example.test", "how": "seen in person"})
    nia.post(f"/people/{kit.pk}/close/", {"because": "Left"})
    nia.post(f"/people/{kit.pk}/reopen/")
    assert Message.objects.filter(recipient=world.people["lena"]).count() == 3 and not said_to(world, "pia")
    outgoing.outbox.clear()
    for message in Message.objects.filter(recipient=world.people["lena"]):
        assert deliver(message.pk, now=by_day()) == "sent"
    for sent in outgoing.outbox:
        assert "Kit" not in sent.body and "kit.new" not in sent.body and "Nia" not in sent.body


def test_every_head_hears_but_the_one_who_did_it(world: World) -> None:
    """Lena is account administrator too, as in a virtual school of one or two."""
    member(world, "Lena", "account_administrator", virtual_school=world.places["fenshire"].virtual_school)
    kit, lena = world.people["kit"], signed_in(world.people["lena"])
    lena.post(f"/people/{kit.pk}/e-mail/", {"email": "kit.new@example.test", "how": "seen in person"})
    lena.post(f"/people/{kit.pk}/second-factor/", {"how": "seen in person"})
    lena.post(f"/people/{kit.pk}/last-day/", last_day(world.today + DAY))
    lena.post(f"/people/{kit.pk}/last-day/", last_day(None))
    lena.post(f"/people/{kit.pk}/close/", {"because": "Left"})
    lena.post(f"/people/{kit.pk}/reopen/")
    for rule in HEARD_OF:
        assert told(rule) == {"dave@example.test"}, rule


def test_of_a_heads_own_address_the_other_heads_hear(world: World, nia: Client) -> None:
    nia.post(f"/people/{world.people['dave'].pk}/e-mail/", {"email": "dave.new@example.test", "how": "seen in person"})
    assert told("staff_address_changed") == {"dave.new@example.test", "lena@example.test"}
    assert told("address_changed") == {"dave@example.test", "dave.new@example.test"}


@pytest.mark.parametrize(
    ("name", "heads"),
    [("kit", HEADS), ("hana", HEADS), ("anna", set()), ("fay", set()), ("eve", set())],
    ids=["officer", "team manager", "teacher", "social worker", "contributor"],
)
def test_whose_account_is_closed_is_told_by_e_mail_and_the_heads_of_their_staff(
    world: World, nia: Client, name: str, heads: set[str]
) -> None:
    url, user = f"/people/{world.people[name].pk}/close/", world.people[name]
    assert nia.post(url, {"because": "Left"}).status_code == 302
    assert told("staff_account_ended") == heads and not told("head_account_ended")
    [message] = Message.objects.filter(recipient=user)
    assert deliver(message.pk, now=by_day()) == "sent"
    mail = outgoing.outbox[-1]
    assert mail.to == [user.email] and "was closed. You cannot sign in any more." in mail.body and "https://" not in mail.body
    before = Message.objects.count(), user.history.count()
    nia.post(url, {"because": "Again"})
    assert (Message.objects.count(), user.history.count()) == before, "what is closed is not closed again"


def test_whoever_never_had_an_account_is_sent_no_e_mail_that_it_was_closed(world: World, nia: Client) -> None:
    kit = world.people["kit"]
    kit.set_unusable_password()
    kit.save()
    nia.post(f"/people/{kit.pk}/close/", {"because": "Left"})
    assert Message.objects.get(recipient=kit).mail == Message.Mail.NONE and told("staff_account_ended") == HEADS


def test_a_heads_account_is_told_of_in_words_of_its_own_and_once(world: World, nia: Client) -> None:
    member(world, "Dave", "officer", virtual_school=world.places["fenshire"].virtual_school)
    nia.post(f"/people/{world.people['dave'].pk}/close/", {"because": "Left"})
    assert told("head_account_ended") == HEADS and not told("staff_account_ended")
    assert told("account_ended") == {"dave@example.test"}


def test_a_last_day_is_told_as_an_end_and_one_that_has_passed_as_a_closed_account(world: World, nia: Client) -> None:
    url, soon = f"/people/{world.people['kit'].pk}/last-day/", world.today + 30 * DAY
    nia.post(url, last_day(soon))
    nia.post(url, last_day(soon))
    for rule in ("account_ended", "staff_account_ended"):
        words = {sentence(one.rule, one.facts) for one in Message.objects.filter(rule=rule)}
        assert len(words) == 1 and f"ends after {soon.day} {soon:%B %Y}" in words.pop()
    assert told("staff_account_ended") == HEADS and Message.objects.count() == 3, "the same day again changes nothing"
    Message.objects.all().delete()
    nia.post(url, last_day(world.today - DAY))
    assert all("was closed" in sentence(one.rule, one.facts) for one in Message.objects.all())
    assert told("account_ended") == {"kit@example.test"} and told("staff_account_ended") == HEADS


def test_that_a_last_day_to_come_is_taken_away_again_is_told_to_those_who_were_told_of_it(world: World, nia: Client) -> None:
    url, soon = f"/people/{world.people['kit'].pk}/last-day/", world.today + 30 * DAY
    nia.post(url, last_day(soon))
    Message.objects.all().delete()
    nia.post(url, last_day(None))
    nia.post(url, last_day(None))
    assert told("account_goes_on") == {"kit@example.test"} and told("staff_account_goes_on") == HEADS
    assert Message.objects.count() == 3, "no last day again changes nothing"
    assert said_to(world, "kit")[0].startswith(f"Your account in Education Plans does not end after {soon.day} {soon:%B %Y}, as it was to.")
    assert f"An account does not end after {soon.day} {soon:%B %Y}, as it was to: that of" in said_to(world, "lena")[0]
    # Of the end of a teacher's account the heads hear nothing, and so not that it does not come.
    for day in (soon, None):
        nia.post(f"/people/{world.people['anna'].pk}/last-day/", last_day(day))
    assert told("account_goes_on") == {"kit@example.test", "anna@example.test"} and Message.objects.count() == 5


def test_an_account_that_has_ended_and_is_given_a_later_last_day_is_opened_again(world: World, nia: Client) -> None:
    """The page of the last day must be no side door to the one that opens accounts."""
    kit = world.people["kit"]
    for days, heads_know_until in ((None, ""), (30, ", until ")):
        kit.expires_on = world.today
        kit.save()
        Message.objects.all().delete()
        nia.post(f"/people/{kit.pk}/last-day/", last_day(world.today + days * DAY if days else None))
        assert told("account_reopened") == {"kit@example.test"} and told("staff_account_reopened") == HEADS
        assert f"opened again{heads_know_until}" in said_to(world, "lena")[0] and not told("staff_account_ended")
        kit.refresh_from_db()
        assert held_by(kit, world.today)


def test_the_last_day_of_a_closed_account_opens_nothing_and_tells_nobody(world: World, nia: Client) -> None:
    close(world, "kit")
    for day in (world.today + DAY, None):
        nia.post(f"/people/{world.people['kit'].pk}/last-day/", last_day(day))
    assert not Message.objects.exists() and not held_by(world.people["kit"], world.today)


def test_a_social_worker_by_allocation_alone_is_somebody_of_the_authoritys(world: World, nia: Client) -> None:
    """Fay has no role at a place. With one, it is one role still, however often it is held."""
    fay, team = world.people["fay"], world.places["fenshire"].team
    nia.post(f"/people/{fay.pk}/second-factor/", {"how": "seen in person"})
    member(world, "Fay", "social_worker", team=team)
    nia.post(f"/people/{fay.pk}/second-factor/", {"how": "seen in person"})
    words = said_to(world, "lena")
    assert len(words) == 2 and all("the role of social worker of your authority. If" in one for one in words)


def test_the_heads_hear_of_it_inside_the_product_and_are_led_nowhere_else() -> None:
    assert all(RULES[rule].link == "message" and not RULES[rule].digest for rule in HEARD_OF)
