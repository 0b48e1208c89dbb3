"""Whoever signs, grades, ends or decides does it to what they have read: a page that was overtaken is refused, and says by what."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from pep import as_shown, funding, workflow
from pep.forms.declaration import Audience
from pep.models import Attendee, CopyGiven, FundingRequest, Plan, PlanSnapshot, QualityCheck, Section, SignOff, Target
from pep.rubric import DEFAULT_AREAS
from pep.sections import approve_exception, author_for, keep_draft, writing
from schools.models import Policy
from tests.pep.test_copies import make_ready
from tests.pep.test_workflow import bring_to
from tests.world import World, begin, build_world, fill, press, shown_on, signed_in

pytestmark = pytest.mark.django_db

NEW_NEED = "A need that nobody who signs has read"
CHANGED = "has changed since you opened this page"


@pytest.fixture
def world() -> World:
    return build_world()


@pytest.fixture
def plan(world: World) -> Plan:
    """Sam's plan, all of it written."""
    made = begin(world, "sam")
    fill(made, "sam")
    return made


def browser(world: World, name: str) -> Client:
    return signed_in(world.people[name])


def move_page(plan: Plan, action: str) -> str:
    return f"/plans/{plan.pk}/moves/{action}/"


def write_target(world: World, plan: Plan, *, need: str = NEW_NEED, amount: str = "200", purpose: str = "Books") -> Any:
    """Anna saves the plan's target on its own page."""
    target, section = Target.objects.get(plan=plan), Section.objects.get(plan=plan, key="targets")
    day = {f"by_when-{part}": getattr(target.by_when, part) for part in ("day", "month", "year")}
    words = dict.fromkeys(("baseline", "aim", "success", "intervention", "who"), "Words")
    typed = {"area": "english", "term": "short", "need": need, **words, **day, "version": section.version}
    asked = {"funding_amount": amount, "funding_purpose": purpose} if amount else {}
    return browser(world, "anna").post(f"/plans/{plan.pk}/targets/{target.pk}/", {**typed, **asked})


def save(world: World, plan: Plan, key: str, name: str) -> None:
    """Somebody saves a section."""
    author = author_for(plan, key, world.people[name], on=world.today)
    with writing(plan.pk, key, Section.objects.get(plan=plan, key=key).version, author=author) as section:
        section.answers = {**section.answers, "remark": "More"}


def returned_and_sent_again(world: World, plan: Plan, to: str) -> None:
    """Whoever has the plan returns it, the target is written anew, and it comes back to the same state."""
    perform, people = workflow.perform, world.people
    who, action = ("fay", "return_from_sign_off") if to == "awaiting_sign_off" else ("lena", "return_from_check")
    perform(plan, action, by=people[who], comment="Once more", sections=["targets"])
    assert write_target(world, plan).status_code == 302
    again = perform(plan, "submit", by=people["anna"])
    assert again.state == to


def all_green() -> dict[str, str]:
    return {"overall": "green", "comment": "Good work", **{f"area-{area['key']}": "green" for area in DEFAULT_AREAS}}


def state(plan: Plan) -> str:
    plan.refresh_from_db()
    return str(plan.state)


def test_a_grade_from_a_page_opened_before_a_return_is_refused_and_says_what_happened(world: World, plan: Plan) -> None:
    """Nothing freezes under the grade of somebody who has not read it."""
    plan = bring_to(plan, "awaiting_check", world)
    kit, url = browser(world, "kit"), move_page(plan, "grade")
    typed = {**shown_on(kit, url), **all_green(), f"comment-{DEFAULT_AREAS[0]['key']}": "Clear and short"}
    returned_and_sent_again(world, plan, "awaiting_check")
    answer = kit.post(url, typed)
    page = answer.content.decode()
    assert (answer.status_code, state(plan)) == (409, "awaiting_check")
    assert not QualityCheck.objects.exists() and not PlanSnapshot.objects.exists()
    assert CHANGED in page and f'href="/plans/{plan.pk}/"' in page
    assert "Lena Example, head, returned the plan" in page.replace("virtual school head", "head") and "Anna Example" in page
    assert NEW_NEED in page  # what they now look at
    assert "Good work" in page and "Clear and short" in page and 'value="green"' in page and "checked" in page
    again = re.search(r'name="shown" value="([^"]+)"', page)
    assert again is not None
    assert kit.post(url, {**typed, "shown": again[1]}).status_code == 302
    assert state(plan) == "complete"


