"""Who is told that a child's record has opened or closed to them: at once, each change exactly once, by date alone too."""

import datetime
import threading

import pytest
import time_machine
from django.core import mail as outgoing
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from accounts import mail
from accounts.models import Message, User
from accounts.outbox import tell
from children.access_changes import TOGETHER, tell_of_the_day, telling
from children.models import Allocation, CarePeriod, Child, Enrolment
from pep.digests import not_before
from pep.moves import confirm, propose, take_back
from pep.tasks import daily
from schools.ended_roles import end_role, tell_of_ended_roles
from schools.memberships import organisation_of
from schools.models import Membership, VirtualSchool
from tests.pep.test_digests import at
from tests.world import DAY, World, build_world, member, signed_in
from tests.world import day as day_typed


@pytest.fixture
def world(db: None) -> World:
    return build_world()


def told(rule: str) -> list[str]:
    """Who was told, by first name, as often as they were."""
    names = Message.objects.filter(rule=rule).order_by("recipient__name").values_list("recipient__name", flat=True)
    return [str(name).split()[0].lower() for name in names]


def hand_over(world: World, key: str, name: str, on: datetime.date) -> Allocation:
    """From a day on somebody else is the child's social worker: typed before, nobody acts on the day."""
    old = world.children[key].allocations.get(role="social_worker", ends=None)
    old.ends = on
    old.save()
    new = Allocation(child=old.child, role="social_worker", worker=world.people[name], team=old.team, starts=on)
    new.save()
    return new


def test_an_allocation_that_begins_by_its_date_is_told_on_the_day_to_the_new_worker_and_to_the_old_one_each_once(world: World) -> None:
    day = world.today + 3 * DAY
    hand_over(world, "sam", "gus", day)
    assert [tell_of_the_day(day + n * DAY) for n in (-1, 0, 0, 1, 13)] == [0, 2, 0, 0, 0]
    assert (told("new_child"), told("access_ended")) == (["gus"], ["fay"])
    new, ended = Message.objects.get(rule="new_child"), Message.objects.get(rule="access_ended")
    assert (new.about_child, new.facts) == (world.children["sam"].pk, {"on": day.isoformat()})
    assert (ended.about_child, ended.about_plan) == (None, None), "nothing of the child is left to them"


def test_an_enrolment_that_begins_by_its_date_is_told_to_the_designated_teacher_whom_the_authority_vouches_for(world: World) -> None:
    sam, brook = world.children["sam"], world.schools["brook"]
    member(world, "Cora", "designated_teacher", school=brook, authority=world.places["marlow"].authority)
    old = sam.enrolments.get()
    old.ends = old.readable_until = world.today + 2 * DAY
    old.save()
    Enrolment(child=sam, school=brook, starts=world.today + 2 * DAY).save()
    assert tell_of_the_day(world.today + DAY) == 0
    tell_of_the_day(world.today + 2 * DAY)
    assert (told("new_child"), told("access_ended")) == (["bilal"], ["anna"])


def test_the_old_school_is_told_when_its_reading_ends_and_not_before(world: World) -> None:
    old = world.children["sam"].enrolments.get()
    old.ends, old.readable_until = world.today + 2 * DAY, world.today + 9 * DAY
    old.save()
    assert [tell_of_the_day(world.today + n * DAY) for n in (2, 8, 9, 10)] == [0, 0, 1, 0]
    assert told("access_ended") == ["anna"]


def test_a_night_that_was_missed_is_made_up_for(world: World) -> None:
    hand_over(world, "sam", "gus", world.today + 2 * DAY)
    assert tell_of_the_day(world.today + 7 * DAY) == 2


def test_the_night_s_work_tells_of_it(world: World) -> None:
    hand_over(world, "sam", "gus", world.today)
    daily(on=world.today.isoformat())
    daily(on=world.today.isoformat())
    assert (told("new_child"), told("access_ended")) == (["gus"], ["fay"])


def test_with_the_team_alone_the_manager_is_told_and_deputies_and_service_managers_are_not(world: World) -> None:
    child = Child(authority=world.places["fenshire"].authority, given_name="New", date_of_birth=datetime.date(2013, 1, 1))
    with telling([child.pk], on=world.today):
        child.save()
        CarePeriod(child=child, starts=world.today).save()
        Allocation(child=child, role="social_worker", team=world.places["fenshire"].team, starts=world.today).save()
    assert told("new_child") == ["hana"]


