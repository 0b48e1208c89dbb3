"""What an account administrator may do: a table of who may give what to whom, and where; and that nothing gets past it."""

import datetime
from collections.abc import Iterator
from io import StringIO
from typing import Any
from uuid import uuid4

import pytest
from allauth.mfa.models import Authenticator
from django.core import mail as outgoing
from django.core.exceptions import PermissionDenied
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.mail import sweep
from accounts.models import Invitation, Message, User
from accounts.policy import Relation, Verb
from accounts.relations import held_by
from children.models import Allocation, Child
from schools import memberships as rules
from schools import person_accounts
from schools.ended_roles import end_role
from schools.models import PLACE_OF_ROLE, Membership, School
from tests.accounts.signing_in import by_day
from tests.world import DAY, World, build_world, member, person

pytestmark = pytest.mark.django_db
TODAY = timezone.localdate()


@pytest.fixture
def world() -> Iterator[World]:
    """The cast, with an administrator in each authority and a newcomer."""
    world = build_world()
    person(world, "Quin")
    member(world, "Quin", "account_administrator", virtual_school=world.places["marlow"].virtual_school)
    person(world, "Ned")
    yield world


def place_for(world: World, role: Relation, where: str) -> dict[str, Any]:
    """The place of a role in one of the authorities."""
    place = world.places[where]
    match PLACE_OF_ROLE.get(role, "team"):
        case "school":
            return {"place": world.schools["brook"], "authority": place.authority}
        case "virtual_school":
            return {"place": place.virtual_school}
        case _:
            return {"place": place.team}


def give(world: World, by: str, to: str, role: Relation, where: str) -> Membership:
    """One person gives another a role."""
    giver = world.people[by]
    return rules.give_role(
        world.people[to],
        role,
        by=giver,
        organisation=rules.administered_by(giver, TODAY),
        starts=TODAY,
        **place_for(world, role, where),
    )


@pytest.mark.parametrize(
    ("by", "to", "where", "allowed"),
    [
        ("nia", "ned", "fenshire", True),
        ("nia", "ned", "marlow", False),
        ("nia", "nia", "fenshire", False),
        ("nia", "nia", "marlow", False),
        ("nia", "quin", "fenshire", True),  # the other authority's administrator may work here too
        ("quin", "ned", "marlow", True),
        ("quin", "ned", "fenshire", False),
        *[(nobody, "ned", "fenshire", False) for nobody in ("anna", "fay", "hana", "jo", "kit", "lena", "moe", "ned")],
    ],
)
def test_who_may_give_which_role_to_whom_and_where(world: World, by: str, to: str, where: str, allowed: bool) -> None:
    for role in rules.GRANTABLE:
        before = Membership.objects.count()
        if allowed:
            assert give(world, by, to, role, where).granted_by == world.people[by]
        else:
            with pytest.raises(PermissionDenied):
                give(world, by, to, role, where)
        assert Membership.objects.count() == before + allowed, role


def test_every_role_at_a_place_can_be_given_and_no_other() -> None:
    assert set(rules.GRANTABLE) == set(PLACE_OF_ROLE) | {Relation.SOCIAL_WORKER, Relation.REVIEWING_OFFICER}
    assert {value for value, _ in Membership.ROLES} == {role.value for role in rules.GRANTABLE}


@pytest.mark.parametrize("role", [Relation.SOCIAL_WORKER, Relation.REVIEWING_OFFICER, Relation.ACCOUNT_ADMINISTRATOR])
def test_a_role_that_only_says_where_somebody_belongs_shows_no_child(world: World, role: Relation) -> None:
    give(world, "nia", "ned", role, "fenshire")
    for verb in Verb:
        if verb is not Verb.MANAGE_PEOPLE:
            assert not Child.objects.visible_to(world.people["ned"], verb).exists(), verb
    assert role is Relation.ACCOUNT_ADMINISTRATOR or held_by(world.people["ned"], TODAY) == []


