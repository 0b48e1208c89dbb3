"""The termly plan by four people: an officer begins it, social worker and teacher write it, it is signed, graded, frozen and printed."""

import json

from playwright.sync_api import Page

from tests.journeys.people import Person, SignIn
from tests.journeys.steps import (
    WEEK,
    add_action,
    add_target,
    book_meeting,
    day_before,
    find_child,
    grade,
    hold_meeting,
    open_plan_of,
    wait_for_documents,
    write_part,
)
from tests.pep.pdf_reading import attached, text_of
from tests.site import LiveSite


def begins_the_plan(helen: Person) -> None:
    find_child(helen, "Immy Slade")
    helen.follow("Begin a plan")
    helen.press("Begin the plan")
    assert helen.reads("The plan is begun.")


def test_the_termly_plan_by_four_people(live_site: LiveSite, sign_in: SignIn) -> None:
    helen, priya, anna, david = (sign_in(name) for name in ("Helen Marsh", "Priya Nair", "Anna Bell", "David Okafor"))

    # A virtual school officer begins the plan.
    begins_the_plan(helen)

    # The social worker writes her part.
    open_plan_of(priya, "Immy Slade")
    assert not priya.can_press("Submit the plan")
    by_priya = write_part(priya, "Social worker")
    assert [one for one in by_priya if one.council]

    # The designated teacher sees none of what is the council's alone, and writes the school's part.
    open_plan_of(anna, "Immy Slade")
    anna.follow("Read the whole plan")
    for one in by_priya:
        assert anna.reads(one.sign) == (not one.council), one
    anna.follow("Back to the plan")
    by_anna = write_part(anna, "Designated teacher")
