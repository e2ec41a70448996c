"""A patient's history as a picture: what happened when, on one line of time."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from django.utils import timezone
from django.utils.formats import date_format

if TYPE_CHECKING:
    from clinic.models import Appointment, Document, Encounter, Prescription

WIDTH, EDGE = 320, 12
"""Of the picture, in its own units; it is drawn as wide as there is room."""
LANES = {"visit": 18, "script": 42, "paper": 66}
"""How far down each kind of event stands."""
SHORTEST = datetime.timedelta(days=90)
TICKS = 5


class Event(NamedTuple):
    """Something that happened, or is to come."""

    at: datetime.datetime
    kind: str
    words: str
    record: Any
    is_off: bool = False
    """Missed or void."""


class Mark(NamedTuple):
    """An event at its place."""

    event: Event
    x: int
    y: int


class Tick(NamedTuple):
    x: int
    words: str


class Timeline(NamedTuple):
    """The picture, and the same events in words, newest first."""

    marks: Sequence[Mark]
    ticks: Sequence[Tick]
    now_x: int
    events: Sequence[Event]


def timeline(events: Iterable[Event], *, now: datetime.datetime) -> Timeline:
    """Draw ``events`` from the first to the last of them, now included."""
    found = sorted(events, key=lambda event: event.at)
    begins = min([now - SHORTEST, *(event.at for event in found[:1])])
    ends = max([now, *(event.at for event in found[-1:])])

    def place(at: datetime.datetime) -> int:
        return EDGE + round((WIDTH - 2 * EDGE) * ((at - begins) / (ends - begins)))

    return Timeline(
        [Mark(event, place(event.at), LANES[event.kind]) for event in found],
        [Tick(place(at), date_format(at, "M Y")) for at in _months(begins, ends)],
        place(now),
        found[::-1],
    )


def _months(begins: datetime.datetime, ends: datetime.datetime) -> list[datetime.datetime]:
    """The first instants of some months in between, evenly chosen."""
    local = timezone.localtime(begins)
    year, month = local.year, local.month
    firsts: list[datetime.datetime] = []
    while True:
        month += 1
        year, month = (year + 1, 1) if month > 12 else (year, month)
        first = datetime.datetime(year, month, 1, tzinfo=local.tzinfo)
        if first >= ends:
            return firsts[:: max(1, -(-len(firsts) // TICKS))]
        firsts.append(first)


def of_encounters(encounters: Iterable[Encounter]) -> list[Event]:
    return [Event(one.created_at, "visit", f"Consultation, {one.practitioner}", one) for one in encounters]


def of_appointments(appointments: Iterable[Appointment]) -> list[Event]:
    """Visits to come, and those that did not take place."""
    return [
        Event(
            one.starts_at,
            "visit",
            f"{one.slot.appointment_type}, {one.get_status_display().lower()}",
            one,
            is_off=one.status == one.Status.NO_SHOW,
        )
        for one in appointments
    ]


def of_scripts(scripts: Iterable[Prescription]) -> list[Event]:
    return [
        Event(
            one.issued_at,
            "script",
            f"Prescription {one.number}{', void' if one.status == one.Status.CANCELLED else ''}: "
            + ", ".join(line["name"] for line in one.content.get("lines", [])),
            one,
            is_off=one.status == one.Status.CANCELLED,
        )
        for one in scripts
        if one.issued_at
    ]


def of_documents(documents: Iterable[Document]) -> list[Event]:
    return [Event(one.recorded_at, "paper", one.get_kind_display(), one) for one in documents]
