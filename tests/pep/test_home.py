"""The first page: each child in the right group, with what is left and who holds it in words."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from pep.deadlines import next_plan, refresh
from pep.models import Attendee, Meeting, Plan, Section
from pep.reminders import due_reminders
from pep.sections import approve_exception, author_for, writing
from pep.workflow import Incomplete, available, perform
from tests.pep.test_workflow import bring_to
from tests.world import DAY, World, begin, build_world, fill, reviewed_elsewhere, signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    return build_world()


def groups(world: World, name: str) -> dict[str, list[str]]:
    """Each group's lines in words, as someone's first page shows them."""
    answer = signed_in(world.people[name]).get("/")
    return {group.title: [line.words for line in group.lines] for group in answer.context["groups"]}


def test_a_teacher_is_told_which_of_their_own_sections_are_left(world: World) -> None:
    begin(world, "sam")
    [words] = groups(world, "anna")["Do now"]
    assert "sections to go: Education history" in words


def test_a_finished_plan_is_ready_for_the_teacher_and_waits_for_her_in_the_eyes_of_the_others(world: World) -> None:
    fill(begin(world, "sam"), "sam")
    assert groups(world, "anna")["Do now"] == ["Ready to submit"]
    assert groups(world, "fay")["Waiting for others"] == ["Waiting for the designated teacher to submit"]


def test_answers_that_nobody_has_said_are_complete_are_their_owners_to_do_and_keep_the_plan_from_being_submitted(world: World) -> None:
    """Her first page, the ladder and the page that submits say the same of Fay's part, which is answered but not marked."""
    plan = begin(world, "sam")
    fill(plan, "sam")
    theirs = Section.objects.filter(plan=plan, owner="social_worker").exclude(key="sign_off")
    for row in theirs:
        row.marked_complete = False
        row.save()
    plan.due_on = world.today + 5 * DAY
    plan.save()
    assert [words.split(":")[0] for words in groups(world, "fay")["Do now"]] == [f"{len(theirs)} sections to go"]
    assert groups(world, "anna") == {"Do now": [], "Waiting for others": ["Waiting for the social worker"], "Up to date": []}
    assert {(one.user_id, one.sections) for one in due_reminders(world.today)} == {(world.people["fay"].pk, len(theirs))}
    with pytest.raises(Incomplete) as refused:
        perform(plan, "submit", by=world.people["anna"])
    assert {gap.label for gap in refused.value.gaps} == {"Say that this section is complete"}
    page = signed_in(world.people["fay"]).get(f"/plans/{plan.pk}/").content.decode()
    assert "Say that this section is complete" in page
    for row in theirs:
        row.marked_complete = True
        row.save()
    assert groups(world, "anna")["Do now"] == ["Ready to submit"]
    assert {one.user_id for one in due_reminders(world.today)} == {world.people["anna"].pk}
    assert perform(plan, "submit", by=world.people["anna"]).state == Plan.State.AWAITING_SIGN_OFF


def test_a_section_that_lacks_something_does_not_stand_as_complete_whatever_was_said_of_it(world: World) -> None:
    """Also where something was taken out of it later; and going on without a meeting leaves nothing to say about the meeting."""
    plan = begin(world, "sam")
    fill(plan, "sam")
    anna = signed_in(world.people["anna"])

    def marked(key: str) -> bool:
        return Section.objects.get(plan=plan, key=key).marked_complete

    def version(key: str) -> int:
        return Section.objects.get(plan=plan, key=key).version

    address = f"/plans/{plan.pk}/sections/attendance/"
    answer = anna.post(address, {"version": version("attendance"), "complete": "yes"}, follow=True)
    assert "You said that you have completed this section" in answer.content.decode()
    assert not marked("attendance")
    again = anna.post(address, {"version": version("attendance") - 1, "complete": "yes"}, follow=True)
    assert again.status_code == 200, "the button was pressed twice"
    target = plan.targets.get()
    anna.post(f"/plans/{plan.pk}/targets/{target.pk}/remove/", {"version": version("targets")})
    target.refresh_from_db()
    assert target.removed and not marked("targets")
    meeting = Meeting.objects.get(plan=plan)
    meeting.state, meeting.starts_at, meeting.not_held_because = "not_held", None, "Snow"
    meeting.save()
    with writing(plan.pk, "meeting", version("meeting"), author=author_for(plan, "meeting", world.people["anna"], on=world.today)):
        pass
    assert not marked("meeting")
    assert approve_exception(plan, by=world.people["kit"], reason="Snow") and marked("meeting")
    assert groups(world, "anna")["Do now"] == ["2 sections to go: Attendance, New targets"]


