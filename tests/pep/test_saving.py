"""Saving a section: nothing acknowledged is ever lost, and nothing lands after the plan has moved on."""

import re
import threading
from collections import Counter
from typing import Any

import pytest
from django.db import connections
from django.test import Client

from accounts.sessions import SECOND_FACTOR
from pep.forms.build import section_form
from pep.forms.declaration import Audience
from pep.models import Draft, Plan, Section
from pep.workflow import perform
from schools.models import Membership
from tests.pep.test_forms_properties import Browser
from tests.world import World, begin, build_world, fill, person, signed_in

KEY = "attendance"


def url(plan: Plan, key: str = KEY, end: str = "") -> str:
    return f"/plans/{plan.pk}/sections/{key}/{end}"


@pytest.fixture
def world(db: None) -> World:
    return build_world()


@pytest.fixture
def plan(world: World) -> Plan:
    return begin(world, "sam")


def text_question(plan: Plan, key: str = KEY) -> str:
    """A question of the section that takes free text."""
    return next(question.key for question in plan.form.section(key).questions if question.kind == "text")


def test_a_half_filled_section_can_be_saved_and_opened_again(world: World, plan: Plan) -> None:
    client, question = signed_in(world.people["anna"]), text_question(plan)
    answer = client.post(url(plan), {question: "Comes every day since March", "version": "0", "complete": "no"})
    assert answer.status_code == 302
    assert "Comes every day since March" in client.get(url(plan)).content.decode()
    section = Section.objects.get(plan=plan, key=KEY)
    assert (section.version, section.written_by, section.written_as) == (1, world.people["anna"], "Designated teacher")


def test_a_save_that_ones_own_other_window_overtook_is_not_put_down_to_somebody_else(world: World, plan: Plan) -> None:
    """C1: both texts are kept, and nobody is told that a stranger wrote."""
    question, anna = text_question(plan), signed_in(world.people["anna"])
    anna.post(url(plan), {question: "Written in the first window", "version": "0", "complete": "no"})
    answer = anna.post(url(plan), {question: "Written in the second", "version": "0", "complete": "no"})
    page = answer.content.decode()
    assert answer.status_code == 409 and "Written in the first window" in page and "Written in the second" in page
    assert "You saved this in another window while you were writing" in page and "Someone changed this" not in page
    assert "Keep what I saved" in page and "Anna Example saved" not in page
    opened_again = anna.get(url(plan)).content.decode()
    assert "You saved this in another window" in opened_again
    # Once somebody else has saved as well, it is theirs that must be looked at.
    signed_in(world.people["eve"]).post(url(plan), {question: "Written by Eve", "version": "1", "complete": "no"})
    page = anna.post(url(plan), {question: "Written in the second", "version": "0", "complete": "no"}).content.decode()
    assert "Someone changed this while you were writing" in page and "Eve Example saved" in page


def test_a_target_saved_in_ones_own_other_window_is_not_put_down_to_somebody_else(world: World, plan: Plan) -> None:
    fill(plan, "sam")
    target, version = plan.targets.get(), plan.sections.get(key="targets").version
    day = {f"by_when-{part}": getattr(target.by_when, part) for part in ("day", "month", "year")}
    names = ("area", "term", "need", "baseline", "aim", "success", "intervention", "who", "frequency")
    fields = {name: getattr(target, name) for name in names} | day | {"child_words": "", "version": version}
    anna, address = signed_in(world.people["anna"]), f"/plans/{plan.pk}/targets/{target.pk}/"
    assert anna.post(address, {**fields, "need": "Said in one window"}).status_code == 302
    answer = anna.post(address, {**fields, "need": "Said in another"})
    assert answer.status_code == 409 and "You saved this in another window" in answer.content.decode()


def test_a_stale_save_is_answered_409_with_both_texts_and_keeps_mine(world: World, plan: Plan) -> None:
    """C1."""
    question = text_question(plan)
    eve, anna = signed_in(world.people["eve"]), signed_in(world.people["anna"])
    eve.post(url(plan), {question: "Written by Eve", "version": "0", "complete": "no"})
    answer = anna.post(url(plan), {question: "Written by Anna", "version": "0", "complete": "no"})
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "Written by Eve" in page
    assert "Written by Anna" in page
    assert Section.objects.get(plan=plan, key=KEY).answers[question] == "Written by Eve"
    assert Draft.objects.get(user=world.people["anna"]).fields[question] == ["Written by Anna"]


def test_after_a_conflict_keeping_mine_saves_it_over_the_version_i_have_now_seen(world: World, plan: Plan) -> None:
    question = text_question(plan)
    eve, anna = signed_in(world.people["eve"]), signed_in(world.people["anna"])
    eve.post(url(plan), {question: "Written by Eve", "version": "0", "complete": "no"})
    anna.post(url(plan), {question: "Written by Anna", "version": "0", "complete": "no"})
    both = anna.post(url(plan), {question: "Written by Anna", "version": "1", "together": "1"}).content.decode()
    assert "Written by Eve\n\nWritten by Anna" in both.replace("\r", "")
    assert anna.post(url(plan), {question: "Written by Anna", "version": "1", "complete": "no"}).status_code == 302
    assert Section.objects.get(plan=plan, key=KEY).answers[question] == "Written by Anna"


