"""Dates kept as rows: written with the change of a fact, only where something changed, and compared with the facts each night."""

import datetime
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from children.models import CarePeriod, CareReview, Child
from pep.deadlines import drift, mend, needing_plans, next_plan, next_review, refresh
from pep.facts import in_words
from pep.models import Deadline, EarlierPlan, Meeting, Plan
from pep.opening import open_due_plans
from pep.workflow import perform
from schools.models import Policy, Term
from schools.timetable import add_months, add_working_days, last_working_day
from tests.moving import confirmed
from tests.world import DAY, World, begin, build_world, fill, reviewed_elsewhere, was_a_review

pytestmark = pytest.mark.django_db

# Policies, terms, who keeps care plan reviews, the children, seven kinds of fact, and the rows.
DRIFT_QUERIES = 12


@pytest.fixture
def world() -> World:
    return build_world()


def due(child: Child) -> datetime.date:
    """When the child's plan must next be reviewed."""
    row = next_review(child)
    assert row is not None
    return row.due_on


def hold_meeting(plan: Plan, at: datetime.datetime) -> None:
    meeting = Meeting.objects.get(plan=plan)
    meeting.state, meeting.starts_at = Meeting.State.HELD, at
    meeting.save()


def test_a_child_in_care_without_a_plan_has_a_first_review(world: World) -> None:
    sam = world.children["sam"]
    refresh(sam, by=world.people["kit"], on=world.today)
    row = next_review(sam)
    assert row is not None
    came = world.today - 300 * DAY
    assert (row.due_on, row.reason) == (add_working_days(came, 20), "initial")
    assert row.words == f"20 working days after {in_words(came)}, when the child came into care"
    assert row.facts["since"] == came.isoformat()


def test_a_school_is_not_told_when_the_child_came_into_care(world: World) -> None:
    refresh(world.children["sam"], on=world.today)
    row = next_review(world.children["sam"])
    assert row is not None
    assert row.words_for_school == "20 working days after the child came into care"


def test_a_meeting_held_sets_the_next_review(world: World) -> None:
    plan = begin(world, "sam")
    hold_meeting(plan, timezone.now() - 2 * DAY)
    refresh(world.children["sam"], on=world.today)
    assert due(world.children["sam"]) == add_months(world.today - 2 * DAY, 6)


def test_a_meeting_of_a_closed_plan_sets_no_clock(world: World) -> None:
    plan = begin(world, "sam")
    hold_meeting(plan, timezone.now() - 2 * DAY)
    perform(plan, "close", by=world.people["kit"], comment="Begun twice")
    row = next_review(world.children["sam"])
    assert row is not None and row.reason == "initial"


def test_a_meeting_late_in_the_evening_counts_on_its_london_day(world: World) -> None:
    plan = begin(world, "sam")
    hold_meeting(plan, datetime.datetime(2026, 6, 30, 23, 30, tzinfo=datetime.UTC))  # 00:30 on 1 July in London
    refresh(world.children["sam"], on=datetime.date(2026, 7, 2))
    row = next_review(world.children["sam"])
    assert row is not None and row.facts["since"] == "2026-07-01"


def test_a_plan_submitted_without_a_meeting_by_exception_counts_from_its_submission(world: World) -> None:
    plan = begin(world, "sam")
    fill(plan, "sam")
    meeting = Meeting.objects.get(plan=plan)
    meeting.state, meeting.exception_because, meeting.exception_by = Meeting.State.NOT_BOOKED, "Snow", world.people["kit"]
    meeting.save()
    perform(plan, "submit", by=world.people["anna"])
    row = next_review(world.children["sam"])
    assert row is not None
    assert row.due_on == add_months(world.today, 6)
    assert "submitted without a meeting" in row.words


def test_an_earlier_plan_brought_as_a_pdf_counts_as_a_review(world: World) -> None:
    sam = world.children["sam"]
    EarlierPlan.objects.create(
        child=sam, title="Spring", plan_date=world.today - 50 * DAY, audience="school", content=b"%PDF", size=4, sha256="0" * 64,
        uploaded_by=world.people["kit"], **was_a_review(world),
    )  # fmt: skip
    refresh(sam, on=world.today)
    assert due(sam) == add_months(world.today - 50 * DAY, 6)


