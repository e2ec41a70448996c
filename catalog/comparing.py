"""Comparing what a supplier states with what the catalogue holds: the first half of an import.

django-import-export carries it: ``Shelf`` finds the record of a row, ``Comparing`` cleans each row, sets
it beside its record and skips what is unchanged. In the place of saving, the lines are handed on, for
people to review; ``applying`` saves what they took.
"""

from __future__ import annotations

import datetime
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Protocol
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from import_export.instance_loaders import BaseInstanceLoader
from import_export.resources import Resource
from import_export.results import Result, RowResult

from catalog import checking
from catalog.models import ImportRow, Price, Product, Supplier
from catalog.models.measures import potency_fields
from catalog.sheets.findings import Severity
from catalog.sheets.formats import Offers
from catalog.sheets.offers import Offer

Outcome = ImportRow.Outcome

BATCH = 1000
PRICES = ("wholesale", "retail")
IDENTITY = ("brand", "name", "dose_form", "size_value", "size_unit")
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


class Keeper(Protocol):
    """Whoever is handed the outcome, batch by batch, in the order of the list."""

    def keep(self, lines: list[Line]) -> None: ...

    def miss(self, products: list[Product]) -> None:
        """Take products that are in the catalogue, and not on the list any more."""


@dataclass
class Comparison:
    """A whole list beside the catalogue: what came out in numbers, and line by line if asked for."""

    counts: Counter[str]  # outcome -> lines
    review: int  # lines to be looked at
    lines: list[Line] = field(default_factory=list)
    gone: list[Product] = field(default_factory=list)

    @property
    def read(self) -> int:
        return self.counts.total() - self.counts[Outcome.GONE]

    @property
    def is_settled(self) -> bool:
        """Whether the list says nothing new. What is gone from it is for a person to decide, and may stay."""
        return not self.counts[Outcome.NEW] and not self.counts[Outcome.CHANGED]

    def keep(self, lines: list[Line]) -> None:
        self.lines += lines

    def miss(self, products: list[Product]) -> None:
        self.gone += products


class Shelf(BaseInstanceLoader):
    """The products that lines of one list can be about, looked up by identity.

    Of the whole catalogue of a supplier only keys are held; products and prices are fetched for one
    batch of lines at a time.
    """

    def __init__(self, resource: Comparing, dataset: Offers) -> None:
        super().__init__(resource, dataset)
        self.supplier, self.day = resource.supplier, resource.day
        self.matched: set[UUID] = set()
        self.by_gtin: dict[str, UUID] = {}
        self.by_description: dict[int, list[tuple[UUID, bool]]] = defaultdict(list)
        self.batch: list[Offer] | None = None
        self.products: dict[UUID, Product] = {}
        self.foreign: dict[str, Product] = {}  # barcodes that belong to another supplier
        self.prices: dict[tuple[UUID, str], Decimal | None] = {}
        for pk, gtin13, *described in self._mine().values_list("pk", "gtin13", *IDENTITY).iterator():
            if gtin13:
                self.by_gtin[gtin13] = pk
            self.by_description[_described(self.supplier, *described)].append((pk, bool(gtin13)))

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
            raise NotTaken
        if product is None:
            return None
        self.matched.add(product.pk)
        return Line(offer, Outcome.UNCHANGED, product)

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
        in_force = Price.objects.filter(product__in=fitting, effective_on__lte=self.day)
        last = in_force.order_by("product_id", "kind", "-effective_on", "-pk").distinct("product_id", "kind")
        self.prices = {
            (product, kind): amount
            for product, kind, amount in last.values_list("product_id", "kind", "amount")
        }

    def gone(self) -> Iterator[list[Product]]:
        """The products that no line was about, and that were on sale until now."""
        left = self._mine().exclude(supply=Product.Supply.DISCONTINUED)
        missed = [pk for pk in left.values_list("pk", flat=True).iterator() if pk not in self.matched]
        for start in range(0, len(missed), BATCH):
            yield list(Product.objects.filter(pk__in=missed[start : start + BATCH]))


class NotTaken(ValidationError):
    """A line with an error: it is kept and shown, and makes no product."""

    def __init__(self) -> None:
        super().__init__("This line was not taken.")


class Row(RowResult):
    """What became of one line. The line itself says it all, so nothing is told a second time."""

    def add_instance_info(self, instance: Any) -> None:
        """Leave the record alone: to name 10,000 of them takes longer than to compare them."""


class Tally(Result):
    """What became of all lines, in numbers: the library would hold every one of them."""

    def append_row_result(self, row_result: RowResult) -> None: ...

    def append_invalid_row(self, number: int, row: Any, validation_error: Any) -> None: ...


class Steps(Resource):
    """The steps of the library for each row of a long list, in the room of one.

    It would note a mistake of ours on the row and go on; here that stops the list, of which nothing is
    kept then. What is wrong with a row itself is ``NotTaken``.
    """

    def get_row_result_class(self) -> type[Row]:
        return Row

    def get_result_class(self) -> type[Tally]:
        return Tally

    def import_row(self, row: dict[str, Any], instance_loader: Any, **kwargs: Any) -> Row:
        outcome: Row = super().import_row(row, instance_loader, **kwargs)
        if outcome.errors:
            raise outcome.errors[0].error
        if outcome.validation_error:
            outcome.validation_error.__traceback__ = None  # would hold on to the row, and so for ever
        return outcome


