"""Comparing what a supplier states with what the catalogue holds."""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.db.models import Q

from catalog import checking
from catalog.models import ImportRow, Price, Product, Supplier
from catalog.models.measures import potency_fields
from catalog.sheets.findings import Severity
from catalog.sheets.offers import Offer

Outcome = ImportRow.Outcome

PRICES = ("wholesale", "retail")
# What a product is when nothing is said about it.
UNSAID = {
    field.attname: field.get_default() for field in Product._meta.concrete_fields if not field.generated
}

# Our field -> the offer's; compared only where the list has such a column.
DESCRIBED = {
    "product_code": "product_code",
    "artg_id": "artg_id",
    "strain_type": "strain_type",
    "cultivar": "cultivar",
    "lineage": "lineage",
    "terpenes": "terpenes",
    "storage": "storage",
    "packaging": "packaging",
    "availability": "availability",
}


@dataclass
class Line:
    """One line of the list beside the product that it is about."""

    offer: Offer
    outcome: str
    product: Product | None = None  # None for a new one, and for lines that were not taken
    facts: dict[str, Any] = field(default_factory=dict)
    changes: dict[str, list[Any]] = field(default_factory=dict)  # field -> [now, then], as text

    @property
    def is_to_review(self) -> bool:
        return self.outcome != Outcome.ERROR and bool(self.offer.codes(Severity.REVIEW))

    @property
    def needs_decision(self) -> bool:
        """Whether it would change the catalogue in a way that somebody has to look at."""
        return self.outcome in ImportRow.CHANGING and self.is_to_review


@dataclass
class Comparison:
    """A whole list beside the catalogue."""

    lines: list[Line]
    gone: list[Product]  # in the catalogue, and not on the list any more

    def count(self, outcome: str) -> int:
        return sum(line.outcome == outcome for line in self.lines)

    @property
    def is_settled(self) -> bool:
        """Whether the list says nothing new. What is gone from it is for a person to decide, and may stay."""
        return not self.count(Outcome.NEW) and not self.count(Outcome.CHANGED)


class Shelf:
    """The products that lines of one list can be about, ready for looking up by identity."""

    def __init__(self, supplier: Supplier | None, offers: Iterable[Offer], *, on: datetime.date) -> None:
        barcodes = [offer.gtin13 for offer in offers if offer.gtin13]
        mine = Q(supplier=supplier) if supplier else Q(pk=None)
        products = list(Product.objects.filter(mine | Q(gtin13__in=barcodes)).select_related("supplier"))
        self.mine = [product for product in products if supplier and product.supplier_id == supplier.pk]
        self.by_gtin = {product.gtin13: product for product in products if product.gtin13}
        self.by_description: dict[tuple[object, ...], list[Product]] = defaultdict(list)
        for product in self.mine:
            self.by_description[_described(product)].append(product)
        in_force = Price.objects.filter(product__supplier=supplier, effective_on__lte=on)
        self.prices: dict[tuple[object, str], Decimal | None] = {
            (product, kind): amount
            for product, kind, amount in in_force.order_by("effective_on", "pk").values_list(
                "product_id", "kind", "amount"
            )
        }

    def find(self, offer: Offer) -> Product | None:
        """Find the product that ``offer`` is about; raise a finding where that cannot be told."""
        if offer.gtin13 and (known := self.by_gtin.get(offer.gtin13)):
            if known not in self.mine:
                offer.find("gtin_taken", "gtin13", f"It is {known}.")
            return known
        alike = self.by_description[checking.described(offer)]
        fitting = [product for product in alike if not (offer.gtin13 and product.gtin13)]
        if len(fitting) > 1:
            offer.find("identity_ambiguous", "name")
        return fitting[0] if len(fitting) == 1 else None


def compare(
    offers: list[Offer], supplier: Supplier | None, *, on: datetime.date, price_change_percent: int = 20
) -> Comparison:
    """Set every checked offer beside its product; what cannot be matched for certain is not taken.

    Prices are compared with those in force ``on`` the day from which the list is to hold. One that
    moved by ``price_change_percent`` or more is raised for review.
    """
    shelf = Shelf(supplier, offers, on=on)
    matched: set[object] = set()
    lines = []
    for offer in offers:
        product = None if offer.is_quarantined else shelf.find(offer)
        if product and product.pk in matched:
            offer.find("duplicate_in_file", "name", f"Another line is {product} too.")
        if offer.is_quarantined:
            lines.append(Line(offer, Outcome.ERROR))
            continue
        if product:
            matched.add(product.pk)
        line = _line(offer, product, shelf)
        _watch(line, price_change_percent)
        lines.append(line)
    return Comparison(lines, [product for product in shelf.mine if _is_gone(product, matched)])