def test_the_first_and_the_last_day_hold_and_no_other(world: World) -> None:
    anna_of_brook = rules.give_role(
        world.people["ned"],
        "designated_teacher",
        world.schools["brook"],
        by=world.people["nia"],
        organisation=rules.administered_by(world.people["nia"], TODAY),
        starts=TODAY,
        ends=TODAY + 10 * DAY,
        authority=world.places["fenshire"].authority,
    )
    sees = {day: Child.objects.visible_to(world.people["ned"], on=TODAY + day * DAY).exists() for day in (-1, 0, 9, 10)}
    assert sees == {-1: False, 0: True, 9: True, 10: False}
    end_role(anna_of_brook, by=world.people["nia"], organisation=rules.administered_by(world.people["nia"], TODAY), last_day=TODAY - DAY)
    assert not Child.objects.visible_to(world.people["ned"], on=TODAY).exists()


@pytest.mark.parametrize(("by", "allowed"), [("nia", True), ("quin", False), ("anna", False), ("lena", False)])
def test_only_the_own_administrator_ends_a_role(world: World, by: str, allowed: bool) -> None:
    role = Membership.objects.get(user=world.people["kit"])
    act: dict[str, Any] = {"by": world.people[by], "organisation": rules.administered_by(world.people[by], TODAY), "last_day": TODAY}
    if allowed:
        end_role(role, **act)
    else:
        with pytest.raises(PermissionDenied):
            end_role(role, **act)
    role.refresh_from_db()
    assert role.ends == (TODAY + DAY if allowed else None)


def test_nobody_ends_their_own_role(world: World) -> None:
    nia = world.people["nia"]
    with pytest.raises(PermissionDenied):
        end_role(Membership.objects.get(user=nia), by=nia, organisation=rules.administered_by(nia, TODAY), last_day=TODAY)


@pytest.mark.parametrize(
    ("by", "whom", "reason"),
    [
        ("nia", "anna", ""),
        ("nia", "kit", ""),
        ("nia", "nia", rules.NOT_YOURSELF),
        ("nia", "cora", rules.NOT_YOURS),
        ("nia", "ned", rules.NOT_YOURS),
        ("quin", "cora", ""),
        ("quin", "anna", rules.NOT_YOURS),
        ("nia", "fay", ""),  # a social worker by allocation alone
        ("nia", "jo", ""),
        ("quin", "fay", rules.NOT_YOURS),
    ],
)
def test_whose_account_an_administrator_may_change(world: World, by: str, whom: str, reason: str) -> None:
    giver = world.people[by]
    assert rules.why_not_change(world.people[whom], rules.administered_by(giver, TODAY), by=giver, on=TODAY) == reason


def test_who_works_for_two_authorities_is_closed_by_neither(world: World) -> None:
    give(world, "quin", "anna", Relation.DESIGNATED_TEACHER, "marlow")
    nia = world.people["nia"]
    organisation = rules.administered_by(nia, TODAY)
    assert rules.why_not_change(world.people["anna"], organisation, by=nia, on=TODAY) == rules.WORKS_ELSEWHERE
    for act in (
        lambda: person_accounts.deactivate(world.people["anna"], by=nia, organisation=organisation, on=TODAY, because="x"),
        lambda: person_accounts.set_last_day(world.people["anna"], TODAY, by=nia, organisation=organisation, on=TODAY),
        lambda: person_accounts.reset_sign_in(world.people["anna"], by=nia, organisation=organisation, on=TODAY, checked="x"),
    ):
        with pytest.raises(PermissionDenied):
            act()


def test_a_social_worker_of_two_authorities_is_closed_by_neither_whatever_roles_they_hold(world: World) -> None:
    """By allocation alone, too: Fay's other child is of the other authority."""
    nia, fay = world.people["nia"], world.people["fay"]
    Allocation(child=world.children["vic"], role="reviewing_officer", worker=fay, starts=TODAY + DAY).save()
    assert rules.why_not_change(fay, rules.administered_by(nia, TODAY), by=nia, on=TODAY) == rules.WORKS_ELSEWHERE


def test_social_workers_are_found_without_a_word_about_their_children(world: World, nia: Client) -> None:
    page = nia.get(reverse("schools:person-list")).content.decode()
    assert "Fay Example" in page and "Jo Example" in page
    assert "CANARY" not in page


