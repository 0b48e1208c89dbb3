"""What somebody who is signed in may not reach by a side door: each test is an attack that worked once."""

import datetime
import re
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from wsgiref.util import setup_testing_defaults

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import invitations
from accounts.links import invitation_token
from accounts.mail import compose, deliver
from accounts.models import Invitation, Message, User
from accounts.outbox import tell
from accounts.policy import Relation
from accounts.rules import sentence
from accounts.sessions import BEGAN
from children.access import relations_to
from children.models import AccessLog, Allocation, Child
from config.middleware import Handler
from schools.models import Membership, School
from tests.mail_reports import drop, make_maildir, report
from tests.virtualschool.test_imports_pages import confirm, upload
from tests.world import DAY, World, allocate, build_world, day, member, person, press, signed_in
from virtualschool import maildir
from virtualschool.models import ImportBatch

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    return build_world()


def bring_in(client: Client, world: World, kind: str, text: str, where: str = "fenshire") -> str:
    """Upload a list and confirm it; what the page said before."""
    upload(client, world, kind, text, where)
    batch = ImportBatch.objects.get(state="waiting")
    page = client.get(f"/register/imports/{batch.pk}/").content.decode()
    if 'name="digest"' in page:
        confirm(client, batch)
    else:
        client.post(f"/register/imports/{batch.pk}/", {"do": "drop"})
    return page


def recently(client: Client, seconds: int) -> None:
    """This person signed in so long ago."""
    session = client.session
    session[BEGAN] = time.time() - seconds
    session.save()


def of_child(child: Child, worker: str, team: str = "Fenshire Team One", answer: str = "") -> str:
    """A line of the list of children that gives the child this social worker."""
    head = "Given name,Family name,Date of birth,Identifier,Legal status,Care start,Social worker e-mail,Team,Answer\n"
    began = child.care_periods.get().starts
    who = f"{child.given_name},{child.family_name},{child.date_of_birth},{child.identifier}"
    return f"{head}{who},C2,{began},{worker},{team},{answer or child.reference}\n"


# Social workers and reviewing officers


@pytest.mark.parametrize("name", ["kit", "moe"])
def test_nobody_makes_themselves_a_childs_social_worker_through_the_list_of_children(world: World, name: str) -> None:
    sam, client = world.children["sam"], signed_in(world.people[name])
    page = bring_in(client, world, "children", of_child(sam, f"{name}@example.test"))
    assert "nobody allocates themselves" in page
    assert Relation.SOCIAL_WORKER not in relations_to(world.people[name], sam)
    new = (
        of_child(sam, f"{name}@example.test", answer="new")
        .replace(sam.identifier, "F-77")
        .replace(sam.given_name, "Wholly")
        .replace(sam.family_name, "New")
    )
    assert "nobody allocates themselves" in bring_in(client, world, "children", new)
    assert not Allocation.objects.filter(worker=world.people[name]).exists()
    assert Child.objects.filter(identifier="F-77").exists()  # all else on the line is done


def test_the_list_of_children_changes_no_social_worker_of_a_restricted_child(world: World) -> None:
    sam = world.children["sam"]
    sam.restricted, sam.restricted_because = True, "Threats"
    sam.save()
    page = bring_in(signed_in(world.people["moe"]), world, "children", of_child(sam, "gus@example.test"))
    assert "the head decides who works with the child" in page
    assert sam.allocation("social_worker", world.today).worker == world.people["fay"]  # type: ignore[union-attr]


def test_the_list_of_children_gives_no_child_to_a_teacher(world: World) -> None:
    page = bring_in(signed_in(world.people["moe"]), world, "children", of_child(world.children["sam"], "bilal@example.test"))
    assert "is not known as somebody who works for" in page
    assert not relations_to(world.people["bilal"], world.children["sam"])


@pytest.mark.parametrize("name", ["bilal", "cora", "anna", "eve", "oli", "stan"])
def test_only_the_authoritys_own_people_are_allocated_and_the_answer_does_not_say_who_else_there_is(world: World, name: str) -> None:
    """Teachers, contributors, another authority's officer and a person with no role: none may read what is the council's alone."""
    sam, team = world.children["sam"], world.places["fenshire"].team
    client, url = signed_in(world.people["moe"]), f"/children/{sam.pk}/register/allocation/new/"
    before = relations_to(world.people[name], sam)
    answers: dict[str, set[str]] = {}
    for email in (f"{name}@example.test", "nobody@example.test"):
        for role in ("reviewing_officer", "social_worker"):
            posted = {"role": role, "worker_email": email, "team": str(team.pk), **day("starts", world.today)}
            page = client.post(url, posted).content.decode()
            assert "Nobody with this address is known to work for Fenshire Council" in page
            answers.setdefault(role, set()).add(re.sub('name="csrfmiddlewaretoken" value="[^"]+"', "", page.replace(email, "")))
    assert all(len(same) == 1 for same in answers.values())
    assert relations_to(world.people[name], sam) == before
    typed = {
        "authority": str(world.places["fenshire"].authority.pk), "given_name": "Robin", "family_name": "Reed", "sex": "U",
        "birth_date_status": "recorded",
        **day("date_of_birth", datetime.date(2012, 4, 3)), **day("care_starts", world.today - DAY), "team": str(team.pk),
        "worker_email": f"{name}@example.test",
    }  # fmt: skip
    assert "Nobody with this address is known" in client.post("/register/children/new/", typed).content.decode()
    assert not Child.objects.filter(family_name="Reed").exists()


