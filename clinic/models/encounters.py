"""What happened between a doctor and a patient, and what the doctor wrote about it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.db import models
from django.db.models import F, Q

from clinic.models.appointments import Appointment
from clinic.models.availability import Instants
from clinic.models.patients import Patient, State
from clinic.models.practitioners import Practitioner
from config.base import Record, ScopedQuerySet, Stateful
from messaging.models import Call

if TYPE_CHECKING:
    from clinic.models.people import User


CLINICAL = frozenset(
    f"clinic.{name}"
    for name in (
        "addendum",
        "adverseevent",
        "alert",
        "allergy",
        "answer",
        "appointment",  # patients say why they cancel
        "approval",
        "clinicalletter",
        "condition",
        "confirmation",
        "consent",
        "document",
        "encounter",
        "identitycheck",
        "intake",
        "monitoringcheck",
        "noneknown",
        "note",
        "othermedicine",
        "override",
        "prescription",
        "prescriptionline",
        "screening",
        "segment",
    )
)
"""Types of record whose reasons may tell of somebody's health."""


class ClinicalQuerySet(ScopedQuerySet):
    """Rows of the clinical record: for the doctors who care for the patient, for who opened it for a reason
    (``clinic.breaking``), and for auditors."""

    OF_PATIENT = "patient"

    def visible_to(self, user: User) -> Self:
        if user.has_perm("clinic.view_every_clinical_record"):
            return self
        return self.filter(**{f"{self.OF_PATIENT}__in": Patient.objects.readable_by(user)})


class EncounterQuerySet(ClinicalQuerySet):
    def visible_to(self, user: User) -> Self:
        return super().visible_to(user)


class Encounter(Stateful):
    """One consultation, as it took place."""

    PATIENT = "patient_id"

    class Status(models.TextChoices):
        OPEN = "open"
        CLOSED = "closed"

    MOVES = {Status.OPEN: frozenset({Status.CLOSED}), Status.CLOSED: frozenset()}

    appointment = models.OneToOneField(Appointment, models.PROTECT, related_name="encounter")
    patient = models.ForeignKey(Patient, models.PROTECT, related_name="encounters")
    practitioner = models.ForeignKey(Practitioner, models.PROTECT, related_name="encounters")
    status = models.CharField(max_length=20, choices=Status, default=Status.OPEN, editable=False)
    location_state = models.CharField("where the patient is now", max_length=3, choices=State, blank=True)
    closed_at = models.DateTimeField(null=True, editable=False)

    objects = EncounterQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-pk"]
        verbose_name = "consultation"
        permissions = [
            ("view_clinical_record", "Can view the clinical record of patients in their care"),
            ("view_every_clinical_record", "Can view every clinical record"),
        ]

    def __str__(self) -> str:
        return f"Consultation of {self.patient} with {self.practitioner}"


class SegmentQuerySet(ClinicalQuerySet):
    OF_PATIENT = "encounter__patient"

    def visible_to(self, user: User) -> Self:
        return super().visible_to(user)


class Segment(Record):
    """A stretch of a consultation in one modality; only a real-time voice or face supports a script.

    With a ``call`` it stands on the word of both sides' browsers, at the server's time, and the database
    asks for that (``clinic.vouching``). Without one the doctor said so alone: a telephone, a visit in person.
    """

    PATIENT = "encounter__patient_id"

    class Modality(models.TextChoices):
        VOICE = "voice", "Telephone"
        VIDEO = "video", "Video call"
        IN_PERSON = "in_person", "In person"
        CHAT = "chat"

    SYNCHRONOUS = (Modality.VOICE, Modality.VIDEO, Modality.IN_PERSON)

    encounter = models.ForeignKey(Encounter, models.PROTECT, related_name="segments")
    modality = models.CharField(max_length=20, choices=Modality)
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    call = models.ForeignKey(Call, models.PROTECT, null=True, editable=False, related_name="segments")

    objects = SegmentQuerySet.as_manager()

    class Meta:
        ordering = ["started_at", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True) | Q(ended_at__gte=F("started_at")),
                name="%(app_label)s_%(class)s_ends_after_it_starts",
            ),
            models.UniqueConstraint(
                fields=["encounter"],
                condition=Q(ended_at__isnull=True),
                name="%(app_label)s_%(class)s_one_at_a_time",
                violation_error_message="Stop the call that is running before you start another.",
            ),
            ExclusionConstraint(
                name="%(app_label)s_%(class)s_apart",
                expressions=[
                    ("encounter", RangeOperators.EQUAL),
                    (Instants("started_at", "ended_at"), RangeOperators.OVERLAPS),
                ],
                violation_error_message="At this time another call was running.",
            ),
        ]

    @property
    def how(self) -> str:
        """The modality in words; a voice in the room's call is no telephone."""
        by_call = self.call_id is not None and self.modality == self.Modality.VOICE
        return "Voice call" if by_call else self.get_modality_display()

    def __str__(self) -> str:
        return f"{self.how} from {self.started_at:%H:%M} UTC"
