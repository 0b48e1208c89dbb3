"""The form for Years 7 to 11, version 2026.1."""

import datetime

from pep.forms.declaration import FormVersion
from pep.forms.secondary_2026 import attainment, next_steps
from pep.forms.sections_2026.whole import sections_with

SECONDARY = FormVersion(
    key="secondary",
    version="2026.1",
    title="Personal Education Plan",
    year_groups=(7, 8, 9, 10, 11),
    starts=datetime.date(2026, 9, 1),
    sections=sections_with(starting_points=attainment.STARTING_POINTS, attainment=attainment.ATTAINMENT, next_steps=next_steps.NEXT_STEPS),
)
