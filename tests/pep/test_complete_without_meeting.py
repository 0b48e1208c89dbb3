"""A plan that becomes complete while its meeting is still booked, and its corrections: no calendar keeps what nobody could take out."""

from collections.abc import Iterator

import pytest
import time_machine
from django.db import models

from pep.invitations import withdraw_invitations
from pep.models import Meeting, MeetingInvitation, Plan, PlanSnapshot, Section
from pep.sections import approve_exception
from pep.views.meeting import meeting_section
from pep.workflow import perform
from tests.pep.meeting_stories import decide, invitation, people, save, sent
from tests.pep.test_meetings_in_calendars import MOTHER, NOW, at
from tests.pep.test_workflow import bring_to
from tests.world import DAY, World, begin, build_world, fill, graded, signed_in

APART = {"may_come": "separate", "day-day": "2", "day-month": "6", "day-year": "2026", "time": "09:15"}
REASON = "Sam is in hospital"


@pytest.fixture
def world(db: None) -> Iterator[World]:
    """The cast, on Tuesday 10 March 2026."""
    with time_machine.travel(NOW):
        yield build_world()


@pytest.fixture
def plan(world: World) -> Plan:
    """Sam's plan with a meeting booked for May, which the virtual school lets go on without one."""
    plan = begin(world, "sam")
    fill(plan, "sam")
    meeting = Meeting.objects.get(plan=plan)
    meeting.state, meeting.starts_at, meeting.participation, meeting.next_on = "not_booked", None, "", None
    meeting.save()
    save(world.people["anna"], plan, when=at(12, month=5), add=[MOTHER, *people(world, "anna", "fay")])
    decide(world.people["fay"], plan, MOTHER[1])
    sent()
    assert approve_exception(plan, by=world.people["kit"], reason=REASON)
    plan.refresh_from_db()
    return plan


def complete(plan: Plan, world: World) -> Plan:
    """The plan with everything ticked, taken to its end."""
    for row in Section.objects.filter(plan=plan):
        row.marked_complete = True
        row.save()
    plan.refresh_from_db()
    return bring_to(plan, Plan.State.COMPLETE, world)


def correct(plan: Plan, world: World, section: str) -> Plan:
    """A correction of one section."""
    perform(plan, "correct", by=world.people["kit"], comment="Wrong", sections=[section])
    found: Plan = Plan.objects.get(corrects=plan)
    return found


def entries() -> list[tuple[str, str, int]]:
    """What was sent since the last time."""
    return [(one.to, one.method, one.sequence) for one in sent()]


EVERYBODY = ["anna@example.test", "fay@example.test", "mother@home.test"]


def test_a_meeting_still_booked_when_its_plan_is_complete_is_taken_out_of_calendars_and_says_why_it_was_not_held(
    world: World, plan: Plan
) -> None:
    """F5: afterwards nobody could say it."""
    complete(plan, world)
    assert entries() == [(address, "CANCEL", 1) for address in EVERYBODY]
    meeting = Meeting.objects.get(plan=plan)
    assert (meeting.state, meeting.not_held_because, meeting.exception_because) == ("not_held", REASON, REASON)
    assert meeting.exception_by == world.people["kit"]
    last = meeting.history.order_by("-history_id").first()
    assert last is not None and (last.state, last.history_change_reason) == ("not_held", "The plan became complete without it")
    assert last.history_user_id is not None
    assert meeting.history.filter(state="booked").exists(), "what it was before stays in the history"
    blocks = str(PlanSnapshot.objects.get(plan=plan).content)
    assert "Not held" in blocks and REASON in blocks
    page = signed_in(world.people["anna"]).get(f"/plans/{plan.pk}/read/").content.decode()
    assert "Not held" in page and REASON in page
    assert withdraw_invitations(world.today) == 0 and entries() == []


def test_a_plan_complete_with_its_meeting_held_takes_nothing_out(world: World, plan: Plan) -> None:
    with time_machine.travel(NOW + 65 * DAY):
        save(world.people["anna"], plan, when=at(12, month=5), meeting={"state": "held", "participation": "PN1"})
        complete(plan, world)
        assert entries() == [] and Meeting.objects.get(plan=plan).state == "held"


