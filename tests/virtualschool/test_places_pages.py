"""Schools, teams, terms, policies and rates: kept by those who may, and never rewriting the past."""

import datetime
import re

import pytest

from accounts.models import Message
from pep.deadlines import refresh
from pep.escalation import send_escalations
from pep.models import Deadline, EarlierPlan, PupilPremiumRate
from pep.opening import open_due_plans
from pep.reminders import send_reminders
from schools.figures import FIGURES
from schools.models import Policy, School, Team, Term, policy_on
from schools.timetable import add_months, add_working_days, working_days_between
from tests.world import DAY, World, begin, build_world, day, press, signed_in, was_a_review
from virtualschool.views.places import reminder_words

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    return build_world()


def decided(world: World, starts: datetime.date, **fields: str) -> dict[str, str]:
    """What the head types for a new policy."""
    return {
        "authority": str(world.places["fenshire"].authority.pk), **day("starts", starts), "review_months": "4",
        "first_plan_working_days": "10", "begin_working_days": "10", "invite_days": "21", "complete_working_days": "10",
        "check_working_days": "10", "officer_days": "3", "post16_windows": "", "plans_from_age": "3",
        "move_plan_working_days": "10", "preparation_days": "42", "signature_working_days": "5", "managers_may_sign": "on",
        "check_percent": "50", "returning_grades": "amber", "reminder_days": "-14, 1, -2",
        "old_school_access_days": "15", "manager_working_days": "5", "head_working_days": "15", "quiet_from": "19:00", "quiet_to": "07:00",
        "flat_primary": "500",
        "flat_secondary": "", "flat_early_years": "", "flat_post_16": "", **fields,
    }  # fmt: skip


def test_a_new_policy_ends_the_old_one_and_leaves_the_past_alone(world: World) -> None:
    fenshire = world.places["fenshire"]
    url = f"/settings/authorities/{fenshire.authority.pk}/policy/new/"
    starts = world.today + 10 * DAY
    assert signed_in(world.people["lena"]).post(url, decided(world, starts)).status_code == 302
    old, new = Policy.objects.filter(authority=fenshire.authority).order_by("starts")
    assert (old.ends, new.starts, new.ends) == (starts, starts, None)
    assert (new.review_months, new.reminder_days, new.returning_grades) == (4, [-14, -2, 1], ["amber"])
    assert new.flat_sums == {"primary": 500} and new.deputies_may_sign is False
    assert policy_on(fenshire.authority, starts - DAY).pk == old.pk and policy_on(fenshire.authority, starts).pk == new.pk
    assert Policy.objects.get(authority=world.places["marlow"].authority).ends is None


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"review_months": "7"}, "Months between reviews must be 6 or less"),
        ({"reminder_days": "soon"}, "Write whole numbers"),
        ({"check_percent": "101"}, "must be 100 or less"),
        ({"flat_primary": "-1"}, "must be between £0 and £999,999.99"),
        ({"quiet_from": "18:45", "quiet_to": "18:40"}, "Quiet hours must leave at least 2 of the times when e-mails are sent together"),
        ({"quiet_from": "08:00", "quiet_to": "07:15"}, "half past each hour, from 07:30 to 18:30"),
    ],
)
def test_what_a_policy_cannot_say(world: World, fields: dict[str, str], message: str) -> None:
    url = f"/settings/authorities/{world.places['fenshire'].authority.pk}/policy/new/"
    page = signed_in(world.people["lena"]).post(url, decided(world, world.today + DAY, **fields)).content.decode()
    assert message in page and "There is a problem" in page
    assert Policy.objects.filter(authority=world.places["fenshire"].authority).count() == 1


