"""A corrected version carries everything on: signatures nobody touched, the money asked for, and what was added since."""

import datetime
import re

import pytest
import time_machine
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from children.models import CareReview
from pep import documents
from pep.fact_finding import facts_of
from pep.models import FundingRequest, Plan, PlanSnapshot, Progress, SignOff
from pep.timeliness import may_be_late
from pep.workflow import available, perform
from schools.timetable import add_working_days
from tests.pep import pdf_reading
from tests.pep.test_workflow import bring_to
from tests.world import DAY, World, begin, build_world, canary, fill, graded, mark_complete, press, signed_in, submit_again

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    return build_world()


@pytest.fixture
def first(world: World) -> Plan:
    """Sam's complete plan."""
    plan = begin(world, "sam")
    fill(plan, "sam")
    return bring_to(plan, "complete", world)


def corrected(plan: Plan, world: World, *sections: str) -> Plan:
    return perform(plan, "correct", by=world.people["kit"], comment="Wrong", sections=list(sections))


def noon(day: datetime.date) -> datetime.datetime:
    return datetime.datetime.combine(day, datetime.time(12), tzinfo=timezone.get_current_timezone())


def standing(plan: Plan) -> set[str]:
    return set(SignOff.objects.filter(plan=plan, voided_at__isnull=True).values_list("role", flat=True))


def test_when_only_the_social_workers_section_is_corrected_the_social_worker_submits_and_signs_again(world: World, first: Plan) -> None:
    second, fay = corrected(first, world, "health"), world.people["fay"]
    assert standing(second) == {"designated_teacher"}
    assert "submit" in {transition.action for transition in available(second, fay, world.today)}
    mark_complete(second)
    answer = press(signed_in(fay), f"/plans/{second.pk}/moves/submit/", {"comment": ""})
    assert answer.status_code == 302
    second.refresh_from_db()
    assert second.state == Plan.State.AWAITING_SIGN_OFF
    second = perform(second, "sign_off", by=fay)
    assert perform(second, "grade", by=world.people["lena"], **graded()).state == Plan.State.COMPLETE


def test_when_only_the_schools_section_is_corrected_the_teacher_signs_again_and_the_social_worker_need_not(
    world: World, first: Plan
) -> None:
    second = corrected(first, world, "attendance")
    assert standing(second) == {"social_worker"}
    assert submit_again(second, by=world.people["anna"]).state == Plan.State.AWAITING_CHECK


def test_a_correction_of_both_their_sections_asks_both_again(world: World, first: Plan) -> None:
    second = corrected(first, world, "attendance", "health")
    assert standing(second) == set()
    with pytest.raises(PermissionDenied):
        perform(second, "submit", by=world.people["fay"])
    assert submit_again(second, by=world.people["anna"]).state == Plan.State.AWAITING_SIGN_OFF


def test_the_corrected_version_still_says_what_money_was_asked_for(world: World, first: Plan) -> None:
    second = submit_again(corrected(first, world, "attendance"), by=world.people["anna"])
    second = perform(second, "grade", by=world.people["lena"], **graded())
    third = corrected(second, world, "targets")
    for plan in (first, second):
        assert canary("sam", "purpose") in str(PlanSnapshot.objects.get(plan=plan).content)
    assert [target.money for target in third.targets.all()] == list(FundingRequest.objects.all())


def test_changing_the_money_in_a_corrected_version_changes_the_one_request_there_is(world: World, first: Plan) -> None:
    second = corrected(first, world, "targets")
    target, section = second.targets.get(), second.sections.get(key="targets")
    address = f"/plans/{second.pk}/targets/{target.pk}/"
    anna = signed_in(world.people["anna"])
    page = anna.get(address).content.decode()
    assert canary("sam", "purpose") in page
    fields = {
        name: getattr(target, name) for name in ("area", "term", "need", "baseline", "aim", "success", "intervention", "who", "frequency")
    }
    day = {f"by_when-{part}": getattr(target.by_when, part) for part in ("day", "month", "year")}
    money = {"funding_amount": "150", "funding_purpose": "Ten lessons"}
    answer = anna.post(address, {**fields, **day, **money, "child_words": "", "version": section.version})
    assert answer.status_code == 302
    assert [(row.amount, row.purpose, row.target) for row in FundingRequest.objects.all()] == [(150, "Ten lessons", target.original)]


