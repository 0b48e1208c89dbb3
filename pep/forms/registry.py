"""Which form a plan is begun with, and any version by its name."""

import datetime

from pep.forms.declaration import FormVersion

FORMS: tuple[FormVersion, ...] = ()


def get_form(key: str, version: str) -> FormVersion:
    """The form of this key and version. Raises KeyError when there is none."""
    for form in FORMS:
        if (form.key, form.version) == (key, version):
            return form
    raise KeyError(f"{key} {version}")


def form_for(year_group: int, on: datetime.date) -> FormVersion:
    """The newest form for a year group; the nearest where a year has none of its own."""
    return min(reversed(FORMS), key=lambda form: min(abs(year_group - year) for year in form.year_groups))
