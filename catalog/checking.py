"""Checking what suppliers state: against the law, against physics, and against itself."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

from catalog import classifying
from catalog.models import DoseForm
from catalog.models.measures import PIECES, Basis
from catalog.sheets import parsing
from catalog.sheets.findings import Severity
from catalog.sheets.numbers import plain
from catalog.sheets.offers import Offer
from catalog.sheets.parsing import Amount

DOSE_FORMS = {
    "dried flower": DoseForm.DRIED_HERB,
    "flower": DoseForm.DRIED_HERB,
    "herb, dried": DoseForm.DRIED_HERB,
    "herb, dried for vaporisation": DoseForm.DRIED_HERB,
    "oil": DoseForm.ORAL_LIQUID,
    "oral liquid": DoseForm.ORAL_LIQUID,
    "cartridge": DoseForm.VAPE,
    "liquid vape": DoseForm.VAPE,
    "inhalation": DoseForm.VAPE,
    "pastille": DoseForm.LOZENGE,
    "edibles": DoseForm.LOZENGE,
    "gummy": DoseForm.LOZENGE,
    "lozenge": DoseForm.LOZENGE,
    "capsule": DoseForm.CAPSULE,
    "tablet": DoseForm.TABLET,
    "wafer": DoseForm.WAFER,
    "oromucosal spray": DoseForm.SPRAY,
    "spray": DoseForm.SPRAY,
    "cream": DoseForm.TOPICAL,
    "topical": DoseForm.TOPICAL,
    "suppository": DoseForm.SUPPOSITORY,
}

# Pure oil weighs about 0.95 g per mL, so more than 1000 mg per mL or g cannot be.
MOST = {"%": Decimal(100), "mg/mL": Decimal(1000), "mg/g": Decimal(1000)}
PERCENT_IN_MG_PER_G = 10
# Of one capsule, pastille or suppository, in mg: nothing that is swallowed or sucked whole weighs more than
# 10 g, and no list that we know has more than a tenth of that in one.
PIECE_WEIGHS, PIECE_HAS = Decimal(10_000), Decimal(1000)

SIZE_IN_NAME = re.compile(r"\s*\b\d+(?:\.\d+)?\s?(?:g|mL)\b", re.IGNORECASE)
CLAIM = re.compile(r"\b(THC|CBD|T|C)\s?(\d+(?:\.\d+)?)(?![\d.%])")
CLAIMED_RATIO = re.compile(r"(?<![\d.])(\d+(?:\.\d+)?)\s*[:/]\s*(\d+(?:\.\d+)?)(?![\d.])")


@dataclass(frozen=True)
class Classification:
    """What follows from a composition: the categories it leaves open, and the schedule.

    Where bounds like "< 1 %" leave several open, the strictest holds, unless the supplier names another
    one of them with the same schedule.
    """

    possible: frozenset[int]
    stated: int | None = None

    @property
    def strictest(self) -> int | None:
        return classifying.strictest(self.possible)

    @property
    def schedule(self) -> str:
        return classifying.schedule(self.strictest)

    @property
    def fits(self) -> bool:
        """Whether the category that the supplier names may be right."""
        return self.stated in self.possible and classifying.schedule(self.stated) == self.schedule

    @property
    def category(self) -> int | None:
        return self.stated if self.fits else self.strictest


def dose_form(stated: str) -> str:
    """Code a dose form that is stated in words; "" for one we do not know."""
    return DOSE_FORMS.get(stated.casefold(), "")


def classify(offer: Offer) -> Classification:
    """Compute category and schedule from the amounts stated; from half a composition nothing follows."""
    possible = possible_of(offer.potencies) if offer.is_composition_known else frozenset()
    return Classification(possible, offer.tga_category)


def possible_of(potencies: Mapping[str, Amount]) -> frozenset[int]:
    """Tell the categories that strengths leave open; none where their units cannot be added up."""
    return _possible_of(tuple(potencies.items()))


@lru_cache(maxsize=4096)  # asked three times a line, and the strengths of a list are few
def _possible_of(potencies: tuple[tuple[str, Amount], ...]) -> frozenset[int]:
    amounts = {name: _in_mg(amount) for name, amount in potencies}
    units = {unit for _, _, unit in amounts.values()}
    if len(units) != 1:
        return frozenset()
    return classifying.possible({name: (op, value) for name, (op, value, _) in amounts.items()})


def _in_mg(amount: Amount) -> tuple[str, Decimal, str]:
    if amount.unit == "%":  # of weight
        return amount.op, amount.value * PERCENT_IN_MG_PER_G, "mg/g"
    return amount.op, amount.value, amount.unit


def settles_blanks(offer: Offer) -> bool:
    """Whether what ``offer`` states leaves no room for more THC or CBD than it tells of.

    Category 1 and Schedule 4 are for CBD with next to nothing else, category 5 for THC with next to nothing
    else. In every other category a blank may be any amount. All that the line says has to agree.
    """
    possible = possible_of(offer.potencies)
    if possible not in ({1}, {5}) or {"category_unreadable", "schedule_unreadable"} & set(
        offer.codes(Severity.REVIEW)
    ):
        return False
    (only,) = possible
    said = {offer.schedule, parsing.schedule_in(offer.name)} - {""}
    return (
        (offer.tga_category == only or said == {"S4"})
        and offer.tga_category in (None, only)
        and said <= {classifying.schedule(only)}
    )


def check(offers: Iterable[Offer]) -> None:
    """Raise on every offer of a whole list what does not fit."""
    offers, others = list(offers), Neighbours()
    for offer in offers:
        others.note(offer)
    for offer in offers:
        check_line(offer, others)


def check_line(offer: Offer, others: Neighbours) -> None:
    """Raise on one offer what does not fit, by itself and beside ``others``, with the cell that says it."""
    if offer.is_quarantined:
        return
    for look in (_potency, _category, _schedule, _pathway, _names, _totals, _commerce, _description):
        look(offer)
    others.check(offer)


class Neighbours:
    """What lines of one list say beside each other.

    Every line is noted first, and then checked in the same order. Of each no more is kept than a few
    short keys, since lists are long.
    """

    def __init__(self) -> None:
        self._barcodes: dict[str, str] = {}  # where each was first listed
        self._alike: dict[int, str] = {}
        self._alike_without_barcode: dict[int, str] = {}
        self._sizes: dict[int, str] = {}  # the first size at this price
        self._other_sizes: dict[int, set[str]] = {}

    def note(self, offer: Offer) -> None:
        if offer.is_quarantined or not offer.wholesale or not offer.size:
            return
        key, size = _priced(offer), str(offer.size)
        if self._sizes.setdefault(key, size) != size:
            self._other_sizes.setdefault(key, {self._sizes[key]}).add(size)

    def check(self, offer: Offer) -> None:
        if first := self._first(offer):
            offer.find("duplicate_in_file", "name", f"First listed at {first}.")
        if self._other_sizes and offer.wholesale and offer.size:
            sizes = self._other_sizes.get(_priced(offer))
            if sizes:
                told = f"{' and '.join(sorted(sizes))} at {offer.wholesale}."
                offer.find("price_same_for_other_size", "wholesale", told)

    def _first(self, offer: Offer) -> str | None:
        """Where the same product stands further up. Two barcodes are two products; without one, the
        description has to do."""
        place, key = offer.place, hash(described(offer))
        same = self._barcodes.get(offer.gtin13) if offer.gtin13 else None
        twins = self._alike_without_barcode if offer.gtin13 else self._alike
        first = same or twins.get(key)
        self._alike.setdefault(key, place)
        if offer.gtin13:
            self._barcodes.setdefault(offer.gtin13, place)
        else:
            self._alike_without_barcode.setdefault(key, place)
        return first


def _priced(offer: Offer) -> int:
    """What sizes of one medicine at one price have in common."""
    name = SIZE_IN_NAME.sub("", offer.name)
    strengths = tuple(sorted((key, str(value)) for key, value in offer.potencies.items()))
    return hash((offer.brand, name.casefold(), strengths, offer.wholesale))


def _potency(offer: Offer) -> None:
    total: dict[str, Decimal] = defaultdict(Decimal)
    for name, amount in offer.potencies.items():
        total[amount.unit] += amount.value if amount.op == "=" else 0
        if amount.unit == "%" and amount.op == "=" and 0 < amount.value < 1:
            offer.find("potency_looks_like_fraction", cell_of(offer, name), f"{name} {amount}.")
        if not amount.basis:
            offer.find("potency_without_basis", cell_of(offer, name), f"{name} {amount}.")
        if amount.value > _most(offer, amount):
            offer.find("potency_impossible", cell_of(offer, name), f"{name} {amount}.")
        elif amount.basis == Basis.UNIT and amount.value > PIECE_HAS:
            offer.find("potency_unusual", cell_of(offer, name), f"{name} {amount}.")
    if any(found > MOST.get(unit, found) for unit, found in total.items()):
        offer.find("potency_impossible", cell_of(offer, "THC"), "Together it is more than there is room for.")


def _most(offer: Offer, amount: Amount) -> Decimal:
    """The largest strength there is room for: of milligrams, the weight of the whole pack, or of a piece."""
    if amount.unit == "mg" and offer.size and offer.size.unit in ("g", "mL"):
        return offer.size.value * MOST["mg/g"]
    if amount.basis == Basis.UNIT:
        return PIECE_WEIGHS
    if amount.basis == Basis.CONTAINER and offer.size and offer.size.unit in PIECES:
        return offer.size.value * PIECE_WEIGHS
    return MOST.get(amount.unit, amount.value)


def cell_of(offer: Offer, cannabinoid: str) -> str:
    """Name the field of ``offer`` that states the strength of ``cannabinoid``."""
    return cannabinoid.lower() if cannabinoid.lower() in offer.cells else "strength"


def _category(offer: Offer) -> None:
    found = classify(offer)
    if not found.possible:
        offer.find("unclassified", "tga_category")
    elif offer.tga_category and not found.fits:
        computed = " or ".join(map(str, sorted(found.possible)))
        offer.find("category_disagrees", "tga_category", f"Stated {offer.tga_category}, computed {computed}.")


def _schedule(offer: Offer) -> None:
    computed = classify(offer).schedule
    if computed and offer.schedule and offer.schedule != computed:
        offer.find("schedule_disagrees", "schedule", f"Stated {offer.schedule}, computed {computed}.")
    elif offer.schedule and offer.tga_category and classifying.schedule(offer.tga_category) != offer.schedule:
        offer.find(
            "schedule_disagrees", "schedule", f"Stated {offer.schedule} with category {offer.tga_category}."
        )
    named = parsing.schedule_in(offer.name)
    if named and named != offer.schedule:
        offer.find("schedule_disagrees", "name", f"The name says {named}.")


def pathway(offer: Offer) -> str:
    """Tell how a product may be had; "" where what is stated contradicts itself.

    Without an ARTG ID it is an unapproved good, whether the list says so or not.
    """
    follows = "registered" if offer.artg_id else "unapproved"
    if "artg_unreadable" in offer.codes(Severity.REVIEW) or offer.pathway not in ("", follows):
        return ""
    return "" if "pathway_unreadable" in offer.codes(Severity.REVIEW) else follows


def _pathway(offer: Offer) -> None:
    if offer.pathway and pathway(offer) != offer.pathway:
        stated = f"Stated {offer.pathway}, ARTG ID {offer.artg_id or 'none'}."
        offer.find("pathway_disagrees", "pathway", stated)


def _names(offer: Offer) -> None:
    if offer.is_composition_known and not _name_fits(offer):
        stated = ", ".join(f"{name} {amount}" for name, amount in offer.potencies.items())
        offer.find("name_disagrees_with_potency", "name", f"Stated is {stated or 'nothing'}.")
    only_numbers_differ = re.sub(r"\d", "", offer.trade_name) == re.sub(r"\d", "", offer.name)
    if offer.trade_name != offer.name and only_numbers_differ:
        offer.find("trade_name_disagrees", "trade_name", f"It says “{offer.trade_name}”.")


def _name_fits(offer: Offer) -> bool:
    for word, number in CLAIM.findall(offer.name):
        amount = offer.potencies.get({"T": "THC", "C": "CBD"}.get(word, word))
        if not amount or Decimal(number) not in (amount.value, amount.value / PERCENT_IN_MG_PER_G):
            return False
    exact = {name: amount.value for name, amount in offer.potencies.items() if amount.op == "="}
    ratio = CLAIMED_RATIO.search(offer.name)
    if ratio and {"THC", "CBD"} <= exact.keys():
        return sorted(map(Decimal, ratio.groups())) == sorted((exact["THC"], exact["CBD"]))
    return True


def _totals(offer: Offer) -> None:
    for name in ("THC", "CBD"):
        into = f"{name.lower()}_total"
        stated, amount = parsing.milligrams(getattr(offer, into)), offer.potencies.get(name)
        computed = _in_pack(offer, amount) if amount and amount.op == "=" else None
        if stated is not None and computed is not None and stated != computed:
            offer.find(
                "total_disagrees", into, f"{name}: stated {plain(stated)} mg, computed {plain(computed)} mg."
            )


def _in_pack(offer: Offer, amount: Amount) -> Decimal | None:
    if not offer.size:
        return None
    match amount.unit, offer.size.unit:
        case ("%", "g") | ("mg/g", "g"):
            return _in_mg(amount)[1] * offer.size.value
        case "mg/mL", "mL":
            return amount.value * offer.size.value
        case "mg", unit:
            return amount.value * (offer.size.value if unit in PIECES and amount.basis == "unit" else 1)
    return None


def _commerce(offer: Offer) -> None:
    if offer.wholesale and offer.retail and offer.retail < offer.wholesale:
        offer.find("price_below_cost", "retail", f"Retail {offer.retail}, wholesale {offer.wholesale}.")


def _description(offer: Offer) -> None:
    if not dose_form(offer.dose_form):
        said = f"It says “{offer.dose_form[:60]}”." if offer.dose_form else "The list says nothing of it."
        offer.find("dose_form_unknown", "dose_form", said)
    if offer.ratio:
        indica, sativa = offer.ratio
        called = offer.strain_type.casefold()
        if ("indica" in called and indica < sativa) or ("sativa" in called and sativa < indica):
            stated = f"{offer.strain_type}, {plain(indica)}:{plain(sativa)} Indica to Sativa."
            offer.find("strain_disagrees_with_ratio", "strain_type", stated)


def described(offer: Offer) -> tuple[object, ...]:
    """The identity of a product without a barcode."""
    size = (offer.size.value.normalize(), offer.size.unit) if offer.size else (None, "")
    form = dose_form(offer.dose_form)
    return ("described", offer.supplier.lower(), offer.brand.lower(), offer.name.lower(), form, *size)
