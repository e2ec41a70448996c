"""Reminders of appointments that were owed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from django.db import models

from clinic.models.appointments import Appointment
from config.base import Fact, ScopedQuerySet
from messaging.models import Letter

if TYPE_CHECKING:
    from clinic.models.people import User


class ReminderQuerySet(ScopedQuerySet):
    def visible_to(self, user: User) -> Self:
        return self.filter(appointment__in=Appointment.objects.visible_to(user))


class Reminder(Fact):
    """One letter that reminds a patient of one appointment, so many hours before it: never a second one."""

    PATIENT = "appointment__patient_id"

    appointment = models.ForeignKey(Appointment, models.PROTECT, related_name="reminders")
    hours_before = models.PositiveSmallIntegerField()
    letter = models.OneToOneField(Letter, models.PROTECT, related_name="+")

    objects = ReminderQuerySet.as_manager()

    class Meta:
        ordering = ["-recorded_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["appointment", "hours_before"],
                name="%(app_label)s_%(class)s_once",
                violation_error_message="The patient was reminded already.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.appointment}, {self.hours_before} h before"
