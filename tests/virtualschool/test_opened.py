"""Two people at one record of the register: what the first has changed is not written over unseen, and what neither typed stays."""

from typing import Any

import pytest

from children.models import Child, Placement
from pep import moves
from schools.models import Term
from tests.world import DAY, World, build_world, day, press, shown_on, signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    return build_world()


def details(child: Child, **changes: Any) -> dict[str, Any]:
    """What the form about a child posts when nothing but ``changes`` is typed into it."""
    born = changes.pop("born", child.date_of_birth)
    return {
        "given_name": child.given_name, "family_name": child.family_name, "known_as": child.known_as, **day("date_of_birth", born),
        "birth_date_status": child.birth_date_status, "sex": child.sex, "identifier": child.identifier, "upn": child.upn,
        "uln": child.uln, "year_group_override": "" if child.year_group_override is None else str(child.year_group_override), **changes,
    }  # fmt: skip


def test_what_a_colleague_changed_while_the_page_was_open_is_shown_and_not_written_over(world: World) -> None:
    """C1: Kit puts the date of birth right; Moe's page, open since before, knows another name."""
    sam, kit, moe = world.children["sam"], signed_in(world.people["kit"]), signed_in(world.people["moe"])
    url, right = f"/children/{sam.pk}/register/details/", sam.date_of_birth - 365 * DAY
    opened = shown_on(moe, url)
    typed = details(sam, known_as="Sammy")
    assert press(kit, url, details(sam, born=right)).status_code == 302
    answer = moe.post(url, {**opened, **typed})
    page = answer.content.decode()
    assert answer.status_code == 409
    assert f"Somebody changed this to {right:%-d %B %Y} while you had this page open. Save once more to keep what is here." in page
    assert 'value="Sammy"' in page, "what was typed is still there"
    sam.refresh_from_db()
    assert (sam.date_of_birth, sam.known_as) == (right, "CANARY-sam-known")
    again = shown_on(moe, url)
    assert moe.post(url, {**again, **details(sam, known_as="Sammy")}).status_code == 302
    sam.refresh_from_db()
    assert (sam.date_of_birth, sam.known_as) == (right, "Sammy")


def test_saved_once_more_what_was_typed_stands(world: World) -> None:
    sam, kit, moe = world.children["sam"], signed_in(world.people["kit"]), signed_in(world.people["moe"])
    url = f"/children/{sam.pk}/register/details/"
    opened = shown_on(moe, url)
    press(kit, url, details(sam, known_as="Kitty"))
    refused = moe.post(url, {**opened, **details(sam, known_as="Sammy")}).content.decode()
    mark = Child.objects.get(pk=sam.pk).updated_at.isoformat()
    assert f'name="opened" value="{mark}"' in refused
    assert moe.post(url, {"opened": mark, **details(sam, known_as="Sammy")}).status_code == 302
    assert Child.objects.get(pk=sam.pk).known_as == "Sammy"


def test_a_change_that_the_form_is_not_about_is_no_conflict(world: World) -> None:
    sam, moe = world.children["sam"], signed_in(world.people["moe"])
    url = f"/children/{sam.pk}/register/details/"
    opened = shown_on(moe, url)
    sam.restricted, sam.restricted_because = True, "At risk"
    sam.save()
    assert moe.post(url, {**opened, **details(sam)}).status_code == 302
    sam.refresh_from_db()
    assert (sam.restricted, sam.restricted_because) == (True, "At risk")


def test_a_restriction_set_while_a_change_was_on_its_way_stays(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """G5: the head restricts the record after Moe's change was let in and before it is written."""
    sam, moe, lena = world.children["sam"], signed_in(world.people["moe"]), signed_in(world.people["lena"])
    url, lock = f"/children/{sam.pk}/register/details/", moves.locked
    opened = shown_on(moe, url)

    def restricted_first(child: Child) -> Child:
        monkeypatch.setattr(moves, "locked", lock)
        assert lena.post(f"/children/{sam.pk}/register/restriction/", {"was": "False", "reason": "At risk"}).status_code == 302
        return lock(child)

    monkeypatch.setattr(moves, "locked", restricted_first)
    assert moe.post(url, {**opened, **details(sam, known_as="Sammy")}).status_code == 302
    sam.refresh_from_db()
    assert (sam.restricted, sam.restricted_because, sam.known_as) == (True, "At risk", "Sammy")


def test_a_placement_changed_by_two_says_to_the_second_what_the_first_wrote(world: World) -> None:
    placement = Placement.objects.get(child=world.children["sam"])
    kit, moe = signed_in(world.people["kit"]), signed_in(world.people["moe"])
    url = f"/register/placements/{placement.pk}/"
    opened = shown_on(moe, url)
    typed = {"kind": placement.kind, "carer": placement.carer, "address": "", "phone": "", **day("starts", placement.starts)}
    assert press(kit, url, {**typed, "carer": "The Lanes"}).status_code == 302
    answer = moe.post(url, {**opened, **typed, "phone": "01632 960001"})
    assert answer.status_code == 409
    assert "Somebody changed this to “The Lanes” while you had this page open" in answer.content.decode()
    placement.refresh_from_db()
    assert (placement.carer, placement.phone) == ("The Lanes", "")


def test_a_term_changed_by_two_says_to_the_second_what_the_first_wrote(world: World) -> None:
    term = Term.objects.get(pk=world.places["fenshire"].term.pk)
    moe, lena = signed_in(world.people["moe"]), signed_in(world.people["lena"])
    url = f"/settings/terms/{term.pk}/"
    opened = shown_on(moe, url)
    last = term.ends - DAY
    typed = {"name": term.name, **day("starts", term.starts), **day("last_day", last), **day("plans_due_on", term.plans_due_on)}
    sooner = term.plans_due_on - 7 * DAY
    assert press(lena, url, {**typed, **day("plans_due_on", sooner)}).status_code == 302
    answer = moe.post(url, {**opened, **typed})
    assert answer.status_code == 409
    assert f"Somebody changed this to {sooner:%-d %B %Y}" in answer.content.decode()
    term.refresh_from_db()
    assert term.plans_due_on == sooner
