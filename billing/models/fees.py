"""What the clinic charges, and since when."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.db import models
from django.db.models import F, Func, Q

from config.base import MoneyField, Record, ScopedQuerySet

if TYPE_CHECKING:
    import datetime

    from clinic.models import User

SMALLEST_CHARGE = "0.50"  # AUD; Stripe takes no less


class Gst(models.TextChoices):
    """How a line is taxed. Amounts always include the tax."""

    FREE = "gst_free", "GST-free"  # A New Tax System (Goods and Services Tax) Act 1999, s 38-7
    TEN = "gst_10", "GST 10 %"


class FeeQuerySet(ScopedQuerySet):
    def visible_to(self, user: User) -> Self:
        return self  # a fee is told before booking, to everybody

    def on(self, day: datetime.date) -> Self:
        """Those that hold on ``day``."""
        return self.filter(Q(effective_until=None) | Q(effective_until__gt=day), effective_from__lte=day)


class Fee(Record):
    """The price of one kind of service over some time; the last day is not part of it."""

    code = models.CharField(max_length=40, help_text="The kind of service, such as consultation.new")
    description = models.CharField(max_length=100, help_text="As patients and receipts read it")
    amount = MoneyField("amount (A$, including GST)")
    gst_code = models.CharField("GST", max_length=10, choices=Gst, default=Gst.FREE)
    effective_from = models.DateField("from")
    effective_until = models.DateField("until (not including)", null=True, blank=True)

    objects = FeeQuerySet.as_manager()

    class Meta:
        ordering = ["code", "-effective_from", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(amount__gte=SMALLEST_CHARGE),
                name="%(app_label)s_%(class)s_can_be_charged",
                violation_error_message="A fee is at least A$0.50. To charge nothing, waive the order.",
            ),
            models.CheckConstraint(
                condition=Q(effective_until=None) | Q(effective_until__gt=F("effective_from")),
                name="%(app_label)s_%(class)s_ends_after_it_begins",
                violation_error_message="The last day must come after the first.",
            ),
            ExclusionConstraint(
                name="%(app_label)s_%(class)s_one_at_a_time",
                expressions=[
                    ("code", RangeOperators.EQUAL),
                    (
                        Func("effective_from", "effective_until", function="daterange"),
                        RangeOperators.OVERLAPS,
                    ),
                ],
                violation_error_message="Another fee with this code holds at that time. End that one first.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.description}, A${self.amount:,.2f}"
