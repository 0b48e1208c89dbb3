"""What was under way when a child left care: closed with its text kept, nobody's lateness any more, and begun anew after a mistake."""

import datetime
import re
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import Message
from children.models import CarePeriod, Child
from pep import deadlines, leaving
from pep.escalation import due_escalations
from pep.invitations import bring_up_to_date
from pep.late import late_rows
from pep.models import Attendee, Deadline, Meeting, MeetingInvitation, Plan, PlanEvent, Section
from pep.reminders import due_reminders
from pep.tasks import daily
from pep.timeliness import may_be_late, timeliness_of_many
from pep.workflow import perform
from schools.timetable import working_days_between
from tests.pep.test_workflow import bring_to
from tests.world import DAY, World, begin, build_world, fill, graded, press, signed_in
from virtualschool import quality, reports

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    return build_world()


def period_of(world: World, key: str = "sam") -> CarePeriod:
    return CarePeriod.objects.get(child=world.children[key])


def on_page(world: World, last_day: datetime.date | None, key: str = "sam", who: str = "kit", **more: Any) -> str:
    """An officer types the last day in care, or none, on its page; what the answer says."""
    period = period_of(world, key)
    typed = {"legal_status": "C2", **more}
    for name, day in (("starts", period.starts), ("last_day", last_day)):
        typed |= {f"{name}-{part}": getattr(day, part) if day else "" for part in ("day", "month", "year")}
    answer = press(signed_in(world.people[who]), f"/register/care/{period.pk}/", typed, follow=True)
    return re.sub(r"(<[^>]+>|\s)+", " ", answer.content.decode())


def invited(world: World, plan: Plan) -> MeetingInvitation:
    """A meeting is booked, and Anna's calendar holds it."""
    meeting = Meeting.objects.get(plan=plan)
    meeting.state, meeting.starts_at, meeting.booked_by = "booked", timezone.now() + 10 * DAY, world.people["fay"]
    meeting.save()
    Attendee(meeting=meeting, role="designated_teacher", name="Anna Example", user=world.people["anna"], invited=True).save()
    bring_up_to_date(meeting, by=world.people["fay"])
    return MeetingInvitation.objects.get(user=world.people["anna"])


def test_the_page_that_ends_care_closes_the_plan_and_says_so_before_and_after(world: World) -> None:
    """F4."""
    plan = begin(world, "sam")
    invitation = invited(world, plan)
    section = Section.objects.get(plan=plan, key="attendance")
    section.answers = {"views": "kept"}
    section.save()
    page = signed_in(world.people["kit"]).get(f"/register/care/{period_of(world).pk}/").content.decode()
    assert "is closed incomplete" in page and "invitations to its meeting are cancelled" in page and str(plan) in page
    shown = on_page(world, world.today - DAY)
    assert f"{plan} is closed incomplete, and what was written is kept." in shown
    plan.refresh_from_db()
    event = PlanEvent.objects.get(plan=plan, action="leave_care")
    assert plan.state == Plan.State.CLOSED and event.by == world.people["kit"]
    assert event.comment.startswith(f"The child left care on {world.today:%-d %B %Y}.") and "What was written is kept" in event.comment
    assert Section.objects.get(plan=plan, key="attendance").answers == {"views": "kept"}
    invitation.refresh_from_db()
    assert invitation.withdrawn
    told = Message.objects.filter(rule="plan_closed", about_plan=plan.pk).values_list("recipient__name", flat=True)
    assert {*told} == {"Anna Example", "Fay Example"}


def test_nothing_of_a_child_who_left_care_is_late_or_asked_for(world: World) -> None:
    """F4, with a plan that was forty days late."""
    plan = begin(world, "sam")
    plan.due_on = world.today - 40 * DAY
    plan.save()
    on_page(world, world.today - DAY)
    children = Child.objects.visible_to(world.people["kit"], on=world.today).filter(pk=plan.child_id)
    later = world.today + 60 * DAY
    assert not late_rows(children, later) and not Deadline.objects.filter(child=plan.child_id, open=True)
    assert not [one for one in due_reminders(later) if one.plan_id == plan.pk]
    assert not [one for one in due_escalations(later) if one.plan_id == plan.pk]
    for queue in quality.QUEUES:
        found: Any = quality.plans_in(queue, children, later) if queue.of_plans else quality.children_in(queue, children, later)
        assert not found, queue.key
    term = reports.terms_of([world.places["fenshire"].authority], world.today)[0]
    assert not reports.punctuality(children, term, later).counted
    for who in ("fay", "anna"):
        home = re.sub(r"(<[^>]+>|\s)+", " ", signed_in(world.people[who]).get("/").content.decode())
        assert "to go:" not in home and "Needs no plan now" in home


def test_an_end_typed_ahead_closes_the_plan_in_the_night_of_its_day_and_once(world: World) -> None:
    plan = begin(world, "sam")
    shown = on_page(world, world.today + 4 * DAY)
    ends = world.today + 5 * DAY
    plan.refresh_from_db()
    assert plan.state == Plan.State.PREPARING and f"On {ends:%-d %B %Y} the plan that is under way is closed incomplete" in shown
    assert daily((ends - DAY).isoformat())["plans closed where none is needed"] == 0
    assert daily(ends.isoformat())["plans closed where none is needed"] == 1
    assert daily(ends.isoformat())["plans closed where none is needed"] == 0
    [event] = PlanEvent.objects.filter(plan=plan, to_state="closed")
    assert event.by is None and f"left care on {ends:%-d %B %Y}" in event.comment
    timeline = signed_in(world.people["anna"]).get(f"/plans/{plan.pk}/timeline/").content.decode()
    assert "The plan was closed because no plan is needed any more" in timeline


