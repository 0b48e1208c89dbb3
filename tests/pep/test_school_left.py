"""The school that a child has left reads what was written by then; what the next school and the council write after is not for it."""

import datetime
from decimal import Decimal

import pytest
from django.test import Client

from accounts.models import Message, User
from accounts.outbox import tell
from accounts.policy import Relation
from children.access import relations_to
from children.models import Allocation, Enrolment
from config.message_links import where_to
from pep import moves
from pep.funding import take_step
from pep.models import Document, EarlierPlan, FundingRequest, Plan, PlanSnapshot, Progress, Section
from pep.sections import author_for, writing
from pep.workflow import perform
from tests.moving import confirmed
from tests.pep.test_workflow import bring_to
from tests.world import DAY, World, begin, build_world, fill, graded, member, signed_in

pytestmark = pytest.mark.django_db

AFTER = "CANARY-AFTER-THE-MOVE"


@pytest.fixture
def world() -> World:
    return build_world()


@pytest.fixture
def plan(world: World) -> Plan:
    """Sam's plan, filled in at Hill School."""
    made = begin(world, "sam")
    fill(made, "sam")
    return made


@pytest.fixture
def anna(world: World) -> Client:
    """The teacher of the school that Sam leaves."""
    return signed_in(world.people["anna"])


def write(plan: Plan, by: User, on: datetime.date, **behalf: str) -> None:
    """Somebody saves the part of a plan that asks for strengths."""
    row = Section.objects.get(plan=plan, key="strengths")
    with writing(plan.pk, "strengths", row.version, author=author_for(plan, "strengths", by, on=on, **behalf)) as section:
        question = next(one.key for one in plan.form.section("strengths").questions if one.kind == "text")
        section.answers = {**section.answers, question: AFTER}


def new_plan(world: World) -> Plan:
    """The plan at the new school, begun and written there."""
    found = world.children["sam"].plans.filter(state=Plan.State.PREPARING).first() or begin(world, "sam")
    write(found, world.people["bilal"], world.today)
    return found


def pages_of(plan: Plan) -> list[str]:
    at = f"/plans/{plan.pk}/"
    return [at, f"{at}read/", f"{at}timeline/", f"{at}sections/strengths/", f"{at}progress/"]


def test_the_plan_at_the_new_school_is_not_there_for_the_old_one(world: World, plan: Plan, anna: Client) -> None:
    confirmed(world)
    assert relations_to(world.people["anna"], world.children["sam"]) == {Relation.FORMER_SCHOOL}
    new, sam = new_plan(world), world.children["sam"]
    for page in pages_of(new):
        assert anna.get(page).status_code == 404, page
        assert anna.post(page).status_code == 404, page
        assert signed_in(world.people["bilal"]).get(page).status_code == 200, page
    for page in (f"/children/{sam.pk}/", f"/children/{sam.pk}/timeline/", f"/children/{sam.pk}/dates/", "/"):
        answer = anna.get(page)
        assert answer.status_code == 200, page
        assert str(new.pk) not in answer.content.decode() and AFTER not in answer.content.decode(), page
    assert "Has left your school" in anna.get("/").content.decode()


def test_the_plan_that_was_closed_with_the_move_stays_readable_as_it_stood(world: World, plan: Plan, anna: Client) -> None:
    confirmed(world)
    new_plan(world)
    plan.refresh_from_db()
    assert plan.state == Plan.State.CLOSED
    for page in pages_of(plan):
        assert anna.get(page).status_code == 200, page
    assert "CANARY-sam" in anna.get(f"/plans/{plan.pk}/sections/strengths/").content.decode()
    assert str(plan.pk) in anna.get(f"/children/{world.children['sam'].pk}/").content.decode()


def test_a_plan_that_was_handed_in_before_stays_readable_when_it_becomes_complete(world: World, plan: Plan, anna: Client) -> None:
    bring_to(plan, Plan.State.AWAITING_CHECK, world)
    confirmed(world)
    assert anna.get(f"/plans/{plan.pk}/read/").status_code == 200
    perform(plan, "grade", by=world.people["kit"], **graded())
    assert anna.get(f"/plans/{plan.pk}/read/").status_code == 200


def test_a_plan_in_which_somebody_wrote_after_is_not_there_any_more(world: World, plan: Plan, anna: Client) -> None:
    """Sam leaves for no school, and the virtual school goes on with the plan."""
    confirmed(world, to=None)
    assert anna.get(f"/plans/{plan.pk}/").status_code == 200
    write(plan, world.people["kit"], world.today)
    for page in pages_of(plan):
        assert anna.get(page).status_code == 404, page
    assert str(plan.pk) not in anna.get(f"/children/{world.children['sam'].pk}/").content.decode()


