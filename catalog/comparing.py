"""Comparing what a supplier states with what the catalogue holds."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
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
    prices: dict[str, Decimal] = field(default_factory=dict)  # those that are new or changed

    @property
    def is_to_review(self) -> bool:
        return self.outcome != Outcome.ERROR and bool(self.offer.codes(Severity.REVIEW))


@dataclass
class Comparison:
    """A whole list beside the catalogue."""

    lines: list[Line]
    gone: list[Product]  # in the catalogue, and not on the list any more

    def count(self, outcome: str) -> int:
        return sum(line.outcome == outcome for line in self.lines)

    @property
    def is_settled(self) -> bool:
        """Whether applying the list would change nothing."""
        return not self.count(Outcome.NEW) and not self.count(Outcome.CHANGED)


class Shelf:
    """The products that lines of one list can be about, ready for looking up by identity."""

    def __init__(self, supplier: Supplier | None, offers: Iterable[Offer]) -> None:
        barcodes = [offer.gtin13 for offer in offers if offer.gtin13]
        mine = Q(supplier=supplier) if supplier else Q(pk=None)
        products = list(Product.objects.filter(mine | Q(gtin13__in=barcodes)).select_related("supplier"))
        self.mine = [product for product in products if supplier and product.supplier_id == supplier.pk]
        self.by_gtin = {product.gtin13: product for product in products if product.gtin13}
        self.by_description: dict[tuple[object, ...], list[Product]] = defaultdict(list)
        for product in self.mine:
            self.by_description[_described(product)].append(product)
        self.prices: dict[tuple[object, str], Decimal] = {
            (price.product_id, price.kind): price.amount
            for price in Price.objects.filter(product__in=self.mine).order_by("effective_on", "pk")
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


def compare(offers: list[Offer], supplier: Supplier | None) -> Comparison:
    """Set every checked offer beside its product; what cannot be matched for certain is not taken."""
    shelf = Shelf(supplier, offers)
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
        lines.append(_line(offer, product, shelf))
    return Comparison(lines, [product for product in shelf.mine if _is_gone(product, matched)])


def _is_gone(product: Product, matched: set[object]) -> bool:
    return product.pk not in matched and product.supply != Product.Supply.DISCONTINUED


def _line(offer: Offer, product: Product | None, shelf: Shelf) -> Line:
    known = shelf.prices if product else {}
    stated = {
        kind: getattr(offer, kind) for kind in ("wholesale", "retail") if getattr(offer, kind) is not None
    }
    prices = {
        kind: amount
        for kind, amount in stated.items()
        if known.get((getattr(product, "pk", None), kind)) != amount
    }
    if product is None:
        return Line(offer, Outcome.NEW, None, facts(offer), prices=prices)
    then = facts(offer)
    changes = {
        name: [_told(getattr(product, name)), _told(value)]
        for name, value in then.items()
        if getattr(product, name) != value
    }
    changes |= {
        kind: [_told(known.get((product.pk, kind))), _told(amount)] for kind, amount in prices.items()
    }
    outcome = Outcome.CHANGED if changes else Outcome.UNCHANGED
    return Line(offer, outcome, product, then, changes, prices)


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
