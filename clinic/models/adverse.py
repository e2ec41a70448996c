"""Adverse events: what a medicine did that it should not, and whether the regulator knows."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from clinic.models.encounters import ClinicalQuerySet
from clinic.models.patients import Patient
from clinic.models.prescriptions import Prescription
from config.base import Stateful, both_or_neither

if TYPE_CHECKING:
    from clinic.models.people import User


class AdverseEventQuerySet(ClinicalQuerySet):
    def visible_to(self, user: User) -> Self:
        return super().visible_to(user)

    def waiting(self) -> Self:
        """Serious ones of which the TGA does not know yet, the first to be due first."""
        return self.filter(status=AdverseEvent.Status.OPEN, is_serious=True).order_by("known_on", "pk")


class AdverseEvent(Stateful):
    """Something bad that happened to a patient on a medicine; serious ones go to the TGA within 15 days."""

    PATIENT = "patient_id"

    class Status(models.TextChoices):
        OPEN = "open"
        REPORTED = "reported", "Reported to the TGA"
        DISMISSED = "dismissed", "Not to be reported"

    MOVES = {
        Status.OPEN: frozenset({Status.REPORTED, Status.DISMISSED}),
        Status.REPORTED: frozenset(),
        Status.DISMISSED: frozenset(),
    }
    CLOSED = (Status.REPORTED, ())
    DAYS = 15
    """Within which a serious event goes to the TGA and the sponsor, from the day we knew."""

    class Outcome(models.TextChoices):
        RECOVERED = "recovered"
        RECOVERING = "recovering"
        NOT_RECOVERED = "not_recovered", "Not recovered"
        LASTING = "lasting", "Lasting harm"
        FATAL = "fatal"
        UNKNOWN = "unknown", "Not known"

    patient = models.ForeignKey(Patient, models.PROTECT, related_name="adverse_events")
    prescription = models.ForeignKey(
        Prescription, models.PROTECT, null=True, blank=True, related_name="adverse_events"
    )
    medicine = models.CharField(max_length=200, help_text="Name, strength and batch, as far as known.")
    description = models.TextField("what happened")
    happened_on = models.DateField()
    known_on = models.DateField("we know since")
    is_serious = models.BooleanField(
        "serious",
        default=False,
        help_text="Death, danger to life, hospital, lasting harm, a birth defect or anything as grave.",
    )
    outcome = models.CharField(max_length=20, choices=Outcome, default=Outcome.UNKNOWN)
    status = models.CharField(max_length=20, choices=Status, default=Status.OPEN, editable=False)
    tga_reference = models.CharField("reference of the TGA", max_length=60, blank=True, editable=False)
    sponsor_told_on = models.DateField("sponsor told on", null=True, editable=False)
    reported_at = models.DateTimeField("reported", null=True, editable=False)
    reported_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, editable=False, related_name="+"
    )

    objects = AdverseEventQuerySet.as_manager()

    class Meta:
        ordering = ["-known_on", "-pk"]
        permissions = [("watch_adverseevent", "Can see by when serious adverse events are to be reported")]
        constraints = [
            both_or_neither("reported_at", "reported_by"),
            models.CheckConstraint(
                condition=Q(known_on__gte=F("happened_on")),
                name="%(app_label)s_%(class)s_known_after_it_happened",
                violation_error_message="Nobody knew before it happened.",
            ),
            models.CheckConstraint(
                condition=~Q(status="reported") | (Q(reported_at__isnull=False) & ~Q(tga_reference="")),
                name="%(app_label)s_%(class)s_reported_with_reference",
            ),
        ]

    def __str__(self) -> str:
        return f"Adverse event of {self.patient}, {self.happened_on:%d/%m/%Y}"

    @property
    def due_on(self) -> datetime.date | None:
        """The last day to tell the TGA of a serious event; none for others or once it is told."""
        if not self.is_serious or self.status != self.Status.OPEN:
            return None
        return self.known_on + datetime.timedelta(days=self.DAYS)
