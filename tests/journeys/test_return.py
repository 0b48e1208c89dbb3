"""A return and a resubmission: the social worker sends named sections back with a reason, only those open, and the plan goes on."""

from tests.journeys.people import SignIn
from tests.journeys.steps import find_child, grade, open_plan_of

REASON = "The attendance figures are of last term. Please count again, and say what is being done."


def test_a_plan_is_returned_for_one_section_and_comes_back(sign_in: SignIn) -> None:
    priya, tom, helen = (sign_in(name) for name in ("Priya Nair", "Tom Ashby", "Helen Marsh"))

    # The social worker reads the plan and returns one section of it, with a reason.
    open_plan_of(priya, "Yusuf Rahimi")
    priya.press("Return the plan")
    priya.press("Return the plan")
    assert priya.headline() == "Return the plan"
    assert priya.page.title().startswith("Error: ")
    priya.page.get_by_role("checkbox", name="Attendance", exact=True).check()
    priya.page.get_by_label("What must change?").fill(REASON)
    priya.press("Return the plan")
    assert priya.reads("The plan is returned. The people who wrote those sections have been told.")
    assert not priya.can_press("Sign off")

    # The teacher finds it first on the list, with the reason; only that section is open.
    tom.go("/")
    assert tom.page.locator("main li", has_text="Yusuf Rahimi").inner_text().find("Returned") > 0
    tom.follow("Yusuf Rahimi")
    assert tom.reads(REASON)
    assert tom.reads("To look at again: Attendance.")
    tom.follow("Strengths and what helps")
    assert not tom.can_press("Save")
    assert tom.status_of_posting(tom.page.url) == 409
    tom.follow("Back to the plan")

    # He mends it and submits the plan again.
    tom.follow("Attendance")
    for label, number in (("Possible sessions", "118"), ("Sessions present", "101"), ("Sessions absent with permission", "12"),
                          ("Sessions absent without permission", "5")):  # fmt: skip
        tom.page.get_by_label(label, exact=True).fill(number)
    tom.page.get_by_label("What is behind these figures, and what is being done?").fill("Counted again on Monday. Mornings are better now.")
    tom.page.get_by_role("group", name="Have you completed this section?").get_by_label("Yes", exact=True).check()
    tom.press("Save")
    assert tom.reads("“Attendance” is saved.")
    tom.press("Submit the plan")
    tom.press("Submit the plan")
    assert tom.reads("It now waits for the social worker to sign it off.")

    # This time she signs, and the officer completes it.
    open_plan_of(priya, "Yusuf Rahimi")
    priya.press("Sign off")
    assert priya.reads("Counted again on Monday.")
    priya.press("Sign off")
    find_child(helen, "Yusuf Rahimi")
    helen.press("Open the plan")
    grade(helen, "amber", "Good once the figures were right.")
    assert helen.reads("The plan is complete and frozen.")

    # What happened stands on the timeline, in order and with the reason.
    helen.follow("What happened to this plan")
    events = helen.page.locator(".app-timeline__title").all_inner_texts()
    wanted = ["checked the plan", "signed off the plan", "submitted the plan", "returned the plan", "submitted the plan"]
    told = [next(words for words in wanted if words in event) for event in events if any(words in event for words in wanted)]
    assert told[:5] == wanted
    assert helen.reads(REASON)