def test_a_signature_from_a_page_opened_before_a_return_is_refused(world: World, plan: Plan) -> None:
    plan = bring_to(plan, "awaiting_sign_off", world)
    fay, url = browser(world, "fay"), move_page(plan, "sign_off")
    shown = shown_on(fay, url)
    returned_and_sent_again(world, plan, "awaiting_sign_off")
    answer = fay.post(url, {**shown, "comment": "Thank you all"})
    assert answer.status_code == 409 and "Thank you all" in answer.content.decode()
    assert state(plan) == "awaiting_sign_off" and not SignOff.objects.filter(role="social_worker").exists()
    assert press(fay, url, {"comment": ""}).status_code == 302


@pytest.mark.parametrize("shown", [{}, {"shown": ""}, {"shown": "x"}, {"shown": "0-nan"}, {"shown": f"{'0' * 32}-9e99"}])
def test_what_names_no_page_of_ours_moves_no_plan_and_decides_nothing(world: World, plan: Plan, shown: dict[str, str]) -> None:
    request = FundingRequest.objects.get()
    for name, url, typed in (
        ("anna", move_page(plan, "submit"), {"comment": ""}),
        ("kit", move_page(plan, "cancel"), {"comment": "Begun twice"}),
        ("kit", move_page(plan, "close"), {"comment": "Left care"}),
        ("kit", f"/funding/{request.pk}/", {"step": "agreed"}),
    ):
        answer = browser(world, name).post(url, {**typed, **shown})
        assert answer.status_code == 409 and CHANGED in answer.content.decode(), url
    request.refresh_from_db()
    assert (state(plan), request.state) == ("preparing", "requested")


STARTS = {
    "submit": "preparing", "sign_off": "awaiting_sign_off", "return_from_sign_off": "awaiting_sign_off", "grade": "awaiting_check",
    "return_from_check": "awaiting_check", "accept_unsampled": "awaiting_check", "go_on_without_signature": "awaiting_sign_off",
    "cancel": "preparing", "close": "preparing", "correct": "complete",
}  # fmt: skip


def test_every_move_that_a_page_asks_for_is_named_here() -> None:
    assert set(STARTS) == {row.action for row in workflow.TRANSITIONS.values() if row.verbs}


@pytest.mark.parametrize("action", STARTS)
def test_no_move_is_made_from_another_page_than_the_one_that_shows_the_plan(world: World, plan: Plan, action: str) -> None:
    plan = bring_to(plan, STARTS[action], world)
    with pytest.raises(workflow.Changed):
        workflow.perform(plan, action, by=world.people[{"submit": "anna"}.get(action, "fay" if "sign_off" in action else "kit")], shown="")
    assert state(plan) == STARTS[action]


def test_a_plan_is_not_submitted_with_a_section_that_somebody_saved_since(world: World, plan: Plan) -> None:
    """Submitting freezes every text, so whoever submits has seen the last of each."""
    anna, url = browser(world, "anna"), move_page(plan, "submit")
    shown = shown_on(anna, url)
    save(world, plan, "health", "fay")
    answer = anna.post(url, {**shown, "comment": "For Fay"})
    page = answer.content.decode()
    assert (answer.status_code, state(plan)) == (409, "preparing")
    assert "Fay Example saved “Health”" in page and "For Fay" in page
    assert press(anna, url, {"comment": ""}).status_code == 302


def test_what_lacks_since_is_shown_with_the_note_that_was_typed(world: World, plan: Plan) -> None:
    anna, url = browser(world, "anna"), move_page(plan, "submit")
    shown = shown_on(anna, url)
    with writing(plan.pk, "health", 1, author=author_for(plan, "health", world.people["fay"], on=world.today)) as section:
        section.answers = {}
    page = anna.post(url, {**shown, "comment": "Words for Fay"}).content.decode()
    assert "cannot be submitted yet" in page and "Words for Fay" in page