def test_an_administrator_whose_role_has_ended_administers_nothing(world: World) -> None:
    role = Membership.objects.get(user=world.people["nia"])
    role.ends = TODAY
    role.save()
    assert rules.administered_by(world.people["nia"], TODAY - DAY)
    assert not rules.administered_by(world.people["nia"], TODAY)


@pytest.fixture
def nia(world: World, client: Client) -> Client:
    """The administrator's browser."""
    client.force_login(world.people["nia"])
    return client


def every_page(world: World, whom: str) -> list[str]:
    """All addresses about one person."""
    names = ("person-detail", "role-add", "person-close", "person-reopen", "person-last-day", "person-second-factor", "person-address")
    names += ("person-details",)
    return [reverse(f"schools:{name}", args=[world.people[whom].pk]) for name in names]


@pytest.mark.parametrize("who", ["anna", "eve", "fay", "hana", "jo", "kit", "lena", "moe"])
def test_for_everybody_else_the_pages_do_not_exist(world: World, client: Client, who: str) -> None:
    client.force_login(world.people[who])
    role = Membership.objects.get(user=world.people["bilal"])
    paths = [reverse("schools:person-list"), reverse("schools:person-add"), reverse("schools:role-end", args=[role.pk])]
    for path in [*paths, *every_page(world, "bilal")]:
        assert client.get(path).status_code == 404, path
        assert client.post(path, {}).status_code == 404, path
    assert client.post(reverse("schools:person-invite", args=[world.people["bilal"].pk])).status_code == 404


def test_people_of_another_authority_are_not_found(world: World, nia: Client) -> None:
    listed = nia.get(reverse("schools:person-list")).content.decode()
    assert "Anna Example" in listed and "Kit Example" in listed
    for stranger in ("Cora Example", "Oli Example", "Quin Example", "Ned Example"):
        assert stranger not in listed
    assert "Cora" not in nia.get(reverse("schools:person-list"), {"q": "Cora"}).content.decode().split("<main")[1].replace(
        'value="Cora"', ""
    )
    for path in every_page(world, "cora"):
        assert nia.get(path).status_code == 404 and nia.post(path, {}).status_code in (404, 405)
    role = Membership.objects.get(user=world.people["cora"])
    assert nia.post(reverse("schools:role-end", args=[role.pk]), {"last_day": TODAY.isoformat()}).status_code == 404
    assert nia.post(reverse("schools:person-invite", args=[world.people["cora"].pk])).status_code == 404


def test_no_page_of_an_administrator_names_a_child(world: World, nia: Client) -> None:
    for path in [reverse("schools:person-list"), reverse("schools:person-add"), *every_page(world, "fay"), *every_page(world, "anna")]:
        assert "CANARY" not in nia.get(path).content.decode(), path
    assert nia.get(f"/children/{world.children['sam'].pk}/").status_code == 404


def new_person(world: World, **changed: Any) -> dict[str, Any]:
    """The form for a new designated teacher."""
    day = TODAY
    return {
        "email": "zoe.new@example.test", "name": "Zoe New", "role": "designated_teacher", "school": "900002",
        "authority": world.places["fenshire"].authority.pk, "starts-day": day.day, "starts-month": day.month, "starts-year": day.year,
        "invite": "on", **changed,
    }  # fmt: skip


def test_a_new_person_is_added_with_a_role_and_invited(world: World, nia: Client) -> None:
    answer = nia.post(reverse("schools:person-add"), new_person(world))
    zoe = User.objects.get(email="zoe.new@example.test")
    assert answer.headers["Location"] == reverse("schools:person-detail", args=[zoe.pk])
    role = Membership.objects.get(user=zoe)
    assert (role.school, role.authority, role.granted_by) == (
        world.schools["brook"], world.places["fenshire"].authority, world.people["nia"],
    )  # fmt: skip
    assert role.history.get().history_user_id == world.people["nia"].pk
    assert Invitation.objects.get(user=zoe).organisation == "Fenshire Virtual School"
    assert Message.objects.filter(recipient=zoe, rule="invitation", mail="waiting").count() == 1
    assert "Invited" in nia.get(reverse("schools:person-detail", args=[zoe.pk])).content.decode()


