"""What follows a change of school: the plans, children without a school, restricted records, messages, and taking it back."""

import pytest
from django.core.exceptions import PermissionDenied, ValidationError

from accounts.models import Message
from accounts.policy import Relation, Verb
from children.access import relations_to
from children.models import Allocation, Child
from pep import moves
from pep.deadlines import next_review, refresh
from pep.models import Plan, Section
from pep.move_rules import reading_ends
from pep.sections import SectionClosed, author_for, writing
from pep.workflow import perform
from schools.models import Membership
from schools.timetable import add_working_days
from tests.moving import confirmed, proposed, told, world_with_dates
from tests.world import DAY, World, begin, fill, graded, member, person, signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    return world_with_dates()


# The plans


def test_the_unfinished_plan_is_closed_with_its_text_and_a_new_ones_clock_is_set(world: World) -> None:
    sam, old = world.children["sam"], begin(world, "sam")
    section = Section.objects.get(plan=old, key="attendance")
    section.answers, section.version = {"note": "Every day"}, 1
    section.save()
    confirmed(world)
    old.refresh_from_db()
    assert old.state == Plan.State.CLOSED
    assert Section.objects.get(plan=old, key="attendance").answers == {"note": "Every day"}
    new = sam.plans.get(state="preparing")
    assert (new.reason, new.school) == ("after_move", world.schools["brook"])
    review = next_review(sam)
    assert review is not None and review.due_on == new.due_on


def test_the_new_plan_is_due_by_the_authoritys_working_days_after_the_first_day(world: World) -> None:
    sam, plan = world.children["sam"], begin(world, "sam")
    fill(plan, "sam")
    perform(plan, "submit", by=world.people["anna"])
    confirmed(world)
    review = next_review(sam)
    assert review is not None
    assert (review.due_on, review.reason) == (add_working_days(world.today, 10), "after_move")
    assert "the child’s first day at the new school" in review.words
    assert sam.plans.get(state="preparing").due_on == review.due_on


def test_a_meeting_that_was_held_counts_although_the_move_closes_its_plan_before_it_was_submitted(world: World) -> None:
    sam, old = world.children["sam"], begin(world, "sam")
    fill(old, "sam")  # its meeting is held
    refresh(sam, on=world.today)
    confirmed(world)
    old.refresh_from_db()
    assert old.state == Plan.State.CLOSED
    new = sam.plans.get(state="preparing")
    assert (new.due_on, new.reason) == (add_working_days(world.today, 10), "after_move")  # and not long overdue on its first day


def test_a_plan_closed_by_hand_reviewed_nothing(world: World) -> None:
    sam, old = world.children["sam"], begin(world, "sam")
    before = next_review(sam)
    fill(old, "sam")
    perform(old, "close", by=world.people["kit"], comment="Never finished")
    after = next_review(sam)
    assert before is not None and after is not None and after.due_on == before.due_on


def test_a_plan_that_was_already_submitted_goes_on(world: World) -> None:
    plan = begin(world, "sam")
    fill(plan, "sam")
    perform(plan, "submit", by=world.people["anna"])
    confirmed(world)
    plan.refresh_from_db()
    assert plan.state == Plan.State.AWAITING_SIGN_OFF


def test_before_the_first_day_the_old_school_still_writes_and_on_it_the_plans_follow(world: World) -> None:
    sam, plan, anna, start = world.children["sam"], begin(world, "sam"), world.people["anna"], world.today + 5 * DAY
    confirmed(world, starts_on=start)
    with writing(plan.pk, "attendance", 0, author=author_for(plan, "attendance", anna, on=world.today)) as section:
        section.answers = {"note": "Every day"}
    assert moves.begin(start - DAY) == 0
    assert moves.begin(start) == 1
    assert moves.begin(start) == 0
    plan.refresh_from_db()
    assert plan.state == Plan.State.CLOSED
    assert sam.plans.get(state="preparing").reason == "after_move"
    with pytest.raises(SectionClosed), writing(plan.pk, "attendance", 1, author=author_for(plan, "attendance", anna, on=world.today)):
        pass


