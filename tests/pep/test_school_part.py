"""When the school's part of a plan is the virtual school's: in the holidays, for a date that falls in them, and without a teacher."""

import datetime
from collections.abc import Iterable

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import Message
from children.models import Child, Enrolment
from pep.deadlines import refresh
from pep.escalation import due_escalations
from pep.late import late_rows, lines
from pep.models import Deadline, Meeting, Plan, Section
from pep.nudges import nudge
from pep.planning import create_plan
from pep.reminders import due_reminders
from pep.school_part import of_the_virtual_school
from pep.timeliness import Timeliness, timeliness_of_many
from schools.models import Membership, School, Term
from schools.timetable import add_working_days, working_days_between
from tests.pep.test_late import another
from tests.world import DAY, World, begin, build_world, signed_in
from virtualschool.quality import lines as desk_lines

pytestmark = pytest.mark.django_db

# Days from today. The autumn term of the world ends where the holidays begin.
IN_TERM, HOLIDAYS, NEXT_TERM = 50, 60, 90
DUE, A_DAY_IN_THE_HOLIDAYS, BACK_AT_SCHOOL = 70, 75, 95


@pytest.fixture
def world() -> World:
    world = build_world()
    term(world, NEXT_TERM, NEXT_TERM + 60)
    return world


def term(world: World, starts: int, ends: int, school: School | None = None, name: str = "spring") -> None:
    """A term of the authority, or of one school with terms of its own, in days from today."""
    first, authority = world.today + starts * DAY, world.places["fenshire"].authority
    Term(
        authority=authority, school=school, academic_year=world.today.year, name=name, starts=first, ends=world.today + ends * DAY,
        plans_due_on=first + 5 * DAY,
    ).save()  # fmt: skip


def written_but_for(plan: Plan, *owners: str) -> None:
    """All is written, at the very beginning, but for the sections of these owners."""
    for section in Section.objects.filter(plan=plan).exclude(owner__in=owners):
        section.marked_complete = True
        section.save()


def due(world: World, days: int = DUE, key: str = "sam", waits_for: Iterable[str] = ("school", "social_worker")) -> Plan:
    """A plan of Sam's, begun today, that is due so many days from today."""
    plan = begin(world, key)
    plan.due_on, plan.due_reason = world.today + days * DAY, "typed"
    plan.save()
    written_but_for(plan, *waits_for)
    return plan


def reminded(world: World, plan: Plan, days: int) -> set[str]:
    """Who is reminded of a plan on a day, by first name."""
    told = {one.user_id for one in due_reminders(world.today + days * DAY) if one.plan_id == plan.pk}
    return {name for name, user in world.people.items() if user.pk in told}


def listed(world: World, days: int, waits_for: str = "") -> list[str]:
    """Whose turn it is by the list of what is late on a day."""
    on = world.today + days * DAY
    rows = late_rows(Child.objects.filter(pk=world.children["sam"].pk), on, waits_for=waits_for)
    return [turn.who for line in lines(rows, on) for turn in line.turns]


def stood(plan: Plan, on: datetime.date) -> Timeliness:
    return timeliness_of_many([plan], on)[plan.pk]


# In the holidays


def test_of_a_plan_due_in_the_holidays_the_virtual_school_is_reminded_on_days_of_holidays(world: World) -> None:
    """F4: nobody is at school to read it, or to do it."""
    plan = due(world)
    assert reminded(world, plan, HOLIDAYS - 2) == {"anna", "fay"}
    assert reminded(world, plan, A_DAY_IN_THE_HOLIDAYS) == {"kit", "fay"}
    assert reminded(world, plan, BACK_AT_SCHOOL) == {"anna", "fay"}


def test_a_date_in_term_stays_the_schools_on_days_of_holidays_too(world: World) -> None:
    """It could be kept while school was open."""
    plan = due(world, IN_TERM)
    assert reminded(world, plan, A_DAY_IN_THE_HOLIDAYS) == {"anna", "fay"}
    assert "Designated teacher: Anna Example" in listed(world, A_DAY_IN_THE_HOLIDAYS)


def test_a_school_with_terms_of_its_own_has_its_own_holidays(world: World) -> None:
    plan = due(world)
    term(world, -40, DUE + 10, world.schools["hill"], "autumn")
    term(world, NEXT_TERM, NEXT_TERM + 60, world.schools["hill"])
    assert reminded(world, plan, A_DAY_IN_THE_HOLIDAYS) == {"anna", "fay"}


def test_where_the_next_term_is_not_known_nobody_says_there_are_holidays(world: World) -> None:
    plan = due(world)
    Term.objects.filter(name="spring").delete()
    assert reminded(world, plan, A_DAY_IN_THE_HOLIDAYS) == {"anna", "fay"}


