"""Comparing what a supplier states with what the catalogue holds: the first half of an import.

django-import-export carries it: ``Shelf`` finds the product of a line, ``Comparing`` cleans each line, sets
it beside its product and skips what is unchanged. In the place of saving, the lines are handed on, for
people to review; ``applying`` saves what they took.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Protocol
from uuid import UUID

from catalog import checking
from catalog.models import ImportRow, Product, Supplier
from catalog.models.measures import plain, potency_fields, potency_text
from catalog.sheets.findings import Severity
from catalog.sheets.formats import Offers
from catalog.sheets.offers import Offer
from catalog.shelving import Line, Shelf
from catalog.stepping import NotTaken, Row, Steps

Outcome = ImportRow.Outcome

BATCH = 1000
PRICES = ("wholesale", "retail")
TOLD = (str, bool, int, list, dict)  # as they are
# What a product is when nothing is said about it.
UNSAID = {
    field.attname: field.get_default() for field in Product._meta.concrete_fields if not field.generated
}

# One fact in many columns: category and schedule were computed for these strengths and no others, so a
# change of some of it holds only while the rest is as it was.
COMPOSITION = frozenset(
    {
        *potency_fields("thc", None),
        *potency_fields("cbd", None),
        *("other_cannabinoids", "is_composition_known", "size_value", "size_unit"),
        *("tga_category_stated", "tga_category", "is_category_disputed"),
        *("schedule_stated", "schedule", "is_schedule_disputed"),
    }
)

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

    def __init__(self, supplier: Supplier | None, *, price_change_percent: int, keeper: Keeper) -> None:
        super().__init__()
        self.supplier = supplier
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
            self.shelf.set_aside(offer)
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
    price_change_percent: int = 20,
    keeper: Keeper | None = None,
) -> Comparison:
    """Check every offer and set it beside its product; what cannot be matched for certain is not taken.

    Prices are compared with the last that hold or are to hold, since a list is in the place of those.
    One that moved by ``price_change_percent`` or more is raised for review. The lines go to ``keeper``,
    or else into what is returned, which then is as long as the list.
    """
    found = Comparison(Counter(), 0)
    resource = Comparing(supplier, price_change_percent=price_change_percent, keeper=keeper or found)
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
        if not COMPOSITION.isdisjoint(line.changes):
            line.relies_on = {name: _told(line.facts[name]) for name in COMPOSITION - line.changes.keys()}
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
    _watch_strength(line, line.product)
    for kind in PRICES:
        percent = change_in_percent(line.changes.get(kind, [None, None]))
        if percent is not None and abs(percent) >= price_change_percent:
            before, after = line.changes[kind]
            told = f"{kind.capitalize()} {before} before, {after} now: {percent:+.1f} %."
            line.offer.find("price_changed_much", kind, told)


def _watch_strength(line: Line, product: Product) -> None:
    """Raise a strength or a size that differs: a slipped decimal point changes no category by itself."""
    for name in ("thc", "cbd"):
        columns = potency_fields(name, None)
        if columns.keys() & line.changes.keys():
            before, after = (
                potency_text(*(facts[column] for column in columns)) for facts in (vars(product), line.facts)
            )
            told = f"{name.upper()} {before or 'not stated'} before, {after or 'not stated'} now."
            line.offer.find("strength_changed", checking.cell_of(line.offer, name.upper()), told)
    if "other_cannabinoids" in line.changes:
        known, stated = line.changes["other_cannabinoids"]
        others = sorted(name for name in {*known, *stated} if known.get(name) != stated.get(name))
        line.offer.find("strength_changed", "strength", f"{', '.join(others).upper()}.")
    if {"size_value", "size_unit"} & line.changes.keys():
        before, after = (_size_text(facts) for facts in (vars(product), line.facts))
        line.offer.find("strength_changed", "size", f"{before} before, {after} now.")


def _size_text(facts: Mapping[str, Any]) -> str:
    value = facts["size_value"]
    return "No size" if value is None else f"{plain(value)} {facts['size_unit']}"


def change_in_percent(change: Sequence[Any]) -> Decimal | None:
    """How much a price rose or fell; None where there was none before, or is none now."""
    before, after = (Decimal(price) if price else None for price in change)
    if not before or after is None:
        return None
    return (after - before) / before * 100


def _told(value: Any) -> Any:
    if isinstance(value, Decimal):
        return format(value.normalize(), "f")
    return value if value is None or isinstance(value, TOLD) else str(value)


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
