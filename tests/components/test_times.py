"""Times of day as people write them."""

import datetime

import pytest
from django.core.exceptions import ValidationError

from accounts.fields import ClockTimeField


@pytest.mark.parametrize(
    ("typed", "hour", "minute"),
    [
        ("14:00", 14, 0), ("14.00", 14, 0), ("2pm", 14, 0), ("2.30pm", 14, 30), ("2:30 PM", 14, 30), ("9 am", 9, 0), ("9.15 a.m.", 9, 15),
        ("12pm", 12, 0), ("12am", 0, 0), ("noon", 12, 0), ("1400", 14, 0), (" 9:05 ", 9, 5),
    ],
)  # fmt: skip
def test_a_time_is_read_as_people_write_it(typed: str, hour: int, minute: int) -> None:
    assert ClockTimeField().clean(typed) == datetime.time(hour, minute)


@pytest.mark.parametrize("typed", ["2", "14", "25:00", "14:60", "14pm", "0pm", "2:30x", "2p", "half past two", "14:00:00:00", "²pm"])
def test_what_could_be_two_times_or_none_is_refused(typed: str) -> None:
    with pytest.raises(ValidationError, match="Enter the time in hours and minutes, such as 14:00 or 2pm"):
        ClockTimeField().clean(typed)


def test_no_time_is_no_time() -> None:
    assert ClockTimeField(required=False).clean("") is None