def test_a_section_for_the_council_alone_neither_stops_the_school_nor_shows(world: World, plan: Plan) -> None:
    """What the school does not read has not changed for it; whoever reads it is asked to look again."""
    anna, url = browser(world, "anna"), move_page(plan, "submit")
    shown = shown_on(anna, url)
    of_council = as_shown.of_plan(plan, Audience.COUNCIL, text=True)
    save(world, plan, "care_record", "fay")
    assert as_shown.of_plan(plan, Audience.COUNCIL, text=True) != of_council
    assert anna.post(url, {**shown, "comment": ""}).status_code == 302


def test_an_exception_approved_since_is_looked_at_before_the_plan_is_submitted(world: World, plan: Plan) -> None:
    anna, url = browser(world, "anna"), move_page(plan, "submit")
    shown = shown_on(anna, url)
    plan.meeting.state, plan.meeting.not_held_because = "not_held", "Snow"
    plan.meeting.save()
    assert approve_exception(plan, by=world.people["kit"], reason="Snow closed the school")
    answer = anna.post(url, {**shown, "comment": ""})
    assert answer.status_code == 409 and "Snow closed the school" in answer.content.decode()


def autosave(world: World, plan: Plan) -> None:
    keep_draft(Section.objects.get(plan=plan, key="health"), world.people["fay"], base_version=1, fields={"notes": ["Half a sent"]})


def read(world: World, plan: Plan) -> None:
    for name in ("anna", "fay", "lena"):
        browser(world, name).get(f"/plans/{plan.pk}/")
        browser(world, name).get(f"/plans/{plan.pk}/read/")


def why_late(world: World, plan: Plan) -> None:
    plan.late_because, plan.late_note = "other", "The school was closed"
    plan.save()


@pytest.mark.parametrize("start", ["preparing", "awaiting_sign_off", "awaiting_check"])
@pytest.mark.parametrize("meanwhile", [autosave, read, why_late])
def test_what_changes_nothing_that_is_read_stops_nobody(
    world: World, plan: Plan, start: str, meanwhile: Callable[[World, Plan], None]
) -> None:
    plan = bring_to(plan, start, world)
    name, action = {"preparing": ("anna", "submit"), "awaiting_sign_off": ("fay", "sign_off"), "awaiting_check": ("kit", "grade")}[start]
    client, url = browser(world, name), move_page(plan, action)
    typed = {**shown_on(client, url), **(all_green() if action == "grade" else {"comment": ""})}
    meanwhile(world, plan)
    assert client.post(url, typed).status_code == 302
    assert state(plan) != start


def test_who_ends_a_plan_is_not_stopped_by_what_is_written_in_it_but_by_where_it_went(world: World, plan: Plan) -> None:
    """The page that cancels or closes shows no text of the plan, but says where it stands."""
    kit, url = browser(world, "kit"), move_page(plan, "close")
    first = shown_on(kit, url)
    save(world, plan, "health", "fay")
    workflow.perform(plan, "submit", by=world.people["anna"])
    answer = kit.post(url, {**first, "comment": "Left care in June"})
    assert answer.status_code == 409 and "Left care in June" in answer.content.decode() and state(plan) == "awaiting_sign_off"
    assert press(kit, url, {"comment": "Left care in June"}).status_code == 302


def test_a_grade_that_sent_back_when_the_page_was_opened_does_not_complete_the_plan_after(world: World, plan: Plan) -> None:
    """The page says which grades send a plan back; a policy that says otherwise since must be read first."""
    policy = Policy.objects.get(authority=world.places["fenshire"].authority)
    policy.returning_grades = ["red", "amber"]
    policy.save()
    plan = bring_to(plan, "awaiting_check", world)
    kit, url = browser(world, "kit"), move_page(plan, "grade")
    typed = {**shown_on(kit, url), **all_green(), "overall": "amber", "sections": ["targets"]}
    policy.returning_grades = []
    policy.save()
    assert kit.post(url, typed).status_code == 409
    assert state(plan) == "awaiting_check"


