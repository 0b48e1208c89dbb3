"""Lists as CSV files that are safe to open in a spreadsheet."""

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Any

from django.http import HttpRequest, HttpResponse

# A cell that begins with one of these would be run as a formula by some spreadsheet, full-width forms included.
DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def cell(value: Any) -> str:
    """A value as the text of one cell; what a spreadsheet would take for a formula gets an apostrophe in front."""
    text = "" if value is None else str(value)
    return f"'{text}" if text.lstrip(" \u00a0\u200b\ufeff").startswith(DANGEROUS) or text.startswith(DANGEROUS) else text


def as_csv(head: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """The lines of a CSV file, every cell neutralised."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow([cell(value) for value in head])
    writer.writerows([cell(value) for value in row] for row in rows)
    return out.getvalue()


def csv_download(name: str, head: Sequence[str], rows: Iterable[Sequence[Any]]) -> HttpResponse:
    """A CSV file as a download, marked as UTF-8 so that names in every script survive."""
    response = HttpResponse("\ufeff" + as_csv(head, rows), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return response


def csv_address(request: HttpRequest) -> str:
    """The address of the list that is shown, narrowed as it is, as a sheet."""
    query = request.GET.copy()
    query["format"] = "csv"
    return f"?{query.urlencode()}"
