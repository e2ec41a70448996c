"""Finding medicines by words and by facts: the nearest first, and a slip of the keyboard forgiven."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

from django.db import connection
from django.db.models import Case, Q, Value, When
from django.db.models.expressions import RawSQL

from catalog.models import DoseForm, Product, Supplier
from catalog.models.measures import Basis, Unit
from catalog.models.products import ProductQuerySet

if TYPE_CHECKING:
    from clinic.models import User

LONGEST = 100  # characters of a question that are looked at
MOST_WORDS = 8
INDEXED = 3  # letters; a shorter piece is looked for at the beginning of words only
SPELT = 4  # letters; a shorter word is taken as it stands
ALIKE = 0.7  # of two words' letters, in order, that must be the same for one to be a slip for the other
NEAREST, MEANT = 15, 3  # words that are looked at for one mistyped, and the most that it may stand for

# What people say of the forms besides their names.
FORMS_ALSO_CALLED = {
    "OIL": DoseForm.ORAL_LIQUID,
    "OILS": DoseForm.ORAL_LIQUID,
    "FLOWER": DoseForm.DRIED_HERB,
    "FLOWERS": DoseForm.DRIED_HERB,
    "BUD": DoseForm.DRIED_HERB,
    "GUMMY": DoseForm.LOZENGE,
    "GUMMIES": DoseForm.LOZENGE,
    "PASTILLES": DoseForm.LOZENGE,
    "LOZENGES": DoseForm.LOZENGE,
    "CARTRIDGE": DoseForm.VAPE,
    "CARTRIDGES": DoseForm.VAPE,
    "CAPSULES": DoseForm.CAPSULE,
    "TABLETS": DoseForm.TABLET,
    "WAFERS": DoseForm.WAFER,
    "CREAM": DoseForm.TOPICAL,
    "GEL": DoseForm.TOPICAL,
}
CONTAINED = {"THC": Q(thc_value__isnull=False), "CBD": Q(cbd_value__isnull=False)}


class Measure(NamedTuple):
    """One way of telling a strength; ``times`` turns a number of it into one of ``unit``, exactly."""

    unit: str
    basis: str
    times: Decimal = Decimal(1)


# 1 % w/w is 10 mg/g by definition; nothing else can be turned into another without a density or a weight.
MEASURES: Mapping[str, tuple[Measure, ...]] = {
    "%": (Measure(Unit.PERCENT, Basis.WEIGHT), Measure(Unit.MG_PER_G, Basis.WEIGHT, Decimal(10))),
    "mg/g": (Measure(Unit.MG_PER_G, Basis.WEIGHT), Measure(Unit.PERCENT, Basis.WEIGHT, Decimal("0.1"))),
    "mg/mL": (Measure(Unit.MG_PER_ML, Basis.VOLUME),),
    "mg per piece": (Measure(Unit.MG, Basis.UNIT),),
    "mg per container": (Measure(Unit.MG, Basis.CONTAINER),),
}


@dataclass(frozen=True)
class Range:
    """From ``least`` to ``most``, both included; of a strength, in one of ``MEASURES``."""

    least: Decimal | None = None
    most: Decimal | None = None
    measure: str = ""

    @property
    def is_open(self) -> bool:
        """Whether nothing is asked for."""
        return self.least is None and self.most is None


NOTHING = Range()


class Found(NamedTuple):
    """What was found, best first; ``read_as`` is what a mistyped question was taken for, else nothing."""

    products: ProductQuerySet
    read_as: str = ""


def search(user: User, text: str = "") -> Found:
    """Look for words in what ``user`` sees of the catalogue."""
    return find(Product.objects.visible_to(user).select_related("supplier"), text)


def find(products: ProductQuerySet, text: str) -> Found:
    """Look for every word of ``text`` among ``products``; what none contains may be mistyped."""
    words = _words(text)
    if not words:
        return Found(products.order_by("name", "brand", "pk"))
    suppliers = dict(Supplier.objects.values_list("pk", "name"))
    matching = products
    for word in words:
        matching = matching.filter(_says(word, suppliers))
    if matching.exists():
        return Found(_best_first(matching, words))
    return _mistyped(products, words, suppliers)


def with_strength(products: ProductQuerySet, cannabinoid: str, wanted: Range) -> ProductQuerySet:
    """Keep those whose ``thc`` or ``cbd`` surely lies in the range.

    "< 5" may be anything below, so it is not at least something, but surely at most 5.
    """
    if wanted.is_open:
        return products
    fits = Q()
    for unit, basis, times in MEASURES[wanted.measure]:
        told = Q(**{f"{cannabinoid}_unit": unit, f"{cannabinoid}_basis": basis})
        if wanted.least is not None:
            told &= Q(**{f"{cannabinoid}_value__gte": wanted.least * times})
            told &= Q() if wanted.least <= 0 else Q(**{f"{cannabinoid}_op": "="})
        if wanted.most is not None:
            told &= Q(**{f"{cannabinoid}_value__lte": wanted.most * times})
        fits |= told
    return products.filter(fits)


def with_price(
    products: ProductQuerySet, kind: str, wanted: Range, *, by: User, on: datetime.date
) -> ProductQuerySet:
    """Keep those whose wholesale or retail price in force ``on`` a day lies in the range, in dollars."""
    if wanted.is_open:
        return products
    if not by.has_perm("catalog.view_price"):
        return products.none()
    in_force = ["kind = %s", "from_on <= %s", "(until_on IS NULL OR until_on > %s)"]
    values: list[Any] = [kind, on, on]
    for bound, sign in ((wanted.least, ">="), (wanted.most, "<=")):
        if bound is not None:
            in_force.append(f"amount {sign} %s")
            values.append(bound)
    sql = f"SELECT product_id FROM catalog_price_span WHERE {' AND '.join(in_force)}"  # noqa: S608  our own words
    return products.filter(pk__in=RawSQL(sql, values))  # noqa: S611  the values go beside it


def _words(text: str) -> list[str]:
    """Cut a question into words as ``catalog_product_words`` cuts what is said of a product."""
    return re.sub(r"[^\w.:/%+]+|_", " ", text[:LONGEST].upper()).split()[:MOST_WORDS]


def _says(word: str, suppliers: Mapping[UUID, str]) -> Q:
    """Whether a product, its form or its supplier is called so."""
    says = CONTAINED.get(word, Q()) | _begins_or_contains(word)
    if form := FORMS_ALSO_CALLED.get(word):
        says |= Q(dose_form=form)
    if len(word) >= INDEXED:
        named = [pk for pk, name in suppliers.items() if f" {word}" in f" {name.upper()}"]
        says |= Q(supplier__in=named) if named else Q()
    return says


def _begins_or_contains(word: str) -> Q:
    return Q(words__contains=word if len(word) >= INDEXED else f" {word}")


def _best_first(products: ProductQuerySet, words: Sequence[str]) -> ProductQuerySet:
    """Names that begin as asked, then those with a word that does, then the rest, each by the alphabet.

    Cannabinoids and forms tell too little to be sorted by, and are said of too many.
    """
    telling = [word for word in words if word not in CONTAINED and word not in FORMS_ALSO_CALLED]
    if not telling:
        return products.order_by("name", "brand", "pk")
    begun = Q()
    for word in telling:
        begun &= Q(words__contains=f" {word}")
    asked = " ".join(telling)
    rank = Case(
        When(words__startswith=f" {asked} ", then=Value(0)),
        When(words__startswith=f" {asked}", then=Value(1)),
        When(begun, then=Value(2)),
        default=Value(3),
    )
    return products.order_by(rank, "name", "brand", "pk")


def _mistyped(products: ProductQuerySet, words: Sequence[str], suppliers: Mapping[UUID, str]) -> Found:
    meant = _meant(words)
    best = [meant[word][0] for word in words]
    if best == [*words]:
        return Found(products.none())
    for word in words:
        any_of = Q()
        for candidate in meant[word]:
            any_of |= _says(candidate, suppliers)
        products = products.filter(any_of)
    return Found(_best_first(products, best), " ".join(best).lower())


def _meant(words: Iterable[str]) -> dict[str, list[str]]:
    """Take each word for those of the catalogue that are spelt most like it, or for itself."""
    spelt = [word for word in words if word.isalpha() and len(word) >= SPELT]
    near: dict[str, list[tuple[float, str]]] = {}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT asked.word, near.word FROM unnest(%s::text[]) AS asked(word), LATERAL ("
            " SELECT word FROM catalog_word ORDER BY catalog_word.word <-> asked.word LIMIT %s) AS near",
            [spelt, NEAREST],
        )
        for asked, word in cursor.fetchall():
            near.setdefault(asked, []).append((SequenceMatcher(None, asked, word).ratio(), word))
    return {word: _nearest(near.get(word, [])) or [word] for word in words}


def _nearest(candidates: list[tuple[float, str]]) -> list[str]:
    ranked = sorted(candidates, reverse=True)[:MEANT]
    return [word for likeness, word in ranked if likeness >= max(ALIKE, ranked[0][0] - 0.1)]
