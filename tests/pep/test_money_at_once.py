"""Somebody asks for other money at the very moment at which somebody else decides."""

import threading
from typing import Any

import pytest
from django.db import connection

from pep.models import FundingRequest
from tests.pep.test_stale_pages import browser, write_target
from tests.world import begin, build_world, fill, shown_on


def test_no_decision_is_written_over_by_a_target_saved_at_the_same_moment(committed_db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever asks holds the request until it is saved; whoever decides waits, and is shown what is asked now."""
    world = build_world()
    plan = begin(world, "sam")
    fill(plan, "sam")
    request, save_plainly, answers = FundingRequest.objects.get(), FundingRequest.save, []
    kit, url = browser(world, "kit"), f"/funding/{request.pk}/"
    shown = shown_on(kit, url)

    def decide() -> None:
        try:
            answers.append(kit.post(url, {**shown, "step": "agreed"}).status_code)
        finally:
            connection.close()

    deciding = threading.Thread(target=decide)

    def save_while_another_decides(self: FundingRequest, *args: Any, **kwargs: Any) -> None:
        if threading.current_thread() is threading.main_thread() and deciding.ident is None:
            deciding.start()
            deciding.join(2)
        save_plainly(self, *args, **kwargs)

    monkeypatch.setattr(FundingRequest, "save", save_while_another_decides)
    assert write_target(world, plan, amount="9000").status_code == 302
    deciding.join(30)
    request.refresh_from_db()
    assert answers == [409]
    assert (request.state, request.amount, request.agreed_amount, request.steps.count()) == ("requested", 9000, None, 0)
