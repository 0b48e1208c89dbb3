"""What the clock is told of a child: moves, reviews of the care plan, years and terms, each against the books read in the obvious way."""

import datetime
from collections.abc import Sequence

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from benchmarks.year.slow_calendar import DAY, months_after, working_days_after
from children.models import CarePeriod, CareReview, Child, Enrolment
from pep import deadlines, opening
from pep.deadlines import drift, refresh
from pep.fact_finding import facts_of
from pep.models import Deadline, EarlierPlan, Move, Plan
from pep.planning import term_on
from schools.models import Term
from tests.moving import confirmed
from tests.world import World, build_world, was_a_review

pytestmark = pytest.mark.django_db
date = datetime.date
CAME = date(2026, 9, 1)


@pytest.fixture
def world() -> World:
    """Sam came into care on 1 September 2026; the authority asks for no plan each term and none before the financial year ends."""
    world = build_world()
    policy = world.places["fenshire"].policy
    policy.starts, policy.each_term, policy.premium_deadline = date(2024, 1, 1), False, False
    policy.save()
    in_care(world, "sam", CAME)
    return world


def in_care(world: World, key: str, starts: datetime.date) -> Child:
    period = CarePeriod.objects.get(child=world.children[key])
    period.starts = starts
    period.save()
    return world.children[key]


def earlier_plan(world: World, day: datetime.date, key: str = "sam") -> EarlierPlan:
    """A review on a day, brought from elsewhere."""
    return EarlierPlan(
        child=world.children[key], title="Plan", plan_date=day, audience="school", content=b"", size=0, sha256=f"{day}",
        uploaded_by=world.people["kit"], **was_a_review(world),
    )  # fmt: skip


def review_due(child: Child, on: datetime.date) -> datetime.date | None:
    refresh(child, on=on)
    row = Deadline.objects.filter(child=child, kind="review", open=True).first()
    return row.due_on if row else None


# Moves


def begin_moves(world: World, days: Sequence[datetime.date], to: Sequence[str | None]) -> None:
    """Confirmed changes of Sam's school, as rows."""
    sam = world.children["sam"]
    place = Enrolment.objects.get(child=sam, kind="main")
    both = {"proposed_by": world.people["fay"], "confirmed_by": world.people["kit"], "old_enrolment": place}
    for day, school in zip(days, to, strict=True):
        at = datetime.datetime.combine(day, datetime.time(), tzinfo=datetime.UTC)
        Move(
            child=sam, to_school=world.schools[school] if school else None, new_enrolment=place if school else None, starts_on=day,
            reason="New placement", state=Move.State.CONFIRMED, proposed_at=at, confirmed_at=at, **both,
        ).save()  # fmt: skip


def slow_review_due(
    moves: Sequence[tuple[datetime.date, str | None]], reviews: Sequence[datetime.date], on: datetime.date
) -> datetime.date:
    """Turn the pages: who waits for a plan at a school goes on waiting until a review or until the first day at the next."""
    at_school: datetime.date | None = None
    last: datetime.date | None = None
    day = CAME
    while day <= on:
        at_school = day if any(starts == day and school for starts, school in moves) else at_school
        if day in reviews:
            last, at_school = day, None
        day += DAY
    to_come = [starts for starts, school in moves if school and starts > on]
    waits_since = at_school or (min(to_come) if to_come else None)
    due = [months_after(last, 6) if last else working_days_after(CAME, 20)]
    return min([*due, working_days_after(waits_since, 10)] if waits_since else due)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(
    st.lists(st.integers(1, 30), min_size=3, max_size=3),
    st.lists(st.sampled_from(["brook", "unit", None]), min_size=3, max_size=3),
    st.lists(st.integers(0, 100), max_size=2, unique=True),
    st.integers(0, 110),
)
@example([20, 20, 30], ["brook", "unit", "brook"], [10], 45)  # the second waits while the third is to come
@example([20, 20, 30], ["brook", None, "unit"], [10], 25)  # the next leads to no school
@example([20, 20, 30], ["brook", None, "unit"], [10], 45)  # gone to no school, the plan still missing
@example([20, 20, 30], [None, None, None], [10], 45)  # a move to no school sets no date
@example([20, 20, 30], ["brook", "unit", "brook"], [20], 20)  # reviewed on the first day
def test_three_moves_in_a_term_are_due_as_when_turning_the_pages(
    world: World, gaps: list[int], to: list[str | None], reviews: list[int], later: int
) -> None:
    """As fact_finding reads the moves themselves: those that have begun, those to come, and those to no school."""
    sam, on = world.children["sam"], CAME + later * DAY
    Move.objects.filter(child=sam)._raw_delete("default")  # type: ignore[attr-defined]
    for one in EarlierPlan.objects.filter(child=sam):
        one.delete()
    days = [CAME + sum(gaps[: number + 1]) * DAY for number in range(3)]
    begin_moves(world, days, to)
    for number in reviews:
        earlier_plan(world, CAME + number * DAY).save()
    expected = slow_review_due(list(zip(days, to, strict=True)), [CAME + number * DAY for number in reviews], on)
    assert review_due(sam, on) == expected


