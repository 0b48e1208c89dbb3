"""One digest a day: what can wait is mailed together, once, in term time, and never while people sleep."""

import datetime
import threading
from zoneinfo import ZoneInfo

import pytest
from django.core import mail as outgoing
from django.db import connection
from pytest_django import DjangoAssertNumQueries

from accounts import mail
from accounts.models import Message, User
from accounts.outbox import tell
from accounts.rules import DIGEST, RULES, sentence
from children.models import Allocation, CarePeriod
from config.celery import app as celery_app
from pep.digests import is_first_working_day, quiet_until, send_digests
from pep.models import Plan, Section
from pep.sections import author_for, writing
from schools.models import Membership, Term
from schools.timetable import DIGEST_RUNS, academic_year, add_working_days, is_working_day
from tests.pep.test_reminders import complete
from tests.world import DAY, World, begin, build_world, fill, member, signed_in

LONDON = ZoneInfo("Europe/London")
CUSTOMARY = (datetime.time(19), datetime.time(7))


@pytest.fixture
def world(db: None) -> World:
    return build_world()


def at(day: datetime.date, hour: int, minute: int = 0) -> datetime.datetime:
    return datetime.datetime.combine(day, datetime.time(hour, minute), tzinfo=LONDON)


def midweek(world: World) -> datetime.date:
    """A working day soon that is not the first of its week, in the term of the cast."""
    day = add_working_days(world.today, 1)
    return day if not is_first_working_day(day) else add_working_days(day, 1)


def monday(day: datetime.date) -> datetime.date:
    """The first working day of a week on or after a day."""
    while not is_first_working_day(day):
        day += DAY
    return day


def say(world: World, name: str, key: str, rule: str = "plan_reminder", child: str = "sam") -> Message:
    assert tell(key=key, recipient=world.people[name], rule=rule, child_id=world.children[child].pk)
    return Message.objects.get(key=key)


def digests(name: str = "") -> list[tuple[str, dict[str, int]]]:
    found = Message.objects.filter(rule=DIGEST, recipient__name__icontains=name).order_by("created_at")
    return [(str(person).split()[0].lower(), facts) for person, facts in found.values_list("recipient__name", "facts")]


def run(day: datetime.date, hour: int = 7, minute: int = 30) -> int:
    return send_digests(day, at(day, hour, minute))


def test_what_can_wait_is_in_the_product_at_once_and_mailed_together_once(world: World) -> None:
    messages = [say(world, "anna", f"m{number}", rule) for number, rule in enumerate(("plan_reminder", "plan_overdue", "plan_opened"))]
    assert {message.mail for message in messages} == {Message.Mail.DIGEST}
    assert "Messages (3" in signed_in(world.people["anna"]).get("/messages/").content.decode()
    day = midweek(world)
    assert (run(day), run(day), run(day, 12)) == (1, 0, 0)
    assert digests() == [("anna", {"messages": 3, "late": 1})]
    digest = Message.objects.get(rule=DIGEST)
    assert digest.key == f"digest:{day}:{world.people['anna'].pk}"
    assert mail.deliver(digest.pk, now=at(day, 8)) == "sent"
    [sent] = outgoing.outbox
    assert "3 new messages about plans, 1 of them about late plans" in sent.body and "/messages/" in sent.body
    assert "CANARY" not in str(sent.message())
    assert "Messages (3" in signed_in(world.people["anna"]).get("/messages/").content.decode()  # the digest is no message of its own
    assert run(add_working_days(day, 1)) == 0  # nothing new


def test_what_was_read_before_is_in_no_digest(world: World) -> None:
    first, _ = say(world, "anna", "a"), say(world, "anna", "b")
    first.read_at = at(world.today, 9)
    first.save()
    only = say(world, "fay", "c")
    only.read_at = at(world.today, 9)
    only.save()
    run(midweek(world))
    assert digests() == [("anna", {"messages": 1, "late": 0})]


def test_a_second_digest_on_the_same_day_waits_for_the_next(world: World) -> None:
    day = midweek(world)
    say(world, "anna", "a")
    run(day)
    say(world, "anna", "b")
    assert run(day, 15) == 0
    after = add_working_days(day, 1)
    assert run(after) == 1
    assert digests() == [("anna", {"messages": 1, "late": 0})] * 2


def test_what_people_wait_for_is_mailed_at_once(world: World) -> None:
    for rule in ("meeting_booked", "plan_returned", "plan_submitted", "funding_decided", "access_ended", "move_confirmed"):
        message = say(world, "anna", rule, rule)
        assert mail.deliver(message.pk, now=at(world.today + DAY, 12)) == "sent", rule
    assert len(outgoing.outbox) == 6


