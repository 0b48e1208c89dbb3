"""The plan's document: how long it takes, beside Chromium printing the same HTML.

Both are warm: WeasyPrint in a process that has rendered before, Chromium in a browser that is already open. Chromium is measured twice:
in one page used again and again, its best case, and in a fresh context for each document, as a service has to use it so that no child's
plan meets another's. Its file is tagged and has an outline, but is neither PDF/A nor PDF/UA and carries no data.
"""

import concurrent.futures
import json
import multiprocessing
import time
from pathlib import Path
from typing import Any

from django.template.loader import render_to_string
from playwright.sync_api import Browser, Page, sync_playwright

from benchmarks.report import medians
from pep import documents

# Every question of the secondary form answered: 15 pages, 230 table cells.
LONG = Path(__file__).parent.parent / "tests" / "data" / "snapshot_long.json"
CHROMIUM = "/usr/bin/chromium"
PDF_OPTIONS: dict[str, Any] = {"prefer_css_page_size": True, "tagged": True, "outline": True}


def run(rounds: int = 10, bulk: int = 20, workers: int = 2, example: Path = LONG) -> dict[str, float]:
    """Median seconds per document of an example snapshot, documents a second in bulk over ``workers`` processes, ratios to Chromium."""
    snapshot = json.loads(example.read_text())
    documents.warm_up()
    html = documents.page(documents.readable_parts(snapshot, "council"), "council")
    html = html.replace("</head>", f"<style>{render_to_string('pdf/print.css')}</style></head>")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page()
        ours, same_page, fresh_context = medians(
            [lambda: documents.render(snapshot, "council"), lambda: _print(page, html), lambda: _print_apart(browser, html)], rounds
        )
        browser.close()
    return {
        "weasyprint_seconds": ours,
        "chromium_same_page_seconds": same_page,
        "chromium_fresh_context_seconds": fresh_context,
        "ratio_to_same_page": ours / same_page,
        "ratio_to_fresh_context": ours / fresh_context,
        "bulk_documents_per_second": _bulk(snapshot, bulk, workers),
    }


def _print(page: Page, html: str) -> bytes:
    page.set_content(html, wait_until="load")
    return page.pdf(**PDF_OPTIONS)


def _print_apart(browser: Browser, html: str) -> bytes:
    context = browser.new_context()
    content = _print(context.new_page(), html)
    context.close()
    return content


def _bulk(snapshot: dict[str, Any], count: int, workers: int) -> float:
    """Documents a second by several warm worker processes."""
    # Forked like Celery's workers, so they begin warm.
    with concurrent.futures.ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("fork")) as pool:
        start = time.perf_counter()
        list(pool.map(_render_one, [snapshot] * count))
        return count / (time.perf_counter() - start)


def _render_one(snapshot: dict[str, Any]) -> int:
    return len(documents.render(snapshot, "council"))
