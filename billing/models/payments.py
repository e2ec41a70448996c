"""Attempts at paying."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import Q

from billing.models.orders import Order
from config.base import MoneyField, ScopedQuerySet, Stateful

if TYPE_CHECKING:
    from clinic.models import User


class PaymentQuerySet(ScopedQuerySet):
    def visible_to(self, user: User) -> Self:
        return self if user.has_perm("billing.view_payment") else self.filter(order__payer=user)

    def pending(self) -> Self:
        """Those that may still bring money."""
        return self.filter(status=Payment.Status.PENDING)

    def succeeded(self) -> Self:
        return self.filter(status=Payment.Status.SUCCEEDED)


class Payment(Stateful):
    """One attempt to pay an order: a payment page at Stripe, or money taken by hand."""

    class Status(models.TextChoices):
        PENDING = "pending"
        SUCCEEDED = "succeeded"
        EXPIRED = "expired"
        FAILED = "failed"

    class Method(models.TextChoices):
        CARD = "card", "Card, online"
        TERMINAL = "terminal", "Card, at the terminal"
        TRANSFER = "transfer", "Bank transfer"
        CASH = "cash"
        CREDIT = "credit", "Patient credit"

    MOVES = {
        Status.PENDING: frozenset({Status.SUCCEEDED, Status.EXPIRED, Status.FAILED}),
        Status.SUCCEEDED: frozenset(),
        # What Stripe says in the end wins over what we had given up.
        Status.EXPIRED: frozenset({Status.SUCCEEDED}),
        Status.FAILED: frozenset({Status.SUCCEEDED}),
    }

    BY_HAND = (Method.TERMINAL, Method.TRANSFER, Method.CASH)

    order = models.ForeignKey(Order, models.PROTECT, editable=False, related_name="payments")
    amount = MoneyField("amount (A$)", editable=False)
    method = models.CharField(max_length=10, choices=Method, default=Method.CARD, editable=False)
    status = models.CharField(max_length=20, choices=Status, default=Status.PENDING, editable=False)
    session_id = models.CharField("Stripe session", max_length=255, null=True, unique=True, editable=False)
    intent_id = models.CharField("Stripe payment", max_length=255, blank=True, db_index=True, editable=False)
    url = models.TextField("payment page", blank=True, editable=False)
    # Kept, because asking Stripe again under the same key must ask for exactly the same.
    success_url = models.TextField(blank=True, editable=False)
    cancel_url = models.TextField(blank=True, editable=False)
    expires_at = models.DateTimeField("page open until", null=True, editable=False)
    paid_at = models.DateTimeField(null=True, editable=False)

    objects = PaymentQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-pk"]
        constraints = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="%(app_label)s_%(class)s_positive"),
            models.UniqueConstraint(
                fields=["order"],
                condition=Q(status="pending"),
                name="%(app_label)s_%(class)s_one_pending_per_order",
            ),
            models.CheckConstraint(
                condition=Q(status="succeeded", paid_at__isnull=False)
                | (~Q(status="succeeded") & Q(paid_at__isnull=True)),
                name="%(app_label)s_%(class)s_paid_has_its_time",
            ),
        ]

    def __str__(self) -> str:
        return f"Payment of A${self.amount:,.2f}"