def test_what_both_have_signed_may_still_be_completed_and_is_nobodys_lateness(world: World) -> None:
    plan = begin(world, "sam")
    fill(plan, "sam")
    plan = bring_to(plan, "awaiting_check", world)
    plan.due_on = world.today - 40 * DAY
    plan.save()
    deadlines.refresh(world.children["sam"], on=world.today)
    assert Deadline.objects.filter(plan=plan, open=True).exists()
    on_page(world, world.today - DAY)
    plan.refresh_from_db()
    children = Child.objects.visible_to(world.people["kit"], on=world.today).filter(pk=plan.child_id)
    assert plan.state == Plan.State.AWAITING_CHECK and not Deadline.objects.filter(plan=plan, open=True)
    assert not late_rows(children, world.today) and not quality.plans_in(quality.QUEUES[2], children, world.today)
    term = reports.terms_of([world.places["fenshire"].authority], world.today)[0]
    assert not reports.punctuality(children, term, world.today).counted
    assert list(quality.plans_in(quality.QUEUES[0], children, world.today)) == [plan]
    assert "overdue" not in signed_in(world.people["fay"]).get("/").content.decode()
    daily(world.today.isoformat())
    plan.refresh_from_db()
    plan = perform(plan, "accept_unsampled" if not plan.drawn else "grade", by=world.people["lena"], **checked(plan))
    assert plan.state == Plan.State.COMPLETE


@pytest.mark.parametrize("days_before", [0, 10])
def test_days_after_care_ended_are_nobodys_delay_when_the_check_ends_later(world: World, days_before: int) -> None:
    """The plan was due on the last day of care, or ten days before it; the check came forty days after care had ended."""
    plan = begin(world, "sam")
    fill(plan, "sam")
    plan = bring_to(plan, "awaiting_check", world)
    ends = world.today - 40 * DAY
    on_page(world, ends - DAY)
    plan.refresh_from_db()
    plan.due_on = ends - days_before * DAY
    plan.save()
    term = reports.terms_of([world.places["fenshire"].authority], world.today)[0]
    assert not may_be_late(plan, world.today)
    assert signed_in(world.people["fay"]).get(f"/plans/{plan.pk}/lateness/").status_code in (302, 409)
    perform(plan, "accept_unsampled" if not plan.drawn else "grade", by=world.people["lena"], **checked(plan))
    plan.refresh_from_db()
    found = timeliness_of_many([plan], world.today).get(plan.pk)
    if days_before:
        assert found and found.working_days == working_days_between(plan.due_on, ends) and sum(dict(found.delays).values()) <= 10
    else:
        assert found is None
    assert reports.punctuality(Child.objects.filter(pk=plan.child_id), term, world.today).counted == bool(days_before)


def checked(plan: Plan) -> dict[str, Any]:
    """What a check of this plan says."""
    return graded() if plan.drawn else {"comment": "Outside the sample"}


def test_one_that_waits_for_the_social_workers_signature_is_closed(world: World) -> None:
    plan = begin(world, "sam")
    fill(plan, "sam")
    plan = bring_to(plan, "awaiting_sign_off", world)
    on_page(world, world.today - DAY)
    plan.refresh_from_db()
    assert plan.state == Plan.State.CLOSED


def test_an_end_that_was_a_mistake_is_taken_away_and_a_new_plan_begins_by_itself(world: World) -> None:
    plan = begin(world, "sam")
    on_page(world, world.today - DAY)
    assert not Deadline.objects.filter(child=plan.child_id, open=True)
    shown = on_page(world, None)
    new = Plan.objects.get(child=plan.child_id, state=Plan.State.PREPARING)
    plan.refresh_from_db()
    assert plan.state == Plan.State.CLOSED and f"A new plan is begun: {new}" in shown
    assert Deadline.objects.filter(child=plan.child_id, plan=None, open=True).exists()
    on_page(world, None, legal_status="C1")
    assert Plan.objects.filter(child=plan.child_id).count() == 2


def test_no_plan_is_closed_where_care_ended_at_eighteen_and_the_policy_goes_on(world: World) -> None:
    policy, sam = world.places["fenshire"].policy, world.children["sam"]
    policy.to_year_13 = True
    policy.save()
    sam.date_of_birth = world.today.replace(year=world.today.year - 18)
    sam.save()
    plan = begin(world, "sam")
    shown = on_page(world, world.today - DAY)
    daily(world.today.isoformat())
    plan.refresh_from_db()
    assert plan.state == Plan.State.PREPARING and "is closed" not in shown
    policy.to_year_13 = False
    policy.save()
    assert leaving.stop_where_ended(world.today) == 1


def test_short_breaks_that_follow_care_close_the_plan_and_the_school_does_not_read_why(world: World) -> None:
    plan, period = begin(world, "sam"), period_of(world)
    period.ends = world.today - DAY
    period.save()
    CarePeriod(child=world.children["sam"], starts=world.today - DAY, legal_status="V4").save()
    assert leaving.stop_where_ended(world.today) == 1
    assert PlanEvent.objects.get(plan=plan, action="leave_care").comment.startswith("No plan is needed for the child on ")
