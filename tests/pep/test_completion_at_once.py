"""What follows from a plan's move, at the very moment at which somebody else acts on what it changes."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connection

from pep.funding import take_step
from pep.models import FundingRequest, Plan
from pep.workflow import perform
from tests.pep.test_workflow import bring_to
from tests.world import begin, build_world, fill, graded


class Meanwhile:
    """Lets somebody else act, in a thread of their own, while the first is about to save a record; waits 2 seconds for them at most."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, model: Any, when: Callable[[Any], bool], act: Callable[[], Any]) -> None:
        self.said: list[str] = []
        self.act, self.other, save_plainly = act, threading.Thread(target=self._run), model.save

        def save(record: Any, *args: Any, **kwargs: Any) -> None:
            if threading.current_thread() is threading.main_thread() and self.other.ident is None and when(record):
                self.other.start()
                self.other.join(2)
            save_plainly(record, *args, **kwargs)

        monkeypatch.setattr(model, "save", save)

    def _run(self) -> None:
        try:
            self.act()
            self.said.append("done")
        except ValidationError as error:
            self.said += error.messages
        finally:
            connection.close()

    def end(self) -> list[str]:
        """What the other was told in the end."""
        self.other.join(30)
        return self.said


def test_what_is_decided_while_a_plan_is_cancelled_is_not_written_over(committed_db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever cancels holds the requests that come to nothing; whoever decides waits, and is told that there is nothing to decide."""
    world = build_world()
    plan = begin(world, "sam")
    fill(plan, "sam")
    request = FundingRequest.objects.get()
    meanwhile = Meanwhile(
        monkeypatch, FundingRequest, lambda record: record.state == "withdrawn",
        lambda: take_step(request, "agreed", by=world.people["lena"], on=world.today),
    )  # fmt: skip
    perform(plan, "cancel", by=world.people["kit"], comment="Begun by mistake")
    assert meanwhile.end() == ["This request is now “withdrawn”. Look at it again."]
    request.refresh_from_db()
    assert (request.state, request.agreed_amount) == ("withdrawn", None)
    assert list(request.steps.values_list("step", flat=True)) == ["withdrawn"]


def test_a_plan_cancelled_while_the_one_before_it_becomes_complete_stays_cancelled(
    committed_db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever completes the last plan holds the next one, beside which it will stand; whoever moves that one waits."""
    world = build_world()
    last = begin(world, "sam")
    fill(last, "sam")
    last = bring_to(last, "awaiting_check", world)
    following = begin(world, "sam")
    meanwhile = Meanwhile(
        monkeypatch, Plan, lambda record: record.pk == following.pk,
        lambda: perform(following, "cancel", by=world.people["kit"], comment="Begun by mistake"),
    )  # fmt: skip
    perform(last, "grade", by=world.people["lena"], **graded())
    assert meanwhile.end() == ["done"]
    following.refresh_from_db()
    assert (following.state, following.previous) == ("cancelled", last)
