"""The register's forms: what is kept, what is refused at which field, and who may."""

import re
from typing import Any

import pytest

from accounts.relations import held_by
from children.access import relations_to
from children.models import AccessLog, Allocation, CarePeriod, Child, Enrolment, Placement
from pep.models import Deadline
from tests.access_table import ACCESS
from tests.matrix.rows import Of
from tests.world import DAY, World, build_world, day, press, signed_in
from virtualschool.views.looked import PAGES

pytestmark = pytest.mark.django_db

GOOD_UPN = "A950000178301"


@pytest.fixture
def world() -> World:
    return build_world()


def new_child(world: World, **fields: str) -> dict[str, str]:
    """What someone types to add a child."""
    return {
        "authority": str(world.places["fenshire"].authority.pk), "given_name": "Robin", "family_name": "Reed", "known_as": "",
        **day("date_of_birth", world.today - 4800 * DAY), "birth_date_status": "claimed", "sex": "U", "identifier": "",
        "upn": "", "uln": "",
        "year_group_override": "", **day("care_starts", world.today - 10 * DAY), "legal_status": "C1", "urn": "",
        "team": "", "worker_email": "",
        **fields,
    }  # fmt: skip


def test_a_child_is_added_with_care_school_and_social_worker(world: World) -> None:
    team = world.places["fenshire"].team
    extra = {
        "urn": str(world.schools["brook"].urn), **day("school_starts", world.today - 5 * DAY), "team": str(team.pk),
        "worker_email": "GUS@example.test",
    }  # fmt: skip
    answer = signed_in(world.people["moe"]).post("/register/children/new/", new_child(world, **extra))
    child = Child.objects.get(family_name="Reed")
    assert answer["Location"] == f"/children/{child.pk}/register/"
    assert child.birth_date_status == "claimed" and child.authority == world.places["fenshire"].authority
    assert CarePeriod.objects.get(child=child).legal_status == "C1"
    assert child.main_enrolment(world.today).school == world.schools["brook"]  # type: ignore[union-attr]
    assert [relation.value for relation in relations_to(world.people["gus"], child)] == ["social_worker"]
    assert relations_to(world.people["bilal"], child)
    assert Deadline.objects.filter(child=child, kind="review", open=True).exists()
    history = Child.history.get(id=child.pk)
    assert history.history_user_id == world.people["moe"].pk


def test_the_same_child_posted_twice_is_asked_about_not_doubled(world: World) -> None:
    client, typed = signed_in(world.people["moe"]), new_child(world)
    client.post("/register/children/new/", typed)
    page = client.post("/register/children/new/", typed).content.decode()
    assert "is very like this child" in page and 'value="Robin"' in page
    assert Child.objects.filter(family_name="Reed").count() == 1
    client.post("/register/children/new/", {**typed, "another_child": "on"})
    assert Child.objects.filter(family_name="Reed").count() == 2


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"given_name": ""}, "Enter legal given names"),
        ({"urn": "999999"}, "No school in the register has this URN"),
        ({"urn": "²"}, "No school in the register has this URN"),
        ({"worker_email": "nobody@example.test"}, "Nobody with this address is known"),
        ({"worker_email": "moe@example.test"}, "You cannot allocate yourself"),
        ({"upn": "A" * 14}, "A UPN has 13 characters"),
    ],
)
def test_what_is_wrong_stands_at_its_field_and_nothing_is_kept(world: World, fields: dict[str, str], message: str) -> None:
    page = signed_in(world.people["moe"]).post("/register/children/new/", new_child(world, **fields)).content.decode()
    assert message in page and "There is a problem" in page and 'value="Reed"' in page
    assert not Child.objects.filter(family_name="Reed").exists()


def test_a_wrong_check_letter_warns_and_is_kept(world: World) -> None:
    client = signed_in(world.people["moe"])
    page = client.post("/register/children/new/", new_child(world, upn=f"B{GOOD_UPN[1:]}"), follow=True).content.decode()
    assert "Check it for a typing mistake" in page
    assert Child.objects.get(family_name="Reed").upn == f"B{GOOD_UPN[1:]}"


def test_a_child_of_another_authority_cannot_be_added(world: World) -> None:
    typed = new_child(world, authority=str(world.places["marlow"].authority.pk))
    page = signed_in(world.people["moe"]).post("/register/children/new/", typed)
    assert page.status_code == 200 and not Child.objects.filter(family_name="Reed").exists()


