"""What was asked before a script for a state to know, and which checks were overridden."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import Q

from clinic.models.encounters import ClinicalQuerySet, Encounter
from clinic.models.patients import Patient
from clinic.models.practitioners import Practitioner
from clinic.models.prescriptions import Prescription
from config.base import Fact

if TYPE_CHECKING:
    from clinic.models.people import User


class ScreeningQuerySet(ClinicalQuerySet):
    def visible_to(self, user: User) -> Self:
        return super().visible_to(user)


class Screening(Fact):
    """What a doctor asked before Schedule 8, and what the answers were. A later one takes its place.

    Illnesses and medicines that speak against THC stand among the conditions and other medicines.
    """

    PATIENT = "patient_id"

    patient = models.ForeignKey(Patient, models.PROTECT, related_name="screenings")
    practitioner = models.ForeignKey(Practitioner, models.PROTECT, related_name="screenings")
    encounter = models.ForeignKey(Encounter, models.PROTECT, related_name="screenings")
    depends_on_drugs = models.BooleanField(
        help_text="Or is treated for it. The state then asks for an authority of its own."
    )
    is_relative = models.BooleanField("is a relative or close friend of the doctor")

    objects = ScreeningQuerySet.as_manager()

    class Meta:
        ordering = ["-recorded_at", "-pk"]

    def __str__(self) -> str:
        told = [
            *(["depends on drugs"] if self.depends_on_drugs else []),
            *(["relative or close friend"] if self.is_relative else []),
        ]
        return ", ".join(told).capitalize() or "Neither dependent on drugs nor close to the doctor"


class OverrideQuerySet(ClinicalQuerySet):
    OF_PATIENT = "prescription__patient"

    def visible_to(self, user: User) -> Self:
        return super().visible_to(user)


class Override(Fact):
    """One check that did not hold when a script was issued, and why the doctor went on."""

    PATIENT = "prescription__patient_id"

    class Severity(models.TextChoices):
        OVERRIDABLE = "overridable", "Overridden with a reason"
        WARN = "warn", "Thought about"

    prescription = models.ForeignKey(Prescription, models.PROTECT, related_name="overrides")
    name = models.CharField("check", max_length=60)
    severity = models.CharField(max_length=20, choices=Severity)
    sentence = models.CharField("what the check said", max_length=500)
    source = models.CharField("where the rule stands", max_length=300)
    reason = models.CharField(max_length=500)

    objects = OverrideQuerySet.as_manager()

    class Meta:
        ordering = ["-recorded_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["prescription", "name"], name="%(app_label)s_%(class)s_once_per_script"
            ),
            models.CheckConstraint(
                condition=~Q(reason="") & ~Q(name=""), name="%(app_label)s_%(class)s_says_why"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.prescription}: {self.sentence}"
