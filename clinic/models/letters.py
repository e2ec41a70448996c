"""Letters that doctors write about a consultation, and the practice's texts with which they begin."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q

from clinic.models.encounters import ClinicalQuerySet, Encounter
from clinic.models.patients import Patient
from clinic.models.practitioners import Practitioner
from config.base import Record, ScopedQuerySet, Stateful, both_or_neither

if TYPE_CHECKING:
    from clinic.models.people import User

FACTS = {
    "patient": "the patient’s name",
    "date_of_birth": "date of birth",
    "address": "the patient’s address",
    "gp": "the usual GP",
    "doctor": "the doctor’s name",
    "practice": "the practice’s name",
    "today": "today’s date",
    "seen_on": "the date of the consultation",
    "presenting": "history, from the note",
    "examination": "examination, from the note",
    "assessment": "assessment, from the note",
    "plan": "plan, from the note",
    "review_on": "the date of the review",
    "medicines": "what was prescribed",
}
"""What a text may name in braces, and what stands there in the letter."""
NAMED = re.compile(r"\{([^{}]*)\}")


def names_known_facts(text: str) -> None:
    """Refuse a text that names what nobody knows."""
    unknown = sorted({name for name in NAMED.findall(text) if name not in FACTS})
    if unknown:
        raise ValidationError(f"Nothing is known as {{{unknown[0]}}}. There are: {', '.join(FACTS)}.")


class LetterKind(models.TextChoices):
    GP_LETTER = "gp_letter", "Letter to the GP"
    CERTIFICATE = "certificate", "Medical certificate"
    SUMMARY = "summary", "Consultation summary"


class LetterTextQuerySet(ScopedQuerySet):
    def visible_to(self, user: User) -> Self:
        return self if user.has_perm("clinic.view_lettertext") else self.none()

    def offered(self) -> Self:
        return self.filter(is_offered=True)


class LetterText(Record):
    """Words of the practice with which a letter begins; what was signed does not change with it."""

    kind = models.CharField(max_length=20, choices=LetterKind)
    name = models.CharField(max_length=80, unique=True)
    title = models.CharField("heading", max_length=120)
    body = models.TextField(
        "text", validators=[names_known_facts], help_text=f"In braces: {', '.join(FACTS)}."
    )
    is_offered = models.BooleanField("offered to doctors", default=True)

    objects = LetterTextQuerySet.as_manager()

    class Meta:
        ordering = ["kind", "name", "pk"]
        verbose_name = "text for letters"
        verbose_name_plural = "texts for letters"

    def __str__(self) -> str:
        return self.name


class ClinicalLetterQuerySet(ClinicalQuerySet):
    def visible_to(self, user: User) -> Self:
        return super().visible_to(user)


class ClinicalLetter(Stateful):
    """A letter about one consultation; once signed, the database refuses to change it."""

    PATIENT = "patient_id"

    class Status(models.TextChoices):
        DRAFT = "draft"
        SIGNED = "signed"
        CANCELLED = "cancelled", "Void"

    MOVES = {
        Status.DRAFT: frozenset({Status.SIGNED, Status.CANCELLED}),
        Status.SIGNED: frozenset({Status.CANCELLED}),
        Status.CANCELLED: frozenset(),
    }
    CLOSED = (Status.SIGNED, (Status.CANCELLED,))

    encounter = models.ForeignKey(Encounter, models.PROTECT, editable=False, related_name="letters")
    patient = models.ForeignKey(Patient, models.PROTECT, editable=False, related_name="letters")
    practitioner = models.ForeignKey(Practitioner, models.PROTECT, editable=False, related_name="letters")
    kind = models.CharField(max_length=20, choices=LetterKind, editable=False)
    addressee = models.TextField("to", blank=True, help_text="Name and address, a line each.")
    title = models.CharField("heading", max_length=120)
    body = models.TextField("text")
    status = models.CharField(max_length=20, choices=Status, default=Status.DRAFT, editable=False)
    content = models.JSONField(default=dict, editable=False)
    content_sha256 = models.CharField("fingerprint", max_length=64, blank=True, editable=False)
    signed_at = models.DateTimeField("signed", null=True, editable=False)
    signed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, editable=False, related_name="+"
    )

    objects = ClinicalLetterQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-pk"]
        verbose_name = "clinical letter"
        constraints = [
            both_or_neither("signed_at", "signed_by"),
            models.CheckConstraint(
                condition=~Q(status="signed") | (Q(signed_at__isnull=False) & ~Q(content_sha256="")),
                name="%(app_label)s_%(class)s_signed_whole",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} about {self.patient}"
