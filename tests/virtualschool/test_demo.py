"""The demonstration's content: complete, consistent, made up, and the same every time."""

import datetime
import random
from collections import Counter

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from accounts.models import Message, User
from accounts.rules import sentence
from children.models import Child, Enrolment
from children.numbers import is_temporary_upn, upn_warning
from pep.forms.answers import fits
from pep.forms.reading import carried_forward, contradictions, missing, most
from pep.forms.registry import FORMS
from pep.models import Plan, PupilPremiumRate
from pep.planning import needs_plan
from pep.rubric import DEFAULT_AREAS
from pep.sections import contents_of, gaps_in
from schools.models import LocalAuthority, School, policy_on
from schools.timetable import is_working_day, last_working_day
from tests.world import World, build_world
from virtualschool.demo import plans
from virtualschool.demo.answers import Facts, answers_for
from virtualschool.demo.children import CHILDREN, DUE_IN
from virtualschool.demo.people import ROLES, STAFF
from virtualschool.demo.personas import DEMO_PERSONAS, PERSONAS
from virtualschool.demo.places import SCHOOLS, TERMS
from virtualschool.demo.register import Demo, birthday_in_year_group, build_register, stand_ins_among, term_of_whole_weeks

TODAY = timezone.localdate()


def test_made_up_answers_answer_every_question_of_every_form() -> None:
    chance = random.Random(7)
    for form in FORMS:
        for _ in range(20):
            school = chance.choice(("Larkmere Academy", "Larkmere Academy", ""))
            facts = Facts("Jay", chance.choice(form.year_groups), TODAY, school, "Priya Nair", not school)
            last = {section.key: answers_for(section, facts, chance) for section in form.sections}
            for section in form.sections:
                answers = answers_for(section, facts, chance, last[section.key])
                assert not missing(section, answers), section.key
                assert all(fits(section.question(key), value) for key, value in answers.items()), section.key


@pytest.mark.parametrize("year", range(2024, 2041))
def test_made_up_terms_begin_on_a_weekday_and_end_with_a_school_week_in_every_year(year: int) -> None:
    for _, first, last, due in TERMS:
        starts, ends = term_of_whole_weeks(datetime.date(year, *first), datetime.date(year, *last))
        last_day = ends - datetime.timedelta(days=1)
        assert is_working_day(starts) and is_working_day(last_day)
        assert last_day.weekday() == 4 or last_day.weekday() == 3 and not is_working_day(ends)  # a Friday, or before Good Friday
        assert starts <= last_working_day(datetime.date(year, *due)) < ends


def test_made_up_answers_contradict_neither_one_another_nor_the_forms() -> None:
    """Whoever knows the field believes them: grades go with subjects and qualifications, and every answer could have been saved."""
    chance = random.Random(11)
    for form in FORMS:
        for _ in range(20):
            facts = Facts("Jay", chance.choice(form.year_groups), TODAY, "Larkmere Academy", "Priya Nair")
            for section in form.sections:
                answers = answers_for(section, facts, chance, carried_forward(section, answers_for(section, facts, chance)))
                rows = [question for question in section.questions if question.columns]
                assert not [fault for question in rows for fault in contradictions(question, answers.get(question.key, []))]
                for count in section.counts:
                    assert answers[count.number] <= most(count, datetime.date.fromisoformat(answers[count.until]))
                assert all("Swimming" not in str(test) for test in answers.get("tests", []))


@pytest.mark.parametrize(("home", "carer"), [("Children’s home", "The key worker at the home"), ("Foster carer", "The foster carer")])
def test_whoever_looks_after_a_child_is_whom_the_plan_names(home: str, carer: str) -> None:
    form, chance = FORMS[1], random.Random(3)
    facts = Facts("Minh", 11, TODAY, "Larkmere Academy", "Priya Nair", home=home, legal="V2")
    earlier = {"people": [{"name": "The foster carer", "relation": "carer"}], "legal_position": "A full care order is in force."}
    assert answers_for(form.section("contacts"), facts, chance, earlier)["people"][0]["name"] == carer
    care = answers_for(form.section("care_record"), facts, chance, earlier)
    assert "section 20" in care["legal_position"] and "order" not in care["legal_position"] + care["responsibility"]


