"""Who has taken which time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.db import models
from django.db.models import Count, F, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce

from billing.models import Order
from clinic.models.availability import BOOKED, LIVE, Instants, Slot
from clinic.models.patients import Patient
from clinic.models.policies import CancellationPolicy
from config.base import ScopedQuerySet, Stateful, both_or_neither
from messaging.models import Room

if TYPE_CHECKING:
    from datetime import datetime

    from clinic.models.people import User


class AppointmentQuerySet(ScopedQuerySet):
    def visible_to(self, user: User) -> Self:
        if user.has_perm("clinic.view_every_appointment"):
            return self
        return self.filter(Q(patient__user=user) | Q(slot__practitioner__user=user))

    def live(self) -> Self:
        """Those that keep their slot from others."""
        return self.filter(status__in=LIVE)

    def current(self) -> Self:
        """All but those that go on at another time."""
        return self.exclude(status=Appointment.Status.MOVED)

    def asked_for(self) -> Self:
        """All but times that were kept for one who waits, and that they let go."""
        let_go = [Appointment.Status.EXPIRED, Appointment.Status.CANCELLED]
        return self.exclude(offer__isnull=False, room=None, status__in=let_go)

    def with_times_moved(self) -> Self:
        """Tell of each as ``times_moved`` how often its booking was moved before."""
        moved = Appointment.objects.filter(order=OuterRef("order"), status=Appointment.Status.MOVED)
        counted = moved.order_by().values("order").annotate(times=Count("pk")).values("times")
        return self.annotate(times_moved=Coalesce(Subquery(counted), 0))

    def overdue(self, now: datetime) -> Self:
        """Holds whose time to pay has run out."""
        return self.filter(status=Appointment.Status.HELD, held_until__lte=now)

    def outside_hours(self, now: datetime) -> Self:
        """Those ahead that the doctor's hours hold no more, while nobody has said what becomes of them."""
        ahead = self.filter(status__in=Appointment.TO_COME, starts_at__gt=now)
        return ahead.filter(slot__outside_at__isnull=False, slot__kept_at=None)


