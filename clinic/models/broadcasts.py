"""Notices of the practice to many patients, and the words that never stand in what the public reads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from clinic.models.patients import Patient
from clinic.models.places import State
from clinic.models.practitioners import Practitioner
from config.base import Fact, Record, ScopedQuerySet, Stateful, both_or_neither
from messaging.models import Letter

if TYPE_CHECKING:
    from clinic.models.people import User


class AdvertisingTermQuerySet(ScopedQuerySet):
    def visible_to(self, user: User) -> Self:
        return self if user.has_perm("clinic.view_advertisingterm") else self.none()


class AdvertisingTerm(Record):
    """Words kept out of what the public reads: no medicine is advertised (TG Act s 42DLB; AUSTRALIA.md 2.5).

    The names in the catalogue are kept out without standing here. One that is an everyday word stands here
    as not kept out, and may be written.
    """

    words = models.CharField(
        max_length=80, unique=True, error_messages={"unique": "These words are on the list already."}
    )
    is_used = models.BooleanField(
        "kept out",
        default=True,
        help_text="Turn it off for an everyday word that happens to be a name in the catalogue.",
    )

    objects = AdvertisingTermQuerySet.as_manager()

    class Meta:
        verbose_name = "words kept out of public texts"
        verbose_name_plural = "words kept out of public texts"
        ordering = ["words"]
        constraints = [
            models.CheckConstraint(
                condition=Q(words__iregex=r"[[:alpha:]]{3}"),
                name="%(app_label)s_%(class)s_says_something",
                violation_error_message="Write at least one word of three letters.",
            )
        ]

    def __str__(self) -> str:
        return self.words


class BroadcastQuerySet(ScopedQuerySet):
    def visible_to(self, user: User) -> Self:
        return self if user.has_perm("clinic.view_broadcast") else self.none()


class Broadcast(Stateful):
    """One notice to a filtered set of patients; a second person approves it, then nothing of it changes."""

    class Status(models.TextChoices):
        DRAFT = "draft"
        APPROVED = "approved"
        SENDING = "sending"
        SENT = "sent"
        STOPPED = "stopped"

    MOVES = {
        Status.DRAFT: frozenset({Status.APPROVED, Status.STOPPED}),
        Status.APPROVED: frozenset({Status.SENDING, Status.STOPPED}),
        Status.SENDING: frozenset({Status.SENT, Status.STOPPED}),
        Status.SENT: frozenset(),
        Status.STOPPED: frozenset(),
    }

    subject = models.CharField(max_length=120)
    text = models.TextField(
        max_length=5000,
        help_text="Below “Hello” and the patient’s name. News of the practice only: nothing about anybody’s"
        " health, and no medicine.",
    )
    state = models.CharField("patients in", max_length=3, choices=State, blank=True)
    practitioner = models.ForeignKey(
        Practitioner,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="with an appointment to come with",
    )
    visited_since = models.DateField("with a visit since", null=True, blank=True)
    is_marketing = models.BooleanField(
        "an offer",
        default=False,
        help_text="Anything that promotes a service. It goes only to those who said yes to offers.",
    )
    status = models.CharField(max_length=20, choices=Status, default=Status.DRAFT, editable=False)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, editable=False, related_name="+")
    approved_at = models.DateTimeField(null=True, editable=False)
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, editable=False, related_name="+"
    )

    objects = BroadcastQuerySet.as_manager()

    class Meta:
        verbose_name = "notice to patients"
        verbose_name_plural = "notices to patients"
        ordering = ["-created_at", "-pk"]
        permissions = [("approve_broadcast", "Can approve, send and stop a notice to patients")]
        constraints = [
            both_or_neither("approved_at", "approved_by"),
            models.CheckConstraint(
                condition=Q(approved_by=None) | ~Q(approved_by=F("author")),
                name="%(app_label)s_%(class)s_by_a_second_person",
                violation_error_message="Somebody else approves what you wrote.",
            ),
            models.CheckConstraint(
                condition=Q(status__in=["draft", "stopped"]) | Q(approved_by__isnull=False),
                name="%(app_label)s_%(class)s_sent_once_approved",
            ),
        ]

    def __str__(self) -> str:
        return self.subject


class AddresseeQuerySet(ScopedQuerySet):
    def visible_to(self, user: User) -> Self:
        return self if user.has_perm("clinic.view_broadcast") else self.filter(patient__user=user)


class Addressee(Fact):
    """One patient who was written one notice: never a second time."""

    PATIENT = "patient_id"

    broadcast = models.ForeignKey(Broadcast, models.PROTECT, related_name="addressees")
    patient = models.ForeignKey(Patient, models.PROTECT, related_name="+")
    letter = models.OneToOneField(Letter, models.PROTECT, related_name="+")

    objects = AddresseeQuerySet.as_manager()

    class Meta:
        ordering = ["-recorded_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["broadcast", "patient"],
                name="%(app_label)s_%(class)s_once",
                violation_error_message="The patient was written to already.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.broadcast}, to {self.patient}"
