"""Why is this date? The page that explains every date of a child, and dates that follow when a fact or a policy changes."""

import datetime
import re

import pytest
import time_machine
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import Message, User
from children.models import CarePeriod, CareReview, Child, Enrolment
from pep import recalculation
from pep.deadlines import due_of, next_plan, plan_due_after, refresh
from pep.models import Deadline, Meeting, Plan, Recalculation, Section
from pep.moves import take_back
from pep.opening import open_plan
from pep.planning import create_plan, term_on
from pep.tasks import sweep_recalculations
from pep.timeliness import timeliness_of_many
from pep.workflow import perform
from schools.models import Policy, Term
from schools.timetable import add_months, add_working_days
from tests.moving import confirmed
from tests.pep.test_workflow import bring_to
from tests.world import DAY, World, begin, build_world, fill, graded, press, reviewed_elsewhere, signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    return build_world()


def dates_page(world: World, name: str, key: str = "sam") -> str:
    answer = signed_in(world.people[name]).get(f"/children/{world.children[key].pk}/dates/")
    assert answer.status_code == 200
    return re.sub(r"\s+", " ", answer.content.decode())


def row(world: World, key: str, kind: str) -> Deadline:
    return Deadline.objects.get(child=world.children[key], kind=kind, open=True)


def test_every_date_says_why_which_rule_and_whose_turn_it_is(world: World) -> None:
    refresh(world.children["sam"], on=world.today)
    page = dates_page(world, "kit")
    assert "when the child came into care" in page
    assert "regulation 33(1)" in page
    assert "Designated teacher: Anna Example" in page and "Social worker: Fay Example" in page


def test_a_school_is_not_shown_dates_that_tell_when_the_child_came_into_care(world: World) -> None:
    CareReview.objects.create(child=world.children["sam"], on=world.today + 20 * DAY)
    refresh(world.children["sam"], on=world.today)
    council, school = dates_page(world, "fay"), dates_page(world, "anna")
    came = f"{world.today - 300 * DAY:%-d %B %Y}"
    for words in ("Care plan to be reviewed", "Plan to be with the reviewing officer", "First plan to be begun", came):
        assert words in council and words not in school
    assert "First plan: " in school


def test_the_page_tells_how_a_date_moved_by_whom_and_why(world: World) -> None:
    sam = world.children["sam"]
    refresh(sam, by=world.people["kit"], on=world.today, because="Added to the register")
    before = row(world, "sam", "review").due_on
    period = CarePeriod.objects.get(child=sam)
    period.starts -= 7 * DAY
    period.save()
    refresh(sam, by=world.people["lena"], on=world.today, because="The time in care was changed")
    after = row(world, "sam", "review").due_on
    moved = f"from {before:%-d %B %Y} to {after:%-d %B %Y} by Lena Example (The time in care was changed)"
    assert before != after and moved in dates_page(world, "kit")


