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

    def by_hand(self) -> Self:
        """Those that a person hands over, not Stripe."""
        return self.filter(way=Refund.Way.AS_IT_CAME, payment__method__in=Payment.BY_HAND)

    def to_hand_over(self) -> Self:
        """Those that wait for a person to hand the money over."""
        return self.by_hand().filter(status=Refund.Status.REQUESTED)

    def at_stripe(self) -> Self:
        """Those that Stripe sends."""
        return self.filter(way=Refund.Way.AS_IT_CAME, payment__method=Payment.Method.CARD)

    def unfinished(self) -> Self:
        """Those of which Stripe has not said the last word."""
        return self.filter(status__in=Refund.UNFINISHED)

    def unsent(self, *, before: datetime) -> Self:
        """Those that a worker should have sent by now."""
        return self.filter(status=Refund.Status.REQUESTED, created_at__lt=before)


class Refund(Stateful):
    """A promise to give back some of one payment, and what became of it.

    Stripe sends back what came by card. Other money is handed over by a person, who says so; credit is
    given at once.
    """

    class Status(models.TextChoices):
        REQUESTED = "requested"
        SENT = "sent", "Sent to Stripe"
        SUCCEEDED = "succeeded"
        FAILED = "failed"

    class Cause(models.TextChoices):
        CLINIC_CANCELLED = "clinic_cancelled", "The practice cancelled"
        PATIENT_CANCELLED = "patient_cancelled", "The patient cancelled, by the policy"
        MISSED = "missed", "The patient did not come, by the policy"
        PRACTITIONER_LATE = "practitioner_late", "The doctor was late"
        TECHNOLOGY = "technology", "The technology failed"
        LATE_PAYMENT = "late_payment", "Paid too late, or not in full"
        PAID_TWICE = "paid_twice", "Paid when nothing was owed"
        DECISION = "decision", "A manager decided"

    class Way(models.TextChoices):
        AS_IT_CAME = "as_it_came", "The way it came"
        CREDIT = "credit", "As credit for later"

    # What a manager may say of a refund that no rule asked for.
    TOLD = (Cause.DECISION, Cause.TECHNOLOGY, Cause.PRACTITIONER_LATE, Cause.CLINIC_CANCELLED)

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
    cause = models.CharField(max_length=20, choices=Cause, default=Cause.DECISION, editable=False)
    way = models.CharField(max_length=10, choices=Way, default=Way.AS_IT_CAME, editable=False)
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
