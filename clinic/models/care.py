"""What is known about a patient's health and care, one row a fact; ended when it no longer holds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.core.validators import MaxLengthValidator
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower

from clinic.identifiers import Wellformed, shape
from clinic.models.encounters import ClinicalQuerySet, Encounter
from clinic.models.patients import Patient, State
from config.base import Fact, Record, both_or_neither

if TYPE_CHECKING:
    from clinic.models.people import User


class CareQuerySet(ClinicalQuerySet):
    def visible_to(self, user: User) -> Self:
        return super().visible_to(user)

    def standing(self) -> Self:
        """Those that hold today."""
        return self.filter(ended_at__isnull=True)


class CareFact(Record):
    """Something known about a patient; what no longer holds, or was a mistake, is ended and stays."""

    PATIENT = "patient_id"

    patient = models.ForeignKey(Patient, models.PROTECT)
    ended_at = models.DateTimeField(null=True, editable=False)
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, editable=False, related_name="+"
    )

    objects = CareQuerySet.as_manager()

    class Meta:
        abstract = True
        ordering = ["created_at", "pk"]


def named_once(field: str, sentence: str) -> list[models.BaseConstraint]:
    """What every fact keeps: it has words, they stand once, and who ended it is known with when."""
    return [
        models.CheckConstraint(
            condition=~Q(**{field: ""}),
            name="%(app_label)s_%(class)s_has_words",
            violation_error_message="Write what it is.",
        ),
        models.UniqueConstraint(
            Lower(field),
            "patient",
            condition=Q(ended_at__isnull=True),
            name="%(app_label)s_%(class)s_stands_once",
            violation_error_message=sentence,
        ),
        both_or_neither("ended_at", "ended_by"),
    ]


class Condition(CareFact):
    """An illness or state of health, in words and, if somebody looked it up, in SNOMED CT-AU."""

    class Risk(models.TextChoices):
        """What THC asks a second thought for (AUSTRALIA.md 9.2)."""

        PSYCHOSIS = "psychosis", "Psychosis or schizophrenia"
        BIPOLAR = "bipolar", "Bipolar disorder"
        SUBSTANCE_USE = "substance_use", "Substance use disorder"
        CARDIAC = "cardiac", "Heart disease"
        PREGNANCY = "pregnancy", "Pregnant or breastfeeding"

    name = models.CharField("condition", max_length=200)
    code = models.CharField("SNOMED CT-AU", max_length=18, blank=True, validators=[Wellformed("sctid")])
    risk = models.CharField("counts as", max_length=20, choices=Risk, blank=True)
    since = models.CharField(max_length=40, blank=True)

    class Meta(CareFact.Meta):
        constraints = [*named_once("name", "This condition is on record already."), shape("code", "sctid")]

    def __str__(self) -> str:
        return self.name


class Allergy(CareFact):
    """Something a patient must not be given, or had a bad reaction to."""

    class Severity(models.TextChoices):
        MILD = "mild"
        MODERATE = "moderate"
        SEVERE = "severe", "Severe, such as anaphylaxis"

    substance = models.CharField("allergy to", max_length=200)
    reaction = models.CharField(max_length=200, blank=True)
    severity = models.CharField(max_length=20, choices=Severity, blank=True)

    class Meta(CareFact.Meta):
        verbose_name_plural = "allergies"
        constraints = named_once("substance", "This allergy is on record already.")

    def __str__(self) -> str:
        return self.substance


class OtherMedicine(CareFact):
    """A medicine that the patient takes and that was not prescribed here."""

    class Risk(models.TextChoices):
        """What cannabis medicines interact with (AUSTRALIA.md 9.2)."""

        OPIOID = "opioid", "Opioid"
        BENZODIAZEPINE = "benzodiazepine", "Benzodiazepine or sleeping tablet"
        CYP = "cyp", "Acts on CYP2C9 or CYP3A4, such as warfarin or clobazam"

    name = models.CharField("medicine", max_length=200)
    dose = models.CharField(max_length=200, blank=True)
    risk = models.CharField("counts as", max_length=20, choices=Risk, blank=True)

    class Meta(CareFact.Meta):
        constraints = named_once("name", "This medicine is on record already.")

    def __str__(self) -> str:
        return self.name


class Alert(CareFact):
    """What whoever opens the record should see first: an interpreter is needed, say."""

    text = models.CharField("alert", max_length=300)

    class Meta(CareFact.Meta):
        constraints = named_once("text", "This alert stands already.")

    def __str__(self) -> str:
        return self.text


class NoneKnown(Fact):
    """Somebody asked and was told that there is nothing of this ``kind``.

    It holds until something of the kind is written down after it.
    """

    PATIENT = "patient_id"

    class Kind(models.TextChoices):
        ALLERGIES = "allergies"
        CONDITIONS = "conditions"
        MEDICINES = "medicines", "Other medicines"

    patient = models.ForeignKey(Patient, models.PROTECT, related_name="+")
    kind = models.CharField(max_length=20, choices=Kind)

    objects = CareQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "none known"
        ordering = ["-recorded_at", "-pk"]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: none known"


class IdentityCheck(Fact):
    """An identity document that was sighted: which, never a copy of it nor its whole number."""

    PATIENT = "patient_id"

    patient = models.ForeignKey(Patient, models.PROTECT, related_name="identity_checks")
    encounter = models.ForeignKey(
        Encounter, models.PROTECT, null=True, blank=True, related_name="identity_checks"
    )
    document = models.CharField(max_length=100)
    issuer = models.CharField("issued by", max_length=40, blank=True)
    ending = models.CharField(
        "last three characters", max_length=3, blank=True, validators=[MaxLengthValidator(3)]
    )
    expires_on = models.DateField("valid until", null=True, blank=True)

    objects = CareQuerySet.as_manager()

    class Meta:
        ordering = ["-recorded_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(document=""),
                name="%(app_label)s_%(class)s_names_a_document",
                violation_error_message="Name the document that you have seen.",
            )
        ]

    def __str__(self) -> str:
        parts = [self.document, self.issuer, f"ending {self.ending}" if self.ending else ""]
        return ", ".join(part for part in parts if part)


class ConfirmationQuerySet(ClinicalQuerySet):
    OF_PATIENT = "encounter__patient"

    def visible_to(self, user: User) -> Self:
        return super().visible_to(user)


class Confirmation(Fact):
    """What was confirmed in one consultation, as it was then: by the patient, or by the prescriber."""

    PATIENT = "encounter__patient_id"

    class Kind(models.TextChoices):
        IDENTITY = "identity", "Name, date of birth and address"
        AGE = "age"
        LOCATION = "location", "Where they are now"
        EMERGENCY = "emergency", "Emergency contact"
        PRESENT = "present", "Who else is there"
        PRACTISING = "practising", "Where the prescriber is and practises"

    encounter = models.ForeignKey(Encounter, models.PROTECT, related_name="confirmations")
    kind = models.CharField(max_length=20, choices=Kind)
    words = models.CharField("what was confirmed", max_length=300)
    state = models.CharField(max_length=3, choices=State, blank=True)

    objects = ConfirmationQuerySet.as_manager()

    class Meta:
        ordering = ["-recorded_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(kind="practising") | (~Q(state="") & Q(recorded_by__isnull=False)),
                name="%(app_label)s_%(class)s_tells_who_practises_where",
                violation_error_message="A prescriber says in which state they are and practise.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.words}"
