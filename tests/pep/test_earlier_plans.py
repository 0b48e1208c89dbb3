"""Earlier plans brought as PDFs: what their date may be, who makes one count as a review, and how one is taken out."""

import io
from datetime import date

import pikepdf
import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse

from accounts.policy import RELATION_VERBS, Relation, Verb
from children.models import CarePeriod, Child
from pep import earlier
from pep.deadlines import next_review, refresh
from pep.models import Deadline, EarlierPlan
from schools.timetable import add_months
from tests.pep.test_moves_pages import posted_date
from tests.world import DAY, World, build_world, signed_in
from virtualschool.quality import counts

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    """Sam came into care a year ago; the dates are counted."""
    world = build_world()
    period = CarePeriod.objects.get(child=world.children["sam"])
    period.starts = world.today - 365 * DAY
    period.save()
    refresh(world.children["sam"], on=world.today)
    return world


def pdf(width: int = 100) -> bytes:
    """A PDF of one empty page; another width, another file."""
    made, kept = pikepdf.new(), io.BytesIO()
    made.add_blank_page(page_size=(width, 100))
    made.save(kept)
    return kept.getvalue()


def upload(world: World, who: str, on: date, width: int = 100, **more: str) -> HttpResponse:
    """Add a plan from elsewhere for Sam as the page does."""
    file = SimpleUploadedFile("old.pdf", pdf(width), "application/pdf")
    typed = {"title": "Plan from Marlow", **posted_date("plan_date", on), "file": file, **more}
    return signed_in(world.people[who]).post(f"/children/{world.children['sam'].pk}/earlier-plans/new/", typed)  # type: ignore[return-value]


def kept(world: World, who: str = "anna", days_ago: int = 30) -> EarlierPlan:
    """One that somebody has added and the council has said nothing about."""
    return earlier.keep(
        world.children["sam"], title="Plan from Marlow", plan_date=world.today - days_ago * DAY, audience="school", content=b"%PDF-x",
        by=world.people[who], on=world.today,
    )  # fmt: skip


def dates(child: Child) -> dict[str, date]:
    """The child's open dates."""
    return dict(Deadline.objects.filter(child=child, open=True, plan=None).values_list("kind", "due_on"))


def review(child: Child) -> date:
    """The day of the next review."""
    row = next_review(child)
    assert row is not None
    return row.due_on


def text(world: World, who: str, page: str = "") -> str:
    """Sam's page, or one below it, as somebody reads it."""
    return signed_in(world.people[who]).get(f"/children/{world.children['sam'].pk}/{page}").content.decode()


def test_a_plan_that_a_teacher_brings_is_kept_to_be_read_and_sets_no_date(world: World) -> None:
    before = dates(world.children["sam"])
    assert upload(world, "anna", world.today).status_code == 302
    assert dates(world.children["sam"]) == before
    page = text(world, "anna")
    assert "Plan from Marlow" in page and "The council has not said yet whether it was a review" in page
    one = EarlierPlan.objects.get()
    assert (one.review, one.review_said_by) == ("", None)
    assert signed_in(world.people["anna"]).get(f"/earlier-plans/{one.pk}/").status_code == 200


def test_no_answer_that_a_teachers_page_does_not_ask_for_is_taken(world: World) -> None:
    upload(world, "anna", world.today, review="yes")
    assert EarlierPlan.objects.get().review == ""
    with pytest.raises(PermissionDenied):
        earlier.keep(
            world.children["sam"], title="x", plan_date=world.today, audience="school", content=b"y", review="yes",
            by=world.people["anna"], on=world.today,
        )  # fmt: skip


