"""The daily check: whose facts do not add up, in what, and who can put it right."""

import csv
import io

import pytest
from django.utils import timezone

from children.models import Allocation, CarePeriod
from pep.deadlines import refresh
from pep.models import Deadline, Meeting
from schools.models import Membership, Term
from tests.world import DAY, World, begin, build_world, member, reviewed_elsewhere, signed_in
from virtualschool.daily_check import CHECKS, amiss_with

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    """The cast, every one of whom has signed in before."""
    world = build_world()
    for person in world.people.values():
        person.last_login = timezone.now()
        person.save()
    return world


def amiss(world: World, key: str) -> dict[str, str]:
    return {one.words: one.owner for one in amiss_with([world.children[key]], world.today)[world.children[key].pk]}


def listed(world: World, name: str = "kit") -> str:
    return signed_in(world.people[name]).get("/desk/lists/facts/").content.decode()


def test_a_child_whose_facts_add_up_is_not_listed(world: World) -> None:
    assert amiss(world, "sam") == {}
    page = listed(world)
    assert "CANARY-sam" not in page and "CANARY-tia" not in page and "CANARY-wes" in page


def test_no_school_is_the_virtual_schools_and_no_social_worker_the_team_managers(world: World) -> None:
    assert amiss(world, "wes") == {
        "No main school": "Virtual school officer: Kit Example",
        "No social worker who can sign in": "Team manager: Hana Example",
    }


def test_where_nobody_holds_it_it_is_the_virtual_schools(world: World) -> None:
    allocation = Allocation.objects.get(child=world.children["wes"], role="social_worker")
    allocation.ends = world.today
    allocation.save()
    assert amiss(world, "wes")["No social worker who can sign in"] == "Virtual school: Kit Example"


def test_a_school_where_no_teacher_is_named_or_none_ever_signed_in(world: World) -> None:
    bilal = world.people["bilal"]
    bilal.last_login = None
    bilal.save()
    assert amiss(world, "tia") == {"Nobody at the school has ever signed in": "Account administrator: Nia Example"}
    role = Membership.objects.get(user=bilal)
    role.ends = world.today
    role.save()
    assert amiss(world, "tia") == {"No designated teacher is named at the school": "Virtual school officer: Kit Example"}


@pytest.mark.parametrize("how", ["closed", "expired", "no password"])
def test_a_school_whose_only_teacher_cannot_sign_in_any_more_is_the_account_administrators(world: World, how: str) -> None:
    anna, words = world.people["anna"], "No designated teacher of the school can sign in: their accounts have ended"
    if how == "closed":
        anna.is_active = False
    elif how == "expired":
        anna.expires_on = world.today
    else:
        anna.set_unusable_password()
    anna.save()
    assert amiss(world, "sam") == {words: "Account administrator: Nia Example"}
    assert "CANARY-sam" in listed(world) and words in listed(world)
    other = world.people["uri"]
    member(world, "Uri", "designated_teacher", school=world.schools["hill"], authority=world.places["fenshire"].authority)
    assert amiss(world, "sam") == {}
    # One who was invited and has not come yet is another's to see to.
    other.set_unusable_password()
    other.last_login = None
    other.save()
    assert words not in amiss(world, "sam")


def test_the_teacher_another_council_vouches_for_counts_for_its_own_children_alone(world: World) -> None:
    role = Membership.objects.get(user=world.people["anna"])
    role.ends = world.today
    role.save()
    assert "No designated teacher is named at the school" in amiss(world, "sam")
    assert "No designated teacher is named at the school" not in amiss(world, "vic")


def test_a_meeting_not_booked_when_invitations_should_be_out_is_the_teachers(world: World) -> None:
    plan, words = begin(world, "sam"), "No meeting is booked, and invitations should be out"
    for days, expected in ((22, False), (21, True), (-5, True)):
        plan.due_on = world.today + days * DAY
        plan.save()
        assert (words in amiss(world, "sam")) is expected, days
    assert amiss(world, "sam")[words] == "Designated teacher: Anna Example"
    policy = world.places["fenshire"].policy
    policy.invite_days = 10
    policy.save()
    plan.due_on = world.today + 11 * DAY
    plan.save()
    assert words not in amiss(world, "sam")
    plan.due_on = world.today
    plan.save()
    meeting = Meeting.objects.get(plan=plan)
    meeting.state, meeting.starts_at = "booked", timezone.now() + DAY
    meeting.save()
    assert amiss(world, "sam") == {}


def test_of_a_plan_due_in_the_holidays_the_meeting_is_missed_from_the_day_by_which_to_meet_in_term(world: World) -> None:
    words, term = "No meeting is booked, and invitations should be out", world.places["fenshire"].term
    plan = begin(world, "sam")
    plan.due_on = term.ends + 20 * DAY
    plan.save()
    term.ends, term.plans_due_on = world.today + 20 * DAY, world.today + 10 * DAY
    term.save()
    Term(
        authority=term.authority, academic_year=term.academic_year, name="spring", starts=plan.due_on + 5 * DAY,
        ends=plan.due_on + 50 * DAY, plans_due_on=plan.due_on + 30 * DAY,
    ).save()  # fmt: skip
    reviewed_elsewhere(world, "sam")
    assert words not in amiss(world, "sam")
    refresh(world.children["sam"], on=world.today)
    assert words in amiss(world, "sam")


