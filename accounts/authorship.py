"""Saving with who and why in the history, where the one who does it is not simply whoever is signed in."""

from django.db import models


def save_by(row: models.Model, *, by: models.Model | None, because: str | None = None) -> None:
    """Save an audited row; its new history row says who changed it and why."""
    row._history_user = by  # type: ignore[attr-defined]
    row._change_reason = because  # type: ignore[attr-defined]
    row.save()
