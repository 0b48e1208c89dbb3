"""Days and numbers that cannot be are refused at their field, and nothing is kept of them."""

import datetime
from typing import Any

import pytest
from django.utils import timezone

from pep.forms.build import section_form
from pep.forms.declaration import Audience, FormVersion, Kind, Owner, Question, Section, Stage
from pep.forms.registry import FORMS
from pep.forms.soundness import faults
from pep.models import Meeting, Plan, Rubric, Target
from pep.workflow import perform
from tests.world import DAY, World, begin, build_world, canary, fill, press, signed_in

TOMORROW = timezone.localdate() + DAY
PAST = {
    (section.key, question.key): (section, question)
    for form in FORMS
    for section in form.sections
    for question in section.questions
    if question.past
}


def day(name: str, value: datetime.date) -> dict[str, Any]:
    return {f"{name}-{part}": str(getattr(value, part)) for part in ("day", "month", "year")}


@pytest.mark.parametrize(("section", "question"), PAST.values(), ids=map("-".join, PAST))
def test_a_day_that_has_been_cannot_be_in_the_future(section: Section, question: Question) -> None:
    wrong = section_form(section, Audience.COUNCIL, data=day(question.key, TOMORROW))
    assert wrong.errors == {question.key: [f"{question.label} cannot be in the future"]}
    assert section_form(section, Audience.COUNCIL, data=day(question.key, TOMORROW - DAY)).is_valid()


def test_the_last_day_counted_is_such_a_day() -> None:
    assert ("attendance", "up_to") in PAST


@pytest.mark.parametrize("key", ["present", "authorised", "unauthorised"])
def test_more_sessions_than_were_possible_are_refused_even_in_a_half_filled_section(key: str) -> None:
    section = PAST["attendance", "up_to"][0]
    form = section_form(section, Audience.SCHOOL, data={"possible": "100", key: "101"})
    assert list(form.errors) == [key]
    assert "cannot be more than “Possible sessions”, which is 100" in str(form.errors[key])
    assert section_form(section, Audience.SCHOOL, data={"possible": "100", key: "100"}).is_valid()


def test_only_a_date_is_declared_to_be_past() -> None:
    section = Section("about", "About", Owner.SCHOOL, Stage.BEFORE, questions=(Question("name", "Name", Kind.LINE, past=True),))
    form = FormVersion("x", "1", "X", (1,), datetime.date(2026, 9, 1), (section,))
    assert "about: name: only a date can be past" in faults(form)


SECONDARY = next(form for form in FORMS if form.key == "secondary")


def test_the_next_care_plan_review_is_not_in_the_past_but_what_was_kept_may_stay() -> None:
    section, key = SECONDARY.section("social_worker_views"), "sw_review_on"
    gone = TOMORROW - 2 * DAY
    form = section_form(section, Audience.COUNCIL, data=day(key, gone))
    assert form.errors == {key: ["Date of the next care plan review cannot be in the past"]}
    assert section_form(section, Audience.COUNCIL, data=day(key, gone), initial={key: gone.isoformat()}).is_valid()
    assert section_form(section, Audience.COUNCIL, data=day(key, TOMORROW - DAY)).is_valid()


def test_more_sessions_than_the_school_year_has_had_are_refused() -> None:
    """Two for each day since 1 August, holidays included: 20 November is its 112th day."""
    counted = day("up_to", datetime.date(2025, 11, 20))
    form = section_form(SECONDARY.section("attendance"), Audience.SCHOOL, data={"possible": "225", **counted})
    assert "cannot be more than 224 from the beginning of the school year to 20 November 2025" in str(form.errors["possible"])
    assert section_form(SECONDARY.section("attendance"), Audience.SCHOOL, data={"possible": "224", **counted}).is_valid()


def subjects(key: str, *rows: dict[str, str]) -> dict[str, str]:
    return {f"{key}-{number}-{column}": value for number, row in enumerate(rows) for column, value in row.items()}


def test_a_subject_is_given_once_unless_it_stands_for_several() -> None:
    attainment = SECONDARY.section("attainment")
    twice = section_form(attainment, Audience.SCHOOL, data=subjects("ks3_subjects", {"subject": "english"}, {"subject": "english"}))
    assert twice.errors == {"ks3_subjects-1-subject": ["“English” is in subject 1 already (Subject 2)"]}
    removed = subjects("ks3_subjects", {"subject": "english"}, {"subject": "english", "remove": "on"})
    assert section_form(attainment, Audience.SCHOOL, data=removed).is_valid()
    assert section_form(attainment, Audience.SCHOOL, data=subjects("ks3_subjects", *[{"subject": "language"}] * 2)).is_valid()
    both = subjects("ks4_subjects", {"subject": "maths", "type": "gcse"}, {"subject": "maths", "type": "functional"})
    assert section_form(attainment, Audience.SCHOOL, data=both).is_valid()


