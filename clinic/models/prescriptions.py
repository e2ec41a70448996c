"""Authorities, monitoring checks, prescriptions and the papers made from them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q

from catalog.models import Product
from clinic.models.approvals import Approval
from clinic.models.encounters import ClinicalQuerySet, Encounter
from clinic.models.patients import Patient, State
from clinic.models.practitioners import Practitioner
from config.base import Fact, Record, Stateful, both_or_neither

if TYPE_CHECKING:
    from clinic.models.people import User


class MonitoringCheckQuerySet(ClinicalQuerySet):
    def visible_to(self, user: User) -> Self:
        return super().visible_to(user)


class MonitoringCheck(Fact):
    """One look of a prescriber at the state's real-time prescription monitoring (SafeScript, QScript …)."""

    PATIENT = "patient_id"

    class Result(models.TextChoices):
        NO_ALERT = "no_alert", "No alert"
        AMBER = "amber", "Amber alert"
        RED = "red", "Red alert"
        NO_MATCH = "no_match", "Patient not found"
        DOWN = "down", "System not available"

    patient = models.ForeignKey(Patient, models.PROTECT, related_name="monitoring_checks")
    practitioner = models.ForeignKey(Practitioner, models.PROTECT, related_name="monitoring_checks")
    encounter = models.ForeignKey(Encounter, models.PROTECT, related_name="monitoring_checks")
    state = models.CharField(max_length=3, choices=State)
    system = models.CharField(max_length=40)
    result = models.CharField(max_length=20, choices=Result)
    reference = models.CharField(max_length=60, blank=True)

    objects = MonitoringCheckQuerySet.as_manager()

    class Meta:
        ordering = ["-recorded_at", "-pk"]

    def __str__(self) -> str:
        return f"{self.system}: {self.get_result_display().lower()}"


class PrescriptionQuerySet(ClinicalQuerySet):
    def visible_to(self, user: User) -> Self:
        # A patient reads their own documents, never the prescriber's form (Document.visible_to).
        return super().visible_to(user)


class Prescription(Stateful):
    """A private prescription. Once issued it is never edited: cancel it and write another."""

    PATIENT = "patient_id"

    class Status(models.TextChoices):
        DRAFT = "draft"
        ISSUED = "issued"
        CANCELLED = "cancelled"

    MOVES = {
        Status.DRAFT: frozenset({Status.ISSUED, Status.CANCELLED}),
        Status.ISSUED: frozenset({Status.CANCELLED}),
        Status.CANCELLED: frozenset(),
    }
    CLOSED = (Status.ISSUED, (Status.CANCELLED,))

    encounter = models.ForeignKey(Encounter, models.PROTECT, related_name="prescriptions")
    patient = models.ForeignKey(Patient, models.PROTECT, related_name="prescriptions")
    practitioner = models.ForeignKey(Practitioner, models.PROTECT, related_name="prescriptions")
    number = models.PositiveIntegerField(null=True, unique=True, editable=False)
    status = models.CharField(max_length=20, choices=Status, default=Status.DRAFT, editable=False)
    schedule = models.CharField(max_length=2, blank=True, editable=False)
    dispense_state = models.CharField("state where it is dispensed", max_length=3, choices=State, blank=True)
    state_authority = models.CharField("number of the state's authority", max_length=60, blank=True)
    approval = models.ForeignKey(
        Approval, models.PROTECT, null=True, blank=True, related_name="prescriptions"
    )
    repeat_of = models.ForeignKey("self", models.PROTECT, null=True, editable=False, related_name="later")
    replaces = models.ForeignKey("self", models.PROTECT, null=True, editable=False, related_name="successors")
    indication = models.CharField(
        max_length=200,
        blank=True,
        help_text="What it is for, as the TGA’s authority names it.",
    )
    valid_until_on = models.DateField(null=True, editable=False)
    content = models.JSONField(default=dict, editable=False)
    content_sha256 = models.CharField("fingerprint", max_length=64, blank=True, editable=False)
    issued_at = models.DateTimeField(null=True, editable=False)
    issued_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, editable=False, related_name="+"
    )

    objects = PrescriptionQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-pk"]
        permissions = [("issue_prescription", "Can issue prescriptions")]
        constraints = [
            both_or_neither("issued_at", "issued_by"),
            models.CheckConstraint(
                condition=~Q(status="issued") | Q(approval__isnull=True) | ~Q(indication=""),
                name="%(app_label)s_%(class)s_says_what_it_is_for",
                violation_error_message="Say what the medicine is for, as the authority names it.",
            ),
            models.CheckConstraint(
                condition=Q(status="draft")
                | Q(issued_at__isnull=True, status="cancelled")
                | (Q(number__isnull=False) & ~Q(content_sha256="") & Q(issued_at__isnull=False)),
                name="%(app_label)s_%(class)s_issued_whole",
            ),
        ]

    def __str__(self) -> str:
        return f"Prescription {self.number}" if self.number else f"Draft prescription for {self.patient}"


class PrescriptionLineQuerySet(ClinicalQuerySet):
    OF_PATIENT = "prescription__patient"

    def visible_to(self, user: User) -> Self:
        return super().visible_to(user)

    def written(self) -> Self:
        """Those that were not taken off the draft again."""
        return self.filter(removed_at__isnull=True)


class PrescriptionLine(Record):
    """One medicine on a prescription; the product's facts are copied when it is issued."""

    PATIENT = "prescription__patient_id"
    PART_OF = ("prescription", Prescription.Status.DRAFT)

    prescription = models.ForeignKey(Prescription, models.PROTECT, related_name="lines")
    product = models.ForeignKey(Product, models.PROTECT, related_name="+")
    quantity = models.PositiveSmallIntegerField("quantity (packs)", validators=[MinValueValidator(1)])
    directions = models.CharField(max_length=300)
    repeats = models.PositiveSmallIntegerField(default=0)
    interval_days = models.PositiveSmallIntegerField("days between repeats", null=True, blank=True)
    removed_at = models.DateTimeField(null=True, editable=False)
    removed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, editable=False, related_name="+"
    )

    objects = PrescriptionLineQuerySet.as_manager()

    class Meta:
        ordering = ["created_at", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(quantity__gte=1),
                name="%(app_label)s_%(class)s_quantity",
                violation_error_message="Prescribe at least one pack.",
            ),
            both_or_neither("removed_at", "removed_by"),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} × {self.product}"
