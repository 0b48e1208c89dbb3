"""The secrets of links stand in no log."""

import logging

from config.logs import PlainFormatter, hide_tokens

TOKEN = "cO_eXSwdlS7suxJ2BJ-HbH9wBQAaQxOssyptF4am0_c"


def test_the_product_s_log_hides_them() -> None:
    """D7."""
    for path in (f"/account/invitation/{TOKEN}/", f"/account/password/reset/key/0190a0a000007000-{TOKEN}/"):
        record = logging.LogRecord("django.request", logging.WARNING, __file__, 1, "Gone: %s", (path,), None)
        entry = PlainFormatter().format(record)
        assert TOKEN not in entry and entry.endswith("/…/")


def test_the_web_server_s_log_hides_them() -> None:
    atoms = {"m": "GET", "U": f"/account/invitation/{TOKEN}/", "s": "200"}
    record = logging.LogRecord("gunicorn.access", logging.INFO, __file__, 1, "%(m)s %(U)s %(s)s", (atoms,), None)
    assert hide_tokens(record)
    assert record.getMessage() == "GET /account/invitation/…/ 200"