def test_of_somebody_who_is_known_only_the_name_is_shown_and_asked_about(world: World, nia: Client) -> None:
    """G2: and the name only to whoever has typed it, where it is another organisation's person."""
    cora = world.people["cora"]
    cora.phone, cora.job_title = "CANARY-phone", "CANARY-title"
    cora.save()
    guessed = new_person(world, email="CORA@example.test", name="Someone Else", same_person="on")
    page = nia.post(reverse("schools:person-add"), guessed).content.decode()
    assert "Somebody with another name has this address" in page and "Cora" not in page
    assert Membership.objects.filter(user=cora).count() == 1
    typed = new_person(world, email="CORA@example.test", name="cora  example")
    page = nia.post(reverse("schools:person-add"), typed).content.decode()
    assert "Cora Example has this address already" in page
    assert "CANARY" not in page and "Hill School" not in page and "Marlow" not in page
    assert Membership.objects.filter(user=cora).count() == 1
    nia.post(reverse("schools:person-add"), {**typed, "same_person": "on"})
    cora.refresh_from_db()
    assert Membership.objects.filter(user=cora, authority=world.places["fenshire"].authority).exists()
    assert cora.name == "Cora Example", "the other authority's people are not renamed"


@pytest.mark.parametrize(
    ("changed", "complaint"),
    [
        ({"email": "not an address"}, "E-mail address"),
        ({"name": ""}, "Enter full name"),
        ({"school": "Nowhere"}, "no open school"),
        ({"school": "School"}, "Several schools fit"),
        ({"school": ""}, "Enter the school"),
        ({"authority": ""}, "Choose the authority"),
        ({"role": "team_manager"}, "Choose a team"),
        ({"role": "social_worker"}, "Choose a team"),
        ({"role": "head"}, "Choose a virtual school"),
        ({"role": "former_school"}, "role"),
        ({"starts-year": "20"}, "First day must have a year"),
        ({"last_day-day": 1, "last_day-month": 1, "last_day-year": 2020}, "on or after the first day"),
    ],
)
def test_what_is_wrong_with_the_form_is_said_and_nothing_is_lost(
    world: World, nia: Client, changed: dict[str, Any], complaint: str
) -> None:
    page = nia.post(reverse("schools:person-add"), new_person(world, **changed)).content.decode()
    assert "There is a problem" in page and complaint in page
    assert "Zoe New" in page or "name" in changed
    assert not User.objects.filter(name="Zoe New").exists()


@pytest.mark.parametrize("field", ["authority", "team", "virtual_school"])
def test_a_place_of_another_authority_cannot_be_posted(world: World, nia: Client, field: str) -> None:
    marlow = world.places["marlow"]
    role, value = {
        "authority": ("designated_teacher", marlow.authority.pk),
        "team": ("team_manager", marlow.team.pk),
        "virtual_school": ("officer", marlow.virtual_school.pk),
    }[field]
    page = nia.post(reverse("schools:person-add"), new_person(world, role=role, **{field: value})).content.decode()
    assert "There is a problem" in page
    assert "Marlow" not in page
    assert not User.objects.filter(name="Zoe New").exists()


def test_the_administrator_cannot_give_themselves_a_role_through_the_page(world: World, nia: Client) -> None:
    me = world.people["nia"]
    typed = new_person(world, role="head", virtual_school=world.places["fenshire"].virtual_school.pk, email=me.email, same_person="on")
    assert rules.NOT_YOURSELF in nia.post(reverse("schools:person-add"), typed).content.decode().replace("&#x27;", "'")
    assert rules.NOT_YOURSELF in nia.post(reverse("schools:role-add", args=[me.pk]), typed).content.decode()
    assert Membership.objects.filter(user=me).count() == 1


def test_closing_and_opening_an_account(world: World, nia: Client) -> None:
    anna = world.people["anna"]
    browser = Client()
    browser.force_login(anna)
    assert browser.get("/").status_code == 200
    nia.post(reverse("schools:person-close", args=[anna.pk]), {"because": "Left the school"})
    anna.refresh_from_db()
    assert not anna.is_active and anna.history.first().history_change_reason == "Left the school"
    assert browser.get("/").status_code == 302
    nia.post(reverse("schools:person-reopen", args=[anna.pk]))
    anna.refresh_from_db()
    assert anna.is_active
    assert browser.get("/").status_code == 302, "the old sign-in does not come back"


