"""The next visit, booked from one that was: when it is due, what is free then, and holding it."""

from __future__ import annotations

import datetime
from datetime import timedelta
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone

from clinic import booking, expiring, offering
from clinic.models import Appointment, Note, Practice
from config.base import Refused
from messaging import clocks

if TYPE_CHECKING:
    from clinic.models import Practitioner, Slot, User

WEEKS = (1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 16, 20, 26)
FOLLOWED = (
    Appointment.Status.IN_CONSULTATION,
    Appointment.Status.COMPLETED,
    Appointment.Status.NO_SHOW,
)
"""What a visit may follow. One that has begun can only be completed: its patient counts as returning."""
LETTER = "clinic/mail/appointment_follow_up"


class NothingToFollow(Refused):
    def __init__(self) -> None:
        super().__init__("Book the next visit once this one has begun, or when the patient has missed it.")


class AccountClosed(Refused):
    def __init__(self) -> None:
        super().__init__("The patient’s account is closed: they could not pay. Open it again first.")


class PatientElsewhere(Refused):
    def __init__(self) -> None:
        super().__init__("The patient has another appointment at this time. Please choose another time.")


class PatientHoldsEnough(Refused):
    def __init__(self) -> None:
        super().__init__(
            f"The patient is holding {booking.MOST_HOLDS} times that are not paid for yet. They pay for one"
            " of them first, or you cancel it."
        )


def in_words() -> list[tuple[int, str]]:
    """``WEEKS`` to choose from."""
    return [(weeks, "In a week" if weeks == 1 else f"In {weeks} weeks") for weeks in WEEKS]


def ask(visit: Appointment) -> None:
    """Refuse what nothing can follow.

    :raises NothingToFollow: it has not taken place, and was not missed
    :raises AccountClosed: the patient cannot sign in to pay
    """
    if visit.status not in FOLLOWED:
        raise NothingToFollow
    if not visit.patient.user.is_active:
        raise AccountClosed


def weeks_ahead(visit: Appointment) -> int:
    """In how many weeks from today the next visit is due: as the doctor wrote in the note of ``visit``.

    Where they wrote nothing, the practice's number of weeks after it. One of ``WEEKS``, the nearest.
    """
    practice = Practice.objects.current()
    written = Note.objects.filter(encounter__appointment=visit).values_list("review_on", flat=True).first()
    there = clocks.local(visit.starts_at, zone=practice.time_zone).date()
    due = written or there + timedelta(weeks=practice.follow_up_weeks)
    days = (due - practice.today()).days
    return min(WEEKS, key=lambda weeks: abs(7 * weeks - days))


def day_in(weeks: int, *, zone: str) -> datetime.date:
    """The same day of the week so many weeks from today, by the calendar in ``zone``."""
    return clocks.local(timezone.now(), zone=zone).date() + timedelta(weeks=weeks)


def times(
    visit: Appointment,
    *,
    weeks: int,
    practitioner: Practitioner | None,
    day: datetime.date | None,
    zone: str,
) -> offering.Choice:
    """What is free for another visit of the same kind: on ``day``, or the nearest to ``weeks`` from today."""
    kind, near = visit.slot.appointment_type, day_in(weeks, zone=zone)
    return offering.choose(kind, practitioner=practitioner, day=day, zone=zone, near=near)


@transaction.atomic
def book(visit: Appointment, *, to: Slot, by: User, why: str) -> Appointment:
    """Hold ``to`` for the patient of ``visit``, as long as the practice says, and write them how to pay.

    :raises NothingToFollow, AccountClosed: see ``ask``
    :raises PatientElsewhere: the patient has another appointment then
    :raises PatientHoldsEnough: they have not paid for others yet
    :raises booking.SlotPast, booking.SlotWithdrawn, booking.SlotTaken: it cannot be had
    """
    ask(visit)
    until = timezone.now() + timedelta(hours=Practice.objects.current().follow_up_hours)
    terms = booking.Terms(until, why=why, after=visit)
    try:
        held = booking.hold(to, patient=visit.patient, by=by, terms=terms)
    except booking.InTwoPlaces as no:
        raise PatientElsewhere from no
    except booking.HoldsEnough as no:
        raise PatientHoldsEnough from no
    booking.tell(held, LETTER)
    return held


STILL_WANTED = {LETTER: expiring.is_wanted}
