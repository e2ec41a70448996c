"""TGA category and schedule of a cannabis medicine, computed from its composition."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping
from decimal import Decimal
from functools import lru_cache

# Shares of all declared cannabinoids by mass (TGA medicinal cannabis categories, November 2021).
CBD_MEDICINE = Decimal("0.98")  # also the Poisons Standard's line between Schedules 4 and 8
CBD_DOMINANT = Decimal("0.60")
BALANCED = Decimal("0.40")
THC_DOMINANT = Decimal("0.60")
THC_MEDICINE = Decimal("0.98")

# One bounded cannabinoid doubles the mixtures to look at; labels bound two or three.
MOST_BOUNDS = 8


def category(*, thc: Decimal, cbd: Decimal, other: Decimal = Decimal(0)) -> int | None:
    """Tell the TGA category of exact amounts in one unit; None where a person must decide.

    Shares are compared as fractions without rounding: 97.9 % is not 98 %.
    """
    total = thc + cbd + other
    if total <= 0:
        return None
    if cbd >= CBD_MEDICINE * total:
        return 1
    if cbd >= CBD_DOMINANT * total:
        return 2
    if cbd >= BALANCED * total:
        return 3
    if thc > THC_MEDICINE * total:
        return 5
    return 4 if thc >= THC_DOMINANT * total else None


def schedule(of_category: int | None) -> str:
    """Tell the schedule of a TGA category (Poisons Standard, Schedules 4 and 8); "" for none."""
    if of_category is None:
        return ""
    return "S4" if of_category == 1 else "S8"


def possible(amounts: Mapping[str, tuple[str, Decimal]]) -> frozenset[int]:
    """Tell every category that amounts like ``{"THC": ("=", 27), "CBD": ("<", 1)}`` leave open.

    A bound (``<`` or ``<=``) may be anything from nothing up to its value, so the categories between
    those of the extreme mixtures are open too. Empty where an extreme mixture has no category.
    """
    return _possible(frozenset(amounts.items()))


@lru_cache(maxsize=4096)  # a list asks three times a line, and the strengths of its lines are few
def _possible(stated: frozenset[tuple[str, tuple[str, Decimal]]]) -> frozenset[int]:
    amounts = dict(stated)
    bounded = [name for name, (op, _) in amounts.items() if op != "="]
    if not amounts or len(bounded) > MOST_BOUNDS:
        return frozenset()
    found: set[int | None] = set()
    for present in itertools.product((False, True), repeat=len(bounded)):
        absent = {name for name, is_present in zip(bounded, present, strict=True) if not is_present}
        mixture = {name: Decimal(0) if name in absent else value for name, (_, value) in amounts.items()}
        found.add(_category_of(mixture))
    known = {category for category in found if category is not None}
    if len(known) < len(found):
        return frozenset()
    return frozenset(range(min(known), max(known) + 1))


def strictest(categories: Iterable[int]) -> int | None:
    """Tell the most tightly controlled of ``categories``, which holds until someone knows better."""
    return max(categories, default=None)


def _category_of(mixture: Mapping[str, Decimal]) -> int | None:
    thc, cbd = mixture.get("THC", Decimal(0)), mixture.get("CBD", Decimal(0))
    return category(thc=thc, cbd=cbd, other=sum(mixture.values(), Decimal(0)) - thc - cbd)