def test_one_person_has_one_telephone_in_the_register_and_in_the_plan() -> None:
    form = FORMS[1]
    facts = Facts("Minh", 11, TODAY, "Larkmere Academy", "Priya Nair", carer_phone="01632 960400", worker_phone="01632 960311")
    people = answers_for(form.section("contacts"), facts, random.Random(3))["people"]
    assert [row["phone"] for row in people] == ["01632 960400", "01632 960311"]


def test_the_plan_says_the_same_home_as_the_register() -> None:
    form = FORMS[0]
    moved = TODAY.replace(day=1)
    facts = Facts("Yusuf", form.year_groups[0], TODAY, "Larkmere Academy", "Priya Nair", home="Children’s home", home_since=moved)
    about_me = answers_for(form.section("about_me"), facts, random.Random(7), {"lives_with": "foster", "lives_since": "2020-01-01"})
    assert (about_me["lives_with"], about_me["lives_since"]) == ("home", moved.isoformat())
    assert answers_for(form.section("care_record"), facts, random.Random(7))["homes"] < 5


def test_every_persona_is_one_of_the_staff_and_has_a_button() -> None:
    assert {persona.email for persona in PERSONAS} <= {email for _, email, _, _ in STAFF}
    assert [(persona.email, persona.label) for persona in PERSONAS] == DEMO_PERSONAS
    assert all(email.rpartition("@")[2].endswith(".example") for _, email, _, _ in STAFF)


def test_the_rubric_has_words_for_each_grade_and_covers_the_form() -> None:
    assert all(set(area["words"]) == {"red", "amber", "green", "gold"} for area in DEFAULT_AREAS)
    areas = {section.rubric_area for form in FORMS for section in form.sections if section.rubric_area}
    assert areas <= {area["key"] for area in DEFAULT_AREAS}


@pytest.mark.parametrize("year", range(-1, 14))
def test_birthdays_give_the_year_group_whenever_the_demonstration_is_made(year: int) -> None:
    for day in (TODAY, TODAY.replace(month=8, day=31), TODAY.replace(month=9, day=1), TODAY.replace(month=1, day=1)):
        for birthday in ((8, 31), (9, 1), (2, 28)):
            child = Child(date_of_birth=birthday_in_year_group(year, birthday, day))
            assert child.year_group(day) == year


@pytest.fixture
def demo(db: None) -> Demo:
    return build_register(TODAY)


def test_the_register_has_the_cases_people_ask_about(demo: Demo) -> None:
    children = Child.objects.filter(authority=demo.authorities["980"])
    in_care = children.filter(needs_plan(TODAY))
    assert len(demo.children) >= 40 and children.count() - in_care.count() == 1
    assert in_care.exclude(enrolments__kind="main").count() >= 3
    assert in_care.filter(allocations__role="social_worker", allocations__worker__isnull=True).count() >= 3
    assert set(Enrolment.objects.values_list("kind", flat=True)) >= {"main", "alternative", "tuition"}
    assert children.filter(restricted=True).count() == 2
    scripts = {letter for child in children for letter in child.legal_name if not letter.isascii()}
    assert {"ا", "К", "ሰ", "ễ"} <= scripts
    for child in children.exclude(upn=""):
        assert upn_warning(child.upn) is None or is_temporary_upn(child.upn)
    assert len({child.upn for child in children if child.upn}) == children.exclude(upn="").count()
    assert not PupilPremiumRate.objects.filter(financial_year="2026-27").exists()
    assert policy_on(demo.authorities["980"], TODAY).review_months == 6


def test_the_personas_see_what_their_buttons_say(demo: Demo) -> None:
    def seen(key: str) -> set[str]:
        return {child.identifier for child in Child.objects.visible_to(demo.people[key])}

    fenshire = {child.identifier for _, child in demo.children if child.authority_id == demo.authorities["980"].pk}
    assert seen("helen") == seen("david") == seen("joan") == fenshire
    assert seen("sanjay") == set() and not seen("carys") & fenshire
    assert seen("anna") > seen("tom") and len(seen("anna") - fenshire) == 1
    assert seen("grace") and not seen("grace") & seen("anna")
    assert len(seen("leila")) == 2 and seen("leila") < seen("tom")
    assert seen("priya") < seen("martin") == seen("ruth")


