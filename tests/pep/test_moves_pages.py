"""The pages of a change of school, and two people deciding in the same instant."""

import datetime
import re
import threading
from collections import Counter
from collections.abc import Callable

import pytest
from django.core.exceptions import ValidationError
from django.db import connection

from children.models import AccessLog, Enrolment
from pep import moves
from pep.models import Move, Plan
from tests.moving import confirmed, proposed, world_with_dates
from tests.world import DAY, World, begin, signed_in


@pytest.fixture
def world(db: None) -> World:
    return world_with_dates()


def posted_date(name: str, day: datetime.date) -> dict[str, str]:
    return {f"{name}-day": str(day.day), f"{name}-month": str(day.month), f"{name}-year": str(day.year)}


def test_a_social_worker_finds_a_school_and_proposes_it(world: World) -> None:
    client, url = signed_in(world.people["fay"]), f"/children/{world.children['sam'].pk}/move/"
    assert "Find the new school" in client.get(url).content.decode()
    found = client.get(url, {"q": "bro sch"}).content.decode()
    assert "Brook School" in found and "Unit School" not in found
    assert "No open school was found" in client.get(url, {"q": "nowhere"}).content.decode()
    start = world.today + 5 * DAY
    posted = {"to_school": str(world.schools["brook"].pk), "reason": "New placement", **posted_date("starts_on", start)}
    answer = client.post(f"{url}?q=brook", posted)
    move = Move.objects.get()
    assert answer.status_code == 302 and answer["Location"] == f"/moves/{move.pk}/"
    assert (move.to_school, move.starts_on, move.proposed_by) == (world.schools["brook"], start, world.people["fay"])
    assert "already proposed" in client.get(url).content.decode()


def test_what_is_refused_stands_at_its_field_and_nothing_typed_is_lost(world: World) -> None:
    client, url = signed_in(world.people["fay"]), f"/children/{world.children['sam'].pk}/move/?q=hill"
    posted = {"to_school": str(world.schools["hill"].pk), "reason": "Because of the bus", **posted_date("starts_on", world.today)}
    page = client.post(url, posted).content.decode()
    assert "The child already goes to Hill School" in page and "There is a problem" in page
    assert "Because of the bus" in page
    assert not Move.objects.exists()


def test_a_school_the_search_did_not_offer_cannot_be_chosen(world: World) -> None:
    client, url = signed_in(world.people["fay"]), f"/children/{world.children['sam'].pk}/move/?q=unit"
    posted = {"to_school": str(world.schools["brook"].pk), "reason": "Why not", **posted_date("starts_on", world.today)}
    assert client.post(url, posted).status_code == 200
    assert not Move.objects.exists()


def test_a_child_can_leave_for_no_school(world: World) -> None:
    client, url = signed_in(world.people["fay"]), f"/children/{world.children['sam'].pk}/move/?no_school"
    client.post(url, {"to_school": "none", "reason": "Excluded", **posted_date("starts_on", world.today)})
    assert Move.objects.get().to_school is None


def test_the_second_person_sees_who_will_see_what_and_confirms(world: World) -> None:
    begin(world, "sam")
    move = proposed(world, starts_on=world.today + 5 * DAY)
    own = signed_in(world.people["fay"]).get(f"/moves/{move.pk}/").content.decode()
    assert "someone else must confirm it" in own and "Confirm the change of school" not in own
    client = signed_in(world.people["kit"])
    page = client.get(f"/moves/{move.pk}/").content.decode()
    for words in ("Bilal Example", "and not a day before", "is closed", "A new plan opens", "Last day the old school can read"):
        assert words in page
    answer = client.post(f"/moves/{move.pk}/", {"action": "confirm", **posted_date("last_day", world.today + 9 * DAY)})
    assert answer.status_code == 302
    move.refresh_from_db()
    assert (move.state, move.old_school_reads_until) == ("confirmed", world.today + 10 * DAY)
    assert "Was this a mistake?" in client.get(f"/moves/{move.pk}/").content.decode()


def test_a_confirmation_with_an_impossible_day_says_so(world: World) -> None:
    move = proposed(world)
    posted = {"action": "confirm", **posted_date("last_day", world.today - 9 * DAY)}
    page = signed_in(world.people["kit"]).post(f"/moves/{move.pk}/", posted).content.decode()
    assert "The old school can read while the child is there" in page
    move.refresh_from_db()
    assert move.state == "proposed"


def test_whoever_proposed_cannot_confirm_by_posting(world: World) -> None:
    move = proposed(world, by="kit")
    page = signed_in(world.people["kit"]).post(f"/moves/{move.pk}/", {"action": "confirm", **posted_date("last_day", world.today)})
    assert "A second person must confirm it" in page.content.decode()
    move.refresh_from_db()
    assert move.state == "proposed"


def test_withdrawing_and_taking_back_on_the_page(world: World) -> None:
    client, first = signed_in(world.people["kit"]), proposed(world)
    client.post(f"/moves/{first.pk}/", {"action": "withdraw"})
    first.refresh_from_db()
    assert first.state == "withdrawn"
    second = confirmed(world)
    page = client.post(f"/moves/{second.pk}/", {"action": "take_back"}).content.decode()
    assert "There is a problem" in page and "Answer the question" in page
    client.post(f"/moves/{second.pk}/", {"action": "take_back", "because": "Wrong child"})
    second.refresh_from_db()
    assert second.state == "taken_back"
    assert "Wrong child" in client.get(f"/moves/{second.pk}/").content.decode()


