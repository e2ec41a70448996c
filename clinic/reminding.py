"""Reminding patients of their appointments: once for each of the practice's hours, and never late."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, F, OuterRef, QuerySet, Subquery
from django.utils import timezone

from clinic import booking
from clinic.models import Appointment, Practice, Reminder
from messaging import clocks, mailing
from messaging.models import Letter

TEMPLATE = "clinic/mail/appointment_reminder"
# A reminder may come late by this part of its hours: six hours of a day, a quarter of an hour of one.
LATENESS = 4
MOST = 500
"""Reminders that one run owes at most; the next run goes on."""


def remind(*, now: datetime) -> int:
    """Owe every reminder whose moment has come, and tell how many these were."""
    return sum(_remind(hours, now=now) for hours in Practice.objects.current().reminder_hours)


@transaction.atomic
def _remind(hours: int, *, now: datetime) -> int:
    """Owe the reminders of ``hours`` before the start, in as many statements as one.

    The row of a reminder is the claim on it: of two workers, the second finds it taken. The appointments are
    locked, so that none is cancelled or moved in between.
    """
    appointments = due(hours, now=now).select_related("patient__user", "slot__practitioner__user")
    locked = appointments.select_for_update(skip_locked=True, of=("self",))[:MOST]
    letters = {appointment.pk: _letter(appointment, hours, now=now) for appointment in locked}
    Reminder.objects.bulk_create(
        [Reminder(appointment_id=pk, hours_before=hours, letter=letter) for pk, letter in letters.items()],
        ignore_conflicts=True,
    )
    ours = Reminder.objects.filter(letter__in=letters.values()).values_list("appointment", flat=True)
    claimed = [letters[pk] for pk in ours]
    mailing.queue_all(claimed)
    return len(claimed)


def due(hours: int, *, now: datetime) -> QuerySet[Appointment]:
    """The appointments of which patients are to be reminded now, ``hours`` before they start."""
    lead = timedelta(hours=hours)
    booked = Appointment.history.filter(id=OuterRef("pk"), status=Appointment.Status.CONFIRMED)
    reminded = Reminder.objects.filter(appointment=OuterRef("pk"), hours_before=hours)
    return (
        Appointment.objects.filter(
            ~Exists(reminded),
            status=Appointment.Status.CONFIRMED,
            starts_at__gt=now + lead - lead / LATENESS,
            starts_at__lte=now + lead,
            patient__user__is_active=True,
        )
        .annotate(booked_at=Subquery(booked.order_by("history_date").values("history_date")[:1]))
        # Who booked later than that has just had a letter about it.
        .filter(booked_at__lt=F("starts_at") - lead)
        .order_by("starts_at", "pk")
    )


def _letter(appointment: Appointment, hours: int, *, now: datetime) -> Letter:
    user = appointment.patient.user
    return Letter(
        template=TEMPLATE,
        recipient=user,
        to=user.email,
        next_attempt_at=now,
        context={
            "name": user.get_short_name(),
            "practitioner": str(appointment.slot.practitioner),
            "when": clocks.in_words(appointment.starts_at, zone=user.time_zone),
            "path": f"/portal/appointments/{appointment.pk}/",
            "call_path": booking.call_path(appointment),
            "appointment": appointment.pk,
            "not_after": appointment.starts_at - timedelta(hours=hours) * (1 - 1 / LATENESS),
        },
    )


def is_wanted(letter: Letter) -> bool:
    """Whether a reminder that waited still makes sense: mail servers are away for hours, and visits move."""
    kept = Appointment.objects.filter(
        pk=letter.context["appointment"], status=Appointment.Status.CONFIRMED
    ).exists()
    return kept and timezone.now() <= datetime.fromisoformat(letter.context["not_after"])


STILL_WANTED = {TEMPLATE: is_wanted}