def test_a_form_with_a_mistake_keeps_every_answer(world: World, plan: Plan) -> None:
    """C5."""
    question, client = text_question(plan), signed_in(world.people["anna"])
    number = next(question.key for question in plan.form.section(KEY).questions if question.kind == "number")
    page = client.post(url(plan), {question: "Every word of this", number: "many", "version": "0", "complete": "no"}).content.decode()
    assert "There is a problem" in page
    assert "Every word of this" in page
    assert 'value="many"' in page
    assert Section.objects.get(plan=plan, key=KEY).version == 0


def test_words_posted_after_the_sign_in_ended_are_given_back_and_can_be_sent_again(world: World, plan: Plan) -> None:
    """B8, without JavaScript: neither a lost session nor the new session's new token loses a word."""
    question, fields = text_question(plan), {"version": "0", "complete": "no"}
    words = "A long sentence, written while the session ended"
    client = Client(enforce_csrf_checks=True, headers={"origin": "http://testserver"})  # as every browser says
    opened = signed_in(world.people["anna"]).get(url(plan)).content.decode()
    fields["page_mark"] = re.findall('name="page_mark" value="([^"]+)"', opened)[0]
    page = client.get("/account/login/")
    token = page.context["csrf_token"]
    lost = client.post(url(plan), {question: words, **fields, "csrfmiddlewaretoken": str(token)})
    assert lost.status_code == 401
    assert lost.content.decode().count(words) == 2  # in the form to send again, and to read
    client.force_login(world.people["anna"])
    session = client.session
    session[SECOND_FACTOR] = True
    session.save()
    again = client.post(url(plan), {question: words, **fields, "csrfmiddlewaretoken": "of-the-old-session"})
    assert again.status_code == 403
    assert words in again.content.decode()
    assert Section.objects.get(plan=plan, key=KEY).version == 0
    saved = client.post(url(plan), {question: words, **fields, "csrfmiddlewaretoken": str(again.context["csrf_token"])})
    assert saved.status_code == 302
    assert Section.objects.get(plan=plan, key=KEY).answers == {question: words}


def test_autosave_keeps_a_draft_that_counts_as_nothing_until_it_is_saved(world: World, plan: Plan) -> None:
    """C3, C4."""
    question, client = text_question(plan), signed_in(world.people["anna"])
    answer = client.post(url(plan, end="draft/"), {question: "Half a sent", "version": "0"})
    assert set(answer.json()) == {"saved_at"}
    assert Section.objects.get(plan=plan, key=KEY).answers == {}
    assert "Half a sent" in client.get(url(plan)).content.decode()
    assert "Half a sent" not in signed_in(world.people["eve"]).get(url(plan)).content.decode()
    client.post(url(plan), {question: "A whole sentence", "version": "0", "complete": "yes"})
    assert not Draft.objects.exists()


def test_what_is_for_the_council_alone_is_never_shown_to_the_school(world: World, plan: Plan) -> None:
    """A5."""
    signed_in(world.people["fay"]).post(url(plan, "health"), {"health_private": "For the council alone", "version": "0", "complete": "no"})
    page = signed_in(world.people["anna"]).get(url(plan, "health")).content.decode()
    assert "For the council alone" not in page
    assert "For the council alone" in signed_in(world.people["fay"]).get(url(plan, "health")).content.decode()


def test_undeclared_fields_are_never_kept(world: World, plan: Plan) -> None:
    """A11."""
    fields = {"owner": "x", "plan": "x", "state": "complete", "written_by": "x", "marked_complete": "on", "answers": "{}", "key": "health"}
    signed_in(world.people["anna"]).post(url(plan), {**fields, text_question(plan): "Kept", "version": "0", "complete": "no"})
    section = Section.objects.get(plan=plan, key=KEY)
    assert section.answers == {text_question(plan): "Kept"}
    assert (section.owner, section.marked_complete) == ("school", False)


def test_someone_else_may_write_only_for_a_named_person_and_the_page_shows_both(world: World, plan: Plan) -> None:
    question, client = text_question(plan), signed_in(world.people["kit"])
    refused = client.post(url(plan), {question: "Told me", "version": "0", "complete": "no"})
    assert "Give the name of the person" in refused.content.decode()
    assert Section.objects.get(plan=plan, key=KEY).version == 0
    said = {"on_behalf_of": "Anna Example, designated teacher", "learned_by": "telephone"}
    client.post(url(plan), {question: "Told me", "version": "0", "complete": "no", **said})
    page = signed_in(world.people["fay"]).get(url(plan)).content.decode()
    assert "Kit Example" in page
    assert "on behalf of Anna Example, designated teacher (by telephone)" in page


