"""What the database itself refuses, whoever writes: for every constraint a row that breaks it, written by bare SQL (C9)."""

import datetime
import uuid
from typing import Any

import pytest
from django.apps import apps
from django.db import IntegrityError, connection, models, transaction

from pep.models import Deadline, MeetingInvitation, Rubric
from pep.rubric import DEFAULT_AREAS
from pep.workflow import perform
from schools.models import Membership, Term
from tests.matrix.story import belongings, things, whole_world
from tests.world import World

OURS = ("accounts", "schools", "children", "pep", "virtualschool")
YESTERDAY = "starts - 1"
LASTS = "(ends IS NULL OR ends > starts)"  # what never held overlaps nothing
# A row like one that there is ("where"), with these columns otherwise: what breaks the constraint and nothing before it.
# An empty change breaks it by being the same row a second time.
BROKEN: dict[str, tuple[dict[str, str], str]] = {
    "accounts_user_email_in_small_letters": ({"email": "'Anna@Example.test'"}, "true"),
    "accounts_user_has_a_name": ({"name": "''"}, "true"),
    "accounts_message_is_for_somebody": ({"key": "'another'", "recipient_id": "NULL"}, "recipient_id IS NOT NULL"),
    "schools_team_name_unique": ({}, "true"),
    "schools_term_once_a_year": ({}, "school_id IS NULL"),
    "schools_term_no_overlap": ({"academic_year": "academic_year - 1"}, "school_id IS NULL"),
    "schools_term_no_overlap_at_a_school": ({"academic_year": "academic_year - 1"}, "school_id IS NOT NULL"),
    "schools_term_in_order": ({"ends": "starts"}, "true"),
    "schools_term_due_inside": ({"plans_due_on": "ends"}, "true"),
    "schools_policy_no_overlap": ({}, f"true AND {LASTS}"),
    "schools_policy_in_order": ({"ends": YESTERDAY}, "true"),
    "schools_policy_six_months_at_most": ({"review_months": "7"}, "true"),
    "schools_policy_percent": ({"check_percent": "101"}, "true"),
    "schools_policy_within_the_law": ({"first_plan_working_days": "21"}, "true"),
    "schools_policy_ladder_climbs": ({"head_working_days": "manager_working_days"}, "true"),
    "schools_membership_in_order": ({"ends": YESTERDAY}, "true"),
    "schools_membership_place_fits_role": ({"role": "'head'"}, "school_id IS NOT NULL"),
    "schools_membership_not_self_granted": ({"granted_by_id": "user_id"}, "true"),
    "schools_membership_dt_once": ({}, f"role = 'designated_teacher' AND {LASTS}"),
    "schools_membership_headteacher_once": ({}, f"role = 'headteacher' AND {LASTS}"),
    "schools_membership_team_once": ({}, f"team_id IS NOT NULL AND {LASTS}"),
    "schools_membership_vs_once": ({}, f"virtual_school_id IS NOT NULL AND {LASTS}"),
    "schools_membership_authority_once": ({}, f"role = 'social_worker' AND team_id IS NULL AND {LASTS}"),
    "children_child_identifier_unique": ({"reference": "'ZZZZZZ'"}, "identifier <> ''"),
    "children_child_restricted_with_reason": ({"restricted": "true", "restricted_because": "''"}, "true"),
    "children_child_year_group_with_its_school_year": ({"year_group_override": "9", "year_group_override_for": "NULL"}, "true"),
    "children_careperiod_in_order": ({"ends": YESTERDAY}, "true"),
    "children_careperiod_no_overlap": ({}, f"true AND {LASTS}"),
    "children_carereview_once_a_day": ({}, "state <> 'cancelled'"),
    "children_placement_in_order": ({"ends": YESTERDAY}, "true"),
    "children_placement_no_overlap": ({}, f"true AND {LASTS}"),
    "children_enrolment_in_order": ({"ends": YESTERDAY}, "true"),
    "children_enrolment_one_main": (
        {"school_id": "(SELECT id FROM schools_school s WHERE s.id <> school_id LIMIT 1)"}, f"kind = 'main' AND {LASTS}",
    ),
    "children_enrolment_once_at_a_school": ({}, f"kind <> 'main' AND {LASTS}"),
    "children_enrolment_reading_ends_after_leaving": ({"readable_until": "starts"}, "ends IS NULL"),
    "children_allocation_in_order": ({"ends": YESTERDAY}, "true"),
    "children_allocation_one_social_worker": ({}, f"role = 'social_worker' AND {LASTS}"),
    "children_allocation_one_reviewing_officer": ({}, f"role = 'reviewing_officer' AND {LASTS}"),
    "children_allocation_contributor_once": ({}, f"role = 'school_contributor' AND {LASTS}"),
    "children_allocation_someone": ({"worker_id": "NULL"}, "role = 'reviewing_officer'"),
    "children_allocation_contributor_ends_and_was_named": ({"named_by_id": "NULL"}, "role = 'school_contributor'"),
    "pep_plan_one_in_preparation": ({}, "state = 'preparing'"),
    "pep_plan_complete_has_a_date": ({"completed_at": "NULL"}, "state = 'complete'"),
    "pep_plan_version_corrects": ({"version": "2"}, "corrects_id IS NULL"),
    "pep_plan_corrected_once": ({}, "corrects_id IS NOT NULL"),
    "pep_signoff_one_per_role": ({}, "voided_at IS NULL"),
    "pep_deadline_one_open_per_child": ({}, "open AND plan_id IS NULL"),
    "pep_deadline_one_open_per_plan": ({}, "open AND plan_id IS NOT NULL"),
    "pep_document_once": ({}, "true"),
    "pep_renderjob_once": ({}, "true"),
    "pep_earlierplan_once": ({}, "withdrawn_at IS NULL"),
    "pep_earlierplan_review_said_by_someone": ({"review": "'yes'"}, "review = ''"),
    "pep_earlierplan_withdrawn_with_a_record": ({"withdrawn_at": "now()"}, "withdrawn_at IS NULL"),
    "pep_targetreview_once": ({}, "true"),
    "pep_progress_about_one_thing": ({"target_id": "NULL"}, "target_id IS NOT NULL"),
    "pep_copygiven_not_given_has_a_reason": ({"how": "'not_given'", "note": "''"}, "true"),
    "pep_fundingrequest_positive": ({"amount": "0"}, "true"),
    "pep_fundingrequest_agreed_within_asked": ({"agreed_amount": "amount + 1"}, "true"),
    "pep_fundingrequest_agreed_has_amount": ({"state": "'paid'", "agreed_amount": "NULL"}, "true"),
    "pep_fundingdecision_refusal_has_reason": ({"step": "'declined'", "reason": "''"}, "true"),
    "pep_meeting_booked_has_a_date": ({"state": "'booked'", "starts_at": "NULL"}, "true"),
    "pep_meeting_lasts": ({"minutes": "0"}, "true"),
    "pep_meeting_not_held_has_a_reason": ({"state": "'not_held'", "not_held_because": "''"}, "true"),
    "pep_meeting_exception_was_approved": ({"exception_because": "'Snow'", "exception_by_id": "NULL"}, "true"),
    "pep_attendee_decision_has_a_day": ({"may_come": "'yes'", "decided_at": "NULL"}, "true"),
    "pep_attendee_separate_has_a_time": ({"may_come": "'separate'", "decided_at": "now()", "separate_starts_at": "NULL"}, "true"),
    "pep_invitation_one_for_a_person": ({"uid": "uuidv7()::text"}, "user_id IS NOT NULL"),
    "pep_invitation_one_for_an_address": ({"uid": "uuidv7()::text"}, "user_id IS NULL"),
    "pep_invitation_ends_after_it_starts": ({"ends_at": "starts_at"}, "true"),
    "pep_move_one_proposal": ({}, "state = 'proposed'"),
    "pep_move_two_people": ({"confirmed_by_id": "proposed_by_id"}, "true"),
    "pep_move_confirmed_by_someone": ({"state": "'confirmed'"}, "state = 'proposed'"),
    "pep_move_confirmed_has_enrolment": (
        {"state": "'confirmed'", "confirmed_at": "now()",
         "confirmed_by_id": "(SELECT id FROM accounts_user u WHERE u.id <> proposed_by_id LIMIT 1)"},
        "state = 'proposed'",
    ),
    "pep_move_taken_back_with_a_record": ({"taken_back_because": "'A mistake'"}, "state = 'proposed'"),
    "pep_move_withdrawn_by_someone": ({"state": "'withdrawn'"}, "state = 'proposed'"),
    "pep_rubric_in_order": ({"ends": YESTERDAY}, "true"),
    "pep_rubric_no_overlap": ({}, f"true AND {LASTS}"),
    "pep_qualitycheck_has_a_grade": ({"overall": "''"}, "outcome <> 'not_sampled'"),
    "pep_qualitycheck_return_has_a_reason": ({"outcome": "'returned'", "comment": "''"}, "true"),
    "pep_qualityarea_once": ({}, "true"),
    "pep_section_once_per_plan": ({}, "true"),
    "pep_section_on_behalf_says_how": ({"on_behalf_of": "'Alan Birch'", "learned_by": "''"}, "true"),
    "pep_draft_one_per_person": ({}, "true"),
    "virtualschool_importbatch_keeps_nothing_after": ({"state": "'done'"}, "state = 'waiting'"),
    "virtualschool_importbatch_has_authority": ({"authority_id": "NULL"}, "kind <> 'schools'"),
}  # fmt: skip


