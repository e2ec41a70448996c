"""Filters of lists that Unfold's own do not do right. A leaf."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from unfold.contrib.filters.admin import RangeDateTimeFilter


class PeriodFilter(RangeDateTimeFilter):
    """From one moment to another, by the practice's clock; an hour that is left out is midnight."""

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        bounds = {
            f"{self.parameter_name}__{comparison}": moment
            for side, comparison in (("from", "gte"), ("to", "lte"))
            if (moment := self._moment(side)) is not None
        }
        return queryset.filter(**bounds)

    def _moment(self, side: str) -> datetime | None:
        day, hour = (
            self.used_parameters.get(f"{self.parameter_name}_{side}_{part}") or "" for part in (0, 1)
        )
        for layout in ("%d/%m/%Y", "%Y-%m-%d"):
            for clock in ("%H:%M:%S", "%H:%M"):
                try:
                    said = datetime.strptime(f"{day} {hour or '00:00'}", f"{layout} {clock}")  # noqa: DTZ007
                except ValueError:
                    continue
                return timezone.make_aware(said)
        return None
