"""Days and numbers that cannot be are refused at their field, and nothing is kept of them."""

import datetime
from typing import Any

import pytest
from django.utils import timezone

from pep.facts import in_words
from pep.forms.build import section_form
from pep.forms.declaration import Audience, FormVersion, Kind, Option, Owner, Question, Section, Stage
from pep.forms.reading import carried_forward
from pep.forms.registry import FORMS
from pep.forms.soundness import faults
from pep.models import Action, Meeting, Plan, Rubric, Target
from pep.workflow import perform
from schools.timetable import add_months
from tests.world import DAY, World, begin, build_world, canary, day, fill, press, signed_in

TOMORROW = timezone.localdate() + DAY
PAST = {
    (section.key, question.key): (section, question)
    for form in FORMS
    for section in form.sections
    for question in section.questions
    if question.past
}


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


HISTORY = SECONDARY.section("history")


def places(*rows: dict[str, Any]) -> dict[str, Any]:
    """Rows of the education history as they are posted; dates by name."""
    posted: dict[str, Any] = {}
    for number, row in enumerate(rows):
        for column, value in row.items():
            name = f"schools-{number}-{column}"
            posted |= day(name, value) if isinstance(value, datetime.date) else {name: value}
    return posted


def test_a_school_cannot_have_been_left_before_it_began() -> None:
    began = datetime.date(2019, 9, 4)
    form = section_form(HISTORY, Audience.SCHOOL, data=places({"name": "Mallow Road", "starts": began, "ends": began - DAY}))
    assert form.errors == {"schools-0-ends": ["“Last day” cannot be before “First day”, which is 4 September 2019 (Place 1)"]}
    assert section_form(HISTORY, Audience.SCHOOL, data=places({"name": "Mallow Road", "starts": began, "ends": began})).is_valid()
    removed = places({"name": "Mallow Road", "starts": began, "ends": began - DAY, "remove": "on"})
    assert section_form(HISTORY, Audience.SCHOOL, data=removed).is_valid()


def test_a_school_so_far_cannot_begin_in_the_future() -> None:
    form = section_form(HISTORY, Audience.SCHOOL, data=places({"name": "Larkmere", "starts": TOMORROW}))
    assert form.errors == {"schools-0-starts": ["First day (Place 1) cannot be in the future"]}
    leaving = places({"name": "Larkmere", "starts": TOMORROW - DAY, "ends": TOMORROW + 30 * DAY})
    assert section_form(HISTORY, Audience.SCHOOL, data=leaving).is_valid(), "that they will leave may be known"


def test_schools_carried_forward_stand_the_newest_first_as_the_form_asks() -> None:
    first, second = {"name": "Mallow Road", "starts": "2019-09-04"}, {"name": "Larkmere", "starts": "2023-09-05"}
    assert carried_forward(HISTORY, {"schools": [first, second]})["schools"] == [second, first]
    undated = {"name": "Nursery"}
    assert carried_forward(HISTORY, {"schools": [first, undated, second]})["schools"] == [first, undated, second], "nobody said when"


@pytest.mark.parametrize(
    ("question", "fault"),
    [
        (Question("on", "On", Kind.DATE, since="other"), "on: only a date in a row has another that it cannot lie before"),
        (Question("on", "On", Kind.DATE, within_months=12), "on: only a date that is past lies so many months back"),
        (
            Question("one", "One", Kind.CHOICE, options=(Option("a", "A"),), unlike="two"),
            "one: can only be unlike another choice of the section with the same options",
        ),
        (
            Question("one", "One", Kind.CHOICE, options=(Option("a", "A", not_aged=(16, 4)),)),
            "one: an option is impossible from one age to a lower one",
        ),
        (
            Question("x", "X", Kind.ROWS, row_name="X", columns=(Question("to", "To", Kind.DATE, since="from"),)),
            "x: column to: cannot lie before a date that is not there",
        ),
        (
            Question("x", "X", Kind.ROWS, row_name="X", columns=(Question("n", "N", Kind.LINE),), newest_first="n"),
            "x: rows are put in the order of a column that is a date",
        ),
    ],
)
def test_what_orders_dates_is_declared_of_dates(question: Question, fault: str) -> None:
    section = Section("about", "About", Owner.SCHOOL, Stage.BEFORE, questions=(question,))
    assert f"about: {fault}" in faults(FormVersion("x", "1", "X", (1,), datetime.date(2026, 9, 1), (section,)))