# A term that ends before it begins has no day inside by which plans are due either, and that is found first.
FOUND_FIRST = {"schools_term_in_order": "schools_term_due_inside"}


def constraints() -> dict[str, type[models.Model]]:
    """Every constraint that a table of ours declares, with its model."""
    found: dict[str, type[models.Model]] = {}
    for model in apps.get_models():
        if model._meta.app_label in OURS and not model.__name__.startswith("Historical"):
            found |= {constraint.name: model for constraint in model._meta.constraints}
    return found


def test_every_constraint_has_a_row_that_breaks_it() -> None:
    """C9: a new constraint fails until somebody has written here what it refuses."""
    assert set(BROKEN) == set(constraints())


def a_row_of_every_table(world: World) -> None:
    """The matrix's world, and what no child of it has yet."""
    belongings(world)
    fenshire, sam = world.places["fenshire"], things(world, "sam")
    term = fenshire.term
    Term(
        authority=fenshire.authority, school=world.schools["hill"], academic_year=term.academic_year, name=term.name, starts=term.starts,
        ends=term.ends, plans_due_on=term.plans_due_on,
    ).save()  # fmt: skip
    Membership(user=world.people["fay"], role="social_worker", authority=fenshire.authority, starts=world.today).save()
    plan, complete = sam["preparing"], sam["complete"]
    perform(complete, "correct", by=world.people["kit"], comment="A wrong word", sections=["attendance"])
    Deadline(child=world.children["sam"], plan=plan, kind=Deadline.Kind.SIGNATURE, due_on=world.today, reason="waiting").save()
    stranger = MeetingInvitation.objects.get(meeting__plan=plan, user__isnull=False)
    stranger.pk, stranger.uid, stranger.user, stranger.address = None, str(uuid.uuid4()), None, "carer@example.test"
    stranger._state.adding = True
    stranger.save()
    if not Rubric.objects.exists():
        Rubric(authority=fenshire.authority, starts=datetime.date(2020, 9, 1), areas=DEFAULT_AREAS).save()