def test_whoever_works_with_the_child_at_school_is_not_allocated_even_with_a_role_at_the_council(world: World) -> None:
    member(world, "Anna", "social_worker", team=world.places["fenshire"].team)
    posted = {"role": "reviewing_officer", "worker_email": "anna@example.test", "team": "", **day("starts", world.today)}
    page = signed_in(world.people["moe"]).post(f"/children/{world.children['sam'].pk}/register/allocation/new/", posted)
    assert "works with the child at school" in page.content.decode()
    assert relations_to(world.people["anna"], world.children["sam"]) == {Relation.DESIGNATED_TEACHER}


def test_people_the_authority_has_brought_in_or_given_a_team_can_be_allocated(world: World) -> None:
    sam, team = world.children["sam"], world.places["fenshire"].team
    bring_in(
        signed_in(world.people["nia"]), world, "people", "Name,E-mail,Role,Place\nRia Dow,ria@example.test,Independent reviewing officer,\n"
    )
    person(world, "Ola")
    member(world, "Ola", "social_worker", team=team)
    client = signed_in(world.people["moe"])
    for role, email in (("reviewing_officer", "ria@example.test"), ("social_worker", "ola@example.test")):
        posted = {"role": role, "worker_email": email, "team": str(team.pk), **day("starts", world.today)}
        client.post(f"/children/{sam.pk}/register/allocation/new/", posted)
        assert sam.allocation(role, world.today).worker.email == email  # type: ignore[union-attr]


def test_only_the_head_decides_who_works_with_a_restricted_child(world: World) -> None:
    """G5."""
    sam, team = world.children["sam"], world.places["fenshire"].team
    sam.restricted, sam.restricted_because = True, "Threats"
    sam.save()
    posted = {"role": "social_worker", "worker_email": "gus@example.test", "team": str(team.pk), **day("starts", world.today)}
    held = sam.allocations.get(role="social_worker")
    for name in ("moe", "kit"):
        client = signed_in(world.people[name])
        for url in (f"/children/{sam.pk}/register/allocation/new/", f"/register/allocations/{held.pk}/"):
            assert client.get(url).status_code == client.post(url, posted).status_code == 403
        page = client.get(f"/children/{sam.pk}/register/").content.decode()
        assert f"/register/allocations/{held.pk}/" not in page and "the head decides who works with the child" in page
    assert not relations_to(world.people["gus"], sam)
    signed_in(world.people["lena"]).post(f"/children/{sam.pk}/register/allocation/new/", posted)
    assert relations_to(world.people["gus"], sam) == {Relation.SOCIAL_WORKER}


# People, roles and places


def people_file(*lines: str) -> str:
    return "Name,E-mail,Role,Place,Job title,Telephone\n" + "".join(f"{line}\n" for line in lines)


def test_an_import_gives_a_role_to_somebody_of_another_authority_and_rewrites_nothing_about_them(world: World) -> None:
    oli, client = world.people["oli"], signed_in(world.people["nia"])
    before = list(User.objects.filter(pk=oli.pk).values())
    hill = world.schools["hill"].urn
    bring_in(client, world, "people", people_file(f"Oli Example,oli@example.test,Designated teacher,{hill},,"))
    assert Membership.objects.filter(user=oli, authority=world.places["fenshire"].authority).exists()
    other = f"Zed Attacker,oli@example.test,Designated teacher,{world.schools['brook'].urn},Caretaker,07700 900000"
    page = bring_in(client, world, "people", people_file(other))
    assert "is Oli Example in the register" in page and "take over the name" not in page
    line = f"Oli Example,oli@example.test,Designated teacher,{world.schools['brook'].urn},Caretaker,07700 900000"
    assert "Works for another authority too" in bring_in(client, world, "people", people_file(line))
    assert list(User.objects.filter(pk=oli.pk).values()) == before
    assert Membership.objects.filter(user=oli, school=world.schools["brook"]).exists()


