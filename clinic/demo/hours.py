"""When the demo clinic's doctors are there: weekly hours, public holidays, leave and an extra session."""

from __future__ import annotations

from contextlib import suppress
from datetime import date, time, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from django.utils import timezone

from clinic import observing, rostering
from clinic.models import Appointment, AppointmentType, Practitioner, Roster, RosterException

if TYPE_CHECKING:
    from clinic.models import User

Session = tuple[time, time, str]
SHORT, LONG = "Video consultation, 15 minutes", "Video consultation, 30 minutes"
FULL_WEEK, LATE_WEEK = (0, 1, 2, 3, 4), (1, 2, 3, 4, 5)
HOURS: dict[str, tuple[tuple[int, ...], tuple[Session, ...]]] = {
    # doctor: (weekdays, sessions in wall time of the doctor's zone)
    "dr.hughes": (FULL_WEEK, ((time(9), time(12), SHORT), (time(13), time(16), SHORT))),
    "dr.nguyen": (FULL_WEEK, ((time(8), time(11), SHORT), (time(12), time(15), SHORT))),
    "dr.silva": (LATE_WEEK, ((time(9), time(12), SHORT), (time(14), time(18), LONG))),
}
SATURDAY = 5
AWAY_IN = timedelta(days=10)


def offer(manager: User) -> None:
    """Set the weekly hours and the public holidays, and offer what comes of them."""
    kinds = {
        SHORT: AppointmentType.objects.add(by=manager, name=SHORT, minutes=15),
        LONG: AppointmentType.objects.add(by=manager, name=LONG, minutes=30, buffer_after=5),
    }
    today = timezone.localdate()
    practitioners = Practitioner.objects.select_related("user")
    for practitioner in practitioners:
        weekdays, sessions = HOURS[practitioner.user.email.partition("@")[0]]
        for weekday in weekdays:
            for starts, ends, kind in sessions:
                Roster.objects.add(
                    by=manager,
                    practitioner=practitioner,
                    appointment_type=kinds[kind],
                    weekday=weekday,
                    starts=starts,
                    ends=ends,
                    time_zone=practitioner.time_zone,
                    from_on=today - timedelta(days=1),
                )
    rostering.offer(now=timezone.now(), by=manager)
    states = sorted({practitioner.state for practitioner in practitioners})
    for year in (today.year, today.year + 1):
        with suppress(observing.NothingNew):  # in the last days of December
            observing.fill(states, year=year, by=manager)


def change(manager: User) -> None:
    """One doctor takes leave over an appointment, which waits for a decision; another adds a Saturday."""
    booked = Appointment.objects.filter(
        status=Appointment.Status.CONFIRMED, starts_at__gt=timezone.now() + timedelta(days=1)
    )
    last = booked.select_related("slot__practitioner").order_by("starts_at", "pk").last()
    away = last.slot.practitioner if last else Practitioner.objects.order_by("ahpra_number")[0]
    there = ZoneInfo(away.time_zone)
    day = last.starts_at.astimezone(there).date() if last else timezone.localdate() + AWAY_IN
    at_work = Practitioner.objects.exclude(pk=away.pk).order_by("ahpra_number")[0]
    rostering.set_exceptions(
        [_leave(away, day), _extra(at_work, _next_saturday(timezone.localdate()))], by=manager
    )


def _leave(practitioner: Practitioner, day: date) -> RosterException:
    return RosterException(
        kind=RosterException.Kind.LEAVE,
        practitioner=practitioner,
        time_zone=practitioner.time_zone,
        from_on=day,
        until_on=day + timedelta(days=1),
        name="Conference",
    )


def _extra(practitioner: Practitioner, day: date) -> RosterException:
    return RosterException(
        kind=RosterException.Kind.EXTRA,
        practitioner=practitioner,
        time_zone=practitioner.time_zone,
        from_on=day,
        until_on=day,
        starts=time(10),
        ends=time(12),
        appointment_type=AppointmentType.objects.get(name=LONG),
        name="Saturday clinic",
    )


def _next_saturday(today: date) -> date:
    return today + timedelta(days=(SATURDAY - today.weekday() - 1) % 7 + 1)