def test_a_score_from_the_last_twelve_months_is_no_older_and_one_that_was_kept_may_grow_old() -> None:
    wellbeing, today = SECONDARY.section("wellbeing"), timezone.localdate()
    old, fresh = add_months(today, -12) - DAY, add_months(today, -12)
    form = section_form(wellbeing, Audience.COUNCIL, data={"sdq_scored": "yes", **day("sdq_date", old)})
    assert "must be in the last 12 months" in str(form.errors["sdq_date"])
    assert section_form(wellbeing, Audience.COUNCIL, data={"sdq_scored": "yes", **day("sdq_date", fresh)}).is_valid()
    kept = {"sdq_scored": True, "sdq_date": old.isoformat()}
    assert section_form(wellbeing, Audience.COUNCIL, initial=kept, data={"sdq_scored": "yes", **day("sdq_date", old)}).is_valid()


@pytest.mark.parametrize(
    ("years", "days", "age"),
    [(4, 1, None), (4, 0, 4), (11, -200, 11), (17, 1, 16), (17, 0, None)],  # days until the birthday
)
def test_a_score_is_missing_by_the_childs_age_only_below_4_and_above_16(years: int, days: int, age: int | None) -> None:
    """The age on the day it is written; that there is a score is true at any age."""
    wellbeing, born = SECONDARY.section("wellbeing"), add_months(timezone.localdate() + days * DAY, -12 * years)
    form = section_form(wellbeing, Audience.COUNCIL, data={"sdq_scored": "no", "sdq_reason": "SDQ1"}, born=born)
    expected = [f"“They are under 4 or over 16” cannot be the answer: the child is {age} years old"] if age else []
    assert form.errors.get("sdq_reason", []) == expected
    assert section_form(wellbeing, Audience.COUNCIL, data={"sdq_scored": "no", "sdq_reason": "SDQ2"}, born=born).is_valid()
    scored = {"sdq_scored": "yes", "sdq_score": "12", **day("sdq_date", timezone.localdate())}
    assert section_form(wellbeing, Audience.COUNCIL, data=scored, born=born).is_valid()


def test_a_reason_that_the_childs_age_rules_out_is_refused_at_its_field_and_saves_nothing(world: World) -> None:
    plan = begin(world, "sam")  # eleven years and older
    url = f"/plans/{plan.pk}/sections/wellbeing/"
    posted = {"sdq_scored": "no", "sdq_reason": "SDQ1", "version": "0", "complete": "yes"}
    page = signed_in(world.people["fay"]).post(url, posted).content.decode()
    assert "cannot be the answer: the child is" in page and 'href="#id_sdq_reason' in page
    assert plan.sections.get(key="wellbeing").version == 0


def test_the_second_need_is_another_than_the_main_one() -> None:
    needs = SECONDARY.section("special_needs")
    form = section_form(needs, Audience.COUNCIL, data={"sen_primary": "SLCN", "sen_secondary": "SLCN"})
    assert "Choose another answer than to “What is their main need?”" in str(form.errors["sen_secondary"])
    assert "sen_secondary" not in section_form(needs, Audience.COUNCIL, data={"sen_primary": "SLCN", "sen_secondary": "ASD"}).errors


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


ACTION = {"what": "w", "who": "x", "version": "1"}