def test_a_plan_that_moved_on_gives_back_what_was_typed_and_says_who_moved_it(world: World, plan: Plan) -> None:
    plan = bring_to(plan, "awaiting_check", world)
    kit, url = browser(world, "kit"), move_page(plan, "grade")
    typed = {**shown_on(kit, url), **all_green(), "comment": "A long thought about the whole plan"}
    workflow.perform(plan, "return_from_check", by=world.people["lena"], comment="Once more", sections=["targets"])
    answer = kit.post(url, typed)
    page = answer.content.decode()
    assert answer.status_code == 409 and "A long thought about the whole plan" in page
    assert "Lena Example" in page and "returned the plan" in page


def test_an_incomplete_form_on_a_plan_that_changed_says_so_at_once(world: World, plan: Plan) -> None:
    """Otherwise the page drawn again would show another plan than the one the person began with, and say nothing."""
    plan = bring_to(plan, "awaiting_check", world)
    kit, url = browser(world, "kit"), move_page(plan, "grade")
    shown = shown_on(kit, url)
    returned_and_sent_again(world, plan, "awaiting_check")
    answer = kit.post(url, {**shown, "comment": "Half done"})
    page = answer.content.decode()
    assert answer.status_code == 409 and CHANGED in page and "Choose a grade for the whole plan" in page and "Half done" in page


def test_of_a_page_that_was_open_for_long_the_last_that_happened_is_told_and_the_way_to_the_rest(world: World, plan: Plan) -> None:
    anna, url = browser(world, "anna"), move_page(plan, "submit")
    shown = shown_on(anna, url)
    for _ in range(12):
        save(world, plan, "health", "fay")
    page = anna.post(url, {**shown, "comment": ""}).content.decode()
    assert page.count("Fay Example saved “Health”") == 10 and f"/plans/{plan.pk}/timeline/" in page and "read all of it" in page


def test_who_corrects_a_plan_that_a_colleague_corrected_meanwhile_keeps_what_they_typed(world: World, plan: Plan) -> None:
    plan = bring_to(plan, "complete", world)
    kit, url = browser(world, "kit"), move_page(plan, "correct")
    typed = {**shown_on(kit, url), "comment": "The attendance was wrong", "sections": ["attendance"]}
    workflow.perform(plan, "correct", by=world.people["lena"], comment="Wrong target", sections=["targets"])
    answer = kit.post(url, typed)
    assert answer.status_code == 409 and "The attendance was wrong" in answer.content.decode()
    assert plan.corrections.count() == 1


def test_a_meeting_that_was_held_meanwhile_needs_no_exception(world: World, plan: Plan) -> None:
    """Else the plan would say for ever why it went on without the meeting that it was made at."""
    plan.meeting.refresh_from_db()
    assert plan.meeting.state == "held"
    answer = browser(world, "kit").post(f"/plans/{plan.pk}/meeting-exception/", {"reason": "Snow closed the school"})
    page = answer.content.decode()
    plan.meeting.refresh_from_db()
    assert (answer.status_code, plan.meeting.exception_because) == (409, "")
    assert "The meeting has been held" in page and "Snow closed the school" in page


def test_how_a_copy_was_given_is_not_written_over_by_who_has_not_seen_it(world: World, plan: Plan) -> None:
    parent = Attendee.objects.get(meeting__plan=plan)
    parent.invited, parent.decided_at, parent.may_know = True, timezone.now(), Attendee.MayKnow.COPY
    parent.save()
    plan = bring_to(plan, "complete", world)
    make_ready(plan)
    url, day = f"/plans/{plan.pk}/copies/{parent.pk}/", {f"on-{part}": getattr(world.today, part) for part in ("day", "month", "year")}
    fay = browser(world, "fay")
    shown = shown_on(fay, url)
    assert press(browser(world, "kit"), url, {"how": "handed", "note": "", **day}).status_code == 302
    answer = fay.post(url, {**shown, "how": "not_given", "note": "Nobody was at home", **day})
    page = answer.content.decode()
    assert (answer.status_code, CopyGiven.objects.get().how) == (409, "handed")
    assert "Nobody was at home" in page and "Kit Example" in page and CHANGED in page
    assert press(fay, url, {"how": "posted", "note": "", **day}).status_code == 302
    assert CopyGiven.objects.get().how == "posted"


