"""Whether two names or dates may be one person's."""

from datetime import date

import pytest

from virtualschool.register.matching import dates_alike, names_alike, plain, same_name


@pytest.mark.parametrize(
    ("a", "b"),
    [
        (("Anna", "Bell"), ("ANNA", "BELL")),
        (("Róisín", "O’Keeffe"), ("Roisin", "O'Keeffe")),
        (("Mary Ann", "Smith-Jones"), ("Mary-Ann", "Smith Jones")),
    ],
)
def test_capitals_accents_and_signs_make_no_difference(a: tuple[str, str], b: tuple[str, str]) -> None:
    assert same_name(a, b)


@pytest.mark.parametrize(
    ("a", "b"),
    [
        (("Mohamed", "Hassan"), ("Muhammad", "Hasan")),
        (("Katherine", "Bell"), ("Catherine", "Bell")),
        (("Sam", "Okafor"), ("Samuel", "Okafor")),
        (("Bell", "Anna"), ("Anna", "Bell")),  # the wrong way round
        (("Selam", ""), ("Selam", "Tesfaye")),  # one name on one list
        (("Anna", "Bell"), ("Anna", "Bell-Jones")),
    ],
)
def test_spellings_that_may_be_one_person(a: tuple[str, str], b: tuple[str, str]) -> None:
    assert names_alike(a, b)
    assert names_alike(b, a)


@pytest.mark.parametrize(
    ("a", "b"),
    [
        (("Tia", "Featherstone"), ("Max", "Featherstone")),  # brother and sister
        (("Amy", "Bell"), ("Ann", "Bell")),
        (("Anna", "Bell"), ("Anna", "Novak")),
        (("", ""), ("Anna", "Bell")),
    ],
)
def test_different_people(a: tuple[str, str], b: tuple[str, str]) -> None:
    assert not names_alike(a, b)


def test_other_scripts_are_compared_too() -> None:
    assert plain("ሰላም") == "ሰላም"
    assert not names_alike(("ሰላም", "ተስፋዬ"), ("Анна", "Белова"))


@pytest.mark.parametrize(
    ("a", "b", "same"),
    [
        (date(2012, 4, 3), date(2012, 3, 4), True),  # day and month exchanged
        (date(2012, 4, 3), date(2013, 4, 3), True),
        (date(2012, 4, 3), date(2012, 4, 8), True),
        (date(2012, 4, 3), date(2013, 5, 3), False),
    ],
)
def test_dates_that_may_be_mistyped(a: date, b: date, same: bool) -> None:
    assert dates_alike(a, b) is same
