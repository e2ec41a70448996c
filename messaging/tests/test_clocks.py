from datetime import UTC, datetime

import pytest

from messaging import clocks


@pytest.mark.parametrize(
    ("at", "zone", "words"),
    [
        (
            datetime(2026, 11, 23, 14, 5, tzinfo=UTC),
            "Australia/Sydney",
            "Tuesday 24 November 2026, 1:05 am (Sydney time, AEDT)",
        ),
        (
            datetime(2026, 7, 1, 2, 0, tzinfo=UTC),
            "Australia/Sydney",
            "Wednesday 1 July 2026, 12:00 pm (Sydney time, AEST)",
        ),
        (
            datetime(2026, 7, 1, 2, 0, tzinfo=UTC),
            "Australia/Broken_Hill",
            "Wednesday 1 July 2026, 11:30 am (Broken Hill time, ACST)",
        ),
        (
            datetime(2026, 7, 1, 2, 0, tzinfo=UTC),
            "Asia/Singapore",
            "Wednesday 1 July 2026, 10:00 am (Singapore time, UTC+08)",
        ),
    ],
)
def test_an_instant_is_told_by_the_clock_of_its_reader(at, zone, words):
    assert clocks.in_words(at, zone) == words