def test_a_move_to_no_school_sets_no_date(world: World) -> None:
    sam = in_care(world, "sam", world.today - 300 * DAY)
    earlier_plan(world, world.today - 20 * DAY).save()
    confirmed(world, to=None)
    assert facts_of([sam], world.today)[sam.pk].moved_on is None
    assert review_due(sam, world.today) == months_after(world.today - 20 * DAY, 6)


# Reviews of the care plan


def booked(world: World, *days: tuple[datetime.date, str]) -> None:
    for day, state in days:
        CareReview(child=world.children["sam"], on=day, state=state).save()


def test_reviews_of_the_care_plan_of_an_earlier_time_in_care_do_not_count(world: World) -> None:
    sam = in_care(world, "sam", date(2027, 2, 1))
    booked(world, (date(2026, 3, 1), "held"), (date(2026, 6, 1), "held"), (date(2027, 1, 31), "booked"))
    facts = facts_of([sam], date(2027, 2, 2))[sam.pk]
    assert (facts.care_reviews, facts.care_reviewed_on, facts.care_review_on, facts.first_care_review_on) == (0, None, None, None)
    refresh(sam, on=date(2027, 2, 2))
    row = Deadline.objects.get(child=sam, kind="care_review", open=True)
    assert (row.reason, row.due_on) == ("first", working_days_after(date(2027, 2, 1), 20))


def test_a_booked_review_whose_day_has_passed_is_not_the_next_one(world: World) -> None:
    sam = world.children["sam"]
    booked(world, (date(2026, 9, 20), "held"), (date(2026, 11, 2), "booked"), (date(2026, 12, 7), "booked"))
    booked(world, (date(2026, 9, 10), "cancelled"), (date(2026, 11, 20), "cancelled"))
    for on, expected in ((date(2026, 11, 2), date(2026, 11, 2)), (date(2026, 11, 3), date(2026, 12, 7)), (date(2026, 12, 8), None)):
        facts = facts_of([sam], on)[sam.pk]
        assert (facts.care_review_on, facts.care_reviews, facts.care_reviewed_on) == (expected, 1, date(2026, 9, 20)), on
        assert facts.first_care_review_on == date(2026, 9, 20)


# Years


@pytest.mark.parametrize(
    ("year", "asked"), [(-1, False), (0, True), (1, True), (6, True), (11, True), (12, False), (13, False)],
)  # fmt: skip
def test_pupil_premium_asks_for_a_plan_from_reception_to_year_11(world: World, year: int, asked: bool) -> None:
    policy, sam = world.places["fenshire"].policy, world.children["sam"]
    policy.premium_deadline = True
    policy.save()
    sam.year_group_override, sam.year_group_override_for = year, 2026
    sam.save()
    earlier_plan(world, date(2026, 12, 1)).save()
    refresh(sam, on=date(2026, 12, 2))
    found = Deadline.objects.filter(child=sam, kind="premium", open=True).values_list("due_on", flat=True)
    assert list(found) == ([date(2027, 3, 31)] if asked else [])


def test_on_the_31st_of_march_the_year_of_that_day_counts_not_the_one_of_today(world: World) -> None:
    """In summer of Year 11 the next 31 March is in Year 12, where there is no pupil premium; in that of the year before Reception it is."""
    policy, sam = world.places["fenshire"].policy, in_care(world, "sam", date(2025, 9, 1))
    policy.premium_deadline = True
    policy.save()
    for year, asked in ((11, False), (-1, True)):
        sam.year_group_override, sam.year_group_override_for = year, 2025
        sam.save()
        refresh(sam, on=date(2026, 7, 1))
        assert Deadline.objects.filter(child=sam, kind="premium", open=True).exists() is asked