def test_the_page_takes_the_same_queries_however_many_dates_and_plans_there_are(
    world: World, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    sam, browser = world.children["sam"], signed_in(world.people["kit"])
    begin(world, "sam")
    refresh(sam, on=world.today)
    with django_assert_max_num_queries(60) as first:  # type: ignore[attr-defined]
        browser.get(f"/children/{sam.pk}/dates/")
    for _ in range(2):
        perform(Plan.objects.get(child=sam, state="preparing"), "cancel", by=world.people["kit"], comment="Again")
        begin(world, "sam")
    refresh(sam, on=world.today)
    with django_assert_max_num_queries(len(first)):  # type: ignore[attr-defined]
        browser.get(f"/children/{sam.pk}/dates/")


def test_a_child_with_nobody_at_school_is_the_virtual_schools_turn(world: World) -> None:
    refresh(world.children["wes"], on=world.today)
    assert "Virtual school, for the designated teacher: Kit Example" in dates_page(world, "kit", "wes")


def test_what_is_due_in_the_holidays_falls_to_the_virtual_school_and_the_social_worker(world: World) -> None:
    authority = world.places["fenshire"].authority
    sam, ends = world.children["sam"], world.places["fenshire"].term.ends
    period = CarePeriod.objects.get(child=sam)
    period.starts = world.today
    while add_working_days(period.starts, 20) < ends:
        period.starts += DAY
    period.save()
    Term(
        authority=authority, academic_year=world.today.year, name="spring", starts=ends + 40 * DAY, ends=ends + 90 * DAY,
        plans_due_on=ends + 60 * DAY,
    ).save()  # fmt: skip
    refresh(sam, on=period.starts)
    review = row(world, "sam", "review")
    assert "in the school holidays: hold the meeting by" in review.words
    assert review.due_on == add_working_days(period.starts, 20)  # the law's date does not move
    assert review.owners == ["virtual_school", "social_worker"]


def test_a_school_with_its_own_terms_has_its_own_last_day_for_plans(world: World) -> None:
    fenshire, own = world.places["fenshire"], world.today + 12 * DAY
    Term(
        authority=fenshire.authority, school=world.schools["hill"], academic_year=fenshire.term.academic_year, name="autumn",
        starts=fenshire.term.starts + DAY, ends=fenshire.term.ends, plans_due_on=own,
    ).save()  # fmt: skip
    for key in ("sam", "tia"):
        refresh(world.children[key], on=world.today)
    assert (row(world, "sam", "term").due_on, row(world, "tia", "term").due_on) == (own, fenshire.term.plans_due_on)
    term = term_on(world.children["sam"], world.today)
    assert term is not None and term.school == world.schools["hill"]


def test_a_child_in_year_12_has_the_post_16_windows_instead_of_terms(world: World) -> None:
    sam = world.children["sam"]
    sam.year_group_override = 12
    sam.save()
    refresh(sam, on=world.today)
    term = row(world, "sam", "term")
    assert term.reason == "post16" and "post-16 window" in term.words


def test_a_child_who_is_eighteen_has_no_more_dates_unless_plans_go_on_to_year_13(world: World) -> None:
    sam, policy = world.children["sam"], world.places["fenshire"].policy
    sam.date_of_birth = add_months(world.today, -216)
    sam.save()
    period = CarePeriod.objects.get(child=sam)
    period.ends = world.today
    period.save()
    refresh(sam, on=world.today)
    assert not Deadline.objects.filter(child=sam, open=True).exists()
    policy.to_year_13 = True
    policy.save()
    refresh(sam, on=world.today)
    assert Deadline.objects.filter(child=sam, open=True, kind="review").exists()
    plan = create_plan(sam, reason="termly", due_on=world.today + 30 * DAY, by=world.people["kit"], on=world.today)
    assert plan.state == Plan.State.PREPARING


def test_a_child_in_short_breaks_has_no_dates(world: World) -> None:
    period = CarePeriod.objects.get(child=world.children["sam"])
    period.legal_status = "V4"
    period.save()
    refresh(world.children["sam"], on=world.today)
    assert not Deadline.objects.filter(child=world.children["sam"], open=True).exists()


def opened(world: World) -> Plan:
    """Sam's plan, opened by itself on the clock's date."""
    refresh(world.children["sam"], on=world.today)
    plan = open_plan(world.children["sam"].pk, world.today)
    assert plan is not None
    return plan


def test_an_open_plan_follows_the_policy_and_keeps_saying_why(world: World) -> None:
    plan = opened(world)
    first = plan.due_on
    policy = world.places["fenshire"].policy
    policy.first_plan_working_days = 15
    policy.save()
    refresh(world.children["sam"], by=world.people["lena"], on=world.today, because="New policy")
    plan.refresh_from_db()
    assert plan.due_on == add_working_days(world.today - 300 * DAY, 15) < first
    assert plan.due_words.startswith("15 working days after") and plan.due_citation.startswith("Policy of Fenshire")
    assert "(New policy)" in dates_page(world, "kit")


def test_a_date_that_somebody_chose_stays_until_the_clock_wants_an_earlier_one(world: World) -> None:
    tia = world.children["tia"]
    period = tia.care_periods.get()
    period.starts = world.today - 5 * DAY
    period.save()
    refresh(tia, on=world.today)
    due = next_plan(tia)
    assert due is not None
    chosen = begin(world, "tia")
    chosen.due_on = due.due_on - DAY
    chosen.save()
    refresh(tia, on=world.today)
    chosen.refresh_from_db()
    assert (chosen.due_on, chosen.due_reason) == (due.due_on - DAY, "typed")
    policy = world.places["fenshire"].policy
    policy.first_plan_working_days = 5
    policy.save()
    refresh(tia, on=world.today, because="A new policy")
    chosen.refresh_from_db()
    assert chosen.due_on == add_working_days(world.today - 5 * DAY, 5) and chosen.due_words.startswith("5 working days after")
    assert chosen.history.first().history_change_reason == "A new policy"


def test_a_plan_whose_meeting_was_held_stays_where_it_is(world: World) -> None:
    held = opened(world)
    held.meeting.state, held.meeting.starts_at = "held", held.state_since
    held.meeting.save()
    day = held.due_on
    policy = world.places["fenshire"].policy
    policy.first_plan_working_days, policy.review_months = 5, 1
    policy.save()
    refresh(world.children["sam"], on=world.today)
    held.refresh_from_db()
    assert held.due_on == day


def test_a_plan_begun_by_hand_on_the_clocks_own_date_goes_on_following_it(world: World) -> None:
    refresh(world.children["sam"], on=world.today)
    due = next_plan(world.children["sam"])
    assert due is not None
    day = due.due_on
    signed_in(world.people["kit"]).post(
        f"/children/{world.children['sam'].pk}/plans/new/",
        {"reason": "termly", "due_on-day": day.day, "due_on-month": day.month, "due_on-year": day.year},
    )
    plan = Plan.objects.get(child=world.children["sam"])
    assert {name: getattr(plan, name) for name in due_of(due)} == due_of(due)


def test_a_new_policy_counts_every_date_of_the_authority_again_and_says_how_far_it_is(world: World) -> None:
    for key in ("sam", "tia", "wes", "vic"):
        refresh(world.children[key], on=world.today)
    policy = world.places["fenshire"].policy
    policy.first_plan_working_days = 10
    policy.save()
    job = recalculation.ask(world.places["fenshire"].authority, because="New policy", by=world.people["lena"])
    page = signed_in(world.people["lena"]).get("/settings/").content.decode()
    assert "0 of 3 children have been counted again" in page
    assert sweep_recalculations() == 1  # the worker of the tests carries it out at once, or the next line does
    assert recalculation.go_on(job.pk)
    job.refresh_from_db()
    assert (job.done, job.total, job.moved >= 3) == (3, 3, True) and job.finished_at is not None
    assert row(world, "wes", "review").due_on == add_working_days(world.today - 300 * DAY, 10)
    assert row(world, "vic", "review").due_on == add_working_days(world.today - 300 * DAY, 20)  # another authority's child
    assert "dates of 3 children were counted again" in signed_in(world.people["lena"]).get("/settings/").content.decode()
    reasons = Deadline.history.filter(child_id=world.children["sam"].pk, kind="review").order_by("-history_id")
    assert (reasons[0].history_change_reason, reasons[0].history_user_id) == ("New policy", world.people["lena"].pk)


def test_deciding_a_policy_asks_for_the_dates_to_be_counted_again(world: World) -> None:
    from_page = signed_in(world.people["lena"]).get(f"/settings/authorities/{world.places['fenshire'].authority.pk}/policy/new/")
    form, day = from_page.context["form"], world.today + DAY
    data = {name: form[name].value() for name in form.fields if form[name].value() not in (None, False)}
    data |= {"starts-day": day.day, "starts-month": day.month, "starts-year": day.year, "begin_working_days": 5}
    data["post16_windows"] = "winter window, 1 November, 31 January"
    answer = signed_in(world.people["lena"]).post(f"/settings/authorities/{world.places['fenshire'].authority.pk}/policy/new/", data)
    assert answer.status_code == 302, answer.context["form"].errors
    policy = Policy.objects.get(authority=world.places["fenshire"].authority, ends=None)
    assert policy.begin_working_days == 5
    assert policy.post16_windows == [{"name": "winter window", "opens": "11-01", "closes": "01-31"}]
    assert Recalculation.objects.get().because == f"New policy from {day:%-d %B %Y}"


@pytest.mark.parametrize("text", ["winter, 1 November", "winter, 31 February, 1 March", ", 1 May, 2 May", "winter, soon, later"])
def test_a_post_16_window_that_is_none_is_refused(world: World, text: str) -> None:
    url = f"/settings/authorities/{world.places['fenshire'].authority.pk}/policy/new/"
    page = signed_in(world.people["lena"]).post(url, {"post16_windows": text}).content.decode()
    assert "Write each window as a name and two days" in page


def test_a_review_of_the_care_plan_is_added_in_a_form_and_sets_the_officers_date(world: World) -> None:
    sam, day, browser = world.children["sam"], world.today + 20 * DAY, signed_in(world.people["kit"])
    typed = {"on-day": day.day, "on-month": day.month, "on-year": day.year}
    assert "in the past" in browser.post(f"/children/{sam.pk}/register/review/new/", {**typed, "state": "held"}).content.decode()
    assert browser.post(f"/children/{sam.pk}/register/review/new/", {**typed, "state": "booked"}).status_code == 302
    assert row(world, "sam", "officer").due_on == day - 3 * DAY
    review = CareReview.objects.get(child=sam)
    assert f"{day:%-d %B %Y}" in browser.get(f"/children/{sam.pk}/register/").content.decode()
    assert press(browser, f"/register/reviews/{review.pk}/", {**typed, "state": "cancelled"}).status_code == 302
    assert not Deadline.objects.filter(child=sam, kind="officer", open=True).exists()


def test_the_first_plan_is_there_for_the_day_for_which_the_first_review_of_the_care_plan_is_booked(world: World) -> None:
    """And a review booked later than the law allows is kept with a word about the law."""
    wes, browser = world.children["wes"], signed_in(world.people["kit"])
    period = wes.care_periods.get()
    period.starts = world.today - 8 * DAY
    period.save()
    url = f"/children/{wes.pk}/register/review/new/"

    def book(day: datetime.date) -> str:
        posted = {"on-day": day.day, "on-month": day.month, "on-year": day.year, "state": "booked"}
        return browser.post(url, posted, follow=True).content.decode()

    by_law = add_working_days(world.today - 8 * DAY, 20)
    assert f"The law wants this review by {by_law:%-d %B %Y}" in book(by_law + 60 * DAY)
    assert row(world, "wes", "review").due_on == by_law  # a review booked too late puts nothing off
    assert "The law wants" not in book(world.today + 9 * DAY)
    due = row(world, "wes", "review")
    assert due.due_on == world.today + 6 * DAY and due.reason == "first_review"
    assert "for which the first review of the care plan is booked" in dates_page(world, "kit", "wes")


def test_once_a_change_of_school_is_confirmed_the_new_schools_people_hold_what_is_due_there(world: World) -> None:
    reviewed_elsewhere(world, "sam", days_ago=1)
    refresh(world.children["sam"], on=world.today)
    confirmed(world, starts_on=world.today + 9 * DAY)
    page = dates_page(world, "kit")
    after = page[page.index("Plan after a change of school") :]
    assert "Designated teacher: Bilal Example" in after[: after.index("How it moved")]
    assert "Bilal Example" not in dates_page(world, "anna") and "Plan after a change of school" not in dates_page(world, "anna")


def test_a_new_schools_plan_that_falls_due_in_the_holidays_says_before_the_move_until_when_to_meet(world: World) -> None:
    sam, term = world.children["sam"], Term.objects.get(authority=world.places["fenshire"].authority)
    reviewed_elsewhere(world, "sam", days_ago=1)
    moved = next(day for day in (term.ends - DAY * count for count in range(1, 9)) if add_working_days(day, 10) > term.ends)
    due = plan_due_after(sam, moved, world.today)
    assert due is not None and due.due_on == add_working_days(moved, 10)
    assert "hold the meeting by" not in due.words  # the term after it is not known
    Term.objects.create(
        authority=term.authority, academic_year=term.academic_year, name="spring", starts=term.ends + 60 * DAY, ends=term.ends + 130 * DAY,
        plans_due_on=term.ends + 100 * DAY,
    )  # fmt: skip
    due = plan_due_after(sam, moved, world.today)
    assert due is not None and "hold the meeting by" in due.words


def test_a_complete_plan_says_how_it_stood_to_its_date_and_who_held_it(world: World) -> None:
    plan = begin(world, "sam")
    fill(plan, "sam")
    plan = bring_to(plan, Plan.State.AWAITING_SIGN_OFF, world)
    found = timeliness_of_many([plan], plan.due_on + 20 * DAY)[plan.pk]
    assert found.code == "late" and found.delays[0][0] == "social_worker"
    assert timeliness_of_many([plan], world.today)[plan.pk].words.startswith("due in")
    assert "due in" in dates_page(world, "anna")


def test_a_late_plan_still_being_written_is_the_delay_of_whoever_has_something_left_to_write(world: World) -> None:
    """Whose delay it was, so that figures are fair."""
    plan = begin(world, "sam")
    now = timezone.now()
    with time_machine.travel(now + DAY, tick=False):
        for section in Section.objects.filter(plan=plan).exclude(owner="social_worker"):
            section.marked_complete = True
            section.save()
    plan.due_on = world.today
    plan.save()
    tenth = add_working_days(world.today + 2 * DAY, 10)

    def delays(on: datetime.date) -> dict[str, int]:
        return dict(timeliness_of_many([plan], on)[plan.pk].delays)

    alone = delays(tenth)
    assert set(alone) <= {"social_worker", "school+social_worker"} and alone["social_worker"] >= 9  # what was left was the social worker's
    assert alone.get("school+social_worker", 0) <= 1
    with time_machine.travel(datetime.datetime.combine(tenth, datetime.time(12), tzinfo=now.tzinfo), tick=False):
        for section in Section.objects.filter(plan=plan, owner="social_worker"):
            section.marked_complete = True
            section.save()
    assert delays(add_working_days(tenth, 3)) == alone | {"school": 3}  # nothing is left to write: to submit is the school's
    with time_machine.travel(datetime.datetime.combine(tenth + DAY, datetime.time(12), tzinfo=now.tzinfo), tick=False):
        reopened = Section.objects.filter(plan=plan, owner="school").exclude(key="sign_off").first()
        assert reopened is not None
        reopened.marked_complete = False
        reopened.save()
    assert "with the school" in timeliness_of_many([plan], add_working_days(tenth, 3))[plan.pk].words


def test_the_days_that_the_policy_gives_for_a_step_are_nobodys_delay(world: World) -> None:
    """A plan due before the last day for signing, for checking or for submitting: its days up to that day blame nobody."""
    people, policy = world.people, world.places["fenshire"].policy
    plan = begin(world, "sam")
    meeting = Meeting.objects.get(plan=plan)
    plan.due_on, meeting.state, meeting.starts_at = world.today, "held", timezone.now()
    plan.save()
    meeting.save()
    submit_by = add_working_days(world.today, policy.complete_working_days)

    def stood(on: datetime.date) -> tuple[int, dict[str, int]]:
        found = timeliness_of_many([plan], on)[plan.pk]
        return found.allowed, dict(found.delays)

    assert stood(submit_by) == (10, {})
    assert stood(add_working_days(submit_by, 3)) == (10, {"school+social_worker": 3})
    fill(plan, "sam")
    plan = bring_to(plan, Plan.State.AWAITING_SIGN_OFF, world)
    sign_by = add_working_days(world.today, policy.signature_working_days)
    assert stood(sign_by) == (10, {})
    assert stood(add_working_days(sign_by, 6)) == (10, {"social_worker": 6})
    # A policy decided since does not judge the days before it: the time for checking is that which held while the plan waited.
    plan = perform(plan, "sign_off", by=people["fay"], on=world.today)
    checked = add_working_days(world.today, policy.check_working_days + 3)
    with time_machine.travel(datetime.datetime.combine(checked, datetime.time(12), tzinfo=timezone.get_current_timezone()), tick=False):
        plan = perform(plan, "grade", by=people["kit"], on=checked, **graded())
    policy.ends = checked + DAY
    policy.save()
    Policy.objects.create(authority=policy.authority, starts=checked + DAY, check_working_days=20)
    assert stood(add_working_days(checked, 20)) == (10, {"virtual_school": 3})


def test_pages_say_which_of_two_days_keeps_a_plan_on_time(world: World) -> None:
    """On the plan's page, the child's and the one that explains dates, for whoever reads them."""
    plan = begin(world, "sam")
    fill(plan, "sam")
    plan = bring_to(plan, Plan.State.AWAITING_SIGN_OFF, world)
    child, sign_by = world.children["sam"], add_working_days(world.today, 10)

    def pages(name: str) -> list[str]:
        client = signed_in(world.people[name])
        addresses = (f"/plans/{plan.pk}/", f"/children/{child.pk}/", f"/children/{child.pk}/dates/")
        return [re.sub(r"\s+", " ", client.get(address).content.decode()) for address in addresses]

    plan.due_on = sign_by
    plan.save()
    assert not any("The plan is due before that" in page for page in pages("fay"))
    plan.due_on = due_on = world.today + 2 * DAY
    plan.save()
    for page in (*pages("fay"), *pages("anna")):
        assert f"The plan is due before that, on {due_on:%-d %B %Y}: it is on time if it is complete by then." in page
    began = f"10 working days after {world.today:%-d %B %Y}, when the plan was submitted for sign-off."
    assert f"To be signed off by {sign_by:%-d %B %Y}: {began} The plan is due" in pages("anna")[0]


def test_dates_are_nobodys_message(world: World) -> None:
    refresh(world.children["sam"], on=world.today)
    assert not Message.objects.exists()


def test_a_move_before_the_day_it_begins_changes_no_school_of_the_dates(world: World) -> None:
    enrolment = Enrolment.objects.get(child=world.children["sam"])
    enrolment.ends = world.today + 5 * DAY
    enrolment.save()
    refresh(world.children["sam"], on=world.today)
    assert isinstance(row(world, "sam", "term").due_on, datetime.date)


def test_a_plan_begun_by_hand_is_due_no_later_than_the_clock_says_even_where_that_day_has_passed(world: World) -> None:
    wes = world.children["wes"]
    refresh(wes, on=world.today)
    due = next_plan(wes)
    assert due is not None and due.due_on < world.today  # in care for three hundred days and never reviewed
    address, kit = f"/children/{wes.pk}/plans/new/", signed_in(world.people["kit"])
    late = world.today + 20 * DAY
    page = kit.post(address, {"reason": "initial", "due_on-day": late.day, "due_on-month": late.month, "due_on-year": late.year})
    assert f"It must be complete by {due.due_on.day} {due.due_on:%B %Y}" in page.content.decode()
    assert not Plan.objects.filter(child=wes).exists()
    day = due.due_on
    kit.post(address, {"reason": "initial", "due_on-day": day.day, "due_on-month": day.month, "due_on-year": day.year})
    assert Plan.objects.get(child=wes).due_on == day


def test_how_a_date_moved_says_whether_a_change_of_school_was_confirmed_or_taken_back(world: World) -> None:
    """T26: both said "A change of school", or the second that a plan was closed."""
    sam, kit = world.children["sam"], world.people["kit"]
    plan = begin(world, "sam")
    fill(plan, "sam")
    bring_to(plan, Plan.State.COMPLETE, world)
    before = row(world, "sam", "review").due_on
    move = confirmed(world)
    during = row(world, "sam", "review").due_on
    assert during != before and refreshed_because(sam, kit) == "A change of school was confirmed"
    take_back(move, by=kit, because="Wrong child")
    assert row(world, "sam", "review").due_on == before and refreshed_because(sam, kit) == "A change of school was taken back"


def refreshed_because(child: Child, by: User) -> str:
    """Why this person moved the child's review date last, as the page of its dates tells it."""
    moved = Deadline.history.filter(child=child, kind="review", history_user_id=by.pk).order_by("-history_id")
    return str(moved[0].history_change_reason)
