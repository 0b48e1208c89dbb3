"""What the plan's and the child's pages say is to be done, by whom, and which buttons they show."""

import re

import pytest

from pep.models import Attendee, FundingRequest, Meeting, Plan, PupilPremiumRate, Rubric
from pep.rubric import DEFAULT_AREAS
from pep.views.meeting_forms import AttendeeFormSet, MeetingForm
from pep.workflow import perform
from tests.matrix.story import graded_in_words, looked_at
from tests.pep.test_workflow import bring_to
from tests.world import DAY, World, begin, build_world, fill, press, signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    return build_world()


def statuses(world: World, name: str, plan: Plan) -> dict[str, str]:
    """Each section's state as someone's plan page shows it."""
    answer = signed_in(world.people[name]).get(f"/plans/{plan.pk}/")
    return {row["title"]: row.get("tag") or row.get("status", "") for _, rows in answer.context["stages"] for row in rows}


def page(world: World, name: str, address: str) -> str:
    return signed_in(world.people[name]).get(address).content.decode()


def test_what_is_missing_stands_under_whose_it_is_with_annas_own_part_first(world: World) -> None:
    plan = begin(world, "sam")
    for address in (f"/plans/{plan.pk}/", f"/plans/{plan.pk}/moves/submit/"):
        answer = signed_in(world.people["anna"]).get(address)
        groups = dict(answer.context["gap_groups"])
        assert list(groups) == ["For you", "For the social worker"]
        assert {gap.section for gap in groups["For you"]} >= {"attendance", "targets"}
        assert {gap.owner for gap in groups["For the social worker"]} == {"social_worker"}
    assert answer.context["content"] is None  # the plan is not read through while it cannot be submitted


def test_an_officer_writing_for_others_is_told_whose_part_is_missing(world: World) -> None:
    plan = begin(world, "sam")
    answer = signed_in(world.people["kit"]).get(f"/plans/{plan.pk}/")
    owners = {gap.section: title for title, gaps in answer.context["gap_groups"] for gap in gaps}
    assert owners["attendance"] == "For the designated teacher"
    assert owners["health"] == "For the social worker"
    assert statuses(world, "kit", plan)["Health"] == "Needs social worker"


def test_the_last_plans_targets_are_nothing_to_do_in_a_first_plan(world: World) -> None:
    assert statuses(world, "anna", begin(world, "sam"))["Last plan’s targets"] == "Nothing to do"


def test_signing_off_cannot_start_before_the_plan_is_submitted_and_is_completed_after(world: World) -> None:
    plan = begin(world, "sam")
    assert statuses(world, "anna", plan)["Sign-off"] == "Cannot start yet"
    fill(plan, "sam")
    bring_to(plan, Plan.State.AWAITING_SIGN_OFF, world)
    assert statuses(world, "anna", plan)["Sign-off"] == "Needs social worker"
    perform(plan, "sign_off", by=world.people["fay"], on=world.today)
    assert statuses(world, "anna", plan)["Sign-off"] == "Completed"


def test_a_returned_plan_counts_the_sections_to_look_at_again_though_nothing_in_them_is_missing(world: World) -> None:
    plan = begin(world, "sam")
    fill(plan, "sam")
    bring_to(plan, Plan.State.AWAITING_CHECK, world)
    perform(plan, "return_from_check", by=world.people["kit"], on=world.today, comment="Too vague", sections=["targets", "attendance"])
    text = page(world, "anna", f"/plans/{plan.pk}/")
    assert "2 sections to go: Attendance, New targets." in text
    assert "Every section is complete" not in text


def test_the_whole_plan_gives_the_days_of_signing_as_people_write_them(world: World) -> None:
    plan = begin(world, "sam")
    fill(plan, "sam")
    bring_to(plan, Plan.State.AWAITING_CHECK, world)
    text = page(world, "anna", f"/plans/{plan.pk}/read/")
    assert f"{world.today:%-d %B %Y}" in text.partition("Signed off")[2]
    assert f"{world.today:%Y-%m-%d}" not in text.partition("Signed off")[2]


def test_kit_may_begin_a_plan_for_a_child_in_care_who_has_none_in_preparation(world: World) -> None:
    sam = world.children["sam"]
    address = f"/children/{sam.pk}/"
    assert "Begin a plan" in page(world, "kit", address)
    begin(world, "sam")
    assert "Begin a plan" not in page(world, "kit", address)
    wes = world.children["wes"]
    care = wes.care_periods.get()
    care.ends = world.today - DAY
    care.save()
    assert "Begin a plan" not in page(world, "kit", f"/children/{wes.pk}/")


