"""The tax inside prices."""

from decimal import Decimal

import pytest

from billing import receipting
from billing.models import OrderLine


@pytest.mark.parametrize(
    ("lines", "tax"),
    [
        ([], "0.00"),
        ([("gst_free", "89.00")], "0.00"),
        ([("gst_10", "110.00")], "10.00"),
        ([("gst_10", "0.05"), ("gst_10", "0.05")], "0.01"),  # rounded on the total: 0.10 / 11
        ([("gst_10", "0.05")], "0.00"),
        ([("gst_10", "0.06")], "0.01"),
        ([("gst_free", "89.00"), ("gst_10", "22.00")], "2.00"),
    ],
)
def test_gst_is_an_eleventh_of_what_is_taxable(lines, tax):
    made = [OrderLine(gst_code=code, amount=Decimal(amount)) for code, amount in lines]

    assert receipting.gst_within(made) == Decimal(tax)


@pytest.mark.parametrize(("amount", "whole"), [("0.005", "0.01"), ("0.004", "0.00"), ("2.675", "2.68")])
def test_half_a_cent_goes_up(amount, whole):
    assert receipting.rounded(Decimal(amount)) == Decimal(whole)
