"""The form for Years 7 to 11, version 2026.1."""

import datetime

from pep.forms.declaration import FormVersion
from pep.forms.secondary_2026 import attainment, next_steps
from pep.forms.sections_2026 import care, health, needs, plan, school, views

SECONDARY = FormVersion(
    key="secondary",
    version="2026.1",
    title="Personal Education Plan",
    year_groups=(7, 8, 9, 10, 11),
    starts=datetime.date(2026, 9, 1),
    sections=(
        care.ABOUT_ME,
        care.CARE_RECORD,
        care.CONTACTS,
        care.PERMISSIONS,
        health.HEALTH,
        health.WELLBEING,
        school.HISTORY,
        school.ARRANGEMENTS,
        school.CHANGES,
        school.ATTENDANCE,
        school.SUSPENSIONS,
        attainment.STARTING_POINTS,
        attainment.ATTAINMENT,
        needs.SPECIAL_NEEDS,
        needs.STRENGTHS,
        needs.LEISURE,
        next_steps.NEXT_STEPS,
        views.CHILD_VIEWS,
        views.FEELINGS,
        views.HOME_SUPPORT,
        views.CARER_VIEWS,
        views.PARENT_VIEWS,
        views.SOCIAL_WORKER_VIEWS,
        plan.AGENCIES,
        plan.PREMIUM,
        plan.LAST_TARGETS,
        plan.TARGETS,
        plan.ACTIONS,
        plan.MEETING,
        plan.SIGN_OFF,
    ),
)
