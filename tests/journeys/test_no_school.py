"""A child without a school: the virtual school does the school's part, and writes down what the social worker says by telephone."""

from tests.journeys.people import SignIn
from tests.journeys.steps import (
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
from tests.journeys.writing import write_section
from tests.pep.pdf_reading import text_of

VIEWS = "Views of the social worker"


def test_the_virtual_school_writes_for_a_child_without_a_school(sign_in: SignIn) -> None:
    helen, priya, david, anna = (sign_in(name) for name in ("Helen Marsh", "Priya Nair", "David Okafor", "Anna Bell"))

    # Poppy has no school, so the school's sections are the virtual school's own.
    find_child(helen, "Poppy Varley")
    assert helen.reads("No school is recorded.")
    helen.press("Open the plan")
    write_part(helen, "Virtual school")
    helen.follow("New targets")
    add_target(helen, "Feel ready for the first day at a new school")
    helen.follow("Back to the plan")
    helen.follow("Actions")
    add_action(helen, "Name a school by half term", "Helen Marsh")
    helen.follow("Back to the plan")

    # What the social worker says comes by telephone. Without a name and a way it was learned it is not taken.
    helen.follow(VIEWS)
    words = helen.page.get_by_label("How are they doing, and what matters most this term?")
    words.fill("She wants to go back to school before Christmas.")
    helen.press("Save")
    assert helen.page.title().startswith("Error: ")
    assert helen.reads("Give the name of the person whose words these are")
    assert helen.reads("Say how you learned this")
    assert words.input_value() == "She wants to go back to school before Christmas."
    helen.follow("Back to the plan")
    write_section(helen, VIEWS, on_behalf_of="Priya Nair, social worker", learned_by="By telephone")

    # The meeting is held, and the virtual school submits the plan as its own.
    book_meeting(helen, day_before(2), [("Child or young person", "Poppy"), ("Social worker", "Priya Nair")])
    hold_meeting(helen, day_before(-90))
    helen.press("Submit the plan")
    assert not helen.page.get_by_label("For whom do you submit?").count()
    helen.press("Submit the plan")

    # The social worker reads whose words they are and who wrote them down, and signs.
    open_plan_of(priya, "Poppy Varley")
    priya.follow(VIEWS)
    both_names = "Written by Helen Marsh, virtual school officer, on"
    assert priya.reads(both_names)
    assert priya.reads("on behalf of Priya Nair, social worker (by telephone)")
    assert priya.reads("She wants to go back to school before Christmas.")
    priya.follow("Back to the plan")
    priya.press("Sign off")
    priya.press("Sign off")

    # The head checks it. The document shows both names too.
    find_child(david, "Poppy Varley")
    david.press("Open the plan")
    grade(david, "gold", "Everybody did their part, and Poppy’s words lead it.")
    wait_for_documents(david, 2)
    printed = text_of(david.download("Council copy (PDF"))
    assert both_names in printed
    assert "on behalf of Priya Nair, social worker (by telephone)" in printed
    david.follow("Read the whole plan")
    assert david.reads("on behalf of Priya Nair, social worker (by telephone)")

    # To a teacher elsewhere none of it exists.
    assert anna.status_of(david.page.url) == 404