def test_the_last_day_of_an_account(world: World, nia: Client) -> None:
    kit = world.people["kit"]
    last = TODAY + 30 * DAY
    path = reverse("schools:person-last-day", args=[kit.pk])
    nia.post(path, {"last_day-day": last.day, "last_day-month": last.month, "last_day-year": last.year})
    kit.refresh_from_db()
    assert kit.expires_on == last + DAY
    assert f'value="{last.day}"' in nia.get(path).content.decode()
    nia.post(path, {"last_day-day": "", "last_day-month": "", "last_day-year": ""})
    kit.refresh_from_db()
    assert kit.expires_on is None


def test_ending_a_role_asks_for_the_last_day(world: World, nia: Client) -> None:
    role = Membership.objects.get(user=world.people["kit"])
    path = reverse("schools:role-end", args=[role.pk])
    old = TODAY - 30 * DAY
    page = nia.post(path, {"last_day-day": old.day, "last_day-month": old.month, "last_day-year": old.year}).content.decode()
    assert "cannot be before yesterday" in page
    nia.post(path, {"last_day-day": TODAY.day, "last_day-month": TODAY.month, "last_day-year": TODAY.year})
    role.refresh_from_db()
    assert role.ends == TODAY + DAY


def test_the_second_factor_is_reset_only_after_a_check_and_the_person_is_told_and_signed_out(world: World, nia: Client) -> None:
    anna = world.people["anna"]
    browser = Client()
    browser.force_login(anna)
    assert browser.get("/").status_code == 200
    path = reverse("schools:person-second-factor", args=[anna.pk])
    assert "There is a problem" in nia.post(path, {}).content.decode()
    assert Authenticator.objects.filter(user=anna).exists()
    nia.post(path, {"how": "seen in person"})
    assert not Authenticator.objects.filter(user=anna).exists()
    assert Message.objects.filter(recipient=anna, rule="second_factor_reset").count() == 1
    latest = anna.history.first()
    assert "seen in person" in latest.history_change_reason and latest.history_user_id == world.people["nia"].pk
    assert browser.get("/").headers["Location"].startswith(reverse("account_login"))


def test_an_address_is_changed_only_after_a_check_and_both_addresses_are_told(world: World, nia: Client) -> None:
    """P6. The history says how it was checked; who reads the old mailbox learns neither the new address nor whose account it is."""
    anna, path = world.people["anna"], reverse("schools:person-address", args=[world.people["anna"].pk])
    assert "There is a problem" in nia.post(path, {"email": "anna.new@example.test"}).content.decode()
    assert "There is a problem" in nia.post(path, {"email": "not an address", "how": "seen in person"}).content.decode()
    assert "Somebody else has this address" in nia.post(path, {"email": "Bilal@example.test", "how": "seen in person"}).content.decode()
    anna.refresh_from_db()
    assert anna.email == "anna@example.test"
    assert nia.post(path, {"email": "Anna.New@example.test", "how": "seen in person"}).status_code == 302
    anna.refresh_from_db()
    assert anna.email == "anna.new@example.test"
    latest = anna.history.first()
    assert "seen in person" in latest.history_change_reason and latest.history_user_id == world.people["nia"].pk
    while sweep(now=by_day()):
        pass
    mails = {mail.to[0]: str(mail.message()) for mail in outgoing.outbox if mail.subject == "Your e-mail address was changed"}
    assert set(mails) == {"anna@example.test", "anna.new@example.test"}
    assert "anna.new" not in mails["anna@example.test"] and "https://" not in mails["anna@example.test"]
    assert "Anna" not in mails["anna@example.test"]
    # The same again changes nothing and tells nobody.
    nia.post(path, {"email": "anna.new@example.test", "how": "seen in person"})
    assert Message.objects.filter(rule="address_changed").count() == 2


def test_an_invitation_to_the_old_address_stops_working(world: World, nia: Client) -> None:
    zoe = User.objects.create_user("zoe@example.test", "Zoe New")
    Membership(user=zoe, role="officer", virtual_school=world.places["fenshire"].virtual_school, starts=TODAY).save()
    nia.post(reverse("schools:person-invite", args=[zoe.pk]))
    nia.post(reverse("schools:person-address", args=[zoe.pk]), {"email": "zoe.new@example.test", "how": "seen in person"})
    assert Invitation.objects.get(user=zoe).withdrawn_at is not None
    nia.post(reverse("schools:person-invite", args=[zoe.pk]))
    assert Invitation.objects.get(user=zoe, withdrawn_at=None).email == "zoe.new@example.test"


