"""Name, job title and telephone: who changes whose, what two who do it at once are shown, who is told, and what an import does after."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts import details
from accounts.models import Message, User
from accounts.rules import sentence
from schools import memberships as rules
from schools import person_accounts
from tests.test_barriers import recently
from tests.world import World, build_world, member, person, shown_on, signed_in
from virtualschool.register import people
from virtualschool.register.rows import Outcome, Report

pytestmark = pytest.mark.django_db

HEAD = "Name,E-mail,Role,Place,Job title,Telephone\n"


@pytest.fixture
def world() -> World:
    """The cast; Kit has a job title and a telephone, as Fenshire's list of people has them."""
    world = build_world()
    kit = world.people["kit"]
    kit.job_title, kit.phone = "Adviser", "01632 960111"
    kit.save()
    return world


@pytest.fixture
def nia(world: World) -> Client:
    """The administrator's browser."""
    return signed_in(world.people["nia"])


def typed(user: User, **changed: str) -> dict[str, str]:
    """The form as it stands, with this changed."""
    return {"name": user.name, "job_title": user.job_title, "phone": user.phone, **changed}


def change(client: Client, user: User, **changed: str) -> Any:
    """Open the page, change this and send it."""
    url = f"/people/{user.pk}/details/"
    return client.post(url, {**typed(user), **shown_on(client, url), **changed})


def said_to(user: User) -> list[str]:
    """What somebody was told, in words."""
    return [sentence(one.rule, one.facts) for one in Message.objects.filter(recipient=user).order_by("created_at")]


def listed(world: World, line: str, answer: str = "") -> Report:
    """What an import of one line about Kit would do."""
    parsed = people.read([part.encode() for part in (HEAD + line).splitlines(keepends=True)])
    answers = {2: answer} if answer else None
    return people.plan(parsed, world.places["fenshire"].authority, world.today, answers, by=world.people["nia"])


def test_an_administrator_changes_name_job_title_and_telephone_and_the_person_is_told(world: World, nia: Client) -> None:
    """D1: with who and when in the history."""
    kit = world.people["kit"]
    answer = change(nia, kit, name="Kit Newname", phone="01632 960222")
    assert answer["Location"] == f"/people/{kit.pk}/"
    kit.refresh_from_db()
    assert (kit.name, kit.job_title, kit.phone) == ("Kit Newname", "Adviser", "01632 960222")
    row = kit.history.first()
    assert (row.history_user_id, row.history_change_reason) == (world.people["nia"].pk, details.ON_THE_PAGE)
    assert said_to(kit) == [
        "An account administrator changed your name and telephone in Education Plans. Plans that are complete keep what they say."
        " If something is wrong now, tell your virtual school."
    ]
    before = kit.history.count()
    assert "as they were" in nia.post(f"/people/{kit.pk}/details/", typed(kit), follow=True).content.decode()
    assert kit.history.count() == before and len(said_to(kit)) == 1


@pytest.mark.parametrize(
    ("changed", "complaint"),
    [
        ({"name": " "}, "Enter full name"),
        ({"name": "https://evil.example"}, "A name has letters"),
        ({"name": "K" * 201}, "Full name must be 200 characters or fewer"),
        ({"phone": "1" * 51}, "50 characters or fewer"),
    ],
)
def test_what_is_no_name_is_said_at_its_field_and_nothing_changes(
    world: World, nia: Client, changed: dict[str, str], complaint: str
) -> None:
    kit = world.people["kit"]
    before = kit.history.count()
    page = change(nia, kit, job_title="Typed before", **changed).content.decode()
    assert "There is a problem" in page and complaint in page and "Typed before" in page
    assert kit.history.count() == before and not said_to(kit)


def test_of_two_administrators_the_second_is_shown_what_the_first_wrote_and_keeps_what_was_typed(world: World, nia: Client) -> None:
    person(world, "Ned")
    member(world, "Ned", "account_administrator", virtual_school=world.places["fenshire"].virtual_school)
    kit, url = world.people["kit"], f"/people/{world.people['kit'].pk}/details/"
    opened = {**typed(kit), **shown_on(nia, url)}
    assert change(signed_in(world.people["ned"]), kit, name="Kit Ned").status_code == 302
    answer = nia.post(url, {**opened, "job_title": "Typed by Nia"})
    page = answer.content.decode()
    assert answer.status_code == 409 and "changed since you opened this page" in page
    assert "Typed by Nia" in page and "Kit Ned" in page and 'value="Kit Example"' in page
    kit.refresh_from_db()
    assert (kit.name, kit.job_title) == ("Kit Ned", "Adviser")
    again = {"shown": answer.context["form"]["shown"].value(), "name": "Kit Ned", "job_title": "Typed by Nia", "phone": kit.phone}
    assert nia.post(url, again).status_code == 302
    kit.refresh_from_db()
    assert (kit.name, kit.job_title) == ("Kit Ned", "Typed by Nia")


def test_a_page_without_its_token_is_an_old_page_and_an_e_mail_that_was_chosen_makes_none_old(world: World, nia: Client) -> None:
    kit, url = world.people["kit"], f"/people/{world.people['kit'].pk}/details/"
    assert nia.post(url, typed(kit, phone="1")).status_code == 409
    token = shown_on(nia, url)
    signed_in(kit).post("/account/", {"digest": "mondays"})
    assert nia.post(url, {**typed(kit, phone="01632 960333"), **token}).status_code == 302