@pytest.mark.parametrize(
    ("subject", "kind", "grade", "refused"),
    [
        ("english_language", "gcse", "9-9", True),
        ("combined_science", "gcse", "9-9", False),
        ("combined_science", "functional", "9-9", True),
        ("combined_science", "gcse", "9", True),
        ("maths", "gcse", "L2D", True),
        ("maths", "functional", "L2P", False),
        ("maths", "functional", "7", True),
        ("maths", "", "7", False),
        ("business", "vocational", "L2D*", False),
        ("maths", "entry", "EL2", False),
        ("maths", "gcse", "X", False),
    ],
)
def test_a_grade_goes_with_the_subject_and_the_qualification(subject: str, kind: str, grade: str, refused: bool) -> None:
    data = subjects("ks4_subjects", {"subject": subject, "type": kind, "target": grade})
    form = section_form(SECONDARY.section("attainment"), Audience.SCHOOL, data=data)
    assert (list(form.errors) == ["ks4_subjects-0-target"]) is refused and form.is_valid() is not refused


@pytest.fixture
def world(db: None) -> World:
    return build_world()


@pytest.fixture
def plan(world: World) -> Plan:
    made = begin(world, "sam")
    fill(made, "sam")
    return made


TARGET = {
    "area": "english", "term": "short", "need": "n", "baseline": "b", "aim": "a", "success": "s", "intervention": "i", "who": "w",
    "frequency": "", "child_words": "", "version": "1",
}  # fmt: skip


def test_a_target_cannot_be_due_before_it_is_set(world: World, plan: Plan) -> None:
    anna, today = signed_in(world.people["anna"]), world.today
    page = anna.post(f"/plans/{plan.pk}/targets/new/", {**TARGET, **day("by_when", today - DAY)}).content.decode()
    assert "must be today or later" in page
    assert Target.objects.count() == 1
    assert anna.post(f"/plans/{plan.pk}/targets/new/", {**TARGET, **day("by_when", today)}).status_code == 302


def test_a_target_is_reached_within_two_years(world: World, plan: Plan) -> None:
    anna = signed_in(world.people["anna"])
    page = anna.post(f"/plans/{plan.pk}/targets/new/", {**TARGET, **day("by_when", world.today + 740 * DAY)}).content.decode()
    assert "must be within two years" in page
    assert Target.objects.count() == 1


def test_a_targets_day_that_has_passed_meanwhile_may_stay(world: World, plan: Plan) -> None:
    target = plan.targets.get()
    target.by_when = world.today - 10 * DAY
    target.save()
    address = f"/plans/{plan.pk}/targets/{target.pk}/"
    assert signed_in(world.people["anna"]).post(address, {**TARGET, **day("by_when", target.by_when)}).status_code == 302


def test_the_next_meeting_is_after_this_one(world: World, plan: Plan) -> None:
    anna, held = signed_in(world.people["anna"]), world.today - 3 * DAY
    people = {"people-TOTAL_FORMS": "0", "people-INITIAL_FORMS": "0"}
    fields = {"meeting-state": "held", "meeting-time": "14:00", "meeting-place": "", "meeting-participation": "PN1", "version": "1"}
    posted = {**fields, **people, **day("meeting-day", held), "meeting-not_held_because": ""}
    page = anna.post(f"/plans/{plan.pk}/sections/meeting/", {**posted, **day("meeting-next_on", held)}).content.decode()
    assert "The next meeting must be after this one" in page
    page = anna.post(f"/plans/{plan.pk}/sections/meeting/", {**posted, **day("meeting-next_on", held + 400 * DAY)}).content.decode()
    assert "The next meeting must be within a year" in page
    assert Meeting.objects.get(plan=plan).place == canary("sam", "room")
    answer = anna.post(f"/plans/{plan.pk}/sections/meeting/", {**posted, **day("meeting-next_on", held + 90 * DAY)})
    assert answer.status_code == 302


def test_each_grade_that_is_missing_is_named(world: World, plan: Plan) -> None:
    areas = [{"key": "attendance", "title": "Attendance"}, {"key": "targets", "title": "Targets"}]
    Rubric(authority=world.places["fenshire"].authority, starts=world.today - 10 * DAY, areas=areas).save()
    perform(plan, "submit", by=world.people["anna"])
    perform(plan, "sign_off", by=world.people["fay"])
    page = press(signed_in(world.people["kit"]), f"/plans/{plan.pk}/moves/grade/", {"comment": ""}).content.decode()
    for words in ("Choose a grade for “Attendance”", "Choose a grade for “Targets”", "Choose a grade for the whole plan"):
        assert words in page
    assert "This field is required" not in page
