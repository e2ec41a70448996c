"""What is owed, and for what."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any, Self

from django.conf import settings
from django.db import models
from django.db.models import Case, F, Func, Q, Value, When
from simple_history.models import HistoricalRecords

from billing.models.fees import SMALLEST_CHARGE, Gst
from config.base import Fact, Kept, MoneyField, ScopedQuerySet, Traced, uuid7

if TYPE_CHECKING:
    from clinic.models import User

NOTHING = Decimal("0.00")


class OrderQuerySet(ScopedQuerySet):
    def visible_to(self, user: User) -> Self:
        return self if user.has_perm("billing.view_order") else self.filter(payer=user)


class SumField(MoneyField):
    """One sum over the ledger's postings of a row. The database keeps it; no rule writes it."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"default": NOTHING, "db_default": NOTHING, "editable": False, **kwargs})


class OrderStatus(models.TextChoices):
    """Where an order stands, by its postings."""

    OPEN = "open"
    PAID = "paid"
    WAIVED = "waived"
    WRITTEN_OFF = "written_off", "Written off"
    VOID = "void"
    REFUNDING = "refunding"
    REFUNDED = "refunded"
    DISPUTED = "disputed"


# What is under way comes first, then what is owed, then what was kept, and last how it ended without money.
STATUS = Case(
    When(disputed__gt=0, then=Value(OrderStatus.DISPUTED.value)),
    When(promised__gt=0, then=Value(OrderStatus.REFUNDING.value)),
    When(owing__gt=0, then=Value(OrderStatus.OPEN.value)),
    When(paid__gt=F("refunded") + F("lost"), then=Value(OrderStatus.PAID.value)),
    When(waived__gt=0, then=Value(OrderStatus.WAIVED.value)),
    When(written_off__gt=0, then=Value(OrderStatus.WRITTEN_OFF.value)),
    When(Q(refunded__gt=0) | Q(lost__gt=0), then=Value(OrderStatus.REFUNDED.value)),
    default=Value(OrderStatus.VOID.value),
)
SUMS = ["charged", "owing", "paid", "promised", "refunded", "waived", "written_off", "disputed", "lost"]


class Order(Kept):
    """Money that one person owes the clinic.

    Written once. What became of it is told by the ledger: the database adds every posting up in the
    sums below, and the status follows from them.
    """

    Status = OrderStatus
    SETTLED = (
        Status.PAID,
        Status.WAIVED,
        Status.WRITTEN_OFF,
        Status.REFUNDING,
        Status.REFUNDED,
        Status.DISPUTED,
    )

    # Read aloud on the telephone, so it is short; a sequence may leave gaps, receipts will not.
    number = models.BigIntegerField(
        db_default=Func(Value("billing_order_number"), function="nextval"), unique=True, editable=False
    )
    payer = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, editable=False, related_name="orders")
    earner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        editable=False,
        related_name="+",
        verbose_name="earned by",
    )
    amount = MoneyField("amount (A$, including GST)", editable=False)
    currency = models.CharField(max_length=3, default="AUD", editable=False)

    charged = SumField(help_text="What was asked for, less what was given up")
    owing = SumField("still owed")
    paid = SumField("received")
    promised = SumField("promised back")
    refunded = SumField("gone back")
    waived = SumField()
    written_off = SumField("written off")
    disputed = SumField("held back in a dispute")
    lost = SumField("lost in a dispute")
    kept = models.GeneratedField(
        verbose_name="received and kept",
        expression=F("paid") - F("refunded") - F("lost"),
        output_field=MoneyField(),
        db_persist=True,
    )
    status = models.GeneratedField(
        choices=Status,
        expression=STATUS,
        output_field=models.CharField(max_length=20, choices=Status),
        db_persist=True,
    )
    # The ledger is the history of its money.
    history = HistoricalRecords(
        bases=[Traced],
        history_id_field=models.UUIDField(default=uuid7, editable=False),
        excluded_fields=[*SUMS, "kept", "status"],
    )

    objects = OrderQuerySet.as_manager()

    class Meta:
        ordering = ["-number"]
        permissions = [
            ("refund_order", "Can give money back"),
            ("waive_order", "Can waive what is owed"),
            ("take_payment", "Can enter a payment taken by hand"),
            ("view_statement", "Can view anybody's statement"),
        ]
        indexes = [models.Index(fields=["status"], name="%(app_label)s_%(class)s_status")]
        constraints = [
            models.CheckConstraint(
                condition=Q(amount__gte=SMALLEST_CHARGE), name="%(app_label)s_%(class)s_can_be_charged"
            ),
            models.CheckConstraint(condition=Q(currency="AUD"), name="%(app_label)s_%(class)s_in_dollars"),
            models.CheckConstraint(
                condition=Q(paid__gte=0, promised__gte=0, refunded__gte=0, disputed__gte=0),
                name="%(app_label)s_%(class)s_sums_not_negative",
            ),
            models.CheckConstraint(
                condition=Q(paid__gte=F("refunded") + F("promised")),
                name="%(app_label)s_%(class)s_gives_back_what_came_in",
            ),
        ]

    def __str__(self) -> str:
        return f"Order {self.number}"

    def forget_sums(self) -> None:
        """Read the sums and the status again when somebody asks for them."""
        for name in (*SUMS, "kept", "status"):
            self.__dict__.pop(name, None)


class OrderLineQuerySet(ScopedQuerySet):
    def visible_to(self, user: User) -> Self:
        return self if user.has_perm("billing.view_order") else self.filter(order__payer=user)


class OrderLine(Fact):
    """One thing that an order charges for, as it was offered."""

    order = models.ForeignKey(Order, models.PROTECT, editable=False, related_name="lines")
    code = models.CharField(max_length=40, blank=True, editable=False)
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