def test_the_authoritys_shorter_policy_is_used_and_cited(world: World) -> None:
    policy = world.places["fenshire"].policy
    policy.review_months = 4
    policy.save()
    hold_meeting(begin(world, "sam"), timezone.now() - 2 * DAY)
    refresh(world.children["sam"], on=world.today)
    row = next_review(world.children["sam"])
    assert row is not None
    assert row.due_on == add_months(world.today - 2 * DAY, 4)
    assert row.citation.startswith(f"Policy of Fenshire Council from {in_words(policy.starts)}")


def test_without_a_policy_the_customary_figures_hold_and_say_so(world: World) -> None:
    policy = world.places["fenshire"].policy
    policy.ends = world.today - DAY
    policy.save()
    fresh = begin(world, "sam")
    fill(fresh, "sam")
    perform(fresh, "submit", by=world.people["anna"])
    signature = Deadline.objects.get(plan=fresh, kind="signature", open=True)
    assert signature.citation == "Customary; Fenshire Council has set no policy of its own"


def test_a_submitted_plan_has_a_date_for_the_signature_and_a_signed_one_none(world: World) -> None:
    plan = begin(world, "sam")
    fill(plan, "sam")
    perform(plan, "submit", by=world.people["anna"])
    row = Deadline.objects.get(plan=plan, kind="signature")
    assert row.open and row.due_on == add_working_days(world.today, 10)
    perform(plan, "sign_off", by=world.people["fay"])
    row.refresh_from_db()
    assert not row.open


def test_a_child_who_has_left_care_has_no_date(world: World) -> None:
    sam = world.children["sam"]
    refresh(sam, on=world.today)
    period = CarePeriod.objects.get(child=sam)
    period.ends = world.today
    period.save()
    refresh(sam, on=world.today - DAY)
    assert next_review(sam) is not None
    refresh(sam, on=world.today)
    assert next_review(sam) is None


def test_a_date_in_the_school_holidays_is_not_moved_but_says_until_when_to_meet(world: World) -> None:
    sam, term = world.children["sam"], world.places["fenshire"].term
    hold_meeting(begin(world, "sam"), timezone.now())
    review = add_months(world.today, 6)
    term.ends = review - 3 * DAY
    term.save()
    Term(
        authority=term.authority, academic_year=term.academic_year, name="spring", starts=review + 5 * DAY, ends=review + 50 * DAY,
        plans_due_on=review + 30 * DAY,
    ).save()  # fmt: skip
    refresh(sam, on=world.today)
    row = next_review(sam)
    assert row is not None
    assert row.due_on == review
    assert "in the school holidays: hold the meeting by" in row.words
    assert datetime.date.fromisoformat(row.facts["meet_by"]) < term.ends


def between_terms(world: World, day: datetime.date) -> None:
    """The autumn term ends three days before a day, and the next begins five days after it."""
    term = world.places["fenshire"].term
    term.ends, term.plans_due_on = day - 3 * DAY, min(term.plans_due_on, day - 5 * DAY)
    term.save()
    Term(
        authority=term.authority, academic_year=term.academic_year, name="spring", starts=day + 5 * DAY, ends=day + 50 * DAY,
        plans_due_on=day + 30 * DAY,
    ).save()  # fmt: skip


def came_into_care(world: World, day: datetime.date) -> datetime.date:
    """Sam came into care on a day. Returns the day on which the first plan is due."""
    period = CarePeriod.objects.get(child=world.children["sam"])
    period.starts = day
    period.save()
    return add_working_days(day, 20)


def test_no_day_to_meet_by_is_named_that_came_before_the_child(world: World) -> None:
    """Sam comes into care in the holidays, and the plan is due in them: there is no day at school to meet on."""
    due_on = came_into_care(world, world.today)
    between_terms(world, due_on)
    term = world.places["fenshire"].term
    term.ends, term.plans_due_on = world.today - 3 * DAY, world.today - 5 * DAY
    term.save()
    refresh(world.children["sam"], on=world.today)
    row = next_review(world.children["sam"])
    assert row is not None and row.due_on == due_on and row.owners == ["virtual_school", "social_worker"]
    assert row.words.endswith("That day is in the school holidays, with no school day before it to meet on")
    assert "meet_by" not in row.facts and row.in_holidays


def test_a_school_reads_of_a_first_plan_too_until_when_to_meet(world: World) -> None:
    """And still not on which day the child came into care."""
    due_on = came_into_care(world, world.today)
    between_terms(world, due_on)
    refresh(world.children["sam"], on=world.today)
    row = next_review(world.children["sam"])
    assert row is not None
    words = row.words_for_school
    assert words.startswith("20 working days after the child came into care. That day is in the school holidays: hold the meeting by ")
    assert in_words(world.today) not in words
    row.reason = "first_review"
    assert row.words_for_school.startswith("So that it is there when the care plan is reviewed. That day is in the school holidays: hold")