def test_what_is_late_is_listed_and_found_under_whom_it_waits_for_on_the_day(world: World) -> None:
    due(world, waits_for=["school"])
    assert listed(world, A_DAY_IN_THE_HOLIDAYS) == ["Virtual school"] == listed(world, A_DAY_IN_THE_HOLIDAYS, "virtual_school")
    assert listed(world, A_DAY_IN_THE_HOLIDAYS, "school") == []
    assert listed(world, BACK_AT_SCHOOL) == ["Designated teacher: Anna Example"] == listed(world, BACK_AT_SCHOOL, "school")
    assert listed(world, BACK_AT_SCHOOL, "virtual_school") == []


def test_the_desks_list_names_the_same_people(world: World) -> None:
    plan = due(world, waits_for=["school"])

    def holder(days: int) -> str:
        return desk_lines([plan], world.today + days * DAY)[0].holder

    assert "Anna Example" in holder(BACK_AT_SCHOOL) and "Virtual school" in holder(A_DAY_IN_THE_HOLIDAYS)
    assert "Anna" not in holder(A_DAY_IN_THE_HOLIDAYS)


def test_a_school_reads_on_the_dates_page_until_when_to_meet_about_a_first_plan(world: World) -> None:
    """And not on which day the child came into care."""
    plan = due(world, waits_for=["school"])
    plan.due_reason = "initial"
    plan.due_words = "20 working days after 3 May, when it came. That day is in the school holidays: hold the meeting by 9 May"
    plan.save()
    page = signed_in(world.people["anna"]).get(f"/children/{plan.child_id}/dates/").content.decode()
    assert "That day is in the school holidays: hold the meeting by 9 May" in page and "3 May" not in page


def test_both_parts_are_one_turn_where_the_virtual_school_has_the_schools(world: World) -> None:
    due(world, waits_for=["school", "virtual_school"])
    assert listed(world, A_DAY_IN_THE_HOLIDAYS) == ["Virtual school"]


def test_a_nudge_in_the_holidays_goes_to_the_virtual_school_and_rises_as_its_own(world: World) -> None:
    plan = due(world, waits_for=["school"])
    policy = world.places["fenshire"].policy
    policy.headteacher_working_days = 1
    policy.save()
    on = add_working_days(plan.due_on, policy.manager_working_days)
    assert on < world.today + NEXT_TERM * DAY
    rising = [one for one in due_escalations(on) if one.plan_id == plan.pk]
    assert rising and {one.owners for one in rising} == {("virtual_school",)}  # and its headteacher hears nothing
    nudge(Plan.objects.filter(pk=plan.pk), by=world.people["lena"], on=on)
    assert {message.recipient_id for message in Message.objects.filter(rule="plan_nudged")} == {world.people["kit"].pk}


def test_a_date_of_a_step_in_the_holidays_is_the_virtual_schools(world: World) -> None:
    """To submit after the meeting, to review the EHC plan: what is the school's alone falls to the virtual school with its date."""
    sam, plan = world.children["sam"], due(world, IN_TERM + 60)
    section = next(one for one in plan.form.sections if any(question.key == "ehcp_review" for question in one.questions))
    row = Section.objects.get(plan=plan, key=section.key)
    row.answers = {"ehcp_review": (world.today + DUE * DAY).isoformat()}
    row.save()
    held = Meeting.objects.get(plan=plan)
    with time_machine.travel(timezone.now() + (HOLIDAYS - 1) * DAY):
        held.state, held.starts_at = Meeting.State.HELD, timezone.now()
        held.save()
        refresh(sam, on=world.today + HOLIDAYS * DAY)
    rows = {one.kind: one for one in Deadline.objects.filter(child=sam, open=True)}
    assert (rows["ehcp"].owners, rows["complete"].owners) == (["virtual_school"], ["virtual_school"])
    assert rows["complete"].words.endswith("when the meeting was held. That day is in the school holidays")
    assert rows["complete"].in_holidays


def test_days_of_holidays_are_not_the_schools_delay(world: World) -> None:
    """Whose delay it was, so that figures are fair."""
    plan = due(world, waits_for=["school"])
    last, back = world.today + (NEXT_TERM - 1) * DAY, add_working_days(world.today + NEXT_TERM * DAY, 4)
    assert dict(stood(plan, last).delays) == {"virtual_school": working_days_between(plan.due_on, last)}
    assert dict(stood(plan, back).delays) == {
        "virtual_school": working_days_between(plan.due_on, last), "school": working_days_between(last, back)
    }  # fmt: skip


def test_holidays_do_not_excuse_a_school_from_a_date_in_term(world: World) -> None:
    plan = due(world, IN_TERM, waits_for=["school"])
    on = world.today + A_DAY_IN_THE_HOLIDAYS * DAY
    assert dict(stood(plan, on).delays) == {"school": working_days_between(plan.due_on, on)}


def test_of_a_plan_that_waits_for_several_only_the_schools_part_is_another(world: World) -> None:
    plan = due(world)
    assert dict(stood(plan, world.today + A_DAY_IN_THE_HOLIDAYS * DAY).delays) == {
        "social_worker+virtual_school": working_days_between(plan.due_on, world.today + A_DAY_IN_THE_HOLIDAYS * DAY)
    }  # fmt: skip