def test_the_new_school_reads_what_the_old_one_completed(world: World) -> None:
    plan = begin(world, "sam")
    fill(plan, "sam")
    for action, name, needs in (("submit", "anna", {}), ("sign_off", "fay", {}), ("grade", "kit", graded())):
        perform(plan, action, by=world.people[name], **needs)
    confirmed(world)
    bilal = world.people["bilal"]
    assert plan in Plan.objects.visible_to(bilal)
    assert plan not in Plan.objects.visible_to(bilal, on=world.today - DAY)


# A child without a school


def test_a_child_without_a_school_gets_one(world: World) -> None:
    move = confirmed(world, key="wes", starts_on=world.today)
    assert (move.old_enrolment, move.old_school_reads_until) == (None, None)
    assert relations_to(world.people["bilal"], world.children["wes"]) == {Relation.DESIGNATED_TEACHER}


def test_a_child_leaves_for_no_school_and_keeps_the_plan(world: World) -> None:
    sam, plan = world.children["sam"], begin(world, "sam")
    move = confirmed(world, to=None)
    plan.refresh_from_db()
    assert plan.state == Plan.State.PREPARING
    assert sam.main_enrolment(world.today) is None
    assert (move.new_enrolment, move.to_school) == (None, None)
    assert relations_to(world.people["anna"], sam) == {Relation.FORMER_SCHOOL}
    moves.take_back(move, by=world.people["kit"], because="Only ill")
    assert relations_to(world.people["anna"], sam) == {Relation.DESIGNATED_TEACHER}


def test_a_child_without_a_school_cannot_leave_one(world: World) -> None:
    with pytest.raises(ValidationError, match="no school to leave"):
        proposed(world, key="wes", to=None)


# A restricted child


@pytest.fixture
def restricted(world: World) -> Child:
    sam = world.children["sam"]
    sam.restricted, sam.restricted_because = True, "Placed for adoption"
    sam.save()
    return sam


def test_only_the_head_decides_about_a_restricted_child(world: World, restricted: Child) -> None:
    move = proposed(world)
    for name in ("kit", "hana"):
        with pytest.raises(PermissionDenied):
            moves.confirm(move, by=world.people[name])
    assert moves.confirm(move, by=world.people["lena"]).state == "confirmed"


def test_the_old_schools_access_to_a_restricted_child_ends_with_the_move(world: World, restricted: Child) -> None:
    start = world.today + 5 * DAY
    moves.confirm(proposed(world, starts_on=start), by=world.people["lena"])
    assert relations_to(world.people["anna"], restricted, start - DAY) == {Relation.DESIGNATED_TEACHER}
    assert relations_to(world.people["anna"], restricted, start) == frozenset()


def test_no_longer_reading_can_be_given_for_a_restricted_child(world: World, restricted: Child) -> None:
    assert reading_ends(restricted, world.today, world.today) == world.today
    with pytest.raises(ValidationError, match="restricted"):
        moves.confirm(proposed(world), by=world.people["lena"], old_school_reads_until=world.today + DAY)


def test_where_a_restricted_child_goes_is_for_the_council_alone(world: World, restricted: Child) -> None:
    with pytest.raises(PermissionDenied):
        proposed(world, by="anna")
    moves.confirm(proposed(world), by=world.people["lena"])
    assert moves.moves_of(restricted) == []
    assert len(moves.moves_of(restricted, frozenset({Verb.VIEW_COUNCIL}))) == 1
    assert "anna" not in told("move_confirmed")


def test_restricting_a_record_ends_what_earlier_schools_may_read(world: World) -> None:
    sam = world.children["sam"]
    confirmed(world)
    assert relations_to(world.people["anna"], sam) == {Relation.FORMER_SCHOOL}
    assert moves.end_reading(sam, by=world.people["lena"], on=world.today) == 1
    assert relations_to(world.people["anna"], sam) == frozenset()