def test_the_reason_for_taking_back_is_kept_where_somebody_else_was_quicker(world: World) -> None:
    """As on other pages that were overtaken: nothing is done, 409, and every word stands there."""
    client, move, words = signed_in(world.people["kit"]), confirmed(world), "It fell through: the place was given to another child"
    moves.take_back(move, by=world.people["lena"], because="Wrong child")
    answer = client.post(f"/moves/{move.pk}/", {"action": "take_back", "because": words})
    page = answer.content.decode()
    assert answer.status_code == 409 and words in page and "What you typed" in page
    assert "only a confirmed one can be taken back" in page and "Wrong child" in page
    move.refresh_from_db()
    assert move.taken_back_because == "Wrong child"


def test_the_reason_stays_in_the_form_where_a_later_change_is_taken_back_first(world: World) -> None:
    client, first, words = signed_in(world.people["kit"]), confirmed(world), "It fell through"
    confirmed(world, to="unit", starts_on=world.today + 9 * DAY)
    answer = client.post(f"/moves/{first.pk}/", {"action": "take_back", "because": words})
    page = answer.content.decode()
    assert answer.status_code == 409 and "Take the later change back first." in page
    assert re.search(rf"<textarea[^>]*name=\"because\"[^>]*>\s*{words}</textarea>", page)
    first.refresh_from_db()
    assert first.state == "confirmed"


def test_someone_else_was_quicker(world: World) -> None:
    move = confirmed(world)
    answer = signed_in(world.people["lena"]).post(
        f"/moves/{move.pk}/", {"action": "confirm", **posted_date("last_day", world.today)}, follow=True
    )
    assert "“confirmed” already" in answer.content.decode()
    assert signed_in(world.people["lena"]).post(f"/moves/{move.pk}/", {"action": "dance"}).status_code == 400


@pytest.mark.parametrize(
    ("name", "status"),
    [("anna", 200), ("fay", 200), ("hana", 200), ("moe", 200), ("lena", 200), ("eve", 403), ("jo", 403), ("bilal", 404), ("oli", 404)],
)
def test_who_can_open_a_move(world: World, name: str, status: int) -> None:
    move = proposed(world, starts_on=world.today + 5 * DAY)
    client = signed_in(world.people[name])
    assert client.get(f"/moves/{move.pk}/").status_code == status
    assert client.get(f"/children/{world.children['sam'].pk}/move/").status_code == status
    if status != 200:
        assert client.post(f"/moves/{move.pk}/", {"action": "withdraw"}).status_code == status


def test_a_teacher_cannot_see_where_a_restricted_child_goes_and_the_refusal_is_logged(world: World) -> None:
    sam = world.children["sam"]
    sam.restricted, sam.restricted_because = True, "At risk"
    sam.save()
    move = proposed(world, starts_on=world.today + 5 * DAY)
    client = signed_in(world.people["anna"])
    answer = client.get(f"/moves/{move.pk}/")
    assert answer.status_code == 403 and b"Brook" not in answer.content
    assert client.get(f"/children/{sam.pk}/move/").status_code == 403
    assert AccessLog.objects.filter(user=world.people["anna"], child=sam, allowed=False, page="pep:move-detail").exists()
    head = signed_in(world.people["lena"])
    page = head.get(f"/moves/{move.pk}/").content.decode()
    assert "access ends with the move" in page and "Last day the old school can read" not in page
    head.post(f"/moves/{move.pk}/", {"action": "confirm"})
    move.refresh_from_db()
    assert move.state == "confirmed"


def at_once(*calls: Callable[[], object]) -> list[str]:
    """Run these at the same instant, each in a thread with its own connection; what came of each."""
    barrier = threading.Barrier(len(calls))
    results: list[str] = []

    def run(call: Callable[[], object]) -> None:
        try:
            barrier.wait()
            call()
            results.append("done")
        except ValidationError as error:
            results.append(type(error).__name__)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(call,)) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def test_of_two_people_confirming_in_the_same_instant_one_does_and_one_is_told(committed_db: str) -> None:
    world = world_with_dates()
    begin(world, "sam")
    move = proposed(world, by="anna")
    results = at_once(*[lambda name=name: moves.confirm(move, by=world.people[name]) for name in ("fay", "kit", "lena")])
    assert Counter(results) == {"done": 1, "NotNow": 2}
    assert Enrolment.objects.filter(child=world.children["sam"]).count() == 2
    assert Counter(Plan.objects.filter(child=world.children["sam"]).values_list("state", flat=True)) == {"closed": 1, "preparing": 1}


def test_of_two_proposals_in_the_same_instant_one_stands(committed_db: str) -> None:
    world = world_with_dates()
    results = at_once(lambda: proposed(world, by="fay"), lambda: proposed(world, to="unit", by="kit"))
    assert Counter(results) == {"done": 1, "ValidationError": 1}
    assert Move.objects.count() == 1


def test_confirming_and_withdrawing_in_the_same_instant_leaves_one_of_both(committed_db: str) -> None:
    world = world_with_dates()
    move = proposed(world)
    at_once(lambda: moves.confirm(move, by=world.people["kit"]), lambda: moves.withdraw(move, by=world.people["fay"]))
    move.refresh_from_db()
    enrolments = Enrolment.objects.filter(child=world.children["sam"]).count()
    assert (move.state, enrolments) in {("confirmed", 2), ("withdrawn", 1)}