def test_changing_a_name_keeps_history_and_changes_nothing_else(world: World) -> None:
    sam, client = world.children["sam"], signed_in(world.people["moe"])
    url = f"/children/{sam.pk}/register/details/"
    typed = {
        "given_name": "Samuel", "family_name": "New", "known_as": "Sam", **day("date_of_birth", sam.date_of_birth),
        "birth_date_status": "recorded", "sex": "M", "identifier": sam.identifier, "upn": "", "uln": "", "year_group_override": "7",
        "restricted": "on", "authority": str(world.places["marlow"].authority.pk), "reference": "HACKED",
    }  # fmt: skip
    before = Child.history.filter(id=sam.pk).count()
    press(client, url, typed)
    sam.refresh_from_db()
    assert (sam.given_name, sam.year_group_override, sam.sort_key) == ("Samuel", 7, "new sam")
    assert not sam.restricted and sam.authority == world.places["fenshire"].authority and sam.reference != "HACKED"
    assert Child.history.filter(id=sam.pk).count() == before + 1
    press(client, url, typed)
    assert Child.history.filter(id=sam.pk).count() == before + 1  # nothing changed, nothing written


def test_the_last_day_is_kept_as_the_day_after_and_shown_as_the_last_day(world: World) -> None:
    sam, client = world.children["sam"], signed_in(world.people["moe"])
    period = sam.care_periods.get()
    url = f"/register/care/{period.pk}/"
    press(client, url, {**day("starts", period.starts), "legal_status": "V2", **day("last_day", world.today)})
    period.refresh_from_db()
    assert (period.ends, period.legal_status) == (world.today + DAY, "V2")
    boxes = client.get(url).content.decode()
    assert re.search(rf'name="last_day-day"[^>]*value="{world.today.day}"', boxes)
    assert f"to {world.today:%-d %B %Y}" in client.get(f"/children/{sam.pk}/register/").content.decode()


def test_an_overlapping_time_in_care_is_refused_at_the_first_day(world: World) -> None:
    sam, client = world.children["sam"], signed_in(world.people["moe"])
    url = f"/children/{sam.pk}/register/care/new/"
    page = client.post(url, {**day("starts", world.today - 20 * DAY), "legal_status": "C2"}).content.decode()
    assert "This overlaps another time in care" in page and "There is a problem" in page
    assert sam.care_periods.count() == 1
    page = client.post(url, {**day("starts", world.today), **day("last_day", world.today - DAY), "legal_status": "C2"}).content.decode()
    assert "The last day must not be before the first" in page


def test_a_new_placement_ends_the_one_before(world: World) -> None:
    sam = world.children["sam"]
    posted = {"kind": "Foster carer", "carer": "New carer", "address": "", "phone": "", **day("starts", world.today)}
    client = signed_in(world.people["moe"])
    for _ in range(2):  # a double click adds one
        client.post(f"/children/{sam.pk}/register/placement/new/", posted)
    old, new = Placement.objects.filter(child=sam).order_by("starts")
    assert old.ends == new.starts == world.today and new.ends is None


def test_a_new_social_worker_takes_over_on_the_day_and_the_old_one_loses_sight(world: World) -> None:
    sam, team = world.children["sam"], world.places["fenshire"].team
    posted = {"role": "social_worker", "worker_email": "gus@example.test", "team": str(team.pk), **day("starts", world.today)}
    signed_in(world.people["moe"]).post(f"/children/{sam.pk}/register/allocation/new/", posted)
    assert relations_to(world.people["gus"], sam) and not relations_to(world.people["fay"], sam)
    assert relations_to(world.people["fay"], sam, world.today - DAY)
    assert Allocation.objects.filter(child=sam, role="social_worker").count() == 2


def test_nobody_allocates_themselves(world: World) -> None:
    sam, team = world.children["sam"], world.places["fenshire"].team
    posted = {"role": "social_worker", "worker_email": "moe@example.test", "team": str(team.pk), **day("starts", world.today)}
    page = signed_in(world.people["moe"]).post(f"/children/{sam.pk}/register/allocation/new/", posted).content.decode()
    assert "You cannot allocate yourself" in page
    assert {held.relation.value for held in held_by(world.people["moe"], world.today)} == {"business_support"}


def test_a_place_besides_the_main_school(world: World) -> None:
    sam, client = world.children["sam"], signed_in(world.people["moe"])
    url = f"/children/{sam.pk}/register/enrolment/new/"
    posted = {"urn": str(world.schools["unit"].urn), "kind": "alternative", **day("starts", world.today)}
    client.post(url, posted)
    assert [relation.value for relation in relations_to(world.people["uri"], sam)] == ["provider_teacher"]
    assert "already has a place at this school" in client.post(url, posted).content.decode()
    assert client.post(url, {**posted, "urn": str(world.schools["brook"].urn), "kind": "main"}).status_code == 200
    assert Enrolment.objects.filter(child=sam).count() == 2


def test_the_main_school_and_contributors_are_changed_elsewhere(world: World) -> None:
    sam, client = world.children["sam"], signed_in(world.people["moe"])
    main, contributor = sam.enrolments.get(kind="main"), sam.allocations.get(role="school_contributor")
    for url in (f"/register/enrolments/{main.pk}/", f"/register/allocations/{contributor.pk}/", f"/children/{sam.pk}/register/other/new/"):
        assert client.get(url).status_code == 404
        assert client.post(url, {}).status_code == 404


