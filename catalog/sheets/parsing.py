"""What cells say: potency, size, price, schedule, category, barcode, strain."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from types import MappingProxyType

from catalog.models.measures import PIECES, Basis, Unit
from catalog.sheets.numbers import plain

NOTHING = {"", "n/a", "na", "-", "–", "nil", "not applicable"}
NONE = "nil"  # tells an amount, although no number
LONGEST = 300
LARGEST = 100_000  # of any unit in one pack
# What is read from a text is kept, since a long list says the same few over and over.
SAID_BEFORE = lru_cache(maxsize=4096)

UNITS = {"%": Unit.PERCENT, "mg/ml": Unit.MG_PER_ML, "mg/g": Unit.MG_PER_G, "mg": Unit.MG}
TOLD_OF = {Unit.PERCENT: Basis.WEIGHT, Unit.MG_PER_ML: Basis.VOLUME, Unit.MG_PER_G: Basis.WEIGHT}
CONTAINERS = ("container", "pack", "bottle", "cartridge", "jar", "tub")
SIZES = {"g": "g", "gram": "g", "grams": "g", "ml": "mL", "mls": "mL"}
SIZES |= {piece: piece for piece in PIECES} | {f"{piece}s": piece for piece in PIECES}

OPERATOR = r"(?P<op>≤|<=|<|=)?\s*"
# A comma parts thousands, and nothing else: "0,500" is half of something, and is not read as 500.
NUMBER = r"(?P<value>[1-9]\d{0,2}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?|\.\d+)"
DOLLARS = re.compile(rf"\$?\s*{NUMBER}")
PER = rf"(?:\s*(?:/|per)\s*(?P<per>{'|'.join((*PIECES, *CONTAINERS))}))?"
UNIT = rf"(?P<unit>%|mg\s*/\s*ml|mg\s*/\s*g|mg{PER})?"
AMOUNT = re.compile(rf"{OPERATOR}{NUMBER}\s*{UNIT}(?:\s*w/w)?", re.IGNORECASE)
AMBIGUOUS = re.compile(r"\d,\d{3}(?!\d)")  # "2,500" is two and a half, or 2500
CANNABINOID = re.compile(
    r"(?:(?:Δ|delta)[-\s]?9[-\s]?)?(?P<name>tetrahydrocannabinol|cannabidiol|cannabinol|cannabigerol"
    r"|THCV|CBDV|THC|CBD|CBN|CBG|CBC)\b|(?P<joined>THC|CBD)(?=\d)",
    re.IGNORECASE,
)
SHORT = {"tetrahydrocannabinol": "THC", "cannabidiol": "CBD", "cannabinol": "CBN", "cannabigerol": "CBG"}
FILLING = re.compile(
    r"^[\s,;:/+&]*(?:total|and)?[\s,;:/+&]*|[\s,;:/+&]*(?:w/w)?\s*(?:total|and)?[\s,;:/+&]*$"
)
SCHEDULE_IN_NAME = re.compile(r"\(S([48])\)")
STRAIN_IN_NAME = re.compile(r"\(([^()]*\b(?:indica|sativa|hybrid)\b[^()]*)\)", re.IGNORECASE)


class Unreadable(ValueError):
    """A cell does not say what belongs there; ``code`` is what to tell about it."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(code, detail)
        self.code, self.detail = code, detail


@dataclass(frozen=True, slots=True)
class Amount:
    """A number with its unit, and whether it is exact (``=``) or a bound (``<``, ``<=``).

    ``basis`` is what it is told of, and follows from every unit but ``mg``, of which it may be unknown.
    """

    value: Decimal
    unit: str
    op: str = "="
    basis: str = ""

    def __post_init__(self) -> None:
        if self.unit in TOLD_OF:
            object.__setattr__(self, "basis", TOLD_OF[Unit(self.unit)].value)

    def as_fact(self) -> dict[str, str]:
        """The strength as a product keeps it."""
        return {**self.as_json(), "value": plain(self.value), "basis": self.basis}

    def as_json(self) -> dict[str, str]:
        return {"op": self.op, "value": format(self.value, "f"), "unit": self.unit}

    def __str__(self) -> str:
        op = "" if self.op == "=" else {"<": "< ", "<=": "≤ "}[self.op]
        return f"{op}{plain(self.value)} {self.unit}"


@dataclass(frozen=True, slots=True)
class Size:
    """How much is in a pack."""

    value: Decimal
    unit: str

    def as_json(self) -> dict[str, str]:
        return {"value": format(self.value, "f"), "unit": self.unit}

    def __str__(self) -> str:
        return f"{plain(self.value)} {self.unit}"


