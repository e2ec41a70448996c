"""Stretches of days that money is asked about."""

from billing.periods import EARLIEST, LATEST, Period


def test_before_the_longest_are_as_many_days():
    longest = Period(EARLIEST, LATEST, "Australia/Sydney")

    assert longest.before.days == longest.days
    assert longest.before.since < longest.before.until == longest.since < longest.until