def test_in_quiet_hours_it_is_mailed_at_their_end(world: World) -> None:
    message = say(world, "anna", "a", "plan_returned")
    tomorrow = world.today + DAY
    assert mail.deliver(message.pk, now=at(tomorrow, 23)) == "waiting"
    message.refresh_from_db()
    assert message.next_try_at == at(tomorrow + DAY, 7) and message.attempts == 0
    assert mail.sweep(now=at(tomorrow + DAY, 6, 59)) == 0 and not outgoing.outbox
    assert mail.sweep(now=at(tomorrow + DAY, 7)) == 1 and len(outgoing.outbox) == 1


def test_the_quiet_hours_are_each_authoritys_own(world: World) -> None:
    policy = world.places["fenshire"].policy
    policy.quiet_from, policy.quiet_to = datetime.time(17), datetime.time(9)
    policy.save()
    ours, theirs = say(world, "anna", "a", "plan_returned"), say(world, "cora", "b", "plan_returned", "vic")
    assert mail.deliver(ours.pk, now=at(world.today + DAY, 18)) == "waiting"
    assert mail.deliver(theirs.pk, now=at(world.today + DAY, 18)) == "sent"
    say(world, "anna", "c")
    assert run(midweek(world), 8, 30) == 0
    assert run(midweek(world), 9, 30) == 1


def quiet(world: World, starts: datetime.time, ends: datetime.time, where: str = "fenshire") -> None:
    policy = world.places[where].policy
    policy.quiet_from, policy.quiet_to = starts, ends
    policy.save()


def test_a_digest_that_an_outage_held_back_keeps_to_the_quiet_hours_of_those_it_is_about(world: World) -> None:
    quiet(world, datetime.time(16), datetime.time(9))
    say(world, "anna", "a")
    day = midweek(world)
    assert run(day, 9, 30) == 1
    digest = Message.objects.get(rule=DIGEST)
    assert mail.deliver(digest.pk, now=at(day, 18, 30)) == "waiting"
    digest.refresh_from_db()
    assert digest.next_try_at == at(day + DAY, 9)
    assert mail.deliver(digest.pk, now=at(day + DAY, 9)) == "sent"


def test_a_headteacher_who_wants_each_at_once_is_left_in_peace_in_the_quiet_hours_of_the_authority(world: World) -> None:
    quiet(world, datetime.time(16), datetime.time(9))
    hedy, day = world.people["hedy"], add_working_days(world.today, 1)
    hedy.digest = User.Digest.AT_ONCE
    hedy.save()
    tell(key="a", recipient=hedy, rule="plan_late_to_headteacher", facts={"authority": world.places["fenshire"].authority.pk, "days": 4})
    message = Message.objects.get(key="a")
    assert mail.deliver(message.pk, now=at(day, 7, 30)) == "waiting"
    assert mail.deliver(message.pk, now=at(day, 9)) == "sent"


def test_where_quiet_hours_leave_no_time_for_it_the_days_last_digest_is_written_and_mailed_at_their_end(world: World) -> None:
    """No policy that is typed now says so; one that was kept before may."""
    quiet(world, datetime.time(18, 45), datetime.time(18, 40))
    say(world, "anna", "a")
    day = midweek(world)
    assert [run(day, hour, 30) for hour in range(7, 19)] == [0] * 11 + [1]
    digest = Message.objects.get(rule=DIGEST)
    assert mail.deliver(digest.pk, now=at(day, 18, 31)) == "waiting"
    digest.refresh_from_db()
    assert digest.next_try_at == at(day, 18, 40)


def test_two_authorities_whose_quiet_hours_cover_the_day_keep_nobody_from_a_digest(world: World) -> None:
    quiet(world, datetime.time(12), datetime.time(7))
    quiet(world, datetime.time(19), datetime.time(13), "marlow")
    member(world, "Kit", "officer", virtual_school=world.places["marlow"].virtual_school)
    say(world, "kit", "a")
    say(world, "kit", "b", child="vic")
    day = midweek(world)
    assert sum(run(day, hour, 30) for hour in range(7, 19)) == 1
    digest = Message.objects.get(rule=DIGEST)
    assert mail.deliver(digest.pk, now=at(day, 18, 31)) == "sent"  # there are none to wait for the end of: the customary ones hold
    assert quiet_until(at(day, 20), *CUSTOMARY) == at(day + DAY, 7)


