"""Holding a second sheet, which lists the same products once more, against the first."""

from __future__ import annotations

import re

from catalog.sheets.offers import Offer

COMPARED = ("strain_type", "cultivar", "lineage", "terpenes", "ratio", "schedule", "tga_category")


def confirm(offers: list[Offer], again: list[Offer]) -> list[Offer]:
    """Merge what ``again`` adds into ``offers``, and return the lines that are products of their own.

    The first sheet is the one to work with: a different price on the second is raised and not taken.
    """
    alone, taken = [], set()
    for other in again:
        matches = [
            n
            for n, offer in enumerate(offers)
            if n not in taken and not offer.is_quarantined and _is_same(offer, other)
        ]
        if other.is_quarantined or len(matches) != 1:
            if len(matches) > 1:
                other.find("match_uncertain", "name")
            alone.append(other)
            continue
        taken.add(matches[0])
        _merge(offers[matches[0]], other)
    return alone


def _is_same(offer: Offer, other: Offer) -> bool:
    """Whether names agree as far as the shorter goes ("T19 Sunset Gold", "19"), and all facts do."""
    first, second = _name_words(offer.name), _name_words(other.name)
    return (
        offer.brand == other.brand
        and (first <= second or second <= first)
        and offer.potencies == other.potencies
        and offer.size == other.size
    )


def _name_words(name: str) -> set[str]:
    return {re.sub(r"^[tc](?=\d)", "", word) for word in name.casefold().split()}


def _merge(offer: Offer, other: Offer) -> None:
    offer.raw |= other.raw
    offer.availability = offer.availability or other.availability
    offer.available_on = offer.available_on or other.available_on
    offer.cells |= {into: place for into, place in other.cells.items() if into not in offer.cells}
    for price in ("wholesale", "retail"):
        stated, quoted = getattr(offer, price), getattr(other, price)
        if quoted is not None and stated != quoted:
            offer.find(
                "price_conflict",
                price,
                f"{price.capitalize()} {stated} here, {quoted} in {other.cells[price]}.",
            )
    for into in COMPARED:
        stated, quoted = getattr(offer, into), getattr(other, into)
        if quoted and stated != quoted:
            offer.find(
                "sheets_disagree", into, f"{_told(stated)} here, {_told(quoted)} in {other.cells[into]}."
            )


def _told(value: object) -> str:
    return ":".join(map(str, value)) if isinstance(value, tuple) else str(value)
