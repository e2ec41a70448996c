"""What hours promise: weekly hours and exceptions as times, worked out by the wall clock of each date."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, NamedTuple, cast
from zoneinfo import ZoneInfo

from clinic.models import RosterException

if TYPE_CHECKING:
    from clinic.models import AppointmentType, Practitioner, Roster, Slot

# Any date will do to count with wall times.
SOME_DAY = date(2000, 1, 1)
DAY = timedelta(days=1)
EXTRA, CHANGED, LEAVE = RosterException.Kind.EXTRA, RosterException.Kind.CHANGED, RosterException.Kind.LEAVE


class Session(NamedTuple):
    """A stretch of one date in which a practitioner sees patients, by the wall clock of a zone."""

    day: date
    starts: time
    ends: time
    zone: ZoneInfo
    kind: AppointmentType
    roster: Roster | None = None
    exception: RosterException | None = None

    @property
    def stretch(self) -> Stretch:
        return Stretch(
            *(
                datetime.combine(self.day, wall, self.zone).astimezone(UTC)
                for wall in (self.starts, self.ends)
            )
        )


class Stretch(NamedTuple):
    """From one instant until another, half-open."""

    starts_at: datetime
    ends_at: datetime

    def overlaps(self, starts_at: datetime, ends_at: datetime) -> bool:
        return self.starts_at < ends_at and self.ends_at > starts_at


class Promise(NamedTuple):
    """One time that hours say is to be had."""

    starts_at: datetime
    ends_at: datetime
    session: Session


class Busy:
    """The stretches of one practitioner's time that are spoken for; none overlaps another."""

    def __init__(self) -> None:
        self._starts: list[datetime] = []
        self._ends: list[datetime] = []

    def take(self, starts_at: datetime, ends_at: datetime) -> bool:
        """Note one more stretch; false when something is there already."""
        place = bisect_left(self._starts, ends_at)  # those before it start before ours ends
        if place and self._ends[place - 1] > starts_at:
            return False
        self._starts.insert(place, starts_at)
        self._ends.insert(place, ends_at)
        return True


def instant(day: date, wall: time, *, zone: ZoneInfo) -> datetime | None:
    """When the clocks of ``zone`` show ``wall`` on ``day``: the first time if twice, ``None`` if never."""
    there = datetime.combine(day, wall, zone)
    at = there.astimezone(UTC)
    return at if at.astimezone(zone).replace(tzinfo=None) == there.replace(tzinfo=None) else None


def expand(session: Session) -> Iterator[tuple[datetime, datetime]]:
    """The times of ``session`` as instants in UTC, its kind's buffers between them.

    Each start is worked out by the wall clock of its date: one that the clocks skip is left out, and
    one that they show twice is offered once.
    """
    length = timedelta(minutes=session.kind.minutes)
    gap = timedelta(minutes=session.kind.buffer_before + session.kind.buffer_after)
    free_from, closing = session.stretch
    for wall in _walls(session, length, length + gap):
        starts_at = instant(session.day, wall, zone=session.zone)
        # On the day of a change the hours are an hour shorter than the wall clock says.
        if starts_at and free_from <= starts_at <= closing - length:
            yield starts_at, starts_at + length
            free_from = starts_at + length + gap


def _walls(session: Session, length: timedelta, step: timedelta) -> Iterator[time]:
    """The wall times at which appointments of that length begin."""
    wall, closing = (datetime.combine(SOME_DAY, edge) for edge in (session.starts, session.ends))
    while wall + length <= closing:
        yield wall.time()
        wall += step