def test_who_types_an_allocation_into_the_register_has_the_worker_told_at_once_and_the_night_says_it_no_second_time(world: World) -> None:
    sam, gus = world.children["sam"], world.people["gus"]
    first = {"starts-day": world.today.day, "starts-month": world.today.month, "starts-year": world.today.year}
    data = {"role": "social_worker", "worker_email": gus.email, "team": world.places["fenshire"].team.pk, **first}
    answer = signed_in(world.people["kit"]).post(f"/children/{sam.pk}/register/allocation/new/", data)
    assert answer.status_code == 302
    assert (told("new_child"), told("access_ended")) == (["gus"], ["fay"])
    tell_of_the_day(world.today)
    tell_of_the_day(world.today + DAY)
    assert (told("new_child"), told("access_ended")) == (["gus"], ["fay"])


def test_what_is_typed_in_late_is_told_when_it_is_typed_and_not_again_for_its_day(world: World) -> None:
    sam = world.children["sam"]
    with telling([sam.pk], on=world.today):
        hand_over(world, "sam", "gus", world.today - 3 * DAY)
    assert told("new_child") == ["gus"]
    assert tell_of_the_day(world.today) == tell_of_the_day(world.today + DAY) == 0


def test_a_change_of_school_confirmed_for_today_and_taken_back_is_told_both_times(world: World) -> None:
    sam, today = world.children["sam"], world.today
    move = propose(sam, to_school=world.schools["unit"], starts_on=today, reason="Nearer", by=world.people["fay"])
    confirm(move, by=world.people["kit"], old_school_reads_until=today)
    assert (told("new_child"), told("access_ended")) == (["uri"], ["anna", "eve"])
    with time_machine.travel(at(today + DAY, 12)):
        take_back(move, by=world.people["kit"], because="A mistake")
    assert told("new_child") == ["anna", "uri"] and "uri" in told("access_ended")


def test_restricting_a_record_tells_the_school_that_may_no_longer_read(world: World) -> None:
    old = world.children["sam"].enrolments.get()
    old.ends, old.readable_until = world.today - DAY, world.today + 9 * DAY
    old.save()
    answer = signed_in(world.people["lena"]).post(
        f"/children/{world.children['sam'].pk}/register/restriction/", {"reason": "Danger", "was": "False"}
    )
    assert answer.status_code == 302 and told("access_ended") == ["anna", "eve"]


def test_a_contributor_whose_help_is_ended_is_told(world: World) -> None:
    eve = Allocation.objects.get(role="school_contributor")
    signed_in(world.people["anna"]).post(f"/contributors/{eve.pk}/end/")
    assert told("access_ended") == ["eve"]


def test_who_still_sees_the_child_through_the_virtual_school_has_lost_nothing(world: World) -> None:
    member(world, "Fay", "officer", virtual_school=world.places["fenshire"].virtual_school)
    with telling([world.children["sam"].pk], on=world.today):
        hand_over(world, "sam", "gus", world.today)
    assert (told("new_child"), told("access_ended")) == (["gus"], [])


def test_who_did_it_is_not_told_and_a_closed_account_neither(world: World) -> None:
    fay = world.people["fay"]
    fay.is_active = False
    fay.save()
    with telling([world.children["sam"].pk], on=world.today, by=world.people["gus"]):
        hand_over(world, "sam", "gus", world.today)
    assert not Message.objects.filter(rule__in=("new_child", "access_ended")).exists()


def test_what_is_rolled_back_was_never_said(world: World) -> None:
    with pytest.raises(ZeroDivisionError), telling([world.children["sam"].pk], on=world.today):
        hand_over(world, "sam", "gus", world.today)
        raise ZeroDivisionError
    assert not Message.objects.filter(rule="new_child").exists()


def caseload(world: World, many: int) -> list[Child]:
    """Children whom nobody works with yet."""
    children = []
    for number in range(many):
        child = Child(authority=world.places["fenshire"].authority, given_name=f"N{number}", date_of_birth=datetime.date(2013, 1, 1))
        child.save()
        children.append(child)
    return children


