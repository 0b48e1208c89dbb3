"""The composition root: settings, addresses, workers, and the launcher of demo and tests."""

from config.celery import app as celery_app

__all__ = ["celery_app"]