@pytest.mark.parametrize(
    ("year", "reason"), [(10, "termly"), (11, "termly"), (12, "post16"), (13, "post16"), (14, "post16"), (15, "termly")]
)  # fmt: skip
def test_post_16_windows_hold_in_years_12_and_13_and_the_year_after_them(world: World, year: int, reason: str) -> None:
    policy, sam = world.places["fenshire"].policy, world.children["sam"]
    policy.each_term = True
    policy.save()
    own_terms(world)
    sam.year_group_override, sam.year_group_override_for = year, 2026
    sam.save()
    earlier_plan(world, date(2026, 10, 1)).save()
    refresh(sam, on=date(2026, 12, 2))
    assert Deadline.objects.get(child=sam, kind="term", open=True).reason == reason


# Terms


def own_terms(world: World, *more: tuple[str | None, int, str, datetime.date, datetime.date, datetime.date]) -> None:
    """The authority's terms of two years, and more, of a school."""
    authority = world.places["fenshire"].authority
    for term in Term.objects.filter(authority=authority):
        term.delete()
    common = [
        (None, 2026, "autumn", date(2026, 9, 2), date(2026, 12, 19), date(2026, 11, 27)),
        (None, 2026, "spring", date(2027, 1, 4), date(2027, 3, 26), date(2027, 3, 19)),
        (None, 2026, "summer", date(2027, 4, 12), date(2027, 7, 22), date(2027, 6, 4)),
        (None, 2027, "autumn", date(2027, 9, 2), date(2027, 12, 18), date(2027, 11, 26)),
    ]  # fmt: skip
    for school, year, name, starts, ends, due_on in (*common, *more):
        Term(
            authority=authority, school=world.schools[school] if school else None, academic_year=year, name=name, starts=starts, ends=ends,
            plans_due_on=due_on,
        ).save()  # fmt: skip


OWN_SUMMER = ("hill", 2026, "summer", date(2027, 4, 14), date(2027, 7, 23), date(2027, 6, 11))


@pytest.mark.parametrize(
    ("on", "hill", "brook"),
    [
        (date(2027, 4, 20), date(2027, 6, 11), date(2027, 6, 4)),  # the school has terms of its own for this year
        (date(2027, 1, 10), date(2027, 6, 11), date(2027, 3, 19)),  # and these alone
        (date(2027, 7, 23), date(2027, 11, 26), date(2027, 11, 26)),  # for the next it has none: the authority's hold
        (date(2027, 9, 10), date(2027, 11, 26), date(2027, 11, 26)),
    ],
)  # fmt: skip
def test_a_school_with_terms_of_its_own_for_one_year_has_the_authoritys_in_any_other(
    world: World, on: datetime.date, hill: datetime.date, brook: datetime.date
) -> None:
    own_terms(world, OWN_SUMMER)
    policy = world.places["fenshire"].policy
    policy.each_term = True
    policy.save()
    in_care(world, "tia", CAME)
    for key, expected in (("sam", hill), ("tia", brook)):
        child = world.children[key]
        earlier_plan(world, date(2026, 12, 22), key).save()
        refresh(child, on=on)
        assert Deadline.objects.get(child=child, kind="term", open=True).due_on == expected
        term = term_on(child, on)
        assert term is not None and term.plans_due_on == expected, "a plan begun by hand belongs to the same term"


def test_a_plan_that_opens_belongs_to_the_term_in_which_to_meet(world: World) -> None:
    """Due on 10 August, in the holidays: the meeting is held by 21 July, so that the plan is one of the summer term, not of the autumn."""
    sam = world.children["sam"]
    own_terms(world)
    earlier_plan(world, date(2027, 2, 10)).save()
    refresh(sam, on=date(2027, 7, 1))
    row = Deadline.objects.get(child=sam, kind="review", open=True)
    assert (row.due_on, row.facts["meet_by"]) == (date(2027, 8, 10), "2027-07-21")
    (plan,) = opening.open_plans([sam.pk], date(2027, 7, 1))
    assert plan.term is not None and plan.term.name == "summer"


def test_the_name_of_an_authority_may_be_as_long_as_the_register_allows(world: World) -> None:
    authority = world.places["fenshire"].authority
    authority.name = "N" * 200
    authority.save()
    policy = world.places["fenshire"].policy
    policy.first_plan_working_days, policy.plans_from_age = 15, 2
    policy.save()
    sam = Child.objects.get(pk=world.children["sam"].pk)
    refresh(sam, on=CAME)
    (plan,) = opening.open_plans([sam.pk], CAME)
    assert "N" * 200 in plan.due_citation and "regulation 33(1)" in plan.due_citation
    assert deadlines.next_plan(sam) is not None and Plan.objects.get(pk=plan.pk).due_citation == plan.due_citation
    assert [one for one in drift(CAME) if one.child_id == sam.pk] == []
