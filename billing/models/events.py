"""What Stripe has told us, and what we made of it."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import Q
from simple_history.models import HistoricalRecords

from config.base import Kept, ScopedQuerySet, Traced, uuid7

if TYPE_CHECKING:
    from clinic.models import User


class StripeEventQuerySet(ScopedQuerySet):
    def visible_to(self, user: User) -> Self:
        return self if user.has_perm("billing.view_stripeevent") else self.none()

    def waiting(self) -> Self:
        """Those not yet acted on."""
        return self.filter(processed_at=None)

    def due(self, now: datetime) -> Self:
        """Those to be tried now; one without a next attempt waits for a person."""
        return self.waiting().filter(next_attempt_at__lte=now)


class StripeEvent(Kept):
    """One webhook from Stripe, kept as it came."""

    event_id = models.CharField("Stripe event", max_length=255, unique=True, editable=False)
    kind = models.CharField(max_length=100, editable=False)
    about = models.CharField("Stripe object", max_length=255, editable=False)
    livemode = models.BooleanField("real money", editable=False)
    payload = models.TextField(editable=False)
    received_at = models.DateTimeField(editable=False)
    processed_at = models.DateTimeField(null=True, editable=False)
    attempts = models.PositiveSmallIntegerField(default=0, editable=False)
    next_attempt_at = models.DateTimeField(null=True, editable=False)
    error = models.TextField(blank=True, editable=False)
    # Its own: the payload names the payer, and one copy of that is enough.
    history = HistoricalRecords(
        bases=[Traced],
        history_id_field=models.UUIDField(default=uuid7, editable=False),
        excluded_fields=["payload"],
    )

    objects = StripeEventQuerySet.as_manager()

    class Meta:
        verbose_name = "payment event"
        ordering = ["-received_at", "-pk"]
        permissions = [("retry_stripeevent", "Can have an event handled again")]
        indexes = [
            models.Index(
                fields=["next_attempt_at"], condition=Q(processed_at=None), name="%(app_label)s_%(class)s_due"
            ),
        ]

    def __str__(self) -> str:
        return self.kind.replace(".", " ").replace("_", " ").capitalize()