def test_in_quiet_hours_that_leave_a_time_for_it_the_last_digest_of_the_day_is_not_written(world: World) -> None:
    quiet(world, datetime.time(16), datetime.time(9))
    say(world, "anna", "a")
    day = midweek(world)
    assert [run(day, 18, 30), run(day + DAY if is_working_day(day + DAY) else add_working_days(day, 1), 9, 30)] == [0, 1]


def test_the_scheduler_runs_at_the_times_that_quiet_hours_are_asked_about() -> None:
    schedule = celery_app.conf.beat_schedule["digests"]["schedule"]
    assert {datetime.time(hour, minute) for hour in schedule.hour for minute in schedule.minute} == set(DIGEST_RUNS)


def test_what_is_about_the_account_itself_waits_for_no_morning(world: World) -> None:
    for name in ("password_reset", "password_changed", "second_factor_changed", "second_factor_reset", "role_given"):
        tell(key=name, recipient=world.people["anna"], rule=name)
        assert mail.deliver(Message.objects.get(key=name).pk, now=at(world.today + DAY, 23)) == "sent", name
    assert not any(rule.digest for rule in RULES.values() if rule.urgent)


@pytest.mark.parametrize(
    ("hour", "minute", "until"),
    [(18, 59, None), (19, 0, (1, 7)), (23, 59, (1, 7)), (0, 0, (0, 7)), (6, 59, (0, 7)), (7, 0, None), (12, 0, None)],
)
def test_quiet_hours_go_over_midnight(hour: int, minute: int, until: tuple[int, int] | None) -> None:
    day = datetime.date(2026, 3, 28)  # the clocks change in the night after
    now = at(day, hour, minute)
    wanted = at(day + until[0] * DAY, until[1]) if until else now
    assert quiet_until(now, datetime.time(19), datetime.time(7)) == wanted
    assert quiet_until(now, datetime.time(7), datetime.time(7)) == now


def test_no_digest_goes_on_a_day_off(world: World) -> None:
    say(world, "anna", "a")
    say(world, "kit", "b")
    day = world.today + DAY
    while is_working_day(day):
        day += DAY
    assert run(day) == 0


def next_term(world: World, starts: datetime.date) -> None:
    """The term of the authority that comes after its holidays."""
    term = world.places["fenshire"].term
    Term(authority=term.authority, academic_year=term.academic_year, name="spring", starts=starts, ends=starts + 60 * DAY,
         plans_due_on=starts + 50 * DAY).save()  # fmt: skip


def test_in_the_holidays_schools_hear_nothing_and_the_council_once_a_week(world: World) -> None:
    for name in ("anna", "fay", "kit", "hana"):
        say(world, name, name)
    holidays = world.places["fenshire"].term.ends
    first = monday(holidays)
    next_term(world, first + 7 * DAY)
    assert run(add_working_days(first, 1)) == 0
    assert run(first) == 3
    assert {name for name, _ in digests()} == {"fay", "kit", "hana"}
    assert run(monday(first + 7 * DAY)) == 1  # nothing was lost
    assert digests("anna") == [("anna", {"messages": 1, "late": 0})]


def own_term(world: World, school: str, starts: datetime.date, ends: datetime.date, name: str = "autumn", year: int = 0) -> None:
    term = world.places["fenshire"].term
    Term(authority=term.authority, school=world.schools[school], academic_year=year or term.academic_year, name=name, starts=starts,
         ends=ends, plans_due_on=starts).save()  # fmt: skip


def test_a_school_with_terms_of_its_own_is_written_to_in_them(world: World) -> None:
    """Hill School's half term begins while the authority's other schools still work; Eve, who helps there, is on holiday too."""
    day = midweek(world)
    own_term(world, "hill", world.today - 60 * DAY, world.today - 20 * DAY)
    own_term(world, "hill", world.today + 20 * DAY, world.today + 60 * DAY, "spring")
    for name, child in (("anna", "sam"), ("eve", "sam"), ("fay", "sam"), ("bilal", "tia"), ("cora", "vic")):
        say(world, name, name, child=child)
    run(day)
    # Cora teaches at Hill too, for another authority, of which nobody has said that the school's terms are its own.
    assert {name for name, _ in digests()} == {"fay", "bilal", "cora"}


