"""Thousands of requests are asked for what they answer: refusals are not logged, and no page's context is copied for the test client."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from django.template.base import Template
from django.test import utils


@contextmanager
def quiet() -> Iterator[None]:
    """Without the log's tracebacks and without the copies, which take a third of the time."""
    watched, plain = Template._render, utils._TestState.saved_data.template_render  # type: ignore[attr-defined]
    logging.disable(logging.WARNING)
    Template._render = plain  # type: ignore[attr-defined]
    try:
        yield
    finally:
        Template._render = watched  # type: ignore[attr-defined]
        logging.disable(logging.NOTSET)