def test_a_booked_meeting_whose_day_has_passed_is_asked_about_until_somebody_says_what_became_of_it(world: World) -> None:
    plan, words = begin(world, "sam"), "The day of the booked meeting has passed, and nobody has said whether it was held"
    meeting = Meeting.objects.get(plan=plan)
    for days, expected in ((0, False), (-1, True), (-15, True)):
        meeting.state, meeting.starts_at = "booked", timezone.localtime().replace(hour=0, minute=30) + days * DAY
        meeting.save()
        assert meeting.to_ask_about(world.today) is expected
        assert (words in amiss(world, "sam")) is expected, days
    assert amiss(world, "sam") == {words: "Designated teacher: Anna Example"}
    assert words in listed(world)
    for field, value in (("state", "held"), ("exception_because", "The school is closed")):
        meeting = Meeting.objects.get(plan=plan)
        setattr(meeting, field, value)
        meeting.exception_by = world.people["lena"] if field == "exception_because" else None
        meeting.save()
        assert not meeting.to_ask_about(world.today)
        assert amiss(world, "sam") == {}
        meeting.state, meeting.exception_because, meeting.exception_by = "booked", "", None
        meeting.save()


def test_who_has_left_care_is_not_listed_nor_anybody_of_another_council(world: World) -> None:
    period = world.children["wes"].care_periods.get()
    period.ends = world.today
    period.save()
    assert "CANARY" not in listed(world)
    assert "CANARY-vic" in listed(world, "oli")  # no social worker


def test_the_list_as_a_sheet_has_a_line_for_each_thing_and_whose_it_is(world: World) -> None:
    answer = signed_in(world.people["kit"]).get("/desk/lists/facts/?format=csv")
    head, *rows = csv.reader(io.StringIO(answer.content.decode("utf-8-sig")))
    assert head[-2:] == ["What does not add up", "Whose it is"]
    assert [row[-2:] for row in rows] == [
        ["No main school", "Virtual school officer: Kit Example"],
        ["No social worker who can sign in", "Team manager: Hana Example"],
    ]
    assert {row[0] for row in rows} == {world.children["wes"].reference}


def test_a_yearly_score_that_is_late_is_the_social_workers(world: World) -> None:
    words = "The yearly strengths and difficulties score is late"
    row = Deadline(child=world.children["sam"], kind="sdq", due_on=world.today, reason="yearly", words="A year", citation="SSDA903")
    row.save()
    assert words not in amiss(world, "sam")
    row.due_on = world.today - DAY
    row.save()
    assert amiss(world, "sam") == {words: "Social worker: Fay Example"}
    assert "CANARY-sam" in listed(world) and words in listed(world) and "Social worker: Fay Example" in listed(world)
    fay = world.people["fay"]
    fay.is_active = False
    fay.save()
    assert amiss(world, "sam")[words] == "Virtual school: Kit Example"
    row.open = False
    row.save()
    assert words not in amiss(world, "sam")


def test_care_still_open_past_eighteen_is_the_officers_whether_or_not_plans_go_on(world: World) -> None:
    sam, words = world.children["sam"], "Care is still open past the eighteenth birthday: type the day on which it ended"
    sam.date_of_birth = world.today.replace(year=world.today.year - 18) + DAY
    sam.save()
    assert words not in amiss(world, "sam")
    sam.date_of_birth -= DAY
    sam.save()
    # Nothing else is amiss with a child who needs no plan any more.
    allocation, period = Allocation.objects.get(child=sam, role="social_worker"), CarePeriod.objects.get(child=sam)
    allocation.ends = world.today
    allocation.save()
    assert amiss(world, "sam") == {words: "Virtual school officer: Kit Example"}
    assert "CANARY-sam" in listed(world) and words in listed(world)
    policy = world.places["fenshire"].policy
    policy.to_year_13 = True
    policy.save()
    assert amiss(world, "sam").keys() == {words, "No social worker who can sign in"}
    period.ends = world.today
    period.save()
    assert words not in amiss(world, "sam")


def test_a_meeting_that_was_not_held_is_one_to_be_booked(world: World) -> None:
    plan = begin(world, "sam")
    plan.due_on = world.today + 3 * DAY
    plan.save()
    meeting = Meeting.objects.get(plan=plan)
    meeting.state, meeting.starts_at, meeting.not_held_because = "not_held", timezone.now() - 2 * DAY, "The carer was ill"
    meeting.save()
    assert "No meeting is booked, and invitations should be out" in amiss(world, "sam")
    assert "CANARY-sam" in signed_in(world.people["kit"]).get("/desk/lists/no-meeting/").content.decode()


def test_a_social_worker_without_a_password_cannot_sign_in(world: World) -> None:
    fay = world.people["fay"]
    fay.set_unusable_password()
    fay.save()
    assert amiss(world, "sam") == {"No social worker who can sign in": "Team manager: Hana Example"}
    page = signed_in(world.people["kit"]).get("/desk/lists/no-worker/").content.decode()
    assert "CANARY-sam" in page and "Fay Example (cannot sign in)" in page


def test_every_check_says_what_is_amiss() -> None:
    assert len({check.words for check in CHECKS}) == len(CHECKS) == 9