def insert_like(model: type[models.Model], where: str, changes: dict[str, str]) -> Any:
    """Copy the first row for which ``where`` holds, with a key of its own and some columns otherwise; how many there were (0 or 1)."""
    pk = model._meta.pk
    columns = [field.column for field in model._meta.concrete_fields if field is not pk]
    values = [f"({changes[column]})" if column in changes else f'"{column}"' for column in columns]
    if isinstance(pk, models.UUIDField):
        columns, values = [pk.column, *columns], ["uuidv7()", *values]
    names, selected = ", ".join(f'"{name}"' for name in columns), ", ".join(values)
    with connection.cursor() as cursor:
        cursor.execute(f"INSERT INTO {model._meta.db_table} ({names}) SELECT {selected} FROM {model._meta.db_table} WHERE {where} LIMIT 1")
        return cursor.rowcount


@pytest.mark.django_db
def test_the_database_refuses_every_row_that_breaks_a_rule() -> None:
    """C9: no two main places, no overlapping care, no plan completed without its day, no money agreed beyond what was asked, …"""
    a_row_of_every_table(whole_world())
    problems = []
    for name, model in constraints().items():
        changes, where = BROKEN[name]
        try:
            with transaction.atomic():
                copied = insert_like(model, where, changes)
                transaction.set_rollback(True)
            problems.append(f"{name}: accepted" if copied else f"{name}: there is no row where {where}")
        except IntegrityError as error:
            refused_by = error.__cause__.diag.constraint_name  # type: ignore[union-attr]
            if refused_by != FOUND_FIRST.get(name, name):
                problems.append(f"{name}: refused by {refused_by} instead")
        except Exception as error:
            problems.append(f"{name}: {error}")
    assert not problems, "\n".join(problems)
