"""There is a canary in every text that can be written about a child, and each says whom it is for: else the matrix would see nothing."""

import json

import pytest

from pep.forms.declaration import Audience
from pep.models import Plan
from tests.matrix.readers import MONEY
from tests.matrix.story import whole_world
from tests.matrix.texts import ABOUT_MONEY, CANARY, COUNCIL, EXEMPT, canaries_in, texts

pytestmark = pytest.mark.django_db


def test_every_text_that_can_be_written_about_a_child_holds_a_canary_that_says_whom_it_is_for() -> None:
    """A10, E3: a new field fails until the world writes something into it."""
    whole_world()
    known = {name for name, _, _ in texts()}
    assert known >= EXEMPT.keys() | COUNCIL | ABOUT_MONEY, "these fields are gone"
    silent, misplaced = [], []
    for name, model, field in texts():
        found = canaries_in(model, field)
        if name in EXEMPT:
            assert not found, f"{name} is not exempt: {found}"
            continue
        silent += [] if found else [name]
        part = "council" if name in COUNCIL else MONEY if name in ABOUT_MONEY else ""
        misplaced += [f"{name}: {one}" for one in found if part and f"-{part}" not in one]
    assert not silent, f"no canary in {silent}"
    assert not misplaced, misplaced


def test_a_question_for_the_council_alone_is_answered_by_a_canary_for_the_council_alone() -> None:
    """E3."""
    whole_world()
    for plan in Plan.objects.filter(state="preparing").prefetch_related("sections"):
        for section in plan.sections.all():
            for question in plan.form.section(section.key).questions:
                if found := CANARY.search(json.dumps(section.answers.get(question.key))):
                    assert f"-{question.audience}-{section.key}-" in found[0], question.key
                    assert (question.audience is Audience.COUNCIL) is ("-council-" in found[0])
