"""The three commands: dry run, answers, JSON, and messages a person can act on."""

import json
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from accounts.models import User
from children.models import Child
from schools.models import School
from tests.virtualschool.register.conftest import World, as_csv, everything

DATA = Path(__file__).parents[2] / "data"
ROBIN = {
    "Given name": "Robin",
    "Family name": "Fairweather",
    "Date of birth": "14/03/2012",
    "Identifier": "C1001",
    "Legal status": "C2",
    "Care start": "01/06/2024",
}


def write(path: Path, *lines: dict[str, str]) -> Path:
    path.write_bytes(as_csv(*lines).getvalue())
    return path


def run(*arguments: object) -> str:
    out = StringIO()
    call_command(*map(str, arguments), stdout=out)
    return out.getvalue()


def test_a_dry_run_says_what_would_happen_and_changes_nothing(world: World, tmp_path: Path) -> None:
    file = write(tmp_path / "children.csv", ROBIN, ROBIN | {"Identifier": "C2", "Legal status": "V3"})
    before = everything()
    text = run("import_children", file, "--authority", "998", "--dry-run")
    assert everything() == before
    assert "Nothing has been changed: this was a dry run." in text
    assert "Lines: 1 new, 0 changed, 0 same, 0 ask, 1 rejected." in text
    assert "  line 2  Robin Fairweather\n      New child: Robin Fairweather, born 14 March 2012\n" in text
    assert "  line 3  Robin Fairweather: No PEP needed: V3 is a series of short breaks." in text


def test_the_import_itself_notes_who_ran_it(world: World, tmp_path: Path) -> None:
    file = write(tmp_path / "children.csv", ROBIN)
    assert "Done." in run("import_children", file, "--authority", "998", "--by", "Ada.Nowak@fictional.example")
    assert Child.objects.get().history.get().history_user_id == world.ada.pk


def test_a_question_is_answered_on_the_command_line(world: World, tmp_path: Path) -> None:
    run("import_children", write(tmp_path / "first.csv", ROBIN), "--authority", "998")
    second = write(tmp_path / "second.csv", ROBIN | {"Given name": "Robyn", "Identifier": "C2"})
    text = run("import_children", second, "--authority", "998")
    assert "new = it is another child" in text
    assert Child.objects.count() == 1
    run("import_children", second, "--authority", "998", "--accept", "2=new")
    assert Child.objects.count() == 2


def test_the_report_as_json(world: World, tmp_path: Path) -> None:
    file = write(tmp_path / "children.csv", ROBIN)
    report = json.loads(run("import_children", file, "--authority", "998", "--dry-run", "--json"))
    assert report["done"] is False
    assert report["counts"] == {"new": 1, "changed": 0, "same": 0, "ask": 0, "rejected": 0}
    assert report["lines"][0]["who"] == "Robin Fairweather"


def test_people_are_imported(world: World, tmp_path: Path) -> None:
    file = write(
        tmp_path / "people.csv", {"Name": "Mei Chen", "E-mail": "mei@fictional.example", "Role": "Team manager", "Place": "Team North"}
    )
    assert "Team manager at Team North" in run("import_people", file, "--authority", "998")
    assert User.objects.get(email="mei@fictional.example").memberships.get().team == world.north


def test_schools_are_imported(world: World) -> None:
    text = run("import_schools", DATA / "gias_135_columns.csv", "--links", DATA / "gias_links.csv", "--apply-successors")
    assert "Lines: 3 new, 2 changed, 0 same, 0 ask, 1 rejected." in text
    assert School.objects.filter(urn=999005).exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--authority", "123"], "There is no authority with the number 123."),
        (["--authority", "998", "--by", "nobody@fictional.example"], "Nobody has the address nobody@fictional.example."),
        (["--authority", "998", "--accept", "two"], "--accept takes LINE=ANSWER, such as 12=new, not two"),
    ],
)
def test_a_wrong_option_is_explained(world: World, tmp_path: Path, arguments: list[str], message: str) -> None:
    with pytest.raises(CommandError, match=message):
        run("import_children", write(tmp_path / "children.csv", ROBIN), *arguments)


def test_a_file_that_is_not_there_or_not_a_list_is_explained(world: World, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="No such file"):
        run("import_children", tmp_path / "nothing.csv", "--authority", "998")
    with pytest.raises(CommandError, match="no column named Given name"):
        run("import_children", write(tmp_path / "other.csv", {"Name": "Robin"}), "--authority", "998")