def test_a_school_whose_own_term_goes_on_is_written_to_in_the_authoritys_holidays(world: World) -> None:
    holidays = world.places["fenshire"].term.ends
    next_term(world, holidays + 40 * DAY)
    own_term(world, "hill", world.today - 10 * DAY, holidays + 20 * DAY)
    day = add_working_days(monday(holidays), 1)
    helps = Allocation.objects.get(worker=world.people["eve"])
    helps.ends = day + 30 * DAY
    helps.save()
    for name, child in (("anna", "sam"), ("eve", "sam"), ("fay", "sam"), ("bilal", "tia")):
        say(world, name, name, child=child)
    run(day)
    assert {name for name, _ in digests()} == {"anna", "eve"}
    own_term(world, "brook", world.today - 10 * DAY, holidays + 20 * DAY)
    run(add_working_days(day, 1))
    assert digests("bilal") == [("bilal", {"messages": 1, "late": 0})]  # nothing was lost


def last_school_year(world: World) -> tuple[int, datetime.date, datetime.date]:
    """The summer term of the school year before this one."""
    year = academic_year(world.today)
    return year - 1, datetime.date(year, 4, 20), datetime.date(year, 7, 22)


def test_a_school_whose_own_terms_are_those_of_an_earlier_year_is_written_to_by_its_authoritys(world: World) -> None:
    """F3: it had terms of its own last year, and follows its authority again."""
    year, starts, ends = last_school_year(world)
    own_term(world, "hill", starts, ends, "summer", year)
    for name, child in (("anna", "sam"), ("bilal", "tia")):
        say(world, name, name, child=child)
    assert run(midweek(world)) == 2
    assert {name for name, _ in digests()} == {"anna", "bilal"}


def test_an_authority_of_which_only_an_earlier_years_terms_are_known_silences_nobody(world: World) -> None:
    term = world.places["fenshire"].term
    term.academic_year, term.starts, term.ends = last_school_year(world)
    term.name, term.plans_due_on = "summer", term.starts
    term.save()
    say(world, "anna", "a")
    assert run(midweek(world)) == 1


def test_who_wants_mondays_only_hears_on_mondays(world: World) -> None:
    anna = world.people["anna"]
    anna.digest = User.Digest.MONDAYS
    anna.save()
    say(world, "anna", "a")
    assert run(midweek(world)) == 0
    assert run(monday(midweek(world))) == 1


def test_after_a_bank_holiday_tuesday_is_the_first_day(world: World) -> None:
    easter_monday = datetime.date(2026, 4, 6)
    assert not is_first_working_day(easter_monday) and is_first_working_day(easter_monday + DAY)


def test_who_wants_each_at_once_gets_each_at_once_but_not_at_night(world: World) -> None:
    anna = world.people["anna"]
    anna.digest = User.Digest.AT_ONCE
    anna.save()
    message, day = say(world, "anna", "a"), add_working_days(world.today, 1)
    assert message.mail == Message.Mail.WAITING
    assert mail.deliver(message.pk, now=at(day, 5)) == "waiting"
    assert mail.deliver(message.pk, now=at(day, 7)) == "sent"
    assert run(midweek(world)) == 0


@pytest.mark.parametrize("day_off", ["a Sunday", "the holidays"])
def test_who_wants_each_at_once_has_days_off_and_holidays_too_and_loses_nothing(world: World, day_off: str) -> None:
    """F3: what can wait comes with the next digest then."""
    term = world.places["fenshire"].term
    for name in ("anna", "hana"):
        world.people[name].digest = User.Digest.AT_ONCE
        world.people[name].save()
    day = world.today + (13 - world.today.weekday()) * DAY
    if day_off == "the holidays":
        day = add_working_days(monday(term.ends), 1)
    next_term(world, monday(term.ends) + 14 * DAY)
    messages = [say(world, name, name) for name in ("anna", "hana")]
    assert [mail.deliver(message.pk, now=at(day, 7)) for message in messages] == ["digest", "digest"]
    assert not outgoing.outbox
    if day_off == "a Sunday":
        assert run(add_working_days(day, 1)) == 2
    else:
        assert run(monday(day)) == 1 and digests("hana") and not digests("anna")
        assert run(monday(monday(term.ends) + 14 * DAY)) == 1 and digests("anna")
    assert mail.deliver(say(world, "anna", "b", "plan_returned").pk, now=at(day, 7)) == "sent"  # what people wait for has no days off


