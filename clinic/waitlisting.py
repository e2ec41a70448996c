"""The waiting list: asking for a time, who suits which time and in what order, leaving the list."""

from __future__ import annotations

import datetime
from collections.abc import Collection
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery
from django.utils import timezone

from clinic.models import (
    BOOKED,
    Appointment,
    AppointmentType,
    Patient,
    Practitioner,
    Slot,
    WaitlistEntry,
)
from config.base import IllegalMove, Refused
from messaging import clocks, mailing

if TYPE_CHECKING:
    from clinic.models import User

A_DAY = datetime.timedelta(days=1)
CHUNK = 200
Part = WaitlistEntry.Part
# Until which hour a part of the day lasts; the last one lasts until midnight.
PARTS = {Part.EARLY: 9, Part.MORNING: 12, Part.AFTERNOON: 17, Part.EVENING: 24}


class AlreadyWaiting(Refused):
    def __init__(self) -> None:
        super().__init__(
            "You are on the waiting list for this already. Leave it first to ask for other times."
        )


class NothingEarlier(Refused):
    def __init__(self) -> None:
        super().__init__(
            "This appointment cannot be moved any more, so there is no earlier time to wait for."
        )


class DatesPast(Refused):
    def __init__(self) -> None:
        super().__init__("These dates are over. Choose a last date that lies ahead.")


class OfferOpen(Refused):
    def __init__(self) -> None:
        super().__init__("A time is being kept until this offer is answered. Take it or decline it first.")


class Wish(NamedTuple):
    """Which times would suit; of practitioners, days and parts of the day, none means any."""

    from_on: datetime.date
    until_on: datetime.date
    practitioners: Collection[Practitioner] = ()
    weekdays: Collection[int] = ()
    parts: Collection[str] = ()


def ask(
    patient: Patient,
    *,
    wish: Wish,
    kind: AppointmentType | None = None,
    instead_of: Appointment | None = None,
    by: User | None,
) -> WaitlistEntry:
    """Put ``patient`` on the list: for a ``kind`` of appointment, or for an earlier time than they have.

    :raises AlreadyWaiting: they are on it for the same
    :raises NothingEarlier: what they have is not confirmed, or has begun
    :raises DatesPast: the last date is over
    """
    if instead_of:
        wish, kind = _before(instead_of, wish), instead_of.slot.appointment_type
    if kind is None or wish.until_on < _today(patient) or wish.until_on < wish.from_on:
        raise DatesPast
    try:
        with transaction.atomic():
            return WaitlistEntry.objects.add(
                patient=patient,
                appointment_type=kind,
                booking=instead_of.order if instead_of else None,
                practitioners=[practitioner.pk for practitioner in wish.practitioners],
                weekdays=sorted(wish.weekdays),
                parts=[part for part in PARTS if part in wish.parts],
                from_on=wish.from_on,
                until_on=wish.until_on,
                by=by,
                why="Asked for a time.",
            )
    except IntegrityError as clash:
        raise AlreadyWaiting from clash


def _before(appointment: Appointment, wish: Wish) -> Wish:
    if appointment.status != Appointment.Status.CONFIRMED or appointment.starts_at <= timezone.now():
        raise NothingEarlier
    zone = appointment.patient.user.time_zone
    return wish._replace(until_on=min(wish.until_on, clocks.local(appointment.starts_at, zone=zone).date()))


def _today(patient: Patient) -> datetime.date:
    return clocks.local(timezone.now(), zone=patient.user.time_zone).date()


def waiting_for(slot: Slot) -> list[WaitlistEntry]:
    """Those whom ``slot`` suits, who waited longest first: the one rule of who gets a freed time.

    One statement, however many wait. Nobody is named who had this time offered before, or is elsewhere then,
    and nobody at all while its doctor takes no patients.
    """
    elsewhere = Appointment.objects.live().filter(starts_at__lt=slot.ends_at, ends_at__gt=slot.starts_at)
    entries = with_what_they_have(WaitlistEntry.objects.filter(status=WaitlistEntry.Status.WAITING)).filter(
        Q(practitioners=[]) | Q(practitioners__contains=[slot.practitioner_id]),
        Q(booking=None) | Q(has_at__gt=slot.starts_at),
        Exists(Slot.objects.for_patients().filter(pk=slot.pk)),
        appointment_type=slot.appointment_type_id,
        # A day to each side for the patient's zone; ``suits`` looks closer.
        from_on__lte=slot.starts_at.date() + A_DAY,
        until_on__gte=slot.starts_at.date() - A_DAY,
        patient__user__is_active=True,
    )
    free = entries.exclude(offers__slot=slot).exclude(patient__in=elsewhere.values("patient"))
    return [entry for entry in free.select_related("patient__user") if suits(entry, slot)]


