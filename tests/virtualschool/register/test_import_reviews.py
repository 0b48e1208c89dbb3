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