def _is_gone(product: Product, matched: set[object]) -> bool:
    return product.pk not in matched and product.supply != Product.Supply.DISCONTINUED


def _line(offer: Offer, product: Product | None, shelf: Shelf) -> Line:
    then = facts(offer)
    if product is None:
        changes = {name: [None, _told(value)] for name, value in then.items() if value != UNSAID[name]}
        known: dict[str, Decimal | None] = {}
    else:
        if product.supply == Product.Supply.DISCONTINUED and "supply" not in then:
            then["supply"] = Product.Supply.ACTIVE.value  # what was taken off sale is on the list again
        changes = {
            name: [_told(getattr(product, name)), _told(value)]
            for name, value in then.items()
            if getattr(product, name) != value
        }
        known = {kind: shelf.prices.get((product.pk, kind)) for kind in PRICES}
    for kind in PRICES:
        stated = getattr(offer, kind)
        if stated is not None and stated != known.get(kind):
            changes[kind] = [_told(known.get(kind)), _told(stated)]
    if product is None:
        return Line(offer, Outcome.NEW, None, then, changes)
    return Line(offer, Outcome.CHANGED if changes else Outcome.UNCHANGED, product, then, changes)


def _watch(line: Line, price_change_percent: int) -> None:
    """Raise what only shows beside the catalogue. No fact of a product: it would make it differ."""
    if line.product is None:
        return
    now, then = line.changes.get("supply", [None, None])
    if now == Product.Supply.DISCONTINUED and then != now:
        line.offer.find("listed_again", "name")
    for kind in PRICES:
        percent = change_in_percent(line.changes.get(kind, [None, None]))
        if percent is not None and abs(percent) >= price_change_percent:
            before, after = line.changes[kind]
            told = f"{kind.capitalize()} {before} before, {after} now: {percent:+.1f} %."
            line.offer.find("price_changed_much", kind, told)


def change_in_percent(change: Sequence[Any]) -> Decimal | None:
    """How much a price rose or fell; None where there was none before, or is none now."""
    before, after = (Decimal(price) if price else None for price in change)
    if not before or after is None:
        return None
    return (after - before) / before * 100


def _told(value: Any) -> Any:
    if isinstance(value, Decimal):
        return format(value.normalize(), "f")
    return value if value is None or isinstance(value, bool | int | list | dict) else str(value)


def _described(product: Product) -> tuple[object, ...]:
    size = product.size_value.normalize() if product.size_value is not None else None
    supplier = product.supplier.name.lower() if product.supplier else ""
    name = (supplier, product.brand.lower(), product.name.lower())
    return ("described", *name, product.dose_form, size, product.size_unit)


def facts(offer: Offer) -> dict[str, Any]:
    """Tell the columns of a product that ``offer`` states, leaving alone what the list has no column for."""
    found = checking.classify(offer)
    codes = offer.codes(Severity.REVIEW)
    minor = {
        name.lower(): amount.as_fact()
        for name, amount in offer.potencies.items()
        if name not in ("THC", "CBD")
    }
    stated = {
        "brand": offer.brand,
        "name": offer.name,
        "dose_form": checking.dose_form(offer.dose_form),
        "dose_form_stated": offer.dose_form,
        "size_value": offer.size.value if offer.size else None,
        "size_unit": offer.size.unit if offer.size else "",
        **potency_fields("thc", offer.potencies.get("THC")),
        **potency_fields("cbd", offer.potencies.get("CBD")),
        "other_cannabinoids": minor,
        "is_composition_known": offer.is_composition_known,
        "tga_category_stated": offer.tga_category,
        "tga_category": found.category,
        "is_category_disputed": "category_disagrees" in codes,
        "schedule_stated": offer.schedule,
        "schedule": found.schedule,
        "is_schedule_disputed": "schedule_disagrees" in codes,
        "review_codes": codes,
    }
    for name, into in DESCRIBED.items():
        if into in offer.cells or getattr(offer, into):
            stated[name] = getattr(offer, into)
    if "artg_id" in offer.cells or "pathway" in offer.cells:
        stated["pathway"] = checking.pathway(offer)
    if "availability" in offer.cells:
        stated["available_on"] = offer.available_on
    if offer.gtin13:
        stated["gtin13"] = offer.gtin13
    if offer.supply:
        stated["supply"] = offer.supply
    return stated