class Comparing(Steps):
    """Sets every line of a list beside its product, and hands the lines on where others would save them.

    The library's own dry run rolls back all that was written meanwhile, and shows its differences as
    HTML in the answer to one request; ours are kept as rows, for as many people and days as a review takes.
    """

    class Meta:
        model = Product
        instance_loader_class = Shelf
        use_bulk = True  # no savepoint around each line
        use_transactions = False  # the caller has opened one
        batch_size = BATCH
        skip_diff = True  # ``Line.changes`` is the difference, as text that can be stored

    def __init__(
        self, supplier: Supplier | None, *, on: datetime.date, price_change_percent: int, keeper: Keeper
    ) -> None:
        super().__init__()
        self.supplier = supplier
        self.day = on
        self.price_change_percent = price_change_percent
        self.keeper = keeper
        self.lines: list[Line] = []
        self.counts: Counter[str] = Counter()
        self.review = 0

    def before_import(self, dataset: Offers, **kwargs: Any) -> None:
        self.neighbours = dataset.neighbours

    def import_row(self, row: dict[str, Any], instance_loader: Shelf, **kwargs: Any) -> Row:
        """Go through the steps of the library for one line, and keep the line whatever came of it."""
        self.shelf = instance_loader
        self.line = Line(row["offer"], Outcome.ERROR)
        outcome = super().import_row(row, instance_loader, **kwargs)
        self._keep(self.line)
        return outcome

    def get_instance(self, instance_loader: Shelf, row: dict[str, Any]) -> Line | None:
        """Ask the shelf: what identifies a product is no one column, so there are no ``import_id_fields``."""
        return instance_loader.get_instance(row)

    def before_import_row(self, row: dict[str, Any], **kwargs: Any) -> None:
        """Clean: raise what does not fit.

        :raises NotTaken: it has an error
        """
        offer: Offer = row["offer"]
        checking.check_line(offer, self.neighbours)
        if offer.is_quarantined:
            raise NotTaken

    def init_instance(self, row: dict[str, Any]) -> Line:
        return Line(row["offer"], Outcome.NEW)

    def import_instance(self, instance: Line, row: dict[str, Any], **kwargs: Any) -> None:
        """Set the facts that the line states beside those of its product."""
        _compare(instance, self.shelf.prices)
        _watch(instance, self.price_change_percent)
        self.line = instance

    def skip_row(self, instance: Line, original: Any, row: Any, import_validation_errors: Any = None) -> bool:
        return instance.outcome == Outcome.UNCHANGED

    def save_instance(self, instance: Line, is_create: bool, row: Any, **kwargs: Any) -> None:
        """Save nothing: that is done once people have looked at it."""

    def finish(self) -> None:
        """Hand on what is left, and what no line was about. Not ``after_import``, which hides mistakes."""
        self._hand_on()
        for products in self.shelf.gone():
            self.counts[Outcome.GONE] += len(products)
            self.keeper.miss(products)

    def _keep(self, line: Line) -> None:
        self.counts[line.outcome] += 1
        self.review += line.is_to_review
        self.lines.append(line)
        if len(self.lines) == BATCH:
            self._hand_on()

    def _hand_on(self) -> None:
        self.keeper.keep(self.lines)
        self.lines = []


def compare(
    offers: Offers,
    supplier: Supplier | None,
    *,
    on: datetime.date,
    price_change_percent: int = 20,
    keeper: Keeper | None = None,
) -> Comparison:
    """Check every offer and set it beside its product; what cannot be matched for certain is not taken.

    Prices are compared with those in force ``on`` the day from which the list is to hold. One that
    moved by ``price_change_percent`` or more is raised for review. The lines go to ``keeper``, or else
    into what is returned, which then is as long as the list.
    """
    found = Comparison(Counter(), 0)
    resource = Comparing(supplier, on=on, price_change_percent=price_change_percent, keeper=keeper or found)
    resource.import_data(offers)
    resource.finish()
    found.counts, found.review = resource.counts, resource.review
    return found


def _compare(line: Line, prices: Mapping[tuple[UUID, str], Decimal | None]) -> None:
    """Fill in what ``line`` would change, and whether it changes anything."""
    product, line.facts = line.product, facts(line.offer)
    known: dict[str, Decimal | None] = {}
    if product is None:
        line.changes = {
            name: [None, _told(value)] for name, value in line.facts.items() if value != UNSAID[name]
        }
    else:
        if product.supply == Product.Supply.DISCONTINUED and "supply" not in line.facts:
            line.facts["supply"] = Product.Supply.ACTIVE.value  # what was taken off sale is on the list again
        line.changes = {
            name: [_told(getattr(product, name)), _told(value)]
            for name, value in line.facts.items()
            if getattr(product, name) != value
        }
        known = {kind: prices.get((product.pk, kind)) for kind in PRICES}
    for kind in PRICES:
        stated = getattr(line.offer, kind)
        if stated is not None and stated != known.get(kind):
            line.changes[kind] = [_told(known.get(kind)), _told(stated)]
    if product and line.changes:
        line.outcome = Outcome.CHANGED


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


def _described(
    supplier: Supplier | None, brand: str, name: str, dose_form: str, size: Decimal | None, unit: str
) -> int:
    """The identity of a product without a barcode, as ``checking.described`` tells it of an offer."""
    of = supplier.name.lower() if supplier else ""
    amount = size.normalize() if size is not None else None
    return hash(("described", of, brand.lower(), name.lower(), dose_form, amount, unit))


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