def test_inviting_again_and_taking_back(world: World, nia: Client) -> None:
    zoe = User.objects.create_user("zoe@example.test", "Zoe New")
    give(world, "nia", "ned", Relation.OFFICER, "fenshire")
    Membership(user=zoe, role="officer", virtual_school=world.places["fenshire"].virtual_school, starts=TODAY).save()
    path = reverse("schools:person-invite", args=[zoe.pk])
    nia.post(path)
    nia.post(path)
    assert Invitation.objects.filter(user=zoe, withdrawn_at__isnull=True).count() == 1
    nia.post(path, {"action": "withdraw"})
    assert not Invitation.objects.filter(user=zoe, withdrawn_at__isnull=True).exists()
    assert nia.get(path).status_code == 405
    assert (
        "has an account already" in nia.post(reverse("schools:person-invite", args=[world.people["ned"].pk]), follow=True).content.decode()
    )


def test_the_list_takes_the_same_queries_for_few_and_many(world: World, nia: Client) -> None:
    path, counts = reverse("schools:person-list"), []
    nia.get(path)
    for many in (1, 3):
        while User.objects.filter(name__startswith="Zoe").count() < many:
            user = User.objects.create_user(f"zoe{uuid4().hex}@example.test", "Zoe New")
            Membership(user=user, role="team_manager", team=world.places["fenshire"].team, starts=TODAY - DAY).save()
        with CaptureQueriesContext(connection) as queries:
            assert len(nia.get(path, {"q": "Zoe"}).context["people"]) == many
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 10


@pytest.mark.parametrize(
    ("state", "who"), [("active", "Kit Example"), ("closed", "Moe Example"), ("invited", "Zoe New"), ("none", "Yan New")]
)
def test_the_filters_find_each_state(world: World, nia: Client, state: str, who: str) -> None:
    moe = world.people["moe"]
    moe.expires_on = TODAY
    moe.save()
    nia.post(reverse("schools:person-add"), new_person(world))
    nia.post(reverse("schools:person-add"), new_person(world, email="yan@example.test", name="Yan New", invite=""))
    found = [row[0].name for row in nia.get(reverse("schools:person-list"), {"state": state}).context["people"]]
    assert who in found
    assert not set(found) & ({"Kit Example", "Moe Example", "Zoe New", "Yan New"} - {who})


def test_the_first_administrator_is_made_by_a_command(world: World) -> None:
    out = StringIO()
    call_command("create_administrator", "First@Example.test", "Fi First", "--virtual-school", "Fenshire Virtual School", stdout=out)
    first = User.objects.get(email="first@example.test")
    assert rules.administered_by(first, TODAY).virtual_schools == {world.places["fenshire"].virtual_school.pk}
    assert Invitation.objects.filter(user=first).count() == 1
    with pytest.raises(CommandError, match="already has this role"):
        call_command("create_administrator", "first@example.test", "Fi First", "--virtual-school", "Fenshire Virtual School")
    with pytest.raises(CommandError, match="known: Fenshire Virtual School, Marlow"):
        call_command("create_administrator", "two@example.test", "Two", "--virtual-school", "Elsewhere")
    assert not User.objects.filter(email="two@example.test").exists()
    with pytest.raises(CommandError, match="not an e-mail"):
        call_command("create_administrator", "two", "Two", "--virtual-school", "Fenshire Virtual School")
    call_command("create_administrator", "two@example.test", "Two", "--virtual-school", "Elsewhere", "--new", stdout=out)
    assert rules.administered_by(User.objects.get(email="two@example.test"), TODAY)


def test_a_closed_school_is_not_offered(world: World, nia: Client) -> None:
    School(urn=900777, name="Gone School", closed_on=datetime.date(2020, 1, 1)).save()
    assert "no open school" in nia.post(reverse("schools:person-add"), new_person(world, school="900777")).content.decode()
