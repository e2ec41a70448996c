"""Money that goes back."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import Q

from billing.models.payments import Payment
from config.base import MoneyField, ScopedQuerySet, Stateful

if TYPE_CHECKING:
    from clinic.models import User


class RefundQuerySet(ScopedQuerySet):
    def visible_to(self, user: User) -> Self:
        return self if user.has_perm("billing.view_refund") else self.filter(payment__order__payer=user)

    def unfinished(self) -> Self:
        """Those of which Stripe has not said the last word."""
        return self.filter(status__in=Refund.UNFINISHED)

    def unsent(self, *, before: datetime) -> Self:
        """Those that a worker should have sent by now."""
        return self.filter(status=Refund.Status.REQUESTED, created_at__lt=before)


class Refund(Stateful):
    """A promise to give back some of one payment, and what became of it."""

    class Status(models.TextChoices):
        REQUESTED = "requested"
        SENT = "sent", "Sent to Stripe"
        SUCCEEDED = "succeeded"
        FAILED = "failed"

    MOVES = {
        Status.REQUESTED: frozenset({Status.SENT, Status.SUCCEEDED, Status.FAILED}),
        Status.SENT: frozenset({Status.SUCCEEDED, Status.FAILED}),
        # A bank may return the money days after Stripe said that it went through.
        Status.SUCCEEDED: frozenset({Status.FAILED}),
        Status.FAILED: frozenset(),
    }
    UNFINISHED = (Status.REQUESTED, Status.SENT)

    payment = models.ForeignKey(Payment, models.PROTECT, editable=False, related_name="refunds")
    amount = MoneyField("amount (A$)", editable=False)
    reason = models.TextField(editable=False)
    status = models.CharField(max_length=20, choices=Status, default=Status.REQUESTED, editable=False)
    stripe_id = models.CharField("Stripe refund", max_length=255, null=True, unique=True, editable=False)
    failure = models.TextField(blank=True, editable=False)

    objects = RefundQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-pk"]
        constraints = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="%(app_label)s_%(class)s_positive"),
        ]

    def __str__(self) -> str:
        return f"Refund of A${self.amount:,.2f}"