@pytest.mark.parametrize("who", ["anna", "oli", "nia"])
def test_nobody_changes_the_details_of_whom_another_looks_after_nor_their_own_name(world: World, who: str) -> None:
    """A4: the rule is asked where it is written too."""
    member(world, "Anna", "designated_teacher", school=world.schools["hill"], authority=world.places["marlow"].authority)
    nia, user = world.people["nia"], world.people[who]
    organisation, before = rules.administered_by(nia, world.today), user.history.count()
    with pytest.raises(rules.PermissionDenied):
        person_accounts.change_details(
            user, {"name": "Renamed"}, by=nia, organisation=organisation, on=world.today, page=details.shown(user)
        )
    assert user.history.count() == before


def test_whoever_cannot_sign_in_is_renamed_and_told_nothing(world: World, nia: Client) -> None:
    kit = world.people["kit"]
    kit.is_active = False
    kit.save()
    assert change(nia, kit, name="Kit Newname").status_code == 302
    assert not said_to(kit)


def test_people_change_their_own_telephone_and_job_title_and_not_their_name(world: World) -> None:
    kit = world.people["kit"]
    client = signed_in(kit)
    page = client.get("/account/").content.decode()
    assert "01632 960111" in page and 'href="/account/details/"' in page
    sent = {"job_title": "Senior adviser", "phone": "01632 960444", "name": "Somebody Else", **shown_on(client, "/account/details/")}
    assert client.post("/account/details/", sent)["Location"] == "/account/"
    kit.refresh_from_db()
    assert (kit.name, kit.job_title, kit.phone) == ("Kit Example", "Senior adviser", "01632 960444")
    row = kit.history.first()
    assert (row.history_user_id, row.history_change_reason) == (kit.pk, details.BY_THEMSELVES)
    [words] = said_to(kit)
    assert words.startswith("Your job title and telephone in Education Plans changed on your account’s page. If this was not you")


def test_their_own_page_that_is_old_is_refused_with_what_was_typed(world: World, nia: Client) -> None:
    kit = world.people["kit"]
    client = signed_in(kit)
    sent = {"job_title": "Adviser", "phone": "typed by Kit", **shown_on(client, "/account/details/")}
    change(nia, kit, phone="01632 960222")
    answer = client.post("/account/details/", sent)
    page = answer.content.decode()
    assert answer.status_code == 409 and "typed by Kit" in page and "01632 960222" in page
    kit.refresh_from_db()
    assert kit.phone == "01632 960222"


def test_a_telephone_is_not_changed_by_a_sign_in_of_long_ago(world: World) -> None:
    """B10: whoever has lost their second step is called back on it."""
    kit = world.people["kit"]
    client = signed_in(kit)
    recently(client, 3000)
    before = kit.history.count()
    for answer in (client.get("/account/details/"), client.post("/account/details/", {"phone": "1"})):
        assert answer["Location"].startswith(reverse("account_reauthenticate"))
    assert kit.history.count() == before


OLD = "Kit Example,kit@example.test,Virtual school officer,,Adviser,01632 960111\n"


def test_a_list_that_has_not_heard_of_a_change_does_not_take_it_back(world: World, nia: Client) -> None:
    """And says so beside the line; what the list newly says counts again."""
    kit = world.people["kit"]
    change(nia, kit, name="Kit Altogether-Different", job_title="", phone="01632 960222")
    report = listed(world, OLD)
    [line] = report.lines
    assert (line.outcome, line.changes) == (Outcome.SAME, [])
    assert line.warnings == [
        "Full name stays “Kit Altogether-Different”: it was changed here from “Kit Example”. Have the list put right.",
        "Job title stays empty: it was changed here from “Adviser”. Have the list put right.",
        "Telephone stays “01632 960222”: it was changed here from “01632 960111”. Have the list put right.",
    ]
    [line] = listed(world, OLD.replace("01632 960111", "01632 960999").replace("Kit Example", "Kit Altogether-Different")).lines
    assert line.changes == ["Telephone: 01632 960222 → 01632 960999"]


def test_another_name_than_before_is_asked_about_as_ever(world: World, nia: Client) -> None:
    change(nia, world.people["kit"], name="Kit Altogether-Different")
    [line] = listed(world, OLD.replace("Kit Example", "Wilhelmina Ostrander")).lines
    assert line.outcome is Outcome.ASK and "is Kit Altogether-Different in the register" in line.reason


def test_what_a_list_brought_it_also_takes_back(world: World) -> None:
    """What nobody typed is the list's own."""
    new = OLD.replace("01632 960111", "01632 960222")
    people.apply(listed(world, new), by=world.people["nia"])
    [line] = listed(world, OLD).lines
    assert line.changes == ["Telephone: 01632 960222 → 01632 960111"] and not line.warnings


def test_what_people_changed_of_themselves_stays_too_and_a_list_that_knew_of_it_is_heard(world: World, nia: Client) -> None:
    kit = world.people["kit"]
    client = signed_in(kit)
    client.post("/account/details/", {"job_title": "Adviser", "phone": "01632 960444", **shown_on(client, "/account/details/")})
    assert not listed(world, OLD).lines[0].changes
    people.apply(listed(world, OLD.replace("01632 960111", "01632 960555")), by=world.people["nia"])
    [line] = listed(world, OLD).lines
    assert line.changes == ["Telephone: 01632 960555 → 01632 960111"], "the list has gone on since, and comes back by its own doing"
