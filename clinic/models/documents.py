"""Papers: what was rendered once and is kept as it was."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import Q

from clinic.models.letters import ClinicalLetter
from clinic.models.patients import Patient
from clinic.models.prescriptions import Prescription
from config.base import Fact, ScopedQuerySet

if TYPE_CHECKING:
    from clinic.models.people import User


class DocumentQuerySet(ScopedQuerySet):
    def visible_to(self, user: User) -> Self:
        to_sign = Q(kind=Document.Kind.PRINT_AND_SIGN)
        # Nobody but the prescriber may print a script (NSW Health, legal form of prescriptions), auditors
        # neither, and nobody what is void: what stands on it is kept in the prescription, to be read there.
        own = Q(prescription__practitioner__user=user, prescription__status=Prescription.Status.ISSUED)
        if user.has_perm("clinic.view_every_clinical_record"):
            return self.exclude(to_sign)
        if user.has_perm("clinic.view_clinical_record") or user.has_perm("clinic.break_glass"):
            return self.filter(patient__in=Patient.objects.readable_by(user)).exclude(to_sign & ~own)
        return self.filter(patient__user=user).exclude(to_sign)


class Document(Fact):
    """A PDF, rendered once and kept; its hash shows that the stored file is still the same."""

    PATIENT = "patient_id"

    class Kind(models.TextChoices):
        PRINT_AND_SIGN = "print_and_sign", "Prescription to print and sign"
        PATIENT_COPY = "patient_copy", "Patient copy – not a prescription"
        GP_LETTER = "gp_letter", "Letter to the GP"
        CERTIFICATE = "certificate", "Medical certificate"
        SUMMARY = "summary", "Consultation summary"

    patient = models.ForeignKey(Patient, models.PROTECT, related_name="documents")
    prescription = models.ForeignKey(Prescription, models.PROTECT, null=True, related_name="documents")
    letter = models.ForeignKey(ClinicalLetter, models.PROTECT, null=True, related_name="documents")
    kind = models.CharField(max_length=20, choices=Kind)
    file = models.FileField(upload_to="documents/%Y/%m/")
    sha256 = models.CharField("fingerprint", max_length=64)
    # Stands in the code that is printed on the paper; whoever holds the paper can ask whether it is genuine.
    secret = models.CharField(max_length=40, blank=True, editable=False)

    objects = DocumentQuerySet.as_manager()

    class Meta:
        ordering = ["-recorded_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["prescription", "kind"], name="%(app_label)s_%(class)s_rendered_once"
            ),
            models.UniqueConstraint(fields=["letter"], name="%(app_label)s_%(class)s_letter_rendered_once"),
            models.CheckConstraint(
                condition=Q(prescription__isnull=False, letter__isnull=True)
                | Q(prescription__isnull=True, letter__isnull=False),
                name="%(app_label)s_%(class)s_of_one_thing",
            ),
            models.UniqueConstraint(
                fields=["secret"], condition=~Q(secret=""), name="%(app_label)s_%(class)s_secret_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}, {self.patient}"