@pytest.mark.parametrize("place", ["", "Fenshire Team One"])
def test_whom_one_council_has_brought_in_another_cannot_take_over_before_they_have_a_child(world: World, place: str) -> None:
    """Nina has no child yet. Marlow Vale's administrator changed her telephone, on which an identity is checked, and closed her account."""
    person(world, "Quin")
    member(world, "Quin", "account_administrator", virtual_school=world.places["marlow"].virtual_school)
    nia, quin = signed_in(world.people["nia"]), signed_in(world.people["quin"])
    head = "Name,E-mail,Role,Place,Job title,Telephone\n"
    bring_in(nia, world, "people", f"{head}Nina New,nina@example.test,Social worker,{place},Social worker,01632 960001\n")
    nina = User.objects.get(email="nina@example.test")
    assert "Nina New" in nia.get(f"/people/{nina.pk}/").content.decode(), "her own council finds her, to invite her"
    before = User.objects.values().get(pk=nina.pk)
    for name in ("Somebody Else", "Nina New"):
        page = bring_in(quin, world, "people", f"{head}{name},nina@example.test,Social worker,,Chief,07700 900666\n", "marlow")
        assert "01632" not in page and ("Nina New" in page) is (name == "Nina New")
    page = quin.post(f"/people/{nina.pk}/close/", {"because": "Gone"}).content.decode()
    assert "also works for another authority" in page
    assert User.objects.values().get(pk=nina.pk) == before


@pytest.mark.parametrize("role", ["officer", "head", "business_support", "account_administrator"])
def test_the_heads_are_told_of_every_role_given_at_their_virtual_school(world: World, role: str) -> None:
    """An administrator could else become head through a second account, and nobody would know."""
    client, virtual_school = signed_in(world.people["nia"]), world.places["fenshire"].virtual_school
    typed = {"role": role, "virtual_school": str(virtual_school.pk), **day("starts", world.today)}
    client.post(f"/people/{world.people['stan'].pk}/roles/add/", typed)
    names = {"officer": "Virtual school officer", "head": "Virtual school head", "business_support": "Virtual school business support"}
    bring_in(client, world, "people", f"Name,E-mail,Role,Place\nRia Dow,ria@example.test,{names.get(role, 'Account administrator')},\n")
    told = Message.objects.filter(rule="staff_role_given")
    assert {message.recipient for message in told} == {world.people["lena"]}
    assert told.count() == Membership.objects.filter(virtual_school=virtual_school, role=role, granted_by=world.people["nia"]).count() == 1
    mail = compose(told[0])
    assert mail is not None and "at your virtual school" in mail.body and "Ria" not in mail.body and "Nia" not in mail.body
    page = client.get("/people/").content.decode()
    assert "given by Nia Example" in page


def heads_told(world: World, rule: str) -> set[str]:
    """Which of Fenshire's heads have been told, by address: in the product, or by e-mail alone."""
    return {(message.recipient.email if message.recipient else message.address) or "" for message in Message.objects.filter(rule=rule)}


@pytest.fixture
def two_heads(world: World) -> World:
    """Lena and Dave are heads of Fenshire's virtual school."""
    person(world, "Dave")
    member(world, "Dave", "head", virtual_school=world.places["fenshire"].virtual_school)
    return world


def test_no_head_is_kept_from_hearing_of_a_new_head_by_ending_their_role_first(two_heads: World) -> None:
    """An administrator ended a head's role, made a head of a second account, and gave the first their role again."""
    world, today = two_heads, two_heads.today
    nia, dave = signed_in(world.people["nia"]), Membership.objects.get(user=world.people["dave"])
    page = nia.post(f"/people/roles/{dave.pk}/end/", day("last_day", today - DAY)).content.decode()
    assert "today at the earliest" in page and not Message.objects.exists()
    assert nia.post(f"/people/roles/{dave.pk}/end/", day("last_day", today)).status_code == 302
    assert heads_told(world, "role_ending") == {"dave@example.test"}
    assert heads_told(world, "staff_role_ended") == {"lena@example.test"}
    dave.starts, dave.ends = today - 60 * DAY, today - 30 * DAY
    dave.save()
    bring_in(nia, world, "people", "Name,E-mail,Role,Place\nSam Sock,sock@example.test,Virtual school head,\n")
    assert heads_told(world, "staff_role_given") == {"dave@example.test", "lena@example.test"}


def test_the_only_head_remains(world: World) -> None:
    lena, client = Membership.objects.get(user=world.people["lena"]), signed_in(world.people["nia"])
    page = client.post(f"/people/roles/{lena.pk}/end/", day("last_day", world.today)).content.decode()
    assert "This is the only head of the virtual school" in page
    lena.refresh_from_db()
    assert lena.ends is None and not Message.objects.exists()


def test_a_head_whose_account_is_closed_hears_of_it_and_of_who_becomes_head(two_heads: World) -> None:
    world, dave = two_heads, two_heads.people["dave"]
    nia = signed_in(world.people["nia"])
    nia.post(f"/people/{dave.pk}/close/", {"because": "Left"})
    both = {"dave@example.test", "lena@example.test"}
    assert heads_told(world, "head_account_ended") == both
    bring_in(nia, world, "people", "Name,E-mail,Role,Place\nSam Sock,sock@example.test,Virtual school head,\n")
    assert heads_told(world, "staff_role_given") == both
    closed = Message.objects.get(rule="staff_role_given", recipient=None)
    mail = compose(closed)
    assert mail is not None and mail.to == ["dave@example.test"] and "given the role of head" in mail.body and "Sock" not in mail.body
    nia.post(f"/people/{world.people['lena'].pk}/last-day/", day("last_day", world.today + DAY))
    assert Message.objects.filter(rule="head_account_ended", recipient=world.people["lena"]).count() == 2


