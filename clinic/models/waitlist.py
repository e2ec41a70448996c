"""Who waits for an earlier time, and what they were offered."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from billing.models import Order
from clinic.models.appointments import Appointment
from clinic.models.availability import AppointmentType, Slot
from clinic.models.patients import Patient
from clinic.models.rosters import Roster
from config.base import ScopedQuerySet, Stateful

if TYPE_CHECKING:
    from datetime import datetime

    from clinic.models.people import User


class WaitlistEntryQuerySet(ScopedQuerySet):
    def visible_to(self, user: User) -> Self:
        return self if user.has_perm("clinic.view_waitlistentry") else self.filter(patient__user=user)

    def on_the_list(self) -> Self:
        """Those who still hope for a time."""
        return self.filter(status__in=WaitlistEntry.ON_THE_LIST)


class WaitlistEntry(Stateful):
    """One patient's wish for a time that is not free yet, or for an earlier one than they have."""

    PATIENT = "patient_id"

    class Status(models.TextChoices):
        WAITING = "waiting"
        OFFERED = "offered", "Has an offer"
        TAKEN = "taken", "Took a time"
        LEFT = "left", "Left the list"
        EXPIRED = "expired", "Ended without a time"

    MOVES = {
        Status.WAITING: frozenset({Status.OFFERED, Status.LEFT, Status.EXPIRED}),
        # Declined, or not answered in time, they go on waiting, with the place that they had.
        Status.OFFERED: frozenset({Status.TAKEN, Status.WAITING}),
        Status.TAKEN: frozenset(),
        Status.LEFT: frozenset(),
        Status.EXPIRED: frozenset(),
    }
    ON_THE_LIST = ("waiting", "offered")

    class Part(models.TextChoices):
        """A part of the day, by the patient's clock."""

        EARLY = "early", "Before 9 am"
        MORNING = "morning", "9 am to noon"
        AFTERNOON = "afternoon", "Noon to 5 pm"
        EVENING = "evening", "After 5 pm"

    patient = models.ForeignKey(Patient, models.PROTECT, related_name="waitlist_entries", editable=False)
    appointment_type = models.ForeignKey(AppointmentType, models.PROTECT, related_name="+", editable=False)
    # The booking they have, where they wait for something earlier: its order stays, however often it moves.
    booking = models.ForeignKey(
        Order, models.PROTECT, null=True, editable=False, related_name="waitlist_entries"
    )
    # Keys of practitioners, who are never deleted. Empty means any, as it does for days and parts.
    practitioners = ArrayField(models.UUIDField(), default=list, editable=False)
    weekdays = ArrayField(
        models.PositiveSmallIntegerField(choices=Roster.Weekday), default=list, editable=False
    )
    parts = ArrayField(models.CharField(max_length=20, choices=Part), default=list, editable=False)
    from_on = models.DateField("from date", editable=False)
    until_on = models.DateField("until date", editable=False)
    status = models.CharField(max_length=20, choices=Status, default=Status.WAITING, editable=False)

    has_at: datetime | None
    """When what they have takes place: where ``waitlisting.with_what_they_have`` was asked."""

    objects = WaitlistEntryQuerySet.as_manager()

    class Meta:
        ordering = ["created_at", "pk"]
        verbose_name_plural = "waiting list"
        constraints = [
            models.CheckConstraint(
                condition=Q(until_on__gte=F("from_on")),
                name="%(app_label)s_%(class)s_dates_in_order",
                violation_error_message="The last date must not lie before the first.",
            ),
            models.UniqueConstraint(
                fields=["patient", "appointment_type"],
                condition=Q(status__in=["waiting", "offered"], booking=None),
                name="%(app_label)s_%(class)s_once_for_a_kind",
            ),
            models.UniqueConstraint(
                fields=["booking"],
                condition=Q(status__in=["waiting", "offered"]),
                name="%(app_label)s_%(class)s_once_for_a_booking",
            ),
        ]
        indexes = [
            models.Index(fields=["status", "appointment_type", "created_at"], name="clinic_waitlist_next")
        ]

    def __str__(self) -> str:
        return f"{self.patient}, waiting for a {self.appointment_type.name.lower()}"


class WaitlistOfferQuerySet(ScopedQuerySet):
    def visible_to(self, user: User) -> Self:
        return self.filter(entry__in=WaitlistEntry.objects.visible_to(user))

    def open(self, now: datetime) -> Self:
        """Those that can still be taken."""
        held = {"appointment__status": Appointment.Status.HELD, "appointment__held_until__gt": now}
        return self.filter(status=WaitlistOffer.Status.OPEN, **held)


class WaitlistOffer(Stateful):
    """A time that was freed, held for one who waits; never the same time twice for them."""

    PATIENT = "entry__patient_id"

    class Status(models.TextChoices):
        OPEN = "open", "To be answered"
        TAKEN = "taken"
        DECLINED = "declined"
        LAPSED = "lapsed", "Not answered in time"

    MOVES = {
        Status.OPEN: frozenset({Status.TAKEN, Status.DECLINED, Status.LAPSED}),
        Status.TAKEN: frozenset(),
        Status.DECLINED: frozenset(),
        Status.LAPSED: frozenset(),
    }

    entry = models.ForeignKey(WaitlistEntry, models.PROTECT, related_name="offers", editable=False)
    slot = models.ForeignKey(Slot, models.PROTECT, related_name="offers", editable=False)
    # What keeps the time for them until they answer.
    appointment = models.OneToOneField(Appointment, models.PROTECT, related_name="offer", editable=False)
    status = models.CharField(max_length=20, choices=Status, default=Status.OPEN, editable=False)

    objects = WaitlistOfferQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["slot"], condition=Q(status="open"), name="%(app_label)s_%(class)s_one_for_a_time"
            ),
            models.UniqueConstraint(
                fields=["entry"], condition=Q(status="open"), name="%(app_label)s_%(class)s_one_for_an_entry"
            ),
            models.UniqueConstraint(fields=["entry", "slot"], name="%(app_label)s_%(class)s_no_time_twice"),
        ]

    def __str__(self) -> str:
        return f"The offer to {self.entry.patient}"
