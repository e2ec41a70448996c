"""What directions, quantity and repeats come to: how long a supply lasts, how much THC a day.

All numbers are Decimals, and all are the most that the directions allow. Where the words leave something
open, nothing is guessed: the answer is None.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING

from catalog.models import Product
from catalog.models.measures import PIECES, Basis, PackUnit, Unit

if TYPE_CHECKING:
    from clinic.models import PrescriptionLine

HOURS = Decimal(24)
MG_PER_G = Decimal(1000)
MG_PER_G_PER_PERCENT = Decimal(10)

_COUNTED = ["one", "two", "three", "four", "five", "six", "seven", "eight"]
WORDS = dict(zip(_COUNTED, map(Decimal, range(1, 9)), strict=True))
WORDS |= {"a": Decimal(1), "an": Decimal(1), "half": Decimal("0.5")}
WORDS |= {"½": Decimal("0.5"), "¼": Decimal("0.25"), "¾": Decimal("0.75")}
MEASURED: dict[str, str] = {
    **dict.fromkeys(("ml", "millilitre", "millilitres", "milliliter", "milliliters"), PackUnit.MILLILITRE),
    **dict.fromkeys(("mg", "milligram", "milligrams"), PackUnit.MILLIGRAM),
    **dict.fromkeys(("g", "gram", "grams"), PackUnit.GRAM),
    **{name: piece for piece in PIECES for name in (piece, f"{piece}s")},
    "gummies": PackUnit.GUMMY,
    "patches": PackUnit.PATCH,
    **dict.fromkeys(("puff", "puffs", "inhalation", "inhalations"), PackUnit.DOSE),
}
# Names that fit any kind of piece.
ANY_PIECE = frozenset({PackUnit.PIECE, PackUnit.UNIT, PackUnit.DOSE})

_NUMBER = (
    r"(?:\d+(?:\.\d+)?(?:\s*/\s*[1-9]\d*)?|½|¼|¾|\b(?:half|one|two|three|four|five|six|seven|eight|an?)\b)"
)
_UNIT = "(?:" + "|".join(sorted(map(re.escape, MEASURED), key=len, reverse=True)) + r")\b"
# An amount that begins within a number ("1½", "1,000", ".5") is none.
_AMOUNT = re.compile(
    rf"(?<![\w.,/½¼¾])(?P<low>{_NUMBER})\s*(?:(?:-|–|to|or)\s*(?P<high>{_NUMBER}))?\s*(?:of\s+)?(?:an?\s+)?(?P<unit>{_UNIT})",
    re.IGNORECASE,
)
_A_DAY = r"(?:(?:a|per|each|every|in(?:\s+(?:a|any|one|24))?|/)\s*(?:day|24\s*h(?:ou)?rs?|hours)\b|daily\b)"
_CAP = re.compile(
    rf"\b(?:no\s+more\s+than|not\s+more\s+than|maximum(?:\s+of)?|max\.?|at\s+most)\s+"
    rf"(?P<amount>{_AMOUNT.pattern})\s*{_A_DAY}".replace("(?P<low>", "(")
    .replace("(?P<high>", "(")
    .replace("(?P<unit>", "("),
    re.IGNORECASE,
)
_TIMES = re.compile(
    rf"(?P<times>{_NUMBER})\s*(?:(?:-|–|to|or)\s*(?P<more>{_NUMBER}))?\s+times\b", re.IGNORECASE
)
_EVERY_HOURS = re.compile(
    rf"every\s+(?P<hours>{_NUMBER})\s*(?:(?:-|–|to)\s*{_NUMBER}\s*)?h(?:ou)?rs?\b"
    r"|\b(?P<hourly>\d+)\s*(?:[-–]\s*\d+\s*)?hourly\b",
    re.IGNORECASE,
)
_FREQUENCIES: list[tuple[re.Pattern[str], Decimal]] = [
    (re.compile(pattern, re.IGNORECASE), Decimal(times))
    for pattern, times in [
        (r"\b(?:qid|four times)\b", "4"),
        (r"\b(?:tds|tid)\b", "3"),
        (r"\b(?:bd|bid|twice)\b", "2"),
        (r"\b(?:every|each)\s+(?:second|other)\s+day\b", "0.5"),
        (r"\b(?:once|nightly|daily|each day|every day|a day|per day)\b", "1"),
    ]
]
_TIMES_OF_DAY = [
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"\b(?:morning|mane|breakfast)\b",
        r"\b(?:noon|midday|lunch|lunchtime|afternoon)\b",
        r"\b(?:evening|dinner|night|nocte|bedtime|bed)\b",
    )
]
_WEEKLY = re.compile(r"(?<!after )\b(?:a|per|each|every)\s+week\b|\bweekly\b", re.IGNORECASE)
_DAYS_A_WEEK = Decimal(7)
# How long, not how much.
_SO_MANY = rf"(?:half\s+an?|{_NUMBER}(?:\s*(?:-|–|to|or)\s*{_NUMBER})?)"
_DURATION = re.compile(
    rf"\b(?:for|after)\s+(?:the\s+)?(?:(?:first|next)\s+)?{_SO_MANY}\s*(?:days?|weeks?|months?)\b"
    rf"|{_SO_MANY}\s*(?:min(?:ute)?s?|h(?:ou)?rs?)\s+before\b",
    re.IGNORECASE,
)
_IN_A_DAY = re.compile(r"\b(?:in|per|every|each)\s+24\s*h(?:ou)?rs?\b", re.IGNORECASE)
# Whatever of this is left when everything that was understood is taken out makes the dose larger, or may.
_LEFT_OVER = re.compile(
    r"[\d½¼¾⅓⅔⅛×]|\b(?:half|halves|quarters?|thirds?|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve"
    r"|\w+teen|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety|hundred|thousand|dozen|couple|few|several|some"
    r"|thrice|repeat\w*|again|another|doubl\w+|hourly)\b|\b(?:every|each|per)\s+hours?\b",
    re.IGNORECASE,
)
_BESIDES = re.compile(r"\b(?:extra|additional\w*|breakthrough|plus|on top)\b", re.IGNORECASE)
_GROWS = re.compile(r"\bincreas|\btitrat", re.IGNORECASE)
_GROWS_BY = re.compile(rf"\bby\s+(?:up\s+to\s+)?{_NUMBER}", re.IGNORECASE)
_IS_OPEN = re.compile(
    r"\b(?:to|or|(?:as|if|when)\s+(?:needed|required|necessary)|prn)\b|\d\s*[-–]\s*\d", re.IGNORECASE
)
_UP_TO = re.compile(rf"\bup\s+to\s+{_NUMBER}\s*{_UNIT}\s*{_A_DAY}", re.IGNORECASE)
_MORE = re.compile(r"\bincreas|\btitrat|\bthen\b|\bup to\b", re.IGNORECASE)
_PARTS = re.compile(r"[.;,](?!\d)|[&+]|\band\b|\bthen\b|(?=\bincreas|\btitrat)", re.IGNORECASE)


@dataclass(frozen=True)
class Daily:
    """The most that is taken in a day: ``Daily(Decimal("0.5"), "mL")``."""

    amount: Decimal
    unit: str


@dataclass(frozen=True)
class Reckoned:
    """What one line of a script comes to. Whatever cannot be told is None."""

    daily: Daily | None
    days: int | None
    """Whole days that one supply lasts."""
    days_in_all: int | None
    """Whole days that it lasts with all repeats."""
    thc_a_day: Decimal | None
    """Milligrams."""
    grams_a_month: Decimal | None
    """Dried herb supplied for 30 days, by the interval between repeats."""


def read(directions: str) -> Daily | None:
    """Tell the most that ``directions`` let somebody take in a day.

    "Take 0.25 mL twice a day" is 0.5 mL; a limit such as "no more than 1 mL in 24 hours" counts before
    everything else. None where dose or frequency is missing, two units are mixed, or any number is left
    that was not understood: a dose read too small would pass every limit.
    """
    if _BESIDES.search(directions):
        return None
    caps = list(_CAP.finditer(directions))
    if not caps:
        return _sum(directions)
    return _limited(directions, caps[0]) if len(caps) == 1 else None


def _limited(directions: str, cap: re.Match[str]) -> Daily | None:
    """What the limit in ``directions`` says, if nothing after it and no fixed dose is more."""
    amount = _AMOUNT.search(cap["amount"])
    before, after = directions[: cap.start()], directions[cap.end() :]
    if (
        amount is None
        or _AMOUNT.search(after)
        or _is_left_over(after)
        or _counted(after)
        or _times_of_day(after)
    ):
        return None
    limit, rest = Daily(*_amount(amount)), _sum(before)
    if rest and not _IS_OPEN.search(before) and (rest.unit != limit.unit or rest.amount > limit.amount):
        return None
    return limit


def _sum(directions: str) -> Daily | None:
    """What the doses of ``directions`` come to."""
    if any(map(_is_left_over, _PARTS.split(directions))):
        return None
    found = list(_doses(directions))
    if not found or len({unit for _, unit, _ in found}) > 1 or not all(n for *_, n in found):
        return None
    return Daily(sum((amount * times for amount, _, times in found if times), Decimal(0)), found[0][1])


def _is_left_over(part: str) -> bool:
    """Whether ``part`` says more than the one amount, and how often, that are read from it."""
    is_growing = bool(_GROWS.search(part))
    if is_growing and (_GROWS_BY.search(part) or _WEEKLY.search(part)):
        return True
    if is_growing and not (_AMOUNT.search(part) or _counted(part) or _times_of_day(part)):
        return True  # to what it grows is not said
    rest = _DURATION.sub(" ; ", part)
    for pattern in (_AMOUNT, _TIMES, _EVERY_HOURS):
        rest = pattern.sub(" ; ", rest, count=1)
    return bool(_AMOUNT.search(rest) or _LEFT_OVER.search(_IN_A_DAY.sub(" ", rest)))


def _doses(directions: str) -> Iterator[tuple[Decimal, str, Decimal | None]]:
    """Each dose with how often it is taken; one that may be increased counts with what it may become."""
    found: list[_Dose] = []
    for part in _PARTS.split(directions):
        amount, counted, told = _AMOUNT.search(part), _counted(part), _times_of_day(part)
        if amount is not None:
            number, unit = _amount(amount)
            if found and _MORE.search(part) and found[-1].unit == unit:
                if len(found) > 1 or _UP_TO.search(part):
                    return  # which of them becomes more, or whether it is the limit of all, is not said
                found[-1].may_become(number, counted, told)
                continue
            found.append(_Dose(number, unit))
        if found:
            found[-1].is_taken(counted, told)
    for dose in found:
        is_contradicted = dose.counted is not None and dose.counted < (dose.told or 0)
        times = dose.told if dose.counted is None else dose.counted
        yield dose.amount, dose.unit, None if is_contradicted else times


@dataclass
class _Dose:
    amount: Decimal
    unit: str
    counted: Decimal | None = None
    """How often a day, as a number says."""
    told: Decimal | None = None
    """How often, as times of day say: they only explain a number, where there is one."""

    def may_become(self, amount: Decimal, counted: Decimal | None, told: Decimal | None) -> None:
        """Let the more count, of the amount and of how often."""
        self.amount = max(amount, self.amount)
        self.counted = max(filter(None, (counted, self.counted)), default=None)
        self.told = max(filter(None, (told, self.told)), default=None)

    def is_taken(self, counted: Decimal | None, told: Decimal | None) -> None:
        if counted is not None:
            self.counted = counted + (self.counted or 0)
        if told is not None:
            self.told = told + (self.told or 0)


def _amount(match: re.Match[str]) -> tuple[Decimal, str]:
    return max(_number(match[end]) for end in ("low", "high") if match[end]), MEASURED[
        match["unit"].casefold()
    ]


def _number(text: str) -> Decimal:
    if (word := text.casefold()) in WORDS:
        return WORDS[word]
    whole, _, part = text.partition("/")
    return Decimal(whole.strip()) / (Decimal(part.strip()) if part else 1)


def _counted(part: str) -> Decimal | None:
    """How often a day by number, at most."""
    per = _DAYS_A_WEEK if _WEEKLY.search(part) else Decimal(1)
    if several := _TIMES.search(part):
        return max(_number(several[end]) for end in ("times", "more") if several[end]) / per
    if hours := _EVERY_HOURS.search(part):
        apart = Decimal(hours["hourly"]) if hours["hourly"] else _number(hours["hours"])
        return HOURS / apart if apart else None
    found = next((times for pattern, times in _FREQUENCIES if pattern.search(part)), None)
    if found is not None:
        return found / per
    return 1 / per if per > 1 else None


def _times_of_day(part: str) -> Decimal | None:
    return Decimal(sum(bool(pattern.search(part)) for pattern in _TIMES_OF_DAY)) or None


def in_pack_units(daily: Daily, *, unit: str) -> Decimal | None:
    """Tell a daily amount in the ``unit`` that the pack is measured or counted in."""
    if daily.unit == unit or (unit in PIECES and daily.unit in ANY_PIECE):
        return daily.amount
    if (daily.unit, unit) == (PackUnit.MILLIGRAM, PackUnit.GRAM):
        return daily.amount / MG_PER_G
    if (daily.unit, unit) == (PackUnit.GRAM, PackUnit.MILLIGRAM):
        return daily.amount * MG_PER_G
    return None


def lasts(quantity: Decimal, *, a_day: Decimal) -> int:
    """Tell for how many whole days ``quantity`` is enough."""
    return int(Fraction(quantity) / Fraction(a_day))


def thc_in(amount: Decimal, product: Product) -> Decimal | None:
    """Tell the milligrams of THC in ``amount`` of the product, told in units of its pack; a bound counts
    with its value."""
    if product.thc_value is None:
        return Decimal(0) if product.cbd_value is not None else None
    unit, basis = product.thc_unit, product.thc_basis
    if basis == Basis.VOLUME and product.size_unit == PackUnit.MILLILITRE:
        return amount * product.thc_value
    if basis == Basis.WEIGHT and product.size_unit == PackUnit.GRAM:
        return amount * product.thc_value * (MG_PER_G_PER_PERCENT if unit == Unit.PERCENT else 1)
    if basis == Basis.UNIT and product.size_unit in PIECES:
        return amount * product.thc_value
    if basis == Basis.CONTAINER and product.size_value:
        return amount * product.thc_value / product.size_value
    return None


def reckon(line: PrescriptionLine) -> Reckoned:
    """Tell what ``line`` comes to."""
    product, daily = line.product, read(line.directions)
    supplied = line.quantity * product.size_value if product.size_value is not None else None
    a_day = in_pack_units(daily, unit=product.size_unit) if daily else None
    days = in_all = None
    if supplied is not None and a_day:
        days, in_all = (lasts(supplied * times, a_day=a_day) for times in (1, line.repeats + 1))
    return Reckoned(
        daily=daily,
        days=days,
        days_in_all=in_all,
        thc_a_day=thc_in(a_day, product) if a_day is not None else None,
        grams_a_month=_a_month(supplied, line) if product.size_unit == PackUnit.GRAM else None,
    )


def _a_month(supplied: Decimal | None, line: PrescriptionLine) -> Decimal | None:
    """What is supplied in 30 days; without repeats it is one supply."""
    if supplied is None:
        return None
    days = line.interval_days if line.repeats and line.interval_days else 30
    supplies = min(Decimal(line.repeats + 1), Decimal(30) / days) if line.repeats else Decimal(1)
    return supplied * max(supplies, Decimal(1))


def runs_out_on(line: PrescriptionLine, *, issued_on: datetime.date) -> datetime.date | None:
    """Tell the day after the last that the whole script is enough for, from the day it was issued."""
    days = reckon(line).days_in_all
    return issued_on + datetime.timedelta(days=days) if days is not None and days < 10_000 else None
