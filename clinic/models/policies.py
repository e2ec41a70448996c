"""What is kept of the fee when an appointment does not take place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self, cast

from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import Q

from config.base import Fact, ScopedQuerySet

if TYPE_CHECKING:
    import datetime

    from clinic.models.people import User

MOST_KEPT = 50
"""Per cent of the fee that may be kept of a late cancellation: the loss it causes, no punishment."""


class CancellationPolicyQuerySet(ScopedQuerySet):
    def visible_to(self, user: User) -> Self:
        return self  # told to everybody before booking

    def in_force(self, day: datetime.date) -> Self:
        """Those that count on ``day``, or did until a later one: the first of them is the one that holds."""
        return self.filter(effective_from__lte=day).order_by("-effective_from", "-recorded_at", "-pk")

    def on(self, day: datetime.date) -> CancellationPolicy | None:
        """The one in force on ``day``; of two from the same day, the one written last."""
        return cast("CancellationPolicy | None", self.in_force(day).first())


class CancellationPolicy(Fact):
    """One version of what a cancellation costs. Written once: a booking points to its version."""

    effective_from = models.DateField("from", help_text="For bookings made from that day on.")
    free_hours = models.PositiveSmallIntegerField(
        "hours before the start until which cancelling costs nothing", default=24
    )
    keep_percent = models.PositiveSmallIntegerField(
        "per cent of the fee kept of a later cancellation",
        default=50,
        validators=[MaxValueValidator(MOST_KEPT)],
    )
    missed_percent = models.PositiveSmallIntegerField(
        "per cent of the fee kept when the patient does not come",
        default=100,
        validators=[MaxValueValidator(100)],
    )

    objects = CancellationPolicyQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "cancellation policies"
        ordering = ["-effective_from", "-recorded_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(keep_percent__lte=MOST_KEPT),
                name="%(app_label)s_%(class)s_keeps_half_at_most",
                violation_error_message=f"At most {MOST_KEPT} per cent may be kept of a late cancellation.",
            ),
            models.CheckConstraint(
                condition=Q(missed_percent__lte=100), name="%(app_label)s_%(class)s_keeps_the_fee_at_most"
            ),
        ]

    def __str__(self) -> str:
        return f"Free until {self.free_hours} hours before, then {self.keep_percent} % kept"

    @property
    def version(self) -> str:
        return f"{self.effective_from:%Y-%m-%d}"