@pytest.mark.parametrize("role", ["Team manager", "Deputy team manager", "Service manager"])
def test_the_heads_are_told_of_every_manager_of_a_team(world: World, role: str) -> None:
    """A manager reads all that is the council's alone of a whole team."""
    line = f"Name,E-mail,Role,Place\nSam Sock,sock@example.test,{role},Fenshire Team One\n"
    bring_in(signed_in(world.people["nia"]), world, "people", line)
    [told] = Message.objects.filter(rule="staff_role_given")
    mail = compose(told)
    assert told.recipient == world.people["lena"] and mail is not None
    assert f"Somebody was given the role of {role.lower()} in a social work team of your authority." in mail.body


def test_the_heads_are_told_of_designated_teachers_in_their_digest_and_once_for_a_whole_list(world: World) -> None:
    lines = "".join(f"Teacher {name},{name.lower()}@hill.test,Designated teacher,{world.schools['hill'].urn}\n" for name in ("Ann", "Bo"))
    bring_in(signed_in(world.people["nia"]), world, "people", "Name,E-mail,Role,Place\n" + lines)
    [told] = Message.objects.filter(rule="teacher_role_given")
    assert (told.recipient, told.mail) == (world.people["lena"], Message.Mail.DIGEST)
    assert sentence(told.rule, told.facts).startswith("2 designated teachers were named for your children.")


def test_of_whom_another_authority_looks_after_an_administrator_sees_name_address_and_own_roles(world: World) -> None:
    oli, nia = world.people["oli"], signed_in(world.people["nia"])
    oli.phone, oli.job_title = "01632 960777", "Chief of Staff"
    oli.save()
    member(world, "Oli", "designated_teacher", school=world.schools["hill"], authority=world.places["fenshire"].authority)
    pages = nia.get(f"/people/{oli.pk}/").content.decode(), nia.get("/people/?format=csv").content.decode()
    for page in pages:
        assert "Oli Example" in page and "oli@example.test" in page
        assert "01632 960777" not in page and "Chief of Staff" not in page and "Last signed in" not in page


def test_whoever_takes_away_the_names_of_an_import_is_in_each_childs_access_log(world: World) -> None:
    """D5."""
    moe = world.people["moe"]
    client, sam = signed_in(moe), world.children["sam"]
    upload(client, world, "children", of_child(sam, "fay@example.test"))
    sheet = client.get(f"/register/imports/{ImportBatch.objects.get().pk}/?format=csv").content.decode()
    assert "CANARY-tia-family" in sheet and "CANARY-vic" not in sheet
    looked = AccessLog.objects.filter(user=moe, page="virtualschool:import-detail", allowed=True)
    assert {row.child for row in looked} == {world.children[key] for key in ("sam", "tia", "wes")}


def test_a_report_is_believed_only_with_what_stands_in_no_link_of_the_e_mail(world: World, tmp_path: Path) -> None:
    """Whoever is forwarded an e-mail of the product holds its link, and could else stop all mail to somebody."""
    lena = world.people["lena"]
    tell(key="x", recipient=lena, rule="role_given")
    message = Message.objects.get(key="x")
    assert deliver(message.pk) == "sent"
    message.refresh_from_db()
    host = message.mail_id.partition("@")[2]
    assert str(message.pk) in message.mail_id and message.mail_id != f"<{message.pk}@{host}"
    box = make_maildir(tmp_path / "maildir")
    drop(box, "1", report(f"<{message.pk}@{host}", lena.email or ""))
    assert maildir.read(box) == {maildir.Found.NOT_OURS: 1}
    lena.refresh_from_db()
    assert lena.mail_returned_on is None
    drop(box, "2", report(message.mail_id, lena.email or ""))
    assert maildir.read(box) == {maildir.Found.RETURNED: 1}


@pytest.mark.parametrize("name", ["\u202eevil\u2066", "Millie\x85x", "https://evil.example"])
def test_no_childs_name_turns_a_line_round_or_leads_elsewhere(world: World, name: str) -> None:
    sam = world.children["sam"]
    typed = {"given_name": "Sam", "family_name": "Reed", "known_as": name, "birth_date_status": "recorded", "sex": "U"}
    page = press(signed_in(world.people["kit"]), f"/children/{sam.pk}/register/details/", typed | day("date_of_birth", sam.date_of_birth))
    assert "A name has letters" in page.content.decode()
    sam.refresh_from_db()
    assert sam.known_as == "CANARY-sam-known"