@pytest.mark.parametrize("who", ["anna", "kit"])
@pytest.mark.parametrize(("which", "words"), [("future", "cannot be in the future"), ("unborn", "before the child was born")])
def test_a_plan_is_neither_of_the_future_nor_of_before_the_child_was_born(world: World, who: str, which: str, words: str) -> None:
    day = {"future": world.today + DAY, "unborn": world.children["sam"].date_of_birth - DAY}[which]
    answer = upload(world, who, day, audience="school", review="no")
    assert answer.status_code == 200 and words in answer.content.decode()
    assert not EarlierPlan.objects.exists()
    with pytest.raises(ValidationError):
        earlier.keep(world.children["sam"], title="x", plan_date=day, audience="school", content=b"y", by=world.people[who], on=world.today)


def test_the_council_says_with_the_upload_whether_it_was_a_review_of_this_time_in_care(world: World) -> None:
    sam, day = world.children["sam"], world.today - 30 * DAY
    refused = upload(world, "kit", day, audience="school")
    assert "Say whether it was a review" in refused.content.decode() and not EarlierPlan.objects.exists()
    assert upload(world, "kit", day, audience="school", review="yes").status_code == 302
    assert review(sam) == add_months(day, 6)
    one = EarlierPlan.objects.get()
    assert one.review_said_by == world.people["kit"] and one.review_said_at is not None


def test_a_plan_of_before_this_time_in_care_can_be_kept_and_is_no_review_of_it(world: World) -> None:
    day = world.today - 400 * DAY
    page = upload(world, "kit", day, audience="school", review="yes").content.decode()
    assert "The child came into care on" in page and not EarlierPlan.objects.exists()
    assert upload(world, "kit", day, audience="school", review="no").status_code == 302
    assert EarlierPlan.objects.get().review == "no"


@pytest.mark.parametrize("who", ["fay", "kit"])
def test_the_council_confirms_afterwards_that_an_upload_was_a_review_and_who_said_so_is_kept(world: World, who: str) -> None:
    """D1."""
    sam, one = world.children["sam"], kept(world)
    client = signed_in(world.people[who])
    assert client.post(f"/earlier-plans/{one.pk}/review/", {"review": "yes", "shown": ""}).status_code == 302
    assert review(sam) == add_months(one.plan_date, 6)
    one.refresh_from_db()
    assert one.review_said_by == world.people[who]
    assert one.history.latest().history_user_id == world.people[who].pk
    name = world.people[who].name
    assert f"A review, as {name} said on" in text(world, "anna")
    assert f"{name} said that an earlier plan was a review: Plan from Marlow" in text(world, "anna", "timeline/")
    assert "The council said that a plan from elsewhere was a review" in text(world, "anna", "dates/")


def test_that_it_was_no_review_after_all_moves_the_dates_back(world: World) -> None:
    sam, one = world.children["sam"], kept(world)
    before = dates(sam)
    earlier.say_review(one, "yes", shown="", by=world.people["kit"], on=world.today)
    assert dates(sam) != before
    earlier.say_review(one, "no", shown="yes", by=world.people["fay"], on=world.today)
    assert dates(sam) == before


def test_of_two_who_say_something_at_the_same_time_the_second_is_told(world: World) -> None:
    one = kept(world)
    earlier.say_review(one, "no", shown="", by=world.people["fay"], on=world.today)
    answer = signed_in(world.people["kit"]).post(f"/earlier-plans/{one.pk}/review/", {"review": "yes", "shown": ""})
    assert answer.status_code == 409 and "Somebody has said something else" in answer.content.decode()
    one.refresh_from_db()
    assert (one.review, one.review_said_by) == ("no", world.people["fay"])


def test_no_school_says_that_a_plan_was_a_review_or_withdraws_one(world: World) -> None:
    one, anna = kept(world), signed_in(world.people["anna"])
    for page in ("review", "withdraw"):
        assert anna.get(f"/earlier-plans/{one.pk}/{page}/").status_code == 403
        assert signed_in(world.people["bilal"]).get(f"/earlier-plans/{one.pk}/{page}/").status_code == 404
    with pytest.raises(PermissionDenied):
        earlier.say_review(one, "yes", shown="", by=world.people["anna"], on=world.today)
    with pytest.raises(PermissionDenied):
        earlier.withdraw(one, "x", by=world.people["anna"], on=world.today)
    who = {relation for relation, verbs in RELATION_VERBS.items() if Verb.JUDGE_UPLOAD in verbs}
    assert all(Verb.VIEW_COUNCIL in RELATION_VERBS[relation] for relation in who) and Relation.DESIGNATED_TEACHER not in who