@pytest.mark.parametrize(("name", "words"), [("anna", "Your children"), ("fay", "Your children"), ("nia", "People")])
def test_everyone_finds_the_way_back_to_their_list_from_every_page(world: World, name: str, words: str) -> None:
    assert f">{words}</a>" in page(world, name, "/messages/")


def test_the_list_says_how_many_children_are_on_it(world: World) -> None:
    assert "1 child</p>" in page(world, "anna", "/")


def test_a_page_refused_to_anna_does_not_speak_of_a_child(world: World) -> None:
    answer = signed_in(world.people["anna"]).get("/desk/")
    assert answer.status_code == 403
    assert "child, but" not in answer.content.decode()


def test_an_area_left_without_a_grade_is_named_in_the_error(world: World) -> None:
    Rubric(
        authority=world.places["fenshire"].authority,
        starts=world.today - 30 * DAY,
        areas=[{"key": "views", "title": "What the child says", "words": {}}],
    ).save()
    plan = begin(world, "sam")
    fill(plan, "sam")
    bring_to(plan, Plan.State.AWAITING_CHECK, world)
    text = press(signed_in(world.people["kit"]), f"/plans/{plan.pk}/moves/grade/").content.decode()
    assert "Choose a grade for “What the child says”" in text
    assert "Choose a grade for the whole plan" in text
    assert "This field is required" not in text


def test_a_return_without_a_reason_asks_the_question_that_the_page_asks(world: World) -> None:
    plan = begin(world, "sam")
    fill(plan, "sam")
    bring_to(plan, Plan.State.AWAITING_CHECK, world)
    text = press(signed_in(world.people["kit"]), f"/plans/{plan.pk}/moves/return_from_check/").content.decode()
    assert "Answer the question “What must change?”" in text


def test_fay_finds_the_buttons_to_sign_off_above_the_long_list_of_sections(world: World) -> None:
    plan = begin(world, "sam")
    fill(plan, "sam")
    bring_to(plan, Plan.State.AWAITING_SIGN_OFF, world)
    text = page(world, "fay", f"/plans/{plan.pk}/")
    assert text.count("What you can do") == 1
    assert text.index("What you can do") < text.index("Before the meeting")


def test_an_error_about_the_meeting_names_the_question_and_the_person(world: World) -> None:
    assert MeetingForm({}, instance=Meeting()).errors["state"] == ["Answer the question “Is the meeting booked, or has it been held?”"]
    meeting = Meeting.objects.get(plan=begin(world, "sam"))
    Attendee(meeting=meeting, role="social_worker", name="Fay Example").save()
    people = Attendee.objects.filter(meeting=meeting)
    row = {"p-0-id": str(people.get().pk), "p-0-role": "", "p-0-name": "", "p-0-came": ""}
    forms = AttendeeFormSet({"p-TOTAL_FORMS": "1", "p-INITIAL_FORMS": "1", **row}, queryset=people, prefix="p")
    assert forms.forms[0].errors["role"] == ["Say who Fay Example is"]
    assert forms.forms[0].errors["name"] == ["Enter the name of person 1"]


def test_a_request_stands_beside_the_money_of_its_own_year_whatever_year_it_is_now(world: World) -> None:
    fill(begin(world, "sam"), "sam")
    request = FundingRequest.objects.get()
    request.financial_year = "2019-20"
    request.save()
    PupilPremiumRate(financial_year="2019-20", amount=2300, source="A council’s policy").save()
    assert "2019-20: £2,300 for the year" in page(world, "kit", f"/funding/{request.pk}/")


def test_whoever_signs_in_somebodys_place_is_told_for_whom(world: World) -> None:
    plan = begin(world, "sam")
    fill(plan, "sam")
    bring_to(plan, "awaiting_sign_off", world)
    address = f"/plans/{plan.pk}/moves/sign_off/"
    for name in ("hana", "ian"):
        assert "You sign for Fay Example (social worker)." in page(world, name, address)
    assert "You sign for" not in page(world, "fay", address)
    allocation = world.children["sam"].allocations.get(role="social_worker")
    allocation.worker = None
    allocation.save()
    assert "the child has none at present" in page(world, "hana", address)


@pytest.mark.parametrize(("action", "words"), [("cancel", "should not have been begun"), ("close", "needed and cannot be finished")])
def test_ending_a_plan_says_what_kind_of_end_it_is_and_how_to_keep_it(world: World, action: str, words: str) -> None:
    shown = page(world, "kit", f"/plans/{begin(world, 'sam').pk}/moves/{action}/")
    assert words in shown and ">Keep the plan</a>" in shown and ">Cancel</a>" not in shown


