"""Where the ledger and Stripe disagree, and each time that they were compared."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.db import models
from django.db.models import Q

from billing.models.balance import BalanceTransaction, Payout
from billing.models.disputes import Dispute
from billing.models.ledger import Entry
from billing.models.orders import Order
from billing.models.payments import Payment
from billing.models.refunds import Refund
from config.base import Fact, MoneyField, ScopedQuerySet, Stateful, both_or_neither

if TYPE_CHECKING:
    from clinic.models import User


class ReconciliationQuerySet(ScopedQuerySet):
    def visible_to(self, user: User) -> Self:
        return self if user.has_perm("billing.view_reconciliation") else self.none()

    def complete(self) -> Self:
        return self.filter(error="")


class Reconciliation(Fact):
    """One comparison of the ledger with Stripe, or one that could not be made, and why."""

    started_at = models.DateTimeField(editable=False)
    since = models.DateTimeField("looked back to", null=True, editable=False)
    error = models.TextField(blank=True, editable=False)
    events = models.PositiveIntegerField("events caught up on", default=0, editable=False)
    movements = models.PositiveIntegerField("new movements", default=0, editable=False)
    payouts = models.PositiveIntegerField("new payouts", default=0, editable=False)
    found = models.PositiveIntegerField("differences found", default=0, editable=False)
    gone = models.PositiveIntegerField("differences gone", default=0, editable=False)
    ours = MoneyField("Stripe balance in the ledger (A$)", null=True, editable=False)
    theirs = MoneyField("Balance at Stripe (A$)", null=True, editable=False)

    objects = ReconciliationQuerySet.as_manager()

    class Meta:
        ordering = ["-started_at", "-pk"]
        indexes = [models.Index(fields=["-started_at"], name="%(app_label)s_%(class)s_newest")]

    def __str__(self) -> str:
        return "Comparison with Stripe" if not self.error else "Comparison that failed"


class DifferenceQuerySet(ScopedQuerySet):
    def visible_to(self, user: User) -> Self:
        return self if user.has_perm("billing.view_difference") else self.none()

    def open(self) -> Self:
        """Those that nobody has explained."""
        return self.filter(status=Difference.Status.OPEN)


class Difference(Stateful):
    """One point on which the ledger and Stripe disagree.

    It closes itself when they agree again, and opens again when its amounts change.
    """

    class Kind(models.TextChoices):
        MISSING_HERE = "missing_here", "Stripe moved money that is not in the ledger"
        MISSING_THERE = "missing_there", "The ledger has money that Stripe did not move"
        AMOUNT = "amount", "The amounts differ"
        FEE = "fee", "Stripe took another fee than agreed"
        UNEXPECTED = "unexpected", "Stripe moved money by itself"
        PAYOUT = "payout", "A payout is not what it was made of"
        PAYOUT_FAILED = "payout_failed", "The bank sent a payout back"
        BALANCE = "balance", "The balances differ for no known reason"

    class Status(models.TextChoices):
        OPEN = "open"
        RESOLVED = "resolved", "Explained"
        GONE = "gone", "Gone by itself"

    MOVES = {
        Status.OPEN: frozenset({Status.RESOLVED, Status.GONE}),
        Status.RESOLVED: frozenset({Status.OPEN, Status.GONE}),
        Status.GONE: frozenset({Status.OPEN}),
    }
    # What moves our balance, so that booking it brings the ledger and Stripe together.
    OF_MONEY = (Kind.MISSING_HERE, Kind.MISSING_THERE, Kind.AMOUNT, Kind.UNEXPECTED, Kind.BALANCE)

    kind = models.CharField(max_length=20, choices=Kind, editable=False)
    about = models.CharField("Stripe object", max_length=255, editable=False)
    ours = MoneyField("in the ledger (A$)", editable=False)
    theirs = MoneyField("at Stripe (A$)", editable=False)
    happened_at = models.DateTimeField(db_index=True, editable=False)
    status = models.CharField(max_length=20, choices=Status, default=Status.OPEN, editable=False)
    order = models.ForeignKey(Order, models.PROTECT, null=True, editable=False, related_name="differences")
    payment = models.ForeignKey(Payment, models.PROTECT, null=True, editable=False, related_name="+")
    refund = models.ForeignKey(Refund, models.PROTECT, null=True, editable=False, related_name="+")
    dispute = models.ForeignKey(Dispute, models.PROTECT, null=True, editable=False, related_name="+")
    payout = models.ForeignKey(Payout, models.PROTECT, null=True, editable=False, related_name="differences")
    movement = models.ForeignKey(
        BalanceTransaction, models.PROTECT, null=True, editable=False, related_name="+"
    )
    words = models.TextField("explanation", blank=True, editable=False)
    resolved_at = models.DateTimeField("explained", null=True, editable=False)
    resolved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, editable=False, related_name="+"
    )
    booking = models.ForeignKey(
        Entry, models.PROTECT, null=True, editable=False, related_name="+", verbose_name="booked as"
    )

    objects = DifferenceQuerySet.as_manager()

    class Meta:
        ordering = ["-happened_at", "-pk"]
        permissions = [("resolve_difference", "Can explain a difference")]
        constraints = [
            models.UniqueConstraint(fields=["kind", "about"], name="%(app_label)s_%(class)s_known_once"),
            both_or_neither("resolved_at", "resolved_by"),
            models.CheckConstraint(
                condition=Q(status="resolved", resolved_at__isnull=False)
                | (~Q(status="resolved") & Q(resolved_at__isnull=True, booking__isnull=True)),
                name="%(app_label)s_%(class)s_resolved_by_somebody",
            ),
        ]
        indexes = [
            models.Index(
                fields=["-happened_at"], condition=Q(status="open"), name="%(app_label)s_%(class)s_open"
            )
        ]

    def __str__(self) -> str:
        return self.get_kind_display()

    def gap(self) -> Decimal:
        """By how much Stripe has more than the ledger."""
        return self.theirs - self.ours

    def is_in_dollars(self) -> bool:
        return self.movement is None or self.movement.currency == "AUD"
