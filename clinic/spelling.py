"""Quantities in words, as Schedule 8 prescriptions need them, and the last day of a prescription."""

from __future__ import annotations

import calendar
import datetime
from decimal import Decimal

from catalog.models import measures

SMALL = [
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"),
    *(
        "ten",
        "eleven",
        "twelve",
        "thirteen",
        "fourteen",
        "fifteen",
        "sixteen",
        "seventeen",
        "eighteen",
        "nineteen",
    ),
]
TENS = ["zero", "ten", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
UNITS = {"g": "gram", "mg": "milligram", "mL": "millilitre"}


def in_words(number: int | Decimal) -> str:
    """Spell a number below one million: ``112`` is "one hundred and twelve", ``1.5`` "one point five"."""
    whole = int(number)
    if number == whole:
        return _whole_in_words(whole)
    digits = format(Decimal(number).normalize(), "f").partition(".")[2]
    return f"{_whole_in_words(whole)} point {' '.join(SMALL[int(digit)] for digit in digits)}"


def _whole_in_words(number: int) -> str:
    if number < 20:
        return SMALL[number]
    if number < 100:
        tens, ones = divmod(number, 10)
        return TENS[tens] + (f"-{SMALL[ones]}" if ones else "")
    size, name = (100, "hundred") if number < 1000 else (1000, "thousand")
    many, rest = divmod(number, size)
    if not rest:
        return f"{_whole_in_words(many)} {name}"
    joint = " and " if rest < 100 else " "
    return f"{_whole_in_words(many)} {name}{joint}{_whole_in_words(rest)}"


def quantity(number: int | Decimal, unit: str) -> str:
    """Write a quantity in figures and words: "28 (twenty-eight) grams"."""
    figures = format(Decimal(number).normalize(), "f")
    spelled = UNITS.get(unit, unit)
    return f"{figures} ({in_words(number)}) {spelled if number == 1 else measures.plural(spelled)}"


def card_end(until_on: datetime.date) -> str:
    """Write the end of a card's validity as cards print it: the month, or the day where it ends in one."""
    ends_a_month = (until_on + datetime.timedelta(days=1)).day == 1
    return f"{until_on:%m/%Y}" if ends_a_month else f"{until_on:%d/%m/%Y}"


def last_day(issued_on: datetime.date, *, months: int) -> datetime.date:
    """Tell the last day of ``months`` that begin on ``issued_on``, clipped to the end of a short month."""
    return _shifted(issued_on, months) - datetime.timedelta(days=1)


def months_before(day: datetime.date, *, months: int) -> datetime.date:
    """Tell the same day ``months`` earlier, clipped to the end of a short month."""
    return _shifted(day, -months)


def _shifted(day: datetime.date, months: int) -> datetime.date:
    years, month = divmod(day.month - 1 + months, 12)
    year, month = day.year + years, month + 1
    return datetime.date(year, month, min(day.day, calendar.monthrange(year, month)[1]))


def age_on(day: datetime.date, *, born_on: datetime.date) -> int:
    """Count whole years; whoever was born on 29 February grows older on 1 March."""
    return day.year - born_on.year - ((day.month, day.day) < (born_on.month, born_on.day))