def test_an_action_is_done_neither_in_the_past_nor_years_ahead(world: World, plan: Plan) -> None:
    anna, address = signed_in(world.people["anna"]), f"/plans/{plan.pk}/actions/new/"
    before = Action.objects.count()
    for wrong, words in (
        (datetime.date(2020, 1, 1), "The date by which it is done must be today or later"),
        (world.today + 740 * DAY, "The date by which it is done must be within two years"),
    ):
        assert words in anna.post(address, {**ACTION, **day("by_when", wrong)}).content.decode()
        assert Action.objects.count() == before
    assert anna.post(address, {**ACTION, **day("by_when", world.today)}).status_code == 302
    action = Action.objects.get(what="w")
    action.by_when = world.today - 10 * DAY
    action.save()
    kept = {**ACTION, "what": "Another", "version": "2", **day("by_when", action.by_when)}
    assert anna.post(f"/plans/{plan.pk}/actions/{action.pk}/", kept).status_code == 302, "it has passed meanwhile"


def meeting_held(held: datetime.date) -> dict[str, Any]:
    people = {"people-TOTAL_FORMS": "0", "people-INITIAL_FORMS": "0"}
    fields = {"meeting-state": "held", "meeting-time": "14:00", "meeting-place": "", "meeting-participation": "PN1"}
    return {**fields, **people, **day("meeting-day", held), "meeting-not_held_because": ""}


def test_the_next_meeting_is_after_this_one_and_within_the_six_months_of_the_law(world: World, plan: Plan) -> None:
    anna, held = signed_in(world.people["anna"]), world.today - 3 * DAY
    posted = {**meeting_held(held), "version": "1"}
    page = anna.post(f"/plans/{plan.pk}/sections/meeting/", {**posted, **day("meeting-next_on", held)}).content.decode()
    assert "The next meeting must be after this one" in page
    latest = add_months(held, 6)
    page = anna.post(f"/plans/{plan.pk}/sections/meeting/", {**posted, **day("meeting-next_on", latest + DAY)}).content.decode()
    assert f"The next meeting must be by {in_words(latest)}: by law a plan is reviewed at least every six months" in page
    assert Meeting.objects.get(plan=plan).place == canary("sam", "room")
    answer = anna.post(f"/plans/{plan.pk}/sections/meeting/", {**posted, **day("meeting-next_on", latest)})
    assert answer.status_code == 302
    assert Meeting.objects.get(plan=plan).next_on == latest


def test_the_next_meeting_is_within_the_months_of_the_authoritys_policy_and_what_was_kept_may_stay(world: World, plan: Plan) -> None:
    anna, held, address = signed_in(world.people["anna"]), world.today - 3 * DAY, f"/plans/{plan.pk}/sections/meeting/"
    five = day("meeting-next_on", add_months(held, 5))
    assert anna.post(address, {**meeting_held(held), "version": "1", **five}).status_code == 302
    policy = world.places["fenshire"].policy
    policy.review_months = 4
    policy.save()
    assert anna.post(address, {**meeting_held(held), "version": "2", **five, "meeting-participation": "PN2"}).status_code == 302
    page = anna.post(address, {**meeting_held(held - DAY), "version": "3", **five}).content.decode()
    latest = add_months(held - DAY, 4)
    assert f"The next meeting must be by {in_words(latest)}: by its policy Fenshire" in page and "every 4 months" in page
    assert anna.post(address, {**meeting_held(held - DAY), "version": "3", **day("meeting-next_on", latest)}).status_code == 302


def test_each_grade_that_is_missing_is_named(world: World, plan: Plan) -> None:
    areas = [{"key": "attendance", "title": "Attendance"}, {"key": "targets", "title": "Targets"}]
    Rubric(authority=world.places["fenshire"].authority, starts=world.today - 10 * DAY, areas=areas).save()
    perform(plan, "submit", by=world.people["anna"])
    perform(plan, "sign_off", by=world.people["fay"])
    page = press(signed_in(world.people["kit"]), f"/plans/{plan.pk}/moves/grade/", {"comment": ""}).content.decode()
    for words in ("Choose a grade for “Attendance”", "Choose a grade for “Targets”", "Choose a grade for the whole plan"):
        assert words in page
    assert "This field is required" not in page