def test_an_upload_is_withdrawn_with_a_reason_and_then_no_school_reads_it_and_no_date_counts_from_it(world: World) -> None:
    """D1."""
    sam, one = world.children["sam"], kept(world)
    before = dates(sam)
    earlier.say_review(one, "yes", shown="", by=world.people["kit"], on=world.today)
    kit, url = signed_in(world.people["kit"]), f"/earlier-plans/{one.pk}/withdraw/"
    assert "Say why it is withdrawn" in kit.post(url, {"because": " "}).content.decode()
    assert kit.post(url, {"because": "It is another child’s"}).status_code == 302
    assert dates(sam) == before
    assert "Plan from Marlow" not in text(world, "anna") + text(world, "anna", "timeline/")
    assert signed_in(world.people["anna"]).get(f"/earlier-plans/{one.pk}/").status_code == 404
    page = text(world, "kit")
    assert "Plan from Marlow" in page and "Withdrawn" in page and "It is another child’s" in page
    assert kit.get(f"/earlier-plans/{one.pk}/").status_code == 200
    assert "withdrew an earlier plan: Plan from Marlow" in text(world, "kit", "timeline/")
    assert "A plan from elsewhere was withdrawn: It is another child’s" in text(world, "anna", "dates/")
    one.refresh_from_db()
    assert (one.withdrawn_by, bytes(one.content)) == (world.people["kit"], b"%PDF-x")


def test_why_an_upload_for_the_council_alone_was_withdrawn_is_not_told_to_the_school(world: World) -> None:
    one = earlier.keep(
        world.children["sam"], title="Court papers", plan_date=world.today - 30 * DAY, audience="council", content=b"%PDF-x", review="yes",
        by=world.people["kit"], on=world.today,
    )  # fmt: skip
    earlier.withdraw(one, "From the court", by=world.people["kit"], on=world.today)
    page = text(world, "anna", "dates/")
    assert "A plan from elsewhere was withdrawn" in page and "From the court" not in page
    assert "From the court" in text(world, "kit", "timeline/")


def test_nothing_more_is_said_about_what_was_withdrawn_and_the_file_can_be_added_again(world: World) -> None:
    one, kit = kept(world), signed_in(world.people["kit"])
    with pytest.raises(ValidationError, match="already among"):
        kept(world)
    earlier.withdraw(one, "Wrong date", by=world.people["kit"], on=world.today)
    for page, typed in (("review", {"review": "yes", "shown": ""}), ("withdraw", {"because": "Again"})):
        assert kit.get(f"/earlier-plans/{one.pk}/{page}/").status_code == 302
        assert kit.post(f"/earlier-plans/{one.pk}/{page}/", typed).status_code == 302
    one.refresh_from_db()
    assert (one.review, one.withdrawn_because) == ("", "Wrong date")
    assert kept(world, days_ago=20).pk != one.pk


def test_the_desk_finds_what_nobody_has_looked_at_if_it_may_have_been_a_review(world: World) -> None:
    def waiting() -> int:
        return counts(Child.objects.visible_to(world.people["kit"]), world.today)["earlier"]

    kept(world, days_ago=500)
    assert waiting() == 0  # of before this time in care: there is nothing to say
    one = earlier.keep(
        world.children["sam"], title="New", plan_date=world.today, audience="school", content=b"z", by=world.people["anna"], on=world.today
    )
    assert waiting() == 1
    assert world.children["sam"].name in signed_in(world.people["kit"]).get("/desk/lists/earlier/").content.decode()
    earlier.say_review(one, "no", shown="", by=world.people["kit"], on=world.today)
    assert waiting() == 0
