"""A change of school: one proposes, another confirms; the new teacher has the child and the past, the old one only reads."""

from tests.journeys.people import Person, SignIn
from tests.journeys.steps import day_before, find_child, open_plan_of, write_date
from tests.site import LiveSite

CHILD = "Freya Lindqvist"
KEPT = "Freya wants to keep her place in the choir."


def the_frozen_documents_are_made(site: LiveSite, family_name: str) -> None:
    """The child's past plans were completed long ago; the worker makes their documents now."""
    site.query(
        """UPDATE pep_renderjob SET next_try_at = now() WHERE snapshot_id IN (
             SELECT s.id FROM pep_plansnapshot s JOIN pep_plan p ON p.id = s.plan_id JOIN children_child c ON c.id = p.child_id
             WHERE c.family_name = %s)""",
        family_name,
    )
    site.manage("shell", "--command", "from pep.render_tasks import sweep_documents; sweep_documents()")


def proposes_the_move(grace: Person) -> None:
    """From the list to the plan, from the plan to the child, and there to the form."""
    grace.follow(CHILD)
    grace.follow(CHILD)
    grace.follow("Move to another school")
    grace.page.get_by_label("Find the new school").fill("Larkmere")
    grace.press("Find")
    grace.page.get_by_label("Larkmere Academy").check()
    write_date(grace, "First day at the new school", day_before(0))
    grace.page.get_by_label("Why is the child moving?").fill("Her carers have moved to Larkmere.")
    grace.press("Propose this change")
    assert grace.reads("A second person must confirm it.")


def test_a_change_of_school_from_proposal_to_the_new_teachers_desk(live_site: LiveSite, sign_in: SignIn) -> None:
    the_frozen_documents_are_made(live_site, "Lindqvist")
    grace, priya, anna, helen = (sign_in(name) for name in ("Grace Obi", "Priya Nair", "Anna Bell", "Helen Marsh"))

    # The social worker has written in the plan that is still open.
    open_plan_of(priya, CHILD)
    assert priya.reads("Returned")
    plan = priya.page.url
    priya.follow("Health")
    priya.page.locator("textarea").first.fill(KEPT)
    priya.press("Save")

    # The present school's teacher proposes the move from today. She cannot confirm it, and the new school sees nothing yet.
    proposes_the_move(grace)
    move = grace.page.url
    assert not grace.can_press("Confirm the change of school")
    assert not anna.page.get_by_role("link", name=CHILD).count()
    assert anna.status_of(plan) == 404

    # The social worker confirms it, and says until when the old school may read.
    priya.go(move)
    assert priya.reads("Her carers have moved to Larkmere.")
    assert priya.reads("is closed as it stands. What was written is kept")
    write_date(priya, "Last day the old school can read the record", day_before(-14))
    priya.press("Confirm the change of school")
    assert priya.reads("The change of school is confirmed.")

    # From today the new teacher has the child, the school side of the past, and its documents.
    anna.go("/")
    anna.follow(CHILD)
    anna.follow(CHILD)
    assert anna.reads("Larkmere Academy")
    assert anna.reads("Osier Bank High School")
    assert anna.page.get_by_role("link", name="school copy (PDF").count() == 2
    assert anna.download("school copy (PDF").startswith(b"%PDF-")
    assert not anna.page.get_by_role("link", name="council copy").count()

    # The unfinished plan is closed and keeps its text; a new one's clock is set.
    assert anna.status_of(plan) == 200
    assert anna.reads("Closed")
    priya.go(plan)
    assert priya.reads("What was written is kept.")
    priya.follow("Health")
    assert priya.reads(KEPT)
    assert not priya.can_press("Save")
    find_child(helen, CHILD)
    assert helen.reads("After a change of school, ") and helen.reads("Plan after a change of school")

    # The old teacher reads on until her last day, and writes nothing.
    grace.go(plan)
    assert not grace.page.get_by_role("heading", name="What you can do").count()
    grace.follow("Attendance")
    assert not grace.can_press("Save")
    assert grace.status_of_posting(grace.page.url) == 403
    grace.follow("Back to the plan")
    grace.follow(CHILD)
    assert not grace.page.get_by_role("link", name="Move to another school").count()