def test_a_school_is_changed_by_hand_only_by_its_own_authority(world: World) -> None:
    hill = world.schools["hill"]
    typed = {"urn": str(hill.urn), "name": "Closed for good", "la_code": "902"}
    oli, kit = signed_in(world.people["oli"]), signed_in(world.people["kit"])
    url = f"/register/schools/{hill.pk}/"
    assert oli.get(url).status_code == oli.post(url, typed).status_code == 403
    assert url not in oli.get("/register/schools/").content.decode() and url in kit.get("/register/schools/").content.decode()
    assert press(kit, url, {**typed, "name": "Hill High School", "urn": "1"}).status_code == 302
    hill.refresh_from_db()
    assert (hill.name, hill.urn, hill.la_code) == ("Hill High School", 900001, "901")
    oli.post("/register/schools/new/", {"urn": "999777", "name": "Riverside Tuition", "la_code": "901"})
    added = School.objects.get(urn=999777)
    url = f"/register/schools/{added.pk}/"
    assert added.added_by == world.places["marlow"].authority
    assert (oli.get(url).status_code, kit.get(url).status_code) == (200, 403)


GIAS = (
    "URN,EstablishmentName,LA (code),LA (name),EstablishmentNumber,TypeOfEstablishment (name),PhaseOfEducation (name),"
    "EstablishmentStatus (name),StatutoryLowAge,StatutoryHighAge,OpenDate,CloseDate,Street,Locality,Address3,Town,County (name),Postcode,"
    "TelephoneNum,HeadTitle (name),HeadFirstName,HeadLastName\n"
)


def of_school(urn: int, name: str, code: str, status: str = "", closed: str = "") -> str:
    """A line of the national file that says little."""
    return f"{urn},{name},{code},,,,,{status},,,,{closed}" + "," * 10 + "\n"


def test_the_national_file_changes_no_school_of_another_authority(world: World) -> None:
    """E11. An officer of any council could else rename and close any school of the country with one line of their own making."""
    hill, oli = world.schools["hill"], signed_in(world.people["oli"])
    before = School.objects.values().get(pk=hill.pk)
    forged = GIAS + of_school(hill.urn, "Renamed", "902", "Closed", "01-09-2026") + of_school(900555, "New Academy", "901", "Open")
    page = bring_in(oli, world, "schools", forged, "marlow")
    assert "Not yours to change" in page and "Renamed" in page
    assert School.objects.values().get(pk=hill.pk) == before
    assert oli.get(f"/register/schools/{hill.pk}/").status_code == 403
    assert School.objects.filter(urn=900555).exists()  # what is new is needed: children go to school in other authorities
    assert "Closed" in bring_in(signed_in(world.people["kit"]), world, "schools", forged.replace(",902,", ",901,"))
    hill.refresh_from_db()
    assert (hill.name, hill.status) == ("Renamed", "Closed")


def test_an_empty_cell_of_the_national_file_changes_nothing(world: World) -> None:
    hill = world.schools["hill"]
    hill.head_teacher, hill.phone, hill.address = "Ms Able", "01632 960001", "1 High Street"
    hill.save()
    bring_in(signed_in(world.people["kit"]), world, "schools", GIAS + of_school(hill.urn, "Hill High School", "901"))
    hill.refresh_from_db()
    told = (hill.name, hill.head_teacher, hill.phone, hill.address, hill.status)
    assert told == ("Hill High School", "Ms Able", "01632 960001", "1 High Street", "Open")


def test_the_national_file_does_not_tell_where_another_authoritys_children_go_to_school(world: World) -> None:
    brook, unit = world.schools["brook"], world.schools["unit"]
    client = signed_in(world.people["oli"])
    links = "URN,LinkURN,LinkType,LinkEstablishedDate\n" + f"{brook.urn},{unit.urn},Successor,01-09-2026\n"
    files = {"file": SimpleUploadedFile("a.csv", GIAS.encode()), "links": SimpleUploadedFile("b.csv", links.encode())}
    client.post("/register/imports/", {"kind": "schools", **files})
    page = client.get(f"/register/imports/{ImportBatch.objects.get().pk}/").content.decode()
    assert "Hill School" in page, "Vic of Marlow Vale is there"
    assert "enrolled children" not in page and "Not yours to change" in page
    assert page.count("Brook School") == 1, "the school is named for its link, not for who is there"


def test_no_name_puts_a_line_or_a_link_into_our_mail(world: World) -> None:
    client = signed_in(world.people["nia"])
    head, role = "Name,E-mail,Role,Place\n", "Virtual school officer,\n"
    bad = f'{head}"Ria\nhttps://evil.example/x",ria@example.test,{role}https://x.test,rob@example.test,{role}'
    page = bring_in(client, world, "people", bad)
    assert page.count("A name has letters, not addresses of pages or line breaks") == 2
    assert not User.objects.filter(email__in=("ria@example.test", "rob@example.test")).exists()
    typed = {"name": "https://evil.example", "email": "ria@example.test", **day("last_day", world.today + DAY)}
    page = signed_in(world.people["anna"]).post(f"/children/{world.children['sam'].pk}/contributors/new/", typed).content.decode()
    assert "A name has letters" in page and not User.objects.filter(email="ria@example.test").exists()
    stan = world.people["stan"]
    stan.name = "Stan\n\nYour account: https://evil.example"
    stan.save()
    tell(key="x", recipient=stan, rule="role_given")
    mail = compose(Message.objects.get(key="x"))
    assert mail is not None and mail.body.startswith("Dear Stan Your account: https evil. example,\n")


