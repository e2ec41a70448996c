"""Doctors as the register knows them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q

from clinic.identifiers import Wellformed, shape
from clinic.models.people import known_zone
from clinic.models.places import State
from config.base import Record, ScopedQuerySet, both_or_neither

if TYPE_CHECKING:
    from clinic.models.people import User


class PractitionerQuerySet(ScopedQuerySet):
    def visible_to(self, user: User) -> Self:
        if user.has_perm("clinic.view_every_practitioner"):
            return self
        return self.filter(user=user)

    def seeing_patients(self) -> Self:
        """Those whom patients can book."""
        return self.filter(accepts_patients=True, user__is_active=True)


class Practitioner(Record):
    """A doctor's registration; a second manager verifies it before they may prescribe."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.PROTECT, related_name="practitioner")
    title = models.CharField(max_length=20, default="Dr", blank=True)
    qualifications = models.CharField(max_length=150, blank=True)
    speciality = models.CharField(max_length=100, default="General practice", blank=True)
    about = models.TextField("about, for patients", blank=True)
    ahpra_number = models.CharField("Ahpra number", max_length=13, validators=[Wellformed("ahpra")])
    prescriber_number = models.CharField(max_length=7, blank=True, validators=[Wellformed("prescriber")])
    provider_number = models.CharField(max_length=8, blank=True, validators=[Wellformed("provider")])
    provider_postcode = models.CharField(
        "postcode of its place",
        max_length=4,
        blank=True,
        validators=[RegexValidator(r"^\d{4}$", "A postcode has four digits.")],
        help_text="A provider number is for one place: as Medicare's letter says.",
    )
    hpii = models.CharField("HPI-I", max_length=16, blank=True, validators=[Wellformed("hpii")])
    time_zone = models.CharField(max_length=50, default="Australia/Sydney", validators=[known_zone])
    state = models.CharField(
        "works in",
        max_length=3,
        choices=State,
        blank=True,
        help_text="The public holidays of this state close the weekly hours. Where a state takes scripts only"
        " from prescribers who are there, the doctor confirms it in each consultation.",
    )
    accepts_patients = models.BooleanField(default=True)
    verified_at = models.DateTimeField(null=True, editable=False)
    verified_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, editable=False, related_name="+"
    )

    objects = PractitionerQuerySet.as_manager()

    class Meta:
        ordering = ["user__family_name", "user__given_name", "pk"]
        permissions = [
            ("view_every_practitioner", "Can view every practitioner"),
            ("verify_practitioner", "Can verify a practitioner's registration"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["ahpra_number"],
                name="%(app_label)s_%(class)s_ahpra_once",
                violation_error_message="This Ahpra number already belongs to a practitioner here.",
            ),
            both_or_neither("verified_at", "verified_by"),
            models.CheckConstraint(
                condition=Q(provider_postcode="") | Q(provider_postcode__regex=r"^\d{4}$"),
                name="%(app_label)s_%(class)s_provider_postcode",
                violation_error_message="A postcode has four digits.",
            ),
            shape("ahpra_number", "ahpra"),
            shape("prescriber_number", "prescriber"),
            shape("provider_number", "provider"),
            shape("hpii", "hpii"),
        ]

    def __str__(self) -> str:
        return f"{self.title} {self.user.get_full_name()}".strip()