def test_progress_added_to_either_version_shows_on_both(world: World, first: Plan) -> None:
    kit, day = signed_in(world.people["kit"]), {"on-day": 1, "on-month": 1, "on-year": world.today.year}
    said = {"status": "on_track", **day}
    target, action = first.targets.get(), first.actions.get()
    kit.post(f"/plans/{first.pk}/progress/", {"about": f"target:{target.pk}", "note": "Said of version one", **said})
    second = submit_again(corrected(first, world, "attendance"), by=world.people["anna"])
    second = perform(second, "grade", by=world.people["lena"], **graded())
    copy = second.actions.get()
    assert copy.original == action
    kit.post(f"/plans/{second.pk}/progress/", {"about": f"action:{copy.pk}", "note": "Said of version two", **said})
    assert Progress.objects.count() == 2
    for plan in (first, second):
        page = kit.get(f"/plans/{plan.pk}/progress/").content.decode()
        assert "Said of version one" in page
        assert "Said of version two" in page


WHY = "The attendance was last term’s"


def page(world: World, name: str, address: str) -> str:
    """A page as somebody reads it, its texts alone."""
    text = re.sub(r"<[^>]+>", " ", signed_in(world.people[name]).get(address).content.decode())
    return " ".join(text.replace(" ,", ",").replace(" .", ".").split()).replace(" ,", ",").replace(" .", ".")


def on_paper(plan: Plan, audience: str) -> str:
    """A complete plan's document as text."""
    return " ".join(pdf_reading.text_of(documents.render(PlanSnapshot.objects.get(plan=plan).content, audience)).split())


def today_in_words() -> str:
    return f"{timezone.localdate():%-d %B %Y}"


def complete_again(world: World, first: Plan, *sections: str) -> Plan:
    """A corrected version of Sam's plan that is complete."""
    second = perform(first, "correct", by=world.people["kit"], comment=WHY, sections=list(sections))
    second = submit_again(second, by=world.people["anna" if "attendance" in sections else "fay"])
    if second.state == Plan.State.AWAITING_SIGN_OFF:
        second = perform(second, "sign_off", by=world.people["fay"])
    return perform(second, "grade", by=world.people["lena"], **graded())


def test_a_corrected_version_says_what_it_corrects_and_why_wherever_the_plan_is_read(world: World, first: Plan) -> None:
    """C6: on the pages and in both documents; the version before says nothing of it."""
    second = complete_again(world, first, "attendance")
    said = f"This is version 2. It corrects version 1, which was complete on {today_in_words()}."
    opened = first.form.section("attendance").title
    for name in ("anna", "kit"):
        for address in (f"/plans/{second.pk}/read/", f"/plans/{second.pk}/"):
            text = page(world, name, address)
            assert said in text and f"Why: {WHY}" in text and f"Opened again: {opened}." in text, (name, address)
        assert "It corrects version" not in page(world, name, f"/plans/{first.pk}/read/")
    for audience in ("council", "school"):
        text = on_paper(second, audience)
        assert said in text and WHY in text and f"Opened again {opened}" in text
        assert "It corrects" not in on_paper(first, audience) and WHY not in on_paper(first, audience)


def test_why_only_the_social_workers_part_was_corrected_is_not_told_to_the_school(world: World, first: Plan) -> None:
    """A5: as on the timeline."""
    second = complete_again(world, first, "health")
    assert WHY in page(world, "kit", f"/plans/{second.pk}/read/") and WHY in on_paper(second, "council")
    for text in (page(world, "anna", f"/plans/{second.pk}/read/"), page(world, "anna", f"/plans/{second.pk}/"), on_paper(second, "school")):
        assert "It corrects version 1" in text and WHY not in text


