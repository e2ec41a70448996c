"""Patients, as far as their care needs to know them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone

from clinic.identifiers import Wellformed, shape
from clinic.models.availability import BOOKED
from clinic.models.places import State
from config.base import Record, ScopedQuerySet, both_or_neither

if TYPE_CHECKING:
    from clinic.models.people import User


class PatientQuerySet(ScopedQuerySet):
    def visible_to(self, user: User) -> Self:
        if user.has_perm("clinic.view_every_patient"):
            return self
        return self.filter(Q(user=user) | Q(pk__in=Patient.objects.readable_by(user)))

    def readable_by(self, user: User) -> Self:
        """Those whose clinical record ``user`` reads now: in their care, or opened for a reason that holds.

        To be read only: whoever writes asks ``in_care_of``.
        """
        found = []
        if user.has_perm("clinic.view_clinical_record"):
            found.append(Patient.objects.in_care_of(user).values("pk"))
        if user.has_perm("clinic.break_glass"):
            found.append(Patient.objects.opened_by(user).values("pk"))
        if not found:
            return self.none()
        # A union, so that the database starts from the few there are and not from everybody.
        return self.filter(pk__in=found[0].union(*found[1:]) if len(found) > 1 else found[0])

    def opened_by(self, user: User) -> Self:
        """Those whose record ``user`` opened outside their care (``clinic.breaking``), while that holds."""
        return self.filter(
            access_reasons__recorded_by=user,
            access_reasons__ends_at__gt=timezone.now(),
            access_reasons__end=None,
        )

    def in_care_of(self, user: User) -> Self:
        """Those who have, or had, an appointment with the doctor ``user``."""
        return self.filter(
            appointments__slot__practitioner__user=user, appointments__status__in=BOOKED
        ).distinct()


class Patient(Record):
    """A person in our care: who they are, and how to reach them."""

    PATIENT = "id"

    class Sex(models.TextChoices):
        FEMALE = "female"
        MALE = "male"
        ANOTHER = "another", "Another term"
        UNSTATED = "unstated", "Not stated"

    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.PROTECT, related_name="patient")
    date_of_birth = models.DateField(null=True, blank=True)
    sex = models.CharField(max_length=20, choices=Sex, default=Sex.UNSTATED)
    phone = models.CharField(max_length=20, blank=True)
    street = models.CharField(max_length=150, blank=True)
    suburb = models.CharField(max_length=80, blank=True)
    state = models.CharField(max_length=3, choices=State, blank=True)
    postcode = models.CharField(
        max_length=4, blank=True, validators=[RegexValidator(r"^\d{4}$", "A postcode has four digits.")]
    )
    medicare_number = models.CharField(
        "Medicare number", max_length=10, blank=True, validators=[Wellformed("medicare")]
    )
    medicare_irn = models.CharField(
        "Medicare reference number (IRN)", max_length=1, blank=True, validators=[Wellformed("irn")]
    )
    medicare_until_on = models.DateField("Medicare card valid until", null=True, blank=True)
    ihi = models.CharField("IHI", max_length=16, blank=True, validators=[Wellformed("ihi")])
    emergency_name = models.CharField("emergency contact", max_length=100, blank=True)
    emergency_phone = models.CharField("emergency contact's phone", max_length=20, blank=True)
    gp_name = models.CharField("usual GP", max_length=150, blank=True)
    gp_practice = models.CharField("their practice", max_length=150, blank=True)
    gp_address = models.CharField("their address", max_length=200, blank=True)
    gp_phone = models.CharField("their telephone", max_length=20, blank=True)
    # What was sighted, never a copy of it: an identity document is not ours to keep.
    identity_document = models.CharField(max_length=100, blank=True, editable=False)
    identified_at = models.DateTimeField(null=True, editable=False)
    identified_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, editable=False, related_name="+"
    )

    objects = PatientQuerySet.as_manager()

    class Meta:
        ordering = ["user__family_name", "user__given_name", "pk"]
        permissions = [
            ("view_every_patient", "Can view every patient"),
            ("view_patient_identifiers", "Can view a patient's Medicare number and IHI"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(postcode="") | Q(postcode__regex=r"^\d{4}$"),
                name="%(app_label)s_%(class)s_postcode",
                violation_error_message="A postcode has four digits.",
            ),
            both_or_neither("identified_at", "identified_by"),
            shape("medicare_number", "medicare"),
            shape("medicare_irn", "irn"),
            shape("ihi", "ihi"),
        ]

    def __str__(self) -> str:
        return str(self.user)

    @property
    def address(self) -> str:
        return f"{self.street}, {self.suburb} {self.state} {self.postcode}".strip(" ,")
