"""A section that is for the council alone does not exist for the school: no title, no page, no line of what is missing in it."""

import pytest
from django.urls import reverse

from accounts.policy import Relation
from pep.forms.declaration import Audience
from pep.models import Plan, PlanEvent
from pep.sections import Author, writing
from pep.snapshot import readable
from tests.pep.test_workflow import bring_to
from tests.world import World, begin, build_world, fill, signed_in

pytestmark = pytest.mark.django_db

SECTION = "care_record"


@pytest.fixture
def world() -> World:
    return build_world()


def page(world: World, name: str, view: str, plan: Plan, **kwargs: str) -> str:
    """A page of the plan as someone sees it."""
    answer = signed_in(world.people[name]).get(reverse(f"pep:{view}", kwargs={"pk": plan.pk, **kwargs}))
    assert answer.status_code == 200
    return answer.content.decode()


@pytest.mark.parametrize("view", ["plan-detail", "plan-read", "plan-timeline"])
def test_anna_the_teacher_reads_no_word_of_the_care_record_and_fay_the_social_worker_does(world: World, view: str) -> None:
    plan = begin(world, "sam")
    author = Author(world.people["fay"], Relation.SOCIAL_WORKER)
    with writing(plan.pk, SECTION, 0, author=author) as section:
        section.answers = {"legal_position": "Under a full care order"}
    assert plan.form.section(SECTION).title in page(world, "fay", view, plan)
    assert "Care record" not in page(world, "anna", view, plan)


def test_anna_finds_no_page_for_the_care_record_and_cannot_keep_a_draft_of_it(world: World) -> None:
    plan = begin(world, "sam")
    client = signed_in(world.people["anna"])
    for view in ("section-edit", "section-draft", "section-discard"):
        address = reverse(f"pep:{view}", kwargs={"pk": plan.pk, "key": SECTION})
        assert (client.get(address) if view == "section-edit" else client.post(address)).status_code == 404


def test_anna_learns_that_the_social_worker_owes_something_but_not_which_questions(world: World) -> None:
    plan = begin(world, "sam")
    fill(plan, "sam")
    section = plan.sections.get(key=SECTION)
    section.answers, section.marked_complete = {}, False
    section.save()
    text = page(world, "anna", "plan-detail", plan)
    assert "Social worker: answers that only the council reads" in text
    assert "1 section to go: the social worker’s own part." in text
    assert "What is the legal position?" not in text
    assert "What is the legal position?" in page(world, "fay", "plan-detail", plan)


def test_a_return_of_the_care_record_names_it_to_the_council_alone(world: World) -> None:
    plan = begin(world, "sam")
    fill(plan, "sam")
    bring_to(plan, Plan.State.AWAITING_CHECK, world)
    event = PlanEvent.objects.filter(plan=plan).latest("at")
    PlanEvent.objects.create(plan=plan, action="return_from_check", to_state="returned", at=event.at, sections=[SECTION, "health"])
    assert "Care record" in page(world, "fay", "plan-timeline", plan)
    text = page(world, "anna", "plan-timeline", plan)
    assert "Care record" not in text
    assert "Health" in text


def test_a_snapshot_from_before_the_section_was_marked_leaves_its_title_out_of_the_schools_copy(world: World) -> None:
    block = {"audience": "council", "display": {}}
    content = {
        "child_facts": [], "people": [], "events": [], "grades": None,
        "sections": [
            {"key": SECTION, "title": "Care record", "audience": "school", "blocks": [block]},
            {"key": "actions", "title": "Actions", "audience": "school", "blocks": []},
        ],
    }  # fmt: skip
    assert [section["key"] for section in readable(content, Audience.SCHOOL)["sections"]] == ["actions"]
    assert len(readable(content, Audience.COUNCIL)["sections"]) == 2
