"""The plan's PDF beside Chromium's: the figures of pdf.py as a table."""

from django.db import connections

from benchmarks import pdf
from benchmarks.report import Table, milliseconds


def run(rounds: int) -> Table:
    """The table of documents."""
    # pdf.py forks its workers, and a connection belongs to one process.
    connections.close_all()
    found = pdf.run(rounds=rounds, bulk=rounds * 2)
    return Table(
        "The PDF",
        "A long plan (every question answered, 250 table cells) as PDF/A and PDF/UA with the plan's data inside, in a warm process; "
        "beside a warm headless Chromium printing the same HTML. In bulk: two warm processes, as the worker has.",
        ("", "ms a document", "ours is so many times it"),
        [
            ("WeasyPrint, warm", milliseconds(found["weasyprint_seconds"]), ""),
            (
                "Chromium, a fresh context for each",
                milliseconds(found["chromium_fresh_context_seconds"]),
                f"{found['ratio_to_fresh_context']:.2f}",
            ),
            ("Chromium, one page again and again", milliseconds(found["chromium_same_page_seconds"]), f"{found['ratio_to_same_page']:.2f}"),
        ],
        f"In bulk {found['bulk_documents_per_second']:.1f} documents a second.",
    )
