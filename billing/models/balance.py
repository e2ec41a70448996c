"""What Stripe said of our balance there, and of what it sent to our bank."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import F, Q

from config.base import Fact, MoneyField, ScopedQuerySet, Stateful

if TYPE_CHECKING:
    from clinic.models import User


class BalanceTransactionQuerySet(ScopedQuerySet):
    def visible_to(self, user: User) -> Self:
        return self if user.has_perm("billing.view_balancetransaction") else self.none()

    def between(self, start: datetime, end: datetime) -> Self:
        return self.filter(moved_at__gte=start, moved_at__lt=end)


class BalanceTransaction(Fact):
    """One movement of our balance at Stripe, as Stripe wrote it down. What came in is above zero."""

    IS_PART = True  # of a reconciliation

    stripe_id = models.CharField("Stripe movement", max_length=255, unique=True, editable=False)
    kind = models.CharField(max_length=50, editable=False)
    category = models.CharField(max_length=50, editable=False)
    amount = MoneyField("amount (A$)", editable=False)
    fee = MoneyField("Stripe’s fee (A$)", editable=False)
    net = MoneyField("net (A$)", editable=False)
    currency = models.CharField(max_length=3, editable=False)
    source_id = models.CharField("Stripe object", max_length=255, blank=True, db_index=True, editable=False)
    intent_id = models.CharField("Stripe payment", max_length=255, blank=True, db_index=True, editable=False)
    description = models.TextField(blank=True, editable=False)
    moved_at = models.DateTimeField(db_index=True, editable=False)
    available_at = models.DateTimeField(editable=False)

    objects = BalanceTransactionQuerySet.as_manager()

    class Meta:
        verbose_name = "Stripe movement"
        ordering = ["-moved_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(net=F("amount") - F("fee")), name="%(app_label)s_%(class)s_adds_up"
            ),
        ]

    def __str__(self) -> str:
        sign = "−" if self.amount < 0 else ""
        return f"{self.kind.replace('_', ' ').capitalize()} of {sign}A${abs(self.amount):,.2f}"


class PayoutQuerySet(ScopedQuerySet):
    def visible_to(self, user: User) -> Self:
        return self if user.has_perm("billing.view_payout") else self.none()

    def under_way(self) -> Self:
        """Those of which the bank has not said the last word."""
        return self.filter(status__in=Payout.UNDER_WAY)


class Payout(Stateful):
    """Money that Stripe sends from our balance to our bank."""

    class Status(models.TextChoices):  # Stripe's own words
        PENDING = "pending", "On its way"
        IN_TRANSIT = "in_transit", "With the bank"
        PAID = "paid", "Arrived"
        FAILED = "failed", "Sent back"
        CANCELED = "canceled", "Cancelled"

    MOVES = {
        Status.PENDING: frozenset({Status.IN_TRANSIT, Status.PAID, Status.FAILED, Status.CANCELED}),
        Status.IN_TRANSIT: frozenset({Status.PAID, Status.FAILED, Status.CANCELED}),
        # A bank may send back days later what it had taken.
        Status.PAID: frozenset({Status.FAILED}),
        Status.FAILED: frozenset(),
        Status.CANCELED: frozenset(),
    }
    UNDER_WAY = (Status.PENDING, Status.IN_TRANSIT)

    stripe_id = models.CharField("Stripe payout", max_length=255, unique=True, editable=False)
    amount = MoneyField("amount (A$)", editable=False)
    currency = models.CharField(max_length=3, editable=False)
    is_automatic = models.BooleanField("made by Stripe itself", editable=False)
    status = models.CharField(max_length=20, choices=Status, default=Status.PENDING, editable=False)
    made_at = models.DateTimeField(editable=False)
    arrives_at = models.DateTimeField("at the bank by", editable=False)
    failure = models.TextField(blank=True, editable=False)

    objects = PayoutQuerySet.as_manager()

    class Meta:
        ordering = ["-made_at", "-pk"]

    def __str__(self) -> str:
        return f"Payout of A${self.amount:,.2f}"


class PayoutLineQuerySet(ScopedQuerySet):
    def visible_to(self, user: User) -> Self:
        return self if user.has_perm("billing.view_payoutline") else self.none()


class PayoutLine(Fact):
    """One movement that a payout was made of. A movement is paid out once."""

    IS_PART = True

    payout = models.ForeignKey(Payout, models.PROTECT, editable=False, related_name="lines")
    movement = models.OneToOneField(
        BalanceTransaction, models.PROTECT, editable=False, related_name="paid_out_in"
    )

    objects = PayoutLineQuerySet.as_manager()

    class Meta:
        ordering = ["movement__moved_at", "pk"]

    def __str__(self) -> str:
        return f"{self.movement} in {self.payout}"