def test_invitations_are_counted_from_the_day_by_which_to_meet_in_term(world: World) -> None:
    plan = begin(world, "sam")
    reviewed_elsewhere(world, "sam")
    plan.due_on = world.today + 55 * DAY
    plan.save()
    between_terms(world, plan.due_on)
    refresh(world.children["sam"], on=world.today)
    plan.refresh_from_db()
    row = Deadline.objects.get(plan=plan, kind="invite", open=True)
    meet_by = last_working_day(plan.due_on - 4 * DAY)
    assert row.due_on == meet_by - 21 * DAY and in_words(meet_by) in row.words


def test_a_date_that_moved_on_a_policys_first_day_names_the_policy_only_where_the_policy_moved_it(world: World) -> None:
    """The history says of each date why it moved: the review by the new policy, the term's because somebody changed the term."""
    today, sam, place = world.today, world.children["sam"], world.places["fenshire"]
    reviewed_elsewhere(world, "sam", 60)
    refresh(sam, on=today)
    place.policy.ends = today
    place.policy.save()
    Policy(authority=place.authority, starts=today, review_months=4).save()
    place.term.plans_due_on += 3 * DAY
    place.term.save()
    mend(drift(today), on=today)
    because = {row.kind: row.history.latest().history_change_reason for row in Deadline.objects.filter(child=sam, open=True)}
    assert because["review"].startswith("Policy of Fenshire Council from")
    assert because["term"] == "Found by the nightly check"


def test_nothing_is_written_when_nothing_has_changed(world: World) -> None:
    sam = world.children["sam"]
    refresh(sam, on=world.today)
    rows = Deadline.history.count()
    refresh(sam, on=world.today)
    refresh(sam, on=world.today + 5 * DAY)
    assert Deadline.history.count() == rows


def test_who_changed_the_fact_stands_in_the_history_of_the_date(world: World) -> None:
    refresh(world.children["sam"], by=world.people["kit"], on=world.today)
    rows = Deadline.history.filter(child_id=world.children["sam"].pk)
    assert rows and {row.history_user_id for row in rows} == {world.people["kit"].pk}


def test_the_nightly_check_finds_what_is_missing_wrong_and_left_open(world: World) -> None:
    today, sam, tia, vic = world.today, world.children["sam"], world.children["tia"], world.children["vic"]
    for child in world.children.values():
        refresh(child, on=today)
    assert drift(today) == []
    wrong = next_review(sam)
    assert wrong is not None
    right = wrong.due_on
    wrong.due_on = today
    wrong.save()
    gone = next_review(tia)
    assert gone is not None
    gone.open = False
    gone.save()
    period = CarePeriod.objects.get(child=vic)
    period.ends = today
    period.save()
    found = {one.child_id: one for one in drift(today)}
    assert found.keys() == {sam.pk, tia.pk, vic.pk}
    assert (found[sam.pk].stored, found[sam.pk].computed) == (today, right)
    assert found[tia.pk].stored is None and found[tia.pk].computed is not None
    assert found[vic.pk].stored is not None and found[vic.pk].computed is None
    assert mend(found.values(), on=today) == 3
    assert drift(today) == []