def text(shown: str) -> str:
    """Take words as they are; nothing for ``N/A``."""
    return "" if shown.casefold() in NOTHING else shown


def says_nothing(shown: str) -> bool:
    """Whether a strength is left open; "nil" says that there is none."""
    return shown.casefold() in NOTHING - {NONE}


@SAID_BEFORE
def amount(shown: str) -> Amount | None:
    """Read one strength: ``<1%``, ``9.9mg/Ml``, ``30mg/piece``.

    :raises Unreadable: it is something else, or has no unit
    """
    if shown.casefold() in NOTHING:
        return None
    found = AMOUNT.fullmatch(shown)
    if not found:
        raise Unreadable("potency_unreadable", f"It says “{shown[:60]}”.")
    value = _number(found)
    if not found["unit"]:
        is_fraction = 0 < value < 1
        raise Unreadable(
            "potency_looks_like_fraction" if is_fraction else "potency_unit_missing", f"It says “{shown}”."
        )
    if value and not _is_measured(value, places=4):
        raise Unreadable("potency_unreadable", f"It says “{shown[:60]}”.")
    per = (found["per"] or "").lower()
    unit = Unit.MG if per else UNITS["".join(found["unit"].lower().split())]
    basis = Basis.UNIT if per in PIECES else Basis.CONTAINER
    op = {"≤": "<=", None: "="}.get(found["op"], found["op"])
    return Amount(value, unit.value, op, basis.value if per else "")


def _is_measured(value: Decimal, *, places: int) -> bool:
    return 0 < value < LARGEST and value == round(value, places)


@SAID_BEFORE
def amounts(shown: str) -> Mapping[str, Amount | Unreadable]:
    """Read strengths with their cannabinoids: ``THC10mg/mL:CBD 15mg/mL``, ``9% THC, 9%CBD``.

    What cannot be read stands in the answer as the refusal to read it.
    """
    if shown.casefold() in NOTHING:
        return MappingProxyType({})
    names = list(CANNABINOID.finditer(shown))
    if not names:
        raise Unreadable("potency_unreadable", f"It says “{shown[:60]}”.")
    name_first = not _strip(shown[: names[0].start()])
    found: dict[str, Amount | Unreadable] = {}
    for position, name in enumerate(names):
        following = names[position + 1].start() if position + 1 < len(names) else len(shown)
        before = names[position - 1].end() if position else 0
        part = shown[name.end() : following] if name_first else shown[before : name.start()]
        found[_short(name)] = _amount_or_refusal(_strip(part))
    if not name_first and _strip(shown[names[-1].end() :]):
        raise Unreadable("potency_unreadable", f"It says “{shown[:60]}”.")
    return MappingProxyType(found)


def amount_of(cannabinoid: str, shown: str) -> Amount | None:
    """Read the strength of one cannabinoid, which may be named beside it: ``CBD <1%``.

    :raises Unreadable: it is something else, or the strength of another one
    """
    if not CANNABINOID.search(shown):
        return amount(shown)
    found = amounts(shown)
    if set(found) != {cannabinoid}:
        raise Unreadable("potency_unreadable", f"It says “{shown[:60]}”.")
    only = found[cannabinoid]
    if isinstance(only, Unreadable):  # that one is of all lines that say the same, and would hold on to this
        raise Unreadable(only.code, only.detail)
    return only


def _short(name: re.Match[str]) -> str:
    word = (name["name"] or name["joined"]).lower()
    return SHORT.get(word, word.upper())


def _strip(part: str) -> str:
    before = None
    while before != part:
        before, part = part, FILLING.sub("", part)
    return part


def _amount_or_refusal(part: str) -> Amount | Unreadable:
    try:
        return amount(part) or Unreadable("cannabinoid_without_amount")
    except Unreadable as problem:
        return problem


@SAID_BEFORE
def size(shown: str) -> Size | None:
    """Read a pack size: ``10G``, ``30mL``, ``60 pastilles``, ``1g cartridge``."""
    if shown.casefold() in NOTHING:
        return None
    found = re.fullmatch(rf"{NUMBER}\s*(?P<unit>[a-z]+)(?:\s+cartridge)?", shown, re.IGNORECASE)
    value = _number(found) if found else Decimal(0)
    if not found or found["unit"].lower() not in SIZES or not _is_measured(value, places=3):
        raise Unreadable("size_unreadable", f"It says “{shown[:60]}”.")
    return Size(value, SIZES[found["unit"].lower()])