# Money


@pytest.mark.parametrize("typed", [{"step": "agreed"}, {"step": "part", "amount": "150", "reason": "Half"}])
def test_an_officer_agrees_to_no_sum_but_the_one_they_saw(world: World, plan: Plan, typed: dict[str, str]) -> None:
    request, kit = FundingRequest.objects.get(), browser(world, "kit")
    url = f"/funding/{request.pk}/"
    shown = shown_on(kit, url)
    assert write_target(world, plan, amount="9000", purpose="A laptop").status_code == 302
    answer = kit.post(url, {**shown, **typed})
    page = answer.content.decode()
    request.refresh_from_db()
    assert (answer.status_code, request.state, request.agreed_amount) == (409, "requested", None)
    assert CHANGED in page and "£9,000" in page and "A laptop" in page and "Anna Example" in page
    assert all(f'value="{value}"' in page or value in page for value in typed.values())
    assert not request.steps.exists()
    press(kit, url, {"step": "agreed"})
    request.refresh_from_db()
    assert request.agreed_amount == 9000


def test_another_purpose_for_the_same_sum_is_looked_at_first_and_the_same_words_saved_again_are_not(world: World, plan: Plan) -> None:
    write_target(world, plan)
    request, kit = FundingRequest.objects.get(), browser(world, "kit")
    url = f"/funding/{request.pk}/"
    shown = shown_on(kit, url)
    write_target(world, plan, purpose="A holiday")
    assert kit.post(url, {**shown, "step": "agreed"}).status_code == 409
    shown = shown_on(kit, url)
    write_target(world, plan, purpose="A holiday")
    assert kit.post(url, {**shown, "step": "agreed"}).status_code == 302


@pytest.mark.parametrize(
    ("before", "meanwhile", "pressed"),
    [
        ([], "agreed", {"step": "part", "amount": "50", "reason": "Only a few of them"}),
        ([], "declined", {"step": "agreed", "reason": "Only a few of them"}),
        (["agreed"], "approved", {"step": "approved", "reason": "Only a few of them"}),
        (["agreed", "approved"], "paid", {"step": "paid", "reason": "Only a few of them"}),
    ],
)
def test_what_a_colleague_decided_first_stands_and_the_others_words_are_given_back(
    world: World, plan: Plan, before: list[str], meanwhile: str, pressed: dict[str, str]
) -> None:
    """Also where no step is left to take."""
    request, kit = FundingRequest.objects.get(), browser(world, "kit")
    for number, step in enumerate(before):
        request = funding.take_step(request, step, by=world.people["lena" if number == 0 else "kit"], on=world.today)
    url = f"/funding/{request.pk}/"
    shown = shown_on(kit, url)
    assert shown
    policy = world.places["fenshire"].policy
    policy.one_person_may_pay = True
    policy.save()
    after = funding.take_step(request, meanwhile, by=world.people["lena"], on=world.today, reason="Enough").state
    answer = kit.post(url, {**shown, **pressed})
    page = answer.content.decode()
    request.refresh_from_db()
    assert (answer.status_code, request.state) == (409, after)
    assert "has changed since" in page and "Lena Example" in page and "Only a few of them" in page


def test_money_spent_is_recorded_once_however_often_the_button_is_pressed(world: World, plan: Plan) -> None:
    request, anna = FundingRequest.objects.get(), browser(world, "anna")
    funding.take_step(request, "agreed", by=world.people["kit"], on=world.today)
    url = f"/funding/{request.pk}/"
    typed = {**shown_on(anna, url), "step": "spent", "amount": "60", "reason": "Books"}
    assert [anna.post(url, typed).status_code for _ in range(2)] == [302, 409]
    assert request.steps.filter(step="spent").count() == 1


def test_a_token_says_when_its_page_was_drawn() -> None:
    before = timezone.now()
    drawn = as_shown.since(as_shown.token(["a"]))
    assert drawn is not None and abs((drawn - before).total_seconds()) < 5
    assert as_shown.stands(as_shown.token(["a", 1]), ["a", 1]) and not as_shown.stands(as_shown.token(["a", 1]), ["a", 2])
