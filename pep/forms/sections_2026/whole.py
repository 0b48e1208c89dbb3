"""Which sections a form of 2026 has, in which order. Phases differ in where pupils started, in attainment and in the next step."""

from pep.forms.declaration import Section
from pep.forms.sections_2026 import care, health, needs, plan, school, views


def sections_with(
    *, starting_points: Section, attainment: Section, next_steps: Section, feelings: Section = views.FEELINGS
) -> tuple[Section, ...]:  # fmt: skip
    """All sections of a form, with those that are a phase's own; ``feelings`` where its pupils are asked in another way."""
    return (
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
        starting_points,
        attainment,
        needs.SPECIAL_NEEDS,
        needs.STRENGTHS,
        needs.LEISURE,
        next_steps,
        views.CHILD_VIEWS,
        feelings,
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
    )
