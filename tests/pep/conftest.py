"""Documents of a made-up plan, for the tests of what they say."""

import json
from pathlib import Path
from typing import Any

import pytest

from pep import documents

EXAMPLE = Path(__file__).parents[1] / "data" / "snapshot_secondary.json"


@pytest.fixture
def snapshot() -> dict[str, Any]:
    """A whole plan, free to be changed."""
    return json.loads(EXAMPLE.read_text())


@pytest.fixture
def short(snapshot: dict[str, Any]) -> dict[str, Any]:
    """The same plan with its first section and that section's first question alone."""
    snapshot["sections"] = snapshot["sections"][:1]
    snapshot["sections"][0]["blocks"] = snapshot["sections"][0]["blocks"][:1]
    return snapshot


@pytest.fixture(scope="session")
def copies() -> dict[str, bytes]:
    """Both documents of the whole plan, by audience."""
    plan = json.loads(EXAMPLE.read_text())
    return {audience: documents.render(plan, audience) for audience in ("council", "school")}
