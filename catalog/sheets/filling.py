"""Filling an offer from the cells of its line."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from catalog import checking
from catalog.models.measures import PIECES, Basis, Cannabinoid
from catalog.sheets import parsing
from catalog.sheets.layout import Layout, Sheet, words
from catalog.sheets.offers import Offer
from catalog.sheets.parsing import Amount, Unreadable
from catalog.sheets.tables import Cell

SUPPLIES = {
    "active": "active",
    "to be released": "to_be_released",
    "out of stock": "out_of_stock",
    "discontinued": "discontinued",
}

# Fields that one cell fills by itself.
PARSERS: dict[str, Callable[[str], Any]] = {
    "name": parsing.text,
    "brand": parsing.text,
    "trade_name": parsing.text,
    "dose_form": parsing.text,
    "packaging": parsing.text,
    "storage": parsing.text,
    "pathway": parsing.pathway,
    "artg_id": parsing.artg,
    "product_code": parsing.text,
    "strain_type": parsing.text,
    "cultivar": parsing.text,
    "lineage": parsing.text,
    "terpenes": parsing.text,
    "availability": parsing.text,
    "thc_total": parsing.text,
    "cbd_total": parsing.text,
    "size": parsing.size,
    "schedule": parsing.schedule,
    "tga_category": parsing.category,
    "wholesale": parsing.price,
    "retail": parsing.price,
    "gtin13": parsing.gtin,
    "ratio": parsing.ratio,
}
LIMITS = {"brand": 100, "strain_type": 50, "product_code": 50}
PRICES = ("wholesale", "retail")
CANNABINOIDS = tuple(map(str.lower, Cannabinoid.values))
STRENGTHS = (*CANNABINOIDS, "strength", "generic_name")
CLASSIFYING = ("thc", "cbd")  # the two that categories and schedules are told by
HIDING = dict.fromkeys(("thc", "cbd", "strength", "generic_name", "size"), "digits_hidden") | dict.fromkeys(
    PRICES, "price_rounded"
)


def fill(offer: Offer, named: Mapping[str, Cell], of: Layout, sheet: Sheet) -> None:
    """Take over every cell that says something; what cannot be read is told, never guessed."""
    for into, fixed in sheet.fixed.items():
        setattr(offer, into, fixed)
    for into, cell in named.items():
        if into in PARSERS and cell.text:
            _take(offer, into, cell)
    _fill_potencies(offer, named)
    _find_hidden_digits(offer, named)
    _doubt_commas(offer, named)
    _fill_from_name_and_ratio(offer, named)
    _doubt_blanks(offer, named)
    _fill_supply(offer, named)
    _fill_prices(offer, named, of)
    if "gtin13" in named and not offer.gtin13 and not _codes(offer, "gtin13"):
        offer.find("gtin_missing", "gtin13")


def _fill_prices(offer: Offer, named: Mapping[str, Cell], of: Layout) -> None:
    offer.wholesale_gst, offer.retail_gst = of.gst.get("wholesale", ""), of.gst.get("retail", "")
    for price in PRICES:
        if (
            price in named
            and getattr(offer, price) is None
            and "price_unreadable" not in _codes(offer, price)
        ):
            offer.find("price_missing", price)


def _find_hidden_digits(offer: Offer, named: Mapping[str, Cell]) -> None:
    """Tell where more was typed than is seen: a strength counts as it is seen, a price as it was typed."""
    for into, code in HIDING.items():
        if into in named and named[into].hides_digits:
            offer.find(code, into, f"{named[into].text} is shown as {named[into].shown}.")


def _doubt_commas(offer: Offer, named: Mapping[str, Cell]) -> None:
    """Ask about a strength like "2,500 mg": a thousand times too much, where it is a decimal comma."""
    for into in STRENGTHS:
        if into in named and parsing.AMBIGUOUS.search(named[into].shown):
            offer.find("comma_in_number", into, f"It says “{named[into].shown[:60]}”.")


def _take(offer: Offer, into: str, cell: Cell) -> None:
    try:
        value = PARSERS[into](cell.text if into in PRICES else cell.shown)
    except Unreadable as problem:
        offer.find(problem.code, into, problem.detail)
        return
    if isinstance(value, str) and len(value) > LIMITS.get(into, parsing.LONGEST):
        offer.find("text_too_long", into, f"It has {len(value)} characters.")
        return
    setattr(offer, into, value)


def _codes(offer: Offer, into: str) -> set[str]:
    return {finding.code for finding in offer.findings if finding.cell == offer.cells.get(into)}


def _fill_potencies(offer: Offer, named: Mapping[str, Cell]) -> None:
    for into in CANNABINOIDS:
        if into in named:
            _add_potency(offer, into, named[into].shown)
    if "strength" in named:
        _add_mixture(offer, "strength", named["strength"].shown)
    if "generic_name" in named:
        _add_mixture(offer, "generic_name", named["generic_name"].shown)
    if "cannabinoids" in named:
        _expect_named(offer, named["cannabinoids"].text)
    if offer.size and offer.size.unit in PIECES:  # a bare "mg" on the label of a pastille is one pastille's
        offer.potencies = {
            name: replace(amount, basis=amount.basis or Basis.UNIT.value)
            for name, amount in offer.potencies.items()
        }


def _add_potency(offer: Offer, into: str, shown: str) -> None:
    """Read the column of one cannabinoid: ``<1%``, ``CBD <1%``, or a bare nought."""
    name = into.upper()
    try:
        amount = parsing.amount_of(name, shown)
    except Unreadable as problem:
        offer.find(problem.code, into, problem.detail)
        is_nought = shown == "0"  # of whatever unit
        offer.is_composition_known = offer.is_composition_known and is_nought
    else:
        if amount:
            offer.potencies[name] = amount


def _doubt_blanks(offer: Offer, named: Mapping[str, Cell]) -> None:
    """Take a blank for "none" only where the line's category or schedule says so.

    It may as well have been forgotten, and CBD with an unknown amount of THC is not a Schedule 4 medicine.
    A cell that lists several cannabinoids is complete; a column for one of them is only where it is filled.
    """
    if not any(into in named for into in CLASSIFYING):
        return
    blank = [
        into for into in CLASSIFYING if into.upper() not in offer.potencies and _is_blank(named.get(into))
    ]
    if not blank or checking.settles_blanks(offer):
        return
    offer.is_composition_known = False
    for into in blank:
        offer.find("potency_missing", into, f"It says nothing of {into.upper()}.")


def _is_blank(cell: Cell | None) -> bool:
    return cell is None or parsing.says_nothing(cell.shown)


def _add_mixture(offer: Offer, into: str, shown: str) -> None:
    """Read a cell with several cannabinoids; a second such cell only adds what the first left open."""
    try:
        found = parsing.amounts(shown)
    except Unreadable as problem:
        found = {"": problem}
    for name, amount in found.items():
        known = offer.potencies.get(name)
        if isinstance(amount, Amount):
            offer.potencies.setdefault(name, amount)
            if known and (known.value, known.unit) != (amount.value, amount.unit):
                offer.find("potency_disagrees", into, f"{name}: {known} and {amount}.")
        elif known or (not name and offer.potencies):
            offer.find("second_strength_unreadable", into, amount.detail)
        else:
            offer.find(amount.code, into, f"{name} {amount.detail}".strip())
            offer.is_composition_known = False


def _expect_named(offer: Offer, text: str) -> None:
    """Hold the list of cannabinoids against the amounts: one that is named should have one."""
    for name in sorted({match.group().upper() for match in parsing.CANNABINOID.finditer(text)}):
        if name not in offer.potencies:
            offer.find("cannabinoid_without_amount", "cannabinoids", f"It names {name}.")


def _fill_from_name_and_ratio(offer: Offer, named: Mapping[str, Cell]) -> None:
    offer.strain_type = offer.strain_type or parsing.strain_in(offer.name)
    offer.schedule = offer.schedule or parsing.schedule_in(offer.name)
    if "indica" in named and "sativa" in named:
        indica, sativa = (parsing.percent(named[into].shown) for into in ("indica", "sativa"))
        if indica is not None and sativa is not None:
            offer.ratio = indica, sativa


def _fill_supply(offer: Offer, named: Mapping[str, Cell]) -> None:
    if "supply" in named:
        offer.supply = SUPPLIES.get(words(named["supply"].text), "")
        if not named["supply"].text:
            offer.find("status_missing", "supply")
        elif not offer.supply:
            offer.find("status_unreadable", "supply", f"It says “{named['supply'].text[:60]}”.")
    if "availability" in named and isinstance(named["availability"].value, datetime.date):
        offer.available_on = datetime.date.fromisoformat(named["availability"].text[:10])


def brand_from(offer: Offer, brands: tuple[str, ...], noise: tuple[str, ...], *, keep: bool = False) -> None:
    """Tell the brand from the beginning of the name, and take it off unless it is to be kept."""
    fitting = [brand for brand in brands if words(offer.name).startswith(words(brand) + " ")]
    if not fitting:
        offer.brand = offer.brand or (brands[0] if len(brands) == 1 else "")
        if not offer.brand:
            offer.find("brand_unknown", "name")
        return
    offer.brand = max(fitting, key=len)
    if keep:
        return
    rest = offer.name[len(offer.brand) :].strip()
    for word in noise:
        if words(rest).startswith(words(word) + " "):
            rest = rest[len(word) :].strip()
    offer.name = rest
