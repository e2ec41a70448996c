"""Prices over time as a picture: a step for every change, drawn by us so that it needs no script."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal

from django.utils.formats import date_format

from catalog.models import Price

# Of the picture, in units of its own.
WIDTH, HEIGHT = 640, 220
LEFT, RIGHT, TOP, BOTTOM = 64, 12, 12, 28
MOST_TICKS = 4
STEPS = (Decimal(1), Decimal(2), Decimal("2.5"), Decimal(5), Decimal(10))


@dataclass(frozen=True)
class Tick:
    at: float
    text: str


@dataclass(frozen=True)
class Curve:
    """One kind of price: a path as SVG draws it, a dot on each change, and what is said of it in words."""

    kind: str
    title: str
    path: str
    dots: list[tuple[float, float]]
    told: str


@dataclass(frozen=True)
class Picture:
    curves: list[Curve]
    amounts: list[Tick]
    days: list[Tick]
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    right: int = WIDTH - RIGHT
    bottom: int = HEIGHT - BOTTOM


def draw(prices: Sequence[Price], *, today: datetime.date) -> Picture | None:
    """Draw every price from its first day to ``today`` or to the last day known; None without a price."""
    amounts = [price.amount for price in prices if price.amount is not None]
    if not amounts:
        return None
    days = [price.effective_on for price in prices]
    first, last = min(days), max([*days, today])
    span, step = max((last - first).days, 1), _step(max(amounts))
    top = step * (max(amounts) / step).to_integral_value(ROUND_CEILING)

    def across(day: datetime.date) -> float:
        return round(LEFT + (WIDTH - RIGHT - LEFT) * (day - first).days / span, 1)

    def up(amount: Decimal) -> float:
        return round(HEIGHT - BOTTOM - (HEIGHT - BOTTOM - TOP) * float(amount / top), 1)

    curves = []
    for kind in Price.Kind:
        changes = _changes(prices, kind)
        if not any(amount is not None for _, amount in changes):
            continue
        path, dots = "", []
        for (day, amount), (until, _) in zip(changes, [*changes[1:], (last, None)], strict=True):
            if amount is None:
                continue
            start = "L" if path.endswith(f"H{across(day)}") else "M"
            path += f" {start}{across(day)} {up(amount)} H{across(until)}"
            dots.append((across(day), up(amount)))
        curves.append(Curve(kind.value, kind.label, path.strip(), dots, _told(changes)))
    marks = [step * number for number in range(int(top / step) + 1)]
    ticks = [Tick(up(mark), f"A${mark.normalize():,f}") for mark in marks]
    ends = [Tick(across(first), _day(first)), Tick(across(last), _day(last))]
    return Picture(curves, ticks, ends if first < last else ends[:1])


def _changes(prices: Sequence[Price], kind: str) -> list[tuple[datetime.date, Decimal | None]]:
    """The price from each day on; what was written last for a day counts."""
    ordered = sorted(
        (price for price in prices if price.kind == kind), key=lambda one: (one.effective_on, one.pk)
    )
    return [*{price.effective_on: price.amount for price in ordered}.items()]


def _step(most: Decimal) -> Decimal:
    """A round number that goes into ``most`` no more than a few times."""
    unit = Decimal(10) ** ((most / MOST_TICKS).adjusted())
    return next(unit * times for times in STEPS if unit * times * MOST_TICKS >= most)


def _told(changes: Sequence[tuple[datetime.date, Decimal | None]]) -> str:
    return "; ".join(
        f"from {_day(day)} {'no price' if amount is None else f'A${amount:,.2f}'}" for day, amount in changes
    )


def _day(day: datetime.date) -> str:
    return date_format(day, "j M Y")