@pytest.mark.parametrize(("quiet_from", "quiet_to"), [("09:00", "07:00"), ("18:31", "17:30"), ("12:00", "12:00"), ("00:00", "17:30")])
def test_quiet_hours_may_be_long_when_two_times_for_e_mails_are_left(world: World, quiet_from: str, quiet_to: str) -> None:
    url = f"/settings/authorities/{world.places['fenshire'].authority.pk}/policy/new/"
    typed = decided(world, world.today + DAY, quiet_from=quiet_from, quiet_to=quiet_to)
    assert signed_in(world.people["lena"]).post(url, typed).status_code == 302


def test_a_policy_that_has_not_begun_is_withdrawn_and_the_one_before_goes_on(world: World) -> None:
    fenshire, client = world.places["fenshire"], signed_in(world.people["lena"])
    add, starts = f"/settings/authorities/{fenshire.authority.pk}/policy/new/", world.today + 10 * DAY
    client.post(add, decided(world, starts, review_months="3"))
    old, new = Policy.objects.filter(authority=fenshire.authority).order_by("starts")
    assert client.get(add).context["form"]["review_months"].value() == 3  # the coming one, not what holds today
    withdraw = f"/settings/policies/{new.pk}/withdraw/"
    assert (
        withdraw in client.get("/settings/").content.decode()
        and withdraw not in signed_in(world.people["kit"]).get("/settings/").content.decode()
    )
    assert client.post(withdraw).status_code == 302
    old.refresh_from_db()
    assert old.ends is None and policy_on(fenshire.authority, starts) == old
    latest = Policy.history.filter(id=new.pk).latest()
    assert latest.history_user == world.people["lena"] and "was withdrawn" in latest.history_change_reason
    page = client.get("/settings/").content.decode()
    assert "withdrawn before it began" in page and withdraw not in page
    assert client.post(add, decided(world, starts)).status_code == 302  # the day is free again


def test_a_policy_that_has_begun_cannot_be_withdrawn(world: World) -> None:
    policy, client = world.places["fenshire"].policy, signed_in(world.people["lena"])
    assert "Only a policy that has not begun" in client.post(f"/settings/policies/{policy.pk}/withdraw/").content.decode()
    policy.refresh_from_db()
    assert policy.ends is None and policy.starts < world.today
    other = world.places["marlow"].policy
    assert client.get(f"/settings/policies/{other.pk}/withdraw/").status_code == 404


def test_withdrawing_between_two_policies_leaves_no_day_without_one(world: World) -> None:
    fenshire, client = world.places["fenshire"], signed_in(world.people["lena"])
    add = f"/settings/authorities/{fenshire.authority.pk}/policy/new/"
    client.post(add, decided(world, world.today + 10 * DAY))
    client.post(add, decided(world, world.today + 20 * DAY))
    old, middle, last = Policy.objects.filter(authority=fenshire.authority).order_by("starts")
    client.post(f"/settings/policies/{middle.pk}/withdraw/")
    assert [policy_on(fenshire.authority, world.today + days * DAY).pk for days in (5, 15, 25)] == [old.pk, old.pk, last.pk]


def test_it_is_said_which_dates_follow_a_policy(world: World) -> None:
    page = (
        signed_in(world.people["lena"]).get(f"/settings/authorities/{world.places['fenshire'].authority.pk}/policy/new/").content.decode()
    )
    assert "What is due follows the policy that holds on the day" in page and "moves dates on the day it begins" in page


def test_a_policy_begins_today_at_the_earliest_and_after_the_one_before(world: World) -> None:
    url, client = f"/settings/authorities/{world.places['fenshire'].authority.pk}/policy/new/", signed_in(world.people["lena"])
    assert "The day must be today or later" in client.post(url, decided(world, world.today - DAY)).content.decode()
    client.post(url, decided(world, world.today))
    assert "already. Choose a later day" in client.post(url, decided(world, world.today)).content.decode()  # a double click
    assert Policy.objects.filter(authority=world.places["fenshire"].authority).count() == 2