def test_an_invitation_needs_a_recent_sign_in_and_leaves_another_authoritys_alone(world: World) -> None:
    """B10."""
    new = User.objects.create_user("ria@example.test", "Ria Dow")
    world.people["ria"] = new
    member(world, "Ria", "designated_teacher", school=world.schools["hill"], authority=world.places["fenshire"].authority)
    client, url = signed_in(world.people["nia"]), f"/people/{new.pk}/invite/"
    recently(client, 3000)
    assert client.post(url)["Location"].startswith(reverse("account_reauthenticate"))
    assert not Invitation.objects.exists()
    recently(client, 0)
    member(world, "Ria", "designated_teacher", school=world.schools["hill"], authority=world.places["marlow"].authority)
    client.post(url)
    held = Invitation.objects.get()
    for what in ({}, {"action": "withdraw"}):
        assert "also works for another authority" in client.post(url, what, follow=True).content.decode()
    held.refresh_from_db()
    assert held.withdrawn_at is None and Invitation.objects.count() == 1


def contributor(client: Client, world: World, email: str) -> str:
    """Name somebody to help with Sam's plan; what the page that follows says."""
    typed = {"name": "New Person", "email": email, **day("last_day", world.today + 5 * DAY)}
    return client.post(f"/children/{world.children['sam'].pk}/contributors/new/", typed, follow=True).content.decode()


def test_naming_a_contributor_takes_back_no_other_authoritys_invitation(world: World) -> None:
    """A teacher of one authority could void every open invitation to people of their own mail domain."""
    anna, new = signed_in(world.people["anna"]), User.objects.create_user("new@example.test", "New Person")
    held = invitations.invite(new, by=world.people["oli"], organisation="Marlow Vale Virtual School")
    assert "may now write" in contributor(anna, world, "new@example.test")
    held.refresh_from_db()
    assert held.withdrawn_at is None and Invitation.objects.get() == held
    assert Allocation.objects.filter(child=world.children["sam"], worker=new).exists()
    assert invitations.accept(invitation_token(held.pk), "correct horse battery staple") == new, "with it they have an account for both"
    assert Relation.SCHOOL_CONTRIBUTOR in relations_to(new, world.children["sam"])


@pytest.mark.parametrize("past", ["withdrawn_at", "expires_at"])
def test_a_contributor_whose_invitation_by_another_authority_is_over_is_invited(world: World, past: str) -> None:
    new = User.objects.create_user("new@example.test", "New Person")
    held = invitations.invite(new, by=world.people["oli"], organisation="Marlow Vale Virtual School")
    setattr(held, past, timezone.now())
    held.save()
    contributor(signed_in(world.people["anna"]), world, "new@example.test")
    assert Invitation.objects.exclude(pk=held.pk).get().organisation == "Fenshire Virtual School"


def test_a_contributor_with_an_open_invitation_by_the_same_authority_is_sent_a_new_one(world: World) -> None:
    new = User.objects.create_user("new@example.test", "New Person")
    held = invitations.invite(new, by=world.people["nia"], organisation="Fenshire Virtual School")
    contributor(signed_in(world.people["anna"]), world, "new@example.test")
    held.refresh_from_db()
    assert held.withdrawn_at is not None and Invitation.objects.filter(withdrawn_at=None).count() == 1


@pytest.mark.parametrize("password", [None, "correct horse battery staple"])
def test_nobody_whose_account_is_closed_is_named_a_contributor(world: World, password: str | None) -> None:
    """Of somebody who had never taken up an invitation the page was an error; of others it said that they may now write."""
    new = User.objects.create_user("new@example.test", "New Person", password=password, is_active=False)
    page = contributor(signed_in(world.people["anna"]), world, "new@example.test")
    assert "The account of this person is closed" in page and "There is a problem" in page
    assert not Allocation.objects.filter(worker=new).exists() and not Message.objects.exists()


def test_the_help_of_a_contributor_that_ended_long_ago_ends_no_later(world: World) -> None:
    """Who could see a child on which day is read from these dates."""
    held = Allocation.objects.get(worker=world.people["eve"])
    held.ends = world.today - 100 * DAY
    held.save()
    before = held.history.count()
    signed_in(world.people["anna"]).post(f"/contributors/{held.pk}/end/")
    held.refresh_from_db()
    assert held.ends == world.today - 100 * DAY and held.history.count() == before


def test_whoever_is_allocated_does_not_change_that_themselves(world: World) -> None:
    held = allocate(world, "tia", "reviewing_officer", "Kit", ends=world.today + DAY)
    posted = {"role": "reviewing_officer", "worker_email": "kit@example.test", "team": "", **day("starts", held.starts)}
    page = press(signed_in(world.people["kit"]), f"/register/allocations/{held.pk}/", posted).content.decode()
    assert "You cannot allocate yourself" in page
    held.refresh_from_db()
    assert held.ends == world.today + DAY