# Who is told


def test_the_social_worker_and_both_schools_are_told_without_a_name(world: World) -> None:
    confirmed(world, starts_on=world.today + 5 * DAY)
    assert told("move_proposed") == {"kit"}
    assert told("move_confirmed") == {"fay", "bilal", "anna"}
    for message in Message.objects.all():
        assert "CANARY" not in f"{message.key}{message.facts}" and "School" not in f"{message.facts}"


# Withdrawn and taken back


def test_a_withdrawn_proposal_changes_nothing_and_makes_room_for_another(world: World) -> None:
    move = moves.withdraw(proposed(world, by="anna"), by=world.people["anna"])
    assert (move.state, move.withdrawn_by) == ("withdrawn", world.people["anna"])
    with pytest.raises(moves.NotNow):
        moves.confirm(move, by=world.people["kit"])
    assert proposed(world, to="unit").state == "proposed"


def test_a_school_does_not_withdraw_what_the_council_proposed(world: World) -> None:
    move = proposed(world, by="fay")
    with pytest.raises(PermissionDenied):
        moves.withdraw(move, by=world.people["anna"])
    client = signed_in(world.people["anna"])
    page = client.get(f"/moves/{move.pk}/").content.decode()
    assert "Withdraw the proposal" not in page and "only the council withdraws it" in page
    assert client.post(f"/moves/{move.pk}/", {"action": "withdraw"}).status_code == 403
    move.refresh_from_db()
    assert move.state == "proposed"
    assert "Withdraw the proposal" in signed_in(world.people["moe"]).get(f"/moves/{move.pk}/").content.decode()


def test_a_school_withdraws_what_a_colleague_there_proposed(world: World) -> None:
    person(world, "Tess")
    member(world, "Tess", "designated_teacher", school=world.schools["hill"], authority=world.places["fenshire"].authority)
    assert moves.withdraw(proposed(world, by="anna"), by=world.people["tess"]).state == "withdrawn"


def test_whoever_proposed_or_was_asked_to_confirm_is_told_of_a_withdrawal(world: World) -> None:
    moves.withdraw(proposed(world, by="moe"), by=world.people["lena"])
    assert told("move_withdrawn") == {"moe", "fay", "kit"}
    moves.withdraw(proposed(world, by="anna"), by=world.people["anna"])
    assert told("move_withdrawn") == {"moe", "fay", "kit"}, "not whoever withdrew it"


def test_a_stranger_cannot_withdraw(world: World) -> None:
    with pytest.raises(PermissionDenied):
        moves.withdraw(proposed(world), by=world.people["bilal"])


def test_a_move_taken_back_leaves_access_as_it_was(world: World) -> None:
    sam, anna, bilal, eve = world.children["sam"], world.people["anna"], world.people["bilal"], world.people["eve"]
    helper = Allocation.objects.get(child=sam, role="school_contributor")
    until = helper.ends
    move = moves.take_back(confirmed(world), by=world.people["kit"], because="Wrong child")
    for day in (world.today - DAY, world.today, world.today + 20 * DAY):
        assert relations_to(anna, sam, day) == {Relation.DESIGNATED_TEACHER}
        assert relations_to(bilal, sam, day) == frozenset()
    assert relations_to(eve, sam) == {Relation.SCHOOL_CONTRIBUTOR}
    helper.refresh_from_db()
    assert helper.ends == until
    assert (move.taken_back_by, move.taken_back_because) == (world.people["kit"], "Wrong child")
    assert told("move_taken_back") == {"fay", "bilal", "anna"}


