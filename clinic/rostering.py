"""Offering times from the rosters, and withdrawing them."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone

from clinic.models import LIVE, Practice, Practitioner, Roster, Slot
from config.base import Refused

if TYPE_CHECKING:
    from clinic.models import AppointmentType, User

# Any date will do to count with wall times.
SOME_DAY = date(2000, 1, 1)


class SlotClaimed(Refused):
    def __init__(self) -> None:
        super().__init__(
            "Someone has this time. Cancel or move their appointment first, then withdraw the time."
        )


class SlotGone(Refused):
    def __init__(self) -> None:
        super().__init__("This time is withdrawn already.")


class TimePassed(Refused):
    def __init__(self) -> None:
        super().__init__("This time has passed. Choose one ahead.")


class TimeOverlaps(Refused):
    def __init__(self) -> None:
        super().__init__("The practitioner already has a time here. Choose another, or withdraw that one.")


class Offered(NamedTuple):
    """What a look through the rosters did to the times that patients can book."""

    offered: int
    withdrawn: int
    kept: int
    """Claimed times that lie outside the hours now; somebody has to talk to these patients."""


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


def instant(day: date, wall: datetime, *, zone: ZoneInfo) -> datetime | None:
    """When the clocks of ``zone`` show ``wall`` on ``day``: the first time if twice, ``None`` if never."""
    there = datetime.combine(day, wall.time(), zone)
    at = there.astimezone(UTC)
    return at if at.astimezone(zone).replace(tzinfo=None) == there.replace(tzinfo=None) else None


def expand(roster: Roster, *, first: date, last: date) -> Iterator[tuple[datetime, datetime]]:
    """The times of ``roster`` from ``first`` to ``last``, both included, as instants in UTC.

    Each date is worked out by its own wall clock: a start that the clocks skip is left out, and one
    that they show twice is offered once.
    """
    zone, length = ZoneInfo(roster.time_zone), timedelta(minutes=roster.appointment_type.minutes)
    first = max(first, roster.from_on)
    last = min(last, roster.until_on or last)
    day = first + timedelta(days=(roster.weekday - first.weekday()) % 7)
    while day <= last:
        free_from = None
        closing = datetime.combine(day, roster.ends, zone).astimezone(UTC)
        for wall in _walls(roster, length):
            starts_at = instant(day, wall, zone=zone)
            # On the day of a change the hours are an hour shorter than the wall clock says.
            if starts_at and starts_at + length <= closing and (free_from is None or starts_at >= free_from):
                free_from = starts_at + length
                yield starts_at, free_from
        day += timedelta(days=7)


def _walls(roster: Roster, length: timedelta) -> Iterator[datetime]:
    """The wall times at which appointments of that length begin."""
    wall, closing = (datetime.combine(SOME_DAY, time) for time in (roster.starts, roster.ends))
    while wall + length <= closing:
        yield wall
        wall += length


@transaction.atomic
def offer(*, now: datetime, roster: Roster | None = None, by: User | None = None) -> int:
    """Offer what the rosters, or one of them, promise up to the horizon; what is there stays as it is.

    A time that somebody withdrew by hand is not offered again.
    """
    rosters = list(
        (Roster.objects.all() if roster is None else Roster.objects.filter(pk=roster.pk))
        .filter(practitioner__accepts_patients=True, appointment_type__is_offered=True)
        .select_related("appointment_type")
    )
    practitioners = sorted({roster.practitioner_id for roster in rosters})
    # One at a time for each practitioner, so that two runs do not offer the same time twice.
    list(Practitioner.objects.select_for_update(no_key=True).filter(pk__in=practitioners).order_by("pk"))
    busy = _busy(practitioners, now)
    until = now + timedelta(weeks=Practice.objects.current().horizon_weeks)
    wanted = [
        Slot(
            practitioner_id=roster.practitioner_id,
            appointment_type_id=roster.appointment_type_id,
            roster=roster,
            starts_at=starts_at,
            ends_at=ends_at,
        )
        for roster in rosters
        for starts_at, ends_at in _ahead(roster, now, until)
        if busy[roster.practitioner_id].take(starts_at, ends_at)
    ]
    return _insert(wanted, by=by)


def _ahead(roster: Roster, now: datetime, until: datetime) -> Iterator[tuple[datetime, datetime]]:
    zone = ZoneInfo(roster.time_zone)
    for starts_at, ends_at in expand(
        roster, first=now.astimezone(zone).date(), last=until.astimezone(zone).date()
    ):
        if now < starts_at <= until:
            yield starts_at, ends_at


def _busy(practitioners: list[UUID], now: datetime) -> defaultdict[UUID, Busy]:
    """What each practitioner's time ahead is taken by: slots on offer, and those withdrawn by hand."""
    busy: defaultdict[UUID, Busy] = defaultdict(Busy)
    there = Slot.objects.filter(
        Q(withdrawn_at=None) | Q(roster__isnull=False), practitioner__in=practitioners, ends_at__gt=now
    )
    for practitioner, starts_at, ends_at in there.order_by("starts_at").values_list(
        "practitioner_id", "starts_at", "ends_at"
    ):
        busy[practitioner].take(starts_at, ends_at)
    return busy


