"""The termly plan by four people: an officer begins it, social worker and teacher write it, it is signed, graded, frozen and printed."""

from tests.journeys.people import Person, SignIn
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
from tests.journeys.writing import Said
from tests.pep.pdf_reading import attached, text_of
from tests.site import LiveSite


def texts_of(document: bytes, said: list[Said]) -> set[str]:
    """The signs of the texts in a document; fails when one stands only on its pages or only in its attached data."""
    printed, kept = text_of(document), attached(document)["plan.json"].decode()
    assert [one for one in said if (one.sign in printed) != (one.sign in kept)] == []
    return {one.sign for one in said if one.sign in kept}


def begins_the_plan(helen: Person) -> None:
    """From the register to the child, and there with the date that the clock gives."""
    find_child(helen, "Immy Slade")
    helen.press("Begin a plan")
    helen.press("Begin the plan")
    assert helen.reads("The plan is begun.")
    assert helen.reads("29 sections to go")


def test_the_termly_plan_by_four_people(live_site: LiveSite, sign_in: SignIn) -> None:
    helen, priya, anna, david = (sign_in(name) for name in ("Helen Marsh", "Priya Nair", "Anna Bell", "David Okafor"))

    # The authority keeps no quiet hours: its e-mails go out whenever this is run.
    live_site.query("UPDATE schools_policy SET quiet_from = '00:00', quiet_to = '00:00'")

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
    assert {one.sign for one in by_priya if anna.reads(one.sign)} == {one.sign for one in by_priya if not one.council}
    anna.follow("Back to the plan")
    by_anna = write_part(anna, "Designated teacher")

    anna.follow("New targets")
    by_anna += add_target(anna, "Write a page without help", money="350", purpose="Ten hours of tutoring")
    by_anna += add_target(anna, "Come to the maths club every Tuesday")
    anna.follow("Back to the plan", exact=True)
    anna.follow("Actions")
    add_action(anna, "Ask the college for a quiet room", "Anna Bell")
    anna.follow("Back to the plan")

    # They meet; what was agreed is written down, and the plan is submitted.
    guests = [("Child or young person", "Immy"), ("Social worker", "Priya Nair"), ("Foster carer or key worker", "Mrs Lowe")]
    book_meeting(anna, day_before(1), guests)
    hold_meeting(anna, day_before(-100))
    assert not anna.page.get_by_text("What is still missing").count(), anna.page.locator("main").inner_text()
    anna.press("Submit the plan")
    anna.press("Submit the plan")
    assert anna.reads("The plan is submitted. It now waits for the social worker to sign it off.")
    assert not anna.can_press("Submit the plan")

    # The social worker signs it off.
    open_plan_of(priya, "Immy Slade")
    priya.press("Sign off")
    priya.press("Sign off")
    assert priya.reads("It now waits for the virtual school’s quality check.")
    assert not priya.can_press("Grade the plan")

    # The officer reads it, grades it green, and it is complete.
    find_child(helen, "Immy Slade")
    helen.press("Open the plan")
    grade(helen, "green", "Clear targets in Immy’s own words.")
    assert helen.reads("The plan is complete and frozen. Its documents are being made.")

    # Both documents get ready. The council has both; the school has its own, in which nothing is the council's.
    wait_for_documents(helen, 2)
    council_copy = helen.download("Council copy (PDF")
    council_address = helen.page.get_by_role("link", name="Council copy (PDF").get_attribute("href") or ""
    anna.page.reload()
    anna.look()
    assert anna.reads("Complete since")
    assert not anna.page.get_by_role("link", name="Council copy (PDF").count()
    school_copy = anna.download("School copy (PDF")
    said = [*by_priya, *by_anna]
    assert texts_of(council_copy, said) == {one.sign for one in said}
    assert texts_of(school_copy, said) == {one.sign for one in said if not one.council}
    assert anna.status_of(council_address) == 404
    assert helen.status_of(council_address) == 200

    # The head reads what happened, and that the teacher took the school's copy.
    find_child(david, "Immy Slade")
    david.follow("Who looked at this record")
    assert david.reads("Anna Bell")

    # Everybody was told by e-mail, and no mail names the child.
    told = {str(mail["To"]) for mail in live_site.mails()}
    assert {"priya.nair@fenshire.example", "helen.marsh@fenshire.example", "anna.bell@larkmere.example"} <= told
    assert [mail for mail in live_site.mails() if "Slade" in mail.as_string() or "Immy" in mail.as_string()] == []
