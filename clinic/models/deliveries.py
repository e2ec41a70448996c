"""How the original of a prescription, on paper, comes to a pharmacy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q

from clinic.models.patients import Patient
from clinic.models.places import State
from clinic.models.prescriptions import Prescription
from config.base import Fact, Record, ScopedQuerySet, Stateful, both_or_neither

if TYPE_CHECKING:
    from clinic.models.people import User


class PharmacyQuerySet(ScopedQuerySet):
    def visible_to(self, user: User) -> Self:
        return self if user.has_perm("clinic.view_pharmacy") else self.none()

    def offered(self) -> Self:
        """Those to which originals are sent."""
        return self.filter(is_offered=True)


class Pharmacy(Record):
    """A pharmacy that dispenses for our patients; any of them may be a patient's choice."""

    name = models.CharField(max_length=120)
    street = models.CharField(max_length=150)
    suburb = models.CharField(max_length=80)
    state = models.CharField(max_length=3, choices=State)
    postcode = models.CharField(
        max_length=4, validators=[RegexValidator(r"^\d{4}$", "A postcode has four digits.")]
    )
    phone = models.CharField(max_length=20)
    approval_number = models.CharField("PBS approval number", max_length=10, blank=True)
    is_offered = models.BooleanField("in use", default=True, help_text="Nothing is sent to others.")

    objects = PharmacyQuerySet.as_manager()

    class Meta:
        ordering = ["name", "suburb", "pk"]
        verbose_name_plural = "pharmacies"
        constraints = [
            models.CheckConstraint(
                condition=Q(postcode__regex=r"^\d{4}$"),
                name="%(app_label)s_%(class)s_postcode",
                violation_error_message="A postcode has four digits.",
            ),
            models.UniqueConstraint(
                fields=["name", "street", "suburb"],
                name="%(app_label)s_%(class)s_once",
                violation_error_message="This pharmacy is on the list already.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name}, {self.suburb}"

    @property
    def address(self) -> str:
        return f"{self.street}, {self.suburb} {self.state} {self.postcode}"


class OriginalQuerySet(ScopedQuerySet):
    def visible_to(self, user: User) -> Self:
        """The desk posts envelopes: it sees whose and where to, and nothing of what is prescribed."""
        if user.has_perm("clinic.view_every_clinical_record") or user.has_perm("clinic.send_original"):
            return self
        if user.has_perm("clinic.view_clinical_record"):
            return self.filter(prescription__patient__in=Patient.objects.readable_by(user))
        return self.filter(prescription__patient__user=user)

    def in_force(self) -> Self:
        """Those whose prescription is not void."""
        return self.filter(prescription__status=Prescription.Status.ISSUED)

    def gone_in_vain(self) -> Self:
        """Sent, and void since, and the pharmacy has not been told."""
        return self.filter(
            status=Original.Status.SENT,
            prescription__status=Prescription.Status.CANCELLED,
            pharmacy_told_at__isnull=True,
        )


class Original(Stateful):
    """The paper that the prescriber signs in ink: only with it a pharmacy dispenses."""

    PATIENT = "prescription__patient_id"

    class Status(models.TextChoices):
        TO_SIGN = "to_sign", "To print and sign"
        TO_SEND = "to_send", "Signed, to send"
        SENT = "sent"

    MOVES = {
        Status.TO_SIGN: frozenset({Status.TO_SEND}),
        Status.TO_SEND: frozenset({Status.SENT}),
        Status.SENT: frozenset(),
    }

    class Way(models.TextChoices):
        POST = "post", "By post"
        COURIER = "courier", "By courier"
        HANDED = "handed", "Handed over"

    prescription = models.OneToOneField(Prescription, models.PROTECT, editable=False, related_name="original")
    status = models.CharField(max_length=20, choices=Status, default=Status.TO_SIGN, editable=False)
    pharmacy = models.ForeignKey(
        Pharmacy, models.PROTECT, null=True, editable=False, related_name="originals"
    )
    signed_at = models.DateTimeField("signed in ink", null=True, editable=False)
    signed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, editable=False, related_name="+"
    )
    way = models.CharField("how", max_length=20, choices=Way, blank=True, editable=False)
    tracking = models.CharField("tracking number", max_length=60, blank=True, editable=False)
    sent_at = models.DateTimeField("sent", null=True, editable=False)
    sent_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, editable=False, related_name="+"
    )
    pharmacy_told_at = models.DateTimeField("pharmacy told that it is void", null=True, editable=False)
    pharmacy_told_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, editable=False, related_name="+"
    )

    objects = OriginalQuerySet.as_manager()

    class Meta:
        ordering = ["created_at", "pk"]
        verbose_name = "original"
        verbose_name_plural = "originals to sign and send"
        permissions = [("send_original", "Can send the originals of prescriptions")]
        constraints = [
            both_or_neither("signed_at", "signed_by"),
            both_or_neither("sent_at", "sent_by"),
            both_or_neither("pharmacy_told_at", "pharmacy_told_by"),
            models.CheckConstraint(
                condition=Q(status="to_sign", signed_at__isnull=True)
                | Q(status__in=["to_send", "sent"], signed_at__isnull=False),
                name="%(app_label)s_%(class)s_signed_before_it_goes",
            ),
            models.CheckConstraint(
                condition=Q(status="sent", sent_at__isnull=False, pharmacy__isnull=False) & ~Q(way="")
                | (~Q(status="sent") & Q(sent_at__isnull=True, way="")),
                name="%(app_label)s_%(class)s_sent_somewhere",
            ),
        ]

    def __str__(self) -> str:
        return f"Original of prescription {self.prescription.number}"


class DispenseNoteQuerySet(ScopedQuerySet):
    def visible_to(self, user: User) -> Self:
        return self.filter(original__in=Original.objects.visible_to(user))


class DispenseNote(Fact):
    """What a pharmacy told us about a prescription, by telephone say."""

    PATIENT = "original__prescription__patient_id"

    original = models.ForeignKey(Original, models.PROTECT, related_name="notes")
    pharmacy = models.ForeignKey(Pharmacy, models.PROTECT, related_name="+")
    caller = models.CharField("who rang", max_length=80)
    text = models.CharField("what they said", max_length=300)
    dispensed_on = models.DateField(null=True, blank=True)

    objects = DispenseNoteQuerySet.as_manager()

    class Meta:
        ordering = ["-recorded_at", "-pk"]

    def __str__(self) -> str:
        return f"{self.pharmacy}: {self.text}"