def _insert(wanted: list[Slot], *, by: User | None) -> int:
    """Add the slots and their history; one that the database refuses as overlapping is left out."""
    Slot.objects.bulk_create(wanted, ignore_conflicts=True)
    there = set(Slot.objects.filter(pk__in=[slot.pk for slot in wanted]).values_list("pk", flat=True))
    new = [slot for slot in wanted if slot.pk in there]
    Slot.history.bulk_history_create(new, default_user=by, default_change_reason="Offered by the roster.")
    return len(new)


@transaction.atomic
def set_hours(roster: Roster, *, by: User) -> Offered:
    """Keep hours as they stand on ``roster``, new or changed, and bring the times ahead in step."""
    roster.sign_with(by=by).save()
    return apply(roster, by=by)


@transaction.atomic
def apply(roster: Roster, *, by: User) -> Offered:
    """Bring the times ahead in step with the hours of ``roster`` as they are now.

    Times outside the hours are withdrawn, but never one that somebody has claimed.
    """
    now = timezone.now()
    roster.practitioner.lock()
    zone = ZoneInfo(roster.time_zone)
    ahead = list(
        roster.slots.select_for_update().filter(starts_at__gt=now, withdrawn_at=None).order_by("starts_at")
    )
    latest = max([slot.starts_at for slot in ahead], default=now).astimezone(zone).date()
    promised = {
        (starts_at, ends_at, roster.practitioner_id, roster.appointment_type_id)
        for starts_at, ends_at in expand(roster, first=now.astimezone(zone).date(), last=latest)
    }
    outside = [
        slot
        for slot in ahead
        if (slot.starts_at, slot.ends_at, slot.practitioner_id, slot.appointment_type_id) not in promised
    ]
    claimed = set(
        Slot.objects.filter(pk__in=[slot.pk for slot in outside], appointments__status__in=LIVE).values_list(
            "pk", flat=True
        )
    )
    gone = [slot for slot in outside if slot.pk not in claimed]
    _withdraw_all(gone, by=by, now=now)
    return Offered(offer(now=now, roster=roster, by=by), len(gone), len(claimed))


def _withdraw_all(slots: list[Slot], *, by: User, now: datetime) -> None:
    for slot in slots:
        slot.withdrawn_at, slot.withdrawn_by, slot.roster = now, by, None
    Slot.objects.bulk_update(slots, ["withdrawn_at", "withdrawn_by", "roster"])
    Slot.history.bulk_history_create(
        slots, update=True, default_user=by, default_change_reason="The roster's hours changed."
    )


def planned_end(starts_at: datetime, *, kind: AppointmentType) -> datetime:
    """Tell when a time of that kind would end.

    :raises TimePassed: it would begin in the past
    """
    if starts_at <= timezone.now():
        raise TimePassed
    return starts_at + timedelta(minutes=kind.minutes)


@transaction.atomic
def add_time(slot: Slot, *, by: User) -> None:
    """Offer one more time beside the hours; how long it takes, its kind says.

    :raises TimePassed: it would begin in the past
    :raises TimeOverlaps: the practitioner has another time there
    """
    slot.ends_at = planned_end(slot.starts_at, kind=slot.appointment_type)
    try:
        with transaction.atomic():
            slot.sign_with(by=by).save(force_insert=True)
    except IntegrityError:
        raise TimeOverlaps from None


@transaction.atomic
def withdraw(slot: Slot, *, by: User, why: str) -> None:
    """Stop offering one time.

    :raises SlotClaimed: somebody has it
    :raises SlotGone: it is withdrawn already
    """
    if slot.lock().withdrawn_at:
        raise SlotGone
    if slot.appointments.live().exists():
        raise SlotClaimed
    slot.change(withdrawn_at=timezone.now(), withdrawn_by=by, by=by, why=why)