def test_the_choice_is_made_on_the_account_page_and_kept_in_the_history(world: World) -> None:
    client = signed_in(world.people["anna"])
    page = client.get("/account/").content.decode()
    assert "Together, on Mondays only" in page and "told at once, outside the quiet hours" in page
    assert client.post("/account/", {"digest": "mondays"}).status_code == 302
    anna = User.objects.get(pk=world.people["anna"].pk)
    assert anna.digest == "mondays" and anna.history.first().history_user_id == anna.pk
    for wrong in ({}, {"digest": "never"}):
        assert "There is a problem" in client.post("/account/", wrong).content.decode()
    assert User.objects.get(pk=anna.pk).digest == "mondays"


@pytest.mark.parametrize("ended", ["account", "access", "care"])
def test_after_access_has_ended_nothing_is_mailed_any_more(world: World, ended: str) -> None:
    day, anna = midweek(world), world.people["anna"]
    say(world, "anna", "a")
    if ended == "account":
        anna.expires_on = day
        anna.save()
    elif ended == "access":
        membership = Membership.objects.get(user=anna)
        membership.ends = day
        membership.save()
    else:
        period = CarePeriod.objects.get(child=world.children["sam"])
        period.ends = day - DAY
        period.save()
    # A child who has left care is still a child of the school; the message is still hers to read.
    assert run(day) == (1 if ended == "care" else 0)


def test_who_is_to_have_one_is_found_by_a_fixed_number_of_questions(
    world: World, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    day = world.places["fenshire"].term.ends  # the holidays: nobody of the schools has one
    for key in ("fenshire", "marlow"):
        term = world.places[key].term
        Term(authority=term.authority, academic_year=term.academic_year, name="spring", starts=day + 40 * DAY, ends=day + 90 * DAY,
             plans_due_on=day + 50 * DAY).save()  # fmt: skip
    while not is_working_day(day):
        day += DAY
    say(world, "anna", "a")
    with django_assert_num_queries(9):
        assert run(day) == 0
    for name, child in (("bilal", "tia"), ("cora", "vic"), ("eve", "sam")):
        say(world, name, name, child=child)
    with django_assert_num_queries(9):
        assert run(day) == 0


def nearly_finished(world: World) -> Plan:
    """Sam's plan with everything in it; of the school's sections one is still to be marked as complete, of the social worker's all."""
    plan = begin(world, "sam")
    fill(plan, "sam")
    for section in Section.objects.filter(plan=plan):
        section.marked_complete = section.owner == "school" and section.key != "attendance"
        section.save()
    return plan


def finish(world: World, plan: Plan, key: str, name: str) -> None:
    """Save a section and mark it as complete."""
    section = Section.objects.get(plan=plan, key=key)
    with writing(plan.pk, key, section.version, author=author_for(plan, key, world.people[name], on=world.today)) as locked:
        locked.marked_complete = True


def test_when_the_school_has_finished_its_part_the_social_worker_hears_of_it_once(world: World) -> None:
    plan = nearly_finished(world)
    finish(world, plan, "attendance", "anna")
    finish(world, plan, "attendance", "anna")
    message = Message.objects.get(rule="sections_finished")
    assert (message.recipient, message.about_plan, message.mail) == (world.people["fay"], plan.pk, Message.Mail.DIGEST)
    assert "CANARY" not in str(message.facts)


def test_who_has_nothing_left_to_do_is_not_told_that_others_have_finished(world: World) -> None:
    plan = nearly_finished(world)
    complete(plan, "social_worker")
    finish(world, plan, "attendance", "anna")
    assert not Message.objects.filter(rule="sections_finished").exists()


def test_when_the_social_worker_finishes_last_the_teacher_hears_that_the_plan_waits_to_be_submitted(world: World) -> None:
    plan = nearly_finished(world)
    complete(plan, "school", "social_worker")
    health = Section.objects.get(plan=plan, key="health")
    health.marked_complete = False
    health.save()
    finish(world, plan, "health", "fay")
    message = Message.objects.get(rule="sections_finished")
    assert message.recipient == world.people["anna"]
    assert sentence(message.rule, message.facts).startswith(
        "Every part of a plan is complete, and it waits for you to submit it. It is due on"
    )


def test_two_schedulers_write_one_digest(committed_db: str) -> None:
    world = build_world()
    begin(world, "sam")
    for key in ("a", "b"):
        say(world, "anna", key)
    day, barrier, counted = midweek(world), threading.Barrier(4), list[int]()

    def morning() -> None:
        barrier.wait()
        counted.append(run(day))
        connection.close()

    threads = [threading.Thread(target=morning) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(counted) == [0, 0, 0, 1]
    assert digests() == [("anna", {"messages": 2, "late": 0})]
    assert set(Message.objects.exclude(rule=DIGEST).values_list("mail", flat=True)) == {Message.Mail.NONE}
