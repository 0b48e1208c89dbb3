"""The first dashboard: how far the term's plans have come, how they stood to their dates, and how good they are."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from accounts.policy import Verb
from pep.models.quality import Grade
from schools.sheets import csv_download
from virtualschool import charts, reports
from virtualschool.views.page import StaffPage

TERMS_SHOWN = 6
GRADE_COLUMNS = (*(str(Grade(grade).label) for grade in reversed(Grade.values)), "Graded", "No check")


class TermForm(forms.Form):
    """Which term to look at."""

    term = forms.ChoiceField(label="Term")

    def __init__(self, *args: Any, terms: Sequence[reports.TermName], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["term"].choices = [(term.key, term.title) for term in terms]  # type: ignore[attr-defined]


class Dashboard(StaffPage):
    """Funnel, punctuality and grades with their tables; ``?term=2026-autumn`` is another term, ``?format=csv`` gives the figures."""

    verb = Verb.VIEW_MONEY  # the virtual school's staff

    def get(self, request: HttpRequest) -> HttpResponse:
        """The figures as at today, or at the end of a term that is over."""
        terms = reports.terms_of(self.authorities, self.today)
        term = next((row for row in terms if row.key == request.GET.get("term")), terms[0] if terms else None)
        if term is None:
            return render(request, "virtualschool/dashboard.html", {"today": self.today, "terms": [], "authorities": self.authorities})
        children = self.children()
        term_form = TermForm({"term": term.key}, terms=terms[:TERMS_SHOWN])
        funnel = reports.funnel(children, term, self.today)
        punctual = reports.punctuality(children, term, self.today)
        grades = reports.grades_by_term(children, terms[:TERMS_SHOWN])
        grade_rows = [
            [row.term.title, *(row.counts[grade] for grade in reversed(Grade.values)), row.total, row.unchecked] for row in grades
        ]
        if request.GET.get("format") == "csv":
            head = ("Term", *GRADE_COLUMNS)
            steps = [[f"{term.title}: {step.label}", step.count] for step in funnel.steps]
            apart = [["Of these without the social worker’s signature", funnel.unsigned], ["Late", funnel.late]]
            dates = [
                *([row.label, row.count] for row in punctual.rows), ["Not due yet", punctual.not_due], [],
                *([f"Working days late {row.label.lower()}", row.count] for row in punctual.delays),
                ["Working days late within the time that the policy allows", punctual.allowed], [],
                *([f"Why late: {row.label}", row.count] for row in punctual.reasons),
            ]  # fmt: skip
            return csv_download(f"dashboard-{self.today}", head, [*grade_rows, [], ["As at", funnel.as_at], *steps, *apart, [], *dates])
        finding = reports.grades_finding(grades)
        context = {
            "today": self.today, "authorities": self.authorities, "terms": terms, "term_form": term_form, "term": term, "funnel": funnel,
            "funnel_chart": charts.funnel_chart(funnel), "grades_title": finding, "grades_chart": charts.grades_chart(grades, finding),
            "funnel_rows": [
                [label, numeric(count), numeric(_percent(count, funnel.expected))]
                for label, count in (*((step.label, step.count) for step in funnel.steps), ("Without a signature", funnel.unsigned))
            ],
            "punctual": punctual, "punctual_title": punctual.finding(term),
            "punctual_rows": [
                [row.label, numeric(row.count), numeric(_percent(row.count, punctual.counted))] for row in punctual.rows
            ],
            "delay_rows": [
                *([row.label, numeric(row.count)] for row in punctual.delays),
                *([["Nobody’s: within the time that the policy allows", numeric(punctual.allowed)]] if punctual.allowed else []),
            ],
            "reason_rows": [[row.label, numeric(row.count)] for row in punctual.reasons],
            "punctual_head": ["How it stood", numeric("Plans"), numeric("Of all")],
            "delay_head": ["Who held the plan", numeric("Working days")], "reason_head": ["Reason given", numeric("Plans")],
            "grade_head": ["Term", *map(numeric, GRADE_COLUMNS)],
            "grade_rows": [
                [row[0], *(numeric(cell, label) for cell, label in zip(row[1:], GRADE_COLUMNS, strict=True))] for row in grade_rows
            ],
            "number_head": ["Step", numeric("Children"), numeric("Of all")],
        }  # fmt: skip
        return render(request, "virtualschool/dashboard.html", context)


def numeric(value: Any, label: str = "") -> dict[str, Any]:
    """A cell whose number stands on the right; ``label`` is its heading where the table is stacked."""
    return {"text": value, "format": "numeric", "label": label}


def _percent(part: int, whole: int) -> str:
    return f"{round(100 * part / whole)}%" if whole else "–"