def test_only_the_head_decides_and_only_for_the_own_authority(world: World) -> None:
    own, other = (f"/settings/authorities/{world.places[key].authority.pk}/policy/new/" for key in ("fenshire", "marlow"))
    for name in ("kit", "moe", "nia", "anna"):
        assert signed_in(world.people[name]).post(own, decided(world, world.today)).status_code == 403
        assert signed_in(world.people[name]).get("/settings/rates/new/").status_code == 403
    assert signed_in(world.people["lena"]).get(other).status_code == 404


def test_a_term_keeps_its_last_day_and_its_school_year(world: World) -> None:
    client, client_url = signed_in(world.people["moe"]), "/settings/terms/new/"
    first = datetime.date(world.today.year + 2, 1, 5)
    posted = {
        "authority": str(world.places["fenshire"].authority.pk), "name": "spring", **day("starts", first),
        **day("last_day", first + 80 * DAY), **day("plans_due_on", first + 60 * DAY),
    }  # fmt: skip
    client.post(client_url, posted)
    term = Term.objects.get(name="spring")
    assert (term.academic_year, term.ends) == (first.year - 1, first + 81 * DAY)
    assert "is already there" in client.post(client_url, posted).content.decode()
    page = client.post(client_url, {**posted, "name": "summer", **day("starts", first + 10 * DAY)}).content.decode()
    assert "This overlaps another term" in page
    page = client.post(client_url, {**posted, "name": "summer", **day("plans_due_on", first + 90 * DAY)}).content.decode()
    assert "Plans must be due within the term" in page


def test_a_term_whose_days_are_days_off_is_saved_and_said_to_be_so(world: World) -> None:
    """A Saturday or a bank holiday as first or last day is most often a slip of the pen, and now and then is meant."""
    client = signed_in(world.people["moe"])
    posted = {
        "authority": str(world.places["fenshire"].authority.pk), "name": "spring", **day("starts", datetime.date(2031, 1, 1)),
        **day("last_day", datetime.date(2031, 3, 28)), **day("plans_due_on", datetime.date(2031, 3, 15)),
    }  # fmt: skip
    page = client.post("/settings/terms/new/", posted, follow=True).content.decode()
    assert "The term is saved." in page and Term.objects.get(name="spring").starts == datetime.date(2031, 1, 1)
    assert "The first day of the spring 2031 term, 1 January 2031, is a bank holiday. Is that right?" in page
    assert "The last day for plans of the spring 2031 term, 15 March 2031, is a Saturday. Is that right?" in page
    assert "The last day of the spring 2031 term" not in page


def test_a_team_is_renamed_closed_and_never_doubled(world: World) -> None:
    client, team = signed_in(world.people["moe"]), world.places["fenshire"].team
    press(client, f"/settings/teams/{team.pk}/", {"name": "Harbour", "closed": "on"})
    team.refresh_from_db()
    assert (team.name, team.closed) == ("Harbour", True)
    posted = {"authority": str(team.authority_id), "name": "Harbour"}
    assert client.post("/settings/teams/new/", posted).status_code == 200
    assert Team.objects.filter(name="Harbour").count() == 1
    foreign = world.places["marlow"].team
    assert client.post(f"/settings/teams/{foreign.pk}/", {"name": "Mine"}).status_code == 404


def test_a_rate_is_added_once(world: World) -> None:
    client = signed_in(world.people["lena"])
    posted = {"financial_year": "2031-32", "amount": "2700", "source": "Department for Education"}
    client.post("/settings/rates/new/", posted)
    assert PupilPremiumRate.objects.get(financial_year="2031-32").amount == 2700
    assert client.post("/settings/rates/new/", {**posted, "amount": "1"}).status_code == 200
    for wrong in ("2031", "2031-33", "31-32"):
        assert (
            "Write the financial year like 2026-27"
            in client.post("/settings/rates/new/", {**posted, "financial_year": wrong}).content.decode()
        )
    assert PupilPremiumRate.objects.get(financial_year="2031-32").amount == 2700


