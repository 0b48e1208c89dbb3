"""A new site, set up as docs/operations.md says, from an empty database to the first child's list."""

import re
import shlex
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from accounts.models import Invitation, User
from children.models import Child
from pep.models import PupilPremiumRate
from schools.models import LocalAuthority, VirtualSchool

pytestmark = pytest.mark.django_db
ROOT = Path(__file__).resolve().parent.parent
CHILDREN = "Given name,Family name,Date of birth,Identifier,Legal status,Care start\nRobin,Reed,2012-05-06,F-1,C2,2024-01-02\n"


def written_commands() -> list[list[str]]:
    """The commands of the chapter on installing, word by word."""
    chapter = (ROOT / "docs" / "operations.md").read_text().split("## Installing")[1].split("\n## ")[0]
    return [shlex.split(line) for line in re.findall(r"`python manage\.py ([^`]+)`", chapter)]


def test_the_steps_as_written_lead_from_an_empty_database_to_a_site_with_children(tmp_path: Path) -> None:
    assert not LocalAuthority.objects.exists()
    (tmp_path / "children.csv").write_text(CHILDREN)
    values = {
        "import_schools": {"FILE": str(ROOT / "tests" / "data" / "gias_135_columns.csv")},
        "create_authority": {"CODE": "980", "NAME": "Fenshire County Council", "virtual school": "Fenshire Virtual School"},
        "create_administrator": {"EMAIL": "nia@fenshire.test", "NAME": "Nia Bowen", "virtual school": "Fenshire Virtual School"},
        "import_children": {"FILE": str(tmp_path / "children.csv"), "CODE": "980"},
        "correct_rate": {"YEAR": "2025-26", "AMOUNT": "2640", "TEXT": "Mistyped"},
    }
    done = []
    for name, *words in written_commands():
        if name == "prepare_database":
            continue  # the tests' own database is prepared so
        filled = [values[name]["virtual school" if before == "--virtual-school" else word] if word.isupper() else word
                  for before, word in zip(["", *words], words, strict=False)]  # fmt: skip
        call_command(name, *filled, stdout=StringIO())
        done.append(name)
    assert done == ["import_schools", "create_authority", "create_administrator", "import_children", "correct_rate"]
    authority = LocalAuthority.objects.get(code="980")
    assert authority.virtual_school.name == "Fenshire Virtual School"
    assert Invitation.objects.filter(user=User.objects.get(email="nia@fenshire.test")).count() == 1
    assert Child.objects.get(authority=authority).family_name == "Reed"


def test_an_authority_is_made_once_and_only_with_a_virtual_school_that_is_known() -> None:
    with pytest.raises(CommandError, match="There is no virtual school called Fen .*Add --new"):
        call_command("create_authority", "980", "Fenshire", "--virtual-school", "Fen")
    call_command("create_authority", "980", "Fenshire", "--virtual-school", "Fen", "--new", stdout=StringIO())
    call_command("create_authority", "981", "Marlow", "--virtual-school", "fen", stdout=StringIO())
    for code, name, words in (("980", "Other", "already exists"), ("982", "Fenshire", "already exists"), ("98", "X", "three digits")):
        with pytest.raises(CommandError, match=words):
            call_command("create_authority", code, name, "--virtual-school", "Brandnew", "--new")
    assert (LocalAuthority.objects.count(), VirtualSchool.objects.count()) == (2, 1)


def test_the_published_rates_come_with_the_tables_and_an_operator_puts_one_right_with_a_reason() -> None:
    rates = dict(PupilPremiumRate.objects.values_list("financial_year", "amount"))
    assert (rates["2025-26"], rates["2024-25"], "2026-27" in rates) == (2630, 2570, False)
    out = StringIO()
    call_command("correct_rate", "2025-26", "£2,635.50", "--source", "DfE", "--reason", "Mistyped", stdout=out)
    rate = PupilPremiumRate.objects.get(financial_year="2025-26")
    assert (float(rate.amount), rate.source, "was £2,630.00 and is now £2,635.50" in out.getvalue()) == (2635.5, "DfE", True)
    later, first = rate.history.filter(id=rate.pk)
    assert (later.history_change_reason, first.amount) == ("Mistyped", 2630)
    for year, amount, reason, words in (
        ("2050-51", "1", "x", "no rate"), ("2025-26", "-1", "x", "above £0"), ("2025-26", "lots", "x", "number of pounds"),
        ("2025-26", "99999999", "x", "digits"), ("2025-26", "5", " ", "Say why"),
    ):  # fmt: skip
        with pytest.raises(CommandError, match=words):
            call_command("correct_rate", year, amount, "--reason", reason)
