"""Bringing in a list through the pages: look first, then confirm exactly what was seen, once."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, transaction
from django.test import Client

from children.models import AccessLog, CareReview, Child
from pep.models import Deadline
from schools.models import Membership, School
from tests.world import DAY, World, build_world, signed_in
from virtualschool.models import ImportBatch

pytestmark = pytest.mark.django_db

HEAD = "Given name,Family name,Date of birth,Identifier,Legal status,Care start\n"
ROBIN = "Robin,Reed,03/04/2012,F-1,C2,01/10/2026\n"
WRONG = "Wren,,not a day,F-2,C2,01/10/2026\n"


@pytest.fixture
def world() -> World:
    return build_world()


def upload(client: Client, world: World, kind: str, text: str, where: str = "fenshire"):  # type: ignore[no-untyped-def]
    file = SimpleUploadedFile("list.csv", text.encode())
    return client.post("/register/imports/", {"kind": kind, "authority": str(world.places[where].authority.pk), "file": file})


def confirm(client: Client, batch: ImportBatch):  # type: ignore[no-untyped-def]
    """Look, and press the button of what was shown."""
    page = client.get(f"/register/imports/{batch.pk}/").content.decode()
    digest = page.split('name="digest" value="')[1].split('"')[0]
    return client.post(f"/register/imports/{batch.pk}/", {"do": "confirm", "digest": digest}, follow=True)


def test_nothing_happens_before_the_confirmation_and_then_exactly_once(world: World) -> None:
    """E11."""
    client = signed_in(world.people["moe"])
    answer = upload(client, world, "children", HEAD + ROBIN + WRONG)
    batch = ImportBatch.objects.get()
    assert answer["Location"] == f"/register/imports/{batch.pk}/" and len(batch.sha256) == 64
    page = client.get(answer["Location"]).content.decode()
    assert "Robin Reed" in page and "Line 3" in page and "Confirm and import" in page
    assert not Child.objects.filter(family_name="Reed").exists()
    done = confirm(client, batch).content.decode()
    assert "list.csv is imported: 1 new, 1 left out." in done
    child = Child.objects.get(family_name="Reed")
    assert Child.history.get(id=child.pk).history_user_id == world.people["moe"].pk
    again = client.post(f"/register/imports/{batch.pk}/", {"do": "confirm", "digest": batch.digest}, follow=True).content.decode()
    assert "already" in again and Child.objects.filter(family_name="Reed").count() == 1


def test_the_file_is_thrown_away_once_it_is_done_or_given_up(world: World) -> None:
    client = signed_in(world.people["moe"])
    for what in ("confirm", "drop"):
        upload(client, world, "children", HEAD + ROBIN)
        batch = ImportBatch.objects.get(state="waiting")
        assert bytes(batch.content or b"").endswith(ROBIN.encode())
        if what == "confirm":
            confirm(client, batch)
        else:
            client.post(f"/register/imports/{batch.pk}/", {"do": "drop"})
        batch.refresh_from_db()
        assert batch.content is None and batch.state == {"confirm": "applied", "drop": "dropped"}[what]
    batch.content = b"kept"
    with pytest.raises(IntegrityError), transaction.atomic():
        batch.save()


def test_a_register_that_changed_since_the_look_stops_the_import(world: World) -> None:
    client = signed_in(world.people["moe"])
    upload(client, world, "children", HEAD + ROBIN)
    batch = ImportBatch.objects.get()
    shown = client.get(f"/register/imports/{batch.pk}/").content.decode().split('name="digest" value="')[1].split('"')[0]
    other = signed_in(world.people["kit"])
    upload(other, world, "children", HEAD + ROBIN)
    confirm(other, ImportBatch.objects.exclude(pk=batch.pk).get())
    page = client.post(f"/register/imports/{batch.pk}/", {"do": "confirm", "digest": shown}, follow=True).content.decode()
    assert "The register has changed since you looked" in page
    assert Child.objects.filter(family_name="Reed").count() == 1


def test_a_near_match_is_asked_about_and_the_answer_counts(world: World) -> None:
    client = signed_in(world.people["moe"])
    upload(client, world, "children", HEAD + ROBIN)
    confirm(client, ImportBatch.objects.get())
    upload(client, world, "children", HEAD + ROBIN.replace("F-1", "F-9"))
    batch = ImportBatch.objects.get(state="waiting")
    page = client.get(f"/register/imports/{batch.pk}/").content.decode()
    assert "Your answer for line 2" in page and "Confirm and import" not in page
    client.post(f"/register/imports/{batch.pk}/", {"do": "answer", "line-2": "new", "line-x": "new", "other": "1"})
    batch.refresh_from_db()
    assert batch.answers == {"2": "new"}
    confirm(client, batch)
    assert Child.objects.filter(family_name="Reed").count() == 2


def test_a_file_of_another_kind_says_so_and_keeps_nothing(world: World) -> None:
    page = upload(signed_in(world.people["moe"]), world, "children", "a,b\n1,2\n").content.decode()
    assert "There is a problem" in page and not ImportBatch.objects.exists()


def test_a_batch_is_its_uploaders_alone(world: World) -> None:
    upload(signed_in(world.people["moe"]), world, "children", HEAD + ROBIN)
    url = f"/register/imports/{ImportBatch.objects.get().pk}/"
    for name in ("kit", "lena", "oli"):
        client = signed_in(world.people[name])
        assert client.get(url).status_code == client.post(url, {"do": "confirm"}).status_code == 404
    role = Membership.objects.get(user=world.people["moe"])
    role.ends = world.today
    role.save()
    assert signed_in(world.people["moe"]).get(url).status_code == 403


def test_who_may_bring_in_what(world: World) -> None:
    for name in ("anna", "fay", "hana", "jo", "eve"):
        assert signed_in(world.people[name]).get("/register/imports/").status_code == 403
    people = f"Name,E-mail,Role,Place\nNew Person,new@example.test,Designated teacher,{world.schools['hill'].urn}\n"
    assert upload(signed_in(world.people["moe"]), world, "people", people).status_code == 200
    assert upload(signed_in(world.people["nia"]), world, "children", HEAD + ROBIN).status_code == 200
    assert not ImportBatch.objects.exists()
    nia = signed_in(world.people["nia"])
    upload(nia, world, "people", people)
    confirm(nia, ImportBatch.objects.get())
    assert Membership.objects.get(user__email="new@example.test").school == world.schools["hill"]


def test_another_authority_cannot_be_chosen(world: World) -> None:
    page = upload(signed_in(world.people["moe"]), world, "children", HEAD + ROBIN, where="marlow")
    assert page.status_code == 200 and not ImportBatch.objects.exists()


def test_schools_from_the_national_file(world: World) -> None:
    columns = [
        "URN", "EstablishmentName", "LA (code)", "LA (name)", "EstablishmentNumber", "TypeOfEstablishment (name)",
        "PhaseOfEducation (name)",
        "EstablishmentStatus (name)", "StatutoryLowAge", "StatutoryHighAge", "OpenDate", "CloseDate", "Street",
        "Locality", "Address3", "Town",
        "County (name)", "Postcode", "TelephoneNum", "HeadTitle (name)", "HeadFirstName", "HeadLastName",
    ]  # fmt: skip
    line = ["900777", "Sedge School", "901", "Fenshire", "4001", "Community school", "Secondary", "Open", "11", "16", *[""] * 12]
    client = signed_in(world.people["kit"])
    upload(client, world, "schools", ",".join(columns) + "\n" + ",".join(line) + "\n")
    confirm(client, ImportBatch.objects.get())
    assert School.objects.get(urn=900777).name == "Sedge School"


def test_the_page_says_which_columns_a_file_must_have_for_those_who_may_bring_it_in(world: World) -> None:
    kits = signed_in(world.people["kit"]).get("/register/imports/").content.decode()
    assert "Given name, Family name, Date of birth" in kits and "Job title" not in kits
    nias = signed_in(world.people["nia"]).get("/register/imports/").content.decode()
    assert "Name, E-mail, Role, Place" in nias and "Given name" not in nias


def test_whom_a_report_names_it_says_in_the_log_of_each_on_the_page_and_in_the_file(world: World) -> None:
    """D5: every child in care could be had by comparing the register with a list of one made-up line."""
    client = signed_in(world.people["moe"])
    address = upload(client, world, "children", HEAD + ROBIN)["Location"]
    named = {world.children[key] for key in ("sam", "tia", "wes")}
    for page, url in (("virtualschool:import-look", address), ("virtualschool:import-detail", f"{address}?format=csv")):
        text = client.get(url).content.decode()
        assert all(child.legal_name in text for child in named), url
        rows = AccessLog.objects.filter(page=page, user=world.people["moe"], allowed=True)
        assert {row.child for row in rows} == named and len(rows) == len(named), url
    assert not AccessLog.objects.filter(child=world.children["vic"]).exists()


def test_whoever_looks_after_accounts_finds_the_imports_from_every_page_of_theirs(world: World) -> None:
    page = signed_in(world.people["nia"]).get("/people/").content.decode()
    assert 'href="/register/imports/"' in page
    assert '<a class="govuk-link" href="/register/imports/">Import a list of people</a>' in page.split("<main")[1]
    assert signed_in(world.people["nia"]).get("/register/imports/").status_code == 200
    assert 'href="/register/imports/"' not in signed_in(world.people["anna"]).get("/").content.decode()


def test_a_refused_line_of_a_list_of_people_names_the_person_on_the_page(world: World) -> None:
    nia = signed_in(world.people["nia"])
    answer = upload(nia, world, "people", "Name,E-mail,Role,Place\nXan Poe,xan@example.test,Head boy,\n")
    page = nia.get(answer["Location"]).content.decode()
    assert "Xan Poe (xan@example.test)" in page and "Head boy" in page


def test_a_list_of_care_plan_reviews_is_brought_in_and_a_booked_review_is_moved_by_an_answer_on_its_line(world: World) -> None:
    sam, client = world.children["sam"], signed_in(world.people["kit"])
    booked, moved_to = world.today + 20 * DAY, world.today + 34 * DAY
    review = CareReview.objects.create(child=sam, on=booked)
    page = client.get(
        upload(client, world, "reviews", f"CHILD,REVIEW\n{sam.identifier},{moved_to:%d/%m/%Y}\n")["Location"]
    ).content.decode()
    batch = ImportBatch.objects.get()
    assert f"the review of {booked:%-d %B %Y} was moved to this day" in page and "it is a further review" in page
    assert "Confirm and import" not in page and AccessLog.objects.filter(child=sam, page="virtualschool:import-look").exists()
    client.post(f"/register/imports/{batch.pk}/", {"do": "answer", "line-2": booked.isoformat()})
    assert "list.csv is imported: 1 changed." in confirm(client, batch).content.decode()
    review.refresh_from_db()
    assert review.on == moved_to and review.history.latest().history_user == world.people["kit"]
    row = Deadline.objects.get(child=sam, kind="officer", open=True)
    assert row.due_on == moved_to - 3 * DAY


def test_a_list_of_reviews_says_nothing_of_another_councils_child(world: World) -> None:
    sam, client = world.children["sam"], signed_in(world.people["oli"])
    text = f"CHILD,REVIEW\n{sam.identifier},{world.today + 9 * DAY:%d/%m/%Y}\n"
    page = client.get(upload(client, world, "reviews", text, where="marlow")["Location"]).content.decode()
    assert "No child of this authority has this number" in page