class Timetable:
    """The hours of one practitioner: the weekly ones, and what is different on single dates.

    Hours made for a date take the place of the weekly ones, or add to them. A public holiday closes the
    weekly hours alone: whoever sets hours for that very date means them. Leave closes everything.
    """

    def __init__(
        self, practitioner: Practitioner, rosters: Iterable[Roster], exceptions: Iterable[RosterException]
    ) -> None:
        self.zone = ZoneInfo(practitioner.time_zone)
        self.rosters = list(rosters)
        mine = [exception for exception in exceptions if concerns(exception, practitioner)]
        self.openings = [exception for exception in mine if exception.kind in RosterException.OPENS]
        self.closings = [exception for exception in mine if exception.kind not in RosterException.OPENS]

    def sessions(self, first: date, last: date) -> Iterator[Session]:
        """What is on from ``first`` to ``last``, both included, with what is closed still in it."""
        day = first
        while day <= last:
            made_for_it = [opening for opening in self.openings if opening.from_on <= day <= opening.until_on]
            if not any(opening.kind == CHANGED for opening in made_for_it):
                yield from (_weekly(roster, day) for roster in self.rosters if _is_on(roster, day))
            yield from (_single(opening, day) for opening in made_for_it)
            day += DAY

    def promises(self, first: date, last: date) -> Iterator[Promise]:
        """The times to be had from ``first`` to ``last``, both included."""
        shut = {only_leave: self.closed(first, last, only_leave=only_leave) for only_leave in (True, False)}
        for session in self.sessions(first, last):
            closed = shut[session.exception is not None]
            for starts_at, ends_at in expand(session):
                if not any(stretch.overlaps(starts_at, ends_at) for stretch in closed):
                    yield Promise(starts_at, ends_at, session)

    def closed(self, first: date, last: date, *, only_leave: bool = False) -> list[Stretch]:
        """The stretches in which nobody is seen, as instants."""
        found: list[Stretch] = []
        for closing in self.closings:
            if only_leave and closing.kind != LEAVE:
                continue
            found += self.stretches(closing, max(first, closing.from_on), min(last, closing.until_on))
        return found

    def stretches(self, closing: RosterException, first: date, last: date) -> Iterator[Stretch]:
        """What ``closing`` closes on those dates; whole days are one stretch."""
        zone = ZoneInfo(closing.time_zone) if closing.time_zone else self.zone
        if closing.starts is None or closing.ends is None:
            if first <= last:
                yield Stretch(_at(first, time(), zone), _at(last + DAY, time(), zone))
            return
        day = first
        while day <= last:
            yield Stretch(_at(day, closing.starts, zone), _at(day, closing.ends, zone))
            day += DAY

    def holds(self, slot: Slot) -> bool:
        """Whether the practitioner is there, in that way, for the whole of ``slot``."""
        day = slot.starts_at.astimezone(self.zone).date()
        around = (day - DAY, day + DAY)
        by_hand = slot.roster_id is None and slot.exception_id is None
        sessions = [
            session
            for session in self.sessions(*around)
            if session.kind.modality == slot.appointment_type.modality
            and session.stretch.starts_at <= slot.starts_at
            and slot.ends_at <= session.stretch.ends_at
        ]
        made_for_it = by_hand or any(session.exception for session in sessions)
        closed = self.closed(*around, only_leave=made_for_it)
        is_closed = any(stretch.overlaps(slot.starts_at, slot.ends_at) for stretch in closed)
        return (by_hand or bool(sessions)) and not is_closed


def concerns(exception: RosterException, practitioner: Practitioner) -> bool:
    """Whether ``exception`` is about ``practitioner``: by name, by state, or as one of everybody."""
    if exception.practitioner_id:
        return exception.practitioner_id == practitioner.pk
    return exception.state in {"", practitioner.state}


def _at(day: date, wall: time, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, wall, zone).astimezone(UTC)


def _is_on(roster: Roster, day: date) -> bool:
    return (
        roster.weekday == day.weekday()
        and roster.from_on <= day
        and (roster.until_on is None or day <= roster.until_on)
    )


def _weekly(roster: Roster, day: date) -> Session:
    zone = ZoneInfo(roster.time_zone)
    return Session(day, roster.starts, roster.ends, zone, roster.appointment_type, roster=roster)


def _single(opening: RosterException, day: date) -> Session:
    # The database sees to it that all three are there.
    starts, ends, kind = cast(
        "tuple[time, time, AppointmentType]", (opening.starts, opening.ends, opening.appointment_type)
    )
    return Session(day, starts, ends, ZoneInfo(opening.time_zone), kind, exception=opening)