def test_who_has_the_schools_part_in_the_holidays_takes_the_same_two_queries_however_many(world: World) -> None:
    """H4. On a day on which no school has holidays one."""
    plans = [due(world), *(create_plan(another(world, number), reason="termly", due_on=world.today + DUE * DAY, by=None, on=world.today)
                           for number in range(3))]  # fmt: skip
    for some in (plans[:1], plans):
        for days, queries, found in ((A_DAY_IN_THE_HOLIDAYS, 2, {plan.pk for plan in some}), (BACK_AT_SCHOOL, 1, set())):
            with CaptureQueriesContext(connection) as captured:
                away = of_the_virtual_school([(plan.pk, plan.child_id, plan.due_on) for plan in some], world.today + days * DAY)
            assert (len(captured), away) == (queries, found)


# Without a teacher


def late(world: World, key: str = "sam") -> Plan:
    """A plan that has waited for the school alone since before its date, twenty days ago."""
    on = world.today - 20 * DAY
    with time_machine.travel(datetime.datetime.combine(on - 10 * DAY, datetime.time(12), tzinfo=datetime.UTC)):
        plan = create_plan(world.children[key], reason="termly", due_on=on, by=None, on=on - 10 * DAY)
        written_but_for(plan, "school")
    return plan


def end_the_role_of(world: World, name: str, on: datetime.date) -> None:
    role = Membership.objects.get(user=world.people[name])
    role.ends = on
    role.save()


def test_the_delay_of_a_child_without_a_school_is_not_the_schools(world: World) -> None:
    """Wes has no school; the virtual school holds that part."""
    plan = late(world, "wes")
    assert dict(stood(plan, world.today).delays) == {"virtual_school": working_days_between(plan.due_on, world.today)}


def test_days_before_the_child_came_to_its_school_are_not_the_schools_delay(world: World) -> None:
    plan, came = late(world), world.today - 6 * DAY
    place = Enrolment.objects.get(child=plan.child, kind="main")
    place.starts = came
    place.save()
    without = working_days_between(plan.due_on, came - DAY)
    assert dict(stood(plan, world.today).delays) == {"virtual_school": without, "school": working_days_between(came - DAY, world.today)}


def test_days_on_which_the_school_has_no_designated_teacher_are_not_its_delay(world: World) -> None:
    """Anna's role ends, and Bilal follows her some days later."""
    plan, left, follows = late(world), world.today - 14 * DAY, world.today - 4 * DAY
    end_the_role_of(world, "anna", left)
    authority, hill = world.places["fenshire"].authority, world.schools["hill"]
    Membership(user=world.people["bilal"], role="designated_teacher", school=hill, authority=authority, starts=follows).save()
    gap = working_days_between(left - DAY, follows - DAY)
    assert dict(stood(plan, world.today).delays) == {
        "school": working_days_between(plan.due_on, world.today) - gap, "virtual_school": gap
    }  # fmt: skip


def test_a_teacher_of_another_authority_at_the_same_school_holds_nothing_for_this_one(world: World) -> None:
    """Cora is Marlow Vale's at Hill School."""
    plan = late(world)
    end_the_role_of(world, "anna", world.today - 100 * DAY)
    assert dict(stood(plan, world.today).delays) == {"virtual_school": working_days_between(plan.due_on, world.today)}


def test_an_account_that_nobody_took_up_never_worked_and_one_that_was_closed_worked_until_that_day(world: World) -> None:
    plan, anna = late(world), world.people["anna"]
    whole = working_days_between(plan.due_on, world.today)
    anna.is_active = False
    anna.save()
    assert dict(stood(plan, world.today - DAY).delays) == {"school": working_days_between(plan.due_on, world.today - DAY)}
    later = add_working_days(world.today, 3)
    assert stood(plan, later).delays[0][0] == "school" and dict(stood(plan, later).delays)["virtual_school"] in (3, 4)
    anna.is_active = True
    anna.set_unusable_password()
    anna.save()
    assert dict(stood(plan, world.today).delays) == {"virtual_school": whole}


def test_an_account_that_ends_on_a_day_works_until_then(world: World) -> None:
    plan, anna = late(world), world.people["anna"]
    anna.expires_on = world.today - 7 * DAY
    anna.save()
    after = working_days_between(anna.expires_on - DAY, world.today)
    assert dict(stood(plan, world.today).delays)["virtual_school"] == after


def test_the_dates_page_says_whom_the_plan_waits_for_under_its_own_date(world: World) -> None:
    """Each date says whose turn it is."""
    plan = due(world, waits_for=["school"])

    def whose(days: int) -> str:
        at = datetime.datetime.combine(world.today + days * DAY, datetime.time(12), tzinfo=datetime.UTC)
        with time_machine.travel(at):
            page = signed_in(world.people["kit"]).get(f"/children/{plan.child_id}/dates/").content.decode()
        return page.split(f'id="plan-{plan.pk}"')[1].split("How it moved")[0]

    assert "Designated teacher: Anna Example" in whose(1)
    assert "Virtual school: Kit Example" in whose(A_DAY_IN_THE_HOLIDAYS) and "Anna" not in whose(A_DAY_IN_THE_HOLIDAYS)