def test_a_plan_frozen_before_its_snapshot_said_what_it_corrects_is_drawn_as_ever(world: World, first: Plan) -> None:
    content = PlanSnapshot.objects.get(plan=complete_again(world, first, "attendance")).content
    older = {part: value for part, value in content.items() if part != "corrects"}
    older["sign_off"] = [{name: value for name, value in one.items() if name != "version"} for one in content["sign_off"]]
    text = pdf_reading.text_of(documents.render(older, "council"))
    assert "version 2" in text and "It corrects" not in text and "Fay Example" in text


def test_whoever_signs_or_grades_a_correction_is_told_that_it_is_one_and_what_was_opened(world: World, first: Plan) -> None:
    second = perform(first, "correct", by=world.people["kit"], comment=WHY, sections=["attendance", "health"])
    second = submit_again(second, by=world.people["anna"])
    opened = f"Opened again: {first.form.section('health').title}, {first.form.section('attendance').title}."
    other = f"Opened again: {first.form.section('attendance').title}, {first.form.section('health').title}."
    text = page(world, "fay", f"/plans/{second.pk}/moves/sign_off/")
    assert "It corrects version 1" in text and f"Why: {WHY}" in text and (opened in text or other in text)
    second = perform(second, "sign_off", by=world.people["fay"])
    text = page(world, "lena", f"/plans/{second.pk}/moves/grade/")
    assert "It corrects version 1" in text and f"Why: {WHY}" in text and (opened in text or other in text)


def test_a_corrected_version_that_was_returned_says_both_what_it_corrects_and_why_it_came_back(world: World, first: Plan) -> None:
    second = perform(first, "correct", by=world.people["kit"], comment=WHY, sections=["attendance", "health"])
    address = f"/plans/{second.pk}/"
    assert page(world, "anna", address).count(WHY) == 1
    second = submit_again(second, by=world.people["anna"])
    perform(second, "return_from_sign_off", by=world.people["fay"], comment="The sum is wrong", sections=["attendance"])
    text = page(world, "anna", address)
    assert f"Why: {WHY}" in text and "The sum is wrong" in text


def test_the_first_page_calls_a_correction_one_and_not_a_return(world: World, first: Plan) -> None:
    perform(first, "correct", by=world.people["kit"], comment=WHY, sections=["attendance", "actions"])
    text = page(world, "anna", "/")
    assert "Corrected version: 2 sections to go" in text and "Returned. " not in text


def test_a_signature_carried_from_the_first_version_says_so_wherever_it_stands(world: World) -> None:
    plan, people = begin(world, "sam"), world.people
    fill(plan, "sam")
    first = perform(plan, "submit", by=people["anna"], comment="Mind the maths")
    first = perform(perform(first, "sign_off", by=people["fay"], comment="Agreed with Sam"), "grade", by=people["kit"], **graded())
    carried = f"signed version 1 on {today_in_words()}"
    second = submit_again(corrected(first, world, "attendance"), by=people["anna"], comment="Now it is right")
    text = page(world, "lena", f"/plans/{second.pk}/")
    assert f"Fay Example {carried} and wrote: Agreed with Sam" in text
    assert f"Anna Example wrote on {today_in_words()}: Now it is right" in text
    assert f"Social worker: Fay Example, {carried}" in page(world, "anna", f"/plans/{second.pk}/sections/sign_off/")
    second = perform(second, "grade", by=people["lena"], **graded())
    third = submit_again(corrected(second, world, "attendance"), by=people["anna"])
    third = perform(third, "grade", by=people["lena"], **graded())
    for version in (second, third):
        read = page(world, "anna", f"/plans/{version.pk}/read/")
        assert f"Social worker: Fay Example, {carried}" in read and f"Designated teacher: Anna Example, {today_in_words()}" in read
        for audience in ("council", "school"):
            assert on_paper(version, audience).count(f"Signed version 1 on {today_in_words()}") == 1
    assert "Signed version" not in on_paper(first, "council")