def test_nobody_knows_a_password(demo: Demo) -> None:
    people = User.objects.filter(pk__in=[person.pk for person in demo.people.values()])
    assert all(person.has_usable_password() for person in people.exclude(email="alan.birch@thornfen.example"))
    assert not people.get(email="alan.birch@thornfen.example").has_usable_password()
    assert len({role.person for role in ROLES} - set(demo.people)) == 0


@pytest.mark.django_db
def test_the_same_people_go_into_the_schools_of_a_real_file() -> None:
    for number, row in enumerate(SCHOOLS):
        School(urn=100000 + number, name=f"Real {number}", phase=row.phase, type=row.type, status="").save()
    stand_ins = stand_ins_among(list(School.objects.all()))
    demo = build_register(TODAY, stand_ins=stand_ins)
    assert set(stand_ins) == {row.key for row in SCHOOLS if row.status == "Open"}
    assert len({school.pk for school in stand_ins.values()}) == len(stand_ins)
    assert demo.schools["larkmere"].urn < 900000
    assert Child.objects.visible_to(demo.people["anna"]).count() >= 10


def test_plans_go_through_the_workflow_up_to_their_stage(demo: Demo, monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = ("begun", "sign_off", "returned_care", "check", "gold", "unsigned", "closed")
    chosen = [next(pair for pair in demo.children if pair[0].stage == stage) for stage in wanted]
    demo.children = chosen
    monkeypatch.setattr(plans, "_propose_move", lambda demo: None)
    plans.build_plans(demo)
    now = {someone.stage: child.plans.order_by("-due_on").first() for someone, child in chosen}
    assert {stage: plan.state for stage, plan in now.items() if plan} == {
        "begun": "preparing", "sign_off": "awaiting_sign_off", "returned_care": "returned", "check": "awaiting_check", "gold": "complete",
        "unsigned": "complete", "closed": "closed",
    }  # fmt: skip
    gold, unsigned = now["gold"], now["unsigned"]
    assert gold and unsigned and unsigned.signature_skipped and gold.snapshot.content["grades"]["overall"] == "Gold"
    for written in (gold, unsigned):
        worker = written.child.allocation("social_worker", TODAY).worker
        contacts = {row["relation"]: row["phone"] for row in written.sections.get(key="contacts").answers["people"]}
        assert contacts["social_worker"] == worker.phone
        assert written.child.placements.get(ends=None).phone in contacts.values()
    assert not gaps_in(contents_of(gold))
    assert [event.action for event in gold.events.all()] == ["create", "submit", "sign_off", "grade"]
    assert all(event.at < timezone.now() for plan in Plan.objects.all() for event in plan.events.all())
    actions = Counter(event.by_id for event in gold.events.all())
    assert len(actions) >= 3  # different people did the different parts
    section = gold.sections.get(key="strengths")
    assert section.history.first().history_user_id == section.written_by_id


def test_every_stage_has_a_date() -> None:
    assert {someone.stage for someone in CHILDREN} <= set(DUE_IN)


def test_seeding_leaves_a_database_alone_that_has_authorities(db: None) -> None:
    world: World = build_world()
    with pytest.raises(CommandError, match="only for an empty one"):
        call_command("seed_demo")
    assert LocalAuthority.objects.count() == len(world.places)


def test_seeding_twice_changes_nothing(demo: Demo, capsys: pytest.CaptureFixture[str]) -> None:
    before = Child.objects.count()
    call_command("seed_demo")
    assert "already here" in capsys.readouterr().out and Child.objects.count() == before


def test_the_headteacher_of_the_demonstration_sees_no_child_and_finds_a_message(demo: Demo, monkeypatch: pytest.MonkeyPatch) -> None:
    """Decision 14: a late plan of their school, without a word about whose it is; and nobody else hears of the night's work beforehand."""
    imogen = demo.people["imogen"]
    assert "imogen.castle@osierbank.example" in {persona.email for persona in PERSONAS}
    demo.children = [
        (someone, child) for someone, child in demo.children if someone.stage == "overdue_school" and someone.school == "osier"
    ]
    monkeypatch.setattr(plans, "_propose_move", lambda demo: None)
    plans.build_plans(demo)
    assert not Child.objects.visible_to(imogen).exists()
    [message] = Message.objects.filter(rule__startswith="plan_late")
    assert (message.recipient, message.about_child, message.about_plan, message.read_at) == (imogen, None, None, None)
    assert "late, and the school still has to act" in sentence(message.rule, message.facts)
