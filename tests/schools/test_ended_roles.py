"""An ended role stays ended, and an end is only brought forward: who is to have a role for longer is given it, and the heads hear."""

import datetime
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.test import Client

from accounts.models import Message, User
from accounts.relations import held_by
from schools.ended_roles import end_role, has_ended
from schools.memberships import STAFF, administered_by
from schools.models import PLACE_OF_ROLE, Membership
from tests.world import DAY, World, build_world, member, person, signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    """The cast, and Zed, who worked or works for Fenshire."""
    world = build_world()
    person(world, "Zed")
    return world


@pytest.fixture
def nia(world: World) -> Client:
    """The administrator's browser."""
    return signed_in(world.people["nia"])


def place(world: World, role: str) -> dict[str, Any]:
    """Where a role of Fenshire's is held."""
    fenshire = world.places["fenshire"]
    match PLACE_OF_ROLE.get(role, "team"):  # type: ignore[call-overload]
        case "school":
            return {"school": world.schools["hill"], "authority": fenshire.authority}
        case "virtual_school":
            return {"virtual_school": fenshire.virtual_school}
        case _:
            return {"team": fenshire.team}


def last_day(day: datetime.date) -> dict[str, str]:
    """The form's three fields."""
    return {"last_day-day": str(day.day), "last_day-month": str(day.month), "last_day-year": str(day.year)}


def unchanged(role: Membership) -> bool:
    """Whether a role is as it was, nobody was told anything, and its history says nothing."""
    before = role.starts, role.ends
    role.refresh_from_db()
    return (role.starts, role.ends) == before and not Message.objects.exists() and role.history.count() == 1


ROLES = [role for role, _ in Membership.ROLES]


@pytest.mark.parametrize("role", ROLES)
def test_a_role_that_has_ended_is_never_revived(world: World, nia: Client, role: str) -> None:
    """A12. An administrator ended a role of long ago once more, two years from now: it was in force, and no head heard of a role given."""
    held = member(world, "Zed", role, ends=world.today - 200 * DAY, **place(world, role))
    url = f"/people/roles/{held.pk}/end/"
    assert nia.get(url).status_code == 404
    for day in (world.today + 700 * DAY, world.today, world.today - DAY):
        assert nia.post(url, last_day(day)).status_code == 404
        with pytest.raises(ValidationError, match="This role has ended"):
            end_role(held, by=world.people["nia"], organisation=administered_by(world.people["nia"], world.today), last_day=day)
    assert unchanged(held) and not held_by(world.people["zed"], world.today)


def test_a_role_that_ended_today_and_one_that_never_began_are_over(world: World, nia: Client) -> None:
    today, soon = member(world, "Zed", "officer", ends=world.today, **place(world, "officer")), world.today + 5 * DAY
    never = member(world, "Zed", "head", starts=soon, ends=soon, **place(world, "head"))
    for held in (today, never):
        assert has_ended(held, world.today)
        assert nia.post(f"/people/roles/{held.pk}/end/", last_day(world.today + 9 * DAY)).status_code == 404
        assert unchanged(held)
    page = nia.get(f"/people/{world.people['zed'].pk}/").content.decode()
    assert "/end/" not in page and "taken back before it began" in page
    assert "Virtual school head" not in nia.get("/people/?q=Zed").content.decode().partition("<main")[2].partition("<table")[2]


@pytest.mark.parametrize("later", [0, 1, 700])
def test_an_end_is_only_brought_forward(world: World, nia: Client, later: int) -> None:
    """A12. A role for a week is not made one for two years without the heads."""
    held = member(world, "Zed", "officer", ends=world.today + 8 * DAY, **place(world, "officer"))
    url, ends_after = f"/people/roles/{held.pk}/end/", world.today + 7 * DAY
    assert f"It ends after {ends_after.day} {ends_after:%B %Y} already" in nia.get(url).content.decode()
    page = nia.post(url, last_day(ends_after + later * DAY)).content.decode()
    assert f"This role ends after {ends_after.day} {ends_after:%B %Y} already. An end can only be brought forward" in page
    assert 'id="id_last_day-error"' in page and "There is a problem" in page, "it is said beside the day"
    assert unchanged(held)
    assert nia.post(url, last_day(ends_after - DAY)).status_code == 302
    held.refresh_from_db()
    assert held.ends == ends_after
    assert {message.rule: message.recipient.name for message in Message.objects.all() if message.recipient} == {
        "role_ending": "Zed Example", "staff_role_ended": "Lena Example",
    }  # fmt: skip


def test_for_longer_a_role_is_given_again_and_the_heads_hear_of_it(world: World, nia: Client) -> None:
    held = member(world, "Zed", "officer", ends=world.today + 8 * DAY, **place(world, "officer"))
    day = held.ends
    assert day is not None
    typed = {"role": "officer", "virtual_school": str(place(world, "officer")["virtual_school"].pk)}
    starts = {"starts-day": str(day.day), "starts-month": str(day.month), "starts-year": str(day.year)}
    assert nia.post(f"/people/{world.people['zed'].pk}/roles/add/", typed | starts).status_code == 302
    assert {message.recipient for message in Message.objects.filter(rule="staff_role_given")} == {world.people["lena"]}
    assert held_by(world.people["zed"], day + 700 * DAY)


