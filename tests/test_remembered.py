"""What is put back for a later test is what the product wrote for the first, row by row; and nothing is put back that was not built."""

from typing import Any

import pytest
from django.apps import apps
from django.db import transaction
from django.db.models import QuerySet

from schools.models import School
from tests.remembered import remembered
from tests.world import World, build_world


def everything() -> dict[str, list[Any]]:
    """Every row of every table."""
    return {model._meta.label: sorted(QuerySet(model).values_list(), key=repr) for model in apps.get_models(include_auto_created=True)}


@pytest.mark.django_db
def test_the_cast_that_is_put_back_is_the_cast_that_was_built() -> None:
    built = 0

    @remembered
    def cast() -> World:
        nonlocal built
        built += 1
        return build_world()

    with transaction.atomic():
        first, before = cast(), everything()
        transaction.set_rollback(True)
    assert not School.objects.filter(urn=first.schools["hill"].urn).exists()
    second = cast()
    assert (built, everything()) == (1, before)
    assert second == first
    assert second.people["anna"] is not first.people["anna"], "what one test does to an object must not reach the next"


@pytest.mark.django_db
def test_what_a_test_wrote_itself_is_not_taken_for_the_builders() -> None:
    @remembered
    def school() -> School:
        return School.objects.create(urn=900001, name="Hill School", status="Open")

    with transaction.atomic():
        School.objects.create(urn=900002, name="Brook School", status="Open")
        school()
        transaction.set_rollback(True)
    school()
    assert list(School.objects.values_list("urn", flat=True)) == [900001]
