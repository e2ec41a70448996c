"""The pieces that dashboards are made of: days, numbers that lead to their lists, charts."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from django.db.models import Count, QuerySet
from django.db.models.functions import TruncDate
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.timesince import timesince

from clinic import desk
from clinic.models import PrivacyRequest
from messaging.models import Concern, Room

if TYPE_CHECKING:
    from clinic.models import User

# Middle tones: they can be told apart, and seen on white and on black.
COLOURS = ["var(--color-primary-600)", "var(--color-primary-400)", "var(--color-base-400)", "#c2571a"]


class Day(NamedTuple):
    """A day by the clock of the reader, half-open."""

    now: datetime
    start: datetime
    end: datetime

    @property
    def week_start(self) -> datetime:
        """Monday's first instant."""
        return self.start - timedelta(days=self.start.weekday())

    @property
    def month_start(self) -> datetime:
        return self.start.replace(day=1)


def today() -> Day:
    now = timezone.localtime()
    start = now.replace(hour=0, minute=0, second=0, microsecond=0)
    return Day(now, start, start + timedelta(days=1))


def between(field: str, start: datetime, end: datetime) -> dict[str, datetime]:
    """Filters for ``start <= field < end``, good for a queryset and for the address of a list."""
    return {f"{field}__gte": start, f"{field}__lt": end}


class Figure(NamedTuple):
    """One number, and the list that it counts."""

    label: str
    value: int | str
    link: str
    icon: str = ""
    note: str = ""
    is_urgent: bool = False


def calls_for_help(user: User) -> list[Figure]:
    """Conversations that may tell of self-harm and that nobody has seen to; nothing where there is none."""
    waiting = Concern.objects.visible_to(user).open().count()
    link = desk.page("messaging.concern", status__exact="open")
    return [Figure("Calls for help", waiting, link, "crisis_alert", is_urgent=True)] if waiting else []


def corrections(user: User) -> list[Figure]:
    """Corrections of clinical records that a doctor is to answer; nothing where there is none."""
    waiting = [*PrivacyRequest.objects.visible_to(user).waiting()]
    if not waiting:
        return []
    link = desk.page("clinic.privacyrequest", answer="waiting")
    label = f"Corrections to answer by {waiting[0].due_on:%d/%m}"
    return [Figure(label, len(waiting), link, "edit_document")]


def questions(user: User) -> Figure:
    """Questions to the practice that wait for an answer, and since when the oldest does."""
    waiting: list[Any] = list(Room.objects.visible_to(user).filter(kind=Room.Kind.ENQUIRY).waiting())
    note = f"the oldest for {timesince(waiting[0].waiting_since, depth=1)}" if waiting else ""
    link = desk.page("messaging.room", answer="waiting")
    return Figure("Questions to answer", len(waiting), link, "forum", note)


def dollars(amount: Any) -> str:
    return f"A${amount or 0:,.2f}"


def per_day(rows: QuerySet, field: str, *by: str, **values: Any) -> list[dict[str, Any]]:
    """Count ``rows`` (or what ``values`` says) for each day of ``field`` and each value of ``by``."""
    days = rows.order_by().annotate(day=TruncDate(field)).values("day", *by)
    return list(days.annotate(**(values or {"count": Count("pk")})))


def days_until(last: date, *, count: int) -> list[date]:
    """The ``count`` days that end with ``last``."""
    return [last - timedelta(days=back) for back in range(count - 1, -1, -1)]


class Chart(NamedTuple):
    """A picture of some series over days, and the same as a table."""

    title: str
    days: Sequence[date]
    series: Mapping[str, Sequence[float]]
    unit: str = ""

    @property
    def is_empty(self) -> bool:
        return not any(any(values) for values in self.series.values())

    @property
    def data(self) -> str:
        """What Chart.js draws."""
        sets = [
            {
                "label": label,
                "data": [float(value) for value in values],
                "backgroundColor": colour,
            }
            for (label, values), colour in zip(self.series.items(), COLOURS, strict=False)
        ]
        return json.dumps({"labels": [date_format(day, "j M") for day in self.days], "datasets": sets})

    @property
    def options(self) -> str:
        days = {
            "stacked": True,
            "grid": {"display": False},
            "ticks": {"maxRotation": 0, "autoSkipPadding": 16},
        }
        counts = {
            "stacked": True,
            "grid": {},
            "beginAtZero": True,
            "ticks": {"precision": 0, "maxTicksLimit": 6},
        }
        return json.dumps(
            {
                "animation": False,
                "maintainAspectRatio": False,
                "borderRadius": 3,
                "interaction": {"mode": "index", "intersect": False},
                "plugins": {
                    "legend": {
                        "display": len(self.series) > 1,
                        "align": "end",
                        "labels": {"boxWidth": 10, "boxHeight": 10},
                    }
                },
                "scales": {"x": days, "y": counts},
            }
        )

    @property
    def table(self) -> Iterable[tuple[date, list[str]]]:
        """The days on which something happened, the newest first, with their numbers in words."""
        rows = zip(self.days, zip(*self.series.values(), strict=True), strict=True)
        return [
            (day, [self._in_words(value) for value in values])
            for day, values in reversed(list(rows))
            if any(values)
        ]

    def _in_words(self, value: float) -> str:
        return dollars(value) if self.unit == "A$" else str(value)


def chart_of(
    counted: Iterable[Mapping[str, Any]],
    *,
    title: str,
    days: Sequence[date],
    groups: Mapping[str, Iterable[str]],
    by: str,
) -> Chart:
    """Chart daily counts, added up in named ``groups`` of the values of ``by``."""
    found = {(row["day"], row[by]): row["count"] for row in counted}
    series = {
        label: [sum(found.get((day, value), 0) for value in values) for day in days]
        for label, values in groups.items()
    }
    return Chart(title, days, series)