def test_what_the_teacher_wrote_when_submitting_stands_before_whoever_signs_and_checks(world: World) -> None:
    plan = begin(world, "sam")
    fill(plan, "sam")
    plan = perform(plan, "submit", by=world.people["anna"], comment="His uncle will read it to him")
    for address in ("", "moves/sign_off/"):
        assert "<strong>Anna Example</strong> wrote on" in page(world, "fay", f"/plans/{plan.pk}/{address}")
    plan = perform(plan, "sign_off", by=world.people["fay"], comment="Ask about the bus")
    text = page(world, "kit", f"/plans/{plan.pk}/moves/grade/")
    assert "His uncle will read it to him" in text and "Ask about the bus" in text


def test_a_section_that_came_back_says_why_where_it_is_written(world: World) -> None:
    plan = begin(world, "sam")
    fill(plan, "sam")
    bring_to(plan, Plan.State.AWAITING_CHECK, world)
    perform(plan, "return_from_check", by=world.people["kit"], comment="No starting point", sections=["targets", "attendance"])
    for key in ("targets", "attendance"):
        assert "No starting point" in page(world, "anna", f"/plans/{plan.pk}/sections/{key}/")
    assert "No starting point" not in page(world, "anna", f"/plans/{plan.pk}/sections/history/")


def test_a_corrected_version_says_that_it_was_begun_and_not_that_it_was_returned(world: World) -> None:
    plan = begin(world, "sam")
    fill(plan, "sam")
    plan = bring_to(plan, Plan.State.COMPLETE, world)
    second = perform(plan, "correct", by=world.people["kit"], comment="A wrong date", sections=["attendance"])
    text = page(world, "anna", f"/plans/{second.pk}/")
    assert "Kit Example began this corrected version on" in text
    assert "returned this plan" not in text


def test_an_area_graded_red_says_why_in_its_own_comment(world: World) -> None:
    """A comment on the whole plan does not tell the school what one area lacks."""
    plan, kit = begin(world, "sam"), signed_in(world.people["kit"])
    fill(plan, "sam")
    plan = bring_to(plan, Plan.State.AWAITING_CHECK, world)
    address, keys = f"/plans/{plan.pk}/moves/grade/", [area["key"] for area in DEFAULT_AREAS]
    posted = {f"area-{key}": "green" for key in keys} | {f"area-{keys[1]}": "red", "overall": "gold", "comment": "Good"}
    refused = press(kit, address, posted).content.decode()
    words = f"“{DEFAULT_AREAS[1]['title']}” is graded red. Say what is missing"
    assert refused.count(words) == 2 and f'href="#id_comment-{keys[1]}"' in refused
    plan.refresh_from_db()
    assert plan.state == "awaiting_check"
    assert press(kit, address, {**posted, f"comment-{keys[1]}": "No baseline"}).status_code == 302
    plan.refresh_from_db()
    assert plan.state == "complete"


def test_the_page_that_grades_says_which_grades_send_a_plan_back(world: World) -> None:
    plan = begin(world, "sam")
    fill(plan, "sam")
    bring_to(plan, Plan.State.AWAITING_CHECK, world)
    policy = world.places["fenshire"].policy
    policy.returning_grades = ["red", "amber"]
    policy.save()
    assert "Red or Amber for the whole plan sends it back" in page(world, "kit", f"/plans/{plan.pk}/moves/grade/")
    policy.returning_grades = []
    policy.save()
    assert "No grade sends a plan back" in page(world, "kit", f"/plans/{plan.pk}/moves/grade/")


def test_what_a_check_said_of_the_social_workers_part_is_kept_from_the_school_after_a_later_return_too(world: World) -> None:
    """E3: words on the whole and on each area, as long as the check is the plan's last; what it says of the school's part is told."""
    kit, fay = world.people["kit"], world.people["fay"]
    plan = begin(world, "sam")
    fill(plan, "sam")
    bring_to(plan, Plan.State.AWAITING_CHECK, world)
    words = graded_in_words("sam", "red", comment="Why was he moved?")
    perform(plan, "grade", by=kit, on=world.today, sections=["about_me"], **words)

    def told(name: str) -> list[str]:
        text = page(world, name, f"/plans/{plan.pk}/")
        assert "Quality check" in text
        return [said for said in ("Why was he moved?", "CANARY-sam-area") if said in text]

    assert told("anna") == []
    assert told("fay") == told("kit") == ["Why was he moved?", "CANARY-sam-area"]
    looked_at(plan)
    plan = perform(Plan.objects.get(pk=plan.pk), "submit", by=fay, on=world.today)
    perform(plan, "return_from_sign_off", by=fay, on=world.today, comment="Look at attendance", sections=["attendance"])
    assert told("anna") == []
    looked_at(plan)
    plan = perform(Plan.objects.get(pk=plan.pk), "submit", by=world.people["anna"], on=world.today)
    plan = perform(plan, "sign_off", by=fay, on=world.today)
    perform(plan, "grade", by=kit, on=world.today, sections=["about_me", "targets"], **words)
    assert told("anna") == ["Why was he moved?", "CANARY-sam-area"]


