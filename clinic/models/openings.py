"""Records that somebody opened outside the patient's care: for a reason, and for half an hour."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import Case, F, Q, Value, When
from django.db.models.functions import Coalesce, Least

from clinic.models.patients import Patient
from config.base import Fact, ScopedQuerySet

if TYPE_CHECKING:
    from clinic.models.people import User

OPEN_FOR = timedelta(minutes=30)
FEW_WORDS = r"\S+\s+\S+\s+\S+"
"""Three words at least: “asdf” is no reason."""
KEPT_BACK = "Kept for who reviews it."


class AccessReasonQuerySet(ScopedQuerySet):
    def visible_to(self, user: User) -> Self:
        """The register: all of it for who reviews or audits it, otherwise what one opened oneself."""
        return self if user.has_perm("clinic.view_every_accessreason") else self.filter(recorded_by=user)

    def open(self, now: datetime) -> Self:
        """Those that still hold."""
        return self.filter(end=None, ends_at__gt=now)

    def to_review(self, now: datetime) -> Self:
        """Those that are over, and at which nobody has looked since."""
        return self.filter(~Q(end=None) | Q(ends_at__lte=now), review=None)

    def with_ends(self) -> Self:
        """With ``over_at``: when it ended, or will."""
        return self.annotate(over_at=Least("ends_at", Coalesce("end__recorded_at", "ends_at")))

    def with_reasons_for(self, user: User) -> Self:
        """With ``reason``: why, in the words of who opened it, where ``user`` may read them."""
        if user.has_perm("clinic.read_accessreason"):
            return self.annotate(reason=F("why"))
        own = When(recorded_by=user, then=F("why"))
        return self.annotate(
            reason=Case(own, default=Value(KEPT_BACK), output_field=models.CharField(max_length=300))
        )


class AccessReason(Fact):
    """One opening of one patient's record by one person who does not care for them (break-glass).

    While it holds, ``Patient.objects.readable_by`` has the patient in it, and nothing more: whoever writes
    has to have the patient in their care. The reason stands here alone, not in the audit trail.
    """

    PATIENT = "patient_id"

    patient = models.ForeignKey(Patient, models.PROTECT, related_name="access_reasons")
    role = models.CharField("role then", max_length=20)
    why = models.CharField("reason", max_length=300)
    ends_at = models.DateTimeField("open until")

    objects = AccessReasonQuerySet.as_manager()

    class Meta:
        ordering = ["-recorded_at", "-pk"]
        verbose_name = "record opened outside care"
        verbose_name_plural = "records opened outside care"
        permissions = [
            ("break_glass", "Can open the record of a patient outside their care, for a reason"),
            ("view_every_accessreason", "Can view who opened which record outside their care"),
            ("read_accessreason", "Can read why others opened a record outside their care"),
            ("review_accessreason", "Can close and review what others opened outside their care"),
        ]
        indexes = [models.Index(fields=["recorded_by", "ends_at"], name="clinic_access_person")]
        constraints = [
            models.CheckConstraint(
                condition=Q(recorded_by__isnull=False), name="%(app_label)s_%(class)s_by_somebody"
            ),
            models.CheckConstraint(
                condition=Q(why__regex=FEW_WORDS),
                name="%(app_label)s_%(class)s_says_why",
                violation_error_message="Say in a few words why you need this record.",
            ),
            models.CheckConstraint(
                condition=Q(ends_at=F("recorded_at") + OPEN_FOR), name="%(app_label)s_%(class)s_half_an_hour"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.patient}, opened by {self.recorded_by}"


class AccessPartQuerySet(ScopedQuerySet):
    def visible_to(self, user: User) -> Self:
        return self.filter(opening__in=AccessReason.objects.visible_to(user))


class AccessEnd(Fact):
    """An opening was closed before its time, by who opened it or by a manager."""

    PATIENT = "opening__patient_id"

    opening = models.OneToOneField(AccessReason, models.PROTECT, related_name="end")

    objects = AccessPartQuerySet.as_manager()

    class Meta:
        ordering = ["-recorded_at", "-pk"]
        verbose_name = "end of an opening"
        constraints = [
            models.CheckConstraint(
                condition=Q(recorded_by__isnull=False), name="%(app_label)s_%(class)s_by_somebody"
            )
        ]

    def __str__(self) -> str:
        return f"{self.opening}: closed early"


class AccessReview(Fact):
    """A manager looked at an opening that somebody else had made, and says what came of it."""

    PATIENT = "opening__patient_id"

    opening = models.OneToOneField(AccessReason, models.PROTECT, related_name="review")
    note = models.CharField(max_length=500)

    objects = AccessPartQuerySet.as_manager()

    class Meta:
        ordering = ["-recorded_at", "-pk"]
        verbose_name = "review of an opening"
        constraints = [
            models.CheckConstraint(
                condition=Q(recorded_by__isnull=False) & ~Q(note=""),
                name="%(app_label)s_%(class)s_says_what",
                violation_error_message="Write what you found.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.opening}: reviewed by {self.recorded_by}"