def test_only_the_head_restricts_and_it_is_written_down(world: World) -> None:
    sam = world.children["sam"]
    url, typed = f"/children/{sam.pk}/register/restriction/", {"reason": "Placed for adoption", "was": "False"}
    for name, status in (("kit", 403), ("moe", 403), ("anna", 403), ("oli", 404)):
        assert signed_in(world.people[name]).post(url, typed).status_code == status
    head = signed_in(world.people["lena"])
    assert "There is a problem" in head.post(url, {"reason": "", "was": "False"}).content.decode()
    assert head.post(url, typed).status_code == 302
    sam.refresh_from_db()
    assert (sam.restricted, sam.restricted_because) == (True, "Placed for adoption")
    assert head.post(url, typed).status_code == 403  # a second click does not lift it again
    sam.refresh_from_db()
    assert sam.restricted
    head.post(url, {"reason": "Adopted; safe", "was": "True"})
    sam.refresh_from_db()
    assert (sam.restricted, sam.restricted_because) == (False, "")
    assert Child.history.filter(id=sam.pk).first().history_change_reason == "Adopted; safe"


# Who may open the register's pages of Sam: theirs (200), visible but not this verb (403), not theirs (404).
REGISTER = {
    "kit": 200,
    "lena": 200,
    "moe": 200,
    "anna": 403,
    "eve": 403,
    "fay": 403,
    "hana": 403,
    "jo": 403,
    "bilal": 404,
    "nia": 404,
    "oli": 404,
}


@pytest.mark.parametrize(("name", "status"), REGISTER.items())
def test_who_may_open_the_register(world: World, name: str, status: int) -> None:
    sam, client = world.children["sam"], signed_in(world.people[name])
    rows: list[Any] = [sam.care_periods.get(), sam.placements.get(), sam.allocations.get(role="social_worker")]
    urls = [f"/children/{sam.pk}/register/", f"/children/{sam.pk}/register/details/", f"/children/{sam.pk}/register/placement/new/"]
    urls += [f"/register/{part}/{row.pk}/" for part, row in zip(("care", "placements", "allocations"), rows, strict=True)]
    for url in urls:
        assert client.get(url).status_code == status, url
        assert AccessLog.objects.first().allowed is (status == 200)  # type: ignore[union-attr]
    assert client.get("/register/children/").status_code == (200 if name in ("kit", "lena", "moe", "oli") else 403)


def test_the_list_finds_children_by_name_reference_number_and_upn(world: World) -> None:
    sam, client = world.children["sam"], signed_in(world.people["moe"])
    sam.given_name, sam.family_name, sam.known_as, sam.upn = "Siân", "Żółć", "", GOOD_UPN
    sam.save()

    def found(text: str) -> bool:
        return f"/children/{sam.pk}/" in client.get("/register/children/", {"q": text}).content.decode()

    for text in ("sian", "ZOŁC", "Siân Żółć", "żółć siân", sam.reference, sam.reference.lower(), GOOD_UPN, "a9500", sam.identifier):
        assert found(text), text
    for text in ("Samira", "A951", "siân brook", "%", "'; --"):
        assert not found(text), text
    assert found("")


def test_the_list_shows_those_in_care_unless_asked(world: World) -> None:
    sam, client = world.children["sam"], signed_in(world.people["moe"])
    period = sam.care_periods.get()
    period.ends = world.today
    period.save()
    link = f"/children/{sam.pk}/"
    assert link not in client.get("/register/children/").content.decode()
    assert link in client.get("/register/children/?care=left").content.decode()
    assert link in client.get("/register/children/?care=all").content.decode()


def test_who_looked_names_the_person_the_relation_the_page_and_refusals(world: World) -> None:
    """D5."""
    sam = world.children["sam"]
    signed_in(world.people["anna"]).get(f"/children/{sam.pk}/")
    signed_in(world.people["bilal"]).get(f"/children/{sam.pk}/")
    url = f"/children/{sam.pk}/who-looked/"
    assert signed_in(world.people["kit"]).get(url).status_code == 403
    page = signed_in(world.people["lena"]).get(url).content.decode()
    assert "Anna Example" in page and "Designated teacher" in page and "The child’s page" in page
    assert "Bilal Example" in page and "No relation to the child" in page and "Refused" in page
    refused = signed_in(world.people["lena"]).get(f"{url}?refused=1").content.decode()
    assert "Bilal Example" in refused and "Anna Example" not in refused


def test_every_page_about_a_child_has_words_of_its_own_in_the_log_of_who_looked() -> None:
    about_a_child = {name for name, access in ACCESS.items() if isinstance(access, Of)}
    assert about_a_child - set(PAGES) == set()
