"""Which day it is for a script: by the clock on the wall, not by that of the server."""

from datetime import UTC, date, datetime

import pytest

from clinic import gathering
from clinic.models import Practitioner


@pytest.mark.parametrize(
    ("at", "zone", "day"),
    [
        # Nine in the morning in Sydney in summer is ten at night the day before by UTC.
        (datetime(2026, 12, 4, 22, 0, tzinfo=UTC), "Australia/Sydney", date(2026, 12, 5)),
        (datetime(2026, 12, 4, 22, 0, tzinfo=UTC), "Australia/Brisbane", date(2026, 12, 5)),
        (datetime(2026, 12, 4, 15, 30, tzinfo=UTC), "Australia/Perth", date(2026, 12, 4)),
        (datetime(2026, 12, 4, 13, 30, tzinfo=UTC), "Australia/Sydney", date(2026, 12, 5)),
        (datetime(2026, 12, 4, 13, 30, tzinfo=UTC), "Australia/Brisbane", date(2026, 12, 4)),
    ],
)
def test_the_day_is_that_of_the_practitioner(at, zone, day):
    assert gathering.date_where(Practitioner(time_zone=zone), at=at) == day
