"""The products that lines of a list can be about, and looking them up."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.db.models import QuerySet
from import_export.instance_loaders import BaseInstanceLoader

from catalog import checking
from catalog.models import ImportRow, Price, Product, Supplier
from catalog.sheets.findings import Severity
from catalog.sheets.formats import Offers
from catalog.sheets.offers import Offer
from catalog.stepping import NotTaken

if TYPE_CHECKING:
    from catalog.comparing import Comparing

Outcome = ImportRow.Outcome

BATCH = 1000
IDENTITY = ("brand", "name", "dose_form", "size_value", "size_unit")


@dataclass
class Line:
    """One line of the list beside the product that it is about."""

    offer: Offer
    outcome: str
    product: Product | None = None  # None for a new one, and for lines that were not taken
    facts: dict[str, Any] = field(default_factory=dict)
    changes: dict[str, list[Any]] = field(default_factory=dict)  # field -> [now, then], as text
    relies_on: dict[str, Any] = field(default_factory=dict)  # field -> what it has to stay, as text

    @property
    def is_to_review(self) -> bool:
        return self.outcome != Outcome.ERROR and bool(self.offer.codes(Severity.REVIEW))

    @property
    def needs_decision(self) -> bool:
        """Whether it would change the catalogue in a way that somebody has to look at."""
        return self.outcome in ImportRow.CHANGING and self.is_to_review


class Shelf(BaseInstanceLoader):
    """The products that lines of one list can be about, looked up by identity.

    Of the whole catalogue of a supplier only keys are held; products and prices are fetched for one
    batch of lines at a time.
    """

    def __init__(self, resource: Comparing, dataset: Offers) -> None:
        super().__init__(resource, dataset)
        self.supplier = resource.supplier
        self.matched: set[UUID] = set()
        self.listed: set[UUID] = set()  # what lines that were not taken seem to be about
        self.by_gtin: dict[str, UUID] = {}
        self.by_description: dict[int, list[tuple[UUID, bool]]] = defaultdict(list)
        self.batch: list[Offer] | None = None
        self.products: dict[UUID, Product] = {}
        self.foreign: dict[str, Product] = {}  # barcodes that belong to another supplier
        self.prices: dict[tuple[UUID, str], Decimal | None] = {}
        for pk, gtin13, *described in self._mine().values_list("pk", "gtin13", *IDENTITY).iterator():
            if gtin13:
                self.by_gtin[gtin13] = pk
            self.by_description[_described(self.supplier, described)].append((pk, bool(gtin13)))

    def _mine(self) -> QuerySet[Product]:
        return Product.objects.filter(supplier=self.supplier) if self.supplier else Product.objects.none()

    def get_instance(self, row: dict[str, Any]) -> Line | None:
        """Find the product that a line is about; where that cannot be told, a finding says why.

        :raises NotTaken: it cannot be told, or another line is about it too
        """
        if self.dataset.batch is not self.batch:
            self._fetch(self.dataset.batch)
        offer: Offer = row["offer"]
        product = self._find(offer)
        if product and product.pk in self.matched:
            offer.find("duplicate_in_file", "name", f"Another line is {product} too.")
        if offer.is_quarantined:
            self.set_aside(offer)
            raise NotTaken
        if product is None:
            return None
        self.matched.add(product.pk)
        return Line(offer, Outcome.UNCHANGED, product)

    def set_aside(self, offer: Offer) -> None:
        """Remember what a line with an error is about: a product is not gone because its line is wrong."""
        self.listed.update(self._fitting(offer))

    def _find(self, offer: Offer) -> Product | None:
        if offer.gtin13 and (taken := self.foreign.get(offer.gtin13)):
            offer.find("gtin_taken", "gtin13", f"It is {taken}.")
            return None
        fitting = self._fitting(offer)
        if len(fitting) > 1:
            offer.find("identity_ambiguous", "name")
        return self.products[fitting[0]] if len(fitting) == 1 else None

    def _fitting(self, offer: Offer) -> list[UUID]:
        if offer.gtin13 and (known := self.by_gtin.get(offer.gtin13)):
            return [known]
        alike = self.by_description.get(hash(checking.described(offer)), [])
        return [pk for pk, has_barcode in alike if not (offer.gtin13 and has_barcode)]

    def _fetch(self, batch: list[Offer]) -> None:
        self.batch = batch
        barcodes = [offer.gtin13 for offer in batch if offer.gtin13 and offer.gtin13 not in self.by_gtin]
        self.foreign = {product.gtin13: product for product in Product.objects.filter(gtin13__in=barcodes)}
        fitting = {pk for offer in batch for pk in self._fitting(offer)}
        self.products = Product.objects.in_bulk(fitting)
        # The last that is or will be in force: a list that takes a coming price back says something new.
        known = Price.objects.filter(product__in=fitting)
        last = known.order_by("product_id", "kind", "-effective_on", "-pk").distinct("product_id", "kind")
        self.prices = {
            (product, kind): amount
            for product, kind, amount in last.values_list("product_id", "kind", "amount")
        }

    def gone(self) -> Iterator[list[Product]]:
        """The products that no line was about, taken or not, and that were on sale until now."""
        left = self._mine().exclude(supply=Product.Supply.DISCONTINUED)
        on_list = self.matched | self.listed
        missed = [pk for pk in left.values_list("pk", flat=True).iterator() if pk not in on_list]
        for start in range(0, len(missed), BATCH):
            yield list(Product.objects.filter(pk__in=missed[start : start + BATCH]))


def _described(supplier: Supplier | None, told: Sequence[Any]) -> int:
    """The identity of a product without a barcode, as ``checking.described`` tells it of an offer."""
    brand, name, dose_form, size, unit = told
    of = supplier.name.lower() if supplier else ""
    amount = size.normalize() if size is not None else None
    return hash(("described", of, brand.lower(), name.lower(), dose_form, amount, unit))