def test_who_submits_is_told_who_reads_the_plan_next(world: World, first: Plan) -> None:
    second = corrected(first, world, "attendance")
    mark_complete(second)
    text = page(world, "anna", f"/plans/{second.pk}/moves/submit/")
    assert "It goes straight to the virtual school’s quality check: the social worker’s signature still stands." in text
    assert "reads it next" not in text
    perform(second, "cancel", by=world.people["kit"], comment="Not needed")
    other = begin(world, "tia")
    fill(other, "tia")
    text = page(world, "bilal", f"/plans/{other.pk}/moves/submit/")
    assert "The social worker reads it next and signs it off." in text and "goes straight" not in text


def test_a_correction_has_the_time_that_a_plan_has_after_its_meeting_and_is_not_late_by_the_first_versions_date(
    world: World, first: Plan
) -> None:
    first.due_on = world.today - 9 * DAY
    first.save()
    second = perform(first, "correct", by=world.people["kit"], comment=WHY, sections=["attendance"])
    assert second.due_on == add_working_days(world.today, 10)
    assert not may_be_late(second, world.today)
    assert "is late" not in signed_in(world.people["anna"]).get(f"/plans/{second.pk}/").content.decode()


def test_correcting_an_old_plan_reviews_nothing_anew(world: World) -> None:
    """The review counts from the day the plan was submitted without a meeting, not from the day its correction was."""
    plan = begin(world, "sam")
    fill(plan, "sam")
    meeting = plan.meeting
    meeting.state, meeting.starts_at, meeting.exception_because, meeting.exception_by = "not_held", None, "Snow", world.people["kit"]
    meeting.not_held_because = "The school was closed"
    meeting.save()
    plan = bring_to(plan, "complete", world)
    sam, later = world.children["sam"], world.today + 150 * DAY
    before = facts_of([sam], later)[sam.pk]
    assert before.reviewed_how == "without_meeting"
    with time_machine.travel(noon(later), tick=False):
        second = corrected(plan, world, "attendance")
        assert facts_of([sam], later)[sam.pk] == before
        second = submit_again(second, by=world.people["anna"])
        assert facts_of([sam], later)[sam.pk] == before
        perform(second, "grade", by=world.people["lena"], **graded())
        assert facts_of([sam], later)[sam.pk] == before


def test_a_corrected_plan_is_no_new_one_for_the_reviewing_officer(world: World, first: Plan) -> None:
    sam, held, later = world.children["sam"], world.today + 20 * DAY, world.today + 30 * DAY
    CareReview(child=sam, on=held, state=CareReview.State.HELD).save()
    CareReview(child=sam, on=world.today + 90 * DAY, state=CareReview.State.BOOKED).save()
    with time_machine.travel(noon(later), tick=False):
        second = submit_again(corrected(first, world, "attendance"), by=world.people["anna"])
        perform(second, "grade", by=world.people["lena"], **graded())
        assert not facts_of([sam], later)[sam.pk].officer_has_plan


def test_a_meeting_whose_day_was_corrected_counts_on_the_right_day(world: World, first: Plan) -> None:
    sam = world.children["sam"]
    second = corrected(first, world, "meeting")
    meeting = second.meeting
    assert meeting.starts_at
    meeting.starts_at = meeting.starts_at - 3 * DAY
    meeting.save()
    right = timezone.localdate(meeting.starts_at)
    second = submit_again(second, by=world.people["anna"])
    perform(second, "grade", by=world.people["lena"], **graded())
    assert facts_of([sam], world.today)[sam.pk].reviewed_on == right
