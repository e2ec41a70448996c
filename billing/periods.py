"""Stretches of days that money is asked about."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import NamedTuple

from billing.closing import Day, today
from billing.receipting import JULY, financial_year

EARLIEST, LATEST = date(2000, 1, 1), date(2999, 12, 31)
"""Money is asked about between these days: as many days before any of them are days as well."""


class Period(NamedTuple):
    """The days from ``first`` to ``last``, both of them in it, by the clock of ``zone``."""

    first: date
    last: date
    zone: str

    @property
    def since(self) -> datetime:
        return Day(self.first, self.zone).starts_at

    @property
    def until(self) -> datetime:
        """The first moment after it."""
        return Day(self.last, self.zone).ends_at

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1

    @property
    def before(self) -> Period:
        """As many days, up to the day before it."""
        return Period(self.first - timedelta(days=self.days), self.first - timedelta(days=1), self.zone)


def usual() -> dict[str, Period]:
    """The periods that people ask for, by what they are called."""
    day = today()
    month = day.on.replace(day=1)
    month_before = (month - timedelta(days=1)).replace(day=1)
    year = date(financial_year(day.on), JULY, 1)
    year_before = year.replace(year=year.year - 1)
    spans = {
        "This month": (month, day.on),
        "Last month": (month_before, month - timedelta(days=1)),
        "This financial year": (year, day.on),
        "Last financial year": (year_before, year - timedelta(days=1)),
    }
    return {name: Period(first, last, day.zone) for name, (first, last) in spans.items()}