@SAID_BEFORE
def price(shown: str) -> Decimal | None:
    """Read Australian dollars: ``73``, ``$73.00``, ``1,049.00``; nothing or nought is no price."""
    if shown.casefold() in NOTHING:
        return None
    written = DOLLARS.fullmatch(shown)
    try:
        found = _number(written).quantize(Decimal("0.01")) if written else Decimal("NaN")
    except InvalidOperation:
        raise Unreadable("price_unreadable", f"It says “{shown[:60]}”.") from None
    if not found.is_finite() or found < 0 or found >= 10**8:
        raise Unreadable("price_unreadable", f"It says “{shown[:60]}”.")
    return found or None


def milligrams(shown: str) -> Decimal | None:
    """Read a total per container: ``2,000mg``, ``750mg THC``."""
    found = re.fullmatch(rf"{NUMBER}\s*mg(?:\s+(?:THC|CBD))?", shown, re.IGNORECASE)
    return _number(found) if found else None


def percent(shown: str) -> Decimal | None:
    """Read ``70%``; nothing for words."""
    found = re.fullmatch(rf"{NUMBER}\s*%", shown)
    return _number(found) if found else None


def _number(found: re.Match[str]) -> Decimal:
    return Decimal(found["value"].replace(",", ""))


def ratio(shown: str) -> tuple[Decimal, Decimal] | None:
    """Read ``70:30`` as Indica to Sativa."""
    found = re.fullmatch(r"(\d+)\s*:\s*(\d+)", shown)
    return (Decimal(found[1]), Decimal(found[2])) if found else None


@SAID_BEFORE
def schedule(shown: str) -> str:
    """Read ``S8``, ``8`` or ``Schedule 8`` as S8."""
    if shown.casefold() in NOTHING:
        return ""
    found = re.fullmatch(r"(?:schedule|s)?\s*([48])", shown, re.IGNORECASE)
    if not found:
        raise Unreadable("schedule_unreadable", f"It says “{shown[:60]}”.")
    return f"S{found[1]}"


@SAID_BEFORE
def category(shown: str) -> int | None:
    """Read ``5`` or ``Category 5`` as 5."""
    if shown.casefold() in NOTHING:
        return None
    found = re.fullmatch(r"(?:category|cat\.?)?\s*([1-5])", shown, re.IGNORECASE)
    if not found:
        raise Unreadable("category_unreadable", f"It says “{shown[:60]}”.")
    return int(found[1])


def gtin(shown: str) -> str:
    """Read a barcode as 13 digits, however it was spaced or shortened."""
    if shown.casefold() in NOTHING:
        return ""
    digits = "".join(shown.split()).replace("-", "")
    padded = digits.zfill(13)
    if not (digits.isascii() and digits.isdecimal() and len(padded) == 13 and _adds_up(padded)):
        raise Unreadable("gtin_invalid", f"It says “{shown[:60]}”.")
    return padded


def _adds_up(digits: str) -> bool:
    """Whether the last of 13 digits is the check digit of the others (GS1 General Specifications, 7.9)."""
    numbers = [*map(int, digits)]
    return (sum(numbers[::2]) + 3 * sum(numbers[1::2])) % 10 == 0


@SAID_BEFORE
def pathway(shown: str) -> str:
    """Read how a product may be had: ``SAS or AP`` is of unapproved goods, ``ARTG`` of registered ones."""
    if shown.casefold() in NOTHING:
        return ""
    is_unapproved = re.search(
        r"\b(?:SAS(?:-?[ABC])?|AP|special access|authori[sz]ed prescriber)\b", shown, re.I
    )
    is_registered = re.search(r"\b(?:ARTG|AUST\s?[RL]|registered)\b", shown, re.I)
    if bool(is_unapproved) == bool(is_registered):
        raise Unreadable("pathway_unreadable", f"It says “{shown[:60]}”.")
    return "unapproved" if is_unapproved else "registered"


@SAID_BEFORE
def artg(shown: str) -> str:
    """Read an ARTG ID: ``AUST R 123456`` is 123456."""
    if shown.casefold() in NOTHING:
        return ""
    found = re.fullmatch(r"(?:(?:ARTG|AUST)\s*(?:[RL]|ID|No\.?)?\s*:?\s*)?(\d{1,8})", shown, re.IGNORECASE)
    if not found:
        raise Unreadable("artg_unreadable", f"It says “{shown[:60]}”.")
    return found[1]


def schedule_in(name: str) -> str:
    """Find the schedule that a name carries in brackets: ``(S4)``."""
    found = SCHEDULE_IN_NAME.search(name)
    return f"S{found[1]}" if found else ""


def strain_in(name: str) -> str:
    """Find the strain type that a name carries in brackets."""
    found = STRAIN_IN_NAME.search(name)
    return " ".join(found[1].split()) if found else ""
