"""Charts as SVG made on the server: no script, no style attribute, nothing that only colour says. Each has its table beneath it."""

from collections.abc import Sequence

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from pep.models.quality import Grade
from virtualschool.reports import Funnel, TermGrades

WIDTH = 460
LABEL = 132  # room for the words on the left
BAR = 26
GAP = 12
INK = "#0b0c0c"
PAPER = "#ffffff"
TEAL = "#0b5a5c"

# Colour and pattern of each grade; the pattern alone tells them apart on paper and for people who see colours differently.
FILLS: dict[str, tuple[str, str]] = {
    Grade.RED: ("#b3261e", "M0 8 L8 0"),
    Grade.AMBER: ("#d98200", "M4 4 h0.1"),
    Grade.GREEN: ("#1f7a4d", ""),
    Grade.GOLD: ("#f2cc4d", "M0 8 L8 0 M0 0 L8 8"),
}


def _frame(key: str, height: int, title: str, content: SafeString) -> SafeString:
    return format_html(
        '<svg class="app-chart" viewBox="0 0 {} {}" role="img" aria-labelledby="{}-title" font-size="14" font-family="inherit">'
        '<title id="{}-title">{}</title>{}</svg>',
        WIDTH, height, key, key, title, content,
    )  # fmt: skip


def _text(x: float, y: float, words: str, *, anchor: str = "start", fill: str = INK) -> SafeString:
    return format_html('<text x="{}" y="{}" text-anchor="{}" fill="{}">{}</text>', round(x, 1), round(y, 1), anchor, fill, words)


def _bar(x: float, y: float, width: float, fill: str) -> SafeString:
    return format_html(
        '<rect x="{}" y="{}" width="{}" height="{}" fill="{}" stroke="{}" stroke-width="1"/>',
        round(x, 1),
        y,
        round(width, 1),
        BAR,
        fill,
        PAPER,
    )


def funnel_chart(funnel: Funnel) -> SafeString:
    """A bar for each step of the funnel, with its number beside it."""
    room = WIDTH - LABEL - 44
    most = max((step.count for step in funnel.steps), default=0) or 1
    rows = []
    for number, step in enumerate(funnel.steps):
        y, width = number * (BAR + GAP), room * step.count / most
        rows.append(_text(LABEL - 8, y + BAR * 0.7, step.label, anchor="end"))
        rows.append(_bar(LABEL, y, max(width, 1), TEAL))
        rows.append(_text(LABEL + width + 8, y + BAR * 0.7, str(step.count)))
    height = len(funnel.steps) * (BAR + GAP)
    return _frame("funnel", height, funnel.finding(), format_html_join("", "{}", ((row,) for row in rows)))


def grades_chart(rows: Sequence[TermGrades], title: str) -> SafeString:
    """A bar for each term, cut by grade: colour, pattern and a number in each piece; a key below."""
    room = WIDTH - LABEL - 8
    parts = [_patterns()]
    for number, row in enumerate(rows):
        y, x = number * (BAR + GAP), float(LABEL)
        parts.append(_text(LABEL - 8, y + BAR * 0.7, row.term.title, anchor="end"))
        if not row.total:
            parts.append(_text(LABEL, y + BAR * 0.7, "No graded plans"))
        for grade in reversed(Grade.values):
            width = room * row.counts[grade] / row.total if row.total else 0
            if width:
                parts.append(_bar(x, y, width, f"url(#grade-{grade})"))
                parts.append(_tag(x + width / 2, y, str(row.counts[grade])))
            x += width
    y = len(rows) * (BAR + GAP) + 6
    for number, grade in enumerate(reversed(Grade.values)):
        x = 8 + number * (WIDTH - 16) / 4
        parts.append(format_html('<rect x="{}" y="{}" width="22" height="18" fill="url(#grade-{})"/>', round(x, 1), y, grade))
        parts.append(_text(x + 30, y + 14, Grade(grade).label))
    return _frame("grades", y + 30, title, format_html_join("", "{}", ((part,) for part in parts)))


def _tag(x: float, y: float, words: str) -> SafeString:
    """A number on a patterned piece, on paper of its own so that it can be read."""
    width = 10 + 9 * len(words)
    return format_html(
        '<rect x="{}" y="{}" width="{}" height="18" rx="3" fill="{}"/>{}',
        round(x - width / 2, 1), y + 4, width, PAPER, _text(x, y + 18, words, anchor="middle"),
    )  # fmt: skip


def _patterns() -> SafeString:
    def pattern(grade: str, fill: str, path: str) -> SafeString:
        lines = format_html(
            '<path d="{}" stroke="{}" stroke-width="{}" stroke-linecap="round"/>', path, INK, 3 if grade == Grade.AMBER else 1
        )
        return format_html(
            '<pattern id="grade-{}" width="8" height="8" patternUnits="userSpaceOnUse"><rect width="8" height="8" fill="{}"/>{}</pattern>',
            grade, fill, lines if path else "",
        )  # fmt: skip

    return format_html("<defs>{}</defs>", format_html_join("", "{}", ((pattern(grade, *fill),) for grade, fill in FILLS.items())))
