"""What the lists across children share: their filters, and how long lists are cut into pages."""

from functools import cached_property
from typing import Any

from django import forms
from django.core.paginator import Paginator
from django.db.models import QuerySet

from pep.narrowing import PHASES, Filters
from schools.models import School, Team

PER_PAGE = 50
COUNTED = 2000


class CappedPaginator(Paginator):  # type: ignore[type-arg]
    """Counts no further than ``COUNTED`` rows, so that a page takes as long with 85,000 children as with 500. Who needs more searches."""

    @cached_property
    def count(self) -> int:
        """How many rows there are, at most ``COUNTED``."""
        rows = self.object_list[:COUNTED]
        return rows.count() if isinstance(rows, QuerySet) else len(rows)  # type: ignore[arg-type]

    @property
    def capped(self) -> bool:
        """Whether there may be more rows than are counted."""
        return self.count >= COUNTED


class FilterForm(forms.Form):
    """What a queue is narrowed to. Only the teams and schools of one's own children can be chosen."""

    team = forms.ModelChoiceField(label="Team", queryset=Team.objects.none(), required=False, empty_label="All teams")
    school = forms.ModelChoiceField(label="School", queryset=School.objects.none(), required=False, empty_label="All schools")
    phase = forms.ChoiceField(label="Age", choices=[("", "All ages"), *((key, row[0]) for key, row in PHASES.items())], required=False)
    no_worker = forms.BooleanField(label="Only children with no social worker", required=False)

    def __init__(self, *args: Any, teams: Any, schools: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["team"].queryset = teams  # type: ignore[attr-defined]
        self.fields["school"].queryset = schools  # type: ignore[attr-defined]

    def filters(self) -> Filters:
        """What was chosen; a wrong choice narrows nothing and is said in the form."""
        chosen = self.cleaned_data if self.is_valid() else {}
        return Filters(chosen.get("team"), chosen.get("school"), chosen.get("phase", ""), bool(chosen.get("no_worker")))
