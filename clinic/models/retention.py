"""How long records are kept: what must not go, what may go, and what went."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.utils import timezone

from clinic.models.patients import Patient
from config.base import Record, ScopedQuerySet, Stateful, both_or_neither

if TYPE_CHECKING:
    from clinic.models.people import User


class LegalHoldQuerySet(ScopedQuerySet):
    def visible_to(self, user: User) -> Self:
        return self if user.has_perm("clinic.view_legalhold") else self.none()

    def live(self) -> Self:
        return self.filter(lifted_at=None)


class LegalHold(Record):
    """A record that must be kept whatever its date: a court, a complaint, an insurer asks for it."""

    PATIENT = "patient_id"

    patient = models.ForeignKey(Patient, models.PROTECT, related_name="legal_holds")
    reason = models.CharField(max_length=300, help_text="Who asks for it and why; nothing of the illness.")
    placed_at = models.DateTimeField("placed", default=timezone.now, editable=False)
    placed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, editable=False, related_name="+")
    lifted_at = models.DateTimeField("lifted", null=True, editable=False)
    lifted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, editable=False, related_name="+"
    )
    lifted_why = models.CharField("why it was lifted", max_length=300, blank=True, editable=False)

    objects = LegalHoldQuerySet.as_manager()

    class Meta:
        ordering = ["-placed_at", "-pk"]
        constraints = [
            both_or_neither("placed_at", "placed_by"),
            both_or_neither("lifted_at", "lifted_by"),
            models.CheckConstraint(
                condition=Q(lifted_at=None) | ~Q(lifted_why=""),
                name="%(app_label)s_%(class)s_lifted_with_reason",
                violation_error_message="Write why it is lifted.",
            ),
        ]

    def __str__(self) -> str:
        return f"Legal hold on the record of {self.patient}"


class DestructionQuerySet(ScopedQuerySet):
    def visible_to(self, user: User) -> Self:
        return self if user.has_perm("clinic.view_destruction") else self.none()

    def on_worksheet(self) -> Self:
        """What may be destroyed now: approved, and no hold on it, not even one of a moment ago."""
        held = LegalHold.objects.live().filter(patient=OuterRef("patient_key"))
        return self.filter(~Exists(held), status=Destruction.Status.APPROVED).order_by("approved_at", "pk")


class Destruction(Stateful):
    """One line of the destruction register: whose record, which period it covered, and when it went.

    It names the patient without pointing to them: it outlives their record.
    """

    PATIENT = "patient_key"

    class Status(models.TextChoices):
        PROPOSED = "proposed"
        APPROVED = "approved", "Approved, to be destroyed"
        DESTROYED = "destroyed"
        DROPPED = "dropped", "Kept after all"

    MOVES = {
        Status.PROPOSED: frozenset({Status.APPROVED, Status.DROPPED}),
        Status.APPROVED: frozenset({Status.DESTROYED, Status.DROPPED}),
        Status.DESTROYED: frozenset(),
        Status.DROPPED: frozenset(),
    }
    CLOSED = (Status.DESTROYED, ())
    LIVE = (Status.PROPOSED, Status.APPROVED)

    patient_key = models.UUIDField("key of the patient", editable=False)
    name = models.CharField(max_length=200, editable=False)
    born_on = models.DateField("born", editable=False)
    first_on = models.DateField("first entry", editable=False)
    last_on = models.DateField("last entry", editable=False)
    kept_until_on = models.DateField("was to be kept until", editable=False)
    status = models.CharField(max_length=20, choices=Status, default=Status.PROPOSED, editable=False)
    proposed_at = models.DateTimeField("proposed", default=timezone.now, editable=False)
    proposed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, editable=False, related_name="+"
    )
    approved_at = models.DateTimeField("approved", null=True, editable=False)
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, editable=False, related_name="+"
    )
    destroyed_on = models.DateField("destroyed", null=True, editable=False)

    objects = DestructionQuerySet.as_manager()

    class Meta:
        ordering = ["-proposed_at", "-pk"]
        verbose_name = "line of the destruction register"
        verbose_name_plural = "destruction register"
        permissions = [("approve_destruction", "Can approve that a record is destroyed")]
        constraints = [
            both_or_neither("proposed_at", "proposed_by"),
            both_or_neither("approved_at", "approved_by"),
            models.CheckConstraint(
                condition=Q(approved_by=None) | ~Q(approved_by=F("proposed_by")),
                name="%(app_label)s_%(class)s_by_a_second_person",
                violation_error_message="Somebody else approves what you proposed.",
            ),
            models.CheckConstraint(
                condition=Q(status__in=["proposed", "dropped"]) | Q(approved_by__isnull=False),
                name="%(app_label)s_%(class)s_approved_first",
            ),
            models.CheckConstraint(
                condition=~Q(status="destroyed") | Q(destroyed_on__isnull=False),
                name="%(app_label)s_%(class)s_destroyed_on_a_day",
                violation_error_message="Write on which day it was destroyed.",
            ),
            models.UniqueConstraint(
                fields=["patient_key"],
                condition=Q(status__in=["proposed", "approved"]),
                name="%(app_label)s_%(class)s_once",
                violation_error_message="This record is on the register already.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name}, {self.first_on:%d/%m/%Y} to {self.last_on:%d/%m/%Y}"
