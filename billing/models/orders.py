"""What is owed, and for what."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any, Self

from django.apps import apps
from django.conf import settings
from django.db import models
from django.db.models import F, Func, OuterRef, Q, Subquery, Value
from django.db.models.functions import Coalesce

from billing.models.fees import SMALLEST_CHARGE, Gst
from config.base import Fact, MoneyField, ScopedQuerySet, Stateful, both_or_neither

if TYPE_CHECKING:
    from clinic.models import User

NOTHING = Decimal("0.00")


class OrderQuerySet(ScopedQuerySet):
    def visible_to(self, user: User) -> Self:
        return self if user.has_perm("billing.view_order") else self.filter(payer=user)

    def with_sums(self) -> Self:
        """Add ``paid``, ``refunded`` and ``kept``: what came in, what went back, what stayed."""
        return self.annotate(
            paid=_sum("Payment", order=OuterRef("pk"), status="succeeded"),
            refunded=_sum("Refund", payment__order=OuterRef("pk"), status="succeeded"),
        ).annotate(kept=F("paid") - F("refunded"))


def _sum(model: str, **having: Any) -> Coalesce:
    rows = apps.get_model("billing", model)._default_manager.filter(**having)  # they stand above orders
    total = rows.order_by().annotate(total=Func("amount", function="sum")).values("total")
    return Coalesce(Subquery(total, output_field=MoneyField()), Value(NOTHING), output_field=MoneyField())


class Order(Stateful):
    """Money that one person owes the clinic."""

    class Status(models.TextChoices):
        OPEN = "open"
        PAID = "paid"
        WAIVED = "waived"
        VOID = "void"
        REFUNDING = "refunding"
        REFUNDED = "refunded"

    MOVES = {
        Status.OPEN: frozenset({Status.PAID, Status.WAIVED, Status.VOID}),
        Status.PAID: frozenset({Status.REFUNDING}),
        # Money can still come in for what was waived or given up: it is taken, and sent back or used.
        Status.WAIVED: frozenset({Status.REFUNDING}),
        Status.VOID: frozenset({Status.PAID}),
        Status.REFUNDING: frozenset({Status.PAID, Status.WAIVED, Status.REFUNDED}),
        Status.REFUNDED: frozenset({Status.REFUNDING}),
    }
    SETTLED = (Status.PAID, Status.WAIVED, Status.REFUNDING, Status.REFUNDED)

    # Read aloud on the telephone, so it is short; a sequence may leave gaps, receipts will not.
    number = models.BigIntegerField(
        db_default=Func(Value("billing_order_number"), function="nextval"), unique=True, editable=False
    )
    payer = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, editable=False, related_name="orders")
    amount = MoneyField("amount (A$, including GST)", editable=False)
    currency = models.CharField(max_length=3, default="AUD", editable=False)
    status = models.CharField(max_length=20, choices=Status, default=Status.OPEN, editable=False)
    paid_at = models.DateTimeField(null=True, editable=False)
    waived_at = models.DateTimeField(null=True, editable=False)
    waived_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, editable=False, related_name="+"
    )

    objects = OrderQuerySet.as_manager()

    if TYPE_CHECKING:  # where ``with_sums`` was asked
        paid: Decimal
        refunded: Decimal
        kept: Decimal

    class Meta:
        ordering = ["-number"]
        permissions = [
            ("refund_order", "Can give money back"),
            ("waive_order", "Can waive what is owed"),
            ("take_payment", "Can enter a payment taken by hand"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(amount__gte=SMALLEST_CHARGE), name="%(app_label)s_%(class)s_can_be_charged"
            ),
            models.CheckConstraint(condition=Q(currency="AUD"), name="%(app_label)s_%(class)s_in_dollars"),
            both_or_neither("waived_at", "waived_by"),
        ]

    def __str__(self) -> str:
        return f"Order {self.number}"


class OrderLineQuerySet(ScopedQuerySet):
    def visible_to(self, user: User) -> Self:
        return self if user.has_perm("billing.view_order") else self.filter(order__payer=user)


class OrderLine(Fact):
    """One thing that an order charges for, as it was offered."""

    order = models.ForeignKey(Order, models.PROTECT, editable=False, related_name="lines")
    description = models.CharField(max_length=200, editable=False)
    gst_code = models.CharField("GST", max_length=10, choices=Gst, editable=False)
    amount = MoneyField("amount (A$, including GST)", editable=False)

    objects = OrderLineQuerySet.as_manager()

    class Meta:
        ordering = ["recorded_at", "pk"]
        constraints = [
            models.CheckConstraint(condition=Q(amount__gte=0), name="%(app_label)s_%(class)s_not_negative"),
        ]

    def __str__(self) -> str:
        return f"{self.description}, A${self.amount:,.2f}"
