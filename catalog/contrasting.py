"""Products side by side: what each supplier says of them, where they differ, and which costs least."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

from django.db.models import F, Value
from django.db.models.functions import Abs, Coalesce
from django.utils import timezone

from catalog import costing
from catalog.costing import NotComputable, Rate, Strength
from catalog.models import Price, Product
from catalog.models.measures import potency_text
from catalog.models.products import ProductQuerySet
from config.base import Refused

if TYPE_CHECKING:
    from clinic.models import User

FEWEST, MOST = 2, 6
NEAR = Decimal("0.2")  # of a strength: how far that of a similar product may lie from it
CENTS, SMALL = Decimal("0.01"), Decimal("0.0001")  # to which prices, and prices of a milligram, are written


class WrongNumber(Refused):
    def __init__(self) -> None:
        super().__init__(f"Choose {FEWEST} to {MOST} products to compare.")


@dataclass
class Cell:
    text: str
    is_known: bool = True
    is_least: bool = False  # the cheapest of those that are told in the same unit
    rate: Rate | None = None


@dataclass
class Line:
    """One fact of every product."""

    title: str
    cells: list[Cell] = field(default_factory=list)

    @property
    def differs(self) -> bool:
        return len({cell.text for cell in self.cells}) > 1


@dataclass
class Group:
    title: str
    lines: list[Line]


class Table(NamedTuple):
    groups: list[Group]
    is_mixed: bool  # prices with and without GST stand in it


def pick(user: User, ids: Iterable[UUID]) -> list[Product]:
    """Read the products to compare, in the order of ``ids``; those that ``user`` does not see are not there.

    :raises WrongNumber: fewer than two or more than six
    """
    wanted = list(dict.fromkeys(ids))
    if not FEWEST <= len(wanted) <= MOST:
        raise WrongNumber
    found = Product.objects.visible_to(user).select_related("supplier").in_bulk(wanted)
    if not FEWEST <= len(found) <= MOST:
        raise WrongNumber
    return [found[pk] for pk in wanted if pk in found]


def side_by_side(products: Sequence[Product], *, by: User) -> Table:
    """Every fact of ``products``, and what they cost today.

    Prices with and without GST are not set against each other: then nothing is called the cheapest.
    """
    prices = _in_force(products, by=by, on=timezone.localdate())
    retail = [prices.get((product.pk, Price.Kind.RETAIL)) for product in products]
    rates = _rates(products, [price.amount if price else None for price in retail])
    is_mixed = len({price.gst for price in retail if price and price.amount}) > 1
    for line in [] if is_mixed else rates:
        _mark_least(line)
    told = [
        Line(kind.label, [_price(prices.get((product.pk, kind))) for product in products])
        for kind in Price.Kind
    ]
    groups = [
        Group("Who and what", _told(products, WHO)),
        Group("In it", [*_cannabinoids(products), *_told(products, PLANT)]),
        Group("What it costs", [*told, *rates]),
    ]
    return Table(groups, is_mixed)


def similar(product: Product, *, by: User) -> ProductQuerySet:
    """Products on sale of other suppliers: same category and form, about as strong; the nearest first."""
    others = (
        Product.objects.visible_to(by)
        .filter(kind=product.kind, dose_form=product.dose_form, supply=Product.Supply.ACTIVE)
        .exclude(pk=product.pk)
        .select_related("supplier")
    )
    if not product.dose_form:
        return others.none()
    if product.kind == Product.Kind.CONVENTIONAL:
        return others.filter(name__iexact=product.name, strength__iexact=product.strength).order_by(
            "brand", "pk"
        )
    if product.tga_category is None:
        return others.none()
    others = others.filter(tga_category=product.tga_category).exclude(supplier=product.supplier_id)
    distance: Any = Value(Decimal(0))
    for name in ("thc", "cbd"):
        value = getattr(product, f"{name}_value")
        if value is None or getattr(product, f"{name}_op") != "=":
            continue
        alike = {f"{name}_{part}": getattr(product, f"{name}_{part}") for part in ("op", "unit", "basis")}
        between = (value * (1 - NEAR), value * (1 + NEAR))
        others = others.filter(**alike, **{f"{name}_value__range": between})
        distance = distance + Abs(Coalesce(F(f"{name}_value"), Value(Decimal(0))) - Value(value))
    return others.order_by(distance, "name", "pk")


WHO: dict[str, Callable[[Product], object]] = {
    "Supplier": lambda product: product.supplier,
    "Brand": lambda product: product.brand,
    "Maker": lambda product: product.manufacturer,
    "Supply": lambda product: product.get_supply_display(),
    "May be prescribed": lambda product: "Yes" if product.is_prescribable else "No",
    "TGA category": lambda product: product.tga_category,
    "Schedule": lambda product: product.schedule,
    "Pathway": lambda product: product.get_pathway_display(),
    "Dose form": lambda product: product.get_dose_form_display(),
    "Pack": lambda product: product.size_text,
}
PLANT: dict[str, Callable[[Product], object]] = {
    "Strength": lambda product: product.strength,
    "Strain": lambda product: product.strain_type,
    "Cultivar": lambda product: product.cultivar,
    "Lineage": lambda product: product.lineage,
    "Terpenes": lambda product: product.terpenes,
    "Packaging": lambda product: product.packaging,
    "Storage": lambda product: product.storage,
}


def _told(products: Sequence[Product], facts: dict[str, Callable[[Product], object]]) -> list[Line]:
    lines = [Line(title, [_cell(fact(product)) for product in products]) for title, fact in facts.items()]
    return [line for line in lines if any(cell.is_known for cell in line.cells)]


def _cell(fact: object) -> Cell:
    return Cell("Not told", is_known=False) if fact in (None, "") else Cell(str(fact))


def _cannabinoids(products: Sequence[Product]) -> list[Line]:
    told = [{strength.name: strength for strength in costing.strengths(product)} for product in products]
    names = dict.fromkeys(name for strengths in told for name in strengths)
    return [Line(name, [_cell(_text(strengths.get(name))) for strengths in told]) for name in names]


def _text(strength: Strength | None) -> str:
    if strength is None:
        return ""
    return potency_text(strength.op, strength.value, strength.unit, strength.basis)


def _rates(products: Sequence[Product], amounts: Sequence[Decimal | None]) -> list[Line]:
    """What comes of the retail prices, which are what patients pay."""
    measure, thc, cbd, total = (
        Line(f"Retail per {what}")
        for what in ("g, mL or piece", "mg of THC", "mg of CBD", "mg of all cannabinoids")
    )
    for product, amount in zip(products, amounts, strict=True):
        pack, told = costing.pack_of(product), costing.strengths(product)
        measure.cells.append(_rate(partial(costing.per_measure, amount, pack), CENTS))
        for line, mixture in ((thc, [_of("THC", told)]), (cbd, [_of("CBD", told)]), (total, told)):
            line.cells.append(_rate(partial(costing.per_milligram, amount, mixture, pack), SMALL))
    return [measure, thc, cbd, total]


def _of(name: str, told: Sequence[Strength]) -> Strength:
    return next((strength for strength in told if strength.name == name), Strength(name))


def _in_force(products: Sequence[Product], *, by: User, on: datetime.date) -> dict[tuple[UUID, str], Price]:
    rows = Price.objects.visible_to(by).filter(product__in=products, effective_on__lte=on)
    return {(price.product_id, price.kind): price for price in rows.order_by("effective_on", "pk")}


def _price(price: Price | None) -> Cell:
    if price is None or price.amount is None:
        return Cell("No price", is_known=False)
    gst = f" {price.get_gst_display()}" if price.gst else ""
    return Cell(f"A${price.amount:,.2f}{gst}")


def _rate(compute: Callable[[], Rate], exactness: Decimal) -> Cell:
    try:
        rate = compute()
    except NotComputable as why:
        return Cell(f"Cannot be computed. {why}", is_known=False)
    return Cell(f"A${rate.dollars.quantize(exactness):,} per {rate.unit}", rate=rate)


def _mark_least(line: Line) -> None:
    """Mark the cheapest of those told in the same unit, where there is something to compare it with."""
    for unit in {cell.rate.unit for cell in line.cells if cell.rate}:
        rates = [cell.rate.dollars for cell in line.cells if cell.rate and cell.rate.unit == unit]
        for cell in line.cells:
            if cell.rate and cell.rate.unit == unit and len(rates) > 1:
                cell.is_least = cell.rate.dollars == min(rates)
