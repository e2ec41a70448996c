"""Appointments as calendar files: with the letters, to download, and in the feeds people subscribe to.

Nothing in them tells of anybody's health: that there is an appointment, when, and where to sign in.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from email.utils import parseaddr
from typing import Any

from django.conf import settings
from django.utils import timezone
from icalendar import CLASS, STATUS, TRANSP, Calendar, Event, vCalAddress

from clinic.models import Appointment, Practice
from messaging import clocks
from messaging.mailing import Enclosure

MAKER = "-//ProMedicine//Appointments//EN"
LOOK_AGAIN = timedelta(hours=1)
# What a letter about an appointment asks of its reader's calendar (RFC 5546).
METHODS = {Appointment.Status.CONFIRMED: "REQUEST", Appointment.Status.CANCELLED: "CANCEL"}


def enclosures(appointment: Appointment) -> list[Enclosure]:
    """What brings the patient's calendar up to date with ``appointment``; nothing if it never stood there.

    A moved appointment is told of by the one that follows it: its order, and so its UID, is the same, and
    its SEQUENCE is higher.
    """
    method = METHODS.get(Appointment.Status(appointment.status))
    if method is None or appointment.room_id is None:
        return []
    organiser, address = parseaddr(settings.DEFAULT_FROM_EMAIL)
    entry = _of_patient(_counted(appointment), stamp=timezone.now(), practice=_practice())
    entry.organizer = vCalAddress.new(address, cn=organiser)
    entry.attendees = [vCalAddress.new(appointment.patient.user.email, partstat="ACCEPTED", rsvp=False)]
    return [
        Enclosure(
            name="appointment.ics",
            text=_written([entry], method=method),
            subtype="calendar",
            parameters={"method": method},
        )
    ]


def file(appointment: Appointment) -> str:
    """One appointment, for its patient to put into any calendar."""
    entry = _of_patient(_counted(appointment), stamp=appointment.created_at, practice=_practice())
    return _written([entry], method="PUBLISH")


def feed_of_patient(appointments: Iterable[Appointment]) -> str:
    """A patient's appointments, as a calendar that is looked at again and again."""
    practice = _practice()
    return _feed(
        (_of_patient(each, stamp=each.created_at, practice=practice) for each in appointments), name=practice
    )


def feed_of_practitioner(appointments: Iterable[Appointment]) -> str:
    """A practitioner's appointments, without a word of who comes."""
    return _feed((_of_practitioner(each) for each in appointments), name=_practice())


def _counted(appointment: Appointment) -> Appointment:
    return Appointment.objects.with_times_moved().select_related("patient__user").get(pk=appointment.pk)


def _practice() -> str:
    return str(Practice.objects.current())


def _of_patient(appointment: Appointment, *, stamp: datetime, practice: str) -> Event:
    return _event(
        appointment,
        summary=f"Appointment with {practice}",
        path=f"/portal/appointments/{appointment.pk}/",
        zone=appointment.patient.user.time_zone,
        stamp=stamp,
    )


def _of_practitioner(appointment: Appointment) -> Event:
    return _event(
        appointment,
        summary="Appointment",
        path=f"/admin/clinic/appointment/{appointment.pk}/change/",
        zone=appointment.slot.practitioner.time_zone,
        stamp=appointment.created_at,
    )


def _event(appointment: Appointment, *, summary: str, path: str, zone: str, stamp: datetime) -> Event:
    """Times are UTC, right in every calendar on every day; the words say them by the reader's clock."""
    is_cancelled = appointment.status == Appointment.Status.CANCELLED
    link = settings.BASE_URL.rstrip("/") + path
    return Event.new(
        uid=str(appointment.order_id),  # the same through all moves
        # Nothing follows a cancellation, so the next number is free for it.
        sequence=appointment.times_moved + is_cancelled,
        start=appointment.starts_at.astimezone(UTC),
        end=appointment.ends_at.astimezone(UTC),
        stamp=stamp.astimezone(UTC),
        summary=summary,
        description=f"{clocks.in_words(appointment.starts_at, zone=zone)}\nSign in to see more:\n{link}",
        url=link,
        status=STATUS.CANCELLED if is_cancelled else STATUS.CONFIRMED,
        classification=CLASS.PRIVATE,
        transparency=TRANSP.OPAQUE,
    )


def _feed(events: Iterable[Event], *, name: str) -> str:
    return _written(events, method="PUBLISH", name=name, refresh_interval=LOOK_AGAIN)


def _written(events: Iterable[Event], *, method: str, **about: Any) -> str:
    calendar = Calendar.new(prodid=MAKER, method=method, subcomponents=[*events], **about)
    del calendar["UID"]  # a new one each time would make every look seem a change
    return calendar.to_ical().decode()
