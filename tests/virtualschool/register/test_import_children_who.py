"""Which child a line of the list is about, and what is asked before anything is done."""

from children.models import Child
from tests.virtualschool.register.conftest import World
from tests.virtualschool.register.robin import ROBIN, bring_in, counts, only, plan, robin, row
from virtualschool.register.rows import Outcome


def test_a_similar_name_and_the_same_date_of_birth_are_asked_about_and_nothing_is_done(world: World) -> None:
    child = robin(world)
    near = row(Given_name="Robyn", Identifier="C2002", UPN="")
    report = bring_in(world, near)
    assert counts(report) == {"ask": 1}
    line = only(report)
    assert "Robin Fairweather, born 14 March 2012, C1001" in line.reason
    assert set(line.answers) == {child.reference, "new"}
    assert Child.objects.count() == 1


def test_the_answer_new_makes_another_child(world: World) -> None:
    child = robin(world)
    near = row(Given_name="Robyn", Identifier="C2002", UPN="")
    report = bring_in(world, near, answers={2: "new"})
    assert counts(report) == {"new": 1}
    assert Child.objects.count() == 2
    assert report.missing == ["Robin Fairweather, born 14 March 2012, C1001"]
    assert counts(bring_in(world, near, ROBIN)) == {"same": 2}  # with both known by identifier, nobody is asked again
    child.refresh_from_db()
    assert child.given_name == "Robin"


def test_the_answer_with_the_reference_takes_the_line_for_that_child(world: World) -> None:
    child = robin(world)
    report = bring_in(world, row(Given_name="Robyn", Identifier="C2002"), answers={2: child.reference.lower()})
    assert counts(report) == {"changed": 1}
    child.refresh_from_db()
    assert (child.given_name, child.identifier) == ("Robyn", "C2002")


def test_the_answer_may_stand_in_the_file(world: World) -> None:
    bring_in(world, ROBIN)
    assert counts(plan(world, row(Given_name="Robyn", Identifier="C2002", UPN="", Answer="New"))) == {"new": 1}


def test_an_answer_that_is_none_is_asked_again(world: World) -> None:
    bring_in(world, ROBIN)
    report = plan(world, row(Given_name="Robyn", Identifier="C2002"), answers={2: "ZZZZZZZ"})
    assert "“ZZZZZZZ” is not one of the answers" in only(report).reason


def test_the_upn_of_another_child_is_asked_about(world: World) -> None:
    bring_in(world, ROBIN)
    other = row(Given_name="Max", Family_name="Stone", Date_of_birth="01/01/2014", Identifier="C3003")
    assert counts(plan(world, other)) == {"ask": 1}


def test_a_known_child_does_not_get_another_childs_upn(world: World) -> None:
    bring_in(world, ROBIN, row(Given_name="Max", Family_name="Stone", Date_of_birth="01/01/2014", Identifier="C3003", UPN=""))
    report = bring_in(world, row(Given_name="Max", Family_name="Stone", Date_of_birth="01/01/2014", Identifier="C3003"))
    assert "Robin Fairweather" in only(report).asks[0]
    assert Child.objects.get(identifier="C3003").upn == ""


def test_an_identifier_used_for_somebody_else_is_asked_about(world: World) -> None:
    child = robin(world)
    other = row(Given_name="Max", Family_name="Stone", Known_as="", Date_of_birth="01/01/2014")
    report = plan(world, other)
    assert counts(report) == {"ask": 1}
    assert set(only(report).answers) == {child.reference}
    assert counts(plan(world, other, answers={2: child.reference})) == {"changed": 1}


def test_twins_on_one_list_are_two_children_and_the_likeness_is_asked_about(world: World) -> None:
    twin = row(Given_name="Robyn", Identifier="C1002", UPN="H243278544154")
    report = bring_in(world, ROBIN, twin)
    assert counts(report) == {"new": 1, "ask": 1}
    assert "line 2 of this file" in report.of(Outcome.ASK)[0].reason
    assert counts(bring_in(world, ROBIN, twin, answers={3: "new"})) == {"new": 1, "same": 1}
    assert counts(bring_in(world, ROBIN, twin)) == {"same": 2}


def test_children_of_another_authority_are_neither_matched_nor_shown(world: World) -> None:
    Child.objects.create(
        authority=world.borough, identifier="C1001", given_name="Robin", family_name="Fairweather", date_of_birth="2012-03-14"
    )
    report = plan(world, ROBIN)
    assert counts(report) == {"new": 1}
    assert not report.missing


def test_a_merged_child_leads_to_the_one_it_was_merged_into(world: World) -> None:
    child = robin(world)
    Child.objects.create(
        authority=world.county, identifier="OLD1", given_name="Robin", family_name="F", date_of_birth="2012-03-14", merged_into=child
    )
    report = bring_in(world, row(Identifier="OLD1", Family_name="Fairweather"))
    assert Child.objects.filter(merged_into=None).count() == 1
    assert not report.missing
