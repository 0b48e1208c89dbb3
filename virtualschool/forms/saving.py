"""Saving under the database's rules: what it refuses becomes a message at the right field."""

from collections.abc import Iterator
from contextlib import contextmanager

from django import forms
from django.db import IntegrityError, transaction

# Field and message for each rule that a form can break.
RULES: dict[str, tuple[str, str]] = {
    "children_careperiod_no_overlap": ("starts", "This overlaps another time in care. Check both dates."),
    "children_careperiod_in_order": ("last_day", "The last day must not be before the first."),
    "children_placement_no_overlap": ("starts", "The child lives somewhere else on some of these days. Check both dates."),
    "children_placement_in_order": ("last_day", "The last day must not be before the first."),
    "children_enrolment_once_at_a_school": ("urn", "The child already has a place at this school on some of these days."),
    "children_enrolment_one_main": ("urn", "The child already has a main school on some of these days."),
    "children_enrolment_in_order": ("last_day", "The last day must not be before the first."),
    "children_allocation_one_social_worker": ("starts", "Another social worker or team is allocated on some of these days."),
    "children_allocation_one_reviewing_officer": ("starts", "Another reviewing officer is allocated on some of these days."),
    "children_allocation_in_order": ("last_day", "The last day must not be before the first."),
    "children_child_identifier_unique": ("identifier", "Another child of this authority has this case system number."),
    "schools_team_name_unique": ("name", "The authority already has a team of this name."),
    "schools_term_once_a_year": ("name", "This term of the school year is already there."),
    "schools_term_no_overlap": ("starts", "This overlaps another term."),
    "schools_term_no_overlap_at_a_school": ("starts", "This overlaps another term of this school."),
    "children_carereview_once_a_day": ("on", "A review on this day is already there."),
    "schools_term_due_inside": ("plans_due_on", "The day plans are due by must lie within the term."),
    "schools_policy_no_overlap": ("starts", "Another policy holds on some of these days."),
    "schools_school_urn_key": ("urn", "A school with this URN is already in the register."),
    "pep_pupilpremiumrate_financial_year_key": ("financial_year", "The rate of this year is already there."),
}


def broken_rule(error: IntegrityError) -> str:
    """The name of the rule the database says was broken; empty when it names none."""
    return getattr(getattr(error.__cause__, "diag", None), "constraint_name", None) or ""


@contextmanager
def saving(form: forms.BaseForm) -> Iterator[None]:
    """One transaction. A rule the form can break is said in the form (see ``form.errors`` after); any other error goes up."""
    try:
        with transaction.atomic():
            yield
    except IntegrityError as error:
        if broken_rule(error) not in RULES:
            raise
        field, message = RULES[broken_rule(error)]
        form.add_error(field if field in form.fields else None, message)