# What no form of ours sends


@pytest.mark.parametrize("charset", ["bz2", "zlib", "rot13", "hex", "idna", "undefined", "unicode_escape", "utf-16", "latin-1"])
@pytest.mark.parametrize("url", ["/account/login/", "/account/password/reset/", "/nonexistent/", "/"])
def test_what_is_posted_in_another_encoding_is_refused_and_is_no_error_of_ours(client: Client, url: str, charset: str) -> None:
    body = b'--XX\r\nContent-Disposition: form-data; name="login"\r\n\r\n\\ud800\r\n--XX--\r\n'
    kind = f"multipart/form-data; boundary=XX; charset={charset}"
    assert client.generic("POST", url, body, content_type=kind).status_code == 400
    assert client.get(url, CONTENT_TYPE=f"text/plain; charset={charset}").status_code == 400


@pytest.mark.parametrize(
    ("kind", "query"),
    [
        ("text/html; charset=rot13", "q=%ff%fe"),  # known to Python, and makes no text
        ("text/html; charset=undefined", "q=a"),
        ("text/html; charset=idna", "q=" + "a" * 70),
        ("text/html; charset*=utf-8''%00", "q=a"),  # a name with NUL in it
        ("text/html; charset*=nonsense''%41", "q=a"),
        ("text/html; charset=utf-8", "a&" * 3001),  # more fields than are read
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_what_cannot_be_read_while_the_request_is_made_is_refused_with_our_page(
    kind: str, query: str, method: str, caplog: pytest.LogCaptureFixture
) -> None:
    """With a query the request itself could not be made, so the web server answered 500 before any of our headers were written."""
    status, headers, body = through_the_web_server(kind, query, method)
    assert status.startswith("400 ") and "We could not read this" in body
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert not [record for record in caplog.records if record.exc_info], "no trace of a fault of ours"


@pytest.mark.parametrize("query", ["q=%ff%fe", "q=%00", "%00=1", "q=%ZZ", "q"])
@pytest.mark.parametrize("kind", ["", "text/html; charset=nonsense", "text/html; charset=utf-8"])
def test_odd_signs_in_an_address_are_no_error_of_ours(kind: str, query: str) -> None:
    assert through_the_web_server(kind, query)[0] == "200 OK"


def through_the_web_server(kind: str, query: str, method: str = "GET") -> tuple[str, dict[str, str], str]:
    """Status, headers and page of the help, asked for as a web server asks: tests' own client makes its requests in another way."""
    environ: dict[str, Any] = {
        "REQUEST_METHOD": method,
        "PATH_INFO": "/help/",
        "QUERY_STRING": query,
        "CONTENT_TYPE": kind,
        "HTTP_HOST": "testserver",
    }
    setup_testing_defaults(environ)
    answered: dict[str, Any] = {}

    def start_response(status: str, headers: list[tuple[str, str]], failed: Any = None) -> Any:
        answered.update(status=status, headers=dict(headers))

    body = b"".join(Handler()(environ, start_response))
    return answered["status"], answered["headers"], body.decode()


@pytest.mark.parametrize("charset", ["utf-8", "UTF8", "unheard-of"])
def test_utf_8_is_understood_however_it_is_written(client: Client, charset: str) -> None:
    body = b'--XX\r\nContent-Disposition: form-data; name="login"\r\n\r\nx\r\n--XX--\r\n'
    assert (
        client.generic("POST", "/account/login/", body, content_type=f"multipart/form-data; boundary=XX; charset={charset}").status_code
        == 200
    )


def test_a_part_of_a_form_that_names_an_encoding_of_its_own_is_no_error_of_ours(client: Client) -> None:
    body = b"--XX\r\nContent-Disposition: form-data; name*=bz2''%41\r\n\r\nx\r\n--XX--\r\n"
    assert client.generic("POST", "/account/login/", body, content_type="multipart/form-data; boundary=XX").status_code in (200, 400)


@pytest.mark.parametrize(
    ("name", "url", "field"),
    [
        *[("kit", f"/children/{{sam}}/register/{kind}/new/", "ends") for kind in ("care", "placement", "allocation")],
        *[("lena", "/settings/terms/new/", "ends"), ("nia", "/people/roles/{role}/end/", "last_day")],
        *[("nia", "/people/{anna}/roles/add/", "last_day"), ("nia", "/people/{anna}/last-day/", "last_day")],
    ],
)
@pytest.mark.parametrize("year", [9999, 1])
def test_a_day_after_which_there_is_no_other_is_said_to_be_wrong(world: World, name: str, url: str, field: str, year: int) -> None:
    role = Membership.objects.get(user=world.people["kit"])
    url = url.format(sam=world.children["sam"].pk, role=role.pk, anna=world.people["anna"].pk)
    last = day(field, datetime.date(year, 12, 31)) | {f"{field}-year": f"{year:04}"}
    both = last | {name.replace(field, "last_day"): value for name, value in last.items()}
    page = signed_in(world.people[name]).post(url, both | day("starts", world.today))
    assert page.status_code == 200 and "must have a year between 1900 and 2199" in page.content.decode()


@pytest.mark.parametrize("year", ["²²²²-23", "٢٠٢٦-27"])
def test_a_financial_year_in_other_digits_is_said_to_be_wrong(world: World, year: str) -> None:
    page = signed_in(world.people["lena"]).post("/settings/rates/new/", {"financial_year": year, "amount": "2000", "source": "x"})
    assert "Write the financial year like 2026-27" in page.content.decode()


def test_an_answer_to_a_line_that_no_file_has_does_not_spoil_the_import(world: World) -> None:
    client = signed_in(world.people["moe"])
    upload(client, world, "children", of_child(world.children["sam"], "fay@example.test"))
    url = f"/register/imports/{ImportBatch.objects.get().pk}/"
    said = urlencode({"do": "answer", "line-" + "9" * 5000: "new", "line-²": "new", "line-2": "new"})
    assert client.post(url, said, content_type="application/x-www-form-urlencoded").status_code == 302
    assert client.get(url).status_code == 200 and ImportBatch.objects.get().answers == {"2": "new"}


def test_a_list_has_the_size_of_a_list(world: World) -> None:
    upload(signed_in(world.people["moe"]), world, "children", "x" * 5 * 1024 * 1024)
    page = upload(signed_in(world.people["moe"]), world, "children", "x" * (5 * 1024 * 1024 + 1)).content.decode()
    assert "The file is larger than 5 MB" in page and not ImportBatch.objects.exists()


def test_nobody_has_the_site_read_one_list_after_the_other(world: World) -> None:
    client, line = signed_in(world.people["moe"]), of_child(world.children["sam"], "fay@example.test")
    pages = [upload(client, world, "children", line) for _ in range(31)]
    assert {page.status_code for page in pages[:30]} == {302} and pages[30].status_code == 200
    assert "Wait a few minutes" in pages[30].content.decode()


@pytest.mark.parametrize("column", ["Given name", "Family name"])
def test_the_list_of_children_takes_no_name_that_turns_the_line_round(world: World, column: str) -> None:
    names = {"Given name": "Robin", "Family name": "Reed"} | {column: "\u202eevil\u2066"}
    head = "Given name,Family name,Date of birth,Identifier,Legal status,Care start\n"
    line = f"{names['Given name']},{names['Family name']},03/04/2012,F-1,C2,01/10/2026\n"
    assert "A name has letters" in bring_in(signed_in(world.people["moe"]), world, "children", head + line)
    assert not Child.objects.filter(identifier="F-1").exists()


# What is sent


def body(megabytes: int) -> dict[str, object]:
    """The headers of a request that says it sends so much, and a server that would have to keep it."""
    return {"CONTENT_LENGTH": str(megabytes * 1024 * 1024), "CONTENT_TYPE": "multipart/form-data; boundary=X", "wsgi.input": Unread()}


class Unread:
    """What a browser sends, of which nothing may be read."""

    def read(self, *args: object) -> bytes:
        raise AssertionError("the body was read")

    readline = readlines = __iter__ = read


@pytest.mark.parametrize("url", ["/account/login/", "/nothing/here/", "/register/imports/", "/children/{sam}/earlier-plans/new/"])
def test_nothing_large_is_taken_from_a_stranger(world: World, url: str) -> None:
    answer = Client().post(url.format(sam=world.children["sam"].pk), **body(6))  # type: ignore[arg-type]
    assert answer.status_code == 413 and "larger than" in answer.content.decode()
    assert answer.headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    ("url", "megabytes", "refused"),
    [
        ("/register/imports/", 111, True),
        ("/register/imports/", 109, False),
        ("/children/{sam}/earlier-plans/new/", 31, True),
        ("/children/{sam}/earlier-plans/new/", 29, False),
        ("/children/{sam}/contributors/new/", 6, True),
        ("/children/{sam}/contributors/new/", 4, False),
    ],
)
def test_pages_that_take_files_take_as_much_as_their_files_have(world: World, url: str, megabytes: int, refused: bool) -> None:
    client, url = signed_in(world.people["moe"]), url.format(sam=world.children["sam"].pk)
    if refused:
        assert client.post(url, **body(megabytes)).status_code == 413  # type: ignore[arg-type]
    else:
        with pytest.raises(AssertionError, match="was read"):
            client.post(url, **body(megabytes))  # type: ignore[arg-type]


@pytest.mark.parametrize("length", ["9" * 4000, "x", "-5", "²"])
def test_a_made_up_length_is_no_error_of_ours(world: World, length: str) -> None:
    answer = Client().post("/account/login/", CONTENT_LENGTH=length)
    assert answer.status_code in (200, 400, 413)