class Appointment(Stateful):
    """One patient's claim on one slot, from the hold to the end of the visit."""

    PATIENT = "patient_id"

    class Status(models.TextChoices):
        HELD = "held", "Held for payment"
        CONFIRMED = "confirmed"
        ARRIVED = "arrived", "Waiting"
        IN_CONSULTATION = "in_consultation", "In consultation"
        COMPLETED = "completed"
        EXPIRED = "expired", "Not paid in time"
        CANCELLED = "cancelled"
        NO_SHOW = "no_show", "Did not attend"
        MOVED = "moved", "Moved to another time"

    class Side(models.TextChoices):
        """Whose decision a cancellation was; it decides what goes back."""

        PATIENT = "patient", "by the patient"
        PRACTITIONER = "practitioner", "by the practitioner"
        PRACTICE = "practice", "by the practice"

    MOVES = {
        Status.HELD: frozenset({Status.CONFIRMED, Status.EXPIRED, Status.CANCELLED}),
        Status.CONFIRMED: frozenset(
            {Status.ARRIVED, Status.IN_CONSULTATION, Status.CANCELLED, Status.NO_SHOW, Status.MOVED}
        ),
        Status.ARRIVED: frozenset({Status.IN_CONSULTATION, Status.CANCELLED, Status.NO_SHOW, Status.MOVED}),
        Status.IN_CONSULTATION: frozenset({Status.COMPLETED}),
        Status.COMPLETED: frozenset(),
        # A payment that comes late takes the time again if it is still free.
        Status.EXPIRED: frozenset({Status.CONFIRMED}),
        Status.CANCELLED: frozenset(),
        Status.NO_SHOW: frozenset(),
        Status.MOVED: frozenset(),
    }
    TO_COME = (Status.HELD, Status.CONFIRMED, Status.ARRIVED)
    """Those that are still to take place."""

    slot = models.ForeignKey(Slot, models.PROTECT, related_name="appointments")
    patient = models.ForeignKey(Patient, models.PROTECT, related_name="appointments")
    # The slot's instants, so that the database can keep a patient from being in two places at once.
    starts_at = models.DateTimeField(editable=False)
    ends_at = models.DateTimeField(editable=False)
    # Both follow the patient to another time; what was moved keeps pointing at them.
    order = models.ForeignKey(Order, models.PROTECT, editable=False, related_name="appointments")
    room = models.ForeignKey(Room, models.PROTECT, null=True, editable=False, related_name="appointments")
    moved_from = models.OneToOneField(
        "self", models.PROTECT, null=True, editable=False, related_name="moved_to"
    )
    status = models.CharField(max_length=20, choices=Status, default=Status.HELD, editable=False)
    held_until = models.DateTimeField(editable=False)
    # Once, when the payment page is opened (WCAG 2.2.1).
    extended_at = models.DateTimeField(null=True, editable=False)
    warned_at = models.DateTimeField(null=True, editable=False)
    confirmed_at = models.DateTimeField(null=True, editable=False)
    # The version that was shown at booking.
    policy = models.ForeignKey(
        CancellationPolicy, models.PROTECT, null=True, editable=False, related_name="+"
    )
    cancelled_as = models.CharField("cancelled", max_length=20, choices=Side, blank=True, editable=False)
    cancelled_at = models.DateTimeField(null=True, editable=False)
    cancelled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, editable=False, related_name="+"
    )

    times_moved: int
    """How often its booking was moved before: where ``with_times_moved`` was asked."""

    objects = AppointmentQuerySet.as_manager()

    class Meta:
        ordering = ["-starts_at", "-pk"]
        permissions = [
            ("view_every_appointment", "Can view every appointment"),
            ("cancel_appointment", "Can cancel an appointment"),
            ("conduct_appointment", "Can conduct a consultation"),
            ("book_follow_up", "Can book a patient's next visit"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["slot"],
                condition=Q(status__in=LIVE),
                name="%(app_label)s_%(class)s_has_its_slot_alone",
                violation_error_message="This time has just been taken.",
            ),
            ExclusionConstraint(
                name="%(app_label)s_%(class)s_patient_is_in_one_place",
                expressions=[
                    ("patient", RangeOperators.EQUAL),
                    (Instants("starts_at", "ends_at"), RangeOperators.OVERLAPS),
                ],
                condition=Q(status__in=LIVE),
                violation_error_message="The patient already has an appointment at this time.",
            ),
            *(
                models.UniqueConstraint(
                    fields=[whole],
                    condition=~Q(status="moved"),
                    name=f"%(app_label)s_%(class)s_has_its_{whole}_alone",
                )
                for whole in ("order", "room")
            ),
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at")), name="%(app_label)s_%(class)s_ends_after_it_starts"
            ),
            models.CheckConstraint(
                condition=Q(status="cancelled", cancelled_as__in=["patient", "practitioner", "practice"])
                | (~Q(status="cancelled") & Q(cancelled_as="", cancelled_at__isnull=True)),
                name="%(app_label)s_%(class)s_cancelled_as",
            ),
            models.CheckConstraint(
                condition=Q(status="cancelled")
                | Q(status__in=["held", "expired"], confirmed_at__isnull=True)
                | Q(status__in=[*BOOKED, "moved"], confirmed_at__isnull=False),
                name="%(app_label)s_%(class)s_confirmed_at",
            ),
            models.CheckConstraint(
                condition=Q(confirmed_at__isnull=True) | Q(confirmed_at__lt=F("ends_at")),
                name="%(app_label)s_%(class)s_confirmed_before_its_end",
            ),
            both_or_neither("cancelled_at", "cancelled_by"),
        ]
        indexes = [
            models.Index(fields=["status", "held_until"], name="clinic_appointment_due"),
            models.Index(fields=["starts_at"], name="clinic_appointment_day"),
        ]

    def __str__(self) -> str:
        return f"The appointment of {self.patient}"