@pytest.mark.parametrize("owner", ["school", "social_worker"])
def test_ready_to_submit_stands_with_those_alone_who_may_submit(world: World, owner: str) -> None:
    plan = begin(world, "sam")
    fill(plan, "sam")
    bring_to(plan, Plan.State.AWAITING_SIGN_OFF, world)
    back = Section.objects.filter(plan=plan, owner=owner).exclude(key="sign_off").first()
    assert back
    perform(plan, "return_from_sign_off", by=world.people["fay"], comment="More", sections=[back.key])
    back.refresh_from_db()
    back.marked_complete = True
    back.save()
    plan.refresh_from_db()
    for name in ("anna", "fay", "eve", "hana"):
        may = "submit" in {move.action for move in available(plan, world.people[name], world.today)}
        assert ("Ready to submit" in groups(world, name)["Do now"]) is may, name


def test_a_submitted_plan_is_the_social_workers_to_do(world: World) -> None:
    plan = begin(world, "sam")
    fill(plan, "sam")
    bring_to(plan, Plan.State.AWAITING_SIGN_OFF, world)
    assert groups(world, "fay")["Do now"] == ["Read the plan and sign it off"]
    assert groups(world, "anna")["Waiting for others"] == ["Waiting for the social worker to sign off"]


def test_for_a_child_without_a_school_everyone_waits_for_the_virtual_school(world: World) -> None:
    plan = begin(world, "wes")
    fill(plan, "wes")
    assert groups(world, "hana")["Waiting for others"] == ["Waiting for the virtual school to submit"]


def test_a_plan_that_two_people_have_to_fill_in_waits_for_both_by_name(world: World) -> None:
    begin(world, "sam")
    assert groups(world, "jo")["Waiting for others"] == ["Waiting for the designated teacher and the social worker"]


def test_when_tias_teacher_has_left_gus_waits_for_the_virtual_school_on_his_list_and_in_the_plan(world: World) -> None:
    plan = begin(world, "tia")
    fill(plan, "tia")
    assert groups(world, "gus")["Waiting for others"] == ["Waiting for the designated teacher to submit"]
    world.people["bilal"].set_unusable_password()
    world.people["bilal"].save()
    assert groups(world, "gus")["Waiting for others"] == ["Waiting for the virtual school to submit"]
    answer = signed_in(world.people["gus"]).get(f"/plans/{plan.pk}/")
    owners = {row["hint"] for _, rows in answer.context["stages"] for row in rows}
    assert owners == {"Social worker", "Virtual school"}


@pytest.mark.parametrize("name", ["hana", "anna"])
def test_the_first_page_takes_the_same_queries_for_one_plan_and_for_three(world: World, name: str, django_assert_max_num_queries) -> None:  # type: ignore[no-untyped-def]
    """H4. One of them asks for terms: in the holidays the school's part is the virtual school's."""
    client = signed_in(world.people[name])
    for key in ("sam", "tia", "wes"):
        begin(world, key)
        client.get("/")
        with django_assert_max_num_queries(28):
            client.get("/")


def awaiting_signature(world: World, key: str) -> Plan:
    plan = begin(world, key)
    fill(plan, key)
    return bring_to(plan, Plan.State.AWAITING_SIGN_OFF, world)


@pytest.mark.parametrize("how", ["team alone", "inactive", "expired"])
def test_without_a_social_worker_who_can_sign_in_the_plan_is_the_team_managers_to_sign(world: World, how: str) -> None:
    awaiting_signature(world, "sam")
    assert groups(world, "hana")["Waiting for others"] == ["Waiting for the social worker to sign off"]
    allocation, fay = world.children["sam"].allocations.get(role="social_worker"), world.people["fay"]
    if how == "team alone":
        allocation.worker = None
        allocation.save()
    else:
        fay.is_active, fay.expires_on = how != "inactive", world.today if how == "expired" else None
        fay.save()
    for name in ("hana", "ian"):
        assert groups(world, name)["Do now"] == ["No social worker can sign. Read the plan and sign it off"]
    assert groups(world, "anna")["Waiting for others"] == ["Waiting for the social work team to sign off"]


def test_a_manager_whom_the_policy_does_not_let_sign_is_not_told_to(world: World) -> None:
    policy = world.places["fenshire"].policy
    policy.managers_may_sign = False
    policy.save()
    awaiting_signature(world, "sam")
    world.people["fay"].is_active = False
    world.people["fay"].save()
    assert groups(world, "hana")["Do now"] == []
    assert groups(world, "hana")["Waiting for others"] == ["Waiting for the social work team to sign off"]


def test_the_first_page_takes_the_same_queries_for_one_plan_to_sign_and_for_three(world: World, django_assert_num_queries) -> None:  # type: ignore[no-untyped-def]
    client = signed_in(world.people["hana"])
    awaiting_signature(world, "sam")
    client.get("/")
    with CaptureQueriesContext(connection) as first:
        client.get("/")
    for key in ("tia", "wes"):
        plan = begin(world, key)
        fill(plan, key)
        plan.state = Plan.State.AWAITING_SIGN_OFF
        plan.save()
    with django_assert_num_queries(len(first)):
        client.get("/")