def given(world: World, children: list[Child], name: str = "fay") -> list[Allocation]:
    """Somebody is given these children in one go."""
    team, rows = world.places["fenshire"].team, []
    with telling([child.pk for child in children], on=world.today):
        for child in children:
            rows.append(Allocation(child=child, role="social_worker", worker=world.people[name], team=team, starts=world.today))
            rows[-1].save()
    return rows


@pytest.mark.parametrize("digest", list(User.Digest))
def test_a_few_are_mailed_each_and_of_many_one_e_mail_says_at_once_how_many(world: World, digest: str) -> None:
    """An import of a caseload fills no mailbox; in the product each child has a message. No choice of anybody's holds it back."""
    fay = world.people["fay"]
    fay.digest = digest
    fay.save()
    for many, mails in ((TOGETHER - 1, "waiting"), (TOGETHER, "none")):
        children = caseload(world, many)
        given(world, children)
        rows = Message.objects.filter(rule="new_child", about_child__in=[child.pk for child in children])
        assert [row.mail for row in rows] == [mails] * many
    one = Message.objects.get(rule="new_children")
    assert (one.recipient, one.mail, one.about_child, one.facts["count"]) == (fay, "waiting", None, TOGETHER)
    sunday = world.today + (13 - world.today.weekday()) * DAY
    assert mail.deliver(one.pk, now=at(sunday, 12)) == "sent"
    assert f"{TOGETHER} records are open to you now" in outgoing.outbox[-1].body and "/messages/" in outgoing.outbox[-1].body
    listed = signed_in(fay).get("/messages/").content.decode()
    assert listed.count("A child’s record is open to you") >= TOGETHER and "records are open to you now" not in listed


def test_many_at_once_keep_to_the_quiet_hours_of_the_childrens_authority(world: World) -> None:
    policy = world.places["fenshire"].policy
    policy.quiet_from, policy.quiet_to = datetime.time(16), datetime.time(9)
    policy.save()
    given(world, caseload(world, TOGETHER))
    one = Message.objects.get(rule="new_children")
    assert not_before(one, at(world.today + DAY, 17)) == at(world.today + 2 * DAY, 9)
    assert not_before(one, at(world.today + DAY, 10)) == at(world.today + DAY, 10)


def test_many_records_that_close_are_told_at_once_in_the_holidays_and_once(world: World) -> None:
    """A school's children leave it in the summer, by their dates: the teacher's term is over."""
    term, day = world.places["fenshire"].term, world.today + 5 * DAY
    term.ends, term.plans_due_on = world.today + 2 * DAY, world.today
    term.save()
    for child in caseload(world, TOGETHER + 1):
        Enrolment(child=child, school=world.schools["hill"], starts=world.today - 9 * DAY, ends=day, readable_until=day).save()
    assert [tell_of_the_day(day), tell_of_the_day(day), tell_of_the_day(day + DAY)] == [TOGETHER + 1, 0, 0]
    [one] = Message.objects.filter(rule="accesses_ended")
    assert (one.recipient, one.facts, one.mail) == (world.people["anna"], {"count": TOGETHER + 1}, "waiting")
    assert set(Message.objects.filter(rule="access_ended").values_list("mail", flat=True)) == {"none"}
    assert not_before(one, at(day, 5)) == at(day, 7)
    assert mail.deliver(one.pk, now=at(day, 7)) == "sent"
    assert f"Your access to {TOGETHER + 1} children’s records has ended." in outgoing.outbox[-1].body


def test_of_many_only_those_not_told_before_are_counted(world: World) -> None:
    children = caseload(world, TOGETHER)
    day = world.today + 2 * DAY
    team = world.places["fenshire"].team
    for child in children:
        Allocation(child=child, role="social_worker", worker=world.people["fay"], team=team, starts=day).save()
    key = f"new_child:{children[0].pk}:{world.people['fay'].pk}:{day}"
    tell(key=key, recipient=world.people["fay"], rule="new_child", child_id=children[0].pk)
    Message.objects.filter(key=key).update(created_at=at(day - 30 * DAY, 12))
    assert tell_of_the_day(day) == TOGETHER - 1
    assert Message.objects.get(rule="new_children").facts["count"] == TOGETHER - 1