def test_the_nightly_check_asks_a_fixed_number_of_questions(world: World, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    with django_assert_num_queries(DRIFT_QUERIES):
        assert len({one.child_id for one in drift(world.today)}) == 4
    for number in range(6):
        child = Child(authority=world.places["fenshire"].authority, given_name=f"N{number}", date_of_birth=datetime.date(2013, 1, 1))
        child.save()
        CarePeriod(child=child, starts=world.today - 10 * DAY).save()
    with django_assert_num_queries(DRIFT_QUERIES):
        assert len({one.child_id for one in drift(world.today)}) == 10


def test_a_plan_opens_when_the_review_is_near_and_its_holders_are_told(world: World) -> None:
    from_care = Child(authority=world.places["fenshire"].authority, given_name="New", date_of_birth=datetime.date(2013, 1, 1))
    from_care.save()
    CarePeriod(child=from_care, starts=world.today).save()
    refresh(from_care, on=world.today)
    assert open_due_plans(world.today) == 1
    plan = from_care.plans.get()
    assert (plan.reason, plan.state, plan.created_by) == ("initial", "preparing", None)
    assert plan.due_on == due(from_care)
    assert plan.term == world.places["fenshire"].term
    told = world.people["kit"].messages.filter(rule="plan_opened")
    assert [message.about_plan for message in told] == [plan.pk]
    assert open_due_plans(world.today) == 0


def test_a_plan_opens_on_the_day_the_policy_says_and_not_the_day_before(world: World) -> None:
    sam = world.children["sam"]
    fill(begin(world, "sam"), "sam")
    perform(world.plans["sam"], "submit", by=world.people["anna"])
    first = next_plan(sam)
    assert first is not None
    opens = first.due_on - 42 * DAY
    assert not needing_plans(opens - DAY).filter(child=sam).exists()
    assert open_due_plans(opens) == 1
    assert sam.plans.get(state="preparing").reason == "termly"


def test_no_plan_opens_for_a_child_who_has_left_care_or_was_merged(world: World) -> None:
    for child in world.children.values():
        refresh(child, on=world.today)
    for period in CarePeriod.objects.all():
        period.ends = world.today
        period.save()
    assert open_due_plans(world.today) == 0
    assert open_due_plans(world.today - DAY) == 4


def test_a_plan_that_waits_for_a_signature_does_not_hold_up_the_next(world: World) -> None:
    sam, policy = world.children["sam"], world.places["fenshire"].policy
    policy.review_months = 1
    policy.save()
    fill(begin(world, "sam"), "sam")
    perform(world.plans["sam"], "submit", by=world.people["anna"])
    assert needing_plans(world.today).filter(child=sam).exists()
    assert open_due_plans(world.today) == 1
    assert sam.plans.count() == 2


def test_each_authority_opens_its_plans_by_its_own_figure(world: World) -> None:
    marlow = world.places["marlow"].policy
    marlow.preparation_days = 5
    marlow.save()
    for key in ("sam", "vic"):
        plan = begin(world, key)
        hold_meeting(plan, timezone.now())
        perform(plan, "cancel", by=world.people["kit" if key == "sam" else "oli"], comment="Begun twice")
        # Reviewed before: a first plan that is to be begun would open whatever the figure.
        reviewed_elsewhere(world, key)
        refresh(world.children[key], on=world.today)
        row = next_review(world.children[key])
        assert row is not None
        row.due_on = world.today + 20 * DAY
        row.save()
    near = set(needing_plans(world.today).values_list("child_id", flat=True))
    assert near == {world.children["sam"].pk}


def stands(plan: Plan, **fields: Any) -> None:
    """Where a plan stands, without its way there."""
    for name, value in fields.items():
        setattr(plan, name, value)
    plan.save()


def short_preparation(world: World) -> None:
    """Plans open a week before they are due, and no term and no financial year asks for one."""
    policy = world.places["fenshire"].policy
    policy.preparation_days, policy.each_term, policy.premium_deadline = 7, False, False
    policy.save()


def test_a_first_plan_opens_at_once_however_short_the_preparation(world: World) -> None:
    """It is begun within ten working days, though it is due only ten later."""
    short_preparation(world)
    sam, period = world.children["sam"], CarePeriod.objects.get(child=world.children["sam"])
    period.starts = world.today
    period.save()
    refresh(sam, on=world.today)
    first = next_plan(sam)
    assert first is not None and first.due_on > world.today + 7 * DAY
    assert needing_plans(world.today).filter(child=sam).exists()
    open_due_plans(world.today)
    assert sam.plans.get().reason == "initial" and not Deadline.objects.filter(child=sam, kind="begin", open=True).exists()


def test_a_plan_opens_for_the_reviewing_officer_when_none_is_under_way_and_the_review_is_near(world: World) -> None:
    """The child was reviewed not long ago and is due in months; the care plan is reviewed in a few weeks."""
    short_preparation(world)
    sam = world.children["sam"]
    reviewed_elsewhere(world, "sam", days_ago=40)
    CareReview.objects.create(child=sam, on=world.today - 30 * DAY, state="held")
    booked = world.today + 20 * DAY
    CareReview.objects.create(child=sam, on=booked)
    refresh(sam, on=world.today)
    officers = Deadline.objects.get(child=sam, kind="officer", open=True)
    opens = officers.due_on - 7 * DAY
    assert not needing_plans(opens - DAY).filter(child=sam).exists()
    assert needing_plans(opens).filter(child=sam).exists()
    plan = begin(world, "sam")
    stands(plan, state="awaiting_check")  # what waits for the check will be the officer's plan
    assert not needing_plans(opens).filter(child=sam).exists()


def test_the_plan_for_the_reviewing_officer_belongs_to_the_term_of_the_review(world: World) -> None:
    short_preparation(world)
    sam, term = world.children["sam"], world.places["fenshire"].term
    term.ends, term.plans_due_on = world.today + 30 * DAY, world.today + 25 * DAY
    term.save()
    Term(
        authority=term.authority, academic_year=term.academic_year, name="spring", starts=world.today + 40 * DAY,
        ends=world.today + 200 * DAY, plans_due_on=world.today + 190 * DAY,
    ).save()  # fmt: skip
    reviewed_elsewhere(world, "sam")
    CareReview.objects.create(child=sam, on=world.today - 5 * DAY, state="held")
    CareReview.objects.create(child=sam, on=world.today + 9 * DAY)
    refresh(sam, on=world.today)
    due_row = next_plan(sam)
    assert due_row is not None and due_row.due_on > term.ends
    open_due_plans(world.today)
    assert sam.plans.get().term == term


def test_after_a_move_a_plan_opens_also_where_another_date_comes_before(world: World) -> None:
    """The term's last day for plans comes before the date after the move, and neither is within the days of preparation."""
    policy, term = world.places["fenshire"].policy, world.places["fenshire"].term
    policy.preparation_days, policy.move_plan_working_days, policy.premium_deadline = 7, 20, False
    policy.save()
    term.plans_due_on = world.today + 25 * DAY
    term.save()
    sam = world.children["sam"]
    reviewed_elsewhere(world, "sam", days_ago=60)
    refresh(sam, on=world.today)
    confirmed(world)
    assert sam.plans.get().reason == "after_move"


def test_a_meeting_that_was_not_held_is_to_be_booked_and_invited_to_again(world: World) -> None:
    plan = begin(world, "sam")
    meeting = Meeting.objects.get(plan=plan)
    meeting.state, meeting.starts_at, meeting.not_held_because = "not_held", timezone.now() - 2 * DAY, "The carer was ill"
    meeting.save()
    refresh(world.children["sam"], on=world.today)
    assert Deadline.objects.filter(plan=plan, kind="invite", open=True).exists()


def test_nothing_is_late_for_a_child_of_whom_no_review_of_the_care_plan_was_ever_recorded(world: World) -> None:
    """One review that was typed says that such reviews are kept, but not that those of all others were missed."""
    tia, period = world.children["tia"], CarePeriod.objects.get(child=world.children["tia"])
    CareReview.objects.create(child=world.children["sam"], on=world.today + 20 * DAY)
    by_law = add_working_days(period.starts, 20)
    assert by_law < world.today
    refresh(tia, on=world.today)
    refresh(world.children["sam"], on=world.today)
    kept = Deadline.objects.filter(kind="care_review", open=True)
    assert kept.filter(child=world.children["sam"]).exists() and not kept.filter(child=tia).exists()
    # Who has just come into care has the law's date before them.
    period.starts = world.today - 10 * DAY
    period.save()
    refresh(tia, on=world.today)
    assert kept.get(child=tia).due_on == add_working_days(period.starts, 20)
    assert not [one for one in drift(world.today) if one.child_id == tia.pk]
    assert [one.kind for one in drift(add_working_days(period.starts, 20) + DAY) if one.child_id == tia.pk and one.computed is None] == [
        "care_review"
    ]


def test_a_plan_of_the_time_in_care_before_is_not_the_reviewing_officers_of_this_one(world: World) -> None:
    sam, period = world.children["sam"], CarePeriod.objects.get(child=world.children["sam"])
    begun, back = timezone.now() - 20 * DAY, world.today - 4 * DAY
    old = begin(world, "sam")
    stands(old, state="complete", created_at=begun, completed_at=timezone.now())
    period.ends = back - 2 * DAY
    period.save()
    CarePeriod(child=sam, starts=back, legal_status="C2").save()
    CareReview.objects.create(child=sam, on=world.today + 20 * DAY)
    refresh(sam, on=world.today)
    officers = Deadline.objects.filter(child=sam, kind="officer", open=True)
    assert officers.exists()
    new = begin(world, "sam")
    stands(new, state="complete", completed_at=timezone.now())
    refresh(sam, on=world.today)
    assert not officers.exists()
