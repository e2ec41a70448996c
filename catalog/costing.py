"""What a milligram, a gram, a millilitre or a piece of a medicine costs: computed, never read from a list.

All numbers are ``Decimal`` and unrounded. Where the facts do not give a value, that is said in a sentence
and nothing is guessed: a bound ("< 1 %") is no amount, a percentage needs the grams of the pack, and
milligrams need to be told of the piece or of the container.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from catalog.models import Product
from catalog.models.measures import PIECES, Basis, Operator, PackUnit, Unit
from config.base import Refused

MG_PER_G_IN_A_PERCENT = Decimal(10)  # 1 % w/w = 1 g in 100 g = 10 mg in 1 g
MG_IN_A_G = Decimal(1000)


class NotComputable(Refused):
    """The facts do not give this number, and the sentence says why."""


@dataclass(frozen=True)
class Strength:
    """How much of one cannabinoid, as the label tells it; ``value`` is None where it does not."""

    name: str
    op: str = ""
    value: Decimal | None = None
    unit: str = ""
    basis: str = ""


@dataclass(frozen=True)
class Pack:
    value: Decimal | None = None
    unit: str = ""


@dataclass(frozen=True)
class Rate:
    """Dollars for one ``unit`` of something: mg, g, mL, or a kind of piece."""

    dollars: Decimal
    unit: str


def strengths(product: Product) -> list[Strength]:
    """Every cannabinoid whose amount is told, THC and CBD first."""
    told = [
        Strength(
            name.upper(),
            *(getattr(product, f"{name}_{part}") for part in ("op", "value", "unit", "basis")),
        )
        for name in ("thc", "cbd")
    ]
    others = [
        Strength(name.upper(), one["op"], Decimal(one["value"]), one["unit"], one["basis"])
        for name, one in sorted(product.other_cannabinoids.items())
    ]
    return [strength for strength in [*told, *others] if strength.value is not None]


def pack_of(product: Product) -> Pack:
    return Pack(product.size_value, product.size_unit)


def milligrams(strength: Strength, pack: Pack) -> Decimal:
    """Milligrams of the cannabinoid in the whole pack.

    :raises NotComputable: the label gives a bound, or the pack is not told in what the strength is told of
    """
    if strength.value is None:
        raise NotComputable(f"{strength.name} is not told.")
    if strength.op != Operator.EXACT:
        raise NotComputable(f"{strength.name} is told as a bound only, not as an amount.")
    return strength.value * _times(strength, pack)


def _times(strength: Strength, pack: Pack) -> Decimal:
    """How many times the pack holds what one number of the label tells, in mg."""
    match strength.unit, strength.basis:
        case (Unit.PERCENT, _):
            return MG_PER_G_IN_A_PERCENT * _grams(pack, strength)
        case (Unit.MG_PER_G, _):
            return _grams(pack, strength)
        case (Unit.MG_PER_ML, _):
            return _counted(pack, [PackUnit.MILLILITRE], strength, "per mL, and the pack is not told in mL")
        case (Unit.MG, Basis.UNIT):
            return _counted(pack, PIECES, strength, "per piece, and how many pieces there are is not")
        case (Unit.MG, Basis.CONTAINER):
            return Decimal(1)
    raise NotComputable(f"It is not told of what {strength.name} is so many mg.")


def _grams(pack: Pack, strength: Strength) -> Decimal:
    if pack.value is not None and pack.unit == PackUnit.MILLIGRAM:
        return pack.value / MG_IN_A_G
    return _counted(pack, [PackUnit.GRAM], strength, "of the weight, and the pack is not told in grams")


def _counted(pack: Pack, units: Iterable[str], strength: Strength, why_not: str) -> Decimal:
    if pack.value is None or pack.unit not in units:
        raise NotComputable(f"{strength.name} is told {why_not}.")
    return pack.value


def per_milligram(price: Decimal | None, told: Iterable[Strength], pack: Pack) -> Rate:
    """Dollars for a milligram of these cannabinoids together.

    :raises NotComputable: there is no price, or the amount of one of them cannot be computed, or is nothing
    """
    amount = sum((milligrams(strength, pack) for strength in told), Decimal(0))
    if amount == 0:
        raise NotComputable("There is none in it.")
    return Rate(_priced(price) / amount, "mg")


def per_measure(price: Decimal | None, pack: Pack) -> Rate:
    """Dollars for a gram, a millilitre or a piece of the pack.

    :raises NotComputable: there is no price, or the size of the pack is not told
    """
    if pack.value is None:
        raise NotComputable("The size of the pack is not told.")
    if pack.unit == PackUnit.MILLIGRAM:
        return Rate(_priced(price) * MG_IN_A_G / pack.value, PackUnit.GRAM)
    return Rate(_priced(price) / pack.value, pack.unit)


def _priced(price: Decimal | None) -> Decimal:
    if price is None:
        raise NotComputable("There is no price.")
    return price
