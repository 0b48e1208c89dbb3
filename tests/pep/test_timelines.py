"""Everything that happens to a plan and to a child stands on a timeline, for those who may read it."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from children.models import Enrolment
from pep import funding, history
from pep.forms.declaration import Audience
from pep.models import Attendee, Meeting, Plan, Progress, TargetReview
from pep.workflow import perform
from tests import moving
from tests.pep.test_workflow import bring_to
from tests.world import DAY, World, begin, build_world, canary, fill, graded, signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    return build_world()


@pytest.fixture
def plan(world: World) -> Plan:
    """Sam's plan, filled in."""
    made = begin(world, "sam")
    fill(made, "sam")
    return made


def sentences(plan: Plan, audience: Audience = Audience.COUNCIL) -> list[str]:
    return [one.sentence for one in history.timeline([plan], audience)]


def details(plan: Plan) -> set[tuple[str, str, str]]:
    return {line for one in history.timeline([plan], Audience.SCHOOL) for line in one.details}


def test_the_meetings_people_and_how_the_child_took_part_stand_on_the_timeline(plan: Plan) -> None:
    meeting, attendee = Meeting.objects.get(plan=plan), Attendee.objects.get(meeting__plan=plan)
    attendee.came = "apologies"
    attendee.save()
    meeting.participation = "PN7"
    meeting.save()
    told = sentences(plan)
    assert f"The product added an entry in the meeting’s list: {canary('sam', 'attendee')}" in told
    assert f"The product changed an entry in the meeting’s list: {canary('sam', 'attendee')}" in told
    assert {
        ("Came", "Came", "Sent apologies"),
        ("How the child took part", "PN1: came and spoke for themselves", "PN7: did not come, gave no views"),
    } <= details(plan)


def test_a_flat_sum_is_told_as_what_policy_pays_and_as_nobodys_request(world: World, plan: Plan) -> None:
    policy = world.places["fenshire"].policy
    policy.flat_sums = {"secondary": 600}
    policy.save()
    perform(bring_to(plan, "awaiting_check", world), "grade", by=world.people["kit"], **graded())
    told = [sentence for sentence in sentences(plan) if "completing the plan" in sentence]
    assert told == ["The authority’s policy pays pupil premium: completing the plan (£600)"]
    assert any("added a request for pupil premium" in sentence for sentence in sentences(plan))  # the target's own


def test_reviews_of_targets_and_progress_stand_on_the_timeline(world: World, plan: Plan) -> None:
    complete = bring_to(plan, "complete", world)
    following = begin(world, "sam")
    target = complete.targets.get()
    TargetReview(plan=following, target=target, outcome="met", evidence="Reads aloud", impact="none_paid", next="end").save()
    Progress.objects.create(target=target, on=world.today, status="stuck", note="Waits for a tutor", by=world.people["anna"])
    assert f"The product added how a target of the last plan went: {target.aim}" in sentences(following)
    assert any("Reads aloud" in line for line in details(following))
    [progress] = [one for one in history.timeline([complete], Audience.SCHOOL) if "how it is going" in one.sentence]
    assert (progress.sentence, progress.comment) == (
        f"Anna Example added how it is going: {target.aim} (stuck)",
        "Waits for a tutor",
    )


def test_money_stands_on_the_timeline_of_the_council_and_of_the_school_that_asked(world: World, plan: Plan) -> None:
    """A7."""
    bring_to(plan, "complete", world)
    funding.take_step(plan.funding.get(), "declined", by=world.people["kit"], on=world.today, reason="Paid already")
    address = f"/plans/{plan.pk}/timeline/"
    for name in ("kit", "anna"):
        page = signed_in(world.people[name]).get(address).content.decode()
        assert f"added a request for pupil premium: {canary('sam', 'purpose')}" in page
        assert "Kit Example declined the pupil premium asked for" in page
    moving.confirmed(world)
    assert canary("sam", "purpose") not in signed_in(world.people["bilal"]).get(address).content.decode()


def test_a_corrected_version_does_not_tell_again_what_it_took_over(world: World, plan: Plan) -> None:
    first = bring_to(plan, "complete", world)
    second = perform(first, "correct", by=world.people["kit"], comment="Wrong", sections=["attendance"])
    assert [sentence for sentence in sentences(second) if " added " in sentence] == []


@pytest.mark.parametrize(
    ("sections", "shown"), [(["care_record"], False), (["health", "care_record"], False), (["care_record", "attendance"], True)]
)
def test_why_the_social_workers_sections_went_back_is_not_for_the_school(
    world: World, plan: Plan, sections: list[str], shown: bool
) -> None:
    bring_to(plan, "awaiting_check", world)
    perform(plan, "grade", by=world.people["lena"], **graded("red"), comment="The address is the old one", sections=sections)
    for address in (f"/plans/{plan.pk}/", f"/plans/{plan.pk}/timeline/", f"/children/{plan.child.pk}/timeline/"):
        assert "The address is the old one" in signed_in(world.people["fay"]).get(address).content.decode(), address
        assert ("The address is the old one" in signed_in(world.people["anna"]).get(address).content.decode()) is shown, address


def test_a_childs_timeline_tells_of_plans_schools_people_moves_and_money(world: World, plan: Plan) -> None:
    moving.proposed(world, starts_on=world.today + 5 * DAY)
    page = signed_in(world.people["kit"]).get(f"/children/{plan.child.pk}/timeline/").content.decode()
    for words in (
        "Began at Hill School (main school)",
        "Began to work with the child: Fay Example as social worker",
        "Fay Example proposed the move to Brook School",
        canary("sam", "purpose"),
        canary("sam", "aim"),
    ):
        assert words in page, words


def test_the_school_reads_on_a_childs_timeline_only_what_has_come_and_who_works_with_the_child_today(world: World, plan: Plan) -> None:
    """A7."""
    child = world.children["sam"]
    Enrolment(child=child, school=world.schools["unit"], kind="tuition", starts=world.today + 5 * DAY).save()
    worker = child.allocations.get(role="social_worker")
    worker.ends = world.today
    worker.save()
    address = f"/children/{child.pk}/timeline/"
    school = signed_in(world.people["anna"]).get(address).content.decode()
    council = signed_in(world.people["kit"]).get(address).content.decode()
    for words in ("Began at Unit School", "Fay Example as social worker"):
        assert words in council, words
        assert words not in school, words
    assert "Jo Example as independent reviewing officer" in school


def test_a_childs_timeline_takes_as_many_queries_for_three_plans_as_for_one(world: World, plan: Plan) -> None:
    kit = signed_in(world.people["kit"])

    def queries() -> int:
        with CaptureQueriesContext(
            connection,
        ) as captured:
            answer: Any = kit.get(f"/children/{plan.child.pk}/timeline/")
        assert answer.status_code == 200
        return len(captured)

    bring_to(plan, "complete", world)
    queries()
    one = queries()
    for _ in range(2):
        another = begin(world, "sam")
        fill(another, "sam")
        perform(another, "cancel", by=world.people["kit"], comment="Once more")
    assert queries() == one