def test_what_is_added_to_a_complete_plan_after_the_move_is_not_for_the_old_school(world: World, plan: Plan, anna: Client) -> None:
    plan = bring_to(plan, Plan.State.COMPLETE, world)
    target = plan.targets.get()
    before = Progress(target=target, status="on_track", on=world.today, note="By then", by=world.people["anna"], capacity="x")
    before.save()
    confirmed(world)
    Progress(target=target, status="on_track", on=world.today, note=AFTER, by=world.people["bilal"], capacity="x").save()
    for page in (f"/plans/{plan.pk}/progress/", f"/plans/{plan.pk}/timeline/", f"/children/{world.children['sam'].pk}/timeline/"):
        text = anna.get(page).content.decode()
        assert "By then" in text and AFTER not in text, page
        assert AFTER in signed_in(world.people["bilal"]).get(page).content.decode(), page


def test_documents_and_earlier_plans_of_the_time_after_are_not_for_the_old_school(world: World, plan: Plan, anna: Client) -> None:
    sam, kept = world.children["sam"], {"content": b"%PDF-", "size": 5}

    def earlier(title: str) -> EarlierPlan:
        return EarlierPlan.objects.create(
            child=sam, title=title, plan_date=world.today, audience="school", sha256=title, uploaded_by=world.people["kit"], **kept
        )

    old = earlier("By then")
    confirmed(world)
    new, later = new_plan(world), earlier("Added after")
    frozen = PlanSnapshot.objects.create(plan=new, taken_at=new.created_at, content={}, sha256="x")
    document = Document.objects.create(snapshot=frozen, audience="school", sha256="y", **kept)
    page = anna.get(f"/children/{sam.pk}/").content.decode()
    assert "By then" in page and "Added after" not in page and str(document.pk) not in page
    assert anna.get(f"/earlier-plans/{old.pk}/").status_code == 200
    assert anna.get(f"/earlier-plans/{later.pk}/").status_code == anna.get(f"/documents/{document.pk}/").status_code == 404


def told_of_the_decision(world: World, money: FundingRequest) -> set[str]:
    """Who hears that Kit's head has agreed to a request."""
    take_step(money, "agreed", by=world.people["lena"], on=world.today)
    return {one.recipient.name for one in Message.objects.filter(rule="funding_decided") if one.recipient}


def test_the_answer_about_money_goes_to_the_school_that_asked_and_not_to_the_new_one(world: World, plan: Plan) -> None:
    """Hill School asked; Brook School, where Sam is now, cannot open the request."""
    money = FundingRequest.objects.get(plan=bring_to(plan, "complete", world))
    confirmed(world)
    assert signed_in(world.people["bilal"]).get(f"/funding/{money.pk}/").status_code == 404
    assert signed_in(world.people["anna"]).get(f"/funding/{money.pk}/").status_code == 200
    assert told_of_the_decision(world, money) == {world.people["anna"].name}


def test_nobody_is_told_of_an_answer_about_money_where_the_old_school_may_read_nothing_any_more(world: World, plan: Plan) -> None:
    money = FundingRequest.objects.get(plan=bring_to(plan, "complete", world))
    confirmed(world)
    place = Enrolment.objects.get(child=world.children["sam"], school=world.schools["hill"])
    place.readable_until = place.ends
    place.save()
    assert told_of_the_decision(world, money) == set()


def test_the_school_that_the_asking_one_has_become_is_told_of_the_answer_about_money(world: World, plan: Plan) -> None:
    money, hill = FundingRequest.objects.get(plan=bring_to(plan, "complete", world)), world.schools["hill"]
    hill.successor = world.schools["brook"]
    hill.save()
    confirmed(world)
    assert world.people["bilal"].name in told_of_the_decision(world, money)


def test_no_message_leads_the_old_school_to_the_plan_at_the_new_one(world: World, plan: Plan) -> None:
    confirmed(world)
    new, user = new_plan(world), world.people["anna"]
    tell(key="x", recipient=user, rule="plan_opened", plan_id=new.pk, child_id=new.child_id)
    assert where_to(user, Message.objects.get(key="x")) == f"/children/{new.child_id}/"
    assert where_to(world.people["anna"], Message(about_plan=plan.pk, facts={})) == f"/plans/{plan.pk}/"


