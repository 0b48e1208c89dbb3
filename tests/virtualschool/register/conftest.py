"""A small fictitious authority to import into, and its neighbour; the lists are written in the tests themselves."""

import csv
import io
from dataclasses import dataclass
from datetime import date

import pytest
from django.apps import apps
from django.db.models import QuerySet

from accounts.models import User
from accounts.policy import Relation
from schools.models import LocalAuthority, Membership, School, Team, VirtualSchool

TODAY = date(2026, 11, 24)
YESTERDAY = date(2026, 11, 23)


@dataclass
class World:
    """Fictional County with two teams, two schools and its people, and Otherborough next to it."""

    county: LocalAuthority
    borough: LocalAuthority
    north: Team
    south: Team
    kestrel: School
    larkfield: School
    sam: User  # Sam Okafor, social worker in the county
    ada: User  # Ada Nowak, officer in the county's virtual school
    boris: User  # Boris Lund, manager of a team in Otherborough

    today: date = TODAY


@pytest.fixture
def world(db: None) -> World:
    """The register before the import."""
    return make_world()


def make_world() -> World:
    """Places and people, no children."""
    county_school = VirtualSchool.objects.create(name="Fictional Virtual School")
    borough_school = VirtualSchool.objects.create(name="Otherborough Virtual School")
    county = LocalAuthority.objects.create(code="998", name="Fictional County", virtual_school=county_school)
    borough = LocalAuthority.objects.create(code="997", name="Otherborough", virtual_school=borough_school)
    ada = User.objects.create_user("ada.nowak@fictional.example", "Ada Nowak")
    boris = User.objects.create_user("boris.lund@otherborough.example", "Boris Lund")
    elsewhere = Team.objects.create(authority=borough, name="Borough Team")
    Membership.objects.create(user=ada, role=Relation.OFFICER, virtual_school=county_school, starts=date(2025, 1, 1))
    Membership.objects.create(user=boris, role=Relation.TEAM_MANAGER, team=elsewhere, starts=date(2025, 1, 1))
    return World(
        county=county,
        borough=borough,
        north=Team.objects.create(authority=county, name="Team North"),
        south=Team.objects.create(authority=county, name="Team South"),
        kestrel=School.objects.create(urn=999001, name="Kestrel Academy", status="Open"),
        larkfield=School.objects.create(urn=999003, name="Larkfield School", status="Open"),
        sam=User.objects.create_user("sam.okafor@fictional.example", "Sam Okafor"),
        ada=ada,
        boris=boris,
    )


def as_csv(*lines: dict[str, str]) -> io.BytesIO:
    """A CSV file with the columns of the first line."""
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, fieldnames=list(lines[0]))
    writer.writeheader()
    writer.writerows(lines)
    return io.BytesIO(buffer.getvalue().encode("utf-8-sig"))


def everything() -> dict[str, int]:
    """How many rows every table of the product holds, histories included."""
    labels = ("accounts", "schools", "children", "pep")
    return {model._meta.label: QuerySet(model).count() for model in apps.get_models() if model._meta.app_label in labels}