def test_a_correction_of_another_section_carries_the_meeting_as_not_held(world: World, plan: Plan) -> None:
    new = correct(complete(plan, world), world, "attendance")
    sent()
    meeting = Meeting.objects.get(plan=new)
    assert (meeting.state, meeting.not_held_because, meeting.exception_because) == ("not_held", REASON, REASON)
    assert entries() == []


def test_a_meeting_booked_anew_in_a_correction_is_the_same_entry_in_each_calendar(world: World, plan: Plan) -> None:
    """F5: nobody's calendar holds two."""
    first = {row.address: row.uid for row in MeetingInvitation.objects.all()}
    complete(plan, world)
    sent()
    new = correct(plan, world, meeting_section(plan).key)
    save(world.people["anna"], new, when=at(13, month=5))
    again = sent()
    assert [(one.to, one.method, one.sequence) for one in again] == [(address, "REQUEST", 2) for address in EVERYBODY]
    assert {one.to: one.uid for one in again} == first
    assert MeetingInvitation.objects.count() == 3
    for row in Section.objects.filter(plan=new):
        row.marked_complete = True
        row.save()
    new = perform(new, "submit", by=world.people["anna"])
    perform(new, "grade", by=world.people["lena"], **graded())
    assert entries() == [(address, "CANCEL", 3) for address in EVERYBODY]


def test_somebodys_own_time_still_to_come_is_changed_by_a_correction_and_given_back_when_it_comes_to_nothing(
    world: World, plan: Plan
) -> None:
    decide(world.people["fay"], plan, MOTHER[1], **APART)
    with time_machine.travel(NOW + 65 * DAY):
        save(world.people["anna"], plan, when=at(12, month=5), meeting={"state": "held", "participation": "PN1"})
        complete(plan, world)
        sent()
        new = correct(plan, world, meeting_section(plan).key)
        assert entries() == [], "what calendars hold already is not sent again"
        [row] = MeetingInvitation.objects.filter(user=None)
        decide(world.people["fay"], new, MOTHER[1], **{**APART, "day-day": "3"})
        assert entries() == [("mother@home.test", "REQUEST", row.sequence + 1)]
        perform(new, "cancel", by=world.people["lena"], comment="Not needed")
        [back] = sent()
        assert (back.to, back.method, back.uid, back.sequence) == ("mother@home.test", "REQUEST", row.uid, row.sequence + 2)
        assert back.entry.decoded("DTSTART").day == 2, "what the first version says holds as before"
        row.refresh_from_db()
        assert row.meeting.plan_id == plan.pk and not row.withdrawn


def booked_and_complete(plan: Plan, world: World) -> Plan:
    """As plans stand that became complete before they took their meeting out of calendars."""
    complete(plan, world)
    sent()
    models.QuerySet(Meeting).filter(plan=plan).update(state="booked", not_held_because="")
    models.QuerySet(MeetingInvitation).update(withdrawn=False)
    plan.refresh_from_db()
    return plan


def test_the_night_takes_out_what_plans_that_were_complete_before_have_left_in_calendars(world: World, plan: Plan) -> None:
    booked_and_complete(plan, world)
    assert (withdraw_invitations(world.today), withdraw_invitations(world.today)) == (3, 0)
    found = sent()
    assert [(one.to, one.method, one.sequence) for one in found] == [(address, "CANCEL", 2) for address in EVERYBODY]
    assert all("was cancelled" in " ".join(one.whole.split()) for one in found)


def test_so_does_a_correction_and_its_meeting_was_not_held(world: World, plan: Plan) -> None:
    new = correct(booked_and_complete(plan, world), world, "attendance")
    assert entries() == [(address, "CANCEL", 2) for address in EVERYBODY]
    assert Meeting.objects.get(plan=new).state == "not_held"
    assert invitation(new, world.people["fay"]).withdrawn