def test_places_after_the_next_are_not_told_to_the_school_that_was_left(world: World, plan: Plan, anna: Client) -> None:
    sam = world.children["sam"]
    enrolment = sam.main_enrolment(world.today)
    assert enrolment is not None
    confirmed(world, starts_on=world.today - 9 * DAY)
    moves.confirm(
        moves.propose(sam, to_school=world.schools["unit"], starts_on=world.today, reason="Again", by=world.people["fay"]),
        by=world.people["kit"],
    )
    page = anna.get(f"/children/{sam.pk}/").content.decode()
    assert "Brook School" in page and "Unit School" not in page


def test_whoever_teaches_at_the_new_school_too_reads_all_of_it(world: World, plan: Plan, anna: Client) -> None:
    confirmed(world)
    new = new_plan(world)
    member(world, "Anna", "designated_teacher", school=world.schools["brook"], authority=world.places["fenshire"].authority)
    assert AFTER in anna.get(f"/plans/{new.pk}/sections/strengths/").content.decode()


def test_what_happened_on_the_morning_of_a_move_confirmed_at_noon_is_still_the_old_schools(world: World, anna: Client) -> None:
    """Until it was confirmed the school was the child's."""
    plan = begin(world, "sam")
    write(plan, world.people["anna"], world.today)
    confirmed(world)
    assert AFTER in anna.get(f"/plans/{plan.pk}/sections/strengths/").content.decode()


def test_the_old_school_is_not_told_who_has_the_child_now(world: World, plan: Plan, anna: Client) -> None:
    """The address of a teacher says at which school the child is."""
    confirmed(world)
    sam = world.children["sam"]
    bilal = world.people["bilal"]
    bilal.phone = "01632 960111"
    bilal.save()
    Enrolment(child=sam, school=world.schools["unit"], kind="alternative", starts=world.today).save()
    old = sam.allocations.get(role="social_worker")
    old.ends = world.today
    old.save()
    Allocation(child=sam, role="social_worker", worker=world.people["gus"], team=old.team, starts=world.today).save()
    hidden = (
        bilal.name,
        "bilal@example.test",
        "01632 960111",
        world.people["gus"].name,
        world.people["uri"].name,
        str(world.schools["unit"]),
    )
    for page in (f"/children/{sam.pk}/", f"/children/{sam.pk}/timeline/", f"/plans/{plan.pk}/", f"/plans/{plan.pk}/read/"):
        text = anna.get(page).content.decode()
        assert not [words for words in hidden if words in text], page
    shown = anna.get(f"/children/{sam.pk}/").content.decode()
    assert world.people["kit"].name in shown  # whom to ask: the virtual school
    assert "01632 960111" in signed_in(world.people["gus"]).get(f"/children/{sam.pk}/").content.decode()


def test_what_is_decided_about_a_plan_after_the_move_is_not_for_the_old_school(world: World, plan: Plan, anna: Client) -> None:
    plan = bring_to(plan, Plan.State.AWAITING_CHECK, world)
    confirmed(world)
    plan.refresh_from_db()
    plan = perform(plan, "grade", by=world.people["kit"], **{**graded(), "comment": AFTER})
    sam = world.children["sam"]
    for page in (*pages_of(plan), f"/children/{sam.pk}/", f"/children/{sam.pk}/timeline/"):
        assert AFTER not in anna.get(page).content.decode(), page
    document = Document.objects.create(snapshot=plan.snapshot, audience="school", sha256="y", content=b"%PDF-", size=5)
    assert anna.get(f"/documents/{document.pk}/").status_code == 404
    assert str(document.pk) not in anna.get(f"/children/{sam.pk}/").content.decode()
    assert signed_in(world.people["bilal"]).get(f"/documents/{document.pk}/").status_code == 200


def test_a_plan_that_came_back_after_the_move_is_not_there_any_more(world: World, plan: Plan, anna: Client) -> None:
    plan = bring_to(plan, Plan.State.AWAITING_CHECK, world)
    confirmed(world)
    plan.refresh_from_db()
    perform(plan, "return_from_check", by=world.people["kit"], comment=AFTER, sections=["strengths"])
    for page in pages_of(plan):
        assert anna.get(page).status_code == 404, page


def test_what_was_decided_about_money_after_the_move_is_not_for_the_old_school(world: World, plan: Plan, anna: Client) -> None:
    plan = bring_to(plan, Plan.State.AWAITING_CHECK, world)
    confirmed(world)
    money = FundingRequest.objects.get(plan=plan)
    take_step(money, "part", by=world.people["kit"], on=world.today, amount=Decimal(10), reason=AFTER)
    page = anna.get(f"/funding/{money.pk}/").content.decode()
    assert AFTER not in page and "Nobody had decided when the child left your school" in page and "greed" not in page
    assert AFTER in signed_in(world.people["kit"]).get(f"/funding/{money.pk}/").content.decode()