def test_schools_are_searched_added_and_changed(world: World) -> None:
    client = signed_in(world.people["moe"])
    listed = client.get("/register/schools/", {"q": "hil sch"}).content.decode()
    assert "Hill School" in listed and "Brook School" not in listed and "Anna Example" in listed
    assert "Cora Example" not in listed  # vouched for by the other authority
    assert "Brook School" in client.get("/register/schools/", {"q": "900002"}).content.decode()
    assert "Unit School" not in client.get("/register/schools/?ours=on").content.decode()
    posted = {"urn": "900555", "name": "Sedge School", "type": "", "phase": "", "low_age": "", "high_age": "", "la_code": "", "la_name": ""}
    client.post("/register/schools/new/", posted)
    school = School.objects.get(urn=900555)
    press(client, f"/register/schools/{school.pk}/", {**posted, "name": "Sedge Academy"})
    school.refresh_from_db()
    assert school.name == "Sedge Academy" and School.history.filter(id=school.pk).count() == 2
    assert "There is a problem" in client.post("/register/schools/new/", posted).content.decode()


def test_the_settings_page_shows_what_held_and_holds(world: World) -> None:
    page = signed_in(world.people["kit"]).get("/settings/").content.decode()
    assert "Fenshire Team One" in page and "A first plan is begun within" in page and "Marlow" not in page
    assert "policy/new" not in page and "policy/new" in signed_in(world.people["lena"]).get("/settings/").content.decode()


def test_reminders_are_said_in_words() -> None:
    assert reminder_words([-14, -7, -2, 1]) == "14, 7 and 2 days before the due date, 1 day after the due date"
    assert reminder_words([-1, 0, 3, 5]) == "1 day before the due date, on the due date, 3 and 5 days after the due date"
    assert reminder_words([]) == "none"


def test_a_form_says_whether_it_adds_or_which_one_it_changes(world: World) -> None:
    client = signed_in(world.people["kit"])
    team = world.places["fenshire"].team
    assert '<h1 class="govuk-heading-l">Add a team</h1>' in client.get("/settings/teams/new/").content.decode()
    address = f"/settings/teams/{team.pk}/"
    assert f"Change {team.name}</h1>" in client.get(address).content.decode()
    assert f"Change {team.name}</h1>" in client.post(address, {"name": ""}).content.decode()


def steps(page: str) -> dict[str, tuple[int, int]]:
    """The table of what would be sent: of each step how many plans and how many messages."""
    found = re.findall(r"<th scope=\"row\"[^>]*>([^<]+)</th>\s*<td[^>]*>[^<]*</td>\s*<td[^>]*>(\d+)</td>\s*<td[^>]*>(\d+)</td>", page)
    return {name: (int(plans), int(messages)) for name, plans, messages in found}


def test_the_settings_say_what_each_step_would_send_today_and_that_is_what_is_sent(world: World) -> None:
    plan = begin(world, "sam")
    plan.due_on = add_working_days(world.today, -6)
    plan.save()
    begin(world, "vic")  # another council's
    said = steps(signed_in(world.people["kit"]).get("/settings/").content.decode())
    assert said["A plan opens"] == (0, 0)
    assert said["14 days before the due date"] == (0, 0) and said["1 day after the due date"][0] == 1
    assert said["5 working days late"] == (1, 2)  # the school's part to Kit, the social worker's to Hana
    assert Message.objects.count() == 0  # looking sends nothing
    reminded, raised = send_reminders(world.today), send_escalations(world.today)
    assert (said["1 day after the due date"][1], said["5 working days late"][1]) == (reminded, raised)
    again = steps(signed_in(world.people["kit"]).get("/settings/").content.decode())
    assert set(again.values()) == {(0, 0)}


def two_working_days_ago(today: datetime.date) -> datetime.date:
    """The latest day after which two working days have come, be today one or not."""
    return next(day for day in (today - DAY * count for count in range(2, 15)) if working_days_between(day, today) == 2)


