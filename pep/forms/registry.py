"""Which form a plan is begun with, and any version by its name.

A new wording is a new ``FormVersion`` with a later ``starts``, added here beside the old one, which stays for the plans begun with it.
"""

import datetime

from pep.forms.declaration import FormVersion
from pep.forms.early_years_2026 import EARLY_YEARS
from pep.forms.post16_2026 import POST_16
from pep.forms.primary_2026 import PRIMARY
from pep.forms.secondary_2026.form import SECONDARY

FORMS: tuple[FormVersion, ...] = (PRIMARY, SECONDARY, EARLY_YEARS, POST_16)


def get_form(key: str, version: str) -> FormVersion:
    """The form of this key and version. Raises KeyError when there is none."""
    for form in FORMS:
        if (form.key, form.version) == (key, version):
            return form
    raise KeyError(f"{key} {version}")


def form_for(year_group: int, on: datetime.date) -> FormVersion:
    """The form with which a plan for this national curriculum year is begun on a day.

    A year that no form is made for takes the nearest one.
    Of several versions the newest that has started holds; a day before all of them takes the oldest.
    """
    nearest = min(_distance(form, year_group) for form in FORMS)
    versions = sorted((form for form in FORMS if _distance(form, year_group) == nearest), key=lambda form: form.starts)
    started = [form for form in versions if form.starts <= on]
    return started[-1] if started else versions[0]


def _distance(form: FormVersion, year_group: int) -> int:
    return min(abs(year_group - year) for year in form.year_groups)
