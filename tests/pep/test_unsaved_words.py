"""Words typed and not saved are never lost and never silently left out."""

import pytest

from pep.models import Draft, Plan, Section
from pep.workflow import perform
from tests.pep.test_saving import text_question, url
from tests.world import World, begin, build_world, fill, signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    return build_world()


@pytest.fixture
def plan(world: World) -> Plan:
    """Sam's plan, filled in, with words of Anna's in Attendance that she has not saved."""
    made = begin(world, "sam")
    fill(made, "sam")
    version = Section.objects.get(plan=made, key="attendance").version
    fields = {text_question(made): "Anna typed this", "possible": "many", "version": str(version)}
    signed_in(world.people["anna"]).post(url(made, end="draft/"), fields)
    return made


def test_the_task_list_says_not_saved_to_their_author_alone(world: World, plan: Plan) -> None:
    assert "Not saved" in signed_in(world.people["anna"]).get(f"/plans/{plan.pk}/").content.decode()
    assert "Not saved" not in signed_in(world.people["eve"]).get(f"/plans/{plan.pk}/").content.decode()


def test_whoever_submits_is_told_which_words_are_not_saved_and_whose(world: World, plan: Plan) -> None:
    signed_in(world.people["eve"]).post(url(plan, "history", "draft/"), {text_question(plan, "history"): "Eve typed this", "version": "1"})
    page = signed_in(world.people["anna"]).get(f"/plans/{plan.pk}/moves/submit/").content.decode()
    assert "You have not saved what you typed in" in page
    assert "Eve Example: Education history" in page
    assert "Eve typed this" not in page


def test_in_a_closed_section_their_author_finds_the_words_that_were_never_saved(world: World, plan: Plan) -> None:
    perform(plan, "submit", by=world.people["anna"])
    page = signed_in(world.people["anna"]).get(url(plan)).content.decode()
    assert "Words you never saved" in page
    assert "Anna typed this" in page
    assert "many" in page  # even what is no number
    assert "Anna typed this" not in signed_in(world.people["eve"]).get(url(plan)).content.decode()


def test_a_target_begun_and_not_saved_is_offered_again_though_someone_saved_another(world: World, plan: Plan) -> None:
    anna = signed_in(world.people["anna"])
    anna.post(url(plan, "targets", "draft/") + "?part=new", {"aim": "Reads a whole chapter", "version": "1"})
    section = Section.objects.get(plan=plan, key="targets")
    section.version += 1
    section.save()
    assert f"/plans/{plan.pk}/targets/new/" in anna.get(url(plan, "targets")).content.decode()
    assert "Reads a whole chapter" in anna.get(f"/plans/{plan.pk}/targets/new/").content.decode()
    perform(plan, "submit", by=world.people["anna"])
    page = anna.get(url(plan, "targets")).content.decode()
    assert "Words you never saved" in page
    assert "Reads a whole chapter" in page


def test_words_taken_back_are_no_longer_unsaved(world: World, plan: Plan) -> None:
    anna, section = signed_in(world.people["anna"]), Section.objects.get(plan=plan, key="attendance")
    up_to = dict(zip(("up_to-year", "up_to-month", "up_to-day"), section.answers["up_to"].split("-"), strict=True))
    answer = anna.post(url(plan, end="draft/"), {**section.answers, **up_to, "version": str(section.version)})
    assert answer.json()["in_plan"] is True
    assert not Draft.objects.exists()


def test_a_section_called_complete_with_gaps_is_saved_and_says_what_is_missing(world: World, plan: Plan) -> None:
    anna, section = signed_in(world.people["anna"]), Section.objects.get(plan=plan, key="attendance")
    fields = {text_question(plan): "Comes every day", "version": str(section.version), "complete": "yes"}
    page = anna.post(url(plan), fields, follow=True).content.decode()
    assert "Saved, but not complete" in page
    assert 'href="#possible"' in page
    section.refresh_from_db()
    assert section.answers[text_question(plan)] == "Comes every day"
    fields["version"] = str(section.version)
    assert "Saved, but not complete" not in anna.post(url(plan), {**fields, "complete": "no"}, follow=True).content.decode()


def test_an_autosave_overtaken_by_its_own_save_leaves_nothing_unsaved(world: World) -> None:
    """C4: the request that keeps what is typed arrives after the one that saves it."""
    plan = begin(world, "sam")
    anna, words = signed_in(world.people["anna"]), {text_question(plan): "Comes in on time", "version": "0"}
    anna.post(url(plan), {**words, "complete": "no"})
    late = anna.post(url(plan, end="draft/"), words).json()
    assert late["in_plan"]
    target = {
        "area": "maths", "term": "short", "need": "Number", "baseline": "11 of 30", "aim": "Fractions", "success": "24 of 30",
        "intervention": "Tuition", "who": "Tutor", "by_when-day": "1", "by_when-month": "3", "by_when-year": str(world.today.year + 1),
        "version": "0",
    }  # fmt: skip
    assert anna.post(f"/plans/{plan.pk}/targets/new/", target).status_code == 302
    assert anna.post(url(plan, "targets", "draft/") + "?part=new", target).json()["in_plan"]
    assert not Draft.objects.filter(section__plan=plan).exists()


def test_a_draft_that_says_what_somebody_saved_meanwhile_is_no_conflict(world: World) -> None:
    plan = begin(world, "sam")
    anna, eve, words = signed_in(world.people["anna"]), signed_in(world.people["eve"]), {text_question(plan): "Likes maths", "version": "0"}
    anna.post(url(plan, end="draft/"), words)
    eve.post(url(plan), {**words, "complete": "no"})
    assert "Someone changed this" not in anna.get(url(plan)).content.decode()
    again = anna.post(url(plan), {**words, "complete": "no"})
    assert again.status_code == 302  # the same words, sent a second time
    assert not Draft.objects.filter(section__plan=plan).exists()


def test_a_draft_with_a_word_that_cannot_be_read_is_kept_whoever_saved_meanwhile(world: World, plan: Plan) -> None:
    section = Section.objects.get(plan=plan, key="attendance")
    anna = signed_in(world.people["anna"])
    unreadable = {"possible": "many", "version": str(section.version)}
    anna.post(url(plan, end="draft/"), unreadable)
    section.version += 1
    section.save()
    page = anna.get(url(plan)).content.decode()
    assert "Someone changed this" in page
    assert "many" in page
