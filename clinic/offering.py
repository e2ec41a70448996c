"""What patients can choose from: doctors, kinds of appointment, fees, days and times that are free."""

from __future__ import annotations

import datetime
from datetime import timedelta
from decimal import Decimal
from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple
from zoneinfo import ZoneInfo

from django.db.models import Count, Prefetch, QuerySet
from django.db.models.functions import TruncDate
from django.utils import timezone

from billing.models import Fee
from clinic import booking
from clinic.models import AppointmentType, Patient, Practice, Practitioner, Slot

if TYPE_CHECKING:
    from collections.abc import Iterator

DAYS_SHOWN = 28


class Kind(NamedTuple):
    """A kind of appointment and what it costs; a fee that nobody has set is not shown."""

    appointment_type: AppointmentType
    new: Decimal | None
    returning: Decimal | None


class Day(NamedTuple):
    """A day by the reader's calendar, and how many times are free on it."""

    date: datetime.date
    times: int


class Times(NamedTuple):
    """The free times of one doctor on one day."""

    practitioner: Practitioner
    slots: list[Slot]


class Choice(NamedTuple):
    """What is free for one wish: the days, and the times of the chosen one of them."""

    days: list[Day]
    day: datetime.date | None
    doctors: list[Times]


def doctors() -> QuerySet[Practitioner]:
    """Those whom patients can book."""
    return Practitioner.objects.seeing_patients().select_related("user")


def kinds() -> QuerySet[AppointmentType]:
    return AppointmentType.objects.filter(is_offered=True)


def fees() -> list[Kind]:
    """What each kind of appointment costs today."""
    amounts = dict(Fee.objects.on(Practice.objects.current().today()).values_list("code", "amount"))
    return [Kind(kind, amounts.get(kind.new_fee), amounts.get(kind.returning_fee)) for kind in kinds()]


def fees_for(patient: Patient) -> list[tuple[AppointmentType, Decimal | None]]:
    """What each kind of appointment costs ``patient`` today."""
    returning = booking.is_returning(patient)
    return [(kind.appointment_type, kind.returning if returning else kind.new) for kind in fees()]


def choose(
    kind: AppointmentType,
    *,
    practitioner: Practitioner | None,
    day: datetime.date | None,
    zone: str,
    near: datetime.date | None = None,
) -> Choice:
    """Find what is free, on ``day`` or else on the first day that has something, or the nearest to ``near``.

    Three statements, however many slots there are. Days are those of the calendar in ``zone``.
    """
    now = timezone.now()
    free = Slot.objects.free(now).filter(appointment_type=kind)
    if practitioner:
        free = free.filter(practitioner=practitioner)
    dated = free.annotate(on=TruncDate("starts_at", tzinfo=ZoneInfo(zone))).values("on").order_by("on")
    counted = dated.annotate(times=Count("pk"))
    days = [Day(row["on"], row["times"]) for row in (counted if near else counted[:DAYS_SHOWN])]
    nearest = _nearest(days, near) if near else 0
    if day is None and days:
        day = days[nearest].date
    days = days[max(0, min(nearest - DAYS_SHOWN // 2, len(days) - DAYS_SHOWN)) :][:DAYS_SHOWN]
    return Choice(days, day, list(_times(free, day, zone)) if day else [])


def _nearest(days: list[Day], near: datetime.date) -> int:
    return min(range(len(days)), key=lambda each: abs(days[each].date - near), default=0)


def _times(free: QuerySet[Slot], day: datetime.date, zone: str) -> Iterator[Times]:
    midnight = datetime.datetime.combine(day, datetime.time(), ZoneInfo(zone))
    following = datetime.datetime.combine(day + timedelta(days=1), datetime.time(), ZoneInfo(zone))
    that_day = (
        free.filter(starts_at__gte=midnight, starts_at__lt=following)
        .order_by("practitioner", "starts_at")
        .prefetch_related(Prefetch("practitioner", doctors()))
    )
    for practitioner, slots in groupby(that_day, key=lambda slot: slot.practitioner):
        yield Times(practitioner, list(slots))


def is_free(slot: Slot) -> bool:
    """Whether somebody could hold it now."""
    return Slot.objects.free(timezone.now()).filter(pk=slot.pk).exists()