def test_what_is_ended_given_again_and_ended_again_on_one_day_is_told_each_time(world: World) -> None:
    sam, today = world.children["sam"], world.today

    def end(row: Allocation) -> None:
        with telling([sam.pk], on=today):
            row.ends = today
            row.save()

    end(Allocation.objects.get(child=sam, worker=world.people["fay"]))
    [again] = given(world, [sam])
    end(again)
    mine = Message.objects.filter(recipient=world.people["fay"], rule__in=("new_child", "access_ended")).order_by("pk")
    assert list(mine.values_list("rule", flat=True)) == ["access_ended", "new_child", "access_ended"]
    assert tell_of_the_day(today) == tell_of_the_day(today + DAY) == 0


def test_a_contributor_who_is_named_ended_and_named_again_on_one_day_is_told_each_time(world: World) -> None:
    sam, client = world.children["sam"], signed_in(world.people["anna"])
    typed = {"email": "bilal@example.test", "name": "Bilal Example", **day_typed("last_day", world.today + 30 * DAY)}
    for _ in range(2):
        assert client.post(f"/children/{sam.pk}/contributors/new/", typed).status_code == 302
        named = Allocation.objects.filter(child=sam, role="school_contributor", worker=world.people["bilal"]).latest("created_at")
        assert client.post(f"/contributors/{named.pk}/end/").status_code == 302
    told_of_it = Message.objects.filter(recipient=world.people["bilal"]).order_by("pk").values_list("rule", flat=True)
    assert list(told_of_it) == ["contributor_named", "access_ended"] * 2


def test_two_who_end_the_same_at_once_have_it_told_once(committed_db: str) -> None:
    world = build_world()
    eve = Allocation.objects.get(role="school_contributor")
    barrier = threading.Barrier(3)

    def end() -> None:
        with transaction.atomic(), telling([eve.child_id], on=world.today):
            row = Allocation.objects.get(pk=eve.pk)
            barrier.wait()
            row.ends = world.today
            row.save()
        connection.close()

    threads = [threading.Thread(target=end) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert told("access_ended") == ["eve"]


def test_a_message_about_a_record_that_closed_keeps_to_the_customary_quiet_hours(world: World) -> None:
    hand_over(world, "sam", "gus", world.today)
    tell_of_the_day(world.today)
    night = at(world.today, 5)
    for rule in ("access_ended", "new_child"):
        assert not_before(Message.objects.get(rule=rule), night) == at(world.today, 7)


def test_a_role_that_ends_by_its_date_is_told_once_and_one_given_anew_without_a_gap_is_not(world: World) -> None:
    for name, renewed in (("anna", False), ("bilal", True)):
        membership = Membership.objects.get(user=world.people[name])
        membership.ends = world.today + 2 * DAY
        membership.save()
        if renewed:
            Membership(
                user=membership.user, role=membership.role, school=membership.school, authority=membership.authority,
                starts=world.today + 2 * DAY,
            ).save()  # fmt: skip
    assert [tell_of_ended_roles(world.today + n * DAY) for n in (1, 2, 2, 3)] == [0, 1, 0, 0]
    assert told("role_ended") == ["anna"]


def test_a_role_that_is_ended_as_of_yesterday_is_told_at_once(world: World) -> None:
    fenshire = world.places["fenshire"].authority
    membership = Membership.objects.get(user=world.people["anna"])
    end_role(membership, by=world.people["nia"], organisation=organisation_of(fenshire), last_day=world.today - DAY)
    assert told("role_ended") == ["anna"]
    assert tell_of_ended_roles(world.today) == 0
    assert VirtualSchool.objects.exists()


def test_what_opens_and_closes_takes_a_fixed_number_of_questions(world: World) -> None:
    """H4."""
    day, counts = world.today, []
    for many in (1, 3):
        for number in range(many):
            child = Child(authority=world.places["fenshire"].authority, given_name=f"N{number}", date_of_birth=datetime.date(2013, 1, 1))
            child.save()
            Enrolment(child=child, school=world.schools["hill"], starts=day).save()
            Allocation(child=child, role="social_worker", team=world.places["fenshire"].team, starts=day - 40 * DAY).save()
        tell_of_the_day(day)
        with CaptureQueriesContext(connection) as captured:
            assert tell_of_the_day(day) == 0
        counts.append(len(captured))
    assert counts[0] == counts[1] <= 13
