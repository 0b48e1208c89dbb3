"""Pupil numbers: mistakes are named, nothing is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from children.numbers import is_temporary_upn, normalise, normalise_upn, uln_warning, upn_warning

ALPHABET = "ABCDEFGHJKLMNPQRTUVWXYZ"


def check_letter(rest: str) -> str:
    """The published rule, written out: positions 2 to 13, letters by place in the alphabet without I, O and S."""
    values = [int(character) if character.isdigit() else ALPHABET.index(character) for character in rest]
    return ALPHABET[sum(value * position for position, value in enumerate(values, start=2)) % 23]


@pytest.mark.parametrize("number", ["A950000178301", "H243278544154", "X845212818005", "B801200005001", "E916401220001", "W916203422017"])
def test_a_right_upn_has_no_warning(number: str) -> None:
    assert upn_warning(number) is None


@pytest.mark.parametrize(("number", "letter"), [("R247962919251", "Q"), ("X428558133462", "W")])
def test_a_wrong_check_letter_names_the_right_one(number: str, letter: str) -> None:
    warning = upn_warning(number)
    assert warning is not None
    assert f"{number[0]} should be {letter}" in warning


def test_a_temporary_upn_is_recognised_and_a_permanent_one_asked_for() -> None:
    assert is_temporary_upn("D91640122001A")
    assert not is_temporary_upn("W916203422017")
    assert "temporary" in str(upn_warning("D91640122001A"))


@pytest.mark.parametrize(
    ("number", "word"),
    [
        ("A95000017830", "this one has 12"),
        ("A9500001783011", "this one has 14"),
        ("I950000178301", "never with the letters I, O or S"),
        ("A95000017830O", "never with the letters I, O or S"),
        ("A95000A178301", "12 digits"),
        ("A95000017830١", "12 digits"),  # an Arabic digit is not one of ours
    ],
)
def test_a_badly_formed_upn_is_described(number: str, word: str) -> None:
    assert word in str(upn_warning(number))


@pytest.mark.parametrize("text", ["", "   ", "UN2", " un10 "])
def test_no_upn_is_no_mistake(text: str) -> None:
    assert normalise_upn(text) == ""
    assert upn_warning(text) is None


def test_spaces_and_small_letters_do_not_matter() -> None:
    assert normalise(" a95 0000\t178301 ") == "A950000178301"
    assert upn_warning(" a95 0000 178301 ") is None


@given(st.from_regex(r"[0-9]{12}", fullmatch=True).filter(str.isascii))
def test_only_the_right_letter_passes(digits: str) -> None:
    passing = [letter for letter in ALPHABET if upn_warning(letter + digits) is None]
    assert passing == [check_letter(digits)]


@given(st.from_regex(r"[0-9]{11}", fullmatch=True).filter(str.isascii), st.sampled_from(ALPHABET))
def test_the_check_letter_counts_a_temporary_numbers_last_letter(digits: str, last: str) -> None:
    rest = digits + last
    assert "temporary" in str(upn_warning(check_letter(rest) + rest))


@given(st.from_regex(r"[0-9]{12}", fullmatch=True).filter(str.isascii), st.integers(0, 10))
def test_two_neighbouring_digits_exchanged_are_noticed(digits: str, at: int) -> None:
    swapped = digits[:at] + digits[at + 1] + digits[at] + digits[at + 2 :]
    if swapped != digits:
        assert upn_warning(check_letter(digits) + swapped) is not None


@given(st.text(max_size=30))
def test_any_text_is_answered_and_never_refused(text: str) -> None:
    assert upn_warning(text) is None or isinstance(upn_warning(text), str)
    assert uln_warning(text) is None or isinstance(uln_warning(text), str)


@pytest.mark.parametrize("number", ["1000000043", "9700000000", "1234567899", " 1234 567 899 ", ""])
def test_a_right_uln_has_no_warning(number: str) -> None:
    assert uln_warning(number) is None


@pytest.mark.parametrize(
    ("number", "word"),
    [
        ("1234567890", "last digit"),
        ("123456789", "10 digits"),
        ("12345678AB", "10 digits"),
        ("9999999999", "temporary"),
        ("0000000000", "last digit"),
    ],
)
def test_a_wrong_uln_is_described(number: str, word: str) -> None:
    assert word in str(uln_warning(number))


@given(st.from_regex(r"[0-9]{9}", fullmatch=True).filter(str.isascii))
def test_at_most_one_last_digit_fits(nine: str) -> None:
    passing = [last for last in "0123456789" if uln_warning(nine + last) is None]
    remainder = sum(int(digit) * (10 - place) for place, digit in enumerate(nine)) % 11
    assert passing == ([] if remainder == 0 else [str(10 - remainder)])