@pytest.mark.parametrize("name", ["fay", "hana"])
def test_who_may_confirm_a_move_is_refused_the_page_that_closes_a_plan(world: World, name: str) -> None:
    """A6: a plan that a confirmed move closes is closed by that move; by itself only the virtual school closes one."""
    plan = begin(world, "sam")
    assert signed_in(world.people[name]).get(f"/plans/{plan.pk}/moves/close/").status_code == 403
    assert signed_in(world.people["kit"]).get(f"/plans/{plan.pk}/moves/close/").status_code == 200


def test_from_each_area_a_grader_goes_to_what_it_is_about_and_back(world: World) -> None:
    plan = begin(world, "sam")
    fill(plan, "sam")
    bring_to(plan, Plan.State.AWAITING_CHECK, world)
    page = signed_in(world.people["kit"]).get(f"/plans/{plan.pk}/moves/grade/").content.decode()
    anchors, ids = set(re.findall(r'href="#([^"]+)"', page)), set(re.findall(r'id="([^"]+)"', page))
    assert {"section-attendance", "section-targets"} <= anchors and anchors <= ids | {"main-content"}
    for area in DEFAULT_AREAS:
        assert f"Back to the grade for “{area['title']}”" in page


def awaiting_check(world: World) -> str:
    """The address where a full plan is graded."""
    plan = begin(world, "sam")
    fill(plan, "sam")
    bring_to(plan, Plan.State.AWAITING_CHECK, world)
    return f"/plans/{plan.pk}/moves/grade/"


def test_each_area_stands_with_the_text_it_is_about_and_its_grade_in_one_place(world: World) -> None:
    """T46: the rubric stood first and the plan after it, 27,000 pixels long. A checker reads a section and grades it where it stands."""
    shown = page(world, "kit", awaiting_check(world))
    parts = re.split(r'<h2 class="govuk-heading-m" id="grade-', shown)[1:]
    assert [part.partition('"')[0] for part in parts] == [*(area["key"] for area in DEFAULT_AREAS), "whole"]
    attendance = next(part for part in parts if part.startswith("attendance"))
    assert re.findall(r'<h3 [^>]*id="section-([a-z_]+)"', attendance) == ["attendance", "suspensions"]
    assert attendance.count('type="radio"') == 4 and 'name="comment-attendance"' in attendance and 'name="area-views"' not in attendance
    whole = parts[-1]
    assert all(f'name="{name}"' in whole for name in ("overall", "sections", "comment")) and "Grade the plan" in whole
    assert shown.count('name="shown"') == 1 and shown.count("<form") == page(world, "kit", "/help/").count("<form") + 1


def test_a_section_that_no_area_of_the_rubric_is_about_is_still_read_before_grading(world: World) -> None:
    areas = [{"key": "views", "title": "What the child says", "words": {}}, {"key": "reading", "title": "Reading", "words": {}}]
    Rubric(authority=world.places["fenshire"].authority, starts=world.today - 30 * DAY, areas=areas).save()
    shown = page(world, "kit", awaiting_check(world))
    before, rest = shown.split("Sections that no area is about")
    assert 'id="section-child_views"' in before and 'id="section-attendance"' in rest
    assert "No section of this plan is about this area alone." in before


def test_what_is_signed_is_read_first_and_signed_after_it(world: World) -> None:
    """T46: on a phone the button stood before 30,000 pixels of the text to be read."""
    plan = begin(world, "sam")
    fill(plan, "sam")
    bring_to(plan, Plan.State.AWAITING_SIGN_OFF, world)
    shown = page(world, "fay", f"/plans/{plan.pk}/moves/sign_off/")
    order = [
        'href="#the-plan">Read the plan</a>', 'href="#the-form"', 'id="the-plan"', 'id="section-about_me"', 'id="the-form"', 'name="shown"'
    ]  # fmt: skip
    assert [shown.index(words) for words in order] == sorted(shown.index(words) for words in order)


def test_a_targets_area_and_term_read_as_words_without_brackets_in_brackets(world: World) -> None:
    plan = begin(world, "sam")
    fill(plan, "sam")
    text = page(world, "anna", f"/plans/{plan.pk}/read/")
    assert ", short term (by the next plan)" in text and "(short term" not in text