def test_a_policy_is_tried_before_it_is_kept(world: World) -> None:
    plan = begin(world, "sam")
    plan.due_on = two_working_days_ago(world.today)
    plan.save()
    authority, client = world.places["fenshire"].authority, signed_in(world.people["lena"])
    posted = decided(world, world.today + DAY, manager_working_days="2", head_working_days="4", preview="yes")
    page = client.post(f"/settings/authorities/{authority.pk}/policy/new/", posted).content.decode()
    assert steps(page)["2 working days late"] == (1, 2) and "Nothing is saved yet" in page
    assert 'value="2"' in page  # what was typed stands there still
    assert Policy.objects.filter(authority=authority).count() == 1 and Message.objects.count() == 0
    wrong = client.post(f"/settings/authorities/{authority.pk}/policy/new/", {**posted, "head_working_days": "2"}).content.decode()
    assert "told later than the manager" in wrong and "Nothing is saved yet" not in wrong


def test_the_preview_of_a_policy_says_which_dates_would_move_and_who_would_be_late_by_it(world: World) -> None:
    sam, tia = world.children["sam"], world.children["tia"]
    Term.objects.all().delete()
    for child, months in ((sam, 5), (tia, 1)):
        EarlierPlan.objects.create(
            child=child, title="Plan", plan_date=add_months(world.today, -months), audience="council", content=b"", size=0,
            sha256="0" * 64, uploaded_by=world.people["kit"], **was_a_review(world),
        )  # fmt: skip
    for child in (sam, tia, world.children["wes"]):
        refresh(child, on=world.today)
    client = signed_in(world.people["lena"])
    url = f"/settings/authorities/{world.places['fenshire'].authority.pk}/policy/new/"

    def said(review_months: str) -> str:
        as_before = {"first_plan_working_days": "20", "premium_deadline": "on", "each_term": "on", "signature_working_days": "10"}
        posted = decided(world, world.today + DAY, preview="yes", review_months=review_months, **as_before)
        page = client.post(url, posted).content.decode()
        return re.sub(r"\s+", " ", page)

    assert "none would move" in said("6")
    page = said("4")
    assert "2 would be sooner, 0 later, 0 new, and 0 would no longer hold." in page
    assert "1 child would be late, as without it." in page  # Wes, who never had a plan; not Sam, whose review of a month ago nobody knew of
    dates = {child: Deadline.objects.get(child=child, kind="review", open=True).due_on for child in (sam, tia)}
    assert dates[sam] == add_months(add_months(world.today, -5), 6)  # nothing was kept


@pytest.mark.parametrize(
    ("figure", "because"),
    [
        ("first_plan_working_days", "regulation 33(1)"),
        ("begin_working_days", "statutory guidance"),
        *((name, "Enter") for name in FIGURES if name not in ("first_plan_working_days", "begin_working_days")),
    ],
)
def test_a_policy_is_never_looser_than_the_law(world: World, figure: str, because: str) -> None:
    """The message says which law; what is as strict as the law or stricter is kept."""
    authority, client = world.places["fenshire"].authority, signed_in(world.people["lena"])
    url, most = f"/settings/authorities/{authority.pk}/policy/new/", FIGURES[figure][0]
    higher = {"head_working_days": "60"} if figure == "manager_working_days" else {}
    for figure_typed in (most + 1, 32767):
        page = client.post(url, decided(world, world.today + DAY, **{**higher, figure: str(figure_typed)})).content.decode()
        assert f"Enter {most} or fewer: " in page and because in page
    assert Policy.objects.filter(authority=authority).count() == 1
    assert client.post(url, decided(world, world.today + DAY, **{**higher, figure: str(most)})).status_code == 302


def test_the_plans_that_would_open_are_counted_with_their_holders(world: World) -> None:
    sam = world.children["sam"]
    refresh(sam, on=world.today)
    said = steps(signed_in(world.people["kit"]).get("/settings/").content.decode())["A plan opens"]
    assert open_due_plans(world.today) == said[0] == 1
    assert Message.objects.filter(rule="plan_opened").count() == said[1] == 2
