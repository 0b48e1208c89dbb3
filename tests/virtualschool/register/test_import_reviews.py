"""Care plan reviews from the return's own file: what was held, what is booked, and the dates that follow."""

from datetime import date
from pathlib import Path

from children.models import CareReview, Child
from pep.models import Deadline
from tests.virtualschool.register.conftest import World, everything
from tests.virtualschool.register.test_import_commands import ROBIN, run, write

HEAD = b"CHILD,DOB,REVIEW,REVIEW_CODE\n"


def reviews(path: Path, *lines: str) -> Path:
    path.write_bytes(HEAD + "\n".join(lines).encode())
    return path


def robin(world: World, tmp_path: Path) -> Child:
    run("import_children", write(tmp_path / "children.csv", ROBIN), "--authority", "998")
    return Child.objects.get()


def test_reviews_held_and_booked_come_in_with_the_dates_that_follow(world: World, tmp_path: Path) -> None:
    child = robin(world, tmp_path)
    file = reviews(
        tmp_path / "reviews.csv", "C1001,14/03/2012,28/06/2024,PN1", "C1001,14/03/2012,20/09/2024,PN1", "C1001,14/03/2012,01/03/2099,"
    )
    text = run("import_reviews", file, "--authority", "998", "--by", "ada.nowak@fictional.example")
    assert "Lines: 3 new, 0 changed, 0 same, 0 ask, 0 rejected." in text
    assert list(CareReview.objects.order_by("on").values_list("on", "state")) == [
        (date(2024, 6, 28), "held"), (date(2024, 9, 20), "held"), (date(2099, 3, 1), "booked"),
    ]  # fmt: skip
    row = Deadline.objects.get(child=child, kind="care_review", open=True)
    assert row.due_on == date(2025, 3, 20) and "It is booked for 1 March 2099" in row.words
    assert CareReview.history.first().history_user_id == world.ada.pk


def test_the_same_file_again_changes_nothing_and_a_dry_run_neither(world: World, tmp_path: Path) -> None:
    robin(world, tmp_path)
    file = reviews(tmp_path / "reviews.csv", "C1001,14/03/2012,28/06/2024,PN1")
    before = everything()
    run("import_reviews", file, "--authority", "998", "--dry-run")
    assert everything() == before
    run("import_reviews", file, "--authority", "998")
    once = everything()
    assert "0 new, 0 changed, 1 same" in run("import_reviews", file, "--authority", "998")
    assert everything() == once


def test_a_review_that_was_booked_is_held_once_its_day_has_come(world: World, tmp_path: Path) -> None:
    child = robin(world, tmp_path)
    CareReview(child=child, on=date(2024, 6, 28)).save()
    text = run("import_reviews", reviews(tmp_path / "reviews.csv", "C1001,,28/06/2024,"), "--authority", "998")
    assert "1 changed" in text and CareReview.objects.get().state == "held"


def test_lines_that_cannot_be_used_are_named_and_the_others_come_in(world: World, tmp_path: Path) -> None:
    robin(world, tmp_path)
    lines = ("C9999,,28/06/2024,", "C1001,,soon,", "C1001,,,", "C1001,,28/06/2024,", "C1001,,28/06/2024,")
    text = run("import_reviews", reviews(tmp_path / "reviews.csv", *lines), "--authority", "998")
    assert "No child of this authority has this number" in text
    assert "REVIEW must be a date such as 31/08/2026" in text and "CHILD and REVIEW must both be given" in text
    assert "This review is on an earlier line already" in text
    assert CareReview.objects.count() == 1


def test_another_authoritys_child_is_not_found(world: World, tmp_path: Path) -> None:
    robin(world, tmp_path)
    file = reviews(tmp_path / "reviews.csv", "C1001,,28/06/2024,")
    assert "No child of this authority has this number" in run("import_reviews", file, "--authority", "997")
    assert not CareReview.objects.exists()


def booked(world: World, tmp_path: Path) -> CareReview:
    """Robin's review is booked for 1 March 2099."""
    review = CareReview(child=robin(world, tmp_path), on=date(2099, 3, 1))
    review.save()
    return review


def test_another_day_for_a_child_whose_review_is_booked_is_asked_about(world: World, tmp_path: Path) -> None:
    booked(world, tmp_path)
    file, before = reviews(tmp_path / "reviews.csv", "C1001,,15/03/2099,"), everything()
    text = run("import_reviews", file, "--authority", "998")
    assert "1 ask" in text and everything() == before
    assert "The file has a review booked for 15 March 2099; the register has one booked for 1 March 2099" in text
    assert "2099-03-01 = the review of 1 March 2099 was moved to this day" in text and "further = it is a further review" in text


def test_the_answer_that_it_was_moved_moves_the_booked_review_and_the_dates_that_follow(world: World, tmp_path: Path) -> None:
    review = booked(world, tmp_path)
    file = reviews(tmp_path / "reviews.csv", "C1001,,15/03/2099,")
    text = run("import_reviews", file, "--authority", "998", "--accept", "2=2099-03-01", "--by", "ada.nowak@fictional.example")
    assert "1 changed" in text and "1 March 2099 → 15 March 2099" in text
    assert CareReview.objects.get().on == date(2099, 3, 15)
    row = review.history.latest()
    assert row.history_user_id == world.ada.pk and row.history_change_reason.startswith("Import of care plan reviews")
    assert "It is booked for 15 March 2099" in Deadline.objects.get(child=review.child, kind="care_review", open=True).words
    once = everything()
    assert "1 same" in run("import_reviews", file, "--authority", "998") and everything() == once


def test_the_answer_that_it_is_a_further_review_books_it_beside_the_other(world: World, tmp_path: Path) -> None:
    booked(world, tmp_path)
    file = reviews(tmp_path / "reviews.csv", "C1001,,15/03/2099,")
    assert "1 new" in run("import_reviews", file, "--authority", "998", "--accept", "2=further")
    assert list(CareReview.objects.order_by("on").values_list("on", flat=True)) == [date(2099, 3, 1), date(2099, 3, 15)]
    assert "1 same" in run("import_reviews", file, "--authority", "998")


def test_a_file_that_names_what_is_booked_as_well_asks_nothing(world: World, tmp_path: Path) -> None:
    booked(world, tmp_path)
    file = reviews(tmp_path / "reviews.csv", "C1001,,15/03/2099,", "C1001,,01/03/2099,")
    assert "1 new, 0 changed, 1 same, 0 ask" in run("import_reviews", file, "--authority", "998")


def test_one_booked_review_is_moved_once_and_another_answer_is_asked_again(world: World, tmp_path: Path) -> None:
    booked(world, tmp_path)
    file = reviews(tmp_path / "reviews.csv", "C1001,,15/03/2099,", "C1001,,15/06/2099,")
    text = run("import_reviews", file, "--authority", "998", "--accept", "2=2099-03-01", "--accept", "3=2099-03-01")
    assert "1 changed" in text and "1 ask" in text and "“2099-03-01” is not one of the answers" in text
    assert list(CareReview.objects.values_list("on", flat=True)) == [date(2099, 3, 15)]
