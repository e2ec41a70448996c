"""Dates in Django's own columns, as on the other pages."""

from datetime import UTC, date, datetime

import pytest
from django.utils.formats import localize


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (date(2026, 11, 3), "3 Nov 2026"),
        (datetime(2026, 11, 3, 4, 5, tzinfo=UTC), "3 Nov 2026, 04:05"),
        (datetime(2026, 11, 3, 15, 0, tzinfo=UTC).timetz(), "15:00"),
    ],
)
def test_dates_and_times_are_written_alike(value, written):
    assert localize(value) == written
