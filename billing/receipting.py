"""How amounts are split for a receipt: the goods and services tax inside a price."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Decimal

from billing.models import Gst, OrderLine

CENT = Decimal("0.01")


def rounded(amount: Decimal) -> Decimal:
    """To whole cents, half a cent up."""
    return amount.quantize(CENT, rounding=ROUND_HALF_UP)


def gst_within(lines: Iterable[OrderLine]) -> Decimal:
    """The tax inside the taxable lines: an eleventh of their sum, rounded once for all of them.

    GST Act 1999, s 9-70 (a tenth of the price before tax) and s 9-90 (rounding on the total).
    """
    taxable = sum((line.amount for line in lines if line.gst_code == Gst.TEN), Decimal(0))
    return rounded(taxable / 11)
