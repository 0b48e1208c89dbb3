"""What was decided about who may come, what people answered and who came stands in the plan for ever, each part for who may read it."""

import datetime
import json
from collections.abc import Iterator
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine

from pep import documents, snapshot
from pep.forms.declaration import Audience
from pep.models import Attendee, Plan
from pep.workflow import perform
from tests.pep import pdf_reading
from tests.pep.meeting_stories import decide, invitation, people, save
from tests.pep.test_workflow import NEEDS, bring_to
from tests.world import DAY, World, begin, build_world, fill, signed_in

NOW = datetime.datetime(2026, 3, 10, 10, tzinfo=ZoneInfo("Europe/London"))
MOTHER, FATHER, GRAN = ("parent", "CANARY-mother"), ("parent", "CANARY-father"), ("other", "CANARY-gran")
SECRETS = ("mother@home.test", "father@home.test", "25 March 2026", "09:15", "The date and time only", "school copy of the plan")


@pytest.fixture
def world(db: None) -> Iterator[World]:
    with time_machine.travel(NOW):
        yield build_world()


@pytest.fixture
def plan(world: World) -> Plan:
    """Sam's plan with a meeting: Fay can come, Kit cannot, Moe never answered; mother, father and grandmother were decided about."""
    plan = begin(world, "sam")
    save(world.people["anna"], plan, add=[*people(world, "fay", "kit", "moe"), MOTHER, FATHER, GRAN])
    for name, answer in (("fay", "accepted"), ("kit", "declined")):
        user = world.people[name]
        signed_in(user).post(f"/meetings/{invitation(plan, user).pk}/", {"answer": answer})
    decide(world.people["fay"], plan, MOTHER[1], may_know="copy")
    own = {"day-day": "25", "day-month": "3", "day-year": "2026", "time": "09:15"}
    decide(world.people["fay"], plan, FATHER[1], may_come="separate", email="father@home.test", **own)
    decide(world.people["fay"], plan, GRAN[1], may_come="no", email="")
    for name, came in (("Fay Example", "came"), ("Kit Example", "apologies")):
        one = Attendee.objects.get(meeting__plan=plan, name=name)
        one.came = came
        one.save()
    fill(plan, "sam")
    return plan


def blocks(content: dict[str, Any], audience: Audience) -> dict[str, Any]:
    """The meeting's blocks of a copy, by key."""
    copy = snapshot.readable(content, audience)
    return {block["key"]: block for section in copy["sections"] if section["key"] == "meeting" for block in section["blocks"]}


def answers(block: dict[str, Any]) -> dict[str, tuple[str, str]]:
    return {row["Name"]: (row["Answered"], row["Came"]) for row in block["value"]}


TOLD = {
    "Fay Example": ("Can come (10 March 2026)", "Came"),
    "Kit Example": ("Cannot come (10 March 2026)", "Sent apologies"),
    "Moe Example": ("No answer yet", "Not recorded yet"),
    MOTHER[1]: ("No answer yet", "Not recorded yet"),
    FATHER[1]: ("No answer yet", "Not recorded yet"),
    GRAN[1]: ("Was not to come, as was decided for them", "Not recorded yet"),
}


def test_the_record_says_what_everybody_answered_and_who_came(world: World, plan: Plan) -> None:
    """W9. For the school as for the council."""
    content = bring_to(plan, "complete", world).snapshot.content
    for audience in Audience:
        assert answers(blocks(content, audience)["attendees"]).items() >= TOLD.items()


def test_what_was_decided_about_a_parent_is_for_the_council_and_no_address_is_in_the_record(world: World, plan: Plan) -> None:
    """A5."""
    content = bring_to(plan, "complete", world).snapshot.content
    decided = {row["Name"]: row for row in blocks(content, Audience.COUNCIL)["decisions"]["value"]}
    assert decided[MOTHER[1]]["May they come?"] == "Yes, to the meeting"
    assert decided[MOTHER[1]]["What they may know"].endswith("the school copy of the plan afterwards")
    assert decided[MOTHER[1]]["Decided"] == "Fay Example, 10 March 2026, 10:00"
    assert decided[FATHER[1]]["May they come?"] == "At a time of their own: 25 March 2026, 09:15"
    assert (decided[GRAN[1]]["May they come?"], decided[GRAN[1]]["What they may know"]) == ("No", "")
    assert "@home.test" not in json.dumps(content)
    school = json.dumps(snapshot.readable(content, Audience.SCHOOL), ensure_ascii=False)
    assert not [secret for secret in SECRETS if secret in school]
    assert "decisions" not in blocks(content, Audience.SCHOOL)


def test_pages_and_documents_show_it_to_whom_it_is_for(world: World, plan: Plan) -> None:
    """A5, D2."""
    done = bring_to(plan, "complete", world)
    for name, reads in (("anna", False), ("eve", False), ("fay", True), ("kit", True), ("jo", True)):
        for path in (f"/plans/{done.pk}/read/", f"/plans/{done.pk}/sections/meeting/"):
            with time_machine.travel(NOW + 20 * DAY):  # when all that was arranged is over
                page = signed_in(world.people[name]).get(path).content.decode()
            assert "Can come (10 March 2026)" in page and "Sent apologies" in page
            assert ("What was decided about people without an account" in page) is reads, (name, path)
            assert ("09:15" in page) is reads and ("school copy of the plan" in page) is reads
            # The list of a plan in preparation, which says what still waits, does not stand beside the record.
            assert "Who is invited, and what they answered" not in page
    for audience in ("school", "council"):
        content = documents.render(done.snapshot.content, audience)
        text = pdf_reading.text_of(content) + json.dumps(pdf_reading.attached_data(content), ensure_ascii=False)
        assert "Cannot come (10 March 2026)" in text and "@home.test" not in text
        assert ("25 March 2026, 09:15" in text) is (audience == "council")


def test_a_plan_that_is_still_being_prepared_says_it_too(world: World, plan: Plan) -> None:
    page = signed_in(world.people["anna"]).get(f"/plans/{plan.pk}/read/").content.decode()
    assert "Cannot come (10 March 2026)" in page and not [secret for secret in SECRETS if secret in page]


def test_a_corrected_version_keeps_what_was_answered_to_the_first(world: World, plan: Plan) -> None:
    """W12."""
    done = bring_to(plan, "complete", world)
    perform(done, "correct", by=world.people["kit"], **NEEDS["correct"])
    second = Plan.objects.get(corrects=done)
    page = signed_in(world.people["anna"]).get(f"/plans/{second.pk}/read/").content.decode()
    assert "Can come (10 March 2026)" in page and "Cannot come (10 March 2026)" in page
