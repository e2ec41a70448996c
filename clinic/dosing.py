"""What directions, quantity and repeats come to: how long a supply lasts, how much THC a day.

All numbers are Decimals, and all are the most that the directions allow. Where the words leave something
open, nothing is guessed: the answer is None.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING

from catalog.models import DoseForm, Product
from catalog.models.measures import PIECES, Basis, PackUnit, Unit
from clinic import construing

if TYPE_CHECKING:
    from clinic.models import PrescriptionLine

MG_PER_G = Decimal(1000)
MG_PER_G_PER_PERCENT = Decimal(10)
INHALED = {DoseForm.DRIED_HERB, DoseForm.VAPE, DoseForm.INHALER}
# Names that fit any kind of piece.
ANY_PIECE = frozenset({PackUnit.PIECE, PackUnit.UNIT, PackUnit.DOSE})


@dataclass(frozen=True)
class Reckoned:
    """What one line of a script comes to. Whatever cannot be told is None."""

    daily: construing.Daily | None
    days: int | None
    """Whole days that one supply lasts."""
    days_in_all: int | None
    """Whole days that it lasts with all repeats."""
    thc_a_day: Decimal | None
    """Milligrams."""
    grams_a_month: Decimal | None
    """Dried herb supplied for 30 days, by the interval between repeats."""


def in_pack_units(daily: construing.Daily, *, unit: str) -> Decimal | None:
    """Tell a daily amount in the ``unit`` that the pack is measured or counted in."""
    if daily.unit == unit or (unit in PIECES and daily.unit in ANY_PIECE):
        return daily.amount
    if (daily.unit, unit) == (PackUnit.MILLIGRAM, PackUnit.GRAM):
        return daily.amount / MG_PER_G
    if (daily.unit, unit) == (PackUnit.GRAM, PackUnit.MILLIGRAM):
        return daily.amount * MG_PER_G
    return None


def lasts(quantity: Decimal, *, a_day: Decimal) -> int:
    """Tell for how many whole days ``quantity`` is enough."""
    return int(Fraction(quantity) / Fraction(a_day))


def thc_in(amount: Decimal, product: Product) -> Decimal | None:
    """Tell the milligrams of THC in ``amount`` of the product, told in units of its pack; a bound counts
    with its value."""
    if product.thc_value is None:
        return Decimal(0) if product.cbd_value is not None else None
    unit, basis = product.thc_unit, product.thc_basis
    if basis == Basis.VOLUME and product.size_unit == PackUnit.MILLILITRE:
        return amount * product.thc_value
    if basis == Basis.WEIGHT and product.size_unit == PackUnit.GRAM:
        return amount * product.thc_value * (MG_PER_G_PER_PERCENT if unit == Unit.PERCENT else 1)
    if basis == Basis.UNIT and product.size_unit in PIECES:
        return amount * product.thc_value
    if basis == Basis.CONTAINER and product.size_value:
        return amount * product.thc_value / product.size_value
    return None


def reckon(line: PrescriptionLine) -> Reckoned:
    """Tell what ``line`` comes to."""
    product, daily = line.product, construing.read(line.directions)
    supplied = line.quantity * product.size_value if product.size_value is not None else None
    a_day = in_pack_units(daily, unit=product.size_unit) if daily else None
    days = in_all = None
    if supplied is not None and a_day:
        days, in_all = (lasts(supplied * times, a_day=a_day) for times in (1, line.repeats + 1))
    return Reckoned(
        daily=daily,
        days=days,
        days_in_all=in_all,
        thc_a_day=thc_in(a_day, product) if a_day is not None else None,
        grams_a_month=_a_month(supplied, line) if product.size_unit == PackUnit.GRAM else None,
    )


def is_no_more(line: PrescriptionLine, *, than: PrescriptionLine) -> bool:
    """Tell whether ``line`` gives no more ``than`` another of its product: a day, in repeats, or sooner.

    Doses that cannot be read are the same only in the same words.
    """
    now, then = construing.read(line.directions), construing.read(than.directions)
    is_same = line.directions.casefold().split() == than.directions.casefold().split()
    is_dose_no_more = is_same or (
        now is not None and then is not None and now.unit == then.unit and now.amount <= then.amount
    )
    is_sooner = bool(line.repeats) and (line.interval_days or 0) < (than.interval_days or 0)
    return is_dose_no_more and line.repeats <= than.repeats and not is_sooner


def _a_month(supplied: Decimal | None, line: PrescriptionLine) -> Decimal | None:
    """What is supplied in 30 days; without repeats it is one supply."""
    if supplied is None:
        return None
    days = line.interval_days if line.repeats and line.interval_days else 30
    supplies = min(Decimal(line.repeats + 1), Decimal(30) / days) if line.repeats else Decimal(1)
    return supplied * max(supplies, Decimal(1))


def runs_out_on(line: PrescriptionLine, *, issued_on: datetime.date) -> datetime.date | None:
    """Tell the day after the last that the whole script is enough for, from the day it was issued."""
    days = reckon(line).days_in_all
    return issued_on + datetime.timedelta(days=days) if days is not None and days < 10_000 else None
