"""Of every page about a person, opening and sending agree: who may not do what it is for finds no form for it either."""

from typing import Any

import pytest
from django.test import Client
from django.urls import get_resolver, reverse

from accounts.invitations import invite
from accounts.models import User
from schools import memberships as rules
from schools.models import Membership
from tests.world import World, build_world, member, person, signed_in

pytestmark = pytest.mark.django_db

YES, REASON, NOWHERE = "done, or asked to put something right", "403 with its reason", "404"
# Each page about one person, and what is sent to it. Whether it changes the account, which is its only organisation's to do.
ACCOUNT: dict[str, dict[str, Any]] = {
    "person-close": {"because": "Left"},
    "person-reopen": {},
    "person-last-day": {"last_day-day": "", "last_day-month": "", "last_day-year": ""},
    "person-second-factor": {"how": "seen in person"},
    "person-address": {"email": "new@example.test", "how": "seen in person"},
    "person-details": {"name": "New Name"},
}
OF_ROLES = {"role-add": {"role": "officer"}, "role-end": {"last_day-day": "x"}}
SENT_ALONE = {"person-invite": {}, "person-mail-arrives": {}}
READ_ALONE = ("person-detail",)
# Whom the administrator asks about, and what they are answered by pages about the account, about a role with them, and by the invitation.
WHO = {
    "own": ("kit", YES, YES, YES),
    "shared with another authority": ("anna", REASON, YES, REASON),
    "another authority's": ("oli", NOWHERE, NOWHERE, NOWHERE),
    "nobody's": ("stan", NOWHERE, NOWHERE, NOWHERE),
    "oneself": ("nia", REASON, REASON, REASON),
}
CODES = {YES: {200, 302, 409}, REASON: {403}, NOWHERE: {404}}


@pytest.fixture
def world() -> World:
    """The cast; Anna teaches for both authorities, and has an invitation of the other's open."""
    world = build_world()
    for name in ("anna", "kit"):
        user = world.people[name]
        user.set_unusable_password()
        user.save()
    member(world, "Anna", "designated_teacher", school=world.schools["hill"], authority=world.places["marlow"].authority)
    invite(world.people["anna"], by=None, organisation="Marlow Vale Virtual School")
    return world


@pytest.fixture
def nia(world: World) -> Client:
    """The administrator's browser."""
    return signed_in(world.people["nia"])


def test_every_page_about_a_person_is_in_the_table() -> None:
    named = {name for name in get_resolver().namespace_dict["schools"][1].reverse_dict if isinstance(name, str)}
    assert named - {"person-list", "person-add", "mail-list", "mail-again"} == {*ACCOUNT, *OF_ROLES, *SENT_ALONE, *READ_ALONE}


@pytest.mark.parametrize("who", WHO)
def test_opening_a_page_about_a_person_and_sending_it_are_answered_alike(world: World, nia: Client, who: str) -> None:
    """A4: a page that opened by a typed address for somebody whom another authority looks after too refused only what was sent."""
    name, account, role, invitation = WHO[who]
    user = world.people[name]
    for page, sent in {**ACCOUNT, **OF_ROLES}.items():
        expected = role if page in OF_ROLES else account
        about: Any = user
        if page == "role-end":
            about = Membership.objects.filter(user=user).exclude(authority=world.places["marlow"].authority).first()
        if about is None:  # Stan has no role
            continue
        url = reverse(f"schools:{page}", args=[about.pk])
        opened, answered = nia.get(url), nia.post(url, sent)
        assert opened.status_code in CODES[expected] and answered.status_code in CODES[expected], (page, opened, answered)
        if expected == REASON:
            reason = rules.NOT_YOURSELF if name == "nia" else rules.WORKS_ELSEWHERE
            assert reason in opened.content.decode() and reason in answered.content.decode(), page
            assert "<form method" not in opened.content.decode().split("<main")[1], page
        user = User.objects.get(pk=user.pk)
        user.is_active = True
        user.save()
    answered = nia.post(reverse("schools:person-invite", args=[user.pk]))
    assert answered.status_code in CODES[invitation]
    assert nia.post(reverse("schools:person-invite", args=[user.pk]), {"action": "withdraw"}).status_code in CODES[invitation]
    told = CODES[NOWHERE] if account == NOWHERE else CODES[YES]
    assert nia.post(reverse("schools:person-mail-arrives", args=[user.pk])).status_code in told, "it gives no right"
    assert nia.get(reverse("schools:person-detail", args=[user.pk])).status_code in told


def test_what_is_refused_changes_nothing(world: World, nia: Client) -> None:
    before = User.history.count(), Membership.history.count()
    for name in ("anna", "oli", "nia"):
        for page, sent in ACCOUNT.items():
            nia.get(reverse(f"schools:{page}", args=[world.people[name].pk]))
            nia.post(reverse(f"schools:{page}", args=[world.people[name].pk]), sent)
    assert (User.history.count(), Membership.history.count()) == before


def test_a_persons_page_offers_only_what_is_not_refused(world: World, nia: Client) -> None:
    page = nia.get(reverse("schools:person-detail", args=[world.people["anna"].pk])).content.decode()
    assert "Give a role" in page and rules.WORKS_ELSEWHERE in page
    assert "Send the invitation again" not in page and "Take the invitation back" not in page
    assert not any(reverse(f"schools:{one}", args=[world.people["anna"].pk]) in page for one in ACCOUNT)
    assert "Send an invitation" in nia.get(reverse("schools:person-detail", args=[world.people["kit"].pk])).content.decode()


def test_a_role_of_another_authority_at_the_same_school_is_not_found(world: World, nia: Client) -> None:
    url = reverse(
        "schools:role-end", args=[Membership.objects.get(user=world.people["anna"], authority=world.places["marlow"].authority).pk]
    )
    assert (nia.get(url).status_code, nia.post(url, {}).status_code) == (404, 404)
    person(world, "Quin")
    member(world, "Quin", "account_administrator", virtual_school=world.places["marlow"].virtual_school)
    assert signed_in(world.people["quin"]).get(url).status_code == 200