def test_without_a_teacher_who_can_act_the_schools_part_is_the_virtual_schools_own(world: World) -> None:
    plan = begin(world, "wes")
    answer = signed_in(world.people["kit"]).post(url(plan), {text_question(plan): "From the tutor", "version": "0", "complete": "no"})
    assert answer.status_code == 302


@pytest.mark.parametrize(
    ("name", "key", "status"), [("jo", KEY, 403), ("fay", KEY, 403), ("anna", "health", 403), ("bilal", KEY, 404), ("oli", KEY, 404)]
)
def test_sections_are_written_by_their_owners_alone(world: World, plan: Plan, name: str, key: str, status: int) -> None:
    """A2."""
    answer = signed_in(world.people[name]).post(url(plan, key), {"version": "0", "complete": "no"})
    assert answer.status_code == status
    assert Section.objects.get(plan=plan, key=key).version == 0


def test_a_page_of_a_section_takes_a_fixed_number_of_queries(world: World, plan: Plan, django_assert_max_num_queries: Any) -> None:
    """H4."""
    fill(plan, "sam")
    client = signed_in(world.people["anna"])
    client.get(url(plan))
    with django_assert_max_num_queries(40):
        client.get(url(plan))


def _at_once(count: int, work: Any) -> list[Any]:
    """Run the same work in several threads that start at the same instant; their results."""
    barrier, results = threading.Barrier(count), [None] * count

    def run(number: int) -> None:
        try:
            barrier.wait(timeout=20)
            results[number] = work(number)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    return results


def test_of_eight_people_saving_at_the_same_instant_one_is_accepted_and_seven_are_told(committed_db: Any) -> None:
    """C1: nothing is lost: the seven find their own words in their drafts."""
    world = build_world()
    plan = begin(world, "sam")
    question = text_question(plan)
    people = [person(world, f"Teacher{number}") for number in range(8)]
    for user in people:
        Membership(
            user=user,
            role="designated_teacher",
            school=world.schools["hill"],
            authority=world.places["fenshire"].authority,
            starts=world.today,
        ).save()
    clients = [signed_in(user) for user in people]
    answers = _at_once(
        8, lambda number: clients[number].post(url(plan), {question: f"Text {number}", "version": "0", "complete": "no"}).status_code
    )
    assert Counter(answers) == {302: 1, 409: 7}
    section = Section.objects.get(plan=plan, key=KEY)
    winner = answers.index(302)
    assert (section.version, section.answers[question]) == (1, f"Text {winner}")
    kept = {draft.user_id: draft.fields[question] for draft in Draft.objects.all()}
    assert kept == {people[number].pk: [f"Text {number}"] for number in range(8) if number != winner}
    assert Section.history.filter(id=section.pk, version=1).count() == 1


def test_a_save_against_a_submission_either_lands_before_it_or_is_refused(committed_db: Any) -> None:
    """C1, A14: at a barrier, many times; never a changed section in a plan that has been submitted."""
    world = build_world()
    for round_number in range(6):
        plan = begin(world, "sam")
        fill(plan, f"round{round_number}")
        question, version = text_question(plan), Section.objects.get(plan=plan, key=KEY).version
        client = signed_in(world.people["eve"])
        kept = section_form(plan.form.section(KEY), Audience.SCHOOL, initial=Section.objects.get(plan=plan, key=KEY).answers)
        fields = Browser(str(kept)).data().dict() | {question: "Late words", "version": str(version), "complete": "yes"}

        def work(number: int, plan: Plan = plan, client: Client = client, fields: dict[str, Any] = fields) -> Any:
            if number:
                return client.post(url(plan), fields).status_code
            return perform(plan, "submit", by=world.people["anna"]).state

        submitted, saved = _at_once(2, work)
        section = Section.objects.get(plan=plan, key=KEY)
        assert saved in (302, 409)
        assert submitted == "awaiting_sign_off"
        assert section.version == version + (saved == 302)
        if saved == 302:
            written = Section.history.get(id=section.pk, version=section.version)
            moved = Plan.history.filter(id=plan.pk, state="awaiting_sign_off").earliest("history_id")
            assert written.history_date < moved.history_date
        perform(Plan.objects.get(pk=plan.pk), "cancel", by=world.people["kit"], comment="Next round")


def test_a_section_that_a_return_left_closed_can_still_be_read(world: World) -> None:
    plan = begin(world, "sam")
    fill(plan, "sam")
    perform(plan, "submit", by=world.people["anna"])
    perform(plan, "return_from_sign_off", by=world.people["fay"], comment="The figures are old", sections=["attendance"])
    for key in ("strengths", "sign_off"):
        page = signed_in(world.people["anna"]).get(f"/plans/{plan.pk}/sections/{key}/")
        assert page.status_code == 200
    assert "no longer holds" in page.content.decode()