def test_of_two_administrators_the_second_finds_the_end_that_the_first_has_set(world: World) -> None:
    """A8. Both had opened the page before either sent it."""
    member(world, "Zed", "officer", **place(world, "officer"))
    seen_by_the_second, held = (Membership.objects.get(user=world.people["zed"]) for _ in range(2))
    act: dict[str, Any] = {"by": world.people["nia"], "organisation": administered_by(world.people["nia"], world.today)}
    end_role(held, last_day=world.today + DAY, **act)
    with pytest.raises(ValidationError, match="brought forward"):
        end_role(seen_by_the_second, last_day=world.today + 700 * DAY, **act)
    held.refresh_from_db()
    assert held.ends == world.today + 2 * DAY


@pytest.mark.parametrize("role", ROLES)
def test_the_heads_hear_that_a_staff_or_team_managers_role_ends_and_of_no_other(world: World, nia: Client, role: str) -> None:
    held = member(world, "Zed", role, **place(world, role))
    assert nia.post(f"/people/roles/{held.pk}/end/", last_day(world.today)).status_code == 302
    assert Message.objects.filter(rule="role_ending", recipient=world.people["zed"]).count() == 1
    assert Message.objects.filter(rule="staff_role_ended", recipient=world.people["lena"]).exists() is (role in STAFF)


@pytest.fixture
def two_heads(world: World) -> World:
    """Lena and Zed are heads of Fenshire's virtual school."""
    member(world, "Zed", "head", **place(world, "head"))
    return world


def ends_of(world: World, name: str) -> tuple[datetime.date | None, datetime.date | None]:
    """The first days on which somebody's role, and their account, no longer work."""
    return Membership.objects.get(user=world.people[name]).ends, User.objects.get(pk=world.people[name].pk).expires_on


def test_a_head_whose_account_or_role_ends_soon_is_no_other_head(two_heads: World, nia: Client) -> None:
    """An administrator gave the other head's account a last day tomorrow, and then ended the role of the one that remained."""
    world, zed, lena = two_heads, two_heads.people["zed"], Membership.objects.get(user=two_heads.people["lena"])
    held = Membership.objects.get(user=zed)
    url = f"/people/roles/{lena.pk}/end/"
    for account, role in ((1, None), (27, None), (None, 1), (None, 27)):
        zed.expires_on, held.ends = (world.today + DAY + days * DAY if days else None for days in (account, role))
        zed.save()
        held.save()
        assert "This is the only head of the virtual school" in nia.post(url, last_day(world.today)).content.decode(), (account, role)
        assert ends_of(world, "lena") == (None, None)
    member(world, "Kit", "head", starts=world.today + 20 * DAY, **place(world, "head"))
    assert nia.post(url, last_day(world.today)).status_code == 302, "one follows the other without a gap"


def test_the_only_heads_account_is_given_no_last_day_to_come_and_can_be_closed(two_heads: World, nia: Client) -> None:
    world = two_heads
    lena, zed = (f"/people/{two_heads.people[name].pk}" for name in ("lena", "zed"))
    assert nia.post(f"{zed}/last-day/", last_day(world.today + DAY)).status_code == 302
    before = Message.objects.count()
    page = nia.post(f"{lena}/last-day/", last_day(world.today + DAY)).content.decode()
    assert "This is the only head of the virtual school" in page and 'id="id_last_day-error"' in page
    assert ends_of(world, "lena") == (None, None) and Message.objects.count() == before
    assert nia.post(f"{lena}/close/", {"because": "Urgent"}).status_code == 302
    assert Message.objects.filter(rule="head_account_ended").count() == 4


def test_a_head_for_a_while_goes_before_their_time_when_another_is_there_until_then(two_heads: World, nia: Client) -> None:
    held = Membership.objects.get(user=two_heads.people["lena"])
    for name in ("lena", "zed"):
        role = Membership.objects.get(user=two_heads.people[name])
        role.ends = two_heads.today + 10 * DAY
        role.save()
    assert nia.post(f"/people/roles/{held.pk}/end/", last_day(two_heads.today)).status_code == 302


@pytest.mark.parametrize("role", ["officer", "designated_teacher"])
@pytest.mark.parametrize("days", [1, 300])
def test_no_role_is_given_for_days_gone_by(world: World, nia: Client, role: str, days: int) -> None:
    """The register would say that somebody could see children on days on which they could not."""
    where, first = place(world, role), world.today - days * DAY
    typed = {"role": role, **{name: str(value.pk) for name, value in where.items()}} | {"school": "900001"}
    starts = {"starts-day": str(first.day), "starts-month": str(first.month), "starts-year": str(first.year)}
    new = {"email": "new@example.test", "name": "New Person", "invite": "on"}
    for url in (f"/people/{world.people['hana'].pk}/roles/add/", "/people/add/"):
        page = nia.post(url, typed | starts | new).content.decode()
        assert "The first day must be today or later" in page
    assert Membership.objects.get(user=world.people["hana"]).role == "team_manager"
    assert not User.objects.filter(email="new@example.test").exists() and not Message.objects.exists()


def test_staff_are_whoever_has_a_role_at_a_virtual_school_or_manages_a_team() -> None:
    assert set(STAFF) == {role for role, kind in PLACE_OF_ROLE.items() if kind != "school"}