def test_after_taking_back_the_closed_plan_stays_closed_and_a_new_one_opens_at_the_old_school(world: World) -> None:
    sam, old = world.children["sam"], begin(world, "sam")
    move = confirmed(world)
    wrong = sam.plans.get(state="preparing")
    moves.take_back(move, by=world.people["kit"], because="Wrong child")
    old.refresh_from_db()
    wrong.refresh_from_db()
    assert (old.state, wrong.state) == (Plan.State.CLOSED, Plan.State.CLOSED)
    new = sam.plans.get(state="preparing")
    assert (new.reason, new.school) == ("initial", world.schools["hill"])
    review = next_review(sam)
    assert review is not None and review.reason == "initial"


def test_no_plan_opens_after_taking_back_when_none_was_closed_and_none_is_near(world: World) -> None:
    sam, plan = world.children["sam"], begin(world, "sam")
    fill(plan, "sam")
    perform(plan, "submit", by=world.people["anna"])
    moves.take_back(confirmed(world), by=world.people["kit"], because="Wrong child")
    assert not sam.plans.filter(state="preparing").exists()


def test_a_move_that_has_not_begun_is_taken_back_without_touching_plans(world: World) -> None:
    plan = begin(world, "sam")
    move = confirmed(world, starts_on=world.today + 5 * DAY)
    moves.take_back(move, by=world.people["kit"], because="It fell through")
    plan.refresh_from_db()
    assert plan.state == Plan.State.PREPARING
    assert moves.begin(world.today + 9 * DAY) == 0


def test_taking_back_needs_a_reason_and_a_right(world: World) -> None:
    move = confirmed(world)
    with pytest.raises(ValidationError):
        moves.take_back(move, by=world.people["kit"], because=" ")
    for name in ("bilal", "anna", "moe"):
        with pytest.raises(PermissionDenied):
            moves.take_back(move, by=world.people[name], because="Wrong child")


def test_an_earlier_move_cannot_be_taken_back_over_a_later_one(world: World) -> None:
    first = confirmed(world)
    second = confirmed(world, to="unit", starts_on=world.today + 9 * DAY)
    with pytest.raises(moves.NotNow, match="later change"):
        moves.take_back(first, by=world.people["kit"], because="Wrong child")
    moves.take_back(second, by=world.people["kit"], because="It fell through")
    moves.take_back(first, by=world.people["kit"], because="Wrong child")
    assert relations_to(world.people["anna"], world.children["sam"]) == {Relation.DESIGNATED_TEACHER}


def test_the_same_move_can_be_made_again_after_it_was_taken_back(world: World) -> None:
    moves.take_back(confirmed(world), by=world.people["kit"], because="Too early")
    confirmed(world)
    assert relations_to(world.people["bilal"], world.children["sam"]) == {Relation.DESIGNATED_TEACHER}


def test_every_step_stands_in_the_history_with_who_took_it(world: World) -> None:
    move = moves.take_back(confirmed(world), by=world.people["lena"], because="Wrong child")
    steps = [(row.history_change_reason, row.history_user_id) for row in move.history.order_by("history_id")]
    fay, kit, lena = (world.people[name].pk for name in ("fay", "kit", "lena"))
    assert steps == [("Proposed", fay), ("Confirmed", kit), ("Begun", kit), ("Taken back", lena)]


def test_when_the_agency_workers_contract_has_ended_the_team_manager_is_asked_and_told(world: World) -> None:
    world.people["fay"].expires_on = world.today
    world.people["fay"].save()
    confirmed(world, starts_on=world.today + 5 * DAY, by="anna")
    assert told("move_proposed") == {"kit", "hana"}
    assert "hana" in told("move_confirmed") and "fay" not in told("move_confirmed") | told("move_proposed")


def test_where_the_virtual_school_has_a_head_alone_the_head_is_asked(world: World) -> None:
    officer = Membership.objects.get(user=world.people["kit"])
    officer.ends = world.today
    officer.save()
    proposed(world, by="anna")
    assert told("move_proposed") == {"fay", "lena"}