def booked(plan: Plan, days: int) -> Meeting:
    """A plan's meeting, booked for so many days from now."""
    meeting = Meeting.objects.get(plan=plan)
    meeting.state, meeting.starts_at = "booked", timezone.now() + days * DAY
    meeting.save()
    return meeting


def test_who_holds_the_meeting_is_asked_whether_it_was_held_once_its_day_has_passed(world: World) -> None:
    plan = begin(world, "sam")
    meeting = booked(plan, -15)
    when = timezone.localdate(meeting.starts_at)
    asked = f"Say whether the meeting of {when:%-d %B} was held"
    [words] = groups(world, "anna")["Do now"]
    assert words.startswith(f"{asked}. ") and "sections to go: Education history" in words
    for other in ("fay", "hana"):
        assert not any("Say whether" in line for lines in groups(world, other).values() for line in lines)
    booked(plan, 0)
    assert not any("Say whether" in line for line in groups(world, "anna")["Do now"])


@pytest.mark.parametrize(("name", "may_say"), [("anna", True), ("kit", True), ("fay", True), ("jo", False)])
def test_the_plans_page_asks_whether_a_meeting_was_held_and_leads_whoever_may_write_it_there(
    world: World, name: str, may_say: bool
) -> None:
    plan = begin(world, "sam")
    meeting = booked(plan, -15)
    question = f"The meeting was booked for {timezone.localdate(meeting.starts_at):%-d %B %Y}. Was it held?"
    client = signed_in(world.people[name])
    page = client.get(f"/plans/{plan.pk}/").content.decode()
    assert question in page and ("Say whether it was held</a>" in page) is may_say
    booked(plan, 0)
    assert "Was it held?" not in client.get(f"/plans/{plan.pk}/").content.decode()


def test_a_child_who_stands_in_two_groups_is_counted_once(world: World) -> None:
    plan = begin(world, "sam")
    meeting = Meeting.objects.get(plan=plan)
    meeting.state, meeting.starts_at = "booked", timezone.now() + 7 * DAY
    meeting.save()
    Attendee(meeting=meeting, role="parent", name="Sam’s mother").save()
    answer = signed_in(world.people["fay"]).get("/")
    about_sam = [line for group in answer.context["groups"] for line in group.lines if line.child == plan.child]
    children = {line.child.pk for group in answer.context["groups"] for line in group.lines}
    assert len(about_sam) == 2
    counted = f"{len(children)} child{'' if len(children) == 1 else 'ren'}"
    assert f'<p class="app-count">{counted}</p>' in answer.content.decode()


def test_a_parent_who_waits_for_the_social_workers_word_stands_on_her_first_page(world: World) -> None:
    plan = begin(world, "sam")
    meeting = Meeting.objects.get(plan=plan)
    meeting.state, meeting.starts_at = "booked", timezone.now() + 7 * DAY
    meeting.save()
    mother = Attendee(meeting=meeting, role="parent", name="Sam’s mother")
    mother.save()
    assert "Decide about the meeting: Sam’s mother" in groups(world, "fay")["Do now"]
    assert "Waiting for the social worker to decide about the meeting: Sam’s mother" in groups(world, "hana")["Waiting for others"]
    assert not any("mother" in line for lines in groups(world, "anna").values() for line in lines)
    mother.may_come, mother.decided_at, mother.decided_by = "no", timezone.now(), world.people["fay"]
    mother.save()
    assert not any("mother" in line for lines in groups(world, "fay").values() for line in lines)


def test_a_child_whose_first_plan_is_not_begun_is_not_up_to_date(world: World) -> None:
    sam = world.children["sam"]
    period = sam.care_periods.get()
    period.starts = world.today - 8 * DAY
    period.save()
    refresh(sam, on=world.today)
    assert groups(world, "fay")["Waiting for others"] == ["The first plan is not begun yet: it waits for the virtual school"]
    assert not groups(world, "fay")["Up to date"]


def test_the_next_plan_is_due_on_the_earliest_of_its_dates_and_a_child_who_left_care_needs_none(world: World) -> None:
    """The same day as on the desk and on the child's page."""
    sam = world.children["sam"]
    reviewed_elsewhere(world, "sam", days_ago=50)
    refresh(sam, on=world.today)
    answer = signed_in(world.people["fay"]).get("/")
    [line] = next(group for group in answer.context["groups"] if group.title == "Up to date").lines
    due = next_plan(sam)
    assert due is not None and due.kind == "term"  # before the six months
    assert (line.words, line.due_on) == ("Next plan due", due.due_on)
    period = sam.care_periods.get()
    period.ends = world.today
    period.save()
    refresh(sam, on=world.today)
    assert groups(world, "fay")["Up to date"] == ["Needs no plan now"]
