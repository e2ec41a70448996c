"""Appointments outside their doctor's hours, and what becomes of each: kept, moved or cancelled."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from typing import TYPE_CHECKING, NamedTuple

from django.db import transaction
from django.utils import timezone

from clinic import cancelling, moving, offering
from clinic.models import Appointment, Practitioner, RosterException
from clinic.timetabling import Timetable
from config.base import Refused
from messaging import clocks

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from clinic.models import Slot, User

ADRIFT = timedelta(days=1)  # a doctor's date may lie a day beside that of UTC


class NotOutside(Refused):
    def __init__(self) -> None:
        super().__init__(
            "This appointment lies within the doctor’s hours again, or somebody has dealt with it."
            " The list shows what is still open."
        )


class Case(NamedTuple):
    """An appointment about which somebody has to decide, and why its time is outside the hours."""

    appointment: Appointment
    because: str


class Outcome(NamedTuple):
    """What came of a decision on many appointments at once."""

    done: int
    refused: list[str]
    """One sentence for each that could not be done, with the patient's name."""


def open_cases(user: User, *, practitioner: Practitioner | None = None) -> QuerySet[Appointment]:
    """Those of the appointments that ``user`` may see about which nobody has decided, the next first."""
    found = Appointment.objects.visible_to(user).outside_hours(timezone.now())
    if practitioner:
        found = found.filter(slot__practitioner=practitioner)
    people = ("patient__user", "order", "policy", "slot__practitioner__user", "slot__appointment_type")
    return found.select_related(*people).order_by("starts_at", "pk")


def explain(appointments: Iterable[Appointment]) -> list[Case]:
    """Tell of each why its time is outside the hours, in one statement for all."""
    found = list(appointments)
    if not found:
        return []
    dates = [appointment.starts_at.date() for appointment in found]
    exceptions = list(
        RosterException.objects.in_force()
        .touching(min(dates) - ADRIFT, max(dates) + ADRIFT)
        .filter(kind__in=[RosterException.Kind.LEAVE, RosterException.Kind.HOLIDAY])
        .order_by("from_on", "pk")
    )
    return [Case(appointment, _because(appointment, exceptions)) for appointment in found]


def _because(appointment: Appointment, exceptions: list[RosterException]) -> str:
    slot = appointment.slot
    timetable = Timetable(slot.practitioner, [], exceptions)
    for closing in timetable.closings:
        first, last = (edge.date() for edge in (slot.starts_at - ADRIFT, slot.starts_at + ADRIFT))
        days = (max(first, closing.from_on), min(last, closing.until_on))
        if any(away.overlaps(slot.starts_at, slot.ends_at) for away in timetable.stretches(closing, *days)):
            what = closing.get_kind_display()
            return f"{what}: {closing.name}" if closing.name else what
    return "The hours have changed"


@transaction.atomic
def keep(appointment: Appointment, *, by: User, why: str) -> None:
    """Let the appointment take place at its time all the same; the time stays closed to others.

    :raises NotOutside: there is nothing to decide any more
    """
    appointment.lock()
    slot = appointment.slot.lock()
    if not is_open(appointment):
        raise NotOutside
    slot.change(kept_at=timezone.now(), kept_by=by, by=by, why=why)


def is_open(appointment: Appointment) -> bool:
    """Whether somebody has to decide what becomes of it."""
    slot = appointment.slot
    is_outside = slot.outside_at is not None and slot.kept_at is None
    return is_outside and appointment.status in Appointment.TO_COME and slot.starts_at > timezone.now()


def keep_all(appointments: Iterable[Appointment], *, by: User, why: str) -> Outcome:
    """Let many take place all the same, each by itself."""
    return _each(appointments, lambda appointment: keep(appointment, by=by, why=why))


def cancel_all(appointments: Iterable[Appointment], *, by: User, why: str) -> Outcome:
    """Cancel many in the practice's name, each by itself: the money goes back in full, letters are owed."""

    def cancel(appointment: Appointment) -> None:
        if not is_open(appointment):
            raise NotOutside
        cancelling.cancel(appointment, by=by, why=why)

    return _each(appointments, cancel)


def _each(appointments, decide) -> Outcome:
    done, refused = 0, []
    for appointment in appointments:
        try:
            decide(appointment)
        except Refused as no:
            refused.append(f"{appointment.patient}: {no}")
        else:
            done += 1
    return Outcome(done, refused)


def move(appointment: Appointment, *, to: Slot, by: User, why: str) -> Appointment:
    """Give the patient another time; what was paid stays paid.

    :raises NotOutside: there is nothing to decide any more
    :raises Refused: the time cannot be had, see ``moving.move``
    """
    if not is_open(appointment):
        raise NotOutside
    return moving.move(appointment, to=to, by=by, why=why)


def other_times(
    appointment: Appointment, *, practitioner: Practitioner | None, day: date | None, zone: str
) -> offering.Choice:
    """What is free for the same kind of appointment; nearest to the old time unless a day is named."""
    there = clocks.local(appointment.starts_at, zone=zone).date()
    kind = appointment.slot.appointment_type
    return offering.choose(kind, practitioner=practitioner, day=day, zone=zone, near=there)