def times_for(entry: WaitlistEntry, *, now: datetime.datetime, most: int) -> list[Slot]:
    """The free times that suit ``entry``, the soonest first, as ``waiting_for`` says from the other side.

    At most ``most``, in two statements. None is named that they had offered before.
    """
    waits = WaitlistEntry.objects.filter(pk=entry.pk, status=WaitlistEntry.Status.WAITING)
    wish = with_what_they_have(waits).select_related("patient__user").first()
    if wish is None or (wish.booking_id and wish.has_at is None):
        return []
    elsewhere = Appointment.objects.live().filter(
        patient=wish.patient_id, starts_at__lt=OuterRef("ends_at"), ends_at__gt=OuterRef("starts_at")
    )
    free = Slot.objects.free(now).filter(
        ~Exists(elsewhere),
        appointment_type=wish.appointment_type_id,
        starts_at__date__gte=wish.from_on - A_DAY,
        starts_at__date__lte=wish.until_on + A_DAY,
    )
    if wish.practitioners:
        free = free.filter(practitioner__in=wish.practitioners)
    if wish.has_at:
        free = free.filter(starts_at__lt=wish.has_at)
    found = free.exclude(offers__entry=wish).select_related("practitioner__user").order_by("starts_at", "pk")
    return list(islice((slot for slot in found.iterator(CHUNK) if suits(wish, slot)), most))


def doctors_of(entry: WaitlistEntry) -> dict[UUID, Practitioner]:
    """Those of the doctors that suit, by their keys; none where any would do."""
    return Practitioner.objects.select_related("user").in_bulk(entry.practitioners)


def suits(entry: WaitlistEntry, slot: Slot) -> bool:
    """Whether ``slot`` lies in the dates, days and parts of the day that ``entry`` asks for.

    All by the patient's clock: who lives elsewhere may read another day than the doctor.
    """
    there = clocks.local(slot.starts_at, zone=entry.patient.user.time_zone)
    return (
        entry.from_on <= there.date() <= entry.until_on
        and (not entry.weekdays or there.weekday() in entry.weekdays)
        and (not entry.parts or part_of(there) in entry.parts)
    )


def part_of(there: datetime.datetime) -> str:
    return next(part for part, until in PARTS.items() if there.hour < until)


def with_what_they_have(entries: QuerySet[WaitlistEntry]) -> QuerySet[WaitlistEntry]:
    """Tell of each as ``has_at`` when the booking takes place for which they want an earlier time."""
    theirs = Appointment.objects.filter(order=OuterRef("booking"), status=Appointment.Status.CONFIRMED)
    has_at = {"has_at": Subquery(theirs.values("starts_at")[:1])}
    return entries.annotate(**has_at)


def leave(entry: WaitlistEntry, *, by: User, why: str = "They asked to.") -> None:
    """Take ``entry`` off the list.

    :raises OfferOpen: a time is being kept for it
    :raises IllegalMove: it is off the list already
    """
    if entry.lock().status == WaitlistEntry.Status.OFFERED:
        raise OfferOpen
    entry.move_to(WaitlistEntry.Status.LEFT, by=by, why=why)


def end_what_is_over(*, now: datetime.datetime) -> int:
    """End the waits whose dates are over, or that came to something without the list; tell how many.

    Who wanted an earlier time has had the one they had, or cancelled it; who wanted any has booked one.
    """
    booked = Appointment.objects.filter(
        patient=OuterRef("patient"),
        slot__appointment_type=OuterRef("appointment_type"),
        status__in=BOOKED,
        created_at__gt=OuterRef("created_at"),
    )
    waiting = WaitlistEntry.objects.filter(status=WaitlistEntry.Status.WAITING)
    settled = Q(booking=None, has_booked=True) | Q(booking__isnull=False, has_at=None) | Q(has_at__lte=now)
    perhaps = with_what_they_have(waiting).annotate(has_booked=Exists(booked)).filter(settled)
    ended = sum(_end(entry, why="They have a time, or need none any more.") for entry in perhaps)
    late = waiting.filter(until_on__lt=now.date() + A_DAY).select_related("patient__user", "appointment_type")
    for entry in late:
        if entry.until_on < _today(entry.patient):
            ended += end(entry, why="The last date that suited is over.")
    return ended


@transaction.atomic
def end(entry: WaitlistEntry, *, why: str) -> bool:
    """End a wait that came to nothing, and write so; false when somebody else was faster."""
    if ended := _end(entry, why=why):
        tell(entry, "clinic/mail/waitlist_ended", path="/portal/waiting/")
    return ended


def _end(entry: WaitlistEntry, *, why: str) -> bool:
    try:
        entry.move_to(WaitlistEntry.Status.EXPIRED, by=None, why=why)
    except IllegalMove:  # an offer, or the patient, came in between
        return False
    return True


def tell(entry: WaitlistEntry, template: str, **more: Any) -> None:
    """Owe the patient a letter about their place on the list."""
    user = entry.patient.user
    mailing.queue(
        template,
        recipient=user,
        to=user.email,
        context={"name": user.get_short_name(), "kind": entry.appointment_type.name, **more},
    )
